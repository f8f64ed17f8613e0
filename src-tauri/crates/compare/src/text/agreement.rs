//! What several answers all say, what some say, and what only one says.
//!
//! By words and letters alone: sentences are the same statement when their rarer words or their groups of
//! letters are. It knows no synonyms, and says so in the interface; but a number that differs and a denial are
//! never taken for agreement.

use super::{
    blocks::{Kind, blocks},
    fuzzy::{Prepared, dice, shared},
};
use std::{collections::HashMap, ops::Range};

/// A sentence, item, row or block of code of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which answer, by its place.
    pub answer: usize,
    /// Its bytes there.
    pub at: Range<usize>,
}

/// What one or more claims say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The claims, by answer and place. The first stands for all.
    pub claims: Vec<Claim>,
    /// The answers that say it, without repetition.
    pub said_by: Vec<usize>,
    /// Statements with much the same words but another number, or a denial, by their place.
    pub against: Vec<usize>,
}

/// The statements of several answers: those of most answers first, then in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// How many answers there were.
    pub answers: usize,
    /// The statements.
    pub statements: Vec<Statement>,
}

impl Agreement {
    /// Statements every answer makes.
    pub fn all(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.said_by.len() == self.answers)
    }

    /// Statements only one answer makes.
    pub fn single(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.said_by.len() == 1)
    }
}

/// From this likeness on two claims say the same.
const SAME: f64 = 0.44;
/// A claim of which so much stands in the other is said there too, among more.
const WITHIN: f64 = 0.72;
/// Candidates share at least so much of their words' weight.
const CANDIDATE: f64 = 0.2;

struct Item {
    answer: usize,
    at: Range<usize>,
    prepared: Prepared,
    /// Sum of the weights of its stems.
    weight: f64,
}

/// What answers share.
pub fn agreement(answers: &[&str]) -> Agreement {
    let mut items: Vec<Item> =
        answers.iter().enumerate().flat_map(|(answer, text)| claims(answer, text)).collect();
    let weights = weights(&items);
    for item in &mut items {
        item.weight = item.prepared.stems.iter().map(|stem| weights.get(stem).copied().unwrap_or(0.0)).sum();
    }
    let links = links(&items, &weights, answers.len());
    let mut group: Vec<usize> = (0..items.len()).collect();
    for &(from, to) in &links.same {
        join(&mut group, from, to);
    }
    let mut statements: Vec<(usize, Statement)> = Vec::new();
    let mut place_of: HashMap<usize, usize> = HashMap::new();
    for (n, item) in items.iter().enumerate() {
        let root = find(&mut group, n);
        let claim = Claim { answer: item.answer, at: item.at.clone() };
        let place = *place_of.entry(root).or_insert_with(|| {
            statements
                .push((root, Statement { claims: Vec::new(), said_by: Vec::new(), against: Vec::new() }));
            statements.len() - 1
        });
        let statement = &mut statements[place].1;
        if !statement.said_by.contains(&item.answer) {
            statement.said_by.push(item.answer);
        }
        statement.claims.push(claim);
    }
    statements.sort_by_key(|(_, statement)| std::cmp::Reverse(statement.said_by.len()));
    let places: HashMap<usize, usize> =
        statements.iter().enumerate().map(|(place, (root, _))| (*root, place)).collect();
    for &(from, to) in &links.against {
        let (a, b) = (find(&mut group, from), find(&mut group, to));
        if let (Some(&a), Some(&b)) = (places.get(&a), places.get(&b))
            && a != b
        {
            for (one, other) in [(a, b), (b, a)] {
                if !statements[one].1.against.contains(&other) {
                    statements[one].1.against.push(other);
                }
            }
        }
    }
    Agreement { answers: answers.len(), statements: statements.into_iter().map(|(_, s)| s).collect() }
}

