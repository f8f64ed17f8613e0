//! One cell: asked, found again, or taken from an equal request.

use super::{CellResult, invalid};
use crate::{
    alone::{self, Alone},
    beside::{self, Side},
    inner::Inner,
    live::lock,
    mixer::Observer,
    result::{RunResult, total_cost},
    turn::{Listeners, Started},
    view,
};
use compare::experiment::{Answer, Check, Found, request_hash};
use domain::{
    ContentId, ConversationId, Cost, ErrorKind, ExperimentId, Failure, Lane, Millis, ModelRef, Part, PicoUsd,
    RunId, RunState, StreamEvent, say,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};
use store::{CellRow, CellState, CheckFound, NoteOn, Tx};
use tokio_util::sync::CancellationToken;

/// Keeps the result of a run that is settled.
struct Keep(Arc<Mutex<Option<RunResult>>>);

impl Observer for Keep {
    fn events(&mut self, _: u32, _: RunId, _: &[StreamEvent]) {}

    fn ended(&mut self, result: &RunResult) {
        *lock(&self.0) = Some(result.clone());
    }

    fn patient(&self) -> bool {
        true
    }
}

/// Where cells are asked: the experiment's conversation, a lane for each label, and the prompts.
pub(super) struct Place {
    pub conversation: ConversationId,
    pub lanes: BTreeMap<String, Lane>,
    pub prompts: HashMap<ContentId, String>,
}

/// Asks one cell, or takes the answer to an equal request. `None` = somebody else has taken the cell, or it was
/// stopped before anything that costs had left and waits to be asked again.
pub(super) async fn one(
    inner: &Arc<Inner>,
    place: &Place,
    cell: CellRow,
    reuse: bool,
) -> Result<Option<CellResult>, Failure> {
    if reuse && let Some(found) = reused(inner, place.conversation, &cell).await? {
        return Ok(Some(found));
    }
    let prompt = place.prompts.get(&cell.content).cloned();
    let prompt = prompt.ok_or_else(|| invalid(say!("The prompt of a cell is gone.")))?;
    let lane = place.lanes.get(&cell.label);
    let lane = lane.ok_or_else(|| invalid(say!("The models of this experiment are gone.")))?;
    let result = Arc::new(Mutex::new(None));
    let listeners = Listeners { sink: None, observer: Some(Box::new(Keep(Arc::clone(&result)))) };
    let (id, position) = (cell.experiment, cell.position);
    let (claimed, ended, written) = (cell.clone(), cell.clone(), Arc::new(Mutex::new(None)));
    let wrote = Arc::clone(&written);
    let alone = Alone {
        conversation: place.conversation,
        lane: Lane { target: cell.target.clone(), head: None, ..lane.clone() },
        prompt: prompt.clone(),
        claim: Box::new(move |tx: &mut Tx<'_>| tx.claim_cell(id, position)),
        recorded: Box::new(move |tx: &mut Tx<'_>, run| {
            tx.update_cell(&CellRow { state: CellState::Running, run: Some(run), ..claimed.clone() })
        }),
        // What needs no judge is settled with its run: one commit for both.
        settled: Arc::new(move |tx: &mut Tx<'_>, result: &RunResult| {
            let row = come_to(&ended, result);
            if rubrics(&row).next().is_some() {
                return Ok(());
            }
            tx.update_cell(&row)?;
            *lock(&wrote) = Some(row);
            Ok(())
        }),
    };
    let Some(Started { view, done, .. }) = alone::start(inner, alone, listeners).await? else {
        return Ok(None);
    };
    let ended = done.await;
    let result = lock(&result).take();
    let Some(result) = result.filter(|_| ended.is_ok()) else {
        let run = view.runs.first().map(|run| run.id);
        let failure = Failure::new(ErrorKind::Bug, "The end of this cell's run was not told.");
        let row = CellRow { run, state: CellState::Failed, failure: Some(failure), ..cell };
        return finish(inner, row, prompt, String::new(), None, None).await.map(Some);
    };
    let mut row = come_to(&cell, &result);
    // Stopped before anything that costs had left: it waits to be asked again.
    let waits = result.state == RunState::Cancelled && row.state == CellState::Queued;
    let text = if row.run.is_some() { result.draft.text() } else { String::new() };
    let paid = result.cost.total;
    let (cost, took) = (row.run.and(Some(result.cost)), row.run.and(result.duration));
    if lock(&written).as_ref() == Some(&row) {
        return Ok((!waits).then_some(CellResult { row, prompt, text, cost, took, note: None }));
    }
    let answer = Answer { text: &text, cost: paid, took: result.duration };
    graded(inner, place.conversation, &mut row, &prompt, answer).await?;
    let finished = finish(inner, row, prompt, text, cost, took).await?;
    Ok((!waits).then_some(finished))
}

