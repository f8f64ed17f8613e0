//! The whole of what is known, and how it is found.

use crate::{
    CatalogError, DEMO, bundle, demo,
    feed::Host,
    others, provider,
    snapshot::{self, Served},
};
use domain::{Endpoint, Model, PriceSheet, Provider, ProviderId};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, LazyLock, OnceLock},
};

/// Gives another price of an endpoint; `None` = as it is.
type Prices = Arc<dyn Fn(&Endpoint) -> Option<PriceSheet> + Send + Sync>;

/// Providers, models and endpoints at one moment. Immutable: share it behind an `Arc`, and replace it
/// whole when a list was refreshed.
///
/// A model is read when it is first asked for, since most starts need one of many hundred.
#[derive(Clone)]
pub struct Catalog {
    /// By id; providers on this machine after the others, demo last.
    providers: Vec<Provider>,
    /// `(provider, author)`: the provider is the author's own service.
    own: Vec<(ProviderId, String)>,
    /// By slug; `None` in a cell is a line that cannot be read, which [`Catalog::check`] tells.
    models: Vec<OnceLock<Option<Box<Served>>>>,
    demos: Vec<Served>,
    prices: Option<Prices>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("providers", &self.providers.len()).finish_non_exhaustive()
    }
}

impl Catalog {
    /// The embedded snapshot. Errors: a provider's file that cannot be read.
    pub fn bundled() -> Result<Self, CatalogError> {
        let (providers, own) = providers()?;
        let demos = demo::demo_models();
        let demos =
            demos.map(|(model, endpoint)| Served { model, listed: vec![endpoint], pinned: Vec::new() });
        let models = std::iter::repeat_with(OnceLock::new).take(bundle::models()).collect();
        Ok(Self { providers, own, models, demos: demos.collect(), prices: None })
    }

    /// Reads every model. Errors: the first line that cannot be read; such a model is not there otherwise.
    pub fn check(&self) -> Result<(), CatalogError> {
        (0..self.models.len()).filter_map(bundle::row).try_for_each(|row| snapshot::served(row).map(drop))
    }

