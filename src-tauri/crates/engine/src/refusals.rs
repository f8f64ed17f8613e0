//! What endpoints have refused by name: it is left out or said otherwise, asked once more, and remembered for a while.

use crate::{inner::Inner, live::lock};
use domain::{EndpointId, Failure, Quirks, Reasoning, Request};
use router::{ATTEMPTS, DEADLINE, Shown, Situation};
use std::{collections::HashMap, sync::Mutex, time::Duration};
use wire::Refused;

/// How long it is remembered. A server may be changed, and finding out anew costs no more than an error.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// What was refused and when. What is drawn from is refused by some models only while they think so hard.
type Known = (Refused, Option<Reasoning>, Duration);

/// What each endpoint refuses.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<EndpointId, Vec<Known>>>);

impl Refusals {
    /// The provider's quirks with what the endpoint refused of such requests; `None` = nothing. Where every parameter is
    /// `required`, what the answer does not depend on alone is left out.
    pub(crate) fn quirks(
        &self,
        quirks: &Quirks,
        endpoint: &EndpointId,
        request: &Request,
        required: bool,
        now: Duration,
    ) -> Option<Quirks> {
        let known = lock(&self.0);
        let known = known.get(endpoint)?.iter().filter(|(field, thinking, _)| {
            field.is_form() || !required && *thinking == request.params.reasoning
        });
        let mut fields = known.filter(|(_, _, at)| fresh(*at, now)).map(|(field, ..)| *field).peekable();
        fields.peek()?;
        let mut quirks = quirks.clone();
        fields.for_each(|field| field.avoid(&mut quirks));
        Some(quirks)
    }

    /// Notes it; `false` = it was known, so that asking again gives the same.
    fn note(&self, endpoint: &EndpointId, field: Refused, request: &Request, now: Duration) -> bool {
        let mut known = lock(&self.0);
        let known = known.entry(endpoint.clone()).or_default();
        known.retain(|(_, _, at)| fresh(*at, now));
        let thinking = request.params.reasoning;
        let new = !known.iter().any(|(other, so_hard, _)| {
            (*other == field || other.is_twin(field)) && (field.is_form() || *so_hard == thinking)
        });
        if new {
            known.push((field, thinking, now));
        }
        new
    }
}

fn fresh(at: Duration, now: Duration) -> bool {
    now.saturating_sub(at) < REMEMBERED
}

/// The endpoint complains of a field by name that the request can go without: it may be asked once more. An error of
/// this kind costs nothing.
pub(crate) fn again(
    inner: &Inner,
    endpoint: &EndpointId,
    request: &Request,
    failure: &Failure,
    at: Situation,
    required: bool,
) -> bool {
    let more = at.shown == Shown::Nothing && at.attempts < ATTEMPTS && at.elapsed < DEADLINE;
    let field = Refused::of(failure).filter(|field| more && (field.is_form() || !required));
    field.is_some_and(|field| inner.refusals.note(endpoint, field, request, inner.clock.elapsed()))
}
