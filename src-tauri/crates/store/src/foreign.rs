//! Other programs' databases, opened to be read and no further: the log of the `llm` command.

use crate::error::failure;
use domain::{ErrorKind, Failure};
use rusqlite::{Connection, OpenFlags, config::DbConfig, limits::Limit};
use std::{collections::HashSet, path::Path, time::Duration};

/// Longest value that is read.
const LONGEST: i32 = 64 * 1024 * 1024;
/// Most conversations and answers of a log that are kept in mind at once, as numbers.
const MOST: usize = 5_000_000;

/// An answer in the log of `llm`, with its prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LlmRow {
    /// Id.
    pub id: String,
    /// Model.
    pub model: String,
    /// Prompt, fragments first.
    pub prompt: String,
    /// System prompt.
    pub system: String,
    /// Answer.
    pub response: String,
    /// When, RFC 3339.
    pub datetime_utc: String,
    /// Files that came with the prompt.
    pub attachments: u32,
}

/// A conversation of that log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        _ => Failure::new(ErrorKind::RequestInvalid, format!("The database cannot be read ({error}).")),
    }
}

struct Log {
    connection: Connection,
}

/// An answer's conversation, time and rowid: what the order of a log is made of.
type Place = (String, String, i64);

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
        let columns = self.columns("responses")?;
        let needed = ["id", "model", "prompt", "response", "conversation_id", "datetime_utc"];
        Ok(needed.iter().all(|name| columns.contains(*name)) && !self.columns("conversations")?.is_empty())
    }

    fn order(&self) -> Result<Vec<Place>, Failure> {
        let sql = format!(
            "SELECT coalesce(conversation_id, id), coalesce(datetime_utc, ''), rowid FROM responses LIMIT {MOST}"
        );
        let mut statement = self.connection.prepare(&sql).map_err(|e| foreign(&e))?;
        let places = statement
            .query_map([], |row| Ok((text(row, 0)?, text(row, 1)?, row.get(2)?)))
            .map_err(|e| foreign(&e))?;
        places.collect::<Result<_, _>>().map_err(|e| foreign(&e))
    }

    fn conversation(&self, group: &[Place]) -> Result<LlmConversation, Failure> {
        let id = group.first().map(|(id, ..)| id.clone()).unwrap_or_default();
        let name = self.words("SELECT name FROM conversations WHERE id = ?1", &id)?.concat();
        let system = self.columns("responses")?.contains("system");
        let fragments =
            !self.columns("prompt_fragments")?.is_empty() && !self.columns("fragments")?.is_empty();
        let attachments = !self.columns("prompt_attachments")?.is_empty();
        let system = if system { "system" } else { "''" };
        let sql = format!(
            "SELECT id, model, prompt, {system}, response, datetime_utc FROM responses WHERE rowid = ?1"
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(|e| foreign(&e))?;
        let mut rows = Vec::with_capacity(group.len());
        for (_, _, place) in group {
            let mut row = statement
                .query_row([place], |row| {
                    Ok(LlmRow {
                        id: text(row, 0)?,
                        model: text(row, 1)?,
                        prompt: text(row, 2)?,
                        system: text(row, 3)?,
                        response: text(row, 4)?,
                        datetime_utc: text(row, 5)?,
                        attachments: 0,
                    })
                })
                .map_err(|e| foreign(&e))?;
            if fragments {
                let sql = "SELECT f.content FROM prompt_fragments p JOIN fragments f ON f.id = p.fragment_id
                           WHERE p.response_id = ?1 ORDER BY p.\"order\"";
                let mut words = self.words(sql, &row.id)?;
                words.push(std::mem::take(&mut row.prompt));
                words.retain(|words| !words.is_empty());
                row.prompt = words.join("\n\n");
            }
            if attachments {
                let sql = "SELECT attachment_id FROM prompt_attachments WHERE response_id = ?1";
                row.attachments = u32::try_from(self.words(sql, &row.id)?.len()).unwrap_or(u32::MAX);
            }
            rows.push(row);
        }
        Ok(LlmConversation { id, name, rows })
    }

    fn words(&self, sql: &str, key: &str) -> Result<Vec<String>, Failure> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| foreign(&e))?;
        let words = statement.query_map([key], |row| text(row, 0)).map_err(|e| foreign(&e))?;
        words.collect::<Result<_, _>>().map_err(|e| foreign(&e))
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
