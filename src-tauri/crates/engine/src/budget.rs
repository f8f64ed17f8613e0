//! The money gate: what an attempt may cost at most is set aside in the transaction that records it, or
//! the attempt is not made. And the watch on an answer that may outgrow what was set aside.

mod length;
mod room;
mod unknown;
mod watch;
mod words;

pub(crate) use length::DEFAULT_OUTPUT_LIMIT;
pub(crate) use room::{Room, room};
pub(crate) use unknown::count_unknown;
pub(crate) use watch::{Watch, billable};

use crate::{attempt::Plan, calendar::Calendar, inner::Inner, relay::Passing};
use domain::{AccountLabel, AttemptId, Budget, Failure, NoticeKind, PicoUsd, Timestamp, say};
use ledger::{Admission, Dearest};
use store::{BudgetRow, HoldRow, OverrideRow, Spender, Tx, Used};
use unknown::assumed;
use words::{boundless, capped, held, limited, per, unknown, usd, whose};

/// What an attempt wants.
pub(crate) struct Wish {
    hold: HoldRow,
    /// The highest rates of every price that may come to count; `None` = unknown.
    rates: Option<Dearest>,
    /// Why nobody can say what it costs at most, in words.
    boundless: Option<String>,
    prompt_tokens: u64,
    output_tokens: u64,
    /// The same where a limit is named for it: what fits beside the prompt.
    fitting: u64,
    /// Somebody asked for that length.
    named: bool,
    /// Nobody knows how long an answer can be: its length is our own assumption.
    assumed: bool,
    over_budget: bool,
    origin: &'static str,
    calendar: Calendar,
}

/// What it gets.
pub(crate) struct Grant {
    pub hold: HoldRow,
    /// The limit its request must name; `None` = as it is.
    pub output_limit: Option<u64>,
    pub notices: Vec<(NoticeKind, domain::Words)>,
    rates: Option<Dearest>,
}

/// A budget with what counts against it.
struct Level {
    row: BudgetRow,
    used: Used,
    from: Timestamp,
}

impl Level {
    fn left(&self) -> PicoUsd {
        self.used.left(self.row.budget.limit)
    }

    /// The highest threshold that so much of it reaches.
    fn reached(&self, spent: PicoUsd) -> Option<u8> {
        let mut thresholds = self.row.budget.warn.clone();
        thresholds.push(100);
        ledger::warning(ledger::percent(spent, self.row.budget.limit), &thresholds)
    }

    /// Whether it reaches no other threshold when all that is held is spent.
    fn is_calm(&self) -> bool {
        let Used { spent, held, .. } = self.used;
        let most = spent.checked_add(held).unwrap_or(PicoUsd::new(i64::MAX));
        self.reached(spent) == self.reached(most)
    }
}

impl Wish {
    /// Of a plan whose call, once encoded, allows an answer of `sent` tokens.
    pub(crate) fn new(
        inner: &Inner,
        plan: &Plan,
        attempt: AttemptId,
        at: Timestamp,
        key: Option<AccountLabel>,
        sent: Option<u64>,
    ) -> Result<Self, Failure> {
        let asked = plan.request.params.max_completion_tokens;
        let registry = inner.registry();
        let sheets = registry.prices_to_hold(&plan.endpoint);
        // Put into other words it asks for nothing that we do not see.
        let passing = plan.passing.as_deref().filter(|passing| passing.passes(plan));
        let beyond = passing.map_or(0, Passing::beyond);
        let prompt_tokens = ledger::prompt_upper_bound(&plan.request).saturating_add(beyond);
        let besides = passing.map(Passing::besides).unwrap_or_default();
        let more = passing.is_some_and(Passing::reads_more);
        let (prompt_tokens, unmeasured) = match plan.endpoint.context_length.filter(|_| more) {
            Some(context) => (prompt_tokens.max(context), None),
            None => (prompt_tokens, more.then(words::unmeasured)),
        };
        let boundless = passing.and_then(Passing::endless).map(|tool| words::as_often_as_it_likes(&tool));
        let boundless = boundless.or(unmeasured);
        let answers = passing.map_or(1, Passing::answers);
        let likely = || plan.likely.unwrap_or_else(|| ledger::prompt_estimate(&plan.request));
        let named = sent.or(asked);
        let each = named.unwrap_or_else(|| length::longest(&plan.endpoint));
        let fits = named.unwrap_or_else(|| length::fitting(&plan.endpoint, prompt_tokens, likely));
        let output_tokens = each.saturating_mul(answers);
        Ok(Self {
            hold: HoldRow {
                attempt,
                amount: None,
                placed_at: at,
                process: inner.process,
                spender: Spender {
                    provider: plan.known.provider.id.clone(),
                    model: plan.endpoint.model.clone(),
                    conversation: plan.conversation,
                    app: plan.app.clone(),
                    key,
                },
                output_limit: sent.map(|sent| sent.saturating_mul(answers)),
                prices: plan.endpoint.prices.clone(),
            },
            rates: Dearest::of_any(sheets, prompt_tokens, at, besides),
            boundless,
            prompt_tokens,
            output_tokens,
            fitting: fits.saturating_mul(answers),
            named: asked.is_some(),
            assumed: named.is_none() && plan.endpoint.max_completion_tokens.is_none(),
            over_budget: plan.over_budget,
            origin: plan.origin,
            calendar: Calendar::at(at)?,
        })
    }

