//! Ctrl C.

#[cfg(target_os = "linux")]
use parallax_suite::support::chatgpt::write_export;
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Step},
};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

fn press(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Does it end by itself within so long?
fn ends(child: &mut Child, within: Duration) -> bool {
    let step = Duration::from_millis(10);
    for _ in 0..within.as_millis() / step.as_millis() {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(step);
    }
    false
}

#[test]
fn a_second_ctrl_c_stops_an_experiment_whose_provider_stalls() {
    let piece = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"}}]}\n\n";
    let server = Replay::start(vec![Route::answer(Answer::event_stream(piece).step(Step::Stall))]);
    let program = Program::new();
    program.ok(&["provider", "add", "rec", "--dialect", "openai-chat", "--base-url", &server.url()]);
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set.yaml");
    std::fs::write(&set, "prompts: ['Say one', 'Say two']\nproviders: ['m@rec']\n").unwrap();
    let mut command = program.command();
    command.args(["experiment", "run", "--json", "--concurrency", "1", set.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.seen().is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it asked");
        std::thread::sleep(Duration::from_millis(5));
    }
    press(&child);
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("Ctrl C once more"), "{said}");
    assert!(!ends(&mut child, Duration::from_millis(700)), "what is being answered comes to its end");
    press(&child);
    assert!(ends(&mut child, Duration::from_secs(20)), "a second one ends it");
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    // What was on its way may have been billed; the other cell waits.
    assert_eq!((&last["state"], &last["uncertain"]), (&"paused".into(), &1.into()), "{last}");
    assert_eq!(server.asked(), 1);
}

/// Does it hear of Ctrl C already? Before, it would be ended by it.
#[cfg(target_os = "linux")]
fn listens(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & 2 != 0
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_ctrl_c_ends_an_import_that_waits_for_somebody() {
    let program = Program::new();
    program.ok(&["history", "list"]);
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("conversations.json");
    write_export(&mut std::fs::File::create(&export).unwrap(), 20_000_000, 7).unwrap();
    let mut command = program.command();
    command.args(["history", "import", export.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !listens(&child) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it listened");
        std::thread::sleep(Duration::from_millis(2));
    }
    // Another program writes, and takes its time.
    let other = rusqlite::Connection::open(program.folder().join("parallax.db")).unwrap();
    other.busy_timeout(Duration::from_secs(20)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    press(&child);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("Ctrl C once more"), "{line}");
    press(&child);
    line.clear();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("Stopped at once"), "{line}");
    drop(other);
    assert!(ends(&mut child, Duration::from_secs(20)) && !child.wait().unwrap().success());
    let again = program.ok(&["history", "import", "--json", export.to_str().unwrap()]);
    let report: Value = serde_json::from_str(again.trim()).unwrap();
    assert_eq!(report["complete"], true, "{report}");
}
