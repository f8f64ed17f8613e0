//! The fit: strengths, how often two models tie, and what place and length do to a vote, all at once.
//!
//! Davidson's model (1970): with strengths `s`, A wins, B wins and a tie are as likely as
//! `√(s_A/s_B) : √(s_B/s_A) : ν`. It is Bradley–Terry when nobody ties, and with logarithms it is a log-linear
//! model: the likelihood has one maximum, and half a win each for a tie is all the strengths see of it. (Rao and
//! Kupper's model of ties has a threshold instead, that is no longer log-linear once covariates stand beside it.)
//!
//! What is maximised is the likelihood times a normal distribution of the strengths around zero with the
//! deviation [`Settings::spread`], one of the effects with [`EFFECT_SPREAD`], and `exp(-TIE_RATE·ν)`. On votes
//! without ties ν is exactly 0 and the fit is Bradley–Terry's with the penalty `Σθ² / (2·spread²)`.

use super::linear::{Matrix, dot};

/// Who was preferred. `BothBad` says as much about who is stronger as a tie does, and is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The first named.
    A,
    /// The second named.
    B,
    /// Neither, both good.
    Tie,
    /// Neither, both bad.
    BothBad,
}

/// One comparison of two models, given by their places in the caller's list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vote {
    /// One of the two.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// Who was preferred.
    pub outcome: Outcome,
    /// How much it counts; 1 is a duel. See [`super::ballot`].
    pub weight: f64,
    /// 1 when A stood before B (left of it), -1 when after, 0 when not known.
    pub first: f64,
    /// Natural logarithm of A's length over B's, 0 when not known.
    pub length: f64,
    /// When, in milliseconds since 1970. Only the history reads it.
    pub at: i64,
}

/// How votes become strengths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Deviation of the strengths expected before any vote, in logits (1 logit = 174 points).
    pub spread: f64,
    /// Estimate what standing first does, so that it is not counted for a model.
    pub position: bool,
    /// Estimate what being longer does.
    pub length: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { spread: SPREAD, position: true, length: true }
    }
}

/// [`Settings::spread`] unless told otherwise: two of three models lie within 261 points of the mean. With 0.7 or 1,
/// intervals broke their promise where models lay far apart; with 1.5 they keep it (`prove ratings`).
pub const SPREAD: f64 = 1.5;
/// Deviation expected of the effects of place and of length (a factor e in length), in logits.
pub const EFFECT_SPREAD: f64 = 0.5;
/// How fast a high ν becomes implausible.
pub const TIE_RATE: f64 = 0.1;
/// A length beyond this many times the other's counts as this many.
const LONGEST: f64 = 8.0;

/// The fitted model.
#[derive(Clone, Debug)]
pub struct Fit {
    problem: Problem,
    /// Strengths, then effects, then ln ν.
    at: Vec<f64>,
    value: f64,
    covariance: Matrix,
}

#[derive(Clone, Debug)]
struct Problem {
    players: usize,
    rows: Vec<Row>,
    /// Of each parameter: its precision beforehand.
    precision: Vec<f64>,
    position: Option<usize>,
    length: Option<usize>,
    ties: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    a: usize,
    b: usize,
    first: f64,
    length: f64,
    weight: f64,
    /// ½ A, -½ B, 0 tie.
    score: f64,
    tie: f64,
}

impl Problem {
    fn new(players: usize, votes: &[Vote], settings: &Settings) -> Self {
        let mut rows: Vec<Row> = votes
            .iter()
            .filter(|v| v.a != v.b && v.a < players && v.b < players && v.weight > 0.0)
            .map(|vote| Row {
                a: vote.a,
                b: vote.b,
                first: vote.first,
                length: vote.length.clamp(-LONGEST.ln(), LONGEST.ln()),
                weight: vote.weight,
                score: match vote.outcome {
                    Outcome::A => 0.5,
                    Outcome::B => -0.5,
                    Outcome::Tie | Outcome::BothBad => 0.0,
                },
                tie: f64::from(u8::from(matches!(vote.outcome, Outcome::Tie | Outcome::BothBad))),
            })
            .collect();
        let mut precision = vec![1.0 / (settings.spread * settings.spread); players];
        let mut effect = |wanted: bool| {
            wanted.then(|| {
                precision.push(1.0 / (EFFECT_SPREAD * EFFECT_SPREAD));
                precision.len() - 1
            })
        };
        let position = effect(settings.position && rows.iter().any(|row| row.first != 0.0));
        let length = effect(settings.length && rows.iter().any(|row| row.length != 0.0));
        let ties = rows.iter().any(|row| row.tie > 0.0).then(|| {
            precision.push(0.0);
            precision.len() - 1
        });
        if position.is_none() {
            rows.iter_mut().for_each(|row| row.first = 0.0);
        }
        if length.is_none() {
            rows.iter_mut().for_each(|row| row.length = 0.0);
        }
        Self { players, rows: merged(rows), precision, position, length, ties }
    }

