use super::*;
use crate::{
    Ending,
    trial::{self, Read, ask, assistant, body, endpoint, sse, text, tool_call, tool_result, user},
};
use domain::{Effort, ErrorKind, FinishReason, Part, Reasoning, ResponseFormat, StreamEvent};
use serde_json::json;

fn encode(request: &Request) -> Encoded {
    OpenAiResponses.encode(request, &endpoint("m-1"), &Quirks::default()).unwrap()
}

fn read(events: &[&str]) -> Read {
    trial::read(OpenAiResponses.decoder(Framing::Sse, &Quirks::default()), &sse(events))
}

const COMPLETED: &str = r#"{"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":3,"total_tokens":8}}}"#;

#[test]
fn a_conversation_becomes_items() {
    let mut request = ask(vec![
        user(vec![text("weather?")]),
        assistant(vec![text("I look."), tool_call("c1", "t", "")]),
        user(vec![tool_result("c1", "rain"), text("and?")]),
    ]);
    request.system = Some("be brief".into());
    request.params.max_completion_tokens = Some(50);
    request.params.stop = vec!["x".into()];
    request.params.response_format = Some(ResponseFormat::JsonObject);
    let encoded = encode(&request);
    assert_eq!(encoded.call.path, "/responses");
    assert_eq!(
        body(&encoded),
        json!({
            "model": "m-1", "stream": true, "store": false, "instructions": "be brief", "max_output_tokens": 50,
            "text": { "format": { "type": "json_object" } },
            "input": [
                { "role": "user", "content": [{ "type": "input_text", "text": "weather?" }] },
                { "role": "assistant", "content": [{ "type": "output_text", "text": "I look." }] },
                { "type": "function_call", "call_id": "c1", "name": "t", "arguments": "{}" },
                { "type": "function_call_output", "call_id": "c1", "output": "rain" },
                { "role": "user", "content": [{ "type": "input_text", "text": "and?" }] },
            ],
        })
    );
    assert_eq!(encoded.notices.len(), 1, "stop was left out");
}

/// Programs that try a connection ask for one token, which this API refuses.
#[test]
fn a_limit_below_the_least_is_raised_and_told() {
    let mut request = ask(vec![user(vec![text("hi")])]);
    for (asked, sent, told) in [(1, 16, 1), (15, 16, 1), (16, 16, 0), (17, 17, 0)] {
        request.params.max_completion_tokens = Some(asked);
        let encoded = encode(&request);
        assert_eq!(body(&encoded)["max_output_tokens"], sent);
        // What is set aside for it goes by this.
        assert_eq!((encoded.output_limit, encoded.notices.len()), (Some(sent), told), "{asked}");
    }
}

#[test]
fn encrypted_reasoning_is_asked_for_and_goes_back_unchanged() {
    let item = r#"{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"AAAA"}"#;
    let done = format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{item}}}"#);
    let read = read(&[
        r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs","summary":[]}}"#,
        r#"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0}"#,
        r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"H"}"#,
        r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"m"}"#,
        r#"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1}"#,
        r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"Ah"}"#,
        &done,
        COMPLETED,
    ]);
    assert_eq!(read.blocks, ["reasoning: Hm\n\nAh"]);
    let part = Part::Reasoning {
        text: "Hm".into(),
        signature: Some(read.signatures[0].clone()),
        issuer: "acme/m-1".into(),
    };
    let mut request = ask(vec![assistant(vec![part, text("Yes")]), user(vec![text("?")])]);
    request.params.reasoning = Some(Reasoning::Effort(Effort::Low));
    let sent = body(&encode(&request));
    assert_eq!(sent["input"][0], serde_json::from_str::<serde_json::Value>(item).unwrap());
    assert_eq!(sent["include"], json!(["reasoning.encrypted_content"]));
    assert_eq!(sent["reasoning"]["effort"], "low");
}

#[test]
fn hidden_reasoning_still_goes_back() {
    let read = read(&[
        r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[],"encrypted_content":"AA"}}"#,
        COMPLETED,
    ]);
    assert_eq!((read.blocks, read.signatures.len()), (vec!["reasoning: ".to_owned()], 1));
}

