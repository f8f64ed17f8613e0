//! Requests in the words of the Gemini API.

use super::schema;
use crate::{Encoded, call, effort, late, media, notices::Notices, parts, replay};
use domain::{
    Effort, Endpoint, Failure, Message, Part, Quirks, Reasoning, ReasoningForm, Request, ResponseFormat,
    Role, Tool, ToolChoice, say,
};
use serde_json::{Map, Value, json};

/// What stands for the proof of a call this model did not make; newer models reject a call without any.
/// As known of the API's page on thought signatures, not re-read; that a proof must be replayed: the reference on
/// wire formats, 3.5 (2026-11-21).
const NO_PROOF: &str = "skip_thought_signature_validator";
/// Most stop sequences the API takes.
const MOST_STOPS: usize = 5;
/// Most tokens of reasoning that every model takes that counts them.
const MOST_TOKENS: u64 = 24_576;
/// Image types the API takes (ai.google.dev/gemini-api/docs/image-understanding, 2026-11).
const IMAGES: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"];

pub(super) fn encode(request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
    let mut notices = Notices::default();
    let request = &*late::untagged(request, false, &mut notices);
    let by_effort = quirks.effort_models.iter().any(|part| to.upstream_model.contains(part.as_str()));
    let contents = contents(request, to, by_effort, &mut notices);
    if contents.is_empty() {
        return Err(call::nothing());
    }
    let mut body = Map::new();
    body.insert("contents".into(), Value::Array(contents));
    if let Some(system) = call::system(request) {
        body.insert("systemInstruction".into(), json!({ "parts": [{ "text": system }] }));
    }
    tools(request, &mut body, &mut notices);
    let mut config = config(request, to, by_effort, quirks, &mut notices);
    call::drop_params(&mut config, quirks, &mut notices.0);
    let output_limit = call::limit(&config, "maxOutputTokens");
    if !config.is_empty() {
        body.insert("generationConfig".into(), Value::Object(config));
    }
    call::unkept(request, &mut notices);
    call::drop_params(&mut body, quirks, &mut notices.0);
    let mut call = call::post(&default_path(&to.upstream_model), &body, to, quirks);
    call.query.push(("alt".into(), "sse".into()));
    Ok(Encoded { call, notices: notices.0, output_limit })
}

/// The list gives names such as `models/x`; tuned models have a collection of their own.
pub(super) fn default_path(model: &str) -> String {
    let (collection, name) = match model.split_once('/') {
        Some((collection @ ("models" | "tunedModels"), name)) => (collection, name),
        _ => ("models", model),
    };
    format!("/v1beta/{collection}/{}:streamGenerateContent", call::segment(name))
}

/// Roles are merged, and results of tools come first in the user's turn.
fn contents(request: &Request, to: &Endpoint, by_effort: bool, notices: &mut Notices) -> Vec<Value> {
    let own = replay::issuer(to);
    let mut turns: Vec<(Role, Vec<Value>)> = Vec::new();
    for message in parts::in_order_of_calls(&request.messages).iter() {
        let parts = parts(message, &own, by_effort, notices);
        match turns.last_mut() {
            _ if parts.is_empty() => {}
            Some((role, last)) if *role == message.role => last.extend(parts),
            _ => turns.push((message.role, parts)),
        }
    }
    turns
        .into_iter()
        .map(|(role, mut parts)| {
            if role == Role::User {
                parts.sort_by_key(|part| part.get("functionResponse").is_none());
            }
            json!({ "role": if role == Role::User { "user" } else { "model" }, "parts": parts })
        })
        .collect()
}

