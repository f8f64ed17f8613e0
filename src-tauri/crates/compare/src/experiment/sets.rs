//! Checks that count together: promptfoo's `assert-set`, and the `threshold` of a test, which makes one of all its
//! checks.
//!
//! As promptfoo reckons it (its assertion reference, 2026-11): the score of a set is the mean of its members' scores by
//! their weights, 1 for what passed and 0 for what did not, a set within a set with its own score. With a threshold the
//! set passes from that score on, whatever failed; without one it passes if every member does. What is not run has no
//! score: the set is decided only where none could change it.

use super::check::{Answer, BadCheck, Check, Found, number};
use serde_json::Value;

/// Most members that a reason names.
const NAMED: usize = 12;
/// The last digit of a sum of floats decides nothing.
const NOISE: f64 = 1e-9;

/// Checks with what each counts.
#[derive(Clone, Debug)]
pub(super) struct Set {
    threshold: Option<f64>,
    members: Vec<(f64, Check)>,
}

/// What was found, with the lowest and the highest score it can still come to.
#[derive(Clone, Debug)]
pub(super) struct Score {
    pub(super) found: Found,
    low: f64,
    high: f64,
}

impl From<Found> for Score {
    fn from(found: Found) -> Self {
        let (low, high) = match found.passed {
            Some(true) => (1.0, 1.0),
            Some(false) => (0.0, 0.0),
            None => (0.0, 1.0),
        };
        Self { found, low, high }
    }
}

/// What a check counts among others; 1 where it does not say.
pub(super) fn weight(written: &Value) -> Option<f64> {
    match &written["weight"] {
        Value::Null => Some(1.0),
        value => number(value).filter(|weight| *weight >= 0.0 && weight.is_finite()),
    }
}

impl Set {
    /// Reads `{"type": "assert-set", "assert": […], "threshold": …}`.
    pub(super) fn read(written: &Value) -> Result<Self, BadCheck> {
        let wrong = |why: &str| BadCheck::Wrong { kind: "assert-set".to_owned(), why: why.to_owned() };
        let threshold = match &written["threshold"] {
            Value::Null => None,
            value => Some(number(value).ok_or_else(|| wrong("its threshold must be a number"))?),
        };
        let mut members = Vec::new();
        for member in written["assert"].as_array().into_iter().flatten() {
            let weight = weight(member).ok_or_else(|| wrong("a weight is a number from 0 on"))?;
            if weight > 0.0 {
                members.push((weight, Check::read(member)?));
            }
        }
        if members.is_empty() {
            return Err(wrong("it holds no checks"));
        }
        Ok(Self { threshold, members })
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Check> {
        self.members.iter().map(|(_, check)| check)
    }

    /// Looks at an answer. `verdicts`: what the judges said, in the order of the checks that they decide.
    pub(super) fn look(&self, answer: &Answer<'_>, verdicts: &mut dyn Iterator<Item = Found>) -> Score {
        let scores: Vec<(f64, &Check, Score)> = self
            .members
            .iter()
            .map(|(weight, check)| (*weight, check, check.look(answer, verdicts)))
            .collect();
        let total: f64 = scores.iter().map(|(weight, ..)| weight).sum();
        let mean = |score: fn(&Score) -> f64| -> f64 {
            scores.iter().map(|(weight, _, one)| weight * score(one)).sum::<f64>() / total
        };
        let (low, high) = (mean(|score| score.low), mean(|score| score.high));
        let any = |passed: Option<bool>| scores.iter().any(|(_, _, score)| score.found.passed == passed);
        let passed = match self.threshold {
            Some(threshold) if low + NOISE >= threshold => Some(true),
            Some(threshold) if high + NOISE < threshold => Some(false),
            Some(_) => None,
            None if any(Some(false)) => Some(false),
            None => (!any(None)).then_some(true),
        };
        let mut reason = match self.threshold {
            Some(threshold) if high - low > NOISE => {
                format!("score {low:.2} to {high:.2}, at least {threshold} asked for")
            }
            Some(threshold) => format!("score {low:.2}, at least {threshold} asked for"),
            None => format!("every one of {} asked for", scores.len()),
        };
        for (n, (_, check, Score { found, .. })) in scores.iter().take(NAMED).enumerate() {
            let sign = match found.passed {
                Some(true) => '✓',
                Some(false) => '✗',
                None => '–',
            };
            let between = if n == 0 { ": " } else { "; " };
            reason.push_str(&format!("{between}{sign} {}: {}", check.name, found.reason));
        }
        if scores.len() > NAMED {
            reason.push_str(&format!("; and {} more", scores.len() - NAMED));
        }
        Score { found: Found { passed, reason }, low, high }
    }
}
