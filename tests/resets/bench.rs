//! Recorded streams, cut off after any number of bytes, through the whole engine with a scripted transport
//! and a database in memory. Two providers serve the model: the first breaks off, the second would answer.

use domain::{
    AuthScheme, BlockKind, ContextPolicy, DataPolicy, DialectId, ErrorKind, Failure, LaneTarget, ModelRef,
    Params, Policy, ProcessId, Provider, ProviderId, Quirks, RoutingPrefs, RunState, Timestamp,
};
use engine::{Ask, Clock as _, DraftBlock, Engine, Listeners, Observer, Parts, RunResult, SystemClock};
use futures_util::future::join_all;
use parallax_suite::support::recording::{Recording, repository};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use store::Store;
use transport::scripted::{Script, Scripted, Step};
use vault::Vault;

const MODEL: &str = "openai/gpt-oss-120b";
/// Both serve the model in the catalogue.
const TWO: [&str; 2] = ["groq", "cerebras"];
/// Turns at once.
const ABREAST: usize = 16;

/// A stream that was recorded.
pub(crate) struct Stream {
    pub(crate) id: String,
    pub(crate) dialect: &'static str,
    pub(crate) body: Vec<u8>,
    headers: Vec<(String, String)>,
}

/// The first `count` streams of the repository that end well, by name.
pub(crate) fn streams(count: usize) -> Vec<Stream> {
    let folders = ["registry", "documented"];
    let all = folders
        .iter()
        .flat_map(|folder| Recording::folder(&repository().join("tests/recordings").join(folder)));
    let mut streams: Vec<Stream> = all
        .filter(|recording| recording.status() == 200 && recording.id().contains("__stream__"))
        .filter_map(|recording| {
            let dialect = match recording.text("/wire") {
                "google-generate" => "gemini",
                "cohere-v2" => "cohere",
                "ollama-chat" => "ollama",
                other => other,
            };
            let dialect = wire::dialect(dialect)?.id();
            let body = recording.body();
            // Every offset of a very long one costs more than it teaches.
            (body.len() < 20_000).then(|| Stream {
                id: recording.id().to_owned(),
                dialect,
                body,
                headers: recording.headers(),
            })
        })
        .collect();
    streams.sort_by(|a, b| a.id.cmp(&b.id));
    streams.truncate(count);
    streams
}

impl Stream {
    fn script(&self, bytes: usize, end: Option<Failure>) -> Script {
        let script =
            self.headers.iter().fold(Script::status(200), |script, (name, value)| script.header(name, value));
        let script = script.send(self.body[..bytes].to_vec());
        match end {
            Some(failure) => script.step(Step::Fail(failure)),
            None => script,
        }
    }
}

/// What came of one cut.
pub(crate) struct Cut {
    pub(crate) offset: usize,
    pub(crate) result: RunResult,
    /// Text as the observer saw it, after it was committed.
    pub(crate) shown: String,
    /// Text as it is stored.
    pub(crate) stored: String,
}

struct Watch(Arc<Mutex<(String, Option<RunResult>)>>);

impl Observer for Watch {
    fn events(&mut self, _: u32, _: domain::RunId, events: &[domain::StreamEvent]) {
        let mut seen = self.0.lock().unwrap();
        for event in events {
            if let domain::StreamEvent::BlockDelta { text, .. } = event {
                seen.0.push_str(text);
            }
        }
    }
    fn ended(&mut self, result: &RunResult) {
        self.0.lock().unwrap().1 = Some(result.clone());
    }
}

/// An engine whose two providers speak one dialect.
pub(crate) struct Bench {
    engine: Engine,
    scripted: Scripted,
}

