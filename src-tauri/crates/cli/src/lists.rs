//! `parallax models`.

use crate::out;
use domain::{Endpoint, Failure, Meter};
use engine::Engine;
use serde_json::{Value, json};
use std::process::ExitCode;

/// The whole catalogue, one model a line.
pub(crate) fn models(engine: &Engine, json: bool) -> Result<ExitCode, Failure> {
    let registry = engine.registry();
    for model in registry.catalog().models() {
        let endpoints = registry.catalog().endpoints(model.slug.as_str());
        let read = if json {
            out::object(&json!({
                "slug": model.slug,
                "name": model.name,
                "context_length": model.context_length,
                "max_completion_tokens": model.max_completion_tokens,
                "input": model.input,
                "output": model.output,
                "capabilities": model.capabilities,
                "open_weights": model.open_weights,
                "knowledge_cutoff": model.knowledge_cutoff,
                "released": model.released,
                "retires": model.retires,
                "endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>(),
            }))
        } else {
            let providers: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.provider.as_str()).collect();
            out::line(&format!("{}  ({})", model.slug, providers.join(", ")))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn endpoint(endpoint: &Endpoint) -> Value {
    let prices = endpoint.prices.as_ref();
    let rate = |meter| {
        prices
            .and_then(|sheet| {
                let plain = sheet.rules.iter().rev().filter(|rule| rule.when == domain::When::default());
                plain.filter_map(|rule| rule.rates.get(&meter)).next()
            })
            .and_then(|rate| rate.checked_times(1_000_000))
    };
    json!({
        "provider": endpoint.provider,
        "upstream_model": endpoint.upstream_model,
        "context_length": endpoint.context_length,
        "max_completion_tokens": endpoint.max_completion_tokens,
        "usd_per_million": {
            "input": rate(Meter::Input),
            "cache_read": rate(Meter::InputCacheRead),
            "output": rate(Meter::Output),
        },
        "price_source": prices.map(|sheet| &sheet.source),
    })
}
