//! Experiments over the loopback: nothing is paid twice, nothing lost, a cap holds, files come out as they went in.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and wait for another process by the clock"
)]

use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Seen, Step},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

#[path = "experiments/away.rs"]
mod away;

const KEY: &str = "sk-test-not-a-real-key";

/// The words of the prompt that tell requests apart.
fn word(seen: &Seen) -> String {
    let text = seen.text();
    text.split("Say ").nth(1).unwrap().chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// A whole answer of the chat-completions form that repeats the word.
fn answer(seen: &Seen) -> Answer {
    answer_of(&word(seen))
}

fn answer_of(word: &str) -> Answer {
    answer_text(&format!("You said {word}."))
}

fn answer_text(text: &str) -> Answer {
    let chunk = |delta: Value, finish: Value| {
        format!(
            "data: {}\n\n",
            json!({"id": "r", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        )
    };
    let body = chunk(json!({"role": "assistant", "content": text}), Value::Null)
        + &chunk(json!({}), json!("stop"))
        + "data: {\"id\":\"r\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":4,\"total_tokens\":9}}\n\n"
        + "data: [DONE]\n\n";
    Answer::event_stream(body)
}

struct World {
    program: Program,
    folder: tempfile::TempDir,
}

impl World {
    fn new(server: &Replay) -> Self {
        let program = Program::new().with_key("rec", KEY);
        program.ok(&["provider", "add", "rec", "--dialect", "openai-chat", "--base-url", &server.url()]);
        Self { program, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> (bool, Vec<Value>, String) {
        let out = self.program.run(&[&["experiment"], arguments].concat());
        let lines = out.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (out.success, lines, out.stderr)
    }
}

fn cells(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["type"] == "cell").collect()
}

/// A suite of `prompts` words for `models` models.
fn suite(prompts: usize, models: usize) -> String {
    let words: Vec<String> = (0..prompts).map(|n| format!("w{n}x")).collect();
    let models: Vec<String> = (0..models).map(|n| format!("m{n}@rec")).collect();
    json!({
        "title": "Words",
        "prompts": ["Say {{word}}"],
        "models": models,
        "defaultTest": {"assert": [{"type": "contains", "value": "said {{word}}."}, {"type": "not-contains", "value": "sorry"}]},
        "tests": [{"vars": {"word": words}}],
    })
    .to_string()
}

#[test]
fn every_cell_is_asked_once_checked_and_free_the_second_time() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let file = world.file("words.json", &suite(6, 2));
    let file = file.to_str().unwrap();
    let (ok, lines, err) = world.run(&["run", file, "--json"]);
    assert!(ok, "{err}");
    assert_eq!((cells(&lines).len(), server.seen().len()), (12, 12));
    for cell in cells(&lines) {
        let word = cell["vars"]["word"].as_str().unwrap();
        assert_eq!(cell["text"], json!(format!("You said {word}.")));
        assert_eq!((&cell["passed"], cell["checks"].as_array().unwrap().len()), (&json!(true), 2));
        assert_eq!((&cell["state"], &cell["reused"]), (&json!("done"), &json!(false)));
    }
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["type"], &last["state"], &last["passed"]),
        (&json!("experiment"), &json!("complete"), &json!(12))
    );
    let (ok, lines, _) = world.run(&["run", file, "--json"]);
    assert!(ok);
    assert_eq!(server.seen().len(), 12, "equal requests are not sent again");
    assert!(cells(&lines).iter().all(|cell| cell["reused"] == true && cell["passed"] == true));
    let (_, lines, _) = world.run(&["run", file, "--json", "--fresh"]);
    assert_eq!((cells(&lines).len(), server.seen().len()), (12, 24));
    let (_, lines, _) = world.run(&["list", "--json"]);
    assert_eq!(lines.len(), 3);
    world.program.ok(&["ask", "-m", "m0@rec", "Say hi"]);
    let kinds = world.program.ok(&["spend", "--by", "kind", "--json"]);
    let kinds: BTreeMap<String, Value> = kinds
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["kind"].as_str().unwrap().to_owned(), line["attempts"].clone()))
        .collect();
    assert_eq!(kinds, BTreeMap::from([("cli".to_owned(), json!(1)), ("experiment".to_owned(), json!(24))]));
}

