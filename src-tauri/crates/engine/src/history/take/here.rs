//! What is here already of a conversation that a file brings: by what it is called there, whatever the ids that rows got
//! when they came were made of.

use super::{Ids, Rows};
use domain::{ConversationId, Failure, ImportId, LaneId, MessageId, Part, RunId, RunState, TurnId};
use import::{Answer, Shared, Source, Turn};
use std::collections::{HashMap, HashSet};
use store::{ConversationRow, MessageRow, Tx};
use uuid::Uuid;

/// What is here of a conversation.
pub(super) struct Here {
    pub row: ConversationRow,
    /// The import that brought it; `None` = it was begun here.
    pub import: Option<ImportId>,
    /// It came from a file, and nobody has done anything in it.
    pub untouched: bool,
    pub messages: HashMap<MessageId, MessageRow>,
    pub turns: HashSet<TurnId>,
    pub lanes: HashSet<LaneId>,
    broken_off: HashSet<MessageId>,
}

/// How something of a file stands to what is here of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It says the same.
    Same,
    /// It is longer or finished now, and takes the place of what is here.
    Renewed,
    /// It says something else; what is here stays.
    Differs,
}

impl Here {
    pub(super) fn of(tx: &Tx<'_>, row: ConversationRow) -> Result<Self, Failure> {
        let id = row.id;
        let import = tx.import_of(id)?;
        Ok(Self {
            import,
            untouched: import.is_some() && !tx.is_used(id)?,
            messages: tx.messages(id)?.into_iter().map(|row| (row.id, row)).collect(),
            turns: tx.turn_tree(id)?.into_iter().map(|place| place.turn).collect(),
            lanes: tx.lanes_ever(id)?.into_iter().map(|(lane, _)| lane.id).collect(),
            broken_off: tx.broken_off(id)?.into_iter().collect(),
            row,
        })
    }

    /// How the words of a prompt stand.
    pub(super) fn prompt(&self, tx: &Tx<'_>, id: MessageId, parts: &[Part]) -> Result<Standing, Failure> {
        Ok(match self.words(tx, id, parts)? {
            Some((was, is)) if was.words != is.words => Standing::Differs,
            _ => Standing::Same,
        })
    }

    /// How an answer stands. With `files_to_come` its files are still to be asked for.
    pub(super) fn answer(
        &self,
        tx: &Tx<'_>,
        id: MessageId,
        answer: &Answer,
        files_to_come: bool,
    ) -> Result<Standing, Failure> {
        let state = answer.own.as_ref().map(|own| own.state);
        let finished =
            self.broken_off.contains(&id) && !answer.cut && state.is_none_or(|s| s == RunState::Done);
        let Some((was, is)) = self.words(tx, id, &answer.parts)? else {
            return Ok(if finished && self.untouched { Standing::Renewed } else { Standing::Same });
        };
        let same = was.words == is.words;
        // Files that came along once stay, also where a later file has notes in their places.
        let better = (finished || is.goes_on_from(&was)) && (files_to_come || is.files >= was.files);
        Ok(if self.untouched && better {
            Standing::Renewed
        } else if same {
            Standing::Same
        } else {
            Standing::Differs
        })
    }

    /// What is here and what is there; `None` = they are the same to the letter.
    fn words(&self, tx: &Tx<'_>, id: MessageId, parts: &[Part]) -> Result<Option<(Said, Said)>, Failure> {
        let Some(row) = self.messages.get(&id) else { return Ok(None) };
        if store::content_id(parts)? == row.content {
            return Ok(None);
        }
        Ok(Some((Said::here(tx, row)?, Said::of(parts))))
    }
}

/// What parts say, without the files among them and the notes that stand in their places.
#[derive(PartialEq, Eq)]
struct Said {
    words: String,
    files: usize,
}

impl Said {
    fn here(tx: &Tx<'_>, row: &MessageRow) -> Result<Self, Failure> {
        Ok(Self::of(&tx.content(&row.content)?.unwrap_or_default()))
    }

    /// Is it all of that, and more at one place?
    fn goes_on_from(&self, was: &Self) -> bool {
        let (is, was) = (self.words.as_bytes(), was.words.as_bytes());
        let same = |(a, b): &(&u8, &u8)| a == b;
        let before = is.iter().zip(was).take_while(same).count();
        let behind = is.iter().rev().zip(was.iter().rev()).take_while(same).count();
        is.len() > was.len() && before + behind >= was.len()
    }

