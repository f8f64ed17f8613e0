//! One press of Send: recorded whole in one transaction, then answered lane by lane.

use crate::{
    abandoned,
    context::{self, At, Shown, Standing},
    files::{self, Asked},
    frame::{Metrics, RunView, TurnView},
    inner::{Inner, Table},
    lane::{self, Job},
    live::{FrameSink, LiveTurn},
    mixer::{LaneMessage, Mix, Mixer, Observer},
    seam, tasks, view, waiting,
};
use domain::{
    ContextPolicy, ConversationId, ErrorKind, Failure, Lane, LaneId, LaneTarget, MessageId, Part, Role,
    RunId, RunState, Saw, TurnId, say,
};
use std::{collections::HashMap, sync::Arc};
use store::{ConversationRow, MessageRow, RunRow, TurnRow, Tx};
use tokio::{sync::mpsc, task::JoinHandle};

/// Longest prompt, in bytes. Larger text belongs in a file.
const PROMPT_LIMIT: usize = 4 * 1024 * 1024;
/// Most lanes of a conversation.
pub const LANE_LIMIT: usize = 16;
/// Decoded but not yet committed messages: enough for bursts, small enough that a slow disk soon slows
/// the provider.
const QUEUE: usize = 256;

/// What to send.
pub struct Ask {
    /// Where; `None` begins a new conversation.
    pub conversation: Option<ConversationId>,
    /// Line-up of a new conversation.
    pub line_up: Vec<LaneTarget>,
    /// The prompt.
    pub prompt: String,
    /// What the lanes are shown.
    pub context: ContextPolicy,
    /// Id of the policy that a new conversation is under from its first request on, beside the usual one;
    /// ignored for an existing one. Error `request.invalid` for an unknown policy.
    pub policy: Option<String>,
}

/// Who is told.
#[derive(Default)]
pub struct Listeners {
    /// A window.
    pub sink: Option<FrameSink>,
    /// A command or test.
    pub observer: Option<Box<dyn Observer>>,
}

/// A turn that is recorded and running.
pub struct Started {
    /// Where.
    pub conversation: ConversationId,
    /// Which.
    pub turn: TurnId,
    /// The turn with its empty runs.
    pub view: TurnView,
    /// Ends when every lane has been settled.
    pub done: JoinHandle<()>,
}

/// What the first transaction wrote.
pub(crate) struct Recorded {
    pub conversation: ConversationId,
    pub turn: TurnRow,
    /// Text of its prompt.
    pub prompt: String,
    /// What its lanes were to be shown.
    pub context: ContextPolicy,
    /// The turns in the same place of the tree, this one among them.
    pub siblings: Vec<TurnId>,
    pub jobs: Vec<Job>,
}

/// Whether budgets hold a request back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Money {
    /// They do.
    WithinBudgets,
    /// Not this once: the user said so. It is recorded.
    OverBudget,
}

impl Recorded {
    pub(crate) fn allow(&mut self, money: Money) {
        self.jobs.iter_mut().for_each(|job| job.over_budget = money == Money::OverBudget);
    }
}

pub(crate) async fn start(
    inner: &Arc<Inner>,
    ask: Asked,
    at: At,
    listeners: Listeners,
    money: Money,
    blind: Option<bool>,
) -> Result<Started, Failure> {
    check(&ask)?;
    let begins = ask.ask.conversation.is_none();
    let mut recorded = record(inner, ask, at, blind).await?;
    recorded.allow(money);
    inner.changed(Table::Conversations);
    let view = first_view(inner, &recorded);
    let started = launch(inner, recorded, view, listeners);
    Ok(if begins { crate::titles::after(inner, started) } else { started })
}

