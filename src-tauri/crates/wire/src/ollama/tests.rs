use super::*;
use crate::{
    Ending,
    trial::{self, ask, assistant, body, endpoint, text, tool_call, tool_result, user},
};
use domain::{
    Effort, ErrorKind, FinishReason, Part, Reasoning, ResponseFormat, StreamEvent, Tool, ToolChoice,
};
use serde_json::json;

fn encode(request: &Request) -> Encoded {
    Ollama.encode(request, &endpoint("qwen3:4b"), &Quirks::default()).unwrap()
}

#[test]
fn settings_lie_under_options() {
    let mut request = ask(vec![user(vec![text("a")])]);
    request.system = Some("s".into());
    request.params.temperature = Some(0.5);
    request.params.max_completion_tokens = Some(64);
    request.params.seed = Some(1);
    request.params.reasoning = Some(Reasoning::Effort(Effort::High));
    request.params.response_format = Some(ResponseFormat::JsonObject);
    let encoded = encode(&request);
    assert_eq!(encoded.call.path, "/api/chat");
    assert_eq!(
        body(&encoded),
        json!({
            "model": "qwen3:4b", "stream": true, "think": true, "format": "json",
            "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": "a" }],
            "options": { "temperature": 0.5, "num_predict": 64, "seed": 1, "num_ctx": 4096 },
            "truncate": false, "shift": false,
        })
    );
}

#[test]
fn the_window_is_always_said_and_a_prompt_beyond_it_refused() {
    let sent = |size: usize, most: Option<u64>| {
        let mut to = endpoint("m");
        to.context_length = most;
        let request = ask(vec![user(vec![text(&"x".repeat(size))])]);
        let encoded = Ollama.encode(&request, &to, &Quirks::default())?;
        Ok(body(&encoded)["options"]["num_ctx"].as_u64().unwrap())
    };
    assert_eq!(sent(1_000, None), Ok(4_096));
    assert_eq!(sent(1_000, Some(2_048)), Ok(2_048));
    assert_eq!(sent(20_000, None), Ok(16_384));
    assert_eq!(sent(20_000, Some(10_000)), Ok(10_000));
    let refused: Failure = sent(20_000, Some(2_048)).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::LimitContext);
    assert!(refused.message.contains("2500 tokens") && refused.message.contains("2048"), "{refused}");
}

#[test]
fn pictures_tools_and_results_have_their_places() {
    let image = Part::Image { media_type: "image/png".into(), data: vec![0, 1, 2].into() };
    let pdf = Part::File {
        name: "a.pdf".into(),
        media_type: "application/pdf".into(),
        data: vec![1].into(),
        text: None,
    };
    let thought = Part::Reasoning { text: "Hm".into(), signature: None, issuer: "acme/qwen3:4b".into() };
    let request = Request {
        tools: vec![Tool {
            name: "t".into(),
            description: String::new(),
            parameters: json!({"type":"object"}),
        }],
        tool_choice: Some(ToolChoice::Required),
        ..ask(vec![
            user(vec![text("see"), image, pdf]),
            assistant(vec![thought, tool_call("c", "t", "{\"a\":1}")]),
            user(vec![tool_result("c", "rain")]),
        ])
    };
    let encoded = encode(&request);
    let sent = body(&encoded);
    assert_eq!(sent["messages"][0]["images"], json!(["AAEC"]));
    assert_eq!(
        sent["messages"][1],
        json!({ "role": "assistant", "content": "", "thinking": "Hm",
            "tool_calls": [{ "function": { "name": "t", "arguments": { "a": 1 } } }] })
    );
    assert_eq!(sent["messages"][2], json!({ "role": "tool", "tool_name": "t", "content": "rain" }));
    assert_eq!(encoded.notices.len(), 2, "the file and the forced tool: {:?}", encoded.notices);
}

