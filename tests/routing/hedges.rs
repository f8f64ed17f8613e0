//! A second provider beside one that is late: one answer, both in the books, the slower one's connection closed.

use crate::twelve::{CLEAN, MODEL, Twelve, failing, silent};
use domain::{NoticeKind, Outcome, RoutingPrefs, RunState, Timestamp};
use engine::RunResult;
use parallax_suite::support::replay::{Answer, Route};
use serde_json::json;
use std::time::{Duration, Instant};
use store::Entry;

const SLOW: &str = CLEAN[0];
const OTHER: &str = CLEAN[1];
/// Longer than it takes to be late (half a second, where answers come at once), shorter than anybody's patience
/// (four seconds).
const LATE: Duration = Duration::from_millis(2_000);

fn rules(hedge: Option<bool>) -> RoutingPrefs {
    let order = vec![SLOW.to_owned(), OTHER.to_owned()];
    RoutingPrefs { only: Some(order.clone()), order, hedge, ..RoutingPrefs::default() }
}

/// An answer of these words, billed as so many tokens.
fn billed(words: &str, tokens: u64) -> Answer {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": words }, "finish_reason": null }] });
    let finish = json!({
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens },
    });
    Answer::event_stream(format!("data: {delta}\n\ndata: {finish}\n\ndata: [DONE]\n\n"))
}

/// A world in which the first has answered three times at once, in which closing a connection ends the bill at
/// `stops`, and in which the answers so far cost enough for a prompt to be lost.
async fn primed(hedge: Option<bool>, stops: &[&str]) -> Twelve {
    primed_with(hedge, stops, billed("before", 20_000)).await
}

async fn primed_with(hedge: Option<bool>, stops: &[&str], answer: Answer) -> Twelve {
    let world = Twelve::start().await;
    world.stops_billing(stops).await;
    world.policy("two", rules(hedge)).await;
    world.server(SLOW).first(Route::answer(answer).times(3));
    for _ in 0..3 {
        assert_eq!(world.ask(MODEL, Some("two")).await.draft.text(), "before");
    }
    world
}

