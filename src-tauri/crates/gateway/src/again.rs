//! Answers given again: a key that wants it gets the stored answer to an equal request, piece by piece as it
//! came. Equal means the same JSON, in whatever order its properties stand. Requests that come while the first
//! is under way wait for its answer. Kept in memory for five minutes; what failed is never kept.

use crate::body::Answer;
use bytes::Bytes;
use domain::PicoUsd;
use engine::{AppKeyRow, Caller};
use hyper::{HeaderMap, Response};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// How long an answer is given again.
const FRESH: Duration = Duration::from_secs(300);
/// Answers kept.
const MOST: usize = 256;
/// Longest answer that is kept, in bytes, and most of all together.
const LONGEST: usize = 2 * 1024 * 1024;
const ALL: usize = 32 * 1024 * 1024;

type Digest = [u8; 32];

/// What was answered lately.
#[derive(Default)]
pub(crate) struct Answers(Mutex<HashMap<Digest, Entry>>);

enum Entry {
    Going(watch::Receiver<Option<Arc<Kept>>>),
    Kept(Arc<Kept>),
}

/// A whole answer.
pub(crate) struct Kept {
    headers: HeaderMap,
    chunks: Vec<Bytes>,
    /// What it cost the first time.
    pub cost: Option<PicoUsd>,
    bytes: usize,
    /// Who gave it.
    pub model: String,
    at: Duration,
}

/// Takes an answer down while it is given.
pub(crate) struct Recorder {
    answers: Arc<Answers>,
    digest: Digest,
    done: watch::Sender<Option<Arc<Kept>>>,
    headers: HeaderMap,
    model: String,
    chunks: Vec<Bytes>,
    bytes: usize,
}

/// What makes two requests equal: who asks under which rules, in which protocol, and what.
pub(crate) fn digest(caller: &Caller, form: &str, body: &[u8]) -> Option<Digest> {
    let body = wire::serve::canonical(body)?;
    let key = &caller.key;
    Some(AppKeyRow::digest_of(&format!("{}\0{:?}\0{}\0{form}\0{body}", key.id, key.models, caller.rules.id)))
}

impl Answers {
    fn entries(&self) -> MutexGuard<'_, HashMap<Digest, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer there is, or the task of taking one down. Waits for one that is under way.
    pub(crate) async fn find(self: &Arc<Self>, digest: Digest, now: Duration) -> Result<Arc<Kept>, Recorder> {
        loop {
            let mut going = {
                let mut entries = self.entries();
                match entries.get(&digest) {
                    Some(Entry::Kept(kept)) if now.saturating_sub(kept.at) < FRESH => {
                        return Ok(Arc::clone(kept));
                    }
                    Some(Entry::Going(going)) => going.clone(),
                    Some(Entry::Kept(_)) | None => {
                        let (done, going) = watch::channel(None);
                        entries.insert(digest, Entry::Going(going));
                        return Err(Recorder {
                            answers: Arc::clone(self),
                            digest,
                            done,
                            headers: HeaderMap::new(),
                            model: String::new(),
                            chunks: Vec::new(),
                            bytes: 0,
                        });
                    }
                }
            };
            // One that fails, or whose client has gone, leaves nothing: then the next asks.
            if let Ok(kept) = going.wait_for(Option::is_some).await
                && let Some(kept) = kept.as_ref()
            {
                return Ok(Arc::clone(kept));
            }
        }
    }
}

/// Takes out the oldest until one more of so many bytes fits.
fn make_room(entries: &mut HashMap<Digest, Entry>, bytes: usize) {
    let kept = |entry: &(&Digest, &Entry)| match entry {
        (digest, Entry::Kept(kept)) => Some((kept.at, **digest, kept.bytes)),
        (_, Entry::Going(_)) => None,
    };
    let mut all: Vec<(Duration, Digest, usize)> = entries.iter().filter_map(|entry| kept(&entry)).collect();
    all.sort_unstable();
    let mut sum: usize = all.iter().map(|(.., bytes)| bytes).sum();
    for (_, digest, its) in all {
        if entries.len() < MOST && sum.saturating_add(bytes) <= ALL {
            break;
        }
        entries.remove(&digest);
        sum = sum.saturating_sub(its);
    }
}

impl Recorder {
    pub(crate) fn head(&mut self, headers: &HeaderMap, model: &str) {
        self.headers = headers.clone();
        model.clone_into(&mut self.model);
    }

    pub(crate) fn chunk(&mut self, chunk: &Bytes) {
        self.bytes = self.bytes.saturating_add(chunk.len());
        if self.bytes <= LONGEST {
            self.chunks.push(chunk.clone());
        } else {
            self.chunks.clear();
        }
    }

    /// The answer is whole.
    pub(crate) fn keep(&mut self, cost: Option<PicoUsd>, now: Duration) {
        if self.bytes > LONGEST {
            return;
        }
        let kept = Arc::new(Kept {
            headers: std::mem::take(&mut self.headers),
            chunks: std::mem::take(&mut self.chunks),
            cost,
            bytes: self.bytes,
            model: std::mem::take(&mut self.model),
            at: now,
        });
        let mut entries = self.answers.entries();
        entries.retain(|_, entry| match entry {
            Entry::Kept(kept) => now.saturating_sub(kept.at) < FRESH,
            Entry::Going(_) => true,
        });
        make_room(&mut entries, kept.bytes);
        entries.insert(self.digest, Entry::Kept(Arc::clone(&kept)));
        drop(entries);
        self.done.send_replace(Some(kept));
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let mut entries = self.answers.entries();
        if matches!(entries.get(&self.digest), Some(Entry::Going(_))) {
            entries.remove(&self.digest);
        }
    }
}

/// An answer, given again.
pub(crate) fn again(kept: &Kept, now: Duration) -> Response<Answer> {
    let mut response = Response::new(Answer::replay(kept.chunks.clone()));
    *response.headers_mut() = kept.headers.clone();
    let headers = response.headers_mut();
    headers.remove("x-parallax-cost");
    let age = now.saturating_sub(kept.at).as_secs().to_string();
    for (name, value) in [
        ("x-parallax-cache", "hit"),
        ("x-parallax-cache-age", &age),
        ("x-parallax-cost", &PicoUsd::ZERO.to_string()),
    ] {
        crate::reply::set(headers, name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stays_within_its_bounds() {
        let mut entries = HashMap::new();
        let mut put = |n: u16, bytes: usize| {
            make_room(&mut entries, bytes);
            let mut digest = [0; 32];
            digest[..2].copy_from_slice(&n.to_be_bytes());
            let kept = Kept {
                headers: HeaderMap::new(),
                chunks: Vec::new(),
                cost: None,
                bytes,
                model: String::new(),
                at: Duration::from_secs(u64::from(n)),
            };
            entries.insert(digest, Entry::Kept(Arc::new(kept)));
            let sum: usize = entries
                .values()
                .map(|entry| if let Entry::Kept(kept) = entry { kept.bytes } else { 0 })
                .sum();
            assert!(sum <= ALL && entries.len() <= MOST, "{sum} bytes in {}", entries.len());
            (entries.len(), entries.contains_key(&digest))
        };
        for n in 0..40 {
            assert!(put(n, LONGEST).1, "the newest is kept");
        }
        for n in 40..400 {
            assert!(put(n, 10).1);
        }
        assert_eq!(put(400, 10).0, MOST);
    }
}
