//! Requests in the words of the Responses API.

use super::read::{self, Draft, invalid};
use crate::json::Json;
use domain::{Failure, Part, ResponseFormat, Role, ToolChoice};

/// What binds a request to what its provider keeps.
const KEPT: &[&str] = &["previous_response_id", "conversation", "prompt"];

pub(super) fn read(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    if let Some(instructions) = json.text("instructions") {
        draft.system(instructions);
    }
    match json.get("input") {
        Some(Json::String(text)) if !text.is_empty() => {
            draft.message(Role::User, vec![Part::Text { text: text.clone().into_owned() }]);
        }
        Some(Json::Array(items)) => {
            let mut open = false;
            for item in items {
                open = self::item(item, open, draft)?;
            }
        }
        Some(Json::String(_)) | None => {}
        Some(_) => return Err(invalid("input", "“input” must be a text or a list of items.")),
    }
    for key in KEPT {
        if json.get(key).is_some() {
            draft.keep(&format!("“{key}”"));
        }
    }
    if json.get("prompt").is_some() {
        // Its tools and limits are kept there too.
        draft.asked.served.runs("prompt");
    }
    // The prompt is read once more for it, and once more as often as it grows.
    let edits = json.list("context_management");
    if let Some(edit) =
        edits.iter().filter_map(|edit| edit.text("type")).find(|kind| kind.starts_with("compact"))
    {
        draft.asked.served.runs(edit);
    }
    params(json, draft)?;
    if read::flag(json, "background")? {
        if !draft.asked.stream {
            let words = "Nothing is kept here that could be fetched later. Ask without “background”, or with “stream”.";
            return Err(invalid("background", words));
        }
        draft.bind("“background”");
    }
    tools(json, draft)?;
    draft.know(&[
        "input",
        "instructions",
        "include",
        "store",
        "truncation",
        "metadata",
        "user",
        "background",
    ]);
    draft.know(&["parallel_tool_calls", "safety_identifier", "stream_options"]);
    // Another one is another price.
    if json.text("service_tier").is_none_or(|tier| ["auto", "default"].contains(&tier)) {
        draft.know(&["service_tier"]);
    }
    Ok(())
}

/// Items that no other protocol has, and that stand in the request itself.
const HELD: &[&str] = &[
    "web_search_call",
    "file_search_call",
    "computer_call",
    "code_interpreter_call",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "compaction",
];

/// Reads an item. `answering`: the last one belonged to an answer, and what goes on with it joins it.
fn item(item: &Json<'_>, answering: bool, draft: &mut Draft) -> Result<bool, Failure> {
    let sort = item.text("type").unwrap_or("message");
    match sort {
        "message" => match item.text("role").unwrap_or_default() {
            "system" | "developer" => {
                let mut parts = Vec::new();
                content(item.get("content"), &mut parts, draft)?;
                for part in parts {
                    match part {
                        Part::Text { text } => draft.system(&text),
                        _ => draft.bind("A system prompt of more than words"),
                    }
                }
                Ok(false)
            }
            "user" => {
                let mut parts = Vec::new();
                content(item.get("content"), &mut parts, draft)?;
                draft.message(Role::User, parts);
                Ok(false)
            }
            "assistant" => {
                let mut parts = Vec::new();
                content(item.get("content"), &mut parts, draft)?;
                answer(parts, answering, draft);
                Ok(true)
            }
            _ => Err(invalid("input", "A message's role must be user, assistant, system or developer.")),
        },
        "function_call" | "custom_tool_call" => {
            let name = item.text("name").unwrap_or_default();
            let id = item.text("call_id").or_else(|| item.text("id")).unwrap_or(name);
            let arguments = item.text("arguments").or_else(|| item.text("input")).unwrap_or_default();
            let call = draft.call(id, name, arguments.to_owned());
            answer(vec![call], answering, draft);
            Ok(true)
        }
        "function_call_output" | "custom_tool_call_output" => {
            let mut parts = Vec::new();
            content(item.get("output"), &mut parts, draft)?;
            let mut words = String::new();
            parts.retain(|part| match part {
                Part::Text { text } => {
                    words.push_str(text);
                    false
                }
                _ => true,
            });
            let result = draft.result(item.text("call_id").unwrap_or_default(), words, false);
            draft.extend(Role::User, result);
            parts.into_iter().for_each(|part| draft.extend(Role::User, part));
            Ok(false)
        }
        "reasoning" => {
            reasoning(item, answering, draft);
            Ok(true)
        }
        // A picture that an answer holds; ours are told in this way too.
        "image_generation_call" if item.text("result").is_some() => {
            let media_type = format!("image/{}", item.text("output_format").unwrap_or("png"));
            let data = read::bytes(item.text("result").unwrap_or_default())?.into();
            answer(vec![Part::Image { media_type, data }], answering, draft);
            Ok(true)
        }
        "item_reference" => {
            draft.keep("An item given by its id");
            Ok(answering)
        }
        other => {
            draft.stranger("An item", other, HELD);
            Ok(answering)
        }
    }
}

fn answer(parts: Vec<Part>, answering: bool, draft: &mut Draft) {
    if answering {
        parts.into_iter().for_each(|part| draft.extend(Role::Assistant, part));
    } else {
        draft.message(Role::Assistant, parts);
    }
}

