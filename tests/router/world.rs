//! A small world of providers told apart by name: `author` is the model's author, `local` runs here,
//! `keyless` has no key, `alien` speaks a dialect that is not built in, `trains` may train on what it is
//! sent, `clean` does not and keeps nothing.

use domain::{
    Capabilities, DataPolicy, Endpoint, EndpointId, ErrorKind, Failure, Meter, Millis, Modality, PicoUsd,
    PriceOrigin, PriceRule, PriceSheet, PriceSource, ProviderId, Reason, Route, RoutingPrefs, Timestamp,
    When,
};
use router::{Ask, Health, Needs, Observed, Offer, Prompt, Ready, Warm, Who, plan};
use std::collections::BTreeMap;

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// `provider`, and dollars per million prompt and completion tokens.
pub(crate) fn endpoint(provider: &str, price: Option<(&str, &str)>) -> Endpoint {
    let rates = |(input, output): (&str, &str)| {
        BTreeMap::from([
            (Meter::Input, PicoUsd::per_million(input).expect("a price")),
            (Meter::Output, PicoUsd::per_million(output).expect("a price")),
        ])
    };
    Endpoint {
        id: EndpointId::new(format!("{provider}/m")),
        provider: ProviderId::from(provider),
        model: "author/m".parse().expect("a slug"),
        upstream_model: "m".into(),
        context_length: Some(100_000),
        max_completion_tokens: None,
        prices: price.map(|price| PriceSheet {
            source: PriceSource {
                origin: PriceOrigin::Bundled,
                source: "made up".into(),
                checked: "2026-01-01".into(),
            },
            rules: vec![PriceRule { when: When::default(), rates: rates(price) }],
        }),
    }
}

/// What is asked in this world; every change gives another one.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) health: Health,
    pub(crate) stand_ins: Vec<String>,
    pub(crate) model: Option<(Capabilities, Vec<Modality>)>,
    named: Option<ProviderId>,
    prompt: u64,
    prefs: RoutingPrefs,
    needs: Needs,
    warm: Option<Warm>,
    seed: u64,
    at: Timestamp,
    turns: u32,
    floor: bool,
}

impl World {
    pub(crate) fn new(endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        Self {
            endpoints: endpoints.into_iter().collect(),
            health: Health::default(),
            stand_ins: Vec::new(),
            model: None,
            named: None,
            prompt: 10,
            prefs: RoutingPrefs::default(),
            needs: Needs::default(),
            warm: None,
            seed: 1,
            at: NOW,
            turns: 0,
            floor: false,
        }
    }

    pub(crate) fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    pub(crate) fn turns(mut self, turns: u32) -> Self {
        self.turns = turns;
        self
    }

    pub(crate) fn floor(mut self) -> Self {
        self.floor = true;
        self
    }

    pub(crate) fn named(mut self, provider: &str) -> Self {
        self.named = Some(ProviderId::from(provider));
        self
    }

    pub(crate) fn prompt(mut self, tokens: u64) -> Self {
        self.prompt = tokens;
        self
    }

    pub(crate) fn prefs(self, json: &str) -> Self {
        self.with(serde_json::from_str(json).expect("preferences"))
    }

    pub(crate) fn with(mut self, prefs: RoutingPrefs) -> Self {
        self.prefs = prefs;
        self
    }

    pub(crate) fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// A model that can do everything, or nothing but text.
    pub(crate) fn model(mut self, can: bool) -> Self {
        let abilities =
            Capabilities { tools: can, structured_output: can, reasoning: can, temperature: None };
        let reads = if can { vec![Modality::Text, Modality::Image] } else { vec![Modality::Text] };
        self.model = Some((abilities, reads));
        self
    }

    pub(crate) fn warm(mut self, provider: &str, tokens: u64, for_ms: i64) -> Self {
        let endpoint = EndpointId::new(format!("{provider}/m"));
        self.warm = Some(Warm { endpoint, tokens, until: Timestamp(NOW.0 + for_ms) });
        self
    }

    pub(crate) fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(crate) fn fail(&mut self, provider: &str, kind: ErrorKind, times: usize) {
        let failure = Failure::new(kind, "x");
        for _ in 0..times {
            observe(&mut self.health, NOW, provider, Observed::Failed { failure: &failure });
        }
    }

    pub(crate) fn answered(&mut self, provider: &str, first_ms: u64, times: usize) {
        for _ in 0..times {
            let answer = Observed::Answered {
                first_content: Some(Millis(first_ms)),
                prompt: Prompt::default(),
                wrote: None,
            };
            observe(&mut self.health, NOW, provider, answer);
        }
    }

    pub(crate) fn plan(&self) -> Route {
        let trains = |provider: &str| DataPolicy {
            trains: match provider {
                "clean" => Some(false),
                "trains" => Some(true),
                _ => None,
            },
            retention_days: (provider == "clean").then_some(0),
            ..DataPolicy::default()
        };
        let policies: Vec<DataPolicy> = self.endpoints.iter().map(|e| trains(e.provider.as_str())).collect();
        let offers: Vec<Offer<'_>> = self
            .endpoints
            .iter()
            .zip(&policies)
            .map(|(endpoint, data)| {
                let provider = endpoint.provider.as_str();
                Offer {
                    endpoint,
                    accounts: &[],
                    ready: if provider == "keyless" { Ready::NoKey } else { Ready::Yes },
                    dialect_built: provider != "alien",
                    local: provider == "local",
                    first_party: provider == "author",
                    data,
                    region: None,
                    quantization: None,
                    model: self.model.as_ref().map(|(can, reads)| (can, reads.as_slice())),
                    drops: &[],
                    affordable: true,
                    queue: Millis(0),
                    stand_in: u32::from(self.stand_ins.iter().any(|other| other == provider)),
                }
            })
            .collect();
        let ask = Ask {
            named: self.named.as_ref(),
            prefs: &self.prefs,
            policy: None,
            needs: &self.needs,
            prompt_tokens: self.prompt,
            answer_tokens: 700,
            follow_ups: self.turns,
            floor: self.floor,
            warm: self.warm.as_ref(),
            seed: self.seed,
            now: self.at,
        };
        plan(&offers, &ask, &self.health)
    }
}

pub(crate) fn observe(health: &mut Health, at: Timestamp, provider: &str, what: Observed<'_>) {
    let (endpoint, provider) = (EndpointId::new(format!("{provider}/m")), ProviderId::from(provider));
    let local = provider.as_str() == "local";
    health.observe(at, Who { endpoint: &endpoint, provider: &provider, account: None, local }, what);
}

pub(crate) fn order(route: &Route) -> Vec<&str> {
    route.planned.iter().map(|c| c.endpoint.as_str().trim_end_matches("/m")).collect()
}

/// Why an endpoint was left out; empty = it was not.
pub(crate) fn rejection(route: &Route, provider: &str) -> Vec<Reason> {
    let id = EndpointId::new(format!("{provider}/m"));
    route.rejected.iter().find(|r| r.endpoint == id).map(|r| r.reasons.clone()).unwrap_or_default()
}
