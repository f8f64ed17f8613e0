//! What was spent, by whom and when: sums over the ledger, and over nothing else.
//!
//! Sums are read from the cells of [`super::rollup`], the rest of a quarter of an hour from the rows
//! themselves, and what is booked but not yet in a cell is added. So any span is exact.

use crate::{
    error::bug,
    table::{
        latency::Latency,
        rollup::{COLUMNS, Cell},
        spend_pieces::{amount, count},
    },
    tx::{Key, Tx},
};
use domain::{ConversationId, Failure, Millis, PicoUsd, ProviderId, Timestamp};
use std::collections::BTreeMap;

/// What was spent. With `unknown` above zero `amount` is a lower bound, with `uncounted` the tokens are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpendSum {
    /// Sum of the known costs.
    pub amount: PicoUsd,
    /// Attempts settled.
    pub attempts: u32,
    /// Of those, answers: the provider came to an end of its own.
    pub answers: u32,
    /// Attempts of unknown cost.
    pub unknown: u32,
    /// Attempts whose cost rests on our own count.
    pub estimated: u32,
    /// Attempts whose tokens nobody counted.
    pub uncounted: u32,
    /// Prompt tokens, where they were counted.
    pub input: u64,
    /// Of those, read from a cache; `None` = no provider said.
    pub cache_read: Option<u64>,
    /// Written to a cache for five minutes.
    pub cache_write_5m: u64,
    /// Written to a cache for an hour.
    pub cache_write_1h: u64,
    /// Completion tokens, where they were counted.
    pub output: u64,
    /// Of those, reasoning; `None` = no provider said.
    pub reasoning: Option<u64>,
    /// What caches saved, less what writing them cost; `None` = none was used where rates are known.
    pub saved: Option<PicoUsd>,
    /// Completion tokens of answers whose time is known.
    pub streamed: u64,
    /// From first content to the end of those answers, added up.
    pub stream_time: Millis,
    /// Times to the first content.
    pub ttft: Latency,
}

/// What an endpoint cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSpend {
    /// Who was paid.
    pub provider: ProviderId,
    /// Model slug.
    pub model: String,
    /// How much.
    pub sum: SpendSum,
}

/// What a conversation cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationSpend {
    /// Which; `None` = calls that belong to none.
    pub conversation: Option<ConversationId>,
    /// Its title; `None` = the chat is gone.
    pub title: Option<String>,
    /// How much.
    pub sum: SpendSum,
}

/// By what spending is broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpendKey {
    /// By model slug.
    Model,
    /// By provider id.
    Provider,
}

impl SpendSum {
    /// Both together; an error beyond the range of an amount.
    pub fn plus(mut self, other: &Self) -> Result<Self, Failure> {
        let money = |a: PicoUsd, b: PicoUsd| {
            a.checked_add(b).ok_or_else(|| bug("A sum of the ledger is beyond 9.2 million dollars."))
        };
        let either = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        self.amount = money(self.amount, other.amount)?;
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.answers = self.answers.saturating_add(other.answers);
        self.unknown = self.unknown.saturating_add(other.unknown);
        self.estimated = self.estimated.saturating_add(other.estimated);
        self.uncounted = self.uncounted.saturating_add(other.uncounted);
        self.input = self.input.saturating_add(other.input);
        self.cache_read = either(self.cache_read, other.cache_read);
        self.cache_write_5m = self.cache_write_5m.saturating_add(other.cache_write_5m);
        self.cache_write_1h = self.cache_write_1h.saturating_add(other.cache_write_1h);
        self.output = self.output.saturating_add(other.output);
        self.reasoning = either(self.reasoning, other.reasoning);
        self.saved = match (self.saved, other.saved) {
            (Some(a), Some(b)) => Some(money(a, b)?),
            (a, b) => a.or(b),
        };
        self.streamed = self.streamed.saturating_add(other.streamed);
        self.stream_time = Millis(self.stream_time.0.saturating_add(other.stream_time.0));
        self.ttft.add(&other.ttft);
        Ok(self)
    }

    pub(super) fn new(cell: Cell) -> Result<Self, Failure> {
        let n = cell.n;
        let small = |value: i64| count(value).map(|value| u32::try_from(value).unwrap_or(u32::MAX));
        let said = |value: i64, times: i64| (times > 0).then(|| count(value)).transpose();
        Ok(Self {
            attempts: small(n[0])?,
            answers: small(n[1])?,
            unknown: small(n[2])?,
            estimated: small(n[3])?,
            uncounted: small(n[4])?,
            amount: amount(n[5], n[6])?,
            input: count(n[7])?,
            cache_read: said(n[8], n[9])?,
            cache_write_5m: count(n[10])?,
            cache_write_1h: count(n[11])?,
            output: count(n[12])?,
            reasoning: said(n[13], n[14])?,
            saved: (n[16] > 0).then(|| PicoUsd::new(n[15])),
            streamed: count(n[17])?,
            stream_time: Millis(count(n[18])?),
            ttft: cell.ttft,
        })
    }
}

