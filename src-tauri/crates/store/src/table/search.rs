//! The index of what was said: one document a prompt and one an answer, written when an answer settles.
//!
//! A document's place is its time (seconds times 4096, plus a number), so the newest come first without
//! sorting and a span of days is a range. Words stand in `search_words`, every three letters in a row in
//! `search_parts`; neither holds the text again.

use crate::{
    fold::fold,
    table::runs::RunRow,
    tx::{Key, Tx, opt_blob},
    words,
};
use domain::{ConversationId, Cost, Failure, MessageId, Part, PicoUsd, RunId, Timestamp, TurnId};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE search_docs (
    place INTEGER PRIMARY KEY,
    message BLOB NOT NULL CHECK (length(message) = 16),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    turn BLOB NOT NULL REFERENCES turns (id),
    run BLOB REFERENCES runs (id),
    cost INTEGER
) STRICT;
CREATE INDEX search_docs_by_conversation ON search_docs (conversation);
CREATE INDEX search_docs_by_turn ON search_docs (turn, run);
CREATE INDEX search_docs_by_run ON search_docs (run);
CREATE VIRTUAL TABLE search_words USING fts5 (
    text, model, provider, marks,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE search_parts USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);
-- Turns from before there was an index: those after `done` up to `until` are still to be read.
CREATE TABLE search_backlog (
    done INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
INSERT INTO search_backlog (done, until) SELECT 0, coalesce(max(place), 0) FROM turns;
";

/// What cost how much, newest first, without the rest of the rows: a search by cost alone looks at all of it.
pub(crate) const COSTS: &str = "
CREATE INDEX search_docs_costs ON search_docs (place, cost) WHERE cost IS NOT NULL;
";

/// Everything is read anew, since texts go into the index folded; what has not been stays findable as it was.
/// Meanwhile the index does not clear away what was replaced: it would write most of itself again and again for
/// that, in a time that grows faster than the index.
pub(crate) const FOLDED: &str = "
UPDATE search_backlog SET done = 0, until = (SELECT coalesce(max(place), 0) FROM turns);
INSERT INTO search_words (search_words, rank)
    SELECT 'deletemerge', 0 FROM search_backlog WHERE done < until;
INSERT INTO search_parts (search_parts, rank)
    SELECT 'deletemerge', 0 FROM search_backlog WHERE done < until;
";

/// Places of one second.
const SECOND: i64 = 4096;
/// Where the prompt of a turn stands in the index.
const PROMPTS: &str = "SELECT place FROM search_docs WHERE turn = ?1 AND run IS NULL";
/// Where the answer of a run does.
const ANSWERS: &str = "SELECT place FROM search_docs WHERE run = ?1";
/// Turns indexed in one transaction: a send may be waiting for it.
const AT_ONCE: u32 = 100;
/// The last second that has places: the end of the year 9999.
const LAST: i64 = 253_402_300_799;

/// The first place of a time.
pub(crate) fn place(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000).clamp(0, LAST) * SECOND
}

/// The time of a place, to the second.
pub(crate) const fn time(place: i64) -> Timestamp {
    Timestamp(place.div_euclid(SECOND) * 1_000)
}

/// Something that can be found.
#[derive(Clone, Debug)]
pub struct Document {
    /// When it was said.
    pub at: Timestamp,
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its turn.
    pub turn: TurnId,
    /// The run of an answer; `None` = this is the prompt.
    pub run: Option<RunId>,
    /// What the answer cost; `None` = unknown, or a prompt.
    pub cost: Option<PicoUsd>,
    /// The model of an answer, by every name it went under.
    pub model: String,
    /// Who served it.
    pub provider: String,
    /// What is said.
    pub parts: Vec<Part>,
}

