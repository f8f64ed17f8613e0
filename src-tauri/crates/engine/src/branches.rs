//! Moving about in the tree of a conversation: other branches, other answers, the best of a turn, one more
//! lane in a turn. Pointers move; nothing that was said is changed.

use crate::{
    Engine,
    again::{self, recorded_in},
    blind,
    board::ratings,
    context::{self, At, Standing},
    frame::{Pick, TurnView},
    inner::{Inner, Table},
    live::FrameSink,
    turn::{self, LANE_LIMIT, Listeners, Money, Started},
    view,
};
use domain::{
    ConversationId, ErrorKind, Failure, Lane, LaneId, LaneTarget, MessageId, RunId, Timestamp, TurnId,
    VoteId, VoteOutcome, VotedAnswer, say,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{RunRow, Tx, VoteRow};

/// What the user says of the answers of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PickChoice {
    /// This one is the best.
    Best {
        /// Its run.
        run: RunId,
    },
    /// None is better than the others.
    Tie,
    /// None is any good.
    AllBad,
    /// What was said is taken back.
    Nothing,
}

/// A turn in the map of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MapTurn {
    /// Which.
    pub turn: TurnId,
    /// The turn it stands after.
    pub parent: Option<TurnId>,
    /// The beginning of its prompt.
    pub prompt: String,
    /// When it was sent.
    pub created_at: Timestamp,
    /// Answers in it, those that were asked again among them.
    pub answers: u32,
    /// Display name of the model whose answer was picked as the best.
    pub best: Option<String>,
    /// It is on the branch that is on the screen.
    pub on_screen: bool,
}

fn refuse<T>(why: domain::Words) -> Result<T, Failure> {
    Err(Failure::new(ErrorKind::RequestInvalid, why))
}

fn gone() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("This turn is gone."))
}

impl Engine {
    /// [`Engine::start_turn`] at a place of the tree and to some of the lanes.
    pub async fn start_turn_at(
        &self,
        ask: impl Into<crate::Asked>,
        at: At,
        listeners: Listeners,
        money: Money,
    ) -> Result<Started, Failure> {
        turn::start(&self.inner, ask.into(), at, listeners, money, None).await
    }

    /// [`Engine::estimate`] at a place of the tree and to some of the lanes.
    pub async fn estimate_at(
        &self,
        ask: impl Into<crate::Asked>,
        at: At,
    ) -> Result<crate::PromptEstimate, Failure> {
        crate::estimate::estimate(&self.inner, ask.into(), at).await
    }

    /// Says which answer of a turn is the best, seen with the names of the models.
    ///
    /// Error `request.invalid` for an answer that is not in the turn or says nothing, and for a comparison of
    /// fewer than two.
    pub async fn pick(&self, turn: TurnId, choice: PickChoice) -> Result<Option<Pick>, Failure> {
        blind::refuse_turn(&self.inner, turn).await?;
        let (now, id) = (self.inner.clock.now(), VoteId::new(self.inner.clock.id()));
        let pick = self.inner.store.write(move |tx| cast(tx, turn, choice, now, id)).await?;
        ratings::changed(&self.inner);
        if let Some(live) = self.inner.live.get(turn) {
            live.edit(|view| view.pick = pick);
        }
        self.inner.changed(Table::Conversations);
        Ok(pick)
    }

    /// Puts the newest branch through a turn onto the screen; every lane stands where it stood there.
    pub async fn go_to(&self, conversation: ConversationId, turn: TurnId) -> Result<(), Failure> {
        self.inner
            .store
            .write(move |tx| {
                crate::history::kept(tx, conversation)?;
                tx.turn(turn)?.filter(|row| row.conversation == conversation).ok_or_else(gone)?;
                let leaf = tx.newest_below(turn)?;
                tx.set_leaf(conversation, Some(leaf))?;
                stand(tx, conversation, Some(leaf))
            })
            .await?;
        self.inner.changed(Table::Conversations);
        Ok(())
    }

