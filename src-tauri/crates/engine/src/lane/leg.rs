//! One attempt of a lane: from its place in line and its hold to its last byte and its row.

use super::{
    Lane, Last,
    hedge::{Contest, Side},
    stopped, tokens,
};
use crate::{
    attempt::{Attempt, Unsent},
    clock::millis,
    draft::Draft,
    frame::RouteStep,
    held_back::HeldBack,
    inner::Inner,
    learn,
    live::lock,
    mixer::{News, Priced},
    queue::Place,
    registry::{Known, Registry},
    result::total_cost,
    routing::Choice,
    seam::Splice,
    startup::begun,
};
use domain::{AttemptId, ErrorKind, Failure, RunState, Secret, say};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use wire::Encoded;

/// How the reading of an attempt ended; `None` = by a Stop.
pub(super) type Read = Option<Result<(), Failure>>;

/// What an attempt is made of, before it has its hold.
pub(super) struct Start {
    pub(super) choice: Choice,
    pub(super) known: Arc<Known>,
    pub(super) place: Place,
    /// Its number within the run.
    pub(super) n: u32,
    pub(super) side: Side,
    /// Tells whether the other of two may still be first.
    pub(super) contest: Arc<Contest>,
    /// Somebody else could be asked.
    pub(super) others: bool,
}

/// An attempt that has its place and its hold.
pub(super) struct Leg<'a> {
    pub(super) choice: Choice,
    pub(super) known: Arc<Known>,
    pub(super) n: u32,
    pub(super) contest: Arc<Contest>,
    pub(super) side: Side,
    place: Place,
    attempt: Attempt<'a>,
    /// Until it is sent.
    call: Option<(Encoded, Option<Secret>)>,
    draft: Draft,
    out: HeldBack,
    /// How long it may be silent while somebody else could be asked.
    patience: Option<Duration>,
    /// When it got its hold.
    began: Duration,
}

impl Leg<'_> {
    pub(super) fn id(&self) -> AttemptId {
        self.attempt.row().id
    }

    /// Sends it and reads the answer to its end. Dropped, it closes the connection.
    pub(super) async fn read(&mut self, cancel: &CancellationToken) -> Read {
        let (encoded, secret) = self.call.take()?;
        let silence = self.out.silence(self.patience);
        // The Stop is looked at first: one that came while the hold was written stops before anything
        // is sent.
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            result = self.attempt.run(encoded, secret, &mut self.draft, &mut self.out) => Some(result),
            waited = silence => Some(Err(learn::silent(&self.known.provider.name, waited))),
        };
        self.attempt.release(&mut self.draft, &mut self.out).await;
        result
    }
}

