//! What the gateway offers, in the fields of OpenRouter's lists.
//!
//! One document serves OpenAI's, OpenRouter's and Anthropic's clients, whose fields do not contradict one another;
//! Gemini's has a shape of its own. What is not known is `null`, never 0, but where their clients refuse a list over it:
//! there it is what their makers write for unknown.

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
    /// When it is offered: prices hang on the day and the hour.
    pub at: Timestamp,
    /// OpenRouter's own clients are told of it, who demand every price.
    pub openrouter: bool,
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

/// A part of a list, as OpenRouter's clients go through it: they ask on as long as one is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// So many before it.
    pub offset: usize,
    /// So many at most.
    pub limit: usize,
}

impl Page {
    /// All of it.
    pub const ALL: Self = Self { offset: 0, limit: usize::MAX };

    /// Where the rest is, if there is any.
    fn next(self, all: usize, filters: &str) -> Option<String> {
        let offset = self.offset.saturating_add(self.limit);
        (offset < all).then(|| format!("/api/v1/models?{filters}offset={offset}&limit={}", self.limit))
    }
}

/// `GET /models`. `filters` is what of the query made the list shorter, each followed by `&`.
pub fn models(protocol: Protocol, all: &[Offer<'_>], page: Page, filters: &str) -> Vec<u8> {
    let offers: Vec<&Offer<'_>> = all.iter().skip(page.offset).take(page.limit).collect();
    let document = match protocol {
        Protocol::Gemini => json!({ "models": offers.iter().copied().map(gemini).collect::<Vec<_>>() }),
        _ => {
            let id = |offer: Option<&&Offer<'_>>| offer.map(|offer| offer.model.slug.as_str().to_owned());
            json!({ "object": "list", "data": offers.iter().copied().map(entry).collect::<Vec<_>>(),
                "first_id": id(offers.first()), "last_id": id(offers.last()), "has_more": false,
                "total_count": all.len(), "links": { "next": page.next(all.len(), filters) } })
        }
    };
    document.to_string().into_bytes()
}

/// `GET /models/count`.
pub fn count(offers: &[Offer<'_>]) -> Vec<u8> {
    json!({ "data": { "count": offers.len() } }).to_string().into_bytes()
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
        "created": created(model), "created_at": date(model.released.as_deref()),
        "lifecycle": if model.retires.is_some() { "deprecated" } else { "active" },
        "deprecated_at": null, "retires_at": model.retires.as_deref().map(|day| date(Some(day))),
        "description": "", "context_length": model.context_length, "max_input_tokens": model.context_length,
        "max_tokens": model.max_completion_tokens,
        "architecture": architecture(model), "pricing": pricing(offer.prices, offer),
        "top_provider": { "context_length": model.context_length,
            "max_completion_tokens": model.max_completion_tokens, "is_moderated": false },
        "links": { "details": format!("/api/v1/models/{}/endpoints", model.slug) },
        "default_parameters": null, "supported_voices": null, "hugging_face_id": null,
        "per_request_limits": null, "supported_parameters": offer.parameters,
        "expiration_date": model.retires, "knowledge_cutoff": model.knowledge_cutoff,
    })
}

/// When it appeared, in seconds of Unix time; clients demand a number, and 0 says here what the epoch says there.
pub(super) fn created(model: &Model) -> u64 {
    let day = model.released.as_deref().and_then(Timestamp::of_day);
    day.and_then(|day| u64::try_from(day.0 / 1_000).ok()).unwrap_or(0)
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

pub(super) fn modality(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "text",
        Modality::Image => "image",
        Modality::File => "file",
        Modality::Audio => "audio",
        Modality::Video => "video",
    }
}

/// What OpenRouter says of a price that is not known before the answer is there.
const UNKNOWN: &str = "-1";

/// Dollars a unit at this moment, as text; those of short prompts, without a particular tier.
fn pricing(prices: Option<&PriceSheet>, offer: &Offer<'_>) -> Value {
    let rates = prices.map(|sheet| sheet.rates(1, None, offer.at)).filter(|rates| !rates.is_empty());
    let rates = match rates {
        None if !offer.openrouter => return Value::Null,
        rates => rates.unwrap_or_default(),
    };
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
    for name in ["prompt", "completion"].into_iter().filter(|_| offer.openrouter) {
        all.entry(name).or_insert_with(|| UNKNOWN.into());
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
    let context = endpoint.context_length.or(offer.model.context_length);
    // OpenRouter's client refuses all endpoints over one whose length is not a number.
    let context = context.or(offer.openrouter.then_some(0));
    let tools = offer.model.capabilities.tools;
    json!({
        "name": format!("{} | {}", offered.provider_name, offer.model.slug), "tag": offered.tag,
        "provider_name": offered.provider_name, "model_id": offer.model.slug, "model_name": offer.model.name,
        "context_length": context, "max_prompt_tokens": null,
        "max_completion_tokens": endpoint.max_completion_tokens.or(offer.model.max_completion_tokens),
        "pricing": pricing(endpoint.prices.as_ref(), offer), "quantization": offered.quantization.unwrap_or("unknown"),
        "status": offered.status, "supported_parameters": offered.parameters,
        "supports_tool_choice": { "auto": tools, "function": tools, "none": tools, "required": tools },
        // Nothing is promised that nobody has looked at.
        "supports_implicit_caching": false, "latency_last_30m": null, "throughput_last_30m": null,
        "uptime_last_5m": null, "uptime_last_30m": uptime, "uptime_last_1d": null,
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
    // −1 is OpenRouter's word for none.
    let rate = info.requests_per_minute.map_or(-1, i64::from);
    let rate =
        json!({ "requests": rate, "interval": "1m", "note": "Requests this app key may begin in a minute." });
    let data = json!({
        "label": info.label, "limit": info.limit.map(write::dollars),
        "limit_remaining": info.limit_remaining.map(write::dollars), "limit_reset": info.limit_reset,
        "include_byok_in_limit": true, "usage": write::dollars(info.usage),
        "usage_daily": write::dollars(info.usage_daily), "usage_weekly": write::dollars(info.usage_weekly),
        "usage_monthly": write::dollars(info.usage_monthly), "is_free_tier": false,
        "is_management_key": false, "is_provisioning_key": false, "expires_at": info.expires_at,
        "rate_limit": rate,
        // All of it goes by keys of one's own and is told above: beside that there is nothing.
        "byok_usage": 0, "byok_usage_daily": 0, "byok_usage_weekly": 0, "byok_usage_monthly": 0,
        "free_model_daily_requests": { "limit": 0, "used": 0, "remaining": 0 },
        "creator_user_id": null, "organization_id": null, "workspace_id": null,
        "allowed_data_regions": ["global"],
    });
    json!({ "data": data }).to_string().into_bytes()
}

/// `GET /credits`: the budget as what there is, and what was spent of it. Without a budget nothing is paid in ahead:
/// clients demand a number, and it is what was spent.
pub fn credits(limit: Option<PicoUsd>, usage: PicoUsd) -> Vec<u8> {
    let data = json!({ "total_credits": write::dollars(limit.unwrap_or(usage)), "total_usage": write::dollars(usage) });
    json!({ "data": data }).to_string().into_bytes()
}
