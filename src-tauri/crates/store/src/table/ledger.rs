//! The ledger: what every attempt cost, for good. Rows are added, never changed; each carries a hash
//! over itself and the row before, so that a changed or missing row shows. There is no key to messages:
//! deleting a chat does not change what was spent.
//!
//! A correction is a row that states the whole cost of its attempt anew and names the row it adjusts.
//! Sums count the latest statement of each attempt.

mod read;
mod sheets;

pub(crate) use read::of_attempts;

use crate::{
    error::bug,
    table::budgets::{Charge, Spender},
    tx::{Cols, Key, Tx, int, json, opt_blob, opt_json},
};
use domain::{
    AccountLabel, AttemptId, ConversationId, Cost, EndpointId, EntryId, Failure, ModelSlug, PicoUsd,
    PriceSheet, ProviderId, Timestamp, Usage,
};
use rusqlite::params;
use sha2::{Digest, Sha256};

// The trigger before an insert holds the chain together whoever writes, and keeps `INSERT OR REPLACE`
// from taking a row's place.
pub(crate) const SCHEMA: &str = "
CREATE TABLE price_sheets (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    sheet TEXT NOT NULL CHECK (json_valid(sheet))
) STRICT;
CREATE TRIGGER price_sheets_update BEFORE UPDATE ON price_sheets
    BEGIN SELECT RAISE(ABORT, 'price sheets are never changed'); END;
CREATE TRIGGER price_sheets_delete BEFORE DELETE ON price_sheets
    BEGIN SELECT RAISE(ABORT, 'price sheets are never deleted'); END;

CREATE TABLE ledger_entries (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    attempt BLOB NOT NULL CHECK (length(attempt) = 16),
    conversation BLOB CHECK (conversation IS NULL OR length(conversation) = 16),
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    origin TEXT NOT NULL,
    outcome TEXT NOT NULL,
    usage TEXT CHECK (usage IS NULL OR json_valid(usage)),
    input INTEGER,
    output INTEGER,
    cost TEXT NOT NULL CHECK (json_valid(cost)),
    amount INTEGER,
    basis TEXT NOT NULL CHECK (basis IN ('reported', 'computed', 'estimated', 'unknown')),
    price_sheet BLOB REFERENCES price_sheets (id),
    adjusts BLOB REFERENCES ledger_entries (id),
    prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE UNIQUE INDEX ledger_once ON ledger_entries (attempt) WHERE adjusts IS NULL;
CREATE UNIQUE INDEX ledger_adjusted_once ON ledger_entries (adjusts) WHERE adjusts IS NOT NULL;
CREATE INDEX ledger_by_attempt ON ledger_entries (attempt);
CREATE INDEX ledger_by_time ON ledger_entries (at);
CREATE INDEX ledger_by_conversation ON ledger_entries (conversation) WHERE conversation IS NOT NULL;
CREATE TRIGGER ledger_entries_update BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END;
CREATE TRIGGER ledger_entries_delete BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger entries are never deleted'); END;
CREATE TRIGGER ledger_entries_insert BEFORE INSERT ON ledger_entries
    WHEN NEW.seq IS NOT 1 + ifnull((SELECT max(seq) FROM ledger_entries), 0)
        OR NEW.prev_hash IS NOT ifnull(
            (SELECT hash FROM ledger_entries ORDER BY seq DESC LIMIT 1), zeroblob(32))
        OR EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a ledger entry must follow the last one'); END;
";

/// Which key was billed. Rows from before have none, and hash as before.
pub(crate) const ACCOUNTS: &str = "
ALTER TABLE ledger_entries ADD COLUMN account TEXT;
CREATE INDEX ledger_by_account ON ledger_entries (provider, account, at) WHERE account IS NOT NULL;
";

/// Of an attempt the index that lets it settle once finds what settled it; only what adjusts it needs another one. Of
/// keys nothing is read by time.
pub(crate) const LEANER: &str = "
DROP INDEX ledger_by_account;
DROP INDEX ledger_by_attempt;
CREATE INDEX ledger_adjusting ON ledger_entries (attempt) WHERE adjusts IS NOT NULL;
";

/// The most an answer that broke off may be billed with. Rows from before say nothing of it, and hash as before.
pub(crate) const BOUNDS: &str = "
ALTER TABLE ledger_entries ADD COLUMN at_most INTEGER CHECK (at_most >= 0);
ALTER TABLE budget_totals ADD COLUMN perhaps INTEGER NOT NULL DEFAULT 0;
";

/// What an attempt was for, for which app and under which tag; and what was held for it.
pub(crate) const PURPOSES: &str = "
ALTER TABLE ledger_entries ADD COLUMN kind TEXT;
ALTER TABLE ledger_entries ADD COLUMN app TEXT;
ALTER TABLE ledger_entries ADD COLUMN tag TEXT;
ALTER TABLE ledger_entries ADD COLUMN held INTEGER CHECK (held >= 0);
";

/// The kind of an attempt that was made beside another one and is not the answer.
pub const HEDGE: &str = "hedge";

/// What an attempt was for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purpose {
    /// Who asked: `chat`, `cli`, `experiment` or `gateway`; or a call beside an answer: `title`, `judge`, `merge` …;
    /// or [`HEDGE`].
    pub kind: Option<String>,
    /// The app that asked through the gateway, by the name of its key.
    pub app: Option<String>,
    /// The user's own tag.
    pub tag: Option<String>,
}

