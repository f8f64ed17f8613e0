//! What the router is told: the endpoints of a model with everything known about them, and what a request
//! needs. Choosing itself is `router`'s.

mod nowhere;

use crate::{
    budget::Room,
    inner::Inner,
    policy::{self, Rules},
    qualify,
    registry::{Known, Registry},
};
use domain::{
    AccountLabel, ConversationId, DataPolicy, Endpoint, ErrorKind, Failure, Millis, Modality, ModelRef,
    RateLimit, Reason, Request, Route, RoutingPrefs, Sort, Timestamp, say,
};
use router::{Ask, Needs, Offer, Ready, Warm};
use std::{collections::VecDeque, sync::Arc};
use store::Spender;

pub(crate) use nowhere::nowhere;

/// Likely length of an answer, in tokens, where the request sets no limit.
const USUAL_ANSWER: u64 = 700;
/// Turns that usually follow in a chat.
const FOLLOW_UPS: u32 = 2;

/// Names that leave the choice of the model to Parallax.
pub(crate) const AUTO: [&str; 3] = ["auto/cheapest", "auto/fast", "auto/best"];

/// An endpoint with the key it is asked with.
#[derive(Clone)]
pub(crate) struct Choice {
    pub endpoint: Arc<Endpoint>,
    pub account: Option<AccountLabel>,
    /// 0 = the model that was asked for; n = the nth that may stand in for it.
    pub stand_in: u32,
    /// Something of the request has to be left out for it.
    pub lacks: bool,
}

/// What may be asked for a model, and the rules that its name adds.
pub(crate) struct Field {
    /// Endpoints, and which of them serve a stand-in.
    pub endpoints: Vec<(Endpoint, u32)>,
    pub rules: Rules,
    /// The name asks for the lowest price of this request.
    pub floor: bool,
    /// The name left the choice of the model to us.
    pub auto: bool,
}

/// Every endpoint that serves what was asked for, or what may stand in for it. Another model is among them
/// only where the name is one of `auto/…` or the rules name it.
pub(crate) fn field(
    registry: &Registry,
    model: &ModelRef,
    request: &Request,
    rules: Rules,
    at: Timestamp,
) -> Result<Field, Failure> {
    if let Some(wish) = model.model.strip_prefix("auto/").filter(|_| model.provider.is_none()) {
        return automatic(registry, wish, request, rules, at);
    }
    let (mut rules, mut floor) = (rules, false);
    let own = match named_variant(registry, model) {
        Some((plain, wish)) => {
            rules.prefs = rules.prefs.meet(&wish);
            floor = model.model.ends_with(":floor");
            registry.resolve(&plain)?
        }
        None => registry.resolve(model)?,
    };
    let mut endpoints: Vec<(Endpoint, u32)> = own.into_iter().map(|endpoint| (endpoint, 0)).collect();
    for (place, other) in (1u32..).zip(&rules.prefs.models) {
        // A stand-in that nobody serves stands in for nothing.
        let Some(found) = ModelRef::parse(other).ok().and_then(|other| registry.resolve(&other).ok()) else {
            continue;
        };
        for endpoint in found {
            if !endpoints.iter().any(|(known, _)| known.id == endpoint.id) {
                endpoints.push((endpoint, place));
            }
        }
    }
    Ok(Field { endpoints, rules, floor, auto: false })
}

/// Does this name leave the choice of the model to us?
pub(crate) fn leaves_choice(model: &ModelRef) -> bool {
    model.provider.is_none() && AUTO.contains(&model.model.as_str())
}

/// `author/name:floor` where no model is called so.
fn named_variant(registry: &Registry, model: &ModelRef) -> Option<(ModelRef, RoutingPrefs)> {
    if registry.catalog().model(&model.model).is_some() {
        return None;
    }
    let (plain, variant) = model.model.rsplit_once(':')?;
    let wish = policy::variant(variant)?;
    Some((ModelRef { model: plain.to_owned(), provider: model.provider.clone() }, wish))
}

