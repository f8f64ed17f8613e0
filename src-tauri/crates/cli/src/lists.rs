//! `parallax models`, and what one provider or this computer has.

use crate::out;
use domain::{Endpoint, ErrorKind, Failure, Meter, ModelRef, ProviderId};
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

/// The models of one provider, one a line: the catalogue's, then those only its own list has.
pub(crate) fn models_of(engine: &Engine, id: &ProviderId, json: bool) -> Result<ExitCode, Failure> {
    let registry = engine.registry();
    let known = registry.provider(id).ok_or_else(|| {
        Failure::new(ErrorKind::RequestInvalid, format!("There is no provider called “{id}”."))
    })?;
    let catalogued = registry.catalog().all_endpoints().filter(|endpoint| endpoint.provider == *id).cloned();
    let new = registry.uncatalogued(known).filter_map(|listed| {
        let wanted = ModelRef { model: listed.id.clone(), provider: Some(id.clone()) };
        registry.resolve(&wanted).ok()?.into_iter().next()
    });
    let rows = catalogued.map(|endpoint| (endpoint, true)).chain(new.map(|endpoint| (endpoint, false)));
    let read_at = known.state.as_ref().and_then(|state| state.listed_at);
    for (served, catalogued) in rows {
        let listed = known.lists(&served.upstream_model);
        let read = if json {
            let mut line = endpoint(&served);
            if let Value::Object(fields) = &mut line {
                fields.insert("model".to_owned(), json!(format!("{}@{id}", served.upstream_model)));
                fields.insert("slug".to_owned(), json!(served.model));
                fields.insert("catalogued".to_owned(), json!(catalogued));
                fields.insert("listed".to_owned(), json!(listed));
                fields.insert("listed_at".to_owned(), json!(read_at));
            }
            out::object(&line)
        } else {
            let note = match (catalogued, listed) {
                (false, _) if served.prices.is_none() => "  (not in the catalogue, price unknown)",
                (true, Some(false)) => "  (not in the provider's own list)",
                _ => "",
            };
            out::line(&format!("{}@{id}{note}", served.upstream_model))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Servers found on this computer, one a line.
pub(crate) async fn discover(engine: &Engine, json: bool) -> Result<ExitCode, Failure> {
    let found = engine.discover().await?;
    let registry = engine.registry();
    for server in &found {
        let Some(known) = registry.provider(&server.provider) else { continue };
        let ids: Vec<&str> = server.models.iter().map(|model| model.id.as_str()).collect();
        let read = if json {
            out::object(&json!({
                "provider": server.provider,
                "name": known.provider.name,
                "base_url": known.provider.base_url,
                "enabled": server.enabled,
                "models": ids,
            }))
        } else {
            out::line(&format!("{}  {}  {}", server.provider, known.provider.base_url, ids.join(", ")))
        };
        if !read {
            break;
        }
    }
    if found.is_empty() && !json {
        out::note("No model server answers on this computer.");
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
