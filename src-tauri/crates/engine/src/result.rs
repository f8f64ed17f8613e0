//! What one run came to.

use crate::{
    draft::Draft,
    frame::{ContinueOn, Metrics, Op, RunView},
};
use domain::{
    Basis, Cost, Failure, FinishReason, LaneTarget, Millis, NoticeKind, PicoUsd, RunId, RunState, Usage,
};
use std::time::Duration;
use store::AttemptRow;

/// The outcome of a run with everything a caller may want of it.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// Which run.
    pub run: RunId,
    /// Place from the left.
    pub position: u32,
    /// What was asked.
    pub target: LaneTarget,
    /// Final state.
    pub state: RunState,
    /// What came.
    pub draft: Draft,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Every attempt, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// Of all attempts together.
    pub cost: Cost,
    /// Last attempt: request sent to first content.
    pub ttft: Option<Millis>,
    /// First attempt's start to the end.
    pub duration: Option<Millis>,
    /// Usage with what the provider left out estimated, for display.
    pub usage_shown: Usage,
    /// Notices in order.
    pub notices: Vec<(NoticeKind, domain::Words)>,
    /// Where an answer that broke off can be gone on with, the best first.
    pub continue_on: Vec<ContinueOn>,
}

impl RunResult {
    /// The same, when its end could not be written down.
    pub(crate) fn unwritten(self, failure: Failure) -> Self {
        Self { state: RunState::Failed, failure: Some(failure), continue_on: Vec::new(), ..self }
    }

    /// A run that was given up, with the text that had come and what had been sent for it.
    pub(crate) fn lost(run: &RunView, draft: Draft, attempts: Vec<AttemptRow>, failure: Failure) -> Self {
        let unsettled = |row: &AttemptRow| row.cost.clone().unwrap_or_else(Cost::unknown);
        let costs: Vec<Cost> = attempts.iter().map(unsettled).collect();
        Self {
            run: run.id,
            position: run.position,
            target: run.target.clone(),
            state: RunState::Failed,
            notices: draft.notices.clone(),
            draft,
            failure: Some(failure),
            cost: total_cost(&costs),
            ttft: attempts.iter().find_map(|row| row.first_content),
            attempts,
            duration: None,
            usage_shown: Usage::default(),
            continue_on: Vec::new(),
        }
    }

    /// Why the provider stopped, if it said.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        self.draft.finish.as_ref().map(|(reason, _)| *reason)
    }

    /// Numbers for the strip.
    pub fn metrics(&self) -> Metrics {
        metrics(&self.usage_shown, &self.cost, self.ttft, self.duration, &self.attempts)
    }

    pub(crate) fn end_op(&self) -> Op {
        Op::End {
            state: self.state,
            finish_reason: self.finish_reason(),
            failure: self.failure.clone(),
            metrics: self.metrics(),
            continue_on: self.continue_on.clone(),
        }
    }
}

/// The strip of a finished run. The speed is that of the attempts that wrote: one, or both sides of a seam.
pub(crate) fn metrics(
    usage: &Usage,
    cost: &Cost,
    ttft: Option<Millis>,
    duration: Option<Millis>,
    attempts: &[AttemptRow],
) -> Metrics {
    let sent = !attempts.is_empty();
    let spans: Vec<u64> = attempts
        .iter()
        .filter_map(|row| Some(row.duration?.0.saturating_sub(row.first_content?.0)))
        .collect();
    let writing = (!spans.is_empty()).then(|| Duration::from_millis(spans.iter().sum()));
    let reasoned: Vec<u64> = attempts.iter().filter_map(|row| Some(row.reasoned?.0)).collect();
    Metrics {
        ttft,
        duration,
        tokens_per_second_x10: usage.output.total.zip(writing).and_then(|(tokens, span)| rate(tokens, span)),
        input: usage.input.total,
        cache_read: usage.input.cache_read,
        output: usage.output.total,
        reasoning: usage.output.reasoning,
        reasoned: (!reasoned.is_empty()).then(|| Millis(reasoned.iter().sum())),
        cost: sent.then_some(cost.total).flatten(),
        basis: sent.then_some(cost.basis),
        estimated: usage.source == domain::UsageSource::Estimated,
    }
}

/// Below this an answer came in one piece, and dividing by it would say nothing about speed.
const SHORTEST_SPAN: u64 = 50;

/// Tokens a second × 10. `None` for spans too short to divide by.
pub(crate) fn rate(tokens: u64, span: Duration) -> Option<u64> {
    let millis = u64::try_from(span.as_millis()).ok()?;
    if millis < SHORTEST_SPAN { None } else { tokens.checked_mul(10_000)?.checked_div(millis) }
}

/// The cost of several attempts: unknown if any of them is, else their sum with the weakest basis among
/// those that cost something.
pub(crate) fn total_cost(costs: &[Cost]) -> Cost {
    let Some(last) = costs.last() else {
        return Cost::known(PicoUsd::ZERO);
    };
    let mut total = PicoUsd::ZERO;
    let mut basis = last.basis;
    for cost in costs {
        match cost.total.and_then(|amount| total.checked_add(amount)) {
            Some(sum) => total = sum,
            None => return Cost::unknown(),
        }
        if cost.total != Some(PicoUsd::ZERO) && cost.basis == Basis::Estimated {
            basis = Basis::Estimated;
        }
    }
    Cost { total: Some(total), lines: last.lines.clone(), basis, at_most: None }
}
