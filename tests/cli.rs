//! The command line over replayed providers: what it prints is what the recording holds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they did"
)]

use domain::{ProcessId, ProviderId, Timestamp};
#[path = "cli/edges.rs"]
mod edges;
#[cfg(unix)]
#[path = "cli/stopped.rs"]
mod stopped;
#[path = "cli/told.rs"]
mod told;

use parallax_suite::support::{
    pdf::pdf,
    program::Program,
    recording::{Recording, repository},
    replay::{Answer, Replay, Route},
};
use serde_json::{Value, json};
use std::time::Duration;
use store::AccountRow;

/// Our dialect for a recording's protocol, if this version speaks it.
fn dialect(recording: &Recording) -> Option<&'static str> {
    let id = match recording.text("/wire") {
        "google-generate" => "gemini",
        "cohere-v2" => "cohere",
        "ollama-chat" => "ollama",
        other => other,
    };
    wire::dialect(id).map(|dialect| dialect.id())
}

fn usable(recordings: Vec<Recording>) -> Vec<(Recording, &'static str)> {
    recordings
        .into_iter()
        .filter(|recording| recording.value["expect"]["unsure"].as_array().is_none_or(Vec::is_empty))
        .filter_map(|recording| dialect(&recording).map(|dialect| (recording, dialect)))
        .collect()
}

fn ours() -> Vec<Recording> {
    ["registry", "documented"]
        .iter()
        .flat_map(|folder| Recording::folder(&repository().join("tests/recordings").join(folder)))
        .collect()
}

