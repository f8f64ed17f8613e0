//! What attempts teach about endpoints, and what that says of the next one.

use crate::{inner::Inner, live::lock};
use domain::{AccountLabel, EndpointId, ErrorKind, Failure, Millis, Timestamp};
use router::{Observed, Who};
use std::time::Duration;
use store::AttemptRow;

/// Remembers how an attempt went, for the next choice. `local`: it stayed on this machine.
pub(crate) fn observe(
    inner: &Inner,
    row: &AttemptRow,
    account: Option<&AccountLabel>,
    failure: Option<&Failure>,
    local: bool,
) {
    let who = Who { endpoint: &row.endpoint, provider: &row.provider, account, local };
    let usage = row.usage.as_ref();
    let prompt = usage.and_then(|usage| usage.input.total).unwrap_or(0);
    let cached = usage.and_then(|usage| usage.input.cache_read).unwrap_or(0);
    let writing = row.duration.zip(row.first_content);
    let observed = match failure {
        Some(failure) => Observed::Failed { failure },
        None => Observed::Answered {
            first_content: row.first_content,
            uncached: prompt.saturating_sub(cached),
            wrote: usage
                .and_then(|usage| usage.output.total)
                .zip(writing.map(|(end, first)| Millis(end.0.saturating_sub(first.0)))),
        },
    };
    lock(&inner.health).observe(inner.clock.now(), who, observed);
}

/// It had no content after so long, and another one did.
pub(crate) fn outrun(inner: &Inner, row: &AttemptRow, prompt: u64, after: Millis) {
    let who = Who { endpoint: &row.endpoint, provider: &row.provider, account: None, local: false };
    lock(&inner.health).observe(inner.clock.now(), who, Observed::Outrun { after, uncached: prompt });
}

/// After how long the first content after a prompt of so many tokens is late here: nineteen of twenty come sooner.
/// `None` = too little is known.
pub(crate) fn late(inner: &Inner, prompt: u64, endpoint: &EndpointId) -> Option<Duration> {
    let known = lock(&inner.health).late(endpoint, prompt, inner.clock.now());
    known.map(|late| Duration::from_millis(late.0))
}

/// How long this endpoint may take to the first content after a prompt of so many tokens, while somebody else
/// could be asked; `None` = too little is known of it.
pub(crate) fn patience(inner: &Inner, prompt: u64, endpoint: &EndpointId) -> Option<Duration> {
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
