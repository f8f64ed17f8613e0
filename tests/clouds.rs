//! The clouds over a replayed provider on this machine: signatures, tokens, addresses and forms of models as
//! they arrive there, and the recorded answers as they are read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use catalog::Catalog;
use domain::{
    AccountRef, AuthScheme, ContextPolicy, ErrorKind, Failure, LaneTarget, ModelRef, Params, PicoUsd,
    ProcessId, Provider, ProviderId, Secret, Timestamp,
};
use engine::{Ask, Clock, Engine, Listeners, Parts, SystemClock, frame::RunView};
use parallax_suite::support::{
    recording::{Recording, repository},
    replay::{Answer, Replay, Route, Seen},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::Store;
use transport::{Http, ProxyChoice};
use uuid::Uuid;
use vault::Vault;

/// 21 November 2026, 12:34:56 UTC.
const NOW: i64 = 1_795_264_496_000;

/// A clock whose wall stands where the test puts it.
struct Wall {
    real: SystemClock,
    now: AtomicI64,
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        self.real.elapsed()
    }

    fn id(&self) -> Uuid {
        self.real.id()
    }
}

struct Bench {
    engine: Engine,
    wall: Arc<Wall>,
    server: Replay,
}

impl Bench {
    async fn new(routes: Vec<Route>) -> Self {
        let wall = Arc::new(Wall { real: SystemClock::new(), now: AtomicI64::new(NOW) });
        let process = ProcessId::new(wall.id());
        let parts = Parts {
            store: Store::in_memory(store::Options { process, now: wall.now(), version: "test" }).unwrap(),
            vault: Vault::memory(),
            transport: Arc::new(Http::new(ProxyChoice::None).unwrap()),
            clock: Arc::clone(&wall) as Arc<dyn Clock>,
            process,
            origin: "cli",
        };
        Self { engine: Engine::assemble(parts).await.unwrap(), wall, server: Replay::start(routes) }
    }

    /// A built-in provider as an account with these fields reaches it, with this server in place of its
    /// host and of the place where its keys are proved.
    async fn account(&self, id: &str, fields: &[(&str, &str)]) {
        let catalog = Catalog::bundled().unwrap();
        let values = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let reached = catalog::reach(catalog.provider(id).unwrap(), &values);
        assert!(reached.missing.is_empty(), "{:?}", reached.missing);
        let mut provider = Provider { custom: true, account: Default::default(), ..reached.provider };
        let path = provider.base_url.splitn(4, '/').nth(3).map_or(String::new(), |path| format!("/{path}"));
        provider.base_url = format!("{}{path}", self.server.url());
        if let AuthScheme::Google { token_url, .. } = &mut provider.auth {
            *token_url = format!("{}/token", self.server.url());
        }
        self.engine.store().write(move |tx| tx.put_provider(&provider)).await.unwrap();
        self.set(id, &[]).await.unwrap();
    }

    async fn set(&self, id: &str, fields: &[(&str, &str)]) -> Result<(), Failure> {
        let owned = |text: &&str| (*text).to_owned();
        let values: BTreeMap<_, _> = fields.iter().map(|(name, value)| (owned(name), owned(value))).collect();
        self.engine.set_fields(&ProviderId::from(id), values).await
    }

    async fn key(&self, id: &str, key: &str) {
        self.engine.set_key(&AccountRef::parse(id).unwrap(), Secret::new(key)).await.unwrap();
    }

    /// Asks the models side by side and gives back their answers and how each ended.
    async fn ask(&self, models: &[&str]) -> Vec<(String, RunView)> {
        let lane = |model: &&str| LaneTarget {
            model: ModelRef::parse(model).unwrap(),
            system: None,
            params: Params::default(),
            policy: None,
        };
        let ask = Ask {
            conversation: None,
            line_up: models.iter().map(lane).collect(),
            prompt: "Tell me a joke.".to_owned(),
            context: ContextPolicy::Own,
            policy: None,
        };
        let started = self.engine.start_turn(ask, Listeners::default()).await.unwrap();
        started.done.await.unwrap();
        let mut runs = self.engine.snapshot(started.turn).await.unwrap().runs;
        runs.sort_by_key(|run| run.position);
        let mut answers = Vec::new();
        for run in runs {
            answers.push((self.engine.text(run.id).await.unwrap(), run));
        }
        answers
    }

