//! Providers and what each serves. All of it is data: adding a provider is adding a file.

use crate::{DialectId, Effort, EndpointId, ModelSlug, PriceSheet, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a request proves who pays. The key itself is never here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum AuthScheme {
    /// `Authorization: Bearer <key>`
    #[default]
    Bearer,
    /// `<name>: <key>`
    Header {
        /// Header name, e.g. `x-api-key`.
        name: String,
    },
    /// AWS: an API key as a bearer token, or access keys, with which each request is signed.
    Aws {
        /// Service in the signature, e.g. `bedrock`.
        service: String,
        /// Region in the signature; a field of the account in braces, empty where it is not known.
        region: String,
    },
    /// Google: a service account or a user's login, exchanged for an access token; any other key is sent as
    /// a bearer token.
    Google {
        /// The one place where a key is proved.
        token_url: String,
        /// What the token is for.
        scope: String,
    },
    /// No key is needed (local servers, demo). A key that is stored is still sent as a bearer token.
    None,
}

/// What a provider promises about the data sent to it; `None` = nothing found, not "no".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct DataPolicy {
    /// May train on what is sent through its API.
    pub trains: Option<bool>,
    /// Days it keeps prompts.
    pub retention_days: Option<u32>,
    /// Zero data retention can be had.
    pub zdr: Option<bool>,
    /// The one region in which prompts are read and kept, e.g. `eu`, `cn`; `None` = several, or nothing found.
    pub region: Option<String>,
    /// Where it says so.
    pub source: Option<String>,
    /// When that was read, `YYYY-MM-DD`.
    pub checked: Option<String>,
}

/// Whether a stream reports its usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// Only when asked by `stream_options.include_usage`.
    #[default]
    Ask,
    /// Always; asking may be an error.
    Always,
}

/// Every departure of a provider from its dialect that an encoder or decoder needs, as data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Name of the field that limits the answer's length, where it is not the dialect's own.
    pub max_tokens_field: Option<String>,
    /// Name of the field with the sampling seed, where it is not the dialect's own.
    pub seed_field: Option<String>,
    /// Role of the system prompt, where it is not `system`.
    pub system_role: Option<String>,
    /// Parts of the upstream ids of models that take the system's messages at any place, an empty one for all of them. To
    /// others what the system says later goes in the user's turn: many templates of open models refuse it or put it first.
    pub late_system: Vec<String>,
    /// Whether to ask for usage in a stream.
    pub stream_usage: StreamUsage,
    /// JSON pointers to usage objects, tried after the dialect's own places.
    pub usage_paths: Vec<String>,
    /// Request parameters the provider rejects; dropped with a notice.
    pub drop_params: Vec<String>,
    /// Request parameters it documents beyond its dialect's own; nobody else is sent them.
    pub take_params: Vec<String>,
    /// Fixed headers, e.g. API versions.
    pub extra_headers: Vec<(String, String)>,
    /// Path of one streaming call, where it is not the dialect's own. `{model}` is replaced.
    pub path: Option<String>,
    /// Closing the connection ends the bill. `None` = unknown.
    pub cancel_stops_billing: Option<bool>,
    /// Parts of the upstream ids of models that take a reasoning effort and reject a budget in tokens.
    pub effort_models: Vec<String>,
    /// How models are told whether and how much to reason, and what of it they take; the first that fits counts.
    /// None = an effort, as OpenAI's are.
    pub reasoning: Vec<ReasoningForm>,
    /// Parts of the upstream ids of models that reject earlier answers without reasoning: an empty one is sent.
    pub wants_reasoning: Vec<String>,
    /// Its list names what could be had, not what is there (deployments have names of their own): it tests a key,
    /// and nothing is offered by it.
    pub list_only_tests: bool,
    /// Parts of the upstream ids of models that refuse to be told how many tools an answer may call.
    pub untold_calls: Vec<String>,
    /// No tool can be demanded, only offered.
    pub tools_by_choice: bool,
    /// Ids of tool calls have exactly so many letters and digits.
    pub tool_id_length: Option<usize>,
    /// Parts of the upstream ids of models that want an answer between what tools gave and what the user says next, an
    /// empty one for all of them.
    pub answer_after_tools: Vec<String>,
    /// Most sequences that end an answer; more are refused.
    pub most_stops: Option<usize>,
    /// A document travels in a part named `document_url`, as a picture does in `image_url`.
    pub document_url: bool,
    /// Fields every request has besides.
    pub body: BTreeMap<String, serde_json::Value>,
    /// Forms of its models, for a dialect that carries several; the first that fits counts.
    pub forms: Vec<ModelForm>,
    /// Dialects in which its models answer besides their own: a request that came in one of them goes on as it came.
    pub also: Vec<AlsoSpoken>,
    /// What models are called in the user's account, by their upstream ids, where that is another name.
    pub deployments: BTreeMap<String, String>,
}

/// How some of a provider's models are told to reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReasoningForm {
    /// Parts of the upstream ids it is for; empty = every other model.
    pub models: Vec<String>,
    /// The field that turns it on and off.
    pub switch: Option<ReasoningSwitch>,
    /// Efforts it takes; empty = none. `None` = all.
    pub efforts: Option<Vec<Effort>>,
    /// Its word for any effort but none, where it knows no other.
    pub on: Option<String>,
    /// Field of a limit in tokens.
    pub budget: Option<String>,
    /// Least and most tokens of a limit.
    pub budgets: Option<(u64, u64)>,
    /// It cannot be told not to reason.
    pub always: bool,
}

