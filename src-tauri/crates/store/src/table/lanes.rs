//! Lanes: the columns of a conversation. A lane taken out of the line-up is kept, because runs of
//! earlier turns belong to it.

use crate::tx::{Cols, Key, Tx, json, opt_blob};
use domain::{ConversationId, Failure, Lane, LaneId, MessageId};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE lanes (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    target TEXT NOT NULL CHECK (json_valid(target)),
    head BLOB REFERENCES messages (id),
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))
) STRICT;
CREATE INDEX lanes_by_conversation ON lanes (conversation, removed, position);
CREATE INDEX lanes_by_head ON lanes (head);
";

fn row(cols: &Cols<'_>) -> Result<Lane, Failure> {
    Ok(Lane {
        id: cols.id("id")?,
        position: cols.get("position")?,
        target: cols.json("target")?,
        head: cols.opt_id("head")?,
    })
}

impl Tx<'_> {
    /// The line-up, left to right.
    pub fn lanes(&self, conversation: ConversationId) -> Result<Vec<Lane>, Failure> {
        self.all(
            "SELECT * FROM lanes WHERE conversation = ?1 AND NOT removed ORDER BY position, id",
            [conversation.blob()],
            row,
        )
    }

    /// Replaces the line-up. Lanes that are not in it any more are marked as removed; one that comes
    /// back continues its branch.
    pub fn put_lanes(&mut self, conversation: ConversationId, lanes: &[Lane]) -> Result<(), Failure> {
        self.exec("UPDATE lanes SET removed = 1 WHERE conversation = ?1", [conversation.blob()])?;
        for lane in lanes {
            self.change(
                "lane of this conversation",
                "INSERT INTO lanes (id, conversation, position, target, head, removed)
                 VALUES (?1, ?2, ?3, ?4, ?5, 0)
                 ON CONFLICT (id) DO UPDATE SET position = excluded.position, target = excluded.target,
                     head = excluded.head, removed = 0
                 WHERE conversation = excluded.conversation",
                params![
                    lane.id.blob(),
                    conversation.blob(),
                    lane.position,
                    json(&lane.target)?,
                    opt_blob(lane.head)
                ],
            )?;
        }
        Ok(())
    }

    /// Every lane there ever was, and whether it has left the line-up.
    pub fn lanes_ever(&self, conversation: ConversationId) -> Result<Vec<(Lane, bool)>, Failure> {
        self.all(
            "SELECT * FROM lanes WHERE conversation = ?1 ORDER BY position, id",
            [conversation.blob()],
            |cols| Ok((row(cols)?, cols.get("removed")?)),
        )
    }

    /// Moves a lane's pointer into the tree.
    pub fn set_lane_head(&mut self, lane: LaneId, head: Option<MessageId>) -> Result<(), Failure> {
        self.change("lane", "UPDATE lanes SET head = ?2 WHERE id = ?1", params![lane.blob(), opt_blob(head)])
    }

    /// One lane, also one that was removed.
    pub fn lane(&self, id: LaneId) -> Result<Option<Lane>, Failure> {
        self.one("SELECT * FROM lanes WHERE id = ?1", [id.blob()], row)
    }
}
