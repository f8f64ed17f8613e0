//! What the router is told: the endpoints of a model with everything known about them, and what a request
//! needs. Choosing itself is `router`'s.

use crate::{
    inner::Inner,
    registry::{Known, Registry},
};
use domain::{
    AccountLabel, DataPolicy, Endpoint, ErrorKind, Failure, Modality, ModelRef, Part, Reason, Request, Route,
    RoutingPrefs,
};
use router::{Ask, Needs, Offer, Ready};
use std::collections::VecDeque;

/// Likely length of an answer, in tokens, where the request sets no limit.
const USUAL_ANSWER: u64 = 700;
/// Turns that usually follow in a chat.
const FOLLOW_UPS: u32 = 2;

/// An endpoint with the key it is asked with.
#[derive(Clone)]
pub(crate) struct Choice {
    pub endpoint: Endpoint,
    pub account: Option<AccountLabel>,
}

/// What the plan of one request rests on.
pub(crate) struct Wanted<'a> {
    pub model: &'a ModelRef,
    pub request: &'a Request,
    pub prefs: &'a RoutingPrefs,
    pub policy: Option<&'a str>,
    pub seed: u64,
}

/// The plan, and its candidates with their endpoints.
pub(crate) fn plan(
    inner: &Inner,
    registry: &Registry,
    endpoints: &[Endpoint],
    wanted: &Wanted<'_>,
) -> (Route, VecDeque<Choice>) {
    let needs = needs(wanted.request);
    let ask = Ask {
        named: wanted.model.provider.as_ref(),
        prefs: wanted.prefs,
        policy: wanted.policy,
        needs: &needs,
        prompt_tokens: ledger::prompt_estimate(wanted.request),
        answer_tokens: needs.max_output.map_or(USUAL_ANSWER, |most| most.min(USUAL_ANSWER)),
        follow_ups: FOLLOW_UPS,
        warm: None,
        seed: wanted.seed,
        now: inner.clock.now(),
    };
    let nothing = DataPolicy::default();
    let keys = |endpoint: &Endpoint| registry.provider(&endpoint.provider).map(Known::asked_with);
    let accounts: Vec<Vec<Option<AccountLabel>>> =
        endpoints.iter().map(|endpoint| keys(endpoint).unwrap_or_default()).collect();
    let offers: Vec<Offer<'_>> = endpoints
        .iter()
        .zip(&accounts)
        .map(|(endpoint, keys)| offer(registry, endpoint, keys, &nothing))
        .collect();
    let route = router::plan(&offers, &ask, &crate::live::lock(&inner.health));
    let choices = route
        .planned
        .iter()
        .filter_map(|candidate| {
            let endpoint = endpoints.iter().find(|endpoint| endpoint.id == candidate.endpoint)?;
            Some(Choice { endpoint: endpoint.clone(), account: candidate.account.clone() })
        })
        .collect();
    (route, choices)
}

fn offer<'a>(
    registry: &'a Registry,
    endpoint: &'a Endpoint,
    accounts: &'a [Option<AccountLabel>],
    nothing: &'a DataPolicy,
) -> Offer<'a> {
    let known = registry.provider(&endpoint.provider);
    let provider = known.map(|known| &known.provider);
    let model = registry.catalog().model(endpoint.model.as_str());
    Offer {
        endpoint,
        accounts,
        ready: if known.is_some_and(Known::ready) { Ready::Yes } else { Ready::NoKey },
        dialect_built: provider.is_some_and(|p| wire::dialect(p.dialect.as_str()).is_some()),
        local: provider.is_some_and(|p| p.local),
        first_party: registry.catalog().is_first_party(endpoint),
        data: provider.map_or(nothing, |p| &p.data_policy),
        region: None,
        quantization: None,
        model: model.map(|model| (&model.capabilities, &*model.input)),
        drops: provider.map_or(&[], |p| &p.quirks.drop_params),
        affordable: true,
        stand_in: 0,
    }
}

/// What a request needs of whoever answers it.
pub(crate) fn needs(request: &Request) -> Needs {
    let mut input = Vec::new();
    for part in request.messages.iter().flat_map(|message| &message.parts) {
        let kind = match part {
            Part::Image { .. } => Modality::Image,
            Part::File { .. } => Modality::File,
            _ => continue,
        };
        if !input.contains(&kind) {
            input.push(kind);
        }
    }
    let params = &request.params;
    let set = [
        ("temperature", params.temperature.is_some()),
        ("top_p", params.top_p.is_some()),
        ("max_completion_tokens", params.max_completion_tokens.is_some()),
        ("stop", !params.stop.is_empty()),
        ("seed", params.seed.is_some()),
        ("reasoning", params.reasoning.is_some()),
        ("response_format", params.response_format.is_some()),
        ("tools", !request.tools.is_empty()),
        ("tool_choice", request.tool_choice.is_some()),
    ];
    Needs {
        tools: !request.tools.is_empty(),
        structured_output: matches!(params.response_format, Some(domain::ResponseFormat::JsonSchema { .. })),
        reasoning: match params.reasoning {
            None | Some(domain::Reasoning::Effort(domain::Effort::None)) => false,
            Some(domain::Reasoning::Effort(_) | domain::Reasoning::Budget(_)) => true,
        },
        input,
        max_output: params.max_completion_tokens,
        params: set.into_iter().filter_map(|(name, set)| set.then_some(name)).collect(),
    }
}

