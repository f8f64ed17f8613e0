//! Two prompts of one experiment beside each other: which one does better where the same models were asked the same
//! things, and whether chance would look so.
//!
//! What is counted is cases, not cells: five models or samples on one case are no five independent proofs. In each case
//! the prompt whose cells pass more often is ahead; a sign test over the cases that are not even says whether that can
//! be told from chance.

use std::collections::BTreeMap;

/// The variables' values.
type Vars = BTreeMap<String, String>;
/// Whether the cells of a prompt and a case pass, by model and sample.
type Passed<'a> = BTreeMap<(&'a str, u32), bool>;

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial<'a> {
    /// The prompt's label.
    pub prompt: &'a str,
    /// The case: the variables' values.
    pub vars: &'a BTreeMap<String, String>,
    /// Which of the samples.
    pub sample: u32,
    /// Who answered.
    pub label: &'a str,
    /// It passed every check; `None` = there is no answer, or no check was run.
    pub passed: Option<bool>,
}

/// What may be said of two prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The first is better.
    First,
    /// The second is better.
    Second,
    /// Chance would look so. If it went on like this, about so many more cases would tell; `None` = hardly ever, or
    /// nothing says yet.
    Open {
        /// Cases.
        more: Option<u32>,
    },
}

/// Two prompts beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptPair {
    /// The label of the first.
    pub first: String,
    /// The label of the second.
    pub second: String,
    /// Cases in which the first passes more often.
    pub ahead: u32,
    /// Cases in which the second does.
    pub behind: u32,
    /// Cases in which both pass as often.
    pub even: u32,
    /// What that says.
    pub better: Better,
}

/// How often all of it may be wrong.
const LEVEL: f64 = 0.05;
/// More cases than this are not told as a number.
const FAR: u32 = 1_000;