/// What a settled run makes of its cell.
fn come_to(cell: &CellRow, result: &RunResult) -> CellRow {
    let mut row = CellRow { run: Some(result.run), ..cell.clone() };
    let failure = result.failure.clone();
    if failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::BillingBudget)
        && result.attempts.is_empty()
    {
        // Nothing was sent: it waits for more money.
        row.state = CellState::Queued;
        row.run = None;
        return row;
    }
    if result.state == RunState::Cancelled {
        if result.attempts.iter().any(|attempt| !free(attempt.cost.as_ref())) {
            row.state = CellState::Uncertain;
            row.failure = Some(Failure::new(ErrorKind::Cancelled, stopped()));
        } else {
            row.state = CellState::Queued;
            row.run = None;
        }
        return row;
    }
    let text = result.draft.text();
    judge(&mut row, result.state, failure, &text, result.cost.total, result.duration);
    row
}

/// The checks of an answered cell that a judge decides, wholly or in part, each with its place.
fn rubrics(row: &CellRow) -> impl Iterator<Item = (usize, Check)> + use<'_> {
    let answered = row.state == CellState::Done;
    let read = row.checks.iter().enumerate().filter(move |_| answered);
    read.filter_map(|(place, written)| {
        Check::read(written).ok().filter(|check| !check.judged_ones().is_empty()).map(|check| (place, check))
    })
}

/// Asks the judges that the checks of an answered cell name. What one has said of the same before is taken.
async fn graded(
    inner: &Arc<Inner>,
    conversation: ConversationId,
    row: &mut CellRow,
    prompt: &str,
    answer: Answer<'_>,
) -> Result<(), Failure> {
    let checks: Vec<(usize, Check)> = rubrics(row).collect();
    for (place, check) in checks {
        let mut verdicts = Vec::new();
        for one in check.judged_ones() {
            let Some((rubric, judge)) = one.rubric() else { continue };
            verdicts.push(match ModelRef::parse(judge) {
                Ok(model) => verdict(inner, conversation, one, model, [prompt, answer.text, rubric]).await?,
                Err(bad) => unjudged(&bad.to_string()),
            });
        }
        let Found { passed, reason } = check.graded(&answer, verdicts);
        if let Some(slot) = row.found.as_mut().and_then(|found| found.get_mut(place)) {
            *slot = CheckFound { name: check.name.clone(), passed, reason };
        }
    }
    Ok(())
}

fn unjudged(why: &str) -> Found {
    Found { passed: None, reason: format!("not judged: {why}") }
}

async fn verdict(
    inner: &Arc<Inner>,
    conversation: ConversationId,
    check: &Check,
    model: ModelRef,
    [prompt, text, rubric]: [&str; 3],
) -> Result<Found, Failure> {
    let question = compare::judge::graded_prompt(prompt, text, rubric);
    let request = request_hash(&model.to_string(), &serde_json::Map::new(), &question, 0);
    let asked = request.clone();
    let known = inner.store.read(move |tx| tx.verdict(&asked)).await?;
    let (passed, why) = match known {
        Some(known) => (known.passed == Some(true), known.reason),
        None => {
            let side = Side {
                kind: "judge",
                model,
                prompt: question,
                conversation: Some(conversation),
                longest: None,
                cancel: CancellationToken::new(),
            };
            let said = beside::ask(inner, &side).await;
            if let Some(failure) = said.failure {
                return Ok(unjudged(&failure.message));
            }
            let graded = match compare::judge::read_graded(&said.text) {
                Ok(graded) => graded,
                Err(why) => return Ok(unjudged(&beside::unread(why).message)),
            };
            // Kept at once: after a kill it is not asked, and paid, again.
            let kept = CheckFound {
                name: "llm-rubric".to_owned(),
                passed: Some(graded.passed),
                reason: graded.why.clone(),
            };
            inner.store.write(move |tx| tx.put_verdict(&request, &kept)).await?;
            (graded.passed, graded.why)
        }
    };
    Ok(check.judged(passed, &why))
}

