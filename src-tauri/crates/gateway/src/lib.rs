//! The gateway: the four usual protocols on one address of this machine, for other programs.
//!
//! It listens on 127.0.0.1 and nowhere else, and only while the user has it switched on. Every request,
//! whatever its path, first passes [`guard`]: the host it names, no page behind it, an app key. What it asks is
//! the engine's work, by the same routing, holds, ledger and log as a chat's; this crate turns HTTP into
//! `wire::serve`'s requests and pieces of an answer back into HTTP. It **never** decodes an answer, never holds
//! back more than the first content, never allows another site to read it, and keeps no key.
//!
//! To add a path: a line in [`path::find`] and an arm in [`handle`].
#![deny(missing_docs)]

mod account;
mod again;
mod ask;
mod body;
mod guard;
mod listen;
mod lists;
mod path;
mod patient;
mod rates;
mod reply;

pub use listen::{Server, start};

use body::Answer;
use domain::Failure;
use engine::Engine;
use hyper::{Request, Response, body::Incoming};
use path::{Manner, Path, Place};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use wire::serve::Protocol;

/// The port a gateway is at unless its user says otherwise.
pub const PORT: u16 = 4117;

/// Requests that are worked on at once; others wait.
const AT_ONCE: usize = 128;
/// Longest body, in bytes.
const BODY_MOST: usize = 32 * 1024 * 1024;
/// Longest silence while a body is sent.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// Longest time until all of it is there: what has a place among those that are worked on must not keep it by sending
/// a byte now and then. From another program on this machine 32 MB take well under a second.
const BODY_WHOLE: Duration = Duration::from_secs(180);

/// What every connection shares.
struct Shared {
    engine: Engine,
    port: u16,
    at_once: Arc<Semaphore>,
    rates: Arc<rates::Rates>,
    answers: Arc<again::Answers>,
    guesses: guard::Guesses,
    /// Requests that came past the guard.
    handled: AtomicU64,
}

/// Answers one request.
async fn serve(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Answer> {
    let (head, body) = request.into_parts();
    let place = path::find(head.uri.path());
    let manner = Manner::of(head.uri.path(), place.as_ref(), &head.headers);
    let asks =
        place.as_ref().is_some_and(|place| matches!(place.path, Path::Ask { .. } | Path::Embed { .. }));
    let caller = match guard::admit(&shared, &head, asks).await {
        Ok(caller) => caller,
        Err(refused) => return reply::refused(manner, &refused),
    };
    shared.handled.fetch_add(1, Ordering::Relaxed);
    let Some(place) = place else { return reply::refused(manner, &reply::Refused::not_found()) };
    if let Err(refused) = place.takes(&head.method) {
        return reply::refused(manner, &refused);
    }
    let Ok(turn) = Arc::clone(&shared.at_once).acquire_owned().await else {
        return reply::refused(manner, &reply::Refused::closing());
    };
    match handle(&shared, caller, place, manner, &head, body).await {
        Ok(response) => response.map(|body| body.holding(turn)),
        Err(failure) => reply::failure(manner, &failure, &[]),
    }
}

/// What is at a path.
async fn handle(
    shared: &Arc<Shared>,
    caller: engine::Caller,
    place: Place,
    manner: Manner,
    head: &hyper::http::request::Parts,
    body: Incoming,
) -> Result<Response<Answer>, Failure> {
    let engine = &shared.engine;
    match place.path {
        Path::Ask { model, stream, .. } => {
            let body = match reply::read(&head.headers, body).await {
                Ok(body) => body,
                Err(refused) => return Ok(reply::refused(manner, &refused)),
            };
            let client = ask::Client {
                manner,
                embeds: false,
                model,
                stream,
                array: manner.protocol == Protocol::Gemini
                    && stream
                    && !path::asks_for_events(head.uri.query()),
                session: session(manner, &head.headers),
                headers: ask::forwarded(&head.headers),
            };
            ask::answer(shared, caller, client, body).await
        }
        Path::Embed { model } => {
            let body = match reply::read(&head.headers, body).await {
                Ok(body) => body,
                Err(refused) => return Ok(reply::refused(manner, &refused)),
            };
            let client = ask::Client {
                manner,
                embeds: true,
                model,
                stream: false,
                array: false,
                session: None,
                headers: Vec::new(),
            };
            ask::answer(shared, caller, client, body).await
        }
        Path::Count { model, .. } => match reply::read(&head.headers, body).await {
            Ok(body) => ask::count(engine, manner.protocol, model.as_deref(), &body),
            Err(refused) => Ok(reply::refused(manner, &refused)),
        },
        Path::Models => Ok(lists::models(engine, &caller, manner, head.uri.query())),
        Path::CountModels => Ok(lists::count(engine, &caller, manner, head.uri.query())),
        Path::Model(name) => lists::model(engine, &caller, manner, &name),
        Path::Endpoints(name) => lists::endpoints(engine, &caller, manner, &name),
        Path::Key => account::key(engine, &caller).await,
        Path::Credits => account::credits(engine, &caller).await,
        Path::Generation => account::generation(engine, &caller, manner, head.uri.query()).await,
        Path::Providers => Ok(lists::providers(engine, &caller)),
        Path::OpenApi => {
            Ok(reply::json(200, wire::serve::openapi(&format!("http://127.0.0.1:{}", shared.port))))
        }
    }
}

/// The conversation as OpenRouter's clients name it outside of the body.
fn session(manner: Manner, headers: &hyper::HeaderMap) -> Option<String> {
    let name = headers.get("x-session-id").filter(|_| manner.openrouter)?;
    name.to_str().ok().map(str::to_owned)
}
