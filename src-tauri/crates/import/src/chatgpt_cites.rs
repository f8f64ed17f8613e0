//! What an answer of ChatGPT cites: the marks in its text, and the sources its metadata names.

use crate::text;
use domain::Part;
use serde_json::Value;

/// Most sources of one message.
const MOST: usize = 200;
/// Longest address.
const LONGEST: usize = 2_000;
const BEGIN: char = '\u{e200}';
const BETWEEN: char = '\u{e202}';
const END: char = '\u{e201}';
/// Longest mark, in bytes. What has no end within as much has none.
const MARK: usize = 4_000;

/// The sources of a message, each once, in the order in which it cites them. Read from `content_references` (with
/// `items`, `sources` and the sites that support one) and from the older `citations`; `alt`, a link in Markdown, where
/// a reference says nothing else.
pub(crate) fn citations(metadata: &Value) -> Vec<Part> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for reference in list(&metadata["content_references"]) {
        let kind = reference["type"].as_str().unwrap_or_default();
        if kind == "hidden" || kind.starts_with("image") {
            continue;
        }
        let before = found.len();
        let mut named = false;
        let own = std::iter::once(reference);
        for source in own.chain(list(&reference["items"])).chain(list(&reference["sources"])) {
            named |= source["url"].is_string();
            add(&mut found, source["url"].as_str(), source["title"].as_str());
            for site in list(&source["supporting_websites"]) {
                add(&mut found, site["url"].as_str(), site["title"].as_str());
            }
        }
        if found.len() == before && !named {
            linked(reference["alt"].as_str().unwrap_or_default(), &mut found);
        }
    }
    for citation in list(&metadata["citations"]) {
        let source = &citation["metadata"];
        add(&mut found, source["url"].as_str(), source["title"].as_str());
    }
    parts(found)
}

