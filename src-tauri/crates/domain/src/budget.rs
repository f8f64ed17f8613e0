//! Limits on what may be spent.

use crate::{AccountLabel, AccountRef, ConversationId, ErrorKind, Failure, ModelSlug, PicoUsd, ProviderId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// Longest name of a provider or an app.
const LONGEST: usize = 60;

/// Whose spending a budget limits. As text: `all`, `provider:ID`, `model:SLUG`, `conversation:ID`,
/// `app:NAME` or `key:PROVIDER/LABEL`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
pub enum BudgetScope {
    /// Everything.
    All,
    /// One provider.
    Provider(ProviderId),
    /// One model, at whichever provider.
    Model(ModelSlug),
    /// One conversation.
    Conversation(ConversationId),
    /// One app that asks through the local gateway, by the name of its key.
    App(String),
    /// One of the user's keys at a provider.
    Key {
        /// Whose key.
        provider: ProviderId,
        /// What the user calls it.
        label: AccountLabel,
    },
}

impl BudgetScope {
    /// The sort of scope, as stored and before the colon of the text.
    pub const fn sort(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Provider(_) => "provider",
            Self::Model(_) => "model",
            Self::Conversation(_) => "conversation",
            Self::App(_) => "app",
            Self::Key { .. } => "key",
        }
    }

    /// What comes after the colon; empty for `all`.
    pub fn subject(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Provider(id) => id.to_string(),
            Self::Model(slug) => slug.to_string(),
            Self::Conversation(id) => id.to_string(),
            Self::App(name) => name.clone(),
            Self::Key { provider, label } => format!("{provider}/{label}"),
        }
    }

    /// Puts the two halves together again.
    pub fn of(sort: &str, subject: &str) -> Result<Self, Failure> {
        let bad = |why: crate::Words| {
            Failure::new(
                ErrorKind::RequestInvalid,
                crate::say!("“{scope}” {why}", scope = format!("{sort}:{subject}"), why),
            )
        };
        let name = |text: &str| {
            let plain = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
            if plain {
                Ok(text.to_owned())
            } else {
                Err(bad(crate::say!("needs a name of 1 to 60 characters.")))
            }
        };
        match sort {
            "all" if subject.is_empty() => Ok(Self::All),
            "provider" => Ok(Self::Provider(ProviderId::new(name(subject)?))),
            "model" => {
                subject.parse().map(Self::Model).map_err(|_| bad(crate::say!("is not a model's name.")))
            }
            "conversation" => subject
                .parse()
                .map(Self::Conversation)
                .map_err(|_| bad(crate::say!("is not a conversation's id."))),
            "app" => Ok(Self::App(name(subject)?)),
            "key" => {
                let environment = AccountLabel::environment();
                let AccountRef { provider, label } = match subject.split_once('/') {
                    Some((provider, label)) if label == environment.as_str() => {
                        AccountRef { provider: provider.into(), label: environment }
                    }
                    _ => AccountRef::parse(subject)?,
                };
                Ok(Self::Key { provider: ProviderId::new(name(provider.as_str())?), label })
            }
            _ => Err(bad(crate::say!(
                "is no scope. Scopes are all, provider:ID, model:SLUG, conversation:ID, app:NAME \
                          and key:PROVIDER/LABEL."
            ))),
        }
    }
}

impl fmt::Display for BudgetScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            other => write!(f, "{}:{}", other.sort(), other.subject()),
        }
    }
}

impl FromStr for BudgetScope {
    type Err = Failure;
    fn from_str(text: &str) -> Result<Self, Failure> {
        let (sort, subject) = text.split_once(':').unwrap_or((text, ""));
        Self::of(sort, subject)
    }
}

impl Serialize for BudgetScope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BudgetScope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// How often a budget begins anew, by the local calendar. Weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// At midnight.
    Day,
    /// On Monday at midnight.
    Week,
    /// On the first at midnight.
    Month,
}

impl Period {
    /// The word used in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// A budget as the user gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Budget {
    /// Whose spending.
    pub scope: BudgetScope,
    /// How often it begins anew.
    pub period: Period,
    /// Dollars per period. Zero lets nothing through that costs anything.
    pub limit: PicoUsd,
    /// A request that may exceed it is not sent. Otherwise the user is only told.
    pub hard: bool,
    /// Percentages of the limit at which the user is told, rising.
    pub warn: Vec<u8>,
    /// Dollars per million tokens to reckon with where a price is unknown; `None` = such a request is not
    /// sent under a hard budget.
    pub unknown_price: Option<PicoUsd>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_survive_their_text() {
        for text in [
            "all",
            "provider:openai",
            "model:openai/gpt-5",
            "model:meta-llama/llama-3:free",
            "conversation:00000000-0000-0000-0000-000000000007",
            "app:my editor",
            "key:openai/work",
            "key:openai/environment",
        ] {
            let scope: BudgetScope = text.parse().unwrap();
            assert_eq!(scope.to_string(), text);
            assert_eq!(BudgetScope::of(scope.sort(), &scope.subject()).unwrap(), scope);
        }
        assert_eq!("key:openai".parse::<BudgetScope>().unwrap().to_string(), "key:openai/default");
        for bad in [
            "",
            "all:x",
            "provider",
            "provider:",
            "model:",
            "conversation:7",
            "app:",
            "key:",
            "key:x/",
            "x:y",
        ] {
            assert_eq!(bad.parse::<BudgetScope>().unwrap_err().kind, ErrorKind::RequestInvalid, "{bad}");
        }
    }
}
