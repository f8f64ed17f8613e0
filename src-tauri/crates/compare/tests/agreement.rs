//! What answers agree on, held against labels written by hand.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

#[path = "support/labels.rs"]
mod labels;

use compare::text::agreement;

#[test]
fn what_only_one_says_is_found_and_little_else() {
    let scores = labels::measure(true);
    let all = scores["all"];
    assert!(all.groups >= 60 && all.sentences >= 300, "{all:?}");
    assert!(all.precision() >= 0.9, "{all:?}");
    assert!(all.recall() >= 0.9, "{all:?}");
}

#[test]
fn statements_name_their_answers_and_their_bytes() {
    let texts = [
        "The tower is 324 metres tall. It is in the city of Paris.",
        "It stands in the city of Paris.\n\n- The tower is 330 metres tall.",
    ];
    let found = agreement(&texts);
    let told: Vec<(Vec<&str>, usize)> = found
        .statements
        .iter()
        .map(|s| (s.claims.iter().map(|c| &texts[c.answer][c.at.clone()]).collect(), s.against.len()))
        .collect();
    assert_eq!(
        told,
        [
            (vec!["It is in the city of Paris.", "It stands in the city of Paris."], 0),
            (vec!["The tower is 324 metres tall."], 1),
            (vec!["The tower is 330 metres tall."], 1),
        ],
        "a number that differs is no agreement, and is pointed at"
    );
}

#[test]
fn one_answer_or_none_is_no_agreement() {
    assert!(agreement(&[]).statements.is_empty());
    assert_eq!(agreement(&["Only this is said here."]).all().count(), 1);
    assert!(agreement(&["", "   \n\n# Head\n"]).statements.is_empty());
}
