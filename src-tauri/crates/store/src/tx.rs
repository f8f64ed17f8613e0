//! A transaction as the tables see it, and the conversions between rows and the domain's types.

use crate::{
    error::{bug, failure},
    known::Known,
    lease::Leases,
};
use domain::{
    AttemptId, ConversationId, EntryId, ExperimentId, Failure, ImportId, JudgementId, LaneId, MessageId,
    Millis, ProcessId, RunId, Timestamp, TurnId, VoteId, say,
};
use rusqlite::{CachedStatement, Connection, Params, Row, types::FromSql};
use serde::{Serialize, de::DeserializeOwned};
use std::cell::Cell;

/// One read or write. Its methods are in the files of [`crate::table`]; those that write take `&mut`.
pub struct Tx<'c> {
    connection: &'c Connection,
    pub(crate) leases: &'c Leases,
    pub(crate) own: ProcessId,
    pub(crate) known: &'c Known,
    /// Something was booked that is not in the running sums yet.
    booked: Cell<bool>,
    /// Sums of spending leave out what would tell whose a blind answer is.
    veiled: Cell<bool>,
    /// Writes that came before this one are not done yet.
    pub(crate) ahead: bool,
    back: Cell<bool>,
}

impl<'c> Tx<'c> {
    pub(crate) const fn new(
        connection: &'c Connection,
        leases: &'c Leases,
        own: ProcessId,
        known: &'c Known,
    ) -> Self {
        Self {
            connection,
            leases,
            own,
            known,
            booked: Cell::new(false),
            veiled: Cell::new(false),
            ahead: false,
            back: Cell::new(false),
        }
    }

    /// Notes that something was booked: the running sums follow before the transaction is committed, once for
    /// all that it books.
    pub(crate) fn note_booked(&self) {
        self.booked.set(true);
    }

    /// Was something booked since this was asked last?
    pub(crate) fn take_booked(&self) -> bool {
        self.booked.take()
    }

    /// Has this write gone ahead of bookings that came before it ([`crate::Store::write_ahead`])?
    pub const fn is_ahead(&self) -> bool {
        self.ahead
    }

    /// Has it run again behind them. To be returned before anything is written; who waits for the write never sees it.
    pub fn turn_back(&self) -> Failure {
        self.back.set(true);
        bug("A write that had gone ahead of others was not run again behind them.")
    }

    pub(crate) fn turned_back(&self) -> bool {
        self.back.take() && self.ahead
    }

    /// From here on sums of spending, and lists of calls, are without the answers whose names are hidden: what one of
    /// them costs, and when that is booked, tells whose it is. A conversation's sum counts them as of unknown cost.
    pub fn leave_out_hidden(&self) {
        self.veiled.set(true);
    }

    /// Was that asked for?
    pub(crate) fn leaves_out_hidden(&self) -> bool {
        self.veiled.get()
    }

    /// A statement, kept ready. What it may change is unknown from here on.
    fn statement(&self, sql: &str) -> Result<CachedStatement<'_>, Failure> {
        let statement = self.connection.prepare_cached(sql).map_err(|e| failure(&e))?;
        if !statement.readonly() {
            self.known.forget();
        }
        Ok(statement)
    }

    /// Runs a statement; the number of rows it changed.
    pub(crate) fn exec(&self, sql: &str, params: impl Params) -> Result<usize, Failure> {
        self.statement(sql)?.execute(params).map_err(|e| failure(&e))
    }

    /// The same for one whose caller tells [`Known`] what it changes of what is known, if anything.
    pub(crate) fn exec_told(&self, sql: &str, params: impl Params) -> Result<usize, Failure> {
        self.connection.prepare_cached(sql).and_then(|mut s| s.execute(params)).map_err(|e| failure(&e))
    }

    /// The only row that such a statement gives back, if it gives one.
    pub(crate) fn one_told<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl Fn(&Cols<'_>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| failure(&e))?;
        let mut rows = statement.query(params).map_err(|e| failure(&e))?;
        let mut found = None;
        while let Some(row) = rows.next().map_err(|e| failure(&e))? {
            found = Some(map(&Cols(row))?);
        }
        Ok(found)
    }

    /// Every row of a query.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut map: impl FnMut(&Cols<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(params).map_err(|e| failure(&e))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|e| failure(&e))? {
            found.push(map(&Cols(row))?);
        }
        Ok(found)
    }

    /// The rows of a query one by one, until one is enough (`false`).
    pub(crate) fn until(
        &self,
        sql: &str,
        params: impl Params,
        mut each: impl FnMut(&Cols<'_>) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(params).map_err(|e| failure(&e))?;
        while let Some(row) = rows.next().map_err(|e| failure(&e))? {
            if !each(&Cols(row))? {
                break;
            }
        }
        Ok(())
    }

    /// The only row of a query, if it has one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Cols<'_>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        Ok(self.all(sql, params, map)?.pop())
    }

    /// Runs an update that must hit a row.
    pub(crate) fn change(&self, what: &str, sql: &str, params: impl Params) -> Result<(), Failure> {
        match self.exec(sql, params)? {
            0 => Err(bug(format!("There is no such {what} to change."))),
            _ => Ok(()),
        }
    }

    pub(crate) fn quick_check(&self) -> Result<Vec<String>, Failure> {
        // The check goes by what this connection has last seen of an index, of which another may have merged parts
        // since: SQLite 3.54 then misses pages that are rightly gone. Asking for a row makes it look again.
        for index in ["search_words", "search_parts"] {
            let none = format!("SELECT rowid AS place FROM {index} WHERE rowid = -1");
            self.all(&none, [], |row| row.get::<i64>("place"))?;
        }
        let mut found = self.all("PRAGMA quick_check", [], |row| row.get("quick_check"))?;
        found.retain(|line: &String| line != "ok");
        Ok(found)
    }
}

