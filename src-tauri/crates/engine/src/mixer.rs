//! Joins the lanes of a turn: what they produced is committed in one transaction, and only then shown.

use crate::{
    clock::millis,
    frame::{Metrics, Op, RouteStep, RunPatch},
    inner::{Inner, Table},
    live::LiveTurn,
    present::Presenter,
    result::RunResult,
};
use domain::{ErrorKind, Failure, RunId, RunState, StreamEvent, TurnId};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time};

/// Longest time that text waits for company before it is committed and shown.
const FLUSH: Duration = Duration::from_millis(33);
/// How often running numbers are refreshed.
const METRICS: Duration = Duration::from_millis(250);

/// What a lane tells the mixer.
pub(crate) struct LaneMessage {
    pub run: RunId,
    pub news: News,
}

pub(crate) enum News {
    State(RunState),
    Route(Vec<RouteStep>),
    Events(Vec<StreamEvent>),
    End(Box<Finished>),
}

/// A run's last word and what must be written for it.
pub(crate) struct Finished {
    pub result: RunResult,
    pub write: Settlement,
}

/// Writes the end of a run: content, run, attempt, ledger entry, released hold, cleared journal.
pub(crate) type Settlement = Box<dyn FnOnce(&mut store::Tx<'_>) -> Result<(), Failure> + Send>;

/// Is told of committed events and results, for the command line and tests.
pub trait Observer: Send {
    /// Events of one run, already on disk. `lane` is its place from the left, from 0.
    fn events(&mut self, lane: u32, run: RunId, events: &[StreamEvent]);
    /// One run has ended and is settled.
    fn ended(&mut self, result: &RunResult);
}

pub(crate) struct Mixer {
    pub inner: Arc<Inner>,
    pub turn: TurnId,
    pub live: Arc<LiveTurn>,
    pub observer: Option<Box<dyn Observer>>,
    /// Render HTML for windows; the command line wants events alone.
    pub html: bool,
    pub runs: HashMap<RunId, Mix>,
}

/// One run between two flushes.
#[derive(Default)]
pub(crate) struct Mix {
    position: u32,
    prompt_tokens: u64,
    presenter: Presenter,
    journal_seq: u32,
    events: Vec<StreamEvent>,
    ops: Vec<Op>,
    finished: Option<Box<Finished>>,
    started: Option<Duration>,
    first_content: Option<Duration>,
    generated: u64,
    reported: Option<domain::Usage>,
    metrics_at: Duration,
}

impl Mixer {
    /// Runs until every lane has hung up.
    pub(crate) async fn run(mut self, mut lanes: mpsc::Receiver<LaneMessage>) {
        let mut due: Option<time::Instant> = None;
        loop {
            let message = match due {
                None => lanes.recv().await,
                Some(at) => match time::timeout_at(at, lanes.recv()).await {
                    Ok(message) => message,
                    Err(_elapsed) => {
                        due = None;
                        if self.flush().await.is_err() {
                            return;
                        }
                        continue;
                    }
                },
            };
            let Some(message) = message else { break };
            let mut urgent = self.absorb(message);
            while let Ok(more) = lanes.try_recv() {
                urgent |= self.absorb(more);
            }
            if urgent {
                due = None;
                if self.flush().await.is_err() {
                    return;
                }
            } else if due.is_none() {
                due = Some(time::Instant::now() + FLUSH);
            }
        }
        // The last message of every lane was urgent, so nothing is left; a lane that panicked before
        // its last word is the exception.
        if self.flush().await.is_ok() {
            self.inner.live.retire(self.turn);
            self.inner.changed(Table::Conversations);
        }
    }

    /// Takes a message; true = show it at once.
    fn absorb(&mut self, message: LaneMessage) -> bool {
        let now = self.inner.clock.elapsed();
        let mix = self.runs.entry(message.run).or_default();
        match message.news {
            News::State(state) => {
                if state == RunState::Connecting {
                    mix.started = Some(now);
                }
                mix.ops.push(Op::State { state });
                false
            }
            News::Route(route) => {
                mix.ops.push(Op::Route { route });
                false
            }
            News::Events(events) => {
                let first = mix.first_content.is_none();
                mix.count(&events, now);
                mix.events.extend(events);
                first && mix.first_content.is_some()
            }
            News::End(finished) => {
                mix.finished = Some(finished);
                true
            }
        }
    }

    /// Commits what has gathered, then shows it.
    async fn flush(&mut self) -> Result<(), ()> {
        let mut journal: Vec<(RunId, u32, String)> = Vec::new();
        let mut settlements: Vec<Settlement> = Vec::new();
        for (run, mix) in &mut self.runs {
            if let Some(finished) = &mut mix.finished {
                let nothing: Settlement = Box::new(|_| Ok(()));
                settlements.push(std::mem::replace(&mut finished.write, nothing));
            } else if !mix.events.is_empty() {
                mix.journal_seq += 1;
                match serde_json::to_string(&mix.events) {
                    Ok(chunk) => journal.push((*run, mix.journal_seq, chunk)),
                    Err(error) => return self.give_up(bug(&error)),
                }
            }
        }
        if !journal.is_empty() || !settlements.is_empty() {
            let written = self
                .inner
                .store
                .write(move |tx| {
                    for (run, seq, chunk) in &journal {
                        tx.append_journal(*run, *seq, chunk)?;
                    }
                    for settle in settlements {
                        settle(tx)?;
                    }
                    Ok(())
                })
                .await;
            if let Err(failure) = written {
                return self.give_up(failure);
            }
        }
        self.show();
        Ok(())
    }

    /// Everything gathered is on disk now.
    fn show(&mut self) {
        let now = self.inner.clock.elapsed();
        let mut patches = Vec::new();
        let mut ended = false;
        let mut runs: Vec<(&RunId, &mut Mix)> = self.runs.iter_mut().collect();
        runs.sort_by_key(|(run, _)| **run);
        for (run, mix) in runs {
            let events = std::mem::take(&mut mix.events);
            let mut ops = std::mem::take(&mut mix.ops);
            if !events.is_empty() {
                if let Some(observer) = &mut self.observer {
                    observer.events(mix.position, *run, &events);
                }
                if self.html {
                    ops.extend(mix.presenter.apply(&events));
                }
                if mix.finished.is_none() && now.saturating_sub(mix.metrics_at) >= METRICS {
                    mix.metrics_at = now;
                    ops.push(Op::Metrics { metrics: mix.running(now) });
                }
            }
            if let Some(finished) = mix.finished.take() {
                ended = true;
                ops.extend(mix.presenter.finish());
                ops.push(finished.result.end_op());
                if let Some(observer) = &mut self.observer {
                    observer.ended(&finished.result);
                }
            }
            if !ops.is_empty() {
                patches.push(RunPatch { run: *run, ops });
            }
        }
        if !patches.is_empty() {
            self.live.publish(patches);
        }
        if ended {
            self.inner.changed(Table::Spend);
        }
    }

    /// The disk does not take it: say so in every lane, stop the providers, and show nothing that is not
    /// on disk. The holds stay in the ledger and are settled at the next start.
    fn give_up(&mut self, failure: Failure) -> Result<(), ()> {
        self.live.cancel.cancel();
        let patches = self
            .live
            .view()
            .runs
            .iter()
            .filter(|run| !run.state.is_final() && self.runs.contains_key(&run.id))
            .map(|run| {
                if let Some(observer) = &mut self.observer {
                    observer.ended(&RunResult::lost(run, crate::draft::Draft::default(), failure.clone()));
                }
                let end = Op::End {
                    state: RunState::Failed,
                    finish_reason: None,
                    failure: Some(failure.clone()),
                    metrics: Metrics::default(),
                };
                RunPatch { run: run.id, ops: vec![end] }
            })
            .collect();
        self.live.publish(patches);
        self.inner.live.retire(self.turn);
        Err(())
    }
}

impl Mix {
    pub(crate) fn new(position: u32, prompt_tokens: u64) -> Self {
        Self { position, prompt_tokens, ..Self::default() }
    }

    fn count(&mut self, events: &[StreamEvent], now: Duration) {
        for event in events {
            match event {
                StreamEvent::BlockDelta { text, .. } => {
                    self.first_content.get_or_insert(now);
                    self.generated += ledger::tokens_of(text);
                }
                StreamEvent::Usage(usage) => self.reported = Some(usage.clone()),
                _ => {}
            }
        }
    }

    /// Numbers while the answer still grows: reported where the provider has said, else estimated.
    fn running(&self, now: Duration) -> Metrics {
        let started = self.started.unwrap_or(now);
        let reported = self.reported.as_ref();
        let generated = reported.and_then(|usage| usage.output.total).unwrap_or(0).max(self.generated);
        Metrics {
            ttft: self.first_content.map(|at| millis(at.saturating_sub(started))),
            duration: Some(millis(now.saturating_sub(started))),
            tokens_per_second_x10: self
                .first_content
                .and_then(|at| crate::result::rate(generated, now.saturating_sub(at))),
            input: reported.and_then(|usage| usage.input.total).or(Some(self.prompt_tokens)),
            cache_read: reported.and_then(|usage| usage.input.cache_read),
            output: Some(generated),
            reasoning: reported.and_then(|usage| usage.output.reasoning),
            cost: None,
            basis: None,
            estimated: true,
        }
    }
}

fn bug(error: &serde_json::Error) -> Failure {
    Failure::new(ErrorKind::Bug, format!("An answer could not be written down ({error}). It was stopped."))
}
