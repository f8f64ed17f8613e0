//! Answers as clients read them: our own decoders read back what was said.

use super::*;
use crate::{Ending, Framing, dialect};
use domain::{BlockKind, ErrorKind, FinishReason, Quirks, Usage};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// What an answer says, without how it is cut into blocks.
#[derive(Debug, Default, PartialEq)]
struct Said {
    thought: String,
    /// Refusals too: two of the protocols have no place of their own for them.
    words: String,
    calls: Vec<(String, String, Value)>,
    images: Vec<String>,
    sources: Vec<String>,
    proofs: Vec<String>,
    counts: [Option<u64>; 4],
}

fn said(events: &[StreamEvent], protocol: Option<Protocol>) -> Said {
    let mut blocks: BTreeMap<u32, (BlockKind, String, Option<String>)> = BTreeMap::new();
    let mut said = Said::default();
    for event in events {
        match event {
            StreamEvent::BlockOpen { block, kind } => {
                blocks.insert(*block, (kind.clone(), String::new(), None));
            }
            StreamEvent::BlockDelta { block, text } => blocks.get_mut(block).unwrap().1.push_str(text),
            StreamEvent::BlockClose { block, signature } => {
                blocks.get_mut(block).unwrap().2.clone_from(signature);
            }
            StreamEvent::Usage(usage) => {
                said.counts =
                    [usage.input.total, usage.input.cache_read, usage.output.total, usage.output.reasoning];
            }
            _ => {}
        }
    }
    for (kind, text, signature) in blocks.into_values() {
        match kind {
            BlockKind::Reasoning => said.thought.push_str(&text),
            BlockKind::Text | BlockKind::Refusal => said.words.push_str(&text),
            BlockKind::ToolCall { id, name } => said.calls.push((id, name, crate::replay::arguments(&text))),
            BlockKind::Image { media_type } if protocol == Some(Protocol::AnthropicMessages) => {
                said.words.push_str(&write::picture(&media_type, &text));
            }
            BlockKind::Image { .. } => said.images.push(text),
            BlockKind::Citation { url, .. } => said.sources.extend(url),
            BlockKind::ServerTool { .. } | BlockKind::Seam(_) => {}
        }
        said.proofs.extend(signature.into_iter().flat_map(|signature| proofs(&signature)));
    }
    said.proofs.sort();
    // Reasoning of which several blocks are open at once may be told one block after the other, with lines between.
    let mut letters: Vec<char> = said.thought.chars().filter(|letter| *letter != '\n').collect();
    letters.sort_unstable();
    said.thought = letters.into_iter().collect();
    said
}

fn told_usage(hide: bool) -> ToldUsage {
    if hide { ToldUsage::Never } else { ToldUsage::AsItComes }
}

/// Proofs with our marks taken off, wherever a decoder keeps them.
fn proofs(signature: &str) -> Vec<String> {
    let plain = signature.strip_prefix(crate::replay::REDACTED).unwrap_or(signature);
    if let Some(proof) = seal::open(plain) {
        return proof.signature.into_iter().collect();
    }
    match serde_json::from_str::<Value>(signature) {
        Ok(Value::Array(details)) => details.iter().flat_map(inner).collect(),
        Ok(item @ Value::Object(_)) => inner(&item),
        _ => vec![signature.to_owned()],
    }
}

fn inner(detail: &Value) -> Vec<String> {
    let places = ["signature", "data", "encrypted_content"];
    places.iter().filter_map(|key| detail[*key].as_str()).flat_map(proofs).collect()
}

fn read(protocol: Protocol, framing: Framing, bytes: &[u8]) -> (Vec<StreamEvent>, Ending) {
    let mut decoder = dialect(protocol.dialect()).unwrap().decoder(framing, &Quirks::default());
    let mut events = Vec::new();
    decoder.push(bytes, &mut events);
    let ending = decoder.finish(&mut events);
    let strange: Vec<_> = events
        .iter()
        .filter(|e| matches!(e, StreamEvent::Unknown { .. } | StreamEvent::Notice { .. }))
        .collect();
    assert!(strange.is_empty(), "{protocol:?}: {strange:?}");
    (events, ending)
}

