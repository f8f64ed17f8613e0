//! Proof: our way of choosing beside those that others publish, over thousands of simulated hours.
//! `cargo xtask prove router`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a proof fails by panicking, prints its table and simulates with floats"
)]

#[path = "sim/mod.rs"]
mod sim;

use sim::{run, world::World};

/// Worlds with chance of their own, and the hours of each.
const SEEDS: u64 = 8;
const HOURS: f64 = 500.0;

#[test]
fn ways_of_choosing_over_thousands_of_hours() {
    let count = run::all().len();
    let mut sums: Vec<Vec<run::Figures>> = vec![Vec::new(); count];
    let mut requests = 0;
    for seed in 1..=SEEDS {
        let world = World::new(seed, HOURS);
        requests += world.requests.len();
        for (of, chooser) in sums.iter_mut().zip(run::all()) {
            let mut chooser = chooser;
            of.push(run::play(&world, &mut *chooser));
        }
    }
    println!(
        "\n| way of choosing | answered | p50 first content | p99 first content | $ per 1,000 answered | regret, $ per 1,000 | attempts |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for of in &sums {
        let mean = |figure: fn(&run::Figures) -> f64| of.iter().map(figure).sum::<f64>() / of.len() as f64;
        println!(
            "| {} | {:.3} % | {:.2} s | {:.2} s | {:.3} | {:.3} | {:.3} |",
            of[0].name,
            100.0 * mean(|f| f.success),
            mean(|f| f.p50),
            mean(|f| f.p99),
            mean(|f| f.dollars),
            mean(|f| f.regret),
            mean(|f| f.attempts),
        );
    }
    println!("|  | {} hours | {requests} requests | {SEEDS} seeds |  |  |  |", SEEDS as f64 * HOURS);
}
