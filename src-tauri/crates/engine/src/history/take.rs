//! From a conversation of a file to rows. Ids come from the file's own, so what is here already is seen to
//! be here. A file changes nothing that is here but the lanes of a conversation that nobody has gone on with, and there
//! answers that have become longer or were finished since.

mod here;
mod look;
mod own;
mod step;

use domain::{
    ContentId, ConversationId, Failure, ImportId, Lane, LaneId, LaneTarget, MessageId, ModelRef, Part,
    ProcessId, ProviderId, Role, Route, RunId, RunState, Saw, Timestamp, TurnId,
};
use here::{Here, Standing};
use import::{Answer, Conversation, Reason, Source, Turn};
pub(super) use look::More;
use std::collections::{HashMap, HashSet};
pub(super) use step::{Step, look};
use store::{ConversationRow, Document, MessageRow, NoteOn, RunRow, TurnRow, Tx};
use uuid::Uuid;

/// What a model is called that the file does not name.
const UNKNOWN: &str = "unknown";

/// What became of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is new, with this many messages.
    Added(u64),
    /// It was here; this is what the file has beyond that.
    Here(More),
    /// It is in the trash.
    InTrash,
    /// It is not sound.
    Refused(Reason),
}

/// The ids of a conversation's rows.
struct Rows<'c> {
    from: &'c Conversation,
    id: ConversationId,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The last moment that a time of it may name; what is later is a mistake of the file.
    latest: i64,
    lanes: Vec<LaneId>,
    turns: Vec<TurnIds>,
    /// What is here of it already.
    here: Option<Here>,
    files_to_come: bool,
}

struct TurnIds {
    id: TurnId,
    at: Timestamp,
    nodes: Vec<MessageId>,
    answers: Vec<(RunId, MessageId)>,
}

impl<'c> Rows<'c> {
    fn new(from: &'c Conversation, now: Timestamp) -> Result<Self, Reason> {
        let latest = now.0.saturating_add(86_400_000);
        let known = |at: Option<Timestamp>| at.filter(|at| at.0 >= 0 && at.0 <= latest);
        let first = from.turns.iter().filter_map(|turn| known(turn.at)).min();
        let last = from.turns.iter().filter_map(|turn| known(turn.at)).max();
        let created_at = known(from.created_at).or(first).unwrap_or(now);
        let updated_at = last.or_else(|| known(from.updated_at)).unwrap_or(created_at).max(created_at);
        let id = match from.source {
            Source::Parallax => from.id.parse().map_err(|_| Reason::NoId)?,
            source => import::conversation_id(source, &from.id, from.created_at),
        };
        let ids = Ids { from, stamp: from.created_at };
        let mut lanes = Vec::new();
        for (place, lane) in from.lanes.iter().enumerate() {
            let key = lane.key.clone().unwrap_or_else(|| place.to_string());
            lanes.push(LaneId::new(ids.id("lane", &key, from.created_at, 0)?));
        }
        let mut turns = Vec::new();
        for turn in &from.turns {
            turns.push(Self::turn(&ids, turn, known(turn.at).unwrap_or(created_at))?);
        }
        let rows =
            Self { from, id, created_at, updated_at, latest, lanes, turns, here: None, files_to_come: false };
        if rows.sound() { Ok(rows) } else { Err(Reason::Unreadable) }
    }

    fn turn(ids: &Ids<'_>, turn: &Turn, at: Timestamp) -> Result<TurnIds, Reason> {
        let id = TurnId::new(ids.id("turn", &turn.key, turn.at, 0)?);
        let mut nodes = Vec::new();
        for node in &turn.nodes {
            nodes.push(MessageId::new(ids.id("message", &node.key, turn.at, 0)?));
        }
        let mut answers = Vec::new();
        for (place, answer) in turn.answers.iter().enumerate() {
            let order = u16::try_from(place).unwrap_or(u16::MAX);
            // By the turn's time, so that the answers of a lane sort in their order.
            let run = RunId::new(ids.id("run", &answer.key, turn.at, order)?);
            let key = answer.own.as_ref().map_or(&answer.key, |own| &own.message);
            answers.push((run, MessageId::new(ids.id("answer", key, answer.at, 0)?)));
        }
        Ok(TurnIds { id, at, nodes, answers })
    }

