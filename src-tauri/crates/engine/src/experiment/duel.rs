//! Answers of an experiment voted on blind, row by row. A vote counts like one on a turn: it stands under the turn of the
//! row's first answer that has no such vote beside other answers. Where somebody has read an answer of the row with its
//! name, the vote counts as one with the names seen.

use super::invalid;
use crate::{
    Engine,
    blind::{self, BlindVote},
    board::ratings,
    frame::Section,
    inner::Inner,
    present, view,
};
use domain::{
    ContentId, ExperimentId, Failure, ModelRef, Part, RunId, TurnId, VoteId, VoteOutcome, VotedAnswer, say,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use store::{CellState, RunRow, Tx, VoteRow};

/// A row to vote on. Who wrote which answer is not told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Duel {
    /// What was asked.
    pub prompt: String,
    /// The answers in an order drawn by chance.
    pub answers: Vec<DuelAnswer>,
    /// Rows that can be voted on and are not, this one among them.
    pub left: u32,
    /// Rows that were voted on.
    pub voted: u32,
    /// One of the answers was read with its name: a vote counts as one with the names seen.
    pub seen: bool,
}

/// An answer without its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DuelAnswer {
    /// Its run.
    pub run: RunId,
    /// What it says, names taken out.
    pub sections: Vec<Section>,
}

/// A vote on the answers of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DuelVote {
    /// Of which experiment.
    pub experiment: ExperimentId,
    /// The answers in the order they were shown.
    pub shown: Vec<RunId>,
    /// What is said of them.
    pub vote: BlindVote,
}

/// Who wrote what, after the vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DuelNames {
    /// Displayed names in the order the answers were shown.
    pub names: Vec<String>,
    /// The topic it counts under.
    pub topic: String,
}

/// Answers to one prompt, the leftmost first.
struct Row {
    prompt: String,
    runs: Vec<RunRow>,
}

/// How a row stands.
enum Standing {
    /// These very answers were voted on.
    Voted,
    /// A vote on them would stand under this turn, as one with the names seen or hidden.
    Open { turn: TurnId, seen: bool },
    /// Each of its answers has a vote beside others, which would have to go.
    Taken,
}

impl Row {
    /// An answer that was taken from an equal request may have been voted on beside others: that vote is none on this
    /// row, and keeps its turn.
    fn standing(&self, tx: &Tx<'_>) -> Result<Standing, Failure> {
        let ours: BTreeSet<RunId> = self.runs.iter().map(|run| run.id).collect();
        let seen = self.seen(tx)?;
        let mut free = None;
        for run in &self.runs {
            let votes: Vec<VoteRow> =
                [tx.vote(run.turn, true)?, tx.vote(run.turn, false)?].into_iter().flatten().collect();
            let on = |vote: &VoteRow| vote.shown.iter().map(|one| one.run).collect::<BTreeSet<_>>();
            if votes.iter().any(|vote| on(vote) == ours) {
                return Ok(Standing::Voted);
            }
            // Where both kinds count, a turn has one vote.
            if votes.is_empty() {
                free = free.or(Some(run.turn));
            }
        }
        Ok(free.map_or(Standing::Taken, |turn| Standing::Open { turn, seen }))
    }

    /// Was one of its answers read with its name?
    fn seen(&self, tx: &Tx<'_>) -> Result<bool, Failure> {
        tx.any_seen(&self.runs.iter().map(|run| run.id).collect::<Vec<_>>())
    }
}

impl Engine {
    /// The next row of an experiment that has not been voted on; `None` = there is none.
    pub async fn next_duel(&self, id: ExperimentId) -> Result<Option<Duel>, Failure> {
        next(&self.inner, id).await
    }

    /// Casts a blind vote on a row, and tells who wrote what.
    pub async fn vote_duel(&self, vote: DuelVote) -> Result<DuelNames, Failure> {
        cast(&self.inner, vote).await
    }
}

/// Rows with two answers or more of different runs.
fn rows(tx: &Tx<'_>, id: ExperimentId) -> Result<Vec<Row>, Failure> {
    let mut found: BTreeMap<(ContentId, String, u32), Vec<RunRow>> = BTreeMap::new();
    let mut order = Vec::new();
    for cell in tx.cells(id)?.into_iter().filter(|cell| cell.state == CellState::Done) {
        let Some(run) = cell.run.map(|run| tx.run(run)).transpose()?.flatten() else { continue };
        let key = (cell.content, cell.prompt, cell.sample);
        let runs = found.entry(key.clone()).or_default();
        if runs.is_empty() {
            order.push(key);
        }
        if runs.iter().all(|known| known.id != run.id) {
            runs.push(run);
        }
    }
    let mut rows = Vec::new();
    for key in order {
        let Some(runs) = found.remove(&key).filter(|runs| runs.len() > 1) else { continue };
        let prompt = tx.content(&key.0)?.map(|parts| view::plain(&parts)).unwrap_or_default();
        rows.push(Row { prompt, runs });
    }
    Ok(rows)
}

