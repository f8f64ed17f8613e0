//! What the writers of answers share.

use super::Told;
use crate::json::write_string;
use domain::{FinishReason, PicoUsd, Usage};
use serde_json::{Map, Number, Value, json};

/// A piece of JSON text for `value`.
pub(super) fn text(value: &str, out: &mut String) {
    write_string(value, out);
}

/// An event of an event stream; `name` is written where the protocol names its events.
pub(super) fn sse(name: Option<&str>, data: &str, out: &mut Vec<u8>) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data.as_bytes());
    out.extend_from_slice(b"\n\n");
}

/// Dollars as a JSON number, from their decimals.
pub(super) fn dollars(amount: PicoUsd) -> Value {
    let text = amount.to_string();
    let text = text.trim_end_matches('0');
    let text = text.strip_suffix('.').unwrap_or(text);
    // A number of at most 12 decimals is a number to every reader of JSON.
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// A picture as words, for protocols whose answers hold none.
pub(super) fn picture(media_type: &str, base64: &str) -> String {
    format!("![picture](data:{media_type};base64,{base64})")
}

/// The data URL of a picture that is base64 already.
pub(super) fn data_url(media_type: &str, base64: &str) -> String {
    format!("data:{media_type};base64,{base64}")
}

/// Arguments as the object a protocol wants, as JSON text.
pub(super) fn arguments(text: &str) -> Value {
    crate::replay::arguments(text)
}

/// `value` under `key`, if it is known.
pub(super) fn put<T: Into<Value>>(map: &mut Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

/// Usage in the words of Chat Completions, with what it cost. Its clients read numbers: of the totals what the provider
/// did not say is what we `counted`, which then says that it is an estimate. `None` when nothing is known.
pub(super) fn chat_usage(
    usage: Option<&Usage>,
    counted: Option<&Usage>,
    cost: Option<PicoUsd>,
) -> Option<Value> {
    let silent = Usage::default();
    let usage = usage.filter(|usage| !usage.is_silent());
    if usage.is_none() && counted.is_none() && cost.is_none() {
        return None;
    }
    let usage = usage.unwrap_or(&silent);
    let (all_input, all_output, estimated) = totals(usage, counted);
    let (input, output) = (&usage.input, &usage.output);
    let mut prompt = Map::new();
    put(&mut prompt, "cached_tokens", input.cache_read);
    put(&mut prompt, "cache_write_tokens", input.cache_write());
    put(&mut prompt, "audio_tokens", input.audio);
    let mut completion = Map::new();
    put(&mut completion, "reasoning_tokens", output.reasoning);
    put(&mut completion, "audio_tokens", output.audio);
    put(&mut completion, "image_tokens", output.image);
    let mut all = Map::new();
    all.insert("prompt_tokens".into(), all_input.into());
    all.insert("completion_tokens".into(), all_output.into());
    all.insert("total_tokens".into(), sum(all_input, all_output).into());
    put(&mut all, "estimated", estimated.then_some(true));
    put(&mut all, "prompt_tokens_details", (!prompt.is_empty()).then_some(prompt));
    put(&mut all, "completion_tokens_details", (!completion.is_empty()).then_some(completion));
    put(&mut all, "cost", cost.map(dollars));
    Some(all.into())
}

/// Usage in the words of the Responses API. Its clients read the details without looking whether they are there, and
/// as numbers: none is written as 0 where the provider tells none. What is spent is not reckoned from these. Of the
/// totals what the provider did not say is what we `counted`, which then says that it is an estimate.
pub(super) fn responses_usage(
    usage: Option<&Usage>,
    counted: Option<&Usage>,
    cost: Option<PicoUsd>,
) -> Value {
    let Some(usage) = usage.filter(|usage| !usage.is_silent()) else { return Value::Null };
    let (input, output, estimated) = totals(usage, counted);
    let mut all = Map::new();
    all.insert("input_tokens".into(), input.into());
    let details = json!({ "cached_tokens": usage.input.cache_read.unwrap_or(0),
        "cache_write_tokens": usage.input.cache_write().unwrap_or(0) });
    all.insert("input_tokens_details".into(), details);
    all.insert("output_tokens".into(), output.into());
    let details = json!({ "reasoning_tokens": usage.output.reasoning.unwrap_or(0) });
    all.insert("output_tokens_details".into(), details);
    all.insert("total_tokens".into(), sum(input, output).into());
    put(&mut all, "estimated", estimated.then_some(true));
    put(&mut all, "cost", cost.map(dollars));
    all.into()
}

/// Tokens of the prompt and of the answer, as the provider said or else as we `counted`; and whether we did.
fn totals(usage: &Usage, counted: Option<&Usage>) -> (Option<u64>, Option<u64>, bool) {
    let input = usage.input.total.or(counted.and_then(|ours| ours.input.total));
    let output = usage.output.total.or(counted.and_then(|ours| ours.output.total));
    (input, output, input != usage.input.total || output != usage.output.total)
}

/// What of the request was left out.
pub(super) fn warn(all: &mut Map<String, Value>, told: &Told) {
    let some = (!told.warnings.is_empty()).then_some(told.warnings.as_slice());
    put(all, "warnings", some);
}

/// Usage in the words of the Messages API, whose count of the prompt leaves the cache out. Its clients add these
/// numbers up, so where the provider gave none there is what we `counted`, which then says that it is an estimate.
pub(super) fn messages_usage(
    usage: Option<&Usage>,
    counted: Option<&Usage>,
    cost: Option<PicoUsd>,
) -> Map<String, Value> {
    let mut all = Map::new();
    let silent = Usage::default();
    let usage = usage.unwrap_or(&silent);
    let cached = [usage.input.cache_read, usage.input.cache_write()];
    let cached = cached.into_iter().flatten().fold(0, u64::saturating_add);
    let (input, output, estimated) = totals(usage, counted);
    all.insert("input_tokens".into(), input.map(|all| all.saturating_sub(cached)).into());
    put(&mut all, "cache_read_input_tokens", usage.input.cache_read);
    put(&mut all, "cache_creation_input_tokens", usage.input.cache_write());
    if let Some(hour) = usage.input.cache_write_1h {
        let short = usage.input.cache_write_5m.unwrap_or(0);
        let parts = json!({ "ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": hour });
        all.insert("cache_creation".into(), parts);
    }
    all.insert("output_tokens".into(), output.into());
    put(&mut all, "estimated", estimated.then_some(true));
    if let Some(reasoning) = usage.output.reasoning {
        all.insert("output_tokens_details".into(), json!({ "thinking_tokens": reasoning }));
    }
    put(&mut all, "cost", cost.map(dollars));
    all
}

/// Usage in the words of the Gemini API, whose count of the answer leaves the thoughts out.
pub(super) fn gemini_usage(usage: &Usage) -> Value {
    let mut all = Map::new();
    put(&mut all, "promptTokenCount", usage.input.total);
    put(&mut all, "cachedContentTokenCount", usage.input.cache_read);
    let thoughts = usage.output.reasoning;
    put(
        &mut all,
        "candidatesTokenCount",
        usage.output.total.map(|total| total.saturating_sub(thoughts.unwrap_or(0))),
    );
    put(&mut all, "thoughtsTokenCount", thoughts);
    put(&mut all, "totalTokenCount", total(usage));
    all.into()
}

fn total(usage: &Usage) -> Option<u64> {
    sum(usage.input.total, usage.output.total)
}

fn sum(input: Option<u64>, output: Option<u64>) -> Option<u64> {
    Some(input?.saturating_add(output?))
}

/// The reason an answer ended, for protocols that know these words. What is not known to be success is told as an
/// answer that is not whole: `length`.
pub(super) fn chat_reason(finish: Option<&(FinishReason, Option<String>)>) -> &'static str {
    match finish {
        Some((FinishReason::Stop, _)) => "stop",
        Some((FinishReason::ToolCalls, _)) => "tool_calls",
        Some((FinishReason::ContentFilter, _)) => "content_filter",
        Some((FinishReason::Error, _)) => "error",
        // The closing mark came and no reason with it.
        Some((FinishReason::Other, None)) => "stop",
        Some((
            FinishReason::Length | FinishReason::Budget | FinishReason::Pause | FinishReason::Other,
            _,
        ))
        | None => "length",
    }
}
