//! What becomes of Markdown: nothing dangerous at any moment, and the same in the end as in one go.
#![allow(clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod hostile;

#[path = "render/formulas.rs"]
mod formulas;

use hostile::judge;
use proptest::prelude::*;
use render::{Block, Markdown, code, render_whole};
use std::collections::HashSet;

fn html(blocks: &[Block]) -> String {
    blocks.iter().map(|block| block.html.as_str()).collect()
}

fn whole(source: &str) -> String {
    html(&render_whole(source))
}

/// Rendered as the end of a stream that goes on.
fn growing(source: &str) -> String {
    let mut markdown = Markdown::new();
    markdown.update(source, true);
    html(markdown.blocks())
}

fn assert_safe(source: &str) {
    for (way, html) in [("whole", whole(source)), ("growing", growing(source))] {
        if let Err(why) = judge(&html) {
            panic!("{way}: {why}\n--- source\n{source:?}\n--- html\n{html}");
        }
    }
}

#[test]
fn nothing_dangerous_comes_of_hostile_documents() {
    let count = hostile::documents().inspect(|document| assert_safe(document)).count();
    assert!(count >= 2_000, "{count} documents");
}

#[test]
fn nothing_dangerous_comes_of_any_beginning_of_one() {
    // Every beginning of every payload, in the places where a beginning means something else than the whole.
    for place in ["@", "[x](@)", "![@](@)", "| @ |\n|-|\n| @ |", "```html\n@\n```", "[r]\n\n[r]: @"] {
        for payload in hostile::payloads() {
            let document = place.replace('@', payload);
            for (end, _) in document.char_indices() {
                assert_safe(&document[..end]);
            }
        }
    }
}

#[test]
fn the_judge_is_strict() {
    for bad in [
        "<script>",
        "<p onclick=\"x\">x</p>",
        "<a href=\"javascript:x\">x</a>",
        "<p>",
        "</p>",
        "a > b",
        "<span class=\"toast\">x</span>",
        "<img src=\"x\">",
        "<p class=note>x</p>",
        "\u{202e}",
        "<p id=\"x\"></p>",
    ] {
        assert!(judge(bad).is_err(), "{bad}");
    }
    assert_eq!(judge("<p class=\"note\">a &lt; b</p>"), Ok(()));
}

