//! Drives one request of another program: plan, try, recover, settle. The lane's way, without its screen.

mod last;
mod settle;
mod soonest;
mod which;

use super::{End, Head, Passing, Piece, RelayAsk, named::named, outlet::Outlet, warmth};
use crate::{
    attempt::{Plan, Unsent},
    board::ratings,
    budget::Room,
    clock::millis,
    draft::Draft,
    inner::Inner,
    learn,
    live::lock,
    pauses,
    queue::Place,
    refusals::Tried,
    registry::{Known, Registry},
    result::total_cost,
    routing::{self, Choice, Wanted},
    startup::begun,
};
use domain::{Cost, ErrorKind, Failure, Request, Usage};
use last::Last;
use router::{Next, PATIENCE, Shown, Situation};
use soonest::{Wait, note};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

pub(super) struct Drive {
    inner: Arc<Inner>,
    ask: RelayAsk,
    number: u64,
    out: mpsc::Sender<Piece>,
    request: Arc<Request>,
    passing: Arc<Passing>,
    policy: String,
    /// How often it was tried, and how many of those were sent: a budget stops the others before that.
    attempts: u32,
    sent: u32,
    costs: Vec<Cost>,
    /// When it first had a place at a provider, and what it has stood in line since.
    began: Option<Duration>,
    waited: Duration,
    /// An attempt whose settlement is not on its way yet.
    open: Option<store::AttemptRow>,
    /// Tokens its prompt likely has, and which conversation it belongs to. Found out once: it may be long.
    likely: u64,
    conversation: u64,
    /// What it was planned on had changed before anything was sent.
    stale: bool,
    /// Names before that of the model that is asked, which nobody here serves.
    unserved: Vec<String>,
}

/// How often a request is planned anew because what it was planned on has changed.
const ANEW: u32 = 3;

fn gone() -> Failure {
    Failure::new(ErrorKind::Cancelled, "The program that asked has gone.")
}

/// Parallax ends while it is being answered.
fn leaving() -> Failure {
    Failure::new(
        ErrorKind::Interrupted,
        "Parallax was closed before this answer was complete. Start it and ask again.",
    )
}

impl Drive {
    pub(super) fn new(inner: Arc<Inner>, ask: RelayAsk, number: u64, out: mpsc::Sender<Piece>) -> Self {
        let request = Arc::clone(&ask.asked.request);
        let passing = Arc::new(Passing {
            asked: Arc::clone(&ask.asked),
            body: ask.body.clone(),
            headers: ask.headers.clone(),
            translate: ask.translate,
        });
        let likely = ledger::prompt_estimate(&request);
        let conversation = warmth::conversation(&ask.caller.key.name, &ask.asked);
        Self {
            inner,
            ask,
            number,
            out,
            request,
            passing,
            policy: String::new(),
            attempts: 0,
            sent: 0,
            costs: Vec::new(),
            began: None,
            waited: Duration::ZERO,
            open: None,
            likely,
            conversation,
            stale: false,
            unserved: Vec::new(),
        }
    }

    /// Works until there is an answer or no hope, and settles.
    pub(super) async fn run(&mut self) {
        let last = match self.answered().await {
            Ok(last) => last,
            Err(failure) => Last::failed(failure),
        };
        let Last { ended, failure, told, usage, headers, .. } = last;
        self.costs.extend(ended.as_ref().map(|ended| ended.cost.clone()));
        let counted = ended.as_ref().and_then(|ended| ended.billed.clone());
        let (cost, attempts) = (total_cost(&self.costs), self.sent);
        let end = End { failure, told, cost, usage, counted, attempts, headers };
        // On its way before the client knows the end: what that client asks next is weighed after it.
        let settled = ended.map(|ended| self.settle(ended));
        // Its hold is on disk, so the client need not wait for the settlement.
        let _ = self.out.send(Piece::End(Box::new(end))).await;
        if let Some(settled) = settled {
            self.settled(settled).await;
        }
    }