impl Tx<'_> {
    /// The time of the first and of the last entry.
    pub fn spend_span(&self) -> Result<Option<(Timestamp, Timestamp)>, Failure> {
        let end = |order| {
            let sql = format!("SELECT at FROM ledger_entries ORDER BY at {order} LIMIT 1");
            self.one(&sql, [], |cols| cols.time("at"))
        };
        Ok(end("ASC")?.zip(end("DESC")?))
    }

    /// What was spent in `[from, until)`.
    pub fn spend_total(&self, from: Timestamp, until: Timestamp) -> Result<SpendSum, Failure> {
        let mut total = Cell::default();
        self.sums::<(String, String)>(from, until, false)?.values().for_each(|cell| total.add(cell));
        SpendSum::new(total)
    }

    /// What was spent in `[from, until)` by model and the provider that served it, dearest first.
    pub fn spend_by_endpoint(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<EndpointSpend>, Failure> {
        self.endpoints(from, until, false)
    }

    /// What was spent in `[from, until)`, broken down, dearest first.
    pub fn spend_by(
        &self,
        key: SpendKey,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, SpendSum)>, Failure> {
        let mut groups: BTreeMap<String, Cell> = BTreeMap::new();
        for ((provider, model), cell) in self.sums(from, until, false)? {
            let name = match key {
                SpendKey::Model => model,
                SpendKey::Provider => provider,
            };
            groups.entry(name).or_default().add(&cell);
        }
        let mut found: Vec<(String, SpendSum)> = groups
            .into_iter()
            .filter(|(_, cell)| cell.n[0] > 0)
            .map(|(name, cell)| SpendSum::new(cell).map(|sum| (name, sum)))
            .collect::<Result<_, _>>()?;
        found.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.amount));
        Ok(found)
    }

    fn endpoints(
        &self,
        from: Timestamp,
        until: Timestamp,
        brief: bool,
    ) -> Result<Vec<EndpointSpend>, Failure> {
        let mut found = Vec::new();
        for ((provider, model), cell) in self.sums(from, until, brief)? {
            let sum = SpendSum::new(cell)?;
            if sum.attempts > 0 {
                found.push(EndpointSpend { provider: ProviderId::new(provider), model, sum });
            }
        }
        found.sort_by(|a, b| {
            (b.sum.amount, b.sum.attempts)
                .cmp(&(a.sum.amount, a.sum.attempts))
                .then_with(|| a.model.cmp(&b.model))
        });
        Ok(found)
    }

    /// The same for each span between two neighbours of `edges`; counts and money alone.
    pub fn spend_series(&self, edges: &[Timestamp]) -> Result<Vec<Vec<EndpointSpend>>, Failure> {
        edges.windows(2).map(|pair| self.endpoints(pair[0], pair[1], true)).collect()
    }

    /// What was spent in `[from, until)` by conversation with its title, dearest first; at most `limit`.
    pub fn spend_by_conversation(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<(Vec<ConversationSpend>, usize), Failure> {
        let (cells, total) = self.dearest(from, until, limit)?;
        let rows = cells.into_iter().map(|(conversation, cell)| {
            let title = match conversation {
                Some(id) => self.conversation(id)?.map(|row| row.title),
                None => None,
            };
            Ok(ConversationSpend { conversation, title, sum: SpendSum::new(cell)? })
        });
        Ok((rows.collect::<Result<_, Failure>>()?, total))
    }

    /// Amounts of some conversations for each span between two neighbours of `edges`.
    pub fn conversation_series(
        &self,
        edges: &[Timestamp],
        wanted: &[Option<ConversationId>],
    ) -> Result<Vec<Vec<SpendSum>>, Failure> {
        edges
            .windows(2)
            .map(|pair| {
                let mut found = self.sums::<Option<ConversationId>>(pair[0], pair[1], true)?;
                wanted.iter().map(|id| SpendSum::new(found.remove(id).unwrap_or_default())).collect()
            })
            .collect()
    }

    /// What a conversation cost.
    pub fn conversation_spend(&self, id: ConversationId) -> Result<SpendSum, Failure> {
        let sql = format!(
            "SELECT {}, ttft FROM spend_by_conversation WHERE level = 2 AND start = 0 AND conversation = ?1",
            COLUMNS.join(", ")
        );
        let mut cell = self.one(&sql, [id.blob()], |cols| Cell::read(cols, 0))?.unwrap_or_default();
        let (done, id) = (self.rolled_up()?, id.blob());
        self.deltas("e.conversation = ?1 AND e.seq > ?2", &[&id, &done], u32::MAX, |delta| {
            cell.add(&delta.cell);
        })?;
        self.booked_hidden("e.conversation = ?1", &[&id], |delta| cell.hide(&delta.cell, false))?;
        SpendSum::new(cell)
    }

    /// What some conversations cost: counts and money alone. One without an attempt is left out.
    pub fn conversation_spends(
        &self,
        wanted: &[ConversationId],
    ) -> Result<BTreeMap<ConversationId, SpendSum>, Failure> {
        let sql = format!(
            "SELECT {} FROM spend_by_conversation WHERE level = 2 AND start = 0 AND conversation = ?1",
            COLUMNS[..7].join(", ")
        );
        let mut cells = BTreeMap::new();
        for id in wanted {
            let cell = self.one(&sql, [id.blob()], |cols| Cell::leading(cols, 0, 7))?;
            cells.insert(*id, cell.unwrap_or_default());
        }
        // What is booked and in no cell yet.
        self.deltas("e.seq > ?1", &[&self.rolled_up()?], u32::MAX, |delta| {
            if let Some(cell) = delta.conversation.and_then(|id| cells.get_mut(&id)) {
                cell.add(&delta.cell);
            }
        })?;
        self.booked_hidden("e.conversation IS NOT NULL", &[], |delta| {
            if let Some(cell) = delta.conversation.and_then(|id| cells.get_mut(&id)) {
                cell.hide(&delta.cell, true);
            }
        })?;
        cells.retain(|_, cell| cell.n[0] != 0);
        cells.into_iter().map(|(id, cell)| Ok((id, SpendSum::new(cell)?))).collect()
    }
}
