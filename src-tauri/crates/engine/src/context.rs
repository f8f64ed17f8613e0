//! What a lane is shown of its conversation: resolved from the policy when a prompt is sent, stored with the
//! run, and built into the messages of its request from there.
//!
//! A lane's own branch is the path of the message tree that ends at its head. Where a lane is shown more than
//! one branch can hold, the answers of the others stand before the next prompt, each under the letter of its
//! column and the name of its model.

use crate::{beside, seam, view};
use domain::{
    ContextPolicy, ConversationId, ErrorKind, Failure, Lane, LaneId, LaneTarget, Message, MessageId, Part,
    Request, Role, RunId, Saw, TurnId, say,
};
use serde::{Deserialize, Serialize};
use std::{cell::OnceCell, fmt::Write as _};
use store::{MessageRow, RunRow, Tx};

/// Which lanes a prompt goes to, and where in the tree it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// These lanes alone; empty = every lane of the line-up.
    pub lanes: Vec<LaneId>,
    /// Beside this turn, as another wording of its prompt; `None` = after the last turn on the screen.
    pub beside: Option<TurnId>,
}

/// An earlier turn as a lane is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Earlier {
    /// Which; its prompt is shown.
    pub turn: TurnId,
    /// The lane's own answer in it.
    pub own: Option<MessageId>,
    /// Letter of the lane's own column in it.
    pub letter: Option<String>,
    /// The answers of others.
    pub others: Vec<Other>,
}

/// An answer of another lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Other {
    /// Letter of its column.
    pub letter: String,
    /// Display name of its model.
    pub model: String,
    /// The answer.
    pub message: MessageId,
}

/// What a lane is about to be shown.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The message its prompt follows.
    pub parent: Option<MessageId>,
    /// For the chip on the answer.
    pub saw: Saw,
    /// More than the branch that ends at `parent`, which then is not used.
    pub earlier: Option<Vec<Earlier>>,
    /// Answers in it that are still being written.
    pub unfinished: Vec<RunId>,
    said: Said,
}

/// What was said before a prompt.
#[derive(Debug, Default)]
struct Said {
    messages: Vec<Message>,
    /// Stands in the same message as the prompt, before it.
    quoted: Option<String>,
}

impl Said {
    fn then(self, prompt: &[Part]) -> Vec<Message> {
        let mut messages = self.messages;
        messages.push(user(self.quoted, prompt));
        messages
    }
}

impl Shown {
    /// After this message, of an answer whose request is put together elsewhere.
    pub(crate) fn after(parent: Option<MessageId>, saw: Saw) -> Self {
        Self { parent, saw, earlier: None, unfinished: Vec::new(), said: Said::default() }
    }

    /// With the prompt behind it.
    pub(crate) fn then(self, prompt: &[Part]) -> Vec<Message> {
        self.said.then(prompt)
    }
}

/// A turn of the branch on the screen, with the answer that is shown of each lane, from the left.
struct Passed {
    turn: TurnId,
    runs: Vec<RunRow>,
}

/// Where a prompt is to stand.
pub(crate) struct Standing<'a> {
    pub policy: ContextPolicy,
    /// The turn it stands after.
    pub after: Option<TurnId>,
    beside: Option<TurnId>,
    name: &'a dyn Fn(&domain::ModelRef) -> String,
    path: OnceCell<Vec<Passed>>,
}

impl<'a> Standing<'a> {
    /// After the last turn on the screen, or beside another one under the policy that one was sent under.
    pub(crate) fn new(
        tx: &Tx<'_>,
        conversation: ConversationId,
        policy: &ContextPolicy,
        at: &At,
        name: &'a dyn Fn(&domain::ModelRef) -> String,
    ) -> Result<Self, Failure> {
        let path = OnceCell::new();
        let Some(beside) = at.beside else {
            let (policy, after) = (policy.clone(), tx.leaf(conversation)?);
            return Ok(Self { policy, after, beside: None, name, path });
        };
        let row = tx.turn(beside)?.filter(|row| row.conversation == conversation);
        if row.is_none() {
            return Err(Failure::new(
                ErrorKind::RequestInvalid,
                say!("The prompt to be written anew is not in this conversation."),
            ));
        }
        let policy = tx.turn_context(beside)?.and_then(|text| serde_json::from_str(&text).ok());
        let after = tx.turn_parent(beside)?;
        Ok(Self { policy: policy.unwrap_or_default(), after, beside: Some(beside), name, path })
    }

