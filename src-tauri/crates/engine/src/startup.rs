//! Puts right what a crash left: runs of dead processes become `interrupted`, with every character that
//! had been shown, and their attempts are settled in the ledger.

use crate::{
    attempt::{Ended, billed_usage},
    draft::Draft,
    inner::Inner,
    lane,
};
use domain::{ErrorKind, Failure, Outcome, Request, RunState, StreamEvent, UsageSource};
use store::{AttemptRow, RunRow};

/// Recovers the runs of every process that is gone. Returns how many there were.
pub(crate) async fn recover(inner: &Inner) -> Result<u32, Failure> {
    let dead = inner.store.read(|tx| tx.dead_processes()).await?;
    let mut recovered = 0;
    for process in dead {
        let runs = inner.store.read(move |tx| tx.runs_of_process(process)).await?;
        for run in runs {
            recover_run(inner, run).await?;
            recovered += 1;
        }
        settle_orphans(inner, process).await?;
        inner.store.write(move |tx| tx.forget_process(process)).await?;
    }
    Ok(recovered)
}

async fn recover_run(inner: &Inner, mut run: RunRow) -> Result<(), Failure> {
    let id = run.id;
    let turn = run.turn;
    let leaf = run.user_message;
    let (chunks, attempts, conversation, history) = inner
        .store
        .read(move |tx| {
            let conversation = tx.turn(turn)?.map(|turn| turn.conversation);
            Ok((tx.journal(id)?, tx.attempts(id)?, conversation, tx.branch(leaf)?))
        })
        .await?;
    let draft = replay(&chunks);
    let failure = interrupted();
    let request = crate::turn::request(&run.target, &history);
    let open = attempts.into_iter().rfind(|row| row.outcome.is_none());
    let issuer = open.as_ref().map(|row| row.endpoint.to_string()).unwrap_or_default();
    let ended = open.and_then(|row| close_attempt(inner, row, &request, &draft, &failure));
    run.state = RunState::Interrupted;
    run.failure = Some(failure);
    run.finish_reason = draft.finish.as_ref().map(|(reason, _)| *reason);
    run.notices.clone_from(&draft.notices);
    if ended.is_some() {
        let usage = billed_usage(&request, &draft, false);
        run.usage = Some(usage);
    }
    let parts = draft.parts(&issuer);
    let settled = ended.map(|ended| (lane::entry(inner, conversation, &ended), ended.row));
    inner
        .store
        .write(move |tx| {
            let content = tx.put_content(&parts)?;
            tx.set_message_content(run.message, &content)?;
            tx.update_run(&run)?;
            if let Some((entry, attempt)) = &settled {
                tx.finish_attempt(attempt)?;
                tx.settle(entry)?;
            }
            tx.clear_journal(run.id)
        })
        .await
}

/// Attempts whose run had already moved on when the process died.
async fn settle_orphans(inner: &Inner, process: domain::ProcessId) -> Result<(), Failure> {
    let holds = inner.store.read(|tx| tx.holds()).await?;
    for hold in holds.into_iter().filter(|hold| hold.process == process) {
        let attempt = hold.attempt;
        let row = inner.store.read(move |tx| tx.attempt(attempt)).await?;
        let Some(mut row) = row else { continue };
        if row.outcome.is_none() {
            row.outcome = Some(Outcome::Interrupted);
        }
        let cost = row.cost.clone().unwrap_or_else(domain::Cost::unknown);
        let ended = Ended { billed: row.usage.clone(), row, cost, prices: None };
        let entry = lane::entry(inner, None, &ended);
        let row = ended.row;
        inner
            .store
            .write(move |tx| {
                tx.finish_attempt(&row)?;
                tx.settle(&entry).map(|_| ())
            })
            .await?;
    }
    Ok(())
}

/// Folds a journal. A chunk that cannot be read would be our own mistake; what stands before and after
/// it is kept.
pub(crate) fn replay(chunks: &[String]) -> Draft {
    let mut draft = Draft::default();
    for chunk in chunks {
        match serde_json::from_str::<Vec<StreamEvent>>(chunk) {
            Ok(events) => events.iter().for_each(|event| draft.apply(event)),
            Err(error) => tracing::error!(%error, "a journal chunk could not be read"),
        }
    }
    draft
}

/// Closes an attempt that nobody will hear of again. Its bill is estimated from what arrived.
pub(crate) fn close_attempt(
    inner: &Inner,
    mut row: AttemptRow,
    request: &Request,
    draft: &Draft,
    failure: &Failure,
) -> Option<Ended> {
    let registry = inner.registry();
    let wanted = domain::ModelRef { model: row.upstream_model.clone(), provider: Some(row.provider.clone()) };
    let prices = registry.resolve(&wanted).ok()?.into_iter().next().and_then(|endpoint| endpoint.prices);
    let mut usage = billed_usage(request, draft, false);
    usage.source = UsageSource::Estimated;
    let cost = ledger::cost(&usage, prices.as_ref(), row.started_at);
    row.usage.clone_from(&draft.usage);
    row.cost = Some(cost.clone());
    row.outcome = Some(match failure.kind {
        ErrorKind::Interrupted => Outcome::Interrupted,
        _ => Outcome::Failed { failure: failure.clone() },
    });
    Some(Ended { row, billed: Some(usage), cost, prices })
}

pub(crate) fn interrupted() -> Failure {
    Failure::new(
        ErrorKind::Interrupted,
        "Parallax was closed while this answer was being written. Everything you had seen is here; retry to \
         ask again.",
    )
}
