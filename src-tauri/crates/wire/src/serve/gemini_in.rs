//! Requests in the words of the Gemini API. Its JSON may name every field in two ways.

use super::read::{self, Draft, invalid};
use crate::json::Json;
use domain::{Effort, Failure, Part, Reasoning, ResponseFormat, Role, Tool, ToolChoice};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Deepest schema read.
const MAX_DEPTH: u32 = 64;

/// A field by either of its names.
fn get<'a, 'b>(json: &'a Json<'b>, name: &str, other: &str) -> Option<&'a Json<'b>> {
    json.get(name).or_else(|| json.get(other))
}

pub(super) fn read(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    if let Some(system) = get(json, "systemInstruction", "system_instruction") {
        let parts = system.list("parts").iter().filter_map(|part| part.text("text"));
        let texts: Vec<&str> = parts.chain(system.str()).collect();
        draft.system(&texts.join("\n\n"));
    }
    let contents = json.get("contents");
    let contents = contents.ok_or_else(|| invalid("contents", "The request has no “contents”."))?;
    let one = std::slice::from_ref(contents);
    let all = if let Json::Array(items) = contents { items.as_slice() } else { one };
    for content in all {
        self::content(content, draft)?;
    }
    // Thoughts are told only to those who ask for them.
    draft.asked.hide_reasoning = true;
    if json.get("generationConfig").is_some() && json.get("generation_config").is_some() {
        return Err(invalid("generationConfig", "“generationConfig” is given twice, under two names."));
    }
    if let Some(config) = get(json, "generationConfig", "generation_config") {
        self::config(config, draft)?;
    }
    tools(json, draft)?;
    if get(json, "cachedContent", "cached_content").is_some() {
        draft.keep("Content kept at the provider");
    }
    draft.know(&["contents", "systemInstruction", "system_instruction", "generationConfig"]);
    draft.know(&["generation_config", "tools", "toolConfig", "tool_config", "cachedContent", "labels"]);
    draft.know(&["cached_content"]);
    Ok(())
}

fn content(content: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    let mut parts = Vec::new();
    let role = match content.text("role").unwrap_or("user") {
        "user" | "function" | "tool" => Role::User,
        "model" => Role::Assistant,
        _ => return Err(invalid("contents", "A content's role must be user or model.")),
    };
    for part in read::list(content, "parts")? {
        self::part(part, role, &mut parts, draft)?;
    }
    draft.message(role, parts);
    Ok(())
}

fn part(part: &Json<'_>, role: Role, parts: &mut Vec<Part>, draft: &mut Draft) -> Result<(), Failure> {
    let proof = get(part, "thoughtSignature", "thought_signature").and_then(Json::str).unwrap_or_default();
    if let Some(call) = get(part, "functionCall", "function_call") {
        let name = call.text("name").unwrap_or_default();
        let count = draft.request().messages.iter().map(|m| m.parts.len()).sum::<usize>() + parts.len();
        let made = format!("call_{count}");
        let id = call.text("id").filter(|id| !id.is_empty()).unwrap_or(&made);
        let arguments = call.get("args").map_or_else(|| "{}".to_owned(), Json::to_text);
        let mut made = draft.call(id, name, arguments);
        if let Part::ToolCall { signature, issuer, .. } = &mut made
            && !proof.is_empty()
        {
            match super::seal::open(proof) {
                Some(opened) => {
                    draft.asked.sealed = true;
                    *signature = opened.signature;
                    *issuer = opened.issuer;
                }
                None => *signature = Some(proof.to_owned()),
            }
        }
        parts.push(made);
    } else if let Some(response) = get(part, "functionResponse", "function_response") {
        result(response, parts, draft);
        // Pictures in a tool's answer stand behind it: elsewhere an answer is words alone.
        for inner in read::list(response, "parts")? {
            match get(inner, "inlineData", "inline_data") {
                Some(data) => parts.push(inline(data)?),
                None => draft.keep("A tool's answer with parts of its own"),
            }
        }
    } else if let Some(text) = part.text("text") {
        let thought = part.get("thought").is_some_and(Json::is_true);
        if thought && role == Role::Assistant {
            draft.thought(text.to_owned(), proof, parts);
            return Ok(());
        }
        if !text.is_empty() {
            parts.push(Part::Text { text: text.to_owned() });
        }
        // The proof of a text is kept behind it, as reasoning without words.
        if !proof.is_empty() && role == Role::Assistant {
            draft.thought(String::new(), proof, parts);
        }
    } else if let Some(data) = get(part, "inlineData", "inline_data") {
        for (name, other) in [("mediaResolution", "media_resolution"), ("videoMetadata", "video_metadata")] {
            if get(part, name, other).is_some() {
                draft.lose(name);
            }
        }
        parts.push(inline(data)?);
    } else if let Some(url) = picture(part) {
        parts.push(Part::ImageUrl { url: url.to_owned() });
    } else if let Some((name, _)) = part.fields().iter().find(|(name, _)| !name.starts_with("thought")) {
        let name: String = name.chars().take(40).collect();
        draft.keep(&format!("A part of the sort “{name}”"));
    }
    Ok(())
}

