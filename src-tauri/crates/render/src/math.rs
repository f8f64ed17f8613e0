//! LaTeX to MathML: our own writing of the tree katex-rs makes, out of a fixed vocabulary.
//!
//! Content sets no colours, links, styles, classes or ids here, and no length that could move a formula out of
//! its place. A formula that cannot be read is shown as it was written.

use crate::text;
use katex::{
    KatexContext, OutputFormat, Settings, StrictMode, StrictSetting, TrustSetting,
    dom_tree::HtmlDomNode,
    mathml_tree::{MathDomNode, MathNode, MathNodeType},
};
use std::{
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
};

/// Longest formula that is set; a longer one is shown as it was written.
const LONGEST: usize = 2_000;
/// Braces inside each other. The parser calls itself for each, and a stack has an end.
const DEEPEST: usize = 32;
/// Commands in a formula: `\sqrt\sqrt…` nests without a brace.
const MOST_COMMANDS: usize = 300;
/// Elements written; beyond it the formula is shown as it was written.
const MOST_NODES: usize = 4_000;
/// Expansions of macros, its own among them.
const MOST_EXPANSIONS: usize = 300;
/// Longest length, in em.
const LARGEST: f64 = 20.0;

/// Stack for one formula: address space, of which only what is touched takes memory.
const STACK: usize = 128 * 1024 * 1024;

static CONTEXT: LazyLock<KatexContext> = LazyLock::new(KatexContext::default);

/// The formula as MathML, or `None` where it is no formula we can set.
pub(crate) fn html(latex: &str, display: bool) -> Option<String> {
    if latex.trim().is_empty() || latex.len() > LONGEST {
        return None;
    }
    let (depth, commands) = shape(latex);
    if depth > DEEPEST || commands > MOST_COMMANDS {
        return None;
    }
    // What katex-rs makes of every possible text is not ours to promise.
    let guarded = || catch_unwind(AssertUnwindSafe(|| set(&CONTEXT, latex, display))).ok().flatten();
    // A stack that ends is the end of the process, and a short macro can nest as deep as it likes: each formula gets
    // one that is long enough. It costs some twenty microseconds.
    std::thread::scope(|scope| {
        let set = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, guarded).ok()?;
        set.join().ok().flatten()
    })
}

/// How deep its braces go, and how many commands, exponents and indices it has.
fn shape(latex: &str) -> (usize, usize) {
    let (mut depth, mut deepest, mut commands) = (0_usize, 0_usize, 0_usize);
    for byte in latex.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'\\' | b'^' | b'_' => commands += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    (deepest, commands)
}

fn set(context: &KatexContext, latex: &str, display: bool) -> Option<String> {
    let settings = Settings::builder()
        .display_mode(display)
        .output(OutputFormat::Mathml)
        .throw_on_error(true)
        .strict(StrictSetting::Mode(StrictMode::Ignore))
        .trust(TrustSetting::Bool(false))
        .max_expand(MOST_EXPANSIONS)
        .max_size(LARGEST)
        .build();
    let tree = katex::render_to_dom_tree(context, latex, &settings).ok()?;
    let formula = tree.children.iter().find_map(|node| match node {
        HtmlDomNode::MathML(node) if node.node_type == MathNodeType::Math => Some(node),
        _ => None,
    })?;
    let mut writer = Writer { html: String::new(), left: MOST_NODES };
    writer.html.push_str(if display { "<math display=\"block\">" } else { "<math>" });
    writer.children(&formula.children)?;
    writer.html.push_str("</math>");
    Some(writer.html)
}

struct Writer {
    html: String,
    left: usize,
}

impl Writer {
    fn children(&mut self, nodes: &[MathDomNode]) -> Option<()> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    /// `None` = too much of it.
    fn node(&mut self, node: &MathDomNode) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        match node {
            MathDomNode::Math(node) => self.element(node),
            MathDomNode::Text(node) => {
                words(&mut self.html, &node.text);
                Some(())
            }
            MathDomNode::Space(space) => {
                let width = space.width.clamp(-1.0, LARGEST);
                // Writing to a String cannot fail.
                let _ = write!(self.html, "<mspace width=\"{width:.4}em\"></mspace>");
                Some(())
            }
            MathDomNode::Fragment(fragment) => self.children(&fragment.children),
        }
    }

    fn element(&mut self, node: &MathNode) -> Option<()> {
        let Some(name) = name(node.node_type) else { return self.children(&node.children) };
        self.html.push('<');
        self.html.push_str(name);
        let mut attributes: Vec<(&String, &String)> =
            node.attributes.iter().filter(|(key, value)| is_allowed(key, value)).collect();
        attributes.sort();
        for (key, value) in attributes {
            self.html.push(' ');
            self.html.push_str(key);
            self.html.push_str("=\"");
            text::push_attribute(&mut self.html, value);
            self.html.push('"');
        }
        self.html.push('>');
        self.children(&node.children)?;
        self.html.push_str("</");
        self.html.push_str(name);
        self.html.push('>');
        Some(())
    }
}

/// Text inside a formula. What shows nothing is left out: a badge for it would be HTML inside MathML.
fn words(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push(' '),
            c if c.is_control() || text::is_format(c) => {}
            c => html.push(c),
        }
    }
}