/// What is written of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryRow {
    /// Id.
    pub id: EntryId,
    /// Of which attempt.
    pub attempt: AttemptId,
    /// In which conversation, if in one.
    pub conversation: Option<ConversationId>,
    /// The time it is booked at. For an adjustment: that of the row it adjusts, so that it stays on its day.
    pub at: Timestamp,
    /// Who was paid.
    pub provider: ProviderId,
    /// Where it went.
    pub endpoint: EndpointId,
    /// Label of the provider's key that was used; `None` = none was sent.
    pub account: Option<AccountLabel>,
    /// Which model.
    pub model: ModelSlug,
    /// The provider's own id of it.
    pub upstream_model: String,
    /// What asked: `window`, `cli`, `gateway` …
    pub origin: String,
    /// How it ended, in a word: `completed`, `cancelled`, or the label of a failure.
    pub outcome: String,
    /// What was counted.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Cost,
    /// The prices it was computed by, as they were.
    pub price_sheet: Option<PriceSheet>,
    /// The entry this one takes the place of.
    pub adjusts: Option<EntryId>,
    /// What it was for.
    pub purpose: Purpose,
}

/// A row of the ledger as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// What was written.
    pub row: EntryRow,
    /// What was held for the attempt until then; `None` = nothing, its price being unknown, or it was never
    /// sent.
    pub held: Option<PicoUsd>,
    /// Hash of the row before; zeros at the first.
    pub prev_hash: [u8; 32],
    /// Hash of this row.
    pub hash: [u8; 32],
}

/// The columns as they are stored, which is what is hashed.
pub(super) struct Stored {
    pub(super) seq: i64,
    id: [u8; 16],
    attempt: [u8; 16],
    conversation: Option<[u8; 16]>,
    at: i64,
    /// provider, endpoint, model, upstream model, origin, outcome
    names: [String; 6],
    usage: Option<String>,
    input: Option<i64>,
    output: Option<i64>,
    cost: String,
    amount: Option<i64>,
    basis: String,
    price_sheet: Option<[u8; 32]>,
    adjusts: Option<[u8; 16]>,
    account: Option<String>,
    /// kind, app, tag
    purpose: [Option<String>; 3],
    held: Option<i64>,
    at_most: Option<i64>,
    pub(super) prev_hash: [u8; 32],
}

impl Stored {
    fn new(
        e: &EntryRow,
        seq: i64,
        prev_hash: [u8; 32],
        price_sheet: Option<[u8; 32]>,
        held: Option<PicoUsd>,
    ) -> Result<Self, Failure> {
        let usage = e.usage.as_ref();
        Ok(Self {
            seq,
            id: e.id.blob(),
            attempt: e.attempt.blob(),
            conversation: opt_blob(e.conversation),
            at: e.at.0,
            names: [
                e.provider.as_str(),
                e.endpoint.as_str(),
                e.model.as_str(),
                &e.upstream_model,
                &e.origin,
                &e.outcome,
            ]
            .map(str::to_owned),
            usage: opt_json(usage)?,
            input: usage.and_then(|u| u.input.total).map(int).transpose()?,
            output: usage.and_then(|u| u.output.total).map(int).transpose()?,
            cost: json(&e.cost)?,
            amount: e.cost.total.map(PicoUsd::get),
            basis: e.cost.basis.as_str().to_owned(),
            price_sheet,
            adjusts: opt_blob(e.adjusts),
            account: e.account.as_ref().map(|account| account.as_str().to_owned()),
            purpose: [e.purpose.kind.clone(), e.purpose.app.clone(), e.purpose.tag.clone()],
            held: held.map(PicoUsd::get),
            at_most: e.cost.at_most.map(PicoUsd::get),
            prev_hash,
        })
    }

