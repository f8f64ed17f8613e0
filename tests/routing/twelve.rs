//! Twelve providers of one model, each listening on a port of its own and counting who connects.

use domain::{
    AuthScheme, ContextPolicy, ConversationId, DataPolicy, DialectId, EndpointId, Failure, LaneTarget,
    ModelRef, Params, Part, Policy, ProcessId, Provider, ProviderId, Quirks, RoutingPrefs, RunId, Timestamp,
    TurnId,
};
use engine::{
    Ask, Clock as _, Engine, FrameSink, Listeners, Observer, Parts, RunResult, SystemClock,
    frame::{TurnFrame, TurnView},
};
use parallax_suite::support::replay::{Answer, Replay, Route, Step};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use store::Store;
use tokio::task::JoinHandle;
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

/// An answer of these words.
pub(crate) fn said(words: &str) -> Answer {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": words }, "finish_reason": null }] });
    let finish = json!({
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11 },
    });
    Answer::event_stream(format!("data: {delta}\n\ndata: {finish}\n\ndata: [DONE]\n\n"))
}

/// These words, and then the connection is reset.
pub(crate) fn broken(words: &str) -> Route {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": words }, "finish_reason": null }] });
    Route::answer(Answer::event_stream(format!("data: {delta}\n\n")).step(Step::Reset))
}

/// These words, and then one more every so often, so many in all; the connection is reset before the end.
pub(crate) fn pace(words: &str, more: usize, every: Duration) -> Answer {
    let delta = |words: &str| {
        let choice = json!({ "index": 0, "delta": { "content": words }, "finish_reason": null });
        format!("data: {}\n\n", json!({ "choices": [choice] })).into_bytes()
    };
    let first = Answer::event_stream(delta(words));
    let paced = (0..more).fold(first, |answer, n| {
        answer.step(Step::Wait(every)).step(Step::Send(delta(&format!("word {n} "))))
    });
    paced.step(Step::Reset)
}

