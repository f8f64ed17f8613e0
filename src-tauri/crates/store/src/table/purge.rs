//! Removing a conversation for good: all that hangs on it, and nothing of what was spent.

use crate::tx::{Key, Tx};
use domain::{ConversationId, ErrorKind, Failure};
use std::collections::BTreeSet;

/// Every run of conversation `?1`.
const RUNS: &str = "SELECT r.id FROM runs r JOIN turns t ON t.id = r.turn WHERE t.conversation = ?1";

impl Tx<'_> {
    /// Removes a conversation with its turns, answers, lanes, contents, drafts and imports. Attempts stay,
    /// without their run, and the ledger stays whole: the sums, times and prices of the past do not change. Prompts that
    /// cells of experiments name stay too.
    ///
    /// Error `request.invalid` while an answer in it is being written.
    pub fn purge_conversation(&mut self, id: ConversationId) -> Result<(), Failure> {
        let key = id.blob();
        let unfinished = format!(
            "SELECT 1 AS one FROM runs WHERE id IN ({RUNS}) AND state IN ('pending', 'connecting', 'streaming')
             LIMIT 1"
        );
        if self.one(&unfinished, [key], |cols| cols.get::<i64>("one"))?.is_some() {
            return Err(Failure::new(
                ErrorKind::RequestInvalid,
                "An answer in this conversation is still being written. Stop it first.",
            ));
        }
        let contents: Vec<String> = self.all(
            "SELECT content FROM messages WHERE conversation = ?1
             UNION SELECT prompt FROM turns WHERE conversation = ?1",
            [key],
            |cols| cols.at(0),
        )?;
        self.unindex_conversation(id)?;
        self.exec(&format!("DELETE FROM journal WHERE run IN ({RUNS})"), [key])?;
        // What was sent for them quotes the conversation.
        let attempts = format!("SELECT id FROM attempts WHERE run IN ({RUNS})");
        self.exec(&format!("DELETE FROM requests WHERE attempt IN ({attempts})"), [key])?;
        self.exec(&format!("UPDATE attempts SET run = NULL WHERE run IN ({RUNS})"), [key])?;
        self.exec(
            "DELETE FROM blind_turns WHERE turn IN (SELECT id FROM turns WHERE conversation = ?1)",
            [key],
        )?;
        self.exec("DELETE FROM votes WHERE turn IN (SELECT id FROM turns WHERE conversation = ?1)", [key])?;
        self.purge_beside(id)?;
        self.exec(&format!("UPDATE runs SET retry_of = NULL WHERE id IN ({RUNS})"), [key])?;
        self.exec(&format!("DELETE FROM runs WHERE id IN ({RUNS})"), [key])?;
        self.exec("DELETE FROM lanes WHERE conversation = ?1", [key])?;
        self.exec("DELETE FROM turns WHERE conversation = ?1", [key])?;
        // All at once: they point at each other, and keys are checked at the end of the statement.
        self.exec("DELETE FROM messages WHERE conversation = ?1", [key])?;
        // An experiment's cells name their prompts before they are asked, and after their runs are gone.
        let kept: BTreeSet<String> = self
            .all("SELECT DISTINCT content FROM experiment_cells", [], |cols| cols.at(0))?
            .into_iter()
            .collect();
        for content in contents.into_iter().filter(|content| !kept.contains(content)) {
            self.exec(
                "DELETE FROM contents WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM messages WHERE content = ?1)
                 AND NOT EXISTS (SELECT 1 FROM turns WHERE prompt = ?1)",
                [content],
            )?;
        }
        self.exec("DELETE FROM filed WHERE conversation = ?1", [key])?;
        self.exec("DELETE FROM titled WHERE conversation = ?1", [key])?;
        self.exec("DELETE FROM tags WHERE conversation = ?1", [key])?;
        self.exec("DELETE FROM imported WHERE conversation = ?1", [key])?;
        // What a window kept for it, a draft among it.
        self.exec("DELETE FROM settings WHERE key LIKE 'view.%.' || ?1", [id.to_string()])?;
        self.change("conversation", "DELETE FROM conversations WHERE id = ?1", [key])
    }
}
