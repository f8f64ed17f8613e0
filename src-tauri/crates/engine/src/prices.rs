//! What an endpoint costs now: the user's own price, else what a public list says, else what the program
//! brought. Every change is kept with its day, and nothing here touches what has been booked.

use crate::{
    inner::{Inner, Table},
    user_price::{self, UserPrice},
};
use catalog::feed::{self, Feed};
use domain::{
    AuthScheme, Call, Endpoint, ErrorKind, Failure, Headers, Meter, Method, ModelRef, PriceOrigin, PriceRule,
    PriceSheet, PriceSource, ProviderId, Timestamp, When, say,
};
use futures_util::StreamExt as _;
use ledger::Doubt;
use std::collections::HashMap;
use store::{PriceEvent, PriceRow, WHOLE_PROVIDER};
use transport::{Deadlines, Origin};

/// Most of a public list that is read; the largest has 8 MB.
const LIST_LIMIT: usize = 32 * 1024 * 1024;
/// Which snapshot the history knows already.
const BUNDLED: &str = "prices.bundled";
/// Entity tags of the public lists, by name.
const ETAG: &str = "prices.etag.";

/// A price with the moment it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// When.
    pub at: Timestamp,
    /// The price.
    pub sheet: PriceSheet,
    /// Why it waits, or in which currency it was given.
    pub note: Option<String>,
}

/// What stands beside the bundled price of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The user's own.
    pub user: Option<Dated>,
    /// From a public list.
    pub live: Option<Dated>,
    /// From a public list, waiting for the user's word.
    pub waiting: Option<Dated>,
    /// From a public list, with the user's word: what later ones are compared with.
    pub confirmed: Option<Dated>,
}

/// Everything that may be in force beside what the program brought.
#[derive(Clone, Debug, Default)]
pub struct PriceBook(HashMap<(ProviderId, String), Beside>);

impl PriceBook {
    /// From the history, oldest first.
    pub(crate) fn new(rows: Vec<PriceRow>) -> Self {
        let mut book: HashMap<(ProviderId, String), Beside> = HashMap::new();
        for row in rows {
            let beside = book.entry((row.provider, row.upstream_model)).or_default();
            let dated = row.sheet.map(|sheet| Dated { at: row.at, sheet, note: row.note });
            match row.event {
                PriceEvent::Bundled => {}
                PriceEvent::Live => {
                    beside.live = dated;
                    beside.waiting = None;
                }
                PriceEvent::Confirmed => {
                    beside.live.clone_from(&dated);
                    beside.confirmed = dated;
                    beside.waiting = None;
                }
                PriceEvent::Waiting => beside.waiting = dated,
                PriceEvent::Declined => beside.waiting = None,
                PriceEvent::User => beside.user = dated,
                PriceEvent::Reset => beside.user = None,
            }
        }
        book.retain(|_, beside| *beside != Beside::default());
        Self(book)
    }

    /// Nothing beside the bundled prices.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands beside one endpoint's bundled price.
    pub fn beside(&self, provider: &ProviderId, upstream_model: &str) -> Option<&Beside> {
        self.0.get(&(provider.clone(), upstream_model.to_owned()))
    }

    /// The price in force, where it is not the bundled one. A list read before the program's own snapshot
    /// was made is older news.
    pub fn in_force(&self, endpoint: &Endpoint) -> Option<&PriceSheet> {
        let own = self.beside(&endpoint.provider, &endpoint.upstream_model);
        let whole = || self.beside(&endpoint.provider, WHOLE_PROVIDER)?.user.as_ref();
        let user = own.and_then(|beside| beside.user.as_ref()).or_else(whole);
        let live = || {
            let live = &own?.live.as_ref()?.sheet;
            let bundled = endpoint.prices.as_ref().map(|sheet| sheet.source.checked.as_str());
            bundled.is_none_or(|day| live.source.checked.as_str() >= day).then_some(live)
        };
        user.map(|dated| &dated.sheet).or_else(live)
    }

