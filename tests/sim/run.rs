//! Runs the same user through the same world for one way of choosing, and sums up.

use super::{
    choosers::{Chooser, InverseSquare, Ours, Outcome, PeakEwma, Shuffle},
    world::{Fate, Request, Seen, Time, World},
};
use domain::{ErrorKind, Failure, Millis, Sort, Upstream};
use router::{Next, Shown, Situation};
use std::collections::{HashMap, VecDeque};

/// What a second before the first content is worth in the regret, in dollars: what our own balance says.
const SECOND: f64 = 0.0004;
/// A failed request counts as this long a wait.
const FAILED: Time = 120_000.0;

/// One request's end.
#[derive(Clone, Copy, Debug)]
struct End {
    /// `None` = nothing came.
    first: Option<Time>,
    dollars: f64,
}

impl End {
    fn pain(&self) -> f64 {
        self.dollars + SECOND * self.first.unwrap_or(FAILED) / 1_000.0
    }
}

/// What each server remembers of this user under one way of choosing.
#[derive(Default)]
struct Traffic {
    asked: HashMap<usize, VecDeque<Time>>,
    caches: HashMap<(usize, u64), (u64, Time)>,
}

impl Traffic {
    fn seen(&self, world: &World, at: usize, request: &Request, now: Time) -> Seen {
        let asked = self.asked.get(&at);
        let cached = self
            .caches
            .get(&(at, request.conversation))
            .filter(|(_, when)| now - when < world.servers[at].cache)
            .map_or(0, |(tokens, _)| (*tokens).min(request.before));
        Seen {
            recent: asked.map_or(0, |times| times.iter().filter(|time| now - **time < 60_000.0).count()),
            idle: asked.and_then(|times| times.back()).map_or(Time::INFINITY, |time| now - time),
            cached,
        }
    }

    fn ask(&mut self, at: usize, now: Time) {
        let asked = self.asked.entry(at).or_default();
        asked.push_back(now);
        if asked.len() > 100 {
            asked.pop_front();
        }
    }

    fn remember(&mut self, at: usize, request: &Request, now: Time) {
        self.caches.insert((at, request.conversation), (request.prompt + request.answer, now));
    }
}

/// Figures of one way of choosing.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) name: &'static str,
    /// Share of requests that were answered.
    pub(crate) success: f64,
    /// Time to the first content of answered requests, in seconds.
    pub p50: f64,
    pub p99: f64,
    /// Dollars for a thousand answered requests.
    pub(crate) dollars: f64,
    /// How much worse than the oracle, in dollars for a thousand requests, waiting included.
    pub(crate) regret: f64,
    /// Attempts for a request.
    pub(crate) attempts: f64,
}

/// Every way of choosing, ours first.
pub(crate) fn all() -> Vec<Box<dyn Chooser>> {
    vec![
        Box::new(Ours::new("Parallax, Everyday", None)),
        Box::new(Ours::new("Parallax, Cheapest", Some(Sort::Price))),
        Box::new(Ours::new("Parallax, Fastest", Some(Sort::Latency))),
        Box::new(Shuffle),
        Box::new(InverseSquare::default()),
        Box::new(InverseSquare::sticky()),
        Box::new(PeakEwma::default()),
    ]
}

/// Plays the whole world.
pub(crate) fn play(world: &World, chooser: &mut dyn Chooser) -> Figures {
    let mut traffic = Traffic::default();
    let mut attempts = 0;
    let ends: Vec<End> = world
        .requests
        .iter()
        .map(|request| one(world, chooser, &mut traffic, request, &mut attempts))
        .collect();
    let best = oracle(world);
    let regret: f64 = ends.iter().map(End::pain).sum::<f64>() - best;
    let count = ends.len() as f64;
    let mut firsts: Vec<Time> = ends.iter().filter_map(|end| end.first).collect();
    firsts.sort_by(f64::total_cmp);
    let at = |share: f64| firsts[((firsts.len() - 1) as f64 * share) as usize] / 1_000.0;
    Figures {
        name: chooser.name(),
        success: firsts.len() as f64 / count,
        p50: at(0.5),
        p99: at(0.99),
        dollars: ends.iter().map(|end| end.dollars).sum::<f64>() / firsts.len() as f64 * 1_000.0,
        regret: regret / count * 1_000.0,
        attempts: f64::from(attempts) / count,
    }
}

