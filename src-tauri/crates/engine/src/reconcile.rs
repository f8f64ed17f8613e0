//! Our ledger beside the provider's own figures, day by day, and what may explain the difference.

use crate::{Engine, inner::Inner, prices::refuse, providers};
use catalog::bill::{BILLS, BillApi};
use domain::{Call, ErrorKind, Failure, Headers, Method, PicoUsd, ProviderId, Secret, Timestamp, say};
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use store::{SpendKey, SpendSum};
use transport::{Deadlines, Origin};

const DAY_MS: i64 = 86_400_000;
/// Most of one page that is read.
const PAGE_LIMIT: usize = 8 * 1024 * 1024;
/// Pages at most; a provider that names ever new ones is not followed for ever.
const MOST_PAGES: usize = 40;
/// Differences below a ten-thousandth of a dollar are rounding.
const ROUNDING: i64 = 100_000_000;

/// Why our sum of a day and the provider's may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Attempts of unknown cost are in the provider's sum and not in ours.
    Unknown(u32),
    /// Answers that broke off are in ours by our own count.
    Estimated(u32),
    /// The provider charged for more than this program sent: other programs on the same account, or tools
    /// that it bills apart.
    Elsewhere,
    /// The provider has charged less: it has not yet settled the day, gave a discount, or billed to another
    /// account.
    Unsettled,
    /// Both agree to the ten-thousandth of a dollar.
    Rounding,
}

impl Reason {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Unknown(n) => format!("{n} attempts here are of unknown cost"),
            Self::Estimated(n) => format!("{n} attempts here are estimated, since they broke off"),
            Self::Elsewhere => "more was charged than was sent from here: other programs on the account, or \
                                what the provider bills apart"
                .to_owned(),
            Self::Unsettled => {
                "less was charged than is booked here: not settled yet, a discount, a tier that is \
                                billed apart, or another account"
                    .to_owned()
            }
            Self::Rounding => "they agree".to_owned(),
        }
    }
}

/// One UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciledDay {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// What the provider says; `None` = it says nothing of this day.
    pub theirs: Option<PicoUsd>,
    /// What the ledger holds.
    pub ours: PicoUsd,
    /// Attempts of it.
    pub attempts: u32,
    /// Of those, attempts of unknown cost.
    pub unknown: u32,
    /// Theirs less ours; `None` = theirs is unknown.
    pub drift: Option<PicoUsd>,
    /// What may explain the drift.
    pub reasons: Vec<Reason>,
}

/// The last `days` UTC days up to today, oldest first. `key` is used for this one question and kept nowhere.
///
/// Errors: `request.unsupported` for a provider that tells nobody what it charged; those of the transport and
/// of the provider; `stream.malformed` for an answer that cannot be read.
pub(crate) async fn reconcile(
    inner: &Inner,
    provider: &ProviderId,
    key: &Secret,
    days: u32,
) -> Result<Vec<ReconciledDay>, Failure> {
    let api = api_of(provider)?;
    if days == 0 || days > api.most_days {
        return Err(refuse(say!(
            "{provider} tells of 1 to {most_days} days, not of {days}.",
            provider,
            most_days = api.most_days,
            days
        )));
    }
    let tomorrow = (inner.clock.now().0.div_euclid(DAY_MS) + 1) * DAY_MS;
    let (from, until) = (Timestamp(tomorrow - i64::from(days) * DAY_MS), Timestamp(tomorrow));
    let theirs = charged(inner, api, provider, key, from, until).await?;
    let starts: Vec<Timestamp> = (0..days).map(|n| Timestamp(from.0 + i64::from(n) * DAY_MS)).collect();
    let (wanted, spans) = (provider.to_string(), starts.clone());
    let ours: Vec<Option<SpendSum>> = inner
        .store
        .read(move |tx| {
            let day = |start: Timestamp| {
                let sums = tx.spend_by(SpendKey::Provider, start, Timestamp(start.0 + DAY_MS))?;
                Ok(sums.into_iter().find(|(name, _)| *name == wanted).map(|(_, sum)| sum))
            };
            spans.into_iter().map(day).collect()
        })
        .await?;
    Ok(starts.into_iter().zip(ours).map(|(start, sum)| compared(start.day(), &theirs, sum)).collect())
}

impl Engine {
    /// Does this provider tell what it charged? Errors: `request.invalid` where there is none of this name,
    /// `request.unsupported` where it tells nobody.
    pub fn tells_charges(&self, provider: &ProviderId) -> Result<(), Failure> {
        providers::known(&self.inner, provider)?;
        api_of(provider).map(|_| ())
    }
}

