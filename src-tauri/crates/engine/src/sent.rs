//! What a request looked like, for the receipt of an answer: taken down before it leaves, with the long
//! texts of the conversation left out, and put together again when somebody asks.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{AttemptId, Call, ErrorKind, Failure, Method, Part, Request, say};
use std::{borrow::Cow, fmt::Write as _};
use store::RequestRow;
use transport::Origin;

/// Shorter texts stay where they are.
const LONG: usize = 256;
/// Stands before and after the number of a text that was left out. JSON never holds it.
const MARK: char = '\0';

/// Takes down what is about to leave. `of`: the request whose texts the tree of messages holds.
pub(crate) fn take_down(
    attempt: AttemptId,
    to: &Origin,
    call: &Call,
    keyed: bool,
    of: &Request,
) -> Result<RequestRow, Failure> {
    let shown = transport::shown(to, call, keyed)?;
    Ok(RequestRow {
        attempt,
        method: match call.method {
            Method::Get => "GET".to_owned(),
            Method::Post => "POST".to_owned(),
        },
        url: shown.url,
        headers: shown.headers,
        body: folded(&call.body, &texts(of)),
        digest: RequestRow::digest_of(&call.body),
    })
}

/// The whole body of what was taken down. Error `store.corrupt` where the messages are not the ones that
/// were sent any more.
pub(crate) fn whole(row: &RequestRow, of: &Request) -> Result<String, Failure> {
    let body =
        unfolded(&row.body, &texts(of)).filter(|body| RequestRow::digest_of(body.as_bytes()) == row.digest);
    body.ok_or_else(|| {
        Failure::new(
            ErrorKind::StoreCorrupt,
            say!("What was sent can no longer be put together exactly: the messages before it have changed."),
        )
    })
}

/// The request as a command for a shell; the key comes from the shell's own `API_KEY`.
pub(crate) fn curl(row: &RequestRow, body: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut command = format!("curl -N -X {} {}", row.method, quoted(&row.url));
    for (name, value) in &row.headers {
        let line = match value.split_once(transport::KEY) {
            Some((before, after)) => {
                format!("{}\"{}\"{}", quoted(&format!("{name}: {before}")), transport::KEY, quoted(after))
            }
            None => quoted(&format!("{name}: {value}")),
        };
        // Writing to a String cannot fail.
        let _ = write!(command, " \\\n  -H {}", line.trim_end_matches("''"));
    }
    if !body.is_empty() {
        let _ = write!(command, " \\\n  --data-raw {}", quoted(body));
    }
    command
}

/// The long texts of a request, as they stand in JSON, in a fixed order.
fn texts(request: &Request) -> Vec<String> {
    let said = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::Text { text }
        | Part::System { text }
        | Part::Refusal { text }
        | Part::Reasoning { text, .. } => Some(text.as_str().into()),
        Part::ToolResult { content, .. } => Some(content.as_str().into()),
        Part::ToolCall { arguments, .. } => Some(arguments.as_str().into()),
        // Files lie beside the database, so nothing of them is kept a second time.
        Part::Image { data, .. } => Some(Cow::Owned(STANDARD.encode(data))),
        Part::File { data, text, .. } => match (std::str::from_utf8(data), text) {
            (Ok(words), None) => Some(words.into()),
            _ => Some(Cow::Owned(STANDARD.encode(data))),
        },
        _ => None,
    });
    let worded = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::File { text: Some(text), .. } => Some(Cow::Borrowed(&**text)),
        _ => None,
    });
    request
        .system
        .iter()
        .map(|system| Cow::Borrowed(system.as_str()))
        .chain(said)
        .chain(worded)
        .filter(|text| text.len() >= LONG)
        .filter_map(|text| serde_json::to_string(&*text).ok())
        .map(|quoted| quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned())
        .collect()
}

fn folded(body: &[u8], texts: &[String]) -> Vec<u8> {
    let Some(whole) = std::str::from_utf8(body).ok().filter(|body| !body.contains(MARK)) else {
        return body.to_vec();
    };
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let free = |at: usize| found.iter().all(|(from, to, _)| at + text.len() <= *from || *to <= at);
        let place = whole.match_indices(text.as_str()).map(|(at, _)| at).find(|at| free(*at));
        if let Some(at) = place {
            found.push((at, at + text.len(), number));
        }
    }
    found.sort_unstable();
    let (mut short, mut done) = (String::new(), 0);
    for (from, to, number) in found {
        short.push_str(whole.get(done..from).unwrap_or_default());
        let _ = write!(short, "{MARK}{number}{MARK}");
        done = to;
    }
    short.push_str(whole.get(done..).unwrap_or_default());
    short.into_bytes()
}

fn unfolded(body: &[u8], texts: &[String]) -> Option<String> {
    let short = std::str::from_utf8(body).ok()?;
    let mut whole = String::new();
    for (place, piece) in short.split(MARK).enumerate() {
        if place % 2 == 0 {
            whole.push_str(piece);
        } else {
            whole.push_str(texts.get(piece.parse::<usize>().ok()?)?);
        }
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AuthScheme, Headers, Message, ProviderId, Role};
    use uuid::Uuid;

    fn request(texts: &[&str]) -> Request {
        let parts = texts.iter().map(|text| Part::Text { text: (*text).to_owned() }).collect();
        Request { messages: vec![Message { role: Role::User, parts }], ..Request::default() }
    }

    fn row(body: &str, of: &Request) -> RequestRow {
        let to = Origin {
            base_url: "https://api.example.com".to_owned(),
            auth: AuthScheme::Bearer,
            provider: ProviderId::from("example"),
            extra_headers: Vec::new(),
            now: domain::Timestamp(0),
        };
        let call = Call {
            method: Method::Post,
            path: "/v1/chat".to_owned(),
            query: Vec::new(),
            headers: Headers::default(),
            body: body.as_bytes().to_vec(),
        };
        take_down(AttemptId::new(Uuid::from_u128(1)), &to, &call, true, of).unwrap()
    }

    #[test]
    fn long_texts_are_left_out_and_come_back_exactly() {
        let long = "A line with \"quotes\", ünï and\nbreaks. ".repeat(20);
        let of = request(&[&long, "short", &long]);
        let body = serde_json::json!({ "messages": [long, "short", long], "model": "m" }).to_string();
        let kept = row(&body, &of);
        assert!(kept.body.len() < 100, "{}", kept.body.len());
        assert_eq!(whole(&kept, &of).unwrap(), body);
        assert!(whole(&kept, &request(&[&long.replace("line", "word")])).is_err(), "other messages");
    }

    #[test]
    fn a_shell_sends_the_same_and_adds_its_own_key() {
        let body = r#"{"text":"it's"}"#;
        let command = curl(&row(body, &Request::default()), body);
        assert!(command.contains(r#"-H 'authorization: Bearer '"$API_KEY""#), "{command}");
        assert!(command.contains(r#"--data-raw '{"text":"it'\''s"}'"#), "{command}");
        assert!(command.starts_with("curl -N -X POST 'https://api.example.com/v1/chat'"), "{command}");
    }
}
