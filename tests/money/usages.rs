//! 1,577 usage objects of real traffic, collected by genai-prices with the price it expects of each. Every
//! one goes through our decoders, our catalogue and our ledger; what differs is explained in
//! `explained.json`, by provider and model, with how often.

use super::explained::{self, Outcome};
use super::priced::{catalog, computed, dialect_of, shared, sides, usage_of};
use domain::{Endpoint, PicoUsd, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// A day in November 2025, as whose prices the collector computed: before the first of the dated changes
/// it knows, such as that of ministral-8b on 2025-12-02.
const THEIRS: Timestamp = Timestamp(1_762_776_000_000);

/// Their provider, their API flavour → our provider and the dialect of that API. Embeddings are no
/// conversation; what is not named here is no provider of the catalogue.
fn place(provider: &str, flavor: &str) -> Option<(&'static str, &'static str)> {
    Some(match (provider, flavor) {
        ("anthropic", "default") => ("anthropic", "anthropic-messages"),
        ("aws", "default") => ("bedrock", "bedrock-converse"),
        ("azure", "chat") => ("azure", "openai-chat"),
        ("azure", "responses") => ("azure", "openai-responses"),
        ("cerebras", "chat") => ("cerebras", "openai-chat"),
        ("cohere", "default") => ("cohere", "cohere"),
        ("deepseek", "chat") => ("deepseek", "openai-chat"),
        ("fireworks", "chat") => ("fireworks", "openai-chat"),
        ("google", "default") => ("google", "gemini"),
        ("google", "anthropic") => ("vertex", "anthropic-messages"),
        ("groq", "default") => ("groq", "openai-chat"),
        ("minimax", "chat") => ("minimax", "openai-chat"),
        ("mistral", "default") => ("mistral", "openai-chat"),
        ("moonshotai", "chat") => ("moonshotai", "openai-chat"),
        ("openai", "chat") => ("openai", "openai-chat"),
        ("openai", "responses") => ("openai", "openai-responses"),
        ("openrouter", "chat") => ("openrouter", "openai-chat"),
        ("perplexity", "default") => ("perplexity", "openai-chat"),
        ("x-ai", "chat") => ("xai", "openai-chat"),
        ("x-ai", "default") => ("xai", "openai-responses"),
        ("zai", "chat") => ("zai", "openai-chat"),
        _ => return None,
    })
}

/// Their decimal text, which may have an exponent (`1.5E-7`).
fn dollars(value: &Value) -> PicoUsd {
    let Some(text) = value.as_str() else { return PicoUsd::ZERO };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let zeros = exponent.parse::<i32>().unwrap().unsigned_abs();
    let digits = mantissa.replace('.', "");
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let plain = match exponent.starts_with('-') {
        true => {
            let padded = format!("{digits:0>width$}", width = zeros as usize + places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - zeros as usize - places);
            format!("{whole}.{fraction}")
        }
        false if zeros == 0 => text.to_owned(),
        false => panic!("{text}: an amount above ten dollars"),
    };
    // They keep more decimals than there are pico-dollars; ours are exact, so those can only be zeros
    // where both agree.
    let end = plain.find('.').map_or(plain.len(), |point| plain.len().min(point + 13));
    PicoUsd::from_dollars(&plain[..end]).unwrap()
}

fn endpoint(provider: &str, model: &str) -> Option<&'static Endpoint> {
    let known = catalog().endpoint(provider, model);
    // What the API calls itself when it answers may carry its own path.
    // Vertex writes the date of a Claude behind an @, or that there is none.
    let dated =
        || model.rsplit_once('-').filter(|(_, date)| date.len() == 8).map(|(m, d)| format!("{m}@{d}"));
    let vertex = || catalog().endpoint(provider, &dated().unwrap_or_else(|| format!("{model}@default")));
    known
        .or_else(|| catalog().endpoint(provider, model.strip_prefix("models/")?))
        .or_else(|| if provider == "vertex" { vertex() } else { None })
}

