//! A span of time as the running sums have it: whole cells as large as they come, and single rows at its ends.

use crate::{
    error::bug,
    table::rollup::{COLUMNS, Cell, Delta, Level, PICO_PER_DOLLAR, blob},
    tx::{Cols, Key, Tx},
};
use domain::{ConversationId, Failure, PicoUsd, Timestamp};
use rusqlite::params;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Leading columns of a cell that are counts and money.
pub(super) const BRIEF: usize = 7;

/// A part of a span: whole cells from one number to another, or rows by their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Cells(Level, i64, i64),
    Rows(i64, i64),
}

impl Piece {
    fn cells(&self) -> Option<(Level, i64, i64)> {
        match *self {
            Self::Cells(level, start, end) => Some((level, start, end)),
            Self::Rows(..) => None,
        }
    }
}

/// The fewest pieces that make up `[from, until)`.
fn pieces(level: Level, from: i64, until: i64, out: &mut Vec<Piece>) {
    if from >= until {
        return;
    }
    let finer = match level {
        Level::Ever => Level::Day,
        Level::Day => Level::Quarter,
        Level::Quarter => {
            let (start, end) = whole(900_000, from, until);
            if start >= end {
                return out.push(Piece::Rows(from, until));
            }
            if from < start * 900_000 {
                out.push(Piece::Rows(from, start * 900_000));
            }
            out.push(Piece::Cells(Level::Quarter, start, end));
            if end * 900_000 < until {
                out.push(Piece::Rows(end * 900_000, until));
            }
            return;
        }
    };
    let Some(span) = level.span() else { return pieces(finer, from, until, out) };
    let (start, end) = whole(span, from, until);
    if start >= end {
        return pieces(finer, from, until, out);
    }
    pieces(finer, from, start * span, out);
    out.push(Piece::Cells(level, start, end));
    pieces(finer, end * span, until, out);
}

/// The first whole cell in a span, and the one after the last.
fn whole(span: i64, from: i64, until: i64) -> (i64, i64) {
    (from.div_euclid(span) + i64::from(from.rem_euclid(span) > 0), until.div_euclid(span))
}

