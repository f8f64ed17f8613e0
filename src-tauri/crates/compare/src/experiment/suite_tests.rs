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
    let unused = [
        "models: delay",
        "tests: contains with weight 0, which decides nothing",
        "evaluateOptions: maxConcurrency",
    ];
    assert_eq!(suite.unused, unused);
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
    assert_eq!(found.len(), 5);
    for (place, why) in [(2, "through code"), (4, "code from a file")] {
        assert!(found[place].contains("None") && found[place].contains(why), "{}", found[place]);
    }
    let other = made.iter().find(|cell| cell.case == 1).unwrap();
    assert!(other.text.starts_with("Oh, "), "{}", other.text);
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

#[test]
fn a_threshold_makes_one_set_of_all_checks_of_a_case() {
    let suite = "
prompts: [a]
models: [m]
defaultTest: { threshold: 0.9, assert: [{ type: contains, value: x }], options: { provider: 'openai:j' } }
tests:
  - assert: [{ type: equals, value: y, weight: 2 }, { type: llm-rubric, value: kind }]
  - { threshold: 0.5, assert: [{ type: assert-set, assert: [{ type: llm-rubric, value: kind }] }] }
  - { threshold: 0.5, assert: [{ type: contains, value: z, weight: 0 }] }
";
    let suite = from_yaml(suite, &nothing).unwrap();
    let mut judged = suite.clone();
    judged.judged_by("a/judge");
    let first = judged.cases[0].checks[0]["assert"][2]["provider"].as_str();
    assert_eq!(first, Some("openai:j"), "a judge that is named stays");
    let mut without = from_yaml(
        "{prompts: [a], models: [m], tests: [{assert: [{type: not-llm-rubric, value: x}]}]}",
        &nothing,
    );
    without.as_mut().unwrap().judged_by("a/judge");
    assert_eq!(without.unwrap().cases[0].checks[0]["provider"], "a/judge");
    let sets: Vec<&Value> = suite.cases.iter().map(|case| &case.checks[0]).collect();
    assert!(suite.cases.iter().all(|case| case.checks.len() == 1));
    assert_eq!((&sets[0]["threshold"], &sets[1]["threshold"]), (&Value::from(0.9), &Value::from(0.5)));
    assert_eq!(sets[0]["assert"].as_array().unwrap().len(), 3);
    assert_eq!(sets[0]["assert"][2]["provider"], "openai:j");
    assert_eq!(sets[1]["assert"][1]["assert"][0]["provider"], "openai:j", "in sets too");
    assert_eq!(sets[2]["assert"].as_array().unwrap().len(), 1);
    assert_eq!(suite.unused, ["tests: contains with weight 0, which decides nothing"]);
    assert!(cells(&suite).is_ok());
    let wrong = "{prompts: [a], models: [m], tests: [{threshold: much}]}";
    assert_eq!(from_yaml(wrong, &nothing).unwrap_err().at, "tests[0]");
}

#[test]
fn cases_come_from_files_by_their_endings() {
    let load = |name: &str| match name {
        "t.jsonl" => {
            Ok("{\"vars\": {\"x\": \"1\"}}\n\n{\"vars\": {\"x\": \"2\"}, \"threshold\": 0.5}\n".to_owned())
        }
        "t.json" => Ok("[\t{\"vars\": {\"x\": \"3\"}}]".to_owned()),
        "t.yaml" => Ok("- vars: {x: 4}".to_owned()),
        "t.csv" => Ok("x,__expected,__threshold\n5,similar(0.8): hi,0.5\n".to_owned()),
        "bad.jsonl" => Ok("{}\n{\"vars\"\n".to_owned()),
        _ => nothing(name),
    };
    let suite =
        "{prompts: ['{{x}}'], models: [m], tests: [file://t.jsonl, t.json, file://t.yaml, file://t.csv]}";
    let suite = from_yaml(suite, &load).unwrap();
    let values: Vec<&str> = suite.cases.iter().map(|case| case.vars["x"][0].as_str()).collect();
    assert_eq!(values, ["1", "2", "3", "4", "5"]);
    let made = cells(&suite).unwrap();
    let answer = super::super::Answer { text: "hi", cost: None, took: None };
    let found = made[4].checks[0].run(&answer);
    assert!(found.passed.is_none() && found.reason.contains("not run"), "{found:?}");
    let bad = from_yaml("{prompts: [a], models: [m], tests: file://bad.jsonl}", &load).unwrap_err();
    assert_eq!(bad.at, "bad.jsonl, line 2");
}

