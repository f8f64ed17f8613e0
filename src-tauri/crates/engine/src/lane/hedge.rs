//! A second provider beside one that is late: who has content first is the answer, the other is stopped.
//!
//! Only where the rules ask for it, once an answer, before its first word, and only where closing a connection
//! ends the bill at both. Both have their hold before a byte of them leaves. Both are read in the lane's own
//! task, so that a Stop or a panic finds them as it finds any attempt.

use super::{
    Lane,
    leg::{Leg, Read, Start, step},
};
use crate::{
    calendar::Calendar,
    inner::Inner,
    learn,
    live::lock,
    mixer::News,
    registry::{Known, Registry},
    routing::{self, Choice},
    seam,
};
use domain::{AttemptId, Failure, InputUsage, NoticeKind, OutputUsage, PicoUsd, Timestamp, Usage, say};
use futures_util::FutureExt as _;
use router::Who;
use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Of a month's spending, what answers that came second may cost: one part in so many.
const SHARE: i128 = 20;
/// The label of an attempt that another one outran, where a failed one has its own.
pub(crate) const OUTRUN: &str = "outrun";

/// Which of two attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    First,
    Second,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// Who has content.
    speaker: Option<Side>,
    /// Both are on their way: nobody is shown before the other has ended.
    both: bool,
}

/// Whose answer it is: that of the first with content.
pub(crate) struct Contest(watch::Sender<State>);

impl Default for Contest {
    fn default() -> Self {
        Self(watch::Sender::new(State::default()))
    }
}

impl Contest {
    /// This side has content. Comes back once that may be shown: at once where it is alone, else when the other
    /// is settled. Never for who is second.
    pub(crate) async fn speak(&self, side: Side) {
        self.0.send_modify(|state| {
            state.speaker.get_or_insert(side);
        });
        let mine = |state: &State| state.speaker == Some(side) && !state.both;
        if self.0.subscribe().wait_for(mine).await.is_err() {
            std::future::pending().await
        }
    }

    /// Somebody has content.
    async fn spoken(&self) -> Side {
        let mut changes = self.0.subscribe();
        let speaker = changes.wait_for(|state| state.speaker.is_some()).await.ok().and_then(|s| s.speaker);
        match speaker {
            Some(side) => side,
            None => std::future::pending().await,
        }
    }

    fn has_spoken(&self) -> bool {
        self.0.borrow().speaker.is_some()
    }

    /// Both are about to be on their way.
    fn open(&self) {
        self.0.send_modify(|state| state.both = true);
    }

    /// The other has ended.
    fn alone(&self) {
        self.0.send_modify(|state| state.both = false);
    }
}

/// How a contest was decided.
struct Over {
    /// Who goes on.
    stays: Side,
    /// How the other failed, if it did.
    failed: Option<Failure>,
    /// The end of who goes on, if that came already.
    read: Option<Read>,
}

impl Over {
    const fn spoke(stays: Side, read: Option<Read>) -> Self {
        Self { stays, failed: None, read }
    }

    /// This side ended before anybody had content.
    fn ended(side: Side, read: Read) -> Self {
        match (read, side) {
            (Some(Err(failure)), Side::First) => {
                Self { stays: Side::Second, failed: Some(failure), read: None }
            }
            (Some(Err(failure)), Side::Second) => {
                Self { stays: Side::First, failed: Some(failure), read: None }
            }
            (read, stays) => Self::spoke(stays, Some(read)),
        }
    }
}

type Reading<'a> = Pin<Box<dyn Future<Output = Read> + Send + 'a>>;

/// Waits for content or an end, for as long as is usual; the end, if that came.
async fn until_late(reading: &mut Reading<'_>, contest: &Contest, late: Duration) -> Option<Read> {
    tokio::select! {
        biased;
        read = reading => Some(read),
        _ = contest.spoken() => None,
        () = tokio::time::sleep(late) => None,
    }
}

/// Reads the first while something else is done to its end, which a hold may hang on; its end, if that came.
async fn meanwhile<T>(reading: &mut Reading<'_>, other: impl Future<Output = T>) -> (T, Option<Read>) {
    let mut other = Box::pin(other);
    let mut ended = None;
    loop {
        tokio::select! {
            biased;
            read = &mut *reading, if ended.is_none() => ended = Some(read),
            done = &mut other => return (done, ended),
        }
    }
}

