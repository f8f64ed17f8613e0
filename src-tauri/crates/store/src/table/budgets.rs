//! Budgets, what counts against them, and who was let past one.
//!
//! Spending is summed ahead by scope and quarter of an hour (every time zone of today begins its days on
//! one), in the transaction that books it, so that a budget is checked in a few rows however long the ledger
//! is, and whichever zone the user moves to. A settled attempt counts with its cost, and with its hold where the
//! cost is unknown: unknown is not zero, least of all here. What may be billed above the cost of an answer that
//! broke off is summed beside it.

mod used;

use crate::{
    error::bug,
    tx::{Cols, Key, Tx, json},
};
use domain::{
    AccountLabel, AttemptId, Budget, BudgetScope, ConversationId, Failure, ModelSlug, Period, PicoUsd,
    ProviderId, Timestamp,
};
use rusqlite::params;
use std::sync::Arc;

/// Milliseconds of a quarter of an hour.
const SLOT: i64 = 900_000;

pub(crate) const SCHEMA: &str = "
CREATE TABLE budgets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL CHECK (scope IN ('all', 'provider', 'model', 'conversation', 'app', 'key')),
    subject TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    hard INTEGER NOT NULL CHECK (hard IN (0, 1)),
    warn TEXT NOT NULL CHECK (json_valid(warn)),
    unknown_price INTEGER CHECK (unknown_price > 0),
    created_at INTEGER NOT NULL,
    told_from INTEGER,
    told INTEGER,
    UNIQUE (scope, subject, period)
) STRICT;

CREATE TABLE budget_totals (
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    slot INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    PRIMARY KEY (scope, subject, slot)
) STRICT, WITHOUT ROWID;
WITH standing AS (
    SELECT * FROM ledger_entries e
    WHERE NOT EXISTS (SELECT 1 FROM ledger_entries a WHERE a.adjusts = e.id)
), of AS (
    SELECT 'all' AS scope, '' AS subject, at, amount FROM standing
    UNION ALL SELECT 'provider', provider, at, amount FROM standing
    UNION ALL SELECT 'model', model, at, amount FROM standing
    UNION ALL SELECT 'conversation', lower(hex(conversation)), at, amount FROM standing
        WHERE conversation IS NOT NULL
    UNION ALL SELECT 'key', provider || '/' || account, at, amount FROM standing WHERE account IS NOT NULL
)
INSERT INTO budget_totals (scope, subject, slot, amount, unknown)
    SELECT scope, subject, at / 900000, sum(ifnull(amount, 0)), count(*) - count(amount) FROM of
    GROUP BY scope, subject, at / 900000;

CREATE TABLE budget_overrides (
    attempt BLOB PRIMARY KEY CHECK (length(attempt) = 16),
    at INTEGER NOT NULL,
    origin TEXT NOT NULL,
    amount INTEGER CHECK (amount >= 0),
    budgets TEXT NOT NULL CHECK (json_valid(budgets))
) STRICT;
CREATE TRIGGER budget_overrides_update BEFORE UPDATE ON budget_overrides
    BEGIN SELECT RAISE(ABORT, 'what a budget was passed for is never changed'); END;
CREATE TRIGGER budget_overrides_delete BEFORE DELETE ON budget_overrides
    BEGIN SELECT RAISE(ABORT, 'what a budget was passed for is never deleted'); END;
";

/// A budget as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRow {
    /// Number, for naming it.
    pub id: i64,
    /// What the user gave.
    pub budget: Budget,
    /// When it was set, or last changed.
    pub created_at: Timestamp,
    /// The highest threshold the user was told of, and the beginning of the period that was in.
    pub told: Option<(Timestamp, u8)>,
}

/// Who spends: what budgets ask of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spender {
    /// Who is paid.
    pub provider: ProviderId,
    /// For which model.
    pub model: ModelSlug,
    /// In which conversation, if in one.
    pub conversation: Option<ConversationId>,
    /// The app that asked through the gateway.
    pub app: Option<String>,
    /// Label of the key at the provider.
    pub key: Option<AccountLabel>,
}