/// One request with the same retry loop for everybody: `router::recover`.
fn one(
    world: &World,
    chooser: &mut dyn Chooser,
    traffic: &mut Traffic,
    request: &Request,
    attempts: &mut u32,
) -> End {
    let mut now = request.at;
    let mut dollars = 0.0;
    let mut left: VecDeque<usize> = chooser.order(world, request, now).into();
    let mut number = 0;
    while let Some(at) = left.pop_front() {
        let mut here = 0;
        loop {
            (number, here) = (number + 1, here + 1);
            *attempts += 1;
            let seen = traffic.seen(world, at, request, now);
            let patience = chooser.patience(world, at, request, now);
            traffic.ask(at, now);
            let fate = world.fate(at, request, u64::from(number), now, seen);
            let (took, failure) = match fate {
                Fate::Content { first, writing } if first <= patience => {
                    dollars += world.dollars(at, request, seen.cached, now);
                    now += first;
                    traffic.remember(at, request, now);
                    chooser.learn(world, at, request, now, Outcome::Content { first, writing });
                    return End { first: Some(now - request.at), dollars };
                }
                fate => failed(fate, patience),
            };
            if failure.kind == ErrorKind::TimeFirstByte {
                // It was taken, and reading it may be billed.
                dollars += world.reading(at, request, seen.cached, now);
            }
            now += took;
            chooser.learn(world, at, request, now, Outcome::Failed { failure: &failure, took });
            let situation = Situation {
                shown: Shown::Nothing,
                attempts_here: here,
                attempts: number,
                keys_left: 0,
                endpoints_left: left.len(),
                elapsed: Millis((now - request.at) as u64),
                may_retry: true,
            };
            match router::recover(&failure, situation) {
                Next::Retry { after } => now += after.0 as f64,
                Next::Advance | Next::NextKey => break,
                Next::Stop | Next::OfferContinue => return End { first: None, dollars },
            }
        }
    }
    End { first: None, dollars }
}

/// How long it took to fail, and how.
fn failed(fate: Fate, patience: Time) -> (Time, Failure) {
    let status = |kind, status, wait: Option<Time>| {
        let retry_after = wait.map(|wait| Millis(wait as u64));
        let upstream = Upstream { status: Some(status), retry_after, ..Upstream::default() };
        Failure::new(kind, "simulated").with_upstream(upstream)
    };
    match fate {
        Fate::Refused(took) => (took, Failure::new(ErrorKind::NetConnect, "simulated")),
        Fate::Failing(took) => (took, status(ErrorKind::UpstreamInternal, 500, None)),
        Fate::Full { after, retry_after } => (after, status(ErrorKind::LimitRate, 429, Some(retry_after))),
        Fate::Silence | Fate::Content { .. } => {
            (patience, Failure::new(ErrorKind::TimeFirstByte, "simulated"))
        }
    }
}

/// Somebody who knows what each server would do at the moment of asking, and takes the one that hurts
/// least in dollars and waiting; with caches of his own.
fn oracle(world: &World) -> f64 {
    let mut traffic = Traffic::default();
    let mut sum = 0.0;
    for request in &world.requests {
        let mut best: Option<(usize, End)> = None;
        for at in 0..world.servers.len() {
            let seen = traffic.seen(world, at, request, request.at);
            if let Fate::Content { first, .. } = world.fate(at, request, 1, request.at, seen) {
                let end =
                    End { first: Some(first), dollars: world.dollars(at, request, seen.cached, request.at) };
                if best.is_none_or(|(_, known)| end.pain() < known.pain()) {
                    best = Some((at, end));
                }
            }
        }
        match best {
            Some((at, end)) => {
                traffic.ask(at, request.at);
                traffic.remember(at, request, request.at + end.first.unwrap_or(0.0));
                sum += end.pain();
            }
            None => sum += End { first: None, dollars: 0.0 }.pain(),
        }
    }
    sum
}