#[test]
fn equal_cells_of_one_experiment_are_paid_once_and_samples_each() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let file = world.file("twice.yaml", "{prompts: ['Say one', 'Say one'], models: [m@rec], samples: 3}");
    let (ok, lines, err) = world.run(&["run", file.to_str().unwrap(), "--json"]);
    assert!(ok, "{err}");
    assert_eq!((cells(&lines).len(), server.seen().len()), (6, 3));
    assert_eq!(cells(&lines).iter().filter(|cell| cell["reused"] == true).count(), 3);
}

#[test]
fn a_killed_experiment_goes_on_with_no_cell_paid_twice_and_none_lost() {
    let whole = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&whole);
    // Every seventh request is refused once, every fifth cut off in the middle; the rest takes its time.
    let faults = Arc::new(AtomicUsize::new(0));
    let server = Replay::start(vec![Route::with(move |seen| {
        let n = faults.fetch_add(1, Ordering::SeqCst);
        if n % 7 == 6 {
            return Answer::status(503);
        }
        if n % 5 == 4 {
            return answer(seen).until(60, Step::Reset);
        }
        counted.fetch_add(1, Ordering::SeqCst);
        answer(seen).after(Duration::from_millis(20))
    })]);
    let world = World::new(&server);
    let file = world.file("words.json", &suite(15, 4));
    for limit in [8, 20, 35] {
        let begun = world.run(&["list", "--json"]).1;
        let what =
            begun.first().map_or(file.to_str().unwrap().to_owned(), |e| e["id"].as_str().unwrap().to_owned());
        let mut command = world.program.command();
        command.args(["experiment", "run", &what, "--json", "--concurrency", "6"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        while server.seen().len() < limit && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(3));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let id = world.run(&["list", "--json"]).1[0]["id"].as_str().unwrap().to_owned();
    let again = |more: &[&str]| {
        let mut last = Value::Null;
        for _ in 0..12 {
            let (_, lines, err) = world.run(&[&["run", &id, "--json", "--retry-failed"], more].concat());
            last = lines.last().unwrap_or_else(|| panic!("{err}")).clone();
            if last["failed"] == 0 && last["state"] != "paused" {
                break;
            }
        }
        last
    };
    // What a kill cut off is told and not asked again: no cell has had two whole answers of the provider.
    let last = again(&[]);
    let count = |name: &str| last[name].as_u64().unwrap();
    assert_eq!(count("done") + count("uncertain"), 60, "none is lost: {last}");
    assert!((1..=18).contains(&count("uncertain")), "six in flight at three kills: {last}");
    assert_eq!(last["state"], "uncertain");
    let answers = whole.load(Ordering::SeqCst);
    assert!(answers <= 60, "{answers} whole answers for 60 cells");
    let (_, lines, _) = world.run(&["show", &id, "--json"]);
    let unknown = cells(&lines).into_iter().find(|cell| cell["state"] == "uncertain").unwrap();
    assert!(unknown["message"].as_str().unwrap().contains("billed"), "{unknown}");
    // On the user's word they are asked again.
    assert_eq!(again(&["--retry-uncertain"])["state"], "complete");
    let (ok, lines, err) = world.run(&["show", &id, "--json"]);
    assert!(ok, "{err}");
    let found = cells(&lines);
    assert_eq!(found.len(), 60);
    assert!(found.iter().all(|cell| cell["state"] == "done" && cell["passed"] == true), "{lines:?}");
    // The database knows of no cell with two whole answers.
    let rows = world.program.ok(&["spend", "export", "--json"]);
    let completed = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| row["outcome"] == "stop")
        .count();
    assert_eq!(completed, 60, "every cell has one completed attempt in the ledger");
}

