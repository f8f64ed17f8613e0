//! What a prompt would cost, before it is sent: for each lane from a short answer and a warm cache to a long
//! answer and a cold one, the most it may cost, and whether the budgets let it through. Nothing is sent and
//! nothing is recorded; the gate decides anew when it is.

use crate::{
    attempt::Plan,
    beside,
    board::ratings,
    budget::{self, Foreseen, Room, Wish},
    context::{self, At},
    files::{self, Asked},
    inner::Inner,
    outgoing::{Writer, fitted},
    policy::{self, Rules},
    routing::{self, Wanted},
    tasks, turn, warm,
};
use domain::{
    AttemptId, BudgetScope, ConversationId, ErrorKind, Failure, LaneTarget, Message, ModelRef, Period,
    PicoUsd, Request, Role, Timestamp, say,
};
use ledger::Expected;
use router::Warm;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Tx;

/// So many of the newest answers make a habit.
const RECENT: u32 = 100;
/// Where there is no history at all: from a paragraph to two pages.
const ASSUMED: (u64, u64) = (100, 1_500);

/// Whose answers the expected length is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Habit {
    /// This model's last hundred.
    Model,
    /// Every model's last hundred: this one has answered too rarely.
    Every,
    /// Nobody's: there are none yet.
    Assumed,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LaneEstimate {
    /// Display name of the model.
    pub model: String,
    /// Display name of the provider that would be asked first; `None` = none can be.
    pub provider: Option<String>,
    /// It costs nothing.
    pub free: bool,
    /// Prompt tokens, counted here.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub input: u64,
    /// Of them likely still in the provider's cache.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub cached: u64,
    /// Tokens of a short answer: nine in ten are longer.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub output_low: u64,
    /// Tokens of a long answer: nine in ten are shorter.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub output_high: u64,
    /// Where the lengths come from.
    pub habit: Habit,
    /// Cost of a short answer with a warm cache; `None` = the price is unknown.
    pub low: Option<PicoUsd>,
    /// Cost of a long answer with a cold cache.
    pub high: Option<PicoUsd>,
    /// The most it may cost: what would be set aside. `None` = unknown.
    pub at_most: Option<PicoUsd>,
    /// A budget allows an answer of at most so many tokens.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub shortened_to: Option<u64>,
    /// Why it would not be sent: a budget, or no provider that can be asked.
    pub failure: Option<Failure>,
}

/// The budget with the least room for the prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TightestBudget {
    /// Whose spending.
    pub scope: BudgetScope,
    /// How often it begins anew.
    pub period: Period,
    /// What is left of it before this prompt; never below zero.
    pub left: PicoUsd,
    /// Its limit.
    pub limit: PicoUsd,
    /// It holds requests back.
    pub hard: bool,
}

/// A prompt to every lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PromptEstimate {
    /// Lanes from the left.
    pub lanes: Vec<LaneEstimate>,
    /// Sum of the lanes that would be sent; those of unknown price are left out.
    pub low: PicoUsd,
    /// As above, of the long answers.
    pub high: PicoUsd,
    /// As above, of the most they may cost.
    pub at_most: PicoUsd,
    /// Lanes that would be sent and whose price is unknown: the sums are lower bounds.
    pub unknown: u32,
    /// Lanes that a budget holds back.
    pub held: u32,
    /// The budget with the least room; `None` = no budget applies.
    pub budget: Option<TightestBudget>,
    /// A budget holds a lane back, shortens its answer below the usual, or is likely exceeded.
    pub over: bool,
}

/// A lane as it stands in the database.
struct Standing {
    target: LaneTarget,
    rules: Rules,
    request: Request,
    warm: Option<Warm>,
    room: Arc<Room>,
}

/// A lane whose call is written, as far as it can be.
struct Drafted {
    shown: LaneEstimate,
    ready: Option<Ready>,
}

struct Ready {
    plan: Plan,
    wish: Wish,
    expected: Expected,
    at: Timestamp,
}

