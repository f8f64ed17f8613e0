//! Price sheets out of each source's own form.

use super::{
    decimal::{self, PER_MILLION, PER_THOUSAND, PER_UNIT},
    literal::Node,
};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;

/// When a rule applies; the same fields as in the data files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) tokens_gt: Option<u64>,
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) utc: Option<(u16, u16)>,
    pub(crate) weekdays: Vec<u8>,
    pub(crate) tier: Option<String>,
}

/// Meter → pico-dollars per unit.
pub(crate) type Rates = BTreeMap<&'static str, i64>;

/// One rule; later ones override key by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) when: When,
    pub(crate) rates: Rates,
}

/// A sheet in the making, with what could not be carried over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) rules: Vec<Rule>,
    /// Sentences for the report.
    pub(crate) lost: Vec<String>,
}

impl Sheet {
    /// Rates on a day, for a short prompt at the usual tier and outside named hours.
    pub(crate) fn flat(&self, day: &str) -> Rates {
        let mut rates = Rates::new();
        for Rule { when, rates: more } in &self.rules {
            let plain = when.tokens_gt.is_none() && when.utc.is_none() && when.tier.is_none();
            let started = when.from.as_deref().is_none_or(|from| from <= day);
            if plain && started && when.until.as_deref().is_none_or(|until| day < until) {
                rates.extend(more);
            }
        }
        rates
    }

    /// The base price is known. A row of zeros mostly means "not filled in" in lists of prices, so it
    /// counts only for what is `free` by its own name.
    pub(crate) fn usable(&self, day: &str, free: bool) -> bool {
        let flat = self.flat(day);
        match (flat.get("input"), flat.get("output")) {
            (Some(input), Some(output)) => free || *input > 0 || *output > 0,
            _ => false,
        }
    }

    /// Names the price of a prompt that is kept for an hour where the sheet lacks it: twice the input's where the
    /// usual write costs five quarters of it. So it is wherever a source names it for one of Anthropic's models
    /// (genai-prices 0.2.3, LiteLLM 1.109.1), and in what Anthropic and OpenRouter say of keeping prompts (November
    /// 2026). Without it the hour would be held and booked at the price of five minutes.
    pub(crate) fn add_hour(&mut self) {
        for Rule { rates, .. } in &mut self.rules {
            if let (Some(input), Some(write)) = (rates.get("input"), rates.get("input_cache_write_5m"))
                && write.checked_mul(4) == input.checked_mul(5)
                && let Some(hour) = input.checked_mul(2)
            {
                rates.entry("input_cache_write_1h").or_insert(hour);
            }
        }
    }

    fn rate(&mut self, rates: &mut Rates, meter: &'static str, digits: &str, places: u32) {
        match decimal::scaled(digits, places) {
            Ok(rate) if rate >= 0 => {
                rates.insert(meter, rate);
            }
            Ok(_) => self.lost.push(format!("{meter} {digits}: negative")),
            Err(error) => self.lost.push(format!("{meter} {digits}: {error}")),
        }
    }
}

/// genai-prices' keys, our meters, decimals of the figure.
const GENAI: &[(&str, &str, u32)] = &[
    ("input_mtok", "input", PER_MILLION),
    ("cache_read_mtok", "input_cache_read", PER_MILLION),
    ("cache_write_mtok", "input_cache_write_5m", PER_MILLION),
    ("cache_write_1h_mtok", "input_cache_write_1h", PER_MILLION),
    ("input_image_mtok", "input_image", PER_MILLION),
    ("input_audio_mtok", "input_audio", PER_MILLION),
    ("output_mtok", "output", PER_MILLION),
    ("output_reasoning_mtok", "output_reasoning", PER_MILLION),
    ("output_image_mtok", "output_image", PER_MILLION),
    ("output_audio_mtok", "output_audio", PER_MILLION),
    ("requests_kcount", "request", PER_THOUSAND),
    ("web_searches_kcount", "web_search", PER_THOUSAND),
];

