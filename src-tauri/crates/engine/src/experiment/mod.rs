//! Experiments: every cell a turn of its own, recorded, held and settled like any other.
//!
//! A cell is taken in the transaction that records its run, so no two processes ask it, and its run is known before
//! the first byte leaves: after a kill, an answer that had come is found again and not asked for twice.

mod again;
mod away;
mod cell;
mod duel;
mod plan;
mod running;

use crate::{
    Engine,
    calendar::Calendar,
    inner::{Inner, Table},
    learn, view as views,
};
pub use again::{Regressed, Regression};
pub(crate) use away::sweep;
pub use duel::{Duel, DuelNames, DuelVote};
pub use running::Progress;
pub(crate) use running::Running;

use cell::{Again, of_run, settle_earlier};
use compare::experiment::{PromptPair, Suite, Trial, prompt_pairs};
use domain::{
    Budget, BudgetScope, ConversationId, Cost, ErrorKind, ExperimentId, Failure, Lane, Millis, ModelRef,
    Period, PicoUsd, Timestamp, say,
};
use futures_util::{StreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use store::{CellCounts, CellRow, CellState, ExperimentRow, Tx, Used};
use tokio_util::sync::CancellationToken;

/// Most cells at once.
const AT_ONCE: usize = 64;

/// A cell with what its run came to.
#[derive(Clone, Debug)]
pub struct CellResult {
    /// As stored.
    pub row: CellRow,
    /// The prompt that was sent.
    pub prompt: String,
    /// The answer; empty when none came.
    pub text: String,
    /// Of all attempts of its run, paid for this cell or, if reused, for the one before.
    pub cost: Option<Cost>,
    /// From asking to the end.
    pub took: Option<Millis>,
    /// What the user has written on the answer.
    pub note: Option<String>,
}

/// How an experiment stands.
#[derive(Clone, Debug)]
pub struct ExperimentView {
    /// As stored.
    pub row: ExperimentRow,
    /// Its cells, in order.
    pub cells: Vec<CellResult>,
    /// What was paid for it, attempts that failed and were repeated included.
    pub paid: Used,
}

impl ExperimentView {
    /// What was paid for it; `None` = the cost of an attempt is not known.
    pub fn cost(&self) -> Option<PicoUsd> {
        (self.paid.unknown == 0).then_some(self.paid.spent)
    }

    /// Cells in this state.
    pub fn count(&self, state: CellState) -> usize {
        self.cells.iter().filter(|cell| cell.row.state == state).count()
    }

    /// Its prompts beside each other, every two of them, by the checks that were run; empty where there is one.
    pub fn prompt_pairs(&self) -> Vec<PromptPair> {
        let trials = self.cells.iter().map(|CellResult { row, .. }| {
            let checked = row.found.iter().flatten().any(|check| check.passed.is_some());
            Trial {
                prompt: &row.prompt,
                vars: &row.vars,
                sample: row.sample,
                label: &row.label,
                passed: row.passed().filter(|_| checked),
            }
        });
        prompt_pairs(&trials.collect::<Vec<_>>())
    }

    /// Answered cells that passed every check.
    pub fn passed(&self) -> usize {
        self.cells.iter().filter(|cell| cell.row.passed() == Some(true)).count()
    }
}

/// What an experiment will likely send and cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Cells in all.
    pub cells: usize,
    /// Of them to be asked; the others have been answered before, or are equal to one of these.
    pub requests: usize,
    /// Prompt tokens of the requests, estimated.
    pub prompt_tokens: u64,
    /// Calls of judges for the checks that name one, in the cost too.
    pub judged: usize,
    /// With short answers, and with long ones; `None` = a price is unknown.
    pub cost: Option<(PicoUsd, PicoUsd)>,
    /// One after the other, at the middle of what each model's own answers took lately; `None` = one of them has not
    /// answered lately.
    pub time: Option<Millis>,
}

impl Estimate {
    /// About how long it takes at so many at once.
    pub fn lasts(&self, at_once: u64) -> Option<Millis> {
        self.time.map(|time| Millis(time.0.div_ceil(at_once.max(1))))
    }
}

/// Tokens of a short and of a long answer, where the suite sets no limit. Assumed, and said so.
pub const ASSUMED_ANSWER: (u64, u64) = (100, 800);