pub(crate) fn check(Asked { ask, files }: &Asked) -> Result<(), Failure> {
    let refuse = |why: domain::Words| Err(Failure::new(ErrorKind::RequestInvalid, why));
    files::check(files)?;
    if ask.prompt.trim().is_empty() && files.is_empty() {
        return refuse(say!("There is nothing to send: write a prompt first."));
    }
    if ask.prompt.len() > PROMPT_LIMIT {
        return refuse(say!("The prompt is longer than 4 MB. Shorten it."));
    }
    if ask.conversation.is_none() && ask.line_up.is_empty() {
        return refuse(say!("No model is chosen: add one to the line-up first."));
    }
    if ask.line_up.len() > LANE_LIMIT {
        return refuse(say!("More than 16 models at once are not supported: remove some from the line-up."));
    }
    Ok(())
}

/// Turn, prompt, user and assistant nodes and runs, in one transaction: a crash from here on loses no
/// prompt.
async fn record(
    inner: &Arc<Inner>,
    Asked { ask, files }: Asked,
    at: At,
    blind: Option<bool>,
) -> Result<Recorded, Failure> {
    let shared = Arc::clone(inner);
    inner
        .store
        .write(move |tx| {
            let now = shared.clock.now();
            let conversation = match ask.conversation {
                Some(id) => crate::history::kept(tx, id)?.id,
                None => begin_conversation(&shared, tx, &ask, &files)?,
            };
            let lanes = addressed(tx, conversation, &at)?;
            let registry = shared.registry();
            let name = |model: &domain::ModelRef| registry.model_name(model);
            let standing = Standing::new(tx, conversation, &ask.context, &at, &name)?;
            let parts = files::content(tx, &files, &ask.prompt)?;
            let prompt = tx.put_content(&parts)?;
            let turn = TurnRow { id: TurnId::new(shared.clock.id()), conversation, prompt, created_at: now };
            // Resolved before the turn stands in the tree, so that it is not a part of what it shows.
            let mut shown = Vec::new();
            for lane in lanes {
                let seen = standing.lane(tx, &lane)?;
                shown.push((lane, seen));
            }
            tx.insert_turn(&turn)?;
            place(tx, &turn, standing.after, &standing.policy)?;
            let shown = crate::blind::begin(&shared, tx, &turn, shown, blind)?;
            let mut jobs = Vec::new();
            for (lane, seen) in shown {
                jobs.push(record_lane(&shared, tx, &turn, &lane, seen, &parts)?);
            }
            tx.touch_conversation(conversation, now)?;
            let siblings = tx.turn_siblings(turn.id)?;
            let prompt = view::plain(&parts);
            Ok(Recorded { conversation, turn, prompt, context: standing.policy.clone(), siblings, jobs })
        })
        .await
}

/// The lanes a prompt goes to.
pub(crate) fn addressed(tx: &Tx<'_>, conversation: ConversationId, at: &At) -> Result<Vec<Lane>, Failure> {
    let refuse = |why| Err(Failure::new(ErrorKind::RequestInvalid, why));
    let mut lanes = tx.lanes(conversation)?;
    if lanes.is_empty() {
        return refuse(say!("No model is chosen: add one to the line-up first."));
    }
    if !at.lanes.is_empty() {
        lanes.retain(|lane| at.lanes.contains(&lane.id));
        if lanes.len() < at.lanes.len() {
            return refuse(say!("A model the prompt is for has left the line-up."));
        }
    }
    Ok(lanes)
}

/// Puts a recorded turn into the tree and onto the screen.
pub(crate) fn place(
    tx: &mut Tx<'_>,
    turn: &TurnRow,
    after: Option<TurnId>,
    policy: &ContextPolicy,
) -> Result<(), Failure> {
    let policy = serde_json::to_string(policy)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("A policy cannot be stored ({error}).")))?;
    tx.link_turn(turn.id, after, Some(&policy))?;
    tx.set_leaf(turn.conversation, Some(turn.id))
}

