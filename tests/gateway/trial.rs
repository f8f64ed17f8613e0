//! One gateway's cells: every fault from every client's protocol to every kind of provider, asked for as a stream.

use crate::{
    judged::{CLIENTS, Verdict, judge, request},
    matrix::{Case, FAULTS},
    others::{Gateway, PATIENCE},
    script::{self, Event, Script},
};
use parallax_suite::support::replay::{Answer, Replay, Route, Seen, Step};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use wire::serve::Protocol;

/// The matrix, by the names of the suite.
pub(crate) const FOURTEEN: [&str; 14] = [
    "plain",
    "line ends CRLF",
    "comments, blank lines",
    BYTES,
    "byte order mark",
    "data over several lines",
    "missing end mark",
    "one bad event",
    THINKING,
    "unknown fields and events",
    "200 with an error first",
    "error in the middle",
    "connection closed inside an event",
    "429 with Retry-After",
];
/// What the suite has beside; whether a gateway asks again is its user's choice, so that is not among them.
pub(crate) const MORE: [&str; 7] = [
    "line ends CR",
    "no line end at the end",
    "wrong label",
    "200 with an error as JSON",
    "ends early",
    "connection reset inside an event",
    "closed behind the end mark",
];
const BYTES: &str = "one byte a packet";
const THINKING: &str = "thoughts before the words";
const COUNTS: &str = "counts of the plain answer are the provider's";
const LEAVES: &str = "client hangs up: the provider's connection closes within 1 s";
const THOUGHTS: [&str; 2] = ["Let me ", "think."];

/// Names of the rows, in order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FOURTEEN.into_iter().chain(MORE).chain([COUNTS, LEAVES])
}

/// A kind of provider.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    dialect: &'static str,
    /// What the path of a request for it has.
    path: &'static [&'static str],
}

impl Kind {
    fn is_asked(self, seen: &Seen) -> bool {
        self.path.iter().all(|part| seen.path.contains(part))
    }
}

const UPSTREAMS: [Kind; 3] = [
    Kind { name: "chat", dialect: "openai-chat", path: &["/chat/completions"] },
    Kind { name: "messages", dialect: "anthropic-messages", path: &["/messages"] },
    // Asked without the last it answers with one document.
    Kind { name: "gemini", dialect: "gemini", path: &[":streamGenerateContent", "alt=sse"] },
];
/// Bytes that an answer is sent by, and the time between them.
const PACE: ([usize; 1], Duration) = ([64], Duration::from_millis(3));
/// Between the last of them and a connection that breaks: what was said has come through by then.
const LINGER: Duration = Duration::from_millis(200);
/// After a client hung up, the provider goes on so often and so long.
const ON: (u32, Duration) = (80, Duration::from_millis(50));
const AT_ONCE: Duration = Duration::from_secs(1);

/// What came of one gateway.
pub(crate) struct Column {
    pub name: &'static str,
    /// A row a fault: what is wrong with each of its cells, in a few words.
    pub rows: Vec<Vec<Result<(), &'static str>>>,
    /// Cells that can be asked.
    pub asked: usize,
    /// Those that cannot, and why.
    pub unasked: Vec<String>,
    /// What exactly is wrong.
    pub wrong: Vec<String>,
}

impl Column {
    pub(crate) fn absent(name: &'static str) -> Self {
        let unasked = vec!["not installed here, or it did not start".to_owned()];
        Self { name, rows: Vec::new(), asked: 0, unasked, wrong: Vec::new() }
    }

    /// One row in words.
    pub(crate) fn cell(&self, row: usize) -> String {
        let Some(cells) = self.rows.get(row) else { return "—".to_owned() };
        let mut wrong: BTreeMap<&str, usize> = BTreeMap::new();
        cells.iter().filter_map(|cell| cell.err()).for_each(|what| *wrong.entry(what).or_default() += 1);
        let passed = cells.iter().filter(|cell| cell.is_ok()).count();
        let told: Vec<String> = wrong.iter().map(|(what, times)| format!("{times} {what}")).collect();
        let told = if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) };
        format!("{passed} of {}{told}", cells.len())
    }

    /// Cells passed in these rows.
    pub(crate) fn sum(&self, rows: Range<usize>) -> String {
        if self.rows.is_empty() {
            return "—".to_owned();
        }
        let rows = self.rows.iter().skip(rows.start).take(rows.len());
        let cells: Vec<_> = rows.flatten().collect();
        let passed = cells.iter().filter(|cell| cell.is_ok()).count();
        format!("**{passed} of {}**", cells.len())
    }
}

/// A client's protocol and a kind of provider that the gateway can bring together.
struct Pair<'a> {
    client: Protocol,
    kind: Kind,
    script: &'a Script,
    way: &'a crate::others::Way,
}

