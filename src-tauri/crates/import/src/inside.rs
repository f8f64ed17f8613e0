//! Pictures that stand in the words of a conversation, as `data:` addresses.

use crate::{Files, LeftOut, Place, Takes, Wanted, text};
use domain::Part;

/// What stands between the name of a picture in Markdown and its bytes.
const MARK: &str = "](data:image/";
/// Longest name of a picture in Markdown, in bytes.
const NAME: usize = 1_000;

/// The base64 of a picture's address; `None` = it says something else. What the bytes are is seen by who takes them.
pub(crate) fn base64(url: &str) -> Option<&str> {
    let (kind, data) = url.trim().split_once(',')?;
    let kind = kind.to_ascii_lowercase();
    (kind.starts_with("data:image/") && kind.ends_with(";base64")).then_some(data)
}

/// A picture by its address, or a note in its place.
pub(crate) fn picture(url: &str, name: &str, files: &mut Files<'_>, left_out: &mut LeftOut) -> Part {
    match base64(url) {
        Some(data) => {
            let wanted = Wanted { place: Place::Base64(data), name, takes: Takes::Pictures };
            text::file(&wanted, "Picture", name, files, left_out)
        }
        None => text::missing("Picture", name, left_out),
    }
}

/// A text with the pictures that it shows, each in its place.
pub(crate) fn parts(words: Part, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
    let Part::Text { text } = &words else { return vec![words] };
    let found = found(text);
    if found.is_empty() {
        return vec![words];
    }
    let mut parts = Vec::new();
    let mut rest = 0;
    for Found { from, to, name, url } in found {
        parts.extend(text::part(text[rest..from].trim_matches('\n'), left_out));
        parts.push(picture(url, name, files, left_out));
        rest = to;
    }
    parts.extend(text::part(text[rest..].trim_matches('\n'), left_out));
    parts
}

/// A picture in Markdown, from one byte to another.
struct Found<'t> {
    from: usize,
    to: usize,
    name: &'t str,
    url: &'t str,
}

/// The pictures of a text, in order; what stands in a fenced block of code is code. No byte is looked at more than a
/// few times, whatever the text.
fn found(text: &str) -> Vec<Found<'_>> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let (mut from, mut fenced, mut counted) = (0, false, 0);
    while let Some(mark) = text[from..].find(MARK).map(|at| from + at) {
        let after = mark + "](".len();
        // An address ends with the first sign that it cannot hold.
        let ends = |byte: u8| {
            !(byte.is_ascii_alphanumeric()
                || matches!(byte, b'+' | b'/' | b'=' | b';' | b',' | b':' | b'-' | b'_' | b'.' | b'%'))
        };
        let end = text.as_bytes()[after..].iter().copied().position(ends).map(|length| after + length);
        from = end.unwrap_or(text.len());
        let Some(end) = end.filter(|end| text[*end..].starts_with(')')) else { continue };
        let low = found.last().map_or(0, |last| last.to).max(mark.saturating_sub(NAME));
        let low = (low..=mark).find(|at| text.is_char_boundary(*at)).unwrap_or(mark);
        let Some(open) = text[low..mark].rfind("![").map(|at| low + at) else { continue };
        let name = &text[open + 2..mark];
        for (at, _) in text[counted..open].match_indices("```") {
            let line = text[..counted + at].trim_end_matches(' ');
            fenced ^= line.is_empty() || line.ends_with('\n');
        }
        counted = open;
        if !fenced && !name.contains('\n') {
            found.push(Found { from: open, to: end + 1, name, url: &text[after..end] });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mut asked = Vec::new();
        let mut files = |wanted: &Wanted<'_>| {
            let Place::Base64(data) = wanted.place else { return None };
            asked.push(format!("{} {data}", wanted.name));
            None
        };
        let parts = parts(Part::Text { text: text.to_owned() }, &mut files, &mut LeftOut::default());
        let words = parts.into_iter().map(|part| match part {
            Part::Text { text } => text,
            other => format!("{other:?}"),
        });
        words.chain(asked).collect()
    }

    #[test]
    fn a_picture_in_markdown_is_parted_from_the_words_about_it() {
        assert_eq!(
            told("See:\n\n![cat](data:image/png;base64,QUJD+/=)\nand ![](data:image/webp;base64,RA==)"),
            [
                "See:",
                "[Picture, not imported: cat]",
                "and ",
                "[Picture, not imported]",
                "cat QUJD+/=",
                " RA=="
            ]
        );
        // An address that is none we read is told, and asked of nobody.
        assert_eq!(told("![x](data:image/svg+xml,%3Csvg%3E)"), ["[Picture, not imported: x]"]);
    }

    #[test]
    fn what_only_looks_like_a_picture_is_text() {
        for text in [
            "[link](data:image/png;base64,QQ==)",
            "![x](https://a.example/b.png)",
            "![x](data:image/png;base64,QQ== \"title\")",
            "![x](data:image/png;base64,QQ",
            "![é\n](data:image/png;base64,QQ==)",
            "Write:\n```md\n![x](data:image/png;base64,QQ==)\n```",
            "![",
            "",
        ] {
            assert_eq!(told(text), [text], "{text}");
        }
        let after = told("```\ncode\n```\n![x](data:image/png;base64,QQ==)");
        assert_eq!(after, ["```\ncode\n```", "[Picture, not imported: x]", "x QQ=="]);
    }

    /// Each of these would take hours if a part of it were read again for every mark.
    #[test]
    fn a_text_made_of_marks_is_read_once() {
        for (piece, count) in [
            ("![](data:image/png;base64,", 200_000),
            ("](data:image/png;base64,)", 200_000),
            ("```![](data:image/", 200_000),
            ("é", 1_000_000),
        ] {
            let text = piece.repeat(count);
            assert_eq!(told(&text), [text.as_str()]);
        }
    }

    #[test]
    fn only_the_base64_of_a_picture_is_an_address_we_read() {
        assert_eq!(base64(" DATA:image/PNG;charset=x;Base64,QQ== "), Some("QQ=="));
        for url in ["data:text/html;base64,QQ==", "data:image/png,QQ==", "data:image/png;base64", "QQ==", ""]
        {
            assert_eq!(base64(url), None, "{url}");
        }
    }
}
