//! What is asked beside the answers of a chat: a judge's opinion of them, and one answer made of them.

mod call;
mod judge;
mod merge;
mod types;

pub(crate) use call::{Side, ask, request as side_request};
pub(crate) use judge::{Judging, unread};
pub use merge::{MergeHow, MergeView, MergeWish};
pub(crate) use merge::{
    messages_of as merged_messages, remade, request_of as merged_request, view as merge_view,
};

pub use types::{
    Decision, FindingView, FindingWord, Judge, JudgeWish, Judged, JudgedAnswer, Judgement, JudgementStanding,
    QuoteView, Rule,
};

use crate::{Engine, FrameSink, PromptEstimate, blind, estimate, frame::TurnView, view};
use domain::{ConversationId, ErrorKind, Failure, JudgementId, ModelRef, Part, RunId, TurnId, say};
use std::{collections::BTreeSet, sync::Arc};
use store::{RunRow, Tx};

/// Most answers that are judged or merged at once.
const MOST: usize = 16;
/// Most bytes of them together. Longer ones are refused, not cut.
const LONGEST: usize = 1024 * 1024;
/// Most earlier prompts that a judge is shown.
const EARLIER: usize = 10;

impl Engine {
    /// What a judge's calls would cost. Nothing is sent.
    pub async fn estimate_judgement(&self, turn: TurnId, wish: JudgeWish) -> Result<PromptEstimate, Failure> {
        let ready = judge::ready(&self.inner, turn, &wish).await?;
        let calls = ready.prompts().map(|prompt| (wish.model.clone(), prompt)).collect();
        let conversation = Some(ready.gathered.conversation);
        estimate::of_calls(&self.inner, conversation, calls).await
    }

    /// Asks a judge for its opinion of the answers of a turn, without their models' names, in both orders. Ends when
    /// the judge has; it goes on when nobody waits for it.
    ///
    /// Error `request.invalid` for fewer than two answers, for hidden names, and while a judge is at this turn.
    pub async fn judge(&self, turn: TurnId, wish: JudgeWish) -> Result<Judgement, Failure> {
        judge::judge(&self.inner, turn, wish).await
    }

    /// Stops the judge that is at a turn; what it has cost is booked.
    pub fn stop_judging(&self, turn: TurnId) {
        self.inner.judging.stop(turn);
    }

    /// Every judgement of a conversation, oldest first.
    pub async fn judgements(&self, conversation: ConversationId) -> Result<Vec<Judgement>, Failure> {
        judge::list(&self.inner, conversation).await
    }

    /// The judge and rubric that were used last, and the rubric to begin with.
    pub async fn judge_defaults(&self) -> Result<Judge, Failure> {
        judge::defaults(&self.inner).await
    }

    /// Removes a judgement. What it cost stays booked.
    pub async fn remove_judgement(&self, id: JudgementId) -> Result<(), Failure> {
        judge::remove(&self.inner, id).await
    }

    /// What making one answer of those of a turn would cost. Nothing is sent.
    pub async fn estimate_merge(&self, turn: TurnId, wish: MergeWish) -> Result<PromptEstimate, Failure> {
        let (conversation, request) = merge::estimated(&self.inner, turn, &wish).await?;
        estimate::of_requests(&self.inner, conversation, vec![request]).await
    }

    /// Makes one answer of those of a turn, in a lane of its own that stands beside the line-up.
    ///
    /// Error `request.invalid` for fewer than two answers, for hidden names, and for a wish that says nothing.
    pub async fn merge(&self, turn: TurnId, wish: MergeWish, sink: FrameSink) -> Result<TurnView, Failure> {
        merge::merge(&self.inner, turn, wish, sink).await
    }
}

fn invalid(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

/// The answers of a turn as they are shown to a judge.
struct Gathered {
    conversation: ConversationId,
    prompt: String,
    files: usize,
    /// Prompts before it, oldest first.
    before: Vec<String>,
    runs: Vec<RunRow>,
    /// Of each run its text.
    texts: Vec<String>,
    models: Vec<ModelRef>,
    /// The models that wrote them, where another was asked for.
    served: Vec<String>,
}

impl Gathered {
    fn asked(&self) -> compare::judge::Asked<'_> {
        compare::judge::Asked { before: &self.before, prompt: &self.prompt, files: self.files }
    }

    /// The texts without names that tell who speaks.
    fn masked(&self, inner: &crate::inner::Inner) -> Vec<String> {
        let names = blind::names(inner, &self.models, &self.served);
        self.texts.iter().map(|text| blind::masked(&names, text)).collect()
    }
}

/// The finished answers of a turn that are on the screen and were not made of others.
async fn gather(inner: &Arc<crate::inner::Inner>, turn: TurnId) -> Result<Gathered, Failure> {
    blind::refuse_turn(inner, turn).await?;
    let gathered = inner.store.read(move |tx| gather_in(tx, turn)).await?;
    if gathered.runs.len() < 2 {
        return Err(invalid(say!("There is nothing to compare: fewer than two models have answered.")));
    }
    if gathered.runs.len() > MOST {
        return Err(invalid(say!("More than 16 answers at once are not supported.")));
    }
    if gathered.texts.iter().map(String::len).sum::<usize>() > LONGEST {
        return Err(invalid(say!(
            "These answers are longer than 1 MB together, which is more than is sent at once."
        )));
    }
    Ok(gathered)
}

fn gather_in(tx: &Tx<'_>, turn: TurnId) -> Result<Gathered, Failure> {
    let row = tx.turn(turn)?.ok_or_else(|| invalid(say!("This turn is gone.")))?;
    let parts = tx.content(&row.prompt)?.unwrap_or_default();
    let mut before = Vec::new();
    for earlier in tx.turn_path(turn)?.into_iter().filter(|earlier| *earlier != turn) {
        let prompt = tx.turn(earlier)?.map(|row| tx.content(&row.prompt)).transpose()?.flatten();
        before.push(prompt.map(|parts| view::plain(&parts)).unwrap_or_default());
    }
    let before = before.split_off(before.len().saturating_sub(EARLIER));
    let made = made_of_others(tx, turn)?;
    let (mut runs, mut texts, mut served) = (Vec::new(), Vec::new(), Vec::new());
    for run in crate::context::shown_runs(tx, turn)? {
        if made.contains(&run.id) || run.state != domain::RunState::Done {
            continue;
        }
        let content = tx.message(run.message)?.map(|message| tx.content(&message.content)).transpose()?;
        let text = content.flatten().map(|parts| view::plain(&parts)).unwrap_or_default();
        if !text.trim().is_empty() {
            served.extend(blind::served(tx, run.id)?);
            runs.push(run);
            texts.push(text);
        }
    }
    Ok(Gathered {
        conversation: row.conversation,
        prompt: view::plain(&parts),
        files: parts.iter().filter(|part| matches!(part, Part::Image { .. } | Part::File { .. })).count(),
        before,
        models: runs.iter().map(|run| run.target.model.clone()).collect(),
        served,
        runs,
        texts,
    })
}

/// Runs of a turn that were made of others: they are in no vote.
pub(crate) fn made_of_others(tx: &Tx<'_>, turn: TurnId) -> Result<BTreeSet<RunId>, Failure> {
    Ok(tx.merges(turn)?.into_iter().map(|row| row.run).collect())
}
