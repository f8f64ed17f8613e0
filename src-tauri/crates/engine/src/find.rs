//! Looking something up in a conversation: on the branch that is on the screen, in what a reader sees of it.
//!
//! A window has only some of the turns of a long conversation, so it is told how often something stands in which turn
//! and finds the very places itself once the turn is there. What is read here is therefore what it draws: Markdown
//! without its marks, and of a turn whose names are hidden nothing but what has been masked.

use crate::{Engine, blind, inner::Inner, present, tasks, view::plain};
use domain::{ContentId, ConversationId, Failure, LaneId, Part, RunState, TurnId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError},
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

/// A content as it is drawn: a prompt as it was typed, an answer as Markdown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Drawn {
    prompt: bool,
    content: ContentId,
}

/// The texts of the conversation that was read last: whoever types goes on to ask.
pub(crate) struct Kept {
    conversation: ConversationId,
    texts: HashMap<Drawn, String>,
}

/// What stands on the branch.
struct Branch {
    turns: Vec<(TurnId, Vec<Drawn>)>,
    /// Answers that are there but must not be read as they were written.
    hidden: Vec<Said>,
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
    let before = inner.read_last.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(text) = text else { return Ok(Vec::new()) };
    let mut kept = before
        .filter(|kept| kept.conversation == conversation)
        .unwrap_or_else(|| Kept { conversation, texts: HashMap::new() });
    let Branch { turns, hidden } = inner.store.read(move |tx| branch(tx, conversation)).await?;
    let mut missing: Vec<Drawn> = turns
        .iter()
        .flat_map(|(_, drawn)| drawn)
        .filter(|drawn| !kept.texts.contains_key(*drawn))
        .collect::<HashSet<_>>()
        .into_iter()
        .cloned()
        .collect();
    while !missing.is_empty() {
        let some = missing.split_off(missing.len().saturating_sub(AT_ONCE));
        let read = inner.store.read(move |tx| contents(tx, some)).await?;
        let texts = tasks::aside(move || {
            let text = |(drawn, parts): (Drawn, Vec<Part>)| (read_out(&drawn, &parts), drawn);
            read.into_iter().map(text).collect::<Vec<_>>()
        });
        kept.texts.extend(texts.await?.into_iter().map(|(text, drawn)| (drawn, text)));
    }
    let needle = folded(&text);
    let mut veiled = masked(inner, hidden, &needle).await?;
    let (found, kept) = tasks::aside(move || {
        let mut found = Vec::new();
        for (place, (turn, drawn)) in (0..).zip(turns) {
            let texts = drawn.iter().filter_map(|drawn| kept.texts.get(drawn));
            let count = texts.map(|text| count(text, &needle)).sum::<u32>();
            let count = count.saturating_add(veiled.remove(&turn).unwrap_or(0));
            if count > 0 {
                found.push(FoundTurn { turn, place, count });
            }
        }
        (found, kept)
    })
    .await?;
    if kept.texts.values().map(String::len).sum::<usize>() <= MOST_KEPT {
        *inner.read_last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
    Ok(found)
}

fn branch(tx: &Tx<'_>, conversation: ConversationId) -> Result<Branch, Failure> {
    let Some(leaf) = tx.leaf(conversation)? else {
        return Ok(Branch { turns: Vec::new(), hidden: Vec::new() });
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
    let mut hidden = Vec::new();
    for said in shown.into_values() {
        if blind.contains(&said.turn) {
            hidden.push(said);
        } else {
            let drawn = Drawn { prompt: false, content: said.content };
            answers.entry(said.turn).or_default().push(drawn);
        }
    }
    let turn = |(turn, prompt): (TurnId, ContentId)| {
        let mut drawn = vec![Drawn { prompt: true, content: prompt }];
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

fn read_out(drawn: &Drawn, parts: &[Part]) -> String {
    folded(&if drawn.prompt { plain(parts) } else { present::words(parts) })
}

/// How often a text stands in the answers of turns whose names are hidden, as they are shown: masked, and not before
/// all of a turn are there.
async fn masked(
    inner: &Arc<Inner>,
    hidden: Vec<Said>,
    needle: &str,
) -> Result<HashMap<TurnId, u32>, Failure> {
    let mut found: HashMap<TurnId, u32> = HashMap::new();
    for said in hidden {
        if said.state != RunState::Done || inner.live.get(said.turn).is_some() {
            continue;
        }
        let text = present::words(&[Part::Text { text: blind::text(inner, said.run).await? }]);
        *found.entry(said.turn).or_default() += count(&folded(&text), needle);
    }
    Ok(found)
}

/// Without the difference of capitals and of kinds of spaces, letter by letter, as the window does it too: there
/// every letter must keep its place.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        let fold = |b: u8| if is_space(char::from(b)) { ' ' } else { char::from(b.to_ascii_lowercase()) };
        return text.bytes().map(fold).collect();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_space(c) => out.push(' '),
            'İ' => out.push('i'),
            'Σ' | 'ς' => out.push('σ'),
            c => out.extend(c.to_lowercase()),
        }
    }
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
    if is_blank(needle) {
        return 0;
    }
    u32::try_from(text.matches(needle).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_kinds_of_spaces_make_no_difference() {
        assert_eq!(folded("Two\n\tWORDS"), "two  words");
        assert_eq!(folded("ÄRGER İzmir\u{a0}ΟΔΟΣ 東京"), "ärger izmir οδοσ 東京");
        assert_eq!(count("ana banana", "ana"), 2, "one does not begin in another");
        assert_eq!(count("a  b", " "), 0);
        assert_eq!(count("anything", ""), 0);
    }

    #[test]
    fn spaces_are_those_of_the_window() {
        // White space and line ends of ECMA-262, which `\\s` matches.
        let spaces: String =
            (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| folded(&c.to_string()) == " ").collect();
        let theirs = "\t\n\u{b}\u{c}\r \u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\
                      \u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
        assert_eq!(spaces, theirs);
        assert_eq!(folded("a\u{b}b"), "a b");
        assert_eq!(folded("ä\u{b}\u{85}\u{feff}b"), "ä \u{85} b");
    }
}
