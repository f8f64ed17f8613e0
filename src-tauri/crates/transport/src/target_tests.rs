use super::{Target, Targets, base, origin_of, target};
use domain::{Call, ErrorKind, Headers, Method};

fn call(path: &str, query: &[(&str, &str)]) -> Call {
    Call {
        method: Method::Post,
        path: path.to_owned(),
        query: query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        headers: Headers::default(),
        body: Vec::new(),
    }
}

#[test]
fn an_origin_always_names_its_port() {
    assert_eq!(origin_of("https://API.Example.com/v1").unwrap(), "https://api.example.com:443");
    assert_eq!(origin_of("http://127.0.0.1:8080/").unwrap(), "http://127.0.0.1:8080");
    assert_eq!(origin_of("http://[::1]/x").unwrap(), "http://[::1]:80");
    assert_eq!(origin_of("https://api.example.com:443").unwrap(), "https://api.example.com:443");
    assert_eq!(origin_of("demo:").unwrap(), "demo:");
}

#[test]
fn link_local_metadata_and_unspecified_hosts_are_never_called_in_any_spelling() {
    for host in [
        "169.254.169.254",
        "169.254.0.1",
        "0.0.0.0",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fe80::1]",
        "[::]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "224.0.0.1",
    ] {
        let failure = base(&format!("https://{host}/v1")).unwrap_err();
        assert_eq!(failure.kind, ErrorKind::RequestInvalid, "{host}");
    }
}

#[test]
fn loopback_is_known_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        assert!(base(&format!("http://{host}:1")).unwrap().loopback, "{host}");
    }
    for host in ["10.0.0.1", "192.168.1.5", "api.example.com", "localhost.example.com", "[2001:db8::1]"] {
        assert!(!base(&format!("https://{host}")).unwrap().loopback, "{host}");
    }
}

#[test]
fn a_key_goes_over_plain_http_to_this_machine_alone() {
    let call = call("/chat", &[]);
    for host in ["10.0.0.1:8000", "192.168.1.5", "api.example.com", "gpu-box"] {
        let failure = target(&format!("http://{host}"), &call, true).unwrap_err();
        assert_eq!(failure.kind, ErrorKind::RequestInvalid);
        assert!(failure.message.contains("https"), "{}", failure.message);
        assert!(
            target(&format!("http://{host}"), &call, false).is_ok(),
            "without a key it is the user's choice"
        );
    }
    assert!(target("http://127.0.0.1:9", &call, true).is_ok());
    assert!(target("https://10.0.0.1", &call, true).is_ok());
}

#[test]
fn the_query_is_encoded_and_the_path_kept() {
    let joined =
        target("https://h.example/v1/", &call("/a%2Fb:c", &[("q", "a b+c&d=é"), ("alt", "sse")]), false)
            .unwrap();
    assert_eq!(joined.url.as_str(), "https://h.example/v1/a%2Fb:c?q=a%20b%2Bc%26d%3D%C3%A9&alt=sse");
    let joined = target("https://h.example", &call("/a?x=1", &[("y", "2")]), false).unwrap();
    assert_eq!(joined.url.as_str(), "https://h.example/a?x=1&y=2");
}

#[test]
fn a_path_cannot_change_the_host() {
    for path in ["@evil.example/", "evil", "//evil.example/x", "/\\evil.example", "/#x"] {
        match target("https://h.example", &call(path, &[]), true) {
            Ok(joined) => assert_eq!(joined.url.host_str(), Some("h.example"), "{path}"),
            Err(failure) => assert_eq!(failure.kind, ErrorKind::Bug, "{path}"),
        }
    }
}

#[test]
fn a_base_url_holds_no_credentials_query_or_other_scheme() {
    for bad in [
        "https://user:CANARY@h.example",
        "https://CANARY@h.example",
        "https://h.example/?key=CANARY",
        "https://h.example/#CANARY",
        "ftp://CANARY.example",
        "file:///CANARY",
        "CANARY",
        "",
    ] {
        let failure = base(bad).unwrap_err();
        assert_eq!(failure.kind, ErrorKind::RequestInvalid, "{bad}");
        assert!(!failure.message.contains("CANARY"), "{}", failure.message);
    }
}

#[test]
fn what_was_joined_before_is_the_same_and_still_takes_no_key_over_plain_http() {
    let (targets, chat, list) = (Targets::default(), call("/chat", &[]), call("/models", &[("a", "b")]));
    for base in ["http://10.0.0.1:8000/v1", "https://h.example/v1/", "http://127.0.0.1:9"] {
        for call in [&chat, &list] {
            for keyed in [false, true, false, true] {
                let (joined, alone) = (targets.of(base, call, keyed), target(base, call, keyed));
                let url = |target: Target| (target.url, target.place, target.loopback);
                assert_eq!(joined.map(url), alone.map(url), "{base}");
            }
        }
    }
    assert!(targets.of("http://10.0.0.1:8000/v1", &chat, true).is_err());
    for n in 0..100 {
        let other = call(&format!("/{n}"), &[]);
        assert_eq!(targets.of("https://h.example", &other, true).unwrap().url.path(), format!("/{n}"));
    }
}
