//! The random-number test: four lanes, three turns, every policy. A lane's request holds exactly the numbers
//! its policy lets it see.

use crate::bench::{Bench, NAMES, follow, number};
use domain::{ContextPolicy, LaneContext, Saw};
use engine::{At, PickChoice, frame::Pick};
use parallax_suite::support::chat::chat_stream;
use std::time::Duration;

fn here() -> At {
    At::default()
}

/// (lane, turn) of every earlier number of these lanes.
fn of(lanes: &[usize], turns: usize) -> Vec<(usize, usize)> {
    (0..turns).flat_map(|turn| lanes.iter().map(move |lane| (*lane, turn))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn own_shows_each_lane_its_own_numbers_alone() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, here()).await;
    assert!(first.runs.iter().all(|run| run.saw == Saw::PromptOnly));
    for turn in 1..3 {
        let (view, _) = bench.turn(Some(chat), turn, ContextPolicy::Own, here()).await;
        for lane in 0..4 {
            assert_eq!(bench.shown_to(lane, turn), of(&[lane], turn), "lane {lane}, turn {turn}");
            assert_eq!(view.runs[lane].saw, Saw::Own { turns: u32::try_from(turn).unwrap() });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn winner_shows_every_lane_the_branch_of_the_best() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, here()).await;
    let pick = bench.engine.pick(first.id, PickChoice::Best { run: first.runs[2].id }).await.unwrap();
    assert_eq!(pick, Some(Pick::Best { run: first.runs[2].id }));
    let (second, _) = bench.turn(Some(chat), 1, ContextPolicy::Winner, here()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 1), [(2, 0)], "lane {lane}");
        let saw =
            if lane == 2 { Saw::Own { turns: 1 } } else { Saw::Other { model: "m-5".to_owned(), turns: 1 } };
        assert_eq!(second.runs[lane].saw, saw);
    }
    // The best of the second turn answered behind the best of the first.
    bench.engine.pick(second.id, PickChoice::Best { run: second.runs[0].id }).await.unwrap();
    let (third, _) = bench.turn(Some(chat), 2, ContextPolicy::Winner, here()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 2), [(2, 0), (0, 1)], "lane {lane}");
    }
    assert_eq!(third.runs[0].saw, Saw::Own { turns: 2 });
}

