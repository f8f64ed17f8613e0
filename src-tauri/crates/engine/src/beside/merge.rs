//! One answer made of those of a turn, in a lane of its own. The lane stands beside the line-up: the next prompt does
//! not go to it, but every lane can go on from what it says.

use super::{Gathered, gather, invalid};
use crate::{
    again::{self, recorded_in},
    context,
    frame::TurnView,
    inner::Inner,
    live::FrameSink,
    turn,
};
use compare::judge::Merge;
use domain::{
    ConversationId, ErrorKind, Failure, Lane, LaneId, LaneTarget, Message, MessageId, ModelRef, Params, Part,
    Request, Role, RunId, Saw, TurnId, say,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{MergeRow, MessageRow, RunRow, Tx};

/// How answers are made one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MergeHow {
    /// The best of all.
    Fuse,
    /// Along points that are to be treated.
    Checklist {
        /// One line each.
        points: Vec<String>,
    },
    /// As the user says.
    Custom {
        /// In the user's words.
        instruction: String,
    },
}

/// What is to be made of the answers of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeWish {
    /// Who makes it.
    pub model: ModelRef,
    /// How.
    pub how: MergeHow,
}

/// What an answer was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MergeView {
    /// How.
    pub how: MergeHow,
    /// The answers, in the order of their letters.
    pub sources: Vec<RunId>,
}

/// Most points of a list, and longest words of a user's own, in bytes.
const POINTS: usize = 40;
const WORDS: usize = 16 * 1024;

fn check(how: &MergeHow) -> Result<Merge, Failure> {
    match how {
        MergeHow::Fuse => Ok(Merge::Fuse),
        MergeHow::Checklist { points } => {
            let points: Vec<String> = points
                .iter()
                .map(|point| point.trim().to_owned())
                .filter(|point| !point.is_empty())
                .collect();
            if points.is_empty()
                || points.len() > POINTS
                || points.iter().map(String::len).sum::<usize>() > WORDS
            {
                return Err(invalid(say!(
                    "A list has 1 to {points} points, 16 KB at most.",
                    points = POINTS
                )));
            }
            Ok(Merge::Checklist(points))
        }
        MergeHow::Custom { instruction } => {
            if instruction.trim().is_empty() || instruction.len() > WORDS {
                return Err(invalid(say!("Say what is to be made of the answers, in 16 KB at most.")));
            }
            Ok(Merge::Custom(instruction.trim().to_owned()))
        }
    }
}

fn target(model: &ModelRef) -> LaneTarget {
    LaneTarget { model: model.clone(), system: None, params: Params::default(), policy: None }
}

/// What is sent in the place of the turn's prompt.
async fn prompted(inner: &Arc<Inner>, turn: TurnId, wish: &MergeWish) -> Result<(Gathered, String), Failure> {
    let how = check(&wish.how)?;
    inner.registry().resolve(&wish.model)?;
    let gathered = gather(inner, turn).await?;
    let texts = gathered.masked(inner);
    let shown: Vec<&str> = texts.iter().map(String::as_str).collect();
    // What was said before stands in the branch it goes on from.
    let asked = compare::judge::Asked { before: &[], ..gathered.asked() };
    let prompt = compare::judge::merge_prompt(&asked, &shown, &how);
    Ok((gathered, prompt))
}

pub(super) async fn estimated(
    inner: &Arc<Inner>,
    turn: TurnId,
    wish: &MergeWish,
) -> Result<(Option<ConversationId>, (LaneTarget, Request)), Failure> {
    let (gathered, prompt) = prompted(inner, turn, wish).await?;
    let first = gathered.runs.first().map(|run| run.user_message);
    let (target, conversation) = (target(&wish.model), Some(gathered.conversation));
    let asked = target.clone();
    let request = inner.store.read(move |tx| request(tx, &asked, first, &prompt)).await?;
    Ok((conversation, (target, request)))
}

/// The branch before a user's message, then the words.
fn request(
    tx: &Tx<'_>,
    target: &LaneTarget,
    user: Option<MessageId>,
    prompt: &str,
) -> Result<Request, Failure> {
    let parent = user.map(|user| tx.message(user)).transpose()?.flatten().and_then(|row| row.parent);
    let mut messages = context::said_before(tx, parent)?;
    messages.push(Message { role: Role::User, parts: vec![Part::Text { text: prompt.to_owned() }] });
    Ok(context::request(target, messages))
}

