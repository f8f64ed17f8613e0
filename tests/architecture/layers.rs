//! Which crate may use which, and who may hold a third party.

use crate::{files, none, read, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The layer table, exact. Lower layers first; an arrow goes down only.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("catalog", &["domain"]),
    ("router", &["domain"]),
    ("ledger", &["domain"]),
    ("compare", &["domain"]),
    ("render", &[]),
    ("import", &["domain"]),
    ("attach", &["domain"]),
    ("store", &["domain"]),
    ("vault", &["domain"]),
    ("transport", &["domain"]),
    (
        "engine",
        &[
            "domain",
            "wire",
            "catalog",
            "router",
            "ledger",
            "compare",
            "render",
            "import",
            "attach",
            "store",
            "vault",
            "transport",
        ],
    ),
    ("api", &["domain", "engine"]),
    ("gateway", &["domain", "wire", "engine"]),
    ("load", &[]),
    ("cli", &["domain", "engine", "api", "gateway"]),
    ("desktop", &["domain", "engine", "api", "gateway"]),
    ("xtask", &[]),
];

/// A third party (a trailing `*` stands for any ending) and the only crates that may name it.
const GUARDED: &[(&str, &[&str])] = &[
    // one foreign system each
    ("rusqlite", &["store"]),
    ("libsqlite3-sys", &[]),
    ("keyring*", &["vault"]),
    ("*keyring-store", &["vault"]),
    ("secret-service", &["vault"]),
    ("reqwest", &["transport"]),
    ("hyper*", &["transport", "gateway"]),
    ("rustls*", &["transport"]),
    ("ring", &["transport"]),
    ("tauri*", &["desktop"]),
    ("webkit2gtk*", &["desktop"]),
    // what may run things
    ("tokio*", &["transport", "engine", "gateway", "cli", "desktop"]),
    ("futures-executor", &[]),
    // what becomes HTML
    ("pulldown-cmark", &["render"]),
    ("ammonia", &["render"]),
    ("syntect", &["render"]),
    ("two-face", &["render"]),
    ("katex-rs", &["render"]),
    // what reads files of unknown origin
    ("image", &["attach"]),
    ("pdf-extract", &["attach"]),
    // what unpacks
    ("flate2", &["import"]),
    // randomness, time and places come from the engine's clock and from the binaries
    ("getrandom", &["engine"]),
    ("rand*", &[]),
    ("chrono", &[]),
    ("time", &[]),
    ("jiff", &["engine", "api", "cli"]),
    ("dirs", &["api"]),
    // one place each
    ("csv", &["compare"]),
    ("jsonschema", &["compare"]),
    ("fancy-regex", &["compare"]),
    ("regex", &["compare"]),
    ("serde-saphyr", &["compare"]),
    ("clap", &["cli"]),
    // A start is short, and glibc asks the system for every page of a thread's heap.
    ("mimalloc", &["cli"]),
    ("toml", &["catalog"]),
    ("anyhow", &["desktop", "xtask"]),
    ("ts-rs", &["domain", "engine", "api"]),
];

/// A crate's dependencies: ours and third parties, without those of its tests.
struct Package {
    ours: BTreeSet<String>,
    theirs: BTreeSet<String>,
}

/// The workspace's packages by their short name, the suite left out: it may use everything.
fn packages() -> BTreeMap<String, Package> {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let all: Value = serde_json::from_slice(&out.stdout).unwrap();
    let mut packages = BTreeMap::new();
    for package in all["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let short = name.strip_prefix("parallax-").unwrap_or_else(|| panic!("{name}: ours are parallax-…"));
        let manifest = package["manifest_path"].as_str().unwrap().replace('\\', "/");
        let folder = manifest.rsplit('/').nth(1).unwrap();
        let expected = match short {
            "desktop" => "src-tauri",
            "suite" => "tests",
            other => other,
        };
        assert_eq!(folder, expected, "{name}: a package is called after its folder");
        if short == "suite" {
            continue;
        }
        let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
        for dependency in package["dependencies"].as_array().unwrap() {
            let named = dependency["name"].as_str().unwrap();
            match named.strip_prefix("parallax-") {
                Some(own) => {
                    ours.insert(own.to_owned());
                }
                None if dependency["kind"] == "dev" => {}
                None => {
                    theirs.insert(named.to_owned());
                }
            }
        }
        packages.insert(short.to_owned(), Package { ours, theirs });
    }
    packages
}

