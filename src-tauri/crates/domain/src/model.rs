//! Models by their public name.

use crate::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr, sync::Arc};

/// `author/name`, e.g. `anthropic/claude-sonnet-4.5` (OpenRouter's slug).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
pub struct ModelSlug(Arc<str>);

/// Why a string is not a model slug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a model slug: write author/name")]
pub struct BadSlug(pub String);

impl ModelSlug {
    /// Before the first slash.
    pub fn author(&self) -> &str {
        self.0.split_once('/').map_or("", |(author, _)| author)
    }
    /// After the first slash. May itself contain slashes (local models by path).
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, name)| name)
    }
    /// The whole slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelSlug {
    type Err = BadSlug;
    fn from_str(s: &str) -> Result<Self, BadSlug> {
        match s.split_once('/') {
            Some((author, name))
                if !author.is_empty()
                    && !name.is_empty()
                    && s.len() <= 256
                    && !s.chars().any(|c| c.is_whitespace() || c.is_control()) =>
            {
                Ok(Self(s.into()))
            }
            _ => Err(BadSlug(s.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for ModelSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for ModelSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl Serialize for ModelSlug {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for ModelSlug {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// A suffix that asks for a way of serving a model (OpenRouter's variant), without the colon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(transparent)]
pub struct Variant(pub String);

/// What a user names: a slug of the catalogue or a provider's own model id, at a provider or anywhere.
/// Written `MODEL` or `MODEL@PROVIDER`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ModelRef {
    /// Slug, or with a provider named also an upstream model id the catalogue does not know.
    pub model: String,
    /// The provider that must serve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<crate::ProviderId>,
}

impl ModelRef {
    /// Reads `MODEL` or `MODEL@PROVIDER`; the last `@` separates, since model ids may contain one.
    pub fn parse(text: &str) -> Result<Self, BadSlug> {
        let bad = || BadSlug(text.chars().take(80).collect());
        let (model, provider) = match text.rsplit_once('@') {
            Some((_, "")) => return Err(bad()),
            Some((model, provider)) => (model, Some(crate::ProviderId::from(provider))),
            None => (text, None),
        };
        if model.is_empty() || model.len() > 256 || model.chars().any(char::is_control) {
            return Err(bad());
        }
        Ok(Self { model: model.to_owned(), provider })
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provider {
            Some(provider) => write!(f, "{}@{provider}", self.model),
            None => f.write_str(&self.model),
        }
    }
}

/// Kinds of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Text
    Text,
    /// Image
    Image,
    /// Documents such as PDF
    File,
    /// Audio
    Audio,
    /// Video
    Video,
}

/// What a model can do. One value, so that a filter is one comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Capabilities {
    /// Calls tools.
    pub tools: bool,
    /// Obeys a JSON schema.
    pub structured_output: bool,
    /// Reasons before it answers.
    pub reasoning: bool,
    /// Takes a sampling temperature. `None` = the sources do not say.
    pub temperature: Option<bool>,
}

/// A model, wherever it is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Model {
    /// Public name.
    pub slug: ModelSlug,
    /// Display name.
    pub name: String,
    /// Tokens of prompt and completion together; `None` = unknown.
    pub context_length: Option<u64>,
    /// Longest answer in tokens; `None` = unknown.
    pub max_completion_tokens: Option<u64>,
    /// What it reads.
    pub input: Vec<Modality>,
    /// What it writes.
    pub output: Vec<Modality>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Weights are published; `None` = unknown.
    pub open_weights: Option<bool>,
    /// `YYYY-MM` or `YYYY-MM-DD`, as the source gives it.
    pub knowledge_cutoff: Option<String>,
    /// `YYYY-MM-DD`
    pub released: Option<String>,
    /// When it was or will be switched off, `YYYY-MM-DD`.
    pub retires: Option<String>,
    /// When this record was checked against its source.
    pub checked: Option<Timestamp>,
}
