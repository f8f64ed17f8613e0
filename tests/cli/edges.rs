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
