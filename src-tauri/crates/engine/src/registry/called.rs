//! Providers and models by the names that people and other programs give them.

use super::{Known, Registry};
use domain::{Endpoint, EndpointId, ErrorKind, Failure, ModelRef, ModelSlug, ProviderId, RoutingPrefs, say};

impl Registry {
    /// Display name of a model reference.
    pub fn model_name(&self, model: &ModelRef) -> String {
        match self.catalog.model(&model.model) {
            Some(known) => known.name.clone(),
            None => model.model.clone(),
        }
    }

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
                    say!("The rules name a provider “{name}”, and there is none called so. `parallax provider list` \
                         shows the ids.", name),
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

    pub(super) fn resolve_anywhere(&self, model: &str) -> Result<Vec<Endpoint>, Failure> {
        let mut endpoints: Vec<Endpoint> = self.catalog.endpoints(model).to_vec();
        if !endpoints.is_empty() {
            // Who names a provider's dated id means that one, where it is served.
            for endpoint in &mut endpoints {
                if let Some(exact) = self.catalog.endpoint(endpoint.provider.as_str(), model)
                    && exact.upstream_model == model
                {
                    endpoint.clone_from(exact);
                }
            }
            let mut seen = std::collections::BTreeSet::new();
            endpoints.retain(|endpoint| seen.insert(endpoint.id.clone()));
            return Ok(endpoints);
        }
        // `llamacpp/SmolLM2` names a model that a local server lists.
        if let Some((provider, id)) = model.split_once('/')
            && let Some(known) = self.providers.get(&ProviderId::from(provider))
            && let Some(listed) = known.listed.iter().find(|listed| listed.id == id)
        {
            return Ok(vec![self.unlisted(known, id, listed.context_length)?]);
        }
        // A maker's own id that the catalogue does not offer, where there is a key for its maker.
        let mut makers = self.catalog.makers_of(model).filter_map(|id| self.providers.get(id));
        if let Some(known) = makers.find(|known| known.offered()) {
            return Ok(vec![self.unlisted(known, model, None)?]);
        }
        // A name alone, which one provider lists and no other.
        let mut listing = self.providers.values().filter(|known| known.offered()).filter_map(|known| {
            let listed = known.listed.iter().find(|listed| listed.id == model)?;
            Some((known, listed))
        });
        if let (Some((known, listed)), None) = (listing.next(), listing.next()) {
            return Ok(vec![self.unlisted(known, model, listed.context_length)?]);
        }
        Err(Failure::new(
            ErrorKind::RequestNoModel,
            say!(
                "No provider in the catalogue serves “{model}”. Look it up with `parallax models`, or name a \
                 provider: {model}@PROVIDER.",
                model
            ),
        ))
    }

    /// An endpoint for a model id that the catalogue does not have at this provider.
    pub(super) fn unlisted(
        &self,
        known: &Known,
        upstream: &str,
        context_length: Option<u64>,
    ) -> Result<Endpoint, Failure> {
        let provider = &known.provider;
        let slug: ModelSlug = format!("{}/{}", provider.id, upstream.replace(char::is_whitespace, "-"))
            .parse()
            .map_err(|bad: domain::BadSlug| Failure::new(ErrorKind::RequestNoModel, bad.to_string()))?;
        let prices = match provider.local {
            true => Some(catalog::local_sheet(self.catalog.data_date())),
            false => self.catalog.unlisted_price(provider.id.as_str(), upstream),
        };
        let mut endpoint = Endpoint {
            id: EndpointId::new(format!("{}/{upstream}", provider.id)),
            provider: provider.id.clone(),
            model: slug,
            upstream_model: upstream.to_owned(),
            context_length,
            max_completion_tokens: None,
            prices,
        };
        if let Some(sheet) = self.prices.in_force(&endpoint) {
            endpoint.prices = Some(sheet.clone());
        }
        Ok(endpoint)
    }
}
