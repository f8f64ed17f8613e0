//! The archive and the trash.

use crate::{
    Api, chat,
    types::{ConversationRef, ConversationSummary, ShelfName, ShelfRef, Shelved, ShelvedConversation},
};
use domain::{Failure, Timestamp};
use engine::{ConversationRow, Shelf, TRASH_DAYS};

/// Lines of a shelf read at once.
const MOST: u32 = 10_000;
const DAY: i64 = 86_400_000;

pub(crate) async fn delete(api: &Api, which: ConversationRef) -> Result<(), Failure> {
    api.engine.delete_conversation(which.id).await
}

pub(crate) async fn restore(api: &Api, which: ConversationRef) -> Result<ConversationSummary, Failure> {
    api.engine.restore_conversation(which.id).await?;
    chat::summary(api, which.id).await
}

pub(crate) async fn purge(api: &Api, which: ConversationRef) -> Result<(), Failure> {
    api.engine.purge_conversation(which.id).await
}

pub(crate) async fn shelf(api: &Api, wanted: ShelfRef) -> Result<Shelved, Failure> {
    let shelf = match wanted.shelf {
        ShelfName::Archived => Shelf::Archived,
        ShelfName::Trash => Shelf::Trash,
    };
    let rows = api.engine.store().read(move |tx| tx.conversations(MOST, shelf)).await?;
    Ok(Shelved { conversations: rows.into_iter().map(shelved).collect() })
}

fn shelved(row: ConversationRow) -> ShelvedConversation {
    let until = row.deleted_at.map(|at| Timestamp(at.0.saturating_add(i64::from(TRASH_DAYS) * DAY)));
    let since = row.deleted_at.or(row.archived_at).unwrap_or(row.updated_at);
    ShelvedConversation { id: row.id, title: row.title, updated_at: row.updated_at, since, until }
}
