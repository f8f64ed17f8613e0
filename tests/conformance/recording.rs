//! Recordings, as the files hold them.

use base64::Engine as _;
use domain::{Headers, Quirks};
use serde_json::Value;
use std::path::{Path, PathBuf};
use wire::{Decoder, Dialect};

pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) framing: String,
    pub(crate) outcome: String,
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) expect: Value,
}

/// All recordings of the project, and those beside it where there are any.
pub(crate) fn all() -> Vec<Recording> {
    // Two packages build this.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap();
    let here = root.join("tests");
    let mut folders = vec![here.join("recordings/registry"), here.join("recordings/documented")];
    let open = here.join("../../shared/recordings/open");
    if open.is_dir() {
        folders.push(open);
    } else {
        println!("skipped the recordings of ../shared/recordings/open: the folder is not there");
    }
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files.iter().map(|path| Recording::read(path)).collect()
}

impl Recording {
    fn read(path: &Path) -> Self {
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let response = &file["response"];
        let base64 = response["encoding"] == "base64";
        let bytes = |text: &Value| {
            let text = text.as_str().unwrap();
            if base64 {
                base64::engine::general_purpose::STANDARD.decode(text).unwrap()
            } else {
                text.as_bytes().to_vec()
            }
        };
        let body = match response["chunks"].as_array() {
            Some(chunks) => chunks.iter().flat_map(bytes).collect(),
            None => bytes(&response["body"]),
        };
        let headers = response["headers"].as_object().unwrap().iter();
        let headers = headers.map(|(n, v)| (n.clone(), v.as_str().unwrap_or_default().to_owned())).collect();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let dialect = match file["wire"].as_str().unwrap() {
            "google-generate" => "gemini",
            "cohere-v2" => "cohere",
            "ollama-chat" => "ollama",
            other => other,
        };
        Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            wire: dialect.to_owned(),
            framing: text(&file["framing"]),
            outcome: text(&file["expect"]["outcome"]),
            status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
            headers: Headers(headers),
            body,
            expect: file["expect"].clone(),
        }
    }

    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        wire::dialect(&self.wire).unwrap()
    }

    /// The dialect is built in.
    pub(crate) fn is_built(&self) -> bool {
        wire::dialect(&self.wire).is_some()
    }

    pub(crate) fn is_sure(&self) -> bool {
        self.expect["unsure"].as_array().unwrap().is_empty()
    }

    pub(crate) fn decoder(&self) -> Box<dyn Decoder> {
        let label = self.headers.get("content-type");
        wire::decoder_for(self.dialect(), label, &Quirks::default())
    }
}
