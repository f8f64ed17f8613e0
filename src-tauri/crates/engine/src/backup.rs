//! A whole backup: the database and the attached files in one zip archive, and back. Keys are in none: they
//! are in the keychain, never in the data folder.
//!
//! What is written is read again to its last byte before it has its name. What is restored is unpacked beside
//! the data, looked through, and put in place by the next opening (`store::Staging`).

use crate::{Engine, tasks};
use domain::{ErrorKind, Failure, Timestamp, say};
use import::{Archive, Hostile, Packer, Packing};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use store::{Staging, Store, backup_made, is_database, sha256};

/// Form of the archive.
const FORMAT: u32 = 1;
const ABOUT: &str = "parallax-backup.json";
const DATABASE: &str = "parallax.db";
const BUFFER: usize = 256 * 1024;
/// Largest description of a backup.
const LARGEST_ABOUT: u64 = 64 * 1024;

/// What the archive says of itself, as its first entry.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    format: u32,
    /// Version of the program that wrote it.
    program: String,
    made_at: Timestamp,
    /// Version of the database's schema.
    schema: u32,
    database_bytes: u64,
    files: u64,
    file_bytes: u64,
}

/// How far a backup or a restore is, and the way to end it.
#[derive(Debug, Default)]
pub struct BackupProgress {
    done: AtomicU64,
    all: AtomicU64,
    stop: AtomicBool,
}

impl BackupProgress {
    /// Bytes handled, bytes to handle in all. Every byte is handled several times: copied, packed, read again.
    pub fn now(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }

    /// Ends it at the next piece. Nothing is left behind.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn went(&self, bytes: u64) -> bool {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.goes_on()
    }
}

/// What a backup holds, or a restore has brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// Bytes of the archive.
    pub bytes: u64,
    /// Attached files in it.
    pub files: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// Attached files that were damaged on the disk and are not in it.
    pub damaged: u64,
}

impl Engine {
    /// Writes everything to `path`, which must not exist, while answers go on. `program` is the version that
    /// writes it. `None` = it was stopped, and nothing is there.
    pub async fn back_up(
        &self,
        path: PathBuf,
        program: &'static str,
        progress: Arc<BackupProgress>,
    ) -> Result<Option<BackupReport>, Failure> {
        let (store, now) = (self.inner.store.clone(), self.inner.clock.now());
        tasks::aside(move || write(&store, &path, program, now, &progress)).await?
    }

    /// [`restore`] beside the tasks that answers wait for.
    pub async fn restore_next_time(
        data: PathBuf,
        path: PathBuf,
        progress: Arc<BackupProgress>,
    ) -> Result<Option<BackupReport>, Failure> {
        tasks::aside(move || restore(&data, &path, &progress)).await?
    }
}

fn invalid(message: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, message)
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    let kind = if error.kind() == io::ErrorKind::StorageFull {
        ErrorKind::StoreFull
    } else {
        ErrorKind::StoreDenied
    };
    Failure::new(kind, say!("{path} could not be written ({error}).", path = path.display(), error))
}

/// Removes a file when it goes out of sight, unless it has got its name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What cannot be removed stays under a name that says what it is.
        let _ = fs::remove_file(&self.0);
    }
}

