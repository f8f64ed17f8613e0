//! Choosing and ordering endpoints.

use crate::{
    chance::{hash, mix},
    filter::{self, Refusals},
    health::{Health, Setback, Who},
    price::Rates,
};
use domain::{
    AccountLabel, Candidate, Capabilities, DataPolicy, Endpoint, EndpointId, Expected, Millis, Modality,
    PicoUsd, ProviderId, Reason, Rejected, Route, RoutingPrefs, Sort, Timestamp, slug_covers,
};
use std::cmp::Ordering;

/// Whether a provider can be asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// A key is stored, or none is needed.
    Yes,
    /// It needs a key and none is stored.
    NoKey,
}

/// An endpoint with what is known of it and of its provider.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// The keys it may be asked with, in the user's order; `None` among them: without a key.
    pub accounts: &'a [Option<AccountLabel>],
    /// Can its provider be asked?
    pub ready: Ready,
    /// Is its dialect built in?
    pub dialect_built: bool,
    /// Does it run on this machine?
    pub local: bool,
    /// Does the model's own author serve it?
    pub first_party: bool,
    /// What its provider promises.
    pub data: &'a DataPolicy,
    /// Where it is served, in its provider's word.
    pub region: Option<&'a str>,
    /// Its precision.
    pub quantization: Option<&'a str>,
    /// What the model can do and reads; `None` = nobody knows, and the provider will say.
    pub model: Option<(&'a Capabilities, &'a [Modality])>,
    /// Request parameters that it ignores or rejects.
    pub drops: &'a [String],
    /// Does every budget cover its worst case?
    pub affordable: bool,
    /// How long it would stand in line first, by the user's own limits.
    pub queue: Millis,
    /// 0 = the model that was asked for; n = the nth that may stand in for it.
    pub stand_in: u32,
}

/// What the request needs of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// It calls tools.
    pub tools: bool,
    /// It obeys a JSON schema.
    pub structured_output: bool,
    /// It reasons.
    pub reasoning: bool,
    /// What it reads besides text, in what is asked now.
    pub input: Vec<Modality>,
    /// What it reads besides text, in what was said before.
    pub earlier_input: Vec<Modality>,
    /// The longest answer asked for, in tokens.
    pub max_output: Option<u64>,
    /// Names of the parameters that are set.
    pub params: Vec<&'static str>,
}

/// Where the prompt so far is cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warm {
    /// The endpoint that answered last.
    pub endpoint: EndpointId,
    /// Prompt tokens that its cache is likely to hold.
    pub tokens: u64,
    /// When it forgets them.
    pub until: Timestamp,
}

/// What is asked, by whom and when.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The provider the user named, if they named one. Then no other is considered: a prompt does not go
    /// to a company its author did not choose.
    pub named: Option<&'a ProviderId>,
    /// What is allowed and preferred.
    pub prefs: &'a RoutingPrefs,
    /// Id of the policy behind it.
    pub policy: Option<&'a str>,
    /// What an endpoint must be able to do.
    pub needs: &'a Needs,
    /// Likely length of the prompt in tokens. An upper bound would shut out endpoints that fit.
    pub prompt_tokens: u64,
    /// Likely length of the answer in tokens.
    pub answer_tokens: u64,
    /// Likely number of further turns of the conversation: what they cost is part of choosing where it
    /// begins, since its prompt is sent again with each of them.
    pub follow_ups: u32,
    /// The list price of this request alone decides, whatever comes after it and however often it succeeds:
    /// `:floor`.
    pub floor: bool,
    /// Where the conversation went before.
    pub warm: Option<&'a Warm>,
    /// Chance, as a number: the same seed gives the same route.
    pub seed: u64,
    /// When.
    pub now: Timestamp,
}

/// What a second of waiting for the first content is worth, in pico-dollars, where price and speed are
/// weighed against each other.
const SECOND: f64 = 4.0e8;
/// A second of watching it write is worth less: it is being read.
const WRITING_SECOND: f64 = 2.0e7;
/// Whoever has the prompt in its cache is left only for something a fifth better.
const STAY: f64 = 0.8;
/// One route of so many tries a near equal of which little is known.
const EXPLORE_ONE_IN: u64 = 50;
const NEAR: f64 = 1.25;
const LITTLE_KNOWN: f64 = 0.5;