/// The address of a picture on the web. What is kept at Google has one too, which is nobody else's to read.
fn picture<'a>(part: &'a Json<'_>) -> Option<&'a str> {
    let file = get(part, "fileData", "file_data")?;
    let kind = get(file, "mimeType", "mime_type").and_then(Json::str)?;
    let url = get(file, "fileUri", "file_uri").and_then(Json::str)?;
    let web = url.starts_with("https://") && !url.contains("googleapis.com/");
    (web && kind.starts_with("image/")).then_some(url)
}

/// A picture or a document that stands in the request.
fn inline(data: &Json<'_>) -> Result<Part, Failure> {
    let media_type = get(data, "mimeType", "mime_type").and_then(Json::str).unwrap_or_default().to_owned();
    let bytes =
        read::bytes(data.text("data").unwrap_or_default().replace('-', "+").replace('_', "/").as_str())?;
    let name = data.text("displayName").unwrap_or("document").to_owned();
    Ok(if media_type.starts_with("image/") {
        Part::Image { media_type, data: bytes.into() }
    } else {
        Part::File { name, media_type, data: bytes.into(), text: None }
    })
}

/// The inverse of how results are put into the dialect's words.
fn result(response: &Json<'_>, parts: &mut Vec<Part>, draft: &mut Draft) {
    let name = response.text("name").unwrap_or_default();
    let given = response.text("id").filter(|id| !id.is_empty()).map(str::to_owned);
    let id = given.or_else(|| draft.take_call(name)).unwrap_or_else(|| name.to_owned());
    let said = response.get("response");
    let only = said.map(Json::fields).filter(|fields| fields.len() == 1).map(|fields| &fields[0]);
    let (content, is_error) = match only {
        Some((key, Json::String(text))) if key == "output" => (text.clone().into_owned(), false),
        Some((key, Json::String(text))) if key == "error" => (text.clone().into_owned(), true),
        _ => (said.map(Json::to_text).unwrap_or_default(), false),
    };
    parts.push(Part::ToolResult { id, name: name.to_owned(), content, is_error });
}

