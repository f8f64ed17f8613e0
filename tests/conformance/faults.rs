//! Faults seen between providers and gateways that lost text, money or the fact that an answer was cut.
//! Each is one small stream of five words in the chat dialect, broken in one way.

use crate::answer::Answer;
use domain::{ErrorKind, FinishReason, Headers, Millis, NoticeKind, Quirks, StreamEvent};
use wire::{Ending, decoder_for, dialect};

const WORDS: [&str; 5] = ["Grüße ", "aus ", "dem ", "Norden ", "😀"];
const TEXT: &str = "Grüße aus dem Norden 😀";
/// As xAI counts: reasoning beside the completion.
const USAGE: &str = r#"{"id":"r1","model":"m","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":32,"prompt_tokens_details":{"cached_tokens":16},"completion_tokens_details":{"reasoning_tokens":7}}}"#;
const STOP: &str = r#"{"id":"r1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

fn chunk(delta: &str) -> String {
    format!(
        r#"{{"id":"r1","object":"chat.completion.chunk","model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#
    )
}

fn words() -> Vec<String> {
    WORDS.iter().map(|word| chunk(&format!(r#"{{"content":"{word}"}}"#))).collect()
}

/// The events' data of the unbroken stream.
fn plain() -> Vec<String> {
    let mut events = words();
    events.extend([STOP.to_owned(), USAGE.to_owned(), "[DONE]".to_owned()]);
    events
}

fn sse(events: &[String]) -> String {
    events.iter().map(|data| format!("data: {data}\n\n")).collect()
}

fn read_as(label: Option<&str>, body: &[u8], step: usize) -> (Answer, Ending, Vec<StreamEvent>) {
    let mut decoder = decoder_for(dialect("openai-chat").unwrap(), label, &Quirks::default());
    let mut events = Vec::new();
    for piece in body.chunks(step) {
        decoder.push(piece, &mut events);
    }
    let ending = decoder.finish(&mut events);
    Answer::check(&events, "fault");
    (Answer::of(&events, &ending), ending, events)
}

fn read(body: &str) -> (Answer, Ending) {
    let (answer, ending, _) = read_as(Some("text/event-stream"), body.as_bytes(), 11);
    (answer, ending)
}

fn assert_whole(body: &str) {
    let (answer, ending) = read(body);
    assert_eq!(ending, Ending::Complete, "{body}");
    assert_eq!(answer.text, TEXT);
    assert_eq!(answer.finish, Some((FinishReason::Stop, Some("stop".into()))));
    let usage = answer.usage;
    assert_eq!((usage.input.total, usage.input.cache_read), (Some(20), Some(16)));
    assert_eq!((usage.output.total, usage.output.reasoning), (Some(12), Some(7)));
    assert_eq!(usage.unexplained, None);
}

#[test]
fn plain_crlf_comments_and_byte_order_mark_read_alike() {
    let body = sse(&plain());
    assert_whole(&body);
    assert_whole(&body.replace('\n', "\r\n"));
    assert_whole(&body.replace('\n', "\r"));
    assert_whole(&format!("\u{FEFF}{body}"));
    assert_whole(&body.replace("data: ", ": OPENROUTER PROCESSING\n\n: ping\ndata:"));
    assert_whole(body.trim_end());
}

#[test]
fn pieces_of_any_size_read_alike() {
    let body = sse(&plain());
    let whole = read_as(None, body.as_bytes(), usize::MAX);
    for step in 1..=11 {
        assert_eq!(read_as(None, body.as_bytes(), step), whole);
    }
}

#[test]
fn data_over_several_lines_is_one_event() {
    let events: Vec<String> = plain().iter().map(|data| data.replace(",\"", ",\ndata: \"")).collect();
    assert_whole(&sse(&events));
}

#[test]
fn a_missing_done_is_no_fault_once_a_reason_was_given() {
    let mut events = plain();
    events.pop();
    assert_whole(&sse(&events));
}

#[test]
fn junk_after_done_is_not_read() {
    let late = chunk(r#"{"content":"late"}"#);
    assert_whole(&format!("{}data: {late}\n\ndata: {{\n\n<html>", sse(&plain())));
}

#[test]
fn one_bad_line_costs_one_event() {
    let mut events = plain();
    events.insert(2, r#"{"choices":[{"delta":{"content":"#.into());
    let (answer, ending) = read(&sse(&events));
    assert_eq!((answer.text.as_str(), ending), (TEXT, Ending::Complete));
    assert_eq!(answer.notices.len(), 1);
    assert_eq!(answer.notices[0].0, NoticeKind::SkippedEvent);
}

#[test]
fn nothing_but_bad_lines_is_malformed() {
    let (_, ending) = read("data: {\"a\n\ndata: oops\n\n");
    assert!(matches!(ending, Ending::Malformed { .. }), "{ending:?}");
}

#[test]
fn reasoning_content_is_kept_apart() {
    let mut events = plain();
    events.insert(0, chunk(r#"{"reasoning_content":"Hm."}"#));
    let (answer, ending) = read(&sse(&events));
    assert_eq!((answer.text.as_str(), ending), (TEXT, Ending::Complete));
    assert_eq!(answer.reasoning, ["Hm."]);
}

#[test]
fn unknown_fields_do_no_harm() {
    let events: Vec<String> = plain()
        .iter()
        .map(|e| e.replacen('{', r#"{"x_new":{"a":[1,null,{}]},"obfuscation":"zz","#, 1))
        .collect();
    assert_whole(&sse(&events));
}

#[test]
fn an_error_as_the_first_event_is_a_failure() {
    for body in [
        "data: {\"error\":{\"message\":\"no capacity left\",\"code\":503}}\n\n",
        "event: error\ndata: {\"error\":{\"message\":\"no capacity left\",\"code\":503}}\n\n",
        "error: {\"message\":\"no capacity left\",\"code\":503}\n\n",
        "{\"error\":{\"message\":\"no capacity left\",\"code\":503}}",
    ] {
        let (answer, ending) = read(body);
        let Ending::Failed(failure) = ending else { panic!("{body}: {ending:?}") };
        assert_eq!(failure.kind, ErrorKind::LimitOverloaded);
        assert_eq!(failure.upstream.unwrap().message.as_deref(), Some("no capacity left"));
        assert_eq!(answer.finish, Some((FinishReason::Error, None)));
    }
}

#[test]
fn an_error_in_the_middle_keeps_the_text_before_it() {
    let mut events = words();
    events.truncate(3);
    let beside = r#"{"error":{"code":429,"message":"Rate limit exceeded"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#;
    let alone = r#"{"error":{"code":429,"message":"Rate limit exceeded"}}"#;
    for error in [beside, alone] {
        let mut events = events.clone();
        events.push(error.into());
        let (answer, ending) = read(&sse(&events));
        assert_eq!(answer.text, "Grüße aus dem ");
        assert_eq!(answer.finish.unwrap().0, FinishReason::Error);
        let Ending::Failed(failure) = ending else { panic!("{ending:?}") };
        assert_eq!(failure.kind, ErrorKind::LimitRate);
    }
}

#[test]
fn a_finish_reason_that_means_failure_is_one() {
    for reason in ["error", "network_error", "insufficient_system_resource"] {
        let mut events = words();
        events.push(STOP.replace("stop", reason));
        let (answer, ending) = read(&sse(&events));
        assert!(matches!(ending, Ending::Failed(_)), "{reason}: {ending:?}");
        assert_eq!(answer.text, TEXT);
    }
}

#[test]
fn an_unknown_finish_reason_is_not_success() {
    let mut events = words();
    events.push(STOP.replace("stop", "because"));
    let (answer, ending) = read(&sse(&events));
    assert_eq!(ending, Ending::Complete);
    assert_eq!(answer.finish, Some((FinishReason::Other, Some("because".into()))));
}

#[test]
fn a_cut_stream_is_truncated_and_keeps_its_text() {
    let body = sse(&words());
    let (answer, ending) = read(&body);
    assert_eq!((answer.text.as_str(), ending), (TEXT, Ending::Truncated));
    assert_eq!(answer.finish, None);
    let (answer, ending) = read(&body[..body.len() - 40]);
    assert_eq!((answer.text.as_str(), ending), ("Grüße aus dem Norden ", Ending::Truncated));
}

#[test]
fn a_refused_request_keeps_its_wait() {
    let headers = Headers(vec![("Retry-After".into(), "7".into())]);
    let body = br#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#;
    let failure = dialect("openai-chat").unwrap().failure(429, &headers, body);
    assert_eq!(failure.kind, ErrorKind::LimitRate);
    assert_eq!(failure.upstream.unwrap().retry_after, Some(Millis(7_000)));
}

#[test]
fn a_body_is_read_by_what_it_is_and_not_by_its_label() {
    let stream = sse(&plain());
    let json = format!(
        r#"{{"id":"r1","object":"chat.completion","model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{TEXT}"}},"finish_reason":"stop"}}],{}"#,
        USAGE.split_once("\"choices\":[],").unwrap().1
    );
    for label in [None, Some("text/event-stream"), Some("application/json"), Some("application/x-ndjson")] {
        for body in [&stream, &json] {
            let (answer, ending, _) = read_as(label, body.as_bytes(), 7);
            assert_eq!((answer.text.as_str(), ending), (TEXT, Ending::Complete), "{label:?}");
            assert_eq!(answer.usage.output.total, Some(12));
            assert_eq!(answer.model.as_deref(), Some("m"));
        }
    }
}