    /// No id stands for two things, and everything points at something.
    fn sound(&self) -> bool {
        let mut seen = HashSet::new();
        let mut new = |id: Uuid| seen.insert(id);
        let mut ok = self.lanes.iter().all(|id| new(id.uuid()));
        for (turn, from) in self.turns.iter().zip(&self.from.turns) {
            ok &= new(turn.id.uuid());
            ok &= turn.nodes.iter().all(|id| new(id.uuid()));
            ok &= turn.answers.iter().all(|(run, message)| new(run.uuid()) && new(message.uuid()));
            ok &= from.answers.iter().all(|a| a.lane < self.lanes.len() && a.node < turn.nodes.len());
            ok &= from.answers.is_empty() || !turn.nodes.is_empty();
        }
        ok
    }

    fn write(&self, tx: &mut Tx<'_>, import: ImportId, documents: &mut Vec<Document>) -> Result<(), Failure> {
        let added = self.here.is_none();
        if added {
            tx.insert_conversation(&ConversationRow {
                id: self.id,
                title: self.title(),
                created_at: self.created_at,
                updated_at: self.updated_at,
                archived_at: self.from.archived.then_some(self.updated_at),
                deleted_at: None,
            })?;
            tx.set_conversation_policy(self.id, self.from.policy.as_deref())?;
            tx.insert_imported(self.id, import, self.from.source.as_str(), &self.from.id)?;
            own::filed(self, tx, import)?;
        }
        // Lanes stand before what points at them, their heads after what they point at.
        let before = tx.lanes(self.id)?;
        let policies: HashMap<LaneId, String> = tx
            .lanes_ever(self.id)?
            .into_iter()
            .filter_map(|(lane, _)| Some((lane.id, lane.target.policy?)))
            .collect();
        let known = |lane: &Lane| self.here.as_ref().is_some_and(|here| here.lanes.contains(&lane.id));
        let fresh = self.lane_rows(&HashSet::new()).into_iter().filter(|lane| !known(lane));
        let bare: Vec<Lane> = before.iter().cloned().chain(fresh).collect();
        tx.put_lanes(self.id, &bare)?;
        let mut made = Made::of(self.here.as_ref());
        for (ids, turn) in self.turns.iter().zip(&self.from.turns) {
            self.write_turn(tx, ids, turn, &mut made, documents)?;
        }
        for (ids, turn) in
            self.turns.iter().zip(&self.from.turns).filter(|(ids, _)| made.new.contains(&ids.id))
        {
            let (before, context) = match &turn.own {
                Some(own) => (own.after, own::context(own)?),
                None => (turn.nodes.iter().filter_map(|node| node.parent).map(|(turn, _)| turn).max(), None),
            };
            let before = before.and_then(|place| self.turns.get(place)).map(|turn| turn.id);
            let before = before.filter(|id| made.turns.contains(id));
            tx.link_turn(ids.id, before, context.as_deref())?;
        }
        own::judgements(self, tx, &made.new)?;
        tx.touch_conversation(self.id, self.updated_at)?;
        let ours: HashSet<MessageId> =
            self.turns.iter().flat_map(|turn| turn.answers.iter().map(|(_, id)| *id)).collect();
        let untouched = before.iter().all(|lane| lane.head.is_none_or(|head| ours.contains(&head)));
        if added || untouched {
            let mut rows = self.lane_rows(&made.messages);
            for row in &mut rows {
                // What a lane is kept from here it is kept from, whatever a file says.
                if let Some(policy) = policies.get(&row.id) {
                    row.target.policy = Some(policy.clone());
                }
            }
            tx.put_lanes(self.id, &rows)?;
            let line_up: Vec<Lane> = rows
                .into_iter()
                .zip(&self.from.lanes)
                .filter(|(_, lane)| lane.in_line_up)
                .map(|(row, _)| row)
                .take(crate::LANE_LIMIT)
                .collect();
            if !line_up.is_empty() {
                tx.put_lanes(self.id, &line_up)?;
            }
        } else {
            tx.put_lanes(self.id, &before)?;
        }
        Ok(())
    }

