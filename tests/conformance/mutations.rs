//! Broken bytes of every sort, made from the recordings: nothing panics, nothing grows without bound,
//! and what comes out still keeps every invariant.

use crate::{answer::Answer, dice::Dice, recording::Recording};
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::Message;
use domain::{BlockKind, Headers, Quirks, StreamEvent};
use wire::{DIALECTS, Decoder, Ending, Framing};

const FRAMINGS: [Framing; 4] = [Framing::Sse, Framing::Json, Framing::Ndjson, Framing::AwsEventStream];
/// What parsers trip over.
const THORNS: [&[u8]; 20] = [
    b"\n\n",
    b"\r",
    b"data: ",
    b"event: error\n",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\0",
    b"null",
    b"{}",
    b"[]",
    b"-1",
    b"1e400",
    b"\"\\ud800\"",
    b"18446744073709551616",
    b"[DONE]",
    b"\"index\":-1",
    b"\"index\":4294967296",
    b"NaN",
    b"{\"error\":",
    b"[[[[[[[[[[[[[[[[",
];

fn mutate(body: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.below(6) {
        let at = dice.below(body.len() + 1);
        let end = (at + dice.below(200)).min(body.len());
        match dice.below(7) {
            0 if at < body.len() => body[at] ^= 1 << dice.below(8),
            1 => drop(body.drain(at..end)),
            2 => {
                let piece = body[at..end].to_vec();
                body.splice(at..at, piece);
            }
            3 => body.truncate(at),
            4 => {
                let from = dice.below(other.len());
                let to = (from + dice.below(400)).min(other.len());
                body.splice(at..end, other[from..to].iter().copied());
            }
            5 => {
                // Another number, where numbers decide about money.
                let digit = body.iter().skip(at).position(u8::is_ascii_digit);
                if let Some(place) = digit.map(|d| at + d) {
                    body.splice(place..=place, THORNS[dice.below(THORNS.len())].iter().copied());
                }
            }
            _ => drop(body.splice(at..at, THORNS[dice.below(THORNS.len())].iter().copied())),
        }
    }
}

/// Binary frames with broken payloads, and checksums that are right again: else nothing behind the checksum would
/// ever see them.
fn reseal(body: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let mut rest = body.as_slice();
    let mut sealed = Vec::new();
    while !rest.is_empty() {
        let Ok(message) = read_message_from(&mut rest) else { break };
        let mut payload = message.payload().to_vec();
        if dice.below(4) == 0 {
            mutate(&mut payload, other, dice);
        }
        let message = Message::new_from_parts(message.headers().to_vec(), payload);
        for _ in 0..[1, 1, 1, 1, 1, 1, 0, 2][dice.below(8)] {
            write_message_to(&message, &mut sealed).unwrap();
        }
    }
    *body = sealed;
}

/// Bytes an event holds, roughly.
fn weight(event: &StreamEvent) -> usize {
    match event {
        StreamEvent::BlockDelta { text, .. } => text.len(),
        StreamEvent::BlockClose { signature, .. } => signature.as_ref().map_or(0, String::len),
        StreamEvent::BlockOpen { kind, .. } => match kind {
            BlockKind::Citation { url, title } => {
                url.as_ref().map_or(0, String::len) + title.as_ref().map_or(0, String::len)
            }
            _ => 0,
        },
        StreamEvent::Started { .. }
        | StreamEvent::Usage(_)
        | StreamEvent::Finish { .. }
        | StreamEvent::Notice { .. }
        | StreamEvent::Unknown { .. } => 0,
    }
}

/// One body, broken, and read in two ways of cutting it. Gives the dialect and the framing that read it.
pub(crate) fn round(round: usize, recordings: &[Recording], dice: &mut Dice) -> (&'static str, &'static str) {
    let recording = &recordings[dice.below(recordings.len())];
    let other = &recordings[dice.below(recordings.len())].body;
    let mut body = recording.body.clone();
    body.truncate(20_000);
    if recording.framing == "aws-eventstream" && dice.below(2) == 0 {
        reseal(&mut body, other, dice);
    } else {
        mutate(&mut body, other, dice);
    }
    // Now and then a dialect reads what was meant for another.
    let dialect = match dice.below(8) {
        0 => DIALECTS[dice.below(DIALECTS.len())],
        _ => recording.dialect(),
    };
    let framing = match dice.below(4) {
        0 => Some(FRAMINGS[dice.below(4)]),
        _ => None,
    };
    let decoder = || match framing {
        Some(framing) => dialect.decoder(framing, &Quirks::default()),
        None => wire::decoder_for(dialect, recording.headers.get("content-type"), &Quirks::default()),
    };
    let name = format!("round {round}: {} as {}", recording.name, dialect.id());
    let events = read(decoder(), &body, dice, 3_000);
    Answer::check(&events.0, &name);
    let held: usize = events.0.iter().map(weight).sum();
    assert!(held <= 4 * body.len() + 4_096, "{name}: {held} bytes out of {}", body.len());
    let finely = 1 + dice.below(40);
    let again = read(decoder(), &body, dice, finely);
    assert_eq!(again.1, events.1, "{name}: another ending when cut otherwise");
    let first = again.0.iter().zip(&events.0).find(|(one, other)| one != other);
    assert!(
        first.is_none() && again.0.len() == events.0.len(),
        "{name}: other events when cut otherwise, first {first:?}"
    );
    let statuses = [400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 529];
    let failure = dialect.failure(statuses[dice.below(12)], &Headers::default(), &body);
    assert!(failure.message.len() > 15 && failure.message.len() < 2_500, "{name}: {}", failure.message);
    let _ = dialect.models(&body);
    let _ = dialect.described(&body, wire::ListedModel::default());
    let framing = framing.or_else(|| recording.headers.get("content-type").and_then(wire::framing_of));
    let framing = match framing {
        None | Some(Framing::Sse) => "event stream",
        Some(Framing::Json) => "JSON",
        Some(Framing::Ndjson) => "lines of JSON",
        Some(Framing::AwsEventStream) => "binary frames",
    };
    (dialect.id(), framing)
}

/// Everything that comes of a body given in pieces of up to `most` bytes.
fn read(
    mut decoder: Box<dyn Decoder>,
    body: &[u8],
    dice: &mut Dice,
    most: usize,
) -> (Vec<StreamEvent>, Ending) {
    let mut events = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + dice.below(most)).min(rest.len()));
        decoder.push(piece, &mut events);
        rest = after;
    }
    let ending = decoder.finish(&mut events);
    (events, ending)
}
