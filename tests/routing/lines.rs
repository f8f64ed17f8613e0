//! The user's own limits: who waits, in what order, and that the lane says so.

use crate::twelve::{CLEAN, MODEL, Twelve, said};
use domain::{ErrorKind, ProviderId, RateLimit, RoutingPrefs, RunState};
use engine::frame::{Op, WaitFor};
use parallax_suite::support::replay::{Answer, Route};
use serde_json::json;
use std::time::{Duration, Instant};

fn one() -> RoutingPrefs {
    RoutingPrefs { only: Some(vec![CLEAN[0].to_owned()]), ..RoutingPrefs::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_stand_in_line_for_a_provider_and_say_so() {
    let world = Twelve::start().await;
    world.policy("one", one()).await;
    let groq = ProviderId::from(CLEAN[0]);
    let limit = RateLimit { concurrency: Some(1), ..RateLimit::default() };
    world.engine.set_rate_limit(&groq, limit).await.unwrap();
    world.server(CLEAN[0]).first(Route::answer(said("slow").after(Duration::from_millis(300))).times(3));
    let started = Instant::now();
    let lanes = vec![world.target(MODEL, Some("one")); 3];
    let (view, frames) = world.watch(&lanes).await;
    assert!(view.runs.iter().all(|run| run.state == RunState::Done && run.waiting.is_none()));
    let whole = started.elapsed();
    assert!(whole >= Duration::from_millis(900), "one at a time");
    // Together they take as long as it took: what one waits for another is not its own time.
    let own: u64 = view.runs.iter().filter_map(|run| run.metrics.duration).map(|ms| ms.0).sum();
    assert!(own >= 900 && Duration::from_millis(own) < whole * 3 / 2, "{own} ms of {whole:?}");
    let waits: Vec<_> = frames
        .iter()
        .flat_map(|frame| &frame.runs)
        .flat_map(|patch| &patch.ops)
        .filter_map(|op| match op {
            Op::Waiting { waiting } => Some(waiting),
            _ => None,
        })
        .collect();
    assert!(waits.len() >= 2, "{waits:?}");
    assert!(waits.iter().all(|wait| wait.provider == CLEAN[0] && wait.why == WaitFor::Limit));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minutes_requests_are_counted_and_a_stop_leaves_the_line() {
    let world = Twelve::start().await;
    world.policy("one", one()).await;
    let groq = ProviderId::from(CLEAN[0]);
    let limit = RateLimit { requests_per_minute: Some(2), ..RateLimit::default() };
    world.engine.set_rate_limit(&groq, limit).await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.ask(MODEL, Some("one")).await.state, RunState::Done);
    }
    let (turn, done) = world.start_turn(None, &[world.target(MODEL, Some("one"))], None).await;
    let waiting = loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Some(waiting) = world.engine.snapshot(turn).await.unwrap().runs[0].waiting.clone() {
            break waiting;
        }
    };
    let ms = waiting.ms.unwrap().0;
    assert!((50_000..=60_000).contains(&ms), "{ms} ms");
    assert_eq!(world.server(CLEAN[0]).seen().len(), 2, "nothing is sent while it waits");
    world.engine.cancel(turn, None);
    done.await.unwrap();
    let view = world.engine.snapshot(turn).await.unwrap();
    assert_eq!((view.runs[0].state, &view.runs[0].waiting), (RunState::Cancelled, &None));
    world.books(2).await;
    // Somebody else who may be asked is asked rather than waited for.
    let other = RoutingPrefs {
        only: Some(CLEAN[..2].iter().map(|id| (*id).to_owned()).collect()),
        ..RoutingPrefs::default()
    };
    world.policy("both", other).await;
    let result = world.ask(MODEL, Some("both")).await;
    assert_eq!(result.draft.text(), format!("from {}", CLEAN[1]));
    // And without the limit nobody waits.
    world.engine.set_rate_limit(&groq, RateLimit::default()).await.unwrap();
    assert_eq!(world.ask(MODEL, Some("one")).await.state, RunState::Done);
}

/// A pause that a provider asked for, and that is soon over, is waited for by the next prompt as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_was_asked_for_is_kept_by_the_next_prompt() {
    let world = Twelve::start().await;
    world.policy("one", one()).await;
    let limited = || Answer::json(429, &json!({ "error": { "message": "slow down" } }));
    // Too long to sit and watch, so the first prompt ends with it.
    world.server(CLEAN[0]).first(Route::answer(limited().header("retry-after", "9")).times(1));
    let first = world.ask(MODEL, Some("one")).await;
    assert_eq!(first.failure.unwrap().kind, ErrorKind::LimitRate);
    let refused = Instant::now();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let next = world.ask(MODEL, Some("one")).await;
    assert_eq!((next.state, next.attempts.len()), (RunState::Done, 1));
    assert!(refused.elapsed() >= Duration::from_millis(8_500), "it was asked during its pause");
    assert_eq!(world.server(CLEAN[0]).seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_kept_and_make_sense() {
    let mut world = Twelve::start().await;
    let groq = ProviderId::from(CLEAN[0]);
    let limit = RateLimit { tokens_per_minute: Some(6_000), ..RateLimit::default() };
    world.engine.set_rate_limit(&groq, limit).await.unwrap();
    world.restart().await;
    assert_eq!(world.engine.registry().provider(&groq).unwrap().limit(), limit);
    let local = world.engine.registry();
    let local = local.providers().find(|known| known.provider.local).unwrap();
    assert_eq!(local.limit().concurrency, Some(1), "one at a time on this machine");
    let zero = RateLimit { concurrency: Some(0), ..RateLimit::default() };
    assert_eq!(world.engine.set_rate_limit(&groq, zero).await.unwrap_err().kind, ErrorKind::RequestInvalid);
    let nobody = ProviderId::from("nobody");
    assert!(world.engine.set_rate_limit(&nobody, limit).await.is_err());
}
