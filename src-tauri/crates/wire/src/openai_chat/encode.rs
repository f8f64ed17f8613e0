//! Requests of the chat dialect.

use super::{CONTENT, reasoning};
use crate::{
    Encoded, call, kept, late, media,
    names::{HASH, mix},
    notices::Notices,
    parts::{self, Asked, Said, Takes},
    replay,
};
use domain::{
    Endpoint, Failure, Message, Quirks, Request, ResponseFormat, Role, StreamUsage, ToolChoice, say,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Most servers that copy the dialect know this field; OpenAI's newer models want
/// `max_completion_tokens`, which its quirks say.
const MAX_TOKENS: &str = "max_tokens";
/// Who says the system prompt, where its provider has no other word.
const SYSTEM: &str = "system";

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::default();
    let own = replay::issuer(to);
    let role = quirks.system_role.as_deref().unwrap_or(SYSTEM);
    // Beside the messages the mark stands for all in them.
    let marked = call::takes(quirks, kept::MARK);
    let marks = marked && request.keep_prompt.is_none() && kept::wanted(request);
    let takes = Takes { late_system: call::late_system(to, quirks), marks };
    let request = &*late::untagged(request, takes.late_system, &mut notices);
    let mut messages = Vec::new();
    for message in &request.messages {
        match message.role {
            Role::User => user(message, takes, quirks, &mut messages, &mut notices),
            Role::Assistant => assistant(message, &own, takes, quirks, &mut messages, &mut notices),
        }
    }
    if messages.is_empty() {
        return Err(call::nothing());
    }
    if quirks.wants_reasoning.iter().any(|part| to.upstream_model.contains(part.as_str())) {
        for answer in messages.iter_mut().filter(|message| message["role"] == "assistant") {
            if answer.get("reasoning_content").is_none() {
                answer["reasoning_content"] = "".into();
            }
        }
    }
    if call::is_listed(&quirks.answer_after_tools, &to.upstream_model) {
        messages = with_answers(messages);
    }
    if let Some(system) = call::system(request) {
        let content = if marks { kept::system(request, kept::text) } else { None };
        messages.insert(0, json!({ "role": role, "content": content.unwrap_or_else(|| system.into()) }));
    }
    let mut body = Map::new();
    body.insert("model".into(), to.upstream_model.as_str().into());
    body.insert("messages".into(), messages.into());
    body.insert("stream".into(), true.into());
    if quirks.stream_usage == StreamUsage::Ask {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    params(request, to, quirks, &mut body, &mut notices);
    tools(request, to, quirks, &mut body, &mut notices);
    match request.keep_prompt {
        Some(keep) if marked => drop(body.insert(kept::MARK.into(), call::kept(keep))),
        None if marked => kept::last_of_tools(request, &mut body),
        _ => call::unkept(request, &mut notices),
    }
    kept::few(to, &mut body, &mut notices);
    let mut notices = notices.0;
    call::drop_params(&mut body, quirks, &mut notices);
    body.extend(quirks.body.iter().map(|(name, value)| (name.clone(), value.clone())));
    let output_limit = call::limit(&body, quirks.max_tokens_field.as_deref().unwrap_or(MAX_TOKENS));
    let call = call::post("/chat/completions", &body, to, quirks);
    Ok(Encoded { call, notices, output_limit })
}

/// An answer stands behind what tools gave before the user goes on: one that says nothing, as an empty one is refused too.
fn with_answers(messages: Vec<Value>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::with_capacity(messages.len());
    for message in messages {
        let goes_on = message["role"] == "user" && all.last().is_some_and(|last| last["role"] == "tool");
        all.extend(goes_on.then(|| json!({ "role": "assistant", "content": " " })));
        all.push(message);
    }
    all
}

fn user(message: &Message, takes: Takes, quirks: &Quirks, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut content: Vec<Value> = Vec::new();
    // What stands behind results.
    let mut said: Vec<Value> = Vec::new();
    for piece in parts::asked(message, takes, notices) {
        match piece {
            Asked::Text(text) => content.push(json!({ "type": "text", "text": text })),
            Asked::System(text) => {
                call::user_message(std::mem::take(&mut content), takes, &mut said);
                let role = quirks.system_role.as_deref().unwrap_or(SYSTEM);
                said.push(json!({ "role": role, "content": text }));
            }
            Asked::Kept(long) => {
                let earlier = said.iter_mut().rfind(|said| kept::says(said));
                let before = content.iter_mut().rfind(|piece| kept::says(piece)).or(earlier);
                let before = before.or(messages.iter_mut().rfind(|said| kept::says(said)));
                before.into_iter().for_each(|before| kept::behind_message(long, before));
            }
            Asked::Image { media_type, data } => {
                let url = media::to_data_url(media_type, data);
                content.push(json!({ "type": "image_url", "image_url": { "url": url } }));
            }
            Asked::ImageUrl(url) => {
                content.push(json!({ "type": "image_url", "image_url": { "url": url } }));
            }
            Asked::File { media_type, data, .. } if sound(media_type).is_some() => content.push(json!({
                "type": "input_audio",
                "input_audio": { "data": media::base64(data), "format": sound(media_type) },
            })),
            Asked::File { media_type, data, .. } if quirks.document_url => {
                let url = media::to_data_url(media_type, data);
                content.push(json!({ "type": "document_url", "document_url": url }));
            }
            Asked::File { name, media_type, data, .. } => content.push(json!({
                "type": "file",
                "file": { "filename": name, "file_data": media::to_data_url(media_type, data) },
            })),
            // A message of its own, and directly after the calls it answers.
            Asked::Result { id, content, .. } => {
                let id = tool_id(id, quirks);
                messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
            }
        }
    }
    call::user_message(content, takes, &mut said);
    messages.append(&mut said);
}

/// The dialect's word for a recording; it knows two sorts.
fn sound(media_type: &str) -> Option<&'static str> {
    match media_type {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Some("wav"),
        "audio/mpeg" | "audio/mp3" => Some("mp3"),
        _ => None,
    }
}

