//! `parallax serve`: says where it is, answers programs by their keys, stops when told.

use crate::bench::{chat, parse};
use parallax_suite::support::program::Program;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
};

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
    let mut server = program.command();
    server.args(["serve", "--port", "0", "--json"]).stdout(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let ready: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(ready["type"], "ready");
    let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
    assert_eq!(ready["address"], format!("http://127.0.0.1:{port}"));

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
        let stopped = std::process::Command::new("kill").arg(server.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(server.wait().unwrap().success());
    }
    #[cfg(not(unix))]
    server.kill().unwrap();
    let spent: Value = serde_json::from_str(&program.ok(&["spend", "--by", "app-key", "--json"])).unwrap();
    assert_eq!((spent["app_key"].as_str(), spent["attempts"].as_u64()), (Some("editor"), Some(1)));
    let listed: Value = serde_json::from_str(&program.ok(&["app-key", "list", "--json"])).unwrap();
    assert!(listed["revoked_at"].is_string());
}
