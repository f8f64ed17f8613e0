//! What a person does not mean, and what a shell does with a command.

use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Step},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::Duration,
};

#[test]
fn who_reads_no_further_pays_no_further() {
    let piece = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"}}]}\n\n";
    let mut endless = Answer::status(200).header("content-type", "text/event-stream");
    for _ in 0..2_000 {
        endless = endless.send(piece).step(Step::Wait(Duration::from_millis(30)));
    }
    let server = Replay::start(vec![Route::answer(endless)]);
    let program = Program::new();
    program.ok(&["provider", "add", "rec", "--dialect", "openai-chat", "--base-url", &server.url()]);
    let mut command = program.command();
    command.args(["ask", "--json", "-m", "m@rec", "x"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("delta"), "{line}");
    // The answer alone takes a minute.
    assert!(!child.wait().unwrap().success());
    assert_eq!(server.left_early(), 1);
    let rows = program.ok(&["spend", "export", "--json"]);
    let row: Value = serde_json::from_str(rows.trim()).unwrap();
    assert_eq!(row["outcome"], "cancelled");
}

#[test]
fn a_name_that_is_none_fails_its_own_lane() {
    let program = Program::new();
    let out = program.run(&["ask", "--json", "-m", "demo/quick", "-m", "gpt-5@", "-m", "", "x"]);
    assert!(!out.success);
    let ends: Vec<Value> = out
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["type"] != "delta")
        .collect();
    let lane = |lane: u64| ends.iter().find(|line| line["lane"] == json!(lane)).unwrap();
    assert_eq!((ends.len(), &lane(0)["type"]), (3, &json!("result")), "{ends:?}");
    assert_eq!(
        (&lane(1)["kind"], &lane(2)["kind"]),
        (&json!("request.no_model"), &json!("request.no_model"))
    );
    assert_eq!(lane(1)["model"], "gpt-5@");
    assert!(lane(1)["message"].as_str().unwrap().contains("gpt-5@"), "{}", lane(1));
}

