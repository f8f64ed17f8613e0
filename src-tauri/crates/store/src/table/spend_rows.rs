//! The rows of the ledger themselves: the attempts behind a sum, and all of them for an export.

use crate::{
    table::{
        blind::HIDDEN,
        ledger::{Entry, HEDGE, entry},
        rollup::{Cell, Delta},
        spend::SpendSum,
    },
    tx::{Cols, Key, Tx, int},
};
use domain::{AttemptId, ConversationId, Cost, Failure, Millis, ProviderId, Timestamp, Usage};
use rusqlite::{ToSql, params};
use std::collections::BTreeMap;

/// A row of the ledger, and whether sums count it.
#[derive(Clone, Debug, PartialEq)]
pub struct Booked {
    /// The row.
    pub entry: Entry,
    /// False when a later row adjusts it.
    pub counts: bool,
}

/// Which attempts to list.
#[derive(Clone, Debug, Default)]
pub struct AttemptFilter {
    /// `[from, until)`.
    pub from: Timestamp,
    /// Not any more.
    pub until: Timestamp,
    /// Only of this model.
    pub model: Option<String>,
    /// Only of this provider.
    pub provider: Option<String>,
    /// Only of this conversation; `Some(None)` = of none.
    pub conversation: Option<Option<ConversationId>>,
    /// Only those of this app.
    pub app: Option<String>,
    /// Only those before this one, by time and place in the chain: the last row of the page before.
    pub before: Option<(Timestamp, u64)>,
    /// At most so many.
    pub limit: u32,
}

/// One attempt as it stands in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct SpendAttempt {
    /// Place in the chain.
    pub seq: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// Who was paid.
    pub provider: ProviderId,
    /// Model slug.
    pub model: String,
    /// Who asked: `window`, `cli`.
    pub origin: String,
    /// How it ended.
    pub outcome: String,
    /// What was counted.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Cost,
    /// Its conversation, if that is still there, with its title.
    pub conversation: Option<(ConversationId, String)>,
    /// Time to the first content.
    pub ttft: Option<Millis>,
    /// Time to the end.
    pub duration: Option<Millis>,
}

const STANDING: &str = "NOT EXISTS (SELECT 1 FROM ledger_entries a WHERE a.adjusts = e.id)";

