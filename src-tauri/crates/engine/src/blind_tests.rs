#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use std::sync::Mutex;

#[test]
fn ids_in_a_row_come_in_no_order() {
    let keys: Vec<u64> = (0..16).map(scattered).collect();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_ne!(keys, sorted);
    sorted.dedup();
    assert_eq!(sorted.len(), 16);
}

#[test]
fn a_frame_tells_only_that_something_has_ended() {
    let seen: Arc<Mutex<Vec<TurnFrame>>> = Arc::default();
    let kept = Arc::clone(&seen);
    let sink = sink(Box::new(move |frame| {
        kept.lock().unwrap().push(frame.clone());
        true
    }));
    let (turn, run) = (TurnId::new(uuid::Uuid::from_u128(1)), RunId::new(uuid::Uuid::from_u128(2)));
    let frame = |seq, op, last| TurnFrame {
        turn,
        seq,
        runs: vec![crate::frame::RunPatch { run, ops: vec![op] }],
        last,
    };
    let metrics = Metrics { output: Some(7), ..Metrics::default() };
    sink(&frame(1, Op::Metrics { metrics: metrics.clone() }, false));
    sink(&frame(2, Op::State { state: RunState::Streaming }, false));
    let end = Op::End {
        state: RunState::Done,
        finish_reason: None,
        failure: None,
        metrics,
        continue_on: Vec::new(),
    };
    sink(&frame(3, end, true));
    assert_eq!(*seen.lock().unwrap(), [TurnFrame { turn, seq: 3, runs: Vec::new(), last: true }]);
}
