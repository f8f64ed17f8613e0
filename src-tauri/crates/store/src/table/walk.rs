//! Walks the chain of hashes: from its first row, or from where an earlier walk ended.

use super::ledger::Stored;
use crate::tx::Tx;
use domain::Failure;
use rusqlite::params;
use sha2::{Digest, Sha256};

/// How far the chain has been walked.
pub(crate) const SCHEMA: &str = "
CREATE TABLE ledger_walked (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
";

/// A place in the chain: everything up to it has been walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    seq: i64,
    hash: [u8; 32],
}

impl Walked {
    /// Before the first row.
    pub const fn start() -> Self {
        Self { seq: 0, hash: [0; 32] }
    }
}

/// What a walk along the chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// How far it came.
    pub at: Walked,
    /// Every row on the way follows the one before it and has the hash it should.
    pub sound: bool,
    /// It came to the end.
    pub done: bool,
}

impl Tx<'_> {
    /// Recomputes every hash: `false` means that a row was changed, moved or taken out.
    pub fn verify_chain(&self) -> Result<bool, Failure> {
        let walk = self.walk_chain(Walked::start(), u32::MAX)?;
        let mut sound = walk.sound;
        self.all("SELECT id, sheet FROM price_sheets", [], |cols| {
            let (id, sheet) = (cols.get::<[u8; 32]>("id")?, cols.get::<String>("sheet")?);
            sound &= <[u8; 32]>::from(Sha256::digest(sheet)) == id;
            Ok(())
        })?;
        Ok(sound)
    }

    /// Recomputes the hashes of at most `limit` rows behind a place.
    pub fn walk_chain(&self, from: Walked, limit: u32) -> Result<Walk, Failure> {
        let mut at = from;
        let mut sound = true;
        let mut rows = 0;
        self.all(
            "SELECT * FROM ledger_entries WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            params![from.seq, limit],
            |cols| {
                let (stored, hash) = (Stored::read(cols)?, cols.get::<[u8; 32]>("hash")?);
                sound &= stored.seq == at.seq + 1 && stored.prev_hash == at.hash && stored.hash() == hash;
                at = Walked { seq: stored.seq, hash };
                rows += 1;
                Ok(())
            },
        )?;
        // The row walked last must still be the one it was.
        let place = self.one("SELECT hash FROM ledger_entries WHERE seq = ?1", [from.seq], |c| {
            c.get::<[u8; 32]>("hash")
        })?;
        sound &= from == Walked::start() || place == Some(from.hash);
        Ok(Walk { at, sound, done: rows < limit })
    }

    /// How far the chain has been walked and found sound.
    pub fn walked(&self) -> Result<Walked, Failure> {
        let found = self.one("SELECT seq, hash FROM ledger_walked", [], |c| {
            Ok(Walked { seq: c.get("seq")?, hash: c.get("hash")? })
        })?;
        Ok(found.unwrap_or_else(Walked::start))
    }

    /// Remembers how far the chain has been walked. Never backwards: another process may have got further.
    pub fn set_walked(&mut self, to: Walked) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO ledger_walked (one, seq, hash) VALUES (1, ?1, ?2)
             ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash
             WHERE excluded.seq > seq",
            params![to.seq, to.hash],
        )
        .map(|_| ())
    }
}
