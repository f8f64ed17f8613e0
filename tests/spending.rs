//! A year or more of plausible spending: the same every time, with real prices, working hours, weekends,
//! several lanes a turn, caches, reasoning, stops, refusals, a model of unknown price and a local one.

use catalog::Catalog;
use domain::{
    AttemptId, ConversationId, Cost, Endpoint, EndpointId, EntryId, FinishReason, Millis, Outcome, PicoUsd,
    PriceSheet, ProcessId, Timestamp, Usage, UsageSource,
};
use std::path::Path;
use store::{AttemptRow, ConversationRow, EntryRow, Options, Store};
use uuid::Uuid;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Rows of one transaction: as many as the store adds to its sums before a commit.
const AT_ONCE: usize = 1_000;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// Skewed: often small, seldom up to `n`.
    fn skewed(&mut self, n: u64) -> u64 {
        let (a, b) = (self.below(1_000), self.below(1_000));
        n * a * b / 1_000_000
    }
}

/// A model somebody uses.
struct Habit {
    endpoint: Endpoint,
    /// Out of a hundred lanes.
    weight: u64,
    caches: bool,
    reasons: bool,
    first: u64,
    rate: u64,
}

/// Slug, provider, weight, caches, reasons, usual first token in ms, tokens a second.
const HABITS: [(&str, &str, u64, bool, bool, u64, u64); 8] = [
    ("anthropic/claude-sonnet-4.5", "anthropic", 20, true, false, 610, 81),
    ("openai/gpt-5", "openai", 19, true, true, 1_800, 62),
    ("google/gemini-2.5-pro", "google", 18, true, true, 930, 116),
    ("anthropic/claude-haiku-4.5", "anthropic", 9, true, false, 440, 148),
    ("openai/gpt-5-mini", "openai", 11, true, true, 970, 127),
    ("deepseek/deepseek-v3.2", "deepseek", 9, true, false, 410, 46),
    ("mistralai/mistral-medium-3.1", "mistral", 6, false, false, 520, 88),
    ("qwen/qwen3-32b", "ollama", 7, false, true, 290, 34),
];

fn habits() -> Vec<Habit> {
    let catalog = Catalog::bundled().unwrap();
    let mut found: Vec<Habit> = HABITS
        .iter()
        .map(|(slug, provider, weight, caches, reasons, first, rate)| {
            let known = catalog.endpoints(slug);
            let named = known.iter().find(|endpoint| endpoint.provider.as_str() == *provider);
            let endpoint = named.or(known.first()).cloned().unwrap_or_else(|| Endpoint {
                id: EndpointId::new(format!("{provider}/{slug}")),
                provider: (*provider).into(),
                model: slug.parse().unwrap(),
                upstream_model: (*slug).to_owned(),
                prices: Some(catalog::local_sheet(catalog.data_date())),
                ..any(&catalog)
            });
            let local = *provider == "ollama";
            let prices =
                if local { Some(catalog::local_sheet(catalog.data_date())) } else { endpoint.prices.clone() };
            let provider = if local { "ollama".into() } else { endpoint.provider.clone() };
            let endpoint = Endpoint { prices, provider, ..endpoint };
            Habit {
                endpoint,
                weight: *weight,
                caches: *caches,
                reasons: *reasons,
                first: *first,
                rate: *rate,
            }
        })
        .collect();
    // A proxy of the user's own, at nobody knows what price.
    let house = Endpoint {
        id: "my-proxy/house".into(),
        provider: "my-proxy".into(),
        model: "my-proxy/house".parse().unwrap(),
        upstream_model: "house".to_owned(),
        prices: None,
        ..any(&catalog)
    };
    found.push(Habit { endpoint: house, weight: 1, caches: false, reasons: false, first: 700, rate: 50 });
    found
}

fn any(catalog: &Catalog) -> Endpoint {
    catalog.all_endpoints().next().unwrap().clone()
}