    fn of(parts: &[Part]) -> Self {
        let mut said = Self { words: String::new(), files: 0 };
        for part in parts {
            let words = match part {
                Part::Text { text }
                | Part::System { text }
                | Part::Refusal { text }
                | Part::Reasoning { text, .. }
                | Part::ServerTool { text, .. }
                | Part::ToolCall { arguments: text, .. }
                | Part::ToolResult { content: text, .. } => text,
                Part::Attachment(_) | Part::Image { .. } | Part::File { .. } => {
                    said.files += 1;
                    continue;
                }
                _ => continue,
            };
            said.words.extend(import::without_notes(words).chars().filter(|c| !c.is_whitespace()));
        }
        said
    }
}

/// What of an id is made of names alone, and not of a time.
type Name = [u8; 8];

fn name(id: Uuid) -> Name {
    let mut name = Name::default();
    name.copy_from_slice(&id.as_bytes()[8..]);
    name
}

/// By name. Of two that share one, which two exports of a conversation may have brought, the first.
fn by_name<T: Copy + Ord>(ids: impl Iterator<Item = T>, uuid: fn(T) -> Uuid) -> HashMap<Name, T> {
    let mut ids: Vec<T> = ids.collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.into_iter().map(|id| (name(uuid(id)), id)).collect()
}

/// What is here, by name.
struct Known {
    turns: HashMap<Name, TurnId>,
    lanes: HashMap<Name, LaneId>,
    messages: HashMap<Name, MessageId>,
}

impl Rows<'_> {
    /// Looks for the conversation and gives its rows the ids that they have here.
    pub(super) fn find(&mut self, tx: &Tx<'_>) -> Result<(), Failure> {
        let own = self.from.source == Source::Parallax;
        if !own && let Some(home) = self.home(tx)? {
            self.id = home;
        }
        let Some(row) = tx.conversation(self.id)? else { return Ok(()) };
        let here = Here::of(tx, row)?;
        if !own {
            let known = Known {
                turns: by_name(here.turns.iter().copied(), |id: TurnId| id.uuid()),
                lanes: by_name(here.lanes.iter().copied(), |id: LaneId| id.uuid()),
                messages: by_name(here.messages.keys().copied(), |id: MessageId| id.uuid()),
            };
            self.turns_here(tx, &here, &known)?;
            self.lanes_here(tx, &here, &known)?;
        }
        self.here = Some(here);
        Ok(())
    }

    fn home(&self, tx: &Tx<'_>) -> Result<Option<ConversationId>, Failure> {
        let called = tx.imported_as(self.from.source.as_str(), &self.from.id)?;
        if called.is_some() || tx.conversation(self.id)?.is_some() {
            return Ok(called.or(Some(self.id)));
        }
        // It may have come by a file of our own, from where it was imported.
        for turn in &self.turns {
            if let Some(row) = tx.turn(turn.id)? {
                return Ok(Some(row.conversation));
            }
        }
        Ok(None)
    }

    fn turns_here(&mut self, tx: &Tx<'_>, here: &Here, known: &Known) -> Result<(), Failure> {
        let ids = Ids { from: self.from, stamp: self.from.created_at };
        for (rows, turn) in self.turns.iter_mut().zip(&self.from.turns) {
            rows.id = known.turns.get(&name(rows.id.uuid())).copied().unwrap_or(rows.id);
            for node in &mut rows.nodes {
                *node = known.messages.get(&name(node.uuid())).copied().unwrap_or(*node);
            }
            let ways = Ways { ids: &ids, known, turn };
            ways.settle(tx, here, &mut rows.answers)?;
            for (run, message) in &mut rows.answers {
                if let Some(known) = here.messages.get(message).and_then(|row| row.run) {
                    *run = known;
                }
            }
        }
        Ok(())
    }

    /// A lane is the one that its answers are in; which number it has there may have changed.
    fn lanes_here(&mut self, tx: &Tx<'_>, here: &Here, known: &Known) -> Result<(), Failure> {
        let mut found: Vec<Option<LaneId>> = vec![None; self.lanes.len()];
        let mut taken = HashSet::new();
        for (rows, turn) in self.turns.iter().zip(&self.from.turns) {
            for ((run, message), answer) in rows.answers.iter().zip(&turn.answers) {
                let Some(place) = found.get_mut(answer.lane).filter(|place| place.is_none()) else {
                    continue;
                };
                if here.messages.contains_key(message)
                    && let Some(lane) = tx.run(*run)?.map(|run| run.lane)
                    && here.lanes.contains(&lane)
                    && taken.insert(lane)
                {
                    *place = Some(lane);
                }
            }
        }
        let ids = Ids { from: self.from, stamp: self.from.created_at };
        for (number, (lane, found)) in self.lanes.iter_mut().zip(found).enumerate() {
            let mut key = number.to_string();
            let mut next =
                found.unwrap_or_else(|| known.lanes.get(&name(lane.uuid())).copied().unwrap_or(*lane));
            // Another lane of the file may have this one, or another conversation.
            while found.is_none()
                && (taken.contains(&next) || (!here.lanes.contains(&next) && tx.lane(next)?.is_some()))
            {
                key.push('+');
                let Ok(made) = ids.id("lane", &key, self.from.created_at, 0) else { break };
                next = known.lanes.get(&name(made)).copied().unwrap_or_else(|| LaneId::new(made));
            }
            taken.insert(next);
            *lane = next;
        }
        Ok(())
    }
}