impl Bench {
    /// `continue_once`: what breaks off is gone on with at the other provider, without asking.
    pub(crate) async fn new(dialect: &str, continue_once: bool) -> Self {
        let clock = Arc::new(SystemClock::new());
        let process = ProcessId::new(clock.id());
        let scripted = Scripted::new();
        let parts = Parts {
            store: Store::in_memory(store::Options { process, now: clock.now(), version: "test" }).unwrap(),
            vault: Vault::memory(),
            transport: Arc::new(scripted.clone()),
            clock,
            process,
            origin: "window",
        };
        let engine = Engine::assemble(parts).await.unwrap();
        for id in TWO {
            let row = provider(id, dialect);
            engine.store().write(move |tx| tx.put_provider(&row)).await.unwrap();
        }
        engine.add_provider("unasked", "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
        let both: Vec<String> = TWO.iter().map(|id| (*id).to_owned()).collect();
        let prefs = RoutingPrefs {
            order: both.clone(),
            only: Some(both),
            continue_once: Some(continue_once),
            ..RoutingPrefs::default()
        };
        let policy =
            Policy { id: "two".into(), name: "Two".into(), about: String::new(), built_in: false, prefs };
        engine.put_policy(policy).await.unwrap();
        Self { engine, scripted }
    }

    /// The stream as a whole; `None` = it does not end well.
    pub(crate) async fn whole(&self, stream: &Stream) -> Option<RunResult> {
        let cut = self.ask(stream, stream.body.len(), None).await;
        (cut.result.state == RunState::Done && cut.result.attempts.len() == 1).then_some(cut.result)
    }

    /// Cuts the stream off at each of these offsets.
    pub(crate) async fn cuts(&self, stream: &Stream, offsets: &[usize]) -> Vec<Cut> {
        let mut cuts = Vec::new();
        for few in offsets.chunks(ABREAST) {
            let reset = || Failure::new(ErrorKind::StreamTruncated, "The connection was reset.");
            cuts.extend(join_all(few.iter().map(|offset| self.ask(stream, *offset, Some(reset())))).await);
        }
        cuts
    }

    async fn ask(&self, stream: &Stream, offset: usize, end: Option<Failure>) -> Cut {
        let prompt = format!("off-{offset}-of-{}", stream.id);
        self.scripted.push_for(&prompt, stream.script(offset, end));
        self.scripted.push_for(&prompt, stream.script(stream.body.len(), None));
        let target = LaneTarget {
            model: ModelRef::parse(MODEL).unwrap(),
            system: None,
            params: Params::default(),
            policy: Some("two".to_owned()),
        };
        let ask = Ask {
            conversation: None,
            line_up: vec![target],
            prompt: prompt.clone(),
            context: ContextPolicy::Own,
            policy: None,
        };
        let seen = Arc::default();
        let observer: Box<dyn Observer> = Box::new(Watch(Arc::clone(&seen)));
        let listeners = Listeners { sink: None, observer: Some(observer) };
        let started = self.engine.start_turn(ask, listeners).await.unwrap();
        tokio::time::timeout(Duration::from_secs(30), started.done).await.unwrap().unwrap();
        let (shown, result) = std::mem::take(&mut *seen.lock().unwrap());
        let result = result.unwrap();
        let stored = self.engine.text(result.run).await.unwrap();
        // What was not needed is not left for another turn.
        self.scripted.forget(&prompt);
        Cut { offset, result, shown, stored }
    }

    /// No hold is left, every attempt is in the ledger, and its chain is whole.
    pub(crate) async fn books(&self, attempts: usize) {
        let (entries, holds, whole) = self
            .engine
            .store()
            .read(|tx| Ok((tx.entries(Timestamp(0), Timestamp(i64::MAX))?, tx.holds()?, tx.verify_chain()?)))
            .await
            .unwrap();
        assert_eq!(entries.len(), attempts, "every attempt is in the ledger once");
        assert!(holds.is_empty(), "{} holds are left", holds.len());
        assert!(whole, "the chain is broken");
    }
}

/// What must hold of a cut, given the whole answer. Returns the number of attempts.
pub(crate) fn check(stream: &Stream, whole: &RunResult, cut: &Cut) -> usize {
    let at = format!("{} cut after {} of {} bytes", stream.id, cut.offset, stream.body.len());
    let result = &cut.result;
    let (all, text) = (whole.draft.text(), result.draft.text());
    if seams(result) == 0 {
        assert!(all.starts_with(&text), "{at}: {text:?} is no beginning of {all:?}");
        assert!(whole.draft.reasoning().starts_with(&result.draft.reasoning()), "{at}: other reasoning");
    }
    let generated = result.draft.generated();
    assert!(generated.starts_with(&cut.shown) || cut.shown == generated, "{at}: shown {:?}", cut.shown);
    assert_eq!(cut.shown, generated, "{at}: what was shown is what there is");
    let refused = result.draft.refusal().unwrap_or_default();
    assert_eq!(cut.stored.len(), text.len() + refused.len(), "{at}: what was shown is stored");
    match result.state {
        RunState::Done if seams(result) > 0 => behind_a_seam(whole, result, &at),
        RunState::Done => {
            assert_eq!(text, all, "{at}: called whole and is not");
            assert!(result.failure.is_none(), "{at}");
            let first = &result.attempts[0];
            if result.attempts.len() == 2 {
                assert_eq!(first.first_content, None, "{at}: tried again after something was shown");
            }
        }
        RunState::Failed => {
            let failure = result.failure.as_ref().unwrap();
            assert!(!failure.message.is_empty(), "{at}: silent");
            assert_eq!(seams(result), 0, "{at}: a seam towards nothing");
            assert_eq!(result.attempts.len(), 1, "{at}: after content nobody else is asked by itself");
            assert!(result.draft.has_content(), "{at}: failed before the first content with another left");
        }
        other => panic!("{at}: {other:?}"),
    }
    result.attempts.len()
}

/// Places where the other provider went on.
pub(crate) fn seams(result: &RunResult) -> usize {
    result.draft.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Seam(_))).count()
}

