//! An engine over the real HTTP client and a provider on this machine; one cell of the matrix on it.

use crate::{
    matrix::Case,
    script::{Counts, Script, WORDS},
};
use domain::{
    ContextPolicy, LaneTarget, ModelRef, NoticeKind, Params, PicoUsd, ProcessId, RunId, RunState,
    StreamEvent, Timestamp, Usage, UsageSource,
};
use engine::{Ask, Clock as _, Engine, Listeners, Observer, Parts, RunResult, SystemClock};
use parallax_suite::support::replay::{Replay, Route};
use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};
use store::{Entry, Store};
use vault::Vault;

/// A stop must reach the provider within this.
pub(crate) const CANCEL_LIMIT: Duration = Duration::from_millis(50);

pub(crate) struct Bench {
    engine: Engine,
    server: Replay,
    _folder: tempfile::TempDir,
}

/// Hands on the first sight of text, and results.
struct Watch {
    text: mpsc::Sender<()>,
    results: mpsc::Sender<RunResult>,
}

impl Observer for Watch {
    fn events(&mut self, _lane: u32, _run: RunId, events: &[StreamEvent]) {
        if events.iter().any(|event| matches!(event, StreamEvent::BlockDelta { .. })) {
            let _ = self.text.send(());
        }
    }
    fn ended(&mut self, result: &RunResult) {
        let _ = self.results.send(result.clone());
    }
}

fn provider(script: &Script) -> String {
    format!("t-{}", script.dialect)
}

