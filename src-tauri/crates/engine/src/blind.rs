//! Turns asked blind: until the vote nothing that leaves for a window says which model an answer is of.
//!
//! Hidden are the model and its name, lane, route, times, tokens, cost, notices and failures' words; names in the text
//! are masked; thoughts and tools are left out, since their form tells who thinks. The runs are recorded in the order
//! in which they are shown, so that even their ids do not tell. Frames carry nothing but that something has ended; the
//! window then asks for the view.

mod names;

pub(crate) use names::{masked, names, served};

use crate::{
    board::{self, RatingChange, ratings},
    frame::{Metrics, Op, RunView, TurnFrame, TurnView},
    inner::{Inner, Table},
    live::FrameSink,
    present, view,
};
use domain::{
    ConversationId, ErrorKind, Failure, LaneId, LaneTarget, MessageId, ModelRef, Params, Part, RunId,
    RunState, Saw, TurnId, VoteId, VoteOutcome, VotedAnswer, say,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{BlindRow, Tx, VoteRow};

/// How a turn stands that was asked blind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BlindView {
    /// The names are shown.
    pub revealed: bool,
    /// The answers come together, when the last has ended.
    pub together: bool,
    /// Answers that have ended.
    pub ready: u32,
    /// Answers that failed or were stopped: they are left out of the vote.
    pub lost: u32,
    /// The vote that was cast blind and stands; `None` = none.
    pub vote: Option<BlindVote>,
}

/// What was said about the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BlindVote {
    /// This one is the best.
    Best {
        /// Its run.
        run: RunId,
    },
    /// They are equally good.
    Tie,
    /// None is any good.
    AllBad,
    /// The best first.
    Rank {
        /// All that are compared.
        runs: Vec<RunId>,
    },
}

/// What a vote brought to light.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Revealed {
    /// The turn with its names.
    pub turn: TurnView,
    /// What the vote changed of the ratings; empty without a vote.
    pub changes: Vec<RatingChange>,
    /// Under which topic it counts.
    pub topic: String,
    /// Votes cast blind so far.
    pub votes: u32,
}

/// A turn begins: what was hidden before is shown, and if it is asked blind its lanes come in an order drawn by chance.
pub(crate) fn begin<T>(
    inner: &Inner,
    tx: &mut Tx<'_>,
    turn: &store::TurnRow,
    lanes: Vec<T>,
    together: Option<bool>,
) -> Result<Vec<T>, Failure> {
    // Going on without a vote is revealing without one.
    tx.reveal_all(turn.conversation, turn.created_at)?;
    let Some(together) = together else { return Ok(lanes) };
    if lanes.len() < 2 {
        return Err(invalid(say!("Blind needs two models: add one to the line-up first.")));
    }
    tx.insert_blind(turn.id, together)?;
    Ok(shuffled(inner, lanes))
}

