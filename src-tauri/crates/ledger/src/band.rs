//! Is a new price believable? A list that was poisoned, or mistyped, must not loosen a limit in silence.

use crate::rates::{rate, rates};
use domain::{MalformedPrice, Meter, PicoUsd, PriceSheet, Timestamp, day_number};
use std::collections::BTreeSet;

/// A price may fall to a fifth and rise fivefold before somebody has to look at it.
const FACTOR: i128 = 5;
const MS_PER_DAY: i64 = 86_400_000;
const MS_PER_MINUTE: i64 = 60_000;

/// Why a new price waits to be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// There was none before to compare it with.
    First,
    /// Some rate falls below a fifth, to nothing, or is no longer stated.
    Fell,
    /// Some rate rises above five times, or from nothing.
    Rose,
    /// It holds a condition that cannot be read, or a rate below zero.
    Unreadable,
}

impl Doubt {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Fell => "fell",
            Self::Rose => "rose",
            Self::Unreadable => "unreadable",
        }
    }
}

const METERS: [Meter; 12] = [
    Meter::Input,
    Meter::InputCacheRead,
    Meter::InputCacheWrite5m,
    Meter::InputCacheWrite1h,
    Meter::InputImage,
    Meter::InputAudio,
    Meter::Output,
    Meter::OutputReasoning,
    Meter::OutputImage,
    Meter::OutputAudio,
    Meter::Request,
    Meter::WebSearch,
];

/// Compares a new sheet with the last one that was trusted, under every condition either of them names:
/// lengths of the prompt, tiers, hours, weekdays, and days to come. `None` = it may be taken as it is.
pub fn doubt(trusted: Option<&PriceSheet>, new: &PriceSheet, now: Timestamp) -> Option<Doubt> {
    let Some(trusted) = trusted else { return Some(Doubt::First) };
    let negative = new.rules.iter().any(|rule| rule.rates.values().any(|rate| *rate < PicoUsd::ZERO));
    let Ok(moments) = moments(trusted, new, now) else { return Some(Doubt::Unreadable) };
    if negative {
        return Some(Doubt::Unreadable);
    }
    let both = || trusted.rules.iter().chain(&new.rules);
    let lengths: BTreeSet<u64> =
        both().filter_map(|rule| rule.when.prompt_tokens_gt?.checked_add(1)).chain([1]).collect();
    let mut tiers: BTreeSet<Option<&str>> = both().map(|rule| rule.when.service_tier.as_deref()).collect();
    tiers.insert(None);
    for at in moments {
        for length in &lengths {
            for tier in &tiers {
                let (old, fresh) = (rates(trusted, *length, *tier, at), rates(new, *length, *tier, at));
                if fresh.is_empty() {
                    return Some(Doubt::Unreadable);
                }
                let found = METERS.iter().find_map(|m| apart(rate(&old, *m), rate(&fresh, *m), *m));
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

fn apart(old: Option<PicoUsd>, new: Option<PicoUsd>, meter: Meter) -> Option<Doubt> {
    // What is not charged by the request costs nothing; what no sheet says of a search is unknown.
    let (old, new) = match (old, new) {
        (None, None) => return None,
        (None, Some(new)) if meter == Meter::Request => (PicoUsd::ZERO, new),
        (None, Some(_)) => return None,
        (Some(_), None) => return Some(Doubt::Fell),
        (Some(old), Some(new)) => (old, new),
    };
    let (old, new) = (i128::from(old.get()), i128::from(new.get()));
    if new * FACTOR < old {
        Some(Doubt::Fell)
    } else if new > old * FACTOR {
        Some(Doubt::Rose)
    } else {
        None
    }
}

/// Moments at which something in either sheet may change.
fn moments(a: &PriceSheet, b: &PriceSheet, now: Timestamp) -> Result<Vec<Timestamp>, MalformedPrice> {
    let rules = || a.rules.iter().chain(&b.rules);
    let mut days = BTreeSet::from([now.0.div_euclid(MS_PER_DAY)]);
    for date in rules().flat_map(|rule| rule.when.from.iter().chain(&rule.when.until)) {
        let day = day_number(date)?;
        if day * MS_PER_DAY > now.0 {
            days.insert(day);
        }
    }
    let weekly = rules().any(|rule| rule.when.weekdays.is_some());
    let mut minutes = BTreeSet::from([now.0.rem_euclid(MS_PER_DAY) / MS_PER_MINUTE]);
    minutes.extend(rules().filter_map(|rule| rule.when.utc).flat_map(|(s, e)| [i64::from(s), i64::from(e)]));
    let mut found = Vec::new();
    for day in days {
        for later in 0..if weekly { 7 } else { 1 } {
            for minute in minutes.iter().filter(|minute| **minute < 1_440) {
                found.push(Timestamp((day + later) * MS_PER_DAY + minute * MS_PER_MINUTE));
            }
        }
    }
    Ok(found)
}
