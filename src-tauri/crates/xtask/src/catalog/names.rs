//! One public name for a model, however its hosts spell it: OpenRouter's `author/name`.

use std::collections::{BTreeMap, BTreeSet};

/// Spellings of an author that mean another; everything not listed is its own.
const AUTHORS: &[(&str, &str)] = &[
    ("ai21labs", "ai21"),
    ("alibaba", "qwen"),
    ("alibaba-cloud", "qwen"),
    ("arcee", "arcee-ai"),
    ("azure", "microsoft"),
    ("bytedance", "bytedance-seed"),
    ("cohereforai", "cohere"),
    ("coherelabs", "cohere"),
    ("deepseek-ai", "deepseek"),
    ("ibm", "ibm-granite"),
    ("meta", "meta-llama"),
    ("metallama", "meta-llama"),
    ("minimaxai", "minimax"),
    ("mistral", "mistralai"),
    ("mistral-ai", "mistralai"),
    ("moonshot", "moonshotai"),
    ("moonshot-ai", "moonshotai"),
    ("spacexai", "x-ai"),
    ("stepfun-ai", "stepfun"),
    ("thinkingmachineslabinc", "thinkingmachines"),
    ("xai", "x-ai"),
    ("xiaomimimo", "xiaomi"),
    ("zai", "z-ai"),
    ("zai-org", "z-ai"),
    ("zhipuai", "z-ai"),
];

/// Names under which hosts serve a model that has another name in the public list.
const SAME: &[(&str, &str)] = &[
    ("deepseek-r1-distill-llama-70b-specdec", "deepseek/deepseek-r1-distill-llama-70b"),
    ("deepseek-v3", "deepseek/deepseek-chat"),
    ("deepseek-v3-0324", "deepseek/deepseek-chat-v3-0324"),
    ("deepseek-v3.1", "deepseek/deepseek-chat-v3.1"),
    ("kimi-k2-instruct", "moonshotai/kimi-k2"),
    ("kimi-k2-instruct-0905", "moonshotai/kimi-k2-0905"),
    ("llama-3.1-8b-instant", "meta-llama/llama-3.1-8b-instruct"),
    ("llama-3.3-70b-instruct-turbo", "meta-llama/llama-3.3-70b-instruct"),
    ("llama-3.3-70b-versatile", "meta-llama/llama-3.3-70b-instruct"),
    ("llama-4-maverick-17b-128e-instruct", "meta-llama/llama-4-maverick"),
    ("llama-4-maverick-17b-128e-instruct-fp8", "meta-llama/llama-4-maverick"),
    ("llama-4-scout-17b-16e-instruct", "meta-llama/llama-4-scout"),
    ("llama-4-scout-17b-16e-instruct-fp8", "meta-llama/llama-4-scout"),
    ("llama4-maverick-17b-instruct", "meta-llama/llama-4-maverick"),
    ("llama4-scout-17b-instruct", "meta-llama/llama-4-scout"),
    ("meta-llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct"),
    ("meta-llama-3.1-8b-instruct", "meta-llama/llama-3.1-8b-instruct"),
    ("qwen3-235b-a22b-instruct-2507", "qwen/qwen3-235b-a22b-2507"),
    ("qwen3-coder-480b-a35b", "qwen/qwen3-coder"),
    ("qwen3-coder-480b-a35b-instruct", "qwen/qwen3-coder"),
    ("qwen3-coder-480b-a35b-instruct-fp8", "qwen/qwen3-coder"),
    ("qwen3-coder-480b-a35b-instruct-turbo", "qwen/qwen3-coder"),
];

/// Beginnings that a host puts before the real name.
const HOST_MARKS: &[&str] = &[
    "accounts/fireworks/models/",
    "accounts/fireworks/routers/",
    "databricks-",
    "openai-",
    "zai-",
    "global.",
    "us-gov.",
    "us.",
    "eu.",
    "apac.",
    "jp.",
    "au.",
    "in.",
    "ca.",
];