fn config(config: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    let either =
        |name: &'static str, other: &'static str| if config.get(name).is_some() { name } else { other };
    // Whoever reads only one of the two spellings may not read the one that is measured here.
    let twin = config.fields().iter().map(|(name, _)| name.as_ref()).find(|name| {
        let spelt = |other: &str| {
            other.contains('_') && other != *name && other.replace('_', "").eq_ignore_ascii_case(name)
        };
        config.fields().iter().any(|(other, _)| spelt(other))
    });
    if let Some(name) = twin {
        return Err(invalid(name, format!("“{name}” stands twice in “generationConfig”, in two spellings.")));
    }
    let outputs = read::whole_number(config, "candidateCount")?;
    draft.outputs(outputs.max(read::whole_number(config, "candidate_count")?));
    let params = &mut draft.request().params;
    params.max_completion_tokens =
        read::whole_number(config, either("maxOutputTokens", "max_output_tokens"))?;
    params.temperature = read::number(config, "temperature")?;
    params.top_p = read::number(config, either("topP", "top_p"))?;
    params.stop = read::stops(config, either("stopSequences", "stop_sequences"))?;
    params.seed = read::signed(config, "seed")?;
    params.response_format = format(config)?;
    let kind = get(config, "responseMimeType", "response_mime_type").and_then(Json::str);
    if let Some(kind) = kind.filter(|kind| !["", "text/plain", "application/json"].contains(kind)) {
        let kind: String = kind.chars().take(40).collect();
        draft.bind(&format!("An answer in the form “{kind}”"));
    }
    if let Some(thinking) = get(config, "thinkingConfig", "thinking_config") {
        self::thinking(thinking, draft)?;
    }
    let wanted = get(config, "responseModalities", "response_modalities").map_or(&[][..], Json::items);
    if wanted.iter().any(|m| !m.str().unwrap_or_default().eq_ignore_ascii_case("text")) {
        draft.bind("An answer that is not only text");
    }
    let known = [
        "candidateCount",
        "candidate_count",
        "maxOutputTokens",
        "max_output_tokens",
        "temperature",
        "topP",
        "top_p",
        "stopSequences",
        "stop_sequences",
        "seed",
        "responseMimeType",
        "response_mime_type",
        "responseSchema",
        "response_schema",
        "responseJsonSchema",
        "response_json_schema",
        "thinkingConfig",
        "thinking_config",
        "responseModalities",
        "response_modalities",
    ];
    for (key, value) in config.fields() {
        if !value.is_null() && !known.contains(&key.as_ref()) {
            draft.lose(key.chars().take(80).collect::<String>());
        }
    }
    Ok(())
}

fn format(config: &Json<'_>) -> Result<Option<ResponseFormat>, Failure> {
    let kind = get(config, "responseMimeType", "response_mime_type").and_then(Json::str).unwrap_or_default();
    if kind != "application/json" {
        return Ok(None);
    }
    let name = || "answer".to_owned();
    if let Some(schema) = get(config, "responseJsonSchema", "response_json_schema") {
        let schema = read::schema(Some(schema), "responseJsonSchema")?;
        return Ok(Some(ResponseFormat::JsonSchema { name: name(), schema }));
    }
    Ok(Some(match get(config, "responseSchema", "response_schema") {
        Some(schema) => {
            let mut schema = read::schema(Some(schema), "responseSchema")?;
            plain(&mut schema, 0);
            ResponseFormat::JsonSchema { name: name(), schema }
        }
        None => ResponseFormat::JsonObject,
    }))
}

/// The API's schemas name types in capitals and say `nullable`; everyone else's are JSON Schema.
fn plain(schema: &mut Value, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    let Value::Object(fields) = schema else { return };
    if let Some(Value::String(sort)) = fields.get_mut("type") {
        *sort = sort.to_ascii_lowercase();
    }
    if fields.shift_remove("nullable") == Some(Value::Bool(true))
        && let Some(sort) = fields.get("type").cloned()
    {
        fields.insert("type".into(), json!([sort, "null"]));
    }
    let order = fields.shift_remove("propertyOrdering");
    // Whole numbers of 64 bits are texts in its JSON.
    for key in ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"] {
        if let Some(count) = fields.get(key).and_then(Value::as_str).and_then(|text| text.parse::<u64>().ok())
        {
            fields.insert(key.into(), count.into());
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(key) {
            plain(inner, depth + 1);
        }
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        put_in_order(properties, order.as_ref());
        properties.values_mut().for_each(|property| plain(property, depth + 1));
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(branches)) = fields.get_mut(key) {
            branches.iter_mut().for_each(|branch| plain(branch, depth + 1));
        }
    }
}