    /// Asks on what this process knows of providers, keys and policies; and anew, as long as nothing was sent,
    /// where another process has changed any of that.
    async fn answered(&mut self) -> Result<Last, Failure> {
        // Of all others nothing has to be ready, and most names are found where they are planned.
        let asked = &self.ask.asked;
        for name in std::iter::once(&asked.model).chain(&asked.prefs.models) {
            if name.contains(ratings::BEST)
                && let Ok(model) = named(&self.inner.registry(), name)
            {
                ratings::ready(&self.inner, &model).await?;
            }
        }
        let mut rounds = 0;
        loop {
            rounds += 1;
            let registry = self.inner.registry();
            let last = match self.plan(&registry) {
                Ok(left) => self.tried(&registry, left).await,
                Err(failure) => Last::failed(failure),
            };
            let unsent = self.attempts == 0 && last.failure.is_some();
            if !unsent || rounds > ANEW {
                return Ok(last);
            }
            let known = registry.revision();
            if !self.stale && self.inner.store.read(|tx| tx.revision()).await? == known {
                return Ok(last);
            }
            self.stale = false;
            let digest = self.ask.caller.key.digest;
            self.ask.caller = match super::caller(&self.inner, digest).await? {
                Some(caller) => caller,
                None => return Err(Failure::new(ErrorKind::AuthRejected, super::GONE)),
            };
            if let Some(why) = self.ask.caller.refused(self.inner.clock.now()) {
                return Err(Failure::new(ErrorKind::AuthRejected, why));
            }
        }
    }

    /// Where it may go.
    fn plan(&mut self, registry: &Registry) -> Result<VecDeque<Choice>, Failure> {
        let (model, mut field) = self.which(registry)?;
        self.policy.clone_from(&field.rules.id);
        let (key, asked) = (&self.ask.caller.key, &self.ask.asked);
        let whole = super::allows(key, &model.model);
        let auto = field.auto;
        field.endpoints.retain(|(endpoint, place)| {
            whole && *place == 0 && !auto || super::allows(key, endpoint.model.as_str())
        });
        if field.endpoints.is_empty() {
            let name = if self.unserved.is_empty() { &asked.model } else { &model.model };
            return Err(super::forbidden(name));
        }
        let now = self.inner.clock.now();
        let warm = lock(&self.inner.relays.warm).of(self.conversation, now);
        let wanted = Wanted {
            model: &model,
            request: &self.request,
            likely: Some(self.likely),
            warm: warm.as_ref(),
            seed: self.number.wrapping_add(u64::try_from(now.0).unwrap_or(0)),
            // No receipt is kept that could say so beforehand; the gate tells.
            room: &Room::default(),
            conversation: None,
            told_only: false,
        };
        let (route, mut left) = routing::plan(&self.inner, registry, &field, &wanted);
        if left.is_empty() {
            return Err(routing::nowhere(registry, &field, &route));
        }
        if let Some(bound) = &asked.bound {
            left.retain(|choice| self.passes(registry, choice));
            if left.is_empty() {
                return Err(bound.clone());
            }
        }
        Ok(left)
    }

    /// Does the body go there as it is?
    fn passes(&self, registry: &Registry, choice: &Choice) -> bool {
        let Some(known) = registry.shared(&choice.endpoint.provider) else { return false };
        self.passing.passes(&self.plan_of(choice.clone(), known))
    }

    /// Cut to what the model can, it is not the client's body any more.
    fn body_for(&self, choice: &Choice) -> Arc<Passing> {
        let cut = choice.lacks && self.passing.asked.bound.is_none();
        if cut { self.passing.cut() } else { Arc::clone(&self.passing) }
    }

    fn plan_of(&self, choice: Choice, known: Arc<Known>) -> Plan {
        let passing = self.body_for(&choice);
        Plan {
            endpoint: choice.endpoint,
            known,
            account: choice.account,
            request: Arc::clone(&self.request),
            of: Arc::clone(&self.request),
            policy: Some(self.policy.clone()),
            run: None,
            origin: "gateway",
            app: Some(self.ask.caller.key.name.clone()),
            side: None,
            passing: Some(passing),
            conversation: None,
            n: self.attempts,
            over_budget: false,
            revision: None,
            likely: Some(self.likely),
        }
    }

    /// Tries one after the other until something answers or nothing is left.
    async fn tried(&mut self, registry: &Registry, left: VecDeque<Choice>) -> Last {
        let (mut soonest, mut invalid) = (None, None);
        let mut last = self.each(registry, left, &mut soonest, &mut invalid).await;
        last.not_before(soonest);
        last.rather(invalid);
        last
    }

