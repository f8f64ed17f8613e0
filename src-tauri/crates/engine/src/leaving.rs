//! Stopping: one answer, or everything before the program ends.

use crate::Engine;
use domain::{RunId, TurnId};

impl Engine {
    /// Stops one run of a turn, or all of them. What had arrived is kept. Stopping what has already
    /// ended does nothing.
    pub fn cancel(&self, turn: TurnId, run: Option<RunId>) {
        if let Some(live) = self.inner.live.get(turn) {
            match run {
                Some(run) => live.cancel_run(run),
                None => live.cancel_all(),
            }
        }
    }

    /// Stops everything for good: what runs is stopped, and nothing more is sent by this engine. What was
    /// recorded meanwhile ends as stopped before anything left.
    pub fn leave(&self) {
        self.inner.live.leave();
    }

    /// Something would be lost by ending the process now: an answer, a request of another program, or a run of
    /// an experiment is not settled yet.
    pub fn is_busy(&self) -> bool {
        self.live_turns() > 0 || !self.relays().is_empty() || self.inner.experiments.any()
    }

    /// Turns that are running.
    pub fn live_turns(&self) -> usize {
        self.inner.live.all().len()
    }
}
