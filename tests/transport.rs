//! The real transport against a hostile provider on this machine.
//!
//! What is shown here: keys go where they were given for and nowhere else, answers are read as they
//! are or not at all, every wait ends, and no failure tells a secret.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use domain::{AuthScheme, Call, ErrorKind, Failure, Headers, Method, ProviderId, Secret};
use futures_util::StreamExt;
use parallax_suite::support::recording::Recording;
use parallax_suite::support::replay::{Answer, Replay, Route, Step};
use std::time::Duration;
use tokio::time::Instant;
use transport::{Deadlines, Http, Origin, ProxyChoice, Response, Transport, redact};

const CANARY: &str = "sk-canary-2b9d7f4c61e8";

fn origin(base_url: &str) -> Origin {
    Origin {
        base_url: base_url.to_owned(),
        auth: AuthScheme::Bearer,
        provider: ProviderId::new("test"),
        extra_headers: Vec::new(),
        now: domain::Timestamp(0),
    }
}

fn post(path: &str) -> Call {
    Call {
        method: Method::Post,
        path: path.to_owned(),
        query: vec![("trace".to_owned(), "QUERYCANARY".to_owned())],
        headers: Headers::default(),
        body: br#"{"model":"m"}"#.to_vec(),
    }
}

fn http() -> Http {
    Http::new(ProxyChoice::None).unwrap()
}

/// For tests that wait for nothing: longer than a busy machine needs.
fn patient() -> Deadlines {
    Deadlines { first_byte: Duration::from_secs(20), idle: Duration::from_secs(20), ..Deadlines::default() }
}

/// For tests of waiting.
fn short() -> Deadlines {
    Deadlines {
        connect: Duration::from_millis(400),
        first_byte: Duration::from_millis(400),
        idle: Duration::from_millis(400),
        total: Duration::from_secs(20),
    }
}

async fn send(http: &Http, to: &Origin) -> Result<Response, Failure> {
    http.send(to, post("/v1/chat"), Some(&Secret::new(CANARY)), patient()).await
}

/// Reads a body to its end: the bytes, and the failure that ended it.
async fn read(mut response: Response) -> (Vec<u8>, Option<Failure>) {
    let mut bytes = Vec::new();
    while let Some(piece) = response.body.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(failure) => {
                assert!(response.body.next().await.is_none(), "a failure ends the body");
                return (bytes, Some(failure));
            }
        }
    }
    (bytes, None)
}

