use super::ask::tokens;
use super::{Demo, MODELS};
use domain::{Call, Headers, Method};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

fn call(body: &Value) -> Call {
    Call {
        method: Method::Post,
        path: "/chat/completions".to_owned(),
        query: Vec::new(),
        headers: Headers::default(),
        body: body.to_string().into_bytes(),
    }
}

fn ask(model: &str, users: &[&str]) -> Value {
    let messages: Vec<Value> = users.iter().map(|text| json!({ "role": "user", "content": text })).collect();
    json!({ "model": model, "stream": true, "messages": messages })
}

struct Read {
    text: String,
    reasoning: String,
    finish: Option<String>,
    usage: Option<Value>,
    error: Option<Value>,
    done: bool,
    first_content: Duration,
    took: Duration,
}

async fn read(body: &Value) -> Read {
    let mut response = Demo::new(1).answer(&call(body));
    assert_eq!(response.status, 200);
    assert_eq!(response.headers.get("content-type"), Some("text/event-stream"));
    let start = Instant::now();
    let mut out = Read {
        text: String::new(),
        reasoning: String::new(),
        finish: None,
        usage: None,
        error: None,
        done: false,
        first_content: Duration::ZERO,
        took: Duration::ZERO,
    };
    while let Some(bytes) = response.body.next().await {
        let bytes = bytes.unwrap();
        let line = std::str::from_utf8(&bytes).unwrap().strip_prefix("data: ").unwrap().trim_end().to_owned();
        if line == "[DONE]" {
            out.done = true;
            continue;
        }
        let value: Value = serde_json::from_str(&line).unwrap();
        if let Some(error) = value.get("error") {
            out.error = Some(error.clone());
        }
        if let Some(usage) = value.get("usage") {
            out.usage = Some(usage.clone());
        }
        let choice = &value["choices"][0];
        out.reasoning += choice["delta"]["reasoning_content"].as_str().unwrap_or_default();
        let text = choice["delta"]["content"].as_str().unwrap_or_default();
        if out.text.is_empty() && !text.is_empty() {
            out.first_content = start.elapsed();
        }
        out.text += text;
        out.finish = choice["finish_reason"].as_str().map(str::to_owned).or(out.finish);
    }
    out.took = start.elapsed();
    out
}

#[test]
fn tokens_joined_are_the_text() {
    for text in
        ["", "a", "Hello, world", "  two  spaces\n\nünïcödé wörds 日本語テキスト $5.00", "abcdefghijklmnop"]
    {
        assert_eq!(tokens(text).collect::<String>(), text);
        assert!(tokens(text).all(|token| !token.is_empty()));
    }
    assert_eq!(tokens("abcdefghijkl xy").collect::<Vec<_>>(), ["abcdef", "ghijkl", " xy"]);
}

