//! Two experiments beside each other, printed.

use crate::out;
use domain::{Failure, PicoUsd};
use engine::{Change, Regressed, Regression};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Prints what became of the cells; unsuccessful when one got worse.
pub(super) fn tell(found: &Regression, json: bool) -> Result<ExitCode, Failure> {
    for pair in &found.pairs {
        let more = match pair.change {
            _ if json => out::object(&object(pair)),
            Change::StillPasses => true,
            change => out::line(&line(pair, change)),
        };
        if !more {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let count = |change| found.count(change);
    let (before, after) = found.costs();
    if json {
        out::object(&json!({
            "type": "regression",
            "compared": found.pairs.len(),
            "regressed": count(Change::Regressed),
            "fixed": count(Change::Fixed),
            "still_fails": count(Change::StillFails),
            "still_passes": count(Change::StillPasses),
            "no_answer": count(Change::NoAnswer),
            "before_usd": before,
            "after_usd": after,
        }));
    } else {
        let dollars =
            |cost: Option<PicoUsd>| cost.map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"));
        out::line(&format!(
            "{} compared: {} got worse, {} got better, {} fail in both, {} pass in both, {} without an answer; {} before, {} after",
            found.pairs.len(),
            count(Change::Regressed),
            count(Change::Fixed),
            count(Change::StillFails),
            count(Change::StillPasses),
            count(Change::NoAnswer),
            dollars(before),
            dollars(after),
        ));
    }
    Ok(if count(Change::Regressed) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn object(pair: &Regressed) -> Value {
    let side = |cell: &engine::CellResult| {
        json!({
            "position": cell.row.position,
            "label": cell.row.label,
            "passed": cell.row.passed(),
            "cost_usd": cell.cost.as_ref().and_then(|cost| cost.total),
            "duration_ms": cell.took,
            "text": cell.text,
        })
    };
    json!({
        "type": "pair",
        "change": pair.change.name(),
        "prompt": pair.before.row.prompt,
        "vars": pair.before.row.vars,
        "sample": pair.before.row.sample,
        "before": side(&pair.before),
        "after": side(&pair.after),
    })
}

fn line(pair: &Regressed, change: Change) -> String {
    let vars: Vec<String> =
        pair.before.row.vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let word = match change {
        Change::Regressed => "worse",
        Change::Fixed => "better",
        Change::StillFails => "fails",
        Change::StillPasses => "passes",
        Change::NoAnswer => "no answer",
    };
    let why = pair.after.row.found.iter().flatten().find(|check| check.passed == Some(false));
    let why = why.map(|check| format!("  {}: {}", check.name, check.reason)).unwrap_or_default();
    format!(
        "{word:<9}  {} → {}  {}  {}{why}",
        pair.before.row.label,
        pair.after.row.label,
        pair.before.row.prompt,
        vars.join(" ")
    )
}
