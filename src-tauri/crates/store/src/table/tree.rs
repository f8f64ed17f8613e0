//! The tree of turns: which stands after which, which is on the screen, and which of several answers of a
//! lane is shown. Pointers alone: nothing of what was said changes with them.

use crate::tx::{Cols, Key, Tx, opt_blob};
use domain::{ConversationId, Failure, LaneId, MessageId, RunId, TurnId};
use rusqlite::params;

/// A turn stands after the newest of the turns whose answers it continues from. One that continues from
/// nothing, in a conversation that had begun, stood after the one before it on the screen.
pub(crate) const SCHEMA: &str = "
ALTER TABLE turns ADD COLUMN parent BLOB REFERENCES turns (id);
ALTER TABLE turns ADD COLUMN context TEXT CHECK (context IS NULL OR json_valid(context));
CREATE INDEX turns_by_parent ON turns (parent) WHERE parent IS NOT NULL;
CREATE INDEX turns_by_branching ON turns (conversation, parent);
ALTER TABLE conversations ADD COLUMN leaf BLOB CHECK (leaf IS NULL OR length(leaf) = 16);
ALTER TABLE runs ADD COLUMN shown INTEGER NOT NULL DEFAULT 0 CHECK (shown IN (0, 1));
ALTER TABLE runs ADD COLUMN context TEXT CHECK (context IS NULL OR json_valid(context));
UPDATE turns SET parent = COALESCE(
    (SELECT p.id FROM runs r
     JOIN messages u ON u.id = r.user_message
     JOIN messages a ON a.id = u.parent
     JOIN runs before ON before.id = a.run
     JOIN turns p ON p.id = before.turn
     WHERE r.turn = turns.id AND p.place < turns.place
     ORDER BY p.place DESC LIMIT 1),
    (SELECT p.id FROM turns p
     WHERE p.conversation = turns.conversation AND p.place < turns.place
     ORDER BY p.place DESC LIMIT 1)
);
";

/// A turn in the map of its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branching {
    /// Which.
    pub turn: TurnId,
    /// The turn it stands after.
    pub parent: Option<TurnId>,
}

fn branching(cols: &Cols<'_>) -> Result<Branching, Failure> {
    Ok(Branching { turn: cols.id("id")?, parent: cols.opt_id("parent")? })
}

