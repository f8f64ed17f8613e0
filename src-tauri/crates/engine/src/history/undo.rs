//! Takes an import back.

use crate::{
    board::ratings,
    inner::{Inner, Table},
};
use domain::{ErrorKind, Failure, ImportId, say};

/// What became of an import that was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Conversations that went for good.
    pub gone: u64,
    /// Conversations that stayed because they were gone on with.
    pub kept: u64,
    /// Messages that stayed in conversations which other imports had brought.
    pub elsewhere: u64,
}

fn refused(why: domain::Words) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why)
}

/// Its conversations go for good, but for those that were gone on with.
pub(super) async fn undo(inner: &Inner, id: ImportId) -> Result<Undone, Failure> {
    let known = inner.store.read(move |tx| tx.import(id)).await?;
    let Some(row) = known else { return Err(refused(say!("There is no such import."))) };
    let mut undone = Undone { elsewhere: row.elsewhere, ..Undone::default() };
    let mut after = None;
    loop {
        let page = inner
            .store
            .write(move |tx| {
                let page = tx.imported_by(id, after, 16)?;
                for (conversation, used) in &page {
                    if !used {
                        tx.purge_conversation(*conversation)?;
                    }
                }
                Ok(page)
            })
            .await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (_, used) in page {
            *(if used { &mut undone.kept } else { &mut undone.gone }) += 1;
        }
        inner.changed(Table::Conversations);
    }
    if after.is_none() && row.elsewhere > 0 && row.conversations == 0 && row.undone_at.is_none() {
        return Err(refused(say!(
            "This import only added messages to conversations that other imports had brought. They stay as long as \
             those do."
        )));
    }
    ratings::changed(inner);
    let now = inner.clock.now();
    inner.store.write(move |tx| tx.undo_import(id, now)).await?;
    Ok(undone)
}
