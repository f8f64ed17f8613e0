//! Embeddings. They pass as they came, to providers that speak OpenAI's protocol: there is nothing in them to put
//! into another.

use super::{
    Asked, Protocol,
    read::{Draft, invalid, text_of, unambiguous},
    splice::Splice,
};
use crate::{Ending, forms, framed::MAX_BODY, json::Json};
use domain::{ErrorKind, Failure, FinishReason, Message, Part, Quirks, Role, StreamEvent, Usage};

/// Reads a request for embeddings. Its texts stand in [`Asked::request`], for being counted alone; an error is the
/// client's (400).
pub fn embeddings(body: &[u8]) -> Result<Asked, Failure> {
    let json = unambiguous(text_of(body)?)?;
    let text = match json.get("input") {
        Some(Json::String(text)) => text.clone().into_owned(),
        // Several texts, or tokens: counted as they are written, which is never too few.
        Some(list @ Json::Array(_)) => list.to_text(),
        _ => return Err(invalid("input", "“input” must be a text or a list.")),
    };
    let mut draft = Draft::new(Protocol::OpenAiChat);
    draft.asked.embeds = true;
    draft.request().messages = vec![Message { role: Role::User, parts: vec![Part::Text { text }] }];
    draft.asked.bound = Some(Failure::new(
        ErrorKind::RequestUnsupported,
        "None of this model's providers gives embeddings in OpenAI's protocol. Name one that does, as MODEL@PROVIDER.",
    ));
    draft.finish(&json, None)
}

/// May they be asked of this model of an endpoint of this dialect with these quirks?
pub(super) fn pass(dialect: &str, model: &str, quirks: &Quirks) -> bool {
    // A path of its own says nothing of where embeddings are.
    dialect == Protocol::OpenAiChat.dialect() && quirks.path.is_none() && forms::form(model, quirks).is_none()
}

/// Reads embeddings as they pass: whether they are whole, and how many tokens were read.
#[derive(Default)]
pub struct Embeddings {
    held: Vec<u8>,
    long: bool,
}

impl Embeddings {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.long |= self.held.len() as u64 + bytes.len() as u64 > MAX_BODY;
        if !self.long {
            self.held.extend_from_slice(bytes);
        }
    }

    /// No more will come: what they mean goes to `events`, and what is whole to `pass`.
    pub fn finish(self, events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) -> Ending {
        if self.long {
            return Ending::Malformed { at: MAX_BODY, why: "it is too long" };
        }
        // Millions of numbers are nothing to us: only where their list ends is looked for.
        let text =
            std::str::from_utf8(&self.held).ok().map(|text| text.trim_start_matches('\u{FEFF}').trim());
        let Some(text) = text.filter(|text| text.starts_with('{')) else {
            return if self.held.is_empty() {
                Ending::Truncated
            } else {
                Ending::Malformed { at: 0, why: "it is no JSON" }
            };
        };
        let Ok(answer) = Splice::of_read(text) else { return Ending::Truncated };
        if !answer.value("data").is_some_and(|data| data.starts_with('[')) {
            return Ending::Malformed { at: 0, why: "there are no embeddings in it" };
        }
        let usage = answer.value("usage").and_then(|usage| Json::parse(usage).ok());
        let count = |key: &str| usage.as_ref().and_then(|usage| usage.get(key)).and_then(Json::index);
        let mut usage = Usage::default();
        usage.input.total = count("prompt_tokens").or_else(|| count("total_tokens"));
        // Nothing is written, which is known.
        usage.output.total = Some(0);
        events.push(StreamEvent::Usage(usage));
        events.push(StreamEvent::Finish { reason: FinishReason::Stop, raw: None });
        *pass = self.held;
        Ending::Complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_are_counted_and_pass_whole_or_not_at_all() {
        let body =
            br#"{"object":"list","data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
        for cut in [body.len(), 40, 0] {
            let mut reader = Embeddings::default();
            body[..cut].chunks(7).for_each(|chunk| reader.push(chunk));
            let (mut events, mut pass) = (Vec::new(), Vec::new());
            let ending = reader.finish(&mut events, &mut pass);
            if cut == body.len() {
                assert!(matches!(ending, Ending::Complete));
                assert_eq!(pass, body);
                let told = events.iter().find_map(|event| match event {
                    StreamEvent::Usage(usage) => Some((usage.input.total, usage.output.total)),
                    _ => None,
                });
                assert_eq!(told, Some((Some(8), Some(0))));
            } else {
                assert!(!matches!(ending, Ending::Complete), "{cut}");
                assert!(pass.is_empty() && events.is_empty());
            }
        }
    }

    /// They are as many as the batch is long, and each has thousands of numbers.
    #[test]
    fn a_batch_of_any_length_passes() {
        let one = format!("{{\"embedding\":[{}0.5]}}", "-0.0123,".repeat(1_535));
        let all = vec![one; 3_000].join(",");
        let body = format!("\u{FEFF}{{\"data\":[{all}], \"usage\":{{\"total_tokens\":3000}}}}\n");
        let mut reader = Embeddings::default();
        body.as_bytes().chunks(65_536).for_each(|chunk| reader.push(chunk));
        let (mut events, mut pass) = (Vec::new(), Vec::new());
        assert!(matches!(reader.finish(&mut events, &mut pass), Ending::Complete));
        assert_eq!(pass.len(), body.len());
        let told =
            |event: &StreamEvent| matches!(event, StreamEvent::Usage(u) if u.input.total == Some(3_000));
        assert!(events.iter().any(told), "{events:?}");
        for none in ["[]", "{\"data\":null}", "{\"error\":{}}", "nothing"] {
            let mut reader = Embeddings::default();
            reader.push(none.as_bytes());
            let ending = reader.finish(&mut Vec::new(), &mut Vec::new());
            assert!(matches!(ending, Ending::Malformed { .. }), "{none}");
        }
    }

    #[test]
    fn what_is_no_request_for_embeddings_is_refused() {
        for bad in ["{}", r#"{"model":"m"}"#, r#"{"input":"x"}"#, r#"{"model":3,"input":"x"}"#, "[]", "{"] {
            assert!(embeddings(bad.as_bytes()).is_err(), "{bad}");
        }
        for good in [r#""words""#, r#"["one","two"]"#, "[1,2,3]", "[[1],[2]]"] {
            let asked = embeddings(format!(r#"{{"model":"m","input":{good}}}"#).as_bytes()).unwrap();
            assert!(asked.embeds && !asked.request.messages.is_empty());
        }
    }
}