/// `auto/cheapest`, `auto/fast` and `auto/best`: every endpoint of every model that can do what the request
/// needs; for the best, of those that qualify for it.
fn automatic(
    registry: &Registry,
    wish: &str,
    request: &Request,
    mut rules: Rules,
    at: Timestamp,
) -> Result<Field, Failure> {
    rules.prefs.sort = Some(match wish {
        "cheapest" | "best" => Sort::Price,
        "fast" => Sort::Latency,
        _ => {
            return Err(Failure::new(
                ErrorKind::RequestNoModel,
                say!("There is no “auto/{wish}”. Known are auto/cheapest, auto/fast and auto/best.", wish),
            ));
        }
    });
    let needs = needs(request);
    let catalog = registry.catalog();
    let fits = |model: &domain::Model| {
        model.slug.author() != catalog::DEMO
            && model.output.contains(&Modality::Text)
            && model.retires.is_none()
            && needs.input.iter().chain(&needs.earlier_input).all(|kind| model.input.contains(kind))
    };
    let ready = |endpoint: &Endpoint| registry.provider(&endpoint.provider).is_some_and(Known::offered);
    let served = |model: &&domain::Model| catalog.endpoints(model.slug.as_str()).iter().any(ready);
    let mut models: Vec<&domain::Model> =
        catalog.models().filter(|model| fits(model)).filter(served).collect();
    if wish == "best" {
        models = match qualify::rated(registry, request, &models) {
            Some((rated, _)) => rated,
            None => qualify::best(registry, models, at),
        };
    }
    let endpoints: Vec<(Endpoint, u32)> = models
        .into_iter()
        .flat_map(|model| catalog.endpoints(model.slug.as_str()))
        .filter(|endpoint| ready(endpoint))
        .map(|endpoint| (endpoint.clone(), 0))
        .collect();
    if endpoints.is_empty() {
        return Err(Failure::new(
            ErrorKind::RequestNoModel,
            say!(
                "No model that could answer this is set up. Add a provider's key in Settings, or with `parallax \
             key set PROVIDER`."
            ),
        ));
    }
    Ok(Field { endpoints, rules, floor: false, auto: true })
}

/// What a plan rests on besides the endpoints.
pub(crate) struct Wanted<'a> {
    pub model: &'a ModelRef,
    pub request: &'a Request,
    /// Tokens its prompt likely has, where somebody has counted.
    pub likely: Option<u64>,
    pub warm: Option<&'a Warm>,
    pub seed: u64,
    /// What hard budgets leave.
    pub room: &'a Room,
    /// In which conversation it is asked.
    pub conversation: Option<ConversationId>,
    /// Nothing is sent: that a budget holds it is the answer.
    pub told_only: bool,
}

/// The plan, and those of its candidates that may be asked, with their endpoints. Where budgets cover it at
/// nobody who may be asked, they are left out of the account where it is to be sent: the gate refuses it, and says
/// which budget.
pub(crate) fn plan(
    inner: &Inner,
    registry: &Registry,
    field: &Field,
    wanted: &Wanted<'_>,
) -> (Route, VecDeque<Choice>) {
    let needs = needs(wanted.request);
    let likely = wanted.likely.unwrap_or_else(|| ledger::prompt_estimate(wanted.request));
    let ask = Ask {
        named: wanted.model.provider.as_ref(),
        prefs: &field.rules.prefs,
        policy: Some(&field.rules.id),
        needs: &needs,
        prompt_tokens: likely,
        answer_tokens: needs.max_output.map_or(USUAL_ANSWER, |most| most.min(USUAL_ANSWER)),
        follow_ups: FOLLOW_UPS,
        floor: field.floor,
        warm: wanted.warm,
        seed: wanted.seed,
        now: inner.clock.now(),
    };
    let nothing = DataPolicy::default();
    let keys = |endpoint: &Endpoint| registry.provider(&endpoint.provider).map(Known::asked_with);
    let accounts: Vec<Vec<Option<AccountLabel>>> =
        field.endpoints.iter().map(|(endpoint, _)| keys(endpoint).unwrap_or_default()).collect();
    let mut offers: Vec<Offer<'_>> = field
        .endpoints
        .iter()
        .zip(&accounts)
        .map(|((endpoint, stand_in), keys)| {
            let queue = queue(inner, registry, endpoint, both(wanted.request, likely));
            let affordable = affordable(registry, endpoint, keys, wanted, ask.now);
            Offer { queue, affordable, ..offer(registry, endpoint, keys, *stand_in, &nothing) }
        })
        .collect();
    let mut route = router::plan(&offers, &ask, &crate::live::lock(&inner.health));
    if !wanted.told_only
        && route.planned.is_empty()
        && route.rejected.iter().any(|one| one.says(Reason::Budget))
    {
        offers.iter_mut().for_each(|offer| offer.affordable = true);
        route = router::plan(&offers, &ask, &crate::live::lock(&inner.health));
    }
    let choices = route
        .asked()
        .filter_map(|candidate| {
            let offer = offers.iter().find(|offer| offer.endpoint.id == candidate.endpoint)?;
            Some(Choice {
                endpoint: Arc::new(offer.endpoint.clone()),
                account: candidate.account.clone(),
                stand_in: offer.stand_in,
                lacks: router::lacks(offer, &ask),
            })
        })
        .collect();
    (route, choices)
}

