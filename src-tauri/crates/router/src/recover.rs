//! What to do after a failed attempt.

use domain::{ErrorKind, Failure, Millis, Timestamp, Upstream};

/// What the engine does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same endpoint and key again.
    Retry {
        /// After this long.
        after: Millis,
    },
    /// The same endpoint with another key.
    NextKey,
    /// The next endpoint of the route.
    Advance,
    /// Keep what came and offer to go on with it at another endpoint of the same model.
    OfferContinue,
    /// Give up and show the failure.
    Stop,
}

/// What of the answer is already on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// Text or reasoning, which can be gone on with.
    Text,
    /// Arguments of a tool call, JSON of a schema, a picture: half of it is of no use, and no second
    /// half fits.
    Whole,
}

/// Where an answer stands when an attempt fails.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// What is on screen.
    pub shown: Shown,
    /// Attempts at this endpoint with this key so far, this one included.
    pub attempts_here: u32,
    /// Attempts altogether, this one included.
    pub attempts: u32,
    /// Keys for this endpoint not yet tried.
    pub keys_left: usize,
    /// Endpoints not yet tried. After `limit.context` of the same model only those whose context is larger or unknown,
    /// after `request.invalid` only those of other models that were named for this.
    pub endpoints_left: usize,
    /// Since the request was first sent, without what it stood in line by the user's own limits.
    pub elapsed: Millis,
    /// The retry budget allows asking the same endpoint again.
    pub may_retry: bool,
}

/// The longest wait a provider may ask of someone who sits and watches. Beyond it another endpoint, or the
/// user's own decision, is quicker.
pub const PATIENCE: Millis = Millis(8_000);
/// While another endpoint could be asked, nobody is waited for longer than this.
pub const QUICK: Millis = Millis(1_000);
/// Attempts of one answer.
pub const ATTEMPTS: u32 = 6;
/// After so long nobody else is asked either: whoever still waits decides what to do.
pub const DEADLINE: Millis = Millis(180_000);
/// After so long nothing is tried a second time.
pub const LONG_ENOUGH: Millis = Millis(30_000);

/// The wait before a second attempt where the provider asks for none; doubled for the third.
const BACKOFF: Millis = Millis(500);
/// Attempts at one endpoint with one key, the first included.
const ATTEMPTS_HERE: u32 = 3;

/// Decides what follows a failure. Total: every kind has its row, and a new kind does not compile until it
/// gets one. Nothing is ever tried again silently once something was shown.
pub fn recover(failure: &Failure, at: Situation) -> Next {
    match at.shown {
        Shown::Nothing => before_content(failure, at),
        Shown::Text if broke_off(failure.kind) => Next::OfferContinue,
        Shown::Text | Shown::Whole => Next::Stop,
    }
}

fn before_content(failure: &Failure, at: Situation) -> Next {
    let more = at.attempts < ATTEMPTS && at.elapsed < DEADLINE;
    let advance = if more && at.endpoints_left > 0 { Next::Advance } else { Next::Stop };
    let next_key = if more && at.keys_left > 0 { Next::NextKey } else { advance };
    let upstream = failure.upstream.as_ref();
    // Who says that asking again is in vain, or welcome, knows best.
    let again = upstream.and_then(|upstream| upstream.should_retry);
    // Waiting is for when nobody else can be asked.
    let patience = if at.keys_left > 0 || at.endpoints_left > 0 { QUICK } else { PATIENCE };
    let wait = |after: Millis, otherwise: Next| {
        let in_time = after <= patience && at.elapsed.0.saturating_add(after.0) <= LONG_ENOUGH.0;
        if more && at.may_retry && in_time && at.attempts_here < ATTEMPTS_HERE && again != Some(false) {
            Next::Retry { after }
        } else {
            otherwise
        }
    };
    let backoff = Millis(BACKOFF.0 << at.attempts_here.saturating_sub(1).min(4));
    let alone = advance == Next::Stop;
    let asked = upstream.and_then(|upstream| upstream.retry_after);
    let soon = || wait(asked.map_or(backoff, |asked| asked.max(backoff)), Next::Stop);
    // What somebody on the way gave up on may go on and be billed: not twice at one place.
    if failure.kind == ErrorKind::UpstreamInternal && upstream.is_some_and(Upstream::gave_up) {
        return advance;
    }
    match failure.kind {
        // The key or its account; another key may do, one of the environment also where the keychain is gone.
        ErrorKind::AuthMissing
        | ErrorKind::AuthRejected
        | ErrorKind::AuthForbidden
        | ErrorKind::VaultUnavailable
        | ErrorKind::BillingCredits => next_key,
        // Without a time to wait for there is no telling when the limit lifts.
        ErrorKind::LimitRate => asked.map_or(next_key, |asked| wait(asked, next_key)),
        // Somebody else answers sooner than the same one that has just failed.
        ErrorKind::LimitOverloaded | ErrorKind::UpstreamInternal if alone => soon(),
        ErrorKind::NetDns | ErrorKind::NetConnect | ErrorKind::NetTls | ErrorKind::NetProxy if alone => {
            wait(backoff, Next::Stop)
        }
        ErrorKind::LimitOverloaded
        | ErrorKind::UpstreamInternal
        | ErrorKind::NetDns
        | ErrorKind::NetConnect
        | ErrorKind::NetTls
        | ErrorKind::NetProxy => advance,
        ErrorKind::LimitContext => advance,
        // A redirect is how the provider is set up; asking again gives the same answer.
        ErrorKind::NetRedirect => advance,
        // The time is spent already, and a request that was sent may be billed: not twice at one place.
        ErrorKind::TimeConnect
        | ErrorKind::TimeFirstByte
        | ErrorKind::TimeIdle
        | ErrorKind::TimeTotal
        | ErrorKind::StreamTruncated
        | ErrorKind::StreamMalformed => advance,
        // One endpoint's want of a named parameter says nothing about the others.
        ErrorKind::RequestUnsupported => {
            if upstream.is_some_and(|upstream| upstream.param.is_some()) {
                advance
            } else {
                Next::Stop
            }
        }
        // This endpoint lost the model; others of the same model may have it.
        ErrorKind::RequestNoModel if upstream.is_some_and(|upstream| upstream.status.is_some()) => advance,
        // No fault of the request, if it may be sent again as it is.
        ErrorKind::RequestInvalid if again == Some(true) && alone => soon(),
        // What one model does not take another may that was named for this.
        ErrorKind::RequestInvalid => advance,
        ErrorKind::RequestNoModel => Next::Stop,
        // A refusal is an answer. Shopping around for a provider without scruples is not ours to do.
        ErrorKind::PolicyRefused | ErrorKind::PolicyFiltered => Next::Stop,
        // Another key, a cheaper endpoint or one with a budget of its own may still be within.
        ErrorKind::BillingBudget => next_key,
        // Our own side; no endpoint mends it.
        ErrorKind::Cancelled
        | ErrorKind::StoreBusy
        | ErrorKind::StoreFull
        | ErrorKind::StoreNewer
        | ErrorKind::StoreCorrupt
        | ErrorKind::StoreDenied
        | ErrorKind::VaultLocked
        | ErrorKind::Interrupted
        | ErrorKind::Bug => Next::Stop,
    }
}

