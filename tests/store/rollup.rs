//! Running sums say what the rows say, for any span, however the rows came.

use crate::fixture::{NOW, entry, memory, uuid};
use domain::{Basis, ConversationId, CostLine, EntryId, Meter, Millis, Outcome, PicoUsd, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use store::{AttemptFilter, AttemptRow, EntryRow, Store};

const DAY: i64 = 86_400_000;

/// One attempt as a case gives it.
#[derive(Clone, Debug)]
struct Case {
    at: i64,
    model: u8,
    chat: Option<u8>,
    pico: Option<i64>,
    /// It is corrected to this later.
    adjusted: Option<Option<i64>>,
    tokens: Option<(u64, u64, Option<u64>)>,
}

fn case() -> impl Strategy<Value = Case> {
    // Around the borders of days and quarters as well as anywhere.
    let at = prop_oneof![
        (-40_i64..40, -2_i64..3).prop_map(|(quarter, off)| quarter * 900_000 + off),
        (-3_i64..4, -2_i64..3).prop_map(|(day, off)| day * DAY + off),
        -3 * DAY..3 * DAY,
    ];
    let pico = || prop_oneof![Just(None), (0_i64..3_000_000_000_000).prop_map(Some)];
    let adjusted = prop_oneof![3 => Just(None), 1 => pico().prop_map(Some)];
    let tokens = proptest::option::of((0_u64..5_000, 0_u64..900, proptest::option::of(0_u64..400)));
    (at, 0_u8..3, proptest::option::of(0_u8..3), pico(), adjusted, tokens).prop_map(
        |(at, model, chat, pico, adjusted, tokens)| Case { at, model, chat, pico, adjusted, tokens },
    )
}

fn row(n: u128, case: &Case) -> EntryRow {
    let mut row = EntryRow {
        at: Timestamp(NOW.0 + case.at),
        provider: ["openai", "groq", "openai"][usize::from(case.model)].into(),
        model: ["openai/gpt-5", "openai/gpt-5", "meta/llama-4"][usize::from(case.model)].parse().unwrap(),
        conversation: case.chat.map(|chat| ConversationId::new(uuid(900 + u128::from(chat)))),
        ..entry(n, case.pico)
    };
    row.usage = case.tokens.map(|(input, output, reasoning)| {
        let mut usage = domain::Usage::default();
        usage.input.total = Some(input);
        usage.output.total = Some(output);
        usage.output.reasoning = reasoning;
        usage
    });
    row
}

fn write(store: &Store, cases: &[Case]) -> Vec<EntryRow> {
    let mut standing = Vec::new();
    for (n, case) in (1_u128..).zip(cases) {
        let first = row(n, case);
        let settled = first.clone();
        store.write(move |tx| tx.settle(&settled)).wait().unwrap();
        standing.push(match case.adjusted {
            None => first,
            Some(pico) => {
                let again = EntryRow {
                    id: EntryId::new(uuid(10_000 + n)),
                    adjusts: Some(first.id),
                    cost: entry(n, pico).cost,
                    ..first
                };
                let settled = again.clone();
                store.write(move |tx| tx.settle(&settled)).wait().unwrap();
                again
            }
        });
    }
    standing
}

/// amount, attempts, unknown, input, output, reasoning
type Plain = (i64, u32, u32, u64, u64, Option<u64>);

/// Added up one by one.
fn plain<'a>(rows: impl Iterator<Item = &'a EntryRow>) -> Plain {
    let mut sum: Plain = Default::default();
    for row in rows {
        sum.0 += row.cost.total.map_or(0, PicoUsd::get);
        sum.1 += 1;
        sum.2 += u32::from(row.cost.total.is_none());
        if let Some(usage) = &row.usage {
            sum.3 += usage.input.total.unwrap();
            sum.4 += usage.output.total.unwrap();
            if let Some(reasoning) = usage.output.reasoning {
                sum.5 = Some(sum.5.unwrap_or(0) + reasoning);
            }
        }
    }
    sum
}

