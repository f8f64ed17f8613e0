//! Settings → Providers and keys, and what is found on this machine.

use super::{ModelRow, SpendFigure};
use domain::{AccountLabel, DataPolicy, Millis, PicoUsd, ProviderId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A row of Settings → Providers and keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProviderRow {
    /// Id.
    pub id: ProviderId,
    /// Display name.
    pub name: String,
    /// Dialect id.
    pub dialect: String,
    /// Address.
    pub base_url: String,
    /// Cannot work without a key.
    pub needs_key: bool,
    /// A key can be given.
    pub takes_key: bool,
    /// The keys it is asked with, in order; the one of the environment first.
    pub keys: Vec<KeyRow>,
    /// Result of the newest test of its first key, or without a key.
    pub tested: Option<KeyTest>,
    /// Promises about data.
    pub data_policy: DataPolicy,
    /// Models that can be asked there: those of the catalogue and those only it lists itself.
    pub models: u32,
    /// When its own list of models was last read; `None` = never.
    pub listed_at: Option<Timestamp>,
    /// It has such a list.
    pub has_list: bool,
    /// How its key is entered.
    pub key_form: KeyForm,
    /// This month.
    pub spend: SpendFigure,
    /// Runs on this machine.
    pub local: bool,
    /// Added by the user.
    pub custom: bool,
    /// No recording of real traffic backs this entry.
    pub unverified: bool,
    /// Page where a key is made.
    pub keys_url: Option<String>,
    /// What of the user's account its address takes, in the order in which it is asked for; empty = one
    /// address for everybody.
    pub fields: Vec<FieldRow>,
}

/// Something of the user's account that stands in a provider's address. Never secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FieldRow {
    /// Name, as commands take it.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// One sentence: what it is and where it is found.
    pub help: String,
    /// What the user gave; `None` = nothing.
    pub value: Option<String>,
    /// Taken where nothing is given.
    pub default: Option<String>,
    /// A value as it may look.
    pub example: Option<String>,
    /// The only values there are; empty = any.
    pub choices: Vec<String>,
    /// The provider cannot be asked until it is given.
    pub missing: bool,
}

/// Sets fields of a provider's address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetFields {
    /// Provider.
    pub id: ProviderId,
    /// Values by name; an empty one forgets. Fields that are not named stay.
    pub values: BTreeMap<String, String>,
}

/// A key of a provider, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct KeyRow {
    /// What the user calls it; `default` when it was given no label.
    pub label: AccountLabel,
    /// `keychain`, `session` (lives only until the program ends) or `environment` (cannot be changed here).
    pub source: String,
    /// Its last four characters; `None` = unknown here, or too short to show any.
    pub last_four: Option<String>,
    /// Result of its newest test.
    pub tested: Option<KeyTest>,
}

/// Result of a key test; costs nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct KeyTest {
    /// `valid`, `rejected`, `no_credit`, `no_permission`, `unreachable`, `unknown`.
    pub result: String,
    /// What it means and what to do.
    pub message: String,
    /// When.
    pub at: Timestamp,
    /// Models the provider lists.
    pub models: Option<u32>,
    /// How long it took.
    pub took: Millis,
}

/// Stores a key. The only command that carries one; nothing ever returns one.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetKey {
    /// Which provider; `None` = recognise it by the key's beginning.
    pub provider: Option<ProviderId>,
    /// Under which label; `None` = the key without one.
    #[serde(default)]
    pub label: Option<AccountLabel>,
    /// The key.
    pub key: String,
}

/// A provider of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AddProvider {
    /// Id, lower case letters, digits and dashes.
    pub id: String,
    /// Dialect id.
    pub dialect: String,
    /// Address to which the dialect's path is appended.
    pub base_url: String,
    /// It runs on this machine and costs nothing. Only for an address on this machine.
    #[serde(default)]
    pub local: bool,
}

/// What can be asked at a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProviderModels {
    /// Models of the catalogue first, then those only the provider lists.
    pub rows: Vec<ProviderModel>,
    /// When its own list was last read; `None` = never.
    pub listed_at: Option<Timestamp>,
}

/// What a key looks like where it is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum KeyForm {
    /// One word.
    Word,
    /// One word, or access keys of AWS in one of several forms, of several lines even.
    AccessKeys,
    /// The file of a service account of Google or of a user's own login, or a token.
    ServiceAccount,
}

/// A model as one provider serves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProviderModel {
    /// What to put into a lane.
    pub reference: domain::ModelRef,
    /// Display name.
    pub name: String,
    /// The provider's own id of it.
    pub upstream_model: String,
    /// Tokens.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub context_length: Option<u64>,
    /// Dollars per million prompt tokens there; `None` = unknown.
    pub price_input: Option<PicoUsd>,
    /// Dollars per million completion tokens there.
    pub price_output: Option<PicoUsd>,
    /// The catalogue knows it there.
    pub catalogued: bool,
    /// Stands in the provider's own list; `None` = that list was not read.
    pub listed: Option<bool>,
}

/// A server found on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LocalServer {
    /// Provider id it is stored under.
    pub provider: ProviderId,
    /// Display name.
    pub name: String,
    /// `host:port`
    pub address: String,
    /// Models it lists, ready to be put into a line-up.
    pub models: Vec<ModelRow>,
    /// Its models are offered.
    pub enabled: bool,
}

/// Names a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProviderRef {
    /// Id.
    pub id: ProviderId,
}

/// Names a key of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct KeyRef {
    /// Whose key.
    pub id: ProviderId,
    /// Which; `None` = for a test the first one, else the key without a label.
    #[serde(default)]
    pub label: Option<AccountLabel>,
}

/// The order in which the keys of a provider are asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct KeyOrder {
    /// Whose keys.
    pub id: ProviderId,
    /// Labels, first to last; keys not named follow in the order they had.
    pub labels: Vec<AccountLabel>,
}

/// Switches a local server's models on or off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EnableLocal {
    /// Provider.
    pub provider: ProviderId,
    /// Offered.
    pub enabled: bool,
}
