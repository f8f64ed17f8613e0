//! Prices as they were when something was booked by them, each stored once.

use crate::tx::{Tx, json};
use domain::{Failure, PriceSheet};
use rusqlite::params;
use sha2::{Digest, Sha256};

impl Tx<'_> {
    /// Keeps a price sheet; gives its id, the SHA-256 of its text.
    pub(crate) fn put_price_sheet(&self, sheet: &PriceSheet) -> Result<[u8; 32], Failure> {
        let known = self.known.facts().sheets.iter().find(|(known, _)| known == sheet).map(|(_, id)| *id);
        if let Some(id) = known {
            return Ok(id);
        }
        let text = json(sheet)?;
        let id: [u8; 32] = Sha256::digest(&text).into();
        self.exec_told(
            "INSERT INTO price_sheets (id, sheet) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
            params![id, text],
        )?;
        let mut facts = self.known.facts();
        facts.room();
        facts.sheets.push((sheet.clone(), id));
        Ok(id)
    }
}
