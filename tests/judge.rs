//! Judges of a turn's answers, and one answer made of them: without names, in both orders, booked, and kept.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests fail by panicking and start tasks")]

#[path = "judge/carried.rs"]
mod carried;

use api::Api;
use domain::{Meter, ModelRef, Timestamp};
use engine::{Engine, UserPrice, frame::TurnFrame};
use parallax_suite::support::{bench::scripted_engine, chat::chat_stream};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, sync::mpsc, time::Duration};
use store::Entry;
use transport::scripted::{Script, Scripted, Step};

/// Three who answer, and one who judges. Their names stand nowhere else.
const NAMES: [&str; 4] = ["zorblat", "quixnar", "velumo", "richter"];
const LINE_UP: usize = 3;

struct Bench {
    api: Api,
    scripted: Scripted,
}

fn api(engine: Engine, folder: &Path) -> Api {
    Api::new(engine, folder.to_owned(), "test", Box::new(|_| Ok(()))).with_downloads(folder.to_owned())
}

fn model(name: &str) -> String {
    format!("model-{name}@{name}")
}

fn named(name: &str) -> Value {
    json!({"model": format!("model-{name}"), "provider": name})
}

/// What one says in its answer; the first words are nobody else's.
fn says(n: usize) -> String {
    let name = NAMES[n];
    format!("Point {n} of mine: you have **14 days**. I am {name}, made by OpenAI. Tail {n}.")
}

fn points(of: &[(&str, [u8; 3])]) -> String {
    let answers: Vec<Value> = of
        .iter()
        .map(|(letter, [right, complete, clear])| {
            json!({"answer": letter, "why": format!("{letter} is so."),
                "scores": {"Right": right, "Complete": complete, "Clear": clear}})
        })
        .collect();
    json!({ "answers": answers }).to_string()
}