    /// The longest its prompt can be.
    pub(crate) const fn prompt_tokens(&self) -> u64 {
        self.prompt_tokens
    }

    /// The longest answer it asks for.
    pub(crate) const fn output_tokens(&self) -> u64 {
        self.output_tokens
    }
}

/// What would be said to a request now.
pub(crate) struct Foreseen {
    /// `billing.budget`: it would not be sent.
    pub outcome: Result<Foretold, Failure>,
    /// Every budget that applies: its number, what it leaves before any of these requests, and itself.
    pub levels: Vec<(i64, PicoUsd, Budget)>,
}

/// A request that would be sent.
pub(crate) struct Foretold {
    pub hold: HoldRow,
    /// A budget shortens the answer.
    pub shortened_to: Option<u64>,
}

/// What [`admit`] would say to these requests, one after the other. Sets nothing aside.
pub(crate) fn foresee(tx: &Tx<'_>, wishes: &[Wish]) -> Result<Vec<Foreseen>, Failure> {
    let mut before: Vec<HoldRow> = Vec::new();
    let mut foreseen = Vec::new();
    for wish in wishes {
        let mut levels = levels(tx, &wish.hold.spender, &wish.calendar)?;
        let of = |level: &Level| (level.row.id, level.left(), level.row.budget.clone());
        let now = levels.iter().map(of).collect();
        for level in &mut levels {
            let scope = &level.row.budget.scope;
            let others = before.iter().filter(|hold| hold.spender.scopes().contains(scope));
            let sum = others.filter_map(|hold| hold.amount).fold(level.used.held, |sum, amount| {
                sum.checked_add(amount).unwrap_or(PicoUsd::new(i64::MAX))
            });
            level.used.held = sum;
        }
        let outcome = decide(wish, &levels).map(|Decision { grant, .. }| Foretold {
            shortened_to: grant.output_limit.filter(|limit| *limit < wish.fitting),
            hold: grant.hold,
        });
        before.extend(outcome.as_ref().ok().map(|told| told.hold.clone()));
        foreseen.push(Foreseen { outcome, levels: now });
    }
    Ok(foreseen)
}

/// Sets aside what the attempt may cost, or refuses it: `billing.budget`, and nothing is written. To be
/// called in the transaction that records the attempt, before all that writes. That transaction begins by taking the
/// database's write lock, so that no two attempts, of whichever process, are admitted on the same remainder.
///
/// A write that has gone ahead of bookings weighs holds where these have costs, which are less. It is turned back
/// where that could make a difference.
pub(crate) fn admit(tx: &mut Tx<'_>, wish: &Wish) -> Result<Grant, Failure> {
    let levels = levels(tx, &wish.hold.spender, &wish.calendar)?;
    let decision = decide(wish, &levels);
    let whole = |grant: &Grant| grant.output_limit.is_none_or(|limit| limit >= wish.fitting);
    let plain = |decision: &Decision| decision.past.is_empty() && whole(&decision.grant);
    if tx.is_ahead() && !(decision.as_ref().is_ok_and(plain) && levels.iter().all(Level::is_calm)) {
        return Err(tx.turn_back());
    }
    let Decision { mut grant, past } = decision?;
    if !past.is_empty() {
        tx.insert_override(&OverrideRow {
            attempt: grant.hold.attempt,
            at: grant.hold.placed_at,
            origin: wish.origin.to_owned(),
            amount: grant.hold.amount,
            budgets: past,
        })?;
    }
    tell(tx, &levels, &mut grant)?;
    tx.place_hold(&grant.hold)?;
    Ok(grant)
}

fn levels(tx: &Tx<'_>, spender: &Spender, calendar: &Calendar) -> Result<Vec<Level>, Failure> {
    let mut levels = Vec::new();
    for row in tx.budgets_of(spender)? {
        let from = calendar.starts.of(row.budget.period);
        let used = tx.budget_used(&row.budget.scope, from)?;
        levels.push(Level { row, used, from });
    }
    Ok(levels)
}

/// A request that is sent, and the budgets it passes because the user said so.
struct Decision {
    grant: Grant,
    past: Vec<Budget>,
}

