//! What providers get wrong, through every pair of protocols: an answer arrives whole or says that it did not,
//! whatever was between.

use crate::bench::{Bench, chat, chat_events, data, gemini_events, messages, messages_events};
use parallax_suite::support::replay::{Answer, Route, Step};
use serde_json::{Value, json};
use std::time::Duration;

const TEXT: &str = "Hello wörld!";

/// A way to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Crlf,
    Comments,
    Splits,
    Bom,
    ManyDataLines,
    NoMark,
    BadLine,
    Extra,
    ErrorFirst,
    ErrorLater,
    Cut,
    Refused,
}

const FAULTS: &[Fault] = &[
    Fault::None,
    Fault::Crlf,
    Fault::Comments,
    Fault::Splits,
    Fault::Bom,
    Fault::ManyDataLines,
    Fault::NoMark,
    Fault::BadLine,
    Fault::Extra,
    Fault::ErrorFirst,
    Fault::ErrorLater,
    Fault::Cut,
    Fault::Refused,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upstream {
    Chat,
    Messages,
    Gemini,
}

impl Upstream {
    fn events(self) -> Vec<String> {
        let events = match self {
            Self::Chat => chat_events(),
            Self::Messages => messages_events(),
            Self::Gemini => gemini_events(),
        };
        events.into_iter().map(|event| event.replace("\r\n", "\n")).collect()
    }

    fn id(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Messages => "messages",
            Self::Gemini => "gemini",
        }
    }

    fn error(self) -> String {
        match self {
            Self::Chat => {
                let error =
                    json!({ "error": { "message": "No room.", "type": "server_error", "code": 503 } });
                format!("data: {error}\n\n")
            }
            Self::Messages => {
                let error = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "No room." } });
                format!("event: error\ndata: {error}\n\n")
            }
            Self::Gemini => {
                let error =
                    json!({ "error": { "code": 503, "message": "No room.", "status": "UNAVAILABLE" } });
                format!("data: {error}\n\n")
            }
        }
    }

    /// Where the first content stands.
    fn first(self) -> usize {
        match self {
            Self::Chat => 2,
            Self::Messages => 3,
            Self::Gemini => 1,
        }
    }

    fn answer(self, fault: Fault) -> Answer {
        let mut events = self.events();
        match fault {
            Fault::None => {}
            Fault::Crlf => events = events.iter().map(|event| event.replace('\n', "\r\n")).collect(),
            Fault::Comments => {
                events =
                    events.iter().flat_map(|event| [": keep-alive\n\n".to_owned(), event.clone()]).collect();
            }
            Fault::Splits => {
                let whole = Answer::event_stream(events.concat());
                return whole.cut(&[11], Duration::from_millis(1));
            }
            Fault::Bom => events.insert(0, "\u{feff}".to_owned()),
            // Broken between two fields, where JSON allows it.
            Fault::ManyDataLines => {
                events = events.iter().map(|event| event.replacen(",\"", ",\ndata: \"", 1)).collect();
            }
            Fault::NoMark => {
                if self == Self::Chat {
                    events.pop();
                }
            }
            Fault::BadLine => events.insert(self.first() + 1, "data: {\"choices\": [{\"del\n\n".to_owned()),
            Fault::Extra => {
                events = events
                    .iter()
                    .map(|event| event.replacen(": {", ": {\"x_new\":{\"a\":[1]},", 1))
                    .collect();
            }
            Fault::ErrorFirst => events = vec![self.error()],
            Fault::ErrorLater => {
                events.truncate(self.first() + 1);
                events.push(self.error());
            }
            Fault::Cut => {
                let bytes: usize = events.iter().take(self.first() + 2).map(String::len).sum();
                return Answer::event_stream(events.concat()).until(bytes + 9, Step::Close);
            }
            Fault::Refused => {
                let body = json!({ "error": { "message": "Slow down.", "type": "rate_limit_error" } });
                return Answer::json(429, &body).header("retry-after", "7");
            }
        }
        Answer::event_stream(events.concat())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Chat,
    Responses,
    Messages,
}

impl Client {
    fn request(self, model: &str) -> (&'static str, Value) {
        match self {
            Self::Chat => {
                let mut body = chat(model, true);
                body["stream_options"] = json!({ "include_usage": true });
                ("/v1/chat/completions", body)
            }
            Self::Responses => {
                ("/v1/responses", json!({ "model": model, "stream": true, "input": "Say hello." }))
            }
            Self::Messages => ("/v1/messages", messages(model, true)),
        }
    }

