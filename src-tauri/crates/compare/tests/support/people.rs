//! Simulated people who vote.

use compare::rating::{Outcome, Vote};

/// SplitMix64: seeded, so that every run sees the same people.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly in 0..1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.share() * n as f64) as usize
    }

    /// Normally distributed (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let (a, b) = (self.share().max(1e-300), self.share());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

/// How one person votes.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) strengths: Vec<f64>,
    pub(crate) nu: f64,
    pub(crate) position: f64,
    pub(crate) length: f64,
}

impl Person {
    /// A person to whom models differ by `spread`.
    pub(crate) fn new(dice: &mut Dice, models: usize, spread: f64) -> Self {
        Self {
            strengths: (0..models).map(|_| spread * dice.normal()).collect(),
            nu: [0.0, 0.3, 0.8][dice.below(3)],
            position: 0.3 * dice.normal(),
            length: 0.3 * dice.normal(),
        }
    }

    /// One duel of two models drawn evenly.
    pub(crate) fn vote(&self, dice: &mut Dice, at: i64) -> Vote {
        let models = self.strengths.len();
        let a = dice.below(models);
        let b = (a + 1 + dice.below(models - 1)) % models;
        let first = if dice.share() < 0.5 { 1.0 } else { -1.0 };
        let length = 0.5 * dice.normal();
        let d = self.strengths[a] - self.strengths[b] + self.position * first + self.length * length;
        let (x, y) = ((d / 2.0).exp(), (-d / 2.0).exp());
        let drawn = dice.share() * (x + y + self.nu);
        let outcome = match drawn {
            n if n < x => Outcome::A,
            n if n < x + y => Outcome::B,
            _ => Outcome::Tie,
        };
        Vote { a, b, outcome, weight: 1.0, first, length, at }
    }

    pub(crate) fn votes(&self, dice: &mut Dice, count: usize) -> Vec<Vote> {
        (0..count).map(|n| self.vote(dice, n as i64)).collect()
    }

    /// Strength against the mean.
    pub(crate) fn truth(&self, model: usize) -> f64 {
        self.strengths[model] - self.strengths.iter().sum::<f64>() / self.strengths.len() as f64
    }
}
