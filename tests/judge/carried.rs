//! What a judge said, as a file and back.

use super::{Bench, points, wish};
use serde_json::{Value, json};

/// What a judge said goes along in a file and comes back; it chooses no judge here, and its cost is not known here.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_judge_said_comes_back_with_its_conversation() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (bench, other) = (Bench::new(folder.path()).await, Bench::new(elsewhere.path()).await);
    let (conversation, turn) = bench.turn().await;
    let best = [("A", [5, 4, 5]), ("B", [3, 3, 3]), ("C", [2, 2, 2])];
    let turned = [("A", [2, 2, 2]), ("B", [3, 3, 3]), ("C", [5, 4, 5])];
    bench.replies(&points(&best), &points(&turned));
    let judged = bench.call("turn/judge", wish(&turn, false)).await.unwrap();
    let id: domain::ConversationId = serde_json::from_value(conversation.clone()).unwrap();
    let (_, text) = bench.api.engine().export_conversation(id, engine::ExportForm::Json).await.unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    // Another judgement of a file speaks of an answer that is not in it.
    let mut forged = file["turns"][0]["judgements"][0].clone();
    forged["id"] = json!("01890000-0000-7000-8000-00000000000a");
    forged["found"]["decision"]["run"] = json!("01890000-0000-7000-8000-00000000000b");
    file["turns"][0]["judgements"].as_array_mut().unwrap().push(forged);
    let path = elsewhere.path().join("talk.json");
    std::fs::write(&path, file.to_string()).unwrap();
    other.call("import/run", json!({"path": path, "dry_run": false})).await.unwrap();

    let kept = other.call("conversation/judgements", json!({ "id": conversation })).await.unwrap();
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept}");
    let back = &kept[0];
    for field in ["id", "turn", "at", "model", "rubric", "state", "found", "failure"] {
        assert_eq!(back[field], judged[field], "{field}");
    }
    assert_eq!((&back["cost"], &back["record"]), (&Value::Null, &json!([0, 0])), "{back}");
    assert_eq!(other.call("judge/defaults", Value::Null).await.unwrap()["model"], Value::Null);
    assert!(other.entries("judge").await.is_empty());
}