fn told() -> Told {
    Told {
        id: "gen-1".into(),
        model: "acme/m".into(),
        created: 1,
        provider: Some("Acme".into()),
        issuer: "acme/m-1".into(),
        include_usage: true,
        ..Told::default()
    }
}

fn streamed(protocol: Protocol, told: Told, events: &[StreamEvent]) -> Vec<u8> {
    let mut encoder = Encoder::new(protocol, told);
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    encoder.end(Some(PicoUsd::new(1_500_000)), &mut out);
    out
}

fn finish(events: &[StreamEvent]) -> FinishReason {
    let last = events.iter().rev().find_map(|event| match event {
        StreamEvent::Finish { reason, .. } => Some(*reason),
        _ => None,
    });
    last.unwrap()
}

/// The field is one text: what was thought before and after a call must not run into one word.
#[test]
fn pieces_of_reasoning_are_paragraphs_of_one_text() {
    let block = |block: u32, text: &[&str]| {
        let mut events = vec![StreamEvent::BlockOpen { block, kind: BlockKind::Reasoning }];
        events.extend(text.iter().map(|text| StreamEvent::BlockDelta { block, text: (*text).to_owned() }));
        events.push(StreamEvent::BlockClose { block, signature: None });
        events
    };
    let mut events = [block(0, &["I ", "look."]), block(1, &["It ", "rains."])].concat();
    events.push(StreamEvent::Finish { reason: FinishReason::Stop, raw: None });
    let thought = |framing, bytes: &[u8]| {
        let (events, _) = read(Protocol::OpenAiChat, framing, bytes);
        let texts = events.into_iter().filter_map(|event| match event {
            StreamEvent::BlockDelta { text, .. } => Some(text),
            _ => None,
        });
        texts.collect::<String>()
    };
    let expected = "I look.\n\nIt rains.";
    assert_eq!(thought(Framing::Sse, &streamed(Protocol::OpenAiChat, told(), &events)), expected);
    assert_eq!(thought(Framing::Json, &whole(Protocol::OpenAiChat, &told(), &events, None)), expected);
}

/// Blocks that overlap as providers let them: opened, grown in turns and closed at any time.
fn answers() -> impl Strategy<Value = Vec<StreamEvent>> {
    let kind = prop_oneof![
        Just(BlockKind::Text),
        Just(BlockKind::Reasoning),
        Just(BlockKind::Text),
        Just(BlockKind::ToolCall { id: String::new(), name: "look".into() }),
        Just(BlockKind::Image { media_type: "image/png".into() }),
        "[a-z]{3}".prop_map(|word| BlockKind::Citation {
            url: Some(format!("https://{word}.example")),
            title: Some(word)
        }),
    ];
    let piece = "[a-z é\"\\\\\n\u{1F600}]{1,6}";
    let block =
        (kind, proptest::collection::vec(piece, 0..4), proptest::option::of("[A-Za-z0-9+/]{4}"), 0_usize..3);
    let counts = proptest::option::of((1_u64..9_000, 1_u64..9_000));
    (proptest::collection::vec(block, 0..6), counts).prop_map(|(blocks, counts)| {
        let mut events = Vec::new();
        let mut later: Vec<(usize, StreamEvent)> = Vec::new();
        for (number, (kind, pieces, proof, delay)) in (0_u32..).zip(blocks) {
            let (mut kind, mut pieces, mut proof) = (kind, pieces, proof);
            match &mut kind {
                BlockKind::ToolCall { id, .. } => {
                    *id = format!("toolu_{number}");
                    pieces = vec!["{\"a\":".into(), format!("{number}"), "}".into()];
                }
                BlockKind::Image { .. } => {
                    pieces = vec!["AAEC".into()];
                    proof = None;
                }
                BlockKind::Reasoning => {
                    if pieces.is_empty() && proof.is_none() {
                        pieces = vec!["hm".into()];
                    }
                }
                BlockKind::Citation { .. } => {
                    pieces.clear();
                    proof = None;
                }
                _ => {
                    if pieces.is_empty() {
                        pieces = vec!["x".into()];
                    }
                    proof = None;
                }
            }
            let whole =
                matches!(kind, BlockKind::Text | BlockKind::Citation { .. } | BlockKind::Image { .. });
            events.push(StreamEvent::BlockOpen { block: number, kind });
            let delay = if whole { 0 } else { delay };
            for (place, text) in pieces.into_iter().enumerate() {
                later.push((place * delay, StreamEvent::BlockDelta { block: number, text }));
            }
            later.push((4 * delay, StreamEvent::BlockClose { block: number, signature: proof }));
            later.sort_by_key(|(when, _)| *when);
            let now = later.iter().take_while(|(when, _)| *when == 0).count();
            events.extend(later.drain(..now).map(|(_, event)| event));
            later.iter_mut().for_each(|(when, _)| *when -= 1);
        }
        events.extend(later.into_iter().map(|(_, event)| event));
        if let Some((input, output)) = counts {
            let mut usage = Usage::default();
            usage.input.total = Some(input);
            usage.input.cache_read = Some(input / 2);
            usage.output.total = Some(output);
            usage.output.reasoning = Some(output / 3);
            events.push(StreamEvent::Usage(usage));
        }
        let called = events
            .iter()
            .any(|event| matches!(event, StreamEvent::BlockOpen { kind: BlockKind::ToolCall { .. }, .. }));
        let reason = if called { FinishReason::ToolCalls } else { FinishReason::Stop };
        events.push(StreamEvent::Finish { reason, raw: Some("why".into()) });
        events
    })
}

