//! Whether the database is sound.

use crate::Api;
use domain::Failure;
use serde::Serialize;

/// What a look through the whole database file found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DatabaseCheck {
    /// What is damaged, in SQLite's words. Empty = the file is sound.
    pub problems: Vec<String>,
    /// Path of the newest backup beside the database, if there is one.
    pub backup: Option<String>,
}

/// Reads every page of the file, on a reading thread: about 0.2 s for 170 MB. The window asks once, some
/// time after its start.
pub(crate) async fn check(api: &Api, (): ()) -> Result<DatabaseCheck, Failure> {
    let store = api.engine.store();
    let problems = store.check().await?;
    let backup = store.newest_backup().map(|path| path.display().to_string());
    Ok(DatabaseCheck { problems, backup })
}
