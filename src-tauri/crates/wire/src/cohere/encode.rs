//! Requests of Cohere's chat.

use super::PLAN;
use crate::{
    Encoded, call, late, media,
    notices::Notices,
    parts::{self, Asked, Said, Takes},
    replay,
};
use domain::{
    Effort, Endpoint, Failure, Message, Quirks, Reasoning, Request, ResponseFormat, Role, ToolChoice, say,
};
use serde_json::{Map, Value, json};

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::default();
    let own = replay::issuer(to);
    let takes = Takes { late_system: call::late_system(to, quirks), ..Takes::default() };
    let request = &*late::untagged(request, takes.late_system, &mut notices);
    let mut messages = Vec::new();
    for message in &request.messages {
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
    body.insert("messages".into(), messages.into());
    body.insert("stream".into(), true.into());
    params(request, &mut body, &mut notices);
    tools(request, &mut body, &mut notices);
    call::unkept(request, &mut notices);
    let mut notices = notices.0;
    call::drop_params(&mut body, quirks, &mut notices);
    let output_limit = call::limit(&body, "max_tokens");
    Ok(Encoded { call: call::post("/v2/chat", &body, to, quirks), notices, output_limit })
}

fn user(message: &Message, takes: Takes, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut content = Vec::new();
    // What stands behind results.
    let mut said = Vec::new();
    for piece in parts::asked(message, takes, notices) {
        match piece {
            Asked::Text(text) => content.push(json!({ "type": "text", "text": text })),
            Asked::System(text) => {
                call::user_message(std::mem::take(&mut content), takes, &mut said);
                said.push(json!({ "role": "system", "content": text }));
            }
            Asked::Kept(_) => {}
            Asked::Image { media_type, data } => {
                let url = media::to_data_url(media_type, data);
                content.push(json!({ "type": "image_url", "image_url": { "url": url } }));
            }
            Asked::ImageUrl(url) => {
                content.push(json!({ "type": "image_url", "image_url": { "url": url } }));
            }
            Asked::File { name, media_type, text, .. } => {
                let text = parts::no_file(name, media_type, text, notices);
                content.extend(text.map(|text| json!({ "type": "text", "text": text })));
            }
            Asked::Result { id, content, .. } => {
                messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
            }
        }
    }
    call::user_message(content, takes, &mut said);
    messages.append(&mut said);
}

fn assistant(message: &Message, own: &str, messages: &mut Vec<Value>, notices: &mut Notices) {
    let mut texts: Vec<&str> = Vec::new();
    let mut plan = String::new();
    let mut calls = Vec::new();
    for piece in parts::said(message, own, notices) {
        match piece {
            Said::Text(text) => texts.push(text),
            Said::Thought { text, proof: Some(PLAN) } => plan.push_str(text),
            // Reasoning beside a plan is not taken back.
            Said::Thought { .. } | Said::Kept(_) => {}
            Said::Call { id, name, arguments } => {
                let arguments = replay::arguments(arguments).to_string();
                let function = json!({ "name": name, "arguments": arguments });
                calls.push(json!({ "id": id, "type": "function", "function": function }));
            }
        }
    }
    if texts.is_empty() && calls.is_empty() {
        return;
    }
    let mut message = json!({ "role": "assistant" });
    if !texts.is_empty() {
        message["content"] = texts.join("\n\n").into();
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
        if !plan.is_empty() {
            message["tool_plan"] = plan.into();
        }
    }
    messages.push(message);
}

fn params(request: &Request, body: &mut Map<String, Value>, notices: &mut Notices) {
    let params = &request.params;
    call::number(body, "temperature", params.temperature);
    call::number(body, "p", params.top_p);
    if let Some(most) = params.max_completion_tokens {
        body.insert("max_tokens".into(), most.into());
    }
    if !params.stop.is_empty() {
        body.insert("stop_sequences".into(), params.stop.clone().into());
    }
    match params.seed.map(u64::try_from) {
        Some(Ok(seed)) => drop(body.insert("seed".into(), seed.into())),
        Some(Err(_)) => notices.parameter(say!("seed: this API takes none below zero.")),
        None => {}
    }
    let thinking = match params.reasoning {
        None => None,
        Some(Reasoning::Effort(Effort::None) | Reasoning::Budget(0)) => Some(json!({ "type": "disabled" })),
        Some(Reasoning::Effort(_)) => {
            notices
                .parameter(say!("reasoning effort: this API only turns reasoning on or limits its tokens."));
            Some(json!({ "type": "enabled" }))
        }
        Some(Reasoning::Budget(tokens)) => Some(json!({ "type": "enabled", "token_budget": tokens })),
    };
    if let Some(thinking) = thinking {
        body.insert("thinking".into(), thinking);
    }
    let format = match &params.response_format {
        None => return,
        Some(ResponseFormat::JsonObject) => json!({ "type": "json_object" }),
        Some(ResponseFormat::JsonSchema { schema, .. }) => {
            json!({ "type": "json_object", "json_schema": schema })
        }
    };
    body.insert("response_format".into(), format);
}

fn tools(request: &Request, body: &mut Map<String, Value>, notices: &mut Notices) {
    // The API has no way to demand one tool but to offer no other.
    let offered: Vec<Value> = match &request.tool_choice {
        Some(ToolChoice::Named { name }) => {
            request.tools.iter().filter(|t| t.name == *name).map(call::function).collect()
        }
        _ => request.tools.iter().map(call::function).collect(),
    };
    if offered.is_empty() {
        return;
    }
    if offered.len() < request.tools.len() {
        notices.parameter(say!("tools: only the one that must be called is offered."));
    }
    body.insert("tools".into(), offered.into());
    call::many_calls(request, notices);
    let choice = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => return,
        Some(ToolChoice::None) => "NONE",
        Some(ToolChoice::Required | ToolChoice::Named { .. }) => "REQUIRED",
    };
    body.insert("tool_choice".into(), choice.into());
}
