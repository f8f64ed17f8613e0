//! How well "only one says this" is found on the labelled answers. `cargo xtask prove agreement`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a proof prints its table"
)]

#[path = "../tests/support/labels.rs"]
mod labels;

fn main() {
    println!("| part | groups | sentences | only one says it | precision | recall |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (part, score) in labels::measure(false) {
        println!(
            "| {part} | {} | {} | {} | {} | {} |",
            score.groups,
            score.sentences,
            score.right + score.missed,
            percent(score.precision(), score.right + score.wrong),
            percent(score.recall(), score.right + score.missed),
        );
    }
}

/// Of nothing there is no share.
fn percent(share: f64, of: usize) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * share) }
}
