//! Tokens before anybody has counted them. Every function here takes time linear in the text.

use domain::{Message, Part, Request, ResponseFormat};

/// The most tokens any vision model we know of bills for one picture: gpt-4o-mini takes 2,833 and 5,667
/// for each 512-pixel tile, of which a picture scaled to 2,048 × 768 has eight (OpenAI's vision guide,
/// as known, not re-read).
pub const IMAGE_TOKENS_AT_MOST: u64 = 48_169;
/// What a picture of about a megapixel takes at most providers (Anthropic, Gemini, gpt-4.1: 1,000–1,600).
const IMAGE_TOKENS_LIKELY: u64 = 1_200;
/// Role and separators around a message: 3 or 4 tokens in published chat templates, and room.
const MESSAGE_AT_MOST: u64 = 16;
const MESSAGE_LIKELY: u64 = 4;
/// What a provider puts before a conversation by itself. With tools Anthropic adds up to 530 tokens
/// (its tool-use page, as known, not re-read).
const PREAMBLE_AT_MOST: u64 = 64;
const TOOLS_AT_MOST: u64 = 1_024;
const TOOLS_LIKELY: u64 = 300;
/// A PDF page of text is 30 to 100 kB and 1,500 to 3,000 tokens (Anthropic's PDF page, as known, not
/// re-read).
const BYTES_PER_DOCUMENT_TOKEN: u64 = 32;

/// How a request is measured.
struct Measure {
    text: fn(&str) -> u64,
    message: u64,
    image: u64,
    /// A document that is not text, by its bytes.
    document: fn(u64) -> u64,
    tools: u64,
    preamble: u64,
}

const AT_MOST: Measure = Measure {
    text: |text| text.len() as u64,
    message: MESSAGE_AT_MOST,
    image: IMAGE_TOKENS_AT_MOST,
    document: |bytes| bytes.saturating_add(IMAGE_TOKENS_AT_MOST),
    tools: TOOLS_AT_MOST,
    preamble: PREAMBLE_AT_MOST,
};

const TEXT_ALONE: Measure =
    Measure { text: |text| text.len() as u64, message: 0, image: 0, document: |_| 0, tools: 0, preamble: 0 };

const LIKELY: Measure = Measure {
    text: likely,
    message: MESSAGE_LIKELY,
    image: IMAGE_TOKENS_LIKELY,
    document: |bytes| IMAGE_TOKENS_LIKELY.saturating_add(bytes / BYTES_PER_DOCUMENT_TOKEN),
    tools: TOOLS_LIKELY,
    preamble: 0,
};

/// No tokenizer in use here gives more tokens than this many: byte-level pairs never give more tokens
/// than bytes. Pictures count as the dearest known. A document counts as its bytes and one picture;
/// one of many almost empty pages can take more.
pub fn prompt_upper_bound(request: &Request) -> u64 {
    AT_MOST.request(request)
}

/// Bytes that a request takes at least of a JSON body it was read from: texts and names their own, attachments those of
/// base64 or, being text, their own. What such a body has beyond them is its form, or was not read.
pub fn least_bytes(request: &Request) -> u64 {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let encoded = |data: &[u8]| (data.len() as u64).saturating_mul(4) / 3;
    let attached = parts.map(|part| {
        if let Part::Image { data, .. } = part {
            encoded(data)
        } else if let Part::File { data, .. } = part
            && std::str::from_utf8(data).is_err()
        {
            encoded(data)
        } else {
            0
        }
    });
    attached.fold(TEXT_ALONE.request(request), u64::saturating_add)
}

/// How many tokens a prompt likely has.
pub fn prompt_estimate(request: &Request) -> u64 {
    LIKELY.request(request)
}

/// How many tokens likely stand behind the text that has arrived, block by block.
pub fn output_estimate<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    texts.into_iter().map(tokens_of).fold(0, u64::saturating_add)
}

