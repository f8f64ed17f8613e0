//! Which path is what. The same is at `/v1`, `/v1beta` (Gemini), `/api/v1` (OpenRouter) and, for clients that
//! are given an address without either, at the root.

use crate::reply::Refused;
use hyper::{HeaderMap, Method};
use wire::serve::Protocol;

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// A model is asked.
    Ask {
        protocol: Protocol,
        /// Where the path names it.
        model: Option<String>,
        /// The path asks for a stream.
        stream: bool,
    },
    /// Tokens of a request are counted.
    Count {
        protocol: Protocol,
        model: Option<String>,
    },
    /// Embeddings are asked for; in Google's protocol of a model that the path names.
    Embed {
        model: Option<String>,
    },
    Models,
    CountModels,
    Model(String),
    Endpoints(String),
    Key,
    Credits,
    Generation,
    Providers,
    OpenApi,
}

/// A path, and the family of protocols it was asked under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub path: Path,
    gemini: bool,
}

/// How a client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// The protocol in which its answers, refusals included, are told.
    pub protocol: Protocol,
    /// It asked at OpenRouter's address, where what its own clients read differently is told in their way.
    pub openrouter: bool,
}

impl Manner {
    pub(crate) fn of(path: &str, place: Option<&Place>, headers: &HeaderMap) -> Self {
        let protocol = place.map_or_else(|| protocol_of(headers), |place| place.protocol(headers));
        Self { protocol, openrouter: path.starts_with(OPENROUTER) }
    }
}

impl Place {
    fn protocol(&self, headers: &HeaderMap) -> Protocol {
        match &self.path {
            Path::Ask { protocol, .. } | Path::Count { protocol, .. } => *protocol,
            Path::Embed { model } => {
                if model.is_some() {
                    Protocol::Gemini
                } else {
                    Protocol::OpenAiChat
                }
            }
            _ if self.gemini => Protocol::Gemini,
            _ => protocol_of(headers),
        }
    }

    pub(crate) fn takes(&self, method: &Method) -> Result<(), Refused> {
        let posted = matches!(self.path, Path::Ask { .. } | Path::Count { .. } | Path::Embed { .. });
        let wanted = if posted { Method::POST } else { Method::GET };
        if *method == wanted || !posted && *method == Method::HEAD {
            return Ok(());
        }
        Err(Refused::method(if posted { "POST" } else { "GET" }))
    }
}

/// Where several makers have a path of one name: whose client this is, by a header that only theirs send.
fn protocol_of(headers: &HeaderMap) -> Protocol {
    let says = |name: &str| headers.contains_key(name);
    if says("x-goog-api-client") || says("x-goog-api-key") {
        Protocol::Gemini
    } else if says("anthropic-version") {
        Protocol::AnthropicMessages
    } else {
        Protocol::OpenAiChat
    }
}

/// What its paths begin with.
const OPENROUTER: &str = "/api/v1/";

/// Finds what is at a path; `None` = nothing.
pub(crate) fn find(path: &str) -> Option<Place> {
    let (rest, gemini) = if let Some(rest) = path.strip_prefix("/v1beta/") {
        (rest, true)
    } else if let Some(rest) = path.strip_prefix(OPENROUTER).or_else(|| path.strip_prefix("/v1/")) {
        (rest, false)
    } else {
        (path.strip_prefix('/')?, false)
    };
    // OpenAI's clients and Anthropic's are given addresses with and without `/v1`.
    let rest = rest.strip_prefix("v1/").unwrap_or(rest);
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let ask = |protocol| Path::Ask { protocol, model: None, stream: false };
    let path = match rest {
        "chat/completions" => ask(Protocol::OpenAiChat),
        "responses" => ask(Protocol::OpenAiResponses),
        "messages" => ask(Protocol::AnthropicMessages),
        "messages/count_tokens" => Path::Count { protocol: Protocol::AnthropicMessages, model: None },
        "responses/input_tokens" => Path::Count { protocol: Protocol::OpenAiResponses, model: None },
        "embeddings" => Path::Embed { model: None },
        // OpenRouter's second one holds those that an account's rules allow, as ours does for an app key.
        "models" | "models/user" => Path::Models,
        "models/count" => Path::CountModels,
        "key" | "auth/key" => Path::Key,
        "credits" => Path::Credits,
        "generation" => Path::Generation,
        "providers" => Path::Providers,
        "openapi.json" => Path::OpenApi,
        other => return named(other, gemini),
    };
    Some(Place { path, gemini })
}

