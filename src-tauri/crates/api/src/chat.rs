//! Conversations and turns.

use crate::{
    Api, Sink, budget, models,
    types::{
        Archive, BlindPace, Cancel, ConversationSummary, ConversationView, EstimateView, LaneView, LineUp,
        OpenConversation, Rename, RunRef, RunText, SendTurn, TurnRef, TurnStarted,
    },
};
use domain::{ConversationId, ErrorKind, Failure, Lane, LaneId, PicoUsd, say};
use engine::{
    Ask, Asked, At, ConversationRow, Filing, LANE_LIMIT, Listeners, Money, Shelf, SpendSum, Started, Table,
    Titled, frame::TurnView,
};
use std::{
    collections::HashSet,
    future::{Ready, ready},
};

/// Sidebar lines read at once.
const MOST_CONVERSATIONS: u32 = 1_000;
const TITLE_LIMIT: usize = 200;

fn gone() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("This conversation is gone."))
}

pub(crate) async fn list(api: &Api, (): ()) -> Result<Vec<ConversationSummary>, Failure> {
    let (rows, spends, filings) = api
        .engine
        .store()
        .read(|tx| {
            let mut rows = tx.conversations(MOST_CONVERSATIONS, Shelf::Listed)?;
            let newest: HashSet<ConversationId> = rows.iter().map(|row| row.id).collect();
            // What was put somewhere is found there, however old it is.
            let filed = tx.filed_conversations(MOST_CONVERSATIONS)?;
            rows.extend(filed.into_iter().filter(|row| !newest.contains(&row.id)));
            let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
            tx.leave_out_hidden();
            Ok((rows, tx.conversation_spends(&ids)?, tx.filings(&ids)?))
        })
        .await?;
    let live = api.engine.live_conversations();
    Ok(rows
        .into_iter()
        .map(|row| {
            let live = live.contains(&row.id);
            let (spend, filing) = (spends.get(&row.id), filings.get(&row.id));
            line(row, filing.cloned().unwrap_or_default(), spend, live)
        })
        .collect())
}

fn line(row: ConversationRow, filing: Filing, spend: Option<&SpendSum>, live: bool) -> ConversationSummary {
    ConversationSummary {
        id: row.id,
        title: row.title,
        updated_at: row.updated_at,
        cost: spend
            .filter(|sum| sum.amount > PicoUsd::ZERO || sum.attempts > sum.unknown)
            .map(|sum| sum.amount),
        cost_incomplete: spend.is_some_and(|sum| sum.unknown > 0),
        live,
        pinned: filing.pinned_at.is_some(),
        folder: filing.folder,
        tags: filing.tags,
    }
}

pub(crate) async fn summary(api: &Api, id: ConversationId) -> Result<ConversationSummary, Failure> {
    let read = move |tx: &engine::Tx<'_>| {
        tx.leave_out_hidden();
        Ok((tx.conversation(id)?, tx.filing(id)?, tx.conversation_spend(id)?))
    };
    let (row, filing, spend) = api.engine.store().read(read).await?;
    let live = api.engine.live_conversations().contains(&id);
    Ok(line(row.ok_or_else(gone)?, filing, Some(&spend), live))
}

pub(crate) async fn open(api: &Api, which: OpenConversation) -> Result<ConversationView, Failure> {
    let id = which.id;
    let count = |turns: usize| u32::try_from(turns).unwrap_or(u32::MAX);
    let (row, lanes, policy) = api
        .engine
        .store()
        .read(move |tx| Ok((tx.conversation(id)?, tx.lanes(id)?, tx.conversation_policy(id)?)))
        .await?;
    let row = row.ok_or_else(gone)?;
    let stretch = api.engine.stretch(id, which.span.unwrap_or_default()).await?;
    Ok(ConversationView {
        policy,
        id,
        title: row.title,
        lanes: lane_views(api, headless(api, id, lanes).await?).await?,
        turns: stretch.turns,
        earlier: count(stretch.earlier),
        later: count(stretch.later),
    })
}

/// While names are hidden, where a lane's branch ends would tell which of the answers is its.
pub(crate) async fn headless(
    api: &Api,
    id: ConversationId,
    mut lanes: Vec<Lane>,
) -> Result<Vec<Lane>, Failure> {
    if api.engine.hides_names(id).await? {
        lanes.iter_mut().for_each(|lane| lane.head = None);
    }
    Ok(lanes)
}

pub(crate) async fn lane_views(api: &Api, lanes: Vec<Lane>) -> Result<Vec<LaneView>, Failure> {
    let marks = models::marks(api).await?;
    let (registry, at) = (api.engine.registry(), api.engine.clock().now());
    Ok(lanes
        .into_iter()
        .map(|lane| LaneView {
            id: lane.id,
            model: models::row_or_name(&registry, &marks, &lane.target.model, at),
            target: lane.target,
            head: lane.head,
        })
        .collect())
}

pub(crate) async fn rename(api: &Api, wanted: Rename) -> Result<ConversationSummary, Failure> {
    let title = wanted.title.trim().to_owned();
    if title.is_empty() || title.chars().count() > TITLE_LIMIT {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("A title has 1 to 200 characters.")));
    }
    let id = wanted.id;
    api.engine.store().write(move |tx| tx.set_conversation_title(id, &title, Titled::User)).await?;
    api.engine.changed(Table::Conversations);
    summary(api, id).await
}

pub(crate) async fn archive(api: &Api, wanted: Archive) -> Result<(), Failure> {
    let at = wanted.archived.then(|| api.engine.clock().now());
    api.engine.store().write(move |tx| tx.set_conversation_archived(wanted.id, at)).await?;
    api.engine.changed(Table::Conversations);
    Ok(())
}

