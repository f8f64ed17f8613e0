//! Puts right what a crash left: runs of dead processes become `interrupted`, with every character that
//! had been shown, and their attempts are settled in the ledger.

use crate::{
    attempt::{Attempt, Begun, Ended, Plan, Unsent},
    books::{self, Ending, billed_usage, bounded},
    budget::DEFAULT_OUTPUT_LIMIT,
    draft::Draft,
    inner::{Inner, Table},
    mixer::Settlement,
    tasks,
};
use domain::{
    AttemptId, ConversationId, ErrorKind, Failure, MessageId, Outcome, Part, PriceSheet, ProcessId, Request,
    RunId, RunState, StreamEvent, TurnId, UsageSource, say,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{AttemptRow, EntryRow, HoldRow, Purpose, Tx};

/// Recovers the runs of every process that is gone. Returns how many there were. What cannot be
/// recovered is logged and tried again at the next start; it holds up nothing else.
pub(crate) async fn recover(inner: &Arc<Inner>) -> Result<u32, Failure> {
    let dead = inner.store.read(|tx| tx.dead_processes()).await?;
    let mut recovered = 0;
    for process in dead {
        match recover_process(inner, process).await {
            Ok(runs) => recovered += runs,
            Err(failure) => complain(&failure, "what a process left behind could not be recovered"),
        }
    }
    if let Err(failure) = crate::experiment::uncap_abandoned(inner).await {
        complain(&failure, "the cap of an experiment could not be taken away");
    }
    // A ledger from before there were running sums; a thousand entries at a time, so that a send waits
    // for none of it.
    while !inner.store.write(|tx| tx.roll_up()).await? {}
    // Nobody waits for what is left to tidy up.
    let shared = Arc::clone(inner);
    tasks::spawn(async move {
        if let Err(failure) = crate::history::tidy(&shared).await
            && failure.kind != ErrorKind::Cancelled
        {
            complain(&failure, "the history could not be tidied up");
        }
    });
    Ok(recovered)
}

/// When it is looked again at what other processes are at, after the start: one that was killed a moment before may
/// still be ending, and what it was at stands open until somebody looks. Later at every last of these spans.
const LOOKS: [Duration; 5] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// Recovers what processes leave that end after this one began, as long as others are at work.
pub(crate) fn keep_looking(inner: &Arc<Inner>) {
    let weak = Arc::downgrade(inner);
    tasks::spawn(async move {
        let last = LOOKS.last().into_iter().cycle();
        for span in LOOKS.iter().chain(last) {
            tokio::time::sleep(*span).await;
            let Some(inner) = weak.upgrade() else { return };
            let at_work = inner.store.read(|tx| tx.others_at_work()).await;
            if release(&inner).await {
                inner.changed(Table::Conversations);
                inner.changed(Table::Spend);
            } else if matches!(at_work, Ok(false)) {
                return;
            }
        }
    });
}

/// Begins an attempt. Where a budget refuses it, what processes that died have left in holds is settled first, and
/// it is asked once more: a command that was killed must not hold up a window that stays open.
pub(crate) async fn begun<'a>(inner: &'a Arc<Inner>, plan: impl Fn() -> Plan) -> Result<Begun<'a>, Unsent> {
    match Attempt::begin(inner, plan()).await {
        Err(Unsent::Failed(refused)) if refused.kind == ErrorKind::BillingBudget && release(inner).await => {
            Attempt::begin(inner, plan()).await
        }
        other => other,
    }
}

/// Settles what dead processes left; was there any?
async fn release(inner: &Arc<Inner>) -> bool {
    let dead = match inner.store.read(|tx| tx.dead_processes()).await {
        Ok(dead) => dead,
        Err(failure) => {
            complain(&failure, "whether another process died could not be read");
            return false;
        }
    };
    let mut any = false;
    for process in dead {
        match recover_process(inner, process).await {
            Ok(_) => any = true,
            Err(failure) => complain(&failure, "what a process left behind could not be recovered"),
        }
    }
    any
}