const TOPICS: [&str; 12] = [
    "Thesis: chapter 4 review",
    "Compare five invoice parsers",
    "Postgres distinct counts, 400 M rows",
    "Grant abstract, 250 words",
    "CRDT or OT for notes?",
    "Heat pump vs gas, 12-year cost",
    "Rust: cancel-safe select loop",
    "Apology email, delayed export",
    "Regex that matches ISO weeks",
    "Translate lease, §14 to §19",
    "Why does my CI cache miss?",
    "Sourdough at 68 % hydration",
];

/// What is written at once.
#[derive(Default)]
struct Batch {
    conversations: Vec<ConversationRow>,
    attempts: Vec<AttemptRow>,
    entries: Vec<EntryRow>,
}

/// Fills the database in `folder` with `rows` ledger rows that end at `now` and began `days` before it.
pub(crate) fn fill(folder: &Path, rows: usize, days: i64, now: Timestamp) {
    let options = Options { process: ProcessId::new(Uuid::from_u128(1)), now, version: "test" };
    let store = Store::open(folder, options).unwrap();
    let mut spender = Spender { dice: Dice::new(20_261_121), habits: habits(), made: 0 };
    let mut batch = Batch::default();
    let midnight = |day: i64| (now.0 - (days - day) * DAY).div_euclid(DAY) * DAY;
    // Weekends are quieter, and no day is like another.
    let paces: Vec<u64> = (0..=days)
        .map(|day| {
            let weekday = (midnight(day).div_euclid(DAY) + 3).rem_euclid(7);
            let pace = if weekday >= 5 { 35 } else { 125 };
            pace * (60 + spender.dice.below(80))
        })
        .collect();
    let all: u64 = paces.iter().sum();
    // Each day has its share, and all of them together exactly what was asked for.
    let upto = |share: u64| usize::try_from(rows as u64 * share / all).unwrap();
    let mut share = 0;
    for (day, pace) in (0..=days).zip(&paces) {
        let wanted = upto(share + pace) - upto(share);
        share += pace;
        for _ in spender.day(midnight(day), wanted, now, &mut batch) {
            if batch.entries.len() >= AT_ONCE {
                write(&store, std::mem::take(&mut batch));
            }
        }
    }
    write(&store, batch);
    store.close();
}

fn write(store: &Store, batch: Batch) {
    let conversations = batch.conversations;
    let made = store.write(move |tx| conversations.iter().try_for_each(|row| tx.insert_conversation(row)));
    made.wait().unwrap();
    let mut rows = batch.attempts.into_iter().zip(batch.entries).peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
        let settled = store.write(move |tx| {
            some.iter().try_for_each(|(attempt, entry)| {
                tx.insert_attempt(attempt)?;
                tx.settle(entry).map(|_| ())
            })
        });
        settled.wait().unwrap();
    }
}

struct Spender {
    dice: Dice,
    habits: Vec<Habit>,
    made: u128,
}

impl Spender {
    fn id(&mut self) -> Uuid {
        self.made += 1;
        Uuid::from_u128((7 << 76) + self.made)
    }

    /// Conversations of a day until it has its rows; gives the number of each turn's rows.
    fn day(&mut self, midnight: i64, rows: usize, now: Timestamp, batch: &mut Batch) -> Vec<usize> {
        let mut left = rows;
        let mut counts = Vec::new();
        while left > 0 {
            let latest = (now.0 - 60_000).min(midnight + 22 * HOUR);
            let begin = midnight + 8 * HOUR;
            let mut at = begin
                + i64::try_from(self.dice.below(u64::try_from((latest - begin).max(1)).unwrap())).unwrap();
            at = at.min(latest);
            let id = ConversationId::new(self.id());
            let title = TOPICS[usize::try_from(self.dice.below(12)).unwrap()];
            batch.conversations.push(ConversationRow {
                id,
                title: title.to_owned(),
                created_at: Timestamp(at),
                updated_at: Timestamp(at),
                archived_at: None,
                deleted_at: None,
            });
            let lanes = self.lanes();
            let mut prompt = 200 + self.dice.skewed(3_000);
            for turn in 0..1 + self.dice.below(12) {
                if left == 0 {
                    break;
                }
                let taken = left.min(lanes.len());
                for lane in &lanes[..taken] {
                    self.attempt(*lane, Some(id), at.min(latest), prompt, turn > 0, batch);
                }
                left -= taken;
                counts.push(taken);
                prompt += 300 + self.dice.skewed(4_000);
                at += i64::try_from(30_000 + self.dice.below(400_000)).unwrap();
            }
        }
        counts
    }