#[test]
fn a_cap_lets_through_what_fits_and_the_rest_goes_on_with_more() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let words: Vec<String> = (0..30).map(|n| format!("w{n}x")).collect();
    let suite = json!({
        "prompts": ["Say {{word}}"],
        "models": [{"id": "m@rec", "config": {"max_tokens": 10}}],
        "tests": [{"vars": {"word": words}}],
    });
    let file = world.file("words.json", &suite.to_string());
    let file = file.to_str().unwrap();
    // The price is not known, so nothing may be sent under a cap.
    let (ok, lines, _) = world.run(&["run", file, "--json", "--cap", "0.2"]);
    assert!(!ok);
    let last = lines.last().unwrap();
    assert_eq!((&last["state"], &last["done"], server.seen().len()), (&json!("held"), &json!(0), 0));
    // A tenth of a cent a token: 9 tokens are reported for each.
    world.program.ok(&["price", "set", "m@rec", "--input", "1000", "--output", "1000"]);
    let pico = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let id = last["id"].as_str().unwrap().to_owned();
    let (ok, lines, _) = world.run(&["run", &id, "--json", "--concurrency", "8"]);
    assert!(!ok);
    let last = lines.last().unwrap();
    let done = last["done"].as_u64().unwrap();
    assert_eq!(last["state"], "held");
    assert!((1..30).contains(&done) && pico(&last["cost_usd"]) <= 0.2, "{last}");
    assert_eq!(server.seen().len() as u64, done, "what is held is not sent");
    assert!(world.program.ok(&["budget", "list", "--json"]).is_empty(), "the cap leaves no budget behind");
    let (ok, lines, err) = world.run(&["run", &id, "--json", "--cap", "2"]);
    assert!(ok, "{err}");
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["state"], &last["done"], &last["cost_usd"]),
        (&json!("complete"), &json!(30), &json!("0.270000"))
    );
    assert_eq!(server.seen().len(), 30);
}

#[test]
fn what_cannot_be_run_says_why_and_stores_nothing() {
    let server = Replay::start(Vec::new());
    let world = World::new(&server);
    for (text, why) in [
        (
            "{prompts: [a], models: [m@rec], tests: [{assert: [{type: smells-good, value: x}]}]}",
            "smells-good",
        ),
        ("{prompts: ['{{x}}'], models: [m@rec]}", "{{x}}"),
        ("{prompts: [a], models: [{id: m@rec, config: {warmth: 3}}]}", "warmth"),
        ("{prompts: [a], models: [nobody/nothing]}", "nothing"),
        ("{prompts: [a]}", "no model"),
        (
            "{prompts: ['[{\"role\":\"assistant\",\"content\":\"x\"}]'], models: [m@rec]}",
            "only system and user",
        ),
    ] {
        let file = world.file("bad.yaml", text);
        let (ok, _, err) = world.run(&["run", file.to_str().unwrap(), "--json"]);
        assert!(!ok && err.contains(why), "{text}: {err}");
    }
    assert!(world.run(&["list", "--json"]).1.is_empty());
}

