//! Hostile documents, and the judge of what came of them. Shared by `render.rs` and by the unit tests of
//! the render crate, which hold each layer to it alone.

/// Things that would do something if they reached a window as HTML or as an address.
const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//e.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\t>",
    "<img src=x onerror=alert(1)>",
    "<img/src=\"x\"/onerror=alert`1`>",
    "<img src=https://e.example/p.png>",
    "<img srcset=\"https://e.example/p.png 2x\">",
    "<picture><source srcset=//e.example/p></picture>",
    "<svg onload=alert(1)>",
    "<svg><a><set attributeName=href to=javascript:alert(1) /><text y=9>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><style><img title=\"</style><img src onerror=alert(1)>\">",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>",
    "<math href=\"javascript:alert(1)\">x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
    "<title><img title=\"</title><img src=x onerror=alert(1)>\"></title>",
    "<xmp><p id=\"</xmp><img src=x onerror=alert(1)>\">",
    "<noembed><img title=\"</noembed><img src onerror=alert(1)>\">",
    "<plaintext><script>alert(1)</script>",
    "<listing>&lt;img onerror=alert(1) src&gt;</listing>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "<object data=data:text/html;base64,PHNjcmlwdD4=></object>",
    "<embed src=//e.example/x.swf>",
    "<style>@import '//e.example/x.css';*{background:url(//e.example)}</style>",
    "<link rel=stylesheet href=//e.example/x.css>",
    "<link rel=prefetch href=//e.example>",
    "<base href=//e.example/>",
    "<meta http-equiv=refresh content=\"0;url=//e.example\">",
    "<form action=//e.example><input name=q autofocus onfocus=alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<button type=\"button\" class=\"code-copy\" data-act=\"copy\">approve</button>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<video poster=//e.example/p><source onerror=alert(1)></video>",
    "<audio src=//e.example/a autoplay>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<a href=\"https://e.example\" ping=\"//e.example/p\" target=_top onclick=alert(1)>x</a>",
    "<div style=\"position:fixed;inset:0\" id=app name=app class=\"code toast\" onclick=alert(1)>x</div>",
    "<p><a id=x><a name=attributes><input name=attributes></p>",
    "<hr class=\"slot\"><hr class='slot'>",
    "<wbr class=\"slot\"><wbr class='slot'>",
    "<table><td><svg><desc><p><style></p><img src onerror=alert(1)>",
    "<select><iframe><select><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href=\"javascript:alert(1)\"?>",
    "<!DOCTYPE html [<!ENTITY x \"<script>\">]>&x;",
    "</p></div></body></html><script>alert(1)</script>",
    "<img src=x onerror=alert(1)",
    "<a href='x' title='",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover=alert(1) x='",
    "\" onmouseover=\"alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&#x3c;svg onload=alert(1)&#x3e;",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "java&Tab;script&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "\u{1}javascript:alert(1)",
    "\u{200b}javascript:alert(1)",
    "javascript&#58;alert(1)",
    "javascript%3Aalert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml;base64,PHN2Zy8+",
    "file:///etc/passwd",
    "smb://e.example/share",
    "\\\\e.example\\share",
    "ms-msdt:/id PCWDiagnostic",
    "blob:https://e.example/1",
    "tauri://localhost/",
    "ipc://localhost/",
    "about:blank",
    "//e.example/x",
    "http:///x",
    "https://good.example@e.example/",
    "https://e\u{301}xample.\u{430}pple.com/",
    "http://e.example/\"onmouseover=\"alert(1)",
    "http://e.example/<script>",
    "mailto:a@e.example?subject=%0d%0aBcc:x",
    "\u{202e}txt.exe\u{202c}",
    "\u{2066}\u{2069}\u{200b}\u{2060}\u{feff}",
    "\u{e0041}\u{e0042}\u{e0043}\u{e007f}",
    "\u{0}\u{8}\u{1b}[31m\u{7f}\u{9b}x",
    "x\u{fe00}\u{fe01}\u{e0100}\u{e0101}",
];

