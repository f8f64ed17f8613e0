//! Prices that nobody knows: what the user says they are at most.

use super::Level;
use domain::{Failure, PicoUsd};
use ledger::Dearest;
use store::{EntryRow, HoldRow, Tx};

const MILLION: i64 = 1_000_000;

/// What the user says an unknown price is at most: the dearest of what the budgets say, if each says so.
pub(super) fn assumed(hard: &[&Level]) -> Option<Dearest> {
    let caps: Option<Vec<PicoUsd>> = hard.iter().map(|level| level.row.budget.unknown_price).collect();
    caps?.into_iter().max().map(per_token)
}

/// Rounded up: a cap must not become cheaper than the user said.
fn per_token(per_million: PicoUsd) -> Dearest {
    let most = per_million.get();
    Dearest::flat(PicoUsd::new(most / MILLION + i64::from(most % MILLION > 0)))
}

/// An attempt whose cost is unknown counts in budgets with what was held for it: with more, if its provider counted
/// more tokens than that pays for by what the user says an unknown price is at most.
pub(crate) fn count_unknown(tx: &mut Tx<'_>, entry: &EntryRow) -> Result<(), Failure> {
    let (None, Some(usage)) = (entry.cost.total, &entry.usage) else { return Ok(()) };
    let Some(hold) = tx.hold(entry.attempt)? else { return Ok(()) };
    let all = tx.budgets_of(&hold.spender)?;
    let caps = all.iter().filter(|row| row.budget.hard).filter_map(|row| row.budget.unknown_price).max();
    let (Some(cap), Some(held)) = (caps, hold.amount) else { return Ok(()) };
    let tokens = (usage.input.total.unwrap_or(0), usage.output.total.unwrap_or(0));
    let most = per_token(cap).worst(tokens.0, tokens.1).filter(|most| *most > held);
    most.map_or(Ok(()), |most| tx.place_hold(&HoldRow { amount: Some(most), ..hold }))
}
