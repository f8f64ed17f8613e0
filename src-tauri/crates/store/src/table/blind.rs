//! Turns whose answers are shown without the names of the models, until the user has voted or asked to see them.

use crate::{
    table::{
        budgets::subject,
        ledger::of_attempts,
        rollup::{Cell, Delta},
        spend_pieces::{BRIEF, amount},
    },
    tx::{Cols, Key, Tx},
};
use domain::{BudgetScope, ConversationId, Failure, PicoUsd, RunId, Timestamp, TurnId};
use rusqlite::{ToSql, params};

/// Attempts at answers whose names are hidden. Every sum asks for them, and there are few or none: the joins are in
/// an order that SQLite must keep, for left to itself it begins with all attempts there ever were.
pub(crate) const HIDDEN: &str = "SELECT x.id FROM blind_turns b CROSS JOIN runs r ON r.turn = b.turn
    CROSS JOIN attempts x ON x.run = r.id WHERE b.revealed_at IS NULL";

pub(crate) const SCHEMA: &str = "
CREATE TABLE blind_turns (
    turn BLOB PRIMARY KEY CHECK (length(turn) = 16) REFERENCES turns (id),
    together INTEGER NOT NULL CHECK (together IN (0, 1)),
    revealed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX blind_turns_hidden ON blind_turns (turn) WHERE revealed_at IS NULL;
";

/// Answers of experiments that somebody has read with the names of their models.
pub(crate) const SEEN: &str = "
CREATE TABLE seen_answers (
    run BLOB PRIMARY KEY CHECK (length(run) = 16)
) STRICT, WITHOUT ROWID;
";

/// A turn that was asked blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindRow {
    /// Which.
    pub turn: TurnId,
    /// No answer is shown before all have ended, so that speed tells nothing.
    pub together: bool,
    /// When the names were shown; `None` = they are hidden.
    pub revealed_at: Option<Timestamp>,
}

/// What answers whose names are hidden make of a budget's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HiddenSpend {
    /// Booked for them.
    pub spent: PicoUsd,
    /// Held for them.
    pub held: PicoUsd,
}

impl Cell {
    /// Takes away what was added before: of a brief one its counts and money alone.
    pub(crate) fn take_away(&mut self, other: &Self, brief: bool) {
        let columns = if brief { BRIEF } else { self.n.len() };
        for (sum, one) in self.n.iter_mut().zip(other.n).take(columns) {
            *sum = sum.saturating_sub(one);
        }
        if !brief {
            self.ttft.take_away(&other.ttft);
        }
    }

    /// Makes of what was added before attempts whose cost is not known.
    pub(crate) fn hide(&mut self, other: &Self, brief: bool) {
        self.take_away(other, brief);
        self.n[0] = self.n[0].saturating_add(other.n[0]);
        self.n[2] = self.n[2].saturating_add(other.n[0]);
    }

    /// The amount in it.
    pub(crate) fn money(&self) -> Result<PicoUsd, Failure> {
        amount(self.n[5], self.n[6])
    }
}

fn row(cols: &Cols<'_>) -> Result<BlindRow, Failure> {
    Ok(BlindRow {
        turn: cols.id("turn")?,
        together: cols.get("together")?,
        revealed_at: cols.opt_time("revealed_at")?,
    })
}

