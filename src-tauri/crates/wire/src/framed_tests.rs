use super::*;
use crate::json::Json;

/// Reports each document as a notice and is complete once a document says `"end":true`.
#[derive(Default)]
struct Echo {
    ended: bool,
}

impl Protocol for Echo {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        self.ended |= doc.json.get("end").is_some_and(Json::is_true);
        let detail = format!("{}|{}", doc.name, doc.json.to_text());
        out.push(StreamEvent::Notice { kind: NoticeKind::Provider, detail: detail.into() });
    }
    fn done(&mut self) {
        self.ended = true;
    }
    fn finish(&mut self, _: &mut Vec<StreamEvent>) -> Ending {
        if self.ended { Ending::Complete } else { Ending::Truncated }
    }
}

fn read(hint: Framing, body: &[u8], step: usize) -> (Vec<String>, Ending) {
    let mut decoder = Box::new(Framed::new(hint, Echo::default()));
    let mut out = Vec::new();
    for piece in body.chunks(step) {
        decoder.push(piece, &mut out);
    }
    let ending = decoder.finish(&mut out);
    let seen = out
        .into_iter()
        .map(|event| match event {
            StreamEvent::Notice { kind: NoticeKind::Provider, detail } => detail.into_text(),
            StreamEvent::Notice { detail, .. } => format!("!{}", &*detail),
            other => format!("{other:?}"),
        })
        .collect();
    (seen, ending)
}

const ALL: [Framing; 3] = [Framing::Sse, Framing::Json, Framing::Ndjson];

#[test]
fn the_first_byte_decides_whatever_the_label_says() {
    for hint in ALL {
        for step in [1, 2, 7, 1000] {
            let (seen, ending) = read(hint, b"event: a\r\ndata: {\"x\":1}\r\n\r\ndata: [DONE]\n\n", step);
            assert_eq!((seen, ending), (vec!["a|{\"x\":1}".to_owned()], Ending::Complete), "{hint:?}");
            let (seen, ending) = read(hint, b"\n\n\xEF\xBB\xBF {\n \"end\" :\n true }\n", step);
            assert_eq!((seen, ending), (vec!["|{\"end\":true}".to_owned()], Ending::Complete), "{hint:?}");
            let (seen, _) = read(hint, b"{\"a\":1}\n{\"a\":2}\n\n{\"end\":true}", step);
            assert_eq!(seen, ["|{\"a\":1}", "|{\"a\":2}", "|{\"end\":true}"], "{hint:?}");
            let (seen, _) = read(hint, b"[{\"a\":1},\n{\"a\":2}]", step);
            assert_eq!(seen, ["|{\"a\":1}", "|{\"a\":2}"], "{hint:?}");
        }
    }
}

#[test]
fn one_bad_event_is_skipped_and_told() {
    for (hint, body) in [
        (Framing::Sse, "data: {\"a\":1}\n\ndata: {\"a\":\n\ndata: {\"end\":true}\n\n"),
        (Framing::Ndjson, "{\"a\":1}\n{\"a\":\n{\"end\":true}\n"),
    ] {
        let (seen, ending) = read(hint, body.as_bytes(), 3);
        assert_eq!(ending, Ending::Complete);
        assert_eq!(seen.len(), 3);
        assert!(seen[1].starts_with("!Skipped an unreadable event at byte"), "{seen:?}");
    }
}

/// As servers and recorders send them that know no blank lines.
#[test]
fn events_without_blank_lines_between_are_told_apart() {
    let body =
        "data: {\"a\":1}\ndata: {\"a\":2}\n\ndata: {\"a\":3}\nevent: x\ndata: {\"end\":true}\ndata: [DONE]\n";
    for step in [1, 5, 1000] {
        let (seen, ending) = read(Framing::Sse, body.as_bytes(), step);
        assert_eq!(seen, ["|{\"a\":1}", "|{\"a\":2}", "|{\"a\":3}", "|{\"end\":true}"], "{step}");
        assert_eq!(ending, Ending::Complete);
    }
    let (seen, ending) = read(Framing::Sse, b"data: {\"a\":1}\ndata: {\"a\":", 3);
    assert_eq!((seen, ending), (vec!["|{\"a\":1}".to_owned()], Ending::Truncated), "what came whole stays");
    let (seen, _) = read(Framing::Sse, b"data: {\"a\":1}\ndata: oops\ndata: {\"a\":2}\n\n", 3);
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen[1].starts_with("!Skipped an unreadable event"), "{seen:?}");
    // One document over several lines is one document still.
    let (seen, _) = read(Framing::Sse, b"data: {\ndata: \"a\":1}\n\n", 3);
    assert_eq!(seen, ["|{\"a\":1}"]);
}

#[test]
fn garbage_is_malformed_and_a_cut_is_truncated() {
    for garbage in ["<html><body>503</body></html>\n", "data: nonsense\n\ndata: more\n\n", "{oops}"] {
        let (_, ending) = read(Framing::Sse, garbage.as_bytes(), 5);
        assert!(matches!(ending, Ending::Malformed { .. }), "{garbage}: {ending:?}");
    }
    for cut in [
        "",
        "\n\n",
        ": comment\n\n",
        "data: {\"a\":",
        "data: {\"a\":1}\n\ndata: {\"a",
        "{\"a\":1",
        "[{\"a\":1},",
    ] {
        let (_, ending) = read(Framing::Sse, cut.as_bytes(), 5);
        assert_eq!(ending, Ending::Truncated, "{cut}");
    }
}

#[test]
fn nothing_after_done_is_read() {
    let (seen, ending) = read(Framing::Sse, b"data: {}\n\ndata: [DONE]\n\ndata: {\"late\":1}\n\njunk", 4);
    assert_eq!((seen, ending), (vec!["|{}".to_owned()], Ending::Complete));
}

#[test]
fn an_error_event_without_json_keeps_its_words() {
    let (seen, _) = read(Framing::Sse, b"event: error\ndata: upstream went away\n\n", 4);
    assert_eq!(seen, ["error|\"upstream went away\""]);
}

#[test]
fn an_error_behind_events_that_run_together_takes_none_of_them_with_it() {
    let body = b"event: said\ndata: {\"a\":1}\nevent: error\ndata: {\"b\":2}\n\n";
    let (seen, _) = read(Framing::Sse, body, 7);
    assert_eq!(seen, ["|{\"a\":1}", "error|{\"b\":2}"]);
    // Words in several lines are no documents, whatever they begin with.
    let (seen, _) = read(Framing::Sse, b"event: error\ndata: 500\ndata: upstream died\n\n", 7);
    assert_eq!(seen, ["error|\"500\\nupstream died\""]);
}

#[test]
fn endless_bodies_are_dropped_not_kept() {
    let mut decoder = Box::new(Framed::new(Framing::Json, Echo::default()));
    let mut out = Vec::new();
    decoder.push(b"{\"a\":\"", &mut out);
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        decoder.push(&piece, &mut out);
    }
    assert!(matches!(
        decoder.finish(&mut out),
        Ending::Malformed { why: "the body is longer than 32 MiB", .. }
    ));
}

#[test]
fn a_flood_of_bad_events_is_counted_not_listed() {
    let body = "data: x\n\n".repeat(1000);
    let (seen, _) = read(Framing::Sse, body.as_bytes(), 4096);
    assert_eq!(seen.len(), 17);
    assert_eq!(seen[16], "!Skipped 1000 unreadable events in all.");
}
