//! A lane's waiting in line, and its going on with an answer that broke off.

use super::Lane;
use crate::{
    books::{merged, shown_usage},
    clock::millis,
    draft::Draft,
    frame::{ContinueOn, WaitFor, Waiting},
    mixer::{LaneMessage, News},
    pauses,
    queue::Place,
    registry::{Known, Registry},
    routing::{self, Choice},
    seam::{self, Kept},
};
use domain::{Failure, Millis, NoticeKind, Request, StreamEvent};
use router::PATIENCE;
use std::{collections::VecDeque, sync::Arc, time::Duration};

impl Lane {
    /// What is asked: the request, or to go on with what stands.
    pub(super) fn asked(&self) -> Arc<Request> {
        match &self.kept {
            Some(kept) => Arc::new(kept.request(&self.job.request)),
            None => Arc::clone(&self.job.request),
        }
    }

    /// Waits in line for a provider; `None` = it was stopped.
    pub(super) async fn place(&self, known: &Known) -> Option<Place> {
        let (inner, id, name) = (&self.inner, &known.provider.id, &known.provider.name);
        let tokens = routing::tokens(&self.job.request);
        let told = |delay: crate::queue::Delay| {
            let ms = delay.after.map(millis);
            let waiting = Waiting { provider: name.clone(), why: WaitFor::Limit, ms, ahead: delay.ahead };
            // Only to be seen; who cannot take it now sees the next.
            let _ = self.out.try_send(LaneMessage { run: self.job.row.id, news: News::Waiting(waiting) });
        };
        let place = inner.queues.enter(&*inner.clock, id, known.limit(), tokens, told);
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => None,
            place = place => Some(place),
        }
    }

    /// It stood in line from `asked` until now. What one's own limits cost is no time of failing.
    pub(super) fn placed(&mut self, asked: Duration) {
        let now = self.inner.clock.elapsed();
        match self.began {
            None => self.began = Some(now),
            Some(_) => self.waited += now.saturating_sub(asked),
        }
    }

    /// Since it first had a place, without the time in line.
    pub(super) fn elapsed(&self) -> Millis {
        let now = self.inner.clock.elapsed();
        let all = self.began.map_or(Duration::ZERO, |began| now.saturating_sub(began));
        millis(all.saturating_sub(self.waited))
    }

    /// Waits where everybody who is left has asked for a pause and the first of them is soon over; that one comes
    /// first then. A longer pause keeps nobody from being asked: limits are lifted, and plans changed. `None` = it
    /// was stopped.
    pub(super) async fn rested(
        &self,
        registry: &Registry,
        choice: Choice,
        left: &mut VecDeque<Choice>,
    ) -> Option<Choice> {
        let first = pauses::first_over(&self.inner, registry, &choice, left);
        let Some((place, wait)) = first.filter(|(_, wait)| *wait <= PATIENCE) else {
            return Some(choice);
        };
        left.push_front(choice);
        let choice = left.remove(place)?;
        self.tell_wait(registry, &choice, wait).await;
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => None,
            () = tokio::time::sleep(Duration::from_millis(wait.0)) => Some(choice),
        }
    }

    pub(super) async fn tell_wait(&self, registry: &Registry, choice: &Choice, after: Millis) {
        let id = &choice.endpoint.provider;
        let provider = registry.provider(id).map_or_else(|| id.to_string(), |k| k.provider.name.clone());
        self.tell(News::Waiting(Waiting { provider, why: WaitFor::Retry, ms: Some(after), ahead: 0 })).await;
    }

    /// Says something on the answer.
    pub(super) async fn tell_notice(&mut self, said: Option<(NoticeKind, String)>) {
        let Some((kind, detail)) = said else { return };
        self.notices.push((kind, detail.clone()));
        self.tell(News::Events(vec![StreamEvent::Notice { kind, detail }])).await;
    }

    /// May what broke off be gone on with now, without asking? Once, where the rules allow it, and at
    /// another endpoint of the same model.
    pub(super) fn goes_on(&mut self, left: &mut VecDeque<Choice>, broke: &Choice) -> bool {
        left.retain(|other| {
            other.endpoint.model == broke.endpoint.model && other.endpoint.id != broke.endpoint.id
        });
        std::mem::take(&mut self.continue_once) && !left.is_empty()
    }

    /// Puts aside what stands, for another endpoint to go on with.
    pub(super) fn keep(&mut self, registry: &Registry, broke: &Choice, failure: &Failure) {
        let id = &broke.endpoint.provider;
        let provider = registry.provider(id).map_or_else(|| id.to_string(), |k| k.provider.name.clone());
        let usage = shown_usage(&self.asked(), &self.draft, false);
        self.before = Some(self.before.as_ref().map_or_else(|| usage.clone(), |first| merged(first, &usage)));
        self.kept = Some(Kept {
            draft: self.whole(),
            endpoint: broke.endpoint.id.clone(),
            model: broke.endpoint.model.clone(),
            provider,
            why: seam::why(failure),
        });
    }

    /// The answer with what stood before its seam.
    pub(super) fn whole(&self) -> Draft {
        match &self.kept {
            Some(kept) => seam::joined(kept, self.spliced.0.clone(), &self.draft, self.spliced.1),
            None => self.draft.clone(),
        }
    }

    /// Where the answer can be gone on with, should the user want it.
    pub(super) fn continue_on(&self, failure: Option<&Failure>, parts: &[domain::Part]) -> Vec<ContinueOn> {
        let broke = failure.filter(|failure| seam::possible(failure, &self.job.row.target, parts));
        let wrote = self.attempts.iter().rfind(|row| row.first_content.is_some());
        let wrote = wrote.map(|row| (&row.endpoint, &row.model));
        let wrote = wrote.or(self.kept.as_ref().map(|kept| (&kept.endpoint, &kept.model)));
        match broke.zip(wrote) {
            Some((failure, (endpoint, model))) => {
                seam::offers(&self.inner.registry(), &self.job.row.route, endpoint, model, failure.kind)
            }
            None => Vec::new(),
        }
    }
}
