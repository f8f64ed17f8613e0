//! An engine on a folder of its own, and what stands in its database.

use domain::{ConversationId, Failure, ProcessId};
use engine::{Engine, ExportForm, ImportProgress, ImportReport, Parts, Shelf, SystemClock, Undone};
use serde_json::Value;
use std::{fs, path::PathBuf, sync::Arc};
use store::Store;
use transport::scripted::Scripted;
use vault::Vault;

pub(crate) struct Bench {
    pub engine: Engine,
    pub scripted: Scripted,
    pub folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn engine::Clock> = Arc::new(SystemClock::new());
        let process = ProcessId::new(clock.id());
        let options = store::Options { process, now: clock.now(), version: "test" };
        let scripted = Scripted::new();
        let parts = Parts {
            store: Store::open(folder.path(), options).unwrap(),
            vault: Vault::memory(),
            transport: Arc::new(scripted.clone()),
            clock,
            process,
            origin: "window",
        };
        Self { engine: Engine::assemble(parts).await.unwrap(), scripted, folder }
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) async fn try_import(&self, bytes: &[u8], dry_run: bool) -> Result<ImportReport, Failure> {
        let path = self.file("export", bytes);
        self.engine.import(path, dry_run, Arc::new(ImportProgress::default())).await
    }

    pub(crate) async fn import(&self, bytes: &[u8]) -> ImportReport {
        self.try_import(bytes, false).await.unwrap()
    }

    pub(crate) async fn conversations(&self) -> Vec<ConversationId> {
        let rows = self.engine.store().read(|tx| tx.conversations(u32::MAX, Shelf::Kept)).await.unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }

    pub(crate) async fn exported(&self, id: ConversationId, form: ExportForm) -> String {
        self.engine.export_conversation(id, form).await.unwrap().1
    }

    /// The only conversation, as JSON.
    pub(crate) async fn only(&self) -> Value {
        let [id] = self.conversations().await.try_into().unwrap();
        serde_json::from_str(&self.exported(id, ExportForm::Json).await).unwrap()
    }

    /// Rows of every table that an import must not touch, and how many of the others there are.
    pub(crate) fn settings(&self) -> Vec<(String, i64)> {
        let database = rusqlite::Connection::open(self.folder.path().join("parallax.db")).unwrap();
        let mut names = database
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%'
                      AND name NOT LIKE 'sqlite%' ORDER BY name",
            )
            .unwrap();
        let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        // The process enters itself with the first commit, whatever that is.
        let ours = [
            "conversations",
            "messages",
            "contents",
            "lanes",
            "turns",
            "runs",
            "imports",
            "imported",
            "processes",
        ];
        names
            .into_iter()
            .filter(|name| !ours.contains(&name.as_str()))
            .map(|name| {
                let count = format!("SELECT count(*) FROM {name}");
                let rows = database.query_row(&count, [], |row| row.get(0)).unwrap();
                (name, rows)
            })
            .collect()
    }
}

/// An import was taken back whole: conversations that went and that stayed.
pub(crate) fn undone(gone: u64, kept: u64) -> Undone {
    Undone { gone, kept, elsewhere: 0 }
}

/// `prompt → model: answer | …` a turn, of an exported conversation.
pub(crate) fn drawn(value: &Value) -> Vec<String> {
    let words = |parts: &Value| -> String {
        let parts = parts.as_array().unwrap().iter();
        parts.map(|part| part["text"].as_str().unwrap_or("?").trim()).collect::<Vec<_>>().join("+")
    };
    let answer =
        |answer: &Value| format!("{}: {}", answer["model"].as_str().unwrap(), words(&answer["content"]));
    let turn = |turn: &Value| {
        let answers: Vec<String> = turn["answers"].as_array().unwrap().iter().map(answer).collect();
        format!("{} → {}", words(&turn["prompt"]), answers.join(" | "))
    };
    value["turns"].as_array().unwrap().iter().map(turn).collect()
}
