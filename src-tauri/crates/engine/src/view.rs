//! Builds what a window shows of the past from the store.

use crate::{
    again, beside,
    frame::{Notice, Pick, RouteStep, RunView, TurnView},
    inner::Inner,
    lane::OUTRUN,
    present,
    result::{metrics, total_cost},
    seam,
    stretch::Stretch,
};
use domain::{
    ContextPolicy, ConversationId, Cost, ErrorKind, Failure, ModelRef, Outcome, Part, RunId, Saw, TurnId,
    VoteOutcome, say,
};
use std::ops::Range;
use store::{AttemptRow, NoteOn, RunRow, TurnRow, Tx, VoteRow};

/// One turn as it is stored.
pub(crate) async fn turn(inner: &Inner, id: TurnId) -> Result<TurnView, Failure> {
    let gone = || Failure::new(ErrorKind::RequestInvalid, say!("This turn is gone."));
    let stored = inner.store.read(move |tx| read(tx, tx.turn(id)?.ok_or_else(gone)?)).await?;
    Ok(shown(inner, stored))
}

/// Turns of a conversation that are on the screen, oldest first: those at `places` of the branch. All of them in
/// one read.
pub(crate) async fn turns(
    inner: &Inner,
    conversation: ConversationId,
    places: impl FnOnce(&[TurnId]) -> Range<usize> + Send + 'static,
) -> Result<Stretch, Failure> {
    let running: Vec<TurnId> = inner.live.ids(conversation);
    let (rows, earlier, later) = inner
        .store
        .read(move |tx| {
            let path = tx.leaf(conversation)?.map(|leaf| tx.turn_path(leaf)).transpose()?.unwrap_or_default();
            let places = places(&path);
            let (earlier, later) = (places.start, path.len().saturating_sub(places.end));
            let mut rows = Vec::new();
            for id in path.get(places).unwrap_or_default() {
                // A running turn is shown as it runs; it is read all the same, for it may end meanwhile.
                if let Some(row) = tx.turn(*id)? {
                    rows.push(read(tx, row)?);
                }
            }
            Ok((rows, earlier, later))
        })
        .await?;
    let mut turns = Vec::with_capacity(rows.len());
    for stored in rows {
        let id = stored.turn.id;
        turns.push(match inner.live.get(id) {
            Some(live) => live.view(),
            // It ended while it was being read.
            None if running.contains(&id) => turn(inner, id).await?,
            None => shown(inner, stored),
        });
    }
    Ok(Stretch { turns, earlier, later })
}

/// What a turn has beside its answers.
struct Around {
    context: ContextPolicy,
    siblings: Vec<TurnId>,
    pick: Option<Pick>,
    shown: Vec<RunId>,
    note: Option<String>,
}

fn around(tx: &Tx<'_>, turn: TurnId) -> Result<Around, Failure> {
    let context = tx.turn_context(turn)?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(Around {
        context: context.unwrap_or_default(),
        siblings: tx.turn_siblings(turn)?,
        pick: tx.newest_vote(turn)?.and_then(|vote| pick(&vote)),
        shown: tx.shown_runs(turn)?,
        note: tx.note(NoteOn::Turn(turn))?,
    })
}

/// A vote as the bar under a turn shows it.
pub(crate) fn pick(vote: &VoteRow) -> Option<Pick> {
    match vote.outcome {
        VoteOutcome::Tie => Some(Pick::Tie),
        VoteOutcome::AllBad => Some(Pick::AllBad),
        VoteOutcome::Best | VoteOutcome::Rank => {
            let best = vote.shown.iter().find(|answer| Some(answer.message) == vote.best);
            best.map(|answer| Pick::Best { run: answer.run })
        }
    }
}

/// With the models' displayed names.
pub(crate) fn named(inner: &Inner, saw: &Saw) -> Saw {
    let registry = inner.registry();
    let name = |model: &String| match ModelRef::parse(model) {
        Ok(known) => registry.model_name(&known),
        Err(_) => model.clone(),
    };
    match saw {
        Saw::Other { model, turns } => Saw::Other { model: name(model), turns: *turns },
        Saw::Chosen { models, turns } => {
            Saw::Chosen { models: models.iter().map(name).collect(), turns: *turns }
        }
        other => other.clone(),
    }
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
        .ok_or_else(|| Failure::new(ErrorKind::RequestInvalid, say!("This answer is gone.")))?;
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
    /// The attempt that wrote the last of what stands, looked for where the answer failed.
    wrote: Option<AttemptRow>,
    /// What it was made of.
    made_of: Option<beside::MergeView>,
}

