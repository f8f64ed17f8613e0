//! Embeddings pass to providers that speak the protocol they are asked in, and are held, booked and logged like answers.

use crate::bench::Bench;
use domain::{Budget, Meter, ModelRef, Period, PicoUsd};
use parallax_suite::support::replay::{Answer, Route};
use serde_json::{Value, json};

fn vectors() -> Value {
    json!({ "object": "list", "model": "m-1", "x_vendor": "kept",
        "data": [{ "object": "embedding", "index": 0, "embedding": [0.25, -0.5] }],
        "usage": { "prompt_tokens": 8, "total_tokens": 8 } })
}

async fn bench() -> Bench {
    Bench::new(vec![Route::answer(Answer::json(200, &vectors())).path("/v1/embeddings")]).await
}

fn wanted(model: &str) -> Value {
    json!({ "model": model, "input": ["one", "two"], "encoding_format": "float" })
}

#[tokio::test(flavor = "multi_thread")]
async fn they_pass_as_they_are_and_are_booked() {
    let bench = bench().await;
    let reply = bench.post("/v1/embeddings", &wanted("m@chat")).await;
    assert_eq!((reply.status, reply.json()), (200, vectors()));
    assert_eq!(reply.header("x-parallax-endpoint"), Some("chat/m"));
    let sent: Value = serde_json::from_slice(&bench.upstream.seen().pop().unwrap().body).unwrap();
    assert_eq!(sent, json!({ "model": "m", "input": ["one", "two"], "encoding_format": "float" }));
    let rates = [(Meter::Input, "2".to_owned()), (Meter::Output, "0".to_owned())].into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    bench.engine.set_price(&ModelRef::parse("m@chat").unwrap(), &price).await.unwrap();
    let reply = bench.post("/v1/embeddings", &wanted("m@chat")).await;
    assert_eq!(reply.header("x-parallax-cost"), Some("0.000016"));
    let booked = bench.booked().await;
    let costs: Vec<_> = booked.iter().map(|entry| entry.row.cost.total).collect();
    assert_eq!(costs, [None, PicoUsd::from_dollars("0.000016").ok()], "unknown until there is a price");
    for entry in booked {
        let usage = entry.row.usage.unwrap();
        assert_eq!((usage.input.total, usage.output.total), (Some(8), Some(0)));
        assert_eq!(entry.row.purpose.kind.as_deref(), Some("gateway"));
    }
    assert_eq!(bench.engine.audit(domain::Timestamp(0)).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_them_and_nothing_over_a_budget_is_asked() {
    let bench = bench().await;
    let reply = bench.post("/v1/embeddings", &wanted("m@messages")).await;
    assert!((400..500).contains(&reply.status), "{}", reply.text());
    for bad in
        [json!({ "model": "m@chat" }), json!({ "input": "x" }), json!({ "model": "m@chat", "input": 3 })]
    {
        assert_eq!(bench.post("/v1/embeddings", &bad).await.status, 400);
    }
    let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "1000".to_owned())).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    bench.engine.set_price(&ModelRef::parse("m@chat").unwrap(), &price).await.unwrap();
    let limit = PicoUsd::from_dollars("0.000001").unwrap();
    let scope = "app:editor".parse().unwrap();
    let budget =
        Budget { scope, period: Period::Day, limit, hard: true, warn: Vec::new(), unknown_price: None };
    bench.engine.set_budget(budget).await.unwrap();
    assert_eq!(bench.post("/v1/embeddings", &wanted("m@chat")).await.status, 402);
    assert!(bench.upstream.seen().is_empty() && bench.booked().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_them_are_none() {
    let half = vectors().to_string();
    let half = Answer::status(200).header("content-type", "application/json").send(&half.as_bytes()[..40]);
    let bench = Bench::new(vec![Route::answer(half)]).await;
    let reply = bench.post("/v1/embeddings", &wanted("m@chat")).await;
    assert!(reply.status >= 500, "{}", reply.text());
    assert_eq!(bench.booked().await.last().unwrap().row.outcome, "stream.truncated");
}

/// OpenAI has models that answer by another call than most; its embeddings are where everybody's are.
#[tokio::test(flavor = "multi_thread")]
async fn openai_is_asked_by_the_name_that_it_lists() {
    let listed = json!({ "object": "list", "data": [{ "id": "text-embedding-3-small", "object": "model" }] });
    let bench = Bench::new(vec![
        Route::answer(Answer::json(200, &listed)).path("/v1/models"),
        Route::answer(Answer::json(200, &vectors())).path("/v1/embeddings"),
    ])
    .await;
    bench
        .engine
        .add_provider("openai", "openai-chat", &format!("{}/v1", bench.upstream.url()))
        .await
        .unwrap();
    let names = ["text-embedding-3-small@openai", "openai/text-embedding-3-small", "text-embedding-3-small"];
    for name in &names[..2] {
        let reply = bench.post("/v1/embeddings", &wanted(name)).await;
        assert_eq!((reply.status, reply.json()), (200, vectors()), "{name}");
    }
    assert_eq!(bench.post("/v1/embeddings", &wanted(names[2])).await.status, 404, "nobody lists it yet");
    bench.engine.refresh_models(&domain::ProviderId::from("openai")).await.unwrap();
    let reply = bench.post("/v1/embeddings", &wanted(names[2])).await;
    assert_eq!(
        (reply.status, reply.header("x-parallax-endpoint")),
        (200, Some("openai/text-embedding-3-small"))
    );
}

/// Google's own client asks for several at once, by a name that stands in no list of models to talk to.
#[tokio::test(flavor = "multi_thread")]
async fn in_googles_protocol_they_pass_to_who_speaks_it() {
    let vector = json!({ "values": [0.25, -0.5] });
    let one = json!({ "embedding": vector, "usageMetadata": { "promptTokenCount": 8 } });
    let several = json!({ "embeddings": [vector, vector] });
    let bench = Bench::new(vec![
        Route::answer(Answer::json(200, &one)).path("/v1beta/models/").named(":embedContent"),
        Route::answer(Answer::json(200, &several)).path("/v1beta/models/").named(":batchEmbedContents"),
    ])
    .await;
    let content = json!({ "parts": [{ "text": "one" }] });
    let single = json!({ "content": content, "taskType": "RETRIEVAL_QUERY" });
    let request = json!({ "model": "models/gemini-embedding-001", "content": content });
    let batch = json!({ "requests": [request, request] });
    for prefix in ["/v1", "/v1beta"] {
        for model in ["gemini-embedding-001", "gemini-embedding-001@gemini"] {
            let path = format!("{prefix}/models/{model}");
            let reply = bench.post(&format!("{path}:embedContent"), &single).await;
            assert_eq!((reply.status, reply.json()), (200, one.clone()), "{path}");
            assert_eq!(reply.header("x-parallax-endpoint"), Some("gemini/gemini-embedding-001"));
            let sent: Value = serde_json::from_slice(&bench.upstream.seen().pop().unwrap().body).unwrap();
            assert_eq!(sent, single);
            let reply = bench.post(&format!("{path}:batchEmbedContents"), &batch).await;
            assert_eq!((reply.status, reply.json()), (200, several.clone()), "{path}");
            let sent: Value = serde_json::from_slice(&bench.upstream.seen().pop().unwrap().body).unwrap();
            assert_eq!(sent, batch);
        }
    }
    let booked = bench.booked().await;
    let tokens =
        |entry: &store::Entry| entry.row.usage.as_ref().map(|usage| (usage.input.total, usage.output.total));
    assert_eq!(tokens(&booked[0]), Some((Some(8), Some(0))));
    // Nobody counted: what was asked is estimated, and no answer has words.
    let usage = booked[1].row.usage.as_ref().unwrap();
    assert_eq!((usage.source, usage.output.total), (domain::UsageSource::Estimated, Some(0)));
    // Nobody else speaks it, and what cannot be reckoned is not sent under a budget.
    let reply = bench.post("/v1beta/models/m@chat:embedContent", &single).await;
    assert!((400..500).contains(&reply.status), "{}", reply.text());
    assert!(reply.json()["error"]["status"].is_string(), "in Google's words: {}", reply.text());
    let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "1".to_owned())).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    bench.engine.set_price(&ModelRef::parse("gemini-embedding-001@gemini").unwrap(), &price).await.unwrap();
    let limit = PicoUsd::from_dollars("0.01").unwrap();
    let scope = "app:editor".parse().unwrap();
    let budget =
        Budget { scope, period: Period::Day, limit, hard: true, warn: Vec::new(), unknown_price: None };
    bench.engine.set_budget(budget).await.unwrap();
    let before = bench.upstream.asked();
    let path = "/v1beta/models/gemini-embedding-001:embedContent";
    let picture =
        json!({ "content": { "parts": [{ "inlineData": { "mimeType": "image/png", "data": "AA==" } }] } });
    assert_eq!((bench.post(path, &picture).await.status, bench.upstream.asked()), (402, before));
    // A word for a picture is a word.
    let words = json!({ "content": { "parts": [{ "text": "an image file with audio ".repeat(20) }] } });
    assert_eq!(bench.post(path, &words).await.status, 200);
    let before = bench.upstream.asked();
    let long = json!({ "content": { "parts": [{ "text": "word ".repeat(20_000) }] } });
    assert_eq!((bench.post(path, &long).await.status, bench.upstream.asked()), (402, before));
    let reply = bench.post(path, &single).await;
    assert_eq!((reply.status, reply.header("x-parallax-cost")), (200, Some("0.000008")), "{}", reply.text());
}

/// A model that stands in no list may be at any who speaks Google's protocol, and rules say at whom.
#[tokio::test(flavor = "multi_thread")]
async fn an_unlisted_model_of_googles_is_asked_of_whom_the_rules_leave() {
    let one = json!({ "embedding": { "values": [0.5] }, "usageMetadata": { "promptTokenCount": 1 } });
    let bench = Bench::new(vec![Route::answer(Answer::json(200, &one)).named(":embedContent")]).await;
    bench.engine.add_provider("another", "gemini", &bench.upstream.url()).await.unwrap();
    for (ignored, asked) in [("another", "gemini/new-embedding"), ("gemini", "another/new-embedding")] {
        let body =
            json!({ "content": { "parts": [{ "text": "one" }] }, "provider": { "ignore": [ignored] } });
        let reply = bench.post("/v1beta/models/new-embedding:embedContent", &body).await;
        assert_eq!(
            (reply.status, reply.header("x-parallax-endpoint")),
            (200, Some(asked)),
            "{}",
            reply.text()
        );
    }
}