fn assistant(
    message: &Message,
    own: &str,
    takes: Takes,
    quirks: &Quirks,
    messages: &mut Vec<Value>,
    notices: &mut Notices,
) {
    let mut texts: Vec<&str> = Vec::new();
    let mut thoughts = Vec::new();
    let mut calls = Vec::new();
    let mut mark = None;
    let mut answer = Map::new();
    answer.insert("role".into(), "assistant".into());
    for piece in parts::said(message, own, notices) {
        match piece {
            Said::Text(text) => texts.push(text),
            Said::Thought { text, proof: Some(CONTENT) } => {
                thoughts.push(json!({ "type": "thinking", "thinking": [{ "type": "text", "text": text }] }));
            }
            Said::Thought { text, proof } => replay(text, proof, &mut answer),
            Said::Kept(long) if takes.marks => mark = Some(call::kept(long)),
            Said::Kept(_) => {}
            Said::Call { id, name, arguments } => calls.push(json!({
                "id": tool_id(id, quirks), "type": "function",
                "function": { "name": name, "arguments": arguments },
            })),
        }
    }
    if texts.is_empty() && calls.is_empty() {
        return;
    }
    let text = (!texts.is_empty()).then(|| texts.join("\n\n"));
    let content = match text {
        // Reasoning that came as a part of the content goes back as one.
        Some(text) if !thoughts.is_empty() => {
            thoughts.push(json!({ "type": "text", "text": text }));
            thoughts.into()
        }
        None if !thoughts.is_empty() => thoughts.into(),
        text => text.into(),
    };
    answer.insert("content".into(), content);
    if !calls.is_empty() {
        answer.insert("tool_calls".into(), calls.into());
    }
    answer.extend(mark.map(|mark| (kept::MARK.to_owned(), mark)));
    messages.push(answer.into());
}

/// The id of a call, or one made of it where the provider takes only some: the same one wherever it stands.
fn tool_id<'a>(id: &'a str, quirks: &Quirks) -> Cow<'a, str> {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some(length) = quirks.tool_id_length else { return id.into() };
    if id.len() == length && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.into();
    }
    // Short, and made of the whole id.
    let mut hash = id.bytes().fold(HASH, mix);
    let mut made = String::with_capacity(length);
    for place in 0..length {
        let letter = usize::try_from(hash % 62).unwrap_or_default();
        made.push(char::from(LETTERS[letter]));
        hash = if place % 8 == 7 { mix(hash, LETTERS[letter]) } else { hash / 62 };
    }
    made.into()
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

fn params(
    request: &Request,
    to: &Endpoint,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Notices,
) {
    let params = &request.params;
    call::number(body, "temperature", params.temperature);
    call::number(body, "top_p", params.top_p);
    if let Some(most) = params.max_completion_tokens {
        body.insert(quirks.max_tokens_field.as_deref().unwrap_or(MAX_TOKENS).into(), most.into());
    }
    let stop = call::stops(params, quirks.most_stops, notices);
    if !stop.is_empty() {
        body.insert("stop".into(), stop.into());
    }
    if let Some(seed) = params.seed {
        body.insert(quirks.seed_field.as_deref().unwrap_or("seed").into(), seed.into());
    }
    if let Some(asked) = params.reasoning {
        reasoning::ask(asked, &to.upstream_model, quirks, body, notices);
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

fn tools(
    request: &Request,
    to: &Endpoint,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Notices,
) {
    if request.tools.is_empty() {
        return;
    }
    body.insert("tools".into(), request.tools.iter().map(call::function).collect::<Vec<_>>().into());
    call::one_call(request, to, quirks, body, notices);
    if quirks.tools_by_choice
        && matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. }))
    {
        notices.parameter(say!("tool_choice: this provider leaves the choice to the model."));
        return;
    }
    let named = |name: &str| json!({ "type": "function", "function": { "name": name } });
    if let Some(choice) = call::choice(request.tool_choice.as_ref(), named) {
        body.insert("tool_choice".into(), choice);
    }
}
