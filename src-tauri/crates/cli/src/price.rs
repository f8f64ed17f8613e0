//! `parallax price` and `parallax catalog`.

use crate::{Json, out};
use clap::{Args, Subcommand};
use domain::{
    Endpoint, ErrorKind, Failure, Meter, ModelRef, PicoUsd, PriceRule, PriceSheet, ProviderId, When,
};
use engine::{Beside, Dated, Engine, Foreign, PRICE_LISTS, UserPrice, WHOLE_PROVIDER};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::ExitCode};

#[derive(Subcommand)]
pub(crate) enum PriceCommand {
    /// What a model costs at each provider, with source and date
    Show {
        /// MODEL or MODEL@PROVIDER
        model: String,
        #[command(flatten)]
        json: Json,
    },
    /// Set a price of your own; it counts before any other, from now on
    Set(Box<SetArgs>),
    /// Take your own price back
    Reset {
        /// MODEL, MODEL@PROVIDER, or with --provider nothing
        #[arg(required_unless_present = "provider")]
        model: Option<String>,
        /// Take back that this provider's account is not billed
        #[arg(long, value_name = "PROVIDER", conflicts_with = "model")]
        provider: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Your own prices, and those of public lists that wait for your word
    List(Json),
    /// Believe prices that wait
    Accept(Decide),
    /// Keep the prices as they are
    Decline(Decide),
    /// Every price a model has had here, with its day
    History {
        /// MODEL@PROVIDER
        model: String,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Args)]
pub(crate) struct Decide {
    /// MODEL or MODEL@PROVIDER; without one, all that wait
    model: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// Figures are dollars per million tokens, or per unit for requests and searches.
#[derive(Args)]
pub(crate) struct SetArgs {
    /// MODEL (at every provider) or MODEL@PROVIDER
    #[arg(required_unless_present = "provider")]
    model: Option<String>,
    /// Prompt tokens
    #[arg(long, value_name = "USD")]
    input: Option<String>,
    /// Completion tokens
    #[arg(long, value_name = "USD")]
    output: Option<String>,
    /// Prompt tokens read from a cache [default: as prompt tokens]
    #[arg(long, value_name = "USD")]
    cache_read: Option<String>,
    /// Prompt tokens written to a cache [default: as prompt tokens]
    #[arg(long, value_name = "USD")]
    cache_write: Option<String>,
    /// Prompt tokens written to a cache for an hour [default: as other writes]
    #[arg(long, value_name = "USD")]
    cache_write_1h: Option<String>,
    /// Reasoning tokens [default: as completion tokens]
    #[arg(long, value_name = "USD")]
    reasoning: Option<String>,
    /// One request, in dollars
    #[arg(long, value_name = "USD")]
    request: Option<String>,
    /// One web search, in dollars
    #[arg(long, value_name = "USD")]
    web_search: Option<String>,
    /// The figures are in this currency, e.g. CNY; needs --rate and --rate-day
    #[arg(long, value_name = "CODE", requires = "rate", requires = "rate_day")]
    currency: Option<String>,
    /// Dollars per unit of the currency
    #[arg(long, value_name = "USD", requires = "currency")]
    rate: Option<String>,
    /// Day of the rate, YYYY-MM-DD
    #[arg(long, value_name = "DAY", requires = "currency")]
    rate_day: Option<Date>,
    /// A provider whose account is not billed by use; needs --not-billed
    #[arg(long, value_name = "PROVIDER", conflicts_with = "model", requires = "not_billed")]
    provider: Option<String>,
    /// The account is a subscription or a free tier: its attempts cost a known nothing
    #[arg(long, requires = "provider")]
    not_billed: bool,
    #[command(flatten)]
    json: Json,
}

#[derive(Subcommand)]
pub(crate) enum CatalogCommand {
    /// Ask the public price lists for new prices; nothing is asked unless you do
    Refresh(Json),
}

impl PriceCommand {
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Show { json, .. } | Self::Reset { json, .. } | Self::History { json, .. } => json.json,
            Self::Set(arguments) => arguments.json.json,
            Self::List(json) => json.json,
            Self::Accept(decide) | Self::Decline(decide) => decide.json.json,
        }
    }
}

impl CatalogCommand {
    pub(crate) fn json(&self) -> bool {
        let Self::Refresh(json) = self;
        json.json
    }
}

pub(crate) async fn price(engine: &Engine, command: PriceCommand) -> Result<ExitCode, Failure> {
    let json = command.json();
    match command {
        PriceCommand::Show { model, .. } => show(engine, &read(&model)?, json),
        PriceCommand::Set(arguments) => set(engine, *arguments).await,
        PriceCommand::Reset { model: Some(model), .. } => {
            let count = engine.reset_price(&read(&model)?).await?;
            Ok(told(json, "reset", count, "prices of your own taken back"))
        }
        PriceCommand::Reset { provider, .. } => {
            let provider = ProviderId::new(provider.unwrap_or_default());
            let count = engine.set_billed(&provider, true).await?;
            Ok(told(json, "reset", count, "account is billed by use again"))
        }
        PriceCommand::List(_) => list(engine, json),
        PriceCommand::Accept(decide) => settle(engine, decide, true).await,
        PriceCommand::Decline(decide) => settle(engine, decide, false).await,
        PriceCommand::History { model, .. } => history(engine, &read(&model)?, json).await,
    }
}

