//! An answer put together from its events, and what must hold of any.

use crate::recording::Recording;
use domain::{BlockKind, FinishReason, NoticeKind, StreamEvent, Usage};
use std::collections::BTreeMap;
use wire::Ending;

pub(crate) type Decoded = (Vec<StreamEvent>, Ending);

/// Decodes a body given in pieces of `step` bytes.
pub(crate) fn decode(recording: &Recording, body: &[u8], step: usize) -> Decoded {
    let mut decoder = recording.decoder();
    let mut events = Vec::new();
    for piece in body.chunks(step) {
        decoder.push(piece, &mut events);
    }
    let ending = decoder.finish(&mut events);
    (events, ending)
}

/// Decodes a body given in two pieces.
pub(crate) fn decode_at(recording: &Recording, body: &[u8], place: usize) -> Decoded {
    let mut decoder = recording.decoder();
    let mut events = Vec::new();
    decoder.push(&body[..place], &mut events);
    decoder.push(&body[place..], &mut events);
    let ending = decoder.finish(&mut events);
    (events, ending)
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// One entry a block.
    pub(crate) reasoning: Vec<String>,
    /// What is to be done with tools, where a provider says that apart.
    pub(crate) plan: String,
    pub(crate) refusal: String,
    /// Id, name, arguments.
    pub(crate) tools: Vec<(String, String, String)>,
    pub(crate) server_tools: Vec<String>,
    pub(crate) images: u32,
    pub(crate) citations: u32,
    pub(crate) finish: Option<(FinishReason, Option<String>)>,
    pub(crate) usage: Usage,
    pub(crate) model: Option<String>,
    pub(crate) notices: Vec<(NoticeKind, String)>,
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn of(events: &[StreamEvent], ending: &Ending) -> Self {
        let mut answer = Self { whole: *ending == Ending::Complete, ..Self::default() };
        let mut blocks: BTreeMap<u32, (&BlockKind, String, bool)> = BTreeMap::new();
        for event in events {
            match event {
                StreamEvent::Started { model, .. } => answer.model.clone_from(model),
                StreamEvent::BlockOpen { block, kind } => {
                    blocks.insert(*block, (kind, String::new(), false));
                }
                StreamEvent::BlockDelta { block, text } => blocks.get_mut(block).unwrap().1.push_str(text),
                StreamEvent::BlockClose { block, signature } => {
                    blocks.get_mut(block).unwrap().2 = signature.as_deref() == Some(wire::TOOL_PLAN);
                }
                StreamEvent::Unknown { .. } => {}
                StreamEvent::Usage(usage) => answer.usage = usage.clone(),
                StreamEvent::Finish { reason, raw } => answer.finish = Some((*reason, raw.clone())),
                StreamEvent::Notice { kind, detail } => answer.notices.push((*kind, detail.to_string())),
            }
        }
        for (kind, text, plan) in blocks.into_values() {
            match kind {
                BlockKind::Text => answer.text.push_str(&text),
                BlockKind::Reasoning if plan => answer.plan.push_str(&text),
                BlockKind::Reasoning => answer.reasoning.push(text),
                BlockKind::Refusal => answer.refusal.push_str(&text),
                BlockKind::ToolCall { id, name, .. } => {
                    answer.tools.push((id.clone(), name.clone(), text));
                }
                BlockKind::ServerTool { name } => answer.server_tools.push(name.clone()),
                BlockKind::Citation { .. } => answer.citations += 1,
                BlockKind::Image { .. } => answer.images += 1,
                BlockKind::Seam(_) => panic!("a decoder makes no seams"),
            }
        }
        answer
    }

    /// What holds of every answer, however broken its bytes.
    pub(crate) fn check(events: &[StreamEvent], name: &str) {
        let mut open: BTreeMap<u32, bool> = BTreeMap::new();
        let mut finishes = 0;
        // What a provider says in the middle it may correct; the last word counts.
        let mut last = None;
        // Counts that contradict each other are passed on, but never in silence.
        let told = events
            .iter()
            .any(|event| matches!(event, StreamEvent::Notice { kind: NoticeKind::UsageMismatch, .. }));
        for event in events {
            match event {
                StreamEvent::BlockOpen { block, .. } => {
                    assert_eq!(*block as usize, open.len(), "{name}: blocks are numbered in order");
                    open.insert(*block, true);
                }
                StreamEvent::BlockDelta { block, text } => {
                    assert!(!text.is_empty(), "{name}: an empty delta");
                    assert_eq!(open.get(block), Some(&true), "{name}: a delta of a block not open");
                }
                StreamEvent::BlockClose { block, .. } => {
                    assert_eq!(open.insert(*block, false), Some(true), "{name}: a block closed twice");
                }
                StreamEvent::Usage(usage) => last = Some(usage),
                StreamEvent::Finish { .. } => finishes += 1,
                StreamEvent::Started { .. } | StreamEvent::Notice { .. } | StreamEvent::Unknown { .. } => {}
            }
        }
        assert!(open.values().all(|open| !open), "{name}: a block is left open");
        assert!(finishes <= 1, "{name}: {finishes} finishes");
        if let Some(usage) = last.filter(|_| !told) {
            Self::check_usage(usage, name);
        }
    }

    /// Parts are contained in their whole.
    fn check_usage(usage: &Usage, name: &str) {
        let (input, output) = (&usage.input, &usage.output);
        let parts = [input.cache_read, input.cache_write_5m, input.cache_write_1h];
        let cache: u64 = parts.iter().flatten().sum();
        if let Some(total) = input.total {
            assert!(cache <= total, "{name}: {cache} cached of {total}");
            assert!(input.image.unwrap_or(0) <= total && input.audio.unwrap_or(0) <= total, "{name}");
        }
        if let Some(total) = output.total {
            for part in [output.reasoning, output.audio, output.image] {
                assert!(part.unwrap_or(0) <= total, "{name}: {part:?} of {total}");
            }
        }
    }
}
