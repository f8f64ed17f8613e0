//! Builds what a window shows of the past from the store.

use crate::{
    frame::{Notice, RouteStep, RunView, TurnView},
    inner::Inner,
    present,
    result::{metrics, total_cost},
    seam,
};
use domain::{ConversationId, Cost, ErrorKind, Failure, Outcome, Part, RunId, TurnId};
use store::{AttemptRow, RunRow, TurnRow};

/// One turn: the running view if it runs, else what is stored.
pub(crate) async fn turn(inner: &Inner, id: TurnId) -> Result<TurnView, Failure> {
    let row = inner
        .store
        .read(move |tx| tx.turn(id))
        .await?
        .ok_or_else(|| Failure::new(ErrorKind::RequestInvalid, "This turn is gone."))?;
    stored(inner, row).await
}

/// Every turn of a conversation, oldest first.
pub(crate) async fn turns(inner: &Inner, conversation: ConversationId) -> Result<Vec<TurnView>, Failure> {
    let rows = inner.store.read(move |tx| tx.turns(conversation)).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        views.push(match inner.live.get(row.id) {
            Some(live) => live.view(),
            None => stored(inner, row).await?,
        });
    }
    Ok(views)
}

/// Markdown source of an answer.
pub(crate) async fn text(inner: &Inner, run: RunId) -> Result<String, Failure> {
    let parts = inner
        .store
        .read(move |tx| {
            let message = tx.run(run)?.map(|row| row.message);
            let message = match message {
                Some(message) => tx.message(message)?,
                None => None,
            };
            match message {
                Some(message) => tx.content(&message.content),
                None => Ok(None),
            }
        })
        .await?
        .ok_or_else(|| Failure::new(ErrorKind::RequestInvalid, "This answer is gone."))?;
    Ok(plain(&parts))
}

pub(crate) fn plain(parts: &[Part]) -> String {
    parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { text } | Part::Refusal { text } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// A run with what belongs to it.
struct Rows {
    run: RunRow,
    attempts: Vec<AttemptRow>,
    parts: Vec<Part>,
}

async fn stored(inner: &Inner, turn: TurnRow) -> Result<TurnView, Failure> {
    let id = turn.id;
    let content = turn.prompt.clone();
    let (prompt, rows) = inner
        .store
        .read(move |tx| {
            let prompt = tx.content(&content)?.unwrap_or_default();
            let mut rows = Vec::new();
            for run in tx.runs(id)? {
                let attempts = tx.attempts(run.id)?;
                let message = tx.message(run.message)?;
                let parts = match message {
                    Some(message) => tx.content(&message.content)?.unwrap_or_default(),
                    None => Vec::new(),
                };
                rows.push(Rows { run, attempts, parts });
            }
            Ok((prompt, rows))
        })
        .await?;
    let live = rows.iter().any(|row| !row.run.state.is_final());
    let mut runs: Vec<RunView> = Vec::new();
    // Rows come oldest first within a lane, so the newest answer ends up on top of its elders.
    for row in rows {
        let mut view = run_view(inner, row);
        match runs.iter_mut().find(|run| run.lane == view.lane) {
            Some(older) => {
                view.earlier.append(&mut older.earlier);
                view.earlier.push(older.id);
                *older = view;
            }
            None => runs.push(view),
        }
    }
    runs.sort_by_key(|run| run.position);
    Ok(TurnView { id, prompt: plain(&prompt), created_at: turn.created_at, seq: 0, live, runs })
}

fn run_view(inner: &Inner, rows: Rows) -> RunView {
    let Rows { run, attempts, parts } = rows;
    let costs: Vec<Cost> =
        attempts.iter().map(|row| row.cost.clone().unwrap_or_else(Cost::unknown)).collect();
    let usage = run.usage.clone().unwrap_or_default();
    let broke = run.failure.as_ref().filter(|failure| seam::possible(failure, &run.target, &parts));
    let wrote = seam::wrote(&attempts);
    let continue_on = match broke.zip(wrote) {
        Some((_, wrote)) => seam::offers(&inner.registry(), &run.route, &wrote.endpoint, &wrote.model),
        None => Vec::new(),
    };
    RunView {
        id: run.id,
        lane: run.lane,
        position: run.position,
        model_name: inner.registry().model_name(&run.target.model),
        target: run.target,
        state: run.state,
        saw: run.saw,
        route: attempts.iter().map(|attempt| step(inner, attempt)).collect(),
        sections: present::sections(&parts),
        metrics: metrics(&usage, &total_cost(&costs), run.ttft, run.duration, &attempts),
        finish_reason: run.finish_reason,
        failure: run.failure,
        notices: run.notices.into_iter().map(|(kind, detail)| Notice { kind, detail }).collect(),
        earlier: Vec::new(),
        waiting: None,
        continue_on,
    }
}

fn step(inner: &Inner, attempt: &AttemptRow) -> RouteStep {
    let registry = inner.registry();
    let known = registry.provider(&attempt.provider);
    let failed = match &attempt.outcome {
        Some(Outcome::Failed { failure }) => Some(
            failure
                .upstream
                .as_ref()
                .and_then(|upstream| upstream.status)
                .filter(|status| *status >= 400)
                .map_or_else(|| failure.kind.as_str().to_owned(), |status| status.to_string()),
        ),
        _ => None,
    };
    RouteStep {
        provider: known.map_or_else(|| attempt.provider.to_string(), |known| known.provider.name.clone()),
        upstream_model: attempt.upstream_model.clone(),
        failed,
        local: known.is_some_and(|known| known.provider.local),
        demo: attempt.provider.as_str() == catalog::DEMO,
    }
}
