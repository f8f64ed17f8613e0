//! What a key is kept under.

use domain::{AccountLabel, ProviderId};

/// A key belongs to a provider *at an origin*: when a base URL changes, by whatever means, the old key
/// is not found for the new host. Of several keys of a provider each has a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// Whose key.
    pub provider: ProviderId,
    /// Which of its keys.
    pub label: AccountLabel,
    /// `scheme://host:port`, as `transport::origin_of` writes it.
    pub origin: String,
}

impl Slot {
    /// The slot of a provider's key without a label.
    pub fn unnamed(provider: ProviderId, origin: impl Into<String>) -> Self {
        Self { provider, label: AccountLabel::unnamed(), origin: origin.into() }
    }

    /// The user name of the keychain item. Neither a provider's id nor a label holds a slash or an `@`.
    pub(crate) fn user(&self) -> String {
        let Self { provider, label, origin } = self;
        if label.is_unnamed() {
            format!("{provider}@{origin}")
        } else {
            format!("{provider}/{label}@{origin}")
        }
    }
}
