use super::*;
use crate::{Engine, Parts, SystemClock};
use domain::{ModelRef, ProcessId};
use serde_json::json;
use std::sync::Arc;
use store::{Options, Store};
use transport::scripted::{Script, Scripted};
use vault::Vault;

struct Bench {
    engine: Engine,
    scripted: Scripted,
}

async fn bench() -> Bench {
    let process = ProcessId::new(uuid::Uuid::from_u128(1));
    let options = Options { process, now: Timestamp(0), version: "test" };
    let scripted = Scripted::new();
    let parts = Parts {
        store: Store::in_memory(options).unwrap(),
        vault: Vault::memory(),
        transport: Arc::new(scripted.clone()),
        clock: Arc::new(SystemClock::new()),
        process,
        origin: "cli",
    };
    Bench { engine: Engine::assemble(parts).await.unwrap(), scripted }
}

impl Bench {
    async fn key(&self, provider: &str) {
        let key = Secret::new("sk-0123456789-wxyz");
        self.engine.set_key(&AccountRef::parse(provider).unwrap(), key).await.unwrap();
    }

    async fn test(&self, provider: &str) -> Tested {
        self.engine.test_provider(&ProviderId::from(provider), None).await.unwrap()
    }

    fn known(&self, provider: &str) -> Known {
        self.engine.registry().provider(&ProviderId::from(provider)).unwrap().clone()
    }
}

fn ok(body: serde_json::Value) -> Script {
    Script::status(200).header("content-type", "application/json").send(body.to_string())
}

fn refused(status: u16, code: &str) -> Script {
    let body = json!({ "error": { "message": "no", "code": code, "type": code } });
    Script::status(status).header("content-type", "application/json").send(body.to_string())
}

fn list(ids: &[&str]) -> Script {
    ok(json!({ "data": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() }))
}

#[tokio::test]
async fn every_result_of_a_test_has_its_name() {
    for (script, result) in [
        (refused(401, "invalid_api_key"), TestResult::Rejected),
        (refused(403, "permission_denied"), TestResult::NoPermission),
        (refused(402, "insufficient_balance"), TestResult::NoCredit),
        (Script::failure(Failure::new(ErrorKind::NetConnect, "no")), TestResult::Unreachable),
        (Script::failure(Failure::new(ErrorKind::TimeConnect, "no")), TestResult::Unreachable),
        (refused(500, "server_error"), TestResult::Unknown),
    ] {
        let bench = bench().await;
        bench.key("groq").await;
        bench.scripted.push(script);
        let tested = bench.test("groq").await;
        assert_eq!((tested.result, tested.models), (result, None), "{}", tested.message);
        assert!(bench.known("groq").listed.is_empty());
    }
    let bench = bench().await;
    bench.key("groq").await;
    bench.scripted.push(list(&["one", "two"]));
    bench.scripted.push(refused(401, "invalid_api_key"));
    let tested = bench.test("groq").await;
    assert_eq!((tested.result, tested.models), (TestResult::Valid, Some(2)));
    let keyed: Vec<bool> = bench.scripted.seen().iter().map(|seen| seen.keyed).collect();
    assert_eq!(keyed, [true, false], "the list is asked for once more without the key");
}

#[tokio::test]
async fn a_list_that_everybody_may_read_proves_no_key() {
    let bench = bench().await;
    bench.key("nvidia").await;
    bench.scripted.push(list(&["one"]));
    bench.scripted.push(list(&["one"]));
    let tested = bench.test("nvidia").await;
    assert_eq!((tested.result, tested.models), (TestResult::Unknown, Some(1)));
}

