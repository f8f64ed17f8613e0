//! Ratings against others' code, and what their intervals and verdicts are worth over simulated people.
//! `cargo xtask prove ratings`; the Python with choix and SciPy is named by PARALLAX_PYTHON.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and is told by the environment where Python is"
)]

#[path = "../tests/support/people.rs"]
mod people;

use compare::rating::{EFFECT_SPREAD, Fit, Outcome, SPREAD, SURE, Settings, TIE_RATE, Vote, Z95};
use people::{Dice, Person};
use serde_json::json;
use std::{
    io::Write as _,
    process::{Command, Stdio},
};

const PEOPLE: usize = 1_500;

fn main() {
    println!("| what | result | limit |");
    println!("|---|---:|---:|");
    references();
    println!("| | | |");
    println!("| **95 % intervals that hold the truth** | **profile / Wald / bootstrap** | |");
    coverage();
    println!("| | | |");
    println!("| **people told of a winner among equals, looking after every tenth vote up to 300** | | |");
    verdicts();
}

/// Greatest difference from choix (no ties) and from SciPy's optimisers (ties, place, length).
fn references() {
    let python =
        std::env::var("PARALLAX_PYTHON").expect("PARALLAX_PYTHON names a Python with choix and SciPy");
    let mut dice = Dice(11);
    let mut problems = Vec::new();
    let mut ours = Vec::new();
    for n in 0..200 {
        let ties = n >= 100;
        let models = 2 + n % 9;
        let mut person = Person::new(&mut dice, models, 1.0);
        person.nu = if ties { 0.5 } else { 0.0 };
        let votes = person.votes(&mut dice, [5, 20, 100, 400][n % 4].max(models));
        let ties = ties && votes.iter().any(|v| v.outcome == Outcome::Tie);
        let settings = Settings { spread: SPREAD, position: ties, length: ties };
        let fit = Fit::new(models, &votes, &settings);
        let mut all = fit.strengths().to_vec();
        if ties {
            all.extend([fit.position().unwrap().value, fit.length().unwrap().value, fit.nu().ln()]);
        }
        ours.push((ties, all));
        let rows: Vec<_> = votes.iter().map(|v| json!([v.a, v.b, score(v), v.first, v.length])).collect();
        problems.push(json!({
            "players": models, "votes": rows, "ties": ties, "spread": SPREAD,
            "effect_spread": EFFECT_SPREAD, "tie_rate": TIE_RATE,
        }));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/reference.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let input = serde_json::to_vec(&problems).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    let theirs: Vec<Vec<f64>> = serde_json::from_slice(&out.stdout).unwrap();
    for (what, tied) in
        [("choix, 100 sets of votes without ties", false), ("SciPy, sets with ties, place and length", true)]
    {
        let mut most = 0.0_f64;
        let mut sets = 0;
        for ((_, mine), other) in ours.iter().zip(&theirs).filter(|((ties, _), _)| *ties == tied) {
            assert_eq!(mine.len(), other.len());
            sets += 1;
            most = mine.iter().zip(other).map(|(x, y)| (x - y).abs()).fold(most, f64::max);
        }
        println!("| greatest difference from {what} ({sets} compared) | {most:.1e} | 1e-6 |");
        assert!(most < 1e-6 && sets >= 60, "{what}: {most}, {sets} sets");
    }
}

fn score(vote: &Vote) -> f64 {
    match vote.outcome {
        Outcome::A => 0.5,
        Outcome::B => -0.5,
        Outcome::Tie | Outcome::BothBad => 0.0,
    }
}

/// People of a kind: how far apart models are for them, and whether one is far ahead of all.
const KINDS: &[(&str, f64, f64)] = &[
    ("models all equal", 0.0, 0.0),
    ("models a little apart", 0.4, 0.0),
    ("models apart", 0.8, 0.0),
    ("models far apart", 1.5, 0.0),
    ("one model wins 19 of 20 duels", 0.3, 3.0),
];

fn coverage() {
    for &votes in &[20, 100, 300] {
        for &(kind, spread, ahead) in KINDS {
            let mut dice = Dice(100 + votes as u64);
            // Inside by profile, Wald, bootstrap; intervals; the same for people whose votes separate the models.
            let (mut inside, mut all, mut apart) = ([0_usize; 3], [0_usize; 2], (0_usize, 0_usize));
            for n in 0..PEOPLE {
                let models = [2, 4, 6, 8][n % 4];
                let mut person = Person::new(&mut dice, models, spread);
                person.strengths[0] += ahead;
                let cast = person.votes(&mut dice, votes);
                let fit = Fit::new(models, &cast, &Settings::default());
                let separated = separated(models, &cast);
                // The bootstrap is three hundred fits a person.
                let drawn = (n % 30 < 4 && votes <= 100).then(|| bootstrap(models, &cast, &mut dice));
                for model in 0..models {
                    let truth = person.truth(model);
                    let (_, low, high) = fit.against(model, Z95);
                    let hit = low <= truth && truth <= high;
                    inside[0] += usize::from(hit);
                    all[0] += 1;
                    let (low, high) = fit.wald(model, Z95);
                    inside[1] += usize::from(low <= truth && truth <= high);
                    if separated {
                        apart.0 += usize::from(hit);
                        apart.1 += 1;
                    }
                    if let Some(drawn) = &drawn {
                        inside[2] += usize::from(drawn[model].0 <= truth && truth <= drawn[model].1);
                        all[1] += 1;
                    }
                }
            }
            let share = |hits: usize, of: usize| 100.0 * hits as f64 / of.max(1) as f64;
            let profile = share(inside[0], all[0]);
            let bootstrap =
                if all[1] > 0 { format!("{:.1} %", share(inside[2], all[1])) } else { "–".to_owned() };
            let limit = if votes < 100 { "≥ 93 %" } else { "93–97 %" };
            println!(
                "| {votes} votes, {kind}{} | {profile:.1} % / {:.1} % / {bootstrap} | {limit} |",
                if apart.1 > 0 {
                    format!(" (separated: {:.1} % of {})", share(apart.0, apart.1), apart.1)
                } else {
                    String::new()
                },
                share(inside[1], all[0]),
            );
            assert!(profile >= 93.0 && (votes < 100 || profile <= 97.0), "{votes} votes, {kind}: {profile}");
        }
    }
}

/// Can the models be cut into two sets so that none of one ever lost or tied against the other?
fn separated(models: usize, votes: &[Vote]) -> bool {
    let mut beats = vec![vec![false; models]; models];
    for vote in votes {
        if vote.outcome != Outcome::B {
            beats[vote.a][vote.b] = true;
        }
        if vote.outcome != Outcome::A {
            beats[vote.b][vote.a] = true;
        }
    }
    for k in 0..models {
        for i in 0..models {
            for j in 0..models {
                beats[i][j] |= beats[i][k] && beats[k][j];
            }
        }
    }
    (0..models).any(|i| (0..models).any(|j| i != j && !beats[i][j]))
}

/// The middle 95 % of 300 fits to votes drawn with repetition.
fn bootstrap(models: usize, votes: &[Vote], dice: &mut Dice) -> Vec<(f64, f64)> {
    let mut seen = vec![Vec::with_capacity(300); models];
    for _ in 0..300 {
        let drawn: Vec<Vote> = (0..votes.len()).map(|_| votes[dice.below(votes.len())]).collect();
        let fit = Fit::new(models, &drawn, &Settings::default());
        let mean = fit.strengths().iter().sum::<f64>() / models as f64;
        for (list, strength) in seen.iter_mut().zip(fit.strengths()) {
            list.push(strength - mean);
        }
    }
    seen.into_iter()
        .map(|mut list| {
            list.sort_by(f64::total_cmp);
            (list[7], list[292])
        })
        .collect()
}

/// How many people are ever told of a winner where there is none.
fn verdicts() {
    for &(what, models, weak) in &[
        ("two equals", 2_usize, 0_usize),
        ("four equals", 4, 0),
        ("eight equals", 8, 0),
        ("two equals ahead of four", 6, 4),
    ] {
        let mut dice = Dice(900);
        let (mut named, mut plainly) = (0, 0);
        let people = 1_000;
        for _ in 0..people {
            let mut person = Person::new(&mut dice, models, 0.0);
            person.strengths.iter_mut().skip(models - weak).for_each(|s| *s = -1.2);
            let votes = person.votes(&mut dice, 300);
            let (mut ever, mut ever_plain) = (false, false);
            for n in (10..=300).step_by(10) {
                let fit = Fit::new(models, &votes[..n], &Settings::default());
                let lead =
                    (0..models).max_by(|a, b| fit.strengths()[*a].total_cmp(&fit.strengths()[*b])).unwrap();
                let others = || (0..models).filter(|other| *other != lead);
                // A weak model that leads by luck is a wrong winner too.
                ever |= others().all(|other| fit.evidence(lead, other) >= SURE);
                ever_plain |= others().all(|other| {
                    let (difference, variance) = fit.difference(lead, other);
                    difference > Z95 * variance.sqrt()
                });
                if ever {
                    break;
                }
            }
            named += usize::from(ever);
            plainly += usize::from(ever_plain);
        }
        let share = 100.0 * f64::from(named as u32) / f64::from(people);
        let plain = 100.0 * f64::from(plainly as u32) / f64::from(people);
        println!("| {what} (a plain 95 % interval would: {plain:.1} %) | {share:.1} % | ≤ 5 % |");
        assert!(share <= 5.0, "{what}: {share}");
    }
}