fn write(
    store: &Store,
    path: &Path,
    program: &str,
    now: Timestamp,
    progress: &BackupProgress,
) -> Result<Option<BackupReport>, Failure> {
    if path.exists() {
        return Err(invalid(say!("{path} exists already. Choose another name.", path = path.display())));
    }
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        Unfinished(PathBuf::from(name))
    };
    // A copy that the disk had no room for leaves its journal too.
    let (journal, copy, archive) = (beside(".db.part-journal"), beside(".db.part"), beside(".part"));
    for leftover in [&journal.0, &copy.0, &archive.0] {
        match fs::remove_file(leftover) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(unwritten(leftover, &e)),
            _ => {}
        }
    }
    let files = store.kept_files()?;
    let file_bytes: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
    let mut copied = 0;
    let schema = store.copy_to(&copy.0, &mut |done, all| {
        // Copied, packed and read again; the files packed and read again.
        progress.all.store(all * 3 + file_bytes * 2, Ordering::Relaxed);
        let step = done.saturating_sub(copied);
        copied = copied.max(done);
        progress.went(step)
    })?;
    let Some(schema) = schema else { return Ok(None) };
    let database_bytes = fs::metadata(&copy.0).map_err(|e| unwritten(&copy.0, &e))?.len();
    let about = About {
        format: FORMAT,
        program: program.to_owned(),
        made_at: now,
        schema,
        database_bytes,
        files: files.len() as u64,
        file_bytes,
    };
    let Some(damaged) = pack(&archive.0, &about, &copy.0, &files, progress)? else { return Ok(None) };
    if !read_again(&archive.0, progress)? {
        return Ok(None);
    }
    let bytes = fs::metadata(&archive.0).map_err(|e| unwritten(&archive.0, &e))?.len();
    fs::rename(&archive.0, path).map_err(|e| unwritten(path, &e))?;
    Ok(Some(BackupReport { bytes, files: about.files - damaged, made_at: now, damaged }))
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes the archive; gives how many files were damaged, `None` where it was stopped.
fn pack(
    path: &Path,
    about: &About,
    database: &Path,
    files: &[(String, PathBuf, u64)],
    progress: &BackupProgress,
) -> Result<Option<u64>, Failure> {
    let failed = |e: io::Error| unwritten(path, &e);
    let mut packer = Packer::new(private(path).map_err(failed)?);
    let mut went = |bytes: usize| progress.went(bytes as u64);
    let words = serde_json::to_vec_pretty(about).map_err(|e| invalid(e.to_string()))?;
    packer.add(ABOUT, Packing::Stored, &mut words.as_slice(), &mut |_| true).map_err(failed)?;
    let mut source = File::open(database).map_err(failed)?;
    for packing in [Packing::Deflated, Packing::Stored] {
        match packer.add(DATABASE, packing, &mut source, &mut went) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted && !progress.goes_on() => return Ok(None),
            other => other.map_err(failed)?,
        };
        if !packer.swells() {
            break;
        }
        // A database that is hardly more than zeros would be refused as a bomb when it is read again.
        packer.undo().and_then(|()| source.rewind()).map_err(failed)?;
    }
    let mut damaged = 0;
    for (name, place, bytes) in files {
        // A file that is not what its name says would be refused when it is restored.
        let data = match fs::read(place) {
            Ok(data) if sha256(&data) == *name => data,
            Ok(_) => {
                damaged += 1;
                continue;
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(failed(e)),
        };
        let entry = format!("files/{}/{name}", name.get(..2).unwrap_or_default());
        packer.add(&entry, Packing::Stored, &mut data.as_slice(), &mut |_| true).map_err(failed)?;
        if !progress.went(*bytes) {
            return Ok(None);
        }
    }
    let mut file = packer.finish().map_err(failed)?;
    file.flush().and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(Some(damaged))
}

