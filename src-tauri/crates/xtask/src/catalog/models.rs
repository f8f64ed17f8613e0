//! Puts the sources together: one model a slug, one endpoint a host's id.

use super::{
    describe,
    hosts::Host,
    literal::Node,
    names::{self, Names, Served},
    others,
    prices::{self, Sheet},
    sources::{self, GENAI_PRICES, LITELLM, MODELS_DEV, PI_AI, Source, Sources},
    votes,
};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};

/// One model as it is written.
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) aliases: BTreeSet<String>,
    pub(crate) context: Option<u64>,
    pub(crate) longest: Option<u64>,
    pub(crate) input: Vec<&'static str>,
    pub(crate) output: Vec<&'static str>,
    pub(crate) tools: bool,
    pub(crate) schema: bool,
    pub(crate) reasoning: bool,
    pub(crate) temperature: Option<bool>,
    pub(crate) weights: Option<bool>,
    pub(crate) cutoff: Option<String>,
    pub(crate) released: Option<String>,
    pub(crate) retires: Option<String>,
    pub(crate) checked: &'static str,
}

/// One endpoint as it is written.
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) also: Vec<String>,
    pub(crate) context: Option<u64>,
    pub(crate) longest: Option<u64>,
    pub(crate) price: Option<(&'static Source, Sheet)>,
}

/// What is written, and what there is to say about it.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) models: BTreeMap<String, Model>,
    pub(crate) endpoints: BTreeMap<String, Vec<Endpoint>>,
    /// By host: which ids a price is for, and the price, of whatever is not offered (any longer).
    pub(crate) others: BTreeMap<String, Vec<(Node, Sheet)>>,
    pub(crate) report: Report,
}

/// For the reviewer of a refresh.
#[derive(Default)]
pub(crate) struct Report {
    /// Host, id, figures of each source, who won.
    pub(crate) disagreements: Vec<String>,
    /// Host, id, what could not be carried over.
    pub(crate) lost: Vec<String>,
    /// Host, id, why it is not in the catalogue.
    pub(crate) skipped: Vec<String>,
    /// Host, id without a price.
    pub(crate) unpriced: Vec<String>,
    pub(crate) models: usize,
    pub(crate) endpoints: usize,
}

impl Report {
    /// One line.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} models, {} endpoints ({} without a price), {} disagreements over 1 %, {} figures not carried over, {} ids skipped",
            self.models,
            self.endpoints,
            self.unpriced.len(),
            self.disagreements.len(),
            self.lost.len(),
            self.skipped.len()
        )
    }
}

/// One id at one host with what each source says of it.
pub(crate) struct Entry<'a> {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) dev: Option<&'a Node>,
    pub(crate) pi: Option<&'a Node>,
    pub(crate) lite: Option<&'a Node>,
}

/// Hosts that keep a prompt of Anthropic's models for an hour, at Anthropic's own ratio of prices.
const KEEP_FOR_AN_HOUR: [&str; 3] = ["bedrock", "openrouter", "vertex"];

/// Day by which "current" is meant: the newest source's.
pub(crate) fn today() -> &'static str {
    sources::ALL.iter().map(|source| source.date).max().unwrap_or_default()
}

