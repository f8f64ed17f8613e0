//! A sample of the proof, the same for every change.

use crate::{bench::Bench, storm::storm};

const REQUESTS: usize = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_no_sense_are_answered_and_break_nothing() {
    let bench = Bench::new(Vec::new()).await;
    let halves = [1_u64, 2].map(|seed| storm(&bench, REQUESTS / 2, 0x5EED + seed));
    let [one, other] = halves;
    let (one, other) = tokio::join!(one, other);
    println!("{one:?} {other:?}");
    let all: usize = one.values().chain(other.values()).sum();
    assert_eq!(all, REQUESTS);
    assert!(one.contains_key(&400) && one.contains_key(&200), "sensible ones are among them: {one:?}");
    bench.booked().await;
}
