//! Every recording of a built-in dialect is read as its `expect` says, however its bytes are cut.
//!
//! `PARALLAX_PROVE=1` tries every place to cut and a hundred times the mutations.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and tell what they skip"
)]

#[path = "conformance/answer.rs"]
mod answer;
#[path = "conformance/compare.rs"]
mod compare;
#[path = "conformance/dice.rs"]
mod dice;
#[path = "conformance/errors.rs"]
mod errors;
#[path = "conformance/faults.rs"]
mod faults;
#[path = "conformance/mutations.rs"]
mod mutations;
#[path = "conformance/recording.rs"]
mod recording;
#[path = "conformance/requests.rs"]
mod requests;

#[path = "conformance/serve.rs"]
mod serve;
#[path = "conformance/whole.rs"]
mod whole;

use answer::{Answer, decode, decode_at};
use dice::Dice;
use recording::Recording;
use std::collections::BTreeMap;

/// The long proof was asked for.
#[expect(clippy::disallowed_methods, reason = "how a test is told to be thorough; nothing else reads it")]
fn prove() -> bool {
    std::env::var("PARALLAX_PROVE").is_ok_and(|v| v == "1")
}

/// Recordings of built-in dialects, in framings their decoder takes; the rest is counted and told.
fn recordings() -> Vec<Recording> {
    let mut skipped: BTreeMap<String, u32> = BTreeMap::new();
    let (kept, rest): (Vec<_>, Vec<_>) = recording::all().into_iter().partition(Recording::is_built);
    for recording in rest {
        *skipped.entry(format!("{} in {}", recording.wire, recording.framing)).or_default() += 1;
    }
    for (what, count) in skipped {
        println!("skipped {count} recordings of {what}: not built in");
    }
    assert!(kept.len() >= 75, "only {} recordings found", kept.len());
    kept
}

#[test]
fn every_recording_is_read_as_expected() {
    let mut wrong = Vec::new();
    let (mut asserted, mut unsure) = (0, 0);
    for recording in recordings() {
        let complaints = compare::complaints(&recording);
        if recording.is_sure() {
            asserted += 1;
            wrong.extend(complaints.into_iter().map(|c| format!("{}: {c}", recording.name)));
        } else {
            unsure += 1;
        }
    }
    println!("{asserted} recordings compared, {unsure} decoded but unsure");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn answers_keep_their_invariants() {
    for recording in recordings().iter().filter(|r| r.status < 400) {
        Answer::check(&decode(recording, &recording.body, usize::MAX).0, &recording.name);
    }
}

#[test]
fn the_same_events_come_byte_by_byte() {
    for recording in recordings().iter().filter(|r| r.status < 400) {
        let whole = decode(recording, &recording.body, usize::MAX);
        for step in [1, 3, 11, 64] {
            assert!(decode(recording, &recording.body, step) == whole, "{} by {step}", recording.name);
        }
    }
}

#[test]
fn the_same_events_come_from_any_two_pieces() {
    let mut dice = Dice(0x5EED);
    for recording in recordings().iter().filter(|r| r.status < 400) {
        let body = &recording.body;
        let whole = decode(recording, body, usize::MAX);
        let most = if prove() { 8_192 } else { 24 };
        let places: Vec<usize> = if body.len() <= most {
            (0..=body.len()).collect()
        } else {
            (0..most).map(|_| dice.below(body.len())).collect()
        };
        for place in places {
            assert!(decode_at(recording, body, place) == whole, "{} cut at {place}", recording.name);
        }
    }
}

/// Whatever is cut off at the end, what was said before stays and nothing is called whole that is not.
#[test]
fn a_cut_answer_is_never_called_whole() {
    let mut dice = Dice(7);
    for recording in recordings().iter().filter(|r| r.status < 400 && r.outcome == "ok" && r.is_sure()) {
        let (events, _) = decode(recording, &recording.body, usize::MAX);
        let whole = Answer::of(&events, &wire::Ending::Complete);
        for _ in 0..if prove() { 400 } else { 12 } {
            let end = dice.below(recording.body.len());
            let (events, ending) = decode(recording, &recording.body[..end], usize::MAX);
            let part = Answer::of(&events, &ending);
            Answer::check(&events, &recording.name);
            assert!(whole.text.starts_with(&part.text), "{} cut at {end}", recording.name);
            if ending == wire::Ending::Complete {
                assert_eq!(part.text, whole.text, "{} cut at {end} and called whole", recording.name);
                assert_eq!(part.tools, whole.tools, "{} cut at {end} and called whole", recording.name);
            }
        }
    }
}

/// `cargo xtask prove fuzz` goes on for as long as it is told.
#[test]
fn broken_bytes_never_panic_and_never_grow() {
    let recordings = recordings();
    let mut dice = Dice(0x00C0_FFEE);
    for round in 0..if prove() { 300_000 } else { 3_000 } {
        mutations::round(round, &recordings, &mut dice);
    }
}
