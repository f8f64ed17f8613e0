//! Ways of choosing: ours, and those that others publish.

use super::{
    Chance,
    world::{Request, Time, World, stamp},
};
use domain::{DataPolicy, Failure, Millis, RoutingPrefs, Sort};
use router::{Ask, Health, Needs, Observed, Offer, Prompt, Ready, Warm, Who};
use std::collections::HashMap;

/// How an attempt ended, as a chooser sees it.
pub(crate) enum Outcome<'a> {
    Content { first: Time, writing: Time },
    Failed { failure: &'a Failure, took: Time },
}

pub(crate) trait Chooser {
    fn name(&self) -> &'static str;
    /// Servers in the order in which they are to be tried.
    fn order(&mut self, world: &World, request: &Request, now: Time) -> Vec<usize>;
    fn learn(&mut self, world: &World, at: usize, request: &Request, now: Time, outcome: Outcome<'_>);
    /// How long to wait for the first content before the next is asked.
    fn patience(&self, world: &World, at: usize, request: &Request, now: Time) -> Time;
}

/// Patience of those that publish none; also ours until something is known.
const PATIENCE: Time = 30_000.0;

/// A random order, as LiteLLM's simple shuffle with equal weights.
pub(crate) struct Shuffle;

fn shuffled(count: usize, chance: &mut Chance) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        order.swap(at, (chance.next() % (at as u64 + 1)) as usize);
    }
    order
}

impl Chooser for Shuffle {
    fn name(&self) -> &'static str {
        "random shuffle"
    }
    fn order(&mut self, world: &World, request: &Request, _: Time) -> Vec<usize> {
        shuffled(world.servers.len(), &mut Chance::of(&[world.seed, 11, request.number]))
    }
    fn learn(&mut self, _: &World, _: usize, _: &Request, _: Time, _: Outcome<'_>) {}
    fn patience(&self, _: &World, _: usize, _: &Request, _: Time) -> Time {
        PATIENCE
    }
}

/// OpenRouter's published rule: without those in trouble in the last 30 s, drawn by 1/price²; the others
/// follow as fallbacks. With `sticky`, a conversation returns to where its prompt is cached.
#[derive(Default)]
pub(crate) struct InverseSquare {
    sticky: bool,
    failed: HashMap<usize, Time>,
    last: HashMap<u64, (usize, Time)>,
}

impl InverseSquare {
    pub(crate) fn sticky() -> Self {
        Self { sticky: true, ..Self::default() }
    }
}

impl Chooser for InverseSquare {
    fn name(&self) -> &'static str {
        if self.sticky { "1/price², sticky" } else { "1/price²" }
    }
    fn order(&mut self, world: &World, request: &Request, now: Time) -> Vec<usize> {
        let mut chance = Chance::of(&[world.seed, 12, request.number]);
        let price = |at: usize| {
            let [prompt, completion, _] = world.prices(at, request, now);
            3.0 * prompt + completion
        };
        let stable = |at: &usize| self.failed.get(at).is_none_or(|failed| now - failed > 30_000.0);
        let (mut left, mut shaky): (Vec<usize>, Vec<usize>) = (0..world.servers.len()).partition(stable);
        let mut order = Vec::new();
        if self.sticky
            && let Some((at, when)) = self.last.get(&request.conversation)
            && now - when < 600_000.0
            && world.servers[*at].cache > 0.0
            && left.contains(at)
        {
            order.push(*at);
            left.retain(|other| other != at);
        }
        while !left.is_empty() {
            let total: f64 = left.iter().map(|&at| price(at).powi(-2)).sum();
            let mut drawn = chance.unit() * total;
            let place = left.iter().position(|&at| {
                drawn -= price(at).powi(-2);
                drawn <= 0.0
            });
            order.push(left.remove(place.unwrap_or(0)));
        }
        shaky.sort_by(|&a, &b| price(a).total_cmp(&price(b)));
        order.extend(shaky);
        order
    }
    fn learn(&mut self, _: &World, at: usize, request: &Request, now: Time, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Content { .. } => {
                self.last.insert(request.conversation, (at, now));
            }
            Outcome::Failed { .. } => {
                self.failed.insert(at, now);
            }
        }
    }
    fn patience(&self, _: &World, _: usize, _: &Request, _: Time) -> Time {
        PATIENCE
    }
}

/// Power of two choices by peak-EWMA latency (Finagle's, Linkerd's, Helicone's). Their decay of ten
/// seconds would have forgotten everything between two requests of one person; here it is five minutes.
#[derive(Default)]
pub(crate) struct PeakEwma {
    seen: HashMap<usize, (f64, Time)>,
}

const DECAY: Time = 300_000.0;

impl PeakEwma {
    fn load(&self, at: usize, now: Time) -> f64 {
        self.seen.get(&at).map_or(0.0, |(cost, when)| cost * (-(now - when) / DECAY).exp())
    }

