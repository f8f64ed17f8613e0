//! What is said on a branch: which contents, not the texts.

use crate::tx::{Key, Tx};
use domain::{ContentId, Failure, LaneId, RunId, RunState, TurnId};

/// The turns of a branch, from its leaf up.
const UP: &str = "WITH RECURSIVE up (id, parent, prompt, depth) AS (
     SELECT id, parent, prompt, 0 FROM turns WHERE id = ?1
     UNION ALL
     SELECT t.id, t.parent, t.prompt, up.depth + 1 FROM up JOIN turns t ON t.id = up.parent
 )";

/// An answer on a branch, be it one that another of its lane has taken the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its turn.
    pub turn: TurnId,
    /// Its run.
    pub run: RunId,
    /// Its lane.
    pub lane: LaneId,
    /// It was chosen to be shown; of a lane without one it is the newest.
    pub shown: bool,
    /// Where it stands.
    pub state: RunState,
    /// What is said.
    pub content: ContentId,
}

impl Tx<'_> {
    /// The turns of the branch that ends with one and their prompts, the oldest first.
    pub fn asked_on(&self, leaf: TurnId) -> Result<Vec<(TurnId, ContentId)>, Failure> {
        self.all(&format!("{UP} SELECT id, prompt FROM up ORDER BY depth DESC"), [leaf.blob()], |cols| {
            Ok((cols.id("id")?, ContentId::new(cols.get::<String>("prompt")?)))
        })
    }

    /// Every answer of that branch, in no order.
    pub fn said_on(&self, leaf: TurnId) -> Result<Vec<Said>, Failure> {
        // From the turns to their runs, whatever SQLite knows of the tables.
        let sql = format!(
            "{UP} SELECT r.turn, r.id, r.lane, r.shown, r.state, m.content
             FROM up CROSS JOIN runs r ON r.turn = up.id CROSS JOIN messages m ON m.id = r.message"
        );
        self.all(&sql, [leaf.blob()], |cols| {
            Ok(Said {
                turn: cols.id("turn")?,
                run: cols.id("id")?,
                lane: cols.id("lane")?,
                shown: cols.get("shown")?,
                state: cols.word("state")?,
                content: ContentId::new(cols.get::<String>("content")?),
            })
        })
    }
}
