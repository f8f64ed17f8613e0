//! Marks: the colour and shape a model keeps. Eight slots; a ninth model takes that of the one unused
//! longest, but never one the user has in view.

use crate::tx::{Cols, Tx};
use domain::{Failure, Timestamp};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE marks (
    slot INTEGER PRIMARY KEY CHECK (slot BETWEEN 1 AND 8),
    model TEXT NOT NULL UNIQUE,
    used_at INTEGER NOT NULL
) STRICT;
";

/// Slots are numbered from 1 to this.
pub const MARKS: u8 = 8;

/// Who has a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRow {
    /// From 1.
    pub slot: u8,
    /// The model.
    pub model: String,
    /// When it last joined a line-up.
    pub used_at: Timestamp,
}

fn row(cols: &Cols<'_>) -> Result<MarkRow, Failure> {
    Ok(MarkRow { slot: cols.get("slot")?, model: cols.get("model")?, used_at: cols.time("used_at")? })
}

impl Tx<'_> {
    /// The slot of a model.
    pub fn mark_of(&self, model: &str) -> Result<Option<u8>, Failure> {
        self.one("SELECT slot FROM marks WHERE model = ?1", [model], |c| c.get("slot"))
    }

    /// Every slot that is taken.
    pub fn marks(&self) -> Result<Vec<MarkRow>, Failure> {
        self.all("SELECT * FROM marks ORDER BY slot", [], row)
    }

    /// A model joins a line-up: its slot, else the lowest free one, else that of the model unused
    /// longest which is not in `in_use` (the models of open conversations). 0 = all eight are in use,
    /// so it is drawn in neutral.
    pub fn assign_mark(&mut self, model: &str, now: Timestamp, in_use: &[String]) -> Result<u8, Failure> {
        let mut marks = self.marks()?;
        let own = marks.iter().find(|m| m.model == model).map(|m| m.slot);
        let free = || (1..=MARKS).find(|slot| marks.iter().all(|m| m.slot != *slot));
        let slot = own.or_else(free).or_else(|| {
            marks.sort_by_key(|m| (m.used_at, m.slot));
            marks.iter().find(|m| !in_use.contains(&m.model)).map(|m| m.slot)
        });
        let Some(slot) = slot else { return Ok(0) };
        self.exec(
            "INSERT INTO marks (slot, model, used_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (slot) DO UPDATE SET model = excluded.model, used_at = excluded.used_at",
            params![slot, model, now.0],
        )?;
        Ok(slot)
    }
}