/// How the names of well-known families begin, and who makes them. Hosts that name no author serve
/// them too.
const FAMILIES: &[(&str, &str)] = &[
    ("chat-latest", "openai"),
    ("claude", "anthropic"),
    ("codestral", "mistralai"),
    ("command", "cohere"),
    ("deepseek", "deepseek"),
    ("devstral", "mistralai"),
    ("gemini", "google"),
    ("gemma", "google"),
    ("glm", "z-ai"),
    ("gpt-", "openai"),
    ("grok", "x-ai"),
    ("kimi", "moonshotai"),
    ("llama", "meta-llama"),
    ("magistral", "mistralai"),
    ("minimax", "minimax"),
    ("ministral", "mistralai"),
    ("mistral", "mistralai"),
    ("mixtral", "mistralai"),
    ("muse", "meta"),
    ("nemotron", "nvidia"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("phi-", "microsoft"),
    ("pixtral", "mistralai"),
    ("qwen", "qwen"),
    ("qwq", "qwen"),
];

/// The public list, and how to find a name in it.
pub(crate) struct Names {
    slugs: BTreeSet<String>,
    by_key: BTreeMap<String, BTreeSet<String>>,
    /// models.dev's id of a model without a host → slugs said to be that model.
    by_canonical: BTreeMap<String, BTreeSet<String>>,
}

/// What is known of a model before it has a slug.
pub(crate) struct Served<'a> {
    /// The host's own id.
    pub(crate) id: &'a str,
    /// models.dev's id of the model without the host, `author/name`.
    pub(crate) canonical: Option<&'a str>,
    /// Author to assume where neither the id nor the family names one.
    pub(crate) author: &'a str,
}

impl Names {
    /// From `(slug, canonical id)` of the public list.
    pub(crate) fn new<'a>(list: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let mut names =
            Self { slugs: BTreeSet::new(), by_key: BTreeMap::new(), by_canonical: BTreeMap::new() };
        for (slug, canonical) in list {
            names.slugs.insert(slug.to_owned());
            let base = slug.split(':').next().unwrap_or(slug);
            if base != slug {
                continue;
            }
            names.by_key.entry(key(tail(slug))).or_default().insert(slug.to_owned());
            if let Some(canonical) = canonical {
                names.by_canonical.entry(canonical.to_lowercase()).or_default().insert(slug.to_owned());
            }
        }
        names
    }

    /// The slug of what a host serves.
    pub(crate) fn slug(&self, served: &Served<'_>) -> String {
        let lower = served.id.to_lowercase();
        if self.slugs.contains(&lower) {
            return lower;
        }
        let id = unmarked(&lower);
        let own = bare(id);
        let author = author_in(id).or(family(&own)).unwrap_or(served.author);
        let author = if own.starts_with("muse") { "meta" } else { author_of(author) };
        let canonical = served.canonical.map(str::to_lowercase);
        let canonical_author = canonical.as_deref().and_then(author_in).map(author_of);
        let mut tries: Vec<(String, &str)> = vec![(own.clone(), author)];
        if let Some(found) = canonical.as_deref().and_then(|c| self.canonical(c, &own)) {
            // The host's own name may be a model of its own in the list; only else the canonical one.
            let by = [Some(author), canonical_author];
            if let Some(slug) = by.into_iter().flatten().find_map(|author| self.find(&own, author)) {
                return slug;
            }
            return found;
        }
        if let Some(canonical) = &canonical {
            tries.push((bare(canonical), canonical_author.unwrap_or(author)));
        }
        for (name, author) in &tries {
            for form in forms(name) {
                if let Some(slug) = self.find(&form, author) {
                    return slug;
                }
            }
        }
        let name = canonical.as_deref().map_or(own, bare);
        format!("{}/{}", canonical_author.unwrap_or(author), safe(unversioned(&name)))
    }

    /// Whether the public list has the slug.
    pub(crate) fn has(&self, slug: &str) -> bool {
        self.slugs.contains(slug)
    }

    fn canonical(&self, canonical: &str, own: &str) -> Option<String> {
        let slugs = self.by_canonical.get(canonical)?;
        let same = slugs.iter().find(|slug| key(tail(slug)) == key(own));
        // Among a family under one canonical id (`…`, `…-pro`) the shortest is the plain model.
        same.or_else(|| slugs.iter().min_by_key(|slug| slug.len())).cloned()
    }

    fn find(&self, name: &str, author: &str) -> Option<String> {
        let key = key(name);
        let by = |slug: &str| author_in(slug).map(author_of) == Some(author_of(author));
        if let Some((_, slug)) = SAME.iter().find(|(other, slug)| self::key(other) == key && by(slug)) {
            return Some((*slug).to_owned());
        }
        self.by_key.get(&key)?.iter().find(|slug| by(slug)).cloned()
    }
}

