//! A new conversation that begins as a part of another one: its turns up to some message, as copies. What was
//! spent for them stays with the first.

use crate::{
    Engine,
    context::Earlier,
    inner::{Inner, Table},
    view,
};
use domain::{
    ConversationId, ErrorKind, Failure, Lane, LaneId, MessageId, Role, RunId, Timestamp, TurnId, say,
};
use std::{collections::HashMap, sync::Arc};
use store::{ConversationRow, MergeRow, MessageRow, RunRow, TurnRow, Tx};

/// Where a conversation is forked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkAt {
    /// Behind this answer: every lane continues from it.
    Answer(RunId),
    /// Before the prompt of this turn, which is handed back to be written anew.
    Prompt(TurnId),
    /// Nowhere: all of it with all its branches, as it stands. Votes stay with the first, so that none counts twice.
    Whole(ConversationId),
}

/// A conversation that was forked off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forked {
    /// Which.
    pub conversation: ConversationId,
    /// The prompt that stood there; `None` behind an answer.
    pub prompt: Option<String>,
}

/// Longest title.
const TITLE: usize = 200;

fn gone() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("This message is gone."))
}

impl Engine {
    /// Copies the turns of the branch that leads to a message into a new conversation with the same line-up.
    ///
    /// Error `request.invalid` while one of their answers is being written.
    pub async fn fork(&self, at: ForkAt) -> Result<Forked, Failure> {
        let inner = Arc::clone(&self.inner);
        let forked = self.inner.store.write(move |tx| fork(&inner, tx, at)).await?;
        self.inner.changed(Table::Conversations);
        Ok(forked)
    }
}

/// New ids of what is copied.
#[derive(Default)]
struct Copies {
    lanes: HashMap<LaneId, LaneId>,
    turns: HashMap<TurnId, TurnId>,
    runs: HashMap<RunId, RunId>,
    messages: HashMap<MessageId, MessageId>,
}

fn fork(inner: &Inner, tx: &mut Tx<'_>, at: ForkAt) -> Result<Forked, Failure> {
    let (turn, answer) = match at {
        ForkAt::Answer(run) => {
            let run = tx.run(run)?.ok_or_else(gone)?;
            (run.turn, Some(run.message))
        }
        ForkAt::Prompt(turn) => (turn, None),
        ForkAt::Whole(from) => return whole(inner, tx, from),
    };
    if answer.is_some() && tx.blind(turn)?.is_some_and(|blind| blind.revealed_at.is_none()) {
        return Err(crate::blind::hidden_names());
    }
    let row = tx.turn(turn)?.ok_or_else(gone)?;
    let from = crate::history::kept(tx, row.conversation)?;
    let prompt = tx.content(&row.prompt)?.map(|parts| view::plain(&parts)).unwrap_or_default();
    let mut path = tx.turn_path(turn)?;
    if answer.is_none() {
        path.pop();
    }
    let id = begun(inner, tx, &from, "Fork")?;
    let mut copies = Copies::default();
    let (all, line_up) = lanes(inner, tx, from.id, &mut copies)?;
    tx.put_lanes(id, &all)?;
    let mut before = None;
    for turn in path {
        before = Some(copy_turn(inner, tx, id, turn, before, &mut copies)?);
    }
    tx.set_leaf(id, before)?;
    tx.put_lanes(id, &line_up)?;
    for lane in &all {
        let head = match answer.and_then(|message| copies.messages.get(&message)) {
            Some(message) => Some(*message),
            None => before.map(|leaf| tx.lane_at(lane.id, leaf)).transpose()?.flatten(),
        };
        tx.set_lane_head(lane.id, head)?;
    }
    if let Some(policy) = tx.conversation_policy(from.id)? {
        tx.set_conversation_policy(id, Some(&policy))?;
    }
    Ok(Forked { conversation: id, prompt: answer.is_none().then_some(prompt) })
}

/// An empty conversation that is named after the first and kept where it is; a pin is for that one alone.
fn begun(
    inner: &Inner,
    tx: &mut Tx<'_>,
    from: &ConversationRow,
    what: &str,
) -> Result<ConversationId, Failure> {
    let title = format!("{what} of {}", from.title);
    let (now, id) = (inner.clock.now(), ConversationId::new(inner.clock.id()));
    tx.insert_conversation(&ConversationRow {
        id,
        title: title.chars().take(TITLE).collect(),
        created_at: now,
        updated_at: now,
        archived_at: None,
        deleted_at: None,
    })?;
    let filing = tx.filing(from.id)?;
    if let Some(folder) = &filing.folder {
        tx.set_folder(id, Some(folder))?;
    }
    filing.tags.iter().try_for_each(|tag| tx.put_tag(id, tag))?;
    Ok(id)
}

