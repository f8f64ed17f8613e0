//! Which addresses may be opened, and what is shown of those that may not.

use crate::text;
use url::Url;

/// What a link in the text points to.
pub(crate) enum Target {
    /// May be opened; the address as the URL standard writes it.
    Open(String),
    /// May not: another scheme, relative, malformed or absurdly long. What it said, for showing.
    Inert(String),
}

/// Beyond this an address is data in disguise.
const LONGEST: usize = 4096;
/// What is shown of an address that cannot be opened.
const SHOWN: usize = 300;

/// Decides on an address. The parser of the URL standard drops tabs, line breaks and leading controls, so
/// `java\tscript:` is judged as what a browser would make of it, and hosts come out in punycode.
pub(crate) fn target(address: &str) -> Target {
    match Url::parse(address) {
        Ok(url) if address.len() <= LONGEST && allowed(&url) => Target::Open(url.into()),
        Ok(_) | Err(_) => Target::Inert(shortened(address)),
    }
}

fn allowed(url: &Url) -> bool {
    match url.scheme() {
        "http" | "https" => url.has_host(),
        "mailto" => !url.path().is_empty(),
        _ => false,
    }
}

/// The host of an address, or its scheme where it has none; for the chip in place of a picture.
pub(crate) fn place(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) => match url.host_str() {
            Some(host) if !host.is_empty() => text::shown(host),
            Some(_) | None => format!("{}:", text::shown(url.scheme())),
        },
        Err(_) => "no address".to_owned(),
    }
}

/// An address cut to what fits a tooltip, with hidden characters spelt out.
pub(crate) fn shortened(address: &str) -> String {
    let mut shown: String = text::shown(address.get(..address.floor_char_boundary(SHOWN)).unwrap_or(""));
    if address.len() > SHOWN {
        shown.push('…');
    }
    shown
}

/// Finds the next bare web address at or after `from`; returns its range. Linear: the caller goes on at
/// the end of what it got.
pub(crate) fn bare(text: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("http")?;
        let rest = text.get(start..)?;
        let before = text.get(..start)?.chars().next_back();
        let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme));
        if let Some(scheme) = scheme.filter(|_| !before.is_some_and(char::is_alphanumeric)) {
            let end = start + extent(rest);
            if end > start + scheme.len() {
                return Some(start..end);
            }
        }
        at = start + "http".len();
    }
}

/// How far an address reaches: to white space, a quote, a bracket of angles or anything invisible; without
/// the punctuation of the sentence around it, and without a closing parenthesis it did not open.
fn extent(rest: &str) -> usize {
    let stop = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '|') || text::is_format(c)
    };
    let rest = rest.get(..rest.floor_char_boundary(LONGEST)).unwrap_or("");
    let address = rest.get(..rest.find(stop).unwrap_or(rest.len())).unwrap_or("");
    let mut end = address.len();
    let mut opened = address.matches('(').count();
    let mut closed = address.matches(')').count();
    while let Some(last) = rest.get(..end).and_then(|address| address.chars().next_back()) {
        match last {
            ')' if closed > opened => closed -= 1,
            '(' => opened -= 1,
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | ']' | '}' | '…' | '。' | '，'
            | '、' | '）' | '」' | '”' | '’' => {}
            _ => break,
        }
        end -= last.len_utf8();
    }
    end
}