/// The whole snapshot.
pub(crate) fn build(sources: &Sources, hosts: &[Host]) -> Result<Built> {
    let names = public_names(sources);
    let mut built = Built::default();
    let mut all: Vec<(&Host, Entry<'_>)> = Vec::new();
    for host in hosts {
        let entries = entries(sources, host, &names, &mut built.report);
        all.extend(entries.into_iter().map(|entry| (host, entry)));
    }
    one_spelling(&names, &mut all);
    for host in hosts {
        let entries: Vec<&Entry<'_>> = all.iter().filter(|(h, _)| h.id == host.id).map(|(_, e)| e).collect();
        let endpoints = endpoints(sources, host, &entries, &mut built.report)?;
        built.report.endpoints += endpoints.len();
        built.endpoints.insert(host.id.clone(), endpoints);
        built.others.insert(host.id.clone(), others::of(sources, host)?);
    }
    let mut by_slug: BTreeMap<String, Vec<&(&Host, Entry<'_>)>> = BTreeMap::new();
    for pair in &all {
        by_slug.entry(pair.1.slug.clone()).or_default().push(pair);
    }
    for (slug, served) in &by_slug {
        built.models.insert(slug.clone(), describe::model(sources, slug, served));
    }
    describe::aliases(&mut built.models, &by_slug);
    built.report.models = built.models.len();
    Ok(built)
}

/// Of new slugs that differ in punctuation only, all take the one with a point in its version.
fn one_spelling(names: &Names, all: &mut [(&Host, Entry<'_>)]) {
    let mut usual: BTreeMap<String, String> = BTreeMap::new();
    for (_, entry) in all.iter().filter(|(_, e)| !names.has(&e.slug)) {
        let best = usual.entry(names::plain(&entry.slug)).or_insert_with(|| entry.slug.clone());
        if (!entry.slug.contains('.'), &entry.slug) < (!best.contains('.'), best) {
            best.clone_from(&entry.slug);
        }
    }
    for (_, entry) in all.iter_mut().filter(|(_, e)| !names.has(&e.slug)) {
        if let Some(best) = usual.get(&names::plain(&entry.slug)) {
            entry.slug.clone_from(best);
        }
    }
}

/// OpenRouter's list is the public one: from the two sources that carry it now, and as far as names go
/// from the one that also remembers its older entries.
fn public_names(sources: &Sources) -> Names {
    let dev = sources.models_dev.get("openrouter").and_then(|p| p.get("models")).map(Node::entries);
    let dev =
        dev.unwrap_or_default().iter().map(|(id, model)| (id.as_str(), model.text("canonical_model_id")));
    let pi = pi_models(sources, "openrouter").into_iter().map(|(id, _)| (id, None));
    let genai = genai_models(sources, "openrouter").iter().filter_map(|m| m.text("id")).map(|id| (id, None));
    let usual = |id: &str| {
        let author = id.split('/').next().unwrap_or_default();
        let spelt = author == "meta" || names::author_of(author) == author;
        id.contains('/') && !id.starts_with('~') && *id == id.to_lowercase() && spelt
    };
    Names::new(dev.chain(pi).chain(genai).filter(|(id, _)| usual(id)))
}

fn pi_models<'a>(sources: &'a Sources, host: &str) -> Vec<(&'a str, &'a Node)> {
    let file = sources.pi.iter().find(|(name, _)| name == host);
    let dialects = file.map(|(_, node)| node.entries()).unwrap_or_default();
    let models = dialects.iter().flat_map(|(_, models)| models.entries());
    models.filter_map(|(key, model)| Some((key.strip_prefix("chat:")?, model))).collect()
}

pub(super) fn genai_models<'a>(sources: &'a Sources, host: &str) -> &'a [Node] {
    let provider = sources.genai.items().iter().find(|p| p.text("id") == Some(host));
    provider.and_then(|p| p.get("models")).map(Node::items).unwrap_or_default()
}

fn entries<'a>(sources: &'a Sources, host: &Host, names: &Names, report: &mut Report) -> Vec<Entry<'a>> {
    let mut found: BTreeMap<String, Entry<'a>> = BTreeMap::new();
    let blank = |id: &str| Entry { id: id.to_owned(), slug: String::new(), dev: None, pi: None, lite: None };
    let dev =
        host.models_dev.as_deref().and_then(|id| sources.models_dev.get(id)).and_then(|p| p.get("models"));
    for (id, model) in dev.map(Node::entries).unwrap_or_default() {
        found.entry(id.clone()).or_insert_with(|| blank(id)).dev = Some(model);
    }
    for (id, model) in host.pi.as_deref().map(|pi| pi_models(sources, pi)).unwrap_or_default() {
        found.entry(id.to_owned()).or_insert_with(|| blank(id)).pi = Some(model);
    }
    for (key, entry) in sources.litellm.entries() {
        if !entry.text("litellm_provider").is_some_and(|p| host.litellm.iter().any(|l| l == p)) {
            continue;
        }
        let id = lite_id(key);
        if let Some(known) = found.get_mut(id) {
            known.lite = known.lite.or(Some(entry));
        } else if host.models_dev.is_none() && entry.text("mode") == Some("chat") {
            found.entry(id.to_owned()).or_insert_with(|| blank(id)).lite = Some(entry);
        }
    }
    let mut entries = Vec::new();
    for mut entry in found.into_values() {
        if let Some(reason) = unfit(host, &entry) {
            report.skipped.push(format!("{} {}: {reason}", host.id, entry.id));
            continue;
        }
        let canonical = entry.dev.and_then(|m| m.text("canonical_model_id"));
        entry.slug = names.slug(&Served {
            id: &entry.id,
            canonical,
            author: host.author.as_deref().unwrap_or(&host.id),
        });
        entries.push(entry);
    }
    entries
}