#[test]
fn another_model_is_asked_the_same_and_what_got_worse_is_told() {
    // The newer model has lost the word of every second prompt.
    let server = Replay::start(vec![Route::with(|seen| {
        let word = word(seen);
        let lost = seen.text().contains("\"new\"") && word.ends_with(['1', '3', '5']);
        if lost { answer_of("sorry") } else { answer_of(&word) }
    })]);
    let world = World::new(&server);
    let words: Vec<String> = (0..6).map(|n| format!("w{n}")).collect();
    let suite = json!({
        "prompts": ["Say {{word}}"],
        "models": ["old@rec"],
        "defaultTest": {"assert": [{"type": "contains", "value": "said {{word}}."}]},
        "tests": [{"vars": {"word": words}}],
    });
    let file = world.file("words.json", &suite.to_string());
    let (ok, lines, err) = world.run(&["run", file.to_str().unwrap(), "--json"]);
    assert!(ok, "{err}");
    let before = lines.last().unwrap()["id"].as_str().unwrap().to_owned();
    let (ok, lines, err) = world.run(&["run", &before, "--rerun-on", "new@rec", "--json"]);
    assert!(!ok, "something got worse: {err}");
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["type"], &last["compared"], &last["regressed"], &last["still_passes"]),
        (&json!("regression"), &json!(6), &json!(3), &json!(3))
    );
    let pairs: Vec<&Value> = lines.iter().filter(|line| line["type"] == "pair").collect();
    assert_eq!((pairs.len(), &pairs[0]["change"]), (6, &json!("regressed")));
    assert_eq!(server.seen().len(), 12);
    let after = world.run(&["list", "--json"]).1[0]["id"].as_str().unwrap().to_owned();
    let (ok, lines, _) = world.run(&["diff", &after, &before, "--json"]);
    assert!(ok, "the other way round nothing got worse");
    assert_eq!(lines.last().unwrap()["fixed"], json!(3));
    assert_eq!(server.seen().len(), 12, "a comparison sends nothing");
}

