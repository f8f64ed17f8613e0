//! A provider of any protocol that does what it is told in plain words, for clients that only know the protocol.

use domain::{
    BlockKind, Effort, ErrorKind, Failure, FinishReason, Part, Reasoning, Request, ResponseFormat,
    StreamEvent, ToolChoice, Usage,
};
use parallax_suite::support::replay::{Answer, Seen, Step};
use serde_json::json;
use wire::serve::{self, Encoder, Protocol, Told};

/// Which protocol a request is in, by its path; for Gemini with the model and whether it asks for a stream.
fn protocol(path: &str) -> Option<(Protocol, Option<&str>, bool)> {
    let plain = path.split('?').next().unwrap_or_default();
    if let Some((_, model)) = plain.split_once("/models/") {
        let (model, verb) = model.rsplit_once(':')?;
        return Some((Protocol::Gemini, Some(model), verb == "streamGenerateContent"));
    }
    let found = [
        ("/chat/completions", Protocol::OpenAiChat),
        ("/responses", Protocol::OpenAiResponses),
        ("/messages", Protocol::AnthropicMessages),
    ];
    let (_, protocol) = found.into_iter().find(|(end, _)| plain.ends_with(end))?;
    Some((protocol, None, false))
}

/// Answers a request.
pub(crate) fn answer(seen: &Seen) -> Answer {
    let Some((protocol, model, stream)) = protocol(&seen.path) else { return Answer::status(404) };
    let asked = match serve::parse(protocol, model, stream, &seen.body) {
        Ok(asked) => asked,
        Err(failure) => return refuse(protocol, &failure),
    };
    let words = last_words(&asked.request);
    if words.contains("busy") {
        let failure = Failure::new(ErrorKind::LimitRate, "Slow down.");
        return refuse(protocol, &failure).header("retry-after", "30");
    }
    let events = script(&asked.request);
    let include_usage = asked.include_usage;
    let told = Told { id: "up-1".into(), model: asked.model, include_usage, ..Told::default() };
    if !asked.stream {
        if words.contains("break") {
            return Answer::status(200)
                .header("content-type", "application/json")
                .send("{\"id\":")
                .step(Step::Close);
        }
        let body = serve::whole(protocol, &told, &events, None);
        return Answer::status(200).header("content-type", "application/json").send(body);
    }
    let mut encoder = Encoder::new(protocol, told);
    let mut answer = Answer::status(200).header("content-type", "text/event-stream");
    for event in &events {
        let mut bytes = Vec::new();
        encoder.event(event, &mut bytes);
        if include_usage {
            bytes = nulled(bytes);
        }
        if !bytes.is_empty() {
            answer = answer.send(bytes);
        }
        let begun = matches!(event, StreamEvent::BlockDelta { .. });
        if begun && words.contains("slow") {
            return answer.step(Step::Stall);
        }
        if begun && words.contains("break") {
            return answer.step(Step::Close);
        }
    }
    let mut end = Vec::new();
    encoder.end(None, &mut end);
    answer.send(end)
}

/// As OpenAI has it: once usage was asked for, a chunk without it says so.
fn nulled(events: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(events).unwrap();
    text.replace("data: {", "data: {\"usage\":null,").into_bytes()
}

fn refuse(protocol: Protocol, failure: &Failure) -> Answer {
    let (status, body) = serve::error_body(protocol, failure);
    Answer::status(status).header("content-type", "application/json").send(body)
}

fn last_words(request: &Request) -> String {
    let texts = request.messages.last().map(|message| &message.parts);
    let texts = texts.into_iter().flatten().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// What it says to this.
fn script(request: &Request) -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Started { response_id: None, model: None }];
    let mut number = 0;
    let mut block = |kind: BlockKind, pieces: &[&str], signature: Option<&str>| {
        let block = number;
        number += 1;
        events.push(StreamEvent::BlockOpen { block, kind });
        events.extend(pieces.iter().map(|text| StreamEvent::BlockDelta { block, text: (*text).to_owned() }));
        events.push(StreamEvent::BlockClose { block, signature: signature.map(str::to_owned) });
    };
    let off = [Reasoning::Effort(Effort::None), Reasoning::Budget(0)];
    if request.params.reasoning.is_some_and(|asked| !off.contains(&asked)) {
        block(BlockKind::Reasoning, &["Let me ", "think."], Some("proof"));
    }
    let last = request.messages.last().map(|message| message.parts.as_slice()).unwrap_or_default();
    let said = last.iter().find_map(|part| match part {
        Part::ToolResult { content, .. } => Some(format!("It is {content}.")),
        Part::Image { data, .. } => Some(format!("A picture of {} bytes.", data.len())),
        Part::File { data, .. } => Some(format!("A file of {} bytes.", data.len())),
        _ => None,
    });
    let asks = request.tools.first().filter(|_| request.tool_choice != Some(ToolChoice::None));
    let mut reason = FinishReason::Stop;
    match (said, asks, &request.params.response_format) {
        (Some(said), ..) => block(BlockKind::Text, &[&said], None),
        (None, Some(tool), _) => {
            let kind = BlockKind::ToolCall { id: "call_1".into(), name: tool.name.clone() };
            block(kind, &["{\"city\":", "\"Paris\"}"], None);
            reason = FinishReason::ToolCalls;
        }
        (None, None, Some(ResponseFormat::JsonSchema { .. } | ResponseFormat::JsonObject)) => {
            block(BlockKind::Text, &[&json!({ "name": "Ada", "age": 36 }).to_string()], None);
        }
        (None, None, None) => block(BlockKind::Text, &["Hello ", "wörld", "!"], None),
    }
    let mut usage = Usage::default();
    usage.input.total = Some(20);
    usage.output.total = Some(5);
    events.push(StreamEvent::Usage(usage));
    events.push(StreamEvent::Finish { reason, raw: None });
    events
}
