//! A provider on this machine that keeps its own bill: every token is written down and on the disk before
//! it is sent. It answers as it likes: whole, broken off, silent, too long, or not at all.

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Tokens of one piece of an answer.
const PIECE: u64 = 20;
const PAUSE: Duration = Duration::from_millis(5);

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whim {
    /// Answers and says what it counted.
    Answers,
    /// Fails before it has done anything.
    Fails,
    /// Asks for patience.
    Limits,
    /// Resets the connection in the middle.
    Breaks,
    /// Falls silent in the middle, then closes.
    Stalls,
    /// Writes on, whatever it was asked for, until it is left or tired; says nothing of an end.
    Babbles,
}

/// Chance for a number: the same one always meets the same fate.
pub(crate) fn dice(number: u64, salt: u64) -> u64 {
    let mut x = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 30;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// What happens to a prompt at the provider.
pub(crate) fn whim(number: u64) -> Whim {
    match dice(number, 1) % 12 {
        0 => Whim::Fails,
        1 => Whim::Limits,
        2 => Whim::Breaks,
        3 => Whim::Stalls,
        4 => Whim::Babbles,
        _ => Whim::Answers,
    }
}

/// One request on its bill.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Item {
    /// Which prompt.
    pub number: u64,
    pub input: u64,
    pub output: u64,
    /// The longest answer it was asked for.
    pub limit: u64,
}

pub(crate) struct SelfBilling {
    pub url: String,
    bill: PathBuf,
}

struct Till {
    file: Mutex<File>,
    next: AtomicU64,
}

impl Till {
    fn write(&self, line: &str) {
        let mut file = self.file.lock().unwrap();
        writeln!(file, "{line}").unwrap();
        file.sync_data().unwrap();
    }
}

impl SelfBilling {
    /// Serves on a free port until the process ends; its bill is a file in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let bill = folder.join("bill");
        let file = OpenOptions::new().create(true).append(true).open(&bill).unwrap();
        let till = Arc::new(Till { file: Mutex::new(file), next: AtomicU64::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let till = Arc::clone(&till);
                // A client that goes away in the middle is what this is about.
                std::thread::spawn(move || drop(serve(&stream, &till)));
            }
        });
        Self { url, bill }
    }

    /// The bill, read back from the disk.
    pub(crate) fn bill(&self) -> Vec<Item> {
        let mut items: HashMap<u64, Item> = HashMap::new();
        for line in std::fs::read_to_string(&self.bill).unwrap().lines() {
            let mut words = line.split(' ').map(|word| word.parse::<u64>().unwrap());
            let mut next = || words.next().unwrap();
            let item = items.entry(next()).or_default();
            let (number, input, output, limit) = (next(), next(), next(), next());
            *item = Item { number, input, output: item.output + output, limit };
        }
        items.into_values().collect()
    }
}

fn serve(mut stream: &TcpStream, till: &Till) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let prompt = body["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    let number: u64 = prompt.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
    let limit = body["max_completion_tokens"].as_u64().or_else(|| body["max_tokens"].as_u64()).unwrap();
    let whim = whim(number);
    if let Whim::Fails | Whim::Limits = whim {
        let status = if whim == Whim::Fails { "503 Unavailable" } else { "429 Too Many Requests" };
        let body = r#"{"error":{"message":"not now"}}"#;
        return write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }
    let id = till.next.fetch_add(1, Ordering::SeqCst);
    let input = prompt.len() as u64 / 4 + 8;
    let wanted = 20 + dice(number, 2) % limit;
    let output = match whim {
        Whim::Babbles => limit * 12,
        _ => wanted.min(limit),
    };
    till.write(&format!("{id} {number} {input} 0 {limit}"));
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
    let mut sent = 0;
    while sent < output {
        if sent * 2 >= output && matches!(whim, Whim::Breaks | Whim::Stalls) {
            if whim == Whim::Stalls {
                std::thread::sleep(Duration::from_millis(400));
            }
            return Ok(());
        }
        let now = PIECE.min(output - sent);
        till.write(&format!("{id} {number} {input} {now} {limit}"));
        let words = "word ".repeat(usize::try_from(now).unwrap());
        let delta = json!({ "choices": [{ "index": 0, "delta": { "content": words } }] });
        write!(stream, "data: {delta}\n\n")?;
        stream.flush()?;
        sent += now;
        std::thread::sleep(PAUSE);
    }
    if whim == Whim::Babbles {
        return Ok(());
    }
    let finish = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": {
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output } });
    write!(stream, "data: {finish}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}
