//! What the thread that writes knows of the database without reading it again. Every request asks for the same few
//! things, and while nobody else has written they are as this thread left them.
//!
//! They are good within one transaction, which holds the write lock, and from one to the next as long as the
//! database says that no other connection has written. Any statement that writes makes all of them unknown, but for
//! those that say what they change here ([`Tx::exec_told`]). What a transaction loses is forgotten with it.

use crate::table::{
    budgets::{BudgetRow, Charged, Spender},
    latency::Latency,
    rollup::{Delta, Sort},
};
use domain::{AttemptId, BudgetScope, Millis, PriceSheet};
use std::{
    cell::{RefCell, RefMut},
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Sums, price sheets or times that are kept; with more of any, those are read anew.
const MOST: usize = 64;

/// The facts of one connection. Also what is booked and not in the sums of budgets yet.
#[derive(Default)]
pub(crate) struct Known {
    facts: RefCell<Facts>,
    due: RefCell<Due>,
}

/// What a transaction has booked, and how much of that is in the sums of budgets. Kept until it ends, since what was
/// added in a write that is undone must be added again for those before it.
#[derive(Default)]
struct Due {
    booked: Vec<Charged>,
    added: usize,
}

/// A moment of a transaction; see [`Known::back`].
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    booked: usize,
    added: usize,
}

/// What is known; `None`, or no entry, = it has to be read.
#[derive(Default)]
pub(crate) struct Facts {
    pub revision: Option<i64>,
    /// By number.
    pub budgets: Option<Arc<[BudgetRow]>>,
    pub holds: Option<HashMap<AttemptId, (Spender, Option<i64>)>>,
    pub sums: Vec<Sum>,
    pub sheets: Vec<(PriceSheet, [u8; 32])>,
    /// Number and hash of the ledger's last row.
    pub tail: Option<(i64, [u8; 32])>,
    /// The last row that is in the running sums.
    pub rolled: Option<i64>,
    /// What the rows after it change; whoever uses them looks whether none is missing.
    pub deltas: Vec<Delta>,
    /// The attempt whose times were written last: to its first content and to its end.
    pub finished: Option<(AttemptId, Option<Millis>, Option<Millis>)>,
    /// Summaries of times in the running sums.
    pub times: BTreeMap<Sort, Latency>,
}

/// What counts against a scope from a quarter of an hour on, without holds: in pico-dollars, and a count.
#[derive(Clone)]
pub(crate) struct Sum {
    pub scope: BudgetScope,
    pub from: i64,
    pub amount: i64,
    pub perhaps: i64,
    pub unknown: i64,
}

impl Known {
    /// To be held for as long as no statement runs.
    pub(crate) fn facts(&self) -> RefMut<'_, Facts> {
        self.facts.borrow_mut()
    }

    /// Nothing is known any more.
    pub(crate) fn forget(&self) {
        *self.facts.borrow_mut() = Facts::default();
    }

    /// Notes what is to be added to the sums of budgets before the transaction is committed.
    pub(crate) fn owe(&self, charged: Charged) {
        self.due.borrow_mut().booked.push(charged);
    }

    /// What is to be added; whoever takes it adds it.
    pub(crate) fn take_due(&self) -> Vec<Charged> {
        let mut due = self.due.borrow_mut();
        let rest = due.booked.get(due.added..).unwrap_or_default().to_vec();
        due.added = due.booked.len();
        rest
    }

    /// This moment.
    pub(crate) fn mark(&self) -> Mark {
        let due = self.due.borrow();
        Mark { booked: due.booked.len(), added: due.added }
    }

    /// What was done since then is undone in the database.
    pub(crate) fn back(&self, to: Mark) {
        self.forget();
        let mut due = self.due.borrow_mut();
        due.booked.truncate(to.booked);
        due.added = to.added;
    }

    /// A transaction begins.
    pub(crate) fn begin(&self) {
        *self.due.borrow_mut() = Due::default();
    }
}

impl Facts {
    /// Makes room for one more.
    pub(crate) fn room(&mut self) {
        if self.sums.len() >= MOST {
            self.sums.clear();
        }
        if self.sheets.len() >= MOST {
            self.sheets.clear();
        }
        if self.times.len() >= MOST {
            self.times.clear();
        }
    }

    /// Something was booked: the sums that are known follow. One that would leave its range is read again.
    pub(crate) fn charged(&mut self, charged: &Charged) {
        let Charged { spender, slot, counted } = charged;
        self.sums.retain_mut(|sum| {
            if *slot < sum.from || !spender.is_in(&sum.scope) {
                return true;
            }
            let next = |sum: i64, more: i64| sum.checked_add(more);
            let all = next(sum.amount, counted.amount)
                .zip(next(sum.perhaps, counted.perhaps))
                .zip(next(sum.unknown, counted.unknown));
            let Some(((amount, perhaps), unknown)) = all else { return false };
            (sum.amount, sum.perhaps, sum.unknown) = (amount, perhaps, unknown);
            true
        });
    }

    /// What the rows after this one change, if that is known of every one.
    pub(crate) fn deltas_after(&mut self, rolled: i64) -> Option<Vec<Delta>> {
        let deltas = std::mem::take(&mut self.deltas);
        let (last, _) = self.tail?;
        let all = deltas.iter().zip(rolled + 1..).all(|(delta, seq)| delta.seq == seq);
        (all && deltas.last()?.seq == last).then_some(deltas)
    }
}