pub(crate) async fn catalog(engine: &Engine, command: CatalogCommand) -> Result<ExitCode, Failure> {
    let json = command.json();
    let mut code = ExitCode::SUCCESS;
    let mut waiting = 0;
    for done in engine.refresh_prices(PRICE_LISTS).await? {
        match done.result {
            Ok(tally) => {
                waiting += tally.waiting;
                if json {
                    out::object(&json!({ "type": "list", "list": done.name, "changed": tally.changed,
                        "waiting": tally.waiting, "same": tally.same, "refused": tally.refused }));
                } else {
                    out::line(&format!(
                        "{}: {} new prices, {} wait for your word, {} as before, {} unreadable",
                        done.name, tally.changed, tally.waiting, tally.same, tally.refused
                    ));
                }
            }
            Err(failure) => {
                code = ExitCode::FAILURE;
                if json {
                    out::object(&json!({ "type": "error", "list": done.name, "kind": failure.kind.as_str(),
                        "message": failure.message }));
                } else {
                    out::note(&format!("{}: {} [{}]", done.name, failure.message, failure.kind.as_str()));
                }
            }
        }
    }
    if waiting > 0 && !json {
        out::line("See them with `parallax price list`; then `parallax price accept` or `decline`.");
    }
    Ok(code)
}

fn read(model: &str) -> Result<ModelRef, Failure> {
    ModelRef::parse(model).map_err(|bad| Failure::new(ErrorKind::RequestInvalid, bad.to_string()))
}

fn told(json: bool, what: &str, count: u32, words: &str) -> ExitCode {
    if json {
        out::object(&json!({ "type": what, "count": count }));
    } else {
        out::line(&format!("{count} {words}."));
    }
    ExitCode::SUCCESS
}

async fn set(engine: &Engine, arguments: SetArgs) -> Result<ExitCode, Failure> {
    let json = arguments.json.json;
    if let Some(provider) = arguments.provider {
        let count = engine.set_billed(&ProviderId::new(provider), false).await?;
        return Ok(told(json, "set", count, "account is not billed by use"));
    }
    let figures = [
        (Meter::Input, arguments.input),
        (Meter::Output, arguments.output),
        (Meter::InputCacheRead, arguments.cache_read),
        (Meter::InputCacheWrite5m, arguments.cache_write),
        (Meter::InputCacheWrite1h, arguments.cache_write_1h),
        (Meter::OutputReasoning, arguments.reasoning),
        (Meter::Request, arguments.request),
        (Meter::WebSearch, arguments.web_search),
    ];
    let rates: BTreeMap<Meter, String> =
        figures.into_iter().filter_map(|(meter, figure)| Some((meter, figure?))).collect();
    let foreign = arguments.currency.map(|currency| Foreign {
        currency,
        usd_per_unit: arguments.rate.unwrap_or_default(),
        day: arguments.rate_day.map(|day| day.to_string()).unwrap_or_default(),
    });
    let wanted = read(&arguments.model.unwrap_or_default())?;
    let count = engine.set_price(&wanted, &UserPrice { rates, foreign }).await?;
    Ok(told(json, "set", count, "endpoints now have your price. What was booked before stays as it was"))
}

async fn settle(engine: &Engine, decide: Decide, accept: bool) -> Result<ExitCode, Failure> {
    let wanted = decide.model.as_deref().map(read).transpose()?;
    let count = engine.decide_prices(wanted.as_ref(), accept).await?;
    let (what, words) =
        if accept { ("accepted", "prices are in force") } else { ("declined", "prices declined") };
    Ok(told(decide.json.json, what, count, words))
}