/// No secret and no query in any form of a failure.
fn assert_discreet(failure: &Failure) {
    for text in [failure.to_string(), format!("{failure:?}")] {
        assert!(!text.contains("canary") && !text.contains("2b9d7f4c"), "{text}");
        assert!(!text.contains("QUERYCANARY") && !text.contains("/v1/chat"), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed_and_the_key_stays() {
    let second = Replay::start(vec![Route::answer(Answer::status(302).header("location", "/two"))]);
    let first = Replay::start(Vec::new());
    let places = [
        "/elsewhere".to_owned(),
        format!("{}/one?{CANARY}", second.url()),
        format!("http://user:{CANARY}@127.0.0.1:{}/one", second.port()),
        format!("https://127.0.0.1:{}/one", second.port()),
        format!("//localhost:{}/one", second.port()),
        format!("http://{CANARY}.example/"),
        "http://[".to_owned(),
    ];
    let schemes = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
    let http = http();
    let mut sent = 0;
    for status in [301, 302, 303, 307, 308] {
        for place in &places {
            first.first(Route::answer(Answer::status(status).header("location", place)));
            for scheme in schemes {
                let mut to = origin(&first.url());
                if scheme != "authorization" {
                    to.auth = AuthScheme::Header { name: scheme.to_owned() };
                }
                let failure = send(&http, &to).await.unwrap_err();
                sent += 1;
                assert_eq!(failure.kind, ErrorKind::NetRedirect, "{status} to {place}");
                assert_eq!(failure.upstream.as_ref().unwrap().status, Some(status));
                assert_discreet(&failure);
            }
        }
    }
    assert_eq!(first.seen().len(), sent, "one request each, none followed on the same host");
    assert_eq!(second.connections(), 0, "the second server is not even connected to");
}

#[tokio::test]
async fn a_redirect_names_the_host_it_points_to() {
    let server = Replay::start(vec![Route::answer(
        Answer::status(307).header("location", "https://other.example/v2/chat?key=1"),
    )]);
    let failure = send(&http(), &origin(&server.url())).await.unwrap_err();
    assert!(failure.message.contains("other.example"), "{}", failure.message);
    assert!(!failure.message.contains("v2") && !failure.message.contains("key=1"), "{}", failure.message);
}

#[tokio::test]
async fn a_compressed_answer_is_asked_not_to_be_sent_and_refused() {
    let server = Replay::start(Vec::new());
    for encoding in ["gzip", "br", "zstd", "deflate", "gzip, identity", "x"] {
        server.first(Route::answer(Answer::event_stream("data: x\n\n").header("content-encoding", encoding)));
        let failure = send(&http(), &origin(&server.url())).await.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::StreamMalformed, "{encoding}");
    }
    // A refusal stays one: its status and headers say enough, and its body is not read.
    let limited =
        Answer::status(429).header("retry-after", "7").header("content-encoding", "gzip").send("\u{1f}x");
    server.first(Route::answer(limited));
    let response = send(&http(), &origin(&server.url())).await.unwrap();
    assert_eq!((response.status, response.headers.get("retry-after")), (429, Some("7")));
    let (bytes, failure) = read(response).await;
    assert_eq!((bytes.len(), failure), (0, None));
    server.first(Route::answer(Answer::event_stream("data: x\n\n").header("content-encoding", "identity")));
    let (bytes, failure) = read(send(&http(), &origin(&server.url())).await.unwrap()).await;
    assert_eq!((bytes.as_slice(), failure), (b"data: x\n\n".as_slice(), None));
    assert!(server.seen().iter().all(|seen| seen.header("accept-encoding") == Some("identity")));
}

#[tokio::test]
async fn the_key_travels_as_its_provider_wants_it() {
    let server = Replay::start(vec![Route::answer(Answer::status(200))]);
    let http = http();
    let bearer = format!("Bearer {CANARY}");
    let named = |name: &str| AuthScheme::Header { name: name.to_owned() };
    for (scheme, key, header, value) in [
        (AuthScheme::Bearer, true, "authorization", Some(bearer.as_str())),
        (AuthScheme::None, true, "authorization", Some(bearer.as_str())),
        (AuthScheme::None, false, "authorization", None),
        (named("X-Api-Key"), true, "x-api-key", Some(CANARY)),
        (named("x-api-key"), true, "authorization", None),
    ] {
        let to = Origin {
            auth: scheme,
            extra_headers: vec![("x-version".into(), "7".into())],
            now: domain::Timestamp(0),
            ..origin(&server.url())
        };
        let secret = Secret::new(CANARY);
        http.send(&to, post("/v1/chat"), key.then_some(&secret), patient()).await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header(header), value);
        assert_eq!(seen.header("x-version"), Some("7"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.path, "/v1/chat?trace=QUERYCANARY");
        assert_eq!(seen.body, br#"{"model":"m"}"#);
    }
}

#[tokio::test]
async fn headers_that_carry_authorisation_cannot_come_from_elsewhere() {
    let server = Replay::start(Vec::new());
    for name in
        ["Authorization", "cookie", "Host", "proxy-authorization", "Accept-Encoding", "content-length"]
    {
        let to = Origin { extra_headers: vec![(name.to_owned(), "x".to_owned())], ..origin(&server.url()) };
        let failure = send(&http(), &to).await.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::RequestInvalid, "{name}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn every_wait_ends_and_says_which_it_was() {
    let slow = Duration::from_secs(30);
    let server = Replay::start(vec![
        Route::answer(Answer::event_stream("late").after(slow)).path("/first"),
        Route::answer(Answer::event_stream("some text").step(Step::Stall)).path("/idle"),
        Route::answer((0..2000).fold(Answer::status(200), |answer, _| {
            answer.send("x").step(Step::Wait(Duration::from_millis(15)))
        }))
        .path("/total"),
    ]);
    let http = http();
    let to = origin(&server.url());
    let key = Secret::new(CANARY);
    let deadlines = Deadlines { total: Duration::from_millis(700), ..short() };

    let start = Instant::now();
    let failure = http.send(&to, post("/first"), Some(&key), deadlines).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::TimeFirstByte);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_discreet(&failure);

    let (text, failure) = read(http.send(&to, post("/idle"), Some(&key), deadlines).await.unwrap()).await;
    assert_eq!((text.as_slice(), failure.unwrap().kind), (b"some text".as_slice(), ErrorKind::TimeIdle));

    let start = Instant::now();
    let (text, failure) = read(http.send(&to, post("/total"), Some(&key), deadlines).await.unwrap()).await;
    assert_eq!(failure.unwrap().kind, ErrorKind::TimeTotal, "a steady drip does not outlive the total");
    assert!(text.len() > 5 && start.elapsed() < Duration::from_secs(2));

    // A server that takes the connection and never says a word of TLS.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = origin(&format!("https://{}", silent.local_addr().unwrap()));
    let start = Instant::now();
    let waiting = Deadlines { first_byte: slow, ..short() };
    let failure = http.send(&to, post("/v1/chat"), Some(&key), waiting).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::TimeConnect);
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_discreet(&failure);
}

#[tokio::test]
async fn a_body_that_breaks_keeps_what_came_and_is_truncated() {
    let server = Replay::start(Vec::new());
    let text = "data: one\n\ndata: two\n\n";
    for end in [Step::Reset, Step::Close] {
        server.first(Route::answer(Answer::event_stream(text).until(14, end.clone())));
        let (bytes, failure) = read(send(&http(), &origin(&server.url())).await.unwrap()).await;
        let failure = failure.unwrap_or_else(|| panic!("{end:?} looks like a whole answer"));
        assert_eq!(failure.kind, ErrorKind::StreamTruncated, "{end:?}");
        assert_eq!(bytes, &text.as_bytes()[..14], "{end:?}");
        assert_discreet(&failure);
    }
}

#[tokio::test]
async fn bytes_arrive_unchanged_however_they_are_cut() {
    let mut bodies =
        vec!["data: {\"é\":\"日本語 🦀\"}\r\n\r\n: comment\r\rdata: [DONE]\n\n".repeat(20).into_bytes()];
    let recorded = Recording::beside_the_repository().unwrap_or_default();
    bodies.extend(recorded.iter().step_by(9).map(Recording::body));
    let server = Replay::start(Vec::new());
    let http = http();
    for body in bodies {
        for sizes in [&[1, 2, 3, 5, 7][..], &[1000][..], &[4096, 1][..]] {
            let sizes: Vec<usize> = sizes.iter().map(|size| size * body.len().div_ceil(20_000)).collect();
            server.first(Route::answer(Answer::event_stream(body.clone()).cut(&sizes, Duration::ZERO)));
            let (bytes, failure) = read(send(&http, &origin(&server.url())).await.unwrap()).await;
            assert_eq!(failure, None);
            assert!(bytes == body, "{} bytes became {}", body.len(), bytes.len());
        }
    }
    assert_eq!(server.connections(), 1, "whole answers leave the connection for the next call");
}

#[tokio::test]
async fn too_much_is_cut_off() {
    let megabyte = vec![b'x'; 1024 * 1024];
    let big = (0..70).fold(Answer::status(200), |answer, _| answer.send(megabyte.clone()));
    let heavy = Answer::status(200).header("x-heavy", &"h".repeat(100 * 1024));
    let many = (0..200).fold(Answer::status(200), |answer, n| answer.header(&format!("x-{n}"), "v"));
    let server = Replay::start(vec![
        Route::answer(big).path("/big"),
        Route::answer(heavy).path("/heavy"),
        Route::answer(many).path("/many"),
    ]);
    let (http, to) = (http(), origin(&server.url()));
    let (bytes, failure) = read(http.send(&to, post("/big"), None, patient()).await.unwrap()).await;
    assert_eq!(failure.unwrap().kind, ErrorKind::StreamMalformed);
    assert!(bytes.len() <= 64 * 1024 * 1024);
    for path in ["/heavy", "/many"] {
        let failure = http.send(&to, post(path), None, patient()).await.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::StreamMalformed, "{path}");
    }
}

#[tokio::test]
async fn letting_go_of_an_answer_closes_its_connection_at_once() {
    let server = Replay::start(vec![
        Route::answer(Answer::event_stream("data: x\n\n").step(Step::Stall)).path("/v1"),
        Route::answer(Answer::status(200).after(Duration::from_secs(30))).path("/late"),
    ]);
    let http = http();
    let mut response = send(&http, &origin(&server.url())).await.unwrap();
    response.body.next().await.unwrap().unwrap();
    let start = Instant::now();
    drop(response);
    while server.left_early() < 1 {
        assert!(start.elapsed() < Duration::from_millis(200), "the provider still writes, and bills");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }

    let origin = origin(&server.url());
    let waiting = http.send(&origin, post("/late"), None, Deadlines::default());
    assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err());
    let start = Instant::now();
    while server.left_early() < 2 {
        assert!(
            start.elapsed() < Duration::from_millis(200),
            "stopped before the first byte, still connected"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn each_network_failure_has_its_kind_and_tells_no_secret() {
    let plain = Replay::start(Vec::new());
    let not_http = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let garbage = format!("http://{}", not_http.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in not_http.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
        }
    });
    let rude = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs_up = format!("http://{}", rude.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::Read;
        for stream in rude.incoming() {
            let _ = stream.unwrap().read(&mut [0; 4096]);
        }
    });
    let cases = [
        ("https://no-such-host.invalid/v1".to_owned(), ErrorKind::NetDns, "no-such-host.invalid"),
        (format!("http://127.0.0.1:{}", closed_port()), ErrorKind::NetConnect, "127.0.0.1:"),
        (format!("https://127.0.0.1:{}", closed_port()), ErrorKind::NetConnect, "127.0.0.1:"),
        (garbage.replace("http:", "https:"), ErrorKind::NetTls, "127.0.0.1:"),
        (garbage, ErrorKind::StreamMalformed, "127.0.0.1:"),
        (hangs_up, ErrorKind::StreamTruncated, "127.0.0.1:"),
        ("http://example.com".to_owned(), ErrorKind::RequestInvalid, "example.com"),
        ("https://169.254.169.254".to_owned(), ErrorKind::RequestInvalid, "169.254.169.254"),
        (format!("https://{CANARY}.example:x"), ErrorKind::RequestInvalid, ""),
        (format!("https://x/{CANARY}?{CANARY}"), ErrorKind::RequestInvalid, ""),
    ];
    for (base, kind, named) in cases {
        let failure = http()
            .send(&origin(&base), post("/v1/chat"), Some(&Secret::new(CANARY)), Deadlines::default())
            .await
            .unwrap_err();
        assert_eq!(failure.kind, kind, "{base}: {}", failure.message);
        assert!(failure.message.contains(named), "{base}: {}", failure.message);
        assert_discreet(&failure);
    }
    let broken = Secret::new(format!("{CANARY}\n{CANARY}"));
    let failure = http().send(&origin(&plain.url()), post("/x"), Some(&broken), patient()).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::AuthRejected);
    assert_discreet(&failure);
    assert_eq!(plain.seen().len(), 0);
}