/// The usual spelling of an author.
pub(crate) fn author_of(author: &str) -> &str {
    AUTHORS.iter().find(|(other, _)| *other == author).map_or(author, |(_, usual)| usual)
}

fn author_in(id: &str) -> Option<&str> {
    match id.split_once('/') {
        Some((author, _)) => Some(author),
        // Bedrock: `anthropic.claude-…`; a version's dot has a digit before it.
        None => id.split_once('.').map(|(a, _)| a).filter(|a| a.bytes().all(|b| b.is_ascii_lowercase())),
    }
}

fn family(name: &str) -> Option<&'static str> {
    FAMILIES.iter().find(|(beginning, _)| name.starts_with(beginning)).map(|(_, author)| *author)
}

fn unmarked(id: &str) -> &str {
    let mut id = id;
    // `zai-org/…` is an author, `zai-glm-…` is a mark.
    let strip = |id: &'_ str, mark: &str| {
        let fits = id.starts_with(mark) && (mark.ends_with('/') || !id.contains('/'));
        fits.then_some(mark.len())
    };
    while let Some(length) = HOST_MARKS.iter().find_map(|mark| strip(id, mark)) {
        id = id.get(length..).unwrap_or_default();
    }
    id
}

/// The name without author, version of the host's packaging and `@default`.
fn bare(id: &str) -> String {
    let name = tail(id);
    let name = match name.split_once('.') {
        Some((author, rest)) if author.bytes().all(|b| b.is_ascii_lowercase()) => rest,
        _ => name,
    };
    let name = name.split('@').next().unwrap_or(name);
    let name = name.split(':').next().unwrap_or(name);
    // Fireworks writes 3p5 for 3.5.
    let bytes: Vec<char> = name.chars().collect();
    let digit = |i: usize| bytes.get(i).is_some_and(char::is_ascii_digit);
    let dotted = |i: usize, c: char| if c == 'p' && i > 0 && digit(i - 1) && digit(i + 1) { '.' } else { c };
    bytes.iter().enumerate().map(|(i, c)| dotted(i, *c)).collect()
}

