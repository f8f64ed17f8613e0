//! The keys of each provider: label, order, and what is known of them. The keys themselves are in the
//! keychain; here is only to which address one belongs and how it ends.

use crate::tx::{Cols, Tx};
use domain::{AccountLabel, Failure, ProviderId};
use rusqlite::params;

// Until here a provider had one key, in its state.
pub(crate) const SCHEMA: &str = "
CREATE TABLE accounts (
    provider TEXT NOT NULL,
    label TEXT NOT NULL,
    place INTEGER NOT NULL,
    key_origin TEXT NOT NULL,
    last_four TEXT CHECK (last_four IS NULL OR length(last_four) <= 4),
    test TEXT CHECK (test IS NULL OR json_valid(test)),
    PRIMARY KEY (provider, label)
) STRICT, WITHOUT ROWID;
INSERT INTO accounts (provider, label, place, key_origin, last_four, test)
    SELECT provider, 'default', 0, key_origin, last_four, test
    FROM provider_states WHERE key_origin IS NOT NULL;
UPDATE provider_states SET test = NULL WHERE key_origin IS NOT NULL;
ALTER TABLE provider_states DROP COLUMN key_origin;
ALTER TABLE provider_states DROP COLUMN last_four;
";

/// What is known of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Whose key.
    pub provider: ProviderId,
    /// What the user calls it.
    pub label: AccountLabel,
    /// The `scheme://host:port` it was entered for; it goes nowhere else.
    pub key_origin: String,
    /// Its last four characters; `None` = too short to show any.
    pub last_four: Option<String>,
    /// Result of its last test, JSON.
    pub test: Option<String>,
}

fn row(cols: &Cols<'_>) -> Result<AccountRow, Failure> {
    Ok(AccountRow {
        provider: ProviderId::new(cols.get::<String>("provider")?),
        label: AccountLabel::new(cols.get::<String>("label")?),
        key_origin: cols.get("key_origin")?,
        last_four: cols.get("last_four")?,
        test: cols.get("test")?,
    })
}

impl Tx<'_> {
    /// Every key, by provider and then in the user's order.
    pub fn accounts(&self) -> Result<Vec<AccountRow>, Failure> {
        self.all("SELECT * FROM accounts ORDER BY provider, place, label", [], row)
    }

    /// One key.
    pub fn account(
        &self,
        provider: &ProviderId,
        label: &AccountLabel,
    ) -> Result<Option<AccountRow>, Failure> {
        self.one(
            "SELECT * FROM accounts WHERE provider = ?1 AND label = ?2",
            [provider.as_str(), label.as_str()],
            row,
        )
    }

    /// Writes what is known of a key. A new one comes last.
    pub fn put_account(&mut self, a: &AccountRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO accounts (provider, label, place, key_origin, last_four, test)
             VALUES (?1, ?2, (SELECT 1 + ifnull(max(place), -1) FROM accounts WHERE provider = ?1), ?3, ?4, ?5)
             ON CONFLICT (provider, label) DO UPDATE SET key_origin = excluded.key_origin,
                 last_four = excluded.last_four, test = excluded.test",
            params![a.provider.as_str(), a.label.as_str(), a.key_origin, a.last_four, a.test],
        )
        .map(|_| ())
    }

    /// Forgets a key.
    pub fn remove_account(&mut self, provider: &ProviderId, label: &AccountLabel) -> Result<(), Failure> {
        self.exec(
            "DELETE FROM accounts WHERE provider = ?1 AND label = ?2",
            [provider.as_str(), label.as_str()],
        )
        .map(|_| ())
    }

    /// Puts a provider's keys into an order. Those not named follow in the order they had.
    pub fn order_accounts(&mut self, provider: &ProviderId, first: &[AccountLabel]) -> Result<(), Failure> {
        let present: Vec<AccountLabel> = self
            .accounts()?
            .into_iter()
            .filter(|row| row.provider == *provider)
            .map(|row| row.label)
            .collect();
        let named = first.iter().filter(|label| present.contains(label));
        let rest = present.iter().filter(|label| !first.contains(label));
        for (place, label) in (0_i64..).zip(named.chain(rest)) {
            self.exec(
                "UPDATE accounts SET place = ?3 WHERE provider = ?1 AND label = ?2",
                params![provider.as_str(), label.as_str(), place],
            )?;
        }
        Ok(())
    }
}
