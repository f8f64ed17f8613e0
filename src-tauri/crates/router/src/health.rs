//! How endpoints and keys have done lately, from this machine's own traffic and nothing else.
//!
//! A pure value: every change names its time, so it can be stored, replayed and simulated. It only ever
//! reorders. Leaving an endpoint out is a matter of what is allowed and possible, never of experience:
//! were it not so, a stricter policy could bring an endpoint back.

use crate::{
    chance::{hash, mix},
    latency::{ByThought, Latency, Prompt, Speed},
};
use domain::{AccountLabel, EndpointId, ErrorKind, Failure, Millis, ProviderId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Half-life of successes and failures.
const HALF_LIFE: f64 = 600_000.0;
/// What is assumed of an endpoint nobody has tried: nine successes and one failure.
const PRIOR: (f64, f64) = (9.0, 1.0);
/// Failures closer together than this belong to one trouble.
const SAME_TROUBLE: i64 = 60_000;
/// First pause of an open breaker; doubled up to [`LONGEST_STEP`] times.
const FIRST_PAUSE: i64 = 5_000;
const LONGEST_STEP: u32 = 6;
/// Pause after a 429 that names none; doubled up to five minutes.
const UNNAMED_WINDOW: i64 = 10_000;
/// The longest pause of an open breaker that a provider's own word can make.
const LONGEST_BREAK: i64 = 3_600_000;
/// Windows longer than this are not believed to be worth remembering.
const LONGEST_WINDOW: i64 = 31 * 24 * 3_600_000;
/// How long a refused key, an empty account or a missing model is moved back.
const KEY_PAUSE: i64 = 10 * 60_000;
const MODEL_PAUSE: i64 = 24 * 3_600_000;
/// Two hosts unreachable within this time, and nothing reached in between: the machine is offline.
const OFFLINE_WITHIN: i64 = 60_000;
/// For so long after waking up, failures of the network say nothing of the providers.
const WAKING: i64 = 10_000;
/// Records untouched for so long are forgotten.
const FORGET: i64 = 30 * 24 * 3_600_000;

/// Whose attempt it was.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// Endpoint.
    pub endpoint: &'a EndpointId,
    /// Its provider.
    pub provider: &'a ProviderId,
    /// Label of the key, where the provider has several.
    pub account: Option<&'a AccountLabel>,
    /// It runs on this machine: its failures say nothing of the network.
    pub local: bool,
}

impl Who<'_> {
    /// Name of the key: `provider` or `provider/label`.
    fn key(&self) -> String {
        match self.account {
            Some(label) => format!("{}/{label}", self.provider),
            None => self.provider.to_string(),
        }
    }
}

/// What an attempt taught.
#[derive(Clone, Copy, Debug)]
pub enum Observed<'a> {
    /// The answer came whole.
    Answered {
        /// Request sent to first content.
        first_content: Option<Millis>,
        /// What was asked.
        prompt: Prompt,
        /// Tokens written, and how long the writing took.
        wrote: Option<(u64, Millis)>,
    },
    /// It had said nothing when another, asked beside it, did.
    Outrun {
        /// Request sent to then.
        after: Millis,
        /// What was asked.
        prompt: Prompt,
    },
    /// It failed.
    Failed {
        /// How.
        failure: &'a Failure,
    },
}

/// Why an endpoint is moved back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// Its breaker is open until then.
    Failing(Timestamp),
    /// It asked for a pause until then.
    RateLimited(Timestamp),
    /// The key was refused, everywhere or for this model.
    KeyRefused,
    /// The account had no credit.
    NoCredit,
    /// It did not have the model.
    ModelMissing,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Record {
    successes: f64,
    failures: f64,
    /// When both were last decayed.
    at: i64,
    /// Failures in a row, each within [`SAME_TROUBLE`] of the one before.
    streak: u32,
    last_failure: i64,
    /// The breaker is open until then; 0 = never was.
    open_until: i64,
    /// How often it opened since it was last closed.
    opened: u32,
    /// Successes since it opened; two close it.
    closing: u32,
    missing_until: i64,
    #[serde(default)]
    latency: Latency,
    #[serde(default)]
    by_thought: ByThought,
    #[serde(default)]
    speed: Speed,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Key {
    refused_until: i64,
    no_credit_until: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Window {
    not_before: i64,
    /// 429s in a row.
    times: u32,
    /// The key may not ask for this model until then: a permission, a region.
    #[serde(default)]
    forbidden_until: i64,
}

/// A failure of the network that may yet turn out to be the machine's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Suspect {
    endpoint: EndpointId,
    provider: ProviderId,
    at: i64,
    refused: bool,
}

/// Health of everything that was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    endpoints: BTreeMap<EndpointId, Record>,
    keys: BTreeMap<String, Key>,
    /// By key and endpoint: one model's limit says nothing of another's.
    windows: BTreeMap<String, Window>,
    suspects: Vec<Suspect>,
    offline_since: Option<i64>,
    woke_at: Option<i64>,
}

