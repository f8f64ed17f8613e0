//! Blocks of code that a text begins and does not end.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

/// The line that ends a block of code this text leaves open, so that what is written below the text is not read as
/// code; `None` = it leaves none. One within a list or a quotation ends with that.
pub fn open_fence(source: &str) -> Option<String> {
    if !["```", "~~~"].iter().any(|mark| source.contains(mark)) {
        return None;
    }
    // A line may end so as well, and the parser takes that for one sometimes.
    let source = &*source.replace("\r\n", "\n").replace('\r', "\n");
    let end = source.trim_end_matches([' ', '\t', '\n']).len();
    let mut depth = 0_usize;
    let mut open = None;
    for (event, range) in Parser::new_ext(source, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                let fenced = matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(_)));
                open = (fenced && depth == 0 && range.end >= end).then_some(range.start);
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let block = source.get(open?..end)?.trim_start();
    let mark = block.chars().next()?;
    let length = block.chars().take_while(|c| *c == mark).count();
    let (_, below) = block.split_once('\n').unwrap_or((block, ""));
    let last = below.rsplit('\n').next().unwrap_or_default();
    // Set in by four and more, or by a tab, it is code.
    let set_in = last.len() - last.trim_start_matches(' ').len();
    let last = last.trim_start_matches(' ').trim_end_matches([' ', '\t']);
    let closes = set_in < 4 && last.len() >= length && last.chars().all(|c| c == mark);
    (!closes).then(|| String::from(mark).repeat(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_block_that_would_take_in_what_follows_is_open() {
        for (text, fence) in [
            ("", ""),
            ("words", ""),
            ("```", "```"),
            ("```rust\nlet x", "```"),
            ("Here:\n```py\nx\n\n", "```"),
            ("````md\n```\nx\n```", "````"),
            ("~~~\nx\n```", "~~~"),
            ("  ```\n  x", "```"),
            ("```\nx\n    ```", "```"),
            ("```\nx\n``", "```"),
            ("```\nx\n\t```", "```"),
            ("```\nx\n```\u{a0}", "```"),
            ("```\rx\r```", ""),
            ("```\r\nx\r\n```\r\n", ""),
            ("```\nx\n```\n```\ny", "```"),
            ("```\nx\n```", ""),
            ("```\nx\n   `````  ", ""),
            ("```\nx\n```\nwords", ""),
            ("- ```\n  x\n  ```\n\nwords", ""),
            ("- ```\n  x", ""),
            ("> ```\n> x", ""),
            ("    ```\n    x", ""),
            ("``` is a `fence`", ""),
        ] {
            assert_eq!(open_fence(text).unwrap_or_default(), fence, "{text:?}");
            // What follows is read as it is meant.
            let all = format!("{}\n{fence}\n\n## Next", text.replace('\r', "\n"));
            let headings =
                Parser::new(&all).filter(|event| matches!(event, Event::Start(Tag::Heading { .. })));
            assert_eq!(headings.count(), 1, "{text:?}");
        }
    }
}
