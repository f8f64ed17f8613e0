//! What an attempt leaves in the ledger, and what of it is shown.

use crate::{
    attempt::Ended,
    budget,
    draft::{Draft, DraftBlock},
    inner::Inner,
};
use domain::{
    Basis, BlockKind, Cost, EntryId, Failure, FinishReason, ModelSlug, PicoUsd, PriceSheet, ProviderId,
    Request, Timestamp, Usage, UsageSource,
};
use store::{EntryRow, Tx};

/// The ledger's row for an attempt that has ended. What other programs ask for is of kind `gateway`, unless it was
/// said to be of another.
pub(crate) fn entry(inner: &Inner, conversation: Option<domain::ConversationId>, ended: &Ended) -> EntryRow {
    let row = &ended.row;
    let outcome = match &row.outcome {
        Some(domain::Outcome::Completed { finish_reason }) => finish_reason.as_str().to_owned(),
        Some(domain::Outcome::Failed { failure }) => failure.kind.as_str().to_owned(),
        Some(domain::Outcome::Cancelled) => "cancelled".to_owned(),
        Some(domain::Outcome::Interrupted) | None => "interrupted".to_owned(),
    };
    let mut purpose = ended.purpose.clone();
    if purpose.kind.is_none() && (purpose.app.is_some() || row.origin == "gateway") {
        purpose.kind = Some("gateway".to_owned());
    }
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
        purpose,
    }
}

/// What the provider will bill as far as we can know. A complete answer with reported usage is taken at
/// its word, and so is a charge it names with or behind the answer's end; whatever it leaves out, and every
/// answer that broke off before its end, is estimated, and says so: what was counted on the way (Perplexity
/// begins with one token at no cost) is not the bill. An estimate stays within the limit that the provider
/// was given.
pub fn billed_usage(request: &Request, draft: &Draft, whole: bool, limit: Option<u64>) -> Usage {
    let mut reported = draft.usage.clone().unwrap_or_default();
    // No prompt has no tokens, and no words have none: who says so has not counted (proxies fill in zeros).
    let (input, output) = (&mut reported.input.total, &mut reported.output.total);
    *input = input.filter(|count| *count > 0);
    *output = output.filter(|count| *count > 0 || draft.generated().is_empty());
    let counted = reported.input.total.is_some() && reported.output.total.is_some();
    let charged = reported.reported_cost.is_some_and(|cost| cost > PicoUsd::ZERO);
    // A budget's stop is our own word.
    let ended = draft.finish.as_ref().is_some_and(|(reason, _)| *reason != FinishReason::Budget);
    if whole && (counted || reported.reported_cost.is_some()) || ended && charged {
        return reported;
    }
    let mut usage = reported;
    usage.source = UsageSource::Estimated;
    usage.reported_cost = None;
    usage.input.total = usage.input.total.or_else(|| Some(ledger::prompt_estimate(request)));
    let seen = ledger::tokens_of(&draft.generated()).min(limit.unwrap_or(u64::MAX));
    usage.output.total = Some(usage.output.total.unwrap_or(0).max(seen));
    usage
}

/// The longest answer that can be billed under this limit, by what came of it.
pub(crate) fn billable(limit: u64, draft: &Draft, whole: bool) -> u64 {
    // Then the provider's own count is the bill.
    if whole && draft.usage.as_ref().and_then(|usage| usage.output.total).is_some_and(|count| count > 0) {
        return limit;
    }
    // Letters are counted only where there may be too many: a token has one byte at least.
    let written = draft.generated();
    let most = u64::try_from(written.len()).unwrap_or(u64::MAX);
    if most <= limit { limit } else { budget::billable(limit, ledger::tokens_of(&written)) }
}

/// Tokens of a block that have no letters: those that begin and end it, and the form of a call.
const FORM: u64 = 64;
/// What may still be on its way, in tokens, when a provider that stops at once is told to.
const IN_FLIGHT: u64 = 512;