async fn recover_process(inner: &Arc<Inner>, process: ProcessId) -> Result<u32, Failure> {
    let runs = inner.store.read(move |tx| tx.runs_of_process(process)).await;
    let mut recovered = 0;
    let mut first_failure = None;
    let mut note = |failure: Failure, what: &str| {
        complain(&failure, what);
        first_failure.get_or_insert(failure);
    };
    match runs {
        Ok(runs) => {
            for run in runs {
                match recover_run(inner, run, interrupted(), RunState::Interrupted).await {
                    Ok(true) => recovered += 1,
                    Ok(false) => {}
                    Err(failure) => note(failure, "an answer could not be recovered"),
                }
            }
        }
        Err(failure) => note(failure, "the answers of a process could not be read"),
    }
    let holds = inner.store.read(|tx| tx.holds()).await?;
    for hold in holds.into_iter().filter(|hold| hold.process == process) {
        if let Err(failure) = settle_orphan(inner, hold.attempt).await {
            note(failure, "an attempt could not be settled");
        }
    }
    // The process is remembered as long as something of it is open, so that the next start tries again.
    if first_failure.is_none() {
        inner.store.write(move |tx| tx.forget_process(process)).await?;
    }
    Ok(recovered)
}

fn complain(failure: &Failure, what: &str) {
    tracing::error!(kind = failure.kind.as_str(), message = failure.message, "{what}");
}

/// Ends a run nobody works on any more with what its journal holds, in one transaction. `false` = it had
/// ended already, perhaps by another process that started at the same moment.
pub(crate) async fn recover_run(
    inner: &Arc<Inner>,
    run: RunId,
    failure: Failure,
    state: RunState,
) -> Result<bool, Failure> {
    let shared = Arc::clone(inner);
    inner.store.write(move |tx| recover_in(&shared, tx, run, &failure, state)).await
}

/// [`recover_run`] inside a transaction: everything it rests on is read there and nowhere else.
pub(crate) fn recover_in(
    inner: &Inner,
    tx: &mut Tx<'_>,
    run: RunId,
    failure: &Failure,
    state: RunState,
) -> Result<bool, Failure> {
    let Some(mut run) = tx.run(run)? else { return Ok(false) };
    if run.state.is_final() {
        return Ok(false);
    }
    let conversation = conversation_of(tx, run.turn)?;
    let draft = replay(&tx.journal(run.id)?);
    let request = crate::context::request_of(tx, &run)?;
    let attempts = tx.attempts(run.id)?;
    let own = draft.piece(kept(tx, run.message)? + settled(&attempts));
    let open = last_open(inner, tx, conversation, attempts, &request, failure)?;
    let issuer = open.as_ref().map(|row| row.endpoint.to_string()).unwrap_or_default();
    let hold = open.as_ref().map(|row| tx.hold(row.id)).transpose()?.flatten();
    let side = open.as_ref().map(|row| tx.side_call(row.id)).transpose()?.flatten();
    let mut ended = open.map(|row| close_attempt(inner, row, &request, &own, hold.as_ref(), failure));
    if let Some(ended) = &mut ended {
        ended.purpose.kind = side;
    }
    run.state = state;
    run.failure = Some(failure.clone());
    run.finish_reason = draft.finish.as_ref().map(|(reason, _)| *reason);
    run.notices.clone_from(&draft.notices);
    if let Some(ended) = &ended {
        run.usage.clone_from(&ended.billed);
        let entry = books::entry(inner, conversation, ended);
        tx.finish_attempt(&ended.row)?;
        books::book(tx, &entry)?;
    }
    let content = tx.put_content(&draft.parts(&issuer))?;
    tx.set_message_content(run.message, &content)?;
    tx.update_run(&run)?;
    crate::history::settled(tx, run.id)?;
    Ok(true)
}

/// The attempt that was open, as the last of all. Of two that were made beside each other nothing has been shown:
/// the other one is settled here, its prompt may be billed.
fn last_open(
    inner: &Inner,
    tx: &mut Tx<'_>,
    conversation: Option<ConversationId>,
    attempts: Vec<AttemptRow>,
    request: &Request,
    failure: &Failure,
) -> Result<Option<AttemptRow>, Failure> {
    let most = attempts.iter().map(|row| row.n).max().unwrap_or(0);
    let mut open: Vec<AttemptRow> = attempts.into_iter().filter(|row| row.outcome.is_none()).collect();
    let beside = if open.len() > 1 { open.pop() } else { None };
    if let Some(row) = beside {
        let hold = tx.hold(row.id)?;
        let mut ended = close_attempt(inner, row, request, &Draft::default(), hold.as_ref(), failure);
        ended.purpose.kind = Some(store::HEDGE.to_owned());
        let entry = books::entry(inner, conversation, &ended);
        tx.finish_attempt(&ended.row)?;
        books::book(tx, &entry)?;
    }
    let last = open.pop();
    Ok(last.map(|row| AttemptRow { n: if row.n < most { most + 1 } else { row.n }, ..row }))
}

