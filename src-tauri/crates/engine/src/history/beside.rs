//! Files that lie beside the conversations of an archive or stand in a conversation. Only those that a new message
//! names are unpacked, one at a time; each is cleaned and kept as one that a person attaches, and one that cannot be
//! taken costs its own place and nothing else.

use super::import::ImportProgress;
use crate::{files, inner::Inner};
use attach::{Kind, Refused, Taken};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Attachment, Failure};
use import::{Archive, Hostile, Names, Place, Takes, Wanted};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufReader, Read as _},
    path::Path,
    sync::Arc,
};
use store::AttachmentRow;
use uuid::Uuid;

/// Rows written in one transaction: each may hold a small picture.
const ROWS: usize = 32;
/// What a picture is called that nobody has named.
const PICTURE: &str = "picture";

/// What a file is known by while an import goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Known {
    /// By its place in the archive, and whether it is to be a recording.
    Entry(usize, bool),
    /// By its bytes as they stand in a conversation, and whether they are its text.
    Inside(Uuid, bool),
}

/// An archive and what lies in it.
type Packed = (Archive<BufReader<File>>, Names);

/// The files of an import.
pub(super) struct Beside {
    inner: Arc<Inner>,
    progress: Arc<ImportProgress>,
    archive: Option<Packed>,
    /// What became of a file: it is looked at once, however often it is named.
    known: HashMap<Known, Option<Attachment>>,
    rows: Vec<AttachmentRow>,
    taken: u64,
    trouble: Option<Failure>,
}

impl Beside {
    /// Of a file that holds conversations and nothing else.
    pub(super) fn new(inner: &Arc<Inner>, progress: &Arc<ImportProgress>) -> Self {
        Self {
            inner: Arc::clone(inner),
            progress: Arc::clone(progress),
            archive: None,
            known: HashMap::new(),
            rows: Vec::new(),
            taken: 0,
            trouble: None,
        }
    }

    /// Of the archive at `path` too, but for the entries of conversations.
    pub(super) fn open(&mut self, path: &Path, conversations: &[usize]) -> Result<(), Hostile> {
        let mut archive = Archive::open(BufReader::new(File::open(path)?))?;
        let mut names = Names::new(archive.entries(), conversations);
        let told =
            names.find(import::CALLED).filter(|at| archive.entries()[*at].size <= import::CALLED_LIMIT);
        if let Some(place) = told {
            let mut json = Vec::new();
            // One that cannot be read tells no names, and costs nothing else.
            if archive.read(place).is_ok_and(|mut entry| entry.read_to_end(&mut json).is_ok()) {
                names.call(&json);
            }
        }
        self.archive = Some((archive, names));
        Ok(())
    }

    /// Is it here?
    pub(super) fn holds(&self, wanted: &Wanted<'_>) -> bool {
        self.known_by(wanted).is_some()
    }

    fn known_by(&self, wanted: &Wanted<'_>) -> Option<Known> {
        let inside = |words: &str, text: bool| {
            let length = u64::try_from(words.len()).unwrap_or(u64::MAX);
            Known::Inside(import::fingerprint(length, words.as_bytes()), text)
        };
        match wanted.place {
            Place::Beside(id) => {
                let place = self.archive.as_ref()?.1.find(id)?;
                Some(Known::Entry(place, wanted.takes == Takes::Recordings))
            }
            Place::Base64(words) => Some(inside(words, false)),
            Place::Text(words) => Some(inside(words, true)),
        }
    }

    /// Takes a file in; `None` = a note is to stand in its place, or [`Beside::done`] has why not.
    pub(super) fn take(&mut self, wanted: &Wanted<'_>) -> Option<Attachment> {
        if self.trouble.is_some() || self.progress.stopped() {
            return None;
        }
        let place = self.known_by(wanted)?;
        let known = match self.known.get(&place) {
            Some(known) => known.clone(),
            None => {
                let taken = self.look(wanted);
                self.known.insert(place, taken.clone());
                taken
            }
        };
        let any = wanted.takes != Takes::Pictures;
        let file = known.filter(|file| any || file.media_type.starts_with("image/"))?;
        self.taken += 1;
        let said = match wanted.place {
            _ if !wanted.name.trim().is_empty() => wanted.name,
            // The same bytes may stand elsewhere under a name.
            Place::Base64(_) => PICTURE,
            Place::Beside(_) | Place::Text(_) => file.name.as_str(),
        };
        let name = attach::shown_name(said);
        Some(Attachment { name, ..file })
    }

    fn look(&mut self, wanted: &Wanted<'_>) -> Option<Attachment> {
        match wanted.place {
            Place::Beside(id) => self.unpacked(id, wanted),
            Place::Base64(words) => {
                // Four letters are three bytes; what is longer is not even decoded.
                let data =
                    (words.len() / 4 * 3 <= attach::PICTURE_LIMIT).then(|| STANDARD.decode(words))?.ok()?;
                self.keep(attach::take(PICTURE, data), Some(Kind::Picture))
            }
            Place::Text(words) => {
                self.keep(attach::take(wanted.name, words.as_bytes().to_vec()), Some(Kind::Text))
            }
        }
    }

    fn unpacked(&mut self, id: &str, wanted: &Wanted<'_>) -> Option<Attachment> {
        let (archive, names) = self.archive.as_mut()?;
        let place = names.find(id)?;
        let entry = archive.entries().get(place)?;
        let shown = names.shown(entry, id).to_owned();
        let name = if wanted.name.trim().is_empty() { shown } else { wanted.name.to_owned() };
        // More than this no file that is attached may have; a stream that swells past what it says fails.
        let size = usize::try_from(entry.size).ok().filter(|size| *size <= attach::PDF_LIMIT)?;
        let mut data = Vec::with_capacity(size);
        archive.read(place).ok()?.read_to_end(&mut data).ok()?;
        match wanted.takes {
            Takes::Recordings => self.keep(attach::recording(&name, data), None),
            Takes::All | Takes::Pictures => self.keep(attach::take(&name, data), None),
        }
    }

    /// Keeps what was taken, if it is of the sort that it was said to be.
    fn keep(&mut self, taken: Result<Taken, Refused>, only: Option<Kind>) -> Option<Attachment> {
        let taken = taken.ok().filter(|taken| only.is_none_or(|kind| taken.kind == kind))?;
        let kept = files::keep(&self.inner, taken).and_then(|taken| {
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
