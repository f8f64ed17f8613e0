//! Blocks one after the other, for protocols in which only one may be open.
//!
//! Providers let blocks overlap: reasoning stays open until its proof comes, calls made together grow in turns.
//! Here a block is closed as soon as another begins. Words that come for it later open a new one, a proof
//! that comes later is told by itself, and while a call's arguments or a picture are unfinished the others wait.

use crate::json::Json;
use domain::{BlockKind, StreamEvent};
use std::collections::VecDeque;

/// One step of an answer in which blocks follow one another.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A block begins; the one before it is closed.
    Open(&'a BlockKind),
    /// More of the open block.
    Delta(&'a str),
    /// The open block ends, with its proof if that came in time.
    Close(Option<&'a str>),
    /// A proof that came when its block was closed; `call` names the tool call it belongs to. No block is open.
    Late { call: Option<&'a str>, signature: &'a str },
}

struct Live {
    block: u32,
    kind: BlockKind,
    /// Arguments so far, of a call.
    arguments: String,
}

struct Held {
    block: u32,
    kind: BlockKind,
    text: String,
    closed: Option<Option<String>>,
}

/// State between events.
#[derive(Default)]
pub(super) struct Steps {
    live: Option<Live>,
    held: VecDeque<Held>,
    /// Closed here, but not by the answer.
    shut: Vec<(u32, BlockKind)>,
    late: Vec<(Option<String>, String)>,
}

impl Steps {
    /// Takes an event; steps that follow from it go to `to`. Other events than those of blocks do nothing.
    pub(super) fn event(&mut self, event: &StreamEvent, to: &mut impl FnMut(Step<'_>)) {
        match event {
            StreamEvent::BlockOpen { block, kind } => self.open(*block, kind, "", to),
            StreamEvent::BlockDelta { block, text } => self.delta(*block, text, to),
            StreamEvent::BlockClose { block, signature } => self.close(*block, signature.as_deref(), to),
            _ => {}
        }
    }

    /// The answer is over: everything that is still open or waits.
    pub(super) fn end(&mut self, to: &mut impl FnMut(Step<'_>)) {
        if self.live.take().is_some() {
            to(Step::Close(None));
        }
        for held in std::mem::take(&mut self.held) {
            to(Step::Open(&held.kind));
            if !held.text.is_empty() {
                to(Step::Delta(&held.text));
            }
            to(Step::Close(held.closed.flatten().as_deref()));
        }
        self.tell_late(to);
    }

    fn open(&mut self, block: u32, kind: &BlockKind, text: &str, to: &mut impl FnMut(Step<'_>)) {
        if let Some(live) = &self.live {
            // Who comes behind one that waits, waits too; so arguments are read once for each block at most.
            let unfinished = match live.kind {
                BlockKind::ToolCall { .. } => !self.held.is_empty() || Json::parse(&live.arguments).is_err(),
                BlockKind::Image { .. } => true,
                _ => false,
            };
            if unfinished {
                let text = text.to_owned();
                self.held.push_back(Held { block, kind: kind.clone(), text, closed: None });
                return;
            }
            to(Step::Close(None));
            let live = self.live.take();
            self.shut.extend(live.map(|live| (live.block, live.kind)));
            self.tell_late(to);
        }
        to(Step::Open(kind));
        let mut live = Live { block, kind: kind.clone(), arguments: String::new() };
        if !text.is_empty() {
            to(Step::Delta(text));
            live.add(text);
        }
        self.live = Some(live);
    }

    fn delta(&mut self, block: u32, text: &str, to: &mut impl FnMut(Step<'_>)) {
        if let Some(live) = self.live.as_mut().filter(|live| live.block == block) {
            live.add(text);
            to(Step::Delta(text));
        } else if let Some(held) = self.held.iter_mut().find(|held| held.block == block) {
            held.text.push_str(text);
        } else if let Some(place) = self.shut.iter().position(|(shut, _)| *shut == block) {
            // What comes behind a call's whole arguments is no part of them.
            if !matches!(self.shut[place].1, BlockKind::ToolCall { .. }) {
                let (_, kind) = self.shut.swap_remove(place);
                self.open(block, &kind, text, to);
            }
        }
    }

    fn close(&mut self, block: u32, signature: Option<&str>, to: &mut impl FnMut(Step<'_>)) {
        if self.live.as_ref().is_some_and(|live| live.block == block) {
            self.live = None;
            to(Step::Close(signature));
            self.tell_late(to);
            self.go_on(to);
        } else if let Some(held) = self.held.iter_mut().find(|held| held.block == block) {
            held.closed = Some(signature.map(str::to_owned));
        } else if let Some(place) = self.shut.iter().position(|(shut, _)| *shut == block) {
            let (_, kind) = self.shut.swap_remove(place);
            let call = match kind {
                BlockKind::ToolCall { id, .. } => Some(id),
                _ => None,
            };
            let Some(signature) = signature else { return };
            self.late.push((call, signature.to_owned()));
            if self.live.is_none() {
                self.tell_late(to);
            }
        }
    }

    /// The blocks that waited, up to one that is not closed.
    fn go_on(&mut self, to: &mut impl FnMut(Step<'_>)) {
        while self.live.is_none()
            && let Some(held) = self.held.pop_front()
        {
            to(Step::Open(&held.kind));
            if !held.text.is_empty() {
                to(Step::Delta(&held.text));
            }
            match held.closed {
                Some(signature) => to(Step::Close(signature.as_deref())),
                None => self.live = Some(Live { block: held.block, kind: held.kind, arguments: held.text }),
            }
        }
    }

    fn tell_late(&mut self, to: &mut impl FnMut(Step<'_>)) {
        for (call, signature) in std::mem::take(&mut self.late) {
            to(Step::Late { call: call.as_deref(), signature: &signature });
        }
    }
}

impl Live {
    fn add(&mut self, text: &str) {
        if matches!(self.kind, BlockKind::ToolCall { .. }) {
            self.arguments.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[StreamEvent]) -> Vec<String> {
        let mut steps = Steps::default();
        let mut out = Vec::new();
        let mut to = |step: Step<'_>| {
            out.push(match step {
                Step::Open(BlockKind::ToolCall { id, .. }) => format!("open {id}"),
                Step::Open(kind) => format!("open {kind:?}"),
                Step::Delta(text) => text.to_owned(),
                Step::Close(signature) => format!("close {}", signature.unwrap_or_default()),
                Step::Late { call, signature } => format!("late {} {signature}", call.unwrap_or_default()),
            });
        };
        for event in events {
            steps.event(event, &mut to);
        }
        steps.end(&mut to);
        out
    }

    fn open(block: u32, kind: BlockKind) -> StreamEvent {
        StreamEvent::BlockOpen { block, kind }
    }

    fn call(block: u32) -> StreamEvent {
        open(block, BlockKind::ToolCall { id: format!("c{block}"), name: "f".into() })
    }

    fn delta(block: u32, text: &str) -> StreamEvent {
        StreamEvent::BlockDelta { block, text: text.into() }
    }

    fn close(block: u32, signature: Option<&str>) -> StreamEvent {
        StreamEvent::BlockClose { block, signature: signature.map(str::to_owned) }
    }

    #[test]
    fn reasoning_that_stays_open_is_closed_and_its_proof_told_behind() {
        let events = [
            open(0, BlockKind::Reasoning),
            delta(0, "hm"),
            open(1, BlockKind::Text),
            delta(1, "Hi"),
            close(0, Some("p")),
            delta(1, "!"),
            close(1, None),
        ];
        let told = told(&events);
        assert_eq!(told, ["open Reasoning", "hm", "close ", "open Text", "Hi", "!", "close ", "late  p"]);
    }

    #[test]
    fn calls_that_grow_in_turns_come_one_after_the_other() {
        let events = [
            call(0),
            delta(0, "{\"a\""),
            call(1),
            delta(1, "{"),
            delta(0, ":1}"),
            delta(1, "}"),
            close(0, None),
            close(1, Some("p")),
        ];
        assert_eq!(told(&events), ["open c0", "{\"a\"", ":1}", "close ", "open c1", "{}", "close p"]);
    }

    #[test]
    fn words_for_a_block_that_was_closed_open_another() {
        let events = [
            open(0, BlockKind::Reasoning),
            delta(0, "a"),
            open(1, BlockKind::Text),
            delta(1, "b"),
            delta(0, "c"),
            close(0, None),
            delta(1, "d"),
            close(1, None),
        ];
        let told = told(&events);
        let words: Vec<&str> = told.iter().map(String::as_str).filter(|s| s.len() == 1).collect();
        assert_eq!(words, ["a", "b", "c", "d"]);
        assert_eq!(told.iter().filter(|s| s.starts_with("open")).count(), 4);
    }
}
