//! The acceptance cases of cost accuracy that need more than a usage and a sheet: streams cut off, usage
//! said in odd ways, long sums.

use super::priced::{catalog, usage_of};
use super::{HOUR, MONDAY, always, dollars, plain, sheet, total};
use domain::{
    Basis, Cost, FinishReason, Headers, InputUsage, Message, Meter, OutputUsage, Part, PicoUsd, Quirks,
    Request, Role, StreamEvent, Timestamp, Usage, UsageSource,
};
use engine::{Draft, Unseen};
use ledger::{cost, hold, prompt_upper_bound};
use parallax_suite::support::recording::{Recording, repository};
use serde_json::json;

pub(crate) fn claude() -> domain::PriceSheet {
    sheet(vec![always(&[
        (Meter::Input, "3"),
        (Meter::InputCacheRead, "0.30"),
        (Meter::InputCacheWrite5m, "3.75"),
        (Meter::InputCacheWrite1h, "6"),
        (Meter::Output, "15"),
    ])])
}

/// Fifty recorded streams with usage, of every dialect that has some.
fn streams() -> Vec<(Recording, String)> {
    let tests = repository().join("tests/recordings/registry");
    let mut all = Recording::folder(&tests);
    all.extend(Recording::beside_the_repository().unwrap_or_default());
    let wire = |recording: &Recording| match recording.text("/wire") {
        "google-generate" => "gemini".to_owned(),
        "cohere-v2" => "cohere".to_owned(),
        "ollama-chat" => "ollama".to_owned(),
        other => other.to_owned(),
    };
    let fits = |recording: &Recording| {
        let usage = &recording.value["expect"]["usage"];
        let sure = recording.value["expect"]["unsure"].as_array().is_some_and(Vec::is_empty);
        recording.text("/mode") == "stream"
            && recording.text("/expect/outcome") == "ok"
            && sure
            && !recording.text("/expect/text").is_empty()
            && usage["input"].as_u64().is_some()
            && usage["output"].as_u64().is_some_and(|n| n > 0)
    };
    let mut found: Vec<(Recording, String)> = all
        .into_iter()
        .filter(fits)
        .map(|recording| {
            let wire = wire(&recording);
            (recording, wire)
        })
        .collect();
    found.sort_by_key(|(recording, _)| recording.body().len());
    found.truncate(50);
    found
}

fn drafted(recording: &Recording, wire: &str, bytes: &[u8]) -> (Draft, bool) {
    let dialect = wire::dialect(wire).unwrap();
    let headers = Headers(recording.headers());
    let mut decoder = wire::decoder_for(dialect, headers.get("content-type"), &Quirks::default());
    let mut events = Vec::new();
    decoder.push(bytes, &mut events);
    let whole = decoder.finish(&mut events) == wire::Ending::Complete;
    let mut draft = Draft::default();
    events.iter().for_each(|event| draft.apply(event));
    (draft, whole)
}

/// A request whose prompt is as long as the provider counted: what was really asked is not in every
/// recording.
fn asked(tokens: u64) -> Request {
    let text = "word ".repeat(usize::try_from(tokens).unwrap());
    let parts = vec![Part::Text { text }];
    Request { messages: vec![Message { role: Role::User, parts }], ..Request::default() }
}