    async fn each(
        &mut self,
        registry: &Registry,
        mut left: VecDeque<Choice>,
        soonest: &mut Option<Wait>,
        invalid: &mut Option<Failure>,
    ) -> Last {
        let mut last = Last::failed(gone());
        while let Some(choice) = left.pop_front() {
            let choice = match self.rested(registry, choice, &mut left).await {
                Ok(choice) => choice,
                Err(failure) => return Last { failure: Some(failure), ..last },
            };
            let mut tries = 0;
            loop {
                tries += 1;
                if let Some(ended) = last.ended.take() {
                    self.costs.push(ended.cost.clone());
                    let settled = self.settle(ended);
                    self.settled(settled).await;
                }
                let since = self.inner.clock.elapsed();
                last = self.attempt(registry, choice.clone(), !left.is_empty()).await;
                let Some(failure) = &last.failure else { return last };
                note(soonest, failure, &last.headers);
                if self.out.is_closed() || self.stale {
                    return last;
                }
                let at = self.situation(tries, last.begun, &left, &choice);
                let (to, passing) = (&choice.endpoint, self.body_for(&choice));
                if (Tried { to, request: &self.request, passing: Some(&passing), since }).again(
                    &self.inner,
                    failure,
                    at,
                ) {
                    continue;
                }
                routing::forget(&mut left, failure, &choice);
                let at = self.situation(tries, last.begun, &left, &choice);
                match router::recover(failure, at) {
                    Next::Stop | Next::OfferContinue => return last,
                    Next::NextKey => break,
                    Next::Advance => {
                        if failure.kind == ErrorKind::RequestInvalid {
                            invalid.get_or_insert_with(|| failure.clone());
                        }
                        left.retain(|other| other.endpoint.id != choice.endpoint.id);
                        break;
                    }
                    Next::Retry { after } => {
                        lock(&self.inner.retries).spend();
                        let (out, inner) = (self.out.clone(), Arc::clone(&self.inner));
                        tokio::select! {
                            biased;
                            () = out.closed() => return last,
                            () = inner.live.leaving.cancelled() => return last,
                            () = tokio::time::sleep(Duration::from_millis(after.0)) => {}
                        }
                    }
                }
            }
        }
        last
    }

    /// Waits where everybody who is left has asked for a pause and the first of them is soon over; that one comes
    /// first then. A longer one keeps nobody from being asked, as in a lane.
    async fn rested(
        &self,
        registry: &Registry,
        choice: Choice,
        left: &mut VecDeque<Choice>,
    ) -> Result<Choice, Failure> {
        let first = pauses::first_over(&self.inner, registry, &choice, left);
        let Some((place, wait)) = first.filter(|(_, wait)| *wait <= PATIENCE) else {
            return Ok(choice);
        };
        left.push_front(choice);
        let choice = left.remove(place).ok_or_else(gone)?;
        tokio::select! {
            biased;
            () = self.out.closed() => Err(gone()),
            () = self.inner.live.leaving.cancelled() => Err(leaving()),
            () = tokio::time::sleep(Duration::from_millis(wait.0)) => Ok(choice),
        }
    }

    fn situation(&self, tries: u32, begun: bool, left: &VecDeque<Choice>, failed: &Choice) -> Situation {
        let (keys_left, endpoints_left) = routing::remaining(left, failed);
        let began = self.began.unwrap_or_else(|| self.inner.clock.elapsed());
        Situation {
            // What a program has read cannot be taken back, and none goes on with it.
            shown: if begun { Shown::Whole } else { Shown::Nothing },
            attempts_here: tries,
            attempts: self.attempts,
            keys_left,
            endpoints_left,
            elapsed: millis(self.inner.clock.elapsed().saturating_sub(began).saturating_sub(self.waited)),
            may_retry: lock(&self.inner.retries).allows(self.inner.clock.now()),
        }
    }

    /// Waits in line for a provider, as long as somebody waits for the answer.
    async fn place(&self, known: &Known) -> Result<Place, Failure> {
        let inner = &self.inner;
        let (id, tokens) = (&known.provider.id, routing::both(&self.request, self.likely));
        let place = inner.queues.enter(&*inner.clock, id, known.limit(), tokens, |_| ());
        tokio::select! {
            biased;
            () = self.out.closed() => Err(gone()),
            () = inner.live.leaving.cancelled() => Err(leaving()),
            place = place => Ok(place),
        }
    }

