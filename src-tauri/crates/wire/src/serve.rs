//! The other direction: what a client asks of us in a provider's protocol, and our answers in it.
//!
//! Four protocols come in. What goes on to an endpoint of the same protocol passes as it came (see
//! [`retarget`] and [`Tap`]); anything else goes through [`domain::Request`] and [`domain::StreamEvent`].
//! Everything here is total: no bytes of a client or a provider make it panic, and an answer that broke
//! off is never given a reason of success.

mod canonical;
mod chat_in;
mod chat_out;
mod costs;
mod embed;
mod errors;
mod fold;
mod gemini_in;
mod gemini_out;
mod generation;
mod lists;
mod marks;
mod messages_in;
mod messages_out;
mod openapi;
mod pass;
mod read;
mod reframe;
mod responses_in;
mod responses_out;
mod reword;
mod seal;
mod sieve;
mod splice;
mod steps;
mod tap;
mod write;

pub use canonical::canonical;
pub use costs::{Costs, with_cost};
pub use embed::{Embeddings, embeddings};
pub use errors::{error_body, openrouter_error, status_of};
pub use generation::{Generation, Offering, generation, providers};
pub use lists::{
    KeyInfo, Offer, OfferedEndpoint, Page, count, credits, endpoints, key, model, models, supported,
};
pub use openapi::openapi;
pub use pass::{Passed, ToldUsage, passes, retarget};
pub use sieve::Sieve;
pub use tap::Tap;

use domain::{Failure, PicoUsd, Request, RoutingPrefs, StreamEvent, Usage};
use read::Draft;
use std::sync::Arc;

/// A protocol in which a client may speak to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenAI's Chat Completions, with OpenRouter's extensions.
    OpenAiChat,
    /// OpenAI's Responses.
    OpenAiResponses,
    /// Anthropic's Messages.
    AnthropicMessages,
    /// Gemini's `generateContent` and `streamGenerateContent`.
    Gemini,
}

impl Protocol {
    /// Every one.
    pub const ALL: [Self; 4] =
        [Self::OpenAiChat, Self::OpenAiResponses, Self::AnthropicMessages, Self::Gemini];

    /// Id of the dialect in which a provider speaks it.
    pub const fn dialect(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::AnthropicMessages => "anthropic-messages",
            Self::Gemini => "gemini",
        }
    }
}

/// Tools that the provider itself runs while it answers: what they find is read by the model, and costs like a
/// prompt, and some cost a fee as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedTools {
    /// Searches at most, as far as they are limited.
    pub searches: u64,
    /// One that nobody limits, or whose cost hangs on what it does; in plain words.
    pub endless: Option<String>,
    /// The model reads what is kept at the provider or elsewhere, of a length that cannot be seen from here.
    pub kept: bool,
}

impl ServedTools {
    /// A tool of a kind that looks things up, so often at most.
    pub(crate) fn looks_up(&mut self, name: &str, most: Option<u64>) {
        match most {
            Some(most) => self.searches = self.searches.saturating_add(most),
            None => self.runs(name),
        }
    }

    /// A tool that runs at the provider with no limit.
    pub(crate) fn runs(&mut self, name: &str) {
        self.endless.get_or_insert_with(|| name.chars().take(40).collect());
    }
}

/// What a client asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// In which protocol, and so in which the answer goes back.
    pub protocol: Protocol,
    /// The model as asked, with its `:variant`. Never empty.
    pub model: String,
    /// OpenRouter's `provider` object; the models that may stand in are in `prefs.models`.
    pub prefs: RoutingPrefs,
    /// The same for an endpoint of any protocol.
    pub request: Arc<Request>,
    /// It asks for embeddings, not for an answer.
    pub embeds: bool,
    /// The answer goes back piece by piece.
    pub stream: bool,
    /// Chat: the stream ends with a chunk that tells the usage.
    pub include_usage: bool,
    /// Chat: the usage tells the cost, in OpenRouter's words for it.
    pub include_cost: bool,
    /// Reasoning is not to be told.
    pub hide_reasoning: bool,
    /// Which conversation it belongs to, if the client says so; for staying where a prompt is cached.
    pub session: Option<String>,
    /// How many answers it asks for; at least 1.
    pub outputs: u64,
    /// What no other protocol takes, in plain words: it is lost unless the request passes as it is.
    pub dropped: Vec<String>,
    /// Something in it cannot be put into another protocol: only an endpoint that [`passes`] may be asked, and
    /// without one this is the answer.
    pub bound: Option<Failure>,
    /// What the provider would do by itself for it, at a cost of its own.
    pub(crate) served: ServedTools,
    /// See [`Asked::tier`].
    pub(crate) tier: Option<String>,
    /// It carries proofs or reasoning that our own answers were given: as it is, no provider would take it.
    pub(crate) sealed: bool,
    /// Its tools are `functions`, as they were before there were several calls in one answer.
    pub old_calls: bool,
    /// Of its earlier answers one is without `reasoning_content`; and one is without reasoning in any field.
    pub(crate) unthought: (bool, bool),
    /// See [`Asked::at_openrouters_address`].
    pub(crate) openrouter: bool,
    /// It asks for reasoning in OpenRouter's words, which only some servers of the protocol know.
    pub(crate) unified_reasoning: bool,
}

