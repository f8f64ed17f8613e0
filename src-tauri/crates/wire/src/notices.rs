//! What was left out of a request, told once.

use domain::NoticeKind;

/// Notices of one request; the same words are told once however often they occur.
#[derive(Default)]
pub(crate) struct Notices(pub(crate) Vec<(NoticeKind, String)>);

impl Notices {
    /// A parameter that was left out or changed.
    pub(crate) fn parameter(&mut self, detail: impl Into<String>) {
        self.add(NoticeKind::DroppedParameter, detail.into());
    }

    /// Content that could not be sent.
    pub(crate) fn content(&mut self, detail: impl Into<String>) {
        self.add(NoticeKind::DroppedContent, detail.into());
    }

    fn add(&mut self, kind: NoticeKind, detail: String) {
        let notice = (kind, detail);
        if !self.0.contains(&notice) {
            self.0.push(notice);
        }
    }
}