/// What a protocol has no place for: sources that stand before any text.
fn without_sources(mut said: Said) -> Said {
    said.sources.clear();
    said
}

proptest! {
    #[test]
    fn every_answer_is_read_back_streamed_and_whole(events in answers()) {
        for protocol in Protocol::ALL {
            let mut meant = without_sources(said(&events, Some(protocol)));
            if meant.counts[0].is_some() && protocol == Protocol::OpenAiResponses {
                // It demands a number of each, and says 0 where none is known.
                meant.counts = meant.counts.map(|count| count.or(Some(0)));
            }
            let stream = streamed(protocol, told(), &events);
            let one = whole(protocol, &told(), &events, None);
            for (framing, bytes) in [(Framing::Sse, stream), (Framing::Json, one)] {
                let (again, ending) = read(protocol, framing, &bytes);
                prop_assert_eq!(&ending, &Ending::Complete);
                prop_assert_eq!(finish(&again), finish(&events));
                let mut again = without_sources(said(&again, None));
                if meant.counts[0].is_none() && protocol == Protocol::AnthropicMessages {
                    // Its stream must begin with a number, and says 0 where none is known.
                    again.counts = meant.counts;
                }
                prop_assert_eq!(&again, &meant, "{:?} {:?}\n{}", protocol, framing, String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn a_tap_changes_nothing_however_the_bytes_are_cut(events in answers(), cut in 1_usize..40) {
        for protocol in Protocol::ALL {
            let bytes = streamed(protocol, told(), &events);
            for (line_end, hide) in [("\n", false), ("\r\n", false), ("\r", false), ("\n", true)] {
                let bytes = String::from_utf8(bytes.clone()).unwrap().replace('\n', line_end).into_bytes();
                let mut tap = Tap::new(protocol, Some("text/event-stream"), &Quirks::default(), told_usage(hide));
                let (mut seen, mut pass) = (Vec::new(), Vec::new());
                for piece in bytes.chunks(cut) {
                    tap.push(piece, &mut seen, &mut pass);
                }
                prop_assert_eq!(tap.finish(&mut seen, &mut pass), Ending::Complete);
                prop_assert_eq!(said(&seen, None), said(&read(protocol, Framing::Sse, &bytes).0, None));
                let told = events.iter().any(|event| matches!(event, StreamEvent::Usage(_)));
                if hide && protocol == Protocol::OpenAiChat {
                    let text = String::from_utf8(pass).unwrap();
                    prop_assert!(!text.contains("\"usage\"") && text.ends_with("data: [DONE]\n\n"));
                    // Cost alone is told too.
                    prop_assert!(text.len() < bytes.len(), "{told}");
                } else {
                    prop_assert_eq!(pass, bytes);
                }
            }
        }
    }

    #[test]
    fn an_answer_that_breaks_off_never_reads_as_whole(events in answers(), keep in 0_usize..30) {
        let failure = Failure::new(ErrorKind::StreamTruncated, "The answer broke off. Try again.");
        for protocol in Protocol::ALL {
            let mut encoder = Encoder::new(protocol, told());
            let mut out = Vec::new();
            let begun = &events[..keep.min(events.len() - 1)];
            for event in begun {
                encoder.event(event, &mut out);
            }
            encoder.keep_alive(&mut out);
            encoder.failed(&failure, &mut out);
            let (again, ending) = read(protocol, Framing::Sse, &out);
            prop_assert!(matches!(ending, Ending::Failed(_)), "{:?} {:?}", protocol, ending);
            prop_assert_eq!(finish(&again), FinishReason::Error);
        }
    }
}

#[test]
fn reasons_are_never_better_than_they_were() {
    use FinishReason as F;
    for (reason, raw, chat, responses, messages, gemini) in [
        (F::Stop, None, F::Stop, F::Stop, F::Stop, F::Stop),
        (F::Length, None, F::Length, F::Length, F::Length, F::Length),
        (F::Budget, None, F::Length, F::Length, F::Length, F::Length),
        (F::ContentFilter, None, F::ContentFilter, F::ContentFilter, F::ContentFilter, F::ContentFilter),
        (F::Pause, None, F::Length, F::Length, F::Pause, F::Other),
        (F::Other, Some("NEW_WORD"), F::Length, F::Length, F::Length, F::Other),
    ] {
        let events = [
            StreamEvent::BlockOpen { block: 0, kind: BlockKind::Text },
            StreamEvent::BlockDelta { block: 0, text: "Hi".into() },
            StreamEvent::BlockClose { block: 0, signature: None },
            StreamEvent::Finish { reason, raw: raw.map(str::to_owned) },
        ];
        for (protocol, meant) in Protocol::ALL.into_iter().zip([chat, responses, messages, gemini]) {
            let (again, _) = read(protocol, Framing::Sse, &streamed(protocol, told(), &events));
            assert_eq!(finish(&again), meant, "{protocol:?} {reason:?}");
            let (again, _) = read(protocol, Framing::Json, &whole(protocol, &told(), &events, None));
            assert_eq!(finish(&again), meant, "{protocol:?} {reason:?} whole");
        }
    }
}

#[test]
fn sources_stay_with_the_text_that_cites_them() {
    let source = BlockKind::Citation { url: Some("https://a.example".into()), title: Some("A".into()) };
    let events = [
        StreamEvent::BlockOpen { block: 0, kind: BlockKind::Text },
        StreamEvent::BlockDelta { block: 0, text: "Hi".into() },
        StreamEvent::BlockClose { block: 0, signature: None },
        StreamEvent::BlockOpen { block: 1, kind: source },
        StreamEvent::BlockClose { block: 1, signature: None },
        StreamEvent::Finish { reason: FinishReason::Stop, raw: None },
    ];
    for protocol in Protocol::ALL {
        for (framing, bytes) in [
            (Framing::Sse, streamed(protocol, told(), &events)),
            (Framing::Json, whole(protocol, &told(), &events, None)),
        ] {
            assert_eq!(
                said(&read(protocol, framing, &bytes).0, None).sources,
                ["https://a.example"],
                "{protocol:?}"
            );
        }
    }
}

#[test]
fn a_stream_of_an_array_is_one() {
    let events = [
        StreamEvent::BlockOpen { block: 0, kind: BlockKind::Text },
        StreamEvent::BlockDelta { block: 0, text: "Hi".into() },
        StreamEvent::BlockDelta { block: 0, text: "!".into() },
        StreamEvent::Finish { reason: FinishReason::Stop, raw: None },
    ];
    let bytes = streamed(Protocol::Gemini, Told { array: true, ..told() }, &events);
    let chunks: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(chunks.len(), 3);
    let (again, ending) = read(Protocol::Gemini, Framing::Json, &bytes);
    assert_eq!((said(&again, None).words.as_str(), ending), ("Hi!", Ending::Complete));
}

#[test]
fn hidden_reasoning_is_not_told_but_its_proof_is_kept() {
    let events = [
        StreamEvent::BlockOpen { block: 0, kind: BlockKind::Reasoning },
        StreamEvent::BlockDelta { block: 0, text: "secret".into() },
        StreamEvent::BlockClose { block: 0, signature: Some("p0".into()) },
        StreamEvent::BlockOpen { block: 1, kind: BlockKind::Text },
        StreamEvent::BlockDelta { block: 1, text: "Hi".into() },
        StreamEvent::BlockClose { block: 1, signature: None },
        StreamEvent::Finish { reason: FinishReason::Stop, raw: None },
    ];
    for protocol in Protocol::ALL {
        let told = Told { hide_reasoning: true, ..told() };
        for (framing, bytes) in [
            (Framing::Sse, streamed(protocol, told.clone(), &events)),
            (Framing::Json, whole(protocol, &told, &events, None)),
        ] {
            assert!(!String::from_utf8_lossy(&bytes).contains("secret"), "{protocol:?}");
            let said = said(&read(protocol, framing, &bytes).0, None);
            assert_eq!((said.words.as_str(), said.proofs), ("Hi", vec!["p0".to_owned()]), "{protocol:?}");
        }
    }
}

#[test]
fn a_tap_withholds_what_cannot_be_read_and_ends_what_was_not_ended() {
    let body =
        "\u{FEFF}data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"broken\":\n\ndata: [DONE]";
    let mut tap = Tap::new(Protocol::OpenAiChat, None, &Quirks::default(), ToldUsage::AsItComes);
    let (mut events, mut pass) = (Vec::new(), Vec::new());
    tap.push(body.as_bytes(), &mut events, &mut pass);
    assert_eq!(tap.framing(), Some(Framing::Sse));
    assert_eq!(tap.finish(&mut events, &mut pass), Ending::Complete);
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";
    assert_eq!(String::from_utf8(pass).unwrap(), text);
    let skipped =
        |e: &StreamEvent| matches!(e, StreamEvent::Notice { kind: domain::NoticeKind::SkippedEvent, .. });
    assert_eq!(events.iter().filter(|e| skipped(e)).count(), 1);
}

/// Whoever reads what passed knows blank lines only.
#[test]
fn a_tap_puts_blank_lines_between_events_that_run_together() {
    let said = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}";
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}";
    for (hide, end) in [(false, ""), (false, "\n\n"), (true, "\n")] {
        let body = format!("{said}\n{said}\n{usage}\ndata: [DONE]{end}");
        for cut in [1, 7, body.len()] {
            let mut tap = Tap::new(Protocol::OpenAiChat, None, &Quirks::default(), told_usage(hide));
            let (mut events, mut pass) = (Vec::new(), Vec::new());
            body.as_bytes().chunks(cut).for_each(|bytes| tap.push(bytes, &mut events, &mut pass));
            assert_eq!(tap.finish(&mut events, &mut pass), Ending::Complete);
            let usage = if hide { String::new() } else { format!("{usage}\n\n") };
            let wanted = format!("{said}\n\n{said}\n\n{usage}data: [DONE]\n\n");
            assert_eq!(String::from_utf8(pass).unwrap(), wanted, "{end:?}, {cut}");
        }
    }
    let mut tap = Tap::new(Protocol::OpenAiChat, None, &Quirks::default(), ToldUsage::AsItComes);
    let (mut events, mut pass) = (Vec::new(), Vec::new());
    tap.push(format!("{said}\n{said}\ndata: {{\"choi").as_bytes(), &mut events, &mut pass);
    assert_eq!(tap.finish(&mut events, &mut pass), Ending::Truncated);
    assert!(pass.is_empty());
}

#[test]
fn a_tap_keeps_half_an_event_to_itself() {
    let mut tap = Tap::new(Protocol::AnthropicMessages, None, &Quirks::default(), ToldUsage::AsItComes);
    let (mut events, mut pass) = (Vec::new(), Vec::new());
    let whole = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n";
    tap.push(whole.as_bytes(), &mut events, &mut pass);
    tap.push(b"event: content_block_delta\ndata: {\"type\":\"cont", &mut events, &mut pass);
    assert_eq!(tap.finish(&mut events, &mut pass), Ending::Truncated);
    assert_eq!(String::from_utf8(pass).unwrap(), whole);
}
