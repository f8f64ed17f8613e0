//! Other programs' databases, opened to be read and no further: the log of the `llm` command.

mod turns;

use crate::error::failure;
use domain::{ErrorKind, Failure, Part, say};
use rusqlite::{Connection, OpenFlags, config::DbConfig, limits::Limit};
use std::{collections::HashSet, path::Path, time::Duration};
use turns::Read;

/// Longest value that is read.
const LONGEST: i32 = 64 * 1024 * 1024;
/// Most conversations and answers of a log that are kept in mind at once, as numbers.
const MOST: usize = 5_000_000;

/// An answer in the log of `llm`, with its prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LlmRow {
    /// Id.
    pub id: String,
    /// Model.
    pub model: String,
    /// Prompt, fragments first.
    pub prompt: String,
    /// System prompt.
    pub system: String,
    /// What tools gave back that the answer before had called.
    pub results: Vec<Part>,
    /// Answer: reasoning, words and what was asked of tools, as they stand in the file.
    pub said: Vec<Part>,
    /// Files among the answer.
    pub made: u32,
    /// When, RFC 3339.
    pub datetime_utc: String,
    /// Files that came with the prompt.
    pub attachments: u32,
}

/// A conversation of that log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LlmConversation {
    /// Id of the conversation, or of the only answer.
    pub id: String,
    /// Name; empty = none.
    pub name: String,
    /// Oldest first.
    pub rows: Vec<LlmRow>,
}

/// Gives every conversation of an `llm` log to `each`, which says whether to go on. `Ok(false)` = this is
/// some other database. The file is opened to be read, its views and triggers are never run.
pub fn read_llm_log(
    path: &Path,
    mut each: impl FnMut(LlmConversation) -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    let connection = open(path)?;
    let log = Log { connection };
    if !log.is_one()? {
        return Ok(false);
    }
    let mut order = log.order()?;
    order.sort();
    let mut start = 0;
    while start < order.len() {
        let length = order[start..].iter().take_while(|row| row.0 == order[start].0).count();
        let group = &order[start..start + length];
        let conversation = log.conversation(group)?;
        if !each(conversation)? {
            break;
        }
        start += length;
    }
    Ok(true)
}

fn open(path: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| foreign(&e))?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(|e| foreign(&e))?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(setting, on).map_err(|e| foreign(&e))?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST).map_err(|e| foreign(&e))?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")
        .map_err(|e| foreign(&e))?;
    Ok(connection)
}

/// The file is at fault, not our own database.
fn foreign(error: &rusqlite::Error) -> Failure {
    match crate::error::kind(error) {
        ErrorKind::StoreBusy => failure(error),
        _ => Failure::new(ErrorKind::RequestInvalid, say!("The database cannot be read ({error}).", error)),
    }
}

struct Log {
    connection: Connection,
}

/// An answer's conversation, time and row: what the order of a log is made of.
type Place = (String, String, Row);

/// Where an answer stands, by rowid. A log that grew over versions of the program has both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    /// In `responses`.
    Response(i64),
    /// In `turns`.
    Turn(i64),
}

impl Log {
    fn columns(&self, table: &str) -> Result<HashSet<String>, Failure> {
        // Only real tables: what is behind a view nobody knows.
        let sql = "SELECT c.name FROM sqlite_schema s, pragma_table_info(s.name) c
                   WHERE s.type = 'table' AND s.name = ?1 AND s.sql LIKE 'CREATE TABLE%'";
        let mut statement = self.connection.prepare(sql).map_err(|e| foreign(&e))?;
        let names = statement.query_map([table], |row| row.get(0)).map_err(|e| foreign(&e))?;
        names.collect::<Result<_, _>>().map_err(|e| foreign(&e))
    }

    fn is_one(&self) -> Result<bool, Failure> {
        Ok(self.has_responses()? || self.has_turns()?)
    }

    fn has_responses(&self) -> Result<bool, Failure> {
        let columns = self.columns("responses")?;
        let needed = ["id", "model", "prompt", "response", "conversation_id", "datetime_utc"];
        Ok(needed.iter().all(|name| columns.contains(*name)) && !self.columns("conversations")?.is_empty())
    }

    fn order(&self) -> Result<Vec<Place>, Failure> {
        let mut order = Vec::new();
        if self.has_responses()? {
            order = self.places("coalesce(conversation_id, id)", "responses", Row::Response)?;
        }
        if self.has_turns()? {
            order.extend(self.places("coalesce(thread_id, id)", "turns", Row::Turn)?);
        }
        Ok(order)
    }

    fn places(&self, id: &str, table: &str, row: fn(i64) -> Row) -> Result<Vec<Place>, Failure> {
        let sql = format!("SELECT {id}, coalesce(datetime_utc, ''), rowid FROM {table} LIMIT {MOST}");
        let mut statement = self.connection.prepare(&sql).map_err(|e| foreign(&e))?;
        let places = statement
            .query_map([], |found| Ok((text(found, 0)?, text(found, 1)?, row(found.get(2)?))))
            .map_err(|e| foreign(&e))?;
        places.collect::<Result<_, _>>().map_err(|e| foreign(&e))
    }