impl Tx<'_> {
    /// Marks a turn as asked blind.
    pub fn insert_blind(&mut self, turn: TurnId, together: bool) -> Result<(), Failure> {
        self.exec("INSERT INTO blind_turns (turn, together) VALUES (?1, ?2)", params![turn.blob(), together])
            .map(|_| ())
    }

    /// Whether and how a turn was asked blind.
    pub fn blind(&self, turn: TurnId) -> Result<Option<BlindRow>, Failure> {
        self.one("SELECT * FROM blind_turns WHERE turn = ?1", [turn.blob()], row)
    }

    /// The turns of a conversation that were asked blind.
    pub fn blind_turns(&self, conversation: ConversationId) -> Result<Vec<BlindRow>, Failure> {
        self.all(
            "SELECT b.* FROM blind_turns b JOIN turns t ON t.id = b.turn WHERE t.conversation = ?1",
            [conversation.blob()],
            row,
        )
    }

    /// Shows the names of a turn; false = they were not hidden.
    pub fn reveal(&mut self, turn: TurnId, at: Timestamp) -> Result<bool, Failure> {
        let changed = self.exec(
            "UPDATE blind_turns SET revealed_at = ?2 WHERE turn = ?1 AND revealed_at IS NULL",
            params![turn.blob(), at.0],
        )?;
        Ok(changed > 0)
    }

    /// Notes that somebody has read these answers with the names of their models.
    pub fn note_seen(&mut self, runs: &[RunId]) -> Result<(), Failure> {
        for run in runs {
            self.exec("INSERT OR IGNORE INTO seen_answers (run) VALUES (?1)", [run.blob()])?;
        }
        Ok(())
    }

    /// Has somebody read one of these answers with the name of its model?
    pub fn any_seen(&self, runs: &[RunId]) -> Result<bool, Failure> {
        for run in runs {
            let known = self.one("SELECT 1 AS n FROM seen_answers WHERE run = ?1", [run.blob()], |cols| {
                cols.get::<i64>("n")
            })?;
            if known.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is booked of answers whose names are hidden, where that is to be left out.
    pub(super) fn booked_hidden(
        &self,
        condition: &str,
        params: &[&dyn ToSql],
        each: impl FnMut(&Delta),
    ) -> Result<(), Failure> {
        if !self.leaves_out_hidden() {
            return Ok(());
        }
        let booked = of_attempts(HIDDEN);
        self.deltas(&format!("e.seq IN ({booked}) AND {condition}"), params, u32::MAX, each)
    }

    /// Attempts that were begun in `[from, until)` at answers whose names are hidden.
    pub fn hidden_attempts(&self, from: Timestamp, until: Timestamp) -> Result<u32, Failure> {
        let sql = format!(
            "SELECT count(*) AS n FROM ({HIDDEN}) h CROSS JOIN attempts a ON a.id = h.id
             WHERE a.started_at >= ?1 AND a.started_at < ?2"
        );
        Ok(self.one(&sql, [from.0, until.0], |cols| cols.get("n"))?.unwrap_or(0))
    }

    /// What such answers make of the figures of a budget since then.
    pub fn hidden_spend(&self, scope: &BudgetScope, from: Timestamp) -> Result<HiddenSpend, Failure> {
        let (entry, hold) = match scope {
            BudgetScope::All => ("?1 = ?1", "?1 = ?1"),
            // The signs keep SQLite from going through all that a provider, model or program was ever asked.
            BudgetScope::Provider(_) => ("+e.provider = ?1", "provider = ?1"),
            BudgetScope::Model(_) => ("+e.model = ?1", "model = ?1"),
            BudgetScope::Conversation(_) => {
                ("lower(hex(e.conversation)) = ?1", "lower(hex(conversation)) = ?1")
            }
            BudgetScope::App(_) => ("+e.app = ?1", "app = ?1"),
            BudgetScope::Key { .. } => ("e.provider || '/' || e.account = ?1", "provider || '/' || key = ?1"),
        };
        let subject = subject(scope);
        let mut booked = Cell::default();
        let condition = format!("e.seq IN ({}) AND +e.at >= ?2 AND {entry}", of_attempts(HIDDEN));
        self.deltas(&condition, &[&subject, &from.0], u32::MAX, |delta| booked.add(&delta.cell))?;
        let sql = format!("SELECT amount FROM holds WHERE attempt IN ({HIDDEN}) AND {hold}");
        let held: Vec<Option<i64>> = self.all(&sql, [&subject], |cols| cols.get("amount"))?;
        let held = held.into_iter().flatten().fold(0_i64, i64::saturating_add);
        Ok(HiddenSpend { spent: booked.money()?, held: PicoUsd::new(held) })
    }

    /// Shows the names of every turn of a conversation.
    pub fn reveal_all(&mut self, conversation: ConversationId, at: Timestamp) -> Result<(), Failure> {
        self.exec(
            "UPDATE blind_turns SET revealed_at = ?2
             WHERE revealed_at IS NULL AND turn IN (SELECT id FROM turns WHERE conversation = ?1)",
            params![conversation.blob(), at.0],
        )
        .map(|_| ())
    }
}