/// What is known of an attempt that ended before its bill.
pub(crate) struct Ending<'a> {
    pub provider: &'a ProviderId,
    pub model: &'a ModelSlug,
    pub prices: Option<&'a PriceSheet>,
    /// The longest prompt it can have been, in tokens, and the longest answer it allowed.
    pub prompt: u64,
    pub limit: u64,
    /// The answer came to its end.
    pub whole: bool,
    /// It is one of several, and the others were not read.
    pub several: bool,
    pub at: Timestamp,
}

/// A cost that rests on our own count, with the most that may be billed for it: words are counted by their bytes,
/// and what was not seen (hidden reasoning; what a provider goes on with that nobody listens to) by the longest
/// answer there can be. A cost that is known, or unknown, stays as it is.
pub(crate) fn bounded(inner: &Inner, cost: Cost, ending: &Ending<'_>, draft: &Draft) -> Cost {
    if cost.basis != Basis::Estimated {
        return cost;
    }
    let registry = inner.registry();
    let quirks = registry.provider(ending.provider).map(|known| &known.provider.quirks);
    let stops = quirks.is_some_and(|quirks| quirks.cancel_stops_billing == Some(true));
    // Of a model that nobody knows it is not known either.
    let model = registry.catalog().model(ending.model.as_str());
    let silent = model.is_none_or(|model| model.capabilities.reasoning);
    let hidden = silent || ending.several;
    let picture = |block: &DraftBlock| matches!(block.kind, BlockKind::Image { .. });
    let read = draft.unknown == 0 && !draft.blocks.iter().any(picture);
    let unseen = match (hidden, ending.whole, stops) {
        (false, true, _) if read => Unseen::Nothing,
        (false, true, _) | (false, false, true) => Unseen::InFlight,
        (true, ..) | (false, false, false) => Unseen::UpTo(ending.limit),
    };
    let at_most =
        ending.prices.and_then(|prices| billed_at_most(draft, prices, ending.at, ending.prompt, unseen));
    Cost { at_most: at_most.filter(|most| cost.total.is_some_and(|total| *most > total)), ..cost }
}

/// What of an answer is billed without having come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// All of it came: it thinks of nothing in silence, and it came to its end.
    Nothing,
    /// It was told to stop, and does so at once.
    InFlight,
    /// So many tokens may be generated.
    UpTo(u64),
}

/// The dearest that an answer can become of which this came, in front of it a prompt of at most so many tokens.
pub fn billed_at_most(
    draft: &Draft,
    prices: &PriceSheet,
    at: Timestamp,
    prompt: u64,
    unseen: Unseen,
) -> Option<PicoUsd> {
    let said = draft.usage.clone().unwrap_or_default();
    // No prompt has no tokens: a zero is no count.
    let prompt = said.input.total.filter(|tokens| *tokens > 0).unwrap_or(prompt);
    let bytes = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    let came = bytes(&draft.generated());
    let form = draft.blocks.iter().map(|block| match &block.kind {
        BlockKind::ToolCall { name, .. } => bytes(name).saturating_add(FORM),
        _ => FORM,
    });
    let written = match unseen {
        Unseen::Nothing => form.fold(came.saturating_add(FORM), u64::saturating_add),
        Unseen::InFlight => came.saturating_add(IN_FLIGHT),
        Unseen::UpTo(longest) => came.saturating_add(IN_FLIGHT).max(longest),
    };
    let answer = written.max(said.output.total.unwrap_or(0));
    ledger::Dearest::of(prices, prompt, at)?.worst(prompt, answer)
}

/// Books an entry, and says what it was for: `experiment` for cells, `cli` and `chat` for what a person asked there.
/// Whatever was said of it before stays.
pub(crate) fn book(tx: &mut Tx<'_>, entry: &EntryRow) -> Result<(), Failure> {
    budget::count_unknown(tx, entry)?;
    if entry.purpose.kind.is_some() || entry.adjusts.is_some() {
        return tx.settle(entry).map(|_| ());
    }
    let kind = if tx.is_of_experiment(entry.attempt)? {
        "experiment"
    } else if entry.origin == "cli" {
        "cli"
    } else {
        "chat"
    };
    let mut entry = entry.clone();
    entry.purpose.kind = Some(kind.to_owned());
    tx.settle(&entry).map(|_| ())
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
