//! What budgets leave, for saying beforehand who could not be paid.

use super::{Level, assumed, length};
use crate::calendar::Calendar;
use domain::{Endpoint, Failure, PriceSheet, Request, Timestamp};
use ledger::{Admission, Besides, Dearest};
use store::{BudgetRow, Spender, Tx};

/// What every hard budget leaves, read at one moment: for saying beforehand who could not be paid. Whether a
/// request is sent is decided by [`super::admit`] alone.
#[derive(Default)]
pub(crate) struct Room(Vec<Level>);

/// Reads it. Nothing is read where there are no budgets.
pub(crate) fn room(tx: &Tx<'_>, at: Timestamp) -> Result<Room, Failure> {
    let hard: Vec<BudgetRow> = tx.budgets()?.into_iter().filter(|row| row.budget.hard).collect();
    if hard.is_empty() {
        return Ok(Room::default());
    }
    let calendar = Calendar::at(at)?;
    let level = |row: BudgetRow| {
        let from = calendar.starts.of(row.budget.period);
        let used = tx.budget_used(&row.budget.scope, from)?;
        Ok(Level { row, used, from })
    };
    hard.into_iter().map(level).collect::<Result<_, Failure>>().map(Room)
}

impl Room {
    /// No hard budget applies to anything.
    pub(crate) const fn is_free(&self) -> bool {
        self.0.is_empty()
    }

    /// Could this request, perhaps with a shorter answer, be paid at this endpoint? `sheets`: every price that
    /// a hold there must cover.
    pub(crate) fn covers(
        &self,
        spender: &Spender,
        request: &Request,
        endpoint: &Endpoint,
        sheets: Vec<&PriceSheet>,
        at: Timestamp,
    ) -> bool {
        let scopes = spender.scopes();
        let hard: Vec<&Level> =
            self.0.iter().filter(|level| scopes.contains(&level.row.budget.scope)).collect();
        let Some(left) = hard.iter().map(|level| level.left()).min() else { return true };
        let prompt_tokens = ledger::prompt_upper_bound(request);
        let rates = Dearest::of_any(sheets, prompt_tokens, at, Besides::default()).or_else(|| assumed(&hard));
        let asked = request.params.max_completion_tokens;
        let most = asked.unwrap_or_else(|| length::longest(endpoint));
        rates.is_some_and(|rates| {
            let said = ledger::admit(&rates, prompt_tokens, most, asked.is_some(), Some(left));
            !matches!(said, Admission::Refused { .. })
        })
    }
}