#[tokio::test(start_paused = true)]
async fn each_model_has_its_own_pace_and_shape() {
    for (model, rate, least, most) in
        [("quick", 180, 60, 160), ("steady", 70, 450, 900), ("thinker", 90, 250, 480)]
    {
        let answer = read(&ask(model, &["Hello there"])).await;
        let usage = answer.usage.unwrap();
        let tokens = usage["completion_tokens"].as_u64().unwrap();
        assert!((least..=most).contains(&tokens), "{model}: {tokens} tokens");
        let ideal = tokens * 1000 / rate;
        let took = u64::try_from(answer.took.as_millis()).unwrap();
        assert!(took >= ideal && took < ideal + 500, "{model}: {took} ms for {tokens} tokens");
        assert_eq!(answer.finish.as_deref(), Some("stop"));
        assert!(answer.done && answer.error.is_none());
        assert!(answer.text.contains("not an AI"), "{model} says what it is");
        assert!(answer.text.contains("Hello there"), "{model} shows the prompt");
        assert_eq!(usage["total_tokens"].as_u64(), Some(tokens + usage["prompt_tokens"].as_u64().unwrap()));
        let reasoning = usage["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap();
        assert_eq!(reasoning == 0, answer.reasoning.is_empty(), "{model}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_thinker_thinks_about_a_second_and_a_half_first() {
    for prompt in
        ["Hello", "What is the number?", "a much longer prompt, with several clauses, and more words"]
    {
        let answer = read(&ask("thinker", &[prompt])).await;
        let ms = answer.first_content.as_millis();
        assert!((1400..=2300).contains(&ms), "{ms} ms");
        assert!(!answer.reasoning.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn the_steady_answer_holds_one_of_everything() {
    let mut languages = std::collections::BTreeSet::new();
    for prompt in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let text = read(&ask("steady", &[prompt])).await.text;
        for part in ["# ", "\n## ", "|:--|", "\n1. ", "   - ", "US$5", "\n> ", "```\n"] {
            assert!(text.contains(part), "{part:?} is missing");
        }
        languages.insert(if text.contains("```rust") { "rust" } else { "python" });
    }
    assert_eq!(languages.len(), 2, "the prompt decides the language");
}

#[tokio::test(start_paused = true)]
async fn the_flaky_one_breaks_half_way_every_time() {
    for prompt in ["one", "two", "three"] {
        let answer = read(&ask("flaky", &[prompt])).await;
        assert_eq!(answer.error.unwrap()["code"], "demo_interrupted");
        assert!(answer.text.contains(prompt), "the text so far is real");
        assert!(!answer.text.contains("go on with the columns that are complete"));
        assert!(!answer.done && answer.usage.is_none() && answer.finish.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_request_gives_the_same_bytes() {
    for model in MODELS {
        let body = ask(model.id, &["earlier 7", "What was it?"]);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let mut response = Demo::new(1).answer(&call(&body));
            let mut bytes = Vec::new();
            while let Some(piece) = response.body.next().await {
                bytes.extend_from_slice(&piece.unwrap());
            }
            seen.push(bytes);
        }
        assert_eq!(seen[0], seen[1], "{}", model.id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_is_recalled_from_this_requests_messages_alone() {
    for model in ["quick", "steady", "thinker"] {
        let answer = read(&ask(
            model,
            &["Remember the number 4711.", "And now something else", "What was my number?"],
        ))
        .await;
        assert!(answer.text.contains("**4711**"), "{model}: {}", answer.text);
        assert!(answer.text.contains("2 earlier messages"), "{model}");
        let other = read(&ask(model, &["Remember the number 99", "What was my number?"])).await;
        assert!(other.text.contains("**99**") && !other.text.contains("4711"), "{model}");
        let none = read(&ask(model, &["What was my number?"])).await;
        assert!(none.text.contains("no number"), "{model}: {}", none.text);
    }
    let kept = read(&ask("quick", &["Please remember the number 12"])).await;
    assert!(kept.text.contains("I store nothing") && kept.text.contains("**12**"));
}

#[tokio::test(start_paused = true)]
async fn numbers_in_assistant_messages_are_not_the_users() {
    let body = json!({ "model": "quick", "stream": true, "messages": [
        { "role": "system", "content": "Say 5 things" },
        { "role": "user", "content": [{ "type": "text", "text": "My number is 31" }] },
        { "role": "assistant", "content": "I counted 180 words." },
        { "role": "user", "content": "Which number did I name?" },
    ]});
    assert!(read(&body).await.text.contains("**31**"));
}

#[tokio::test(start_paused = true)]
async fn a_prompt_is_shown_without_its_markup() {
    let prompt = "# <script>alert(1)</script> [x](javascript:y) `c` **b** | t";
    let text = read(&ask("quick", &[prompt])).await.text;
    assert!(
        text.contains("\\# \\<script\\>alert\\(1\\)\\<\\/script\\> \\[x\\]\\(javascript\\:y\\)"),
        "{text}"
    );
    let long = "word ".repeat(1000);
    let text = read(&ask("quick", &[&long])).await.text;
    assert!(text.contains('…') && text.len() < 1200);
}

#[tokio::test(start_paused = true)]
async fn a_limit_on_the_answer_is_kept() {
    let mut body = ask("thinker", &["Hello"]);
    body["max_tokens"] = json!(10);
    let answer = read(&body).await;
    assert_eq!(answer.finish.as_deref(), Some("length"));
    let usage = answer.usage.unwrap();
    assert_eq!(usage["completion_tokens"], 10);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 10);
}

#[tokio::test(start_paused = true)]
async fn without_a_stream_the_answer_is_the_same_and_takes_as_long() {
    let streamed = read(&ask("thinker", &["Hello"])).await;
    let mut body = ask("thinker", &["Hello"]);
    body["stream"] = json!(false);
    let start = Instant::now();
    let mut response = Demo::new(1).answer(&call(&body));
    let bytes = response.body.next().await.unwrap().unwrap();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(value["choices"][0]["message"]["content"], streamed.text);
    assert_eq!(value["choices"][0]["message"]["reasoning_content"], streamed.reasoning);
    assert_eq!(value["usage"], streamed.usage.unwrap());
    assert!(start.elapsed() + Duration::from_millis(5) >= streamed.took);
}

#[tokio::test]
async fn what_is_not_served_is_refused_in_the_dialects_shape() {
    let demo = Demo::new(1);
    let get = |path: &str| Call {
        method: Method::Get,
        body: Vec::new(),
        path: path.to_owned(),
        ..call(&json!({}))
    };
    for (request, status) in [
        (get("/models"), 200),
        (get("/nothing"), 404),
        (call(&ask("gpt", &["x"])), 404),
        (call(&json!({ "model": "quick" })), 400),
        (call(&json!({ "model": "quick", "messages": [] })), 400),
    ] {
        let mut response = demo.answer(&request);
        assert_eq!(response.status, status, "{}", request.path);
        let value: Value = serde_json::from_slice(&response.body.next().await.unwrap().unwrap()).unwrap();
        assert_eq!(value.get("error").is_some(), status != 200);
    }
    let mut response = demo.answer(&get("/models"));
    let value: Value = serde_json::from_slice(&response.body.next().await.unwrap().unwrap()).unwrap();
    assert_eq!(value["data"].as_array().unwrap().len(), MODELS.len());
}

#[tokio::test(start_paused = true)]
async fn speed_shortens_everything() {
    let mut response = Demo::new(1000).answer(&call(&ask("steady", &["x"])));
    let start = Instant::now();
    while response.body.next().await.is_some() {}
    assert!(start.elapsed() < Duration::from_millis(800), "{:?}", start.elapsed());
}
