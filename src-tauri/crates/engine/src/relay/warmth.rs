//! Which endpoint is likely to have a client's prompt in its cache: the one that answered the same
//! conversation last. Known only while this process runs.

use domain::{EndpointId, Request, Timestamp, Usage};
use router::Warm;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};
use wire::serve::Asked;

/// As in `warm`: ten minutes idle.
const REMEMBERS: i64 = 10 * 60_000;
/// Bytes at either end of a text by which it is known.
const HASHED: usize = 4_096;
/// Conversations remembered at once.
const MOST: usize = 1_024;

#[derive(Default)]
pub(super) struct Warmth(HashMap<u64, Warm>);

/// The conversation a request belongs to, as its client names it, or by how it begins.
pub(super) fn conversation(app: &str, asked: &Asked) -> u64 {
    let mut hasher = DefaultHasher::new();
    (app, &asked.model).hash(&mut hasher);
    match &asked.session {
        Some(session) => session.hash(&mut hasher),
        None => beginning(&asked.request, &mut hasher),
    }
    hasher.finish()
}

fn beginning(request: &Request, hasher: &mut DefaultHasher) {
    // Where texts differ at all they do so in their length or at one of their ends.
    let mut note = |text: &str| {
        let bytes = text.as_bytes();
        let (front, back) = (bytes.len().min(HASHED), bytes.len().saturating_sub(HASHED));
        (bytes.len(), bytes.get(..front), bytes.get(back..)).hash(hasher);
    };
    note(request.system.as_deref().unwrap_or_default());
    if let Some(first) = request.messages.first() {
        for part in &first.parts {
            if let domain::Part::Text { text } = part {
                note(text);
            }
        }
    }
}

impl Warmth {
    pub(super) fn of(&self, conversation: u64, now: Timestamp) -> Option<Warm> {
        self.0.get(&conversation).filter(|warm| warm.until > now).cloned()
    }

    /// Remembers who answered, if that has a cache.
    pub(super) fn keep(&mut self, conversation: u64, endpoint: &EndpointId, usage: &Usage, now: Timestamp) {
        let caches = usage.input.cache_read.is_some() || usage.input.cache_write().is_some();
        let Some(prompt) = usage.input.total.filter(|_| caches) else { return };
        if self.0.len() >= MOST {
            self.0.retain(|_, warm| warm.until > now);
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let tokens = prompt.saturating_add(usage.output.total.unwrap_or(0));
        let until = Timestamp(now.0.saturating_add(REMEMBERS));
        self.0.insert(conversation, Warm { endpoint: endpoint.clone(), tokens, until });
    }
}
