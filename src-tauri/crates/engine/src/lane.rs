//! One lane's answer: plan, try, recover, and hand the end to the mixer.

mod going_on;
mod hedge;
mod leg;

pub(crate) use hedge::{Contest, OUTRUN, Side};

use crate::{
    attempt::{Ended, Plan},
    beside,
    board::ratings,
    books::{self, entry},
    budget::{self, Room},
    draft::Draft,
    files,
    frame::RouteStep,
    inner::Inner,
    learn,
    mixer::{Finished, LaneMessage, News, Settlement},
    policy::{self, Rules},
    qualify,
    refusals::Tried,
    registry::{Known, Registry},
    result::{RunResult, total_cost},
    routing::{self, Choice, Wanted},
    seam::{self, Kept},
    warm,
};
use domain::{BlockKind, Cost, EndpointId, ErrorKind, Failure, Request, RunState, Seam, Usage, say};
use router::{Next, Shown, Situation, Warm};
use std::{collections::VecDeque, sync::Arc};
use store::{AttemptRow, RunRow};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Writes what hangs on the end of a run, in the transaction that settles it. Can be called again after a commit that
/// failed.
pub(crate) type Settled = Arc<dyn Fn(&mut store::Tx<'_>, &RunResult) -> Result<(), Failure> + Send + Sync>;

/// What a lane needs.
pub(crate) struct Job {
    pub row: RunRow,
    pub conversation: Option<domain::ConversationId>,
    pub request: Arc<Request>,
    /// Answers it is shown that are still being written; its request is built anew once they have ended.
    pub after: Vec<domain::RunId>,
    /// The user said to send it whatever the budgets say.
    pub over_budget: bool,
    /// What it goes on with.
    pub kept: Option<Kept>,
    /// Where it is to go first.
    pub on: Option<EndpointId>,
    /// It makes one answer of these.
    pub made_of: Option<beside::MergeView>,
    /// Writes what hangs on its end, in the same transaction.
    pub settled: Option<Settled>,
    /// What its plan rests on, where that was read as it was recorded.
    pub ground: Option<Box<Ground>>,
}

/// What a plan rests on beside the endpoints, as the database had it at one moment.
pub(crate) struct Ground {
    rules: Rules,
    warm: Option<Warm>,
    room: Room,
}

impl Ground {
    /// Reads it for a run and its conversation.
    pub(crate) fn read(
        tx: &store::Tx<'_>,
        row: &RunRow,
        conversation: Option<domain::ConversationId>,
        over_budget: bool,
        now: domain::Timestamp,
    ) -> Result<Self, Failure> {
        let room = if over_budget { Room::default() } else { budget::room(tx, now)? };
        let rules = policy::of_lane(tx, &row.target, conversation)?;
        Ok(Self { rules, warm: warm::of_branch(tx, row.user_message)?, room })
    }
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
    /// When it first had a place at a provider; none yet = it stands in line, or has not come so far.
    began: Option<std::time::Duration>,
    /// What it has stood in line since then, by the user's own limits.
    waited: std::time::Duration,
    issuer: String,
    notices: Vec<(domain::NoticeKind, domain::Words)>,
    /// The choice of the model was left to us.
    auto: bool,
    /// What stands of an answer that broke off, while it is gone on with.
    kept: Option<Kept>,
    /// How the last attempt was joined to that: the seam, if it is shown, and the bytes left out behind it.
    spliced: (Option<Seam>, usize),
    /// Usage of what stands, as far as this run wrote it.
    before: Option<Usage>,
    /// It may be gone on with once without asking.
    continue_once: bool,
    /// Another provider may be asked beside one that is late.
    hedge: bool,
    /// What is to be said on the answer of that.
    beside: Option<(domain::NoticeKind, domain::Words)>,
    /// The number of the last attempt.
    numbered: u32,
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
    let kept = job.kept.clone();
    let mut lane = Lane {
        inner,
        job,
        cancel,
        out,
        draft: Draft::default(),
        steps: Vec::new(),
        attempts: Vec::new(),
        costs: Vec::new(),
        began: None,
        waited: std::time::Duration::ZERO,
        issuer: String::new(),
        notices: Vec::new(),
        auto: false,
        kept,
        spliced: (None, 0),
        before: None,
        continue_once: false,
        hedge: false,
        beside: None,
        numbered: 0,
    };
    let last = lane.work().await;
    lane.end(last).await;
}

/// What of an answer stands on screen.
fn shown(draft: &Draft, request: &Request) -> Shown {
    if !draft.has_content() {
        return Shown::Nothing;
    }
    let plain = |block: &crate::draft::DraftBlock| {
        matches!(block.kind, BlockKind::Text | BlockKind::Reasoning | BlockKind::Citation { .. })
    };
    let free = request.params.response_format.is_none();
    if free && draft.blocks.iter().all(plain) { Shown::Text } else { Shown::Whole }
}

/// Tokens of a call, both ways.
fn tokens(usage: &Usage) -> u64 {
    usage.input.total.unwrap_or(0).saturating_add(usage.output.total.unwrap_or(0))
}

/// Chance for a run: the same run always gets the same route.
fn seed(run: domain::RunId) -> u64 {
    run.uuid().as_u64_pair().1
}

/// What a Stop leaves behind as the reason.
fn stopped() -> Failure {
    Failure::new(ErrorKind::Cancelled, "Stopped. What had arrived is kept.")
}

impl Lane {
    async fn work(&mut self) -> Last {
        self.inner.notice_waking();
        let last = |failure| Last { ended: None, failure: Some(failure) };
        self.job.request = match files::put_in(&self.inner, &self.job.request).await {
            Ok(request) => request,
            Err(failure) => return last(failure),
        };
        let (row, conversation) = (self.job.row.clone(), self.job.conversation);
        let (over_budget, now) = (self.job.over_budget, self.inner.clock.now());
        let ground = match self.job.ground.take() {
            Some(ground) => Ok(*ground),
            None => {
                let read = move |tx: &store::Tx<'_>| Ground::read(tx, &row, conversation, over_budget, now);
                self.inner.store.read(read).await
            }
        };
        let Ground { rules, warm, room } = match ground {
            Ok(ground) => ground,
            Err(failure) => return last(failure),
        };
        let model = self.job.row.target.model.clone();
        if let Err(failure) = ratings::ready(&self.inner, &model).await {
            return last(failure);
        }
        let registry = self.inner.registry();
        let field = match routing::field(&registry, &model, &self.job.request, rules, now) {
            Ok(field) => field,
            Err(failure) => return last(failure),
        };
        let wanted = Wanted {
            model: &model,
            request: &self.job.request,
            likely: None,
            warm: warm.as_ref(),
            seed: seed(self.job.row.id),
            room: &room,
            conversation,
            told_only: false,
        };
        let (route, mut left) = routing::plan(&self.inner, &registry, &field, &wanted);
        self.job.row.route = route.clone();
        if left.is_empty() {
            return last(routing::nowhere(&registry, &field, &route));
        }
        if let Some(kept) = &self.kept
            && let Err(failure) = seam::only(&mut left, kept, self.job.on.as_ref())
        {
            return last(failure);
        }
        self.auto = field.auto;
        self.continue_once = field.rules.prefs.continue_once == Some(true);
        self.hedge = field.rules.prefs.hedge == Some(true);
        self.tried(&registry, left).await
    }

    /// Tries one after the other until something answers or nothing is left.
    async fn tried(&mut self, registry: &Registry, mut left: VecDeque<Choice>) -> Last {
        let mut last = Last { ended: None, failure: None };
        while let Some(choice) = left.pop_front() {
            let Some(mut choice) = self.rested(registry, choice, &mut left).await else {
                return Last { failure: Some(stopped()), ..last };
            };
            let mut tries = 0;
            loop {
                tries += 1;
                if let Some(ended) = last.ended.take() {
                    self.settle(ended).await;
                }
                let since = self.inner.clock.elapsed();
                let ended_at;
                (ended_at, last) = self.attempt(registry, choice.clone(), &mut left).await;
                if ended_at.endpoint.id != choice.endpoint.id {
                    (choice, tries) = (ended_at, 1);
                }
                let Some(failure) = &last.failure else { return last };
                if self.cancel.is_cancelled() {
                    return Last { failure: Some(stopped()), ..last };
                }
                self.step_failed(failure);
                let at = self.situation(tries, &left, &choice);
                let (to, request) = (&choice.endpoint, &self.job.request);
                if (Tried { to, request, passing: None, since }).again(&self.inner, failure, at) {
                    continue;
                }
                routing::forget(&mut left, failure, &choice);
                let at = self.situation(tries, &left, &choice);
                match router::recover(failure, at) {
                    Next::OfferContinue if self.goes_on(&mut left, &choice) => {
                        self.keep(registry, &choice, failure);
                        break;
                    }
                    Next::Stop | Next::OfferContinue => return last,
                    Next::NextKey => break,
                    Next::Advance => {
                        left.retain(|other| other.endpoint.id != choice.endpoint.id);
                        break;
                    }
                    Next::Retry { after } => {
                        crate::live::lock(&self.inner.retries).spend();
                        self.tell_wait(registry, &choice, after).await;
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

    /// Where the answer stands after a failed attempt.
    fn situation(&self, attempts_here: u32, left: &VecDeque<Choice>, failed: &Choice) -> Situation {
        let (keys_left, endpoints_left) = routing::remaining(left, failed);
        Situation {
            shown: shown(&self.draft, &self.job.request),
            attempts_here,
            // The last one is settled when the next begins.
            attempts: u32::try_from(self.attempts.len() + 1).unwrap_or(u32::MAX),
            keys_left,
            endpoints_left,
            elapsed: self.elapsed(),
            may_retry: crate::live::lock(&self.inner.retries).allows(self.inner.clock.now()),
        }
    }

    /// An attempt, from hold to the last byte, or two of which one is the answer: which it was in the end, and how
    /// that left things. Its ledger row is written by whoever ends it.
    async fn attempt(
        &mut self,
        registry: &Registry,
        choice: Choice,
        left: &mut VecDeque<Choice>,
    ) -> (Choice, Last) {
        let inner = Arc::clone(&self.inner);
        let first = match Box::pin(self.prepare(&inner, registry, choice.clone(), !left.is_empty())).await {
            Ok(first) => first,
            Err(failure) => return (choice, Last { ended: None, failure: Some(failure) }),
        };
        let (leg, read) = Box::pin(self.answered(&inner, registry, first, left)).await;
        (leg.choice.clone(), Box::pin(self.finish(leg, read)).await)
    }

    /// What an attempt needs to know. `n`: its number within the run.
    fn planned(&self, choice: &Choice, known: Arc<Known>, n: u32) -> Plan {
        Plan {
            policy: self.job.row.route.policy.clone(),
            endpoint: choice.endpoint.clone(),
            known,
            account: choice.account.clone(),
            request: self.asked(),
            of: Arc::clone(&self.job.request),
            run: Some(self.job.row.id),
            origin: self.inner.origin,
            app: None,
            side: self.job.made_of.is_some().then_some("merge"),
            passing: None,
            conversation: self.job.conversation,
            over_budget: self.job.over_budget,
            revision: None,
            likely: None,
            n,
        }
    }

    /// What is to be said of an endpoint whose model is not the one that was named.
    fn said(&self, registry: &Registry, choice: &Choice) -> Option<(domain::NoticeKind, domain::Words)> {
        let model = &self.job.row.target.model;
        let words = if self.auto {
            qualify::explained(registry, model, &self.job.request, &self.job.row.route, choice)
        } else if choice.stand_in > 0 {
            say!("{other} stands in for {model}, as you allowed.", other = choice.endpoint.model, model)
        } else {
            return None;
        };
        Some((domain::NoticeKind::Chosen, words))
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
                books::book(tx, &entry)
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
        let generated = last.ended.as_ref().is_some_and(|ended| ended.billed.is_some());
        if let Some(ended) = last.ended {
            booked = Some(entry(&self.inner, self.job.conversation, &ended));
            let Ended { row, cost, .. } = ended;
            attempt = Some(row.clone());
            self.attempts.push(row);
            self.costs.push(cost);
        }
        let state = match &last.failure {
            None => RunState::Done,
            Some(failure) if failure.kind == ErrorKind::Cancelled => RunState::Cancelled,
            Some(failure) if failure.kind == ErrorKind::Interrupted => RunState::Interrupted,
            Some(_) => RunState::Failed,
        };
        let ttft = self.attempts.iter().find_map(|row| row.first_content);
        let duration = self.elapsed();
        let usage_shown = self.usage_shown(generated, last.failure.is_none());
        let draft = self.whole();
        let issuer = match &self.kept {
            Some(kept) if self.spliced.0.is_none() => kept.endpoint.as_str(),
            _ => self.issuer.as_str(),
        };
        let parts = draft.parts(issuer);
        let continue_on = self.continue_on(last.failure.as_ref(), &parts);
        let mut row = self.job.row.clone();
        row.state = state;
        row.finish_reason = draft.finish.as_ref().map(|(reason, _)| *reason);
        row.failure = last.failure.clone();
        row.notices = self.notices.iter().chain(&draft.notices).cloned().collect();
        row.ttft = ttft;
        row.duration = Some(duration);
        row.usage = Some(usage_shown.clone());
        let result = RunResult {
            run: row.id,
            position: row.position,
            target: row.target.clone(),
            state,
            draft,
            failure: last.failure,
            attempts: self.attempts.clone(),
            cost: total_cost(&self.costs),
            ttft,
            duration: Some(duration),
            usage_shown,
            notices: row.notices.clone(),
            continue_on,
        };
        let conversation = self.job.conversation;
        let now = self.inner.clock.now();
        // Of many runs at once, what was learnt is written once, by whoever started them.
        let hangs = self.job.settled.clone().map(|settled| (settled, result.clone()));
        let health = hangs.is_none().then(|| learn::stored(&self.inner, now)).flatten();
        let write: Settlement = Arc::new(move |tx| {
            let content = tx.put_content(&parts)?;
            tx.set_message_content(row.message, &content)?;
            tx.update_run(&row)?;
            if let Some(attempt) = &attempt {
                tx.finish_attempt(attempt)?;
            }
            if let Some(entry) = &booked {
                books::book(tx, entry)?;
            }
            if let Some(conversation) = conversation {
                tx.touch_conversation(conversation, now)?;
            }
            if let Some(health) = &health {
                tx.put_health(health, now)?;
            }
            crate::history::settled(tx, row.id)?;
            hangs.as_ref().map_or(Ok(()), |(settled, result)| settled(tx, result))
        });
        self.tell(News::End(Box::new(Finished { result, write, abandoned: false }))).await;
    }

    fn step_failed(&mut self, failure: &Failure) {
        if let Some(step) = self.steps.last_mut() {
            step.failed = Some(seam::why(failure));
        }
    }

    async fn tell(&self, news: News) {
        // The mixer hangs up only when the disk refuses; then nobody may be told anything more.
        let _ = self.out.send(LaneMessage { run: self.job.row.id, news }).await;
    }
}