/// The element's word; `None` = only what is in it is written.
fn name(node: MathNodeType) -> Option<&'static str> {
    Some(match node {
        MathNodeType::Math | MathNodeType::Mglyph => return None,
        MathNodeType::Annotation => "annotation",
        MathNodeType::Semantics => "semantics",
        MathNodeType::Mtext => "mtext",
        MathNodeType::Mn => "mn",
        MathNodeType::Mo => "mo",
        MathNodeType::Mi => "mi",
        MathNodeType::Mspace => "mspace",
        MathNodeType::Mover => "mover",
        MathNodeType::Munder => "munder",
        MathNodeType::Munderover => "munderover",
        MathNodeType::Msup => "msup",
        MathNodeType::Msub => "msub",
        MathNodeType::Msubsup => "msubsup",
        MathNodeType::Mfrac => "mfrac",
        MathNodeType::Mroot => "mroot",
        MathNodeType::Msqrt => "msqrt",
        MathNodeType::Mtable => "mtable",
        MathNodeType::Mtr | MathNodeType::Mlabeledtr => "mtr",
        MathNodeType::Mtd => "mtd",
        MathNodeType::Mrow => "mrow",
        MathNodeType::Menclose => "menclose",
        MathNodeType::Mstyle => "mstyle",
        MathNodeType::Mpadded => "mpadded",
        MathNodeType::Mphantom => "mphantom",
    })
}

/// Attributes that say how a formula is built. None for colours, links, names or handlers.
fn is_allowed(key: &str, value: &str) -> bool {
    let word = |value: &str| {
        value.len() <= 80
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'/' | b'.'))
    };
    match key {
        "accent" | "accentunder" | "columnalign" | "columnlines" | "displaystyle" | "encoding" | "fence"
        | "form" | "largeop" | "mathvariant" | "movablelimits" | "notation" | "rowlines" | "scriptlevel"
        | "separator" | "side" | "stretchy" | "symmetric" => word(value),
        "width" | "height" | "depth" | "lspace" | "rspace" | "voffset" | "linethickness" | "minsize"
        | "maxsize" | "mathsize" | "columnspacing" | "rowspacing" => {
            value.len() <= 200 && value.split(' ').all(is_modest)
        }
        _ => false,
    }
}

/// A length that stays near the formula.
fn is_modest(length: &str) -> bool {
    let digits = length.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    let unit = length.get(digits.len()..).unwrap_or_default();
    let most = match unit {
        "" | "em" | "ex" => LARGEST,
        "pt" | "px" => LARGEST * 10.0,
        "%" => 1_000.0,
        _ => return false,
    };
    digits.parse::<f64>().is_ok_and(|number| number.is_finite() && number <= most && number >= -1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml() {
        let fraction = html(r"\frac{a}{b}", false).unwrap();
        assert!(fraction.starts_with("<math><semantics><mrow><mfrac>"), "{fraction}");
        assert!(fraction.contains(r#"<annotation encoding="application/x-tex">\frac{a}{b}</annotation>"#));
        assert!(html("x", true).unwrap().starts_with("<math display=\"block\">"));
        for latex in [
            r"\boxed{x}",
            r"\tag{1} x",
            r"\bm{v}",
            r"\newcommand{\f}{g}\f",
            r"\sum_{\substack{a\\b}}",
            r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
            r"\begin{aligned}a&=b\\c&=d\end{aligned}",
        ] {
            let display = latex.contains("tag");
            assert!(html(latex, display).is_some(), "{latex}");
        }
        for broken in [r"\frac{a}", "{", r"\nosuchcommand", ""] {
            assert_eq!(html(broken, false), None, "{broken}");
        }
    }

    #[test]
    fn content_sets_no_colour_link_or_great_length() {
        for latex in [
            r"\href{javascript:alert(1)}{x}",
            r"\url{https://e.example}",
            r"\htmlId{a}{x}",
            r"\htmlStyle{position:fixed}{x}",
            r"\includegraphics{https://e.example/x.png}",
            r"\color{white}x",
            r"\colorbox{red}{x}",
            r"\text{<img src=x onerror=alert(1)>}",
            r"\hspace{-900em}x",
            r"\rule{900em}{900em}",
            r"\kern-50em x",
            r"\raisebox{90em}{$x$}",
        ] {
            let html = html(latex, false).unwrap_or_default();
            for bad in ["href=", " style=", " id=", "<img", "color=", "background", "900em", "-50em", "90em"]
            {
                // The annotation is the source, as text.
                let shown = html.split("<annotation").next().unwrap_or_default();
                assert!(!shown.contains(bad), "{latex}: {bad} in {html}");
            }
        }
    }

    #[test]
    fn no_formula_is_too_deep_for_a_small_stack() {
        let work = || {
            for latex in [
                r"\sqrt".repeat(249) + "x",
                "{".repeat(32) + "x" + &"}".repeat(32),
                "x^{".repeat(32) + "x" + &"}".repeat(32),
                r"\left(".repeat(32) + "x" + &r"\right)".repeat(32),
                r"\begin{matrix}".repeat(30) + "x" + &r"\end{matrix}".repeat(30),
                r"\def\a{\sqrt\a}\a".to_owned(),
                r"\def\a{{\a}}\a".to_owned(),
                r"\def\a#1{\frac{#1}{#1}}\a{\a{\a{\a{\a{\a{\a{\a{\a{x}}}}}}}}}".to_owned(),
                r"\text".repeat(200) + "x",
                r"\sqrt".repeat(16) + "x",
                r"\hat".repeat(16) + "x",
                "{".repeat(5) + r"\frac12\frac12\frac12" + &"}".repeat(5),
                r"\hat".repeat(240) + "x",
            ] {
                let _ = html(&latex, true);
            }
        };
        // What a task of the engine has, less what it stands on already.
        std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap().join().unwrap();
    }
}
