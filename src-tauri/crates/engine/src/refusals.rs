//! What endpoints have refused by name: it is left out or said otherwise, asked once more, and remembered for a while.

use crate::{attempt::Plan, inner::Inner, live::lock, registry::Known, relay::Passing};
use domain::{Endpoint, EndpointId, Failure, Quirks, Reasoning, Request};
use router::{ATTEMPTS, DEADLINE, Shown, Situation};
use std::{collections::HashMap, sync::Mutex, time::Duration};
use wire::{Refused, serve::Asked};

/// How long it is remembered. A server may be changed, and finding out anew costs no more than an error.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// Fields that are remembered of one endpoint; then it is found out anew.
const MOST: usize = 32;

/// What was refused and when. What is drawn from is refused by some models only while they think so hard.
type Noted = (Refused, Option<Reasoning>, Duration);

/// An endpoint, and the dialect it was asked in: what passes may come in another than its provider's usual one, whose
/// fields have other names.
type Way = (EndpointId, String);

/// What each endpoint refuses.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<Way, Vec<Noted>>>);

impl Refusals {
    /// The provider's quirks with what the endpoint of this plan refused of such requests; `None` = nothing. Where every
    /// parameter is `required`, what the answer does not depend on alone is left out.
    pub(crate) fn quirks(&self, plan: &Plan, now: Duration) -> Option<Quirks> {
        let asked = plan.passing.as_ref().map(|passing| &*passing.asked);
        let (request, required) = (&plan.request, asked.is_some_and(Asked::all_required));
        let known = lock(&self.0);
        if known.is_empty() {
            return None;
        }
        let known = known.get(&way(&plan.known, &plan.endpoint, plan.passing.as_deref()))?.iter().filter(
            |(field, thinking, _)| field.is_form() || !required && *thinking == request.params.reasoning,
        );
        let mut fields = known.filter(|(_, _, at)| fresh(*at, now)).map(|(field, ..)| *field).peekable();
        fields.peek()?;
        let mut quirks = plan.known.provider.quirks.clone();
        fields.for_each(|field| field.avoid(&mut quirks));
        Some(quirks)
    }

    /// Notes it; `false` = it was known when the request was written, so that asking again gives the same.
    fn note(&self, way: Way, tried: &Tried<'_>, field: Refused, now: Duration) -> bool {
        let mut known = lock(&self.0);
        let known = known.entry(way).or_default();
        known.retain(|(_, _, at)| fresh(*at, now));
        let thinking = tried.request.params.reasoning;
        let same = known.iter().find(|(other, so_hard, _)| {
            (*other == field || other.is_twin(field)) && (field.is_form() || *so_hard == thinking)
        });
        if let Some((_, _, at)) = same {
            // Another request may have found it out meanwhile.
            return *at >= tried.since;
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.push((field, thinking, now));
        true
    }
}

fn way(known: &Known, to: &Endpoint, passing: Option<&Passing>) -> Way {
    let dialect = match passing.filter(|passing| passing.passes_to(known, to)) {
        Some(passing) => passing.asked.protocol.dialect(),
        None => known.provider.dialect.as_str(),
    };
    (to.id.clone(), dialect.to_owned())
}

fn fresh(at: Duration, now: Duration) -> bool {
    now.saturating_sub(at) < REMEMBERED
}

/// A request that was sent somewhere.
pub(crate) struct Tried<'a> {
    pub to: &'a Endpoint,
    pub request: &'a Request,
    /// A program's body.
    pub passing: Option<&'a Passing>,
    /// What was found out from then on was not known when it was written.
    pub since: Duration,
}

impl Tried<'_> {
    /// The endpoint complains of a field by name that the request has and can go without: it may be asked once more. An
    /// error of this kind costs nothing.
    pub(crate) fn again(&self, inner: &Inner, failure: &Failure, at: Situation) -> bool {
        let more = at.shown == Shown::Nothing && at.attempts < ATTEMPTS && at.elapsed < DEADLINE;
        let required = self.passing.is_some_and(|passing| passing.asked.all_required());
        let field = Refused::of(failure).filter(|field| more && (field.is_form() || !required));
        let Some(field) = field.filter(|field| field.may_be_in(&self.request.params)) else { return false };
        let Some(known) = inner.registry().shared(&self.to.provider) else { return false };
        inner.refusals.note(way(&known, self.to, self.passing), self, field, inner.clock.elapsed())
    }
}
