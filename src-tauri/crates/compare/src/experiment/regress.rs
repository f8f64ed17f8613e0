//! Two runs of a prompt set beside each other: what was right and is wrong now, and the other way round.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One cell of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side<'a> {
    /// What was asked: cells with the same text of the prompt are compared.
    pub asked: &'a str,
    /// The label of the prompt.
    pub prompt: &'a str,
    /// What the answer must be, as written.
    pub checks: &'a [Value],
    /// Which of the samples.
    pub sample: u32,
    /// Who answered.
    pub label: &'a str,
    /// It passed every check; `None` = there is no answer.
    pub passed: Option<bool>,
}

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It passed and does not pass now.
    Regressed,
    /// It did not pass and passes now.
    Fixed,
    /// It does not pass in either.
    StillFails,
    /// It passes in both.
    StillPasses,
    /// One of the two has no answer.
    NoAnswer,
}

impl Change {
    /// Its name, as printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Fixed => "fixed",
            Self::StillFails => "still_fails",
            Self::StillPasses => "still_passes",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// A cell of each run, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// In the first run.
    pub before: usize,
    /// In the second.
    pub after: usize,
    /// What became of it.
    pub change: Change,
}

/// The cells that ask the same. Where the runs have labels in common, each is compared with itself; where they have
/// none, as when a set is run again on another model, every label with every other. Several cases may ask the same and
/// check something else, and several prompts differ in their system prompt alone: each is compared with itself where
/// the other run has it unchanged. Cells that only one of the runs has are not in it.
pub fn regressions(before: &[Side<'_>], after: &[Side<'_>]) -> Vec<Pairing> {
    let labels = |sides: &[Side<'_>]| sides.iter().map(|side| side.label.to_owned()).collect::<BTreeSet<_>>();
    let common = !labels(before).is_disjoint(&labels(after));
    let mut places: BTreeMap<(&str, u32), Vec<usize>> = BTreeMap::new();
    for (place, side) in after.iter().enumerate() {
        places.entry((side.asked, side.sample)).or_default().push(place);
    }
    let mut pairs = Vec::new();
    for (place, side) in before.iter().enumerate() {
        let asked = places.get(&(side.asked, side.sample)).into_iter().flatten().copied();
        let mut others: Vec<usize> = asked.filter(|n| !common || after[*n].label == side.label).collect();
        let same = |n: &usize| after[*n].prompt == side.prompt && after[*n].checks == side.checks;
        if others.iter().any(same) {
            others.retain(same);
        }
        for other in others {
            let change = match (side.passed, after[other].passed) {
                (Some(true), Some(false)) => Change::Regressed,
                (Some(false), Some(true)) => Change::Fixed,
                (Some(false), Some(false)) => Change::StillFails,
                (Some(true), Some(true)) => Change::StillPasses,
                (None, _) | (_, None) => Change::NoAnswer,
            };
            pairs.push(Pairing { before: place, after: other, change });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn side<'a>(asked: &'a str, label: &'a str, passed: Option<bool>) -> Side<'a> {
        Side { asked, prompt: "p", checks: &[], sample: 0, label, passed }
    }

    #[test]
    fn a_set_run_again_is_compared_model_by_model() {
        let before = [side("a", "m", Some(true)), side("b", "m", Some(false)), side("a", "n", Some(true))];
        let after = [side("a", "m", Some(false)), side("b", "m", Some(true)), side("c", "m", Some(true))];
        let found = regressions(&before, &after);
        assert_eq!(
            found.iter().map(|pair| (pair.before, pair.after, pair.change)).collect::<Vec<_>>(),
            [(0, 0, Change::Regressed), (1, 1, Change::Fixed)]
        );
    }

    #[test]
    fn another_model_is_compared_with_each_of_those_before() {
        let before = [side("a", "m", Some(true)), side("a", "n", Some(false)), side("b", "m", None)];
        let after = [side("a", "new", Some(true)), side("b", "new", Some(true))];
        let changes: Vec<Change> = regressions(&before, &after).into_iter().map(|pair| pair.change).collect();
        assert_eq!(changes, [Change::StillPasses, Change::Fixed, Change::NoAnswer]);
    }

    #[test]
    fn cases_and_prompts_that_ask_the_same_are_not_compared_crosswise() {
        let (one, two) = ([json!({"type": "contains", "value": "x"})], [json!({"type": "is-json"})]);
        let run = [
            Side { checks: &one, ..side("a", "m", Some(true)) },
            Side { checks: &two, ..side("a", "m", Some(false)) },
            Side { checks: &one, prompt: "terse", ..side("a", "m", Some(false)) },
        ];
        let same: Vec<_> =
            regressions(&run, &run).into_iter().map(|pair| (pair.before, pair.after)).collect();
        assert_eq!(same, [(0, 0), (1, 1), (2, 2)], "nothing has changed");
        // Where a check was written anew, it is still compared.
        let three = [json!({"type": "contains", "value": "y"})];
        let after = [Side { checks: &three, ..side("a", "m", Some(false)) }];
        let changes: Vec<Change> =
            regressions(&run[..1], &after).into_iter().map(|pair| pair.change).collect();
        assert_eq!(changes, [Change::Regressed]);
    }

    #[test]
    fn samples_are_compared_each_with_its_own() {
        let twice = |passed| {
            [
                Side { sample: 0, ..side("a", "m", Some(passed)) },
                Side { sample: 1, ..side("a", "m", Some(true)) },
            ]
        };
        let changes: Vec<Change> =
            regressions(&twice(true), &twice(false)).into_iter().map(|pair| pair.change).collect();
        assert_eq!(changes, [Change::Regressed, Change::StillPasses]);
    }
}