/// A turn as it lies in the database.
struct Stored {
    turn: TurnRow,
    prompt: Vec<Part>,
    rows: Vec<Rows>,
    around: Around,
}

fn read(tx: &Tx<'_>, turn: TurnRow) -> Result<Stored, Failure> {
    let prompt = tx.content(&turn.prompt)?.unwrap_or_default();
    let merges = tx.merges(turn.id)?;
    let mut rows = Vec::new();
    for run in tx.runs(turn.id)? {
        let attempts = tx.attempts(run.id)?;
        let message = tx.message(run.message)?;
        let parts = match message {
            Some(message) => tx.content(&message.content)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let wrote = if run.failure.is_some() { again::writer(tx, &run)? } else { None };
        let made_of = merges.iter().find(|row| row.run == run.id).map(beside::merge_view).transpose()?;
        rows.push(Rows { run, attempts, parts, wrote, made_of });
    }
    let around = around(tx, turn.id)?;
    Ok(Stored { turn, prompt, rows, around })
}

fn shown(inner: &Inner, stored: Stored) -> TurnView {
    let Stored { turn, prompt, rows, around } = stored;
    let live = rows.iter().any(|row| !row.run.state.is_final());
    let mut runs: Vec<RunView> = Vec::new();
    // Rows come oldest first within a lane: the newest is shown, unless another was chosen.
    for row in rows {
        let mut view = run_view(inner, row);
        match runs.iter_mut().find(|run| run.lane == view.lane) {
            Some(chosen) if around.shown.contains(&chosen.id) => chosen.later.push(view.id),
            Some(older) => {
                view.earlier.append(&mut older.earlier);
                view.earlier.push(older.id);
                *older = view;
            }
            None => runs.push(view),
        }
    }
    runs.sort_by_key(|run| run.position);
    let Around { context, siblings, pick, note, .. } = around;
    let attachments = crate::files::named(&prompt);
    let (prompt, created_at) = (plain(&prompt), turn.created_at);
    let id = turn.id;
    TurnView {
        id,
        prompt,
        attachments,
        created_at,
        seq: 0,
        live,
        runs,
        context,
        siblings,
        pick,
        blind: None,
        note,
    }
}

fn run_view(inner: &Inner, rows: Rows) -> RunView {
    let Rows { run, attempts, parts, wrote, made_of } = rows;
    let costs: Vec<Cost> =
        attempts.iter().map(|row| row.cost.clone().unwrap_or_else(Cost::unknown)).collect();
    let usage = run.usage.clone().unwrap_or_default();
    let broke = run.failure.as_ref().filter(|failure| seam::possible(failure, &run.target, &parts));
    let continue_on = match broke.zip(wrote) {
        Some((failure, wrote)) => {
            seam::offers(&inner.registry(), &run.route, &wrote.endpoint, &wrote.model, failure.kind)
        }
        None => Vec::new(),
    };
    RunView {
        id: run.id,
        lane: run.lane,
        position: run.position,
        model_name: inner.registry().model_name(&run.target.model),
        target: run.target,
        state: run.state,
        message: run.message,
        saw: named(inner, &run.saw),
        route: (1..).zip(&attempts).map(|(n, attempt)| step(inner, attempt, n == attempts.len())).collect(),
        sections: present::sections(&parts),
        metrics: metrics(&usage, &total_cost(&costs), run.ttft, run.duration, &attempts),
        finish_reason: run.finish_reason,
        failure: run.failure,
        notices: run.notices.into_iter().map(|(kind, detail)| Notice { kind, detail }).collect(),
        earlier: Vec::new(),
        later: Vec::new(),
        waiting: None,
        continue_on,
        made_of,
    }
}

/// `last`: no other attempt follows it.
fn step(inner: &Inner, attempt: &AttemptRow, last: bool) -> RouteStep {
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
        // Only what another one outran was stopped before the last.
        Some(Outcome::Cancelled) if !last => Some(OUTRUN.to_owned()),
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
