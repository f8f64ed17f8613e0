//! Requests in the words of the Converse API. Source of the shapes: botocore 1.44.5,
//! `bedrock-runtime/2023-09-30/service-2.json`, 2026-11.

use crate::{Encoded, call, kept, late, media, notices::Notices, parts, replay, thinking::Thinking};
use domain::{
    Endpoint, ErrorKind, Failure, Part, Quirks, Reasoning, Request, ResponseFormat, Role, Tool, ToolChoice,
    say,
};
use serde_json::{Map, Value, json};

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    parts::no_addresses(request)?;
    let mut notices = Notices::default();
    let request = &*late::untagged(request, false, &mut notices);
    let points = kept::Points::of(to);
    let messages = messages(request, to, points.is_some(), &mut notices);
    if messages.is_empty() {
        let nothing = say!("There is nothing to send: every message is empty.");
        return Err(Failure::new(ErrorKind::RequestInvalid, nothing));
    }
    let mut body = Map::new();
    if let Some(system) = request.system.as_deref().filter(|s| !s.trim().is_empty()) {
        body.insert("system".into(), json!([{ "text": system }]));
    }
    let thinking = reasoning(request, to, quirks, &messages, &mut body, &mut notices);
    body.insert("messages".into(), Value::Array(messages));
    let mut config = inference(request, thinking.as_ref(), to, &mut notices);
    call::drop_params(&mut config, quirks, &mut notices.0);
    let output_limit = call::limit(&config, "maxTokens");
    if !config.is_empty() {
        body.insert("inferenceConfig".into(), Value::Object(config));
    }
    tools(request, &mut body, &mut notices);
    format(request, &mut body, &mut notices);
    match points {
        Some(points) => {
            kept::mark(request, to, &mut body, &mut notices, |text| json!({ "text": text }));
            points.put(&mut body);
        }
        None => call::unkept(request, &mut notices),
    }
    call::drop_params(&mut body, quirks, &mut notices.0);
    let call = call::post("/model/{model}/converse-stream", &body, to, quirks);
    Ok(Encoded { call, notices: notices.0, output_limit })
}

/// Roles alternate, results of tools come first in the user's turn, and no text may be blank.
fn messages(request: &Request, to: &Endpoint, marks: bool, notices: &mut Notices) -> Vec<Value> {
    let own = replay::issuer(to);
    let mut turns: Vec<(Role, Vec<Value>)> = Vec::new();
    let mut documents = 0;
    for message in &*replay::told_apart(&request.messages) {
        let mut blocks = Vec::new();
        for part in &message.parts {
            match part {
                Part::Kept { long } if marks => kept::behind(*long, &mut blocks, &mut turns),
                part => blocks.extend(block(part, message.role, &own, &mut documents, notices)),
            }
        }
        match turns.last_mut() {
            _ if blocks.is_empty() => {}
            Some((role, last)) if *role == message.role => last.extend(blocks),
            _ => turns.push((message.role, blocks)),
        }
    }
    turns
        .into_iter()
        .map(|(role, mut blocks)| {
            if role == Role::User {
                blocks.sort_by_key(|block| block.get("toolResult").is_none());
                caption(&mut blocks, notices);
            }
            json!({ "role": if role == Role::User { "user" } else { "assistant" }, "content": blocks })
        })
        .collect()
}

/// A document needs words beside it.
fn caption(blocks: &mut Vec<Value>, notices: &mut Notices) {
    let has = |sort: &str| blocks.iter().any(|block| block.get(sort).is_some());
    if has("document") && !has("text") {
        notices.content(say!("This API takes no document without words: “Attached.” goes with it."));
        blocks.push(json!({ "text": "Attached." }));
    }
}

