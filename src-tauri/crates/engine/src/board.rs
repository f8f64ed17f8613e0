//! The leaderboard: which models the user's own votes prefer, and how sure that is.
//!
//! Every figure comes of the votes that stand, each time anew; nothing is cached that could go stale. Votes cast with
//! the names hidden and votes cast with them seen can be told apart.

pub mod counter;
pub(crate) mod ratings;
mod types;

pub use types::{
    Board, BoardCast, BoardCount, BoardEffect, BoardMoment, BoardPair, BoardQuery, BoardRow, BoardVerdict,
    RatingChange,
};

use crate::{inner::Inner, tasks, view};
use compare::{
    rating::{self, Ballot, Outcome, Settings, Shown, Standings, Verdict, Vote},
    text::{language, topic},
};
use domain::{ConversationId, Failure, MessageId, Millis, ModelRef, PicoUsd, Timestamp, TurnId, VoteOutcome};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use store::{Tx, VoteRow};

/// Points of time of the history.
const STEPS: usize = 24;

/// A vote with what it was about.
#[derive(Clone, Debug)]
pub struct Cast {
    /// As stored.
    pub vote: VoteRow,
    /// Where.
    pub conversation: ConversationId,
    /// What was asked.
    pub prompt: String,
    /// By rules, from the prompt.
    pub topic: &'static str,
    /// By rules, from the prompt.
    pub language: &'static str,
    /// Of its conversation.
    pub tags: Vec<String>,
    /// The answers as they were shown, in the same order as the vote's.
    pub answers: Vec<CastAnswer>,
}

/// An answer that was voted on.
#[derive(Clone, Debug)]
pub struct CastAnswer {
    /// The model.
    pub model: String,
    /// What it said.
    pub text: String,
    /// What it cost.
    pub cost: Option<PicoUsd>,
    /// From asking to its end.
    pub took: Option<Millis>,
}

/// Every vote that stands, oldest first, with what it was about.
pub(crate) async fn casts(inner: &Inner) -> Result<Vec<Cast>, Failure> {
    inner
        .store
        .read(|tx| {
            let mut prompts: HashMap<TurnId, Option<(ConversationId, String)>> = HashMap::new();
            let mut tags: HashMap<ConversationId, Vec<String>> = HashMap::new();
            let mut casts = Vec::new();
            for vote in tx.standing_votes()? {
                let known = match prompts.get(&vote.turn) {
                    Some(known) => known.clone(),
                    None => {
                        let found = asked(tx, vote.turn)?;
                        prompts.insert(vote.turn, found.clone());
                        found
                    }
                };
                let Some((conversation, prompt)) = known else { continue };
                let answers =
                    vote.shown.iter().map(|one| answer(tx, one)).collect::<Result<Vec<_>, Failure>>()?;
                let (topic, language) = (topic(&prompt).name(), language(&prompt).0);
                let tags = match tags.get(&conversation) {
                    Some(known) => known.clone(),
                    None => tags.entry(conversation).or_insert(tx.filing(conversation)?.tags).clone(),
                };
                casts.push(Cast { vote, conversation, topic, language, tags, prompt, answers });
            }
            Ok(casts)
        })
        .await
}

fn asked(tx: &Tx<'_>, turn: TurnId) -> Result<Option<(ConversationId, String)>, Failure> {
    let Some(row) = tx.turn(turn)? else { return Ok(None) };
    let prompt = tx.content(&row.prompt)?.map(|parts| view::plain(&parts)).unwrap_or_default();
    Ok(Some((row.conversation, prompt)))
}

fn answer(tx: &Tx<'_>, shown: &domain::VotedAnswer) -> Result<CastAnswer, Failure> {
    let content = tx.message(shown.message)?.map(|message| message.content);
    let text = match content {
        Some(content) => tx.content(&content)?.map(|parts| view::plain(&parts)).unwrap_or_default(),
        None => String::new(),
    };
    let attempts = tx.attempts(shown.run)?;
    let costs: Option<Vec<PicoUsd>> =
        attempts.iter().map(|attempt| attempt.cost.as_ref().and_then(|cost| cost.total)).collect();
    let cost = costs
        .filter(|costs| !costs.is_empty())
        .and_then(|costs| costs.into_iter().try_fold(PicoUsd::ZERO, PicoUsd::checked_add));
    let took = tx.run(shown.run)?.and_then(|run| run.duration);
    Ok(CastAnswer { model: shown.model.clone(), text, cost, took })
}