#[test]
fn every_real_usage_object_costs_what_is_expected_or_is_explained() {
    let Some(path) = shared("catalog/genai-prices.tests.usages.json") else { return };
    let objects: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(objects.len(), 1_577);
    let mut found = explained::Found::default();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut count = |what| *counts.entry(what).or_default() += 1;
    for object in &objects {
        let body = &object["body"];
        let said = if body["usage"].is_object() { &body["usage"] } else { &body["usageMetadata"] };
        let Some(dialect) = dialect_of(said) else {
            count("objects of embeddings, not of a conversation");
            continue;
        };
        let usage = usage_of(dialect, said);
        let model = object["model"].as_str().unwrap_or_default();
        let mut priced = false;
        for extracted in object["extracted"].as_array().unwrap() {
            for expected in extracted["extractors"].as_array().unwrap() {
                if expected.get("input_price").is_none() && expected.get("output_price").is_none() {
                    continue;
                }
                let name =
                    (expected["provider_id"].as_str().unwrap(), expected["api_flavor"].as_str().unwrap());
                let Some((provider, _)) = place(name.0, name.1).filter(|(_, speaks)| *speaks == dialect)
                else {
                    continue;
                };
                priced = true;
                let expected = (dollars(&expected["input_price"]), dollars(&expected["output_price"]));
                let outcome = match endpoint(provider, model) {
                    None => Outcome::Missing,
                    Some(endpoint) => {
                        let cost = computed(&usage, endpoint, THEIRS);
                        if cost.total.is_none() {
                            Outcome::Unknown
                        } else if sides(&cost) == expected {
                            Outcome::Same
                        } else {
                            Outcome::Differs
                        }
                    }
                };
                let detail = || {
                    let ours = endpoint(provider, model).map(|e| sides(&computed(&usage, e, THEIRS)));
                    format!("ours {ours:?}, theirs {expected:?}, of {said}")
                };
                found.add(provider, model, outcome, detail);
            }
        }
        count(if priced { "objects with an expected price" } else { "objects without one" });
    }
    println!("{counts:?}; {}", found.summary());
    assert_eq!(counts.values().sum::<u32>(), 1_577);
    assert!(found.same() >= 1_000, "{}", found.summary());
    found.check("usages");
}

#[test]
fn every_usage_object_is_counted_as_the_collector_counts_it() {
    let Some(path) = shared("catalog/genai-prices.tests.usages.json") else { return };
    let objects: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut found = explained::Found::default();
    for object in &objects {
        let body = &object["body"];
        let said = if body["usage"].is_object() { &body["usage"] } else { &body["usageMetadata"] };
        let Some(dialect) = dialect_of(said) else { continue };
        let usage = usage_of(dialect, said);
        // The collector reads every object in the ways of many providers; a way that led to a price is
        // one that fits.
        let ways: Vec<(&str, &Value)> = object["extracted"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|e| e["extractors"].as_array().unwrap().iter().map(move |way| (way, &e["usage"])))
            .filter(|(way, _)| way.get("input_price").is_some())
            .filter_map(|(way, usage)| {
                let (provider, speaks) = place(way["provider_id"].as_str()?, way["api_flavor"].as_str()?)?;
                (speaks == dialect).then_some((provider, usage))
            })
            .collect();
        let counted = |theirs: &Value| {
            let theirs = |key: &str| theirs[key].as_u64().unwrap_or(0);
            let (input, output) = match usage.billed {
                // Cohere is billed by other counts than it reports.
                Some(billed) => (billed.input, billed.output),
                None => (usage.input.total.unwrap_or(0), usage.output.total.unwrap_or(0)),
            };
            (theirs("input_tokens"), theirs("output_tokens")) == (input, output)
                && theirs("cache_read_tokens") == usage.input.cache_read.unwrap_or(0)
                && theirs("cache_write_tokens") == usage.input.cache_write().unwrap_or(0)
        };
        let Some((provider, first)) = ways.first() else { continue };
        let outcome =
            if ways.iter().any(|(_, theirs)| counted(theirs)) { Outcome::Same } else { Outcome::Differs };
        found.add(provider, object["model"].as_str().unwrap_or("unnamed"), outcome, || {
            format!("ours {:?} {:?}, theirs {first} of {said}", usage.input, usage.output)
        });
    }
    println!("{}", found.summary());
    found.check("counts");
}
