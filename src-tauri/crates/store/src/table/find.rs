//! Finding messages: by words, by parts of words, by who said them, when and for how much.

use super::search::{place, time};
use crate::{
    tx::{Cols, Key, Tx},
    words::{self, Piece},
};
use domain::{ConversationId, Failure, MessageId, Part, PicoUsd, RunId, Timestamp, TurnId};
use rusqlite::{ToSql, types::Value};

/// Documents looked through one by one when no index helps: a single letter, a sign.
const MOST_SCANNED: usize = 20_000;

/// What to look for. All of it must be true of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// Words or phrases, as people write them; nothing in them is syntax.
    pub terms: Vec<String>,
    /// Words of the model's name.
    pub models: Vec<String>,
    /// Words of the provider's name.
    pub providers: Vec<String>,
    /// Has a block of code.
    pub code: bool,
    /// Is an answer that a vote which stands finds best.
    pub won: bool,
    /// Costs more than this.
    pub dearer_than: Option<PicoUsd>,
    /// Costs less than this.
    pub cheaper_than: Option<PicoUsd>,
    /// Said at or after.
    pub from: Option<Timestamp>,
    /// Said before.
    pub until: Option<Timestamp>,
    /// In conversations that have all of these tags.
    pub tags: Vec<String>,
    /// In conversations of this folder.
    pub folder: Option<String>,
    /// In this conversation.
    pub conversation: Option<ConversationId>,
}

/// Which of what can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The terms stand there as whole words.
    Words,
    /// A term is part of a longer word, or consists of signs. What [`Match::Words`] finds is left out.
    Parts,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where it stands in the index; those before it are older.
    pub place: i64,
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Title of that.
    pub title: String,
    /// That was put away.
    pub archived: bool,
    /// Its turn.
    pub turn: TurnId,
    /// The run of an answer; `None` = this is the prompt.
    pub run: Option<RunId>,
    /// The model of an answer.
    pub model: Option<String>,
    /// When it was said, to the second.
    pub at: Timestamp,
    /// What it cost; `None` = unknown, or a prompt.
    pub cost: Option<PicoUsd>,
    /// The text around what was found.
    pub snippet: Vec<Piece>,
}

/// What was found, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// At most as many as were asked for.
    pub hits: Vec<Hit>,
    /// Where to go on, if there may be more.
    pub next: Option<i64>,
    /// Only the newest were looked through, because no index helps with such a term.
    pub partial: bool,
}

impl Find {
    /// Nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The query of the index of words; `None` = it cannot answer, or need not.
    fn words_query(&self) -> Option<String> {
        if self.terms.iter().any(|term| !words::has_word(term)) {
            return None;
        }
        let mut all: Vec<String> =
            self.terms.iter().map(|term| format!("text : {}", quoted(&words::segmented(term)))).collect();
        all.extend(self.facets());
        (!all.is_empty()).then(|| all.join(" AND "))
    }

    fn facets(&self) -> Vec<String> {
        let named = |column: &'static str| move |name: &String| format!("{column} : {}", quoted(name));
        let mut all: Vec<String> = self.models.iter().map(named("model")).collect();
        all.extend(self.providers.iter().map(named("provider")));
        if self.code {
            all.push("marks : \"code\"".to_owned());
        }
        all
    }
}

/// A string of the query language of the index: in it nothing is syntax.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\0', " ").replace('"', "\"\""))
}

/// Conditions and their values.
struct Where {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Where {
    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql.push(condition.replace('?', &format!("?{}", self.values.len())));
    }
}

