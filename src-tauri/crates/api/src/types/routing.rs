//! The receipt of an answer, policies, dry runs, the log of what left, and limits.

use domain::{
    AccountLabel, AttemptId, ConversationId, Cost, EndpointId, Expected, Millis, ModelRef, Outcome, Policy,
    PriceSheet, ProviderId, RateLimit, Reason, Role, RoutingPrefs, RunId, Saw, Timestamp, Usage,
};
use serde::{Deserialize, Serialize};

/// An endpoint as a route names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoutePlace {
    /// Id.
    pub endpoint: EndpointId,
    /// Its provider; `None` = it is not known any more.
    pub provider: Option<ProviderId>,
    /// Display name of the provider.
    pub provider_name: String,
    /// Slug of the model it serves; `None` = it is not known any more.
    pub model: Option<String>,
    /// The provider's own id of the model.
    pub upstream_model: Option<String>,
    /// Dollars per million prompt tokens.
    pub price_input: Option<domain::PicoUsd>,
    /// Dollars per million completion tokens.
    pub price_output: Option<domain::PicoUsd>,
    /// It runs on this machine.
    pub local: bool,
}

/// An endpoint that may be tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoutePlanned {
    /// Where.
    pub place: RoutePlace,
    /// With which key; `None` = without one.
    pub account: Option<AccountLabel>,
    /// Why in this place.
    pub reasons: Vec<Reason>,
    /// What was expected of it.
    pub expected: Option<Expected>,
}

/// An endpoint that is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RouteRejected {
    /// Where.
    pub place: RoutePlace,
    /// Why, the one nobody can mend first.
    pub reasons: Vec<Reason>,
}

/// A route: who is tried in which order, and who is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RouteView {
    /// Ids of the policies it was made under, joined by `+`; `None` = it was never made.
    pub policy: Option<String>,
    /// Only the first is tried, or those the user put in an order.
    pub no_fallbacks: bool,
    /// In order.
    pub planned: Vec<RoutePlanned>,
    /// The rest.
    pub rejected: Vec<RouteRejected>,
}

/// Where would this go now?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RouteQuery {
    /// The model.
    pub model: ModelRef,
    /// A policy beside the usual one and the conversation's.
    #[serde(default)]
    pub policy: Option<String>,
    /// The conversation it would be part of.
    #[serde(default)]
    pub conversation: Option<ConversationId>,
    /// The prompt; its length counts.
    #[serde(default)]
    pub prompt: String,
}

/// The answer of a dry run. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RouteExplained {
    /// What was asked about.
    pub model: ModelRef,
    /// Who would be tried, who is left out.
    pub route: RouteView,
    /// What the policies say together.
    pub prefs: RoutingPrefs,
    /// What the user would be told, where nobody could be asked.
    pub failure: Option<domain::Failure>,
}

/// Names an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AttemptRef {
    /// Id.
    pub attempt: AttemptId,
}

/// "Route and request" of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Receipt {
    /// The answer.
    pub run: RunId,
    /// What was asked for.
    pub model: ModelRef,
    /// Who was to be tried, who was left out.
    pub route: RouteView,
    /// What was tried, oldest first.
    pub attempts: Vec<ReceiptAttempt>,
    /// What it was shown, in a word.
    pub saw: Saw,
    /// The system prompt.
    pub system: Option<String>,
    /// The messages it was shown, oldest first; the prompt is the last.
    pub messages: Vec<ReceiptMessage>,
}

/// An attempt on a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReceiptAttempt {
    /// Id.
    pub id: AttemptId,
    /// From 1.
    pub n: u32,
    /// Where it went.
    pub endpoint: EndpointId,
    /// Its provider.
    pub provider: ProviderId,
    /// Display name of the provider.
    pub provider_name: String,
    /// The provider's own id of the model.
    pub upstream_model: String,
    /// With which key; `None` = without one.
    pub account: Option<AccountLabel>,
    /// When it was sent.
    pub started_at: Timestamp,
    /// Sent to first byte.
    pub first_byte: Option<Millis>,
    /// Sent to first content.
    pub first_content: Option<Millis>,
    /// Sent to end.
    pub duration: Option<Millis>,
    /// How it ended; `None` = it has not.
    pub outcome: Option<Outcome>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// What the provider counted.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Option<Cost>,
    /// The prices that was computed by, as they were.
    pub prices: Option<PriceSheet>,
    /// `run/request` has what was sent.
    pub request_kept: bool,
}

