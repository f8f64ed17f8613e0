//! What reads an answer and who hears of it, and what an answer's head says of a failure.

use domain::{ErrorKind, Failure, Headers, StreamEvent, Upstream};
use wire::{
    Decoder, Ending, ToolNames,
    serve::{Embeddings, Tap},
};

/// Receives decoded events. Returns once they are queued; the queue is bounded, so a slow disk slows the
/// provider down instead of filling memory.
pub(crate) trait Events: Send {
    fn events(&mut self, events: Vec<StreamEvent>) -> impl Future<Output = ()> + Send;

    /// The provider answers with this status and these headers. `passed`: its bytes will follow.
    fn head(&mut self, _status: u16, _headers: &Headers, _passed: bool) {}

    /// Whole pieces of an answer as they came, after the events they mean.
    fn bytes(&mut self, _bytes: Vec<u8>) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// What reads an answer.
pub(crate) enum Reader {
    Decoder(Box<dyn Decoder>),
    /// It passes the bytes on as well.
    Tap(Box<Tap>),
    /// So does this, of embeddings.
    Embeddings(Embeddings),
}

impl Reader {
    /// Of an answer that calls tools by these names of ours.
    pub(crate) fn decoding(decoder: Box<dyn Decoder>, names: Option<ToolNames>) -> Self {
        Self::Decoder(match names {
            Some(names) => names.reading(decoder),
            None => decoder,
        })
    }

    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) {
        match self {
            Self::Decoder(decoder) => decoder.push(bytes, events),
            Self::Tap(tap) => tap.push(bytes, events, pass),
            Self::Embeddings(reader) => reader.push(bytes),
        }
    }

    /// The closing mark was read.
    pub(crate) fn ended(&self) -> bool {
        match self {
            Self::Decoder(decoder) => decoder.ended(),
            Self::Tap(tap) => tap.ended(),
            Self::Embeddings(_) => false,
        }
    }

    pub(crate) fn finish(self, events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) -> Ending {
        match self {
            Self::Decoder(decoder) => decoder.finish(events),
            Self::Tap(tap) => tap.finish(events, pass),
            Self::Embeddings(reader) => reader.finish(events, pass),
        }
    }
}

/// Failures that happen before any byte of the request has left. What a provider answers is no failure of
/// sending, so a refusal here is that of an access token.
pub(crate) fn never_sent(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NetDns
            | ErrorKind::NetConnect
            | ErrorKind::NetTls
            | ErrorKind::NetProxy
            | ErrorKind::TimeConnect
            | ErrorKind::RequestInvalid
            | ErrorKind::AuthRejected
            | ErrorKind::LimitRate
            | ErrorKind::UpstreamInternal
    )
}

pub(crate) fn request_id(headers: &Headers) -> Option<String> {
    ["x-request-id", "request-id", "x-generation-id", "apim-request-id", "x-amzn-requestid", "cf-ray"]
        .iter()
        .find_map(|name| headers.get(name))
        .map(|id| id.chars().take(120).collect())
}

/// Adds what the transport knows to what the dialect read.
pub(crate) trait MergeInto {
    fn merge_into(&self, failure: &mut Failure);
}

impl MergeInto for Upstream {
    fn merge_into(&self, failure: &mut Failure) {
        let theirs = failure.upstream.get_or_insert_with(Upstream::default);
        theirs.provider = theirs.provider.clone().or_else(|| self.provider.clone());
        theirs.status = theirs.status.or(self.status);
        theirs.request_id = theirs.request_id.clone().or_else(|| self.request_id.clone());
    }
}
