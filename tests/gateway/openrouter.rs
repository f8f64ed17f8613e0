//! At OpenRouter's address its own clients are answered in its way, and nobody else is.

use crate::bench::{Bench, chat, chat_events, data, every_protocol, messages, messages_events};
use domain::{Meter, ModelRef};
use parallax_suite::support::replay::{Answer, Route};
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