    /// All of it, by provider and model.
    pub fn all(&self) -> Vec<(&ProviderId, &str, &Beside)> {
        let mut all: Vec<_> =
            self.0.iter().map(|((provider, model), beside)| (provider, model.as_str(), beside)).collect();
        all.sort_by_key(|(provider, model, _)| (provider.as_str(), *model));
        all
    }
}

/// What a refresh did with one public list.
#[derive(Debug)]
pub struct Refreshed {
    /// Name of the list.
    pub name: &'static str,
    /// What came of it.
    pub result: Result<Tally, Failure>,
}

/// Endpoints of one list by what became of their prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Tally {
    /// A new price is in force.
    pub changed: u32,
    /// A new price waits for the user's word.
    pub waiting: u32,
    /// The price is as it was.
    pub same: u32,
    /// What the list says cannot be read; the price is as it was.
    pub refused: u32,
}

/// Sets the user's own price of every endpoint a name stands for. Errors: `request.invalid` for figures
/// that are not exact decimals or for a missing prompt or completion price.
pub(crate) async fn set(inner: &Inner, wanted: &ModelRef, price: &UserPrice) -> Result<u32, Failure> {
    let now = inner.clock.now();
    let rates = user_price::rates(price)?;
    for (meter, name) in [(Meter::Input, "prompt"), (Meter::Output, "completion")] {
        if !rates.contains_key(&meter) {
            return Err(refuse(say!(
                "A price needs a figure for the {name}. Give 0 if it costs nothing.",
                name
            )));
        }
    }
    let note = price.foreign.as_ref().map(|foreign| user_price::said(price, foreign));
    let source = match &note {
        Some(note) => format!("user: {note}"),
        None => "user".to_owned(),
    };
    let source = PriceSource { origin: PriceOrigin::User, source, checked: now.day() };
    let sheet = PriceSheet { source, rules: vec![PriceRule { when: When::default(), rates }] };
    let rows: Vec<PriceRow> = endpoints(inner, wanted)?
        .into_iter()
        .map(|endpoint| PriceRow {
            at: now,
            provider: endpoint.provider,
            upstream_model: endpoint.upstream_model,
            event: PriceEvent::User,
            sheet: Some(sheet.clone()),
            note: note.clone(),
        })
        .collect();
    write(inner, rows).await
}

/// Says that an account at a provider is not billed by use (a subscription, a free tier), or takes that
/// back. Its attempts then cost a known nothing, and the ledger says why.
pub(crate) async fn set_billed(inner: &Inner, provider: &ProviderId, billed: bool) -> Result<u32, Failure> {
    if inner.registry().provider(provider).is_none() {
        return Err(refuse(say!("There is no provider called “{provider}”.", provider)));
    }
    let now = inner.clock.now();
    let row = PriceRow {
        at: now,
        provider: provider.clone(),
        upstream_model: WHOLE_PROVIDER.to_owned(),
        event: if billed { PriceEvent::Reset } else { PriceEvent::User },
        sheet: (!billed).then(|| catalog::not_billed_sheet(&now.day())),
        note: None,
    };
    write(inner, vec![row]).await
}

/// Takes the user's own price back. Gives how many there were.
pub(crate) async fn reset(inner: &Inner, wanted: &ModelRef) -> Result<u32, Failure> {
    let registry = inner.registry();
    let has_own = |endpoint: &Endpoint| {
        let beside = registry.prices().beside(&endpoint.provider, &endpoint.upstream_model);
        beside.is_some_and(|beside| beside.user.is_some())
    };
    let rows = endpoints(inner, wanted)?.into_iter().filter(has_own).map(|endpoint| PriceRow {
        at: inner.clock.now(),
        provider: endpoint.provider,
        upstream_model: endpoint.upstream_model,
        event: PriceEvent::Reset,
        sheet: None,
        note: None,
    });
    write(inner, rows.collect()).await
}