/// Attempts that left a piece of the answer and are settled.
pub(crate) fn settled(attempts: &[AttemptRow]) -> usize {
    attempts.iter().filter(|row| row.outcome.is_some() && row.first_content.is_some()).count()
}

/// Pieces of an answer that stood before its run began: it goes on with another.
fn kept(tx: &Tx<'_>, message: MessageId) -> Result<usize, Failure> {
    let content = tx.message(message)?.map(|row| tx.content(&row.content)).transpose()?.flatten();
    let parts = content.unwrap_or_default();
    let seams = parts.iter().filter(|part| matches!(part, Part::Seam(_))).count();
    Ok(if parts.is_empty() { 0 } else { seams + 1 })
}

fn conversation_of(tx: &Tx<'_>, turn: TurnId) -> Result<Option<ConversationId>, Failure> {
    Ok(tx.turn(turn)?.map(|turn| turn.conversation))
}

/// Settles an attempt whose run had already moved on when the process died.
async fn settle_orphan(inner: &Arc<Inner>, attempt: AttemptId) -> Result<(), Failure> {
    let shared = Arc::clone(inner);
    inner
        .store
        .write(move |tx| {
            if tx.is_settled(attempt)? {
                return Ok(());
            }
            let Some(mut row) = tx.attempt(attempt)? else { return Ok(()) };
            if row.outcome.is_none() {
                row.outcome = Some(Outcome::Interrupted);
            }
            let run = match row.run {
                Some(run) => tx.run(run)?,
                None => None,
            };
            let held = tx.hold(attempt)?.map(|hold| (hold.spender, hold.prices));
            let (spender, prices) = held.map_or((None, None), |(spender, prices)| (Some(spender), prices));
            let conversation = match run {
                Some(run) => conversation_of(tx, run.turn)?,
                None => spender.as_ref().and_then(|spender| spender.conversation),
            };
            let cost = row.cost.clone().unwrap_or_else(domain::Cost::unknown);
            let app = spender.and_then(|spender| spender.app);
            let purpose = Purpose { kind: tx.side_call(attempt)?, app, tag: None };
            let ended = Ended { billed: row.usage.clone(), row, cost, prices, purpose, outgrown: None };
            let entry = books::entry(&shared, conversation, &ended);
            tx.finish_attempt(&ended.row)?;
            books::book(tx, &entry)
        })
        .await
}

/// What a run still has to have written.
#[derive(Clone)]
pub(crate) struct Unsaved {
    pub run: RunId,
    /// Number and text of journal chunks.
    pub journal: Vec<(u32, String)>,
    /// Its end, if it has one.
    pub settle: Option<Settlement>,
}

impl Unsaved {
    pub(crate) fn new(run: RunId) -> Self {
        Self { run, journal: Vec::new(), settle: None }
    }

    pub(crate) fn write(&self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        // With its end all of it is written as the answer, and its journal is done with.
        if let Some(settle) = &self.settle {
            return settle(tx);
        }
        for (seq, chunk) in &self.journal {
            tx.append_journal(self.run, *seq, chunk)?;
        }
        Ok(())
    }

    /// [`Unsaved::write`] some time later, for a run that nobody works on.
    fn rescue(&self, inner: &Inner, tx: &mut Tx<'_>, failure: &Failure) -> Result<(), Failure> {
        if tx.run(self.run)?.is_none_or(|run| run.state.is_final()) {
            return Ok(());
        }
        self.write(tx)?;
        recover_in(inner, tx, self.run, failure, RunState::Failed).map(|_| ())
    }
}

