//! What an attempt is told, and why one is not begun.

use crate::{registry::Known, relay::Passing};
use domain::{AccountLabel, Endpoint, ErrorKind, Failure, Request};
use std::sync::Arc;

/// What an attempt needs to know.
pub(crate) struct Plan {
    pub endpoint: Arc<Endpoint>,
    pub known: Arc<Known>,
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
    /// The revision of the database that it was planned on: it is not sent once that has changed. `None` = the
    /// process that planned it answers for it.
    pub revision: Option<i64>,
    /// Tokens its prompt likely has, where somebody has counted.
    pub likely: Option<u64>,
}

/// An attempt that was not begun.
pub(crate) enum Unsent {
    Failed(Failure),
    /// What it was planned on has changed.
    Stale,
}

impl From<Failure> for Unsent {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Unsent {
    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::Stale => {
                let words = "Providers or keys changed again and again while this was asked. Ask again.";
                Failure::new(ErrorKind::StoreBusy, words)
            }
        }
    }
}
