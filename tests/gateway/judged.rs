//! What a client must see of an answer that something happened to on its way, whichever gateway passes it on.
//!
//! Nothing that broke may read as whole: before the first content a real status says so, after it the client's own
//! decoder finds an error; and what came before is there to the last word.

use crate::{bench::Reply, matrix::Case, script::WORDS};
use domain::{BlockKind, ErrorKind, FinishReason, Quirks, StreamEvent, Usage};
use serde_json::{Value, json};
use wire::{Ending, Framing, serve::Protocol};

pub(crate) const CLIENTS: [Protocol; 3] =
    [Protocol::OpenAiChat, Protocol::OpenAiResponses, Protocol::AnthropicMessages];

/// Path and body that ask a model something in the client's protocol.
pub(crate) fn request(client: Protocol, model: &str, question: &str, stream: bool) -> (&'static str, Value) {
    let messages = json!([{ "role": "user", "content": question }]);
    match client {
        Protocol::OpenAiResponses => {
            ("/v1/responses", json!({ "model": model, "stream": stream, "input": question }))
        }
        Protocol::AnthropicMessages => (
            "/v1/messages",
            json!({ "model": model, "stream": stream, "max_tokens": 100, "messages": messages }),
        ),
        // A gateway may not know what a provider that must be told takes at most.
        _ => (
            "/v1/chat/completions",
            json!({ "model": model, "stream": stream, "max_tokens": 100, "messages": messages,
                "stream_options": { "include_usage": true } }),
        ),
    }
}

/// What the client's own decoder makes of a reply.
struct Read {
    words: String,
    thoughts: String,
    finish: Option<FinishReason>,
    usage: Usage,
    ending: Ending,
}

fn read(client: Protocol, framing: Framing, body: &[u8]) -> Read {
    let mut decoder = wire::dialect(client.dialect()).unwrap().decoder(framing, &Quirks::default());
    let mut events = Vec::new();
    decoder.push(body, &mut events);
    let ending = decoder.finish(&mut events);
    let (words, thoughts) = (String::new(), String::new());
    let mut read = Read { words, thoughts, finish: None, usage: Usage::default(), ending };
    let (mut texts, mut thinking) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            StreamEvent::BlockOpen { block, kind: BlockKind::Text } => texts.push(block),
            StreamEvent::BlockOpen { block, kind: BlockKind::Reasoning } => thinking.push(block),
            StreamEvent::BlockDelta { block, text } if texts.contains(&block) => read.words.push_str(&text),
            StreamEvent::BlockDelta { block, text } if thinking.contains(&block) => {
                read.thoughts.push_str(&text);
            }
            StreamEvent::Finish { reason, .. } => read.finish = Some(reason),
            StreamEvent::Usage(usage) => read.usage = usage,
            _ => {}
        }
    }
    read
}

/// What is to be said of a reply.
#[derive(Default)]
pub(crate) struct Verdict {
    /// What a client cannot do with: in a few words, and what was found.
    pub wrong: Vec<(&'static str, String)>,
    /// The numbers are other than the provider's.
    pub counts: Option<String>,
    /// What a client can do with but ours does better: a broken connection instead of an error, an error that no
    /// reason goes with.
    pub rough: Option<String>,
    pub thoughts: String,
}

impl Verdict {
    fn fail(&mut self, what: &'static str, found: String) {
        self.wrong.push((what, found));
    }
}

pub(crate) fn judge(client: Protocol, case: &Case, reply: &Reply, stream: bool) -> Verdict {
    let mut verdict = Verdict::default();
    match case.kind {
        None => whole(client, case, reply, stream, &mut verdict),
        // Nothing was said yet, so a status can still tell.
        Some(kind) if case.words == 0 || !stream => refused(case, kind, reply, &mut verdict),
        Some(_) => begun(client, case, reply, &mut verdict),
    }
    verdict
}

fn whole(client: Protocol, case: &Case, reply: &Reply, stream: bool, verdict: &mut Verdict) {
    if reply.status != 200 {
        return verdict.fail("refused", reply.status.to_string());
    }
    let read = read(client, if stream { Framing::Sse } else { Framing::Json }, &reply.body);
    if matches!(read.ending, Ending::Failed(_)) {
        verdict.fail("ended as an error", format!("{:?}", read.ending));
    }
    if read.words != WORDS.concat() {
        verdict.fail("lost words", format!("“{}”", read.words));
    }
    if !reply.whole || read.ending != Ending::Complete || read.finish != Some(FinishReason::Stop) {
        verdict.fail("had no proper end", format!("{} {:?} {:?}", reply.whole, read.ending, read.finish));
    }
    let counts = (read.usage.input.total, read.usage.output.total);
    if counts != (case.counts.input, case.counts.output) {
        verdict.counts = Some(format!("{counts:?}"));
    }
    verdict.thoughts = read.thoughts;
}

fn refused(case: &Case, kind: ErrorKind, reply: &Reply, verdict: &mut Verdict) {
    if reply.status < 400 {
        return verdict.fail("gave no status of failure", reply.status.to_string());
    }
    if !serde_json::from_slice::<Value>(&reply.body).is_ok_and(|body| body["error"].is_object()) {
        return verdict.fail("gave no error in the protocol's shape", reply.status.to_string());
    }
    if kind == ErrorKind::LimitRate && case.refused {
        let wait = case.retry_after.map(|wait| (wait / 1_000).to_string());
        let found = reply.header("retry-after");
        if reply.status != 429 {
            verdict.fail("gave another status", reply.status.to_string());
        } else if found != wait.as_deref() {
            verdict.fail("lost Retry-After", format!("{found:?}"));
        }
    }
}

fn begun(client: Protocol, case: &Case, reply: &Reply, verdict: &mut Verdict) {
    if reply.status != 200 {
        return verdict.fail("lost what had been said", reply.status.to_string());
    }
    let read = read(client, Framing::Sse, &reply.body);
    if read.words != WORDS[..case.words].concat() {
        verdict.fail("lost what had been said", format!("“{}”", read.words));
    }
    let found = format!("{:?} {:?}", read.ending, read.finish);
    let error = matches!(read.finish, None | Some(FinishReason::Error));
    match &read.ending {
        Ending::Failed(_) if error => {
            if read.finish.is_none() {
                verdict.rough = Some(found);
            }
        }
        Ending::Complete | Ending::Failed(_) => verdict.fail("read as whole", found),
        // The client's own HTTP tells.
        _ if !reply.whole && error => verdict.rough = Some(found),
        _ if read.finish.is_some() => verdict.fail("read as whole", found),
        _ => verdict.fail("just ended", found),
    }
}
