//! Every price with the day it came: what the program brought, what a public list said, what the user set.
//! Rows are added, never changed; what is in force follows from their order.

use crate::tx::{Cols, Tx, word};
use domain::{Failure, PriceSheet, ProviderId, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub(crate) const SCHEMA: &str = "
CREATE TABLE price_history (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    event TEXT NOT NULL
        CHECK (event IN ('bundled', 'live', 'waiting', 'confirmed', 'declined', 'user', 'reset')),
    price_sheet BLOB REFERENCES price_sheets (id),
    note TEXT
) STRICT;
CREATE INDEX price_history_by_endpoint ON price_history (provider, upstream_model, seq);
CREATE INDEX price_history_in_force ON price_history (seq) WHERE event <> 'bundled';
CREATE TRIGGER price_history_update BEFORE UPDATE ON price_history
    BEGIN SELECT RAISE(ABORT, 'the history of prices is never changed'); END;
CREATE TRIGGER price_history_delete BEFORE DELETE ON price_history
    BEGIN SELECT RAISE(ABORT, 'the history of prices is never deleted'); END;
";

/// Stands for every model of a provider.
pub const WHOLE_PROVIDER: &str = "*";

/// What happened to a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceEvent {
    /// The program brought it.
    Bundled,
    /// A public list said it, and it was believed.
    Live,
    /// A public list said it, and it waits for the user's word.
    Waiting,
    /// The user confirmed what had waited.
    Confirmed,
    /// The user declined what had waited.
    Declined,
    /// The user set it.
    User,
    /// The user took their own price back.
    Reset,
}

/// One price at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// When.
    pub at: Timestamp,
    /// Who serves.
    pub provider: ProviderId,
    /// The provider's own id of the model, or [`WHOLE_PROVIDER`].
    pub upstream_model: String,
    /// What happened.
    pub event: PriceEvent,
    /// The price; `None` where an event has none.
    pub sheet: Option<PriceSheet>,
    /// Why it waits, or in which currency it was given.
    pub note: Option<String>,
}

fn row(cols: &Cols<'_>) -> Result<PriceRow, Failure> {
    Ok(PriceRow {
        at: cols.time("at")?,
        provider: ProviderId::new(cols.get::<String>("provider")?),
        upstream_model: cols.get("upstream_model")?,
        event: cols.word("event")?,
        sheet: cols.opt_json("sheet")?,
        note: cols.get("note")?,
    })
}

const FROM: &str = "SELECT h.at, h.provider, h.upstream_model, h.event, h.note, p.sheet
    FROM price_history h LEFT JOIN price_sheets p ON p.id = h.price_sheet";

impl Tx<'_> {
    /// Adds to the history.
    pub fn add_price(&mut self, p: &PriceRow) -> Result<(), Failure> {
        let sheet = p.sheet.as_ref().map(|sheet| self.put_price_sheet(sheet)).transpose()?;
        self.exec(
            "INSERT INTO price_history (at, provider, upstream_model, event, price_sheet, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![p.at.0, p.provider.as_str(), p.upstream_model, word(p.event)?, sheet, p.note],
        )
        .map(|_| ())
    }

    /// Adds what the program brought, where it differs from what an earlier version brought. Gives how many.
    pub fn add_bundled_prices(&mut self, prices: &[PriceRow]) -> Result<usize, Failure> {
        let last = self.all(
            &format!(
                "{FROM} WHERE h.seq IN (SELECT max(seq) FROM price_history WHERE event = 'bundled'
                     GROUP BY provider, upstream_model)"
            ),
            [],
            row,
        )?;
        let last: HashMap<(ProviderId, String), Option<PriceSheet>> =
            last.into_iter().map(|row| ((row.provider, row.upstream_model), row.sheet)).collect();
        let mut added = 0;
        for price in prices {
            let key = (price.provider.clone(), price.upstream_model.clone());
            if last.get(&key) != Some(&price.sheet) {
                self.add_price(price)?;
                added += 1;
            }
        }
        Ok(added)
    }

    /// Everything that may be in force beside what the program brought, oldest first.
    pub fn price_changes(&self) -> Result<Vec<PriceRow>, Failure> {
        self.all(&format!("{FROM} WHERE h.event <> 'bundled' ORDER BY h.seq"), [], row)
    }

    /// The history of one endpoint, oldest first.
    pub fn price_history(
        &self,
        provider: &ProviderId,
        upstream_model: &str,
    ) -> Result<Vec<PriceRow>, Failure> {
        self.all(
            &format!("{FROM} WHERE h.provider = ?1 AND h.upstream_model IN (?2, ?3) ORDER BY h.seq"),
            params![provider.as_str(), upstream_model, WHOLE_PROVIDER],
            row,
        )
    }
}