impl Engine {
    /// What a suite would send and cost; nothing is stored or sent. `fresh` = also what has been answered before.
    pub async fn estimate_experiment(&self, suite: &Suite, fresh: bool) -> Result<Estimate, Failure> {
        plan::estimate(&self.inner, suite, fresh).await
    }

    /// Stores an experiment with all its cells; nothing is sent. `cap` is the most it may cost.
    pub async fn create_experiment(
        &self,
        suite: &Suite,
        cap: Option<PicoUsd>,
    ) -> Result<ExperimentId, Failure> {
        plan::create(&self.inner, suite, cap).await
    }

    /// Runs what of an experiment is not answered yet. `told` hears of each cell when it has come to its end.
    pub async fn run_experiment(
        &self,
        id: ExperimentId,
        options: &RunOptions,
        told: &(dyn Fn(&CellResult) + Sync),
    ) -> Result<Ended, Failure> {
        run(&self.inner, id, options, told).await
    }

    /// Every experiment, newest first.
    pub async fn experiments(&self) -> Result<Vec<ExperimentRow>, Failure> {
        self.inner.store.read(|tx| tx.experiments(false)).await
    }

    /// One experiment with its cells and what their runs came to.
    pub async fn experiment(&self, id: ExperimentId) -> Result<ExperimentView, Failure> {
        view(&self.inner, id).await
    }

    /// The same without what its runs left: prompts, answers, costs and notes of cells are empty.
    pub async fn experiment_outline(&self, id: ExperimentId) -> Result<ExperimentView, Failure> {
        let read = move |tx: &Tx<'_>| {
            let row = tx.experiment(id)?.ok_or_else(|| invalid(say!("There is no such experiment.")))?;
            let cells = tx.cells(id)?.into_iter().map(cell::bare).collect();
            let paid = tx.budget_used(&BudgetScope::Conversation(row.conversation), Timestamp(0))?;
            Ok(ExperimentView { row, cells, paid })
        };
        self.inner.store.read(read).await
    }

    /// Runs it in this process, beside everything else; its standing is told by `Table::Experiments`.
    pub async fn start_experiment(&self, id: ExperimentId, options: RunOptions) -> Result<(), Failure> {
        running::start(&self.inner, id, options).await
    }

    /// Begins no further cell of it; what is being answered comes to its end. False = it does not run here.
    pub fn pause_experiment(&self, id: ExperimentId) -> bool {
        self.inner.experiments.pause(id)
    }

    /// How its run in this process goes, or ended; `None` = it was not run in this process.
    pub fn experiment_progress(&self, id: ExperimentId) -> Option<Progress> {
        self.inner.experiments.progress(id, self.inner.clock.elapsed())
    }

    /// How far every experiment is.
    pub async fn experiment_counts(&self) -> Result<BTreeMap<ExperimentId, CellCounts>, Failure> {
        Ok(self.inner.store.read(|tx| tx.cell_counts()).await?.into_iter().collect())
    }

    /// What was paid for an experiment, attempts that failed and were repeated included.
    pub async fn experiment_paid(&self, row: &ExperimentRow) -> Result<Used, Failure> {
        let scope = BudgetScope::Conversation(row.conversation);
        self.inner.store.read(move |tx| tx.budget_used(&scope, Timestamp(0))).await
    }

    /// One cell with what its run came to.
    pub async fn experiment_cell(&self, id: ExperimentId, position: u32) -> Result<CellResult, Failure> {
        let read = move |tx: &Tx<'_>| of_run(tx, tx.cell(id, position)?.ok_or_else(no_cell)?);
        self.inner.store.read(read).await
    }

    /// Notes that answers of it are read with the names of their models, one of them or all: a vote on their rows is
    /// then no blind one.
    pub async fn read_with_names(&self, id: ExperimentId, position: Option<u32>) -> Result<(), Failure> {
        duel::read_with_names(&self.inner, id, position).await
    }

    /// The same prompts, cases and checks for another model, as a new experiment; nothing is sent.
    pub async fn experiment_again(
        &self,
        id: ExperimentId,
        model: ModelRef,
        cap: Option<PicoUsd>,
    ) -> Result<ExperimentId, Failure> {
        again::create(&self.inner, id, model, cap).await
    }

    /// What became of the cells of one experiment in another.
    pub async fn regression(&self, before: ExperimentId, after: ExperimentId) -> Result<Regression, Failure> {
        Ok(again::regression(view(&self.inner, before).await?, view(&self.inner, after).await?))
    }

    /// Sets the most an experiment may cost, from its next run on.
    pub async fn cap_experiment(&self, id: ExperimentId, cap: Option<PicoUsd>) -> Result<(), Failure> {
        self.inner.store.write(move |tx| tx.set_experiment_cap(id, cap)).await
    }
}

