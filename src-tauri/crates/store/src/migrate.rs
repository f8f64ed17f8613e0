//! The schema by versions. A released migration is never edited; a change is a new one.

use crate::{error::failure, table};
use domain::{Failure, Timestamp};
use rusqlite::{Connection, params};

/// Bytes "Plx1" in the file's header: this is Parallax's database and no other program's.
pub(crate) const APPLICATION_ID: i32 = 0x506c_7831;

/// One step of the schema.
pub(crate) struct Migration {
    /// `user_version` after it.
    pub(crate) version: u32,
    /// SQL of each table, run in one transaction.
    pub(crate) steps: &'static [&'static str],
}

const HISTORY: &str = "
CREATE TABLE schema_history (
    version INTEGER PRIMARY KEY,
    program TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
";

/// Every version, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        steps: &[
            HISTORY,
            table::processes::SCHEMA,
            table::settings::SCHEMA,
            table::providers::SCHEMA,
            table::marks::SCHEMA,
            table::conversations::SCHEMA,
            table::messages::SCHEMA,
            table::lanes::SCHEMA,
            table::turns::SCHEMA,
            table::runs::SCHEMA,
            table::attempts::SCHEMA,
            table::journal::SCHEMA,
            table::holds::SCHEMA,
            table::ledger::SCHEMA,
        ],
    },
    Migration { version: 2, steps: &[table::fields::SCHEMA] },
    Migration {
        version: 3,
        steps: &[
            table::accounts::SCHEMA,
            table::providers::LISTS,
            table::attempts::ACCOUNTS,
            table::ledger::ACCOUNTS,
        ],
    },
    Migration { version: 4, steps: &[table::rollup::SCHEMA] },
    Migration { version: 5, steps: &[table::routing::SCHEMA] },
    Migration {
        version: 6,
        steps: &[
            table::ledger::PURPOSES,
            table::walk::SCHEMA,
            table::holds::SPENDERS,
            table::budgets::SCHEMA,
        ],
    },
    Migration { version: 7, steps: &[table::conversations::TRASH] },
    Migration { version: 8, steps: &[table::prices::SCHEMA] },
    Migration { version: 9, steps: &[table::requests::SCHEMA, table::limits::SCHEMA] },
    Migration { version: 10, steps: &[table::experiments::SCHEMA] },
    Migration { version: 11, steps: &[table::search::SCHEMA, table::imports::SCHEMA, table::views::SCHEMA] },
    Migration { version: 12, steps: &[table::app_keys::SCHEMA] },
    Migration { version: 13, steps: &[table::tree::SCHEMA, table::votes::SCHEMA] },
    Migration { version: 14, steps: &[table::routing::PURPOSES] },
    Migration { version: 15, steps: &[table::attachments::SCHEMA] },
    Migration { version: 16, steps: &[table::prompts::SCHEMA] },
    Migration { version: 17, steps: &[table::app_keys::AGAIN] },
    Migration { version: 18, steps: &[table::experiments::UNCERTAIN, table::blind::SCHEMA] },
    Migration { version: 19, steps: &[table::beside::SCHEMA] },
    Migration { version: 20, steps: &[table::ledger::BOUNDS] },
    Migration { version: 21, steps: &[table::attempts::REASONED] },
    Migration { version: 22, steps: &[table::revision::SCHEMA] },
    Migration { version: 23, steps: &[table::experiments::JUDGED] },
    Migration { version: 24, steps: &[table::search::COSTS] },
    Migration { version: 25, steps: &[table::filing::SCHEMA] },
    Migration { version: 26, steps: &[table::beside::TITLES, table::conversations::TITLED] },
    Migration { version: 27, steps: &[table::blind::SEEN, table::experiments::TRASH, table::notes::SCHEMA] },
    Migration { version: 28, steps: &[table::imports::FOLDERS] },
    Migration { version: 29, steps: &[table::imports::PROJECTS] },
    Migration { version: 30, steps: &[table::ledger::LEANER, table::holds::LEANER, table::routing::LEANER] },
    Migration { version: 31, steps: &[table::imports::ONCE, table::imports::ELSEWHERE] },
    Migration { version: 32, steps: &[table::search::FOLDED] },
];

/// The version after the last of `migrations`.
pub(crate) fn latest(migrations: &[Migration]) -> u32 {
    migrations.last().map_or(0, |m| m.version)
}

/// `user_version` of an open database.
pub(crate) fn version(connection: &Connection) -> Result<u32, Failure> {
    connection.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(|e| failure(&e))
}

/// Applies what is missing, each version in one transaction: it is there whole or not at all.
pub(crate) fn apply(
    connection: &Connection,
    migrations: &[Migration],
    program: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    for migration in migrations {
        connection.execute_batch("BEGIN EXCLUSIVE").map_err(|e| failure(&e))?;
        let done = step(connection, migration, program, now)
            .and_then(|()| connection.execute_batch("COMMIT").map_err(|e| failure(&e)));
        if let Err(error) = done {
            // SQLite may have rolled back by itself; a second rollback only says so.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(error);
        }
    }
    Ok(())
}

fn step(
    connection: &Connection,
    migration: &Migration,
    program: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    if version(connection)? >= migration.version {
        return Ok(());
    }
    for sql in migration.steps {
        connection.execute_batch(sql).map_err(|e| failure(&e))?;
    }
    connection
        .execute(
            "INSERT INTO schema_history (version, program, at) VALUES (?1, ?2, ?3)",
            params![migration.version, program, now.0],
        )
        .map_err(|e| failure(&e))?;
    connection.pragma_update(None, "user_version", migration.version).map_err(|e| failure(&e))
}
