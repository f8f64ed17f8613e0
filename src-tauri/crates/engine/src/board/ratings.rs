//! What the user's votes say of models, for a name that leaves the choice to us. Reckoned from the votes when it is
//! first wanted, and anew after a vote.

use crate::{
    board::{self, Cast},
    inner::Inner,
    registry::Registry,
    tasks,
};
use compare::text::topic;
use domain::{Failure, Message, ModelRef, Part, Request, Role};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, atomic::Ordering},
};

/// Votes from which on they say who is best.
const ENOUGH: usize = 10;

/// Who leads by the user's votes, on each topic and on all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ratings {
    all: Option<Leaders>,
    topics: BTreeMap<&'static str, Leaders>,
}

/// The model that leads, and those the votes do not tell from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaders {
    /// As they were asked for, the leader first.
    pub models: Vec<String>,
    /// Votes behind it.
    pub votes: usize,
    /// On which topic; `None` = on all of them.
    pub topic: Option<&'static str>,
}

impl Ratings {
    /// From every vote that stands.
    pub(crate) fn of(casts: &[Cast]) -> Self {
        let lead = |about: Option<&'static str>| {
            let on = casts.iter().filter(|cast| about.is_none_or(|about| cast.topic == about));
            let (models, votes) = board::leaders(on)?;
            (votes >= ENOUGH).then_some(Leaders { models, votes, topic: about })
        };
        let mut topics = BTreeMap::new();
        for cast in casts {
            if !topics.contains_key(cast.topic)
                && let Some(leaders) = lead(Some(cast.topic))
            {
                topics.insert(cast.topic, leaders);
            }
        }
        Self { all: lead(None), topics }
    }

    /// Who leads where such a prompt is asked: on its topic, else on all; `None` = too few votes.
    pub(crate) fn leaders(&self, request: &Request) -> Option<&Leaders> {
        self.topics.get(topic(&asked(request)).name()).or(self.all.as_ref())
    }
}

/// The words of the last prompt.
fn asked(request: &Request) -> String {
    let user = |message: &&Message| message.role == Role::User;
    let parts = request.messages.iter().rev().find(user).map(|message| message.parts.as_slice());
    let text = parts.unwrap_or_default().iter().rev().find_map(|part| match part {
        Part::Text { text } => Some(text.clone()),
        _ => None,
    });
    text.unwrap_or_default()
}

/// Votes have changed.
pub(crate) fn changed(inner: &Inner) {
    inner.rated.store(false, Ordering::Release);
}

/// The name of whoever the votes are for.
pub(crate) const BEST: &str = "auto/best";

/// Before a model is looked for: reckons the ratings where its name asks for them.
pub(crate) async fn ready(inner: &Inner, model: &ModelRef) -> Result<(), Failure> {
    if model.model != BEST || inner.rated.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    let casts = board::casts(inner).await.inspect_err(|_| changed(inner))?;
    let ratings = tasks::aside(move || Ratings::of(&casts)).await.inspect_err(|_| changed(inner))?;
    let mut registry = inner.registry.write().unwrap_or_else(PoisonError::into_inner);
    let mut rated = Registry::clone(&registry);
    rated.ratings = Arc::new(ratings);
    *registry = Arc::new(rated);
    Ok(())
}
