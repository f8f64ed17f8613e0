//! One lane's answer: plan, try, recover, and hand the end to the mixer.

use crate::{
    attempt::{Attempt, Ended, Plan, billed_usage},
    clock::millis,
    draft::Draft,
    frame::RouteStep,
    held_back::HeldBack,
    inner::Inner,
    mixer::{Finished, LaneMessage, News, Settlement},
    registry::Registry,
    result::{RunResult, total_cost},
    startup::recover_in,
};
use domain::{Cost, Endpoint, EntryId, ErrorKind, Failure, Request, Route, RunState, Usage, UsageSource};
use router::Next;
use std::{collections::VecDeque, sync::Arc};
use store::{AttemptRow, EntryRow, RunRow};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a lane needs.
pub(crate) struct Job {
    pub row: RunRow,
    pub conversation: Option<domain::ConversationId>,
    pub request: Arc<Request>,
}

/// A run while it is being worked on.
struct Lane {
    inner: Arc<Inner>,
    job: Job,
    cancel: CancellationToken,
    out: mpsc::Sender<LaneMessage>,
    draft: Draft,
    steps: Vec<RouteStep>,
    attempts: Vec<AttemptRow>,
    costs: Vec<Cost>,
    started: std::time::Duration,
    issuer: String,
    notices: Vec<(domain::NoticeKind, String)>,
}

/// How the last attempt left things.
struct Last {
    ended: Option<Ended>,
    failure: Option<Failure>,
}

/// Works on a run until it has ended; always sends exactly one `End`, unless it panics.
pub(crate) async fn run(
    inner: Arc<Inner>,
    job: Job,
    cancel: CancellationToken,
    out: mpsc::Sender<LaneMessage>,
) {
    let started = inner.clock.elapsed();
    let mut lane = Lane {
        inner,
        job,
        cancel,
        out,
        draft: Draft::default(),
        steps: Vec::new(),
        attempts: Vec::new(),
        costs: Vec::new(),
        started,
        issuer: String::new(),
        notices: Vec::new(),
    };
    let last = lane.work().await;
    lane.end(last).await;
}

/// Ends a run whose task panicked: what had been committed stays.
pub(crate) async fn abandon(inner: Arc<Inner>, job: Job, failure: Failure, out: mpsc::Sender<LaneMessage>) {
    let run = job.row.id;
    // The journal holds every event that was shown. If it cannot be read now, the mixer still knows them.
    let read = inner.store.read(move |tx| Ok((tx.journal(run)?, tx.attempts(run)?))).await;
    let (chunks, mut attempts) = read.unwrap_or_default();
    let draft = crate::startup::replay(&chunks);
    let mut costs: Vec<Cost> = Vec::new();
    let open = attempts.pop_if(|row| row.outcome.is_none());
    costs.extend(attempts.iter().map(|row| row.cost.clone().unwrap_or_else(Cost::unknown)));
    let mut usage_shown = Usage::default();
    if let Some(ended) =
        open.and_then(|row| crate::startup::close_attempt(&inner, row, &job.request, &draft, &failure))
    {
        usage_shown = ended.billed.unwrap_or_default();
        costs.push(ended.cost);
        attempts.push(ended.row);
    }
    let result = RunResult {
        run,
        position: job.row.position,
        target: job.row.target.clone(),
        state: RunState::Failed,
        notices: draft.notices.clone(),
        draft,
        failure: Some(failure.clone()),
        attempts,
        cost: total_cost(&costs),
        ttft: None,
        duration: None,
        usage_shown,
    };
    let write: Settlement =
        Arc::new(move |tx| recover_in(&inner, tx, run, &failure, RunState::Failed).map(|_| ()));
    let finished = Finished { result, write, abandoned: true };
    let _ = out.send(LaneMessage { run, news: News::End(Box::new(finished)) }).await;
}

/// What a Stop leaves behind as the reason.
fn stopped() -> Failure {
    Failure::new(ErrorKind::Cancelled, "Stopped. What had arrived is kept.")
}

