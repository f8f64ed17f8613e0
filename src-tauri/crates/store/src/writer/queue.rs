//! What waits to be written. Whoever adds to it wakes the thread that writes only for what that waits for: of many
//! requests that go to the disk together, the last one does.
//!
//! What may wait for company keeps its place before whatever comes behind it, with one exception: writes that only ask
//! for what was booked before them when it matters to them may go ahead of it. So the bookings of many requests share
//! one transaction, whose pages are written once for all, and no request waits for another's.

use super::Job;
use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Most closures in one transaction. More would make another process wait longer than it gains.
pub(super) const GROUP: usize = 64;
/// How long a write that may wait for company waits.
pub(super) const COMPANY: Duration = Duration::from_millis(8);
/// So many that wait for company are company enough: they go as soon as nobody is waited for,
const ENOUGH: usize = 8;
/// and so many go with whatever comes next.
const PLENTY: usize = 32;
/// How long others are waited for who came together with the last ones, as long as any comes: less than the disk takes
/// for one more commit.
const OTHERS: Duration = Duration::from_micros(150);

#[derive(Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    news: Condvar,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Box<dyn Job>>,
    /// Those of them that somebody waits for.
    urgent: usize,
    /// Since when the oldest of the others waits for company.
    since: Option<Instant>,
    /// What the thread sleeps for; `None` = it is awake.
    sleeps: Option<Until>,
    closed: bool,
}

#[derive(Clone, Copy)]
enum Until {
    Any,
    /// So many that somebody waits for are there.
    Urgent(usize),
}

impl Line {
    fn is_reached(&self, until: Until) -> bool {
        self.closed
            || match until {
                Until::Any => !self.jobs.is_empty(),
                Until::Urgent(many) => self.urgent >= many || self.jobs.len() >= GROUP,
            }
    }

    /// Whether the thread is to be woken; once.
    fn wakes(&mut self) -> bool {
        let reached = self.sleeps.is_some_and(|until| self.is_reached(until));
        if reached {
            self.sleeps = None;
        }
        reached
    }

    /// How long those that wait for company still do.
    fn left(&self) -> Duration {
        self.since.map_or(COMPANY, |since| COMPANY.saturating_sub(since.elapsed()))
    }

    fn patient(&self) -> usize {
        self.jobs.len() - self.urgent
    }

    /// Those that go next: all, as many as go into one transaction; or the ones that may go ahead of those that wait
    /// for company, as long as these have not waited long.
    fn take(&mut self) -> Taken {
        let young = self.since.is_some_and(|since| since.elapsed() < COMPANY);
        let ahead = young
            && (1..PLENTY).contains(&self.patient())
            && (1..=GROUP).contains(&self.urgent)
            && self.jobs.iter().all(|job| job.patient() || job.overtakes());
        if ahead {
            let all = std::mem::take(&mut self.jobs);
            let (stay, go): (VecDeque<_>, _) = all.into_iter().partition(|job| job.patient());
            (self.jobs, self.urgent) = (stay, 0);
            return Taken { jobs: go, ahead };
        }
        let rest = self.jobs.split_off(self.jobs.len().min(GROUP));
        self.urgent = urgent(&rest);
        self.since = (self.urgent < rest.len()).then(now);
        Taken { jobs: std::mem::replace(&mut self.jobs, rest), ahead }
    }
}

/// What goes to the disk next.
pub(super) struct Taken {
    /// In their order.
    pub jobs: VecDeque<Box<dyn Job>>,
    /// Some that came before them are left in the line.
    pub ahead: bool,
}

fn urgent(jobs: &VecDeque<Box<dyn Job>>) -> usize {
    jobs.iter().filter(|job| !job.patient()).count()
}

/// Closes a queue when it goes.
pub(super) struct Closes<'q>(&'q Queue);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.close();
        // What is left in it is dropped, so that nobody waits for its answer.
        let rest = std::mem::take(&mut self.0.line().jobs);
        drop(rest);
    }
}

#[expect(clippy::disallowed_methods, reason = "a wait within this thread, of no value that is kept")]
fn now() -> Instant {
    Instant::now()
}

impl Queue {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one; once the queue is closed it is dropped.
    pub(super) fn push(&self, job: Box<dyn Job>) {
        let mut line = self.line();
        if line.closed {
            drop(line);
            return;
        }
        if job.patient() {
            line.since.get_or_insert_with(now);
        } else {
            line.urgent += 1;
        }
        line.jobs.push_back(job);
        let wakes = line.wakes();
        drop(line);
        if wakes {
            self.news.notify_one();
        }
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        let mut line = self.line();
        line.closed = true;
        let wakes = line.wakes();
        drop(line);
        if wakes {
            self.news.notify_one();
        }
    }

