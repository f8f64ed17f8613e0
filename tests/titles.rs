//! Titles of new chats by a model that the user chose: asked once, booked, under the chat's rules, and never over
//! what the user typed.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests fail by panicking and start tasks")]

use api::Api;
use domain::{ConversationId, Meter, ModelRef, Timestamp};
use engine::{UserPrice, frame::TurnFrame};
use parallax_suite::support::{bench::scripted_engine, chat::chat_stream};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::mpsc, time::Duration};
use store::Entry;
use transport::scripted::Scripted;

/// Two who answer, and one who gives titles.
const NAMES: [&str; 3] = ["zorblat", "quixnar", "titulus"];
const PROMPT: &str = "How many users a day, over 400 M rows?";
/// Longer than any machine takes over a title.
const PATIENCE: Duration = Duration::from_secs(60);

struct Bench {
    api: Api,
    scripted: Scripted,
    _folder: tempfile::TempDir,
}

fn named(name: &str) -> Value {
    json!({"model": {"model": format!("model-{name}"), "provider": name}})
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scripted = Scripted::new();
        let engine = scripted_engine(folder.path(), &scripted, &NAMES).await;
        let rates = BTreeMap::from([(Meter::Input, "10".to_owned()), (Meter::Output, "20".to_owned())]);
        for name in NAMES {
            let price = UserPrice { rates: rates.clone(), foreign: None };
            let known = ModelRef::parse(&format!("model-{name}@{name}")).unwrap();
            engine.set_price(&known, &price).await.unwrap();
        }
        let api = Api::new(engine, folder.path().to_owned(), "test", Box::new(|_| Ok(())));
        Self { api, scripted, _folder: folder }
    }

    async fn call(&self, name: &str, payload: Value) -> Value {
        api::dispatch(&self.api, name, payload).await.unwrap()
    }

    async fn choose(&self, model: Option<&str>) {
        self.call("title/set", json!({ "model": model })).await;
    }

    /// A chat's first turn, to its end; `more` goes into the command.
    async fn chat(&self, more: Value) -> ConversationId {
        for name in &NAMES[..2] {
            self.scripted.push_for(name, chat_stream(&["About a million."], 11, 7));
        }
        let line_up: Vec<Value> = NAMES[..2].iter().map(|name| named(name)).collect();
        let mut payload = json!({"conversation": null, "line_up": line_up, "prompt": PROMPT,
            "context": {"type": "own"}});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (out, frames) = mpsc::channel();
        let sink = Box::new(move |frame: &TurnFrame| out.send(frame.last).is_ok());
        let started = api::dispatch_stream(&self.api, "turn/start", payload, sink).await.unwrap();
        let ended = tokio::task::spawn_blocking(move || while !frames.recv_timeout(PATIENCE).unwrap() {});
        ended.await.unwrap();
        serde_json::from_value(started["conversation"]["id"].clone()).unwrap()
    }

    async fn title(&self, id: ConversationId) -> String {
        let list = self.call("conversation/list", Value::Null).await;
        let of = |row: &&Value| row["id"] == json!(id);
        list.as_array().unwrap().iter().find(of).unwrap()["title"].as_str().unwrap().to_owned()
    }

    /// Waits until this is so.
    async fn until(&self, what: &str, so: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !so().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(waited.await.is_ok(), "{what}");
    }

    async fn failed(&self) -> Option<String> {
        self.call("title/state", Value::Null).await["failure"]["message"].as_str().map(str::to_owned)
    }

    async fn booked(&self) -> Vec<Entry> {
        let store = self.api.engine().store();
        let mut entries = store.read(|tx| tx.entries(Timestamp(0), Timestamp(i64::MAX))).await.unwrap();
        entries.retain(|entry| entry.row.purpose.kind.as_deref() == Some("title"));
        entries
    }

    /// Bodies of what was sent to who gives titles.
    fn asked(&self) -> Vec<String> {
        let seen = self.scripted.seen().into_iter().filter(|seen| seen.to.provider.as_str() == "titulus");
        seen.map(|seen| String::from_utf8(seen.call.body.to_vec()).unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_title_is_asked_for_until_a_model_is_chosen_and_then_once_and_booked() {
    let bench = Bench::new().await;
    let plain = bench.chat(json!({})).await;
    assert_eq!(bench.title(plain).await, PROMPT);

    bench.choose(Some("model-titulus@titulus")).await;
    bench.scripted.push_for("titulus", chat_stream(&["\"Counting ", "daily users\""], 100, 50));
    // Names are hidden: who gives the title is shown no answer.
    let chat = bench.chat(json!({"blind": "together"})).await;
    bench.until("the title comes", async || bench.title(chat).await == "Counting daily users").await;
    let mut all = bench.asked();
    assert_eq!(all.len(), 1, "{all:?}");
    let asked = all.remove(0);
    assert!(asked.contains(PROMPT) && !asked.contains("About a million"), "{asked}");
    assert!(!NAMES[..2].iter().any(|name| asked.contains(name)), "{asked}");
    bench.until("it is booked", async || bench.booked().await.len() == 1).await;
    // 100 × $10/M + 50 × $20/M.
    let entry = bench.booked().await.remove(0).row;
    assert_eq!(
        (entry.conversation, entry.cost.total.map(|cost| cost.to_string())),
        (Some(chat), Some("0.002000".into()))
    );
    assert_eq!(bench.title(plain).await, PROMPT, "what is there stays");

    // The next turn asks for none.
    bench.choose(None).await;
    bench.chat(json!({})).await;
    assert_eq!(bench.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_was_typed_is_never_replaced() {
    let bench = Bench::new().await;
    bench.choose(Some("model-titulus@titulus")).await;
    let late = chat_stream(&["A title of a model"], 100, 50).after(Duration::from_millis(300));
    bench.scripted.push_for("titulus", late);
    let chat = bench.chat(json!({})).await;
    bench.until("it is asked", async || bench.asked().len() == 1).await;
    // The same words, typed, are the user's as well.
    bench.call("conversation/rename", json!({"id": chat, "title": PROMPT})).await;
    bench.until("it is booked", async || bench.booked().await.len() == 1).await;
    assert_eq!(bench.title(chat).await, PROMPT);
    let by = bench.api.engine().store().read(move |tx| tx.titled(chat)).await.unwrap();
    assert_eq!(by, Some(store::Titled::User));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_budgets_of_the_chat_hold_for_its_title() {
    let bench = Bench::new().await;
    bench.choose(Some("model-titulus@titulus")).await;
    // Who answers may; who gives titles may not.
    let only = json!({"id": "two", "name": "Two", "about": "", "prefs": {"only": ["zorblat", "quixnar"]}});
    bench.call("policy/put", only).await;
    let chat = bench.chat(json!({"policy": "two"})).await;
    bench.until("it says why not", async || bench.failed().await.is_some()).await;
    assert_eq!((bench.title(chat).await.as_str(), bench.asked().len()), (PROMPT, 0));

    let budget = json!({"scope": "provider:titulus", "period": "month", "limit": "0.000001", "hard": true,
        "warn": [], "unknown_price": null});
    bench.call("budget/set", budget).await;
    bench.choose(Some("model-titulus@titulus")).await;
    let chat = bench.chat(json!({})).await;
    bench
        .until("the budget says so", async || bench.failed().await.is_some_and(|why| why.contains("budget")))
        .await;
    assert_eq!((bench.title(chat).await.as_str(), bench.asked().len()), (PROMPT, 0));
    assert!(bench.booked().await.is_empty());
}

/// The words about a budget are those of whoever shows it; the names in them come as they are.
#[tokio::test(flavor = "multi_thread")]
async fn a_budget_of_a_chat_comes_with_its_title() {
    let bench = Bench::new().await;
    let chat = bench.chat(json!({})).await;
    bench.call("conversation/rename", json!({ "id": chat, "title": "Sketches" })).await;
    for scope in ["all".to_owned(), format!("conversation:{chat}")] {
        let budget = json!({ "scope": scope, "period": "day", "limit": "1", "hard": true, "warn": [], "unknown_price": null });
        bench.call("budget/set", budget).await;
    }
    let listed = bench.call("budget/list", Value::Null).await;
    let mut told: Vec<String> =
        listed.as_array().unwrap().iter().map(|one| format!("{} {}", one["name"], one["title"])).collect();
    told.sort();
    assert_eq!(told, [r#""Chat “Sketches”" "Sketches""#, r#""Everything" null"#]);
}
