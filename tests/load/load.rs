//! What a gateway is measured with: a provider that answers at once, and a client that reads the clock. Both with
//! blocking sockets and threads, so that as little of what is measured as possible is theirs.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Pieces of text in a stream.
const PIECES: usize = 24;
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// What both kinds of answer hold at their end.
const LAST: &str = "\"stop\"";

/// A provider on this machine that speaks OpenAI's chat protocol and answers at once.
pub(crate) struct Upstream {
    port: u16,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (document, stream) = (Arc::new(document()), Arc::new(stream()));
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (socket, document, stream) =
                    (socket.unwrap(), Arc::clone(&document), Arc::clone(&stream));
                // A client that hangs up ends its thread.
                thread::spawn(move || answer(socket, &document, &stream));
            }
        });
        Self { port }
    }

    /// With the version, as providers are entered.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

fn document() -> Vec<u8> {
    let body = format!(
        r#"{{"id":"c-1","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"finish_reason":"stop","message":{{"role":"assistant","content":"{}"}}}}],"usage":{{"prompt_tokens":20,"completion_tokens":24,"total_tokens":44}}}}"#,
        "word ".repeat(PIECES)
    );
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
    format!("{head}: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The head and each event, as they are written.
fn stream() -> Vec<Vec<u8>> {
    let mut writes = vec![
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(),
    ];
    let chunk = |choices: &str, usage: &str| {
        let event = format!(
            "data: {{\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{choices}]{usage}}}\n\n"
        );
        format!("{:x}\r\n{event}\r\n", event.len())
    };
    let piece = r#"{"index":0,"delta":{"content":"word "},"finish_reason":null}"#;
    writes.extend((0..PIECES).map(|_| chunk(piece, "")));
    writes.push(chunk(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#, ""));
    writes.push(chunk("", r#","usage":{"prompt_tokens":20,"completion_tokens":24,"total_tokens":44}"#));
    writes.push("e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n".to_owned());
    writes.into_iter().map(String::into_bytes).collect()
}

fn answer(mut socket: TcpStream, document: &[u8], stream: &[Vec<u8>]) -> Option<()> {
    socket.set_nodelay(true).ok()?;
    let mut inbox = Vec::new();
    let mut room = vec![0; 256 * 1024];
    loop {
        let end = loop {
            match length(&inbox) {
                Some(whole) if inbox.len() >= whole => break whole,
                _ => match socket.read(&mut room).ok()? {
                    0 => return None,
                    read => inbox.extend_from_slice(&room[..read]),
                },
            }
        };
        let streams =
            find(&inbox[..end], b"\"stream\":true").or_else(|| find(&inbox[..end], b"\"stream\": true"));
        inbox.drain(..end);
        if streams.is_none() {
            socket.write_all(document).ok()?;
            continue;
        }
        for write in stream {
            socket.write_all(write).ok()?;
        }
    }
}

/// Length of the message at the front, head and body, once its head is there.
fn length(bytes: &[u8]) -> Option<usize> {
    let head = find(bytes, b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_ascii_lowercase();
    let value = text.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
    Some(head + value.map_or(0, |length| length.trim().parse().unwrap()))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    // The head is short and first; a long body is only looked at from its two ends.
    let near = |from: usize, until: usize| {
        let part = text.get(from..until)?;
        part.windows(what.len()).position(|window| window == what).map(|at| at + from)
    };
    near(0, text.len().min(4_096)).or_else(|| near(text.len().saturating_sub(4_096), text.len()))
}

/// Who is asked, and how.
#[derive(Clone)]
pub(crate) struct Target {
    pub address: SocketAddr,
    pub path: String,
    /// Each with its line end.
    pub headers: String,
    pub model: String,
}

/// A request as it is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Document,
    Stream,
    /// A document asked for with a body of 800 KB.
    Long,
}

impl Target {
    pub(crate) fn request(&self, kind: Kind) -> Vec<u8> {
        let words = if kind == Kind::Long {
            let words = ["fn ", "the ", "value: ", "reading, ", "of(", "12) ", "Größe ", "\\n    "];
            words
                .iter()
                .cycle()
                .scan(0, |sum, word| {
                    *sum += word.len();
                    (*sum < 800_000).then_some(*word)
                })
                .collect()
        } else {
            "Say a word as often as there are hours in a day.".to_owned()
        };
        let stream = kind == Kind::Stream;
        let body = format!(
            r#"{{"model":"{}","stream":{stream},"max_tokens":100,"messages":[{{"role":"user","content":"{words}"}}]}}"#,
            self.model
        );
        let Self { address, path, headers, .. } = self;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n{headers}content-length"
        );
        format!("{head}: {}\r\n\r\n{body}", body.len()).into_bytes()
    }
}

/// What one exchange took.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    /// To the first byte of the body.
    pub first: Duration,
    pub total: Duration,
}

/// A connection that stays.
pub(crate) struct Client {
    socket: TcpStream,
    inbox: Vec<u8>,
    room: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let socket = TcpStream::connect(to).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, inbox: Vec::new(), room: vec![0; 64 * 1024] }
    }

    /// Sends a request and reads its answer, which must be whole.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Took {
        self.inbox.clear();
        let start = Instant::now();
        self.socket.write_all(request).unwrap();
        let mut first = None;
        let mut head: Option<usize> = None;
        loop {
            let read = self.socket.read(&mut self.room).unwrap();
            assert!(read > 0, "hung up after {}", String::from_utf8_lossy(&self.inbox));
            self.inbox.extend_from_slice(&self.room[..read]);
            head = head.or_else(|| find(&self.inbox, b"\r\n\r\n").map(|at| at + 4));
            let Some(head) = head else {
                continue;
            };
            if self.inbox.len() > head {
                first.get_or_insert_with(|| start.elapsed());
            }
            let whole = match length(&self.inbox) {
                Some(whole) if whole > head => self.inbox.len() >= whole,
                _ => self.inbox.ends_with(b"\r\n0\r\n\r\n"),
            };
            if whole {
                let total = start.elapsed();
                self.check(head);
                return Took { first: first.unwrap_or(total), total };
            }
        }
    }

    fn check(&self, head: usize) {
        let text = || String::from_utf8_lossy(&self.inbox).into_owned();
        assert!(self.inbox.starts_with(b"HTTP/1.1 200"), "{}", text());
        let end = self.inbox.len().saturating_sub(1_024).max(head);
        assert!(find(&self.inbox[end..], LAST.as_bytes()).is_some(), "not whole: {}", text());
    }
}

/// So many connections ask one after the other for so long. Gives how many answers came.
pub(crate) fn flood(target: &Target, kind: Kind, connections: usize, span: Duration) -> u32 {
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let (request, to) = (target.request(kind), target.address);
            thread::spawn(move || {
                let mut client = Client::connect(to);
                let start = Instant::now();
                let mut answers = 0;
                while start.elapsed() < span {
                    client.ask(&request);
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}
