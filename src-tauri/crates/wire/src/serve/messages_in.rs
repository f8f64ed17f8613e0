//! Requests in the words of the Messages API.

use super::{
    marks,
    read::{self, Draft, invalid},
};
use crate::{json::Json, replay::REDACTED};
use domain::{Effort, Failure, Part, Reasoning, ResponseFormat, Role, ToolChoice};

pub(super) fn read(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    match json.get("system") {
        None => {}
        Some(Json::String(text)) => draft.system(text),
        Some(Json::Array(blocks)) => {
            for block in blocks {
                match block.text("text") {
                    Some(text) => draft.system_kept(text, marks::at(block).map(|keep| (text.len(), keep))),
                    None => draft.stranger("A system prompt", block.text("type").unwrap_or("?"), &[]),
                }
            }
        }
        Some(_) => return Err(invalid("system", "“system” must be a text or a list of texts.")),
    }
    if json.get("messages").is_none() {
        return Err(invalid("messages", "The request has no “messages”."));
    }
    for message in read::list(json, "messages")? {
        let mut parts = Vec::new();
        let role = match message.text("role").unwrap_or_default() {
            "user" => Some(Role::User),
            "assistant" => Some(Role::Assistant),
            "system" => None,
            _ => return Err(invalid("messages", "A message's role must be user or assistant.")),
        };
        blocks(message.get("content"), &mut parts, draft)?;
        match role {
            Some(role) => draft.message(role, parts),
            None => parts.iter().for_each(|part| match part {
                Part::Text { text } => draft.system(text),
                Part::Kept { long } => draft.kept(*long),
                _ => draft.bind("A system prompt of more than words"),
            }),
        }
    }
    params(json, draft)?;
    reasoning(json, draft)?;
    tools(json, draft)?;
    // The prompt is read once more for it, and once more as often as it grows.
    let edits = json.at("/context_management/edits").map(Json::items).unwrap_or_default();
    if let Some(edit) =
        edits.iter().filter_map(|edit| edit.text("type")).find(|kind| kind.starts_with("compact"))
    {
        draft.asked.served.runs(edit);
    }
    let servers = !json.list("mcp_servers").is_empty();
    if servers {
        draft.asked.served.runs("mcp_servers");
    }
    if servers || json.get("container").is_some() {
        draft.bind("A tool that runs at the provider");
    }
    // A hint to cache is no more than that.
    draft.know(&["messages", "system", "metadata", "cache_control", "service_tier"]);
    Ok(())
}

/// Blocks that no other protocol has, and that stand in the request itself. What a tool found is among them as it was
/// found, sealed or not.
const HELD: &[&str] = &[
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "mcp_tool_use",
    "mcp_tool_result",
    "search_result",
    "tool_reference",
    "compaction",
];

fn blocks(content: Option<&Json<'_>>, parts: &mut Vec<Part>, draft: &mut Draft) -> Result<(), Failure> {
    let blocks = match content {
        None => return Ok(()),
        Some(Json::String(text)) => {
            if !text.is_empty() {
                parts.push(Part::Text { text: text.clone().into_owned() });
            }
            return Ok(());
        }
        Some(Json::Array(blocks)) => blocks,
        Some(_) => {
            return Err(invalid("messages", "A message's content must be a text or a list of blocks."));
        }
    };
    for block in blocks {
        match block.text("type").unwrap_or_default() {
            "text" => {
                let text = block.text("text").unwrap_or_default();
                if !text.is_empty() {
                    parts.push(Part::Text { text: text.to_owned() });
                }
            }
            "image" => image(block, parts, draft)?,
            "document" => document(block, parts, draft)?,
            "tool_use" => {
                let (id, name) =
                    (block.text("id").unwrap_or_default(), block.text("name").unwrap_or_default());
                let arguments = block.get("input").map_or_else(|| "{}".to_owned(), Json::to_text);
                let call = draft.call(id, name, arguments);
                parts.push(call);
            }
            "tool_result" => result(block, parts, draft)?,
            "thinking" => {
                let text = block.text("thinking").unwrap_or_default().to_owned();
                draft.thought(text, block.text("signature").unwrap_or_default(), parts);
            }
            "redacted_thinking" => {
                let data = block.text("data").unwrap_or_default();
                if super::seal::open(data).is_some() {
                    draft.thought(String::new(), data, parts);
                } else {
                    draft.thought(String::new(), &format!("{REDACTED}{data}"), parts);
                }
            }
            other => draft.stranger("Content", other, HELD),
        }
        // What stands inside a tool's answer becomes one text.
        let within = || block.list("content").iter().rev().find_map(marks::part);
        parts.extend(marks::part(block).or_else(within));
    }
    Ok(())
}