#[test]
fn the_layer_table_is_exact() {
    let packages = packages();
    let mut findings = Vec::new();
    let names: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    for (name, package) in &packages {
        let Some((_, allowed)) = LAYERS.iter().find(|(known, _)| known == name) else {
            findings.push(format!("{name}: not in the table"));
            continue;
        };
        let allowed: BTreeSet<String> = allowed.iter().map(|&n| n.to_owned()).collect();
        for extra in package.ours.difference(&allowed) {
            findings.push(format!("{name} uses {extra}, which its layer does not allow"));
        }
        for gone in allowed.difference(&package.ours) {
            findings.push(format!("{name} no longer uses {gone}: take it out of the table"));
        }
    }
    for missing in names.iter().filter(|name| !packages.contains_key(**name)) {
        findings.push(format!("{missing}: in the table, not in the workspace"));
    }
    none("layers", &findings);
}

#[test]
fn arrows_of_the_table_go_down_only() {
    let mut below = BTreeSet::new();
    for (name, uses) in LAYERS {
        for used in *uses {
            assert!(below.contains(used), "{name} uses {used}, which is not below it");
        }
        below.insert(*name);
    }
}

#[test]
fn third_parties_stay_in_their_crates() {
    let mut findings = Vec::new();
    for (name, package) in packages() {
        for dependency in &package.theirs {
            for (pattern, allowed) in GUARDED {
                if matches(pattern, dependency) && !allowed.contains(&name.as_str()) {
                    findings.push(format!("{name} names {dependency}, which belongs to {allowed:?}"));
                }
            }
        }
    }
    none("third parties", &findings);
}

#[test]
fn no_guard_is_for_something_nobody_uses() {
    let packages = packages();
    let mut findings = Vec::new();
    for (pattern, allowed) in GUARDED {
        for name in *allowed {
            if !packages.get(*name).is_some_and(|p| p.theirs.iter().any(|d| matches(pattern, d))) {
                findings.push(format!("{name} does not use {pattern}: take it out of the table"));
            }
        }
    }
    none("third parties", &findings);
}

fn matches(pattern: &str, name: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        name == start || name.strip_prefix(start).is_some_and(|rest| rest.starts_with('-'))
    } else if let Some(end) = pattern.strip_prefix('*') {
        name.ends_with(end)
    } else {
        name == pattern
    }
}

#[test]
fn patterns_match_families_only() {
    assert!(matches("tauri*", "tauri-plugin-opener") && matches("tauri*", "tauri"));
    assert!(matches("*keyring-store", "zbus-secret-service-keyring-store"));
    assert!(!matches("rand*", "random") && !matches("time", "mtime"));
}

#[test]
fn the_document_lists_the_crates_of_the_workspace() {
    let text = read("ARCHITECTURE.md");
    let table = text.split("\n## ").find(|part| part.starts_with("Crates")).expect("a section Crates");
    let listed: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect();
    let real: BTreeSet<String> = packages().into_keys().chain(["suite".to_owned()]).collect();
    assert_eq!(listed, real, "ARCHITECTURE.md's crates and the workspace's");
    assert!(text.lines().count() <= 300, "ARCHITECTURE.md is for reading in one go: at most 300 lines");
}

#[test]
fn the_documents_invariants_are_held_by_tests_that_exist() {
    let text = read("ARCHITECTURE.md");
    let table =
        text.split("\n## ").find(|part| part.starts_with("Invariants")).expect("a section Invariants");
    let mut sources = files();
    sources.retain(|file| file.ends_with(".rs"));
    let code: Vec<String> = sources.iter().map(|file| read(file)).collect();
    let mut named = 0;
    for line in table.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let held_by = line.trim_end_matches('|').rsplit('|').next().unwrap();
        for test in held_by.split('`').skip(1).step_by(2) {
            named += 1;
            assert!(
                code.iter().any(|text| text.contains(&format!("fn {test}("))),
                "no test is called {test}"
            );
        }
    }
    assert!(named >= 20, "{named} tests named");
}