/// Wherever a stream is cut, what is booked is known, above nothing, says that it is estimated, does not
/// shrink as more arrives, and stays within what was held. The provider's own bill stays within it too.
#[test]
fn c09_a_stream_cut_at_any_byte_costs_between_what_was_seen_and_what_was_held() {
    let streams = streams();
    assert!(streams.len() >= 20, "only {} streams", streams.len());
    let price = claude();
    let mut cuts = 0;
    for (recording, wire) in &streams {
        let (body, name) = (recording.body(), recording.id());
        let (draft, whole) = drafted(recording, wire, &body);
        assert!(whole, "{name}");
        let final_usage = draft.usage.clone().unwrap();
        let request = asked(final_usage.input.total.unwrap());
        let reported = |draft: &Draft, whole| {
            let usage = engine::billed_usage(&request, draft, whole, None);
            cost(&Usage { reported_cost: None, ..usage }, Some(&price), MONDAY)
        };
        let bill = reported(&draft, true);
        let upper = prompt_upper_bound(&request);
        let held = hold(upper, final_usage.output.total.unwrap().max(4_096), Some(&price), MONDAY).unwrap();
        assert!(bill.total.unwrap() <= held, "{name}: the bill {bill:?} is above {held}");
        let mut before = PicoUsd::ZERO;
        // Every byte of short bodies, a few hundred places of long ones.
        let step = (body.len() / 300).max(1);
        for end in (1..body.len()).step_by(step) {
            cuts += 1;
            let (draft, whole) = drafted(recording, wire, &body[..end]);
            let booked = reported(&draft, whole);
            let total = booked.total.unwrap_or_else(|| panic!("{name} cut at {end}: unknown"));
            assert!(total > PicoUsd::ZERO && total <= held, "{name} cut at {end}: {total} of {held}");
            if !whole {
                assert_eq!(booked.basis, Basis::Estimated, "{name} cut at {end}");
            }
            let longest = final_usage.output.total.unwrap().max(4_096);
            let most = engine::billed_at_most(&draft, &price, MONDAY, upper, Unseen::UpTo(longest)).unwrap();
            assert!(bill.total.unwrap() <= most, "{name} cut at {end}: the bill is above {most}");
            assert!(total <= most, "{name} cut at {end}: {total} of {most}");
            // Who stops at once is sure to bill less than what its bytes could be.
            let stopped = engine::billed_at_most(&draft, &price, MONDAY, upper, Unseen::InFlight).unwrap();
            assert!(total <= stopped, "{name} cut at {end}: {total} of {stopped}");
            if draft.finish.is_none() {
                let usage = engine::billed_usage(&request, &draft, whole, None);
                assert_eq!(usage.reported_cost, None, "{name} cut at {end}: said on the way");
                let words = ledger::tokens_of(&draft.generated());
                assert!(usage.output.total.unwrap() >= words, "{name} cut at {end}: less than was seen");
            }
            // A later snapshot of the provider's may correct an estimate of ours downwards, not below
            // what it counted itself.
            let seen = draft.usage.as_ref().and_then(|usage| usage.output.total).unwrap_or(0);
            let lines = |cost: &Cost| {
                cost.lines.iter().filter(|l| l.meter == Meter::Output).map(|l| l.units).sum::<u64>()
            };
            // Cohere bills fewer tokens than it counts, and says so.
            let fewer = draft.usage.as_ref().is_some_and(|usage| usage.billed.is_some());
            assert!(fewer || lines(&booked) + reasoning(&booked) >= seen, "{name} cut at {end}");
            if draft.usage.is_none() {
                assert!(total >= before, "{name} cut at {end}: {total} after {before}");
                before = total;
            }
        }
    }
    assert!(cuts >= 2_000, "only {cuts} cuts");
    println!("{} streams cut at {cuts} places", streams.len());
}

/// A provider that tells no usage can bill no more for an answer that came whole than its bytes could be tokens, where
/// nothing was thought in silence.
#[test]
fn a_whole_answer_without_its_usage_costs_no_more_than_its_bytes() {
    let price = claude();
    let mut answers = 0;
    for (recording, wire) in &streams() {
        let name = recording.id();
        let (mut draft, whole) = drafted(recording, wire, &recording.body());
        let usage = draft.usage.take().unwrap();
        let (prompt, output) = (usage.input.total.unwrap(), usage.output.total.unwrap());
        if !whole || usage.output.reasoning.unwrap_or(0) > 0 || draft.unknown > 0 {
            continue;
        }
        answers += 1;
        let most = engine::billed_at_most(&draft, &price, MONDAY, prompt, Unseen::Nothing).unwrap();
        let bill = ledger::Dearest::of(&price, prompt, MONDAY).unwrap().worst(prompt, output).unwrap();
        assert!(bill <= most, "{name}: {output} tokens cost {bill}, and {most} was kept aside");
    }
    assert!(answers >= 10, "only {answers} answers");
}

fn reasoning(cost: &Cost) -> u64 {
    cost.lines.iter().filter(|line| line.meter == Meter::OutputReasoning).map(|line| line.units).sum()
}

