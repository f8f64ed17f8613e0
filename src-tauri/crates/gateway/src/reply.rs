//! Whole answers: documents, and refusals in the client's own protocol.

use crate::{BODY_MOST, BODY_PATIENCE, BODY_WHOLE, body::Answer, path::Manner};
use bytes::{Bytes, BytesMut};
use domain::{ErrorKind, Failure, Millis, Upstream};
use hyper::{
    HeaderMap, Response, StatusCode,
    body::{Body as _, Incoming},
    header::{self, HeaderName, HeaderValue},
};
use std::{future::poll_fn, pin::Pin, time::Duration};
use wire::serve::{self, Protocol};

/// Why a request was not let in.
#[derive(Debug)]
pub(crate) struct Refused {
    status: u16,
    failure: Failure,
    headers: Vec<(&'static str, String)>,
}

impl Refused {
    fn new(status: u16, kind: ErrorKind, message: impl Into<domain::Words>) -> Self {
        Self { status, failure: Failure::new(kind, message), headers: Vec::new() }
    }

    pub(crate) fn host() -> Self {
        let words = "Ask for 127.0.0.1 or localhost with the gateway's own port. Requests for another host are \
                     turned away, since a page could send them.";
        Self::new(403, ErrorKind::AuthForbidden, words)
    }

    pub(crate) fn page() -> Self {
        let words = "The gateway is for programs on this machine, not for pages in a browser.";
        Self::new(403, ErrorKind::AuthForbidden, words)
    }

    pub(crate) fn key(words: &str) -> Self {
        Self::new(401, ErrorKind::AuthRejected, words)
    }

    pub(crate) fn guessing() -> Self {
        let mut refused = Self::new(429, ErrorKind::LimitRate, "Too many wrong app keys. Wait ten seconds.");
        refused.headers.push(("retry-after", "10".to_owned()));
        refused
    }

    pub(crate) fn ours(failure: &Failure) -> Self {
        Self { status: 503, failure: failure.clone(), headers: Vec::new() }
    }

    pub(crate) fn closing() -> Self {
        Self::new(503, ErrorKind::Interrupted, "Parallax is closing.")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, ErrorKind::RequestInvalid, "There is nothing at this path. See /openapi.json.")
    }

    pub(crate) fn no_answer() -> Self {
        let words = "This app key was given no answer of this id, or it is still being written.";
        Self::new(404, ErrorKind::RequestInvalid, words)
    }

    pub(crate) fn method(wanted: &'static str) -> Self {
        let mut refused =
            Self::new(405, ErrorKind::RequestInvalid, format!("This path takes {wanted} alone."));
        refused.headers.push(("allow", wanted.to_owned()));
        refused
    }

    fn json() -> Self {
        let words = "Send the request as JSON, with `Content-Type: application/json` and no compression.";
        Self::new(415, ErrorKind::RequestInvalid, words)
    }

    fn long() -> Self {
        Self::new(413, ErrorKind::RequestInvalid, "The request is longer than 32 MB.")
    }

    fn broken() -> Self {
        Self::new(400, ErrorKind::RequestInvalid, "The request's body did not arrive whole.")
    }

    fn slow() -> Self {
        Self::new(408, ErrorKind::RequestInvalid, "The request's body took too long to arrive.")
    }

    /// The app has asked as much as it may for now.
    pub(crate) fn hurried(wait: Duration) -> Failure {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let words = "This app key has asked as much as it may within a minute. Wait, or raise its limit in \
                     Settings → Gateway.";
        Failure::new(ErrorKind::LimitRate, words)
            .with_upstream(Upstream { retry_after: Some(Millis(ms)), ..Upstream::default() })
    }
}

/// Reads a body: JSON, whole, of a length that fits, within a time that any program keeps to.
pub(crate) async fn read(headers: &HeaderMap, body: Incoming) -> Result<Bytes, Refused> {
    tokio::time::timeout(BODY_WHOLE, gathered(headers, body))
        .await
        .unwrap_or_else(|_elapsed| Err(Refused::slow()))
}

