//! How fast the user lets each provider be asked.

use crate::tx::{Cols, Tx};
use domain::{Failure, ProviderId, RateLimit};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE rate_limits (
    provider TEXT PRIMARY KEY,
    requests INTEGER CHECK (requests > 0),
    tokens INTEGER CHECK (tokens > 0),
    concurrency INTEGER CHECK (concurrency > 0)
) STRICT, WITHOUT ROWID;
";

fn row(cols: &Cols<'_>) -> Result<(ProviderId, RateLimit), Failure> {
    let limit = RateLimit {
        requests_per_minute: cols.get("requests")?,
        tokens_per_minute: cols.get("tokens")?,
        concurrency: cols.get("concurrency")?,
    };
    Ok((ProviderId::new(cols.get::<String>("provider")?), limit))
}

impl Tx<'_> {
    /// Every limit the user has set.
    pub fn rate_limits(&self) -> Result<Vec<(ProviderId, RateLimit)>, Failure> {
        self.all("SELECT * FROM rate_limits ORDER BY provider", [], row)
    }

    /// Sets the limits of a provider; none at all forgets it.
    pub fn put_rate_limit(&mut self, provider: &ProviderId, limit: RateLimit) -> Result<(), Failure> {
        if limit == RateLimit::default() {
            return self.exec("DELETE FROM rate_limits WHERE provider = ?1", [provider.as_str()]).map(|_| ());
        }
        self.exec(
            "INSERT INTO rate_limits (provider, requests, tokens, concurrency) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (provider) DO UPDATE SET requests = excluded.requests, tokens = excluded.tokens,
                 concurrency = excluded.concurrency",
            params![provider.as_str(), limit.requests_per_minute, limit.tokens_per_minute, limit.concurrency],
        )
        .map(|_| ())
    }
}
