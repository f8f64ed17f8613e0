//! Hand-checked invoices, and what must hold for any. Fixtures come from public reports of others'
//! billing mistakes; amounts were worked out by hand from usage and price, not taken from the reports.
//! Each names the report's number; `litellm#` is the tracker of BerriAI/litellm.

use domain::{
    Basis, Cost, InputUsage, Message, Meter, OutputUsage, Part, PicoUsd, PriceOrigin, PriceRule, PriceSheet,
    PriceSource, Request, Role, Timestamp, Usage, UsageSource, When,
};
use ledger::{cost, hold, prompt_estimate, prompt_upper_bound, rate, rates, tokens_of};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// 2026-10-05 00:00 UTC, a Monday.
const MONDAY: Timestamp = Timestamp(1_791_158_400_000);
const HOUR: i64 = 3_600_000;

fn per_million(rates: &[(Meter, &str)]) -> BTreeMap<Meter, PicoUsd> {
    rates.iter().map(|(meter, price)| (*meter, PicoUsd::per_million(price).unwrap())).collect()
}

fn always(rates: &[(Meter, &str)]) -> PriceRule {
    PriceRule { when: When::default(), rates: per_million(rates) }
}

fn only(when: When, rates: &[(Meter, &str)]) -> PriceRule {
    PriceRule { when, rates: per_million(rates) }
}

fn sheet(rules: Vec<PriceRule>) -> PriceSheet {
    from(PriceOrigin::Bundled, rules)
}

fn from(origin: PriceOrigin, rules: Vec<PriceRule>) -> PriceSheet {
    let source = PriceSource { origin, source: "test".to_owned(), checked: "2026-10-01".to_owned() };
    PriceSheet { source, rules }
}

fn usage(input: InputUsage, output: OutputUsage) -> Usage {
    Usage { input, output, ..Usage::default() }
}

fn plain(input: u64, output: u64) -> Usage {
    usage(
        InputUsage { total: Some(input), ..InputUsage::default() },
        OutputUsage { total: Some(output), ..OutputUsage::default() },
    )
}

fn cached(input: u64, cache_read: u64, output: u64) -> Usage {
    let mut usage = plain(input, output);
    usage.input.cache_read = Some(cache_read);
    usage
}

fn dollars(amount: &str) -> Option<PicoUsd> {
    Some(PicoUsd::from_dollars(amount).unwrap())
}

fn total(usage: &Usage, sheet: &PriceSheet) -> Option<PicoUsd> {
    cost(usage, Some(sheet), MONDAY).total
}

fn units(cost: &Cost, meter: Meter) -> u64 {
    cost.lines.iter().filter(|l| l.meter == meter).map(|l| l.units).sum()
}

#[test]
fn c1_cache_writes_are_not_also_plain_prompt_tokens() {
    // litellm#9812. 3 × $3 + 12,304 × $3.75 + 550 × $15 a million.
    let claude = sheet(vec![always(&[
        (Meter::Input, "3"),
        (Meter::InputCacheWrite5m, "3.75"),
        (Meter::InputCacheRead, "0.30"),
        (Meter::Output, "15"),
    ])]);
    let mut used = plain(12_307, 550);
    used.input.cache_write_5m = Some(12_304);
    used.input.cache_read = Some(0);
    let cost = cost(&used, Some(&claude), MONDAY);
    assert_eq!(cost.total, dollars("0.054399"));
    assert_eq!(cost.basis, Basis::Computed);
    let meters: Vec<_> = cost.lines.iter().map(|l| (l.meter, l.units)).collect();
    let expected = [(Meter::Input, 3), (Meter::InputCacheWrite5m, 12_304), (Meter::Output, 550)];
    assert_eq!(meters, expected);
}

#[test]
fn c2_cache_reads_are_not_also_plain_prompt_tokens() {
    // litellm#6215. 86 × $2.50 + 1,920 × $1.25 + 300 × $10 a million.
    let gpt =
        sheet(vec![always(&[(Meter::Input, "2.5"), (Meter::InputCacheRead, "1.25"), (Meter::Output, "10")])]);
    assert_eq!(total(&cached(2_006, 1_920, 300), &gpt), dollars("0.005615"));
}

