//! Experiments that are removed: kept for as long as a conversation in the trash, then gone with their answers.

use super::invalid;
use crate::{
    Engine,
    board::ratings,
    inner::{Inner, Table},
};
use domain::{ExperimentId, Failure, Timestamp, say};
use store::{ExperimentRow, Tx};

/// Experiments removed for good in one transaction.
const AT_ONCE: u32 = 2;

fn gone() -> Failure {
    invalid(say!("There is no such experiment."))
}

/// An experiment that can be run.
pub(super) fn kept(tx: &Tx<'_>, id: ExperimentId) -> Result<ExperimentRow, Failure> {
    let row = tx.experiment(id)?.ok_or_else(gone)?;
    match row.deleted_at {
        None => Ok(row),
        Some(_) => Err(invalid(say!("This experiment was removed. Restore it to go on with it."))),
    }
}

impl Engine {
    /// Puts an experiment away; it can be restored for [`crate::TRASH_DAYS`]. Its votes stand until it is gone, and what
    /// it cost stays in the ledger for good.
    ///
    /// Error `request.invalid` while it runs.
    pub async fn remove_experiment(&self, id: ExperimentId) -> Result<(), Failure> {
        let inner = &self.inner;
        if inner.experiments.progress(id, inner.clock.elapsed()).is_some_and(|progress| progress.running) {
            return Err(invalid(say!("This experiment is running: pause it first.")));
        }
        let now = inner.clock.now();
        inner
            .store
            .write(move |tx| {
                if tx.experiment_runs_elsewhere(id)? {
                    return Err(invalid(say!(
                        "This experiment is being run by another Parallax: stop it first."
                    )));
                }
                match tx.experiment(id)?.ok_or_else(gone)?.deleted_at {
                    None => tx.set_experiment_deleted(id, Some(now)),
                    Some(_) => Ok(()),
                }
            })
            .await?;
        inner.changed(Table::Experiments);
        Ok(())
    }

    /// Brings a removed experiment back as it was.
    pub async fn restore_experiment(&self, id: ExperimentId) -> Result<(), Failure> {
        self.inner
            .store
            .write(move |tx| {
                tx.experiment(id)?.ok_or_else(gone)?;
                tx.set_experiment_deleted(id, None)
            })
            .await?;
        self.inner.changed(Table::Experiments);
        Ok(())
    }

    /// Experiments that were removed and can be restored, newest first.
    pub async fn removed_experiments(&self) -> Result<Vec<ExperimentRow>, Failure> {
        self.inner.store.read(|tx| tx.experiments(true)).await
    }
}

/// Removes for good what was put away before then.
pub(crate) async fn sweep(inner: &Inner, before: Timestamp) -> Result<(), Failure> {
    let mut any = false;
    while inner.store.write(move |tx| tx.purge_experiments(before, AT_ONCE)).await? > 0 {
        any = true;
    }
    if any {
        // Votes went with them.
        ratings::changed(inner);
    }
    Ok(())
}
