//! What an attempt says before its first word, until that word comes.

use crate::{
    attempt::Events,
    mixer::{LaneMessage, News},
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
    streaming: Arc<AtomicBool>,
    notices: Vec<(NoticeKind, String)>,
}

impl HeldBack {
    pub(crate) fn new(
        run: RunId,
        out: mpsc::Sender<LaneMessage>,
        notices: Vec<(NoticeKind, String)>,
    ) -> Self {
        let held = notices
            .iter()
            .map(|(kind, detail)| StreamEvent::Notice { kind: *kind, detail: detail.clone() })
            .collect();
        Self { run, out, held, streaming: Arc::default(), notices }
    }

    /// Ends once nothing has been released for so long; never, if something was, or without a limit.
    pub(crate) fn silence(&self, limit: Option<Duration>) -> impl Future<Output = Duration> + use<> {
        let streaming = Arc::clone(&self.streaming);
        async move {
            if let Some(limit) = limit {
                tokio::time::sleep(limit).await;
                if !streaming.load(Ordering::Acquire) {
                    return limit;
                }
            }
            std::future::pending().await
        }
    }

    /// Notices of the request itself, which no decoder event repeats.
    pub(crate) fn notices(self) -> Vec<(NoticeKind, String)> {
        self.notices
    }

    pub(crate) async fn release(&mut self) {
        let events = std::mem::take(&mut self.held);
        self.send(events).await;
    }

    async fn send(&mut self, events: Vec<StreamEvent>) {
        if events.is_empty() {
            return;
        }
        if !self.streaming.swap(true, Ordering::AcqRel) {
            let _ =
                self.out.send(LaneMessage { run: self.run, news: News::State(RunState::Streaming) }).await;
        }
        let _ = self.out.send(LaneMessage { run: self.run, news: News::Events(events) }).await;
    }
}

impl Events for HeldBack {
    async fn events(&mut self, mut events: Vec<StreamEvent>) {
        let content = events.iter().any(|event| {
            // As in `Draft::has_content`: what is shown must not be tried again.
            match event {
                StreamEvent::BlockDelta { text, .. } => !text.is_empty(),
                StreamEvent::BlockOpen { kind, .. } => matches!(kind, BlockKind::ToolCall { .. }),
                _ => false,
            }
        });
        self.held.append(&mut events);
        if content || self.streaming.load(Ordering::Acquire) {
            self.release().await;
        }
    }
}
