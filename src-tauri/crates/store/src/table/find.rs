//! Finding messages: by words, by parts of words, by who said them, when and for how much.

use super::{
    search::{place, time},
    wanted::{Find, Wanted},
};
use crate::{
    tx::{Cols, Key, Tx},
    words::{self, Piece},
};
use domain::{ConversationId, Failure, MessageId, Part, PicoUsd, RunId, Timestamp, TurnId};
use rusqlite::{ToSql, types::Value};

/// Documents looked through one by one when no index helps: a single letter, a sign.
const MOST_SCANNED: usize = 20_000;
/// Documents, or hits of an index, gone through for a tag or a folder before its conversations are asked one by one.
const NEAR: i64 = 4_000;

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

    fn bound(&self) -> Vec<&dyn ToSql> {
        self.values.iter().map(|value| -> &dyn ToSql { value }).collect()
    }

    /// Under all tags, in the folder.
    fn kept(&mut self, wanted: &Find, conversation: &str) {
        for tag in &wanted.tags {
            let tagged = format!("{conversation} IN (SELECT conversation FROM tags WHERE name = ?)");
            self.and(&tagged, tag.clone());
        }
        if let Some(folder) = &wanted.folder {
            let filed = format!("{conversation} IN (SELECT conversation FROM filed WHERE folder = ?)");
            self.and(&filed, folder.clone());
        }
    }

    /// What no index of words is asked for: times, costs, the conversation, votes.
    fn common(&mut self, wanted: &Find, key: &str, within: Within) {
        let until = wanted.until.map_or(i64::MAX, place).min(within.before.unwrap_or(i64::MAX));
        self.and(&format!("{key} < ?"), until);
        let from = wanted.from.map(place).into_iter().chain(within.after).max();
        if let Some(from) = from {
            self.and(&format!("{key} >= ?"), from);
        }
        if let Some(cost) = wanted.dearer_than {
            self.and("d.cost > ?", cost.get());
        }
        if let Some(cost) = wanted.cheaper_than {
            self.and("d.cost < ?", cost.get());
        }
        for id in wanted.conversation.into_iter().chain(within.conversation) {
            self.and("d.conversation = ?", id.blob().to_vec());
        }
        if within.conversation.is_none() {
            // The sign keeps the walk by time: by conversation, every document would be read before the first.
            self.kept(wanted, "+d.conversation");
        }
        if wanted.won {
            let won = "SELECT 1 FROM votes v WHERE v.best = d.message AND v.withdrawn_at IS NULL";
            self.sql.push(format!("EXISTS ({won})"));
        }
        self.sql.push("c.deleted_at IS NULL".to_owned());
        // That a search finds an answer tells what is in it and whose it is: while names are hidden none does.
        self.sql.push(
            "(d.run IS NULL OR d.turn NOT IN (SELECT turn FROM blind_turns WHERE revealed_at IS NULL))"
                .to_owned(),
        );
    }

    /// Of what the letters find: not what the words have found, and only under the same facets.
    fn left_out(&mut self, wanted: &Wanted, key: &str, within: Within) {
        if let Some(words) = &wanted.words {
            self.found_by_words(key, "NOT ", words, within);
        }
        if let Some(facets) = &wanted.facets {
            self.found_by_words(key, "", facets, within);
        }
    }

    fn found_by_words(&mut self, key: &str, not: &str, query: &str, within: Within) {
        self.values.push(query.to_owned().into());
        let found = format!("FROM search_words WHERE search_words MATCH ?{} AND rowid", self.values.len());
        if within.conversation.is_some() {
            // Few documents: each is looked up.
            self.sql.push(format!("{not}EXISTS (SELECT 1 {found} = {key})"));
        } else {
            self.values.push(within.after.unwrap_or(i64::MIN).into());
            self.sql.push(format!("{key} {not}IN (SELECT rowid {found} >= ?{})", self.values.len()));
        }
    }
}

/// Where what is looked for is read from.
#[derive(Clone, Copy)]
enum Way<'q> {
    /// What this index finds.
    Index { table: &'static str, query: &'q str },
    /// Every document.
    Docs,
}

/// The part of the documents that is asked.
#[derive(Clone, Copy, Default)]
struct Within {
    /// Older than this place.
    before: Option<i64>,
    /// At this place, or newer.
    after: Option<i64>,
    /// Of this conversation, which is known to be kept where it was asked for.
    conversation: Option<ConversationId>,
}