fn block(part: &Part, role: Role, own: &str, documents: &mut u32, notices: &mut Notices) -> Option<Value> {
    match part {
        Part::Text { text } | Part::Refusal { text } => {
            (!text.trim().is_empty()).then(|| json!({ "text": text }))
        }
        Part::System { text } => Some(json!({ "text": late::as_users(text) })),
        Part::Reasoning { text, signature, issuer } => match signature {
            Some(signature) if issuer == own => Some(match signature.strip_prefix(replay::REDACTED) {
                Some(data) => json!({ "reasoningContent": { "redactedContent": data } }),
                None => json!({
                    "reasoningContent": { "reasoningText": { "text": text, "signature": signature } },
                }),
            }),
            _ => {
                notices.content(say!(
                    "Reasoning of earlier answers that this endpoint did not sign is not sent."
                ));
                None
            }
        },
        Part::Image { media_type, data } => {
            let format = match media_type.as_str() {
                "image/png" => Some("png"),
                "image/jpeg" => Some("jpeg"),
                "image/gif" => Some("gif"),
                "image/webp" => Some("webp"),
                _ => None,
            };
            if let Some(format) = format.filter(|_| role == Role::User) {
                let source = json!({ "bytes": media::base64(data) });
                return Some(json!({ "image": { "format": format, "source": source } }));
            }
            notices.content(say!("A picture ({media_type}) cannot be sent to this endpoint.", media_type));
            None
        }
        // Refused before.
        Part::ImageUrl { .. } => None,
        Part::File { name, media_type, data, .. } => {
            if let Some(format) = document_format(media_type).filter(|_| role == Role::User) {
                *documents += 1;
                let name = document_name(name, *documents);
                let source = json!({ "bytes": media::base64(data) });
                return Some(json!({ "document": { "format": format, "name": name, "source": source } }));
            }
            if let Some(text) = media::file_text(media_type, data) {
                return Some(json!({ "text": media::quote_file(name, text) }));
            }
            notices.content(say!(
                "The file “{name}” ({media_type}) cannot be sent to this endpoint.",
                name,
                media_type
            ));
            None
        }
        Part::Attachment(file) => {
            notices.content(parts::not_read(&file.name));
            None
        }
        Part::ToolCall { id, name, arguments, .. } => Some(json!({ "toolUse": {
            "toolUseId": replay::id(id), "name": name, "input": replay::arguments(arguments),
        } })),
        Part::ToolResult { id, content, is_error, .. } => {
            // Neither no content nor a blank text is taken.
            let blank = content.trim().is_empty();
            let content = if blank { json!({ "json": {} }) } else { json!({ "text": content }) };
            let status = if *is_error { "error" } else { "success" };
            Some(json!({ "toolResult": {
                "toolUseId": replay::id(id), "content": [content], "status": status,
            } }))
        }
        Part::Kept { .. }
        | Part::ServerTool { .. }
        | Part::Citation { .. }
        | Part::Seam(_)
        | Part::GeneratedImage { .. } => None,
    }
}

/// Formats that need the provider's own reading; text goes as text.
fn document_format(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "application/pdf" => "pdf",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        _ => return None,
    })
}

/// Letters, digits, single spaces, hyphens, brackets; each name once, so a number stands behind it.
fn document_name(name: &str, number: u32) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
    let name: String = name.chars().map(plain).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(150).collect();
    format!("{name} {number}").trim_start().to_owned()
}

fn inference(
    request: &Request,
    thinking: Option<&Thinking>,
    to: &Endpoint,
    notices: &mut Notices,
) -> Map<String, Value> {
    let params = &request.params;
    let mut config = Map::new();
    match (thinking, params.max_completion_tokens) {
        // Without a wish the model's own most is the limit, except that a budget must stay below one.
        (Some(thinking), None) if thinking.budget.is_none() => {}
        (Some(thinking), _) => {
            config.insert("maxTokens".into(), thinking.max_tokens.into());
        }
        (None, Some(asked)) => {
            let most = to.max_completion_tokens.unwrap_or(asked);
            if asked > most {
                notices.parameter(say!(
                    "max_completion_tokens: {asked} became {most}, this model's most.",
                    asked,
                    most
                ));
            }
            config.insert("maxTokens".into(), asked.min(most).into());
        }
        (None, None) => {}
    }
    match thinking {
        Some(thinking) => thinking.sampling(params, "temperature", "topP", &mut config, notices),
        None => {
            call::number(&mut config, "temperature", params.temperature);
            call::number(&mut config, "topP", params.top_p);
        }
    }
    if params.seed.is_some() {
        notices.parameter(say!("seed: this API takes none."));
    }
    let stop: Vec<&str> = params.stop.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
    if !stop.is_empty() {
        config.insert("stopSequences".into(), stop.into());
    }
    config
}

