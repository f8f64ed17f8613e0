//! A long conversation is read in stretches.

use crate::{bench::Bench, samples};
use engine::{STRETCH, Span, frame::TurnView};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_conversation_is_read_in_stretches_without_a_gap() {
    let bench = Bench::new().await;
    bench.import(json!([samples::line(40)]).to_string().as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    let all = bench.engine.turns(id).await.unwrap();
    assert_eq!(all.len(), 40);

    let newest = bench.engine.stretch(id, Span::Newest).await.unwrap();
    assert_eq!((newest.earlier, newest.turns.len(), newest.later), (40 - STRETCH, STRETCH, 0));
    let few = bench.engine.stretch(id, Span::Few).await.unwrap();
    assert!(!few.turns.is_empty() && newest.turns.ends_with(&few.turns));
    assert_eq!((few.earlier + few.turns.len(), few.later), (40, 0));

    let mut found: Vec<TurnView> = few.turns;
    while let Some(first) = found.first() {
        let before = bench.engine.stretch(id, Span::Before { turn: first.id }).await.unwrap();
        assert_eq!(before.earlier + before.turns.len() + before.later, 40);
        if before.turns.is_empty() {
            break;
        }
        found.splice(..0, before.turns);
    }
    assert_eq!(found, all);

    let middle = bench.engine.stretch(id, Span::Around { turn: all[20].id }).await.unwrap();
    assert!(middle.turns.contains(&all[20]) && middle.earlier > 0 && middle.later > 0);
    let last = middle.turns.last().unwrap().id;
    let after = bench.engine.stretch(id, Span::After { turn: last }).await.unwrap();
    assert_eq!(after.turns[..], all[middle.earlier + middle.turns.len()..][..after.turns.len()]);
}
