//! Requests in the words of the Messages API.

use super::VERSION;
use crate::{Encoded, call, kept, late, media, notices::Notices, parts, replay, thinking::Thinking};
use domain::{Endpoint, Failure, Part, Quirks, Request, ResponseFormat, Role, Tool, ToolChoice, say};
use serde_json::{Map, Value, json};

/// Image types the API takes (platform.claude.com/docs/en/build-with-claude/vision, 2026-11).
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::default();
    let request = &*late::untagged(request, false, &mut notices);
    let messages = messages(request, to, &mut notices);
    if messages.is_empty() {
        return Err(call::nothing());
    }
    let mut body = Map::new();
    body.insert("model".into(), to.upstream_model.as_str().into());
    body.insert("stream".into(), true.into());
    if let Some(system) = call::system(request) {
        body.insert("system".into(), system.into());
    }
    let thinking = Thinking::plan(request, to, quirks, unthought(&messages), &mut notices);
    body.insert("messages".into(), Value::Array(messages));
    let max_tokens = quirks.max_tokens_field.as_deref().unwrap_or("max_tokens");
    body.insert(max_tokens.into(), thinking.max_tokens.into());
    tools(request, &mut body);
    sampling(request, &thinking, &mut body, &mut notices);
    output(request, &thinking, &mut body, &mut notices);
    kept::mark(request, to, &mut body, &mut notices, |text| json!({ "type": "text", "text": text }));
    call::drop_params(&mut body, quirks, &mut notices.0);
    let output_limit = call::limit(&body, max_tokens);
    let mut call = call::post("/v1/messages", &body, to, quirks);
    if !quirks.extra_headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("anthropic-version")) {
        call.headers.push("anthropic-version", VERSION);
    }
    Ok(Encoded { call, notices: notices.0, output_limit })
}

/// Roles must alternate, results of tools come first in the user's turn, and no text may be blank.
fn messages(request: &Request, to: &Endpoint, notices: &mut Notices) -> Vec<Value> {
    let issuer = replay::issuer(to);
    let mut turns: Vec<(Role, Vec<Value>)> = Vec::new();
    for message in &*replay::told_apart(&request.messages) {
        let mut blocks = Vec::new();
        for part in &message.parts {
            match part {
                Part::Kept { long } => kept::behind(*long, &mut blocks, &mut turns),
                part => blocks.extend(block(part, message.role, &issuer, notices)),
            }
        }
        match turns.last_mut() {
            _ if blocks.is_empty() => {}
            Some((role, last)) if *role == message.role => last.extend(blocks),
            _ => turns.push((message.role, blocks)),
        }
    }
    if let Some((Role::Assistant, blocks)) = turns.last_mut() {
        // A beginning of the answer may not end in white space.
        if let Some(Value::String(text)) = blocks.last_mut().and_then(|b| b.get_mut("text")) {
            text.truncate(text.trim_end().len());
        }
    }
    turns
        .into_iter()
        .map(|(role, mut blocks)| {
            if role == Role::User {
                blocks.sort_by_key(|block| block["type"] != "tool_result");
            }
            json!({ "role": if role == Role::User { "user" } else { "assistant" }, "content": blocks })
        })
        .collect()
}

fn block(part: &Part, role: Role, own: &str, notices: &mut Notices) -> Option<Value> {
    match part {
        Part::Text { text } | Part::Refusal { text } => {
            (!text.trim().is_empty()).then(|| json!({ "type": "text", "text": text }))
        }
        Part::System { text } => Some(json!({ "type": "text", "text": late::as_users(text) })),
        Part::Reasoning { text, signature, issuer } => match signature {
            Some(signature) if issuer == own => Some(match signature.strip_prefix(replay::REDACTED) {
                Some(data) => json!({ "type": "redacted_thinking", "data": data }),
                None => json!({ "type": "thinking", "thinking": text, "signature": signature }),
            }),
            _ => {
                notices.content(say!(
                    "Reasoning of earlier answers that this endpoint did not sign is not sent."
                ));
                None
            }
        },
        Part::Image { media_type, data } => {
            let source = json!({ "type": "base64", "media_type": media_type, "data": media::base64(data) });
            if role == Role::User && IMAGES.contains(&media_type.as_str()) {
                return Some(json!({ "type": "image", "source": source }));
            }
            notices.content(say!("A picture ({media_type}) cannot be sent to this endpoint.", media_type));
            None
        }
        Part::ImageUrl { url } if role == Role::User => {
            Some(json!({ "type": "image", "source": { "type": "url", "url": url } }))
        }
        Part::ImageUrl { .. } => {
            notices.content(say!("A picture inside an answer is not sent back."));
            None
        }
        Part::File { name, media_type, data, .. } => file(name, media_type, data, role, notices),
        Part::Attachment(file) => {
            notices.content(parts::not_read(&file.name));
            None
        }
        Part::ToolCall { id, name, arguments, .. } => Some(json!({
            "type": "tool_use", "id": replay::id(id), "name": name, "input": replay::arguments(arguments),
        })),
        Part::ToolResult { id, content, is_error, .. } => {
            let mut block = json!({ "type": "tool_result", "tool_use_id": replay::id(id) });
            if !content.is_empty() {
                block["content"] = content.as_str().into();
            }
            if *is_error {
                block["is_error"] = true.into();
            }
            Some(block)
        }
        Part::Kept { .. }
        | Part::ServerTool { .. }
        | Part::Citation { .. }
        | Part::Seam(_)
        | Part::GeneratedImage { .. } => None,
    }
}

