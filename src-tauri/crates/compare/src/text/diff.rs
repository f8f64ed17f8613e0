//! Two answers beside each other, sentence by sentence, with the words that differ.
//!
//! Sentences, headings, rows and whole blocks of code are paired in order so that what is alike stands in one
//! line; then the words of each pair are compared, code by lines first.

use super::{
    blocks::{Kind, blocks},
    fuzzy::{Prepared, dice, shared},
    myers::{Step, steps},
    words::{Word, WordKind, fold, words},
};
use std::ops::Range;

/// How to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Marks of Markdown inside a sentence (`*`, `_`, backticks) count as nothing.
    pub ignore_formatting: bool,
    /// Leave out lines that are the same.
    pub only_differences: bool,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// The same on both sides.
    Same,
    /// Alike, with differences.
    Changed,
    /// Only the left says it.
    Left,
    /// Only the right says it.
    Right,
}

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: RowKind,
    /// The block it stands in.
    pub block: Kind,
    /// Bytes of the left answer.
    pub left: Option<Range<usize>>,
    /// Bytes of the right answer.
    pub right: Option<Range<usize>>,
    /// What only the left has, inside `left`.
    pub left_marks: Vec<Range<usize>>,
    /// What only the right has, inside `right`.
    pub right_marks: Vec<Range<usize>>,
}

/// How many words each side has for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Words only on the left.
    pub left: usize,
    /// Words both have, counted once.
    pub both: usize,
    /// Words only on the right.
    pub right: usize,
}

/// The comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Lines, in reading order.
    pub rows: Vec<Row>,
    /// Over the whole answers, also when `rows` has only differences.
    pub share: Share,
}

/// Units less alike than this are not paired.
const ALIKE: f64 = 0.3;
/// Above so many cells of the table, units are paired only where they are the same.
const CELLS: usize = 400_000;

struct Unit {
    kind: Kind,
    at: Range<usize>,
    /// Of the exact text.
    hash: u32,
    prepared: Prepared,
}

/// Compares two answers.
pub fn diff(left: &str, right: &str, options: Options) -> Diff {
    let (lefts, rights) = (units(left), units(right));
    let mut out = Writer { left, right, options, rows: Vec::new(), share: Share::default() };
    for pair in pairs(&lefts, &rights) {
        match pair {
            (Some(l), Some(r)) if lefts[l].kind == Kind::Code => out.code(&lefts[l].at, &rights[r].at),
            (Some(l), Some(r)) => out.both(lefts[l].kind, lefts[l].at.clone(), rights[r].at.clone()),
            (Some(l), None) => out.one(lefts[l].kind, RowKind::Left, lefts[l].at.clone()),
            (None, Some(r)) => out.one(rights[r].kind, RowKind::Right, rights[r].at.clone()),
            (None, None) => {}
        }
    }
    if options.only_differences {
        out.rows.retain(|row| row.kind != RowKind::Same);
    }
    Diff { rows: out.rows, share: out.share }
}

fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    for block in blocks(text) {
        let parts = if block.kind == Kind::Code { vec![block.at] } else { block.sentences };
        for at in parts {
            let hash = exact(&text[at.clone()]);
            let prepared = Prepared::new(text, at.clone());
            units.push(Unit { kind: block.kind, at, hash, prepared });
        }
    }
    units
}

/// FNV-1a of a text, with quotes and dashes made plain and case kept.
fn exact(text: &str) -> u32 {
    text.chars().map(fold).fold(0x811c_9dc5, |hash, c| (hash ^ c as u32).wrapping_mul(0x0100_0193))
}

type Pair = (Option<usize>, Option<usize>);

/// Which unit stands beside which: the same ones first, then the most alike between them, never crossing.
fn pairs(lefts: &[Unit], rights: &[Unit]) -> Vec<Pair> {
    let hashes = |units: &[Unit]| units.iter().map(|unit| unit.hash).collect::<Vec<_>>();
    let mut pairs = Vec::new();
    let (mut x, mut y) = (0, 0);
    let (mut from_x, mut from_y) = (0, 0);
    for step in steps(&hashes(lefts), &hashes(rights)) {
        match step {
            Step::Left(n) => x += n,
            Step::Right(n) => y += n,
            Step::Keep(n) => {
                between(lefts, rights, from_x..x, from_y..y, &mut pairs);
                pairs.extend((0..n).map(|k| (Some(x + k), Some(y + k))));
                (x, y) = (x + n, y + n);
                (from_x, from_y) = (x, y);
            }
        }
    }
    between(lefts, rights, from_x..x, from_y..y, &mut pairs);
    pairs
}

