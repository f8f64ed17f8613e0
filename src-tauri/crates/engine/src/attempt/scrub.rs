//! Takes keys out of what a provider gives back.

use super::{Attempt, reading::Events};
use crate::draft::Draft;
use domain::{BlockKind, Failure, StreamEvent};
use std::sync::OnceLock;
use transport::{Echo, Redactor, Response, Tail};

impl Attempt<'_> {
    /// Takes down what the call was sent with: an access token is as secret as the key that it was made from.
    pub(super) fn sent_with(&mut self, response: &mut Response) {
        if let Some(token) = response.token.take() {
            self.scrub.push(token);
            self.redactors = OnceLock::new();
            self.echo = Echo::new(&self.scrub);
        }
        // Those that were made for its headers, if they are for all of it.
        if response.redactors.len() == self.scrub.len() {
            self.redactors = OnceLock::from(std::mem::take(&mut response.redactors));
        }
    }

    /// Providers echo keys in their error texts; nothing that leaves here holds one.
    pub(super) fn scrubbed(&self, failure: &mut Failure) {
        failure.each_text(&mut |text| self.scrub_text(text));
        if let Some(upstream) = &mut failure.upstream {
            for text in
                [&mut upstream.message, &mut upstream.code, &mut upstream.param, &mut upstream.request_id]
            {
                text.iter_mut().for_each(|text| self.scrub_text(text));
            }
        }
    }

    /// Events without a key, each applied to the draft.
    pub(super) fn cleaned(&mut self, events: Vec<StreamEvent>, draft: &mut Draft) -> Vec<StreamEvent> {
        let mut clean = Vec::with_capacity(events.len());
        for mut event in events {
            self.scrub_event(&mut event);
            self.scrub_content(event, draft, &mut clean);
        }
        clean
    }

    /// Hands on what was held back of an answer for the beginning of a key that did not come.
    pub(crate) async fn release(&mut self, draft: &mut Draft, out: &mut impl Events) {
        let mut events = Vec::new();
        for block in std::mem::take(&mut self.tails) {
            events.extend(self.rest(block));
        }
        if !events.is_empty() {
            events.iter().for_each(|event| draft.apply(event));
            out.events(events).await;
        }
    }

    /// The end of a block that was held back.
    fn rest(&self, (block, mut tail): (u32, Tail)) -> Option<StreamEvent> {
        let text = self.echo.rest(&mut tail);
        (!text.is_empty()).then_some(StreamEvent::BlockDelta { block, text })
    }

    /// What an answer says. A model never sees a key, but what stands at an address of one's own may give back
    /// whatever it is sent.
    fn scrub_content(&mut self, event: StreamEvent, draft: &mut Draft, clean: &mut Vec<StreamEvent>) {
        let from = clean.len();
        match event {
            event if self.echo.is_empty() => clean.push(event),
            StreamEvent::BlockDelta { block, text } if !draft.is_image(block) => {
                let text = self.echo.push(self.tails.entry(block).or_default(), &text);
                if !text.is_empty() {
                    clean.push(StreamEvent::BlockDelta { block, text });
                }
            }
            StreamEvent::BlockOpen { block, kind } => {
                let word = |text: String| self.echo.clean(&text);
                let kind = match kind {
                    BlockKind::ToolCall { id, name } => {
                        BlockKind::ToolCall { id: word(id), name: word(name) }
                    }
                    BlockKind::ServerTool { name } => BlockKind::ServerTool { name: word(name) },
                    BlockKind::Citation { url, title } => {
                        BlockKind::Citation { url: url.map(word), title: title.map(word) }
                    }
                    BlockKind::Image { media_type } => BlockKind::Image { media_type: word(media_type) },
                    kind @ (BlockKind::Text
                    | BlockKind::Reasoning
                    | BlockKind::Refusal
                    | BlockKind::Seam(_)) => kind,
                };
                clean.push(StreamEvent::BlockOpen { block, kind });
            }
            StreamEvent::BlockClose { block, signature } => {
                clean.extend(self.tails.remove(&block).and_then(|tail| self.rest((block, tail))));
                let signature = signature.map(|text| self.echo.clean(&text));
                clean.push(StreamEvent::BlockClose { block, signature });
            }
            // Nothing of the answer comes behind it.
            event @ StreamEvent::Finish { .. } => {
                for held in std::mem::take(&mut self.tails) {
                    clean.extend(self.rest(held));
                }
                clean.push(event);
            }
            event => clean.push(event),
        }
        clean.iter().skip(from).for_each(|event| draft.apply(event));
    }

    /// What surrounds an answer and is stored beside it: there, parts of a key count too.
    fn scrub_event(&self, event: &mut StreamEvent) {
        if self.scrub.is_empty() {
            return;
        }
        let optional = |text: &mut Option<String>| text.iter_mut().for_each(|text| self.scrub_text(text));
        match event {
            StreamEvent::Started { response_id, model } => {
                optional(response_id);
                optional(model);
            }
            StreamEvent::Usage(usage) => {
                optional(&mut usage.raw);
                optional(&mut usage.service_tier);
            }
            StreamEvent::Finish { raw, .. } => optional(raw),
            StreamEvent::Notice { detail, .. } => detail.each_text(&mut |text| self.scrub_text(text)),
            StreamEvent::Unknown { name, .. } => self.scrub_text(name),
            StreamEvent::BlockOpen { .. }
            | StreamEvent::BlockDelta { .. }
            | StreamEvent::BlockClose { .. } => {}
        }
    }

    fn scrub_text(&self, text: &mut String) {
        let redactors = self.redactors.get_or_init(|| self.scrub.iter().map(Redactor::new).collect());
        for redactor in redactors {
            redactor.scrub(text);
        }
    }

    pub(super) fn clean(&self, mut text: String) -> String {
        self.scrub_text(&mut text);
        text
    }
}
