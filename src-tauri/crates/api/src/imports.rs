//! Imports from the window: one at a time, with its progress, and what was imported before.

use crate::{
    Api,
    types::{
        ImportCandidate, ImportDone, ImportFile, ImportOutcome, ImportRef, ImportRunning, ImportState,
        ImportUndone,
    },
};
use domain::{ErrorKind, Failure, Timestamp, Words, say};
use engine::{ImportProgress, ImportReport, Undone};
use std::{
    fs,
    future::{Ready, ready},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::UNIX_EPOCH,
};

/// Files shown to choose from.
const MOST_CANDIDATES: usize = 12;

/// The import that goes on, for others to see and stop.
#[derive(Clone, Debug)]
pub(crate) struct Going {
    name: String,
    dry_run: bool,
    progress: Arc<ImportProgress>,
}

/// Frees the place however the import ends.
struct Place<'a>(&'a Api);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.import.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

pub(crate) async fn run(api: &Api, wanted: ImportFile) -> Result<ImportOutcome, Failure> {
    let path = expanded(wanted.path.trim());
    if !path.is_absolute() {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("Write the full path of the file.")));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let progress = Arc::new(ImportProgress::default());
    {
        let mut going = api.import.lock().unwrap_or_else(PoisonError::into_inner);
        if going.is_some() {
            return Err(Failure::new(
                ErrorKind::RequestInvalid,
                say!("Another import is going on. Wait for it."),
            ));
        }
        *going = Some(Going { name, dry_run: wanted.dry_run, progress: Arc::clone(&progress) });
    }
    let _place = Place(api);
    let report = api.engine.import(path, wanted.dry_run, progress).await?;
    Ok(outcome(&report))
}

/// `~` is how people write their home folder.
pub(crate) fn expanded(path: &str) -> PathBuf {
    let path = path.trim_matches('"');
    match (path.strip_prefix("~/"), dirs::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// What a report says to people.
pub fn outcome(report: &ImportReport) -> ImportOutcome {
    let mut notes = Vec::new();
    let mut note = |count: u64, one: Words, many: fn(u64) -> Words| match count {
        0 => {}
        1 => notes.push(one),
        n => notes.push(many(n)),
    };
    note(report.in_trash, say!("1 conversation is in the trash and stays there."), |n| {
        say!("{n} conversations are in the trash and stay there.", n)
    });
    note(
        report.branched,
        say!("1 conversation has edited prompts or repeated answers; all of them are kept."),
        |n| say!("{n} conversations have edited prompts or repeated answers; all of them are kept.", n),
    );
    note(
        report.renewed,
        say!("1 answer is longer or finished in the file and takes the place of what was here."),
        |n| say!("{n} answers are longer or finished in the file and take the places of what was here.", n),
    );
    note(
        report.differing,
        say!("1 message says something else in the file; it is kept as it is here."),
        |n| say!("{n} messages say something else in the file; they are kept as they are here.", n),
    );
    note(
        report.ahead,
        say!("1 message of a conversation that was begun here is only in the file; it is not taken."),
        |n| {
            say!(
                "{n} messages of conversations that were begun here are only in the file; they are not taken.",
                n
            )
        },
    );
    note(report.files, say!("1 picture or file comes along from the archive."), |n| {
        say!("{n} pictures and files come along from the archive.", n)
    });
    note(
        report.attachments,
        say!("1 picture or file does not come along; a note stands in its place."),
        |n| say!("{n} pictures and files do not come along; a note stands in each one's place.", n),
    );
    note(report.hidden_characters, say!("1 invisible character was taken out."), |n| {
        say!("{n} invisible characters were taken out.", n)
    });
    note(report.system_messages, say!("1 hidden message to the model was left out."), |n| {
        say!("{n} hidden messages to the model were left out.", n)
    });
    for (reason, n) in &report.skipped {
        notes.push(match n {
            0 => continue,
            1 => say!("1 entry passed over: {reason}.", reason = reason.words()),
            n => say!("{n} entries passed over: {reason}.", n, reason = reason.words()),
        });
    }
    if report.cut_off {
        notes.push(say!("The file ends in the middle: what came before is kept. Download it again."));
    }
    if report.stopped {
        notes.push(say!("It was stopped. Import the file again to go on from there."));
    }
    ImportOutcome {
        id: report.id,
        sources: report.sources.iter().map(|&source| source.to_owned()).collect(),
        added: report.added,
        extended: report.extended,
        known: report.known,
        in_trash: report.in_trash,
        messages: report.messages,
        notes,
        complete: report.complete(),
        stopped: report.stopped,
        dry_run: report.dry_run,
    }
}

pub(crate) fn stop(api: &Api, (): ()) -> Ready<Result<(), Failure>> {
    if let Some(going) = &*api.import.lock().unwrap_or_else(PoisonError::into_inner) {
        going.progress.stop();
    }
    ready(Ok(()))
}

pub(crate) async fn state(api: &Api, (): ()) -> Result<ImportState, Failure> {
    let going = api.import.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let running = going.map(|going| {
        let (read, size, conversations) = going.progress.now();
        ImportRunning { name: going.name, dry_run: going.dry_run, read, size, conversations }
    });
    let done = api.engine.store().read(|tx| tx.imports()).await?;
    Ok(ImportState {
        running,
        candidates: api.downloads.as_deref().map(candidates).unwrap_or_default(),
        done: done
            .into_iter()
            .filter(|row| row.undone_at.is_none() && row.conversations > 0)
            .map(|row| ImportDone {
                id: row.id,
                name: row.file,
                source: row.source,
                at: row.started_at,
                finished: row.finished_at.is_some(),
                conversations: row.conversations,
                messages: row.messages,
            })
            .collect(),
    })
}

pub(crate) async fn undo(api: &Api, which: ImportRef) -> Result<ImportUndone, Failure> {
    let Undone { gone, kept, elsewhere } = api.engine.undo_import(which.id).await?;
    Ok(ImportUndone { gone, kept, elsewhere })
}

/// Archives and JSON files of the downloads folder, newest first. A folder that cannot be read has none.
pub(crate) fn candidates(folder: &Path) -> Vec<ImportCandidate> {
    let fits = |name: &str| {
        let ending = Path::new(name).extension().map(|ending| ending.to_ascii_lowercase());
        ending.is_some_and(|ending| ["zip", "json", "jsonl", "db"].iter().any(|known| ending == *known))
    };
    let mut found: Vec<ImportCandidate> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let meta = entry.metadata().ok().filter(|meta| meta.is_file() && fits(&name))?;
            let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            let changed_at = Timestamp(i64::try_from(since.as_millis()).ok()?);
            Some(ImportCandidate {
                path: entry.path().display().to_string(),
                name,
                size: meta.len(),
                changed_at,
            })
        })
        .collect();
    found.sort_by_key(|file| std::cmp::Reverse(file.changed_at));
    found.truncate(MOST_CANDIDATES);
    found
}
