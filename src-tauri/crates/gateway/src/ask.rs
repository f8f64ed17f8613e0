//! A model is asked: from the client's protocol to the engine and back.

use crate::{
    Shared,
    again::{self, Recorder},
    body::{self, Answer, Mouth, Stream},
    path::Manner,
    rates::Counted,
    reply::{self, Refused},
};
use bytes::Bytes;
use domain::{ErrorKind, Failure, StreamEvent};
use engine::{Caller, End, Engine, Head, Piece, RelayAsk};
use hyper::{HeaderMap, Response, header};
use std::sync::Arc;
use tokio::sync::mpsc;
use wire::serve::{self, Asked, Costs, Encoder, Protocol, Told};

/// Headers of a client that go on to a provider which speaks its protocol: they choose among the provider's
/// own abilities and name nobody.
const FORWARDED: &[&str] = &["anthropic-version", "anthropic-beta", "openai-beta"];

/// How a client asks.
pub(crate) struct Client {
    pub manner: Manner,
    /// It asks for embeddings.
    pub embeds: bool,
    /// The model its path names.
    pub model: Option<String>,
    /// Its path asks for a stream.
    pub stream: bool,
    /// It wants that stream as one JSON array.
    pub array: bool,
    /// Which conversation it belongs to, where a header says so: for staying where the prompt is cached.
    pub session: Option<String>,
    pub headers: Vec<(String, String)>,
}

impl Client {
    /// What of its way of asking decides how it is answered.
    fn form(&self) -> String {
        let Self { manner, embeds, model, stream, array, session: _, headers } = self;
        format!("{manner:?} {embeds} {model:?} {stream} {array} {headers:?}")
    }
}

pub(crate) fn forwarded(headers: &HeaderMap) -> Vec<(String, String)> {
    // Said in several lines it is one list.
    let value = |name: &&str| {
        let all: Vec<&str> = headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()).collect();
        (!all.is_empty()).then(|| ((*name).to_owned(), all.join(",")))
    };
    FORWARDED.iter().filter_map(value).collect()
}

/// Asks, and answers with what comes.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    caller: Caller,
    client: Client,
    body: Bytes,
) -> Result<Response<Answer>, Failure> {
    let engine = &shared.engine;
    let manner = client.manner;
    let parse = || {
        let asked = match client.embeds {
            true => serve::embeddings(client.model.as_deref(), &body),
            false => serve::parse(manner.protocol, client.model.as_deref(), client.stream, &body),
        };
        let asked = asked.map(|asked| asked.of_session(client.session.as_deref()));
        asked.map(|asked| if manner.openrouter { asked.at_openrouters_address() } else { asked })
    };
    let asked = Arc::new(engine::reading(body.len(), parse)?);
    let now = engine.clock().elapsed();
    let mut recorder = None;
    if caller.key.cache
        && let Some(digest) = engine::reading(body.len(), || again::digest(&caller, &client.form(), &body))
    {
        match shared.answers.find(digest, now).await {
            Ok(kept) => {
                engine.answered_again(&caller.key.name, &kept.model, kept.cost).await?;
                return Ok(again::again(&kept, engine.clock().elapsed()));
            }
            Err(task) => recorder = Some(task),
        }
    }
    let counted = match shared.rates.admit(&caller.key, || engine.expected_tokens(&asked.request), now) {
        Ok(counted) => counted,
        Err(wait) => return Err(Refused::hurried(wait)),
    };
    let told = Told {
        model: asked.model.clone(),
        created: u64::try_from(engine.clock().now().0 / 1_000).unwrap_or(0),
        include_usage: asked.include_usage,
        array: client.array,
        old_calls: asked.old_calls,
        hide_reasoning: asked.hide_reasoning,
        openrouter: manner.openrouter,
        ..Told::default()
    };
    let ask = RelayAsk {
        caller,
        asked: Arc::clone(&asked),
        body,
        headers: client.headers,
        translate: client.array,
    };
    let pieces = engine.relay(ask);
    let way = Way { manner, told, costs: asked.include_cost };
    if asked.stream {
        Ok(streamed(engine, way, pieces, counted, recorder).await)
    } else {
        Ok(whole(engine, way, pieces, counted, recorder).await)
    }
}

fn lost() -> End {
    End::lost(Failure::new(ErrorKind::Bug, "Parallax lost this answer. Ask again."))
}

/// How an answer is told.
struct Way {
    manner: Manner,
    told: Told,
    /// The cost stands in the usage, also of an answer that passes.
    costs: bool,
}

/// Answers as it comes. The status waits for the first content, and nothing else does.
async fn streamed(
    engine: &Engine,
    Way { manner, told, costs }: Way,
    mut pieces: mpsc::Receiver<Piece>,
    counted: Option<Counted>,
    mut recorder: Option<Recorder>,
) -> Response<Answer> {
    let head = match pieces.recv().await {
        Some(Piece::Head(head)) => head,
        Some(Piece::End(end)) => return ended(manner, &end, counted.as_ref()),
        Some(Piece::Events(_) | Piece::Bytes(_)) | None => return ended(manner, &lost(), None),
    };
    let array = told.array;
    let told = named(told, &head);
    let mouth = if head.passed {
        Mouth::Passed(manner.protocol, Box::new(told), costs.then(Costs::default))
    } else {
        Mouth::Encoded(Box::new(Encoder::new(manner.protocol, told)))
    };
    let mut response = reply::response(200, Answer::whole(Vec::new()));
    let kind = if array { "application/json" } else { "text/event-stream; charset=utf-8" };
    reply::set(response.headers_mut(), "content-type", kind);
    reply::set(response.headers_mut(), "cache-control", "no-cache");
    introduce(response.headers_mut(), &head);
    if let Some(recorder) = &mut recorder {
        recorder.head(response.headers(), head.model.as_str());
    }
    let ended = Arc::clone(&head.over);
    let stream = Stream::new(pieces, mouth, counted, ended).recorded(recorder, engine);
    response.map(|_| Answer::stream(stream))
}