/// Did the answer break off for want of a connection or a healthy provider? Then what came is the
/// beginning of a good answer.
pub fn broke_off(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::LimitRate
        | ErrorKind::LimitOverloaded
        | ErrorKind::UpstreamInternal
        | ErrorKind::NetDns
        | ErrorKind::NetConnect
        | ErrorKind::NetTls
        | ErrorKind::NetProxy
        | ErrorKind::TimeConnect
        | ErrorKind::TimeFirstByte
        | ErrorKind::TimeIdle
        | ErrorKind::TimeTotal
        | ErrorKind::StreamTruncated
        | ErrorKind::StreamMalformed
        | ErrorKind::BillingCredits => true,
        ErrorKind::AuthMissing
        | ErrorKind::AuthRejected
        | ErrorKind::AuthForbidden
        | ErrorKind::BillingBudget
        | ErrorKind::LimitContext
        | ErrorKind::RequestInvalid
        | ErrorKind::RequestUnsupported
        | ErrorKind::RequestNoModel
        | ErrorKind::PolicyRefused
        | ErrorKind::PolicyFiltered
        | ErrorKind::NetRedirect
        | ErrorKind::Cancelled
        | ErrorKind::StoreBusy
        | ErrorKind::StoreFull
        | ErrorKind::StoreNewer
        | ErrorKind::StoreCorrupt
        | ErrorKind::StoreDenied
        | ErrorKind::VaultLocked
        | ErrorKind::VaultUnavailable
        | ErrorKind::Interrupted
        | ErrorKind::Bug => false,
    }
}

/// Second tries at one endpoint that a machine may still make: one for ten requests and three a minute,
/// ten at most, so that an outage does not multiply what is sent and paid.
#[derive(Clone, Copy, Debug)]
pub struct RetryBudget {
    left: f64,
    at: Timestamp,
}

impl RetryBudget {
    const MOST: f64 = 10.0;

    /// Full.
    pub const fn new(now: Timestamp) -> Self {
        Self { left: Self::MOST, at: now }
    }

    /// A request was sent.
    pub fn request(&mut self, now: Timestamp) {
        self.refill(now);
        self.left = (self.left + 0.1).min(Self::MOST);
    }

    /// Is one left?
    pub fn allows(&mut self, now: Timestamp) -> bool {
        self.refill(now);
        self.left >= 1.0
    }

    /// One was made.
    pub fn spend(&mut self) {
        self.left = (self.left - 1.0).max(0.0);
    }

    fn refill(&mut self, now: Timestamp) {
        let passed = now.0.saturating_sub(self.at.0).clamp(0, 600_000);
        #[allow(clippy::cast_precision_loss, reason = "at most ten minutes")]
        let passed = passed as f64;
        self.left = (self.left + passed * 3.0 / 60_000.0).min(Self::MOST);
        self.at = now;
    }
}
