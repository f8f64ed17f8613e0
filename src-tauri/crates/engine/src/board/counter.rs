//! The user's own prompts on another model: what their votes say of it, and what the same tokens would have cost there.
//! Votes and what was paid are measured; that the other model writes as much, is assumed, and said so.

use super::{BoardCast, BoardQuery, Cast, casts, counted, fits, newest, tagged};
use crate::{inner::Inner, tasks, view};
use compare::{rating::Outcome, text::topic};
use domain::{Cost, ErrorKind, Failure, ModelRef, PicoUsd, PriceSheet, RunState, Usage};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most turns that are looked at, the newest.
const MOST: u32 = 5_000;

/// What to suppose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SupposeQuery {
    /// Prompts about this only; `None` = all.
    pub topic: Option<String>,
    /// In conversations with this tag only; `None` = all.
    #[serde(default)]
    pub tag: Option<String>,
    /// They had gone to this model.
    pub model: ModelRef,
}

/// The user's prompts, had they gone to another model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Supposed {
    /// Its displayed name.
    pub name: String,
    /// Measured: prompts about the topic and under the tag, among the newest 5,000.
    pub prompts: u32,
    /// Measured: answers of other models to them whose tokens and cost are known.
    pub answers: u32,
    /// Answers that are left out: their tokens or their cost are not known.
    pub uncounted: u32,
    /// Measured: what those answers cost.
    pub paid: PicoUsd,
    /// Assumed: what as many tokens cost on that model at its prices of today; `None` = its price is unknown.
    pub would: Option<PicoUsd>,
    /// Measured: duels of that model with others in the user's votes on the topic, which it won.
    pub won: u32,
    /// In which neither was better.
    pub tied: u32,
    /// Which it lost.
    pub lost: u32,
}

/// An answer of another model.
struct Other {
    usage: Option<Usage>,
    cost: Option<PicoUsd>,
}

pub(crate) async fn supposed(inner: &Arc<Inner>, query: SupposeQuery) -> Result<Supposed, Failure> {
    let registry = inner.registry();
    let sheet = registry.resolve(&query.model)?.into_iter().find_map(|endpoint| endpoint.prices);
    let name = registry.model_name(&query.model);
    let casts = casts(inner).await?;
    let wanted = query.clone();
    let (prompts, answers) = inner
        .store
        .read(move |tx| {
            let (mut prompts, mut answers) = (0, Vec::new());
            for turn in tx.asked_lately(MOST)? {
                let prompt = tx.content(&turn.prompt)?.map(|parts| view::plain(&parts)).unwrap_or_default();
                if wanted.topic.as_ref().is_some_and(|about| topic(&prompt).name() != about) {
                    continue;
                }
                if let Some(tag) = &wanted.tag
                    && !tagged(&tx.filing(turn.conversation)?.tags, tag)
                {
                    continue;
                }
                prompts += 1;
                let made = crate::beside::made_of_others(tx, turn.id)?;
                for run in tx.runs(turn.id)? {
                    let own = run.target.model.model == wanted.model.model;
                    if run.state != RunState::Done || own || made.contains(&run.id) {
                        continue;
                    }
                    let costs: Option<Vec<PicoUsd>> = tx
                        .attempts(run.id)?
                        .into_iter()
                        .map(|attempt| attempt.cost.and_then(|cost| cost.total))
                        .collect();
                    let cost = costs
                        .and_then(|costs| costs.into_iter().try_fold(PicoUsd::ZERO, PicoUsd::checked_add));
                    answers.push(Other { usage: run.usage, cost });
                }
            }
            Ok((prompts, answers))
        })
        .await?;
    let now = inner.clock.now();
    tasks::aside(move || {
        let mut supposed = Supposed { name, prompts, ..none() };
        price(&mut supposed, &answers, sheet.as_ref(), now)?;
        duels(&mut supposed, &casts, &query);
        Ok(supposed)
    })
    .await?
}

fn none() -> Supposed {
    Supposed {
        name: String::new(),
        prompts: 0,
        answers: 0,
        uncounted: 0,
        paid: PicoUsd::ZERO,
        would: Some(PicoUsd::ZERO),
        won: 0,
        tied: 0,
        lost: 0,
    }
}

fn price(
    supposed: &mut Supposed,
    answers: &[Other],
    sheet: Option<&PriceSheet>,
    now: domain::Timestamp,
) -> Result<(), Failure> {
    let too_much = || Failure::new(ErrorKind::Bug, "The sum of these costs is too large to be reckoned.");
    for other in answers {
        let known =
            other.usage.as_ref().filter(|usage| usage.input.total.is_some() && usage.output.total.is_some());
        let (Some(usage), Some(paid)) = (known, other.cost) else {
            supposed.uncounted += 1;
            continue;
        };
        // What another provider charged says nothing of this one.
        let usage = Usage { reported_cost: None, ..usage.clone() };
        let Cost { total, .. } = ledger::cost(&usage, sheet, now);
        supposed.answers += 1;
        supposed.paid = supposed.paid.checked_add(paid).ok_or_else(too_much)?;
        supposed.would = match (supposed.would, total) {
            (Some(sum), Some(one)) => Some(sum.checked_add(one).ok_or_else(too_much)?),
            _ => None,
        };
    }
    Ok(())
}

fn duels(supposed: &mut Supposed, casts: &[Cast], query: &SupposeQuery) {
    let all = BoardQuery { cast: BoardCast::All, ..BoardQuery::default() };
    let about = |cast: &&Cast| {
        query.topic.as_ref().is_none_or(|topic| cast.topic == topic)
            && query.tag.as_ref().is_none_or(|tag| tagged(&cast.tags, tag))
    };
    let counted = counted(&newest(casts.iter().filter(|cast| fits(cast, &all)).filter(about)));
    let own = |player: usize| {
        let named = counted.models.get(player).and_then(|model| ModelRef::parse(model).ok());
        named.is_some_and(|named| named.model == query.model.model)
    };
    for vote in &counted.votes {
        let won = match (own(vote.a), own(vote.b), vote.outcome) {
            (true, false, Outcome::A) | (false, true, Outcome::B) => &mut supposed.won,
            (true, false, Outcome::B) | (false, true, Outcome::A) => &mut supposed.lost,
            (true, false, _) | (false, true, _) => &mut supposed.tied,
            _ => continue,
        };
        *won += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use domain::{Timestamp, UsageSource};

    #[test]
    fn what_is_not_known_is_left_out_and_told() {
        let usage = |input, output, reported| {
            let mut usage = Usage { source: UsageSource::Reported, ..Usage::default() };
            (usage.input.total, usage.output.total, usage.reported_cost) = (input, output, reported);
            Some(usage)
        };
        let five = Some(PicoUsd::new(5));
        let answers = [
            Other { usage: usage(Some(10), Some(1), five), cost: five },
            Other { usage: usage(Some(10), None, None), cost: five },
            Other { usage: usage(Some(10), Some(1), None), cost: None },
            Other { usage: None, cost: five },
        ];
        let mut supposed = none();
        price(&mut supposed, &answers, None, Timestamp(0)).unwrap();
        assert_eq!((supposed.answers, supposed.uncounted, supposed.paid), (1, 3, PicoUsd::new(5)));
        assert_eq!(supposed.would, None, "without a price nothing is known, whatever another charged");
    }
}