/// The request of a run that makes one answer of others; `None` = it is no such run.
pub(crate) fn request_of(tx: &Tx<'_>, run: &RunRow) -> Result<Option<Request>, Failure> {
    let Some(merge) = tx.merge(run.id)? else { return Ok(None) };
    request(tx, &run.target, Some(run.user_message), &merge.prompt).map(Some)
}

/// The messages such a run was shown: its branch, then the answers it was made of.
pub(crate) fn messages_of(tx: &Tx<'_>, run: &RunRow) -> Result<Option<Vec<MessageRow>>, Failure> {
    let Some(merge) = tx.merge(run.id)? else { return Ok(None) };
    let mut rows: Vec<MessageRow> = tx.branch(run.user_message)?.into_iter().map(|(row, _)| row).collect();
    for source in merge.sources {
        let message = tx.run(source)?.map(|source| tx.message(source.message)).transpose()?.flatten();
        rows.extend(message);
    }
    Ok(Some(rows))
}

/// A run that is asked again makes its answer of the same.
pub(crate) fn remade(tx: &mut Tx<'_>, old: RunId, new: RunId) -> Result<Option<MergeView>, Failure> {
    let Some(merge) = tx.merge(old)? else { return Ok(None) };
    let shown = view(&merge)?;
    tx.insert_merge(&MergeRow { run: new, ..merge })?;
    Ok(Some(shown))
}

/// What an answer was made of, as a window shows it.
pub(crate) fn view(row: &MergeRow) -> Result<MergeView, Failure> {
    let how = serde_json::from_value(row.how.clone()).map_err(|_| {
        Failure::new(
            ErrorKind::StoreCorrupt,
            say!("How an answer was made cannot be read from the database."),
        )
    })?;
    Ok(MergeView { how, sources: row.sources.clone() })
}

pub(super) async fn merge(
    inner: &Arc<Inner>,
    turn: TurnId,
    wish: MergeWish,
    sink: FrameSink,
) -> Result<TurnView, Failure> {
    let (gathered, prompt) = prompted(inner, turn, &wish).await?;
    let shared = Arc::clone(inner);
    let recorded = inner.store.write(move |tx| record(&shared, tx, turn, &wish, &gathered, prompt)).await?;
    again::revive(inner, recorded, Vec::new(), sink).await
}

fn record(
    inner: &Inner,
    tx: &mut Tx<'_>,
    turn: TurnId,
    wish: &MergeWish,
    gathered: &Gathered,
    prompt: String,
) -> Result<turn::Recorded, Failure> {
    let row = tx.turn(turn)?.ok_or_else(|| invalid(say!("This turn is gone.")))?;
    crate::history::kept(tx, row.conversation)?;
    let lane = beside(inner, tx, row.conversation, target(&wish.model))?;
    // It goes on from where the leftmost answer did.
    let user = gathered.runs.first().map(|run| run.user_message);
    let parent = user.map(|user| tx.message(user)).transpose()?.flatten().and_then(|user| user.parent);
    let answers = u32::try_from(gathered.runs.len()).unwrap_or(u32::MAX);
    let shown = context::Shown::after(parent, Saw::All { turns: 1, answers });
    let asked = tx.content(&row.prompt)?.unwrap_or_default();
    let mut job = turn::record_lane(inner, tx, &row, &lane, shown, &asked)?;
    let how = serde_json::to_value(&wish.how)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("A wish cannot be stored ({error}).")))?;
    let sources: Vec<RunId> = gathered.runs.iter().map(|run| run.id).collect();
    tx.insert_merge(&MergeRow { run: job.row.id, how, sources: sources.clone(), prompt })?;
    job.request = Arc::new(context::request_of(tx, &job.row)?);
    job.made_of = Some(MergeView { how: wish.how.clone(), sources });
    tx.touch_conversation(row.conversation, inner.clock.now())?;
    recorded_in(tx, row, job)
}

/// A lane that is in no line-up: the next prompt does not go to it.
fn beside(
    inner: &Inner,
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    target: LaneTarget,
) -> Result<Lane, Failure> {
    let line_up = tx.lanes(conversation)?;
    let places = tx.lanes_ever(conversation)?.into_iter().map(|(lane, _)| lane.position + 1);
    let position = places.max().unwrap_or(0);
    let lane = Lane { id: LaneId::new(inner.clock.id()), position, target, head: None };
    let mut all = line_up.clone();
    all.push(lane.clone());
    tx.put_lanes(conversation, &all)?;
    tx.put_lanes(conversation, &line_up)?;
    Ok(lane)
}
