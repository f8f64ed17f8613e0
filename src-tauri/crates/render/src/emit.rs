//! Events become HTML of a fixed vocabulary. Every `<` in what is written here stands in this file.
//!
//! Whatever the events say, what is opened is closed: closing marks come from a stack, not from the events.

use crate::{
    document::{Located, Raw, Slot},
    link::{self, Target},
    text::{self, Ground},
};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Tag};
use std::{fmt::Write as _, ops::Range};

/// Elements inside each other; beyond it text is kept and structure is not.
const DEEPEST: usize = 64;
/// Columns of a table that are shown.
const WIDEST: usize = 200;

/// Bytes of text without an element between them.
const STRETCH: usize = 4096;

/// The place of a code block or formula. A content cannot write it: its angle brackets are escaped.
pub(crate) const SLOT: &str = "<wbr class=\"slot\">";

/// Writes the blocks of a document. `source` is what the events' ranges point into; where `math` lies, the
/// events carry filler and the source is shown instead.
pub(crate) fn blocks<'a>(
    source: &'a str,
    events: Vec<Located<'a>>,
    math: &'a [Range<usize>],
    open: bool,
) -> Output {
    let mut writer =
        Writer { source, math, open, raw: Raw::default(), state: State::default(), done: Output::default() };
    let mut begun = None;
    for (event, range) in events {
        let start = *begun.get_or_insert(range.start);
        writer.event(event, range);
        if writer.state.frames.is_empty() {
            writer.end_block(start);
            begun = None;
        }
    }
    writer.end_block(begun.unwrap_or(source.len()));
    writer.done
}

/// What was written.
#[derive(Default)]
pub(crate) struct Output {
    /// The blocks.
    pub(crate) raws: Vec<Raw>,
    /// Where in the source each of them begins.
    pub(crate) starts: Vec<usize>,
    /// Badges for hidden characters in all of them.
    pub(crate) badges: u32,
}

/// What is written when an element ends.
enum Frame {
    /// This.
    Close(&'static str),
    /// Nothing: the element was left out.
    Skip,
    /// A link, so that its text is no longer treated as one.
    Link(&'static str),
    /// The chip of a picture.
    Image,
    /// The code collected since.
    Code,
    /// The table and a word on what it lacks.
    Table,
    /// Ends the silence over a cell too many.
    CutCell,
}

#[derive(Default)]
struct State {
    frames: Vec<Frame>,
    /// Text not yet written. Neighbouring texts are joined first: an address or an emoji may be spread
    /// over several.
    text: String,
    links: u32,
    /// Alternative text and address of the picture being read.
    image: Option<(String, String)>,
    /// Language, text and whether the code block is complete.
    code: Option<(String, String, bool)>,
    alignments: Vec<Alignment>,
    column: usize,
    head: bool,
    cut: bool,
}

struct Writer<'a> {
    source: &'a str,
    math: &'a [Range<usize>],
    open: bool,
    raw: Raw,
    state: State,
    done: Output,
}

impl<'a> Writer<'a> {
    fn end_block(&mut self, start: usize) {
        self.flush();
        let raw = std::mem::take(&mut self.raw);
        if !raw.html.is_empty() {
            self.done.raws.push(raw);
            self.done.starts.push(start);
        }
    }

    fn event(&mut self, event: Event<'a>, range: Range<usize>) {
        if let Some(formula) = self.formula(&event, &range) {
            return self.masked(&event, &range, formula);
        }
        match event {
            Event::Start(tag) => self.start(tag, &range),
            Event::End(_) => self.end(),
            Event::Text(text) => match &mut self.state.code {
                Some((_, code, _)) => code.push_str(&text),
                None => self.state.text.push_str(&text),
            },
            Event::Code(code) => self.inline_code(&code),
            // A line break is the one tag that models write all the time, in table cells; it is read as
            // the line break of Markdown. Every other tag is text.
            Event::InlineHtml(html) if is_line_break(&html) => self.tag("<br>"),
            Event::Html(html) | Event::InlineHtml(html) => self.state.text.push_str(&html),
            Event::InlineMath(math) | Event::DisplayMath(math) => self.state.text.push_str(&math),
            Event::FootnoteReference(label) => self.footnote(&label),
            Event::SoftBreak => self.state.text.push('\n'),
            Event::HardBreak => self.tag("<br>\n"),
            Event::Rule => self.tag("<hr>"),
            Event::TaskListMarker(done) => self.tag(if done {
                "<span class=\"task task-done\">☑</span> "
            } else {
                "<span class=\"task\">☐</span> "
            }),
        }
    }

