//! The little HTTP/1.1 that the replay server speaks.

use tokio::io::{AsyncRead, AsyncReadExt};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// `GET`, `POST`.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// Body bytes.
    pub body: Vec<u8>,
    /// Number of the connection it came on, from 0.
    pub connection: usize,
}

impl Seen {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Everything that arrived, as one text: for searching after what must not be there.
    pub fn everything(&self) -> String {
        format!("{} {}\n{:?}\n{}", self.method, self.path, self.headers, self.text())
    }
}

/// Bytes that were read and not used yet.
pub(super) type Inbox = Vec<u8>;

/// Reads one request. `None` when the client closed before a whole one was there.
pub(super) async fn read_request(from: &mut (impl AsyncRead + Unpin), inbox: &mut Inbox) -> Option<Seen> {
    let end = loop {
        if let Some(at) = find(inbox, b"\r\n\r\n") {
            break at;
        }
        fill(from, inbox).await?;
    };
    let head = String::from_utf8_lossy(&inbox[..end]).into_owned();
    inbox.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let mut seen =
        Seen { method: first.next()?.to_owned(), path: first.next()?.to_owned(), ..Seen::default() };
    for line in lines {
        let (name, value) = line.split_once(':')?;
        seen.headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    while inbox.len() < length {
        fill(from, inbox).await?;
    }
    seen.body = inbox.drain(..length).collect();
    Some(seen)
}

/// Reads what is there. `None` when the client has closed.
pub(super) async fn fill(from: &mut (impl AsyncRead + Unpin), inbox: &mut Inbox) -> Option<()> {
    inbox.reserve(16 * 1024);
    match from.read_buf(inbox).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
