//! Time, ids and randomness: the one seam through which the engine knows the world's clock.

use domain::{Millis, Timestamp};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::{Builder, Uuid};

/// Time, ids and seeds. Tests drive their own.
pub trait Clock: Send + Sync {
    /// Wall-clock time, for records.
    fn now(&self) -> Timestamp;
    /// Monotonic time since some fixed point, for durations.
    fn elapsed(&self) -> Duration;
    /// A fresh UUIDv7.
    fn id(&self) -> Uuid;
}

/// The machine's own clock and random source.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Starts counting.
    #[allow(clippy::disallowed_methods, reason = "this is the clock that everything else uses")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock that everything else uses")]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is a broken machine; zero keeps ids and orders usable.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn id(&self) -> Uuid {
        let mut random = [0u8; 10];
        if getrandom::fill(&mut random).is_err() {
            // Without a random source ids must still differ: nanoseconds of the monotonic clock do.
            let nanos = self.start.elapsed().as_nanos().to_le_bytes();
            random.copy_from_slice(&nanos[..10]);
        }
        let millis = u64::try_from(self.now().0).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// A span as whole milliseconds.
pub(crate) fn millis(span: Duration) -> Millis {
    Millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}
