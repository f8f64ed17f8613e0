//! What own traffic teaches, and what it does not.

use crate::world::{NOW, World, endpoint, observe, order};
use domain::{AccountLabel, EndpointId, ErrorKind, Failure, Millis, ProviderId, Reason, Timestamp, Upstream};
use router::{Health, Observed, Prompt, Setback, Who};

fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000)
}

fn id(provider: &str) -> EndpointId {
    EndpointId::new(format!("{provider}/m"))
}

fn fail(health: &mut Health, at: Timestamp, provider: &str, kind: ErrorKind) {
    observe(health, at, provider, Observed::Failed { failure: &Failure::new(kind, "x") });
}

fn refuse(health: &mut Health, at: Timestamp, provider: &str, kind: ErrorKind, upstream: Upstream) {
    let failure = Failure::new(kind, "x").with_upstream(upstream);
    observe(health, at, provider, Observed::Failed { failure: &failure });
}

fn answer(health: &mut Health, at: Timestamp, provider: &str, first_ms: u64) {
    let what = Observed::Answered {
        first_content: Some(Millis(first_ms)),
        prompt: Prompt::default(),
        wrote: Some((100, Millis(2_000))),
    };
    observe(health, at, provider, what);
}

fn setback(health: &Health, at: Timestamp, provider: &str) -> Option<Setback> {
    let (endpoint, provider) = (id(provider), ProviderId::from(provider));
    health.setback(Who { endpoint: &endpoint, provider: &provider, account: None, local: false }, at)
}

#[test]
fn evidence_fades_and_recovers_by_itself() {
    let mut health = Health::default();
    assert!((health.success(&id("a"), NOW) - 0.9).abs() < 1e-9);
    fail(&mut health, NOW, "a", ErrorKind::UpstreamInternal);
    assert!((health.success(&id("a"), NOW) - 9.0 / 11.0).abs() < 1e-9);
    fail(&mut health, NOW, "a", ErrorKind::UpstreamInternal);
    fail(&mut health, NOW, "a", ErrorKind::UpstreamInternal);
    assert!((health.success(&id("a"), NOW) - 9.0 / 13.0).abs() < 1e-9);
    assert!(health.success(&id("a"), later(3_600)) > 0.89, "an hour later it is nearly forgiven");
    answer(&mut health, NOW, "b", 500);
    assert!(health.success(&id("b"), NOW) > 0.9);
}

#[test]
fn two_failures_in_a_row_move_an_endpoint_back_for_a_while() {
    let mut world = World::new([endpoint("a", Some(("1", "1"))), endpoint("b", Some(("9", "9")))]);
    world.fail("a", ErrorKind::UpstreamInternal, 1);
    assert_eq!(order(&world.plan()), ["a", "b"]);
    world.fail("a", ErrorKind::UpstreamInternal, 1);
    let route = world.plan();
    assert_eq!(order(&route), ["b", "a"], "moved back, not left out");
    assert_eq!(route.planned[1].because, [Reason::Failing]);
    let Some(Setback::Failing(until)) = setback(&world.health, NOW, "a") else { panic!("not open") };
    assert!((2_500..=5_000).contains(&(until.0 - NOW.0)), "{}", until.0 - NOW.0);
    assert_eq!(setback(&world.health, until, "a"), None);
}

#[test]
fn lanes_that_fail_together_are_one_trouble() {
    let mut health = Health::default();
    for _ in 0..8 {
        fail(&mut health, NOW, "a", ErrorKind::UpstreamInternal);
    }
    assert!(setback(&health, later(2), "a").is_some());
    assert_eq!(setback(&health, later(6), "a"), None, "one pause, not eight");
}

#[test]
fn a_breaker_opens_longer_each_time_and_two_successes_close_it() {
    let mut health = Health::default();
    let mut at = NOW;
    let mut pauses = Vec::new();
    for _ in 0..10 {
        fail(&mut health, at, "a", ErrorKind::UpstreamInternal);
        if let Some(Setback::Failing(until)) = setback(&health, at, "a") {
            pauses.push(until.0 - at.0);
            at = Timestamp(until.0 + 1);
        }
    }
    assert!(pauses.windows(2).take(5).all(|two| two[1] > two[0] / 2 * 2 - two[0] / 2), "{pauses:?}");
    assert!(*pauses.last().unwrap() >= 160_000 && pauses.iter().all(|p| *p <= 320_000), "{pauses:?}");
    answer(&mut health, at, "a", 500);
    assert_eq!(setback(&health, at, "a"), None);
    fail(&mut health, at, "a", ErrorKind::UpstreamInternal);
    assert!(setback(&health, at, "a").is_some(), "one success does not close it");
    let again = Timestamp(at.0 + 1_000_000);
    answer(&mut health, again, "a", 500);
    answer(&mut health, again, "a", 500);
    fail(&mut health, again, "a", ErrorKind::UpstreamInternal);
    assert_eq!(setback(&health, again, "a"), None, "two do: one failure is one failure again");
}