/// Sorts the endpoints into those to try, in order, and those left out, each with its reasons.
///
/// What is not allowed or not possible is left out, and what is unknown counts as not allowed. So is who could serve
/// only a part of what is asked, as long as another of the same model can all of it. The rest is ordered: models before their stand-ins; then the user's literal order; then what has set back behind
/// what has not; this machine before others (unless speed is asked for); an unknown price after every known
/// one; and then by the expected cost of trying over the chance of success, where "cost" is dollars and
/// waiting together. The endpoint's id decides last of all, so that the order never depends on the order
/// of the input. Each endpoint stands there once for each key of its provider.
pub fn plan(offers: &[Offer<'_>], ask: &Ask<'_>, health: &Health) -> Route {
    let mut rejected = Vec::new();
    let mut ranked = Vec::with_capacity(offers.len());
    let refusals: Vec<Refusals> = offers.iter().map(|offer| filter::refusals(offer, ask)).collect();
    // Of each model; a stand-in is for when the one that was asked for fails, not for what it lacks.
    let can_all = |stand_in: u32| {
        let whole = |refusals: &Refusals| refusals.reasons.is_empty() && refusals.lacks.is_empty();
        offers.iter().zip(&refusals).any(|(other, refusals)| other.stand_in == stand_in && whole(refusals))
    };
    for (offer, Refusals { reasons, lacks }) in offers.iter().zip(&refusals) {
        let mut reasons = reasons.clone();
        if !lacks.is_empty() && can_all(offer.stand_in) {
            reasons.extend(lacks);
        }
        if reasons.is_empty() {
            for (key, account) in (0u32..).zip(keys(offer)) {
                ranked.push(rank(offer, account.as_ref(), key, ask, health));
            }
        } else {
            rejected.push(Rejected { endpoint: offer.endpoint.id.clone(), reasons });
        }
    }
    ranked.sort_by(Ranked::compare);
    explore(&mut ranked, ask, health);
    rejected.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
    let endpoints = ranked.iter().map(|ranked| &ranked.offer.endpoint.id);
    let only_one = ranked.first().is_some_and(|first| endpoints.clone().all(|id| *id == first.id()));
    let planned = ranked
        .iter()
        .enumerate()
        .map(|(place, here)| Candidate {
            endpoint: here.id(),
            account: here.account.cloned(),
            because: because(here, ranked.get(place + 1), only_one, ask),
            expected: Some(here.expected),
        })
        .collect();
    Route {
        planned,
        rejected,
        policy: ask.policy.map(str::to_owned),
        no_fallbacks: ask.prefs.allow_fallbacks == Some(false),
    }
}

/// Would something have to be left out of the request for this endpoint?
pub fn lacks(offer: &Offer<'_>, ask: &Ask<'_>) -> bool {
    !filter::refusals(offer, ask).lacks.is_empty()
}

/// A provider without accounts of its own is asked once.
fn keys<'a>(offer: &Offer<'a>) -> &'a [Option<AccountLabel>] {
    if offer.accounts.is_empty() { &[None] } else { offer.accounts }
}

struct Ranked<'a> {
    offer: &'a Offer<'a>,
    account: Option<&'a AccountLabel>,
    key: u32,
    ordered: usize,
    setback: Option<Setback>,
    too_slow: bool,
    remote: bool,
    unpriced: bool,
    /// Smaller is better.
    score: f64,
    cost: Option<i128>,
    first_content: f64,
    cached: bool,
    explored: bool,
    expected: Expected,
}

impl Ranked<'_> {
    fn id(&self) -> EndpointId {
        self.offer.endpoint.id.clone()
    }

    /// How far back it is moved.
    fn back(&self) -> u8 {
        match self.setback {
            None if self.too_slow => 1,
            None => 0,
            Some(Setback::RateLimited(_)) => 2,
            Some(Setback::Failing(_)) => 3,
            Some(Setback::ModelMissing) => 4,
            Some(Setback::NoCredit) => 5,
            Some(Setback::KeyRefused) => 6,
        }
    }

    /// The part of the order that no score overrides.
    fn class(&self) -> (u32, usize, u8, bool, bool) {
        (self.offer.stand_in, self.ordered, self.back(), self.remote, self.unpriced)
    }

    fn compare(a: &Self, b: &Self) -> Ordering {
        a.class()
            .cmp(&b.class())
            .then_with(|| a.score.total_cmp(&b.score))
            .then_with(|| (!a.offer.first_party).cmp(&!b.offer.first_party))
            .then_with(|| a.offer.endpoint.id.cmp(&b.offer.endpoint.id))
            .then_with(|| a.key.cmp(&b.key))
    }
}