/// Takes out of what is left what the failure rules out.
pub(crate) fn forget(left: &mut VecDeque<Choice>, kind: ErrorKind, failed: &Choice) {
    match kind {
        ErrorKind::LimitContext => left.retain(|other| roomier(&other.endpoint, &failed.endpoint)),
        // The key itself is not good, so it is not good at the provider's other endpoints either.
        ErrorKind::AuthMissing | ErrorKind::AuthRejected | ErrorKind::BillingCredits => {
            left.retain(|other| {
                other.endpoint.provider != failed.endpoint.provider || other.account != failed.account
            });
        }
        _ => {}
    }
}

/// How many keys of this endpoint and how many other endpoints are left.
pub(crate) fn remaining(left: &VecDeque<Choice>, failed: &Choice) -> (usize, usize) {
    let here = |other: &&Choice| other.endpoint.id == failed.endpoint.id;
    let mut elsewhere: Vec<_> = left.iter().filter(|other| !here(other)).map(|c| &c.endpoint.id).collect();
    elsewhere.sort();
    elsewhere.dedup();
    (left.iter().filter(here).count(), elsewhere.len())
}

/// Can this endpoint read more than the one that found the prompt too long? Unknown counts as perhaps.
fn roomier(other: &Endpoint, full: &Endpoint) -> bool {
    match (other.context_length, full.context_length) {
        (Some(other), Some(full)) => other > full,
        _ => true,
    }
}

/// Why no endpoint is left: the one thing the user can do about it.
pub(crate) fn nowhere(registry: &Registry, endpoints: &[Endpoint], route: &Route) -> Failure {
    let of = |reason| {
        route
            .rejected
            .iter()
            .find(|rejected| rejected.reasons.first() == Some(&reason))
            .and_then(|rejected| endpoints.iter().find(|endpoint| endpoint.id == rejected.endpoint))
            .and_then(|endpoint| registry.provider(&endpoint.provider))
    };
    if let Some(known) = of(Reason::NoKey) {
        return unready(known);
    }
    if of(Reason::ContextTooSmall).is_some() {
        return Failure::new(
            ErrorKind::LimitContext,
            "The conversation is longer than this model can read. Start a new chat or choose a model with a \
             larger context.",
        );
    }
    if let Some(known) = of(Reason::DialectMissing) {
        return Failure::new(
            ErrorKind::RequestUnsupported,
            format!(
                "{} speaks “{}”, which this version cannot. Choose another provider for this model.",
                known.provider.name, known.provider.dialect
            ),
        );
    }
    forbidden(route)
}

/// A provider that needs something of the user first.
fn unready(known: &Known) -> Failure {
    if known.addressless() {
        return known.without_address();
    }
    if known.provider.local {
        return Failure::new(
            ErrorKind::NetConnect,
            format!(
                "{} is not running on this machine. Start it, then look for local servers in Settings.",
                known.provider.name
            ),
        );
    }
    crate::attempt::no_key(&known.provider.id, &known.provider.name)
}

/// Every endpoint is ruled out by what the user allows or the request needs.
fn forbidden(route: &Route) -> Failure {
    let any = |reasons: &[Reason]| {
        route.rejected.iter().any(|rejected| reasons.iter().any(|&reason| rejected.says(reason)))
    };
    let rules = [
        Reason::MayTrain,
        Reason::TrainingUnknown,
        Reason::Retains,
        Reason::RetentionUnknown,
        Reason::NotLocal,
        Reason::Region,
        Reason::RegionUnknown,
        Reason::NotAllowed,
        Reason::Ignored,
        Reason::Quantization,
        Reason::Parameters,
        Reason::MaxPrice,
        Reason::PriceUnknown,
    ];
    if any(&rules) {
        let policy = route.policy.as_deref().unwrap_or("everyday");
        return Failure::new(
            ErrorKind::RequestNoModel,
            format!(
                "The policy “{policy}” permits none of this model's providers, so nothing was sent. Look why \
                 with `parallax route explain`, choose another policy, or choose another model."
            ),
        );
    }
    if any(&[Reason::Budget]) {
        return Failure::new(
            ErrorKind::BillingBudget,
            "A budget does not cover this request at any provider, so nothing was sent. Raise the budget or \
             ask for a shorter answer.",
        );
    }
    if any(&[Reason::OutputTooShort]) {
        return Failure::new(
            ErrorKind::RequestUnsupported,
            "No provider writes an answer as long as the one asked for. Ask for fewer tokens.",
        );
    }
    if any(&[Reason::Tools, Reason::StructuredOutput, Reason::Reasoning, Reason::Modality]) {
        return Failure::new(
            ErrorKind::RequestUnsupported,
            "This model cannot do what the request asks (tools, a JSON schema, reasoning, or reading what is \
             attached). Choose another model.",
        );
    }
    Failure::new(ErrorKind::RequestNoModel, "No provider can serve this model with what the prompt holds.")
}
