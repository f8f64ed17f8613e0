//! At OpenRouter's address its own clients are answered in its way, and nobody else is.

use crate::bench::{Bench, chat, chat_events, data, every_protocol, messages, messages_events};
use domain::{Meter, ModelRef};
use parallax_suite::support::replay::{Answer, Route, Step};
use serde_json::{Value, json};

/// The bench, with what its providers' model costs.
async fn priced(routes: Vec<Route>) -> Bench {
    let bench = Bench::new(routes).await;
    let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "2".to_owned())).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    for model in ["m@chat", "m@messages", "m@responses"] {
        bench.engine.set_price(&ModelRef::parse(model).unwrap(), &price).await.unwrap();
    }
    bench
}

/// OpenAI's stream as it is once usage was asked for: each chunk but the last says that it tells none.
fn nulled() -> String {
    let with = |event: String| match event.contains("usage") || event.contains("[DONE]") {
        true => event,
        false => event.replacen('{', "{\"usage\":null,", 1),
    };
    chat_events().into_iter().map(with).collect()
}

fn usage(stream: bool, text: &str) -> Option<Value> {
    let told: Vec<Value> = if stream { data(text) } else { vec![serde_json::from_str(text).unwrap()] };
    let nested = |event: &Value| event.get("usage").or_else(|| event.pointer("/response/usage")).cloned();
    told.iter().rev().find_map(nested)
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_and_cost_come_unasked() {
    let mut routes = vec![
        Route::answer(Answer::event_stream(nulled())).path("/v1/chat/completions").body("\"stream\":true"),
    ];
    routes.extend(every_protocol());
    let bench = priced(routes).await;
    for (provider, stream) in [("chat", false), ("chat", true), ("messages", false), ("messages", true)] {
        let asked = chat(&format!("m@{provider}"), stream);
        let reply = bench.post("/api/v1/chat/completions", &asked).await;
        let name = format!("{provider}, {stream}: {}", reply.text());
        let told = usage(stream, &reply.text()).unwrap();
        assert_eq!((&told["prompt_tokens"], &told["cost"]), (&json!(20), &json!(0.00005)), "{name}");
        assert!(!reply.text().contains("\"usage\":null"), "its client does not understand it: {name}");
        let last = data(&reply.text()).pop();
        assert!(!stream || last.is_some_and(|chunk| chunk["choices"] == json!([])), "{name}");
        // Elsewhere as in OpenAI's protocol.
        let reply = bench.post("/v1/chat/completions", &asked).await;
        assert!(!stream || !reply.text().contains("\"usage\""), "nobody asked: {}", reply.text());
        let passed = provider == "chat";
        assert!(!passed || !reply.text().contains("cost"), "nobody asked: {}", reply.text());
    }
    let mut asked = chat("m@chat", true);
    asked["stream_options"] = json!({ "include_usage": true });
    let reply = bench.post("/v1/chat/completions", &asked).await;
    assert_eq!(reply.text(), nulled(), "who asks as of OpenAI has it in OpenAI's way");
    for stream in [false, true] {
        let reply = bench.post("/api/v1/messages", &messages("m@messages", stream)).await;
        let told = usage(stream, &reply.text()).unwrap();
        assert!(told["cost"].as_f64() > Some(0.0), "{}", reply.text());
        let reply = bench.post("/v1/messages", &messages("m@messages", stream)).await;
        assert!(!reply.text().contains("cost"), "{}", reply.text());
    }
}

/// A server that counts nothing: whoever demands numbers gets ours, and is told that they are.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_provider_counted_is_an_estimate() {
    let silent: String = messages_events().concat().replace(",\"usage\":{\"output_tokens\":5}", "");
    let silent = silent.replace("\"usage\":{\"input_tokens\":20,\"output_tokens\":1}", "\"usage\":{}");
    let bench = priced(vec![Route::answer(Answer::event_stream(silent))]).await;
    let reply = bench.post("/api/v1/chat/completions", &chat("m@messages", true)).await;
    let told = usage(true, &reply.text()).unwrap();
    assert!(told["prompt_tokens"].as_u64() > Some(0) && told["total_tokens"].as_u64() > Some(0), "{told}");
    assert_eq!(told["estimated"], true, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_an_error_is_its_status() {
    let broken = Answer::status(200)
        .header("content-type", "text/event-stream")
        .send(chat_events()[..3].concat())
        .step(Step::Close);
    let busy = Answer::json(429, &json!({ "error": { "message": "Slow down.", "code": "rate_limit" } }));
    let bench = Bench::new(vec![
        Route::answer(broken).body("\"stream\":true"),
        Route::answer(busy).path("/v1/chat/completions"),
    ])
    .await;
    let none = chat("nobody/nothing", false);
    for (path, body, status, word) in [
        ("chat/completions", none.clone(), 404, "model_not_found"),
        ("responses", json!({ "model": "nobody/nothing", "input": "x" }), 404, "model_not_found"),
        ("chat/completions", chat("m@chat", false), 429, "rate_limit_exceeded"),
        ("chat/completions", json!({ "model": "m@chat" }), 400, "invalid_request"),
        ("nothing/here", none, 404, "invalid_request"),
    ] {
        let reply = bench.post(&format!("/api/v1/{path}"), &body).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(status)), "{path}");
        assert!(reply.json()["error"]["metadata"]["error_type"].is_string(), "{}", reply.text());
        let reply = bench.post(&format!("/v1/{path}"), &body).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(word)), "{path}");
    }
    let wrong = bench.request("GET", "/api/v1/models", &[("authorization", "Bearer sk-x")], "");
    assert_eq!(bench.raw(&wrong).await.json()["error"]["code"], 401);
    for (path, code) in [("/api/v1", json!(502)), ("/v1", json!("provider_unavailable"))] {
        let reply = bench.post(&format!("{path}/chat/completions"), &chat("m@chat", true)).await;
        assert_eq!(data(&reply.text()).last().unwrap()["error"]["code"], code, "{}", reply.text());
    }
    // Anthropic's own form is the same in both places.
    let reply = bench.post("/api/v1/messages", &messages("nobody/nothing", false)).await;
    assert_eq!(reply.json()["error"]["type"], "not_found_error");
}