    /// All providers by id, those on this machine after the others, demo last.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The provider with this id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id.as_str() == id)
    }

    /// The provider that has this name in one of the sources (`google-vertex`), where it is no id of ours.
    pub fn provider_called(&self, name: &str) -> Option<&Provider> {
        // Read once: a program may name as many as it likes.
        static HOSTS: LazyLock<Vec<Host>> =
            LazyLock::new(|| serde_json::from_str(bundle::HOSTS).unwrap_or_default());
        self.provider(&HOSTS.iter().find(|host| host.is_called(name))?.id)
    }

    /// All models by slug; the demo models are last.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.all().map(|served| &served.model)
    }

    /// The demo models, by slug.
    pub fn demos(&self) -> impl Iterator<Item = &Model> {
        self.demos.iter().map(|served| &served.model)
    }

    /// The model with this slug or alias, or known by this id at a provider.
    pub fn model(&self, slug: &str) -> Option<&Model> {
        self.named(slug).map(|served| &served.model)
    }

    /// The models whose slug has this name behind its author, or that some provider lists under this id, by slug; the
    /// demo models are last.
    pub fn meant<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Model> {
        let demos = self.demos.iter().filter(move |served| {
            let short = served.model.slug.as_str().split_once('/').is_some_and(|(_, short)| short == name);
            short || served.listed.iter().any(|endpoint| endpoint.upstream_model == name)
        });
        bundle::meant(name).filter_map(|place| self.served(place)).chain(demos).map(|served| &served.model)
    }

    /// Every endpoint that serves the model with this slug or alias, or known by this id at a provider, by provider. A provider may serve
    /// one model under several ids (regions), the usual one first.
    pub fn endpoints(&self, slug: &str) -> &[Endpoint] {
        self.named(slug).map_or(&[], |served| &served.listed)
    }

    /// All endpoints, by model and provider.
    pub fn all_endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.all().flat_map(|served| &served.listed)
    }

    /// Every endpoint of a provider, those found by a dated id included.
    pub fn of_provider<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a Endpoint> {
        let endpoints = self.all().flat_map(|served| served.listed.iter().chain(&served.pinned));
        endpoints.filter(move |endpoint| endpoint.provider.as_str() == provider)
    }

    /// The same catalogue with other prices: `price` answers for an endpoint as bundled, `None` = as it is.
    #[must_use]
    pub fn with_prices(
        &self,
        price: impl Fn(&Endpoint) -> Option<PriceSheet> + Send + Sync + 'static,
    ) -> Self {
        let mut changed = self.clone();
        changed.models.fill_with(OnceLock::new);
        for served in &mut changed.demos {
            reprice(served, &price);
        }
        changed.prices = Some(Arc::new(price));
        changed
    }

    /// The endpoint at `provider` for `model`: an upstream id of that provider (a dated one too), a slug
    /// or an alias. An upstream id wins where both would fit, since it names one thing there.
    pub fn endpoint(&self, provider: &str, model: &str) -> Option<&Endpoint> {
        let by_id = || {
            if provider == DEMO {
                let mut all = self.demos.iter().flat_map(|served| &served.listed);
                return all.find(|endpoint| endpoint.upstream_model == model);
            }
            let (place, endpoint) = bundle::upstream(provider, model)?;
            let served = self.served(place)?;
            match endpoint.checked_sub(served.listed.len()) {
                None => served.listed.get(endpoint),
                Some(beyond) => served.pinned.get(beyond),
            }
        };
        by_id()
            .or_else(|| self.endpoints(model).iter().find(|endpoint| endpoint.provider.as_str() == provider))
    }

    /// What an id costs at a provider that is not among its endpoints: a model offered no longer, a dated id. `None` =
    /// no source says.
    pub fn unlisted_price(&self, provider: &str, id: &str) -> Option<PriceSheet> {
        others::price(provider, id)
    }

    /// The makers whose own service knows this id, by a source of prices, though it is not offered here.
    pub fn makers_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a ProviderId> {
        let mut makers: Vec<&ProviderId> = self.own.iter().map(|(provider, _)| provider).collect();
        makers.dedup();
        makers.into_iter().filter(move |provider| others::price(provider.as_str(), id).is_some())
    }

    /// True when the endpoint's provider is the own service of the model's author, e.g. `xai` for
    /// `x-ai/…`. No one stands between, so it breaks ties between equal prices.
    pub fn is_first_party(&self, endpoint: &Endpoint) -> bool {
        let author = endpoint.model.author();
        self.own.iter().any(|(provider, own)| *provider == endpoint.provider && own == author)
    }

    /// Day of the newest source of the snapshot, `YYYY-MM-DD`.
    pub fn data_date(&self) -> &str {
        bundle::date()
    }

    fn all(&self) -> impl Iterator<Item = &Served> {
        (0..self.models.len()).filter_map(|place| self.served(place)).chain(&self.demos)
    }

    /// By slug, alias or a provider's own id.
    fn named(&self, slug: &str) -> Option<&Served> {
        let found = |slug: &str| {
            let bundled = bundle::model(slug).and_then(|place| self.served(place));
            bundled.or_else(|| self.demos.iter().find(|served| served.model.slug.as_str() == slug))
        };
        // Slugs are lower case; people and other programs do not always write them so.
        found(slug).or_else(|| found(&slug.to_lowercase())).or_else(|| self.served_as(slug))
    }

    /// The model that a provider calls so, dated ids included. Its maker's own name for it goes first; without
    /// that, one under which a single model is served.
    fn served_as(&self, id: &str) -> Option<&Served> {
        let known: Vec<(&str, usize)> = bundle::called(id).collect();
        if known.is_empty() {
            return None;
        }
        let called = |provider: &ProviderId| {
            known.iter().find(|(name, _)| *name == provider.as_str()).map(|(_, place)| *place)
        };
        let own = |provider: &ProviderId| {
            let served = self.served(called(provider)?)?;
            let author = served.model.slug.author();
            self.own.iter().any(|(one, by)| one == provider && by == author).then_some(served)
        };
        if let Some(served) = self.providers.iter().find_map(|provider| own(&provider.id)) {
            return Some(served);
        }
        let mut places = self.providers.iter().filter_map(|provider| called(&provider.id));
        let first = places.next()?;
        places.all(|place| place == first).then(|| self.served(first))?
    }

    fn served(&self, place: usize) -> Option<&Served> {
        let read = || {
            let mut served = snapshot::served(bundle::row(place)?).ok()?;
            if let Some(price) = &self.prices {
                reprice(&mut served, &**price);
            }
            Some(Box::new(served))
        };
        self.models.get(place)?.get_or_init(read).as_deref()
    }
}

fn reprice(served: &mut Served, price: &dyn Fn(&Endpoint) -> Option<PriceSheet>) {
    for endpoint in served.listed.iter_mut().chain(&mut served.pinned) {
        if let Some(sheet) = price(endpoint) {
            endpoint.prices = Some(sheet);
        }
    }
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
