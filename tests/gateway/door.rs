//! The door: hosts, pages, keys, methods, bodies.

use crate::bench::{Bench, chat, every_protocol};
use domain::Timestamp;
use engine::{AppKeyChange, NewAppKey};
use serde_json::json;

const POSTS: &[&str] = &[
    "/v1/chat/completions",
    "/api/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/embeddings",
    "/v1/models/m:generateContent",
    "/v1beta/models/m:streamGenerateContent?alt=sse",
    "/v1beta/models/m:countTokens",
    "/v1beta/models/m:embedContent",
    "/v1/models/m:batchEmbedContents",
];
const GETS: &[&str] = &[
    "/v1/models",
    "/api/v1/models",
    "/v1beta/models",
    "/v1/models/openai/gpt-5/endpoints",
    "/api/v1/key",
    "/api/v1/credits",
    "/api/v1/generation?id=gen-x",
    "/api/v1/providers",
    "/openapi.json",
    "/",
    "/nothing/here",
];

async fn keys(bench: &Bench) -> Vec<(&'static str, String)> {
    let engine = &bench.engine;
    let make = async |name: &str, change: AppKeyChange| {
        let new = NewAppKey { name: name.to_owned(), change };
        engine.create_app_key(new).await.unwrap().1.expose().to_owned()
    };
    let past = AppKeyChange { expires_at: Some(Some(Timestamp(1))), ..AppKeyChange::default() };
    let expired = make("expired", past).await;
    let revoked = make("revoked", AppKeyChange::default()).await;
    engine.revoke_app_key("revoked").await.unwrap();
    let mut wrong = bench.key.clone();
    wrong.replace_range(wrong.len() - 1.., if wrong.ends_with('0') { "1" } else { "0" });
    vec![
        ("expired", expired),
        ("revoked", revoked),
        ("wrong", wrong),
        ("cut", bench.key[..bench.key.len() - 1].to_owned()),
        ("theirs", "sk-ant-api03-theirs".to_owned()),
        ("empty", String::new()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_asks_for_a_key_in_every_header() {
    let bench = Bench::new(every_protocol()).await;
    let bad = keys(&bench).await;
    let header = |name: &'static str, key: &str| match name {
        "authorization" => (name, format!("Bearer {key}")),
        _ => (name, key.to_owned()),
    };
    let body = chat("m@chat", false).to_string();
    for (method, path) in
        POSTS.iter().map(|path| ("POST", *path)).chain(GETS.iter().map(|path| ("GET", *path)))
    {
        let reply = bench.raw(&bench.request(method, path, &[], &body)).await;
        assert_eq!(reply.status, 401, "{path} without a key");
        for name in ["authorization", "x-api-key", "x-goog-api-key", "api-key"] {
            for (why, key) in &bad {
                let (name, value) = header(name, key);
                let reply = bench.raw(&bench.request(method, path, &[(name, &value)], &body)).await;
                assert!([401, 429].contains(&reply.status), "{path}, {name}: {why} → {}", reply.status);
                assert!(reply.json()["error"].is_object(), "{}", reply.text());
            }
        }
    }
    assert_eq!(bench.server.handled(), 0, "none of them came through");
    assert_eq!(bench.upstream.seen().len(), 0);
    for name in ["authorization", "x-api-key", "x-goog-api-key", "api-key"] {
        let (name, value) = header(name, &bench.key);
        let reply = bench.raw(&bench.request("GET", "/v1/models", &[(name, &value)], "")).await;
        assert_eq!(reply.status, 200, "{name}");
    }
    let path = format!("/v1beta/models?key={}", bench.key);
    let bearer = format!("Bearer {}", bench.key);
    let reply = bench.raw(&bench.request("GET", &path, &[("authorization", &bearer)], "")).await;
    assert_eq!(reply.status, 401, "an address is no place for a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_and_no_other_host_comes_in() {
    let bench = Bench::new(every_protocol()).await;
    let port = bench.address().port();
    let bearer = format!("Bearer {}", bench.key);
    let body = chat("m@chat", false).to_string();
    let send = async |host: &str, headers: &str| {
        let text = format!(
            "POST /v1/chat/completions HTTP/1.1\r\n{host}connection: close\r\nauthorization: {bearer}\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        bench.raw(text.as_bytes()).await
    };
    let own = format!("host: 127.0.0.1:{port}\r\n");
    let hosts = [
        String::new(),
        format!("{own}{own}"),
        format!("host: evil.example:{port}\r\n"),
        "host: evil.example\r\n".to_owned(),
        "host: 127.0.0.1\r\n".to_owned(),
        format!("host: 127.0.0.1:{}\r\n", port - 1),
        format!("host: localhost.:{port}\r\n"),
        format!("host: 0.0.0.0:{port}\r\n"),
        format!("host: user@127.0.0.1:{port}\r\n"),
        format!("host: 127.0.0.1.nip.io:{port}\r\n"),
    ];
    for host in &hosts {
        let reply = send(host, "").await;
        assert!([400, 403].contains(&reply.status), "{host:?} → {}", reply.status);
    }
    let pages = [
        "origin: null\r\n".to_owned(),
        "origin: https://evil.example\r\n".to_owned(),
        format!("origin: http://127.0.0.1:{port}\r\n"),
        "sec-fetch-site: cross-site\r\n".to_owned(),
        "sec-fetch-site: same-origin\r\n".to_owned(),
        "upgrade: websocket\r\n".to_owned(),
    ];
    for page in &pages {
        let reply = send(&own, page).await;
        assert_eq!(reply.status, 403, "{page:?}");
        assert!(reply.headers.iter().all(|(name, _)| !name.starts_with("access-control")), "{page:?}");
    }
    let preflight = "OPTIONS /v1/chat/completions HTTP/1.1\r\nconnection: close\r\norigin: https://evil.example\r\n\
                     access-control-request-method: POST\r\n";
    let reply = bench.raw(format!("{preflight}{own}\r\n").as_bytes()).await;
    assert_eq!(reply.status, 403);
    assert!(reply.headers.iter().all(|(name, _)| !name.starts_with("access-control")));
    let absolute = format!(
        "GET http://evil.example/v1/models HTTP/1.1\r\n{own}connection: close\r\nauthorization: {bearer}\r\n\r\n"
    );
    assert_eq!(bench.raw(absolute.as_bytes()).await.status, 403);
    assert_eq!(bench.server.handled(), 0);
    assert_eq!(bench.upstream.seen().len(), 0);
    for host in [own, format!("host: localhost:{port}\r\n"), format!("host: [::1]:{port}\r\n")] {
        assert_eq!(send(&host, "").await.status, 200, "{host}");
    }
    let java = "upgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n";
    assert_eq!(send(&format!("host: localhost:{port}\r\n"), java).await.status, 200, "Java's own client");
    assert!(bench.address().ip().is_loopback());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_of_a_fitting_length_is_read() {
    let bench = Bench::new(every_protocol()).await;
    let bearer = format!("Bearer {}", bench.key);
    let body = chat("m@chat", false).to_string();
    let send = async |headers: &str, body: &str| {
        let host = bench.address();
        let text = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: {bearer}\r\n{headers}\r\n{body}"
        );
        bench.raw(text.as_bytes()).await.status
    };
    let length = format!("content-length: {}\r\n", body.len());
    for kind in ["", "content-type: text/plain\r\n", "content-type: application/x-www-form-urlencoded\r\n"] {
        assert_eq!(send(&format!("{kind}{length}"), &body).await, 415, "{kind:?}");
    }
    let json = "content-type: application/json; charset=utf-8\r\n";
    assert_eq!(send(&format!("{json}content-encoding: gzip\r\n{length}"), &body).await, 415);
    assert_eq!(send(&format!("{json}content-length: 99999999999\r\n"), "").await, 413);
    assert_eq!(send(&format!("{json}{length}"), &body).await, 200);
    for bad in ["", "[]", "null", "{", "{}", "\"x\"", &json!({ "model": "m@chat" }).to_string(), "\u{0}"] {
        let length = format!("content-length: {}\r\n", bad.len());
        assert_eq!(send(&format!("{json}{length}"), bad).await, 400, "{bad:?}");
    }
    assert_eq!(bench.get("/v1/chat/completions").await.status, 405);
    assert_eq!(bench.post("/v1/models", &json!({})).await.status, 405);
    assert_eq!(bench.get("/v1/nothing").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_asks_only_what_it_may_and_no_faster() {
    let bench = Bench::new(every_protocol()).await;
    let change = AppKeyChange { models: Some(vec!["messages/*".to_owned()]), ..AppKeyChange::default() };
    bench.engine.change_app_key("editor", change).await.unwrap();
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert_eq!(bench.upstream.seen().len(), 0);
    let reply = bench.post("/v1/chat/completions", &chat("m@messages", false)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let change = AppKeyChange { requests_per_minute: Some(Some(2)), ..AppKeyChange::default() };
    bench.engine.change_app_key("editor", change).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let reply = bench.post("/v1/chat/completions", &chat("m@messages", false)).await;
        if reply.status == 429 {
            let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait));
        }
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
}