pub(crate) async fn estimate(inner: &Arc<Inner>, ask: Asked, at: At) -> Result<PromptEstimate, Failure> {
    turn::check(&ask)?;
    let shared = Arc::clone(inner);
    let standing = inner.store.read(move |tx| standing(&shared, tx, &ask, &at)).await?;
    reckoned(inner, standing).await
}

/// What calls beside a chat would cost, each as a lane of its own.
pub(crate) async fn of_calls(
    inner: &Arc<Inner>,
    conversation: Option<ConversationId>,
    calls: Vec<(ModelRef, String)>,
) -> Result<PromptEstimate, Failure> {
    let requests = calls.iter().map(|(model, prompt)| beside::side_request(model, prompt)).collect();
    of_requests(inner, conversation, requests).await
}

/// What these requests would cost, each as a lane of its own.
pub(crate) async fn of_requests(
    inner: &Arc<Inner>,
    conversation: Option<ConversationId>,
    requests: Vec<(LaneTarget, Request)>,
) -> Result<PromptEstimate, Failure> {
    let now = inner.clock.now();
    let standing = inner
        .store
        .read(move |tx| {
            let room = Arc::new(budget::room(tx, now)?);
            let mut found = Vec::new();
            for (target, request) in requests {
                let rules = policy::of_lane(tx, &target, conversation)?;
                let room = Arc::clone(&room);
                found.push((Standing { target, rules, request, warm: None, room }, conversation));
            }
            Ok(found)
        })
        .await?;
    reckoned(inner, standing).await
}

async fn reckoned(
    inner: &Arc<Inner>,
    standing: Vec<(Standing, Option<ConversationId>)>,
) -> Result<PromptEstimate, Failure> {
    for (lane, _) in &standing {
        ratings::ready(inner, &lane.target.model).await?;
    }
    let shared = Arc::clone(inner);
    // Counting and writing a long conversation out takes a while: not on a thread that answers wait for.
    let drafted = tasks::aside(move || {
        standing.into_iter().map(|(lane, conversation)| draft(&shared, lane, conversation)).collect()
    })
    .await?;
    inner.store.read(move |tx| judge(tx, drafted)).await
}

fn standing(
    inner: &Inner,
    tx: &Tx<'_>,
    Asked { ask, files }: &Asked,
    at: &At,
) -> Result<Vec<(Standing, Option<ConversationId>)>, Failure> {
    let prompt = files::content(tx, files, &ask.prompt)?;
    let room = Arc::new(budget::room(tx, inner.clock.now())?);
    let mut found = Vec::new();
    let Some(id) = ask.conversation else {
        for target in &ask.line_up {
            let rules = policy::rules(tx, ask.policy.clone(), target.policy.clone())?;
            let message = Message { role: Role::User, parts: prompt.clone() };
            let request = context::request(target, vec![message]);
            let (target, room) = (target.clone(), Arc::clone(&room));
            found.push((Standing { target, rules, request, warm: None, room }, None));
        }
        return Ok(found);
    };
    let registry = inner.registry();
    let name = |model: &ModelRef| registry.model_name(model);
    let place = context::Standing::new(tx, id, &ask.context, at, &name)?;
    let conversation = policy::of_conversation(tx, ask.conversation)?;
    for lane in turn::addressed(tx, id, at)? {
        let shown = place.lane(tx, &lane)?;
        // What is put together anew each time is in no cache.
        let parent = shown.parent.filter(|_| shown.earlier.is_none());
        let warm = parent.map(|answer| warm::of_answer(tx, answer)).transpose()?.flatten();
        let target = lane.target;
        let request = context::request(&target, shown.then(&prompt));
        let rules = policy::rules(tx, conversation.clone(), target.policy.clone())?;
        let room = Arc::clone(&room);
        found.push((Standing { target, rules, request, warm, room }, ask.conversation));
    }
    Ok(found)
}