fn begin_conversation(
    inner: &Inner,
    tx: &mut Tx<'_>,
    ask: &Ask,
    files: &[domain::Attachment],
) -> Result<ConversationId, Failure> {
    let now = inner.clock.now();
    let id = ConversationId::new(inner.clock.id());
    tx.insert_conversation(&ConversationRow {
        id,
        title: match files.first() {
            Some(file) if ask.prompt.trim().is_empty() => title(&file.name),
            _ => title(&ask.prompt),
        },
        created_at: now,
        updated_at: now,
        archived_at: None,
        deleted_at: None,
    })?;
    let lanes: Vec<Lane> = ask
        .line_up
        .iter()
        .zip(0..)
        .map(|(target, position)| Lane {
            id: LaneId::new(inner.clock.id()),
            position,
            target: target.clone(),
            head: None,
        })
        .collect();
    tx.put_lanes(id, &lanes)?;
    if let Some(policy) = &ask.policy {
        crate::policy::one(tx, policy)?;
        tx.set_conversation_policy(id, Some(policy))?;
    }
    for target in &ask.line_up {
        let in_use: Vec<String> = ask.line_up.iter().map(|target| target.model.to_string()).collect();
        tx.assign_mark(&target.model.to_string(), now, &in_use)?;
    }
    Ok(id)
}

/// The user's node and the empty answer of one lane, with its run.
pub(crate) fn record_lane(
    inner: &Inner,
    tx: &mut Tx<'_>,
    turn: &TurnRow,
    lane: &Lane,
    shown: Shown,
    prompt: &[Part],
) -> Result<Job, Failure> {
    if let Some(parent) = shown.parent
        && tx.message(parent)?.is_none_or(|row| row.conversation != turn.conversation)
    {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("Answer {parent} belongs to another conversation.", parent),
        ));
    }
    let user = node(inner, turn, shown.parent, Role::User, None);
    tx.insert_message(&user)?;
    let earlier = shown.earlier.as_ref().map(serde_json::to_string).transpose().map_err(|error| {
        Failure::new(ErrorKind::Bug, format!("What a lane is shown cannot be stored ({error})."))
    })?;
    let (saw, unfinished) = (shown.saw.clone(), shown.unfinished.clone());
    let request = Arc::new(context::request(&lane.target, shown.then(prompt)));
    let row = record_run(inner, tx, turn, lane, &user, saw, None)?;
    if let Some(earlier) = earlier {
        tx.set_run_context(row.id, &earlier)?;
    }
    let conversation = Some(turn.conversation);
    Ok(Job {
        row,
        conversation,
        request,
        after: unfinished,
        over_budget: false,
        kept: None,
        on: None,
        made_of: None,
        settled: None,
        ground: None,
    })
}

/// An empty answer under a user node, and the run that will fill it.
pub(crate) fn record_run(
    inner: &Inner,
    tx: &mut Tx<'_>,
    turn: &TurnRow,
    lane: &Lane,
    user: &MessageRow,
    saw: Saw,
    retry_of: Option<RunId>,
) -> Result<RunRow, Failure> {
    let run = RunId::new(inner.clock.id());
    let empty = tx.put_content(&[])?;
    let mut answer = node(inner, turn, Some(user.id), Role::Assistant, Some(run));
    answer.content = empty;
    tx.insert_message(&answer)?;
    let row = RunRow {
        id: run,
        turn: turn.id,
        lane: lane.id,
        position: lane.position,
        target: lane.target.clone(),
        user_message: user.id,
        message: answer.id,
        process: inner.process,
        state: RunState::Pending,
        saw,
        route: domain::Route::default(),
        retry_of,
        finish_reason: None,
        failure: None,
        notices: Vec::new(),
        started_at: Some(inner.clock.now()),
        ttft: None,
        duration: None,
        usage: None,
    };
    tx.insert_run(&row)?;
    tx.show_run(row.id)?;
    tx.set_lane_head(lane.id, Some(answer.id))?;
    Ok(row)
}

fn node(
    inner: &Inner,
    turn: &TurnRow,
    parent: Option<MessageId>,
    role: Role,
    run: Option<RunId>,
) -> MessageRow {
    MessageRow {
        id: MessageId::new(inner.clock.id()),
        conversation: turn.conversation,
        parent,
        role,
        content: turn.prompt.clone(),
        run,
        created_at: inner.clock.now(),
    }
}

