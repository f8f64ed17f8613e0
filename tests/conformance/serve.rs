//! Recorded answers, given on in each protocol a client may speak, and read back: the same answer.

use crate::{
    answer::{Answer, decode},
    recordings,
};
use domain::{ErrorKind, Failure, FinishReason, Quirks, StreamEvent};
use serde_json::{Value, json};
use wire::{
    Ending, Framing,
    serve::{Encoder, Protocol, Tap, Told, ToldUsage, whole},
};

fn told() -> Told {
    Told { id: "gen-1".into(), model: "acme/m".into(), include_usage: true, ..Told::default() }
}

fn read(protocol: Protocol, framing: Framing, bytes: &[u8]) -> (Answer, Ending) {
    let mut decoder = wire::dialect(protocol.dialect()).unwrap().decoder(framing, &Quirks::default());
    let mut events = Vec::new();
    decoder.push(bytes, &mut events);
    let ending = decoder.finish(&mut events);
    Answer::check(&events, protocol.dialect());
    (Answer::of(&events, &ending), ending)
}

/// What the four protocols can all say. A refusal's words are words in two of them.
fn gist(answer: &Answer) -> Value {
    let arguments = |text: &str| match text.trim() {
        "" => json!({}),
        // What was cut off is no object, and two of the protocols take only objects.
        text => serde_json::from_str(text).unwrap_or_else(|_| json!({ "arguments": text })),
    };
    let calls: Vec<Value> =
        answer.tools.iter().map(|(id, name, text)| json!([id, name, arguments(text)])).collect();
    let usage = &answer.usage;
    json!({
        "words": format!("{}{}", answer.text, answer.refusal), "thought": format!("{}{}", answer.plan, answer.reasoning.concat()),
        "calls": calls, "images": answer.images,
        "counts": [usage.input.total, usage.input.cache_read, usage.output.total, usage.output.reasoning],
    })
}

fn streamed(protocol: Protocol, events: &[StreamEvent], failure: Option<&Failure>) -> Vec<u8> {
    let mut encoder = Encoder::new(protocol, told());
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    match failure {
        Some(failure) => encoder.failed(failure, &mut out),
        None => encoder.end(None, &mut out),
    }
    out
}