#[tokio::test]
async fn a_key_that_the_provider_repeats_is_taken_out() {
    let server = Replay::start(vec![Route::with(|seen| {
        let key = seen.header("authorization").unwrap_or_default().to_owned();
        Answer::json(401, &serde_json::json!({ "error": { "message": format!("Incorrect API key: {key}") } }))
            .header("x-your-key", &key)
    })]);
    let response = send(&http(), &origin(&server.url())).await.unwrap();
    assert_eq!(response.status, 401);
    assert_eq!(response.headers.get("x-your-key"), Some("Bearer [key]"));
    let (body, _) = read(response).await;
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains(CANARY), "the server did repeat it");
    let clean = redact(&body, &Secret::new(CANARY));
    assert!(clean.contains("Incorrect API key: Bearer [key]") && !clean.contains("canary"), "{clean}");
}

#[tokio::test]
async fn a_proxy_that_gives_no_connection_is_named() {
    let proxy = Replay::start(Vec::new());
    let address = format!("127.0.0.1:{}", proxy.port());
    let secret = format!("http://user:{CANARY}@{address}");
    for choice in [secret, format!("http://127.0.0.1:{}", closed_port())] {
        let http = Http::new(ProxyChoice::Manual(choice)).unwrap();
        let failure = send(&http, &origin("https://api.example.com")).await.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::NetProxy, "{}", failure.message);
        assert!(failure.message.contains("127.0.0.1:"), "{}", failure.message);
        assert_discreet(&failure);
        assert!(!http.proxy_of("https://api.example.com").unwrap().contains("canary"));
        assert_eq!(http.proxy_of("http://127.0.0.1:8080"), None);
        assert_eq!(http.proxy_of("demo:"), None);
    }
    assert!(proxy.connections() >= 1, "the proxy was tried");
    let local = Replay::start(vec![Route::answer(Answer::status(200))]);
    let http = Http::new(ProxyChoice::Manual(proxy.url())).unwrap();
    let before = proxy.connections();
    for host in ["127.0.0.1", "localhost"] {
        let to = origin(&format!("http://{host}:{}", local.port()));
        assert_eq!(send(&http, &to).await.unwrap().status, 200);
    }
    assert_eq!(proxy.connections(), before, "calls to this machine take no proxy");
    assert!(Http::new(ProxyChoice::Manual("::".to_owned())).is_err());
}

