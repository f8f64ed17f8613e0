//! The faults, what each does to an answer on its way, and what must be left of it.

use crate::script::{Counts, Event, Packing, Script};
use domain::ErrorKind;
use parallax_suite::support::replay::{Answer, Step};
use std::time::Duration;

/// What a fault makes of an answer; `None` where the packing has no such thing.
pub(crate) type Fault = fn(&Script) -> Option<Case>;

/// One cell: what the provider sends, and what must come of it.
pub(crate) struct Case {
    /// Answers to the first request, the second, …
    pub(crate) answers: Vec<Answer>,
    /// How the run ends; `None` is whole.
    pub(crate) kind: Option<ErrorKind>,
    /// Words that must be kept.
    pub(crate) words: usize,
    pub(crate) counts: Counts,
    /// One unreadable event is told.
    pub(crate) skipped: bool,
    /// The provider refused with a status: nothing was generated, and that is known.
    pub(crate) refused: bool,
    pub(crate) retry_after: Option<u64>,
}

/// Name and fault, in the order of the table.
pub(crate) const FAULTS: &[(&str, Fault)] = &[
    ("plain", |script| Some(whole(script, script.packed(&script.events())))),
    ("line ends CRLF", |script| lines(script, |text| text.replace('\n', "\r\n"))),
    ("line ends CR", |script| stream(script, |text| text.replace('\n', "\r"))),
    ("comments, blank lines", comments),
    ("one byte a packet", |script| {
        let answer = sent(script, script.packed(&script.events())).cut(&[1], Duration::ZERO);
        Some(Case { answers: vec![answer], ..whole(script, Vec::new()) })
    }),
    ("byte order mark", |script| lines(script, |text| format!("\u{FEFF}{text}"))),
    ("data over several lines", |script| {
        let spread =
            |event: &Event| Event { data: event.data.replace(",\"", ",\ndata: \""), ..event.clone() };
        let events: Vec<Event> = script.events().iter().map(spread).collect();
        (script.packing == Packing::Sse).then(|| whole(script, script.packed(&events)))
    }),
    ("no line end at the end", |script| lines(script, |text| text.trim_end().to_owned())),
    ("wrong label", |script| {
        let label = if script.packing == Packing::Sse { "application/json" } else { "text/event-stream" };
        let answer = Answer::status(200).header("content-type", label).send(script.packed(&script.events()));
        (script.packing != Packing::Frames)
            .then(|| Case { answers: vec![answer], ..whole(script, Vec::new()) })
    }),
    ("missing end mark", missing_mark),
    ("one bad event", bad_event),
    ("unknown fields and events", unknown),
    ("200 with an error first", |script| {
        let body = script.pack(&script.error);
        Some(failing(script, sent(script, body), 0, script.by_error.1, ErrorKind::LimitRate))
    }),
    ("200 with an error as JSON", |script| {
        let answer = Answer::json(200, &script.refusal);
        Some(failing(script, answer, 0, Counts::default(), ErrorKind::LimitRate))
    }),
    ("error in the middle", |script| {
        let mut body = begun(script);
        body.extend(script.pack(&script.error));
        Some(failing(script, sent(script, body), 3, script.by_error.0, ErrorKind::LimitRate))
    }),
    ("ends early", |script| {
        let answer = sent(script, begun(script));
        Some(failing(script, answer, 3, script.early, ErrorKind::StreamTruncated))
    }),
    ("connection closed inside an event", |script| Some(broken(script, Step::Close))),
    ("connection reset inside an event", |script| Some(broken(script, Step::Reset))),
    ("closed behind the end mark", |script| {
        let mut case = whole(script, Vec::new());
        case.answers = vec![sent(script, script.packed(&script.events())).step(Step::Close)];
        Some(case)
    }),
    ("damaged frame", damaged),
    ("429 with Retry-After", |script| {
        let answer = Answer::json(429, &script.refusal).header("retry-after", "30");
        let case = failing(script, answer, 0, Counts::default(), ErrorKind::LimitRate);
        Some(Case { refused: true, retry_after: Some(30_000), ..case })
    }),
    ("429, asked again when told", |script| {
        let refusal = Answer::json(429, &script.refusal).header("retry-after", "1");
        let mut case = whole(script, script.packed(&script.events()));
        case.answers.insert(0, refusal);
        Some(case)
    }),
];

