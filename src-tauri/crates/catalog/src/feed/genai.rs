//! genai-prices: tiers, dates, hours and processing variants; models by conditions on their id.
//!
//! There, of a list of conditional prices the last one that holds counts alone; here rules override key by
//! key. So each dated price ends where the next begins.

use super::{Lookup, Rates, complete, node::Node, put, rules};
use domain::{Meter, PriceRule, When};
use std::collections::BTreeMap;

/// Key, meter, decimal places of the unit (a million tokens, a thousand requests).
const KEYS: &[(&str, Meter, u32)] = &[
    ("input_mtok", Meter::Input, 6),
    ("cache_read_mtok", Meter::InputCacheRead, 6),
    ("cache_write_mtok", Meter::InputCacheWrite5m, 6),
    ("cache_write_1h_mtok", Meter::InputCacheWrite1h, 6),
    ("input_image_mtok", Meter::InputImage, 6),
    ("input_audio_mtok", Meter::InputAudio, 6),
    ("output_mtok", Meter::Output, 6),
    ("output_reasoning_mtok", Meter::OutputReasoning, 6),
    ("output_image_mtok", Meter::OutputImage, 6),
    ("output_audio_mtok", Meter::OutputAudio, 6),
    ("requests_kcount", Meter::Request, 3),
    ("web_searches_kcount", Meter::WebSearch, 3),
];

pub(super) fn lookup<'a>(root: &Node<'a>, host: Option<&str>) -> Result<Option<Lookup<'a>>, String> {
    let Some(host) = host else { return Ok(None) };
    // Newer versions wrap the list.
    let list = if root.is_list() { Some(*root) } else { root.get("providers")? };
    let list = list.ok_or("no list of providers")?;
    let mut models: Vec<(Condition, Node<'a>)> = Vec::new();
    for provider in list.items()? {
        if provider.text_of("id")?.as_deref() != Some(host) {
            continue;
        }
        let Some(all) = provider.get("models")? else { continue };
        for model in all.items()? {
            let condition = model.get("match")?.ok_or("a model without a condition")?;
            models.push((Condition::read(condition), model));
        }
    }
    Ok(Some(Box::new(move |id| {
        let lower = id.to_lowercase();
        for (condition, model) in &models {
            if condition.holds(&lower)? {
                return of_model(*model);
            }
        }
        Ok(None)
    })))
}

fn of_model(model: Node<'_>) -> Result<Option<Vec<PriceRule>>, String> {
    let Some(prices) = model.get("prices")? else { return Ok(None) };
    let mut dated: Vec<(When, Node<'_>)> = Vec::new();
    if prices.is_list() {
        for entry in prices.items()? {
            let prices = entry.get("prices")?.ok_or("a condition without prices")?;
            dated.push((constraint(entry.get("constraint")?)?, prices));
        }
    } else {
        dated.push((When::default(), prices));
    }
    let starts: Vec<Option<String>> = dated.iter().map(|(when, _)| when.from.clone()).collect();
    let mut found = Vec::new();
    let mut began = None;
    for (i, (mut when, prices)) in dated.into_iter().enumerate() {
        if when.utc.is_some() {
            when.from.clone_from(&began);
        } else {
            began.clone_from(&when.from);
            when.until = starts.iter().skip(i + 1).flatten().next().cloned();
        }
        found.extend(sheet(prices, &when)?);
    }
    let variants = match model.get("price_variants")? {
        Some(variants) => variants.items()?,
        None => Vec::new(),
    };
    for variant in variants {
        let mut when = constraint(variant.get("constraint")?)?;
        let axes = variant.get("when")?.ok_or("a variant without a condition")?.fields()?;
        let [(axis, name)] = axes.as_slice() else { continue };
        // Other axes (a route, a kind of search) are nothing a request of ours can ask for.
        if !matches!(axis.as_ref(), "processing" | "service_tier" | "speed") {
            continue;
        }
        when.service_tier = name.text().map(std::borrow::Cow::into_owned);
        found.extend(sheet(variant.get("prices")?.ok_or("a variant without prices")?, &when)?);
    }
    complete(found)
}

fn constraint(node: Option<Node<'_>>) -> Result<When, String> {
    let mut when = When::default();
    let Some(node) = node else { return Ok(when) };
    if let Some(from) = node.text_of("start_date")? {
        when.from = Some(from);
    } else if let (Some(start), Some(end)) = (node.text_of("start_time")?, node.text_of("end_time")?) {
        when.utc = Some((minutes(&start)?, minutes(&end)?));
    } else {
        return Err("a condition that is not understood".to_owned());
    }
    Ok(when)
}

/// Minutes of the day of `HH:MM`, whatever follows.
fn minutes(time: &str) -> Result<u16, String> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u16>().ok());
    let (hours, rest) = time.split_once(':').ok_or("a time without a colon")?;
    match (number(Some(hours)), number(rest.get(..2))) {
        (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => Ok(hours * 60 + minutes),
        _ => Err(format!("{time:.20} is no time")),
    }
}

