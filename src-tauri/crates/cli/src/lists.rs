//! `parallax models` and `parallax spend`.

use crate::{Json, out};
use clap::{Args, ValueEnum};
use domain::{Endpoint, ErrorKind, Failure, Meter, Timestamp};
use engine::{Engine, SpendKey, SpendSum};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct SpendArgs {
    /// One line per model, provider or day
    #[arg(long, value_enum, value_name = "model|provider|day")]
    by: Option<By>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    Model,
    Provider,
    Day,
}

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

/// Totals from the ledger, since it began.
pub(crate) async fn spend(engine: &Engine, arguments: SpendArgs) -> Result<ExitCode, Failure> {
    let (from, until) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    let json = arguments.json.json;
    let store = engine.store();
    let rows: Vec<(Value, String, SpendSum)> = match arguments.by {
        None => {
            let sum = store.read(move |tx| tx.spend_total(from, until)).await?;
            vec![(json!({}), "total".to_owned(), sum)]
        }
        Some(By::Model) => store
            .read(move |tx| tx.spend_by_endpoint(from, until))
            .await?
            .into_iter()
            .map(|(model, provider, sum)| {
                (json!({ "model": model, "provider": provider }), format!("{model} via {provider}"), sum)
            })
            .collect(),
        Some(By::Provider) => store
            .read(move |tx| tx.spend_by(SpendKey::Provider, from, until))
            .await?
            .into_iter()
            .map(|(provider, sum)| (json!({ "provider": provider }), provider, sum))
            .collect(),
        Some(By::Day) => {
            let offset = local_offset(engine.clock().now())?;
            store
                .read(move |tx| tx.spend_by(SpendKey::Day(offset), from, until))
                .await?
                .into_iter()
                .map(|(day, sum)| (json!({ "day": day }), day, sum))
                .collect()
        }
    };
    for (mut key, label, sum) in rows {
        let read = if json {
            if let Value::Object(fields) = &mut key {
                fields.insert("usd".to_owned(), json!(sum.amount));
                fields.insert("attempts".to_owned(), json!(sum.attempts));
                fields.insert("unknown".to_owned(), json!(sum.unknown));
                fields.insert("input".to_owned(), json!(sum.input));
                fields.insert("output".to_owned(), json!(sum.output));
            }
            out::object(&key)
        } else {
            let missing = match sum.unknown {
                0 => String::new(),
                n => format!(" (at least; {n} of unknown cost)"),
            };
            out::line(&format!("{label}: ${}{missing}, {} attempts", sum.amount, sum.attempts))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Minutes east of UTC, today.
fn local_offset(now: Timestamp) -> Result<i32, Failure> {
    let now = jiff::Timestamp::from_millisecond(now.0)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("The clock is out of range ({error}).")))?;
    Ok(TimeZone::system().to_offset(now).seconds() / 60)
}
