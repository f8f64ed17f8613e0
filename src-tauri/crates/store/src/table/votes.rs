//! Votes on the answers of a turn: which is best, seen with the names of the models or blind. A vote that is
//! changed or taken back stays, marked as withdrawn.

use crate::tx::{Cols, Key, Tx, json, opt_blob, opt_json, word};
use domain::{Failure, MessageId, Timestamp, TurnId, VoteId, VoteOutcome, VotedAnswer};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE votes (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    turn BLOB NOT NULL REFERENCES turns (id),
    at INTEGER NOT NULL,
    blind INTEGER NOT NULL CHECK (blind IN (0, 1)),
    outcome TEXT NOT NULL CHECK (outcome IN ('best', 'tie', 'all_bad', 'rank')),
    best BLOB REFERENCES messages (id),
    shown TEXT NOT NULL CHECK (json_valid(shown)),
    ranking TEXT CHECK (ranking IS NULL OR json_valid(ranking)),
    withdrawn_at INTEGER,
    CHECK (outcome IN ('tie', 'all_bad') OR best IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX votes_standing ON votes (turn, blind) WHERE withdrawn_at IS NULL;
CREATE INDEX votes_by_turn ON votes (turn);
CREATE INDEX votes_by_best ON votes (best) WHERE best IS NOT NULL;
";

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteRow {
    /// Id.
    pub id: VoteId,
    /// The turn whose answers were compared.
    pub turn: TurnId,
    /// When.
    pub at: Timestamp,
    /// The names of the models were hidden.
    pub blind: bool,
    /// What it says.
    pub outcome: VoteOutcome,
    /// The best answer; of a ranking its first. `None` = there is none.
    pub best: Option<MessageId>,
    /// The answers in the order they stood on the screen.
    pub shown: Vec<VotedAnswer>,
    /// Of a ranking: the best first, equals together.
    pub ranking: Option<Vec<Vec<MessageId>>>,
    /// When it was taken back or another took its place; `None` = it stands.
    pub withdrawn_at: Option<Timestamp>,
}

fn row(cols: &Cols<'_>) -> Result<VoteRow, Failure> {
    Ok(VoteRow {
        id: cols.id("id")?,
        turn: cols.id("turn")?,
        at: cols.time("at")?,
        blind: cols.get("blind")?,
        outcome: cols.word("outcome")?,
        best: cols.opt_id("best")?,
        shown: cols.json("shown")?,
        ranking: cols.opt_json("ranking")?,
        withdrawn_at: cols.opt_time("withdrawn_at")?,
    })
}

impl Tx<'_> {
    /// Casts a vote in the place of the one that stands for the same turn, seen or blind as it is.
    pub fn cast_vote(&mut self, vote: &VoteRow) -> Result<(), Failure> {
        self.withdraw_vote(vote.turn, vote.blind, vote.at)?;
        self.exec(
            "INSERT INTO votes (id, turn, at, blind, outcome, best, shown, ranking, withdrawn_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                vote.id.blob(),
                vote.turn.blob(),
                vote.at.0,
                vote.blind,
                word(vote.outcome)?,
                opt_blob(vote.best),
                json(&vote.shown)?,
                opt_json(vote.ranking.as_ref())?,
                vote.withdrawn_at.map(|at| at.0)
            ],
        )
        .map(|_| ())
    }

    /// Takes the vote that stands back; false = there was none.
    pub fn withdraw_vote(&mut self, turn: TurnId, blind: bool, at: Timestamp) -> Result<bool, Failure> {
        let withdrawn = self.exec(
            "UPDATE votes SET withdrawn_at = ?3 WHERE turn = ?1 AND blind = ?2 AND withdrawn_at IS NULL",
            params![turn.blob(), blind, at.0],
        )?;
        Ok(withdrawn > 0)
    }

    /// The vote on a turn that stands, seen or blind.
    pub fn vote(&self, turn: TurnId, blind: bool) -> Result<Option<VoteRow>, Failure> {
        self.one(
            "SELECT * FROM votes WHERE turn = ?1 AND blind = ?2 AND withdrawn_at IS NULL",
            params![turn.blob(), blind],
            row,
        )
    }

    /// The newest vote on a turn that stands, seen or blind.
    pub fn newest_vote(&self, turn: TurnId) -> Result<Option<VoteRow>, Failure> {
        self.one(
            "SELECT * FROM votes WHERE turn = ?1 AND withdrawn_at IS NULL ORDER BY at DESC, id DESC LIMIT 1",
            [turn.blob()],
            row,
        )
    }

    /// The answer of a turn that was last picked as the best; `None` = none stands.
    pub fn picked(&self, turn: TurnId) -> Result<Option<MessageId>, Failure> {
        Ok(self.newest_vote(turn)?.and_then(|vote| vote.best))
    }

    /// Every vote there ever was on a turn, oldest first.
    pub fn votes_of(&self, turn: TurnId) -> Result<Vec<VoteRow>, Failure> {
        self.all("SELECT * FROM votes WHERE turn = ?1 ORDER BY at, id", [turn.blob()], row)
    }

    /// Every vote that stands, oldest first.
    pub fn standing_votes(&self) -> Result<Vec<VoteRow>, Failure> {
        self.all("SELECT * FROM votes WHERE withdrawn_at IS NULL ORDER BY at, id", [], row)
    }
}
