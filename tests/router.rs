//! Routing and recovery: which endpoint is asked, why, and what follows a failure.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "router/health.rs"]
mod health;
#[path = "router/prices.rs"]
mod prices;
#[path = "router/properties.rs"]
mod properties;
#[path = "router/recover.rs"]
mod recover;
#[path = "router/world.rs"]
mod world;

use domain::{Meter, PicoUsd, PriceRule, Reason, Route, When};
use router::Health;
use std::collections::BTreeMap;
use world::{World, endpoint, order, rejection};

#[test]
fn the_named_provider_serves_and_no_other_stands_in() {
    let world = World::new([
        endpoint("cheap", Some(("1", "1"))),
        endpoint("dear", Some(("9", "9"))),
        endpoint("local", None),
    ]);
    let route = world.named("dear").plan();
    assert_eq!(order(&route), ["dear"]);
    assert_eq!(route.planned[0].because, [Reason::Named, Reason::OnlyOne]);
    assert_eq!(rejection(&route, "cheap"), [Reason::NotNamed]);
    assert_eq!(rejection(&route, "local"), [Reason::NotNamed]);
}

#[test]
fn what_cannot_serve_is_left_out_with_its_reason() {
    let mut small = endpoint("small", Some(("0", "0")));
    small.context_length = Some(10);
    let mut unknown = endpoint("unknown", Some(("2", "2")));
    unknown.context_length = None;
    let all = [endpoint("keyless", None), endpoint("alien", None), small, unknown];
    let world = World::new(all).prompt(10);
    let route = world.plan();
    assert_eq!(order(&route), ["unknown"]);
    assert_eq!(rejection(&route, "keyless"), [Reason::NoKey]);
    assert_eq!(rejection(&route, "alien"), [Reason::DialectMissing]);
    assert_eq!(rejection(&route, "small"), [Reason::ContextTooSmall]);
    // Nine tokens leave one for the answer.
    assert_eq!(order(&world.clone().prompt(9).plan()), ["small", "unknown"]);
    // A named provider without a key says so; it is not "another provider was named".
    assert_eq!(rejection(&world.named("keyless").plan(), "keyless"), [Reason::NoKey]);
}

