//! Hand-checked invoices, and what must hold for any. Fixtures come from public reports of others'
//! billing mistakes; amounts were worked out by hand from usage and price, not taken from the reports.
//! Each names the report's number; `litellm#` is the tracker of BerriAI/litellm.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, in their helpers too, and tell what they skip"
)]

use domain::{
    Basis, BilledTokens, Cost, InputUsage, Message, Meter, OutputUsage, Part, PicoUsd, PriceOrigin,
    PriceRule, PriceSheet, PriceSource, Request, Role, Timestamp, Usage, UsageSource, When,
};
use ledger::{cost, hold, prompt_estimate, prompt_upper_bound, rate, rates, tokens_of};
use std::collections::BTreeMap;

#[path = "money/acceptance.rs"]
mod acceptance;
#[path = "money/bills.rs"]
mod bills;
#[path = "money/calculators.rs"]
mod calculators;
#[path = "money/estimates.rs"]
mod estimates;
#[path = "money/explained.rs"]
mod explained;
#[path = "money/gates.rs"]
mod gates;
#[path = "money/kept.rs"]
mod kept;
#[path = "money/priced.rs"]
mod priced;
#[path = "money/properties.rs"]
mod properties;
#[path = "money/recordings.rs"]
mod recordings;
#[path = "money/usages.rs"]
mod usages;

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
fn c01_cache_writes_are_not_also_plain_prompt_tokens() {
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
fn c02_cache_reads_are_not_also_plain_prompt_tokens() {
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
fn c03_the_sheet_decides_which_tier_a_prompt_is_in() {
    // litellm#14849: 5,005 fresh, 257,955 cached, 1,744 completion tokens.
    let used = cached(262_960, 257_955, 1_744);
    assert_eq!(total(&used, &gemini()), dollars("0.199894375"));
    let flat = sheet(vec![gemini().rules.remove(0)]);
    assert_eq!(total(&used, &flat), dollars("0.1043071875"));
}

#[test]
fn c04_reasoning_is_inside_the_completion_and_billed_once() {
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

fn at_tier(tier: Option<&str>) -> PicoUsd {
    let used = Usage { service_tier: tier.map(str::to_owned), ..cached(2_000, 1_000, 500) };
    total(&used, &tiered()).unwrap()
}

/// defog: 2,000 prompt tokens, 1,000 of them cached, 500 completion tokens on gpt-5-mini.
#[test]
fn c05_flex_costs_half_and_a_mixed_pair_is_the_sum() {
    // 1,000 × 0.125 + 1,000 × 0.0125 + 500 × 1 a million; twice that at the usual tier.
    assert_eq!(Some(at_tier(Some("flex"))), dollars("0.0006375"));
    assert_eq!(Some(at_tier(Some("default"))), dollars("0.001275"));
    assert_eq!(at_tier(Some("flex")).checked_add(at_tier(Some("default"))), dollars("0.0019125"));
}

/// What was asked for is not in a usage at all: only the tier that served has a say.
#[test]
fn c06_the_tier_that_served_sets_the_price() {
    assert_eq!(Some(at_tier(None)), dollars("0.001275"));
    assert_eq!(Some(at_tier(Some("default"))), dollars("0.001275"), "priority asked for, default served");
    assert_eq!(Some(at_tier(Some("priority"))), dollars("0.002295"));
}

/// The ordinary price is not that of a dearer tier, and a hold for who asks for one must not be reckoned by it.
#[test]
fn a_dearer_tier_without_a_price_is_of_unknown_price() {
    let plain = sheet(vec![always(&[(Meter::Input, "3"), (Meter::Output, "15")])]);
    let at = |tier: &str, sheet: &PriceSheet| {
        let used = Usage { service_tier: Some(tier.to_owned()), ..cached(2_000, 1_000, 500) };
        let besides = ledger::Besides { tier: Some(tier), ..ledger::Besides::default() };
        let held = ledger::Dearest::of_any([sheet], 2_000, MONDAY, besides);
        (cost(&used, Some(sheet), MONDAY).total.is_some(), held.is_some())
    };
    for dearer in ["priority", "fast", "us"] {
        assert_eq!(at(dearer, &plain), (false, false), "{dearer}");
    }
    for other in ["flex", "batch", "default", "standard", "auto", "on_demand"] {
        assert_eq!(at(other, &plain), (true, true), "{other}");
    }
    assert_eq!(at("priority", &tiered()), (true, true));
    let free = sheet(vec![always(&[(Meter::Input, "0"), (Meter::Output, "0")])]);
    assert_eq!(at("priority", &free), (true, true), "nothing times anything is nothing");
}

#[test]
fn c07_a_tier_begins_above_its_threshold_and_counts_cached_tokens() {
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
fn c08_a_cached_picture_is_billed_once() {
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
    let free = sheet(vec![always(&[(Meter::Input, "0"), (Meter::Output, "0")])]);
    assert_eq!(cost(&guessed, Some(&free), MONDAY).basis, Basis::Computed, "nothing, however many");
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

/// Cohere counts its own preamble and says beside it what it bills: 502 tokens counted, 7 billed.
#[test]
fn what_is_billed_counts_not_what_is_counted() {
    let sheet = sheet(vec![always(&[
        (Meter::Input, "2.5"),
        (Meter::InputCacheRead, "0.25"),
        (Meter::Output, "10"),
        (Meter::OutputReasoning, "10"),
    ])]);
    let mut counted = cached(502, 400, 11);
    counted.output.reasoning = Some(9);
    let billed = Usage { billed: Some(BilledTokens { input: 7, output: 2 }), ..counted.clone() };
    let cost_of = |usage: &Usage| cost(usage, Some(&sheet), MONDAY);
    assert_eq!(cost_of(&billed).total, dollars("0.0000375"));
    assert_eq!(cost_of(&billed).basis, Basis::Computed);
    let meters: Vec<(Meter, u64)> =
        cost_of(&billed).lines.iter().map(|line| (line.meter, line.units)).collect();
    assert_eq!(meters, [(Meter::Input, 7), (Meter::Output, 2)]);
    assert_ne!(cost_of(&counted).total, cost_of(&billed).total);
}
