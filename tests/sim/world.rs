//! The providers of one model, what happens to them, and what the user asks.

use super::Chance;
use domain::{
    Endpoint, EndpointId, Meter, PicoUsd, PriceOrigin, PriceRule, PriceSheet, PriceSource, ProviderId,
    Timestamp, When,
};
use std::collections::BTreeMap;

/// Milliseconds of virtual time.
pub(crate) type Time = f64;
const HOUR: Time = 3_600_000.0;
const MINUTE: Time = 60_000.0;

/// Far from 1970, like every real clock: 08:00 UTC of a Friday.
const EPOCH: i64 = 1_800_000_000_000;

/// A moment of virtual time as the calendar has it.
pub(crate) fn stamp(now: Time) -> Timestamp {
    Timestamp(EPOCH + now as i64)
}

/// Something that befalls a provider for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// Connections are refused.
    Refused,
    /// Every request fails with a 5xx.
    Failing,
    /// Requests are taken and never answered.
    Silent,
    /// Slow, and one in four fails.
    BrownOut,
    /// Its shared capacity is used up: 429 until it is over, with a Retry-After.
    Full,
}

/// A provider that serves the model.
pub(crate) struct Server {
    pub(crate) endpoint: Endpoint,
    /// Median time to the first content of a short prompt, and how wide it scatters.
    first: (f64, f64),
    /// Milliseconds of reading per thousand prompt tokens that are not cached.
    reading: f64,
    /// Tokens a second.
    pub(crate) speed: f64,
    /// Share of requests that fail for no visible reason.
    flaky: f64,
    /// How long its cache remembers; 0 = it has none.
    pub(crate) cache: Time,
    /// A first request after so long an idle time waits for a cold start.
    cold: Option<(Time, Time)>,
    /// Requests of this user in any minute.
    per_minute: usize,
    /// When what befalls it, by start.
    troubles: Vec<(Time, Time, Trouble)>,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) at: Time,
    pub(crate) conversation: u64,
    pub(crate) number: u64,
    pub(crate) prompt: u64,
    /// Of which the conversation so far.
    pub(crate) before: u64,
    pub(crate) answer: u64,
}

/// How one attempt goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// First content after so long; then it writes for so long.
    Content {
        first: Time,
        writing: Time,
    },
    /// Fails after so long.
    Refused(Time),
    Failing(Time),
    Full {
        after: Time,
        retry_after: Time,
    },
    /// Nothing, ever.
    Silence,
}

pub(crate) struct World {
    pub(crate) servers: Vec<Server>,
    pub(crate) requests: Vec<Request>,
    pub(crate) seed: u64,
}