fn parts(message: &Message, own: &str, by_effort: bool, notices: &mut Notices) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    let mut called = false;
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } => {
                if !text.is_empty() {
                    out.push(json!({ "text": text }));
                }
            }
            Part::System { text } => out.push(json!({ "text": late::as_users(text) })),
            Part::Reasoning { text, signature, issuer } => {
                reasoning(text, signature.as_deref().filter(|_| issuer == own), &mut out);
                if issuer != own {
                    notices.content(say!("Reasoning of earlier answers of other models is not sent."));
                }
            }
            // These models want the proof of their own pictures back with them, which no other protocol carries.
            Part::Image { .. } if by_effort && message.role == Role::Assistant => {
                notices.content(say!("A picture inside an answer is not sent back to this model."));
            }
            Part::Image { media_type, data } => {
                if IMAGES.contains(&media_type.as_str()) {
                    out.push(inline(media_type, data));
                } else {
                    notices.content(say!(
                        "A picture ({media_type}) cannot be sent to this endpoint.",
                        media_type
                    ));
                }
            }
            Part::ImageUrl { url } => {
                let mut file = json!({ "fileUri": url });
                if let Some(media_type) = media::image_by_name(url) {
                    file["mimeType"] = media_type.into();
                }
                out.push(json!({ "fileData": file }));
            }
            Part::File { name, media_type, data, .. } => {
                if let Some(part) = file(name, media_type, data, notices) {
                    out.push(part);
                }
            }
            Part::Attachment(file) => notices.content(parts::not_read(&file.name)),
            Part::ToolCall { id, name, arguments, signature, issuer } => {
                let mut part =
                    json!({ "functionCall": { "name": name, "args": replay::arguments(arguments) } });
                with_id(&mut part["functionCall"], id);
                let proof = signature.as_deref().filter(|_| issuer == own);
                // Of several calls at once only the first carries a proof.
                let proof = proof.or((by_effort && !called).then_some(NO_PROOF));
                if let Some(proof) = proof {
                    part["thoughtSignature"] = proof.into();
                }
                called = true;
                out.push(part);
            }
            Part::ToolResult { id, name, content, is_error } => {
                let response = match serde_json::from_str(content) {
                    Ok(Value::Object(object)) if !is_error => Value::Object(object),
                    _ if *is_error => json!({ "error": content }),
                    _ => json!({ "output": content }),
                };
                let mut part = json!({ "functionResponse": { "name": name, "response": response } });
                with_id(&mut part["functionResponse"], id);
                out.push(part);
            }
            Part::Kept { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::Seam(_)
            | Part::GeneratedImage { .. } => {}
        }
    }
    out
}

/// Reasoning without words is the proof of the text before it; see the decoder.
fn reasoning(text: &str, proof: Option<&str>, out: &mut Vec<Value>) {
    let Some(proof) = proof else { return };
    if !text.is_empty() {
        out.push(json!({ "text": text, "thought": true, "thoughtSignature": proof }));
        return;
    }
    match out.last_mut() {
        Some(last) if last.get("text").is_some() && last.get("thoughtSignature").is_none() => {
            last["thoughtSignature"] = proof.into();
        }
        _ => out.push(json!({ "text": "", "thoughtSignature": proof })),
    }
}

fn inline(media_type: &str, data: &[u8]) -> Value {
    json!({ "inlineData": { "mimeType": media_type, "data": media::base64(data) } })
}

fn file(name: &str, media_type: &str, data: &[u8], notices: &mut Notices) -> Option<Value> {
    if let Some(text) = media::file_text(media_type, data) {
        return Some(json!({ "text": media::quote_file(name, text) }));
    }
    let sort = media_type.split('/').next().unwrap_or_default();
    if media_type == "application/pdf" || matches!(sort, "audio" | "video") {
        return Some(inline(media_type, data));
    }
    notices.content(say!(
        "The file “{name}” ({media_type}) cannot be sent to this endpoint.",
        name,
        media_type
    ));
    None
}

/// Ids the API gave are given back; ids made here tell it nothing.
fn with_id(value: &mut Value, id: &str) {
    if !id.is_empty() && !id.starts_with("call_") {
        value["id"] = id.into();
    }
}

fn tools(request: &Request, body: &mut Map<String, Value>, notices: &mut Notices) {
    if request.tools.is_empty() {
        return;
    }
    let mut lost = schema::Lost::default();
    let list: Vec<Value> = request.tools.iter().map(|one| tool(one, &mut lost)).collect();
    schema::tell("tools", &lost, notices);
    body.insert("tools".into(), json!([{ "functionDeclarations": list }]));
    call::many_calls(request, notices);
    let config = match &request.tool_choice {
        None => return,
        Some(ToolChoice::Auto) => json!({ "mode": "AUTO" }),
        Some(ToolChoice::None) => json!({ "mode": "NONE" }),
        Some(ToolChoice::Required) => json!({ "mode": "ANY" }),
        Some(ToolChoice::Named { name }) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
    };
    body.insert("toolConfig".into(), json!({ "functionCallingConfig": config }));
}

fn tool(tool: &Tool, lost: &mut schema::Lost) -> Value {
    let mut out = json!({ "name": tool.name, "description": tool.description });
    if let Some(parameters) = schema::subset(&tool.parameters, lost) {
        out["parameters"] = parameters;
    }
    out
}