/// A model's prices in genai-prices.
///
/// There, of a list of conditional prices the last one that holds counts *alone*; here rules override
/// key by key. So each dated price ends where the next begins, and a rule for certain hours begins
/// with the dated price it belongs to.
pub(crate) fn genai(model: &Node) -> Result<Sheet> {
    let mut sheet = Sheet::default();
    let Some(prices) = model.get("prices") else { bail!("no prices") };
    let alternatives: Vec<(When, &Node)> = match prices {
        Node::List(list) => list.iter().map(alternative).collect::<Result<_>>()?,
        one => vec![(When::default(), one)],
    };
    let starts: Vec<Option<String>> = alternatives.iter().map(|(when, _)| when.from.clone()).collect();
    let mut began = None;
    for (i, (mut when, rates)) in alternatives.into_iter().enumerate() {
        if when.utc.is_some() {
            when.from = began.clone();
        } else {
            began = when.from.clone();
            when.until = starts.iter().skip(i + 1).flatten().next().cloned();
        }
        add_genai(&mut sheet, &when, rates)?;
    }
    for variant in model.get("price_variants").map(Node::items).unwrap_or_default() {
        let mut when = constraint(variant.get("constraint"))?;
        let [(axis, name)] = variant.get("when").map(Node::entries).unwrap_or_default() else {
            sheet.lost.push("a variant with several conditions".to_owned());
            continue;
        };
        let name = name.as_text().context("a variant without a name")?;
        if !matches!(axis.as_str(), "processing" | "service_tier" | "speed") {
            sheet.lost.push(format!("a price for {axis} = {name}"));
            continue;
        }
        when.tier = Some(name.to_owned());
        add_genai(&mut sheet, &when, variant.get("prices").context("a variant without prices")?)?;
    }
    Ok(sheet)
}

fn alternative(node: &Node) -> Result<(When, &Node)> {
    Ok((constraint(node.get("constraint"))?, node.get("prices").context("a condition without prices")?))
}

fn constraint(node: Option<&Node>) -> Result<When> {
    let mut when = When::default();
    let Some(node) = node else { return Ok(when) };
    if let Some(from) = node.text("start_date") {
        when.from = Some(from.to_owned());
    } else if let (Some(start), Some(end)) = (node.text("start_time"), node.text("end_time")) {
        when.utc = Some((minutes(start)?, minutes(end)?));
    } else {
        bail!("an unknown condition");
    }
    Ok(when)
}

/// Minutes of the day of `HH:MM`, whatever follows.
fn minutes(time: &str) -> Result<u16> {
    let (hours, rest) = time.split_once(':').context("a time without a colon")?;
    let minutes = rest.get(..2).context("a time without minutes")?;
    Ok(hours.parse::<u16>()? * 60 + minutes.parse::<u16>()?)
}

fn add_genai(sheet: &mut Sheet, when: &When, prices: &Node) -> Result<()> {
    let mut base = Rates::new();
    let mut tiers: BTreeMap<u64, Rates> = BTreeMap::new();
    for (key, value) in prices.entries() {
        if *value == Node::Null {
            continue;
        }
        let Some((_, meter, places)) = GENAI.iter().find(|(name, ..)| name == key) else {
            sheet.lost.push(format!("{key} has no meter here"));
            continue;
        };
        if let Some(digits) = value.digits() {
            sheet.rate(&mut base, meter, digits, *places);
            continue;
        }
        let digits = value.get("base").and_then(Node::digits).context("a tiered price without a base")?;
        sheet.rate(&mut base, meter, digits, *places);
        for tier in value.get("tiers").map(Node::items).unwrap_or_default() {
            let start = tier.count("start").context("a tier without a start")?;
            let digits = tier.get("price").and_then(Node::digits).context("a tier without a price")?;
            sheet.rate(tiers.entry(start).or_default(), meter, digits, *places);
        }
    }
    if !base.is_empty() {
        sheet.rules.push(Rule { when: when.clone(), rates: base });
    }
    for (start, rates) in tiers {
        sheet.rules.push(Rule { when: When { tokens_gt: Some(start), ..when.clone() }, rates });
    }
    Ok(())
}