    fn saw(&mut self, at: usize, took: Time, now: Time) {
        let old = self.load(at, now);
        let kept = self.seen.get(&at).map_or(0.0, |(_, when)| (-(now - when) / DECAY).exp());
        let new = if took > old { took } else { old * kept + took * (1.0 - kept) };
        self.seen.insert(at, (new, now));
    }
}

impl Chooser for PeakEwma {
    fn name(&self) -> &'static str {
        "two choices, peak EWMA"
    }
    fn order(&mut self, world: &World, request: &Request, now: Time) -> Vec<usize> {
        let mut chance = Chance::of(&[world.seed, 13, request.number]);
        let mut order = shuffled(world.servers.len(), &mut chance);
        if self.load(order[1], now) < self.load(order[0], now) {
            order.swap(0, 1);
        }
        order
    }
    fn learn(&mut self, _: &World, at: usize, _: &Request, now: Time, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Content { first, .. } => self.saw(at, first, now),
            // A failure counts as the worst latency, or the quickest to fail would be liked best.
            Outcome::Failed { took, .. } => self.saw(at, took.max(PATIENCE), now),
        }
    }
    fn patience(&self, _: &World, _: usize, _: &Request, _: Time) -> Time {
        PATIENCE
    }
}

/// Ours, by one of its policies.
pub(crate) struct Ours {
    name: &'static str,
    prefs: RoutingPrefs,
    health: Health,
    last: HashMap<u64, Warm>,
}

impl Ours {
    pub(crate) fn new(name: &'static str, sort: Option<Sort>) -> Self {
        let prefs = RoutingPrefs { sort, ..RoutingPrefs::default() };
        Self { name, prefs, health: Health::default(), last: HashMap::new() }
    }

    fn cached(&self, world: &World, at: usize, request: &Request, now: Time) -> u64 {
        let endpoint = &world.servers[at].endpoint.id;
        self.last
            .get(&request.conversation)
            .filter(|warm| warm.endpoint == *endpoint && stamp(now) < warm.until)
            .map_or(0, |warm| warm.tokens)
    }
}

impl Chooser for Ours {
    fn name(&self) -> &'static str {
        self.name
    }
    fn order(&mut self, world: &World, request: &Request, now: Time) -> Vec<usize> {
        let data = DataPolicy::default();
        let offers: Vec<Offer<'_>> = world
            .servers
            .iter()
            .map(|server| Offer {
                endpoint: &server.endpoint,
                accounts: &[],
                ready: Ready::Yes,
                dialect_built: true,
                local: false,
                first_party: server.endpoint.provider.as_str() == "author",
                data: &data,
                region: None,
                quantization: None,
                model: None,
                drops: &[],
                affordable: true,
                queue: Millis(0),
                stand_in: 0,
            })
            .collect();
        let ask = Ask {
            named: None,
            prefs: &self.prefs,
            policy: None,
            needs: &Needs::default(),
            prompt_tokens: request.prompt,
            answer_tokens: 700,
            follow_ups: 2,
            floor: false,
            warm: self.last.get(&request.conversation),
            seed: Chance::of(&[world.seed, 14, request.number]).next(),
            now: stamp(now),
        };
        let route = router::plan(&offers, &ask, &self.health);
        let place = |id: &domain::EndpointId| {
            world.servers.iter().position(|server| server.endpoint.id == *id).unwrap()
        };
        route.planned.iter().map(|candidate| place(&candidate.endpoint)).collect()
    }
    fn learn(&mut self, world: &World, at: usize, request: &Request, now: Time, outcome: Outcome<'_>) {
        let server = &world.servers[at];
        let endpoint = &server.endpoint;
        let cached = self.cached(world, at, request, now);
        let who = Who { endpoint: &endpoint.id, provider: &endpoint.provider, account: None, local: false };
        let observed = match outcome {
            Outcome::Failed { failure, .. } => Observed::Failed { failure },
            Outcome::Content { first, writing } => {
                // What the provider reports as cached tells whether its cache holds anything.
                let tokens = if server.cache > 0.0 { request.prompt + request.answer } else { 0 };
                let until = stamp(now + 600_000.0);
                if tokens > 0 {
                    let warm = Warm { endpoint: endpoint.id.clone(), tokens, until };
                    self.last.insert(request.conversation, warm);
                } else {
                    self.last.remove(&request.conversation);
                }
                Observed::Answered {
                    first_content: Some(Millis(first as u64)),
                    prompt: Prompt { uncached: request.prompt.saturating_sub(cached), thinks: false },
                    wrote: Some((request.answer, Millis(writing as u64))),
                }
            }
        };
        self.health.observe(stamp(now), who, observed);
    }
    fn patience(&self, world: &World, at: usize, request: &Request, now: Time) -> Time {
        let uncached = request.prompt.saturating_sub(self.cached(world, at, request, now));
        let prompt = Prompt { uncached, thinks: false };
        let known = self.health.patience(&world.servers[at].endpoint.id, prompt, stamp(now));
        known.map_or(PATIENCE, |patience| patience.0 as f64)
    }
}
