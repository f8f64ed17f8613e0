//! Another answer in the place of one: asked again, or gone on with where it broke off.

use crate::frame::TurnView;
use crate::{
    beside, context,
    inner::{Inner, Table},
    lane::Job,
    live::FrameSink,
    present,
    seam::{self, Kept},
    startup,
    turn::{Money, Recorded, empty_run, launch_lanes, record_run},
    view,
};
use domain::{EndpointId, ErrorKind, Failure, RunId, say};
use std::sync::Arc;
use store::{AttemptRow, RunRow, TurnRow, Tx};

/// Asks one lane again. The earlier answers stay; the lane continues from the new one unless it has gone
/// on to another turn.
pub(crate) async fn retry(
    inner: &Arc<Inner>,
    run: RunId,
    sink: FrameSink,
    money: Money,
) -> Result<TurnView, Failure> {
    let shared = Arc::clone(inner);
    let (mut recorded, earlier) = inner.store.write(move |tx| record_retry(&shared, tx, run)).await?;
    recorded.allow(money);
    revive(inner, recorded, earlier, sink).await
}

/// Goes on with an answer that broke off, as a new answer that begins with what stands.
pub(crate) async fn go_on(
    inner: &Arc<Inner>,
    run: RunId,
    on: Option<EndpointId>,
    sink: FrameSink,
    money: Money,
) -> Result<TurnView, Failure> {
    let shared = Arc::clone(inner);
    let (mut recorded, earlier) = inner.store.write(move |tx| record_going_on(&shared, tx, run, on)).await?;
    recorded.allow(money);
    revive(inner, recorded, earlier, sink).await
}

/// Starts what was recorded, in its turn.
pub(crate) async fn revive(
    inner: &Arc<Inner>,
    recorded: Recorded,
    earlier: Vec<RunId>,
    sink: FrameSink,
) -> Result<TurnView, Failure> {
    let turn = recorded.turn.id;
    let Some(job) = recorded.jobs.first() else {
        return Err(Failure::new(ErrorKind::Bug, "A retry was recorded without a run."));
    };
    let mut shown = empty_run(inner, &job.row, earlier);
    shown.made_of.clone_from(&job.made_of);
    if let Some(kept) = &job.kept {
        shown.sections = present::sections(&kept.draft.parts(""));
    }
    let mut sink = Some(sink);
    let mut fresh = None;
    let (live, view) = loop {
        let found = inner.live.revive_or_insert(recorded.conversation, turn, &shown, fresh.take(), &mut sink);
        if let Some(found) = found {
            break found;
        }
        let retired = inner.live.retired();
        match view::turn(inner, turn).await {
            Ok(view) => fresh = Some((view, retired)),
            Err(failure) => {
                // It is on disk and will never start.
                startup::salvage(inner, vec![startup::Unsaved::new(shown.id)], failure.clone());
                return Err(failure);
            }
        }
    };
    launch_lanes(inner, turn, live, recorded.jobs, None, true);
    inner.changed(Table::Conversations);
    Ok(view)
}