#[test]
fn a_limit_is_a_window_and_no_ill_health() {
    let mut health = Health::default();
    let wait = Upstream { status: Some(429), retry_after: Some(Millis(30_000)), ..Upstream::default() };
    refuse(&mut health, NOW, "a", ErrorKind::LimitRate, wait);
    assert!((health.success(&id("a"), NOW) - 0.9).abs() < 1e-9);
    assert_eq!(setback(&health, NOW, "a"), Some(Setback::RateLimited(later(30))));
    let shorter = Upstream { status: Some(429), retry_after: Some(Millis(1)), ..Upstream::default() };
    refuse(&mut health, later(1), "a", ErrorKind::LimitRate, shorter);
    assert_eq!(
        setback(&health, later(1), "a"),
        Some(Setback::RateLimited(later(30))),
        "the later one counts"
    );
    assert_eq!(setback(&health, later(30), "a"), None);
    refuse(&mut health, NOW, "b", ErrorKind::LimitRate, Upstream::default());
    assert_eq!(setback(&health, NOW, "b"), Some(Setback::RateLimited(later(10))));
}

#[test]
fn an_offline_machine_blames_nobody() {
    let mut health = Health::default();
    fail(&mut health, NOW, "a", ErrorKind::NetDns);
    assert!(!health.offline());
    fail(&mut health, later(1), "b", ErrorKind::NetConnect);
    assert!(health.offline());
    for _ in 0..5 {
        fail(&mut health, later(2), "c", ErrorKind::NetConnect);
    }
    for provider in ["a", "b", "c"] {
        assert_eq!(setback(&health, later(2), provider), None);
        assert!((health.success(&id(provider), later(2)) - 0.9).abs() < 1e-9, "{provider}");
    }
    answer(&mut health, later(60), "a", 300);
    assert!(!health.offline());
}

#[test]
fn who_alone_cannot_be_reached_is_to_blame() {
    let mut health = Health::default();
    fail(&mut health, NOW, "a", ErrorKind::NetConnect);
    assert_eq!(setback(&health, NOW, "a"), None, "it may be the machine");
    answer(&mut health, later(1), "b", 300);
    assert!(setback(&health, later(1), "a").is_some(), "it was not");
    fail(&mut health, later(100), "local", ErrorKind::NetConnect);
    let endpoint = id("local");
    let who = Who { endpoint: &endpoint, provider: &"local".into(), account: None, local: true };
    assert!(health.setback(who, later(100)).is_some(), "no network lies between");
}

#[test]
fn waking_up_blames_nobody() {
    let mut health = Health::default();
    health.woke(NOW);
    fail(&mut health, later(1), "a", ErrorKind::NetConnect);
    answer(&mut health, later(2), "b", 300);
    assert_eq!(setback(&health, later(2), "a"), None);
    fail(&mut health, later(20), "a", ErrorKind::NetConnect);
    answer(&mut health, later(21), "b", 300);
    assert!(setback(&health, later(21), "a").is_some(), "ten seconds are enough");
}

#[test]
fn a_refused_key_or_an_empty_account_waits_until_something_changes() {
    let mut health = Health::default();
    let said = |status| Upstream { status: Some(status), ..Upstream::default() };
    refuse(&mut health, NOW, "a", ErrorKind::AuthRejected, said(401));
    refuse(&mut health, NOW, "b", ErrorKind::BillingCredits, said(402));
    refuse(&mut health, NOW, "c", ErrorKind::RequestNoModel, said(404));
    assert_eq!(setback(&health, NOW, "a"), Some(Setback::KeyRefused));
    assert_eq!(setback(&health, NOW, "b"), Some(Setback::NoCredit));
    assert_eq!(setback(&health, NOW, "c"), Some(Setback::ModelMissing));
    health.key_changed(&ProviderId::from("a"));
    assert_eq!(setback(&health, NOW, "a"), None);
    assert_eq!(setback(&health, later(601), "b"), None, "credit may have been bought meanwhile");
}