/// Votes in the form the fit reads, with the models they name.
struct Counted {
    models: Vec<String>,
    votes: Vec<Vote>,
}

fn counted(casts: &[&Cast]) -> Counted {
    let mut models: Vec<String> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut votes = Vec::new();
    for cast in casts {
        let shown: Vec<Shown> = cast
            .answers
            .iter()
            .zip(0..)
            .map(|(answer, place)| {
                let player = *places.entry(answer.model.clone()).or_insert_with(|| {
                    models.push(answer.model.clone());
                    models.len() - 1
                });
                Shown { player, place: Some(place), length: answer.text.chars().count() }
            })
            .collect();
        votes.extend(ballots(&cast.vote, &shown));
    }
    Counted { models, votes }
}

/// The comparisons one vote means.
fn ballots(vote: &VoteRow, shown: &[Shown]) -> Vec<Vote> {
    let at = vote.at.0;
    let place = |message: MessageId| vote.shown.iter().position(|one| one.message == message);
    match vote.outcome {
        VoteOutcome::Tie => rating::votes(shown, &Ballot::Tie, at),
        VoteOutcome::AllBad => rating::votes(shown, &Ballot::AllBad, at),
        VoteOutcome::Best => match vote.best.and_then(place) {
            Some(best) => rating::votes(shown, &Ballot::Best(best), at),
            None => Vec::new(),
        },
        VoteOutcome::Rank => {
            let ranks: Vec<(usize, usize)> = vote
                .ranking
                .iter()
                .flatten()
                .enumerate()
                .flat_map(|(rank, equals)| equals.iter().filter_map(move |one| Some((rank, place(*one)?))))
                .collect();
            let mut votes = Vec::new();
            for (n, &(rank, one)) in ranks.iter().enumerate() {
                for &(other_rank, other) in &ranks[n + 1..] {
                    let ballot = if rank == other_rank { Ballot::Tie } else { Ballot::Best(0) };
                    // Among more than two, each pair tells less than a duel does.
                    let weight = 2.0 / ranks.len().max(2) as f64;
                    let pair = rating::votes(&[shown[one], shown[other]], &ballot, at);
                    votes.extend(pair.into_iter().map(|vote| Vote { weight, ..vote }));
                }
            }
            votes
        }
    }
}

/// The model that leads by these votes, with those it is not surely ahead of, and how many votes count. `None` = fewer
/// than two models have votes.
pub(crate) fn leaders<'a>(casts: impl Iterator<Item = &'a Cast>) -> Option<(Vec<String>, usize)> {
    let casts = newest(casts);
    let counted = counted(&casts);
    let players = match rating::standings(&counted.votes, &Settings::default()).verdict {
        Verdict::TooFew => return None,
        Verdict::Winner(player) => vec![player],
        Verdict::Open { players, .. } => players,
    };
    let named = players.into_iter().filter_map(|player| counted.models.get(player).cloned());
    Some((named.collect(), casts.len()))
}

/// Is this tag among them? Upper and lower case are one, as where tags are given.
fn tagged(tags: &[String], wanted: &str) -> bool {
    tags.iter().any(|tag| tag.eq_ignore_ascii_case(wanted))
}

fn fits(cast: &Cast, query: &BoardQuery) -> bool {
    let so = match query.cast {
        BoardCast::All => true,
        BoardCast::Blind => cast.vote.blind,
        BoardCast::Seen => !cast.vote.blind,
    };
    so && query.since.is_none_or(|since| cast.vote.at >= since)
}

/// Of a turn that was voted on both ways the newest vote, where both count.
fn newest<'a>(casts: impl Iterator<Item = &'a Cast>) -> Vec<&'a Cast> {
    let mut of: HashMap<TurnId, &Cast> = HashMap::new();
    for cast in casts {
        of.insert(cast.vote.turn, cast);
    }
    let mut kept: Vec<&Cast> = of.into_values().collect();
    kept.sort_by_key(|cast| (cast.vote.at, cast.vote.id));
    kept
}

