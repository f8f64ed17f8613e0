//! What an attempt leaves in the ledger, and what of it is shown.

use crate::{
    attempt::{Ended, billed_usage},
    draft::Draft,
    inner::Inner,
};
use domain::{EntryId, Request, Usage, UsageSource};
use store::EntryRow;

/// The ledger's row for an attempt that has ended.
pub(crate) fn entry(inner: &Inner, conversation: Option<domain::ConversationId>, ended: &Ended) -> EntryRow {
    let row = &ended.row;
    let outcome = match &row.outcome {
        Some(domain::Outcome::Completed { finish_reason }) => finish_reason.as_str().to_owned(),
        Some(domain::Outcome::Failed { failure }) => failure.kind.as_str().to_owned(),
        Some(domain::Outcome::Cancelled) => "cancelled".to_owned(),
        Some(domain::Outcome::Interrupted) | None => "interrupted".to_owned(),
    };
    EntryRow {
        id: EntryId::new(inner.clock.id()),
        attempt: row.id,
        conversation,
        at: row.started_at,
        provider: row.provider.clone(),
        endpoint: row.endpoint.clone(),
        account: row.account.clone(),
        model: row.model.clone(),
        upstream_model: row.upstream_model.clone(),
        origin: row.origin.clone(),
        outcome,
        usage: ended.billed.clone(),
        cost: ended.cost.clone(),
        price_sheet: ended.prices.clone(),
        adjusts: None,
        purpose: ended.purpose.clone(),
    }
}

/// Usage as the strip shows it: the provider's own figures where it gave any, with gaps estimated.
pub(crate) fn shown_usage(request: &Request, draft: &Draft, whole: bool) -> Usage {
    match &draft.usage {
        Some(usage) if usage.input.total.is_some() && usage.output.total.is_some() => {
            Usage { source: UsageSource::Reported, ..usage.clone() }
        }
        _ => billed_usage(request, draft, whole, None),
    }
}

/// Usage of two pieces of one answer. What is not known of one is not known of both.
pub(crate) fn merged(first: &Usage, second: &Usage) -> Usage {
    let sum = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
    let mut both = second.clone();
    both.input.total = sum(first.input.total, second.input.total);
    both.input.cache_read = sum(first.input.cache_read, second.input.cache_read);
    both.output.total = sum(first.output.total, second.output.total);
    both.output.reasoning = sum(first.output.reasoning, second.output.reasoning);
    if first.source == UsageSource::Estimated {
        both.source = UsageSource::Estimated;
    }
    both
}
