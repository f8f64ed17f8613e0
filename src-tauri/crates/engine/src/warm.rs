//! Where a branch's prompt is likely to be cached: at the endpoint that wrote its last answer.

use domain::{Failure, MessageId, Outcome, Timestamp};
use router::Warm;
use store::Tx;

/// How long a prompt cache is assumed to remember, sliding (OpenRouter's documentation of sticky routing,
/// 2026-08-22: ten minutes idle).
const REMEMBERS: i64 = 10 * 60_000;

/// `user`: the prompt's node; the answer before it is what the cache may hold.
pub(crate) fn of_branch(tx: &Tx<'_>, user: MessageId) -> Result<Option<Warm>, Failure> {
    let parent = tx.message(user)?.and_then(|row| row.parent);
    Ok(parent.map(|answer| of_answer(tx, answer)).transpose()?.flatten())
}

/// `answer`: the node a prompt would follow.
pub(crate) fn of_answer(tx: &Tx<'_>, answer: MessageId) -> Result<Option<Warm>, Failure> {
    let Some(run) = tx.message(answer)?.and_then(|row| row.run) else { return Ok(None) };
    let Some(last) = tx.attempts(run)?.pop() else { return Ok(None) };
    if !matches!(last.outcome, Some(Outcome::Completed { .. })) {
        return Ok(None);
    }
    let Some(usage) = last.usage else { return Ok(None) };
    // A provider that says nothing of its cache may well have none.
    let caches = usage.input.cache_read.is_some() || usage.input.cache_write().is_some();
    let Some(prompt) = usage.input.total.filter(|_| caches) else { return Ok(None) };
    let took = last.duration.map_or(0, |span| i64::try_from(span.0).unwrap_or(0));
    Ok(Some(Warm {
        endpoint: last.endpoint,
        tokens: prompt.saturating_add(usage.output.total.unwrap_or(0)),
        until: Timestamp(last.started_at.0.saturating_add(took).saturating_add(REMEMBERS)),
    }))
}
