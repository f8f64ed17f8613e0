use super::super::{cells, from_yaml, suite::Files};

fn nothing(_: &str) -> Result<String, String> {
    Err("no such file".to_owned())
}

/// Files by their names; a pattern means those that begin as it does.
struct Named(&'static [(&'static str, &'static str)]);

impl Files for Named {
    fn read(&self, name: &str) -> Result<String, String> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        let start = pattern.split('*').next().unwrap_or_default();
        let names = self.0.iter().map(|(name, _)| (*name).to_owned());
        Ok(names.filter(|name| name.starts_with(start)).collect())
    }
}

#[test]
fn a_list_is_one_value_where_the_file_says_so_of_all_cases() {
    let made = |inner: &str| -> Vec<String> {
        let text = format!("{{prompts: ['{{{{x}}}} {{{{y}}}}'], models: [m], {inner}}}");
        let files = Named(&[("t.csv", "x\nfile://v/*\n"), ("v/a.txt", "A"), ("v/b.txt", "B")]);
        let suite = from_yaml(&text, &files);
        suite.map_or_else(
            |error| vec![error.to_string()],
            |suite| cells(&suite).unwrap().into_iter().map(|cell| cell.text).collect(),
        )
    };
    let shared = "defaultTest: {options: {disableVarExpansion: true}, vars: {y: [1, 2]}}";
    assert_eq!(made(&format!("{shared}, tests: [{{vars: {{x: [a, b]}}}}]")), [r#"["a","b"] [1,2]"#]);
    let spread =
        format!("{shared}, tests: [{{vars: {{x: [a, b]}}, options: {{disableVarExpansion: false}}}}]");
    assert_eq!(
        made(&spread),
        ["a 1", "a 2", "b 1", "b 2"],
        "a case's own word is the last, for shared lists too"
    );
    let one = "defaultTest: {vars: {y: [1, 2]}}, tests: [{vars: {x: [a, b]}, options: {disableVarExpansion: true}}]";
    assert_eq!(made(one), [r#"["a","b"] [1,2]"#]);
    let scenario = format!("{shared}, scenarios: [{{config: [{{vars: {{x: [a, b]}}}}]}}]");
    assert_eq!(made(&scenario), [r#"["a","b"] [1,2]"#]);
    let several = made(&format!("{shared}, tests: t.csv"));
    assert!(several[0].starts_with("t.csv, row 2: x: several files"), "{several:?}");
    assert_eq!(made("defaultTest: {vars: {y: 1}}, tests: t.csv"), ["A 1", "B 1"]);
}

#[test]
fn a_cell_of_a_table_names_a_file_as_a_variable_does() {
    let files = Named(&[
        ("t.csv", "x,__expected\nfile://x.txt,hi\nplain file://x.txt,\n"),
        ("x.txt", " from {{it}}\n"),
    ]);
    let suite = from_yaml("{prompts: ['{{x}}'], models: [m], tests: t.csv}", &files).unwrap();
    let values: Vec<&str> = suite.cases.iter().map(|case| case.vars["x"][0].as_str()).collect();
    assert_eq!(values, ["from {{it}}", "plain file://x.txt"]);
    for cell in ["gone.txt", "make.py"] {
        let load = |name: &str| match name {
            "t.csv" => Ok(format!("y,x\n1,2\n3,file://{cell}\n")),
            _ => nothing(name),
        };
        let error = from_yaml("{prompts: [a], models: [m], tests: t.csv}", &load).unwrap_err();
        assert_eq!(error.at, "t.csv, row 3", "{error}");
        assert!(error.why.contains(cell), "{error}");
    }
}

#[test]
fn what_a_pattern_means_is_no_program_either() {
    let files = Named(&[
        ("docs/a.txt", "text"),
        ("docs/make.py", "{x: 1}"),
        ("vars/a.yaml", "{x: 1}"),
        ("vars/b.js", "{x: 2}"),
        ("cases/a.yaml", "[{vars: {x: 1}}]"),
        ("cases/b.sh", "[{vars: {x: 2}}]"),
    ]);
    for (inner, name) in [
        ("tests: [{vars: {x: 'file://docs/*'}}]", "docs/make.py"),
        ("tests: [{vars: {x: ['file://docs/*']}}]", "docs/make.py"),
        ("tests: [{vars: 'file://vars/*'}]", "vars/b.js"),
        ("tests: 'file://cases/*'", "cases/b.sh"),
    ] {
        let error =
            from_yaml(&format!("{{prompts: ['{{{{x}}}}'], models: [m], {inner}}}"), &files).unwrap_err();
        assert!(error.why.contains(name) && error.why.contains("not run"), "{inner}: {error}");
    }
}

#[test]
fn a_scenario_is_named_parts_and_not_too_many_cases() {
    let load = |name: &str| match name {
        "s.yaml" => Ok("- {tests: [{vars: {x: 1}}]}\n- file://t.yaml\n".to_owned()),
        _ => nothing(name),
    };
    for (inner, at) in [
        ("file://s.yaml", "file://s.yaml[1]"),
        ("[3]", "scenarios[0]"),
        ("[{config: []}, null]", "scenarios[1]"),
    ] {
        let error =
            from_yaml(&format!("{{prompts: [a], models: [m], scenarios: {inner}}}"), &load).unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.why.contains("no scenario"), "{error}");
    }
    let none = from_yaml("{prompts: [a], models: [m], scenarios: null}", &load).unwrap();
    assert_eq!(none.cases.len(), 1);
    let many = |n: usize| vec!["{}"; n].join(", ");
    let text = |config: &str, tests: &str| {
        format!("{{prompts: [a], models: [m], scenarios: [{{}}, {{config: [{config}], tests: [{tests}]}}]}}")
    };
    let error = from_yaml(&text(&many(400), &many(250)), &load).unwrap_err();
    assert_eq!(error.at, "scenarios[1]");
    assert!(error.why.contains("more than 100000 cases"), "one more than as many as there may be: {error}");
    assert_eq!(from_yaml(&text(&many(20), &many(30)), &load).unwrap().cases.len(), 601);
}

#[test]
fn nothing_around_a_prompt_leaves_what_stands_around_all() {
    let load = |name: &str| match name {
        "t.csv" => Ok("x,__prefix,__suffix\n1,,\n2,A ,\n".to_owned()),
        _ => nothing(name),
    };
    let text = "{prompts: [p], models: [m], defaultTest: {options: {prefix: '<', suffix: '>'}},
        tests: [{options: {prefix: '', suffix: '!'}}, t.csv]}";
    let made = cells(&from_yaml(text, &load).unwrap()).unwrap();
    let texts: Vec<&str> = made.iter().map(|cell| cell.text.as_str()).collect();
    assert_eq!(texts, ["<p!", "<p>", "A p>"]);
}
