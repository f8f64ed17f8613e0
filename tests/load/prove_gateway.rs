//! Proof: what the gateway adds to a request, beside a proxy that only passes bytes on and the gateways of others,
//! in one run over one provider with one client. `cargo xtask prove gateway`.
//!
//! The provider answers at once, so what is left is the gateway's. Ours has its ledger, two budgets and the audit
//! log on; the row "data in memory" is the same with the data folder where no disk is, and the row of the commit
//! says what the disk alone takes for one transaction that is on it.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and measures by the clock"
)]

mod gateways;
mod load;
#[allow(dead_code, unreachable_pub, reason = "the suite's own, of which not all is needed here")]
#[path = "../support/peers.rs"]
mod peers;
#[allow(dead_code, unreachable_pub, reason = "the suite's own, of which little is needed here")]
#[path = "../support/program.rs"]
mod program;

use gateways::{Ours, Running};
use load::{Client, Kind, Target, Took, Upstream};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Blocks, and requests one after the other in each: everybody is asked in turn, so that what else this machine
/// does meets all alike.
const BLOCKS: usize = 12;
const EACH: usize = 60;
/// Requests before a block that do not count.
const WARM: usize = 4;
const FLOOD: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 16;
const STARTS: usize = 15;
const MEMORY: &str = "/dev/shm";

/// Sorted milliseconds.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn of(mut spans: Vec<f64>) -> Self {
        spans.sort_by(f64::total_cmp);
        Self(spans)
    }

    /// Where so many of a hundred are below.
    fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() - 1) * percent / 100]
    }
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

#[derive(Default)]
struct Row {
    json: Times,
    first: Times,
    stream: Times,
    long: Times,
    cpu_json: f64,
    cpu_stream: f64,
    alone: f64,
    json_rate: f64,
    stream_rate: f64,
}

/// Asks everybody in turn; the times of each.
fn measured(targets: &[Target], kind: Kind, each: usize) -> Vec<Vec<Took>> {
    let mut times = vec![Vec::new(); targets.len()];
    for _ in 0..BLOCKS {
        for (target, times) in targets.iter().zip(&mut times) {
            let request = target.request(kind);
            let mut client = Client::connect(target.address);
            for _ in 0..WARM {
                client.ask(&request);
            }
            times.extend((0..each).map(|_| client.ask(&request)));
        }
    }
    times
}

fn totals(times: &[Took]) -> Times {
    Times::of(times.iter().map(|took| ms(took.total)).collect())
}

/// One row for the provider itself, then one for each gateway.
fn rows(upstream: &Upstream, gateways: &[Running]) -> Vec<Row> {
    let direct = Target {
        address: upstream.address(),
        path: "/v1/chat/completions".to_owned(),
        headers: String::new(),
        model: "m".to_owned(),
    };
    let mut targets = vec![direct];
    targets.extend(gateways.iter().map(|gateway| gateway.target.clone()));
    let json = measured(&targets, Kind::Document, EACH);
    let stream = measured(&targets, Kind::Stream, EACH);
    let long = measured(&targets, Kind::Long, 4);
    let mut rows: Vec<Row> = json
        .iter()
        .zip(&stream)
        .zip(&long)
        .map(|((json, stream), long)| Row {
            json: totals(json),
            first: Times::of(stream.iter().map(|took| ms(took.first)).collect()),
            stream: totals(stream),
            long: totals(long),
            ..Row::default()
        })
        .collect();
    for (place, row) in rows.iter_mut().enumerate() {
        let gateway = place.checked_sub(1).map(|place| &gateways[place]);
        let cpu = || gateway.map_or(0.0, Running::cpu);
        let spent = |kind: Kind, connections: usize| {
            let before = cpu();
            let start = Instant::now();
            let answers = f64::from(load::flood(&targets[place], kind, connections, FLOOD));
            let rate = answers / start.elapsed().as_secs_f64();
            ((cpu() - before) * 1e3 / answers, rate)
        };
        row.alone = spent(Kind::Document, 1).0;
        (row.cpu_json, row.json_rate) = spent(Kind::Document, CONNECTIONS);
        (row.cpu_stream, row.stream_rate) = spent(Kind::Stream, CONNECTIONS);
    }
    rows
}

/// What one transaction takes until it is on the disk of this folder, as the ledger writes.
fn commit(folder: &Path) -> Times {
    let connection = rusqlite::Connection::open(folder.join("commit.db")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = FULL; CREATE TABLE t (a BLOB) STRICT;",
        )
        .unwrap();
    let row = vec![7_u8; 1_000];
    let one = |_| {
        let start = Instant::now();
        connection.execute("INSERT INTO t VALUES (?1)", [&row]).unwrap();
        ms(start.elapsed())
    };
    Times::of((0..300).map(one).collect())
}

