//! Requests of Ollama's chat.

use crate::{Encoded, call, media, notices::Notices, replay};
use domain::{
    Effort, Endpoint, ErrorKind, Failure, Message, Part, Quirks, Reasoning, Request, ResponseFormat, Role,
    Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

/// Window the server has by default, in tokens (docs.ollama.com/context-length, 2026-11).
const DEFAULT_WINDOW: u64 = 4_096;
/// Room kept for an answer whose length nobody limits.
const ANSWER_ROOM: u64 = 2_048;
/// Tokens a picture may take.
const IMAGE_TOKENS: u64 = 1_500;

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::default();
    let own = replay::issuer(to);
    let mut messages = Vec::new();
    for message in &request.messages {
        match message.role {
            Role::User => user(message, &mut messages, &mut notices),
            Role::Assistant => assistant(message, &own, &mut messages, &mut notices),
        }
    }
    if messages.is_empty() {
        let nothing = "There is nothing to send: every message is empty.";
        return Err(Failure::new(ErrorKind::RequestInvalid, nothing));
    }
    if let Some(system) = request.system.as_deref().filter(|s| !s.trim().is_empty()) {
        messages.insert(0, json!({ "role": "system", "content": system }));
    }
    let mut body = Map::new();
    body.insert("model".into(), to.upstream_model.as_str().into());
    body.insert("stream".into(), true.into());
    let options = options(request, to, &messages);
    body.insert("messages".into(), messages.into());
    if !options.is_empty() {
        body.insert("options".into(), options.into());
    }
    rest(request, to, quirks, &mut body, &mut notices);
    let mut notices = notices.0;
    call::drop_params(&mut body, quirks, &mut notices);
    Ok(Encoded { call: call::post("/api/chat", &body, to, quirks), notices })
}

fn user(message: &Message, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut texts: Vec<String> = Vec::new();
    let mut images = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => texts.push(text.clone()),
            Part::Image { data, .. } => images.push(Value::String(media::base64(data))),
            Part::File { name, media_type, data } => match media::file_text(media_type, data) {
                Some(text) => texts.push(media::quote_file(name, text)),
                None => {
                    notices.content(format!(
                        "The file “{name}” ({media_type}) cannot be sent to this endpoint."
                    ));
                }
            },
            Part::ToolResult { name, content, .. } => {
                messages.push(json!({ "role": "tool", "tool_name": name, "content": content }));
            }
            Part::Text { .. }
            | Part::Refusal { .. }
            | Part::Reasoning { .. }
            | Part::ToolCall { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::GeneratedImage { .. } => {}
        }
    }
    if texts.is_empty() && images.is_empty() {
        return;
    }
    let mut message = json!({ "role": "user", "content": texts.join("\n\n") });
    if !images.is_empty() {
        message["images"] = images.into();
    }
    messages.push(message);
}

fn assistant(message: &Message, own: &str, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut texts: Vec<&str> = Vec::new();
    let mut thinking = String::new();
    let mut calls = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => texts.push(text),
            Part::Reasoning { text, issuer, .. } if issuer == own => thinking.push_str(text),
            Part::ToolCall { name, arguments, .. } => {
                calls
                    .push(json!({ "function": { "name": name, "arguments": replay::arguments(arguments) } }));
            }
            Part::Image { .. } | Part::File { .. } => {
                notices.content("Attachments inside an answer are not sent back.");
            }
            Part::Text { .. }
            | Part::Refusal { .. }
            | Part::Reasoning { .. }
            | Part::ToolResult { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::GeneratedImage { .. } => {}
        }
    }
    if texts.is_empty() && calls.is_empty() {
        return;
    }
    let mut message = json!({ "role": "assistant", "content": texts.join("\n\n") });
    // Models want their reasoning back while they work with tools, and only then.
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
        if !thinking.is_empty() {
            message["thinking"] = thinking.into();
        }
    }
    messages.push(message);
}

fn options(request: &Request, to: &Endpoint, messages: &[Value]) -> Map<String, Value> {
    let params = &request.params;
    let mut options = Map::new();
    call::number(&mut options, "temperature", params.temperature);
    call::number(&mut options, "top_p", params.top_p);
    if let Some(most) = params.max_completion_tokens {
        options.insert("num_predict".into(), most.into());
    }
    if !params.stop.is_empty() {
        options.insert("stop".into(), params.stop.clone().into());
    }
    if let Some(seed) = params.seed {
        options.insert("seed".into(), seed.into());
    }
    if let Some(window) = window(request, to, messages) {
        options.insert("num_ctx".into(), window.into());
    }
    options
}

/// The window to ask for; `None` if the default one is surely large enough. Powers of two, because the
/// server loads the model anew for every other size.
fn window(request: &Request, to: &Endpoint, messages: &[Value]) -> Option<u64> {
    let mut need = request.params.max_completion_tokens.unwrap_or(ANSWER_ROOM);
    for message in messages {
        let text = message["content"].as_str().map_or(0, str::len);
        let calls = message.get("tool_calls").map_or(0, |calls| calls.to_string().len());
        let images = message["images"].as_array().map_or(0, Vec::len) as u64;
        // Two bytes a token is more than any tokeniser in use needs for ordinary text.
        need = need.saturating_add((text + calls) as u64 / 2 + 16).saturating_add(images * IMAGE_TOKENS);
    }
    for tool in &request.tools {
        need = need.saturating_add(tool.parameters.to_string().len() as u64 / 2 + 64);
    }
    if need <= DEFAULT_WINDOW {
        return None;
    }
    let window = need.checked_next_power_of_two()?;
    Some(to.context_length.map_or(window, |most| window.min(most)))
}

fn rest(
    request: &Request,
    to: &Endpoint,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Notices,
) {
    match &request.params.response_format {
        None => {}
        Some(ResponseFormat::JsonObject) => {
            body.insert("format".into(), "json".into());
        }
        Some(ResponseFormat::JsonSchema { schema, .. }) => {
            body.insert("format".into(), schema.clone());
        }
    }
    let levels = quirks.effort_models.iter().any(|part| to.upstream_model.contains(part.as_str()));
    let think = match request.params.reasoning {
        None => None,
        Some(Reasoning::Effort(Effort::None)) => Some(json!(false)),
        Some(Reasoning::Effort(effort)) if levels => Some(json!(match effort {
            Effort::None | Effort::Minimal | Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High | Effort::Max => "high",
        })),
        Some(asked) => {
            if matches!(asked, Reasoning::Budget(_)) {
                notices.parameter("reasoning budget: this server takes none; reasoning is on.");
            }
            Some(json!(true))
        }
    };
    if let Some(think) = think {
        body.insert("think".into(), think);
    }
    if request.tool_choice == Some(ToolChoice::None) || request.tools.is_empty() {
        return;
    }
    if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. })) {
        notices.parameter("tool_choice: this server leaves the choice to the model.");
    }
    let tool = |tool: &Tool| {
        json!({ "type": "function", "function": {
            "name": tool.name, "description": tool.description, "parameters": tool.parameters,
        }})
    };
    body.insert("tools".into(), request.tools.iter().map(tool).collect::<Vec<_>>().into());
}
