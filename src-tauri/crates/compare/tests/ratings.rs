//! Ratings: what they must be on votes made for the purpose, and small samples of the simulations (`prove ratings`).
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/people.rs"]
mod people;

use compare::rating::{Fit, Outcome, Settings, Verdict, Vote, Z95, history, more_votes, standings, wins};
use people::{Dice, Person};
use proptest::prelude::*;

const PLAIN: Settings = Settings { spread: 1.5, position: false, length: false };

fn duel(a: usize, b: usize, outcome: Outcome) -> Vote {
    Vote { a, b, outcome, weight: 1.0, first: 0.0, length: 0.0, at: 0 }
}

fn duels(list: &[(usize, usize, Outcome, usize)]) -> Vec<Vote> {
    list.iter().flat_map(|&(a, b, outcome, n)| vec![duel(a, b, outcome); n]).collect()
}

/// Strengths given by choix 0.4.1 (`opt_pairwise`, alpha = 1 / (2 · 1.5²)) on 2026-11-21.
#[test]
fn strengths_are_those_of_an_independent_implementation() {
    let reference: serde_json::Value = serde_json::from_str(include_str!("support/choix.json")).unwrap();
    for problem in reference.as_array().unwrap() {
        let votes: Vec<Vote> = problem["wins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| {
                let at = |n: usize| pair[n].as_u64().unwrap() as usize;
                duel(at(0), at(1), Outcome::A)
            })
            .collect();
        let expected: Vec<f64> =
            problem["strengths"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        let fit = Fit::new(expected.len(), &votes, &PLAIN);
        for (ours, theirs) in fit.strengths().iter().zip(&expected) {
            assert!((ours - theirs).abs() < 1e-6, "{ours} and {theirs}");
        }
        assert_eq!(fit.nu(), 0.0, "nobody tied");
    }
}

#[test]
fn a_model_that_won_everything_has_a_finite_rating_and_a_long_upper_arm() {
    let fit = Fit::new(2, &duels(&[(0, 1, Outcome::A, 12)]), &PLAIN);
    let (value, low, high) = fit.against(0, Z95);
    assert!(value.is_finite() && low > 0.0 && high < 10.0, "{low} {value} {high}");
    assert!(high - value > value - low, "{low} {value} {high}");
}

#[test]
fn ties_bring_two_models_together_and_are_expected_again() {
    let decided = Fit::new(2, &duels(&[(0, 1, Outcome::A, 15), (0, 1, Outcome::B, 5)]), &PLAIN);
    let tied = duels(&[(0, 1, Outcome::A, 15), (0, 1, Outcome::B, 5), (0, 1, Outcome::Tie, 20)]);
    let tied = Fit::new(2, &tied, &PLAIN);
    // Davidson's estimate of the difference is that of the decided duels: ties tell of ν.
    assert!((decided.difference(0, 1).0 - tied.difference(0, 1).0).abs() < 0.15);
    assert!((tied.odds(0, 1).tie - 0.5).abs() < 0.03, "{:?}", tied.odds(0, 1));
    assert_eq!(decided.odds(0, 1).tie, 0.0);
    let bad = Fit::new(2, &duels(&[(0, 1, Outcome::BothBad, 20)]), &PLAIN);
    assert!(bad.difference(0, 1).0.abs() < 1e-9 && bad.nu().is_finite());
}

#[test]
fn standing_first_and_being_longer_are_not_counted_for_the_model() {
    let mut dice = Dice(5);
    let person = Person { strengths: vec![0.0, 0.0, 0.0], nu: 0.3, position: 0.8, length: 0.6 };
    let votes = person.votes(&mut dice, 2_000);
    let fit = Fit::new(3, &votes, &Settings::default());
    let (position, length) = (fit.position().unwrap(), fit.length().unwrap());
    assert!(position.low < 0.8 && 0.8 < position.high && position.low > 0.5, "{position:?}");
    assert!(length.low < 0.6 && 0.6 < length.high && length.low > 0.2, "{length:?}");
    assert!(position.percent().0 > 60.0);
    assert!(Fit::new(3, &votes, &PLAIN).position().is_none());
}

#[test]
fn nobody_is_named_winner_of_few_votes_and_the_missing_ones_are_counted() {
    let few = standings(&duels(&[(0, 1, Outcome::A, 4), (0, 1, Outcome::B, 1)]), &PLAIN);
    let Verdict::Open { players, more } = &few.verdict else { panic!("{:?}", few.verdict) };
    assert_eq!(players, &[0, 1]);
    let more = more.expect("some more") as usize;
    assert!((5..60).contains(&more), "{more}");
    // As many more of the same kind, and it is told.
    let enough = 5 + more + 5;
    let many = duels(&[(0, 1, Outcome::A, enough * 4 / 5), (0, 1, Outcome::B, enough / 5)]);
    assert_eq!(standings(&many, &PLAIN).verdict, Verdict::Winner(0));
    assert_eq!(standings(&[], &PLAIN).verdict, Verdict::TooFew);
    let even = Fit::new(2, &duels(&[(0, 1, Outcome::A, 10), (0, 1, Outcome::B, 10)]), &PLAIN);
    assert_eq!(more_votes(&even, 0, 1), None, "equals are never told apart");
}