/// Perplexity begins with a count of one token at no cost and goes on without one: the running figure of an
/// answer that broke off is not its bill. What it names with the end is.
#[test]
fn c09_what_is_counted_on_the_way_is_not_the_bill() {
    let first = |cost: &str| {
        format!(
            r#"data: {{"choices":[{{"index":0,"delta":{{"content":"word "}},"finish_reason":null}}],"usage":{{"prompt_tokens":12,"completion_tokens":1,"total_tokens":13,"cost":{{"total_cost":{cost}}}}}}}"#
        )
    };
    let word = r#"data: {"choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}"#;
    let end = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":500,"total_tokens":512,"cost":{"total_cost":0.025}}}"#;
    let headers = Headers(vec![("content-type".to_owned(), "text/event-stream".to_owned())]);
    let drafted = |lines: &[&str]| {
        let body: String = lines.iter().map(|line| format!("{line}\n\n")).collect();
        let dialect = wire::dialect("openai-chat").unwrap();
        let mut decoder = wire::decoder_for(dialect, headers.get("content-type"), &Quirks::default());
        let mut events = Vec::new();
        decoder.push(body.as_bytes(), &mut events);
        decoder.finish(&mut events);
        let mut draft = Draft::default();
        events.iter().for_each(|event| draft.apply(event));
        draft
    };
    for cost in ["0", "0.000001"] {
        let first = first(cost);
        let mut lines = vec![first.as_str()];
        lines.extend([word; 500]);
        let cut = drafted(&lines);
        assert!(cut.usage.as_ref().unwrap().reported_cost.is_some(), "it was said");
        let usage = engine::billed_usage(&asked(12), &cut, false, None);
        let booked = cost_of(&usage);
        assert_eq!((usage.source, booked.basis), (UsageSource::Estimated, Basis::Estimated), "{cost}");
        assert!(usage.output.total.unwrap() >= 500, "{cost}: {:?}", usage.output);
        // 12 × 3 and 500 × 15 a million.
        assert!(booked.total.unwrap() >= dollars("0.007536").unwrap(), "{cost}: {booked:?}");
        // It was stopped by us before its end: still not the bill.
        let mut stopped = cut.clone();
        stopped.finish = Some((FinishReason::Budget, None));
        assert_eq!(engine::billed_usage(&asked(12), &stopped, false, None), usage);
        lines.push(end);
        let booked = cost_of(&engine::billed_usage(&asked(12), &drafted(&lines), false, None));
        assert_eq!((booked.total, booked.basis), (dollars("0.025"), Basis::Reported));
    }
}

fn cost_of(usage: &Usage) -> Cost {
    cost(usage, Some(&claude()), MONDAY)
}

/// A count of zero that the provider states is not taken for silence.
#[test]
fn c09_a_stated_zero_stays_zero() {
    let mut draft = Draft::default();
    draft.apply(&StreamEvent::Usage(plain(12, 0)));
    draft.apply(&StreamEvent::Finish { reason: FinishReason::Stop, raw: None });
    let billed = engine::billed_usage(&asked(12), &draft, true, None);
    assert_eq!((billed.output.total, billed.source), (Some(0), UsageSource::Reported));
    // 12 × 3 a million and nothing else.
    assert_eq!(total(&billed, &claude()), dollars("0.000036"));
}

fn streamed(dialect: &str, body: &str) -> Usage {
    let headers = Headers(vec![("content-type".to_owned(), "text/event-stream".to_owned())]);
    super::priced::decode(dialect, &headers, body.as_bytes())
}

#[test]
fn c10_usage_counts_once_wherever_and_however_often_it_is_said() {
    const TEXT: &str = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    const STOP: &str = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    const USED: &str = r#"data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":400}}}"#;
    const GROWING: &str = r#"data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":40,"total_tokens":1040,"prompt_tokens_details":{"cached_tokens":400}}}"#;
    const DONE: &str = "data: [DONE]";
    // 600 × 3 + 400 × 0.30 + 100 × 15 a million.
    let expected = dollars("0.00342");
    for order in [
        vec![TEXT, STOP, USED, DONE],
        vec![TEXT, USED, STOP, DONE],
        vec![USED, TEXT, STOP, DONE],
        vec![TEXT, STOP, USED, USED, DONE],
        vec![TEXT, STOP, USED],
        vec![TEXT, STOP, DONE, USED],
        vec![GROWING, TEXT, GROWING, STOP, USED, DONE],
    ] {
        let body: String = order.iter().map(|line| format!("{line}\n\n")).collect();
        assert_eq!(total(&streamed("openai-chat", &body), &claude()), expected, "{order:?}");
    }
    // Anthropic says the prompt at the start, and the completion as a running total at the end.
    let messages = |deltas: &[u64]| {
        let mut body = String::from(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"role\":\"assistant\",\
             \"content\":[],\"model\":\"x\",\"usage\":{\"input_tokens\":600,\"cache_read_input_tokens\":400,\
             \"cache_creation_input_tokens\":0,\"output_tokens\":1}}}\n\n",
        );
        for output in deltas {
            body.push_str(&format!(
                "event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\
                 \"usage\":{{\"output_tokens\":{output}}}}}\n\n"
            ));
        }
        body + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    };
    for deltas in [&[100][..], &[40, 100], &[1, 40, 80, 100, 100]] {
        assert_eq!(
            total(&streamed("anthropic-messages", &messages(deltas)), &claude()),
            expected,
            "{deltas:?}"
        );
    }
}