    /// Lets every lane continue from one answer; `None` = each from its own again.
    pub async fn continue_from(
        &self,
        conversation: ConversationId,
        message: Option<MessageId>,
    ) -> Result<Vec<Lane>, Failure> {
        let lanes = self
            .inner
            .store
            .write(move |tx| {
                crate::history::kept(tx, conversation)?;
                let Some(message) = message else {
                    let leaf = tx.leaf(conversation)?;
                    stand(tx, conversation, leaf)?;
                    return tx.lanes(conversation);
                };
                let row = tx.message(message)?.filter(|row| row.conversation == conversation);
                if row.is_none_or(|row| row.run.is_none()) {
                    return refuse(say!("This answer is not in this conversation."));
                }
                for lane in tx.lanes(conversation)? {
                    tx.set_lane_head(lane.id, Some(message))?;
                }
                tx.lanes(conversation)
            })
            .await?;
        self.inner.changed(Table::Conversations);
        Ok(lanes)
    }

    /// Shows another answer of the same lane in the same turn. The lane continues from it, unless it has gone
    /// on to another turn.
    pub async fn show_answer(&self, run: RunId) -> Result<TurnView, Failure> {
        blind::refuse(&self.inner, run).await?;
        let shown = self.show(run).await?;
        blind::shown(&self.inner, shown).await
    }

    async fn show(&self, run: RunId) -> Result<TurnView, Failure> {
        let turn = self
            .inner
            .store
            .write(move |tx| {
                let row = tx.run(run)?.ok_or_else(gone)?;
                let siblings: Vec<RunRow> =
                    tx.runs(row.turn)?.into_iter().filter(|other| other.lane == row.lane).collect();
                if siblings.iter().any(|run| !run.state.is_final()) {
                    return refuse(say!("This lane is still writing. Wait for its answer or stop it."));
                }
                tx.show_run(run)?;
                let head = tx.lane(row.lane)?.and_then(|lane| lane.head);
                if siblings.iter().any(|run| head == Some(run.message)) {
                    tx.set_lane_head(row.lane, Some(row.message))?;
                }
                Ok(row.turn)
            })
            .await?;
        let stored = view::turn(&self.inner, turn).await?;
        let Some(live) = self.inner.live.get(turn) else { return Ok(stored) };
        // Others of the turn may be writing: only this lane's answer is changed.
        Ok(live.edit(|view| {
            let shown = stored.runs.into_iter().find(|shown| shown.id == run);
            let place = shown.as_ref().and_then(|run| view.runs.iter_mut().find(|old| old.lane == run.lane));
            if let Some((old, shown)) = place.zip(shown.clone()) {
                *old = shown;
            }
        }))
    }

    /// Adds a lane to the line-up and asks it the prompt of a turn that others have answered.
    pub async fn add_lane(
        &self,
        turn: TurnId,
        target: LaneTarget,
        sink: FrameSink,
    ) -> Result<TurnView, Failure> {
        blind::refuse_turn(&self.inner, turn).await?;
        let inner = &self.inner;
        let shared = Arc::clone(inner);
        let recorded = inner
            .store
            .write(move |tx| {
                let row = tx.turn(turn)?.ok_or_else(gone)?;
                crate::history::kept(tx, row.conversation)?;
                let lane = append(&shared, tx, row.conversation, target)?;
                let (registry, at) = (shared.registry(), At { lanes: Vec::new(), beside: Some(turn) });
                let name = |model: &domain::ModelRef| registry.model_name(model);
                let standing = Standing::new(tx, row.conversation, &Default::default(), &at, &name)?;
                let shown = standing.lane(tx, &lane)?;
                let prompt = tx.content(&row.prompt)?.unwrap_or_default();
                let job = turn::record_lane(&shared, tx, &row, &lane, shown, &prompt)?;
                tx.touch_conversation(row.conversation, shared.clock.now())?;
                recorded_in(tx, row, job)
            })
            .await?;
        let view = again::revive(inner, recorded, Vec::new(), sink).await?;
        blind::shown(inner, view).await
    }

