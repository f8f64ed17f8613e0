//! A running answer under a hard budget: what it has come to, and more set aside for it.

use super::{Grant, levels, words::usd};
use crate::{calendar::Calendar, draft::Draft, inner::Inner};
use domain::{ErrorKind, Failure, NoticeKind, PicoUsd, StreamEvent, Usage, say};
use ledger::Dearest;
use store::HoldRow;

/// A running answer is given at least this many tokens more at a time.
const LEAST_EXTENSION: u64 = 256;

/// The longest answer that can be billed under a limit after so much was seen of it: what was asked for, unless the
/// provider has plainly written more than that; then all that came.
pub(crate) fn billable(limit: u64, seen: u64) -> u64 {
    if seen > limit.saturating_add(limit / 4) { u64::MAX } else { limit }
}

/// The eye on a running answer under a hard budget: a provider that does not keep to the limit it was
/// given is stopped when its answer has, by our own count, come to what was set aside.
pub(crate) struct Watch {
    hold: HoldRow,
    rates: Dearest,
    /// Tokens that the hold pays for behind a prompt of likely length.
    allowed: u64,
    /// Tokens counted so far; too many rather than too few.
    seen: u64,
    /// The longest answer that was asked for.
    limit: u64,
    /// The most that came at once.
    most: u64,
    /// What the provider had counted before the last piece came.
    reported: u64,
}

impl Watch {
    /// `None` = no hard budget applies, or nothing it could cost.
    pub(crate) fn new(grant: &Grant, prompt_likely: impl FnOnce() -> u64) -> Option<Self> {
        let limit = grant.output_limit?;
        let rates = grant.rates.filter(|rates| rates.worst(1, 1) != Some(PicoUsd::ZERO))?;
        let allowed = rates.affordable(prompt_likely(), grant.hold.amount?)?;
        Some(Self { hold: grant.hold.clone(), rates, allowed, seen: 0, limit, most: 0, reported: 0 })
    }

    /// Takes note of what arrived. Words are counted piece by piece, which counts too many; the exact
    /// count follows only when that sum comes to the limit.
    pub(crate) fn saw(&mut self, events: &[StreamEvent], draft: &Draft) -> bool {
        let before = self.seen;
        for event in events {
            if let StreamEvent::BlockDelta { block, text } = event
                && !draft.is_image(*block)
            {
                self.seen = self.seen.saturating_add(ledger::tokens_of(text));
            }
        }
        let came = self.seen.saturating_sub(before);
        self.most = self.most.max(came);
        // A count mostly comes with the end, which may be in this very piece: it counts once more follows it.
        let now = draft.usage.as_ref().and_then(|usage| usage.output.total).unwrap_or(0);
        let reported = std::mem::replace(&mut self.reported, now);
        if self.seen.max(reported) < self.end() {
            return false;
        }
        self.seen = ledger::tokens_of(&draft.generated()).max(reported);
        // An answer whose end is known costs no more.
        self.seen >= self.end() && draft.finish.is_none() && came > 0
    }

    /// The longest answer it can be billed for.
    pub(crate) fn billable(&self) -> u64 {
        billable(self.limit, self.seen)
    }

    /// What is to be said of an answer that cost more than was set aside for it. Only a provider that does not
    /// keep to the limit it was given gets there (what it sends in one piece cannot be stopped before it came), that
    /// counts more tokens in a prompt than there can be, or that charges more than its prices say. Where no price is
    /// known (`priced` is false) it is what the user says it is at most.
    pub(crate) fn outgrown(
        &self,
        cost: Option<PicoUsd>,
        usage: Option<&Usage>,
        priced: bool,
    ) -> Option<(NoticeKind, domain::Words)> {
        let held = self.hold.amount?;
        let count = |total: fn(&Usage) -> Option<u64>| usage.and_then(total).unwrap_or(0);
        let (input, output) = (count(|usage| usage.input.total), count(|usage| usage.output.total));
        let most = self.rates.worst(input, output);
        let cost = cost.or_else(|| most.filter(|_| !priced))?;
        let above = cost.checked_sub(held).filter(|above| *above > PicoUsd::ZERO)?;
        if most.is_some_and(|most| most <= held) {
            let words = say!(
                "This answer cost {cost}, {more} more than was set aside for it: the provider charged more than its prices \
                 say. Your budget counts all of it.",
                cost = usd(cost),
                more = usd(above)
            );
            return Some((NoticeKind::Budget, words));
        }
        if output.max(self.seen) <= self.limit {
            let words = say!(
                "This answer cost {cost}, {more} more than was set aside for it: the provider counted more tokens in the \
                 prompt than it can have by its length, {input}. Your budget counts all of it.",
                cost = usd(cost),
                more = usd(above),
                input
            );
            return Some((NoticeKind::Budget, words));
        }
        let words = say!(
            "This answer cost {cost}, {more} more than was set aside for it: the provider was asked for {limit} tokens at \
             most and did not keep to that. Your budget counts all of it.",
            cost = usd(cost),
            more = usd(above),
            limit = self.limit
        );
        Some((NoticeKind::Budget, words))
    }

    /// Where it is stopped, or more is set aside. Whoever writes more than was asked for may end with a piece
    /// that nothing is set aside for: then room is kept for two as large as any so far.
    const fn end(&self) -> u64 {
        if self.seen > self.limit {
            self.allowed.saturating_sub(self.most.saturating_mul(2))
        } else {
            self.allowed
        }
    }

    /// Sets more aside for a longer answer; `billing.budget` when the budget has nothing left for it.
    pub(crate) async fn extend(&mut self, inner: &Inner) -> Result<(), Failure> {
        let more = (self.allowed / 2).max(LEAST_EXTENSION);
        let stop = || {
            Failure::new(
                ErrorKind::BillingBudget,
                "Stopped by your budget. The answer has cost what was set aside for it, and there is no more. \
                 Raise the budget and retry, or send this once all the same.",
            )
        };
        let Some(extra) = self.rates.worst(0, more) else { return Err(stop()) };
        let Some(amount) = self.hold.amount.and_then(|held| held.checked_add(extra)) else {
            return Err(stop());
        };
        let hold = HoldRow { amount: Some(amount), ..self.hold.clone() };
        let calendar = Calendar::at(inner.clock.now())?;
        let placed = hold.clone();
        let granted = inner
            .store
            .write(move |tx| {
                let levels = levels(tx, &placed.spender, &calendar)?;
                let fits =
                    levels.iter().filter(|level| level.row.budget.hard).all(|level| level.left() >= extra);
                if fits {
                    tx.place_hold(&placed)?;
                }
                Ok(fits)
            })
            .await?;
        if !granted {
            return Err(stop());
        }
        self.hold = hold;
        self.allowed = self.allowed.saturating_add(more);
        Ok(())
    }
}
