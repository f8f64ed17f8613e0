//! What holds for any usage and any sheet.

use super::{HOUR, MONDAY, sheet, units, usage};
use domain::{Basis, InputUsage, Meter, OutputUsage, PicoUsd, PriceRule, PriceSheet, Timestamp, Usage, When};
use ledger::{cost, hold};
use proptest::prelude::*;

/// Any sheet with whole prices up to $1,000 a million, with and without conditions.
fn any_sheet() -> impl Strategy<Value = PriceSheet> {
    let meter = prop::sample::select(vec![
        Meter::InputCacheRead,
        Meter::InputCacheWrite5m,
        Meter::InputCacheWrite1h,
        Meter::InputImage,
        Meter::OutputReasoning,
        Meter::OutputImage,
        Meter::Request,
    ]);
    let price = (0_i64..1_000_000_000).prop_map(PicoUsd::new);
    let more = prop::collection::btree_map(meter, price.clone(), 0..5);
    let base = (price.clone(), price.clone(), more.clone()).prop_map(|(input, output, mut rates)| {
        rates.extend([(Meter::Input, input), (Meter::Output, output)]);
        PriceRule { when: When::default(), rates }
    });
    let day = prop::sample::select(vec!["2026-10-04", "2026-10-05", "2026-10-06", "2026-11-01"]);
    let when = (
        prop::option::of(0_u64..3_000),
        prop::option::of(day.clone()),
        prop::option::of(day),
        prop::option::of((0_u16..1_440, 0_u16..1_440)),
        prop::option::of(prop::sample::select(vec!["flex", "priority"])),
    )
        .prop_map(|(gt, from, until, utc, tier)| When {
            prompt_tokens_gt: gt,
            from: from.map(str::to_owned),
            until: until.map(str::to_owned),
            utc,
            weekdays: None,
            service_tier: tier.map(str::to_owned),
        });
    let rest = prop::collection::vec((when, more, prop::option::of(price)), 0..4);
    (base, rest).prop_map(|(base, rest)| {
        let rest = rest.into_iter().map(|(when, mut rates, output)| {
            rates.extend(output.map(|rate| (Meter::Output, rate)));
            PriceRule { when, rates }
        });
        sheet(std::iter::once(base).chain(rest).collect())
    })
}

/// The usage as whoever has this sheet may say it: a dearer tier has a price in it, or was not served.
fn served(used: Usage, sheet: &PriceSheet) -> Usage {
    let priced = sheet.rules.iter().any(|rule| rule.when.service_tier == used.service_tier);
    let dearer = used.service_tier.as_deref() == Some("priority");
    let tier = used.service_tier.clone().filter(|_| priced || !dearer);
    Usage { service_tier: tier, ..used }
}