/// Dollars per million (prompt, completion, cached), median ms and scatter, ms per 1,000 tokens, tokens/s,
/// flakiness, minutes of cache, cold start after minutes for ms, requests a minute.
type Row = (&'static str, [f64; 3], (f64, f64), f64, f64, f64, f64, Option<(f64, f64)>, usize);

/// What a price turns into for a while or for some: above so many prompt tokens, or in these minutes of the
/// UTC day, all prices times so much.
#[derive(Clone, Copy)]
enum Turn {
    Above(u64, f64),
    Within(u16, u16, f64),
}

/// Price lists as they are published: the author's is half as dear at night (DeepSeek's was, 16:30 to 00:30
/// UTC), one is dear at the busiest hours; some double for long prompts (Google and xAI, from 200,000 or
/// 128,000 tokens on; Alibaba from 32,000 on).
const TURNS: &[(&str, Turn)] = &[
    ("author", Turn::Within(16 * 60 + 30, 30, 0.4)),
    ("usual", Turn::Within(13 * 60, 19 * 60, 1.6)),
    ("bargain", Turn::Above(32_000, 2.0)),
    ("coldish", Turn::Above(16_000, 2.5)),
    ("usual", Turn::Above(64_000, 2.0)),
];

/// Six providers as they are found for an open-weights model: cheap and slow, dear and quick, cheap with
/// tight limits, one that is often in trouble, one that starts cold. Beside them, [`TURNS`].
const ROWS: &[Row] = &[
    ("bargain", [0.25, 0.90, 0.25], (1_900.0, 0.5), 120.0, 38.0, 0.012, 0.0, None, 60),
    ("usual", [0.30, 1.10, 0.06], (900.0, 0.35), 70.0, 65.0, 0.004, 10.0, None, 60),
    ("swift", [0.45, 1.60, 0.22], (350.0, 0.3), 25.0, 240.0, 0.006, 10.0, None, 8),
    ("author", [0.55, 2.20, 0.055], (700.0, 0.3), 50.0, 80.0, 0.002, 10.0, None, 60),
    ("coldish", [0.20, 0.80, 0.20], (1_100.0, 0.4), 90.0, 55.0, 0.008, 0.0, Some((8.0, 9_000.0)), 60),
    ("shaky", [0.22, 0.85, 0.06], (800.0, 0.6), 70.0, 60.0, 0.03, 5.0, None, 30),
];

impl World {
    /// `hours` of one user's work.
    pub(crate) fn new(seed: u64, hours: f64) -> Self {
        let servers = (0u64..).zip(ROWS).map(|(at, row)| server(seed, at, row, hours * HOUR)).collect();
        Self { servers, requests: requests(seed, hours * HOUR), seed }
    }

    /// What happens when this server is asked. `recent` = this user's requests to it in the last minute,
    /// `idle` = since it was last asked, `cached` = prompt tokens it remembers.
    pub(crate) fn fate(&self, at: usize, request: &Request, attempt: u64, now: Time, seen: Seen) -> Fate {
        let server = &self.servers[at];
        let mut chance = Chance::of(&[self.seed, 7, at as u64, request.number, attempt]);
        let quick = chance.around(180.0, 0.3);
        if seen.recent >= server.per_minute {
            return Fate::Full { after: quick, retry_after: chance.unit() * 30_000.0 + 1_000.0 };
        }
        let trouble = server.trouble(now);
        match trouble {
            Some((_, Trouble::Refused)) => return Fate::Refused(quick / 2.0),
            Some((_, Trouble::Failing)) => return Fate::Failing(quick * 3.0),
            Some((_, Trouble::Silent)) => return Fate::Silence,
            Some((until, Trouble::Full)) => {
                return Fate::Full { after: quick, retry_after: (until - now).min(120_000.0) };
            }
            Some((_, Trouble::BrownOut)) if chance.unit() < 0.25 => return Fate::Failing(quick * 8.0),
            Some((_, Trouble::BrownOut)) | None => {}
        }
        if chance.unit() < server.flaky {
            return if chance.unit() < 0.2 { Fate::Silence } else { Fate::Failing(quick * 2.0) };
        }
        let slower = if trouble.is_some() { 6.0 } else { 1.0 };
        let reading = server.reading * (request.prompt - seen.cached) as f64 / 1_000.0;
        let cold = server.cold.filter(|(after, _)| seen.idle > *after).map_or(0.0, |(_, wait)| wait);
        let first = chance.around(server.first.0 + reading, server.first.1) * slower + cold;
        let writing = request.answer as f64 * 1_000.0 / (server.speed / slower.sqrt());
        Fate::Content { first, writing }
    }

    /// Dollars for an attempt that was sent now and answered.
    pub(crate) fn dollars(&self, at: usize, request: &Request, cached: u64, now: Time) -> f64 {
        let [_, completion, _] = self.prices(at, request, now);
        self.reading(at, request, cached, now) + request.answer as f64 * completion / 1e6
    }

    /// Dollars for reading its prompt alone.
    pub(crate) fn reading(&self, at: usize, request: &Request, cached: u64, now: Time) -> f64 {
        let [prompt, _, read] = self.prices(at, request, now);
        ((request.prompt - cached) as f64 * prompt + cached as f64 * read) / 1e6
    }

    /// Dollars per million that hold for this prompt at this moment: prompt, completion, cached prompt. All
    /// ways of choosing may read them.
    pub(crate) fn prices(&self, at: usize, request: &Request, now: Time) -> [f64; 3] {
        let sheet = self.servers[at].endpoint.prices.as_ref().unwrap();
        let rates = sheet.rates(request.prompt, None, stamp(now));
        METERS.map(|meter| rates[&meter].get() as f64 / 1e6)
    }
}

const METERS: [Meter; 3] = [Meter::Input, Meter::Output, Meter::InputCacheRead];

/// What a server has seen of this user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) recent: usize,
    pub(crate) idle: Time,
    pub(crate) cached: u64,
}