fn file(name: &str, media_type: &str, data: &[u8], role: Role, notices: &mut Notices) -> Option<Value> {
    let source = match std::str::from_utf8(data) {
        _ if role == Role::Assistant => None,
        _ if media_type == "application/pdf" => {
            Some(json!({ "type": "base64", "media_type": media_type, "data": media::base64(data) }))
        }
        Ok(text) if !text.trim().is_empty() && !text.contains('\0') => {
            Some(json!({ "type": "text", "media_type": "text/plain", "data": text }))
        }
        _ => None,
    };
    match source {
        Some(source) => {
            let title: String = name.chars().take(255).collect();
            Some(json!({ "type": "document", "source": source, "title": title }))
        }
        None => {
            notices.content(say!(
                "The file “{name}” ({media_type}) cannot be sent to this endpoint.",
                name,
                media_type
            ));
            None
        }
    }
}

/// Tool results are being sent for a turn that did not begin with reasoning.
fn unthought(messages: &[Value]) -> bool {
    let answering = messages.last().is_some_and(|m| m["content"][0]["type"] == "tool_result");
    let call = messages.iter().rev().find(|m| m["role"] == "assistant");
    let thought =
        |m: &Value| matches!(m["content"][0]["type"].as_str(), Some("thinking" | "redacted_thinking"));
    answering && !call.is_some_and(thought)
}

fn tools(request: &Request, body: &mut Map<String, Value>) {
    let mut list: Vec<Value> = request.tools.iter().map(tool).collect();
    let mut choice = match &request.tool_choice {
        None => None,
        Some(ToolChoice::Auto) => Some(json!({ "type": "auto" })),
        Some(ToolChoice::None) => Some(json!({ "type": "none" })),
        Some(ToolChoice::Required) => Some(json!({ "type": "any" })),
        Some(ToolChoice::Named { name }) => Some(json!({ "type": "tool", "name": name })),
    };
    if request.one_tool_call && !list.is_empty() && request.tool_choice != Some(ToolChoice::None) {
        choice.get_or_insert_with(|| json!({ "type": "auto" }))["disable_parallel_tool_use"] = true.into();
    }
    if list.is_empty() {
        // Calls in the conversation must name declared tools; here they may only be read.
        list = replay::called(request)
            .into_iter()
            .map(|name| json!({ "name": name, "description": "", "input_schema": { "type": "object" } }))
            .collect();
        choice = Some(json!({ "type": "none" }));
    }
    if list.is_empty() {
        return;
    }
    body.insert("tools".into(), Value::Array(list));
    if let Some(choice) = choice {
        body.insert("tool_choice".into(), choice);
    }
}

fn tool(tool: &Tool) -> Value {
    let mut schema = match &tool.parameters {
        Value::Object(schema) => schema.clone(),
        _ => Map::new(),
    };
    schema.entry("type").or_insert_with(|| "object".into());
    json!({ "name": tool.name, "description": tool.description, "input_schema": schema })
}

fn sampling(request: &Request, thinking: &Thinking, body: &mut Map<String, Value>, notices: &mut Notices) {
    let params = &request.params;
    thinking.sampling(params, "temperature", "top_p", body, notices);
    if params.seed.is_some() {
        notices.parameter(say!("seed: this provider takes none."));
    }
    let stop: Vec<&str> = params.stop.iter().map(String::as_str).filter(|s| !s.trim().is_empty()).collect();
    if stop.len() < params.stop.len() {
        notices.parameter(say!("stop: sequences of white space alone are not taken."));
    }
    if !stop.is_empty() {
        body.insert("stop_sequences".into(), stop.into());
    }
}

fn output(request: &Request, thinking: &Thinking, body: &mut Map<String, Value>, notices: &mut Notices) {
    let mut config = Map::new();
    if let Some(thinking) = thinking.field() {
        body.insert("thinking".into(), thinking);
    }
    if let Some(effort) = thinking.effort {
        config.insert("effort".into(), effort.into());
    }
    match &request.params.response_format {
        None => {}
        Some(ResponseFormat::JsonObject) => {
            notices.parameter(say!("response_format: this API takes a schema, not “any JSON”."));
        }
        Some(ResponseFormat::JsonSchema { schema, .. }) => {
            let mut schema = schema.clone();
            // The API demands that every object of a schema forbids further properties.
            if call::close_objects(&mut schema, 0) {
                notices.parameter(call::closed());
            }
            config.insert("format".into(), json!({ "type": "json_schema", "schema": schema }));
        }
    }
    if !config.is_empty() {
        body.insert("output_config".into(), Value::Object(config));
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
