//! Code blocks: our own HTML around escaped text.

use crate::{
    clean::{self, SafeHtml},
    highlight,
    markdown::Highlighted,
    text::{self, Ground},
};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// A code block outside a document, e.g. the arguments of a tool call as JSON. `language` is a word as it
/// stands after a fence; an unknown one leaves the text plain.
pub fn code(language: &str, text: &str) -> SafeHtml {
    clean::code_alone(language, text)
}

/// The language whose code the window can draw.
const DIAGRAM: &str = "mermaid";

/// Appends a code block. `inner` is highlighted HTML made from the same text, or nothing for plain text.
///
/// The buttons carry no handlers; the window listens further up for `data-act`.
pub(crate) fn block(html: &mut String, language: &str, text: &str, inner: Option<&str>) {
    let word = word(language);
    html.push_str("<figure class=\"code\"><figcaption><span class=\"code-lang\">");
    text::push_attribute(html, label(&word));
    html.push_str("</span><span class=\"code-acts\">");
    if word.eq_ignore_ascii_case(DIAGRAM) {
        html.push_str(
            "<button type=\"button\" class=\"code-draw\" data-act=\"draw\" aria-pressed=\"false\" \
             aria-label=\"Draw the diagram\"></button>",
        );
    }
    html.push_str(
        "<button type=\"button\" class=\"code-wrap\" data-act=\"wrap\" aria-pressed=\"false\" \
         aria-label=\"Wrap long lines\"></button>\
         <button type=\"button\" class=\"code-copy\" data-act=\"copy\" aria-label=\"Copy code\"></button>\
         </span></figcaption><pre tabindex=\"0\"><code>",
    );
    match inner {
        Some(inner) => html.push_str(inner),
        None => text::push(html, text, Ground::Exact, &mut 0),
    }
    html.push_str("</code></pre></figure>");
}

/// Highlighted HTML, from `known` if it was made before.
pub(crate) fn remembered(
    language: &str,
    text: &str,
    known: &Highlighted,
    used: &mut Highlighted,
) -> Option<Arc<str>> {
    let mut hasher = DefaultHasher::new();
    (language, text).hash(&mut hasher);
    let key = hasher.finish();
    let html = match used.get(&key).or_else(|| known.get(&key)) {
        Some(html) => Arc::clone(html),
        None => highlight(language, text)?.into(),
    };
    used.insert(key, Arc::clone(&html));
    Some(html)
}

/// Highlighted HTML, or `None` where the language is unknown or the text too long.
pub(crate) fn highlight(language: &str, text: &str) -> Option<String> {
    let word = word(language);
    let (_, syntax) = known(&word).unwrap_or((&word, &word));
    highlight::html(syntax, text)
}

/// The language's word out of what stands after a fence: `rust,ignore`, `{.python}`, `js title="a.js"`.
fn word(info: &str) -> String {
    info.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '{' | '.'))
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.'))
        .take(24)
        .collect()
}

fn label(word: &str) -> &str {
    known(word).map_or(word, |(label, _)| label)
}

/// Words that need a name or a syntax other than themselves: what is shown, what is looked up.
#[rustfmt::skip]
const LANGUAGES: &[(&str, &str, &str)] = &[
    ("bash", "Shell", "bash"), ("c", "C", "c"), ("c#", "C#", "cs"), ("c++", "C++", "cpp"),
    ("cmd", "Batch", "bat"), ("console", "Shell", "bash"), ("cpp", "C++", "cpp"), ("cs", "C#", "cs"),
    ("csharp", "C#", "cs"), ("css", "CSS", "css"), ("csv", "CSV", "csv"), ("diff", "Diff", "diff"),
    ("docker", "Dockerfile", "dockerfile"), ("dockerfile", "Dockerfile", "dockerfile"), ("go", "Go", "go"),
    ("golang", "Go", "go"), ("graphql", "GraphQL", "graphql"), ("html", "HTML", "html"),
    ("java", "Java", "java"), ("javascript", "JavaScript", "js"), ("js", "JavaScript", "js"),
    ("json", "JSON", "json"), ("json5", "JSON", "json"), ("jsonc", "JSON", "json"), ("jsonl", "JSON", "json"),
    ("jsx", "JSX", "js"), ("kotlin", "Kotlin", "kt"), ("latex", "LaTeX", "tex"), ("makefile", "Makefile", "make"),
    ("markdown", "Markdown", "md"), ("md", "Markdown", "md"), ("patch", "Diff", "diff"), ("php", "PHP", "php"),
    ("plaintext", "Text", "txt"), ("powershell", "PowerShell", "ps1"), ("ps1", "PowerShell", "ps1"),
    ("py", "Python", "py"), ("python", "Python", "py"), ("python3", "Python", "py"), ("rb", "Ruby", "rb"),
    ("rs", "Rust", "rs"), ("ruby", "Ruby", "rb"), ("rust", "Rust", "rs"), ("scss", "SCSS", "scss"),
    ("sh", "Shell", "bash"), ("shell", "Shell", "bash"), ("sql", "SQL", "sql"), ("svelte", "Svelte", "svelte"),
    ("swift", "Swift", "swift"), ("tex", "LaTeX", "tex"), ("text", "Text", "txt"), ("toml", "TOML", "toml"),
    ("ts", "TypeScript", "ts"), ("tsx", "TSX", "tsx"), ("txt", "Text", "txt"),
    ("typescript", "TypeScript", "ts"), ("vue", "Vue", "vue"), ("xml", "XML", "xml"), ("yaml", "YAML", "yaml"),
    ("yml", "YAML", "yaml"), ("zsh", "Shell", "bash"),
];

fn known(word: &str) -> Option<(&'static str, &'static str)> {
    LANGUAGES
        .iter()
        .find(|(known, _, _)| known.eq_ignore_ascii_case(word))
        .map(|(_, label, syntax)| (*label, *syntax))
}
