//! The trash: thirty days between deleting a conversation and losing it.

use crate::{
    board::ratings,
    inner::{Inner, Table},
};
use domain::{ConversationId, ErrorKind, Failure, Timestamp, say};
use store::{ConversationRow, Tx};

/// Days a conversation stays in the trash.
pub const TRASH_DAYS: u32 = 30;
const DAY: i64 = 86_400_000;
/// Conversations removed in one transaction: a send may be waiting for it.
const AT_ONCE: usize = 8;

fn gone() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("This conversation is gone."))
}

/// A conversation that can be written to.
pub(crate) fn kept(tx: &Tx<'_>, id: ConversationId) -> Result<ConversationRow, Failure> {
    let row = tx.conversation(id)?.ok_or_else(gone)?;
    match row.deleted_at {
        None => Ok(row),
        Some(_) => Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("This conversation is in the trash. Restore it to go on with it."),
        )),
    }
}

pub(super) async fn delete(inner: &Inner, id: ConversationId) -> Result<(), Failure> {
    for live in inner.live.all().iter().filter(|live| live.conversation == id) {
        live.cancel_all();
    }
    let now = inner.clock.now();
    inner
        .store
        .write(move |tx| match tx.conversation(id)?.ok_or_else(gone)?.deleted_at {
            None if tx.holds_experiment(id)? => Err(of_experiment()),
            None => tx.set_conversation_deleted(id, Some(now)),
            Some(_) => Ok(()),
        })
        .await?;
    inner.changed(Table::Conversations);
    Ok(())
}

fn of_experiment() -> Failure {
    Failure::new(
        ErrorKind::RequestInvalid,
        say!("These are the answers of an experiment. Remove the experiment, and they go with it."),
    )
}

pub(super) async fn restore(inner: &Inner, id: ConversationId) -> Result<(), Failure> {
    inner
        .store
        .write(move |tx| {
            tx.conversation(id)?.ok_or_else(gone)?;
            tx.set_conversation_deleted(id, None)
        })
        .await?;
    inner.changed(Table::Conversations);
    Ok(())
}

pub(super) async fn purge(inner: &Inner, id: ConversationId) -> Result<(), Failure> {
    inner
        .store
        .write(move |tx| match tx.conversation(id)?.ok_or_else(gone)?.deleted_at {
            Some(_) if tx.holds_experiment(id)? => Err(of_experiment()),
            Some(_) => tx.purge_conversation(id),
            None => Err(Failure::new(
                ErrorKind::RequestInvalid,
                say!("Only what is in the trash can be removed for good. Delete the conversation first."),
            )),
        })
        .await?;
    // Its votes went with it.
    ratings::changed(inner);
    inner.changed(Table::Conversations);
    Ok(())
}

/// Removes what has been in the trash for longer than [`TRASH_DAYS`]. Returns how many that were. What cannot be removed
/// is told and stays, and keeps nothing else.
pub(crate) async fn sweep(inner: &Inner) -> Result<u32, Failure> {
    let before = Timestamp(inner.clock.now().0.saturating_sub(i64::from(TRASH_DAYS) * DAY));
    let old = inner.store.read(move |tx| tx.trash_before(before, u32::MAX)).await?;
    let mut removed = 0;
    for page in old.chunks(AT_ONCE) {
        match purge_old(inner, page, before).await {
            Ok(done) => removed += done,
            // One by one, so that the others of the page go.
            Err(failure) if lasting(&failure) => {
                for id in page {
                    match purge_old(inner, std::slice::from_ref(id), before).await {
                        Ok(done) => removed += done,
                        Err(failure) if lasting(&failure) => tracing::error!(
                            kind = failure.kind.as_str(),
                            message = failure.message,
                            "a conversation in the trash could not be removed"
                        ),
                        Err(failure) => return Err(failure),
                    }
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    crate::experiment::sweep(inner, before).await?;
    Ok(removed)
}

/// It lies in the conversation, and not in the database or in a program that is about to end.
fn lasting(failure: &Failure) -> bool {
    matches!(failure.kind, ErrorKind::Bug | ErrorKind::RequestInvalid)
}

/// Removes those that are still in the trash.
async fn purge_old(inner: &Inner, ids: &[ConversationId], before: Timestamp) -> Result<u32, Failure> {
    let ids = ids.to_vec();
    inner
        .store
        .write(move |tx| {
            let mut removed = 0;
            for id in &ids {
                let row = tx.conversation(*id)?;
                if row.is_some_and(|row| row.deleted_at.is_some_and(|at| at < before)) {
                    tx.purge_conversation(*id)?;
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
}
