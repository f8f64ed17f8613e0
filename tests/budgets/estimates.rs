//! What a prompt would cost, before it is sent.

use crate::{Bench, LLAMA, OWN, budget, chat_stream, dollars, prompt};
use domain::{AccountRef, ErrorKind, LaneTarget, ModelRef, Params, Reason, RunState, Secret};
use engine::{Ask, Habit};
use std::time::{Duration, Instant};

fn lane(model: &str, max: Option<u64>) -> LaneTarget {
    let params = Params { max_completion_tokens: max, ..Params::default() };
    LaneTarget { model: ModelRef::parse(model).unwrap(), system: None, params, policy: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_rests_on_ones_own_answers_and_sends_nothing() {
    let bench = Bench::new().await;
    let first = bench.engine.estimate(prompt(LLAMA, None)).await.unwrap();
    assert_eq!(first.lanes[0].habit, Habit::Assumed);
    assert!(bench.scripted.seen().is_empty(), "nothing is sent");
    assert_eq!(bench.books().await, (0, 0, true), "and nothing is recorded");
    for length in [40, 50, 60, 70, 80] {
        bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, length));
        bench.ask(prompt(LLAMA, None)).await;
    }
    let estimate = bench.engine.estimate(prompt(LLAMA, None)).await.unwrap();
    let lane = &estimate.lanes[0];
    assert_eq!((lane.habit, lane.output_low, lane.output_high), (Habit::Model, 40, 80));
    // Input at $0.59, output at $0.79 a million.
    let cost = |output: u64| {
        let input = dollars("0.00000059").checked_times(lane.input).unwrap();
        input.checked_add(dollars("0.00000079").checked_times(output).unwrap()).unwrap()
    };
    assert_eq!((lane.low, lane.high), (Some(cost(40)), Some(cost(80))));
    assert!(lane.at_most > lane.high, "the most it may cost is another thing: {lane:?}");
    assert_eq!((estimate.low, estimate.high, estimate.over), (cost(40), cost(80), false));
    // Another model has no history: everybody's is taken.
    let other = bench.engine.estimate(prompt("llama-3.1-8b-instant@groq", None)).await.unwrap();
    assert_eq!(other.lanes[0].habit, Habit::Every);
    // A limit of one's own counts.
    let short = bench.engine.estimate(prompt(LLAMA, Some(50))).await.unwrap();
    assert_eq!((short.lanes[0].output_low, short.lanes[0].output_high), (40, 50));
    assert!(short.lanes[0].at_most < lane.at_most);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_price_is_no_zero_and_a_sum_says_what_it_lacks() {
    let bench = Bench::new().await;
    let line_up = vec![lane(LLAMA, None), lane(OWN, None)];
    let estimate = bench.engine.estimate(Ask { line_up, ..prompt(LLAMA, None) }).await.unwrap();
    assert_eq!(estimate.unknown, 1);
    assert_eq!((estimate.lanes[1].low, estimate.lanes[1].at_most), (None, None));
    assert_eq!(Some(estimate.high), estimate.lanes[0].high);
}

/// Who cannot be paid is left out beforehand, and the dry run, the estimate and the receipt say so.
#[tokio::test(flavor = "multi_thread")]
async fn who_a_budget_does_not_cover_is_left_out_with_that_reason() {
    let bench = Bench::new().await;
    let account = AccountRef::parse("together").unwrap();
    bench.engine.set_key(&account, Secret::new("tgp_test")).await.unwrap();
    let model = "meta-llama/llama-3.3-70b-instruct";
    let asked = ModelRef::parse(model).unwrap();
    let before = bench.engine.explain(&asked, None, None, "Hi").await.unwrap().route;
    let places: Vec<&str> = before.planned.iter().map(|one| one.endpoint.as_str()).collect();
    assert!(places.len() >= 2 && places[0].starts_with("groq/"), "{places:?}");
    bench.budget("provider:groq", "0").await;
    let route = bench.engine.explain(&asked, None, None, "Hi").await.unwrap().route;
    assert!(route.planned.iter().all(|one| !one.endpoint.as_str().starts_with("groq/")), "{route:?}");
    let of = |route: &domain::Route| {
        let groq = route.rejected.iter().find(|one| one.endpoint.as_str().starts_with("groq/"));
        groq.map(|one| one.reasons.clone())
    };
    assert_eq!(of(&route), Some(vec![Reason::Budget]));
    let estimate = bench.engine.estimate(prompt(model, None)).await.unwrap();
    assert_eq!(estimate.lanes[0].failure, None, "somebody else is asked");
    assert_eq!(estimate.lanes[0].provider.as_deref(), Some("Together AI"));
    bench.scripted.push_for("together", chat_stream(&["Hello"], 10, 2));
    let view = bench.ask(prompt(model, None)).await;
    assert_eq!(view.runs[0].state, RunState::Done);
    let run = view.runs[0].id;
    let kept = bench.engine.store().read(move |tx| tx.run(run)).await.unwrap().unwrap();
    assert_eq!(of(&kept.route), Some(vec![Reason::Budget]), "the receipt says it too");
    // Where nobody can be paid, the gate says which budget it is.
    bench.budget("all", "0").await;
    let view = bench.ask(prompt(model, None)).await;
    let (kind, words) = crate::failure(&view.runs[0]);
    assert_eq!(kind, ErrorKind::BillingBudget);
    assert!(words.starts_with("Held by your budget."), "{words}");
    // And on the user's word it is sent where it would have been.
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    let view = bench.ask_anyway(prompt(model, None)).await;
    assert_eq!(view.runs[0].state, RunState::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_turns_red_where_a_budget_does_not_cover_it() {
    let bench = Bench::new().await;
    // Enough for one lane of 100 tokens, not for three.
    bench.budget("provider:groq", "0.0003").await;
    let line_up = vec![lane(LLAMA, Some(200)); 3];
    let ask = || Ask { line_up: line_up.clone(), ..prompt(LLAMA, None) };
    let estimate = bench.engine.estimate(ask()).await.unwrap();
    let sent: Vec<bool> = estimate.lanes.iter().map(|lane| lane.failure.is_none()).collect();
    assert_eq!(sent.first(), Some(&true));
    assert!(estimate.over && estimate.held >= 1, "{estimate:?}");
    let held = estimate.lanes.iter().find_map(|lane| lane.failure.as_ref()).unwrap();
    assert_eq!(held.kind, ErrorKind::BillingBudget);
    let tight = estimate.budget.unwrap();
    assert_eq!((tight.scope.to_string().as_str(), tight.left), ("provider:groq", dollars("0.0003")));
    // What is foreseen is what happens when nothing else does.
    for _ in 0..3 {
        bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    }
    let view = bench.ask(ask()).await;
    let done = view.runs.iter().filter(|run| run.state == RunState::Done).count();
    assert!(done >= 1 && bench.scripted.seen().len() <= 3);
    // A warning alone counts too, but holds nothing.
    let soft = domain::Budget { hard: false, ..budget("all", "0.00001") };
    bench.engine.set_budget(soft).await.unwrap();
    let warned = bench.engine.estimate(prompt(LLAMA, Some(100))).await.unwrap();
    assert!(warned.over && warned.held == 0, "{warned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_takes_time_in_proportion() {
    let bench = Bench::new().await;
    let mut best = [Duration::MAX; 2];
    for _ in 0..3 {
        for (place, words) in [40_000, 400_000].into_iter().enumerate() {
            let ask = Ask { prompt: "word und so ".repeat(words / 3), ..prompt(LLAMA, None) };
            let began = Instant::now();
            bench.engine.estimate(ask).await.unwrap();
            best[place] = best[place].min(began.elapsed());
        }
    }
    assert!(best[1] < best[0] * 40, "ten times the text took {:?} after {:?}", best[1], best[0]);
}
