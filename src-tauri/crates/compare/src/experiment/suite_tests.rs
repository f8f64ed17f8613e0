use super::super::{Cell, cells};
use super::*;

fn nothing(_: &str) -> Result<String, String> {
    Err("no such file".to_owned())
}

const SUITE: &str = "
description: Capitals
prompts:
  - 'What is the capital of {{country}}? One word.'
  - label: German
    raw: |-
      Hauptstadt von {{country}}?
providers:
  - openai:chat:gpt-5
  - id: anthropic:messages:claude-sonnet-4-5
    label: Sonnet
    config: { temperature: 0, max_tokens: 64 }
  - google/gemini-2.5-pro
defaultTest:
  assert:
    - type: word-count
      value: { max: 5 }
tests:
  - vars: { country: [France, Italy] }
  - description: far away
    vars: { country: Mongolia }
    assert:
      - type: icontains
        value: ulaan
      - type: not-contains
        value: '{{country}}'
  - file://more.csv
outputPath: out.html
";

fn load(name: &str) -> Result<String, String> {
    match name {
        "more.csv" => {
            Ok("country,__expected,__description\nPeru,contains: Lima,south\n\"A, B\",Lima,\n".to_owned())
        }
        _ => nothing(name),
    }
}

#[test]
fn a_promptfoo_file_is_read_and_what_is_not_used_is_named() {
    let suite = from_yaml(SUITE, &load).unwrap();
    assert_eq!(suite.title, "Capitals");
    assert_eq!(suite.unused, ["outputPath"]);
    assert_eq!(
        suite.prompts[1],
        Prompt { label: "German".into(), text: "Hauptstadt von {{country}}?".into() }
    );
    let models: Vec<(&str, &str)> =
        suite.subjects.iter().map(|s| (s.label.as_str(), s.model.as_str())).collect();
    assert_eq!(
        models,
        [
            ("gpt-5@openai", "gpt-5@openai"),
            ("Sonnet", "claude-sonnet-4-5@anthropic"),
            ("google/gemini-2.5-pro", "google/gemini-2.5-pro")
        ]
    );
    assert_eq!(suite.subjects[1].settings["max_tokens"], 64);
    assert_eq!(suite.cases.len(), 4);
    assert_eq!(suite.cases[3].vars["country"], ["A, B"]);
    assert_eq!(suite.cases[2].checks[1], serde_json::json!({"type": "contains", "value": "Lima"}));
    assert_eq!(suite.cases[3].checks[1], serde_json::json!({"type": "equals", "value": "Lima"}));
}

#[test]
fn cells_are_every_combination_with_ids_that_stay() {
    let mut suite = from_yaml(SUITE, &load).unwrap();
    suite.samples = 2;
    let made = cells(&suite).unwrap();
    // 2 prompts × (2 + 1 + 1 + 1 countries) × 2 samples × 3 models
    assert_eq!(made.len(), 60);
    let ids: BTreeSet<&str> = made.iter().map(|cell| cell.id.as_str()).collect();
    assert_eq!(ids.len(), 60);
    assert_eq!(made[0].text, "What is the capital of France? One word.");
    assert_eq!(
        cells(&suite).unwrap().iter().map(|c| &c.id).collect::<Vec<_>>(),
        made.iter().map(|c| &c.id).collect::<Vec<_>>()
    );
    let far = made.iter().find(|cell| cell.case == 1).unwrap();
    let found = far.checks[2].run(&super::super::Answer { text: "not in Mongolia", cost: None, took: None });
    assert!(found.passed == Some(false), "the variable stands in the check: {}", found.reason);
}

#[test]
fn equal_requests_have_equal_hashes_wherever_they_stand() {
    let suite = from_yaml("{prompts: [hi, hi], models: [a/b, a/c]}", &nothing).unwrap();
    let made = cells(&suite).unwrap();
    assert_eq!(made[0].request, made[2].request);
    assert_ne!(made[0].request, made[1].request);
    assert_ne!(made[0].id, made[2].id);
}

#[test]
fn what_cannot_be_read_says_where() {
    for (text, at) in [
        ("prompts: []", "prompts"),
        ("- a", "file"),
        ("prompts: [file://gone.txt]", "prompts[0]"),
        ("{prompts: [a], providers: ['python:x.py']}", "models[0]"),
        ("{prompts: [a], samples: 0}", "samples"),
        ("{prompts: [a], tests: [3]}", "tests[0]"),
    ] {
        assert_eq!(from_yaml(text, &nothing).unwrap_err().at, at, "{text}");
    }
    let missing = from_yaml("{prompts: ['{{x}}'], models: [m]}", &nothing).unwrap();
    assert!(cells(&missing).unwrap_err().contains("{{x}}"));
    let unknown = from_yaml(
        "{prompts: [a], models: [m], tests: [{assert: [{type: smells-good, value: nice}]}]}",
        &nothing,
    )
    .unwrap();
    assert!(cells(&unknown).unwrap_err().contains("smells-good"));
}

