//! Proof: the faults of the matrix through our gateway and those of three other makers, one provider behind them and
//! one judge over them. `cargo xtask prove gateway_faults` installs them.
//!
//! Ours must pass every cell; of the others it is only told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and goes by the clock"
)]

#[expect(dead_code, reason = "the gateway's tests use all of it")]
mod bench;
mod judged;
#[path = "../faults/matrix.rs"]
#[expect(dead_code, reason = "the suite of faults uses all of it")]
mod matrix;
mod others;
#[path = "../faults/script.rs"]
mod script;
mod trial;

use others::{Gateway, OTHERS};
use parallax_suite::support::{peers, replay::Replay};
use trial::{Column, FOURTEEN, MORE};

#[tokio::test(flavor = "multi_thread")]
async fn the_faults_through_every_gateway() {
    let bench = bench::Bench::new(Vec::new()).await;
    let mut columns = vec![trial::run(&Gateway::ours(&bench), &bench.upstream).await];
    bench.booked().await;
    let scratch = tempfile::tempdir().unwrap();
    for (name, start) in OTHERS {
        let upstream = Replay::start(Vec::new());
        match peers::home().and_then(|home| start(&home, &upstream.url(), scratch.path())) {
            Some(gateway) => columns.push(trial::run(&gateway, &upstream).await),
            None => columns.push(Column::absent(name)),
        }
    }
    print(&columns);
    let ours = &columns[0];
    assert!(ours.wrong.is_empty(), "{}", ours.wrong.join("\n"));
    assert_eq!((ours.rows.len(), ours.asked), (FOURTEEN.len() + MORE.len() + 2, 9));
    assert!(ours.rows.iter().flatten().all(Result::is_ok));
}

/// The table; what exactly came of each cell that is not passed goes before it.
fn print(columns: &[Column]) {
    for column in columns {
        column.wrong.iter().for_each(|line| println!("{line}"));
    }
    let line = |first: &str, of: &dyn Fn(&Column) -> String| {
        let cells: Vec<String> = columns.iter().map(of).collect();
        println!("| {first} | {} |", cells.join(" | "));
    };
    println!();
    line("cells passed, of those that can be asked", &|column| column.name.to_owned());
    println!("|---|{}", "---|".repeat(columns.len()));
    let mut names = trial::names().enumerate();
    for (place, name) in names.by_ref().take(FOURTEEN.len()) {
        line(&format!("{}. {name}", place + 1), &|column| column.cell(place));
    }
    line("**all fourteen**", &|column| column.sum(0..FOURTEEN.len()));
    for (place, name) in names {
        line(name, &|column| column.cell(place));
    }
    line("**everything**", &|column| column.sum(0..usize::MAX));
    line("cells of nine that cannot be asked", &|column| column.unasked.join("; "));
    let note = "each cell: a client of {Chat, Responses, Messages} asks for a stream, a provider of {chat, messages, \
                gemini} answers with the fault; retries off; an end within 15 s. A connection that breaks off tells \
                a client of a cut as an error does; ours must send the error";
    println!("| {note} |{}", " |".repeat(columns.len()));
}
