//! Our own export of a conversation. Its form is described in the command line's `SCHEMA.md`.
//!
//! Ids stay what they are, so that a conversation that is still there is not doubled. What was paid is in
//! the file to be read; it does not come back in, because the ledger takes no entries from files.

use crate::{
    Answer, Conversation, Lane, LeftOut, Own, PromptNode, Reason, Source, Turn,
    text::{self, clean},
};
use domain::{Millis, Part, RunState};
use serde_json::Value;
use std::collections::HashMap;

/// What the field `format` of our own files says.
pub const FORMAT: &str = "parallax.conversation";
/// Newest form this program reads.
const VERSION: u64 = 1;
/// Most lanes and positions that make sense.
const MOST_LANES: usize = 1_000;

pub(crate) fn read(value: &Value) -> Result<Conversation, Reason> {
    if value["version"].as_u64().is_none_or(|version| version > VERSION) {
        return Err(Reason::Newer);
    }
    let id = text::id(&value["id"]).ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let mut lanes: Vec<Lane> = list(&value["lanes"]).take(MOST_LANES).map(lane).collect();
    let by_key: HashMap<String, usize> =
        lanes.iter().enumerate().filter_map(|(n, lane)| Some((lane.key.clone()?, n))).collect();
    // Where a message stands: its turn and answer.
    let mut places: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut turns: Vec<Turn> = Vec::new();
    for (place, turn) in list(&value["turns"]).enumerate() {
        let mut nodes: Vec<PromptNode> = Vec::new();
        for prompt in list(&turn["prompts"]) {
            let parent = prompt["parent"].as_str().and_then(|id| places.get(id).copied());
            nodes.push(PromptNode { key: string(&prompt["message"])?, parent });
        }
        let mut answers = Vec::new();
        for answer in list(&turn["answers"]) {
            let lane = answer["lane"].as_str().and_then(|lane| by_key.get(lane)).copied();
            let asked = answer["prompt_message"].as_str().unwrap_or_default();
            let node = nodes.iter().position(|node| node.key == asked);
            let (Some(lane), Some(node)) = (lane, node) else {
                return Err(Reason::Unreadable);
            };
            places.insert(answer["message"].as_str().unwrap_or_default(), (place, answers.len()));
            answers.push(self::answer(answer, lane, node, &mut left_out)?);
        }
        turns.push(Turn {
            key: string(&turn["id"])?,
            at: text::time(&turn["created_at"]),
            prompt: parts(&turn["prompt"], &mut left_out)?,
            nodes,
            answers,
        });
    }
    for (lane, told) in lanes.iter_mut().zip(list(&value["lanes"])) {
        lane.head = told["head"].as_str().and_then(|id| places.get(id).copied());
    }
    Ok(Conversation {
        source: Source::Parallax,
        id,
        title: text::title(&value["title"]),
        created_at: text::time(&value["created_at"]),
        updated_at: text::time(&value["updated_at"]),
        archived: value["archived"] == true,
        lanes,
        turns,
        left_out,
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn string(value: &Value) -> Result<String, Reason> {
    value.as_str().map(str::to_owned).ok_or(Reason::Unreadable)
}

fn lane(value: &Value) -> Lane {
    Lane {
        key: value["id"].as_str().map(str::to_owned),
        model: text::model(&value["model"]),
        provider: text::model(&value["provider"]),
        in_line_up: value["in_line_up"] == true,
        head: None,
    }
}

fn answer(value: &Value, lane: usize, node: usize, left_out: &mut LeftOut) -> Result<Answer, Reason> {
    let state: RunState = read_as(&value["state"]).unwrap_or(RunState::Interrupted);
    let own = Own {
        message: string(&value["message"])?,
        position: value["position"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        provider: text::model(&value["provider"]),
        params: read_as(&value["params"]).unwrap_or_default(),
        // Nothing of a file is still running.
        state: if state.is_final() { state } else { RunState::Interrupted },
        saw: read_as(&value["saw"]).unwrap_or(domain::Saw::PromptOnly),
        finish_reason: read_as(&value["finish_reason"]),
        failure: read_as(&value["failure"]),
        notices: read_as(&value["notices"]).unwrap_or_default(),
        ttft: value["ttft_ms"].as_u64().map(Millis),
        duration: value["duration_ms"].as_u64().map(Millis),
        usage: read_as(&value["usage"]),
    };
    Ok(Answer {
        key: string(&value["id"])?,
        at: text::time(&value["created_at"]),
        lane,
        node,
        depth: 0,
        model: text::model(&value["model"]),
        system: value["system"].as_str().map(|system| clean(system, left_out)),
        parts: parts(&value["content"], left_out)?,
        cut: own.state != RunState::Done,
        own: Some(Box::new(own)),
    })
}

fn read_as<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn parts(value: &Value, left_out: &mut LeftOut) -> Result<Vec<Part>, Reason> {
    let mut parts: Vec<Part> = read_as(value).ok_or(Reason::Unreadable)?;
    for part in &mut parts {
        match part {
            Part::Text { text }
            | Part::Refusal { text }
            | Part::Reasoning { text, .. }
            | Part::ServerTool { text, .. }
            | Part::ToolCall { arguments: text, .. }
            | Part::ToolResult { content: text, .. } => *text = clean(text, left_out),
            // Nobody but the user says what a provider is to fetch.
            Part::ImageUrl { url } => *part = Part::Text { text: clean(url, left_out) },
            Part::Image { .. }
            | Part::File { .. }
            | Part::Attachment(_)
            | Part::Citation { .. }
            | Part::Seam(_)
            | Part::GeneratedImage { .. } => {}
        }
    }
    Ok(parts)
}
