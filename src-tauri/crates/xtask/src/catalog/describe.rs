//! What is said of a model itself: limits, abilities, dates. From the best placed source that knows it.

use super::{
    hosts::Host,
    literal::Node,
    models::{Entry, Model, limits},
    names,
    sources::{LITELLM, MODELS_DEV, PI_AI, Sources},
};
use std::collections::{BTreeMap, BTreeSet};

/// One model out of everything that serves it.
pub(crate) fn model(sources: &Sources, slug: &str, served: &[&(&Host, Entry<'_>)]) -> Model {
    let author = slug.split('/').next().unwrap_or_default();
    let own = |host: &Host| host.author.as_deref() == Some(author) && host.id != "vertex";
    let place = |(host, entry): &(&Host, Entry<'_>)| {
        let dated = names::undated(&entry.id).is_some();
        (entry.dev.is_none(), entry.pi.is_none(), !own(host), host.id != "openrouter", dated, entry.id.len())
    };
    let mut best: Vec<&(&Host, Entry<'_>)> = served.to_vec();
    best.sort_by_key(|pair| place(pair));
    let mut model = match best.first() {
        Some((_, Entry { dev: Some(dev), .. })) => from_dev(dev),
        Some((_, Entry { pi: Some(pi), id, .. })) => from_pi(pi, id),
        Some((_, entry)) => from_lite(entry),
        None => from_pi(&Node::Null, slug),
    };
    if let Some((_, entry)) = best.first() {
        (model.context, model.longest) = limits(entry);
    }
    let lite = best.iter().find(|(host, entry)| own(host) && entry.lite.is_some()).and_then(|(_, e)| e.lite);
    // A maker's id that its own host no longer lists; published weights are not switched off with it.
    let unlisted = || sources.litellm.get(slug.split('/').nth(1)?);
    let lite = lite.or_else(|| if model.weights == Some(true) { None } else { unlisted() });
    model.retires =
        lite.and_then(|l| l.text("deprecation_date")).filter(|d| d.len() == 10).map(str::to_owned);
    model
}

fn blank(name: &str, checked: &'static str) -> Model {
    Model {
        name: name.to_owned(),
        aliases: BTreeSet::new(),
        context: None,
        longest: None,
        input: vec!["text"],
        output: vec!["text"],
        tools: false,
        schema: false,
        reasoning: false,
        temperature: None,
        weights: None,
        cutoff: None,
        released: None,
        retires: None,
        checked,
    }
}

fn modalities(list: Option<&Node>) -> Vec<&'static str> {
    let ours = [
        ("text", "text"),
        ("image", "image"),
        ("pdf", "file"),
        ("file", "file"),
        ("audio", "audio"),
        ("video", "video"),
    ];
    let mut found: Vec<&'static str> = Vec::new();
    for item in list.map(Node::items).unwrap_or_default() {
        if let Some((_, kind)) = ours.iter().find(|(theirs, _)| item.as_text() == Some(theirs))
            && !found.contains(kind)
        {
            found.push(kind);
        }
    }
    if found.is_empty() { vec!["text"] } else { found }
}

fn from_dev(dev: &Node) -> Model {
    let name = dev.text("name").unwrap_or_default();
    // Remarks of one host on the model's name.
    let name = name.trim_end_matches(" (latest)").trim_end_matches(" (US)").trim_end_matches(" (EU)");
    let kinds = |side: &str| modalities(dev.get("modalities").and_then(|m| m.get(side)));
    let day = |key: &str| dev.text(key).filter(|d| d.len() >= 7).map(str::to_owned);
    Model {
        input: kinds("input"),
        output: kinds("output"),
        tools: dev.truth("tool_call") == Some(true),
        schema: dev.truth("structured_output") == Some(true),
        reasoning: dev.truth("reasoning") == Some(true),
        temperature: dev.truth("temperature"),
        weights: dev.truth("open_weights"),
        cutoff: day("knowledge"),
        released: day("release_date"),
        ..blank(name, MODELS_DEV.date)
    }
}

/// The list of pi-ai holds only models that call tools; its documentation says so.
fn from_pi(pi: &Node, id: &str) -> Model {
    Model {
        input: modalities(pi.get("input")),
        tools: *pi != Node::Null,
        reasoning: pi.truth("reasoning") == Some(true),
        // OpenRouter's names begin with the author.
        ..blank(pi.text("name").map_or(id, |name| name.split_once(": ").map_or(name, |(_, n)| n)), PI_AI.date)
    }
}

fn from_lite(entry: &Entry<'_>) -> Model {
    let says = |key: &str| entry.lite.and_then(|l| l.truth(key)) == Some(true);
    Model {
        input: if says("supports_vision") { vec!["text", "image"] } else { vec!["text"] },
        tools: says("supports_function_calling"),
        schema: says("supports_response_schema"),
        reasoning: says("supports_reasoning"),
        ..blank(&entry.id, LITELLM.date)
    }
}

/// Other public spellings; one that two models claim, or that is a slug itself, is nobody's.
pub(crate) fn aliases(
    models: &mut BTreeMap<String, Model>,
    by_slug: &BTreeMap<String, Vec<&(&Host, Entry<'_>)>>,
) {
    let mut claims: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (slug, served) in by_slug.iter().filter(|(slug, _)| !slug.contains(':')) {
        for (host, entry) in served.iter().copied() {
            let own = host.author.as_deref().map(|author| format!("{author}/{}", entry.id));
            let canonical = entry.dev.and_then(|m| m.text("canonical_model_id")).map(str::to_owned);
            let spelt = entry.id.contains('/').then(|| entry.id.clone());
            for alias in [own, canonical, spelt].into_iter().flatten() {
                let alias = alias.to_lowercase();
                if alias.matches('/').count() == 1 && !alias.contains([':', '@']) {
                    claims.entry(alias).or_default().insert(slug);
                }
            }
        }
    }
    for (alias, slugs) in claims {
        if let (Some(slug), 1, false) = (slugs.first(), slugs.len(), models.contains_key(&alias))
            && let Some(model) = models.get_mut(*slug)
        {
            model.aliases.insert(alias);
        }
    }
}
