//! Whether a request of another program has its first write carried out by the worker that serves it. The thread that
//! writes is woken and wakes again for each, which takes half as long as the commit. But a worker that waits for the
//! disk serves nobody: so only where a process does nothing else and has one worker, for a request that is alone, and
//! while the disk is quick.

use crate::{inner::Inner, live::lock};
use domain::Failure;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::{Pending, Tx};

/// Longest that these writes may take in the mean. Who comes meanwhile waits so long, and mostly for the disk anyway.
const QUICK: Duration = Duration::from_millis(2);
/// What one of them counts at most: the journal is folded in every few hundred writes, which alone says nothing.
const COUNTS: Duration = Duration::from_millis(8);
/// The mean goes by about so many.
const LATELY: u32 = 8;
/// The thread writes for that long once they take longer, and for so many times as long as the last one took: a slow
/// disk is waited for in a fiftieth of the time.
const REST: Duration = Duration::from_secs(1);
const TIMES: u32 = 50;

#[derive(Default)]
pub(crate) struct Here {
    allowed: AtomicBool,
    /// Requests whose answer is not told yet.
    asking: AtomicUsize,
    disk: Mutex<Disk>,
}

/// How quick the disk was lately.
#[derive(Default)]
struct Disk {
    mean: Duration,
    /// When it is tried again.
    until: Duration,
}

impl Disk {
    fn is_quick(&self, now: Duration) -> bool {
        now >= self.until
    }

    fn took(&mut self, began: Duration, now: Duration) {
        let took = now.saturating_sub(began);
        self.mean = (self.mean * (LATELY - 1) + took.min(COUNTS)) / LATELY;
        if self.mean > QUICK {
            self.until = now + REST.max(took.saturating_mul(TIMES));
            // The next one decides.
            self.mean = QUICK;
        }
    }
}

/// A request, until its answer is told.
pub(super) struct Asking(Arc<Inner>);

impl Asking {
    pub(super) fn enter(inner: &Arc<Inner>) -> Self {
        inner.relays.here.asking.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(inner))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.relays.here.asking.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Here {
    /// This process only answers other programs, on one worker.
    pub(crate) fn allow(&self) {
        self.allowed.store(true, Ordering::Relaxed);
    }

    fn may(&self, now: Duration) -> bool {
        self.allowed.load(Ordering::Relaxed)
            && self.asking.load(Ordering::Relaxed) == 1
            && lock(&self.disk).is_quick(now)
    }
}

impl Inner {
    /// Writes what has to be on the disk before a request leaves. `relayed`: another program asks it.
    pub(crate) fn write_first<T: Send + 'static>(
        &self,
        relayed: bool,
        write: impl FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        let (here, began) = (&self.relays.here, self.clock.elapsed());
        if !relayed || !here.may(began) {
            return self.store.write(write);
        }
        let written = self.store.write_here(write);
        lock(&here.disk).took(began, self.clock.elapsed());
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_micros(300);

    /// One write after the other from a moment on; when the last has ended.
    fn after(disk: &mut Disk, from: Duration, takes: &[Duration]) -> Duration {
        takes.iter().fold(from, |began, took| {
            disk.took(began, began + *took);
            began + *took
        })
    }

    #[test]
    fn one_slow_write_now_and_then_changes_nothing() {
        let mut disk = Disk::default();
        let mut now = Duration::ZERO;
        for _ in 0..20 {
            now = after(&mut disk, now, &[QUICK * 100]);
            assert!(disk.is_quick(now));
            now = after(&mut disk, now, &[USUAL; 32]);
            assert!(disk.is_quick(now));
        }
    }

    #[test]
    fn a_slow_disk_is_waited_for_in_a_fiftieth_of_the_time() {
        for took in [QUICK * 2, QUICK * 10, Duration::from_secs(3)] {
            let mut disk = Disk::default();
            let mut now = after(&mut disk, Duration::ZERO, &[USUAL; 40]);
            let mut writes = 0;
            while disk.is_quick(now) {
                now = after(&mut disk, now, &[took]);
                writes += 1;
            }
            assert!(writes < 15, "{writes} of {took:?}");
            for _ in 0..50 {
                let rest = disk.until - now;
                assert!(rest >= took * TIMES && rest >= REST, "{rest:?}");
                now = after(&mut disk, now + rest, &[took]);
                assert!(!disk.is_quick(now), "it was tried again, and is as slow as before");
            }
            let until = disk.until;
            now = after(&mut disk, until, &[USUAL; 40]);
            assert!(disk.is_quick(now), "it is quick again");
        }
    }

    #[test]
    fn who_is_not_allowed_or_not_alone_leaves_it_to_the_thread() {
        let here = Here::default();
        here.asking.store(1, Ordering::Relaxed);
        assert!(!here.may(Duration::ZERO));
        here.allow();
        assert!(here.may(Duration::ZERO));
        here.asking.store(2, Ordering::Relaxed);
        assert!(!here.may(Duration::ZERO));
    }
}