    fn calls(&self, part: &str) -> Vec<Seen> {
        self.server.seen().into_iter().filter(|seen| seen.path.contains(part)).collect()
    }
}

fn recorded(name: &str) -> Recording {
    Recording::load(&repository().join("tests/recordings/registry").join(format!("{name}.json")))
}

fn replaying(path: &str, recording: &Recording) -> Route {
    Route::answer(Answer::recorded(recording)).path(path)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA-256 from its definition (RFC 2104), so that nothing of what is tested is used to test it.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with).to_vec();
    let inner = sha256(&[pad(0x36), text.to_vec()].concat());
    sha256(&[pad(0x5c), inner.to_vec()].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What AWS does with a request: it computes the signature of what arrived.
fn signature_of(seen: &Seen, secret: &str, region: &str) -> String {
    let authorization = seen.header("authorization").unwrap();
    let part = |name: &str| {
        let rest = authorization.split(&format!("{name}=")).nth(1).unwrap();
        rest.split(',').next().unwrap().to_owned()
    };
    let names = part("SignedHeaders");
    let signed: Vec<&str> = names.split(';').collect();
    assert!(signed.contains(&"host") && signed.contains(&"x-amz-date"), "{names}");
    let headers: String =
        signed.iter().map(|name| format!("{name}:{}\n", seen.header(name).unwrap())).collect();
    let canonical = format!(
        "{}\n{}\n\n{headers}\n{names}\n{}",
        seen.method,
        seen.path.replace('%', "%25"),
        hex(&sha256(&seen.body))
    );
    let stamp = seen.header("x-amz-date").unwrap();
    let day = &stamp[..8];
    let place = format!("{day}/{region}/bedrock/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{place}\n{}", hex(&sha256(canonical.as_bytes())));
    let key = [day, region, "bedrock", "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part.as_bytes()).to_vec());
    assert_eq!(part("Signature"), hex(&hmac(&key, text.as_bytes())), "{canonical}");
    place
}

const ACCESS: &str = "ASIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_bedrock_are_signed_with_access_keys() {
    let joke = recorded("bedrock__bedrock-converse__stream__plain__c5ed2e69");
    let bench = Bench::new(vec![replaying("/model/", &joke)]).await;
    bench.engine.add_provider("bedrock", "bedrock-converse", &bench.server.url()).await.unwrap();
    bench.set("bedrock", &[("region", "eu-west-1")]).await.unwrap();
    bench.key("bedrock", &format!("{ACCESS}:{SECRET}:session/token+==")).await;
    let profile = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123";
    let answers = bench.ask(&["us.amazon.nova-lite-v1:0@bedrock", &format!("{profile}@bedrock")]).await;
    for (text, run) in &answers {
        assert_eq!(run.failure, None);
        assert_eq!(text, joke.text("/expect/text"));
    }
    let seen = bench.server.seen();
    assert_eq!(seen.len(), 2);
    for call in &seen {
        assert_eq!(call.header("x-amz-date"), Some("20261121T123456Z"));
        assert_eq!(call.header("x-amz-security-token"), Some("session/token+=="));
        let place = signature_of(call, SECRET, "eu-west-1");
        let start = format!("AWS4-HMAC-SHA256 Credential={ACCESS}/{place}, ");
        assert!(call.header("authorization").unwrap().starts_with(&start));
        assert!(!call.everything().contains(SECRET), "the secret is never sent");
    }
    let paths: Vec<&str> = seen.iter().map(|call| call.path.as_str()).collect();
    let encoded = profile.replace(':', "%3A").replace('/', "%2F");
    assert!(paths.contains(&"/model/us.amazon.nova-lite-v1%3A0/converse-stream"), "{paths:?}");
    assert!(paths.contains(&format!("/model/{encoded}/converse-stream").as_str()), "{paths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_of_bedrock_is_sent_as_it_is_and_needs_no_region() {
    let joke = recorded("bedrock__bedrock-converse__stream__plain__c5ed2e69");
    let bench = Bench::new(vec![replaying("/model/", &joke)]).await;
    bench.engine.add_provider("mine", "bedrock-converse", &bench.server.url()).await.unwrap();
    bench.key("mine", "bedrock-api-key-YmVkcm9jaw==").await;
    assert_eq!(bench.ask(&["m@mine"]).await[0].0, joke.text("/expect/text"));
    let call = &bench.server.seen()[0];
    assert_eq!(call.header("authorization"), Some("Bearer bedrock-api-key-YmVkcm9jaw=="));
    assert_eq!(call.header("x-amz-date"), None);
    // Access keys sign for a region: without one nothing is sent, and that costs nothing.
    bench.key("mine", &format!("{ACCESS}:{SECRET}")).await;
    let (_, run) = bench.ask(&["m@mine"]).await.remove(0);
    let failure = run.failure.unwrap();
    assert_eq!(failure.kind, ErrorKind::RequestInvalid);
    assert!(failure.message.contains("provider set mine region="), "{}", failure.message);
    assert_eq!(run.metrics.cost, Some(PicoUsd::ZERO));
    assert_eq!(bench.server.seen().len(), 1);
}

/// What AWS says of a wrong signature quotes the request, session token and all.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_signature_is_told_without_the_keys() {
    let echo = Route::with(|seen| {
        let words = format!("The Canonical String was: {:?}", seen.headers);
        Answer::json(403, &json!({ "message": words }))
    });
    let bench = Bench::new(vec![echo]).await;
    bench.engine.add_provider("bedrock", "bedrock-converse", &bench.server.url()).await.unwrap();
    bench.set("bedrock", &[("region", "us-east-1")]).await.unwrap();
    bench.key("bedrock", &format!("{ACCESS}:{SECRET}:FQoGZXIvYXdzEXAMPLEsession")).await;
    let (_, run) = bench.ask(&["amazon.nova-lite-v1:0@bedrock"]).await.remove(0);
    let told = format!("{:?}", run.failure.unwrap());
    assert!(told.contains("403") && told.contains("[key]"), "{told}");
    assert!(!told.contains("FQoGZXIv") && !told.contains("ASIAIOSF"), "{told}");
}

/// A service account's key file, with a key made for this run.
fn key_file() -> String {
    let made = std::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .output()
        .expect("openssl is among the test packages of `cargo xtask setup`");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let file = json!({
        "type": "service_account", "project_id": "my-project", "private_key_id": "0123456789abcdef",
        "private_key": String::from_utf8(made.stdout).unwrap(),
        "client_email": "robot@my-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    serde_json::to_string_pretty(&file).unwrap()
}

fn token(name: &str) -> Answer {
    let body = json!({ "access_token": name, "expires_in": 3599, "token_type": "Bearer" });
    Answer::json(200, &body)
}

const PLACE: &str = "/v1/projects/my-project/locations/europe-west1";

#[tokio::test(flavor = "multi_thread")]
async fn vertex_asks_each_makers_models_in_their_form_with_one_token() {
    let gemini = recorded("google__google-generate__stream__plain__6c26534d");
    let claude = recorded("anthropic__anthropic-messages__stream__plain__5823f163");
    let chat = recorded("databricks__openai-chat__stream__tool-tool-result-in__7a02b9bf");
    let bench = Bench::new(vec![
        Route::answer(token("ya29.first-token")).path("/token").times(1),
        Route::answer(token("ya29.second-token")).path("/token").times(1),
        replaying(
            &format!("{PLACE}/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
            &gemini,
        ),
        replaying(
            &format!("{PLACE}/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict"),
            &claude,
        ),
        replaying(&format!("{PLACE}/endpoints/openapi/chat/completions"), &chat),
    ])
    .await;
    bench.account("vertex", &[("project", "my-project"), ("location", "europe-west1")]).await;
    bench.key("vertex", &key_file()).await;
    let models = ["gemini-2.5-pro@vertex", "claude-sonnet-4-5@20250929@vertex", "meta/llama-4@vertex"];
    let answers = bench.ask(&models).await;
    for ((text, run), recording) in answers.iter().zip([&gemini, &claude, &chat]) {
        assert_eq!(run.failure, None);
        assert_eq!(text, recording.text("/expect/text"));
        assert_eq!(run.metrics.output, recording.value["expect"]["usage"]["output"].as_u64());
    }
    assert_eq!(bench.calls("/token").len(), 1, "three lanes share one token");
    for call in bench.calls(PLACE) {
        assert_eq!(call.header("authorization"), Some("Bearer ya29.first-token"));
    }
    let body: Value = serde_json::from_slice(&bench.calls("anthropic")[0].body).unwrap();
    assert_eq!(body["anthropic_version"], "vertex-2023-10-16");
    assert!(body.get("model").is_none() && body["stream"] == true, "{body}");
    let body: Value = serde_json::from_slice(&bench.calls("google/models")[0].body).unwrap();
    assert_eq!(body["contents"][0]["parts"][0]["text"], "Tell me a joke.");
    // Before its hour is over the token is fetched anew.
    bench.wall.now.fetch_add(50 * 60_000, Ordering::SeqCst);
    assert_eq!(bench.ask(&models[..1]).await[0].1.failure, None);
    assert_eq!(bench.calls("/token").len(), 2);
    assert_eq!(bench.calls("google/models")[1].header("authorization"), Some("Bearer ya29.second-token"));
    // Who is asked for a token is in the log like everybody else, before the prompt it is for.
    let log = bench.engine.audit(Timestamp(i64::MIN)).await.unwrap();
    let purposes: Vec<&str> = log.iter().map(|row| row.purpose).collect();
    assert!(purposes.iter().filter(|purpose| **purpose == "token").count() >= 2, "{purposes:?}");
    let (token, last) = (purposes.iter().rposition(|p| *p == "token"), purposes.len() - 1);
    assert_eq!((token, purposes[last]), (Some(last), "token"), "{purposes:?}");
    for call in bench.calls("/token") {
        assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert!(
            call.text()
                .starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey")
        );
        assert_eq!(call.header("authorization"), None);
    }
}

/// Real answers of Vertex, where they lie beside the repository.
#[tokio::test(flavor = "multi_thread")]
async fn what_vertex_really_answered_is_read() {
    let Some(all) = Recording::beside_the_repository() else { return };
    let real = |recording: &&Recording| {
        recording.text("/provider") == "vertex" && recording.text("/mode") == "stream"
    };
    let mut asked = 0;
    for recording in all.iter().filter(real) {
        let model = recording.text("/request/path").split("/models/").nth(1).unwrap();
        let model = model.rsplit_once(':').unwrap().0;
        let bench = Bench::new(vec![replaying("/v1/", recording)]).await;
        bench.account("vertex", &[("project", "p"), ("location", "global")]).await;
        bench.key("vertex", "ya29.an-access-token-of-gcloud").await;
        let (text, run) = bench.ask(&[&format!("{model}@vertex")]).await.remove(0);
        assert_eq!(run.failure, None, "{}", recording.id());
        assert_eq!(text, recording.text("/expect/text"), "{}", recording.id());
        let path = bench.server.seen()[0].path.clone();
        let tail = |path: &str| path.split("/publishers/").nth(1).unwrap().to_owned();
        assert_eq!(tail(&path), tail(recording.text("/request/path")), "{}", recording.id());
        assert_eq!(
            bench.server.seen()[0].header("authorization"),
            Some("Bearer ya29.an-access-token-of-gcloud")
        );
        asked += 1;
    }
    assert!(asked >= 5, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_asked_and_a_refused_one_is_fetched_anew() {
    let refusal = json!({ "error": "invalid_grant", "error_description": "Account not found" });
    let echo = |seen: &Seen| {
        let words = format!("Request had invalid credentials: {:?}", seen.header("authorization"));
        Answer::json(401, &json!({ "error": { "code": 401, "message": words, "status": "UNAUTHENTICATED" } }))
    };
    let bench = Bench::new(vec![
        Route::answer(Answer::json(400, &refusal)).path("/token").times(1),
        Route::answer(token("ya29.token-that-is-echoed")).path("/token"),
        Route::with(echo).path(PLACE),
    ])
    .await;
    bench.account("vertex", &[("project", "my-project"), ("location", "europe-west1")]).await;
    bench.key("vertex", &key_file()).await;
    let (_, run) = bench.ask(&["gemini-2.5-pro@vertex"]).await.remove(0);
    let failure = run.failure.unwrap();
    assert_eq!(failure.kind, ErrorKind::AuthRejected);
    assert!(failure.message.contains("Account not found"), "{}", failure.message);
    assert_eq!(run.metrics.cost, Some(PicoUsd::ZERO), "nothing was asked");
    assert_eq!(bench.calls(PLACE).len(), 0);
    for asked in 1..=2 {
        let (_, run) = bench.ask(&["gemini-2.5-pro@vertex"]).await.remove(0);
        let told = format!("{:?}", run.failure.unwrap());
        assert!(told.contains("AuthRejected") && !told.contains("token-that"), "{told}");
        assert_eq!(bench.calls("/token").len(), 1 + asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_is_asked_by_its_older_addresses_too() {
    let joke = recorded("azure__openai-chat__stream__plain__68f4c647");
    let bench = Bench::new(vec![replaying("/openai/", &joke)]).await;
    let older = [("resource", "res"), ("api", "deployments"), ("version", "2024-02-01")];
    let named = [older[0], older[1], older[2], ("deployments", "gpt-4.1=my-deployment")];
    for (fields, model, path) in [
        (
            &older[..],
            "my-deployment@azure",
            "/openai/deployments/my-deployment/chat/completions?api-version=2024-02-01",
        ),
        (
            &named[..],
            "gpt-4.1@azure",
            "/openai/deployments/my-deployment/chat/completions?api-version=2024-02-01",
        ),
        (&older[..1], "my-deployment@azure", "/openai/v1/chat/completions"),
    ] {
        bench.account("azure", fields).await;
        bench.key("azure", "0123456789abcdef").await;
        let (text, run) = bench.ask(&[model]).await.remove(0);
        assert_eq!((text.as_str(), run.failure), (joke.text("/expect/text"), None));
        let call = bench.server.seen().pop().unwrap();
        assert_eq!((call.path.as_str(), call.header("api-key")), (path, Some("0123456789abcdef")));
        assert_eq!(call.header("authorization"), None);
        let sent: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(sent["model"], "my-deployment");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_and_accounts_are_asked_at_their_paths() {
    let said = recorded("databricks__openai-chat__stream__tool-tool-result-in__7a02b9bf");
    let bench = Bench::new(vec![replaying("/", &said)]).await;
    for (id, field, path) in [
        ("databricks", ("workspace", "dbc-1.cloud.databricks.com"), "/serving-endpoints/chat/completions"),
        ("snowflake", ("account", "org-acc"), "/api/v2/cortex/v1/chat/completions"),
    ] {
        bench.account(id, &[field]).await;
        bench.key(id, "a-token-of-the-account").await;
        let (text, run) = bench.ask(&[&format!("some-model@{id}")]).await.remove(0);
        assert_eq!((text.as_str(), run.failure), (said.text("/expect/text"), None));
        let call = bench.server.seen().pop().unwrap();
        assert_eq!(
            (call.path.as_str(), call.header("authorization")),
            (path, Some("Bearer a-token-of-the-account"))
        );
    }
}