    pub(super) fn read(cols: &Cols<'_>) -> Result<Self, Failure> {
        Ok(Self {
            seq: cols.get("seq")?,
            id: cols.get("id")?,
            attempt: cols.get("attempt")?,
            conversation: cols.get("conversation")?,
            at: cols.get("at")?,
            names: [
                cols.get("provider")?,
                cols.get("endpoint")?,
                cols.get("model")?,
                cols.get("upstream_model")?,
                cols.get("origin")?,
                cols.get("outcome")?,
            ],
            usage: cols.get("usage")?,
            input: cols.get("input")?,
            output: cols.get("output")?,
            cost: cols.get("cost")?,
            amount: cols.get("amount")?,
            basis: cols.get("basis")?,
            price_sheet: cols.get("price_sheet")?,
            adjusts: cols.get("adjusts")?,
            account: cols.get("account")?,
            purpose: [cols.get("kind")?, cols.get("app")?, cols.get("tag")?],
            held: cols.get("held")?,
            at_most: cols.get("at_most")?,
            prev_hash: cols.get("prev_hash")?,
        })
    }

    /// SHA-256 over every column in order; each is preceded by its length, so that no two rows give the
    /// same bytes. Absent is told from empty by a length no value has.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut field = |bytes: Option<&[u8]>| {
            let length = bytes.map_or(u64::MAX, |b| b.len() as u64);
            hash.update(length.to_le_bytes());
            hash.update(bytes.unwrap_or_default());
        };
        field(Some(b"parallax ledger 1"));
        field(Some(&self.prev_hash));
        field(Some(&self.seq.to_le_bytes()));
        field(Some(&self.id));
        field(Some(&self.attempt));
        field(self.conversation.as_ref().map(|c| c.as_slice()));
        field(Some(&self.at.to_le_bytes()));
        for name in &self.names {
            field(Some(name.as_bytes()));
        }
        field(self.usage.as_ref().map(String::as_bytes));
        for count in [self.input, self.output, self.amount] {
            field(count.map(i64::to_le_bytes).as_ref().map(|b| b.as_slice()));
        }
        field(Some(self.cost.as_bytes()));
        field(Some(self.basis.as_bytes()));
        field(self.price_sheet.as_ref().map(|p| p.as_slice()));
        field(self.adjusts.as_ref().map(|a| a.as_slice()));
        // Columns that came later count only where they say something, each under its name, so that rows
        // from before keep their hash.
        if let Some(account) = &self.account {
            field(Some(b"account"));
            field(Some(account.as_bytes()));
        }
        for (name, value) in ["kind", "app", "tag"].iter().zip(&self.purpose) {
            if let Some(value) = value {
                field(Some(name.as_bytes()));
                field(Some(value.as_bytes()));
            }
        }
        for (name, value) in [("held", self.held), ("at_most", self.at_most)] {
            if let Some(value) = value {
                field(Some(name.as_bytes()));
                field(Some(&value.to_le_bytes()));
            }
        }
        hash.finalize().into()
    }
}

pub(crate) fn entry(cols: &Cols<'_>) -> Result<Entry, Failure> {
    let seq: i64 = cols.get("seq")?;
    Ok(Entry {
        seq: seq.unsigned_abs(),
        row: EntryRow {
            id: cols.id("id")?,
            attempt: cols.id("attempt")?,
            conversation: cols.opt_id("conversation")?,
            at: cols.time("at")?,
            provider: ProviderId::new(cols.get::<String>("provider")?),
            endpoint: EndpointId::new(cols.get::<String>("endpoint")?),
            account: cols.get::<Option<String>>("account")?.map(AccountLabel::new),
            model: cols.word("model")?,
            upstream_model: cols.get("upstream_model")?,
            origin: cols.get("origin")?,
            outcome: cols.get("outcome")?,
            usage: cols.opt_json("usage")?,
            cost: cols.json("cost")?,
            price_sheet: cols.opt_json("sheet")?,
            adjusts: cols.opt_id("adjusts")?,
            purpose: Purpose { kind: cols.get("kind")?, app: cols.get("app")?, tag: cols.get("tag")? },
        },
        held: cols.get::<Option<i64>>("held")?.map(PicoUsd::new),
        prev_hash: cols.get("prev_hash")?,
        hash: cols.get("hash")?,
    })
}

fn spender(e: &EntryRow) -> Spender {
    Spender {
        provider: e.provider.clone(),
        model: e.model.clone(),
        conversation: e.conversation,
        app: e.purpose.app.clone(),
        key: e.account.clone(),
    }
}