/// A message on a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReceiptMessage {
    /// Who speaks.
    pub role: Role,
    /// The model that wrote it; `None` = the user did.
    pub author: Option<String>,
    /// How it begins.
    pub beginning: String,
    /// Its length in characters.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub characters: u64,
}

/// What an attempt sent, without the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SentRequest {
    /// `POST`
    pub method: String,
    /// Whole address.
    pub url: String,
    /// Names and values; `$API_KEY` stands where the key goes.
    pub headers: Vec<(String, String)>,
    /// The body, to the byte.
    pub body: String,
    /// The body with line breaks, for reading and comparing; `None` = it is no JSON.
    pub pretty: Option<String>,
    /// The same for a shell that has the key in `API_KEY`.
    pub curl: String,
}

/// Every policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PolicyList {
    /// Id of the one used where none is named.
    pub usual: String,
    /// The built-in ones, then the user's own by id.
    pub policies: Vec<Policy>,
}

/// Names a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PolicyRef {
    /// Id.
    pub id: String,
}

/// Adds or changes a policy of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PolicyEdit {
    /// Lower-case letters, digits and dashes; not that of a built-in one.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// One sentence on what it does.
    pub about: String,
    /// What it says.
    pub prefs: RoutingPrefs,
}

/// Puts a conversation under a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationPolicy {
    /// Conversation.
    pub id: ConversationId,
    /// Id of the policy; `None` = the usual one alone.
    pub policy: Option<String>,
}

/// Which lines of the log to show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditQuery {
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment; `None` = up to now.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Of this provider.
    #[serde(default)]
    pub provider: Option<ProviderId>,
    /// Under a policy whose id holds this.
    #[serde(default)]
    pub policy: Option<String>,
    /// Older than this line, for the next page.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub before: Option<u64>,
}

/// Lines of the log, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditList {
    /// Lines.
    pub rows: Vec<AuditLine>,
    /// There are older ones.
    pub more: bool,
    /// Calls for blind answers that are left out until the vote; `None` = none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub hidden: Option<u32>,
}

/// A call that left this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditLine {
    /// Number; rises from line to line.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// `chat`: a prompt; `models`: a list of models was asked for, also to test a key; `prices`: a public list
    /// of prices was.
    pub purpose: String,
    /// `scheme://host:port` it went to.
    pub host: String,
    /// Whose that is.
    pub provider: ProviderId,
    /// Display name of the provider.
    pub provider_name: String,
    /// Which key went along.
    pub account: Option<AccountLabel>,
    /// Which endpoint.
    pub endpoint: Option<EndpointId>,
    /// Ids of the policies that permitted it.
    pub policy: Option<String>,
    /// What asked: `window`, `cli` …
    pub origin: String,
    /// Length of the body.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// Messages in it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub messages: u64,
    /// Pictures and files in it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub attachments: u64,
    /// The attempt it was.
    pub attempt: Option<AttemptId>,
}

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditExport {
    /// Which lines; `before` is left out of account.
    pub query: AuditQuery,
    /// `csv` or `json` (a line each).
    pub format: String,
}

/// What a provider may be asked at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RateRow {
    /// Provider.
    pub provider: ProviderId,
    /// Display name.
    pub name: String,
    /// Runs on this machine: one request at a time where nothing else is set.
    pub local: bool,
    /// As it is applied.
    pub limit: RateLimit,
}

/// Sets what a provider may be asked at most; every field `None` = as at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetRate {
    /// Provider.
    pub provider: ProviderId,
    /// The limits.
    pub limit: RateLimit,
}

/// Goes on with an answer that broke off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ContinueRun {
    /// The answer.
    pub run: RunId,
    /// Where; `None` = wherever the route leads now.
    #[serde(default)]
    pub endpoint: Option<EndpointId>,
    /// Past the budgets that would hold it: once.
    #[serde(default)]
    pub over_budget: bool,
}