/// Confirms or declines the prices that wait, of one name or (`None`) all of them. Gives how many.
pub(crate) async fn decide(inner: &Inner, wanted: Option<&ModelRef>, accept: bool) -> Result<u32, Failure> {
    let only = wanted.map(|wanted| endpoints(inner, wanted)).transpose()?;
    let registry = inner.registry();
    let meant = |provider: &ProviderId, model: &str| {
        let named = |endpoint: &Endpoint| endpoint.provider == *provider && endpoint.upstream_model == model;
        only.as_ref().is_none_or(|only| only.iter().any(named))
    };
    let waiting = registry.prices().all().into_iter().filter(|(provider, model, _)| meant(provider, model));
    let rows = waiting.filter_map(|(provider, model, beside)| {
        let waiting = beside.waiting.as_ref()?;
        Some(PriceRow {
            at: inner.clock.now(),
            provider: provider.clone(),
            upstream_model: model.to_owned(),
            event: if accept { PriceEvent::Confirmed } else { PriceEvent::Declined },
            sheet: accept.then(|| waiting.sheet.clone()),
            note: waiting.note.clone(),
        })
    });
    write(inner, rows.collect()).await
}

/// Asks public lists for new prices, one after the other. A list that cannot be had or read changes nothing.
pub(crate) async fn refresh(inner: &Inner, feeds: &[Feed]) -> Result<Vec<Refreshed>, Failure> {
    let mut done = Vec::new();
    for feed in feeds {
        let result = one(inner, feed).await;
        done.push(Refreshed { name: feed.name, result });
    }
    inner.reload().await?;
    Ok(done)
}

async fn one(inner: &Inner, feed: &Feed) -> Result<Tally, Failure> {
    let key = format!("{ETAG}{}", feed.name);
    let asked = key.clone();
    let known = inner.store.read(move |tx| tx.setting(&asked)).await?;
    // A tag says that the list is as it was; whether it would be read as it was hangs on this program too.
    let reader = format!("{} {} ", env!("CARGO_PKG_VERSION"), inner.catalog.data_date());
    let known = known.and_then(|known| known.strip_prefix(&reader).map(str::to_owned));
    let Some((body, etag)) = fetch(inner, feed, known).await? else { return Ok(Tally::default()) };
    let etag = etag.map(|tag| reader + &tag);
    let now = inner.clock.now();
    let base = &inner.catalog;
    let quotes = feed::read(feed, &body, base, &now.day()).map_err(|error| {
        Failure::new(
            ErrorKind::StreamMalformed,
            say!(
                "The price list of {name} is not what it should be ({error}). All prices stay as they were.",
                name = feed.name,
                error
            ),
        )
    })?;
    let book = PriceBook::new(inner.store.read(|tx| tx.price_changes()).await?);
    let mut tally = Tally { refused: count(quotes.refused.len()), ..Tally::default() };
    let mut rows = Vec::new();
    for quote in quotes.quotes {
        let beside = book.beside(&quote.provider, &quote.upstream_model).cloned().unwrap_or_default();
        let bundled =
            base.endpoint(quote.provider.as_str(), &quote.upstream_model).and_then(|e| e.prices.as_ref());
        let event = match judge(bundled, &beside, &quote.sheet, now) {
            None => {
                tally.same += 1;
                continue;
            }
            Some(None) => PriceEvent::Live,
            Some(Some(doubt)) => {
                rows.push(quoted(now, quote, PriceEvent::Waiting, Some(doubt.as_str().to_owned())));
                tally.waiting += 1;
                continue;
            }
        };
        tally.changed += 1;
        rows.push(quoted(now, quote, event, None));
    }
    inner
        .store
        .write(move |tx| {
            for row in &rows {
                tx.add_price(row)?;
            }
            tx.set_setting(&key, etag.as_deref())
        })
        .await?;
    Ok(tally)
}

fn quoted(at: Timestamp, quote: feed::Quote, event: PriceEvent, note: Option<String>) -> PriceRow {
    let feed::Quote { provider, upstream_model, sheet } = quote;
    PriceRow { at, provider, upstream_model, event, sheet: Some(sheet), note }
}

