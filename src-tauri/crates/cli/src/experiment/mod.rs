//! `parallax experiment`.

mod ahead;
mod diff;

use crate::{Json, out};
use ahead::Ahead;
use api::experiment_file::{self, object};
use clap::{Args, Subcommand, ValueEnum};
use domain::{ErrorKind, ExperimentId, Failure, ModelRef, PicoUsd};
use engine::{
    Better, CancellationToken, CellResult, CellState, Ended, Engine, Estimate, ExperimentRow, ExperimentView,
    PromptPair, RunOptions, TRASH_DAYS,
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

#[derive(Subcommand)]
pub(crate) enum ExperimentCommand {
    /// Run a prompt set over several models; a file of promptfoo's form, or an experiment's id to go on
    Run(RunArgs),
    /// Every experiment and how far it is
    List(Json),
    /// One experiment, cell by cell
    Show {
        /// Its id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        json: Json,
    },
    /// Two experiments beside each other: what got worse, and what got better
    Diff {
        /// The earlier one: its id, or the beginning of it
        #[arg(value_name = "BEFORE")]
        before: String,
        /// The later one
        #[arg(value_name = "AFTER")]
        after: String,
        #[command(flatten)]
        json: Json,
    },
    /// Put an experiment away; it can be restored for 30 days, and what it cost stays in the ledger
    Remove {
        /// Its id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Bring a removed experiment back; without an id, list those that can be
    Restore {
        /// Its id, or the beginning of it
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
    /// All cells as a file
    Export {
        /// Its id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// The form
        #[arg(long, value_enum, default_value = "csv")]
        format: Format,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Json,
    Html,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    /// A YAML or JSON file, or the id of an experiment that is not finished
    #[arg(value_name = "FILE|ID")]
    what: String,
    /// The most it may cost, in dollars; it is kept like a hard budget
    #[arg(long, value_name = "DOLLARS")]
    cap: Option<String>,
    /// Cells at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    concurrency: u8,
    /// Ask also what an earlier experiment has answered
    #[arg(long)]
    fresh: bool,
    /// Ask again where no answer came
    #[arg(long)]
    retry_failed: bool,
    /// Ask again what an end of the program cut off, although the provider may have billed it
    #[arg(long)]
    retry_uncertain: bool,
    /// Ask the same of another model, and say what got worse; needs an experiment's id
    #[arg(long, value_name = "MODEL", conflicts_with = "estimate")]
    rerun_on: Option<String>,
    /// The model that judges where an `llm-rubric` of the file names none
    #[arg(long, value_name = "MODEL")]
    judge: Option<String>,
    /// Say what it would send and cost, and send nothing
    #[arg(long)]
    estimate: bool,
    #[command(flatten)]
    json: Json,
}

impl ExperimentCommand {
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Run(arguments) => arguments.json.json,
            Self::List(json) | Self::Show { json, .. } | Self::Diff { json, .. } => json.json,
            Self::Remove { .. } | Self::Restore { .. } | Self::Export { .. } => false,
        }
    }
}

pub(crate) async fn run(engine: &Engine, command: ExperimentCommand) -> Result<ExitCode, Failure> {
    match command {
        ExperimentCommand::Run(arguments) => start(engine, arguments).await,
        ExperimentCommand::List(Json { json }) => list(engine, json).await,
        ExperimentCommand::Show { id, json } => {
            let view = find(engine, &id).await?;
            if json.json {
                engine.read_with_names(view.row.id, None).await?;
            }
            for cell in &view.cells {
                let more = if json.json { out::object(&object(cell)) } else { out::line(&line(cell)) };
                if !more {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            prompts(&view, json.json);
            summary(&view, None, json.json);
            Ok(ExitCode::SUCCESS)
        }
        ExperimentCommand::Diff { before, after, json } => {
            let (before, after) = (find(engine, &before).await?, find(engine, &after).await?);
            diff::tell(&engine.regression(before.row.id, after.row.id).await?, json.json)
        }
        ExperimentCommand::Remove { id } => {
            let row = only(&engine.experiments().await?, &id)?;
            engine.remove_experiment(row.id).await?;
            out::note(&format!(
                "parallax: “{}” is put away for {TRASH_DAYS} days. `parallax experiment restore {}` brings it back.",
                row.title, row.id
            ));
            Ok(ExitCode::SUCCESS)
        }
        ExperimentCommand::Restore { id } => restore(engine, id.as_deref()).await,
        ExperimentCommand::Export { id, format } => {
            let view = find(engine, &id).await?;
            engine.read_with_names(view.row.id, None).await?;
            match format {
                Format::Csv => out::text(&experiment_file::csv(&view)),
                Format::Json => out::text(&experiment_file::json(&view)),
                Format::Html => out::text(&experiment_file::html(&view)),
            };
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn invalid(why: impl Into<String>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

fn dollars(text: &str) -> Result<PicoUsd, Failure> {
    PicoUsd::from_dollars(text.strip_prefix('$').unwrap_or(text))
        .map_err(|bad| invalid(format!("“{text}” is not an amount in dollars: {bad}.")))
}

async fn restore(engine: &Engine, id: Option<&str>) -> Result<ExitCode, Failure> {
    let rows = engine.removed_experiments().await?;
    let Some(id) = id else {
        for row in rows {
            if !out::line(&format!("{}  {}", row.id, row.title)) {
                break;
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    let row = only(&rows, id)?;
    engine.restore_experiment(row.id).await?;
    out::note(&format!("parallax: “{}” is back.", row.title));
    Ok(ExitCode::SUCCESS)
}

/// The experiment whose id begins so.
async fn find(engine: &Engine, id: &str) -> Result<ExperimentView, Failure> {
    let row = only(&engine.experiments().await?, id)?;
    engine.experiment(row.id).await
}

/// The one of these whose id begins so.
fn only(rows: &[ExperimentRow], id: &str) -> Result<ExperimentRow, Failure> {
    let mut found = rows.iter().filter(|row| row.id.to_string().starts_with(id));
    match (found.next(), found.next()) {
        (Some(row), None) => Ok(row.clone()),
        (None, _) => Err(invalid(format!(
            "No experiment's id begins with “{id}”. `parallax experiment list` shows them."
        ))),
        (Some(_), Some(_)) => Err(invalid(format!("More than one experiment's id begins with “{id}”."))),
    }
}

/// No id has a dot or a separator of folders in it: whoever writes one means a file.
fn no_such_file(what: &str) -> Failure {
    invalid(format!("There is no file “{what}” here."))
}

async fn start(engine: &Engine, arguments: RunArgs) -> Result<ExitCode, Failure> {
    let json = arguments.json.json;
    if arguments.judge.is_some() && !PathBuf::from(&arguments.what).is_file() {
        return Err(invalid(
            "--judge needs a file: the checks of an experiment that was begun stay as they are.",
        ));
    }
    let cap = arguments.cap.as_deref().map(dollars).transpose()?;
    let path = PathBuf::from(&arguments.what);
    let id = if path.is_file() {
        let mut suite = api::suite_of_file(&path)?;
        if let Some(judge) = &arguments.judge {
            let judge = ModelRef::parse(judge).map_err(|bad| invalid(format!("{bad}.")))?;
            suite.judged_by(&judge.to_string());
        }
        for unused in &suite.unused {
            out::note(&format!("parallax: “{unused}” of the file is not used."));
        }
        let estimate = engine.estimate_experiment(&suite, arguments.fresh).await?;
        if arguments.estimate || !json {
            tell(&estimate, &arguments);
        }
        if arguments.estimate {
            return Ok(ExitCode::SUCCESS);
        }
        if arguments.rerun_on.is_some() {
            return Err(invalid("--rerun-on needs the id of an experiment, not a file."));
        }
        engine.create_experiment(&suite, cap).await?
    } else if arguments.what.contains(['.', '/', '\\']) {
        return Err(no_such_file(&arguments.what));
    } else if let Some(model) = &arguments.rerun_on {
        let before = find(engine, &arguments.what).await?.row.id;
        let model = ModelRef::parse(model).map_err(|bad| invalid(format!("{bad}.")))?;
        let after = engine.experiment_again(before, model, cap).await?;
        go(engine, after, &arguments).await?;
        return diff::tell(&engine.regression(before, after).await?, json);
    } else {
        let row = only(&engine.experiments().await?, &arguments.what)?;
        if arguments.estimate {
            return Err(invalid("An estimate is made of a file, not of an experiment that was begun."));
        }
        if cap.is_some() {
            engine.cap_experiment(row.id, cap).await?;
        }
        row.id
    };
    go(engine, id, &arguments).await
}

async fn go(engine: &Engine, id: ExperimentId, arguments: &RunArgs) -> Result<ExitCode, Failure> {
    let json = arguments.json.json;
    let pause = CancellationToken::new();
    let options = RunOptions {
        at_once: arguments.concurrency.into(),
        retry_failed: arguments.retry_failed,
        retry_uncertain: arguments.retry_uncertain,
        fresh: arguments.fresh,
        pause: pause.clone(),
    };
    let progress = Ahead::new(engine, id).await?;
    let told = |cell: &CellResult| {
        progress.tell(json);
        if json {
            out::object(&object(cell));
        } else {
            out::line(&line(cell));
        }
    };
    let mut running = Box::pin(engine.run_experiment(id, &options, &told));
    let ended = loop {
        tokio::select! {
            ended = &mut running => break ended?,
            _ = tokio::signal::ctrl_c() => {
                if pause.is_cancelled() {
                    // What was on its way may have been billed, and is told as such.
                    engine.leave();
                } else {
                    pause.cancel();
                    out::note(
                        "parallax: pausing; what is being answered comes to its end. Ctrl C once more stops that too.",
                    );
                }
            }
        }
    };
    let view = engine.experiment_outline(id).await?;
    if json {
        // Each answer has been written out under its model.
        engine.read_with_names(id, None).await?;
    }
    prompts(&view, json);
    summary(&view, Some(ended), json);
    let whole = view.count(CellState::Done) == view.cells.len() && view.passed() == view.cells.len();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn list(engine: &Engine, json: bool) -> Result<ExitCode, Failure> {
    let rows = engine.experiments().await?;
    if rows.is_empty() && !json {
        out::note("No experiments. `parallax experiment run FILE` makes one.");
    }
    for row in rows {
        let view = engine.experiment_outline(row.id).await?;
        if !summary(&view, None, json) {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(estimate: &Estimate, arguments: &RunArgs) {
    let (only, json) = (arguments.estimate, arguments.json.json);
    let lasts = estimate.lasts(arguments.concurrency.into());
    let (low, high) = estimate.cost.map_or((None, None), |(low, high)| (Some(low), Some(high)));
    if json {
        out::object(&json!({
            "type": "estimate", "cells": estimate.cells, "requests": estimate.requests,
            "prompt_tokens": estimate.prompt_tokens, "judged": estimate.judged, "low_usd": low, "high_usd": high,
            "time_ms": lasts,
        }));
        return;
    }
    let cost = match (low, high) {
        (Some(low), Some(high)) => format!("about ${low} to ${high}"),
        _ => "cost unknown".to_owned(),
    };
    let (short, long) = engine::ASSUMED_ANSWER;
    let judged = match estimate.judged {
        0 => String::new(),
        1 => ", 1 call of a judge".to_owned(),
        many => format!(", {many} calls of judges"),
    };
    let time = match lasts {
        Some(time) => format!("about {} s by your own answers of late", time.0.div_ceil(1_000)),
        None => "time unknown: not all of these models have answered you lately".to_owned(),
    };
    let words = format!(
        "{} cells, {} requests{judged}, about {} prompt tokens, {cost} with answers of {short} to {long} tokens; {time}",
        estimate.cells, estimate.requests, estimate.prompt_tokens
    );
    if only {
        out::line(&words);
    } else {
        out::note(&words);
    }
}

/// One cell for a reader.
fn line(cell: &CellResult) -> String {
    let row = &cell.row;
    let found = row.found.as_deref().unwrap_or_default();
    let passed = found.iter().filter(|check| check.passed == Some(true)).count();
    let run = found.iter().filter(|check| check.passed.is_some()).count();
    let state = match row.state {
        CellState::Done if run == 0 => "answered".to_owned(),
        CellState::Done => format!("{passed}/{run}"),
        CellState::Uncertain => "unknown, may have been billed".to_owned(),
        other => other.as_str().to_owned(),
    };
    let vars: Vec<String> = row.vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cost = match cell.cost.as_ref() {
        _ if row.reused => "reused".to_owned(),
        Some(cost) => cost.total.map_or_else(|| "cost unknown".to_owned(), |total| format!("${total}")),
        None => "–".to_owned(),
    };
    let why = found
        .iter()
        .find(|check| check.passed == Some(false))
        .map(|check| format!("  {}: {}", check.name, check.reason));
    let why = why.or_else(|| row.failure.as_ref().map(|failure| format!("  {}", failure.message)));
    format!(
        "{:>5}  {state:<8}  {}  {}  {cost}  {}{}",
        row.position,
        row.label,
        row.prompt,
        vars.join(" "),
        why.unwrap_or_default()
    )
}

/// Its prompts beside each other.
fn prompts(view: &ExperimentView, json: bool) {
    for pair in view.prompt_pairs() {
        let PromptPair { first, second, ahead, behind, even, better } = &pair;
        let (better, more) = match better {
            Better::First => (Some(first), None),
            Better::Second => (Some(second), None),
            Better::Open { more } => (None, *more),
        };
        if json {
            out::object(&json!({
                "type": "prompts", "first": first, "second": second, "ahead": ahead, "behind": behind,
                "even": even, "better": better, "more": more,
            }));
            continue;
        }
        let says = match (better, more) {
            (Some(better), _) => format!("“{better}” is better"),
            (None, Some(more)) => format!("they cannot be told apart yet; about {more} more cases would"),
            (None, None) => "they cannot be told apart".to_owned(),
        };
        out::line(&format!(
            "“{first}” passes more often than “{second}” in {ahead} cases, less in {behind}, as often in {even}: {says}"
        ));
    }
}

/// How an experiment stands; false = nobody reads any more.
fn summary(view: &ExperimentView, ended: Option<Ended>, json: bool) -> bool {
    let all = view.cells.len();
    let (done, failed) = (view.count(CellState::Done), view.count(CellState::Failed));
    let uncertain = view.count(CellState::Uncertain);
    let passed = view.passed();
    let not_passed = view.cells.iter().filter(|cell| cell.row.passed() == Some(false)).count();
    let undecided = done - passed - not_passed;
    let state = match ended {
        Some(Ended::Held) => "held",
        _ if done + failed == all => "complete",
        _ if done + failed + uncertain == all => "uncertain",
        _ => "paused",
    };
    if json {
        return out::object(&json!({
            "type": "experiment",
            "id": view.row.id,
            "title": view.row.title,
            "state": state,
            "cells": all,
            "done": done,
            "passed": passed,
            "not_passed": not_passed,
            "undecided": undecided,
            "failed": failed,
            "uncertain": uncertain,
            "reused": view.cells.iter().filter(|cell| cell.row.reused).count(),
            "cost_usd": view.cost(),
            "cap_usd": view.row.cap,
            "created_at_ms": view.row.created_at,
        }));
    }
    let open = match undecided {
        0 => String::new(),
        n => format!(", {n} with checks that were not run"),
    };
    let cost = view.cost().map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"));
    let perhaps = match uncertain {
        0 => String::new(),
        n => format!(", {n} unknown and perhaps billed (--retry-uncertain asks again)"),
    };
    out::line(&format!(
        "{}  {}: {state}, {done} of {all} answered, {passed} passed{open}, {failed} without an answer{perhaps}, {cost}",
        view.row.id, view.row.title
    ))
}
