//! Processes that have had the database open. Their leases tell which of them live.

use crate::tx::{Key, Tx};
use domain::{Failure, ProcessId, Timestamp};

pub(crate) const SCHEMA: &str = "
CREATE TABLE processes (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;
";

const OPEN_RUNS: &str = "SELECT process FROM runs WHERE state IN ('pending', 'connecting', 'streaming')";

impl Tx<'_> {
    /// Processes that ended without signing off, and those that unfinished runs or holds name: nobody
    /// holds their lease. Ask and recover in one write, so that no two processes recover the same run.
    pub fn dead_processes(&self) -> Result<Vec<ProcessId>, Failure> {
        let sql =
            format!("SELECT id FROM processes UNION {OPEN_RUNS} UNION SELECT process FROM holds ORDER BY 1");
        let mut dead = Vec::new();
        for process in self.all(&sql, [], |c| c.id::<ProcessId>("id"))? {
            if process != self.own && self.leases.is_dead(process)? {
                dead.push(process);
            }
        }
        Ok(dead)
    }

    /// Whether another process that lives is at a run or holds money; one that was killed lives until the system has
    /// ended all of it.
    pub fn others_at_work(&self) -> Result<bool, Failure> {
        let sql = format!("{OPEN_RUNS} UNION SELECT process FROM holds");
        for process in self.all(&sql, [], |c| c.id::<ProcessId>("process"))? {
            if process != self.own && !self.leases.is_dead(process)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Enters this process. What dies before has left nothing but its lease.
    pub(crate) fn register(&mut self, version: &str, started: Timestamp) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO processes (id, version, started_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, started_at = excluded.started_at",
            (self.own.blob(), version, started.0),
        )
        .map(|_| ())
    }

    /// Forgets a process after its runs and holds have been dealt with.
    pub fn forget_process(&mut self, process: ProcessId) -> Result<(), Failure> {
        self.exec("DELETE FROM processes WHERE id = ?1", [process.blob()])?;
        if process == self.own { Ok(()) } else { self.leases.forget(process) }
    }

    /// Forgets this process if it leaves nothing behind.
    pub(crate) fn sign_off(&mut self) -> Result<bool, Failure> {
        let sql = format!(
            "DELETE FROM processes WHERE id = ?1 AND id NOT IN ({OPEN_RUNS})
                 AND id NOT IN (SELECT process FROM holds)"
        );
        Ok(self.exec(&sql, [self.own.blob()])? == 1)
    }
}
