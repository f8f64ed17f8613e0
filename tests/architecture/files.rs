//! Rules about files: their places, lengths and words.

use crate::source::{literals, shipped, words};
use crate::{files, none, read, root};
use std::collections::BTreeSet;

/// The top level is fixed.
const TOP: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "icons",
    "src-tauri",
    "tests",
    "ui",
];
const DOTTED: &[&str] =
    &[".cargo", ".ci", ".clippy.toml", ".gitattributes", ".github", ".gitignore", ".rustfmt.toml"];

const LONGEST: usize = 500;
/// How a file says that it is longer, in one of its first lines.
const EXCUSE: &str = "over 500 lines:";

#[test]
fn the_top_level_is_as_agreed() {
    let mut findings = BTreeSet::new();
    for file in files() {
        let top = file.split('/').next().unwrap();
        if !TOP.contains(&top) && !DOTTED.contains(&top) {
            findings.insert(top.to_owned());
        }
    }
    none("not agreed for the top level", &findings.into_iter().collect::<Vec<_>>());
    for needed in TOP {
        assert!(root().join(needed).exists(), "{needed} is missing");
    }
}

#[test]
fn no_file_is_too_long() {
    let mut findings = Vec::new();
    for file in files() {
        let source = [".rs", ".ts", ".svelte", ".css", ".py"].iter().any(|ending| file.ends_with(ending));
        if !source || file.starts_with("ui/src/ipc/generated/") {
            continue;
        }
        let text = read(&file);
        let length = text.lines().count();
        let excuse = text.lines().take(5).find_map(|line| line.split_once(EXCUSE));
        match excuse {
            Some((_, reason)) if reason.trim().len() < 10 => findings.push(format!("{file} gives no reason")),
            Some(_) if length <= LONGEST => {
                findings.push(format!("{file} is short again: take its excuse out"))
            }
            None if length > LONGEST => findings.push(format!("{file} has {length} lines")),
            _ => {}
        }
    }
    none("longer than 500 lines", &findings);
}

/// Provider ids that mean something else where they stand, with the reason.
const NOT_A_PROVIDER: &[(&str, &str)] = &[
    ("cohere", "the dialect's own name"),
    ("ollama", "the dialect's own name"),
    ("vertex", "the dialect's own name"),
];

#[test]
fn codecs_and_routes_know_no_provider() {
    let ids = provider_ids();
    assert!(ids.contains("openai") && ids.contains("anthropic"), "the catalogue's providers: {ids:?}");
    let mut findings = Vec::new();
    for file in files() {
        let pure = ["src-tauri/crates/wire/src/", "src-tauri/crates/router/src/"];
        if !pure.iter().any(|folder| file.starts_with(folder))
            || !file.ends_with(".rs")
            || file.ends_with("_tests.rs")
        {
            continue;
        }
        let name = file.rsplit('/').next().unwrap().trim_end_matches(".rs").replace('_', "-");
        let text = read(&file);
        // A branch compares with a word of its own; a sentence may say "together" without meaning a provider.
        // Nor is the name of a type of gRPC's errors one.
        let named = |literal: &String| !literal.contains(' ') && !literal.starts_with("type.googleapis.com/");
        let terms = literals(shipped(&text)).into_iter().filter(named);
        let found: Vec<String> =
            terms.flat_map(|t| words(&t).map(str::to_owned).collect::<Vec<_>>()).collect();
        for word in found.iter().chain([&name]) {
            if ids.contains(word) && !NOT_A_PROVIDER.iter().any(|(known, _)| known == word) {
                findings.push(format!("{file}: {word:?}"));
            }
        }
    }
    none("provider ids in pure code (make it a quirk, as data)", &findings);
}

/// The ids of the bundled providers: one file each.
fn provider_ids() -> BTreeSet<String> {
    let folder = "src-tauri/crates/catalog/providers/";
    let mut ids = BTreeSet::new();
    for file in files().iter().filter(|file| file.starts_with(folder) && file.ends_with(".toml")) {
        let text = read(file);
        let line = text.lines().find_map(|line| line.strip_prefix("id = "));
        let id = line.unwrap_or_else(|| panic!("{file} has no id")).trim().trim_matches('"').to_owned();
        assert_eq!(file, &format!("{folder}{id}.toml"), "a provider's file is called after its id");
        ids.insert(id);
    }
    ids
}

/// Words that belong to one machine or to an unfinished thing, written in pieces so that this file has none.
const FOREIGN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/tmp/ba", "sh_"),
    ("registry.n", "pmjs"),
    ("files.python", "hosted"),
    ("static.cra", "tes.io"),
    ("deb.deb", "ian.org"),
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X:"),
];

#[test]
fn nothing_points_at_one_machine_or_waits_to_be_done() {
    let mut findings = Vec::new();
    for file in files() {
        // Recordings are what providers said, word for word; locks are written by their tools.
        let others = ["tests/recordings/", "Cargo.lock", "ui/package-lock.json", "LICENSE"];
        if others.iter().any(|start| file.starts_with(start)) {
            continue;
        }
        let bytes = std::fs::read(root().join(&file)).unwrap();
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for (number, line) in text.lines().enumerate() {
            for (start, end) in FOREIGN {
                let word = format!("{start}{end}");
                // Nobody's folder, for examples.
                if line.replace("/home/you/", "").contains(&word) {
                    findings.push(format!("{file}:{}: {word}", number + 1));
                }
            }
        }
    }
    none("words that do not belong into the repository", &findings);
}

#[test]
fn locks_name_no_mirror() {
    for lock in ["ui/package-lock.json", "Cargo.lock"] {
        let text = read(lock);
        assert!(!text.contains("\"resolved\""), "{lock}: addresses of one registry (see ui/.npmrc)");
        let sources = text.lines().filter_map(|line| line.strip_prefix("source = "));
        for source in sources {
            assert_eq!(source, "\"registry+https://github.com/rust-lang/crates.io-index\"", "{lock}");
        }
    }
}

#[test]
fn every_crate_says_what_it_is_and_what_it_never_does() {
    let mut findings = Vec::new();
    for file in files() {
        let Some(rest) = file.strip_prefix("src-tauri/crates/") else { continue };
        if !(rest.ends_with("/src/lib.rs") && rest.matches('/').count() == 2) {
            continue;
        }
        let text = read(&file);
        let opening: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
        let opening = opening.join(" ").to_lowercase();
        if !opening.starts_with("//!") || !opening.contains("never") {
            findings.push(file);
        }
    }
    none("lib.rs without an opening that says what the crate never does", &findings);
}

#[test]
fn decisions_are_numbered_and_short() {
    let mut numbers = Vec::new();
    for file in files() {
        let Some(name) = file.strip_prefix("src-tauri/adr/") else { continue };
        let number: usize =
            name.split('-').next().unwrap().parse().unwrap_or_else(|_| panic!("{file}: NNNN-title.md"));
        numbers.push(number);
        let text = read(&file);
        assert!(text.lines().count() <= 60, "{file} is longer than a page");
        for part in ["## Context", "## Decision", "## Rejected", "## Consequence"] {
            assert!(text.contains(part), "{file} has no {part:?}");
        }
    }
    let expected: Vec<usize> = (1..=numbers.len()).collect();
    assert_eq!(numbers, expected, "numbers without gaps");
    assert!(numbers.len() >= 10);
}
