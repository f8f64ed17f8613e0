//! Runs the matrix and writes it down: a row a fault, a column a dialect.

use crate::{
    bench::{Bench, CANCEL_LIMIT, percentiles},
    matrix::FAULTS,
    script::{self, Script},
};
use std::{sync::Arc, time::Duration};

/// Runs every cell and stops each dialect so many times. Panics with everything that is wrong; else the
/// rows of a Markdown table.
pub(crate) async fn run(rounds: usize) -> Vec<String> {
    let scripts = script::all();
    let bench = Arc::new(Bench::new(&scripts).await);
    // Dialects at once, their cells one after the other.
    let columns: Vec<_> =
        scripts.iter().map(|script| tokio::spawn(column(Arc::clone(&bench), script.clone()))).collect();
    let mut cells = Vec::new();
    for column in columns {
        cells.push(column.await.unwrap());
    }
    let wrong: Vec<&str> =
        cells.iter().flatten().filter_map(|cell| cell.as_ref().err()).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} cells of the matrix are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let names: Vec<&str> = scripts.iter().map(|script| script.dialect).collect();
    let mut lines =
        vec![format!("| fault | {} |", names.join(" | ")), format!("|---|{}", "---|".repeat(names.len()))];
    for (row, (name, _)) in FAULTS.iter().enumerate() {
        let row: Vec<&str> = cells.iter().map(|column| column[row].as_deref().unwrap()).collect();
        lines.push(format!("| {name} | {} |", row.join(" | ")));
    }
    lines.push(stops(&bench, &scripts, rounds).await);
    lines
}

async fn column(bench: Arc<Bench>, script: Script) -> Vec<Result<String, String>> {
    let mut cells = Vec::new();
    for (name, fault) in FAULTS {
        cells.push(match fault(&script) {
            Some(case) => bench.cell(&script, name, case).await,
            None => Ok("—".to_owned()),
        });
    }
    cells
}

/// The last row. One at a time, so that nothing but the stop is measured.
async fn stops(bench: &Bench, scripts: &[Script], rounds: usize) -> String {
    let mut row = Vec::new();
    let mut all: Vec<Duration> = Vec::new();
    for script in scripts {
        let mut times = Vec::new();
        for round in 0..rounds {
            times.push(bench.cancel(script, round).await);
        }
        all.extend(&times);
        let (p50, p99) = percentiles(&mut times);
        row.push(format!("p50 {} ms, p99 {} ms", millis(p50), millis(p99)));
    }
    let (p50, p99) = percentiles(&mut all);
    assert!(
        p99 <= CANCEL_LIMIT.as_micros(),
        "of {} stops the 99th of a hundred took {p99} µs to reach the provider",
        all.len()
    );
    let title = format!(
        "stop to the provider's connection closed, {rounds} each (all: p50 {} ms, p99 {} ms)",
        millis(p50),
        millis(p99)
    );
    format!("| {title} | {} |", row.join(" | "))
}

fn millis(micros: u128) -> String {
    format!("{}.{:02}", micros / 1_000, micros % 1_000 / 10)
}