/// Places in a document; `@` is where the payload goes.
const PLACES: &[&str] = &[
    "@",
    "text @ text",
    "a paragraph\n\n@\n\nanother",
    "- item @\n  - @\n",
    "1. @\n\n   @\n",
    "> @\n> > @\n",
    "# @\n\n@\n===\n",
    "| @ | b |\n|---|--:|\n| c | @ |\n",
    "**@** *@* ~~@~~ `@` ``@``",
    "[@](https://ok.example)",
    "[x](@)",
    "[x](<@>)",
    "[x](https://ok.example \"@\")",
    "[x](https://ok.example '@')",
    "![@](https://e.example/i.png)",
    "![x](@ \"@\")",
    "[![@](@)](@)",
    "[x][r] [r] ![x][r]\n\n[r]: @ \"@\"\n",
    "[x][@] ![@]\n\n[@]: https://e.example \"t\"\n",
    "<@>",
    "<https://e.example/@>",
    "see https://e.example/@ and http://@",
    "```@\n@\n```\n",
    "~~~ js @\n@",
    "```html\n@\n```\n",
    "    @\n",
    "<div>\n@\n</div>\n\n@",
    "<!--\n@\n\n@ -->",
    "a[^1] [^@]\n\n[^1]: @\n",
    "\\(@\\) and \\[@\\] and $@$",
    "\\(\\text{@}\\) $\\href{@}{x}$ $$\\frac{@}{2}$$ \\[\\begin{matrix}@&1\\end{matrix}\\]",
    "- [x] @\n- [ ] @\n",
    "line @  \nline @\\\nline<br>@<br/>",
    "\\@ \\\\@ &@; &amp;@",
    "*a **b ~~c [d ![e `f @",
    "\r\n@\r\n\r@\r",
];

/// Every payload in every place.
pub(crate) fn documents() -> impl Iterator<Item = String> {
    PLACES.iter().flat_map(|place| PAYLOADS.iter().map(|payload| place.replace('@', payload)))
}

/// The payloads alone.
pub(crate) fn payloads() -> impl Iterator<Item = &'static str> {
    PAYLOADS.iter().copied()
}

