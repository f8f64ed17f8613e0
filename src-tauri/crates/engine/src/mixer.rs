//! Joins the lanes of a turn: what they produced is committed in one transaction, and only then shown.

use crate::{
    clock::millis,
    draft::Draft,
    frame::{Metrics, Op, RouteStep, RunPatch, Waiting},
    inner::{Inner, Table},
    live::LiveTurn,
    present::{self, Presenter},
    result::RunResult,
    startup::{self, Unsaved},
    tasks,
    thinking::Thinking,
};
use domain::{
    Basis, Cost, ErrorKind, Failure, NoticeKind, PicoUsd, PriceSheet, RunId, RunState, StreamEvent,
    Timestamp, TurnId, Usage, UsageSource, say,
};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time};

/// Least time between two commits of text: what comes sooner waits for company, what comes later waits for nothing.
const FLUSH: Duration = Duration::from_millis(33);
/// Longer than any program runs.
const FOREVER: Duration = Duration::from_secs(86_400 * 365);
/// How often running numbers are refreshed.
const METRICS: Duration = Duration::from_millis(250);

/// Most text that is taken in before it is committed and shown, however fast it comes.
const DRAIN: usize = 256 * 1024;
/// Pauses before a commit that found the database busy is tried again. The store has waited its own time
/// before it says so.
const BUSY: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_millis(1_000),
];

/// What a lane tells the mixer.
pub(crate) struct LaneMessage {
    pub run: RunId,
    pub news: News,
}

pub(crate) enum News {
    State(RunState),
    Route(Vec<RouteStep>),
    Waiting(Waiting),
    /// An attempt begins: what it costs is reckoned by these prices.
    Priced(Box<Priced>),
    Events(Vec<StreamEvent>),
    End(Box<Finished>),
}

/// What the running cost of an answer is reckoned from.
pub(crate) struct Priced {
    /// Prices of the endpoint that is asked; `None` = unknown.
    pub prices: Option<PriceSheet>,
    /// What the attempts before came to.
    pub before: Cost,
    pub at: Timestamp,
}

impl Priced {
    /// What has run up so far: an estimate, unless it is free.
    fn so_far(&self, usage: &Usage) -> Option<(PicoUsd, Basis)> {
        let sheet = self.prices.as_ref();
        let now = ledger::cost(usage, sheet, self.at).total?;
        let basis = if sheet.is_some_and(ledger::is_free) { Basis::Computed } else { Basis::Estimated };
        Some((self.before.total?.checked_add(now)?, basis))
    }
}

/// A run's last word and what must be written for it.
pub(crate) struct Finished {
    pub result: RunResult,
    pub write: Settlement,
    /// The lane did not live to say this itself: the mixer has seen at least as much.
    pub abandoned: bool,
}