impl Lane {
    async fn work(&mut self) -> Last {
        let registry = self.inner.registry();
        let endpoints = match registry.resolve(&self.job.row.target.model) {
            Ok(endpoints) => endpoints,
            Err(failure) => return Last { ended: None, failure: Some(failure) },
        };
        let route = plan(&registry, &endpoints, &self.job);
        self.job.row.route = route.clone();
        let mut left: VecDeque<Endpoint> = route
            .planned
            .iter()
            .filter_map(|c| endpoints.iter().find(|endpoint| endpoint.id == c.endpoint).cloned())
            .collect();
        if left.is_empty() {
            return Last { ended: None, failure: Some(nowhere(&registry, &endpoints, &route)) };
        }
        let mut last = Last { ended: None, failure: None };
        while let Some(endpoint) = left.pop_front() {
            let mut tries = 0;
            loop {
                tries += 1;
                if let Some(ended) = last.ended.take() {
                    self.settle(ended).await;
                }
                last = self.attempt(&registry, endpoint.clone()).await;
                let Some(failure) = &last.failure else { return last };
                if self.cancel.is_cancelled() {
                    return Last { failure: Some(stopped()), ..last };
                }
                self.step_failed(failure);
                if failure.kind == ErrorKind::LimitContext {
                    left.retain(|other| roomier(other, &endpoint));
                }
                let shown = self.draft.has_content();
                match router::recover(failure, shown, tries, left.len()) {
                    Next::Stop => return last,
                    Next::Advance => break,
                    Next::Retry { after } => {
                        let wait = tokio::time::sleep(std::time::Duration::from_millis(after.0));
                        tokio::select! {
                            biased;
                            () = self.cancel.cancelled() => {
                                return Last { failure: Some(stopped()), ..last };
                            }
                            () = wait => {}
                        }
                    }
                }
            }
        }
        last
    }

