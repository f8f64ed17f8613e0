//! Colours for code: a closed set of classes, one span deep.
//!
//! The grammars name hundreds of scopes; a theme tells a dozen apart. Writing only those keeps a highlighted
//! block about as long as its text, and makes the set of classes something a test can list.

use crate::text::{self, Ground};
use std::sync::{LazyLock, OnceLock};
use syntect::{
    parsing::{ParseState, Scope, ScopeStack, SyntaxSet},
    util::LinesWithEndings,
};

/// Longer texts stay plain: the grammars are regular expressions, and a reader of ten thousand lines does
/// not miss the colours.
const MOST_BYTES: usize = 200 * 1024;
const MOST_LINES: usize = 2_000;
/// Minified files: the cost of a line grows faster than its length.
const LONGEST_LINE: usize = 2_000;

/// Scopes and the class they get, `""` for none. The longest matching prefix of the innermost scope that
/// matches anything decides.
const CLASSES: &[(&str, &str)] = &[
    ("comment", "s-comment"),
    ("constant", "s-constant"),
    ("entity.name.function", "s-function"),
    ("entity.name.section", "s-heading"),
    ("entity.name.tag", "s-tag"),
    ("entity.name", "s-type"),
    ("entity.other.attribute-name", "s-attribute"),
    ("entity.other.inherited-class", "s-type"),
    ("keyword", "s-keyword"),
    ("keyword.operator", ""),
    ("markup.deleted", "s-deleted"),
    ("markup.heading", "s-heading"),
    ("markup.inserted", "s-inserted"),
    ("meta.embedded", ""),
    ("meta.interpolation", ""),
    ("source", ""),
    ("storage", "s-keyword"),
    ("storage.type.function", "s-keyword"),
    ("string", "s-string"),
    ("support.class", "s-type"),
    ("support.constant", "s-constant"),
    ("support.function", "s-function"),
    ("support.type", "s-type"),
    ("text", ""),
    ("variable.function", "s-function"),
    ("variable.language", "s-variable"),
    ("variable.parameter", "s-variable"),
];

/// Highlighted HTML of `text`, or `None` where `language` is unknown or the text too long.
pub(crate) fn html(language: &str, text: &str) -> Option<String> {
    if language.is_empty()
        || text.len() > MOST_BYTES
        || text.lines().count() > MOST_LINES
        || text.lines().any(|line| line.len() > LONGEST_LINE)
    {
        return None;
    }
    let set = syntaxes();
    let syntax = set.find_syntax_by_token(language)?;
    let mut state = ParseState::new(syntax);
    let mut scopes = ScopeStack::new();
    let mut writer = Writer::default();
    for line in LinesWithEndings::from(text) {
        let mut at = 0;
        // An error here is a grammar's own; the text is then shown plain.
        for (end, change) in state.parse_line(line, set).ok()? {
            writer.write(line.get(at..end)?, class(&scopes));
            scopes.apply(&change).ok()?;
            at = end;
        }
        writer.write(line.get(at..)?, class(&scopes));
    }
    Some(writer.finish())
}

/// The grammars, read at the first code block that needs them and not at start.
fn syntaxes() -> &'static SyntaxSet {
    static SET: OnceLock<SyntaxSet> = OnceLock::new();
    SET.get_or_init(two_face::syntax::extra_newlines)
}

fn class(scopes: &ScopeStack) -> &'static str {
    static SCOPES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
        CLASSES.iter().filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, *class))).collect()
    });
    scopes
        .as_slice()
        .iter()
        .rev()
        .find_map(|scope| {
            SCOPES
                .iter()
                .filter(|(prefix, _)| prefix.is_prefix_of(*scope))
                .max_by_key(|(prefix, _)| prefix.len())
                .map(|(_, class)| *class)
        })
        .unwrap_or("")
}

#[derive(Default)]
struct Writer {
    html: String,
    class: &'static str,
    badges: u32,
}

impl Writer {
    fn write(&mut self, token: &str, class: &'static str) {
        if token.is_empty() {
            return;
        }
        // White space has no colour; a change that shows nothing is not written.
        if class != self.class && !token.trim().is_empty() {
            self.close();
            if !class.is_empty() {
                self.html.push_str("<span class=\"");
                self.html.push_str(class);
                self.html.push_str("\">");
            }
            self.class = class;
        }
        text::push(&mut self.html, token, Ground::Exact, &mut self.badges);
    }

    fn close(&mut self) {
        if !self.class.is_empty() {
            self.html.push_str("</span>");
        }
        self.class = "";
    }

    fn finish(mut self) -> String {
        self.close();
        self.html
    }
}
