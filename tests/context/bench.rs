//! Four lanes over scripted providers, each with numbers of its own.

use domain::{ContextPolicy, ConversationId, Lane, LaneTarget, ModelRef, Params, RunState, TurnId};
use engine::{
    Ask, At, Engine, Listeners, Money,
    frame::{TurnFrame, TurnView},
};
use parallax_suite::support::{bench::scripted_engine, chat::chat_stream};
use std::{sync::mpsc, time::Duration};
use transport::scripted::{Script, Scripted};

/// Providers, and so lanes, from the left.
pub(crate) const NAMES: [&str; 4] = ["alef", "beth", "gimel", "dalet"];

/// An engine over scripts, on a folder of its own.
pub(crate) struct Bench {
    pub engine: Engine,
    pub scripted: Scripted,
    _folder: tempfile::TempDir,
}

pub(crate) type Frames = mpsc::Receiver<TurnFrame>;

pub(crate) fn sink() -> (engine::FrameSink, Frames) {
    let (out, frames) = mpsc::channel();
    (Box::new(move |frame: &TurnFrame| out.send(frame.clone()).is_ok()), frames)
}

/// Folds frames in until the turn has ended.
pub(crate) fn follow(mut view: TurnView, frames: &Frames) -> TurnView {
    while view.live {
        let frame = frames.recv_timeout(Duration::from_secs(20)).unwrap();
        engine::apply_frame(&mut view, &frame);
    }
    view
}

pub(crate) fn target(name: &str) -> LaneTarget {
    let model = ModelRef::parse(&format!("m-{}@{name}", name.len())).unwrap();
    LaneTarget { model, system: None, params: Params::default(), policy: None }
}

/// The number a lane says in a turn: no other lane or turn has it.
pub(crate) fn number(lane: usize, turn: usize) -> String {
    format!("{}", 700_000 + turn * 1_000 + lane * 111)
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scripted = Scripted::new();
        let engine = scripted_engine(folder.path(), &scripted, &NAMES).await;
        Self { engine, scripted, _folder: folder }
    }

    /// Each lane says this next.
    pub(crate) fn script(&self, name: &str, text: &str) {
        self.scripted.push_for(name, chat_stream(&[text], 9, 4));
    }

    pub(crate) fn scripts(&self, name: &str, script: Script) {
        self.scripted.push_for(name, script);
    }

    /// Starts a turn.
    pub(crate) async fn start(
        &self,
        conversation: Option<ConversationId>,
        prompt: &str,
        context: ContextPolicy,
        at: At,
    ) -> (TurnView, Frames, ConversationId) {
        let (out, frames) = sink();
        let line_up = match conversation {
            None => NAMES.map(target).to_vec(),
            Some(_) => Vec::new(),
        };
        let ask = Ask { conversation, line_up, prompt: prompt.to_owned(), context, policy: None };
        let listeners = Listeners { sink: Some(out), observer: None };
        let started = self.engine.start_turn_at(ask, at, listeners, Money::WithinBudgets).await.unwrap();
        (started.view, frames, started.conversation)
    }

    /// A whole turn in which every lane says its number of that turn.
    pub(crate) async fn turn(
        &self,
        conversation: Option<ConversationId>,
        turn: usize,
        context: ContextPolicy,
        at: At,
    ) -> (TurnView, ConversationId) {
        for (lane, name) in NAMES.iter().enumerate() {
            self.script(name, &format!("My number is {}.", number(lane, turn)));
        }
        let (view, frames, conversation) =
            self.start(conversation, &format!("Question {turn}"), context, at).await;
        let view = follow(view, &frames);
        assert!(view.runs.iter().all(|run| run.state == RunState::Done), "{view:?}");
        NAMES.iter().for_each(|name| self.scripted.forget(name));
        (view, conversation)
    }

    /// The body of the last request to a provider.
    pub(crate) fn sent_to(&self, name: &str) -> String {
        let seen = self.scripted.seen();
        let call = seen.iter().rfind(|seen| seen.to.provider.as_str() == name).unwrap();
        String::from_utf8(call.call.body.clone()).unwrap()
    }

    /// The numbers of earlier turns in the last request to a lane, as (lane, turn).
    pub(crate) fn shown_to(&self, lane: usize, turns: usize) -> Vec<(usize, usize)> {
        let body = self.sent_to(NAMES[lane]);
        let all = (0..turns).flat_map(|turn| (0..NAMES.len()).map(move |other| (other, turn)));
        all.filter(|(other, turn)| body.contains(&number(*other, *turn))).collect()
    }

    pub(crate) async fn lanes(&self, conversation: ConversationId) -> Vec<Lane> {
        self.engine.store().read(move |tx| tx.lanes(conversation)).await.unwrap()
    }

    /// What is shown of a chat in which nothing runs. How many frames its last turn sent is known until its
    /// stream is put away, a little after the last of them; that is no word of the chat.
    pub(crate) async fn shown(&self, conversation: ConversationId) -> Vec<TurnView> {
        let mut turns = self.engine.turns(conversation).await.unwrap();
        assert!(turns.iter().all(|turn| !turn.live), "{turns:?}");
        turns.iter_mut().for_each(|turn| turn.seq = 0);
        turns
    }

    /// The turns on the screen.
    pub(crate) async fn screen(&self, conversation: ConversationId) -> Vec<TurnId> {
        self.engine.turns(conversation).await.unwrap().iter().map(|turn| turn.id).collect()
    }
}
