//! What an attempt needs to know before it begins.

use crate::{registry::Known, relay::Passing};
use domain::{AccountLabel, Endpoint, Request};
use std::sync::Arc;

/// What an attempt needs to know.
pub(crate) struct Plan {
    pub endpoint: Endpoint,
    pub known: Known,
    /// The key it is made with.
    pub account: Option<AccountLabel>,
    pub request: Arc<Request>,
    /// The request whose texts the tree of messages holds: the same, or what it goes on with.
    pub of: Arc<Request>,
    /// Ids of the policies that permit it.
    pub policy: Option<String>,
    /// `None` = it is no chat's.
    pub run: Option<domain::RunId>,
    /// `window`, `cli` or `gateway`.
    pub origin: &'static str,
    /// The app that asks through the gateway.
    pub app: Option<String>,
    /// `judge` or `merge`: it is beside the answers of a chat.
    pub side: Option<&'static str>,
    /// Its request as it came.
    pub passing: Option<Arc<Passing>>,
    pub conversation: Option<domain::ConversationId>,
    pub n: u32,
    /// The user said to send it whatever the budgets say.
    pub over_budget: bool,
}