/// The new run, and the answers of that lane before it, oldest first.
fn record_retry(inner: &Inner, tx: &mut Tx<'_>, run: RunId) -> Result<(Recorded, Vec<RunId>), Failure> {
    let gone = || Failure::new(ErrorKind::RequestInvalid, say!("This answer is gone."));
    let old = tx.run(run)?.ok_or_else(gone)?;
    let elders: Vec<RunRow> = tx.runs(old.turn)?.into_iter().filter(|row| row.lane == old.lane).collect();
    if elders.iter().any(|row| !row.state.is_final()) {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("This answer is still being written. Stop it first."),
        ));
    }
    let turn = tx.turn(old.turn)?.ok_or_else(gone)?;
    crate::history::kept(tx, turn.conversation)?;
    let user = tx.message(old.user_message)?.ok_or_else(gone)?;
    let mut lane = tx.lane(old.lane)?.ok_or_else(gone)?;
    // The answer is asked again of what was asked the first time, whatever the line-up says today.
    lane.target = old.target.clone();
    lane.position = old.position;
    let head = lane.head;
    // Shown what it was shown the first time.
    let context = tx.run_context(old.id)?;
    let row = record_run(inner, tx, &turn, &lane, &user, old.saw.clone(), Some(old.id))?;
    let made_of = beside::remade(tx, old.id, row.id)?;
    if let Some(context) = context {
        tx.set_run_context(row.id, &context)?;
    }
    let request = Arc::new(context::request_of(tx, &row)?);
    let (conversation, on) = (Some(turn.conversation), None);
    let job = Job {
        row,
        conversation,
        request,
        after: Vec::new(),
        over_budget: false,
        kept: None,
        on,
        made_of,
        settled: None,
        ground: None,
    };
    // A lane that has gone on since then stays where it is.
    if !elders.iter().any(|row| head == Some(row.message)) {
        tx.set_lane_head(lane.id, head)?;
    }
    let earlier = elders.iter().map(|row| row.id).collect();
    Ok((recorded_in(tx, turn, job)?, earlier))
}

/// One more run of a turn that was recorded before.
pub(crate) fn recorded_in(tx: &Tx<'_>, turn: TurnRow, job: Job) -> Result<Recorded, Failure> {
    let prompt = tx.content(&turn.prompt)?.map(|parts| view::plain(&parts)).unwrap_or_default();
    let (conversation, context, siblings) = (turn.conversation, Default::default(), Vec::new());
    Ok(Recorded { conversation, turn, prompt, context, siblings, jobs: vec![job] })
}

/// The attempt that wrote the last of what stands. A run that a budget held before it was sent has none: then
/// it is one of the answer it was to go on with.
pub(crate) fn writer(tx: &Tx<'_>, run: &RunRow) -> Result<Option<AttemptRow>, Failure> {
    let mut attempts = tx.attempts(run.id)?;
    let mut before = run.retry_of;
    while let Some(id) = before.filter(|_| attempts.is_empty()) {
        attempts = tx.attempts(id)?;
        before = tx.run(id)?.and_then(|row| row.retry_of);
    }
    Ok(seam::wrote(&attempts).cloned())
}

/// [`record_retry`], with what stands as the beginning of the new answer and of its journal.
fn record_going_on(
    inner: &Inner,
    tx: &mut Tx<'_>,
    run: RunId,
    on: Option<EndpointId>,
) -> Result<(Recorded, Vec<RunId>), Failure> {
    let gone = || Failure::new(ErrorKind::RequestInvalid, say!("This answer is gone."));
    let old = tx.run(run)?.ok_or_else(gone)?;
    let content = tx.message(old.message)?.map(|row| row.content).ok_or_else(gone)?;
    let parts = tx.content(&content)?.unwrap_or_default();
    let failure = old.failure.as_ref().filter(|failure| seam::possible(failure, &old.target, &parts));
    let wrote = writer(tx, &old)?;
    let Some((failure, wrote)) = failure.zip(wrote) else {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("This answer cannot be gone on with. Retry it instead."),
        ));
    };
    let (mut recorded, earlier) = record_retry(inner, tx, run)?;
    let known = inner.registry().provider(&wrote.provider).map(|known| known.provider.name.clone());
    let kept = Kept {
        draft: seam::draft(&parts),
        endpoint: wrote.endpoint,
        model: wrote.model,
        provider: known.unwrap_or_else(|| wrote.provider.to_string()),
        why: seam::why(failure),
    };
    for job in &mut recorded.jobs {
        tx.set_message_content(job.row.message, &content)?;
        let standing = serde_json::to_string(&seam::events(&kept.draft)).map_err(|error| {
            Failure::new(ErrorKind::Bug, format!("What stands could not be written down ({error})."))
        })?;
        tx.append_journal(job.row.id, 1, &standing)?;
        job.kept = Some(kept.clone());
        job.on.clone_from(&on);
    }
    Ok((recorded, earlier))
}
