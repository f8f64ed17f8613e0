//! Which providers and endpoints there are for this user: the catalogue, the user's own providers, and
//! what local servers list.

mod called;
mod shared;

use crate::board::ratings::Ratings;
pub use crate::listed::Listed;
use crate::prices::PriceBook;
use catalog::Catalog;
use domain::{
    AccountField, AccountLabel, AuthScheme, Endpoint, EndpointId, ErrorKind, Failure, ModelRef, ModelSlug,
    PriceOrigin, PriceSheet, Provider, ProviderId, RateLimit, Upstream, say,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use store::ProviderStateRow;

/// What stands before the maker in a model's id where it is served from several regions of AWS (botocore 1.44.5 and
/// the catalogue, 2026-11).
const PROFILES: &[&str] = &["us", "us-gov", "eu", "apac", "au", "jp", "ca", "global"];

/// A key of a provider, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// What the user calls it.
    pub label: AccountLabel,
    /// The `scheme://host:port` it was entered for; it goes nowhere else.
    pub key_origin: String,
    /// Its last four characters; `None` = too short to show any.
    pub last_four: Option<String>,
    /// Result of its last test, JSON of [`crate::Tested`].
    pub test: Option<String>,
    /// It lives only until the program ends: there is no keychain.
    pub session_only: bool,
}

/// A provider with what this user has done about it.
#[derive(Clone, Debug)]
pub struct Known {
    /// The provider; a user's own entry replaces the catalogue's of the same id.
    pub provider: Arc<Provider>,
    /// Switch, test without a key, listed models.
    pub state: Option<ProviderStateRow>,
    /// The environment of this process holds a key for it at its present address.
    pub env_key: bool,
    /// Result of the last test of that key in this process, JSON.
    pub env_test: Option<String>,
    /// Its stored keys in the user's order, those for other addresses too.
    pub keys: Vec<StoredKey>,
    /// Models it lists itself.
    pub listed: Vec<Listed>,
    /// What the user gave of their account there, by field.
    pub fields: BTreeMap<String, String>,
    /// Fields that its address needs and that have no value.
    pub missing: Vec<String>,
    /// What the user set as most that it may be asked.
    pub own_limit: Option<RateLimit>,
    /// See [`Known::origin`]; found out once, since every request asks for it several times.
    origin: Option<String>,
}

impl Known {
    /// `scheme://host:port` that its key belongs to; a part of the host that its keys do not depend on
    /// stays in braces. `None` for addresses without a host (demo) or with a part that keys depend on and
    /// that is not known yet.
    pub fn origin(&self) -> Option<String> {
        self.origin.clone()
    }

    /// How fast it may be asked. A server on this machine answers one after the other unless its user says
    /// otherwise: side by side its answers take longer than in turn.
    pub fn limit(&self) -> RateLimit {
        let usual = RateLimit { concurrency: self.provider.local.then_some(1), ..RateLimit::default() };
        self.own_limit.unwrap_or(usual)
    }

    /// A key is stored for exactly this address, or the environment has one.
    pub fn has_key(&self) -> bool {
        self.env_key || self.stored_key()
    }

    /// A key is stored in the keychain (or in memory for this run) for exactly this address.
    pub fn stored_key(&self) -> bool {
        self.usable().next().is_some()
    }

    /// The stored keys that were entered for exactly this address.
    pub fn usable(&self) -> impl Iterator<Item = &StoredKey> {
        self.keys.iter().filter(|key| self.origin.as_deref() == Some(key.key_origin.as_str()))
    }

    /// One of its stored keys, for whatever address.
    pub fn key(&self, label: &AccountLabel) -> Option<&StoredKey> {
        self.keys.iter().find(|key| key.label == *label)
    }

    /// Does the provider's own list have this model? `None` = no list was read. A dated id counts as listed
    /// where the list has the model under another date.
    pub fn lists(&self, upstream: &str) -> Option<bool> {
        if self.listed.is_empty() {
            return None;
        }
        let wanted = undated(upstream);
        Some(self.listed.iter().any(|listed| listed.id == upstream || undated(&listed.id) == wanted))
    }

    /// The keys it is asked with, in order: that of the environment, then the stored ones. `None` alone
    /// where it is asked without; nothing where it cannot be asked.
    pub fn asked_with(&self) -> Vec<Option<AccountLabel>> {
        let environment = self.env_key.then(AccountLabel::environment);
        let stored = self.usable().map(|key| key.label.clone());
        let keys: Vec<_> = environment.into_iter().chain(stored).map(Some).collect();
        match (keys.is_empty(), self.ready()) {
            (true, true) => vec![None],
            _ => keys,
        }
    }

