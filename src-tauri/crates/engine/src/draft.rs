//! Folds the events of one answer into what it says, whichever way they arrive: live, or from the
//! journal after a crash.

use domain::{BlockKind, FinishReason, NoticeKind, Part, StreamEvent, Usage};

/// One block of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftBlock {
    /// What it holds.
    pub kind: BlockKind,
    /// All of its text so far.
    pub text: String,
    /// Opaque proof to be replayed with it.
    pub signature: Option<String>,
    /// No more will come.
    pub closed: bool,
}

/// An answer so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Blocks in order of their number.
    pub blocks: Vec<DraftBlock>,
    /// Newest usage snapshot.
    pub usage: Option<Usage>,
    /// Why the provider stopped.
    pub finish: Option<(FinishReason, Option<String>)>,
    /// Notices in order.
    pub notices: Vec<(NoticeKind, domain::Words)>,
    /// The provider's id of the response.
    pub response_id: Option<String>,
    /// The model as the provider names it.
    pub model: Option<String>,
    /// Events this version does not know.
    pub unknown: u32,
}

impl Draft {
    /// Takes one event. Events that name a block that was never opened are counted as unknown.
    pub fn apply(&mut self, event: &StreamEvent) {
        match event {
            StreamEvent::Started { response_id, model } => {
                self.response_id = response_id.clone().or(self.response_id.take());
                self.model = model.clone().or(self.model.take());
            }
            StreamEvent::BlockOpen { block, kind } if index(*block) == self.blocks.len() => {
                self.blocks.push(DraftBlock {
                    kind: kind.clone(),
                    text: String::new(),
                    signature: None,
                    closed: false,
                });
            }
            StreamEvent::BlockDelta { block, text } => match self.blocks.get_mut(index(*block)) {
                Some(open) => open.text.push_str(text),
                None => self.unknown += 1,
            },
            StreamEvent::BlockClose { block, signature } => match self.blocks.get_mut(index(*block)) {
                Some(open) => {
                    open.closed = true;
                    open.signature = signature.clone().or(open.signature.take());
                }
                None => self.unknown += 1,
            },
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, raw } => self.finish = Some((*reason, raw.clone())),
            StreamEvent::Notice { kind, detail } => self.notices.push((*kind, detail.clone())),
            StreamEvent::BlockOpen { .. } | StreamEvent::Unknown { .. } => self.unknown += 1,
        }
    }

    /// True once the user could have seen something of the answer.
    pub fn has_content(&self) -> bool {
        self.blocks.iter().any(|b| !b.text.is_empty() || matches!(b.kind, BlockKind::ToolCall { .. }))
    }

    /// Visible text, blocks joined without a separator.
    pub fn text(&self) -> String {
        self.joined(|kind| matches!(kind, BlockKind::Text), "")
    }

    /// Visible reasoning, but for a plan for tools. Separate blocks are separate thoughts.
    pub fn reasoning(&self) -> String {
        self.thought(|plan| !plan)
    }

    /// What the model said it would do with its tools, where a provider keeps that apart from reasoning.
    pub fn tool_plan(&self) -> Option<String> {
        let plan = self.thought(|plan| plan);
        (!plan.is_empty()).then_some(plan)
    }

    fn thought(&self, wanted: impl Fn(bool) -> bool) -> String {
        let is_plan = |block: &DraftBlock| block.signature.as_deref() == Some(wire::TOOL_PLAN);
        let wanted = |block: &&DraftBlock| {
            matches!(block.kind, BlockKind::Reasoning) && !block.text.is_empty() && wanted(is_plan(block))
        };
        let texts: Vec<&str> = self.blocks.iter().filter(wanted).map(|block| block.text.as_str()).collect();
        texts.join("\n\n")
    }

    /// Words of a refusal.
    pub fn refusal(&self) -> Option<String> {
        let words = self.joined(|kind| matches!(kind, BlockKind::Refusal), "");
        (!words.is_empty()).then_some(words)
    }

    /// The client's tool calls: id, name, arguments as the model wrote them (`{}` for none).
    pub fn tool_calls(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.blocks.iter().filter_map(|block| match &block.kind {
            BlockKind::ToolCall { id, name } => {
                let arguments = if block.text.trim().is_empty() { "{}" } else { block.text.as_str() };
                Some((id.as_str(), name.as_str(), arguments))
            }
            _ => None,
        })
    }

    /// Every word the model generated, for counting. The base64 of a picture is not words.
    pub fn generated(&self) -> String {
        self.joined(|kind| !matches!(kind, BlockKind::Image { .. }), "")
    }

    /// Is this block a picture?
    pub(crate) fn is_image(&self, block: u32) -> bool {
        self.blocks.get(index(block)).is_some_and(|block| matches!(block.kind, BlockKind::Image { .. }))
    }

    fn joined(&self, wanted: impl Fn(&BlockKind) -> bool, separator: &str) -> String {
        let parts: Vec<&str> = self
            .blocks
            .iter()
            .filter(|block| wanted(&block.kind) && !block.text.is_empty())
            .map(|block| block.text.as_str())
            .collect();
        parts.join(separator)
    }

    /// Places where one endpoint broke off and another went on.
    pub(crate) fn seams(&self) -> usize {
        self.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Seam(_))).count()
    }

    /// What came after so many seams; nothing, where there are fewer.
    pub(crate) fn piece(&self, seams: usize) -> Self {
        let mut left = seams;
        let before = |block: &&DraftBlock| {
            let within = left > 0;
            left -= usize::from(within && matches!(block.kind, BlockKind::Seam(_)));
            within
        };
        let blocks = self.blocks.iter().skip_while(before).cloned().collect();
        Self { blocks, ..self.clone() }
    }

    /// The answer as content of the message tree. `last_issuer` is the endpoint that may be shown the
    /// reasoning again; what stands before a seam is its earlier endpoint's.
    pub fn parts(&self, last_issuer: &str) -> Vec<Part> {
        self.blocks
            .iter()
            .enumerate()
            .filter_map(|(place, block)| {
                let text = block.text.clone();
                let issuer = self.blocks.iter().skip(place).find_map(|later| match &later.kind {
                    BlockKind::Seam(seam) => Some(seam.endpoint.as_str()),
                    _ => None,
                });
                let issuer = issuer.unwrap_or(last_issuer);
                match &block.kind {
                    BlockKind::Text => (!text.is_empty()).then_some(Part::Text { text }),
                    BlockKind::Refusal => (!text.is_empty()).then_some(Part::Refusal { text }),
                    BlockKind::Reasoning => {
                        (!text.is_empty() || block.signature.is_some()).then(|| Part::Reasoning {
                            text,
                            signature: block.signature.clone(),
                            issuer: issuer.to_owned(),
                        })
                    }
                    BlockKind::ToolCall { id, name } => Some(Part::ToolCall {
                        id: id.clone(),
                        name: name.clone(),
                        arguments: if text.trim().is_empty() { "{}".to_owned() } else { text },
                        signature: block.signature.clone(),
                        issuer: issuer.to_owned(),
                    }),
                    BlockKind::ServerTool { name } => Some(Part::ServerTool { name: name.clone(), text }),
                    BlockKind::Citation { url, title } => {
                        Some(Part::Citation { url: url.clone(), title: title.clone() })
                    }
                    BlockKind::Seam(seam) => Some(Part::Seam(seam.clone())),
                    BlockKind::Image { media_type } => {
                        Some(Part::GeneratedImage { media_type: media_type.clone(), base64: text })
                    }
                }
            })
            .collect()
    }
}

fn index(block: u32) -> usize {
    usize::try_from(block).unwrap_or(usize::MAX)
}
