//! The second wall: what `emit` wrote is parsed as a browser would parse it, and only what is listed here
//! comes out. Then code blocks and formulas are put into their places.

use crate::{
    code,
    document::{Raw, Slot},
    emit::SLOT,
    markdown::Highlighted,
    mask,
    text::{self, Ground},
};
use ammonia::{Builder, UrlRelative};
use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// HTML that may be inserted into the window. Only this file makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The HTML, to be sent on.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A code block alone.
pub(crate) fn code_alone(language: &str, text: &str) -> SafeHtml {
    let mut html = String::new();
    code::block(&mut html, language, text, code::highlight(language, text).as_deref());
    SafeHtml(html)
}

/// Cleans a block and fills its places. `known` holds code highlighted before; what this block needs is
/// added to `used`.
pub(crate) fn finish(raw: &Raw, known: &Highlighted, used: &mut Highlighted) -> SafeHtml {
    let clean = cleaned(&raw.html);
    let mut parts = clean.split(SLOT);
    let mut html = String::with_capacity(clean.len());
    html.push_str(parts.next().unwrap_or(""));
    let mut slots = raw.slots.iter();
    let mut filled = true;
    for part in parts {
        match slots.next() {
            Some(Slot::Code { language, text, closed }) => {
                let highlighted = if *closed { code::remembered(language, text, known, used) } else { None };
                code::block(&mut html, language, text, highlighted.as_deref());
            }
            Some(Slot::Math { source }) => html.push_str(&mask::remembered(source, known, used)),
            None => filled = false,
        }
        html.push_str(part);
    }
    if filled && slots.next().is_none() {
        return SafeHtml(html);
    }
    plain(raw)
}

/// Cleaning moved or dropped a place, which `emit` gives it no cause to do. Then nothing of the block's
/// form is trusted: its writing is shown as text and its code in order below.
fn plain(raw: &Raw) -> SafeHtml {
    let mut html = String::from("<p class=\"raw-html\">");
    text::push(&mut html, &raw.html, Ground::Exact, &mut 0);
    html.push_str("</p>");
    for slot in &raw.slots {
        match slot {
            Slot::Code { language, text, .. } => code::block(&mut html, language, text, None),
            Slot::Math { source } => html.push_str(&mask::as_written(source)),
        }
    }
    SafeHtml(html)
}

/// Every element, class and attribute that content can lead to. Not among them, on purpose: pictures,
/// graphics, frames, forms, styles, ids, names, handlers.
pub(crate) fn cleaned(html: &str) -> String {
    static BUILDER: LazyLock<Builder<'static>> = LazyLock::new(builder);
    BUILDER.clean(html).to_string()
}

const TAGS: [&str; 26] = [
    "a",
    "blockquote",
    "br",
    "code",
    "div",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "s",
    "span",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    "wbr",
];

fn builder() -> Builder<'static> {
    let set = |words: &[&'static str]| words.iter().copied().collect::<HashSet<_>>();
    let attributes =
        HashMap::from([("a", set(&["href", "title"])), ("ol", set(&["start"])), ("span", set(&["title"]))]);
    let values = HashMap::from([
        ("th", HashMap::from([("scope", set(&["col"]))])),
        (
            "div",
            HashMap::from([
                ("tabindex", set(&["0"])),
                ("role", set(&["group"])),
                ("aria-label", set(&["Table"])),
            ]),
        ),
    ]);
    let classes = HashMap::from([
        ("a", set(&["image-chip", "link"])),
        ("div", set(&["fn", "table-scroll"])),
        ("p", set(&["note", "raw-html"])),
        ("span", set(&["hidden-char", "image-chip", "image-host", "link-off", "task", "task-done"])),
        ("sup", set(&["fn-ref"])),
        ("td", set(&["ctr", "n"])),
        ("th", set(&["ctr", "n"])),
        ("wbr", set(&["slot"])),
    ]);
    let mut builder = Builder::empty();
    builder
        .tags(set(&TAGS))
        .tag_attributes(attributes)
        .tag_attribute_values(values)
        .generic_attributes(HashSet::new())
        .allowed_classes(classes)
        .url_schemes(set(&["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true);
    builder
}
