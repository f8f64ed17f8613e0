//! The whole of what is known, and how it is found.

use crate::{CatalogError, DEMO, bundle, demo, provider, snapshot};
use domain::{Endpoint, Model, ModelSlug, PriceSheet, Provider, ProviderId};
use std::collections::{BTreeMap, HashMap};

/// Providers, models and endpoints at one moment. Immutable: share it behind an `Arc`, and replace it
/// whole when a list was refreshed.
#[derive(Clone, Debug)]
pub struct Catalog {
    date: String,
    /// By id; providers on this machine after the others, demo last.
    providers: Vec<Provider>,
    /// `(provider, author)`: the provider is the author's own service.
    own: Vec<(ProviderId, String)>,
    /// By slug, demo models last.
    models: Vec<Model>,
    /// Another name of a model → its place in `models`.
    aliases: HashMap<String, usize>,
    /// By model, then by provider, then in the order of the provider's file.
    endpoints: Vec<Endpoint>,
    /// Dated ids of endpoints: found by name, not listed.
    pinned: Vec<Endpoint>,
    /// Places in `endpoints` and, after them, `pinned`, by provider and upstream id.
    by_upstream: Vec<usize>,
}

impl Catalog {
    /// Parses the embedded snapshot.
    pub fn bundled() -> Result<Self, CatalogError> {
        let (providers, own) = providers()?;
        let file: snapshot::Models<'_> = serde_json::from_str(bundle::MODELS)
            .map_err(|error| snapshot::bad("models", error.to_string()))?;
        let mut models = Vec::with_capacity(file.models.len() + 4);
        let mut names = Vec::new();
        for mut row in file.models {
            let other = std::mem::take(&mut row.aliases);
            let model = row.model()?;
            names.extend(other.into_iter().map(|alias| (alias.into_owned(), model.slug.clone())));
            models.push(model);
        }
        models.sort_by(|a, b| order(&a.slug).cmp(&order(&b.slug)));

        let mut endpoints = Vec::new();
        let mut pinned = Vec::new();
        for (provider, text) in bundle::endpoints() {
            let known = |slug: &str| position(&models, slug).map(|at| models[at].slug.clone());
            let served = snapshot::endpoints(&ProviderId::from(*provider), text, known)?;
            endpoints.extend(served.listed);
            pinned.extend(served.pinned);
        }
        for (model, endpoint) in demo::demo_models() {
            models.push(model);
            endpoints.push(endpoint);
        }
        let aliases =
            names.into_iter().filter_map(|(alias, slug)| Some((alias, position(&models, slug.as_str())?)));
        let aliases = aliases.collect();
        let endpoints = by_model(endpoints, &models);
        let date = file.date;
        let mut catalog =
            Self { date, providers, own, models, aliases, endpoints, pinned, by_upstream: Vec::new() };
        let mut places: Vec<usize> = (0..catalog.endpoints.len() + catalog.pinned.len()).collect();
        places.sort_by(|a, b| catalog.named(*a).cmp(&catalog.named(*b)));
        catalog.by_upstream = places;
        Ok(catalog)
    }

