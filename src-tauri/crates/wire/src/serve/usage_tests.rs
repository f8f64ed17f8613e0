//! Usage and cost, as the clients of each protocol demand them.

use super::{Encoder, Protocol, Told, whole};
use domain::{FinishReason, PicoUsd, StreamEvent, Usage};
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