    /// What one lane is shown.
    pub(crate) fn lane(&self, tx: &Tx<'_>, lane: &Lane) -> Result<Shown, Failure> {
        let head = self.head(tx, lane)?;
        match &self.policy {
            ContextPolicy::Own => branch(tx, lane, head),
            ContextPolicy::From { message } => branch(tx, lane, Some(*message)),
            ContextPolicy::Winner => {
                let picked = self.after.map(|turn| tx.picked(turn)).transpose()?.flatten();
                match picked {
                    Some(best) => branch(tx, lane, Some(best)),
                    None => branch(tx, lane, head).map(|shown| match shown.saw {
                        Saw::Own { turns } if self.after.is_some() => {
                            Shown { saw: Saw::NoPick { turns }, ..shown }
                        }
                        _ => shown,
                    }),
                }
            }
            ContextPolicy::All => {
                let lanes: Vec<LaneId> =
                    self.path(tx)?.iter().flat_map(|passed| passed.runs.iter().map(|run| run.lane)).collect();
                self.together(tx, lane, head, &lanes, true)
            }
            ContextPolicy::Custom { lanes } => {
                match lanes.iter().find(|chosen| chosen.lane == lane.id).map(|chosen| &*chosen.sees) {
                    None => branch(tx, lane, head),
                    Some([]) => branch(tx, lane, None),
                    Some([one]) if *one == lane.id => branch(tx, lane, head),
                    Some([one]) => {
                        let other = tx.lane(*one)?.ok_or_else(gone)?;
                        let head = self.head(tx, &other)?;
                        branch(tx, lane, head)
                    }
                    Some(several) => self.together(tx, lane, head, several, false),
                }
            }
        }
    }

    /// Where a lane stands: at its head, or where it stood before the turn that is written anew.
    fn head(&self, tx: &Tx<'_>, lane: &Lane) -> Result<Option<MessageId>, Failure> {
        let Some(beside) = self.beside else { return Ok(lane.head) };
        if self.policy == ContextPolicy::Own
            && let Some(run) = tx.runs(beside)?.into_iter().rev().find(|run| run.lane == lane.id)
        {
            return Ok(tx.message(run.user_message)?.and_then(|row| row.parent));
        }
        Ok(self.after.map(|turn| tx.lane_at(lane.id, turn)).transpose()?.flatten())
    }

    fn path(&self, tx: &Tx<'_>) -> Result<&[Passed], Failure> {
        if self.path.get().is_none() {
            let turns = self.after.map(|leaf| tx.turn_path(leaf)).transpose()?.unwrap_or_default();
            let mut path = Vec::new();
            for turn in turns {
                path.push(Passed { turn, runs: shown_runs(tx, turn)? });
            }
            // Nobody else can have set it: this is one thread.
            let _ = self.path.set(path);
        }
        Ok(self.path.get().map_or(&[], Vec::as_slice))
    }

    /// Several lanes' answers side by side.
    fn together(
        &self,
        tx: &Tx<'_>,
        lane: &Lane,
        head: Option<MessageId>,
        sees: &[LaneId],
        all: bool,
    ) -> Result<Shown, Failure> {
        let mut earlier = Vec::new();
        let mut unfinished = Vec::new();
        let mut models: Vec<(u32, String)> = Vec::new();
        let mut answers = 0_u32;
        for passed in self.path(tx)? {
            let mut one = Earlier { turn: passed.turn, own: None, letter: None, others: Vec::new() };
            for (place, run) in passed.runs.iter().enumerate() {
                if !sees.contains(&run.lane) {
                    continue;
                }
                if !run.state.is_final() {
                    unfinished.push(run.id);
                } else if answer(tx, run.message)?.is_none() {
                    continue;
                }
                answers = answers.saturating_add(1);
                let model = run.target.model.to_string();
                if !models.iter().any(|(_, known)| *known == model) {
                    models.push((run.position, model));
                }
                if run.lane == lane.id {
                    (one.own, one.letter) = (Some(run.message), Some(letter(place)));
                } else {
                    let model = (self.name)(&run.target.model);
                    one.others.push(Other { letter: letter(place), model, message: run.message });
                }
            }
            earlier.push(one);
        }
        let turns = u32::try_from(earlier.len()).unwrap_or(u32::MAX);
        models.sort();
        let saw = if answers == 0 {
            Saw::PromptOnly
        } else if all {
            Saw::All { turns, answers }
        } else {
            Saw::Chosen { models: models.into_iter().map(|(_, model)| model).collect(), turns }
        };
        let said = side_by_side(tx, &earlier)?;
        let earlier = (turns > 0).then_some(earlier);
        Ok(Shown { parent: head, saw, earlier, unfinished, said })
    }
}

