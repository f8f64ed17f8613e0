//! Experiments in the window.

use crate::{
    Api, experiment_file,
    history::stem,
    models,
    spend::file::{create, not_written},
    suite_file::suite_of_file,
    types::{
        CellChange, CellStateName, ChangedCell, CheckView, ExperimentAnswer, ExperimentCell,
        ExperimentCellRef, ExperimentDetail, ExperimentDraft, ExperimentEstimate, ExperimentForm,
        ExperimentModel, ExperimentPair, ExperimentPrompt, ExperimentPromptPair, ExperimentRef,
        ExperimentRowView, ExperimentState, ExperimentSummary, ExportExperiment, ExportedFile, NextDuel,
        RegressionView, RerunExperiment, RunExperiment,
    },
};
use domain::{ErrorKind, ExperimentId, Failure, Millis, ModelRef, PicoUsd, say};
use engine::{
    ASSUMED_ANSWER, Better, CancellationToken, CellCounts, CellResult, CellState, Change, DuelNames,
    DuelVote, Ended, ExperimentRow, Progress, PromptPair, Regressed, RunOptions, Suite,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::PathBuf,
};

/// Requests at once that the window asks for.
const AT_ONCE: u64 = 8;

fn invalid(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

pub(crate) async fn list(api: &Api, (): ()) -> Result<Vec<ExperimentSummary>, Failure> {
    let counts = api.engine.experiment_counts().await?;
    let mut lines = Vec::new();
    for row in api.engine.experiments().await? {
        let counts = counts.get(&row.id).copied().unwrap_or_default();
        lines.push(line(api, &row, counts).await?);
    }
    Ok(lines)
}

async fn line(api: &Api, row: &ExperimentRow, counts: CellCounts) -> Result<ExperimentSummary, Failure> {
    let paid = api.engine.experiment_paid(row).await?;
    let progress = api.engine.experiment_progress(row.id);
    Ok(ExperimentSummary {
        id: row.id,
        title: row.title.clone(),
        created_at: row.created_at,
        state: state(counts, progress.as_ref()),
        cells: counts.cells,
        done: counts.done,
        passed: counts.passed,
        failed: counts.failed,
        uncertain: counts.uncertain,
        reused: counts.reused,
        paid: paid.spent,
        paid_incomplete: paid.unknown > 0,
        cap: row.cap,
        left: progress.as_ref().and_then(|progress| progress.left),
        problem: progress.and_then(|progress| progress.failure).map(|failure| failure.message),
    })
}

fn state(counts: CellCounts, progress: Option<&Progress>) -> ExperimentState {
    match progress {
        Some(progress) if progress.pausing => ExperimentState::Pausing,
        Some(progress) if progress.running => ExperimentState::Running,
        _ if counts.done + counts.failed == counts.cells => ExperimentState::Complete,
        _ if counts.done + counts.failed + counts.uncertain == counts.cells => ExperimentState::Uncertain,
        Some(Progress { ended: Some(Ended::Held), .. }) => ExperimentState::Held,
        _ => ExperimentState::Paused,
    }
}

async fn summary(api: &Api, id: ExperimentId) -> Result<ExperimentSummary, Failure> {
    let row = api.engine.experiments().await?.into_iter().find(|row| row.id == id);
    let row = row.ok_or_else(|| invalid(say!("There is no such experiment.")))?;
    let counts = api.engine.experiment_counts().await?.remove(&id).unwrap_or_default();
    line(api, &row, counts).await
}

pub(crate) async fn open(api: &Api, which: ExperimentRef) -> Result<ExperimentDetail, Failure> {
    let view = api.engine.experiment(which.id).await?;
    let marks = models::marks(api).await?;
    let mut labels: Vec<String> = Vec::new();
    for cell in &view.cells {
        if !labels.contains(&cell.row.label) {
            labels.push(cell.row.label.clone());
        }
    }
    let columns = labels.iter().map(|label| {
        let cells: Vec<&CellResult> = view.cells.iter().filter(|cell| cell.row.label == *label).collect();
        let model = cells.first().map(|cell| cell.row.target.model.to_string()).unwrap_or_default();
        column(label.clone(), marks.get(&model).copied(), model, &cells)
    });
    let columns = columns.collect();
    Ok(ExperimentDetail {
        summary: summary(api, which.id).await?,
        models: columns,
        prompts: prompts(&view.cells),
        prompt_pairs: view.prompt_pairs().into_iter().map(beside).collect(),
        rows: rows(&labels, &view.cells),
    })
}

/// The prompts over all models, in the order in which they first come; none where there is but one.
fn prompts(cells: &[CellResult]) -> Vec<ExperimentPrompt> {
    let mut labels: Vec<&str> = Vec::new();
    for cell in cells {
        if !labels.contains(&cell.row.prompt.as_str()) {
            labels.push(&cell.row.prompt);
        }
    }
    if labels.len() < 2 {
        return Vec::new();
    }
    let one = |label: &&str| {
        let of: Vec<&CellResult> = cells.iter().filter(|cell| cell.row.prompt == *label).collect();
        let ExperimentModel { label, done, passed, cost, median, .. } =
            column((*label).to_owned(), None, String::new(), &of);
        ExperimentPrompt { label, done, passed, cost, median }
    };
    labels.iter().map(one).collect()
}

fn beside(pair: PromptPair) -> ExperimentPromptPair {
    let PromptPair { first, second, ahead, behind, even, better } = pair;
    let (better, more) = match better {
        Better::First => (Some(first.clone()), None),
        Better::Second => (Some(second.clone()), None),
        Better::Open { more } => (None, more),
    };
    ExperimentPromptPair { first, second, ahead, behind, even, better, more }
}

fn column(label: String, mark: Option<u8>, model: String, cells: &[&CellResult]) -> ExperimentModel {
    let done: Vec<&&CellResult> = cells.iter().filter(|cell| cell.row.state == CellState::Done).collect();
    let costs: Option<Vec<PicoUsd>> =
        done.iter().map(|cell| cell.cost.as_ref().and_then(|cost| cost.total)).collect();
    let mut times: Vec<Millis> = done.iter().filter_map(|cell| cell.took).collect();
    times.sort_unstable();
    // The nearest rank: the smallest that at least so many of a hundred do not exceed.
    let rank = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    ExperimentModel {
        label,
        model,
        mark,
        done: count(done.len()),
        passed: count(done.iter().filter(|cell| cell.row.passed() == Some(true)).count()),
        cost: costs
            .filter(|costs| !costs.is_empty())
            .and_then(|costs| costs.into_iter().try_fold(PicoUsd::ZERO, PicoUsd::checked_add)),
        median: rank(50),
        p95: rank(95),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Prompt's label, prompt, variables, sample.
type Asked<'a> = (&'a str, &'a str, &'a BTreeMap<String, String>, u32);

/// What was asked makes the row, the model the column; in the order of the first that stands there.
fn rows(labels: &[String], cells: &[CellResult]) -> Vec<ExperimentRowView> {
    let mut places: BTreeMap<Asked<'_>, Vec<usize>> = BTreeMap::new();
    let mut rows: Vec<(ExperimentRowView, Vec<&CellResult>)> = Vec::new();
    for cell in cells {
        let row = &cell.row;
        let Some(column) = labels.iter().position(|label| *label == row.label) else { continue };
        let known = places.entry((&row.prompt, &cell.prompt, &row.vars, row.sample)).or_default();
        // Two cases may ask the same and check something else: each has its row.
        let free = known.iter().copied().find(|place| rows[*place].0.cells[column].is_none());
        let place = free.unwrap_or_else(|| {
            let view = ExperimentRowView {
                prompt: row.prompt.clone(),
                vars: row.vars.clone(),
                sample: row.sample,
                different: false,
                cells: vec![None; labels.len()],
            };
            rows.push((view, Vec::new()));
            known.push(rows.len() - 1);
            rows.len() - 1
        });
        let (view, members) = &mut rows[place];
        members.push(cell);
        view.cells[column] = Some(short(cell));
    }
    rows.into_iter()
        .map(|(mut view, members)| {
            let answered = members.iter().filter(|cell| cell.row.state == CellState::Done);
            let answers: BTreeSet<(&str, Option<bool>)> =
                answered.map(|cell| (cell.text.trim(), cell.row.passed())).collect();
            view.different = answers.len() > 1;
            view
        })
        .collect()
}

fn named(state: CellState) -> CellStateName {
    match state {
        CellState::Queued => CellStateName::Queued,
        CellState::Running => CellStateName::Running,
        CellState::Done => CellStateName::Done,
        CellState::Failed => CellStateName::Failed,
        CellState::Uncertain => CellStateName::Uncertain,
    }
}

fn short(cell: &CellResult) -> ExperimentCell {
    let found = cell.row.found.as_deref().unwrap_or_default();
    ExperimentCell {
        position: cell.row.position,
        state: named(cell.row.state),
        passed: count(found.iter().filter(|check| check.passed == Some(true)).count()),
        checks: count(found.iter().filter(|check| check.passed.is_some()).count()),
        cost: cell.cost.as_ref().and_then(|cost| cost.total),
        reused: cell.row.reused,
        took: cell.took,
    }
}

pub(crate) async fn duel(api: &Api, which: ExperimentRef) -> Result<NextDuel, Failure> {
    Ok(NextDuel { duel: api.engine.next_duel(which.id).await? })
}

pub(crate) async fn duel_vote(api: &Api, vote: DuelVote) -> Result<DuelNames, Failure> {
    api.engine.vote_duel(vote).await
}

pub(crate) async fn cell(api: &Api, which: ExperimentCellRef) -> Result<ExperimentAnswer, Failure> {
    let cell = api.engine.experiment_cell(which.id, which.position).await?;
    // Its name stands above it.
    api.engine.read_with_names(which.id, Some(which.position)).await?;
    let checks = cell.row.found.unwrap_or_default().into_iter().map(|found| CheckView {
        name: found.name,
        passed: found.passed,
        reason: found.reason,
    });
    Ok(ExperimentAnswer {
        position: cell.row.position,
        label: cell.row.label,
        state: named(cell.row.state),
        prompt: cell.prompt,
        text: cell.text,
        checks: checks.collect(),
        cost: cell.cost.as_ref().and_then(|cost| cost.total),
        basis: cell.cost.map(|cost| cost.basis),
        reused: cell.row.reused,
        took: cell.took,
        problem: cell.row.failure.map(|failure| failure.message),
        run: cell.row.run,
        note: cell.note,
    })
}

/// The prompt set of a draft. One that was typed names no files.
fn suite(draft: &ExperimentDraft) -> Result<Suite, Failure> {
    let path = draft.path.as_deref().map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(path) = path else {
        let none = |_: &str| Err("a set that is typed here cannot name files: choose its file".to_owned());
        return engine::suite_from_yaml(&draft.text, &none).map_err(|bad| invalid(say!("{bad}.", bad)));
    };
    if !path.is_absolute() {
        return Err(invalid(say!("Write the full path of the file.")));
    }
    suite_of_file(&path)
}

pub(crate) async fn estimate(api: &Api, draft: ExperimentDraft) -> Result<ExperimentEstimate, Failure> {
    let suite = suite(&draft)?;
    let estimate = api.engine.estimate_experiment(&suite, draft.fresh).await?;
    Ok(ExperimentEstimate {
        title: suite.title,
        cells: count(estimate.cells),
        requests: count(estimate.requests),
        prompt_tokens: estimate.prompt_tokens,
        judged: count(estimate.judged),
        low: estimate.cost.map(|cost| cost.0),
        high: estimate.cost.map(|cost| cost.1),
        lasts: estimate.lasts(AT_ONCE),
        assumed: ASSUMED_ANSWER,
        unused: suite.unused,
    })
}

pub(crate) async fn remove(api: &Api, which: ExperimentRef) -> Result<(), Failure> {
    api.engine.remove_experiment(which.id).await
}

pub(crate) async fn restore(api: &Api, which: ExperimentRef) -> Result<ExperimentSummary, Failure> {
    api.engine.restore_experiment(which.id).await?;
    summary(api, which.id).await
}

pub(crate) async fn make(api: &Api, draft: ExperimentDraft) -> Result<ExperimentSummary, Failure> {
    let id = api.engine.create_experiment(&suite(&draft)?, draft.cap).await?;
    summary(api, id).await
}

pub(crate) async fn run(api: &Api, wanted: RunExperiment) -> Result<ExperimentSummary, Failure> {
    if wanted.cap.is_some() {
        api.engine.cap_experiment(wanted.id, wanted.cap).await?;
    }
    let options = RunOptions {
        at_once: usize::try_from(wanted.at_once).unwrap_or(usize::MAX),
        retry_failed: wanted.retry_failed,
        retry_uncertain: wanted.retry_uncertain,
        fresh: wanted.fresh,
        pause: CancellationToken::new(),
    };
    api.engine.start_experiment(wanted.id, options).await?;
    summary(api, wanted.id).await
}

pub(crate) async fn pause(api: &Api, which: ExperimentRef) -> Result<ExperimentSummary, Failure> {
    if !api.engine.pause_experiment(which.id) {
        return Err(invalid(say!("This experiment does not run in this window.")));
    }
    summary(api, which.id).await
}

pub(crate) async fn rerun(api: &Api, wanted: RerunExperiment) -> Result<ExperimentSummary, Failure> {
    let model = ModelRef::parse(&wanted.model).map_err(|bad| invalid(say!("{bad}.", bad)))?;
    let id = api.engine.experiment_again(wanted.id, model, wanted.cap).await?;
    summary(api, id).await
}

pub(crate) async fn compare(api: &Api, wanted: ExperimentPair) -> Result<RegressionView, Failure> {
    let found = api.engine.regression(wanted.before, wanted.after).await?;
    let (cost_before, cost_after) = found.costs();
    Ok(RegressionView { pairs: found.pairs.into_iter().map(changed).collect(), cost_before, cost_after })
}

fn changed(pair: Regressed) -> ChangedCell {
    let why = pair.after.row.found.iter().flatten().find(|check| check.passed == Some(false));
    ChangedCell {
        change: match pair.change {
            Change::Regressed => CellChange::Regressed,
            Change::Fixed => CellChange::Fixed,
            Change::StillFails => CellChange::StillFails,
            Change::StillPasses => CellChange::StillPasses,
            Change::NoAnswer => CellChange::NoAnswer,
        },
        why: why.map(|check| format!("{}: {}", check.name, check.reason)),
        prompt: pair.before.row.prompt,
        vars: pair.before.row.vars,
        before: (pair.before.row.label, pair.before.row.position),
        after: (pair.after.row.label, pair.after.row.position),
    }
}

/// Writes an experiment into the downloads folder. A file that is there is never written over.
pub(crate) async fn export(api: &Api, wanted: ExportExperiment) -> Result<ExportedFile, Failure> {
    let folder = api.downloads.clone().ok_or_else(|| {
        Failure::new(
            ErrorKind::StoreDenied,
            say!("There is no downloads folder. Use `parallax experiment export ID > FILE` instead."),
        )
    })?;
    let view = api.engine.experiment(wanted.id).await?;
    api.engine.read_with_names(wanted.id, None).await?;
    let (text, ending) = match wanted.form {
        ExperimentForm::Csv => (experiment_file::csv(&view), "csv"),
        ExperimentForm::Json => (experiment_file::json(&view), "jsonl"),
        ExperimentForm::Html => (experiment_file::html(&view), "html"),
    };
    let (mut file, path) = create(&folder, &stem(&view.row.title), ending)?;
    let failed = |error: std::io::Error| not_written(&path, &error);
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(ExportedFile { path: path.display().to_string() })
}
