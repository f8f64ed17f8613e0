//! Running sums over the ledger, so that a million rows are added up in milliseconds: one row for each
//! quarter of an hour, each day (UTC) and for ever, by endpoint and by conversation.
//!
//! Sums and counts are added in the transaction that books an entry. An adjustment takes its old statement
//! out and puts the new one in. A quarter of an hour divides the days of every time zone, so any local day
//! is a sum of whole cells. The ledger is the truth: cells can be thrown away and made again from it, and
//! `spend verify` compares the two.

mod put;

use crate::{
    known::Facts,
    table::{latency::Latency, ledger::EntryRow},
    tx::{Cols, Key, Tx},
};
use domain::{Basis, ConversationId, Cost, Failure, FinishReason, Meter, Millis, PicoUsd, Usage};
use rusqlite::ToSql;
use std::collections::BTreeMap;

pub(crate) const SCHEMA: &str = "
CREATE TABLE spend_state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO spend_state VALUES (1, 0);

CREATE TABLE spend_by_endpoint (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 2),
    start INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    attempts INTEGER NOT NULL, answers INTEGER NOT NULL, unknown INTEGER NOT NULL,
    estimated INTEGER NOT NULL, uncounted INTEGER NOT NULL, dollars INTEGER NOT NULL,
    pico INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL,
    cache_read_said INTEGER NOT NULL, write_5m INTEGER NOT NULL, write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL, reasoning_said INTEGER NOT NULL,
    saved INTEGER NOT NULL, saved_said INTEGER NOT NULL, streamed INTEGER NOT NULL,
    stream_ms INTEGER NOT NULL, ttft BLOB NOT NULL,
    PRIMARY KEY (level, start, provider, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE spend_by_conversation (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 2),
    start INTEGER NOT NULL,
    conversation BLOB NOT NULL CHECK (length(conversation) IN (0, 16)),
    attempts INTEGER NOT NULL, answers INTEGER NOT NULL, unknown INTEGER NOT NULL,
    estimated INTEGER NOT NULL, uncounted INTEGER NOT NULL, dollars INTEGER NOT NULL,
    pico INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL,
    cache_read_said INTEGER NOT NULL, write_5m INTEGER NOT NULL, write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL, reasoning_said INTEGER NOT NULL,
    saved INTEGER NOT NULL, saved_said INTEGER NOT NULL, streamed INTEGER NOT NULL,
    stream_ms INTEGER NOT NULL, ttft BLOB NOT NULL,
    PRIMARY KEY (level, start, conversation)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_by_model ON ledger_entries (model, at);
CREATE INDEX ledger_by_provider ON ledger_entries (provider, at);
";

/// The counting columns of a cell, in the order of [`Cell::n`].
pub(crate) const COLUMNS: [&str; 19] = [
    "attempts",
    "answers",
    "unknown",
    "estimated",
    "uncounted",
    "dollars",
    "pico",
    "input",
    "cache_read",
    "cache_read_said",
    "write_5m",
    "write_1h",
    "output",
    "reasoning",
    "reasoning_said",
    "saved",
    "saved_said",
    "streamed",
    "stream_ms",
];
/// From this column on it is about times, which are not in the ledger.
const TIMES: usize = 17;

/// Entries taken up in one go: a ledger that was written without cells is caught up with bit by bit.
const AT_ONCE: u32 = 1_000;
pub(super) const PICO_PER_DOLLAR: i64 = 1_000_000_000_000;

/// How long a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Quarter,
    Day,
    Ever,
}

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::Quarter, Self::Day, Self::Ever];

    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Quarter => 0,
            Self::Day => 1,
            Self::Ever => 2,
        }
    }

    /// Milliseconds of a cell; `None` = without end.
    pub(crate) const fn span(self) -> Option<i64> {
        match self {
            Self::Quarter => Some(900_000),
            Self::Day => Some(86_400_000),
            Self::Ever => None,
        }
    }

    pub(crate) fn start(self, at: i64) -> i64 {
        self.span().map_or(0, |span| at.div_euclid(span))
    }
}

/// Sums of a group of entries. All of it can be added and taken away.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    pub n: [i64; COLUMNS.len()],
    pub ttft: Latency,
}