#[tokio::test(flavor = "multi_thread")]
async fn winner_without_a_pick_is_own_and_says_so() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Winner, here()).await;
    assert!(first.runs.iter().all(|run| run.saw == Saw::PromptOnly));
    for choice in [PickChoice::Tie, PickChoice::AllBad, PickChoice::Nothing] {
        bench.engine.pick(first.id, choice).await.unwrap();
    }
    let (second, _) = bench.turn(Some(chat), 1, ContextPolicy::Winner, here()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 1), [(lane, 0)]);
        assert_eq!(second.runs[lane].saw, Saw::NoPick { turns: 1 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_shows_every_lane_every_number_under_its_letter() {
    let bench = Bench::new().await;
    let (_, chat) = bench.turn(None, 0, ContextPolicy::Own, here()).await;
    for turn in 1..3 {
        let (view, _) = bench.turn(Some(chat), turn, ContextPolicy::All, here()).await;
        for lane in 0..4 {
            assert_eq!(bench.shown_to(lane, turn), of(&[0, 1, 2, 3], turn), "lane {lane}, turn {turn}");
            let turns = u32::try_from(turn).unwrap();
            assert_eq!(view.runs[lane].saw, Saw::All { turns, answers: 4 * turns });
        }
    }
    let body = bench.sent_to("beth");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let second = body["messages"][2]["content"].to_string();
    // Its own answer is what it said itself; the others stand before the next prompt.
    assert_eq!(body["messages"][1]["role"], "assistant");
    assert!(body["messages"][1]["content"].to_string().contains(&number(1, 0)));
    assert!(second.contains("Your own answer to it is answer B."), "{second}");
    assert!(second.contains(r#"letter=\"C\" model=\"m-5\""#), "{second}");
    assert!(second.contains(&number(2, 0)) && second.contains("Question 1"), "{second}");
    // What was sent can be put together again, and an answer asked again is shown the same.
    bench.script("beth", "again");
    let last = bench.engine.turns(chat).await.unwrap().pop().unwrap();
    let (sink, frames) = crate::bench::sink();
    follow(bench.engine.retry(last.runs[1].id, sink).await.unwrap(), &frames);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&bench.sent_to("beth")).unwrap(), body);
    let receipt = bench.engine.receipt(last.runs[1].id).await.unwrap();
    assert_eq!(receipt.messages.len(), 2 * 5 + 1);
    let sent = bench.engine.sent_request(receipt.attempts[0].row.id).await.unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&sent.body).unwrap(), body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_choice_shows_each_lane_what_was_chosen_for_it() {
    let bench = Bench::new().await;
    let (_, chat) = bench.turn(None, 0, ContextPolicy::Own, here()).await;
    let ids: Vec<_> = bench.lanes(chat).await.into_iter().map(|lane| lane.id).collect();
    let context = |lane: usize, sees: &[usize]| LaneContext {
        lane: ids[lane],
        sees: sees.iter().map(|seen| ids[*seen]).collect(),
    };
    let policy =
        ContextPolicy::Custom { lanes: vec![context(0, &[]), context(1, &[3]), context(2, &[2, 0])] };
    for turn in 1..3 {
        let (view, _) = bench.turn(Some(chat), turn, policy.clone(), here()).await;
        let turns = u32::try_from(turn).unwrap();
        assert_eq!(bench.shown_to(0, turn), []);
        assert_eq!(view.runs[0].saw, Saw::PromptOnly);
        assert_eq!(bench.shown_to(1, turn), of(&[3], turn));
        assert_eq!(view.runs[1].saw, Saw::Other { model: "m-5".to_owned(), turns });
        assert_eq!(bench.shown_to(2, turn), of(&[0, 2], turn));
        let models = vec!["m-4".to_owned(), "m-5".to_owned()];
        assert_eq!(view.runs[2].saw, Saw::Chosen { models, turns });
        assert_eq!(bench.shown_to(3, turn), of(&[3], turn));
        assert_eq!(view.runs[3].saw, Saw::Own { turns });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_can_change_in_the_middle_and_own_forgets_what_all_had_shown() {
    let bench = Bench::new().await;
    let (_, chat) = bench.turn(None, 0, ContextPolicy::Own, here()).await;
    bench.turn(Some(chat), 1, ContextPolicy::All, here()).await;
    bench.turn(Some(chat), 2, ContextPolicy::Own, here()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 2), of(&[lane], 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn continuing_from_one_answer_moves_pointers_alone_and_back() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, here()).await;
    let before = bench.lanes(chat).await;
    let lanes = bench.engine.continue_from(chat, Some(first.runs[3].message)).await.unwrap();
    assert!(lanes.iter().all(|lane| lane.head == Some(first.runs[3].message)));
    let (second, _) = bench.turn(Some(chat), 1, ContextPolicy::Own, here()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 1), [(3, 0)]);
    }
    assert_eq!(second.runs[0].saw, Saw::Other { model: "m-5".to_owned(), turns: 1 });
    assert_eq!(bench.engine.turns(chat).await.unwrap()[0].runs.len(), 4);
    bench.engine.go_to(chat, first.id).await.unwrap();
    bench.engine.continue_from(chat, Some(first.runs[3].message)).await.unwrap();
    bench.engine.continue_from(chat, None).await.unwrap();
    let after: Vec<_> = bench.lanes(chat).await.iter().map(|lane| lane.head).collect();
    assert_eq!(after, second.runs.iter().map(|run| Some(run.message)).collect::<Vec<_>>());
    assert_ne!(before.iter().map(|lane| lane.head).collect::<Vec<_>>(), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_estimate_counts_the_context_that_is_sent() {
    let bench = Bench::new().await;
    for name in NAMES {
        bench.script(name, &"word ".repeat(400));
    }
    let (view, frames, chat) = bench.start(None, "Question", ContextPolicy::Own, here()).await;
    follow(view, &frames);
    let ask = |context| engine::Ask {
        conversation: Some(chat),
        line_up: Vec::new(),
        prompt: "And?".to_owned(),
        context,
        policy: None,
    };
    let own = bench.engine.estimate(ask(ContextPolicy::Own)).await.unwrap();
    let all = bench.engine.estimate(ask(ContextPolicy::All)).await.unwrap();
    let lanes: Vec<_> = bench.lanes(chat).await;
    let nothing = LaneContext { lane: lanes[0].id, sees: Vec::new() };
    let custom = bench.engine.estimate(ask(ContextPolicy::Custom { lanes: vec![nothing] })).await.unwrap();
    assert!(all.lanes[0].input > 3 * own.lanes[0].input, "{all:?} {own:?}");
    assert!(custom.lanes[0].input < 50 && custom.lanes[1].input == own.lanes[1].input, "{custom:?}");
    let one = At { lanes: vec![lanes[2].id], beside: None };
    assert_eq!(bench.engine.estimate_at(ask(ContextPolicy::Own), one).await.unwrap().lanes.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_sent_early_waits_for_the_answers_it_is_shown() {
    let bench = Bench::new().await;
    for (lane, name) in NAMES.iter().enumerate() {
        let wait = if lane == 1 { Duration::from_millis(700) } else { Duration::ZERO };
        let text = format!("My number is {}.", number(lane, 0));
        bench.scripts(name, chat_stream(&[&text], 9, 4).after(wait));
    }
    let (first, first_frames, chat) = bench.start(None, "Question 0", ContextPolicy::Own, here()).await;
    // All but one have answered.
    let mut view = first;
    while view.runs.iter().filter(|run| run.state.is_final()).count() < 3 {
        engine::apply_frame(&mut view, &first_frames.recv_timeout(Duration::from_secs(20)).unwrap());
    }
    assert!(!view.runs[1].state.is_final(), "the slow one was not slow enough");
    for name in NAMES {
        bench.script(name, "ok");
    }
    let (second, frames, _) = bench.start(Some(chat), "Question 1", ContextPolicy::Own, here()).await;
    let second = follow(second, &frames);
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 1), [(lane, 0)], "{:?}", second.runs[lane].failure);
        assert_eq!(second.runs[lane].saw, Saw::Own { turns: 1 });
    }
}
