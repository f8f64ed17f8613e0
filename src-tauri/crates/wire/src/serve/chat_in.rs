//! Requests in the words of Chat Completions, OpenRouter's extensions included.

use super::{
    marks,
    read::{self, Draft, invalid},
};
use crate::json::Json;
use domain::{Failure, Part, Reasoning, ResponseFormat, Role, ToolChoice};

pub(super) fn read(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    if json.get("messages").is_none() {
        return Err(invalid("messages", "The request has no “messages”."));
    }
    for message in read::list(json, "messages")? {
        self::message(message, draft)?;
    }
    params(json, draft)?;
    tools(json, draft)?;
    for key in ["audio", "modalities", "web_search_options", "prediction"] {
        // Models that make pictures make them unasked elsewhere.
        let usual = |m: &Json<'_>| matches!(m.str(), Some("text" | "image"));
        let usual = |v: &Json<'_>| key == "modalities" && v.items().iter().all(usual);
        if json.get(key).is_some_and(|v| !usual(v)) {
            draft.bind(&format!("“{key}”"));
            if key == "web_search_options" {
                draft.asked.served.runs(key);
            }
        }
    }
    if json.list("modalities").iter().any(|m| m.str() == Some("image")) {
        draft.lose("modalities");
    }
    // Searches of xAI's and Alibaba's, and OpenRouter's tools that cost by the use.
    let off = |v: &Json<'_>| v == &Json::Bool(false) || v.text("mode") == Some("off");
    for key in ["search_parameters", "enable_search"] {
        if json.get(key).is_some_and(|v| !off(v)) {
            draft.asked.served.runs(key);
        }
    }
    if !json.list("plugins").is_empty() {
        draft.asked.served.runs("plugins");
    }
    draft.know(&[
        "messages",
        "modalities",
        "user",
        "metadata",
        "store",
        "parallel_tool_calls",
        "safety_identifier",
    ]);
    Ok(())
}

/// What the system says in the middle of a conversation, each piece by itself: joined where no mark stands between them
/// they would be other words once a mark has moved on.
fn late_system(message: &Json<'_>, text: &str, draft: &mut Draft) {
    let pieces = message.list("content");
    if pieces.is_empty() {
        draft.system(text);
    }
    for piece in pieces {
        draft.system(piece.text("text").or_else(|| piece.str()).unwrap_or_default());
        marks::at(piece).into_iter().for_each(|long| draft.kept(long));
    }
    marks::at(message).into_iter().for_each(|long| draft.kept(long));
}

fn message(message: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    let speaks = matches!(message.text("role"), Some("user" | "assistant" | "system" | "developer"));
    if speaks && message.text("name").is_some_and(|name| !name.is_empty()) {
        draft.lose("messages.name");
    }
    match message.text("role").unwrap_or_default() {
        "system" | "developer" => {
            let text = texts(message.get("content"))?;
            if draft.request().messages.is_empty() {
                draft.system_kept(&text, marks::within(message, &text));
            } else {
                late_system(message, &text, draft);
            }
            for kind in message.list("content").iter().filter_map(|part| part.text("type")) {
                if !["text", "input_text"].contains(&kind) {
                    draft.stranger("A system prompt", kind, &[]);
                }
            }
        }
        "user" => {
            let mut parts = Vec::new();
            content(message.get("content"), &mut parts, draft)?;
            parts.extend(marks::part(message));
            draft.message(Role::User, parts);
        }
        "assistant" => assistant(message, draft)?,
        role @ ("tool" | "function") => {
            let mut parts = Vec::new();
            content(message.get("content"), &mut parts, draft)?;
            parts.extend(marks::part(message));
            let name = message.text("name").unwrap_or_default();
            // In the older way a result names the tool alone.
            let called = (role == "function").then(|| draft.take_call(name)).flatten();
            let id = called.as_deref().or_else(|| message.text("tool_call_id")).unwrap_or(name);
            let mut words = String::new();
            parts.retain(|part| match part {
                Part::Text { text } => {
                    words.push_str(text);
                    false
                }
                _ => true,
            });
            let mut result = draft.result(id, words, false);
            if let Part::ToolResult { name: known, .. } = &mut result
                && known.is_empty()
            {
                name.clone_into(known);
            }
            // Results of calls made together stand together; pictures in them stand behind.
            draft.extend(Role::User, result);
            parts.into_iter().for_each(|part| draft.extend(Role::User, part));
        }
        other => {
            let other: String = other.chars().take(40).collect();
            let words = format!(
                "A message's role is “{other}”: it must be system, developer, user, assistant or tool."
            );
            return Err(invalid("messages", words));
        }
    }
    Ok(())
}