#[test]
fn recorded_answers_are_the_same_in_every_protocol() {
    let (mut compared, mut broken) = (0, 0);
    let mut wrong = Vec::new();
    let mut same = |got: Value, wanted: &Value, name: &str| {
        let parts = |of: &Value, part: usize, whole: usize| {
            of["counts"][part].as_u64() > of["counts"][whole].as_u64()
        };
        let contradict = parts(wanted, 1, 0) || parts(wanted, 3, 2);
        for (key, value) in wanted.as_object().unwrap() {
            // Counts that contradict one another, or are not known where a stream begins with 0, stay that.
            let known = !contradict && !value[0].is_null() && !value[2].is_null();
            if got[key] != *value && (key != "counts" || known) {
                wrong.push(format!("{name}: {key} is {}, expected {value}", got[key]));
            }
        }
    };
    for recording in recordings().iter().filter(|r| r.status < 400) {
        let (events, ending) = decode(recording, &recording.body, usize::MAX);
        let answer = Answer::of(&events, &ending);
        let failure = match ending {
            Ending::Complete => None,
            Ending::Failed(failure) => Some(failure),
            _ => Some(Failure::new(ErrorKind::StreamTruncated, "The answer broke off. Try again.")),
        };
        for protocol in Protocol::ALL {
            let name = format!("{} as {protocol:?}", recording.name);
            let stream = streamed(protocol, &events, failure.as_ref());
            let (again, ending) = read(protocol, Framing::Sse, &stream);
            if failure.is_some() {
                broken += 1;
                assert!(matches!(ending, Ending::Failed(_)), "{name}: {ending:?}");
                assert_eq!(again.finish.map(|(reason, _)| reason), Some(FinishReason::Error), "{name}");
                continue;
            }
            compared += 1;
            let meant = expected(&answer, protocol);
            same(gist(&again), &meant, &name);
            let one = whole(protocol, &told(), &events, None);
            same(gist(&read(protocol, Framing::Json, &one).0), &meant, &format!("{name}, whole"));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    println!("{compared} answers compared, {broken} told as broken");
    assert!(compared >= 240 && broken >= 8, "{compared} {broken}");
}

/// What a protocol's words make of the answer.
fn expected(answer: &Answer, protocol: Protocol) -> Value {
    let mut gist = gist(answer);
    if protocol == Protocol::OpenAiChat {
        // It has one text for them: pieces are its paragraphs.
        let pieces: Vec<&str> =
            answer.reasoning.iter().map(String::as_str).filter(|piece| !piece.is_empty()).collect();
        gist["thought"] = json!(format!("{}{}", answer.plan, pieces.join("\n\n")));
    }
    if answer.images > 0 && protocol == Protocol::AnthropicMessages {
        gist["images"] = json!(0);
    }
    if protocol == Protocol::OpenAiResponses {
        // It demands these numbers, and says 0 where the provider told none.
        for part in [1, 3] {
            let count = gist["counts"][part].as_u64();
            gist["counts"][part] = json!(count.unwrap_or(0));
        }
    }
    gist
}

#[test]
fn recorded_answers_pass_a_tap_unchanged() {
    let mut passed = 0;
    for recording in recordings().iter().filter(|r| r.status < 400) {
        let Some(protocol) = Protocol::ALL.into_iter().find(|p| p.dialect() == recording.wire) else {
            continue;
        };
        let label = recording.headers.get("content-type");
        // Frames of binary pass nowhere: no client of the protocol reads them.
        if label.is_some_and(|label| wire::framing_of(label) == Some(Framing::AwsEventStream)) {
            continue;
        }
        let (meant, ending) = decode(recording, &recording.body, usize::MAX);
        for step in [7, 4_096] {
            let mut tap = Tap::new(protocol, label, &Quirks::default(), ToldUsage::AsItComes);
            let (mut events, mut pass) = (Vec::new(), Vec::new());
            for piece in recording.body.chunks(step) {
                tap.push(piece, &mut events, &mut pass);
            }
            assert!(tap.finish(&mut events, &mut pass) == ending, "{}", recording.name);
            assert_eq!(Answer::of(&events, &ending), Answer::of(&meant, &ending), "{}", recording.name);
            let same = pass == recording.body || pass.strip_suffix(b"\n\n") == Some(&recording.body);
            let cut = recording.body.starts_with(&pass) && ending != Ending::Complete;
            assert!(same || cut, "{}: {} of {}", recording.name, pass.len(), recording.body.len());
            passed += 1;
        }
    }
    assert!(passed >= 150, "{passed}");
}

/// What a client reads of an answer that came in another framing than it waits for.
#[test]
fn recorded_answers_come_in_the_framing_that_is_waited_for() {
    let (mut reframed, mut frames) = (0, 0);
    for recording in recordings().iter().filter(|r| r.status < 400) {
        let Some(protocol) = Protocol::ALL.into_iter().find(|p| p.dialect() == recording.wire) else {
            continue;
        };
        let label = recording.headers.get("content-type");
        let (meant, ending) = decode(recording, &recording.body, usize::MAX);
        for (whole, step) in [(true, 7), (true, 4_096), (false, 7), (false, 4_096)] {
            let mut tap = Tap::new(protocol, label, &Quirks::default(), ToldUsage::AsItComes).wanted(whole);
            let (mut events, mut pass) = (Vec::new(), Vec::new());
            for piece in recording.body.chunks(step) {
                tap.push(piece, &mut events, &mut pass);
            }
            let (reframes, framing) = (tap.reframes(), tap.framing());
            assert!(tap.finish(&mut events, &mut pass) == ending, "{}", recording.name);
            assert_eq!(Answer::of(&events, &ending), Answer::of(&meant, &ending), "{}", recording.name);
            if !reframes {
                continue;
            }
            reframed += 1;
            frames += u32::from(framing == Some(Framing::AwsEventStream));
            let kind = if whole { "application/json" } else { "text/event-stream" };
            let dialect = wire::dialect(protocol.dialect()).unwrap();
            let mut decoder = wire::decoder_for(dialect, Some(kind), &Quirks::default());
            let mut read = Vec::new();
            decoder.push(&pass, &mut read);
            let again = decoder.finish(&mut read);
            if ending == Ending::Complete {
                let text = String::from_utf8_lossy(&pass);
                assert_eq!(whole, text.starts_with('{'), "{}: {text}", recording.name);
                assert_eq!(again, ending, "{}: {text}", recording.name);
                // Spaces between arguments mean nothing.
                let plain = |answer: &Answer| {
                    let Answer { server_tools, citations, finish, .. } = answer;
                    (gist(answer), server_tools.clone(), *citations, finish.clone())
                };
                let (got, wanted) = (Answer::of(&read, &again), Answer::of(&meant, &ending));
                assert_eq!(plain(&got), plain(&wanted), "{}: {text}", recording.name);
            } else {
                assert_ne!(again, Ending::Complete, "{}", recording.name);
                assert!(!whole || pass.is_empty(), "{}", recording.name);
            }
        }
    }
    assert!(reframed >= 150 && frames >= 12, "{reframed} {frames}");
}