/// Writes the end of a run: content, run, attempt, ledger entry, released hold, cleared journal. Can be
/// called again after a commit that failed.
pub(crate) type Settlement = Arc<dyn Fn(&mut store::Tx<'_>) -> Result<(), Failure> + Send + Sync>;

/// Is told of committed events and results, for the command line and tests.
pub trait Observer: Send {
    /// Events of one run, already on disk. `lane` is its place from the left, from 0.
    fn events(&mut self, lane: u32, run: RunId, events: &[StreamEvent]);
    /// One run has ended and is settled.
    fn ended(&mut self, result: &RunResult);
    /// Only the end matters: nothing before it need be hurried.
    fn patient(&self) -> bool {
        false
    }
}

pub(crate) struct Mixer {
    pub inner: Arc<Inner>,
    pub turn: TurnId,
    pub live: Arc<LiveTurn>,
    pub observer: Option<Box<dyn Observer>>,
    /// Render HTML for windows; the command line wants events alone.
    pub html: bool,
    pub runs: HashMap<RunId, Mix>,
    /// What is being committed, until it is.
    pub unsaved: Arc<Vec<Unsaved>>,
}

/// One run between two flushes.
#[derive(Default)]
pub(crate) struct Mix {
    position: u32,
    prompt_tokens: u64,
    presenter: Presenter,
    journal_seq: u32,
    /// Not journaled yet.
    events: Vec<StreamEvent>,
    /// All that came, for an end that cannot be written.
    draft: Draft,
    /// Rendering this answer panicked; its text is stored all the same.
    unrendered: bool,
    ended: bool,
    ops: Vec<Op>,
    finished: Option<Box<Finished>>,
    started: Option<Duration>,
    first_content: Option<Duration>,
    thinking: Thinking,
    generated: u64,
    reported: Option<Usage>,
    priced: Option<Box<Priced>>,
    metrics_at: Duration,
}

impl Mixer {
    /// Runs until every lane has hung up. Whatever goes wrong in here, every run gets its end.
    pub(crate) async fn run(mut self, mut lanes: mpsc::Receiver<LaneMessage>) {
        let outcome = tasks::guarded(self.work(&mut lanes)).await;
        match outcome.and_then(|worked| worked) {
            Ok(()) => {
                self.inner.live.retire(self.turn);
                self.inner.changed(Table::Conversations);
            }
            Err(failure) => self.give_up(&failure).await,
        }
    }

    async fn work(&mut self, lanes: &mut mpsc::Receiver<LaneMessage>) -> Result<(), Failure> {
        let mut due: Option<time::Instant> = None;
        let mut flushed: Option<time::Instant> = None;
        loop {
            let Ok(message) =
                time::timeout_at(due.unwrap_or_else(|| time::Instant::now() + FOREVER), lanes.recv()).await
            else {
                due = None;
                flushed = Some(time::Instant::now());
                self.flush().await?;
                continue;
            };
            let Some(message) = message else { break };
            let mut gathered = message.weight();
            let mut urgent = self.absorb(message);
            // What is there comes along, and no more: a lane that never pauses must not keep text waiting.
            let mut there = lanes.len();
            while there > 0
                && gathered < DRAIN
                && let Ok(more) = lanes.try_recv()
            {
                there -= 1;
                gathered += more.weight();
                urgent |= self.absorb(more);
            }
            let now = time::Instant::now();
            let deadline = due.or(flushed.map(|at| at + FLUSH)).unwrap_or(now);
            if urgent || gathered >= DRAIN || now >= deadline {
                due = None;
                flushed = Some(now);
                self.flush().await?;
            } else {
                due = Some(deadline);
            }
        }
        self.flush().await?;
        // The last message of every lane was its end, unless even ending it went wrong.
        if self.runs.values().all(|mix| mix.ended) {
            Ok(())
        } else {
            Err(Failure::new(ErrorKind::Bug, "Parallax lost an answer. What had arrived is kept; try again."))
        }
    }

    /// Takes a message; true = show it at once.
    fn absorb(&mut self, message: LaneMessage) -> bool {
        let now = self.inner.clock.elapsed();
        let patient = self.observer.as_ref().is_some_and(|observer| observer.patient());
        let mix = self.runs.entry(message.run).or_default();
        match message.news {
            News::State(state) => {
                // Behind a seam the answer has begun already.
                if state == RunState::Connecting && mix.first_content.is_none() {
                    mix.started = Some(now);
                }
                mix.ops.push(Op::State { state });
                false
            }
            News::Route(route) => {
                mix.ops.push(Op::Route { route });
                false
            }
            News::Waiting(waiting) => {
                mix.ops.push(Op::Waiting { waiting });
                false
            }
            News::Priced(priced) => {
                mix.priced = Some(priced);
                false
            }
            News::Events(events) => {
                let first = mix.first_content.is_none() && !patient;
                mix.count(&events, now);
                mix.events.extend(events);
                first && mix.first_content.is_some()
            }
            News::End(mut finished) => {
                if finished.abandoned {
                    finished.result.draft = mix.draft.clone();
                    finished.result.notices.clone_from(&mix.draft.notices);
                }
                mix.finished = Some(finished);
                true
            }
        }
    }

    /// Commits what has gathered, then shows it.
    async fn flush(&mut self) -> Result<(), Failure> {
        let mut unsaved = Vec::new();
        let mut shown = HashMap::new();
        for (run, mix) in &mut self.runs {
            let row = mix.unsaved(*run)?;
            if row.settle.is_some() || !row.journal.is_empty() {
                unsaved.push(row);
            }
            let events = std::mem::take(&mut mix.events);
            if !events.is_empty() {
                shown.insert(*run, events);
            }
        }
        if !unsaved.is_empty() {
            self.unsaved = Arc::new(unsaved);
            self.commit().await?;
            self.unsaved = Arc::default();
        }
        self.show(shown);
        Ok(())
    }

    /// One transaction. A database that somebody else keeps busy is asked again a few times.
    async fn commit(&mut self) -> Result<(), Failure> {
        let mut pauses = BUSY.iter();
        loop {
            let rows = Arc::clone(&self.unsaved);
            let written =
                self.inner.store.write(move |tx| rows.iter().try_for_each(|row| row.write(tx))).await;
            match (written, pauses.next()) {
                (Err(failure), Some(pause)) if failure.kind == ErrorKind::StoreBusy => {
                    time::sleep(*pause).await;
                }
                (written, _) => return written,
            }
        }
    }

    /// Everything gathered is on disk now.
    fn show(&mut self, mut shown: HashMap<RunId, Vec<StreamEvent>>) {
        let now = self.inner.clock.elapsed();
        let mut patches = Vec::new();
        let mut ended = false;
        let mut runs: Vec<(&RunId, &mut Mix)> = self.runs.iter_mut().collect();
        runs.sort_by_key(|(run, _)| **run);
        for (run, mix) in runs {
            let mut ops = std::mem::take(&mut mix.ops);
            if let Some(events) = shown.remove(run) {
                observe(&mut self.observer, |observer| observer.events(mix.position, *run, &events));
                if self.html {
                    ops.extend(mix.render(|presenter| presenter.apply(&events)));
                }
                if mix.finished.is_none() && now.saturating_sub(mix.metrics_at) >= METRICS {
                    mix.metrics_at = now;
                    ops.push(Op::Metrics { metrics: mix.running(now) });
                }
            }
            if let Some(finished) = mix.finished.take() {
                ended = true;
                mix.ended = true;
                ops.extend(mix.render(Presenter::finish));
                ops.push(finished.result.end_op());
                observe(&mut self.observer, |observer| observer.ended(&finished.result));
            }
            if !ops.is_empty() {
                patches.push(RunPatch { run: *run, ops });
            }
        }
        if !patches.is_empty() {
            self.live.publish(patches);
        }
        if ended {
            self.inner.live.ended.notify_waiters();
            self.inner.changed(Table::Spend);
        }
    }

    /// The disk does not take it, or we made a mistake: say so in every lane, stop the providers, and
    /// show nothing that is not on disk. What could not be written is written once the disk takes it.
    async fn give_up(&mut self, failure: &Failure) {
        tracing::error!(kind = failure.kind.as_str(), message = failure.message, "a turn was given up");
        let mut refused: HashMap<RunId, Unsaved> =
            self.unsaved.iter().map(|row| (row.run, row.clone())).collect();
        let view = self.live.view();
        let unfinished = self.runs.iter().filter(|(_, mix)| mix.finished.is_none());
        let unfinished = unfinished.map(|(run, _)| *run).collect();
        let mut sent = startup::sent(&self.inner, unfinished).await;
        let mut left = Vec::new();
        let mut patches = Vec::new();
        for (run, mix) in &mut self.runs {
            let shown = view.runs.iter().find(|shown| shown.id == *run);
            if shown.is_some_and(|shown| shown.state.is_final()) {
                continue;
            }
            self.live.cancel_run(*run);
            let mut row = refused.remove(run).unwrap_or_else(|| Unsaved::new(*run));
            match mix.unsaved(*run) {
                Ok(rest) => {
                    row.journal.extend(rest.journal);
                    row.settle = row.settle.or(rest.settle);
                }
                Err(bug) => tracing::error!(message = bug.message, "events could not be written down"),
            }
            left.push(row);
            let end = Op::End {
                state: RunState::Failed,
                finish_reason: None,
                failure: Some(failure.clone()),
                metrics: Metrics::default(),
                continue_on: Vec::new(),
            };
            patches.push(RunPatch { run: *run, ops: vec![end] });
            if let Some(shown) = shown {
                let lasted = mix.started.map(|at| millis(self.inner.clock.elapsed().saturating_sub(at)));
                let lost = match mix.finished.take() {
                    // Only that it is over could not be written down: what it came to is known.
                    Some(finished) => finished.result.unwritten(failure.clone()),
                    None => {
                        let attempts = sent.remove(run).unwrap_or_default();
                        let draft = std::mem::take(&mut mix.draft);
                        let lost = RunResult::lost(shown, draft, attempts, failure.clone());
                        RunResult { duration: lasted, ..lost }
                    }
                };
                observe(&mut self.observer, |observer| observer.ended(&lost));
            }
        }
        self.live.publish(patches);
        self.inner.live.retire(self.turn);
        startup::salvage(&self.inner, left, failure.clone());
    }
}

/// Tells the observer. One that panics is told nothing more; the answers go on without it.
fn observe(observer: &mut Option<Box<dyn Observer>>, tell: impl FnOnce(&mut dyn Observer)) {
    if let Some(told) = observer
        && catch_unwind(AssertUnwindSafe(|| tell(&mut **told))).is_err()
    {
        tracing::error!("an observer panicked");
        *observer = None;
    }
}

impl LaneMessage {
    /// Roughly how much text it brings.
    fn weight(&self) -> usize {
        match &self.news {
            News::Events(events) => events
                .iter()
                .map(|event| match event {
                    StreamEvent::BlockDelta { text, .. } => text.len(),
                    _ => 64,
                })
                .sum(),
            News::State(_) | News::Route(_) | News::Waiting(_) | News::Priced(_) | News::End(_) => 0,
        }
    }
}

impl Mix {
    pub(crate) fn new(position: u32, prompt_tokens: u64) -> Self {
        Self { position, prompt_tokens, ..Self::default() }
    }

    /// Knows what stands of the answer it goes on with: shown, and journaled as the first piece.
    pub(crate) fn preload(&mut self, standing: &[StreamEvent]) {
        standing.iter().for_each(|event| self.draft.apply(event));
        self.render(|presenter| presenter.apply(standing));
        self.journal_seq = 1;
    }

    /// What is to be written now: the journal of what came, also of a run that has ended, since its end
    /// may have been put together from the journal alone.
    fn unsaved(&mut self, run: RunId) -> Result<Unsaved, Failure> {
        let mut row = Unsaved::new(run);
        if !self.events.is_empty() {
            let chunk = serde_json::to_string(&self.events).map_err(|error| bug(&error))?;
            self.journal_seq += 1;
            row.journal.push((self.journal_seq, chunk));
        }
        row.settle = self.finished.as_ref().map(|finished| Arc::clone(&finished.write));
        Ok(row)
    }

    /// Renders. A panic in it costs this answer its display, nothing else.
    fn render(&mut self, work: impl FnOnce(&mut Presenter) -> Vec<Op>) -> Vec<Op> {
        if self.unrendered {
            return Vec::new();
        }
        let longest = self.draft.blocks.iter().map(|block| block.text.len()).max().unwrap_or(0);
        let presenter = &mut self.presenter;
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            tasks::beside_others(longest > present::QUICK, || work(presenter))
        }));
        rendered.unwrap_or_else(|_| {
            self.unrendered = true;
            vec![Op::Notice {
                kind: NoticeKind::Provider,
                detail: say!(
                    "Parallax made a mistake while displaying this answer and shows no more of it. \
                         The whole text is kept and can be copied; please report it."
                ),
            }]
        })
    }

    fn count(&mut self, events: &[StreamEvent], now: Duration) {
        for event in events {
            self.draft.apply(event);
            match event {
                StreamEvent::BlockDelta { block, text } => {
                    self.first_content.get_or_insert(now);
                    if !self.draft.is_image(*block) {
                        self.generated += ledger::tokens_of(text);
                    }
                }
                StreamEvent::Usage(usage) => self.reported = Some(usage.clone()),
                _ => {}
            }
        }
        self.thinking.note(&self.draft, now);
    }

    /// Numbers while the answer still grows: reported where the provider has said, else estimated.
    fn running(&self, now: Duration) -> Metrics {
        let started = self.started.unwrap_or(now);
        let reported = self.reported.as_ref();
        let generated = reported.and_then(|usage| usage.output.total).unwrap_or(0).max(self.generated);
        let input = reported.and_then(|usage| usage.input.total).unwrap_or(self.prompt_tokens);
        let mut usage = reported.cloned().unwrap_or_default();
        usage.source = UsageSource::Estimated;
        (usage.input.total, usage.output.total) = (Some(input), Some(generated));
        let (cost, basis) = self.priced.as_ref().and_then(|priced| priced.so_far(&usage)).unzip();
        Metrics {
            ttft: self.first_content.map(|at| millis(at.saturating_sub(started))),
            duration: Some(millis(now.saturating_sub(started))),
            tokens_per_second_x10: self
                .first_content
                .and_then(|at| crate::result::rate(generated, now.saturating_sub(at))),
            input: Some(input),
            cache_read: reported.and_then(|usage| usage.input.cache_read),
            output: Some(generated),
            reasoning: reported.and_then(|usage| usage.output.reasoning),
            reasoned: self.thinking.so_far(now),
            cost,
            basis,
            estimated: true,
        }
    }
}

fn bug(error: &serde_json::Error) -> Failure {
    Failure::new(ErrorKind::Bug, format!("An answer could not be written down ({error}). It was stopped."))
}