/// Elements that may come out, with their attributes and, where they are a closed set, the values.
type Attributes = &'static [(&'static str, &'static [&'static str])];
const ANY: &[&str] = &[];
/// How a formula is built. No colours, links, styles, classes or names.
const MATHS: Attributes = &[
    ("accent", ANY),
    ("accentunder", ANY),
    ("columnalign", ANY),
    ("columnlines", ANY),
    ("columnspacing", ANY),
    ("depth", ANY),
    ("displaystyle", &["true", "false"]),
    ("fence", &["true", "false"]),
    ("form", ANY),
    ("height", ANY),
    ("largeop", &["true", "false"]),
    ("linethickness", ANY),
    ("lspace", ANY),
    ("mathsize", ANY),
    ("mathvariant", ANY),
    ("maxsize", ANY),
    ("minsize", ANY),
    ("movablelimits", &["true", "false"]),
    ("notation", ANY),
    ("rowlines", ANY),
    ("rowspacing", ANY),
    ("rspace", ANY),
    ("scriptlevel", ANY),
    ("separator", &["true", "false"]),
    ("side", ANY),
    ("stretchy", &["true", "false"]),
    ("symmetric", &["true", "false"]),
    ("voffset", ANY),
    ("width", ANY),
];
const ALLOWED: &[(&str, Attributes)] = &[
    (
        "a",
        &[
            ("class", &["link", "image-chip"]),
            ("href", ANY),
            ("rel", &["noopener noreferrer"]),
            ("title", ANY),
        ],
    ),
    ("blockquote", &[]),
    ("br", &[]),
    (
        "button",
        &[
            ("type", &["button"]),
            ("class", &["code-wrap", "code-copy", "code-draw"]),
            ("data-act", &["wrap", "copy", "draw"]),
            ("aria-pressed", &["false"]),
            ("aria-label", &["Wrap long lines", "Copy code", "Draw the diagram"]),
        ],
    ),
    ("code", &[("class", &["math", "math math-block"])]),
    (
        "div",
        &[
            ("class", &["table-scroll", "fn"]),
            ("tabindex", &["0"]),
            ("role", &["group"]),
            ("aria-label", &["Table"]),
        ],
    ),
    ("annotation", &[("encoding", &["application/x-tex"])]),
    ("math", &[("display", &["block"])]),
    ("menclose", MATHS),
    ("mfrac", MATHS),
    ("mi", MATHS),
    ("mn", MATHS),
    ("mo", MATHS),
    ("mover", MATHS),
    ("mpadded", MATHS),
    ("mphantom", MATHS),
    ("mroot", MATHS),
    ("mrow", MATHS),
    ("mspace", MATHS),
    ("msqrt", MATHS),
    ("mstyle", MATHS),
    ("msub", MATHS),
    ("msubsup", MATHS),
    ("msup", MATHS),
    ("mtable", MATHS),
    ("mtd", MATHS),
    ("mtext", MATHS),
    ("mtr", MATHS),
    ("munder", MATHS),
    ("munderover", MATHS),
    ("semantics", &[]),
    ("em", &[]),
    ("figcaption", &[]),
    ("figure", &[("class", &["code"])]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("li", &[]),
    ("ol", &[("start", ANY)]),
    ("p", &[("class", &["note", "raw-html"])]),
    ("pre", &[("tabindex", &["0"])]),
    ("s", &[]),
    (
        "span",
        &[
            (
                "class",
                &[
                    "code-lang",
                    "code-acts",
                    "formula",
                    "hidden-char",
                    "image-chip",
                    "image-host",
                    "link-off",
                    "task",
                    "task task-done",
                    "s-attribute",
                    "s-comment",
                    "s-constant",
                    "s-deleted",
                    "s-function",
                    "s-heading",
                    "s-inserted",
                    "s-keyword",
                    "s-string",
                    "s-tag",
                    "s-type",
                    "s-variable",
                ],
            ),
            ("title", ANY),
            ("tabindex", &["0"]),
            ("role", &["group"]),
            ("aria-label", &["Formula"]),
        ],
    ),
    ("strong", &[]),
    ("sup", &[("class", &["fn-ref"])]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &[("class", &["n", "ctr"])]),
    ("th", &[("class", &["n", "ctr"]), ("scope", &["col"])]),
    ("thead", &[]),
    ("tr", &[]),
    ("ul", &[]),
    ("wbr", &[]),
];

/// Reads HTML more strictly than any browser and says what is wrong with it: an element, attribute or
/// value that is not listed, an address that is not `http`, `https` or `mailto`, an angle bracket or quote
/// where none may be, an element that is not closed, a character that hides.
pub(crate) fn judge(html: &str) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text(&rest[..at])?;
        let end = rest[at..].find('>').ok_or("a tag without an end")? + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> closes something else"));
            }
            continue;
        }
        let name = element(tag)?;
        if !matches!(name, "br" | "hr" | "wbr") {
            open.push(name.to_owned());
        }
    }
    text(rest)?;
    if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
}

fn element(tag: &str) -> Result<&str, String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let (_, attributes) =
        ALLOWED.iter().find(|(allowed, _)| *allowed == name).ok_or(format!("<{tag}> is not allowed"))?;
    while !rest.is_empty() {
        let (key, value) = rest.split_once("=\"").ok_or(format!("odd attributes: {tag}"))?;
        let (value, after) = value.split_once('"').ok_or(format!("odd quotes: {tag}"))?;
        let (_, values) =
            attributes.iter().find(|(allowed, _)| *allowed == key).ok_or(format!("{key} in <{name}>"))?;
        if !values.is_empty() && !values.contains(&value) {
            return Err(format!("{key}={value:?} in <{name}>"));
        }
        if key == "href" && !["https://", "http://", "mailto:"].iter().any(|scheme| value.starts_with(scheme))
        {
            return Err(format!("a link to {value:?}"));
        }
        if key == "start" && value.parse::<u64>().is_err() {
            return Err(format!("a list from {value:?}"));
        }
        if value.contains(['<', '>']) {
            return Err(format!("an angle bracket in {key}={value:?}"));
        }
        text(value)?;
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    Ok(name)
}

/// No bare angle bracket, no control, no override, no tag letter.
fn text(text: &str) -> Result<(), String> {
    let bad = |c: char| {
        c == '>'
            || (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
    };
    text.find(bad).map_or(Ok(()), |at| Err(format!("{:?} in text", text[at..].chars().next())))
}