impl Tx<'_> {
    /// Makes the answer of a run that has ended findable, and the prompt of its turn. Doing so again
    /// changes nothing but for an answer whose text has changed.
    pub fn index_run(&mut self, id: RunId) -> Result<(), Failure> {
        let Some(run) = self.run(id)? else { return Ok(()) };
        let mut documents = Vec::new();
        if self.places(PROMPTS, run.turn.blob())?.is_empty() {
            documents.extend(self.prompt_of(run.turn, run.user_message)?);
        }
        documents.extend(self.answer_of(run)?);
        self.index(documents)
    }

    /// Are there turns that are still to be read?
    pub(crate) fn has_backlog(&self) -> Result<bool, Failure> {
        let left =
            self.one("SELECT done < until AS more FROM search_backlog", [], |cols| cols.get("more"))?;
        Ok(left.unwrap_or(false))
    }

    /// Indexes turns from before there was an index, or from before it was what it is, at most a hundred; true =
    /// nothing is left. Gives back quickly, and a turn that cannot be read is passed over.
    pub fn index_backlog(&mut self) -> Result<bool, Failure> {
        let turns: Vec<(i64, TurnId)> = self.all(
            "SELECT t.place, t.id FROM turns t, search_backlog b
             WHERE t.place > b.done AND t.place <= b.until ORDER BY t.place LIMIT ?1",
            [AT_ONCE],
            |cols| Ok((cols.get("place")?, cols.id("id")?)),
        )?;
        let mut documents = Vec::new();
        for (_, turn) in &turns {
            // A row that cannot be read must not keep the others from being found.
            let runs = self.runs(*turn).unwrap_or_default();
            if let Some(first) = runs.first() {
                let prompt = self.prompt_of(*turn, first.user_message).unwrap_or_default();
                let old = self.places(PROMPTS, turn.blob())?;
                documents.extend(prompt.map(|prompt| (prompt, old)));
            }
            for run in runs {
                let old = self.places(ANSWERS, run.id.blob())?;
                documents.extend(self.answer_of(run).unwrap_or_default().map(|answer| (answer, old)));
            }
        }
        // The index takes rising places at once and falling ones only one by one.
        documents.sort_by_key(|(document, old)| old.first().copied().unwrap_or(place(document.at)));
        for (document, old) in documents {
            self.put(&document, &old)?;
        }
        match turns.last() {
            Some((last, _)) if turns.len() == AT_ONCE as usize => {
                self.exec("UPDATE search_backlog SET done = ?1", [last])?;
                Ok(false)
            }
            _ => {
                if self.exec("UPDATE search_backlog SET done = until WHERE done < until", [])? > 0 {
                    // As SQLite has it: what was replaced is cleared away where it is a tenth.
                    for index in ["search_words", "search_parts"] {
                        self.exec(
                            &format!("INSERT INTO {index} ({index}, rank) VALUES ('deletemerge', 10)"),
                            [],
                        )?;
                    }
                }
                Ok(true)
            }
        }
    }

    /// The prompt of a turn.
    fn prompt_of(&self, turn: TurnId, message: MessageId) -> Result<Option<Document>, Failure> {
        let Some(row) = self.turn(turn)? else { return Ok(None) };
        Ok(Some(Document {
            at: row.created_at,
            message,
            conversation: row.conversation,
            turn,
            run: None,
            cost: None,
            model: String::new(),
            provider: String::new(),
            parts: self.content(&row.prompt)?.unwrap_or_default(),
        }))
    }

    /// The answer of a run, if it has ended.
    fn answer_of(&self, run: RunRow) -> Result<Option<Document>, Failure> {
        if !run.state.is_final() {
            return Ok(None);
        }
        let id = run.id;
        let Some(message) = self.message(run.message)? else { return Ok(None) };
        let attempts = self.attempts(id)?;
        let mut model = run.target.model.model.clone();
        let mut provider = run.target.model.provider.map(|id| id.to_string()).unwrap_or_default();
        if let Some(last) = attempts.last() {
            if last.model.as_str() != model {
                model = format!("{model} {}", last.model);
            }
            provider = last.provider.to_string();
        }
        // One attempt of unknown cost makes the sum unknown.
        let cost = attempts.iter().map(|row| row.cost.as_ref().and_then(|cost: &Cost| cost.total));
        let cost = cost.collect::<Option<Vec<_>>>().filter(|costs| !costs.is_empty());
        let cost = cost.and_then(|costs| costs.into_iter().try_fold(PicoUsd::ZERO, PicoUsd::checked_add));
        Ok(Some(Document {
            at: message.created_at,
            message: run.message,
            conversation: message.conversation,
            turn: run.turn,
            run: Some(id),
            cost,
            model,
            provider,
            parts: self.content(&message.content)?.unwrap_or_default(),
        }))
    }

    /// Writes documents, each in the place of the one before it of the same run. Those with nothing to be
    /// found in are left out.
    pub fn index(&mut self, mut documents: Vec<Document>) -> Result<(), Failure> {
        // The index takes rising places at once and falling ones only one by one.
        documents.sort_by_key(|document| place(document.at));
        for document in documents {
            let old = match document.run {
                Some(run) => self.places(ANSWERS, run.blob())?,
                None => Vec::new(),
            };
            self.put(&document, &old)?;
        }
        Ok(())
    }

    /// Writes a document where it stood, if it did.
    fn put(&mut self, document: &Document, old: &[i64]) -> Result<(), Failure> {
        self.unindex(old)?;
        let text = words::plain(&document.parts);
        if text.trim().is_empty() {
            return Ok(());
        }
        let place = match old.first() {
            Some(place) => *place,
            None => self.free_place(document.at)?,
        };
        self.exec(
            "INSERT INTO search_docs (place, message, conversation, turn, run, cost)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                place,
                document.message.blob(),
                document.conversation.blob(),
                document.turn.blob(),
                opt_blob(document.run),
                document.cost.map(PicoUsd::get)
            ],
        )?;
        let marks = if words::has_code(&text) { "code" } else { "" };
        let folded = fold(&text);
        self.exec(
            "INSERT INTO search_words (rowid, text, model, provider, marks) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![place, words::indexed(&folded), fold(&document.model), fold(&document.provider), marks],
        )?;
        self.exec(
            "INSERT INTO search_parts (rowid, text) VALUES (?1, ?2)",
            params![place, words::parts_text(&folded)],
        )?;
        Ok(())
    }

    /// Takes everything of a conversation out of the index.
    pub(crate) fn unindex_conversation(&mut self, id: ConversationId) -> Result<(), Failure> {
        let places = self.places("SELECT place FROM search_docs WHERE conversation = ?1", id.blob())?;
        self.unindex(&places)
    }

    fn places(&self, sql: &str, key: [u8; 16]) -> Result<Vec<i64>, Failure> {
        self.all(sql, [key], |cols| cols.at(0))
    }

    fn unindex(&mut self, places: &[i64]) -> Result<(), Failure> {
        for place in places {
            self.exec("DELETE FROM search_words WHERE rowid = ?1", [place])?;
            self.exec("DELETE FROM search_parts WHERE rowid = ?1", [place])?;
            self.exec("DELETE FROM search_docs WHERE place = ?1", [place])?;
        }
        Ok(())
    }

    /// The next place of a second, or of one after it when that is full.
    fn free_place(&self, at: Timestamp) -> Result<i64, Failure> {
        let mut start = place(at);
        loop {
            let last: Option<i64> = self
                .one(
                    "SELECT max(place) AS last FROM search_docs WHERE place >= ?1 AND place < ?2",
                    [start, start + SECOND],
                    |cols| cols.get("last"),
                )?
                .flatten();
            match last {
                None => return Ok(start),
                Some(last) if last + 1 < start + SECOND => return Ok(last + 1),
                Some(_) => start += SECOND,
            }
        }
    }
}
