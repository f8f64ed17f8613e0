//! Requests of the Responses dialect.

use crate::{Encoded, call, media, notices::Notices, replay};
use domain::{
    Endpoint, ErrorKind, Failure, Message, Part, Quirks, Reasoning, Request, ResponseFormat, Role, Tool,
    ToolChoice,
};
use serde_json::{Map, Value, json};

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::default();
    let own = replay::issuer(to);
    let mut input = Vec::new();
    for message in &request.messages {
        match message.role {
            Role::User => user(message, &mut input),
            Role::Assistant => assistant(message, &own, &mut input, &mut notices),
        }
    }
    if input.is_empty() {
        let nothing = "There is nothing to send: every message is empty.";
        return Err(Failure::new(ErrorKind::RequestInvalid, nothing));
    }
    let mut body = Map::new();
    body.insert("model".into(), to.upstream_model.as_str().into());
    body.insert("input".into(), input.into());
    body.insert("stream".into(), true.into());
    body.insert("store".into(), false.into());
    if let Some(system) = request.system.as_deref().filter(|s| !s.trim().is_empty()) {
        body.insert("instructions".into(), system.into());
    }
    params(request, to, quirks, &mut body, &mut notices);
    tools(request, &mut body);
    let mut notices = notices.0;
    call::drop_params(&mut body, quirks, &mut notices);
    Ok(Encoded { call: call::post("/responses", &body, to, quirks), notices })
}

fn user(message: &Message, input: &mut Vec<Value>) {
    let mut parts = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => {
                parts.push(json!({ "type": "input_text", "text": text }));
            }
            Part::Image { media_type, data } => {
                let url = media::to_data_url(media_type, data);
                parts.push(json!({ "type": "input_image", "image_url": url }));
            }
            Part::File { name, media_type, data } => parts.push(match media::file_text(media_type, data) {
                Some(text) => json!({ "type": "input_text", "text": media::quote_file(name, text) }),
                None => json!({
                    "type": "input_file", "filename": name, "file_data": media::to_data_url(media_type, data),
                }),
            }),
            Part::ToolResult { id, content, .. } => {
                input.push(json!({ "type": "function_call_output", "call_id": id, "output": content }));
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
    if !parts.is_empty() {
        input.push(json!({ "role": "user", "content": parts }));
    }
}

fn assistant(message: &Message, own: &str, input: &mut Vec<Value>, notices: &mut Notices) {
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => {
                let content = json!([{ "type": "output_text", "text": text }]);
                input.push(json!({ "role": "assistant", "content": content }));
            }
            // The proof is the whole item as it came: it must go back unchanged.
            Part::Reasoning { signature: Some(item), issuer, .. } if issuer == own => {
                if let Ok(item @ Value::Object(_)) = serde_json::from_str(item) {
                    input.push(item);
                }
            }
            Part::ToolCall { id, name, arguments, .. } => {
                let arguments = if arguments.trim().is_empty() { "{}" } else { arguments.as_str() };
                input.push(json!({
                    "type": "function_call", "call_id": id, "name": name, "arguments": arguments,
                }));
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
        let field = quirks.max_tokens_field.as_deref().filter(|f| *f != "max_completion_tokens");
        body.insert(field.unwrap_or("max_output_tokens").into(), most.into());
    }
    if !params.stop.is_empty() {
        notices.parameter("stop: this API takes none.");
    }
    if params.seed.is_some() {
        notices.parameter("seed: this API takes none.");
    }
    let reasons = quirks.effort_models.iter().any(|part| to.upstream_model.contains(part.as_str()));
    match params.reasoning {
        None => {}
        Some(Reasoning::Effort(effort)) => {
            body.insert("reasoning".into(), json!({ "effort": call::effort(effort), "summary": "auto" }));
        }
        Some(Reasoning::Budget(_)) => {
            notices.parameter("reasoning budget: this API takes an effort, not a number of tokens.");
        }
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

fn tools(request: &Request, body: &mut Map<String, Value>) {
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
    let choice = match &request.tool_choice {
        None => return,
        Some(ToolChoice::Auto) => json!("auto"),
        Some(ToolChoice::None) => json!("none"),
        Some(ToolChoice::Required) => json!("required"),
        Some(ToolChoice::Named { name }) => json!({ "type": "function", "name": name }),
    };
    body.insert("tool_choice".into(), choice);
}