/// Its object for reasoning is nobody else's, and no reason to lose the rest.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_reasoning_in_its_words_loses_nothing_else() {
    let bench = Bench::new(every_protocol()).await;
    let mut body = chat("m@chat", true);
    let kept =
        json!({ "service_tier": "flex", "prompt_cache_key": "k", "top_k": 4, "metadata": { "a": "b" } });
    body.as_object_mut().unwrap().extend(kept.as_object().unwrap().clone());
    body["reasoning"] = json!({ "effort": "low" });
    let reply = bench.post("/api/v1/chat/completions", &body).await;
    assert_eq!((reply.status, reply.header("x-parallax-notices")), (200, None), "{}", reply.text());
    let sent: Value = serde_json::from_slice(&bench.upstream.seen().pop().unwrap().body).unwrap();
    assert_eq!((sent.get("reasoning"), &sent["reasoning_effort"]), (None, &json!("low")));
    for (name, value) in kept.as_object().unwrap() {
        assert_eq!(&sent[name], value, "{name}");
    }
}

/// The type of each field as `@openrouter/sdk` demands it, which refuses a list over one.
#[tokio::test(flavor = "multi_thread")]
async fn lists_have_every_field_that_their_clients_demand() {
    let bench = Bench::new(every_protocol()).await;
    let account = domain::AccountRef::parse("anthropic").unwrap();
    bench.engine.set_key(&account, domain::Secret::new("sk-ant-test")).await.unwrap();
    let whole = |value: &Value| value.is_i64() || value.is_u64();
    let price = |value: &Value| value["prompt"].is_string() && value["completion"].is_string();
    let list = bench.get("/api/v1/models").await.json();
    let models = list["data"].as_array().unwrap();
    let count = bench.get("/api/v1/models/count").await.json();
    assert_eq!(count["data"]["count"], json!(models.len()));
    assert!(models.len() > 2);
    // Its client asks on as long as a page is full.
    let page = async |query: &str| bench.get(&format!("/api/v1/models?{query}")).await.json();
    let second = page("offset=1&limit=1").await;
    assert_eq!(second["data"], json!([models[1]]));
    assert!(second["links"]["next"].as_str().unwrap().ends_with("offset=2&limit=1"), "{}", second["links"]);
    let behind = page(&format!("offset={}", models.len())).await;
    assert_eq!((&behind["data"], &behind["links"]["next"]), (&json!([]), &Value::Null));
    assert_eq!((&list["total_count"], &list["links"]["next"]), (&count["data"]["count"], &Value::Null));
    for model in models {
        assert!(whole(&model["created"]) && price(&model["pricing"]), "{model}");
        assert!(model["links"]["details"].is_string(), "{model}");
        assert!(model["top_provider"]["is_moderated"].is_boolean(), "{model}");
        assert!(["active", "deprecated"].contains(&model["lifecycle"].as_str().unwrap()), "{model}");
        for field in ["default_parameters", "supported_voices", "per_request_limits"] {
            assert_eq!(model.get(field), Some(&Value::Null), "{field}: {model}");
        }
    }
    let opus = models.iter().find(|model| model["id"] == "anthropic/claude-opus-4.6").unwrap();
    assert!(opus["created"].as_u64() > Some(1_700_000_000), "the day it appeared: {opus}");
    let one = bench.get("/api/v1/model/anthropic/claude-opus-4.6").await.json();
    assert_eq!(&one["data"], opus);
    let all = bench.get("/api/v1/models/anthropic/claude-opus-4.6/endpoints").await.json();
    for endpoint in all["data"]["endpoints"].as_array().unwrap() {
        assert!(whole(&endpoint["context_length"]) && price(&endpoint["pricing"]), "{endpoint}");
        assert!(endpoint["supports_implicit_caching"].is_boolean(), "{endpoint}");
        assert_eq!(endpoint["supports_tool_choice"]["auto"], true, "{endpoint}");
        for field in ["latency_last_30m", "throughput_last_30m", "uptime_last_5m", "uptime_last_1d"] {
            assert_eq!(endpoint.get(field), Some(&Value::Null), "{field}: {endpoint}");
        }
    }
    let credits = bench.get("/api/v1/credits").await.json();
    assert!(credits["data"]["total_credits"].is_number() && credits["data"]["total_usage"].is_number());
    let key = bench.get("/api/v1/key").await.json();
    assert!(whole(&key["data"]["rate_limit"]["requests"]) && key["data"]["rate_limit"]["note"].is_string());
    for field in ["byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly", "usage"] {
        assert!(key["data"][field].is_number(), "{field}: {key}");
    }
    for field in ["creator_user_id", "organization_id", "workspace_id", "limit", "limit_reset"] {
        assert_eq!(key["data"].get(field), Some(&Value::Null), "{field}: {key}");
    }
}

