//! Holds: the most an unfinished attempt may still cost. Placed before its request is sent, released by
//! its entry in the ledger.

use crate::{
    error::bug,
    table::budgets::Spender,
    tx::{Cols, Key, Tx, int, opt_blob},
};
use domain::{
    AccountLabel, AttemptId, BudgetScope, Failure, PicoUsd, PriceSheet, ProcessId, ProviderId, Timestamp,
};
use rusqlite::params;

// No foreign key to attempts, as in the ledger: money does not depend on what a chat keeps.
pub(crate) const SCHEMA: &str = "
CREATE TABLE holds (
    attempt BLOB PRIMARY KEY CHECK (length(attempt) = 16),
    amount INTEGER CHECK (amount >= 0),
    placed_at INTEGER NOT NULL,
    process BLOB NOT NULL CHECK (length(process) = 16)
) STRICT;
";

/// Who spends, at which prices, and how long the answer may be.
pub(crate) const SPENDERS: &str = "
ALTER TABLE holds ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN model TEXT NOT NULL DEFAULT 'unknown/unknown';
ALTER TABLE holds ADD COLUMN conversation BLOB CHECK (conversation IS NULL OR length(conversation) = 16);
ALTER TABLE holds ADD COLUMN app TEXT;
ALTER TABLE holds ADD COLUMN key TEXT;
ALTER TABLE holds ADD COLUMN output_limit INTEGER;
ALTER TABLE holds ADD COLUMN price_sheet BLOB REFERENCES price_sheets (id);
UPDATE holds SET
    provider = (SELECT provider FROM attempts a WHERE a.id = attempt),
    model = (SELECT model FROM attempts a WHERE a.id = attempt),
    key = (SELECT account FROM attempts a WHERE a.id = attempt),
    conversation = (SELECT t.conversation FROM attempts a JOIN runs r ON r.id = a.run
        JOIN turns t ON t.id = r.turn WHERE a.id = attempt)
WHERE EXISTS (SELECT 1 FROM attempts a WHERE a.id = attempt);
";

/// Kept by attempt alone: every request writes one and takes it away, which were two trees to change each time.
pub(crate) const LEANER: &str = "
CREATE TABLE holds_anew (
    attempt BLOB PRIMARY KEY CHECK (length(attempt) = 16),
    amount INTEGER CHECK (amount >= 0),
    placed_at INTEGER NOT NULL,
    process BLOB NOT NULL CHECK (length(process) = 16),
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    conversation BLOB CHECK (conversation IS NULL OR length(conversation) = 16),
    app TEXT,
    key TEXT,
    output_limit INTEGER,
    price_sheet BLOB REFERENCES price_sheets (id)
) STRICT, WITHOUT ROWID;
INSERT INTO holds_anew SELECT attempt, amount, placed_at, process, provider, model, conversation, app, key,
    output_limit, price_sheet FROM holds;
DROP TABLE holds;
ALTER TABLE holds_anew RENAME TO holds;
";

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// For which attempt.
    pub attempt: AttemptId,
    /// At most this much; `None` = the price is unknown.
    pub amount: Option<PicoUsd>,
    /// When.
    pub placed_at: Timestamp,
    /// The process that makes the attempt.
    pub process: ProcessId,
    /// Who spends.
    pub spender: Spender,
    /// The longest answer the request asks for, in tokens; `None` = it names no limit.
    pub output_limit: Option<u64>,
    /// The prices it was reckoned by. They count at the end too, whatever has changed by then.
    pub prices: Option<PriceSheet>,
}

fn spender(cols: &Cols<'_>) -> Result<Spender, Failure> {
    Ok(Spender {
        provider: ProviderId::new(cols.get::<String>("provider")?),
        model: cols.word("model")?,
        conversation: cols.opt_id("conversation")?,
        app: cols.get("app")?,
        key: cols.get::<Option<String>>("key")?.map(AccountLabel::new),
    })
}

