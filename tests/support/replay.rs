//! A provider on this machine: it answers from recordings or scripts at a given pace, breaks off where
//! told, and remembers what it was asked.

pub use super::http::Seen;
use super::http::{Inbox, fill, read_request};
use super::recording::Recording;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// One thing that happens while a body is sent.
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes leave.
    Send(Vec<u8>),
    /// Nothing leaves for so long.
    Wait(Duration),
    /// The connection is reset.
    Reset,
    /// The connection is closed, whatever was promised.
    Close,
    /// Nothing leaves any more, and the connection stays.
    Stall,
    /// Nothing leaves until this is true.
    Until(watch::Receiver<bool>),
}

/// One response.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    before: Duration,
    steps: Vec<Step>,
}

impl Answer {
    /// A response with this status and no body.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), before: Duration::ZERO, steps: Vec::new() }
    }

    /// A whole JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::status(status).header("content-type", "application/json").send(body.to_string())
    }

    /// An event stream of these bytes.
    pub fn event_stream(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).header("content-type", "text/event-stream").send(body)
    }

    /// What a recording holds.
    pub fn recorded(recording: &Recording) -> Self {
        let mut answer = Self::status(recording.status()).send(recording.body());
        answer.headers = recording.headers();
        answer
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits before the status line.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.before = wait;
        self
    }

    /// Adds bytes to the body.
    #[must_use]
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Send(bytes.into()))
    }

    /// Adds a step to the body.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Cuts the body into pieces whose lengths are taken from `sizes` in turn, wherever that falls,
    /// with `pause` before each piece but the first.
    #[must_use]
    pub fn cut(mut self, sizes: &[usize], pause: Duration) -> Self {
        let mut sizes = sizes.iter().copied().cycle();
        let mut out = Vec::new();
        for step in std::mem::take(&mut self.steps) {
            let Step::Send(bytes) = step else {
                out.push(step);
                continue;
            };
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                if !out.is_empty() && pause > Duration::ZERO {
                    out.push(Step::Wait(pause));
                }
                let size = sizes.next().unwrap_or(rest.len()).clamp(1, rest.len());
                let (piece, left) = rest.split_at(size);
                out.push(Step::Send(piece.to_vec()));
                rest = left;
            }
        }
        self.steps = out;
        self
    }

    /// Waits so long before the connection is closed or reset.
    #[must_use]
    pub fn linger(mut self, pause: Duration) -> Self {
        let end = self.steps.iter().position(|step| matches!(step, Step::Close | Step::Reset));
        if let Some(end) = end {
            self.steps.insert(end, Step::Wait(pause));
        }
        self
    }

    /// Sends only the first `bytes` of the body, then `end`.
    #[must_use]
    pub fn until(mut self, bytes: usize, end: Step) -> Self {
        let mut left = bytes;
        let mut out = Vec::new();
        for step in std::mem::take(&mut self.steps) {
            match step {
                Step::Send(mut piece) => {
                    piece.truncate(left);
                    left -= piece.len();
                    out.push(Step::Send(piece));
                    if left == 0 {
                        break;
                    }
                }
                other => out.push(other),
            }
        }
        out.push(end);
        self.steps = out;
        self
    }
}

type Accepts = Arc<dyn Fn(&Seen) -> bool + Send + Sync>;
type Handler = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// Which requests get which answer.
#[derive(Clone)]
pub struct Route {
    path: Option<String>,
    body: Option<String>,
    name: Option<String>,
    accepts: Option<Accepts>,
    left: Option<usize>,
    handler: Handler,
}

impl Route {
    /// Answers every request with this.
    pub fn answer(answer: Answer) -> Self {
        Self::with(move |_| answer.clone())
    }

    /// Answers every request with what this makes of it.
    pub fn with(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self { path: None, body: None, name: None, accepts: None, left: None, handler: Arc::new(handler) }
    }

    /// Only for requests whose path begins so.
    #[must_use]
    pub fn path(mut self, prefix: &str) -> Self {
        self.path = Some(prefix.to_owned());
        self
    }

    /// Only for requests whose JSON body names this model.
    #[must_use]
    pub fn model(self, model: &str) -> Self {
        let name = Value::from(model);
        self.body(&format!("\"model\":{name}"))
    }

    /// Only for requests whose body contains this text.
    #[must_use]
    pub fn body(mut self, text: &str) -> Self {
        self.body = Some(text.to_owned());
        self
    }

    /// Only for requests that carry this name in their path or body.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only for requests that this accepts.
    #[must_use]
    pub fn when(mut self, accepts: impl Fn(&Seen) -> bool + Send + Sync + 'static) -> Self {
        self.accepts = Some(Arc::new(accepts));
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = Some(count);
        self
    }