    /// One attempt, from hold to the last byte. Its ledger row is written by whoever ends it.
    async fn attempt(&mut self, registry: &Registry, endpoint: Endpoint) -> Last {
        let Some(known) = registry.provider(&endpoint.provider).cloned() else {
            let failure = Failure::new(ErrorKind::RequestInvalid, "The provider was removed.");
            return Last { ended: None, failure: Some(failure) };
        };
        if self.cancel.is_cancelled() {
            return Last { ended: None, failure: Some(stopped()) };
        }
        self.draft = Draft::default();
        self.issuer = endpoint.id.to_string();
        self.steps.push(RouteStep {
            provider: known.provider.name.clone(),
            upstream_model: endpoint.upstream_model.clone(),
            failed: None,
            local: known.provider.local,
            demo: known.provider.id.as_str() == catalog::DEMO,
        });
        self.tell(News::Route(self.steps.clone())).await;
        let plan = Plan {
            endpoint,
            known,
            request: Arc::clone(&self.job.request),
            run: self.job.row.id,
            n: u32::try_from(self.attempts.len() + 1).unwrap_or(u32::MAX),
        };
        let (mut attempt, encoded, secret) = match Attempt::begin(&self.inner, plan).await {
            Ok(begun) => begun,
            Err(failure) => return Last { ended: None, failure: Some(failure) },
        };
        self.tell(News::State(RunState::Connecting)).await;
        let mut out = HeldBack::new(self.job.row.id, self.out.clone(), encoded.notices.clone());
        let cancel = self.cancel.clone();
        // The Stop is looked at first: one that came while the hold was written stops before anything
        // is sent.
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            result = attempt.run(encoded, secret, &mut self.draft, &mut out) => Some(result),
        };
        let failure = match result {
            None => Some(stopped()),
            Some(result) => result.err(),
        };
        if failure.is_none() {
            out.release().await;
        }
        let cancelled = failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::Cancelled);
        self.notices = out.notices();
        let ended = attempt.end(&self.draft, failure.clone(), cancelled);
        Last { ended: Some(ended), failure }
    }

    /// Writes an attempt that another one follows.
    async fn settle(&mut self, ended: Ended) {
        let entry = entry(&self.inner, self.job.conversation, &ended);
        let Ended { row, cost, .. } = ended;
        let attempt = row.clone();
        self.attempts.push(row);
        self.costs.push(cost);
        let written = self
            .inner
            .store
            .write(move |tx| {
                tx.finish_attempt(&attempt)?;
                tx.settle(&entry).map(|_| ())
            })
            .await;
        // A ledger that cannot be written keeps the hold; it is settled at the next start. The lane
        // goes on only if its next attempt can be recorded, which fails the same way.
        if let Err(failure) = written {
            tracing::error!(kind = failure.kind.as_str(), "an attempt could not be settled");
        }
    }

    /// Hands the mixer the last word: result for the screen, rows for the disk.
    async fn end(mut self, last: Last) {
        let mut booked = None;
        let mut attempt = None;
        let mut ttft = None;
        let generated = last.ended.as_ref().is_some_and(|ended| ended.billed.is_some());
        if let Some(ended) = last.ended {
            booked = Some(entry(&self.inner, self.job.conversation, &ended));
            let Ended { row, cost, .. } = ended;
            attempt = Some(row.clone());
            ttft = row.first_content;
            self.attempts.push(row);
            self.costs.push(cost);
        }
        let state = match &last.failure {
            None => RunState::Done,
            Some(failure) if failure.kind == ErrorKind::Cancelled => RunState::Cancelled,
            Some(failure) if failure.kind == ErrorKind::Interrupted => RunState::Interrupted,
            Some(_) => RunState::Failed,
        };
        let whole = last.failure.is_none();
        let duration = millis(self.inner.clock.elapsed().saturating_sub(self.started));
        // Nothing was generated by an attempt that was refused or never sent.
        let usage_shown =
            if generated { shown_usage(&self.job.request, &self.draft, whole) } else { Usage::default() };
        let mut row = self.job.row.clone();
        row.state = state;
        row.finish_reason = self.draft.finish.as_ref().map(|(reason, _)| *reason);
        row.failure = last.failure.clone();
        row.notices = self.notices.iter().chain(&self.draft.notices).cloned().collect();
        row.ttft = ttft;
        row.duration = Some(duration);
        row.usage = Some(usage_shown.clone());
        let result = RunResult {
            run: row.id,
            position: row.position,
            target: row.target.clone(),
            state,
            draft: self.draft.clone(),
            failure: last.failure,
            attempts: self.attempts.clone(),
            cost: total_cost(&self.costs),
            ttft,
            duration: Some(duration),
            usage_shown,
            notices: row.notices.clone(),
        };
        let parts = self.draft.parts(&self.issuer);
        let conversation = self.job.conversation;
        let now = self.inner.clock.now();
        let write: Settlement = Arc::new(move |tx| {
            let content = tx.put_content(&parts)?;
            tx.set_message_content(row.message, &content)?;
            tx.update_run(&row)?;
            if let Some(attempt) = &attempt {
                tx.finish_attempt(attempt)?;
            }
            if let Some(entry) = &booked {
                tx.settle(entry)?;
            }
            if let Some(conversation) = conversation {
                tx.touch_conversation(conversation, now)?;
            }
            tx.clear_journal(row.id)
        });
        self.tell(News::End(Box::new(Finished { result, write, abandoned: false }))).await;
    }

    fn step_failed(&mut self, failure: &Failure) {
        let status = failure.upstream.as_ref().and_then(|upstream| upstream.status).filter(|s| *s >= 400);
        if let Some(step) = self.steps.last_mut() {
            step.failed = Some(match status {
                Some(status) => status.to_string(),
                None => failure.kind.as_str().to_owned(),
            });
        }
    }

    async fn tell(&self, news: News) {
        // The mixer hangs up only when the disk refuses; then nobody may be told anything more.
        let _ = self.out.send(LaneMessage { run: self.job.row.id, news }).await;
    }
}

/// Can this endpoint read more than the one that found the prompt too long? Unknown counts as perhaps.
fn roomier(other: &Endpoint, full: &Endpoint) -> bool {
    match (other.context_length, full.context_length) {
        (Some(other), Some(full)) => other > full,
        _ => true,
    }
}