/// Reads both until it is decided who goes on. `ended`: the first has, before the second was sent.
async fn decided(
    first: &mut Reading<'_>,
    second: &mut Reading<'_>,
    contest: &Contest,
    ended: Option<Read>,
) -> Over {
    if contest.has_spoken() {
        return Over::spoke(Side::First, ended);
    }
    if let Some(read) = ended {
        return Over::ended(Side::First, read);
    }
    contest.open();
    tokio::select! {
        biased;
        side = contest.spoken() => Over::spoke(side, None),
        read = first => Over::ended(Side::First, read),
        read = second => Over::ended(Side::Second, read),
    }
}

impl Lane {
    /// Reads the answer; where it is late and the rules allow it, another provider is asked beside it. Gives the
    /// attempt that is the answer, or the last one that failed.
    pub(super) async fn answered<'a>(
        &mut self,
        inner: &'a Arc<Inner>,
        registry: &Registry,
        mut first: Box<Leg<'a>>,
        left: &mut VecDeque<Choice>,
    ) -> (Box<Leg<'a>>, Read) {
        let cancel = self.cancel.clone();
        let Some((place, late)) = self.rival(registry, &first, left) else {
            let read = Box::pin(first.read(&cancel)).await;
            return (first, read);
        };
        let (contest, asked, id) = (Arc::clone(&first.contest), first.choice.clone(), first.id());
        let mut reading: Reading<'_> = Box::pin(first.read(&cancel));
        let mut ended = until_late(&mut reading, &contest, late).await;
        let mut second = None;
        if ended.is_none()
            && !contest.has_spoken()
            && let Some(rival) = left.get(place).cloned()
        {
            let begin = self.begin_beside(inner, registry, (id, &asked), rival, &contest);
            (second, ended) = meanwhile(&mut reading, begin).await;
        }
        let Some(mut second) = second else {
            let read = match ended {
                Some(read) => read,
                None => reading.as_mut().await,
            };
            drop(reading);
            return (first, read);
        };
        left.remove(place);
        self.hedge = false;
        self.numbered = second.n;
        let rival = second.choice.clone();
        self.steps.push(step(&rival, &second.known));
        self.tell(News::Route(self.steps.clone())).await;
        let mut beside: Reading<'_> = Box::pin(second.read(&cancel));
        let Over { stays, failed, read } = decided(&mut reading, &mut beside, &contest, ended).await;
        // Whoever leaves is closed, settled and told of before a word of the other is shown.
        match stays {
            Side::First => {
                drop(beside);
                self.leaves(second, failed, &asked, late, left).await;
                contest.alone();
                let read = match read {
                    Some(read) => read,
                    None => reading.as_mut().await,
                };
                drop(reading);
                first.n = self.numbered;
                (first, read)
            }
            Side::Second => {
                drop(reading);
                self.leaves(first, failed, &rival, late, left).await;
                contest.alone();
                let read = match read {
                    Some(read) => read,
                    None => beside.as_mut().await,
                };
                drop(beside);
                second.n = self.numbered;
                (second, read)
            }
        }
    }

    /// Who could be asked beside the first, by its place among those left, and after what time. Nobody, where
    /// nothing says that it is late, what it costs, or that closing a connection ends the bill.
    fn rival(
        &self,
        registry: &Registry,
        first: &Leg<'_>,
        left: &VecDeque<Choice>,
    ) -> Option<(usize, Duration)> {
        if !self.hedge || self.kept.is_some() || self.job.made_of.is_some() {
            return None;
        }
        let fit = |choice: &Choice, known: &Known| {
            let provider = &known.provider;
            !provider.local
                && provider.quirks.cancel_stops_billing == Some(true)
                && choice.endpoint.prices.is_some()
        };
        if !fit(&first.choice, &first.known) {
            return None;
        }
        let now = self.inner.clock.now();
        let well = |choice: &Choice| {
            let (endpoint, provider) = (&choice.endpoint.id, &choice.endpoint.provider);
            let who = Who { endpoint, provider, account: choice.account.as_ref(), local: false };
            lock(&self.inner.health).setback(who, now).is_none()
        };
        let of = &first.choice.endpoint;
        let place = left.iter().position(|other| {
            other.endpoint.model == of.model
                && other.endpoint.provider != of.provider
                && registry.provider(&other.endpoint.provider).is_some_and(|known| fit(other, known))
                && well(other)
        })?;
        Some((place, learn::late(&self.inner, &self.job.request, &of.id)?))
    }

    /// The second attempt with its hold, if it may be made now: it waits in no line, and what would be lost by it
    /// keeps within its share.
    async fn begin_beside<'a>(
        &self,
        inner: &'a Arc<Inner>,
        registry: &Registry,
        (first, asked): (AttemptId, &Choice),
        rival: Choice,
        contest: &Arc<Contest>,
    ) -> Option<Box<Leg<'a>>> {
        let known = registry.shared(&rival.endpoint.provider)?;
        if !self.within_share(inner, first, [asked, &rival]).await {
            return None;
        }
        let tokens = routing::tokens(&self.job.request);
        let enter = inner.queues.enter(&*inner.clock, &known.provider.id, known.limit(), tokens, |_| {});
        let place = enter.now_or_never()?;
        let contest = Arc::clone(contest);
        let (n, side) = (self.numbered + 1, Side::Second);
        let start = Start { choice: rival, known, place, n, side, contest, others: true };
        // A budget that does not cover both, a key that is gone: then nobody is asked beside it.
        Box::pin(self.begin(inner, registry, start)).await.ok()
    }

    /// Would this month's attempts beside others still cost no more than a twentieth of its spending, were this
    /// prompt paid twice? What is not known is no; and so is an experiment, which measures who was asked.
    async fn within_share(&self, inner: &Inner, first: AttemptId, both: [&Choice; 2]) -> bool {
        let now = inner.clock.now();
        let prompt = Usage {
            input: InputUsage {
                total: Some(ledger::prompt_estimate(&self.job.request)),
                ..InputUsage::default()
            },
            output: OutputUsage { total: Some(0), ..OutputUsage::default() },
            ..Usage::default()
        };
        let cost = |choice: &Choice| ledger::cost(&prompt, choice.endpoint.prices.as_ref(), now).total;
        let [Some(one), Some(other)] = both.map(cost) else { return false };
        let Ok(calendar) = Calendar::at(now) else { return false };
        let (month, end) = (calendar.starts.month, Timestamp(i64::MAX));
        let known = inner.store.read(move |tx| {
            let measured = tx.is_of_experiment(first)?;
            Ok((measured, tx.spend_total(month, end)?, tx.spend_on_hedges(month, end)?))
        });
        match known.await {
            Ok((measured, all, lost)) => {
                !measured && lost.unknown == 0 && within(all.amount, lost.amount, one.max(other))
            }
            Err(_) => false,
        }
    }

    /// Settles who leaves, and says who stays.
    async fn leaves(
        &mut self,
        leg: Box<Leg<'_>>,
        failure: Option<Failure>,
        stays: &Choice,
        late: Duration,
        left: &mut VecDeque<Choice>,
    ) {
        if let Some(failure) = &failure {
            routing::forget(left, failure, &leg.choice);
            left.retain(|other| other.endpoint.id != leg.choice.endpoint.id);
        }
        let (gone, was_first) = (leg.known.provider.name.clone(), leg.side == Side::First);
        Box::pin(self.drop_out(leg, failure.as_ref())).await;
        // Who stays is the last of the attempts, whoever began first.
        let back = self.steps.len().saturating_sub(if was_first { 2 } else { 1 });
        if back < self.steps.len() {
            let mut step = self.steps.remove(back);
            step.failed = Some(failure.as_ref().map_or_else(|| OUTRUN.to_owned(), seam::why));
            self.steps.insert(self.steps.len().saturating_sub(1), step);
        }
        if !was_first {
            self.numbered += 1;
        }
        self.issuer = stays.endpoint.id.to_string();
        self.tell(News::Route(self.steps.clone())).await;
        self.tell_prices(stays).await;
        if failure.is_none() {
            let stayed = self.steps.last().map(|step| step.provider.clone()).unwrap_or_default();
            self.beside = Some((NoticeKind::Hedged, words(was_first, &gone, &stayed, late)));
        }
    }
}

fn within(all: PicoUsd, lost: PicoUsd, more: PicoUsd) -> bool {
    let of = |amount: PicoUsd| i128::from(amount.get());
    (of(lost) + of(more)) * SHARE <= of(all)
}

/// What the answer says of it.
fn words(first_left: bool, left: &str, stayed: &str, late: Duration) -> domain::Words {
    let tenths = late.as_millis().div_ceil(100);
    let after = format!("{}.{} s", tenths / 10, tenths % 10);
    if first_left {
        say!(
            "{left} had said nothing after {after}, longer than it usually takes, so {stayed} was asked too and \
             answered first. The request to {left} was stopped.",
            left,
            after,
            stayed
        )
    } else {
        say!(
            "{stayed} had said nothing after {after}, longer than it usually takes, so {left} was asked too. \
             {stayed} answered first; the request to {left} was stopped.",
            stayed,
            after,
            left
        )
    }
}

#[cfg(test)]
#[path = "hedge_tests.rs"]
mod tests;
