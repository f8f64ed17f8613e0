//! What providers say they charged, by UTC day: where to ask, and how to read the answer.
//!
//! Only figures and days are taken from an answer. The forms are those the providers document; the days of
//! their documents are with each.

use crate::{
    CatalogError,
    feed::node::{Node, decimal},
    snapshot::bad,
};
use domain::{PicoUsd, Timestamp};
use std::collections::BTreeMap;

/// Pico-dollars are twelve decimals behind the dollar, ten behind the cent.
const DOLLARS: u32 = 12;
const CENTS: u32 = 10;

/// An interface that tells an account what it was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillApi {
    /// Whose.
    pub provider: &'static str,
    /// Path behind the provider's address.
    pub path: &'static str,
    /// Which key it takes; ordinary ones are refused.
    pub key: &'static str,
    /// Where such a key is made.
    pub key_url: &'static str,
    /// Days at most in one look back.
    pub most_days: u32,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `GET /organization/costs`, as documented on 2026-11-21.
    OpenAi,
    /// `GET /v1/organizations/cost_report`, amounts in cents and fractions of them, without what the Priority
    /// Tier costs; as documented on 2026-11-21.
    Anthropic,
    /// `GET /activity`, the last thirty finished days, as documented on 2026-11-21.
    OpenRouter,
}

/// Every provider whose charges can be read.
pub const BILLS: &[BillApi] = &[
    BillApi {
        provider: "openai",
        path: "/organization/costs",
        key: "an admin key",
        key_url: "https://platform.openai.com/settings/organization/admin-keys",
        most_days: 180,
        form: Form::OpenAi,
    },
    BillApi {
        provider: "anthropic",
        path: "/v1/organizations/cost_report",
        key: "an organization's Admin API key",
        key_url: "https://console.anthropic.com/settings/admin-keys",
        most_days: 180,
        form: Form::Anthropic,
    },
    BillApi {
        provider: "openrouter",
        path: "/activity",
        key: "a management key",
        key_url: "https://openrouter.ai/settings/management-keys",
        most_days: 30,
        form: Form::OpenRouter,
    },
];

/// An interface that tells what one answer was charged with, to the key that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeApi {
    /// Whose.
    pub provider: &'static str,
    /// Path behind the provider's address; the answer's id is the query `id`.
    pub path: &'static str,
    /// How such ids begin.
    pub ids: &'static str,
}

/// Every provider that tells it. OpenRouter's `GET /generation` (its API reference, as known, not re-read).
pub const CHARGES: &[ChargeApi] = &[ChargeApi { provider: "openrouter", path: "/generation", ids: "gen-" }];

impl ChargeApi {
    /// The interface of a provider, if it has one.
    pub fn of(provider: &str) -> Option<&'static Self> {
        CHARGES.iter().find(|api| api.provider == provider)
    }

    /// Reads an answer.
    pub fn read(&self, body: &[u8]) -> Result<PicoUsd, CatalogError> {
        let total = |root: Node<'_>| {
            let data = root.get("data")?.ok_or("it has no data")?;
            dollars(data.get("total_cost")?, DOLLARS)
        };
        let text = std::str::from_utf8(body).map_err(|error| error.to_string());
        text.and_then(Node::parse).and_then(total).map_err(|reason| bad(self.provider, reason))
    }
}

/// One page of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BillPage {
    /// UTC day, `YYYY-MM-DD` → what was charged for it.
    pub days: BTreeMap<String, PicoUsd>,
    /// What to ask for next; `None` = this was the last page.
    pub next: Option<String>,
}