#[test]
fn this_machine_comes_before_any_price_but_not_before_speed() {
    let world = World::new([endpoint("free", Some(("0", "0"))), endpoint("local", None)]);
    let route = world.plan();
    assert_eq!(order(&route), ["local", "free"]);
    assert_eq!(route.planned[0].because, [Reason::Local]);
    let mut fast = world.clone().prefs(r#"{"sort":"latency"}"#);
    fast.answered("free", 200, 3);
    fast.answered("local", 9_000, 3);
    assert_eq!(order(&fast.plan()), ["free", "local"]);
}

#[test]
fn the_expected_cost_of_the_whole_answer_is_compared() {
    let world = World::new([endpoint("prompt", Some(("1", "10"))), endpoint("completion", Some(("3", "5")))]);
    let long = world.clone().prompt(10_000);
    assert_eq!(order(&long.plan()), ["prompt", "completion"]);
    assert_eq!(long.plan().planned[0].because, [Reason::Cheaper]);
    assert_eq!(long.plan().planned[1].because, []);
    let short = world.prompt(10);
    assert_eq!(order(&short.plan()), ["completion", "prompt"]);
    // 10 prompt tokens at $3 and 700 of an answer at $5, for a million each.
    assert_eq!(short.plan().planned[0].expected.unwrap().cost, PicoUsd::from_dollars("0.00353").ok());
}

#[test]
fn an_unknown_price_is_not_free() {
    let mut half = endpoint("half", Some(("1", "1")));
    if let Some(sheet) = &mut half.prices {
        sheet.rules[0].rates.remove(&Meter::Output);
    }
    let world = World::new([endpoint("a-unknown", None), half, endpoint("dear", Some(("99", "99")))]);
    assert_eq!(order(&world.plan()), ["dear", "a-unknown", "half"]);
    let limited = world.prefs(r#"{"max_price":{"completion":"100"}}"#).plan();
    assert_eq!(order(&limited), ["dear"]);
    assert_eq!(rejection(&limited, "half"), [Reason::PriceUnknown]);
}

#[test]
fn among_equals_the_author_serves_first_and_then_the_id_decides() {
    let same = Some(("1", "2"));
    let world = World::new([endpoint("b", same), endpoint("a", same), endpoint("author", same)]);
    let route = world.plan();
    assert_eq!(order(&route), ["author", "a", "b"]);
    assert_eq!(route.planned[0].because, [Reason::FirstParty]);
    // An author who is dearer gains nothing by being the author.
    let dearer = World::new([endpoint("b", same), endpoint("author", Some(("1", "3")))]);
    assert_eq!(order(&dearer.plan()), ["b", "author"]);
}

#[test]
fn a_long_prompt_is_compared_at_the_price_of_long_prompts() {
    let mut tiered = endpoint("tiered", Some(("1", "1")));
    if let Some(sheet) = &mut tiered.prices {
        let long = When { prompt_tokens_gt: Some(10_000), ..When::default() };
        let rates = BTreeMap::from([(Meter::Input, PicoUsd::per_million("5").expect("a price"))]);
        sheet.rules.push(PriceRule { when: long, rates });
    }
    let world = World::new([tiered, endpoint("flat", Some(("2", "2")))]);
    assert_eq!(order(&world.clone().prompt(10_000).plan()), ["tiered", "flat"]);
    assert_eq!(order(&world.prompt(10_001).plan()), ["flat", "tiered"]);
}

#[test]
fn a_rate_counts_in_its_hours_and_on_its_days_and_a_tier_that_nobody_asks_for_never() {
    let with = |when: When, rate: &str| {
        let mut timed = endpoint("timed", Some(("3", "3")));
        if let Some(sheet) = &mut timed.prices {
            let rate = PicoUsd::per_million(rate).expect("a price");
            let rates = BTreeMap::from([(Meter::Input, rate), (Meter::Output, rate)]);
            sheet.rules.push(PriceRule { when, rates });
        }
        order(&World::new([timed, endpoint("z-flat", Some(("4", "4")))]).plan())[0] == "timed"
    };
    // It is eight in the morning of 15 January 2027.
    let hours = |from: u16, to: u16| When { utc: Some((from * 60, to * 60)), ..When::default() };
    assert!(with(hours(0, 1), "5"), "a surcharge at night does not count by day");
    assert!(!with(hours(7, 9), "5"), "in its hours it does");
    let until = |day: &str| When { until: Some(day.into()), ..When::default() };
    assert!(with(until("2027-01-15"), "5"), "what it cost until yesterday is over");
    assert!(!with(until("2027-01-16"), "5"), "its last day is not");
    assert!(!with(When { utc: Some((9_999, 0)), ..When::default() }, "1"), "unreadable is unknown");
    let tier = When { service_tier: Some("priority".into()), ..When::default() };
    assert!(with(tier, "9"), "a tier that is not asked for does not count");
}

#[test]
fn a_warm_cache_is_left_only_for_something_clearly_better() {
    let mut warm = endpoint("warm", Some(("1.0", "1")));
    if let Some(sheet) = &mut warm.prices {
        let read = PicoUsd::per_million("0.1").expect("a price");
        sheet.rules[0].rates.insert(Meter::InputCacheRead, read);
    }
    let world = World::new([warm, endpoint("other", Some(("0.5", "0.5")))]).prompt(20_000);
    assert_eq!(order(&world.plan()), ["other", "warm"]);
    let stay = world.clone().warm("warm", 19_000, 1);
    assert_eq!(order(&stay.plan()), ["warm", "other"]);
    assert!(stay.plan().planned[0].because.contains(&Reason::Cached));
    assert_eq!(order(&world.warm("warm", 19_000, -1).plan()), ["other", "warm"], "the cache has forgotten");
}

/// `sort: price` reckons the chat, in which all of it is sent again; `:floor` this request and nothing else.
#[test]
fn the_floor_is_the_price_of_this_request_alone() {
    let mut cached = endpoint("cached", Some(("1.1", "1.1")));
    if let Some(sheet) = &mut cached.prices {
        let read = PicoUsd::per_million("0.1").expect("a price");
        sheet.rules[0].rates.insert(Meter::InputCacheRead, read);
    }
    let mut flaky = World::new([cached, endpoint("plain", Some(("1", "1")))]).prompt(10_000);
    flaky = flaky.with(domain::RoutingPrefs { sort: Some(domain::Sort::Price), ..Default::default() });
    let (chat, floor) = (flaky.clone().turns(2).plan(), flaky.clone().floor().plan());
    assert_eq!(order(&chat), ["cached", "plain"]);
    assert_eq!(order(&floor), ["plain", "cached"]);
    let of = |route: &Route, name: &str| {
        let found = route.planned.iter().find(|c| c.endpoint.as_str().starts_with(name));
        found.and_then(|candidate| candidate.expected).expect("it is planned")
    };
    // 10,000 and 700 tokens at $1 a million; then 10,700 of them twice more: at $1, and from the cache at $0.10.
    assert_eq!(of(&chat, "plain").cost, PicoUsd::from_dollars("0.0107").ok());
    assert_eq!(of(&chat, "plain").chat, PicoUsd::from_dollars("0.0321").ok());
    assert_eq!(of(&chat, "cached").chat, PicoUsd::from_dollars("0.01391").ok());
    // Neither failures nor a warm cache speak against the lower price.
    flaky.fail("plain", domain::ErrorKind::UpstreamInternal, 1);
    assert_eq!(order(&flaky.floor().warm("cached", 100, 1_000).plan()), ["plain", "cached"]);
}

#[test]
fn the_users_order_is_taken_literally() {
    let world = World::new([
        endpoint("a", Some(("1", "1"))),
        endpoint("b", Some(("9", "9"))),
        endpoint("c", Some(("5", "5"))),
    ]);
    let route = world.clone().prefs(r#"{"order":["b","nobody","c"]}"#).plan();
    assert_eq!(order(&route), ["b", "c", "a"]);
    assert_eq!(route.planned[0].because, [Reason::Ordered]);
    let mut failing = world.clone().prefs(r#"{"order":["b"],"allow_fallbacks":false}"#);
    failing.fail("b", domain::ErrorKind::UpstreamInternal, 3);
    let route = failing.plan();
    assert_eq!(order(&route), ["b"], "however it has done");
    assert_eq!(rejection(&route, "a"), [Reason::NotAllowed]);
    assert!(route.no_fallbacks);
    let nobody = world.clone().prefs(r#"{"order":["nobody"],"allow_fallbacks":false}"#).plan();
    assert!(nobody.planned.is_empty(), "not somebody else instead");
    let alone = world.prefs(r#"{"allow_fallbacks":false}"#).plan();
    let asked: Vec<_> = alone.asked().map(|candidate| candidate.endpoint.as_str()).collect();
    assert_eq!((asked, alone.planned.len()), (vec!["a/m"], 3));
}

#[test]
fn a_list_without_fallbacks_is_not_lengthened_by_another_order() {
    let world = World::new([endpoint("azure", Some(("9", "9"))), endpoint("deepseek", Some(("1", "1")))]);
    let usual: domain::RoutingPrefs =
        serde_json::from_str(r#"{"order":["azure"],"allow_fallbacks":false}"#).expect("preferences");
    let asked = serde_json::from_str(r#"{"order":["deepseek"]}"#).expect("preferences");
    let route = world.with(usual.meet(&asked)).plan();
    assert_eq!(order(&route), ["azure"]);
    assert_eq!(route.asked().count(), 1);
}

#[test]
fn every_rule_names_its_reason() {
    let base = || World::new([endpoint("trains", Some(("1", "1"))), endpoint("clean", Some(("2", "2")))]);
    let reason = |prefs: &str, provider: &str| rejection(&base().prefs(prefs).plan(), provider);
    assert_eq!(reason(r#"{"data_collection":"deny"}"#, "trains"), [Reason::MayTrain]);
    assert_eq!(reason(r#"{"zdr":true}"#, "trains"), [Reason::RetentionUnknown]);
    assert_eq!(reason(r#"{"local_only":true}"#, "clean"), [Reason::NotLocal]);
    assert_eq!(reason(r#"{"regions":["eu"]}"#, "clean"), [Reason::RegionUnknown]);
    assert_eq!(reason(r#"{"only":["clean"]}"#, "trains"), [Reason::NotAllowed]);
    assert_eq!(reason(r#"{"ignore":["trains"]}"#, "trains"), [Reason::Ignored]);
    assert_eq!(reason(r#"{"ignore":["trains/us"]}"#, "trains"), [Reason::Ignored], "perhaps it is that one");
    assert_eq!(reason(r#"{"quantizations":["fp8"]}"#, "clean"), [Reason::Quantization]);
    assert_eq!(reason(r#"{"max_price":{"prompt":"1.5"}}"#, "clean"), [Reason::MaxPrice]);
    assert_eq!(reason(r#"{"data_collection":"deny"}"#, "clean"), [], "a known promise is enough");
    let unknown = World::new([endpoint("nobody-asked", None), endpoint("local", None)]);
    let route = unknown.prefs(r#"{"data_collection":"deny"}"#).plan();
    assert_eq!(rejection(&route, "nobody-asked"), [Reason::TrainingUnknown], "unknown is not allowed");
    assert_eq!(order(&route), ["local"], "what stays here is collected by nobody");
    let both = base().prefs(r#"{"local_only":true,"only":[]}"#).plan();
    assert_eq!(rejection(&both, "clean"), [Reason::NotLocal, Reason::NotAllowed], "all of them");
}

#[test]
fn what_the_request_needs_is_asked_of_the_model() {
    let world = World::new([endpoint("a", None)]).model(false);
    for (needs, reason) in [
        (router::Needs { tools: true, ..Default::default() }, Reason::Tools),
        (router::Needs { structured_output: true, ..Default::default() }, Reason::StructuredOutput),
        (router::Needs { input: vec![domain::Modality::Image], ..Default::default() }, Reason::Modality),
    ] {
        let route = world.clone().needs(needs.clone()).plan();
        assert_eq!(rejection(&route, "a"), [reason]);
        let can = world.clone().model(true).needs(needs.clone()).plan();
        assert_eq!(order(&can), ["a"], "{reason:?}");
        let mut nobody_knows = world.clone().needs(needs);
        nobody_knows.model = None;
        assert_eq!(order(&nobody_knows.plan()), ["a"], "the provider will say");
    }
}

/// Programs ask for these whatever the model: who can all of it comes before who can not, and nobody stands in for that.
#[test]
fn what_an_answer_can_do_without_rules_nobody_out_who_is_the_only_one() {
    let wishes = |earlier_input: Vec<domain::Modality>, reasoning| router::Needs {
        reasoning,
        earlier_input,
        max_output: Some(5_000),
        ..Default::default()
    };
    let all = wishes(vec![domain::Modality::Image], true);
    let short =
        || domain::Endpoint { max_completion_tokens: Some(4_000), ..endpoint("short", Some(("1", "1"))) };
    let world = World::new([short()]).model(false).needs(all);
    assert_eq!(order(&world.plan()), ["short"]);
    let strict = world.clone().prefs(r#"{"require_parameters":true}"#).plan();
    assert_eq!(rejection(&strict, "short"), [Reason::Modality, Reason::Reasoning, Reason::OutputTooShort]);
    let world =
        World::new([short(), endpoint("long", Some(("9", "9")))]).model(true).needs(wishes(Vec::new(), true));
    let route = world.plan();
    assert_eq!((order(&route), rejection(&route, "short")), (vec!["long"], vec![Reason::OutputTooShort]));
    let mut stands_in = world;
    stands_in.stand_ins = vec!["long".to_owned()];
    assert_eq!(order(&stands_in.plan()), ["short", "long"], "it has not failed");
}

#[test]
fn a_stand_in_comes_after_every_endpoint_of_the_model_itself() {
    let mut world = World::new([endpoint("own", Some(("50", "50"))), endpoint("other", Some(("1", "1")))]);
    world.stand_ins = vec!["other".to_owned()];
    world.fail("own", domain::ErrorKind::UpstreamInternal, 5);
    let route = world.plan();
    assert_eq!(order(&route), ["own", "other"]);
    assert_eq!(route.planned[1].because, [Reason::FallbackModel]);
}

#[test]
fn one_endpoint_says_that_it_is_the_only_one_and_none_is_an_empty_plan() {
    assert_eq!(World::new([endpoint("a", None)]).plan().planned[0].because, [Reason::OnlyOne]);
    assert_eq!(World::new([]).plan(), Route { policy: None, ..Route::default() });
}

#[test]
fn a_near_equal_of_which_little_is_known_is_tried_now_and_then() {
    let world = World::new([endpoint("a", Some(("1", "1"))), endpoint("b", Some(("1.05", "1.05")))]);
    let explored = (0..1_000)
        .filter(|seed| {
            let route = world.clone().seed(*seed).plan();
            let first = &route.planned[0];
            assert_eq!(order(&route)[0] == "b", first.because.contains(&Reason::Explored));
            order(&route)[0] == "b"
        })
        .count();
    assert!((5..50).contains(&explored), "{explored} of 1,000");
    let dear = World::new([endpoint("a", Some(("1", "1"))), endpoint("b", Some(("9", "9")))]);
    assert!((0..1_000).all(|seed| order(&dear.clone().seed(seed).plan())[0] == "a"));
    assert_eq!(world.health, Health::default(), "planning learns nothing");
}
