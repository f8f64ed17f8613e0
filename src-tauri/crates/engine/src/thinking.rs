//! How long a model reasoned before it spoke, as far as that can be seen.

use crate::{clock::millis, draft::Draft};
use domain::{BlockKind, Millis};
use std::time::Duration;

/// Counts from the first reasoning that comes to what follows it, each time anew. Reasoning that a provider
/// keeps to itself is not seen, and what came in one piece with its answer has no time: both are unknown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Thinking {
    since: Option<Duration>,
    spent: Option<Duration>,
}

impl Thinking {
    /// Looks at what has come by now.
    pub(crate) fn note(&mut self, draft: &Draft, now: Duration) {
        let thinking = matches!(draft.blocks.last(), Some(last) if last.kind == BlockKind::Reasoning);
        match (self.since, thinking) {
            (None, true) => self.since = Some(now),
            (Some(_), false) => {
                self.spent = self.by(now);
                self.since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// All of it up to now.
    pub(crate) fn so_far(&self, now: Duration) -> Option<Millis> {
        self.by(now).map(millis)
    }

    fn by(&self, now: Duration) -> Option<Duration> {
        let open = self.since.map(|since| now.saturating_sub(since));
        match (self.spent, open) {
            (Some(spent), Some(open)) => Some(spent.saturating_add(open)),
            (spent, open) => spent.or(open),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::StreamEvent;

    fn open(draft: &mut Draft, kind: BlockKind) {
        let block = u32::try_from(draft.blocks.len()).unwrap();
        draft.apply(&StreamEvent::BlockOpen { block, kind });
        draft.apply(&StreamEvent::BlockDelta { block, text: "x".to_owned() });
    }

    #[test]
    fn it_lasts_until_something_else_comes_and_adds_up() {
        let at = Duration::from_millis;
        let (mut thinking, mut draft) = (Thinking::default(), Draft::default());
        thinking.note(&draft, at(100));
        assert_eq!(thinking.so_far(at(200)), None);
        open(&mut draft, BlockKind::Reasoning);
        thinking.note(&draft, at(500));
        thinking.note(&draft, at(900));
        assert_eq!(thinking.so_far(at(1_000)), Some(Millis(500)));
        open(&mut draft, BlockKind::Text);
        thinking.note(&draft, at(2_500));
        assert_eq!(thinking.so_far(at(9_000)), Some(Millis(2_000)));
        open(&mut draft, BlockKind::Reasoning);
        thinking.note(&draft, at(10_000));
        assert_eq!(thinking.so_far(at(10_250)), Some(Millis(2_250)));
    }

    #[test]
    fn what_came_in_one_piece_has_no_time() {
        let (mut thinking, mut draft) = (Thinking::default(), Draft::default());
        open(&mut draft, BlockKind::Reasoning);
        open(&mut draft, BlockKind::Text);
        thinking.note(&draft, Duration::from_secs(3));
        assert_eq!(thinking.so_far(Duration::from_secs(4)), None);
    }
}
