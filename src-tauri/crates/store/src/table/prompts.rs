//! What the user keeps to use again: system prompts, prompts with gaps, and line-ups by name.

use crate::tx::{Cols, Tx, json};
use domain::{Failure, LaneTarget, Timestamp};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE prompts (
    id TEXT PRIMARY KEY CHECK (length(id) = 36),
    kind TEXT NOT NULL CHECK (kind IN ('system', 'prompt')),
    name TEXT NOT NULL COLLATE NOCASE,
    slash TEXT UNIQUE CHECK (slash IS NULL OR length(slash) > 0),
    text TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE teams (
    id TEXT PRIMARY KEY CHECK (length(id) = 36),
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    line_up TEXT NOT NULL CHECK (json_valid(line_up)),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// A text to use again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptRow {
    /// UUID.
    pub id: String,
    /// It is for the system prompt, not for the message.
    pub system: bool,
    /// What the user calls it; once among its kind, whatever the case.
    pub name: String,
    /// The word that brings it up behind a slash.
    pub slash: Option<String>,
    /// The text; `{{name}}` is a gap to fill.
    pub text: String,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// A line-up by name.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamRow {
    /// UUID.
    pub id: String,
    /// What the user calls it.
    pub name: String,
    /// Its lanes from the left, with their parameters.
    pub line_up: Vec<LaneTarget>,
    /// When it was last written.
    pub updated_at: Timestamp,
}

fn prompt(cols: &Cols<'_>) -> Result<PromptRow, Failure> {
    Ok(PromptRow {
        id: cols.get("id")?,
        system: cols.get::<String>("kind")? == "system",
        name: cols.get("name")?,
        slash: cols.get("slash")?,
        text: cols.get("text")?,
        updated_at: cols.time("updated_at")?,
    })
}

fn team(cols: &Cols<'_>) -> Result<TeamRow, Failure> {
    Ok(TeamRow {
        id: cols.get("id")?,
        name: cols.get("name")?,
        line_up: cols.json("line_up")?,
        updated_at: cols.time("updated_at")?,
    })
}

impl Tx<'_> {
    /// Every text, by name.
    pub fn prompts(&self) -> Result<Vec<PromptRow>, Failure> {
        self.all("SELECT * FROM prompts ORDER BY name", [], prompt)
    }

    /// Writes a text anew or over the one with its id.
    pub fn put_prompt(&mut self, r: &PromptRow) -> Result<(), Failure> {
        let kind = if r.system { "system" } else { "prompt" };
        self.exec(
            "INSERT INTO prompts (id, kind, name, slash, text, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
                 slash = excluded.slash, text = excluded.text, updated_at = excluded.updated_at",
            params![r.id, kind, r.name, r.slash, r.text, r.updated_at.0],
        )
        .map(|_| ())
    }

    /// Removes a text; one that is not there is no error.
    pub fn remove_prompt(&mut self, id: &str) -> Result<(), Failure> {
        self.exec("DELETE FROM prompts WHERE id = ?1", [id]).map(|_| ())
    }

    /// Every line-up with a name, by name.
    pub fn teams(&self) -> Result<Vec<TeamRow>, Failure> {
        self.all("SELECT * FROM teams ORDER BY name", [], team)
    }

    /// Writes a line-up anew or over the one with its id.
    pub fn put_team(&mut self, r: &TeamRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO teams (id, name, line_up, updated_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, line_up = excluded.line_up,
                 updated_at = excluded.updated_at",
            params![r.id, r.name, json(&r.line_up)?, r.updated_at.0],
        )
        .map(|_| ())
    }

    /// Removes a line-up; one that is not there is no error.
    pub fn remove_team(&mut self, id: &str) -> Result<(), Failure> {
        self.exec("DELETE FROM teams WHERE id = ?1", [id]).map(|_| ())
    }
}