/// The first words of a prompt on one line.
pub(crate) fn title(prompt: &str) -> String {
    let line = prompt.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut title: String = line.chars().take(80).collect();
    if title.len() < line.len() {
        title.push('…');
    }
    title
}

pub(crate) fn first_view(inner: &Inner, recorded: &Recorded) -> TurnView {
    let asked = recorded.jobs.first().and_then(|job| job.request.messages.last());
    TurnView {
        id: recorded.turn.id,
        prompt: recorded.prompt.clone(),
        attachments: asked.map(|message| files::named(&message.parts)).unwrap_or_default(),
        created_at: recorded.turn.created_at,
        seq: 0,
        live: true,
        runs: recorded.jobs.iter().map(|job| empty_run(inner, &job.row, Vec::new())).collect(),
        context: recorded.context.clone(),
        siblings: recorded.siblings.clone(),
        pick: None,
        blind: None,
        note: None,
    }
}

pub(crate) fn empty_run(inner: &Inner, row: &RunRow, earlier: Vec<RunId>) -> RunView {
    RunView {
        id: row.id,
        lane: row.lane,
        position: row.position,
        target: row.target.clone(),
        model_name: inner.registry().model_name(&row.target.model),
        state: RunState::Pending,
        message: row.message,
        saw: view::named(inner, &row.saw),
        route: Vec::new(),
        sections: Vec::new(),
        metrics: Metrics::default(),
        finish_reason: None,
        failure: None,
        notices: Vec::new(),
        earlier,
        later: Vec::new(),
        waiting: None,
        continue_on: Vec::new(),
        made_of: None,
    }
}

pub(crate) fn launch(
    inner: &Arc<Inner>,
    recorded: Recorded,
    view: TurnView,
    listeners: Listeners,
) -> Started {
    let html = listeners.observer.is_none();
    let own: Vec<RunId> = recorded.jobs.iter().map(|job| job.row.id).collect();
    let live = Arc::new(LiveTurn::new(recorded.conversation, view.clone(), &own, listeners.sink));
    inner.live.insert(recorded.turn.id, Arc::clone(&live));
    let done = launch_lanes(inner, recorded.turn.id, live, recorded.jobs, listeners.observer, html);
    Started { conversation: recorded.conversation, turn: recorded.turn.id, view, done }
}

/// One task a lane, one mixer for all of them.
pub(crate) fn launch_lanes(
    inner: &Arc<Inner>,
    turn: TurnId,
    live: Arc<LiveTurn>,
    jobs: Vec<Job>,
    observer: Option<Box<dyn Observer>>,
    html: bool,
) -> JoinHandle<()> {
    let (out, lanes) = mpsc::channel::<LaneMessage>(QUEUE);
    let mut runs = HashMap::new();
    for job in jobs {
        let prompt_tokens = ledger::prompt_estimate(&job.request);
        let mut mix = Mix::new(job.row.position, prompt_tokens);
        if let Some(kept) = &job.kept {
            mix.preload(&seam::events(&kept.draft));
        }
        runs.insert(job.row.id, mix);
        let token = live.token(job.row.id);
        let (inner, out) = (Arc::clone(inner), out.clone());
        tasks::spawn(async move {
            let spare = Job {
                row: job.row.clone(),
                conversation: job.conversation,
                request: Arc::clone(&job.request),
                after: Vec::new(),
                over_budget: job.over_budget,
                kept: job.kept.clone(),
                on: None,
                made_of: None,
                settled: None,
                ground: None,
            };
            let (shared, news) = (Arc::clone(&inner), out.clone());
            let work = Box::pin(async move {
                let job = waiting::for_earlier(&shared, job, &token, &news).await?;
                Box::pin(lane::run(shared, job, token, news)).await;
                Ok(())
            });
            if let Err(failure) = tasks::guarded(work).await.and_then(|worked| worked) {
                abandoned::end(inner, spare, failure, out).await;
            }
        });
    }
    drop(out);
    let mixer = Mixer { inner: Arc::clone(inner), turn, live, observer, html, runs, unsaved: Arc::default() };
    tasks::spawn(mixer.run(lanes))
}