#[test]
fn a_prompt_file_may_hold_several() {
    let load = |_: &str| Ok("first {{a}}\n---\nsecond\n".to_owned());
    let suite = from_yaml("{prompts: file://p.txt, models: [m]}", &load).unwrap();
    assert_eq!(suite.prompts.len(), 2);
}

/// The parts that files found in public use beside prompts, models and plain checks.
const PUBLIC: &str = r##"
prompts:
  - label: short
    raw: '[{"role": "system", "content": "You are {{who}}."}, {"role": "user", "content": "Say {{word}}"}]'
  - |-
    - role: user
      content: Tell me {{word}}
providers:
  - id: openai:chat:gpt-5
    prompts: [short]
    delay: 500
  - openai:chat:gpt-5
assertionTemplates:
  loud: { type: icontains, value: hey }
defaultTest:
  options:
    provider: { text: { id: 'openai:chat:judge' } }
  assert:
    - { type: llm-rubric, value: is kind }
tests:
  - vars: { word: 'a "word"', who: Ann }
    assert:
      - $ref: '#/assertionTemplates/loud'
      - { type: contains-any, value: [a], transform: output.list }
      - { type: is-json, value: file://schema.json }
      - { type: python, value: 'file://check.py:grade' }
      - { type: contains, value: x, weight: 0 }
  - vars: { word: two, who: Bob }
    options: { transform: JSON.parse(output), prefix: 'Oh, ' }
    assert: [{ type: equals, value: two }]
evaluateOptions: { repeat: 2, maxConcurrency: 3 }
"##;

#[test]
fn what_public_files_use_is_taken_or_told() {
    let load = |name: &str| match name {
        "schema.json" => Ok("{\"type\": \"object\"}".to_owned()),
        _ => nothing(name),
    };
    let suite = from_yaml(PUBLIC, &load).unwrap();
    assert_eq!(suite.samples, 2);
    assert_eq!(suite.unused, ["models: delay", "evaluateOptions: maxConcurrency", "tests: options.prefix"]);
    let labels: Vec<&str> = suite.subjects.iter().map(|subject| subject.label.as_str()).collect();
    assert_eq!(labels, ["gpt-5@openai", "gpt-5@openai (2)"], "two of the same model are two");
    let made = cells(&suite).unwrap();
    // (1 prompt + 2 prompts) × 2 cases × 2 samples
    assert_eq!(made.len(), 12);
    assert_eq!(
        serde_json::from_str::<Value>(&made[0].text).unwrap(),
        serde_json::json!([{"role": "system", "content": "You are Ann."},
            {"role": "user", "content": "Say a \"word\""}])
    );
    let reasons = |cell: &Cell, text: &str| -> Vec<String> {
        let answer = super::super::Answer { text, cost: None, took: None };
        cell.checks.iter().map(|check| check.run(&answer)).map(|found| format!("{found:?}")).collect()
    };
    assert_eq!(made[0].checks[0].rubric(), Some(("is kind", "judge@openai")));
    let found = reasons(&made[0], "{\"a\": \"Hey\"}");
    assert!(found[1].contains("Some(true)") && found[3].contains("Some(true)"), "{found:?}");
    for (place, why) in [(2, "through code"), (4, "code from a file"), (5, "weight")] {
        assert!(found[place].contains("None") && found[place].contains(why), "{}", found[place]);
    }
    let other = made.iter().find(|cell| cell.case == 1).unwrap();
    assert!(reasons(other, "two").iter().all(|found| found.contains("through code")), "all of its checks");
}

#[test]
fn programs_are_refused_and_never_sent_as_text() {
    for (text, at) in [
        ("{prompts: ['file://make.py:prompt'], models: [m]}", "prompts[0]"),
        ("{prompts: [prompt.js], models: [m]}", "prompts[0]"),
        ("{prompts: [a], models: [m], tests: 'file://cases.py'}", "tests[0]"),
        ("{prompts: ['{{x}}'], models: [m], tests: [{vars: {x: 'file://load.ts'}}]}", "tests[0]"),
        ("{prompts: [a], models: [{id: m, prompts: [b]}]}", "models[0]"),
        ("{prompts: [a], models: [m], tests: [{assert: [{$ref: '#/none/here'}]}]}", "tests[0]"),
    ] {
        let load = |_: &str| Ok("import os".to_owned());
        assert_eq!(from_yaml(text, &load).unwrap_err().at, at, "{text}");
    }
    let tags = from_yaml("{prompts: ['{% if x %}a{% endif %}'], models: [m]}", &nothing).unwrap();
    assert!(cells(&tags).unwrap_err().contains("tags are not supported"));
}
