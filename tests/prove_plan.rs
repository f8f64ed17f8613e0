//! Proof: how long it takes to plan a request to a model with thirty endpoints. `cargo xtask prove plan`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a proof fails by panicking, prints its table, measures by the clock, and borrows a test's world"
)]

#[path = "router/world.rs"]
mod world;

use domain::{AccountLabel, DataPolicy, ErrorKind};
use router::{Ask, Needs, Offer, Ready, Warm};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use world::{NOW, World, endpoint};

const ENDPOINTS: usize = 30;
const ROUNDS: usize = 20_000;
/// What a plan may take.
const LIMIT: Duration = Duration::from_micros(100);

#[test]
fn planning_thirty_endpoints_takes_less_than_a_tenth_of_a_millisecond() {
    let prices: Vec<(String, String)> =
        (0..ENDPOINTS).map(|n| (format!("0.{:02}", 10 + n), format!("{}.5", 1 + n % 7))).collect();
    let mut world = World::new(
        (0..ENDPOINTS).map(|n| endpoint(&format!("provider-{n:02}"), Some((&prices[n].0, &prices[n].1)))),
    );
    for n in 0..ENDPOINTS {
        world.answered(&format!("provider-{n:02}"), 300 + 50 * n as u64, 6);
        world.fail(&format!("provider-{n:02}"), ErrorKind::UpstreamInternal, n % 3);
    }
    let data = DataPolicy { trains: Some(false), retention_days: Some(0), ..DataPolicy::default() };
    let keys = [Some(AccountLabel::from("home")), Some(AccountLabel::from("work"))];
    let offers: Vec<Offer<'_>> = world
        .endpoints
        .iter()
        .map(|endpoint| Offer {
            endpoint,
            accounts: &keys,
            ready: Ready::Yes,
            dialect_built: true,
            local: false,
            first_party: false,
            data: &data,
            region: Some("eu"),
            quantization: Some("fp8"),
            model: None,
            drops: &[],
            affordable: true,
            queue: domain::Millis(0),
            stand_in: 0,
        })
        .collect();
    let prefs = serde_json::from_str(
        r#"{"data_collection":"deny","zdr":true,"ignore":["provider-07"],"max_price":{"prompt":"9"},
            "quantizations":["fp8","bf16"],"regions":["eu"],"preferred_max_latency":{"p90":3}}"#,
    )
    .unwrap();
    let warm = Warm { endpoint: world.endpoints[5].id.clone(), tokens: 8_000, until: NOW };
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            let ask = Ask {
                named: None,
                prefs: &prefs,
                policy: Some("private"),
                needs: &Needs::default(),
                prompt_tokens: 10_000,
                answer_tokens: 700,
                follow_ups: 2,
                floor: false,
                warm: Some(&warm),
                seed: round as u64,
                now: NOW,
            };
            let started = Instant::now();
            let route = black_box(router::plan(black_box(&offers), &ask, &world.health));
            let took = started.elapsed();
            assert_eq!(route.planned.len(), 2 * (ENDPOINTS - 1));
            took
        })
        .collect();
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_nanos() as f64 / 1_000.0;
    println!("\n| plan of {ENDPOINTS} endpoints with two keys each, every rule set | µs |");
    println!("|---|---:|");
    for share in [50, 95, 99] {
        println!("| p{share} of {ROUNDS} | {:.1} |", at(share));
    }
    assert!(times[ROUNDS / 2] < LIMIT, "{:?}", times[ROUNDS / 2]);
}