/// From the start of the program until it listens.
fn starts(ours: &Ours) -> Times {
    Times::of((0..STARTS).map(|_| ms(ours.start("").start)).collect())
}

#[test]
fn what_the_gateway_adds() {
    let upstream = Upstream::start();
    let disk = tempfile::tempdir().unwrap();
    let on_disk = Ours::set_up(&disk.path().join("data"), &upstream);
    let memory = tempfile::tempdir_in(MEMORY).unwrap();
    let in_memory = Ours::set_up(&memory.path().join("data"), &upstream);
    let started = starts(&on_disk);
    let mut gateways = vec![
        gateways::bare(&upstream),
        on_disk.start("**Parallax**"),
        in_memory.start("Parallax, its data in memory"),
    ];
    let (others, absent) = gateways::others(&upstream, disk.path());
    gateways.extend(others);
    let rows = rows(&upstream, &gateways);
    print(&rows, &gateways, &absent, &started);
    let commit = commit(disk.path());
    println!(
        "| one commit on this disk, p50 / p99 | {:.2} / {:.2} | | | | | | | | |",
        commit.at(50),
        commit.at(99)
    );
    // What was measured is in the books: nothing was left out to be quick.
    drop(gateways);
    let asked = BLOCKS * (2 * (EACH + WARM) + 4 + WARM);
    assert!(on_disk.booked() > asked as u64 && in_memory.booked() > asked as u64);
}

fn print(rows: &[Row], gateways: &[Running], absent: &[String], started: &Times) {
    println!(
        "\n| added to the provider's own time, ms | JSON p50 / p99 | first byte p50 / p99 | stream p50 / p99 | 800 KB p50 | CPU JSON / stream, {CONNECTIONS} at once | CPU JSON, one at a time | requests/s JSON / stream, {CONNECTIONS} at once | MB | start |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let (direct, rest) = rows.split_first().unwrap();
    let both = |times: &Times, base: &Times| {
        format!("{:.2} / {:.2}", times.at(50) - base.at(50), times.at(99) - base.at(99))
    };
    println!(
        "| the provider itself (its own times) | {:.2} / {:.2} | {:.2} / {:.2} | {:.2} / {:.2} | {:.2} | | | {:.0} / {:.0} | | |",
        direct.json.at(50),
        direct.json.at(99),
        direct.first.at(50),
        direct.first.at(99),
        direct.stream.at(50),
        direct.stream.at(99),
        direct.long.at(50),
        direct.json_rate,
        direct.stream_rate,
    );
    for (place, (row, gateway)) in rest.iter().zip(gateways).enumerate() {
        let start = if place == 1 { started.at(50) } else { ms(gateway.start) };
        println!(
            "| {} | {} | {} | {} | {:.2} | {:.3} / {:.3} | {:.3} | {:.0} / {:.0} | {:.1} | {start:.0} |",
            gateway.name,
            both(&row.json, &direct.json),
            both(&row.first, &direct.first),
            both(&row.stream, &direct.stream),
            row.long.at(50) - direct.long.at(50),
            row.cpu_json,
            row.cpu_stream,
            row.alone,
            row.json_rate,
            row.stream_rate,
            gateway.memory(),
        );
    }
    for name in absent {
        println!("| {name}: not installed here, or it did not start | | | | | | | | | |");
    }
    let (bare, ours) = (&rest[0], &rest[1]);
    let ratio = |of: fn(&Row) -> f64| of(ours) / of(bare);
    println!(
        "| Parallax / hyper alone, whole times | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} / {:.1} | {:.1} | {:.2} / {:.2} | | |",
        ratio(|row| row.json.at(50)),
        ratio(|row| row.first.at(50)),
        ratio(|row| row.stream.at(50)),
        ratio(|row| row.long.at(50)),
        ratio(|row| row.cpu_json),
        ratio(|row| row.cpu_stream),
        ratio(|row| row.alone),
        ratio(|row| row.json_rate),
        ratio(|row| row.stream_rate),
    );
    println!("| goal | 0.25 | 0.3 | 0.5 | 3 | 0.15 / 0.25 | | 5000 | 40 | 30 |");
}

/// Not a proof: the proxy's process, which is this program started again.
#[test]
#[ignore = "the proof starts it in a process of its own"]
fn the_bare_proxy() {
    let told = std::env::var(gateways::PROXY_TO).expect("started by the proof");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(gateways::proxy(&told));
}
