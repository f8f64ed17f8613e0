//! Looking something up in a conversation: on the branch that is on the screen, in what a reader sees of it.
//!
//! A window has only some of the turns of a long conversation, so it is told how often something stands in which turn
//! and finds the very places itself once the turn is there. What is read here is therefore what it draws: Markdown
//! without its marks, and of a turn whose names are hidden nothing but what has been masked.

use crate::{Engine, blind, inner::Inner, live::lock, present, tasks, view::plain};
use domain::{ContentId, ConversationId, Failure, LaneId, ModelRef, Part, RunState, TurnId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    future::Future,
    sync::{Arc, Weak},
};
use store::{Said, Tx};

/// Contents read at once: others wait for the database too.
const AT_ONCE: usize = 500;
/// Most text that is kept for the next question, in bytes.
const MOST_KEPT: usize = 64 * 1024 * 1024;

/// A turn in which something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FoundTurn {
    /// Which.
    pub turn: TurnId,
    /// How many turns of the branch come before it.
    pub place: u32,
    /// How often it stands there, in the prompt and the answers that are shown.
    pub count: u32,
}

/// A content as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Drawn {
    how: How,
    content: ContentId,
}

/// How a content is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum How {
    /// A prompt, as it was typed.
    Prompt,
    /// An answer, as Markdown.
    Answer,
    /// An answer without these names.
    Masked(Arc<[String]>),
}

/// The conversation that was read last. It is held until it is given up or another is asked for; questions that are
/// still being answered then keep it among themselves, and the last of them frees it.
#[derive(Default)]
pub(crate) struct ReadLast {
    held: Option<Arc<Kept>>,
    known: Weak<Kept>,
}

impl ReadLast {
    /// What has been read of a conversation.
    fn of(&mut self, conversation: ConversationId) -> Arc<Kept> {
        let known = self.known.upgrade().filter(|kept| kept.conversation == conversation);
        let kept = known.unwrap_or_else(|| Arc::new(Kept { conversation, texts: Default::default() }));
        self.known = Arc::downgrade(&kept);
        self.held = Some(Arc::clone(&kept));
        kept
    }

    fn give_up(&mut self) {
        self.held = None;
    }
}

/// The texts of a conversation: whoever types goes on to ask.
struct Kept {
    conversation: ConversationId,
    /// Whoever reads locks them, so that the next question waits for what is being read instead of reading it too.
    texts: tokio::sync::Mutex<Texts>,
}

#[derive(Default)]
struct Texts {
    texts: HashMap<Drawn, Arc<str>>,
    /// Bytes in all of them.
    bytes: usize,
}

impl Texts {
    /// Keeps a text if there is room for it.
    fn keep(&mut self, drawn: Drawn, text: &Arc<str>, most: usize) {
        if self.bytes.saturating_add(text.len()) <= most && !self.texts.contains_key(&drawn) {
            self.bytes += text.len();
            self.texts.insert(drawn, Arc::clone(text));
        }
    }

    fn retain(&mut self, wanted: impl Fn(&Drawn) -> bool) {
        self.texts.retain(|drawn, _| wanted(drawn));
        self.bytes = self.texts.values().map(|text| text.len()).sum();
    }
}

/// What stands on the branch.
struct Branch {
    turns: Vec<(TurnId, Vec<Drawn>)>,
    /// Of turns whose names are hidden the answers, and by whom they may be: they must not be read as they were
    /// written.
    hidden: HashMap<TurnId, Hidden>,
}

struct Hidden {
    asked: Vec<ModelRef>,
    served: Vec<String>,
    answers: Vec<ContentId>,
}

impl Engine {
    /// In which turns on the screen of a conversation a text stands, the oldest first. An empty one stands nowhere,
    /// but what is needed for the next is made ready; with `None` that is given up.
    pub async fn find_in(
        &self,
        conversation: ConversationId,
        text: Option<String>,
    ) -> Result<Vec<FoundTurn>, Failure> {
        find(&self.inner, conversation, text).await
    }
}

async fn find(
    inner: &Arc<Inner>,
    conversation: ConversationId,
    text: Option<String>,
) -> Result<Vec<FoundTurn>, Failure> {
    let Some(text) = text else {
        lock(&inner.read_last).give_up();
        return Ok(Vec::new());
    };
    let kept = lock(&inner.read_last).of(conversation);
    let branch = inner.store.read(move |tx| branch(tx, conversation)).await?;
    let turns = masked(inner, branch);
    let wanted: HashSet<Drawn> = turns.iter().flat_map(|(_, drawn)| drawn).cloned().collect();
    let texts = filled(&kept, wanted, MOST_KEPT, |some| async {
        let read = inner.store.read(move |tx| contents(tx, some)).await?;
        tasks::aside(move || {
            read.into_iter().map(|(drawn, parts)| (read_out(&drawn, &parts), drawn)).collect()
        })
        .await
    })
    .await?;
    let needle = folded(&text);
    if is_blank(&needle) {
        return Ok(Vec::new());
    }
    tasks::aside(move || {
        let mut found = Vec::new();
        for (place, (turn, drawn)) in (0..).zip(turns) {
            let texts = drawn.iter().filter_map(|drawn| texts.get(drawn));
            let count = texts.fold(0_u32, |sum, text| sum.saturating_add(count(text, &needle)));
            if count > 0 {
                found.push(FoundTurn { turn, place, count });
            }
        }
        found
    })
    .await
}