/// Sources that were found, as parts of the answer.
pub(crate) fn parts(found: Vec<(String, Option<String>)>) -> Vec<Part> {
    found.into_iter().map(|(url, title)| Part::Citation { url: Some(url), title }).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Keeps a source that is a page on the web, once.
pub(crate) fn add(found: &mut Vec<(String, Option<String>)>, url: Option<&str>, title: Option<&str>) {
    let Some(url) = url.map(str::trim).filter(|url| is_address(url)) else { return };
    if found.len() >= MOST || found.iter().any(|(known, _)| known == url) {
        return;
    }
    let title = title.map(|title| text::line(title, 200)).filter(|title| !title.is_empty());
    found.push((url.to_owned(), title));
}

/// An address on the web, and nothing that could be more than that.
fn is_address(url: &str) -> bool {
    let web = url.starts_with("https://") || url.starts_with("http://");
    web && url.len() <= LONGEST && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// The links of `([Name](https://…))`.
fn linked(markdown: &str, found: &mut Vec<(String, Option<String>)>) {
    let mut rest = markdown;
    while let Some(at) = rest.find("](") {
        let name = rest[..at].rsplit('[').next().unwrap_or_default();
        let after = &rest[at + 2..];
        let Some(end) = after.find(')') else { break };
        add(found, Some(&after[..end]), Some(name));
        rest = &after[end..];
    }
}

/// Without the marks that stand for citations: private characters around names of results that are not in the text. Of
/// a mark around a thing's name the name stays. One that nothing ends takes no words with it.
pub(crate) fn without_marks(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(start) = rest.find(BEGIN) {
        out.push_str(&rest[..start]);
        let after = &rest[start + BEGIN.len_utf8()..];
        rest = match end(after) {
            Some(end) => {
                out.push_str(&thing(&after[..end]).unwrap_or_default());
                &after[end + END.len_utf8()..]
            }
            None => unended(after),
        };
    }
    out.push_str(rest);
    bare(&out)
}

/// Where a mark ends: before the next one begins, on its own line.
fn end(after: &str) -> Option<usize> {
    let end = after.find([BEGIN, END, '\n']).filter(|end| *end <= MARK)?;
    after[end..].starts_with(END).then_some(end)
}

/// What stands behind a mark that nothing ends: its kind goes, and the names of results.
fn unended(after: &str) -> &str {
    let rest = after.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '_');
    if !rest.is_empty() && !rest.starts_with(BETWEEN) {
        return after;
    }
    if after.starts_with("cite") || after.starts_with("filecite") {
        let mut rest = rest;
        while let Some(name) = rest.strip_prefix(BETWEEN) {
            rest = &name[results(name)..];
        }
        return rest;
    }
    rest
}

/// Bytes of the names of results that a text begins with.
fn results(text: &str) -> usize {
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ',');
    let end = text.find(|c| !named(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(',').len()
}

/// Without the private characters that are left, and the name of a result behind one of them.
fn bare(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((at, mark)) = rest.char_indices().find(|(_, c)| ('\u{e200}'..='\u{e20f}').contains(c)) {
        out.push_str(&rest[..at]);
        rest = &rest[at + mark.len_utf8()..];
        let numbered =
            rest.strip_prefix("turn").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if mark == BETWEEN && numbered {
            rest = &rest[results(rest)..];
        }
    }
    out.push_str(rest);
    out
}

/// The same of a text whose marks are written as escapes, as LibreChat has them written; one that names no result is
/// left as it is.
pub(crate) fn without_written_marks(words: &str) -> String {
    if !["\\ue202turn", "\u{e202}turn"].iter().any(|mark| words.contains(mark)) {
        return words.to_owned();
    }
    let mut text = words.to_owned();
    for (n, mark) in ('\u{e200}'..='\u{e206}').enumerate() {
        text = text.replace(&format!("\\ue20{n}"), &mark.to_string());
    }
    // They stand behind a space, and the words go on with one.
    for mark in [BEGIN, BETWEEN] {
        text = text.replace(&format!(" {mark}"), &mark.to_string());
    }
    without_marks(&text)
}

/// The words that a mark shows. `entity` has a list: kind, name, what tells it apart; a product's is id and name. Links,
/// videos and lists of pages have their title first, then an address or ids of results.
fn thing(mark: &str) -> Option<String> {
    let (kind, said) = mark.split_once(BETWEEN)?;
    match kind {
        "entity" | "product_entity" => {
            let said: Value = serde_json::from_str(said).ok()?;
            said[1].as_str().map(str::to_owned)
        }
        "url" | "link_title" | "video" | "navlist" => {
            let (title, place) = said.split_once(BETWEEN)?;
            Some(if is_address(place) && place != title {
                format!("{title} ({place})")
            } else {
                title.to_owned()
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cited(metadata: &Value) -> Vec<String> {
        let words = |part: Part| match part {
            Part::Citation { url, title } => {
                format!("{} {}", url.unwrap_or_default(), title.unwrap_or_default())
            }
            other => format!("{other:?}"),
        };
        citations(metadata).into_iter().map(words).collect()
    }

    #[test]
    fn sources_are_read_in_every_form_and_once() {
        let metadata = json!({
            "content_references": [
                { "type": "hidden", "url": "https://x.example/hidden" },
                { "type": "grouped_webpages", "alt": "([A](https://a.example/1))", "items": [
                    { "title": "A  page", "url": "https://a.example/1", "supporting_websites": [
                        { "title": "B", "url": "https://b.example/" } ] },
                    { "title": "A again", "url": "https://a.example/1" } ] },
                { "type": "grouped_webpages", "items": [], "alt": "([C](http://c.example/x)) ([D](https://d.example))" },
                { "type": "sources_footnote", "sources": [{ "title": "E", "url": "https://e.example" }] },
                { "type": "webpage", "title": "F", "url": "https://f.example" },
                { "type": "webpage", "title": "no", "url": "javascript:alert(1)" },
                { "type": "webpage", "title": "no", "url": "https://g.example/a b" },
            ],
            "citations": [
                { "metadata": { "type": "webpage", "title": "H", "url": "https://h.example" } },
                { "metadata": { "type": "file", "name": "x.pdf" } },
            ],
        });
        let expected = [
            "https://a.example/1 A page",
            "https://b.example/ B",
            "http://c.example/x C",
            "https://d.example D",
            "https://e.example E",
            "https://f.example F",
            "https://h.example H",
        ];
        assert_eq!(cited(&metadata), expected);
        let many: Vec<Value> = (0..1_000).map(|n| json!({ "url": format!("https://{n}.example") })).collect();
        assert_eq!(cited(&json!({ "content_references": many })).len(), MOST);
    }

    #[test]
    fn marks_go_and_names_stay() {
        for (words, plain) in [
            ("a\u{e200}cite\u{e202}turn0\u{e201}.", "a."),
            ("\u{e203}x\u{e204} y", "x y"),
            ("in \u{e200}entity\u{e202}[\"city\",\"Paris\",\"France\"]\u{e201}!", "in Paris!"),
            ("in \u{e200}entity\u{e202}[\u{e201}!", "in !"),
            ("by \u{e200}product_entity\u{e202}[\"turn0product1\",\"A lamp\"]\u{e201}", "by A lamp"),
            ("see \u{e200}url\u{e202}The board\u{e202}turn0search1\u{e201}.", "see The board."),
            (
                "see \u{e200}url\u{e202}It\u{e202}https://a.example/x\u{e201}.",
                "see It (https://a.example/x).",
            ),
            ("\u{e200}video\u{e202}How to\u{e202}turn0youtube1\u{e201}", "How to"),
            ("\u{e200}navlist\u{e202}News\u{e202}turn0news1,turn0news2\u{e201}", "News"),
            ("a\u{e200}filecite\u{e202}turn0file1\u{e202}L1-L2\u{e201}.", "a."),
            ("cut \u{e200}cite", "cut "),
            ("cut \u{e200}cite\u{e202}turn0search0", "cut "),
            ("cut \u{e200}url\u{e202}The board\u{e202}turn0search1", "cut The board"),
            ("a \u{e200}\u{e202}turn0search0\u{e202}turn0news1 b", "a  b"),
            ("a \u{e200}word", "a "),
            ("a \u{e200}Words go on", "a Words go on"),
            ("none", "none"),
        ] {
            assert_eq!(without_marks(words), plain);
        }
    }

    #[test]
    fn a_mark_that_nothing_ends_takes_no_words_with_it() {
        let whole = "\u{e200}cite\u{e202}turn0search1\u{e201}";
        for between in [" these words stay ", ", these\n", "\u{6771}\u{4eac}. "] {
            let text = format!("First \u{e200}cite\u{e202}turn0search0{between}and {whole}the end.");
            assert_eq!(without_marks(&text), format!("First {between}and the end."));
        }
        let line = "\u{e200}cite\u{e202}turn0search0\nNext line.\u{e201}";
        assert_eq!(without_marks(line), "\nNext line.");
        let long = "word ".repeat(MARK);
        assert_eq!(without_marks(&format!("\u{e200}cite\u{e202}turn0 {long}\u{e201}")), format!(" {long}"));
        // Each mark is looked at once, however many nothing ends.
        let many = "\u{e200}cite\u{e202}turn0".repeat(500_000);
        assert_eq!(without_marks(&many), "");
    }

    #[test]
    fn marks_that_are_written_as_escapes_go_too() {
        for (words, plain) in [
            (
                "Out \\ue202turn0search0. So \\ue200\\ue202turn0search0\\ue202turn0news1\\ue201 it is.",
                "Out. So it is.",
            ),
            ("\\ue203span of words\\ue204 \\ue202turn0search1", "span of words"),
            ("Here \u{e202}turn1ref2 too.", "Here too."),
            ("The escape \\ue202 begins a name.", "The escape \\ue202 begins a name."),
        ] {
            assert_eq!(without_written_marks(words), plain);
        }
    }
}
