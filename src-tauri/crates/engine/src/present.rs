//! Turns events into what a window shows: sections of safe HTML blocks, changed parts only.

use crate::frame::{HtmlBlock, Op, Section, SectionKind};
use domain::{BlockKind, Part, Seam, StreamEvent};
use render::{Block, Markdown};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One answer's presentation while it grows.
#[derive(Default)]
pub(crate) struct Presenter {
    sections: Vec<Growing>,
}

struct Growing {
    kind: BlockKind,
    text: String,
    markdown: Markdown,
    open: bool,
    changed: bool,
}

impl Presenter {
    /// The changes that a batch of events makes. Each section is rendered once a batch.
    pub(crate) fn apply(&mut self, events: &[StreamEvent]) -> Vec<Op> {
        let mut ops = Vec::new();
        for event in events {
            match event {
                StreamEvent::BlockOpen { kind, .. } => {
                    ops.push(Op::Section { index: number(self.sections.len()), kind: section_kind(kind) });
                    self.sections.push(Growing {
                        kind: kind.clone(),
                        text: String::new(),
                        markdown: Markdown::new(),
                        open: true,
                        changed: false,
                    });
                }
                StreamEvent::BlockDelta { block, text } => {
                    if let Some(section) = self.section(*block) {
                        section.text.push_str(text);
                        section.changed = true;
                    }
                }
                StreamEvent::BlockClose { block, .. } => {
                    if let Some(section) = self.section(*block) {
                        section.open = false;
                        section.changed = true;
                    }
                }
                StreamEvent::Notice { kind, detail } => {
                    ops.push(Op::Notice { kind: *kind, detail: detail.clone() });
                }
                StreamEvent::Started { .. }
                | StreamEvent::Usage(_)
                | StreamEvent::Finish { .. }
                | StreamEvent::Unknown { .. } => {}
            }
        }
        for (index, section) in self.sections.iter_mut().enumerate().filter(|(_, section)| section.changed) {
            section.changed = false;
            ops.extend(section.render(number(index)));
        }
        ops
    }

    /// Renders what is still open as complete, once nothing more will come.
    pub(crate) fn finish(&mut self) -> Vec<Op> {
        let mut ops = Vec::new();
        for (index, section) in self.sections.iter_mut().enumerate().filter(|(_, section)| section.open) {
            section.open = false;
            ops.extend(section.render(number(index)));
        }
        ops
    }

    fn section(&mut self, block: u32) -> Option<&mut Growing> {
        self.sections.get_mut(usize::try_from(block).ok()?)
    }
}

impl Growing {
    fn render(&mut self, section: u32) -> Option<Op> {
        match &self.kind {
            BlockKind::Text | BlockKind::Reasoning | BlockKind::Refusal => {
                let patch = self.markdown.update(&self.text, self.open);
                let blocks: Vec<HtmlBlock> = patch.blocks.into_iter().map(html_block).collect();
                Some(Op::Blocks { section, keep: number(patch.keep), blocks })
            }
            // Half a JSON document or half a picture says nothing; they appear when complete.
            BlockKind::ToolCall { .. } | BlockKind::ServerTool { .. } if !self.open => {
                Some(Op::Blocks { section, keep: 0, blocks: vec![json_block(&self.text)] })
            }
            _ => None,
        }
    }
}

/// Longest text that is rendered without telling the runtime that it may take a while.
pub(crate) const QUICK: usize = 64 * 1024;

/// Markdown as safe HTML, for a file.
pub(crate) fn whole(text: &str) -> String {
    let rendered = catch_unwind(AssertUnwindSafe(|| render::render_whole(text)));
    match rendered {
        Ok(blocks) => blocks.into_iter().map(|block| block.html.into_string()).collect(),
        Err(_) => render::code("", text).into_string(),
    }
}

/// The line that ends what a text leaves open, for a file in which more stands below it.
pub(crate) fn open_fence(text: &str) -> Option<String> {
    catch_unwind(|| render::open_fence(text)).ok().flatten()
}

/// The sections of a finished answer. One whose rendering panics is shown as its source.
pub(crate) fn sections(parts: &[Part]) -> Vec<Section> {
    let rendered = |part| {
        catch_unwind(AssertUnwindSafe(|| section(part))).unwrap_or_else(|_| {
            tracing::error!("a part of an answer could not be rendered");
            source(part)
        })
    };
    parts.iter().filter_map(rendered).collect()
}