    fn fits(&self, seen: &Seen) -> bool {
        self.left != Some(0)
            && self.path.as_ref().is_none_or(|prefix| seen.path.starts_with(prefix))
            && self.body.as_ref().is_none_or(|text| seen.text().contains(text))
            && self.name.as_ref().is_none_or(|name| seen.path.contains(name) || seen.text().contains(name))
            && self.accepts.as_ref().is_none_or(|accepts| accepts(seen))
    }
}

#[derive(Default)]
struct Shared {
    routes: Mutex<Vec<Route>>,
    seen: Mutex<Vec<Seen>>,
    asked: AtomicUsize,
    forgets: AtomicBool,
    connections: AtomicUsize,
    left_early: AtomicUsize,
    departures: Mutex<Vec<Instant>>,
}

/// The server. It runs on a thread of its own until it is dropped.
pub struct Replay {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Replay {
    /// Listens on a free port. The first route that fits a request answers it; without one, a 404.
    pub fn start(routes: Vec<Route>) -> Self {
        let shared = Arc::new(Shared { routes: Mutex::new(routes), ..Shared::default() });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = serve(listener, for_thread) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Adds a route before the others.
    pub fn first(&self, route: Route) {
        self.shared.routes.lock().unwrap().insert(0, route);
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// From here on it remembers of requests only how many there were: for more of them than fit into memory.
    pub fn forget(&self) {
        self.shared.forgets.store(true, Ordering::SeqCst);
    }

    /// How many requests there were so far, remembered or not.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Times that a client closed before its answer was complete.
    pub fn left_early(&self) -> usize {
        self.shared.left_early.load(Ordering::SeqCst)
    }

    /// When each of them did.
    pub fn departures(&self) -> Vec<Instant> {
        self.shared.departures.lock().unwrap().clone()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut clients = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        let _ = stream.set_nodelay(true);
        clients.spawn(client(stream, number, Arc::clone(&shared)));
        while clients.try_join_next().is_some() {}
    }
}

async fn client(mut stream: TcpStream, number: usize, shared: Arc<Shared>) {
    let mut inbox = Inbox::new();
    while let Some(mut seen) = read_request(&mut stream, &mut inbox).await {
        seen.connection = number;
        shared.asked.fetch_add(1, Ordering::SeqCst);
        if !shared.forgets.load(Ordering::SeqCst) {
            shared.seen.lock().unwrap().push(seen.clone());
        }
        let answer = choose(&shared, &seen);
        let (mut reader, mut writer) = stream.split();
        let end = tokio::select! {
            end = play(&answer, &mut writer) => end,
            () = gone(&mut reader, &mut inbox) => End::Left,
        };
        match end {
            End::Complete => {}
            End::Close => return,
            End::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            End::Left => {
                shared.left_early.fetch_add(1, Ordering::SeqCst);
                #[expect(clippy::disallowed_methods, reason = "how soon a stop arrives is what is measured")]
                shared.departures.lock().unwrap().push(Instant::now());
                return;
            }
        }
    }
}

/// Ends when the client closes. What it sends meanwhile belongs to its next request.
async fn gone(reader: &mut (impl tokio::io::AsyncRead + Unpin), inbox: &mut Inbox) {
    while fill(reader, inbox).await.is_some() {}
}

fn choose(shared: &Shared, seen: &Seen) -> Answer {
    let mut routes = shared.routes.lock().unwrap();
    let Some(route) = routes.iter_mut().find(|route| route.fits(seen)) else {
        return Answer::status(404);
    };
    if let Some(left) = &mut route.left {
        *left -= 1;
    }
    let handler = Arc::clone(&route.handler);
    drop(routes);
    handler(seen)
}

enum End {
    Complete,
    Close,
    Reset,
    Left,
}

async fn play(answer: &Answer, to: &mut (impl AsyncWrite + Unpin)) -> End {
    tokio::time::sleep(answer.before).await;
    match write(answer, to).await {
        Ok(end) => end,
        Err(_) => End::Left,
    }
}

async fn write(answer: &Answer, to: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<End> {
    let mut head = format!("HTTP/1.1 {} Replayed\r\ntransfer-encoding: chunked\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    to.write_all(head.as_bytes()).await?;
    for step in &answer.steps {
        match step {
            Step::Send(bytes) if bytes.is_empty() => {}
            Step::Send(bytes) => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(bytes);
                chunk.extend_from_slice(b"\r\n");
                to.write_all(&chunk).await?;
                to.flush().await?;
            }
            Step::Wait(time) => tokio::time::sleep(*time).await,
            Step::Reset => {
                // A reset discards what has not left this machine; give it the moment it needs.
                tokio::time::sleep(Duration::from_millis(20)).await;
                return Ok(End::Reset);
            }
            Step::Close => return Ok(End::Close),
            Step::Stall => std::future::pending().await,
            // Whoever was to open it has gone: nothing more will.
            Step::Until(open) => {
                if open.clone().wait_for(|open| *open).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
    to.write_all(b"0\r\n\r\n").await?;
    Ok(End::Complete)
}
