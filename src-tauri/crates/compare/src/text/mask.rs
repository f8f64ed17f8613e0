//! Who is speaking, taken out of an answer for a blind vote.

use super::words::{WordKind, words};
use std::ops::Range;

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

/// Takes out of `text` each of `names` (models, families, companies; whatever the caller knows) where it stands as
/// words, in any case. A name followed by a version ("GPT-5.1", "Claude 3 Opus") goes with it.
///
/// All places are taken out, not only where a model speaks of itself: a question about GPT names it in every answer,
/// but "As GPT-5 I think" and "my maker, OpenAI" are not to be told apart from it safely, and a hidden name costs a
/// blind voter less than a shown one.
pub fn mask(text: &str, names: &[&str]) -> Hidden {
    let mut sought: Vec<Vec<u32>> = names
        .iter()
        .map(|name| words(name, 0..name.len()).iter().map(|word| word.hash).collect::<Vec<_>>())
        .filter(|name| !name.is_empty())
        .collect();
    sought.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let found = words(text, 0..text.len());
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut n = 0;
    while n < found.len() {
        let hit = sought.iter().find(|name| {
            name.len() <= found.len() - n && name.iter().zip(&found[n..]).all(|(a, word)| *a == word.hash)
        });
        let Some(hit) = hit else {
            n += 1;
            continue;
        };
        let mut last = n + hit.len() - 1;
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
            ("I am GPT-5.1-mini from OpenAI's lab", "I am ▒▒▒▒ from OpenAI's lab"),
            ("Ich bin Gemini 2.5, von Google DeepMind.", "Ich bin ▒▒▒▒, von ▒▒▒▒."),
            ("我是DeepSeek，由…", "我是▒▒▒▒，由…"),
        ] {
            let hidden = mask(said, &[NAMES, &["OpenAI's"]].concat()).text;
            assert_eq!(hidden, left.replace("OpenAI's", "▒▒▒▒"), "{said}");
        }
    }

    #[test]
    fn other_words_stay() {
        let text = "Claudette met a GPTable gem in 2024.";
        assert_eq!(mask(text, NAMES).text, text);
    }

    #[test]
    fn the_places_are_those_of_the_original() {
        let text = "Ask claude or CHATGPT";
        let hidden = mask(text, NAMES);
        assert_eq!(
            hidden.taken.iter().map(|at| &text[at.clone()]).collect::<Vec<_>>(),
            ["claude", "CHATGPT"]
        );
    }
}
