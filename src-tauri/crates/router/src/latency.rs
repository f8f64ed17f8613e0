//! Time to the first content and speed of writing, learnt from a handful of requests.
//!
//! Laptops see few requests, so an average that forgets slowly would trail a provider's bad hour by a
//! day: what is seen fades with a half-life of half an hour, and towards a common expectation.
#![allow(clippy::cast_precision_loss, reason = "averages of small whole numbers")]

use crate::health::decay;
use domain::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

const HALF_LIFE: f64 = 1_800_000.0;
/// Percentiles look back further: they are for preferences and display.
const LONG_HALF_LIFE: f64 = 86_400_000.0;
/// Expected of an endpoint nobody has tried, in milliseconds, and how many requests that is worth.
const USUAL: f64 = 1_200.0;
const USUAL_SPEED: f64 = 50.0;
const USUAL_WEIGHT: f64 = 0.5;
/// Reading a prompt takes about so many milliseconds a token.
const PER_TOKEN: f64 = 0.1;
/// Buckets of a sketch, each half an octave wide.
const BUCKETS: usize = 26;
/// Fewer requests than this make no percentile.
const ENOUGH: f64 = 2.0;

/// Counts by magnitude, fading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sketch {
    counts: Vec<f32>,
    at: i64,
}

impl Sketch {
    /// `floor` is the lower end of the first bucket.
    fn add(&mut self, at: i64, value: f64, floor: f64) {
        self.counts.resize(BUCKETS, 0.0);
        let left = decay(at - self.at, LONG_HALF_LIFE);
        #[allow(clippy::cast_possible_truncation, reason = "a fading count")]
        self.counts.iter_mut().for_each(|count| *count *= left as f32);
        self.at = self.at.max(at);
        let place = (2.0 * (value.max(floor) / floor).log2()).floor();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not below 0, and cut to the number of buckets"
        )]
        let place = (place as usize).min(BUCKETS - 1);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1.0;
        }
    }

    fn quantile(&self, share: f64, floor: f64) -> Option<f64> {
        let total: f64 = self.counts.iter().map(|count| f64::from(*count)).sum();
        if total < ENOUGH {
            return None;
        }
        let mut before = 0.0;
        for (place, count) in self.counts.iter().enumerate() {
            before += f64::from(*count);
            if before >= share * total {
                return Some(floor * ((place as f64 + 0.5) / 2.0).exp2());
            }
        }
        None
    }
}

/// Time to the first content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Average without the time for reading the prompt, ms.
    mean: f64,
    /// Average distance from it, ms.
    spread: f64,
    /// Requests behind both, fading.
    weight: f64,
    at: i64,
    sketch: Sketch,
}

const FIRST_BUCKET: f64 = 50.0;

impl Latency {
    pub(crate) fn observe(&mut self, at: Timestamp, first: Millis, uncached: u64) {
        let seen = (first.0 as f64 - PER_TOKEN * uncached as f64).max(1.0);
        self.sketch.add(at.0, first.0 as f64, FIRST_BUCKET);
        self.weight = self.weight * decay(at.0 - self.at, HALF_LIFE) + 1.0;
        self.at = self.at.max(at.0);
        // A sudden rise is believed sooner than a fall: waiting is what hurts.
        let share = (1.0 / self.weight).max(if seen > 2.0 * self.mean { 0.5 } else { 0.25 });
        let off = seen - self.mean;
        if self.weight <= 1.0 {
            (self.mean, self.spread) = (seen, seen / 2.0);
        } else {
            self.spread += share * (off.abs() - self.spread);
            self.mean += share * off;
        }
    }

    pub(crate) fn expected(&self, uncached: u64, now: Timestamp) -> f64 {
        let weight = self.weight * decay(now.0 - self.at, HALF_LIFE);
        (weight * self.mean + USUAL_WEIGHT * USUAL) / (weight + USUAL_WEIGHT) + PER_TOKEN * uncached as f64
    }

    /// About nineteen of twenty come sooner. `None` = too few were seen lately.
    pub(crate) fn slow_end(&self, uncached: u64, now: Timestamp) -> Option<f64> {
        let weight = self.weight * decay(now.0 - self.at, HALF_LIFE);
        (weight >= 1.5).then_some(self.mean + 2.5 * self.spread + PER_TOKEN * uncached as f64)
    }

    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        self.sketch.quantile(share, FIRST_BUCKET)
    }
}

/// What the time to the first content hangs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Tokens that were not in a cache.
    pub uncached: u64,
    /// Thought was asked for, of which many providers say nothing while it lasts.
    pub thinks: bool,
}

/// Time to the first content, with thought and without: what is late for the one is usual for the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ByThought {
    with: Latency,
    without: Latency,
}

impl ByThought {
    pub(crate) fn observe(&mut self, at: Timestamp, first: Millis, prompt: Prompt) {
        let latency = if prompt.thinks { &mut self.with } else { &mut self.without };
        latency.observe(at, first, prompt.uncached);
    }

    /// [`Latency::slow_end`]; `all` is of what was seen before the two were told apart, when most asked for no thought.
    pub(crate) fn slow_end(&self, prompt: Prompt, all: &Latency, now: Timestamp) -> Option<f64> {
        let known = |latency: &Latency| latency.slow_end(prompt.uncached, now);
        if prompt.thinks { known(&self.with) } else { known(&self.without).or_else(|| known(all)) }
    }
}

/// Tokens a second after the first content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Speed {
    mean: f64,
    weight: f64,
    at: i64,
    sketch: Sketch,
}

impl Speed {
    pub(crate) fn observe(&mut self, at: Timestamp, tokens: u64, span: Millis) {
        // Shorter writings came in one piece and say nothing of speed.
        if span.0 < 200 || tokens < 10 {
            return;
        }
        let seen = tokens as f64 * 1_000.0 / span.0 as f64;
        self.sketch.add(at.0, seen, 1.0);
        self.weight = self.weight * decay(at.0 - self.at, HALF_LIFE) + 1.0;
        self.at = self.at.max(at.0);
        let share = (1.0 / self.weight).max(0.25);
        self.mean += share * (seen - self.mean);
    }

    pub(crate) fn expected(&self, now: Timestamp) -> f64 {
        let weight = self.weight * decay(now.0 - self.at, HALF_LIFE);
        (weight * self.mean + USUAL_WEIGHT * USUAL_SPEED) / (weight + USUAL_WEIGHT)
    }

    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        self.sketch.quantile(share, 1.0)
    }
}