/// `None`: nothing new. Else new, and what speaks against it. It is compared with what the program brought
/// or the user confirmed, never with what a list said last: many small steps must not lead anywhere.
fn judge(
    bundled: Option<&PriceSheet>,
    beside: &Beside,
    new: &PriceSheet,
    now: Timestamp,
) -> Option<Option<Doubt>> {
    let is_said = |old: &Dated| old.sheet.rules == new.rules;
    if beside.waiting.as_ref().is_some_and(is_said) {
        return None;
    }
    let current = beside.live.as_ref().map(|live| &live.sheet).or(bundled);
    if current.is_some_and(|current| current.rules == new.rules) && beside.waiting.is_none() {
        return None;
    }
    let confirmed = beside.confirmed.as_ref().map(|dated| &dated.sheet);
    Some(ledger::doubt(confirmed.or(bundled), new, now))
}

/// The list's bytes with its entity tag; `None` = unchanged since the tag that is known.
async fn fetch(
    inner: &Inner,
    feed: &Feed,
    known: Option<String>,
) -> Result<Option<(Vec<u8>, Option<String>)>, Failure> {
    let origin = Origin {
        base_url: feed.base_url.to_owned(),
        auth: AuthScheme::None,
        provider: ProviderId::from("price-list"),
        extra_headers: Vec::new(),
        now: inner.clock.now(),
    };
    let mut headers = Headers::default();
    headers.push("accept", "application/json");
    if let Some(tag) = known.filter(|tag| tag.len() <= 200 && !tag.chars().any(char::is_control)) {
        headers.push("if-none-match", tag);
    }
    let call = Call {
        method: Method::Get,
        path: feed.path.to_owned(),
        query: Vec::new(),
        headers,
        body: Vec::new(),
    };
    let host = transport::origin_of(&origin.base_url)?;
    inner.note_leaving("prices", host, origin.provider.clone(), None).await?;
    let mut response = inner.transport.send(&origin, call, None, Deadlines::default()).await?;
    if response.status == 304 {
        return Ok(None);
    }
    if response.status != 200 {
        return Err(Failure::new(
            ErrorKind::UpstreamInternal,
            say!(
                "{name} answered with status {status}. All prices stay as they were; try again later.",
                name = feed.name,
                status = response.status
            ),
        ));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.body.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > LIST_LIMIT {
            return Err(Failure::new(
                ErrorKind::StreamMalformed,
                say!(
                    "The price list of {name} is longer than 32 MB. All prices stay as they were.",
                    name = feed.name
                ),
            ));
        }
    }
    Ok(Some((body, response.headers.get("etag").map(str::to_owned))))
}

/// Keeps what this program brought in the history, once a snapshot.
pub(crate) async fn note_bundled(inner: &Inner) -> Result<usize, Failure> {
    let snapshot = format!("{} {}", inner.catalog.data_date(), env!("CARGO_PKG_VERSION"));
    if inner.store.read(|tx| tx.setting(BUNDLED)).await?.as_deref() == Some(snapshot.as_str()) {
        return Ok(0);
    }
    let at = inner.clock.now();
    let listed = inner.catalog.all_endpoints();
    let rows: Vec<PriceRow> = listed
        .filter(|endpoint| endpoint.prices.as_ref().is_some_and(|p| p.source.origin == PriceOrigin::Bundled))
        .map(|endpoint| PriceRow {
            at,
            provider: endpoint.provider.clone(),
            upstream_model: endpoint.upstream_model.clone(),
            event: PriceEvent::Bundled,
            sheet: endpoint.prices.clone(),
            note: None,
        })
        .collect();
    inner
        .store
        .write(move |tx| {
            let added = tx.add_bundled_prices(&rows)?;
            tx.set_setting(BUNDLED, Some(&snapshot))?;
            Ok(added)
        })
        .await
}

async fn write(inner: &Inner, rows: Vec<PriceRow>) -> Result<u32, Failure> {
    let added = count(rows.len());
    inner
        .store
        .write(move |tx| {
            for row in &rows {
                tx.add_price(row)?;
            }
            Ok(())
        })
        .await?;
    inner.reload().await?;
    inner.changed(Table::Models);
    Ok(added)
}

/// Endpoints a name stands for: `MODEL` every one of it, `MODEL@PROVIDER` one.
fn endpoints(inner: &Inner, wanted: &ModelRef) -> Result<Vec<Endpoint>, Failure> {
    inner.registry().resolve(wanted)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub(crate) fn refuse(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why)
}
