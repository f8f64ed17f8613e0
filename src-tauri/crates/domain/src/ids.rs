//! Identifiers. UUIDv7 newtypes for what we make, string newtypes for what has a public name.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id drawn by the engine's clock (UUIDv7, so ids sort by time of creation).
            pub const fn new(id: Uuid) -> Self { Self(id) }
            /// The 16 bytes behind the id.
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, uuid::Error> { Uuid::parse_str(s).map(Self) }
        }
    )*};
}

uuid_ids! {
    /// A conversation: a tree of messages and its lanes.
    ConversationId,
    /// One press of Send.
    TurnId,
    /// One column of a conversation: a target and a branch pointer.
    LaneId,
    /// One lane's answer within a turn.
    RunId,
    /// A node of the message tree.
    MessageId,
    /// One HTTP call of a run; also the idempotency key of its ledger row.
    AttemptId,
    /// One row of the ledger.
    EntryId,
    /// A prompt set run over several models.
    ExperimentId,
    /// One file of conversations that was taken in.
    ImportId,
    /// A judge's opinion of the answers of a turn.
    JudgementId,
    /// One vote on the answers of a turn.
    VoteId,
    /// One running process that writes to the database (window or command line).
    ProcessId,
}

macro_rules! string_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a name.
            pub fn new(name: impl Into<Arc<str>>) -> Self { Self(name.into()) }
            /// The name itself.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl From<&str> for $name {
            fn from(s: &str) -> Self { Self(s.into()) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{:?}", &*self.0) }
        }
    )*};
}

string_ids! {
    /// A provider, e.g. `anthropic` (OpenTelemetry `gen_ai.provider.name`).
    ProviderId,
    /// What the user calls one of several keys of a provider, e.g. `work`. See [`crate::AccountRef`].
    AccountLabel,
    /// A wire protocol family, e.g. `openai-chat`.
    DialectId,
    /// One model at one provider: `provider/upstream-model`.
    EndpointId,
    /// SHA-256 (hex) of a message's content, so that equal prompts are stored once.
    ContentId,
}