    /// One attempt, from hold to the last byte.
    async fn attempt(&mut self, registry: &Registry, choice: Choice, others: bool) -> Last {
        let Some(known) = registry.shared(&choice.endpoint.provider) else {
            return Last::failed(Failure::new(ErrorKind::RequestInvalid, "The provider was removed."));
        };
        let asked = self.inner.clock.elapsed();
        let place = match self.place(&known).await {
            Ok(place) => place,
            Err(failure) => return Last::failed(failure),
        };
        // What one's own limits cost is no time of failing.
        let now = self.inner.clock.elapsed();
        match self.began {
            None => self.began = Some(now),
            Some(_) => self.waited += now.saturating_sub(asked),
        }
        self.attempts += 1;
        let (local, name) = (known.provider.local, known.provider.name.clone());
        let (endpoint, account) = (choice.endpoint.clone(), choice.account.clone());
        self.shows(&endpoint.id, false);
        // What a later attempt goes by was good when the first was begun.
        let revision = (self.attempts == 1).then(|| registry.revision());
        let plan = || Plan { revision, ..self.plan_of(choice.clone(), Arc::clone(&known)) };
        let inner = Arc::clone(&self.inner);
        let (mut attempt, encoded, secret) = match begun(&inner, plan).await {
            Ok(begun) => begun,
            Err(Unsent::Failed(failure)) => return Last::failed(failure),
            Err(Unsent::Stale) => {
                (self.attempts, self.stale) = (0, true);
                return Last::failed(Unsent::Stale.failure());
            }
        };
        self.sent += 1;
        self.open = Some(attempt.row().clone());
        lock(&inner.retries).request(inner.clock.now());
        let head =
            Head { over: attempt.over(), ..self.head(attempt.row(), &endpoint, &name, &encoded.notices) };
        let mut outlet = Outlet::new(self.out.clone(), head, !self.ask.asked.stream);
        // A document comes when it is written: how long that takes says nothing of whether it will.
        let hurried = others && !local && !attempt.is_document();
        let patience =
            hurried.then(|| learn::patience(&inner, &self.request, self.likely, &endpoint.id)).flatten();
        let silence = outlet.silence(patience);
        let mut draft = Draft::default();
        let stopped = self.stopped(attempt.over());
        let result = tokio::select! {
            biased;
            why = stopped => Some(why),
            result = attempt.run(encoded, secret, &mut draft, &mut outlet) => result.err(),
            waited = silence => Some(learn::silent(&name, waited)),
        };
        attempt.release(&mut draft, &mut outlet).await;
        if result.is_none() {
            outlet.release().await;
        }
        let told = attempt.told();
        let cancelled = result.as_ref().is_some_and(|failure| failure.kind == ErrorKind::Cancelled);
        let mut ended = attempt.end(&draft, result.clone(), cancelled);
        if result.as_ref().is_some_and(|failure| failure.kind == ErrorKind::Interrupted) {
            ended.row.outcome = Some(domain::Outcome::Interrupted);
        }
        place.counted(ended.billed.as_ref().map_or(0, tokens));
        learn::observe(&inner, &self.request, &ended.row, account.as_ref(), result.as_ref(), local);
        self.warmed(&endpoint.id, ended.row.usage.as_ref(), result.is_none());
        Last {
            failure: result,
            begun: outlet.begun(),
            told,
            usage: ended.row.usage.clone(),
            headers: outlet.headers,
            ended: Some(ended),
        }
    }

    fn head(
        &self,
        row: &store::AttemptRow,
        endpoint: &domain::Endpoint,
        provider: &str,
        notices: &[(domain::NoticeKind, domain::Words)],
    ) -> Head {
        Head {
            generation: format!("gen-{}", row.id.uuid().simple()),
            endpoint: endpoint.id.clone(),
            provider: provider.to_owned(),
            model: endpoint.model.clone(),
            upstream_model: endpoint.upstream_model.clone(),
            attempts: self.sent,
            policy: self.policy.clone(),
            notices: self.passed_over().chain(notices.iter().map(|(_, words)| words.to_string())).collect(),
            passed: false,
            headers: Vec::new(),
            over: Arc::default(),
        }
    }

    /// Why an answer is not gone on with: nobody waits for it any more, or Parallax ends. Behind its closing mark
    /// nothing stops it: clients leave there, and what it used is told.
    fn stopped(&self, over: Arc<AtomicBool>) -> impl Future<Output = Failure> + use<> {
        let (out, inner) = (self.out.clone(), Arc::clone(&self.inner));
        async move {
            let why = tokio::select! {
                biased;
                () = out.closed() => gone(),
                () = inner.live.leaving.cancelled() => leaving(),
            };
            if over.load(Ordering::Acquire) {
                std::future::pending::<()>().await;
            }
            why
        }
    }

    fn shows(&self, endpoint: &domain::EndpointId, streaming: bool) {
        if let Some(live) = lock(&self.inner.relays.live).get_mut(&self.number) {
            live.endpoint = Some(endpoint.clone());
            live.streaming = streaming;
        }
    }
}

/// Tokens of a call, both ways.
fn tokens(usage: &Usage) -> u64 {
    usage.input.total.unwrap_or(0).saturating_add(usage.output.total.unwrap_or(0))
}