/// Every two prompts, in the order in which they first come. The level is shared among the pairs.
pub fn prompt_pairs(trials: &[Trial<'_>]) -> Vec<PromptPair> {
    let mut prompts: Vec<&str> = Vec::new();
    let mut passed: BTreeMap<(&str, &Vars), Passed<'_>> = BTreeMap::new();
    let mut cases: Vec<&Vars> = Vec::new();
    for trial in trials {
        if !prompts.contains(&trial.prompt) {
            prompts.push(trial.prompt);
        }
        let Some(so) = trial.passed else { continue };
        // Cases that ask the same and check something else are one here.
        let cells = passed.entry((trial.prompt, trial.vars)).or_default();
        cells.entry((trial.label, trial.sample)).and_modify(|all| *all &= so).or_insert(so);
        cases.push(trial.vars);
    }
    cases.sort_unstable();
    cases.dedup();
    let several = prompts.len() * prompts.len().saturating_sub(1) / 2;
    let mut pairs = Vec::new();
    for (place, first) in prompts.iter().enumerate() {
        for second in &prompts[place + 1..] {
            let (mut ahead, mut behind, mut even) = (0, 0, 0);
            for case in &cases {
                let (Some(one), Some(other)) = (passed.get(&(*first, *case)), passed.get(&(*second, *case)))
                else {
                    continue;
                };
                // Only what both were asked.
                let both = one.iter().filter_map(|(who, so)| Some((*so, *other.get(who)?)));
                let (mut won, mut met) = (0_i64, false);
                for (so, of_other) in both {
                    met = true;
                    won += i64::from(so) - i64::from(of_other);
                }
                match (met, won) {
                    (false, _) => {}
                    (true, 0) => even += 1,
                    (true, 1..) => ahead += 1,
                    (true, _) => behind += 1,
                }
            }
            pairs.push(PromptPair {
                first: (*first).to_owned(),
                second: (*second).to_owned(),
                ahead,
                behind,
                even,
                better: better(ahead, behind, even, several),
            });
        }
    }
    pairs
}

fn better(ahead: u32, behind: u32, even: u32, several: usize) -> Better {
    if told(ahead, behind, several) {
        return if ahead > behind { Better::First } else { Better::Second };
    }
    if ahead == behind {
        return Better::Open { more: None };
    }
    // If it went on in the same shares.
    let now = ahead + behind + even;
    let enough = (now + 1..=now + FAR).find(|all| {
        let share = |part: u32| u64::from(part) * u64::from(*all) / u64::from(now);
        let (ahead, behind) = (share(ahead), share(behind));
        told(u32::try_from(ahead).unwrap_or(u32::MAX), u32::try_from(behind).unwrap_or(u32::MAX), several)
    });
    Better::Open { more: enough.map(|all| all - now) }
}

/// Is that hardly chance, of so many pairs?
fn told(ahead: u32, behind: u32, several: usize) -> bool {
    chance(ahead, behind) * several.max(1) as f64 <= LEVEL
}

/// How often two equals differ at least as much in either direction: the two-sided sign test, exact.
fn chance(ahead: u32, behind: u32) -> f64 {
    let (n, less) = (ahead + behind, ahead.min(behind));
    // C(n, k) / 2^n, step by step from its logarithm: 2^-n alone is nothing from a thousand on.
    let mut log = -f64::from(n) * std::f64::consts::LN_2;
    let mut sum = 0.0;
    for k in 0..=less {
        sum += log.exp();
        log += f64::from(n - k).ln() - f64::from(k + 1).ln();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(n: u32) -> BTreeMap<String, String> {
        BTreeMap::from([("n".to_owned(), n.to_string())])
    }

    /// `first` and `second` say for each case how many of three models pass.
    fn pair(first: &[u32], second: &[u32]) -> PromptPair {
        let cases: Vec<_> = (0..first.len().max(second.len())).map(|n| case(n as u32)).collect();
        let mut trials = Vec::new();
        for (prompt, passes) in [("a", first), ("b", second)] {
            for (vars, count) in cases.iter().zip(passes) {
                for (n, label) in ["x", "y", "z"].into_iter().enumerate() {
                    trials.push(Trial { prompt, vars, sample: 0, label, passed: Some((n as u32) < *count) });
                }
            }
        }
        prompt_pairs(&trials).remove(0)
    }

    #[test]
    fn cases_are_counted_and_not_cells() {
        // Five cases of three models each, all for the first: fifteen cells, five proofs.
        let found = pair(&[3; 5], &[0; 5]);
        assert_eq!((found.ahead, found.behind, found.even), (5, 0, 0));
        assert_eq!(found.better, Better::Open { more: Some(1) });
        assert_eq!(pair(&[3; 6], &[0; 6]).better, Better::First);
        assert_eq!(pair(&[1; 6], &[2; 6]).better, Better::Second);
        let even = pair(&[3, 0, 2], &[0, 3, 2]);
        assert_eq!((even.ahead, even.behind, even.even), (1, 1, 1));
        assert_eq!(even.better, Better::Open { more: None });
    }

    #[test]
    fn only_what_both_were_asked_counts() {
        let vars = case(0);
        let trial = |prompt, label, passed| Trial { prompt, vars: &vars, sample: 0, label, passed };
        let found = prompt_pairs(&[
            trial("a", "x", Some(true)),
            trial("a", "y", Some(true)),
            trial("b", "x", None),
            trial("b", "z", Some(false)),
        ]);
        assert_eq!((found[0].ahead, found[0].behind, found[0].even), (0, 0, 0));
        assert!(prompt_pairs(&[trial("a", "x", Some(true))]).is_empty());
    }

    /// Over every way the cases of two equal prompts can fall, the share in which one is called better.
    #[test]
    fn equals_are_called_better_at_most_once_in_twenty() {
        for n in 0..=120_u32 {
            let mut log = -f64::from(n) * std::f64::consts::LN_2;
            let mut wrong = 0.0;
            for k in 0..=n {
                if told(k, n - k, 1) {
                    wrong += log.exp();
                }
                if k < n {
                    log += f64::from(n - k).ln() - f64::from(k + 1).ln();
                }
            }
            assert!(wrong <= LEVEL + 1e-9, "{n}: {wrong}");
        }
        // Against the table of the binomial distribution: nine of ten is 22 in 1024.
        assert!((chance(9, 1) - 22.0 / 1024.0).abs() < 1e-12);
        // Six of six tells of one pair, not of three.
        assert_eq!((better(6, 0, 0, 1), better(6, 0, 0, 3)), (Better::First, Better::Open { more: Some(1) }));
    }
}
