//! Branches of a conversation: other wordings and answers, the best of a turn, one more lane, forks.

use crate::{
    Api, Sink, chat,
    types::{
        AddLane, ContinueFrom, ConversationRef, ConversationSummary, ConversationView, Fork, ForkView, GoTo,
        LaneView, OpenConversation, PickTurn, Picked, RunRef,
    },
};
use domain::Failure;
use engine::{ForkAt, MapTurn, Span, frame::TurnView};

pub(crate) async fn go(api: &Api, wanted: GoTo) -> Result<ConversationView, Failure> {
    api.engine.go_to(wanted.id, wanted.turn).await?;
    let span = Some(Span::Around { turn: wanted.turn });
    chat::open(api, OpenConversation { id: wanted.id, span }).await
}

pub(crate) async fn continue_from(api: &Api, wanted: ContinueFrom) -> Result<Vec<LaneView>, Failure> {
    let lanes = api.engine.continue_from(wanted.id, wanted.message).await?;
    chat::lane_views(api, chat::headless(api, wanted.id, lanes).await?).await
}

pub(crate) async fn map(api: &Api, which: ConversationRef) -> Result<Vec<MapTurn>, Failure> {
    api.engine.map(which.id).await
}

pub(crate) async fn fork(api: &Api, wanted: Fork) -> Result<ForkView, Failure> {
    let at = match wanted.run {
        Some(run) => ForkAt::Answer(run),
        None => ForkAt::Prompt(wanted.turn),
    };
    let forked = api.engine.fork(at).await?;
    Ok(ForkView { conversation: chat::summary(api, forked.conversation).await?, prompt: forked.prompt })
}

pub(crate) async fn duplicate(api: &Api, which: ConversationRef) -> Result<ConversationSummary, Failure> {
    let copy = api.engine.fork(ForkAt::Whole(which.id)).await?;
    chat::summary(api, copy.conversation).await
}

pub(crate) async fn pick(api: &Api, wanted: PickTurn) -> Result<Picked, Failure> {
    Ok(Picked { pick: api.engine.pick(wanted.turn, wanted.choice).await? })
}

pub(crate) async fn show(api: &Api, which: RunRef) -> Result<TurnView, Failure> {
    api.engine.show_answer(which.run).await
}

pub(crate) async fn add_lane(api: &Api, wanted: AddLane, sink: Sink) -> Result<TurnView, Failure> {
    api.engine.add_lane(wanted.turn, wanted.target, sink).await
}
