//! Which endpoint was chosen and why, and how an attempt ended.

use crate::{EndpointId, Failure, FinishReason};
use serde::{Deserialize, Serialize};

/// Why an endpoint stands where it stands, or is not considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The user named this provider.
    Named,
    /// The only endpoint there is.
    OnlyOne,
    /// The model's own author serves it.
    FirstParty,
    /// Cheaper than what follows.
    Cheaper,
    /// It runs on this machine.
    Local,
    /// The user named another provider.
    NotNamed,
    /// No key is stored for its provider.
    NoKey,
    /// Its dialect is not built in.
    DialectMissing,
    /// The prompt does not fit.
    ContextTooSmall,
    /// It takes no input of a kind the prompt has.
    Modality,
}

/// An endpoint that may serve a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Candidate {
    /// Which.
    pub endpoint: EndpointId,
    /// Why here.
    pub because: Vec<Reason>,
}

/// An endpoint that may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rejected {
    /// Which.
    pub endpoint: EndpointId,
    /// Why not.
    pub reason: Reason,
}

/// An ordered plan with its reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Route {
    /// In the order they will be tried.
    pub planned: Vec<Candidate>,
    /// The rest.
    pub rejected: Vec<Rejected>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// The provider said it was done.
    Completed {
        /// Why it stopped.
        finish_reason: FinishReason,
    },
    /// It failed.
    Failed {
        /// How.
        failure: Failure,
    },
    /// The user stopped it.
    Cancelled,
    /// The program ended before the answer did.
    Interrupted,
}