fn gemini() -> PriceSheet {
    let long = When { prompt_tokens_gt: Some(200_000), ..When::default() };
    sheet(vec![
        always(&[(Meter::Input, "1.25"), (Meter::InputCacheRead, "0.3125"), (Meter::Output, "10")]),
        only(long, &[(Meter::Input, "2.5"), (Meter::InputCacheRead, "0.625"), (Meter::Output, "15")]),
    ])
}

#[test]
fn c3_the_sheet_decides_which_tier_a_prompt_is_in() {
    // litellm#14849: 5,005 fresh, 257,955 cached, 1,744 completion tokens.
    let used = cached(262_960, 257_955, 1_744);
    assert_eq!(total(&used, &gemini()), dollars("0.199894375"));
    let flat = sheet(vec![gemini().rules.remove(0)]);
    assert_eq!(total(&used, &flat), dollars("0.1043071875"));
}

#[test]
fn c4_reasoning_is_inside_the_completion_and_billed_once() {
    // any-llm#1290: 198 visible and 405 reasoning; openinference#3177: 3,362 in all.
    let flash = sheet(vec![always(&[(Meter::Input, "0.30"), (Meter::Output, "2.50")])]);
    let mut outside = plain(20, 603);
    outside.output.reasoning = Some(405);
    assert_eq!(total(&outside, &flash), dollars("0.0015135"));
    let mut inside = plain(341, 3_362);
    inside.output.reasoning = Some(2_900);
    let inside = cost(&inside, Some(&flash), MONDAY);
    assert_eq!(inside.total, dollars("0.0085073"));
    assert_eq!((units(&inside, Meter::Output), units(&inside, Meter::OutputReasoning)), (462, 2_900));
    // A price of its own for reasoning applies to those tokens alone: 198 × 2.50 + 405 × 3.50.
    let dear = sheet(vec![always(&[
        (Meter::Input, "0.30"),
        (Meter::Output, "2.50"),
        (Meter::OutputReasoning, "3.50"),
    ])]);
    assert_eq!(total(&outside, &dear), dollars("0.0019185"));
}

fn tiered() -> PriceSheet {
    let flex = When { service_tier: Some("flex".to_owned()), ..When::default() };
    let priority = When { service_tier: Some("priority".to_owned()), ..When::default() };
    sheet(vec![
        always(&[(Meter::Input, "0.25"), (Meter::InputCacheRead, "0.025"), (Meter::Output, "2")]),
        only(flex, &[(Meter::Input, "0.125"), (Meter::InputCacheRead, "0.0125"), (Meter::Output, "1")]),
        only(priority, &[(Meter::Input, "0.45"), (Meter::InputCacheRead, "0.045"), (Meter::Output, "3.6")]),
    ])
}

#[test]
fn c5_c6_the_tier_that_served_sets_the_price() {
    let at =
        |tier: Option<&str>| Usage { service_tier: tier.map(str::to_owned), ..cached(2_000, 1_000, 500) };
    let price = |tier| total(&at(tier), &tiered()).unwrap();
    assert_eq!(Some(price(Some("flex"))), dollars("0.0006375"));
    assert_eq!(Some(price(Some("default"))), dollars("0.001275"));
    assert_eq!(Some(price(None)), dollars("0.001275"));
    assert_eq!(Some(price(Some("priority"))), dollars("0.002295"));
    assert_eq!(price(Some("flex")).checked_add(price(Some("default"))), dollars("0.0019125"));
}

#[test]
fn c7_a_tier_begins_above_its_threshold_and_counts_cached_tokens() {
    for (prompt, long) in [(199_999, false), (200_000, false), (200_001, true)] {
        for cache_read in [0, prompt - 1] {
            let lines = cost(&cached(prompt, cache_read, 1), Some(&gemini()), MONDAY).lines;
            let output = lines.iter().find(|l| l.meter == Meter::Output).unwrap();
            let expected = if long { "15" } else { "10" };
            assert_eq!(output.rate, PicoUsd::per_million(expected).unwrap(), "{prompt} {cache_read}");
        }
    }
    // Tokens written to the cache count towards it too.
    let mut written = plain(200_001, 0);
    written.input.cache_write_5m = Some(200_001);
    assert_eq!(total(&written, &gemini()), dollars("0.5000025"));
}

