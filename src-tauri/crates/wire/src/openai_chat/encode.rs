//! Requests of the chat dialect.

use crate::{Encoded, call, media};
use domain::{
    Endpoint, ErrorKind, Failure, Message, NoticeKind, Part, Quirks, Reasoning, Request, ResponseFormat,
    Role, StreamUsage, Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

/// Most servers that copy the dialect know this field; OpenAI's newer models want
/// `max_completion_tokens`, which its quirks say.
const MAX_TOKENS: &str = "max_tokens";

type Notices = Vec<(NoticeKind, String)>;

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::new();
    let issuer = format!("{}/{}", to.provider, to.upstream_model);
    let mut messages = Vec::new();
    if let Some(system) = request.system.as_deref().filter(|s| !s.trim().is_empty()) {
        let role = quirks.system_role.as_deref().unwrap_or("system");
        messages.push(json!({ "role": role, "content": system }));
    }
    let before = messages.len();
    for message in &request.messages {
        match message.role {
            Role::User => user(message, &mut messages, &mut notices),
            Role::Assistant => assistant(message, &issuer, &mut messages, &mut notices),
        }
    }
    if messages.len() == before {
        let nothing = "There is nothing to send: every message is empty.";
        return Err(Failure::new(ErrorKind::RequestInvalid, nothing));
    }
    let mut body = Map::new();
    body.insert("model".into(), to.upstream_model.as_str().into());
    body.insert("messages".into(), messages.into());
    body.insert("stream".into(), true.into());
    if quirks.stream_usage == StreamUsage::Ask {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    params(request, quirks, &mut body, &mut notices);
    tools(request, &mut body);
    call::drop_params(&mut body, quirks, &mut notices);
    let call = call::post("/chat/completions", &body, to, quirks);
    Ok(Encoded { call, notices })
}

fn user(message: &Message, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut parts: Vec<Value> = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => {
                parts.push(json!({ "type": "text", "text": text }));
            }
            Part::Image { media_type, data } => {
                let url = media::to_data_url(media_type, data);
                parts.push(json!({ "type": "image_url", "image_url": { "url": url } }));
            }
            Part::File { name, media_type, data } => parts.push(file(name, media_type, data)),
            // A message of its own, and directly after the calls it answers.
            Part::ToolResult { id, content, .. } => {
                messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
            }
            Part::ToolCall { name, .. } => {
                call::dropped_content(notices, format!("A call of {name} outside an answer is not sent."));
            }
            Part::Text { .. }
            | Part::Refusal { .. }
            | Part::Reasoning { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::GeneratedImage { .. } => {}
        }
    }
    if parts.is_empty() {
        return;
    }
    // Servers for text-only models take no arrays, so plain text goes as a plain string.
    let content = match call::texts(&parts) {
        Some(text) => Value::String(text),
        None => Value::Array(parts),
    };
    messages.push(json!({ "role": "user", "content": content }));
}

fn file(name: &str, media_type: &str, data: &[u8]) -> Value {
    match media::file_text(media_type, data) {
        Some(text) => json!({ "type": "text", "text": media::quote_file(name, text) }),
        None => json!({
            "type": "file",
            "file": { "filename": name, "file_data": media::to_data_url(media_type, data) },
        }),
    }
}

fn assistant(message: &Message, own: &str, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut text = String::new();
    let mut calls = Vec::new();
    let mut answer = Map::new();
    answer.insert("role".into(), "assistant".into());
    for part in &message.parts {
        match part {
            Part::Text { text: piece } | Part::Refusal { text: piece } => {
                if !text.is_empty() && !piece.is_empty() {
                    text.push_str("\n\n");
                }
                text.push_str(piece);
            }
            Part::Reasoning { text, signature, issuer } if issuer == own => {
                replay(text, signature.as_deref(), &mut answer);
            }
            Part::ToolCall { id, name, arguments, .. } => {
                let arguments = if arguments.trim().is_empty() { "{}" } else { arguments.as_str() };
                calls.push(json!({
                    "id": id, "type": "function", "function": { "name": name, "arguments": arguments },
                }));
            }
            Part::Image { .. } | Part::File { .. } => {
                call::dropped_content(notices, "Attachments inside an answer are not sent back.".into());
            }
            // Another model's reasoning is no use to this one; the rest is only for showing.
            Part::Reasoning { .. }
            | Part::ToolResult { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::GeneratedImage { .. } => {}
        }
    }
    if text.is_empty() && calls.is_empty() {
        return;
    }
    let content = if text.is_empty() { Value::Null } else { Value::String(text) };
    answer.insert("content".into(), content);
    if !calls.is_empty() {
        answer.insert("tool_calls".into(), calls.into());
    }
    messages.push(answer.into());
}

/// Puts reasoning back where it came from: the decoder's proof is either the details as they came or
/// the name of the field.
fn replay(text: &str, proof: Option<&str>, answer: &mut Map<String, Value>) {
    match proof {
        Some("reasoning_content") => {
            let earlier = answer.get("reasoning_content").and_then(Value::as_str).unwrap_or_default();
            answer.insert("reasoning_content".into(), format!("{earlier}{text}").into());
        }
        Some(details) if details.starts_with('[') => {
            if let Ok(Value::Array(details)) = serde_json::from_str(details) {
                answer.insert("reasoning_details".into(), details.into());
            }
        }
        _ => {}
    }
}

fn params(request: &Request, quirks: &Quirks, body: &mut Map<String, Value>, notices: &mut Notices) {
    let params = &request.params;
    call::number(body, "temperature", params.temperature);
    call::number(body, "top_p", params.top_p);
    if let Some(most) = params.max_completion_tokens {
        body.insert(quirks.max_tokens_field.as_deref().unwrap_or(MAX_TOKENS).into(), most.into());
    }
    if !params.stop.is_empty() {
        body.insert("stop".into(), params.stop.clone().into());
    }
    if let Some(seed) = params.seed {
        body.insert("seed".into(), seed.into());
    }
    match params.reasoning {
        None => {}
        Some(Reasoning::Effort(effort)) => {
            body.insert("reasoning_effort".into(), call::effort(effort).into());
        }
        Some(Reasoning::Budget(_)) => {
            let why = "reasoning budget: this API takes an effort, not a number of tokens.";
            notices.push((NoticeKind::DroppedParameter, why.into()));
        }
    }
    match &params.response_format {
        None => {}
        Some(ResponseFormat::JsonObject) => {
            body.insert("response_format".into(), json!({ "type": "json_object" }));
        }
        Some(ResponseFormat::JsonSchema { name, schema }) => {
            let strict = call::is_strict(schema, 0);
            let format = json!({ "name": name, "schema": schema, "strict": strict });
            body.insert("response_format".into(), json!({ "type": "json_schema", "json_schema": format }));
        }
    }
}

fn tools(request: &Request, body: &mut Map<String, Value>) {
    if request.tools.is_empty() {
        return;
    }
    let tool = |tool: &Tool| {
        json!({ "type": "function", "function": {
            "name": tool.name, "description": tool.description, "parameters": tool.parameters,
        }})
    };
    body.insert("tools".into(), request.tools.iter().map(tool).collect::<Vec<_>>().into());
    let choice = match &request.tool_choice {
        None => return,
        Some(ToolChoice::Auto) => json!("auto"),
        Some(ToolChoice::None) => json!("none"),
        Some(ToolChoice::Required) => json!("required"),
        Some(ToolChoice::Named { name }) => json!({ "type": "function", "function": { "name": name } }),
    };
    body.insert("tool_choice".into(), choice);
}