fn gone() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("A lane whose answers were to be shown is gone."))
}

/// The answers of a turn that are shown, from the left, one of each lane.
pub(crate) fn shown_runs(tx: &Tx<'_>, turn: TurnId) -> Result<Vec<RunRow>, Failure> {
    let chosen = tx.shown_runs(turn)?;
    let mut runs: Vec<RunRow> = Vec::new();
    for run in tx.runs(turn)? {
        match runs.iter_mut().find(|known| known.lane == run.lane) {
            Some(known) if chosen.contains(&known.id) => {}
            Some(known) => *known = run,
            None => runs.push(run),
        }
    }
    runs.sort_by_key(|run| run.position);
    Ok(runs)
}

/// The path that ends at one message, and nothing else.
fn branch(tx: &Tx<'_>, lane: &Lane, parent: Option<MessageId>) -> Result<Shown, Failure> {
    let rows = parent.map(|leaf| tx.branch(leaf)).transpose()?.unwrap_or_default();
    let turns = u32::try_from(rows.iter().filter(|(row, _)| row.role == Role::User).count());
    let turns = turns.unwrap_or(u32::MAX);
    let last = rows.last().and_then(|(row, _)| row.run).map(|run| tx.run(run)).transpose()?.flatten();
    let unfinished = last.iter().filter(|run| !run.state.is_final()).map(|run| run.id).collect();
    let saw = match last {
        _ if turns == 0 => Saw::PromptOnly,
        Some(run) if run.lane != lane.id => Saw::Other { model: run.target.model.to_string(), turns },
        _ => Saw::Own { turns },
    };
    let said = Said { messages: spoken(&rows), quoted: None };
    Ok(Shown { parent, saw, earlier: None, unfinished, said })
}

/// `A` is the leftmost column.
fn letter(place: usize) -> String {
    let letter = u32::try_from(place).ok().and_then(|place| char::from_u32('A' as u32 + place));
    letter.filter(char::is_ascii_uppercase).map_or_else(|| (place + 1).to_string(), String::from)
}

/// What an answer says; `None` = nothing came.
fn answer(tx: &Tx<'_>, message: MessageId) -> Result<Option<Vec<Part>>, Failure> {
    let row = tx.message(message)?;
    let parts = row.map(|row| tx.content(&row.content)).transpose()?.flatten();
    Ok(parts.filter(|parts| !parts.is_empty()))
}

/// Has it ended with anything to compare?
pub(crate) fn says_something(tx: &Tx<'_>, run: &RunRow) -> Result<bool, Failure> {
    Ok(run.state.is_final() && answer(tx, run.message)?.is_some())
}

/// Earlier turns as they are shown to a lane.
fn side_by_side(tx: &Tx<'_>, earlier: &[Earlier]) -> Result<Said, Failure> {
    let mut messages = Vec::new();
    let mut before = None;
    for one in earlier {
        let asked = tx.turn(one.turn)?.map(|row| tx.content(&row.prompt)).transpose()?.flatten();
        messages.push(user(before.take(), &asked.unwrap_or_default()));
        if let Some(parts) = one.own.map(|own| answer(tx, own)).transpose()?.flatten() {
            messages.push(Message { role: Role::Assistant, parts: seam::mended(&parts) });
        }
        let mut said = Vec::new();
        for other in &one.others {
            let text = answer(tx, other.message)?.map(|parts| view::plain(&parts)).unwrap_or_default();
            if !text.is_empty() {
                said.push((other, text));
            }
        }
        before = quoted(one.letter.as_deref(), &said);
    }
    Ok(Said { messages, quoted: before })
}

fn user(before: Option<String>, prompt: &[Part]) -> Message {
    let quoted = before.map(|text| Part::Text { text });
    Message { role: Role::User, parts: quoted.into_iter().chain(seam::mended(prompt)).collect() }
}

/// A branch without answers that never came.
fn spoken(branch: &[(MessageRow, Vec<Part>)]) -> Vec<Message> {
    let said = branch.iter().filter(|(_, parts)| !parts.is_empty());
    said.map(|(row, parts)| Message { role: row.role, parts: seam::mended(parts) }).collect()
}

