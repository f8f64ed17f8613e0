//! Routing with real sockets: twelve providers of one model on this machine, and who is asked under which
//! rules, what fails over, and what the log says left.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and measure by the clock"
)]

#[path = "routing/hedges.rs"]
mod hedges;
#[path = "routing/lines.rs"]
mod lines;
#[path = "routing/outage.rs"]
mod outage;
#[path = "routing/receipts.rs"]
mod receipts;
#[path = "routing/seams.rs"]
mod seams;
#[path = "routing/twelve.rs"]
mod twelve;

use domain::{
    ContextPolicy, ErrorKind, NoticeKind, Outcome, Policy, Reason, RoutingPrefs, RunState, Timestamp,
};
use engine::{Ask, Listeners};
use parallax_suite::support::program::Program;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use twelve::{CLEAN, MODEL, TRAINS, Twelve, UNKNOWN, failing};

#[tokio::test(flavor = "multi_thread")]
async fn no_provider_that_may_train_is_contacted_under_no_training() {
    // Those that may be asked fail in every way there is, so that everything is tried that is allowed.
    let world = Twelve::start().await;
    for (place, id) in CLEAN.iter().enumerate() {
        world.server(id).first(failing(place));
    }
    world.engine.use_policy("private").await.unwrap();
    for round in 0..6 {
        let result = world.ask(MODEL, None).await;
        assert_ne!(result.state, RunState::Done, "round {round}: all that are allowed fail");
    }
    for id in TRAINS.iter().chain(UNKNOWN) {
        assert_eq!(world.server(id).connections(), 0, "{id} was contacted under No training");
    }
    let asked: usize = CLEAN.iter().map(|id| world.server(id).connections()).sum();
    assert!(asked >= CLEAN.len(), "only {asked} connections to those that are allowed");
    // A lane's wish does not loosen what the usual policy forbids, nor does naming the provider.
    for wish in ["everyday", "cheapest", "fastest"] {
        world.ask(MODEL, Some(wish)).await;
    }
    let named = world.ask(&format!("{MODEL}@{}", TRAINS[0]), None).await;
    assert_eq!(named.failure.unwrap().kind, ErrorKind::RequestNoModel);
    assert!(named.attempts.is_empty());
    for id in TRAINS.iter().chain(UNKNOWN) {
        assert_eq!(world.server(id).connections(), 0, "{id} was contacted by another way");
    }
    // Without the rule they are.
    world.engine.use_policy("everyday").await.unwrap();
    for _ in 0..3 {
        world.ask(MODEL, None).await;
    }
    assert!(TRAINS.iter().chain(UNKNOWN).any(|id| world.server(id).connections() > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_before_the_first_word_is_seen_on_the_receipt_alone() {
    let world = Twelve::start().await;
    let order: Vec<&str> = CLEAN.iter().take(3).copied().collect();
    world
        .policy(
            "mine",
            RoutingPrefs { order: order.iter().map(|id| (*id).to_owned()).collect(), ..Default::default() },
        )
        .await;
    world.server(order[0]).first(failing(0));
    world.server(order[1]).first(failing(2));
    let result = world.ask(MODEL, Some("mine")).await;
    assert_eq!((result.state, result.draft.text()), (RunState::Done, format!("from {}", order[2])));
    assert!(result.failure.is_none() && result.notices.is_empty());
    let who: Vec<&str> = result.attempts.iter().map(|row| row.provider.as_str()).collect();
    assert_eq!(who, order);
    assert!(matches!(&result.attempts[0].outcome, Some(Outcome::Failed { failure })
        if failure.kind == ErrorKind::UpstreamInternal));
    assert!(result.attempts.iter().all(|row| row.cost.is_some() && row.duration.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fallbacks_one_endpoint_is_asked_and_its_failure_shown() {
    let world = Twelve::start().await;
    let prefs = RoutingPrefs {
        order: vec![CLEAN[0].to_owned()],
        allow_fallbacks: Some(false),
        ..RoutingPrefs::default()
    };
    world.policy("one", prefs).await;
    world.server(CLEAN[0]).first(failing(2));
    let result = world.ask(MODEL, Some("one")).await;
    assert_eq!(result.failure.unwrap().kind, ErrorKind::LimitRate);
    let others: usize =
        world.ids().filter(|id| *id != CLEAN[0]).map(|id| world.server(id).connections()).sum();
    assert_eq!(others, 0);
    // A list of the user's own is gone through to its end, and no further.
    let listed = CLEAN[..2].iter().map(|id| (*id).to_owned()).collect();
    let prefs = RoutingPrefs { order: listed, allow_fallbacks: Some(false), ..RoutingPrefs::default() };
    world.policy("list", prefs).await;
    for id in &CLEAN[..2] {
        world.server(id).first(failing(0).times(4));
    }
    let result = world.ask(MODEL, Some("list")).await;
    let mut who: Vec<&str> = result.attempts.iter().map(|row| row.provider.as_str()).collect();
    // The last one is tried a second time: nobody else may be.
    who.dedup();
    assert_eq!((who, result.state), (CLEAN[..2].to_vec(), RunState::Failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn never_another_model_unasked() {
    let world = Twelve::start().await;
    for id in world.ids() {
        world.server(id).first(failing(0));
    }
    let result = world.ask(MODEL, None).await;
    assert_eq!(result.failure.unwrap().kind, ErrorKind::UpstreamInternal);
    assert!(result.attempts.iter().all(|row| row.model.as_str() == MODEL), "another model was asked");
    // Named stand-ins may, and the answer says so.
    let prefs = RoutingPrefs {
        models: vec!["demo/quick".to_owned()],
        only: Some(vec![CLEAN[0].to_owned(), "demo".to_owned()]),
        ..RoutingPrefs::default()
    };
    world.policy("stand-in", prefs).await;
    let result = world.ask(MODEL, Some("stand-in")).await;
    assert_eq!(result.state, RunState::Done, "{:?}", result.failure);
    assert_eq!(result.attempts.last().unwrap().model.as_str(), "demo/quick");
    let chosen = result.notices.iter().find(|(kind, _)| *kind == NoticeKind::Chosen).unwrap();
    assert!(chosen.1.contains("demo/quick stands in"), "{:?}", chosen.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_names_the_model_it_came_to() {
    let world = Twelve::start().await;
    let result = world.ask("auto/cheapest", None).await;
    assert_eq!(result.state, RunState::Done, "{:?}", result.failure);
    let chosen = result.notices.iter().find(|(kind, _)| *kind == NoticeKind::Chosen).unwrap();
    assert!(
        chosen.1.starts_with("auto/cheapest chose ") && chosen.1.contains("lowest expected cost"),
        "{:?}",
        chosen.1
    );
    assert_ne!(result.attempts[0].model.author(), "demo", "a demo model is no model");
    assert!(chosen.1.contains("reads "), "what it had to be able to do: {:?}", chosen.1);
    let best = world.ask("auto/best", None).await;
    let why = best.notices.iter().find(|(kind, _)| *kind == NoticeKind::Chosen).unwrap();
    assert!(why.1.contains("too few votes of yours"), "{:?}", why.1);
    let price = |model: &str| {
        let of = world.engine.registry();
        let sheet = of.catalog().endpoints(model).first().and_then(|endpoint| endpoint.prices.clone());
        let rules = sheet.unwrap().rules;
        rules.iter().rev().find_map(|rule| rule.rates.get(&domain::Meter::Output).copied()).unwrap()
    };
    let (best, cheap) = (best.attempts[0].model.as_str(), result.attempts[0].model.as_str());
    assert!(price(best) > price(cheap), "{best} and {cheap}");
    let none = world.ask("auto/whatever", None).await;
    assert_eq!(none.failure.unwrap().kind, ErrorKind::RequestNoModel);
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_best_follows_the_users_own_votes() {
    let world = Twelve::start().await;
    let dear = world.ask("auto/best", None).await.attempts[0].model.to_string();
    assert_ne!(dear, MODEL);
    for n in 0..12 {
        let line_up = [MODEL, &dear].map(|name| domain::LaneTarget {
            model: domain::ModelRef::parse(name).unwrap(),
            system: None,
            params: domain::Params::default(),
            policy: None,
        });
        let ask = Ask {
            conversation: None,
            line_up: line_up.to_vec(),
            prompt: format!("Question {n}"),
            context: ContextPolicy::Own,
            policy: None,
        };
        let started = world.engine.start_turn(ask, Listeners::default()).await.unwrap();
        let (turn, run) = (started.turn, started.view.runs[0].id);
        started.done.await.unwrap();
        world.engine.pick(turn, engine::PickChoice::Best { run }).await.unwrap();
        if n == 8 {
            let early = world.ask("auto/best", None).await;
            assert_eq!(early.attempts[0].model.as_str(), dear, "nine votes are too few");
        }
    }
    let rated = world.ask("auto/best", None).await;
    let why = rated.notices.iter().find(|(kind, _)| *kind == NoticeKind::Chosen).unwrap();
    assert_eq!(rated.attempts[0].model.as_str(), MODEL, "{:?}", why.1);
    assert!(why.1.contains("by your 12 votes"), "{:?}", why.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_falls_silent_is_left_for_another() {
    let world = Twelve::start().await;
    let prefs =
        RoutingPrefs { order: vec![CLEAN[0].to_owned(), CLEAN[1].to_owned()], ..RoutingPrefs::default() };
    world.policy("two", prefs).await;
    for _ in 0..3 {
        assert_eq!(world.ask(MODEL, Some("two")).await.draft.text(), format!("from {}", CLEAN[0]));
    }
    world.server(CLEAN[0]).first(twelve::silent());
    let started = Instant::now();
    let result = world.ask(MODEL, Some("two")).await;
    assert_eq!(result.draft.text(), format!("from {}", CLEAN[1]));
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(4) && waited < Duration::from_secs(20), "{waited:?}");
    assert!(matches!(&result.attempts[0].outcome, Some(Outcome::Failed { failure })
        if failure.kind == ErrorKind::TimeFirstByte));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_leaves_is_in_the_log_and_the_log_stays() {
    let world = Twelve::start().await;
    world.engine.use_policy("private").await.unwrap();
    world.server(CLEAN[0]).first(failing(0));
    let result = world.ask(MODEL, Some("cheapest")).await;
    assert_eq!(world.ask("demo/quick", None).await.state, RunState::Done);
    let log = world.engine.audit(Timestamp(0)).await.unwrap();
    assert_eq!(log.len(), result.attempts.len(), "the demo model is in this program: nothing left");
    for (line, attempt) in log.iter().zip(&result.attempts) {
        assert_eq!(line.attempt, Some(attempt.id));
        assert_eq!(line.provider, attempt.provider);
        assert_eq!(line.host, world.server(attempt.provider.as_str()).url());
        assert_eq!(line.policy.as_deref(), Some("private+cheapest"));
        assert_eq!((line.purpose, line.messages, line.attachments), ("chat", 1, 0));
        let seen = world.server(attempt.provider.as_str()).seen();
        assert_eq!(line.bytes, u64::try_from(seen.last().unwrap().body.len()).unwrap());
    }
    let later = world.engine.audit(Timestamp(i64::MAX)).await.unwrap();
    assert!(later.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_under_its_policy_from_the_first_request_on() {
    let world = Twelve::start().await;
    for (place, id) in CLEAN.iter().enumerate() {
        world.server(id).first(failing(place));
    }
    let ask = |policy: &str| Ask {
        conversation: None,
        line_up: vec![world.target(MODEL, None)],
        prompt: "Hi".to_owned(),
        context: ContextPolicy::Own,
        policy: Some(policy.to_owned()),
    };
    let gone = world.engine.start_turn(ask("nobody"), Listeners::default()).await;
    assert_eq!(gone.err().unwrap().kind, ErrorKind::RequestInvalid);
    let kept = world.engine.store().read(|tx| tx.conversations(10, engine::Shelf::Kept)).await.unwrap();
    assert!(kept.is_empty(), "what was refused left a conversation behind");
    let started = world.engine.start_turn(ask("private"), Listeners::default()).await.unwrap();
    let id = started.conversation;
    tokio::time::timeout(Duration::from_secs(60), started.done).await.unwrap().unwrap();
    let policy = world.engine.store().read(move |tx| tx.conversation_policy(id)).await.unwrap();
    assert_eq!(policy.as_deref(), Some("private"));
    for id in TRAINS.iter().chain(UNKNOWN) {
        assert_eq!(world.server(id).connections(), 0, "{id} was contacted by the first prompt");
    }
    assert!(CLEAN.iter().any(|id| world.server(id).connections() > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_kept_joined_and_never_lost_silently() {
    let world = Twelve::start().await;
    let engine = &world.engine;
    assert_eq!(engine.policies().await.unwrap(), Policy::built_in());
    assert_eq!(engine.usual_policy().await.unwrap(), "everyday");
    let mine = Policy {
        id: "mine".into(),
        name: "Mine".into(),
        about: String::new(),
        built_in: false,
        prefs: RoutingPrefs { only: Some(vec!["groq".into()]), ..RoutingPrefs::default() },
    };
    engine.put_policy(mine.clone()).await.unwrap();
    engine.use_policy("mine").await.unwrap();
    assert!(engine.remove_policy("mine").await.is_err(), "the usual policy stays");
    assert!(engine.put_policy(Policy { id: "private".into(), ..mine.clone() }).await.is_err(), "built in");
    assert!(engine.use_policy("nobody").await.is_err());
    let model = domain::ModelRef::parse(MODEL).unwrap();
    let explained = engine.explain(&model, Some("private"), None, "Hi").await.unwrap();
    assert_eq!(explained.route.policy.as_deref(), Some("mine+private"));
    let allowed = explained.route.planned.iter().map(|c| c.endpoint.as_str());
    assert!(allowed.clone().all(|id| id.starts_with("groq/")), "{:?}", allowed.collect::<Vec<_>>());
    let left_out =
        explained.route.rejected.iter().find(|r| r.endpoint.as_str().starts_with(TRAINS[0])).unwrap();
    assert_eq!(left_out.reasons, [Reason::MayTrain, Reason::NotAllowed]);
    engine.use_policy("everyday").await.unwrap();
    let other = Policy { id: "other".into(), ..mine.clone() };
    engine.put_policy(other).await.unwrap();
    let asked = world.ask(MODEL, Some("other")).await;
    assert_eq!(asked.state, RunState::Done);
    let refused = engine.remove_policy("other").await.unwrap_err();
    assert!(refused.message.contains("in use by 1 "), "{}: a lane is under it", refused.message);
    engine.remove_policy("mine").await.unwrap();
    let gone = world.ask(MODEL, Some("mine")).await;
    assert_eq!(
        gone.failure.unwrap().kind,
        ErrorKind::RequestInvalid,
        "what it forbade is not known any more"
    );
    assert!(gone.attempts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learnt_outlives_the_program() {
    let mut world = Twelve::start().await;
    let prefs = RoutingPrefs {
        only: Some(CLEAN[..2].iter().map(|id| (*id).to_owned()).collect()),
        ..Default::default()
    };
    world.policy("two", prefs).await;
    let model = domain::ModelRef::parse(MODEL).unwrap();
    let first = world.engine.explain(&model, Some("two"), None, "Hi").await.unwrap().route;
    let (best, other) = (first.planned[0].endpoint.clone(), first.planned[1].endpoint.clone());
    let provider = best.as_str().split('/').next().unwrap().to_owned();
    world.server(&provider).first(failing(0).times(4));
    for _ in 0..2 {
        assert_eq!(world.ask(MODEL, Some("two")).await.state, RunState::Done);
    }
    world.restart().await;
    let route = world.engine.explain(&model, Some("two"), None, "Hi").await.unwrap().route;
    assert_eq!(route.planned[0].endpoint, other);
    assert!(route.planned[1].because.contains(&Reason::Failing), "{:?}", route.planned[1]);
}

#[test]
fn the_command_line_explains_routes_and_keeps_policies() {
    let program = Program::new().with_key("groq", "sk-test-not-a-real-key");
    let lines = |arguments: &[&str]| -> Vec<Value> {
        program.ok(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let policies = lines(&["policy", "list", "--json"]);
    let ids: Vec<&str> = policies.iter().map(|policy| policy["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["everyday", "cheapest", "fastest", "private", "local"]);
    assert_eq!(policies[0]["default"], true);
    let explained = &lines(&["route", "explain", "-m", MODEL, "--json"])[0];
    assert_eq!(explained["policy"], "everyday");
    let planned = explained["planned"].as_array().unwrap();
    assert_eq!(planned.len(), 1, "{planned:?}");
    assert_eq!(planned[0]["provider"], "groq");
    assert_eq!(planned[0]["reasons"], json!(["only_one"]));
    assert!(planned[0]["expected"]["usd"].is_string());
    let rejected = explained["rejected"].as_array().unwrap();
    assert!(rejected.len() >= 11, "{}", rejected.len());
    assert!(rejected.iter().all(|row| row["reasons"] == json!(["no_key"])), "{rejected:?}");
    program.ok(&[
        "policy",
        "set",
        "mine",
        "--prefs",
        r#"{"ignore":["groq"],"max_price":{"prompt":0.5}}"#,
        "--default",
    ]);
    let mine = &lines(&["policy", "show", "mine", "--json"])[0];
    assert_eq!((&mine["default"], &mine["prefs"]["ignore"]), (&json!(true), &json!(["groq"])));
    assert_eq!(mine["prefs"]["max_price"]["prompt"], "0.500000");
    let refused = program.run(&["route", "explain", "-m", MODEL, "--policy", "cheapest", "--json"]);
    let explained: Value = serde_json::from_str(refused.stdout.trim()).unwrap();
    assert_eq!((&explained["planned"], &explained["policy"]), (&json!([]), &json!("mine+cheapest")));
    let groq =
        explained["rejected"].as_array().unwrap().iter().find(|row| row["provider"] == "groq").unwrap();
    assert_eq!(groq["reasons"], json!(["ignored"]));
    assert!(program.ok(&["audit", "--json"]).is_empty(), "nothing was sent");
    program.ok(&["policy", "set", "everyday"]);
    program.ok(&["policy", "remove", "mine"]);
    assert_eq!(lines(&["policy", "list", "--json"]).len(), 5);
}
