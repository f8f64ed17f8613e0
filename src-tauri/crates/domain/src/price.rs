//! Dated prices and what an attempt cost by them.

use crate::PicoUsd;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is counted. Token meters are disjoint: an input token is on exactly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Prompt tokens that no other input meter takes.
    Input,
    /// Prompt tokens read from a cache. Falls back to `Input`.
    InputCacheRead,
    /// Prompt tokens written to a cache (5 min or unspecified). Falls back to `Input`.
    #[serde(rename = "input_cache_write_5m")]
    InputCacheWrite5m,
    /// Prompt tokens written to a cache for 1 h. Falls back to the 5 min rate.
    #[serde(rename = "input_cache_write_1h")]
    InputCacheWrite1h,
    /// Image tokens of the prompt. Falls back to `Input`.
    InputImage,
    /// Audio tokens of the prompt. Falls back to `Input`.
    InputAudio,
    /// Completion tokens that no other output meter takes.
    Output,
    /// Reasoning tokens. Falls back to `Output`.
    OutputReasoning,
    /// Image tokens of the completion. Falls back to `Output`.
    OutputImage,
    /// Audio tokens of the completion. Falls back to `Output`.
    OutputAudio,
    /// One request.
    Request,
    /// One server-side web search.
    WebSearch,
}

/// When a rule applies. Every condition given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Prompt tokens, cached ones included, strictly above this. A cliff: the whole request re-prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_gt: Option<u64>,
    /// From this day on, `YYYY-MM-DD`, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this day, `YYYY-MM-DD`, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Minutes of the UTC day, `[start, end)`; wraps past midnight when start > end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc: Option<(u16, u16)>,
    /// Days of the UTC week, 1 = Monday … 7 = Sunday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Vec<u8>>,
    /// The tier that served the request, in the provider's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
}

/// Rates under a condition; each names pico-dollars per one unit of its meter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PriceRule {
    /// Condition; empty = always.
    #[serde(default)]
    pub when: When,
    /// Rates that replace, key by key, those of the rules before.
    pub rates: BTreeMap<Meter, PicoUsd>,
}

/// Where a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PriceOrigin {
    /// The snapshot in the program.
    Bundled,
    /// A refresh at run time.
    Live,
    /// The user's own figure.
    User,
    /// A model on this machine costs nothing per token.
    Local,
    /// A built-in demo model costs nothing.
    Demo,
    /// The user says that this account is not billed by use: a subscription, a free tier.
    NotBilled,
}

/// Origin with evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PriceSource {
    /// What sort.
    pub origin: PriceOrigin,
    /// Address or package of the source.
    pub source: String,
    /// Day of the data, `YYYY-MM-DD`.
    pub checked: String,
}

/// All that is known of an endpoint's price at a moment. Rules apply in order, later ones override.
/// A sheet is remembered with every attempt it priced, so history is never re-priced.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PriceSheet {
    /// Source and date.
    pub source: PriceSource,
    /// Ordered rules.
    pub rules: Vec<PriceRule>,
}

/// How a cost was arrived at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The provider said what it charged.
    Reported,
    /// Reported usage times a known price.
    Computed,
    /// Estimated usage times a known price.
    Estimated,
    /// Usage or price is missing. The total is `None`, never zero.
    Unknown,
}

impl Basis {
    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Computed => "computed",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CostLine {
    /// What was counted.
    pub meter: Meter,
    /// How many.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub units: u64,
    /// Per unit.
    pub rate: PicoUsd,
    /// `units × rate`, exactly.
    pub amount: PicoUsd,
}

/// What one attempt cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Cost {
    /// The amount; `None` = unknown.
    pub total: Option<PicoUsd>,
    /// Our own computation, line by line. With basis `Reported` its sum may differ from `total`.
    pub lines: Vec<CostLine>,
    /// How the total was arrived at.
    pub basis: Basis,
    /// The most it may turn out to be, where an answer broke off: the total counts what was seen, and more may be
    /// billed than that. Budgets reckon with it. `None` = the total is all there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(skip))]
    pub at_most: Option<PicoUsd>,
}

impl Cost {
    /// A known amount.
    pub const fn known(total: PicoUsd) -> Self {
        Self { total: Some(total), lines: Vec::new(), basis: Basis::Computed, at_most: None }
    }

    /// Usage or price is missing.
    pub const fn unknown() -> Self {
        Self { total: None, lines: Vec::new(), basis: Basis::Unknown, at_most: None }
    }
}
