//! What a prompt is about and in which language, by rules: the same prompt always gets the same answer.

use super::{
    blocks::{Kind, blocks},
    words::{WordKind, words},
};

/// What a prompt is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Programs, queries, shells.
    Code,
    /// Numbers to be worked out, proofs.
    Maths,
    /// From one language into another.
    Translation,
    /// A text to be shortened.
    Summary,
    /// A text to be written or improved.
    Writing,
    /// Plans, decisions, advice.
    Planning,
    /// Something to be explained or looked up.
    Facts,
    /// None of these.
    Other,
}

impl Topic {
    /// Its name, as stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Maths => "maths",
            Self::Translation => "translation",
            Self::Summary => "summary",
            Self::Writing => "writing",
            Self::Planning => "planning",
            Self::Facts => "facts",
            Self::Other => "other",
        }
    }
}

type Signs = (Topic, &'static [(&'static str, u32)]);

/// Words, and how much each says. Ends of words are open when they end in `*`.
const SIGNS: &[Signs] = &[
    (
        Topic::Code,
        &[
            ("function", 2),
            ("code", 3),
            ("python", 4),
            ("rust", 3),
            ("javascript", 4),
            ("typescript", 4),
            ("sql", 4),
            ("regex", 4),
            ("bug", 3),
            ("compile*", 3),
            ("api", 2),
            ("class", 1),
            ("git", 3),
            ("docker", 3),
            ("bash", 3),
            ("json", 3),
            ("css", 3),
            ("html", 3),
            ("algorithm", 2),
            ("postgres*", 4),
            ("query", 2),
            ("script", 2),
            ("async", 3),
            ("stack", 1),
            ("java", 3),
            ("programm*", 2),
            ("funktion", 2),
            ("kotlin", 4),
            ("golang", 4),
            ("kubernetes", 3),
            ("refactor*", 3),
            ("debug*", 3),
            ("unittest*", 3),
            ("代码", 4),
            ("函数", 3),
            ("编程", 4),
            ("struct", 3),
            ("loop", 2),
            ("linux", 2),
            ("code*", 2),
        ],
    ),
    (
        Topic::Maths,
        &[
            ("calculate", 3),
            ("solve", 3),
            ("equation*", 4),
            ("integral*", 4),
            ("derivative*", 4),
            ("prove", 3),
            ("theorem", 4),
            ("probability", 4),
            ("sum", 1),
            ("percent", 2),
            ("matrix", 3),
            ("berechne*", 4),
            ("gleichung*", 4),
            ("wahrscheinlichkeit*", 4),
            ("how many", 2),
            ("计算", 4),
            ("方程", 4),
            ("geometry", 3),
            ("algebra", 4),
            ("prime", 2),
            ("sqrt", 3),
            ("wieviel*", 2),
        ],
    ),
    (
        Topic::Translation,
        &[
            ("translate*", 6),
            ("translation", 5),
            ("übersetz*", 6),
            ("traduis*", 6),
            ("traduce*", 6),
            ("翻译", 6),
            ("into german", 3),
            ("into english", 3),
            ("into french", 3),
            ("auf englisch", 3),
            ("ins deutsche", 4),
            ("into spanish", 3),
        ],
    ),
    (
        Topic::Summary,
        &[
            ("summarise", 6),
            ("summarize", 6),
            ("summary", 5),
            ("tl;dr", 5),
            ("shorten", 4),
            ("zusammenfass*", 6),
            ("fasse", 5),
            ("kürze", 4),
            ("总结", 6),
            ("摘要", 5),
            ("key points", 4),
            ("bullet points", 2),
        ],
    ),
    (
        Topic::Writing,
        &[
            ("write", 2),
            ("email", 3),
            ("letter", 3),
            ("essay", 4),
            ("poem", 5),
            ("story", 4),
            ("rewrite", 4),
            ("draft", 4),
            ("polish", 3),
            ("headline", 3),
            ("blog", 3),
            ("tone", 2),
            ("schreib*", 3),
            ("brief", 2),
            ("gedicht", 5),
            ("geschichte", 2),
            ("formulier*", 4),
            ("写", 2),
            ("作文", 4),
            ("speech", 3),
            ("abstract", 2),
            ("slogan", 4),
            ("haiku", 5),
            ("email*", 3),
        ],
    ),
    (
        Topic::Planning,
        &[
            ("plan", 3),
            ("schedule", 3),
            ("should i", 4),
            ("recommend*", 3),
            ("itinerary", 4),
            ("advice", 3),
            ("pros and cons", 4),
            ("decide", 3),
            ("budget", 2),
            ("trip", 3),
            ("soll ich", 4),
            ("empfiehl*", 3),
            ("reise", 2),
            ("strategy", 3),
            ("计划", 4),
        ],
    ),
    (
        Topic::Facts,
        &[
            ("what is", 2),
            ("what are", 2),
            ("who", 2),
            ("when", 1),
            ("where", 1),
            ("why", 2),
            ("explain", 3),
            ("how does", 3),
            ("difference between", 3),
            ("define", 3),
            ("history", 2),
            ("was ist", 2),
            ("warum", 2),
            ("erkläre*", 3),
            ("wer", 2),
            ("什么", 2),
            ("为什么", 2),
            ("解释", 3),
            ("capital", 2),
            ("how do", 1),
            ("tell me about", 2),
        ],
    ),
];

