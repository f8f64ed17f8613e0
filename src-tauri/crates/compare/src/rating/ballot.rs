//! What a person says about one turn, as comparisons of two.

use super::fit::{Outcome, Vote};

/// One answer as it stood on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// The model, by its place in the caller's list.
    pub player: usize,
    /// Where it stood, from the left; `None` = not known.
    pub place: Option<u32>,
    /// Its length in characters; 0 = not known.
    pub length: usize,
}

/// What was said about the answers, by their places in the list of [`Shown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ballot {
    /// This one is the best.
    Best(usize),
    /// They are equally good.
    Tie,
    /// None is good.
    AllBad,
    /// From best to worst; those not named are not compared.
    Ranked(Vec<usize>),
}

/// The comparisons a ballot means. A choice of one among `k` is not `k - 1` duels: each pair counts `2 / k`, by
/// which all pairs together tell as much (Fisher's information) as the choice does. A duel counts 1.
pub fn votes(shown: &[Shown], ballot: &Ballot, at: i64) -> Vec<Vote> {
    let pair = |a: usize, b: usize, outcome: Outcome, among: usize| {
        let (left, right) = (shown.get(a)?, shown.get(b)?);
        let first = match (left.place, right.place) {
            (Some(l), Some(r)) if l < r => 1.0,
            (Some(l), Some(r)) if l > r => -1.0,
            _ => 0.0,
        };
        let length = if left.length > 0 && right.length > 0 {
            (left.length as f64 / right.length as f64).ln()
        } else {
            0.0
        };
        (left.player != right.player).then_some(Vote {
            a: left.player,
            b: right.player,
            outcome,
            weight: 2.0 / among.max(2) as f64,
            first,
            length,
            at,
        })
    };
    let all = shown.len();
    let pairs = |order: &[usize], outcome: Outcome| {
        let mut made = Vec::new();
        for (n, &a) in order.iter().enumerate() {
            made.extend(order[n + 1..].iter().filter_map(|&b| pair(a, b, outcome, order.len())));
        }
        made
    };
    match ballot {
        Ballot::Best(best) => {
            (0..all).filter(|other| other != best).filter_map(|b| pair(*best, b, Outcome::A, all)).collect()
        }
        Ballot::Tie => pairs(&(0..all).collect::<Vec<_>>(), Outcome::Tie),
        Ballot::AllBad => pairs(&(0..all).collect::<Vec<_>>(), Outcome::BothBad),
        Ballot::Ranked(order) => pairs(order, Outcome::A),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> Vec<Shown> {
        (0..4).map(|n| Shown { player: 10 + n, place: Some(n as u32), length: 100 * (n + 1) }).collect()
    }

    #[test]
    fn the_best_of_four_beats_three_at_half_weight() {
        let made = votes(&four(), &Ballot::Best(2), 7);
        assert_eq!(made.iter().map(|v| (v.a, v.b)).collect::<Vec<_>>(), [(12, 10), (12, 11), (12, 13)]);
        assert!(made.iter().all(|v| v.weight == 0.5 && v.outcome == Outcome::A && v.at == 7));
        assert_eq!(made.iter().map(|v| v.first).collect::<Vec<_>>(), [-1.0, -1.0, 1.0]);
        assert!((made[0].length - 3.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_duel_counts_one_and_a_tie_of_four_six_pairs() {
        let made = votes(&four()[..2], &Ballot::Best(0), 0);
        assert_eq!((made.len(), made[0].weight), (1, 1.0));
        assert_eq!(votes(&four(), &Ballot::Tie, 0).len(), 6);
        assert!(votes(&four(), &Ballot::AllBad, 0).iter().all(|v| v.outcome == Outcome::BothBad));
    }

    #[test]
    fn a_ranking_compares_what_it_names() {
        let made = votes(&four(), &Ballot::Ranked(vec![3, 0, 1]), 0);
        assert_eq!(made.iter().map(|v| (v.a, v.b)).collect::<Vec<_>>(), [(13, 10), (13, 11), (10, 11)]);
    }

    #[test]
    fn a_model_is_not_compared_with_itself() {
        let twice = [Shown { player: 1, place: None, length: 0 }; 2];
        assert!(votes(&twice, &Ballot::Best(0), 0).is_empty());
    }
}