/// Content that can only be words.
fn texts(content: Option<&Json<'_>>) -> Result<String, Failure> {
    match content {
        None => Ok(String::new()),
        Some(Json::String(text)) => Ok(text.clone().into_owned()),
        Some(Json::Array(parts)) => {
            Ok(parts.iter().filter_map(|part| part.text("text").or_else(|| part.str())).collect())
        }
        Some(_) => Err(invalid("messages", "A message's content must be a text or a list of parts.")),
    }
}

/// Content that no other protocol has, and that stands in the request itself.
const HELD: &[&str] = &["input_audio", "thinking", "reference"];

fn content(content: Option<&Json<'_>>, parts: &mut Vec<Part>, draft: &mut Draft) -> Result<(), Failure> {
    let Some(Json::Array(pieces)) = content else {
        let text = texts(content)?;
        if !text.is_empty() {
            parts.push(Part::Text { text });
        }
        return Ok(());
    };
    for piece in pieces {
        match piece.text("type").unwrap_or("text") {
            "text" | "input_text" => {
                let text = piece.text("text").or_else(|| piece.str()).unwrap_or_default();
                if !text.is_empty() {
                    parts.push(Part::Text { text: text.to_owned() });
                }
            }
            "image_url" => {
                let url = piece.at("/image_url/url").or_else(|| piece.get("image_url")).and_then(Json::str);
                let url = url.ok_or_else(|| invalid("image_url", "A picture has no address."))?;
                draft.detail(piece.at("/image_url/detail"), "image_url.detail");
                parts.extend(draft.image(url)?);
            }
            "file" => {
                let file = piece.get("file").unwrap_or(piece);
                match file.text("file_data").filter(|data| !data.starts_with("http")) {
                    Some(data) => parts.push(draft.file(file.text("filename"), data)?),
                    None => draft.keep("A file given by its id or address"),
                }
            }
            "input_audio" if recording(piece).is_some() => parts.extend(recording(piece).transpose()?),
            "refusal" => {
                let text = piece.text("refusal").unwrap_or_default().to_owned();
                parts.push(Part::Refusal { text });
            }
            other => draft.stranger("Content", other, HELD),
        }
        parts.extend(marks::part(piece));
    }
    Ok(())
}

/// A recording of one of the two sorts that the protocol knows.
fn recording(piece: &Json<'_>) -> Option<Result<Part, Failure>> {
    let sound = piece.get("input_audio")?;
    let (name, media_type) = match sound.text("format")? {
        "wav" => ("prompt.wav", "audio/wav"),
        "mp3" => ("prompt.mp3", "audio/mpeg"),
        _ => return None,
    };
    let file = |data: Vec<u8>| Part::File {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        data: data.into(),
        text: None,
    };
    Some(read::bytes(sound.text("data")?).map(file))
}