impl Tx<'_> {
    /// Attempts, newest first, as they stand: adjusted rows are not there, what adjusts them is.
    pub fn spend_attempts(&self, wanted: &AttemptFilter) -> Result<Vec<SpendAttempt>, Failure> {
        let mut conditions = vec!["e.at >= ?1 AND e.at < ?2".to_owned(), STANDING.to_owned()];
        let (before_at, before_seq) = match wanted.before {
            Some((at, seq)) => (at.0, int(seq)?),
            None => (i64::MAX, i64::MAX),
        };
        let conversation = wanted.conversation.flatten().map(Key::blob);
        let mut values: Vec<&dyn ToSql> = vec![&wanted.from.0, &wanted.until.0];
        if wanted.before.is_some() {
            values.extend([&before_at as &dyn ToSql, &before_seq]);
            conditions.push("e.at <= ?3 AND (e.at < ?3 OR e.seq < ?4)".to_owned());
        }
        let mut bind = |condition: &str, value| {
            values.push(value);
            conditions.push(condition.replace('?', &format!("?{}", values.len())));
        };
        if let Some(model) = &wanted.model {
            bind("e.model = ?", model);
        }
        if let Some(provider) = &wanted.provider {
            bind("e.provider = ?", provider);
        }
        if let Some(app) = &wanted.app {
            bind("e.app = ?", app);
        }
        if let Some(id) = &conversation {
            bind("e.conversation = ?", id);
        } else if wanted.conversation.is_some() {
            conditions.push("e.conversation IS NULL".to_owned());
        }
        if self.leaves_out_hidden() {
            conditions.push(format!("e.attempt NOT IN ({HIDDEN})"));
        }
        let sql = format!(
            "SELECT e.seq, e.at, e.provider, e.model, e.origin, e.outcome, e.usage, e.cost,
                 t.first_content, t.duration, c.id AS conversation, c.title
             FROM ledger_entries e
             LEFT JOIN attempts t ON t.id = e.attempt
             LEFT JOIN conversations c ON c.id = e.conversation
             WHERE {} ORDER BY e.at DESC, e.seq DESC LIMIT {}",
            conditions.join(" AND "),
            wanted.limit
        );
        self.all(&sql, values.as_slice(), attempt)
    }

    /// Completion tokens of the newest `limit` answers of a model; of every model without one.
    pub fn answer_lengths(&self, model: Option<&str>, limit: u32) -> Result<Vec<u64>, Failure> {
        let condition = if model.is_some() { "e.model = ?1" } else { "?1 IS NULL" };
        let sql = format!(
            "SELECT e.output FROM ledger_entries e
             WHERE {condition} AND e.output > 0 AND e.outcome IN ('stop', 'completed')
             ORDER BY e.at DESC LIMIT ?2"
        );
        self.all(&sql, params![model, limit], |cols| Ok(cols.get::<i64>("output")?.unsigned_abs()))
    }

    /// How long the newest `limit` answers of a model took since then, in no order.
    pub fn answer_times(&self, model: &str, since: Timestamp, limit: u32) -> Result<Vec<Millis>, Failure> {
        let times = self.all(
            "SELECT t.duration FROM ledger_entries e JOIN attempts t ON t.id = e.attempt
             WHERE e.at >= ?2 AND e.model = ?1 AND e.outcome IN ('stop', 'completed')
             ORDER BY e.at DESC LIMIT ?3",
            params![model, since.0, limit],
            |cols| cols.opt_millis("duration"),
        )?;
        Ok(times.into_iter().flatten().collect())
    }

    /// What was booked of an attempt, as it stands: the last of what adjusts it, if anything does.
    pub fn standing(&self, attempt: AttemptId) -> Result<Option<Entry>, Failure> {
        let sql = format!(
            "SELECT e.*, p.sheet FROM ledger_entries e LEFT JOIN price_sheets p ON p.id = e.price_sheet
             WHERE e.attempt = ?1 AND {STANDING} ORDER BY e.seq DESC LIMIT 1"
        );
        self.one(&sql, [attempt.blob()], entry)
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
        let hidden =
            if self.leaves_out_hidden() { format!("AND e.attempt NOT IN ({HIDDEN})") } else { String::new() };
        // The plus keeps SQLite on the chain's own order, which needs no sorting.
        let sql = format!(
            "SELECT e.*, p.sheet, {STANDING} AS counts
             FROM ledger_entries e LEFT JOIN price_sheets p ON p.id = e.price_sheet
             WHERE e.seq > ?1 AND +e.at >= ?2 AND +e.at < ?3 {hidden} ORDER BY e.seq LIMIT ?4"
        );
        self.all(&sql, params![int(seq)?, from.0, until.0, limit], |cols| {
            Ok(Booked { entry: entry(cols)?, counts: cols.get("counts")? })
        })
    }

    /// When this app last asked for something that was booked; `None` = never.
    pub fn app_last_used(&self, app: &str) -> Result<Option<Timestamp>, Failure> {
        let last =
            self.one("SELECT max(at) AS at FROM ledger_entries WHERE app = ?1", [app], |c| c.opt_time("at"))?;
        Ok(last.flatten())
    }

    /// What was spent in `[from, until)` by each app that asked through the gateway, dearest first.
    pub fn spend_by_app(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, SpendSum)>, Failure> {
        let condition = "e.app IS NOT NULL AND e.at >= ?1 AND e.at < ?2";
        self.grouped(condition, from, until, |delta| delta.app.clone())
    }

    /// What was spent in `[from, until)` by who asked (see [`crate::Purpose`]), dearest first. Entries from before
    /// that was written down stand under `unknown`.
    pub fn spend_by_kind(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, SpendSum)>, Failure> {
        self.grouped("e.at >= ?1 AND e.at < ?2", from, until, |delta| {
            Some(delta.kind.clone().unwrap_or_else(|| "unknown".to_owned()))
        })
    }

    /// What was spent in `[from, until)` on attempts that were made beside another one and are not the answer.
    pub fn spend_on_hedges(&self, from: Timestamp, until: Timestamp) -> Result<SpendSum, Failure> {
        let mut all = Cell::default();
        self.deltas(
            "e.kind = ?3 AND e.at >= ?1 AND e.at < ?2",
            &[&from.0, &until.0, &HEDGE],
            u32::MAX,
            |delta| all.add(&delta.cell),
        )?;
        SpendSum::new(all)
    }

    /// Row by row: there are no running sums by this.
    fn grouped(
        &self,
        condition: &str,
        from: Timestamp,
        until: Timestamp,
        name: impl Fn(&Delta) -> Option<String>,
    ) -> Result<Vec<(String, SpendSum)>, Failure> {
        let mut groups: BTreeMap<String, Cell> = BTreeMap::new();
        self.deltas(condition, &[&from.0, &until.0], u32::MAX, |delta| {
            if let Some(name) = name(delta) {
                groups.entry(name).or_default().add(&delta.cell);
            }
        })?;
        let mut found: Vec<(String, SpendSum)> = groups
            .into_iter()
            .map(|(name, cell)| SpendSum::new(cell).map(|sum| (name, sum)))
            .collect::<Result<_, _>>()?;
        found.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.amount));
        Ok(found)
    }
}

fn attempt(cols: &Cols<'_>) -> Result<SpendAttempt, Failure> {
    let conversation = cols.opt_id("conversation")?.zip(cols.get::<Option<String>>("title")?);
    Ok(SpendAttempt {
        seq: cols.get::<i64>("seq")?.unsigned_abs(),
        at: cols.time("at")?,
        provider: ProviderId::new(cols.get::<String>("provider")?),
        model: cols.get("model")?,
        origin: cols.get("origin")?,
        outcome: cols.get("outcome")?,
        usage: cols.opt_json("usage")?,
        cost: cols.json("cost")?,
        conversation,
        ttft: cols.opt_millis("first_content")?,
        duration: cols.opt_millis("duration")?,
    })
}