#[test]
fn what_deltas_did_not_say_is_taken_from_the_item() {
    let message = r#"{"type":"message","content":[{"type":"output_text","text":"Yes","annotations":[{"type":"url_citation","url":"https://x","title":"X"}]}]}"#;
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}"#;
    let read = read(&[
        &format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{message}}}"#),
        &format!(r#"{{"type":"response.output_item.added","output_index":1,"item":{call}}}"#),
        &format!(r#"{{"type":"response.output_item.done","output_index":1,"item":{call}}}"#),
        COMPLETED,
    ]);
    assert_eq!(read.blocks, ["text: Yes", r#"call c f: {"a":1}"#, "cite https://x|X"]);
    assert!(matches!(
        read.events.last(),
        Some(StreamEvent::Finish { reason: FinishReason::ToolCalls, raw: Some(raw) }) if raw == "completed"
    ));
    let whole =
        format!(r#"{{"object":"response","id":"r","status":"completed","output":[{message},{call}]}}"#);
    let whole = trial::read(OpenAiResponses.decoder(Framing::Json, &Quirks::default()), &whole);
    assert_eq!(whole.blocks, read.blocks, "whole and streamed read alike");
}

#[test]
fn calls_only_the_last_event_names_are_not_lost() {
    let read = read(&[
        r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"I look."}"#,
        r#"{"type":"response.completed","response":{"id":"r","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"I look."}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}]}}"#,
    ]);
    assert_eq!(read.blocks, ["text: I look.", "call c1 f: {}"]);
    assert!(matches!(read.events.last(), Some(StreamEvent::Finish { reason: FinishReason::ToolCalls, .. })));
}

#[test]
fn deltas_and_done_events_are_not_added_up() {
    let read = read(&[
        r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Ye"}"#,
        r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"s"}"#,
        r#"{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Yes"}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Yes"}]}}"#,
        r#"{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Yes"}]}]}}"#,
    ]);
    assert_eq!(read.blocks, ["text: Yes"]);
}