impl Measure {
    fn request(&self, request: &Request) -> u64 {
        let system = request.system.as_deref().map(|s| self.texts([s]).saturating_add(self.message));
        let tools = (!request.tools.is_empty()).then_some(self.tools);
        let every_tool = request.tools.iter().map(|tool| {
            let schema = tool.parameters.to_string();
            self.texts([&tool.name, &tool.description, &schema]).saturating_add(self.message)
        });
        // What the answer must look like is sent with it and read like a tool.
        let form = match &request.params.response_format {
            Some(ResponseFormat::JsonSchema { name, schema }) => {
                Some(self.texts([name, &schema.to_string()]).saturating_add(self.message))
            }
            Some(ResponseFormat::JsonObject) | None => None,
        };
        let messages = request.messages.iter().map(|message| self.message(message));
        let once = [Some(self.preamble), system, tools, form].into_iter().flatten();
        once.chain(every_tool).chain(messages).fold(0, u64::saturating_add)
    }

    fn message(&self, message: &Message) -> u64 {
        message.parts.iter().map(|part| self.part(part)).fold(self.message, u64::saturating_add)
    }

    fn part(&self, part: &Part) -> u64 {
        match part {
            Part::Text { text } | Part::Refusal { text } => self.texts([text]),
            // A message of its own, with another behind it, or a text between marks.
            Part::System { text } => self.texts([text]).saturating_add(self.message.saturating_mul(2)),
            Part::Reasoning { text, signature, .. } => {
                self.texts([text, signature.as_deref().unwrap_or_default()])
            }
            Part::Image { .. } | Part::ImageUrl { .. } => self.image,
            // Not yet read: by its type and length.
            Part::Attachment(file) if file.media_type.starts_with("image/") => self.image,
            Part::Attachment(file) if file.media_type == "application/pdf" => (self.document)(file.bytes),
            Part::Attachment(file) => match file.words_instead() {
                Some(words) => self.texts([&words]),
                None => file.bytes,
            },
            Part::File { name, data, .. } => {
                let inside = match std::str::from_utf8(data) {
                    Ok(text) => self.texts([text]),
                    Err(_) => (self.document)(data.len() as u64),
                };
                self.texts([name]).saturating_add(inside)
            }
            Part::ToolCall { id, name, arguments, signature, .. } => {
                self.texts([id, name, arguments, signature.as_deref().unwrap_or_default()])
            }
            Part::ToolResult { id, name, content, .. } => self.texts([id, name, content]),
            // A mark is no word; the others are shown with an answer, never sent again.
            Part::Kept { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::Seam(_)
            | Part::GeneratedImage { .. } => 0,
        }
    }

    fn texts<const N: usize>(&self, texts: [&str; N]) -> u64 {
        texts.into_iter().map(self.text).fold(0, u64::saturating_add)
    }
}

/// Longer texts are measured in samples.
const SAMPLED: usize = 128 * 1024;
const SAMPLES: usize = 32;
const SAMPLE: usize = 2 * 1024;

/// [`tokens_of`] a text; of a long one by samples from all over it. A program waits for this, and the estimate is no
/// exacter than they are.
fn likely(text: &str) -> u64 {
    if text.len() <= SAMPLED {
        return tokens_of(text);
    }
    let sample = |place: usize| {
        let from = text.floor_char_boundary(text.len() / SAMPLES * place);
        text.get(from..text.floor_char_boundary(from + SAMPLE)).unwrap_or_default()
    };
    let samples = (0..SAMPLES).map(sample);
    let (tokens, bytes) = samples
        .fold((0, 0), |(tokens, bytes), sample| (tokens + tokens_of(sample), bytes + sample.len() as u64));
    tokens.saturating_mul(text.len() as u64) / bytes.max(1)
}

/// Sorts of characters that tokenizers of today treat alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Letters of a Latin word.
    Latin,
    /// Letters of other alphabets.
    Alphabet,
    Digit,
    Space,
    Line,
    Punctuation,
    /// Signs, and signs of scripts that are written without spaces: each stands for itself.
    Sign,
}