/// Reasoning is asked for in two ways: an effort, which the API knows, and a budget, which only one family
/// of models takes, in the field for what models do not share. `None` where the family is another.
fn reasoning(
    request: &Request,
    to: &Endpoint,
    quirks: &Quirks,
    messages: &[Value],
    body: &mut Map<String, Value>,
    notices: &mut Notices,
) -> Option<Thinking> {
    let by_effort = quirks.effort_models.iter().any(|part| to.upstream_model.contains(part.as_str()));
    let signed = to.upstream_model.contains("claude");
    if !signed && !by_effort {
        match request.params.reasoning {
            None | Some(Reasoning::Effort(domain::Effort::None) | Reasoning::Budget(0)) => {}
            Some(_) => {
                notices.parameter(say!("reasoning: this model takes no wish for it through this API."))
            }
        }
        return None;
    }
    let plan = Thinking::plan(request, to, quirks, unthought(messages), notices);
    if let Some(effort) = plan.effort {
        body.insert("outputConfig".into(), json!({ "effort": effort }));
    }
    if let Some(field) = plan.field().filter(|_| signed) {
        body.insert("additionalModelRequestFields".into(), json!({ "thinking": field }));
    }
    signed.then_some(plan)
}

/// Tool results are being sent for a turn that did not begin with reasoning.
fn unthought(messages: &[Value]) -> bool {
    let answering = messages.last().is_some_and(|m| m["content"][0].get("toolResult").is_some());
    let call = messages.iter().rev().find(|m| m["role"] == "assistant");
    answering && call.is_none_or(|m| m["content"][0].get("reasoningContent").is_none())
}

fn tools(request: &Request, body: &mut Map<String, Value>, notices: &mut Notices) {
    let called = replay::called(request);
    let mut list: Vec<Value> = request.tools.iter().map(tool).collect();
    let choice = match &request.tool_choice {
        None => None,
        Some(ToolChoice::Auto) => Some(json!({ "auto": {} })),
        Some(ToolChoice::Required) => Some(json!({ "any": {} })),
        Some(ToolChoice::Named { name }) => Some(json!({ "tool": { "name": name } })),
        Some(ToolChoice::None) if called.is_empty() => return,
        Some(ToolChoice::None) => {
            notices.parameter(say!("tool_choice: this API cannot forbid the tools of earlier calls."));
            None
        }
    };
    let declared = !list.is_empty();
    if !declared {
        // Calls in the conversation must name declared tools.
        let schema = json!({ "json": { "type": "object" } });
        list = called
            .into_iter()
            .map(|name| json!({ "toolSpec": { "name": name, "inputSchema": schema } }))
            .collect();
    }
    if list.is_empty() {
        return;
    }
    if declared {
        call::many_calls(request, notices);
    }
    let mut config = json!({ "tools": list });
    if let Some(choice) = choice.filter(|_| declared) {
        config["toolChoice"] = choice;
    }
    body.insert("toolConfig".into(), config);
}

fn tool(tool: &Tool) -> Value {
    let mut schema = match &tool.parameters {
        Value::Object(schema) => schema.clone(),
        _ => Map::new(),
    };
    schema.entry("type").or_insert_with(|| "object".into());
    let mut spec = json!({ "name": tool.name, "inputSchema": { "json": schema } });
    if !tool.description.is_empty() {
        spec["description"] = tool.description.as_str().into();
    }
    json!({ "toolSpec": spec })
}

fn format(request: &Request, body: &mut Map<String, Value>, notices: &mut Notices) {
    match &request.params.response_format {
        None => {}
        Some(ResponseFormat::JsonObject) => {
            notices.parameter(say!("response_format: this API takes a schema, not “any JSON”."));
        }
        Some(ResponseFormat::JsonSchema { name, schema }) => {
            let mut schema = schema.clone();
            if call::close_objects(&mut schema, 0) {
                notices.parameter(call::closed());
            }
            let structure = json!({ "jsonSchema": { "name": name, "schema": schema.to_string() } });
            let config = body.entry("outputConfig").or_insert_with(|| json!({}));
            config["textFormat"] = json!({ "type": "json_schema", "structure": structure });
        }
    }
}
