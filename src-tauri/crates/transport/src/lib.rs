//! Sends a [`Call`] to an [`Origin`] and gives back the status, the headers and a stream of bytes.
//!
//! The one crate that knows HTTP and TLS. Address and authorisation are joined to a call here and
//! nowhere else: a key is sent, signs the request (AWS) or is exchanged for a token (Google), by the
//! scheme of its provider. It **never** follows a redirect, never decompresses, never sends a key over plain
//! http to another machine, never puts a key or a query into an error, and never interprets a body.
//!
//! To add a way of sending: one more implementor of [`Transport`] (there are [`Http`] and
//! [`scripted::Scripted`]). To add a demo model: one more line in `demo::MODELS`.
#![deny(missing_docs)]

mod auth;
mod body;
mod classify;
mod credential;
pub mod demo;
mod echo;
mod http;
mod redact;
mod resolve;
pub mod scripted;
mod shown;
mod sigv4;
mod target;
mod token;

pub use credential::{Entered, enter};
pub use echo::{Echo, Tail};
pub use http::{Http, ProxyChoice};
pub use redact::{MARK, Redactor, redact};
pub use shown::{KEY, Shown, shown};
pub use target::{is_loopback, origin_of};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{AuthScheme, Call, Failure, Headers, ProviderId, Secret, Timestamp};
use futures_util::Stream;
use std::pin::Pin;
use std::time::Duration;

/// Where a call goes and how it proves who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `scheme://host[:port][/path]`, or `demo:` for the demo models inside this process.
    pub base_url: String,
    /// How the key travels.
    pub auth: AuthScheme,
    /// Whose address it is; named in failures.
    pub provider: ProviderId,
    /// Fixed headers, e.g. API versions. Never authorisation.
    pub extra_headers: Vec<(String, String)>,
    /// The moment of the call, for what is signed with its time.
    pub now: Timestamp,
}

/// Four separate clocks, all starting when the call is sent except `idle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Name resolution, TCP, TLS and the proxy's tunnel.
    pub connect: Duration,
    /// Until the response's headers are there.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// The whole answer.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(120),
            total: Duration::from_secs(60 * 60),
        }
    }
}

impl Deadlines {
    /// For servers on this machine: they answer the connection at once or not at all, but may load a
    /// model from disk before the first byte.
    pub fn local() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_byte: Duration::from_secs(300),
            idle: Duration::from_secs(300),
            total: Duration::from_secs(2 * 60 * 60),
        }
    }
}

/// A body as it arrives. An `Err` ends it. Dropping it closes the connection at once, which is how an
/// answer is cancelled.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>;

/// An answer whose body is still arriving. Any status but a redirect, errors included.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case, scrubbed of the key.
    pub headers: Headers,
    /// The body, uncompressed, at most 64 MiB.
    pub body: ByteStream,
    /// An access token that was made from the key for this call. As secret as the key: what is scrubbed
    /// of one is scrubbed of the other.
    pub token: Option<Secret>,
    /// What takes the key, and such a token, out of texts, where one was sent. Made once for each answer.
    pub redactors: Vec<Redactor>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Something that can send a call.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `call` and returns as soon as the response's headers are there. Dropping the future
    /// closes the connection.
    async fn send(
        &self,
        to: &Origin,
        call: Call,
        auth: Option<&Secret>,
        deadlines: Deadlines,
    ) -> Result<Response, Failure>;

    /// Origin of somebody else whom [`Transport::send`] would ask first, with what proves this key: for an
    /// access token that is not at hand. `None` = nobody.
    fn asks_first(&self, _to: &Origin, _auth: Option<&Secret>) -> Option<String> {
        None
    }
}

/// Chooses the cryptography of TLS for the whole process. Every binary calls it first; calling it
/// again does nothing.
pub fn install_crypto() {
    // An error only says that a provider is installed already, which is all we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
