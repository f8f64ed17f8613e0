//! `parallax experiment`.

mod export;

use crate::{Json, out};
use clap::{Args, Subcommand, ValueEnum};
use domain::{ErrorKind, ExperimentId, Failure, PicoUsd};
use engine::{
    CancellationToken, CellResult, CellState, Ended, Engine, Estimate, ExperimentView, RunOptions, Suite,
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

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
            Self::List(json) | Self::Show { json, .. } => json.json,
            Self::Export { .. } => false,
        }
    }
}

pub(crate) async fn run(engine: &Engine, command: ExperimentCommand) -> Result<ExitCode, Failure> {
    match command {
        ExperimentCommand::Run(arguments) => start(engine, arguments).await,
        ExperimentCommand::List(Json { json }) => list(engine, json).await,
        ExperimentCommand::Show { id, json } => {
            let view = find(engine, &id).await?;
            for cell in &view.cells {
                let more = if json.json { out::object(&object(cell)) } else { out::line(&line(cell)) };
                if !more {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            summary(&view, None, json.json);
            Ok(ExitCode::SUCCESS)
        }
        ExperimentCommand::Export { id, format } => {
            let view = find(engine, &id).await?;
            match format {
                Format::Csv => export::csv(&view),
                Format::Json => export::json(&view),
                Format::Html => export::html(&view),
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

/// The experiment whose id begins so.
async fn find(engine: &Engine, id: &str) -> Result<ExperimentView, Failure> {
    let rows = engine.experiments().await?;
    let mut found = rows.into_iter().filter(|row| row.id.to_string().starts_with(id));
    match (found.next(), found.next()) {
        (Some(row), None) => engine.experiment(row.id).await,
        (None, _) => Err(invalid(format!(
            "No experiment's id begins with “{id}”. `parallax experiment list` shows them."
        ))),
        (Some(_), Some(_)) => Err(invalid(format!("More than one experiment's id begins with “{id}”."))),
    }
}

/// A suite with the files it names, which are looked for beside it.
fn suite(path: &Path) -> Result<Suite, Failure> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("it cannot be read ({error})"));
    let text = read(path).map_err(|why| invalid(format!("{}: {why}.", path.display())))?;
    let beside = path.parent().unwrap_or_else(|| Path::new(""));
    let load = |name: &str| read(&beside.join(name));
    let mut suite = engine::suite_from_yaml(&text, &load)
        .map_err(|bad| invalid(format!("{}: {bad}.", path.display())))?;
    if suite.title.trim().is_empty() {
        suite.title = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    }
    Ok(suite)
}

async fn start(engine: &Engine, arguments: RunArgs) -> Result<ExitCode, Failure> {
    let json = arguments.json.json;
    let cap = arguments.cap.as_deref().map(dollars).transpose()?;
    let path = PathBuf::from(&arguments.what);
    let id = if path.is_file() {
        let suite = suite(&path)?;
        for unused in &suite.unused {
            out::note(&format!("parallax: “{unused}” of the file is not used."));
        }
        let estimate = engine.estimate_experiment(&suite, arguments.fresh).await?;
        if arguments.estimate || !json {
            tell(&estimate, arguments.estimate, json);
        }
        if arguments.estimate {
            return Ok(ExitCode::SUCCESS);
        }
        engine.create_experiment(&suite, cap).await?
    } else {
        let view = find(engine, &arguments.what).await?;
        if arguments.estimate {
            return Err(invalid("An estimate is made of a file, not of an experiment that was begun."));
        }
        if cap.is_some() {
            engine.cap_experiment(view.row.id, cap).await?;
        }
        view.row.id
    };
    go(engine, id, &arguments).await
}

async fn go(engine: &Engine, id: ExperimentId, arguments: &RunArgs) -> Result<ExitCode, Failure> {
    let json = arguments.json.json;
    let pause = CancellationToken::new();
    let options = RunOptions {
        at_once: arguments.concurrency.into(),
        retry_failed: arguments.retry_failed,
        fresh: arguments.fresh,
        pause: pause.clone(),
    };
    let told = |cell: &CellResult| {
        if json {
            out::object(&object(cell));
        } else {
            out::line(&line(cell));
        }
    };
    let mut running = Box::pin(engine.run_experiment(id, &options, &told));
    let ended = tokio::select! {
        ended = &mut running => ended,
        _ = tokio::signal::ctrl_c() => {
            out::note("parallax: pausing; what is being answered comes to its end.");
            pause.cancel();
            running.await
        }
    }?;
    let view = engine.experiment(id).await?;
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
        let view = engine.experiment(row.id).await?;
        if !summary(&view, None, json) {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(estimate: &Estimate, only: bool, json: bool) {
    let (low, high) = estimate.cost.map_or((None, None), |(low, high)| (Some(low), Some(high)));
    if json {
        out::object(&json!({
            "type": "estimate", "cells": estimate.cells, "requests": estimate.requests,
            "prompt_tokens": estimate.prompt_tokens, "low_usd": low, "high_usd": high,
        }));
        return;
    }
    let cost = match (low, high) {
        (Some(low), Some(high)) => format!("about ${low} to ${high}"),
        _ => "cost unknown".to_owned(),
    };
    let (short, long) = engine::ASSUMED_ANSWER;
    let words = format!(
        "{} cells, {} requests, about {} prompt tokens, {cost} with answers of {short} to {long} tokens",
        estimate.cells, estimate.requests, estimate.prompt_tokens
    );
    if only {
        out::line(&words);
    } else {
        out::note(&words);
    }
}

/// One cell for a program.
fn object(cell: &CellResult) -> Value {
    let row = &cell.row;
    let checks: Vec<Value> = row.found.iter().flatten().map(|found| json!(found)).collect();
    let paid = cell.cost.as_ref().map(|cost| json!({ "usd": cost.total, "basis": cost.basis }));
    json!({
        "type": "cell",
        "experiment": row.experiment,
        "cell": row.cell,
        "position": row.position,
        "prompt": row.prompt,
        "model": row.target.model.to_string(),
        "label": row.label,
        "vars": row.vars,
        "sample": row.sample,
        "state": row.state.as_str(),
        "passed": row.passed(),
        "checks": checks,
        "cost": paid,
        "reused": row.reused,
        "text": cell.text,
        "duration_ms": cell.took,
        "run": row.run,
        "kind": row.failure.as_ref().map(|failure| failure.kind.as_str()),
        "message": row.failure.as_ref().map(|failure| &failure.message),
    })
}

/// One cell for a reader.
fn line(cell: &CellResult) -> String {
    let row = &cell.row;
    let found = row.found.as_deref().unwrap_or_default();
    let passed = found.iter().filter(|check| check.passed).count();
    let state = match row.state {
        CellState::Done if found.is_empty() => "answered".to_owned(),
        CellState::Done => format!("{passed}/{}", found.len()),
        other => other.as_str().to_owned(),
    };
    let vars: Vec<String> = row.vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cost = match cell.cost.as_ref() {
        _ if row.reused => "reused".to_owned(),
        Some(cost) => cost.total.map_or_else(|| "cost unknown".to_owned(), |total| format!("${total}")),
        None => "–".to_owned(),
    };
    let why =
        found.iter().find(|check| !check.passed).map(|check| format!("  {}: {}", check.name, check.reason));
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

/// How an experiment stands; false = nobody reads any more.
fn summary(view: &ExperimentView, ended: Option<Ended>, json: bool) -> bool {
    let all = view.cells.len();
    let (done, failed) = (view.count(CellState::Done), view.count(CellState::Failed));
    let passed = view.passed();
    let state = match ended {
        Some(Ended::Held) => "held",
        _ if done + failed == all => "complete",
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
            "not_passed": done - passed,
            "failed": failed,
            "reused": view.cells.iter().filter(|cell| cell.row.reused).count(),
            "cost_usd": view.cost(),
            "cap_usd": view.row.cap,
            "created_at_ms": view.row.created_at,
        }));
    }
    let cost = view.cost().map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"));
    out::line(&format!(
        "{}  {}: {state}, {done} of {all} answered, {passed} passed, {failed} without an answer, {cost}",
        view.row.id, view.row.title
    ))
}