/// LiteLLM puts its own name of the host before the id.
pub(super) fn lite_id(key: &str) -> &str {
    let hosts = [
        "azure/",
        "bedrock/",
        "cerebras/",
        "cohere/",
        "dashscope/",
        "databricks/",
        "deepinfra/",
        "deepseek/",
        "fireworks_ai/",
        "gemini/",
        "groq/",
        "minimax/",
        "mistral/",
        "moonshot/",
        "novita/",
        "perplexity/",
        "sambanova/",
        "snowflake/",
        "together_ai/",
        "vercel_ai_gateway/",
        "vertex_ai/",
        "xai/",
        "zai/",
    ];
    hosts.iter().find_map(|host| key.strip_prefix(host)).unwrap_or(key)
}

/// Words in ids of what does not converse in text.
pub(super) const NOT_CHAT: &[&str] = &[
    "embed",
    "rerank",
    "whisper",
    "-tts",
    "tts-",
    "transcribe",
    "moderation",
    "realtime",
    "-live",
    "-ocr",
    "ocr-",
    "imagen",
    "veo-",
    "lyria",
    "sora",
    "bge-",
    "/bge",
    "parakeet",
    "canary",
    "orpheus",
    "-image",
    "image-",
    "voyage",
    "-guard",
    "guard-",
    "safety",
    "prompt-guard",
    "detector",
    "translate",
    "riva",
    "-reward",
    "grok-imagine",
    "cosmos",
    "flux",
    "seedream",
    "stable-diffusion",
    "computer-use",
    "speech",
    "-asr",
    "music",
    "dall-e",
    "wan-",
    "recraft",
    "hy-mt",
    "-mt-",
    "-stt",
    "voice",
    "esm2",
    "esmfold",
    "bevformer",
    "gliner",
    "sparsedrive",
    "streampetr",
    "usdvalidate",
    "speaker",
    "deep-research-",
    "mt-plus",
    "mt-turbo",
];

