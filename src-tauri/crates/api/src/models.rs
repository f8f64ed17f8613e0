//! What can be asked, as lists and chips show it.

use crate::{
    Api,
    types::{ModelList, ModelQuery, ModelRow},
};
use domain::{Endpoint, Failure, LaneTarget, Meter, ModelRef, PicoUsd, Timestamp};
use engine::{Known, Registry};
use std::collections::HashMap;

/// Rates are kept per token and shown per million.
const MILLION: u64 = 1_000_000;
const MOST_ROWS: u32 = 500;

pub(crate) async fn search(api: &Api, query: ModelQuery) -> Result<ModelList, Failure> {
    let marks = marks(api).await?;
    let (registry, at) = (api.engine.registry(), api.engine.clock().now());
    let words: Vec<String> = query.text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut rows: Vec<ModelRow> = references(&registry)
        .filter(|(reference, text)| {
            let text = text.to_lowercase();
            let slug = reference.to_string().to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()) || slug.contains(word.as_str()))
        })
        .filter_map(|(reference, _)| row(&registry, &marks, &reference, at))
        .filter(|row| row.usable || !query.usable_only)
        .collect();
    // Usable first, demo models last among them; within that the catalogue's own order.
    rows.sort_by_key(|row| (!row.usable, row.demo, !row.local, demo_place(&row.reference.model)));
    let total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    rows.truncate(usize::try_from(query.limit.min(MOST_ROWS)).unwrap_or(0));
    Ok(ModelList { rows, total })
}

/// The order in which demo models are met: the one that fails on purpose comes last.
const DEMO_ORDER: [&str; 4] = ["demo/quick", "demo/steady", "demo/thinker", "demo/flaky"];

/// Place of a demo model; the same for everything that is none.
pub(crate) fn demo_place(model: &str) -> usize {
    DEMO_ORDER.iter().position(|known| *known == model).unwrap_or(0)
}

/// Parts of ids of models that answer no chat. Lists name them beside the others and seldom say what a model
/// is for; who names one in full can ask it all the same.
const NO_CHAT: [&str; 9] =
    ["embed", "whisper", "tts", "dall-e", "moderation", "rerank", "transcribe", "imagen", "text-to-"];

/// Everything choosable with the text it is found by: models of the catalogue, what local servers list, and
/// what the user's providers list that the catalogue does not have.
pub(crate) fn references(registry: &Registry) -> impl Iterator<Item = (ModelRef, String)> {
    let listed =
        registry.providers().filter(|known| known.provider.local && known.offered()).flat_map(|known| {
            known.listed.iter().map(|listed| {
                let reference =
                    ModelRef { model: listed.id.clone(), provider: Some(known.provider.id.clone()) };
                (reference, format!("{} {}", listed.id, known.provider.name))
            })
        });
    let new =
        registry.providers().filter(|known| !known.provider.local && known.offered()).flat_map(|known| {
            let chats = |id: &str| !NO_CHAT.iter().any(|part| id.to_lowercase().contains(part));
            registry.uncatalogued(known).filter(move |listed| chats(&listed.id)).map(|listed| {
                let reference =
                    ModelRef { model: listed.id.clone(), provider: Some(known.provider.id.clone()) };
                (reference, format!("{} {}", listed.id, known.provider.name))
            })
        });
    let known = registry.catalog().models().map(|model| {
        let providers: Vec<&str> = registry
            .catalog()
            .endpoints(model.slug.as_str())
            .iter()
            .map(|endpoint| endpoint.provider.as_str())
            .collect();
        let text = format!("{} {}", model.name, providers.join(" "));
        (ModelRef { model: model.slug.to_string(), provider: None }, text)
    });
    listed.chain(known).chain(new)
}

pub(crate) async fn resolve(api: &Api, targets: Vec<LaneTarget>) -> Result<Vec<ModelRow>, Failure> {
    let marks = marks(api).await?;
    let (registry, at) = (api.engine.registry(), api.engine.clock().now());
    Ok(targets.iter().map(|target| row_or_name(&registry, &marks, &target.model, at)).collect())
}

pub(crate) async fn marks(api: &Api) -> Result<HashMap<String, u8>, Failure> {
    api.engine.store().read(|tx| Ok(tx.marks()?.into_iter().map(|row| (row.model, row.slot)).collect())).await
}

/// The row of a model, or one that says only its name if it is gone from the catalogue.
pub(crate) fn row_or_name(
    registry: &Registry,
    marks: &HashMap<String, u8>,
    wanted: &ModelRef,
    at: Timestamp,
) -> ModelRow {
    row(registry, marks, wanted, at).unwrap_or_else(|| ModelRow {
        reference: wanted.clone(),
        name: wanted.model.clone(),
        author: wanted.model.split_once('/').map_or_else(String::new, |(author, _)| author.to_owned()),
        mark: marks.get(&wanted.to_string()).copied(),
        context_length: None,
        price_input: None,
        price_output: None,
        providers: Vec::new(),
        usable: false,
        local: false,
        demo: false,
        reasoning: false,
        catalogued: false,
        listed: None,
    })
}

/// What is known of a model, with its prices at this moment.
pub(crate) fn row(
    registry: &Registry,
    marks: &HashMap<String, u8>,
    wanted: &ModelRef,
    at: Timestamp,
) -> Option<ModelRow> {
    let mut endpoints: Vec<(Endpoint, &Known)> = registry
        .resolve(wanted)
        .ok()?
        .into_iter()
        .filter_map(|endpoint| {
            let known = registry.provider(&endpoint.provider)?;
            Some((endpoint, known))
        })
        .collect();
    endpoints.sort_by_key(|(endpoint, known)| {
        let rate = rate(endpoint, Meter::Input, at);
        (!known.offered(), rate.is_none(), rate)
    });
    let (first, first_known) = endpoints.first()?;
    let model = registry.catalog().model(&wanted.model);
    let mut providers: Vec<String> = endpoints.iter().map(|(_, known)| known.provider.name.clone()).collect();
    providers.dedup();
    Some(ModelRow {
        reference: wanted.clone(),
        name: registry.model_name(wanted),
        author: first.model.author().to_owned(),
        mark: marks.get(&wanted.to_string()).copied(),
        context_length: first.context_length.or_else(|| model.and_then(|model| model.context_length)),
        price_input: rate(first, Meter::Input, at),
        price_output: rate(first, Meter::Output, at),
        providers,
        usable: first_known.offered(),
        local: first_known.provider.local,
        demo: first.provider.as_str() == "demo",
        reasoning: registry.abilities(first).is_some_and(|(can, _)| can.reasoning),
        catalogued: model.is_some()
            || registry.catalog().endpoint(first.provider.as_str(), &first.upstream_model).is_some(),
        listed: first_known.lists(&first.upstream_model),
    })
}

/// What a meter costs at this moment, per million: what would be booked for a short prompt.
pub(crate) fn rate(endpoint: &Endpoint, meter: Meter, at: Timestamp) -> Option<PicoUsd> {
    endpoint.prices.as_ref()?.list_price(meter, at)?.checked_times(MILLION)
}
