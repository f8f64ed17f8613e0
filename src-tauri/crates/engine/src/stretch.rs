//! A branch in stretches: a conversation of ten thousand messages is never read, rendered or sent as a whole.

use crate::{Engine, blind, frame::TurnView, inner::Inner, view};
use domain::{ConversationId, Failure, TurnId};
use serde::{Deserialize, Serialize};
use std::{ops::Range, sync::Arc};

/// Turns of a stretch.
pub const STRETCH: usize = 12;
/// Turns a window begins with: more than it shows at once, and no more to draw before anything is seen.
const FEW: usize = 3;

/// Which turns of the branch on the screen. One that names a turn which is not on it means the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Span {
    /// The newest.
    #[default]
    Newest,
    /// The newest few, to be seen at once. The others are asked for behind them.
    Few,
    /// A turn with those before and after it.
    Around {
        /// Which.
        turn: TurnId,
    },
    /// Those before a turn, without it.
    Before {
        /// Which.
        turn: TurnId,
    },
    /// Those after a turn, without it.
    After {
        /// Which.
        turn: TurnId,
    },
}

/// Some turns of a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Oldest first, without a gap.
    pub turns: Vec<TurnView>,
    /// How many come before.
    pub earlier: usize,
    /// How many come after.
    pub later: usize,
}

impl Span {
    fn turn(self) -> Option<TurnId> {
        match self {
            Self::Newest | Self::Few => None,
            Self::Around { turn } | Self::Before { turn } | Self::After { turn } => Some(turn),
        }
    }

    /// Places on a branch.
    fn places(self, path: &[TurnId]) -> Range<usize> {
        let end = path.len();
        let last = |many: usize| end.saturating_sub(many)..end;
        if self == Self::Few {
            return last(FEW);
        }
        let newest = last(STRETCH);
        let Some(at) = self.turn().and_then(|turn| path.iter().position(|known| *known == turn)) else {
            return newest;
        };
        match self {
            Self::Newest | Self::Few => newest,
            Self::Around { .. } => {
                let first = at.saturating_sub(STRETCH / 2);
                first..end.min(first + STRETCH)
            }
            Self::Before { .. } => at.saturating_sub(STRETCH)..at,
            Self::After { .. } => at + 1..end.min(at + 1 + STRETCH),
        }
    }
}

impl Engine {
    /// Every turn of a conversation that is on the screen, oldest first.
    pub async fn turns(&self, conversation: ConversationId) -> Result<Vec<TurnView>, Failure> {
        Ok(read(&self.inner, conversation, |path| 0..path.len()).await?.turns)
    }

    /// Some of the turns of a conversation that are on the screen.
    pub async fn stretch(&self, conversation: ConversationId, span: Span) -> Result<Stretch, Failure> {
        read(&self.inner, conversation, move |path| span.places(path)).await
    }
}

async fn read(
    inner: &Arc<Inner>,
    conversation: ConversationId,
    places: impl FnOnce(&[TurnId]) -> Range<usize> + Send + 'static,
) -> Result<Stretch, Failure> {
    let stretch = view::turns(inner, conversation, places).await?;
    Ok(Stretch { turns: blind::all_shown(inner, conversation, stretch.turns).await?, ..stretch })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn turn(n: usize) -> TurnId {
        TurnId::new(Uuid::from_u128(n as u128))
    }

    #[test]
    fn stretches_join_without_a_gap() {
        let path: Vec<TurnId> = (0..200).map(turn).collect();
        assert_eq!(Span::Newest.places(&path), 188..200);
        assert_eq!(Span::Few.places(&path), 197..200);
        assert_eq!(Span::Before { turn: turn(197) }.places(&path), 185..197);
        assert_eq!(Span::Few.places(&path[..2]), 0..2);
        assert_eq!(Span::Before { turn: turn(188) }.places(&path), 176..188);
        assert_eq!(Span::Before { turn: turn(5) }.places(&path), 0..5);
        assert_eq!(Span::Before { turn: turn(0) }.places(&path), 0..0);
        assert_eq!(Span::After { turn: turn(187) }.places(&path), 188..200);
        assert_eq!(Span::After { turn: turn(199) }.places(&path), 200..200);
        assert_eq!(Span::Around { turn: turn(100) }.places(&path), 94..106);
        assert_eq!(Span::Around { turn: turn(2) }.places(&path), 0..12);
        assert_eq!(Span::Around { turn: turn(900) }.places(&path), 188..200, "on another branch");
        assert_eq!(Span::Newest.places(&[]), 0..0);
    }
}
