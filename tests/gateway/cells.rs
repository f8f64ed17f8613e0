//! Every fault of the matrix through the gateway: three protocols in, three kinds of provider behind it.
//!
//! Nothing that broke may read as whole: before the first content a real status says so, after it the client's own
//! decoder finds an error; and what came before is there to the last word.

use crate::{
    bench::{Bench, Reply},
    matrix::{Case, FAULTS},
    script::{self, Script, WORDS},
};
use domain::{BlockKind, ErrorKind, FinishReason, Quirks, StreamEvent, Usage};
use parallax_suite::support::replay::Route;
use serde_json::{Value, json};
use wire::{Ending, Framing, serve::Protocol};

const CLIENTS: [Protocol; 3] = [Protocol::OpenAiChat, Protocol::OpenAiResponses, Protocol::AnthropicMessages];
/// Provider of the bench, its dialect, where it is asked.
const UPSTREAMS: [(&str, &str, &str); 3] = [
    ("chat", "openai-chat", "/v1/chat/completions"),
    ("messages", "anthropic-messages", "/v1/messages"),
    ("gemini", "gemini", "/v1beta/models"),
];

fn request(client: Protocol, provider: &str, name: &str, stream: bool) -> (&'static str, Value) {
    let model = format!("m@{provider}");
    let question = format!("case {name}.");
    let messages = json!([{ "role": "user", "content": question }]);
    match client {
        Protocol::OpenAiResponses => {
            ("/v1/responses", json!({ "model": model, "stream": stream, "input": question }))
        }
        Protocol::AnthropicMessages => (
            "/v1/messages",
            json!({ "model": model, "stream": stream, "max_tokens": 100, "messages": messages }),
        ),
        _ => (
            "/v1/chat/completions",
            json!({ "model": model, "stream": stream, "messages": messages,
                "stream_options": { "include_usage": true } }),
        ),
    }
}

/// What the client's own decoder makes of the reply.
struct Read {
    words: String,
    finish: Option<FinishReason>,
    usage: Usage,
    ending: Ending,
}

fn read(client: Protocol, framing: Framing, body: &[u8]) -> Read {
    let mut decoder = wire::dialect(client.dialect()).unwrap().decoder(framing, &Quirks::default());
    let mut events = Vec::new();
    decoder.push(body, &mut events);
    let ending = decoder.finish(&mut events);
    let mut read = Read { words: String::new(), finish: None, usage: Usage::default(), ending };
    let mut texts = Vec::new();
    for event in events {
        match event {
            StreamEvent::BlockOpen { block, kind: BlockKind::Text } => texts.push(block),
            StreamEvent::BlockDelta { block, text } if texts.contains(&block) => read.words.push_str(&text),
            StreamEvent::Finish { reason, .. } => read.finish = Some(reason),
            StreamEvent::Usage(usage) => read.usage = usage,
            _ => {}
        }
    }
    read
}

/// One cell: what is wrong with it.
async fn cell(
    bench: &Bench,
    client: Protocol,
    to: usize,
    script: &Script,
    fault: usize,
    stream: bool,
) -> Vec<String> {
    let (provider, dialect, path) = UPSTREAMS[to];
    let (fault_name, fault) = FAULTS[fault];
    let Some(case) = fault(script) else { return Vec::new() };
    // No way of asking makes a name that is a part of another's.
    let name = format!("{client:?} {provider} {stream} {fault_name}");
    for answer in case.answers.iter().rev() {
        let body = format!("case {name}.");
        bench.upstream.first(Route::answer(answer.clone()).path(path).body(&body).times(1));
    }
    let (path, body) = request(client, provider, &name, stream);
    let reply = bench.post(path, &body).await;
    let mut wrong = Vec::new();
    check(client, dialect, &case, &reply, stream, &mut wrong);
    wrong.iter().map(|what| format!("{name}: {what}; {} {}", reply.status, reply.text())).collect()
}

fn check(client: Protocol, dialect: &str, case: &Case, reply: &Reply, stream: bool, wrong: &mut Vec<String>) {
    let Some(kind) = case.kind else {
        if reply.status != 200 || !reply.whole {
            return wrong.push("is not whole".to_owned());
        }
        let read = read(client, if stream { Framing::Sse } else { Framing::Json }, &reply.body);
        if read.words != WORDS.concat() {
            wrong.push(format!("says “{}”", read.words));
        }
        if (read.ending != Ending::Complete) || read.finish != Some(FinishReason::Stop) {
            wrong.push(format!("ends as {:?} {:?}", read.ending, read.finish));
        }
        let counts = (read.usage.input.total, read.usage.output.total);
        if counts != (case.counts.input, case.counts.output) {
            wrong.push(format!("counts {counts:?}"));
        }
        return;
    };
    if case.words == 0 || !stream {
        // Nothing was said yet, so a status can still tell.
        if reply.status < 400 {
            return wrong.push("has no status of failure".to_owned());
        }
        if serde_json::from_slice::<Value>(&reply.body).is_ok_and(|body| body["error"].is_object()) {
            if kind == ErrorKind::LimitRate && case.refused {
                let wait = case.retry_after.map(|wait| (wait / 1_000).to_string());
                if reply.status != 429 || reply.header("retry-after") != wait.as_deref() {
                    wrong.push(format!("says to wait {:?}", reply.header("retry-after")));
                }
            }
        } else {
            wrong.push("has no error in the protocol's shape".to_owned());
        }
        return;
    }
    if reply.status != 200 {
        return wrong.push("lost what had been said".to_owned());
    }
    let read = read(client, Framing::Sse, &reply.body);
    if read.words != WORDS[..case.words].concat() {
        wrong.push(format!("says “{}”", read.words));
    }
    if !matches!(read.ending, Ending::Failed(_)) || read.finish != Some(FinishReason::Error) {
        wrong.push(format!("{dialect}: ends as {:?} {:?}", read.ending, read.finish));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_provider_reads_as_a_whole_answer() {
    let bench = Bench::new(Vec::new()).await;
    let scripts = script::all();
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for (to, (_, dialect, _)) in UPSTREAMS.iter().enumerate() {
        let script = scripts.iter().find(|script| script.dialect == *dialect).unwrap();
        for client in CLIENTS {
            for (fault, (_, make)) in FAULTS.iter().enumerate() {
                for stream in [true, false] {
                    // Asked for one document, a provider of the same protocol would not stream.
                    if make(script).is_none() || (!stream && client.dialect() == *dialect) {
                        continue;
                    }
                    cells += 1;
                    wrong.extend(cell(&bench, client, to, script, fault, stream).await);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cells} cells:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cells >= 300, "{cells}");
    bench.booked().await;
    println!("{cells} cells");
}