impl Server {
    fn trouble(&self, now: Time) -> Option<(Time, Trouble)> {
        let after = self.troubles.partition_point(|(start, ..)| *start <= now);
        let (_, until, trouble) = *self.troubles.get(after.checked_sub(1)?)?;
        (now < until).then_some((until, trouble))
    }
}

fn server(seed: u64, at: u64, row: &Row, horizon: Time) -> Server {
    let &(name, prices, first, reading, speed, flaky, cache, cold, per_minute) = row;
    let mut chance = Chance::of(&[seed, 1, at]);
    // The shaky one is in trouble four times as often.
    let often = if name == "shaky" { 4.0 } else { 1.0 };
    let mut troubles = Vec::new();
    let mut now = chance.wait(9.0 * HOUR / often);
    while now < horizon {
        let drawn = chance.unit();
        let (trouble, median) = if drawn < 0.15 {
            (Trouble::Refused, 8.0)
        } else if drawn < 0.35 {
            (Trouble::Failing, 10.0)
        } else if drawn < 0.45 {
            (Trouble::Silent, 5.0)
        } else if drawn < 0.75 {
            (Trouble::BrownOut, 25.0)
        } else {
            (Trouble::Full, 3.0)
        };
        let until = now + chance.around(median * MINUTE, 0.9);
        troubles.push((now, until, trouble));
        now = until + chance.wait(9.0 * HOUR / often);
    }
    Server {
        endpoint: endpoint(name, prices),
        first,
        reading,
        speed,
        flaky,
        cache: cache * MINUTE,
        cold: cold.map(|(after, wait)| (after * MINUTE, wait)),
        per_minute,
        troubles,
    }
}

fn endpoint(name: &str, prices: [f64; 3]) -> Endpoint {
    let rule = |when, times: f64| PriceRule {
        when,
        rates: METERS
            .into_iter()
            .zip(prices)
            .map(|(meter, price)| (meter, PicoUsd::new((price * times * 1e6).round() as i64)))
            .collect::<BTreeMap<_, _>>(),
    };
    let mut rules = vec![rule(When::default(), 1.0)];
    for (_, turn) in TURNS.iter().filter(|(whose, _)| *whose == name) {
        rules.push(match *turn {
            Turn::Above(tokens, times) => {
                rule(When { prompt_tokens_gt: Some(tokens), ..When::default() }, times)
            }
            Turn::Within(from, until, times) => {
                rule(When { utc: Some((from, until)), ..When::default() }, times)
            }
        });
    }
    Endpoint {
        id: EndpointId::new(format!("{name}/m")),
        provider: ProviderId::from(name),
        model: "author/m".parse().unwrap(),
        upstream_model: "m".into(),
        context_length: Some(200_000),
        max_completion_tokens: None,
        prices: Some(PriceSheet {
            source: PriceSource {
                origin: PriceOrigin::Bundled,
                source: "simulated".into(),
                checked: "2026-11-21".into(),
            },
            rules,
        }),
    }
}

/// Conversations of a few turns with pauses to read and think, a few an hour; one in six begins with a
/// document.
fn requests(seed: u64, horizon: Time) -> Vec<Request> {
    let mut chance = Chance::of(&[seed, 2]);
    let mut all = Vec::new();
    let mut start = chance.wait(10.0 * MINUTE);
    let mut conversation = 0;
    while start < horizon {
        conversation += 1;
        let turns = 1 + (chance.wait(4.0) as u64).min(14);
        let mut now = start;
        let mut before = 0;
        let opening = if chance.unit() < 1.0 / 6.0 { 28_000.0 } else { 2_500.0 };
        for _ in 0..turns {
            let added =
                chance.around(if before == 0 { opening } else { 400.0 }, 1.0).clamp(30.0, 60_000.0) as u64;
            let answer = chance.around(450.0, 0.7).clamp(20.0, 6_000.0) as u64;
            let prompt = (before + added).min(150_000);
            all.push(Request {
                at: now,
                conversation,
                number: 0,
                prompt,
                before: before.min(prompt),
                answer,
            });
            before = prompt + answer;
            now += chance.around(70_000.0, 0.8).clamp(8_000.0, 15.0 * MINUTE);
        }
        start += chance.wait(12.0 * MINUTE);
    }
    all.sort_by(|a, b| a.at.total_cmp(&b.at));
    for (number, request) in (0..).zip(&mut all) {
        request.number = number;
    }
    all
}