/// What a provider says of tokens is text from outside: whatever it is, the cost is unknown or right.
#[test]
fn c14_counts_that_are_no_counts_are_not_priced() {
    for bad in ["-5", "1e30", "2.5", "\"12\"", "true", "[]", "{}", "1000000000001", "NaN"] {
        let body = format!(
            r#"{{"id":"1","object":"chat.completion","choices":[{{"index":0,"finish_reason":"stop",
               "message":{{"role":"assistant","content":"x"}}}}],"usage":{{"prompt_tokens":{bad},"completion_tokens":7}}}}"#
        );
        let headers = Headers(vec![("content-type".to_owned(), "application/json".to_owned())]);
        let used = super::priced::decode("openai-chat", &headers, body.as_bytes());
        assert_eq!(used.input.total, None, "{bad}");
        assert_eq!(cost(&used, Some(&claude()), MONDAY), Cost::unknown(), "{bad}");
    }
    // What it says it charged is believed only as an amount above nothing.
    for bad in [json!(-0.5), json!("free"), json!(1e30), json!(null), json!([])] {
        let used =
            usage_of("openai-chat", &json!({ "prompt_tokens": 10, "completion_tokens": 0, "cost": bad }));
        assert_eq!(cost(&used, Some(&claude()), MONDAY).basis, Basis::Computed, "{bad}");
        assert_eq!(total(&used, &claude()), dollars("0.00003"), "{bad}");
    }
}

/// Random calls over years: the ledger's sum is the exact one, and months add up to the whole as they
/// are shown. `prove_prices` does it with ten million.
#[test]
fn c15_random_calls_add_up_exactly_by_call_and_by_month() {
    random_calls(30_000);
}

