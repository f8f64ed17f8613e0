//! Several keys of a provider: which one is sent, what follows when it is refused, and what is recorded.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use domain::{
    AccountRef, ContextPolicy, ErrorKind, LaneTarget, ModelRef, Params, ProcessId, ProviderId, RunState,
    Secret, Timestamp,
};
use engine::{Ask, Clock as _, Engine, Listeners, Observer, Parts, RunResult, SystemClock};
use parallax_suite::support::replay::{Answer, Replay, Route, Seen};
use serde_json::{Value, json};
use std::sync::{Arc, mpsc};
use store::Store;
use transport::{Http, ProxyChoice};
use vault::Vault;

const CHAT: &str = "openai-chat";

struct Bench {
    engine: Engine,
    server: Replay,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// A provider `house` that answers as `answer` says, and its keys in this order.
    async fn new(keys: &[&str], answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::new());
        let process = ProcessId::new(clock.id());
        let options = store::Options { process, now: clock.now(), version: "test" };
        let parts = Parts {
            store: Store::open(folder.path(), options).unwrap(),
            vault: Vault::memory(),
            transport: Arc::new(Http::new(ProxyChoice::None).unwrap()),
            clock,
            process,
            origin: "cli",
        };
        let engine = Engine::assemble(parts).await.unwrap();
        let server = Replay::start(vec![Route::with(answer)]);
        engine.add_provider("house", CHAT, &server.url()).await.unwrap();
        for label in keys {
            let account = AccountRef::parse(&format!("house/{label}")).unwrap();
            engine.set_key(&account, Secret::new(format!("secret-of-{label}-0123456789"))).await.unwrap();
        }
        Self { engine, server, _folder: folder }
    }

    async fn ask(&self, model: &str) -> RunResult {
        let ask = Ask {
            conversation: None,
            line_up: vec![LaneTarget {
                model: ModelRef::parse(model).unwrap(),
                system: None,
                params: Params::default(),
                policy: None,
            }],
            prompt: "Hi".to_owned(),
            context: ContextPolicy::Own,
            policy: None,
        };
        let (sender, results) = mpsc::channel();
        let listeners = Listeners { sink: None, observer: Some(Box::new(Results(sender))) };
        self.engine.start_turn(ask, listeners).await.unwrap().done.await.unwrap();
        results.recv().unwrap()
    }

    /// Labels of the keys that arrived, in order.
    fn arrived(&self) -> Vec<String> {
        self.server.seen().iter().map(label).collect()
    }
}

struct Results(mpsc::Sender<RunResult>);

impl Observer for Results {
    fn events(&mut self, _lane: u32, _run: domain::RunId, _events: &[domain::StreamEvent]) {}

    fn ended(&mut self, result: &RunResult) {
        let _ = self.0.send(result.clone());
    }
}

fn label(seen: &Seen) -> String {
    let sent = seen.header("authorization").unwrap_or("none");
    sent.trim_start_matches("Bearer secret-of-").trim_end_matches("-0123456789").to_owned()
}

fn whole() -> Answer {
    let text = json!({ "choices": [{ "index": 0, "delta": { "content": "Hello" }, "finish_reason": null }] });
    let end = json!({
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4 },
    });
    Answer::event_stream(format!("data: {text}\n\ndata: {end}\n\ndata: [DONE]\n\n"))
}

fn refusal(status: u16, code: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "message": "no", "code": code, "type": code } }))
}

