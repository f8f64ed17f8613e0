//! What an attempt is told, and why one is not begun.

use crate::{inner::Inner, outgoing::Written, registry::Known, relay::Passing};
use domain::{AccountLabel, AttemptId, Endpoint, ErrorKind, Failure, Request, say};
use std::sync::Arc;
use store::AttemptRow;

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

impl Plan {
    /// What goes out: the call with the limit of a budget, or else as it was written.
    pub(super) fn sends(
        &mut self,
        limited: Option<(Arc<Request>, Written)>,
        written: Arc<Written>,
    ) -> Written {
        let Some((request, anew)) = limited else { return Arc::unwrap_or_clone(written) };
        self.request = request;
        anew
    }

    /// The attempt before anything came of it. `keyed`: a key goes with it.
    pub(super) fn first_row(&self, inner: &Inner, keyed: bool) -> AttemptRow {
        AttemptRow {
            id: AttemptId::new(inner.clock.id()),
            run: self.run,
            n: self.n,
            endpoint: self.endpoint.id.clone(),
            provider: self.known.provider.id.clone(),
            // Of an address that may be open: the key may have gone since the route was planned.
            account: self.account.clone().filter(|_| keyed),
            model: self.endpoint.model.clone(),
            upstream_model: self.endpoint.upstream_model.clone(),
            origin: self.origin.to_owned(),
            started_at: inner.clock.now(),
            first_byte: None,
            first_content: None,
            reasoned: None,
            duration: None,
            outcome: None,
            upstream: None,
            usage: None,
            cost: None,
        }
    }
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
                let words =
                    say!("Providers or keys changed again and again while this was asked. Ask again.");
                Failure::new(ErrorKind::StoreBusy, words)
            }
        }
    }
}
