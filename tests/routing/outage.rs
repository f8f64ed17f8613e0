//! The first provider is gone for a while, in the middle of answers.

use crate::twelve::{CLEAN, MODEL, Twelve, pace};
use domain::{ModelRef, Reason, RoutingPrefs, RunState, Sort};
use engine::frame::{RunView, SectionKind};
use parallax_suite::support::replay::{Answer, Route, Step};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// What became of the answers of an outage.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    /// Answers that had begun when it came.
    pub(crate) begun: usize,
    /// Of those: gone on with behind a seam.
    pub(crate) seams: usize,
    /// Answers asked for while it lasted.
    pub(crate) asked: usize,
    /// Of those: whole.
    pub(crate) whole: usize,
    /// Answers that ended in an error with nothing to read.
    pub(crate) errors: usize,
    /// Calls that the first provider got while it was down.
    pub(crate) wasted: usize,
    /// The longest time from asking to the end of an answer.
    pub(crate) slowest: Duration,
    /// Nobody is moved back for failing any more some time after.
    pub(crate) back: bool,
}

/// Who would be asked first now, and whether somebody is moved back for failing.
async fn planned_first(world: &Twelve) -> (String, bool) {
    let model = ModelRef::parse(MODEL).unwrap();
    let route = world.engine.explain(&model, Some("first"), None, "Hi").await.unwrap().route;
    let first = route.planned[0].endpoint.as_str().split('/').next().unwrap().to_owned();
    (first, route.planned.iter().any(|candidate| candidate.because.contains(&Reason::Failing)))
}

fn seams(run: &RunView) -> usize {
    run.sections.iter().filter(|section| matches!(section.kind, SectionKind::Seam { .. })).count()
}

/// Four lanes write when the first provider goes down for so long; turn after turn of four lanes is asked
/// meanwhile. The first provider is otherwise the user's first choice.
pub(crate) async fn outage(down_for: Duration) -> Outage {
    let world = Twelve::start().await;
    let prefs = RoutingPrefs {
        only: Some(CLEAN[..3].iter().map(|id| (*id).to_owned()).collect()),
        sort: Some(Sort::Price),
        continue_once: Some(true),
        ..RoutingPrefs::default()
    };
    world.policy("first", prefs).await;
    let (first, _) = planned_first(&world).await;
    let lanes = vec![world.target(MODEL, Some("first")); 4];
    let first_id = first;
    let first = world.server(&first_id);
    let down = Arc::new(AtomicBool::new(false));
    let is_down = Arc::clone(&down);
    // Down: every connection is reset at once.
    first.first(
        Route::with(|_| Answer::event_stream("").step(Step::Reset))
            .when(move |_| is_down.load(Ordering::SeqCst)),
    );
    let mut found = Outage::default();
    // Four answers of a second each, all of them reset after a third of it.
    first.first(Route::answer(pace("The answer begins and ", 30, Duration::from_millis(10))).times(4));
    let (turn, done) = world.start_turn(None, &lanes, None).await;
    // It comes when all four have begun, however busy the machine is.
    let since = Instant::now();
    while found.begun < lanes.len() && since.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let writing = world.engine.snapshot(turn).await.unwrap();
        found.begun = writing.runs.iter().filter(|run| !run.sections.is_empty()).count();
    }
    down.store(true, Ordering::SeqCst);
    let since = Instant::now();
    let before = first.seen().len();
    while since.elapsed() < down_for {
        let asked = Instant::now();
        let (view, _) = world.watch(&lanes).await;
        found.slowest = found.slowest.max(asked.elapsed());
        found.asked += view.runs.len();
        found.whole += view.runs.iter().filter(|run| run.state == RunState::Done && seams(run) == 0).count();
        found.errors += view.runs.iter().filter(|run| run.state != RunState::Done).count();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    done.await.unwrap();
    let view = world.engine.snapshot(turn).await.unwrap();
    found.seams = view.runs.iter().filter(|run| run.state == RunState::Done && seams(run) == 1).count();
    found.errors += view.runs.iter().filter(|run| run.state != RunState::Done).count();
    found.wasted = first.seen().len() - before;
    down.store(false, Ordering::SeqCst);
    let since = Instant::now();
    // Its breaker closes by itself. Whether it comes first again is a matter of what it did before.
    while !found.back && since.elapsed() < down_for + Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        found.back = !planned_first(&world).await.1;
    }
    let all: usize = CLEAN[..3].iter().map(|id| world.server(id).seen().len()).sum();
    world.books(all).await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_first_provider_is_an_error_to_nobody() {
    let found = outage(Duration::from_secs(3)).await;
    assert_eq!((found.begun, found.seams, found.errors), (4, 4, 0), "{found:?}");
    assert_eq!((found.whole, found.back), (found.asked, true), "{found:?}");
    assert!(found.asked >= 20 && found.wasted <= 12, "it is left alone meanwhile: {found:?}");
}
