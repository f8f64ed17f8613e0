//! Removing a conversation for good: all that hangs on it, and nothing of what was spent.

use crate::tx::{Key, Tx};
use domain::{ConversationId, ErrorKind, ExperimentId, Failure, Timestamp, say};
use rusqlite::params;
use std::collections::BTreeSet;

/// Every run of conversation `?1`.
const RUNS: &str = "SELECT r.id FROM runs r JOIN turns t ON t.id = r.turn WHERE t.conversation = ?1";

impl Tx<'_> {
    /// Puts an experiment away, or with `None` brings it back.
    pub fn set_experiment_deleted(&mut self, id: ExperimentId, at: Option<Timestamp>) -> Result<(), Failure> {
        self.change(
            "experiment",
            "UPDATE experiments SET deleted_at = ?2 WHERE id = ?1",
            params![id.blob(), at.map(|at| at.0)],
        )
    }

    /// Removes experiments that were put away before then, at most `limit`; how many that were. Their conversations go
    /// with them, but those whose answers cells of other experiments have taken.
    pub fn purge_experiments(&mut self, before: Timestamp, limit: u32) -> Result<u32, Failure> {
        let old = self.all(
            "SELECT id, conversation FROM experiments WHERE deleted_at < ?1 LIMIT ?2",
            params![before.0, limit],
            |cols| Ok((cols.id::<ExperimentId>("id")?, cols.id::<ConversationId>("conversation")?)),
        )?;
        for (id, conversation) in &old {
            let key = id.blob();
            let prompts: Vec<String> = self.all(
                "SELECT DISTINCT content FROM experiment_cells WHERE experiment = ?1",
                [key],
                |cols| cols.at(0),
            )?;
            self.exec("DELETE FROM experiment_cells WHERE experiment = ?1", [key])?;
            self.change("experiment", "DELETE FROM experiments WHERE id = ?1", [key])?;
            let taken = format!("SELECT 1 AS one FROM experiment_cells WHERE run IN ({RUNS}) LIMIT 1");
            let taken = self.one(&taken, [conversation.blob()], |cols| cols.get::<i64>("one"))?;
            if taken.is_none() && self.conversation(*conversation)?.is_some() {
                self.purge_conversation(*conversation)?;
            }
            for prompt in prompts {
                self.exec(
                    "DELETE FROM contents WHERE id = ?1
                     AND NOT EXISTS (SELECT 1 FROM messages WHERE content = ?1)
                     AND NOT EXISTS (SELECT 1 FROM turns WHERE prompt = ?1)
                     AND NOT EXISTS (SELECT 1 FROM experiment_cells WHERE content = ?1)",
                    [prompt],
                )?;
            }
        }
        Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
    }

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
                say!("An answer in this conversation is still being written. Stop it first."),
            ));
        }
        self.let_go(id)?;
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
        self.exec(
            &format!(
                "DELETE FROM notes WHERE subject IN ({RUNS})
                 OR subject IN (SELECT id FROM turns WHERE conversation = ?1)"
            ),
            [key],
        )?;
        self.exec(&format!("DELETE FROM seen_answers WHERE run IN ({RUNS})"), [key])?;
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

    /// Nothing of other conversations points into this one any more. Nothing should; what does would keep it for ever.
    fn let_go(&mut self, id: ConversationId) -> Result<(), Failure> {
        for sql in [
            "UPDATE lanes SET head = NULL WHERE conversation <> ?1
             AND head IN (SELECT id FROM messages WHERE conversation = ?1)",
            "UPDATE messages SET parent = NULL WHERE conversation <> ?1
             AND parent IN (SELECT id FROM messages WHERE conversation = ?1)",
            "UPDATE turns SET parent = NULL WHERE conversation <> ?1
             AND parent IN (SELECT id FROM turns WHERE conversation = ?1)",
        ] {
            self.exec(sql, [id.blob()])?;
        }
        Ok(())
    }
}