    fn title(&self) -> String {
        if !self.from.title.is_empty() {
            return self.from.title.clone();
        }
        let words = self.from.turns.iter().flat_map(|turn| &turn.prompt).find_map(|part| match part {
            Part::Text { text } => Some(crate::turn::title(text)),
            _ => None,
        });
        words.filter(|title| !title.is_empty()).unwrap_or_else(|| "Imported conversation".to_owned())
    }

    /// Its lanes, with the heads that are there.
    fn lane_rows(&self, there: &HashSet<MessageId>) -> Vec<Lane> {
        let head = |place: (usize, usize)| {
            Some(self.turns.get(place.0)?.answers.get(place.1)?.1).filter(|id| there.contains(id))
        };
        let rows = self.from.lanes.iter().zip(&self.lanes).zip(0..);
        rows.map(|((lane, id), position)| Lane {
            id: *id,
            position,
            // Neither a system prompt nor a setting of a file is ever sent by itself: a lane has the model
            // alone.
            target: LaneTarget {
                // A policy only forbids: what a lane was kept from it is kept from here.
                policy: lane.policy.clone(),
                ..target(lane.model.as_deref(), lane.provider.as_deref())
            },
            head: lane.head.and_then(head),
        })
        .collect()
    }

    fn write_turn(
        &self,
        tx: &mut Tx<'_>,
        ids: &TurnIds,
        turn: &Turn,
        made: &mut Made,
        documents: &mut Vec<Document>,
    ) -> Result<(), Failure> {
        if !self.takes_turn(tx, ids.id)? {
            return Ok(());
        }
        let mut prompt = None;
        for (id, node) in ids.nodes.iter().zip(&turn.nodes) {
            if !self.takes(tx, *id)? {
                continue;
            }
            let content = tx.put_content(&turn.prompt)?;
            prompt = Some(content.clone());
            let parent =
                node.parent.and_then(|(turn, answer)| Some(self.turns.get(turn)?.answers.get(answer)?.1));
            let parent = parent.filter(|id| made.messages.contains(id));
            self.message(tx, *id, parent, Role::User, content, None, ids.at)?;
            made.messages.insert(*id);
        }
        if made.turns.insert(ids.id) {
            made.new.insert(ids.id);
            let created_at = ids.at;
            let prompt = match prompt {
                Some(content) => content,
                None => tx.put_content(&turn.prompt)?,
            };
            tx.insert_turn(&TurnRow { id: ids.id, conversation: self.id, prompt, created_at })?;
            if let Some(note) = turn.own.as_ref().and_then(|own| own.note.as_deref()) {
                tx.put_note(NoteOn::Turn(ids.id), note, created_at)?;
            }
            if let Some(message) = ids.nodes.first() {
                documents.push(self.document(ids, (*message, ids.at), None, None, &turn.prompt));
            }
        }
        for ((run, message), answer) in ids.answers.iter().zip(&turn.answers) {
            let Some(node) = ids.nodes.get(answer.node).filter(|id| made.messages.contains(id)) else {
                continue;
            };
            let at = answer.at.filter(|at| *at >= ids.at && at.0 <= self.latest).unwrap_or(ids.at);
            let row = || self.run_row(ids, *run, *message, *node, answer, at);
            if self.takes(tx, *message)? {
                let content = tx.put_content(&answer.parts)?;
                self.message(tx, *message, Some(*node), Role::Assistant, content, Some(*run), at)?;
                made.messages.insert(*message);
                tx.insert_run(&row())?;
                if let Some(own) = &answer.own {
                    own::facts(self, tx, ids, *run, own)?;
                }
            } else if self.standing(tx, *message, answer)? == Standing::Renewed {
                self.renew(tx, row(), &answer.parts)?;
            } else {
                continue;
            }
            documents.push(self.document(
                ids,
                (*message, at),
                Some(*run),
                answer.model.clone(),
                &answer.parts,
            ));
        }
        Ok(())
    }