impl Bench {
    pub(crate) async fn new(scripts: &[Script]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::new());
        let process = ProcessId::new(clock.id());
        let options = store::Options { process, now: clock.now(), version: "test" };
        transport::install_crypto();
        let parts = Parts {
            store: Store::open(folder.path(), options).unwrap(),
            vault: Vault::memory(),
            transport: Arc::new(transport::Http::new(transport::ProxyChoice::None).unwrap()),
            clock,
            process,
            origin: "window",
        };
        let engine = Engine::assemble(parts).await.unwrap();
        let server = Replay::start(Vec::new());
        for script in scripts {
            let base = format!("{}/{}", server.url(), script.dialect);
            engine.add_provider(&provider(script), script.dialect, &base).await.unwrap();
        }
        Self { engine, server, _folder: folder }
    }

    fn ask(script: &Script, name: &str) -> Ask {
        let model = ModelRef::parse(&format!("m@{}", provider(script))).unwrap();
        Ask {
            conversation: None,
            line_up: vec![LaneTarget { model, system: None, params: Params::default(), policy: None }],
            prompt: format!("case {name}."),
            context: ContextPolicy::Own,
            policy: None,
        }
    }

    fn route(script: &Script, name: &str, answer: parallax_suite::support::replay::Answer) -> Route {
        Route::answer(answer).path(&format!("/{}/", script.dialect)).body(&format!("case {name}.")).times(1)
    }

    /// Runs one cell; what is wrong with it, or in a few words how it ended.
    pub(crate) async fn cell(&self, script: &Script, name: &str, case: Case) -> Result<String, String> {
        for answer in case.answers.iter().rev() {
            self.server.first(Self::route(script, name, answer.clone()));
        }
        let (results, ended) = mpsc::channel();
        let observer = Box::new(Watch { text: mpsc::channel().0, results });
        let listeners = Listeners { sink: None, observer: Some(observer) };
        let started = self.engine.start_turn(Self::ask(script, name), listeners).await.unwrap();
        started.done.await.unwrap();
        let result = ended.recv().unwrap();
        let stored = self.engine.text(result.run).await.unwrap();
        let entries =
            self.engine.store().read(|tx| tx.entries(Timestamp(0), Timestamp(i64::MAX))).await.unwrap();
        let mut wrong = Wrong(Vec::new());
        wrong.run(&case, &result, &stored);
        let last = result.attempts.last().unwrap();
        let entry = entries.iter().find(|entry| entry.row.attempt == last.id);
        wrong.money(&case, last.usage.as_ref(), entry);
        if !wrong.0.is_empty() {
            return Err(format!("{} × {name}: {}", script.dialect, wrong.0.join("; ")));
        }
        Ok(match case.kind {
            None => "whole".to_owned(),
            Some(kind) => format!("{}, {} words kept", kind.as_str(), case.words),
        })
    }

    /// Stops a run in the middle of its answer: from the press to the provider's side of the connection
    /// being closed.
    pub(crate) async fn cancel(&self, script: &Script, round: usize) -> Duration {
        let name = format!("cancel {round}");
        let mut body = script.packed(&script.head);
        body.extend(script.packed(&script.words[..3]));
        let answer = parallax_suite::support::replay::Answer::status(200)
            .header("content-type", script.content_type())
            .send(body)
            .step(parallax_suite::support::replay::Step::Stall);
        self.server.first(Self::route(script, &name, answer));
        let (text, seen) = mpsc::channel();
        let (results, ended) = mpsc::channel();
        let listeners = Listeners { sink: None, observer: Some(Box::new(Watch { text, results })) };
        let before = self.server.departures().len();
        let started = self.engine.start_turn(Self::ask(script, &name), listeners).await.unwrap();
        tokio::task::block_in_place(|| seen.recv_timeout(Duration::from_secs(20)).unwrap());
        let pressed = Instant::now();
        self.engine.cancel(started.turn, None);
        started.done.await.unwrap();
        let result = ended.recv().unwrap();
        assert_eq!(result.state, RunState::Cancelled, "{name} of {}", script.dialect);
        assert_eq!(result.draft.text(), WORDS[..3].concat(), "{name} of {}", script.dialect);
        let patience = Instant::now();
        loop {
            // The answer stalls for ever, so the only departure there can be is the stop's.
            if let Some(left) = self.server.departures().get(before) {
                return left.saturating_duration_since(pressed);
            }
            assert!(
                patience.elapsed() < Duration::from_secs(5),
                "{}: the provider never saw it",
                script.dialect
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

struct Wrong(Vec<String>);

impl Wrong {
    fn unless(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.0.push(what());
        }
    }

    fn run(&mut self, case: &Case, result: &RunResult, stored: &str) {
        let kind = result.failure.as_ref().map(|failure| failure.kind);
        self.unless(kind == case.kind, || format!("ended with {:?}, not {:?}", result.failure, case.kind));
        let state = if case.kind.is_none() { RunState::Done } else { RunState::Failed };
        self.unless(result.state == state, || format!("is {:?}", result.state));
        let words = WORDS[..case.words].concat();
        let shown = result.draft.text();
        self.unless(shown == words && stored == words, || format!("kept {shown:?}, stored {stored:?}"));
        let finish = result.draft.finish.as_ref().map(|(reason, _)| *reason);
        let stopped = finish == Some(domain::FinishReason::Stop);
        self.unless(stopped == case.kind.is_none(), || format!("finish {finish:?}"));
        let skipped = result.notices.iter().any(|(kind, _)| *kind == NoticeKind::SkippedEvent);
        self.unless(skipped == case.skipped, || format!("notices {:?}", result.notices));
        let attempts = case.answers.len();
        self.unless(result.attempts.len() == attempts, || format!("{} attempts", result.attempts.len()));
        let upstream = result.failure.as_ref().and_then(|failure| failure.upstream.as_ref());
        let asked = upstream.and_then(|upstream| upstream.retry_after).map(|wait| wait.0);
        self.unless(asked == case.retry_after, || format!("retry after {asked:?}"));
        let message = result.failure.as_ref().map_or("", |failure| &failure.message);
        self.unless(case.kind.is_none() || message.len() > 20, || format!("says {message:?}"));
        // Told to wait a second before the second attempt.
        let took = result.duration.map_or(0, |took| took.0);
        self.unless(attempts == 1 || took >= 1_000, || format!("asked again after {took} ms"));
    }

    fn money(&mut self, case: &Case, usage: Option<&Usage>, entry: Option<&Entry>) {
        let found = usage.map(counts).unwrap_or_default();
        self.unless(found == case.counts, || format!("counted {found:?}, sent were {:?}", case.counts));
        let Some(entry) = entry else { return self.0.push("no ledger entry".to_owned()) };
        let billed = entry.row.usage.as_ref();
        if case.refused {
            let free = billed.is_none() && entry.row.cost.total == Some(PicoUsd::ZERO);
            return self.unless(free, || format!("billed {:?}", entry.row.cost));
        }
        let Some(billed) = billed else { return self.0.push("nothing was billed".to_owned()) };
        let reported = case.kind.is_none();
        let source = if reported { UsageSource::Reported } else { UsageSource::Estimated };
        self.unless(billed.source == source, || format!("billed as {:?}", billed.source));
        // What broke off is never billed below what the provider had counted, nor as nothing.
        let kept = |ours: Option<u64>, said: Option<u64>| ours.is_some() && ours >= said;
        let enough =
            kept(billed.input.total, case.counts.input) && kept(billed.output.total, case.counts.output);
        self.unless(enough, || format!("billed {:?}", counts(billed)));
    }
}

fn counts(usage: &Usage) -> Counts {
    Counts {
        input: usage.input.total,
        cached: usage.input.cache_read,
        output: usage.output.total,
        reasoning: usage.output.reasoning,
    }
}

/// The times at or below which half and 99 of 100 lie, in microseconds.
pub(crate) fn percentiles(times: &mut [Duration]) -> (u128, u128) {
    times.sort_unstable();
    let at = |share: usize| times[((times.len() * share).div_ceil(100)).saturating_sub(1)].as_micros();
    (at(50), at(99))
}
