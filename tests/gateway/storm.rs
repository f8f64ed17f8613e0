//! A storm of requests of no sense over some connections, and the judge over what comes: each gets an answer, none of
//! them is a failure of ours, and nothing panics. The provider behind answers everything that it can read, so every
//! 5xx and every broken answer is ours.

use crate::{
    bench::Bench,
    nonsense::{Due, Kind, Made, Maker},
    provider,
};
use domain::{Budget, Meter, ModelRef, Period, PicoUsd};
use engine::{AppKeyChange, NewAppKey, UserPrice};
use parallax_suite::support::replay::{Answer, Route};
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Connections at once.
const LINES: usize = 32;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// A pause of the whole process, and not of the machine's other work, is at least so long.
const STOOD: Duration = Duration::from_secs(3);

/// What came of one kind of request: by status, 0 where the connection was closed without one.
#[derive(Default)]
pub(crate) struct Found {
    pub statuses: BTreeMap<(Kind, u16), u64>,
    /// Of those of a kind, how many were sent to a provider.
    pub sent_on: BTreeMap<Kind, u64>,
    /// Requests sent again, since the process had stood still meanwhile.
    pub again: u64,
}

/// How far it is, and whether it is to end before all are done.
#[derive(Default)]
pub(crate) struct Progress {
    pub done: AtomicU64,
    pub enough: AtomicBool,
}

/// What all connections share.
struct Storm {
    maker: Maker,
    address: std::net::SocketAddr,
    next: AtomicU64,
    end: u64,
    progress: Arc<Progress>,
    watch: Arc<Watch>,
}

/// Something panicked, in whichever thread or task of this process.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Notices panics, and when the whole process stood still.
struct Watch {
    begun: Instant,
    stood_until: AtomicU64,
    over: AtomicBool,
}

impl Watch {
    fn start() -> Arc<Self> {
        let watch = Arc::new(Self {
            begun: Instant::now(),
            stood_until: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICKED.store(true, Ordering::SeqCst);
            usual(panic);
        }));
        let watches = Arc::clone(&watch);
        std::thread::spawn(move || {
            while !watches.over.load(Ordering::SeqCst) {
                let before = watches.begun.elapsed();
                std::thread::sleep(Duration::from_millis(100));
                let now = watches.begun.elapsed();
                if now - before > STOOD {
                    watches.stood_until.store(millis(now), Ordering::SeqCst);
                }
            }
        });
        watch
    }

    /// Was the process stopped after this time, or shortly before? Whom we waited for meanwhile is given some time
    /// to be trusted again.
    fn stood_since(&self, time: Duration) -> bool {
        let until = self.stood_until.load(Ordering::SeqCst);
        until > 0 && until + 60_000 > millis(time)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A provider that speaks every protocol and forgets what it was asked, keys of several kinds, prices, and a budget
/// that holds even what asks for more tokens than there are.
pub(crate) async fn bench() -> (Bench, Vec<String>) {
    let vectors = json!({ "object": "list", "model": "m-1", "usage": { "prompt_tokens": 8, "total_tokens": 8 },
        "data": [{ "object": "embedding", "index": 0, "embedding": [0.25, -0.5] }] });
    let bench = Bench::new(vec![
        Route::answer(Answer::json(200, &vectors)).path("/v1/embeddings"),
        Route::with(provider::answer),
    ])
    .await;
    bench.upstream.forget();
    for model in ["m@chat", "m@responses", "m@messages", "m@gemini"] {
        let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "2".to_owned())).into_iter().collect();
        let price = UserPrice { rates, foreign: None };
        bench.engine.set_price(&ModelRef::parse(model).unwrap(), &price).await.unwrap();
    }
    let limit = PicoUsd::from_dollars("1000000").unwrap();
    let (scope, period) = ("app:editor".parse().unwrap(), Period::Day);
    let budget = Budget { scope, period, limit, hard: true, warn: Vec::new(), unknown_price: None };
    bench.engine.set_budget(budget).await.unwrap();
    let mut keys = vec![bench.key.clone()];
    let cached = AppKeyChange { cache: Some(true), ..AppKeyChange::default() };
    let narrow = AppKeyChange { models: Some(vec!["openai/*".to_owned()]), ..AppKeyChange::default() };
    let hurried = AppKeyChange { tokens_per_minute: Some(Some(100_000)), ..AppKeyChange::default() };
    for (name, change) in [("cached", cached), ("narrow", narrow), ("hurried", hurried)] {
        let new = NewAppKey { name: name.to_owned(), change };
        keys.push(bench.engine.create_app_key(new).await.unwrap().1.expose().to_owned());
    }
    (bench, keys)
}

