//! Turns that are running: their view so far, who watches, and how to stop them.

use crate::{
    fold_view,
    frame::{RunPatch, TurnFrame, TurnView},
};
use domain::{ConversationId, RunId, TurnId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Where frames go. Returns `false` once nobody listens any more.
pub type FrameSink = Box<dyn Fn(&TurnFrame) -> bool + Send>;

/// A frame below this size crosses to the webview on the fast path (8,192 bytes, less the envelope).
const FRAME_LIMIT: usize = 7_500;

#[derive(Default)]
pub(crate) struct LiveTurns {
    turns: Mutex<HashMap<TurnId, Arc<LiveTurn>>>,
}

impl LiveTurns {
    pub(crate) fn get(&self, turn: TurnId) -> Option<Arc<LiveTurn>> {
        lock(&self.turns).get(&turn).cloned()
    }

    pub(crate) fn insert(&self, turn: TurnId, live: Arc<LiveTurn>) {
        lock(&self.turns).insert(turn, live);
    }

    /// Forgets a turn whose runs have all ended; one that a retry has revived stays.
    pub(crate) fn retire(&self, turn: TurnId) {
        let mut turns = lock(&self.turns);
        if turns.get(&turn).is_some_and(|live| lock(&live.state).view.runs.iter().all(|r| r.state.is_final()))
        {
            turns.remove(&turn);
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveTurn>> {
        lock(&self.turns).values().cloned().collect()
    }
}

/// One running turn.
pub(crate) struct LiveTurn {
    pub conversation: ConversationId,
    pub cancel: CancellationToken,
    runs: Mutex<HashMap<RunId, CancellationToken>>,
    state: Mutex<State>,
}

struct State {
    view: TurnView,
    sinks: Vec<FrameSink>,
}

impl LiveTurn {
    pub(crate) fn new(conversation: ConversationId, view: TurnView, sink: Option<FrameSink>) -> Self {
        Self {
            conversation,
            cancel: CancellationToken::new(),
            runs: Mutex::default(),
            state: Mutex::new(State { view, sinks: sink.into_iter().collect() }),
        }
    }

    /// A token that stops one run; the turn's own stops it too.
    pub(crate) fn token(&self, run: RunId) -> CancellationToken {
        let token = self.cancel.child_token();
        lock(&self.runs).insert(run, token.clone());
        token
    }

    pub(crate) fn cancel_run(&self, run: RunId) {
        if let Some(token) = lock(&self.runs).get(&run) {
            token.cancel();
        }
    }

    pub(crate) fn view(&self) -> TurnView {
        lock(&self.state).view.clone()
    }

    /// The view so far; the sink gets every frame after it, without a hole between.
    pub(crate) fn subscribe(&self, sink: FrameSink) -> TurnView {
        let mut state = lock(&self.state);
        state.sinks.push(sink);
        state.view.clone()
    }

    /// Puts a retried run in place of the one before it, and another sink beside the others.
    pub(crate) fn replace_run(&self, fresh: &TurnView, sink: FrameSink) -> TurnView {
        let mut state = lock(&self.state);
        for run in &fresh.runs {
            if let Some(old) = state.view.runs.iter_mut().find(|old| old.lane == run.lane && old.id != run.id)
                && run.earlier.contains(&old.id)
            {
                *old = run.clone();
            }
        }
        state.view.live = true;
        state.sinks.push(sink);
        state.view.clone()
    }

    /// Numbers the patches, folds them into the view and sends them: together where they fit into one
    /// frame, otherwise in several.
    pub(crate) fn publish(&self, patches: Vec<RunPatch>) {
        let mut state = lock(&self.state);
        for runs in packed(patches) {
            let mut frame = TurnFrame { turn: state.view.id, seq: state.view.seq + 1, runs, last: false };
            fold_view::apply(&mut state.view, &frame);
            frame.last = state.view.runs.iter().all(|run| run.state.is_final());
            state.view.live = !frame.last;
            state.sinks.retain(|sink| sink(&frame));
        }
    }
}

/// Splits patches into groups whose JSON stays below the limit, keeping their order.
fn packed(patches: Vec<RunPatch>) -> Vec<Vec<RunPatch>> {
    let mut frames: Vec<Vec<RunPatch>> = Vec::new();
    let mut size = usize::MAX;
    for RunPatch { run, ops } in patches {
        for op in ops {
            // An op that cannot be written could not be sent either; its size does not matter.
            let cost = serde_json::to_string(&op).map_or(0, |json| json.len()) + 64;
            if size.saturating_add(cost) > FRAME_LIMIT {
                frames.push(Vec::new());
                size = 0;
            }
            size += cost;
            let Some(frame) = frames.last_mut() else { continue };
            match frame.last_mut() {
                Some(patch) if patch.run == run => patch.ops.push(op),
                _ => frame.push(RunPatch { run, ops: vec![op] }),
            }
        }
    }
    frames
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held leaves plain data behind, never a half-built invariant.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{HtmlBlock, Op};
    use uuid::Uuid;

    #[test]
    fn frames_stay_below_the_fast_path_limit_and_keep_order() {
        let run = RunId::new(Uuid::from_u128(1));
        let op = |i: u32| Op::Blocks {
            section: i,
            keep: 0,
            blocks: vec![HtmlBlock { key: i.to_string(), html: "x".repeat(3_000) }],
        };
        let frames = packed(vec![RunPatch { run, ops: (0..5).map(op).collect() }]);
        assert_eq!(frames.len(), 3);
        for frame in &frames {
            assert!(serde_json::to_string(frame).unwrap().len() < 8_192);
        }
        let order: Vec<u32> = frames
            .iter()
            .flatten()
            .flat_map(|patch| &patch.ops)
            .map(|op| match op {
                Op::Blocks { section, .. } => *section,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }
}