impl Spender {
    /// Every scope this spending counts in.
    pub fn scopes(&self) -> Vec<BudgetScope> {
        let mut scopes = vec![
            BudgetScope::All,
            BudgetScope::Provider(self.provider.clone()),
            BudgetScope::Model(self.model.clone()),
        ];
        scopes.extend(self.conversation.map(BudgetScope::Conversation));
        scopes.extend(self.app.clone().map(BudgetScope::App));
        let key = |label| BudgetScope::Key { provider: self.provider.clone(), label };
        scopes.extend(self.key.clone().map(key));
        scopes
    }

    /// Is this scope one of them?
    pub(crate) fn is_in(&self, scope: &BudgetScope) -> bool {
        match scope {
            BudgetScope::All => true,
            BudgetScope::Provider(id) => *id == self.provider,
            BudgetScope::Model(slug) => *slug == self.model,
            BudgetScope::Conversation(id) => Some(*id) == self.conversation,
            BudgetScope::App(name) => Some(name) == self.app.as_ref(),
            BudgetScope::Key { provider, label } => {
                *provider == self.provider && Some(label) == self.key.as_ref()
            }
        }
    }
}

/// What counts against a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Settled in the period.
    pub spent: PicoUsd,
    /// What may be billed on top for answers that broke off, of which only what was seen is in `spent`.
    pub perhaps: PicoUsd,
    /// Settled attempts of unknown cost that had no hold either: `spent` is a lower bound.
    pub unknown: u32,
    /// Held for attempts under way.
    pub held: PicoUsd,
    /// Attempts under way that nothing is held for, their price being unknown.
    pub unheld: u32,
}

impl Used {
    /// Set aside: held for attempts under way, or perhaps still to be billed.
    pub fn aside(&self) -> PicoUsd {
        self.held.checked_add(self.perhaps).unwrap_or(PicoUsd::new(i64::MAX))
    }

    /// Spent and set aside.
    pub fn total(&self) -> PicoUsd {
        self.spent.checked_add(self.aside()).unwrap_or(PicoUsd::new(i64::MAX))
    }

    /// What `limit` leaves; below zero when it is overdrawn.
    pub fn left(&self, limit: PicoUsd) -> PicoUsd {
        limit.checked_sub(self.total()).unwrap_or(PicoUsd::new(i64::MIN))
    }
}

/// What budgets count of an entry, in pico-dollars, and where.
pub(crate) struct Charge {
    pub spender: Spender,
    pub at: Timestamp,
    pub amount: Option<i64>,
    pub held: Option<i64>,
    pub at_most: Option<i64>,
}

impl Charge {
    /// What budgets count: the cost, where it is unknown the hold; whether there is neither; and what may be
    /// billed on top, which is never more than was held.
    pub(crate) fn counted(&self) -> Counted {
        let known = self.amount.or(self.held);
        let most = self.at_most.map(|most| most.min(self.held.unwrap_or(most)));
        let perhaps = most.zip(self.amount).map_or(0, |(most, amount)| most.saturating_sub(amount).max(0));
        Counted { amount: known.unwrap_or(0), unknown: i64::from(known.is_none()), perhaps }
    }
}

/// What an entry counts with in a budget, in pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub amount: i64,
    pub unknown: i64,
    pub perhaps: i64,
}

impl Counted {
    /// Taken out again.
    pub(crate) const fn negated(self) -> Self {
        Self {
            amount: self.amount.saturating_neg(),
            unknown: self.unknown.saturating_neg(),
            perhaps: self.perhaps.saturating_neg(),
        }
    }
}

/// What is to be counted in every scope of a spender, in one quarter of an hour.
#[derive(Clone)]
pub(crate) struct Charged {
    pub spender: Spender,
    pub slot: i64,
    pub counted: Counted,
}

/// The present beginning of each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starts {
    /// Of the day.
    pub day: Timestamp,
    /// Of the week.
    pub week: Timestamp,
    /// Of the month.
    pub month: Timestamp,
}

impl Starts {
    /// Of one of them.
    pub const fn of(&self, period: Period) -> Timestamp {
        match period {
            Period::Day => self.day,
            Period::Week => self.week,
            Period::Month => self.month,
        }
    }
}