impl Cell {
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, one) in self.n.iter_mut().zip(other.n) {
            *sum = sum.saturating_add(one);
        }
        self.ttft.add(&other.ttft);
    }

    fn without_times(mut self) -> Self {
        self.n[TIMES..].fill(0);
        self.ttft = Latency::default();
        self
    }

    fn negated(mut self) -> Self {
        self.n = self.n.map(i64::saturating_neg);
        self
    }

    /// Reads the columns from `first` on, in their order.
    pub(crate) fn read(cols: &Cols<'_>, first: usize) -> Result<Self, Failure> {
        let times: Vec<u8> = cols.at(first + COLUMNS.len())?;
        Ok(Self { ttft: Latency::read(&times)?, ..Self::leading(cols, first, COLUMNS.len())? })
    }

    /// Reads `count` of them; the first seven are counts and money.
    pub(crate) fn leading(cols: &Cols<'_>, first: usize, count: usize) -> Result<Self, Failure> {
        let mut cell = Self::default();
        for (place, value) in cell.n.iter_mut().take(count).enumerate() {
            *value = cols.at(first + place)?;
        }
        Ok(cell)
    }
}

/// What one entry changes, and in which cells.
pub(crate) struct Delta {
    pub seq: i64,
    pub at: i64,
    pub provider: String,
    pub model: String,
    pub conversation: Option<ConversationId>,
    pub app: Option<String>,
    pub kind: Option<String>,
    pub cell: Cell,
}

/// Columns that [`delta`] reads, of `e` and its attempt `t`.
pub(crate) const DELTA: &str = "e.seq, e.at, e.provider, e.model, e.conversation, e.outcome, e.usage,
    e.cost, e.adjusts, e.app, e.kind, t.first_content, t.duration";

pub(crate) fn delta(cols: &Cols<'_>) -> Result<Delta, Failure> {
    let usage = cols.opt_json::<Usage>("usage")?;
    let cost: Cost = cols.json("cost")?;
    let outcome: String = cols.get("outcome")?;
    let mut cell = figures(usage.as_ref(), &cost, &outcome);
    // An adjustment is about money. The time was noted with the first statement.
    if cols.get::<Option<[u8; 16]>>("adjusts")?.is_none() {
        times(&mut cell, usage.as_ref(), cols.opt_millis("first_content")?, cols.opt_millis("duration")?);
    }
    Ok(Delta {
        seq: cols.get("seq")?,
        at: cols.get("at")?,
        provider: cols.get("provider")?,
        app: cols.get("app")?,
        kind: cols.get("kind")?,
        model: cols.get("model")?,
        conversation: cols.opt_id("conversation")?,
        cell,
    })
}

impl Facts {
    /// A row was booked. What it changes in the running sums is noted where that is known without reading: not of an
    /// adjustment, which takes another row out, nor of an attempt whose times were not written just now.
    pub(crate) fn booked(&mut self, e: &EntryRow, seq: i64, hash: [u8; 32]) {
        self.tail = Some((seq, hash));
        let Some((_, first, duration)) =
            self.finished.take().filter(|(attempt, ..)| *attempt == e.attempt && e.adjusts.is_none())
        else {
            return;
        };
        let mut cell = figures(e.usage.as_ref(), &e.cost, &e.outcome);
        times(&mut cell, e.usage.as_ref(), first, duration);
        self.deltas.push(Delta {
            seq,
            at: e.at.0,
            provider: e.provider.to_string(),
            model: e.model.to_string(),
            conversation: e.conversation,
            app: e.purpose.app.clone(),
            kind: e.purpose.kind.clone(),
            cell,
        });
    }
}

fn figures(usage: Option<&Usage>, cost: &Cost, outcome: &str) -> Cell {
    let amount = cost.total.map_or(0, PicoUsd::get);
    // Nothing was sent or all was refused: there are no tokens, and that is known.
    let nothing = usage.is_none() && cost.total == Some(PicoUsd::ZERO);
    let (input, output) = usage.map(|usage| (usage.input.clone(), usage.output.clone())).unwrap_or_default();
    let whole = nothing || (input.total.is_some() && output.total.is_some());
    let said = |count: Option<u64>| (tokens(count), i64::from(count.is_some()));
    let (cache_read, cache_read_said) = said(input.cache_read);
    let (reasoning, reasoning_said) = said(output.reasoning);
    let saved = saved(cost);
    let n = [
        1,
        i64::from(is_answer(outcome)),
        i64::from(cost.total.is_none()),
        i64::from(cost.basis == Basis::Estimated),
        i64::from(!whole),
        amount.div_euclid(PICO_PER_DOLLAR),
        amount.rem_euclid(PICO_PER_DOLLAR),
        tokens(input.total),
        cache_read,
        cache_read_said,
        tokens(input.cache_write_5m),
        tokens(input.cache_write_1h),
        tokens(output.total),
        reasoning,
        reasoning_said,
        saved.unwrap_or(0),
        i64::from(saved.is_some()),
        0,
        0,
    ];
    Cell { n, ttft: Latency::default() }
}

/// The ledger refuses counts beyond this range, so nothing is cut off here.
fn tokens(count: Option<u64>) -> i64 {
    i64::try_from(count.unwrap_or(0)).unwrap_or(i64::MAX)
}

