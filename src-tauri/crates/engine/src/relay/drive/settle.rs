//! The end of an attempt in the books.

use super::Drive;
use crate::{
    attempt::Ended,
    books::{self, entry},
    inner::Table,
    learn,
    live::lock,
    relay::HEALTH,
    startup,
};
use domain::{Cost, Usage};
use std::sync::{Arc, atomic::Ordering};
use store::{AttemptRow, EntryRow, Pending, Tx};

/// A settlement on its way to the disk.
pub(super) struct Settling {
    done: Pending<()>,
    what: Arc<(AttemptRow, EntryRow)>,
}

impl Drive {
    /// Has an attempt booked. Nobody waits for that but who asks for what it comes to.
    pub(super) fn settle(&mut self, ended: Ended) -> Settling {
        self.open = None;
        let inner = &self.inner;
        let booked = entry(inner, None, &ended);
        let outgrown = ended.outgrown.is_some();
        let what = Arc::new((ended.row, booked));
        let now = inner.clock.now();
        let before = inner.relays.health_at.load(Ordering::Relaxed);
        let due = now.0.saturating_sub(before) > HEALTH;
        let health = if due { learn::stored(inner, now) } else { None };
        if due {
            inner.relays.health_at.store(now.0, Ordering::Relaxed);
        }
        let written = Arc::clone(&what);
        let write = move |tx: &mut Tx<'_>| {
            let (row, entry) = &*written;
            tx.finish_attempt(row)?;
            if let Some(health) = &health {
                tx.put_health(health, now)?;
            }
            books::book(tx, entry)
        };
        // What cost more than was held for it is not for the next request to go ahead of.
        let done = match outgrown {
            true => inner.store.write_repeatable(write),
            false => inner.store.write_in_company(write),
        };
        Settling { done, what }
    }

    /// Waits for it. What the disk refuses is written once it takes it again: until then the hold stands, on disk too.
    pub(super) async fn settled(&self, Settling { done, what }: Settling) {
        if let Err(failure) = done.await {
            tracing::error!(kind = failure.kind.as_str(), "an attempt could not be settled yet");
            let (attempt, booked) = Arc::unwrap_or_clone(what);
            startup::settle_later(&self.inner, attempt, booked);
        }
        self.inner.changed(Table::Spend);
    }

    /// Books what was under way when we made a mistake: at an unknown cost, which counts as what was held.
    pub(in crate::relay) async fn lost(&mut self) {
        let Some(mut row) = self.open.take() else { return };
        row.outcome = Some(domain::Outcome::Interrupted);
        let purpose = store::Purpose { app: Some(self.ask.caller.key.name.clone()), ..Default::default() };
        let ended = Ended { row, billed: None, cost: Cost::unknown(), prices: None, purpose, outgrown: None };
        let settled = self.settle(ended);
        self.settled(settled).await;
    }

    /// Notes where the conversation is known now.
    pub(super) fn warmed(&self, endpoint: &domain::EndpointId, usage: Option<&Usage>, whole: bool) {
        if let Some(usage) = usage.filter(|_| whole) {
            lock(&self.inner.relays.warm).keep(self.conversation, endpoint, usage, self.inner.clock.now());
        }
    }
}
