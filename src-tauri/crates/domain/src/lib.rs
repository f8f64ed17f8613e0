//! The nouns of Parallax: ids, models, endpoints, requests, stream events, usage, money, failures.
//!
//! Every other crate speaks in these types. This crate **never** does I/O, reads a clock, draws
//! randomness or spawns anything; ids and times are handed in by the engine's clock.
//!
//! To add a noun: one file here, documented with shape and unit, exported below.
#![deny(missing_docs)]

mod account;
mod budget;
mod call;
mod conversation;
mod endpoint;
mod event;
mod failure;
mod ids;
mod model;
mod money;
mod per_million;
mod policy;
mod price;
mod request;
mod route;
mod secret;
mod time;
mod usage;
mod when;
mod words;

pub use account::AccountRef;
pub use budget::{Budget, BudgetScope, Period};
pub use call::{Call, Headers, Method};
pub use conversation::{
    ContextPolicy, Lane, LaneContext, LaneTarget, Role, RunState, SHORT_NAME, Saw, VoteOutcome, VotedAnswer,
    short_name,
};
pub use endpoint::{
    Account, AccountField, AddressForm, AlsoSpoken, AuthScheme, DataPolicy, Endpoint, KeyCheck, ModelForm,
    Provider, Quirks, ReasoningForm, ReasoningSwitch, StreamUsage,
};
pub use event::{BlockKind, FinishReason, NoticeKind, Seam, StreamEvent};
pub use failure::{ErrorKind, Failure, HeldBy, HeldWhy, Upstream};
pub use ids::{
    AccountLabel, AttemptId, ContentId, ConversationId, DialectId, EndpointId, EntryId, ExperimentId,
    ImportId, JudgementId, LaneId, MessageId, ProcessId, ProviderId, RunId, TurnId, VoteId,
};
pub use model::{BadSlug, Capabilities, Modality, Model, ModelRef, ModelSlug, Variant};
pub use money::{BadAmount, PicoUsd};
pub use policy::{
    DataCollection, MaxPrice, Percentiles, Policy, RateLimit, RoutingPrefs, Sort, covers as slug_covers,
};
pub use price::{Basis, Cost, CostLine, Meter, PriceOrigin, PriceRule, PriceSheet, PriceSource, When};
pub use request::{
    Attachment, Effort, KeepPrompt, Message, Params, Part, Reasoning, Request, ResponseFormat, Tool,
    ToolChoice,
};
pub use route::{Candidate, Expected, Outcome, Reason, Rejected, Route};
pub use secret::Secret;
pub use time::{Millis, Timestamp};
pub use usage::{BilledTokens, InputUsage, OutputUsage, Usage, UsageSource};
pub use when::{Malformed as MalformedPrice, day_number};
pub use words::{Fills, Gap, Sentence, Words};