/// Whom a failure is about.
enum Scope {
    /// This endpoint; `true` = the connection was refused outright.
    Endpoint(bool),
    /// The way to it, which may be the machine's.
    Network(bool),
    /// Key and model, for a time.
    Window,
    KeyRefused,
    /// Key and model, for want of a permission.
    Forbidden,
    NoCredit,
    Missing,
    /// The request or our own side.
    Nobody,
}

impl Health {
    /// Takes in how an attempt ended.
    pub fn observe(&mut self, at: Timestamp, who: Who<'_>, what: Observed<'_>) {
        match what {
            Observed::Answered { first_content, prompt, wrote } => {
                self.reached(who);
                let record = self.record(who.endpoint, at.0);
                record.succeed(at.0);
                if let Some(first) = first_content {
                    record.came(at, first, prompt);
                }
                if let Some((tokens, span)) = wrote {
                    record.speed.observe(at, tokens, span);
                }
                self.keys.remove(&who.key());
                self.windows.remove(&window(who));
            }
            // No success and no fault; but it takes at least so long.
            Observed::Outrun { after, prompt } => self.record(who.endpoint, at.0).came(at, after, prompt),
            Observed::Failed { failure } => self.failed(at.0, who, failure),
        }
    }

    fn failed(&mut self, at: i64, who: Who<'_>, failure: &Failure) {
        let scope = scope(failure);
        if failure.upstream.as_ref().is_some_and(|upstream| upstream.status.is_some()) {
            self.reached(who);
        }
        match scope {
            Scope::Network(refused) if !who.local => self.unreachable(at, who, refused),
            Scope::Network(refused) | Scope::Endpoint(refused) => {
                let asked = failure.upstream.as_ref().and_then(|upstream| upstream.retry_after);
                let record = self.record(who.endpoint, at);
                record.fail(who.endpoint, at, refused);
                // Who says when it will be back is believed, for an hour at most.
                if let Some(asked) = asked {
                    let wait = i64::try_from(asked.0).unwrap_or(LONGEST_BREAK).min(LONGEST_BREAK);
                    record.open_until = record.open_until.max(at.saturating_add(wait));
                }
            }
            Scope::Window => {
                let asked = failure.upstream.as_ref().and_then(|upstream| upstream.retry_after);
                let window = self.windows.entry(window(who)).or_default();
                window.times = window.times.saturating_add(1);
                let unnamed = UNNAMED_WINDOW << window.times.saturating_sub(1).min(5);
                let wait = asked.map_or(unnamed.min(300_000), |asked| {
                    i64::try_from(asked.0).unwrap_or(LONGEST_WINDOW).min(LONGEST_WINDOW)
                });
                window.not_before = window.not_before.max(at.saturating_add(wait));
            }
            Scope::KeyRefused => self.keys.entry(who.key()).or_default().refused_until = at + KEY_PAUSE,
            Scope::Forbidden => {
                self.windows.entry(window(who)).or_default().forbidden_until = at + KEY_PAUSE;
            }
            Scope::NoCredit => self.keys.entry(who.key()).or_default().no_credit_until = at + KEY_PAUSE,
            Scope::Missing => self.record(who.endpoint, at).missing_until = at + MODEL_PAUSE,
            Scope::Nobody => {}
        }
    }

    /// Something of this provider arrived, so the machine is online, and earlier failures to reach others
    /// were theirs.
    fn reached(&mut self, who: Who<'_>) {
        if who.local {
            return;
        }
        self.offline_since = None;
        for suspect in std::mem::take(&mut self.suspects) {
            self.record(&suspect.endpoint, suspect.at).fail(&suspect.endpoint, suspect.at, suspect.refused);
        }
    }

    fn unreachable(&mut self, at: i64, who: Who<'_>, refused: bool) {
        if self.offline_since.is_some() || self.woke_at.is_some_and(|woke| at - woke < WAKING) {
            return;
        }
        self.suspects.retain(|suspect| at - suspect.at <= OFFLINE_WITHIN);
        if self.suspects.iter().any(|suspect| suspect.provider != *who.provider) {
            self.offline_since = Some(at);
            self.suspects.clear();
            return;
        }
        let (endpoint, provider) = (who.endpoint.clone(), who.provider.clone());
        self.suspects.push(Suspect { endpoint, provider, at, refused });
    }

    /// The machine slept until now: connections are dead and names may not resolve yet.
    pub fn woke(&mut self, at: Timestamp) {
        self.woke_at = Some(at.0);
        self.suspects.clear();
    }

