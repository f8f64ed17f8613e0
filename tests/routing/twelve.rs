//! Twelve providers of one model, each listening on a port of its own and counting who connects.

use domain::{
    AuthScheme, ContextPolicy, DataPolicy, DialectId, LaneTarget, ModelRef, Params, Policy, ProcessId,
    Provider, ProviderId, Quirks, RoutingPrefs,
};
use engine::{Ask, Clock as _, Engine, Listeners, Observer, Parts, RunResult, SystemClock};
use parallax_suite::support::replay::{Answer, Replay, Route, Step};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use store::Store;
use vault::Vault;

/// Served by all twelve in the catalogue.
pub(crate) const MODEL: &str = "openai/gpt-oss-120b";
/// Known not to train.
pub(crate) const CLEAN: &[&str] = &["groq", "cerebras", "deepinfra", "fireworks", "together"];
/// Known to train, perhaps.
pub(crate) const TRAINS: &[&str] = &["openrouter", "vercel", "huggingface", "novita"];
/// Nothing is known.
pub(crate) const UNKNOWN: &[&str] = &["bedrock", "databricks", "sambanova"];

pub(crate) struct Twelve {
    pub(crate) engine: Engine,
    servers: BTreeMap<&'static str, Replay>,
    folder: tempfile::TempDir,
}

/// An answer of two words.
fn answer(words: &str) -> Answer {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": words }, "finish_reason": null }] });
    let finish = json!({
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11 },
    });
    Answer::event_stream(format!("data: {delta}\n\ndata: {finish}\n\ndata: [DONE]\n\n"))
}

/// One of the ways to fail.
pub(crate) fn failing(way: usize) -> Route {
    let error = json!({ "error": { "message": "no", "type": "server_error" } });
    Route::answer(match way % 5 {
        0 => Answer::json(500, &error),
        1 => Answer::json(503, &error),
        2 => {
            Answer::json(429, &json!({ "error": { "message": "slow down", "type": "rate_limit_exceeded" } }))
                .header("retry-after", "60")
        }
        3 => Answer::event_stream("data: {\"choices\":[]}\n\n").step(Step::Reset),
        _ => Answer::json(401, &json!({ "error": { "message": "bad key", "code": "invalid_api_key" } })),
    })
}

/// Takes the request and says nothing.
pub(crate) fn silent() -> Route {
    Route::answer(Answer::event_stream("").step(Step::Stall))
}

/// Hands on the one result of a turn.
struct Watch(Arc<Mutex<Option<RunResult>>>);

impl Observer for Watch {
    fn events(&mut self, _: u32, _: domain::RunId, _: &[domain::StreamEvent]) {}
    fn ended(&mut self, result: &RunResult) {
        *self.0.lock().unwrap() = Some(result.clone());
    }
}

async fn open(folder: &std::path::Path) -> Engine {
    let clock = Arc::new(SystemClock::new());
    let process = ProcessId::new(clock.id());
    let options = store::Options { process, now: clock.now(), version: "test" };
    transport::install_crypto();
    let parts = Parts {
        store: Store::open(folder, options).unwrap(),
        vault: Vault::memory(),
        transport: Arc::new(transport::Http::new(transport::ProxyChoice::None).unwrap()),
        clock,
        process,
        origin: "window",
    };
    Engine::assemble(parts).await.unwrap()
}

fn provider(id: &str, base_url: String) -> Provider {
    let trains = if CLEAN.contains(&id) {
        Some(false)
    } else if TRAINS.contains(&id) {
        Some(true)
    } else {
        None
    };
    Provider {
        id: ProviderId::from(id),
        name: id.to_owned(),
        dialect: DialectId::from("openai-chat"),
        base_url,
        account: Default::default(),
        auth: AuthScheme::None,
        quirks: Quirks::default(),
        models_path: None,
        key_check: None,
        data_policy: DataPolicy { trains, ..DataPolicy::default() },
        docs_url: None,
        keys_url: None,
        key_prefixes: Vec::new(),
        local: false,
        unverified: false,
        custom: true,
    }
}

impl Twelve {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = open(folder.path()).await;
        let mut servers = BTreeMap::new();
        for id in CLEAN.iter().chain(TRAINS).chain(UNKNOWN).copied() {
            let server = Replay::start(vec![Route::answer(answer(&format!("from {id}")))]);
            let row = provider(id, format!("{}/v1", server.url()));
            engine.store().write(move |tx| tx.put_provider(&row)).await.unwrap();
            servers.insert(id, server);
        }
        assert_eq!(servers.len(), 12);
        let world = Self { engine, servers, folder };
        world.reload().await;
        world
    }

    /// What was written past the engine is read by it once a provider changes.
    async fn reload(&self) {
        self.engine.add_provider("unasked", "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
    }

    /// Closes the engine and opens it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.engine.store().clone().close();
        self.engine = open(self.folder.path()).await;
    }

    pub(crate) fn server(&self, id: &str) -> &Replay {
        &self.servers[id]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &'static str> {
        self.servers.keys().copied()
    }

    pub(crate) async fn policy(&self, id: &str, prefs: RoutingPrefs) {
        let policy =
            Policy { id: id.to_owned(), name: id.to_owned(), about: String::new(), built_in: false, prefs };
        self.engine.put_policy(policy).await.unwrap();
    }

    pub(crate) async fn ask(&self, model: &str, policy: Option<&str>) -> RunResult {
        let target = LaneTarget {
            model: ModelRef::parse(model).unwrap(),
            system: None,
            params: Params::default(),
            policy: policy.map(str::to_owned),
        };
        let ask = Ask {
            conversation: None,
            line_up: vec![target],
            prompt: "Hi".to_owned(),
            context: ContextPolicy::Own,
        };
        let result = Arc::default();
        let observer: Box<dyn Observer> = Box::new(Watch(Arc::clone(&result)));
        let listeners = Listeners { sink: None, observer: Some(observer) };
        let started = self.engine.start_turn(ask, listeners).await.unwrap();
        tokio::time::timeout(Duration::from_secs(60), started.done).await.unwrap().unwrap();
        result.lock().unwrap().take().unwrap()
    }
}