/// All of a conversation. A copy has names: none of its turns may still be blind.
fn whole(inner: &Inner, tx: &mut Tx<'_>, from: ConversationId) -> Result<Forked, Failure> {
    let from = crate::history::kept(tx, from)?;
    let turns = tx.turns(from.id)?;
    for turn in &turns {
        if tx.blind(turn.id)?.is_some_and(|blind| blind.revealed_at.is_none()) {
            return Err(crate::blind::hidden_names());
        }
    }
    let id = begun(inner, tx, &from, "Copy")?;
    let mut copies = Copies::default();
    let heads: Vec<(LaneId, Option<MessageId>)> =
        tx.lanes_ever(from.id)?.into_iter().map(|(lane, _)| (lane.id, lane.head)).collect();
    let (all, line_up) = lanes(inner, tx, from.id, &mut copies)?;
    tx.put_lanes(id, &all)?;
    for turn in turns {
        let before = tx.turn_parent(turn.id)?.and_then(|parent| copies.turns.get(&parent).copied());
        copy_turn(inner, tx, id, turn.id, before, &mut copies)?;
    }
    let leaf = tx.leaf(from.id)?.and_then(|leaf| copies.turns.get(&leaf).copied());
    tx.set_leaf(id, leaf)?;
    tx.put_lanes(id, &line_up)?;
    for (lane, head) in heads {
        if let Some(lane) = copies.lanes.get(&lane) {
            tx.set_lane_head(*lane, head.and_then(|head| copies.messages.get(&head).copied()))?;
        }
    }
    if let Some(policy) = tx.conversation_policy(from.id)? {
        tx.set_conversation_policy(id, Some(&policy))?;
    }
    Ok(Forked { conversation: id, prompt: None })
}

/// Every lane there ever was, and those of the line-up.
fn lanes(
    inner: &Inner,
    tx: &Tx<'_>,
    from: ConversationId,
    copies: &mut Copies,
) -> Result<(Vec<Lane>, Vec<Lane>), Failure> {
    let (mut all, mut line_up) = (Vec::new(), Vec::new());
    for (lane, removed) in tx.lanes_ever(from)? {
        let id = LaneId::new(inner.clock.id());
        copies.lanes.insert(lane.id, id);
        let copy = Lane { id, head: None, ..lane };
        if !removed {
            line_up.push(copy.clone());
        }
        all.push(copy);
    }
    Ok((all, line_up))
}

fn copy_turn(
    inner: &Inner,
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    from: TurnId,
    before: Option<TurnId>,
    copies: &mut Copies,
) -> Result<TurnId, Failure> {
    let row = tx.turn(from)?.ok_or_else(gone)?;
    let id = TurnId::new(inner.clock.id());
    copies.turns.insert(from, id);
    tx.insert_turn(&TurnRow { id, conversation, ..row.clone() })?;
    let policy = tx.turn_context(from)?;
    tx.link_turn(id, before, policy.as_deref())?;
    let shown = tx.shown_runs(from)?;
    for run in tx.runs(from)? {
        if !run.state.is_final() {
            return Err(Failure::new(
                ErrorKind::RequestInvalid,
                say!("An answer is still being written. Wait for it or stop it first."),
            ));
        }
        let user = match copies.messages.get(&run.user_message) {
            Some(known) => *known,
            None => copy_message(inner, tx, conversation, run.user_message, None, copies)?,
        };
        let copy = RunId::new(inner.clock.id());
        copies.runs.insert(run.id, copy);
        let message = copy_message(inner, tx, conversation, run.message, Some(copy), copies)?;
        let lane = copies.lanes.get(&run.lane).copied().ok_or_else(gone)?;
        let retry_of = run.retry_of.and_then(|run| copies.runs.get(&run).copied());
        let (context, made_of) = (tx.run_context(run.id)?, tx.merge(run.id)?);
        let chosen = shown.contains(&run.id);
        tx.insert_run(&RunRow { id: copy, turn: id, lane, user_message: user, message, retry_of, ..run })?;
        if chosen {
            tx.show_run(copy)?;
        }
        if let Some(merge) = made_of {
            let sources = merge.sources.iter().filter_map(|run| copies.runs.get(run).copied()).collect();
            tx.insert_merge(&MergeRow { run: copy, sources, ..merge })?;
        }
        if let Some(context) = context {
            tx.set_run_context(copy, &moved(&context, copies)?)?;
        }
        tx.index_run(copy)?;
    }
    Ok(id)
}

fn copy_message(
    inner: &Inner,
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    from: MessageId,
    run: Option<RunId>,
    copies: &mut Copies,
) -> Result<MessageId, Failure> {
    let row = tx.message(from)?.ok_or_else(gone)?;
    let id = MessageId::new(inner.clock.id());
    copies.messages.insert(from, id);
    let parent = row.parent.and_then(|parent| copies.messages.get(&parent).copied());
    debug_assert!(row.role == Role::User || run.is_some(), "an answer has a run");
    let created_at: Timestamp = row.created_at;
    tx.insert_message(&MessageRow { id, conversation, parent, run, created_at, ..row })?;
    Ok(id)
}

/// What a run was shown, by the new ids.
fn moved(context: &str, copies: &Copies) -> Result<String, Failure> {
    let unreadable = |_| {
        Failure::new(
            ErrorKind::StoreCorrupt,
            say!("What an answer was shown cannot be read from the database."),
        )
    };
    let mut earlier: Vec<Earlier> = serde_json::from_str(context).map_err(unreadable)?;
    earlier.retain_mut(|one| match copies.turns.get(&one.turn) {
        Some(turn) => {
            one.turn = *turn;
            one.own = one.own.and_then(|own| copies.messages.get(&own).copied());
            one.others.retain_mut(|other| match copies.messages.get(&other.message) {
                Some(message) => {
                    other.message = *message;
                    true
                }
                None => false,
            });
            true
        }
        None => false,
    });
    serde_json::to_string(&earlier)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("A context cannot be stored ({error}).")))
}
