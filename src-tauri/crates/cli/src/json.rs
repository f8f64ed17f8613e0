//! The JSON lines of `ask`. `SCHEMA.md` describes them.

use crate::out;
use domain::{Basis, Cost, Failure, FinishReason, ModelRef, Outcome, PicoUsd, ProviderId, Usage};
use engine::{AttemptRow, RunResult};
use serde_json::{Value, json};

/// The last line of a lane.
pub(crate) fn last(result: &RunResult) -> Value {
    let attempt = result.attempts.last();
    let mut line = json!({
        "type": if result.failure.is_none() { "result" } else { "error" },
        "lane": result.position,
        "model": result.target.model.to_string(),
        "provider": provider(result),
        "endpoint": attempt.map(|row| &row.endpoint),
        "text": result.draft.text(),
        "reasoning": result.draft.reasoning(),
        "tool_plan": result.draft.tool_plan(),
        "refusal": result.draft.refusal(),
        "tool_calls": tool_calls(result),
        "finish_reason": result.finish_reason().map(told),
        "usage": usage(result.draft.usage.as_ref()),
        "cost": cost(&result.cost),
        "ttft_ms": result.ttft,
        "duration_ms": result.duration,
        "attempts": result.attempts.iter().map(self::attempt).collect::<Vec<_>>(),
        "notices": result.notices.iter()
            .map(|(kind, detail)| json!({ "kind": kind, "detail": &**detail }))
            .collect::<Vec<_>>(),
    });
    if let (Some(failure), Value::Object(fields)) = (&result.failure, &mut line) {
        fields.insert("kind".to_owned(), json!(failure.kind.as_str()));
        fields.insert("message".to_owned(), json!(failure.message));
        fields.insert("upstream".to_owned(), out::upstream(failure.upstream.as_ref()));
    }
    line
}

/// Ours alone is that a budget ended an answer. Programs that read this know the words of providers, and are told so
/// by the kind of the failure.
const fn told(reason: FinishReason) -> FinishReason {
    match reason {
        FinishReason::Budget => FinishReason::Other,
        other => other,
    }
}

/// Who answered or refused; of a lane that never came to an attempt, who was meant to.
fn provider(result: &RunResult) -> Option<&ProviderId> {
    let attempted = result.attempts.last().map(|row| &row.provider);
    let named = || result.target.model.provider.as_ref();
    let upstream = || result.failure.as_ref()?.upstream.as_ref()?.provider.as_ref();
    attempted.or_else(upstream).or_else(named)
}

/// The last line of every lane that has none yet, after a failure of the whole command. `spent`: what each cost.
pub(crate) fn fail_lanes(
    models: &[String],
    failure: &Failure,
    spent: &Cost,
    mut missing: impl FnMut(u32) -> bool,
) {
    for (lane, model) in (0..).zip(models) {
        if missing(lane) && !out::object(&failed(lane, model, failure, spent)) {
            return;
        }
    }
}

/// What costs nothing for sure: nothing was sent.
pub(crate) const NOTHING: Cost =
    Cost { total: Some(PicoUsd::ZERO), lines: Vec::new(), basis: Basis::Computed, at_most: None };

/// A lane that nothing came of, in the same fields as any other.
fn failed(lane: u32, model: &str, failure: &Failure, spent: &Cost) -> Value {
    let upstream = failure.upstream.as_ref();
    let named = || ModelRef::parse(model).ok().and_then(|model| model.provider);
    json!({
        "type": "error",
        "lane": lane,
        "model": model,
        "provider": upstream.and_then(|upstream| upstream.provider.clone()).or_else(named),
        "endpoint": null,
        "text": "",
        "reasoning": "",
        "tool_plan": null,
        "refusal": null,
        "tool_calls": [],
        "finish_reason": null,
        "usage": usage(None),
        "cost": cost(spent),
        "ttft_ms": null,
        "duration_ms": null,
        "attempts": [],
        "notices": [],
        "kind": failure.kind.as_str(),
        "message": failure.message,
        "upstream": out::upstream(upstream),
    })
}

/// Arguments as an object where they are one, else as the text the model wrote.
fn tool_calls(result: &RunResult) -> Vec<Value> {
    result
        .draft
        .tool_calls()
        .map(|(id, name, arguments)| {
            let arguments = serde_json::from_str::<Value>(arguments)
                .ok()
                .filter(Value::is_object)
                .unwrap_or_else(|| json!(arguments));
            json!({ "id": id, "name": name, "arguments": arguments })
        })
        .collect()
}

/// The provider's own figures, normalised; `null` = not said.
fn usage(usage: Option<&Usage>) -> Value {
    json!({
        "input": usage.and_then(|usage| usage.input.total),
        "cache_read": usage.and_then(|usage| usage.input.cache_read),
        "cache_write": usage.and_then(|usage| usage.input.cache_write()),
        "output": usage.and_then(|usage| usage.output.total),
        "reasoning": usage.and_then(|usage| usage.output.reasoning),
    })
}

fn cost(cost: &Cost) -> Value {
    json!({ "usd": cost.total, "basis": cost.basis })
}

fn attempt(row: &AttemptRow) -> Value {
    let (outcome, kind) = match &row.outcome {
        Some(Outcome::Completed { .. }) => ("completed", None),
        Some(Outcome::Failed { failure }) => ("failed", Some(failure.kind.as_str())),
        Some(Outcome::Cancelled) => ("cancelled", None),
        Some(Outcome::Interrupted) | None => ("interrupted", None),
    };
    json!({
        "n": row.n,
        "provider": row.provider,
        "endpoint": row.endpoint,
        "account": row.account,
        "upstream_model": row.upstream_model,
        "outcome": outcome,
        "kind": kind,
        "status": row.upstream.as_ref().and_then(|upstream| upstream.status),
        "request_id": row.upstream.as_ref().and_then(|upstream| upstream.request_id.clone()),
        "first_byte_ms": row.first_byte,
        "ttft_ms": row.first_content,
        "duration_ms": row.duration,
        "usage": usage(row.usage.as_ref()),
        "cost": row.cost.as_ref().map(cost),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finish_reasons_are_the_words_of_the_contract() {
        let words = ["stop", "length", "tool_calls", "content_filter", "pause", "error", "other"];
        for reason in [
            FinishReason::Stop,
            FinishReason::Length,
            FinishReason::ToolCalls,
            FinishReason::ContentFilter,
            FinishReason::Pause,
            FinishReason::Error,
            FinishReason::Budget,
            FinishReason::Other,
        ] {
            let word = json!(told(reason));
            assert!(words.contains(&word.as_str().unwrap()), "{word}");
        }
    }
}
