//! Sums over the ledger, and over nothing else.

use crate::{
    table::ledger::{Entry, entry},
    tx::{Cols, Key, Tx, int},
};
use domain::{ConversationId, Failure, PicoUsd, ProviderId, Timestamp};
use rusqlite::{Params, params};
use std::collections::BTreeMap;

/// What was spent. With `unknown` above zero `amount` is a lower bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpendSum {
    /// Sum of the known costs.
    pub amount: PicoUsd,
    /// Attempts settled.
    pub attempts: u32,
    /// Of those, attempts of unknown cost.
    pub unknown: u32,
    /// Prompt tokens, where they were counted.
    pub input: u64,
    /// Completion tokens, where they were counted.
    pub output: u64,
}

/// What a conversation cost: id, title, sum. Without a conversation: calls that belong to none; without a
/// title: the chat is gone.
pub type ConversationSpend = (Option<ConversationId>, Option<String>, SpendSum);

/// A row of the ledger, and whether sums count it.
#[derive(Clone, Debug, PartialEq)]
pub struct Booked {
    /// The row.
    pub entry: Entry,
    /// False when a later row adjusts it.
    pub counts: bool,
}

/// By what spending is broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpendKey {
    /// By model slug.
    Model,
    /// By provider id.
    Provider,
    /// By calendar day (`YYYY-MM-DD`) at this many minutes east of UTC.
    Day(i32),
}

// An entry that another one adjusts does not count. SUM over integers is exact and errors on overflow.
const SUMS: &str = "ifnull(sum(e.amount), 0) AS amount, count(*) AS attempts,
    count(*) - count(e.amount) AS unknown, ifnull(sum(e.input), 0) AS input,
    ifnull(sum(e.output), 0) AS output";
const STANDING: &str = "NOT EXISTS (SELECT 1 FROM ledger_entries a WHERE a.adjusts = e.id)";

fn sum(cols: &Cols<'_>) -> Result<SpendSum, Failure> {
    Ok(SpendSum {
        amount: PicoUsd::new(cols.get("amount")?),
        attempts: cols.get("attempts")?,
        unknown: cols.get("unknown")?,
        input: cols.get::<i64>("input")?.unsigned_abs(),
        output: cols.get::<i64>("output")?.unsigned_abs(),
    })
}

impl Tx<'_> {
    fn spend(&self, condition: &str, params: impl Params) -> Result<SpendSum, Failure> {
        let sql = format!("SELECT {SUMS} FROM ledger_entries e WHERE {condition} AND {STANDING}");
        Ok(self.one(&sql, params, sum)?.unwrap_or_default())
    }

    /// What was spent in `[from, until)`.
    pub fn spend_total(&self, from: Timestamp, until: Timestamp) -> Result<SpendSum, Failure> {
        self.spend("e.at >= ?1 AND e.at < ?2", params![from.0, until.0])
    }

    /// What was spent in `[from, until)`, broken down; days in order, else dearest first.
    pub fn spend_by(
        &self,
        key: SpendKey,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, SpendSum)>, Failure> {
        let (column, order, minutes) = match key {
            SpendKey::Model => ("e.model", "amount DESC, key", 0),
            SpendKey::Provider => ("e.provider", "amount DESC, key", 0),
            SpendKey::Day(minutes) => ("date(e.at / 1000 + ?3 * 60, 'unixepoch')", "key", minutes),
        };
        let sql = format!(
            "SELECT {column} AS key, {SUMS} FROM ledger_entries e
             WHERE e.at >= ?1 AND e.at < ?2 AND ?3 = ?3 AND {STANDING} GROUP BY 1 ORDER BY {order}"
        );
        self.all(&sql, params![from.0, until.0, minutes], |cols| Ok((cols.get("key")?, sum(cols)?)))
    }

    /// What was spent in `[from, until)` by model and the provider that served it, dearest first.
    pub fn spend_by_endpoint(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, ProviderId, SpendSum)>, Failure> {
        let sql = format!(
            "SELECT e.model, e.provider, {SUMS} FROM ledger_entries e
             WHERE e.at >= ?1 AND e.at < ?2 AND {STANDING}
             GROUP BY e.model, e.provider ORDER BY amount DESC, attempts DESC, e.model"
        );
        self.all(&sql, params![from.0, until.0], |cols| {
            let provider: String = cols.get("provider")?;
            Ok((cols.get("model")?, ProviderId::from(provider.as_str()), sum(cols)?))
        })
    }

    /// What was spent in `[from, until)` by conversation with its title, dearest first.
    pub fn spend_by_conversation(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ConversationSpend>, Failure> {
        let sql = format!(
            "SELECT s.*, c.title FROM (
                 SELECT e.conversation, {SUMS} FROM ledger_entries e
                 WHERE e.at >= ?1 AND e.at < ?2 AND {STANDING} GROUP BY e.conversation) s
             LEFT JOIN conversations c ON c.id = s.conversation
             ORDER BY s.amount DESC, s.attempts DESC, s.conversation"
        );
        self.all(&sql, params![from.0, until.0], |cols| {
            Ok((cols.opt_id("conversation")?, cols.get("title")?, sum(cols)?))
        })
    }

    /// At most `limit` rows of the ledger behind `seq` that were booked in `[from, until)`, in the order
    /// of the chain; adjusted rows are there and do not count.
    pub fn booked_after(
        &self,
        seq: u64,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Booked>, Failure> {
        // The plus keeps SQLite on the chain's own order, which needs no sorting.
        let sql = format!(
            "SELECT e.*, p.sheet, {STANDING} AS counts
             FROM ledger_entries e LEFT JOIN price_sheets p ON p.id = e.price_sheet
             WHERE e.seq > ?1 AND +e.at >= ?2 AND +e.at < ?3 ORDER BY e.seq LIMIT ?4"
        );
        self.all(&sql, params![int(seq)?, from.0, until.0, limit], |cols| {
            Ok(Booked { entry: entry(cols)?, counts: cols.get("counts")? })
        })
    }

    /// What a conversation cost.
    pub fn conversation_spend(&self, id: ConversationId) -> Result<SpendSum, Failure> {
        self.spend("e.conversation = ?1", [id.blob()])
    }

    /// What every conversation cost.
    pub fn conversation_spends(&self) -> Result<BTreeMap<ConversationId, SpendSum>, Failure> {
        let sql = format!(
            "SELECT e.conversation, {SUMS} FROM ledger_entries e
             WHERE e.conversation IS NOT NULL AND {STANDING} GROUP BY e.conversation"
        );
        let rows = self.all(&sql, [], |cols| Ok((cols.id("conversation")?, sum(cols)?)))?;
        Ok(rows.into_iter().collect())
    }
}