impl Pair<'_> {
    fn name(&self) -> String {
        let client = match self.client {
            Protocol::OpenAiResponses => "Responses",
            Protocol::AnthropicMessages => "Messages",
            _ => "Chat",
        };
        format!("{client} → {}", self.kind.name)
    }

    /// The question of a cell, which the provider knows it by, and the request that puts it.
    fn request(&self, gateway: &Gateway, fault: &str) -> (String, Vec<u8>) {
        let question = format!("case {:?} {} {fault}.", self.client, self.kind.name);
        let (path, body) = request(self.client, &self.way.model, &question, true);
        (question, gateway.request(self.way, path, &body))
    }

    /// Each answer once and the last for ever, so that a gateway that asks again finds what it found before.
    fn route(&self, question: &str, answers: Vec<Answer>) -> Route {
        let asked = AtomicUsize::new(0);
        let last = answers.len() - 1;
        let kind = self.kind;
        Route::with(move |_| answers[asked.fetch_add(1, Ordering::SeqCst).min(last)].clone())
            .body(question)
            .when(move |seen| kind.is_asked(seen))
    }
}

/// Puts every cell to the gateway, one after the other.
pub(crate) async fn run(gateway: &Gateway, upstream: &Replay) -> Column {
    let scripts = script::all();
    let (mut pairs, mut unasked) = (Vec::new(), Vec::new());
    for (place, kind) in UPSTREAMS.into_iter().enumerate() {
        let script = scripts.iter().find(|script| script.dialect == kind.dialect).unwrap();
        let way = match &gateway.ways[place] {
            Ok(way) => way,
            Err(why) => {
                unasked.push(format!("→ {}: {why}", kind.name));
                continue;
            }
        };
        for client in CLIENTS {
            let pair = Pair { client, kind, script, way };
            match reached(gateway, upstream, &pair).await {
                Ok(()) => pairs.push(pair),
                Err(why) => unasked.push(format!("{}: {why}", pair.name())),
            }
        }
    }
    let mut column = Column { unasked, asked: pairs.len(), ..Column::absent(gateway.name) };
    for name in names() {
        let mut row = Vec::new();
        for pair in &pairs {
            let wrong = match name {
                LEAVES => leaves(gateway, upstream, pair).await,
                COUNTS => counts(gateway, upstream, pair).await,
                _ => cell(gateway, upstream, pair, name).await,
            };
            row.push(wrong.as_ref().map_err(|(what, _)| *what).copied());
            if let Err((what, found)) = wrong {
                column.wrong.push(format!("{}: {name}: {}: {what}: {found}", gateway.name, pair.name()));
            }
        }
        column.rows.push(row);
    }
    column
}

/// Whether the gateway comes to the provider on this way at all.
async fn reached(gateway: &Gateway, upstream: &Replay, pair: &Pair<'_>) -> Result<(), String> {
    let before = upstream.seen().len();
    let (question, request) = pair.request(gateway, "first");
    upstream.first(pair.route(&question, case(pair.script, "plain").answers));
    let reply = gateway.ask(&request).await;
    let seen = upstream.seen().split_off(before);
    if seen.iter().any(|seen| pair.kind.is_asked(seen)) {
        return Ok(());
    }
    if let Some(other) = seen.first() {
        // A key may stand in the rest.
        let path = other.path.split('?').next().unwrap_or_default();
        return Err(format!("asks {path}, not …{}", pair.kind.path.concat()));
    }
    let Some(reply) = reply else { return Err("no end".to_owned()) };
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let said = [&body["message"], &body["error"]["message"], &body["error"]];
    let said = said.into_iter().find_map(Value::as_str).unwrap_or_default();
    Err(format!("{} {}", reply.status, said.replace('|', "/")))
}

