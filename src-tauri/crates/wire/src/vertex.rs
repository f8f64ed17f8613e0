//! The `vertex` dialect: one address that serves several makers' models, each in its maker's own form.
//!
//! Which form a model has is data ([`ModelForm`]): its dialect, its path, and what differs in the body. The
//! answer is read by that dialect, so who decodes asks [`crate::dialect_for`] with the model's id.

use crate::{Decoder, Dialect, Encoded, Framing, ListedModel, dialect, gemini::Gemini};
use domain::{Endpoint, ErrorKind, Failure, Headers, ModelForm, Quirks, Request};
use serde_json::{Map, Value};

/// The dialect.
pub(crate) struct Vertex;

impl Dialect for Vertex {
    fn id(&self) -> &'static str {
        "vertex"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        let unknown = || {
            Failure::new(
                ErrorKind::RequestUnsupported,
                format!("It is not known in which form this provider serves “{}”.", to.upstream_model),
            )
        };
        let form = form(&to.upstream_model, quirks).ok_or_else(unknown)?;
        let inner = inner(form).ok_or_else(unknown)?;
        let path = form.path.clone().or_else(|| quirks.path.clone());
        let mut encoded = inner.encode(request, to, &Quirks { path, ..quirks.clone() })?;
        if !form.body.is_empty() || !form.omit.is_empty() {
            encoded.call.body = changed(&encoded.call.body, form)?;
        }
        Ok(encoded)
    }

    /// For an answer whose model is not known: errors and lists are in this form for all of them.
    fn decoder(&self, framing: Framing, quirks: &Quirks) -> Box<dyn Decoder> {
        Gemini.decoder(framing, quirks)
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        Gemini.failure(status, headers, body)
    }

    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        Gemini.models(body)
    }

    fn of_model(&self, model: &str, quirks: &Quirks) -> Option<&'static dyn Dialect> {
        inner(form(model, quirks)?)
    }
}

/// The first form that is for this model.
fn form<'q>(model: &str, quirks: &'q Quirks) -> Option<&'q ModelForm> {
    let fits = |form: &&ModelForm| form.models.iter().any(|part| model.contains(part.as_str()));
    quirks.forms.iter().find(|form| form.models.is_empty() || fits(form))
}

/// The form's dialect; one form inside another there is not.
fn inner(form: &ModelForm) -> Option<&'static dyn Dialect> {
    dialect(form.dialect.as_str()).filter(|inner| inner.id() != Vertex.id())
}

fn changed(body: &[u8], form: &ModelForm) -> Result<Vec<u8>, Failure> {
    let bug = |error: serde_json::Error| {
        Failure::new(ErrorKind::Bug, format!("A request was encoded that is no object ({error})."))
    };
    let mut body: Map<String, Value> = serde_json::from_slice(body).map_err(bug)?;
    body.retain(|name, _| !form.omit.contains(name));
    body.extend(form.body.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    serde_json::to_vec(&body).map_err(bug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dialect_for, trial};
    use domain::DialectId;

    fn quirks() -> Quirks {
        let form = |part: &str, dialect: &str, path: &str| ModelForm {
            models: if part.is_empty() { Vec::new() } else { vec![part.to_owned()] },
            dialect: DialectId::from(dialect),
            path: Some(path.to_owned()),
            body: Default::default(),
            omit: Vec::new(),
        };
        let mut messages = form("sonnet", "anthropic-messages", "/p/a/models/{model}:streamRawPredict");
        messages.body = [("version".to_owned(), "v-2".to_owned())].into();
        messages.omit = vec!["model".to_owned()];
        let chat = form("/", "openai-chat", "/endpoints/openapi/chat/completions");
        let rest = form("", "gemini", "/p/g/models/{model}:streamGenerateContent");
        Quirks { forms: vec![chat, messages, rest], ..Quirks::default() }
    }

    fn encoded(model: &str) -> Encoded {
        let request = trial::ask(vec![trial::user(vec![trial::text("Hi")])]);
        Vertex.encode(&request, &trial::endpoint(model), &quirks()).unwrap()
    }

    #[test]
    fn each_makers_models_are_asked_in_their_own_form() {
        let messages = encoded("sonnet-4@20250514");
        assert_eq!(messages.call.path, "/p/a/models/sonnet-4@20250514:streamRawPredict");
        let body = trial::body(&messages);
        assert_eq!((&body["version"], &body["stream"]), (&"v-2".into(), &true.into()));
        assert!(body.get("model").is_none() && body["max_tokens"].is_u64(), "{body}");
        assert!(messages.notices.is_empty(), "{:?}", messages.notices);
        let contents = encoded("flash-2.5");
        assert_eq!(contents.call.path, "/p/g/models/flash-2.5:streamGenerateContent");
        assert_eq!(contents.call.query, [("alt".to_owned(), "sse".to_owned())]);
        assert_eq!(trial::body(&contents)["contents"][0]["parts"][0]["text"], "Hi");
        let chat = encoded("maker/open-model");
        assert_eq!(chat.call.path, "/endpoints/openapi/chat/completions");
        assert_eq!(trial::body(&chat)["model"], "maker/open-model");
    }

    #[test]
    fn an_answer_is_read_by_the_dialect_of_its_model() {
        let of = |model| dialect_for("vertex", model, &quirks()).unwrap().id();
        assert_eq!((of("sonnet-4"), of("flash"), of("a/b")), ("anthropic-messages", "gemini", "openai-chat"));
        assert_eq!(dialect_for("openai-chat", "sonnet-4", &quirks()).unwrap().id(), "openai-chat");
        assert!(dialect_for("morse", "sonnet-4", &quirks()).is_none());
    }

    #[test]
    fn a_model_of_no_known_form_is_refused() {
        let request = trial::ask(vec![trial::user(vec![trial::text("Hi")])]);
        let loops =
            ModelForm { models: Vec::new(), dialect: DialectId::from("vertex"), ..quirks().forms.remove(0) };
        for forms in [Vec::new(), vec![loops]] {
            let quirks = Quirks { forms, ..Quirks::default() };
            let failure = Vertex.encode(&request, &trial::endpoint("x"), &quirks).unwrap_err();
            assert_eq!(failure.kind, ErrorKind::RequestUnsupported);
        }
    }
}