#[cfg(unix)]
#[test]
fn a_device_without_an_end_is_too_large() {
    let out = Program::new().run(&["ask", "-m", "demo/quick", "-f", "/dev/zero", "x"]);
    assert!(!out.success && out.stderr.contains("larger than 32 MB"), "{}", out.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_is_named_by_nothing_is_the_usual_one() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Program::new().command();
    command.env("PARALLAX_DATA_DIR", "").env("XDG_DATA_HOME", home.path()).args(["budget", "list", "--json"]);
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(home.path().join("parallax/parallax.db").exists());
}

#[test]
fn who_is_not_set_up_is_told_of_the_makers_own_key() {
    let program = Program::new();
    let out = program.run(&["ask", "--json", "-m", "openai/gpt-5", "x"]);
    let error: Value = serde_json::from_str(out.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(error["kind"], "auth.missing", "{error}");
    assert!(error["message"].as_str().unwrap().contains("OpenAI"), "{error}");
    // A key elsewhere is not asked for where a rule is what stands in the way.
    let program = program.with_key("openai", "sk-of-nobody-at-all");
    let said = program.run(&["ask", "--json", "-m", "openai/gpt-5:free", "x"]).stdout;
    assert!(said.contains("OpenAI is dearer than the limit") && !said.contains("Azure"), "{said}");
}

#[test]
fn a_dated_id_of_a_provider_names_its_model() {
    let program = Program::new().with_key("anthropic", "sk-ant-of-nobody-at-all");
    let dated = "claude-sonnet-4-5-20250929";
    let explained = program.ok(&["route", "explain", "--json", "-m", dated]);
    let explained: Value = serde_json::from_str(explained.lines().next().unwrap()).unwrap();
    assert_eq!(explained["planned"][0]["endpoint"], format!("anthropic/{dated}"), "{explained}");
}

#[test]
fn a_rule_names_providers_as_people_and_other_routers_do() {
    let program = Program::new();
    program.ok(&[
        "policy",
        "set",
        "mine",
        "--prefs",
        "{\"only\":[\"OpenAI\",\"google-vertex/us-east5\"],\"ignore\":[\"Groq\"]}",
    ]);
    let shown = program.ok(&["policy", "show", "mine", "--json"]);
    let shown: Value = serde_json::from_str(shown.trim()).unwrap();
    assert_eq!(shown["prefs"]["only"], json!(["openai", "vertex/us-east5"]), "{shown}");
    assert_eq!(shown["prefs"]["ignore"], json!(["groq"]), "{shown}");
    let out = program.run(&["policy", "set", "mine", "--prefs", "{\"ignore\":[\"opnai\"]}"]);
    assert!(!out.success && out.stderr.contains("opnai"), "{}", out.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_no_success() {
    let program = Program::new();
    for command in [&["models", "--json"][..], &["provider", "list"], &["policy", "list"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let out = program.command().args(command).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains("could not be written"), "{command:?}: {said}");
    }
}

#[test]
fn a_model_that_is_offered_no_longer_is_still_billed() {
    let usage = json!({ "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100 });
    let body = json!({ "id": "x", "object": "chat.completion", "model": "gpt-4-0314", "usage": usage, "choices": [
        { "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": "Old." } }] });
    let server = Replay::start(vec![Route::answer(Answer::json(200, &body))]);
    let program = Program::new();
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &server.url()]);
    let program = program.with_key("openai", "sk-of-nobody-at-all");
    for model in ["gpt-4-0314@openai", "gpt-4-0314"] {
        let out = program.ok(&["ask", "--json", "-m", model, "x"]);
        let result: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        // 1,000 tokens at 30 and 100 at 60 dollars a million.
        assert_eq!(
            (&result["cost"]["usd"], &result["cost"]["basis"]),
            (&json!("0.036000"), &json!("computed")),
            "{result}"
        );
    }
}

#[test]
fn an_experiment_names_no_files_elsewhere_and_passes_no_check_that_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new();
    let run = |name: &str, text: &str| {
        let path = folder.path().join("set").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        program.run(&["experiment", "run", "--json", path.to_str().unwrap()])
    };
    std::fs::write(folder.path().join("secret.txt"), "what nobody may send").unwrap();
    for file in ["../secret.txt", "/etc/hostname"] {
        let out =
            run("out.yaml", &format!("prompts: ['file://{file}']\nproviders: [demo/quick]\ntests: [{{}}]\n"));
        let said = format!("{}{}", out.stdout, out.stderr);
        assert!(!out.success && said.contains("outside the folder"), "{file}: {said}");
    }
    let check =
        "prompts: ['Hi']\nproviders: [demo/quick]\ntests: [{assert: [{type: javascript, value: 'false'}]}]\n";
    let out = run("check.yaml", check);
    let cell = out.stdout.lines().find(|line| line.contains("\"cell\"")).unwrap();
    let cell: Value = serde_json::from_str(cell).unwrap();
    assert!(!out.success && cell["passed"].is_null(), "{cell}");
}

#[test]
fn what_is_mistyped_is_named_for_what_it_is() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("cases.csv");
    std::fs::write(&table, "a,__expected\n\"x, y\",z\n").unwrap();
    for (arguments, words) in [
        (vec!["experiment", "run", "nonexist.yaml"], "There is no file “nonexist.yaml”"),
        (vec!["experiment", "run", "0000"], "No experiment's id begins with “0000”"),
        (vec!["experiment", "run", table.to_str().unwrap()], "a table holds cases alone"),
        (vec!["spend", "reconcile", "nope"], "There is no provider called “nope”"),
        (vec!["spend", "reconcile", "groq"], "does not tell what it charged"),
    ] {
        let out = program.run(&arguments);
        assert!(!out.success && out.stderr.contains(words), "{arguments:?}: {}", out.stderr);
    }
    let made =
        program.run(&["app-key", "create", "typo", "--json", "--model", "nope/nope", "--model", "openai/*"]);
    assert!(made.success && made.stdout.contains("sk-parallax-"), "{}", made.stderr);
    assert!(
        made.stderr.contains("nobody offers “nope/nope”") && !made.stderr.contains("openai"),
        "{}",
        made.stderr
    );
    let fine = ["auto/fast", "openai/gpt-5", "gpt-5", "openai/gpt-5:free", "demo/*"];
    let fine: Vec<&str> = fine.into_iter().flat_map(|model| ["--model", model]).collect();
    let made = program.run(&[vec!["app-key", "create", "fine"], fine].concat());
    assert!(made.success && !made.stderr.contains("nobody"), "{}", made.stderr);
}

#[test]
fn a_score_decides_a_case_and_what_is_not_run_refuses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.yaml");
    let suite = "prompts: ['Hi']
providers: [demo/quick]
tests:
  - threshold: 0.5
    assert: [{type: word-count, value: {min: 1}}, {type: equals, value: zzz}]
  - threshold: 0.6
    assert: [{type: word-count, value: {min: 1}}, {type: equals, value: zzz}]
  - file://more.csv
";
    std::fs::write(&path, suite).unwrap();
    std::fs::write(folder.path().join("more.csv"), "x,__expected\n1,similar(0.8): hi\n").unwrap();
    let program = Program::new();
    let out = program.run(&["experiment", "run", "--json", path.to_str().unwrap()]);
    let lines = out.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut cells: Vec<Value> = lines.filter(|line| line["type"] == "cell").collect();
    cells.sort_by_key(|cell| cell["position"].as_u64());
    let passed: Vec<&Value> = cells.iter().map(|cell| &cell["passed"]).collect();
    assert_eq!(passed, [&json!(true), &json!(false), &Value::Null], "{}", out.stderr);
    let reason = cells[1]["checks"][0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("score 0.50, at least 0.6 asked for") && reason.contains("is not"),
        "{reason}"
    );
    assert!(!out.success);
}