/// Somebody let a request past a budget, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRow {
    /// Which attempt.
    pub attempt: AttemptId,
    /// When.
    pub at: Timestamp,
    /// From where: `window`, `cli` …
    pub origin: String,
    /// The most it could cost; `None` = unknown.
    pub amount: Option<PicoUsd>,
    /// The budgets it would have been held by, as they were.
    pub budgets: Vec<Budget>,
}

/// The subject of a scope in the table: ids as the hexadecimal digits that SQL makes of them.
pub(super) fn subject(scope: &BudgetScope) -> String {
    match scope {
        BudgetScope::Conversation(id) => id.uuid().simple().to_string(),
        other => other.subject(),
    }
}

/// Place of a scope in [`Spender::scopes`].
const fn width(scope: &BudgetScope) -> u8 {
    match scope {
        BudgetScope::All => 0,
        BudgetScope::Provider(_) => 1,
        BudgetScope::Model(_) => 2,
        BudgetScope::Conversation(_) => 3,
        BudgetScope::App(_) => 4,
        BudgetScope::Key { .. } => 5,
    }
}

fn row(cols: &Cols<'_>) -> Result<BudgetRow, Failure> {
    let (scope, subject): (String, String) = (cols.get("scope")?, cols.get("subject")?);
    let told = cols.opt_time("told_from")?.zip(cols.get::<Option<u8>>("told")?);
    Ok(BudgetRow {
        id: cols.get("id")?,
        budget: Budget {
            scope: BudgetScope::of(&scope, &subject)?,
            period: cols.word("period")?,
            limit: PicoUsd::new(cols.get("amount")?),
            hard: cols.get("hard")?,
            warn: cols.json("warn")?,
            unknown_price: cols.get::<Option<i64>>("unknown_price")?.map(PicoUsd::new),
        },
        created_at: cols.time("created_at")?,
        told,
    })
}

