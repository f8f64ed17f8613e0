//! How fast providers are asked, as their user wants it: requests and tokens within a minute, and requests
//! at the same time. Who has to wait stands in line, first come, first served, and is told for how long.
//!
//! Counted by each process for itself: the command line does not wait for the window.

use crate::{clock::Clock, live::lock};
use domain::{Millis, ProviderId, RateLimit};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

/// The span over which requests and tokens are counted.
const MINUTE: Duration = Duration::from_secs(60);
/// What waiting for another request to end is taken to last where endpoints are compared.
const A_WHILE: Duration = Duration::from_secs(5);

/// Everyone who is asked, and who waits.
#[derive(Default)]
pub(crate) struct Queues {
    lines: Mutex<HashMap<ProviderId, Line>>,
    moved: Notify,
}

#[derive(Default)]
struct Line {
    running: u32,
    /// Began within the last minute: when, number, tokens.
    begun: VecDeque<(Duration, u64, u64)>,
    /// Numbers of those who wait, in order.
    waiting: VecDeque<u64>,
    next: u64,
}

/// What keeps a request waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delay {
    /// How long; `None` = until another request has ended.
    pub after: Option<Duration>,
    /// Others before it in the line.
    pub ahead: u32,
}

impl Line {
    fn forget(&mut self, now: Duration) {
        while self.begun.front().is_some_and(|(at, ..)| now.saturating_sub(*at) >= MINUTE) {
            self.begun.pop_front();
        }
    }

    /// What stands between a request of so many tokens and its start, were it first in line. `None` =
    /// nothing.
    fn blocked(&self, limit: RateLimit, tokens: u64, now: Duration) -> Option<Option<Duration>> {
        if limit.concurrency.is_some_and(|most| self.running >= most) {
            return Some(None);
        }
        let leaves = |at: Duration| (at + MINUTE).saturating_sub(now);
        let mut wait = Duration::ZERO;
        if let Some(most) = limit.requests_per_minute {
            let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
            if let Some(over) = (self.begun.len() + 1).checked_sub(most).filter(|over| *over > 0) {
                wait = self.begun.get(over - 1).map_or(wait, |(at, ..)| leaves(*at));
            }
        }
        if let Some(most) = limit.tokens_per_minute {
            // One that is larger than the whole limit goes when nothing else counts.
            let room = u64::from(most).saturating_sub(tokens);
            let mut spent: u64 = self.begun.iter().map(|(_, _, tokens)| tokens).sum();
            for (at, _, tokens) in &self.begun {
                if spent <= room {
                    break;
                }
                spent -= tokens;
                wait = wait.max(leaves(*at));
            }
        }
        (wait > Duration::ZERO).then_some(Some(wait))
    }
}

impl Queues {
    /// How long a request would wait now; zero = it could begin.
    pub(crate) fn expected(&self, to: &ProviderId, limit: RateLimit, tokens: u64, now: Duration) -> Millis {
        let mut lines = lock(&self.lines);
        let Some(line) = lines.get_mut(to) else { return Millis(0) };
        line.forget(now);
        let ahead = u32::try_from(line.waiting.len()).unwrap_or(u32::MAX);
        let wait = match line.blocked(limit, tokens, now) {
            None if ahead == 0 => Duration::ZERO,
            None | Some(None) => A_WHILE.saturating_mul(ahead.saturating_add(1)),
            Some(Some(wait)) => wait,
        };
        crate::clock::millis(wait)
    }

    /// Waits for a place. `told` hears of every change of what is waited for. Dropped while it waits, it
    /// leaves the line.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        clock: &dyn Clock,
        to: &ProviderId,
        limit: RateLimit,
        tokens: u64,
        mut told: impl FnMut(Delay),
    ) -> Place {
        let number = {
            let mut lines = lock(&self.lines);
            let line = lines.entry(to.clone()).or_default();
            line.next += 1;
            line.waiting.push_back(line.next);
            line.next
        };
        let _ticket = Ticket { queues: self, to, number };
        let mut last: Option<Delay> = None;
        loop {
            // Registered before looking, so that no move is missed in between.
            let moved = self.moved.notified();
            let Some(delay) = self.take(to, number, limit, tokens, clock.elapsed()) else {
                return Place { queues: Arc::clone(self), to: to.clone(), number };
            };
            if last
                .is_none_or(|last| (last.ahead, last.after.is_some()) != (delay.ahead, delay.after.is_some()))
            {
                told(delay);
                last = Some(delay);
            }
            match delay.after {
                Some(after) => {
                    tokio::select! {
                        () = moved => {}
                        () = tokio::time::sleep(after) => {}
                    }
                }
                None => moved.await,
            }
        }
    }

    /// Takes a place if there is one; what is waited for otherwise.
    fn take(
        &self,
        to: &ProviderId,
        number: u64,
        limit: RateLimit,
        tokens: u64,
        now: Duration,
    ) -> Option<Delay> {
        let mut lines = lock(&self.lines);
        let line = lines.entry(to.clone()).or_default();
        line.forget(now);
        let ahead = line.waiting.iter().take_while(|other| **other != number).count();
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        match line.blocked(limit, tokens, now) {
            None if ahead == 0 => {
                line.waiting.pop_front();
                line.running += 1;
                // Kept as long as a limit asks for it.
                if limit.requests_per_minute.is_some() || limit.tokens_per_minute.is_some() {
                    line.begun.push_back((now, number, tokens));
                }
                drop(lines);
                self.moved.notify_waiters();
                None
            }
            // Whoever is first decides when the line moves.
            None => Some(Delay { after: None, ahead }),
            Some(after) => Some(Delay { after: after.filter(|_| ahead == 0), ahead }),
        }
    }
}