pub(crate) async fn line_up(api: &Api, wanted: LineUp) -> Result<Vec<LaneView>, Failure> {
    if wanted.line_up.is_empty() {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("A line-up has at least one model.")));
    }
    if wanted.line_up.len() > LANE_LIMIT {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("More than 16 models at once are not supported: remove some from the line-up."),
        ));
    }
    let now = api.engine.clock().now();
    let id = wanted.id;
    let fresh: Vec<LaneId> = wanted.line_up.iter().map(|_| LaneId::new(api.engine.clock().id())).collect();
    let lanes = api
        .engine
        .store()
        .write(move |tx| {
            tx.conversation(id)?.ok_or_else(gone)?;
            let present = tx.lanes(id)?;
            let in_use: Vec<String> =
                wanted.line_up.iter().map(|lane| lane.target.model.to_string()).collect();
            let mut lanes = Vec::new();
            for ((lane, fresh), position) in wanted.line_up.iter().zip(fresh).zip(0..) {
                // A lane that had left the line-up comes back with its branch.
                let old = match lane.lane {
                    Some(id) => match present.iter().find(|old| old.id == id) {
                        Some(old) => Some(old.clone()),
                        None => tx.lane(id)?,
                    },
                    None => None,
                };
                tx.assign_mark(&lane.target.model.to_string(), now, &in_use)?;
                lanes.push(Lane {
                    id: old.as_ref().map_or(fresh, |old| old.id),
                    position,
                    target: lane.target.clone(),
                    head: old.and_then(|old| old.head),
                });
            }
            tx.put_lanes(id, &lanes)?;
            Ok(lanes)
        })
        .await?;
    api.engine.changed(Table::Conversations);
    lane_views(api, headless(api, id, lanes).await?).await
}

fn ask(wanted: SendTurn) -> (Asked, At) {
    let SendTurn { conversation, line_up, prompt, attachments, context, policy, lanes, beside, blind: _ } =
        wanted;
    let ask = Ask { conversation, line_up, prompt, context, policy };
    (ask.with_files(attachments), At { lanes, beside })
}

/// What a prompt would cost. Nothing is sent.
pub(crate) async fn estimate(api: &Api, wanted: SendTurn) -> Result<EstimateView, Failure> {
    let (ask, at) = ask(wanted);
    let estimate = api.engine.estimate_at(ask, at).await?;
    let budget_name = match &estimate.budget {
        Some(tightest) => Some(budget::name(api, &tightest.scope).await?),
        None => None,
    };
    Ok(EstimateView { estimate, budget_name })
}

pub(crate) async fn start(api: &Api, wanted: SendTurn, sink: Sink) -> Result<TurnStarted, Failure> {
    send(api, wanted, sink, Money::WithinBudgets).await
}

/// Starts a turn past the budgets that would hold it: once.
pub(crate) async fn start_anyway(api: &Api, wanted: SendTurn, sink: Sink) -> Result<TurnStarted, Failure> {
    send(api, wanted, sink, Money::OverBudget).await
}

async fn send(api: &Api, wanted: SendTurn, sink: Sink, money: Money) -> Result<TurnStarted, Failure> {
    let listeners = Listeners { sink: Some(sink), observer: None };
    let blind = wanted.blind;
    let (ask, at) = ask(wanted);
    let started = match blind {
        Some(pace) => {
            let together = pace == BlindPace::Together;
            api.engine.start_turn_blind(ask, at, listeners, money, together).await?
        }
        None => api.engine.start_turn_at(ask, at, listeners, money).await?,
    };
    began(api, started).await
}

async fn began(api: &Api, started: Started) -> Result<TurnStarted, Failure> {
    let id = started.conversation;
    let turn = started.view;
    // The turn is running: whatever cannot be read now must not make it look unsent.
    let title = turn.prompt.clone();
    let fallback = ConversationSummary {
        id,
        title,
        updated_at: turn.created_at,
        cost: None,
        cost_incomplete: false,
        live: true,
        pinned: false,
        folder: None,
        tags: Vec::new(),
    };
    let lanes = match api.engine.store().read(move |tx| tx.lanes(id)).await {
        Ok(lanes) => match headless(api, id, lanes).await {
            Ok(lanes) => lane_views(api, lanes).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        },
        Err(_) => Vec::new(),
    };
    Ok(TurnStarted { conversation: summary(api, id).await.unwrap_or(fallback), lanes, turn })
}

pub(crate) async fn subscribe(api: &Api, which: TurnRef, sink: Sink) -> Result<TurnView, Failure> {
    api.engine.subscribe(which.turn, sink).await
}

pub(crate) async fn snapshot(api: &Api, which: TurnRef) -> Result<TurnView, Failure> {
    api.engine.snapshot(which.turn).await
}

pub(crate) fn cancel(api: &Api, which: Cancel) -> Ready<Result<(), Failure>> {
    api.engine.cancel(which.turn, which.run);
    ready(Ok(()))
}

pub(crate) async fn retry(api: &Api, which: RunRef, sink: Sink) -> Result<TurnView, Failure> {
    api.engine.retry(which.run, sink).await
}

/// Asks again, past the budget that held the answer: once.
pub(crate) async fn send_anyway(api: &Api, which: RunRef, sink: Sink) -> Result<TurnView, Failure> {
    api.engine.retry_over_budget(which.run, sink).await
}

pub(crate) async fn text(api: &Api, which: RunRef) -> Result<RunText, Failure> {
    Ok(RunText { text: api.engine.text(which.run).await? })
}