    /// One to five models, none twice.
    fn lanes(&mut self) -> Vec<usize> {
        let wanted = 1 + usize::try_from(self.dice.below(5)).unwrap();
        let mut found = Vec::new();
        while found.len() < wanted {
            let mut place = self.dice.below(100);
            let chosen = self.habits.iter().position(|habit| {
                let here = place < habit.weight;
                place = place.saturating_sub(habit.weight);
                here
            });
            if let Some(chosen) = chosen.filter(|one| !found.contains(one)) {
                found.push(chosen);
            }
        }
        found
    }

    fn attempt(
        &mut self,
        habit: usize,
        conversation: Option<ConversationId>,
        at: i64,
        prompt: u64,
        warm: bool,
        batch: &mut Batch,
    ) {
        let (id, entry) = (AttemptId::new(self.id()), EntryId::new(self.id()));
        let end = self.dice.below(100);
        let output = 60 + self.dice.skewed(3_600);
        let (thought, slow) = (self.dice.below(70), self.dice.skewed(3_000));
        let habit = &self.habits[habit];
        let endpoint = &habit.endpoint;
        let refused = end == 99;
        let stopped = (96..99).contains(&end);
        let mut usage = Usage::default();
        usage.input.total = Some(prompt);
        usage.input.cache_read = habit.caches.then_some(if warm { prompt * 7 / 10 } else { 0 });
        usage.output.total = Some(if stopped { output / 3 } else { output });
        usage.output.reasoning = habit.reasons.then_some(output / 3 * thought / 100);
        usage.raw = Some(format!("{{\"prompt_tokens\":{prompt},\"completion_tokens\":{output}}}"));
        usage.source = if stopped { UsageSource::Estimated } else { UsageSource::Reported };
        let first = habit.first * (70 + slow / 20) / 100;
        let duration = first + output * 1_000 / habit.rate;
        let sheet: Option<PriceSheet> = endpoint.prices.clone();
        let cost = if refused {
            Cost::known(PicoUsd::ZERO)
        } else {
            ledger::cost(&usage, sheet.as_ref(), Timestamp(at))
        };
        let outcome = match (refused, stopped) {
            (true, _) => "limit.overloaded",
            (_, true) => "cancelled",
            _ => "stop",
        };
        let usage = (!refused).then_some(usage);
        batch.attempts.push(AttemptRow {
            id,
            run: None,
            n: 1,
            endpoint: endpoint.id.clone(),
            account: None,
            provider: endpoint.provider.clone(),
            model: endpoint.model.clone(),
            upstream_model: endpoint.upstream_model.clone(),
            origin: "window".to_owned(),
            started_at: Timestamp(at),
            first_byte: Some(Millis(first)),
            first_content: (!refused).then_some(Millis(first)),
            reasoned: None,
            duration: Some(Millis(duration)),
            outcome: Some(Outcome::Completed { finish_reason: FinishReason::Stop }),
            upstream: None,
            usage: None,
            cost: None,
        });
        batch.entries.push(EntryRow {
            id: entry,
            attempt: id,
            conversation,
            at: Timestamp(at),
            provider: endpoint.provider.clone(),
            endpoint: endpoint.id.clone(),
            account: None,
            model: endpoint.model.clone(),
            upstream_model: endpoint.upstream_model.clone(),
            origin: "window".to_owned(),
            outcome: outcome.to_owned(),
            usage,
            cost,
            price_sheet: sheet,
            adjusts: None,
            purpose: store::Purpose::default(),
        });
    }
}