    /// No provider can be reached, as far as is known; penalties are frozen.
    pub fn offline(&self) -> bool {
        self.offline_since.is_some()
    }

    /// The user changed a key: what was known of the old one is void.
    pub fn key_changed(&mut self, provider: &ProviderId) {
        let own = |key: &str| {
            key.strip_prefix(provider.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.keys.retain(|key, _| !own(key));
        self.windows.retain(|key, _| !own(key.split('|').next().unwrap_or_default()));
    }

    /// Why this one should wait, if it should.
    pub fn setback(&self, who: Who<'_>, now: Timestamp) -> Option<Setback> {
        let now = now.0;
        if let Some(key) = self.keys.get(&who.key()) {
            if key.refused_until > now {
                return Some(Setback::KeyRefused);
            }
            if key.no_credit_until > now {
                return Some(Setback::NoCredit);
            }
        }
        let pair = self.windows.get(&window(who));
        if pair.is_some_and(|pair| pair.forbidden_until > now) {
            return Some(Setback::KeyRefused);
        }
        let record = self.endpoints.get(who.endpoint);
        if record.is_some_and(|record| record.missing_until > now) {
            return Some(Setback::ModelMissing);
        }
        if let Some(record) = record.filter(|record| record.open_until > now && !self.offline()) {
            return Some(Setback::Failing(Timestamp(record.open_until)));
        }
        let window = pair.filter(|window| window.not_before > now)?;
        Some(Setback::RateLimited(Timestamp(window.not_before)))
    }

    /// Chance that it answers, 0 to 1. Untried: 0.9.
    pub fn success(&self, endpoint: &EndpointId, now: Timestamp) -> f64 {
        let (good, bad) = self.endpoints.get(endpoint).map_or((0.0, 0.0), |record| record.evidence(now.0));
        (good + PRIOR.0) / (good + bad + PRIOR.0 + PRIOR.1)
    }

    /// How much is known of it: requests, older ones counting less.
    pub fn evidence(&self, endpoint: &EndpointId, now: Timestamp) -> f64 {
        self.endpoints.get(endpoint).map_or(0.0, |record| {
            let (good, bad) = record.evidence(now.0);
            good + bad
        })
    }

    /// Expected time to the first content, in milliseconds.
    pub fn first_content(&self, endpoint: &EndpointId, uncached: u64, now: Timestamp) -> f64 {
        self.endpoints.get(endpoint).map_or_else(
            || Latency::default().expected(uncached, now),
            |record| record.latency.expected(uncached, now),
        )
    }

    /// Within this share of requests (0 to 1) the first content came after so many milliseconds;
    /// `None` = too few were seen.
    pub fn first_content_at(&self, endpoint: &EndpointId, share: f64) -> Option<f64> {
        self.endpoints.get(endpoint)?.latency.quantile(share)
    }

    /// How long to wait for the first content before somebody else is asked, in milliseconds: three
    /// times the slow end of what is usual here, between 4 s and 120 s. `None` = too little is known.
    pub fn patience(&self, endpoint: &EndpointId, prompt: Prompt, now: Timestamp) -> Option<Millis> {
        Some(at_least(4_000.0, 3.0 * self.slow_end(endpoint, prompt, now)?))
    }

    /// After how long the first content is late, in milliseconds: about nineteen of twenty come sooner, and none
    /// is late before half a second. `None` = too little is known.
    pub fn late(&self, endpoint: &EndpointId, prompt: Prompt, now: Timestamp) -> Option<Millis> {
        Some(at_least(500.0, self.slow_end(endpoint, prompt, now)?))
    }

    fn slow_end(&self, endpoint: &EndpointId, prompt: Prompt, now: Timestamp) -> Option<f64> {
        let record = self.endpoints.get(endpoint)?;
        record.by_thought.slow_end(prompt, &record.latency, now)
    }

    /// Expected tokens a second.
    pub fn throughput(&self, endpoint: &EndpointId, now: Timestamp) -> f64 {
        self.endpoints
            .get(endpoint)
            .map_or_else(|| Speed::default().expected(now), |record| record.speed.expected(now))
    }

    /// This share of requests (0 to 1) was at least so fast, in tokens a second; `None` = too few seen.
    pub fn throughput_at(&self, endpoint: &EndpointId, share: f64) -> Option<f64> {
        self.endpoints.get(endpoint)?.speed.quantile(1.0 - share)
    }

    /// Forgets what has long been untouched.
    pub fn tidy(&mut self, now: Timestamp) {
        let now = now.0;
        self.endpoints.retain(|_, record| now - record.at < FORGET);
        self.keys.retain(|_, key| key.refused_until.max(key.no_credit_until) > now);
        self.windows.retain(|_, w| w.not_before.max(w.forbidden_until) > now - KEY_PAUSE);
        self.suspects.retain(|suspect| now - suspect.at <= OFFLINE_WITHIN);
    }

    fn record(&mut self, endpoint: &EndpointId, at: i64) -> &mut Record {
        let record = self.endpoints.entry(endpoint.clone()).or_default();
        if record.at == 0 {
            record.at = at;
        }
        record
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a small positive number"
)]
fn at_least(least: f64, ms: f64) -> Millis {
    Millis(ms.clamp(least, 120_000.0) as u64)
}

fn window(who: Who<'_>) -> String {
    format!("{}|{}", who.key(), who.endpoint)
}

impl Record {
    fn came(&mut self, at: Timestamp, first: Millis, prompt: Prompt) {
        self.latency.observe(at, first, prompt.uncached);
        self.by_thought.observe(at, first, prompt);
    }

    fn evidence(&self, now: i64) -> (f64, f64) {
        let left = decay(now - self.at, HALF_LIFE);
        (self.successes * left, self.failures * left)
    }

    fn touch(&mut self, at: i64) {
        (self.successes, self.failures) = self.evidence(at);
        self.at = self.at.max(at);
    }

    fn succeed(&mut self, at: i64) {
        self.touch(at);
        self.successes += 1.0;
        self.streak = 0;
        self.missing_until = 0;
        self.open_until = self.open_until.min(at);
        self.closing = self.closing.saturating_add(1);
        if self.closing >= 2 {
            self.opened = 0;
        }
    }

    fn fail(&mut self, endpoint: &EndpointId, at: i64, refused: bool) {
        self.touch(at);
        self.failures += 1.0;
        self.streak = if at - self.last_failure <= SAME_TROUBLE { self.streak.saturating_add(1) } else { 1 };
        self.last_failure = at;
        // What was on its way when the breaker opened is the same trouble: it makes no pause longer.
        let open = at < self.open_until;
        if !open && (self.streak >= 2 || refused || (self.opened > 0 && self.closing < 2)) {
            let pause = FIRST_PAUSE << self.opened.min(LONGEST_STEP);
            // Half of it for sure, the rest by chance, so that several endpoints do not return at once.
            let spread = i64::try_from(mix(hash(endpoint.as_str()) ^ at.unsigned_abs()) % 1_000).unwrap_or(0);
            self.open_until = at + pause / 2 + pause * spread / 2_000;
            self.opened = self.opened.saturating_add(1);
            self.closing = 0;
        }
    }
}

/// What is left of a weight after `passed` milliseconds.
pub(crate) fn decay(passed: i64, half_life: f64) -> f64 {
    if passed <= 0 {
        return 1.0;
    }
    #[allow(clippy::cast_precision_loss, reason = "a weight need not be exact")]
    let passed = passed as f64;
    (-passed / half_life).exp2()
}

/// Total: a new kind does not compile until it is told whose fault it is.
fn scope(failure: &Failure) -> Scope {
    let answered = failure.upstream.as_ref().is_some_and(|upstream| upstream.status.is_some());
    match failure.kind {
        ErrorKind::NetDns | ErrorKind::NetTls | ErrorKind::NetProxy | ErrorKind::TimeConnect => {
            Scope::Network(false)
        }
        ErrorKind::NetConnect => Scope::Network(true),
        ErrorKind::LimitOverloaded
        | ErrorKind::UpstreamInternal
        | ErrorKind::TimeFirstByte
        | ErrorKind::TimeIdle
        | ErrorKind::StreamTruncated
        | ErrorKind::StreamMalformed
        | ErrorKind::NetRedirect => Scope::Endpoint(false),
        ErrorKind::LimitRate => Scope::Window,
        ErrorKind::AuthRejected => Scope::KeyRefused,
        // A model that is not enabled in the account, a region: the key is good for others.
        ErrorKind::AuthForbidden => Scope::Forbidden,
        ErrorKind::BillingCredits => Scope::NoCredit,
        ErrorKind::RequestNoModel if answered => Scope::Missing,
        ErrorKind::RequestNoModel
        | ErrorKind::AuthMissing
        | ErrorKind::BillingBudget
        | ErrorKind::LimitContext
        | ErrorKind::RequestInvalid
        | ErrorKind::RequestUnsupported
        | ErrorKind::PolicyRefused
        | ErrorKind::PolicyFiltered
        | ErrorKind::TimeTotal
        | ErrorKind::Cancelled
        | ErrorKind::StoreBusy
        | ErrorKind::StoreFull
        | ErrorKind::StoreNewer
        | ErrorKind::StoreCorrupt
        | ErrorKind::StoreDenied
        | ErrorKind::VaultLocked
        | ErrorKind::VaultUnavailable
        | ErrorKind::Interrupted
        | ErrorKind::Bug => Scope::Nobody,
    }
}
