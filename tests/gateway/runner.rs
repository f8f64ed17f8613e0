//! Runs another maker's client against the gateway and a provider that does what it is told.

use crate::{bench::Bench, provider};
use parallax_suite::support::replay::Route;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Where the clients are installed: `clients` in the target folder this test was built into.
fn home() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().find(|folder| folder.join("clients/python").is_dir());
    target.expect("the clients are not installed: `cargo xtask test` does that").join("clients")
}

/// The Python of one client, or of those that every change is tried with.
pub(crate) fn python(client: Option<&str>) -> PathBuf {
    let folder = client.map_or_else(home, |client| home().join(client));
    folder.join(if cfg!(windows) { "python/Scripts/python.exe" } else { "python/bin/python" })
}

/// A script of ours.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway/clients").join(name)
}

/// A JavaScript of ours, laid beside the packages it uses: that is where Node looks for them.
pub(crate) fn module(folder: &str, name: &str) -> PathBuf {
    let folder = home().join(folder);
    for file in ["common.mjs", name] {
        std::fs::copy(script(file), folder.join(file)).unwrap();
    }
    folder.join(name)
}

/// A gateway before providers of three protocols.
pub(crate) async fn bench() -> Bench {
    Bench::new(vec![Route::with(provider::answer)]).await
}

/// What a client's script says of each scenario with each provider, and what it wrote beside that.
pub(crate) async fn scenarios(bench: &Bench, program: PathBuf, script: PathBuf) -> (Vec<Value>, String) {
    let mut command = Command::new(program);
    command
        .arg(&script)
        .env("GATEWAY", format!("http://{}", bench.address()))
        .env("GATEWAY_KEY", &bench.key)
        .env("GATEWAY_MODELS", "m@chat m@messages m@gemini")
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("{\"name\":"));
    let lines = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, String::from_utf8_lossy(&output.stderr).into_owned())
}