    /// A request without a key makes sense: local servers, demo, and addresses of the user's own, which
    /// may well be open.
    pub fn keyless(&self) -> bool {
        self.provider.auth == AuthScheme::None || self.provider.custom
    }

    /// The region in which it answers for this model: that of the account, where it has one. `None` where it
    /// may be any.
    pub fn region(&self, upstream: &str) -> Option<&str> {
        let place = |field: &&AccountField| matches!(field.name.as_str(), "region" | "location");
        let Some(field) = self.provider.account.fields.iter().find(place) else {
            return self.provider.data_policy.region.as_deref();
        };
        let own = self.fields.get(&field.name).filter(|value| !value.is_empty());
        let given = own.or(field.default.as_ref())?;
        // A profile over several regions stands before the model's maker.
        let profiled =
            matches!(self.provider.auth, AuthScheme::Aws { .. }) && upstream.matches('.').count() > 1;
        let profile = |part: &str| PROFILES.contains(&part);
        let anywhere = profiled && upstream.split('.').next().is_some_and(profile);
        (given != "global" && !anywhere).then_some(given)
    }

    /// Its address has parts that only the user knows (a region, an account) and has not said.
    pub fn addressless(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Says which fields its address still needs, and where to give them.
    pub fn without_address(&self) -> Failure {
        let provider = &self.provider;
        let needed = provider.account.fields.iter().filter(|field| self.missing.contains(&field.name));
        let labels: Vec<&str> = needed.map(|field| field.label.as_str()).collect();
        let given: Vec<String> = self.missing.iter().map(|name| format!("{name}=…")).collect();
        Failure::new(
            ErrorKind::RequestInvalid,
            say!("The address of {name} needs your own: {labels}. Enter it in Settings, or with `parallax provider set {id} {given}`.", name = provider.name, labels = labels.join(", "), id = provider.id, given = given.join(" ")),
        )
        .with_upstream(Upstream { provider: Some(provider.id.clone()), ..Upstream::default() })
    }

    /// A request may be sent to it. A server on this machine counts without having been found: only who
    /// names it reaches it, and whether it runs is seen by asking.
    pub fn ready(&self) -> bool {
        !self.addressless() && (self.provider.local || self.has_key() || self.keyless())
    }

    /// Its models are offered as usable: it is ready and, on this machine, was found and not switched off.
    pub fn offered(&self) -> bool {
        self.ready() && (!self.provider.local || self.enabled())
    }

    fn enabled(&self) -> bool {
        self.env_key || self.provider.custom || self.state.as_ref().is_some_and(|state| state.enabled)
    }
}

/// An id without the date, version number or `latest` at its end.
fn undated(id: &str) -> &str {
    let mut id = id;
    while let Some((rest, last)) = id.rsplit_once(['-', '@', ':']) {
        let number = last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_digit());
        if !number && last != "latest" {
            break;
        }
        id = rest;
    }
    id
}

/// What the user, and this process, have given beside the catalogue.
#[derive(Default)]
pub struct Given {
    /// Providers of the user's own.
    pub custom: Vec<Provider>,
    /// What is known of providers beside their keys.
    pub states: Vec<ProviderStateRow>,
    /// What of the user's accounts stands in addresses, by field.
    pub fields: BTreeMap<ProviderId, BTreeMap<String, String>>,
    /// Keys in the user's order.
    pub keys: Vec<(ProviderId, StoredKey)>,
    /// How fast providers may be asked, where the user has said.
    pub limits: HashMap<ProviderId, RateLimit>,
    /// Results of the last tests of keys from the environment, JSON.
    pub env_tests: HashMap<ProviderId, String>,
}

/// Everything that can be asked. Immutable; rebuilt when a provider changes.
#[derive(Clone)]
pub struct Registry {
    catalog: Arc<Catalog>,
    bundled: Arc<Catalog>,
    prices: PriceBook,
    providers: BTreeMap<ProviderId, Arc<Known>>,
    order: Vec<ProviderId>,
    revision: i64,
    /// What the user's votes say of models.
    pub(crate) ratings: Arc<Ratings>,
}

