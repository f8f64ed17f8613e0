//! The `vertex` dialect: one address that serves several makers' models, each in its maker's own form.
//!
//! Which form a model has is data; see [`crate::forms`].

use crate::{Decoder, Dialect, Encoded, Framing, ListedModel, forms, gemini::Gemini};
use domain::{Endpoint, ErrorKind, Failure, Headers, Quirks, Request, say};

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
                say!(
                    "It is not known in which form this provider serves “{upstream_model}”.",
                    upstream_model = to.upstream_model
                ),
            )
        };
        forms::encode(request, to, quirks, self.id()).unwrap_or_else(|| Err(unknown()))
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
        forms::inner(model, quirks, self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dialect_for, trial};
    use domain::{DialectId, ModelForm};

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
        assert_eq!(dialect_for("cohere", "sonnet-4", &quirks()).unwrap().id(), "cohere", "it has no forms");
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