#[test]
fn every_recording_answers_through_the_command_line() {
    let mut recordings = usable(ours());
    recordings.extend(usable(Recording::beside_the_repository().unwrap_or_default()));
    let mut wrong = Vec::new();
    for dialect in [
        "openai-chat",
        "openai-responses",
        "anthropic-messages",
        "gemini",
        "bedrock-converse",
        "cohere",
        "ollama",
    ] {
        let of_dialect: Vec<&Recording> =
            recordings.iter().filter(|(_, d)| *d == dialect).map(|(recording, _)| recording).collect();
        // Lanes of one process share a provider; the model's name picks the recording.
        for batch in of_dialect.chunks(12) {
            wrong.extend(replay_batch(dialect, batch));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} recordings answered as expected", recordings.len());
}

fn replay_batch(dialect: &str, batch: &[&Recording]) -> Vec<String> {
    let routes = batch
        .iter()
        .enumerate()
        .map(|(index, recording)| {
            let answer = Answer::recorded(recording).cut(&[7, 1, 64, 300], Duration::ZERO);
            let name = format!("rec-{index}-");
            // The model's name stands in the body, for Gemini in the path.
            Route::answer(answer).named(&name)
        })
        .collect();
    let server = Replay::start(routes);
    let program = Program::new();
    program.ok(&["provider", "add", "rec", "--dialect", dialect, "--base-url", &server.url()]);
    let mut arguments = vec!["ask".to_owned(), "--json".to_owned()];
    for index in 0..batch.len() {
        arguments.extend(["-m".to_owned(), format!("rec-{index}-@rec")]);
    }
    arguments.push("Hello".to_owned());
    let out = program.with_key("rec", "sk-test-not-a-real-key").run(&arguments);
    let lines: Vec<Value> = out.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut wrong = Vec::new();
    for (index, recording) in batch.iter().enumerate() {
        let last = lines.iter().find(|line| line["lane"] == json!(index) && line["type"] != "delta");
        match last {
            None => wrong.push(format!("{}: no last line", recording.id())),
            Some(last) => wrong.extend(differences(recording, last)),
        }
    }
    let failed = lines.iter().any(|line| line["type"] == "error");
    if out.success == failed {
        wrong.push(format!("{dialect}: exit code says {}, the lines say otherwise", out.success));
    }
    wrong
}

fn differences(recording: &Recording, line: &Value) -> Vec<String> {
    let expect = &recording.value["expect"];
    let mut wrong = Vec::new();
    let mut check = |what: &str, got: &Value, want: &Value| {
        if got != want {
            wrong.push(format!("{}: {what} is {got}, expected {want}", recording.id()));
        }
    };
    let ok = expect["outcome"] == "ok";
    check("type", &line["type"], &json!(if ok { "result" } else { "error" }));
    if expect["outcome"] != "error" {
        check("text", &line["text"], &expect["text"]);
        check("reasoning", &line["reasoning"], &expect["reasoning"]);
        check("tool plan", &line["tool_plan"], &expect["tool_plan"]);
        check("refusal", &line["refusal"], &expect["refusal"]);
        for (ours, theirs) in [
            ("input", "input"),
            ("cache_read", "cached"),
            ("cache_write", "cache_write"),
            ("output", "output"),
            ("reasoning", "reasoning"),
        ] {
            check(&format!("usage.{ours}"), &line["usage"][ours], &expect["usage"][theirs]);
        }
        let names: Vec<&Value> = calls(line).map(|call| &call["name"]).collect();
        let wanted: Vec<&Value> = calls(expect).map(|call| &call["name"]).collect();
        check("tool calls", &json!(names), &json!(wanted));
        for (got, want) in calls(line).zip(calls(expect)).filter(|(_, want)| want["arguments"].is_object()) {
            check("arguments", &got["arguments"], &want["arguments"]);
        }
    }
    if ok {
        check("finish_reason", &line["finish_reason"], &expect["finish_reason"]);
    }
    wrong
}

fn calls(value: &Value) -> impl Iterator<Item = &Value> {
    value["tool_calls"].as_array().into_iter().flatten()
}

#[test]
fn four_demo_lanes_answer_in_text_and_in_json() {
    let program = Program::new();
    let models = ["-m", "demo/quick", "-m", "demo/steady", "-m", "demo/thinker", "-m", "demo/quick"];
    let mut arguments = vec!["ask"];
    arguments.extend(models);
    let text = program.run(&[arguments.as_slice(), &["Hi"]].concat());
    assert!(text.success, "{}", text.stderr);
    assert_eq!(text.stdout.matches("not an AI model").count(), 4, "{}", text.stdout);
    let out = program.run(&[arguments.as_slice(), &["--json", "Hi"]].concat());
    assert!(out.success);
    let lines: Vec<Value> = out.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let results: Vec<&Value> = lines.iter().filter(|line| line["type"] == "result").collect();
    assert_eq!(results.len(), 4);
    for (lane, result) in (0..4).map(|lane| (lane, results.iter().find(|r| r["lane"] == lane).unwrap())) {
        let streamed: String = lines
            .iter()
            .filter(|line| line["type"] == "delta" && line["lane"] == lane && line["kind"] == "text")
            .map(|line| line["text"].as_str().unwrap())
            .collect();
        assert_eq!(json!(streamed), result["text"]);
        assert_eq!(result["cost"], json!({ "usd": "0.000000", "basis": "computed" }));
    }
    let spend = program.run(&["spend", "--json"]);
    let spend: Value = serde_json::from_str(spend.stdout.trim()).unwrap();
    assert_eq!((&spend["attempts"], &spend["unknown"]), (&json!(8), &json!(0)));
}

#[test]
fn what_cannot_be_done_is_named() {
    let program = Program::new();
    let kind = |arguments: &[&str]| {
        let out = program.run(arguments);
        assert!(!out.success, "{arguments:?}");
        let line = out.stdout.lines().last().unwrap_or_default().to_owned();
        serde_json::from_str::<Value>(&line).unwrap_or_else(|_| panic!("{arguments:?}: {line}"))["kind"]
            .clone()
    };
    assert_eq!(kind(&["ask", "--json", "-m", "anthropic/claude-sonnet-4.5@anthropic", "x"]), "auth.missing");
    assert_eq!(kind(&["ask", "--json", "-m", "nobody/nothing", "x"]), "request.no_model");
    assert_eq!(kind(&["ask", "--json", "-m", "x@nowhere", "x"]), "request.invalid");
    program.ok(&["provider", "add", "dead", "--dialect", "openai-chat", "--base-url", "http://127.0.0.1:9"]);
    assert_eq!(kind(&["ask", "--json", "-m", "x@dead", "x"]), "net.connect");
    for (id, dialect, why) in [("bad", "morse", "no dialect called “morse”"), ("demo", "gemini", "built in")]
    {
        let added = program.run(&["provider", "add", id, "--dialect", dialect, "--base-url", "http://h"]);
        assert!(!added.success && added.stderr.contains(why), "{id}: {}", added.stderr);
    }
}

#[test]
fn a_lane_that_never_began_has_a_last_line_all_the_same() {
    let program = Program::new();
    let lines = |arguments: &[&str]| -> Vec<Value> {
        let out = program.run(arguments);
        assert!(!out.success, "{arguments:?}");
        out.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    // Refused before any lane began.
    let refused = lines(&["ask", "--json", "-m", "demo/quick", "-m", "x@llamacpp", ""]);
    assert_eq!(refused.len(), 2, "{refused:?}");
    // Refused in its lane, without an attempt.
    let alone = lines(&["ask", "--json", "-m", "anthropic/claude-sonnet-4.5@anthropic", "x"]);
    assert_eq!(alone[0]["provider"], "anthropic");
    for (index, line) in refused.iter().enumerate() {
        let keys = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(line), keys(&alone[0]));
        assert_eq!((&line["type"], &line["lane"]), (&json!("error"), &json!(index)));
        assert_eq!((&line["text"], &line["attempts"]), (&json!(""), &json!([])));
        assert_eq!(line["cost"], json!({ "usd": "0.000000", "basis": "computed" }), "nothing was sent");
        assert_eq!(line["cost"], alone[0]["cost"]);
        assert_eq!(line["kind"], "request.invalid");
    }
    assert_eq!((&refused[0]["provider"], &refused[1]["provider"]), (&json!(null), &json!("llamacpp")));
}

/// Names of fields, at every depth.
fn fields(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(inside) => {
            found.extend(inside.keys().cloned());
            inside.values().for_each(|value| fields(value, found));
        }
        Value::Array(inside) => inside.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_that_is_printed_is_in_the_schema() {
    let schema = std::fs::read_to_string(repository().join("src-tauri/crates/cli/SCHEMA.md")).unwrap();
    let program = Program::new();
    let mut found = std::collections::BTreeSet::new();
    for arguments in [
        &["ask", "--json", "-m", "demo/quick", "-m", "demo/flaky", "Hi"] as &[&str],
        &["ask", "--json", "-m", "nobody/nothing", ""],
        &["models", "--json"],
        &["spend", "--json"],
        &["spend", "--by", "model", "--json"],
        &["spend", "--by", "day", "--json"],
        &["spend", "--by", "conversation", "--json"],
        &["spend", "export", "--json"],
        &["spend", "verify", "--json"],
        &["provider", "list", "--json"],
        &["provider", "test", "llamacpp", "--json"],
        &["provider", "test", "nobody", "--json"],
        &["provider", "models", "groq", "--json"],
        &["key", "status", "openai", "--json"],
    ] {
        let out = program.run(arguments);
        assert!(!out.stdout.is_empty(), "{arguments:?}: {}", out.stderr);
        out.stdout.lines().for_each(|line| fields(&serde_json::from_str(line).unwrap(), &mut found));
    }
    let missing: Vec<&String> = found
        .iter()
        .filter(|name| !schema.contains(&format!("`{name}`")) && !schema.contains(&format!("\"{name}\"")))
        .collect();
    assert!(found.len() > 60 && missing.is_empty(), "{} fields, of which missing: {missing:?}", found.len());
}

#[test]
fn every_row_of_the_ledger_comes_out_and_is_verified() {
    let program = Program::new();
    let asked = program.run(&["ask", "-m", "demo/quick", "-m", "demo/steady", "Hi"]);
    assert!(asked.success, "{}", asked.stderr);
    let csv = program.ok(&["spend", "export", "--csv"]);
    let lines: Vec<&str> = csv.split("\r\n").filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 3, "a line of names and one for each attempt: {csv}");
    assert!(lines[0].starts_with("seq,at,counts,provider,") && lines[1].starts_with("1,20"), "{csv}");
    let rows: Vec<Value> = program
        .ok(&["spend", "export", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.iter().map(|row| &row["seq"]).collect::<Vec<_>>(), [&json!(1), &json!(2)]);
    assert_eq!(rows[0]["hash"], rows[1]["prev_hash"]);
    let conversations = program.ok(&["spend", "--by", "conversation", "--json"]);
    let of: Value = serde_json::from_str(conversations.lines().next().unwrap()).unwrap();
    assert_eq!((&of["attempts"], &of["title"]), (&json!(2), &json!("Hi")));
    assert_eq!(of["conversation"], rows[0]["conversation"]);
    // Days: both ends count, and what lies outside is not there.
    let ago = program.ok(&["spend", "--until", "2020-01-01", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&ago).unwrap()["attempts"], 0);
    let day: Value = serde_json::from_str(&program.ok(&["spend", "--by", "day", "--json"])).unwrap();
    let day = day["day"].as_str().unwrap();
    let inside = program.ok(&["spend", "--since", day, "--until", day, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&inside).unwrap()["attempts"], 2);
    assert_eq!(program.ok(&["spend", "export", "--json", "--until", "2020-01-01"]), "");
    assert!(!program.run(&["spend", "--since", "2026-02-02", "--until", "2026-02-01"]).success);
    assert!(!program.run(&["spend", "--since", "yesterday"]).success);
    let verified: Value = serde_json::from_str(&program.ok(&["spend", "verify", "--json"])).unwrap();
    assert_eq!(
        verified,
        json!({ "rows": 2, "chain": true, "sums": true, "wrong": 0, "first_wrong": [], "budgets": true })
    );
}

/// What another process, one with a keychain, has written.
fn store(program: &Program, account: AccountRow) {
    let process = ProcessId::new(uuid::Uuid::from_u128(1));
    let options = store::Options { process, now: Timestamp(1_760_000_000_000), version: "test" };
    let store = store::Store::open(&program.folder(), options).unwrap();
    store.write(move |tx| tx.put_account(&account)).wait().unwrap();
    store.close();
}

#[test]
fn the_record_of_a_key_outlives_a_missing_keychain() {
    use std::{io::Write as _, process::Stdio};
    let program = Program::new();
    program.ok(&["key", "status", "openai"]);
    store(
        &program,
        AccountRow {
            provider: ProviderId::from("openai"),
            label: "default".into(),
            key_origin: "https://api.openai.com:443".to_owned(),
            last_four: Some("abcd".to_owned()),
            test: None,
        },
    );
    let mut set = program
        .command()
        .args(["key", "set", "openai"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    set.stdin.take().unwrap().write_all(b"sk-test-not-a-real-key").unwrap();
    assert!(!set.wait().unwrap().success());
    let deleted = program.run(&["key", "delete", "openai"]);
    assert!(!deleted.success && deleted.stderr.contains("vault.unavailable"), "{}", deleted.stderr);
    // What it says to do is what helps: another key could not be stored either.
    let asked = program.run(&["ask", "-m", "openai/gpt-5@openai", "x"]);
    let tested = program.run(&["provider", "test", "openai"]);
    for refused in [asked, tested] {
        let told = refused.stdout + &refused.stderr;
        assert!(!refused.success && told.contains("PARALLAX_KEY_OPENAI"), "{told}");
        assert!(!told.contains("key set"), "{told}");
    }
    let status: Value =
        serde_json::from_str(program.ok(&["key", "status", "openai", "--json"]).trim()).unwrap();
    assert_eq!((&status["key"], &status["last_four"]), (&json!("keychain"), &json!("abcd")));
    assert_eq!(status["keys"], json!([{ "label": "default", "last_four": "abcd", "tested": null }]));
    let other: Value =
        serde_json::from_str(program.ok(&["key", "status", "openai/work", "--json"]).trim()).unwrap();
    assert_eq!((&other["label"], &other["key"]), (&json!("work"), &json!("none")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_that_is_set_is_tried_unless_told_otherwise() {
    use parallax_suite::support::keyring_session::{KeyringSession, State};
    use parallax_suite::support::program::binary;
    use std::{io::Write as _, process::Stdio};
    let server = Replay::start(vec![
        Route::answer(Answer::json(401, &json!({ "error": { "message": "no", "code": "invalid_api_key" } })))
            .path("/v1/models")
            .times(1),
        Route::answer(Answer::json(200, &json!({ "data": [{ "id": "gpt-5" }] }))).path("/v1/models"),
    ]);
    let session = KeyringSession::new(State::Unlocked);
    let data = session.home().join("parallax");
    let program = Program::on(&data);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let set = |arguments: &[&str]| {
        let arguments = [&["key", "set"], arguments].concat();
        let mut child = session
            .command(&binary("parallax"), &arguments)
            .env("PARALLAX_DATA_DIR", &data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"sk-test-not-a-real-key").unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (accepted, said) = set(&["openai"]);
    assert!(!accepted && said.contains("is in the system keychain"), "{said}");
    let (accepted, said) = set(&["openai"]);
    assert!(accepted && said.lines().count() == 2, "{said}");
    assert_eq!(server.seen().len(), 2);
    let (accepted, said) = set(&["openai", "--no-test"]);
    assert!(accepted && said.lines().count() == 1, "{said}");
    assert_eq!(server.seen().len(), 2, "nobody was asked");
    assert!(!said.contains("sk-test"));
}

#[test]
fn the_catalogue_and_the_providers_are_listed() {
    let program = Program::new();
    let models = program.ok(&["models", "--json"]);
    let slugs: Vec<Value> =
        models.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["slug"].clone()).collect();
    assert!(slugs.len() >= 400 && slugs.contains(&json!("demo/quick")), "{}", slugs.len());
    let providers = program.ok(&["provider", "list", "--json"]);
    let ids: Vec<Value> =
        providers.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    for id in ["openai", "anthropic", "google", "llamacpp", "demo"] {
        assert!(ids.contains(&json!(id)), "{id}");
    }
}

#[test]
fn an_address_takes_what_belongs_to_the_account() {
    let program = Program::new();
    let row = |id: &str| {
        let lines = program.ok(&["provider", "list", "--json"]);
        let mut rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.find(|row| row["id"] == id).unwrap()
    };
    assert_eq!(row("openai")["fields"], json!([]));
    assert_eq!(row("vertex")["fields"][0]["name"], "project");
    assert_eq!(row("vertex")["fields"][0]["missing"], true);
    let refused = program.run(&["ask", "--json", "-m", "amazon.nova-lite-v1:0@bedrock", "Hi"]);
    let line: Value = serde_json::from_str(refused.stdout.trim()).unwrap();
    assert_eq!(line["kind"], "request.invalid");
    assert!(line["message"].as_str().unwrap().contains("provider set bedrock region="), "{line}");
    program.ok(&["provider", "set", "vertex", "project=my-project", "location=europe-west4"]);
    let vertex = row("vertex");
    assert_eq!(vertex["fields"][0]["value"], "my-project");
    assert_eq!(vertex["fields"][0]["missing"], false);
    let address =
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4";
    assert_eq!(vertex["base_url"], address);
    for bad in ["project=a/b", "project", "zone=a"] {
        let out = program.run(&["provider", "set", "vertex", bad]);
        assert!(!out.success && out.stderr.contains("request.invalid"), "{bad}: {}", out.stderr);
    }
    assert_eq!(row("vertex")["base_url"], address);
}

#[test]
fn a_damaged_database_is_refused_and_left_as_it_is() {
    let program = Program::new();
    let file = program.folder().join("parallax.db");
    std::fs::create_dir_all(program.folder()).unwrap();
    std::fs::write(&file, b"this is not a database, and it must not become one").unwrap();
    let out = program.run(&["models", "--json"]);
    let line: Value = serde_json::from_str(out.stdout.trim()).unwrap();
    assert_eq!(line["kind"], "store.corrupt");
    assert_eq!(std::fs::read(&file).unwrap(), b"this is not a database, and it must not become one");
}

#[test]
fn files_go_with_a_prompt_and_a_document_is_read_by_a_process_of_its_own() {
    let answer = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"mellon\"},\"finish_reason\":\"stop\"}]}\n\n\
                  data: [DONE]\n\n";
    let server = Replay::start(vec![Route::answer(Answer::event_stream(answer))]);
    let program = Program::new();
    program.ok(&["provider", "add", "rec", "--dialect", "openai-chat", "--base-url", &server.url()]);
    let document = program.folder().join("secret.pdf");
    let notes = program.folder().join("notes.txt");
    std::fs::write(&document, pdf("The password is mellon")).unwrap();
    std::fs::write(&notes, "Some words of mine").unwrap();
    let (document, notes) = (document.to_str().unwrap().to_owned(), notes.to_str().unwrap().to_owned());
    let program = program.with_key("rec", "sk-test-not-a-real-key");
    let out = program.ok(&["ask", "-m", "m@rec", "--file", &document, "-f", &notes, "Which?"]);
    assert!(out.contains("mellon"), "{out}");
    let body = String::from_utf8(server.seen()[0].body.clone()).unwrap();
    assert!(body.contains("The password is mellon") && body.contains("Some words of mine"), "{body}");
    let missing = program.run(&["ask", "-m", "m@rec", "--file", "/no/such/file.png", "Which?"]);
    assert!(missing.stderr.contains("/no/such/file.png"), "{}", missing.stderr);
    assert_eq!(server.seen().len(), 1, "nothing is sent without its file");
}