/// What must stand in the text as it was typed, and how many texts are looked through for it.
#[derive(Clone, Copy)]
struct Verify<'q> {
    terms: &'q [&'q String],
    most: usize,
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
        self.find_near(wanted, which, before, limit, NEAR)
    }

    /// The same. `near`: how many are gone through before the conversations of a tag or folder are asked one by one.
    pub(crate) fn find_near(
        &self,
        wanted: &Find,
        which: Match,
        before: Option<i64>,
        limit: u32,
        near: i64,
    ) -> Result<Found, Failure> {
        let wanted = &Wanted::new(wanted, self.has_backlog()?);
        let find = &wanted.find;
        let limit = limit as usize;
        let within = Within { before, ..Within::default() };
        match which {
            Match::Words => match &wanted.words {
                Some(query) => {
                    let terms: Vec<&String> = find.terms.iter().filter(|term| words::literal(term)).collect();
                    // A word like the C of C++ is in far more messages than the two signs behind it are.
                    let most = if terms.is_empty() { usize::MAX } else { MOST_SCANNED };
                    let way = Way::Index { table: "search_words", query };
                    self.near_then_far(wanted, way, within, limit, near, Verify { terms: &terms, most })
                }
                None if find.terms.is_empty() && !find.is_empty() => {
                    let verify = Verify { terms: &[], most: usize::MAX };
                    self.near_then_far(wanted, Way::Docs, within, limit, near, verify)
                }
                None => Ok(Found::default()),
            },
            Match::Parts if find.terms.is_empty() => Ok(Found::default()),
            Match::Parts => {
                let terms: Vec<&String> = find.terms.iter().collect();
                let Some(query) = &wanted.parts else {
                    // Scripts without spaces are found whole by the index of words.
                    if find.terms.iter().all(|term| term.chars().all(words::unspaced)) {
                        return Ok(Found::default());
                    }
                    let verify = Verify { terms: &terms, most: MOST_SCANNED };
                    return self.ask(wanted, Way::Docs, within, limit, verify);
                };
                let way = Way::Index { table: "search_parts", query };
                let verify = Verify { terms: &terms, most: usize::MAX };
                self.near_then_far(wanted, way, within, limit, near, verify)
            }
        }
    }

    /// A tag or a folder may hold nearly every conversation or a few old ones. So the newest documents are gone
    /// through first; where they do not fill the page, its conversations are asked, the one that was written in
    /// last first, until no other can hold anything newer.
    fn near_then_far(
        &self,
        wanted: &Wanted,
        way: Way<'_>,
        within: Within,
        limit: usize,
        near: i64,
        verify: Verify<'_>,
    ) -> Result<Found, Failure> {
        let find = &wanted.find;
        let kept = !find.tags.is_empty() || find.folder.is_some();
        let edge = if kept && find.conversation.is_none() && !find.won {
            let until = find.until.map(place);
            self.edge(way, within.before.into_iter().chain(until).min(), near)?
        } else {
            None
        };
        let mut found = self.ask(wanted, way, Within { after: edge, ..within }, limit, verify)?;
        let Some(edge) = edge.filter(|_| found.next.is_none() && !found.partial) else {
            return Ok(found);
        };
        let from = find.from.map_or(i64::MIN, place);
        for (conversation, newest) in self.holding(find, edge)? {
            // One more than was asked for tells that there are more.
            let last = found.hits.get(limit).map(|hit| hit.place);
            if newest < from || last.is_some_and(|last| newest < last) {
                break;
            }
            let part = Within { before: Some(edge), after: last, conversation: Some(conversation) };
            let more = self.ask(wanted, way, part, limit + 1, verify)?;
            found.partial |= more.partial;
            found.hits.extend(more.hits);
            found.hits.sort_by_key(|hit| std::cmp::Reverse(hit.place));
            found.hits.truncate(limit + 1);
        }
        if found.hits.len() > limit {
            found.hits.truncate(limit);
            found.next = found.hits.last().map(|hit| hit.place);
        }
        Ok(found)
    }

    /// The place behind which there are `near` newer ones; `None` = there are not so many.
    fn edge(&self, way: Way<'_>, before: Option<i64>, near: i64) -> Result<Option<i64>, Failure> {
        let before = before.unwrap_or(i64::MAX);
        match way {
            Way::Docs => self.one(
                "SELECT place FROM search_docs WHERE place < ?1 ORDER BY place DESC LIMIT 1 OFFSET ?2",
                [before, near],
                |cols| cols.at(0),
            ),
            Way::Index { table, query } => self.one(
                &format!(
                    "SELECT rowid FROM {table} WHERE {table} MATCH ?3 AND rowid < ?1
                     ORDER BY rowid DESC LIMIT 1 OFFSET ?2"
                ),
                rusqlite::params![before, near, query],
                |cols| cols.at(0),
            ),
        }
    }

    /// The conversations that are kept where it is asked for, each with its newest place older than `before`; the
    /// newest first.
    fn holding(&self, wanted: &Find, before: i64) -> Result<Vec<(ConversationId, i64)>, Failure> {
        let mut conditions = Where { sql: Vec::new(), values: vec![before.into()] };
        conditions.kept(wanted, "k.conversation");
        let from = if wanted.tags.is_empty() { "filed" } else { "tags" };
        let sql = format!(
            "SELECT conversation, newest FROM (
                 SELECT k.conversation AS conversation,
                     (SELECT max(place) FROM search_docs WHERE conversation = k.conversation AND place < ?1) AS newest
                 FROM (SELECT DISTINCT conversation FROM {from}) k WHERE {})
             WHERE newest IS NOT NULL ORDER BY newest DESC",
            conditions.sql.join(" AND ")
        );
        self.all(&sql, conditions.bound().as_slice(), |cols| Ok((cols.id("conversation")?, cols.at(1)?)))
    }

    fn ask(
        &self,
        wanted: &Wanted,
        way: Way<'_>,
        within: Within,
        limit: usize,
        verify: Verify<'_>,
    ) -> Result<Found, Failure> {
        let (sql, conditions) = statement(wanted, way, within);
        self.collect(&wanted.find, &sql, &conditions, limit, verify)
    }

    /// The steps by which a search is answered: of the newest alone, and of one conversation.
    #[cfg(test)]
    pub(crate) fn find_steps(&self, wanted: &Find) -> Result<[Vec<String>; 2], Failure> {
        let wanted = &Wanted::new(wanted, false);
        let way =
            wanted.words.as_ref().map_or(Way::Docs, |query| Way::Index { table: "search_words", query });
        let explained = |within| {
            let (sql, conditions) = statement(wanted, way, within);
            self.all(&format!("EXPLAIN QUERY PLAN {sql}"), conditions.bound().as_slice(), |cols| cols.at(3))
        };
        let one = Some(ConversationId::new(uuid::Uuid::nil()));
        let near = Within { after: Some(1), ..Within::default() };
        Ok([explained(near)?, explained(Within { before: Some(1), after: None, conversation: one })?])
    }

    fn collect(
        &self,
        wanted: &Find,
        sql: &str,
        conditions: &Where,
        limit: usize,
        verify: Verify<'_>,
    ) -> Result<Found, Failure> {
        let mut found = Found::default();
        let mut seen = 0;
        self.until(sql, conditions.bound().as_slice(), |cols| {
            if found.hits.len() == limit {
                found.next = found.hits.last().map(|hit: &Hit| hit.place);
                return Ok(false);
            }
            seen += 1;
            if seen > verify.most {
                found.partial = true;
                return Ok(false);
            }
            let parts: Vec<Part> = cols.json("parts")?;
            let text = words::plain(&parts);
            if words::holds(&text, verify.terms) {
                found.hits.push(hit(cols, &text, &wanted.terms)?);
            }
            Ok(true)
        })?;
        Ok(found)
    }
}