/// What is asked again although it was asked before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Again {
    /// What got no answer.
    pub failed: bool,
    /// What may have been billed without an answer.
    pub uncertain: bool,
}

/// What a settled run means for its cell.
fn judge(
    cell: &mut CellRow,
    state: RunState,
    failure: Option<Failure>,
    text: &str,
    cost: Option<PicoUsd>,
    took: Option<Millis>,
) {
    if state != RunState::Done {
        cell.state = CellState::Failed;
        cell.failure = Some(failure.unwrap_or_else(|| {
            Failure::new(ErrorKind::Cancelled, say!("The answer was stopped before its end."))
        }));
        return;
    }
    let answer = Answer { text, cost, took };
    let found = cell.checks.iter().map(|written| match Check::read(written) {
        Ok(check) => {
            let found = check.run(&answer);
            CheckFound { name: check.name, passed: found.passed, reason: found.reason }
        }
        Err(bad) => {
            let name = written["type"].as_str().unwrap_or_default().to_owned();
            CheckFound { name, passed: Some(false), reason: bad.to_string() }
        }
    });
    cell.found = Some(found.collect());
    cell.state = CellState::Done;
    cell.failure = None;
}

async fn finish(
    inner: &Arc<Inner>,
    row: CellRow,
    prompt: String,
    text: String,
    cost: Option<Cost>,
    took: Option<Millis>,
) -> Result<CellResult, Failure> {
    let stored = row.clone();
    inner.store.write(move |tx| tx.update_cell(&stored)).await?;
    Ok(CellResult { row, prompt, text, cost, took, note: None })
}

/// The answer to an equal request, checked by this cell's own checks; nothing is sent.
async fn reused(
    inner: &Arc<Inner>,
    conversation: ConversationId,
    cell: &CellRow,
) -> Result<Option<CellResult>, Failure> {
    let request = cell.request.clone();
    let Some(run) = inner.store.read(move |tx| tx.answered_before(&request)).await? else { return Ok(None) };
    let (id, position) = (cell.experiment, cell.position);
    if !inner.store.write(move |tx| tx.claim_cell(id, position)).await? {
        return Ok(None);
    }
    let row = CellRow { run: Some(run), reused: true, ..cell.clone() };
    let mut found = inner.store.read(move |tx| of_run(tx, row)).await?;
    let cost = found.cost.as_ref().and_then(|cost| cost.total);
    let (text, took) = (found.text.clone(), found.took);
    judge(&mut found.row, RunState::Done, None, &text, cost, took);
    graded(inner, conversation, &mut found.row, &found.prompt, Answer { text: &text, cost, took }).await?;
    let stored = found.row.clone();
    inner.store.write(move |tx| tx.update_cell(&stored)).await?;
    Ok(Some(found))
}

/// A cell as it is stored, and nothing of its run.
pub(super) fn bare(row: CellRow) -> CellResult {
    CellResult { row, prompt: String::new(), text: String::new(), cost: None, took: None, note: None }
}

/// A cell with what its run left in the database.
pub(super) fn of_run(tx: &Tx<'_>, row: CellRow) -> Result<CellResult, Failure> {
    let prompt = tx.content(&row.content)?.map(|parts| view::plain(&parts)).unwrap_or_default();
    let run = match row.run {
        Some(run) => tx.run(run)?,
        None => None,
    };
    let Some(run) = run else {
        return Ok(CellResult { row, prompt, text: String::new(), cost: None, took: None, note: None });
    };
    let content = tx.message(run.message)?.map(|message| message.content);
    let parts = match content {
        Some(content) => tx.content(&content)?.unwrap_or_default(),
        None => Vec::new(),
    };
    let attempts = tx.attempts(run.id)?;
    let costs: Vec<Cost> =
        attempts.iter().map(|attempt| attempt.cost.clone().unwrap_or_else(Cost::unknown)).collect();
    let text: String = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let note = tx.note(NoteOn::Answer(run.id))?;
    Ok(CellResult { row, prompt, text, cost: Some(total_cost(&costs)), took: run.duration, note })
}