impl Registry {
    /// Joins the catalogue with what the user has given. `env_key`: the environment has a key for a provider at the
    /// address it has now.
    pub fn new(catalog: Arc<Catalog>, given: Given, env_key: impl Fn(&Known) -> bool) -> Self {
        let Given { custom, states, fields, keys, limits, env_tests } = given;
        let mut providers = BTreeMap::new();
        let mut order = Vec::new();
        for provider in catalog.providers().iter().cloned().chain(custom) {
            if !providers.contains_key(&provider.id) {
                order.push(provider.id.clone());
            }
            let fields = fields.get(&provider.id).cloned().unwrap_or_default();
            let reached = catalog::reach(&provider, &fields);
            let plain = || transport::origin_of(&reached.provider.base_url).ok();
            // What keys are bound to where that is a template, see [`catalog::Reached`].
            let origin =
                reached.key_origin.or_else(|| if reached.missing.is_empty() { plain() } else { None });
            let known = Known {
                env_key: false,
                provider: Arc::new(reached.provider),
                state: None,
                env_test: env_tests.get(&provider.id).cloned(),
                keys: Vec::new(),
                listed: Vec::new(),
                fields,
                own_limit: limits.get(&provider.id).copied(),
                missing: reached.missing,
                origin,
            };
            providers.insert(known.provider.id.clone(), known);
        }
        // Of two entries of one id the user's own counts, so that no other may claim the key.
        for known in providers.values_mut() {
            known.env_key = env_key(known);
        }
        for state in states {
            if let Some(known) = providers.get_mut(&state.provider) {
                // A list that this version cannot read is no list; the next discovery writes it anew.
                known.listed = state
                    .listed_models
                    .as_deref()
                    .and_then(|text| serde_json::from_str(text).ok())
                    .unwrap_or_default();
                known.state = Some(state);
            }
        }
        for (provider, key) in keys {
            if let Some(known) = providers.get_mut(&provider) {
                known.keys.push(key);
            }
        }
        let bundled = Arc::clone(&catalog);
        let providers = providers.into_iter().map(|(id, known)| (id, Arc::new(known))).collect();
        let (prices, ratings) = Default::default();
        Self { catalog, bundled, prices, providers, order, revision: 0, ratings }
    }

    /// What a provider lists and the catalogue does not have there.
    pub fn uncatalogued<'a>(&'a self, known: &'a Known) -> impl Iterator<Item = &'a Listed> {
        let provider = known.provider.id.as_str();
        known.listed.iter().filter(move |listed| self.catalog.endpoint(provider, &listed.id).is_none())
    }

    /// With what stands beside the bundled prices.
    #[must_use]
    pub fn with_prices(self, prices: PriceBook) -> Self {
        let catalog = if prices.is_empty() {
            Arc::clone(&self.bundled)
        } else {
            let book = prices.clone();
            Arc::new(self.bundled.with_prices(move |endpoint| book.in_force(endpoint).cloned()))
        };
        Self { catalog, prices, ..self }
    }

    /// The catalogue underneath, with today's prices.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What stands beside the bundled prices.
    pub fn prices(&self) -> &PriceBook {
        &self.prices
    }

    /// The price the program brought.
    pub fn bundled_price(&self, endpoint: &Endpoint) -> Option<&PriceSheet> {
        self.bundled.endpoint(endpoint.provider.as_str(), &endpoint.upstream_model)?.prices.as_ref()
    }

    /// Every price that a hold for this endpoint must cover: the one in force and, unless that is the
    /// user's own word, the bundled one and one that waits to be confirmed. Empty = unknown.
    pub fn prices_to_hold<'a>(&'a self, endpoint: &'a Endpoint) -> Vec<&'a PriceSheet> {
        let Some(sheet) = &endpoint.prices else { return Vec::new() };
        let mut sheets = vec![sheet];
        if matches!(sheet.source.origin, PriceOrigin::Bundled | PriceOrigin::Live) {
            let beside = self.prices.beside(&endpoint.provider, &endpoint.upstream_model);
            sheets.extend(beside.and_then(|b| b.waiting.as_ref()).map(|waiting| &waiting.sheet));
            let confirmed = beside.and_then(|b| b.confirmed.as_ref()).map(|confirmed| &confirmed.sheet);
            sheets.extend(confirmed.or_else(|| self.bundled_price(endpoint)));
        }
        sheets
    }

    /// All providers: the catalogue's in its order, then the user's own.
    pub fn providers(&self) -> impl Iterator<Item = &Known> {
        self.order.iter().filter_map(|id| self.providers.get(id)).map(Arc::as_ref)
    }

