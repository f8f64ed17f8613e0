//! Two calculators of others over the same recordings: Python's `genai-prices`, and LiteLLM's
//! `completion_cost`, each with its own prices and its own reading of what the provider counted. What they
//! said is in `calculators.json`; `cargo xtask prove prices` asks them anew and writes the table. Every
//! difference has its reason in `explained.json`.

use super::explained::{Found, Outcome};
use super::priced::{NOON, catalog, computed};
use super::recordings::{model, provider, recordings, usage};
use domain::PicoUsd;
use serde_json::Value;
use std::collections::BTreeMap;

/// A float's text may be wrong behind its fifteenth figure; a thousandth of a cent per million is not.
const ROUNDING: i128 = 1_000_000_000;

fn amount(said: &Value) -> Option<PicoUsd> {
    let text = said.as_str()?;
    let end = text.find('.').map_or(text.len(), |point| text.len().min(point + 13));
    Some(PicoUsd::from_dollars(&text[..end]).unwrap())
}

fn near(ours: PicoUsd, theirs: PicoUsd) -> bool {
    let (ours, theirs) = (i128::from(ours.get()), i128::from(theirs.get()));
    (ours - theirs).abs() <= 1 + ours.max(theirs) / ROUNDING
}

fn show(amount: Option<PicoUsd>) -> String {
    amount.map_or_else(|| "–".to_owned(), |amount| amount.to_string())
}

#[test]
fn others_calculators_agree_or_each_difference_is_explained() {
    let file = match std::env::var_os("PARALLAX_CALCULATORS") {
        Some(path) => std::fs::read_to_string(path).unwrap(),
        None => include_str!("calculators.json").to_owned(),
    };
    let file: Value = serde_json::from_str(&file).unwrap();
    let (mut genai, mut litellm) = (Found::default(), Found::default());
    let mut rows: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let (mut compared, mut agreed) = (0, 0);
    for recording in recordings() {
        let Some(said) = file["recordings"].get(recording.id()) else { continue };
        let (provider, model) = (provider(&recording), model(&recording));
        let known = catalog().endpoint(provider, &model);
        let local = catalog().provider(provider).is_some_and(|known| known.local);
        let ours = match known {
            Some(endpoint) => computed(&usage(&recording), endpoint, NOON).total,
            None => local.then_some(PicoUsd::ZERO),
        };
        let mut differs = Vec::new();
        for (name, found) in [("genai", &mut genai), ("litellm", &mut litellm)] {
            let Some(theirs) = amount(&said[name]) else { continue };
            compared += 1;
            let outcome = match ours {
                Some(ours) if near(ours, theirs) => Outcome::Same,
                Some(_) => Outcome::Differs,
                None if known.is_some() => Outcome::Unknown,
                None => Outcome::Missing,
            };
            agreed += u32::from(outcome == Outcome::Same);
            found.add(provider, &model, outcome, || {
                format!("{}: ours {}, theirs {theirs}", recording.id(), show(ours))
            });
            if outcome != Outcome::Same {
                differs.push((name, outcome));
            }
        }
        let why: Vec<String> = differs
            .iter()
            .map(|(name, outcome)| {
                format!("{name}: {}", super::explained::reason(name, provider, &model, *outcome))
            })
            .collect();
        rows.entry((provider.to_owned(), model.clone())).or_default().push(format!(
            "| {provider} | {model} | {} | {} | {} | {} |",
            show(ours),
            show(amount(&said["genai"])),
            show(amount(&said["litellm"])),
            why.join(" "),
        ));
    }
    println!("| provider | model | ours, $ | genai-prices | LiteLLM | where they differ, why |");
    println!("|---|---|---:|---:|---:|---|");
    for row in rows.into_values().flatten() {
        println!("{row}");
    }
    println!("genai-prices: {}; LiteLLM: {}", genai.summary(), litellm.summary());
    // Two thirds with the recordings beside the repository, somewhat less of the repository's own.
    assert!(agreed * 5 >= compared * 3 && agreed >= 90, "only {agreed} of {compared} agree");
    genai.check("genai");
    litellm.check("litellm");
}
