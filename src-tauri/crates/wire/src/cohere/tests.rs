use super::*;
use crate::{
    Ending,
    trial::{self, ask, assistant, body, endpoint, sse, text, tool_call, tool_result, user},
};
use domain::{
    BilledTokens, ErrorKind, FinishReason, Part, Reasoning, ResponseFormat, StreamEvent, Tool, ToolChoice,
};
use serde_json::json;

fn decoder(framing: Framing) -> Box<dyn Decoder> {
    Cohere.decoder(framing, &Quirks::default())
}

#[test]
fn a_request_is_put_into_its_words() {
    let plan = Part::Reasoning {
        text: "I look.".into(),
        signature: Some(PLAN.into()),
        issuer: "acme/command".into(),
    };
    let tool = |name: &str| Tool {
        name: name.into(),
        description: "d".into(),
        parameters: json!({"type":"object"}),
    };
    let mut request = Request {
        tools: vec![tool("t"), tool("u")],
        tool_choice: Some(ToolChoice::Named { name: "t".into() }),
        ..ask(vec![
            user(vec![text("weather?")]),
            assistant(vec![plan, tool_call("c", "t", "")]),
            user(vec![tool_result("c", "rain")]),
        ])
    };
    request.params.top_p = Some(0.9);
    request.params.stop = vec!["x".into()];
    request.params.seed = Some(-1);
    request.params.reasoning = Some(Reasoning::Budget(500));
    request.params.response_format = Some(ResponseFormat::JsonObject);
    let encoded = Cohere.encode(&request, &endpoint("command"), &Quirks::default()).unwrap();
    assert_eq!(encoded.call.path, "/v2/chat");
    assert_eq!(
        body(&encoded),
        json!({
            "model": "command", "stream": true, "p": 0.9, "stop_sequences": ["x"], "tool_choice": "REQUIRED",
            "thinking": { "type": "enabled", "token_budget": 500 }, "response_format": { "type": "json_object" },
            "tools": [{ "type": "function", "function": { "name": "t", "description": "d", "parameters": {"type":"object"} } }],
            "messages": [
                { "role": "user", "content": "weather?" },
                { "role": "assistant", "tool_plan": "I look.",
                  "tool_calls": [{ "id": "c", "type": "function", "function": { "name": "t", "arguments": "{}" } }] },
                { "role": "tool", "tool_call_id": "c", "content": "rain" },
            ],
        })
    );
    assert_eq!(encoded.notices.len(), 2, "{:?}", encoded.notices);
}

const USAGE: &str = r#""usage":{"billed_units":{"input_tokens":7.0,"output_tokens":2},"tokens":{"input_tokens":500,"output_tokens":4,"reasoning_tokens":1},"cached_tokens":464}"#;

#[test]
fn streamed_and_whole_answers_read_alike() {
    let stream = sse(&[
        r#"{"type":"message-start","id":"m"}"#,
        r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I lo"}}}"#,
        r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"ok."}}}"#,
        r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c","type":"function","function":{"name":"f","arguments":""}}}}}"#,
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"a\":1}"}}}}}"#,
        r#"{"type":"tool-call-end","index":0}"#,
        &format!(r#"{{"type":"message-end","delta":{{"finish_reason":"TOOL_CALL",{USAGE}}}}}"#),
        "[DONE]",
    ]);
    let whole = format!(
        r#"{{"id":"m","message":{{"role":"assistant","tool_plan":"I look.","tool_calls":[{{"id":"c","function":{{"name":"f","arguments":"{{\"a\":1}}"}}}}]}},"finish_reason":"TOOL_CALL",{USAGE}}}"#
    );
    let stream = trial::read(decoder(Framing::Sse), &stream);
    let whole = trial::read(decoder(Framing::Json), &whole);
    assert_eq!(stream.blocks, ["reasoning: I look.", r#"call c f: {"a":1}"#]);
    assert_eq!(stream.signatures, [PLAN]);
    assert_eq!(
        (stream.blocks, stream.usage.clone(), stream.ending),
        (whole.blocks, whole.usage, whole.ending)
    );
    assert_eq!((stream.usage.input.total, stream.usage.input.cache_read), (Some(500), Some(464)));
    assert_eq!(stream.usage.billed, Some(BilledTokens { input: 7, output: 2 }));
}

#[test]
fn thinking_text_and_citations_are_kept_apart() {
    let read = trial::read(
        decoder(Framing::Sse),
        &sse(&[
            r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}}"#,
            r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Hm"}}}}"#,
            r#"{"type":"content-end","index":0}"#,
            r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"Yes"}}}}"#,
            r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"text":"Yes","sources":[{"type":"document","id":"d","document":{"url":"https://x","title":"X"}}]}}}}"#,
            r#"{"type":"citation-end","index":0}"#,
            r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#,
        ]),
    );
    assert_eq!(read.blocks, ["reasoning: Hm", "text: Yes", "cite https://x|X"]);
    assert_eq!(read.ending, Ending::Complete);
}

#[test]
fn its_words_for_failure_are_failures() {
    for reason in ["ERROR", "TIMEOUT"] {
        let event = format!(r#"{{"type":"message-end","delta":{{"finish_reason":"{reason}"}}}}"#);
        let read = trial::read(decoder(Framing::Sse), &sse(&[&event]));
        assert!(
            matches!(read.ending, Ending::Failed(f) if f.kind == ErrorKind::UpstreamInternal),
            "{reason}"
        );
        let raw = Some(reason.to_owned());
        assert_eq!(read.events.last(), Some(&StreamEvent::Finish { reason: FinishReason::Error, raw }));
    }
    let body = r#"{"id":"x","message":"invalid api key"}"#;
    let read = trial::read(decoder(Framing::Json), body);
    assert!(matches!(read.ending, Ending::Failed(f) if f.kind == ErrorKind::AuthRejected));
    let cut = r#"{"type":"content-delta","delta":{"message":{"content":{"text":"Yes"}}}}"#;
    assert_eq!(trial::read(decoder(Framing::Sse), &sse(&[cut])).ending, Ending::Truncated);
}
