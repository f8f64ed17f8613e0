//! One key of a provider. A provider may have several, in an order; each has a label.

use crate::{AccountLabel, ErrorKind, Failure, ProviderId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Label of a key that was given none.
const DEFAULT: &str = "default";
/// Label of the key that this process took from its environment. Nothing can be stored under it.
const ENVIRONMENT: &str = "environment";
/// Longest label.
const LONGEST: usize = 40;

impl AccountLabel {
    /// The label of a key that was given none.
    pub fn unnamed() -> Self {
        Self::from(DEFAULT)
    }

    /// The label of the key that came from the environment of this process.
    pub fn environment() -> Self {
        Self::from(ENVIRONMENT)
    }

    /// True of [`Self::unnamed`].
    pub fn is_unnamed(&self) -> bool {
        self.as_str() == DEFAULT
    }

    /// True of [`Self::environment`].
    pub fn is_environment(&self) -> bool {
        self.as_str() == ENVIRONMENT
    }

    /// Reads a label under which a key is to be stored: 1 to 40 letters, digits, points, hyphens and
    /// underscores, the first a letter or digit, not `environment`. Error `request.invalid`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let refuse = |why: crate::Words| Err(Failure::new(ErrorKind::RequestInvalid, why));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if !first || text.len() > LONGEST || !text.chars().all(plain) {
            return refuse(crate::say!(
                "A key's label is 1 to 40 letters, digits, points, hyphens and underscores, and begins with a \
                 letter or digit."
            ));
        }
        if text == ENVIRONMENT {
            return refuse(crate::say!(
                "“environment” stands for keys from the environment. Choose another label."
            ));
        }
        Ok(Self::from(text))
    }
}

/// Names one key: `provider/label`, or `provider` for the key without a label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountRef {
    /// Whose key.
    pub provider: ProviderId,
    /// Which of its keys.
    pub label: AccountLabel,
}

impl AccountRef {
    /// Reads `provider` or `provider/label`. Error `request.invalid` for a label that cannot be.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let (provider, label) = match text.split_once('/') {
            Some((provider, label)) => (provider, AccountLabel::parse(label)?),
            None => (text, AccountLabel::unnamed()),
        };
        Ok(Self { provider: ProviderId::from(provider), label })
    }
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_provider_and_label() {
        let read = |text: &str| AccountRef::parse(text).map(|account| account.to_string());
        assert_eq!(read("openai").unwrap(), "openai/default");
        assert_eq!(read("openai/work").unwrap(), "openai/work");
        assert_eq!(read("my-proxy/Team_2.b").unwrap(), "my-proxy/Team_2.b");
        for bad in ["openai/", "openai/-x", "openai/a/b", "openai/a b", "openai/a@b", "openai/environment"] {
            assert_eq!(read(bad).unwrap_err().kind, ErrorKind::RequestInvalid, "{bad}");
        }
        assert!(AccountLabel::parse(&"x".repeat(41)).is_err());
    }
}
