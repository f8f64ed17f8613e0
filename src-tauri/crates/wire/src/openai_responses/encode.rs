//! Requests of the Responses dialect.

use crate::{
    Encoded, call, effort, late, media,
    notices::Notices,
    parts::{self, Asked, Said, Takes},
    replay,
};
use domain::{Endpoint, Failure, Message, Quirks, Reasoning, Request, ResponseFormat, Role, Tool, say};
use serde_json::{Map, Value, json};

/// The least limit that the API takes: "Expected a value >= 16" (vectorize-io/hindsight#58, UKGovernmentBEIS/inspect_evals#694,
/// 2025-12). Programs that try a connection ask for 1. No budget leaves an answer less than this.
const LEAST_OUTPUT: u64 = 16;

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::default();
    let own = replay::issuer(to);
    let role = quirks.system_role.as_deref().unwrap_or("system");
    let late = call::late_system(to, quirks).then_some(role);
    let request = &*late::untagged(request, late.is_some(), &mut notices);
    let mut input = Vec::new();
    for message in &request.messages {
        match message.role {
            Role::User => user(message, late, &mut input, &mut notices),
            Role::Assistant => assistant(message, &own, &mut input, &mut notices),
        }
    }
    if input.is_empty() {
        return Err(call::nothing());
    }
    let mut body = Map::new();
    body.insert("model".into(), to.upstream_model.as_str().into());
    body.insert("input".into(), input.into());
    body.insert("stream".into(), true.into());
    body.insert("store".into(), false.into());
    if let Some(system) = call::system(request) {
        body.insert("instructions".into(), system.into());
    }
    params(request, to, quirks, &mut body, &mut notices);
    tools(request, to, quirks, &mut body, &mut notices);
    call::unkept(request, &mut notices);
    let mut notices = notices.0;
    call::drop_params(&mut body, quirks, &mut notices);
    let output_limit = call::limit(&body, limit_field(quirks));
    Ok(Encoded { call: call::post("/responses", &body, to, quirks), notices, output_limit })
}

/// `late`: the role in which the system may speak at any place.
fn user(message: &Message, late: Option<&str>, input: &mut Vec<Value>, notices: &mut Notices) {
    let mut content = Vec::new();
    // What stands behind results.
    let mut said = Vec::new();
    let spoken = |content: &mut Vec<Value>, said: &mut Vec<Value>| {
        if !content.is_empty() {
            said.push(json!({ "role": "user", "content": std::mem::take(content) }));
        }
    };
    let takes = Takes { late_system: late.is_some(), ..Takes::default() };
    for piece in parts::asked(message, takes, notices) {
        match piece {
            Asked::Text(text) => content.push(json!({ "type": "input_text", "text": text })),
            Asked::System(text) => {
                spoken(&mut content, &mut said);
                let content = json!([{ "type": "input_text", "text": text }]);
                said.push(json!({ "role": late, "content": content }));
            }
            Asked::Kept(_) => {}
            Asked::Image { media_type, data } => {
                let url = media::to_data_url(media_type, data);
                content.push(json!({ "type": "input_image", "image_url": url }));
            }
            Asked::ImageUrl(url) => content.push(json!({ "type": "input_image", "image_url": url })),
            Asked::File { name, media_type, data, .. } => content.push(json!({
                "type": "input_file", "filename": name, "file_data": media::to_data_url(media_type, data),
            })),
            Asked::Result { id, content, .. } => {
                input.push(json!({ "type": "function_call_output", "call_id": id, "output": content }));
            }
        }
    }
    spoken(&mut content, &mut said);
    input.append(&mut said);
}

fn assistant(message: &Message, own: &str, input: &mut Vec<Value>, notices: &mut Notices) {
    for piece in parts::said(message, own, notices) {
        match piece {
            Said::Text(text) => {
                let content = json!([{ "type": "output_text", "text": text }]);
                input.push(json!({ "role": "assistant", "content": content }));
            }
            Said::Kept(_) => {}
            // The proof is the whole item as it came: it must go back unchanged.
            Said::Thought { proof, .. } => {
                if let Some(Ok(item @ Value::Object(_))) = proof.map(serde_json::from_str) {
                    input.push(item);
                }
            }
            Said::Call { id, name, arguments } => input.push(json!({
                "type": "function_call", "call_id": id, "name": name, "arguments": arguments,
            })),
        }
    }
}

fn limit_field(quirks: &Quirks) -> &str {
    let field =
        quirks.max_tokens_field.as_deref().filter(|f| !["max_completion_tokens", "max_tokens"].contains(f));
    field.unwrap_or("max_output_tokens")
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
    if let Some(asked) = params.max_completion_tokens {
        if asked < LEAST_OUTPUT {
            notices.parameter(say!(
                "max_completion_tokens: {asked} became {least}, the least that this API takes.",
                asked,
                least = LEAST_OUTPUT
            ));
        }
        body.insert(limit_field(quirks).into(), asked.max(LEAST_OUTPUT).into());
    }
    if !params.stop.is_empty() {
        notices.parameter(say!("stop: this API takes none."));
    }
    if params.seed.is_some() {
        notices.parameter(say!("seed: this API takes none."));
    }
    let reasons = quirks.effort_models.iter().any(|part| to.upstream_model.contains(part.as_str()));
    if let Some(asked) = params.reasoning {
        reasoning(asked, to, quirks, body, notices);
    }
    // Models that do not reason reject the request for it.
    if reasons || body.contains_key("reasoning") {
        body.insert("include".into(), json!(["reasoning.encrypted_content"]));
    }
    let format = match &params.response_format {
        None => return,
        Some(ResponseFormat::JsonObject) => json!({ "type": "json_object" }),
        Some(ResponseFormat::JsonSchema { name, schema }) => json!({
            "type": "json_schema", "name": name, "schema": schema, "strict": call::is_strict(schema, 0),
        }),
    };
    body.insert("text".into(), json!({ "format": format }));
}

fn reasoning(
    asked: Reasoning,
    to: &Endpoint,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Notices,
) {
    let taken = effort::form(&to.upstream_model, quirks).and_then(|form| form.efforts.as_deref());
    if taken.is_some_and(<[_]>::is_empty) {
        notices.parameter(say!("reasoning: this model takes no wish for it."));
        return;
    }
    let asked = effort::asked(asked, notices);
    let effort = effort::word(effort::nearest(asked, taken, notices));
    body.insert("reasoning".into(), json!({ "effort": effort, "summary": "auto" }));
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
    let tool = |tool: &Tool| {
        json!({
            "type": "function", "name": tool.name, "description": tool.description,
            "parameters": tool.parameters, "strict": call::is_strict(&tool.parameters, 0),
        })
    };
    body.insert("tools".into(), request.tools.iter().map(tool).collect::<Vec<_>>().into());
    call::one_call(request, to, quirks, body, notices);
    let named = |name: &str| json!({ "type": "function", "name": name });
    if let Some(choice) = call::choice(request.tool_choice.as_ref(), named) {
        body.insert("tool_choice".into(), choice);
    }
}
