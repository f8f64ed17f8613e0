//! What of the user's account stands in a provider's address: regions, projects, resources. Never a key.

use crate::tx::Tx;
use domain::{Failure, ProviderId};
use rusqlite::params;
use std::collections::BTreeMap;

pub(crate) const SCHEMA: &str = "
CREATE TABLE provider_fields (
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    PRIMARY KEY (provider, name)
) STRICT, WITHOUT ROWID;
";

impl Tx<'_> {
    /// Sets one field of a provider, or with `None` forgets it.
    pub fn set_provider_field(
        &mut self,
        provider: &ProviderId,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), Failure> {
        match value {
            Some(value) => self.exec(
                "INSERT INTO provider_fields (provider, name, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT (provider, name) DO UPDATE SET value = excluded.value",
                params![provider.as_str(), name, value],
            ),
            None => self.exec(
                "DELETE FROM provider_fields WHERE provider = ?1 AND name = ?2",
                params![provider.as_str(), name],
            ),
        }
        .map(|_| ())
    }

    /// Every field that was given, by provider and name.
    pub fn provider_fields(&self) -> Result<BTreeMap<ProviderId, BTreeMap<String, String>>, Failure> {
        let rows = self.all("SELECT provider, name, value FROM provider_fields", [], |c| {
            Ok((c.get::<String>("provider")?, c.get::<String>("name")?, c.get::<String>("value")?))
        })?;
        let mut fields: BTreeMap<ProviderId, BTreeMap<String, String>> = BTreeMap::new();
        for (provider, name, value) in rows {
            fields.entry(ProviderId::new(provider)).or_default().insert(name, value);
        }
        Ok(fields)
    }
}
