//! What a client means by a model's name. Programs know the names of one provider; ours are
//! `author/model`.

use crate::registry::{Known, Registry};
use domain::{ErrorKind, Failure, ModelRef, ProviderId};

/// Reads a name: ours, `provider/id` of a provider, or a provider's own id without anything before it.
pub(crate) fn named(registry: &Registry, text: &str) -> Result<ModelRef, Failure> {
    let bad = |bad: domain::BadSlug| Failure::new(ErrorKind::RequestNoModel, bad.to_string());
    let text = text.strip_prefix("models/").unwrap_or(text);
    let given = ModelRef::parse(text).map_err(bad)?;
    let catalog = registry.catalog();
    let (plain, variant) = match given.model.rsplit_once(':') {
        Some((plain, variant)) if catalog.model(&given.model).is_none() => (plain, Some(variant)),
        _ => (given.model.as_str(), None),
    };
    if given.provider.is_some() || given.model.starts_with("auto/") || !catalog.endpoints(plain).is_empty() {
        return Ok(given);
    }
    let again = |model: &str| match variant {
        Some(variant) => ModelRef { model: format!("{model}:{variant}"), provider: None },
        None => ModelRef { model: model.to_owned(), provider: None },
    };
    if let Some((first, rest)) = given.model.split_once('/') {
        let provider = ProviderId::from(first);
        return Ok(match registry.provider(&provider) {
            Some(_) => ModelRef { model: rest.to_owned(), provider: Some(provider) },
            None => given,
        });
    }
    let mut fitting: Vec<(bool, &str)> = Vec::new();
    for model in catalog.meant(plain) {
        let slug = model.slug.as_str();
        let offered = |id: &ProviderId| registry.provider(id).is_some_and(Known::offered);
        fitting.push((catalog.endpoints(slug).iter().any(|endpoint| offered(&endpoint.provider)), slug));
    }
    // Who can be asked goes first; among those the shortest name, which is the model's maker's own.
    fitting.sort_by_key(|(ready, slug)| (!ready, slug.len()));
    if let Some((_, slug)) = fitting.first() {
        return Ok(again(slug));
    }
    // A server of the user's own may list it.
    let listed = registry
        .providers()
        .filter(|known| known.offered())
        .find(|known| known.listed.iter().any(|listed| listed.id == given.model));
    Ok(match listed {
        Some(known) => ModelRef { provider: Some(known.provider.id.clone()), ..given },
        None => given,
    })
}