impl BillApi {
    /// The interface of a provider, if it has one.
    pub fn of(provider: &str) -> Option<&'static Self> {
        BILLS.iter().find(|api| api.provider == provider)
    }

    /// The query for the UTC days in `[from, until)`.
    pub fn query(&self, from: Timestamp, until: Timestamp, page: Option<&str>) -> Vec<(String, String)> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let seconds = |at: Timestamp| at.0.div_euclid(1_000).to_string();
        let mut query = match self.form {
            Form::OpenAi => vec![
                pair("start_time", seconds(from)),
                pair("end_time", seconds(until)),
                pair("bucket_width", "1d".to_owned()),
                pair("limit", "180".to_owned()),
            ],
            Form::Anthropic => vec![
                pair("starting_at", format!("{}T00:00:00Z", from.day())),
                pair("ending_at", format!("{}T00:00:00Z", until.day())),
                pair("bucket_width", "1d".to_owned()),
                pair("limit", "31".to_owned()),
            ],
            // It knows no span; it gives what it has.
            Form::OpenRouter => Vec::new(),
        };
        query.extend(page.map(|page| pair("page", page.to_owned())));
        query
    }

    /// Reads an answer. An error means that a figure in it is not what it should be; a sum without it would
    /// be too small, so there is none.
    pub fn read(&self, body: &[u8]) -> Result<BillPage, CatalogError> {
        let read = std::str::from_utf8(body)
            .map_err(|error| error.to_string())
            .and_then(Node::parse)
            .and_then(|root| self.page(root));
        read.map_err(|reason| bad(self.provider, reason))
    }

    fn page(&self, root: Node<'_>) -> Result<BillPage, String> {
        let data = root.get("data")?.ok_or("it has no data")?;
        if !data.is_list() {
            return Err("its data is no list".to_owned());
        }
        let mut page = BillPage::default();
        for bucket in data.items()? {
            match self.form {
                Form::OpenRouter => {
                    let day = day_of(&bucket.text_of("date")?.ok_or("a line names no day")?)?;
                    add(&mut page, day, dollars(bucket.get("usage")?, DOLLARS)?)?;
                }
                Form::OpenAi => {
                    let start = bucket.count("start_time")?.and_then(|s| i64::try_from(s).ok());
                    let start = start.and_then(|s| s.checked_mul(1_000)).ok_or("a day names no start")?;
                    let day = Timestamp(start).day();
                    add(&mut page, day.clone(), PicoUsd::ZERO)?;
                    let results = bucket.get("results")?.or(bucket.get("result")?);
                    for result in results.ok_or("a day has no results")?.items()? {
                        let amount = result.get("amount")?.ok_or("a result names no amount")?;
                        in_dollars(amount)?;
                        add(&mut page, day.clone(), dollars(amount.get("value")?, DOLLARS)?)?;
                    }
                }
                Form::Anthropic => {
                    let day = day_of(&bucket.text_of("starting_at")?.ok_or("a day names no start")?)?;
                    add(&mut page, day.clone(), PicoUsd::ZERO)?;
                    for result in bucket.get("results")?.ok_or("a day has no results")?.items()? {
                        in_dollars(result)?;
                        add(&mut page, day.clone(), dollars(result.get("amount")?, CENTS)?)?;
                    }
                }
            }
        }
        page.next = root.text_of("next_page")?.filter(|next| !next.is_empty());
        Ok(page)
    }
}

fn add(page: &mut BillPage, day: String, amount: PicoUsd) -> Result<(), String> {
    let sum = page.days.entry(day).or_insert(PicoUsd::ZERO);
    *sum = sum.checked_add(amount).ok_or("its sum is out of range")?;
    Ok(())
}

/// Sums of different currencies are no sum.
fn in_dollars(node: Node<'_>) -> Result<(), String> {
    match node.text_of("currency")? {
        Some(currency) if !currency.eq_ignore_ascii_case("usd") => Err("it is not in US dollars".to_owned()),
        _ => Ok(()),
    }
}

/// The first ten letters of a moment, where they are a day.
fn day_of(moment: &str) -> Result<String, String> {
    let day = moment.get(..10).filter(|day| {
        day.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() })
    });
    day.map(str::to_owned).ok_or_else(|| "a day is not of the calendar".to_owned())
}

/// An amount with so many places to the pico-dollar; what is behind those is cut off.
fn dollars(node: Option<Node<'_>>, places: u32) -> Result<PicoUsd, String> {
    let digits = node.and_then(Node::digits).ok_or("an amount is no number")?;
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((&digits, "0"));
    let shift: i64 = exponent.parse().map_err(|_| "an amount is no number")?;
    let kept = usize::try_from((i64::from(places) + shift).clamp(0, 64)).unwrap_or(0);
    let short = match mantissa.split_once('.') {
        Some((whole, fraction)) => format!("{whole}.{}", fraction.get(..kept).unwrap_or(fraction)),
        None => mantissa.to_owned(),
    };
    let plain = format!("{}e{shift}", short.trim_end_matches('.'));
    decimal(&plain, places).map(PicoUsd::new).map_err(|why| format!("an amount is {why}"))
}