async fn gathered(headers: &HeaderMap, mut body: Incoming) -> Result<Bytes, Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim();
    let plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if !media.eq_ignore_ascii_case("application/json") || !plain {
        return Err(Refused::json());
    }
    let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if told > BODY_MOST {
        return Err(Refused::long());
    }
    let mut whole = BytesMut::new();
    loop {
        let next = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
        let frame = match tokio::time::timeout(BODY_PATIENCE, next).await {
            Err(_elapsed) => return Err(Refused::slow()),
            Ok(None) => return Ok(whole.freeze()),
            Ok(Some(Err(_))) => return Err(Refused::broken()),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > BODY_MOST {
            return Err(Refused::long());
        }
        if whole.is_empty() {
            if body.is_end_stream() {
                return Ok(data);
            }
            // What was told is reserved as it comes, not because it was told.
            whole.reserve(told.min(1024 * 1024));
        }
        whole.extend_from_slice(&data);
    }
}

/// A response of this status.
pub(crate) fn response(status: u16, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Sets a header; what cannot stand in one is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

/// A JSON document.
pub(crate) fn json(status: u16, body: Vec<u8>) -> Response<Answer> {
    let mut response = response(status, Answer::whole(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A failure in the client's own words, under its own status unless another is named.
fn told(manner: Manner, status: Option<u16>, failure: &Failure) -> Response<Answer> {
    let (own, mut body) = serve::error_body(manner.protocol, failure);
    let status = status.unwrap_or(own);
    let chat = matches!(manner.protocol, Protocol::OpenAiChat | Protocol::OpenAiResponses);
    if manner.openrouter && chat {
        body = serve::openrouter_error(failure, status);
    }
    json(status, body)
}

/// A request that was not let in.
pub(crate) fn refused(manner: Manner, refused: &Refused) -> Response<Answer> {
    let mut response = told(manner, Some(refused.status), &refused.failure);
    for (name, value) in &refused.headers {
        set(response.headers_mut(), name, value);
    }
    response
}

/// A failure before anything of an answer was sent, with what of the provider's headers may be seen.
pub(crate) fn failure(manner: Manner, failure: &Failure, seen: &[(String, String)]) -> Response<Answer> {
    let mut response = told(manner, None, failure);
    let headers = response.headers_mut();
    for (name, value) in seen {
        set(headers, name, value);
    }
    let wait = failure.upstream.as_ref().and_then(|upstream| upstream.retry_after);
    if let Some(Millis(wait)) = wait
        && !headers.contains_key("retry-after")
    {
        set(headers, "retry-after", &wait.div_ceil(1_000).to_string());
    }
    set(headers, "x-parallax-error", failure.kind.as_str());
    response
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "tests fail by panicking and start tasks"
    )]
    use super::*;
    use hyper::{Request, server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;
    use std::convert::Infallible;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        time::{Instant, sleep},
    };

    async fn served(request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
        let (head, body) = request.into_parts();
        Ok(match read(&head.headers, body).await {
            Ok(body) => json(200, body.to_vec()),
            Err(why) => refused(Manner { protocol: Protocol::OpenAiChat, openrouter: false }, &why),
        })
    }

    /// What a client is answered that sends a body of this length byte by byte, and when.
    async fn told(length: usize, pause: Duration) -> (String, Duration) {
        let (mut client, server) = tokio::io::duplex(1_024);
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), service_fn(served)));
        let start = Instant::now();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        client.write_all(head.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(client);
        let writing = tokio::spawn(async move {
            for _ in 0..length {
                sleep(pause).await;
                // It may have been turned away.
                if writer.write_all(b"1").await.is_err() {
                    break;
                }
            }
        });
        let mut answer = [0; 4_096];
        let read = reader.read(&mut answer).await.unwrap();
        writing.abort();
        (String::from_utf8_lossy(&answer[..read]).into_owned(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_byte_by_byte_is_waited_for_so_long_and_no_longer() {
        let (said, _) = told(5, BODY_PATIENCE / 2).await;
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("11111"), "{said}");
        let (said, after) = told(1_000, BODY_PATIENCE / 2).await;
        assert!(said.starts_with("HTTP/1.1 408"), "{said}");
        assert!(after >= BODY_WHOLE && after < BODY_WHOLE + BODY_PATIENCE, "{after:?}");
        let (said, after) = told(5, BODY_PATIENCE * 2).await;
        assert!(said.starts_with("HTTP/1.1 408"), "{said}");
        assert!(after < BODY_PATIENCE * 2, "{after:?}");
    }
}
