use super::*;
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use domain::ErrorKind;
use proptest::prelude::*;

fn frame(headers: &[(&'static str, &'static str)], payload: &str) -> Vec<u8> {
    let message = headers.iter().fold(Message::new(payload.as_bytes().to_vec()), |message, (name, value)| {
        message.add_header(Header::new(*name, HeaderValue::String((*value).into())))
    });
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn event(name: &'static str, payload: &str) -> Vec<u8> {
    frame(&[(":event-type", name), (":message-type", "event")], payload)
}

fn answer() -> Vec<u8> {
    [
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Grüße"}}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
    ]
    .concat()
}

fn decode(pieces: &[&[u8]]) -> (Vec<StreamEvent>, Ending) {
    labelled(Some("application/vnd.amazon.eventstream"), pieces)
}

fn labelled(label: Option<&str>, pieces: &[&[u8]]) -> (Vec<StreamEvent>, Ending) {
    let bedrock = crate::dialect("bedrock-converse").unwrap();
    let mut decoder = crate::decoder_for(bedrock, label, &domain::Quirks::default());
    let mut out = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut out);
    }
    let ending = decoder.finish(&mut out);
    (out, ending)
}

#[test]
fn the_same_events_come_however_the_bytes_are_cut() {
    let body = answer();
    let whole = decode(&[&body]);
    assert_eq!(whole.1, Ending::Complete);
    assert!(whole.0.contains(&StreamEvent::BlockDelta { block: 0, text: "Grüße".into() }));
    for cut in 0..body.len() {
        let (a, b) = body.split_at(cut);
        assert_eq!(decode(&[a, b]), whole, "cut at {cut}");
    }
}

#[test]
fn frames_are_known_under_any_label_and_under_none() {
    let body = answer();
    let whole = decode(&[&body]);
    for label in [None, Some("application/octet-stream"), Some("text/event-stream"), Some("application/json")]
    {
        assert_eq!(labelled(label, &[&body]), whole, "{label:?}");
        assert_eq!(labelled(label, &[&body[..1], &body[1..]]), whole, "{label:?}, byte by itself");
        assert_eq!(labelled(label, &[]).1, Ending::Truncated, "{label:?}, empty");
    }
}

#[test]
fn a_damaged_frame_ends_the_answer_and_keeps_what_came() {
    let mut body = answer();
    let start = event("messageStart", r#"{"role":"assistant"}"#).len();
    let second =
        start + event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Grüße"}}"#).len();
    body[second + 20] ^= 1;
    let (events, ending) = decode(&[&body]);
    assert_eq!(
        ending,
        Ending::Malformed { at: second as u64, why: "a frame's checksum or headers are wrong" }
    );
    assert!(events.contains(&StreamEvent::BlockDelta { block: 0, text: "Grüße".into() }));
}

#[test]
fn an_impossible_length_claims_no_memory() {
    for length in [0u32, 15, (MAX_FRAME + 1) as u32, u32::MAX] {
        let (_, ending) = decode(&[&length.to_be_bytes(), &[0; 64]]);
        assert!(matches!(ending, Ending::Malformed { .. }), "{length}: {ending:?}");
    }
}

#[test]
fn a_cut_frame_is_a_cut_answer() {
    let body = answer();
    let (events, ending) = decode(&[&body[..body.len() - 3]]);
    assert_eq!(ending, Ending::Truncated);
    assert!(events.contains(&StreamEvent::BlockClose { block: 0, signature: None }));
    assert_eq!(decode(&[]).1, Ending::Truncated);
}

#[test]
fn exceptions_are_failures_by_their_name() {
    for (sort, kind) in [
        ("throttlingException", ErrorKind::LimitRate),
        ("serviceUnavailableException", ErrorKind::LimitOverloaded),
        ("validationException", ErrorKind::RequestInvalid),
        ("internalServerException", ErrorKind::UpstreamInternal),
        ("modelStreamErrorException", ErrorKind::UpstreamInternal),
    ] {
        let body =
            frame(&[(":message-type", "exception"), (":exception-type", sort)], r#"{"message":"No."}"#);
        let (_, ending) = decode(&[&body]);
        let Ending::Failed(failure) = ending else { panic!("{ending:?}") };
        assert_eq!(failure.kind, kind, "{sort}");
        assert_eq!(failure.upstream.unwrap().message.as_deref(), Some("No."));
    }
    let body = frame(
        &[(":message-type", "error"), (":error-code", "InternalError"), (":error-message", "Gone.")],
        "",
    );
    let Ending::Failed(failure) = decode(&[&body]).1 else { panic!() };
    assert_eq!(failure.upstream.unwrap().code.as_deref(), Some("InternalError"));
}

#[test]
fn a_json_error_under_the_wrong_label_is_read() {
    let (_, ending) = decode(&[br#"{"message":"Too many requests","__type":"ThrottlingException"}"#]);
    let Ending::Failed(failure) = ending else { panic!("{ending:?}") };
    assert_eq!(failure.kind, ErrorKind::LimitRate);
}

fn header_value() -> impl Strategy<Value = HeaderValue> {
    prop_oneof![
        any::<bool>().prop_map(HeaderValue::Bool),
        any::<i8>().prop_map(HeaderValue::Byte),
        any::<i16>().prop_map(HeaderValue::Int16),
        any::<i32>().prop_map(HeaderValue::Int32),
        any::<i64>().prop_map(HeaderValue::Int64),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| HeaderValue::ByteArray(bytes.into())),
        "[a-zé]{0,20}".prop_map(|text| HeaderValue::String(text.into())),
        any::<u128>().prop_map(HeaderValue::Uuid),
    ]
}

proptest! {
    /// Ours reads what the AWS crate's reader reads, and refuses what that refuses.
    #[test]
    fn frames_are_read_as_the_crate_of_aws_reads_them(
        headers in proptest::collection::vec(("[a-z:-]{1,12}", header_value()), 0..5),
        payload in proptest::collection::vec(any::<u8>(), 0..60),
        damage in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let message = headers.iter().fold(Message::new(payload.clone()), |message, (name, value)| {
            message.add_header(Header::new(name.clone(), value.clone()))
        });
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).unwrap();
        if let Some((at, bits)) = damage {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        let theirs = read_message_from(bytes.as_slice()).ok();
        let ours = super::Message::open(&bytes);
        // Of a frame longer than its own length theirs leaves the rest; the framing never hands over such a one.
        let whole = length(&bytes) == Some(bytes.len());
        prop_assert_eq!(ours.is_some(), theirs.is_some() && whole);
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours.payload, theirs.payload().as_ref());
            for header in theirs.headers() {
                let first = theirs.headers().iter().find(|h| h.name() == header.name()).unwrap();
                let text = first.value().as_string().ok().map(|value| value.as_str());
                prop_assert_eq!(ours.header(header.name().as_str()), text);
            }
        }
    }

    #[test]
    fn any_bytes_end_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..400), flip in 0usize..400) {
        decode(&[&body]);
        let mut damaged = answer();
        let place = flip % damaged.len();
        damaged[place] ^= body.first().copied().unwrap_or(1);
        decode(&[&damaged]);
    }
}