fn sent(script: &Script, body: Vec<u8>) -> Answer {
    Answer::status(200).header("content-type", script.content_type()).send(body)
}

fn whole(script: &Script, body: Vec<u8>) -> Case {
    Case {
        answers: vec![sent(script, body)],
        kind: None,
        words: script.words.len(),
        counts: script.counts,
        skipped: false,
        refused: false,
        retry_after: None,
    }
}

fn failing(script: &Script, answer: Answer, words: usize, counts: Counts, kind: ErrorKind) -> Case {
    Case { answers: vec![answer], kind: Some(kind), words, counts, ..whole(script, Vec::new()) }
}

/// Everything up to the third word.
fn begun(script: &Script) -> Vec<u8> {
    let mut body = script.packed(&script.head);
    body.extend(script.packed(&script.words[..3]));
    body
}

/// The body of a packing made of text, changed.
fn lines(script: &Script, change: impl Fn(&str) -> String) -> Option<Case> {
    let text = String::from_utf8(script.packed(&script.events())).ok();
    let text = text.filter(|_| script.packing != Packing::Frames)?;
    Some(whole(script, change(&text).into_bytes()))
}

fn stream(script: &Script, change: impl Fn(&str) -> String) -> Option<Case> {
    (script.packing == Packing::Sse).then(|| lines(script, change))?
}

fn comments(script: &Script) -> Option<Case> {
    let noise: &[u8] = match script.packing {
        Packing::Sse => b": OPENROUTER PROCESSING\n\n:\n: ping\n",
        Packing::Lines => b"\n \r\n",
        Packing::Frames => return None,
    };
    let mut body = noise.to_vec();
    for event in script.events() {
        body.extend(script.pack(&event));
        body.extend_from_slice(noise);
    }
    Some(whole(script, body))
}

fn missing_mark(script: &Script) -> Option<Case> {
    let events =
        [&script.head, &script.words, &script.end, &script.after].map(|events| script.packed(events));
    let counts = if script.after.is_empty() { script.before_mark } else { script.counts };
    let case = whole(script, events.concat());
    let kind = (!script.whole_without_mark).then_some(ErrorKind::StreamTruncated);
    Some(Case { kind, counts, ..case })
}

fn bad_event(script: &Script) -> Option<Case> {
    let bad = Event { name: script.words[0].name, data: "{\"broken\":".into(), exception: false };
    let mut events = script.events();
    events.insert(script.head.len() + 2, bad);
    Some(Case { skipped: true, ..whole(script, script.packed(&events)) })
}

fn unknown(script: &Script) -> Option<Case> {
    let fields = r#"{"x_new":{"a":[1,null,{}]},"obfuscation":"zz","#;
    let grown = |event: &Event| Event {
        data: match event.data.strip_prefix('{') {
            Some("}") | None => event.data.clone(),
            Some(rest) => format!("{fields}{rest}"),
        },
        ..event.clone()
    };
    let mut events: Vec<Event> = script.events().iter().map(grown).collect();
    let news = Event { name: "xNew", data: r#"{"type":"x.new","object":"x.new"}"#.into(), exception: false };
    events.insert(script.head.len() + 1, news);
    Some(whole(script, script.packed(&events)))
}

fn broken(script: &Script, step: Step) -> Case {
    let mut body = begun(script);
    let fourth = script.pack(&script.words[3]);
    body.extend_from_slice(&fourth[..fourth.len() / 2]);
    failing(script, sent(script, body).step(step), 3, script.early, ErrorKind::StreamTruncated)
}

/// A bit of the fourth word's payload is wrong, which only framing with checksums can tell.
fn damaged(script: &Script) -> Option<Case> {
    if script.packing != Packing::Frames {
        return None;
    }
    let mut body = begun(script);
    let inside = body.len() + script.pack(&script.words[3]).len() - 12;
    body.extend(script.pack(&script.words[3]));
    body[inside] ^= 1;
    Some(failing(script, sent(script, body), 3, script.early, ErrorKind::StreamMalformed))
}
