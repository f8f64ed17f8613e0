//! Rust text taken apart far enough to look at its string literals alone.

/// The string literals of Rust source: comments, characters and lifetimes are skipped.
pub(crate) fn literals(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        at += if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some((literal, length)) = raw(rest).filter(|_| !follows_word(bytes, at)) {
            found.push(literal);
            length
        } else if rest.starts_with('"') {
            let (literal, length) = quoted(rest);
            found.push(literal);
            length
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\") {
            // An escaped character: to its closing quote, which is not the escaped one.
            rest[3..].find('\'').map_or(rest.len(), |end| end + 4)
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
    found
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

/// `r"…"`, `r#"…"#`, with the length of the whole.
fn raw(text: &str) -> Option<(String, usize)> {
    let hashes = text.strip_prefix('r')?.bytes().take_while(|b| *b == b'#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = body.find(&format!("\"{}", "#".repeat(hashes)))?;
    Some((body[..end].to_owned(), 1 + hashes + 1 + end + 1 + hashes))
}

/// `"…"`, with the length of the whole.
fn quoted(text: &str) -> (String, usize) {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return (text[1..index].to_owned(), index + 1),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    (text[1..].to_owned(), text.len())
}

/// The part of a source file that ships: everything before its tests.
pub(crate) fn shipped(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |tests| &text[..tests])
}

/// The words of a text; a hyphen and an underscore belong to the word.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).filter(|word| !word.is_empty())
}

#[test]
fn literals_are_found_and_nothing_else() {
    let source = r####"
        // a "comment"
        let a = "one \" two"; let b = r#"three "four""#; let c = '"'; let d = '\''; /* "no" */
        fn f<'a>(x: &'a str) -> bool { x == "five" }
    "####;
    assert_eq!(literals(source), ["one \\\" two", "three \"four\"", "five"]);
    assert_eq!(words("openai-chat groq/x_y").collect::<Vec<_>>(), ["openai-chat", "groq", "x_y"]);
}