    pub(super) fn closes(&self) -> Closes<'_> {
        Closes(self)
    }

    /// All that stand in the line now, for one that had gone ahead of them and is to see what they write.
    pub(super) fn before(&self) -> VecDeque<Box<dyn Job>> {
        let mut line = self.line();
        (line.urgent, line.since) = (0, None);
        std::mem::take(&mut line.jobs)
    }

    /// Those that go to the disk next. `together`: so many of the last ones were waited for by somebody. `None` = it is
    /// closed, and nothing is left.
    pub(super) fn next(&self, together: usize) -> Option<Taken> {
        let mut line = self.line();
        // More often comes soon: it dozes at first, and what may wait for company does not wake it.
        let mut dozes = true;
        while line.jobs.is_empty() {
            if line.closed {
                return None;
            }
            if std::mem::take(&mut dozes) {
                line = self.sleep(line, Until::Urgent(1), COMPANY).0;
                if line.urgent == 0 && !line.jobs.is_empty() {
                    // What came meanwhile has waited.
                    return Some(line.take());
                }
            } else {
                line.sleeps = Some(Until::Any);
                line = self.news.wait(line).unwrap_or_else(PoisonError::into_inner);
            }
        }
        loop {
            line.sleeps = None;
            // What comes next keeps its place behind these; only the commit is shared.
            let (until, span) = match line.urgent {
                0 if line.patient() >= ENOUGH => return Some(line.take()),
                0 => (Until::Urgent(1), line.left()),
                waiting if waiting < together => (Until::Urgent(together), OTHERS),
                _ => return Some(line.take()),
            };
            if line.is_reached(until) {
                return Some(line.take());
            }
            let before = line.urgent;
            let woken;
            (line, woken) = self.sleep(line, until, span);
            // Nobody came, or nobody will: what there is goes now.
            if !woken && line.urgent == before {
                return Some(line.take());
            }
        }
    }

    /// Sleeps until that is there (or the queue is closed: true), or so long.
    fn sleep<'q>(
        &'q self,
        mut line: MutexGuard<'q, Line>,
        until: Until,
        span: Duration,
    ) -> (MutexGuard<'q, Line>, bool) {
        line.sleeps = Some(until);
        let asleep = |line: &mut Line| line.sleeps.is_some();
        let waited = self.news.wait_timeout_while(line, span, asleep);
        let (mut line, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        line.sleeps = None;
        (line, !waited.timed_out())
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "tests fail by panicking and look at the clock"
    )]
    use super::*;
    use crate::{tx::Tx, writer::Haste};
    use domain::Failure;
    use std::{sync::Arc, thread, time::Instant};

    /// How it waits, and what tells that it lives.
    struct Alive(Haste, #[allow(dead_code, reason = "counted from outside")] Arc<()>);

    impl Job for Alive {
        fn patient(&self) -> bool {
            self.0 == PATIENT
        }

        fn repeats(&self) -> bool {
            false
        }

        fn overtakes(&self) -> bool {
            self.0 == AHEAD
        }

        fn run(&mut self, _: &mut Tx<'_>) -> bool {
            true
        }

        fn again(&mut self) {}

        fn failure(&self) -> Option<&Failure> {
            None
        }

        fn answer(self: Box<Self>, _: Result<(), Failure>) {}
    }

    const PATIENT: Haste = Haste::Patient;
    const URGENT: Haste = Haste::Usual;
    const AHEAD: Haste = Haste::Ahead;

    fn pushed(queue: &Queue, jobs: &[Haste]) -> Arc<()> {
        let alive = Arc::new(());
        for haste in jobs {
            queue.push(Box::new(Alive(*haste, Arc::clone(&alive))));
        }
        alive
    }

    /// Those that wait for company have just begun to, however slow this machine is.
    fn stay_young(queue: &Queue) {
        let mut line = queue.line();
        line.since = line.since.map(|_| Instant::now() + Duration::from_secs(3_600));
    }

    /// How many are taken, how many of them wait for company, and whether they have gone ahead.
    fn taken(queue: &Queue) -> (usize, usize, bool) {
        let Taken { jobs, ahead } = queue.next(0).unwrap();
        (jobs.len(), jobs.iter().filter(|job| job.patient()).count(), ahead)
    }

    #[test]
    fn who_somebody_waits_for_takes_the_patient_along() {
        let queue = Queue::default();
        let _alive = pushed(&queue, &[PATIENT, PATIENT, URGENT]);
        let Taken { jobs, ahead } = queue.next(0).unwrap();
        assert_eq!(jobs.iter().map(|job| job.patient()).collect::<Vec<_>>(), [true, true, false]);
        assert!(!ahead);
    }

    #[test]
    fn who_may_go_ahead_leaves_the_patient_in_the_line_as_long_as_they_are_few_and_young() {
        let queue = Queue::default();
        let _alive = pushed(&queue, &[PATIENT, AHEAD, PATIENT, AHEAD]);
        stay_young(&queue);
        assert_eq!(taken(&queue), (2, 0, true));
        let _alive = pushed(&queue, &[AHEAD, URGENT]);
        assert_eq!(taken(&queue), (4, 2, false), "one that may not keeps everybody's order");
        let _alive = pushed(&queue, &[PATIENT, PATIENT, AHEAD]);
        thread::sleep(COMPANY);
        assert_eq!(taken(&queue), (3, 2, false), "they have waited");
        let _alive = pushed(&queue, &[PATIENT; PLENTY]);
        let _alive = pushed(&queue, &[AHEAD]);
        stay_young(&queue);
        assert_eq!(taken(&queue), (PLENTY + 1, PLENTY, false), "they are many");
        let _alive = pushed(&queue, &[AHEAD]);
        assert_eq!(taken(&queue), (1, 0, false), "there is nobody to go ahead of");
    }

    #[test]
    fn enough_of_the_patient_go_as_soon_as_nobody_is_waited_for() {
        let queue = Queue::default();
        let at_once = || {
            let start = Instant::now();
            let _alive = pushed(&queue, &[PATIENT; ENOUGH]);
            let _alive = pushed(&queue, &[AHEAD]);
            stay_young(&queue);
            assert_eq!((taken(&queue), taken(&queue)), ((1, 0, true), (ENOUGH, ENOUGH, false)));
            start.elapsed() < COMPANY
        };
        assert!((0..100).any(|_| at_once()), "a busy machine may take longer now and then");
        let _alive = pushed(&queue, &[PATIENT, AHEAD, PATIENT]);
        stay_young(&queue);
        assert_eq!(taken(&queue), (1, 0, true));
        assert_eq!(queue.before().len(), 2, "for whom it has gone ahead of");
        let line = queue.line();
        assert_eq!((line.jobs.len(), line.since), (0, None));
    }

    #[test]
    fn the_patient_wait_for_company_and_no_longer() {
        let queue = Queue::default();
        let start = Instant::now();
        let _alive = pushed(&queue, &[PATIENT]);
        assert_eq!(queue.next(0).unwrap().jobs.len(), 1);
        assert!(start.elapsed() >= COMPANY);
    }

    #[test]
    fn those_that_came_together_are_waited_for_as_long_as_any_comes() {
        let queue = Queue::default();
        let start = Instant::now();
        let _alive = pushed(&queue, &[URGENT, URGENT]);
        assert_eq!(queue.next(3).unwrap().jobs.len(), 2, "nobody else came");
        assert!(start.elapsed() >= OTHERS);
        let _alive = pushed(&queue, &[URGENT, PATIENT, URGENT]);
        assert_eq!(queue.next(2).unwrap().jobs.len(), 3);
    }

    #[test]
    fn one_transaction_takes_no_more_than_a_group() {
        let queue = Queue::default();
        let _alive = pushed(&queue, &[URGENT; GROUP * 2 + 3]);
        let lengths: Vec<usize> = (0..3).map(|_| queue.next(1).unwrap().jobs.len()).collect();
        assert_eq!(lengths, [GROUP, GROUP, 3]);
    }

    #[test]
    fn a_thread_that_sleeps_is_woken_by_the_first_and_by_the_end() {
        let queue = Arc::new(Queue::default());
        let sleeper = Arc::clone(&queue);
        let thread = thread::spawn(move || {
            let mut found = 0;
            while let Some(taken) = sleeper.next(4) {
                found += taken.jobs.len();
            }
            found
        });
        let alive = pushed(&queue, &[URGENT; 20]);
        thread::sleep(Duration::from_millis(20));
        let late = pushed(&queue, &[PATIENT, URGENT]);
        queue.close();
        assert_eq!(thread.join().unwrap(), 22, "what was there when it was closed is written");
        let gone = pushed(&queue, &[URGENT]);
        assert!(queue.next(0).is_none());
        assert_eq!([alive, late, gone].map(|jobs| Arc::strong_count(&jobs)), [1, 1, 1], "none is kept");
    }

    #[test]
    fn who_dozes_is_woken_by_those_that_somebody_waits_for_alone() {
        let queue = Queue::default();
        queue.line().sleeps = Some(Until::Urgent(1));
        let _alive = pushed(&queue, &[PATIENT, PATIENT]);
        assert!(queue.line().sleeps.is_some());
        let _alive = pushed(&queue, &[URGENT]);
        assert!(queue.line().sleeps.is_none());
    }

    #[test]
    fn what_came_while_it_dozed_is_taken_when_that_ends() {
        let queue = Arc::new(Queue::default());
        let sleeper = Arc::clone(&queue);
        let thread = thread::spawn(move || sleeper.next(0).map(|taken| taken.jobs.len()));
        let _alive = pushed(&queue, &[PATIENT]);
        assert_eq!(thread.join().unwrap(), Some(1));
    }

    #[test]
    fn what_is_left_by_a_thread_that_broke_is_dropped() {
        let queue = Queue::default();
        let alive = pushed(&queue, &[URGENT, PATIENT]);
        drop(queue.closes());
        assert_eq!(Arc::strong_count(&alive), 1);
        assert!(queue.next(0).is_none());
    }
}