/// Its clients ask what an answer came to by the id that came with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_told_of_to_the_app_it_was_for() {
    let bench = priced(every_protocol()).await;
    let reply = bench.post("/api/v1/messages", &messages("m@messages", true)).await;
    let id = reply.header("x-generation-id").unwrap().to_owned();
    let found = bench.get(&format!("/api/v1/generation?id={id}")).await;
    let told = found.json()["data"].clone();
    assert_eq!((found.status, &told["id"], &told["model"]), (200, &json!(id), &json!("messages/m")));
    assert_eq!((&told["native_tokens_prompt"], &told["native_tokens_completion"]), (&json!(20), &json!(5)));
    assert_eq!((&told["total_cost"], &told["usage"]), (&json!(0.00005), &json!(0.00005)), "{told}");
    assert_eq!((&told["finish_reason"], &told["cancelled"]), (&json!("stop"), &json!(false)));
    assert!(told["latency"].is_u64() && told["created_at"].as_str().unwrap().ends_with('Z'), "{told}");
    // A price that nobody knows is not nought.
    let reply = bench.post("/v1/chat/completions", &chat("m2@chat", false)).await;
    let id2 = reply.header("x-generation-id").unwrap();
    let told = bench.get(&format!("/api/v1/generation?id={id2}")).await.json()["data"].clone();
    assert_eq!((&told["total_cost"], &told["tokens_prompt"]), (&Value::Null, &json!(20)), "{told}");
    // Another app's is not there.
    let new = engine::NewAppKey { name: "other".to_owned(), change: engine::AppKeyChange::default() };
    let other = bench.engine.create_app_key(new).await.unwrap().1.expose().to_owned();
    let bearer = format!("Bearer {other}");
    let path = format!("/api/v1/generation?id={id}");
    let reply = bench.raw(&bench.request("GET", &path, &[("authorization", &bearer)], "")).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (404, &json!(404)), "{}", reply.text());
    for (query, status) in
        [("", 400), ("?id=", 404), ("?id=gen-x", 404), ("?id=gen-00000000000000000000000000000000", 404)]
    {
        let reply = bench.get(&format!("/api/v1/generation{query}")).await;
        assert_eq!(reply.status, status, "{query}: {}", reply.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_what_is_asked_for_and_providers_are_listed() {
    let bench = Bench::new(every_protocol()).await;
    let account = domain::AccountRef::parse("anthropic").unwrap();
    bench.engine.set_key(&account, domain::Secret::new("sk-ant-test")).await.unwrap();
    let list = async |query: &str| bench.get(&format!("/api/v1/models?{query}")).await.json();
    let ids = |list: &Value| -> Vec<String> {
        let all = list["data"].as_array().unwrap().iter();
        all.map(|model| model["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids(&list("").await);
    let asked = "supported_parameters=tools%2Creasoning&model_authors=anthropic&q=opus";
    let some = list(asked).await;
    let found = ids(&some);
    assert!(!found.is_empty() && found.len() < all.len(), "{found:?}");
    assert!(found.iter().all(|id| id.starts_with("anthropic/") && id.contains("opus")), "{found:?}");
    let count = bench.get(&format!("/api/v1/models/count?{asked}")).await.json();
    assert_eq!((&count["data"]["count"], &some["total_count"]), (&json!(found.len()), &json!(found.len())));
    // A page goes on with the same wishes.
    let page = list(&format!("{asked}&limit=1")).await;
    let next = page["links"]["next"].as_str().unwrap();
    assert!(next.contains(asked) && next.ends_with("offset=1&limit=1"), "{next}");
    assert_eq!(ids(&bench.get(next).await.json()), [found[1].clone()]);
    let cheap = ids(&list("sort=pricing-low-to-high&model_authors=anthropic").await);
    let dear = ids(&list("sort=pricing-high-to-low&model_authors=anthropic").await);
    assert!(cheap.len() > 1 && cheap.first() != dear.first(), "{cheap:?}");
    assert_eq!(ids(&list("providers=nobody").await), Vec::<String>::new());
    assert_eq!(ids(&list("providers=Anthropic").await), ids(&list("model_authors=anthropic").await));
    // What nobody here knows of a model keeps none out, which is told; elsewhere a query is no filter.
    let reply = bench.get("/api/v1/models?category=programming").await;
    assert_eq!(ids(&reply.json()), all);
    assert!(reply.header("x-parallax-notices").unwrap().contains("category"));
    assert_eq!(ids(&bench.get("/v1/models?q=opus").await.json()), all);
    let providers = bench.get("/api/v1/providers").await.json();
    let of =
        |slug: &str| providers["data"].as_array().unwrap().iter().find(|one| one["slug"] == slug).cloned();
    assert_eq!(of("anthropic").unwrap()["name"], "Anthropic");
    assert!(of("chat").is_some() && of("openai").is_none(), "only those that can be asked: {providers}");
}

/// A key for some models tells its program of nobody else whom its user has.
#[tokio::test(flavor = "multi_thread")]
async fn providers_are_those_of_what_the_key_is_for() {
    let bench = Bench::new(every_protocol()).await;
    let account = domain::AccountRef::parse("anthropic").unwrap();
    bench.engine.set_key(&account, domain::Secret::new("sk-ant-test")).await.unwrap();
    let own = ["chat", "gemini", "messages", "responses"];
    for (names, told) in [
        (&["anthropic/*"][..], &["anthropic"][..]),
        (&["chat/*"], &["chat"]),
        (&["chat/m", "gemini/m:floor"], &["chat", "gemini"]),
        (&["nobody/*"], &[]),
        (&["*"], &own),
        (&[], &own),
    ] {
        let models = Some(names.iter().map(|&name| name.to_owned()).collect());
        let change = engine::AppKeyChange { models, ..Default::default() };
        bench.engine.change_app_key("editor", change).await.unwrap();
        let list = bench.get("/api/v1/providers").await.json();
        let slugs: Vec<&str> =
            list["data"].as_array().unwrap().iter().map(|one| one["slug"].as_str().unwrap()).collect();
        if told == own {
            assert!(own.iter().all(|id| slugs.contains(id)) && slugs.contains(&"anthropic"), "{slugs:?}");
        } else {
            assert_eq!(slugs, told, "{names:?}");
        }
    }
}

/// Who asks for a provider's models asks for what they cost there.
#[tokio::test(flavor = "multi_thread")]
async fn a_wanted_providers_prices_are_those_that_count() {
    let bench = Bench::new(every_protocol()).await;
    let model = "meta-llama/llama-3.3-70b-instruct";
    for (provider, dollars) in [("deepinfra", "9"), ("groq", "0.05")] {
        let url = format!("{}/{provider}/v1", bench.upstream.url());
        bench.engine.add_provider(provider, "openai-chat", &url).await.unwrap();
        let rates =
            [Meter::Input, Meter::Output].map(|meter| (meter, dollars.to_owned())).into_iter().collect();
        let price = engine::UserPrice { rates, foreign: None };
        let place = ModelRef::parse(&format!("{model}@{provider}")).unwrap();
        bench.engine.set_price(&place, &price).await.unwrap();
    }
    let price = async |query: &str| {
        let list = bench.get(&format!("/api/v1/models?{query}")).await.json();
        let all = list["data"].as_array().unwrap();
        let found = all.iter().find(|found| found["id"] == model)?;
        found["pricing"]["prompt"].as_str().map(str::to_owned)
    };
    let cheap = Some("0.00000005".to_owned());
    assert_eq!(price("providers=groq").await, cheap);
    assert_eq!(price("providers=groq&max_price=0.1").await, cheap);
    assert_eq!(price("providers=groq&min_price=1").await, None);
    assert_eq!(price("providers=deepinfra&max_price=0.1").await, None);
    assert_eq!(price("providers=deepinfra&min_price=1").await, Some("0.000009".to_owned()));
}

/// Which conversation it is may stand in a header, for clients that cannot add to a body.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_stays_where_it_is_by_a_header_too() {
    let mut whole = crate::bench::chat_document();
    whole["usage"]["prompt_tokens_details"] = json!({ "cached_tokens": 10 });
    let bench = Bench::new(vec![Route::answer(Answer::json(200, &whole))]).await;
    // Of one price, so that nothing else says who is asked.
    for provider in ["groq", "huggingface"] {
        let url = format!("{}/{provider}/v1", bench.upstream.url());
        bench.engine.add_provider(provider, "openai-chat", &url).await.unwrap();
    }
    let bearer = format!("Bearer {}", bench.key);
    // It begins otherwise each time, so nothing but the header says that it is one conversation.
    let ask = async |path: &str, turn: u32, session: &str, only: Option<&str>| {
        let mut body = chat("meta-llama/llama-3.3-70b-instruct", false);
        body["messages"][0]["content"] = json!(format!("{turn}: {}", "word ".repeat(400)));
        if let Some(only) = only {
            body["provider"] = json!({ "only": [only] });
        }
        let headers = [("authorization", bearer.as_str()), ("x-session-id", session)];
        let reply = bench.raw(&bench.request("POST", path, &headers, &body.to_string())).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.header("x-parallax-endpoint").unwrap().split('/').next().unwrap().to_owned()
    };
    let path = "/api/v1/chat/completions";
    for turn in 0..4 {
        for provider in ["groq", "huggingface"] {
            ask(path, turn, provider, Some(provider)).await;
        }
    }
    for turn in 4..8 {
        for provider in ["groq", "huggingface"] {
            assert_eq!(ask(path, turn, provider, None).await, provider, "{turn}");
        }
    }
    // Elsewhere the header is nobody's.
    let (one, other) = ("/v1/chat/completions", "/v1/chat/completions");
    assert_eq!(ask(one, 9, "groq", None).await, ask(other, 10, "huggingface", None).await);
}