    fn size(&self) -> usize {
        self.precision.len()
    }

    /// The places a row's difference depends on, with what stands before each.
    fn terms(&self, row: &Row) -> ([(usize, f64); 4], usize) {
        let mut terms = [(row.a, 1.0), (row.b, -1.0), (0, 0.0), (0, 0.0)];
        let mut used = 2;
        for (place, value) in [(self.position, row.first), (self.length, row.length)] {
            if let (Some(place), true) = (place, value != 0.0) {
                terms[used] = (place, value);
                used += 1;
            }
        }
        (terms, used)
    }

    /// Logarithm of what is maximised.
    fn value(&self, at: &[f64]) -> f64 {
        let mut sum = 0.0;
        let log_nu = self.ties.map(|place| at[place]);
        for row in &self.rows {
            let (terms, used) = self.terms(row);
            let d: f64 = terms[..used].iter().map(|(place, x)| at[*place] * x).sum();
            let top = d.abs() / 2.0;
            let tie = log_nu.unwrap_or(f64::NEG_INFINITY);
            let high = top.max(tie);
            let normal = high + ((top - high).exp() + (-top - high).exp() + (tie - high).exp()).ln();
            let tied = if row.tie > 0.0 { tie } else { 0.0 };
            sum += row.weight * (row.score * d + row.tie * tied - normal);
        }
        sum -= at.iter().zip(&self.precision).map(|(x, p)| p * x * x / 2.0).sum::<f64>();
        if let Some(log_nu) = log_nu {
            sum -= TIE_RATE * log_nu.exp();
        }
        sum
    }

    /// Slope, and minus the curvature.
    fn slope(&self, at: &[f64]) -> (Vec<f64>, Matrix) {
        let mut slope: Vec<f64> = at.iter().zip(&self.precision).map(|(x, p)| -p * x).collect();
        let mut bend = Matrix::zero(self.size());
        for (place, precision) in self.precision.iter().enumerate() {
            bend.add(place, place, *precision);
        }
        for row in &self.rows {
            let (terms, used) = self.terms(row);
            let terms = &terms[..used];
            let d: f64 = terms.iter().map(|(place, x)| at[*place] * x).sum();
            let odds = self.odds(d, at);
            let mean = (odds.a - odds.b) / 2.0;
            let spread = (odds.a + odds.b) / 4.0 - mean * mean;
            for &(place, x) in terms {
                slope[place] += row.weight * (row.score - mean) * x;
                for &(other, y) in terms {
                    bend.add(place, other, row.weight * spread * x * y);
                }
            }
            if let Some(nu) = self.ties {
                slope[nu] += row.weight * (row.tie - odds.tie);
                bend.add(nu, nu, row.weight * odds.tie * (1.0 - odds.tie));
                for &(place, x) in terms {
                    let both = -row.weight * odds.tie * mean * x;
                    bend.add(place, nu, both);
                    bend.add(nu, place, both);
                }
            }
        }
        if let Some(nu) = self.ties {
            let pull = TIE_RATE * at[nu].exp();
            slope[nu] -= pull;
            bend.add(nu, nu, pull);
        }
        (slope, bend)
    }

    fn odds(&self, d: f64, at: &[f64]) -> Odds {
        let tie = self.ties.map_or(f64::NEG_INFINITY, |place| at[place]);
        let high = (d.abs() / 2.0).max(tie);
        let (a, b, tie) = ((d / 2.0 - high).exp(), (-d / 2.0 - high).exp(), (tie - high).exp());
        let sum = a + b + tie;
        Odds { a: a / sum, b: b / sum, tie: tie / sum }
    }