fn row(cols: &Cols<'_>) -> Result<HoldRow, Failure> {
    Ok(HoldRow {
        attempt: cols.id("attempt")?,
        amount: cols.get::<Option<i64>>("amount")?.map(PicoUsd::new),
        placed_at: cols.time("placed_at")?,
        process: cols.id("process")?,
        spender: spender(cols)?,
        output_limit: cols.get::<Option<i64>>("output_limit")?.map(i64::unsigned_abs),
        prices: cols.opt_json("sheet")?,
    })
}

const COLUMNS: &str = "SELECT h.*, p.sheet FROM holds h LEFT JOIN price_sheets p ON p.id = h.price_sheet";

impl Tx<'_> {
    /// Places a hold, or changes the amount of the one there is. Refused once the attempt is settled.
    pub fn place_hold(&mut self, h: &HoldRow) -> Result<(), Failure> {
        let sheet = h.prices.as_ref().map(|sheet| self.put_price_sheet(sheet)).transpose()?;
        let amount = h.amount.map(PicoUsd::get);
        let placed = self.exec_told(
            "INSERT INTO holds (attempt, amount, placed_at, process, provider, model, conversation, app, key,
                 output_limit, price_sheet)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
             WHERE NOT EXISTS (SELECT 1 FROM ledger_entries WHERE attempt = ?1 AND adjusts IS NULL)
             ON CONFLICT (attempt) DO UPDATE SET amount = excluded.amount",
            params![
                h.attempt.blob(),
                amount,
                h.placed_at.0,
                h.process.blob(),
                h.spender.provider.as_str(),
                h.spender.model.as_str(),
                opt_blob(h.spender.conversation),
                h.spender.app,
                h.spender.key.as_ref().map(AccountLabel::as_str),
                h.output_limit.map(int).transpose()?,
                sheet
            ],
        )?;
        if placed == 0 {
            return Err(bug("A hold was to be placed on an attempt that is settled."));
        }
        if let Some(holds) = &mut self.known.facts().holds {
            holds.entry(h.attempt).or_insert_with(|| (h.spender.clone(), None)).1 = amount;
        }
        Ok(())
    }

    /// Takes away the hold of an attempt; what it was, if there was one: an amount, or of no known one.
    pub(super) fn release_hold(&self, attempt: AttemptId) -> Result<Option<Option<i64>>, Failure> {
        let sql = "DELETE FROM holds WHERE attempt = ?1 RETURNING amount";
        let held = self.one_told(sql, [attempt.blob()], |c| c.get::<Option<i64>>("amount"))?;
        if let Some(holds) = &mut self.known.facts().holds {
            holds.remove(&attempt);
        }
        Ok(held)
    }

    /// What is held in a scope: the sum of what was admitted, at most the end of its range, and how many holds are of
    /// no known amount.
    pub(super) fn held(&self, scope: &BudgetScope) -> Result<(PicoUsd, u32), Failure> {
        if self.known.facts().holds.is_none() {
            let all = self.all("SELECT * FROM holds", [], |c| {
                Ok((c.id("attempt")?, (spender(c)?, c.get::<Option<i64>>("amount")?)))
            })?;
            self.known.facts().holds = Some(all.into_iter().collect());
        }
        let facts = self.known.facts();
        let (mut sum, mut unheld) = (0_i64, 0_u32);
        for (_, amount) in
            facts.holds.iter().flatten().map(|(_, held)| held).filter(|held| held.0.is_in(scope))
        {
            match amount {
                Some(amount) => sum = sum.saturating_add(*amount),
                None => unheld = unheld.saturating_add(1),
            }
        }
        Ok((PicoUsd::new(sum), unheld))
    }

    /// The open hold of an attempt.
    pub fn hold(&self, attempt: AttemptId) -> Result<Option<HoldRow>, Failure> {
        self.one(&format!("{COLUMNS} WHERE h.attempt = ?1"), [attempt.blob()], row)
    }

    /// Every open hold, oldest first.
    pub fn holds(&self) -> Result<Vec<HoldRow>, Failure> {
        self.all(&format!("{COLUMNS} ORDER BY h.placed_at, h.attempt"), [], row)
    }
}
