//! What an entry changes is added to its cells, each in one statement: every request that is paid does this six times.

use super::{COLUMNS, Cell, Cells, PICO_PER_DOLLAR, Sort, blob, carried, columns};
use crate::{table::latency::Latency, tx::Tx};
use domain::Failure;
use rusqlite::ToSql;
use std::sync::LazyLock;

/// How the cells of one of the two tables are read and added to.
struct Statements {
    times: String,
    add: String,
    /// The same, with the times that are given in place of those that are there.
    add_timed: String,
}

static ENDPOINTS: LazyLock<Statements> =
    LazyLock::new(|| Statements::of("spend_by_endpoint", &["level", "start", "provider", "model"]));
static CONVERSATIONS: LazyLock<Statements> =
    LazyLock::new(|| Statements::of("spend_by_conversation", &["level", "start", "conversation"]));

impl Statements {
    fn of(table: &str, key: &[&str]) -> Self {
        let (names, place) = (columns(), key.join(", "));
        // Dollars and the rest stay apart, so that no sum overflows; the rest is kept below a dollar. A sum beyond
        // the range becomes a float, and made an integer again it is the end of the range.
        let sums = COLUMNS.map(|name| match name {
            "dollars" => {
                format!("dollars = dollars + excluded.dollars + (pico + excluded.pico) / {PICO_PER_DOLLAR}")
            }
            "pico" => format!("pico = (pico + excluded.pico) % {PICO_PER_DOLLAR}"),
            _ => format!("{name} = CAST({name} + excluded.{name} AS INTEGER)"),
        });
        let marks: Vec<String> = (1..=key.len() + COLUMNS.len() + 1).map(|n| format!("?{n}")).collect();
        let add = format!(
            "INSERT INTO {table} ({place}, {names}, ttft) VALUES ({}) ON CONFLICT ({place}) DO UPDATE SET {}",
            marks.join(", "),
            sums.join(", ")
        );
        let is: Vec<String> = key.iter().zip(1..).map(|(name, n)| format!("{name} = ?{n}")).collect();
        Self {
            times: format!("SELECT ttft FROM {table} WHERE {}", is.join(" AND ")),
            add_timed: format!("{add}, ttft = excluded.ttft"),
            add,
        }
    }
}

impl Tx<'_> {
    pub(super) fn put_cells(&self, cells: &Cells) -> Result<(), Failure> {
        for (place, cell) in &cells.endpoints {
            let (level, start, (provider, model)) = place;
            let sort = || Sort::Endpoint(place.clone());
            self.put_cell(&ENDPOINTS, &[&level.number(), start, provider, model], sort, cell)?;
        }
        for (place, cell) in &cells.conversations {
            let (level, start, conversation) = place;
            let sort = || Sort::Conversation(*place);
            self.put_cell(&CONVERSATIONS, &[&level.number(), start, &blob(*conversation)], sort, cell)?;
        }
        Ok(())
    }

    fn put_cell(
        &self,
        sql: &Statements,
        key: &[&dyn ToSql],
        sort: impl Fn() -> Sort,
        change: &Cell,
    ) -> Result<(), Failure> {
        let change = carried(change.clone());
        // Only where there are new times the old ones have to be read.
        let timed = change.ttft.count() > 0;
        let mut whole = Latency::default();
        if timed {
            let known = self.known.facts().times.remove(&sort());
            whole = match known {
                Some(known) => known,
                None => self
                    .one(&sql.times, key, |cols| Latency::read(&cols.at::<Vec<u8>>(0)?))?
                    .unwrap_or_default(),
            };
            whole.add(&change.ttft);
        }
        let times = whole.bytes();
        let mut values: Vec<&dyn ToSql> = key.to_vec();
        values.extend(change.n.iter().map(|n| -> &dyn ToSql { n }));
        values.push(&times);
        self.exec_told(if timed { &sql.add_timed } else { &sql.add }, values.as_slice())?;
        if timed {
            let mut facts = self.known.facts();
            facts.room();
            facts.times.insert(sort(), whole);
        }
        Ok(())
    }
}
