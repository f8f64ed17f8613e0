//! What a demo model reads of a request.

use serde::Deserialize;

/// A request as far as a demo model cares.
pub(super) struct Ask {
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) max_tokens: Option<usize>,
    /// What the user wrote last.
    pub(super) prompt: String,
    /// What the user wrote before, oldest first, as it came with *this* request.
    pub(super) earlier: Vec<String>,
    pub(super) prompt_tokens: usize,
    /// Of model and prompts: what varies an answer.
    pub(super) hash: u64,
}

#[derive(Deserialize)]
struct Body {
    model: String,
    #[serde(default)]
    stream: bool,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
    #[default]
    Nothing,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts
                .iter()
                .map(|part| part.text.as_str())
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("\n"),
            Self::Nothing => String::new(),
        }
    }
}

impl Ask {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(body).ok()?;
        // Four tokens a message stand for its role and borders.
        let prompt_tokens = body.messages.iter().map(|m| 4 + tokens(&m.content.text()).count()).sum();
        let mut earlier: Vec<String> =
            body.messages.iter().filter(|m| m.role == "user").map(|m| m.content.text()).collect();
        let prompt = earlier.pop()?;
        let hash =
            [body.model.as_str(), prompt.as_str()].into_iter().chain(earlier.iter().map(String::as_str));
        let hash = hash.fold(FNV_START, |hash, text| fnv(fnv(hash, text.as_bytes()), &[0]));
        Some(Self {
            model: body.model,
            stream: body.stream,
            max_tokens: body.max_completion_tokens.or(body.max_tokens),
            prompt,
            earlier,
            prompt_tokens,
            hash,
        })
    }

    /// One of `choices`, always the same for the same request; `salt` separates the choices of one answer.
    pub(super) fn pick<'t>(&self, salt: u64, choices: &[&'t str]) -> &'t str {
        let at = fnv(self.hash, &salt.to_le_bytes()) >> 16;
        let at = usize::try_from(at % choices.len().max(1) as u64).unwrap_or(0);
        choices.get(at).copied().unwrap_or_default()
    }

    /// Whether the prompt asks for a number that was named before.
    pub(super) fn asks_for_number(&self) -> bool {
        let prompt = self.prompt.to_lowercase();
        prompt.contains("number")
            && last_integer(&prompt).is_none()
            && ["what", "which", "recall", "remember", "repeat", "again", "tell", "?"]
                .iter()
                .any(|w| prompt.contains(w))
    }

    /// The last integer in what the user wrote before.
    pub(super) fn remembered(&self) -> Option<&str> {
        self.earlier.iter().rev().find_map(|text| last_integer(text))
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits: small, fixed for ever, good enough to vary a text.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The last run of digits in a text.
pub(super) fn last_integer(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit()).rfind(|digits| !digits.is_empty())
}

/// Cuts a text into what counts as a token here: a word with the space before it, at most six letters
/// of it at a time, or one other character. Joined, the pieces are the text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut letters = 0;
        let mut end = 0;
        for (at, character) in rest.char_indices() {
            let is_letter = character.is_alphanumeric();
            if at > 0 && (letters == 6 || !is_letter) {
                break;
            }
            letters += usize::from(is_letter);
            end = at + character.len_utf8();
            if !is_letter && character != ' ' {
                break;
            }
        }
        let (piece, left) = rest.split_at(end);
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}
