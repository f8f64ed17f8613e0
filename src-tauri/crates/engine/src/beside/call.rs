//! One call beside the answers of a chat: planned, held, tried and settled like a lane's, and heard to its end before
//! anybody reads it.

use crate::{
    attempt::{Attempt, Ended, Events, Plan, Unsent},
    board::ratings,
    books::{self, entry},
    budget,
    clock::millis,
    draft::Draft,
    inner::{Inner, Table},
    learn,
    live::lock,
    policy,
    registry::Registry,
    routing::{self, Choice, Wanted},
};
use domain::{
    AttemptId, ConversationId, ErrorKind, Failure, LaneTarget, ModelRef, Params, Request, StreamEvent, say,
};
use router::{Next, Shown, Situation};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// What to ask beside a chat.
pub(crate) struct Side {
    /// `judge` or `title`: stands in the ledger.
    pub kind: &'static str,
    /// Whom.
    pub model: ModelRef,
    /// What.
    pub prompt: String,
    /// The conversation it is for: its policy and budgets count.
    pub conversation: Option<ConversationId>,
    /// Most tokens of the answer; `None` = as many as the model gives.
    pub longest: Option<u64>,
    /// Stops it.
    pub cancel: CancellationToken,
}

/// What came of it. The attempts are in the ledger, whatever came.
pub(crate) struct Said {
    /// The answer, as far as it came.
    pub text: String,
    /// Why it is not whole; `None` = it is.
    pub failure: Option<Failure>,
    /// Oldest first.
    pub attempts: Vec<AttemptId>,
}

/// What a side call sends.
pub(crate) fn request(model: &ModelRef, prompt: &str) -> (LaneTarget, Request) {
    let target = LaneTarget { model: model.clone(), system: None, params: Params::default(), policy: None };
    let request = crate::alone::request(&target, prompt);
    (target, request)
}

/// Nobody hears of it before it is whole; it is only noticed that something comes.
#[derive(Clone, Default)]
struct Unheard(Arc<AtomicBool>);

impl Events for Unheard {
    async fn events(&mut self, _: Vec<StreamEvent>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Unheard {
    /// Ends once nothing has come for so long; never, if something has, or without a limit.
    async fn silence(self, limit: Option<Duration>) -> Duration {
        if let Some(limit) = limit {
            tokio::time::sleep(limit).await;
            if !self.0.load(Ordering::Acquire) {
                return limit;
            }
        }
        std::future::pending().await
    }
}

struct Call<'a> {
    inner: &'a Arc<Inner>,
    side: &'a Side,
    request: Arc<Request>,
    policy: String,
    attempts: Vec<AttemptId>,
    draft: Draft,
    began: Duration,
}

fn stopped() -> Failure {
    Failure::new(ErrorKind::Cancelled, "It was stopped.")
}

/// Asks, and settles every attempt.
pub(crate) async fn ask(inner: &Arc<Inner>, side: &Side) -> Said {
    let (target, mut request) = request(&side.model, &side.prompt);
    request.params.max_completion_tokens = side.longest;
    let mut call = Call {
        inner,
        side,
        request: Arc::new(request),
        policy: String::new(),
        attempts: Vec::new(),
        draft: Draft::default(),
        began: inner.clock.elapsed(),
    };
    let rated = ratings::ready(inner, &side.model).await;
    let registry = inner.registry();
    let planned = match rated {
        Ok(()) => call.plan(&registry, target).await,
        Err(failure) => Err(failure),
    };
    let failure = match planned {
        Ok(choices) => call.tried(&registry, choices).await,
        Err(failure) => Some(failure),
    };
    let Call { attempts, draft, .. } = call;
    Said { text: draft.text(), failure, attempts }
}

impl Call<'_> {
    async fn plan(&mut self, registry: &Registry, target: LaneTarget) -> Result<VecDeque<Choice>, Failure> {
        let conversation = self.side.conversation;
        let now = self.inner.clock.now();
        let known = self
            .inner
            .store
            .read(move |tx| Ok((policy::of_lane(tx, &target, conversation)?, budget::room(tx, now)?)));
        let (rules, room) = known.await?;
        self.policy.clone_from(&rules.id);
        let field = routing::field(registry, &self.side.model, &self.request, rules, now)?;
        let seed = self.inner.clock.id().as_u64_pair().1;
        let (model, room) = (&self.side.model, &room);
        let wanted = Wanted {
            model,
            request: &self.request,
            likely: None,
            warm: None,
            seed,
            room,
            conversation,
            told_only: false,
        };
        let (route, choices) = routing::plan(self.inner, registry, &field, &wanted);
        if choices.is_empty() {
            return Err(routing::nowhere(registry, &field, &route));
        }
        Ok(choices)
    }