/// models.dev's and pi-ai's names of one thing, our meter.
const FLAT: &[(&str, &str, &str)] = &[
    ("input", "input", "input"),
    ("output", "output", "output"),
    ("cache_read", "cacheRead", "input_cache_read"),
    ("cache_write", "cacheWrite", "input_cache_write_5m"),
    ("reasoning", "reasoning", "output_reasoning"),
    ("input_audio", "inputAudio", "input_audio"),
    ("output_audio", "outputAudio", "output_audio"),
];

/// The `cost` of models.dev or pi-ai: dollars per million tokens, with tiers by length of the prompt.
/// There a cache price of zero means "none stated", so it is left to fall back to the input price.
pub(crate) fn flat(cost: &Node) -> Sheet {
    let mut sheet = Sheet::default();
    let base = flat_rates(&mut sheet, cost);
    sheet.rules.push(Rule { when: When::default(), rates: base });
    let mut tiers: BTreeMap<u64, Rates> = BTreeMap::new();
    for tier in cost.get("tiers").map(Node::items).unwrap_or_default() {
        let above = tier.count("inputTokensAbove").or_else(|| tier.get("tier").and_then(|t| t.count("size")));
        match above {
            Some(above) => {
                let rates = flat_rates(&mut sheet, tier);
                tiers.insert(above, rates);
            }
            None => sheet.lost.push("a tier without a start".to_owned()),
        }
    }
    if tiers.is_empty()
        && let Some(long) = cost.get("context_over_200k")
    {
        let rates = flat_rates(&mut sheet, long);
        tiers.insert(200_000, rates);
    }
    let rule = |(above, rates)| Rule { when: When { tokens_gt: Some(above), ..When::default() }, rates };
    sheet.rules.extend(tiers.into_iter().map(rule));
    sheet
}

fn flat_rates(sheet: &mut Sheet, cost: &Node) -> Rates {
    let mut rates = Rates::new();
    for (one, other, meter) in FLAT {
        if let Some(digits) = cost.get(one).or_else(|| cost.get(other)).and_then(Node::digits) {
            sheet.rate(&mut rates, meter, digits, PER_MILLION);
        }
    }
    rates.retain(|meter, rate| matches!(*meter, "input" | "output") || *rate > 0);
    rates
}

/// LiteLLM's dollars per token; only what the cross-check and a provider without another source need.
pub(crate) fn litellm(entry: &Node) -> Sheet {
    let mut sheet = Sheet::default();
    let mut rates = Rates::new();
    let keys = [
        ("input_cost_per_token", "input"),
        ("output_cost_per_token", "output"),
        ("cache_read_input_token_cost", "input_cache_read"),
        ("cache_creation_input_token_cost", "input_cache_write_5m"),
        ("cache_creation_input_token_cost_above_1hr", "input_cache_write_1h"),
    ];
    for (key, meter) in keys {
        if let Some(digits) = entry.get(key).and_then(Node::digits) {
            sheet.rate(&mut rates, meter, digits, PER_UNIT);
        }
    }
    rates.retain(|meter, rate| matches!(*meter, "input" | "output") || *rate > 0);
    sheet.rules.push(Rule { when: When::default(), rates });
    sheet
}

/// Puts LiteLLM's weekdays on a sheet's hours: its off-peak windows name whole days on which the peak
/// hours do not count.
pub(crate) fn weekdays(sheet: &mut Sheet, entry: &Node) {
    let windows = entry.get("off_peak_pricing").and_then(|p| p.get("windows")).map(Node::items);
    let days = |node: &Node| -> Vec<u8> {
        let days = node.get("weekdays").map(Node::items).unwrap_or_default();
        days.iter().filter_map(|d| d.digits()?.parse().ok()).collect()
    };
    let mut peak: Vec<u8> = (1..=7).collect();
    for window in windows.unwrap_or_default() {
        if window.text("hours_utc") == Some("00:00-00:00") {
            let free = days(window);
            peak.retain(|day| !free.contains(day));
        }
    }
    if peak.len() < 7 {
        for rule in sheet.rules.iter_mut().filter(|rule| rule.when.utc.is_some()) {
            rule.when.weekdays.clone_from(&peak);
        }
    }
}