/// Why an id is not offered; `None` = it is.
fn unfit(host: &Host, entry: &Entry<'_>) -> Option<&'static str> {
    let id = entry.id.to_lowercase();
    if id.starts_with('~') {
        return Some("a pointer to whatever is newest");
    }
    if [":batch", "-batch"].iter().any(|mark| id.ends_with(mark)) {
        return Some("a price for batches of requests, which are not sent here");
    }
    if NOT_CHAT.iter().any(|word| id.contains(word)) {
        return Some("not a chat model");
    }
    if let Some(dev) = entry.dev {
        let outputs =
            dev.get("modalities").and_then(|m| m.get("output")).map(Node::items).unwrap_or_default();
        if !outputs.iter().any(|o| o.as_text() == Some("text"))
            || outputs.iter().any(|o| o.as_text() == Some("video"))
        {
            return Some("not a chat model");
        }
        let other = dev.get("provider").and_then(|p| p.text("npm"));
        if other.is_some_and(|npm| !npm.ends_with("google-vertex/anthropic")) {
            return Some("spoken to in another dialect than the host's usual one");
        }
    }
    let mode = entry.lite.and_then(|l| l.text("mode"));
    let paths = entry.lite.and_then(|l| l.get("supported_endpoints")).map(Node::items).unwrap_or_default();
    let chats = paths.iter().any(|p| p.as_text() == Some("/v1/chat/completions"));
    match mode {
        Some("responses") if matches!(host.id.as_str(), "openai" | "azure") && !chats => {
            Some("served by the Responses dialect only")
        }
        Some("chat" | "responses") | None => None,
        Some(_) => Some("not a chat model"),
    }
}

fn endpoints(
    sources: &Sources,
    host: &Host,
    entries: &[&Entry<'_>],
    report: &mut Report,
) -> Result<Vec<Endpoint>> {
    let mut by_slug: BTreeMap<&str, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        by_slug.entry(&entry.slug).or_default().push(entry);
    }
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for (slug, mut same) in by_slug {
        same.sort_by_key(|entry| rank(slug, &entry.id));
        let first = endpoints.len();
        for entry in same {
            let price = price(sources, host, entry, report)?;
            let endpoint = Endpoint {
                id: entry.id.clone(),
                slug: slug.to_owned(),
                also: Vec::new(),
                context: limits(entry).0,
                longest: limits(entry).1,
                price,
            };
            let dated = names::undated(endpoint.id.split('@').next().unwrap_or_default()).is_some();
            let twin = endpoints[first..].iter_mut().find(|e| {
                let rules = |e: &Endpoint| e.price.as_ref().map(|(_, sheet)| sheet.rules.clone());
                dated
                    && (e.context, e.longest, rules(e))
                        == (endpoint.context, endpoint.longest, rules(&endpoint))
            });
            match twin {
                Some(twin) => twin.also.push(endpoint.id),
                None => endpoints.push(endpoint),
            }
        }
    }
    add_dated(sources, host, &mut endpoints);
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.price.is_none()) {
        report.unpriced.push(format!("{} {}", host.id, endpoint.id));
    }
    Ok(endpoints)
}

/// Dated ids that only LiteLLM lists: found by name where they cost what the undated id costs.
fn add_dated(sources: &Sources, host: &Host, endpoints: &mut [Endpoint]) {
    let of_host = |entry: &Node| {
        let chats = matches!(entry.text("mode"), Some("chat" | "responses"));
        chats && entry.text("litellm_provider").is_some_and(|p| host.litellm.iter().any(|l| l == p))
    };
    for (key, entry) in sources.litellm.entries().iter().filter(|(_, entry)| of_host(entry)) {
        let id = lite_id(key);
        let Some(plain) = names::undated(id) else { continue };
        if endpoints.iter().any(|e| e.id == id || e.also.iter().any(|other| other == id)) {
            continue;
        }
        let theirs = prices::litellm(entry).flat(today());
        let same = |endpoint: &&mut Endpoint| {
            let ours = endpoint.price.as_ref().map(|(_, sheet)| sheet.flat(today()));
            endpoint.id == plain
                && ours.is_some_and(|ours| ["input", "output"].iter().all(|m| ours.get(m) == theirs.get(m)))
        };
        if let Some(endpoint) = endpoints.iter_mut().find(same) {
            endpoint.also.push(id.to_owned());
        }
    }
}

/// Sort key of several ids for one model: worldwide before regional, undated before dated, short
/// before long.
fn rank(slug: &str, id: &str) -> (bool, bool, bool, usize, String) {
    let global = id == slug || id.starts_with("global.");
    let regional = ["us.", "eu.", "apac.", "jp.", "au.", "in.", "ca.", "us-gov."]
        .iter()
        .any(|mark| id.starts_with(mark));
    (!global, regional, names::undated(id.split('@').next().unwrap_or(id)).is_some(), id.len(), id.to_owned())
}

