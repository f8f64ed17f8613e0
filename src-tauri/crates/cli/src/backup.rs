//! `parallax backup FILE` and `parallax restore FILE`: everything but the keys, in one archive.

use crate::{Json, open, out};
use clap::Args;
use domain::{ErrorKind, Failure};
use engine::{BackupProgress, BackupReport, Engine};
use serde_json::json;
use std::{
    future::Future,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// An archive.
#[derive(Args)]
pub(crate) struct BackupArgs {
    /// The archive, a zip file
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

fn told(verb: &str, path: &Path, report: Option<BackupReport>, json: bool) -> ExitCode {
    let Some(report) = report else {
        if json {
            out::object(&json!({ "stopped": true }));
        } else {
            out::line("Stopped. Nothing was written.");
        }
        return ExitCode::FAILURE;
    };
    let BackupReport { bytes, files, made_at, damaged } = report;
    if json {
        out::object(&json!({
            "file": path, "bytes": bytes, "files": files, "made_at": made_at, "damaged": damaged,
        }));
    } else {
        out::line(&format!("{verb} {}: {bytes} bytes, {files} attached files.", path.display()));
        if damaged > 0 {
            out::line(&format!("{damaged} attached files are damaged on the disk and are not in it."));
        }
    }
    ExitCode::SUCCESS
}

/// Writes an archive of everything but the keys.
pub(crate) async fn make(engine: &Engine, arguments: BackupArgs) -> Result<ExitCode, Failure> {
    let path = whole(&arguments.file)?;
    let progress = Arc::new(BackupProgress::default());
    let work = engine.back_up(path.clone(), env!("CARGO_PKG_VERSION"), Arc::clone(&progress));
    let report = watched(progress, work).await?;
    Ok(told("Written and read again:", &path, report, arguments.json.json))
}

/// Puts an archive in the place of what is there, which is backed up first. Nothing may have the data open
/// yet.
pub(crate) async fn restore(folder: &Path, arguments: BackupArgs) -> Result<ExitCode, Failure> {
    let path = whole(&arguments.file)?;
    let progress = Arc::new(BackupProgress::default());
    let work = Engine::restore_next_time(folder.to_owned(), path.clone(), Arc::clone(&progress));
    let report = watched(progress, work).await?;
    if report.is_some() {
        // Opening puts it in place, and proves that it can be used.
        open(folder).await?;
        if engine::restore_waits(folder) {
            // A command that failed must not change anything later on.
            engine::forget_restore(folder)?;
            return Err(Failure::new(
                ErrorKind::StoreBusy,
                "Nothing was restored: Parallax has the data open. Quit it, and `parallax serve`, then run this \
                 again.",
            ));
        }
    }
    Ok(told("Restored", &path, report, arguments.json.json))
}
