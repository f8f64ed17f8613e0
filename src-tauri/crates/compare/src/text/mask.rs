//! Who is speaking, taken out of an answer for a blind vote.

use super::words::{Word, WordKind, fold, words};
use std::{collections::BTreeMap, ops::Range};

/// What stands for a name that was taken out.
pub const MASK: &str = "▒▒▒▒";

/// A text without names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The text, [`MASK`] for each name.
    pub text: String,
    /// Bytes of the original that were taken out.
    pub taken: Vec<Range<usize>>,
}

/// Names of one beginning, each as its words without marks of emphasis, in lower case.
type Sought = BTreeMap<char, Vec<Vec<String>>>;

/// Takes out of `text` each of `names` (models, families, companies; whatever the caller knows) where it stands as
/// words, in any case. What is said of a name goes with it: a version ("GPT-5.1", "Llama3", "Claude 3"), an ending
/// ("OpenAI's", "Anthropics"), a word written onto it ("ClaudeAI"). Of `written`, names that are words as well, only
/// what is written just so.
///
/// All places are taken out, not only where a model speaks of itself: a question about GPT names it in every answer,
/// but "As GPT-5 I think" and "my maker, OpenAI" are not to be told apart from it safely, and a hidden name costs a
/// blind voter less than a shown one.
pub fn mask(text: &str, names: &[&str], written: &[&str]) -> Hidden {
    let sought = sought(names);
    let found = words(text, 0..text.len());
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut n = 0;
    while n < found.len() {
        let Some(many) = stands(&sought, &found[n..], text).or_else(|| just_so(written, &found[n..], text))
        else {
            n += 1;
            continue;
        };
        let mut last = n + many - 1;
        // "-5", " 3.5", "-4o-mini" belong to the name.
        while let Some(next) = found.get(last + 1) {
            let gap = &text[found[last].at.end..next.at.start];
            let joined = gap.is_empty();
            let dash = joined && matches!(&text[next.at.clone()], "-" | "." | "‑");
            let after_dash = joined && matches!(&text[found[last].at.clone()], "-" | "." | "‑");
            let version = next.kind == WordKind::Number && gap.len() <= 1 && !gap.contains('\n');
            let follows = dash
                && found.get(last + 2).is_some_and(|w| w.at.start == next.at.end && w.kind != WordKind::Sign);
            if !(version || follows || after_dash && next.kind != WordKind::Sign) {
                break;
            }
            last += 1;
        }
        taken.push(found[n].at.start..found[last].at.end);
        n = last + 1;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in &taken {
        out.push_str(&text[at..range.start]);
        out.push_str(MASK);
        at = range.end;
    }
    out.push_str(&text[at..]);
    Hidden { text: out, taken }
}

fn sought(names: &[&str]) -> Sought {
    let mut sought = Sought::new();
    for name in names {
        let parts: Vec<String> =
            words(name, 0..name.len()).into_iter().map(|word| lower(&name[word.at])).collect();
        let spoken = parts.iter().any(|part| part.contains(char::is_alphanumeric));
        if let Some(first) = parts.first().and_then(|part| part.chars().next()).filter(|_| spoken) {
            sought.entry(first).or_default().push(parts);
        }
    }
    sought.values_mut().for_each(|names| names.sort_by_key(|name| std::cmp::Reverse(name.len())));
    sought
}

/// A word as it is compared: underscores around it are Markdown's, and plain where there is a typographic form.
fn lower(word: &str) -> String {
    word.trim_matches('_').chars().map(fold).flat_map(char::to_lowercase).collect()
}

/// How many of the words are the longest name that stands at their beginning.
fn stands(sought: &Sought, found: &[Word], text: &str) -> Option<usize> {
    let first = lower(&text[found.first()?.at.clone()]);
    let names = sought.get(&first.chars().next()?)?;
    let hit = names.iter().find(|name| {
        let Some((end, begin)) = name.split_last() else { return false };
        name.len() <= found.len()
            && begin.iter().zip(found).all(|(part, word)| lower(&text[word.at.clone()]) == *part)
            && is_name(&text[found[begin.len()].at.clone()], end)
    });
    hit.map(Vec::len)
}

/// The same for a name that is a word as well, unless a hyphen makes another word of it.
fn just_so(written: &[&str], found: &[Word], text: &str) -> Option<usize> {
    let word = found.first()?;
    let bare = text[word.at.clone()].trim_matches('_');
    let joined =
        found.get(1).is_some_and(|next| next.at.start == word.at.end && lower(&text[next.at.clone()]) == "-");
    let named = written.iter().any(|name| bare.starts_with(name) && is_name(bare, &lower(name)));
    (named && !joined).then_some(1)
}

/// Is this word the name, be it with an ending, a version or another word written onto it? `name` in lower case.
fn is_name(word: &str, name: &str) -> bool {
    let mut rest = word.trim_matches('_').chars();
    let mut wanted = name.chars().peekable();
    let mut last = ' ';
    while wanted.peek().is_some() {
        let Some(c) = rest.next() else { return false };
        if !fold(c).to_lowercase().all(|c| wanted.next() == Some(c)) {
            return false;
        }
        last = c;
    }
    let onto = rest.as_str();
    let mut onward = rest.map(fold);
    let (Some(next), after) = (onward.next(), onward.next()) else { return true };
    if matches!(lower(onto).as_str(), "'s" | "s") {
        return true;
    }
    // A short name is the beginning of too many words.
    name.chars().count() > 2
        && (next.is_numeric()
            || next == '_'
            || next.eq_ignore_ascii_case(&'v') && after.is_some_and(char::is_numeric)
            || next.is_uppercase() && (last.is_lowercase() || after.is_some_and(char::is_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &[
        "ChatGPT",
        "GPT",
        "OpenAI",
        "Claude",
        "Anthropic",
        "Gemini",
        "Google DeepMind",
        "DeepSeek",
        "Mistral AI",
    ];

    #[test]
    fn what_models_say_of_themselves_is_hidden() {
        for (said, left) in [
            ("As ChatGPT, I cannot browse.", "As ▒▒▒▒, I cannot browse."),
            ("I'm Claude, made by Anthropic.", "I'm ▒▒▒▒, made by ▒▒▒▒."),
            ("I am GPT-5.1-mini from OpenAI's lab", "I am ▒▒▒▒ from ▒▒▒▒ lab"),
            ("Ich bin Gemini 2.5, von Google DeepMind.", "Ich bin ▒▒▒▒, von ▒▒▒▒."),
            ("我是DeepSeek，由…", "我是▒▒▒▒，由…"),
        ] {
            assert_eq!(mask(said, NAMES, &[]).text, left, "{said}");
        }
    }

    #[test]
    fn what_is_written_onto_a_name_goes_with_it() {
        for (said, left) in [
            ("Anthropic’s rules, OPENAI'S too", "▒▒▒▒ rules, ▒▒▒▒ too"),
            ("Anthropics Modell, ein GPT4o", "▒▒▒▒ Modell, ein ▒▒▒▒"),
            ("I am _Claude_ and __Gemini2.5__.", "I am ▒▒▒▒ and ▒▒▒▒."),
            ("claude_3 or ClaudeAI or DeepSeekV3 or deepseekv3", "▒▒▒▒ or ▒▒▒▒ or ▒▒▒▒ or ▒▒▒▒"),
            ("GPTs of Google DeepMind's making", "▒▒▒▒ of ▒▒▒▒ making"),
        ] {
            assert_eq!(mask(said, NAMES, &[]).text, left, "{said}");
        }
    }

    #[test]
    fn a_name_that_is_a_word_is_one_where_it_is_written_so() {
        for (said, left) in [
            ("I am made by Meta.", "I am made by ▒▒▒▒."),
            ("Meta's model, MetaAI", "▒▒▒▒ model, ▒▒▒▒"),
            ("A meta question, META tags, Metadata", "A meta question, META tags, Metadata"),
            ("Meta-analyses of it", "Meta-analyses of it"),
        ] {
            assert_eq!(mask(said, NAMES, &["Meta"]).text, left, "{said}");
        }
    }

    #[test]
    fn other_words_stay() {
        let text = "Claudette met a GPTable gem in 2024, CLAUDETTE too - so.";
        assert_eq!(mask(text, &[NAMES, &["-", ""]].concat(), &["Meta"]).text, text);
    }

    #[test]
    fn the_places_are_those_of_the_original() {
        let text = "Ask claude or CHATGPT";
        let hidden = mask(text, NAMES, &[]);
        assert_eq!(
            hidden.taken.iter().map(|at| &text[at.clone()]).collect::<Vec<_>>(),
            ["claude", "CHATGPT"]
        );
    }
}