/// Cases, prompts and models as files found in public write them: scenarios, patterns of files, variables in variables.
const SPREAD: &str = r##"
prompts: ['file://prompts/*.txt', { raw: '{{greeting | upper}} {{person.name}}', label: own, config: { suffix: '!' } }]
providers: [file://models.yaml, 'echo:none']
defaultTest: file://shared.yaml
tests:
  - vars: file://vars.yaml
    options: { disableVarExpansion: true, disableDefaultAsserts: true }
    assert: [{ type: equals, value: '{{greeting}}' }, { type: not-contains, value: '{{unknown}}' }]
"##;

#[test]
fn what_is_spread_over_files_comes_together() {
    struct Folder;
    impl Files for Folder {
        fn read(&self, name: &str) -> Result<String, String> {
            Ok(match name {
                "prompts/a.txt" => "A {{greeting}} {{list}}\r\n---\r\nB",
                "prompts/b.txt" => "C",
                "models.yaml" => "[{id: 'openai:gpt-5', config: {maxTokens: 5, response_format: 'file://form.json'}}, 'anthropic:messages:opus']",
                "shared.yaml" => {
                    "assert: [{type: contains, value: x}]\nvars: {greeting: 'hi {{person.name}}'}"
                }
                "form.json" => r#"{"type": "json_object"}"#,
                "vars.yaml" => "person: {name: Ann}\nlist: [a, b]\nnone: null",
                _ => return nothing(name),
            }
            .to_owned())
        }

        fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
            assert_eq!(pattern, "prompts/*.txt");
            Ok(vec!["prompts/a.txt".to_owned(), "prompts/b.txt".to_owned()])
        }
    }
    let suite = from_yaml(SPREAD, &Folder).unwrap();
    let models: Vec<&str> = suite.subjects.iter().map(|subject| subject.model.as_str()).collect();
    assert_eq!(models, ["gpt-5@openai", "opus@anthropic", "none@echo"]);
    assert_eq!(suite.subjects[0].settings["max_tokens"], 5);
    assert_eq!(suite.subjects[0].settings["response_format"]["type"], "json_object");
    assert_eq!(suite.prompts.len(), 4);
    assert_eq!(suite.cases[0].checks.len(), 2, "without those of all cases");
    assert!(
        cells(&suite).unwrap_err().contains("{{unknown}}"),
        "no check is looked at for words it does not mean"
    );
    let known = SPREAD.replace("{{unknown}}", "{{none}}z");
    let made = cells(&from_yaml(&known, &Folder).unwrap()).unwrap();
    assert_eq!(made.len(), 12);
    assert_eq!(made[0].text, "A hi Ann [\"a\",\"b\"]");
    assert_eq!(made[9].text, "HI ANN Ann!");
    assert_eq!(made[0].written[0]["value"], "hi Ann");
}

#[test]
fn scenarios_are_every_set_with_every_case() {
    let text = "
prompts: ['{{word}} in {{language}}']
models: [m]
defaultTest: { assert: [{ type: icontains, value: a }] }
scenarios:
  - config:
      - { vars: { language: German, hello: hallo }, assert: [{ type: contains, value: b }] }
      - vars: { language: French, hello: bonjour }
    tests:
      - { description: greeting, vars: { word: hello }, assert: [{ type: contains, value: '{{hello}}' }] }
      - vars: { word: bye, language: '{{word}}ish' }
";
    let made = cells(&from_yaml(text, &nothing).unwrap()).unwrap();
    let texts: Vec<&str> = made.iter().map(|cell| cell.text.as_str()).collect();
    assert_eq!(texts, ["hello in German", "bye in byeish", "hello in French", "bye in byeish"]);
    let values: Vec<&Value> = made[0].written.iter().map(|check| &check["value"]).collect();
    assert_eq!(values, ["a", "b", "hallo"]);
}

#[test]
fn what_would_change_what_is_asked_is_refused_and_says_what_to_do() {
    let whole = |inner: &str| format!("{{prompts: [a], models: [m], {inner}}}");
    for (inner, word) in [
        ("tests: [{vars: {x: 1}, provider: 'openai:gpt-5'}]", "among the providers"),
        ("tests: [{options: {transformVars: 'x'}}]", "transformVars"),
        ("tests: [{options: {storeOutputAs: x}}]", "storeOutputAs"),
        ("tests: [{providerOutput: x}]", "providerOutput"),
        ("tests: {path: 'file://make.ts:cases', config: {n: 1}}", "not run"),
        ("tests: 'huggingface://datasets/x'", "save them as"),
        ("tests: 'https://a.example/sheet'", "save them as"),
        ("extensions: ['file://hook.js:all']", "take the lines out"),
        ("redteam: {purpose: x}", "redteam generate"),
    ] {
        let error = from_yaml(&whole(inner), &nothing).unwrap_err().to_string();
        assert!(error.contains(word), "{inner}: {error}");
    }
    for prompt in ["{id: name, content: text}", "{raw: a, config: {response_format: json}}"] {
        let error = from_yaml(&format!("{{prompts: [{prompt}], models: [m]}}"), &nothing).unwrap_err();
        assert_eq!(error.at, "prompts[0]");
    }
}
