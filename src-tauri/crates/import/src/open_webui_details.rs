//! What Open WebUI writes into the text of an answer as `<details>`: reasoning, calls of tools, code that was run.

use crate::{Files, LeftOut, inside, text};
use domain::Part;
use serde_json::Value;

/// How each begins.
const OPENING: &str = "<details type=";
/// Kinds of block that are not words of the answer.
const KINDS: [&str; 3] = ["reasoning", "tool_calls", "code_interpreter"];

/// The parts of an answer's text, in order.
pub(crate) fn parts(content: &str, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = content;
    let mut from = 0;
    while let Some(at) = rest[from..].find(OPENING).map(|at| from + at) {
        let Some(kind) = kind(&rest[at..]) else {
            from = at + 1;
            continue;
        };
        // A tag that never ends: nothing behind it is looked at twice.
        let Some(block) = Block::of(kind, &rest[at..]) else { break };
        parts.extend(words(&rest[..at], left_out));
        parts.extend(block.part(left_out));
        parts.extend(block.pictures().iter().map(|url| inside::picture(url, "", files, left_out)));
        rest = &rest[at + block.length..];
        from = 0;
    }
    parts.extend(words(rest, left_out));
    parts
}

/// What kind of block this text begins with.
fn kind(text: &str) -> Option<&'static str> {
    let after = text.strip_prefix(OPENING)?;
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    KINDS.into_iter().find(|kind| after[1..].strip_prefix(*kind).is_some_and(|rest| rest.starts_with(quote)))
}

/// Words between blocks, without the empty lines that part them.
fn words(text: &str, left_out: &mut LeftOut) -> Option<Part> {
    text::part(text.trim_matches('\n'), left_out)
}

/// A block of one of the kinds above.
struct Block<'a> {
    kind: &'a str,
    attributes: &'a str,
    body: &'a str,
    /// Bytes from its beginning to the end of its closing tag.
    length: usize,
}

impl<'a> Block<'a> {
    /// The block that this text begins with; `None` = its tag never ends.
    fn of(kind: &'a str, text: &'a str) -> Option<Self> {
        let tag = tag_end(text)?;
        let attributes = &text["<details".len()..tag];
        let inside = &text[tag + 1..];
        // An answer that was stopped may end inside.
        let (body, length) = match inside.find("</details>") {
            Some(end) => (&inside[..end], tag + 1 + end + "</details>".len()),
            None => (inside, text.len()),
        };
        let body = body.split_once("</summary>").map_or(body, |(_, after)| after);
        Some(Self { kind, attributes, body, length })
    }

    fn part(&self, left_out: &mut LeftOut) -> Option<Part> {
        if self.kind == "reasoning" {
            let quoted = plain(self.body);
            let lines = quoted
                .trim()
                .lines()
                .map(|line| line.strip_prefix("> ").or_else(|| line.strip_prefix('>')).unwrap_or(line));
            let text = text::clean(&lines.collect::<Vec<_>>().join("\n"), left_out);
            return (!text.trim().is_empty()).then(|| Part::Reasoning {
                text,
                signature: None,
                issuer: "open-webui".to_owned(),
            });
        }
        let named = attribute(self.attributes, "name").unwrap_or_default();
        let name = if named.is_empty() { self.kind } else { &named };
        let said = |key: &str| attribute(self.attributes, key).unwrap_or_default();
        let said = [said("arguments"), plain(self.body).trim().to_owned(), said("result"), said("output")];
        let said = said.map(|words| unwrapped(&words));
        let said: Vec<&str> =
            said.iter().map(String::as_str).filter(|words| !words.trim().is_empty()).collect();
        let text = text::clean(&said.join("\n\n"), left_out);
        Some(Part::ServerTool { name: text::line(name, 80), text })
    }

    /// Addresses of the pictures that a tool gave.
    fn pictures(&self) -> Vec<String> {
        let told = attribute(self.attributes, "files").map(|told| unwrapped(&told)).unwrap_or_default();
        let list = serde_json::from_str::<Value>(&told).unwrap_or_default();
        let items = list.as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().or_else(|| item["url"].as_str())).map(str::to_owned).collect()
    }
}

/// Place of the `>` that ends a tag; one within quotes does not.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.bytes().position(|byte| {
        match quote {
            Some(open) if open == byte => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => return byte == b'>',
        }
        false
    })
}

/// The value of an attribute, unescaped.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(plain(value));
        }
        rest = after;
    }
}

/// Text in which the characters that mean something in HTML were replaced by their names.
fn plain(text: &str) -> String {
    let names =
        [("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">")];
    let text = names.into_iter().fold(text.to_owned(), |text, (name, sign)| text.replace(name, sign));
    text.replace("&amp;", "&")
}

/// What a JSON string says; anything else as it stands.
fn unwrapped(text: &str) -> String {
    serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Vec<String> {
        let part = |part: Part| match part {
            Part::Text { text } => text,
            Part::Reasoning { text, .. } => format!("({text})"),
            Part::ServerTool { name, text } => format!("{name}: {text}"),
            other => format!("{other:?}"),
        };
        parts(content, &mut |_| None, &mut LeftOut::default()).into_iter().map(part).collect()
    }

    #[test]
    fn blocks_are_told_from_the_words_of_the_answer() {
        let content = "<details type=\"reasoning\" done=\"true\" duration=\"2\">\n<summary>Thought for 2 seconds</summary>\n\
            &gt; Is 1 &lt; 2?\n&gt;\n&gt; It&#x27;s.\n</details>\nI look.\n\n\
            <details type=\"tool_calls\" done=\"true\" id=\"c\" name=\"sky\" arguments=\"&quot;{\\&quot;at\\&quot;: \\&quot;a > b\\&quot;}&quot;\" result=\"&quot;grey&quot;\" files=\"\">\n\
            <summary>Tool Executed</summary>\n</details>\nIt rains.";
        assert_eq!(
            read(content),
            ["(Is 1 < 2?\n\nIt's.)", "I look.", "sky: {\"at\": \"a > b\"}\n\ngrey", "It rains."]
        );
        let in_body = "<details type='tool_calls' name='sky' arguments='{}'>\n<summary>x</summary>\n&quot;grey&quot;\n</details>";
        assert_eq!(read(in_body), ["sky: {}\n\ngrey"]);
        let given = "<details type=\"tool_calls\" name=\"draw\" arguments=\"{}\" files=\"[&quot;data:image/png;base64,QQ==&quot;, {&quot;type&quot;: &quot;image&quot;, &quot;url&quot;: &quot;/files/1&quot;}]\"><summary>x</summary></details>";
        assert_eq!(read(given), ["draw: {}", "[Picture, not imported]", "[Picture, not imported]"]);
        let code = "<details type=\"code_interpreter\" done=\"true\" output=\"3\">\n<summary>Analyzed</summary>\n```python\n1 + 2\n```\n</details>\nThree.";
        assert_eq!(read(code), ["code_interpreter: ```python\n1 + 2\n```\n\n3", "Three."]);
    }

    #[test]
    fn what_only_looks_like_a_block_is_text() {
        for text in [
            "<details><summary>More</summary>words</details>",
            "<details",
            "a <details type=\"x\">b",
            "<detailsé>",
        ] {
            assert_eq!(read(text), [text]);
        }
        assert_eq!(read("<details type=\"reasoning\"><summary>Thinking…</summary>\n&gt; Cut"), ["(Cut)"]);
        assert_eq!(read(""), [""; 0]);
        let endless = "<details type=\"reasoning\" \"".repeat(200_000);
        assert_eq!(read(&endless), [endless]);
    }
}
