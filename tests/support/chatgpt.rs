//! Exports in ChatGPT's form, as large as wanted and the same for the same seed.

use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Numbers that look random and are the same everywhere.
pub struct Numbers(u64);

impl Numbers {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `limit`. SplitMix64 (Steele, Lea, Flood 2014).
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

const SYLLABLES: [&str; 32] = [
    "ba", "co", "de", "fi", "ga", "ho", "in", "ju", "ka", "lo", "me", "ni", "or", "pa", "qui", "re", "sa",
    "ti", "un", "va", "wo", "xe", "ya", "zu", "ber", "con", "den", "fer", "lin", "mar", "son", "tor",
];

/// A word; small numbers come far more often than large ones, as words do.
pub fn word(numbers: &mut Numbers) -> String {
    let mut n = numbers.below(40_000) * numbers.below(40_000) / 40_000;
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[(n % 32) as usize]);
        n /= 32;
        if n == 0 {
            return word;
        }
    }
}

/// About so many words in sentences.
pub fn prose(numbers: &mut Numbers, words: u64) -> String {
    let mut text = String::new();
    for n in 0..words {
        text.push_str(&word(numbers));
        text.push_str(match n % 13 {
            12 => ".\n\n",
            6 => ", ",
            _ => " ",
        });
    }
    text
}

/// Writes a whole export of at least so many bytes; gives its conversations and messages.
pub fn write_export(out: &mut impl Write, bytes: u64, seed: u64) -> io::Result<(u64, u64)> {
    let mut numbers = Numbers::new(seed);
    let (mut written, mut conversations, mut messages) = (0, 0, 0);
    out.write_all(b"[")?;
    while written < bytes {
        let (value, count) = conversation(&mut numbers, conversations);
        let text = value.to_string();
        if conversations > 0 {
            out.write_all(b",\n")?;
        }
        out.write_all(text.as_bytes())?;
        written += text.len() as u64;
        conversations += 1;
        messages += count;
    }
    out.write_all(b"]")?;
    Ok((conversations, messages))
}

/// An export of at least so many messages, each with the words that `mark` gives for its number.
pub fn write_marked(
    out: &mut impl Write,
    messages: u64,
    seed: u64,
    mark: impl Fn(u64) -> String,
) -> io::Result<u64> {
    let mut numbers = Numbers::new(seed);
    let (mut written, mut conversations) = (0, 0);
    out.write_all(b"[")?;
    while written < messages {
        let (mut value, _) = conversation(&mut numbers, conversations);
        for (_, node) in value["mapping"].as_object_mut().into_iter().flatten() {
            let Some(text) = node["message"]["content"]["parts"][0].as_str() else { continue };
            let text = format!("{text} {}", mark(written));
            node["message"]["content"]["parts"][0] = Value::String(text);
            written += 1;
        }
        if conversations > 0 {
            out.write_all(b",\n")?;
        }
        out.write_all(value.to_string().as_bytes())?;
        conversations += 1;
    }
    out.write_all(b"]")?;
    Ok(written)
}

/// A conversation and how many of our messages it makes.
fn conversation(numbers: &mut Numbers, number: u64) -> (Value, u64) {
    let begun = 1_680_000_000 + number * 977;
    let mut mapping = Map::new();
    let mut put = |id: &str, parent: &str, role: &str, at: u64, kind: &str, text: &str| {
        let content = match kind {
            "thoughts" => {
                json!({ "content_type": "thoughts", "thoughts": [{ "summary": "Plan", "content": text }] })
            }
            _ => json!({ "content_type": "text", "parts": [text] }),
        };
        let message = json!({
            "id": id,
            "author": { "role": role, "name": null, "metadata": {} },
            "create_time": at as f64 + 0.25,
            "content": content,
            "status": "finished_successfully",
            "end_turn": true,
            "weight": 1.0,
            "metadata": { "model_slug": "gpt-4o", "request_id": format!("req-{id}"), "timestamp_": "absolute" },
            "recipient": "all",
            "channel": null,
        });
        mapping
            .insert(id.to_owned(), json!({ "id": id, "message": message, "parent": parent, "children": [] }));
    };
    let turns = 1 + numbers.below(12);
    let mut parent = "root".to_owned();
    let mut count = 0;
    for turn in 0..turns {
        let at = begun + turn * 60;
        let user = format!("{number}-u{turn}");
        let asked = 5 + numbers.below(60);
        put(&user, &parent, "user", at, "text", &prose(numbers, asked));
        let mut answers = 1;
        if numbers.below(8) == 0 {
            let old = format!("{number}-o{turn}");
            put(&old, &user, "assistant", at + 1, "text", &prose(numbers, 40));
            answers += 1;
        }
        let mut above = user.clone();
        if numbers.below(5) == 0 {
            let thought = format!("{number}-t{turn}");
            put(&thought, &user, "assistant", at + 2, "thoughts", &prose(numbers, 60));
            above = thought;
        }
        let answer = format!("{number}-a{turn}");
        let said = 20 + numbers.below(400);
        put(&answer, &above, "assistant", at + 3, "text", &prose(numbers, said));
        parent = answer;
        count += 1 + answers;
    }
    mapping
        .insert("root".to_owned(), json!({ "id": "root", "message": null, "parent": null, "children": [] }));
    let value = json!({
        "title": prose(numbers, 4).trim(),
        "create_time": begun,
        "update_time": begun + turns * 60,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": parent,
        "conversation_id": format!("conversation-{number}"),
        "default_model_slug": "gpt-4o",
        "is_archived": false,
    });
    (value, count)
}