/// More than one per cent apart.
pub(crate) fn differ(a: i64, b: i64) -> bool {
    let (a, b) = (i128::from(a), i128::from(b));
    (a - b).abs() * 100 > a.max(b)
}

/// Does a genai-prices `match` clause hold for an id in lower case?
pub(crate) fn matches(clause: &Node, id: &str) -> Result<bool> {
    for (key, value) in clause.entries() {
        let text = value.as_text().map(str::to_lowercase);
        let holds = match (key.as_str(), text) {
            ("equals", Some(t)) => id == t,
            ("starts_with", Some(t)) => id.starts_with(&t),
            ("ends_with", Some(t)) => id.ends_with(&t),
            ("contains", Some(t)) => id.contains(&t),
            ("regex", _) => pattern(value.as_text().unwrap_or_default(), id)?,
            ("or", None) => any(value.items(), id)?,
            ("and", None) => {
                !value.items().iter().map(|c| matches(c, id)).collect::<Result<Vec<_>>>()?.contains(&false)
            }
            _ => bail!("an unknown clause {key}"),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(clauses: &[Node], id: &str) -> Result<bool> {
    Ok(clauses.iter().map(|clause| matches(clause, id)).collect::<Result<Vec<_>>>()?.contains(&true))
}

/// The few forms of regular expression that occur: anchored literals with `\d`, `{n}` and `[…]`, and
/// one that excludes speech models. Anything else is an error, so that a new form is noticed.
fn pattern(pattern: &str, id: &str) -> Result<bool> {
    if pattern.starts_with("^(?!.*-[tT][tT][sS]") {
        return Ok(!id.ends_with("-tts") && !id.contains("-tts-"));
    }
    let mut p = pattern.strip_prefix('^').context("a pattern that is not anchored")?.chars().peekable();
    let mut rest = id.chars().peekable();
    while let Some(c) = p.next() {
        let mut allowed = String::new();
        match c {
            '$' => return Ok(rest.peek().is_none()),
            '\\' => match p.next() {
                Some('d') => allowed.push_str("0123456789"),
                Some(escaped) => allowed.push(escaped),
                None => bail!("a pattern ends in a backslash"),
            },
            '[' => allowed.extend(p.by_ref().take_while(|c| *c != ']')),
            '.' | '*' | '+' | '?' | '(' | ')' | '|' => bail!("{pattern:?} is not understood"),
            literal => allowed.push(literal),
        }
        let times = if p.peek() == Some(&'{') {
            p.next();
            p.by_ref().take_while(|c| *c != '}').collect::<String>().parse::<usize>()?
        } else {
            1
        };
        for _ in 0..times {
            if !rest.next().is_some_and(|c| allowed.contains(c)) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rates: &[(&'static str, i64)]) -> Sheet {
        let rates = rates.iter().copied().collect();
        Sheet { rules: vec![Rule { when: When::default(), rates }], lost: Vec::new() }
    }

    fn hour(rates: &[(&'static str, i64)]) -> Option<i64> {
        let mut sheet = sheet(rates);
        sheet.add_hour();
        sheet.rules[0].rates.get("input_cache_write_1h").copied()
    }

    #[test]
    fn an_hour_costs_twice_the_input_where_five_minutes_cost_five_quarters_of_it() {
        let (input, write) = (("input", 5_000_000), ("input_cache_write_5m", 6_250_000));
        assert_eq!(hour(&[input, write]), Some(10_000_000));
        assert_eq!(hour(&[input, write, ("input_cache_write_1h", 7)]), Some(7), "what a source says stands");
        assert_eq!(hour(&[input, ("input_cache_write_5m", 5_000_000)]), None, "another ratio says nothing");
        assert_eq!(hour(&[input]), None);
    }
}
