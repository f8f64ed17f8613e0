//! Whose key is this? Answered from how it begins, without sending it anywhere.

use crate::Catalog;
use domain::{Provider, Secret};

impl Catalog {
    /// The provider whose key prefix is the longest that `key` begins with. `None` when none fits or
    /// two providers share the longest one: a key must never be sent to a guess.
    pub fn provider_of_key(&self, key: &Secret) -> Option<&Provider> {
        let length = |provider: &Provider| {
            let fits =
                provider.key_prefixes.iter().filter(|prefix| key.expose().starts_with(prefix.as_str()));
            fits.map(String::len).max()
        };
        let longest = self.providers().iter().filter_map(length).max()?;
        let mut candidates = self.providers().iter().filter(|provider| length(provider) == Some(longest));
        let first = candidates.next()?;
        candidates.next().is_none().then_some(first)
    }
}