    /// Newton's way to the maximum of the value plus `tilt · at`, halving steps that lead down.
    fn climb(&self, from: Vec<f64>, tilt: Option<&[f64]>) -> (Vec<f64>, Matrix) {
        let height = |at: &[f64]| self.value(at) + tilt.map_or(0.0, |tilt| dot(tilt, at));
        let (mut at, mut best) = (from.clone(), height(&from));
        for _ in 0..200 {
            let (mut slope, bend) = self.slope(&at);
            if let Some(tilt) = tilt {
                slope.iter_mut().zip(tilt).for_each(|(s, t)| *s += t);
            }
            let Some(step) = bend.factor().map(|factor| factor.solve(&slope)) else { break };
            let gain = dot(&step, &slope);
            let mut share = 1.0;
            loop {
                let next: Vec<f64> = at.iter().zip(&step).map(|(x, s)| x + share * s).collect();
                let value = height(&next);
                if value >= best - 1e-13 * best.abs() || share < 1e-9 {
                    (at, best) = (next, value);
                    break;
                }
                share /= 2.0;
            }
            if gain < 1e-20 {
                break;
            }
        }
        let bend = self.slope(&at).1;
        (at, bend)
    }
}

/// Rows that say the same, counted together: a year of votes has few different ones without lengths.
fn merged(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        if row.a > row.b {
            (row.a, row.b) = (row.b, row.a);
            (row.first, row.length, row.score) = (-row.first, -row.length, -row.score);
        }
    }
    rows.sort_by(|l, r| {
        (l.a, l.b)
            .cmp(&(r.a, r.b))
            .then(l.score.total_cmp(&r.score))
            .then(l.first.total_cmp(&r.first))
            .then(l.length.total_cmp(&r.length))
    });
    rows.dedup_by(|next, kept| {
        let same = (next.a, next.b) == (kept.a, kept.b)
            && (next.score, next.first, next.length) == (kept.score, kept.first, kept.length);
        if same {
            kept.weight += next.weight;
        }
        same
    });
    rows
}

/// How likely each outcome of two models is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// The first wins.
    pub a: f64,
    /// The second wins.
    pub b: f64,
    /// They tie.
    pub tie: f64,
}

/// An effect beside the models: what the difference in strength grows by, in logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The most plausible value.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Effect {
    /// The share of duels between equals the favoured one wins, in percent, with its interval.
    pub fn percent(&self) -> (f64, f64, f64) {
        let share = |x: f64| 100.0 / (1.0 + (-x).exp());
        (share(self.value), share(self.low), share(self.high))
    }
}

/// 97.5 % of a normal distribution lie below.
pub const Z95: f64 = 1.959_963_984_540_054;

impl Fit {
    /// Fits `votes` among models `0..players`. Votes with other places, of a model with itself or without
    /// weight are left out.
    pub fn new(players: usize, votes: &[Vote], settings: &Settings) -> Self {
        let problem = Problem::new(players, votes, settings);
        let (at, bend) = problem.climb(vec![0.0; problem.size()], None);
        let value = problem.value(&at);
        let covariance =
            bend.factor().map_or_else(|| Matrix::zero(problem.size()), |factor| factor.inverse());
        Self { problem, at, value, covariance }
    }

    /// Strengths in logits, as penalised: they lie around zero.
    pub fn strengths(&self) -> &[f64] {
        &self.at[..self.problem.players]
    }

    /// ν: how ready this person is to call a tie. 0 when nobody ever did.
    pub fn nu(&self) -> f64 {
        self.problem.ties.map_or(0.0, |place| self.at[place].exp())
    }

    /// What standing first is worth. `None` = not asked or no vote knows who stood first.
    pub fn position(&self) -> Option<Effect> {
        self.problem.position.map(|place| self.effect(place))
    }

    /// What being e times as long is worth. `None` = not asked or no vote knows lengths.
    pub fn length(&self) -> Option<Effect> {
        self.problem.length.map(|place| self.effect(place))
    }

    fn effect(&self, place: usize) -> Effect {
        let mut along = vec![0.0; self.problem.size()];
        along[place] = 1.0;
        let (low, high) = self.profile(&along, Z95);
        Effect { value: self.at[place], low, high }
    }

    /// How likely `a` beats `b` at equal length, place left open.
    pub fn odds(&self, a: usize, b: usize) -> Odds {
        self.problem.odds(self.at[a] - self.at[b], &self.at)
    }

    /// Difference of two strengths, and the variance of it near the maximum.
    pub fn difference(&self, a: usize, b: usize) -> (f64, f64) {
        let c = &self.covariance;
        (self.at[a] - self.at[b], c.get(a, a) + c.get(b, b) - 2.0 * c.get(a, b))
    }

    /// What one more duel of the two would tell about their difference: Fisher's information.
    pub fn information(&self, a: usize, b: usize) -> f64 {
        let odds = self.odds(a, b);
        let mean = (odds.a - odds.b) / 2.0;
        (odds.a + odds.b) / 4.0 - mean * mean
    }

