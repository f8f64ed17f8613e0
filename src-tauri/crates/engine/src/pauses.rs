//! Pauses that providers have asked for: whether somebody can be asked now, and if not, who first.

use crate::{inner::Inner, live::lock, registry::Registry, routing::Choice};
use domain::{Millis, Timestamp};
use router::{Setback, Who};
use std::collections::VecDeque;

/// Where everybody, `choice` and those left, has asked for a pause: the one whose pause ends first, by its place
/// (0 = `choice`), and how long it still is. `None` = somebody may be asked now.
pub(crate) fn first_over(
    inner: &Inner,
    registry: &Registry,
    choice: &Choice,
    left: &VecDeque<Choice>,
) -> Option<(usize, Millis)> {
    let now = inner.clock.now();
    let health = lock(&inner.health);
    let until = |choice: &Choice| {
        let provider = &choice.endpoint.provider;
        let local = registry.provider(provider).is_some_and(|known| known.provider.local);
        let (endpoint, account) = (&choice.endpoint.id, choice.account.as_ref());
        match health.setback(Who { endpoint, provider, account, local }, now) {
            Some(Setback::RateLimited(until)) => Some(until),
            _ => None,
        }
    };
    let all = std::iter::once(choice).chain(left).map(until).collect::<Option<Vec<Timestamp>>>()?;
    let (place, until) = all.into_iter().enumerate().min_by_key(|(place, until)| (*until, *place))?;
    Some((place, Millis(u64::try_from(until.0.saturating_sub(now.0)).unwrap_or(0))))
}