/// The ledger's row for an attempt that has ended.
pub(crate) fn entry(inner: &Inner, conversation: Option<domain::ConversationId>, ended: &Ended) -> EntryRow {
    let row = &ended.row;
    let outcome = match &row.outcome {
        Some(domain::Outcome::Completed { finish_reason }) => finish_reason.as_str().to_owned(),
        Some(domain::Outcome::Failed { failure }) => failure.kind.as_str().to_owned(),
        Some(domain::Outcome::Cancelled) => "cancelled".to_owned(),
        Some(domain::Outcome::Interrupted) | None => "interrupted".to_owned(),
    };
    EntryRow {
        id: EntryId::new(inner.clock.id()),
        attempt: row.id,
        conversation,
        at: row.started_at,
        provider: row.provider.clone(),
        endpoint: row.endpoint.clone(),
        model: row.model.clone(),
        upstream_model: row.upstream_model.clone(),
        origin: row.origin.clone(),
        outcome,
        usage: ended.billed.clone(),
        cost: ended.cost.clone(),
        price_sheet: ended.prices.clone(),
        adjusts: None,
    }
}

/// Usage as the strip shows it: the provider's own figures where it gave any, with gaps estimated.
fn shown_usage(request: &Request, draft: &Draft, whole: bool) -> Usage {
    match &draft.usage {
        Some(usage) if usage.input.total.is_some() && usage.output.total.is_some() => {
            Usage { source: UsageSource::Reported, ..usage.clone() }
        }
        _ => billed_usage(request, draft, whole),
    }
}

fn plan(registry: &Registry, endpoints: &[Endpoint], job: &Job) -> Route {
    let ready = |id: &domain::ProviderId| match registry.provider(id).is_some_and(|known| known.ready()) {
        true => router::Ready::Yes,
        false => router::Ready::NoKey,
    };
    let provider = |id: &domain::ProviderId| registry.provider(id).map(|known| &known.provider);
    let facts = router::Facts {
        provider_ready: &ready,
        named: job.row.target.model.provider.as_ref(),
        prompt_tokens: ledger::prompt_estimate(&job.request),
        dialect_built: &|dialect| wire::dialect(dialect.as_str()).is_some(),
        first_party: &|endpoint| registry.catalog().is_first_party(endpoint),
        local: &|id| provider(id).is_some_and(|p| p.local),
        dialect_of: &|id| provider(id).map(|p| p.dialect.clone()),
    };
    router::plan(endpoints, &facts)
}

/// Why no endpoint is left: the one thing the user can do about it.
fn nowhere(registry: &Registry, endpoints: &[Endpoint], route: &Route) -> Failure {
    let of = |reason| {
        route
            .rejected
            .iter()
            .find(|rejected| rejected.reason == reason)
            .and_then(|rejected| endpoints.iter().find(|endpoint| endpoint.id == rejected.endpoint))
            .and_then(|endpoint| registry.provider(&endpoint.provider))
    };
    if let Some(known) = of(domain::Reason::NoKey) {
        if known.addressless() {
            return known.without_address();
        }
        if known.provider.local {
            return Failure::new(
                ErrorKind::NetConnect,
                format!(
                    "{} is not running on this machine. Start it, then look for local servers in Settings.",
                    known.provider.name
                ),
            );
        }
        return crate::attempt::no_key(&known.provider.id, &known.provider.name);
    }
    if of(domain::Reason::ContextTooSmall).is_some() {
        return Failure::new(
            ErrorKind::LimitContext,
            "The conversation is longer than this model can read. Start a new chat or choose a model with a \
             larger context.",
        );
    }
    if let Some(known) = of(domain::Reason::DialectMissing) {
        return Failure::new(
            ErrorKind::RequestUnsupported,
            format!(
                "{} speaks “{}”, which this version cannot. Choose another provider for this model.",
                known.provider.name, known.provider.dialect
            ),
        );
    }
    Failure::new(ErrorKind::RequestNoModel, "No provider can serve this model with what the prompt holds.")
}
