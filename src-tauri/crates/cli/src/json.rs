//! The JSON lines of `ask`. `SCHEMA.md` describes them.

use crate::out;
use domain::{Cost, Outcome, Usage};
use engine::{AttemptRow, RunResult};
use serde_json::{Value, json};

/// The last line of a lane.
pub(crate) fn last(result: &RunResult) -> Value {
    let attempt = result.attempts.last();
    let mut line = json!({
        "type": if result.failure.is_none() { "result" } else { "error" },
        "lane": result.position,
        "model": result.target.model.to_string(),
        "provider": attempt.map(|row| &row.provider),
        "endpoint": attempt.map(|row| &row.endpoint),
        "text": result.draft.text(),
        "reasoning": result.draft.reasoning(),
        "refusal": result.draft.refusal(),
        "tool_calls": tool_calls(result),
        "finish_reason": result.finish_reason(),
        "usage": usage(result.draft.usage.as_ref()),
        "cost": cost(&result.cost),
        "ttft_ms": result.ttft,
        "duration_ms": result.duration,
        "attempts": result.attempts.iter().map(self::attempt).collect::<Vec<_>>(),
        "notices": result.notices.iter()
            .map(|(kind, detail)| json!({ "kind": kind, "detail": detail }))
            .collect::<Vec<_>>(),
    });
    if let (Some(failure), Value::Object(fields)) = (&result.failure, &mut line) {
        fields.insert("kind".to_owned(), json!(failure.kind.as_str()));
        fields.insert("message".to_owned(), json!(failure.message));
        fields.insert("upstream".to_owned(), out::upstream(failure.upstream.as_ref()));
    }
    line
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