fn decide(wish: &Wish, levels: &[Level]) -> Result<Decision, Failure> {
    let hard: Vec<&Level> = levels.iter().filter(|level| level.row.budget.hard).collect();
    let Some(tightest) = hard.iter().min_by_key(|level| level.left()) else {
        return Ok(Decision { grant: wish.granted(wish.rates, wish.output_tokens), past: Vec::new() });
    };
    let free = |rates: &Dearest| rates.worst(1, 1) == Some(PicoUsd::ZERO);
    if let Some(why) = wish.boundless.as_ref().filter(|_| !wish.rates.as_ref().is_some_and(free)) {
        let strict = hard.iter().copied();
        return if wish.over_budget {
            Ok(wish.passed(wish.rates, strict))
        } else {
            Err(boundless(tightest, why, &wish.calendar))
        };
    }
    let Some(rates) = wish.rates.or_else(|| assumed(&hard)) else {
        let strict = hard.iter().filter(|level| level.row.budget.unknown_price.is_none());
        return match strict.clone().next() {
            _ if wish.over_budget => Ok(wish.passed(None, strict.copied())),
            level => Err(unknown(level.unwrap_or(tightest), &wish.calendar)),
        };
    };
    if free(&rates) {
        // However long it becomes.
        return Ok(Decision { grant: wish.granted(Some(rates), wish.fitting), past: Vec::new() });
    }
    let mut grant = wish.granted(Some(rates), wish.fitting);
    grant.output_limit = Some(wish.fitting);
    match ledger::admit(&rates, wish.prompt_tokens, wish.fitting, wish.named, Some(tightest.left())) {
        Admission::Fits { hold } => {
            grant.hold.amount = Some(hold);
            let assumed = wish.assumed.then(|| (NoticeKind::Budget, limited(wish.fitting)));
            grant.notices.extend(assumed);
        }
        Admission::Capped { .. } | Admission::Refused { .. } if wish.over_budget => {
            // What was only capped to a share may fit after all.
            let worst = grant.hold.amount;
            let past = hard.iter().copied().filter(|level| Some(level.left()) < worst);
            if past.clone().next().is_some() {
                return Ok(wish.passed(Some(rates), past));
            }
        }
        Admission::Capped { output_tokens, hold } => {
            grant.output_limit = Some(output_tokens);
            grant.hold.amount = Some(hold);
            grant.notices.push((NoticeKind::Budget, capped(tightest, output_tokens, wish.fitting)));
        }
        Admission::Refused { needs } => return Err(held(tightest, needs, &wish.calendar)),
    }
    grant.hold.output_limit = grant.output_limit;
    Ok(Decision { grant, past: Vec::new() })
}

impl Wish {
    /// As it is, with the worst case of an answer of so many tokens set aside.
    fn granted(&self, rates: Option<Dearest>, output_tokens: u64) -> Grant {
        let worst =
            |rates: Dearest| rates.worst(self.prompt_tokens, output_tokens).unwrap_or(PicoUsd::new(i64::MAX));
        let hold = HoldRow { amount: rates.map(worst), ..self.hold.clone() };
        Grant { hold, output_limit: None, notices: Vec::new(), rates }
    }

    /// As it is, past these budgets. The user agreed to this length at this price: nothing may lengthen it.
    fn passed<'l>(&self, rates: Option<Dearest>, past: impl Iterator<Item = &'l Level>) -> Decision {
        let mut grant = self.granted(rates, self.fitting);
        grant.output_limit = Some(self.fitting);
        grant.hold.output_limit = grant.output_limit;
        let words = say!("Sent over your budget, as you said. What it costs counts against it.");
        grant.notices.push((NoticeKind::Budget, words));
        Decision { grant, past: past.map(|level| level.row.budget.clone()).collect() }
    }
}

/// Says once a period that a threshold was reached.
fn tell(tx: &mut Tx<'_>, levels: &[Level], grant: &mut Grant) -> Result<(), Failure> {
    for level in levels {
        let budget = &level.row.budget;
        let Some(reached) = level.reached(level.used.spent) else { continue };
        let percent = ledger::percent(level.used.spent, budget.limit);
        let told = level.row.told.filter(|(from, _)| *from == level.from).map(|(_, told)| told);
        if told.is_some_and(|told| told >= reached) || budget.limit == PicoUsd::ZERO {
            continue;
        }
        tx.set_budget_told(level.row.id, level.from, reached)?;
        let words = say!(
            "{percent} % of a budget is used: {spent} of {limit} for {whose} {per}.",
            percent,
            spent = usd(level.used.spent),
            limit = usd(budget.limit),
            whose = whose(&budget.scope),
            per = per(budget.period)
        );
        grant.notices.push((NoticeKind::Budget, words));
    }
    Ok(())
}
