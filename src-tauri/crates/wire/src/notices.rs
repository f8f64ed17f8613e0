//! What was left out of a request, told once.

use domain::{NoticeKind, Words};

/// Notices of one request; the same words are told once however often they occur.
#[derive(Default)]
pub(crate) struct Notices(pub(crate) Vec<(NoticeKind, Words)>);

impl Notices {
    /// A parameter that was left out or changed.
    pub(crate) fn parameter(&mut self, detail: impl Into<Words>) {
        self.add(NoticeKind::DroppedParameter, detail.into());
    }

    /// Content that could not be sent.
    pub(crate) fn content(&mut self, detail: impl Into<Words>) {
        self.add(NoticeKind::DroppedContent, detail.into());
    }

    fn add(&mut self, kind: NoticeKind, detail: Words) {
        let notice = (kind, detail);
        if !self.0.contains(&notice) {
            self.0.push(notice);
        }
    }
}
