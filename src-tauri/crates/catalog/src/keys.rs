//! Whose key is this? Answered from how it begins, without sending it anywhere.

use domain::{Provider, Secret};

/// How the keys begin that are given to other programs here: they are no provider's.
pub const APP_KEY_PREFIX: &str = "sk-parallax-";

/// The provider whose key prefix is the longest that `key` begins with. `None` when none fits or
/// two providers share the longest one: a key must never be sent to a guess.
pub fn provider_of_key<'p>(
    providers: impl IntoIterator<Item = &'p Provider>,
    key: &Secret,
) -> Option<&'p Provider> {
    if key.expose().starts_with(APP_KEY_PREFIX) {
        return None;
    }
    let length = |provider: &Provider| {
        let fits = provider.key_prefixes.iter().filter(|prefix| key.expose().starts_with(prefix.as_str()));
        fits.map(String::len).max()
    };
    let mut found: Option<(usize, Option<&Provider>)> = None;
    for provider in providers {
        let Some(length) = length(provider) else { continue };
        found = match found {
            Some((longest, _)) if longest > length => found,
            Some((longest, _)) if longest == length => Some((longest, None)),
            _ => Some((length, Some(provider))),
        };
    }
    found?.1
}