fn image(block: &Json<'_>, parts: &mut Vec<Part>, draft: &mut Draft) -> Result<(), Failure> {
    let source = block.get("source").unwrap_or(block);
    match source.text("type") {
        Some("base64") => {
            let media_type = source.text("media_type").unwrap_or("image/png").to_owned();
            let data = read::bytes(source.text("data").unwrap_or_default())?;
            parts.push(Part::Image { media_type, data: data.into() });
        }
        Some("url") => parts.extend(draft.image(source.text("url").unwrap_or_default())?),
        _ => draft.bind("A picture given by its id"),
    }
    Ok(())
}

fn document(block: &Json<'_>, parts: &mut Vec<Part>, draft: &mut Draft) -> Result<(), Failure> {
    let source = block.get("source").unwrap_or(block);
    let title = block.text("title").filter(|title| !title.is_empty());
    let data = source.text("data").unwrap_or_default();
    if block.at("/citations/enabled").is_some_and(Json::is_true) {
        draft.lose("document.citations");
    }
    // What is said of a document stands before it; elsewhere only a file's name has a place of its own.
    let untitled = source.text("type") == Some("content");
    let said = title.filter(|_| untitled).into_iter().chain(block.text("context"));
    parts.extend(said.filter(|text| !text.is_empty()).map(|text| Part::Text { text: text.to_owned() }));
    match source.text("type") {
        Some("base64") => {
            let media_type = source.text("media_type").unwrap_or("application/pdf").to_owned();
            let name = title.unwrap_or("document.pdf").to_owned();
            parts.push(Part::File { name, media_type, data: read::bytes(data)?.into(), text: None });
        }
        Some("text") => parts.push(Part::File {
            name: title.unwrap_or("document.txt").to_owned(),
            media_type: "text/plain".into(),
            data: data.as_bytes().into(),
            text: None,
        }),
        Some("content") => {
            let mut inner = Vec::new();
            blocks_within(source.get("content"), &mut inner, draft)?;
            parts.extend(inner);
        }
        _ => draft.keep("A document given by its id or address"),
    }
    Ok(())
}

/// Whether a document stands in the request itself.
fn held(document: &Json<'_>) -> bool {
    let source = document.at("/source/type").and_then(Json::str);
    source.is_some_and(|source| ["base64", "text", "content"].contains(&source))
}

/// Content inside a block: words and pictures, nothing that nests further.
fn blocks_within(
    content: Option<&Json<'_>>,
    parts: &mut Vec<Part>,
    draft: &mut Draft,
) -> Result<(), Failure> {
    let Some(Json::Array(blocks)) = content else {
        if let Some(text) = content.and_then(Json::str).filter(|text| !text.is_empty()) {
            parts.push(Part::Text { text: text.to_owned() });
        }
        return Ok(());
    };
    for block in blocks {
        match block.text("type").unwrap_or_default() {
            "text" => parts.push(Part::Text { text: block.text("text").unwrap_or_default().to_owned() }),
            "image" => image(block, parts, draft)?,
            "document" if held(block) => draft.bind("A document in a tool's answer"),
            other => draft.stranger("A tool's answer", other, HELD),
        }
    }
    Ok(())
}

/// Pictures in a tool's answer stand behind it: elsewhere an answer is words alone.
fn result(block: &Json<'_>, parts: &mut Vec<Part>, draft: &mut Draft) -> Result<(), Failure> {
    let mut inner = Vec::new();
    blocks_within(block.get("content"), &mut inner, draft)?;
    let mut words: Vec<String> = Vec::new();
    inner.retain(|part| match part {
        Part::Text { text } => {
            words.push(text.clone());
            false
        }
        _ => true,
    });
    let id = block.text("tool_use_id").unwrap_or_default();
    parts.push(draft.result(id, words.join("\n\n"), read::flag(block, "is_error")?));
    parts.extend(inner);
    Ok(())
}