/// `models/…`: with a verb it is Gemini's, with `/endpoints` OpenRouter's, else one model; `model/…` is one too.
fn named(rest: &str, gemini: bool) -> Option<Place> {
    let name = decoded(rest.strip_prefix("models/").or_else(|| rest.strip_prefix("model/"))?)?;
    if name.is_empty() || name.len() > 300 {
        return None;
    }
    if let Some((model, verb)) = name.rsplit_once(':') {
        let model = Some(model.to_owned());
        let ask = |stream| Path::Ask { protocol: Protocol::Gemini, model: model.clone(), stream };
        let path = match verb {
            "generateContent" => Some(ask(false)),
            "streamGenerateContent" => Some(ask(true)),
            "countTokens" => Some(Path::Count { protocol: Protocol::Gemini, model: model.clone() }),
            "embedContent" | "batchEmbedContents" => Some(Path::Embed { model: model.clone() }),
            _ => None,
        };
        if let Some(path) = path {
            return Some(Place { path, gemini: true });
        }
    }
    let path = match name.strip_suffix("/endpoints") {
        Some(model) => Path::Endpoints(model.to_owned()),
        None => Path::Model(name),
    };
    Some(Place { path, gemini })
}

/// The value of a pair of a query, decoded; `None` = it is no text.
pub(crate) fn value(text: &str) -> Option<String> {
    decoded(&text.replace('+', " "))
}

/// Percent-decoded; `None` = it is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

/// Pairs of a query.
pub(crate) fn query(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Gemini's stream as events; without it is one JSON array.
pub(crate) fn asks_for_events(given: Option<&str>) -> bool {
    query(given).any(|pair| pair == ("alt", "sse"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<Path> {
        find(path).map(|place| place.path)
    }

    #[test]
    fn a_list_is_told_in_the_words_of_whoever_asks() {
        let place = find("/v1/models");
        let of = |place: Option<&Place>, name: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, hyper::header::HeaderValue::from_static("x"));
            Manner::of("/v1/models", place, &headers).protocol
        };
        for place in [place.as_ref(), None] {
            assert_eq!(of(place, "authorization"), Protocol::OpenAiChat);
            assert_eq!(of(place, "anthropic-version"), Protocol::AnthropicMessages);
            assert_eq!(of(place, "x-goog-api-client"), Protocol::Gemini);
            assert_eq!(of(place, "x-goog-api-key"), Protocol::Gemini);
        }
        let asked = find("/v1/chat/completions");
        assert_eq!(of(asked.as_ref(), "x-goog-api-key"), Protocol::OpenAiChat, "its path says it");
    }

    #[test]
    fn every_client_finds_its_path() {
        let chat = Path::Ask { protocol: Protocol::OpenAiChat, model: None, stream: false };
        for path in [
            "/v1/chat/completions",
            "/api/v1/chat/completions",
            "/chat/completions",
            "/v1/v1/chat/completions",
        ] {
            assert_eq!(at(path), Some(chat.clone()), "{path}");
        }
        let gemini = |model: &str, stream| Path::Ask {
            protocol: Protocol::Gemini,
            model: Some(model.to_owned()),
            stream,
        };
        assert_eq!(
            at("/v1beta/models/gemini-2.5-flash:generateContent"),
            Some(gemini("gemini-2.5-flash", false))
        );
        assert_eq!(at("/v1/models/google/x:free:streamGenerateContent"), Some(gemini("google/x:free", true)));
        assert_eq!(at("/v1beta/models/google%2Fx:generateContent"), Some(gemini("google/x", false)));
        let embed = |model: &str| Path::Embed { model: Some(model.to_owned()) };
        assert_eq!(
            at("/v1beta/models/gemini-embedding-001:embedContent"),
            Some(embed("gemini-embedding-001"))
        );
        assert_eq!(at("/v1/models/google/x:batchEmbedContents"), Some(embed("google/x")));
        assert_eq!(at("/v1/models/openai/gpt-5/endpoints"), Some(Path::Endpoints("openai/gpt-5".to_owned())));
        assert_eq!(at("/v1/models/openai/gpt-5:free"), Some(Path::Model("openai/gpt-5:free".to_owned())));
        assert_eq!(at("/api/v1/model/openai/gpt-5"), Some(Path::Model("openai/gpt-5".to_owned())));
        assert_eq!(at("/v1/models/"), Some(Path::Models));
        assert_eq!(at("/api/v1/models/user"), Some(Path::Models));
        assert_eq!(at("/api/v1/models/count"), Some(Path::CountModels));
        assert_eq!(at("/api/v1/generation"), Some(Path::Generation));
        assert_eq!(at("/api/v1/providers"), Some(Path::Providers));
        assert_eq!(value("a%2Cb+c").as_deref(), Some("a,b c"));
        for path in
            ["", "/", "/v1", "/v1/", "/v1/chat", "/favicon.ico", "/v1/models/%zz", "/v1/models/%0a", "*"]
        {
            assert_eq!(at(path), None, "{path}");
        }
    }
}
