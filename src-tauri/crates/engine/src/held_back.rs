//! What an attempt says before its first word, until that word comes.

use crate::{
    attempt::Events,
    lane::{Contest, Side},
    mixer::{LaneMessage, News},
    seam::Splice,
};
use domain::{BlockKind, NoticeKind, RunId, RunState, StreamEvent};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// Holds events back until the first content: an attempt that fails before it leaves no trace on screen
/// but its step in the route.
pub(crate) struct HeldBack {
    run: RunId,
    out: mpsc::Sender<LaneMessage>,
    held: Vec<StreamEvent>,
    /// It has content.
    heard: Arc<AtomicBool>,
    streaming: bool,
    /// Another attempt may be made beside it: who has content first is shown.
    contest: Option<(Arc<Contest>, Side)>,
    notices: Vec<(NoticeKind, domain::Words)>,
    /// It goes on with an answer that broke off.
    splice: Option<Splice>,
}

impl HeldBack {
    pub(crate) fn new(
        run: RunId,
        out: mpsc::Sender<LaneMessage>,
        notices: Vec<(NoticeKind, domain::Words)>,
        splice: Option<Splice>,
    ) -> Self {
        let held = notices
            .iter()
            .map(|(kind, detail)| StreamEvent::Notice { kind: *kind, detail: detail.clone() })
            .collect();
        let heard = Arc::default();
        Self { run, out, held, heard, streaming: false, contest: None, notices, splice }
    }

    /// It is one side of two, perhaps.
    pub(crate) fn against(self, contest: Arc<Contest>, side: Side) -> Self {
        Self { contest: Some((contest, side)), ..self }
    }

    /// Ends once nothing has come for so long; never, if something did, or without a limit.
    pub(crate) fn silence(&self, limit: Option<Duration>) -> impl Future<Output = Duration> + use<> {
        let heard = Arc::clone(&self.heard);
        async move {
            if let Some(limit) = limit {
                tokio::time::sleep(limit).await;
                if !heard.load(Ordering::Acquire) {
                    return limit;
                }
            }
            std::future::pending().await
        }
    }

    /// Notices of the request itself, which no decoder event repeats, and how it was joined to what stood
    /// before.
    pub(crate) fn end(self) -> (Vec<(NoticeKind, domain::Words)>, Option<Splice>) {
        (self.notices, self.splice)
    }

    /// Lets go of everything, once nothing more comes.
    pub(crate) async fn release_all(&mut self) {
        self.held.extend(self.splice.as_mut().and_then(Splice::rest));
        self.release().await;
    }

    async fn release(&mut self) {
        let mut events = self.splice.as_mut().map(Splice::begin).unwrap_or_default();
        events.append(&mut self.held);
        self.send(events).await;
    }

    async fn send(&mut self, events: Vec<StreamEvent>) {
        if events.is_empty() {
            return;
        }
        if !std::mem::replace(&mut self.streaming, true) {
            let _ =
                self.out.send(LaneMessage { run: self.run, news: News::State(RunState::Streaming) }).await;
        }
        let _ = self.out.send(LaneMessage { run: self.run, news: News::Events(events) }).await;
    }
}

impl Events for HeldBack {
    async fn events(&mut self, events: Vec<StreamEvent>) {
        let mut events = match &mut self.splice {
            Some(splice) => splice.pass(events),
            None => events,
        };
        let content = events.iter().any(|event| {
            // As in `Draft::has_content`: what is shown must not be tried again.
            match event {
                StreamEvent::BlockDelta { text, .. } => !text.is_empty(),
                StreamEvent::BlockOpen { kind, .. } => matches!(kind, BlockKind::ToolCall { .. }),
                _ => false,
            }
        });
        self.held.append(&mut events);
        if content && !self.heard.swap(true, Ordering::AcqRel) {
            // Never comes back for who is second.
            if let Some((contest, side)) = &self.contest {
                contest.speak(*side).await;
            }
        }
        if content || self.streaming {
            self.release().await;
        }
    }
}
