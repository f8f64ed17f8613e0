use crate::{
    Dialect as _, Ending, Framing,
    anthropic_messages::AnthropicMessages,
    trial::{Read, read, sse},
};
use domain::{FinishReason, NoticeKind, Quirks, StreamEvent};

fn streamed(events: &[&str]) -> Read {
    // One event is one line.
    let events: Vec<String> = events.iter().map(|event| event.replace('\n', " ")).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    read(AnthropicMessages.decoder(Framing::Sse, &Quirks::default()), &sse(&events))
}

fn whole(body: &str) -> Read {
    read(AnthropicMessages.decoder(Framing::Json, &Quirks::default()), body)
}

fn finish(read: &Read) -> Option<FinishReason> {
    read.events
        .iter()
        .find_map(|e| if let StreamEvent::Finish { reason, .. } = e { Some(*reason) } else { None })
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":3,
    "cache_creation_input_tokens":40,"cache_read_input_tokens":7,"output_tokens":1,
    "cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":10}}}}"#;
const TEXT: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const HI: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#;
const STOP: &str = r#"{"type":"content_block_stop","index":0}"#;
const END: &str =
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#;
const OVER: &str = r#"{"type":"message_stop"}"#;

#[test]
fn usage_is_a_snapshot_and_its_total_holds_the_cache() {
    let said = streamed(&[START, TEXT, HI, STOP, END, OVER]);
    let input = &said.usage.input;
    assert_eq!((input.total, input.cache_read), (Some(50), Some(7)));
    assert_eq!((input.cache_write_5m, input.cache_write_1h), (Some(30), Some(10)));
    assert_eq!(said.usage.output.total, Some(9), "not 1 + 9");
    assert_eq!((said.ending, said.blocks), (Ending::Complete, vec!["text: Hi".to_owned()]));
}

#[test]
fn restated_cache_writes_keep_their_lifetimes() {
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},
        "usage":{"input_tokens":5,"cache_creation_input_tokens":60,"output_tokens":9}}"#;
    let input = streamed(&[START, end, OVER]).usage.input;
    assert_eq!((input.cache_write_5m, input.cache_write_1h, input.total), (Some(50), Some(10), Some(72)));
}

#[test]
fn gateways_repeat_the_start_and_add_a_mark_that_is_not_theirs() {
    let said = streamed(&[START, START, TEXT, HI, STOP, END, OVER, "[DONE]"]);
    let starts = said.events.iter().filter(|e| matches!(e, StreamEvent::Started { .. })).count();
    assert_eq!((starts, said.blocks.len(), said.ending), (1, 1, Ending::Complete));
}

#[test]
fn an_answer_is_whole_with_its_closing_mark_alone() {
    assert_eq!(finish(&streamed(&[START, TEXT, HI, STOP, END, OVER])), Some(FinishReason::Stop));
    let unclosed = streamed(&[START, TEXT, HI, STOP, END]);
    assert_eq!((unclosed.ending.clone(), finish(&unclosed)), (Ending::Truncated, None));
    assert_eq!(unclosed.usage.output.total, Some(9), "what was counted stays counted");
    let cut = streamed(&[START, TEXT, HI]);
    assert_eq!((cut.ending.clone(), finish(&cut)), (Ending::Truncated, None));
    assert_eq!(cut.blocks, ["text: Hi"]);
    assert!(matches!(cut.events.last(), Some(StreamEvent::BlockClose { block: 0, .. })));
}

#[test]
fn blocks_without_a_beginning_are_begun() {
    let thought =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}"#;
    let proof =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Ep"}}"#;
    let more = r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}"#;
    let said = streamed(&[START, thought, proof, proof, STOP, more, END, OVER]);
    assert_eq!(said.blocks, ["reasoning: Hm", "text: Hi"]);
    assert_eq!(said.signatures, ["EpEp"]);
}

#[test]
fn tools_sources_and_redacted_thoughts_are_the_same_streamed_and_whole() {
    let said = streamed(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"Ew=="}}"#,
        STOP,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"x\"}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"web_search_tool_result","tool_use_id":"s",
            "content":[{"type":"web_search_result","url":"https://x.org","encrypted_content":"AAAA"}]}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"text","text":"","citations":[]}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://x.org","title":"X"}}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"Hi"}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://x.org","title":"X"}}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"t","name":"now","input":{}}}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_stop","index":4}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9,"server_tool_use":{"web_search_requests":1}}}"#,
        OVER,
    ]);
    assert_eq!(
        said.blocks,
        [
            "reasoning: ",
            r#"server web_search: {"query":"x"}"#,
            r#"server web_search: [{"type":"web_search_result","url":"https://x.org"}]"#,
            "text: Hi",
            "cite https://x.org|X",
            "call t now: {}",
        ]
    );
    assert_eq!(said.signatures, ["redacted_thinking:Ew=="]);
    assert_eq!((finish(&said), said.usage.web_searches), (Some(FinishReason::ToolCalls), Some(1)));
    let same = whole(
        r#"{"type":"message","id":"msg_1","model":"m","content":[
        {"type":"redacted_thinking","data":"Ew=="},
        {"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"x"}},
        {"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"https://x.org","encrypted_content":"AAAA"}]},
        {"type":"text","text":"Hi","citations":[{"type":"web_search_result_location","url":"https://x.org","title":"X"}]},
        {"type":"tool_use","id":"t","name":"now","input":{}}],
        "stop_reason":"tool_use","usage":{"input_tokens":3,"cache_creation_input_tokens":40,"cache_read_input_tokens":7,
        "output_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":10},
        "server_tool_use":{"web_search_requests":1}}}"#,
    );
    assert_eq!((same.blocks, same.signatures), (said.blocks, said.signatures));
    assert_eq!((same.usage.input, same.usage.output), (said.usage.input, said.usage.output));
}