/// Answers once all of it is there.
async fn whole(
    engine: &Engine,
    Way { manner, told, costs }: Way,
    mut pieces: mpsc::Receiver<Piece>,
    counted: Option<Counted>,
    recorder: Option<Recorder>,
) -> Response<Answer> {
    let mut head = None;
    let mut events: Vec<StreamEvent> = Vec::new();
    let mut bytes = Vec::new();
    let end = loop {
        match pieces.recv().await {
            Some(Piece::Head(found)) => head = Some(found),
            Some(Piece::Events(more)) => events.extend(more),
            Some(Piece::Bytes(more)) if bytes.is_empty() => bytes = more,
            Some(Piece::Bytes(more)) => bytes.extend_from_slice(&more),
            Some(Piece::End(end)) => break *end,
            None => break lost(),
        }
    };
    let head = match head {
        Some(head) if end.failure.is_none() => head,
        _ => return ended(manner, &end, counted.as_ref()),
    };
    body::count(counted.as_ref(), &end);
    if !head.passed {
        let told = Told { counted: end.counted.clone(), ..named(told, &head) };
        bytes = serve::whole(manner.protocol, &told, &events, end.cost.total);
    } else if costs && let Some(cost) = end.cost.total {
        bytes = serve::with_cost(&bytes, cost);
    }
    let bytes = Bytes::from(bytes);
    let mut response = reply::json(200, Vec::new()).map(|_| Answer::whole(bytes.clone()));
    introduce(response.headers_mut(), &head);
    if let Some(mut recorder) = recorder {
        recorder.head(response.headers(), head.model.as_str());
        recorder.chunk(&bytes);
        recorder.keep(end.cost.total, engine.clock().elapsed());
    }
    if let Some(cost) = end.cost.total {
        reply::set(response.headers_mut(), "x-parallax-cost", &cost.to_string());
    }
    response
}

/// Nothing of an answer was sent: a real status says why.
fn ended(manner: Manner, end: &End, counted: Option<&Counted>) -> Response<Answer> {
    body::count(counted, end);
    let failure = end.failure.clone().unwrap_or_else(|| {
        Failure::new(ErrorKind::StreamTruncated, "The provider answered with nothing at all. Try again.")
    });
    let mut response = reply::failure(manner, &failure, &end.headers);
    reply::set(response.headers_mut(), "x-parallax-attempts", &end.attempts.to_string());
    response
}

fn named(told: Told, head: &Head) -> Told {
    Told {
        id: head.generation.clone(),
        model: head.model.to_string(),
        provider: Some(head.provider.clone()),
        issuer: head.endpoint.to_string(),
        warnings: head.notices.clone(),
        ..told
    }
}

/// Says where an answer comes from.
fn introduce(headers: &mut HeaderMap, head: &Head) {
    for (name, value) in &head.headers {
        reply::set(headers, name, value);
    }
    reply::set(headers, "x-generation-id", &head.generation);
    reply::set(headers, "x-parallax-endpoint", head.endpoint.as_str());
    reply::set(headers, "x-parallax-model", head.model.as_str());
    reply::set(headers, "x-parallax-route", &head.policy);
    reply::set(headers, "x-parallax-attempts", &head.attempts.to_string());
    if !head.notices.is_empty() {
        reply::set(headers, "x-parallax-notices", &listed(&head.notices));
    }
    headers.remove(header::SET_COOKIE);
}

/// Texts as a JSON list that a header can hold: in ASCII, and not too long for any client.
pub(crate) fn listed(texts: &[String]) -> String {
    const MOST: usize = 4_000;
    let mut list = String::from("[");
    for text in texts {
        let mut item = String::from("\"");
        for unit in text.encode_utf16() {
            match u8::try_from(unit) {
                Ok(plain @ b' '..=b'~') if !matches!(plain, b'"' | b'\\') => item.push(char::from(plain)),
                _ => item.push_str(&format!("\\u{unit:04x}")),
            }
        }
        item.push('"');
        if list.len() + item.len() > MOST {
            break;
        }
        if list.len() > 1 {
            list.push(',');
        }
        list.push_str(&item);
    }
    list.push(']');
    list
}

/// Counts the tokens of a request, as far as that is possible without its provider.
pub(crate) fn count(
    engine: &Engine,
    protocol: Protocol,
    model: Option<&str>,
    body: &Bytes,
) -> Result<Response<Answer>, Failure> {
    let parse = || serve::to_count(protocol, model, body);
    let asked: Asked = engine::reading(body.len(), parse)?;
    Ok(reply::json(200, serve::tokens(protocol, engine.prompt_tokens(&asked.request))))
}
