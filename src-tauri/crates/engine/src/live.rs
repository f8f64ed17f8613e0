//! Turns that are running: their view so far, who watches, and how to stop them.

use crate::{
    fold_view,
    frame::{RunPatch, RunView, TurnFrame, TurnView},
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
    turns: Mutex<Turns>,
    /// Rings when an answer has ended, for lanes that wait for it.
    pub ended: tokio::sync::Notify,
    /// The program is about to end: nothing more is sent.
    pub leaving: CancellationToken,
}

#[derive(Default)]
struct Turns {
    live: HashMap<TurnId, Arc<LiveTurn>>,
    /// How many have ended. A view read from disk before this moved may lack what ended meanwhile.
    retired: u64,
}

/// A view read from disk, and how many turns had ended before it was read.
pub(crate) type Fresh = (TurnView, u64);

impl LiveTurns {
    pub(crate) fn get(&self, turn: TurnId) -> Option<Arc<LiveTurn>> {
        lock(&self.turns).live.get(&turn).cloned()
    }

    pub(crate) fn insert(&self, turn: TurnId, live: Arc<LiveTurn>) {
        let mut turns = lock(&self.turns);
        // Looked at behind the lock that `leave` takes: a turn is either seen by it or sees it.
        if self.leaving.is_cancelled() {
            live.cancel_all();
        }
        turns.live.insert(turn, live);
    }

    /// Stops what runs, and what begins from now on.
    pub(crate) fn leave(&self) {
        self.leaving.cancel();
        for live in self.all() {
            live.cancel_all();
        }
    }

    /// Turns of a conversation that run.
    pub(crate) fn ids(&self, conversation: ConversationId) -> Vec<TurnId> {
        let turns = lock(&self.turns);
        let of = turns.live.iter().filter(|(_, live)| live.conversation == conversation);
        of.map(|(id, _)| *id).collect()
    }

    /// How many turns have ended so far.
    pub(crate) fn retired(&self) -> u64 {
        lock(&self.turns).retired
    }

    /// Adds a retried run to its turn: to the running one, else to `fresh`, which then runs. `None` = the
    /// turn does not run and `fresh` is missing or out of date: read it (again). One lock for all of it,
    /// so that a turn never ends in between and never runs twice.
    pub(crate) fn revive_or_insert(
        &self,
        conversation: ConversationId,
        turn: TurnId,
        run: &RunView,
        fresh: Option<Fresh>,
        sink: &mut Option<FrameSink>,
    ) -> Option<(Arc<LiveTurn>, TurnView)> {
        let mut turns = lock(&self.turns);
        let live = match turns.live.get(&turn) {
            Some(live) => Arc::clone(live),
            None => {
                let (view, _) = fresh.filter(|(_, retired)| *retired == turns.retired)?;
                let live = Arc::new(LiveTurn::new(conversation, view, &[], None));
                turns.live.insert(turn, Arc::clone(&live));
                live
            }
        };
        let view = live.admit(run, sink.take());
        if self.leaving.is_cancelled() {
            live.cancel_all();
        }
        Some((live, view))
    }

    /// Forgets a turn whose runs have all ended; one that a retry has revived stays.
    pub(crate) fn retire(&self, turn: TurnId) {
        let mut turns = lock(&self.turns);
        if turns.live.get(&turn).is_some_and(|live| live.ended()) {
            turns.live.remove(&turn);
            turns.retired += 1;
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveTurn>> {
        lock(&self.turns).live.values().cloned().collect()
    }
}

/// One running turn.
pub(crate) struct LiveTurn {
    pub conversation: ConversationId,
    state: Mutex<State>,
}

struct State {
    view: TurnView,
    sinks: Vec<FrameSink>,
    /// The runs that were started here, and how to stop each. Other runs of the view are history, or
    /// another process's.
    own: HashMap<RunId, CancellationToken>,
}

impl State {
    fn ended(&self) -> bool {
        self.view.runs.iter().filter(|run| self.own.contains_key(&run.id)).all(|run| run.state.is_final())
    }
}

impl LiveTurn {
    /// `own` = the runs of the view that are about to start.
    pub(crate) fn new(
        conversation: ConversationId,
        view: TurnView,
        own: &[RunId],
        sink: Option<FrameSink>,
    ) -> Self {
        let own = own.iter().map(|run| (*run, CancellationToken::new())).collect();
        let state = State { view, sinks: sink.into_iter().collect(), own };
        Self { conversation, state: Mutex::new(state) }
    }

    /// The token that stops one run.
    pub(crate) fn token(&self, run: RunId) -> CancellationToken {
        lock(&self.state).own.entry(run).or_default().clone()
    }

    pub(crate) fn cancel_run(&self, run: RunId) {
        if let Some(token) = lock(&self.state).own.get(&run) {
            token.cancel();
        }
    }

    /// Stops every run that has been started. One that is asked again later starts afresh.
    pub(crate) fn cancel_all(&self) {
        lock(&self.state).own.values().for_each(CancellationToken::cancel);
    }

    pub(crate) fn view(&self) -> TurnView {
        lock(&self.state).view.clone()
    }

    fn ended(&self) -> bool {
        lock(&self.state).ended()
    }

    /// Changes what is shown beside the answers themselves.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut TurnView)) -> TurnView {
        let mut state = lock(&self.state);
        change(&mut state.view);
        state.view.clone()
    }

    /// The view so far; the sink gets every frame after it, without a hole between.
    pub(crate) fn subscribe(&self, sink: FrameSink) -> TurnView {
        let mut state = lock(&self.state);
        state.sinks.push(sink);
        state.view.clone()
    }

    /// Puts a retried run in place of the one before it, and another sink beside the others.
    fn admit(&self, run: &RunView, sink: Option<FrameSink>) -> TurnView {
        let mut state = lock(&self.state);
        match state.view.runs.iter_mut().find(|old| old.lane == run.lane) {
            Some(old) => *old = run.clone(),
            None => state.view.runs.push(run.clone()),
        }
        state.own.entry(run.id).or_default();
        state.view.live = true;
        state.sinks.extend(sink);
        state.view.clone()
    }

    /// Numbers the patches, folds them into the view and sends them: together where they fit into one
    /// frame, otherwise in several.
    pub(crate) fn publish(&self, patches: Vec<RunPatch>) {
        let mut state = lock(&self.state);
        for runs in packed(patches) {
            let mut frame = TurnFrame { turn: state.view.id, seq: state.view.seq + 1, runs, last: false };
            fold_view::apply(&mut state.view, &frame);
            frame.last = state.ended();
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