#[test]
fn models_without_a_vote_between_them_are_in_groups_of_their_own() {
    let table = standings(&duels(&[(0, 1, Outcome::A, 40), (7, 8, Outcome::B, 40)]), &PLAIN);
    let group = |player: usize| table.rows.iter().find(|row| row.player == player).unwrap().group;
    assert_eq!(group(0), group(1));
    assert_ne!(group(0), group(7));
    assert!(!matches!(table.verdict, Verdict::Winner(_)), "{:?}", table.verdict);
}

#[test]
fn ranks_reach_as_far_as_the_intervals() {
    let votes =
        duels(&[(0, 1, Outcome::A, 60), (1, 0, Outcome::A, 2), (1, 2, Outcome::A, 5), (2, 1, Outcome::A, 4)]);
    let rows = standings(&votes, &PLAIN).rows;
    let ranks: Vec<(usize, usize, usize)> =
        rows.iter().map(|row| (row.player, row.best, row.worst)).collect();
    assert_eq!(ranks, [(0, 1, 1), (1, 2, 3), (2, 2, 3)]);
    assert_eq!((rows[0].won, rows[0].lost, rows[0].tied), (60, 2, 0));
    assert_eq!(wins(&[0, 1], &votes)[1][0].lost, 60);
}

#[test]
fn history_ends_with_the_ratings_of_now() {
    let mut dice = Dice(8);
    let person = Person::new(&mut dice, 4, 0.8);
    let votes = person.votes(&mut dice, 90);
    let moments = history(&votes, &PLAIN, 6);
    assert_eq!(moments.iter().map(|m| m.at).collect::<Vec<_>>(), [14, 29, 44, 59, 74, 89]);
    let now: Vec<f64> = standings(&votes, &PLAIN).rows.iter().map(|row| row.rating).collect();
    assert_eq!(moments[5].ratings.iter().map(|r| r.1).collect::<Vec<_>>(), now);
}

#[test]
fn a_small_sample_of_people_finds_the_truth_inside_its_intervals() {
    for (votes, least) in [(20, 0.93), (100, 0.93)] {
        let mut dice = Dice(71);
        let (mut inside, mut all) = (0, 0);
        for n in 0..60 {
            let person = Person::new(&mut dice, 4, [0.0, 0.5, 1.0][n % 3]);
            let fit = Fit::new(4, &person.votes(&mut dice, votes), &Settings::default());
            for model in 0..4 {
                let (_, low, high) = fit.against(model, Z95);
                all += 1;
                inside += usize::from(low <= person.truth(model) && person.truth(model) <= high);
            }
        }
        // Four intervals of one person go together: 60 people tell the share to about two in a hundred.
        assert!(f64::from(inside as u32) / f64::from(all) >= least - 0.02, "{inside} of {all} after {votes}");
    }
}

#[test]
fn equals_are_hardly_ever_called_winner_however_often_one_looks() {
    let mut dice = Dice(3);
    let mut named = 0;
    for _ in 0..40 {
        let person = Person { strengths: vec![0.0; 2], nu: 0.3, position: 0.0, length: 0.0 };
        let votes = person.votes(&mut dice, 200);
        let ever = (10..=200).step_by(10).any(|n| {
            let fit = Fit::new(2, &votes[..n], &Settings::default());
            fit.evidence(0, 1) >= compare::rating::SURE
        });
        named += usize::from(ever);
    }
    assert!(named <= 4, "{named} of 40");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn neither_the_order_of_votes_nor_which_is_called_a_matters(seed in 0_u64..10_000, models in 2_usize..7) {
        let mut dice = Dice(seed);
        let person = Person::new(&mut dice, models, 1.0);
        let votes = person.votes(&mut dice, 40);
        let fit = Fit::new(models, &votes, &Settings::default());
        let turned: Vec<Vote> = votes
            .iter()
            .rev()
            .map(|v| Vote {
                a: v.b,
                b: v.a,
                outcome: match v.outcome { Outcome::A => Outcome::B, Outcome::B => Outcome::A, same => same },
                first: -v.first,
                length: -v.length,
                ..*v
            })
            .collect();
        let other = Fit::new(models, &turned, &Settings::default());
        for (x, y) in fit.strengths().iter().zip(other.strengths()) {
            prop_assert!((x - y).abs() < 1e-8);
        }
        for model in 0..models {
            let (value, low, high) = fit.against(model, Z95);
            prop_assert!(low < value && value < high && high - low < 20.0);
        }
    }
}