    fn text(self, events: &[Value]) -> String {
        let piece = |event: &Value| match self {
            Self::Chat => event["choices"][0]["delta"]["content"].as_str().map(str::to_owned),
            Self::Responses if event["type"] == "response.output_text.delta" => {
                event["delta"].as_str().map(str::to_owned)
            }
            Self::Responses => None,
            Self::Messages => event["delta"]["text"].as_str().map(str::to_owned),
        };
        events.iter().filter_map(piece).collect()
    }

    /// Does it read as an answer that is whole?
    fn finished(self, text: &str, events: &[Value]) -> bool {
        match self {
            Self::Chat => events.iter().any(|event| event["choices"][0]["finish_reason"] == "stop"),
            Self::Responses => events.iter().any(|event| event["type"] == "response.completed"),
            Self::Messages => text.contains("message_stop") || text.contains("end_turn"),
        }
    }

    fn told(self, events: &[Value]) -> bool {
        events.iter().any(|event| match self {
            Self::Chat => event["error"]["message"].is_string(),
            Self::Responses => event["type"] == "response.failed" || event["type"] == "error",
            Self::Messages => event["type"] == "error" && event["error"]["message"].is_string(),
        })
    }

    /// Tokens of prompt and answer, where its stream says them.
    fn usage(self, events: &[Value]) -> (Option<u64>, Option<u64>) {
        let last = |pointers: [&str; 2]| {
            let found =
                |pointer: &str| events.iter().rev().find_map(|event| event.pointer(pointer)?.as_u64());
            pointers.into_iter().find_map(found)
        };
        match self {
            Self::Chat => (last(["/usage/prompt_tokens", "/-"]), last(["/usage/completion_tokens", "/-"])),
            Self::Responses => {
                (last(["/response/usage/input_tokens", "/-"]), last(["/response/usage/output_tokens", "/-"]))
            }
            Self::Messages => (
                last(["/usage/input_tokens", "/message/usage/input_tokens"]),
                last(["/usage/output_tokens", "/-"]),
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_through_every_pair_of_protocols() {
    let mut wrong = Vec::new();
    let mut looked = 0;
    for upstream in [Upstream::Chat, Upstream::Messages, Upstream::Gemini] {
        for &fault in FAULTS {
            // A bench each, so that no endpoint is known to have failed before.
            let bench = Bench::new(vec![Route::answer(upstream.answer(fault))]).await;
            for client in [Client::Chat, Client::Responses, Client::Messages] {
                let (path, body) = client.request(&format!("m@{}", upstream.id()));
                let reply = bench.post(path, &body).await;
                looked += 1;
                let text = reply.text();
                let events = data(&text);
                let mut complain = |what: &str| {
                    wrong.push(format!(
                        "{client:?} → {upstream:?}, {fault:?}: {what} ({})\n{text}",
                        reply.status
                    ));
                };
                match fault {
                    Fault::Refused => {
                        if reply.status != 429 || reply.header("retry-after") != Some("7") {
                            complain("the refusal or its wait was lost");
                        }
                    }
                    Fault::ErrorFirst => {
                        if reply.status < 400 || !reply.json()["error"].is_object() {
                            complain("a failure was sent as an answer");
                        }
                    }
                    Fault::ErrorLater | Fault::Cut => {
                        if !client.told(&events) || client.finished(&text, &events) {
                            complain("an answer that broke off does not say so");
                        }
                        if !client.text(&events).starts_with("Hel") {
                            complain("what had come is gone");
                        }
                    }
                    _ => {
                        if reply.status != 200 || client.text(&events) != TEXT {
                            complain(&format!("the text is “{}”", client.text(&events)));
                        }
                        if !client.finished(&text, &events) || client.told(&events) {
                            complain("its end is not an end");
                        }
                        if client.usage(&events) != (Some(20), Some(5)) {
                            complain(&format!("usage is {:?}", client.usage(&events)));
                        }
                    }
                }
                if !reply.whole {
                    complain("the body has no end");
                }
            }
        }
    }
    assert_eq!(looked, 3 * 3 * FAULTS.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}