#[test]
fn c8_a_cached_picture_is_billed_once() {
    // litellm#37407: 2,461 prompt tokens, of which 1,142 are a picture and 2,432 were cached; 303
    // completion tokens. The provider itself charged 30,920,000 ticks of 10⁻¹⁰ dollars.
    let grok =
        sheet(vec![always(&[(Meter::Input, "2"), (Meter::InputCacheRead, "0.50"), (Meter::Output, "6")])]);
    let mut used = cached(2_461, 2_432, 303);
    used.input.image = Some(1_142);
    assert_eq!(total(&used, &grok), dollars("0.003092"));
    // Pictures at a price of their own cannot be told from cached tokens here: unknown, not doubled.
    let apart = sheet(vec![always(&[
        (Meter::Input, "2"),
        (Meter::InputCacheRead, "0.50"),
        (Meter::InputImage, "4"),
        (Meter::Output, "6"),
    ])]);
    assert_eq!(cost(&used, Some(&apart), MONDAY), Cost::unknown());
    used.input.cache_read = Some(1_000);
    // 319 × 2 + 1,000 × 0.50 + 1,142 × 4 + 303 × 6.
    assert_eq!(total(&used, &apart), dollars("0.007524"));
}

#[test]
fn c12_the_time_of_the_request_sets_the_price() {
    let intro = When { until: Some("2026-09-01".to_owned()), ..When::default() };
    let night = When { utc: Some((16 * 60 + 30, 30)), ..When::default() };
    let weekend = When { weekdays: Some(vec![6, 7]), ..When::default() };
    let dated = sheet(vec![
        always(&[(Meter::Input, "4"), (Meter::Output, "0")]),
        only(night, &[(Meter::Input, "3")]),
        only(weekend, &[(Meter::Input, "2")]),
        only(intro, &[(Meter::Input, "1")]),
    ]);
    let input = |at: i64| cost(&plain(1_000_000, 0), Some(&dated), Timestamp(at)).total;
    assert_eq!(input(MONDAY.0), dollars("3"));
    assert_eq!(input(MONDAY.0 + HOUR / 2), dollars("4"));
    assert_eq!(input(MONDAY.0 + 16 * HOUR + HOUR / 2), dollars("3"));
    assert_eq!(input(MONDAY.0 - 1), dollars("2"), "Sunday");
    // 2026-09-01 00:00 UTC, a Tuesday.
    let september = MONDAY.0 - 34 * 24 * HOUR;
    assert_eq!(input(september - 1), dollars("1"));
    assert_eq!(input(september), dollars("3"));
}

#[test]
fn c13_what_is_missing_is_unknown_and_never_zero() {
    let full = sheet(vec![always(&[(Meter::Input, "1"), (Meter::Output, "2")])]);
    assert_eq!(cost(&plain(10, 10), None, MONDAY), Cost::unknown());
    assert_eq!(cost(&Usage::default(), Some(&full), MONDAY), Cost::unknown());
    let no_output = sheet(vec![always(&[(Meter::Input, "1")])]);
    assert_eq!(cost(&plain(10, 10), Some(&no_output), MONDAY), Cost::unknown());
    // A rate that is not needed is not missed.
    assert_eq!(total(&plain(10, 0), &no_output), dollars("0.00001"));
    let mut searched = plain(10, 10);
    searched.web_searches = Some(1);
    assert_eq!(cost(&searched, Some(&full), MONDAY), Cost::unknown());
    let mut half = plain(10, 10);
    half.output.total = None;
    assert_eq!(cost(&half, Some(&full), MONDAY), Cost::unknown());
    assert_eq!(cost(&plain(10, 10), Some(&sheet(vec![])), MONDAY), Cost::unknown());
}

#[test]
fn c14_nonsense_is_unknown_and_nothing_panics() {
    let full = sheet(vec![always(&[(Meter::Input, "1"), (Meter::Output, "2")])]);
    assert_eq!(cost(&plain(u64::MAX, u64::MAX), Some(&full), MONDAY), Cost::unknown());
    assert_eq!(cost(&cached(10, 11, 1), Some(&full), MONDAY), Cost::unknown());
    let mut overflow = cached(u64::MAX, u64::MAX, 0);
    overflow.input.cache_write_1h = Some(u64::MAX);
    assert_eq!(cost(&overflow, Some(&full), MONDAY), Cost::unknown());
    let mut reasoning = plain(1, 1);
    reasoning.output.reasoning = Some(2);
    assert_eq!(cost(&reasoning, Some(&full), MONDAY), Cost::unknown());
    let negative = PriceRule {
        when: When::default(),
        rates: BTreeMap::from([(Meter::Input, PicoUsd::new(-1)), (Meter::Output, PicoUsd::ZERO)]),
    };
    assert_eq!(cost(&plain(1, 1), Some(&sheet(vec![negative])), MONDAY), Cost::unknown());
    for when in [
        When { from: Some("soon".to_owned()), ..When::default() },
        When { until: Some("2026-02-30".to_owned()), ..When::default() },
        When { utc: Some((1_500, 10)), ..When::default() },
        When { weekdays: Some(vec![0]), ..When::default() },
    ] {
        let unreadable = sheet(vec![full.rules[0].clone(), only(when, &[(Meter::Input, "9")])]);
        assert_eq!(cost(&plain(1, 1), Some(&unreadable), MONDAY), Cost::unknown());
        assert!(rates(&unreadable, 1, None, MONDAY).is_empty());
    }
}

