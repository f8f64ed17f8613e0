//! Setting budgets and looking how they stand.

use crate::{
    calendar::Calendar,
    inner::{Inner, Table},
    registry::Registry,
};
use domain::{Budget, BudgetScope, ErrorKind, Failure, ModelRef, PicoUsd, Timestamp, say};
use serde::{Deserialize, Serialize};
use store::{BudgetRow, Tx, Used};

/// Most thresholds of one budget.
const MOST_THRESHOLDS: usize = 8;

/// What a budget is like now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum BudgetState {
    /// Below every threshold.
    Normal,
    /// A threshold is reached.
    Near,
    /// The limit is reached; the user is only told.
    Over,
    /// Nothing is left: requests that cost anything are not sent.
    Holding,
}

/// A budget and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetStanding {
    /// Number, for naming it.
    pub id: i64,
    /// What the user gave.
    pub budget: Budget,
    /// What counts against it.
    pub used: Used,
    /// Spent, in whole per cent of the limit, rounded down.
    pub percent: u32,
    /// The highest threshold that is reached.
    pub reached: Option<u8>,
    /// When the period began.
    pub from: Timestamp,
    /// When the next one begins.
    pub resets_at: Timestamp,
    /// In a word.
    pub state: BudgetState,
}

impl BudgetStanding {
    /// With what follows from budget and use.
    pub(crate) fn reckoned(mut self) -> Self {
        self.percent = ledger::percent(self.used.spent, self.budget.limit);
        self.reached = ledger::warning(self.percent, &self.budget.warn);
        self.state = match (self.budget.hard, self.reached) {
            (true, _) if self.used.left(self.budget.limit) <= PicoUsd::ZERO => BudgetState::Holding,
            (false, _) if self.used.spent >= self.budget.limit => BudgetState::Over,
            (_, Some(_)) => BudgetState::Near,
            (_, None) => BudgetState::Normal,
        };
        self
    }

    /// What is left, held amounts set off; never below zero.
    pub fn left(&self) -> PicoUsd {
        self.used.left(self.budget.limit).max(PicoUsd::ZERO)
    }
}

pub(crate) async fn list(inner: &Inner) -> Result<Vec<BudgetStanding>, Failure> {
    let calendar = Calendar::at(inner.clock.now())?;
    inner
        .store
        .read(move |tx| tx.budgets()?.into_iter().map(|row| standing(tx, row, &calendar)).collect())
        .await
}

fn standing(tx: &Tx<'_>, row: BudgetRow, calendar: &Calendar) -> Result<BudgetStanding, Failure> {
    let BudgetRow { id, budget, .. } = row;
    let from = calendar.starts.of(budget.period);
    let used = tx.budget_used(&budget.scope, from)?;
    let resets_at = calendar.ends.of(budget.period);
    let (percent, reached, state) = (0, None, BudgetState::Normal);
    Ok(BudgetStanding { id, budget, used, percent, reached, from, resets_at, state }.reckoned())
}

pub(crate) async fn set(inner: &Inner, mut budget: Budget) -> Result<BudgetStanding, Failure> {
    check(inner, &mut budget)?;
    let now = inner.clock.now();
    let calendar = Calendar::at(now)?;
    let registry = inner.registry();
    let standing = inner
        .store
        .write(move |tx| {
            known(&registry, tx, &budget.scope)?;
            let id = tx.put_budget(&budget, now)?;
            standing(tx, BudgetRow { id, budget, created_at: now, told: None }, &calendar)
        })
        .await?;
    inner.changed(Table::Budgets);
    Ok(standing)
}

pub(crate) async fn remove(inner: &Inner, id: i64) -> Result<(), Failure> {
    match inner.store.write(move |tx| tx.remove_budget(id)).await? {
        true => inner.changed(Table::Budgets),
        false => {
            return Err(refuse(say!(
                "There is no budget of this number. `parallax budget list` shows them."
            )));
        }
    }
    Ok(())
}

fn refuse(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why)
}

/// A budget that could never bind, because its name is mistyped, would be worse than none: it looks as if
/// it held. What only the database knows is looked up in [`known`].
fn check(inner: &Inner, budget: &mut Budget) -> Result<(), Failure> {
    if budget.limit < PicoUsd::ZERO {
        return Err(refuse(say!("A budget is zero or more dollars.")));
    }
    if budget.unknown_price.is_some_and(|price| price <= PicoUsd::ZERO) {
        return Err(refuse(say!("The price to reckon with is more than zero dollars per million tokens.")));
    }
    if budget.warn.iter().any(|percent| !(1..=100).contains(percent)) || budget.warn.len() > MOST_THRESHOLDS {
        return Err(refuse(say!("Thresholds are percentages from 1 to 100, eight of them at most.")));
    }
    budget.warn.sort_unstable();
    budget.warn.dedup();
    let registry = inner.registry();
    match &mut budget.scope {
        BudgetScope::Provider(id) | BudgetScope::Key { provider: id, .. }
            if registry.provider(id).is_none() =>
        {
            Err(refuse(say!("There is no provider called “{id}”. `parallax provider list` shows them.", id)))
        }
        BudgetScope::Model(slug) => {
            // Spending is counted under the model's own name, never under one of its others.
            let wanted = ModelRef { model: slug.to_string(), provider: None };
            if let Some(endpoint) = registry.resolve(&wanted).ok().and_then(|found| found.into_iter().next())
            {
                *slug = endpoint.model;
            }
            Ok(())
        }
        BudgetScope::All
        | BudgetScope::Provider(_)
        | BudgetScope::Conversation(_)
        | BudgetScope::App(_)
        | BudgetScope::Key { .. } => Ok(()),
    }
}

/// Is there anything that could be spent under this name? What was spent under it may be again.
fn known(registry: &Registry, tx: &Tx<'_>, scope: &BudgetScope) -> Result<(), Failure> {
    let (there, why) = match scope {
        BudgetScope::All | BudgetScope::Provider(_) => return Ok(()),
        BudgetScope::Model(slug) => {
            let wanted = ModelRef { model: slug.to_string(), provider: None };
            let there = registry.resolve(&wanted).is_ok();
            let why = say!(
                "There is no model called “{slug}”: no provider lists it, and it was never asked. `parallax \
                 models` lists those there are.",
                slug
            );
            (there, why)
        }
        BudgetScope::Conversation(id) => {
            let why = say!("There is no such conversation. `parallax spend --by conversation` lists them.");
            return tx.conversation(*id)?.map(|_| ()).ok_or_else(|| refuse(why));
        }
        BudgetScope::App(name) => (
            tx.app_key_named(name)?.is_some(),
            say!("There is no app key called “{name}”. `parallax app-key list` shows them.", name),
        ),
        BudgetScope::Key { provider, label } => {
            let stored = registry.provider(provider).is_some_and(|known| known.key(label).is_some());
            (
                stored || label.is_environment(),
                say!(
                    "There is no key “{label}” at {provider}. `parallax key status` shows them.",
                    label,
                    provider
                ),
            )
        }
    };
    if there || tx.was_spent(scope)? { Ok(()) } else { Err(refuse(why)) }
}