/// The provider came to an end of its own.
fn is_answer(outcome: &str) -> bool {
    use FinishReason::{ContentFilter, Length, Other, Pause, Stop, ToolCalls};
    let ends = [Stop, Length, ToolCalls, ContentFilter, Pause, Other].map(FinishReason::as_str);
    outcome == "completed" || ends.contains(&outcome)
}

/// What the cache saved: cached tokens at the plain rate less what they cost, less what writing them cost
/// above the plain rate. Can be below zero. `None` where no cache was used or a rate is not on the bill.
fn saved(cost: &Cost) -> Option<i64> {
    let line = |meter| cost.lines.iter().find(|line| line.meter == meter);
    let plain = line(Meter::Input)?.rate;
    let cached = [Meter::InputCacheRead, Meter::InputCacheWrite5m, Meter::InputCacheWrite1h].map(line);
    if cached.iter().all(Option::is_none) {
        return None;
    }
    cached.into_iter().flatten().try_fold(0_i64, |sum, line| {
        let difference = plain.checked_times(line.units)?.checked_sub(line.amount)?;
        sum.checked_add(difference.get())
    })
}

fn times(cell: &mut Cell, usage: Option<&Usage>, first: Option<Millis>, duration: Option<Millis>) {
    let Some(first) = first else { return };
    cell.ttft.note(first);
    let output = usage.and_then(|usage| usage.output.total);
    if let (Some(output), Some(duration)) = (output, duration)
        && duration > first
    {
        cell.n[TIMES] = tokens(Some(output));
        cell.n[TIMES + 1] = i64::try_from(duration.0 - first.0).unwrap_or(i64::MAX);
    }
}

/// A cell of either table.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    Endpoint(Place<Endpoint>),
    Conversation(Place<Option<ConversationId>>),
}

/// Which cell: a level, its start, and an endpoint or a conversation.
type Place<K> = (Level, i64, K);
type Endpoint = (String, String);

#[derive(Default)]
struct Cells {
    endpoints: BTreeMap<Place<Endpoint>, Cell>,
    conversations: BTreeMap<Place<Option<ConversationId>>, Cell>,
}

impl Cells {
    fn take(&mut self, delta: &Delta, levels: &[Level]) {
        for level in levels {
            let start = level.start(delta.at);
            let endpoint = (*level, start, (delta.provider.clone(), delta.model.clone()));
            self.endpoints.entry(endpoint).or_default().add(&delta.cell);
            let conversation = (*level, start, delta.conversation);
            self.conversations.entry(conversation).or_default().add(&delta.cell);
        }
    }
}

fn columns() -> String {
    COLUMNS.join(", ")
}

/// How a conversation is named in the key of its cells.
pub(super) fn blob(conversation: Option<ConversationId>) -> Vec<u8> {
    conversation.map_or_else(Vec::new, |id| id.blob().to_vec())
}