/// A number in the line, given back when its holder goes away.
struct Ticket<'a> {
    queues: &'a Queues,
    to: &'a ProviderId,
    number: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some(line) = lock(&self.queues.lines).get_mut(self.to) {
            line.waiting.retain(|number| *number != self.number);
        }
        self.queues.moved.notify_waiters();
    }
}

/// A request that runs. Dropped, it makes room.
pub(crate) struct Place {
    queues: Arc<Queues>,
    to: ProviderId,
    number: u64,
}

impl Place {
    /// So many tokens it was in the end.
    pub(crate) fn counted(&self, tokens: u64) {
        let mut lines = lock(&self.queues.lines);
        let Some(line) = lines.get_mut(&self.to) else { return };
        // In order of their numbers: places are given from the front of the line.
        if let Ok(at) = line.begun.binary_search_by_key(&self.number, |(_, number, _)| *number)
            && let Some(own) = line.begun.get_mut(at)
        {
            own.2 = tokens;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(line) = lock(&self.queues.lines).get_mut(&self.to) {
            line.running = line.running.saturating_sub(1);
        }
        self.queues.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A line whose requests began at these seconds, with so many tokens each.
    fn line(begun: &[(u64, u64)]) -> Line {
        let begun = begun.iter().zip(1..).map(|((at, tokens), n)| (seconds(*at), n, *tokens)).collect();
        Line { begun, ..Line::default() }
    }

    #[test]
    fn requests_of_a_minute_are_spread() {
        let limit = RateLimit { requests_per_minute: Some(2), ..RateLimit::default() };
        assert_eq!(line(&[(0, 9)]).blocked(limit, 9, seconds(1)), None);
        assert_eq!(line(&[(0, 9), (5, 9)]).blocked(limit, 9, seconds(10)), Some(Some(seconds(50))));
        // The limit was lowered meanwhile.
        assert_eq!(line(&[(0, 9), (5, 9), (7, 9)]).blocked(limit, 9, seconds(10)), Some(Some(seconds(55))));
        let mut old = line(&[(0, 9), (5, 9)]);
        old.forget(seconds(60));
        assert_eq!(old.begun.len(), 1, "a minute later it counts no more");
    }

    #[test]
    fn tokens_of_a_minute_are_counted() {
        let limit = RateLimit { tokens_per_minute: Some(1_000), ..RateLimit::default() };
        let spent = line(&[(0, 400), (10, 500)]);
        assert_eq!(spent.blocked(limit, 100, seconds(20)), None);
        assert_eq!(spent.blocked(limit, 300, seconds(20)), Some(Some(seconds(40))));
        assert_eq!(spent.blocked(limit, 600, seconds(20)), Some(Some(seconds(50))));
        // Larger than the limit: it goes once nothing else counts.
        assert_eq!(spent.blocked(limit, 5_000, seconds(20)), Some(Some(seconds(50))));
        assert_eq!(line(&[]).blocked(limit, 5_000, seconds(20)), None);
    }

    #[tokio::test]
    async fn one_at_a_time_in_order_and_whoever_leaves_holds_up_nobody() {
        let queues: Arc<Queues> = Arc::default();
        let (clock, groq) = (Arc::new(SystemClock::new()), ProviderId::from("groq"));
        let limit = RateLimit { concurrency: Some(1), ..RateLimit::default() };
        let first = queues.enter(&*clock, &groq, limit, 1, |_| panic!("no wait")).await;
        let (order, told) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let mut tasks = Vec::new();
        for number in 0..3 {
            let (queues, clock, groq) = (Arc::clone(&queues), Arc::clone(&clock), groq.clone());
            let (order, told) = (Arc::clone(&order), Arc::clone(&told));
            tasks.push(crate::tasks::spawn(async move {
                let hear = |delay: Delay| lock(&told).push((number, delay.ahead));
                let place = queues.enter(&*clock, &groq, limit, 1, hear).await;
                lock(&order).push(number);
                tokio::time::sleep(Duration::from_millis(5)).await;
                drop(place);
            }));
            tokio::task::yield_now().await;
        }
        assert!(queues.expected(&groq, limit, 1, clock.elapsed()) >= Millis(15_000), "three are before it");
        tasks[0].abort();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(lock(&order).is_empty());
        drop(first);
        for task in tasks.drain(1..) {
            task.await.unwrap();
        }
        assert_eq!(*lock(&order), [1, 2]);
        assert_eq!(lock(&told)[..3], [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(queues.expected(&groq, limit, 1, clock.elapsed()), Millis(0));
    }
}