/// Everyone else takes the order of properties from the order in which they stand.
fn put_in_order(properties: &mut Map<String, Value>, order: Option<&Value>) {
    let Some(order) = order.and_then(Value::as_array) else { return };
    let mut places = HashMap::with_capacity(order.len());
    for (place, name) in order.iter().enumerate().filter_map(|(place, name)| Some((place, name.as_str()?))) {
        places.entry(name).or_insert(place);
    }
    let mut all: Vec<(String, Value)> = std::mem::take(properties).into_iter().collect();
    // Those that are not named stay behind, as they stand.
    all.sort_by_key(|(name, _)| places.get(name.as_str()).copied().unwrap_or(usize::MAX));
    properties.extend(all);
}

fn thinking(thinking: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    let told = get(thinking, "includeThoughts", "include_thoughts").is_some_and(Json::is_true);
    draft.asked.hide_reasoning = !told;
    let level = get(thinking, "thinkingLevel", "thinking_level").and_then(Json::str);
    let budget = if thinking.get("thinkingBudget").is_some() { "thinkingBudget" } else { "thinking_budget" };
    let budget = read::signed(thinking, budget)?;
    draft.request().params.reasoning = match (level, budget) {
        (Some(level), _) if !level.eq_ignore_ascii_case("thinking_level_unspecified") => {
            draft.effort(level, "thinkingLevel").map(Reasoning::Effort)
        }
        (_, Some(0)) => Some(Reasoning::Effort(Effort::None)),
        // −1 leaves it to the model.
        (_, Some(budget)) => u64::try_from(budget).ok().map(Reasoning::Budget),
        _ => None,
    };
    Ok(())
}

fn tools(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    // One alone may stand without its list, as Google's own reading of JSON allows.
    let tools = match json.get("tools") {
        Some(one @ Json::Object(_)) => std::slice::from_ref(one),
        _ => read::list(json, "tools")?,
    };
    for tool in tools {
        for (name, _) in tool.fields() {
            if name != "functionDeclarations" && name != "function_declarations" {
                draft.asked.served.runs(name);
                let name: String = name.chars().take(40).collect();
                draft.bind(&format!("The tool “{name}”"));
            }
        }
        let declared =
            get(tool, "functionDeclarations", "function_declarations").map_or(&[][..], Json::items);
        for function in declared {
            let own = get(function, "parametersJsonSchema", "parameters_json_schema");
            let mut schema = read::schema(own.or_else(|| function.get("parameters")), "parameters")?;
            if own.is_none() {
                plain(&mut schema, 0);
            }
            let name = function.text("name").filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| invalid("tools", "A function has no name."))?.to_owned();
            let description = function.text("description").unwrap_or_default().to_owned();
            draft.request().tools.push(Tool { name, description, parameters: schema });
        }
    }
    let config = get(json, "toolConfig", "tool_config");
    let config = config.and_then(|c| get(c, "functionCallingConfig", "function_calling_config"));
    let Some(config) = config else { return Ok(()) };
    let allowed = get(config, "allowedFunctionNames", "allowed_function_names").map_or(&[][..], Json::items);
    let mode = config.text("mode").unwrap_or("AUTO").to_ascii_uppercase();
    draft.request().tool_choice = match (mode.as_str(), allowed) {
        ("NONE", _) => Some(ToolChoice::None),
        ("ANY", [only]) => Some(ToolChoice::Named { name: only.str().unwrap_or_default().to_owned() }),
        ("ANY", []) => Some(ToolChoice::Required),
        // Words or calls, as with AUTO, but a call keeps to its schema: a promise the model's provider makes.
        ("VALIDATED", []) => {
            draft.lose("functionCallingConfig.mode: VALIDATED");
            Some(ToolChoice::Auto)
        }
        ("AUTO" | "MODE_UNSPECIFIED", _) => Some(ToolChoice::Auto),
        _ => {
            draft.bind("A choice among some of the tools");
            None
        }
    };
    Ok(())
}
