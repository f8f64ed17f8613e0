//! Looking something up in one conversation.

use crate::{bench::Bench, samples};
use domain::ConversationId;
use serde_json::json;

async fn found(bench: &Bench, id: ConversationId, text: &str) -> Vec<(u32, u32)> {
    let found = bench.engine.find_in(id, Some(text.to_owned())).await.unwrap();
    found.into_iter().map(|turn| (turn.place, turn.count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_found_in_every_turn_of_the_branch_as_it_is_drawn() {
    let bench = Bench::new().await;
    bench.import(json!([samples::line(40)]).to_string().as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    // The answers say `Answer **7**`; for whoever reads them there are no marks.
    assert_eq!(found(&bench, id, "answer 7").await, [(7, 1)]);
    assert_eq!(found(&bench, id, "**7").await, []);
    assert_eq!(found(&bench, id, "N 3").await.len(), 11, "3, and from 30 to 39");
    assert_eq!(found(&bench, id, "r").await.len(), 40, "only the answers have one");
    assert_eq!(found(&bench, id, "QUESTION 39").await, [(39, 1)]);
    assert_eq!(found(&bench, id, " ").await, []);
    assert_eq!(found(&bench, id, "").await, []);
    // Given up, and asked again.
    assert_eq!(bench.engine.find_in(id, None).await.unwrap(), []);
    assert_eq!(found(&bench, id, "answer 7").await, [(7, 1)]);
    let all = bench.engine.turns(id).await.unwrap();
    let seven = bench.engine.find_in(id, Some("answer 7".to_owned())).await.unwrap();
    assert_eq!(seven[0].turn, all[7].id);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_branches_are_not_looked_through() {
    let bench = Bench::new().await;
    bench.import(json!([samples::chatgpt()]).to_string().as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    assert_eq!(found(&bench, id, "a cat").await, [(1, 1)]);
    assert_eq!(found(&bench, id, "lost branch").await, []);
    // Two answers of one lane: the newest is shown, thoughts and tools among it.
    assert_eq!(found(&bench, id, "first try").await, []);
    assert_eq!(found(&bench, id, "hard").await, [(0, 1)]);
    let map = bench.engine.map(id).await.unwrap();
    let away = map.iter().find(|turn| !turn.on_screen).unwrap().turn;
    bench.engine.go_to(id, away).await.unwrap();
    assert_eq!(found(&bench, id, "lost branch").await, [(1, 1)]);
    assert_eq!(found(&bench, id, "a cat").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_while_the_first_is_read_is_answered_rightly() {
    let bench = Bench::new().await;
    bench.import(json!([samples::line(600)]).to_string().as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    let typed = ["a", "an", "answer", "answer 5", "answer 59", "answer 599"];
    let asked = typed.map(|text| {
        let engine = bench.engine.clone();
        tokio::spawn(async move { engine.find_in(id, Some(text.to_owned())).await.unwrap().len() })
    });
    // Given up before they are answered.
    assert_eq!(bench.engine.find_in(id, None).await.unwrap(), []);
    let mut turns = Vec::new();
    for asked in asked {
        turns.push(asked.await.unwrap());
    }
    assert_eq!(turns, [600, 600, 600, 111, 11, 1]);
    assert_eq!(found(&bench, id, "answer 599").await, [(599, 1)]);
}
