//! The end of the program: what runs is stopped and booked, and nothing more leaves.

use crate::bench::{Bench, chat, chat_events, parse};
use api::{Api, gateway::GatewaySwitch, gateway::Starting};
use engine::{CellState, Engine, RunOptions};
use gateway::Server;
use parallax_suite::support::replay::{Answer, Route, Step};
use std::{
    future::Future,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const PATIENCE: Duration = Duration::from_secs(30);

async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The beginning of an answer, and nothing behind it.
fn unfinished() -> Answer {
    Answer::event_stream(chat_events()[..3].concat()).step(Step::Stall)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experiment_sends_nothing_more_and_says_what_may_be_billed() {
    let bench = Bench::new(vec![Route::answer(unfinished())]).await;
    let suite = "{prompts: [a, b, c, d, e, f, g, h, i, j, k, l], models: [m@chat]}";
    let suite =
        engine::suite_from_yaml(suite, &|name: &str| Err(format!("no file is named: {name}"))).unwrap();
    let id = bench.engine.create_experiment(&suite, None).await.unwrap();
    let options = RunOptions {
        at_once: 3,
        retry_failed: false,
        retry_uncertain: false,
        fresh: false,
        pause: engine::CancellationToken::new(),
    };
    bench.engine.start_experiment(id, options).await.unwrap();
    until("three are asked", || async { bench.upstream.seen().len() == 3 }).await;
    assert!(bench.engine.is_busy());
    bench.engine.leave();
    until("everything is settled", || async { !bench.engine.is_busy() }).await;
    assert_eq!(bench.upstream.seen().len(), 3, "nothing more is sent");
    let view = bench.engine.experiment(id).await.unwrap();
    assert_eq!((view.count(CellState::Uncertain), view.count(CellState::Queued)), (3, 9), "{:?}", view.cells);
    for cell in view.cells.iter().filter(|cell| cell.row.state == CellState::Uncertain) {
        assert!(cell.row.failure.as_ref().unwrap().message.contains("billed"), "{cell:?}");
    }
    let booked = bench.booked().await;
    assert_eq!(booked.len(), 3);
    assert!(booked.iter().all(|entry| entry.row.outcome == "cancelled"));
}

/// The server, as the window holds it.
struct Switch(Server);

impl GatewaySwitch for Switch {
    fn start<'a>(&'a self, _: &'a Engine, _: u16) -> Starting<'a> {
        Box::pin(async { Ok(self.0.address()) })
    }

    fn stop(&self) {
        self.0.stop();
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.0.address())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_takes_no_more_and_its_answers_end_as_interrupted() {
    let bench = Bench::new(vec![Route::answer(unfinished())]).await;
    let bearer = format!("Bearer {}", bench.key);
    let body = chat("m@chat", true).to_string();
    let request = bench.request("POST", "/v1/chat/completions", &[("authorization", &bearer)], &body);
    let address = bench.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut all = vec![0; 4_096];
    let n = stream.read(&mut all).await.unwrap();
    assert!(n > 0);
    all.truncate(n);
    let (engine, server) = (bench.engine, bench.server);
    let folder = tempfile::tempdir().unwrap();
    let api = Api::new(engine.clone(), folder.path().to_owned(), "test", Box::new(|_| Ok(())))
        .with_gateway(Box::new(Switch(server)));
    assert!(engine.is_busy());
    api.leave();
    until("the answer ends", || async { !engine.is_busy() }).await;
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await.unwrap().unwrap_or(0);
    let reply = parse(&all);
    assert!(!reply.text().contains("[DONE]"), "{}", reply.text());
    assert!(!reply.whole || reply.text().contains("Parallax was closed"), "{}", reply.text());
    let entries = engine
        .store()
        .read(|tx| {
            assert!(tx.verify_chain()? && tx.holds()?.is_empty());
            tx.entries(domain::Timestamp(0), domain::Timestamp(i64::MAX))
        })
        .await
        .unwrap();
    assert_eq!((entries.len(), entries[0].row.outcome.as_str()), (1, "interrupted"));
    until("nobody listens any more", || async { TcpStream::connect(address).await.is_err() }).await;
}

/// Whoever had nothing of an answer yet is given a status after which its program asks again.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_first_word_is_told_to_ask_again() {
    let silent = Answer::status(200).header("content-type", "text/event-stream").step(Step::Stall);
    let bench = std::sync::Arc::new(Bench::new(vec![Route::answer(silent)]).await);
    let asking = std::sync::Arc::clone(&bench);
    let reply = tokio::spawn(async move { asking.post("/v1/chat/completions", &chat("m@chat", true)).await });
    until("it is asked", || async { !bench.upstream.seen().is_empty() }).await;
    let folder = tempfile::tempdir().unwrap();
    let api = Api::new(bench.engine.clone(), folder.path().to_owned(), "test", Box::new(|_| Ok(())));
    api.leave();
    let reply = tokio::time::timeout(PATIENCE, reply).await.unwrap().unwrap();
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.text().contains("Parallax was closed"), "{}", reply.text());
}