#[tokio::test]
async fn where_the_list_is_open_the_key_itself_is_asked_about() {
    for (script, result) in [
        (ok(json!({ "data": { "limit_remaining": null } })), TestResult::Valid),
        (ok(json!({ "data": { "limit_remaining": 4.89 } })), TestResult::Valid),
        (ok(json!({ "data": { "limit_remaining": 0 } })), TestResult::NoCredit),
        (refused(401, "unauthorized"), TestResult::Rejected),
    ] {
        let bench = bench().await;
        bench.key("openrouter").await;
        bench.scripted.push_for("/key", script);
        bench.scripted.push_for("/models", list(&["a/b"]));
        let tested = bench.test("openrouter").await;
        assert_eq!(tested.result, result, "{}", tested.message);
        assert_eq!(bench.scripted.seen()[0].call.path, "/key");
    }
    let bench = bench().await;
    bench.key("deepseek").await;
    bench.scripted.push_for("/user/balance", ok(json!({ "is_available": false, "balance_infos": [] })));
    bench.scripted.push_for("/models", list(&["deepseek-chat"]));
    assert_eq!(bench.test("deepseek").await.result, TestResult::NoCredit);
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_whole_and_kept_with_its_day() {
    let bench = bench().await;
    bench.key("anthropic").await;
    let page = |ids: &[&str], more: bool| {
        let data: Vec<_> = ids.iter().map(|id| json!({ "id": id, "max_input_tokens": 5 })).collect();
        ok(json!({ "data": data, "has_more": more, "last_id": ids.last() }))
    };
    bench.scripted.push(page(&["a", "b"], true));
    bench.scripted.push(page(&["c"], true));
    bench.scripted.push(page(&["c"], true));
    bench.scripted.push(refused(401, "authentication_error"));
    assert_eq!(bench.test("anthropic").await.models, Some(4), "a page that repeats itself ends the list");
    let asked: Vec<String> = bench
        .scripted
        .seen()
        .iter()
        .map(|seen| seen.call.query.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&"))
        .collect();
    assert_eq!(asked, ["limit=1000", "limit=1000&after_id=b", "limit=1000&after_id=c", ""]);
    let known = bench.known("anthropic");
    assert_eq!(known.listed.len(), 4);
    assert!(known.state.unwrap().listed_at.is_some());
}

#[tokio::test]
async fn what_a_provider_lists_is_merged_with_the_catalogue() {
    let bench = bench().await;
    bench.key("openai").await;
    let catalog = catalog::Catalog::bundled().unwrap();
    let listed = catalog.endpoint("openai", "gpt-4o").unwrap().upstream_model.clone();
    bench.scripted.push(list(&[&listed, "gpt-of-tomorrow"]));
    bench.scripted.push(refused(401, "invalid_api_key"));
    assert_eq!(bench.test("openai").await.result, TestResult::Valid);
    let registry = bench.engine.registry();
    let known = bench.known("openai");
    let new: Vec<&str> = registry.uncatalogued(&known).map(|listed| listed.id.as_str()).collect();
    assert_eq!(new, ["gpt-of-tomorrow"]);
    // A model nobody knows is usable at an unknown price.
    let wanted = ModelRef { model: "openai/gpt-of-tomorrow".to_owned(), provider: None };
    let endpoints = registry.resolve(&wanted).unwrap();
    assert_eq!((endpoints.len(), &endpoints[0].prices), (1, &None));
    // One that the list lacks is said to be missing there, and stays.
    let other = catalog
        .all_endpoints()
        .find(|endpoint| endpoint.provider.as_str() == "openai" && endpoint.upstream_model != listed)
        .unwrap();
    assert_eq!((known.lists(&listed), known.lists(&other.upstream_model)), (Some(true), Some(false)));
    assert!(registry.resolve(&ModelRef { model: other.model.to_string(), provider: None }).is_ok());
    assert_eq!(bench.known("groq").lists("anything"), None);
}

#[tokio::test]
async fn only_this_machine_is_looked_at_and_its_models_cost_nothing() {
    let bench = bench().await;
    bench.engine.add_local_provider("mine", "openai-chat", "http://127.0.0.1:5555/v1").await.unwrap();
    bench.engine.add_provider("proxy", "openai-chat", "http://127.0.0.1:5556/v1").await.unwrap();
    let away = bench.engine.add_local_provider("away", "openai-chat", "https://llm.example.org/v1").await;
    assert_eq!(away.unwrap_err().kind, ErrorKind::RequestInvalid);
    for id in ["mine", "jan", "vllm"] {
        bench.scripted.push_for(id, list(&["tiny"]));
    }
    let mut found: Vec<String> =
        bench.engine.discover().await.unwrap().iter().map(|found| found.provider.to_string()).collect();
    found.sort();
    assert_eq!(found, ["jan", "mine", "vllm"]);
    let mut ports: Vec<String> =
        bench.scripted.seen().iter().map(|seen| transport::origin_of(&seen.to.base_url).unwrap()).collect();
    ports.sort();
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    assert_eq!(ports, [at(11434), at(1234), at(1337), at(5555), at(8000), at(8080)]);
    let registry = bench.engine.registry();
    let endpoint =
        |model: &str| registry.resolve(&ModelRef::parse(model).unwrap()).unwrap().into_iter().next().unwrap();
    let prices = endpoint("tiny@mine").prices.unwrap();
    assert_eq!((prices.source.origin, prices.source.source.as_str()), (domain::PriceOrigin::Local, "local"));
    assert_eq!(endpoint("tiny@proxy").prices, None, "what answers here may be somebody else's");
}

#[tokio::test]
async fn every_hosted_provider_can_be_tested_without_spending() {
    let bench = bench().await;
    let values = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for (id, given) in [
        ("azure", values(&[("resource", "contoso")])),
        ("bedrock", values(&[("region", "us-east-1")])),
        ("vertex", values(&[("project", "my-project-1")])),
        ("databricks", values(&[("workspace", "dbc-a1b2c3d4-e5f6.cloud.databricks.com")])),
        ("snowflake", values(&[("account", "myorg-myaccount")])),
    ] {
        bench.engine.set_fields(&ProviderId::from(id), given).await.unwrap();
    }
    for known in bench.engine.registry().providers() {
        let provider = &known.provider;
        if provider.local || provider.id.as_str() == "demo" {
            continue;
        }
        let paths = provider.models_path.iter().chain(provider.key_check.as_ref().map(|check| &check.path));
        let asked: Vec<&String> = paths.collect();
        assert!(!asked.is_empty(), "{} has no free call", provider.id);
        for path in asked {
            let url = format!("{}{path}", provider.base_url);
            assert_eq!(
                transport::origin_of(url.split('?').next().unwrap()).unwrap(),
                transport::origin_of(&provider.base_url).unwrap()
            );
        }
    }
}

#[tokio::test]
async fn where_there_is_no_list_a_free_call_proves_the_key() {
    for (script, result) in [
        (ok(json!({ "totalTokens": 1 })), TestResult::Valid),
        (refused(404, "NOT_FOUND"), TestResult::Valid),
        (refused(403, "PERMISSION_DENIED"), TestResult::NoPermission),
        (refused(401, "UNAUTHENTICATED"), TestResult::Rejected),
    ] {
        let bench = bench().await;
        let given = [("project".to_owned(), "my-project-1".to_owned())].into();
        bench.engine.set_fields(&ProviderId::from("vertex"), given).await.unwrap();
        bench.key("vertex").await;
        bench.scripted.push(script);
        let tested = bench.test("vertex").await;
        assert_eq!((tested.result, tested.models), (result, None), "{}", tested.message);
        let seen = bench.scripted.seen();
        assert_eq!(seen.len(), 1);
        assert!(seen[0].keyed && seen[0].call.method == Method::Post, "{:?}", seen[0].call);
        assert!(seen[0].call.path.ends_with(":countTokens"));
    }
}

#[tokio::test]
async fn a_list_of_what_could_be_deployed_tests_the_key_and_offers_nothing() {
    let bench = bench().await;
    let azure = ProviderId::from("azure");
    let given = [("resource".to_owned(), "contoso".to_owned())].into();
    bench.engine.set_fields(&azure, given).await.unwrap();
    bench.key("azure").await;
    bench.scripted.push(list(&["a-base-model"]));
    bench.scripted.push(refused(401, "401"));
    let tested = bench.test("azure").await;
    assert_eq!((tested.result, tested.models), (TestResult::Valid, None), "{}", tested.message);
    assert_eq!(bench.known("azure").listed, []);
    let refused = bench.engine.refresh_models(&azure).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::RequestUnsupported);
}

#[tokio::test]
async fn a_local_server_is_asked_what_its_models_are() {
    let bench = bench().await;
    let named = |name: &str| json!({ "name": name, "model": name });
    let models = ["small", "vectors", "silent"].map(named);
    bench.scripted.push_for("/api/tags", ok(json!({ "models": models })));
    bench.scripted.push_for(
        "/api/show",
        ok(json!({ "model_info": { "llama.context_length": 8192 }, "capabilities": ["completion", "tools"] })),
    );
    bench.scripted.push_for("/api/show", ok(json!({ "capabilities": ["embedding"] })));
    bench.scripted.push_for("/api/show", refused(404, "not_found"));
    assert_eq!(bench.test("ollama").await.result, TestResult::Valid);
    let known = bench.known("ollama");
    let listed: Vec<_> = known.listed.iter().map(|model| (model.id.as_str(), model.context_length)).collect();
    assert_eq!(listed, [("small", Some(8192)), ("silent", None)], "one makes vectors only");
    let can = known.listed[0].capabilities.as_ref().unwrap();
    assert!(can.tools && !can.reasoning);
    let asked = bench.scripted.seen();
    let asked: Vec<_> = asked.iter().filter(|seen| seen.call.path == "/api/show").collect();
    assert_eq!(asked.len(), 3);
    // What it says is kept, and the window of a request stays within it.
    let registry = bench.engine.registry();
    let endpoint =
        registry.resolve(&ModelRef { model: "small".into(), provider: Some("ollama".into()) }).unwrap();
    assert_eq!(endpoint[0].context_length, Some(8192));
    let (can, reads) = registry.abilities(&endpoint[0]).unwrap();
    assert!(can.tools && reads == [domain::Modality::Text]);
}