/// In a judge's body: the first answer it is shown is this one, and points are wanted.
fn shown_first(n: usize) -> String {
    format!(r#"letter=\"A\">\nPoint {n} of mine"#)
}

impl Bench {
    async fn new(folder: &Path) -> Self {
        let scripted = Scripted::new();
        let engine = scripted_engine(folder, &scripted, &NAMES).await;
        let rates = BTreeMap::from([(Meter::Input, "10".to_owned()), (Meter::Output, "20".to_owned())]);
        for name in NAMES {
            let price = UserPrice { rates: rates.clone(), foreign: None };
            let known = ModelRef::parse(&model(name)).unwrap();
            engine.set_price(&known, &price).await.unwrap();
        }
        Self { api: api(engine, folder), scripted }
    }

    async fn call(&self, name: &str, payload: Value) -> Result<Value, domain::Failure> {
        api::dispatch(&self.api, name, payload).await
    }

    /// Runs a command whose frames follow, to the end of its turn; its answer, and the turn as it then is.
    /// Makes an experiment and runs it to its end.
    async fn experiment(&self, text: &str) -> Value {
        let draft = json!({"text": text, "path": null, "fresh": false, "cap": null});
        let id = self.call("experiment/make", draft).await.unwrap()["id"].clone();
        self.run_experiment(&id).await;
        id
    }

    async fn run_experiment(&self, id: &Value) {
        let how = json!({"id": id, "at_once": 4, "retry_failed": false, "retry_uncertain": false,
            "fresh": false, "cap": null});
        self.call("experiment/run", how).await.unwrap();
        loop {
            let open = self.call("experiment/open", json!({ "id": id })).await.unwrap();
            if open["summary"]["state"] == "complete" {
                return;
            }
            assert_eq!(open["summary"]["failed"], json!(0), "{open}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn stream(&self, name: &str, payload: Value) -> (Value, Value) {
        let (out, frames) = mpsc::channel();
        let sink = Box::new(move |frame: &TurnFrame| out.send(frame.last).is_ok());
        let started = api::dispatch_stream(&self.api, name, payload, sink).await.unwrap();
        let turn = started.get("turn").unwrap_or(&started)["id"].clone();
        let ended =
            tokio::task::spawn_blocking(
                move || {
                    while !frames.recv_timeout(Duration::from_secs(60)).unwrap() {}
                },
            );
        ended.await.unwrap();
        let view = self.call("turn/snapshot", json!({ "turn": turn })).await.unwrap();
        (started, view)
    }

    /// A turn in which each says its own; the conversation and the turn.
    async fn turn(&self) -> (Value, Value) {
        for (n, name) in NAMES.iter().enumerate().take(LINE_UP) {
            self.scripted.push_for(name, chat_stream(&[&says(n)], 11, 7));
        }
        let line_up: Vec<Value> = NAMES[..LINE_UP].iter().map(|name| json!({"model": named(name)})).collect();
        let payload = json!({
            "conversation": null, "line_up": line_up, "prompt": "How long may I send it back?",
            "context": {"type": "own"},
        });
        let (started, view) = self.stream("turn/start", payload).await;
        (started["conversation"]["id"].clone(), view)
    }

    async fn entries(&self, kind: &str) -> Vec<Entry> {
        let entries = self.api.engine().store().read(|tx| tx.entries(Timestamp(0), Timestamp(i64::MAX)));
        let mut entries = entries.await.unwrap();
        entries.retain(|entry| entry.row.purpose.kind.as_deref() == Some(kind));
        entries
    }

    fn replies(&self, first: &str, second: &str) {
        self.scripted.push_for(&shown_first(0), chat_stream(&[first], 100, 50));
        self.scripted.push_for(&shown_first(LINE_UP - 1), chat_stream(&[second], 100, 50));
    }

    /// Bodies of what was sent to the judge.
    fn asked(&self) -> Vec<String> {
        let seen = self.scripted.seen().into_iter().filter(|seen| seen.to.provider.as_str() == "richter");
        seen.map(|seen| String::from_utf8(seen.call.body.to_vec()).unwrap()).collect()
    }
}

fn wish(turn: &Value, findings: bool) -> Value {
    let rule = |name: &str| json!({"name": name, "what": "It is."});
    json!({"turn": turn["id"], "model": named("richter"), "findings": findings,
        "rubric": [rule("Right"), rule("Complete"), rule("Clear")]})
}

fn run(turn: &Value, place: usize) -> Value {
    turn["runs"][place]["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_sees_no_names_and_both_orders_and_stays_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (conversation, turn) = bench.turn().await;
    let before = bench.scripted.seen().len();
    let estimate = bench.call("turn/judge_estimate", wish(&turn, true)).await.unwrap();
    assert_eq!(
        estimate["estimate"]["lanes"].as_array().unwrap().len(),
        3,
        "two orders and what they agree on: {estimate}"
    );
    assert!(
        estimate["estimate"]["high"].as_str().unwrap() > "0" && estimate["estimate"]["unknown"] == 0,
        "{estimate}"
    );
    assert_eq!(bench.scripted.seen().len(), before, "an estimate sends nothing");
    // In the second order A is who was C.
    bench.scripted.push_for(
        "consensus",
        chat_stream(
            &[&json!({
                "consensus": [{"statement": "Fourteen days", "quotes": [
                    {"answer": "A", "quote": "you have 14 days"}, {"answer": "B", "quote": "you have **14 days**"}]}],
                "contradictions": [],
                "unique": [{"statement": "A tail", "quotes": [{"answer": "C", "quote": "Tail 2."}]}],
                "missing": [{"statement": "Who pays"}],
            })
            .to_string()],
            100,
            50,
        ),
    );
    bench.replies(
        &points(&[("A", [5, 4, 5]), ("B", [3, 3, 3]), ("C", [2, 2, 2])]),
        &points(&[("A", [3, 2, 2]), ("B", [3, 3, 3]), ("C", [5, 4, 4])]),
    );
    let judged = bench.call("turn/judge", wish(&turn, true)).await.unwrap();
    assert_eq!(judged["state"], json!("done"), "{judged}");
    let found = &judged["found"];
    assert_eq!(found["decision"], json!({"type": "best", "run": run(&turn, 0)}));
    assert_eq!(found["answers"][0]["points"], json!([[5, 5], [4, 4], [5, 4]]));
    assert_eq!(found["answers"][2]["points"], json!([[2, 3], [2, 2], [2, 2]]));
    assert_eq!(found["shift"], json!(100), "each end gained a point by standing in front");
    let quotes = &found["findings"][0]["quotes"];
    let text = |quote: &Value, n: usize| {
        let (from, until) = (quote["from"].as_u64().unwrap(), quote["until"].as_u64().unwrap());
        says(n)[usize::try_from(from).unwrap()..usize::try_from(until).unwrap()].to_owned()
    };
    assert_eq!(text(&quotes[0], 0), "you have **14 days", "found through the marks of Markdown");
    assert_eq!((text(&quotes[1], 1).as_str(), &quotes[1]["run"]), ("you have **14 days**", &run(&turn, 1)));
    assert_eq!(found["findings"][2], json!({"kind": "missing", "statement": "Who pays", "quotes": []}));
    for body in bench.asked() {
        for name in NAMES[..LINE_UP].iter().chain(&["OpenAI"]) {
            assert!(!body.to_lowercase().contains(&name.to_lowercase()), "the judge is told {name}: {body}");
        }
    }
    // Three calls at 100 × $10/M + 50 × $20/M.
    let booked = bench.entries("judge").await;
    assert_eq!(booked.len(), 3);
    let id: domain::ConversationId = serde_json::from_value(conversation.clone()).unwrap();
    assert!(booked.iter().all(|entry| entry.row.conversation == Some(id)));
    assert_eq!(judged["cost"], json!("0.006000"));
    let defaults = bench.call("judge/defaults", Value::Null).await.unwrap();
    assert_eq!(defaults["model"], json!(model("richter")));
    drop(bench);
    let again = Bench::new_of(folder.path()).await;
    let kept = again.call("conversation/judgements", json!({ "id": conversation })).await.unwrap();
    assert_eq!(kept, json!([judged]));
    again.call("judge/remove", json!({"id": judged["id"]})).await.unwrap();
    assert_eq!(
        again.call("conversation/judgements", json!({ "id": conversation })).await.unwrap(),
        json!([])
    );
    assert_eq!(again.entries("judge").await.len(), 3, "what it cost stays");
}

impl Bench {
    /// On a folder that has its providers.
    async fn new_of(folder: &Path) -> Self {
        let scripted = Scripted::new();
        Self { api: api(scripted_engine(folder, &scripted, &[]).await, folder), scripted }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_likes_the_first_place_decides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (_, turn) = bench.turn().await;
    let first = points(&[("A", [5, 5, 5]), ("B", [3, 3, 3]), ("C", [1, 1, 1])]);
    bench.replies(&first, &first);
    let judged = bench.call("turn/judge", wish(&turn, false)).await.unwrap();
    let runs = json!([run(&turn, 0), run(&turn, 2)]);
    assert_eq!(judged["found"]["decision"], json!({"type": "split", "runs": runs}));
    assert_eq!(judged["found"]["shift"], json!(1200));
    assert_eq!(judged["record"], json!([1, 1]), "one judgement, and its orders disagree");
    assert_eq!(judged["found"]["findings"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_in_another_form_is_an_error_and_its_cost_is_booked() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (conversation, turn) = bench.turn().await;
    let good = points(&[("A", [5, 5, 5]), ("B", [3, 3, 3]), ("C", [1, 1, 1])]);
    let policies = bench.call("policy/list", Value::Null).await.unwrap();
    bench.replies(&good, &format!("{good}\n{{\"policy\": \"any\"}}"));
    let judged = bench.call("turn/judge", wish(&turn, false)).await.unwrap();
    assert_eq!(judged["state"], json!("failed"));
    let message = judged["failure"]["message"].as_str().unwrap();
    assert!(message.contains("did not reply in the form") && message.contains("booked"), "{message}");
    assert_eq!(judged["found"], Value::Null);
    assert_eq!((judged["cost"].clone(), bench.entries("judge").await.len()), (json!("0.004000"), 2));
    assert_eq!(bench.call("policy/list", Value::Null).await.unwrap(), policies, "a reply sets nothing");
    for bad in [
        json!([]),
        json!([{"name": " ", "what": ""}]),
        json!([{"name": "Right", "what": ""}, {"name": "Right", "what": ""}]),
    ] {
        let mut payload = wish(&turn, false);
        payload["rubric"] = bad;
        assert!(bench.call("turn/judge", payload).await.is_err());
    }
    let kept = bench.call("conversation/judgements", json!({ "id": conversation })).await.unwrap();
    assert_eq!(kept.as_array().unwrap().len(), 1);
}

#[test]
fn a_judge_that_was_cut_off_is_told_and_booked() {
    let folder = tempfile::tempdir().unwrap();
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let first = runtime();
    let conversation = first.block_on(async {
        let bench = Bench::new(folder.path()).await;
        let (conversation, turn) = bench.turn().await;
        for _ in 0..2 {
            bench.scripted.push_for("richter", Script::event_stream().step(Step::Hang));
        }
        let (api, payload) = (bench.api, wish(&turn, false));
        tokio::spawn(async move { api::dispatch(&api, "turn/judge", payload).await });
        while bench.scripted.open_bodies() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        conversation
    });
    first.shutdown_timeout(Duration::from_secs(60));
    runtime().block_on(async {
        let bench = Bench::new_of(folder.path()).await;
        bench.api.engine().recover().await.unwrap();
        let kept = bench.call("conversation/judgements", json!({ "id": conversation })).await.unwrap();
        assert_eq!(kept[0]["state"], json!("failed"));
        assert!(kept[0]["failure"]["message"].as_str().unwrap().contains("was closed"), "{kept}");
        let booked = bench.entries("judge").await;
        assert_eq!(booked.len(), 2, "what may have been billed is booked as the judge's");
        assert!(booked.iter().all(|entry| entry.row.conversation.is_some()));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_made_of_several_stands_beside_the_line_up_and_can_be_gone_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (conversation, turn) = bench.turn().await;
    let wanted = |how: Value| json!({"turn": turn["id"], "model": named("richter"), "how": how});
    for nothing in
        [json!({"type": "custom", "instruction": " "}), json!({"type": "checklist", "points": [""]})]
    {
        assert!(bench.call("turn/merge_estimate", wanted(nothing)).await.is_err());
    }
    let list = json!({"type": "checklist", "points": ["How long", "Who pays"]});
    let estimate = bench.call("turn/merge_estimate", wanted(list.clone())).await.unwrap();
    assert_eq!(estimate["estimate"]["lanes"].as_array().unwrap().len(), 1);
    bench.scripted.push_for("richter", chat_stream(&["Fourteen days [A, B]. Fused."], 200, 10));
    let (_, view) = bench.stream("turn/merge", wanted(list.clone())).await;
    let made = view["runs"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(view["runs"].as_array().unwrap().len(), LINE_UP + 1);
    let sources: Vec<Value> = (0..LINE_UP).map(|n| run(&turn, n)).collect();
    assert_eq!(made["made_of"], json!({"how": list, "sources": sources}));
    assert_eq!(view["runs"][0].get("made_of"), None);
    let body = bench.asked().pop().unwrap();
    assert!(body.contains("1. How long") && body.contains("Point 1 of mine") && !body.contains("quixnar"));
    let booked = bench.entries("merge").await;
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].row.cost.total.unwrap().to_string(), "0.002200");
    let open = bench.call("conversation/open", json!({ "id": conversation })).await.unwrap();
    assert_eq!(open["lanes"].as_array().unwrap().len(), LINE_UP, "the next prompt does not go to it");
    // It is in no vote: it has seen the others.
    let pick = |run: &Value| json!({"turn": turn["id"], "choice": {"type": "best", "run": run}});
    assert!(bench.call("turn/pick", pick(&made["id"])).await.is_err());
    bench.call("turn/pick", pick(&run(&turn, 1))).await.unwrap();
    let votes = bench.api.engine().casts().await.unwrap();
    assert_eq!(votes[0].answers.len(), LINE_UP);
    // What is handed on says what the vote said and what all of it cost.
    let id = conversation.as_str().unwrap().parse().unwrap();
    for form in [engine::ExportForm::Markdown, engine::ExportForm::Html] {
        let (_, page) = bench.api.engine().export_conversation(id, form).await.unwrap();
        assert!(page.contains("Vote, names seen:") && page.contains("is best"), "{page}");
        assert!(page.contains(" answers, ") && page.contains('$'), "{page}");
    }
    // Had all gone to the one that was picked: the others' tokens at its prices, and its duels.
    let suppose = json!({"topic": null, "model": named("quixnar")});
    let supposed = bench.call("board/suppose", suppose).await.unwrap();
    let measured =
        ["prompts", "answers", "uncounted", "won", "tied", "lost"].map(|key| supposed[key].clone());
    assert_eq!(measured, [1, 2, 0, 2, 0, 0].map(|n| json!(n)), "{supposed}");
    assert_eq!((&supposed["paid"], &supposed["would"]), (&json!("0.000500"), &json!("0.000500")));
    // What was sent can be shown to the byte, and it can be asked again from the same answers.
    let receipt = bench.call("run/receipt", json!({"run": made["id"]})).await.unwrap();
    let attempt = receipt["attempts"][0]["id"].clone();
    let sent = bench.call("run/request", json!({ "attempt": attempt })).await.unwrap();
    assert!(sent["body"].as_str().unwrap().contains("2. Who pays"), "{sent}");
    bench.scripted.push_for("richter", chat_stream(&["Fused anew."], 200, 10));
    let (_, view) = bench.stream("run/retry", json!({"run": made["id"]})).await;
    let anew = view["runs"].as_array().unwrap().last().unwrap();
    assert_eq!((&anew["made_of"], &anew["earlier"]), (&made["made_of"], &json!([made["id"]])));
    assert_eq!(bench.asked().pop().unwrap(), body);
    assert_eq!(bench.entries("merge").await.len(), 2);
    // All go on from it: they are shown the prompt as the user wrote it, and what was made.
    let onward = json!({"id": conversation, "message": anew["message"]});
    bench.call("conversation/continue", onward).await.unwrap();
    drop(bench);
    let bench = Bench::new_of(folder.path()).await;
    for name in &NAMES[..LINE_UP] {
        bench.scripted.push_for(name, chat_stream(&["And on."], 11, 7));
    }
    let next = json!({"conversation": conversation, "line_up": [], "prompt": "And abroad?", "context": {"type": "own"}});
    let (_, view) = bench.stream("turn/start", next).await;
    assert_eq!(view["runs"].as_array().unwrap().len(), LINE_UP);
    for seen in bench.scripted.seen() {
        let body: Value = serde_json::from_slice(&seen.call.body).unwrap();
        let said: Vec<&str> = body["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["content"].as_str().unwrap())
            .collect();
        assert_eq!(said, ["How long may I send it back?", "Fused anew.", "And abroad?"]);
    }
    let open = bench.call("conversation/open", json!({ "id": conversation })).await.unwrap();
    let kept = open["turns"][0]["runs"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(kept["made_of"], made["made_of"], "after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experiment_is_voted_on_row_by_row_without_names() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    for (n, name) in NAMES.iter().enumerate().take(2) {
        for _ in 0..2 {
            bench.scripted.push_for(name, chat_stream(&[&says(n)], 11, 7));
        }
    }
    let text = "prompts: ['Say {{word}}']\nmodels: [model-zorblat@zorblat, model-quixnar@quixnar]\ntests:\n  - vars: {word: [one, two]}\n";
    let id = bench.experiment(text).await;
    let which = json!({ "id": id });
    // An answer of the first row is opened, its model above it: that row comes last, and counts as seen.
    bench.call("experiment/cell", json!({"id": id, "position": 0})).await.unwrap();
    for round in 0..2 {
        let next = bench.call("experiment/duel", which.clone()).await.unwrap();
        let duel = &next["duel"];
        assert_eq!((&duel["left"], &duel["voted"]), (&json!(2 - round), &json!(round)));
        assert_eq!(duel["seen"], json!(round == 1));
        let words = duel.to_string().to_lowercase();
        assert!(
            !words.contains("zorblat") && !words.contains("quixnar") && !words.contains("openai"),
            "{words}"
        );
        let shown: Vec<Value> =
            duel["answers"].as_array().unwrap().iter().map(|answer| answer["run"].clone()).collect();
        let vote = json!({"experiment": id, "shown": shown, "vote": {"type": "best", "run": shown[0]}});
        let names = bench.call("experiment/vote", vote.clone()).await.unwrap()["names"].clone();
        assert_eq!(names.as_array().unwrap().len(), 2);
        assert!(names.to_string().contains("zorblat") && names.to_string().contains("quixnar"), "{names}");
        assert!(bench.call("experiment/vote", vote).await.is_err(), "a second vote would not be blind");
    }
    assert_eq!(bench.call("experiment/duel", which).await.unwrap()["duel"], Value::Null);
    for cast in ["blind", "seen"] {
        let query = json!({"cast": cast, "topic": null, "language": null, "since": null});
        assert_eq!(bench.call("board/open", query).await.unwrap()["votes"], json!(1), "{cast}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_beside_others_is_none_on_a_row_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let suite = |models: &str| format!("prompts: [Say one]\nmodels: [{models}]\n");
    for (n, name) in NAMES.iter().enumerate().take(3) {
        bench.scripted.push_for(name, chat_stream(&[&says(n)], 11, 7));
    }
    let first = bench.experiment(&suite("model-zorblat@zorblat, model-quixnar@quixnar")).await;
    // The answer of the first model is taken from there; it stands beside another now.
    let second = bench.experiment(&suite("model-zorblat@zorblat, model-velumo@velumo")).await;
    for (id, other, seen) in [(first, "quixnar", false), (second, "velumo", true)] {
        let duel = bench.call("experiment/duel", json!({ "id": id })).await.unwrap()["duel"].clone();
        assert_eq!((&duel["left"], &duel["voted"]), (&json!(1), &json!(0)), "{other}");
        assert_eq!(duel["seen"], json!(seen), "whose the first answer is was told with the first vote");
        let shown: Vec<Value> =
            duel["answers"].as_array().unwrap().iter().map(|answer| answer["run"].clone()).collect();
        let vote = json!({"experiment": id, "shown": shown, "vote": {"type": "tie"}});
        let names = bench.call("experiment/vote", vote.clone()).await.unwrap()["names"].clone();
        assert!(names.to_string().contains("zorblat") && names.to_string().contains(other), "{names}");
        assert!(bench.call("experiment/vote", vote).await.is_err(), "a second vote would not be blind");
    }
    let query = json!({"cast": "blind", "topic": null, "language": null, "since": null});
    assert_eq!(bench.call("board/open", query).await.unwrap()["votes"], json!(1));
    let query = json!({"cast": "all", "topic": null, "language": null, "since": null});
    assert_eq!(bench.call("board/open", query).await.unwrap()["votes"], json!(2), "each counts once");
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_that_ask_the_same_keep_their_own_checks_when_a_set_is_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    for (n, name) in NAMES.iter().enumerate().take(2) {
        bench.scripted.push_for(name, chat_stream(&[&says(n)], 11, 7));
    }
    let suite = "prompts: [Say one]\nmodels: [model-zorblat@zorblat]\ntests:\n  - assert: [{type: contains, value: Point}]\n  - assert: [{type: contains, value: Never}]\n";
    let before = bench.experiment(suite).await;
    let again = json!({"id": before, "model": model(NAMES[1]), "cap": null});
    let after = bench.call("experiment/rerun", again).await.unwrap()["id"].clone();
    bench.run_experiment(&after).await;
    let two = json!({"before": before, "after": after});
    let pairs = bench.call("experiment/compare", two).await.unwrap()["pairs"].clone();
    let changes: Vec<&Value> = pairs.as_array().unwrap().iter().map(|pair| &pair["change"]).collect();
    assert_eq!(changes, [&json!("still_fails"), &json!("still_passes")], "{pairs}");
}
