//! Files the user attached: what is known of each, and which contents name it. Their bytes lie beside the
//! database.

use crate::tx::{Cols, Tx};
use domain::{Attachment, Failure, Part, Timestamp};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE attachments (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    text_sha256 TEXT CHECK (text_sha256 IS NULL OR length(text_sha256) = 64),
    width INTEGER,
    height INTEGER,
    preview BLOB,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE content_files (
    content TEXT NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (content, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX content_files_by_file ON content_files (sha256);
";

/// A file and what is shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRow {
    /// As a message names it.
    pub file: Attachment,
    /// Pixels across and down, of a picture.
    pub size: Option<(u32, u32)>,
    /// A small JPEG of a picture.
    pub preview: Option<Vec<u8>>,
    /// When it was last attached.
    pub used_at: Timestamp,
}

fn row(cols: &Cols<'_>) -> Result<AttachmentRow, Failure> {
    let (width, height): (Option<u32>, Option<u32>) = (cols.get("width")?, cols.get("height")?);
    Ok(AttachmentRow {
        file: Attachment {
            sha256: cols.get("sha256")?,
            name: cols.get("name")?,
            media_type: cols.get("media_type")?,
            bytes: u64::try_from(cols.get::<i64>("bytes")?).unwrap_or_default(),
            text_sha256: cols.get("text_sha256")?,
        },
        size: width.zip(height),
        preview: cols.get("preview")?,
        used_at: cols.time("used_at")?,
    })
}

impl Tx<'_> {
    /// Remembers a file whose bytes are kept. One that is known gets its new name and time.
    pub fn put_attachment(&mut self, r: &AttachmentRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO attachments
                 (sha256, name, media_type, bytes, text_sha256, width, height, preview, used_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (sha256) DO UPDATE SET name = excluded.name, used_at = excluded.used_at",
            params![
                r.file.sha256,
                r.file.name,
                r.file.media_type,
                i64::try_from(r.file.bytes).unwrap_or(i64::MAX),
                r.file.text_sha256,
                r.size.map(|size| size.0),
                r.size.map(|size| size.1),
                r.preview,
                r.used_at.0
            ],
        )
        .map(|_| ())
    }

    /// What is known of a file.
    pub fn attachment(&self, sha256: &str) -> Result<Option<AttachmentRow>, Failure> {
        self.one("SELECT * FROM attachments WHERE sha256 = ?1", [sha256], row)
    }

    /// Notes which files a content names, so that they stay as long as it does.
    pub(crate) fn note_files(&mut self, content: &str, parts: &[Part]) -> Result<(), Failure> {
        for part in parts {
            let Part::Attachment(file) = part else { continue };
            for hash in std::iter::once(&file.sha256).chain(&file.text_sha256) {
                self.exec(
                    "INSERT INTO content_files (content, sha256) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    params![content, hash],
                )?;
            }
        }
        Ok(())
    }

    /// Forgets files that no message names, no draft holds and nobody attached since `before`. Gives the names
    /// of what may be removed from the disk.
    pub fn forget_attachments(&mut self, before: Timestamp) -> Result<Vec<String>, Failure> {
        let unused: Vec<(String, Option<String>)> = self.all(
            "SELECT sha256, text_sha256 FROM attachments a
             WHERE used_at < ?1
               AND NOT EXISTS (SELECT 1 FROM content_files f WHERE f.sha256 = a.sha256)
               AND NOT EXISTS (SELECT 1 FROM settings s
                               WHERE s.key LIKE 'view.files.%' AND instr(s.value, a.sha256) > 0)",
            [before.0],
            |cols| Ok((cols.get("sha256")?, cols.get("text_sha256")?)),
        )?;
        let mut gone = Vec::new();
        for (file, text) in unused {
            self.exec("DELETE FROM attachments WHERE sha256 = ?1", [&file])?;
            gone.push(file);
            if let Some(text) = text {
                // The same words may stand in another document, or in a message.
                let elsewhere = self.one(
                    "SELECT 1 AS one FROM attachments WHERE sha256 = ?1 OR text_sha256 = ?1
                     UNION SELECT 1 FROM content_files WHERE sha256 = ?1 LIMIT 1",
                    [&text],
                    |cols| cols.get::<i64>("one"),
                )?;
                if elsewhere.is_none() {
                    gone.push(text);
                }
            }
        }
        Ok(gone)
    }
}
