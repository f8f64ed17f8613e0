//! A whole answer out of its events.

use super::steps::{Step, Steps};
use domain::{BlockKind, FinishReason, StreamEvent, Usage};

/// A block with all that was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    pub(super) text: String,
    pub(super) signature: Option<String>,
}

/// A proof that came behind its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Late {
    pub(super) call: Option<String>,
    pub(super) signature: String,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    pub(super) blocks: Vec<Block>,
    pub(super) late: Vec<Late>,
    pub(super) usage: Option<Usage>,
    pub(super) finish: Option<(FinishReason, Option<String>)>,
}

pub(super) fn fold(events: &[StreamEvent]) -> Folded {
    let mut folded = Folded::default();
    let mut steps = Steps::default();
    for event in events {
        match event {
            StreamEvent::Usage(usage) => folded.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, raw } => folded.finish = Some((*reason, raw.clone())),
            _ => {}
        }
        steps.event(event, &mut |step| take(step, &mut folded));
    }
    steps.end(&mut |step| take(step, &mut folded));
    folded
}

fn take(step: Step<'_>, folded: &mut Folded) {
    match step {
        Step::Open(kind) => {
            folded.blocks.push(Block { kind: kind.clone(), text: String::new(), signature: None });
        }
        Step::Delta(text) => {
            if let Some(block) = folded.blocks.last_mut() {
                block.text.push_str(text);
            }
        }
        Step::Close(signature) => {
            if let Some(block) = folded.blocks.last_mut() {
                block.signature = signature.map(str::to_owned);
            }
        }
        Step::Late { call, signature } => {
            // The reasoning it proves was closed early by what followed it.
            let unproved = folded.blocks.iter_mut().rev().find(|block| match (&block.kind, call) {
                (BlockKind::Reasoning, None) => block.signature.is_none(),
                (BlockKind::ToolCall { id, .. }, Some(call)) => id == call,
                _ => false,
            });
            match unproved {
                Some(block) => block.signature = Some(signature.to_owned()),
                None => {
                    folded.late.push(Late { call: call.map(str::to_owned), signature: signature.to_owned() })
                }
            }
        }
    }
}
