//! A document as the words a reader sees, for looking something up in it. Nothing is cleaned or highlighted: this is
//! never shown.

use crate::{
    document::{self, Raw, Slot},
    emit::SLOT,
    text::{self, Ground},
};
use std::borrow::Cow;

/// Stands between words that are not beside each other for a reader: the ends of paragraphs, cells and code
/// blocks, the places of formulas.
pub const BREAK: char = '\0';

/// Elements that stand in the middle of a line.
const INLINE: [&str; 8] = ["a", "code", "em", "s", "span", "strong", "sup", "wbr"];

/// What is read of a document, block after block. Formulas and badges for hidden characters are left out: a reader
/// sees something else there than what was written.
pub fn words(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    for raw in document::written(source, false).raws {
        read(&mut text, &raw);
        text.push(BREAK);
    }
    text
}

/// What is read of a code block: what was written, without the characters that are shown as badges.
pub fn code_words(code: &str) -> Cow<'_, str> {
    let plain = |b: u8| matches!(b, b' '..=b'~' | b'\n' | b'\t');
    if code.bytes().all(plain) {
        return Cow::Borrowed(code);
    }
    let mut raw = Raw { html: String::with_capacity(code.len()), slots: Vec::new() };
    text::push(&mut raw.html, code, Ground::Exact, &mut 0);
    let mut words = String::with_capacity(code.len());
    read(&mut words, &raw);
    Cow::Owned(words)
}

/// Takes the words out of what `emit` wrote: in it every `<` that is no mark is escaped, and every `>` too.
fn read(text: &mut String, raw: &Raw) {
    let mut slots = raw.slots.iter();
    let mut rest = raw.html.as_str();
    while let Some((before, mark)) = rest.split_once('<') {
        unescape(text, before);
        let Some((inside, after)) = mark.split_once('>') else { return };
        rest = after;
        if inside == SLOT.trim_matches(['<', '>']) {
            text.push(BREAK);
            if let Some(Slot::Code { text: code, .. }) = slots.next() {
                text.push_str(&code_words(code));
                text.push(BREAK);
            }
        } else if inside.starts_with("span class=\"hidden-char\"") {
            rest = after.split_once('>').map_or("", |(_, after)| after);
        } else if !INLINE.contains(&name(inside)) {
            text.push(BREAK);
        }
    }
    unescape(text, rest);
}

/// The element of a mark: `a` of `a class="link"` and of `/a`.
fn name(mark: &str) -> &str {
    let mark = mark.trim_start_matches('/');
    mark.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or(mark)
}

/// Undoes what `text` escapes.
fn unescape(text: &mut String, mut rest: &str) {
    const SIGNS: [(&str, char); 5] =
        [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\'')];
    while let Some(at) = rest.find('&') {
        let (before, escaped) = rest.split_at(at);
        text.push_str(before);
        let sign = SIGNS.iter().find_map(|(name, sign)| Some((*sign, escaped.strip_prefix(name)?)));
        let (sign, after) = sign.unwrap_or(('&', escaped.strip_prefix('&').unwrap_or("")));
        text.push(sign);
        rest = after;
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(source: &str) -> Vec<String> {
        words(source).split(BREAK).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn marks_are_gone_and_what_stands_apart_stays_apart() {
        assert_eq!(
            lines("You **have** `14` *da*ys, [says](https://x.org) she"),
            ["You have 14 days, says she"]
        );
        assert_eq!(
            lines("# One\n\ntwo\nthree\n\n- four\n- 五**六**七"),
            ["One", "two\nthree", "four", "五六七"]
        );
        assert_eq!(lines("|a|b|\n|-|-|\n|c|d|"), ["a", "b", "c", "d"]);
        assert_eq!(lines("a < b && \"c\" 'd' &amp; e &copy;"), ["a < b && \"c\" 'd' & e ©"]);
        assert_eq!(lines("one<br>two"), ["one", "two"]);
    }

    #[test]
    fn code_is_read_as_it_stands_and_formulas_are_passed_over() {
        assert_eq!(lines("x\n```rust\nlet a = &b < c;\n```\ny"), ["x", "let a = &b < c;", "y"]);
        assert_eq!(lines("so $x^2$ is"), ["so", "is"]);
        assert_eq!(lines("a\u{202e}b"), ["ab"]);
        assert_eq!(lines(""), Vec::<String>::new());
    }

    #[test]
    fn hidden_characters_are_passed_over_in_code_too() {
        assert_eq!(lines("```\na\u{202e}\u{200b}b < \u{feff}\"é\" && 1\n```"), ["ab < \"é\" && 1"]);
        assert_eq!(lines("`a\u{200b}b` c\u{200b}d"), ["ab c\u{200b}d"]);
        assert_eq!(code_words("{\n\t\"a&amp;b\": '<1>'\n}"), "{\n\t\"a&amp;b\": '<1>'\n}");
        assert_eq!(code_words("{\n\t\"a&amp;b\u{1b}\": '<é>'\r\n}"), "{\n\t\"a&amp;b\": '<é>'\n}");
    }
}
