//! What a proof in the real window measures by: processes, ranks, frames, and answers at a steady pace.

use serde_json::json;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, UNIX_EPOCH},
};

/// Milliseconds of the system's clock, as the page reads it too.
pub(crate) fn now() -> u128 {
    UNIX_EPOCH.elapsed().unwrap().as_millis()
}

/// What so many hundredths of the values do not exceed.
pub(crate) fn rank(values: &[f64], hundredths: usize) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * hundredths / 100]
}

/// What one kind of the app's processes has used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Processor time in seconds.
    pub cpu: f64,
    /// Proportional set size in MiB.
    pub mib: f64,
}

/// The app's own process and those of its web view, of the process group that a window's driver leads.
pub(crate) fn used(group: u32) -> (Used, Used) {
    const TICKS: f64 = 100.0;
    let (mut app, mut web) = (Used::default(), Used::default());
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, tail)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = tail.split(' ').collect();
        if fields.get(2).and_then(|field| field.parse::<u32>().ok()) != Some(group) {
            continue;
        }
        let into = match head.split_once('(').map(|(_, name)| name) {
            Some(name) if name.starts_with("parallax") => &mut app,
            Some(name) if name.starts_with("WebKit") && !name.starts_with("WebKitWebDriver") => &mut web,
            _ => continue,
        };
        let ticks = |place: usize| fields.get(place).and_then(|field| field.parse::<f64>().ok()).unwrap();
        into.cpu += (ticks(11) + ticks(12)) / TICKS;
        let memory = fs::read_to_string(entry.path().join("smaps_rollup")).unwrap_or_default();
        let kib = memory.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = kib.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        into.mib += kib.unwrap_or(0.0) / 1024.0;
    }
    assert!(app.cpu > 0.0 && web.cpu > 0.0, "the app's processes are not in group {group}");
    (app, web)
}

/// Text as models write it, so many bytes of it; each `voice` begins elsewhere.
pub(crate) fn markdown(voice: usize, bytes: usize) -> String {
    let sections: Vec<&str> =
        include_str!("../data/markdown/answers.md").split("%%%\n").map(str::trim).collect();
    let mut text = String::new();
    for section in sections.iter().cycle().skip(voice % sections.len()) {
        if text.len() >= bytes {
            break;
        }
        text.push_str(section);
        text.push_str("\n\n");
    }
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// Answers that come at a steady pace, one after the other connection.
pub(crate) struct Paced {
    /// Before the first piece of an answer.
    pub first: Duration,
    /// Between two pieces.
    pub pace: Duration,
    /// The pieces of the n-th answer since the start.
    pub pieces: Box<dyn Fn(usize) -> Vec<String> + Send + Sync>,
    /// Is told when a request has come in and when its first piece left, in milliseconds of the clock.
    pub told: Box<dyn Fn(u128, u128) + Send + Sync>,
}

/// Serves them on an address of its own, which it gives.
pub(crate) fn provider(paced: Paced) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    let (paced, count) = (Arc::new(paced), Arc::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (paced, count) = (Arc::clone(&paced), Arc::clone(&count));
            // Whoever hangs up has seen enough.
            std::thread::spawn(move || answer(stream, &paced, &count));
        }
    });
    address
}

fn answer(mut stream: TcpStream, paced: &Paced, count: &AtomicUsize) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    if !asked(&mut stream)? {
        let models = json!({ "data": [{ "id": "steady" }] }).to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length";
        return stream.write_all(format!("{head}: {}\r\n\r\n{models}", models.len()).as_bytes()).ok();
    }
    let came = now();
    let pieces = (paced.pieces)(count.fetch_add(1, Ordering::Relaxed));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).ok()?;
    let begun = Instant::now() + paced.first;
    let mut sent = 0;
    while sent < pieces.len() {
        let due = begun + paced.pace * u32::try_from(sent).ok()?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // Whatever is due by now leaves together, so that a late thread keeps the pace.
        let first = sent == 0;
        let mut bytes = String::new();
        while sent < pieces.len() && begun + paced.pace * u32::try_from(sent).ok()? <= Instant::now() {
            let text = pieces[sent].replace("NOW", &now().to_string());
            let delta = json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
            bytes.push_str(&format!("data: {delta}\n\n"));
            sent += 1;
        }
        stream.write_all(bytes.as_bytes()).ok()?;
        if first && sent > 0 {
            (paced.told)(came, now());
        }
    }
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    stream.write_all(format!("data: {end}\n\ndata: [DONE]\n\n").as_bytes()).ok()
}

/// Reads a request to its end; is it for an answer?
fn asked(stream: &mut TcpStream) -> Option<bool> {
    let mut request = Vec::new();
    let mut some = [0; 16 * 1024];
    loop {
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&some[..count]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(head.starts_with("POST"));
        }
    }
}

/// Puts `count` lanes of that provider into the line-up of a new chat, and shows it.
pub(crate) async fn line_up(window: &super::harness::Window, provider: &str, count: usize) {
    let lane = json!({
        "model": { "model": "steady", "provider": provider }, "system": null, "params": {}
    });
    let keep = "const i = window.__TAURI_INTERNALS__; return i.invoke('rpc', { cmd: 'view/set', payload: \
                { key: 'view.line_up', value: JSON.stringify(arguments[0]) } }).then(() => true)";
    window.script(keep, vec![json!(vec![lane; count])]).await;
    window.script("window.__before = true; location.reload()", vec![]).await;
    // The page of before stands there for a moment.
    window.until("the page", "!window.__before && document.querySelector('[data-testid=composer]')").await;
}

/// Counts frames and, per frame, the time of our own work in it, style and layout included: what is called for a
/// frame or for a change of size, with what it sets off. The page's clock has steps of a millisecond.
pub(crate) const METER: &str = "
const meter = (window.__meter = { on: false, frames: [], script: [], work: [], waits: [] });
let spent = 0, scripted = 0;
const frame = window.requestAnimationFrame.bind(window);
const timed = (call) => function (...given) {
  const begun = performance.now();
  try { return call.apply(this, given); } finally {
    // What it set off waits in the same queue, before this.
    queueMicrotask(() => queueMicrotask(() => {
      scripted += performance.now() - begun;
      void document.body.offsetHeight;
      spent += performance.now() - begun;
    }));
  }
};
window.requestAnimationFrame = (call) => frame(timed(call));
const Observer = window.ResizeObserver;
window.ResizeObserver = class extends Observer { constructor(call) { super(timed(call)); } };
let last = performance.now();
(function tick() {
  const at = performance.now();
  if (meter.on) { meter.frames.push(at - last); meter.work.push(spent); meter.script.push(scripted); }
  spent = 0; scripted = 0; last = at;
  frame(tick);
})();
window.addEventListener('keydown', (event) => {
  if (!meter.on || event.key.length > 1) return;
  const began = event.timeStamp;
  frame(() => setTimeout(() => meter.waits.push(performance.now() - began)));
}, { capture: true });";