    /// Every turn of a conversation and how they branch, oldest first.
    pub async fn map(&self, conversation: ConversationId) -> Result<Vec<MapTurn>, Failure> {
        let registry = self.inner.registry();
        self.inner
            .store
            .read(move |tx| {
                let path =
                    tx.leaf(conversation)?.map(|leaf| tx.turn_path(leaf)).transpose()?.unwrap_or_default();
                let mut map = Vec::new();
                for place in tx.turn_tree(conversation)? {
                    let Some(row) = tx.turn(place.turn)? else { continue };
                    let prompt = tx.content(&row.prompt)?.map(|parts| view::plain(&parts));
                    let best = tx.newest_vote(place.turn)?.and_then(|vote| {
                        let best = vote.shown.iter().find(|answer| Some(answer.message) == vote.best)?;
                        let model = domain::ModelRef::parse(&best.model).ok()?;
                        Some(registry.model_name(&model))
                    });
                    map.push(MapTurn {
                        turn: place.turn,
                        parent: place.parent,
                        prompt: turn::title(&prompt.unwrap_or_default()),
                        created_at: row.created_at,
                        answers: u32::try_from(tx.runs(place.turn)?.len()).unwrap_or(u32::MAX),
                        best,
                        on_screen: path.contains(&place.turn),
                    });
                }
                Ok(map)
            })
            .await
    }
}

/// Every lane, also one that has left the line-up, stands where it stood after a turn.
fn stand(tx: &mut Tx<'_>, conversation: ConversationId, leaf: Option<TurnId>) -> Result<(), Failure> {
    for (lane, _) in tx.lanes_ever(conversation)? {
        let head = leaf.map(|leaf| tx.lane_at(lane.id, leaf)).transpose()?.flatten();
        tx.set_lane_head(lane.id, head)?;
    }
    Ok(())
}

/// A new lane to the right of the others.
fn append(
    inner: &Inner,
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    target: LaneTarget,
) -> Result<Lane, Failure> {
    let mut lanes = tx.lanes(conversation)?;
    if lanes.len() >= LANE_LIMIT {
        return refuse(say!("More than 16 models at once are not supported: remove some from the line-up."));
    }
    // Behind the lanes that have left the line-up too: their answers stand in the same turn.
    let places = tx.lanes_ever(conversation)?.into_iter().map(|(lane, _)| lane.position + 1);
    let position = places.max().unwrap_or(0);
    let in_use: Vec<String> = lanes
        .iter()
        .map(|lane| &lane.target)
        .chain([&target])
        .map(|target| target.model.to_string())
        .collect();
    tx.assign_mark(&target.model.to_string(), inner.clock.now(), &in_use)?;
    let lane = Lane { id: LaneId::new(inner.clock.id()), position, target, head: None };
    lanes.push(lane.clone());
    tx.put_lanes(conversation, &lanes)?;
    Ok(lane)
}

fn cast(
    tx: &mut Tx<'_>,
    turn: TurnId,
    choice: PickChoice,
    at: Timestamp,
    id: VoteId,
) -> Result<Option<Pick>, Failure> {
    let row = tx.turn(turn)?.ok_or_else(gone)?;
    crate::history::kept(tx, row.conversation)?;
    let (outcome, best) = match choice {
        PickChoice::Best { run } => (VoteOutcome::Best, Some(run)),
        PickChoice::Tie => (VoteOutcome::Tie, None),
        PickChoice::AllBad => (VoteOutcome::AllBad, None),
        PickChoice::Nothing => {
            tx.withdraw_vote(turn, false, at)?;
            return Ok(tx.newest_vote(turn)?.and_then(|vote| view::pick(&vote)));
        }
    };
    let mut runs = context::shown_runs(tx, turn)?;
    if let Some(best) = best {
        let Some(chosen) = tx.run(best)?.filter(|run| run.turn == turn) else {
            return refuse(say!("This answer is not in this turn."));
        };
        // It may be one that another answer of its lane has taken the place of.
        runs.iter_mut().filter(|run| run.lane == chosen.lane).for_each(|run| *run = chosen.clone());
    }
    let made = crate::beside::made_of_others(tx, turn)?;
    let mut shown = Vec::new();
    for run in runs.into_iter().filter(|run| !made.contains(&run.id)) {
        if context::says_something(tx, &run)? {
            let model = run.target.model.to_string();
            shown.push(VotedAnswer { run: run.id, message: run.message, lane: run.lane, model });
        }
    }
    let best = match best {
        Some(run) => match shown.iter().find(|answer| answer.run == run) {
            Some(answer) => Some(answer.message),
            None => return refuse(say!("This model has not answered yet.")),
        },
        None => None,
    };
    if shown.len() < 2 {
        return refuse(say!("There is nothing to compare: fewer than two models have answered."));
    }
    let vote =
        VoteRow { id, turn, at, blind: false, outcome, best, shown, ranking: None, withdrawn_at: None };
    tx.cast_vote(&vote)?;
    Ok(view::pick(&vote))
}
