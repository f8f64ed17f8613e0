//! Whose answer it is, and what may be lost by asking twice.

use super::*;

fn usd(pico: i64) -> PicoUsd {
    PicoUsd::new(pico)
}

#[test]
fn what_is_lost_keeps_within_a_twentieth() {
    assert!(within(usd(2_000), usd(90), usd(10)));
    assert!(!within(usd(2_000), usd(90), usd(11)));
    assert!(!within(usd(0), usd(0), usd(1)), "where nothing was spent, nothing may be lost");
    assert!(within(usd(0), usd(0), usd(0)), "what is free loses nothing");
    assert!(within(usd(i64::MAX), usd(i64::MAX / 40), usd(i64::MAX / 40)));
}

#[test]
fn who_failed_leaves_and_who_spoke_stays() {
    let failed = || Some(Err(crate::lane::stopped()));
    let stays = |over: Over| (over.stays, over.failed.is_some(), over.read.is_some());
    assert_eq!(stays(Over::spoke(Side::Second, None)), (Side::Second, false, false));
    assert_eq!(stays(Over::ended(Side::First, Some(Ok(())))), (Side::First, false, true));
    assert_eq!(stays(Over::ended(Side::First, None)), (Side::First, false, true), "a stop");
    assert_eq!(
        stays(Over::ended(Side::First, failed())),
        (Side::Second, true, false),
        "the other is read on"
    );
    assert_eq!(stays(Over::ended(Side::Second, failed())), (Side::First, true, false));
}

#[tokio::test]
async fn who_spoke_before_the_other_was_sent_stays_however_it_ended() {
    let contest = Contest::default();
    contest.speak(Side::First).await;
    let (mut first, mut second): (Reading<'_>, Reading<'_>) =
        (Box::pin(std::future::pending()), Box::pin(std::future::pending()));
    let cut = Some(Some(Err(crate::lane::stopped())));
    let over = decided(&mut first, &mut second, &contest, cut).await;
    assert_eq!((over.stays, over.failed.is_some(), over.read.is_some()), (Side::First, false, true));
}

#[tokio::test]
async fn alone_it_speaks_at_once_and_beside_another_once_that_has_ended() {
    let alone = Contest::default();
    alone.speak(Side::First).await;
    assert!(alone.has_spoken());
    let both = Contest::default();
    both.open();
    let mut second = Box::pin(both.speak(Side::Second));
    assert!((&mut second).now_or_never().is_none(), "the other is not settled yet");
    assert_eq!(both.spoken().await, Side::Second);
    let mut first = Box::pin(both.speak(Side::First));
    assert!((&mut first).now_or_never().is_none());
    both.alone();
    assert!((&mut first).now_or_never().is_none(), "who comes second never speaks");
    second.await;
}

#[test]
fn the_words_name_who_answered() {
    let late = Duration::from_millis(2_050);
    let second = words(true, "Slow", "Quick", late);
    assert!(
        second.starts_with("Slow had said nothing after 2.1 s") && second.contains("Quick was asked too and")
    );
    let first = words(false, "Other", "Slow", late);
    assert!(first.contains("Slow answered first; the request to Other was stopped."), "{first:?}");
}