#[test]
fn c17_surcharges_are_lines_of_their_own() {
    let mut rule = always(&[
        (Meter::Input, "1"),
        (Meter::Output, "2"),
        (Meter::InputImage, "3"),
        (Meter::InputAudio, "10"),
        (Meter::OutputAudio, "20"),
    ]);
    rule.rates.insert(Meter::WebSearch, PicoUsd::from_dollars("0.01").unwrap());
    rule.rates.insert(Meter::Request, PicoUsd::from_dollars("0.005").unwrap());
    let mut used = plain(100, 50);
    used.input.image = Some(30);
    used.input.audio = Some(20);
    used.output.audio = Some(10);
    used.web_searches = Some(3);
    let bill = cost(&used, Some(&sheet(vec![rule])), MONDAY);
    // (50 × 1 + 30 × 3 + 20 × 10 + 40 × 2 + 10 × 20) a million + 3 × 0.01 + 0.005.
    assert_eq!(bill.total, dollars("0.03562"));
    assert_eq!((units(&bill, Meter::WebSearch), units(&bill, Meter::Request)), (3, 1));
}

#[test]
fn c21_a_local_model_costs_nothing_which_is_known() {
    let local = from(PriceOrigin::Local, vec![always(&[(Meter::Input, "0"), (Meter::Output, "0")])]);
    let bill = cost(&plain(1_000, 1_000), Some(&local), MONDAY);
    assert_eq!((bill.total, bill.basis), (Some(PicoUsd::ZERO), Basis::Computed));
    assert_ne!(bill, Cost::unknown());
    // Not even a count is needed, nor a rate: the origin says it.
    let bare = from(PriceOrigin::Demo, vec![]);
    assert_eq!(total(&Usage::default(), &bare), Some(PicoUsd::ZERO));
    assert_eq!(hold(1_000_000, 1_000_000, Some(&bare), MONDAY), Some(PicoUsd::ZERO));
    // A hosted model with a gap in its sheet is not free.
    let gap = sheet(vec![always(&[(Meter::Input, "0")])]);
    assert_eq!(total(&Usage::default(), &gap), None);
}

#[test]
fn the_providers_own_figure_wins_and_ours_is_kept_beside_it() {
    let full = sheet(vec![always(&[(Meter::Input, "1"), (Meter::Output, "2")])]);
    let said = |amount: i64| Usage { reported_cost: Some(PicoUsd::new(amount)), ..plain(10, 10) };
    let reported = cost(&said(77), Some(&full), MONDAY);
    assert_eq!((reported.total, reported.basis), (Some(PicoUsd::new(77)), Basis::Reported));
    assert_eq!(reported.lines.len(), 2, "our own computation");
    let alone = cost(&said(77), None, MONDAY);
    assert_eq!((alone.total, alone.lines.len(), alone.basis), (Some(PicoUsd::new(77)), 0, Basis::Reported));
    // A zero on a model that has a price, or that nobody declares free, is not believed (OpenClaw#97047).
    let zero = cost(&said(0), Some(&full), MONDAY);
    assert_eq!((zero.total, zero.basis), (dollars("0.00003"), Basis::Computed));
    assert_eq!(cost(&said(0), None, MONDAY), Cost::unknown());
    assert_eq!(cost(&said(-5), None, MONDAY), Cost::unknown());
    let free = sheet(vec![always(&[(Meter::Input, "0"), (Meter::Output, "0")])]);
    let zero = cost(&said(0), Some(&free), MONDAY);
    assert_eq!((zero.total, zero.basis), (Some(PicoUsd::ZERO), Basis::Reported));
}

