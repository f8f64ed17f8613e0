//! Tool calls out of their deltas.
//!
//! By the protocol a call's id and name come once and `index` tells calls apart. In the field `index` is
//! missing, or 0 for every call; ids are repeated, missing, or the word `null`; whole calls come in one
//! delta; arguments come as objects. A new id is a new call whatever the index says.

use crate::{blocks::Blocks, json::Json};
use domain::{BlockKind, StreamEvent};

/// More calls than any answer makes. Finding a call takes time in proportion to their number, and a
/// hostile server may send millions.
const MAX_CALLS: usize = 1_000;

struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    block: Option<u32>,
}

/// The calls of one answer.
#[derive(Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
}

impl Calls {
    /// Takes one entry of `tool_calls`.
    pub(super) fn delta(&mut self, entry: &Json<'_>, blocks: &mut Blocks, out: &mut Vec<StreamEvent>) {
        let function = entry.get("function").or_else(|| entry.get("custom")).unwrap_or(entry);
        let id = entry.text("id").filter(|id| !id.is_empty() && *id != "null").unwrap_or_default();
        let name = function.text("name").unwrap_or_default();
        let arguments = match function.get("arguments").or_else(|| function.get("input")) {
            None => String::new(),
            Some(Json::String(text)) => text.clone().into_owned(),
            Some(other) => other.to_text(),
        };
        let index = entry.get("index").and_then(Json::index);
        let place = match self.place(index, id, name, &arguments) {
            Some(place) => place,
            // Snowflake writes out a call without name and arguments with every answer.
            None if id.is_empty() && name.is_empty() && arguments.is_empty() => return,
            None if self.calls.len() >= MAX_CALLS => {
                out.push(StreamEvent::Unknown { name: "one tool call too many".into(), bytes: 0 });
                return;
            }
            None => {
                self.calls.push(Call {
                    index,
                    id: id.to_owned(),
                    name: String::new(),
                    arguments: String::new(),
                    block: None,
                });
                self.calls.len() - 1
            }
        };
        let call = &mut self.calls[place];
        if call.name.is_empty() {
            name.clone_into(&mut call.name);
        }
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        call.arguments.push_str(&arguments);
        match call.block {
            Some(block) => blocks.delta(block, &arguments, out),
            // The block's opening names the tool, so it waits for the name.
            None if !call.name.is_empty() => call.open(blocks, out),
            None => {}
        }
    }

    /// The call a delta goes on with; `None` if it begins a new one.
    fn place(&self, index: Option<u64>, id: &str, name: &str, arguments: &str) -> Option<usize> {
        let place = match index {
            Some(_) => self.calls.iter().rposition(|c| c.index == index),
            None if id.is_empty() => self.calls.len().checked_sub(1),
            None => self.calls.iter().rposition(|c| c.id == id),
        }?;
        let call = &self.calls[place];
        let other_id = !id.is_empty() && !call.id.is_empty() && id != call.id;
        // Without ids: another name, or another object after a finished one.
        let other_name = id.is_empty() && !name.is_empty() && !call.name.is_empty() && name != call.name;
        let again = id.is_empty()
            && !name.is_empty()
            && arguments.starts_with('{')
            && Json::parse(&call.arguments).is_ok();
        (!other_id && !other_name && !again).then_some(place)
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Opens the blocks of calls whose name never came, so that their arguments are not lost.
    pub(super) fn finish(&mut self, blocks: &mut Blocks, out: &mut Vec<StreamEvent>) {
        for call in &mut self.calls {
            if call.block.is_none() {
                call.open(blocks, out);
            }
        }
    }
}

impl Call {
    fn open(&mut self, blocks: &mut Blocks, out: &mut Vec<StreamEvent>) {
        blocks.end_flow(None, out);
        let id = if self.id.is_empty() { format!("call_{}", blocks.count()) } else { self.id.clone() };
        let block = blocks.open(BlockKind::ToolCall { id, name: self.name.clone() }, out);
        blocks.delta(block, &self.arguments, out);
        self.block = Some(block);
    }
}
