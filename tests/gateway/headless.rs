//! `parallax serve`: says where it is, answers programs by their keys, stops when told.

use crate::bench::{chat, chat_events, every_protocol, parse};
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Step},
};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
    time::Duration,
};

/// A gateway of its own process, stopped with this value.
struct Serving {
    process: Child,
    port: u16,
}

impl Serving {
    fn start(program: &Program) -> Self {
        let mut server = program.command();
        server.args(["serve", "--port", "0", "--json"]).stdout(Stdio::piped());
        let mut process = server.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(ready["type"], "ready");
        let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
        assert_eq!(ready["address"], format!("http://127.0.0.1:{port}"));
        Self { process, port }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ask(port: u16, key: &str, path: &str, body: Option<&Value>) -> crate::bench::Reply {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let body = body.map(Value::to_string).unwrap_or_default();
    let method = if body.is_empty() { "GET" } else { "POST" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    parse(&all)
}

#[test]
fn it_answers_without_a_window() {
    let program = Program::new();
    let made: Value = serde_json::from_str(&program.ok(&["app-key", "create", "editor", "--json"])).unwrap();
    assert_eq!(made["name"], "editor");
    let key = made["key"].as_str().unwrap();
    let mut server = Serving::start(&program);
    let port = server.port;

    let models = ask(port, key, "/v1/models", None).json();
    let listed = models["data"].as_array().unwrap();
    assert!(listed.iter().any(|model| model["id"] == "demo/quick"), "{models}");
    let reply = ask(port, key, "/v1/chat/completions", Some(&chat("demo/quick", false)));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(!reply.json()["choices"][0]["message"]["content"].as_str().unwrap().is_empty());
    assert_eq!(ask(port, "sk-parallax-wrong", "/v1/models", None).status, 401);
    program.ok(&["app-key", "revoke", "editor"]);
    assert_eq!(ask(port, key, "/v1/models", None).status, 401, "from the next request on");
    #[cfg(unix)]
    {
        let stopped =
            std::process::Command::new("kill").arg(server.process.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(server.process.wait().unwrap().success());
    }
    #[cfg(not(unix))]
    server.process.kill().unwrap();
    let spent: Value = serde_json::from_str(&program.ok(&["spend", "--by", "app-key", "--json"])).unwrap();
    assert_eq!((spent["app_key"].as_str(), spent["attempts"].as_u64()), (Some("editor"), Some(1)));
    let listed: Value = serde_json::from_str(&program.ok(&["app-key", "list", "--json"])).unwrap();
    assert!(listed["revoked_at"].is_string());
}

/// Told to stop it waits a little for answers under way, and tells those who asked for the others.
#[cfg(unix)]
#[test]
fn who_waits_when_it_is_stopped_is_told_and_what_came_is_booked() {
    let unfinished = Answer::event_stream(chat_events()[..3].concat()).step(Step::Stall);
    let upstream = Replay::start(vec![Route::answer(unfinished)]);
    let program = Program::new();
    let made: Value = serde_json::from_str(&program.ok(&["app-key", "create", "editor", "--json"])).unwrap();
    let key = made["key"].as_str().unwrap().to_owned();
    let url = format!("{}/v1", upstream.url());
    program.ok(&["provider", "add", "new", "--dialect", "openai-chat", "--base-url", &url]);
    program.ok(&["price", "set", "m@new", "--input", "1", "--output", "2"]);
    let mut server = Serving::start(&program);
    let port = server.port;
    let asking =
        std::thread::spawn(move || ask(port, &key, "/v1/chat/completions", Some(&chat("m@new", true))));
    while upstream.seen().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let stopped = std::process::Command::new("kill").arg(server.process.id().to_string()).status().unwrap();
    assert!(stopped.success() && server.process.wait().unwrap().success());
    let reply = asking.join().unwrap();
    assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.text());
    assert!(
        reply.text().contains("Parallax was closed") && !reply.text().contains("[DONE]"),
        "{}",
        reply.text()
    );
    let spent: Value = serde_json::from_str(&program.ok(&["spend", "--by", "app-key", "--json"])).unwrap();
    assert_eq!((spent["app_key"].as_str(), spent["attempts"].as_u64()), (Some("editor"), Some(1)), "{spent}");
    assert_eq!((spent["unknown"].as_u64(), spent["output"].as_u64()), (Some(0), Some(1)), "{spent}");
}

/// What another process changes counts from the next request on: providers, prices, policies, keys.
#[test]
fn a_running_gateway_sees_what_another_process_changes() {
    let upstream = Replay::start(every_protocol());
    let program = Program::new();
    let made: Value = serde_json::from_str(&program.ok(&["app-key", "create", "editor", "--json"])).unwrap();
    let key = made["key"].as_str().unwrap();
    let server = Serving::start(&program);
    let asked = |model: &str| ask(server.port, key, "/v1/chat/completions", Some(&chat(model, false)));
    assert_eq!(asked("demo/quick").status, 200, "what it knows is read and kept");
    assert_ne!(asked("m@new").status, 200, "there is no such provider yet");
    let url = format!("{}/v1", upstream.url());
    program.ok(&["provider", "add", "new", "--dialect", "openai-chat", "--base-url", &url]);
    let reply = asked("m@new");
    assert_eq!(reply.status, 200, "{}", reply.text());
    program.ok(&["price", "set", "m@new", "--input", "1", "--output", "2"]);
    // 20 tokens at a dollar a million, and 5 at two.
    assert_eq!(asked("m@new").header("x-parallax-cost"), Some("0.000030"));
    program.ok(&["policy", "set", "local"]);
    assert_eq!(upstream.seen().len(), 2);
    assert_ne!(asked("m@new").status, 200, "it is not on this machine");
    assert_eq!(upstream.seen().len(), 2, "and nothing was sent");
    program.ok(&["policy", "set", "everyday"]);
    assert_eq!(asked("m@new").status, 200);
    program.ok(&["app-key", "revoke", "editor"]);
    assert_eq!(asked("m@new").status, 401, "from the next request on");
    assert_eq!(upstream.seen().len(), 3);
}