#[test]
fn html_is_shown_as_text() {
    assert_eq!(whole("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    assert_eq!(whole("<div>\nx\n</div>"), "<p class=\"raw-html\">&lt;div&gt;\nx\n&lt;/div&gt;</p>\n");
    assert_eq!(whole("a<br>b<BR/>c"), "<p>a<br>b<br>c</p>\n", "the one tag that is read");
    assert!(whole("a<br class=x>b").contains("&lt;br class=x&gt;"), "and only in its plain form");
}

#[test]
fn links_open_the_web_and_mail_and_nothing_else() {
    let link = |address: &str| whole(&format!("[x](<{address}>)"));
    for (address, href) in [
        ("https://a.example", "https://a.example/"),
        ("HTTP://A.Example/?q=1&r=2", "http://a.example/?q=1&amp;r=2"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("https://münchen.example/ä", "https://xn--mnchen-3ya.example/%C3%A4"),
        ("https:a.example", "https://a.example/"),
    ] {
        assert!(link(address).contains(&format!("<a class=\"link\" href=\"{href}\"")), "{}", link(address));
    }
    for address in [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "/relative",
        "#anchor",
        "relative.md",
        "//host/x",
        "tauri://localhost",
        "mailto:",
        "ftp://a.example",
        "\u{1}javascript:x",
    ] {
        let html = link(address);
        assert!(!html.contains("<a ") && !html.contains("href"), "{address:?} became {html}");
    }
    let titled = whole("[x](https://a.example \"https://bank.example\")");
    assert!(!titled.contains("bank"), "the tooltip is the address and not what the text claims: {titled}");
}

#[test]
fn bare_addresses_become_links_without_the_sentence_around_them() {
    for (source, href, after) in [
        ("see https://a.example/b.", "https://a.example/b", "</a>.</p>"),
        ("(https://a.example/b)", "https://a.example/b", "</a>)</p>"),
        ("https://a.example/b_(c), d", "https://a.example/b_(c)", "</a>, d</p>"),
        ("https://a.example/x_y_z,", "https://a.example/x_y_z", "</a>,</p>"),
        ("**https://a.example**", "https://a.example/", "</a></strong></p>"),
    ] {
        let html = whole(source);
        assert!(html.contains(&format!("href=\"{href}\"")) && html.contains(after), "{html}");
    }
    for source in ["xhttps://a.example", "https://", "`https://a.example`", "http is a word"] {
        assert!(!whole(source).contains("href"), "{source}");
    }
}

#[test]
fn pictures_are_named_and_never_loaded() {
    let html = whole("![a cat](https://evil.example/cat.png?token=1)");
    let address = "https://evil.example/cat.png?token=1";
    for piece in [
        "<a class=\"image-chip\" ",
        &format!("href=\"{address}\""),
        &format!("title=\"{address}\""),
        ">a cat",
    ] {
        assert!(html.contains(piece), "{piece} in {html}");
    }
    assert!(html.contains("<span class=\"image-host\">evil.example</span>"), "{html}");
    assert!(!html.contains("<img") && !html.contains("src="), "{html}");
    assert!(whole("![](data:image/png;base64,AAAA)").contains(">Image <span class=\"image-host\">data:<"));
    let long = whole(&format!("![x](data:image/png;base64,{})", "A".repeat(100_000)));
    assert!(long.len() < 1_000, "a tooltip is no place for a picture: {} bytes", long.len());
    let linked = whole("[![alt](https://i.example/a.png)](https://l.example)");
    assert!(linked.contains("href=\"https://l.example/\"") && linked.contains("image-chip"), "{linked}");
}

#[test]
fn hidden_characters_are_seen_where_it_matters() {
    let badge = |html: String, code: &str| {
        assert!(html.contains("hidden-char") && html.contains(code), "{code}: {html}");
        assert_eq!(judge(&html), Ok(()));
    };
    badge(whole("```\nif a\u{202e}b\n```"), "U+202E");
    badge(whole("`x\u{200b}y`"), "U+200B");
    badge(whole("[pay\u{200d}pal](https://a.example)"), "U+200D");
    badge(whole("text \u{202d}reversed\u{202c} text"), "U+202D");
    badge(whole("\u{1b}[31m"), "U+001B");
    badge(code("json", "{\"a\": \"\u{2066}\"}").into_string(), "U+2066");
    let spelt: String = "delete all".chars().filter_map(|c| char::from_u32(u32::from(c) + 0xE0000)).collect();
    badge(whole(&format!("hello{spelt}")), "hidden text: delete all");
    badge(whole(&format!("a{}", "\u{fe00}".repeat(50))), "+46");
}

#[test]
fn honest_writing_is_left_alone() {
    for text in [
        "مرحبا بالعالم، ٣٫٥ متر",
        "שלום עולם",
        "می‌خواهم",
        "नमस्ते दुनिया क्ष",
        "👩‍👩‍👧‍👦 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣ 🇩🇪",
        "日本語。中文，한국어",
        "葛󠄀城",
        "a\u{ad}b \u{200e}(c)\u{200f}",
    ] {
        assert_eq!(whole(text), format!("<p>{text}</p>\n"));
    }
    for text in ["s = \"👩‍👩‍👧 ❤️ می‌خواهم 葛󠄀\"", "日本語 = 1"] {
        assert!(!whole(&format!("```\n{text}\n```")).contains("hidden-char"), "{text}");
    }
}

#[test]
fn code_blocks_have_a_head_and_their_text() {
    let html = whole("```rust\nfn main() {}\n```");
    assert!(
        html.starts_with("<figure class=\"code\"><figcaption><span class=\"code-lang\">Rust</span>"),
        "{html}"
    );
    assert!(html.contains("data-act=\"copy\"") && html.contains("data-act=\"wrap\""), "{html}");
    assert!(html.contains("<span class=\"s-keyword\">"), "{html}");
    assert!(whole("```{.python title=x}\npass\n```").contains(">Python<"));
    assert!(whole("```no-such\n<a>\n```").contains("<pre tabindex=\"0\"><code>&lt;a&gt;\n</code></pre>"));
    assert!(whole("```\"><script>\nx\n```").contains("<span class=\"code-lang\"></span>"));
    let text = |html: &str| {
        let inner = html.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap_or("");
        let mut text = String::new();
        let mut tag = false;
        for c in inner.chars() {
            match c {
                '<' => tag = true,
                '>' => tag = false,
                c if !tag => text.push(c),
                _ => {}
            }
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    };
    for (language, source) in [
        ("rust", "fn f<'a>(x: &'a str) -> &'a str { /* <&> */ \"\\\"\" }\n"),
        ("html", "<a href='x' onclick=\"y\">&amp;</a>\n"),
        ("json", "{\"a\": [1, null, \"b\\n\"]}\n"),
        ("python", "def f(x):\n    return f\"{x!r:>{10}}\"\n"),
        ("diff", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"),
    ] {
        assert_eq!(text(&whole(&format!("````{language}\n{source}````"))), source, "{language}");
        assert_eq!(text(code(language, source).as_str()), source, "{language}");
    }
}

#[test]
fn code_is_highlighted_once_it_is_complete() {
    let source = "```rust\nfn main() {}\n";
    assert!(!growing(source).contains("s-keyword"), "still being written");
    assert!(growing(&format!("{source}```")).contains("s-keyword"), "its fence is closed");
    assert!(growing(&format!("{source}```\n\nmore")).contains("s-keyword"), "something follows");
    assert!(whole(source).contains("s-keyword"), "the text is complete, closed or not");
    assert!(growing("- a\n\n  ```rust\n  fn f() {}\n  ```").contains("s-keyword"), "in a list");
    let long = format!("```rust\n{}```", "let x = 1;\n".repeat(2_001));
    assert!(!whole(&long).contains("s-keyword"), "too long to be worth it");
}

#[test]
fn tables_scroll_and_align() {
    let html = whole("| a | b | c |\n|---|--:|:-:|\n| 1 | 2 | `x\\|y` |\n");
    assert!(
        html.starts_with("<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">")
    );
    assert!(html.contains("<td class=\"n\">2</td><td class=\"ctr\"><code>x|y</code></td>"), "{html}");
    let wide = format!("|{}\n|{}\n|{}\n", "h|".repeat(300), "-|".repeat(300), "c|".repeat(300));
    let html = whole(&wide);
    assert_eq!(html.matches("<td>").count(), 200);
    assert!(html.contains("100 more columns are not shown."), "{html}");
    assert_eq!(judge(&html), Ok(()));
}

#[test]
fn an_open_end_is_made_presentable() {
    for (source, shown) in [
        ("a **bo", "<p>a <strong>bo</strong></p>\n"),
        ("a **bold*", "<p>a <strong>bold</strong></p>\n"),
        ("a **b *c", "<p>a <strong>b <em>c</em></strong></p>\n"),
        ("a *", "<p>a</p>\n"),
        ("a ~~b", "<p>a <s>b</s></p>\n"),
        ("x `co", "<p>x <code>co</code></p>\n"),
        ("x ``a`b`", "<p>x <code>a`b</code></p>\n"),
        ("see [label](https://a.exam", "<p>see label</p>\n"),
        ("see [lab", "<p>see lab</p>\n"),
        ("see ![alt](https://a", "<p>see</p>\n"),
        ("see ![alt]", "<p>see</p>\n"),
        ("see [1]", "<p>see 1</p>\n"),
        ("see [1] ", "<p>see [1]</p>\n"),
        ("2 * 3 and a_b_c", "<p>2 * 3 and a_b_c</p>\n"),
        ("text\n-", "<p>text</p>\n"),
        ("text\n\n1.", "<p>text</p>\n"),
        ("text\n\n12", "<p>text</p>\n"),
        ("42", "<p>42</p>\n"),
        ("text\n*   **", "<p>text</p>\n"),
        ("\\(a_1 *b", "<p>(a_1 *b</p>\n"),
        ("| a | b", ""),
        ("cut\\", "<p>cut</p>\n"),
        ("日本 **語", "<p>日本 <strong>語</strong></p>\n"),
    ] {
        assert_eq!(growing(source), shown, "{source:?}");
    }
    let formula = growing("so\n\n\\[\nx = a\n- b");
    assert!(formula.contains("\\[\nx = a\n- b</code>") && !formula.contains("<ul>"), "{formula}");
    assert!(growing("| a | b |\n").contains("<th scope=\"col\">b</th>"), "a complete head is a table");
    let table = "| a | b |\n|---|---|\n| c | d |\n";
    assert_eq!(growing(&format!("{table}| **")), growing(table), "no row before there is something in it");
    assert_eq!(growing("| a | b |\n|-"), growing("| a | b |\n"), "and stays one while its rule is written");
    assert!(growing("```\na\n``").contains("<code>a\n</code>"), "half a fence is not code");
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let source = "# a\n\nb  \nc\n\n- d\n- e\n\n```\nf\ng\n```\n\n| h | i |\n|---|---|\n| j | k |\n";
    assert_eq!(whole(&source.replace('\n', "\r\n")), whole(source));
}

#[test]
fn later_text_changes_earlier_blocks() {
    let mut markdown = Markdown::new();
    markdown.update("see [docs][d]\n\nmore\n", true);
    assert!(!html(markdown.blocks()).contains("href"));
    let patch = markdown.update("see [docs][d]\n\nmore\n\n[d]: https://d.example\n", true);
    assert_eq!(patch.keep, 0);
    assert!(html(markdown.blocks()).contains("href=\"https://d.example/\""));
}

#[test]
fn an_unchanged_beginning_is_kept() {
    let mut markdown = Markdown::new();
    let mut source = "one\n\ntwo\n\n```rust\nlet a = 1;\n```\n\n".to_owned();
    markdown.update(&source, true);
    source.push_str("three");
    let patch = markdown.update(&source, true);
    assert_eq!((patch.keep, patch.blocks.len()), (3, 1));
    assert_eq!(markdown.update(&source, true).blocks, [], "nothing new, nothing sent");
}

/// Documents in which something that looks complete is not, each followed by what changes it.
const UNSETTLED: [&str; 16] = [
    "1. one\n\n2\n\n2. two\n\n   more of two\n\nend\n",
    "- one\n\n  - inner\n\n    text\n\n      code\n\n- two\n\nend\n\n- three\n",
    "text\n\n    code\n\n    more code\n\nend\n\nof it\n",
    "a [later] word\n\nmore\n\n# Head\n\nend\n\n[later]: https://a.example/x\n",
    "a note[^1] here\n\nmore\n\nand more\n\n[^1]: the note\n\nend\n",
    "a [later\none] word\n\nmore\n\nx\n\n[later\none]: https://a.example/x\n\nend\n",
    "one \\( here\n\ntwo \\) there\n\n\\[\na\n- b\n\\]\n\nend \\(x\\)\n\nlast\n",
    "it costs $5 here\n\nand $x^2$ there\n\n$$\na = b\n\n$$\n\nend $y_1$\n\nlast\n",
    "```rust\nfn a() {}\n\n# no heading\n\n```\n\ntext\n\n```\nopen\n\nand on\n",
    "<!-- a\n\nstill\n\n-->\n\ntext\n\n<div>\n\nmore\n\n</div>\n\nend\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\ntext\n\n| c |\n|---|\n| 3 |\nlazy\n\nend\n",
    "> quote\n\n> other\nlazy\n\ntext\n===\n\nmore\n---\n\nend\n",
    "same\n\nsame\n\nother\n\nsame\n\nsame\n\nsame\n",
    "a\u{202e}b\n\nmore\n\nc\u{202e}d\n\nend\n\nlast\n",
    "one\r\n\r\ntwo\r\n\r\n- three\r\n\r\n  four\r\n\r\nfive\r\n",
    "   indented\n\n  - list\n\n     text of it\n\n ## Head\n\n\tcode\n\nend\n",
];

#[test]
fn an_answer_that_grows_is_at_every_moment_what_it_is_in_one_go() {
    for source in UNSETTLED {
        let mut markdown = Markdown::new();
        for (end, _) in source.char_indices().skip(1) {
            let mut fresh = Markdown::new();
            fresh.update(&source[..end], true);
            markdown.update(&source[..end], true);
            assert_eq!(markdown.blocks(), fresh.blocks(), "{:?}", &source[..end]);
        }
        markdown.update(source, false);
        assert_eq!(markdown.blocks(), render_whole(source), "{source:?}");
    }
}

#[test]
fn equal_paragraphs_have_different_keys() {
    let blocks = render_whole("same\n\nsame\n\nsame\n");
    let keys: HashSet<u64> = blocks.iter().map(|block| block.key).collect();
    assert_eq!(keys.len(), 3);
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = whole(&format!("{}deep", "> ".repeat(5_000)));
    assert_eq!(deep.matches("<blockquote>").count(), 64);
    assert!(deep.contains("deep"));
    // The serialiser's work grows with the square of a stretch of text without an element in it.
    for piece in ["&a", "word & ", "`&`", "\u{a7}"] {
        let html = whole(&piece.repeat(50_000));
        let longest = html.split('<').map(str::len).max();
        assert!(longest < Some(6 * 4096), "{piece}: {longest:?}");
    }
    let long = "word ".repeat(600_000);
    let html = whole(&long);
    assert!(html.contains("class=\"note\"") && html.len() < 3 * 1024 * 1024, "{}", html.len());
    assert_eq!(judge(&html), Ok(()));
}

/// Pieces of Markdown and worse, to be put together at random.
fn document() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "a",
        "word ",
        "\n",
        "\n\n",
        "  ",
        "    ",
        "\t",
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "```rust\n",
        "~~~",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](",
        "](https://a.example)",
        "[r]",
        "[r]: https://a.example\n",
        "<",
        ">",
        "</",
        "<div>",
        "<!--",
        "-->",
        "<b>",
        "&",
        "&lt;",
        "&#x3c;",
        "\\",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "$",
        "|",
        "| a | b |\n",
        "|---|---|\n",
        "- ",
        "1. ",
        "> ",
        "# ",
        "---\n",
        "===\n",
        "- [ ] ",
        "[^1]",
        "[^1]: ",
        "https://a.example/x",
        "javascript:",
        "<script>",
        "\"",
        "'",
        "\r\n",
        "\r",
        "\0",
        "é",
        "日",
        "👩\u{200d}👧",
        "\u{202e}",
        "\u{e0041}",
        "\u{200b}",
        "\u{fe0f}",
        "🏴",
        "fn main() {}",
        "\"str\" // c\n",
    ];
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat()),
        1 => prop::sample::select(hostile::documents().collect::<Vec<_>>()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_beginning_of_any_document_is_dangerous(source in document(), cut in any::<prop::sample::Index>()) {
        assert_safe(&source);
        assert_safe(&source[..source.floor_char_boundary(cut.index(source.len() + 1))]);
    }

    #[test]
    fn patches_fold_to_the_blocks_and_the_end_is_the_whole(source in document(), step in 1usize..30) {
        let mut markdown = Markdown::new();
        let mut folded: Vec<Block> = Vec::new();
        let mut end = 0;
        while end < source.len() {
            end = source.ceil_char_boundary((end + step).min(source.len()));
            let patch = markdown.update(&source[..end], true);
            prop_assert!(patch.keep <= folded.len());
            folded.truncate(patch.keep);
            folded.extend(patch.blocks);
            prop_assert_eq!(&folded[..], markdown.blocks());
            let mut fresh = Markdown::new();
            fresh.update(&source[..end], true);
            prop_assert_eq!(&folded[..], fresh.blocks(), "what came before is looked at no more");
            let keys: HashSet<u64> = folded.iter().map(|block| block.key).collect();
            prop_assert_eq!(keys.len(), folded.len(), "two blocks with one key");
        }
        let patch = markdown.update(&source, false);
        folded.truncate(patch.keep);
        folded.extend(patch.blocks);
        prop_assert_eq!(&folded, &render_whole(&source));
        prop_assert_eq!(&folded[..], markdown.blocks());
    }
}