    fn conversation(&self, group: &[Place]) -> Result<LlmConversation, Failure> {
        let id = group.first().map(|(id, ..)| id.clone()).unwrap_or_default();
        let mut name = String::new();
        for table in ["conversations", "threads"] {
            if name.is_empty() && self.columns(table)?.contains("name") {
                name = self.words(&format!("SELECT name FROM {table} WHERE id = ?1"), &id)?.concat();
            }
        }
        let beside = Beside::of(self)?;
        let mut read = Read::default();
        let rows = group.iter().map(|(_, _, row)| match row {
            Row::Response(place) => self.response(*place, &beside),
            Row::Turn(place) => self.turn(*place, &mut read),
        });
        Ok(LlmConversation { id, name, rows: rows.collect::<Result<_, _>>()? })
    }

    fn response(&self, place: i64, beside: &Beside) -> Result<LlmRow, Failure> {
        let column = |there: bool, name: &'static str| if there { name } else { "''" };
        let sql = format!(
            "SELECT id, model, prompt, {}, response, datetime_utc, {} FROM responses WHERE rowid = ?1",
            column(beside.system, "system"),
            column(beside.reasoning, "reasoning")
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(|e| foreign(&e))?;
        let mut row = statement
            .query_row([place], |row| {
                let thought =
                    Part::Reasoning { text: text(row, 6)?, signature: None, issuer: "llm".to_owned() };
                Ok(LlmRow {
                    id: text(row, 0)?,
                    model: text(row, 1)?,
                    prompt: text(row, 2)?,
                    system: text(row, 3)?,
                    said: vec![thought, Part::Text { text: text(row, 4)? }],
                    datetime_utc: text(row, 5)?,
                    ..LlmRow::default()
                })
            })
            .map_err(|e| foreign(&e))?;
        if beside.fragments {
            row.prompt = self.with_fragments("prompt_fragments", &row.id, row.prompt)?;
        }
        if beside.system_fragments {
            row.system = self.with_fragments("system_fragments", &row.id, row.system)?;
        }
        if beside.attachments {
            let sql = "SELECT attachment_id FROM prompt_attachments WHERE response_id = ?1";
            row.attachments = u32::try_from(self.words(sql, &row.id)?.len()).unwrap_or(u32::MAX);
        }
        if beside.tools {
            row.said.extend(self.tools("arguments FROM tool_calls", &row.id)?);
            row.results = self.tools("output FROM tool_results", &row.id)?;
        }
        Ok(row)
    }

    fn with_fragments(&self, table: &str, id: &str, words: String) -> Result<String, Failure> {
        let sql = format!(
            "SELECT f.content FROM {table} p JOIN fragments f ON f.id = p.fragment_id
             WHERE p.response_id = ?1 ORDER BY p.\"order\""
        );
        let mut all = self.words(&sql, id)?;
        all.push(words);
        all.retain(|words| !words.is_empty());
        Ok(all.join("\n\n"))
    }

    fn tools(&self, what: &str, id: &str) -> Result<Vec<Part>, Failure> {
        let sql = format!("SELECT name, {what} WHERE response_id = ?1 ORDER BY rowid");
        let mut statement = self.connection.prepare_cached(&sql).map_err(|e| foreign(&e))?;
        let tools = statement
            .query_map([id], |row| Ok(Part::ServerTool { name: text(row, 0)?, text: text(row, 1)? }))
            .map_err(|e| foreign(&e))?;
        tools.collect::<Result<_, _>>().map_err(|e| foreign(&e))
    }

    fn words(&self, sql: &str, key: &str) -> Result<Vec<String>, Failure> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| foreign(&e))?;
        let words = statement.query_map([key], |row| text(row, 0)).map_err(|e| foreign(&e))?;
        words.collect::<Result<_, _>>().map_err(|e| foreign(&e))
    }
}

/// What older versions of the program wrote beside `responses`, and which of its columns they had.
struct Beside {
    system: bool,
    reasoning: bool,
    fragments: bool,
    system_fragments: bool,
    attachments: bool,
    tools: bool,
}

impl Beside {
    fn of(log: &Log) -> Result<Self, Failure> {
        let columns = log.columns("responses")?;
        let there = |table: &str| log.columns(table).map(|columns| !columns.is_empty());
        let fragments = there("fragments")?;
        let (calls, results) = (log.columns("tool_calls")?, log.columns("tool_results")?);
        Ok(Self {
            system: columns.contains("system"),
            reasoning: columns.contains("reasoning"),
            fragments: fragments && there("prompt_fragments")?,
            system_fragments: fragments && there("system_fragments")?,
            attachments: there("prompt_attachments")?,
            tools: calls.contains("arguments") && results.contains("output"),
        })
    }
}

/// A value as text, whatever its type; NULL and blobs are empty.
fn text(row: &rusqlite::Row<'_>, place: usize) -> rusqlite::Result<String> {
    use rusqlite::types::ValueRef;
    Ok(match row.get_ref(place)? {
        ValueRef::Null | ValueRef::Blob(_) => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    })
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
