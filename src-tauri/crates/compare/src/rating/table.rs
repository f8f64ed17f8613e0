//! The leaderboard: points with intervals, ranks with intervals, and what may be said about who leads.

use super::fit::{Effect, Fit, Outcome, Settings, Vote, Z95};

/// Evidence from which on a winner is named. See [`Fit::evidence`].
pub const SURE: f64 = 20.0;
/// Beyond so many more votes no figure is given: it would say more than is known.
const MOST_VOTES: u32 = 5_000;

/// Logits as points of the usual scale, with the mean of the models at 1,500.
pub fn points(logits: f64) -> f64 {
    1_500.0 + logits * 400.0 / std::f64::consts::LN_10
}

/// One model's line.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The model, by its place in the caller's list.
    pub player: usize,
    /// Points; the mean of the compared models is 1,500.
    pub rating: f64,
    /// Lower end of the 95 % interval, in points.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The best rank it may have: one more than the models surely stronger.
    pub best: usize,
    /// The worst.
    pub worst: usize,
    /// Comparisons it won, lost and tied.
    pub won: usize,
    /// See `won`.
    pub lost: usize,
    /// See `won`.
    pub tied: usize,
    /// Models with the same figure are linked by votes; those with another cannot be compared with them.
    pub group: usize,
}

/// What may be said about the first place.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Fewer than two models have votes.
    TooFew,
    /// This one is ahead of every other, and noise would look so in at most one of twenty histories.
    Winner(usize),
    /// These cannot be told apart from the leader yet, the leader first.
    Open {
        /// The leader and those it is not surely ahead of.
        players: Vec<usize>,
        /// About so many more duels of the first two would tell them apart, if they differ as much as it seems
        /// now. `None` = more than is worth telling.
        more: Option<u32>,
    },
}

/// The leaderboard.
#[derive(Clone, Debug)]
pub struct Standings {
    /// Models with votes, best first.
    pub rows: Vec<Standing>,
    /// What may be said about who leads.
    pub verdict: Verdict,
    /// What standing first is worth.
    pub position: Option<Effect>,
    /// What being e times as long is worth.
    pub length: Option<Effect>,
    /// The fit, over the models in the order of `players`.
    pub fit: Fit,
    /// The models in the fit, by their place in the caller's list.
    pub players: Vec<usize>,
}

/// Fits the votes and says what they are worth. Models without a vote are not in it.
pub fn standings(votes: &[Vote], settings: &Settings) -> Standings {
    let mut players: Vec<usize> = votes.iter().flat_map(|v| [v.a, v.b]).collect();
    players.sort_unstable();
    players.dedup();
    let place = |player: usize| players.binary_search(&player).unwrap_or(usize::MAX);
    let inner: Vec<Vote> =
        votes.iter().map(|vote| Vote { a: place(vote.a), b: place(vote.b), ..*vote }).collect();
    let fit = Fit::new(players.len(), &inner, settings);
    let groups = groups(players.len(), &inner);
    let counts = counts(players.len(), &inner);
    let n = players.len();
    let mut rows: Vec<Standing> = (0..n)
        .map(|me| {
            let (value, low, high) = fit.against(me, Z95);
            let (mut above, mut below) = (0, 0);
            for other in (0..n).filter(|other| *other != me && groups[*other] == groups[me]) {
                let (low, high) = fit.difference_interval(me, other, Z95);
                above += usize::from(high < 0.0);
                below += usize::from(low > 0.0);
            }
            let (won, lost, tied) = counts[me];
            Standing {
                player: players[me],
                rating: points(value),
                low: points(low),
                high: points(high),
                best: above + 1,
                worst: n - below,
                won,
                lost,
                tied,
                group: groups[me],
            }
        })
        .collect();
    rows.sort_by(|l, r| r.rating.total_cmp(&l.rating).then(l.player.cmp(&r.player)));
    let verdict = verdict(&rows, &players, &fit);
    Standings { rows, verdict, position: fit.position(), length: fit.length(), fit, players }
}

fn verdict(rows: &[Standing], players: &[usize], fit: &Fit) -> Verdict {
    let [first, rest @ ..] = rows else { return Verdict::TooFew };
    if rest.is_empty() {
        return Verdict::TooFew;
    }
    let place = |row: &Standing| players.binary_search(&row.player).unwrap_or(0);
    let mut open = vec![first.player];
    for row in rest {
        if row.group != first.group || fit.evidence(place(first), place(row)) < SURE {
            open.push(row.player);
        }
    }
    if open.len() == 1 {
        return Verdict::Winner(first.player);
    }
    let second = rest.iter().find(|row| row.player == open[1]).unwrap_or(first);
    Verdict::Open { players: open, more: more_votes(fit, place(first), place(second)) }
}

