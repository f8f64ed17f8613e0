//! What becomes of conversations when nobody is asking anything: trash, search, export, import.

mod trash;

pub use store::{ConversationRow, Shelf};
pub use trash::TRASH_DAYS;
pub(crate) use trash::{kept, sweep};

use crate::Engine;
use domain::{ConversationId, Failure};

impl Engine {
    /// Puts a conversation into the trash, where it stays for [`TRASH_DAYS`]. What is being written in it
    /// is stopped first. Putting it there again changes nothing.
    pub async fn delete_conversation(&self, id: ConversationId) -> Result<(), Failure> {
        trash::delete(&self.inner, id).await
    }

    /// Takes a conversation out of the trash as it was.
    pub async fn restore_conversation(&self, id: ConversationId) -> Result<(), Failure> {
        trash::restore(&self.inner, id).await
    }

    /// Removes a conversation that is in the trash for good. What was spent stays in the ledger.
    pub async fn purge_conversation(&self, id: ConversationId) -> Result<(), Failure> {
        trash::purge(&self.inner, id).await
    }
}
