//! What becomes of conversations when nobody is asking anything: trash, search, export, import.

mod beside;
mod export;
mod import;
mod load;
mod search;
mod take;
mod trash;
mod undo;

pub use ::import::Reason as ImportReason;
pub use export::ExportForm;
pub use import::{ImportProgress, ImportReport};
pub use search::{SearchFrom, Searched};
pub use store::{ConversationRow, Find, Hit, ImportRow, Match, Shelf};
pub use trash::TRASH_DAYS;
pub(crate) use trash::kept;
pub use undo::Undone;

use crate::{Engine, inner::Inner};
use domain::{ConversationId, Failure, ImportId};
use std::{path::PathBuf, sync::Arc};

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

    /// Messages, newest first, whole words before parts of words.
    pub async fn search(
        &self,
        wanted: Find,
        from: Option<SearchFrom>,
        limit: u32,
    ) -> Result<Searched, Failure> {
        search::search(&self.inner, wanted, from, limit).await
    }

    /// Makes findable what is not yet: messages from before there was an index. Goes on by itself after
    /// the start; a command that searches at once waits for it here.
    pub async fn finish_index(&self) -> Result<(), Failure> {
        search::finish_index(&self.inner).await
    }

    /// A conversation as a file: its title and the text.
    pub async fn export_conversation(
        &self,
        id: ConversationId,
        form: ExportForm,
    ) -> Result<(String, String), Failure> {
        let registry = self.inner.registry();
        let name = move |model: &domain::ModelRef| registry.model_name(model);
        self.inner.store.read(move |tx| export::export(tx, id, form, name)).await
    }

    /// Takes the conversations of a file in; with `dry_run` says only what it would do.
    ///
    /// Errors: `request.invalid` when the file is nothing we read or is refused, with nothing written.
    pub async fn import(
        &self,
        path: PathBuf,
        dry_run: bool,
        progress: Arc<ImportProgress>,
    ) -> Result<ImportReport, Failure> {
        import::import(&self.inner, path, dry_run, progress).await
    }

    /// Takes an import back: its conversations go for good, but for those that were gone on with.
    ///
    /// Errors: `request.invalid` when it brought no conversation.
    pub async fn undo_import(&self, id: ImportId) -> Result<Undone, Failure> {
        undo::undo(&self.inner, id).await
    }
}

/// The answer of a run stands whole: it can be found, and its journal is done with.
pub(crate) fn settled(tx: &mut store::Tx<'_>, run: domain::RunId) -> Result<(), Failure> {
    tx.index_run(run)?;
    tx.clear_journal(run)
}

/// What a start leaves for later.
pub(crate) async fn tidy(inner: &Inner) -> Result<(), Failure> {
    search::finish_index(inner).await?;
    trash::sweep(inner).await?;
    crate::files::sweep(inner).await
}