fn figures(sum: &store::SpendSum) -> Plain {
    (sum.amount.get(), sum.attempts, sum.unknown, sum.input, sum.output, sum.reasoning)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_span_is_the_sum_of_its_rows(
        cases in proptest::collection::vec(case(), 1..40),
        spans in proptest::collection::vec((case(), case()), 6),
    ) {
        let store = memory();
        let standing = write(&store, &cases);
        let whole = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        let spans = spans.iter().map(|(a, b)| {
            (Timestamp(NOW.0 + a.at.min(b.at)), Timestamp(NOW.0 + a.at.max(b.at)))
        }).chain([whole]);
        for (from, until) in spans {
            let inside: Vec<&EntryRow> =
                standing.iter().filter(|row| from <= row.at && row.at < until).collect();
            let (total, models, chats) = store.read(move |tx| Ok((
                tx.spend_total(from, until)?,
                tx.spend_by_endpoint(from, until)?,
                tx.spend_by_conversation(from, until, usize::MAX)?.0,
            ))).wait().unwrap();
            prop_assert_eq!(figures(&total), plain(inside.iter().copied()));
            let mut by_model: BTreeMap<(String, String), Vec<&EntryRow>> = BTreeMap::new();
            let mut by_chat: BTreeMap<Option<ConversationId>, Vec<&EntryRow>> = BTreeMap::new();
            for row in inside {
                let key = (row.provider.to_string(), row.model.to_string());
                by_model.entry(key).or_default().push(row);
                by_chat.entry(row.conversation).or_default().push(row);
            }
            let found: BTreeMap<_, _> = models.iter()
                .map(|one| ((one.provider.to_string(), one.model.clone()), figures(&one.sum))).collect();
            let expected: BTreeMap<_, _> = by_model.into_iter()
                .map(|(key, rows)| (key, plain(rows.into_iter()))).collect();
            prop_assert_eq!(found, expected);
            let found: BTreeMap<_, _> =
                chats.iter().map(|one| (one.conversation, figures(&one.sum))).collect();
            let expected: BTreeMap<_, _> = by_chat.into_iter()
                .map(|(key, rows)| (key, plain(rows.into_iter()))).collect();
            prop_assert_eq!(found, expected);
        }
        prop_assert!(store.read(|tx| tx.cells_agree()).wait().unwrap());
        // Made again from the rows, a thousand at a time, they are the same.
        let before = store.read(|tx| tx.spend_by_endpoint(whole_from(), whole_until())).wait().unwrap();
        store.write(|tx| tx.clear_cells()).wait().unwrap();
        let uncounted = store.read(|tx| tx.spend_by_endpoint(whole_from(), whole_until())).wait().unwrap();
        prop_assert_eq!(&uncounted, &before, "what is in no cell yet is counted from its row");
        while !store.write(|tx| tx.roll_up()).wait().unwrap() {}
        let after = store.read(|tx| tx.spend_by_endpoint(whole_from(), whole_until())).wait().unwrap();
        prop_assert_eq!(after, before);
        prop_assert!(store.read(|tx| tx.cells_agree()).wait().unwrap());
    }
}

fn whole_from() -> Timestamp {
    Timestamp(i64::MIN)
}

fn whole_until() -> Timestamp {
    Timestamp(i64::MAX)
}

fn timed(n: u128, first: u64, duration: u64) -> AttemptRow {
    let entry = entry(n, Some(1));
    AttemptRow {
        id: entry.attempt,
        run: None,
        n: 1,
        endpoint: entry.endpoint,
        account: None,
        provider: entry.provider,
        model: entry.model,
        upstream_model: entry.upstream_model,
        origin: entry.origin,
        started_at: NOW,
        first_byte: Some(Millis(first)),
        first_content: Some(Millis(first)),
        reasoned: None,
        duration: Some(Millis(duration)),
        outcome: Some(Outcome::Cancelled),
        upstream: None,
        usage: None,
        cost: None,
    }
}

