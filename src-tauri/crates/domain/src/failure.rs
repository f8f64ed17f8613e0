//! The one error that crosses a crate edge upward and reaches the user.

use crate::{BudgetScope, Millis, Period, PicoUsd, ProviderId, Sentence, Timestamp, Words, words};
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $label:literal),* $(,)?) => {
        /// What went wrong. `kind` decides everything; `message` is never matched on.
        ///
        /// Serialised as its label, which is also OpenTelemetry's low-cardinality `error.type`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        pub enum ErrorKind {$(
            $(#[$doc])* #[serde(rename = $label)] $name,
        )*}

        impl ErrorKind {
            /// Every kind, in the order of the table in the architecture.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The label, e.g. `auth.rejected`.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$name => $label),*}
            }
        }
    };
}

kinds! {
    /// No key is stored for the provider.
    AuthMissing = "auth.missing",
    /// The provider does not accept the key (401).
    AuthRejected = "auth.rejected",
    /// The key may not do this (403).
    AuthForbidden = "auth.forbidden",
    /// No credit left at the provider (402 and its disguises).
    BillingCredits = "billing.credits",
    /// A budget of the user's own holds the request back.
    BillingBudget = "billing.budget",
    /// Too many requests or tokens (429).
    LimitRate = "limit.rate",
    /// The provider is overloaded (503, 529).
    LimitOverloaded = "limit.overloaded",
    /// The prompt does not fit the context.
    LimitContext = "limit.context",
    /// The provider rejects the request as malformed.
    RequestInvalid = "request.invalid",
    /// The endpoint cannot do what was asked (a parameter, a tool, an image).
    RequestUnsupported = "request.unsupported",
    /// No such model at the provider, or none in the catalogue.
    RequestNoModel = "request.no_model",
    /// The provider refuses the content.
    PolicyRefused = "policy.refused",
    /// The provider filtered the content.
    PolicyFiltered = "policy.filtered",
    /// The host name does not resolve.
    NetDns = "net.dns",
    /// No connection.
    NetConnect = "net.connect",
    /// TLS failed.
    NetTls = "net.tls",
    /// The proxy failed.
    NetProxy = "net.proxy",
    /// The provider redirects; credentials are never sent on.
    NetRedirect = "net.redirect",
    /// No connection within the deadline.
    TimeConnect = "time.connect",
    /// No first byte within the deadline.
    TimeFirstByte = "time.first_byte",
    /// The stream went silent.
    TimeIdle = "time.idle",
    /// The whole answer took too long.
    TimeTotal = "time.total",
    /// The stream ended without its protocol's closing mark.
    StreamTruncated = "stream.truncated",
    /// The answer is not what its protocol says.
    StreamMalformed = "stream.malformed",
    /// The provider failed (5xx, or an error event in the stream).
    UpstreamInternal = "upstream.internal",
    /// The user stopped it.
    Cancelled = "cancelled",
    /// Another process holds the database.
    StoreBusy = "store.busy",
    /// The disk is full.
    StoreFull = "store.full",
    /// The database was written by a newer version.
    StoreNewer = "store.newer",
    /// The database is damaged.
    StoreCorrupt = "store.corrupt",
    /// The data folder cannot be read or written.
    StoreDenied = "store.denied",
    /// The keychain is locked.
    VaultLocked = "vault.locked",
    /// There is no keychain.
    VaultUnavailable = "vault.unavailable",
    /// The program was closed while the answer was being written.
    Interrupted = "interrupted",
    /// Our own mistake.
    Bug = "bug",
}

/// What the provider said about a failure. Strings are scrubbed of keys and capped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Upstream {
    /// Which provider.
    pub provider: Option<ProviderId>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The provider's error type or code.
    pub code: Option<String>,
    /// The provider's own words.
    pub message: Option<String>,
    /// The request parameter at fault.
    pub param: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Millis>,
    /// Its own word on whether the same request may be sent to it again (`x-should-retry`); `None` = it says
    /// nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(skip))]
    pub should_retry: Option<bool>,
}

impl Upstream {
    /// Somebody on the way gave up on work that may go on, and be billed: a request timeout (408), a gateway's
    /// (504, 524 and its like at a proxy).
    pub const fn gave_up(&self) -> bool {
        matches!(self.status, Some(408 | 504 | 520..=527 | 598 | 599))
    }
}

/// Why a budget holds a request back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HeldWhy {
    /// What is left of it is too little.
    UsedUp,
    /// Nobody knows what the request would cost.
    PriceUnknown,
    /// What it uses at the provider has no limit.
    NoLimit,
}

/// The budget that holds a request back, as figures: for those who say it in another language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HeldBy {
    /// Why.
    pub why: HeldWhy,
    /// Whose spending it limits.
    pub scope: BudgetScope,
    /// How often it begins anew.
    pub period: Period,
    /// Dollars a period.
    pub limit: PicoUsd,
    /// Spent in the period.
    pub spent: PicoUsd,
    /// Held for answers under way.
    pub held: PicoUsd,
    /// What may still be billed for answers that broke off.
    pub perhaps: PicoUsd,
    /// What even a short answer may need, where that is known.
    pub needs: Option<PicoUsd>,
    /// When the next period begins.
    pub resets_at: Timestamp,
}

/// A failure with a kind to act on, a sentence to read and what the provider said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[error("{message}")]
pub struct Failure {
    /// What to do about it hangs on this alone.
    pub kind: ErrorKind,
    /// One or two plain sentences: what happened and what to do.
    pub message: String,
    /// The provider's part of it.
    pub upstream: Option<Upstream>,
    /// The budget's part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub budget: Option<Box<HeldBy>>,
    /// What `message` is made of, where it is ours: for those who say it in another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub said: Option<Box<Sentence>>,
}

impl Failure {
    /// A failure of our own side.
    pub fn new(kind: ErrorKind, message: impl Into<Words>) -> Self {
        let (message, said) = message.into().into_parts();
        Self { kind, message, upstream: None, budget: None, said }
    }

    /// What it says, with what that is made of.
    pub fn words(&self) -> Words {
        Words::made(self.message.clone(), self.said.clone())
    }

    /// The same failure in other words.
    #[must_use]
    pub fn reworded(mut self, message: impl Into<Words>) -> Self {
        (self.message, self.said) = message.into().into_parts();
        self
    }

    /// The same failure as text alone: for files, whose form does not change with how a sentence is made, and from
    /// files, which may say anything.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.said = None;
        self
    }

    /// What it says, and all that was filled in to make it: for taking out what must not be read.
    pub fn each_text(&mut self, visit: &mut impl FnMut(&mut String)) {
        visit(&mut self.message);
        words::each_gap(self.said.as_deref_mut(), visit);
    }

    /// The same failure with the budget's part.
    #[must_use]
    pub fn with_budget(mut self, budget: HeldBy) -> Self {
        self.budget = Some(Box::new(budget));
        self
    }

    /// The same failure with the provider's part.
    #[must_use]
    pub fn with_upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = Some(upstream);
        self
    }
}
