//! What is said of a budget that holds a request back or shortens its answer.

use super::Level;
use crate::calendar::Calendar;
use domain::{BudgetScope, ErrorKind, Failure, HeldBy, HeldWhy, Period, PicoUsd, Words, say};

pub(super) fn held(level: &Level, needs: Option<PicoUsd>, calendar: &Calendar) -> Failure {
    let budget = &level.row.budget;
    let held = match level.used.held {
        PicoUsd::ZERO => String::new(),
        held => format!(" and {} is held for answers under way", usd(held)),
    };
    let perhaps = match level.used.perhaps {
        PicoUsd::ZERO => String::new(),
        perhaps => format!(" and up to {} may still be billed for answers that broke off", usd(perhaps)),
    };
    let (under_way, short) = (held + &perhaps, needs);
    let needs =
        needs.map_or_else(String::new, |needs| format!(" Even a short answer may need {}.", usd(needs)));
    Failure::new(
        ErrorKind::BillingBudget,
        format!(
            "Held by your budget. You allow {} {} for {}; {} is spent{under_way}.{needs} Nothing was sent. The \
             budget begins anew on {}; raise it, or send this once all the same.",
            usd(budget.limit),
            &*per(budget.period),
            &*whose(&budget.scope),
            usd(level.used.spent),
            calendar.next(budget.period),
        ),
    )
    .with_budget(HeldBy { needs: short, ..by(level, HeldWhy::UsedUp, calendar) })
}

/// The same as figures.
fn by(level: &Level, why: HeldWhy, calendar: &Calendar) -> HeldBy {
    let budget = &level.row.budget;
    HeldBy {
        why,
        scope: budget.scope.clone(),
        period: budget.period,
        limit: budget.limit,
        spent: level.used.spent,
        held: level.used.held,
        perhaps: level.used.perhaps,
        needs: None,
        resets_at: calendar.ends.of(budget.period),
    }
}

pub(super) fn as_often_as_it_likes(tool: &str) -> String {
    format!("The provider runs the tool “{tool}” itself as often as it likes")
}

pub(super) fn unmeasured() -> String {
    "The model reads what is found or kept elsewhere, and how much it can read is not known".to_owned()
}

pub(super) fn boundless(level: &Level, why: &str, calendar: &Calendar) -> Failure {
    let budget = &level.row.budget;
    Failure::new(
        ErrorKind::BillingBudget,
        format!(
            "Held by your budget. {why}, so {} {} for {} cannot be kept to. Nothing was sent. Limit its uses \
             (`max_uses`, `max_tool_calls`) where the protocol has a limit, leave it out, or make the budget one \
             that only warns.",
            usd(budget.limit),
            &*per(budget.period),
            &*whose(&budget.scope),
        ),
    )
    .with_budget(by(level, HeldWhy::NoLimit, calendar))
}

pub(super) fn unknown(level: &Level, calendar: &Calendar) -> Failure {
    let budget = &level.row.budget;
    Failure::new(
        ErrorKind::BillingBudget,
        format!(
            "Held by your budget. The price of this model is unknown, so {} {} for {} cannot be kept to. \
             Nothing was sent. Give the budget a price to reckon with (`parallax budget set {} {} --per {} \
             --unknown-cap DOLLARS-PER-MILLION-TOKENS`), or send this once all the same.",
            usd(budget.limit),
            &*per(budget.period),
            &*whose(&budget.scope),
            budget.scope,
            budget.limit,
            budget.period.as_str(),
        ),
    )
    .with_budget(by(level, HeldWhy::PriceUnknown, calendar))
}

pub(super) fn capped(level: &Level, to: u64, from: u64) -> Words {
    let budget = &level.row.budget;
    say!(
        "The answer may have {to} tokens instead of {from}: {left} is left of {limit} for {whose} {per}.",
        to,
        from,
        left = usd(level.left()),
        limit = usd(budget.limit),
        whose = whose(&budget.scope),
        per = per(budget.period)
    )
}

pub(super) fn limited(to: u64) -> Words {
    say!(
        "The answer may have {to} tokens: how long this model's answers can be is not known, and a budget needs a limit.",
        to
    )
}

pub(super) fn whose(scope: &BudgetScope) -> Words {
    match scope {
        BudgetScope::All => say!("everything"),
        BudgetScope::Provider(id) => say!("the provider {id}", id),
        BudgetScope::Model(slug) => say!("the model {slug}", slug),
        BudgetScope::Conversation(_) => say!("this conversation"),
        BudgetScope::App(name) => say!("the app {name}", name),
        BudgetScope::Key { provider, label } => say!("the key {provider}/{label}", provider, label),
    }
}

pub(super) fn per(period: Period) -> Words {
    match period {
        Period::Day => say!("a day"),
        Period::Week => say!("a week"),
        Period::Month => say!("a month"),
    }
}

/// Dollars with two decimals at least and six at most.
pub(super) fn usd(amount: PicoUsd) -> String {
    let text = amount.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = decimals.get(..6).unwrap_or(decimals).trim_end_matches('0');
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("−", whole));
    format!("{sign}${whole}.{decimals:0<2}")
}
