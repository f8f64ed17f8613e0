//! Recorded provider traffic: one JSON file an exchange.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One exchange with a provider and what a decoder must make of it.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The whole file.
    pub value: Value,
}

impl Recording {
    /// Reads one file.
    pub fn load(path: &Path) -> Self {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { value }
    }

    /// Every recording of a folder, sorted by file name.
    pub fn folder(path: &Path) -> Vec<Self> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        files.sort();
        files.iter().map(|file| Self::load(file)).collect()
    }

    /// Recordings that may not be copied into the repository and are read beside it. `None`, said
    /// aloud, where they are absent.
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    pub fn beside_the_repository() -> Option<Vec<Self>> {
        let path = repository().join("../shared/recordings/open");
        if path.is_dir() {
            return Some(Self::folder(&path));
        }
        println!("SKIPPED: ../shared/recordings/open is absent, so its recordings are not replayed");
        None
    }

    /// A field by JSON pointer, as text; empty when it is not there.
    pub fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The recording's id, for messages.
    pub fn id(&self) -> &str {
        self.text("/id")
    }

    /// HTTP status of the response.
    pub fn status(&self) -> u16 {
        self.value.pointer("/response/status").and_then(Value::as_u64).unwrap().try_into().unwrap()
    }

    /// Response headers, without those that describe how the bytes travelled.
    pub fn headers(&self) -> Vec<(String, String)> {
        const TRAVEL: [&str; 5] =
            ["content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive"];
        let headers = self.value.pointer("/response/headers").and_then(Value::as_object);
        let pairs = headers
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.to_lowercase(), value.as_str()?)));
        pairs
            .filter(|(name, _)| !TRAVEL.contains(&name.as_str()))
            .map(|(name, value)| (name, value.to_owned()))
            .collect()
    }

    /// The response's body, exactly. Pieces are decoded one by one, then joined.
    pub fn body(&self) -> Vec<u8> {
        let response = &self.value["response"];
        let base64 = response["encoding"] == "base64";
        let bytes =
            |text: &str| if base64 { STANDARD.decode(text).unwrap() } else { text.as_bytes().to_vec() };
        match (&response["chunks"], &response["body"]) {
            (Value::Array(chunks), _) => {
                chunks.iter().flat_map(|chunk| bytes(chunk.as_str().unwrap())).collect()
            }
            (_, Value::String(body)) => bytes(body),
            (_, other) => panic!("{}: a body that is neither chunks nor text: {other}", self.id()),
        }
    }
}

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