impl Asked {
    /// It was asked where OpenRouter's own clients ask: they are told usage and cost without asking for them, since
    /// OpenRouter tells both always, and do not understand a `"usage": null`.
    #[must_use]
    pub fn at_openrouters_address(mut self) -> Self {
        (self.openrouter, self.include_usage, self.include_cost) = (true, true, true);
        self
    }

    /// Which conversation it belongs to, as a header says; the body knows better.
    #[must_use]
    pub fn of_session(mut self, session: Option<&str>) -> Self {
        if self.session.is_none() {
            self.session = session.and_then(read::session);
        }
        self
    }

    /// Nothing of it may be left out.
    pub fn all_required(&self) -> bool {
        self.prefs.require_parameters == Some(true)
    }

    /// What the provider would do by itself for it.
    pub const fn served(&self) -> &ServedTools {
        &self.served
    }

    /// The tier it names, in its provider's word: one that may have a price of its own.
    pub fn tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }
}

/// Reads a request. `path_model` is the model in the path and `stream_by_path` whether the path asks for a stream
/// (Gemini's way); the other protocols say both in the body. An error is the client's (400).
pub fn parse(
    protocol: Protocol,
    path_model: Option<&str>,
    stream_by_path: bool,
    body: &[u8],
) -> Result<Asked, Failure> {
    let text = read::text_of(body)?;
    let json = read::unambiguous(text)?;
    let mut draft = Draft::new(protocol);
    draft.asked.stream = stream_by_path;
    match protocol {
        Protocol::OpenAiChat => chat_in::read(&json, &mut draft)?,
        Protocol::OpenAiResponses => responses_in::read(&json, &mut draft)?,
        Protocol::AnthropicMessages => messages_in::read(&json, &mut draft)?,
        Protocol::Gemini => gemini_in::read(&json, &mut draft)?,
    }
    draft.finish(&json, path_model)
}

/// The same of a request whose tokens are to be counted, which in Google's protocol may stand in a field.
pub fn to_count(protocol: Protocol, path_model: Option<&str>, body: &[u8]) -> Result<Asked, Failure> {
    if protocol == Protocol::Gemini {
        let json = read::object(read::text_of(body)?)?;
        let whole = json.get("generateContentRequest").or_else(|| json.get("generate_content_request"));
        if let Some(whole) = whole.filter(|_| json.get("contents").is_none()) {
            return parse(protocol, path_model, false, whole.to_text().as_bytes());
        }
    }
    parse(protocol, path_model, false, body)
}

/// What an answer tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Our id of the answer; protocols whose ids begin with a word of their own get it before this.
    pub id: String,
    /// The model's public name.
    pub model: String,
    /// When it was asked, in seconds of Unix time.
    pub created: u64,
    /// The provider's display name.
    pub provider: Option<String>,
    /// `provider/upstream model`: who may see proofs of reasoning again.
    pub issuer: String,
    /// See [`Asked::include_usage`].
    pub include_usage: bool,
    /// See [`Asked::hide_reasoning`].
    pub hide_reasoning: bool,
    /// It is told to a client of OpenRouter's, in whose errors `code` is the status.
    pub openrouter: bool,
    /// Gemini without `alt=sse`: the stream is one JSON array.
    pub array: bool,
    /// See [`Asked::old_calls`].
    pub old_calls: bool,
    /// What of the request was left out, in words; in Gemini's protocol there is no place for them.
    pub warnings: Vec<String>,
    /// Some protocols want a number of tokens from every answer: ours, where the provider gave none.
    pub counted: Option<Usage>,
}

