//! Two runs of a prompt set beside each other: what was right and is wrong now, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

/// One cell of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side<'a> {
    /// What was asked: cells with the same text of the prompt are compared.
    pub asked: &'a str,
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
/// none, as when a set is run again on another model, every label with every other. Cells that only one of the runs
/// has are not in it.
pub fn regressions(before: &[Side<'_>], after: &[Side<'_>]) -> Vec<Pairing> {
    let labels = |sides: &[Side<'_>]| sides.iter().map(|side| side.label.to_owned()).collect::<BTreeSet<_>>();
    let common = !labels(before).is_disjoint(&labels(after));
    let mut places: BTreeMap<(&str, u32), Vec<usize>> = BTreeMap::new();
    for (place, side) in after.iter().enumerate() {
        places.entry((side.asked, side.sample)).or_default().push(place);
    }
    let mut pairs = Vec::new();
    for (place, side) in before.iter().enumerate() {
        for &other in places.get(&(side.asked, side.sample)).into_iter().flatten() {
            if common && after[other].label != side.label {
                continue;
            }
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

    fn side<'a>(asked: &'a str, label: &'a str, passed: Option<bool>) -> Side<'a> {
        Side { asked, sample: 0, label, passed }
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
