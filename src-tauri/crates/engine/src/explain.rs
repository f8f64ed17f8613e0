//! A dry run: where a prompt would go now, and why. Nothing is sent and nothing is recorded.

use crate::{
    board::ratings,
    budget,
    inner::Inner,
    policy,
    routing::{self, Wanted},
};
use domain::{
    ConversationId, Endpoint, Failure, Message, ModelRef, Part, Request, Role, Route, RoutingPrefs,
};

/// The plan of a request that is not sent.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Who would be tried, in order, and who is left out, each with reasons.
    pub route: Route,
    /// What the rules say together.
    pub prefs: RoutingPrefs,
    /// The endpoints that the route names.
    pub endpoints: Vec<Endpoint>,
    /// Why nobody could be asked, where that is so.
    pub failure: Option<Failure>,
}

impl Explained {
    /// The endpoint with this id.
    pub fn endpoint(&self, id: &domain::EndpointId) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == *id)
    }
}

pub(crate) async fn explain(
    inner: &Inner,
    model: &ModelRef,
    named: Option<&str>,
    conversation: Option<ConversationId>,
    prompt: &str,
) -> Result<Explained, Failure> {
    let named = named.map(str::to_owned);
    let now = inner.clock.now();
    let (rules, room) = inner
        .store
        .read(move |tx| {
            let rules = policy::rules(tx, policy::of_conversation(tx, conversation)?, named)?;
            Ok((rules, budget::room(tx, now)?))
        })
        .await?;
    let text = Part::Text { text: prompt.to_owned() };
    let request =
        Request { messages: vec![Message { role: Role::User, parts: vec![text] }], ..Request::default() };
    ratings::ready(inner, model).await?;
    let registry = inner.registry();
    let field = routing::field(&registry, model, &request, rules, now)?;
    let wanted = Wanted {
        model,
        request: &request,
        likely: None,
        warm: None,
        seed: 1,
        room: &room,
        conversation,
        told_only: true,
    };
    let (route, left) = routing::plan(inner, &registry, &field, &wanted);
    let failure = left.is_empty().then(|| routing::nowhere(&registry, &field, &route));
    let endpoints = field.endpoints.into_iter().map(|(endpoint, _)| endpoint).collect();
    Ok(Explained { route, prefs: field.rules.prefs, endpoints, failure })
}