pub(crate) fn random_calls(calls: u64) {
    let sheets: Vec<_> = catalog().all_endpoints().filter_map(|e| e.prices.as_ref()).collect();
    let mut seed = 0x5EED_u64;
    let mut below = |end: u64| {
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        (seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    };
    let mut months = vec![0_i128; 24];
    let (mut ours, mut oracle) = (0_i128, 0_i128);
    for _ in 0..calls {
        let sheet = sheets[usize::try_from(below(sheets.len() as u64)).unwrap()];
        let parts = [below(50_000), below(20_000), below(5_000), below(8_000), below(4_000)];
        let used = Usage {
            input: InputUsage {
                total: Some(parts[0] + parts[1] + parts[2]),
                cache_read: Some(parts[1]),
                cache_write_5m: Some(parts[2]),
                ..InputUsage::default()
            },
            output: OutputUsage {
                total: Some(parts[3] + parts[4]),
                reasoning: Some(parts[4]),
                ..OutputUsage::default()
            },
            ..Usage::default()
        };
        let month = below(24);
        let at = Timestamp(MONDAY.0 + i64::try_from(month * 30 * 24 + below(720)).unwrap() * HOUR);
        let bill = cost(&used, Some(sheet), at);
        let amount = i128::from(bill.total.unwrap().get());
        // The oracle multiplies the rates by itself, in whole numbers of any size.
        let prompt = used.input.total.unwrap();
        let rates = ledger::rates(sheet, prompt, None, at);
        let of = |meter, units: u64| {
            let rate = ledger::rate(&rates, meter).unwrap();
            i128::from(rate.get()) * i128::from(units)
        };
        oracle += of(Meter::Input, parts[0])
            + of(Meter::InputCacheRead, parts[1])
            + of(Meter::InputCacheWrite5m, parts[2])
            + of(Meter::Output, parts[3])
            + of(Meter::OutputReasoning, parts[4])
            + rates.get(&Meter::Request).map_or(0, |rate| i128::from(rate.get()));
        ours += amount;
        months[usize::try_from(month).unwrap()] += amount;
    }
    assert_eq!(ours, oracle);
    // Amounts are shown with every decimal they have, so that what is shown adds up.
    let shown: i128 = months
        .iter()
        .map(|month| PicoUsd::new(i64::try_from(*month).unwrap()).to_string())
        .map(|text| i128::from(PicoUsd::from_dollars(&text).unwrap().get()))
        .sum();
    assert_eq!(shown, ours);
}

/// Invoices worked out by hand from usage and today's catalogue, exact to the pico-dollar.
#[test]
fn hand_checked_invoices_of_the_catalogue_are_exact() {
    let price = |provider: &str, model: &str, dialect: &str, said: serde_json::Value| {
        let endpoint = catalog().endpoint(provider, model).unwrap_or_else(|| panic!("{provider} {model}"));
        super::priced::computed(&usage_of(dialect, &said), endpoint, super::priced::NOON).total
    };
    // claude-haiku-4-5 at 1 / 0.10 / 1.25 / 2 / 5 a million: 100 + 2,000 × 0.10 + 300 × 1.25 + 50 × 2 +
    // 40 × 5 = 100 + 200 + 375 + 100 + 200 = 975 millionths.
    let claude = json!({ "input_tokens": 100, "cache_read_input_tokens": 2000, "output_tokens": 40,
        "cache_creation_input_tokens": 350,
        "cache_creation": { "ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 50 } });
    assert_eq!(price("anthropic", "claude-haiku-4-5", "anthropic-messages", claude), dollars("0.000975"));
    // gpt-4o at 2.50 / 1.25 / 10: 936 × 2.5 + 1,024 × 1.25 + 87 × 10 = 2,340 + 1,280 + 870 millionths.
    let gpt = json!({ "prompt_tokens": 1960, "completion_tokens": 87, "total_tokens": 2047,
        "prompt_tokens_details": { "cached_tokens": 1024 } });
    assert_eq!(price("openai", "gpt-4o", "openai-chat", gpt), dollars("0.00449"));
    // gemini-2.5-flash at 0.30 / 0.03 / 2.50, thoughts beside the candidates: 76 × 0.3 + 1,000 × 0.03 +
    // (20 + 600) × 2.5 = 22.8 + 30 + 1,550 millionths.
    let gemini = json!({ "promptTokenCount": 1076, "cachedContentTokenCount": 1000,
        "candidatesTokenCount": 20, "thoughtsTokenCount": 600, "totalTokenCount": 1696 });
    assert_eq!(price("google", "gemini-2.5-flash", "gemini", gemini), dollars("0.0016028"));
    // gpt-5 at 1.25 / 0.125 / 10 with reasoning inside the completion: 4,000 × 1.25 + 700 × 10.
    let reasoning = json!({ "input_tokens": 4000, "output_tokens": 700, "total_tokens": 4700,
        "output_tokens_details": { "reasoning_tokens": 640 } });
    assert_eq!(price("openai", "gpt-5", "openai-responses", reasoning), dollars("0.012"));
    // llama-3.3-70b-versatile at Groq, 0.59 / 0.79: 711 × 0.59 + 179 × 0.79 = 419.49 + 141.41.
    let groq = json!({ "prompt_tokens": 711, "completion_tokens": 179, "total_tokens": 890 });
    assert_eq!(price("groq", "llama-3.3-70b-versatile", "openai-chat", groq), dollars("0.0005609"));
    // claude-sonnet-4-5 above 200,000 prompt tokens, 6 / 0.60 / 22.50 for the whole request: 1 × 6 +
    // 200,000 × 0.60 + 10 × 22.5 = 6 + 120,000 + 225 millionths.
    let long = json!({ "input_tokens": 1, "cache_read_input_tokens": 200000, "output_tokens": 10 });
    assert_eq!(price("anthropic", "claude-sonnet-4-5", "anthropic-messages", long), dollars("0.120231"));
    // sonar at 1 / 1 and 0.012 a request: 20 + 5 millionths + 0.012.
    let sonar = json!({ "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25 });
    assert_eq!(price("perplexity", "sonar", "openai-chat", sonar), dollars("0.012025"));
}