    /// The direction of one model against the mean of all.
    fn against_mean(&self, player: usize) -> Vec<f64> {
        let n = self.problem.players;
        let mut along = vec![0.0; self.problem.size()];
        along[..n].iter_mut().for_each(|x| *x = -1.0 / n as f64);
        along[player] += 1.0;
        along
    }

    /// One model's strength against the mean of all: value, lower and upper end of the interval of `z`
    /// deviations, in logits.
    pub fn against(&self, player: usize, z: f64) -> (f64, f64, f64) {
        let along = self.against_mean(player);
        let (low, high) = self.profile(&along, z);
        (dot(&along, &self.at), low, high)
    }

    /// The interval of two models' difference.
    pub fn difference_interval(&self, a: usize, b: usize, z: f64) -> (f64, f64) {
        let mut along = vec![0.0; self.problem.size()];
        along[a] = 1.0;
        along[b] = -1.0;
        self.profile(&along, z)
    }

    /// Wald's interval along a direction; only the simulation that chose the profile compares it.
    #[doc(hidden)]
    pub fn wald(&self, player: usize, z: f64) -> (f64, f64) {
        let along = self.against_mean(player);
        let (middle, half) = (dot(&along, &self.at), z * self.covariance.square(&along).sqrt());
        (middle - half, middle + half)
    }

    /// How much likelier the votes are when the two differ than when they are equal: a Bayes factor, with the
    /// difference expected as [`Settings::spread`] says. However often one looks, it passes 20 for two equal
    /// models in at most one of twenty histories (Ville's inequality); a plain 95 % interval promises that only
    /// for one look.
    pub fn evidence(&self, a: usize, b: usize) -> f64 {
        let mut along = vec![0.0; self.problem.size()];
        along[a] = 1.0;
        along[b] = -1.0;
        let variance = self.difference(a, b).1;
        let before = 1.0 / self.problem.precision[a] + 1.0 / self.problem.precision[b];
        if variance <= 0.0 {
            return 1.0;
        }
        let fallen = self.fall_to_equal(&along, variance);
        (variance / before).sqrt() * fallen.exp()
    }

    /// By how much the best value falls when the direction must be zero.
    fn fall_to_equal(&self, along: &[f64], variance: f64) -> f64 {
        let (mut at, mut lambda) = (self.at.clone(), 0.0);
        for _ in 0..40 {
            let reached = dot(along, &at);
            if reached.abs() < 1e-8 {
                break;
            }
            // The direction grows with λ as fast as its variance there, which is Newton's step.
            let bend = self.problem.slope(&at).1;
            let here = bend.factor().map_or(variance, |factor| dot(along, &factor.solve(along)));
            lambda -= reached / here;
            let tilt: Vec<f64> = along.iter().map(|x| x * lambda).collect();
            at = self.problem.climb(at, Some(&tilt)).0;
        }
        self.value - self.problem.value(&at)
    }

    /// Where the penalised likelihood, maximised over all else, has fallen by `z²/2`: the profile interval.
    /// A model that won everything gets a long upper arm and a short lower one, as it should.
    ///
    /// Maximising the value plus `λ·(along · x)` for one λ gives one point of the profile, so the search is for
    /// a λ and no constraint is needed.
    fn profile(&self, along: &[f64], z: f64) -> (f64, f64) {
        let deviation = self.covariance.square(along).sqrt();
        if deviation <= 0.0 || !deviation.is_finite() {
            let middle = dot(along, &self.at);
            return (middle, middle);
        }
        let mut ends = [0.0; 2];
        for (end, side) in ends.iter_mut().zip([-1.0, 1.0]) {
            let (mut at, mut lambda) = (self.at.clone(), side * z / deviation);
            let (mut inner, mut outer) = (0.0_f64, f64::INFINITY * side);
            for _ in 0..60 {
                let tilt: Vec<f64> = along.iter().map(|x| x * lambda).collect();
                at = self.problem.climb(at, Some(&tilt)).0;
                let fallen = (2.0 * (self.value - self.problem.value(&at))).max(0.0).sqrt();
                if (fallen - z).abs() < 1e-7 {
                    break;
                }
                if fallen < z {
                    inner = lambda;
                } else {
                    outer = lambda;
                }
                let guess = lambda * z / fallen.max(z / 4.0);
                let between = (guess.abs() > inner.abs()) && (guess.abs() < outer.abs());
                lambda = match (between, outer.is_finite()) {
                    (true, _) => guess,
                    (false, true) => (inner + outer) / 2.0,
                    (false, false) => lambda * 2.0,
                };
            }
            *end = dot(along, &at);
        }
        (ends[0], ends[1])
    }
}