impl Tx<'_> {
    /// Books what an attempt cost and releases its hold. Once: a second settlement of the same attempt
    /// (or a second adjustment of the same entry) writes nothing and gives `false`.
    pub fn settle(&mut self, e: &EntryRow) -> Result<bool, Failure> {
        // An adjustment restates what was held, so that it can be counted by itself.
        let before = e.adjusts.map(|adjusted| self.charged(adjusted)).transpose()?.flatten();
        if before.as_ref().is_some_and(|before| before.at != e.at) {
            return Err(bug("An adjustment must stay at the time of what it adjusts."));
        }
        let released = self.release_hold(e.attempt)?;
        // What was held is not settled.
        if (released.is_none() || e.adjusts.is_some()) && self.is_booked(e)? {
            return Ok(false);
        }
        let held = before.as_ref().map_or(released.flatten(), |before| before.held);
        let sheet = e.price_sheet.as_ref().map(|s| self.put_price_sheet(s)).transpose()?;
        let (seq, prev_hash) = self.tail()?;
        let stored = Stored::new(e, seq + 1, prev_hash, sheet, held.map(PicoUsd::new))?;
        let hash = stored.hash();
        let [provider, endpoint, model, upstream_model, origin, outcome] = &stored.names;
        let [kind, app, tag] = &stored.purpose;
        let booked = self.exec_told(
            "INSERT INTO ledger_entries (seq, id, attempt, conversation, at, provider, endpoint, model,
                 upstream_model, origin, outcome, usage, input, output, cost, amount, basis, price_sheet,
                 adjusts, prev_hash, hash, kind, app, tag, held, account, at_most)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                 ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27)
             ON CONFLICT (attempt) WHERE adjusts IS NULL DO NOTHING",
            params![
                stored.seq,
                stored.id,
                stored.attempt,
                stored.conversation,
                stored.at,
                provider,
                endpoint,
                model,
                upstream_model,
                origin,
                outcome,
                stored.usage,
                stored.input,
                stored.output,
                stored.cost,
                stored.amount,
                stored.basis,
                stored.price_sheet,
                stored.adjusts,
                stored.prev_hash,
                hash,
                kind,
                app,
                tag,
                stored.held,
                stored.account,
                stored.at_most
            ],
        )?;
        if booked == 0 {
            return Ok(false);
        }
        self.known.facts().booked(e, stored.seq, hash);
        // What it takes the place of is taken out where it was counted, which may be elsewhere.
        if let Some(before) = before {
            let counted = before.counted().negated();
            self.count(before.spender, before.at, counted);
        }
        let (amount, at_most) = (stored.amount, stored.at_most);
        let now = Charge { spender: spender(e), at: e.at, amount, held, at_most };
        let counted = now.counted();
        self.count(now.spender, now.at, counted);
        Ok(true)
    }

    /// Number and hash of the last row.
    fn tail(&self) -> Result<(i64, [u8; 32]), Failure> {
        if let Some(known) = self.known.facts().tail {
            return Ok(known);
        }
        let last = self.one("SELECT seq, hash FROM ledger_entries ORDER BY seq DESC LIMIT 1", [], |c| {
            Ok((c.get::<i64>("seq")?, c.get::<[u8; 32]>("hash")?))
        })?;
        Ok(last.unwrap_or((0, [0; 32])))
    }

    /// What an entry counts with.
    fn charged(&self, id: EntryId) -> Result<Option<Charge>, Failure> {
        self.one(
            "SELECT at, provider, model, conversation, app, account, amount, held, at_most
             FROM ledger_entries
             WHERE id = ?1",
            [id.blob()],
            |c| {
                Ok(Charge {
                    spender: Spender {
                        provider: ProviderId::new(c.get::<String>("provider")?),
                        model: c.word("model")?,
                        conversation: c.opt_id("conversation")?,
                        app: c.get("app")?,
                        key: c.get::<Option<String>>("account")?.map(AccountLabel::new),
                    },
                    at: c.time("at")?,
                    amount: c.get("amount")?,
                    held: c.get("held")?,
                    at_most: c.get("at_most")?,
                })
            },
        )
    }

    fn is_booked(&self, e: &EntryRow) -> Result<bool, Failure> {
        let Some(adjusts) = e.adjusts else { return self.is_settled(e.attempt) };
        let of = self.one("SELECT attempt FROM ledger_entries WHERE id = ?1", [adjusts.blob()], |c| {
            c.id::<AttemptId>("attempt")
        })?;
        if of != Some(e.attempt) {
            return Err(bug("An adjustment must name an entry of its own attempt."));
        }
        let found =
            self.one("SELECT 1 AS n FROM ledger_entries WHERE adjusts = ?1", [adjusts.blob()], |c| {
                c.get::<i64>("n")
            })?;
        Ok(found.is_some())
    }
}