#[test]
fn an_estimated_count_gives_an_estimated_cost() {
    let full = sheet(vec![always(&[(Meter::Input, "1"), (Meter::Output, "2")])]);
    let guessed = Usage { source: UsageSource::Estimated, ..plain(10, 10) };
    assert_eq!(cost(&guessed, Some(&full), MONDAY).basis, Basis::Estimated);
}

#[test]
fn meters_fall_back_as_documented() {
    let some = per_million(&[(Meter::Input, "1"), (Meter::InputCacheWrite5m, "2"), (Meter::Output, "3")]);
    let of = |meter| rate(&some, meter).map(PicoUsd::get);
    assert_eq!(of(Meter::InputCacheRead), Some(1_000_000));
    assert_eq!(of(Meter::InputCacheWrite1h), Some(2_000_000));
    assert_eq!(of(Meter::InputImage), Some(1_000_000));
    assert_eq!(of(Meter::OutputReasoning), Some(3_000_000));
    assert_eq!(of(Meter::WebSearch), None);
    assert_eq!(of(Meter::Request), None);
}

#[test]
fn a_hold_takes_the_dearest_rate_that_may_apply() {
    // Cache writes at 3.75 are dearer than the prompt; the hour and the tier cannot be known before.
    let night = When { utc: Some((0, 60)), ..When::default() };
    let priority = When { service_tier: Some("priority".to_owned()), ..When::default() };
    let long = When { prompt_tokens_gt: Some(1_000), ..When::default() };
    let dear = sheet(vec![
        always(&[(Meter::Input, "3"), (Meter::InputCacheWrite5m, "3.75"), (Meter::Output, "15")]),
        only(night, &[(Meter::Output, "10")]),
        only(priority, &[(Meter::Output, "20")]),
        only(long, &[(Meter::Input, "6")]),
    ]);
    assert_eq!(hold(1_000, 100, Some(&dear), MONDAY), dollars("0.00575"));
    assert_eq!(hold(1_001, 100, Some(&dear), MONDAY), dollars("0.008006"));
    // A new price that is certain takes the old one's place.
    let today = When { from: Some("2026-10-05".to_owned()), ..When::default() };
    let cut = sheet(vec![
        always(&[(Meter::Input, "8"), (Meter::Output, "8")]),
        only(today, &[(Meter::Input, "1"), (Meter::Output, "1")]),
    ]);
    assert_eq!(hold(1_000, 1_000, Some(&cut), MONDAY), dollars("0.002"));
    assert_eq!(hold(1_000, 1_000, Some(&cut), Timestamp(MONDAY.0 - 1)), dollars("0.016"));
    assert_eq!(hold(1, 1, None, MONDAY), None);
    assert_eq!(hold(1, 1, Some(&sheet(vec![always(&[(Meter::Input, "1")])])), MONDAY), None);
    assert_eq!(hold(u64::MAX, 1, Some(&dear), MONDAY), None);
}

fn prompt(text: &str) -> Request {
    let parts = vec![Part::Text { text: text.to_owned() }];
    Request { messages: vec![Message { role: Role::User, parts }], ..Request::default() }
}

#[test]
fn the_upper_bound_covers_every_byte_and_every_picture() {
    let text = "ä".repeat(1_000);
    assert!(prompt_upper_bound(&prompt(&text)) >= 2_000);
    let mut with_picture = prompt(&text);
    let bound = prompt_upper_bound(&with_picture);
    with_picture.messages[0]
        .parts
        .push(Part::Image { media_type: "image/png".to_owned(), data: vec![0_u8; 10].into() });
    assert_eq!(prompt_upper_bound(&with_picture), bound + ledger::IMAGE_TOKENS_AT_MOST);
}

#[test]
fn a_long_run_of_one_letter_takes_linear_time() {
    // Tokenizers are known to take quadratic time here; 32 MB would take hours.
    let long = "a".repeat(32 << 20);
    assert!(tokens_of(&long) > 1 << 20);
    assert!(prompt_estimate(&prompt(&long)) > 1 << 20);
}

#[test]
fn an_estimate_of_plain_english_is_near_a_token_a_word() {
    // 44 characters, 9 words and a point: 10 tokens in the vocabularies of GPT-2 and GPT-4.
    assert_eq!(tokens_of("The quick brown fox jumps over the lazy dog."), 10);
    assert_eq!(tokens_of(""), 0);
}

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
