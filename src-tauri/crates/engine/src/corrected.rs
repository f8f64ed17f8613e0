//! Puts estimates right: what an answer that broke off was charged with is asked of a provider that tells it, and
//! stands in the ledger as an entry that adjusts the first.

use crate::{
    Engine,
    inner::{Inner, Table},
    prices::refuse,
    registry::Known,
};
use catalog::bill::ChargeApi;
use domain::{
    Basis, Call, Cost, EntryId, ErrorKind, Failure, Headers, Method, PicoUsd, ProviderId, Timestamp, say,
};
use futures_util::StreamExt as _;
use std::collections::HashSet;
use store::{Entry, EntryRow, Tx};
use transport::{Deadlines, Origin};

/// Answers that are asked about at once; more are left for the next time.
const MOST: usize = 100;
/// Most of an answer that is read.
const LIMIT: usize = 256 * 1024;

impl Engine {
    /// Asks a provider that tells it what the answers since then that broke off were charged with, and puts the
    /// ledger right. Gives how many; 0 for a provider that does not tell.
    pub async fn correct_estimates(&self, provider: &ProviderId, since: Timestamp) -> Result<u32, Failure> {
        correct(&self.inner, provider, since).await
    }
}

/// Asks what the estimated answers of this provider since `since` were charged with. Gives how many of them were
/// put right; those it says nothing of, or nothing yet, stay as they are.
async fn correct(inner: &Inner, provider: &ProviderId, since: Timestamp) -> Result<u32, Failure> {
    let Some(api) = ChargeApi::of(provider.as_str()) else { return Ok(0) };
    let registry = inner.registry();
    let known = registry
        .provider(provider)
        .ok_or_else(|| refuse(say!("There is no provider called “{provider}”.", provider)))?;
    let (of, until) = (provider.clone(), Timestamp(inner.clock.now().0.saturating_add(1)));
    let found = inner.store.read(move |tx| estimated(tx, api, &of, since, until)).await?;
    let mut corrected = 0;
    for (row, id) in found {
        let Some(charged) = charged(inner, known, api, &row, id).await? else { continue };
        let cost = Cost {
            total: Some(charged),
            lines: row.cost.lines.clone(),
            basis: Basis::Reported,
            at_most: None,
        };
        let adjusts = Some(row.id);
        let row = EntryRow { id: EntryId::new(inner.clock.id()), adjusts, cost, ..row };
        corrected += u32::from(inner.store.write(move |tx| tx.settle(&row)).await?);
    }
    if corrected > 0 {
        inner.changed(Table::Spend);
    }
    Ok(corrected)
}

/// Estimated entries that nothing adjusts, newest first, with the provider's ids of their answers.
fn estimated(
    tx: &Tx<'_>,
    api: &ChargeApi,
    provider: &ProviderId,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(EntryRow, String)>, Failure> {
    let entries = tx.entries(since, until)?;
    let adjusted: HashSet<EntryId> = entries.iter().filter_map(|entry| entry.row.adjusts).collect();
    let open = |entry: &Entry| {
        let row = &entry.row;
        row.provider == *provider && row.cost.basis == Basis::Estimated && !adjusted.contains(&row.id)
    };
    let mut found = Vec::new();
    for entry in entries.into_iter().rev().filter(open) {
        let upstream = tx.attempt(entry.row.attempt)?.and_then(|attempt| attempt.upstream);
        let id = upstream.and_then(|upstream| upstream.request_id).filter(|id| id.starts_with(api.ids));
        found.extend(id.map(|id| (entry.row, id)));
        if found.len() == MOST {
            break;
        }
    }
    Ok(found)
}

/// What one answer was charged with; `None` = it is not told (yet), or nothing, which proves nothing.
async fn charged(
    inner: &Inner,
    known: &Known,
    api: &ChargeApi,
    row: &EntryRow,
    id: String,
) -> Result<Option<PicoUsd>, Failure> {
    let key = inner.key_for(known, row.account.as_ref()).await?;
    let origin = Origin {
        base_url: known.provider.base_url.clone(),
        auth: known.provider.auth.clone(),
        provider: known.provider.id.clone(),
        extra_headers: known.provider.quirks.extra_headers.clone(),
        now: inner.clock.now(),
    };
    let mut headers = Headers::default();
    headers.push("accept", "application/json");
    let query = vec![("id".to_owned(), id)];
    let call = Call { method: Method::Get, path: api.path.to_owned(), query, headers, body: Vec::new() };
    let host = transport::origin_of(&origin.base_url)?;
    inner.note_leaving("bill", host, origin.provider.clone(), row.account.clone()).await?;
    let account = row.account.as_ref();
    let mut response = inner.send(&origin, call, key.as_ref(), account, Deadlines::default()).await?;
    if response.status != 200 {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.body.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > LIMIT {
            break;
        }
    }
    let charged = api.read(&body).map_err(|error| {
        Failure::new(
            ErrorKind::StreamMalformed,
            format!("What {} says it charged is not what it should be ({error}).", known.provider.name),
        )
    })?;
    Ok(Some(charged).filter(|charged| *charged > PicoUsd::ZERO))
}
