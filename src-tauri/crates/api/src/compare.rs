//! Answers laid beside each other, blind votes, and the leaderboard made of votes.

use crate::{
    Api, Sink, budget,
    spend::file::{create, not_written},
    types::{
        CastBlind, CompareAll, CompareTwo, ConversationRef, EstimateView, ExportedFile, JudgeTurn,
        JudgementRef, MergeTurn, NoteCell, NoteTurn, TurnRef,
    },
};
use domain::{ErrorKind, Failure, say};
use engine::{
    PromptEstimate,
    beside::{Judge, JudgeWish, Judgement, MergeWish},
    blind::Revealed,
    board::{
        Board, BoardQuery, Cast,
        counter::{SupposeQuery, Supposed},
        preferred,
    },
    differences::{Agreed, Differences},
    frame::TurnView,
};
use serde_json::{Value, json};
use std::{
    future::{Ready, ready},
    io::Write as _,
};

pub(crate) async fn two(api: &Api, wanted: CompareTwo) -> Result<Differences, Failure> {
    api.engine.differences(wanted.left, wanted.right, wanted.ignore_formatting).await
}

pub(crate) async fn all(api: &Api, wanted: CompareAll) -> Result<Agreed, Failure> {
    api.engine.agreed(wanted.runs).await
}

pub(crate) async fn vote(api: &Api, wanted: CastBlind) -> Result<Revealed, Failure> {
    api.engine.vote_blind(wanted.turn, wanted.vote).await
}

pub(crate) async fn note_turn(api: &Api, wanted: NoteTurn) -> Result<(), Failure> {
    api.engine.note_turn(wanted.turn, &wanted.text).await
}

pub(crate) async fn note_cell(api: &Api, wanted: NoteCell) -> Result<(), Failure> {
    api.engine.note_cell(wanted.id, wanted.position, &wanted.text).await
}

pub(crate) async fn reveal(api: &Api, which: TurnRef) -> Result<Revealed, Failure> {
    api.engine.reveal(which.turn).await
}

pub(crate) async fn undo(api: &Api, which: TurnRef) -> Result<TurnView, Failure> {
    api.engine.undo_blind_vote(which.turn).await
}

pub(crate) async fn board(api: &Api, query: BoardQuery) -> Result<Board, Failure> {
    api.engine.board(query).await
}

fn judge_wish(wanted: JudgeTurn) -> JudgeWish {
    JudgeWish { model: wanted.model, rubric: wanted.rubric, findings: wanted.findings }
}

pub(crate) async fn judge_estimate(api: &Api, wanted: JudgeTurn) -> Result<EstimateView, Failure> {
    let turn = wanted.turn;
    estimated(api, api.engine.estimate_judgement(turn, judge_wish(wanted)).await?).await
}

async fn estimated(api: &Api, estimate: PromptEstimate) -> Result<EstimateView, Failure> {
    let budget_name = match &estimate.budget {
        Some(tightest) => Some(budget::name(api, &tightest.scope).await?),
        None => None,
    };
    Ok(EstimateView { estimate, budget_name })
}

pub(crate) async fn judge(api: &Api, wanted: JudgeTurn) -> Result<Judgement, Failure> {
    let turn = wanted.turn;
    api.engine.judge(turn, judge_wish(wanted)).await
}

pub(crate) fn judge_stop(api: &Api, which: TurnRef) -> Ready<Result<(), Failure>> {
    api.engine.stop_judging(which.turn);
    ready(Ok(()))
}

pub(crate) async fn judge_defaults(api: &Api, (): ()) -> Result<Judge, Failure> {
    api.engine.judge_defaults().await
}

pub(crate) async fn judgements(api: &Api, which: ConversationRef) -> Result<Vec<Judgement>, Failure> {
    api.engine.judgements(which.id).await
}

pub(crate) async fn judge_remove(api: &Api, which: JudgementRef) -> Result<(), Failure> {
    api.engine.remove_judgement(which.id).await
}

pub(crate) async fn merge_estimate(api: &Api, wanted: MergeTurn) -> Result<EstimateView, Failure> {
    let MergeTurn { turn, model, how } = wanted;
    estimated(api, api.engine.estimate_merge(turn, MergeWish { model, how }).await?).await
}

pub(crate) async fn merge(api: &Api, wanted: MergeTurn, sink: Sink) -> Result<TurnView, Failure> {
    let MergeTurn { turn, model, how } = wanted;
    api.engine.merge(turn, MergeWish { model, how }, sink).await
}

pub(crate) async fn suppose(api: &Api, query: SupposeQuery) -> Result<Supposed, Failure> {
    api.engine.supposed(query).await
}

/// A vote as one line of a data set.
pub fn cast_object(cast: &Cast) -> Value {
    let answers: Vec<Value> = cast
        .answers
        .iter()
        .enumerate()
        .map(|(place, answer)| {
            json!({
                "model": answer.model,
                "preferred": preferred(cast, place),
                "cost_usd": answer.cost,
                "duration_ms": answer.took,
                "text": answer.text,
            })
        })
        .collect();
    json!({
        "type": "vote",
        "id": cast.vote.id,
        "at_ms": cast.vote.at,
        "blind": cast.vote.blind,
        "outcome": cast.vote.outcome,
        "topic": cast.topic,
        "language": cast.language,
        "tags": cast.tags,
        "conversation": cast.conversation,
        "prompt": cast.prompt,
        "answers": answers,
    })
}

/// Writes every vote that stands into the downloads folder, one object a line.
pub(crate) async fn export(api: &Api, (): ()) -> Result<ExportedFile, Failure> {
    let folder = api.downloads.clone().ok_or_else(|| {
        Failure::new(
            ErrorKind::StoreDenied,
            say!("There is no downloads folder. Use `parallax leaderboard --votes > FILE` instead."),
        )
    })?;
    let casts = api.engine.casts().await?;
    let text: String = casts.iter().map(|cast| format!("{}\n", cast_object(cast))).collect();
    let (mut file, path) = create(&folder, "Parallax votes", "jsonl")?;
    let failed = |error: std::io::Error| not_written(&path, &error);
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(ExportedFile { path: path.display().to_string() })
}