fn config(
    request: &Request,
    to: &Endpoint,
    by_effort: bool,
    quirks: &Quirks,
    notices: &mut Notices,
) -> Map<String, Value> {
    let params = &request.params;
    let mut config = Map::new();
    call::number(&mut config, "temperature", params.temperature);
    call::number(&mut config, "topP", params.top_p);
    if let Some(asked) = params.max_completion_tokens {
        let most = to.max_completion_tokens.unwrap_or(asked);
        if asked > most {
            notices.parameter(say!(
                "max_completion_tokens: {asked} became {most}, this model's most.",
                asked,
                most
            ));
        }
        config.insert("maxOutputTokens".into(), asked.min(most).into());
    }
    let stop = call::stops(params, Some(MOST_STOPS), notices);
    if !stop.is_empty() {
        config.insert("stopSequences".into(), stop.into());
    }
    match params.seed.map(i32::try_from) {
        None => {}
        Some(Ok(seed)) => {
            config.insert("seed".into(), seed.into());
        }
        Some(Err(_)) => notices.parameter(say!("seed: this provider takes 32 bits.")),
    }
    if let Some(asked) = params.reasoning {
        let form = effort::form(&to.upstream_model, quirks);
        config.insert("thinkingConfig".into(), thinking(asked, by_effort, form, notices));
    }
    if let Some(format) = &params.response_format {
        config.insert("responseMimeType".into(), "application/json".into());
        if let ResponseFormat::JsonSchema { schema, .. } = format {
            answer_schema(schema, &mut config, notices);
        }
    }
    config
}

fn answer_schema(schema: &Value, config: &mut Map<String, Value>, notices: &mut Notices) {
    let mut lost = schema::Lost::default();
    match schema::in_order(schema, &mut lost) {
        Some(schema) => drop(config.insert("responseSchema".into(), schema)),
        None => notices.parameter(
            say!("response_format: this API takes no schema that names no property; the answer is JSON of any form."),
        ),
    }
    schema::tell("response_format", &lost, notices);
}

/// Levels that most of the newer models take (google-genai 3.4.0, `ThinkingLevel`).
const LEVELS: [Effort; 4] = [Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];

/// Newer models take a level, older ones a number of tokens.
fn thinking(asked: Reasoning, by_effort: bool, form: Option<&ReasoningForm>, notices: &mut Notices) -> Value {
    let off = matches!(asked, Reasoning::Effort(Effort::None) | Reasoning::Budget(0));
    if by_effort { level(asked, off, form, notices) } else { budget(asked, off, form, notices) }
}

fn level(asked: Reasoning, off: bool, form: Option<&ReasoningForm>, notices: &mut Notices) -> Value {
    let taken = form.and_then(|form| form.efforts.as_deref());
    if off {
        notices.parameter(say!("reasoning: this model decides itself; asked for the least."));
        let least = taken.and_then(effort::least).unwrap_or(Effort::Low);
        return json!({ "thinkingLevel": effort::word(least) });
    }
    let taken = Some(taken.unwrap_or(&LEVELS));
    let level = match asked {
        Reasoning::Effort(asked) => effort::nearest(asked, taken, notices),
        Reasoning::Budget(tokens) => {
            let level = effort::nearest(effort::of_tokens(tokens), taken, &mut Notices::default());
            notices.parameter(say!(
                "reasoning: {tokens} tokens became level “{effort}”.",
                tokens,
                effort = effort::word(level)
            ));
            level
        }
    };
    json!({ "includeThoughts": true, "thinkingLevel": effort::word(level) })
}

fn budget(asked: Reasoning, off: bool, form: Option<&ReasoningForm>, notices: &mut Notices) -> Value {
    let range = form.and_then(|form| form.budgets);
    if off {
        let least = form.filter(|form| form.always).and(range).map_or(0, |(least, _)| least);
        if least > 0 {
            let words =
                say!("reasoning: this model always reasons; asked for its least, {least} tokens.", least);
            notices.parameter(words);
        }
        return json!({ "thinkingBudget": least });
    }
    let wanted = match asked {
        Reasoning::Effort(Effort::None | Effort::Minimal) => 512,
        Reasoning::Effort(Effort::Low) => 2048,
        Reasoning::Effort(Effort::Medium) => 8192,
        // The most that every one of them takes.
        Reasoning::Effort(Effort::High | Effort::XHigh) => MOST_TOKENS,
        Reasoning::Effort(Effort::Max) => range.map_or(MOST_TOKENS, |(_, most)| most),
        Reasoning::Budget(tokens) => tokens,
    };
    let tokens = range.map_or(wanted, |(least, most)| wanted.min(most).max(least));
    if tokens != wanted && matches!(asked, Reasoning::Budget(_)) {
        notices.parameter(say!(
            "reasoning: {wanted} tokens became {tokens}; this model takes no other limit.",
            wanted,
            tokens
        ));
    }
    json!({ "includeThoughts": true, "thinkingBudget": tokens })
}
