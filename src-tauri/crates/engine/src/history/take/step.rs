//! Some conversations at a time: what would become of them, and taking them in.

use super::{Rows, Taken};
use domain::{Failure, ImportId, Timestamp};
use import::{Conversation, Source};
use store::{ImportRow, Tx};

/// Some conversations and whose import they are of.
pub(in crate::history) struct Step {
    pub import: ImportId,
    pub file: String,
    pub now: Timestamp,
    pub conversations: Vec<Conversation>,
}

/// What would become of a conversation whose files are still to be asked for.
pub(in crate::history) fn look(
    tx: &Tx<'_>,
    conversation: &Conversation,
    now: Timestamp,
) -> Result<Taken, Failure> {
    match Rows::new(conversation, now) {
        Ok(mut rows) => {
            rows.files_to_come = true;
            rows.find(tx)?;
            rows.look(tx)
        }
        Err(reason) => Ok(Taken::Refused(reason)),
    }
}

impl Step {
    /// What would become of each.
    pub(in crate::history) fn look(&self, tx: &Tx<'_>) -> Result<Vec<Taken>, Failure> {
        self.conversations.iter().map(|conversation| look(tx, conversation, self.now)).collect()
    }

    /// Takes each in.
    pub(in crate::history) fn write(&self, tx: &mut Tx<'_>) -> Result<Vec<Taken>, Failure> {
        let mut all = Vec::new();
        let mut documents = Vec::new();
        let mut brought: Option<ImportRow> = None;
        for conversation in &self.conversations {
            let mut rows = match Rows::new(conversation, self.now) {
                Ok(rows) => rows,
                Err(reason) => {
                    all.push(Taken::Refused(reason));
                    continue;
                }
            };
            rows.find(tx)?;
            let taken = rows.look(tx)?;
            let (conversations, messages, elsewhere) = match taken {
                Taken::Added(messages) => (1, messages, 0),
                Taken::Here(more) if more.changes() => {
                    let ours = rows.here.as_ref().is_some_and(|here| here.import == Some(self.import));
                    (0, more.messages, if ours { 0 } else { more.messages + more.renewed })
                }
                _ => (0, 0, 0),
            };
            if conversations + messages + elsewhere > 0
                || matches!(taken, Taken::Here(more) if more.changes())
            {
                if brought.is_none() {
                    // What it brings names it.
                    let none = self.row(conversation.source);
                    tx.note_import(&none)?;
                    brought = Some(none);
                }
                if let Some(brought) = &mut brought {
                    brought.conversations += conversations;
                    brought.messages += messages;
                    brought.elsewhere += elsewhere;
                }
                rows.write(tx, self.import, &mut documents)?;
            }
            all.push(taken);
        }
        if let Some(brought) = &brought {
            tx.note_import(brought)?;
        }
        tx.index(documents)?;
        Ok(all)
    }

    fn row(&self, source: Source) -> ImportRow {
        ImportRow {
            id: self.import,
            file: self.file.clone(),
            source: source.as_str().to_owned(),
            started_at: self.now,
            finished_at: None,
            undone_at: None,
            conversations: 0,
            messages: 0,
            elsewhere: 0,
        }
    }
}