fn assistant(message: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    let mut parts = Vec::new();
    let words = ["reasoning", "reasoning_content"].iter().find_map(|key| message.text(key));
    let words = words.filter(|words| !words.is_empty());
    let details = message.list("reasoning_details");
    let field = |key: &str| message.get(key).is_some();
    let lacks = &mut draft.asked.unthought;
    lacks.0 |= !field("reasoning_content");
    lacks.1 |= !field("reasoning_content") && !field("reasoning") && details.is_empty();
    // Not yet part of the message: a proof may belong to a call that stands behind it.
    let foreign = details.iter().all(|detail| !sealed(detail));
    if foreign && (words.is_some() || !details.is_empty()) {
        let proof = match message.get("reasoning_details").filter(|_| !details.is_empty()) {
            Some(details) => details.to_text(),
            None if message.text("reasoning_content").is_some() => "reasoning_content".to_owned(),
            None => String::new(),
        };
        let text = words.map_or_else(|| details.iter().filter_map(said).collect(), str::to_owned);
        draft.thought(text, &proof, &mut parts);
    }
    let place = parts.len();
    content(message.get("content"), &mut parts, draft)?;
    if let Some(text) = message.text("refusal").filter(|text| !text.is_empty()) {
        parts.push(Part::Refusal { text: text.to_owned() });
    }
    if message.at("/audio/id").is_some() {
        draft.asked.served.kept = true;
    }
    let pictures = message.list("images").iter().filter_map(|picture| picture.at("/image_url/url")?.str());
    for url in pictures {
        parts.extend(draft.image(url)?);
    }
    let old = message.get("function_call");
    for call in read::list(message, "tool_calls")?.iter().chain(old) {
        let function = call.get("function").or_else(|| call.get("custom")).unwrap_or(call);
        let name = function.text("name").unwrap_or_default();
        // The older way knows no ids: calls of one tool are told apart by where they stand.
        let made = old.map(|_| format!("call_{}", draft.request().messages.len()));
        let id = call.text("id").or(made.as_deref()).unwrap_or(name);
        let arguments = match function.get("arguments").or_else(|| function.get("input")) {
            None => String::new(),
            Some(Json::String(text)) => text.clone().into_owned(),
            Some(other) => other.to_text(),
        };
        let call = draft.call(id, name, arguments);
        parts.push(call);
    }
    if !foreign {
        let mut thoughts = Vec::new();
        let mut text = String::new();
        for detail in details {
            text.push_str(said(detail).unwrap_or_default());
            if let Some(proof) = proof(detail) {
                let before = parts.len();
                draft.thought(std::mem::take(&mut text), proof, &mut parts);
                thoughts.extend(parts.drain(before..));
            }
        }
        parts.splice(place..place, thoughts);
    }
    parts.extend(marks::part(message));
    draft.message(Role::Assistant, parts);
    Ok(())
}

fn said<'a>(detail: &'a Json<'_>) -> Option<&'a str> {
    detail.text("text").or_else(|| detail.text("summary"))
}

fn proof<'a>(detail: &'a Json<'_>) -> Option<&'a str> {
    detail.text("signature").or_else(|| detail.text("data")).filter(|proof| !proof.is_empty())
}

fn sealed(detail: &Json<'_>) -> bool {
    proof(detail).is_some_and(|proof| super::seal::open(proof).is_some())
}

