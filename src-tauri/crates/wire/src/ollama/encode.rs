//! Requests of Ollama's chat.

use crate::{
    Encoded, call, effort, late, media,
    notices::Notices,
    parts::{self, Asked, Said, Takes},
    replay,
};
use domain::{
    Effort, Endpoint, ErrorKind, Failure, Message, Quirks, Reasoning, Request, ResponseFormat, Role,
    ToolChoice, say,
};
use serde_json::{Map, Value, json};

/// Smallest window asked for, in tokens: what servers took by default for long.
const LEAST_WINDOW: u64 = 4_096;
/// Room kept for an answer whose length nobody limits.
const ANSWER_ROOM: u64 = 2_048;
/// Tokens a picture may take.
const IMAGE_TOKENS: u64 = 1_500;
/// No tokeniser in use packs more bytes of a prompt into a token on average.
const MOST_BYTES_A_TOKEN: u64 = 8;

/// Levels of the models that take one; they always reason (docs.ollama.com/capabilities/thinking, as others repeat
/// it, 2026-10).
const LEVELS: [Effort; 3] = [Effort::Low, Effort::Medium, Effort::High];

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    parts::no_addresses(request)?;
    let mut notices = Notices::default();
    let own = replay::issuer(to);
    let takes = Takes { late_system: call::late_system(to, quirks), ..Takes::default() };
    let request = &*late::untagged(request, takes.late_system, &mut notices);
    let mut messages = Vec::new();
    for message in parts::in_order_of_calls(&request.messages).iter() {
        match message.role {
            Role::User => user(message, takes, &mut messages, &mut notices),
            Role::Assistant => assistant(message, &own, &mut messages, &mut notices),
        }
    }
    if messages.is_empty() {
        return Err(call::nothing());
    }
    if let Some(system) = call::system(request) {
        messages.insert(0, json!({ "role": "system", "content": system }));
    }
    let mut body = Map::new();
    body.insert("model".into(), to.upstream_model.as_str().into());
    body.insert("stream".into(), true.into());
    let window = window(request, to, &messages)?;
    body.insert("messages".into(), messages.into());
    let options = options(request, window);
    let output_limit = call::limit(&options, "num_predict");
    body.insert("options".into(), options.into());
    // A prompt that does not fit is an error, and a full window ends the answer: by default the server leaves
    // out the beginning of the conversation and says nothing. Servers that do not know the fields ignore them
    // (as clients of the API describe it; not tried with every version).
    body.insert("truncate".into(), false.into());
    body.insert("shift".into(), false.into());
    rest(request, to, quirks, &mut body, &mut notices);
    call::unkept(request, &mut notices);
    let mut notices = notices.0;
    call::drop_params(&mut body, quirks, &mut notices);
    Ok(Encoded { call: call::post("/api/chat", &body, to, quirks), notices, output_limit })
}

fn user(message: &Message, takes: Takes, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut texts: Vec<String> = Vec::new();
    let mut images = Vec::new();
    // What stands behind results.
    let mut said = Vec::new();
    for piece in parts::asked(message, takes, notices) {
        match piece {
            Asked::Text(text) => texts.push(text.into_owned()),
            Asked::System(text) => {
                user_message(std::mem::take(&mut texts), std::mem::take(&mut images), &mut said);
                said.push(json!({ "role": "system", "content": text }));
            }
            Asked::Image { data, .. } => images.push(Value::String(media::base64(data))),
            // Refused before, and never asked for.
            Asked::ImageUrl(_) | Asked::Kept(_) => {}
            Asked::File { name, media_type, text, .. } => {
                texts.extend(parts::no_file(name, media_type, text, notices));
            }
            Asked::Result { name, content, .. } => {
                messages.push(json!({ "role": "tool", "tool_name": name, "content": content }));
            }
        }
    }
    user_message(texts, images, &mut said);
    messages.append(&mut said);
}

fn user_message(texts: Vec<String>, images: Vec<Value>, messages: &mut Vec<Value>) {
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
    for piece in parts::said(message, own, notices) {
        match piece {
            Said::Text(text) => texts.push(text),
            Said::Thought { text, .. } => thinking.push_str(text),
            Said::Kept(_) => {}
            Said::Call { name, arguments, .. } => {
                calls
                    .push(json!({ "function": { "name": name, "arguments": replay::arguments(arguments) } }));
            }
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

fn options(request: &Request, window: u64) -> Map<String, Value> {
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
    options.insert("num_ctx".into(), window.into());
    options
}

/// The window to ask for: always said, because what a server takes by itself differs from version to version
/// and machine to machine. Powers of two, because the server loads the model anew for every other size. A
/// prompt that cannot fit into what the model has is refused here; one that might not is the server's to
/// refuse.
fn window(request: &Request, to: &Endpoint, messages: &[Value]) -> Result<u64, Failure> {
    let mut bytes: u64 = 0;
    let mut fixed: u64 = 0;
    for message in messages {
        let text = message["content"].as_str().map_or(0, str::len);
        let calls = message.get("tool_calls").map_or(0, |calls| calls.to_string().len());
        let images = message["images"].as_array().map_or(0, Vec::len) as u64;
        bytes = bytes.saturating_add((text + calls) as u64);
        fixed = fixed.saturating_add(16).saturating_add(images * IMAGE_TOKENS);
    }
    for tool in &request.tools {
        let described = tool.parameters.to_string().len() + tool.description.len() + tool.name.len();
        bytes = bytes.saturating_add(described as u64);
        fixed = fixed.saturating_add(64);
    }
    let least = bytes / MOST_BYTES_A_TOKEN;
    if let Some(most) = to.context_length.filter(|&most| least > most) {
        let words = say!(
            "The prompt has at least {least} tokens, and {upstream_model} reads {most}. Shorten it or choose a model with a \
             larger context.",
            least,
            upstream_model = to.upstream_model,
            most
        );
        return Err(Failure::new(ErrorKind::LimitContext, words));
    }
    // Two bytes a token is more than any tokeniser in use needs for ordinary text.
    let answer = request.params.max_completion_tokens.unwrap_or(ANSWER_ROOM);
    let need = answer.saturating_add(bytes / 2).saturating_add(fixed).max(LEAST_WINDOW);
    let window = need.checked_next_power_of_two().unwrap_or(need);
    Ok(to.context_length.map_or(window, |most| window.min(most)))
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
        Some(asked) if levels => {
            Some(effort::word(effort::nearest(effort::asked(asked, notices), Some(&LEVELS), notices)).into())
        }
        Some(Reasoning::Effort(Effort::None) | Reasoning::Budget(0)) => Some(json!(false)),
        Some(asked) => {
            notices.parameter(match asked {
                Reasoning::Budget(_) => say!("reasoning budget: this server takes none; reasoning is on."),
                Reasoning::Effort(_) => {
                    say!("reasoning effort: this model knows only on and off; reasoning is on.")
                }
            });
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
        notices.parameter(say!("tool_choice: this server leaves the choice to the model."));
    }
    call::many_calls(request, notices);
    body.insert("tools".into(), request.tools.iter().map(call::function).collect::<Vec<_>>().into());
}
