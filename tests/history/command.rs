//! `parallax history`, and an import that is killed.

use crate::{contents::contents, samples};
use parallax_suite::support::{
    chatgpt::{Numbers, write_export},
    program::Program,
};
use serde_json::{Value, json};
use std::{fs, time::Duration};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_command_imports_lists_finds_shows_and_exports() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.json");
    fs::write(&file, json!([samples::chatgpt(), samples::claude()]).to_string()).unwrap();
    let file = file.to_str().unwrap();
    let look = lines(&program.ok(&["history", "import", file, "--dry-run", "--json"]));
    assert_eq!((&look[0]["added"], &look[0]["dry_run"]), (&json!(2), &json!(true)));
    assert_eq!(program.ok(&["history", "list"]), "");
    let report = lines(&program.ok(&["history", "import", file, "--json"]));
    assert_eq!((&report[0]["added"], &report[0]["complete"]), (&json!(2), &json!(true)));
    assert_eq!(lines(&program.ok(&["history", "import", file, "--json"]))[0]["added"], 0);
    let list = lines(&program.ok(&["history", "list", "--json"]));
    assert_eq!(
        list.iter().map(|row| &row["title"]).collect::<Vec<_>>(),
        [&json!("Letters"), &json!("Plots")]
    );
    let hits = lines(&program.ok(&["history", "search", "--json", "cat"]));
    assert_eq!((hits.len(), &hits[0]["matches"], &hits[0]["model"]), (1, &json!(["cat"]), &json!("gpt-4o")));
    assert_eq!(lines(&program.ok(&["history", "search", "--json", "model:claude", "date:2026-05"])).len(), 1);
    assert!(!program.run(&["history", "search", "date:soon"]).success);
    let message = hits[0]["message"].as_str().unwrap();
    assert!(program.ok(&["history", "show", message]).contains("# Plots"));
    let id = hits[0]["conversation"].as_str().unwrap();
    let whole = program.ok(&["history", "export", id, "--json"]);
    assert_eq!(lines(&whole)[0]["title"], "Plots");
    let html = folder.path().join("plots.html");
    program.ok(&["history", "export", id, "--format", "html", "-o", html.to_str().unwrap()]);
    assert!(fs::read_to_string(&html).unwrap().starts_with("<!doctype html>"));
    let again = program.run(&["history", "export", id, "-o", html.to_str().unwrap()]);
    assert!(!again.success, "a file that is there is not written over");
    let all = program.ok(&["history", "export", "--all"]);
    assert_eq!(lines(&all).len(), 2);
    program.ok(&["history", "delete", id]);
    assert_eq!(lines(&program.ok(&["history", "list", "--json"])).len(), 1);
    assert_eq!(lines(&program.ok(&["history", "list", "--trash", "--json"]))[0]["id"], id);
    program.ok(&["history", "restore", id]);
    let import = report[0]["import"].as_str().unwrap();
    assert_eq!(lines(&program.ok(&["history", "undo", import, "--json"]))[0]["gone"], 2);
    // What was given out comes back in, in one file.
    let file = folder.path().join("all.jsonl");
    fs::write(&file, all).unwrap();
    assert_eq!(lines(&program.ok(&["history", "import", file.to_str().unwrap(), "--json"]))[0]["added"], 2);
    // The views are there for other programs.
    let database = rusqlite::Connection::open(program.folder().join("parallax.db")).unwrap();
    let count = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM v_conversations WHERE imported_from = 'parallax'"), 2);
    assert_eq!(count("SELECT count(*) FROM v_messages WHERE text LIKE '%A cat.%' AND role = 'assistant'"), 1);
    assert_eq!(count("SELECT count(*) FROM v_answers WHERE model = 'gpt-4o' AND state = 'done'"), 4);
    assert_eq!(count("SELECT count(*) FROM v_spend"), 0);
}

#[test]
fn an_import_that_is_killed_goes_on_to_the_same_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("conversations.json");
    let (conversations, messages) =
        write_export(&mut fs::File::create(&file).unwrap(), 20_000_000, 7).unwrap();
    let file = file.to_str().unwrap();
    let whole = Program::new();
    let started = std::time::SystemTime::now();
    let report = lines(&whole.ok(&["history", "import", file, "--json"]));
    let took = started.elapsed().unwrap();
    assert_eq!((&report[0]["added"], &report[0]["messages"]), (&json!(conversations), &json!(messages)));
    let expected = contents(&whole.folder());
    let killed = Program::new();
    let mut numbers = Numbers::new(11);
    for _ in 0..4 {
        let mut child = killed.command().args(["history", "import", file, "--json"]).spawn().unwrap();
        std::thread::sleep(
            took * u32::try_from(numbers.below(60)).unwrap() / 100 + Duration::from_millis(20),
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = lines(&killed.ok(&["history", "import", file, "--json"]));
    let found = contents(&killed.folder());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(report[0]["added"].as_u64().unwrap() + report[0]["known"].as_u64().unwrap(), conversations);
    assert_eq!(lines(&killed.ok(&["history", "import", file, "--json"]))[0]["messages"], 0);
}
