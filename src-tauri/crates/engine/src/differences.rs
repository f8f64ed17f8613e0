//! Answers laid beside each other: the words in which two differ, and what several of them say alike.
//!
//! By words and letters alone, on this machine; nothing is asked of a model. What crosses to a window are pieces of
//! text, not places in it: a window counts letters otherwise than we do.

use crate::{blind, inner::Inner, tasks};
use compare::text::{self, Diff, Kind, Options, RowKind, Statement};
use domain::{ErrorKind, Failure, RunId, say};
use serde::{Deserialize, Serialize};
use std::{ops::Range, sync::Arc};

/// Most answers that are searched for agreement at once.
const MOST: usize = 16;
/// Longest text of all answers together, in bytes. Longer ones are refused, not cut.
const LONGEST: usize = 2 * 1024 * 1024;

/// Two answers, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Differences {
    /// In reading order.
    pub rows: Vec<DiffRow>,
    /// Words only the left has.
    pub left_words: u32,
    /// Words both have, counted once.
    pub both_words: u32,
    /// Words only the right has.
    pub right_words: u32,
}

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DiffRow {
    /// What it is.
    pub kind: DiffKind,
    /// What it stands in.
    pub block: DiffBlock,
    /// The two sides have another number, or one of them denies.
    pub contrary: bool,
    /// The left answer's words; `None` = it says nothing here.
    pub left: Option<DiffSide>,
    /// The right answer's words.
    pub right: Option<DiffSide>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DiffKind {
    /// The same on both sides.
    Same,
    /// Alike, in other words.
    Changed,
    /// Only the left says it.
    Left,
    /// Only the right says it.
    Right,
}

/// What a line stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DiffBlock {
    /// A heading.
    Heading,
    /// Code: shown letter by letter as it is.
    Code,
    /// An item of a list.
    Item,
    /// A row of a table.
    Row,
    /// Text.
    Text,
}

/// One side of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DiffSide {
    /// Its first byte in the answer: a place to go to, not a place to cut at.
    pub from: u32,
    /// The byte after its last.
    pub until: u32,
    /// Its text in pieces.
    pub pieces: Vec<DiffPiece>,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DiffPiece {
    /// The words.
    pub text: String,
    /// Only this side has them.
    pub only: bool,
}

/// What several answers say alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Agreed {
    /// The answers, in the order they were asked for.
    pub answers: Vec<AgreedAnswer>,
    /// Statements: what all say, what some say, where they differ, what one says.
    pub statements: Vec<AgreedStatement>,
}

/// One answer with its statements marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AgreedAnswer {
    /// Which.
    pub run: RunId,
    /// Its whole text in pieces.
    pub pieces: Vec<AgreedPiece>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AgreedPiece {
    /// Its first byte in the answer.
    pub from: u32,
    /// The words.
    pub text: String,
    /// The statement it makes, by its place; `None` = none.
    pub statement: Option<u32>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AgreedStatement {
    /// In the words of the first answer that makes it.
    pub text: String,
    /// Among which it stands.
    pub group: AgreedGroup,
    /// Of each answer, in order: what it says of it.
    pub stands: Vec<Stand>,
}

/// How widely a statement is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AgreedGroup {
    /// Every answer says it.
    All,
    /// More than one says it.
    Some,
    /// Another answer says nearly the same with another number, or denies it.
    Contrary,
    /// Only one says it.
    One,
}

/// What one answer says of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Stand {
    /// It says it, at this byte.
    Says {
        /// Its first byte there.
        from: u32,
    },
    /// It says nearly the same with another number, or denies it, at this byte.
    Against {
        /// Its first byte there.
        from: u32,
    },
    /// It says nothing of it.
    Silent,
}

/// The words in which two answers differ.
pub(crate) async fn differences(
    inner: &Arc<Inner>,
    left: RunId,
    right: RunId,
    ignore_formatting: bool,
) -> Result<Differences, Failure> {
    let (left, right) = (blind::text(inner, left).await?, blind::text(inner, right).await?);
    fits(&[&left, &right])?;
    let options = Options { ignore_formatting, only_differences: false };
    tasks::aside(move || rows(&left, &right, &text::diff(&left, &right, options))).await
}

