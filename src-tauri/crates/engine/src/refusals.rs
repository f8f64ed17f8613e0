//! What endpoints have refused by name: it is left out or said otherwise, asked once more, and remembered for a while.

use crate::{attempt::Plan, inner::Inner, live::lock, registry::Known, relay::Passing};
use domain::{Endpoint, EndpointId, Failure, Quirks, Reasoning, Request};
use router::{ATTEMPTS, DEADLINE, Shown, Situation};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
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
        let known = known
            .get(&(plan.endpoint.id.clone(), spoken(&plan.known, &plan.endpoint, plan.passing.as_deref())))?
            .iter()
            .filter(|(field, thinking, _)| {
                field.is_form() || !required && *thinking == request.params.reasoning
            });
        let mut fields = known.filter(|(_, _, at)| fresh(*at, now)).map(|(field, ..)| *field).peekable();
        fields.peek()?;
        let mut quirks = plan.known.provider.quirks.clone();
        fields.for_each(|field| field.avoid(&mut quirks));
        Some(quirks)
    }

    /// Notes it; `false` = it was known when the request was written, so that asking again gives the same.
    fn note(&self, tried: &Tried, field: Refused, now: Duration) -> bool {
        let mut known = lock(&self.0);
        let known = known.entry((tried.endpoint.clone(), tried.way.clone())).or_default();
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

fn spoken(known: &Known, to: &Endpoint, passing: Option<&Passing>) -> String {
    match passing.filter(|passing| passing.passes_to(known, to)) {
        Some(passing) => passing.asked.protocol.dialect().to_owned(),
        None => known.provider.dialect.as_str().to_owned(),
    }
}

fn fresh(at: Duration, now: Duration) -> bool {
    now.saturating_sub(at) < REMEMBERED
}

/// A request that is about to be sent somewhere.
pub(crate) struct Tried {
    endpoint: EndpointId,
    request: Arc<Request>,
    way: String,
    required: bool,
    since: Duration,
}

impl Tried {
    /// `passing`: a program's body.
    pub(crate) fn new(
        inner: &Inner,
        to: &Endpoint,
        request: &Arc<Request>,
        passing: Option<&Passing>,
    ) -> Self {
        let known = inner.registry().shared(&to.provider);
        Self {
            endpoint: to.id.clone(),
            request: Arc::clone(request),
            way: known.map(|known| spoken(&known, to, passing)).unwrap_or_default(),
            required: passing.is_some_and(|passing| passing.asked.all_required()),
            since: inner.clock.elapsed(),
        }
    }

    /// It went here instead.
    pub(crate) fn at(&mut self, endpoint: &Endpoint) {
        self.endpoint = endpoint.id.clone();
    }

    /// The endpoint complains of a field by name that the request has and can go without: it may be asked once more. An
    /// error of this kind costs nothing.
    pub(crate) fn again(&self, inner: &Inner, failure: &Failure, at: Situation) -> bool {
        let more = at.shown == Shown::Nothing && at.attempts < ATTEMPTS && at.elapsed < DEADLINE;
        let field = Refused::of(failure).filter(|field| more && (field.is_form() || !self.required));
        let field = field.filter(|field| field.may_be_in(&self.request.params));
        field.is_some_and(|field| inner.refusals.note(self, field, inner.clock.elapsed()))
    }
}
