//! Answers laid beside each other, blind votes, and the leaderboard made of votes.

use crate::{
    Api,
    spend::file::{create, not_written},
    types::{CastBlind, CompareAll, CompareTwo, ExportedFile, TurnRef},
};
use domain::{ErrorKind, Failure};
use engine::{
    blind::Revealed,
    board::{Board, BoardQuery, Cast, preferred},
    differences::{Agreed, Differences},
    frame::TurnView,
};
use serde_json::{Value, json};
use std::io::Write as _;

pub(crate) async fn two(api: &Api, wanted: CompareTwo) -> Result<Differences, Failure> {
    api.engine.differences(wanted.left, wanted.right, wanted.ignore_formatting).await
}

pub(crate) async fn all(api: &Api, wanted: CompareAll) -> Result<Agreed, Failure> {
    api.engine.agreed(wanted.runs).await
}

pub(crate) async fn vote(api: &Api, wanted: CastBlind) -> Result<Revealed, Failure> {
    api.engine.vote_blind(wanted.turn, wanted.vote).await
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
            "There is no downloads folder. Use `parallax leaderboard --votes > FILE` instead.",
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