fn show(engine: &Engine, wanted: &ModelRef, json: bool) -> Result<ExitCode, Failure> {
    let registry = engine.registry();
    for endpoint in registry.resolve(wanted)? {
        let beside = registry.prices().beside(&endpoint.provider, &endpoint.upstream_model);
        let read = if json {
            out::object(&endpoint_json(&endpoint, registry.bundled_price(&endpoint), beside))
        } else {
            out::text(&endpoint_text(&endpoint, beside))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn endpoint_json(endpoint: &Endpoint, bundled: Option<&PriceSheet>, beside: Option<&Beside>) -> Value {
    json!({
        "endpoint": endpoint.id,
        "provider": endpoint.provider,
        "model": endpoint.model,
        "upstream_model": endpoint.upstream_model,
        "price": endpoint.prices.as_ref().map(sheet_json),
        "bundled": bundled.map(sheet_json),
        "waiting": beside.and_then(|b| b.waiting.as_ref()).map(dated_json),
    })
}

fn dated_json(dated: &Dated) -> Value {
    json!({ "at_ms": dated.at, "why": dated.note, "price": sheet_json(&dated.sheet) })
}

/// A sheet with dollars per million tokens, per unit for requests and searches.
fn sheet_json(sheet: &PriceSheet) -> Value {
    let rules: Vec<Value> = sheet
        .rules
        .iter()
        .map(|rule| {
            let part = |units: bool| -> serde_json::Map<String, Value> {
                let rates = rule.rates.iter().filter(|(meter, _)| is_unit(**meter) == units);
                rates.map(|(meter, rate)| (word(*meter), json!(shown(*meter, *rate)))).collect()
            };
            json!({ "when": rule.when, "usd_per_million": part(false), "usd_per_unit": part(true) })
        })
        .collect();
    json!({
        "origin": sheet.source.origin,
        "source": sheet.source.source,
        "checked": sheet.source.checked,
        "rules": rules,
    })
}

fn is_unit(meter: Meter) -> bool {
    matches!(meter, Meter::Request | Meter::WebSearch)
}

fn word(meter: Meter) -> String {
    match serde_json::to_value(meter) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A rate as people read it: the shortest exact decimal.
fn shown(meter: Meter, rate: PicoUsd) -> String {
    let amount = if is_unit(meter) { Some(rate) } else { rate.checked_times(1_000_000) };
    let text = amount.map_or_else(|| "out of range".to_owned(), |amount| amount.to_string());
    let plain = text.trim_end_matches('0').trim_end_matches('.');
    if plain.is_empty() { "0".to_owned() } else { plain.to_owned() }
}

fn endpoint_text(endpoint: &Endpoint, beside: Option<&Beside>) -> String {
    let mut text = format!("{} at {} ({})\n", endpoint.model, endpoint.provider, endpoint.upstream_model);
    match &endpoint.prices {
        None => text.push_str("  price unknown, which is not free\n"),
        Some(sheet) => {
            sheet.rules.iter().for_each(|rule| text.push_str(&format!("  {}\n", rule_text(rule))));
            text.push_str(&format!("  source: {}, {}\n", sheet.source.source, sheet.source.checked));
        }
    }
    if let Some(waiting) = beside.and_then(|b| b.waiting.as_ref()) {
        let why = waiting.note.as_deref().unwrap_or("new");
        text.push_str(&format!("  waits for your word ({why}), from {}:\n", waiting.sheet.source.source));
        waiting.sheet.rules.iter().for_each(|rule| text.push_str(&format!("    {}\n", rule_text(rule))));
    }
    text
}

fn rule_text(rule: &PriceRule) -> String {
    let rates: Vec<String> = rule
        .rates
        .iter()
        .map(|(meter, rate)| {
            let per = if is_unit(*meter) { "each" } else { "per million" };
            format!("{} ${} {per}", word(*meter), shown(*meter, *rate))
        })
        .collect();
    format!("{}{}", condition(&rule.when), rates.join(", "))
}

fn condition(when: &When) -> String {
    let words = api::price_condition(when);
    if words.is_empty() { words } else { format!("{words}: ") }
}

fn list(engine: &Engine, json: bool) -> Result<ExitCode, Failure> {
    let registry = engine.registry();
    for (provider, model, beside) in registry.prices().all() {
        let model = if model == WHOLE_PROVIDER { "every model" } else { model };
        for (kind, dated) in [("user", &beside.user), ("live", &beside.live), ("waiting", &beside.waiting)] {
            let Some(dated) = dated else { continue };
            let read = if json {
                out::object(&json!({
                    "type": kind, "provider": provider, "upstream_model": model, "at_ms": dated.at,
                    "note": dated.note, "price": sheet_json(&dated.sheet),
                }))
            } else {
                let rules: Vec<String> = dated.sheet.rules.iter().map(rule_text).collect();
                let note = dated.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
                out::line(&format!("{kind}{note}: {model} at {provider}: {}", rules.join("; ")))
            };
            if !read {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn history(engine: &Engine, wanted: &ModelRef, json: bool) -> Result<ExitCode, Failure> {
    for endpoint in engine.registry().resolve(wanted)? {
        let (provider, model) = (endpoint.provider.clone(), endpoint.upstream_model.clone());
        let rows = engine.store().read(move |tx| tx.price_history(&provider, &model)).await?;
        for row in rows {
            let event = serde_json::to_value(row.event).unwrap_or(Value::Null);
            let read = if json {
                out::object(&json!({
                    "endpoint": endpoint.id, "at_ms": row.at, "event": event, "note": row.note,
                    "price": row.sheet.as_ref().map(sheet_json),
                }))
            } else {
                let rules: Vec<String> = row.sheet.iter().flat_map(|s| &s.rules).map(rule_text).collect();
                let event = event.as_str().unwrap_or_default().to_owned();
                out::line(&format!("{} {event} {}: {}", row.at.day(), endpoint.id, rules.join("; ")))
            };
            if !read {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
