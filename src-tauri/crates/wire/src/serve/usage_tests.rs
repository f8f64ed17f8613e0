//! Usage and cost, as the clients of each protocol demand them.

use super::{Encoder, Protocol, Tap, Told, ToldUsage, whole};
use crate::Ending;
use domain::{FinishReason, PicoUsd, Quirks, StreamEvent, Usage};
use serde_json::{Value, json};

fn counts(input: Option<u64>, output: Option<u64>) -> Usage {
    let mut usage = Usage::default();
    (usage.input.total, usage.output.total) = (input, output);
    usage
}

/// An answer with this usage: the document, and each event of its stream.
fn told(protocol: Protocol, told: &Told, usage: Usage, cost: Option<PicoUsd>) -> (Value, Vec<Value>) {
    let finish = StreamEvent::Finish { reason: FinishReason::Stop, raw: None };
    let events = [StreamEvent::Usage(usage), finish];
    let document = serde_json::from_slice(&whole(protocol, told, &events, cost)).unwrap();
    let mut encoder = Encoder::new(protocol, told.clone());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.event(event, &mut out));
    encoder.end(cost, &mut out);
    let text = String::from_utf8(out).unwrap();
    let stream = text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
    (document, stream.collect())
}

/// OpenAI's clients read `usage.output_tokens_details.reasoning_tokens` unasked, and OpenRouter's refuses the whole
/// answer where a field is missing.
#[test]
fn a_response_has_every_field_that_its_clients_demand() {
    let (whole, stream) =
        told(Protocol::OpenAiResponses, &Told::default(), counts(Some(10), Some(5)), Some(PicoUsd::new(1)));
    let usage = json!({ "input_tokens": 10, "output_tokens": 5, "total_tokens": 15, "cost": 1e-12,
        "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
        "output_tokens_details": { "reasoning_tokens": 0 } });
    assert_eq!(whole["usage"], usage);
    assert_eq!(stream.last().unwrap()["response"]["usage"], usage);
    let responses = stream.iter().filter_map(|event| event.get("response")).chain([&whole]);
    assert_eq!(responses.clone().count(), 4);
    for response in responses {
        for field in ["completed_at", "frequency_penalty", "presence_penalty", "temperature", "top_p"] {
            assert_eq!(response.get(field), Some(&Value::Null), "{field}: {response}");
        }
    }
    let mut said = counts(Some(10), Some(5));
    (said.input.cache_read, said.input.cache_write_5m, said.output.reasoning) = (Some(7), Some(2), Some(3));
    let (whole, _) = told(Protocol::OpenAiResponses, &Told::default(), said, None);
    let usage = &whole["usage"];
    assert_eq!(usage["input_tokens_details"], json!({ "cached_tokens": 7, "cache_write_tokens": 2 }));
    assert_eq!(usage["output_tokens_details"]["reasoning_tokens"], 3);
    assert_eq!(usage.get("cost"), None, "an unknown cost is not told");
    // Half of it was counted by us; of nothing at all there is no usage.
    let counted = Told { counted: Some(counts(Some(9), Some(5))), ..Told::default() };
    let (whole, _) = told(Protocol::OpenAiResponses, &counted, counts(None, Some(5)), None);
    assert_eq!((&whole["usage"]["input_tokens"], &whole["usage"]["estimated"]), (&json!(9), &json!(true)));
    let (whole, _) = told(Protocol::OpenAiResponses, &counted, Usage::default(), None);
    assert_eq!(whole["usage"], Value::Null);
}

/// What a client gets of a stream that passes, in pieces of `cut` bytes.
fn passed(body: &str, usage: ToldUsage, cut: usize) -> String {
    let mut tap = Tap::new(Protocol::OpenAiChat, None, &Quirks::default(), usage).wanted(false);
    let (mut events, mut pass) = (Vec::new(), Vec::new());
    body.as_bytes().chunks(cut).for_each(|bytes| tap.push(bytes, &mut events, &mut pass));
    assert_eq!(tap.finish(&mut events, &mut pass), Ending::Complete);
    let counted = |event: &StreamEvent| matches!(event, StreamEvent::Usage(usage) if !usage.is_silent());
    assert!(events.iter().any(counted), "we know it all the same");
    String::from_utf8(pass).unwrap()
}

/// Asked for usage, OpenAI says `"usage": null` in every chunk but the last; a client that did not ask may refuse it.
#[test]
fn a_stream_names_no_usage_to_a_client_that_did_not_ask() {
    let word =
        r#"data: {"id":"c","choices":[{"index":0,"delta":{"content":"\"usage\":null","x":{"usage":null}}}]}"#;
    let nulled = word.replace(r#"{"id":"c","#, r#"{"id":"c","usage": null,"#);
    let last = nulled.replace(r#""usage": null,"#, "").replace("]}", r#"],"usage":null}"#);
    let first = r#"data: {"usage":null,"choices":[],"prompt_filter_results":[]}"#;
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
    let body =
        format!("{first}\n\n{nulled}\n\n: ping\n\nevent: x\r\n{last}\r\n\r\n{usage}\n\ndata: [DONE]\n\n");
    for cut in [1, 9, body.len()] {
        let told = passed(&body, ToldUsage::Never, cut);
        let first = r#"data: {"choices":[],"prompt_filter_results":[]}"#;
        let wanted = format!("{first}\n\n{word}\n\n: ping\n\nevent: x\r\n{word}\r\n\r\ndata: [DONE]\n\n");
        assert_eq!(told, wanted);
        assert_eq!(passed(&body, ToldUsage::AsItComes, cut), body, "who asks has it in OpenAI's way");
    }
    // A chunk with words and counts is not taken apart.
    let both = word.replace(r#"{"id""#, r#"{"usage":{"prompt_tokens":1,"completion_tokens":1},"id""#);
    let body = format!("{both}\n\ndata: [DONE]\n\n");
    assert_eq!(passed(&body, ToldUsage::Never, 5), body);
    // As one list of chunks it is put into events.
    let stop = nulled.replace(r#""index":0,"#, r#""index":0,"finish_reason":"stop","#);
    let list = [first, &nulled, &stop, usage].map(|event| event.trim_start_matches("data: ")).join(",");
    let told = passed(&format!("[{list}]"), ToldUsage::Never, 5);
    assert!(
        !told.contains(r#""c","usage""#) && !told.contains("tokens") && told.contains("content"),
        "{told}"
    );
}
