//! Every recording's usage priced, and where the provider said what it charged, compared with that.

use super::explained::{Found, Outcome};
use super::priced::{NOON, catalog, computed, decode, sides};
use domain::{Basis, PicoUsd, Usage};
use parallax_suite::support::recording::{Recording, repository};

pub(super) fn recordings() -> Vec<Recording> {
    let tests = repository().join("tests/recordings");
    let mut all = Recording::folder(&tests.join("registry"));
    all.extend(Recording::folder(&tests.join("documented")));
    all.extend(Recording::beside_the_repository().unwrap_or_default());
    all.retain(|recording| recording.status() < 400);
    all
}

/// Our id of a recording's provider, where it differs.
pub(super) fn provider(recording: &Recording) -> &str {
    match recording.text("/provider") {
        "vercel-gateway" => "vercel",
        other => other,
    }
}

fn dialect(recording: &Recording) -> &str {
    match recording.text("/wire") {
        "google-generate" => "gemini",
        "cohere-v2" => "cohere",
        "ollama-chat" => "ollama",
        other => other,
    }
}

/// What was asked for; providers answer with other names of it.
pub(super) fn model(recording: &Recording) -> String {
    let asked = match &recording.value["request"]["body"] {
        serde_json::Value::String(text) => {
            serde_json::from_str::<serde_json::Value>(text).unwrap_or_default()["model"].clone()
        }
        body => body["model"].clone(),
    };
    let path = recording.text("/request/path");
    let google = path.split("/models/").nth(1).and_then(|rest| rest.split(['/', ':', '?']).next());
    let aws = path.split("/model/").nth(1).and_then(|rest| rest.split(['/', '?']).next());
    let in_path = google.or(aws).unwrap_or_default().replace("%3A", ":");
    let deployment = path.split("/deployments/").nth(1).and_then(|rest| rest.split('/').next());
    let answered = recording.text("/expect/model");
    let first =
        [asked.as_str().unwrap_or_default(), in_path.as_str(), deployment.unwrap_or_default(), answered];
    first.into_iter().find(|name| !name.is_empty()).unwrap_or("unnamed").to_owned()
}

pub(super) fn usage(recording: &Recording) -> Usage {
    decode(dialect(recording), &domain::Headers(recording.headers()), &recording.body())
}

#[test]
fn every_recordings_usage_is_priced_and_agrees_with_what_was_charged() {
    let mut found = Found::default();
    let (mut priced, mut unpriced, mut reported) = (0, 0, 0);
    let mut silent = 0;
    for recording in recordings() {
        let (provider, model, usage) = (provider(&recording), model(&recording), usage(&recording));
        if usage.is_silent() {
            silent += 1;
            continue;
        }
        let local = catalog().provider(provider).is_some_and(|known| known.local);
        let ours = match catalog().endpoint(provider, &model) {
            Some(endpoint) => {
                let cost = computed(&usage, endpoint, NOON);
                // Every token is on one line, and the total is their sum.
                if let Some(total) = cost.total {
                    let (input, output) = sides(&cost);
                    let rest: i64 = cost.lines.iter().map(|line| line.amount.get()).sum();
                    assert_eq!(total.get(), rest, "{}", recording.id());
                    assert!(input.get() + output.get() <= rest, "{}", recording.id());
                }
                match cost.total {
                    Some(_) => priced += 1,
                    None => found.add(provider, &model, Outcome::Unknown, || recording.id().to_owned()),
                }
                cost.total
            }
            None if local => {
                priced += 1;
                let sheet = catalog::local_sheet("2026-11-21");
                ledger::cost(&usage, Some(&sheet), super::MONDAY).total
            }
            None => {
                unpriced += 1;
                found.add(provider, &model, Outcome::Missing, || recording.id().to_owned());
                None
            }
        };
        let said = recording.value.pointer("/expect/reported_cost_usd").and_then(serde_json::Value::as_f64);
        if said.is_none() {
            continue;
        }
        reported += 1;
        // The provider's figure wins wherever it is above zero.
        let cost = ledger::cost(&usage, None, super::MONDAY);
        assert_eq!(
            cost.basis == Basis::Reported,
            usage.reported_cost.is_some_and(|amount| amount > PicoUsd::ZERO),
            "{}",
            recording.id()
        );
        if let (Some(ours), Some(theirs)) = (ours, usage.reported_cost) {
            let apart = i128::from(ours.get() - theirs.get()).abs() * 100;
            let outcome = if apart <= i128::from(theirs.get()) { Outcome::Same } else { Outcome::Differs };
            found.add(provider, &model, outcome, || {
                format!("{}: ours {ours}, charged {theirs}, of {:?}", recording.id(), usage.raw)
            });
        }
    }
    println!(
        "{priced} priced, {unpriced} not in the catalogue, {silent} without usage, {reported} with a charge; {}",
        found.summary()
    );
    assert!(priced >= 60, "only {priced} priced");
    found.check("recordings");
}