/// A row, read by column name.
pub(crate) struct Cols<'r>(&'r Row<'r>);

impl Cols<'_> {
    pub(crate) fn get<T: FromSql>(&self, name: &str) -> Result<T, Failure> {
        self.0.get(name).map_err(|e| failure(&e))
    }

    /// By place, which is quicker where there are many rows.
    pub(crate) fn at<T: FromSql>(&self, place: usize) -> Result<T, Failure> {
        self.0.get(place).map_err(|e| failure(&e))
    }

    /// Bytes of a text or blob.
    pub(crate) fn bytes(&self, place: usize) -> Result<Vec<u8>, Failure> {
        let value = self.0.get_ref(place).map_err(|e| failure(&e))?;
        value.as_bytes().map(<[u8]>::to_vec).map_err(|_| bad("key"))
    }

    pub(crate) fn id<T: Key>(&self, name: &str) -> Result<T, Failure> {
        self.get(name).map(T::from_blob)
    }

    pub(crate) fn opt_id<T: Key>(&self, name: &str) -> Result<Option<T>, Failure> {
        Ok(self.get::<Option<[u8; 16]>>(name)?.map(T::from_blob))
    }

    pub(crate) fn time(&self, name: &str) -> Result<Timestamp, Failure> {
        self.get(name).map(Timestamp)
    }

    pub(crate) fn opt_time(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        Ok(self.get::<Option<i64>>(name)?.map(Timestamp))
    }

    pub(crate) fn opt_millis(&self, name: &str) -> Result<Option<Millis>, Failure> {
        let value: Option<i64> = self.get(name)?;
        value.map(|v| u64::try_from(v).map(Millis).map_err(|_| bad(name))).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Failure> {
        let text: String = self.get(name)?;
        serde_json::from_str(&text).map_err(|_| bad(name))
    }

    pub(crate) fn opt_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let text: Option<String> = self.get(name)?;
        text.map(|t| serde_json::from_str(&t).map_err(|_| bad(name))).transpose()
    }

    /// An enum stored as its word.
    pub(crate) fn word<T: DeserializeOwned>(&self, name: &str) -> Result<T, Failure> {
        let word: String = self.get(name)?;
        serde_json::from_value(serde_json::Value::String(word)).map_err(|_| bad(name))
    }

    pub(crate) fn opt_word<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        match self.get::<Option<String>>(name)? {
            Some(_) => self.word(name).map(Some),
            None => Ok(None),
        }
    }
}

fn bad(column: &str) -> Failure {
    Failure::new(
        domain::ErrorKind::StoreCorrupt,
        say!("The database holds something unreadable in the column {column}.", column),
    )
}

/// Ids as the 16 bytes of their UUID: half of the text and ordered by time.
pub(crate) trait Key: Sized {
    fn from_blob(bytes: [u8; 16]) -> Self;
    fn blob(self) -> [u8; 16];
}

macro_rules! keys {
    ($($name:ident),*) => {$(
        impl Key for $name {
            fn from_blob(bytes: [u8; 16]) -> Self { Self::new(uuid::Uuid::from_bytes(bytes)) }
            fn blob(self) -> [u8; 16] { self.uuid().into_bytes() }
        }
    )*};
}

keys!(
    AttemptId,
    ConversationId,
    EntryId,
    ExperimentId,
    ImportId,
    JudgementId,
    LaneId,
    MessageId,
    ProcessId,
    RunId,
    TurnId,
    VoteId
);

/// The blob of an optional id.
pub(crate) fn opt_blob<T: Key>(id: Option<T>) -> Option<[u8; 16]> {
    id.map(Key::blob)
}

/// JSON text of a nested value.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| bug(format!("A value cannot be stored: {e}.")))
}

/// JSON text of an optional nested value.
pub(crate) fn opt_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>, Failure> {
    value.map(json).transpose()
}

/// The word of an enum without fields.
pub(crate) fn word<T: Serialize>(value: T) -> Result<String, Failure> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(bug("A value that is not a word was to be stored as one.")),
    }
}

/// A count as SQLite's integer.
pub(crate) fn int(value: u64) -> Result<i64, Failure> {
    i64::try_from(value).map_err(|_| bug("A number is too large to be stored."))
}

/// An optional span.
pub(crate) fn opt_millis(value: Option<Millis>) -> Result<Option<i64>, Failure> {
    value.map(|v| int(v.0)).transpose()
}