/// The message's own counts leave that pass out, and it is billed like them.
#[test]
fn a_pass_that_shortened_the_conversation_first_is_counted_too() {
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":200,
        "cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":8,"iterations":[
        {"type":"compaction","input_tokens":1000,"cache_creation_input_tokens":50,"cache_read_input_tokens":70000,
         "output_tokens":90,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30}},
        {"type":"message","input_tokens":200,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,
         "output_tokens":8}]}}"#;
    let usage = streamed(&[START, TEXT, HI, STOP, end, OVER]).usage;
    assert_eq!((usage.input.total, usage.output.total), (Some(200 + 1000 + 50 + 70_000), Some(98)));
    assert_eq!((usage.input.cache_read, usage.input.cache_write()), (Some(70_000), Some(50)));
    assert_eq!((usage.input.cache_write_1h, usage.unexplained), (Some(30), None));
}

/// Its tokens have the prices of that model: they are marked, not billed as this one's.
#[test]
fn the_advice_of_another_model_is_not_counted_as_this_ones() {
    let said = whole(
        r#"{"type":"message","id":"msg_1","model":"m","content":[],"stop_reason":"end_turn","usage":{
        "input_tokens":2300,"output_tokens":120,"iterations":[
        {"type":"message","input_tokens":1100,"output_tokens":110},
        {"type":"advisor_message","model":"n","input_tokens":2500,"cache_read_input_tokens":3,"output_tokens":20},
        {"type":"message","input_tokens":1200,"output_tokens":10}]}}"#,
    );
    assert_eq!((said.usage.input.total, said.usage.output.total), (Some(2300), Some(120)));
    assert_eq!(said.usage.unexplained, Some(2523));
}

/// Each has a price of its own, and the tier beside it says nothing of it.
#[test]
fn fast_mode_and_one_country_are_the_tier_that_served() {
    let tier = |said: &str| {
        let delta = format!(
            r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{{"output_tokens":9,{said}}}}}"#
        );
        streamed(&[START, &delta, OVER]).usage.service_tier
    };
    assert_eq!(tier(r#""service_tier":"standard","speed":"fast""#).as_deref(), Some("fast"));
    assert_eq!(tier(r#""speed":"fast","inference_geo":"us""#).as_deref(), Some("us"));
    let plain = tier(r#""service_tier":"standard","speed":"standard","inference_geo":"global""#);
    assert_eq!(plain.as_deref(), Some("standard"));
}

#[test]
fn what_is_not_known_is_counted_and_never_dropped() {
    let said = streamed(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"hologram"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"hologram_delta"}}"#,
        STOP,
        r#"{"type":"vibe"}"#,
        r#"{"type":"ping"}"#,
        END,
        OVER,
    ]);
    let unknown: Vec<&str> = said
        .events
        .iter()
        .filter_map(|e| if let StreamEvent::Unknown { name, .. } = e { Some(name.as_str()) } else { None })
        .collect();
    assert_eq!(unknown, ["hologram", "hologram_delta", "vibe"]);
    assert_eq!((said.blocks.len(), said.ending), (0, Ending::Complete));
}

#[test]
fn counts_that_are_no_counts_are_told_and_not_believed() {
    let start = r#"{"type":"message_start","message":{"usage":{"input_tokens":-3,"output_tokens":1e30}}}"#;
    let said = streamed(&[start, END.replace("9", "2.5").as_str(), OVER]);
    assert_eq!((said.usage.input.total, said.usage.output.total), (None, None));
    let told = said
        .events
        .iter()
        .filter(|e| matches!(e, StreamEvent::Notice { kind: NoticeKind::UsageMismatch, .. }))
        .count();
    assert_eq!(told, 1);
}

#[test]
fn an_error_may_come_first_or_in_the_middle_or_without_its_frame() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    for said in [streamed(&[error]), streamed(&[START, TEXT, HI, error, HI]), whole(error)] {
        assert!(matches!(&said.ending, Ending::Failed(f) if f.kind == domain::ErrorKind::LimitOverloaded));
        assert_eq!(finish(&said), Some(FinishReason::Error));
        assert!(said.blocks.iter().all(|b| b == "text: Hi"), "nothing after the error is read");
    }
}