impl Tx<'_> {
    /// Everything up to this row of the ledger is in the cells.
    pub(crate) fn rolled_up(&self) -> Result<i64, Failure> {
        if let Some(known) = self.known.facts().rolled {
            return Ok(known);
        }
        Ok(self.one("SELECT seq FROM spend_state", [], |c| c.get("seq"))?.unwrap_or(0))
    }

    /// What the rows under a condition change, oldest first; an adjustment twice: the old statement taken
    /// away, the new one added.
    pub(crate) fn deltas(
        &self,
        condition: &str,
        params: &[&dyn ToSql],
        limit: u32,
        mut each: impl FnMut(&Delta),
    ) -> Result<(), Failure> {
        let from = "ledger_entries e LEFT JOIN attempts t ON t.id = e.attempt";
        let sql = format!("SELECT {DELTA} FROM {from} WHERE {condition} ORDER BY e.seq LIMIT {limit}");
        let old = format!("SELECT {DELTA} FROM {from} WHERE e.id = ?1");
        self.all(&sql, params, |cols| {
            if let Some(adjusts) = cols.get::<Option<[u8; 16]>>("adjusts")? {
                let taken = self.one(&old, [adjusts], delta)?;
                if let Some(mut taken) = taken {
                    taken.cell = taken.cell.without_times().negated();
                    each(&taken);
                }
            }
            each(&delta(cols)?);
            Ok(())
        })?;
        Ok(())
    }

    /// Adds what was booked since to the cells, at most a thousand entries; true = all is in. A transaction
    /// that settles something does this before it is committed; calling it catches up with a ledger that was written without cells.
    pub fn roll_up(&mut self) -> Result<bool, Failure> {
        let done = self.rolled_up()?;
        let mut cells = Cells::default();
        let mut last = done;
        let mut rows = 0;
        let mut take = |delta: &Delta| {
            cells.take(delta, &Level::ALL);
            if delta.seq > last {
                last = delta.seq;
                rows += 1;
            }
        };
        let noted = self.known.facts().deltas_after(done);
        match noted {
            Some(deltas) => deltas.iter().for_each(&mut take),
            None => self.deltas("e.seq > ?1", &[&done], AT_ONCE, take)?,
        }
        if last == done {
            return Ok(true);
        }
        self.put_cells(&cells)?;
        self.exec_told("UPDATE spend_state SET seq = ?1", [last])?;
        self.known.facts().rolled = Some(last);
        Ok(rows < AT_ONCE)
    }

    /// Throws the cells away; [`Tx::roll_up`] makes them again. Times of attempts that are gone do not
    /// come back.
    pub fn clear_cells(&mut self) -> Result<(), Failure> {
        self.exec("DELETE FROM spend_by_endpoint", [])?;
        self.exec("DELETE FROM spend_by_conversation", [])?;
        self.exec("UPDATE spend_state SET seq = 0", []).map(|_| ())
    }

    /// Do the cells say what the ledger says? Reads the whole ledger; times are not compared.
    pub fn cells_agree(&self) -> Result<bool, Failure> {
        let upto = self.rolled_up()?;
        let mut expected = Cells::default();
        self.deltas("e.seq <= ?1", &[&upto], u32::MAX, |delta| {
            expected.take(delta, &[Level::Day, Level::Ever]);
        })?;
        let names = columns();
        let mut stored = Cells::default();
        let level = |cols: &Cols<'_>| {
            Ok::<_, Failure>(if cols.at::<i64>(0)? == 1 { Level::Day } else { Level::Ever })
        };
        let sql = format!(
            "SELECT level, start, provider, model, {names}, ttft FROM spend_by_endpoint WHERE level > 0"
        );
        self.all(&sql, [], |cols| {
            let place = (level(cols)?, cols.at(1)?, (cols.at(2)?, cols.at(3)?));
            stored.endpoints.insert(place, Cell::read(cols, 4)?);
            Ok(())
        })?;
        let sql = format!(
            "SELECT level, start, conversation, {names}, ttft FROM spend_by_conversation WHERE level > 0"
        );
        self.all(&sql, [], |cols| {
            let id: Vec<u8> = cols.at(2)?;
            let id = <[u8; 16]>::try_from(id).ok().map(ConversationId::from_blob);
            stored.conversations.insert((level(cols)?, cols.at(1)?, id), Cell::read(cols, 3)?);
            Ok(())
        })?;
        Ok(same(expected.endpoints, stored.endpoints)
            && same(expected.conversations, stored.conversations)
            && self.quarters_agree("spend_by_endpoint", "provider || char(10) || model")?
            && self.quarters_agree("spend_by_conversation", "conversation")?)
    }

    /// The quarters of every day add up to the day, in everything that is counted.
    fn quarters_agree(&self, table: &str, key: &str) -> Result<bool, Failure> {
        let sums: Vec<String> = COLUMNS[..TIMES].iter().map(|name| format!("sum({name})")).collect();
        let side = |day: &str, level: i64| {
            format!(
                "SELECT {day} AS day, {key} AS what, {} FROM {table} WHERE level = {level} GROUP BY 1, 2",
                sums.join(", ")
            )
        };
        let (quarters, days) = (side("(start - ((start % 96) + 96) % 96) / 96", 0), side("start", 1));
        let rows = |sql: &str| -> Result<BTreeMap<(i64, Vec<u8>), Cell>, Failure> {
            let mut found = BTreeMap::new();
            self.all(sql, [], |cols| {
                let mut cell = Cell::default();
                for place in 0..TIMES {
                    cell.n[place] = cols.at(place + 2)?;
                }
                found.insert((cols.at(0)?, cols.bytes(1)?), carried(cell));
                Ok(())
            })?;
            Ok(found)
        };
        Ok(rows(&quarters)? == rows(&days)?)
    }
}

fn carried(mut cell: Cell) -> Cell {
    let rest = cell.n[6];
    cell.n[5] = cell.n[5].saturating_add(rest.div_euclid(PICO_PER_DOLLAR));
    cell.n[6] = rest.rem_euclid(PICO_PER_DOLLAR);
    cell
}

/// Equal but for times and for cells that hold nothing.
fn same<K: Ord>(expected: BTreeMap<K, Cell>, stored: BTreeMap<K, Cell>) -> bool {
    let plain = |cells: BTreeMap<K, Cell>| {
        cells
            .into_iter()
            .map(|(place, cell)| (place, carried(cell.without_times())))
            .filter(|(_, cell)| *cell != Cell::default())
            .collect::<BTreeMap<_, _>>()
    };
    plain(expected) == plain(stored)
}
