//! Providers the user added, and what is known of any provider beside its keys.

use crate::tx::{Cols, Tx, json};
use domain::{Failure, Provider, ProviderId, Timestamp};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE custom_providers (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL CHECK (json_valid(provider))
) STRICT;
CREATE TABLE provider_states (
    provider TEXT PRIMARY KEY,
    key_origin TEXT,
    last_four TEXT CHECK (last_four IS NULL OR length(last_four) <= 4),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    test TEXT CHECK (test IS NULL OR json_valid(test)),
    listed_models TEXT CHECK (listed_models IS NULL OR json_valid(listed_models))
) STRICT;
";

/// When a list of models was read.
pub(crate) const LISTS: &str = "ALTER TABLE provider_states ADD COLUMN listed_at INTEGER;";

/// What is known of a provider beside its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderStateRow {
    /// Which provider.
    pub provider: ProviderId,
    /// The user has not switched it off.
    pub enabled: bool,
    /// Result of the last test without a key, JSON.
    pub test: Option<String>,
    /// The models it listed last, JSON.
    pub listed_models: Option<String>,
    /// When it listed them.
    pub listed_at: Option<Timestamp>,
}

fn row(cols: &Cols<'_>) -> Result<ProviderStateRow, Failure> {
    Ok(ProviderStateRow {
        provider: ProviderId::new(cols.get::<String>("provider")?),
        enabled: cols.get("enabled")?,
        test: cols.get("test")?,
        listed_models: cols.get("listed_models")?,
        listed_at: cols.opt_time("listed_at")?,
    })
}

impl Tx<'_> {
    /// Adds or replaces a provider of the user's own.
    pub fn put_provider(&mut self, provider: &Provider) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO custom_providers (id, provider) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET provider = excluded.provider",
            params![provider.id.as_str(), json(provider)?],
        )
        .map(|_| ())
    }

    /// Removes a provider of the user's own and what was known of it and its keys.
    pub fn remove_provider(&mut self, id: &ProviderId) -> Result<(), Failure> {
        self.exec("DELETE FROM accounts WHERE provider = ?1", [id.as_str()])?;
        self.exec("DELETE FROM provider_states WHERE provider = ?1", [id.as_str()])?;
        self.exec("DELETE FROM provider_fields WHERE provider = ?1", [id.as_str()])?;
        self.exec("DELETE FROM custom_providers WHERE id = ?1", [id.as_str()]).map(|_| ())
    }

    /// The providers the user added, by id.
    pub fn custom_providers(&self) -> Result<Vec<Provider>, Failure> {
        self.all("SELECT provider FROM custom_providers ORDER BY id", [], |c| c.json("provider"))
    }

    /// Writes what is known of a provider.
    pub fn put_provider_state(&mut self, s: &ProviderStateRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO provider_states (provider, enabled, test, listed_models, listed_at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (provider) DO UPDATE SET enabled = excluded.enabled, test = excluded.test,
                 listed_models = excluded.listed_models, listed_at = excluded.listed_at",
            params![s.provider.as_str(), s.enabled, s.test, s.listed_models, s.listed_at.map(|at| at.0)],
        )
        .map(|_| ())
    }

    /// What is known of a provider.
    pub fn provider_state(&self, provider: &ProviderId) -> Result<Option<ProviderStateRow>, Failure> {
        self.one("SELECT * FROM provider_states WHERE provider = ?1", [provider.as_str()], row)
    }

    /// What is known of every provider, by id.
    pub fn provider_states(&self) -> Result<Vec<ProviderStateRow>, Failure> {
        self.all("SELECT * FROM provider_states ORDER BY provider", [], row)
    }
}
