//! Embeddings. They pass as they came, to providers that speak the protocol they were asked in, OpenAI's or Google's:
//! there is nothing in them to put into another.

use super::{
    Asked, Protocol,
    read::{Draft, invalid, list, text_of, unambiguous},
    splice::{Splice, items, quoted},
};
use crate::{Ending, forms, framed::MAX_BODY, gemini, json::Json};
use domain::{ErrorKind, Failure, FinishReason, Message, Part, Quirks, Role, StreamEvent, Usage};

/// Reads a request for embeddings. Its texts stand in [`Asked::request`], for being counted alone; an error is the
/// client's (400). `path_model` is the model in the path, which is Google's way.
pub fn embeddings(path_model: Option<&str>, body: &[u8]) -> Result<Asked, Failure> {
    let json = unambiguous(text_of(body)?)?;
    if path_model.is_some() {
        return googles(&json, path_model);
    }
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

/// Google's: one content, or `requests` with one each.
fn googles(json: &Json<'_>, path_model: Option<&str>) -> Result<Asked, Failure> {
    let mut draft = Draft::new(Protocol::Gemini);
    draft.asked.embeds = true;
    draft.asked.bound = Some(Failure::new(
        ErrorKind::RequestUnsupported,
        "None of this model's providers gives embeddings in Google's protocol. Name one that does, as MODEL@PROVIDER.",
    ));
    let one = std::slice::from_ref(json);
    let all = if json.get("requests").is_some() { list(json, "requests")? } else { one };
    for request in all {
        let parts = request.get("content").map(|content| content.list("parts")).unwrap_or_default();
        if parts.is_empty() {
            return Err(invalid("content", "A request for embeddings has “content” with “parts”."));
        }
        // A picture, a recording or what stands elsewhere has as many tokens as it has.
        if parts.iter().any(|part| part.text("text").is_none()) {
            draft.keep("A part that is no text");
        }
        let texts: Vec<&str> =
            parts.iter().filter_map(|part| part.text("text")).chain(request.text("title")).collect();
        draft.message(Role::User, vec![Part::Text { text: texts.join("\n") }]);
    }
    draft.finish(json, path_model)
}

/// May they be asked of this model of an endpoint of this dialect with these quirks?
pub(super) fn pass(asked: &Asked, dialect: &str, model: &str, quirks: &Quirks) -> bool {
    // A path of its own says nothing of where embeddings are.
    dialect == asked.protocol.dialect() && quirks.path.is_none() && forms::form(model, quirks).is_none()
}

/// Where they are asked for. Google wants the model's name in every one of several requests too.
pub(super) fn retarget(asked: &Asked, name: &str, splice: &mut Splice<'_>) -> Result<String, Failure> {
    if asked.protocol != Protocol::Gemini {
        return Ok("/embeddings".to_owned());
    }
    let path = gemini::path(name);
    let path = path.strip_suffix(":streamGenerateContent").unwrap_or(&path);
    let Some(requests) = splice.value("requests").filter(|requests| requests.trim() != "null") else {
        return Ok(format!("{path}:embedContent"));
    };
    let own = ["models/", "tunedModels/"].iter().any(|start| name.starts_with(start));
    let named = quoted(&if own { name.to_owned() } else { format!("models/{name}") });
    let mut all = Vec::new();
    for place in items(requests) {
        let mut one = Splice::of_read(&requests[place])?;
        one.set("model", &named);
        all.push(String::from_utf8(one.finish()).unwrap_or_default());
    }
    splice.set("requests", &format!("[{}]", all.join(",")));
    Ok(format!("{path}:batchEmbedContents"))
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
        let holds = |(name, open): (&str, char)| answer.value(name).is_some_and(|all| all.starts_with(open));
        if ![("data", '['), ("embeddings", '['), ("embedding", '{')].into_iter().any(holds) {
            return Ending::Malformed { at: 0, why: "there are no embeddings in it" };
        }
        let usage = answer.value("usage").or_else(|| answer.value("usageMetadata"));
        let usage = usage.and_then(|usage| Json::parse(usage).ok());
        let count = |key: &str| usage.as_ref().and_then(|usage| usage.get(key)).and_then(Json::index);
        let mut usage = Usage::default();
        usage.input.total = ["prompt_tokens", "total_tokens", "promptTokenCount"].into_iter().find_map(count);
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
            assert!(embeddings(None, bad.as_bytes()).is_err(), "{bad}");
        }
        for good in [r#""words""#, r#"["one","two"]"#, "[1,2,3]", "[[1],[2]]"] {
            let asked = embeddings(None, format!(r#"{{"model":"m","input":{good}}}"#).as_bytes()).unwrap();
            assert!(asked.embeds && !asked.request.messages.is_empty());
        }
    }

    /// Each of several requests names the model, which is called otherwise where it is asked.
    #[test]
    fn googles_are_read_and_sent_by_the_providers_name() {
        let one = r#"{"content":{"parts":[{"text":"one"}]},"taskType":"RETRIEVAL_QUERY"}"#;
        let several = r#"{"requests":[{"model":"models/x","content":{"parts":[{"text":"one"},{"text":"two"}]}}, {"title":"t","content":{"parts":[{"text":"three"}]}}]}"#;
        let asked = |body: &str| embeddings(Some("x"), body.as_bytes());
        assert_eq!(asked(one).unwrap().request.messages.len(), 1);
        let read = asked(several).unwrap();
        assert_eq!((read.model.as_str(), read.request.messages.len(), read.embeds), ("x", 2, true));
        assert!(!read.served().kept);
        let sent = |body: &str| {
            let mut splice = Splice::new(body).unwrap();
            let path = retarget(&read, "acme/m-1", &mut splice).unwrap();
            (path, String::from_utf8(splice.finish()).unwrap())
        };
        // In Google's JSON `null` is a field that was not set.
        let unset = one.replacen('{', r#"{"requests": null,"#, 1);
        assert_eq!(asked(&unset).unwrap().request.messages.len(), 1);
        assert_eq!(sent(&unset).0, "/v1beta/models/acme%2Fm-1:embedContent");
        assert_eq!(sent(one), ("/v1beta/models/acme%2Fm-1:embedContent".to_owned(), one.to_owned()));
        let (path, body) = sent(several);
        assert_eq!(path, "/v1beta/models/acme%2Fm-1:batchEmbedContents");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        for request in body["requests"].as_array().unwrap() {
            assert_eq!(request["model"], "models/acme/m-1");
        }
        assert_eq!(body["requests"][0]["content"]["parts"][1]["text"], "two");
        // As long as nobody knows how much a picture is, nobody says that it is little.
        let picture = r#"{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}}"#;
        assert!(asked(picture).unwrap().served().kept);
        for bad in [
            "{}",
            r#"{"content":"x"}"#,
            r#"{"content":{"parts":[]}}"#,
            r#"{"requests":[3]}"#,
            r#"{"requests":{}}"#,
        ] {
            assert!(asked(bad).is_err(), "{bad}");
        }
        for (answer, tokens) in [
            (r#"{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":3}}"#, Some(3)),
            (r#"{"embeddings":[{"values":[0.5]}]}"#, None),
        ] {
            let mut reader = Embeddings::default();
            reader.push(answer.as_bytes());
            let (mut events, mut pass) = (Vec::new(), Vec::new());
            assert!(matches!(reader.finish(&mut events, &mut pass), Ending::Complete), "{answer}");
            let told =
                |event: &StreamEvent| matches!(event, StreamEvent::Usage(u) if u.input.total == tokens);
            assert!(events.iter().any(told) && pass == answer.as_bytes(), "{events:?}");
        }
    }
}
