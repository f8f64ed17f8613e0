//! Holds of processes that are gone.

use crate::{Bench, chat_stream, chat_stream_broken, engine_at, folded, prompt, sink};
use domain::{AccountRef, PicoUsd, RunState, Secret};
use engine::Listeners;
use transport::scripted::{Scripted, Step};

/// What a killed command held is given back to a window that stays open, when it is needed.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_held_holds_up_nobody() {
    let bench = Bench::new().await;
    let account = AccountRef::parse("together").unwrap();
    bench.engine.set_key(&account, Secret::new("tgp_test")).await.unwrap();
    let model = "meta-llama/Llama-3.3-70B-Instruct-Turbo@together";
    bench.scripted.push_for("together", chat_stream_broken(&["word "], Step::Hang));
    let (to, frames) = sink();
    let listeners = Listeners { sink: Some(to), observer: None };
    let started = bench.engine.start_turn(prompt(model, Some(8_000)), listeners).await.unwrap();
    loop {
        frames.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        if !bench.engine.snapshot(started.turn).await.unwrap().runs[0].sections.is_empty() {
            break;
        }
    }
    // All there is, is held.
    bench.budget("all", "0").await;
    let held = bench.engine.budgets().await.unwrap().remove(0).used.held;
    bench.budget("all", &held.to_string()).await;
    let copy = tempfile::tempdir().unwrap();
    for file in ["parallax.db", "parallax.db-wal"] {
        std::fs::copy(bench.folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let scripted = Scripted::new();
    let next = engine_at(copy.path(), &scripted).await;
    next.set_key(&account, Secret::new("tgp_test")).await.unwrap();
    scripted.push_for("together", chat_stream(&["Hello"], 10, 2));
    let (to, frames) = sink();
    let listeners = Listeners { sink: Some(to), observer: None };
    let asked = next.start_turn(prompt(model, Some(100)), listeners).await.unwrap();
    asked.done.await.unwrap();
    let view = folded(asked.view, &frames);
    assert_eq!(view.runs[0].state, RunState::Done, "{:?}", view.runs[0].failure);
    let used = next.budgets().await.unwrap().remove(0).used;
    assert_eq!(used.held, PicoUsd::ZERO);
    assert!(used.perhaps > PicoUsd::ZERO && used.total() < held, "{used:?} of {held:?}");
    bench.engine.leave();
    started.done.await.unwrap();
}
