//! Searching: whole words first, then, where they do not fill the page, parts of words.

use crate::inner::Inner;
use domain::Failure;
use store::{Find, Found, Hit, Match};

/// Where a page of results begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchFrom {
    /// Whole words or parts.
    pub which: Match,
    /// Behind this place.
    pub before: Option<i64>,
}

/// A page of results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// What was found, each with how.
    pub hits: Vec<(Hit, Match)>,
    /// Where to go on; `None` = that is all.
    pub next: Option<SearchFrom>,
    /// Only the newest messages were looked through for what no index knows.
    pub partial: bool,
}

pub(super) async fn search(
    inner: &Inner,
    wanted: Find,
    from: Option<SearchFrom>,
    limit: u32,
) -> Result<Searched, Failure> {
    let from = from.unwrap_or(SearchFrom { which: Match::Words, before: None });
    let mut page = Searched::default();
    let mut before = from.before;
    if from.which == Match::Words {
        let words = wanted.clone();
        let found = inner.store.read(move |tx| tx.find(&words, Match::Words, before, limit)).await?;
        page.take(found, Match::Words);
        if page.next.is_some() {
            return Ok(page);
        }
        before = None;
    }
    let left = limit.saturating_sub(u32::try_from(page.hits.len()).unwrap_or(u32::MAX));
    if left == 0 {
        page.next = Some(SearchFrom { which: Match::Parts, before });
        return Ok(page);
    }
    let found = inner.store.read(move |tx| tx.find(&wanted, Match::Parts, before, left)).await?;
    page.take(found, Match::Parts);
    Ok(page)
}

impl Searched {
    fn take(&mut self, found: Found, which: Match) {
        self.partial |= found.partial;
        self.next = found.next.map(|place| SearchFrom { which, before: Some(place) });
        self.hits.extend(found.hits.into_iter().map(|hit| (hit, which)));
    }
}

pub(super) async fn finish_index(inner: &Inner) -> Result<(), Failure> {
    // A hundred turns at a time, so that a send waits for none of it.
    while !inner.store.write(|tx| tx.index_backlog()).await? {}
    Ok(())
}
