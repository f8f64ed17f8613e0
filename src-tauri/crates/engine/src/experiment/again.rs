//! A prompt set run again on another model, and what became of its cells.

use super::{CellResult, ExperimentView, invalid, plan};
use crate::{inner::Inner, view};
use compare::experiment::{Change, Side, regressions, request_hash};
use domain::{ContentId, ExperimentId, Failure, LaneTarget, ModelRef, PicoUsd, say};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::Arc};
use store::{CellRow, CellState};

/// One cell of each of two experiments.
#[derive(Clone, Debug)]
pub struct Regressed {
    /// As it was.
    pub before: CellResult,
    /// As it is.
    pub after: CellResult,
    /// What became of it.
    pub change: Change,
}

/// Two experiments beside each other.
#[derive(Clone, Debug)]
pub struct Regression {
    /// The cells that ask the same, those that got worse first.
    pub pairs: Vec<Regressed>,
}

impl Regression {
    /// Pairs that changed so.
    pub fn count(&self, change: Change) -> usize {
        self.pairs.iter().filter(|pair| pair.change == change).count()
    }

    /// What the compared cells cost, before and after; `None` = the cost of one is not known.
    pub fn costs(&self) -> (Option<PicoUsd>, Option<PicoUsd>) {
        let sum = |side: fn(&Regressed) -> &CellResult| {
            let mut seen = BTreeSet::new();
            self.pairs
                .iter()
                .map(side)
                .filter(|cell| seen.insert(cell.row.position))
                .try_fold(PicoUsd::ZERO, |sum, cell| sum.checked_add(cell.cost.as_ref()?.total?))
        };
        (sum(|pair| &pair.before), sum(|pair| &pair.after))
    }
}

/// Stores the cells of an experiment anew for another model; nothing is sent. Settings and the system prompt are those
/// of the first model that was asked.
pub(super) async fn create(
    inner: &Arc<Inner>,
    id: ExperimentId,
    model: ModelRef,
    cap: Option<PicoUsd>,
) -> Result<ExperimentId, Failure> {
    inner.registry().resolve(&model)?;
    let (row, cells) = inner
        .store
        .read(move |tx| {
            let row = tx.experiment(id)?.ok_or_else(|| invalid(say!("There is no such experiment.")))?;
            let mut cells = Vec::new();
            for cell in tx.cells(id)? {
                let text = tx.content(&cell.content)?.map(|parts| view::plain(&parts)).unwrap_or_default();
                cells.push((cell, text));
            }
            Ok((row, cells))
        })
        .await?;
    let experiment = ExperimentId::new(inner.clock.id());
    let mut seen = BTreeSet::new();
    let mut made = Vec::new();
    for (cell, text) in cells {
        // Cases may ask the same and check something else.
        let checks = serde_json::to_string(&cell.checks)
            .map_err(|_| invalid(say!("The checks of a cell cannot be read.")))?;
        let case = (cell.content.clone(), cell.prompt.clone(), cell.vars.clone(), cell.sample, checks);
        if !seen.insert(case) {
            continue;
        }
        let target = LaneTarget { model: model.clone(), ..cell.target };
        let request = request_hash(&model.to_string(), &settings(&target)?, &text, cell.sample);
        let position = u32::try_from(made.len()).unwrap_or(u32::MAX);
        let row = CellRow {
            experiment,
            position,
            request,
            label: model.to_string(),
            target,
            content: ContentId::new(""),
            state: CellState::Queued,
            run: None,
            reused: false,
            found: None,
            failure: None,
            ..cell
        };
        made.push((row, text));
    }
    plan::store(inner, made, format!("{} on {model}", row.title), cap).await
}

/// What beside model and text makes a request another one.
fn settings(target: &LaneTarget) -> Result<Map<String, Value>, Failure> {
    let broken = |_| invalid(say!("The settings of a cell cannot be read."));
    let params = serde_json::to_value(&target.params).map_err(broken)?;
    let system = serde_json::to_value(&target.system).map_err(broken)?;
    Ok(Map::from_iter([("params".to_owned(), params), ("system".to_owned(), system)]))
}

/// The cells that ask the same, those that got worse first.
pub(super) fn regression(before: ExperimentView, after: ExperimentView) -> Regression {
    let mut pairs = regressions(&sides(&before), &sides(&after));
    pairs.sort_by_key(|pair| (pair.change, pair.before, pair.after));
    let of = |view: &ExperimentView, place: usize| view.cells[place].clone();
    Regression {
        pairs: pairs
            .into_iter()
            .map(|pair| Regressed {
                before: of(&before, pair.before),
                after: of(&after, pair.after),
                change: pair.change,
            })
            .collect(),
    }
}

fn sides(view: &ExperimentView) -> Vec<Side<'_>> {
    let side = |cell| {
        let CellResult { row, prompt, .. }: &CellResult = cell;
        Side {
            asked: prompt,
            prompt: &row.prompt,
            checks: &row.checks,
            sample: row.sample,
            label: &row.label,
            passed: row.passed(),
        }
    };
    view.cells.iter().map(side).collect()
}
