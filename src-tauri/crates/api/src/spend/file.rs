//! The ledger as a file in the downloads folder.

use super::{
    some,
    types::{SpendExport, SpendFile},
};
use crate::{Api, calendar, export};
use domain::{ErrorKind, Failure, say};
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind as IoKind, Write as _},
    path::{Path, PathBuf},
};

const PAGE: u32 = 1_000;
/// Files of one minute, numbered from 2.
const MOST_OF_A_NAME: u32 = 100;

/// Writes the rows of a span. A file that is there is never written over.
pub(crate) async fn export(api: &Api, wanted: SpendExport) -> Result<SpendFile, Failure> {
    let csv = match wanted.format.as_str() {
        "csv" => true,
        "json" => false,
        _ => return Err(Failure::new(ErrorKind::Bug, "An export is CSV or JSON.")),
    };
    let folder = api.downloads.clone().ok_or_else(|| {
        Failure::new(
            ErrorKind::StoreDenied,
            say!("There is no downloads folder. Use `parallax spend export --csv > FILE` instead."),
        )
    })?;
    let stem = calendar::minute(api.engine.clock().now())?.strftime("parallax-spend-%Y-%m-%d-%H%M");
    let (mut file, path) = create(&folder, &stem.to_string(), if csv { "csv" } else { "jsonl" })?;
    let failed = |error: std::io::Error| not_written(&path, &error);
    if csv {
        file.write_all(export::csv_header().as_bytes()).map_err(failed)?;
    }
    let (mut last, mut count) = (0, 0_u32);
    loop {
        let (from, until) = (wanted.from, wanted.until);
        let read = move |tx: &engine::Tx<'_>| {
            tx.leave_out_hidden();
            tx.booked_after(last, from, until, PAGE)
        };
        let rows = api.engine.store().read(read).await?;
        let Some(end) = rows.last() else { break };
        last = end.entry.seq;
        let mut text = String::new();
        for row in &rows {
            if csv {
                text.push_str(&export::csv_row(&row.entry, row.counts)?);
            } else {
                text.push_str(&export::json_row(&row.entry, row.counts).to_string());
                text.push('\n');
            }
            count = count.saturating_add(1);
        }
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    let (from, until) = (wanted.from, wanted.until);
    let hidden = api.engine.hidden_calls(from, until).await?;
    Ok(SpendFile { path: path.display().to_string(), rows: count, hidden: some(hidden) })
}

pub(crate) fn create(folder: &Path, stem: &str, ending: &str) -> Result<(File, PathBuf), Failure> {
    let names = std::iter::once(format!("{stem}.{ending}"))
        .chain((2..MOST_OF_A_NAME).map(|n| format!("{stem}-{n}.{ending}")));
    for name in names {
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == IoKind::AlreadyExists => {}
            Err(error) => return Err(not_written(&path, &error)),
        }
    }
    Err(Failure::new(
        ErrorKind::StoreDenied,
        say!("There are too many exports of this minute. Wait a moment."),
    ))
}

/// Why a file is not there, or not whole.
pub(crate) fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    let full = matches!(error.kind(), IoKind::StorageFull | IoKind::QuotaExceeded);
    let kind = if full { ErrorKind::StoreFull } else { ErrorKind::StoreDenied };
    Failure::new(kind, say!("{path} could not be written ({error}).", path = path.display(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_as_one() {
        let named = |kind: IoKind| not_written(Path::new("/x"), &kind.into()).kind;
        assert_eq!(named(IoKind::StorageFull), ErrorKind::StoreFull);
        assert_eq!(named(IoKind::QuotaExceeded), ErrorKind::StoreFull);
        assert_eq!(named(IoKind::PermissionDenied), ErrorKind::StoreDenied);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_that_is_full_says_so() {
        let error = File::create("/dev/full").and_then(|mut full| full.write_all(b"x")).unwrap_err();
        assert_eq!(not_written(Path::new("/dev/full"), &error).kind, ErrorKind::StoreFull);
    }
}
