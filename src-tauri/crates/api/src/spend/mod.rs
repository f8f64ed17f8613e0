//! The Spend page, read from the ledger alone: key figures, bars, table, what if; the attempts behind
//! them; a file of them.

mod chart;
pub(crate) mod file;
mod page;
pub mod types;

pub(crate) use file::{create, export, not_written};
pub(crate) use page::page;

use crate::{Api, calendar, types::SpendFigure};
use domain::{ErrorKind, Failure, ProviderId, Timestamp};
use engine::{AttemptFilter, Registry};
use types::{LedgerState, SpendAttempt, SpendAttemptList, SpendAttempts, SpendBy};

/// Attempts of one page.
const PAGE: u32 = 100;

pub(crate) fn figure(sum: &engine::SpendSum) -> SpendFigure {
    SpendFigure { amount: sum.amount, attempts: sum.attempts, unknown: sum.unknown, hidden: None }
}

/// Since local midnight, for the top bar.
pub(crate) async fn today(api: &Api, (): ()) -> Result<SpendFigure, Failure> {
    let (today, _) = calendar::periods(api.engine.clock().now())?;
    let end = Timestamp(i64::MAX);
    let read = move |tx: &engine::Tx<'_>| {
        tx.leave_out_hidden();
        Ok((tx.spend_total(today, end)?, tx.hidden_attempts(today, end)?))
    };
    let (sum, hidden) = api.engine.store().read(read).await?;
    Ok(SpendFigure { hidden: some(hidden), ..figure(&sum) })
}

/// How many are left out, if any.
pub(crate) fn some(hidden: u32) -> Option<u32> {
    (hidden > 0).then_some(hidden)
}

/// Whether the ledger is as it was written. Not part of the page, which does not wait for it.
pub(crate) async fn ledger(api: &Api, (): ()) -> Result<LedgerState, Failure> {
    Ok(LedgerState { intact: api.engine.ledger_intact().await? })
}

pub(crate) async fn attempts(api: &Api, wanted: SpendAttempts) -> Result<SpendAttemptList, Failure> {
    let mut filter = AttemptFilter {
        from: wanted.from,
        until: wanted.until,
        before: wanted.before.map(|place| (place.at, place.seq)),
        limit: PAGE + 1,
        ..AttemptFilter::default()
    };
    if let Some(key) = wanted.key {
        match wanted.by {
            SpendBy::Model => filter.model = Some(key),
            SpendBy::Provider => filter.provider = Some(key),
            SpendBy::App => filter.app = Some(key),
            SpendBy::Conversation if key.is_empty() => filter.conversation = Some(None),
            SpendBy::Conversation => {
                let id = key.parse().map_err(|_| {
                    Failure::new(ErrorKind::Bug, "An attempt was looked for by an id that is none.")
                })?;
                filter.conversation = Some(Some(id));
            }
        }
    }
    let read = move |tx: &engine::Tx<'_>| {
        tx.leave_out_hidden();
        tx.spend_attempts(&filter)
    };
    let mut found = api.engine.store().read(read).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    let registry = api.engine.registry();
    Ok(SpendAttemptList { rows: found.into_iter().map(|row| attempt(&registry, row)).collect(), more })
}

fn attempt(registry: &Registry, row: engine::SpendAttempt) -> SpendAttempt {
    let usage = row.usage.unwrap_or_default();
    let (conversation, title) = row.conversation.unzip();
    SpendAttempt {
        seq: row.seq,
        at: row.at,
        model: model_name(registry, &row.model),
        provider: provider_name(registry, &row.provider),
        origin: row.origin,
        outcome: row.outcome,
        input: usage.input.total,
        cache_read: usage.input.cache_read,
        output: usage.output.total,
        reasoning: usage.output.reasoning,
        cost: row.cost.total,
        basis: row.cost.basis,
        lines: row.cost.lines,
        ttft: row.ttft,
        duration: row.duration,
        conversation,
        title,
    }
}

fn model_name(registry: &Registry, model: &str) -> String {
    registry.catalog().model(model).map_or_else(|| model.to_owned(), |known| known.name.clone())
}

fn provider_name(registry: &Registry, provider: &ProviderId) -> String {
    registry.provider(provider).map_or_else(|| provider.to_string(), |known| known.provider.name.clone())
}