fn reasoning(item: &Json<'_>, answering: bool, draft: &mut Draft) {
    let pieces = item.list("summary").iter().chain(item.list("content"));
    let texts: Vec<&str> = pieces.filter_map(|piece| piece.text("text")).collect();
    let text = texts.join("\n\n");
    let proof = item.text("encrypted_content").unwrap_or_default();
    // Of another maker the proof is the whole item: it must go back unchanged.
    // Told by its id alone it is kept at the provider.
    if proof.is_empty() && item.get("id").is_some() {
        draft.asked.served.kept = true;
    }
    let whole =
        if super::seal::open(proof).is_none() && !proof.is_empty() { item.to_text() } else { String::new() };
    let proof = if whole.is_empty() { proof } else { &whole };
    let messages = &mut draft.request().messages;
    let mut parts = match messages.last_mut() {
        Some(last) if answering && last.role == Role::Assistant => std::mem::take(&mut last.parts),
        _ => Vec::new(),
    };
    let going_on = !parts.is_empty();
    draft.thought(text, proof, &mut parts);
    match draft.request().messages.last_mut() {
        Some(last) if going_on => last.parts = parts,
        _ => draft.message(Role::Assistant, parts),
    }
}

fn content(content: Option<&Json<'_>>, parts: &mut Vec<Part>, draft: &mut Draft) -> Result<(), Failure> {
    let text = |text: &str, parts: &mut Vec<Part>| {
        if !text.is_empty() {
            parts.push(Part::Text { text: text.to_owned() });
        }
    };
    let pieces = match content {
        None => return Ok(()),
        Some(Json::String(words)) => {
            text(words, parts);
            return Ok(());
        }
        Some(Json::Array(pieces)) => pieces,
        Some(_) => return Err(invalid("input", "Content must be a text or a list of parts.")),
    };
    for piece in pieces {
        match piece.text("type").unwrap_or("input_text") {
            "input_text" | "output_text" | "text" | "summary_text" => {
                text(piece.text("text").unwrap_or_default(), parts);
            }
            "input_image" => match piece.get("image_url").map(|url| url.text("url").or_else(|| url.str())) {
                Some(Some(url)) => {
                    draft.detail(piece.get("detail"), "input_image.detail");
                    parts.extend(draft.image(url)?);
                }
                _ => draft.bind("A picture given by its id"),
            },
            "input_file" => match piece.text("file_data") {
                Some(data) => parts.push(draft.file(piece.text("filename"), data)?),
                None => draft.keep("A file given by its id or address"),
            },
            "refusal" => {
                let text = piece.text("refusal").unwrap_or_default().to_owned();
                parts.push(Part::Refusal { text });
            }
            other => draft.stranger("Content", other, &["input_audio"]),
        }
    }
    Ok(())
}

fn params(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    draft.asked.stream = read::flag(json, "stream")?;
    let params = &mut draft.request().params;
    params.max_completion_tokens = read::whole_number(json, "max_output_tokens")?;
    params.temperature = read::number(json, "temperature")?;
    params.top_p = read::number(json, "top_p")?;
    if let Some(reasoning) = json.get("reasoning") {
        draft.reasoning(reasoning)?;
    }
    if let Some(format) = json.at("/text/format") {
        draft.request().params.response_format = match format.text("type").unwrap_or_default() {
            "text" => None,
            "json_object" => Some(ResponseFormat::JsonObject),
            "json_schema" => Some(read::json_schema(format)?),
            other => {
                let other: String = other.chars().take(40).collect();
                draft.bind(&format!("An answer in the form “{other}”"));
                None
            }
        };
    }
    if json.at("/text/verbosity").is_some() {
        draft.lose("text.verbosity");
    }
    draft.know(&["max_output_tokens", "temperature", "top_p", "reasoning", "text"]);
    Ok(())
}

fn tools(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    let most = read::whole_number(json, "max_tool_calls")?;
    let tools = read::list(json, "tools")?;
    let functions = tools.iter().any(|tool| matches!(tool.text("type"), None | Some("function")));
    for tool in tools {
        match tool.text("type").unwrap_or("function") {
            "function" => {
                let tool = read::tool(tool, "parameters")?;
                draft.request().tools.push(tool);
            }
            // A group of functions, and a search beside functions, are offers that a model can do without.
            "namespace" if functions => draft.lose("tools.namespace"),
            search if functions && search.starts_with("web_search") => {
                draft.asked.served.looks_up(search, most);
                draft.lose("tools.web_search");
            }
            other => {
                // Of OpenAI's own tools these are run by whoever asks; `max_tool_calls` is for all others together.
                let runs_here = ["custom", "local_shell", "apply_patch", "computer_use_preview"];
                if other.starts_with("web_search") {
                    draft.asked.served.looks_up(other, most);
                } else if !runs_here.contains(&other) {
                    draft.asked.served.runs(other);
                }
                let other: String = other.chars().take(40).collect();
                draft.bind(&format!("A tool of the type “{other}”"));
            }
        }
    }
    draft.request().tool_choice = match json.get("tool_choice") {
        None => None,
        Some(Json::String(word)) => match word.as_ref() {
            "auto" => Some(ToolChoice::Auto),
            "none" => Some(ToolChoice::None),
            "required" => Some(ToolChoice::Required),
            _ => return Err(invalid("tool_choice", "“tool_choice” must be auto, none, required or a tool.")),
        },
        Some(choice) => match choice.text("name").filter(|_| choice.text("type") == Some("function")) {
            Some(name) => Some(ToolChoice::Named { name: name.to_owned() }),
            None => {
                draft.bind("A choice among some of the tools");
                None
            }
        },
    };
    draft.request().one_tool_call = json.get("parallel_tool_calls") == Some(&Json::Bool(false));
    draft.know(&["tools", "tool_choice"]);
    Ok(())
}