impl Tx<'_> {
    /// Sets the budget of a scope and period, in place of one there is. Gives its number.
    pub fn put_budget(&mut self, b: &Budget, now: Timestamp) -> Result<i64, Failure> {
        let subject = subject(&b.scope);
        self.exec(
            "INSERT INTO budgets (scope, subject, period, amount, hard, warn, unknown_price, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (scope, subject, period) DO UPDATE SET amount = excluded.amount,
                 hard = excluded.hard, warn = excluded.warn, unknown_price = excluded.unknown_price,
                 created_at = excluded.created_at, told_from = NULL, told = NULL",
            params![
                b.scope.sort(),
                subject,
                b.period.as_str(),
                b.limit.get(),
                b.hard,
                json(&b.warn)?,
                b.unknown_price.map(PicoUsd::get),
                now.0
            ],
        )?;
        self.one(
            "SELECT id FROM budgets WHERE scope = ?1 AND subject = ?2 AND period = ?3",
            params![b.scope.sort(), subject, b.period.as_str()],
            |cols| cols.get("id"),
        )?
        .ok_or_else(|| bug("A budget that was just written is not there."))
    }

    /// Removes a budget; `false` = there is none of this number.
    pub fn remove_budget(&mut self, id: i64) -> Result<bool, Failure> {
        Ok(self.exec("DELETE FROM budgets WHERE id = ?1", [id])? > 0)
    }

    /// Removes every budget of a scope that is gone. What was spent in it stays counted.
    pub fn remove_budgets_of(&mut self, scope: &BudgetScope) -> Result<usize, Failure> {
        self.exec(
            "DELETE FROM budgets WHERE scope = ?1 AND subject = ?2",
            params![scope.sort(), subject(scope)],
        )
    }

    /// Every budget, widest scope first.
    pub fn budgets(&self) -> Result<Vec<BudgetRow>, Failure> {
        self.all("SELECT * FROM budgets ORDER BY scope <> 'all', scope, subject, period, id", [], row)
    }

    /// The budgets that this spending counts against, in the order of [`Spender::scopes`] and their numbers.
    pub fn budgets_of(&self, spender: &Spender) -> Result<Vec<BudgetRow>, Failure> {
        let known = self.known.facts().budgets.clone();
        let all = match known {
            Some(all) => all,
            None => {
                let all: Arc<[BudgetRow]> = self.all("SELECT * FROM budgets ORDER BY id", [], row)?.into();
                self.known.facts().budgets = Some(Arc::clone(&all));
                all
            }
        };
        let mut found: Vec<BudgetRow> =
            all.iter().filter(|row| spender.is_in(&row.budget.scope)).cloned().collect();
        found.sort_by_key(|row| width(&row.budget.scope));
        Ok(found)
    }

    /// Was anything ever booked in this scope?
    pub fn was_spent(&self, scope: &BudgetScope) -> Result<bool, Failure> {
        self.count_due()?;
        let found = self.one(
            "SELECT 1 AS n FROM budget_totals WHERE scope = ?1 AND subject = ?2 LIMIT 1",
            params![scope.sort(), subject(scope)],
            |cols| cols.get::<i64>("n"),
        )?;
        Ok(found.is_some())
    }

    /// Remembers that the user was told of a threshold in the period that began at `from`.
    pub fn set_budget_told(&mut self, id: i64, from: Timestamp, percent: u8) -> Result<(), Failure> {
        self.exec("UPDATE budgets SET told_from = ?2, told = ?3 WHERE id = ?1", params![id, from.0, percent])
            .map(|_| ())
    }

    /// Records that a request was let past budgets.
    pub fn insert_override(&mut self, o: &OverrideRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO budget_overrides (attempt, at, origin, amount, budgets) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![o.attempt.blob(), o.at.0, o.origin, o.amount.map(PicoUsd::get), json(&o.budgets)?],
        )
        .map(|_| ())
    }

    /// Every request that was let past a budget, oldest first.
    pub fn overrides(&self) -> Result<Vec<OverrideRow>, Failure> {
        self.all("SELECT * FROM budget_overrides ORDER BY at, attempt", [], |cols| {
            Ok(OverrideRow {
                attempt: cols.id("attempt")?,
                at: cols.time("at")?,
                origin: cols.get("origin")?,
                amount: cols.get::<Option<i64>>("amount")?.map(PicoUsd::new),
                budgets: cols.json("budgets")?,
            })
        })
    }

    /// Sums the ledger anew: `false` means that what budgets reckon with is not what was booked.
    pub fn verify_budget_totals(&self) -> Result<bool, Failure> {
        self.count_due()?;
        let wrong: Vec<i64> = self.all(
            "WITH standing AS (
                 SELECT *, coalesce(amount, held, 0) AS charge, amount IS NULL AND held IS NULL AS blank,
                     max(0, ifnull(min(at_most, ifnull(held, at_most)) - amount, 0)) AS more
                 FROM ledger_entries e
                 WHERE NOT EXISTS (SELECT 1 FROM ledger_entries a WHERE a.adjusts = e.id)
             ), of AS (
                 SELECT 'all' AS scope, '' AS subject, at, charge, blank, more FROM standing
                 UNION ALL SELECT 'provider', provider, at, charge, blank, more FROM standing
                 UNION ALL SELECT 'model', model, at, charge, blank, more FROM standing
                 UNION ALL SELECT 'conversation', lower(hex(conversation)), at, charge, blank, more
                     FROM standing WHERE conversation IS NOT NULL
                 UNION ALL SELECT 'app', app, at, charge, blank, more FROM standing WHERE app IS NOT NULL
                 UNION ALL SELECT 'key', provider || '/' || account, at, charge, blank, more FROM standing
                     WHERE account IS NOT NULL
             ), summed AS (
                 SELECT scope, subject, at / 900000 AS slot, sum(charge) AS amount, sum(blank) AS unknown,
                     sum(more) AS perhaps
                 FROM of GROUP BY 1, 2, 3 HAVING sum(charge) <> 0 OR sum(blank) <> 0 OR sum(more) <> 0
             ), kept AS (
                 SELECT scope, subject, slot, amount, unknown, perhaps FROM budget_totals
                 WHERE amount <> 0 OR unknown <> 0 OR perhaps <> 0
             )
             SELECT count(*) AS n FROM (SELECT * FROM summed EXCEPT SELECT * FROM kept)
             UNION ALL SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM summed)",
            [],
            |cols| cols.get("n"),
        )?;
        Ok(wrong.iter().all(|n| *n == 0))
    }
}
