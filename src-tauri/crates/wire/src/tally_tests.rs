use super::*;
use proptest::prelude::*;

fn read(objects: &[&str]) -> (Usage, Vec<String>) {
    let mut tally = Tally::default();
    let mut out = Vec::new();
    for text in objects {
        tally.read(&Json::parse(text).unwrap());
        tally.snapshot(&mut out);
    }
    tally.finish(&mut out);
    let mut usage = Usage::default();
    let mut notes = Vec::new();
    for event in out {
        match event {
            StreamEvent::Usage(snapshot) => usage = snapshot,
            StreamEvent::Notice { kind: NoticeKind::UsageMismatch, detail } => notes.push(detail.into_text()),
            other => panic!("{other:?}"),
        }
    }
    (usage, notes)
}

#[test]
fn the_total_decides_what_the_counts_contain() {
    let inclusive = r#"{"prompt_tokens":20,"completion_tokens":12,"total_tokens":32,
        "prompt_tokens_details":{"cached_tokens":16},"completion_tokens_details":{"reasoning_tokens":7}}"#;
    let (usage, notes) = read(&[inclusive]);
    assert_eq!(
        (usage.input.total, usage.output.total, usage.output.reasoning),
        (Some(20), Some(12), Some(7))
    );
    assert!(notes.is_empty());
    // xAI's chat API counts reasoning beside the completion.
    let additive = r#"{"prompt_tokens":20,"completion_tokens":5,"total_tokens":32,
        "prompt_tokens_details":{"cached_tokens":16},"completion_tokens_details":{"reasoning_tokens":7}}"#;
    let (usage, notes) = read(&[additive]);
    assert_eq!(
        (usage.input.total, usage.output.total, usage.output.reasoning),
        (Some(20), Some(12), Some(7))
    );
    assert!(notes.is_empty());
    let beside = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"cache_read_input_tokens":90,
        "cache_creation_input_tokens":10}"#;
    let (usage, notes) = read(&[beside]);
    assert_eq!((usage.input.total, usage.input.cache_read), (Some(110), Some(90)));
    assert_eq!(usage.input.cache_write(), Some(10));
    assert!(notes.is_empty());
}

#[test]
fn an_unexplained_rest_is_marked_and_never_added() {
    let (usage, notes) = read(&[r#"{"prompt_tokens":8,"completion_tokens":10,"total_tokens":500}"#]);
    assert_eq!((usage.output.total, usage.unexplained), (Some(10), Some(482)));
    assert_eq!(notes.len(), 1);
    let (usage, notes) = read(&[r#"{"prompt_tokens":8,"completion_tokens":10,"total_tokens":17}"#]);
    assert_eq!((usage.output.total, usage.unexplained), (Some(10), None));
    assert_eq!(notes.len(), 1);
}

#[test]
fn usage_is_a_snapshot_per_key_not_a_sum() {
    let (usage, _) = read(&[
        r#"{"prompt_tokens":11,"completion_tokens":1,"total_tokens":12}"#,
        r#"{"prompt_tokens":null,"completion_tokens":434,"total_tokens":445}"#,
    ]);
    assert_eq!((usage.input.total, usage.output.total), (Some(11), Some(434)));
}

#[test]
fn zero_is_said_and_absence_is_not() {
    let (usage, _) = read(&[r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#]);
    assert_eq!((usage.input.total, usage.output.total), (Some(0), Some(0)));
    assert_eq!(usage.input.cache_read, None);
    let (usage, _) = read(&["{}"]);
    assert!(usage.is_silent());
}

#[test]
fn counts_that_are_no_counts_are_told_and_not_believed() {
    let (usage, notes) = read(&[r#"{"prompt_tokens":-5,"completion_tokens":1e30,"total_tokens":"12",
        "prompt_tokens_details":{"cached_tokens":1.5},"completion_tokens_details":[1],"cost":"NaN"}"#]);
    assert!(usage.is_silent());
    assert_eq!(usage.input.cache_read, None);
    assert_eq!(notes.len(), 4, "{notes:?}");
}

#[test]
fn a_part_larger_than_its_whole_is_passed_on_and_told() {
    let (usage, notes) = read(&[r#"{"prompt_tokens":347,"completion_tokens":18,"total_tokens":365,
        "prompt_tokens_details":{"cached_tokens":403},"completion_tokens_details":{"reasoning_tokens":95}}"#]);
    assert_eq!((usage.input.cache_read, usage.output.reasoning), (Some(403), Some(95)));
    assert_eq!(notes.len(), 2);
    // OpenRouter for a cache that Gemini filled by itself: the same tokens both read and written.
    let (usage, notes) = read(&[r#"{"prompt_tokens":2168,"completion_tokens":100,"total_tokens":2268,
        "prompt_tokens_details":{"cached_tokens":2161,"cache_write_tokens":2161}}"#]);
    assert_eq!((usage.input.cache_read, usage.input.cache_write()), (Some(2161), Some(2161)));
    assert_eq!(notes.len(), 1);
}

#[test]
fn reported_costs_are_exact() {
    let cost = |text: &str| read(&[text]).0.reported_cost.map(PicoUsd::get);
    assert_eq!(cost(r#"{"cost_in_usd_ticks":4389400}"#), Some(438_940_000));
    assert_eq!(
        cost(r#"{"cost":0.00256995,"is_byok":false,"cost_details":{"upstream_inference_cost":0.0025}}"#),
        Some(2_569_950_000)
    );
    assert_eq!(
        cost(r#"{"cost":0.0001,"is_byok":true,"cost_details":{"upstream_inference_cost":0.002}}"#),
        Some(2_100_000_000)
    );
    assert_eq!(
        cost(r#"{"cost":0,"is_byok":true}"#),
        None,
        "the provider behind it charged, and nobody said what"
    );
    assert_eq!(cost(r#"{"cost":{"total_cost":0.00609,"request_cost":0.006}}"#), Some(6_090_000_000));
    assert_eq!(cost(r#"{"cost":0}"#), Some(0));
    assert_eq!(cost(r#"{"cost":-1}"#), None);
    assert_eq!(cost(r#"{"cost_in_usd_ticks":99999999999999999999}"#), None);
}

proptest! {
    #[test]
    fn parts_exceed_their_whole_only_if_told(
        p in 0u64..100, c in 0u64..100, t in 0u64..400, cached in 0u64..120, written in 0u64..120,
        long in 0u64..120, r in 0u64..120,
    ) {
        let text = format!(
            r#"{{"prompt_tokens":{p},"completion_tokens":{c},"total_tokens":{t},"cached_tokens":{cached},
            "cache_creation_input_tokens":{written},"cache_creation":{{"ephemeral_1h_input_tokens":{long}}},
            "reasoning_tokens":{r}}}"#
        );
        let (usage, notes) = read(&[&text]);
        let cache = usage.input.cache_read.unwrap_or(0) + usage.input.cache_write().unwrap_or(0);
        prop_assert!(cache <= usage.input.total.unwrap() || !notes.is_empty());
        prop_assert!(usage.output.reasoning.unwrap_or(0) <= usage.output.total.unwrap() || !notes.is_empty());
        prop_assert!(usage.input.total.unwrap() + usage.output.total.unwrap() <= t.max(p + c));
    }
}