fn class(c: char) -> Class {
    match c {
        ' ' | '\t' => Class::Space,
        '\n' | '\r' => Class::Line,
        '0'..='9' => Class::Digit,
        'a'..='z' | 'A'..='Z' | '\'' | '\u{c0}'..='\u{24f}' => Class::Latin,
        '\u{370}'..='\u{6ff}' | '\u{900}'..='\u{dff}' => Class::Alphabet,
        '\0'..='\x7f' => Class::Punctuation,
        _ => Class::Sign,
    }
}

/// How many tokens a text likely has: by runs of like characters, in the proportions common to the
/// byte-pair vocabularies of today. A guide, not a count: over 49 recorded answers the
/// median is right, half are within 6 % and nine in ten within 25 % (`tests/money.rs` holds it there).
pub fn tokens_of(text: &str) -> u64 {
    let mut tokens = 0_u64;
    let mut run: Option<(Class, u64)> = None;
    for c in text.chars() {
        let next = class(c);
        match &mut run {
            Some((class, length)) if *class == next => *length += 1,
            _ => {
                tokens += run.map_or(0, |(class, length)| of_run(class, length));
                run = Some((next, 1));
            }
        }
    }
    tokens + run.map_or(0, |(class, length)| of_run(class, length))
}

const fn of_run(class: Class, length: u64) -> u64 {
    match class {
        // A common word is one token up to about eight letters, a long one one more for each six.
        Class::Latin if length <= 8 => 1,
        Class::Latin => 1 + (length - 2) / 6,
        Class::Alphabet => length.div_ceil(3),
        Class::Digit => length.div_ceil(3),
        // One space belongs to the word after it.
        Class::Space if length == 1 => 0,
        Class::Space => length.div_ceil(16),
        Class::Line => length.div_ceil(8),
        Class::Punctuation => length.div_ceil(2),
        Class::Sign => length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_long_text_say_what_all_of_it_does() {
        let prose = "Die Größe of the house, 1,204.5 m², was read twice:\n  fn main() { println!(\"{x}\"); }\n日本語も ";
        for text in [prose.repeat(9_000), "a".repeat(900_000), "été 語 ".repeat(100_000)] {
            let (all, sampled) = (tokens_of(&text), likely(&text));
            assert!(text.len() > SAMPLED && all.abs_diff(sampled) * 50 <= all, "{sampled} for {all}");
        }
        assert_eq!(likely(prose), tokens_of(prose));
    }

    #[test]
    fn what_the_system_says_later_counts_with_what_stands_around_it() {
        let of = |parts: Vec<Part>| Request {
            messages: vec![Message { role: domain::Role::User, parts }],
            ..Request::default()
        };
        let text = "Be kind to everybody. ".repeat(20);
        let words = of(vec![Part::Text { text: format!("<system>\n{text}\n</system>\n\n") }]);
        let system = of(vec![Part::System { text: text.clone() }]);
        assert!(prompt_upper_bound(&system) >= prompt_upper_bound(&words));
        assert!(prompt_estimate(&system) >= prompt_estimate(&of(vec![Part::Text { text: text.clone() }])));
        assert_eq!(least_bytes(&system), text.len() as u64, "of a body it takes its words");
    }

    #[test]
    fn a_recording_that_is_not_sent_costs_the_words_in_its_place() {
        let file = domain::Attachment {
            sha256: "0".repeat(64),
            name: "prompt.wav".to_owned(),
            media_type: "audio/wav".to_owned(),
            bytes: 30_000_000,
            text_sha256: None,
        };
        let words = Part::Text { text: file.words_instead().unwrap() };
        let of = |part: Part| Request {
            messages: vec![Message { role: domain::Role::User, parts: vec![part] }],
            ..Request::default()
        };
        let [unread, read] = [of(Part::Attachment(file)), of(words)];
        assert_eq!(prompt_estimate(&unread), prompt_estimate(&read));
        assert_eq!(prompt_upper_bound(&unread), prompt_upper_bound(&read));
    }
}