/// A connection that is kept, and what was read of it beyond the last answer.
struct Line {
    stream: TcpStream,
    rest: Vec<u8>,
}

/// A response.
struct Got {
    status: u16,
    kind: String,
    body: Vec<u8>,
    goes_on: bool,
    /// It was sent to a provider.
    sent_on: bool,
}

impl Line {
    async fn new(address: std::net::SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, rest: Vec::new() }
    }

    async fn fill(&mut self) -> Option<()> {
        (self.stream.read_buf(&mut self.rest).await.ok()? > 0).then_some(())
    }

    /// Bytes up to and with `mark`.
    async fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.rest.windows(mark.len()).position(|piece| piece == mark) {
                return Some(self.rest.drain(..at + mark.len()).collect());
            }
            self.fill().await?;
        }
    }

    /// Reads `count` bytes.
    async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.rest.len() < count {
            self.fill().await?;
        }
        Some(self.rest.drain(..count).collect())
    }

    /// Writes a request in its pieces. It may be refused before all of it is read.
    async fn send(&mut self, made: &Made) {
        for piece in made.bytes.chunks(made.bytes.len().div_ceil(made.pieces).max(1)) {
            if self.stream.write_all(piece).await.is_err() {
                return;
            }
            if made.pieces > 1 {
                tokio::task::yield_now().await;
            }
        }
        if made.due == Due::Silence {
            // It may be closed from the other side already.
            let _ = self.stream.shutdown().await;
        }
    }

    /// Reads an answer; `None` = the connection ended before it was whole.
    async fn answer(&mut self, bare: bool) -> Option<Got> {
        loop {
            let head = String::from_utf8_lossy(&self.until(b"\r\n\r\n").await?).to_lowercase();
            let status = head.split(' ').nth(1)?.parse().ok()?;
            if status == 100 {
                continue;
            }
            let value = |name: &str| {
                head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::trim))
            };
            let mut body = Vec::new();
            if bare {
                // Its length is that of the body it would have.
            } else if value("transfer-encoding") == Some("chunked") {
                loop {
                    let line = self.until(b"\r\n").await?;
                    let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
                    let chunk = self.take(size + 2).await?;
                    if size == 0 {
                        break;
                    }
                    body.extend_from_slice(&chunk[..size]);
                }
            } else if let Some(length) = value("content-length") {
                body = self.take(length.parse().ok()?).await?;
            }
            return Some(Got {
                status,
                kind: value("content-type").unwrap_or_default().to_owned(),
                body,
                goes_on: value("connection") != Some("close"),
                // What is refused may have been stopped by a budget.
                sent_on: status == 200
                    && value("x-parallax-endpoint").is_some()
                    && value("x-parallax-cache").is_none(),
            });
        }
    }
}

/// What is wrong with an answer.
fn judge(got: &Got, bare: bool) -> Result<(), &'static str> {
    if !(200..500).contains(&got.status) {
        return Err("a status that is ours");
    }
    if bare {
        return Ok(());
    }
    if got.status >= 400 {
        // What is no HTTP is refused before it is known in which protocol.
        let said = serde_json::from_slice::<Value>(&got.body).is_ok_and(|body| body["error"].is_object());
        return if got.body.is_empty() || said { Ok(()) } else { Err("no error that can be read") };
    }
    let text = std::str::from_utf8(&got.body).map_err(|_| "an answer that is no text")?;
    if !got.kind.starts_with("text/event-stream") {
        let whole = serde_json::from_str::<&RawValue>(text).is_ok();
        return if whole { Ok(()) } else { Err("an answer that is no JSON") };
    }
    for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
        if line != "[DONE]" && serde_json::from_str::<&RawValue>(line).is_err() {
            return Err("an event that is no JSON");
        }
    }
    let ends = ["data: [DONE]", "event: message_stop", "event: response.completed", "\"finishReason\""];
    let ends = ends.iter().any(|end| text.contains(end)) || text.contains("event: response.incomplete");
    if ends && !text.contains("\"error\":{") { Ok(()) } else { Err("a stream without its end") }
}