    /// All providers by id, those on this machine after the others, demo last.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The provider with this id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id.as_str() == id)
    }

    /// All models by slug; the demo models are last.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model with this slug or alias.
    pub fn model(&self, slug: &str) -> Option<&Model> {
        let exact = position(&self.models, slug).or_else(|| self.aliases.get(slug).copied());
        // Slugs are lower case; people and other programs do not always write them so.
        let at = exact.or_else(|| {
            let lower = slug.to_lowercase();
            position(&self.models, &lower).or_else(|| self.aliases.get(&lower).copied())
        })?;
        self.models.get(at)
    }

    /// Every endpoint that serves the model with this slug or alias, by provider. A provider may serve
    /// one model under several ids (regions), the usual one first.
    pub fn endpoints(&self, slug: &str) -> &[Endpoint] {
        let Some(model) = self.model(slug) else { return &[] };
        let key = order(&model.slug);
        let start = self.endpoints.partition_point(|endpoint| order(&endpoint.model) < key);
        let rest = self.endpoints.get(start..).unwrap_or_default();
        let end = rest.partition_point(|endpoint| order(&endpoint.model) == key);
        rest.get(..end).unwrap_or_default()
    }

    /// All endpoints, by model and provider.
    pub fn all_endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Every endpoint of a provider, those found by a dated id included.
    pub fn of_provider<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a Endpoint> {
        self.endpoints.iter().chain(&self.pinned).filter(move |e| e.provider.as_str() == provider)
    }

    /// The same catalogue with other prices: `price` answers for an endpoint, `None` = as it is.
    #[must_use]
    pub fn with_prices(&self, price: impl Fn(&Endpoint) -> Option<PriceSheet>) -> Self {
        let mut changed = self.clone();
        for endpoint in changed.endpoints.iter_mut().chain(&mut changed.pinned) {
            if let Some(sheet) = price(endpoint) {
                endpoint.prices = Some(sheet);
            }
        }
        changed
    }

    /// The endpoint at `provider` for `model`: an upstream id of that provider (a dated one too), a slug
    /// or an alias. An upstream id wins where both would fit, since it names one thing there.
    pub fn endpoint(&self, provider: &str, model: &str) -> Option<&Endpoint> {
        let found = self.by_upstream.binary_search_by(|place| self.named(*place).cmp(&(provider, model)));
        match found {
            Ok(at) => self.by_upstream.get(at).and_then(|place| self.place(*place)),
            Err(_) => self.endpoints(model).iter().find(|endpoint| endpoint.provider.as_str() == provider),
        }
    }

    /// True when the endpoint's provider is the own service of the model's author, e.g. `xai` for
    /// `x-ai/…`. No one stands between, so it breaks ties between equal prices.
    pub fn is_first_party(&self, endpoint: &Endpoint) -> bool {
        let author = endpoint.model.author();
        self.own.iter().any(|(provider, own)| *provider == endpoint.provider && own == author)
    }

    /// Day of the newest source of the snapshot, `YYYY-MM-DD`.
    pub fn data_date(&self) -> &str {
        &self.date
    }

    fn place(&self, place: usize) -> Option<&Endpoint> {
        match place.checked_sub(self.endpoints.len()) {
            None => self.endpoints.get(place),
            Some(beyond) => self.pinned.get(beyond),
        }
    }

    /// What `by_upstream` is sorted by.
    fn named(&self, place: usize) -> (&str, &str) {
        self.place(place).map_or(("", ""), |endpoint| (endpoint.provider.as_str(), &endpoint.upstream_model))
    }
}

/// Sort key of a model: demo models come after all others.
fn order(slug: &ModelSlug) -> (bool, &str) {
    (slug.author() == DEMO, slug.as_str())
}

fn position(models: &[Model], slug: &str) -> Option<usize> {
    let key = (slug.split_once('/').is_some_and(|(author, _)| author == DEMO), slug);
    models.binary_search_by(|model| order(&model.slug).cmp(&key)).ok()
}

/// By model, then by provider. Within one provider the order of its file stands: the usual id comes first.
/// Places are sorted, since every start sorts two thousand endpoints and comparing slugs is half of it.
fn by_model(endpoints: Vec<Endpoint>, models: &[Model]) -> Vec<Endpoint> {
    let mut keyed: Vec<(Option<usize>, usize)> = endpoints
        .iter()
        .enumerate()
        .map(|(place, endpoint)| (position(models, endpoint.model.as_str()), place))
        .collect();
    let provider = |place: usize| endpoints.get(place).map(|endpoint| &endpoint.provider);
    keyed.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| provider(a.1).cmp(&provider(b.1))).then_with(|| a.1.cmp(&b.1))
    });
    let mut endpoints: Vec<Option<Endpoint>> = endpoints.into_iter().map(Some).collect();
    keyed.into_iter().filter_map(|(_, place)| endpoints.get_mut(place)?.take()).collect()
}

type Own = Vec<(ProviderId, String)>;

fn providers() -> Result<(Vec<Provider>, Own), CatalogError> {
    let mut by_order = BTreeMap::new();
    let mut own = Vec::new();
    for (stem, text) in bundle::providers() {
        let (provider, authors) = provider::parse(stem, text)?;
        own.extend(authors.into_iter().map(|author| (provider.id.clone(), author)));
        by_order.insert((*stem == DEMO, provider.local, *stem), provider);
    }
    Ok((by_order.into_values().collect(), own))
}