/// About how many more duels of two models would tell them apart, if they differ as it seems now. `None` = more
/// than is worth telling; 0 = they are apart already.
pub fn more_votes(fit: &Fit, a: usize, b: usize) -> Option<u32> {
    if fit.evidence(a, b) >= SURE {
        return Some(0);
    }
    let (difference, variance) = fit.difference(a, b);
    let information = fit.information(a, b);
    let before = 2.0 * super::fit::SPREAD * super::fit::SPREAD;
    let enough = |more: u32| {
        let variance = 1.0 / (1.0 / variance + f64::from(more) * information);
        difference * difference / variance >= 2.0 * (SURE * (before / variance).sqrt()).ln()
    };
    if !enough(MOST_VOTES) {
        return None;
    }
    let (mut low, mut high) = (0, MOST_VOTES);
    while high - low > 1 {
        let middle = u32::midpoint(low, high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Which models are linked by votes, as the lowest place among the linked.
fn groups(players: usize, votes: &[Vote]) -> Vec<usize> {
    let mut group: Vec<usize> = (0..players).collect();
    for vote in votes.iter().filter(|v| v.a < players && v.b < players) {
        let (a, b) = (group[vote.a], group[vote.b]);
        let (low, high) = (a.min(b), a.max(b));
        group.iter_mut().filter(|g| **g == high).for_each(|g| *g = low);
    }
    group
}

/// Won, lost, tied, of each.
fn counts(players: usize, votes: &[Vote]) -> Vec<(usize, usize, usize)> {
    let mut counts = vec![(0, 0, 0); players];
    for vote in votes.iter().filter(|v| v.a < players && v.b < players) {
        match vote.outcome {
            Outcome::A => {
                counts[vote.a].0 += 1;
                counts[vote.b].1 += 1;
            }
            Outcome::B => {
                counts[vote.b].0 += 1;
                counts[vote.a].1 += 1;
            }
            Outcome::Tie | Outcome::BothBad => {
                counts[vote.a].2 += 1;
                counts[vote.b].2 += 1;
            }
        }
    }
    counts
}

/// How often one model was preferred to another, as counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// The row's model won.
    pub won: usize,
    /// It lost.
    pub lost: usize,
    /// Neither, both good.
    pub tied: usize,
    /// Neither, both bad.
    pub bad: usize,
}

/// The win matrix: row against column, by the places of `players`.
pub fn wins(players: &[usize], votes: &[Vote]) -> Vec<Vec<Pair>> {
    let mut table = vec![vec![Pair::default(); players.len()]; players.len()];
    for vote in votes {
        let place = |player: usize| players.iter().position(|p| *p == player);
        let (Some(a), Some(b)) = (place(vote.a), place(vote.b)) else { continue };
        match vote.outcome {
            Outcome::A => {
                table[a][b].won += 1;
                table[b][a].lost += 1;
            }
            Outcome::B => {
                table[b][a].won += 1;
                table[a][b].lost += 1;
            }
            Outcome::Tie => {
                table[a][b].tied += 1;
                table[b][a].tied += 1;
            }
            Outcome::BothBad => {
                table[a][b].bad += 1;
                table[b][a].bad += 1;
            }
        }
    }
    table
}

/// The ratings after some of the votes.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When the last of them was cast, in milliseconds since 1970.
    pub at: i64,
    /// Player, points, lower and upper end.
    pub ratings: Vec<(usize, f64, f64, f64)>,
}

/// Ratings over time: after each of `steps` equal parts of the votes, in the order they were cast.
pub fn history(votes: &[Vote], settings: &Settings, steps: usize) -> Vec<Moment> {
    let mut sorted = votes.to_vec();
    sorted.sort_by_key(|vote| vote.at);
    let steps = steps.min(sorted.len());
    (1..=steps)
        .filter_map(|step| {
            let until = sorted.len() * step / steps;
            let part = &sorted[..until];
            let rows = standings(part, settings).rows;
            Some(Moment {
                at: part.last()?.at,
                ratings: rows.into_iter().map(|r| (r.player, r.rating, r.low, r.high)).collect(),
            })
        })
        .collect()
}
