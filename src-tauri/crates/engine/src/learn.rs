//! What attempts teach about endpoints, and what that says of the next one.

use crate::{inner::Inner, live::lock};
use domain::{AccountLabel, Effort, EndpointId, ErrorKind, Failure, Millis, Reasoning, Request, Timestamp};
use router::{Observed, Prompt, Who};
use std::time::Duration;
use store::AttemptRow;

/// A request with so many tokens in its prompt. Little thought is told from much: on the streams of many providers both
/// are silence, of seconds and of minutes.
fn prompt(request: &Request, uncached: u64) -> Prompt {
    let thinks = match request.params.reasoning {
        None
        | Some(Reasoning::Effort(Effort::None | Effort::Minimal | Effort::Low) | Reasoning::Budget(0)) => {
            false
        }
        Some(Reasoning::Effort(_) | Reasoning::Budget(_)) => true,
    };
    Prompt { uncached, thinks }
}

/// Remembers how an attempt at a request went, for the next choice. `local`: it stayed on this machine.
pub(crate) fn observe(
    inner: &Inner,
    request: &Request,
    row: &AttemptRow,
    account: Option<&AccountLabel>,
    failure: Option<&Failure>,
    local: bool,
) {
    let who = Who { endpoint: &row.endpoint, provider: &row.provider, account, local };
    let usage = row.usage.as_ref();
    let read = usage.and_then(|usage| usage.input.total).unwrap_or(0);
    let cached = usage.and_then(|usage| usage.input.cache_read).unwrap_or(0);
    let writing = row.duration.zip(row.first_content);
    let observed = match failure {
        Some(failure) => Observed::Failed { failure },
        None => Observed::Answered {
            first_content: row.first_content,
            prompt: prompt(request, read.saturating_sub(cached)),
            wrote: usage
                .and_then(|usage| usage.output.total)
                .zip(writing.map(|(end, first)| Millis(end.0.saturating_sub(first.0)))),
        },
    };
    lock(&inner.health).observe(inner.clock.now(), who, observed);
}

/// It had no content after so long, and another one did.
pub(crate) fn outrun(inner: &Inner, request: &Request, row: &AttemptRow, after: Millis) {
    let prompt = prompt(request, ledger::prompt_estimate(request));
    let who = Who { endpoint: &row.endpoint, provider: &row.provider, account: None, local: false };
    lock(&inner.health).observe(inner.clock.now(), who, Observed::Outrun { after, prompt });
}

/// After how long the first content for a request is late here: nineteen of twenty come sooner. `None` = too little is
/// known.
pub(crate) fn late(inner: &Inner, request: &Request, endpoint: &EndpointId) -> Option<Duration> {
    let prompt = prompt(request, ledger::prompt_estimate(request));
    let known = lock(&inner.health).late(endpoint, prompt, inner.clock.now());
    known.map(|late| Duration::from_millis(late.0))
}

/// How long this endpoint may take to the first content for a request whose prompt has so many tokens, while somebody
/// else could be asked; `None` = too little is known of it.
pub(crate) fn patience(
    inner: &Inner,
    request: &Request,
    tokens: u64,
    endpoint: &EndpointId,
) -> Option<Duration> {
    let prompt = prompt(request, tokens);
    let known = lock(&inner.health).patience(endpoint, prompt, inner.clock.now());
    known.map(|patience| Duration::from_millis(patience.0))
}

/// An endpoint that has said nothing for longer than it usually takes.
pub(crate) fn silent(provider: &str, waited: Duration) -> Failure {
    let seconds = waited.as_secs();
    Failure::new(
        ErrorKind::TimeFirstByte,
        format!("{provider} said nothing for {seconds} s, longer than it usually takes. Try again later."),
    )
}

/// What is known of all endpoints by now, to be stored.
pub(crate) fn stored(inner: &Inner, now: Timestamp) -> Option<String> {
    let mut health = lock(&inner.health);
    health.tidy(now);
    serde_json::to_string(&*health).ok()
}
