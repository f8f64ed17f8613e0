//! The newer tables of an `llm` log (from version 0.32, 2026-08): messages, each kept once and naming the one before
//! it, and turns, which say between which two of them a model was called.

use super::{LlmRow, Log, foreign, text};
use domain::{ErrorKind, Failure, Part, say};
use rusqlite::OptionalExtension as _;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Most bytes that the turns of one conversation may say: turns share messages, so a small file could ask for any
/// amount of memory.
const MOST_SAID: usize = 256 * 1024 * 1024;

/// What was read of a conversation so far.
#[derive(Default)]
pub(super) struct Read {
    /// The system prompt that holds at the end of each turn, by the hash of its last message: the conversation is not
    /// followed to its beginning for every turn.
    systems: HashMap<String, String>,
    bytes: usize,
}

struct Piece {
    sort: String,
    tool: String,
    text: String,
    payload: Value,
}

impl Log {
    /// Whether the file has these tables.
    pub(super) fn has_turns(&self) -> Result<bool, Failure> {
        for (table, needed) in [
            (
                "turns",
                &["id", "thread_id", "parent_message_hash", "tip_message_hash", "model", "datetime_utc"][..],
            ),
            ("messages", &["hash", "parent_hash", "role"]),
            ("parts", &["message_hash", "position", "type", "tool_name", "text", "payload"]),
        ] {
            let columns = self.columns(table)?;
            if !needed.iter().all(|name| columns.contains(*name)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One turn: of what was sent, only what is newer than the answer before it, as `llm logs` shows it.
    pub(super) fn turn(&self, place: i64, read: &mut Read) -> Result<LlmRow, Failure> {
        let sql = "SELECT id, model, datetime_utc, parent_message_hash, tip_message_hash FROM turns WHERE rowid = ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| foreign(&e))?;
        let (mut row, parent, tip) = statement
            .query_row([place], |row| {
                let found = LlmRow {
                    id: text(row, 0)?,
                    model: text(row, 1)?,
                    datetime_utc: text(row, 2)?,
                    ..LlmRow::default()
                };
                Ok((found, text(row, 3)?, text(row, 4)?))
            })
            .map_err(|e| foreign(&e))?;
        let (sent, system) = self.sent(&parent, read)?;
        let mut prompt = Vec::new();
        for hash in &sent {
            for piece in self.pieces(hash, read)? {
                match piece.sort.as_str() {
                    "attachment" => row.attachments = row.attachments.saturating_add(1),
                    "tool_result" => row.results.push(piece.part()),
                    _ => prompt.push(piece.text),
                }
            }
        }
        prompt.retain(|words| !words.is_empty());
        row.prompt = prompt.join("\n\n");
        for hash in self.between(&parent, &tip)? {
            for piece in self.pieces(&hash, read)? {
                match piece.sort.as_str() {
                    "attachment" => row.made = row.made.saturating_add(1),
                    _ => row.said.push(piece.part()),
                }
            }
        }
        read.systems.insert(tip, system.clone());
        row.system = system;
        Ok(row)
    }

    /// Messages of the user and of tools at the end of what was sent, oldest first, and the system prompt.
    fn sent(&self, last: &str, read: &mut Read) -> Result<(Vec<String>, String), Failure> {
        let (mut own, mut system) = (Vec::new(), String::new());
        let (mut here, mut newest) = (last.to_owned(), true);
        // A file may let messages name each other in a ring.
        let mut seen = HashSet::new();
        while seen.insert(here.clone()) {
            if let Some(known) = read.systems.get(&here) {
                system.clone_from(known);
                break;
            }
            let Some((above, role)) = self.message(&here)? else { break };
            newest &= matches!(role.as_str(), "user" | "tool");
            if newest {
                own.push(here.clone());
            }
            if role == "system" {
                let words: Vec<String> =
                    self.pieces(&here, read)?.into_iter().map(|piece| piece.text).collect();
                system = words.join("\n\n");
                break;
            }
            here = above;
        }
        own.reverse();
        Ok((own, system))
    }

    /// Messages after one up to another, oldest first.
    fn between(&self, parent: &str, tip: &str) -> Result<Vec<String>, Failure> {
        let (mut hashes, mut seen) = (Vec::new(), HashSet::new());
        let mut here = tip.to_owned();
        while here != parent && seen.insert(here.clone()) {
            let Some((above, _)) = self.message(&here)? else { break };
            hashes.push(std::mem::replace(&mut here, above));
        }
        hashes.reverse();
        Ok(hashes)
    }

    /// The message before this one, and who speaks in it.
    fn message(&self, hash: &str) -> Result<Option<(String, String)>, Failure> {
        let sql = "SELECT parent_hash, role FROM messages WHERE hash = ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| foreign(&e))?;
        let found = statement.query_row([hash], |row| Ok((text(row, 0)?, text(row, 1)?))).optional();
        found.map_err(|e| foreign(&e))
    }

    fn pieces(&self, hash: &str, read: &mut Read) -> Result<Vec<Piece>, Failure> {
        let sql =
            "SELECT type, tool_name, text, payload FROM parts WHERE message_hash = ?1 ORDER BY position";
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| foreign(&e))?;
        let rows = statement
            .query_map([hash], |row| Ok((text(row, 0)?, text(row, 1)?, text(row, 2)?, text(row, 3)?)))
            .map_err(|e| foreign(&e))?;
        let mut pieces = Vec::new();
        for row in rows {
            let (sort, tool, mut text, payload) = row.map_err(|e| foreign(&e))?;
            read.bytes = read.bytes.saturating_add(text.len() + payload.len());
            let payload: Value = serde_json::from_str(&payload).unwrap_or_default();
            if text.is_empty() {
                text = self.referred(&payload)?;
                read.bytes = read.bytes.saturating_add(text.len());
            }
            if read.bytes > MOST_SAID {
                let words =
                    say!("A conversation in this log is larger than 256 MB, which is more than is imported.");
                return Err(Failure::new(ErrorKind::RequestInvalid, words));
            }
            pieces.push(Piece { sort, tool, text, payload });
        }
        Ok(pieces)
    }

    /// Text that stands partly in fragments.
    fn referred(&self, payload: &Value) -> Result<String, Failure> {
        let Some(pieces) = payload["text_ref"].as_array() else {
            return Ok(payload["text"].as_str().unwrap_or_default().to_owned());
        };
        let mut whole = String::new();
        for piece in pieces {
            whole.push_str(piece["literal"].as_str().unwrap_or_default());
            if let Some(fragment) = piece["fragment"].as_i64() {
                let sql = "SELECT content FROM fragments WHERE id = ?1";
                whole.push_str(&self.words(sql, &fragment.to_string())?.concat());
            }
        }
        Ok(whole)
    }
}

impl Piece {
    fn part(self) -> Part {
        let said = |key: &str| match &self.payload[key] {
            Value::Null => String::new(),
            Value::String(words) => words.clone(),
            other => other.to_string(),
        };
        match self.sort.as_str() {
            "reasoning" => Part::Reasoning { text: self.text, signature: None, issuer: "llm".to_owned() },
            "tool_call" => Part::ServerTool { text: said("arguments"), name: self.tool },
            "tool_result" => Part::ServerTool { text: said("output"), name: self.tool },
            _ => Part::Text { text: self.text },
        }
    }
}
