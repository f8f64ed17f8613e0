use super::*;
use serde_json::json;

fn run(check: Value, text: &str) -> Found {
    Check::read(&check).unwrap().run(&Answer { text, cost: None, took: Some(Millis(900)) })
}

#[test]
fn each_check_passes_and_fails_with_its_reason() {
    for (check, good, bad) in [
        (json!({"type": "contains", "value": "Paris"}), "It is Paris.", "It is paris."),
        (json!({"type": "icontains", "value": "Paris"}), "it is PARIS", "Lyon"),
        (json!({"type": "not-contains", "value": "sorry"}), "Yes", "I am sorry"),
        (json!({"type": "contains-all", "value": ["a1", "b2"]}), "b2 a1", "a1"),
        (json!({"type": "contains-any", "value": "a1, b2"}), "b2", "c3"),
        (json!({"type": "equals", "value": "yes"}), " yes\n", "yes."),
        (json!({"type": "equals", "value": {"a": [1, 2]}}), "{ \"a\" : [1,2] }", "{\"a\":[2,1]}"),
        (json!({"type": "starts-with", "value": "Dear"}), "Dear all", "Oh Dear"),
        (json!({"type": "ends-with", "value": "now."}), "Go now.\n", "now. Go"),
        (json!({"type": "regex", "value": "^(?!.*sorry).*a(?=b)"}), "xab", "sorry ab"),
        (json!({"type": "regex", "value": "\\b20\\d\\d-W\\d\\d\\b"}), "in 2026-W47", "in W47"),
        (json!({"type": "is-json"}), "[1]", "here: [1]"),
        (json!({"type": "contains-json"}), "here:\n```json\n{\"a\":1}\n```", "none {a}"),
        (
            json!({"type": "is-json", "value": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}),
            "{\"n\": 3}",
            "{\"n\": \"3\"}",
        ),
        (json!({"type": "number", "value": 1234.5, "tolerance": 0.1}), "about 1,234.56 in all", "12,345"),
        (json!({"type": "number", "value": -3}), "x = -3", "pages 2-3"),
        (json!({"type": "word-count", "value": {"max": 3}}), "one two three", "one two three four"),
        (json!({"type": "latency", "threshold": 900}), "any", ""),
    ] {
        let found = run(check.clone(), good);
        assert!(found.passed == Some(true), "{check}: {}", found.reason);
        if !bad.is_empty() {
            let found = run(check.clone(), bad);
            assert!(
                found.passed == Some(false) && !found.reason.is_empty(),
                "{check} on {bad}: {}",
                found.reason
            );
        }
    }
}

#[test]
fn an_unknown_cost_never_passes() {
    for kind in ["cost", "not-cost"] {
        let found = run(json!({"type": kind, "threshold": 0.01}), "any");
        assert!(found.passed == Some(false) && found.reason.contains("not known"), "{kind}");
    }
    let check = Check::read(&json!({"type": "cost", "threshold": 0.002})).unwrap();
    let at = |pico| check.run(&Answer { text: "", cost: Some(PicoUsd::new(pico)), took: None }).passed;
    assert_eq!((at(2_000_000_000), at(2_000_000_001)), (Some(true), Some(false)));
}

#[test]
fn what_we_do_not_have_is_said() {
    assert!(matches!(
        Check::read(&json!({"type": "smells-good", "value": "good"})),
        Err(BadCheck::Unknown(_))
    ));
    let check =
        Check::read(&json!({"type": "not-llm-rubric", "value": "is rude", "provider": "openai:chat:m"}));
    let check = check.unwrap();
    assert_eq!(check.rubric(), Some(("is rude", "m@openai")));
    assert_eq!(check.judged(true, "It is.").passed, Some(false));
    assert_eq!(check.run(&Answer { text: "", cost: None, took: None }).passed, None);
    for kind in ["llm-rubric", "javascript", "not-similar"] {
        let found = run(json!({"type": kind, "value": "output.length"}), "any");
        assert!(found.passed.is_none() && found.reason.starts_with("not run: "), "{kind}: {found:?}");
    }
    assert!(matches!(Check::read(&json!({"type": "regex", "value": "("})), Err(BadCheck::Wrong { .. })));
    assert!(matches!(
        Check::read(&json!({"type": "is-json", "value": {"type": 3}})),
        Err(BadCheck::Wrong { .. })
    ));
}

