//! What a key is kept under.

use domain::ProviderId;

/// A key belongs to a provider *at an origin*: when a base URL changes, by whatever means, the old key
/// is not found for the new host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// Whose key.
    pub provider: ProviderId,
    /// `scheme://host:port`, as `transport::origin_of` writes it.
    pub origin: String,
}

impl Slot {
    /// The user name of the keychain item.
    pub(crate) fn user(&self) -> String {
        format!("{}@{}", self.provider.as_str(), self.origin)
    }
}
