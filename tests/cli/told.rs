//! What a command tells whom: all that was changed or left out, nothing that a terminal would obey, and where
//! things are.

use parallax_suite::support::{
    pdf::pdf,
    program::{Output, Program},
    replay::{Answer, Replay, Route},
};
use serde_json::{Value, json};

fn chat(model: &str, text: &str) -> Answer {
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12 });
    let body = json!({ "id": "x", "object": "chat.completion", "model": model, "usage": usage, "choices": [
        { "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }] });
    Answer::json(200, &body)
}

/// With a provider `rec` that answers everything so.
fn answering(text: &str) -> (Replay, Program) {
    let server = Replay::start(vec![Route::answer(chat("m", text))]);
    let program = Program::new();
    program.ok(&["provider", "add", "rec", "--dialect", "openai-chat", "--base-url", &server.url()]);
    (server, program.with_key("rec", "sk-of-nobody-at-all"))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The id of the only conversation.
fn only(program: &Program) -> String {
    lines(&program.ok(&["history", "list", "--json"]))[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_left_out_and_who_was_chosen_is_said_to_people_too() {
    let server = Replay::start(vec![Route::with(|_| chat("gpt", "Yes."))]);
    let program = Program::new();
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &server.url()]);
    let program = program.with_key("openai", "sk-of-nobody-at-all");
    let details = |out: &Output| -> Vec<String> {
        let last = lines(&out.stdout).pop().unwrap();
        let notices = last["notices"].as_array().unwrap().clone();
        notices.iter().map(|notice| notice["detail"].as_str().unwrap().to_owned()).collect()
    };
    for model in ["openai/gpt-5", "auto/cheapest"] {
        let arguments = ["ask", "-m", model, "--temperature", "0.3", "x"];
        let told = details(&program.run(&[arguments.as_slice(), &["--json"]].concat()));
        assert!(!told.is_empty(), "{model}");
        let out = program.run(&arguments);
        assert!(out.success, "{}", out.stderr);
        for detail in told {
            assert!(out.stderr.contains(&format!("parallax: {model}: {detail}")), "{detail}: {}", out.stderr);
        }
    }
    let (out, asked) = (program.run(&["ask", "-m", "auto/cheapest", "x"]), server.seen().pop().unwrap());
    let sent: Value = serde_json::from_slice(&asked.body).unwrap();
    let summary = format!("[auto/cheapest as {} via openai ·", sent["model"].as_str().unwrap());
    assert!(out.stderr.contains(&summary), "{summary}: {}", out.stderr);
    let out = program.run(&["ask", "-m", "openai/gpt-5", "x"]);
    assert!(out.stderr.contains("[openai/gpt-5 via openai ·"), "{}", out.stderr);
}

#[test]
fn a_slip_is_no_prompt_and_what_is_meant_can_be_said() {
    let (server, program) = answering("Yes.");
    for slip in ["--josn", "-j", "--max-token=5"] {
        let out = program.run(&["ask", "-m", "m@rec", slip]);
        assert!(!out.success && out.stderr.contains(slip), "{}", out.stderr);
    }
    assert_eq!(server.asked(), 0, "nothing is sent, and nothing paid");
    for prompt in [&["-5 + 3 = ?"][..], &["- a list"], &["--", "--josn"]] {
        program.ok(&[&["ask", "-m", "m@rec"], prompt].concat());
    }
    assert_eq!(server.asked(), 3);
}

#[test]
fn the_command_line_names_its_own_remedies() {
    let server = Replay::start(vec![Route::answer(Answer::json(
        401,
        &json!({ "error": { "message": "Incorrect API key provided", "code": "invalid_api_key" } }),
    ))]);
    let program = Program::new();
    program.ok(&["provider", "add", "rec", "--dialect", "openai-chat", "--base-url", &server.url()]);
    let program = program.with_key("rec", "sk-of-nobody-at-all");
    let out = program.run(&["ask", "-m", "m@rec", "x"]);
    assert!(out.stderr.contains("PARALLAX_KEY_REC"), "{}", out.stderr);
    program.ok(&["price", "set", "m@rec", "--input", "1", "--output", "1"]);
    program.ok(&["budget", "set", "all", "0", "--per", "day"]);
    let out = program.run(&["ask", "-m", "m@rec", "x"]);
    assert!(out.stderr.contains("billing.budget") && out.stderr.contains("--over-budget"), "{}", out.stderr);
}

#[test]
fn what_means_nothing_is_refused() {
    let program = Program::new();
    for (arguments, words) in [
        (&["policy", "set", "m8", "--prefs", "[]"][..], "no JSON object"),
        (&["app-key", "create", "late", "--expires", "2020-01-01"], "over already"),
        (
            &["price", "set", "openai/gpt-5", "--input", "1", "--currency", "CNY", "--rate", "0.1"],
            "--rate-day",
        ),
        (
            &[
                "price",
                "set",
                "openai/gpt-5",
                "--input",
                "1",
                "--currency",
                "CNY",
                "--rate",
                "0.1",
                "--rate-day",
                "2036-13-20",
            ],
            "2036-13-20",
        ),
    ] {
        let out = program.run(arguments);
        assert!(!out.success && out.stderr.contains(words), "{arguments:?}: {}", out.stderr);
    }
    assert_eq!(program.ok(&["app-key", "list", "--json"]), "");
}

#[test]
fn an_export_is_whole_or_not_there_and_says_what_it_only_names() {
    let (_server, program) = answering("Yes.");
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("good.pdf");
    std::fs::write(&document, pdf("Some words")).unwrap();
    program.ok(&["ask", "-m", "m@rec", "-f", document.to_str().unwrap(), "Hello"]);
    let id = only(&program);
    let target = folder.path().join("out.md");
    let target = target.to_str().unwrap();
    let wrong = program.run(&["history", "export", "00000000-0000-7000-8000-000000000000", "-o", target]);
    assert!(!wrong.success && !std::path::Path::new(target).exists(), "{}", wrong.stderr);
    let written = program.run(&["history", "export", &id, "-o", target]);
    assert!(written.success && written.stderr.is_empty(), "{}", written.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing unfinished stays");
    let again = program.run(&["history", "export", &id, "-o", target]);
    assert!(!again.success && again.stderr.contains("exists already"), "{}", again.stderr);
    for arguments in [&["history", "export", &id, "--json"][..], &["history", "export", "--all"]] {
        let out = program.run(arguments);
        let prompt = &lines(&out.stdout)[0]["turns"][0]["prompt"];
        let file = prompt.as_array().unwrap().iter().find(|part| part["type"] == "attachment").unwrap();
        assert_eq!(file["name"], "good.pdf", "{prompt}");
        assert!(out.stderr.contains("named and not contained: 1 attached file."), "{}", out.stderr);
    }
}

#[test]
fn an_export_takes_the_place_of_no_file_that_is_there_under_its_unfinished_name() {
    let (_server, program) = answering("Yes.");
    program.ok(&["ask", "-m", "m@rec", "Hello"]);
    let folder = tempfile::tempdir().unwrap();
    let (target, other) = (folder.path().join("out.jsonl"), folder.path().join("out.jsonl.part"));
    std::fs::write(&other, "half of something else").unwrap();
    let out = program.run(&["history", "export", "--all", "-o", target.to_str().unwrap()]);
    assert!(!out.success && out.stderr.contains("out.jsonl.part exists already"), "{}", out.stderr);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "half of something else");
    assert!(!target.exists());
}

/// On a terminal, which `script` is.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_obeys_no_model_and_a_pipe_gets_what_was_said() {
    use parallax_suite::support::program::binary;
    let said = "a\u{1b}]0;mine\u{7}b\u{1b}]52;c;bWluZQ==\u{7}c\u{9b}2Jd";
    let (_server, program) = answering(said);
    program.ok(&["ask", "-m", "m@rec", "Hello"]);
    let id = only(&program);
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set.yaml");
    std::fs::write(&set, "prompts: ['Hi']\nproviders: ['m@rec']\n").unwrap();
    program.ok(&["experiment", "run", set.to_str().unwrap(), "--json"]);
    let experiment =
        lines(&program.ok(&["experiment", "list", "--json"]))[0]["id"].as_str().unwrap().to_owned();
    for (arguments, raw) in [
        (vec!["history", "export", &id], true),
        (vec!["history", "export", &id, "--json"], false),
        (vec!["history", "show", &id, "--json"], false),
        (vec!["experiment", "export", &experiment], true),
        (vec!["experiment", "export", &experiment, "--format", "html"], true),
        (vec!["experiment", "show", &experiment, "--json"], false),
    ] {
        let piped = program.ok(&arguments);
        assert!(!raw || piped.contains("\u{1b}]52;c;"), "{arguments:?}: {piped}");
        let line = std::iter::once(binary("parallax").to_str().unwrap().to_owned())
            .chain(arguments.iter().map(|word| (*word).to_owned()))
            .collect::<Vec<_>>()
            .join(" ");
        let mut command = std::process::Command::new("script");
        command.env("PARALLAX_DATA_DIR", program.folder()).env_remove("DBUS_SESSION_BUS_ADDRESS");
        let out = command.args(["-qec", &line, "/dev/null"]).output().unwrap();
        let shown = String::from_utf8(out.stdout).unwrap();
        assert!(out.status.success() && shown.contains("mine"), "{arguments:?}: {shown}");
        let obeyed = |c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t');
        assert!(!shown.contains(obeyed), "{arguments:?}: {shown:?}");
    }
}