/// The topic of a prompt. A tie goes to the one named first in [`Topic`]; without any sign it is `Other`.
pub fn topic(prompt: &str) -> Topic {
    let spaced = spaced(prompt);
    let mut scores: Vec<(u32, Topic)> = SIGNS
        .iter()
        .map(|(topic, signs)| {
            (signs.iter().filter(|(sign, _)| has(&spaced, prompt, sign)).map(|(_, n)| n).sum(), *topic)
        })
        .collect();
    if blocks(prompt).iter().any(|block| block.kind == Kind::Code) {
        scores[0].0 += 4;
    }
    let operators = prompt.matches(['=', '+', '×', '÷', '√', '∫', '^']).count();
    if operators >= 2 && prompt.len() < 400 && scores[0].0 < 3 {
        scores[1].0 += 3;
    }
    let most = scores.iter().map(|(score, _)| *score).max().unwrap_or(0);
    if most < 2 {
        return Topic::Other;
    }
    scores.iter().find(|(score, _)| *score == most).map_or(Topic::Other, |(_, topic)| *topic)
}

/// Words in lower case with one space around each.
fn spaced(text: &str) -> String {
    let mut out = String::from(" ");
    for word in words(text, 0..text.len()).into_iter().filter(|word| word.kind != WordKind::Sign).take(2_000)
    {
        out.push_str(&text[word.at].to_lowercase());
        out.push(' ');
    }
    out
}

fn has(spaced: &str, prompt: &str, sign: &str) -> bool {
    if sign.chars().any(super::words::stands_alone) || sign.contains(';') {
        return prompt.to_lowercase().contains(sign);
    }
    match sign.strip_suffix('*') {
        Some(start) => spaced.contains(&format!(" {start}")),
        None => spaced.contains(&format!(" {sign} ")),
    }
}

/// The language of a text, as an ISO 639-1 code; `und` when the rules do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(pub &'static str);

const COMMON: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "the", "and", "is", "of", "to", "in", "that", "what", "how", "a", "for", "are", "you", "with",
            "why", "this", "my", "write",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "wie", "was", "ich", "mit", "für",
            "auf", "den", "zu", "warum",
        ],
    ),
    (
        "fr",
        &[
            "le", "la", "les", "et", "est", "une", "des", "pour", "que", "qui", "dans", "je", "un", "du",
            "pas", "quel", "comment",
        ],
    ),
    (
        "es",
        &[
            "el", "los", "las", "y", "es", "una", "por", "para", "que", "en", "qué", "cómo", "un", "del",
            "con", "no", "se",
        ],
    ),
    (
        "it",
        &[
            "il", "gli", "e", "è", "una", "per", "che", "di", "non", "come", "un", "con", "sono", "della",
            "cosa", "mi",
        ],
    ),
    (
        "pt",
        &[
            "o", "os", "e", "é", "uma", "para", "que", "não", "como", "um", "com", "do", "da", "em", "são",
            "você",
        ],
    ),
    (
        "nl",
        &[
            "de", "het", "een", "en", "is", "van", "niet", "wat", "hoe", "ik", "met", "voor", "op", "zijn",
            "dat", "waarom",
        ],
    ),
];

/// Guesses by script, and among Latin ones by their commonest words.
pub fn language(text: &str) -> Language {
    let (mut han, mut kana, mut hangul, mut cyrillic, mut arabic, mut latin) = (0, 0, 0, 0, 0, 0);
    for c in text.chars().take(4_000) {
        match c {
            '\u{3040}'..='\u{30ff}' => kana += 1,
            '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' => han += 1,
            '\u{ac00}'..='\u{d7af}' => hangul += 1,
            '\u{0400}'..='\u{04ff}' => cyrillic += 1,
            '\u{0600}'..='\u{06ff}' => arabic += 1,
            c if c.is_alphabetic() => latin += 1,
            _ => {}
        }
    }
    // One letter of a script without spaces is about a word; five Latin ones are.
    let latin = latin / 5;
    let most = [han + kana, hangul, cyrillic, arabic].into_iter().max().unwrap_or(0);
    if most > latin && most > 0 {
        return Language(match most {
            n if n == han + kana => {
                if kana * 5 > han {
                    "ja"
                } else {
                    "zh"
                }
            }
            n if n == hangul => "ko",
            n if n == cyrillic => "ru",
            _ => "ar",
        });
    }
    let spaced = spaced(text);
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let hits = COMMON
        .iter()
        .map(|(code, common)| (words.iter().filter(|word| common.contains(word)).count(), *code));
    let mut best = (0, "und");
    for (count, code) in hits {
        if count > best.0 {
            best = (count, code);
        }
    }
    Language(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_by_rule() {
        for (prompt, expected) in [
            ("Write a Python function that parses ISO weeks", Topic::Code),
            ("Why does this panic?\n```rust\nfn main() {}\n```", Topic::Code),
            ("Solve x^2 + 3x = 10", Topic::Maths),
            ("Translate this lease into German: The tenant pays.", Topic::Translation),
            ("Übersetze den Satz ins Englische", Topic::Translation),
            ("把这句话翻译成英文", Topic::Translation),
            ("Summarise this article in three sentences", Topic::Summary),
            ("Write the two-paragraph email that tells a customer her export was delayed", Topic::Writing),
            ("Should I rent or buy? Pros and cons please", Topic::Planning),
            ("What is the capital of Mongolia?", Topic::Facts),
            ("hello", Topic::Other),
        ] {
            assert_eq!(topic(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn languages_by_rule() {
        for (text, code) in [
            ("What is the weather like in Berlin?", "en"),
            ("Wie ist das Wetter in Berlin und warum?", "de"),
            ("Quel est le meilleur moyen pour apprendre une langue ?", "fr"),
            ("今天天气怎么样？", "zh"),
            ("今日の天気はどうですか", "ja"),
            ("오늘 날씨 어때", "ko"),
            ("Какая сегодня погода", "ru"),
            ("¿Cómo se dice en español y por qué?", "es"),
            ("42", "und"),
        ] {
            assert_eq!(language(text).0, code, "{text}");
        }
    }
}