fn draft(inner: &Inner, mut lane: Standing, conversation: Option<ConversationId>) -> Drafted {
    let registry = inner.registry();
    // A file that is gone is counted by what is known of it; sending says so.
    if let Ok(request) = files::loaded(&inner.store, &lane.request) {
        lane.request = request;
    }
    let mut shown = LaneEstimate {
        model: registry.model_name(&lane.target.model),
        provider: None,
        free: false,
        input: ledger::prompt_estimate(&lane.request),
        cached: 0,
        output_low: 0,
        output_high: 0,
        habit: Habit::Assumed,
        low: None,
        high: None,
        at_most: None,
        shortened_to: None,
        failure: None,
    };
    match ready(inner, lane, conversation, &mut shown) {
        Ok(ready) => Drafted { shown, ready: Some(ready) },
        Err(failure) => Drafted { shown: LaneEstimate { failure: Some(failure), ..shown }, ready: None },
    }
}

fn ready(
    inner: &Inner,
    lane: Standing,
    conversation: Option<ConversationId>,
    shown: &mut LaneEstimate,
) -> Result<Ready, Failure> {
    let registry = inner.registry();
    let model = &lane.target.model;
    let field = routing::field(&registry, model, &lane.request, lane.rules, inner.clock.now())?;
    let wanted = Wanted {
        model,
        request: &lane.request,
        likely: Some(shown.input),
        warm: lane.warm.as_ref(),
        seed: 1,
        room: &lane.room,
        conversation,
        told_only: false,
    };
    let (route, mut choices) = routing::plan(inner, &registry, &field, &wanted);
    let Some(choice) = choices.pop_front() else {
        return Err(routing::nowhere(&registry, &field, &route));
    };
    let Some(known) = registry.shared(&choice.endpoint.provider) else {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("The provider was removed.")));
    };
    shown.provider = Some(known.provider.name.clone());
    shown.free = choice.endpoint.prices.as_ref().is_some_and(ledger::is_free);
    let at = inner.clock.now();
    let cached = lane
        .warm
        .filter(|warm| warm.endpoint == choice.endpoint.id && warm.until > at)
        .map_or(0, |warm| warm.tokens.min(shown.input));
    shown.cached = cached;
    let request = Arc::new(lane.request);
    let mut plan = Plan {
        endpoint: choice.endpoint,
        known,
        account: choice.account,
        request: Arc::clone(&request),
        of: request,
        policy: None,
        run: None,
        origin: inner.origin,
        app: None,
        side: None,
        passing: None,
        conversation,
        n: 1,
        over_budget: false,
        revision: None,
        likely: Some(shown.input),
    };
    plan.request = Arc::new(fitted(inner, &plan)?.0);
    let encoded = Writer::new(inner, &plan)?.encode(&plan.request)?.encoded;
    let key = plan.account.clone();
    let wish = Wish::new(inner, &plan, AttemptId::new(inner.clock.id()), at, key, encoded.output_limit)?;
    let expected = Expected { input: shown.input, cached, ..Expected::default() };
    Ok(Ready { plan, wish, expected, at })
}

