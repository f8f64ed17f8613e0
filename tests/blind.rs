//! Turns asked blind: nothing that leaves for a window says whose an answer is before the vote, and votes count.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use api::Api;
use domain::{Meter, ModelRef, PicoUsd, Timestamp};
use engine::{UserPrice, frame::TurnFrame};
use parallax_suite::support::{bench::scripted_engine, chat::chat_stream};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use transport::scripted::{Script, Scripted};

/// Providers whose names stand nowhere else. Each answers at its own speed and length.
const NAMES: [&str; 4] = ["zorblat", "quixnar", "velumo", "hadrikon"];

struct Bench {
    api: Api,
    scripted: Scripted,
    frames: Arc<Mutex<Vec<TurnFrame>>>,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scripted = Scripted::new();
        let engine = scripted_engine(folder.path(), &scripted, &NAMES).await;
        let rates = BTreeMap::from([(Meter::Input, "10".to_owned()), (Meter::Output, "20".to_owned())]);
        for name in NAMES {
            let known = ModelRef::parse(&format!("model-{name}@{name}")).unwrap();
            engine.set_price(&known, &UserPrice { rates: rates.clone(), foreign: None }).await.unwrap();
        }
        let api = Api::new(engine, folder.path().to_owned(), "test", Box::new(|_| Ok(())))
            .with_downloads(folder.path().to_owned());
        Self { api, scripted, frames: Arc::default(), folder }
    }

    fn script(&self, name: &str, script: Script) {
        self.scripted.push_for(name, script);
    }

    /// What each says of itself, at its own length and pace.
    fn scripts(&self) {
        for (n, name) in NAMES.into_iter().enumerate() {
            let more = "More words. ".repeat(n + 1);
            let said = format!(
                "I am {name}, also called model-{name}, made by OpenAI's people, not Claude or Llama3. It's {name}'s. {more}"
            );
            let pieces = chat_stream(&[&said], 11 + n as u64, 7 + n as u64);
            self.script(name, pieces.after(Duration::from_millis(40 * (4 - n as u64))));
        }
    }

    async fn call(&self, name: &str, payload: Value) -> Result<Value, domain::Failure> {
        api::dispatch(&self.api, name, payload).await
    }

    /// Sends a prompt blind, and waits until all answers are there.
    async fn ask(&self, conversation: Option<&Value>, pace: &str) -> Value {
        self.frames.lock().unwrap().clear();
        let kept = Arc::clone(&self.frames);
        let sink = Box::new(move |frame: &TurnFrame| {
            kept.lock().unwrap().push(frame.clone());
            true
        });
        let line_up: Vec<Value> = match conversation {
            Some(_) => Vec::new(),
            None => NAMES.iter().map(|name| target(name)).collect(),
        };
        let payload = json!({
            "conversation": conversation, "line_up": line_up, "prompt": "Who are you?",
            "context": {"type": "own"}, "blind": pace,
        });
        let started = api::dispatch_stream(&self.api, "turn/start", payload, sink).await.unwrap();
        let turn = started["turn"]["id"].clone();
        for _ in 0..400 {
            if self.frames.lock().unwrap().iter().any(|frame| frame.last) {
                return json!({"started": started, "turn": turn});
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the turn does not end");
    }

    async fn found(&self, text: &str) -> Value {
        let wanted = json!({"text": text, "from": null, "limit": 20});
        self.call("history/search", wanted).await.unwrap()["hits"].clone()
    }

    /// How often a text stands in the first turn of a conversation.
    async fn found_in(&self, id: &Value, text: &str) -> u64 {
        let found = self.call("conversation/find", json!({"id": id, "text": text})).await.unwrap();
        found[0]["count"].as_u64().unwrap_or_default()
    }

    async fn snapshot(&self, turn: &Value) -> Value {
        self.call("turn/snapshot", json!({"turn": turn})).await.unwrap()
    }
}

fn target(name: &str) -> Value {
    json!({"model": {"model": format!("model-{name}"), "provider": name}})
}

/// No name, count, time, route or cost of any of the answers.
fn tells_nothing(what: &str, value: &Value) {
    let text = value.to_string();
    for name in NAMES.iter().chain(&["OpenAI", "Claude", "Llama"]) {
        assert!(!text.to_lowercase().contains(&name.to_lowercase()), "{what} names {name}: {text}");
    }
    fn walk(what: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (key, inner) in fields {
                    let numbers = ["ttft", "duration", "tokens_per_second_x10", "input", "output", "cost"];
                    assert!(
                        !numbers.contains(&key.as_str()) || inner.is_null(),
                        "{what} tells {key}: {inner}"
                    );
                    assert!(key != "route" || inner == &json!([]), "{what} tells the route: {inner}");
                    walk(what, inner);
                }
            }
            Value::Array(values) => values.iter().for_each(|inner| walk(what, inner)),
            _ => {}
        }
    }
    walk(what, value);
}