/// Reads the archive to its last byte, sums and all; false where it was stopped.
fn read_again(path: &Path, progress: &BackupProgress) -> Result<bool, Failure> {
    let unsound = |why: String| {
        Failure::new(
            ErrorKind::StoreCorrupt,
            say!("The backup was not kept: it cannot be read again ({why}).", why),
        )
    };
    let file = File::open(path).map_err(|e| unsound(e.to_string()))?;
    let mut archive =
        Archive::open(BufReader::with_capacity(BUFFER, file)).map_err(|e| unsound(e.to_string()))?;
    let mut buffer = vec![0; BUFFER];
    for place in 0..archive.entries().len() {
        let mut entry = archive.read(place).map_err(|e| unsound(e.to_string()))?;
        loop {
            let read = entry.read(&mut buffer).map_err(|e| unsound(e.to_string()))?;
            if read == 0 {
                break;
            }
            if !progress.went(read as u64) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Unpacks a backup beside the data of a folder and looks it through. The next opening of the folder puts it
/// in place, after a backup of what is there. `None` = it was stopped, and nothing is left.
///
/// Errors `request.invalid` for what is no backup, `store.newer` and `store.corrupt` for one that cannot be
/// used; nothing is changed then.
pub fn restore(data: &Path, path: &Path, progress: &BackupProgress) -> Result<Option<BackupReport>, Failure> {
    let refused = |why: domain::Words| invalid(say!("Nothing was restored. {why}", why));
    let hostile = |e: Hostile| refused(e.into());
    let unread =
        |e: io::Error| invalid(say!("{path} could not be read ({error}).", path = path.display(), error = e));
    let mut file = File::open(path).map_err(unread)?;
    let bytes = file.metadata().map_or(0, |meta| meta.len());
    let mut first = Vec::new();
    (&file).take(16).read_to_end(&mut first).map_err(unread)?;
    if is_database(&first) {
        return restore_database(data, path, bytes, progress);
    }
    if !first.starts_with(b"PK") {
        return Err(refused(say!("This is no backup of Parallax.")));
    }
    file.rewind().map_err(unread)?;
    let mut archive = Archive::open(BufReader::with_capacity(BUFFER, file)).map_err(hostile)?;
    let entries = archive.entries().to_vec();
    let place = |name: &str| entries.iter().position(|entry| entry.name == name);
    let none = || refused(say!("This is no backup of Parallax."));
    let (Some(about), Some(_)) = (place(ABOUT), place(DATABASE)) else { return Err(none()) };
    if entries[about].size > LARGEST_ABOUT {
        return Err(none());
    }
    let mut words = Vec::new();
    archive
        .read(about)
        .map_err(hostile)?
        .read_to_end(&mut words)
        .map_err(|e| refused(e.to_string().into()))?;
    let about: About = serde_json::from_slice(&words).map_err(|_| none())?;
    if about.format != FORMAT {
        return Err(Failure::new(
            ErrorKind::StoreNewer,
            say!("Nothing was restored: the backup is of a newer Parallax. Install the newer version."),
        ));
    }
    progress.all.store(entries.iter().map(|entry| entry.size).sum(), Ordering::Relaxed);
    let staging = Staging::new(data)?;
    match unpack(&mut archive, &entries, &staging, progress) {
        Ok(Some(files)) => {
            staging.ready()?;
            Ok(Some(BackupReport { bytes, files, made_at: about.made_at, damaged: 0 }))
        }
        Ok(None) => staging.give_up().map(|()| None),
        Err(failure) => {
            staging.give_up()?;
            Err(failure)
        }
    }
}

/// A database by itself, as updates and restores keep it in `backups/`. It brings no files: those it knows lie in the
/// data folder, and stay.
fn restore_database(
    data: &Path,
    path: &Path,
    bytes: u64,
    progress: &BackupProgress,
) -> Result<Option<BackupReport>, Failure> {
    let written = || {
        let modified = fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
        let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok().map(Timestamp)
    };
    let made_at = backup_made(path).or_else(written).unwrap_or(Timestamp(0));
    let staging = Staging::new(data)?;
    let mut copied = 0;
    let went = staging.copy_database(path, &mut |done, all| {
        progress.all.store(all, Ordering::Relaxed);
        let step = done.saturating_sub(copied);
        copied = copied.max(done);
        progress.went(step)
    });
    match went {
        Ok(true) => {
            staging.ready()?;
            Ok(Some(BackupReport { bytes, files: 0, made_at, damaged: 0 }))
        }
        Ok(false) => staging.give_up().map(|()| None),
        Err(failure) => {
            staging.give_up()?;
            Err(failure)
        }
    }
}

/// Gives the number of attachments; `None` where it was stopped.
fn unpack(
    archive: &mut Archive<BufReader<File>>,
    entries: &[import::Entry],
    staging: &Staging,
    progress: &BackupProgress,
) -> Result<Option<u64>, Failure> {
    let refused = |why: domain::Words| invalid(say!("Nothing was restored. {why}", why));
    let mut files = 0;
    for (place, entry) in entries.iter().enumerate() {
        let mut target = match entry.name.as_str() {
            ABOUT => continue,
            DATABASE => staging.database()?,
            name => {
                let hash = name.rsplit('/').next().unwrap_or_default();
                let expected = format!("files/{}/{hash}", hash.get(..2).unwrap_or_default());
                match staging.attachment(hash)? {
                    Some(file) if name == expected => file,
                    _ => return Err(refused(say!("It holds a file that no backup of Parallax has."))),
                }
            }
        };
        let mut data = archive.read(place).map_err(|e| refused(e.into()))?;
        if entry.name == DATABASE {
            let mut buffer = vec![0; BUFFER];
            loop {
                let read = data.read(&mut buffer).map_err(|e| refused(e.to_string().into()))?;
                if read == 0 {
                    break;
                }
                target.write_all(&buffer[..read]).map_err(|e| refused(e.to_string().into()))?;
                if !progress.went(read as u64) {
                    return Ok(None);
                }
            }
        } else {
            let mut bytes = Vec::new();
            data.read_to_end(&mut bytes).map_err(|e| refused(e.to_string().into()))?;
            if !entry.name.ends_with(&sha256(&bytes)) {
                return Err(refused(say!("One of its files is not what its name says.")));
            }
            target.write_all(&bytes).map_err(|e| refused(e.to_string().into()))?;
            files += 1;
            if !progress.went(bytes.len() as u64) {
                return Ok(None);
            }
        }
        target.sync_all().map_err(|e| refused(e.to_string().into()))?;
    }
    Ok(Some(files))
}