/// A field that turns reasoning on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningSwitch {
    /// `thinking: {"type": "enabled" | "disabled"}`
    Thinking,
    /// `thinking: {"type": "adaptive" | "disabled"}`
    AdaptiveThinking,
    /// `enable_thinking: true | false`
    EnableThinking,
    /// `reasoning: {"enabled": true | false}`
    Enabled,
    /// `reasoning: {"effort": …}` or `{"max_tokens": …}`, which says everything.
    Reasoning,
}

/// The form in which a provider of several dialects serves some of its models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelForm {
    /// Parts of the upstream ids it is for; empty = every other model.
    #[serde(default)]
    pub models: Vec<String>,
    /// The dialect of request and answer.
    pub dialect: DialectId,
    /// Path of a streaming call; `{model}` is replaced.
    #[serde(default)]
    pub path: Option<String>,
    /// Fields of the body that are added.
    #[serde(default)]
    pub body: BTreeMap<String, String>,
    /// Fields of the body that are left out: they stand in the path.
    #[serde(default)]
    pub omit: Vec<String>,
}

/// A dialect in which a provider's models answer besides their own, at its own path behind the same address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlsoSpoken {
    /// The dialect.
    pub dialect: DialectId,
    /// Parts of the upstream ids of models that do not.
    #[serde(default)]
    pub except: Vec<String>,
}

/// Something of the user's own account that a provider's address or signature needs: a region, a project,
/// a resource. Never secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountField {
    /// Name between braces in an address, lower case.
    pub name: String,
    /// What it is called where it is asked for.
    pub label: String,
    /// One sentence: what it is and where it is found.
    pub help: String,
    /// A value as it may look.
    #[serde(default)]
    pub example: Option<String>,
    /// Taken where nothing is given.
    #[serde(default)]
    pub default: Option<String>,
    /// The only values there are; empty = any.
    #[serde(default)]
    pub choices: Vec<String>,
    /// A value is a host name that ends in one of these; empty = it is no host name.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// It says what models are called in the account: `model=name, model=name`.
    #[serde(default)]
    pub names_models: bool,
    /// Keys are made for one value of it: the key of one is not sent to another.
    #[serde(default)]
    pub binds_key: bool,
}

/// Another address of a provider, for some values of its account's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressForm {
    /// Fields and the values they have.
    pub when: BTreeMap<String, String>,
    /// Instead of the provider's own.
    pub base_url: String,
    /// Instead of the path in the provider's quirks.
    #[serde(default)]
    pub path: Option<String>,
    /// Instead of the provider's own.
    #[serde(default)]
    pub models_path: Option<String>,
}

/// What a provider's address takes from the user's account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// What can be given, in the order in which it is asked for.
    pub fields: Vec<AccountField>,
    /// Other addresses; the first that fits stands before the provider's own.
    pub forms: Vec<AddressForm>,
}

/// A free call that tells whether a key is good, for providers whose list of models does not: they have none,
/// or it is open to everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCheck {
    /// Path appended to the base URL. `/..` leads out of it, on the same host.
    pub path: String,
    /// JSON text to post; without it the path is read.
    #[serde(default)]
    pub body: Option<String>,
    /// JSON pointer to what says whether there is credit: `false`, or a number of 0 or less, says no.
    #[serde(default)]
    pub credit: Option<String>,
}

/// A company or program that serves models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Id, lower case, as in OpenRouter's and models.dev's lists.
    pub id: ProviderId,
    /// Display name.
    pub name: String,
    /// What it speaks.
    pub dialect: DialectId,
    /// `scheme://host[:port][/path]`, without a trailing slash; the dialect's path is appended. Names in
    /// braces are fields of the user's account.
    pub base_url: String,
    /// What the address takes from the user's account.
    #[serde(default)]
    pub account: Account,
    /// How keys travel.
    pub auth: AuthScheme,
    /// Departures from the dialect.
    pub quirks: Quirks,
    /// Path of the model list, for key tests and discovery.
    pub models_path: Option<String>,
    /// What tests a key where that list does not.
    #[serde(default)]
    pub key_check: Option<KeyCheck>,
    /// Promises about data.
    pub data_policy: DataPolicy,
    /// Documentation.
    pub docs_url: Option<String>,
    /// Page where a key is made.
    pub keys_url: Option<String>,
    /// Beginning of its keys, where that tells them apart (`sk-ant-`).
    pub key_prefixes: Vec<String>,
    /// Runs on this machine: costs nothing, needs no network.
    pub local: bool,
    /// No recording of real traffic backs this entry.
    pub unverified: bool,
    /// The user added it.
    pub custom: bool,
}

/// One model at one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Endpoint {
    /// `provider/upstream-model`.
    pub id: EndpointId,
    /// Who serves.
    pub provider: ProviderId,
    /// What is served. An upstream id without a slug of its own gets `provider/id`.
    pub model: ModelSlug,
    /// The provider's own model id.
    pub upstream_model: String,
    /// Tokens of prompt and completion together.
    pub context_length: Option<u64>,
    /// Longest answer, in tokens.
    pub max_completion_tokens: Option<u64>,
    /// Prices; `None` = unknown, which is not free.
    pub prices: Option<PriceSheet>,
}