/// The pairing with the greatest sum of likeness (Needleman and Wunsch).
fn between(lefts: &[Unit], rights: &[Unit], l: Range<usize>, r: Range<usize>, pairs: &mut Vec<Pair>) {
    let (n, m) = (l.len(), r.len());
    if n == 0 || m == 0 || n * m > CELLS {
        pairs.extend(l.map(|x| (Some(x), None)));
        pairs.extend(r.map(|y| (None, Some(y))));
        return;
    }
    let width = m + 1;
    let mut best = vec![0.0_f64; (n + 1) * width];
    let mut alike = vec![0.0_f32; n * m];
    for x in (0..n).rev() {
        for y in (0..m).rev() {
            let likeness = likeness(&lefts[l.start + x], &rights[r.start + y]);
            alike[x * m + y] = likeness as f32;
            let paired = if likeness >= ALIKE { likeness + best[(x + 1) * width + y + 1] } else { 0.0 };
            best[x * width + y] = paired.max(best[(x + 1) * width + y]).max(best[x * width + y + 1]);
        }
    }
    let (mut x, mut y) = (0, 0);
    while x < n && y < m {
        let here = best[x * width + y];
        let likeness = f64::from(alike[x * m + y]);
        if likeness >= ALIKE - 1e-6 && (likeness + best[(x + 1) * width + y + 1] - here).abs() < 1e-5 {
            pairs.push((Some(l.start + x), Some(r.start + y)));
            (x, y) = (x + 1, y + 1);
        } else if (best[(x + 1) * width + y] - here).abs() < 1e-9 {
            pairs.push((Some(l.start + x), None));
            x += 1;
        } else {
            pairs.push((None, Some(r.start + y)));
            y += 1;
        }
    }
    pairs.extend((l.start + x..l.end).map(|x| (Some(x), None)));
    pairs.extend((r.start + y..r.end).map(|y| (None, Some(y))));
}

fn likeness(left: &Unit, right: &Unit) -> f64 {
    let code = (left.kind == Kind::Code, right.kind == Kind::Code);
    let heading = (matches!(left.kind, Kind::Heading(_)), matches!(right.kind, Kind::Heading(_)));
    if code.0 != code.1 || heading.0 != heading.1 {
        return 0.0;
    }
    if left.hash == right.hash {
        return 1.0;
    }
    // Two blocks of code, or two headings, at the same place answer each other even with other words.
    let floor = if code.0 { 0.35 } else { 0.0 };
    if !code.0 && shared(&left.prepared.stems, &right.prepared.stems) == 0 {
        return 0.0;
    }
    let words = dice(&left.prepared.stems, &right.prepared.stems);
    if words < 0.12 {
        return floor;
    }
    (0.6 * words + 0.4 * dice(&left.prepared.grams, &right.prepared.grams)).max(floor)
}

struct Writer<'a> {
    left: &'a str,
    right: &'a str,
    options: Options,
    rows: Vec<Row>,
    share: Share,
}