fn params(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    draft.asked.stream = read::flag(json, "stream")?;
    let params = &mut draft.request().params;
    params.max_completion_tokens = read::whole_number(json, "max_tokens")?;
    params.temperature = read::number(json, "temperature")?;
    params.top_p = read::number(json, "top_p")?;
    params.stop = read::stops(json, "stop_sequences")?;
    let format = json.at("/output_config/format").or_else(|| json.get("output_format"));
    if let Some(format) = format {
        draft.request().params.response_format = match format.text("type") {
            Some("json_schema") => Some(read::json_schema(format)?),
            Some("json_object") => Some(ResponseFormat::JsonObject),
            _ => return Err(invalid("output_config", "The form of the answer must be a JSON Schema.")),
        };
    }
    draft.know(&[
        "max_tokens",
        "temperature",
        "top_p",
        "stop_sequences",
        "output_config",
        "output_format",
        "thinking",
    ]);
    Ok(())
}

fn reasoning(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    let effort = json.at("/output_config/effort").and_then(Json::str);
    let effort = effort.and_then(|word| draft.effort(word, "output_config.effort"));
    let thinking = json.get("thinking");
    let asked = match thinking.and_then(|thinking| thinking.text("type")) {
        Some("disabled") => Some(Reasoning::Effort(Effort::None)),
        Some("enabled") => {
            let budget = thinking.map(|t| read::whole_number(t, "budget_tokens")).transpose()?.flatten();
            let budget = budget.ok_or_else(|| invalid("thinking", "“thinking” has no “budget_tokens”."))?;
            Some(Reasoning::Budget(budget))
        }
        // The model decides how much; where nothing is said of the effort, the API's own is high.
        Some("adaptive") => Some(Reasoning::Effort(effort.unwrap_or(Effort::High))),
        // Newer kinds are between the client and a provider of its protocol.
        Some(_) => {
            draft.lose("thinking");
            effort.map(Reasoning::Effort)
        }
        None => effort.map(Reasoning::Effort),
    };
    draft.request().params.reasoning = asked;
    if thinking.and_then(|thinking| thinking.text("display")) == Some("omitted") {
        draft.asked.hide_reasoning = true;
    }
    Ok(())
}

fn tools(json: &Json<'_>, draft: &mut Draft) -> Result<(), Failure> {
    for tool in read::list(json, "tools")? {
        match tool.text("type").unwrap_or("custom") {
            "custom" => {
                let tool = read::tool(tool, "input_schema")?;
                draft.request().tools.push(tool);
            }
            other => {
                // Of Anthropic's own tools these are run by whoever asks.
                let runs_here = ["bash_", "text_editor_", "computer_", "memory_"];
                if other.starts_with("web_search_") || other.starts_with("web_fetch_") {
                    let most = read::whole_number(tool, "max_uses")?;
                    draft.asked.served.looks_up(other, most);
                } else if !runs_here.iter().any(|kind| other.starts_with(kind)) {
                    draft.asked.served.runs(other);
                }
                let other: String = other.chars().take(40).collect();
                draft.bind(&format!("A tool of the type “{other}”"));
            }
        }
    }
    draft.request().tool_choice = match json.get("tool_choice") {
        None => None,
        Some(choice) => Some(match choice.text("type").unwrap_or_default() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "any" => ToolChoice::Required,
            "tool" => {
                let name = choice.text("name");
                let name = name.ok_or_else(|| invalid("tool_choice", "“tool_choice” names no tool."))?;
                ToolChoice::Named { name: name.to_owned() }
            }
            _ => return Err(invalid("tool_choice", "“tool_choice” must be auto, any, tool or none.")),
        }),
    };
    draft.request().one_tool_call =
        json.at("/tool_choice/disable_parallel_tool_use").is_some_and(Json::is_true);
    draft.know(&["tools", "tool_choice"]);
    Ok(())
}