impl Storm {
    /// Sends one request and hears what comes; `Err` = what is wrong with it.
    async fn once(&self, line: &mut Line, made: &Made) -> Result<(u16, bool), String> {
        line.send(made).await;
        let (answers, must) = match made.due {
            Due::Answers(count) => (count, true),
            Due::Refusal | Due::Silence => (1, false),
            Due::Nothing { reads } => {
                if reads {
                    let _ = line.fill().await;
                } else {
                    let _ = line.stream.set_zero_linger();
                }
                *line = Line::new(self.address).await;
                return Ok((0, false));
            }
        };
        let mut last = (0, false);
        let mut goes_on = must;
        for number in 0..answers {
            let Some(got) = line.answer(made.bare).await else {
                if must && (number == 0 || goes_on) {
                    return Err("no answer".to_owned());
                }
                goes_on = false;
                break;
            };
            if let Err(why) = judge(&got, made.bare) {
                return Err(format!("{why}: {} {}", got.status, String::from_utf8_lossy(&got.body)));
            }
            last = (got.status, got.sent_on);
            goes_on &= got.goes_on;
        }
        if !goes_on {
            *line = Line::new(self.address).await;
        }
        Ok(last)
    }

    /// Works off requests until there are none left.
    async fn line(&self) -> Found {
        let mut found = Found::default();
        let mut line = Line::new(self.address).await;
        loop {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= self.end || self.progress.enough.load(Ordering::Relaxed) {
                return found;
            }
            let made = self.maker.make(number);
            loop {
                let before = self.watch.begun.elapsed();
                let heard = tokio::time::timeout(PATIENCE, self.once(&mut line, &made)).await;
                let heard = heard.unwrap_or_else(|_| Err("no answer in time".to_owned()));
                if PANICKED.load(Ordering::SeqCst) {
                    self.fail(number, &made, "something panicked during this request or one beside it");
                }
                match heard {
                    Ok((status, sent_on)) => {
                        *found.statuses.entry((made.kind, status)).or_default() += 1;
                        *found.sent_on.entry(made.kind).or_default() += u64::from(sent_on);
                        break;
                    }
                    Err(why) => {
                        // Whoever noticed that the process stood still may not have come to run yet.
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        if !self.watch.stood_since(before) {
                            self.fail(number, &made, &why);
                        }
                        found.again += 1;
                        line = Line::new(self.address).await;
                    }
                }
            }
            self.progress.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends everything, with what is needed to see it again.
    fn fail(&self, number: u64, made: &Made, why: &str) -> ! {
        let shown: String = String::from_utf8_lossy(&made.bytes).chars().take(20_000).collect();
        let next = self.next.load(Ordering::SeqCst);
        panic!(
            "request {number} ({:?}): {why}\nagain with PARALLAX_FUZZ_SEED={} PARALLAX_FUZZ_FROM={number} \
             PARALLAX_FUZZ_REQUESTS=1; the last one begun is {}\n{shown}",
            made.kind,
            self.maker.seed(),
            next.saturating_sub(1),
        );
    }
}

/// Waits until nothing is under way. Then nothing has panicked, the ledger's chain is whole and nothing held any more.
pub(crate) async fn settled(bench: &Bench) {
    bench.engine.relays_idle(Duration::from_secs(60)).await;
    let read = bench.engine.store().read(|tx| Ok((tx.verify_chain()?, tx.holds()?.len())));
    assert!(!PANICKED.load(Ordering::SeqCst), "something panicked behind the last answers");
    assert_eq!(read.await.unwrap(), (true, 0), "whether the chain is whole, and holds that are left");
}

/// The requests of these numbers.
pub(crate) async fn storm(
    bench: &Bench,
    keys: Vec<String>,
    seed: u64,
    numbers: std::ops::Range<u64>,
    progress: Arc<Progress>,
) -> Found {
    let storm = Storm {
        maker: Maker::new(seed, bench.address().to_string(), keys),
        address: bench.address(),
        next: AtomicU64::new(numbers.start),
        end: numbers.end,
        progress,
        watch: Watch::start(),
    };
    let mut all = Found::default();
    for found in futures_util::future::join_all((0..LINES).map(|_| storm.line())).await {
        found.statuses.into_iter().for_each(|(key, count)| *all.statuses.entry(key).or_default() += count);
        found.sent_on.into_iter().for_each(|(kind, count)| *all.sent_on.entry(kind).or_default() += count);
        all.again += found.again;
    }
    storm.watch.over.store(true, Ordering::SeqCst);
    all
}