/// Tokens of a judge's short and long reply. Assumed, and said so.
const ASSUMED_VERDICT: (u64, u64) = (40, 400);

/// How to run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Cells at once.
    pub at_once: usize,
    /// Ask again where no answer came.
    pub retry_failed: bool,
    /// Ask again where the program ended in the middle, and the provider may have billed something.
    pub retry_uncertain: bool,
    /// Ask also what has been answered before.
    pub fresh: bool,
    /// No further cell is begun once this is cancelled; those that run come to their end.
    pub pause: CancellationToken,
}

/// How a run of an experiment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every cell has been tried.
    Complete,
    /// It was paused.
    Paused,
    /// Its cap, or a budget, let nothing more of a model through; the others were asked.
    Held,
}

pub(crate) fn no_cell() -> Failure {
    invalid(say!("There is no such cell."))
}

fn invalid(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

/// Runs what is not answered yet, several cells at once. Each cell is told when it has come to its end.
pub(crate) async fn run(
    inner: &Arc<Inner>,
    id: ExperimentId,
    options: &RunOptions,
    told: &(dyn Fn(&CellResult) + Sync),
) -> Result<Ended, Failure> {
    let row = inner.store.read(move |tx| away::kept(tx, id)).await?;
    let again = Again { failed: options.retry_failed, uncertain: options.retry_uncertain };
    cap(inner, &row).await?;
    settle_earlier(inner, (id, row.conversation), again, told).await?;
    let ended = work(inner, &row, options, told).await;
    let (now, conversation) = (inner.clock.now(), row.conversation);
    // What the cells have taught of their endpoints is written once for all of them.
    let health = learn::stored(inner, now);
    inner
        .store
        .write(move |tx| {
            if let Some(health) = &health {
                tx.put_health(health, now)?;
            }
            uncap(tx, id, conversation)
        })
        .await?;
    inner.changed(Table::Conversations);
    ended
}

/// Takes the cap away that stood for as long as the experiment ran.
fn uncap(tx: &mut Tx<'_>, id: ExperimentId, conversation: ConversationId) -> Result<(), Failure> {
    tx.remove_budgets_of(&BudgetScope::Conversation(conversation))?;
    tx.set_experiment_runner(id, None)
}

/// Takes away the caps of experiments whose process is gone: they held as long as it ran.
pub(crate) async fn uncap_abandoned(inner: &Inner) -> Result<(), Failure> {
    inner
        .store
        .write(|tx| {
            for row in tx.abandoned_experiments()? {
                uncap(tx, row.id, row.conversation)?;
            }
            Ok(())
        })
        .await
}

async fn work(
    inner: &Arc<Inner>,
    row: &ExperimentRow,
    options: &RunOptions,
    told: &(dyn Fn(&CellResult) + Sync),
) -> Result<Ended, Failure> {
    let (id, conversation) = (row.id, row.conversation);
    let (lanes, cells, prompts) = inner
        .store
        .read(move |tx| {
            let cells = tx.cells(id)?;
            let mut prompts = HashMap::new();
            for cell in &cells {
                if let Some(parts) = tx.content(&cell.content)? {
                    prompts.insert(cell.content.clone(), views::plain(&parts));
                }
            }
            Ok((tx.lanes(conversation)?, cells, prompts))
        })
        .await?;
    // Lanes were made in the order in which the labels first come.
    let mut places: BTreeMap<String, Lane> = BTreeMap::new();
    let mut lanes = lanes.into_iter();
    for cell in &cells {
        if !places.contains_key(&cell.label) {
            let lane =
                lanes.next().ok_or_else(|| invalid(say!("The models of this experiment are gone.")))?;
            places.insert(cell.label.clone(), lane);
        }
    }
    let place = cell::Place { conversation, lanes: places, prompts };
    let queued = cells.into_iter().filter(|cell| cell.state == CellState::Queued);
    // The first of equal requests is asked; the others find its answer.
    let mut seen = BTreeSet::new();
    let (first, rest): (Vec<_>, Vec<_>) = queued.partition(|cell| seen.insert(cell.request.clone()));
    // By label: what holds one model leaves the others to be asked.
    let held: Mutex<BTreeSet<String>> = Mutex::default();
    let lock = || held.lock().unwrap_or_else(PoisonError::into_inner);
    for (part, reuse) in [(first, !options.fresh), (rest, true)] {
        let outcomes: Vec<Result<(), Failure>> = stream::iter(part)
            .map(|cell| {
                let (place, lock, pause) = (&place, &lock, &options.pause);
                async move {
                    let leaves = pause.is_cancelled() || inner.live.leaving.is_cancelled();
                    if leaves || lock().contains(&cell.label) {
                        return Ok(());
                    }
                    match cell::one(inner, place, cell, reuse).await? {
                        Some(result) if is_held(&result.row) => {
                            lock().insert(result.row.label);
                        }
                        Some(result) => told(&result),
                        None => {}
                    }
                    Ok(())
                }
            })
            .buffer_unordered(options.at_once.clamp(1, AT_ONCE))
            .collect()
            .await;
        for outcome in outcomes {
            outcome?;
        }
    }
    let paused = options.pause.is_cancelled() || inner.live.leaving.is_cancelled();
    let held = !lock().is_empty();
    Ok(match (held, paused) {
        (true, _) => Ended::Held,
        (false, true) => Ended::Paused,
        (false, false) => Ended::Complete,
    })
}

fn is_held(row: &CellRow) -> bool {
    row.state == CellState::Queued
}

/// The cap is a hard budget of the experiment's conversation: what runs at once cannot pass it together. It lasts as
/// long as the run; what was paid in earlier months counts too. One that an earlier run left is taken away.
async fn cap(inner: &Arc<Inner>, row: &ExperimentRow) -> Result<(), Failure> {
    let (id, cap, process) = (row.id, row.cap, inner.process);
    let scope = BudgetScope::Conversation(row.conversation);
    let now = inner.clock.now();
    let from = Calendar::at(now)?.starts.of(Period::Month);
    inner
        .store
        .write(move |tx| {
            if tx.experiment_runs_elsewhere(id)? {
                return Err(invalid(say!(
                    "This experiment is being run by another Parallax: wait for it, or stop it first."
                )));
            }
            tx.remove_budgets_of(&scope)?;
            tx.set_experiment_runner(id, Some(process))?;
            let Some(cap) = cap else { return Ok(()) };
            let lately = tx.budget_used(&scope, from)?.spent;
            let paid = tx.budget_used(&scope, Timestamp(0))?.spent;
            let before = paid.checked_sub(lately).unwrap_or(PicoUsd::ZERO).max(PicoUsd::ZERO);
            let limit = cap.checked_sub(before).unwrap_or(PicoUsd::ZERO).max(PicoUsd::ZERO);
            let budget = Budget {
                scope: scope.clone(),
                period: Period::Month,
                limit,
                hard: true,
                warn: Vec::new(),
                unknown_price: None,
            };
            tx.put_budget(&budget, now).map(|_| ())
        })
        .await
}

/// An experiment with everything its runs left in the database.
pub(crate) async fn view(inner: &Arc<Inner>, id: ExperimentId) -> Result<ExperimentView, Failure> {
    inner
        .store
        .read(move |tx| {
            let row = tx.experiment(id)?.ok_or_else(|| invalid(say!("There is no such experiment.")))?;
            let cells = tx.cells(id)?.into_iter().map(|cell| of_run(tx, cell)).collect::<Result<_, _>>()?;
            let paid = tx.budget_used(&BudgetScope::Conversation(row.conversation), Timestamp(0))?;
            Ok(ExperimentView { row, cells, paid })
        })
        .await
}
