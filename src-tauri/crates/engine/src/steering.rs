//! What of the engine is about routes: policies, dry runs, receipts, limits, and what left this machine.

use crate::{
    AuditFilter, AuditRow, BudgetStanding, BudgetState, Engine, Explained, FrameSink, LoggedRow, Receipt,
    SentRequest, Tx, again, blind, explain, frame::TurnView, policy, providers, receipt, turn::Money,
};
use domain::{
    AttemptId, ConversationId, EndpointId, Failure, ModelRef, PicoUsd, Policy, ProviderId, RateLimit, RunId,
    Timestamp,
};

impl Engine {
    /// Every policy: the built-in ones, then the user's own.
    pub async fn policies(&self) -> Result<Vec<Policy>, Failure> {
        self.inner.store.read(policy::all).await
    }

    /// Id of the policy used where none is named.
    pub async fn usual_policy(&self) -> Result<String, Failure> {
        self.inner.store.read(policy::usual).await
    }

    /// Makes a policy the one used where none is named. Error `request.invalid` for an unknown one.
    pub async fn use_policy(&self, id: &str) -> Result<(), Failure> {
        policy::make_usual(&self.inner, id).await
    }

    /// Adds or changes a policy of the user's own. Error `request.invalid` for the id of a built-in one.
    pub async fn put_policy(&self, policy: Policy) -> Result<(), Failure> {
        policy::put(&self.inner, policy).await
    }

    /// Removes a policy of the user's own.
    pub async fn remove_policy(&self, id: &str) -> Result<(), Failure> {
        policy::remove(&self.inner, id).await
    }

    /// Where a prompt would go now, and why, without sending anything.
    pub async fn explain(
        &self,
        model: &ModelRef,
        policy: Option<&str>,
        conversation: Option<ConversationId>,
        prompt: &str,
    ) -> Result<Explained, Failure> {
        explain::explain(&self.inner, model, policy, conversation, prompt).await
    }

    /// Puts a conversation under a policy, or with `None` under the usual one alone. Error
    /// `request.invalid` for an unknown one.
    pub async fn set_conversation_policy(
        &self,
        conversation: ConversationId,
        policy: Option<String>,
    ) -> Result<(), Failure> {
        policy::put_conversation(&self.inner, conversation, policy).await
    }

    /// How an answer came about.
    pub async fn receipt(&self, run: RunId) -> Result<Receipt, Failure> {
        blind::refuse(&self.inner, run).await?;
        receipt::of(&self.inner, run).await
    }

    /// What an attempt sent, to the byte, without the key. Error `request.invalid` where it was not kept.
    pub async fn sent_request(&self, attempt: AttemptId) -> Result<SentRequest, Failure> {
        let run = self.inner.store.read(move |tx| tx.attempt(attempt)).await?.and_then(|row| row.run);
        if let Some(run) = run {
            blind::refuse(&self.inner, run).await?;
        }
        receipt::request(&self.inner, attempt).await
    }

    /// Limits how fast a provider is asked; no limit at all = as at first.
    pub async fn set_rate_limit(&self, provider: &ProviderId, limit: RateLimit) -> Result<(), Failure> {
        providers::limit(&self.inner, provider, limit).await
    }

    /// Lines of the log of what left this machine, newest first; without those for answers whose names are hidden.
    pub async fn audit_page(&self, wanted: AuditFilter) -> Result<Vec<LoggedRow>, Failure> {
        let read = move |tx: &Tx<'_>| {
            tx.leave_out_hidden();
            tx.audit_page(&wanted)
        };
        self.inner.store.read(read).await
    }

    /// What left this machine since then, oldest first; without what was sent for answers whose names are hidden.
    pub async fn audit(&self, since: Timestamp) -> Result<Vec<AuditRow>, Failure> {
        let read = move |tx: &Tx<'_>| {
            tx.leave_out_hidden();
            tx.audit(since)
        };
        self.inner.store.read(read).await
    }

    /// Calls that were begun in `[from, until)` for answers whose names are hidden: what lists and sums leave out.
    pub async fn hidden_calls(&self, from: Timestamp, until: Timestamp) -> Result<u32, Failure> {
        self.inner.store.read(move |tx| tx.hidden_attempts(from, until)).await
    }

    /// How a budget stands as it may be shown: without what was spent for answers whose names are hidden. Also how
    /// many calls that leaves out. That it holds what is asked next is no secret: whoever asks is told.
    pub async fn veiled(&self, standing: BudgetStanding) -> Result<(BudgetStanding, u32), Failure> {
        let (scope, from) = (standing.budget.scope.clone(), standing.from);
        let read = move |tx: &Tx<'_>| {
            Ok((tx.hidden_spend(&scope, from)?, tx.hidden_attempts(from, Timestamp(i64::MAX))?))
        };
        let (hidden, calls) = self.inner.store.read(read).await?;
        let less = |all: PicoUsd, part| all.checked_sub(part).unwrap_or(PicoUsd::ZERO).max(PicoUsd::ZERO);
        let mut shown = standing;
        shown.used.spent = less(shown.used.spent, hidden.spent);
        shown.used.held = less(shown.used.held, hidden.held);
        let holds = shown.state == BudgetState::Holding;
        shown = shown.reckoned();
        if holds {
            shown.state = BudgetState::Holding;
        }
        Ok((shown, calls))
    }

    /// Goes on with an answer that broke off, at `on` or wherever the route leads now; the same model only.
    /// What stands is kept, with a seam behind it. Error `request.invalid` for an answer that cannot be
    /// gone on with.
    pub async fn continue_run(
        &self,
        run: RunId,
        on: Option<EndpointId>,
        sink: FrameSink,
    ) -> Result<TurnView, Failure> {
        blind::refuse(&self.inner, run).await?;
        let view = again::go_on(&self.inner, run, on, sink, Money::WithinBudgets).await?;
        blind::shown(&self.inner, view).await
    }

    /// [`Engine::continue_run`], sent whatever the budgets say: once, and recorded.
    pub async fn continue_run_over_budget(
        &self,
        run: RunId,
        on: Option<EndpointId>,
        sink: FrameSink,
    ) -> Result<TurnView, Failure> {
        blind::refuse(&self.inner, run).await?;
        let view = again::go_on(&self.inner, run, on, sink, Money::OverBudget).await?;
        blind::shown(&self.inner, view).await
    }
}