#[test]
fn checks_that_need_code_or_a_judge_are_told_and_not_run() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    let file = world.file(
        "promptfooconfig.yaml",
        "prompts: ['Say {{word}}']\nproviders: [rec:chat:m1]\ntests:\n  - vars: {word: alpha}\n    assert:\n      - type: icontains\n        value: ALPHA\n      - type: javascript\n        value: process.exit(3)\n      - type: llm-rubric\n        value: is friendly\n",
    );
    let (ok, lines, err) = world.run(&["run", file.to_str().unwrap(), "--json"]);
    assert!(!ok && err.is_empty(), "what was not run has not passed: {err}");
    let checks = &cells(&lines)[0]["checks"];
    assert_eq!(
        (&checks[0]["passed"], &checks[1]["passed"], &checks[2]["passed"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    assert!(checks[1]["reason"].as_str().unwrap().starts_with("not run: "), "{checks}");
    assert_eq!(server.seen().len(), 1, "no judge is asked");
}

#[test]
fn a_rubric_is_judged_once_for_each_answer_booked_and_told_where_it_is_not() {
    let judge = |seen: &Seen| match seen.text().contains("beta") {
        true => answer_text("It is fine, I think."),
        false => answer_text("{\"pass\": true, \"why\": \"It is friendly.\"}"),
    };
    let is_judge = |seen: &Seen| seen.text().contains("meet this rubric");
    let server = Replay::start(vec![Route::with(judge).when(is_judge), Route::with(answer)]);
    let world = World::new(&server);
    let suite = "prompts: ['Say {{word}}']\nmodels: [m1@rec, m2@rec]\ndefaultTest:\n  assert:\n    - {type: llm-rubric, value: 'is friendly about {{word}}', provider: 'rec:chat:richter'}\n    - {type: not-llm-rubric, value: is rude, provider: richter@rec}\ntests:\n  - vars: {word: [alpha, beta]}\n";
    let file = world.file("judged.yaml", suite);
    let file = file.to_str().unwrap();
    let (_, lines, err) = world.run(&["run", file, "--estimate", "--json"]);
    assert_eq!((&lines[0]["requests"], &lines[0]["judged"]), (&json!(4), &json!(8)), "{err}");
    let (ok, lines, err) = world.run(&["run", file, "--json"]);
    assert!(!ok, "the other rubric is denied: {err}");
    for cell in cells(&lines) {
        let checks = &cell["checks"];
        if cell["vars"]["word"] == "alpha" {
            assert_eq!((&checks[0]["passed"], &checks[1]["passed"]), (&json!(true), &json!(false)), "{cell}");
            assert_eq!(checks[0]["reason"], json!("It is friendly."));
        } else {
            assert_eq!((&checks[0]["passed"], &checks[1]["passed"]), (&Value::Null, &Value::Null), "{cell}");
            assert!(checks[0]["reason"].as_str().unwrap().contains("did not reply in the form"), "{cell}");
        }
    }
    // Both models say the same, so a judge may have been asked twice at once for it, never more.
    let asked = |server: &Replay| server.seen().iter().filter(|seen| is_judge(seen)).count();
    let before = asked(&server);
    assert!((6..=8).contains(&before), "{before}");
    let rows = world.program.ok(&["spend", "export", "--json"]);
    let kinds = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone());
    assert_eq!(kinds.filter(|kind| kind == "judge").count(), before, "each is booked as a judge's");
    let (_, lines, _) = world.run(&["run", file, "--json"]);
    let alpha = cells(&lines).into_iter().find(|cell| cell["vars"]["word"] == "alpha").unwrap();
    assert_eq!((&alpha["reused"], &alpha["checks"][0]["passed"]), (&json!(true), &json!(true)));
    let again = asked(&server) - before;
    assert!((2..=4).contains(&again), "only what had no verdict is asked again: {again}");
}

#[test]
fn a_cap_goes_with_the_process_that_put_it_up() {
    let server = Replay::start(vec![Route::with(|seen| answer(seen).until(60, Step::Stall))]);
    let world = World::new(&server);
    world.program.ok(&["price", "set", "m@rec", "--input", "1", "--output", "1"]);
    let file = world.file("words.yaml", "{prompts: ['Say one', 'Say two'], models: [m@rec]}");
    let mut command = world.program.command();
    command.args(["experiment", "run", file.to_str().unwrap(), "--json", "--cap", "5"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while server.seen().is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it asked");
        std::thread::sleep(Duration::from_millis(3));
    }
    let budgets = || world.program.ok(&["budget", "list", "--json"]).lines().count();
    world.run(&["list", "--json"]);
    assert_eq!(budgets(), 1, "the cap holds as long as its process lives");
    child.kill().unwrap();
    child.wait().unwrap();
    world.run(&["list", "--json"]);
    assert_eq!(budgets(), 0, "and no longer");
}

/// promptfoo's own getting-started form, with a table of cases beside it.
#[test]
fn a_promptfoo_file_runs_and_its_table_equals_the_database() {
    let server = Replay::start(vec![Route::with(answer)]);
    let world = World::new(&server);
    world.file("cases.csv", "word,__expected\nalpha,contains: alpha\n=cmd,icontains: nothing of the sort\n");
    let file = world.file(
        "promptfooconfig.yaml",
        "description: My eval\nprompts:\n  - 'Say {{word}} please'\nproviders:\n  - rec:chat:m1\n  - id: rec:m2\n    label: second\n    config: {temperature: 0}\ntests: file://cases.csv\noutputPath: out.json\n",
    );
    let (ok, lines, err) = world.run(&["run", file.to_str().unwrap(), "--json"]);
    assert!(!ok, "one check fails");
    assert!(err.contains("outputPath"), "{err}");
    let id = lines.last().unwrap()["id"].as_str().unwrap().to_owned();
    let csv = world.program.ok(&["experiment", "export", &id]);
    let shown: BTreeMap<String, Value> = cells(&world.run(&["show", &id, "--json"]).1)
        .into_iter()
        .map(|cell| (cell["position"].to_string(), cell.clone()))
        .collect();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let mut count = 0;
    for row in reader.records() {
        let row: BTreeMap<&str, String> =
            heads.iter().zip(row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
        let cell = &shown[&row["position"]];
        assert_eq!(
            (row["text"].as_str(), row["state"].as_str()),
            (cell["text"].as_str().unwrap(), cell["state"].as_str().unwrap())
        );
        assert_eq!(serde_json::from_str::<Value>(&row["checks"]).unwrap(), cell["checks"]);
        assert_eq!(serde_json::from_str::<Value>(&row["vars"]).unwrap(), cell["vars"]);
        assert_eq!(
            (row["passed"].clone(), row["cost_usd"].as_str()),
            (cell["passed"].to_string(), cell["cost"]["usd"].as_str().unwrap_or_default())
        );
        count += 1;
    }
    assert_eq!((count, shown.len()), (4, 4));
    let page = world.program.ok(&["experiment", "export", &id, "--format", "html"]);
    assert!(page.contains("My eval") && !page.contains("<script") && !page.contains("://"), "{page}");
}

/// What files found in public use beside plain prompts and checks.
#[test]
fn what_public_promptfoo_files_use_is_sent_as_meant_or_told() {
    let judge = |_: &Seen| answer_text("{\"pass\": true, \"why\": \"It is.\"}");
    let is_judge = |seen: &Seen| seen.text().contains("meet this rubric");
    let server = Replay::start(vec![Route::with(judge).when(is_judge), Route::with(answer)]);
    let world = World::new(&server);
    world.file("prompts.txt", "Say {{word}}\n---\nNow Say {{word}}\n");
    let chat = "[{\"role\": \"system\", \"content\": \"You are {{who}}.\"}, {\"role\": \"user\", \"content\": \"Say {{word}}\"}]";
    world.file("chat.json", chat);
    let config = "prompts: [file://prompts.txt, file://chat.json]\nproviders:\n  - {id: 'rec:chat:m1', delay: 100}\nassertionTemplates:\n  said: {type: icontains, value: said}\ndefaultTest:\n  options: {provider: 'rec:chat:richter'}\n  assert:\n    - {type: llm-rubric, value: is short}\n    - {type: javascript, value: output.length < 99}\ntests:\n  - vars: {word: 'a \"b\"', who: Ann}\n    assert:\n      - $ref: '#/assertionTemplates/said'\n      - {type: equals, value: nothing, transform: output.trim()}\nevaluateOptions: {maxConcurrency: 2}\n";
    let file = world.file("promptfooconfig.yaml", config);
    let (ok, lines, err) = world.run(&["run", file.to_str().unwrap(), "--json"]);
    assert!(
        !ok && lines.last().unwrap()["undecided"] == 3,
        "what is not run decides nothing: {err} {lines:?}"
    );
    assert!(err.contains("models: delay") && err.contains("evaluateOptions: maxConcurrency"), "{err}");
    assert_eq!(cells(&lines).len(), 3);
    for cell in cells(&lines) {
        let passed: Vec<&Value> =
            cell["checks"].as_array().unwrap().iter().map(|check| &check["passed"]).collect();
        assert_eq!(passed, [&json!(true), &Value::Null, &json!(true), &Value::Null], "{cell}");
    }
    let asked: Vec<Value> = server
        .seen()
        .iter()
        .filter(|seen| !is_judge(seen))
        .map(|seen| serde_json::from_str::<Value>(&seen.text()).unwrap()["messages"].clone())
        .collect();
    let chat = asked.iter().find(|messages| messages[0]["role"] == "system").unwrap();
    assert_eq!(chat[1]["content"], json!("Say a \"b\""), "a quotation mark stays one");
    let pairs = lines.iter().filter(|line| line["type"] == "prompts");
    assert_eq!(pairs.filter(|pair| pair["even"] == 0 && pair["better"].is_null()).count(), 3, "{lines:?}");
    let program = world.file("code.yaml", "{prompts: ['file://make.py'], models: ['rec:m1']}");
    world.file("make.py", "print('Say it')");
    let (ok, _, err) = world.run(&["run", program.to_str().unwrap()]);
    assert!(!ok && err.contains("names a program"), "{err}");
}
