//! What to do after a failed attempt.

use domain::{ErrorKind, Failure, Millis};

/// What the engine does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same endpoint again.
    Retry {
        /// After this long.
        after: Millis,
    },
    /// The next endpoint of the route.
    Advance,
    /// Give up and show the failure.
    Stop,
}

/// The longest wait a provider may ask of someone who sits and watches. Beyond it another endpoint, or the
/// user's own decision, is quicker.
pub const PATIENCE: Millis = Millis(8_000);

/// The wait before a second attempt where the provider asks for none.
const BACKOFF: Millis = Millis(500);

/// Attempts at one endpoint, the first included.
const ATTEMPTS: u32 = 2;

/// Decides what follows a failure. Total: every kind has its row, and a new kind does not compile until it
/// gets one.
///
/// - `shown`: something of the answer is already on screen. Then nothing is ever tried again silently: the
///   text is kept and the user decides.
/// - `attempts_at_endpoint`: attempts made at this endpoint so far, this one included.
/// - `endpoints_left`: endpoints of the route not yet tried. After `limit.context` the caller counts only
///   those whose context is larger or unknown.
pub fn recover(failure: &Failure, shown: bool, attempts_at_endpoint: u32, endpoints_left: usize) -> Next {
    if shown {
        return Next::Stop;
    }
    let advance = if endpoints_left > 0 { Next::Advance } else { Next::Stop };
    let retry = |after: Millis| {
        if attempts_at_endpoint < ATTEMPTS && after <= PATIENCE { Next::Retry { after } } else { advance }
    };
    let upstream = failure.upstream.as_ref();
    let asked = upstream.and_then(|upstream| upstream.retry_after);
    match failure.kind {
        // Another provider has another key and another account.
        ErrorKind::AuthMissing
        | ErrorKind::AuthRejected
        | ErrorKind::AuthForbidden
        | ErrorKind::BillingCredits => advance,
        // Without a time to wait for there is no telling when the limit lifts.
        ErrorKind::LimitRate => asked.map_or(advance, retry),
        ErrorKind::LimitOverloaded | ErrorKind::UpstreamInternal => {
            retry(asked.map_or(BACKOFF, |asked| asked.max(BACKOFF)))
        }
        ErrorKind::LimitContext => advance,
        ErrorKind::NetDns | ErrorKind::NetConnect | ErrorKind::NetTls | ErrorKind::NetProxy => retry(BACKOFF),
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
        ErrorKind::RequestInvalid | ErrorKind::RequestNoModel => Next::Stop,
        // A refusal is an answer. Shopping around for a provider without scruples is not ours to do.
        ErrorKind::PolicyRefused | ErrorKind::PolicyFiltered => Next::Stop,
        // Our own side; no endpoint mends it.
        ErrorKind::BillingBudget
        | ErrorKind::Cancelled
        | ErrorKind::StoreBusy
        | ErrorKind::StoreFull
        | ErrorKind::StoreNewer
        | ErrorKind::StoreCorrupt
        | ErrorKind::StoreDenied
        | ErrorKind::VaultLocked
        | ErrorKind::VaultUnavailable
        | ErrorKind::Interrupted
        | ErrorKind::Bug => Next::Stop,
    }
}
