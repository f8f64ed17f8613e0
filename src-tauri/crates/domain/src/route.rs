//! Which endpoint was chosen and why, and how an attempt ended.

use crate::{AccountLabel, EndpointId, Failure, FinishReason, Millis, PicoUsd};
use serde::{Deserialize, Deserializer, Serialize};

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
    /// The model calls no tools, and the request has some.
    Tools,
    /// The model obeys no JSON schema, and the request has one.
    StructuredOutput,
    /// The model does not reason, and the request asks for it.
    Reasoning,
    /// It ignores a parameter of the request, and all were required.
    Parameters,
    /// Its longest answer is shorter than the one asked for.
    OutputTooShort,
    /// Its provider may train on what is sent.
    MayTrain,
    /// It is not known whether its provider trains on what is sent.
    TrainingUnknown,
    /// Its provider keeps what is sent.
    Retains,
    /// It is not known whether its provider keeps what is sent.
    RetentionUnknown,
    /// It does not run on this machine.
    NotLocal,
    /// It is served in another region.
    Region,
    /// It is not known in which region it is served.
    RegionUnknown,
    /// Its provider is not on the list of those that may be asked.
    NotAllowed,
    /// Its provider is on the list of those that may not be asked.
    Ignored,
    /// Its precision is not on the list.
    Quantization,
    /// It is dearer than the limit.
    MaxPrice,
    /// Its price is unknown, and there is a limit.
    PriceUnknown,
    /// A budget does not cover its worst case.
    Budget,
    /// The user put it here.
    Ordered,
    /// Expected to answer sooner than what follows.
    Faster,
    /// The best of expected cost, time and success together.
    BestValue,
    /// The prompt so far is in its cache.
    Cached,
    /// Tried out among near equals, to learn how it does.
    Explored,
    /// Another model, which the user allowed to stand in.
    FallbackModel,
    /// Moved back: it has just failed several times.
    Failing,
    /// Moved back: it asked for a pause.
    RateLimited,
    /// Moved back: its key was refused.
    KeyRefused,
    /// Moved back: its account had no credit.
    NoCredit,
    /// Moved back: it did not have the model.
    ModelMissing,
    /// Moved back: slower than the user prefers.
    TooSlow,
}

/// What was expected of a candidate when the plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Expected {
    /// Cost of a whole answer at list price; `None` = unknown.
    pub cost: Option<PicoUsd>,
    /// The same with the turns that usually follow, which send all of it again: what the order by price rests
    /// on. `None` = unknown, or of a route from before.
    #[serde(default)]
    pub chat: Option<PicoUsd>,
    /// Time to the first content.
    pub first_content: Millis,
    /// Chance of success in thousandths, from own traffic.
    pub success: u16,
}

/// An endpoint that may serve a request, with the key it is asked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Candidate {
    /// Which.
    pub endpoint: EndpointId,
    /// Which key of its provider; `None` = it is asked without one.
    #[serde(default)]
    pub account: Option<AccountLabel>,
    /// Why here.
    pub because: Vec<Reason>,
    /// What was expected of it.
    #[serde(default)]
    pub expected: Option<Expected>,
}

impl Candidate {
    /// An endpoint with the grounds for its place.
    pub fn new(endpoint: EndpointId, because: Vec<Reason>) -> Self {
        Self { endpoint, account: None, because, expected: None }
    }
}

/// An endpoint that may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rejected {
    /// Which.
    pub endpoint: EndpointId,
    /// Why not, the one nobody can mend first. Never empty.
    #[serde(alias = "reason", deserialize_with = "one_or_more")]
    pub reasons: Vec<Reason>,
}

impl Rejected {
    /// Is this among the reasons?
    pub fn says(&self, reason: Reason) -> bool {
        self.reasons.contains(&reason)
    }
}

/// Earlier versions kept the first reason alone.
fn one_or_more<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Reason>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        One(Reason),
        More(Vec<Reason>),
    }
    Ok(match Form::deserialize(d)? {
        Form::One(reason) => vec![reason],
        Form::More(reasons) => reasons,
    })
}

/// An ordered plan with its reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Route {
    /// In the order they will be tried.
    pub planned: Vec<Candidate>,
    /// The rest.
    pub rejected: Vec<Rejected>,
    /// Id of the policy it was made under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Only the first may be tried, or those the user put in an order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_fallbacks: bool,
}

impl Route {
    /// The candidates that may be asked, in this order: all that are planned; without fallbacks those that the
    /// user put in an order, or else the first endpoint alone.
    pub fn asked(&self) -> impl Iterator<Item = &Candidate> {
        let listed = self.planned.iter().any(|candidate| candidate.because.contains(&Reason::Ordered));
        let first = self.planned.first().map(|candidate| &candidate.endpoint);
        self.planned.iter().filter(move |candidate| {
            !self.no_fallbacks
                || if listed {
                    candidate.because.contains(&Reason::Ordered)
                } else {
                    Some(&candidate.endpoint) == first
                }
        })
    }
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
