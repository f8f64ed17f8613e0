//! Providers by the names that people and other programs give them.

use super::Registry;
use domain::{ErrorKind, Failure, ProviderId, RoutingPrefs};

impl Registry {
    /// Rules with providers by their ids, whatever name they are given: an id in any case, the name shown, or
    /// what OpenRouter and the other sources call it; a region behind it stays. Error `request.invalid` for a
    /// name of no provider: a rule that is not understood would permit what it forbids.
    pub(crate) fn known_providers(&self, mut prefs: RoutingPrefs) -> Result<RoutingPrefs, Failure> {
        let lists = [Some(&mut prefs.order), prefs.only.as_mut(), Some(&mut prefs.ignore)];
        for slug in lists.into_iter().flatten().flatten() {
            let (name, region) = match slug.split_once('/') {
                Some((name, region)) => (name, Some(region)),
                None => (slug.as_str(), None),
            };
            let id = self.provider_called(name).ok_or_else(|| {
                Failure::new(
                    ErrorKind::RequestInvalid,
                    format!(
                        "The rules name a provider “{name}”, and there is none called so. `parallax provider list` \
                         shows the ids."
                    ),
                )
            })?;
            *slug = match region {
                Some(region) => format!("{id}/{region}"),
                None => id.to_string(),
            };
        }
        Ok(prefs)
    }

    fn provider_called(&self, name: &str) -> Option<ProviderId> {
        let lower = ProviderId::new(name.to_lowercase());
        if self.providers.contains_key(&lower) {
            return Some(lower);
        }
        let shown = self.providers.values().find(|known| known.provider.name.eq_ignore_ascii_case(name));
        let id = || self.catalog.provider_called(name).map(|provider| provider.id.clone());
        shown.map(|known| known.provider.id.clone()).or_else(id)
    }
}