    /// Tries one after the other; `None` = the answer is whole.
    async fn tried(&mut self, registry: &Registry, mut left: VecDeque<Choice>) -> Option<Failure> {
        let mut last = stopped();
        while let Some(choice) = left.pop_front() {
            let mut tries = 0;
            loop {
                tries += 1;
                last = self.attempt(registry, &choice, !left.is_empty()).await.err()?;
                if self.side.cancel.is_cancelled() || self.inner.live.leaving.is_cancelled() {
                    return Some(stopped());
                }
                routing::forget(&mut left, &last, &choice);
                let (keys_left, endpoints_left) = routing::remaining(&left, &choice);
                let situation = Situation {
                    // What broke off in the middle is paid for: it is not asked again unasked.
                    shown: if self.draft.has_content() { Shown::Whole } else { Shown::Nothing },
                    attempts_here: tries,
                    attempts: u32::try_from(self.attempts.len()).unwrap_or(u32::MAX),
                    keys_left,
                    endpoints_left,
                    elapsed: millis(self.inner.clock.elapsed().saturating_sub(self.began)),
                    may_retry: lock(&self.inner.retries).allows(self.inner.clock.now()),
                };
                match router::recover(&last, situation) {
                    Next::Stop | Next::OfferContinue => return Some(last),
                    Next::NextKey => break,
                    Next::Advance => {
                        left.retain(|other| other.endpoint.id != choice.endpoint.id);
                        break;
                    }
                    Next::Retry { after } => {
                        lock(&self.inner.retries).spend();
                        tokio::select! {
                            biased;
                            () = self.side.cancel.cancelled() => return Some(stopped()),
                            () = self.inner.live.leaving.cancelled() => return Some(stopped()),
                            () = tokio::time::sleep(Duration::from_millis(after.0)) => {}
                        }
                    }
                }
            }
        }
        Some(last)
    }

    /// One attempt, from hold to ledger.
    async fn attempt(&mut self, registry: &Registry, choice: &Choice, others: bool) -> Result<(), Failure> {
        let Choice { endpoint, account, .. } = choice.clone();
        let Some(known) = registry.shared(&endpoint.provider) else {
            return Err(Failure::new(ErrorKind::RequestInvalid, say!("The provider was removed.")));
        };
        let inner = self.inner;
        let (id, tokens) = (known.provider.id.clone(), routing::tokens(&self.request));
        let place = tokio::select! {
            biased;
            () = self.side.cancel.cancelled() => return Err(stopped()),
            () = inner.live.leaving.cancelled() => return Err(stopped()),
            place = inner.queues.enter(&*inner.clock, &id, known.limit(), tokens, |_| ()) => place,
        };
        let (local, name, asked) = (known.provider.local, known.provider.name.clone(), endpoint.id.clone());
        let plan = Plan {
            policy: Some(self.policy.clone()),
            endpoint,
            known,
            account: account.clone(),
            request: Arc::clone(&self.request),
            of: Arc::clone(&self.request),
            run: None,
            origin: inner.origin,
            app: None,
            side: Some(self.side.kind),
            passing: None,
            conversation: self.side.conversation,
            n: u32::try_from(self.attempts.len() + 1).unwrap_or(u32::MAX),
            over_budget: false,
            revision: None,
            likely: None,
        };
        self.draft = Draft::default();
        let (mut attempt, encoded, secret) = Attempt::begin(inner, plan).await.map_err(Unsent::failure)?;
        self.attempts.push(attempt.row().id);
        lock(&inner.retries).request(inner.clock.now());
        let patience = if others && !local {
            learn::patience(inner, &self.request, ledger::prompt_estimate(&self.request), &asked)
        } else {
            None
        };
        let mut out = Unheard::default();
        let silence = out.clone().silence(patience);
        let failure = tokio::select! {
            biased;
            () = self.side.cancel.cancelled() => Some(stopped()),
            () = inner.live.leaving.cancelled() => Some(stopped()),
            result = attempt.run(encoded, secret, &mut self.draft, &mut out) => result.err(),
            waited = silence => Some(learn::silent(&name, waited)),
        };
        attempt.release(&mut self.draft, &mut out).await;
        let cancelled = failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::Cancelled);
        let ended = attempt.end(&self.draft, failure.clone(), cancelled);
        let both = |usage: &domain::Usage| {
            usage.input.total.unwrap_or(0).saturating_add(usage.output.total.unwrap_or(0))
        };
        place.counted(ended.billed.as_ref().map_or(0, both));
        learn::observe(inner, &self.request, &ended.row, account.as_ref(), failure.as_ref(), local);
        self.settle(ended).await;
        failure.map_or(Ok(()), Err)
    }

    async fn settle(&self, ended: Ended) {
        let booked = entry(self.inner, self.side.conversation, &ended);
        let attempt = ended.row;
        let written = self
            .inner
            .store
            .write(move |tx| {
                tx.finish_attempt(&attempt)?;
                books::book(tx, &booked)
            })
            .await;
        if let Err(failure) = written {
            // The hold stays, and is settled at the next start.
            tracing::error!(kind = failure.kind.as_str(), "an attempt could not be settled");
        }
        self.inner.changed(Table::Spend);
    }
}
