//! What one attempt consumed. Counts are normalised once, by the dialect, and never again.

use crate::PicoUsd;
use serde::{Deserialize, Serialize};

/// Prompt side, in tokens. Invariant (tested per dialect): the parts are contained in `total`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct InputUsage {
    /// Every prompt token, cached ones included (OpenTelemetry `gen_ai.usage.input_tokens`).
    pub total: Option<u64>,
    /// Read from the provider's prompt cache.
    pub cache_read: Option<u64>,
    /// Written to the cache at the short (5 minute or unspecified) lifetime.
    pub cache_write_5m: Option<u64>,
    /// Written to the cache at the 1 hour lifetime.
    pub cache_write_1h: Option<u64>,
    /// Image tokens.
    pub image: Option<u64>,
    /// Audio tokens.
    pub audio: Option<u64>,
}

/// Completion side, in tokens. Invariant: the parts are contained in `total`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct OutputUsage {
    /// Every generated token, reasoning included.
    pub total: Option<u64>,
    /// Reasoning tokens.
    pub reasoning: Option<u64>,
    /// Audio tokens.
    pub audio: Option<u64>,
    /// Image tokens.
    pub image: Option<u64>,
}

/// Who counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider.
    #[default]
    Reported,
    /// We did, because the provider did not say (e.g. the stream was cancelled).
    Estimated,
}

/// What a provider bills, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledTokens {
    /// Of the prompt.
    pub input: u64,
    /// Of the completion.
    pub output: u64,
}

/// A snapshot of an attempt's usage: a later one replaces an earlier one, never adds to it.
/// `None` means "not said", which is not zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Usage {
    /// Prompt side.
    pub input: InputUsage,
    /// Completion side.
    pub output: OutputUsage,
    /// Server-side web searches.
    pub web_searches: Option<u64>,
    /// Tokens in the provider's total that none of its parts explains. Marked, never billed.
    pub unexplained: Option<u64>,
    /// Tokens the provider bills, where it counts more than it bills (Cohere's `billed_units`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(skip))]
    pub billed: Option<BilledTokens>,
    /// What the provider says it charged for this request.
    pub reported_cost: Option<PicoUsd>,
    /// The processing tier that served the request, in the provider's word (`flex`, `priority` …).
    pub service_tier: Option<String>,
    /// Who counted.
    pub source: UsageSource,
    /// The provider's own usage object, verbatim JSON, kept so that a later reading can be checked.
    pub raw: Option<String>,
}

impl InputUsage {
    /// Cache writes of every lifetime; `None` when the provider said nothing of either.
    pub fn cache_write(&self) -> Option<u64> {
        match (self.cache_write_5m, self.cache_write_1h) {
            (None, None) => None,
            (short, long) => Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0))),
        }
    }
}

impl Usage {
    /// True when nothing at all was counted.
    pub fn is_silent(&self) -> bool {
        self.input.total.is_none() && self.output.total.is_none() && self.reported_cost.is_none()
    }
}
