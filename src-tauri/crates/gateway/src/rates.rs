//! How fast each app may ask: requests and tokens within a minute, by its key. Counted by each process.

use engine::AppKeyRow;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const MINUTE: Duration = Duration::from_secs(60);

/// What each key has asked lately.
#[derive(Default)]
pub(crate) struct Rates(Mutex<HashMap<String, Window>>);

#[derive(Default)]
struct Window {
    next: u64,
    /// When, number, tokens.
    asked: VecDeque<(Duration, u64, u64)>,
}

/// A request that counts; its tokens are corrected once they are known.
pub(crate) struct Counted {
    rates: Arc<Rates>,
    key: String,
    number: u64,
}

impl Rates {
    /// Counts a request of so many expected tokens; `Err` = how long it has to wait.
    pub(crate) fn admit(
        self: &Arc<Self>,
        key: &AppKeyRow,
        tokens: impl FnOnce() -> u64,
        now: Duration,
    ) -> Result<Option<Counted>, Duration> {
        if key.requests_per_minute.is_none() && key.tokens_per_minute.is_none() {
            return Ok(None);
        }
        let tokens = tokens();
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key.id.clone()).or_default();
        while window.asked.front().is_some_and(|(at, ..)| now.saturating_sub(*at) >= MINUTE) {
            window.asked.pop_front();
        }
        if let Some(wait) = window.wait(key, tokens, now) {
            return Err(wait);
        }
        window.next += 1;
        let number = window.next;
        window.asked.push_back((now, number, tokens));
        Ok(Some(Counted { rates: Arc::clone(self), key: key.id.clone(), number }))
    }
}

impl Window {
    fn wait(&self, key: &AppKeyRow, tokens: u64, now: Duration) -> Option<Duration> {
        let leaves = |at: Duration| (at + MINUTE).saturating_sub(now);
        let mut wait = None;
        if let Some(most) = key.requests_per_minute {
            let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
            if let Some(over) = (self.asked.len() + 1).checked_sub(most).filter(|over| *over > 0) {
                wait = self.asked.get(over - 1).map(|(at, ..)| leaves(*at));
            }
        }
        if let Some(most) = key.tokens_per_minute {
            // One that is larger than the whole limit goes when nothing else counts.
            let room = u64::from(most).saturating_sub(tokens);
            let mut spent = self.asked.iter().map(|(_, _, tokens)| *tokens).fold(0, u64::saturating_add);
            for (at, _, tokens) in &self.asked {
                if spent <= room {
                    break;
                }
                spent = spent.saturating_sub(*tokens);
                wait = wait.max(Some(leaves(*at)));
            }
        }
        wait
    }
}

impl Counted {
    /// What it came to.
    pub(crate) fn tokens(&self, tokens: u64) {
        let mut windows = self.rates.0.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = windows.get_mut(&self.key).map(|window| &mut window.asked);
        if let Some(own) =
            asked.and_then(|asked| asked.iter_mut().find(|(_, number, _)| *number == self.number))
        {
            own.2 = tokens;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn key(requests: Option<u32>, tokens: Option<u32>) -> AppKeyRow {
        AppKeyRow {
            id: "k".to_owned(),
            name: "k".to_owned(),
            digest: [0; 32],
            last_four: "0000".to_owned(),
            models: Vec::new(),
            policy: None,
            requests_per_minute: requests,
            tokens_per_minute: tokens,
            cache: false,
            created_at: Timestamp(0),
            expires_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_minute_is_any_minute() {
        let rates = Arc::new(Rates::default());
        let key = key(Some(2), None);
        let at = Duration::from_secs;
        assert!(rates.admit(&key, || 1, at(0)).is_ok());
        assert!(rates.admit(&key, || 1, at(30)).is_ok());
        assert_eq!(rates.admit(&key, || 1, at(31)).err(), Some(at(29)));
        assert!(rates.admit(&key, || 1, at(60)).is_ok());
        assert_eq!(rates.admit(&key, || 1, at(60)).err(), Some(at(30)));
    }

    #[test]
    fn tokens_count_as_they_turn_out() {
        let rates = Arc::new(Rates::default());
        let key = key(None, Some(100));
        let at = Duration::from_secs;
        let first = rates.admit(&key, || 90, at(0)).unwrap().unwrap();
        assert_eq!(rates.admit(&key, || 20, at(1)).err(), Some(at(59)));
        first.tokens(10);
        assert!(rates.admit(&key, || 20, at(2)).is_ok());
        assert!(
            rates.admit(&key, || 1_000, at(3)).is_err(),
            "larger than the limit: when nothing else counts"
        );
        assert!(rates.admit(&key, || 1_000, at(70)).is_ok());
    }
}