fn accounts(result: &RunResult) -> Vec<&str> {
    result.attempts.iter().map(|row| row.account.as_ref().map_or("none", |label| label.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_gives_way_to_the_next_and_each_attempt_names_its_own() {
    let bench = Bench::new(&["first", "poor", "busy", "good"], |seen| match label(seen).as_str() {
        "first" => refusal(401, "invalid_api_key"),
        "poor" => refusal(402, "insufficient_quota"),
        "busy" => refusal(429, "rate_limit_exceeded").header("retry-after", "600"),
        _ => whole(),
    })
    .await;
    let result = bench.ask("m@house").await;
    assert!(result.failure.is_none(), "{:?}", result.failure);
    assert_eq!(result.draft.text(), "Hello");
    let order = ["first", "poor", "busy", "good"];
    assert_eq!(bench.arrived(), order);
    assert_eq!(accounts(&result), order);
    let booked = bench
        .engine
        .store()
        .read(|tx| Ok((tx.entries(Timestamp(0), Timestamp(i64::MAX))?, tx.verify_chain()?, tx.holds()?)))
        .await
        .unwrap();
    let labels: Vec<String> =
        booked.0.iter().map(|entry| entry.row.account.clone().unwrap().to_string()).collect();
    assert_eq!(labels, order, "the ledger names the key of every attempt");
    assert!(booked.1 && booked.2.is_empty());
    let everything = format!("{result:?} {:?}", booked.0);
    assert!(!everything.contains("secret-of"), "a key is in a record");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_endpoints_own_fault_does_not_use_up_the_other_keys() {
    let bench = Bench::new(&["one", "two"], |_| refusal(500, "server_error")).await;
    let result = bench.ask("m@house").await;
    assert_eq!(result.failure.as_ref().unwrap().kind, ErrorKind::UpstreamInternal);
    let tried = accounts(&result);
    assert!(tried.len() > 1 && tried.iter().all(|label| *label == "one"), "{tried:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_key_is_refused_the_last_refusal_is_shown() {
    let bench = Bench::new(&["one", "two"], |_| refusal(401, "invalid_api_key")).await;
    let result = bench.ask("m@house").await;
    assert_eq!(result.state, RunState::Failed);
    assert_eq!(result.failure.as_ref().unwrap().kind, ErrorKind::AuthRejected);
    assert_eq!(accounts(&result), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_order_decides_and_can_be_changed() {
    let bench = Bench::new(&["one", "two"], |_| whole()).await;
    let house = ProviderId::from("house");
    assert_eq!(accounts(&bench.ask("m@house").await), ["one"]);
    bench.engine.order_keys(&house, vec!["two".into()]).await.unwrap();
    assert_eq!(accounts(&bench.ask("m@house").await), ["two"]);
    bench.engine.delete_key(&AccountRef::parse("house/two").unwrap()).await.unwrap();
    assert_eq!(accounts(&bench.ask("m@house").await), ["one"]);
    bench.engine.delete_key(&AccountRef::parse("house/one").unwrap()).await.unwrap();
    assert_eq!(accounts(&bench.ask("m@house").await), ["none"], "an address of the user's own may be open");
    assert_eq!(bench.arrived(), ["one", "two", "one", "none"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_has_a_test_of_its_own() {
    let bench = Bench::new(&["good", "bad"], |seen| match label(seen).as_str() {
        "good" => Answer::json(200, &json!({ "data": [{ "id": "m" }] })),
        _ => refusal(401, "invalid_api_key"),
    })
    .await;
    let house = ProviderId::from("house");
    let result = |label: Option<&'static str>| {
        let (engine, house) = (bench.engine.clone(), house.clone());
        async move {
            let label = label.map(domain::AccountLabel::from);
            serde_json::to_value(engine.test_provider(&house, label.as_ref()).await.unwrap().result).unwrap()
        }
    };
    assert_eq!(result(None).await, json!("valid"));
    assert_eq!(result(Some("bad")).await, json!("rejected"));
    let unknown = bench.engine.test_provider(&house, Some(&"nobody".into())).await.unwrap_err();
    assert_eq!(unknown.kind, ErrorKind::AuthMissing);
    let registry = bench.engine.registry();
    let kept: Vec<Value> = registry
        .provider(&house)
        .unwrap()
        .keys
        .iter()
        .map(|account| {
            serde_json::from_str::<Value>(account.test.as_deref().unwrap()).unwrap()["result"].clone()
        })
        .collect();
    assert_eq!(kept, [json!("valid"), json!("rejected")]);
}