fn sheet(prices: Node<'_>, when: &When) -> Result<Vec<PriceRule>, String> {
    let mut base = Rates::new();
    let mut tiers: BTreeMap<u64, Rates> = BTreeMap::new();
    for (key, value) in prices.fields()? {
        // What has no meter here (hours of sound, pages) is nothing a conversation is billed by.
        let Some((_, meter, per)) = KEYS.iter().find(|(name, ..)| *name == key) else { continue };
        if let Some(digits) = value.digits() {
            put(&mut base, *meter, &digits, *per)?;
            continue;
        }
        let Some(first) = value.get("base")? else { continue };
        put(&mut base, *meter, &first.digits().ok_or("a tiered price without a base")?, *per)?;
        let list = match value.get("tiers")? {
            Some(list) => list.items()?,
            None => Vec::new(),
        };
        for tier in list {
            let start = tier.count("start")?.ok_or("a tier without a start")?;
            let price = tier.get("price")?.and_then(Node::digits).ok_or("a tier without a price")?;
            put(tiers.entry(start).or_default(), *meter, &price, *per)?;
        }
    }
    Ok(rules(base, tiers, when))
}

/// Deepest nesting of conditions that is read.
const DEPTH: u32 = 16;

/// A condition of theirs on the id of a model: all of these.
pub(crate) struct Condition(Vec<Test>);

enum Test {
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Pattern(String),
    Any(Vec<Condition>),
    All(Vec<Condition>),
    /// One that is not understood, and why; told where it decides.
    Strange(String),
}

impl Condition {
    pub(crate) fn read(clause: Node<'_>) -> Self {
        Self::at(clause, 0)
    }

    fn at(clause: Node<'_>, depth: u32) -> Self {
        if depth > DEPTH {
            return Self(vec![Test::Strange("conditions nested too deeply".to_owned())]);
        }
        match clause.fields() {
            Ok(fields) => Self(fields.into_iter().map(|(key, value)| test(&key, value, depth)).collect()),
            Err(why) => Self(vec![Test::Strange(why)]),
        }
    }

    /// Does it hold for this id, in lower case?
    pub(crate) fn holds(&self, id: &str) -> Result<bool, String> {
        for test in &self.0 {
            let holds = match test {
                Test::Equals(text) => id == text,
                Test::StartsWith(text) => id.starts_with(text),
                Test::EndsWith(text) => id.ends_with(text),
                Test::Contains(text) => id.contains(text),
                Test::Pattern(pattern) => pattern_holds(pattern, id),
                Test::Any(parts) => any(parts, id)?,
                Test::All(parts) => {
                    let mut all = true;
                    for part in parts {
                        all &= part.holds(id)?;
                    }
                    all
                }
                Test::Strange(why) => return Err(why.clone()),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn test(key: &str, value: Node<'_>, depth: u32) -> Test {
    let parts = || match value.items() {
        Ok(items) => Ok(items.into_iter().map(|part| Condition::at(part, depth + 1)).collect()),
        Err(why) => Err(Test::Strange(why)),
    };
    match (key, value.text().map(|text| text.to_lowercase())) {
        ("equals", Some(text)) => Test::Equals(text),
        ("starts_with", Some(text)) => Test::StartsWith(text),
        ("ends_with", Some(text)) => Test::EndsWith(text),
        ("contains", Some(text)) => Test::Contains(text),
        ("regex", Some(pattern)) => Test::Pattern(pattern),
        ("or", None) => parts().map_or_else(|strange| strange, Test::Any),
        ("and", None) => parts().map_or_else(|strange| strange, Test::All),
        _ => Test::Strange("a condition that is not understood".to_owned()),
    }
}

fn any(parts: &[Condition], id: &str) -> Result<bool, String> {
    for part in parts {
        if part.holds(id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The forms of regular expression in use: anchored literals with `\d`, `{n}` and `[…]`. Another form
/// matches nothing, so that its model keeps the price it has.
fn pattern_holds(pattern: &str, id: &str) -> bool {
    let Some(pattern) = pattern.strip_prefix('^') else { return false };
    let mut pattern = pattern.chars().peekable();
    let mut rest = id.chars().peekable();
    while let Some(c) = pattern.next() {
        let mut allowed = String::new();
        match c {
            '$' => return rest.peek().is_none(),
            '\\' => match pattern.next() {
                Some('d') => allowed.push_str("0123456789"),
                Some(escaped) => allowed.push(escaped),
                None => return false,
            },
            '[' => allowed.extend(pattern.by_ref().take_while(|c| *c != ']')),
            '.' | '*' | '+' | '?' | '(' | ')' | '|' => return false,
            literal => allowed.push(literal),
        }
        let mut times = 1;
        if pattern.next_if_eq(&'{').is_some() {
            let count: String = pattern.by_ref().take_while(|c| *c != '}').collect();
            let Ok(count) = count.parse::<u32>() else { return false };
            times = count;
        }
        for _ in 0..times {
            match rest.next() {
                Some(next) if allowed.contains(next) => {}
                _ => return false,
            }
        }
    }
    true
}
