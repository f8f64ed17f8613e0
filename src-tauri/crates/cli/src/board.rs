//! `parallax leaderboard`: which models the user's own votes prefer, and the votes as a data set.

use crate::{Json, out};
use clap::Args;
use domain::Failure;
use engine::{
    Engine,
    board::{BoardCast, BoardQuery, BoardVerdict},
};
use serde_json::json;
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct BoardArgs {
    /// Only votes cast with the names hidden
    #[arg(long, conflicts_with = "seen")]
    blind: bool,
    /// Only votes cast with the names seen
    #[arg(long)]
    seen: bool,
    /// Only of prompts about this: code, maths, translation, summary, writing, planning, facts, other
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only of prompts in this language, e.g. en
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Only in conversations with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Every vote with its prompt and answers, one JSON object a line, instead of the ratings
    #[arg(long)]
    votes: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(crate) async fn run(engine: &Engine, arguments: BoardArgs) -> Result<ExitCode, Failure> {
    if arguments.votes {
        for cast in engine.casts().await? {
            if !out::object(&api::cast_object(&cast)) {
                break;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let cast = match (arguments.blind, arguments.seen) {
        (true, _) => BoardCast::Blind,
        (_, true) => BoardCast::Seen,
        _ => BoardCast::All,
    };
    let BoardArgs { topic, language, tag, .. } = arguments;
    let query = BoardQuery { cast, topic, language, tag, since: None };
    let board = engine.board(query).await?;
    if arguments.json.json {
        for row in &board.rows {
            let mut line = json!(row);
            line["type"] = json!("model");
            if !out::object(&line) {
                return Ok(ExitCode::SUCCESS);
            }
        }
        out::object(&json!({
            "type": "leaderboard",
            "votes": board.votes,
            "blind": board.blind,
            "verdict": board.verdict,
            "position": board.position,
            "length": board.length,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if board.votes == 0 {
        out::note("No votes. Vote on the answers of a turn in the window; blind is the fairer way.");
        return Ok(ExitCode::SUCCESS);
    }
    for (row, rank) in board.rows.iter().zip(1..) {
        let cost = row.cost.map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"));
        let more = out::line(&format!(
            "{rank:>3}  {:>5}  ({} to {})  {}  {} won, {} lost, {} tied  {cost}",
            row.rating, row.low, row.high, row.name, row.won, row.lost, row.tied
        ));
        if !more {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let words = match board.verdict {
        BoardVerdict::TooFew => "Too few votes to say more.".to_owned(),
        BoardVerdict::Winner { model } => format!("{model} is ahead of all others."),
        BoardVerdict::Open { models, more } => {
            let more = more.map_or_else(
                || "More duels than is worth telling would be needed.".to_owned(),
                |n| format!("About {n} more duels of the first two would tell."),
            );
            format!("Not to be told apart yet: {}. {more}", models.join(", "))
        }
    };
    out::line(&format!("{} votes, {} of them blind. {words}", board.votes, board.blind));
    Ok(ExitCode::SUCCESS)
}