#[test]
fn times_and_savings_are_added_up() {
    let store = memory();
    for n in 1..=20_u64 {
        store
            .write(move |tx| {
                let attempt = timed(n.into(), n * 100, n * 100 + 500);
                tx.insert_attempt(&attempt)?;
                tx.finish_attempt(&attempt)?;
                let line = |meter, units, rate, amount| CostLine {
                    meter,
                    units,
                    rate: PicoUsd::new(rate),
                    amount: PicoUsd::new(amount),
                };
                let mut row = entry(n.into(), None);
                row.cost.basis = Basis::Computed;
                // 100 tokens at 10 would have cost 1,000; from the cache they cost 100.
                row.cost.lines =
                    vec![line(Meter::Input, 1, 10, 10), line(Meter::InputCacheRead, 100, 1, 100)];
                row.cost.total = Some(PicoUsd::new(110));
                tx.settle(&row)
            })
            .wait()
            .unwrap();
    }
    let sum = store.read(|tx| tx.spend_total(whole_from(), whole_until())).wait().unwrap();
    assert_eq!(sum.ttft.count(), 20);
    let p50 = sum.ttft.percentile(50).unwrap().0;
    assert!(p50.abs_diff(1_000) <= 20, "{p50}");
    // Twenty tokens in half a second each.
    assert_eq!((sum.streamed, sum.stream_time), (400, Millis(10_000)));
    assert_eq!(sum.saved, Some(PicoUsd::new(18_000)));
    assert_eq!(sum.answers, 20);
}

#[test]
fn attempts_are_listed_newest_first_page_by_page() {
    let store = memory();
    for n in 1..=25_i64 {
        let id = u128::try_from(n).unwrap();
        let model = if n % 5 == 0 { "meta/llama-4" } else { "openai/gpt-5" };
        // Three at the same moment.
        let row =
            EntryRow { at: Timestamp(NOW.0 + n / 3), model: model.parse().unwrap(), ..entry(id, Some(n)) };
        store.write(move |tx| tx.settle(&row)).wait().unwrap();
    }
    let adjusted = EntryRow {
        id: EntryId::new(uuid(99)),
        adjusts: Some(EntryId::new(uuid(25))),
        at: Timestamp(NOW.0 + 8),
        model: "meta/llama-4".parse().unwrap(),
        ..entry(25, Some(777))
    };
    store.write(move |tx| tx.settle(&adjusted)).wait().unwrap();
    let mut filter = AttemptFilter { from: NOW, until: whole_until(), limit: 4, ..AttemptFilter::default() };
    let mut seen = Vec::new();
    loop {
        let wanted = filter.clone();
        let page = store.read(move |tx| tx.spend_attempts(&wanted)).wait().unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some((last.at, last.seq));
        seen.extend(page.iter().map(|row| (row.at, row.seq)));
    }
    assert_eq!(seen.len(), 25, "the adjusted row is there once, as it stands");
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
    let of = |filter: AttemptFilter| store.read(move |tx| tx.spend_attempts(&filter)).wait().unwrap().len();
    let all = AttemptFilter { from: NOW, until: whole_until(), limit: 99, ..AttemptFilter::default() };
    assert_eq!(of(AttemptFilter { model: Some("meta/llama-4".to_owned()), ..all.clone() }), 5);
    assert_eq!(of(AttemptFilter { provider: Some("groq".to_owned()), ..all.clone() }), 0);
    assert_eq!(of(AttemptFilter { conversation: Some(None), ..all.clone() }), 25);
    assert_eq!(of(AttemptFilter { conversation: Some(Some(ConversationId::new(uuid(1)))), ..all }), 0);
}

/// A provider can say anything; what it says is booked all the same.
#[test]
fn counts_without_measure_stay_at_the_end_of_their_range() {
    let store = memory();
    let most = u64::try_from(i64::MAX).unwrap();
    for n in 1..=3 {
        let mut row = entry(n, Some(999_999_999_999));
        let mut usage = domain::Usage::default();
        usage.input.total = Some(most);
        usage.output.total = Some(7);
        row.usage = Some(usage);
        assert!(store.write(move |tx| tx.settle(&row)).wait().unwrap());
    }
    let sum = store.read(|tx| tx.spend_total(whole_from(), whole_until())).wait().unwrap();
    assert_eq!((sum.attempts, sum.input, sum.output), (3, most, 21));
    assert_eq!(sum.amount.get(), 3 * 999_999_999_999, "beside them the amounts are right");
}