fn claims(answer: usize, text: &str) -> Vec<Item> {
    let mut found = Vec::new();
    for block in blocks(text) {
        let parts = match block.kind {
            Kind::Heading(_) => continue,
            Kind::Code => vec![block.at],
            Kind::Item | Kind::Row | Kind::Text => block.sentences,
        };
        for at in parts {
            let prepared = Prepared::new(text, at.clone());
            let bare = text[at.clone()].trim_end_matches(['*', '_']);
            // "Here are the steps:" and "Sure!" claim nothing.
            if prepared.stems.is_empty()
                || bare.ends_with([':', '：'])
                || prepared.stems.len() < 2 && prepared.numbers.is_empty() && prepared.grams.len() < 6
            {
                continue;
            }
            found.push(Item { answer, at, prepared, weight: 0.0 });
        }
    }
    found
}

/// Rare words weigh more: the logarithm of one plus how many claims stand against those that have it.
fn weights(items: &[Item]) -> HashMap<u32, f64> {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for stem in items.iter().flat_map(|item| &item.prepared.stems) {
        *counts.entry(*stem).or_default() += 1;
    }
    let all = items.len() as f64;
    counts.into_iter().map(|(stem, count)| (stem, (1.0 + (all / count as f64).sqrt()).ln())).collect()
}

#[derive(Default)]
struct Links {
    same: Vec<(usize, usize)>,
    against: Vec<(usize, usize)>,
}

/// For each claim the likest of each other answer, if like enough.
fn links(items: &[Item], weights: &HashMap<u32, f64>, answers: usize) -> Links {
    let mut having: HashMap<u32, Vec<usize>> = HashMap::new();
    for (n, item) in items.iter().enumerate() {
        for stem in &item.prepared.stems {
            having.entry(*stem).or_default().push(n);
        }
    }
    let mut links = Links::default();
    let mut common = vec![0.0_f64; items.len()];
    for (me, item) in items.iter().enumerate() {
        common.iter_mut().for_each(|x| *x = 0.0);
        for stem in &item.prepared.stems {
            let weight = weights.get(stem).copied().unwrap_or(0.0);
            for &other in having.get(stem).map_or(&[][..], Vec::as_slice) {
                common[other] += weight;
            }
        }
        let mut best: Vec<Option<(f64, usize)>> = vec![None; answers];
        for (other, peer) in items.iter().enumerate() {
            let least = item.weight.min(peer.weight);
            if peer.answer == item.answer || common[other] < CANDIDATE * least || least <= 0.0 {
                continue;
            }
            let likeness = likeness(item, peer, common[other]);
            if likeness < SAME {
                continue;
            }
            if contrary(&item.prepared, &peer.prepared) {
                links.against.push((me, other));
            } else if best[peer.answer].is_none_or(|(most, _)| likeness > most) {
                best[peer.answer] = Some((likeness, other));
            }
        }
        links.same.extend(best.into_iter().flatten().map(|(_, other)| (me, other)));
    }
    links
}

fn likeness(left: &Item, right: &Item, common: f64) -> f64 {
    let words = 2.0 * common / (left.weight + right.weight);
    let letters = dice(&left.prepared.grams, &right.prepared.grams);
    let whole = 0.5 * words + 0.5 * letters;
    // A short claim inside a long one: by its words, when it has enough of them to mean something.
    let (short, count) = if left.weight < right.weight {
        (left.weight, left.prepared.stems.len())
    } else {
        (right.weight, right.prepared.stems.len())
    };
    let within = common / short;
    if count >= 3 && within >= WITHIN { whole.max(SAME) } else { whole }
}

/// Do two claims of like words say different things: other numbers, or one denies?
fn contrary(left: &Prepared, right: &Prepared) -> bool {
    if left.denies != right.denies {
        return true;
    }
    let both = shared(&left.numbers, &right.numbers);
    !left.numbers.is_empty()
        && !right.numbers.is_empty()
        && both < left.numbers.len().min(right.numbers.len())
}

/// Do two sentences say different things: other numbers, or one denies?
pub fn contrary_text(left: &str, right: &str) -> bool {
    contrary(&Prepared::new(left, 0..left.len()), &Prepared::new(right, 0..right.len()))
}

fn find(group: &mut [usize], mut n: usize) -> usize {
    while group[n] != n {
        group[n] = group[group[n]];
        n = group[n];
    }
    n
}

fn join(group: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(group, a), find(group, b));
    let (low, high) = (a.min(b), a.max(b));
    group[high] = low;
}
