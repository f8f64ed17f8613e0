//! Whole backups from the window: one at a time, with progress, and the way back.

use crate::{
    Api, imports,
    types::{BackupDone, BackupRunning, BackupState, ImportCandidate, RestoreFile},
};
use domain::{ErrorKind, Failure, say};
use engine::{BackupProgress, BackupReport, Engine};
use jiff::{Timestamp, tz::TimeZone};
use std::{
    future::{Ready, ready},
    path::PathBuf,
    sync::{Arc, PoisonError},
};

/// What our backups are called; a number follows where one is there already.
const NAME: &str = "parallax-backup-";

/// The backup or the restore that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Going {
    restoring: bool,
    progress: Arc<BackupProgress>,
}

/// Frees the place however it ends.
struct Place<'a>(&'a Api);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.backup.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn begin(api: &Api, restoring: bool) -> Result<(Place<'_>, Arc<BackupProgress>), Failure> {
    let progress = Arc::new(BackupProgress::default());
    let mut going = api.backup.lock().unwrap_or_else(PoisonError::into_inner);
    if going.is_some() {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("A backup is going on. Wait for it, or stop it."),
        ));
    }
    *going = Some(Going { restoring, progress: Arc::clone(&progress) });
    Ok((Place(api), progress))
}

fn told(report: Option<BackupReport>, path: &std::path::Path) -> BackupDone {
    let stopped = report.is_none();
    let report =
        report.unwrap_or(BackupReport { bytes: 0, files: 0, made_at: domain::Timestamp(0), damaged: 0 });
    BackupDone {
        path: path.display().to_string(),
        stopped,
        bytes: report.bytes,
        files: report.files,
        made_at: report.made_at,
        damaged: report.damaged,
    }
}

/// Writes a backup into the downloads folder. A file that is there is never written over.
pub(crate) async fn make(api: &Api, (): ()) -> Result<BackupDone, Failure> {
    let folder = api.downloads.clone().ok_or_else(|| {
        Failure::new(
            ErrorKind::StoreDenied,
            say!("There is no downloads folder. Use `parallax backup FILE` instead."),
        )
    })?;
    let (_place, progress) = begin(api, false)?;
    let now = Timestamp::from_millisecond(api.engine.clock().now().0)
        .map_err(|e| Failure::new(ErrorKind::Bug, format!("The clock says what is no time ({e}).")))?;
    let day = now.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string();
    let path = (1..1000)
        .map(|n| {
            folder.join(if n == 1 { format!("{NAME}{day}.zip") } else { format!("{NAME}{day}-{n}.zip") })
        })
        .find(|path| !path.exists())
        .ok_or_else(|| {
            Failure::new(ErrorKind::StoreDenied, say!("Too many backups of today. Move some away."))
        })?;
    let report = api.engine.back_up(path.clone(), api.version, progress).await?;
    Ok(told(report, &path))
}

/// Looks a backup through and lays it beside the data; the next start puts it in place.
pub(crate) async fn restore(api: &Api, wanted: RestoreFile) -> Result<BackupDone, Failure> {
    let path = imports::expanded(wanted.path.trim());
    if !path.is_absolute() {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("Write the full path of the backup.")));
    }
    let (_place, progress) = begin(api, true)?;
    let report = Engine::restore_next_time(api.folder.clone(), path.clone(), progress).await?;
    Ok(told(report, &path))
}

pub(crate) fn stop(api: &Api, (): ()) -> Ready<Result<(), Failure>> {
    if let Some(going) = &*api.backup.lock().unwrap_or_else(PoisonError::into_inner) {
        going.progress.stop();
    }
    ready(Ok(()))
}

/// What goes on, what could be restored, and whether something waits for the next start.
pub(crate) fn state(api: &Api, (): ()) -> Ready<Result<BackupState, Failure>> {
    let going = api.backup.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let downloads: Option<PathBuf> = api.downloads.clone();
    let mut candidates: Vec<ImportCandidate> =
        downloads.as_deref().map(imports::candidates).unwrap_or_default();
    candidates.retain(|file| file.name.starts_with(NAME));
    let running = going.map(|Going { restoring, progress }| {
        let (done, all) = progress.now();
        BackupRunning { restoring, done, all }
    });
    ready(Ok(BackupState { running, candidates, waits: engine::restore_waits(&api.folder) }))
}