fn tally<'a>(names: impl Iterator<Item = &'a str>) -> Vec<BoardCount> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<BoardCount> =
        counts.into_iter().map(|(name, votes)| BoardCount { name: name.to_owned(), votes }).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.votes));
    counts
}

/// The leaderboard of the votes a query names.
pub(crate) async fn board(inner: &Arc<Inner>, query: BoardQuery) -> Result<Board, Failure> {
    let casts = casts(inner).await?;
    let marks = inner.store.read(|tx| tx.marks()).await?;
    let marks: HashMap<String, u8> = marks.into_iter().map(|row| (row.model, row.slot)).collect();
    let registry = inner.registry();
    let named = move |model: &str| match ModelRef::parse(model) {
        Ok(known) => registry.model_name(&known),
        Err(_) => model.to_owned(),
    };
    tasks::aside(move || reckoned(&casts, &query, &marks, &named)).await
}

fn reckoned(
    casts: &[Cast],
    query: &BoardQuery,
    marks: &HashMap<String, u8>,
    named: &dyn Fn(&str) -> String,
) -> Board {
    let cast_so = newest(casts.iter().filter(|cast| fits(cast, query)));
    let about: Vec<&Cast> = cast_so
        .iter()
        .copied()
        .filter(|cast| query.topic.as_ref().is_none_or(|topic| cast.topic == topic))
        .filter(|cast| query.language.as_ref().is_none_or(|language| cast.language == language))
        .filter(|cast| query.tag.as_ref().is_none_or(|tag| tagged(&cast.tags, tag)))
        .collect();
    let counted = counted(&about);
    let standings = rating::standings(&counted.votes, &Settings::default());
    let mut rows = rows(&standings, &counted.models, &about, marks, named);
    front(&mut rows);
    let model = |player: usize| counted.models.get(player).cloned().unwrap_or_default();
    let order: Vec<usize> = standings.rows.iter().map(|row| row.player).collect();
    let pair = |pair: rating::Pair| BoardPair {
        won: count(pair.won),
        lost: count(pair.lost),
        tied: count(pair.tied),
        bad: count(pair.bad),
    };
    let wins = rating::wins(&order, &counted.votes);
    let history = rating::history(&counted.votes, &Settings::default(), STEPS);
    Board {
        votes: count(about.len()),
        blind: count(about.iter().filter(|cast| cast.vote.blind).count()),
        topics: tally(cast_so.iter().map(|cast| cast.topic)),
        languages: tally(cast_so.iter().map(|cast| cast.language)),
        tags: tally(cast_so.iter().flat_map(|cast| &cast.tags).map(String::as_str)),
        rows,
        verdict: match standings.verdict {
            Verdict::TooFew => BoardVerdict::TooFew,
            Verdict::Winner(player) => BoardVerdict::Winner { model: model(player) },
            Verdict::Open { players, more } => {
                BoardVerdict::Open { models: players.into_iter().map(model).collect(), more }
            }
        },
        position: standings.position.map(effect),
        length: standings.length.map(effect),
        wins: wins.into_iter().map(|row| row.into_iter().map(pair).collect()).collect(),
        history: history
            .into_iter()
            .map(|moment| BoardMoment {
                at: Timestamp(moment.at),
                ratings: moment
                    .ratings
                    .into_iter()
                    .map(|(player, rating, low, high)| {
                        (model(player), whole(rating), whole(low), whole(high))
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn effect(effect: rating::Effect) -> BoardEffect {
    let (percent, low, high) = effect.percent();
    BoardEffect { percent, low, high }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Points without a fraction. They lie within some thousands.
#[allow(clippy::cast_possible_truncation, reason = "the value is held within the type before")]
fn whole(points: f64) -> i32 {
    points.round().clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32
}

fn rows(
    standings: &Standings,
    models: &[String],
    casts: &[&Cast],
    marks: &HashMap<String, u8>,
    named: &dyn Fn(&str) -> String,
) -> Vec<BoardRow> {
    let mut costs: HashMap<&str, Vec<PicoUsd>> = HashMap::new();
    let mut times: HashMap<&str, Vec<Millis>> = HashMap::new();
    for answer in casts.iter().flat_map(|cast| &cast.answers) {
        costs.entry(&answer.model).or_default().extend(answer.cost);
        times.entry(&answer.model).or_default().extend(answer.took);
    }
    standings
        .rows
        .iter()
        .map(|row| {
            let model = models.get(row.player).cloned().unwrap_or_default();
            BoardRow {
                name: named(&model),
                mark: marks.get(&model).copied(),
                rating: whole(row.rating),
                low: whole(row.low),
                high: whole(row.high),
                best: count(row.best),
                worst: count(row.worst),
                won: count(row.won),
                lost: count(row.lost),
                tied: count(row.tied),
                group: count(row.group),
                cost: middle(costs.get(model.as_str())),
                took: middle(times.get(model.as_str())),
                cost_front: false,
                time_front: false,
                model,
            }
        })
        .collect()
}

/// The lower of the two in the middle, which is one that was.
fn middle<T: Ord + Copy>(values: Option<&Vec<T>>) -> Option<T> {
    let mut sorted = values?.clone();
    sorted.sort_unstable();
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

fn front(rows: &mut [BoardRow]) {
    let worth = |row: &BoardRow| f64::from(row.rating);
    let cost: Vec<_> = rows.iter().map(|row| (worth(row), row.cost)).collect();
    let time: Vec<_> = rows.iter().map(|row| (worth(row), row.took)).collect();
    let (cost, time) = (rating::front(&cost), rating::front(&time));
    for ((row, cost), time) in rows.iter_mut().zip(cost).zip(time) {
        (row.cost_front, row.time_front) = (cost, time);
    }
}

/// What the newest vote on a turn changed of the ratings of the models it compared, over all votes of its kind.
pub(crate) async fn changes(inner: &Inner, turn: TurnId, blind: bool) -> Result<Vec<RatingChange>, Failure> {
    let casts = casts(inner).await?;
    let cast = if blind { BoardCast::Blind } else { BoardCast::All };
    let query = BoardQuery { cast, ..BoardQuery::default() };
    tasks::aside(move || {
        let with = newest(casts.iter().filter(|cast| fits(cast, &query)));
        let without = newest(casts.iter().filter(|cast| fits(cast, &query) && cast.vote.turn != turn));
        let Some(own) = with.iter().find(|cast| cast.vote.turn == turn) else { return Vec::new() };
        let points = |casts: &[&Cast]| -> HashMap<String, (i32, i32, i32)> {
            let counted = counted(casts);
            let rows = rating::standings(&counted.votes, &Settings::default()).rows;
            rows.iter()
                .filter_map(|row| {
                    let model = counted.models.get(row.player)?.clone();
                    Some((model, (whole(row.rating), whole(row.low), whole(row.high))))
                })
                .collect()
        };
        let (before, after) = (points(&without), points(&with));
        own.answers
            .iter()
            .filter_map(|answer| {
                let &(rating, low, high) = after.get(&answer.model)?;
                let before = before.get(&answer.model).map(|points| points.0);
                Some(RatingChange { model: answer.model.clone(), before, after: rating, low, high })
            })
            .collect()
    })
    .await
}

/// Was this answer preferred by a vote? `None` = the vote prefers none.
pub fn preferred(cast: &Cast, place: usize) -> Option<bool> {
    let shown: Vec<Shown> =
        (0..cast.answers.len()).map(|player| Shown { player, place: None, length: 0 }).collect();
    let votes = ballots(&cast.vote, &shown);
    let mut said =
        votes.iter().filter(|vote| vote.a == place || vote.b == place).filter_map(|vote| {
            match vote.outcome {
                Outcome::A => Some(vote.a == place),
                Outcome::B => Some(vote.b == place),
                Outcome::Tie | Outcome::BothBad => None,
            }
        });
    let first = said.next()?;
    Some(first && said.all(|won| won))
}