fn names(turn: &Value) -> Vec<String> {
    turn["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["model_name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_the_model_before_the_vote() {
    let bench = Bench::new().await;
    bench.scripts();
    let asked = bench.ask(None, "together").await;
    let (turn, started) = (&asked["turn"], &asked["started"]);
    tells_nothing("the start", &started["turn"]);
    for frame in bench.frames.lock().unwrap().iter() {
        assert!(frame.runs.is_empty(), "a frame carries {:?}", frame.runs);
    }
    let view = bench.snapshot(turn).await;
    tells_nothing("the view", &view);
    assert_eq!(names(&view), ["Answer A", "Answer B", "Answer C", "Answer D"]);
    let open = bench.call("conversation/open", json!({"id": started["conversation"]["id"]})).await.unwrap();
    tells_nothing("the conversation", &open["turns"]);
    let heads = open["lanes"].as_array().unwrap().iter().chain(started["lanes"].as_array().unwrap());
    heads.for_each(|lane| assert!(lane["head"].is_null(), "a lane points at its answer"));
    let lanes: BTreeSet<&str> =
        open["lanes"].as_array().unwrap().iter().map(|lane| lane["id"].as_str().unwrap()).collect();
    let mut runs = Vec::new();
    for run in view["runs"].as_array().unwrap() {
        assert!(!lanes.contains(run["lane"].as_str().unwrap()), "the lane tells the model");
        let id = &run["id"];
        tells_nothing("the copied text", &bench.call("run/text", json!({"run": id})).await.unwrap());
        for command in ["run/receipt"] {
            let failure = bench.call(command, json!({"run": id})).await.unwrap_err();
            assert!(failure.message.contains("vote first"), "{command}: {failure:?}");
        }
        runs.push(id.clone());
    }
    // Even the ids stand in the order of the letters.
    let ids: Vec<&str> = runs.iter().map(|id| id.as_str().unwrap()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let two = json!({"left": runs[0], "right": runs[1], "ignore_formatting": true});
    tells_nothing("the differences", &bench.call("compare/two", two).await.unwrap());
    tells_nothing("the agreement", &bench.call("compare/all", json!({"runs": runs})).await.unwrap());
    // That an answer is found would tell what is in it and whose it is.
    for text in
        ["words", "zorblat", "ords", "OpenAI", "model:model-zorblat", "provider:zorblat", "cost:<1000"]
    {
        assert_eq!(bench.found(text).await, json!([]), "{text}");
    }
    let chat = &started["conversation"]["id"];
    // The second time from what was kept of the first.
    for text in ["zorblat", "OpenAI", "", "Claude", "model-", "zorblat"] {
        assert_eq!(bench.found_in(chat, text).await, 0, "{text}");
    }
    for _ in 0..2 {
        assert_eq!(bench.found_in(chat, "more words").await, 10, "what is shown is found");
    }
    let prompts = bench.found("who are").await;
    assert_eq!((prompts.as_array().unwrap().len(), &prompts[0]["run"]), (1, &Value::Null));
    let export = json!({"id": started["conversation"]["id"], "form": "markdown"});
    assert!(bench.call("conversation/export", export).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_shows_the_names_and_counts_by_the_letters() {
    let bench = Bench::new().await;
    bench.scripts();
    let asked = bench.ask(None, "together").await;
    let turn = &asked["turn"];
    let veiled = bench.snapshot(turn).await;
    let chat = &asked["started"]["conversation"]["id"];
    assert_eq!(bench.found_in(chat, "zorblat").await, 0, "the masked answers have been read");
    let chosen = veiled["runs"][2]["id"].clone();
    let vote = json!({"turn": turn, "vote": {"type": "best", "run": chosen}});
    let revealed = bench.call("blind/vote", vote.clone()).await.unwrap();
    let shown = &revealed["turn"];
    // The columns stay where they are; now they have names, times and words as they were.
    let ids = |view: &Value| -> Vec<Value> {
        view["runs"].as_array().unwrap().iter().map(|run| run["id"].clone()).collect()
    };
    assert_eq!(ids(shown), ids(&veiled));
    let known: BTreeSet<String> = names(shown).into_iter().collect();
    assert_eq!(known.len(), 4, "{known:?}");
    let best = &shown["runs"][2];
    let model = best["target"]["model"]["provider"].as_str().unwrap();
    assert!(best["sections"].to_string().contains(model) && best["metrics"]["output"].is_number());
    assert_eq!(revealed["changes"].as_array().unwrap().len(), 4);
    let found = bench.found(&format!("model:model-{model}")).await;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["run"]), (1, &chosen), "what is seen is found");
    assert!(bench.found_in(chat, model).await > 0, "in its chat too");
    assert_eq!(revealed["votes"], json!(1));
    let again = bench.call("blind/vote", vote).await.unwrap_err();
    assert!(again.message.contains("have been shown"), "{again:?}");
    let board = bench
        .call("board/open", json!({"cast": "blind", "topic": null, "language": null, "since": null}))
        .await
        .unwrap();
    assert_eq!((&board["votes"], board["rows"].as_array().unwrap().len()), (&json!(1), 4));
    assert_eq!(board["rows"][0]["model"].as_str().unwrap(), format!("model-{model}@{model}"));
    assert_eq!(board["verdict"]["type"], json!("open"), "one vote names no winner");
    let seen = json!({"cast": "seen", "topic": null, "language": null, "since": null});
    assert_eq!(bench.call("board/open", seen).await.unwrap()["votes"], json!(0), "blind and seen stay apart");
    // Taken back it counts no more, and the names stay seen.
    bench.call("blind/undo", json!({"turn": turn})).await.unwrap();
    let all = json!({"cast": "all", "topic": null, "language": null, "since": null});
    assert_eq!(bench.call("board/open", all).await.unwrap()["votes"], json!(0));
    assert_eq!(names(&bench.snapshot(turn).await), names(shown));
    let path = bench.call("board/export", Value::Null).await.unwrap()["path"].as_str().unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "");
    drop(bench.folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn ties_orders_and_bad_ones_are_kept_and_letters_are_drawn_anew() {
    let bench = Bench::new().await;
    let mut conversation: Option<Value> = None;
    let mut orders = BTreeSet::new();
    let votes = ["tie", "all_bad", "rank", "tie", "rank", "all_bad"];
    for kind in votes {
        bench.scripts();
        let asked = bench.ask(conversation.as_ref(), "each").await;
        conversation = Some(asked["started"]["conversation"]["id"].clone());
        let turn = &asked["turn"];
        let veiled = bench.snapshot(turn).await;
        tells_nothing("the view", &veiled);
        let run = |n: usize| veiled["runs"][n]["id"].clone();
        let vote = match kind {
            "rank" => json!({"type": "rank", "runs": [run(3), run(0), run(1)]}),
            other => json!({"type": other}),
        };
        let twice = json!({"turn": turn, "vote": {"type": "rank", "runs": [run(0), run(0)]}});
        assert!(bench.call("blind/vote", twice).await.is_err());
        let revealed = bench.call("blind/vote", json!({"turn": turn, "vote": vote})).await.unwrap();
        assert_eq!(revealed["turn"]["blind"]["vote"], vote);
        let order: Vec<Value> = revealed["turn"]["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["target"]["model"]["provider"].clone())
            .collect();
        orders.insert(json!(order).to_string());
    }
    assert!(orders.len() > 1, "the letters were the same {} times: {orders:?}", votes.len());
    let query = json!({"cast": "all", "topic": null, "language": null, "since": null});
    let board = bench.call("board/open", query).await.unwrap();
    assert_eq!((&board["votes"], &board["blind"]), (&json!(6), &json!(6)));
    // By the tag of the chat they were cast in; a tag without votes has none.
    let id = conversation.unwrap();
    bench.call("conversation/tag", json!({"id": id, "tag": "Thesis", "on": true})).await.unwrap();
    for (tag, votes) in [("thesis", 6), ("work", 0)] {
        let query = json!({"cast": "all", "topic": null, "language": null, "tag": tag, "since": null});
        let tagged = bench.call("board/open", query).await.unwrap();
        assert_eq!(
            (&tagged["votes"], &tagged["tags"][0]),
            (&json!(votes), &json!({"name": "Thesis", "votes": 6}))
        );
        let suppose = json!({"topic": null, "tag": tag, "model": target(NAMES[0])["model"]});
        assert_eq!(bench.call("board/suppose", suppose).await.unwrap()["prompts"], json!(votes));
    }
    let pairs: u64 =
        board["wins"][0].as_array().unwrap().iter().map(|pair| pair["bad"].as_u64().unwrap()).sum();
    assert_eq!(pairs, 6, "two votes say that none is good, each of three pairs with the first");
    let path = bench.call("board/export", Value::Null).await.unwrap()["path"].as_str().unwrap().to_owned();
    let lines = std::fs::read_to_string(path).unwrap();
    assert_eq!(lines.lines().count(), 6);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["outcome"], first["answers"].as_array().unwrap().len()), (&json!("tie"), 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn revealing_records_no_vote_and_blind_needs_two() {
    let bench = Bench::new().await;
    bench.scripts();
    let asked = bench.ask(None, "together").await;
    let revealed = bench.call("blind/reveal", json!({"turn": asked["turn"]})).await.unwrap();
    assert_eq!((&revealed["votes"], &revealed["turn"]["blind"]["vote"]), (&json!(0), &Value::Null));
    assert_eq!(revealed["turn"]["blind"]["revealed"], json!(true));
    let alone = json!({
        "conversation": null, "line_up": [target(NAMES[0])], "prompt": "Alone?",
        "context": {"type": "own"}, "blind": "together",
    });
    let failure =
        api::dispatch_stream(&bench.api, "turn/start", alone, Box::new(|_| true)).await.unwrap_err();
    assert!(failure.message.contains("two models"), "{failure:?}");
}

/// What Spend, budgets, the log of calls and the list of chats say of all there is.
async fn money(bench: &Bench) -> BTreeMap<&'static str, Value> {
    let page = |by: &str| json!({"period": "day", "back": 0, "by": by});
    let all =
        json!({"from": 0, "until": 9_000_000_000_000_000_i64, "by": "model", "key": null, "before": null});
    let log = json!({"from": 0, "until": null, "provider": null, "policy": null, "before": null});
    let mut said = BTreeMap::new();
    for (what, command, payload) in [
        ("today", "spend/today", Value::Null),
        ("models", "spend/page", page("model")),
        ("providers", "spend/page", page("provider")),
        ("chats", "spend/page", page("conversation")),
        ("calls", "spend/attempts", all),
        ("log", "audit/list", log),
        ("budgets", "budget/list", Value::Null),
        ("list", "conversation/list", Value::Null),
    ] {
        said.insert(what, bench.call(command, payload).await.unwrap());
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spent_tells_nothing_before_the_vote() {
    let bench = Bench::new().await;
    let budget = json!({"scope": "all", "period": "day", "limit": "5", "hard": true, "warn": [],
        "unknown_price": null});
    bench.call("budget/set", budget).await.unwrap();
    bench.scripts();
    let asked = bench.ask(None, "each").await;
    let before = money(&bench).await;
    for (what, said) in &before {
        let text = said.to_string();
        for name in NAMES {
            assert!(!text.contains(name), "{what} names {name}: {text}");
        }
    }
    let amount = |said: &Value| PicoUsd::from_dollars(said.as_str().unwrap()).unwrap();
    let today = &before["today"];
    assert_eq!((&today["attempts"], &today["hidden"]), (&json!(0), &json!(4)));
    assert_eq!(amount(&today["amount"]), PicoUsd::ZERO);
    for page in ["models", "providers", "chats"] {
        let page = &before[page];
        assert_eq!((&page["hidden"], &page["total"]["figure"]["attempts"]), (&json!(4), &json!(0)));
        assert_eq!((&page["total"]["output"], &page["today_answers"]), (&json!(0), &json!(0)));
        assert!(page["total"]["ttft_p50"].is_null(), "{page}");
    }
    assert_eq!((&before["calls"]["rows"], &before["log"]["rows"]), (&json!([]), &json!([])));
    assert_eq!(before["log"]["hidden"], json!(4));
    let meter = &before["budgets"][0];
    assert_eq!((amount(&meter["spent"]), &meter["hidden"]), (PicoUsd::ZERO, &json!(4)));
    assert_eq!(amount(&meter["left"]), amount(&json!("5")));
    // So do files of it, and what the command line reads.
    let span = json!({"from": 0, "until": 9_000_000_000_000_000_i64, "format": "json"});
    let log = json!({"from": 0, "until": null, "provider": null, "policy": null, "before": null});
    let log = json!({"query": log, "format": "json"});
    for (command, wanted) in [("spend/export", &span), ("audit/export", &log)] {
        let file = bench.call(command, wanted.clone()).await.unwrap();
        assert_eq!((&file["rows"], &file["hidden"]), (&json!(0), &json!(4)), "{command}");
    }
    assert!(bench.api.engine().audit(Timestamp(0)).await.unwrap().is_empty());
    assert_eq!(bench.api.engine().hidden_calls(Timestamp(0), Timestamp(i64::MAX)).await.unwrap(), 4);
    let asked_of = |rows: &Value| -> Vec<Value> {
        let rows = rows.as_array().unwrap().iter();
        rows.filter(|row| row["spend"]["attempts"] != json!(0)).map(|row| row["id"].clone()).collect()
    };
    let providers = bench.call("provider/list", json!(null)).await.unwrap();
    assert!(asked_of(&providers).is_empty(), "whom the answers were asked of");
    let engine = bench.api.engine();
    let [standing] = engine.budgets().await.unwrap().try_into().unwrap();
    assert!(standing.used.spent > PicoUsd::ZERO, "the budget itself counts all of it");
    // Nor does a threshold that hidden answers have passed.
    let near = engine::BudgetStanding { reached: Some(80), state: engine::BudgetState::Near, ..standing };
    let (shown, calls) = engine.veiled(near).await.unwrap();
    assert_eq!((shown.used.spent, shown.percent, calls), (PicoUsd::ZERO, 0, 4));
    assert_eq!((shown.reached, shown.state), (None, engine::BudgetState::Normal));
    let turn = &asked["turn"];
    bench.call("blind/vote", json!({"turn": turn, "vote": {"type": "tie"}})).await.unwrap();
    let providers = bench.call("provider/list", json!(null)).await.unwrap();
    assert!(!asked_of(&providers).is_empty());
    for (command, wanted) in [("spend/export", span), ("audit/export", log)] {
        let file = bench.call(command, wanted).await.unwrap();
        assert_eq!((&file["rows"], &file["hidden"]), (&json!(4), &Value::Null), "{command}");
    }
    let after = money(&bench).await;
    // Now all of it is there, and nothing is left out.
    let today = &after["today"];
    assert_eq!((&today["attempts"], &today["hidden"]), (&json!(4), &Value::Null));
    assert!(amount(&today["amount"]) > PicoUsd::ZERO, "{today}");
    assert_eq!(after["budgets"][0]["spent"], today["amount"]);
    assert_eq!(after["models"]["total"]["figure"]["amount"], today["amount"]);
    let counted = |what: &str| after[what]["rows"].as_array().unwrap().len();
    assert_eq!((counted("models"), counted("calls"), counted("log")), (4, 4, 4));
}