/// What is said of a cell that was cut off.
fn uncertain() -> domain::Words {
    say!(
        "Parallax ended while this was being answered. Whether the provider billed it is not known, so \
                         it is not asked again unless you say so."
    )
}

/// What is said of a cell that was stopped while this process went on.
fn stopped() -> domain::Words {
    say!(
        "This was stopped while it was being answered. Whether the provider billed it is not known, so it \
                       is not asked again unless you say so."
    )
}

/// Surely nothing is billed for an attempt of this cost.
fn free(cost: Option<&Cost>) -> bool {
    cost.and_then(|cost| cost.total) == Some(PicoUsd::ZERO)
}

/// May the provider have billed something for this run? Only what nobody was asked for, and what is free, is surely
/// not.
fn perhaps_billed(tx: &Tx<'_>, run: RunId) -> Result<bool, Failure> {
    Ok(tx.attempts(run)?.iter().any(|attempt| !free(attempt.cost.as_ref())))
}

/// Puts right what an earlier process left: an answer that had come is taken, what was cut off before anything left is
/// asked again, and what may have been billed waits for the user's word.
pub(super) async fn settle_earlier(
    inner: &Arc<Inner>,
    (id, conversation): (ExperimentId, ConversationId),
    again: Again,
    told: &(dyn Fn(&CellResult) + Sync),
) -> Result<(), Failure> {
    let mut taken = inner
        .store
        .write(move |tx| {
            let mut taken = Vec::new();
            for mut row in tx.cells_left(id)? {
                if row.state == CellState::Failed && again.failed
                    || row.state == CellState::Uncertain && again.uncertain
                {
                    tx.update_cell(&CellRow { state: CellState::Queued, failure: None, ..row })?;
                    continue;
                }
                if row.state != CellState::Running {
                    continue;
                }
                let run = match row.run {
                    Some(run) => tx.run(run)?,
                    None => None,
                };
                match run.as_ref().map(|run| run.state) {
                    Some(RunState::Pending | RunState::Connecting | RunState::Streaming) => {
                        return Err(invalid(say!(
                            "This experiment is being run by another Parallax: wait for it, or stop it first."
                        )));
                    }
                    Some(state @ (RunState::Done | RunState::Failed)) => {
                        let failure = run.and_then(|run| run.failure);
                        let mut result = of_run(tx, row)?;
                        let cost = result.cost.as_ref().and_then(|cost| cost.total);
                        let (text, took) = (result.text.clone(), result.took);
                        judge(&mut result.row, state, failure, &text, cost, took);
                        // What a judge has to say of it is asked behind this.
                        if rubrics(&result.row).next().is_none() {
                            tx.update_cell(&result.row)?;
                        }
                        taken.push(result);
                    }
                    Some(RunState::Cancelled | RunState::Interrupted)
                        if !again.uncertain
                            && row.run.map_or(Ok(false), |run| perhaps_billed(tx, run))? =>
                    {
                        row.state = CellState::Uncertain;
                        row.failure = Some(Failure::new(ErrorKind::Cancelled, uncertain()));
                        tx.update_cell(&row)?;
                        taken.push(of_run(tx, row)?);
                    }
                    Some(RunState::Cancelled | RunState::Interrupted) | None => {
                        row.state = CellState::Queued;
                        row.run = None;
                        tx.update_cell(&row)?;
                    }
                }
            }
            Ok(taken)
        })
        .await?;
    for result in &mut taken {
        if rubrics(&result.row).next().is_some() {
            let cost = result.cost.as_ref().and_then(|cost| cost.total);
            let answer = Answer { text: &result.text, cost, took: result.took };
            graded(inner, conversation, &mut result.row, &result.prompt, answer).await?;
            let stored = result.row.clone();
            inner.store.write(move |tx| tx.update_cell(&stored)).await?;
        }
        told(result);
    }
    Ok(())
}
