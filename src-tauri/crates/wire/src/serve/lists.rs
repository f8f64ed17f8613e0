//! What the gateway offers, in the fields of OpenRouter's lists.
//!
//! One document serves OpenAI's, OpenRouter's and Anthropic's clients, whose fields do not contradict one another;
//! Gemini's has a shape of its own. What is not known is `null`, never 0.

use super::{Protocol, write};
use domain::{Endpoint, Meter, Modality, Model, PicoUsd, PriceSheet, Timestamp};
use serde_json::{Map, Value, json};

/// A model that can be asked.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// The model.
    pub model: &'a Model,
    /// What the endpoint costs that would be asked first; `None` = not known.
    pub prices: Option<&'a PriceSheet>,
    /// What it takes; see [`supported`].
    pub parameters: Vec<&'static str>,
    /// When it appeared, in seconds of Unix time.
    pub created: Option<u64>,
    /// When it is offered: prices hang on the day and the hour.
    pub at: Timestamp,
}

/// An endpoint of a model.
#[derive(Clone, Debug)]
pub struct OfferedEndpoint<'a> {
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// Display name of its provider.
    pub provider_name: &'a str,
    /// What `provider.order` and its like name it by.
    pub tag: &'a str,
    /// Precision of its weights.
    pub quantization: Option<&'a str>,
    /// What it takes.
    pub parameters: Vec<&'static str>,
    /// 0 = it is asked as ever; negative = held back.
    pub status: i8,
    /// Of the last attempts so many were answered.
    pub uptime: Option<(u64, u64)>,
}

/// What a model takes, in OpenRouter's names.
pub fn supported(model: &Model) -> Vec<&'static str> {
    let capabilities = &model.capabilities;
    let mut all = vec!["max_tokens", "stop", "seed"];
    if capabilities.temperature != Some(false) {
        all.extend(["temperature", "top_p"]);
    }
    if capabilities.tools {
        all.extend(["tools", "tool_choice"]);
    }
    if capabilities.structured_output {
        all.extend(["response_format", "structured_outputs"]);
    }
    if capabilities.reasoning {
        all.extend(["reasoning", "include_reasoning"]);
    }
    all
}

/// `GET /models`.
pub fn models(protocol: Protocol, offers: &[Offer<'_>]) -> Vec<u8> {
    let document = match protocol {
        Protocol::Gemini => json!({ "models": offers.iter().map(gemini).collect::<Vec<_>>() }),
        _ => {
            let id = |offer: Option<&Offer<'_>>| offer.map(|offer| offer.model.slug.as_str().to_owned());
            json!({ "object": "list", "data": offers.iter().map(entry).collect::<Vec<_>>(),
                "first_id": id(offers.first()), "last_id": id(offers.last()), "has_more": false })
        }
    };
    document.to_string().into_bytes()
}

/// `GET /models/{author}/{slug}`.
pub fn model(protocol: Protocol, offer: &Offer<'_>) -> Vec<u8> {
    let document = match protocol {
        Protocol::Gemini => gemini(offer),
        _ => {
            let mut all = entry(offer);
            // OpenRouter wraps it, OpenAI does not.
            let inner = all.clone();
            all["data"] = inner;
            all
        }
    };
    document.to_string().into_bytes()
}

/// `GET /models/{author}/{slug}/endpoints`.
pub fn endpoints(offer: &Offer<'_>, endpoints: &[OfferedEndpoint<'_>]) -> Vec<u8> {
    let mut all = entry(offer);
    all["endpoints"] = endpoints.iter().map(|endpoint| self::endpoint(offer, endpoint)).collect();
    json!({ "data": all }).to_string().into_bytes()
}

fn entry(offer: &Offer<'_>) -> Value {
    let model = offer.model;
    json!({
        "id": model.slug, "object": "model", "type": "model", "canonical_slug": model.slug,
        "name": model.name, "display_name": model.name, "owned_by": model.slug.author(),
        "created": offer.created, "created_at": date(model.released.as_deref()),
        "description": "", "context_length": model.context_length, "max_input_tokens": model.context_length,
        "max_tokens": model.max_completion_tokens,
        "architecture": architecture(model), "pricing": pricing(offer.prices, offer.at),
        "top_provider": { "context_length": model.context_length,
            "max_completion_tokens": model.max_completion_tokens, "is_moderated": null },
        "per_request_limits": null, "supported_parameters": offer.parameters,
        "expiration_date": model.retires, "knowledge_cutoff": model.knowledge_cutoff,
    })
}

/// A day as the moment it begins; the epoch where it is not known, which is how Anthropic says so.
fn date(day: Option<&str>) -> String {
    let day = day.filter(|day| day.len() == 10).unwrap_or("1970-01-01");
    format!("{day}T00:00:00Z")
}

fn architecture(model: &Model) -> Value {
    let words = |all: &[Modality]| all.iter().copied().map(modality).collect::<Vec<_>>();
    let (input, output) = (words(&model.input), words(&model.output));
    json!({ "modality": format!("{}->{}", input.join("+"), output.join("+")), "input_modalities": input,
        "output_modalities": output, "tokenizer": "Other", "instruct_type": null })
}

