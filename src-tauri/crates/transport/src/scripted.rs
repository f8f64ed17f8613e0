//! A transport for tests: it answers from scripts and remembers what it was asked.

use crate::{ByteStream, Deadlines, Origin, Response, Transport};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{Call, ErrorKind, Failure, Headers, Secret};
use futures_util::stream;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One thing that happens in a scripted body.
#[derive(Clone, Debug)]
pub enum Step {
    /// Bytes arrive.
    Send(Bytes),
    /// Nothing happens for so long.
    Wait(Duration),
    /// The body breaks off with this.
    Fail(Failure),
    /// Nothing ever happens again: only a deadline or a cancel ends it.
    Hang,
}

/// One canned answer.
#[derive(Clone, Debug)]
pub struct Script {
    before: Duration,
    outcome: Result<(u16, Headers), Failure>,
    steps: Vec<Step>,
}

impl Script {
    /// An answer with this status and no body yet.
    pub fn status(status: u16) -> Self {
        Self { before: Duration::ZERO, outcome: Ok((status, Headers::default())), steps: Vec::new() }
    }

    /// A 200 whose body is an event stream.
    pub fn event_stream() -> Self {
        Self::status(200).header("content-type", "text/event-stream")
    }

    /// No answer but this failure.
    pub fn failure(failure: Failure) -> Self {
        Self { before: Duration::ZERO, outcome: Err(failure), steps: Vec::new() }
    }

    /// Waits before the headers.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.before = wait;
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok((_, headers)) = &mut self.outcome {
            headers.push(name.to_ascii_lowercase(), value);
        }
        self
    }

    /// Adds bytes to the body.
    #[must_use]
    pub fn send(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Send(bytes.into()))
    }

    /// Adds a pause to the body.
    #[must_use]
    pub fn wait(self, time: Duration) -> Self {
        self.step(Step::Wait(time))
    }

    /// Adds any step to the body.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// A call that was sent.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where to.
    pub to: Origin,
    /// What.
    pub call: Call,
    /// Whether a key came along. Never the key.
    pub keyed: bool,
}

#[derive(Default)]
struct Inner {
    /// Scripts and the text their call must contain; `None` fits every call.
    scripts: Mutex<VecDeque<(Option<String>, Script)>>,
    seen: Mutex<Vec<Seen>>,
    open: AtomicUsize,
}

/// Answers each call with the first script that fits it, once. Cloning shares everything.
#[derive(Clone, Default)]
pub struct Scripted(Arc<Inner>);

impl Scripted {
    /// Without scripts every call fails as a `bug`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues an answer for any call.
    pub fn push(&self, script: Script) {
        self.queue(None, script);
    }

    /// Queues an answer for a call whose provider is `needle`, or whose body or path contains it: lanes
    /// send at the same time, so their order cannot be relied on.
    pub fn push_for(&self, needle: &str, script: Script) {
        self.queue(Some(needle.to_owned()), script);
    }

    fn queue(&self, needle: Option<String>, script: Script) {
        self.0.scripts.lock().unwrap_or_else(PoisonError::into_inner).push_back((needle, script));
    }

    /// Drops the scripts for this needle that were not used.
    pub fn forget(&self, needle: &str) {
        let mut scripts = self.0.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        scripts.retain(|(of, _)| of.as_deref() != Some(needle));
    }

    /// Every call so far, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Scripts not used yet.
    pub fn left(&self) -> usize {
        self.0.scripts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Bodies handed out and not dropped yet.
    pub fn open_bodies(&self) -> usize {
        self.0.open.load(Ordering::SeqCst)
    }

    fn take(&self, to: &Origin, call: &Call) -> Option<Script> {
        let mut scripts = self.0.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let body = String::from_utf8_lossy(&call.body);
        let fits = |needle: &Option<String>| {
            needle.as_ref().is_none_or(|needle| {
                to.provider.as_str() == needle || call.path.contains(needle) || body.contains(needle)
            })
        };
        let at = scripts.iter().position(|(needle, _)| fits(needle))?;
        scripts.remove(at).map(|(_, script)| script)
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(
        &self,
        to: &Origin,
        call: Call,
        auth: Option<&Secret>,
        _deadlines: Deadlines,
    ) -> Result<Response, Failure> {
        let script = self.take(to, &call);
        let seen = Seen { to: to.clone(), call, keyed: auth.is_some() };
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        let Some(script) = script else {
            return Err(Failure::new(ErrorKind::Bug, "No script fits this call."));
        };
        if script.before > Duration::ZERO {
            tokio::time::sleep(script.before).await;
        }
        let (status, headers) = script.outcome?;
        Ok(Response {
            status,
            headers,
            body: body(script.steps, Open::new(&self.0)),
            token: None,
            redactors: Vec::new(),
        })
    }
}

/// Counts a body as open for as long as it lives.
struct Open(Arc<Inner>);

impl Open {
    fn new(inner: &Arc<Inner>) -> Self {
        inner.open.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(inner))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

fn body(steps: Vec<Step>, open: Open) -> ByteStream {
    Box::pin(stream::unfold((VecDeque::from(steps), open), |(mut steps, open)| async move {
        loop {
            match steps.pop_front()? {
                Step::Send(bytes) => return Some((Ok(bytes), (steps, open))),
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Fail(failure) => {
                    steps.clear();
                    return Some((Err(failure), (steps, open)));
                }
                Step::Hang => std::future::pending().await,
            }
        }
    }))
}
