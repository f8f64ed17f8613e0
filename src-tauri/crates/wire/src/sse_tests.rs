use super::*;
use proptest::prelude::*;

type Seen = Vec<(String, String)>;

fn read(pieces: &[&[u8]]) -> Seen {
    let mut sse = Sse::default();
    let mut seen = Vec::new();
    let mut f = |e: SseEvent<'_>| seen.push((e.event.to_owned(), e.data.to_owned()));
    for piece in pieces {
        sse.push(piece, &mut f).unwrap();
    }
    sse.finish(&mut f).unwrap();
    seen
}

fn pair(event: &str, data: &str) -> (String, String) {
    (event.into(), data.into())
}

#[test]
fn every_line_end_alone_and_mixed() {
    for body in [
        "data: a\n\ndata: b\n\n",
        "data: a\r\rdata: b\r\r",
        "data: a\r\n\r\ndata: b\r\n\r\n",
        "data: a\n\r\ndata: b\r\n\n",
        "data: a\r\r\ndata: b\n\r",
    ] {
        assert_eq!(read(&[body.as_bytes()]), [pair("", "a"), pair("", "b")], "{body:?}");
    }
}

#[test]
fn comments_space_names_and_multi_line_data() {
    let body = ": OPENROUTER PROCESSING\n\nevent:ping\ndata:{}\n\ndata:  two spaces\ndata\ndata: c\nid: 1\nretry: 5\n\n";
    assert_eq!(read(&[body.as_bytes()]), [pair("ping", "{}"), pair("", " two spaces\n\nc")]);
}

#[test]
fn byte_order_mark_is_dropped_once() {
    assert_eq!(read(&[b"\xEF\xBB\xBFdata: a\n\n"]), [pair("", "a")]);
    assert_eq!(read(&[b"\xEF", b"\xBB", b"\xBFdata: a\n\n"]), [pair("", "a")]);
}

#[test]
fn last_event_without_blank_line_is_given_and_marked_cut() {
    let mut sse = Sse::default();
    let mut cuts = Vec::new();
    let mut f = |e: SseEvent<'_>| cuts.push((e.data.to_owned(), e.cut, e.at));
    sse.push(b"data: a\n\n: c\n\ndata: b", &mut f).unwrap();
    sse.finish(&mut f).unwrap();
    assert_eq!(cuts, [("a".to_owned(), false, 0), ("b".to_owned(), true, 14)]);
}

#[test]
fn a_field_named_error_is_an_error_event() {
    assert_eq!(read(&[b"error: {\"code\":500}\n\n"]), [pair("error", "{\"code\":500}")]);
}

#[test]
fn invalid_utf8_is_replaced_and_split_characters_are_joined() {
    assert_eq!(read(&[b"data: \xFF\n\n"]), [pair("", "\u{FFFD}")]);
    assert_eq!(read(&[b"data: \xF0\x9F", b"\x98\x80\n\n"]), [pair("", "😀")]);
}

#[test]
fn caps_end_the_stream_and_free_the_memory() {
    let mut sse = Sse::default();
    let piece = vec![b'a'; 1 << 20];
    let mut failed = None;
    for _ in 0..40 {
        if let Err(e) = sse.push(&piece, &mut |_| {}) {
            failed = Some(e);
        }
        assert!(sse.line.capacity() <= 2 * MAX_LINE);
    }
    assert_eq!(failed.unwrap().why, "a line is longer than 16 MiB");
    assert_eq!(sse.line.capacity(), 0);

    let mut sse = Sse::default();
    let mut line = b"data: ".to_vec();
    line.extend_from_slice(&piece);
    line.push(b'\n');
    let ended = (0..40).find_map(|_| sse.push(&line, &mut |_| {}).err());
    assert_eq!(ended.unwrap().why, "an event is longer than 16 MiB");
}

#[test]
fn lines_that_are_no_field_are_counted() {
    let mut sse = Sse::default();
    sse.push(b"<html>\n<body>\n\n", &mut |_| {}).unwrap();
    assert_eq!(sse.strange(), 2);
}

proptest! {
    #[test]
    fn any_bytes_cut_anywhere_give_the_same_events(
        body in proptest::collection::vec(
            prop_oneof![
                Just(b"data: ".to_vec()), Just(b"\n".to_vec()), Just(b"\r".to_vec()), Just(b"\r\n".to_vec()),
                Just(b"event: x".to_vec()), Just(b": c".to_vec()), Just("é😀".as_bytes().to_vec()),
                Just(b"\xEF\xBB\xBF".to_vec()), proptest::collection::vec(any::<u8>(), 0..6),
            ], 0..40),
        cuts in proptest::collection::vec(1usize..7, 0..60),
    ) {
        let body = body.concat();
        let whole = read(&[&body]);
        let mut pieces = Vec::new();
        let mut rest = &body[..];
        let mut cuts = cuts.into_iter();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(read(&pieces), whole);
    }
}
