//! What was sent, for the receipt of an answer. Long texts of the conversation are left out of a body and
//! named instead: they stand in the tree of messages already. A digest of the whole body proves that what is
//! put together again is what left.

use crate::tx::{Cols, Key, Tx, json};
use domain::{AttemptId, Failure};
use rusqlite::params;
use sha2::{Digest, Sha256};

pub(crate) const SCHEMA: &str = "
CREATE TABLE requests (
    attempt BLOB PRIMARY KEY REFERENCES attempts (id) ON DELETE CASCADE CHECK (length(attempt) = 16),
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL CHECK (json_valid(headers)),
    body BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;
";

/// A request as it left, without any key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// The attempt it was.
    pub attempt: AttemptId,
    /// `POST`
    pub method: String,
    /// Whole address.
    pub url: String,
    /// Headers; where a key goes, words in its place.
    pub headers: Vec<(String, String)>,
    /// The body, long texts left out.
    pub body: Vec<u8>,
    /// SHA-256 of the whole body.
    pub digest: [u8; 32],
}

impl RequestRow {
    /// The digest of a body.
    pub fn digest_of(body: &[u8]) -> [u8; 32] {
        Sha256::digest(body).into()
    }
}

fn row(cols: &Cols<'_>) -> Result<RequestRow, Failure> {
    Ok(RequestRow {
        attempt: cols.id("attempt")?,
        method: cols.get("method")?,
        url: cols.get("url")?,
        headers: cols.json("headers")?,
        body: cols.get("body")?,
        digest: cols.get("digest")?,
    })
}

impl Tx<'_> {
    /// Keeps what is about to be sent. After its attempt.
    pub fn put_request(&mut self, r: &RequestRow) -> Result<(), Failure> {
        self.exec(
            "INSERT OR REPLACE INTO requests (attempt, method, url, headers, body, digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![r.attempt.blob(), r.method, r.url, json(&r.headers)?, r.body, r.digest],
        )
        .map(|_| ())
    }

    /// What an attempt sent; `None` = it was not kept.
    pub fn request(&self, attempt: AttemptId) -> Result<Option<RequestRow>, Failure> {
        self.one("SELECT * FROM requests WHERE attempt = ?1", [attempt.blob()], row)
    }
}