/// First and longest pause between two tries to write what the disk had refused.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Writes the end of runs of this process that could not be written when it came, as soon as the disk
/// takes it again: without it they would seem to run until the next start.
pub(crate) fn salvage(inner: &Arc<Inner>, mut left: Vec<Unsaved>, failure: Failure) {
    if left.is_empty() {
        return;
    }
    let inner = Arc::clone(inner);
    tasks::spawn(async move {
        let (mut pause, longest) = PAUSES;
        while !left.is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
            let mut again = Vec::new();
            for row in left {
                let (shared, unsaved, why) = (Arc::clone(&inner), row.clone(), failure.clone());
                match inner.store.write(move |tx| unsaved.rescue(&shared, tx, &why)).await {
                    Ok(()) => {}
                    Err(other) if other.kind != ErrorKind::Bug => again.push(row),
                    // Not the disk but these rows are at fault: end the run with what is stored.
                    Err(_) if row.settle.is_some() || !row.journal.is_empty() => {
                        again.push(Unsaved::new(row.run));
                    }
                    Err(other) => complain(&other, "an answer could not be ended"),
                }
            }
            left = again;
        }
        inner.changed(Table::Conversations);
        inner.changed(Table::Spend);
    });
}

/// Books an attempt of this process that could not be booked when it ended, as soon as the disk takes it: until then
/// budgets count what was held for it.
pub(crate) fn settle_later(inner: &Arc<Inner>, attempt: AttemptRow, booked: EntryRow) {
    let inner = Arc::clone(inner);
    tasks::spawn(async move {
        let (mut pause, longest) = PAUSES;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
            let (row, entry) = (attempt.clone(), booked.clone());
            let write = inner.store.write(move |tx| {
                tx.finish_attempt(&row)?;
                books::book(tx, &entry)
            });
            match write.await {
                Ok(()) => break,
                Err(other) if other.kind != ErrorKind::Bug => {}
                Err(other) => {
                    complain(&other, "an attempt could not be settled");
                    break;
                }
            }
        }
        inner.changed(Table::Spend);
    });
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

/// Closes an attempt that nobody will hear of again. Its bill is estimated from what arrived, by the prices
/// and within the limit that its hold was reckoned with.
pub(crate) fn close_attempt(
    inner: &Inner,
    mut row: AttemptRow,
    request: &Request,
    draft: &Draft,
    hold: Option<&HoldRow>,
    failure: &Failure,
) -> Ended {
    let prices = match hold {
        Some(hold) if hold.prices.is_some() => hold.prices.clone(),
        _ => prices_today(inner, &row),
    };
    let limit = hold.and_then(|hold| hold.output_limit).map(|limit| books::billable(limit, draft, false));
    let mut usage = billed_usage(request, draft, false, limit);
    usage.source = UsageSource::Estimated;
    let ending = Ending {
        provider: &row.provider,
        model: &row.model,
        prices: prices.as_ref(),
        prompt: ledger::prompt_upper_bound(request),
        limit: limit.unwrap_or(DEFAULT_OUTPUT_LIMIT),
        whole: false,
        several: false,
        at: row.started_at,
    };
    let cost = ledger::cost(&usage, prices.as_ref(), row.started_at);
    let cost = bounded(inner, cost, &ending, draft);
    row.usage.clone_from(&draft.usage);
    row.cost = Some(cost.clone());
    row.outcome = Some(match failure.kind {
        ErrorKind::Interrupted => Outcome::Interrupted,
        _ => Outcome::Failed { failure: failure.clone() },
    });
    Ended { row, billed: Some(usage), cost, prices, purpose: Purpose::default(), outgrown: None }
}

/// For holds of an older version, which do not say.
fn prices_today(inner: &Inner, row: &AttemptRow) -> Option<PriceSheet> {
    let wanted = domain::ModelRef { model: row.upstream_model.clone(), provider: Some(row.provider.clone()) };
    inner.registry().resolve(&wanted).ok()?.into_iter().next().and_then(|endpoint| endpoint.prices)
}

pub(crate) fn interrupted() -> Failure {
    Failure::new(
        ErrorKind::Interrupted,
        say!(
            "Parallax was closed while this answer was being written. Everything you had seen is here; retry to \
         ask again."
        ),
    )
}

/// What was sent for these answers, as far as the database says so: it can be read also where it takes nothing more.
pub(crate) async fn sent(inner: &Inner, runs: Vec<RunId>) -> HashMap<RunId, Vec<AttemptRow>> {
    let read = inner.store.read(move |tx| {
        runs.into_iter().map(|run| Ok((run, tx.attempts(run)?))).collect::<Result<_, Failure>>()
    });
    read.await.unwrap_or_else(|failure| {
        tracing::error!(kind = failure.kind.as_str(), "what was sent could not be read");
        HashMap::new()
    })
}
