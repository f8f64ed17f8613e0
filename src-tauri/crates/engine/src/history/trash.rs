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
const AT_ONCE: u32 = 8;

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
            None => tx.set_conversation_deleted(id, Some(now)),
            Some(_) => Ok(()),
        })
        .await?;
    inner.changed(Table::Conversations);
    Ok(())
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

/// Removes what has been in the trash for longer than [`TRASH_DAYS`]. Returns how many that were.
pub(crate) async fn sweep(inner: &Inner) -> Result<u32, Failure> {
    let before = Timestamp(inner.clock.now().0.saturating_sub(i64::from(TRASH_DAYS) * DAY));
    let mut removed = 0;
    loop {
        let (done, more) = inner
            .store
            .write(move |tx| {
                let old = tx.trash_before(before, AT_ONCE)?;
                for id in &old {
                    tx.purge_conversation(*id)?;
                }
                Ok((u32::try_from(old.len()).unwrap_or(u32::MAX), old.len() == AT_ONCE as usize))
            })
            .await?;
        removed += done;
        if !more {
            crate::experiment::sweep(inner, before).await?;
            return Ok(removed);
        }
    }
}