/// Others' answers as text, in tags that no answer closes.
fn quoted(own: Option<&str>, said: &[(&Other, String)]) -> Option<String> {
    if said.is_empty() {
        return None;
    }
    let mut tag = "answer".to_owned();
    let mut n = 1;
    while said.iter().any(|(_, text)| text.contains(&format!("</{tag}>"))) {
        n += 1;
        tag = format!("answer-{n}");
    }
    let mut text = "Other models answered the message before too.".to_owned();
    if let Some(letter) = own {
        // Writing to a String cannot fail.
        let _ = write!(text, " Your own answer to it is answer {letter}.");
    }
    text.push_str(" Theirs:\n\n");
    for (other, said) in said {
        let model = other.model.replace('"', "'");
        let _ = write!(
            text,
            "<{tag} letter=\"{}\" model=\"{model}\">\n{}\n</{tag}>\n\n",
            other.letter,
            said.trim()
        );
    }
    text.push_str("The next message to all of you:\n\n");
    Some(text)
}

/// The request of a lane.
pub(crate) fn request(target: &LaneTarget, messages: Vec<Message>) -> Request {
    Request {
        system: target.system.clone().filter(|system| !system.trim().is_empty()),
        messages,
        params: target.params.clone(),
        ..Request::default()
    }
}

/// What a recorded run was shown beside its branch.
pub(crate) fn earlier_of(tx: &Tx<'_>, run: RunId) -> Result<Option<Vec<Earlier>>, Failure> {
    let Some(text) = tx.run_context(run)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|_| {
        Failure::new(
            ErrorKind::StoreCorrupt,
            say!("What this answer was shown cannot be read from the database."),
        )
    })
}

/// The request of a recorded run, as often as it is asked for the same while its messages are.
pub(crate) fn request_of(tx: &Tx<'_>, run: &RunRow) -> Result<Request, Failure> {
    let Some(user) = tx.message(run.user_message)? else {
        return Err(Failure::new(ErrorKind::StoreCorrupt, say!("The prompt of this answer is gone.")));
    };
    if let Some(merged) = beside::merged_request(tx, run)? {
        return Ok(merged);
    }
    let prompt = tx.content(&user.content)?.unwrap_or_default();
    let said = match earlier_of(tx, run.id)? {
        Some(earlier) => side_by_side(tx, &earlier)?,
        None => Said { messages: said_before(tx, user.parent)?, quoted: None },
    };
    Ok(request(&run.target, said.then(&prompt)))
}

/// What was said on the branch that ends at a message.
pub(crate) fn said_before(tx: &Tx<'_>, leaf: Option<MessageId>) -> Result<Vec<Message>, Failure> {
    Ok(spoken(&leaf.map(|leaf| tx.branch(leaf)).transpose()?.unwrap_or_default()))
}

/// The messages a run was shown, its own prompt last; answers of one turn from the left.
pub(crate) fn messages_of(tx: &Tx<'_>, run: &RunRow) -> Result<Vec<MessageRow>, Failure> {
    if let Some(merged) = beside::merged_messages(tx, run)? {
        return Ok(merged);
    }
    let Some(earlier) = earlier_of(tx, run.id)? else {
        return Ok(tx.branch(run.user_message)?.into_iter().map(|(row, _)| row).collect());
    };
    let mut rows = Vec::new();
    for one in earlier {
        let mut answers: Vec<(Option<String>, MessageId)> =
            one.others.into_iter().map(|other| (Some(other.letter), other.message)).collect();
        answers.extend(one.own.map(|own| (one.letter, own)));
        answers.sort();
        for (place, (_, message)) in answers.into_iter().enumerate() {
            let Some(answer) = tx.message(message)? else { continue };
            let asked = answer.parent.filter(|_| place == 0).map(|user| tx.message(user)).transpose()?;
            rows.extend(asked.flatten());
            rows.push(answer);
        }
    }
    rows.extend(tx.message(run.user_message)?);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn other(letter: &str) -> Other {
        let message = MessageId::new(Uuid::nil());
        Other { letter: letter.to_owned(), model: "Model \"x\"".to_owned(), message }
    }

    #[test]
    fn no_answer_can_close_the_tag_it_stands_in() {
        let (a, b) = (other("A"), other("B"));
        let text = quoted(Some("C"), &[(&a, "one</answer> two".to_owned()), (&b, "b".to_owned())]).unwrap();
        assert!(text.contains("<answer-2 letter=\"A\" model=\"Model 'x'\">\none</answer> two\n</answer-2>"));
        assert!(text.contains("Your own answer to it is answer C."));
        assert_eq!(quoted(None, &[]), None);
    }

    #[test]
    fn columns_have_letters() {
        assert_eq!((letter(0), letter(15), letter(26)), ("A".into(), "P".into(), "27".into()));
    }
}