/// In an order drawn from the ids' chance.
pub(crate) fn shuffled<T>(inner: &Inner, items: Vec<T>) -> Vec<T> {
    let mut keyed: Vec<(u64, T)> =
        items.into_iter().map(|item| (scattered(inner.clock.id().as_u64_pair().1), item)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// The bits of a number well mixed (the finish of SplitMix64), so that ids in a row are in no order any more.
fn scattered(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// The letter of a place.
fn letter(place: usize) -> char {
    char::from(b'A' + u8::try_from(place % 26).unwrap_or(0))
}

/// A view as it may leave: veiled while its names are hidden.
pub(crate) async fn shown(inner: &Arc<Inner>, turn: TurnView) -> Result<TurnView, Failure> {
    let id = turn.id;
    match inner.store.read(move |tx| tx.blind(id)).await? {
        Some(row) => with(inner, turn, row).await,
        None => Ok(turn),
    }
}

/// Every view of a conversation as it may leave.
pub(crate) async fn all_shown(
    inner: &Arc<Inner>,
    conversation: ConversationId,
    turns: Vec<TurnView>,
) -> Result<Vec<TurnView>, Failure> {
    let rows = inner.store.read(move |tx| tx.blind_turns(conversation)).await?;
    let mut shown = Vec::with_capacity(turns.len());
    for turn in turns {
        shown.push(match rows.iter().find(|row| row.turn == turn.id) {
            Some(row) => with(inner, turn, *row).await?,
            None => turn,
        });
    }
    Ok(shown)
}

async fn with(inner: &Arc<Inner>, mut turn: TurnView, row: BlindRow) -> Result<TurnView, Failure> {
    let id = turn.id;
    // A run that was asked again keeps the place of its first.
    turn.runs.sort_by_key(|run| run.earlier.iter().chain(&run.later).copied().fold(run.id, RunId::min));
    let ready = turn.runs.iter().filter(|run| run.state.is_final()).count();
    let lost = turn.runs.iter().filter(|run| run.state.is_final() && run.state != RunState::Done).count();
    let vote = inner.store.read(move |tx| tx.vote(id, true)).await?;
    turn.blind = Some(BlindView {
        revealed: row.revealed_at.is_some(),
        together: row.together,
        ready: count(ready),
        lost: count(lost),
        vote: vote.as_ref().and_then(said),
    });
    if row.revealed_at.is_some() {
        for (run, place) in turn.runs.iter_mut().zip(0..) {
            run.position = place;
        }
        return Ok(turn);
    }
    turn.pick = None;
    let wait = turn.live && row.together;
    let asked: Vec<ModelRef> = turn.runs.iter().map(|run| run.target.model.clone()).collect();
    let shown: Vec<RunId> = turn.runs.iter().map(|run| run.id).collect();
    let served = inner.store.read(move |tx| names::served_all(tx, &shown)).await?;
    let names = names(inner, &asked, &served);
    let mut runs = Vec::with_capacity(turn.runs.len());
    for (place, run) in turn.runs.iter().enumerate() {
        let text = match run.state {
            RunState::Done if !wait => Some(masked(&names, &view::text(inner, run.id).await?)),
            _ => None,
        };
        let mut veiled = veiled(run, place, text);
        if wait || !run.state.is_final() {
            // Who connects, thinks or writes when is a trait of the model.
            (veiled.state, veiled.failure) = (RunState::Pending, None);
        }
        runs.push(veiled);
    }
    turn.runs = runs;
    Ok(turn)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn said(vote: &VoteRow) -> Option<BlindVote> {
    let run = |message| vote.shown.iter().find(|one| one.message == message).map(|one| one.run);
    Some(match vote.outcome {
        VoteOutcome::Tie => BlindVote::Tie,
        VoteOutcome::AllBad => BlindVote::AllBad,
        VoteOutcome::Best => BlindVote::Best { run: run(vote.best?)? },
        VoteOutcome::Rank => {
            let order = vote.ranking.iter().flatten().flatten();
            BlindVote::Rank { runs: order.filter_map(|message| run(*message)).collect() }
        }
    })
}

/// The models of a turn whose names are hidden, by one of its answers: those that were asked and those that served
/// them; `None` = they are seen.
async fn hidden(inner: &Arc<Inner>, run: RunId) -> Result<Option<(Vec<ModelRef>, Vec<String>)>, Failure> {
    inner
        .store
        .read(move |tx| {
            let Some(run) = tx.run(run)? else { return Ok(None) };
            if tx.blind(run.turn)?.is_none_or(|row| row.revealed_at.is_some()) {
                return Ok(None);
            }
            whose(tx, run.turn).map(Some)
        })
        .await
}

/// The models that were asked in a turn and those that served them.
pub(crate) fn whose(tx: &Tx<'_>, turn: TurnId) -> Result<(Vec<ModelRef>, Vec<String>), Failure> {
    let runs = tx.runs(turn)?;
    let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
    let asked = runs.into_iter().map(|run| run.target.model).collect();
    Ok((asked, names::served_all(tx, &ids)?))
}

/// Refuses what would tell the model of an answer before the vote.
pub(crate) async fn refuse(inner: &Arc<Inner>, run: RunId) -> Result<(), Failure> {
    if hidden(inner, run).await?.is_some() {
        return Err(hidden_names());
    }
    Ok(())
}

/// Refuses what would tell the models of a turn before the vote.
pub(crate) async fn refuse_turn(inner: &Arc<Inner>, turn: TurnId) -> Result<(), Failure> {
    match inner.store.read(move |tx| tx.blind(turn)).await? {
        Some(BlindRow { revealed_at: None, .. }) => Err(hidden_names()),
        _ => Ok(()),
    }
}

/// The text of an answer as it may leave.
pub(crate) async fn text(inner: &Arc<Inner>, run: RunId) -> Result<String, Failure> {
    let text = view::text(inner, run).await?;
    Ok(match hidden(inner, run).await? {
        Some((asked, served)) => masked(&names(inner, &asked, &served), &text),
        None => text,
    })
}

/// Frames that tell only that something has ended.
pub(crate) fn sink(sink: FrameSink) -> FrameSink {
    Box::new(move |frame: &TurnFrame| {
        let ended = |op: &Op| matches!(op, Op::End { .. });
        if !frame.last && !frame.runs.iter().any(|patch| patch.ops.iter().any(ended)) {
            return true;
        }
        sink(&TurnFrame { turn: frame.turn, seq: frame.seq, runs: Vec::new(), last: frame.last })
    })
}

/// What is answered to whatever would tell the models of a turn before the vote.
pub(crate) fn hidden_names() -> Failure {
    invalid(say!("The names of this turn are hidden: vote first, or reveal them."))
}

fn invalid(why: domain::Words) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why)
}

/// Casts a blind vote and shows the names.
pub(crate) async fn vote(inner: &Arc<Inner>, turn: TurnId, vote: BlindVote) -> Result<Revealed, Failure> {
    if inner.live.get(turn).is_some() {
        return Err(invalid(say!("The answers are still being written: vote when all are there.")));
    }
    let shared = Arc::clone(inner);
    inner
        .store
        .write(move |tx| {
            let row = tx.blind(turn)?.ok_or_else(|| invalid(say!("This turn was not asked blind.")))?;
            if row.revealed_at.is_some() {
                return Err(invalid(say!("The names have been shown: a vote now would not be blind.")));
            }
            let now = shared.clock.now();
            let row = cast(tx, turn, &vote, VoteId::new(shared.clock.id()), now)?;
            tx.cast_vote(&row)?;
            tx.reveal(turn, now).map(|_| ())
        })
        .await?;
    ratings::changed(inner);
    shows_costs(inner);
    revealed(inner, turn, true).await
}

fn cast(
    tx: &Tx<'_>,
    turn: TurnId,
    vote: &BlindVote,
    id: VoteId,
    at: domain::Timestamp,
) -> Result<VoteRow, Failure> {
    let mut rows = tx.runs(turn)?;
    rows.retain(|row| row.state == RunState::Done);
    rows.sort_by_key(|row| row.id);
    // Of a lane that was asked again the newest answer is the one on the screen.
    let newest = |row: &store::RunRow| rows.iter().all(|other| other.lane != row.lane || other.id <= row.id);
    let shown: Vec<VotedAnswer> = rows
        .iter()
        .filter(|row| newest(row))
        .map(|row| VotedAnswer {
            run: row.id,
            message: row.message,
            lane: row.lane,
            model: row.target.model.to_string(),
        })
        .collect();
    if shown.len() < 2 {
        return Err(invalid(say!("A vote compares two answers or more, and fewer came.")));
    }
    let message = |run: &RunId| {
        let found = shown.iter().find(|one| one.run == *run).map(|one| one.message);
        found.ok_or_else(|| invalid(say!("This answer is not among those that are compared.")))
    };
    let (outcome, best, ranking) = match vote {
        BlindVote::Tie => (VoteOutcome::Tie, None, None),
        BlindVote::AllBad => (VoteOutcome::AllBad, None, None),
        BlindVote::Best { run } => (VoteOutcome::Best, Some(message(run)?), None),
        BlindVote::Rank { runs } => {
            let order = runs.iter().map(message).collect::<Result<Vec<_>, Failure>>()?;
            let twice = (1..order.len()).any(|n| order[..n].contains(&order[n]));
            if order.len() < 2 || twice {
                return Err(invalid(say!("An order names two answers or more, each once.")));
            }
            (
                VoteOutcome::Rank,
                order.first().copied(),
                Some(order.into_iter().map(|one| vec![one]).collect()),
            )
        }
    };
    Ok(VoteRow { id, turn, at, blind: true, outcome, best, shown, ranking, withdrawn_at: None })
}

/// Shows the names without a vote.
pub(crate) async fn reveal(inner: &Arc<Inner>, turn: TurnId) -> Result<Revealed, Failure> {
    if inner.live.get(turn).is_some() {
        return Err(invalid(say!("The answers are still being written: stop them first, or wait.")));
    }
    let now = inner.clock.now();
    inner.store.write(move |tx| tx.reveal(turn, now)).await?;
    shows_costs(inner);
    revealed(inner, turn, false).await
}

/// With the names, sums of spending count what the answers cost.
fn shows_costs(inner: &Inner) {
    [Table::Conversations, Table::Spend, Table::Budgets].into_iter().for_each(|table| inner.changed(table));
}

/// Takes a blind vote back. The names stay seen, so it cannot be cast again.
pub(crate) async fn undo(inner: &Arc<Inner>, turn: TurnId) -> Result<TurnView, Failure> {
    let now = inner.clock.now();
    inner.store.write(move |tx| tx.withdraw_vote(turn, true, now)).await?;
    ratings::changed(inner);
    inner.changed(Table::Conversations);
    shown(inner, view::turn(inner, turn).await?).await
}

async fn revealed(inner: &Arc<Inner>, turn: TurnId, voted: bool) -> Result<Revealed, Failure> {
    let view = shown(inner, view::turn(inner, turn).await?).await?;
    let casts = board::casts(inner).await?;
    Ok(Revealed {
        topic: compare::text::topic(&view.prompt).name().to_owned(),
        turn: view,
        changes: if voted { board::changes(inner, turn, true).await? } else { Vec::new() },
        votes: count(casts.iter().filter(|cast| cast.vote.blind).count()),
    })
}

/// The same answer without what tells whose it is.
fn veiled(run: &RunView, place: usize, text: Option<String>) -> RunView {
    let name = format!("Answer {}", letter(place));
    let lost = matches!(run.state, RunState::Failed | RunState::Cancelled | RunState::Interrupted);
    let sections = text.map(|text| present::sections(&[Part::Text { text }])).unwrap_or_default();
    RunView {
        id: run.id,
        lane: LaneId::new(run.id.uuid()),
        position: u32::try_from(place).unwrap_or(u32::MAX),
        target: LaneTarget {
            model: ModelRef { model: name.clone(), provider: None },
            system: None,
            params: Params::default(),
            policy: None,
        },
        model_name: name,
        state: run.state,
        saw: Saw::PromptOnly,
        route: Vec::new(),
        sections,
        metrics: Metrics::default(),
        finish_reason: None,
        failure: lost.then(|| {
            Failure::new(ErrorKind::UpstreamInternal, say!("This answer failed. Why is told after the vote."))
        }),
        notices: Vec::new(),
        message: MessageId::new(run.id.uuid()),
        earlier: Vec::new(),
        later: Vec::new(),
        waiting: None,
        continue_on: Vec::new(),
        made_of: None,
    }
}

#[cfg(test)]
#[path = "blind_tests.rs"]
mod tests;