fn api_of(provider: &ProviderId) -> Result<&'static BillApi, Failure> {
    BillApi::of(provider.as_str()).ok_or_else(|| {
        let known: Vec<&str> = BILLS.iter().map(|api| api.provider).collect();
        Failure::new(
            ErrorKind::RequestUnsupported,
            say!(
                "{provider} does not tell what it charged. These do: {known}.",
                provider,
                known = known.join(", ")
            ),
        )
    })
}

fn compared(day: String, theirs: &BTreeMap<String, PicoUsd>, sum: Option<SpendSum>) -> ReconciledDay {
    let theirs = theirs.get(&day).copied();
    let ours = sum.as_ref().map_or(PicoUsd::ZERO, |sum| sum.amount);
    let (attempts, unknown, estimated) =
        sum.as_ref().map_or((0, 0, 0), |sum| (sum.attempts, sum.unknown, sum.estimated));
    let drift = theirs.and_then(|theirs| theirs.checked_sub(ours));
    let mut reasons = Vec::new();
    if let Some(drift) = drift {
        if drift.get().abs() < ROUNDING {
            reasons.push(Reason::Rounding);
        } else {
            if unknown > 0 && drift > PicoUsd::ZERO {
                reasons.push(Reason::Unknown(unknown));
            }
            if estimated > 0 {
                reasons.push(Reason::Estimated(estimated));
            }
            reasons.push(if drift > PicoUsd::ZERO { Reason::Elsewhere } else { Reason::Unsettled });
        }
    }
    ReconciledDay { day, theirs, ours, attempts, unknown, drift, reasons }
}

/// Every page of what the provider charged.
async fn charged(
    inner: &Inner,
    api: &BillApi,
    provider: &ProviderId,
    key: &Secret,
    from: Timestamp,
    until: Timestamp,
) -> Result<BTreeMap<String, PicoUsd>, Failure> {
    let mut days: BTreeMap<String, PicoUsd> = BTreeMap::new();
    let mut page: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let body = ask(inner, api, provider, key, api.query(from, until, page.as_deref())).await?;
        let read = api.read(&body).map_err(|error| {
            Failure::new(
                ErrorKind::StreamMalformed,
                format!("What {provider} says it charged is not what it should be ({error})."),
            )
        })?;
        for (day, amount) in read.days {
            let sum = days.entry(day).or_insert(PicoUsd::ZERO);
            *sum =
                sum.checked_add(amount).ok_or_else(|| refuse(say!("The sum is out of range.").to_owned()))?;
        }
        page = read.next;
        if page.is_none() {
            return Ok(days);
        }
    }
    Err(Failure::new(ErrorKind::StreamMalformed, format!("{provider} names ever more pages of its charges.")))
}

async fn ask(
    inner: &Inner,
    api: &BillApi,
    provider: &ProviderId,
    key: &Secret,
    query: Vec<(String, String)>,
) -> Result<Vec<u8>, Failure> {
    let registry = inner.registry();
    let known = registry
        .provider(provider)
        .ok_or_else(|| refuse(say!("There is no provider called “{provider}”.", provider)))?;
    let origin = Origin {
        base_url: known.provider.base_url.clone(),
        auth: known.provider.auth.clone(),
        provider: provider.clone(),
        extra_headers: known.provider.quirks.extra_headers.clone(),
        now: inner.clock.now(),
    };
    let mut headers = Headers::default();
    headers.push("accept", "application/json");
    if known.provider.dialect.as_str() == "anthropic-messages" {
        headers.push("anthropic-version", "2023-06-01");
    }
    let call = Call { method: Method::Get, path: api.path.to_owned(), query, headers, body: Vec::new() };
    let host = transport::origin_of(&origin.base_url)?;
    inner.note_leaving("bill", host, provider.clone(), None).await?;
    let mut response = inner.send(&origin, call, Some(key), None, Deadlines::default()).await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.body.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > PAGE_LIMIT {
            return Err(Failure::new(
                ErrorKind::StreamMalformed,
                format!("What {provider} says it charged is longer than 8 MB a page."),
            ));
        }
    }
    match response.status {
        200 => Ok(body),
        401 | 403 => Err(Failure::new(
            ErrorKind::AuthRejected,
            format!(
                "{} refused the key ({}). Its charges are told to {} only, which is made at {}.",
                known.provider.name, response.status, api.key, api.key_url
            ),
        )),
        status => Err(Failure::new(
            ErrorKind::UpstreamInternal,
            format!("{} answered with status {status}. Try again later.", known.provider.name),
        )),
    }
}