/// Writes an answer in the client's protocol, piece by piece. Every method appends what belongs into one write,
/// which may be nothing.
pub struct Encoder(Box<dyn Write>);

/// How one protocol writes a stream.
trait Write: Send {
    fn event(&mut self, event: &StreamEvent, out: &mut Vec<u8>);
    fn end(&mut self, cost: Option<PicoUsd>, out: &mut Vec<u8>);
    fn failed(&mut self, failure: &Failure, out: &mut Vec<u8>);
    fn counted(&mut self, _usage: &Usage) {}
    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b": PROCESSING\n\n");
    }
}

impl Encoder {
    /// An encoder of one answer.
    pub fn new(protocol: Protocol, told: Told) -> Self {
        Self(match protocol {
            Protocol::OpenAiChat => Box::new(chat_out::Chunks::new(told)),
            Protocol::OpenAiResponses => Box::new(responses_out::Events::new(told)),
            Protocol::AnthropicMessages => Box::new(messages_out::Events::new(told)),
            Protocol::Gemini => Box::new(gemini_out::Chunks::new(told)),
        })
    }

    /// The next step of the answer.
    pub fn event(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        self.0.event(event, out);
    }

    /// What we counted, before the end is written: see [`Told::counted`].
    pub fn counted(&mut self, usage: &Usage) {
        self.0.counted(usage);
    }

    /// The answer is whole: why it ended, what it used and cost, and the protocol's closing mark.
    pub fn end(&mut self, cost: Option<PicoUsd>, out: &mut Vec<u8>) {
        self.0.end(cost, out);
    }

    /// The answer failed after it had begun: the protocol's error event, and no closing mark.
    pub fn failed(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        self.0.failed(failure, out);
    }

    /// What keeps a silent connection open and every client ignores.
    pub fn keep_alive(&self, out: &mut Vec<u8>) {
        self.0.keep_alive(out);
    }
}

/// The error event of a stream whose earlier part passed as it came.
pub fn broken_off(protocol: Protocol, failure: &Failure, told: &Told, out: &mut Vec<u8>) {
    Encoder::new(protocol, told.clone()).failed(failure, out);
}

/// Whether this is content: with the first of it the status line is sent, and nothing else can be tried.
pub fn is_content(event: &StreamEvent) -> bool {
    match event {
        StreamEvent::BlockDelta { .. } => true,
        StreamEvent::BlockOpen { kind, .. } => matches!(kind, domain::BlockKind::ToolCall { .. }),
        StreamEvent::BlockClose { signature, .. } => signature.is_some(),
        StreamEvent::Started { .. }
        | StreamEvent::Usage(_)
        | StreamEvent::Finish { .. }
        | StreamEvent::Notice { .. }
        | StreamEvent::Unknown { .. } => false,
    }
}

/// The whole answer as one document, from the events of an answer that is complete.
pub fn whole(protocol: Protocol, told: &Told, events: &[StreamEvent], cost: Option<PicoUsd>) -> Vec<u8> {
    let folded = fold::fold(events);
    let value = match protocol {
        Protocol::OpenAiChat => chat_out::whole(told, &folded, cost),
        Protocol::OpenAiResponses => responses_out::whole(told, &folded, cost),
        Protocol::AnthropicMessages => messages_out::whole(told, &folded, cost),
        Protocol::Gemini => gemini_out::whole(told, &folded),
    };
    value.to_string().into_bytes()
}

/// How many tokens a prompt has, in the words of the protocol's counting call.
pub fn tokens(protocol: Protocol, count: u64) -> Vec<u8> {
    match protocol {
        Protocol::AnthropicMessages => format!("{{\"input_tokens\":{count}}}"),
        Protocol::Gemini => format!("{{\"totalTokens\":{count}}}"),
        Protocol::OpenAiChat | Protocol::OpenAiResponses => {
            format!("{{\"object\":\"response.input_tokens\",\"input_tokens\":{count}}}")
        }
    }
    .into_bytes()
}

#[cfg(test)]
#[path = "serve/carried_tests.rs"]
mod carried_tests;
#[cfg(test)]
#[path = "serve/proof_tests.rs"]
mod proof_tests;
#[cfg(test)]
#[path = "serve/served_tests.rs"]
mod served_tests;
#[cfg(test)]
#[path = "serve/tests.rs"]
mod tests;
#[cfg(test)]
#[path = "serve/usage_tests.rs"]
mod usage_tests;
#[cfg(test)]
#[path = "serve/whole_tests.rs"]
mod whole_tests;
