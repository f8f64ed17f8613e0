//! What the repository may look like: layers, third parties, files, imports. A rule that only a person could
//! check is not written here.
//!
//! A new edge between crates, a new home for a third party or a longer file needs a line in these tables, so
//! that a reviewer sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read the repository fails"
)]

mod contract;
mod files;
mod layers;
mod source;
mod ui;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's top folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A file's text by its path in the repository.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the repository that git knows or would add, by its path.
fn files() -> Vec<String> {
    let list = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is needed");
    assert!(list.status.success(), "not a git checkout: {}", String::from_utf8_lossy(&list.stderr));
    let names = String::from_utf8(list.stdout).unwrap();
    let mut files: Vec<String> =
        names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    files.retain(|name| root().join(name).is_file());
    files.sort();
    files.dedup();
    assert!(files.len() > 50, "only {} files: is this the repository?", files.len());
    files
}

/// Fails with all findings at once.
fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
