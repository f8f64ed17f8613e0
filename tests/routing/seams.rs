//! Answers that break off after their first words: kept, gone on with where the user wants it, never spliced
//! where half of it is of no use.

use crate::twelve::{CLEAN, MODEL, TRAINS, Twelve, broken, failing, said};
use domain::{ErrorKind, NoticeKind, Part, ResponseFormat, RoutingPrefs, RunState};
use engine::frame::{Op, SectionKind};
use parallax_suite::support::replay::Route;

fn two(continue_once: Option<bool>) -> RoutingPrefs {
    let order: Vec<String> = CLEAN[..2].iter().map(|id| (*id).to_owned()).collect();
    RoutingPrefs { only: Some(order.clone()), order, continue_once, ..RoutingPrefs::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_broke_off_is_kept_and_going_on_is_offered_not_done() {
    let world = Twelve::start().await;
    world.policy("two", two(None)).await;
    world.server(CLEAN[0]).first(broken("The answer is "));
    let (view, _) = world.watch(&[world.target(MODEL, Some("two"))]).await;
    let run = &view.runs[0];
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(run.failure.as_ref().unwrap().kind, ErrorKind::StreamTruncated);
    assert_eq!(world.server(CLEAN[1]).connections(), 0, "nobody else is asked by itself");
    let offered: Vec<&str> = run.continue_on.iter().map(|on| on.provider.as_str()).collect();
    assert_eq!(offered, [CLEAN[1], CLEAN[0]], "the one that broke off comes last");
    assert_eq!(world.engine.snapshot(view.id).await.unwrap().runs[0].continue_on, run.continue_on, "stored");

    world.server(CLEAN[1]).first(Route::answer(said("forty-two.")));
    let on = run.continue_on[0].endpoint.clone();
    let again = world.go_on(run.id, Some(on)).await.unwrap();
    let run = &again.runs[0];
    assert_eq!((run.state, &run.failure), (RunState::Done, &None));
    assert_eq!(world.engine.text(run.id).await.unwrap(), "The answer is forty-two.");
    let kinds: Vec<&SectionKind> = run.sections.iter().map(|section| &section.kind).collect();
    let seam = SectionKind::Seam {
        from: CLEAN[0].to_owned(),
        to: CLEAN[1].to_owned(),
        why: "stream.truncated".to_owned(),
    };
    assert_eq!(kinds, [&SectionKind::Answer, &seam, &SectionKind::Answer]);
    assert_eq!(world.engine.snapshot(view.id).await.unwrap().runs[0].sections, run.sections, "stored");
    assert_eq!(run.earlier.len(), 1, "what broke off is still there");
    let asked = world.server(CLEAN[1]).seen().pop().unwrap();
    let asked = String::from_utf8(asked.body).unwrap();
    assert!(asked.contains("Go on exactly where it stops") && asked.contains("The answer is"), "{asked}");
    world.books(2).await;

    // The next turn shows the model its answer in one piece.
    world.follow_up(view.id).await;
    let body = world.server(CLEAN[0]).seen().pop().unwrap().body;
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains("The answer is forty-two."), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_allowed_it_goes_on_once_by_itself_with_a_seam() {
    let world = Twelve::start().await;
    world.policy("two", two(Some(true))).await;
    world.server(CLEAN[0]).first(broken("The quick brown fox "));
    // It repeats some of it, and before that somebody is refused unseen.
    world.server(CLEAN[1]).first(broken("quick brown fox jumps over"));
    let (view, frames) = world.watch(&[world.target(MODEL, Some("two"))]).await;
    let run = &view.runs[0];
    assert_eq!(run.state, RunState::Failed, "once, not twice");
    assert_eq!(world.engine.text(run.id).await.unwrap(), "The quick brown fox jumps over");
    let seams = frames.iter().flat_map(|frame| &frame.runs).flat_map(|patch| &patch.ops);
    let seams = seams.filter(|op| matches!(op, Op::Section { kind: SectionKind::Seam { .. }, .. }));
    assert_eq!(seams.count(), 1);
    assert_eq!(run.continue_on.len(), 2, "a second time it is the user's choice");
    let receipt = world.engine.receipt(run.id).await.unwrap();
    assert_eq!(receipt.attempts.len(), 2);
    world.books(2).await;

    // And once more by hand: two seams, each in its place.
    world.server(CLEAN[0]).first(Route::answer(said(" the dog.")));
    let again = world.go_on(run.id, None).await.unwrap();
    assert_eq!(world.engine.text(again.runs[0].id).await.unwrap(), "The quick brown fox jumps over the dog.");
    let seams = again.runs[0].sections.iter();
    let seams = seams.filter(|section| matches!(section.kind, SectionKind::Seam { .. }));
    assert_eq!(seams.count(), 2);
    world.books(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_left_to_go_on_leaves_what_came_without_a_seam() {
    let world = Twelve::start().await;
    world.policy("two", two(Some(true))).await;
    world.server(CLEAN[0]).first(broken("Half an ans"));
    world.server(CLEAN[1]).first(failing(0).times(4));
    let result = world.ask(MODEL, Some("two")).await;
    assert_eq!((result.state, result.draft.text().as_str()), (RunState::Failed, "Half an ans"));
    assert_eq!(result.draft.blocks.len(), 1, "no seam towards nothing");
    assert!(!result.continue_on.is_empty());
    assert!(result.metrics().output.is_some(), "what was written is counted");
    world.books(result.attempts.len()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_document_or_a_call_is_never_gone_on_with() {
    let world = Twelve::start().await;
    world.policy("two", two(Some(true))).await;
    let mut json = world.target(MODEL, Some("two"));
    json.params.response_format = Some(ResponseFormat::JsonObject);
    world.server(CLEAN[0]).first(broken("{\"answer\": 4"));
    let (view, _) = world.watch(&[json]).await;
    let run = &view.runs[0];
    assert_eq!((run.state, run.continue_on.len()), (RunState::Failed, 0));
    let refused = world.go_on(run.id, None).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::RequestInvalid);
    assert_eq!(world.server(CLEAN[1]).connections(), 0);

    world.server(CLEAN[0]).first(crate::twelve::broken_call());
    let (view, _) = world.watch(&[world.target(MODEL, Some("two"))]).await;
    assert_eq!((view.runs[0].state, view.runs[0].continue_on.len()), (RunState::Failed, 0));
    assert_eq!(world.server(CLEAN[1]).connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn going_on_keeps_to_the_model_and_to_the_rules_of_now() {
    let world = Twelve::start().await;
    world.policy("two", RoutingPrefs { models: vec!["demo/quick".to_owned()], ..two(None) }).await;
    world.server(CLEAN[0]).first(broken("Half"));
    let (view, _) = world.watch(&[world.target(MODEL, Some("two"))]).await;
    let run = &view.runs[0];
    assert!(
        run.continue_on.iter().all(|on| !on.endpoint.as_str().starts_with("demo")),
        "{:?}",
        run.continue_on
    );
    // The rules became stricter meanwhile: what was offered may not be asked any more.
    let only = RoutingPrefs { only: Some(vec![TRAINS[0].to_owned()]), ..RoutingPrefs::default() };
    world.policy("two", only).await;
    let on = run.continue_on[0].endpoint.clone();
    let again = world.go_on(run.id, Some(on)).await.unwrap();
    assert_eq!(again.runs[0].state, RunState::Failed);
    assert_eq!(world.engine.text(again.runs[0].id).await.unwrap(), "Half", "what stood still stands");
    assert_eq!(world.server(CLEAN[1]).connections(), 0);
    assert!(again.runs[0].notices.iter().all(|notice| notice.kind != NoticeKind::Chosen));
    let parts = world.parts(again.runs[0].id).await;
    assert!(!parts.iter().any(|part| matches!(part, Part::Seam(_))), "{parts:?}");
}