#[test]
fn arguments_that_come_before_their_tools_name_are_of_one_call() {
    let early = r#"{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a\":"}"#;
    let rest = r#"{"type":"response.function_call_arguments.delta","output_index":0,"delta":"1}"}"#;
    let whole =
        r#"{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":1}"}"#;
    let call = r#"{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}"#;
    let added = format!(r#"{{"type":"response.output_item.added","output_index":0,"item":{call}}}"#);
    let done = format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{call}}}"#);
    let over = format!(
        r#"{{"type":"response.completed","response":{{"id":"r","status":"completed","output":[{call}]}}}}"#
    );
    let unnamed = added.replace(r#","name":"f","arguments":"{\"a\":1}""#, r#","arguments":"""#);
    let elsewhere = whole.replace(r#""output_index":0"#, r#""output_index":7"#);
    for events in [
        vec![early, rest, whole, &done, &over],
        vec![early, &added, rest, whole, &done, &over],
        vec![early, rest, &over],
        vec![whole, &done, COMPLETED],
        vec![&done, &over],
        vec![&elsewhere, &over],
        vec![&unnamed, early, rest, &done, &over],
    ] {
        let read = read(&events);
        assert_eq!(read.blocks, [r#"call c1 f: {"a":1}"#], "{events:?}");
        assert!(matches!(
            read.events.last(),
            Some(StreamEvent::Finish { reason: FinishReason::ToolCalls, .. })
        ));
    }
    let nothing = call.replace(r#"{\"a\":1}"#, "");
    let nothing = read(&[
        r#"{"type":"response.function_call_arguments.done","output_index":0,"arguments":""}"#,
        &format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{nothing}}}"#),
        COMPLETED,
    ]);
    assert_eq!(nothing.blocks, ["call c1 f: "]);
    let never = read(&[early, rest, COMPLETED]);
    assert_eq!(never.blocks, [r#"call call_0 : {"a":1}"#], "what was said is not lost");
    assert!(matches!(never.events.last(), Some(StreamEvent::Finish { reason: FinishReason::ToolCalls, .. })));
}

#[test]
fn the_last_event_says_how_it_ended_where_its_response_does_not() {
    let last = |event: &str| read(&[event]).events.last().cloned();
    assert!(matches!(
        last(
            r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#
        ),
        Some(StreamEvent::Finish { reason: FinishReason::Length, .. })
    ));
    assert!(matches!(
        last(r#"{"type":"response.failed","response":{}}"#),
        Some(StreamEvent::Finish { reason: FinishReason::Error, .. })
    ));
}

#[test]
fn a_failure_after_a_good_beginning_is_a_failure() {
    let created = r#"{"type":"response.created","response":{"id":"r","model":"m","status":"in_progress","error":null}}"#;
    for end in [
        r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}}"#,
        r#"{"type":"error","code":"insufficient_quota","message":"You exceeded your current quota","param":null}"#,
        r#"{"type":"error","error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}"#,
    ] {
        let read = read(&[created, end]);
        let Ending::Failed(failure) = read.ending else { panic!("{:?}", read.ending) };
        assert_eq!(failure.kind, ErrorKind::BillingCredits, "{end}");
        assert_eq!(failure.upstream.unwrap().code.as_deref(), Some("insufficient_quota"));
    }
}

#[test]
fn an_answer_without_its_last_event_is_truncated() {
    let cut = read(&[r#"{"type":"response.output_text.delta","output_index":0,"delta":"Ye"}"#]);
    assert_eq!((cut.blocks, cut.ending), (vec!["text: Ye".to_owned()], Ending::Truncated));
    let background = r#"{"object":"response","id":"r","status":"in_progress","output":[]}"#;
    let read = trial::read(OpenAiResponses.decoder(Framing::Json, &Quirks::default()), background);
    assert_eq!(read.ending, Ending::Truncated);
}

#[test]
fn limits_and_filters_are_named() {
    for (why, reason) in [
        ("max_output_tokens", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("steered", FinishReason::Other),
    ] {
        let event = format!(
            r#"{{"type":"response.incomplete","response":{{"status":"incomplete","incomplete_details":{{"reason":"{why}"}}}}}}"#
        );
        let read = read(&[&event]);
        let raw = Some(format!("incomplete:{why}"));
        assert_eq!(read.events.last(), Some(&StreamEvent::Finish { reason, raw }));
    }
}

#[test]
fn tools_of_the_provider_and_pictures_are_shown() {
    let read = read(&[
        r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"web_search_call","status":"in_progress"}}"#,
        r#"{"type":"response.web_search_call.searching","output_index":0}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","action":{"query":"q"}}}"#,
        r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"image_generation_call","output_format":"webp","revised_prompt":"a cat","result":"AAEC"}}"#,
        r#"{"type":"response.shell_call_output_content.delta","output_index":2,"delta":{"stdout":"h"}}"#,
        r#"{"type":"response.output_item.done","output_index":2,"item":{"type":"shell_call_output","output":[{"stdout":"hi"}]}}"#,
        r#"{"type":"response.completed","response":{"status":"completed","service_tier":"flex","tool_usage":{"web_search":{"num_requests":2}},"usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"response.brand_new","x":1}"#,
    ]);
    assert_eq!(
        read.blocks,
        [
            r#"server web_search: {"query":"q"}"#,
            "server image_generation: a cat",
            "image image/webp: AAEC",
            r#"server shell_call_output: [{"stdout":"hi"}]"#,
        ]
    );
    assert_eq!(read.usage.web_searches, Some(2));
    assert_eq!(read.usage.service_tier.as_deref(), Some("flex"));
    assert!(
        read.events
            .iter()
            .any(|e| matches!(e, StreamEvent::Unknown { name, .. } if name == "response.brand_new"))
    );
}

#[test]
fn what_deltas_left_out_is_taken_from_the_whole() {
    let delta = |text: &str| {
        format!(
            r#"{{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"{text}"}}"#
        )
    };
    let done = |text: &str| {
        format!(
            r#"{{"type":"response.output_item.done","output_index":0,"item":{{"type":"message","content":[{{"type":"output_text","text":"{text}"}},{{"type":"refusal","refusal":"No more."}}]}}}}"#
        )
    };
    let ended =
        r#"{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Über uns"}"#;
    let blocks = |events: &[&str]| read(events).blocks;
    assert_eq!(
        blocks(&[&delta("Üb"), ended, &done("Über uns."), COMPLETED]),
        ["text: Über uns.", "refusal: No more."]
    );
    // What a server said otherwise stands as it was said, and nothing is said twice.
    assert_eq!(blocks(&[&delta("Ub"), ended, &done("Über uns."), COMPLETED]), ["text: Ub"]);
    assert_eq!(
        blocks(&[&delta("Über uns and more"), ended, &done("Über uns."), COMPLETED]),
        ["text: Über uns and more"]
    );
    let call = [
        r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"t","arguments":""}}"#,
        r#"{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a\""}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c","name":"t","arguments":"{\"a\":1}"}}"#,
        COMPLETED,
    ];
    assert_eq!(blocks(&call), [r#"call c t: {"a":1}"#]);
}

#[test]
fn parts_of_reasoning_are_paragraphs_however_they_come() {
    let item = r#"{"type":"reasoning","summary":[{"text":"One"},{"text":""},{"text":"two"}],"content":[{"text":"raw"}]}"#;
    let done = format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{item}}}"#);
    let said = |kind: &str, key: &str, place: u32, text: &str| {
        format!(r#"{{"type":"response.{kind}.delta","output_index":0,"{key}":{place},"delta":"{text}"}}"#)
    };
    let streamed = [
        said("reasoning_summary_text", "summary_index", 0, "On"),
        said("reasoning_summary_text", "summary_index", 0, "e"),
        said("reasoning_summary_text", "summary_index", 2, "two"),
        said("reasoning_text", "content_index", 0, "raw"),
    ];
    let streamed: Vec<&str> = streamed.iter().map(String::as_str).chain([done.as_str(), COMPLETED]).collect();
    let expected = ["reasoning: One\n\ntwo\n\nraw"];
    assert_eq!(read(&streamed).blocks, expected);
    assert_eq!(read(&[&done, COMPLETED]).blocks, expected);
}