/// What cells are kept by, and how to find its own in an entry.
pub(super) trait Keyed: Ord + Sized {
    const TABLE: &'static str;
    /// Key columns, before the counts.
    const KEY: &'static str;
    const WIDTH: usize;
    fn read(cols: &Cols<'_>) -> Result<Self, Failure>;
    fn of(delta: &Delta) -> Self;
}

impl Keyed for (String, String) {
    const TABLE: &'static str = "spend_by_endpoint";
    const KEY: &'static str = "provider, model";
    const WIDTH: usize = 2;
    fn read(cols: &Cols<'_>) -> Result<Self, Failure> {
        Ok((cols.at(0)?, cols.at(1)?))
    }
    fn of(delta: &Delta) -> Self {
        (delta.provider.clone(), delta.model.clone())
    }
}

impl Keyed for Option<ConversationId> {
    const TABLE: &'static str = "spend_by_conversation";
    const KEY: &'static str = "conversation";
    const WIDTH: usize = 1;
    fn read(cols: &Cols<'_>) -> Result<Self, Failure> {
        let id: Vec<u8> = cols.at(0)?;
        Ok(<[u8; 16]>::try_from(id).ok().map(ConversationId::from_blob))
    }
    fn of(delta: &Delta) -> Self {
        delta.conversation
    }
}

/// A conversation; `None` = what belongs to none.
type Id = Option<ConversationId>;

impl Tx<'_> {
    fn pieces(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Piece>, Failure> {
        let Some((first, last)) = self.spend_span()? else { return Ok(Vec::new()) };
        if from <= first && until > last {
            return Ok(vec![Piece::Cells(Level::Ever, 0, 1)]);
        }
        // Nothing was booked before the day of the first entry or after that of the last.
        const DAY: i64 = 86_400_000;
        let from = from.0.max(first.0.div_euclid(DAY) * DAY);
        let until = until.0.min((last.0.div_euclid(DAY) + 1) * DAY);
        let mut out = Vec::new();
        pieces(Level::Day, from, until, &mut out);
        Ok(out)
    }

    /// Sums by key. `brief`: of counts and money alone, added up by SQLite; else of everything.
    pub(super) fn sums<K: Keyed>(
        &self,
        from: Timestamp,
        until: Timestamp,
        brief: bool,
    ) -> Result<BTreeMap<K, Cell>, Failure> {
        let (key, table) = (K::KEY, K::TABLE);
        let sql = if brief {
            let sums: Vec<String> = COLUMNS[..BRIEF].iter().map(|name| format!("sum({name})")).collect();
            format!(
                "SELECT {key}, {} FROM {table} WHERE level = ?1 AND start >= ?2 AND start < ?3 GROUP BY {key}",
                sums.join(", ")
            )
        } else {
            format!(
                "SELECT {key}, {}, ttft FROM {table} WHERE level = ?1 AND start >= ?2 AND start < ?3",
                COLUMNS.join(", ")
            )
        };
        let pieces = self.pieces(from, until)?;
        let mut found: BTreeMap<K, Cell> = self.loose(from, until, &pieces)?;
        for (level, start, end) in pieces.iter().filter_map(Piece::cells) {
            self.all(&sql, params![level.number(), start, end], |cols| {
                let width = K::WIDTH;
                let cell = if brief { Cell::leading(cols, width, BRIEF) } else { Cell::read(cols, width) }?;
                found.entry(K::read(cols)?).or_default().add(&cell);
                Ok(())
            })?;
        }
        self.booked_hidden("+e.at >= ?1 AND +e.at < ?2", &[&from.0, &until.0], |delta| {
            found.entry(K::of(delta)).or_default().take_away(&delta.cell, brief);
        })?;
        Ok(found)
    }

    /// What of a span is in none of its cells: rows at its ends, and those booked last.
    fn loose<K: Keyed>(
        &self,
        from: Timestamp,
        until: Timestamp,
        pieces: &[Piece],
    ) -> Result<BTreeMap<K, Cell>, Failure> {
        let mut found: BTreeMap<K, Cell> = BTreeMap::new();
        let done = self.rolled_up()?;
        let mut take = |delta: &Delta| found.entry(K::of(delta)).or_default().add(&delta.cell);
        for piece in pieces {
            let Piece::Rows(start, end) = piece else { continue };
            let condition = "e.at >= ?1 AND e.at < ?2 AND e.seq <= ?3";
            self.deltas(condition, &[start, end, &done], u32::MAX, &mut take)?;
        }
        let condition = "e.seq > ?1 AND +e.at >= ?2 AND +e.at < ?3";
        self.deltas(condition, &[&done, &from.0, &until.0], u32::MAX, &mut take)?;
        Ok(found)
    }

    /// Everything of the `limit` conversations that cost most in a span, dearest first, and how many there are.
    ///
    /// A year has tens of thousands of conversations, most of them in one cell each: only what they are
    /// ranked by is read of all of them.
    pub(super) fn dearest(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<(Vec<(Id, Cell)>, usize), Failure> {
        let pieces = self.pieces(from, until)?;
        let mut loose = self.loose::<Id>(from, until, &pieces)?;
        let mut ranks: HashMap<Id, [i64; 3]> = HashMap::new();
        let mut rank = |id: Id, [dollars, pico, attempts]: [i64; 3]| {
            let sum = ranks.entry(id).or_default();
            sum[0] = sum[0].saturating_add(dollars);
            sum[1] = sum[1].saturating_add(pico);
            sum[2] = sum[2].saturating_add(attempts);
        };
        for (id, cell) in &loose {
            rank(*id, [cell.n[5], cell.n[6], cell.n[0]]);
        }
        let mut left_out: Vec<(Id, Cell)> = Vec::new();
        self.booked_hidden("+e.at >= ?1 AND +e.at < ?2", &[&from.0, &until.0], |delta| {
            left_out.push((delta.conversation, delta.cell.clone()));
        })?;
        for (id, cell) in &left_out {
            rank(*id, [cell.n[5].saturating_neg(), cell.n[6].saturating_neg(), cell.n[0].saturating_neg()]);
        }
        let mut places: Vec<(Id, Level, i64)> = Vec::new();
        let sql = "SELECT conversation, start, dollars, pico, attempts FROM spend_by_conversation
            WHERE level = ?1 AND start >= ?2 AND start < ?3";
        for (level, start, end) in pieces.iter().filter_map(Piece::cells) {
            self.all(sql, params![level.number(), start, end], |cols| {
                let id = Id::read(cols)?;
                rank(id, [cols.at(2)?, cols.at(3)?, cols.at(4)?]);
                places.push((id, level, cols.at(1)?));
                Ok(())
            })?;
        }
        let mut order: Vec<(i128, i64, Id)> = ranks
            .into_iter()
            .filter(|(_, [_, _, attempts])| *attempts > 0)
            .map(|(id, [dollars, pico, attempts])| (whole_amount(dollars, pico), attempts, id))
            .collect();
        let total = order.len();
        order.sort_unstable_by_key(|(amount, attempts, id)| (Reverse(*amount), Reverse(*attempts), *id));
        order.truncate(limit);
        let mut sums: BTreeMap<Id, Cell> =
            order.iter().map(|(.., id)| (*id, loose.remove(id).unwrap_or_default())).collect();
        let sql = format!(
            "SELECT {}, ttft FROM spend_by_conversation WHERE level = ?1 AND start = ?2 AND conversation = ?3",
            COLUMNS.join(", ")
        );
        for (id, level, start) in places {
            let Some(sum) = sums.get_mut(&id) else { continue };
            let key = params![level.number(), start, blob(id)];
            if let Some(cell) = self.one(&sql, key, |cols| Cell::read(cols, 0))? {
                sum.add(&cell);
            }
        }
        for (id, cell) in &left_out {
            if let Some(sum) = sums.get_mut(id) {
                sum.take_away(cell, false);
            }
        }
        Ok((order.into_iter().filter_map(|(.., id)| Some((id, sums.remove(&id)?))).collect(), total))
    }
}

/// Picodollars of an amount kept as dollars and the rest.
fn whole_amount(dollars: i64, pico: i64) -> i128 {
    i128::from(dollars) * i128::from(PICO_PER_DOLLAR) + i128::from(pico)
}

/// An amount kept as dollars and the rest; an error beyond the range of one amount.
pub(super) fn amount(dollars: i64, pico: i64) -> Result<PicoUsd, Failure> {
    i64::try_from(whole_amount(dollars, pico)).map(PicoUsd::new).map_err(|_| {
        Failure::new(domain::ErrorKind::Bug, "A sum of the ledger is beyond 9.2 million dollars.")
    })
}

/// A count as the outside sees it.
pub(super) fn count(value: i64) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| bug("A sum of the ledger is below zero."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_made_of_the_fewest_pieces() {
        const DAY: i64 = 86_400_000;
        const QUARTER: i64 = 900_000;
        let of = |from, until| {
            let mut out = Vec::new();
            pieces(Level::Day, from, until, &mut out);
            out
        };
        assert_eq!(of(0, 3 * DAY), [Piece::Cells(Level::Day, 0, 3)]);
        // Five hours east of Greenwich a month is days with a piece of one at either end.
        let east = [
            Piece::Cells(Level::Quarter, 76, 96),
            Piece::Cells(Level::Day, 1, 30),
            Piece::Cells(Level::Quarter, 2_880, 2_956),
        ];
        assert_eq!(of(19 * 3_600_000, 30 * DAY + 19 * 3_600_000), east);
        let odd = [
            Piece::Rows(QUARTER + 1, 2 * QUARTER),
            Piece::Cells(Level::Quarter, 2, 3),
            Piece::Rows(3 * QUARTER, 3 * QUARTER + 5),
        ];
        assert_eq!(of(QUARTER + 1, 3 * QUARTER + 5), odd);
        assert_eq!(of(5, 9), [Piece::Rows(5, 9)]);
        assert_eq!(of(9, 5), []);
        assert_eq!(of(-DAY, 0), [Piece::Cells(Level::Day, -1, 0)]);
    }
}
