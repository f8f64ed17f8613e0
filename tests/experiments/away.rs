//! Experiments that are removed, and what one will take.

use super::{World, answer, cells, suite};
use domain::{ProcessId, Timestamp};
use parallax_suite::support::replay::{Replay, Route};
use serde_json::{Value, json};
use store::{Options, Shelf, Store};
use uuid::Uuid;

#[test]
fn an_estimate_sends_nothing() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let file = world.file("words.json", &suite(5, 2));
    let (ok, lines, err) = world.run(&["run", file.to_str().unwrap(), "--estimate", "--json"]);
    assert!(ok, "{err}");
    assert_eq!(
        (&lines[0]["cells"], &lines[0]["requests"], &lines[0]["low_usd"]),
        (&json!(10), &json!(10), &Value::Null)
    );
    assert_eq!(server.seen().len(), 0);
    assert!(world.run(&["list", "--json"]).1.is_empty());
}

#[test]
fn the_time_is_reckoned_from_answers_there_were() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let file = world.file("words.json", &suite(5, 2));
    let time = || {
        let (ok, lines, err) = world.run(&["run", file.to_str().unwrap(), "--estimate", "--json"]);
        assert!(ok, "{err}");
        lines[0]["time_ms"].clone()
    };
    assert!(time().is_null(), "none of them has ever answered");
    world.program.ok(&["ask", "-m", "m0@rec", "Say w0x"]);
    assert!(time().is_null(), "one of them has not");
    world.program.ok(&["ask", "-m", "m1@rec", "Say w0x"]);
    assert!(time().is_number());
}

#[test]
fn what_is_removed_comes_back_or_is_gone_with_its_answers() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let file = world.file("words.json", &suite(2, 2));
    let file = file.to_str().unwrap();
    world.run(&["run", file, "--json"]);
    let listed = |what: &str| world.run(&[what, "--json"]).1;
    let id = listed("list")[0]["id"].as_str().unwrap().to_owned();
    world.program.ok(&["experiment", "remove", &id]);
    assert!(listed("list").is_empty());
    let out = world.program.run(&["experiment", "run", &id]);
    assert!(!out.success, "what was removed is not run");
    assert!(world.program.ok(&["experiment", "restore"]).contains(&id));
    world.program.ok(&["experiment", "restore", &id]);
    assert_eq!(listed("list")[0]["done"], json!(4));
    world.program.ok(&["experiment", "remove", &id]);
    // Its days are over.
    let options = Options { process: ProcessId::new(Uuid::from_u128(7)), now: Timestamp(1), version: "test" };
    let store = Store::open(&world.program.folder(), options).unwrap();
    assert_eq!(store.write(|tx| tx.purge_experiments(Timestamp(1), 8)).wait().unwrap(), 0, "too early");
    let later = Timestamp(i64::MAX);
    assert_eq!(store.write(move |tx| tx.purge_experiments(later, 8)).wait().unwrap(), 1);
    drop(store);
    assert!(world.program.ok(&["experiment", "restore"]).is_empty());
    let (ok, lines, _) = world.run(&["run", file, "--json"]);
    assert!(ok && cells(&lines).iter().all(|cell| cell["reused"] == false));
    let spent: Value =
        serde_json::from_str(world.program.ok(&["spend", "--json"]).lines().last().unwrap()).unwrap();
    assert_eq!(spent["attempts"], json!(8), "what was spent stays");
}

/// In the archive they would look like a chat that may be tidied away.
#[test]
fn the_answers_of_an_experiment_are_no_chat_and_go_with_it_alone() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let file = world.file("words.json", &suite(1, 1));
    world.run(&["run", file.to_str().unwrap(), "--json"]);
    let options = Options { process: ProcessId::new(Uuid::from_u128(7)), now: Timestamp(1), version: "test" };
    let store = Store::open(&world.program.folder(), options).unwrap();
    let read = |shelf: Shelf| store.read(move |tx| tx.conversations(9, shelf)).wait().unwrap();
    let kept = read(Shelf::Kept);
    assert_eq!((kept.len(), read(Shelf::Archived).len(), read(Shelf::Listed).len()), (1, 0, 0));
    let id = kept[0].id;
    drop(store);
    let out = world.program.run(&["history", "delete", &id.to_string()]);
    assert!(!out.success && out.stderr.contains("answers of an experiment"), "{}{}", out.stdout, out.stderr);
}