/// One seam; before it a beginning, after it the end of the same answer, which the other provider gave whole.
fn behind_a_seam(whole: &RunResult, result: &RunResult, at: &str) {
    assert_eq!((seams(result), result.attempts.len()), (1, 2), "{at}");
    let pieces = result.draft.blocks.split(|block| matches!(block.kind, BlockKind::Seam(_)));
    let text = |blocks: &[DraftBlock]| -> String {
        blocks.iter().filter(|b| b.kind == BlockKind::Text).map(|b| b.text.as_str()).collect()
    };
    let pieces: Vec<String> = pieces.map(text).collect();
    let [before, after] = &pieces[..] else { panic!("{at}: {pieces:?}") };
    let all = whole.draft.text();
    assert!(all.starts_with(before), "{at}: {before:?} is no beginning");
    assert!(all.ends_with(after), "{at}: {after:?} is no end");
    let repeated = all.len() - after.len();
    assert!(repeated == 0 || before.ends_with(&all[..repeated]), "{at}: {repeated} bytes are lost");
    let calls = result.draft.blocks.iter().any(|block| matches!(block.kind, BlockKind::ToolCall { .. }));
    let first = &result.attempts[0];
    assert!(first.first_content.is_some(), "{at}: a seam after nothing");
    assert!(!calls || whole.draft.tool_calls().count() > 0, "{at}");
    assert!(result.failure.is_none(), "{at}");
}

fn provider(id: &str, dialect: &str) -> Provider {
    Provider {
        id: ProviderId::from(id),
        name: id.to_owned(),
        dialect: DialectId::from(dialect),
        base_url: format!("http://{id}.localhost:9"),
        account: Default::default(),
        auth: AuthScheme::None,
        quirks: Quirks::default(),
        models_path: None,
        key_check: None,
        data_policy: DataPolicy::default(),
        docs_url: None,
        keys_url: None,
        key_prefixes: Vec::new(),
        local: false,
        unverified: false,
        custom: true,
    }
}