fn rank<'a>(
    offer: &'a Offer<'a>,
    account: Option<&'a AccountLabel>,
    key: u32,
    ask: &Ask<'_>,
    health: &Health,
) -> Ranked<'a> {
    let endpoint = offer.endpoint;
    let who = Who { endpoint: &endpoint.id, provider: &endpoint.provider, account, local: offer.local };
    let warm = ask.warm.filter(|warm| warm.endpoint == endpoint.id && ask.now < warm.until);
    let cached = warm.map_or(0, |warm| warm.tokens.min(ask.prompt_tokens));
    let uncached = ask.prompt_tokens - cached;
    let rates = |prompt_tokens| Rates::of(endpoint.prices.as_ref(), prompt_tokens, ask.now);
    let cost = rates(ask.prompt_tokens).answer(ask.prompt_tokens, cached, ask.answer_tokens);
    let success = health.success(&endpoint.id, ask.now);
    #[allow(clippy::cast_precision_loss, reason = "for comparing")]
    let queue = offer.queue.0 as f64;
    let first_content = queue + health.first_content(&endpoint.id, uncached, ask.now);
    let speed = health.throughput(&endpoint.id, ask.now);
    let again = ask.prompt_tokens.saturating_add(ask.answer_tokens);
    let ahead = rates(again).follow_up(again).map(|turn| turn * i128::from(ask.follow_ups));
    let all = cost.zip(ahead).map(|(now, ahead)| now + ahead);
    let score = if ask.floor {
        floor(cost, first_content)
    } else {
        let stay = if warm.is_some() { STAY } else { 1.0 };
        stay * score(ask, all, first_content, speed) / success
    };
    Ranked {
        offer,
        account,
        key,
        ordered: placed(ask, endpoint, offer.region),
        setback: health.setback(who, ask.now),
        too_slow: too_slow(ask, endpoint, health),
        remote: !offer.local && !wants_speed(ask),
        unpriced: cost.is_none() && !wants_speed(ask),
        score,
        cost,
        first_content,
        cached: warm.is_some(),
        explored: false,
        expected: Expected { chat: amount(all), ..expected(cost, first_content, success) },
    }
}

fn wants_speed(ask: &Ask<'_>) -> bool {
    matches!(ask.prefs.sort, Some(Sort::Latency | Sort::Throughput))
}

#[allow(clippy::cast_precision_loss, reason = "for comparing, not for booking")]
fn score(ask: &Ask<'_>, cost: Option<i128>, first_content: f64, speed: f64) -> f64 {
    let cost = cost.map_or(0.0, |cost| cost as f64);
    let writing = ask.answer_tokens as f64 / speed.max(1.0);
    let waiting = first_content / 1_000.0;
    match ask.prefs.sort {
        None => cost + SECOND * waiting + WRITING_SECOND * writing,
        // The rest decides only among equals.
        Some(Sort::Price) => cost + 1e-3 * waiting,
        Some(Sort::Latency) => waiting + 1e-15 * cost,
        Some(Sort::Throughput) => writing + 1e-15 * cost,
    }
}

/// The cheapest request first; waiting decides only among equals.
#[allow(clippy::cast_precision_loss, reason = "for comparing, not for booking")]
fn floor(cost: Option<i128>, first_content: f64) -> f64 {
    cost.map_or(0.0, |cost| cost as f64) + 1e-6 * first_content
}

fn amount(cost: Option<i128>) -> Option<PicoUsd> {
    cost.and_then(|cost| i64::try_from(cost).ok()).map(PicoUsd::new)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of thousand and milliseconds, both small and positive"
)]
fn expected(cost: Option<i128>, first_content: f64, success: f64) -> Expected {
    Expected {
        cost: amount(cost),
        chat: None,
        first_content: Millis(first_content.round() as u64),
        success: (success * 1_000.0).round() as u16,
    }
}