    fn start(&mut self, tag: Tag<'a>, range: &Range<usize>) {
        let room = DEEPEST.saturating_sub(self.state.frames.len());
        let frame = match tag {
            Tag::CodeBlock(kind) => self.start_code(&kind, range),
            // Inside the alternative text of a picture and in cells that are not shown, only text counts.
            _ if self.state.image.is_some() || self.state.cut => Frame::Skip,
            Tag::Table(alignments) if room >= 8 => self.start_table(alignments),
            Tag::List(first) if room >= 4 => self.start_list(first),
            _ if room == 0 => {
                self.state.text.push(' ');
                Frame::Skip
            }
            Tag::Paragraph => self.element("<p>", "</p>\n"),
            Tag::Heading { level, .. } => self.start_heading(level),
            Tag::BlockQuote(_) => self.element("<blockquote>\n", "</blockquote>\n"),
            Tag::HtmlBlock => self.element("<p class=\"raw-html\">", "</p>\n"),
            Tag::Item => self.element("<li>", "</li>\n"),
            Tag::FootnoteDefinition(label) => {
                self.tag("<div class=\"fn\">");
                self.footnote(&label);
                self.tag("\n");
                Frame::Close("</div>\n")
            }
            Tag::TableHead => {
                (self.state.head, self.state.column) = (true, 0);
                self.element("<thead><tr>", "</tr></thead>\n<tbody>\n")
            }
            Tag::TableRow => {
                (self.state.head, self.state.column) = (false, 0);
                self.element("<tr>", "</tr>\n")
            }
            Tag::TableCell => self.start_cell(),
            Tag::Emphasis => self.element("<em>", "</em>"),
            Tag::Strong => self.element("<strong>", "</strong>"),
            // One tilde is "about" far more often than it is a deletion.
            Tag::Strikethrough if self.at(range).starts_with("~~") => self.element("<s>", "</s>"),
            Tag::Strikethrough => {
                self.state.text.push('~');
                Frame::Close("~")
            }
            Tag::Link { link_type, dest_url, .. } => self.start_link(link_type, &dest_url),
            Tag::Image { dest_url, .. } => {
                self.flush();
                self.state.image = Some((String::new(), dest_url.to_string()));
                Frame::Image
            }
            Tag::Table(_) | Tag::List(_) => Frame::Skip,
            Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => Frame::Skip,
        };
        self.state.frames.push(frame);
    }

    fn end(&mut self) {
        let Some(frame) = self.state.frames.pop() else { return };
        match frame {
            Frame::Close(html) => self.tag(html),
            Frame::Skip => self.state.text.push(' '),
            Frame::Link(html) => {
                self.tag(html);
                self.state.links = self.state.links.saturating_sub(1);
            }
            Frame::Image => self.end_image(),
            Frame::Code => {
                if let Some((language, mut text, closed)) = self.state.code.take() {
                    self.flush();
                    text.retain(|c| c != '\r');
                    self.raw.html.push_str(SLOT);
                    self.raw.html.push('\n');
                    self.raw.slots.push(Slot::Code { language, text, closed });
                }
            }
            Frame::Table => self.end_table(),
            Frame::CutCell => {
                self.state.text.clear();
                self.state.cut = false;
            }
        }
    }

    /// Writes an opening mark and remembers its closing one.
    fn element(&mut self, html: &str, close: &'static str) -> Frame {
        self.tag(html);
        Frame::Close(close)
    }

    /// Writes our own HTML after the text before it.
    fn tag(&mut self, html: &str) {
        self.flush();
        if self.state.image.is_none() && !self.state.cut {
            self.raw.html.push_str(html);
        }
    }

    fn flush(&mut self) {
        if self.state.text.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.state.text);
        if let Some((alt, _)) = &mut self.state.image {
            alt.push_str(&text);
        } else if self.state.cut {
            // The cell is not shown.
        } else if self.state.links > 0 {
            self.write(&text, Ground::Exact);
        } else {
            self.prose(&text);
        }
    }

