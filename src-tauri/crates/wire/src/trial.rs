//! What the tests of several dialects share.

use crate::{Decoder, Encoded, Ending};
use domain::{BlockKind, Endpoint, EndpointId, Message, Part, ProviderId, Request, Role, StreamEvent, Usage};

pub(crate) fn endpoint(upstream: &str) -> Endpoint {
    Endpoint {
        id: EndpointId::new(format!("acme/{upstream}")),
        provider: ProviderId::from("acme"),
        model: "acme/model".parse().unwrap(),
        upstream_model: upstream.to_owned(),
        context_length: None,
        max_completion_tokens: None,
        prices: None,
    }
}

pub(crate) fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

pub(crate) fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, parts }
}

pub(crate) fn assistant(parts: Vec<Part>) -> Message {
    Message { role: Role::Assistant, parts }
}

pub(crate) fn tool_call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Part::ToolCall { id, name, arguments, signature: None, issuer: String::new() }
}

pub(crate) fn tool_result(id: &str, content: &str) -> Part {
    Part::ToolResult { id: id.into(), name: "t".into(), content: content.into(), is_error: false }
}

pub(crate) fn ask(messages: Vec<Message>) -> Request {
    Request { messages, ..Request::default() }
}

pub(crate) fn body(encoded: &Encoded) -> serde_json::Value {
    serde_json::from_slice(&encoded.call.body).unwrap()
}

/// An answer's blocks as `kind: text`, its usage and how it ended.
pub(crate) struct Read {
    pub(crate) blocks: Vec<String>,
    pub(crate) signatures: Vec<String>,
    pub(crate) usage: Usage,
    pub(crate) events: Vec<StreamEvent>,
    pub(crate) ending: Ending,
}

pub(crate) fn read(mut decoder: Box<dyn Decoder>, text: &str) -> Read {
    let mut events = Vec::new();
    decoder.push(text.as_bytes(), &mut events);
    let ending = decoder.finish(&mut events);
    let mut blocks: Vec<String> = Vec::new();
    let mut signatures = Vec::new();
    let mut usage = Usage::default();
    for event in &events {
        match event {
            StreamEvent::BlockOpen { kind, .. } => blocks.push(match kind {
                BlockKind::Text => "text: ".into(),
                BlockKind::Reasoning => "reasoning: ".into(),
                BlockKind::Refusal => "refusal: ".into(),
                BlockKind::ToolCall { id, name, .. } => format!("call {id} {name}: "),
                BlockKind::ServerTool { name } => format!("server {name}: "),
                BlockKind::Citation { url, title } => {
                    format!("cite {}|{}", url.as_deref().unwrap_or(""), title.as_deref().unwrap_or(""))
                }
                BlockKind::Seam(seam) => format!("seam {}: ", seam.to),
                BlockKind::Image { media_type } => format!("image {media_type}: "),
            }),
            StreamEvent::BlockDelta { block, text } => blocks[*block as usize].push_str(text),
            StreamEvent::BlockClose { signature, .. } => signatures.extend(signature.clone()),
            StreamEvent::Usage(snapshot) => usage = snapshot.clone(),
            _ => {}
        }
    }
    Read { blocks, signatures, usage, events, ending }
}

/// Events as an event stream.
pub(crate) fn sse(events: &[&str]) -> String {
    events.iter().map(|data| format!("data: {data}\n\n")).collect()
}
