//! The data files, embedded at build time (`build.rs`).

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// `(file name without extension, content as JSON)` of every provider file, by name.
pub(crate) const fn providers() -> &'static [(&'static str, &'static str)] {
    PROVIDERS
}

/// Prices of ids at a provider that are not offered: the place of its file, and JSON of [`crate::others::File`].
pub(crate) fn others(provider: &str) -> Option<(usize, &'static str)> {
    let at = OTHERS.binary_search_by(|(stem, _)| (*stem).cmp(provider)).ok()?;
    OTHERS.get(at).map(|(_, text)| (at, *text))
}

/// How many such files there are.
pub(crate) const fn all_others() -> usize {
    OTHERS.len()
}

/// Day of the newest source, `YYYY-MM-DD`.
pub(crate) const fn date() -> &'static str {
    DATE
}

/// How many models there are. They are numbered in the order of their slugs.
pub(crate) const fn models() -> usize {
    MODELS.len()
}

/// The line of a model: JSON of [`crate::snapshot::Row`].
pub(crate) fn row(model: usize) -> Option<&'static str> {
    let (_, start, end) = MODELS.get(model)?;
    slice(MODELS_TEXT, *start, *end)
}

/// Which model has this slug, or this other name.
pub(crate) fn model(slug: &str) -> Option<usize> {
    let own = MODELS.binary_search_by(|(start, end, _)| slice(MODELS_TEXT, *start, *end).cmp(&Some(slug)));
    own.ok().or_else(|| {
        let at = ALIASES.binary_search_by(|(start, end, _)| slice(NAMES_TEXT, *start, *end).cmp(&Some(slug)));
        ALIASES.get(at.ok()?).map(|(_, _, model)| usize::from(*model))
    })
}

/// The model that a provider knows by this id, and which of its endpoints that is: the listed ones are counted
/// first, then those under dated ids.
pub(crate) fn upstream(provider: &str, id: &str) -> Option<(usize, usize)> {
    let name = format!("{provider}\0{id}");
    let at = UPSTREAM.binary_search_by(|(start, end, ..)| slice(NAMES_TEXT, *start, *end).cmp(&Some(&name)));
    UPSTREAM.get(at.ok()?).map(|(_, _, model, endpoint)| (usize::from(*model), usize::from(*endpoint)))
}

/// Every provider that knows a model by this id, and which model.
pub(crate) fn called(id: &str) -> impl Iterator<Item = (&'static str, usize)> {
    let name = |place: &u16| {
        let (start, end, model, _) = UPSTREAM.get(usize::from(*place))?;
        let (provider, id) = slice(NAMES_TEXT, *start, *end)?.split_once('\0')?;
        Some((provider, id, usize::from(*model)))
    };
    let first = BY_ID.partition_point(|place| name(place).is_some_and(|(_, other, _)| other < id));
    let from = BY_ID.get(first..).unwrap_or_default().iter().map_while(name);
    from.take_while(move |(_, other, _)| *other == id).map(|(provider, _, model)| (provider, model))
}

/// Every model whose slug has this name behind its author, or that some provider lists under this id, by slug.
pub(crate) fn meant(name: &str) -> impl Iterator<Item = usize> {
    let said = |(start, end, _): &(u32, u32, u16)| slice(NAMES_TEXT, *start, *end).unwrap_or_default();
    let first = MEANT.partition_point(|entry| said(entry) < name);
    let from = MEANT.get(first..).unwrap_or_default();
    from.iter().take_while(move |entry| said(entry) == name).map(|(.., model)| usize::from(*model))
}

fn slice(text: &'static str, start: u32, end: u32) -> Option<&'static str> {
    text.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// What each provider is called in the sources; written by hand.
pub(crate) const HOSTS: &str = include_str!("../data/hosts.json");