#[test]
fn who_says_when_it_will_be_back_is_left_alone_until_then() {
    let mut health = Health::default();
    let said = |wait| Upstream { status: Some(503), retry_after: Some(Millis(wait)), ..Upstream::default() };
    refuse(&mut health, NOW, "a", ErrorKind::LimitOverloaded, said(120_000));
    assert_eq!(setback(&health, later(119), "a"), Some(Setback::Failing(later(120))));
    assert_eq!(setback(&health, later(120), "a"), None);
    refuse(&mut health, NOW, "b", ErrorKind::UpstreamInternal, said(90 * 24 * 3_600_000));
    assert_eq!(setback(&health, later(3_600), "b"), None, "an hour at most");
    answer(&mut health, later(1), "b", 300);
    assert_eq!(setback(&health, later(2), "b"), None, "an answer says more");
}

#[test]
fn a_model_that_a_key_may_not_ask_says_nothing_of_its_other_models() {
    let mut health = Health::default();
    let (provider, key) = (ProviderId::from("bedrock"), Some(AccountLabel::from("work")));
    let (mine, other) = (EndpointId::new("bedrock/mine"), EndpointId::new("bedrock/other"));
    let who = |endpoint, account| Who { endpoint, provider: &provider, account, local: false };
    let upstream = Upstream { status: Some(403), ..Upstream::default() };
    let failure = Failure::new(ErrorKind::AuthForbidden, "no access").with_upstream(upstream);
    health.observe(NOW, who(&mine, key.as_ref()), Observed::Failed { failure: &failure });
    let found = |endpoint, account, at| health.setback(who(endpoint, account), at);
    assert_eq!(found(&mine, key.as_ref(), NOW), Some(Setback::KeyRefused));
    assert_eq!(found(&other, key.as_ref(), NOW), None, "the key is good for it");
    assert_eq!(found(&mine, None, NOW), None, "another key may be allowed");
    assert_eq!(found(&mine, key.as_ref(), later(601)), None);
    health.key_changed(&provider);
    assert_eq!(health.setback(who(&mine, key.as_ref()), NOW), None);
}

#[test]
fn speed_is_learnt_and_patience_follows_it() {
    let mut world = World::new([endpoint("slow", Some(("1", "1"))), endpoint("quick", Some(("1.2", "1.2")))]);
    world.answered("slow", 9_000, 4);
    world.answered("quick", 300, 4);
    assert_eq!(order(&world.plan()), ["quick", "slow"]);
    assert_eq!(world.plan().planned[0].because, [Reason::Faster]);
    let patience = |provider: &str| world.health.patience(&id(provider), Prompt::default(), NOW).unwrap();
    assert_eq!(patience("quick"), Millis(4_000));
    assert!(patience("slow").0 > 20_000, "{:?}", patience("slow"));
    assert_eq!(world.health.patience(&id("new"), Prompt::default(), NOW), None);
    let thinks = Prompt { thinks: true, ..Prompt::default() };
    assert_eq!(world.health.patience(&id("quick"), thinks, NOW), None, "it was never seen to think");
    let wish = world.clone().prefs(r#"{"sort":"price","preferred_max_latency":2}"#).plan();
    assert_eq!(order(&wish), ["quick", "slow"]);
    assert_eq!(wish.planned[1].because, [Reason::TooSlow]);
    assert_eq!(order(&world.prefs(r#"{"sort":"price"}"#).plan()), ["slow", "quick"]);
}

#[test]
fn health_survives_a_restart_and_forgets_in_time() {
    let mut health = Health::default();
    answer(&mut health, NOW, "a", 700);
    fail(&mut health, NOW, "b", ErrorKind::UpstreamInternal);
    refuse(&mut health, NOW, "c", ErrorKind::AuthRejected, Upstream::default());
    let text = serde_json::to_string(&health).unwrap();
    assert_eq!(serde_json::from_str::<Health>(&text).unwrap(), health);
    health.tidy(later(31 * 24 * 3_600));
    assert_eq!(health, Health::default());
}