#[test]
fn a_reason_says_what_is_so_whatever_was_wanted() {
    for (check, text, passed, reason) in [
        (json!({"type": "equals", "value": "zzz"}), "a", false, "is not \"zzz\""),
        (json!({"type": "not-equals", "value": "zzz"}), "zzz", false, "equals \"zzz\""),
        (json!({"type": "starts-with", "value": "b"}), "a", false, "does not start with \"b\""),
        (json!({"type": "not-contains", "value": "a"}), "a", false, "contains \"a\""),
        (json!({"type": "icontains-any", "value": "world, foo"}), "World", true, "contains \"world\""),
        (json!({"type": "contains-any", "value": "a, b"}), "c", false, "contains none of \"a, b\""),
        (json!({"type": "contains-all", "value": "a, b"}), "a", false, "does not contain \"b\""),
        (json!({"type": "word-count", "value": {"max": 1}}), "a b", false, "2 words, at most 1 asked for"),
        (
            json!({"type": "word-count", "value": {"min": 2, "max": 3}}),
            "a",
            false,
            "1 word, 2 to 3 asked for",
        ),
        (json!({"type": "latency", "threshold": 500}), "a", false, "900 ms, at most 500 ms asked for"),
    ] {
        let found = run(check.clone(), text);
        assert_eq!((found.passed, found.reason.as_str()), (Some(passed), reason), "{check}");
    }
}

#[test]
fn checks_count_together_by_weight_and_score() {
    let has = |word: &str, weight: f64| json!({"type": "contains", "value": word, "weight": weight});
    let set = |threshold: Value, members: Vec<Value>| -> Value {
        json!({"type": "assert-set", "threshold": threshold, "assert": members})
    };
    let open = json!({"type": "similar", "value": "x"});
    for (check, passed) in [
        (set(Value::Null, vec![has("a", 1.0), has("b", 1.0)]), Some(false)),
        (set(Value::Null, vec![has("a", 1.0), has("a", 1.0)]), Some(true)),
        (set(json!(0.5), vec![has("a", 1.0), has("b", 1.0)]), Some(true)),
        (set(json!(0.5), vec![has("a", 1.0), has("b", 2.0)]), Some(false)),
        (set(json!(0.6), vec![has("a", 2.0), has("b", 1.0)]), Some(true)),
        (set(json!(0), vec![has("b", 1.0)]), Some(true)),
        // 0.1 + 0.2 of 0.3 is all of it.
        (set(json!(1), vec![has("a", 0.1), has("a", 0.2)]), Some(true)),
        // What is not run leaves it open only where it could change it.
        (set(Value::Null, vec![has("a", 1.0), open.clone()]), None),
        (set(Value::Null, vec![has("b", 1.0), open.clone()]), Some(false)),
        (set(json!(0.5), vec![has("a", 1.0), open.clone()]), Some(true)),
        (set(json!(0.5), vec![has("b", 1.0), open.clone()]), None),
        (set(json!(0.6), vec![has("b", 1.0), open]), Some(false)),
        // A set within counts with its own score, not with whether it passed.
        (
            set(json!(0.7), vec![set(json!(0.5), vec![has("a", 1.0), has("b", 1.0)]), has("a", 1.0)]),
            Some(true),
        ),
        (
            set(json!(0.8), vec![set(json!(0.5), vec![has("a", 1.0), has("b", 1.0)]), has("a", 1.0)]),
            Some(false),
        ),
    ] {
        let found = run(check.clone(), "a");
        assert_eq!(found.passed, passed, "{check}: {}", found.reason);
    }
    let found = run(set(json!(0.5), vec![has("a", 1.0), has("b", 2.0)]), "a");
    let reason =
        "score 0.33, at least 0.5 asked for: ✓ contains: contains \"a\"; ✗ contains: does not contain \"b\"";
    assert_eq!(found.reason, reason);
    for bad in [
        set(json!("x"), vec![has("a", 1.0)]),
        set(Value::Null, vec![]),
        set(Value::Null, vec![has("a", -1.0)]),
    ] {
        assert!(matches!(Check::read(&bad), Err(BadCheck::Wrong { .. })), "{bad}");
    }
}

#[test]
fn judges_decide_members_of_a_set_in_their_order() {
    let rubric = |of: &str| json!({"type": "llm-rubric", "value": of, "provider": "j"});
    let check = json!({"type": "assert-set", "threshold": 0.5, "assert": [
        rubric("one"), {"type": "assert-set", "assert": [rubric("two"), {"type": "contains", "value": "a"}]}]});
    let check = Check::read(&check).unwrap();
    let asked: Vec<_> = check.judged_ones().iter().filter_map(|one| one.rubric()).collect();
    assert_eq!(asked, [("one", "j"), ("two", "j")]);
    let answer = Answer { text: "a", cost: None, took: None };
    assert_eq!(check.run(&answer).passed, None);
    let says = |passed| Found { passed, reason: "so".to_owned() };
    let graded = |one, two| check.graded(&answer, vec![says(one), says(two)]).passed;
    assert_eq!(graded(Some(true), Some(false)), Some(true));
    assert_eq!(graded(Some(false), Some(false)), Some(false));
    assert_eq!(graded(None, Some(false)), None);
    assert_eq!(graded(None, Some(true)), Some(true));
}

#[test]
fn a_pattern_that_takes_too_long_does_not_pass() {
    let check = json!({"type": "regex", "value": "^(?=(a+)+$)b|(a|aa)+\\1c"});
    let found = run(check, &"a".repeat(3_000));
    assert_eq!(found.passed, Some(false), "{}", found.reason);
}
