//! What counts against budgets: read, and added to.

use super::{Charged, Counted, SLOT, Spender, Used, subject};
use crate::{error::bug, known::Sum, tx::Tx};
use domain::{BudgetScope, Failure, PicoUsd, Timestamp};
use rusqlite::params;
use std::collections::BTreeMap;

fn used(sum: &Sum) -> Result<Used, Failure> {
    let unknown =
        u32::try_from(sum.unknown).map_err(|_| bug("A count in the sums of budgets is out of range."))?;
    let (spent, perhaps) = (PicoUsd::new(sum.amount), PicoUsd::new(sum.perhaps));
    Ok(Used { spent, perhaps, unknown, ..Used::default() })
}

impl Tx<'_> {
    /// What counts against a scope since `from`, whatever is booked later than now included: a clock that
    /// went back opens no period again. Every open hold counts, whenever it was placed.
    pub fn budget_used(&self, scope: &BudgetScope, from: Timestamp) -> Result<Used, Failure> {
        let first = from.0.div_euclid(SLOT);
        let known =
            self.known.facts().sums.iter().find(|sum| sum.from == first && sum.scope == *scope).map(used);
        let used = match known {
            Some(used) => used?,
            None => {
                let sum = self.sum(scope, first)?;
                let used = used(&sum)?;
                let mut facts = self.known.facts();
                facts.room();
                facts.sums.push(sum);
                used
            }
        };
        let (held, unheld) = self.held(scope)?;
        Ok(Used { held, unheld, ..used })
    }

    fn sum(&self, scope: &BudgetScope, from: i64) -> Result<Sum, Failure> {
        self.count_due()?;
        let none = Sum { scope: scope.clone(), from, amount: 0, perhaps: 0, unknown: 0 };
        let found = self.one(
            "SELECT ifnull(sum(amount), 0) AS amount, ifnull(sum(unknown), 0) AS unknown,
                 ifnull(sum(perhaps), 0) AS perhaps FROM budget_totals
             WHERE scope = ?1 AND subject = ?2 AND slot >= ?3",
            params![scope.sort(), subject(scope), from],
            |cols| {
                Ok(Sum {
                    amount: cols.get("amount")?,
                    perhaps: cols.get("perhaps")?,
                    unknown: cols.get("unknown")?,
                    ..none.clone()
                })
            },
        )?;
        Ok(found.unwrap_or(none))
    }

    /// Counts an amount in every scope of a spender; called with the entry that books it. It is written before the
    /// transaction is committed, or where it is asked for sooner: many requests have the same rows to change.
    pub(crate) fn count(&self, spender: Spender, at: Timestamp, counted: Counted) {
        let charged = Charged { spender, slot: at.0.div_euclid(SLOT), counted };
        self.known.facts().charged(&charged);
        self.known.owe(charged);
        self.note_booked();
    }

    /// Writes what is to be counted. Beyond the range a sum stays at its end: an attempt must be settled whatever it
    /// cost.
    pub(crate) fn count_due(&self) -> Result<(), Failure> {
        let mut cells: BTreeMap<(&'static str, String, i64), Counted> = BTreeMap::new();
        for Charged { spender, slot, counted } in self.known.take_due() {
            for scope in spender.scopes() {
                let sum = cells.entry((scope.sort(), subject(&scope), slot)).or_default();
                sum.amount = sum.amount.saturating_add(counted.amount);
                sum.unknown = sum.unknown.saturating_add(counted.unknown);
                sum.perhaps = sum.perhaps.saturating_add(counted.perhaps);
            }
        }
        for ((sort, subject, slot), Counted { amount, unknown, perhaps }) in cells {
            self.exec_told(
                "INSERT INTO budget_totals (scope, subject, slot, amount, unknown, perhaps)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (scope, subject, slot) DO UPDATE SET unknown = unknown + excluded.unknown,
                     perhaps = iif(excluded.perhaps > 0 AND perhaps > 9223372036854775807 - excluded.perhaps,
                         9223372036854775807, perhaps + excluded.perhaps),
                     amount = iif(excluded.amount > 0 AND amount > 9223372036854775807 - excluded.amount,
                         9223372036854775807, amount + excluded.amount)",
                params![sort, subject, slot, amount, unknown, perhaps],
            )?;
        }
        Ok(())
    }
}
