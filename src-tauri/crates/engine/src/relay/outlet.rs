//! What of an attempt reaches the client: nothing until the first content, everything after it.

use super::{Head, Piece};
use crate::attempt::Events;
use domain::{Headers, StreamEvent};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// Headers of a provider that a client may see; `*` stands for any ending. Everything else stays: cookies,
/// and what tells whose account it is.
const SEEN: &[&str] = &[
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-ratelimit-*",
    "anthropic-ratelimit-*",
    "x-request-id",
    "request-id",
    "openai-processing-ms",
];

/// Most that is held back before content: more is no preamble.
const HELD_MOST: usize = 256 * 1024;

pub(super) struct Outlet {
    out: mpsc::Sender<Piece>,
    head: Head,
    held: Vec<Piece>,
    held_bytes: usize,
    begun: AtomicBool,
    /// Content has come, whether it was handed on or not.
    spoke: Arc<AtomicBool>,
    content: bool,
    /// The client wants one document: all of it is held until it is whole.
    whole: bool,
    /// What a client may see of the headers of the last answer, refusals included.
    pub headers: Vec<(String, String)>,
}

impl Outlet {
    pub(super) fn new(out: mpsc::Sender<Piece>, head: Head, whole: bool) -> Self {
        Self {
            out,
            head,
            held: Vec::new(),
            held_bytes: 0,
            begun: AtomicBool::default(),
            spoke: Arc::default(),
            content: false,
            whole,
            headers: Vec::new(),
        }
    }

    /// Something has reached the client.
    pub(super) fn begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Ends once nothing has come for so long; never, if something has, or without a limit.
    pub(super) fn silence(&self, limit: Option<Duration>) -> impl Future<Output = Duration> + use<> {
        let spoke = Arc::clone(&self.spoke);
        async move {
            if let Some(limit) = limit {
                tokio::time::sleep(limit).await;
                if !spoke.load(Ordering::Acquire) {
                    return limit;
                }
            }
            std::future::pending().await
        }
    }

    /// Lets go of everything.
    pub(super) async fn release(&mut self) {
        self.spoke.store(true, Ordering::Release);
        if !self.begun.swap(true, Ordering::AcqRel) {
            // A client that is gone is noticed by whoever drives this.
            let _ = self.out.send(Piece::Head(Box::new(self.head.clone()))).await;
        }
        for piece in self.held.drain(..) {
            let _ = self.out.send(piece).await;
        }
        self.held_bytes = 0;
    }

    async fn put(&mut self, piece: Piece) {
        self.held.push(piece);
        let flood = self.held_bytes > HELD_MOST;
        if !self.whole && (self.content || flood) {
            self.release().await;
        }
    }
}

fn seen(headers: &Headers) -> Vec<(String, String)> {
    let wanted = |name: &str| {
        SEEN.iter().any(|seen| match seen.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *seen,
        })
    };
    headers.0.iter().filter(|(name, _)| wanted(name)).cloned().collect()
}

impl Events for Outlet {
    async fn events(&mut self, events: Vec<StreamEvent>) {
        if !self.content && events.iter().any(wire::serve::is_content) {
            self.content = true;
            self.spoke.store(true, Ordering::Release);
        }
        if !self.head.passed {
            self.held_bytes += events.len().saturating_mul(64);
            self.put(Piece::Events(events)).await;
        }
    }

    fn head(&mut self, status: u16, headers: &Headers, passed: bool) {
        self.headers = seen(headers);
        if status < 400 {
            self.head.passed = passed;
            self.head.headers.clone_from(&self.headers);
        }
    }

    async fn bytes(&mut self, bytes: Vec<u8>) {
        self.held_bytes += bytes.len();
        self.put(Piece::Bytes(bytes)).await;
    }
}
