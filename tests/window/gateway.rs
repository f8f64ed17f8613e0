//! The gateway in the window: switched on, a key made and used by another program, what it asked shown, taken back.

use crate::harness::Window;
use parallax_suite::support::program::Program;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

/// Asks a demo model as another program would. Status, and the body as JSON.
fn ask(port: u16, key: &str) -> (u16, Value) {
    let body = json!({ "model": "demo/quick", "messages": [{ "role": "user", "content": "Say hello." }] });
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\
         authorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("{all}")))
}

fn text_of(id: &str) -> String {
    format!("(document.querySelector('[data-testid=\"{id}\"]')?.textContent ?? '')")
}

#[tokio::test]
async fn a_program_gets_a_key_in_the_window_and_asks_with_it() {
    let program = Program::new();
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    window.click("nav-settings").await;
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    window.type_into("gateway-port", &port.to_string()).await;
    let change = "document.querySelector('[data-testid=\"gateway-port\"]').closest('form').requestSubmit()";
    window.script(change, vec![]).await;
    let moved = format!("{}.includes(':{port}/v1')", text_of("gateway-address"));
    window.until("it has the port", &moved).await;
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it is off until it is switched on");
    window.click("gateway-switch").await;
    window.get("gateway-running").await;

    window.click("app-key-new").await;
    window.type_into("app-key-name", "script").await;
    window.click("app-key-make").await;
    let key = window.get("app-key-shown").await.text().await.unwrap();
    assert_eq!(key.len(), "sk-parallax-".len() + 64, "{key}");
    window.click("app-key-done").await;
    window.until("its key is listed", &format!("{}.includes('never')", text_of("app-key-script"))).await;

    let (status, answer) = ask(port, &key);
    assert_eq!(status, 200, "{answer}");
    assert!(!answer["choices"][0]["message"]["content"].as_str().unwrap().is_empty());
    let used = format!("{}.includes('1 request')", text_of("app-key-script"));
    window.until("what it asked is shown", &used).await;
    window.shots("gateway").await;

    window.click("nav-spend").await;
    window.click("spend-by-app").await;
    window.get("spend-row-script").await;
    window.shots("spend-by-app").await;

    window.click("nav-settings").await;
    window.click("app-key-revoke-script").await;
    window.click("confirm").await;
    let gone = "!document.querySelector('[data-testid=\"app-key-script\"]')";
    window.until("its key is gone", gone).await;
    assert_eq!(ask(port, &key).0, 401);
}
