//! May a request be sent, and how long may its answer be? Decided from what a budget has left, never from
//! what an answer is likely to cost.

use crate::Dearest;
use domain::PicoUsd;

/// The shortest answer worth asking for, in tokens: some APIs take no lower limit (OpenAI's Responses:
/// `max_output_tokens` of at least 16, read 2026-11).
pub const LEAST_ANSWER: u64 = 16;
/// A request that names no limit takes no more than a quarter of what is left, so that others beside it
/// are not held for the sake of an answer nobody expects; but an answer of this many tokens if that can be
/// paid at all.
pub const ORDINARY_ANSWER: u64 = 4_096;
const SHARE: i64 = 4;

/// What a budget says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It fits as it is.
    Fits {
        /// To be held back.
        hold: PicoUsd,
    },
    /// It fits with a shorter answer.
    Capped {
        /// Longest answer, in tokens.
        output_tokens: u64,
        /// To be held back.
        hold: PicoUsd,
    },
    /// Not even a short answer can be paid.
    Refused {
        /// What the least would take; `None` = beyond the range.
        needs: Option<PicoUsd>,
    },
}

/// Decides about a request of at most `prompt_tokens` that may have an answer of `output_tokens`. `named`:
/// somebody asked for that length; otherwise it is only the longest there is. `left` is the least that any
/// hard budget has left, below zero when it is overdrawn; `None` = no hard budget applies.
///
/// What costs nothing always fits. The hold of an admitted request is never more than `left`.
pub fn admit(
    rates: &Dearest,
    prompt_tokens: u64,
    output_tokens: u64,
    named: bool,
    left: Option<PicoUsd>,
) -> Admission {
    let worst = rates.worst(prompt_tokens, output_tokens);
    let least = || Admission::Refused { needs: rates.worst(prompt_tokens, output_tokens.min(LEAST_ANSWER)) };
    let Some(left) = left else {
        // Without a limit an amount beyond the range is held as the range.
        return Admission::Fits { hold: worst.unwrap_or(PicoUsd::new(i64::MAX)) };
    };
    if worst == Some(PicoUsd::ZERO) {
        return Admission::Fits { hold: PicoUsd::ZERO };
    }
    let Some(affordable) = rates.affordable(prompt_tokens, left) else { return least() };
    let most = if named {
        affordable
    } else {
        let share = rates.affordable(prompt_tokens, PicoUsd::new(left.get() / SHARE)).unwrap_or(0);
        share.max(affordable.min(ORDINARY_ANSWER))
    };
    if let Some(hold) = worst.filter(|_| output_tokens <= most) {
        return Admission::Fits { hold };
    }
    if most < LEAST_ANSWER.min(output_tokens) {
        return least();
    }
    match rates.worst(prompt_tokens, most) {
        Some(hold) => Admission::Capped { output_tokens: most, hold },
        None => least(),
    }
}

/// How much of a limit is used, in whole per cent, rounded down. Of a limit of zero everything is.
pub fn percent(used: PicoUsd, limit: PicoUsd) -> u32 {
    let (used, limit) = (i128::from(used.get().max(0)), i128::from(limit.get()));
    if limit <= 0 {
        return 100;
    }
    u32::try_from(used * 100 / limit).unwrap_or(u32::MAX)
}

/// The highest threshold that is reached.
pub fn warning(percent: u32, thresholds: &[u8]) -> Option<u8> {
    thresholds.iter().copied().filter(|threshold| percent >= u32::from(*threshold)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// $1 a million prompt tokens, $10 a million completion tokens.
    fn rates() -> Dearest {
        use domain::{Meter, PriceOrigin, PriceRule, PriceSheet, PriceSource, Timestamp, When};
        let rates = [(Meter::Input, PicoUsd::new(1_000_000)), (Meter::Output, PicoUsd::new(10_000_000))];
        let source = PriceSource { origin: PriceOrigin::User, source: String::new(), checked: String::new() };
        let rules = vec![PriceRule { when: When::default(), rates: rates.into_iter().collect() }];
        Dearest::of(&PriceSheet { source, rules }, 100, Timestamp(0)).unwrap()
    }

    fn dollars(text: &str) -> PicoUsd {
        PicoUsd::from_dollars(text).unwrap()
    }

    #[test]
    fn an_answer_is_as_long_as_can_be_paid() {
        // 1,000 prompt tokens cost $0.001, 1,000 of the answer $0.01.
        let named = |left: &str| admit(&rates(), 1_000, 1_000, true, Some(dollars(left)));
        assert_eq!(named("0.011"), Admission::Fits { hold: dollars("0.011") });
        assert_eq!(named("0.0109999"), Admission::Capped { output_tokens: 999, hold: dollars("0.01099") });
        assert_eq!(named("0.00116"), Admission::Capped { output_tokens: 16, hold: dollars("0.00116") });
        let needs = Some(dollars("0.00116"));
        assert_eq!(named("0.001159999999"), Admission::Refused { needs });
        assert_eq!(named("0"), Admission::Refused { needs });
        assert_eq!(named("-5"), Admission::Refused { needs });
    }

    #[test]
    fn a_request_without_a_limit_leaves_something_for_the_others() {
        let open = |left: &str| admit(&rates(), 0, 100_000, false, Some(dollars(left)));
        assert_eq!(open("4"), Admission::Fits { hold: dollars("1") });
        assert_eq!(open("2"), Admission::Capped { output_tokens: 50_000, hold: dollars("0.5") });
        assert_eq!(open("0.1"), Admission::Capped { output_tokens: 4_096, hold: dollars("0.04096") });
        assert_eq!(open("0.02"), Admission::Capped { output_tokens: 2_000, hold: dollars("0.02") });
        assert_eq!(open("0.0001"), Admission::Refused { needs: Some(dollars("0.00016")) });
    }

    #[test]
    fn what_costs_nothing_is_never_held() {
        let free = Dearest::flat(PicoUsd::ZERO);
        let fits = Admission::Fits { hold: PicoUsd::ZERO };
        assert_eq!(admit(&free, 1_000, u64::MAX, false, Some(dollars("-1"))), fits);
        assert_eq!(admit(&free, 1_000, 10, true, Some(PicoUsd::ZERO)), fits);
    }

    #[test]
    fn an_absurd_price_loosens_nothing() {
        let absurd = Dearest::flat(PicoUsd::new(i64::MAX));
        assert_eq!(admit(&absurd, 2, 100, true, Some(dollars("1000"))), Admission::Refused { needs: None });
        let no_budget = admit(&absurd, 2, 100, true, None);
        assert_eq!(no_budget, Admission::Fits { hold: PicoUsd::new(i64::MAX) });
    }

    #[test]
    fn thresholds_are_reached_not_passed() {
        assert_eq!(percent(dollars("0.8"), dollars("1")), 80);
        assert_eq!(percent(dollars("0.799999999999"), dollars("1")), 79);
        assert_eq!(percent(PicoUsd::ZERO, PicoUsd::ZERO), 100);
        assert_eq!(percent(dollars("9000000"), PicoUsd::new(1)), u32::MAX);
        assert_eq!(warning(79, &[50, 80]), Some(50));
        assert_eq!(warning(80, &[50, 80]), Some(80));
        assert_eq!(warning(49, &[50, 80]), None);
    }
}