#[test]
fn lines_become_an_answer() {
    let lines = concat!(
        r#"{"model":"m","message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}"#,
        "\n",
        r#"{"model":"m","message":{"content":"Yes"},"done":false}"#,
        "\n",
        r#"{"model":"m","message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"function":{"name":"f","arguments":{}}}]},"done":false}"#,
        "\n",
        r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":-3,"eval_count":7}"#,
        "\n",
    );
    let read = trial::read(Ollama.decoder(Framing::Ndjson, &Quirks::default()), lines);
    assert_eq!(read.blocks, ["reasoning: Hm", "text: Yes", r#"call call_2 f: {"a":1}"#, "call call_3 f: {}"]);
    assert_eq!((read.usage.input.total, read.usage.output.total), (None, Some(7)));
    let raw = Some("stop".to_owned());
    assert_eq!(read.events.last(), Some(&StreamEvent::Finish { reason: FinishReason::ToolCalls, raw }));
}

#[test]
fn an_error_line_or_a_missing_end_is_no_success() {
    let beginning = "{\"message\":{\"content\":\"Par\"},\"done\":false}\n";
    let failed = trial::read(
        Ollama.decoder(Framing::Ndjson, &Quirks::default()),
        &format!("{beginning}{{\"error\":\"unexpected EOF\"}}\n"),
    );
    assert_eq!(failed.blocks, ["text: Par"]);
    assert!(matches!(failed.ending, Ending::Failed(f) if f.kind == ErrorKind::UpstreamInternal));
    let cut = trial::read(Ollama.decoder(Framing::Ndjson, &Quirks::default()), beginning);
    assert_eq!(cut.ending, Ending::Truncated);
}

#[test]
fn an_effort_that_is_no_level_is_told() {
    let levels = Quirks { effort_models: vec!["gpt-oss".into()], ..Quirks::default() };
    let asked = |asked: Reasoning, model: &str| {
        let mut request = ask(vec![user(vec![text("x")])]);
        request.params.reasoning = Some(asked);
        let encoded = Ollama.encode(&request, &endpoint(model), &levels).unwrap();
        (body(&encoded)["think"].clone(), encoded.notices.len())
    };
    assert_eq!(asked(Reasoning::Effort(Effort::High), "gpt-oss:20b"), (json!("high"), 0));
    assert_eq!(asked(Reasoning::Effort(Effort::Max), "gpt-oss:20b"), (json!("high"), 1));
    assert_eq!(asked(Reasoning::Effort(Effort::None), "gpt-oss:20b"), (json!("low"), 1));
    assert_eq!(asked(Reasoning::Budget(9_000), "gpt-oss:20b"), (json!("medium"), 1));
    assert_eq!(asked(Reasoning::Effort(Effort::None), "qwen3:8b"), (json!(false), 0));
    assert_eq!(asked(Reasoning::Budget(0), "qwen3:8b"), (json!(false), 0));
    assert_eq!(asked(Reasoning::Budget(500), "qwen3:8b"), (json!(true), 1));
}

#[test]
fn a_model_is_what_its_server_says_of_it() {
    let asked = Ollama.describe("qwen3:8b").unwrap();
    assert_eq!((asked.method, asked.path.as_str()), (domain::Method::Post, "/api/show"));
    let sent: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(sent["model"], "qwen3:8b");
    let listed = || ListedModel { id: "m".into(), ..ListedModel::default() };
    let full = br#"{"model_info":{"general.architecture":"qwen3","qwen3.block_count":36,"qwen3.context_length":40960},
        "capabilities":["completion","tools","thinking"]}"#;
    let read = Ollama.described(full, listed()).unwrap();
    assert_eq!(read.context_length, Some(40_960));
    let can = read.capabilities.unwrap();
    assert!(can.tools && can.reasoning && can.structured_output);
    assert_eq!(read.input, [domain::Modality::Text]);
    let seeing = br#"{"capabilities":["completion","vision"]}"#;
    let read = Ollama.described(seeing, listed()).unwrap();
    assert_eq!(read.input, [domain::Modality::Text, domain::Modality::Image]);
    assert!(!read.capabilities.unwrap().tools);
    assert_eq!(Ollama.described(br#"{"capabilities":["embedding"]}"#, listed()), None);
    // Older servers say less, broken ones nothing.
    let old = br#"{"model_info":{"llama.context_length":8192}}"#;
    let read = Ollama.described(old, listed()).unwrap();
    assert_eq!((read.context_length, read.capabilities), (Some(8192), None));
    assert_eq!(Ollama.described(b"<html>", listed()), Some(listed()));
    assert_eq!(Ollama.described(br#"{"model_info":{"x.context_length":-1}}"#, listed()), Some(listed()));
}
