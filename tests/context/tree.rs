//! The tree: other wordings, other answers, forks. Nothing that was said is ever changed.

use crate::bench::{Bench, NAMES, follow, number, sink, target};
use domain::{ContextPolicy, ErrorKind, Role, RunState};
use engine::{At, ForkAt, PickChoice, frame::Pick};
use parallax_suite::support::chat::chat_stream_broken;
use transport::scripted::Step;

fn beside(turn: domain::TurnId) -> At {
    At { lanes: Vec::new(), beside: Some(turn) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_written_anew_stands_beside_the_old_one() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    let (second, _) = bench.turn(Some(chat), 1, ContextPolicy::All, At::default()).await;
    let (third, _) = bench.turn(Some(chat), 2, ContextPolicy::Own, At::default()).await;
    let before = bench.engine.store().read(move |tx| tx.messages(chat)).await.unwrap();
    // Whatever is chosen now: it is shown what the old wording was.
    let (anew, _) = bench.turn(Some(chat), 3, ContextPolicy::Own, beside(second.id)).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 3), [(0, 0), (1, 0), (2, 0), (3, 0)]);
    }
    assert_eq!(anew.context, ContextPolicy::All);
    assert_eq!(anew.siblings, [second.id, anew.id]);
    assert_eq!(bench.screen(chat).await, [first.id, anew.id]);
    // The next prompt continues behind the new wording.
    let (next, _) = bench.turn(Some(chat), 4, ContextPolicy::Own, At::default()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 4), [(lane, 0), (lane, 3)]);
    }
    // And back: the whole branch, and every lane where it stood there.
    bench.engine.go_to(chat, second.id).await.unwrap();
    assert_eq!(bench.screen(chat).await, [first.id, second.id, third.id]);
    bench.turn(Some(chat), 5, ContextPolicy::Own, At::default()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 5), [(lane, 0), (lane, 1), (lane, 2)]);
    }
    let after = bench.engine.store().read(move |tx| tx.messages(chat)).await.unwrap();
    assert!(before.iter().all(|old| after.contains(old)), "a message was changed");
    let map = bench.engine.map(chat).await.unwrap();
    assert_eq!(map.len(), 6);
    assert_eq!(map.iter().filter(|turn| turn.parent == Some(first.id)).count(), 2);
    assert!(!map.iter().find(|turn| turn.turn == next.id).unwrap().on_screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_prompt_can_be_written_anew() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    let (anew, _) = bench.turn(Some(chat), 1, ContextPolicy::Own, beside(first.id)).await;
    assert_eq!(anew.siblings, [first.id, anew.id]);
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 1), []);
    }
    assert_eq!(bench.screen(chat).await, [anew.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_answer_can_be_shown_and_continued_from() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    bench.script("alef", "another");
    let (out, frames) = sink();
    let again = follow(bench.engine.retry(first.runs[0].id, out).await.unwrap(), &frames);
    let (old, new) = (first.runs[0].id, again.runs[0].id);
    assert_eq!(again.runs[0].earlier, [old]);
    let shown = bench.engine.show_answer(old).await.unwrap();
    assert_eq!((shown.runs[0].id, &*shown.runs[0].later), (old, &[new][..]));
    assert_eq!(bench.engine.turns(chat).await.unwrap()[0], shown);
    assert_eq!(bench.lanes(chat).await[0].head, Some(first.runs[0].message));
    bench.turn(Some(chat), 1, ContextPolicy::Own, At::default()).await;
    assert!(bench.sent_to("alef").contains(&number(0, 0)) && !bench.sent_to("alef").contains("another"));
    // A lane that has gone on stays where it is.
    let head = bench.lanes(chat).await[0].head;
    bench.engine.show_answer(new).await.unwrap();
    assert_eq!(bench.lanes(chat).await[0].head, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lane_alone_can_be_replied_to() {
    let bench = Bench::new().await;
    let (_, chat) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    let lanes = bench.lanes(chat).await;
    bench.script("gimel", "just us");
    let at = At { lanes: vec![lanes[2].id], beside: None };
    let (view, frames, _) = bench.start(Some(chat), "Only you", ContextPolicy::Own, at).await;
    assert_eq!(follow(view, &frames).runs.len(), 1);
    assert_eq!(bench.shown_to(2, 1), [(2, 0)]);
    let after = bench.lanes(chat).await;
    for lane in [0, 1, 3] {
        assert_eq!(after[lane].head, lanes[lane].head);
    }
    assert_ne!(after[2].head, lanes[2].head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_can_be_added_to_a_turn_that_was_answered() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    bench.script("alef", "late");
    let (out, frames) = sink();
    let view = follow(bench.engine.add_lane(first.id, target("alef"), out).await.unwrap(), &frames);
    assert_eq!(view.runs.len(), 5);
    assert_eq!((view.runs[4].position, view.runs[4].state), (4, RunState::Done));
    assert_eq!(bench.lanes(chat).await.len(), 5);
    assert_eq!(bench.engine.turns(chat).await.unwrap()[0].runs.len(), 5);
    // The same model twice: each lane has its own branch.
    for name in NAMES {
        bench.script(name, "ok");
    }
    bench.script("alef", "ok");
    let (view, frames, _) = bench.start(Some(chat), "And?", ContextPolicy::Own, At::default()).await;
    follow(view, &frames);
    let seen = bench.scripted.seen();
    let bodies: Vec<String> = seen
        .iter()
        .rev()
        .filter(|seen| seen.to.provider.as_str() == "alef")
        .take(2)
        .map(|seen| String::from_utf8(seen.call.body.clone()).unwrap())
        .collect();
    assert_eq!(bodies.iter().filter(|body| body.contains("late")).count(), 1);
    assert_eq!(bodies.iter().filter(|body| body.contains(&number(0, 0))).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_begins_as_a_copy_and_leaves_the_first_as_it_was() {
    let bench = Bench::new().await;
    let (first, chat) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    let (second, _) = bench.turn(Some(chat), 1, ContextPolicy::All, At::default()).await;
    bench.turn(Some(chat), 2, ContextPolicy::Own, At::default()).await;
    let before = bench.shown(chat).await;
    let behind = bench.engine.fork(ForkAt::Answer(second.runs[1].id)).await.unwrap();
    assert_eq!((behind.prompt, bench.screen(behind.conversation).await.len()), (None, 2));
    bench.turn(Some(behind.conversation), 3, ContextPolicy::Own, At::default()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 3), [(1, 0), (1, 1)], "lane {lane}");
    }
    let prompt = bench.engine.fork(ForkAt::Prompt(second.id)).await.unwrap();
    assert_eq!(prompt.prompt.as_deref(), Some("Question 1"));
    assert_eq!(bench.screen(prompt.conversation).await.len(), 1);
    bench.turn(Some(prompt.conversation), 4, ContextPolicy::Own, At::default()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 4), [(lane, 0)]);
    }
    let empty = bench.engine.fork(ForkAt::Prompt(first.id)).await.unwrap();
    assert_eq!(bench.screen(empty.conversation).await, []);
    assert_eq!(bench.lanes(empty.conversation).await.len(), 4);
    assert_eq!(bench.shown(chat).await, before);
    // All of it, with the branch that was left: it goes on as the first would, and each goes its own way.
    bench.engine.pick(second.id, PickChoice::Best { run: second.runs[1].id }).await.unwrap();
    let before = bench.shown(chat).await;
    let copy = bench.engine.fork(ForkAt::Whole(chat)).await.unwrap().conversation;
    assert_eq!(bench.screen(copy).await.len(), bench.screen(chat).await.len());
    bench.turn(Some(copy), 5, ContextPolicy::Own, At::default()).await;
    for lane in 0..4 {
        assert_eq!(bench.shown_to(lane, 5), [(lane, 0), (lane, 1), (lane, 2)], "lane {lane}");
    }
    assert_eq!(bench.shown(chat).await, before);
    assert_eq!(bench.engine.casts().await.unwrap().len(), 1, "a vote stays with the first");
    // A fork goes without the first.
    bench.engine.delete_conversation(chat).await.unwrap();
    bench.engine.purge_conversation(chat).await.unwrap();
    assert_eq!(bench.screen(behind.conversation).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_written_is_neither_forked_nor_replaced() {
    let bench = Bench::new().await;
    for name in NAMES {
        bench.scripts(name, chat_stream_broken(&["never ", "done"], Step::Hang));
    }
    let (view, frames, conversation) = bench.start(None, "Question", ContextPolicy::Own, At::default()).await;
    let run = view.runs[0].id;
    for refused in [
        bench.engine.fork(ForkAt::Answer(run)).await.err(),
        bench.engine.fork(ForkAt::Whole(conversation)).await.err(),
        bench.engine.show_answer(run).await.err(),
        bench.engine.pick(view.id, PickChoice::Best { run }).await.err(),
    ] {
        assert_eq!(refused.unwrap().kind, ErrorKind::RequestInvalid);
    }
    bench.engine.cancel(view.id, None);
    follow(view, &frames);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pick_is_kept_replaced_and_taken_back() {
    let bench = Bench::new().await;
    let (first, _) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    let turn = first.id;
    for place in [1, 3] {
        bench.engine.pick(turn, PickChoice::Best { run: first.runs[place].id }).await.unwrap();
    }
    let shown = bench.engine.snapshot(turn).await.unwrap();
    assert_eq!(shown.pick, Some(Pick::Best { run: first.runs[3].id }));
    let votes = bench.engine.store().read(move |tx| tx.votes_of(turn)).await.unwrap();
    assert_eq!(votes.len(), 2);
    assert!(votes[0].withdrawn_at.is_some() && votes[1].withdrawn_at.is_none());
    assert_eq!(votes[1].shown.iter().map(|answer| answer.run).collect::<Vec<_>>(), {
        first.runs.iter().map(|run| run.id).collect::<Vec<_>>()
    });
    assert!(votes.iter().all(|vote| !vote.blind));
    assert_eq!(bench.engine.pick(turn, PickChoice::Nothing).await.unwrap(), None);
    assert_eq!(bench.engine.snapshot(turn).await.unwrap().pick, None);
    let stranger = bench.turn(None, 1, ContextPolicy::Own, At::default()).await.0;
    let refused = bench.engine.pick(turn, PickChoice::Best { run: stranger.runs[0].id }).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::RequestInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_of_messages_agrees_with_what_is_on_the_screen() {
    let bench = Bench::new().await;
    let (_, chat) = bench.turn(None, 0, ContextPolicy::Own, At::default()).await;
    let (second, _) = bench.turn(Some(chat), 1, ContextPolicy::Own, At::default()).await;
    bench.turn(Some(chat), 2, ContextPolicy::Own, beside(second.id)).await;
    let head = bench.lanes(chat).await[0].head.unwrap();
    let branch = bench.engine.store().read(move |tx| tx.branch(head)).await.unwrap();
    let roles: Vec<Role> = branch.iter().map(|(row, _)| row.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User, Role::Assistant]);
}
