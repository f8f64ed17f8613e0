//! Escaping, and making visible what is there but cannot be seen.
//!
//! Characters that turn the direction of text, take no width or are not assigned to any glyph let a text
//! show one thing and be another. In code and links every one of them is shown as a badge with its code
//! point; in prose those that honest writing needs (joiners, direction marks, soft hyphens) stay.

use std::fmt::Write as _;

/// How strict to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// Running text.
    Prose,
    /// Code, link texts, labels: what is copied, run or trusted.
    Exact,
}

/// Badges written before further hidden characters become a plain replacement mark: a text made of nothing
/// else must not grow thirtyfold.
const BADGES: u32 = 1_000;
/// Codes named in one badge; the rest of a run is counted.
const NAMED: usize = 4;

/// Appends `text` escaped for HTML text, hidden characters as badges. `badges` counts them over a document.
pub(crate) fn push(out: &mut String, text: &str, ground: Ground, badges: &mut u32) {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\n' || b == b'\t') {
        return push_plain(out, text);
    }
    let mut before = None;
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or("");
        let flag = subdivision_flag(rest);
        if flag > 0 {
            out.push_str(rest.get(..flag).unwrap_or(""));
            at += flag;
            before = Some(c);
            continue;
        }
        let run = hidden_run(rest, before, ground);
        if run > 0 {
            push_badge(out, rest.get(..run).unwrap_or(""), badges);
            at += run;
            // What follows a badge stands beside nothing it could join.
            before = None;
            continue;
        }
        push_char(out, c);
        at += c.len_utf8();
        before = Some(c);
    }
}

/// Escapes for text and for double-quoted attributes alike.
fn push_plain(out: &mut String, text: &str) {
    for c in text.chars() {
        push_char(out, c);
    }
}

fn push_char(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\r' => {}
        c => out.push(c),
    }
}

/// Escapes what is already free of hidden characters, for an attribute.
pub(crate) fn push_attribute(out: &mut String, value: &str) {
    push_plain(out, value);
}

/// The text with every hidden character spelt as `[U+202E]`, not escaped: for tooltips.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        let after = text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
        if is_hidden(c, before, after, Ground::Exact) || matches!(c, '\n' | '\t' | '\r') {
            // Writing to a String cannot fail.
            let _ = write!(out, "[U+{:04X}]", u32::from(c));
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    out
}

/// A badge for a run: `U+202E`, `U+200B U+2060 +12`; a run of tag characters also says what it spells.
fn push_badge(out: &mut String, run: &str, badges: &mut u32) {
    *badges += 1;
    if *badges > BADGES {
        out.push(char::REPLACEMENT_CHARACTER);
        return;
    }
    let spelt: String = run.chars().filter_map(tag_letter).take(200).collect();
    out.push_str("<span class=\"hidden-char\" title=\"");
    if spelt.is_empty() {
        out.push_str(run.chars().next().map_or("hidden characters", name));
    } else {
        out.push_str("hidden text: ");
        push_plain(out, &spelt);
    }
    out.push_str("\">");
    let count = run.chars().count();
    for (nth, c) in run.chars().take(NAMED).enumerate() {
        let gap = if nth > 0 { " " } else { "" };
        let _ = write!(out, "{gap}U+{:04X}", u32::from(c));
    }
    if count > NAMED {
        let _ = write!(out, " +{}", count - NAMED);
    }
    out.push_str("</span>");
}

/// Length in bytes of the run of hidden characters at the start of `rest`.
fn hidden_run(rest: &str, before: Option<char>, ground: Ground) -> usize {
    let mut before = before;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, c)| *c);
        if !is_hidden(c, before, after, ground) {
            return at;
        }
        before = Some(c);
    }
    rest.len()
}

/// The flags of England, Scotland, Wales and their like: a black flag, tag letters, a cancel tag. The one
/// honest use of tag characters. Returns the length in bytes, or 0.
fn subdivision_flag(rest: &str) -> usize {
    let Some(tags) = rest.strip_prefix('\u{1F3F4}') else { return 0 };
    for (nth, (at, c)) in tags.char_indices().enumerate() {
        match c {
            '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}' if nth < 6 => {}
            '\u{E007F}' if nth >= 3 => return '\u{1F3F4}'.len_utf8() + at + c.len_utf8(),
            _ => return 0,
        }
    }
    0
}

/// The ASCII a tag character hides.
fn tag_letter(c: char) -> Option<char> {
    match c {
        '\u{E0020}'..='\u{E007E}' => char::from_u32(u32::from(c) - 0xE0000),
        _ => None,
    }
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// True for characters without a shape of their own, wherever they stand.
pub(crate) fn is_format(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || is_variation_selector(c)
}

/// Whether this character, here, shows nothing of what it does.
fn is_hidden(c: char, before: Option<char>, after: Option<char>, ground: Ground) -> bool {
    let beside_letters = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_joiner(c));
    match c {
        '\t' | '\n' | '\r' => false,
        c if c.is_control() => true,
        // Direction overrides, embeddings and isolates; tags; interlinear annotation; shorthand and music
        // controls; deprecated format characters.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}' | '\u{E0000}'..='\u{E00FF}' => true,
        '\u{E01F0}'..='\u{E0FFF}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' => true,
        '\u{1D173}'..='\u{1D17A}' => true,
        // One selector after a character that can have variants is how emoji and ideographs are written;
        // anything else smuggles bytes.
        c if is_variation_selector(c) => match before {
            Some(before) if before.is_ascii() => !(c == '\u{FE0F}' && is_keycap(before)),
            Some(before) => is_variation_selector(before),
            None => true,
        },
        // Joiners belong between letters of scripts that join and within emoji.
        '\u{200C}' | '\u{200D}' => {
            ground == Ground::Exact && !(beside_letters(before) && beside_letters(after))
        }
        c => ground == Ground::Exact && is_format(c),
    }
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

fn is_keycap(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*')
}

/// What a hidden character does, in a few words.
fn name(c: char) -> &'static str {
    match c {
        '\u{202A}' | '\u{202B}' => "direction embedding",
        '\u{202D}' | '\u{202E}' => "direction override",
        '\u{202C}' | '\u{2069}' => "end of a direction change",
        '\u{2066}'..='\u{2068}' => "direction isolate",
        '\u{200E}' | '\u{200F}' | '\u{61C}' => "direction mark",
        '\u{200B}' | '\u{2060}' | '\u{FEFF}' => "space without width",
        '\u{200C}' | '\u{200D}' => "joiner",
        '\u{AD}' => "soft hyphen",
        c if is_variation_selector(c) => "variation selector",
        c if c.is_control() => "control character",
        _ => "invisible character",
    }
}
