//! What became of one answer, in OpenRouter's fields (`@openrouter/sdk` 1.3.19, `GenerationResponseData`, 2026-11-23).

use super::write;
use domain::{FinishReason, PicoUsd, Usage, UsageSource};
use serde_json::{Value, json};

/// What is not kept of an answer; their client wants the fields.
const UNTOLD: &[&str] = &[
    "app_id",
    "cache_discount",
    "external_user",
    "http_referer",
    "moderation_latency",
    "native_finish_reason",
    "num_fetches",
    "num_input_audio_prompt",
    "num_media_completion",
    "num_media_prompt",
    "num_search_results",
    "preset_id",
    "provider_responses",
    "request_id",
    "response_cache_source_id",
    "router",
    "session_id",
    "streamed",
    "upstream_inference_cost",
    "user_agent",
    "web_search_engine",
    "workspace_id",
];

/// An answer as it stands in the books.
#[derive(Clone, Debug, Default)]
pub struct Generation<'a> {
    /// Our id of it.
    pub id: &'a str,
    /// The provider's.
    pub upstream_id: Option<&'a str>,
    /// The model.
    pub model: &'a str,
    /// Display name of its provider.
    pub provider: &'a str,
    /// When it was asked, RFC 3339.
    pub created_at: &'a str,
    /// Why it ended; `None` = it broke off.
    pub finish: Option<FinishReason>,
    /// Who asked has stopped it.
    pub cancelled: bool,
    /// Time to the first content, and to the end, in milliseconds.
    pub times: (Option<u64>, Option<u64>),
    /// What was counted.
    pub usage: Option<&'a Usage>,
    /// What it cost; `None` = not known.
    pub cost: Option<PicoUsd>,
}

/// `GET /generation`. What is not known is `null`. The cost too, though OpenRouter's client demands a number: nothing is
/// called free that is not.
pub fn generation(of: &Generation<'_>) -> Vec<u8> {
    let silent = Usage::default();
    let usage = of.usage.unwrap_or(&silent);
    let (input, output) = (&usage.input, &usage.output);
    let (first, whole) = of.times;
    let finish = of.finish.map(|reason| write::chat_reason(Some(&(reason, None))));
    let cost = of.cost.map(write::dollars);
    let mut data = json!({
        "id": of.id, "upstream_id": of.upstream_id, "model": of.model, "provider_name": of.provider,
        "api_type": "completions", "created_at": of.created_at, "cancelled": of.cancelled,
        "finish_reason": finish, "origin": "", "data_region": "global",
        "latency": whole, "generation_time": whole.map(|whole| whole.saturating_sub(first.unwrap_or(0))),
        "tokens_prompt": input.total, "tokens_completion": output.total,
        "native_tokens_prompt": input.total, "native_tokens_completion": output.total,
        "native_tokens_reasoning": output.reasoning, "native_tokens_cached": input.cache_read,
        "native_tokens_completion_images": output.image, "estimated": usage.source == UsageSource::Estimated,
        // By keys of one's own, and all of it is told here: beside that there is nothing.
        "usage": cost, "total_cost": cost, "is_byok": false, "service_tier": usage.service_tier,
    });
    for name in UNTOLD {
        data[*name] = Value::Null;
    }
    json!({ "data": data }).to_string().into_bytes()
}

/// A provider that can be asked.
#[derive(Clone, Debug)]
pub struct Offering<'a> {
    /// Display name.
    pub name: &'a str,
    /// What `provider.order` and its like name it by.
    pub slug: &'a str,
    /// Where it says what it does with what is sent.
    pub privacy: Option<&'a str>,
}

/// `GET /providers`.
pub fn providers(all: &[Offering<'_>]) -> Vec<u8> {
    let entry = |one: &Offering<'_>| {
        json!({ "name": one.name, "slug": one.slug, "privacy_policy_url": one.privacy,
            "terms_of_service_url": null, "status_page_url": null, "headquarters": null, "datacenters": null })
    };
    json!({ "data": all.iter().map(entry).collect::<Vec<_>>() }).to_string().into_bytes()
}