/// Half a call of a tool, and then the connection is reset.
pub(crate) fn broken_call() -> Route {
    let call = json!({ "index": 0, "id": "call_1", "type": "function",
        "function": { "name": "look", "arguments": "{\"wo" } });
    let delta =
        json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [call] }, "finish_reason": null }] });
    Route::answer(Answer::event_stream(format!("data: {delta}\n\n")).step(Step::Reset))
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
    fn events(&mut self, _: u32, _: RunId, _: &[domain::StreamEvent]) {}
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
        models_path: Some("/models".to_owned()),
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
            let server = Replay::start(vec![Route::answer(said(&format!("from {id}")))]);
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

    /// Closing a connection ends the bill at these.
    pub(crate) async fn stops_billing(&self, ids: &[&str]) {
        for id in ids {
            let mut row = provider(id, format!("{}/v1", self.server(id).url()));
            row.quirks.cancel_stops_billing = Some(true);
            self.engine.store().write(move |tx| tx.put_provider(&row)).await.unwrap();
        }
        self.engine.add_provider("changed", "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
    }

    /// Closes the engine and opens it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.engine.store().clone().close();
        self.engine = open(self.folder.path()).await;
    }

    /// The machine after a crash, for which another copy of the folder stands: the tasks of this engine keep its
    /// lease in this process.
    pub(crate) async fn crashed(&self) -> (Engine, tempfile::TempDir) {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        (open(copy.path()).await, copy)
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

    pub(crate) fn target(&self, model: &str, policy: Option<&str>) -> LaneTarget {
        LaneTarget {
            model: ModelRef::parse(model).unwrap(),
            system: None,
            params: Params::default(),
            policy: policy.map(str::to_owned),
        }
    }

    /// Starts a turn as a window does; it ends with the handle.
    pub(crate) async fn start_turn(
        &self,
        conversation: Option<ConversationId>,
        line_up: &[LaneTarget],
        sink: Option<FrameSink>,
    ) -> (TurnId, JoinHandle<()>) {
        let ask = Ask {
            conversation,
            line_up: line_up.to_vec(),
            prompt: "Hi".to_owned(),
            context: ContextPolicy::Own,
            policy: None,
        };
        let started = self.engine.start_turn(ask, Listeners { sink, observer: None }).await.unwrap();
        (started.turn, started.done)
    }

    /// A turn of a new conversation, its view once it has ended, and every frame of it. The frames fold to
    /// the view.
    pub(crate) async fn watch(&self, line_up: &[LaneTarget]) -> (TurnView, Vec<TurnFrame>) {
        let frames: Arc<Mutex<Vec<TurnFrame>>> = Arc::default();
        let heard = Arc::clone(&frames);
        let sink: FrameSink = Box::new(move |frame| {
            heard.lock().unwrap().push(frame.clone());
            true
        });
        let (turn, done) = self.start_turn(None, line_up, Some(sink)).await;
        tokio::time::timeout(Duration::from_secs(60), done).await.unwrap().unwrap();
        let view = self.engine.snapshot(turn).await.unwrap();
        (view, std::mem::take(&mut *frames.lock().unwrap()))
    }

    /// Goes on with an answer; the turn as its frames left it.
    pub(crate) async fn go_on(&self, run: RunId, on: Option<EndpointId>) -> Result<TurnView, Failure> {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let sink: FrameSink = Box::new(move |frame: &TurnFrame| tell.send(frame.clone()).is_ok());
        let mut view = self.engine.continue_run(run, on, sink).await?;
        while view.live {
            let frame = tokio::time::timeout(Duration::from_secs(60), told.recv()).await.unwrap().unwrap();
            engine::apply_frame(&mut view, &frame);
        }
        Ok(view)
    }

    pub(crate) async fn conversation_of(&self, turn: TurnId) -> ConversationId {
        self.engine.store().read(move |tx| Ok(tx.turn(turn)?.unwrap().conversation)).await.unwrap()
    }

    /// Another turn of the same conversation.
    pub(crate) async fn follow_up(&self, turn: TurnId) -> TurnView {
        let conversation = self.conversation_of(turn).await;
        let (next, done) = self.start_turn(Some(conversation), &[], None).await;
        tokio::time::timeout(Duration::from_secs(60), done).await.unwrap().unwrap();
        self.engine.snapshot(next).await.unwrap()
    }

    /// An answer as it is stored.
    pub(crate) async fn parts(&self, run: RunId) -> Vec<Part> {
        self.engine
            .store()
            .read(move |tx| {
                let message = tx.run(run)?.unwrap().message;
                Ok(tx.content(&tx.message(message)?.unwrap().content)?.unwrap())
            })
            .await
            .unwrap()
    }

    /// So many attempts are in the ledger, no hold is left, and the chain is whole.
    pub(crate) async fn books(&self, attempts: usize) {
        let all = (Timestamp(0), Timestamp(i64::MAX));
        let (entries, holds, whole) = self
            .engine
            .store()
            .read(move |tx| Ok((tx.entries(all.0, all.1)?, tx.holds()?, tx.verify_chain()?)))
            .await
            .unwrap();
        assert_eq!((entries.len(), holds.len(), whole), (attempts, 0, true));
    }

    pub(crate) async fn ask(&self, model: &str, policy: Option<&str>) -> RunResult {
        let target = self.target(model, policy);
        let ask = Ask {
            conversation: None,
            line_up: vec![target],
            prompt: "Hi".to_owned(),
            context: ContextPolicy::Own,
            policy: None,
        };
        let result = Arc::default();
        let observer: Box<dyn Observer> = Box::new(Watch(Arc::clone(&result)));
        let listeners = Listeners { sink: None, observer: Some(observer) };
        let started = self.engine.start_turn(ask, listeners).await.unwrap();
        tokio::time::timeout(Duration::from_secs(60), started.done).await.unwrap().unwrap();
        result.lock().unwrap().take().unwrap()
    }
}
