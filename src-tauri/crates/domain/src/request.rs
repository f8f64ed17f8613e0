//! What is asked, before any dialect puts it into its own words.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One request to one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// System prompt.
    pub system: Option<String>,
    /// The conversation so far and the new prompt, oldest first.
    pub messages: Vec<Message>,
    /// Settings.
    pub params: Params,
    /// Tools the model may call.
    #[serde(default)]
    pub tools: Vec<Tool>,
    /// Whether it must.
    #[serde(default)]
    pub tool_choice: Option<ToolChoice>,
    /// An answer may call one tool at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_tool_call: bool,
    /// All of the prompt is to be kept for the next request, where a provider does so only when it is asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_prompt: Option<KeepPrompt>,
    /// So many bytes of the system prompt are to be kept so long: what stands behind them changes from request to request.
    /// `None` = all of it, if [`Request::keep_prompt`] says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_system: Option<(usize, KeepPrompt)>,
    /// So many of the tools are to be kept so long, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_tools: Option<(usize, KeepPrompt)>,
}

/// How long a prompt is kept for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepPrompt {
    /// As long as the provider usually does.
    Usual,
    /// An hour, which costs more.
    Hour,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: crate::Role,
    /// In order.
    pub parts: Vec<Part>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text, Markdown.
    Text {
        /// The text.
        text: String,
    },
    /// What the system says in the middle of a conversation, in the user's turn where it stands; what it says before all
    /// else is [`Request::system`]. Only other programs' requests hold it.
    System {
        /// The words.
        text: String,
    },
    /// All that stands before this is to be kept so long for the next request. Only other programs' requests hold it.
    Kept {
        /// How long.
        long: KeepPrompt,
    },
    /// Reasoning of an earlier answer; only ever replayed to the endpoint that made it.
    Reasoning {
        /// Visible part.
        text: String,
        /// Opaque proof.
        signature: Option<String>,
        /// `provider/model` that issued it.
        issuer: String,
    },
    /// A refusal in an earlier answer.
    Refusal {
        /// The words.
        text: String,
    },
    /// A picture.
    Image {
        /// IANA media type.
        media_type: String,
        /// Bytes, shared between lanes.
        #[serde(with = "hex_bytes")]
        data: Arc<[u8]>,
    },
    /// A picture that lies on the web. Only a provider fetches it, never this program.
    ImageUrl {
        /// Its address, `http` or `https`.
        url: String,
    },
    /// A document.
    File {
        /// File name shown to the model.
        name: String,
        /// IANA media type.
        media_type: String,
        /// Bytes, shared between lanes.
        #[serde(with = "hex_bytes")]
        data: Arc<[u8]>,
        /// What it says in words, where that is known: for models that read no documents.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Arc<str>>,
    },
    /// A file that lies beside the database; it becomes a picture or a document before it is sent.
    Attachment(Attachment),
    /// A call the model made.
    ToolCall {
        /// Id that the result names.
        id: String,
        /// Tool.
        name: String,
        /// JSON text as the model wrote it.
        arguments: String,
        /// Opaque proof that some models want back with the call.
        #[serde(default)]
        signature: Option<String>,
        /// `provider/model` that issued the proof.
        #[serde(default)]
        issuer: String,
    },
    /// What a tool at the provider did; shown, never replayed.
    ServerTool {
        /// Tool.
        name: String,
        /// Its input or output.
        text: String,
    },
    /// A source an answer cites; shown, never replayed.
    Citation {
        /// Address.
        url: Option<String>,
        /// Title.
        title: Option<String>,
    },
    /// Where an answer broke off and another endpoint went on; shown, never replayed.
    Seam(crate::Seam),
    /// A picture an answer holds; shown, never replayed.
    GeneratedImage {
        /// IANA media type.
        media_type: String,
        /// Base64 as it came.
        base64: String,
    },
    /// What the tool answered.
    ToolResult {
        /// Id of the call.
        id: String,
        /// Tool.
        name: String,
        /// The answer.
        content: String,
        /// It is an error message.
        is_error: bool,
    },
}

/// A file of the user's, by the hash of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Attachment {
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
    /// File name.
    pub name: String,
    /// IANA media type.
    pub media_type: String,
    /// Length in bytes.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// SHA-256 of the text of a PDF, which lies beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub text_sha256: Option<String>,
}

impl Attachment {
    /// What a model reads in place of a file that came with an import to be kept and not to be sent: a recording.
    #[must_use]
    pub fn words_instead(&self) -> Option<String> {
        let recorded = ["audio/", "video/"].iter().any(|sort| self.media_type.starts_with(sort));
        recorded.then(|| format!("[The recording “{}” is kept here and not sent.]", self.name))
    }
}

/// A tool the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of the arguments.
    pub parameters: serde_json::Value,
}

/// Whether a tool must be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// None may be called.
    None,
    /// Some tool must be called.
    Required,
    /// This one must be called.
    Named {
        /// Tool.
        name: String,
    },
}

/// How hard to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Not at all
    None,
    /// Least
    Minimal,
    /// Little
    Low,
    /// Usual
    Medium,
    /// Much
    High,
    /// Very much
    XHigh,
    /// Most
    Max,
}

/// Reasoning asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Reasoning {
    /// By effort.
    Effort(Effort),
    /// By a limit in tokens.
    Budget(#[cfg_attr(feature = "ts", ts(type = "number"))] u64),
}

/// Form of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat {
    /// Any JSON object.
    JsonObject,
    /// JSON of a schema.
    JsonSchema {
        /// Name of the schema.
        name: String,
        /// JSON Schema.
        #[cfg_attr(feature = "ts", ts(type = "unknown"))]
        schema: serde_json::Value,
    },
}

/// Settings of one request; `None` leaves the choice to the provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Params {
    /// Sampling temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub top_p: Option<f64>,
    /// Longest answer, in tokens, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(as = "Option<f64>", optional = nullable))]
    pub max_completion_tokens: Option<u64>,
    /// Strings that end the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<String>>", optional))]
    pub stop: Vec<String>,
    /// Sampling seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(as = "Option<f64>", optional = nullable))]
    pub seed: Option<i64>,
    /// Reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub reasoning: Option<Reasoning>,
    /// Form of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub response_format: Option<ResponseFormat>,
}

/// Bytes as an array of numbers would be four times their size in a snapshot; hex keeps this crate free
/// of a base64 dependency and snapshots readable.
mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
    use std::{fmt::Write as _, sync::Arc};

    pub(super) fn serialize<S: Serializer>(bytes: &Arc<[u8]>, s: S) -> Result<S::Ok, S::Error> {
        let mut hex = String::with_capacity(bytes.len() * 2);
        for byte in bytes.iter() {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        s.serialize_str(&hex)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<[u8]>, D::Error> {
        let hex = String::deserialize(d)?;
        if !hex.is_ascii() || hex.len() % 2 != 0 {
            return Err(D::Error::custom("not hexadecimal"));
        }
        (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).map_err(D::Error::custom))
            .collect::<Result<Vec<u8>, _>>()
            .map(Arc::from)
    }
}
