//! `parallax backup FILE` and `parallax restore FILE`: everything but the keys, in one archive.

use crate::{Json, open, out};
use clap::Args;
use domain::{ErrorKind, Failure};
use engine::{BackupProgress, BackupReport, Engine};
use serde_json::{Value, json};
use std::{
    future::Future,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// An archive.
#[derive(Args)]
pub(crate) struct BackupArgs {
    /// The archive, a zip file; `restore` also takes a database that lies in backups/
    file: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// The whole path: a relative one is one of the folder the command was given in.
fn whole(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|e| Failure::new(ErrorKind::RequestInvalid, format!("{} is no path ({e}).", path.display())))
}

/// Waits for work that Ctrl C stops in an orderly way.
async fn watched<T>(progress: Arc<BackupProgress>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            pressed = tokio::signal::ctrl_c() => match pressed {
                Ok(()) => progress.stop(),
                // Without a way to hear of it there is only waiting.
                Err(_) => return work.await,
            },
        }
    }
}

/// Without a report it was stopped.
fn stopped(json: bool) -> ExitCode {
    if json {
        out::object(&json!({ "stopped": true }));
    } else {
        out::line("Stopped. Nothing was written.");
    }
    ExitCode::FAILURE
}

fn object(path: &Path, report: &BackupReport) -> Value {
    json!({
        "file": path.display().to_string(), "bytes": report.bytes, "files": report.files,
        "made_at": report.made_at, "damaged": report.damaged,
    })
}

fn words(path: &Path, report: &BackupReport) -> String {
    let files = out::plural(report.files, "attached file");
    format!("{}: {} bytes, {files}.", path.display(), report.bytes)
}

/// Writes an archive of everything but the keys.
pub(crate) async fn make(engine: &Engine, arguments: BackupArgs) -> Result<ExitCode, Failure> {
    let path = whole(&arguments.file)?;
    let progress = Arc::new(BackupProgress::default());
    let work = engine.back_up(path.clone(), env!("CARGO_PKG_VERSION"), Arc::clone(&progress));
    let Some(report) = watched(progress, work).await? else { return Ok(stopped(arguments.json.json)) };
    if arguments.json.json {
        out::object(&object(&path, &report));
        return Ok(ExitCode::SUCCESS);
    }
    out::line(&format!("Written and read again: {}", words(&path, &report)));
    if report.damaged > 0 {
        let damaged = report.damaged;
        out::line(&format!("{damaged} attached files are damaged on the disk and are not in it."));
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts an archive in the place of what is there, which is backed up first. Nothing may have the data open
/// yet.
pub(crate) async fn restore(folder: &Path, arguments: BackupArgs) -> Result<ExitCode, Failure> {
    let path = whole(&arguments.file)?;
    let progress = Arc::new(BackupProgress::default());
    let work = Engine::restore_next_time(folder.to_owned(), path.clone(), Arc::clone(&progress));
    let Some(report) = watched(progress, work).await? else { return Ok(stopped(arguments.json.json)) };
    let before = engine::kept_databases(folder);
    // Opening puts it in place, and proves that it can be used.
    open(folder).await?;
    if engine::restore_waits(folder) {
        // A command that failed must not change anything later on.
        engine::forget_restore(folder)?;
        return Err(Failure::new(
            ErrorKind::StoreBusy,
            "Nothing was restored: Parallax has the data open. Quit it, and `parallax serve`, then run this again.",
        ));
    }
    // What was there is kept first; what comes may be kept too, before it is brought to this version.
    let kept = engine::kept_databases(folder).into_iter().find(|path| !before.contains(path));
    let kept = kept.map(|path| path.display().to_string());
    if arguments.json.json {
        let mut line = object(&path, &report);
        line["kept"] = json!(kept);
        out::object(&line);
        return Ok(ExitCode::SUCCESS);
    }
    out::line(&format!("Restored {}", words(&path, &report)));
    if let Some(kept) = kept {
        out::line(&format!("What was here before is kept: {kept}"));
    }
    Ok(ExitCode::SUCCESS)
}
