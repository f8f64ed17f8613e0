//! A sample of the proof, the same for every change.

use crate::{nonsense::Kind, storm};
use std::sync::Arc;

const REQUESTS: u64 = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_no_sense_are_answered_and_break_nothing() {
    let (bench, keys) = storm::bench().await;
    let found = storm::storm(&bench, keys, 0x5EED, 0..REQUESTS, Arc::default()).await;
    storm::settled(&bench).await;
    println!("{:?} {:?}", found.statuses, found.sent_on);
    let all: u64 = found.statuses.values().sum();
    assert_eq!(all, REQUESTS);
    let answered: u64 = found.sent_on.values().sum();
    assert!(answered > REQUESTS / 20, "sensible ones are among them: {answered}");
    let asked = bench.upstream.asked();
    assert!(asked >= usize::try_from(answered).unwrap_or(0), "{answered} answered, {asked} asked");
    for (kind, ..) in Kind::ALL {
        assert!(found.statuses.keys().any(|(of, _)| *of == kind), "{kind:?}");
        assert!(found.sent_on[&kind] > 0 || kind == Kind::Left, "some {kind:?} make sense");
    }
}