/// Set for the copy of this program that runs with a hostile environment.
const INSIDE: &str = "PARALLAX_SUITE_INSIDE";

#[tokio::test]
async fn the_environments_proxy_is_not_for_this_machine() {
    let dead = format!("http://127.0.0.1:{}", closed_port());
    if std::env::var_os(INSIDE).is_none() {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "the_environments_proxy_is_not_for_this_machine"]).env(INSIDE, "1");
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            again.env(name, &dead);
        }
        again.env_remove("NO_PROXY").env_remove("no_proxy");
        let output = again.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let server = Replay::start(vec![Route::answer(Answer::status(200))]);
    let system = Http::new(ProxyChoice::System).unwrap();
    assert_eq!(send(&system, &origin(&server.url())).await.unwrap().status, 200);
    assert!(system.proxy_of("https://api.example.com").is_some(), "the user can be shown it");
    let failure = send(&system, &origin("https://api.example.com")).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::NetProxy, "{}", failure.message);
    let straight = http();
    assert_eq!(straight.proxy_of("https://api.example.com"), None);
    let failure = send(&straight, &origin("https://no-such-host.invalid")).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::NetDns, "{}", failure.message);
}

#[tokio::test]
async fn the_demo_is_answered_in_process_and_always_the_same() {
    let http = http().with_demo_speed(1000);
    let call = |model: &str| {
        Call {
        body: serde_json::json!({ "model": model, "stream": true, "messages": [{ "role": "user", "content": "Hi" }] })
            .to_string()
            .into_bytes(),
        path: "/chat/completions".to_owned(),
        ..post("/")
    }
    };
    for model in transport::demo::models() {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let response =
                http.send(&origin("demo:"), call(model), None, Deadlines::default()).await.unwrap();
            assert_eq!(response.status, 200);
            seen.push(read(response).await);
        }
        assert_eq!(seen[0], seen[1], "{model}");
        let text = String::from_utf8(seen[0].0.clone()).unwrap();
        assert_eq!(text.ends_with("data: [DONE]\n\n"), model != "flaky", "{model}");
    }
}

#[tokio::test]
async fn four_lanes_at_once_do_not_wait_for_each_other() {
    let slow = Answer::event_stream("slow").after(Duration::from_secs(1));
    let server = Replay::start(vec![
        Route::answer(slow).body("\"slow\""),
        Route::answer(Answer::event_stream("fast")),
    ]);
    let http = http();
    let to = origin(&server.url());
    let ask = |model: &str| {
        let call = Call { body: format!(r#"{{"model":"{model}"}}"#).into_bytes(), ..post("/v1/chat") };
        http.send(&to, call, None, patient())
    };
    let start = Instant::now();
    let slow = async { (ask("slow").await.unwrap().status, start.elapsed()) };
    let fast = async {
        for response in futures_util::future::join_all([ask("a"), ask("b"), ask("c")]).await {
            assert_eq!(response.unwrap().status, 200);
        }
        start.elapsed()
    };
    let ((status, slow), fast) = futures_util::future::join(slow, fast).await;
    assert_eq!(status, 200);
    assert!(fast < slow, "three fast lanes took {fast:?}, the slow one {slow:?}");
}