    /// Escaped text. Long stretches get a break that shows nothing: for every character it escapes, the
    /// serialiser behind `clean` looks through the rest of the stretch, and the square of a megabyte takes
    /// minutes.
    fn write(&mut self, text: &str, ground: Ground) {
        let mut rest = text;
        while rest.len() > STRETCH {
            let end = rest.floor_char_boundary(STRETCH);
            let head = rest.get(..end).unwrap_or("");
            let end =
                head.rfind([' ', '\n']).filter(|space| end - space < STRETCH / 8).map_or(end, |at| at + 1);
            text::push(&mut self.raw.html, rest.get(..end).unwrap_or(""), ground, &mut self.done.badges);
            self.raw.html.push_str("<wbr>");
            rest = rest.get(end..).unwrap_or("");
        }
        text::push(&mut self.raw.html, rest, ground, &mut self.done.badges);
    }

    /// Running text; web addresses in it become links.
    fn prose(&mut self, text: &str) {
        let mut at = 0;
        while let Some(found) = link::bare(text, at) {
            let address = text.get(found.clone()).unwrap_or("");
            self.write(text.get(at..found.start).unwrap_or(""), Ground::Prose);
            let close = self.open_link(address);
            self.write(address, Ground::Exact);
            self.raw.html.push_str(close);
            at = found.end;
        }
        self.write(text.get(at..).unwrap_or(""), Ground::Prose);
    }

    fn start_link(&mut self, kind: LinkType, address: &str) -> Frame {
        self.flush();
        self.state.links += 1;
        Frame::Link(match kind {
            LinkType::Email => self.open_link(&format!("mailto:{address}")),
            _ => self.open_link(address),
        })
    }