impl Lane {
    /// The first attempt at an answer, perhaps of two: place, hold, and what the window is told of it.
    /// `others`: somebody else could be asked.
    pub(super) async fn prepare<'a>(
        &mut self,
        inner: &'a Arc<Inner>,
        registry: &Registry,
        choice: Choice,
        others: bool,
    ) -> Result<Box<Leg<'a>>, Failure> {
        let Some(known) = registry.shared(&choice.endpoint.provider) else {
            return Err(Failure::new(ErrorKind::RequestInvalid, say!("The provider was removed.")));
        };
        if self.cancel.is_cancelled() {
            return Err(stopped());
        }
        self.draft = Draft::default();
        self.spliced = (None, 0);
        self.issuer = choice.endpoint.id.to_string();
        self.steps.push(step(&choice, &known));
        self.tell(News::Route(self.steps.clone())).await;
        let asked = self.inner.clock.elapsed();
        let Some(place) = self.place(&known).await else { return Err(stopped()) };
        self.placed(asked);
        self.tell_prices(&choice).await;
        let (n, side, contest) = (self.numbered + 1, Side::First, Arc::default());
        let start = Start { choice, known, place, n, side, contest, others };
        let leg = Box::pin(self.begin(inner, registry, start)).await?;
        self.numbered = n;
        self.tell(News::State(RunState::Connecting)).await;
        Ok(leg)
    }

    /// An attempt with its hold, not yet sent.
    pub(super) async fn begin<'a>(
        &self,
        inner: &'a Arc<Inner>,
        registry: &Registry,
        start: Start,
    ) -> Result<Box<Leg<'a>>, Failure> {
        let Start { choice, known, place, n, side, contest, others } = start;
        let plan = || self.planned(&choice, Arc::clone(&known), n);
        let (attempt, encoded, secret) = begun(inner, plan).await.map_err(Unsent::failure)?;
        lock(&inner.retries).request(inner.clock.now());
        let notices = self.said(registry, &choice).into_iter().chain(encoded.notices.clone()).collect();
        let splice = self.kept.as_ref().map(|kept| Splice::new(kept, &known.provider.name));
        let out = HeldBack::new(self.job.row.id, self.out.clone(), notices, splice);
        let patience = if others && !known.provider.local {
            let tokens = ledger::prompt_estimate(&self.job.request);
            learn::patience(inner, &self.job.request, tokens, &choice.endpoint.id)
        } else {
            None
        };
        let out = out.against(Arc::clone(&contest), side);
        let (call, draft, began) = (Some((encoded, secret)), Draft::default(), inner.clock.elapsed());
        Ok(Box::new(Leg {
            choice,
            known,
            n,
            contest,
            side,
            place,
            attempt,
            call,
            draft,
            out,
            patience,
            began,
        }))
    }

    /// From here on the running cost is reckoned by the prices of this one.
    pub(super) async fn tell_prices(&self, choice: &Choice) {
        let priced = Priced {
            prices: choice.endpoint.prices.clone(),
            before: total_cost(&self.costs),
            at: self.inner.clock.now(),
        };
        self.tell(News::Priced(Box::new(priced))).await;
    }

    /// Closes the books of the attempt that is the answer, or of the last to fail. Its ledger row is written by
    /// whoever ends it.
    pub(super) async fn finish(&mut self, leg: Box<Leg<'_>>, read: Read) -> Last {
        let Leg { choice, known, n, place, attempt, draft, mut out, .. } = *leg;
        let failure = read.map_or_else(|| Some(stopped()), Result::err);
        self.draft = draft;
        if failure.is_none() || self.draft.has_content() {
            out.release_all().await;
        }
        let cancelled = failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::Cancelled);
        let (notices, splice) = out.end();
        self.notices = notices;
        self.spliced = splice.map(|splice| splice.shown()).unwrap_or_default();
        let mut ended = attempt.end(&self.draft, failure.clone(), cancelled);
        ended.row.n = n;
        for said in [self.beside.take(), ended.outgrown.clone()] {
            self.tell_notice(said).await;
        }
        place.counted(ended.billed.as_ref().map_or(0, tokens));
        let local = known.provider.local;
        learn::observe(
            &self.inner,
            &self.job.request,
            &ended.row,
            choice.account.as_ref(),
            failure.as_ref(),
            local,
        );
        Last { ended: Some(ended), failure }
    }

    /// Ends one of two attempts while the other goes on: that one has the word (`failure` is `None`), or this
    /// one failed. Nothing of it was shown.
    pub(super) async fn drop_out(&mut self, leg: Box<Leg<'_>>, failure: Option<&Failure>) {
        let Leg { choice, known, side, place, attempt, draft, began, .. } = *leg;
        let outrun = failure.is_none();
        let mut ended = attempt.end(&draft, Some(failure.cloned().unwrap_or_else(stopped)), outrun);
        // Whoever reads the attempts takes one with content for a piece of the answer.
        (ended.row.first_content, ended.row.reasoned) = (None, None);
        if outrun || side == Side::Second {
            ended.purpose.kind = Some(store::HEDGE.to_owned());
        }
        place.counted(ended.billed.as_ref().map_or(0, tokens));
        if failure.is_some() {
            let local = known.provider.local;
            learn::observe(
                &self.inner,
                &self.job.request,
                &ended.row,
                choice.account.as_ref(),
                failure,
                local,
            );
        } else if side == Side::First {
            let waited = millis(self.inner.clock.elapsed().saturating_sub(began));
            learn::outrun(&self.inner, &self.job.request, &ended.row, waited);
        }
        self.settle(ended).await;
    }
}

/// An attempt as the route line shows it.
pub(super) fn step(choice: &Choice, known: &Known) -> RouteStep {
    RouteStep {
        provider: known.provider.name.clone(),
        upstream_model: choice.endpoint.upstream_model.clone(),
        failed: None,
        local: known.provider.local,
        demo: known.provider.id.as_str() == catalog::DEMO,
    }
}