fn tail(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn key(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Author and name without punctuation.
pub(crate) fn plain(slug: &str) -> String {
    slug.split('/').map(key).collect::<Vec<_>>().join("/")
}

/// The name, then ever looser forms of it.
fn forms(name: &str) -> Vec<String> {
    let mut forms = vec![name.to_owned()];
    let plain = unversioned(name);
    if plain != name {
        forms.push(plain.to_owned());
    }
    if let Some(plain) = undated(plain) {
        forms.push(plain.to_owned());
    }
    for mark in ["-latest", "-fp8", "-nvfp4", "-instruct", "-it"] {
        if let Some(plain) = forms.last().and_then(|last| last.strip_suffix(mark)).map(str::to_owned) {
            // Mistral's `-latest` names drift between models; they are models of their own here.
            if mark != "-latest" || name.starts_with("claude") {
                forms.push(plain);
            }
        }
    }
    // Hosts serve the instruction-tuned weights, whether or not they say so.
    forms.extend(["-instruct", "-it"].map(|mark| format!("{name}{mark}")));
    forms
}

/// Without Bedrock's `-v1` at its end.
fn unversioned(name: &str) -> &str {
    let version =
        name.rsplit_once("-v").filter(|(_, v)| v.len() == 1 && v.bytes().all(|b| b.is_ascii_digit()));
    version.map_or(name, |(plain, _)| plain)
}

/// Without `-20250929` or `-2025-09-29` at its end.
pub(crate) fn undated(name: &str) -> Option<&str> {
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let (rest, last) = name.rsplit_once('-')?;
    if digits(last, 8) && last.starts_with("20") {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    (digits(last, 2) && digits(month, 2) && digits(year, 4)).then_some(rest)
}

/// Only what a slug may hold; Anthropic's `4-5` becomes the `4.5` of the public list.
fn safe(name: &str) -> String {
    let claude = name.starts_with("claude");
    let chars: Vec<char> = name.chars().collect();
    let single = |i: usize| {
        chars.get(i).is_some_and(char::is_ascii_digit)
            && !chars.get(i + 1).is_some_and(char::is_ascii_digit)
            && (i == 0 || !chars.get(i - 1).is_some_and(char::is_ascii_digit))
    };
    let put = |i: usize, c: char| match c {
        '-' if claude && i > 0 && single(i - 1) && single(i + 1) => '.',
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => c,
        _ => '-',
    };
    chars.iter().enumerate().map(|(i, c)| put(i, *c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new(
            [
                ("anthropic/claude-sonnet-4.5", Some("anthropic/claude-sonnet-4-5")),
                ("openai/gpt-5.6-sol", Some("openai/gpt-5.6-sol")),
                ("openai/gpt-5.6-sol-pro", Some("openai/gpt-5.6-sol")),
                ("meta-llama/llama-3.3-70b-instruct", None),
                ("z-ai/glm-5.3", Some("zhipuai/glm-5.3")),
                ("amazon/nova-lite-v1", None),
                ("moonshotai/kimi-k3", None),
                ("moonshotai/kimi-k3:free", None),
            ]
            .into_iter(),
        )
    }

    fn slug(id: &str, canonical: Option<&str>, author: &str) -> String {
        names().slug(&Served { id, canonical, author })
    }

    #[test]
    fn one_model_has_one_slug_at_every_host() {
        let claude = "anthropic/claude-sonnet-4.5";
        assert_eq!(slug("claude-sonnet-4-5", None, "anthropic"), claude);
        assert_eq!(slug("claude-sonnet-4-5-20250929", None, "anthropic"), claude);
        assert_eq!(
            slug("claude-sonnet-4-5@20250929", Some("anthropic/claude-sonnet-4-5-20250929"), "host"),
            claude
        );
        assert_eq!(slug("us.anthropic.claude-sonnet-4-5-20250929-v1:0", None, "host"), claude);
        assert_eq!(slug("databricks-claude-sonnet-4-5", Some("anthropic/claude-sonnet-4-5"), "host"), claude);
        assert_eq!(slug("llama-3.3-70b-versatile", None, "host"), "meta-llama/llama-3.3-70b-instruct");
        assert_eq!(
            slug("accounts/fireworks/models/glm-5p3", Some("zhipuai/glm-5.3"), "host"),
            "z-ai/glm-5.3"
        );
        assert_eq!(slug("eu.amazon.nova-lite-v1:0", None, "host"), "amazon/nova-lite-v1");
        assert_eq!(slug("zai-glm-5-3", None, "mistralai"), "z-ai/glm-5.3");
        assert_eq!(slug("zai-org/GLM-5.3", None, "host"), "z-ai/glm-5.3");
    }

    #[test]
    fn relatives_stay_apart() {
        assert_eq!(slug("gpt-5.6-sol", Some("openai/gpt-5.6-sol"), "host"), "openai/gpt-5.6-sol");
        assert_eq!(slug("gpt-5.6-sol-pro", Some("openai/gpt-5.6-sol"), "host"), "openai/gpt-5.6-sol-pro");
        assert_eq!(slug("moonshotai/kimi-k3:free", None, "host"), "moonshotai/kimi-k3:free");
        assert_eq!(slug("pearl-ai/kimi-k3", None, "host"), "pearl-ai/kimi-k3");
        assert_eq!(slug("claude-sonnet-9-1", None, "anthropic"), "anthropic/claude-sonnet-9.1");
        assert_eq!(slug("mistral-large-latest", None, "mistralai"), "mistralai/mistral-large-latest");
    }
}