/// The statement that asks, newest first.
fn statement(wanted: &Wanted, way: Way<'_>, within: Within) -> (String, Where) {
    let find = &wanted.find;
    let mut conditions = Where { sql: Vec::new(), values: Vec::new() };
    let by_cost = find.dearer_than.is_some() || find.cheaper_than.is_some();
    let (from, key) = match way {
        // Few documents, each looked up in the index; else what the index finds, each looked up.
        Way::Index { table, .. } if within.conversation.is_some() => {
            (format!("search_docs d CROSS JOIN {table} f ON f.rowid = d.place"), "d.place")
        }
        Way::Index { table, .. } => {
            (format!("{table} f CROSS JOIN search_docs d ON d.place = f.rowid"), "f.rowid")
        }
        // Votes are few: from them to the answers, not from every message to its votes.
        Way::Docs if find.won => (
            "(SELECT DISTINCT b.run AS run FROM votes v CROSS JOIN messages b ON b.id = v.best
              WHERE v.withdrawn_at IS NULL) w CROSS JOIN search_docs d ON d.run = w.run"
                .to_owned(),
            "d.place",
        ),
        Way::Docs if by_cost && within.conversation.is_none() => {
            ("search_docs d INDEXED BY search_docs_costs".to_owned(), "d.place")
        }
        Way::Docs => ("search_docs d".to_owned(), "d.place"),
    };
    if let Way::Index { table, query } = way {
        conditions.and(&format!("{table} MATCH ?"), query.to_owned());
    }
    conditions.common(find, key, within);
    let words = matches!(way, Way::Index { table: "search_words", .. });
    if !words && !find.terms.is_empty() {
        conditions.left_out(wanted, key, within);
    }
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
    (sql, conditions)
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
