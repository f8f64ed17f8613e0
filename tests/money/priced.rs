//! From what a provider said to what it cost: decoder, catalogue and ledger one after the other, as the
//! engine uses them.

use catalog::Catalog;
use domain::{Cost, Endpoint, Headers, Meter, PicoUsd, Quirks, StreamEvent, Timestamp, Usage};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Tuesday, 10 November 2026, 12:00 UTC: the day of the newest price source, outside peak hours.
pub(crate) const NOON: Timestamp = Timestamp(1_794_268_800_000 + 12 * 3_600_000);

pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::bundled().unwrap());
    &CATALOG
}

/// What lies beside the checkout and may not be copied into it.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    println!("skipped: {} is absent", found.display());
    None
}

/// The dialect whose usage object this is, by its fields. `None`: not of a conversation (embeddings).
pub(crate) fn dialect_of(said: &Value) -> Option<&'static str> {
    let has = |key: &str| said.get(key).is_some();
    if has("promptTokenCount") || has("totalTokenCount") {
        return (!has("promptTokenDetails")).then_some("gemini");
    }
    if has("inputTokens") {
        return Some("bedrock-converse");
    }
    if has("billed_units") {
        return Some("cohere");
    }
    if has("completion_tokens") {
        return Some("openai-chat");
    }
    if has("input_tokens") {
        return Some(if has("total_tokens") { "openai-responses" } else { "anthropic-messages" });
    }
    None
}

/// A whole answer of a dialect with this usage in it.
fn answer(dialect: &str, usage: &Value) -> Value {
    match dialect {
        "gemini" => json!({
            "candidates": [{ "content": { "parts": [{ "text": "x" }] }, "finishReason": "STOP" }],
            "usageMetadata": usage,
        }),
        "bedrock-converse" => json!({
            "output": { "message": { "role": "assistant", "content": [{ "text": "x" }] } },
            "stopReason": "end_turn",
            "usage": usage,
        }),
        "cohere" => json!({
            "id": "1", "finish_reason": "COMPLETE", "usage": usage,
            "message": { "role": "assistant", "content": [{ "type": "text", "text": "x" }] },
        }),
        "openai-chat" => json!({
            "id": "1", "object": "chat.completion", "model": "m", "usage": usage,
            "choices": [{ "index": 0, "finish_reason": "stop",
                "message": { "role": "assistant", "content": "x" } }],
        }),
        "openai-responses" => json!({
            "id": "1", "object": "response", "status": "completed", "model": "m", "usage": usage,
            "output": [{ "type": "message", "id": "2", "role": "assistant", "status": "completed",
                "content": [{ "type": "output_text", "text": "x", "annotations": [] }] }],
        }),
        _ => json!({
            "id": "1", "type": "message", "role": "assistant", "model": "m", "usage": usage,
            "content": [{ "type": "text", "text": "x" }], "stop_reason": "end_turn",
        }),
    }
}

/// The usage of one answer, normalised by the dialect.
pub(crate) fn usage_of(dialect: &str, said: &Value) -> Usage {
    let headers = Headers(vec![("content-type".to_owned(), "application/json".to_owned())]);
    decode(dialect, &headers, answer(dialect, said).to_string().as_bytes())
}

/// The last usage of a body.
pub(crate) fn decode(dialect: &str, headers: &Headers, body: &[u8]) -> Usage {
    let dialect = wire::dialect(dialect).unwrap();
    let mut decoder = wire::decoder_for(dialect, headers.get("content-type"), &Quirks::default());
    let mut events = Vec::new();
    decoder.push(body, &mut events);
    decoder.finish(&mut events);
    let usage = events.into_iter().rev().find_map(|event| match event {
        StreamEvent::Usage(usage) => Some(usage),
        _ => None,
    });
    usage.unwrap_or_default()
}

/// Our own computation: what the provider says it charged is left out of sight.
pub(crate) fn computed(usage: &Usage, endpoint: &Endpoint, at: Timestamp) -> Cost {
    let usage = Usage { reported_cost: None, ..usage.clone() };
    ledger::cost(&usage, endpoint.prices.as_ref(), at)
}

/// Prompt side and completion side of a bill.
pub(crate) fn sides(cost: &Cost) -> (PicoUsd, PicoUsd) {
    let is_input = |meter: Meter| {
        matches!(
            meter,
            Meter::Input
                | Meter::InputCacheRead
                | Meter::InputCacheWrite5m
                | Meter::InputCacheWrite1h
                | Meter::InputImage
                | Meter::InputAudio
        )
    };
    let is_output = |meter: Meter| {
        matches!(meter, Meter::Output | Meter::OutputReasoning | Meter::OutputImage | Meter::OutputAudio)
    };
    let sum = |of: &dyn Fn(Meter) -> bool| {
        let lines = cost.lines.iter().filter(|line| of(line.meter));
        PicoUsd::new(lines.map(|line| line.amount.get()).sum())
    };
    (sum(&is_input), sum(&is_output))
}