impl Tx<'_> {
    /// Messages that match, newest first, older than `before`, at most `limit`. Nothing of the trash, and no answer
    /// whose turn hides its names.
    pub fn find(
        &self,
        wanted: &Find,
        which: Match,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Found, Failure> {
        let limit = limit as usize;
        match which {
            Match::Words => match wanted.words_query() {
                Some(query) => {
                    let literal: Vec<&String> =
                        wanted.terms.iter().filter(|term| words::literal(term)).collect();
                    self.by_index(wanted, "search_words", &query, before, limit, &literal)
                }
                None if wanted.terms.is_empty() && !wanted.is_empty() => self.scan(wanted, before, limit),
                None => Ok(Found::default()),
            },
            Match::Parts if wanted.terms.is_empty() => Ok(Found::default()),
            Match::Parts => {
                let mut trigrams: Vec<String> =
                    wanted.terms.iter().flat_map(|term| words::trigrams(term)).map(|t| quoted(&t)).collect();
                trigrams.dedup();
                if trigrams.is_empty() {
                    // Scripts without spaces are found whole by the index of words.
                    if wanted.terms.iter().all(|term| term.chars().all(words::unspaced)) {
                        return Ok(Found::default());
                    }
                    return self.scan(wanted, before, limit);
                }
                let query = trigrams.join(" AND ");
                let all: Vec<&String> = wanted.terms.iter().collect();
                self.by_index(wanted, "search_parts", &query, before, limit, &all)
            }
        }
    }

    /// `verify`: what the index does not know must stand in the text as it was typed.
    fn by_index(
        &self,
        wanted: &Find,
        table: &str,
        query: &str,
        before: Option<i64>,
        limit: usize,
        verify: &[&String],
    ) -> Result<Found, Failure> {
        let mut conditions = Where { sql: Vec::new(), values: Vec::new() };
        conditions.and(&format!("{table} MATCH ?"), query.to_owned());
        self.common(wanted, &mut conditions, "f.rowid", before);
        let parts = table == "search_parts";
        if parts {
            self.left_out(wanted, &mut conditions, "f.rowid");
        }
        let from = format!("{table} f CROSS JOIN search_docs d ON d.place = f.rowid");
        // A word like the C of C++ is in far more messages than the two signs behind it are.
        let most = if parts || verify.is_empty() { usize::MAX } else { MOST_SCANNED };
        self.collect(wanted, &from, "f.rowid", &conditions, limit, verify, most)
    }

    fn scan(&self, wanted: &Find, before: Option<i64>, limit: usize) -> Result<Found, Failure> {
        let mut conditions = Where { sql: Vec::new(), values: Vec::new() };
        self.common(wanted, &mut conditions, "d.place", before);
        if !wanted.terms.is_empty() {
            self.left_out(wanted, &mut conditions, "d.place");
        }
        let verify: Vec<&String> = wanted.terms.iter().collect();
        let most = if verify.is_empty() { usize::MAX } else { MOST_SCANNED };
        let by_cost = wanted.dearer_than.is_some() || wanted.cheaper_than.is_some();
        let from = if wanted.won {
            // Votes are few: from them to the answers, not from every message to its votes.
            "(SELECT DISTINCT b.run AS run FROM votes v CROSS JOIN messages b ON b.id = v.best
              WHERE v.withdrawn_at IS NULL) w CROSS JOIN search_docs d ON d.run = w.run"
        } else if by_cost {
            "search_docs d INDEXED BY search_docs_costs"
        } else {
            "search_docs d"
        };
        self.collect(wanted, from, "d.place", &conditions, limit, &verify, most)
    }

    /// What no index of words is asked for: times, costs, the conversation, votes.
    fn common(&self, wanted: &Find, conditions: &mut Where, key: &str, before: Option<i64>) {
        let until = wanted.until.map_or(i64::MAX, place).min(before.unwrap_or(i64::MAX));
        conditions.and(&format!("{key} < ?"), until);
        if let Some(from) = wanted.from {
            conditions.and(&format!("{key} >= ?"), place(from));
        }
        if let Some(cost) = wanted.dearer_than {
            conditions.and("d.cost > ?", cost.get());
        }
        if let Some(cost) = wanted.cheaper_than {
            conditions.and("d.cost < ?", cost.get());
        }
        if let Some(id) = wanted.conversation {
            conditions.and("d.conversation = ?", id.blob().to_vec());
        }
        for tag in &wanted.tags {
            conditions.and("d.conversation IN (SELECT conversation FROM tags WHERE name = ?)", tag.clone());
        }
        if let Some(folder) = &wanted.folder {
            let filed = "d.conversation IN (SELECT conversation FROM filed WHERE folder = ?)";
            conditions.and(filed, folder.clone());
        }
        if wanted.won {
            let won = "SELECT 1 FROM votes v WHERE v.best = d.message AND v.withdrawn_at IS NULL";
            conditions.sql.push(format!("EXISTS ({won})"));
        }
        conditions.sql.push("c.deleted_at IS NULL".to_owned());
        // That a search finds an answer tells what is in it and whose it is: while names are hidden none does.
        conditions.sql.push(
            "(d.run IS NULL OR d.turn NOT IN (SELECT turn FROM blind_turns WHERE revealed_at IS NULL))"
                .to_owned(),
        );
    }

    /// Of what the letters find: not what the words have found, and only under the same facets.
    fn left_out(&self, wanted: &Find, conditions: &mut Where, key: &str) {
        if let Some(words) = wanted.words_query() {
            let found = "SELECT rowid FROM search_words WHERE search_words MATCH ?";
            conditions.and(&format!("{key} NOT IN ({found})"), words);
        }
        let facets = wanted.facets();
        if !facets.is_empty() {
            let found = "SELECT rowid FROM search_words WHERE search_words MATCH ?";
            conditions.and(&format!("{key} IN ({found})"), facets.join(" AND "));
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one query, put together from what its two callers know")]
    fn collect(
        &self,
        wanted: &Find,
        from: &str,
        key: &str,
        conditions: &Where,
        limit: usize,
        verify: &[&String],
        most: usize,
    ) -> Result<Found, Failure> {
        let sql = format!(
            "SELECT d.place, d.message, d.conversation, d.turn, d.run, d.cost, c.title, c.archived_at,
                 r.target, ct.parts
             FROM {from}
             CROSS JOIN conversations c ON c.id = d.conversation
             CROSS JOIN messages m ON m.id = d.message
             CROSS JOIN contents ct ON ct.id = m.content
             LEFT JOIN runs r ON r.id = d.run
             WHERE {} ORDER BY {key} DESC",
            conditions.sql.join(" AND ")
        );
        let values: Vec<&dyn ToSql> = conditions.values.iter().map(|value| -> &dyn ToSql { value }).collect();
        let mut found = Found::default();
        let mut seen = 0;
        self.until(&sql, values.as_slice(), |cols| {
            if found.hits.len() == limit {
                found.next = found.hits.last().map(|hit: &Hit| hit.place);
                return Ok(false);
            }
            seen += 1;
            if seen > most {
                found.partial = true;
                return Ok(false);
            }
            let parts: Vec<Part> = cols.json("parts")?;
            let text = words::plain(&parts);
            if words::holds(&text, verify) {
                found.hits.push(hit(cols, &text, &wanted.terms)?);
            }
            Ok(true)
        })?;
        Ok(found)
    }
}

fn hit(cols: &Cols<'_>, text: &str, terms: &[String]) -> Result<Hit, Failure> {
    let place: i64 = cols.get("place")?;
    let target = cols.opt_json::<domain::LaneTarget>("target")?;
    Ok(Hit {
        place,
        message: cols.id("message")?,
        conversation: cols.id("conversation")?,
        title: cols.get("title")?,
        archived: cols.opt_time("archived_at")?.is_some(),
        turn: cols.id("turn")?,
        run: cols.opt_id("run")?,
        model: target.map(|target| target.model.to_string()),
        at: time(place),
        cost: cols.get::<Option<i64>>("cost")?.map(PicoUsd::new),
        snippet: words::snippet(text, terms),
    })
}
