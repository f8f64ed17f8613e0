//! Estimates against what providers counted in recorded answers.

use ledger::tokens_of;
use serde_json::Value;
use std::{fs, path::Path};

/// Answers of plain text with the provider's own count of their visible tokens.
fn answers(folder: &Path, found: &mut Vec<(String, u64)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            answers(&path, found);
        } else if path.extension().is_some_and(|e| e == "json") {
            let recording: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            found.extend(answer(&recording["expect"]));
        }
    }
}

fn answer(expect: &Value) -> Option<(String, u64)> {
    // What else was generated is in the count but not in the text.
    let more = ["tool_calls", "builtin_tools", "reasoning", "redacted_thinking_blocks"];
    let has_more = more.iter().any(|key| match &expect[*key] {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Number(n) => n.as_u64() != Some(0),
        Value::Bool(b) => *b,
        Value::Object(_) => true,
    });
    let text = expect["text"].as_str().filter(|t| t.len() >= 100 && !has_more)?;
    let reasoning = expect["usage"]["reasoning"].as_u64().unwrap_or(0);
    let visible = expect["usage"]["output"].as_u64()?.checked_sub(reasoning)?;
    Some((text.to_owned(), visible))
}

#[test]
fn the_schema_of_an_answer_is_part_of_the_prompt() {
    let schema = serde_json::json!({ "type": "object", "description": "word ".repeat(12_000) });
    let length = schema.to_string().len() as u64;
    let mut request = domain::Request::default();
    let (likely, most) = (ledger::prompt_estimate(&request), ledger::prompt_upper_bound(&request));
    request.params.response_format =
        Some(domain::ResponseFormat::JsonSchema { name: "list".to_owned(), schema });
    assert!(ledger::prompt_upper_bound(&request) >= most + length, "no tokenizer gives more");
    let more = ledger::prompt_estimate(&request) - likely;
    assert!((10_000..20_000).contains(&more), "{more} tokens for 12,000 words");
}

#[test]
fn estimates_are_near_what_providers_counted() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    answers(&tests.join("recordings"), &mut found);
    let more = tests.join("../../shared/recordings/open");
    if more.is_dir() {
        answers(&more, &mut found);
    } else {
        println!("skipped: {} is absent; the project's own recordings are used alone", more.display());
    }
    assert!(found.len() >= 20, "only {} answers", found.len());
    let mut percent: Vec<u64> =
        found.iter().map(|(text, counted)| tokens_of(text) * 100 / (*counted).max(1)).collect();
    percent.sort_unstable();
    let median = percent[percent.len() / 2];
    assert!((94..=106).contains(&median), "median {median} % of {percent:?}");
    let near = percent.iter().filter(|p| (75..=125).contains(*p)).count();
    assert!(near * 10 >= percent.len() * 9, "{near} of {} within a quarter: {percent:?}", percent.len());
}