/// Do the budgets leave enough for it, with any of the keys?
fn affordable(
    registry: &Registry,
    endpoint: &Endpoint,
    keys: &[Option<AccountLabel>],
    wanted: &Wanted<'_>,
    at: Timestamp,
) -> bool {
    let with = |key: &Option<AccountLabel>| {
        let spender = Spender {
            provider: endpoint.provider.clone(),
            model: endpoint.model.clone(),
            conversation: wanted.conversation,
            app: None,
            key: key.clone(),
        };
        wanted.room.covers(&spender, wanted.request, endpoint, registry.prices_to_hold(endpoint), at)
    };
    wanted.room.is_free() || keys.is_empty() || keys.iter().any(with)
}

/// Tokens that a request is expected to take, for the user's own limits.
pub(crate) fn tokens(request: &Request) -> u64 {
    both(request, ledger::prompt_estimate(request))
}

/// The same where those of its prompt are known.
pub(crate) fn both(request: &Request, prompt: u64) -> u64 {
    let answer = request.params.max_completion_tokens.map_or(USUAL_ANSWER, |most| most.min(USUAL_ANSWER));
    prompt.saturating_add(answer)
}

/// How long a request would stand in line for this endpoint.
fn queue(inner: &Inner, registry: &Registry, endpoint: &Endpoint, tokens: u64) -> Millis {
    let limit = registry.provider(&endpoint.provider).map(Known::limit).unwrap_or_default();
    if limit == RateLimit::default() {
        return Millis(0);
    }
    inner.queues.expected(&endpoint.provider, limit, tokens, inner.clock.elapsed())
}

fn offer<'a>(
    registry: &'a Registry,
    endpoint: &'a Endpoint,
    accounts: &'a [Option<AccountLabel>],
    stand_in: u32,
    nothing: &'a DataPolicy,
) -> Offer<'a> {
    let known = registry.provider(&endpoint.provider);
    let provider = known.map(|known| &known.provider);
    Offer {
        endpoint,
        accounts,
        ready: if known.is_some_and(Known::ready) { Ready::Yes } else { Ready::NoKey },
        dialect_built: provider.is_some_and(|p| wire::dialect(p.dialect.as_str()).is_some()),
        // The demo models answer inside this program: nothing leaves either.
        local: provider.is_some_and(|p| p.local || p.id.as_str() == catalog::DEMO),
        first_party: registry.catalog().is_first_party(endpoint),
        data: provider.map_or(nothing, |p| &p.data_policy),
        region: known.and_then(|known| known.region(&endpoint.upstream_model)),
        quantization: None,
        model: registry.abilities(endpoint),
        drops: provider.map_or(&[], |p| &p.quirks.drop_params),
        affordable: true,
        queue: Millis(0),
        stand_in,
    }
}

/// What a request needs of whoever answers it.
pub(crate) fn needs(request: &Request) -> Needs {
    let newest = request.messages.iter().rposition(|message| message.role == domain::Role::User);
    let (mut input, mut earlier_input) = (Vec::new(), Vec::new());
    for (place, message) in request.messages.iter().enumerate() {
        let kinds = if Some(place) == newest { &mut input } else { &mut earlier_input };
        for kind in message.parts.iter().filter_map(wire::reads) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
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
        earlier_input,
        max_output: params.max_completion_tokens,
        params: set.into_iter().filter_map(|(name, set)| set.then_some(name)).collect(),
    }
}

/// Takes out of what is left what the failure rules out.
pub(crate) fn forget(left: &mut VecDeque<Choice>, failure: &Failure, failed: &Choice) {
    let may_again = failure.upstream.as_ref().is_some_and(|theirs| theirs.should_retry == Some(true));
    match failure.kind {
        // What is wrong for this model is so wherever it runs; another that was named for this may take it.
        ErrorKind::RequestInvalid if !may_again => left.retain(|other| other.stand_in != failed.stand_in),
        // Another model was named for this too, and counts its tokens in its own way.
        ErrorKind::LimitContext => left
            .retain(|other| other.stand_in != failed.stand_in || roomier(&other.endpoint, &failed.endpoint)),
        // The key itself is not good, so it is not good at the provider's other endpoints either.
        ErrorKind::AuthMissing
        | ErrorKind::VaultUnavailable
        | ErrorKind::AuthRejected
        | ErrorKind::BillingCredits => {
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
