//! The built-in demo models and the sheets of what costs nothing.

use domain::{
    Capabilities, Endpoint, EndpointId, Meter, Modality, Model, ModelSlug, PicoUsd, PriceOrigin, PriceRule,
    PriceSheet, PriceSource, ProviderId, When,
};
use std::collections::BTreeMap;

/// Id of the provider whose models answer inside this program. They are not AI and say so.
pub const DEMO: &str = "demo";

/// Day the demo models were last changed; a sheet without a date would not be evidence.
const DEMO_CHANGED: &str = "2026-11-21";

/// Slug, display name, whether it reasons before it answers.
const MODELS: [(&str, &str, bool); 4] = [
    ("demo/flaky", "Demo Flaky", false),
    ("demo/quick", "Demo Quick", false),
    ("demo/steady", "Demo Steady", false),
    ("demo/thinker", "Demo Thinker", true),
];

/// Prices of a demo model: zero, and known to be.
pub fn demo_sheet() -> PriceSheet {
    free(PriceOrigin::Demo, "demo", DEMO_CHANGED)
}

/// Prices of a model that runs on this machine: zero per token. `date` is the day it was found there,
/// `YYYY-MM-DD`.
pub fn local_sheet(date: &str) -> PriceSheet {
    free(PriceOrigin::Local, "local", date)
}

/// Prices of an account that is not billed by use. `date` is the day the user said so, `YYYY-MM-DD`.
pub fn not_billed_sheet(date: &str) -> PriceSheet {
    free(PriceOrigin::NotBilled, "user: not billed by use", date)
}

fn free(origin: PriceOrigin, source: &str, checked: &str) -> PriceSheet {
    let rates = BTreeMap::from([(Meter::Input, PicoUsd::ZERO), (Meter::Output, PicoUsd::ZERO)]);
    PriceSheet {
        source: PriceSource { origin, source: source.to_owned(), checked: checked.to_owned() },
        rules: vec![PriceRule { when: When::default(), rates }],
    }
}

/// The demo models with their endpoints, by slug.
pub(crate) fn demo_models() -> impl Iterator<Item = (Model, Endpoint)> {
    MODELS.into_iter().filter_map(|(slug, name, reasoning)| {
        let slug: ModelSlug = slug.parse().ok()?;
        let endpoint = Endpoint {
            id: EndpointId::from(slug.as_str()),
            provider: ProviderId::from(DEMO),
            upstream_model: slug.name().to_owned(),
            model: slug.clone(),
            context_length: Some(CONTEXT),
            max_completion_tokens: Some(LONGEST_ANSWER),
            prices: Some(demo_sheet()),
        };
        let model = Model {
            slug,
            name: name.to_owned(),
            context_length: Some(CONTEXT),
            max_completion_tokens: Some(LONGEST_ANSWER),
            input: vec![Modality::Text],
            output: vec![Modality::Text],
            capabilities: Capabilities { reasoning, ..Capabilities::default() },
            open_weights: None,
            knowledge_cutoff: None,
            released: None,
            retires: None,
            checked: None,
        };
        Some((model, endpoint))
    })
}

/// Large enough that trying the program never meets a limit, small enough to be believable.
const CONTEXT: u64 = 131_072;
const LONGEST_ANSWER: u64 = 8_192;