/// What several answers say alike.
pub(crate) async fn agreed(inner: &Arc<Inner>, runs: Vec<RunId>) -> Result<Agreed, Failure> {
    if runs.len() < 2 {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("Agreement needs two answers or more.")));
    }
    if runs.len() > MOST {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("More than 16 answers are not compared at once."),
        ));
    }
    let mut answers = Vec::with_capacity(runs.len());
    for run in runs {
        answers.push((run, blind::text(inner, run).await?));
    }
    let texts: Vec<&str> = answers.iter().map(|(_, text)| text.as_str()).collect();
    fits(&texts)?;
    tasks::aside(move || shared(&answers)).await
}

fn fits(texts: &[&str]) -> Result<(), Failure> {
    if texts.iter().map(|text| text.len()).sum::<usize>() <= LONGEST {
        return Ok(());
    }
    Err(Failure::new(
        ErrorKind::RequestInvalid,
        say!("These answers are longer than 2 MB together, which is more than is compared here."),
    ))
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn rows(left: &str, right: &str, diff: &Diff) -> Differences {
    let rows = diff.rows.iter().map(|row| DiffRow {
        kind: match row.kind {
            RowKind::Same => DiffKind::Same,
            RowKind::Changed => DiffKind::Changed,
            RowKind::Left => DiffKind::Left,
            RowKind::Right => DiffKind::Right,
        },
        block: match row.block {
            Kind::Heading(_) => DiffBlock::Heading,
            Kind::Code => DiffBlock::Code,
            Kind::Item => DiffBlock::Item,
            Kind::Row => DiffBlock::Row,
            Kind::Text => DiffBlock::Text,
        },
        contrary: match (&row.left, &row.right) {
            (Some(l), Some(r)) if row.kind == RowKind::Changed && row.block != Kind::Code => {
                text::contrary(&left[l.clone()], &right[r.clone()])
            }
            _ => false,
        },
        left: row.left.as_ref().map(|at| side(left, at, &row.left_marks)),
        right: row.right.as_ref().map(|at| side(right, at, &row.right_marks)),
    });
    Differences {
        rows: rows.collect(),
        left_words: place(diff.share.left),
        both_words: place(diff.share.both),
        right_words: place(diff.share.right),
    }
}

fn side(text: &str, at: &Range<usize>, marks: &[Range<usize>]) -> DiffSide {
    let mut pieces = Vec::new();
    let mut push = |range: Range<usize>, only| {
        if !range.is_empty() {
            pieces.push(DiffPiece { text: text[range].to_owned(), only });
        }
    };
    let mut next = at.start;
    for mark in marks {
        push(next..mark.start, false);
        push(mark.clone(), true);
        next = mark.end;
    }
    push(next..at.end, false);
    DiffSide { from: place(at.start), until: place(at.end), pieces }
}

fn shared(answers: &[(RunId, String)]) -> Agreed {
    let texts: Vec<&str> = answers.iter().map(|(_, text)| text.as_str()).collect();
    let found = text::agreement(&texts);
    let group = |statement: &Statement| {
        if statement.said_by.len() == answers.len() {
            AgreedGroup::All
        } else if !statement.against.is_empty() {
            AgreedGroup::Contrary
        } else if statement.said_by.len() > 1 {
            AgreedGroup::Some
        } else {
            AgreedGroup::One
        }
    };
    let mut order: Vec<usize> = (0..found.statements.len()).collect();
    order.sort_by_key(|n| group(&found.statements[*n]));
    // Two that speak against each other are told once, under the one that more answers make.
    let mut told = vec![false; found.statements.len()];
    let mut place_of = vec![None; found.statements.len()];
    let mut statements = Vec::new();
    for n in order {
        let statement = &found.statements[n];
        if group(statement) == AgreedGroup::Contrary && statement.against.iter().any(|other| told[*other]) {
            place_of[n] = statement.against.iter().find_map(|other| place_of[*other]);
            continue;
        }
        told[n] = true;
        place_of[n] = Some(place(statements.len()));
        let says = |one: &Statement, answer: usize| {
            one.claims.iter().find(|claim| claim.answer == answer).map(|claim| place(claim.at.start))
        };
        let stands = (0..answers.len()).map(|answer| {
            if let Some(from) = says(statement, answer) {
                return Stand::Says { from };
            }
            let against = statement.against.iter().find_map(|other| says(&found.statements[*other], answer));
            against.map_or(Stand::Silent, |from| Stand::Against { from })
        });
        let first = statement.claims.first().map(|claim| &texts[claim.answer][claim.at.clone()]);
        statements.push(AgreedStatement {
            text: plain(first.unwrap_or_default()),
            group: group(statement),
            stands: stands.collect(),
        });
    }
    let mut claims: Vec<Vec<(Range<usize>, Option<u32>)>> = vec![Vec::new(); answers.len()];
    for (statement, at) in found.statements.iter().zip(&place_of) {
        for claim in &statement.claims {
            claims[claim.answer].push((claim.at.clone(), *at));
        }
    }
    let answers = answers.iter().zip(claims).map(|((run, text), mut claims)| {
        claims.sort_by_key(|(at, _)| at.start);
        AgreedAnswer { run: *run, pieces: pieces(text, &claims) }
    });
    Agreed { answers: answers.collect(), statements }
}

fn pieces(text: &str, claims: &[(Range<usize>, Option<u32>)]) -> Vec<AgreedPiece> {
    let mut pieces = Vec::new();
    let mut next = 0;
    let mut push = |at: Range<usize>, statement| {
        if !at.is_empty() {
            pieces.push(AgreedPiece { from: place(at.start), text: text[at].to_owned(), statement });
        }
    };
    for (at, statement) in claims {
        if at.start < next {
            continue;
        }
        push(next..at.start, None);
        push(at.clone(), *statement);
        next = at.end;
    }
    push(next..text.len(), None);
    pieces
}

/// A sentence without the marks of Markdown, in one line.
fn plain(text: &str) -> String {
    let bare: String = text.replace(['*', '`'], "").replace("__", "");
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use uuid::Uuid;

    fn run(n: u8) -> RunId {
        RunId::new(Uuid::from_u128(u128::from(n)))
    }

    #[test]
    fn the_pieces_of_a_line_are_its_text_and_marks_are_on_one_side_only() {
        let (left, right) =
            ("You pay **the** return postage within 14 days.", "You pay for return postage within 30 days.");
        let diff = rows(left, right, &text::diff(left, right, Options::default()));
        let row = diff.rows.iter().find(|row| row.kind == DiffKind::Changed).unwrap();
        let joined =
            |side: &DiffSide| side.pieces.iter().map(|piece| piece.text.as_str()).collect::<String>();
        let (l, r) = (row.left.as_ref().unwrap(), row.right.as_ref().unwrap());
        assert_eq!((joined(l).as_str(), joined(r).as_str()), (left, right));
        assert!(r.pieces.iter().any(|piece| piece.only && piece.text.contains("30")));
        assert!(row.contrary, "another number");
    }

    #[test]
    fn every_statement_has_a_stand_of_every_answer_and_every_answer_its_whole_text() {
        let texts = [
            "Return the goods within 14 days of delivery. Express delivery is not refunded.",
            "Return the goods within 14 days of delivery. Personalised items are excluded from returns.",
            "Return the goods within 30 days of delivery.",
        ];
        let answers: Vec<(RunId, String)> =
            texts.iter().zip(1..).map(|(text, n)| (run(n), (*text).to_owned())).collect();
        let agreed = shared(&answers);
        for (answer, text) in agreed.answers.iter().zip(texts) {
            assert_eq!(answer.pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), text);
        }
        let contrary: Vec<_> =
            agreed.statements.iter().filter(|one| one.group == AgreedGroup::Contrary).collect();
        assert_eq!(contrary.len(), 1, "told once: {:?}", agreed.statements);
        assert!(matches!(
            contrary[0].stands[..],
            [Stand::Says { .. }, Stand::Says { .. }, Stand::Against { .. }]
        ));
        assert_eq!(agreed.statements.iter().filter(|one| one.group == AgreedGroup::One).count(), 2);
        assert!(agreed.statements.iter().all(|one| one.stands.len() == 3));
    }
}
