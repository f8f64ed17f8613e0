//! Settings: words under names. Never a key.

use crate::tx::Tx;
use domain::Failure;
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

impl Tx<'_> {
    /// A setting; `None` = never set.
    pub fn setting(&self, key: &str) -> Result<Option<String>, Failure> {
        self.one("SELECT value FROM settings WHERE key = ?1", [key], |c| c.get("value"))
    }

    /// Sets a setting, or with `None` forgets it.
    pub fn set_setting(&mut self, key: &str, value: Option<&str>) -> Result<(), Failure> {
        match value {
            Some(value) => self.exec(
                "INSERT INTO settings (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                params![key, value],
            ),
            None => self.exec("DELETE FROM settings WHERE key = ?1", [key]),
        }
        .map(|_| ())
    }
}
