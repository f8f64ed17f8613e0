//! Proof: Schemathesis goes through the OpenAPI document that the gateway serves and finds no failure of ours.
//! `cargo xtask prove gateway_schema` installs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a proof fails by panicking and prints its table"
)]

#[expect(dead_code, reason = "the gateway's tests use all of it")]
mod bench;
mod provider;
#[expect(dead_code, reason = "the clients' tests use all of it")]
mod runner;

use std::process::Command;

/// Examples of each operation.
const EXAMPLES: &str = "200";

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_kept_to() {
    let bench = runner::bench().await;
    let python = runner::python(Some("schemathesis"));
    let program = python.with_file_name(format!("schemathesis{}", std::env::consts::EXE_SUFFIX));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command
        // It keeps notes where it stands.
        .current_dir(folder.path())
        .arg("run")
        .arg(format!("http://{}/openapi.json", bench.address()))
        .args(["--checks", "not_a_server_error,content_type_conformance,status_code_conformance"])
        // Python 3.11 loses count of how deep it is where several threads make examples ("AST constructor recursion depth
        // mismatch").
        .args(["--max-examples", EXAMPLES, "--workers", "1", "--continue-on-failure", "--no-color"])
        // A path that is one piece is few of the texts it draws.
        .args(["--suppress-health-check", "filter_too_much"])
        .args(["--header", &format!("Authorization: Bearer {}", bench.key)])
        .env("NO_PROXY", "127.0.0.1");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    // "4876 generated, 4876 passed"; its warnings speak of generated data too.
    let cases = text.lines().find(|line| line.contains(" generated, ")).unwrap_or_default().trim();
    assert!(!cases.is_empty(), "{text}");
    println!(
        "\n| operations of the document, {EXAMPLES} examples each | requests that came past the door | result |"
    );
    println!("|---|---:|---|");
    let said = if output.status.success() { "no failure" } else { "see above" };
    println!("| {cases} | {} | {said} |", bench.server.handled());
    assert!(output.status.success(), "{text}\n{wrong}");
    assert!(bench.server.handled() > 500, "{text}\n{wrong}");
    bench.booked().await;
}
