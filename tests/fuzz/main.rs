//! Bodies without end, in every framing and every dialect: memory stays bounded.
//!
//! Memory is the whole process's, so nothing else may run beside it: one test. Broken bytes are the conformance
//! suite's matter. On Linux alone, where a process can read its own size.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking and tell what they measured"
)]

mod hostile;

use wire::Framing;

const MB: usize = 1 << 20;

#[test]
fn what_never_ends_is_not_gathered_without_bound() {
    for body in hostile::framings() {
        let dialect = match body.framing {
            Framing::AwsEventStream => "bedrock-converse",
            Framing::Sse | Framing::Json | Framing::Ndjson => "openai-chat",
        };
        let grown = hostile::feed(dialect, &body, 40 * MB) / MB;
        println!("{dialect}, {}: {grown} MB", body.name);
        // The largest cap is 32 MiB, and a buffer that grows may be there twice for a moment.
        assert!(grown <= 72, "{dialect}, {}: {grown} MB kept", body.name);
    }
    for (dialect, body) in hostile::answers() {
        let grown = hostile::feed(dialect, &body, 8 * MB) / MB;
        println!("{dialect}, {}: {grown} MB", body.name);
        assert!(grown <= 64, "{dialect}, {}: {grown} MB kept", body.name);
    }
}