/// In a few words, and what was found.
type Wrong = (&'static str, String);

/// What the provider sends in one row.
fn case(script: &Script, fault: &str) -> Case {
    let thoughtful;
    let (script, fault) = match fault {
        THINKING => {
            thoughtful = with_thoughts(script);
            (&thoughtful, "plain")
        }
        _ => (script, fault),
    };
    let (_, make) = FAULTS.iter().find(|(name, _)| *name == fault).unwrap();
    make(script).unwrap()
}

/// Puts one question, and what the judge says of the reply, with the reply itself.
async fn asked(
    gateway: &Gateway,
    upstream: &Replay,
    pair: &Pair<'_>,
    fault: &str,
) -> Result<(Verdict, String), Wrong> {
    let (question, request) = pair.request(gateway, fault);
    let name = if fault == COUNTS { "plain" } else { fault };
    let case = case(pair.script, name);
    let mut answers = case.answers.clone();
    if fault != BYTES {
        // As a provider writes: what was said is on its way before the rest fails.
        answers = answers.into_iter().map(|answer| answer.cut(&PACE.0, PACE.1).linger(LINGER)).collect();
    }
    upstream.first(pair.route(&question, answers));
    let reply = gateway.ask(&request).await;
    let Some(reply) = reply else { return Err(("never ended", format!("{PATIENCE:?}"))) };
    let verdict = judge(pair.client, &case, &reply, true);
    Ok((verdict, format!("{} {}", reply.status, reply.text())))
}

async fn cell(gateway: &Gateway, upstream: &Replay, pair: &Pair<'_>, fault: &str) -> Result<(), Wrong> {
    let (verdict, reply) = asked(gateway, upstream, pair, fault).await?;
    if let Some((what, found)) = verdict.wrong.first() {
        return Err((what, format!("{found}; {reply}")));
    }
    // Of the others it is enough that a client can tell.
    if let Some(found) = verdict.rough.filter(|_| gateway.is_ours()) {
        return Err(("gave no proper error", format!("{found}; {reply}")));
    }
    if fault == THINKING && verdict.thoughts != THOUGHTS.concat() {
        return Err(("lost the thoughts", format!("“{}”; {reply}", verdict.thoughts)));
    }
    Ok(())
}

async fn counts(gateway: &Gateway, upstream: &Replay, pair: &Pair<'_>) -> Result<(), Wrong> {
    let (verdict, reply) = asked(gateway, upstream, pair, COUNTS).await?;
    if let Some((what, found)) = verdict.wrong.first() {
        return Err((what, format!("{found}; {reply}")));
    }
    verdict.counts.map_or(Ok(()), |counts| Err(("counted otherwise", format!("{counts}; {reply}"))))
}

/// The client hangs up in the middle of an answer that goes on.
async fn leaves(gateway: &Gateway, upstream: &Replay, pair: &Pair<'_>) -> Result<(), Wrong> {
    let script = pair.script;
    let (question, request) = pair.request(gateway, "leaves");
    let mut answer = Answer::status(200).header("content-type", script.content_type());
    answer = answer.send(script.packed(&script.head));
    for (_, word) in (0..ON.0).zip(script.words.iter().cycle()) {
        answer = answer.send(script.pack(word)).step(Step::Wait(ON.1));
    }
    let rest = [&script.end, std::slice::from_ref(&script.mark)].map(|events| script.packed(events));
    upstream.first(pair.route(&question, vec![answer.send(rest.concat())]));
    let before = upstream.left_early();
    if !gateway.ask_until(&request, script::WORDS[1]).await {
        return Err(("never said a word", String::new()));
    }
    let left = Instant::now();
    while upstream.left_early() == before {
        if left.elapsed() > AT_ONCE {
            // What comes of it now is nobody else's.
            tokio::time::sleep(ON.1 * ON.0).await;
            return Err(("ran on", format!("{AT_ONCE:?}")));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// The same answer behind some thoughts, as each dialect tells them.
fn with_thoughts(script: &Script) -> Script {
    let mut script = script.clone();
    let like = script.words[0].clone();
    let with = |path: &str, value: Value| {
        let mut data: Value = serde_json::from_str(&like.data).unwrap();
        *data.pointer_mut(path).unwrap() = value;
        Event { data: data.to_string(), ..like.clone() }
    };
    match script.dialect {
        "openai-chat" => {
            let delta = |text: &str| with("/choices/0/delta", json!({ "reasoning_content": text }));
            script.head.extend(THOUGHTS.map(delta));
        }
        "gemini" => {
            let part =
                |text: &str| with("/candidates/0/content/parts/0", json!({ "text": text, "thought": true }));
            script.head.extend(THOUGHTS.map(part));
        }
        _ => {
            let typed =
                |name: &'static str, data: Value| Event { name, data: data.to_string(), exception: false };
            let delta = |delta: Value| with("/delta", delta);
            let mut thinking = vec![typed(
                "content_block_start",
                json!({ "type": "content_block_start", "index": 0,
                        "content_block": { "type": "thinking", "thinking": "", "signature": "" } }),
            )];
            thinking
                .extend(THOUGHTS.map(|text| delta(json!({ "type": "thinking_delta", "thinking": text }))));
            thinking.push(delta(json!({ "type": "signature_delta", "signature": "c2lnbmVk" })));
            thinking.push(typed("content_block_stop", json!({ "type": "content_block_stop", "index": 0 })));
            // The text is the second block now.
            for event in script.head.iter_mut().chain(&mut script.words).chain(&mut script.end) {
                event.data = event.data.replace("\"index\":0", "\"index\":1");
            }
            script.head.splice(1..1, thinking);
        }
    }
    script
}