/// What is read of an answer, part after part, as its sections show it.
pub(crate) fn words(parts: &[Part]) -> String {
    let mut all = String::new();
    for part in parts {
        match part {
            Part::Text { text } | Part::Reasoning { text, .. } | Part::Refusal { text } => {
                match catch_unwind(AssertUnwindSafe(|| render::words(text))) {
                    Ok(words) => all.push_str(&words),
                    Err(_) => all.push_str(&render::code_words(text)),
                }
            }
            Part::ToolCall { arguments: text, .. } | Part::ServerTool { text, .. } => {
                all.push_str(&render::code_words(&pretty(text)));
            }
            _ => continue,
        }
        all.push(render::BREAK);
    }
    all
}

fn source(part: &Part) -> Option<Section> {
    let (kind, text) = match part {
        Part::Text { text } => (SectionKind::Answer, text),
        Part::Reasoning { text, .. } => (SectionKind::Reasoning, text),
        Part::Refusal { text } => (SectionKind::Refusal, text),
        Part::ToolCall { name, arguments, .. } => (SectionKind::ToolCall { name: name.clone() }, arguments),
        Part::ServerTool { name, text } => (SectionKind::ServerTool { name: name.clone() }, text),
        _ => return None,
    };
    let html = catch_unwind(AssertUnwindSafe(|| render::code("", text))).ok()?;
    let block = HtmlBlock { key: "source".to_owned(), html: html.into_string() };
    Some(Section { kind, blocks: vec![block] })
}

fn section(part: &Part) -> Option<Section> {
    let prose = |kind, text: &str| Section {
        kind,
        blocks: render::render_whole(text).into_iter().map(html_block).collect(),
    };
    Some(match part {
        Part::Text { text } => prose(SectionKind::Answer, text),
        Part::Reasoning { text, .. } => prose(SectionKind::Reasoning, text),
        Part::Refusal { text } => prose(SectionKind::Refusal, text),
        Part::ToolCall { name, arguments, .. } => Section {
            kind: SectionKind::ToolCall { name: name.clone() },
            blocks: vec![json_block(arguments)],
        },
        Part::ServerTool { name, text } => {
            Section { kind: SectionKind::ServerTool { name: name.clone() }, blocks: vec![json_block(text)] }
        }
        Part::Citation { url, title } => Section {
            kind: SectionKind::Citation { url: url.clone(), title: title.clone() },
            blocks: Vec::new(),
        },
        Part::Seam(seam) => Section { kind: seam_kind(seam), blocks: Vec::new() },
        Part::GeneratedImage { media_type, .. } => {
            Section { kind: SectionKind::Image { media_type: media_type.clone() }, blocks: Vec::new() }
        }
        Part::Attachment(file) if file.media_type.starts_with("image/") => {
            Section { kind: SectionKind::Image { media_type: file.media_type.clone() }, blocks: Vec::new() }
        }
        Part::Image { .. }
        | Part::ImageUrl { .. }
        | Part::File { .. }
        | Part::Attachment(_)
        | Part::System { .. }
        | Part::Kept { .. }
        | Part::ToolResult { .. } => {
            return None;
        }
    })
}

fn section_kind(kind: &BlockKind) -> SectionKind {
    match kind {
        BlockKind::Text => SectionKind::Answer,
        BlockKind::Reasoning => SectionKind::Reasoning,
        BlockKind::Refusal => SectionKind::Refusal,
        BlockKind::ToolCall { name, .. } => SectionKind::ToolCall { name: name.clone() },
        BlockKind::ServerTool { name } => SectionKind::ServerTool { name: name.clone() },
        BlockKind::Citation { url, title } => {
            SectionKind::Citation { url: url.clone(), title: title.clone() }
        }
        BlockKind::Seam(seam) => seam_kind(seam),
        BlockKind::Image { media_type } => SectionKind::Image { media_type: media_type.clone() },
    }
}

fn seam_kind(seam: &Seam) -> SectionKind {
    SectionKind::Seam { from: seam.from.clone(), to: seam.to.clone(), why: seam.why.clone() }
}

fn html_block(block: Block) -> HtmlBlock {
    HtmlBlock { key: format!("{:016x}", block.key), html: block.html.into_string() }
}

fn json_block(text: &str) -> HtmlBlock {
    HtmlBlock { key: "json".to_owned(), html: render::code("json", &pretty(text)).into_string() }
}

fn pretty(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| text.to_owned())
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