/// The texts of what is wanted: those that are kept, and the others by `read`. What is read is kept as far as there is
/// room, also if nobody waits for the end.
async fn filled<Reading>(
    kept: &Kept,
    wanted: HashSet<Drawn>,
    most: usize,
    read: impl Fn(Vec<Drawn>) -> Reading,
) -> Result<HashMap<Drawn, Arc<str>>, Failure>
where
    Reading: Future<Output = Result<Vec<(Arc<str>, Drawn)>, Failure>>,
{
    let mut kept = kept.texts.lock().await;
    // Nobody asks for a masked text again once its names are seen.
    kept.retain(|drawn| !matches!(drawn.how, How::Masked(_)) || wanted.contains(drawn));
    let mut texts = HashMap::with_capacity(wanted.len());
    let mut missing = Vec::new();
    for drawn in &wanted {
        match kept.texts.get(drawn) {
            Some(text) => drop(texts.insert(drawn.clone(), Arc::clone(text))),
            None => missing.push(drawn.clone()),
        }
    }
    while !missing.is_empty() {
        let some = missing.split_off(missing.len().saturating_sub(AT_ONCE));
        let read = read(some).await?;
        if kept.bytes + read.iter().map(|(text, _)| text.len()).sum::<usize>() > most {
            // Other branches make room first.
            kept.retain(|drawn| wanted.contains(drawn));
        }
        for (text, drawn) in read {
            kept.keep(drawn.clone(), &text, most);
            texts.insert(drawn, text);
        }
    }
    Ok(texts)
}

fn branch(tx: &Tx<'_>, conversation: ConversationId) -> Result<Branch, Failure> {
    let Some(leaf) = tx.leaf(conversation)? else {
        return Ok(Branch { turns: Vec::new(), hidden: HashMap::new() });
    };
    let blind: HashSet<TurnId> = tx
        .blind_turns(conversation)?
        .into_iter()
        .filter(|row| row.revealed_at.is_none())
        .map(|row| row.turn)
        .collect();
    // Of a lane that was asked again one answer is shown: the one that was chosen, else the newest.
    let mut shown: HashMap<(TurnId, LaneId), Said> = HashMap::new();
    for said in tx.said_on(leaf)? {
        let key = (said.turn, said.lane);
        let better = |known: &Said| (said.shown, said.run) > (known.shown, known.run);
        if shown.get(&key).is_none_or(better) {
            shown.insert(key, said);
        }
    }
    let mut answers: HashMap<TurnId, Vec<Drawn>> = HashMap::new();
    let mut hidden: HashMap<TurnId, Hidden> = HashMap::new();
    for said in shown.into_values() {
        if !blind.contains(&said.turn) {
            let drawn = Drawn { how: How::Answer, content: said.content };
            answers.entry(said.turn).or_default().push(drawn);
        } else if said.state == RunState::Done {
            let of = match hidden.entry(said.turn) {
                Entry::Occupied(of) => of.into_mut(),
                Entry::Vacant(of) => {
                    let (asked, served) = blind::whose(tx, said.turn)?;
                    of.insert(Hidden { asked, served, answers: Vec::new() })
                }
            };
            of.answers.push(said.content);
        }
    }
    let turn = |(turn, prompt): (TurnId, ContentId)| {
        let mut drawn = vec![Drawn { how: How::Prompt, content: prompt }];
        drawn.extend(answers.remove(&turn).unwrap_or_default());
        (turn, drawn)
    };
    Ok(Branch { turns: tx.asked_on(leaf)?.into_iter().map(turn).collect(), hidden })
}

fn contents(tx: &Tx<'_>, wanted: Vec<Drawn>) -> Result<Vec<(Drawn, Vec<Part>)>, Failure> {
    let read = |drawn: Drawn| {
        let parts = tx.content(&drawn.content)?.unwrap_or_default();
        Ok((drawn, parts))
    };
    wanted.into_iter().map(read).collect()
}

fn read_out(drawn: &Drawn, parts: &[Part]) -> Arc<str> {
    let text = match &drawn.how {
        How::Prompt => plain(parts),
        How::Answer => present::words(parts),
        How::Masked(names) => present::words(&[Part::Text { text: blind::masked(names, &plain(parts)) }]),
    };
    folded(&text).into()
}

/// The turns with the answers of those whose names are hidden as they are shown: masked, and not before all of a turn
/// are there. Which names are masked is part of what is read, so that a new one is never missing from what is kept.
fn masked(inner: &Inner, branch: Branch) -> Vec<(TurnId, Vec<Drawn>)> {
    let Branch { mut turns, mut hidden } = branch;
    for (turn, drawn) in &mut turns {
        let Some(Hidden { asked, served, answers }) = hidden.remove(turn) else { continue };
        if inner.live.get(*turn).is_some() {
            continue;
        }
        let names: Arc<[String]> = blind::names(inner, &asked, &served).into();
        let answer = |content| Drawn { how: How::Masked(Arc::clone(&names)), content };
        drawn.extend(answers.into_iter().map(answer));
    }
    turns
}

/// As it is looked for everywhere, and without the difference of kinds of spaces, and of one space and many, as the
/// window does it too: a paragraph draws many as one.
fn folded(text: &str) -> String {
    let evened: String = text.chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    let mut out = store::fold(&evened);
    let mut spaced = false;
    out.retain(|c| {
        let again = spaced && c == ' ';
        spaced = c == ' ';
        !again
    });
    out
}

/// What the window's `\s` matches: the sign of byte order too, and not the control character for a next line.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// Nothing but spaces, of a folded text.
fn is_blank(needle: &str) -> bool {
    needle.bytes().all(|b| b == b' ')
}

fn count(text: &str, needle: &str) -> u32 {
    u32::try_from(text.matches(needle).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
