//! An answer comes in the form that its client asked for, in whichever one its provider gives it; and what was left
//! out of a request, what was counted by us and what it cost is told.

use crate::bench::{Bench, Reply, chat, chat_document, chat_events, data, every_protocol, messages};
use domain::{BlockKind, Meter, ModelRef, Quirks, StreamEvent};
use parallax_suite::support::{
    recording::Recording,
    replay::{Answer, Route},
};
use serde_json::{Value, json};
use std::path::Path;
use wire::{Ending, Framing, serve::Protocol};

/// Client's protocol, the provider of the bench that speaks it, and what recordings call it.
const SAME: [(Protocol, &str, &str); 4] = [
    (Protocol::OpenAiChat, "chat", "openai-chat"),
    (Protocol::OpenAiResponses, "responses", "openai-responses"),
    (Protocol::AnthropicMessages, "messages", "anthropic-messages"),
    (Protocol::Gemini, "gemini", "google-generate"),
];

async fn ask(bench: &Bench, protocol: Protocol, provider: &str, words: &str, stream: bool) -> Reply {
    let model = format!("m@{provider}");
    let turns = json!([{ "role": "user", "content": words }]);
    let (path, body) = match protocol {
        Protocol::OpenAiChat => (
            "/v1/chat/completions".to_owned(),
            json!({ "model": model, "stream": stream, "messages": turns,
                    "stream_options": { "include_usage": true } }),
        ),
        Protocol::OpenAiResponses => {
            ("/v1/responses".to_owned(), json!({ "model": model, "stream": stream, "input": words }))
        }
        Protocol::AnthropicMessages => (
            "/v1/messages".to_owned(),
            json!({ "model": model, "stream": stream, "max_tokens": 100, "messages": turns }),
        ),
        Protocol::Gemini => {
            let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let turns = json!([{ "role": "user", "parts": [{ "text": words }] }]);
            (format!("/v1beta/models/{model}:{verb}"), json!({ "contents": turns }))
        }
    };
    bench.post(&path, &body).await
}

/// What can be compared of an answer: words of each kind, calls, counts, and whether it is whole.
#[derive(Debug, Default, PartialEq)]
struct Read {
    blocks: Vec<(String, String)>,
    /// Of some answers every telling has another proof.
    proofs: usize,
    counts: (Option<u64>, Option<u64>),
    whole: bool,
}

