//! Files that lie beside the conversations of an archive. Only those that a new message names are unpacked, one at a
//! time; each is cleaned and kept as one that a person attaches, and one that cannot be taken costs its own place and
//! nothing else.

use super::import::ImportProgress;
use crate::{files, inner::Inner};
use domain::{Attachment, ErrorKind, Failure};
use import::{Archive, Hostile, Names, Wanted};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufReader, Read as _},
    path::Path,
    sync::Arc,
};
use store::AttachmentRow;

/// Rows written in one transaction: each may hold a small picture.
const ROWS: usize = 32;

/// The files of an archive.
pub(super) struct Beside {
    inner: Arc<Inner>,
    progress: Arc<ImportProgress>,
    archive: Archive<BufReader<File>>,
    names: Names,
    /// What became of an entry: it is unpacked once, however often it is named.
    known: HashMap<usize, Option<Attachment>>,
    rows: Vec<AttachmentRow>,
    taken: u64,
    trouble: Option<Failure>,
}

impl Beside {
    /// Of the archive at `path`, but for the entries of conversations.
    pub(super) fn open(
        inner: &Arc<Inner>,
        progress: &Arc<ImportProgress>,
        path: &Path,
        conversations: &[usize],
    ) -> Result<Self, Hostile> {
        let archive = Archive::open(BufReader::new(File::open(path)?))?;
        let names = Names::new(archive.entries(), conversations);
        Ok(Self {
            inner: Arc::clone(inner),
            progress: Arc::clone(progress),
            archive,
            names,
            known: HashMap::new(),
            rows: Vec::new(),
            taken: 0,
            trouble: None,
        })
    }

    /// Does the archive hold it?
    pub(super) fn holds(&self, wanted: &Wanted<'_>) -> bool {
        self.names.find(wanted.id).is_some()
    }

    /// Takes a file in; `None` = a note is to stand in its place, or [`Beside::done`] has why not.
    pub(super) fn take(&mut self, wanted: &Wanted<'_>) -> Option<Attachment> {
        if self.trouble.is_some() || self.progress.stopped() {
            return None;
        }
        let place = self.names.find(wanted.id)?;
        let known = match self.known.get(&place) {
            Some(known) => known.clone(),
            None => {
                let taken = self.keep(place, wanted);
                self.known.insert(place, taken.clone());
                taken
            }
        };
        let file = known.filter(|file| !wanted.picture || file.media_type.starts_with("image/"))?;
        self.taken += 1;
        let said = if wanted.name.trim().is_empty() { file.name.as_str() } else { wanted.name };
        let name = attach::shown_name(said);
        Some(Attachment { name, ..file })
    }

    fn keep(&mut self, place: usize, wanted: &Wanted<'_>) -> Option<Attachment> {
        let entry = self.archive.entries().get(place)?;
        let name = Names::shown(entry, wanted.id).to_owned();
        let name = if wanted.name.trim().is_empty() { name } else { wanted.name.to_owned() };
        // More than this no file that is attached may have; a stream that swells past what it says fails.
        let size = usize::try_from(entry.size).ok().filter(|size| *size <= attach::PDF_LIMIT)?;
        let mut data = Vec::with_capacity(size);
        self.archive.read(place).ok()?.read_to_end(&mut data).ok()?;
        let kept = files::keep(&self.inner, &name, data).and_then(|taken| {
            self.rows.push(AttachmentRow {
                file: taken.file.clone(),
                size: taken.size,
                preview: taken.preview,
                used_at: self.inner.clock.now(),
            });
            if self.rows.len() >= ROWS {
                self.write()?;
            }
            Ok(taken.file)
        });
        match kept {
            Ok(file) => Some(file),
            // What it is cannot be attached.
            Err(failure) if failure.kind == ErrorKind::RequestInvalid => None,
            Err(failure) => {
                self.trouble = Some(failure);
                None
            }
        }
    }

    fn write(&mut self) -> Result<(), Failure> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let write = move |tx: &mut store::Tx<'_>| rows.iter().try_for_each(|row| tx.put_attachment(row));
        self.inner.store.write(write).wait()
    }

    /// What was taken for a conversation is known to the database, before a message names it. How many files that
    /// was; the first failure that is not a file's own.
    pub(super) fn done(&mut self) -> Result<u64, Failure> {
        if let Some(failure) = self.trouble.take() {
            return Err(failure);
        }
        self.write()?;
        Ok(std::mem::take(&mut self.taken))
    }
}