    /// Puts what an answer says now in the place of what it said.
    fn renew(&self, tx: &mut Tx<'_>, row: RunRow, parts: &[Part]) -> Result<(), Failure> {
        let content = tx.put_content(parts)?;
        let old = tx.message(row.message)?.map(|message| message.content).filter(|old| *old != content);
        tx.set_message_content(row.message, &content)?;
        tx.update_run(&row)?;
        old.map_or(Ok(()), |old| tx.drop_content(&old))
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    fn message(
        &self,
        tx: &mut Tx<'_>,
        id: MessageId,
        parent: Option<MessageId>,
        role: Role,
        content: ContentId,
        run: Option<RunId>,
        created_at: Timestamp,
    ) -> Result<(), Failure> {
        tx.insert_message(&MessageRow { id, conversation: self.id, parent, role, content, run, created_at })
    }

    fn document(
        &self,
        ids: &TurnIds,
        (message, at): (MessageId, Timestamp),
        run: Option<RunId>,
        model: Option<String>,
        parts: &[Part],
    ) -> Document {
        Document {
            at,
            message,
            conversation: self.id,
            turn: ids.id,
            run,
            cost: None,
            model: model.unwrap_or_default(),
            provider: String::new(),
            parts: parts.to_vec(),
        }
    }

    fn run_row(
        &self,
        ids: &TurnIds,
        id: RunId,
        message: MessageId,
        user_message: MessageId,
        answer: &Answer,
        at: Timestamp,
    ) -> RunRow {
        let own = answer.own.as_deref();
        let mut target = target(answer.model.as_deref(), own.and_then(|own| own.provider.as_deref()));
        target.system.clone_from(&answer.system);
        if let Some(own) = own {
            target.params = own.params.clone();
        }
        let state =
            own.map_or(if answer.cut { RunState::Interrupted } else { RunState::Done }, |own| own.state);
        let saw = match (own, answer.depth) {
            (Some(own), _) => own.saw.clone(),
            (None, 0) => Saw::PromptOnly,
            (None, turns) => Saw::Own { turns },
        };
        RunRow {
            id,
            turn: ids.id,
            lane: self.lanes[answer.lane],
            position: own.map_or_else(|| u32::try_from(answer.lane).unwrap_or(u32::MAX), |own| own.position),
            target,
            user_message,
            message,
            process: ProcessId::new(Uuid::nil()),
            state,
            saw,
            route: Route::default(),
            retry_of: own.and_then(|own| Some(ids.answers.get(own.retry_of?)?.0)),
            finish_reason: own.and_then(|own| own.finish_reason),
            failure: own.and_then(|own| own.failure.clone()),
            notices: own.map(|own| own.notices.clone()).unwrap_or_default(),
            started_at: Some(at),
            ttft: own.and_then(|own| own.ttft),
            duration: own.and_then(|own| own.duration),
            usage: own.and_then(|own| own.usage.clone()),
        }
    }
}

/// What is there of a conversation while it is written, and the turns that are new.
struct Made {
    messages: HashSet<MessageId>,
    turns: HashSet<TurnId>,
    new: HashSet<TurnId>,
}

impl Made {
    fn of(here: Option<&Here>) -> Self {
        Self {
            messages: here.map(|here| here.messages.keys().copied().collect()).unwrap_or_default(),
            turns: here.map(|here| here.turns.clone()).unwrap_or_default(),
            new: HashSet::new(),
        }
    }
}

/// A model by the name a file gives it, as text.
fn target(model: Option<&str>, provider: Option<&str>) -> LaneTarget {
    let model = model.unwrap_or(UNKNOWN).to_owned();
    let provider = provider.map(ProviderId::from);
    LaneTarget {
        model: ModelRef { model, provider },
        system: None,
        params: domain::Params::default(),
        policy: None,
    }
}

/// Where ids come from: made of a foreign file's, those of our own as they are.
struct Ids<'c> {
    from: &'c Conversation,
    stamp: Option<Timestamp>,
}

impl Ids<'_> {
    fn id(&self, kind: &str, key: &str, at: Option<Timestamp>, order: u16) -> Result<Uuid, Reason> {
        if self.from.source == Source::Parallax {
            return key.parse().map_err(|_| Reason::NoId);
        }
        let names = [kind, self.from.source.as_str(), &self.from.id, key];
        Ok(import::stable(at.or(self.stamp), order, &names))
    }
}