/// Reads habits and budgets, and adds up.
fn judge(tx: &Tx<'_>, drafted: Vec<Drafted>) -> Result<PromptEstimate, Failure> {
    let mut lanes = Vec::new();
    let mut wishes = Vec::new();
    for Drafted { mut shown, ready } in drafted {
        if let Some(ready) = ready {
            let (low, high, habit) = habit(tx, &ready)?;
            let most = ready.wish.output_tokens();
            let expected =
                Expected { output_low: low.min(most), output_high: high.min(most), ..ready.expected };
            (shown.output_low, shown.output_high, shown.habit) =
                (expected.output_low, expected.output_high, habit);
            let cost = ledger::estimate(expected, ready.plan.endpoint.prices.as_ref(), ready.at);
            (shown.low, shown.high) = cost.unzip();
            wishes.push((lanes.len(), ready.wish));
        }
        lanes.push(shown);
    }
    let (places, wishes): (Vec<usize>, Vec<Wish>) = wishes.into_iter().unzip();
    let foreseen = budget::foresee(tx, &wishes)?;
    for (place, one) in places.iter().zip(&foreseen) {
        if let Some(shown) = lanes.get_mut(*place) {
            take(shown, one);
        }
    }
    let highs = places.iter().map(|place| {
        let sent = lanes.get(*place).filter(|lane| lane.failure.is_none());
        sent.and_then(|lane| lane.high).unwrap_or(PicoUsd::ZERO)
    });
    let (budget, exceeded) = tightest(&foreseen, &highs.collect::<Vec<_>>());
    let held = lanes.iter().filter(|lane| is_held(lane)).count();
    let short = |lane: &LaneEstimate| lane.shortened_to.is_some_and(|to| to < lane.output_high);
    let over = held > 0 || exceeded || lanes.iter().any(short);
    let sum = |of: fn(&LaneEstimate) -> Option<PicoUsd>| {
        let sent = lanes.iter().filter(|lane| lane.failure.is_none()).filter_map(of);
        sent.fold(PicoUsd::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(PicoUsd::new(i64::MAX)))
    };
    let (low, high, at_most) = (sum(|lane| lane.low), sum(|lane| lane.high), sum(|lane| lane.at_most));
    let unknown = lanes.iter().filter(|lane| lane.failure.is_none() && lane.high.is_none()).count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(PromptEstimate { low, high, at_most, unknown: count(unknown), held: count(held), budget, over, lanes })
}

fn is_held(lane: &LaneEstimate) -> bool {
    lane.failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::BillingBudget)
}

/// Eight in ten of one's own answers are as long as this.
fn habit(tx: &Tx<'_>, ready: &Ready) -> Result<(u64, u64, Habit), Failure> {
    let own = tx.answer_lengths(Some(ready.plan.endpoint.model.as_str()), RECENT)?;
    if let Some((low, high)) = ledger::usual_lengths(own) {
        return Ok((low, high, Habit::Model));
    }
    Ok(match ledger::usual_lengths(tx.answer_lengths(None, RECENT)?) {
        Some((low, high)) => (low, high, Habit::Every),
        None => (ASSUMED.0, ASSUMED.1, Habit::Assumed),
    })
}

fn take(shown: &mut LaneEstimate, foreseen: &Foreseen) {
    match &foreseen.outcome {
        Ok(grant) => {
            shown.at_most = grant.hold.amount;
            shown.shortened_to = grant.shortened_to;
            // The likely cost is never above the most.
            if let Some(most) = shown.at_most {
                shown.high = shown.high.map(|high| high.min(most));
                shown.low = shown.low.map(|low| low.min(most));
            }
        }
        Err(failure) => shown.failure = Some(failure.clone()),
    }
}

/// The budget with the least room for what its lanes likely cost, and whether any has too little.
fn tightest(foreseen: &[Foreseen], highs: &[PicoUsd]) -> (Option<TightestBudget>, bool) {
    let mut rooms: Vec<(i64, PicoUsd, PicoUsd, &domain::Budget)> = Vec::new();
    for (one, high) in foreseen.iter().zip(highs) {
        for (id, left, budget) in &one.levels {
            match rooms.iter_mut().find(|(known, ..)| known == id) {
                Some((_, _, sum, _)) => *sum = sum.checked_add(*high).unwrap_or(PicoUsd::new(i64::MAX)),
                None => rooms.push((*id, *left, *high, budget)),
            }
        }
    }
    let room = |left: PicoUsd, sum: PicoUsd| left.checked_sub(sum).unwrap_or(PicoUsd::new(i64::MIN));
    let exceeded = rooms.iter().any(|(_, left, sum, _)| *sum > PicoUsd::ZERO && sum > left);
    let least = rooms.into_iter().min_by_key(|(_, left, sum, _)| room(*left, *sum));
    let budget = least.map(|(_, left, _, budget)| TightestBudget {
        scope: budget.scope.clone(),
        period: budget.period,
        left: left.max(PicoUsd::ZERO),
        limit: budget.limit,
        hard: budget.hard,
    });
    (budget, exceeded)
}