impl Writer<'_> {
    fn words(&self, text: &str, at: Range<usize>) -> Vec<Word> {
        let mut found = words(text, at);
        if self.options.ignore_formatting {
            found.retain(|word| !matches!(&text[word.at.clone()], "*" | "_" | "`" | "#" | "~"));
        }
        found
    }

    fn one(&mut self, block: Kind, kind: RowKind, at: Range<usize>) {
        let (text, only_left) = if kind == RowKind::Left { (self.left, true) } else { (self.right, false) };
        let count = self.words(text, at.clone()).iter().filter(|word| word.kind != WordKind::Sign).count();
        let mut row = Row { kind, block, left: None, right: None, left_marks: vec![], right_marks: vec![] };
        if only_left {
            self.share.left += count;
            (row.left, row.left_marks) = (Some(at.clone()), vec![at]);
        } else {
            self.share.right += count;
            (row.right, row.right_marks) = (Some(at.clone()), vec![at]);
        }
        self.rows.push(row);
    }

    fn both(&mut self, block: Kind, left: Range<usize>, right: Range<usize>) {
        let (lefts, rights) = (self.words(self.left, left.clone()), self.words(self.right, right.clone()));
        let hashes = |text: &str, words: &[Word]| -> Vec<u32> {
            words.iter().map(|word| exact(&text[word.at.clone()])).collect()
        };
        let counted = |words: &[Word]| words.iter().filter(|word| word.kind != WordKind::Sign).count();
        let (mut left_marks, mut right_marks) = (Vec::new(), Vec::new());
        let (mut x, mut y) = (0, 0);
        for step in steps(&hashes(self.left, &lefts), &hashes(self.right, &rights)) {
            match step {
                Step::Keep(n) => {
                    self.share.both += counted(&lefts[x..x + n]);
                    (x, y) = (x + n, y + n);
                }
                Step::Left(n) => {
                    self.share.left += counted(&lefts[x..x + n]);
                    left_marks.push(lefts[x].at.start..lefts[x + n - 1].at.end);
                    x += n;
                }
                Step::Right(n) => {
                    self.share.right += counted(&rights[y..y + n]);
                    right_marks.push(rights[y].at.start..rights[y + n - 1].at.end);
                    y += n;
                }
            }
        }
        let same = left_marks.is_empty() && right_marks.is_empty();
        let kind = if same { RowKind::Same } else { RowKind::Changed };
        self.rows.push(Row { kind, block, left: Some(left), right: Some(right), left_marks, right_marks });
    }

    /// Code by lines; lines that were replaced are compared by words where they are alike.
    fn code(&mut self, left: &Range<usize>, right: &Range<usize>) {
        let (lefts, rights) = (lines(self.left, left), lines(self.right, right));
        let hashes = |text: &str, lines: &[Range<usize>]| -> Vec<u32> {
            lines.iter().map(|at| exact(text[at.clone()].trim_end())).collect()
        };
        let (mut x, mut y) = (0, 0);
        let (mut from_x, mut from_y) = (0, 0);
        let all = steps(&hashes(self.left, &lefts), &hashes(self.right, &rights));
        for step in all.into_iter().chain([Step::Keep(0)]) {
            match step {
                Step::Left(n) => x += n,
                Step::Right(n) => y += n,
                Step::Keep(n) => {
                    self.replaced(&lefts[from_x..x], &rights[from_y..y]);
                    for k in 0..n {
                        self.both(Kind::Code, lefts[x + k].clone(), rights[y + k].clone());
                    }
                    (x, y) = (x + n, y + n);
                    (from_x, from_y) = (x, y);
                }
            }
        }
    }

    fn replaced(&mut self, lefts: &[Range<usize>], rights: &[Range<usize>]) {
        let mut next = 0;
        for left in lefts {
            let mut mine: Vec<u32> = words(self.left, left.clone()).iter().map(|word| word.hash).collect();
            mine.sort_unstable();
            let found = rights.iter().enumerate().skip(next).take(8).find(|(_, right)| {
                let mut other: Vec<u32> =
                    words(self.right, (*right).clone()).iter().map(|word| word.hash).collect();
                other.sort_unstable();
                dice(&mine, &other) >= 0.5
            });
            match found {
                Some((place, right)) => {
                    for skipped in &rights[next..place] {
                        self.one(Kind::Code, RowKind::Right, skipped.clone());
                    }
                    self.both(Kind::Code, left.clone(), right.clone());
                    next = place + 1;
                }
                None => self.one(Kind::Code, RowKind::Left, left.clone()),
            }
        }
        for right in &rights[next..] {
            self.one(Kind::Code, RowKind::Right, right.clone());
        }
    }
}

fn lines(text: &str, within: &Range<usize>) -> Vec<Range<usize>> {
    let mut at = within.start;
    text[within.clone()]
        .split_inclusive('\n')
        .map(|line| {
            let from = at;
            at += line.len();
            from..from + line.trim_end().len()
        })
        .collect()
}
