//! The one type that holds key material.

use std::fmt;
use zeroize::Zeroizing;

/// A provider key. Wiped on drop, printed as `Secret(…)`, and deliberately without `Serialize`,
/// `Clone` or `Display`: it can go from the keychain to a request header and nowhere else.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of key material. White space around it is dropped: keys are pasted.
    pub fn new(key: impl Into<String>) -> Self {
        let key = Zeroizing::new(key.into());
        Self(Zeroizing::new(key.trim().to_owned()))
    }

    /// The key, for the authorisation header and the keychain alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last four characters, shown so that a user can tell keys apart. `None` for keys so short
    /// that four characters would give a meaningful part of them away.
    pub fn last_four(&self) -> Option<String> {
        let count = self.0.chars().count();
        (count >= 12).then(|| self.0.chars().skip(count - 4).collect())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