async fn next(inner: &Arc<Inner>, id: ExperimentId) -> Result<Option<Duel>, Failure> {
    let (row, left, voted, texts, served) = inner
        .store
        .read(move |tx| {
            let (mut open, mut voted) = (Vec::new(), 0);
            for row in rows(tx, id)? {
                match row.standing(tx)? {
                    Standing::Voted => voted += 1,
                    Standing::Open { seen, .. } => open.push((seen, row)),
                    Standing::Taken => {}
                }
            }
            // What can be voted on blind comes first.
            open.sort_by_key(|(seen, _)| *seen);
            let left = u32::try_from(open.len()).unwrap_or(u32::MAX);
            let none = (None, 0, voted, Vec::new(), Vec::new());
            let Some((seen, row)) = open.into_iter().next() else { return Ok(none) };
            let (mut texts, mut served) = (Vec::new(), Vec::new());
            for run in &row.runs {
                served.extend(blind::served(tx, run.id)?);
                let message = tx.message(run.message)?;
                let parts = message.map(|message| tx.content(&message.content)).transpose()?.flatten();
                texts.push((run.id, parts.map(|parts| view::plain(&parts)).unwrap_or_default()));
            }
            Ok((Some((seen, row)), left, voted, texts, served))
        })
        .await?;
    let Some((seen, row)) = row else { return Ok(None) };
    let asked: Vec<ModelRef> = row.runs.iter().map(|run| run.target.model.clone()).collect();
    let names = blind::names(inner, &asked, &served);
    let answers = blind::shuffled(inner, texts).into_iter().map(|(run, text)| DuelAnswer {
        run,
        sections: present::sections(&[Part::Text { text: blind::masked(&names, &text) }]),
    });
    Ok(Some(Duel { prompt: row.prompt, answers: answers.collect(), left, voted, seen }))
}

pub(super) async fn read_with_names(
    inner: &Inner,
    id: ExperimentId,
    position: Option<u32>,
) -> Result<(), Failure> {
    let wanted = move |tx: &Tx<'_>| {
        let runs: Vec<RunId> = match position {
            Some(position) => tx.cell(id, position)?.and_then(|cell| cell.run).into_iter().collect(),
            None => tx.cells(id)?.into_iter().filter_map(|cell| cell.run).collect(),
        };
        let mut open = Vec::new();
        for run in runs {
            if !tx.any_seen(&[run])? {
                open.push(run);
            }
        }
        Ok(open)
    };
    let runs = inner.store.read(wanted).await?;
    if runs.is_empty() {
        return Ok(());
    }
    inner.store.write(move |tx| tx.note_seen(&runs)).await
}

async fn cast(inner: &Arc<Inner>, vote: DuelVote) -> Result<DuelNames, Failure> {
    let shared = Arc::clone(inner);
    let names = inner
        .store
        .write(move |tx| {
            let other = || invalid(say!("These are not the answers of one row of this experiment."));
            let row = rows(tx, vote.experiment)?.into_iter().find(|row| {
                row.runs.len() == vote.shown.len() && row.runs.iter().all(|run| vote.shown.contains(&run.id))
            });
            let row = row.ok_or_else(other)?;
            let (turn, seen) = match row.standing(tx)? {
                Standing::Open { turn, seen } => (turn, seen),
                Standing::Voted => {
                    return Err(invalid(say!("This row has been voted on: a vote now would not be blind.")));
                }
                Standing::Taken => {
                    return Err(invalid(say!(
                        "Each of these answers has been voted on beside others, and those votes stand."
                    )));
                }
            };
            let mut shown = Vec::new();
            for id in &vote.shown {
                let run = row.runs.iter().find(|run| run.id == *id).ok_or_else(other)?;
                let model = run.target.model.to_string();
                shown.push(VotedAnswer { run: run.id, message: run.message, lane: run.lane, model });
            }
            let message = |run: &RunId| {
                let found = shown.iter().find(|one| one.run == *run).map(|one| one.message);
                found.ok_or_else(other)
            };
            let (outcome, best) = match &vote.vote {
                BlindVote::Best { run } => (VoteOutcome::Best, Some(message(run)?)),
                BlindVote::Tie => (VoteOutcome::Tie, None),
                BlindVote::AllBad => (VoteOutcome::AllBad, None),
                BlindVote::Rank { .. } => return Err(invalid(say!("A row is voted on by its best answer."))),
            };
            let registry = shared.registry();
            let named = |one: &VotedAnswer| match ModelRef::parse(&one.model) {
                Ok(model) => registry.model_name(&model),
                Err(_) => one.model.clone(),
            };
            let names = shown.iter().map(named).collect();
            let (id, at) = (VoteId::new(shared.clock.id()), shared.clock.now());
            let row_vote = VoteRow {
                id,
                turn,
                at,
                blind: !seen,
                outcome,
                best,
                shown,
                ranking: None,
                withdrawn_at: None,
            };
            tx.cast_vote(&row_vote)?;
            // Now their names are known, wherever else these answers stand.
            tx.note_seen(&vote.shown)?;
            Ok(DuelNames { names, topic: compare::text::topic(&row.prompt).name().to_owned() })
        })
        .await?;
    ratings::changed(inner);
    Ok(names)
}
