//! The receipt of an answer: how its endpoint was chosen, what was tried, what was sent and seen, what it
//! cost. Read from the store alone; nothing in it is made up afterwards.

use crate::{context, files, inner::Inner, sent, tasks, view};
use domain::{AttemptId, ErrorKind, Failure, LaneTarget, PriceSheet, Role, Route, RunId, Saw, say};
use store::{AttemptRow, MessageRow, RunRow, Tx};

/// Longest beginning of a message that is shown.
const BEGINNING: usize = 160;

/// Everything that is known of how an answer came about.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The answer.
    pub run: RunId,
    /// What was asked for.
    pub target: LaneTarget,
    /// Endpoints as they were planned and left out, with reasons.
    pub route: Route,
    /// What it was shown, in a word.
    pub saw: Saw,
    /// What it was shown, message by message, oldest first.
    pub messages: Vec<Seen>,
    /// The system prompt.
    pub system: Option<String>,
    /// Attempts, oldest first.
    pub attempts: Vec<Tried>,
}

/// A message that was sent along.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Who speaks.
    pub role: Role,
    /// The model that wrote it; `None` = the user did.
    pub author: Option<String>,
    /// How it begins.
    pub beginning: String,
    /// Its length in characters.
    pub characters: u64,
}

/// An attempt with what it was billed by.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The attempt.
    pub row: AttemptRow,
    /// Prices as they were; `None` = unknown, or not settled yet.
    pub prices: Option<PriceSheet>,
    /// What it sent was kept.
    pub request_kept: bool,
}

/// A request as it was sent, without the key.
#[derive(Clone, Debug)]
pub struct SentRequest {
    /// `POST`
    pub method: String,
    /// Whole address.
    pub url: String,
    /// Headers, words in the place of the key.
    pub headers: Vec<(String, String)>,
    /// The body, to the byte.
    pub body: String,
    /// The same as a command for a shell that has the key in `API_KEY`.
    pub curl: String,
}

fn gone() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("This answer is gone."))
}

pub(crate) async fn of(inner: &Inner, run: RunId) -> Result<Receipt, Failure> {
    inner
        .store
        .read(move |tx| {
            let run = tx.run(run)?.ok_or_else(gone)?;
            let mut messages = Vec::new();
            for row in context::messages_of(tx, &run)? {
                let author = author(tx, &row)?;
                let parts = tx.content(&row.content)?.unwrap_or_default();
                messages.push(seen(&row, author, &view::plain(&parts)));
            }
            let mut attempts = Vec::new();
            for row in tx.attempts(run.id)? {
                let booked = tx.entries_of(row.id)?.pop();
                let request_kept = tx.request(row.id)?.is_some();
                attempts.push(Tried {
                    row,
                    prices: booked.and_then(|entry| entry.row.price_sheet),
                    request_kept,
                });
            }
            let RunRow { id, target, route, saw, .. } = run;
            let system = target.system.clone();
            Ok(Receipt { run: id, target, route, saw, messages, system, attempts })
        })
        .await
}

fn author(tx: &Tx<'_>, row: &MessageRow) -> Result<Option<String>, Failure> {
    let run = row.run.map(|run| tx.run(run)).transpose()?.flatten();
    Ok(run.map(|run| run.target.model.to_string()))
}

fn seen(row: &MessageRow, author: Option<String>, text: &str) -> Seen {
    let mut beginning: String = text.chars().take(BEGINNING).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    Seen { role: row.role, author, beginning, characters }
}

pub(crate) async fn request(inner: &Inner, attempt: AttemptId) -> Result<SentRequest, Failure> {
    let (row, of) = inner
        .store
        .read(move |tx| {
            let row = tx.request(attempt)?.ok_or_else(|| {
                Failure::new(ErrorKind::RequestInvalid, say!("What this attempt sent was not kept."))
            })?;
            let run = tx.attempt(attempt)?.and_then(|row| row.run);
            let run = run.map(|run| tx.run(run)).transpose()?.flatten().ok_or_else(gone)?;
            Ok((row, context::request_of(tx, &run)?))
        })
        .await?;
    let store = inner.store.clone();
    let (row, body) = tasks::aside(move || {
        let of = files::loaded(&store, &of)?;
        sent::whole(&row, &of).map(|body| (row, body))
    })
    .await??;
    let curl = sent::curl(&row, &body);
    Ok(SentRequest { method: row.method, url: row.url, headers: row.headers, body, curl })
}
