//! What an answer cost, written into one that passes as it came: OpenRouter's clients are told it, and whoever asks
//! as they once did, by `usage: {"include": true}`.

use super::{splice::Splice, tap, write};
use crate::{json::Json, scan};
use domain::PicoUsd;

/// Writes the cost of a stream into its usage. It is known only when the answer is over, so the
/// event with the usage waits until then, and what stands behind it as well; everything before it goes on at once.
#[derive(Default)]
pub struct Costs {
    held: Vec<u8>,
}

impl Costs {
    /// Takes whole events; gives what can go on.
    pub fn pass(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        if self.held.is_empty() && !has_usage(&bytes) {
            return bytes;
        }
        let mut out = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (event, after) = rest.split_at(end_of_event(rest));
            rest = after;
            let data = tap::data(event);
            let json = Json::parse(&data).ok();
            let told = json.as_ref().is_some_and(|json| {
                let usage = json.get("usage").or_else(|| json.at("/response/usage"));
                usage.is_some_and(Json::is_object)
            });
            // Behind the usage stands the closing mark, or a comment; with anything else the answer goes on.
            let mark = json.as_ref().is_none_or(|json| json.text("type") == Some("message_stop"));
            let goes_on = !mark || self.held.is_empty();
            if told || goes_on {
                out.append(&mut self.held);
            }
            let to = if told || !goes_on { &mut self.held } else { &mut out };
            to.extend_from_slice(event);
        }
        out
    }

    /// The answer is over: the rest of it, with what it cost, if that is known.
    pub fn end(self, cost: Option<PicoUsd>) -> Vec<u8> {
        let Some(cost) = cost else { return self.held };
        let (event, rest) = self.held.split_at(end_of_event(&self.held));
        let Some(priced) = priced_event(event, cost) else { return self.held };
        [priced.as_slice(), rest].concat()
    }
}

/// The document with what it cost in its usage; as it is where it tells none.
pub fn with_cost(document: &[u8], cost: PicoUsd) -> Vec<u8> {
    let text = std::str::from_utf8(document).ok();
    text.and_then(|text| priced(text, cost)).unwrap_or_else(|| document.to_vec())
}

fn has_usage(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|piece| piece == b"\"usage\"")
}

/// The place behind the first blank line; the end, where there is none.
fn end_of_event(bytes: &[u8]) -> usize {
    let mut line = 0;
    let mut seen = 0;
    while let Some(step) = scan::find(&bytes[seen..], b'\n', b'\r') {
        let at = seen + step;
        let end = if bytes[at..].starts_with(b"\r\n") { at + 2 } else { at + 1 };
        if at == line {
            return end;
        }
        (line, seen) = (end, end);
    }
    bytes.len()
}

/// An event whose data is one line, with the cost in its usage.
fn priced_event(event: &[u8], cost: PicoUsd) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(event).ok()?;
    let start = text.find("data:")? + "data:".len();
    let end = text[start..].find(['\n', '\r']).map_or(text.len(), |end| start + end);
    let data = priced(text[start..end].trim(), cost)?;
    Some([&event[..start], b" ".as_slice(), &data, &event[end..]].concat())
}

fn priced(text: &str, cost: PicoUsd) -> Option<Vec<u8>> {
    let mut all = Splice::new(text.trim_start_matches('\u{FEFF}')).ok()?;
    let object = |key: &str| all.value(key).filter(|value| value.starts_with('{'));
    if let Some(usage) = object("usage") {
        let mut usage = Splice::new(usage).ok()?;
        usage.set("cost", &write::dollars(cost).to_string());
        all.set("usage", &String::from_utf8(usage.finish()).ok()?);
    } else {
        // The last event of the Responses protocol has the whole response in it.
        let response = priced(object("response")?, cost)?;
        all.set("response", &String::from_utf8(response).ok()?);
    }
    Some(all.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const COST: PicoUsd = PicoUsd::new(1_250_000_000);

    fn event(data: &str) -> String {
        format!("data: {data}\n\n")
    }

    /// What goes on before the end, and the rest.
    fn passed(events: &[String], cost: Option<PicoUsd>) -> (String, String) {
        let mut costs = Costs::default();
        let mut out = Vec::new();
        for event in events {
            out.extend(costs.pass(event.clone().into_bytes()));
        }
        (String::from_utf8(out).unwrap(), String::from_utf8(costs.end(cost)).unwrap())
    }

    #[test]
    fn the_cost_stands_in_the_usage_and_nothing_else_changes() {
        let text = event(r#"{"choices":[{"delta":{"content":"Hi"}}],"usage":null}"#);
        let usage = r#"{"choices":[], "usage":{"prompt_tokens": 2,"cost":9},"x":1e400}"#;
        let done = event("[DONE]");
        let events = [text.clone(), event(usage), ": ping\n\n".to_owned(), done.clone()];
        let together = [events.concat()];
        for events in [events.as_slice(), together.as_slice()] {
            let (before, rest) = passed(events, Some(COST));
            assert_eq!(before, text, "words wait for nothing");
            let priced = event(&usage.replace(":9", ":0.00125"));
            assert_eq!(rest, format!("{priced}: ping\n\n{done}"));
            let (before, rest) = passed(events, None);
            assert_eq!(before + &rest, events.concat(), "an unknown cost is left out");
        }
    }

    #[test]
    fn usage_that_grows_with_the_answer_holds_no_word_back() {
        let chunk = |word: &str| event(&format!(r#"{{"choices":[{{"w":"{word}"}}],"usage":{{"n":1}}}}"#));
        let events = ["a", "b", "c"].map(chunk);
        let (before, rest) = passed(&events, Some(COST));
        assert_eq!(before, events[..2].concat());
        assert_eq!(rest, events[2].replace("\"n\":1", "\"cost\":0.00125,\"n\":1"));
        let plain = event(r#"{"choices":[{"w":"d"}]}"#);
        let (before, rest) = passed(&[events[0].clone(), plain.clone()], Some(COST));
        assert_eq!((before, rest.as_str()), (events[0].clone() + &plain, ""));
    }

    #[test]
    fn the_last_events_of_responses_and_messages_tell_the_cost() {
        let begun = event(r#"{"type":"response.created","response":{"usage":null}}"#);
        let completed = event(r#"{"type":"response.completed","response":{"id":"r","usage":{"n":1}}}"#);
        let (before, rest) = passed(&[begun.clone(), completed.clone()], Some(COST));
        assert_eq!((before, rest), (begun, completed.replace("{\"n\"", "{\"cost\":0.00125,\"n\"")));
        let start = event(r#"{"type":"message_start","message":{"usage":{"n":1}}}"#);
        let delta = event(r#"{"type":"message_delta","delta":{},"usage":{"n":1}}"#);
        let stop = event(r#"{"type":"message_stop"}"#);
        let (before, rest) = passed(&[start.clone(), delta.clone(), stop.clone()], Some(COST));
        assert_eq!((before, rest), (start, delta.replace("{\"n\"", "{\"cost\":0.00125,\"n\"") + &stop));
    }

    #[test]
    fn a_document_has_its_cost_or_stays_as_it_is() {
        let document = r#"{ "usage" : {"prompt_tokens":1} , "n":1.0 }"#;
        let priced = String::from_utf8(with_cost(document.as_bytes(), COST)).unwrap();
        assert_eq!(priced, r#"{ "usage" : {"cost":0.00125,"prompt_tokens":1} , "n":1.0 }"#);
        for other in ["{\"usage\":null}", "[]", "{\"n\":1}", "\u{0}"] {
            assert_eq!(with_cost(other.as_bytes(), COST), other.as_bytes());
        }
    }
}
