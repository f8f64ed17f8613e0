//! Proof: an export of 1 GB comes in under 256 MiB, killed at twenty moments, to the same database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, measures time and prints its table"
)]

mod contents;

use contents::contents;
use parallax_suite::support::{
    chatgpt::{Numbers, write_export},
    program::Program,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufWriter, Read as _},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const BYTES: u64 = 1_000_000_000;
const KILLS: u64 = 20;
const LIMIT_KIB: u64 = 256 * 1024;

/// Most memory that was resident at once, in KiB, while the process lives.
fn peak(child: &mut Child) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        if let Ok(text) = fs::read_to_string(&path)
            && let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:"))
        {
            most = most.max(line.split_whitespace().nth(1).unwrap().parse().unwrap());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    most
}

fn start(program: &Program, file: &str) -> Child {
    program.command().args(["history", "import", file, "--json"]).stdout(Stdio::piped()).spawn().unwrap()
}

fn report(mut child: Child) -> Value {
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    serde_json::from_str(text.trim()).unwrap()
}

#[test]
fn a_gigabyte_comes_in_whole_however_often_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conversations.json");
    let mut out = BufWriter::with_capacity(1 << 20, fs::File::create(&path).unwrap());
    let (conversations, messages) = write_export(&mut out, BYTES, 7).unwrap();
    drop(out);
    let size = fs::metadata(&path).unwrap().len();
    let file = path.to_str().unwrap();

    let whole = Program::new();
    let begun = Instant::now();
    let mut child = start(&whole, file);
    let memory = peak(&mut child);
    let took = begun.elapsed();
    let told = report(child);
    assert_eq!((&told["added"], &told["messages"]), (&json!(conversations), &json!(messages)));

    let killed = Program::new();
    let mut numbers = Numbers::new(11);
    let mut survived = 0;
    for _ in 0..KILLS {
        // Anywhere in a run that goes on from where the last one was killed.
        let wait = took.mul_f64(f64::from(u32::try_from(numbers.below(1_000)).unwrap()) / 1_000.0 / 10.0);
        let mut child = start(&killed, file);
        std::thread::sleep(wait + Duration::from_millis(50));
        match child.try_wait().unwrap() {
            Some(_) => survived += 1,
            None => child.kill().unwrap(),
        }
        child.wait().unwrap();
    }
    let mut child = start(&killed, file);
    let again = peak(&mut child);
    let told = report(child);
    assert_eq!(told["complete"], true);
    let (expected, found) = (contents(&whole.folder()), contents(&killed.folder()));
    assert_eq!(expected.len(), found.len());
    let first = expected.iter().zip(&found).find(|(expected, found)| expected != found);
    assert_eq!(first, None);

    let mut child = start(&whole, file);
    let known = peak(&mut child);
    let told = report(child);
    assert_eq!(
        (&told["added"], &told["messages"], &told["known"]),
        (&json!(0), &json!(0), &json!(conversations))
    );

    let most = memory.max(again).max(known);
    println!("\n| what | value |");
    println!("|---|---:|");
    println!("| export, MB | {} |", size / 1_000_000);
    println!("| conversations | {conversations} |");
    println!("| messages | {messages} |");
    println!("| time, s | {} |", took.as_secs());
    println!("| most memory resident, MiB (limit 256) | {} |", most / 1024);
    println!("| kills, each continued | {} |", KILLS - survived);
    println!("| rows that differ from an import in one go | 0 of {} |", expected.len());
    println!("| rows added by importing again | 0 |");
    assert!(most < LIMIT_KIB, "{most} KiB resident");
}