fn read(protocol: Protocol, framing: Framing, body: &[u8]) -> Read {
    let mut decoder = wire::dialect(protocol.dialect()).unwrap().decoder(framing, &Quirks::default());
    let mut events = Vec::new();
    decoder.push(body, &mut events);
    let whole = decoder.finish(&mut events) == Ending::Complete;
    let mut read = Read { whole, ..Read::default() };
    let mut places: Vec<u32> = Vec::new();
    for event in events {
        match event {
            StreamEvent::BlockOpen { block, kind } => {
                // A stream may tell its sources before its words.
                let name = match kind {
                    BlockKind::ToolCall { name, .. } => format!("call {name}"),
                    BlockKind::ServerTool { name } => format!("server {name}"),
                    other => format!("{other:?}"),
                };
                places.push(block);
                read.blocks.push((name, String::new()));
            }
            StreamEvent::BlockDelta { block, text } => {
                let place = places.iter().position(|known| *known == block).unwrap();
                read.blocks[place].1.push_str(&text);
            }
            StreamEvent::BlockClose { signature: Some(_), .. } => read.proofs += 1,
            StreamEvent::Usage(usage) => read.counts = (usage.input.total, usage.output.total),
            _ => {}
        }
    }
    for (name, text) in &mut read.blocks {
        // Spaces between arguments mean nothing.
        if (name.starts_with("call") || name.starts_with("server"))
            && let Ok(value) = serde_json::from_str::<Value>(text)
        {
            *text = value.to_string();
        }
    }
    read.blocks.sort();
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_answer_comes_in_the_form_that_was_asked_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/registry");
    let bench = Bench::new(Vec::new()).await;
    let (mut asked, mut turned) = (0, 0);
    let mut wrong = Vec::new();
    for recording in Recording::folder(&folder).iter().filter(|recording| recording.status() == 200) {
        let Some((protocol, provider, _)) = SAME.iter().find(|same| same.2 == recording.text("/wire")) else {
            continue;
        };
        let came = match recording.text("/framing") {
            "aws-eventstream" => Framing::AwsEventStream,
            "json" => Framing::Json,
            _ => Framing::Sse,
        };
        let meant = read(*protocol, came, &recording.body());
        for stream in [false, true] {
            let words = format!("case {} {stream}.", recording.id());
            bench.upstream.first(Route::answer(Answer::recorded(recording)).body(&words).times(1));
            let reply = ask(&bench, *protocol, provider, &words, stream).await;
            asked += 1;
            turned += u32::from(stream != (came == Framing::Sse));
            let mut fail = |what: &str| {
                let text: String = reply.text().chars().take(2_000).collect();
                wrong.push(format!("{} {stream}: {what}: {} {text}", recording.id(), reply.status));
            };
            if !meant.whole {
                // It was recorded so, and is not taken for whole by anybody.
                if reply.status == 200 && (!stream || read(*protocol, Framing::Sse, &reply.body).whole) {
                    fail("passes for whole");
                }
                continue;
            }
            let kind = reply.header("content-type").unwrap_or_default();
            let (form, framing) = match stream {
                true => (kind.starts_with("text/event-stream"), Framing::Sse),
                false => {
                    (kind == "application/json" && reply.text().trim_start().starts_with('{'), Framing::Json)
                }
            };
            if reply.status != 200 || !form || reply.body.is_empty() {
                fail("has another form");
                continue;
            }
            let got = read(*protocol, framing, &reply.body);
            if got != meant {
                fail(&format!("says {got:?} for {meant:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked >= 120 && turned >= 60, "{asked} {turned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_on_the_way_to_another_protocol_is_told() {
    let bench = Bench::new(every_protocol()).await;
    let mut body = chat("m@messages", false);
    body["logprobs"] = json!(true);
    body["logit_bias"] = json!({ "1": 2 });
    for stream in [false, true] {
        body["stream"] = json!(stream);
        let reply = bench.post("/v1/chat/completions", &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let told: Vec<String> = serde_json::from_str(reply.header("x-parallax-notices").unwrap()).unwrap();
        for name in ["logprobs", "logit_bias"] {
            assert_eq!(told.iter().filter(|words| words.starts_with(name)).count(), 1, "{told:?}");
        }
        let first = if stream { data(&reply.text()).remove(0) } else { reply.json() };
        assert_eq!(first["warnings"], json!(told));
        if stream {
            assert_eq!(reply.text().matches("\"warnings\"").count(), 1, "once");
        }
    }
    body["model"] = json!("m@chat");
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!((reply.status, reply.header("x-parallax-notices")), (200, None), "it passes with all of it");
    let reply = bench.post("/v1/chat/completions", &chat("m@messages", false)).await;
    assert_eq!(reply.json().get("warnings"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_adds_tokens_up_is_given_numbers_that_say_they_are_estimates() {
    let mut document = chat_document();
    document.as_object_mut().unwrap().remove("usage");
    let events: String = chat_events().into_iter().filter(|event| !event.contains("usage")).collect();
    let bench = Bench::new(vec![
        Route::answer(Answer::event_stream(events)).body("\"stream\":true"),
        Route::answer(Answer::json(200, &document)),
    ])
    .await;
    for stream in [false, true] {
        let reply = bench.post("/v1/messages", &messages("m@chat", stream)).await;
        let told = if stream { data(&reply.text()) } else { vec![reply.json()] };
        let usage = told.iter().rev().find_map(|event| event.get("usage")).unwrap();
        assert!(
            usage["input_tokens"].as_u64() > Some(0) && usage["output_tokens"].as_u64() > Some(0),
            "{usage}"
        );
        assert_eq!(usage["estimated"], true, "{usage}");
    }
    for entry in bench.booked().await {
        let source = entry.row.usage.unwrap().source;
        assert_eq!(source, domain::UsageSource::Estimated, "the ledger says so too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_stands_in_the_usage_of_an_answer_that_passes() {
    let bench = Bench::new(every_protocol()).await;
    let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "2".to_owned())).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    bench.engine.set_price(&ModelRef::parse("m@chat").unwrap(), &price).await.unwrap();
    for stream in [false, true] {
        let mut body = chat("m@chat", stream);
        let plain = bench.post("/v1/chat/completions", &body).await;
        assert!(!plain.text().contains("cost"), "nobody asked: {}", plain.text());
        body["usage"] = json!({ "include": true });
        let reply = bench.post("/v1/chat/completions", &body).await;
        let told = if stream { data(&reply.text()) } else { vec![reply.json()] };
        let usage = told.iter().rev().find_map(|event| event.get("usage")).unwrap();
        assert_eq!(usage["cost"], json!(0.00005), "{}", reply.text());
        assert_eq!(usage["prompt_tokens"], 20);
        assert!(reply.text().contains("x_vendor"), "it passed: {}", reply.text());
        assert!(!stream || reply.text().ends_with("data: [DONE]\n\n"), "{}", reply.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_on_the_web_goes_as_its_address_and_is_not_fetched() {
    let bench = Bench::new(every_protocol()).await;
    let url = format!("{}/cat.png", bench.upstream.url().replace("http://", "https://"));
    let content = json!([{ "type": "text", "text": "What is it?" },
                         { "type": "image_url", "image_url": { "url": url } }]);
    for (provider, wanted) in [
        ("messages", json!({ "type": "image", "source": { "type": "url", "url": url } })),
        ("gemini", json!({ "fileData": { "fileUri": url, "mimeType": "image/png" } })),
        ("chat", json!({ "type": "image_url", "image_url": { "url": url } })),
    ] {
        let mut body = chat(&format!("m@{provider}"), false);
        body["messages"][0]["content"] = content.clone();
        let reply = bench.post("/v1/chat/completions", &body).await;
        assert_eq!(reply.status, 200, "{provider}: {}", reply.text());
        let sent: Value = serde_json::from_slice(&bench.upstream.seen().pop().unwrap().body).unwrap();
        let parts = [&sent["messages"][0]["content"][1], &sent["contents"][0]["parts"][1]];
        assert!(parts.contains(&&wanted), "{provider}: {sent}");
    }
    assert!(bench.upstream.seen().iter().all(|seen| seen.method == "POST"), "nobody here looked at it");
}
/// A question about a picture is not answered without it. Who can take it is asked instead.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_newest_message_holds_is_sent_or_the_request_is_refused() {
    let bench = Bench::new(every_protocol()).await;
    let picture =
        json!({ "type": "image_url", "image_url": { "url": "data:image/gif;base64,R0lGODlhAQABAAAAACw=" } });
    let turn = json!({ "role": "user", "content": [{ "type": "text", "text": "What is it?" }, picture] });
    let mut body = chat("m@gemini", false);
    body["messages"] = json!([turn]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!((reply.status, bench.upstream.seen().len()), (400, 0), "{}", reply.text());
    assert!(reply.text().contains("image/gif"), "{}", reply.text());
    body["models"] = json!(["m@chat"]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(
        (reply.status, reply.header("x-parallax-endpoint")),
        (200, Some("chat/m")),
        "{}",
        reply.text()
    );
    // Of what was said before it is told.
    body["models"] = json!([]);
    body["messages"] =
        json!([turn, { "role": "assistant", "content": "A cat." }, { "role": "user", "content": "Sure?" }]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.header("x-parallax-notices").unwrap().contains("image/gif"));
}

/// Claude Code asks every model to think and to write 32,000 tokens, Codex for effort: what a model cannot do of that is
/// left out and told, and no other answers in its place.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_cannot_do_is_left_out_and_no_stand_in_is_asked_for_it() {
    let bench = Bench::new(every_protocol()).await;
    bench.engine.add_provider("groq", "openai-chat", &format!("{}/v1", bench.upstream.url())).await.unwrap();
    let model = "meta-llama/llama-3.3-70b-instruct";
    let mut code = messages(model, false);
    code["thinking"] = json!({ "type": "adaptive" });
    code["max_tokens"] = json!(64_000);
    let mut effort = chat(model, false);
    effort["reasoning_effort"] = json!("low");
    effort["max_tokens"] = json!(1_000_000);
    effort["models"] = json!(["openai/gpt-oss-120b"]);
    effort["logit_bias"] = json!({ "1": 2 });
    for (path, body) in [("/v1/messages", code), ("/v1/chat/completions", effort)] {
        let reply = bench.post(path, &body).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.header("x-parallax-model"), Some(model), "{path}");
        let told = reply.header("x-parallax-notices").unwrap();
        assert!(told.contains("reasoning") && told.contains("32768"), "{told}");
        assert_eq!(told.contains("logit_bias"), body.get("logit_bias").is_some(), "{told}");
        let seen = bench.upstream.seen();
        let sent: Value = serde_json::from_str(&seen.last().unwrap().text()).unwrap();
        assert_eq!(
            (sent.get("reasoning_effort"), &sent["max_completion_tokens"]),
            (None, &json!(32_768)),
            "{sent}"
        );
    }
    let mut strict = chat(model, false);
    strict["reasoning_effort"] = json!("low");
    strict["provider"] = json!({ "require_parameters": true });
    assert_eq!(bench.post("/v1/chat/completions", &strict).await.status, 400);
}

/// OpenAI's models answer by both of its protocols: what came in one goes there, with what only that one can say.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_asked_of_openai_as_one() {
    let output = json!([{ "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{ "type": "output_text", "text": "Hello!", "annotations": [] }] }]);
    let answer = json!({ "id": "resp_2", "object": "response", "status": "completed", "model": "gpt-4o",
        "output": output, "usage": { "input_tokens": 20, "output_tokens": 5, "total_tokens": 25 } });
    let gone = json!({ "error": { "message": "Previous response not found.", "type": "invalid_request_error",
        "param": "previous_response_id", "code": "previous_response_not_found" } });
    let mut routes = vec![
        Route::answer(Answer::json(400, &gone)).path("/v1/responses").body("resp_0"),
        Route::answer(Answer::json(200, &answer)).path("/v1/responses"),
    ];
    routes.extend(every_protocol());
    let bench = Bench::new(routes).await;
    bench
        .engine
        .add_provider("openai", "openai-chat", &format!("{}/v1", bench.upstream.url()))
        .await
        .unwrap();
    let body = |previous: &str| {
        json!({ "model": "openai/gpt-4o@openai", "previous_response_id": previous, "input": "Hi",
            "tools": [{ "type": "custom", "name": "apply_patch" }] })
    };
    let reply = bench.post("/v1/responses", &body("resp_1")).await;
    assert_eq!((reply.status, reply.json()), (200, answer), "it passes");
    let seen = bench.upstream.seen().pop().unwrap();
    let sent: Value = serde_json::from_slice(&seen.body).unwrap();
    let mut wanted = body("resp_1");
    wanted["model"] = json!("gpt-4o");
    assert_eq!((seen.path.as_str(), sent), ("/v1/responses", wanted));
    let reply = bench.post("/v1/responses", &body("resp_0")).await;
    assert_eq!((reply.status, &reply.json()["error"]["param"]), (400, &json!("previous_response_id")));
    let reply = bench.post("/v1/chat/completions", &chat("openai/gpt-4o@openai", false)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(bench.upstream.seen().pop().unwrap().path, "/v1/chat/completions");
    let tokens = |entry: &store::Entry| entry.row.usage.as_ref().and_then(|usage| usage.input.total);
    assert_eq!(bench.booked().await.iter().filter_map(tokens).collect::<Vec<_>>(), [20, 20]);
}