impl Tx<'_> {
    /// Puts a turn into the tree, with what its lanes were to be shown (JSON).
    pub fn link_turn(
        &mut self,
        turn: TurnId,
        parent: Option<TurnId>,
        context: Option<&str>,
    ) -> Result<(), Failure> {
        self.change(
            "turn",
            "UPDATE turns SET parent = ?2, context = ?3 WHERE id = ?1",
            params![turn.blob(), opt_blob(parent), context],
        )
    }

    /// Moves the screen of a conversation to the branch that ends with this turn.
    pub fn set_leaf(&mut self, conversation: ConversationId, leaf: Option<TurnId>) -> Result<(), Failure> {
        self.change(
            "conversation",
            "UPDATE conversations SET leaf = ?2 WHERE id = ?1",
            params![conversation.blob(), opt_blob(leaf)],
        )
    }

    /// The last turn on the screen: where it was put, else where the line-up's newest branch ends, else the
    /// newest. `None` = there is no turn.
    pub fn leaf(&self, conversation: ConversationId) -> Result<Option<TurnId>, Failure> {
        let found = self.one(
            "SELECT COALESCE(
                 (SELECT t.id FROM turns t WHERE t.id = c.leaf),
                 (SELECT t.id FROM lanes l JOIN messages m ON m.id = l.head JOIN runs r ON r.id = m.run
                  JOIN turns t ON t.id = r.turn
                  WHERE l.conversation = c.id AND NOT l.removed ORDER BY t.place DESC LIMIT 1),
                 (SELECT id FROM turns WHERE conversation = c.id ORDER BY place DESC LIMIT 1)
             ) AS leaf FROM conversations c WHERE c.id = ?1",
            [conversation.blob()],
            |cols| cols.opt_id("leaf"),
        )?;
        Ok(found.flatten())
    }

    /// The turn a turn stands after.
    pub fn turn_parent(&self, turn: TurnId) -> Result<Option<TurnId>, Failure> {
        let found =
            self.one("SELECT parent FROM turns WHERE id = ?1", [turn.blob()], |cols| cols.opt_id("parent"))?;
        Ok(found.flatten())
    }

    /// What the lanes of a turn were to be shown, as JSON; `None` = from before that was kept.
    pub fn turn_context(&self, turn: TurnId) -> Result<Option<String>, Failure> {
        let found =
            self.one("SELECT context FROM turns WHERE id = ?1", [turn.blob()], |cols| cols.get("context"))?;
        Ok(found.flatten())
    }

    /// The branch that ends with a turn, the oldest first.
    pub fn turn_path(&self, leaf: TurnId) -> Result<Vec<TurnId>, Failure> {
        self.all(
            "WITH RECURSIVE up (id, parent, depth) AS (
                 SELECT id, parent, 0 FROM turns WHERE id = ?1
                 UNION ALL
                 SELECT t.id, t.parent, up.depth + 1 FROM up JOIN turns t ON t.id = up.parent
             )
             SELECT id FROM up ORDER BY depth DESC",
            [leaf.blob()],
            |cols| cols.id("id"),
        )
    }

    /// The last turn of the newest branch that leads through a turn.
    pub fn newest_below(&self, turn: TurnId) -> Result<TurnId, Failure> {
        let found = self.one(
            "WITH RECURSIVE down (id, place) AS (
                 SELECT id, place FROM turns WHERE id = ?1
                 UNION ALL
                 SELECT t.id, t.place FROM down JOIN turns t ON t.parent = down.id
             )
             SELECT id FROM down ORDER BY place DESC LIMIT 1",
            [turn.blob()],
            |cols| cols.id("id"),
        )?;
        Ok(found.unwrap_or(turn))
    }

    /// The turns that stand in the same place, this one among them, oldest first.
    pub fn turn_siblings(&self, turn: TurnId) -> Result<Vec<TurnId>, Failure> {
        self.all(
            "SELECT s.id FROM turns t JOIN turns s ON s.conversation = t.conversation AND s.parent IS t.parent
             WHERE t.id = ?1 ORDER BY s.place",
            [turn.blob()],
            |cols| cols.id("id"),
        )
    }

    /// Every turn of a conversation with the one before it, oldest first.
    pub fn turn_tree(&self, conversation: ConversationId) -> Result<Vec<Branching>, Failure> {
        self.all(
            "SELECT id, parent FROM turns WHERE conversation = ?1 ORDER BY place",
            [conversation.blob()],
            branching,
        )
    }

    /// The answer a lane stands at after a turn: of the newest turn up to there in which it took part the one
    /// that is shown.
    pub fn lane_at(&self, lane: LaneId, turn: TurnId) -> Result<Option<MessageId>, Failure> {
        self.one(
            "WITH RECURSIVE up (id, parent, depth) AS (
                 SELECT id, parent, 0 FROM turns WHERE id = ?2
                 UNION ALL
                 SELECT t.id, t.parent, up.depth + 1 FROM up JOIN turns t ON t.id = up.parent
             )
             SELECT r.message FROM up JOIN runs r ON r.turn = up.id AND r.lane = ?1
             ORDER BY up.depth, r.shown DESC, r.id DESC LIMIT 1",
            params![lane.blob(), turn.blob()],
            |cols| cols.id("message"),
        )
    }

    /// Shows this answer of its lane in its turn, in the place of its siblings.
    pub fn show_run(&mut self, run: RunId) -> Result<(), Failure> {
        self.change(
            "answer",
            "UPDATE runs SET shown = (id = ?1)
             WHERE turn = (SELECT turn FROM runs WHERE id = ?1) AND lane = (SELECT lane FROM runs WHERE id = ?1)",
            [run.blob()],
        )
    }

    /// The answers of a turn that were chosen to be shown; of a lane without one it is the newest.
    pub fn shown_runs(&self, turn: TurnId) -> Result<Vec<RunId>, Failure> {
        self.all("SELECT id FROM runs WHERE turn = ?1 AND shown", [turn.blob()], |cols| cols.id("id"))
    }

    /// Keeps what a run was shown beside its own branch (JSON).
    pub fn set_run_context(&mut self, run: RunId, context: &str) -> Result<(), Failure> {
        self.change("run", "UPDATE runs SET context = ?2 WHERE id = ?1", params![run.blob(), context])
    }

    /// What a run was shown beside its own branch (JSON); `None` = the branch alone.
    pub fn run_context(&self, run: RunId) -> Result<Option<String>, Failure> {
        let found =
            self.one("SELECT context FROM runs WHERE id = ?1", [run.blob()], |cols| cols.get("context"))?;
        Ok(found.flatten())
    }
}