/// Its place in the user's order; those not named come after all that are.
fn placed(ask: &Ask<'_>, endpoint: &Endpoint, region: Option<&str>) -> usize {
    let tag = filter::tag(endpoint, region);
    let at = ask.prefs.order.iter().position(|slug| slug_covers(slug, &tag));
    at.unwrap_or(ask.prefs.order.len())
}

/// Misses a preference. What is not known is given the benefit of the doubt.
fn too_slow(ask: &Ask<'_>, endpoint: &Endpoint, health: &Health) -> bool {
    let latency = ask.prefs.preferred_max_latency.iter().flat_map(|limits| {
        limits.set().map(|(share, seconds)| {
            health.first_content_at(&endpoint.id, share).is_some_and(|ms| ms > seconds * 1_000.0)
        })
    });
    let throughput = ask.prefs.preferred_min_throughput.iter().flat_map(|limits| {
        limits.set().map(|(share, least)| {
            health.throughput_at(&endpoint.id, share).is_some_and(|speed| speed < least)
        })
    });
    latency.chain(throughput).any(|missed| missed)
}

/// Now and then a near equal of which little is known goes first, so that it becomes known.
fn explore(ranked: &mut [Ranked<'_>], ask: &Ask<'_>, health: &Health) {
    let drawn = mix(ask.seed ^ hash("explore")).is_multiple_of(EXPLORE_ONE_IN);
    let [first, second, ..] = ranked else { return };
    let free = ask.prefs.sort.is_none() && ask.prefs.order.is_empty() && !first.cached;
    let near = first.class() == second.class()
        && first.offer.endpoint.id != second.offer.endpoint.id
        && second.score <= NEAR * first.score
        && health.evidence(&second.offer.endpoint.id, ask.now) < LITTLE_KNOWN;
    if drawn && free && near {
        second.explored = true;
        ranked.swap(0, 1);
    }
}

/// What put a candidate before the next one; only what decided, not everything that is true of it.
fn because(here: &Ranked<'_>, next: Option<&Ranked<'_>>, only_one: bool, ask: &Ask<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if here.offer.stand_in > 0 {
        reasons.push(Reason::FallbackModel);
    }
    if ask.named.is_some() {
        reasons.push(Reason::Named);
    }
    if only_one {
        reasons.push(Reason::OnlyOne);
    }
    if here.ordered < ask.prefs.order.len() {
        reasons.push(Reason::Ordered);
    }
    match here.setback {
        Some(Setback::Failing(_)) => reasons.push(Reason::Failing),
        Some(Setback::RateLimited(_)) => reasons.push(Reason::RateLimited),
        Some(Setback::KeyRefused) => reasons.push(Reason::KeyRefused),
        Some(Setback::NoCredit) => reasons.push(Reason::NoCredit),
        Some(Setback::ModelMissing) => reasons.push(Reason::ModelMissing),
        None if here.too_slow => reasons.push(Reason::TooSlow),
        None => {}
    }
    if here.offer.local {
        reasons.push(Reason::Local);
    }
    if here.cached {
        reasons.push(Reason::Cached);
    }
    if here.explored {
        reasons.push(Reason::Explored);
    } else if let Some(next) = next.filter(|next| next.class() == here.class()) {
        reasons.extend(decided(here, next));
    } else if next.is_some_and(|next| next.unpriced && !here.unpriced && next.remote == here.remote) {
        reasons.push(Reason::Cheaper);
    }
    reasons
}

/// Of two in the same class, what spoke for the first.
fn decided(here: &Ranked<'_>, next: &Ranked<'_>) -> Option<Reason> {
    let same_endpoint = here.offer.endpoint.id == next.offer.endpoint.id;
    if same_endpoint {
        return None;
    }
    if here.score.total_cmp(&next.score) == Ordering::Equal {
        return (here.offer.first_party && !next.offer.first_party).then_some(Reason::FirstParty);
    }
    let cheaper = matches!((here.cost, next.cost), (Some(here), Some(next)) if here < next);
    let faster = here.first_content < next.first_content * 0.9;
    Some(match (cheaper, faster) {
        (true, false) => Reason::Cheaper,
        (false, true) => Reason::Faster,
        (true, true) | (false, false) => Reason::BestValue,
    })
}
