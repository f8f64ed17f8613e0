//! TLS is checked in full: who issued the certificate, for which name, and for which days.
//!
//! The program starts itself again with a certificate authority of the test's own as the system's only
//! one, so that a refusal is for the reason named and not because nothing would be trusted.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use domain::{AuthScheme, Call, ErrorKind, Headers, Method, ProviderId, Secret};
use futures_util::StreamExt;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use transport::{Deadlines, Http, Origin, ProxyChoice, Transport, install_crypto};

const CANARY: &str = "sk-canary-51e8a3c7d024";
/// Set for the copy that runs with the test's own authority.
const INSIDE: &str = "PARALLAX_TRANSPORT_INSIDE";

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn issuer(name: &str) -> Issuer {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A chain and key for a server.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

fn identity(issuer: &Issuer, name: &str, from: i32, until: i32) -> Identity {
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(from, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, issuer).unwrap();
    Identity { chain: vec![certificate.der().clone()], key: key.serialize_der() }
}

/// Serves `ok` over TLS and counts the requests that got through the handshake.
fn serve(identity: Identity) -> (u16, Arc<AtomicUsize>) {
    let key = PrivateKeyDer::try_from(identity.key).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(identity.chain, key).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = vec![0; 4096];
                if stream.read(&mut request).await.is_ok_and(|count| count > 0) {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                let _ = stream.shutdown().await;
            }
        });
    });
    (port, requests)
}

async fn ask(http: &Http, base: String) -> Result<Vec<u8>, domain::Failure> {
    let to = Origin {
        base_url: base,
        auth: AuthScheme::Bearer,
        provider: ProviderId::new("test"),
        extra_headers: Vec::new(),
        now: domain::Timestamp(0),
    };
    let call = Call {
        method: Method::Get,
        path: "/models".to_owned(),
        query: Vec::new(),
        headers: Headers::default(),
        body: Vec::new(),
    };
    let deadlines = Deadlines { connect: Duration::from_secs(10), ..Deadlines::default() };
    let mut response = http.send(&to, call, Some(&Secret::new(CANARY)), deadlines).await?;
    let mut body = Vec::new();
    while let Some(piece) = response.body.next().await {
        body.extend_from_slice(&piece?);
    }
    Ok(body)
}

/// Runs one test of this program again with `authorities` as all that the system trusts.
fn again(test: &str, authorities: &str, state: &Path) {
    let file = state.join("authorities.pem");
    std::fs::write(&file, authorities).unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(INSIDE, state)
        .env("SSL_CERT_FILE", &file)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn without_any_certificates_this_machine_can_still_be_called() {
    if std::env::var_os(INSIDE).is_none() {
        let state = tempfile::tempdir().unwrap();
        again("without_any_certificates_this_machine_can_still_be_called", "", state.path());
        return;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
    let http = Http::new(ProxyChoice::None).unwrap();
    assert_eq!(ask(&http, format!("http://127.0.0.1:{port}")).await.unwrap(), b"ok");
    let failure = ask(&http, "https://api.example.com".to_owned()).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::NetTls);
    assert!(failure.message.contains("ca-certificates"), "{}", failure.message);
}

#[tokio::test]
async fn certificates_are_checked_in_full() {
    install_crypto();
    let Some(state) = std::env::var_os(INSIDE) else {
        let state = tempfile::tempdir().unwrap();
        let trusted = issuer("trusted");
        let cases = [
            ("good", identity(&trusted, "localhost", 2020, 2090)),
            ("has expired", identity(&trusted, "localhost", 2020, 2022)),
            ("not valid yet", identity(&trusted, "localhost", 2080, 2090)),
            ("another name", identity(&trusted, "elsewhere.example", 2020, 2090)),
            ("unknown issuer", identity(&issuer("stranger"), "localhost", 2020, 2090)),
        ];
        let mut ports = String::new();
        let mut counters = Vec::new();
        for (case, identity) in cases {
            let (port, requests) = serve(identity);
            ports += &format!("{port} {case}\n");
            counters.push((case, requests));
        }
        std::fs::write(state.path().join("ports"), ports).unwrap();
        again("certificates_are_checked_in_full", &trusted.pem(), state.path());
        for (case, requests) in counters {
            let expected = usize::from(case == "good");
            assert_eq!(
                requests.load(Ordering::SeqCst),
                expected,
                "{case}: the key must not reach such a server"
            );
        }
        return;
    };
    let ports = std::fs::read_to_string(Path::new(&state).join("ports")).unwrap();
    let http = Http::new(ProxyChoice::None).unwrap();
    for line in ports.lines() {
        let (port, case) = line.split_once(' ').unwrap();
        let answer = ask(&http, format!("https://localhost:{port}")).await;
        if case == "good" {
            assert_eq!(answer.unwrap(), b"ok");
            continue;
        }
        let failure = answer.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::NetTls, "{case}: {failure:?}");
        assert!(failure.message.contains(case), "{case}: {}", failure.message);
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    }
}