/// Context and longest answer at one host, in tokens.
pub(crate) fn limits(entry: &Entry<'_>) -> (Option<u64>, Option<u64>) {
    let limit = entry.dev.and_then(|m| m.get("limit"));
    let context = limit.and_then(|l| l.count("context")).or_else(|| entry.pi?.count("contextWindow"));
    let longest = limit.and_then(|l| l.count("output")).or_else(|| entry.pi?.count("maxTokens"));
    let context = context.or_else(|| entry.lite?.count("max_input_tokens"));
    (context, longest.or_else(|| entry.lite?.count("max_output_tokens")))
}

/// The first source's usable sheet, after the others were compared with it.
fn price(
    sources: &Sources,
    host: &Host,
    entry: &Entry<'_>,
    report: &mut Report,
) -> Result<Option<(&'static Source, Sheet)>> {
    let mut offers: Vec<(&'static Source, Sheet)> = Vec::new();
    let id = entry.id.to_lowercase();
    for model in host.genai.as_deref().map(|g| genai_models(sources, g)).unwrap_or_default() {
        let clause = model.get("match").context("a model without a match")?;
        if prices::matches(clause, &id)? {
            let mut sheet = prices::genai(model)?;
            if let Some(lite) = entry.lite {
                prices::weekdays(&mut sheet, lite);
            }
            offers.push((&GENAI_PRICES, sheet));
            break;
        }
    }
    let pi = entry.pi.and_then(|m| m.get("cost")).map(|cost| (&PI_AI, prices::flat(cost)));
    let dev = entry.dev.and_then(|m| m.get("cost")).map(|cost| (&MODELS_DEV, prices::flat(cost)));
    let lite = entry.lite.map(|entry| (&LITELLM, prices::litellm(entry)));
    offers.extend(pi.into_iter().chain(dev).chain(lite));
    let free = id.ends_with(":free");
    offers.retain(|(_, sheet)| sheet.usable(today(), free));
    if offers.is_empty() {
        return Ok(None);
    }
    // A `-latest` name moves from model to model; a source that stands alone has missed the move. So has one
    // with a price without a date that all others have higher. A lower price takes more than votes: it would
    // loosen what is held for an answer.
    if votes::outvoted(&offers) && (id.ends_with("-latest") || votes::risen(&offers)) {
        offers.rotate_left(1);
    }
    compare(host, entry, &offers, report);
    let (source, mut sheet) = offers.swap_remove(0);
    if KEEP_FOR_AN_HOUR.contains(&host.id.as_str()) && entry.slug.starts_with("anthropic/") {
        sheet.add_hour();
    }
    report
        .lost
        .extend(sheet.lost.iter().map(|what| format!("{} {} ({}): {what}", host.id, entry.id, source.name)));
    Ok(Some((source, sheet)))
}

fn compare(host: &Host, entry: &Entry<'_>, offers: &[(&'static Source, Sheet)], report: &mut Report) {
    let flat: Vec<_> = offers.iter().map(|(source, sheet)| (source.name, sheet.flat(today()))).collect();
    let Some((winner, first)) = flat.first() else { return };
    for meter in ["input", "output", "input_cache_read", "input_cache_write_5m"] {
        let figures: Vec<(&str, i64)> =
            flat.iter().filter_map(|(name, rates)| Some((*name, *rates.get(meter)?))).collect();
        let Some(of_first) = first.get(meter) else { continue };
        if figures.iter().any(|(_, rate)| prices::differ(*of_first, *rate)) {
            let text = |(name, rate): &(&str, i64)| format!("{name} {}", super::decimal::text(*rate, 6));
            let figures: Vec<String> = figures.iter().map(text).collect();
            report.disagreements.push(format!(
                "{} | {} | {meter} | {} | {winner}",
                host.id,
                entry.id,
                figures.join(", ")
            ));
        }
    }
}