/// Any usage whose parts are disjoint and inside their totals.
fn any_usage() -> impl Strategy<Value = Usage> {
    let tier = prop::option::of(prop::sample::select(vec!["flex", "priority", "default"]));
    (prop::array::uniform8(0_u64..1_000), tier).prop_map(|(n, tier)| {
        let input = InputUsage {
            total: Some(n[0] + n[1] + n[2] + n[3] + n[4]),
            cache_read: Some(n[1]),
            cache_write_5m: Some(n[2]),
            cache_write_1h: Some(n[3]),
            image: Some(n[4]),
            audio: None,
        };
        let output = OutputUsage {
            total: Some(n[5] + n[6] + n[7]),
            reasoning: Some(n[6]),
            image: Some(n[7]),
            audio: None,
        };
        Usage { service_tier: tier.map(str::to_owned), ..usage(input, output) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// C15: the total is the sum of its lines, every line is exact, and every token is on one line.
    #[test]
    fn every_token_is_billed_once(used in any_usage(), sheet in any_sheet(), hours in 0_i64..48) {
        let used = served(used, &sheet);
        let bill = cost(&used, Some(&sheet), Timestamp(MONDAY.0 + hours * HOUR));
        let exact: i128 = bill.lines.iter().map(|l| i128::from(l.rate.get()) * i128::from(l.units)).sum();
        prop_assert_eq!(bill.total.map(|t| i128::from(t.get())), Some(exact));
        for line in &bill.lines {
            prop_assert_eq!(i128::from(line.amount.get()), i128::from(line.rate.get()) * i128::from(line.units));
        }
        let on = |meters: &[Meter]| meters.iter().map(|m| units(&bill, *m)).sum::<u64>();
        let input = on(&[Meter::Input, Meter::InputCacheRead, Meter::InputCacheWrite5m,
            Meter::InputCacheWrite1h, Meter::InputImage, Meter::InputAudio]);
        let output = on(&[Meter::Output, Meter::OutputReasoning, Meter::OutputImage, Meter::OutputAudio]);
        prop_assert_eq!((Some(input), Some(output)), (used.input.total, used.output.total));
    }

    /// D7: no usage within the bounds costs more than was held for it, whatever tier and hour it meets.
    #[test]
    fn nothing_costs_more_than_was_held(
        used in any_usage(), sheet in any_sheet(), sent in 0_i64..48, took in 0_i64..24,
        slack in (0_u64..500, 0_u64..500),
    ) {
        let used = served(used, &sheet);
        let sent = Timestamp(MONDAY.0 + sent * HOUR);
        let (input, output) = (used.input.total.unwrap(), used.output.total.unwrap());
        let held = hold(input + slack.0, output + slack.1, Some(&sheet), sent).unwrap();
        let bill = cost(&used, Some(&sheet), Timestamp(sent.0 + took * HOUR));
        prop_assert!(bill.total.unwrap() <= held, "{:?} > {:?}", bill.total, held);
    }

    /// The same bill, however often and in whatever order bills are added up.
    #[test]
    fn sums_do_not_depend_on_order(amounts in prop::collection::vec(0_i64..1_000_000_000_000, 0..200)) {
        let add = |sum: PicoUsd, a: &i64| sum.checked_add(PicoUsd::new(*a));
        let exact: i128 = amounts.iter().map(|a| i128::from(*a)).sum();
        let forward = amounts.iter().try_fold(PicoUsd::ZERO, add);
        prop_assert_eq!(forward, amounts.iter().rev().try_fold(PicoUsd::ZERO, add));
        prop_assert_eq!(forward.map(|s| i128::from(s.get())), Some(exact));
    }

    /// Whatever arrives, nothing panics and no amount is negative.
    #[test]
    fn any_counts_give_an_answer(counts in prop::array::uniform8(any::<Option<u64>>()), sheet in any_sheet()) {
        let [total, cache_read, cache_write_5m, cache_write_1h, image, out, reasoning, searches] = counts;
        let input = InputUsage { total, cache_read, cache_write_5m, cache_write_1h, image, audio: image };
        let output = OutputUsage { total: out, reasoning, audio: image, image };
        let used = Usage { web_searches: searches, ..usage(input, output) };
        let bill = cost(&used, Some(&sheet), MONDAY);
        prop_assert!(bill.total.is_none_or(|t| t >= PicoUsd::ZERO));
        prop_assert_eq!(bill.total.is_none(), bill.basis == Basis::Unknown);
    }
}

proptest! {
    /// Whatever is left, what is admitted is paid from it.
    #[test]
    fn no_admission_exceeds_what_is_left(
        rate in 0_i64..2_000_000_000,
        prompt in 0_u64..2_000_000,
        output in 1_u64..500_000,
        named: bool,
        left in -1_000_000_000_000_i64..100_000_000_000_000,
    ) {
        use ledger::{Admission, Dearest, admit};
        let rates = Dearest::flat(PicoUsd::new(rate));
        let left = PicoUsd::new(left);
        match admit(&rates, prompt, output, named, Some(left)) {
            Admission::Fits { hold } => {
                prop_assert_eq!(Some(hold), rates.worst(prompt, output));
                prop_assert!(hold <= left || hold == PicoUsd::ZERO);
            }
            Admission::Capped { output_tokens, hold } => {
                prop_assert!(output_tokens < output);
                prop_assert_eq!(Some(hold), rates.worst(prompt, output_tokens));
                prop_assert!(hold <= left);
            }
            Admission::Refused { needs } => prop_assert!(needs.is_none_or(|needs| needs > left)),
        }
    }
}