    /// The tooltip is the address, never the content's own title: it is there to be trusted.
    fn open_link(&mut self, address: &str) -> &'static str {
        match link::target(address) {
            Target::Open(url) => {
                self.raw.html.push_str("<a class=\"link\" href=\"");
                text::push_attribute(&mut self.raw.html, &url);
                self.raw.html.push_str("\" title=\"");
                text::push_attribute(&mut self.raw.html, &link::shortened(&url));
                self.raw.html.push_str("\">");
                "</a>"
            }
            Target::Inert(shown) => {
                self.raw.html.push_str("<span class=\"link-off\" title=\"");
                text::push_attribute(&mut self.raw.html, &shown);
                self.raw.html.push_str("\">");
                "</span>"
            }
        }
    }

    /// A picture would be fetched without anyone asking; its description and its host stand in for it, and
    /// open it in the browser.
    fn end_image(&mut self) {
        let tail = std::mem::take(&mut self.state.text);
        let Some((mut alt, address)) = self.state.image.take() else { return };
        alt.push_str(&tail);
        let html = &mut self.raw.html;
        let close = match link::target(&address) {
            Target::Open(url) if self.state.links == 0 => {
                html.push_str("<a class=\"image-chip\" href=\"");
                text::push_attribute(html, &url);
                "</span></a>"
            }
            _ => {
                html.push_str("<span class=\"image-chip");
                "</span></span>"
            }
        };
        html.push_str("\" title=\"");
        text::push_attribute(html, &link::shortened(&address));
        html.push_str("\">");
        let alt = if alt.trim().is_empty() { "Image" } else { alt.trim() };
        self.write(alt, Ground::Exact);
        let html = &mut self.raw.html;
        html.push_str(" <span class=\"image-host\">");
        text::push_attribute(html, &link::place(&address));
        html.push_str(close);
    }

    fn inline_code(&mut self, code: &str) {
        if self.state.image.is_some() {
            return self.state.text.push_str(code);
        }
        self.tag("<code>");
        if !self.state.cut {
            self.write(code, Ground::Exact);
        }
        self.tag("</code>");
    }

    fn footnote(&mut self, label: &str) {
        if self.state.image.is_some() {
            return;
        }
        self.tag("<sup class=\"fn-ref\">");
        if !self.state.cut {
            self.write(label, Ground::Exact);
        }
        self.tag("</sup>");
    }

    /// The window has headings of its own above these, so the first level here is its third.
    fn start_heading(&mut self, level: HeadingLevel) -> Frame {
        match level {
            HeadingLevel::H1 => self.element("<h3>", "</h3>\n"),
            HeadingLevel::H2 => self.element("<h4>", "</h4>\n"),
            HeadingLevel::H3 => self.element("<h5>", "</h5>\n"),
            HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => self.element("<h6>", "</h6>\n"),
        }
    }

    fn start_list(&mut self, first: Option<u64>) -> Frame {
        match first {
            None => self.element("<ul>\n", "</ul>\n"),
            Some(1) => self.element("<ol>\n", "</ol>\n"),
            Some(first) => {
                self.flush();
                // Writing to a String cannot fail.
                let _ = writeln!(self.raw.html, "<ol start=\"{first}\">");
                Frame::Close("</ol>\n")
            }
        }
    }

    fn start_table(&mut self, alignments: Vec<Alignment>) -> Frame {
        self.state.alignments = alignments;
        self.tag("<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>\n");
        Frame::Table
    }

    fn end_table(&mut self) {
        self.tag("</tbody>\n</table></div>\n");
        let more = self.state.alignments.len().saturating_sub(WIDEST);
        if more > 0 {
            let _ = writeln!(self.raw.html, "<p class=\"note\">{more} more columns are not shown.</p>");
        }
    }

    fn start_cell(&mut self) -> Frame {
        let alignment = self.state.alignments.get(self.state.column).copied();
        self.state.column += 1;
        if self.state.column > WIDEST {
            self.flush();
            self.state.cut = true;
            return Frame::CutCell;
        }
        let head = self.state.head;
        self.tag(match (head, alignment) {
            (true, Some(Alignment::Right)) => "<th scope=\"col\" class=\"n\">",
            (true, Some(Alignment::Center)) => "<th scope=\"col\" class=\"ctr\">",
            (true, _) => "<th scope=\"col\">",
            (false, Some(Alignment::Right)) => "<td class=\"n\">",
            (false, Some(Alignment::Center)) => "<td class=\"ctr\">",
            (false, _) => "<td>",
        });
        Frame::Close(if head { "</th>" } else { "</td>" })
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'a>, range: &Range<usize>) -> Frame {
        self.flush();
        let slice = self.at(range);
        let growing = self.open && self.source.get(range.end..).unwrap_or("").trim().is_empty();
        let closed = !growing || is_fence_closed(slice);
        let language = match kind {
            // While the first line is being written its word is not yet known.
            CodeBlockKind::Fenced(_) if !closed && !slice.contains('\n') => String::new(),
            CodeBlockKind::Fenced(info) => info.to_string(),
            CodeBlockKind::Indented => String::new(),
        };
        self.state.code = Some((language, String::new(), closed));
        Frame::Code
    }

    fn at(&self, range: &Range<usize>) -> &'a str {
        self.source.get(range.clone()).unwrap_or("")
    }

    /// The first formula that reaches into the range of a text.
    fn formula(&self, event: &Event<'_>, range: &Range<usize>) -> Option<&'a Range<usize>> {
        if self.math.is_empty() || !matches!(event, Event::Text(_) | Event::SoftBreak | Event::HardBreak) {
            return None;
        }
        let next = self.math.partition_point(|formula| formula.end <= range.start);
        self.math.get(next).filter(|formula| formula.start < range.end)
    }

    /// A text that holds filler: the source is shown in its place, once per formula.
    fn masked(&mut self, event: &Event<'_>, range: &Range<usize>, first: &'a Range<usize>) {
        let mut at = range.start;
        let mut formula = Some(first);
        while let Some(here) = formula {
            if here.start >= at {
                let before = self.at(&(at..here.start));
                self.state.text.push_str(before);
                self.math(here);
            }
            at = here.end.min(range.end);
            formula = if at < range.end { self.formula(event, &(at..range.end)) } else { None };
        }
        let after = self.at(&(at..range.end));
        self.state.text.push_str(after);
    }

    fn math(&mut self, formula: &Range<usize>) {
        let source = self.at(formula);
        if self.state.image.is_some() {
            return self.state.text.push_str(source);
        }
        self.flush();
        if self.state.cut {
            return;
        }
        self.raw.html.push_str(SLOT);
        self.raw.slots.push(Slot::Math { source: source.to_owned() });
    }
}

fn is_line_break(html: &str) -> bool {
    matches!(html, "<br>" | "<br/>" | "<br />" | "<BR>" | "<BR/>" | "<BR />")
}

/// Whether a fenced block ends with a fence of its own.
fn is_fence_closed(block: &str) -> bool {
    let mut lines = block.trim_end().lines();
    let Some(first) = lines.next() else { return false };
    let mark = if first.trim_start().starts_with('~') { '~' } else { '`' };
    let fence = first.trim_start().chars().take_while(|c| *c == mark).count();
    let last = lines.next_back().unwrap_or("");
    let last = last.trim_matches(|c: char| c.is_whitespace() || c == '>');
    fence >= 3 && last.chars().count() >= fence && last.chars().all(|c| c == mark)
}
