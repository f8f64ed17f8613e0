//! Choosing and ordering endpoints.

use domain::{Candidate, DialectId, Endpoint, Meter, PriceSheet, ProviderId, Reason, Rejected, Route};

/// Whether a provider can be asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// A key is stored, or none is needed.
    Yes,
    /// It needs a key and none is stored.
    NoKey,
}

/// What the planner is told about the world at the moment of sending.
pub struct Facts<'a> {
    /// Can this provider be asked?
    pub provider_ready: &'a dyn Fn(&ProviderId) -> Ready,
    /// The provider the user named, if they named one. Then no other is considered: a prompt does not go
    /// to a company its author did not choose.
    pub named: Option<&'a ProviderId>,
    /// Likely length of the prompt in tokens. An upper bound would shut out endpoints that fit.
    pub prompt_tokens: u64,
    /// Is this dialect built in?
    pub dialect_built: &'a dyn Fn(&DialectId) -> bool,
    /// Does the model's own author serve this endpoint?
    pub first_party: &'a dyn Fn(&Endpoint) -> bool,
    /// Does this provider run on this machine?
    pub local: &'a dyn Fn(&ProviderId) -> bool,
    /// What this provider speaks; `None` = the provider is unknown.
    pub dialect_of: &'a dyn Fn(&ProviderId) -> Option<DialectId>,
}

/// Sorts the endpoints into those to try, in order, and those left out, each with its reason.
///
/// Order: on this machine first, then by list price at three prompt tokens to one completion token, an
/// unknown price after every known one, the model's own author first among equals, and the endpoint's id
/// last of all, so that the order never depends on the order of the input.
pub fn plan(endpoints: &[Endpoint], facts: &Facts<'_>) -> Route {
    let mut rejected = Vec::new();
    let mut ranked = Vec::new();
    for endpoint in endpoints {
        match refusal(endpoint, facts) {
            Some(reason) => rejected.push(Rejected { endpoint: endpoint.id.clone(), reason }),
            None => ranked.push((rank(endpoint, facts), endpoint)),
        }
    }
    ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
    rejected.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
    let planned = ranked
        .iter()
        .enumerate()
        .map(|(place, (rank, endpoint))| Candidate {
            endpoint: endpoint.id.clone(),
            because: because(rank, ranked.get(place + 1).map(|(next, _)| next), ranked.len(), facts),
        })
        .collect();
    Route { planned, rejected }
}

/// The first ground for leaving an endpoint out, from the one nobody can mend to the one a shorter
/// prompt mends.
fn refusal(endpoint: &Endpoint, facts: &Facts<'_>) -> Option<Reason> {
    if facts.named.is_some_and(|named| *named != endpoint.provider) {
        return Some(Reason::NotNamed);
    }
    if !(facts.dialect_of)(&endpoint.provider).is_some_and(|dialect| (facts.dialect_built)(&dialect)) {
        return Some(Reason::DialectMissing);
    }
    match (facts.provider_ready)(&endpoint.provider) {
        Ready::NoKey => return Some(Reason::NoKey),
        Ready::Yes => {}
    }
    // At least one token must be left for the answer. An unknown context is given the benefit of the
    // doubt: the provider answers a prompt that is too long without charging for it.
    endpoint.context_length.filter(|&context| facts.prompt_tokens >= context).map(|_| Reason::ContextTooSmall)
}

/// Smaller is tried earlier; fields compare in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    remote: bool,
    price: Price,
    third_party: bool,
    id: String,
}

/// A list price for comparison, in pico-dollars for four tokens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Price {
    Known(i128),
    Unknown,
}

fn rank(endpoint: &Endpoint, facts: &Facts<'_>) -> Rank {
    Rank {
        remote: !(facts.local)(&endpoint.provider),
        price: list_price(endpoint.prices.as_ref(), facts.prompt_tokens),
        third_party: !(facts.first_party)(endpoint),
        id: endpoint.id.as_str().to_owned(),
    }
}

/// Three prompt tokens and one completion token at list price: chats send their history with every turn.
///
/// No clock is read here, so a rule bound to days or hours counts only where it makes the endpoint dearer;
/// a rule for a service tier never counts, because none is asked for.
fn list_price(sheet: Option<&PriceSheet>, prompt_tokens: u64) -> Price {
    let rate = |meter: Meter| {
        let mut rate = None;
        for rule in sheet.map_or(&[][..], |sheet| &sheet.rules) {
            let when = &rule.when;
            if when.service_tier.is_some()
                || when.prompt_tokens_gt.is_some_and(|limit| prompt_tokens <= limit)
            {
                continue;
            }
            let timed =
                when.from.is_some() || when.until.is_some() || when.utc.is_some() || when.weekdays.is_some();
            if let Some(&new) = rule.rates.get(&meter) {
                rate = match rate {
                    Some(old) if timed => Some(std::cmp::max(old, new)),
                    Some(_) | None => Some(new),
                };
            }
        }
        rate
    };
    match (rate(Meter::Input), rate(Meter::Output)) {
        (Some(input), Some(output)) => Price::Known(3 * i128::from(input.get()) + i128::from(output.get())),
        (Some(_) | None, None) | (None, Some(_)) => Price::Unknown,
    }
}

/// What put a candidate before the next one; only what decided, not everything that is true of it.
fn because(rank: &Rank, next: Option<&Rank>, planned: usize, facts: &Facts<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if facts.named.is_some() {
        reasons.push(Reason::Named);
    }
    if planned == 1 {
        reasons.push(Reason::OnlyOne);
    }
    if !rank.remote {
        reasons.push(Reason::Local);
    }
    if let Some(next) = next.filter(|next| next.remote == rank.remote) {
        match rank.price.cmp(&next.price) {
            std::cmp::Ordering::Less => reasons.push(Reason::Cheaper),
            std::cmp::Ordering::Equal if !rank.third_party && next.third_party => {
                reasons.push(Reason::FirstParty);
            }
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {}
        }
    }
    reasons
}
