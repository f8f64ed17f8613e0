//! Proof: what `parallax ask` adds, from its start to its first output, to the provider's own time.
//! `cargo xtask prove ask`.
//!
//! The provider answers at once, so what is left is ours: process start, database, catalogue, request,
//! decoding, commit, print. Beside it stands a bare HTTP client's round trip to the same provider.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and measures by the clock"
)]

use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
    time::{Duration, Instant},
};

const ROUNDS: usize = 60;
const STREAM: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n\
data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\n\
data: [DONE]\n\n";

fn micros(span: Duration) -> u128 {
    span.as_micros()
}

/// A raw client: connect, ask, first body byte.
fn upstream(port: u16) -> Duration {
    let started = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    write!(stream, "POST /chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{{}}")
        .unwrap();
    let mut seen = Vec::new();
    let mut piece = [0u8; 4096];
    while !seen.windows(5).any(|w| w == b"Hello") {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "the provider hung up");
        seen.extend_from_slice(&piece[..read]);
    }
    started.elapsed()
}

fn ask(program: &Program) -> Duration {
    let started = Instant::now();
    let mut child = program
        .command()
        .args(["ask", "-m", "x@fast", "Hi"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = [0u8; 1];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let took = started.elapsed();
    assert!(child.wait().unwrap().success());
    took
}

fn start(program: &Program) -> Duration {
    let started = Instant::now();
    assert!(program.command().arg("--version").stdout(Stdio::null()).status().unwrap().success());
    started.elapsed()
}

#[test]
fn ask_adds_little() {
    let server = Replay::start(vec![Route::answer(Answer::event_stream(STREAM))]);
    let program = Program::new();
    program.ok(&["provider", "add", "fast", "--dialect", "openai-chat", "--base-url", &server.url()]);
    ask(&program);
    let mut rows: [Vec<u128>; 3] = Default::default();
    for _ in 0..ROUNDS {
        rows[0].push(micros(upstream(server.port())));
        rows[1].push(micros(ask(&program)));
        rows[2].push(micros(start(&program)));
    }
    for row in &mut rows {
        row.sort_unstable();
    }
    let at = |row: &[u128], share: usize| {
        let tenths = row[(row.len() - 1) * share / 100] / 100;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    println!("\n| what | min ms | p50 ms | p90 ms |");
    println!("|---|---:|---:|---:|");
    for (name, row) in [
        ("the provider's own time, bare client", &rows[0]),
        ("`parallax ask`, start to first output", &rows[1]),
        ("`parallax --version`, start to end", &rows[2]),
    ] {
        println!("| {name} | {} | {} | {} |", at(row, 0), at(row, 50), at(row, 90));
    }
}