/// The answers of a turn.
struct Ways<'a> {
    ids: &'a Ids<'a>,
    known: &'a Known,
    turn: &'a Turn,
}

impl Ways<'_> {
    /// The message that is here of an answer under this key.
    fn called(&self, answer: &Answer, key: &str) -> Option<MessageId> {
        let id = self.ids.id("answer", key, answer.at, 0).ok()?;
        self.known.messages.get(&name(id)).copied()
    }

    fn settle(&self, tx: &Tx<'_>, here: &Here, rows: &mut [(RunId, MessageId)]) -> Result<(), Failure> {
        let mut taken: HashSet<MessageId> = HashSet::new();
        let mut open: Vec<(usize, &Shared)> = Vec::new();
        for (place, (answer, row)) in self.turn.answers.iter().zip(rows.iter_mut()).enumerate() {
            match answer.shared.as_deref() {
                None => {
                    if let Some(known) = self.known.messages.get(&name(row.1.uuid())) {
                        row.1 = *known;
                    }
                    taken.insert(row.1);
                }
                // By what is its alone it is known for certain.
                Some(shared) => {
                    let own = shared.alone.iter().find_map(|key| self.called(answer, key));
                    match own.filter(|id| taken.insert(*id)) {
                        Some(id) => row.1 = id,
                        None => open.push((place, shared)),
                    }
                }
            }
        }
        // What goes by the message that several share says itself which of them it is.
        let mut groups: Vec<Vec<(usize, &Shared)>> = Vec::new();
        let mut of: HashMap<&str, usize> = HashMap::new();
        for (place, one) in open {
            let group = *of.entry(&one.first).or_insert(groups.len());
            match groups.get_mut(group) {
                Some(group) => group.push((place, one)),
                None => groups.push(vec![(place, one)]),
            }
        }
        for group in groups {
            let answer = |place: usize| &self.turn.answers[place];
            let old = group.first().and_then(|(place, one)| self.called(answer(*place), &one.first));
            let old = old.filter(|id| taken.insert(*id));
            let heir = match old.and_then(|old| here.messages.get(&old)) {
                None => None,
                Some(row) => {
                    let was = Said::here(tx, row)?;
                    let says_it =
                        |(place, _): &&(usize, _)| Said::of(&answer(*place).parts).words == was.words;
                    let heir = group.iter().find(says_it).map(|(place, _)| *place);
                    let named = group.iter().find(|(place, one)| answer(*place).key == one.first);
                    heir.or(named.or(group.first()).map(|(place, _)| *place))
                }
            };
            for (place, one) in group {
                if Some(place) == heir {
                    rows[place].1 = old.unwrap_or(rows[place].1);
                } else if old.is_some() && answer(place).key == one.first {
                    self.rename(place, &mut rows[place], one);
                }
            }
        }
        Ok(())
    }

    /// The name it would go by is another's here: its last message names it.
    fn rename(&self, place: usize, row: &mut (RunId, MessageId), shared: &Shared) {
        let answer = &self.turn.answers[place];
        let Some(last) = shared.alone.first() else { return };
        let order = u16::try_from(place).unwrap_or(u16::MAX);
        let made = self.ids.id("run", last, self.turn.at, order);
        if let (Ok(run), Ok(message)) = (made, self.ids.id("answer", last, answer.at, 0)) {
            *row = (RunId::new(run), MessageId::new(message));
        }
    }
}