fn modality(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "text",
        Modality::Image => "image",
        Modality::File => "file",
        Modality::Audio => "audio",
        Modality::Video => "video",
    }
}

/// Dollars a unit at this moment, as text; those of short prompts, without a particular tier.
fn pricing(prices: Option<&PriceSheet>, at: Timestamp) -> Value {
    let rates = prices.map(|sheet| sheet.rates(1, None, at)).filter(|rates| !rates.is_empty());
    let Some(rates) = rates else { return Value::Null };
    let names = [
        (Meter::Input, "prompt"),
        (Meter::Output, "completion"),
        (Meter::Request, "request"),
        (Meter::InputImage, "image"),
        (Meter::InputAudio, "audio"),
        (Meter::OutputImage, "image_output"),
        (Meter::OutputAudio, "audio_output"),
        (Meter::OutputReasoning, "internal_reasoning"),
        (Meter::WebSearch, "web_search"),
        (Meter::InputCacheRead, "input_cache_read"),
        (Meter::InputCacheWrite5m, "input_cache_write"),
        (Meter::InputCacheWrite1h, "input_cache_write_1h"),
    ];
    let mut all = Map::new();
    for (meter, name) in names {
        write::put(&mut all, name, rates.get(&meter).map(|rate| plain(*rate)));
    }
    all.into()
}

/// Dollars without zeros at the end.
fn plain(amount: PicoUsd) -> String {
    let text = amount.to_string();
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

fn gemini(offer: &Offer<'_>) -> Value {
    let model = offer.model;
    json!({
        "name": format!("models/{}", model.slug), "displayName": model.name, "description": "", "version": "1",
        "inputTokenLimit": model.context_length, "outputTokenLimit": model.max_completion_tokens,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
    })
}

fn endpoint(offer: &Offer<'_>, offered: &OfferedEndpoint<'_>) -> Value {
    let endpoint = offered.endpoint;
    // Percent, to the second decimal, in integers.
    let uptime = offered.uptime.filter(|(_, all)| *all > 0).map(|(good, all)| {
        let hundredths = good.min(all).saturating_mul(10_000) / all;
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    });
    let uptime = uptime.and_then(|text| text.parse::<serde_json::Number>().ok());
    json!({
        "name": format!("{} | {}", offered.provider_name, offer.model.slug), "tag": offered.tag,
        "provider_name": offered.provider_name, "model_id": offer.model.slug, "model_name": offer.model.name,
        "context_length": endpoint.context_length.or(offer.model.context_length),
        "max_prompt_tokens": null,
        "max_completion_tokens": endpoint.max_completion_tokens.or(offer.model.max_completion_tokens),
        "pricing": pricing(endpoint.prices.as_ref(), offer.at), "quantization": offered.quantization.unwrap_or("unknown"),
        "status": offered.status, "supported_parameters": offered.parameters,
        "supports_implicit_caching": null, "uptime_last_30m": uptime,
    })
}

/// What an app key may spend and has spent.
#[derive(Clone, Debug)]
pub struct KeyInfo<'a> {
    /// Its name.
    pub label: &'a str,
    /// Its budget; `None` = none.
    pub limit: Option<PicoUsd>,
    /// What is left of it.
    pub limit_remaining: Option<PicoUsd>,
    /// `daily`, `weekly`, `monthly`; `None` = never.
    pub limit_reset: Option<&'a str>,
    /// Spent in all.
    pub usage: PicoUsd,
    /// Spent today.
    pub usage_daily: PicoUsd,
    /// Spent this week.
    pub usage_weekly: PicoUsd,
    /// Spent this month.
    pub usage_monthly: PicoUsd,
    /// RFC 3339.
    pub expires_at: Option<&'a str>,
    /// Requests it may begin in a minute.
    pub requests_per_minute: Option<u32>,
}

/// `GET /key`.
pub fn key(info: &KeyInfo<'_>) -> Vec<u8> {
    let rate = info.requests_per_minute.map(|most| json!({ "requests": most, "interval": "1m" }));
    let data = json!({
        "label": info.label, "limit": info.limit.map(write::dollars),
        "limit_remaining": info.limit_remaining.map(write::dollars), "limit_reset": info.limit_reset,
        "include_byok_in_limit": true, "usage": write::dollars(info.usage),
        "usage_daily": write::dollars(info.usage_daily), "usage_weekly": write::dollars(info.usage_weekly),
        "usage_monthly": write::dollars(info.usage_monthly), "is_free_tier": false,
        "is_management_key": false, "expires_at": info.expires_at, "rate_limit": rate,
    });
    json!({ "data": data }).to_string().into_bytes()
}

/// `GET /credits`: the budget as what there is, and what was spent of it.
pub fn credits(limit: Option<PicoUsd>, usage: PicoUsd) -> Vec<u8> {
    let data = json!({ "total_credits": limit.map(write::dollars), "total_usage": write::dollars(usage) });
    json!({ "data": data }).to_string().into_bytes()
}