    /// One provider.
    pub fn provider(&self, id: &ProviderId) -> Option<&Known> {
        self.providers.get(id).map(Arc::as_ref)
    }

    /// Every endpoint that serves what was asked for, in no particular order.
    ///
    /// With a provider named the model may be one the catalogue does not know: it is taken as that
    /// provider's own id, at an unknown price. Errors: `request.invalid` for an unknown provider,
    /// `request.no_model` for an unknown model.
    pub fn resolve(&self, wanted: &ModelRef) -> Result<Vec<Endpoint>, Failure> {
        let Some(id) = &wanted.provider else {
            return self.resolve_anywhere(&wanted.model);
        };
        let known = self.providers.get(id).ok_or_else(|| {
            Failure::new(
                ErrorKind::RequestInvalid,
                say!(
                    "There is no provider called “{id}”. Add it in Settings or with `parallax provider add`.",
                    id
                ),
            )
        })?;
        if let Some(endpoint) = self.catalog.endpoint(id.as_str(), &wanted.model) {
            return Ok(vec![endpoint.clone()]);
        }
        let listed = known.listed.iter().find(|listed| listed.id == wanted.model);
        Ok(vec![self.unlisted(known, &wanted.model, listed.and_then(|l| l.context_length))?])
    }

    /// The endpoint with this id.
    pub fn endpoint(&self, id: &EndpointId) -> Option<Endpoint> {
        let (provider, upstream) = id.as_str().split_once('/')?;
        if let Some(endpoint) = self.catalog.endpoint(provider, upstream) {
            return Some(endpoint.clone());
        }
        let known = self.providers.get(&ProviderId::from(provider))?;
        let listed = known.listed.iter().find(|listed| listed.id == upstream);
        self.unlisted(known, upstream, listed.and_then(|listed| listed.context_length)).ok()
    }

    /// The provider of an endpoint, if that serves this model.
    pub(crate) fn serving(&self, id: &EndpointId, model: &ModelSlug) -> Option<&Known> {
        let endpoint = self.endpoint(id).filter(|endpoint| endpoint.model == *model)?;
        self.provider(&endpoint.provider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_server_that_was_not_found_can_be_asked_but_is_not_offered() {
        let catalog = Arc::new(Catalog::bundled().unwrap());
        let registry = Registry::new(catalog, Given::default(), |_| false);
        let known = |id: &str| registry.provider(&ProviderId::from(id)).unwrap();
        assert!(known("llamacpp").ready() && !known("llamacpp").offered());
        assert!(known("demo").ready() && known("demo").offered());
        assert!(!known("openai").ready() && !known("openai").offered());
    }

    #[test]
    fn where_a_model_answers_is_the_accounts_region_or_what_its_provider_says() {
        let catalog = Arc::new(Catalog::bundled().unwrap());
        let given = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let fields = BTreeMap::from([
            (ProviderId::from("bedrock"), given("region", "eu-west-1")),
            (ProviderId::from("vertex"), given("location", "eu")),
        ]);
        let registry = Registry::new(catalog, Given { fields, ..Given::default() }, |_| false);
        let region = |id: &str, model: &str| {
            registry.provider(&ProviderId::from(id)).unwrap().region(model).map(str::to_owned)
        };
        assert_eq!(region("bedrock", "anthropic.claude-sonnet-5").as_deref(), Some("eu-west-1"));
        assert_eq!(region("bedrock", "eu.anthropic.claude-sonnet-5"), None);
        assert_eq!(region("vertex", "gemini-2.5-flash").as_deref(), Some("eu"));
        assert_eq!(region("deepseek", "deepseek-v4-pro").as_deref(), Some("cn"));
        assert_eq!(region("openai", "gpt-5"), None);
        let untold = Registry::new(Arc::clone(&registry.catalog), Given::default(), |_| false);
        assert_eq!(untold.provider(&ProviderId::from("vertex")).unwrap().region("gemini-2.5-flash"), None);
    }

    #[test]
    fn a_date_at_the_end_makes_no_other_model() {
        for (id, name) in [
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
            ("mistral-large-latest", "mistral-large"),
            ("gemini-2.5-pro-001", "gemini-2.5-pro"),
            ("llama-3.3-70b", "llama-3.3-70b"),
            ("o3", "o3"),
        ] {
            assert_eq!(undated(id), name);
        }
    }
}
