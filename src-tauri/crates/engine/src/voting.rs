//! What of the engine is about comparing: turns asked blind, votes, the leaderboard, differences.

use crate::{Asked, At, Engine, Listeners, Money, Started, blind, board, differences, frame::TurnView, turn};
use domain::{ConversationId, Failure, RunId, TurnId};

impl Engine {
    /// [`Engine::start_turn`] with the names of the models hidden until the vote, the lanes in an order drawn by
    /// chance. `together`: no answer is shown before all have ended. Error `request.invalid` for fewer than two lanes.
    pub async fn start_turn_blind(
        &self,
        ask: impl Into<Asked>,
        at: At,
        listeners: Listeners,
        money: Money,
        together: bool,
    ) -> Result<Started, Failure> {
        let listeners = Listeners { sink: listeners.sink.map(blind::sink), ..listeners };
        let started = turn::start(&self.inner, ask.into(), at, listeners, money, Some(together)).await?;
        let view = blind::shown(&self.inner, started.view).await?;
        Ok(Started { view, ..started })
    }

    /// Casts a blind vote and shows the names of its turn.
    pub async fn vote_blind(&self, turn: TurnId, vote: blind::BlindVote) -> Result<blind::Revealed, Failure> {
        blind::vote(&self.inner, turn, vote).await
    }

    /// Shows the names of a turn that was asked blind; no vote is recorded.
    pub async fn reveal(&self, turn: TurnId) -> Result<blind::Revealed, Failure> {
        blind::reveal(&self.inner, turn).await
    }

    /// Takes a blind vote back.
    pub async fn undo_blind_vote(&self, turn: TurnId) -> Result<TurnView, Failure> {
        blind::undo(&self.inner, turn).await
    }

    /// Has this conversation a turn whose names are hidden?
    pub async fn hides_names(&self, conversation: ConversationId) -> Result<bool, Failure> {
        let rows = self.inner.store.read(move |tx| tx.blind_turns(conversation)).await?;
        Ok(rows.iter().any(|row| row.revealed_at.is_none()))
    }

    /// The leaderboard of the user's own votes.
    pub async fn board(&self, query: board::BoardQuery) -> Result<board::Board, Failure> {
        board::board(&self.inner, query).await
    }

    /// The user's own prompts, had they gone to this model: what votes and ledger say, and what is assumed.
    pub async fn supposed(
        &self,
        query: board::counter::SupposeQuery,
    ) -> Result<board::counter::Supposed, Failure> {
        board::counter::supposed(&self.inner, query).await
    }

    /// Every vote that stands, oldest first, with prompts and answers.
    pub async fn casts(&self) -> Result<Vec<board::Cast>, Failure> {
        board::casts(&self.inner).await
    }

    /// The words in which two answers differ; by words and letters alone, on this machine.
    pub async fn differences(
        &self,
        left: RunId,
        right: RunId,
        ignore_formatting: bool,
    ) -> Result<differences::Differences, Failure> {
        differences::differences(&self.inner, left, right, ignore_formatting).await
    }

    /// What several answers say alike, and what only one says; by words and letters alone.
    pub async fn agreed(&self, runs: Vec<RunId>) -> Result<differences::Agreed, Failure> {
        differences::agreed(&self.inner, runs).await
    }

    /// Markdown source of an answer.
    pub async fn text(&self, run: RunId) -> Result<String, Failure> {
        blind::text(&self.inner, run).await
    }
}