fn params(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    draft.asked.stream = read::flag(json, "stream")?;
    let options = json.get("stream_options");
    let usage = [options.and_then(|o| o.get("include_usage")), json.at("/usage/include")];
    draft.asked.include_usage = usage.into_iter().flatten().any(Json::is_true);
    draft.asked.include_cost = json.at("/usage/include").is_some_and(Json::is_true);
    let outputs = read::whole_number(json, "n")?;
    draft.outputs(outputs);
    let limit = match limit(json, "max_completion_tokens")? {
        Some(limit) => Some(limit),
        None => limit(json, "max_tokens")?,
    };
    let format = format(json, draft)?;
    let params = &mut draft.request().params;
    params.response_format = format;
    params.max_completion_tokens = limit;
    params.temperature = read::number(json, "temperature")?;
    params.top_p = read::number(json, "top_p")?;
    params.stop = read::stops(json, "stop")?;
    params.seed = read::signed(json, "seed")?;
    if let Some(reasoning) = json.get("reasoning") {
        if !reasoning.is_object() {
            return Err(invalid("reasoning", "“reasoning” must be an object."));
        }
        draft.asked.unified_reasoning = true;
        draft.reasoning(reasoning)?;
    }
    if let Some(effort) =
        json.text("reasoning_effort").and_then(|word| draft.effort(word, "reasoning_effort"))
    {
        let effort = Reasoning::Effort(effort);
        let asked = &mut draft.request().params.reasoning;
        if asked.is_some_and(|asked| asked != effort) {
            return Err(invalid(
                "reasoning_effort",
                "“reasoning_effort” and “reasoning” say different things.",
            ));
        }
        *asked = Some(effort);
    }
    if json.get("include_reasoning") == Some(&Json::Bool(false)) {
        draft.asked.hide_reasoning = true;
    }
    draft.know(&[
        "stream_options",
        "n",
        "max_completion_tokens",
        "max_tokens",
        "temperature",
        "top_p",
        "stop",
        "seed",
        "response_format",
        "reasoning",
        "reasoning_effort",
    ]);
    Ok(())
}

/// The longest answer. Servers on one's own machine take a number below nothing for none.
fn limit(json: &Json<'_>, key: &str) -> Result<Option<u64>, Failure> {
    match json.get(key) {
        Some(Json::Number(text)) if text.parse::<i64>().is_ok_and(|limit| limit < 0) => Ok(None),
        _ => read::whole_number(json, key),
    }
}

fn format(json: &Json<'_>, draft: &mut Draft) -> Result<Option<ResponseFormat>, Failure> {
    let Some(format) = json.get("response_format") else { return Ok(None) };
    Ok(match format.text("type").unwrap_or_default() {
        "text" => None,
        "json_object" => Some(ResponseFormat::JsonObject),
        "json_schema" => {
            let schema = format.get("json_schema");
            let schema = schema.ok_or_else(|| invalid("response_format", "“json_schema” is missing."))?;
            Some(read::json_schema(schema)?)
        }
        other => {
            let other: String = other.chars().take(40).collect();
            draft.bind(&format!("An answer in the form “{other}”"));
            None
        }
    })
}

fn tools(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    for tool in read::list(json, "tools")? {
        match (tool.text("type").unwrap_or("function"), tool.get("function")) {
            ("function", function) => {
                let tool = read::tool(function.unwrap_or(tool), "parameters")?;
                draft.request().tools.push(tool);
            }
            (other, _) => {
                // Of OpenAI's own tools this one is run by whoever asks.
                if other != "custom" {
                    draft.asked.served.runs(other);
                }
                let other: String = other.chars().take(40).collect();
                draft.bind(&format!("A tool of the type “{other}”"));
            }
        }
    }
    // The older way has room for one call an answer, and names it otherwise.
    let old = !json.list("functions").is_empty() && json.list("tools").is_empty();
    for function in read::list(json, "functions")? {
        let tool = read::tool(function, "parameters")?;
        draft.request().tools.push(tool);
    }
    draft.request().tool_choice = match json.get("tool_choice").or_else(|| json.get("function_call")) {
        None => None,
        Some(Json::String(word)) => match word.as_ref() {
            "auto" => Some(ToolChoice::Auto),
            "none" => Some(ToolChoice::None),
            "required" | "any" => Some(ToolChoice::Required),
            _ => return Err(invalid("tool_choice", "“tool_choice” must be auto, none, required or a tool.")),
        },
        Some(choice) => {
            match choice.at("/function/name").or_else(|| choice.get("name")).and_then(Json::str) {
                Some(name) => Some(ToolChoice::Named { name: name.to_owned() }),
                None => {
                    draft.bind("A choice among some of the tools");
                    None
                }
            }
        }
    };
    draft.request().one_tool_call = old || json.get("parallel_tool_calls") == Some(&Json::Bool(false));
    draft.asked.old_calls = old;
    draft.know(&["tools", "functions", "tool_choice", "function_call"]);
    Ok(())
}