async fn until(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !what() {
        assert!(Instant::now() < end, "it did not come to that");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn who(result: &RunResult) -> Vec<(&str, &'static str)> {
    let how = |outcome: &Option<Outcome>| match outcome {
        Some(Outcome::Completed { .. }) => "completed",
        Some(Outcome::Cancelled) => "cancelled",
        Some(Outcome::Failed { .. }) => "failed",
        Some(Outcome::Interrupted) | None => "open",
    };
    result.attempts.iter().map(|row| (row.provider.as_str(), how(&row.outcome))).collect()
}

async fn entries(world: &Twelve) -> Vec<Entry> {
    let all = (Timestamp(0), Timestamp(i64::MAX));
    world.engine.store().read(move |tx| tx.entries(all.0, all.1)).await.unwrap()
}

/// Asked once while the first is late by [`LATE`], the other was not.
async fn nobody_else(world: &Twelve, why: &str) {
    world.server(SLOW).first(Route::answer(billed("from the first", 2).after(LATE)).times(1));
    let result = world.ask(MODEL, Some("two")).await;
    assert_eq!((result.state, result.draft.text()), (RunState::Done, "from the first".to_owned()), "{why}");
    assert_eq!(who(&result), [(SLOW, "completed")], "{why}");
    assert_eq!(world.server(OTHER).connections(), 0, "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_answers_where_the_first_is_late_and_the_first_is_closed() {
    let world = primed(Some(true), &[SLOW, OTHER]).await;
    world.server(SLOW).first(silent());
    let (view, _) = world.watch(&[world.target(MODEL, Some("two"))]).await;
    let run = &view.runs[0];
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    assert_eq!(world.engine.text(run.id).await.unwrap(), format!("from {OTHER}"));
    until(|| world.server(SLOW).left_early() == 1).await;
    assert_eq!((world.server(SLOW).seen().len(), world.server(OTHER).seen().len()), (4, 1));
    let steps: Vec<_> =
        run.route.iter().map(|step| (step.provider.as_str(), step.failed.as_deref())).collect();
    assert_eq!(steps, [(SLOW, Some("outrun")), (OTHER, None)]);
    let said = run.notices.iter().find(|notice| notice.kind == NoticeKind::Hedged).unwrap();
    assert!(
        said.detail.contains(&format!("so {OTHER} was asked too and answered first")),
        "{:?}",
        said.detail
    );

    world.books(5).await;
    let entries = entries(&world).await;
    let [lost, won] = &entries[3..] else { panic!("two rows") };
    assert_eq!((lost.row.provider.as_str(), lost.row.outcome.as_str()), (SLOW, "cancelled"));
    assert_eq!(lost.row.purpose.kind.as_deref(), Some("hedge"));
    assert!(lost.row.cost.total.unwrap() > domain::PicoUsd::ZERO, "its prompt may be billed");
    assert_eq!((won.row.provider.as_str(), won.row.purpose.kind.as_deref()), (OTHER, Some("chat")));
    assert!(lost.held.is_some() && won.held.is_some(), "both had their hold");
    let stored = world.engine.receipt(run.id).await.unwrap();
    assert_eq!(stored.attempts.last().unwrap().row.provider.as_str(), OTHER);
    assert_eq!(stored.attempts[0].row.first_content, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_may_still_answer_first_and_is_the_last_of_the_attempts() {
    let world = primed(Some(true), &[SLOW, OTHER]).await;
    world.server(SLOW).first(Route::answer(billed("late but first", 2).after(LATE)).times(1));
    world.server(OTHER).first(silent());
    let (view, _) = world.watch(&[world.target(MODEL, Some("two"))]).await;
    let run = &view.runs[0];
    assert_eq!(world.engine.text(run.id).await.unwrap(), "late but first");
    until(|| world.server(OTHER).left_early() == 1).await;
    let steps: Vec<_> =
        run.route.iter().map(|step| (step.provider.as_str(), step.failed.as_deref())).collect();
    assert_eq!(steps, [(OTHER, Some("outrun")), (SLOW, None)]);
    assert_eq!(world.engine.snapshot(view.id).await.unwrap().runs[0].route, run.route, "stored");
    world.books(5).await;
    let lost = entries(&world).await.into_iter().find(|entry| entry.row.provider.as_str() == OTHER).unwrap();
    assert_eq!(lost.row.purpose.kind.as_deref(), Some("hedge"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_beside_another_unless_everything_speaks_for_it() {
    nobody_else(&primed(None, &[SLOW, OTHER]).await, "it is off").await;
    nobody_else(&primed(Some(true), &[SLOW]).await, "the other may go on billing").await;
    nobody_else(&primed(Some(true), &[OTHER]).await, "the first may go on billing").await;
    let cheap = primed_with(Some(true), &[SLOW, OTHER], billed("before", 1)).await;
    nobody_else(&cheap, "a prompt is more than a twentieth of what was spent").await;
    let unknown = Twelve::start().await;
    unknown.stops_billing(&[SLOW, OTHER]).await;
    unknown.policy("two", rules(Some(true))).await;
    nobody_else(&unknown, "nobody knows what is late").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_beside_one_that_is_in_time() {
    let usual = billed("before", 20_000).after(Duration::from_millis(1_500));
    let world = primed_with(Some(true), &[SLOW, OTHER], usual).await;
    let result = world.ask(MODEL, Some("two")).await;
    assert_eq!(who(&result), [(SLOW, "completed")]);
    assert_eq!(world.server(OTHER).connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_one_of_two_fails_the_other_goes_on() {
    let world = primed(Some(true), &[SLOW, OTHER]).await;
    world.server(SLOW).first(Route::answer(billed("from the first", 2).after(LATE)).times(1));
    world.server(OTHER).first(failing(0).times(1));
    let result = world.ask(MODEL, Some("two")).await;
    assert_eq!((result.state, result.draft.text()), (RunState::Done, "from the first".to_owned()));
    assert_eq!(who(&result), [(OTHER, "failed"), (SLOW, "completed")]);
    assert_eq!(world.server(OTHER).connections(), 1, "not asked a second time");

    let world = primed(Some(true), &[SLOW, OTHER]).await;
    world.server(SLOW).first(Route::answer(Answer::status(500).after(LATE)).times(1));
    world.server(OTHER).first(Route::answer(billed("from the second", 2).after(LATE)).times(1));
    let result = world.ask(MODEL, Some("two")).await;
    assert_eq!((result.state, result.draft.text()), (RunState::Done, "from the second".to_owned()));
    assert_eq!(who(&result), [(SLOW, "failed"), (OTHER, "completed")]);
    assert!(result.notices.iter().all(|(kind, _)| *kind != NoticeKind::Hedged), "nobody was outrun");
    world.books(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_both() {
    let world = primed(Some(true), &[SLOW, OTHER]).await;
    world.server(SLOW).first(silent());
    world.server(OTHER).first(silent());
    let (turn, done) = world.start_turn(None, &[world.target(MODEL, Some("two"))], None).await;
    until(|| world.server(OTHER).seen().len() == 1).await;
    let holds = world.engine.store().read(|tx| tx.holds()).await.unwrap();
    assert!(!holds.is_empty() && holds.len() <= 2, "{holds:?}");
    world.engine.cancel(turn, None);
    tokio::time::timeout(Duration::from_secs(30), done).await.unwrap().unwrap();
    until(|| world.server(SLOW).left_early() == 1 && world.server(OTHER).left_early() == 1).await;
    assert_eq!(world.engine.snapshot(turn).await.unwrap().runs[0].state, RunState::Cancelled);
    world.books(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_both_are_asked_leaves_both_in_the_books() {
    let world = primed(Some(true), &[SLOW, OTHER]).await;
    world.server(SLOW).first(silent());
    world.server(OTHER).first(silent());
    let (turn, done) = world.start_turn(None, &[world.target(MODEL, Some("two"))], None).await;
    until(|| world.server(OTHER).seen().len() == 1).await;
    let (after, _folder) = world.crashed().await;
    world.engine.cancel(turn, None);
    assert_eq!(after.recover().await.unwrap(), 1);
    let all = (Timestamp(0), Timestamp(i64::MAX));
    let (entries, holds) =
        after.store().read(move |tx| Ok((tx.entries(all.0, all.1)?, tx.holds()?))).await.unwrap();
    assert_eq!((entries.len(), holds.len()), (5, 0));
    assert!(entries[3..].iter().all(|entry| entry.row.cost.total.is_some()), "each prompt may be billed");
    let hedges = entries.iter().filter(|entry| entry.row.purpose.kind.as_deref() == Some("hedge"));
    assert_eq!(hedges.count(), 1);
    tokio::time::timeout(Duration::from_secs(30), done).await.unwrap().unwrap();
}
