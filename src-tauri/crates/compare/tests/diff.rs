//! Two answers beside each other: what is paired, what is marked, and that nothing is lost.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use compare::text::{Diff, Options, Row, RowKind, blocks, diff};
use proptest::{collection::vec, prelude::*, sample::select};

fn told<'a>(left: &'a str, right: &'a str, found: &Diff) -> Vec<(RowKind, Vec<&'a str>, Vec<&'a str>)> {
    found
        .rows
        .iter()
        .map(|row| {
            let cut = |text: &'a str, marks: &[std::ops::Range<usize>]| {
                marks.iter().map(|at| &text[at.clone()]).collect::<Vec<_>>()
            };
            (row.kind, cut(left, &row.left_marks), cut(right, &row.right_marks))
        })
        .collect()
}

#[test]
fn sentences_stand_beside_their_like_with_the_words_that_differ() {
    let left = "You can return your order within 14 days of delivery. We refund the full price, including standard delivery, within 14 days of hearing from you. Personalised items cannot be returned.";
    let right = "You can return your order within 14 days of delivery. We refund the full price, including standard delivery, within 14 days of getting the goods back. Express delivery is not refunded.";
    let found = diff(left, right, Options::default());
    assert_eq!(
        told(left, right, &found),
        [
            (RowKind::Same, vec![], vec![]),
            (RowKind::Changed, vec!["hearing from you"], vec!["getting the goods back"]),
            (RowKind::Left, vec!["Personalised items cannot be returned."], vec![]),
            (RowKind::Right, vec![], vec!["Express delivery is not refunded."]),
        ]
    );
    assert_eq!((found.share.left, found.share.both, found.share.right), (8, 22, 9));
    let only = diff(left, right, Options { only_differences: true, ..Options::default() });
    assert_eq!((only.rows.len(), only.share), (3, found.share));
}

#[test]
fn code_is_compared_by_lines_and_then_by_words() {
    let left = "Try:\n\n```rust\nlet mut n = 0;\nfor x in xs {\n    n += x;\n}\n```\n";
    let right =
        "Try:\n\n```rust\nlet mut n = 0u64;\nfor x in xs {\n    n += x;\n}\nprintln!(\"{n}\");\n```\n";
    let found = diff(left, right, Options::default());
    assert_eq!(
        told(left, right, &found),
        [
            (RowKind::Same, vec![], vec![]),
            (RowKind::Changed, vec!["0"], vec!["0u64"]),
            (RowKind::Same, vec![], vec![]),
            (RowKind::Same, vec![], vec![]),
            (RowKind::Same, vec![], vec![]),
            (RowKind::Right, vec![], vec!["println!(\"{n}\");"]),
        ]
    );
}

#[test]
fn formatting_counts_only_when_it_should() {
    let (left, right) = ("It is **very** good.", "It is very good.");
    let kind = |options| diff(left, right, options).rows[0].kind;
    assert_eq!(kind(Options::default()), RowKind::Changed);
    assert_eq!(kind(Options { ignore_formatting: true, ..Options::default() }), RowKind::Same);
}

#[test]
fn headings_stand_beside_headings() {
    let left = "# Setup\n\nInstall it.\n\n# Use\n\nRun it.";
    let right = "Install it.\n\n# Use of it\n\nRun it.";
    let kinds: Vec<RowKind> = diff(left, right, Options::default()).rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [RowKind::Left, RowKind::Same, RowKind::Changed, RowKind::Same]);
}

const PIECES: &[&str] = &[
    "The tower is 324 metres tall.",
    "It stands in Paris.",
    "\n\n",
    "\n",
    "# Head\n",
    "- item one\n",
    "```\nlet x = 1;\n",
    "```\n",
    "| a | b |\n",
    "北京是首都。",
    "Größe: 3,5 €!",
    " ",
    "**bold** text",
    "> quote\n",
    "1. first\n",
    "…",
    "e.g. this",
    "\u{1f600}",
    "\t",
    "~~~\n",
];

type Span = std::ops::Range<usize>;

fn left_of(row: &Row) -> (Option<&Span>, &[Span]) {
    (row.left.as_ref(), &row.left_marks)
}

fn right_of(row: &Row) -> (Option<&Span>, &[Span]) {
    (row.right.as_ref(), &row.right_marks)
}

fn inside(rows: &[Row], text: &str, side: fn(&Row) -> (Option<&Span>, &[Span])) -> String {
    let mut all = String::new();
    let mut last = 0;
    for row in rows {
        let (at, marks) = side(row);
        let Some(at) = at else {
            assert!(marks.is_empty());
            continue;
        };
        assert!(at.start >= last && at.end <= text.len(), "in reading order, none twice");
        last = at.end;
        assert!(marks.iter().all(|mark| mark.start >= at.start && mark.end <= at.end));
        assert!(marks.windows(2).all(|pair| pair[0].end <= pair[1].start));
        all.push_str(&text[at.clone()]);
    }
    all.retain(|c| !c.is_whitespace());
    all
}

proptest! {
    #[test]
    fn no_word_of_either_answer_is_lost(left in vec(select(PIECES), 0..25), right in vec(select(PIECES), 0..25)) {
        let (left, right) = (left.concat(), right.concat());
        let found = diff(&left, &right, Options::default());
        for (text, side) in [(&left, left_of as fn(&Row) -> (Option<&Span>, &[Span])), (&right, right_of)] {
            let mut whole: String = blocks(text).iter().map(|block| &text[block.at.clone()]).collect();
            whole.retain(|c| !c.is_whitespace());
            prop_assert_eq!(inside(&found.rows, text, side), whole);
        }
        let same = diff(&left, &left, Options::default());
        prop_assert!(same.rows.iter().all(|row| row.kind == RowKind::Same));
        prop_assert_eq!((same.share.left, same.share.right), (0, 0));
    }
}
