//! A conversation as a file comes back with its tree: where turns stand, what answers were shown and made of.

use crate::bench::{Bench, NAMES, follow, number, sink, target};
use domain::{ContextPolicy, ConversationId, Lane, LaneId, ModelRef, RunState};
use engine::{
    At, ExportForm, ImportProgress,
    beside::{MergeHow, MergeWish},
};
use serde_json::{Value, json};
use std::sync::Arc;

async fn exported(bench: &Bench, id: ConversationId) -> Value {
    let (_, text) = bench.engine.export_conversation(id, ExportForm::Json).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Without what an import does not bring back.
fn plain(mut value: Value) -> Value {
    value.as_object_mut().unwrap().remove("updated_at");
    for turn in value["turns"].as_array_mut().unwrap() {
        for answer in turn["answers"].as_array_mut().unwrap() {
            answer.as_object_mut().unwrap().remove("cost");
        }
    }
    value
}

/// Two turns by four lanes, the second shown all; one answer made of the first, one asked twice; then a prompt to a
/// lane that begins anew.
async fn talk(bench: &Bench) -> ConversationId {
    let (first, id) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    let (second, _) = bench.turn(Some(id), 1, ContextPolicy::All, At::default()).await;
    bench.script(NAMES[1], "Once more.");
    let (out, frames) = sink();
    let again = follow(bench.engine.retry(second.runs[1].id, out).await.unwrap(), &frames);
    assert_eq!(again.runs[1].earlier, [second.runs[1].id]);
    bench.engine.show_answer(second.runs[1].id).await.unwrap();
    bench.script(NAMES[0], "One of four.");
    let (out, frames) = sink();
    let model = ModelRef::parse(&target(NAMES[0]).model.to_string()).unwrap();
    let wish = MergeWish { model, how: MergeHow::Fuse };
    let made = follow(bench.engine.merge(first.id, wish, out).await.unwrap(), &frames);
    assert!(made.runs.iter().any(|run| run.made_of.is_some() && run.state == RunState::Done));
    let fresh = Lane {
        id: LaneId::new(bench.engine.clock().id()),
        position: 9,
        target: target(NAMES[2]),
        head: None,
    };
    bench.engine.store().write(move |tx| tx.put_lanes(id, &[fresh])).await.unwrap();
    bench.script(NAMES[2], "Who are you all?");
    let (view, frames, _) = bench.start(Some(id), "Anew", ContextPolicy::Own, At::default()).await;
    follow(view, &frames);
    NAMES.iter().for_each(|name| bench.scripted.forget(name));
    bench.engine.store().write(move |tx| tx.set_conversation_policy(id, Some("cheapest"))).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_comes_back_with_its_tree() {
    let (one, other) = (Bench::new().await, Bench::new().await);
    let id = talk(&one).await;
    let screen = one.screen(id).await;
    assert_eq!(screen.len(), 3);
    let file = exported(&one, id).await;
    let made: Vec<&Value> = file["turns"][0]["answers"].as_array().unwrap().iter().collect();
    assert_eq!(made.iter().filter(|answer| !answer["made_of"].is_null()).count(), 1);

    assert_eq!(file["policy"], "cheapest");
    let retried = file["turns"][1]["answers"].as_array().unwrap();
    assert_eq!(retried.iter().filter(|answer| !answer["retry_of"].is_null()).count(), 1);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.json");
    std::fs::write(&path, file.to_string()).unwrap();
    other.engine.import(path, false, Arc::new(ImportProgress::default())).await.unwrap();
    assert_eq!(other.screen(id).await, screen, "a lane that began anew does not begin another conversation");
    assert_eq!(plain(exported(&other, id).await), plain(file));

    // Asked again, an answer is shown what it was shown.
    let turns = other.engine.turns(id).await.unwrap();
    other.script(NAMES[3], "Again.");
    let (out, frames) = sink();
    follow(other.engine.retry(turns[1].runs[3].id, out).await.unwrap(), &frames);
    let body = other.sent_to(NAMES[3]);
    for lane in 0..NAMES.len() {
        assert!(body.contains(&number(lane, 0)), "lane {lane}: {body}");
    }
    // What was made of others is in no vote.
    let merged = turns[0].runs.iter().filter(|run| run.made_of.is_some()).count();
    assert_eq!((merged, turns[0].runs.len()), (1, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_shows_nothing_of_another_conversation() {
    let (one, other) = (Bench::new().await, Bench::new().await);
    let id = talk(&one).await;
    let (secret, mine) = other.turn(None, 5, ContextPolicy::Own, At::default()).await;
    let lane = other.lanes(mine).await[0].id;
    let mut file = exported(&one, id).await;
    file["turns"][1]["context"] = json!({"type": "custom", "lanes": [{"lane": lane, "sees": [lane]}]});
    let shown = json!([{"turn": secret.id, "own": secret.runs[0].message, "letter": "A", "others": [
        {"letter": "B", "model": "m", "message": secret.runs[1].message}]}]);
    file["turns"][1]["answers"][3]["earlier"] = shown;
    file["turns"][0]["answers"][0]["made_of"] =
        json!({"how": {"type": "fuse"}, "sources": [secret.runs[0].id], "prompt": "x"});
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.json");
    std::fs::write(&path, file.to_string()).unwrap();
    other.engine.import(path, false, Arc::new(ImportProgress::default())).await.unwrap();
    let text = exported(&other, id).await.to_string();
    for id in [lane.to_string(), secret.id.to_string(), secret.runs[0].id.to_string()] {
        assert!(!text.contains(&id), "{id} in {text}");
    }
    assert!(!text.contains(&secret.runs[1].message.to_string()));
}

/// A policy only forbids. One that is not known here permits nothing, and says so, until another is chosen.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_not_here_lets_nothing_leave() {
    let (one, other) = (Bench::new().await, Bench::new().await);
    let id = talk(&one).await;
    let mut file = exported(&one, id).await;
    file["policy"] = json!("ours-alone");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.json");
    std::fs::write(&path, file.to_string()).unwrap();
    other.engine.import(path, false, Arc::new(ImportProgress::default())).await.unwrap();
    let turns = other.engine.turns(id).await.unwrap();
    let (out, frames) = sink();
    let again = follow(other.engine.retry(turns[1].runs[3].id, out).await.unwrap(), &frames);
    let failure = again.runs[3].failure.clone().unwrap();
    assert!(failure.message.contains("ours-alone"), "{}", failure.message);
    assert!(other.scripted.seen().is_empty(), "nothing left");
}
