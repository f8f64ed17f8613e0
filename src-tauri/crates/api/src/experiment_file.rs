//! An experiment as a file: the same from the window and the command line.

use crate::export::harmless;
use engine::{CellResult, ExperimentView};
use serde_json::{Value, json};
use std::fmt::Write as _;

const COLUMNS: [&str; 15] = [
    "position",
    "prompt",
    "model",
    "label",
    "vars",
    "sample",
    "state",
    "passed",
    "checks",
    "cost_usd",
    "reused",
    "duration_ms",
    "text",
    "message",
    "note",
];

/// Text as a cell of a table. A spreadsheet runs what begins like a formula, which this never does.
fn quoted(text: &str) -> String {
    format!("\"{}\"", harmless(text).replace('"', "\"\""))
}

fn cells(cell: &CellResult) -> [String; 15] {
    let row = &cell.row;
    let checks = row.found.as_ref().map(|found| serde_json::to_string(found).unwrap_or_default());
    let word = |value: Option<bool>| value.map(|value| value.to_string()).unwrap_or_default();
    [
        row.position.to_string(),
        quoted(&row.prompt),
        quoted(&row.target.model.to_string()),
        quoted(&row.label),
        quoted(&serde_json::to_string(&row.vars).unwrap_or_default()),
        row.sample.to_string(),
        row.state.as_str().to_owned(),
        word(row.passed()),
        quoted(&checks.unwrap_or_default()),
        cell.cost.as_ref().and_then(|cost| cost.total).map(|total| total.to_string()).unwrap_or_default(),
        row.reused.to_string(),
        cell.took.map(|took| took.0.to_string()).unwrap_or_default(),
        quoted(&cell.text),
        quoted(row.failure.as_ref().map_or("", |failure| &failure.message)),
        quoted(cell.note.as_deref().unwrap_or_default()),
    ]
}

/// A table, one cell a row.
pub fn csv(view: &ExperimentView) -> String {
    let mut rows = COLUMNS.join(",") + "\r\n";
    for cell in &view.cells {
        rows.push_str(&cells(cell).join(","));
        rows.push_str("\r\n");
    }
    rows
}

/// One object a line.
pub fn json(view: &ExperimentView) -> String {
    view.cells.iter().map(|cell| format!("{}\n", object(cell))).collect()
}

/// One cell for a program.
pub fn object(cell: &CellResult) -> Value {
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
        "note": cell.note,
    })
}

fn sign(passed: Option<bool>) -> &'static str {
    match passed {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "–",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A page that needs nothing else: no script, no picture, no address.
pub fn html(view: &ExperimentView) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    );
    let title = escaped(&view.row.title);
    let cost = view.cost().map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"));
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<title>{title}</title><style>body{{font:14px/1.5 sans-serif;margin:2rem;color-scheme:light dark}}\
         table{{border-collapse:collapse}}td,th{{border:1px solid #8888;padding:4px 8px;text-align:left;\
         vertical-align:top}}pre{{white-space:pre-wrap;margin:0;max-width:48em}}</style></head><body>\
         <h1>{title}</h1><p>{} cells, {} passed, {cost}</p><table><thead><tr><th>Prompt</th><th>Variables</th>\
         <th>Model</th><th>Checks</th><th>Cost</th><th>Time</th><th>Answer</th></tr></thead><tbody>",
        view.cells.len(),
        view.passed(),
    );
    for cell in &view.cells {
        let row = &cell.row;
        let vars: Vec<String> = row.vars.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let checks: Vec<String> = row
            .found
            .iter()
            .flatten()
            .map(|found| format!("{} {}: {}", sign(found.passed), found.name, found.reason))
            .collect();
        let cost = cell.cost.as_ref().and_then(|cost| cost.total);
        let cost = if row.reused {
            "reused".to_owned()
        } else {
            cost.map_or_else(|| "–".to_owned(), |c| format!("${c}"))
        };
        let answer = row.failure.as_ref().map_or(cell.text.as_str(), |failure| &failure.message);
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td><pre>{}</pre></td><td>{cost}</td><td>{}</td>\
             <td><pre>{}</pre>{}</td></tr>",
            escaped(&row.prompt),
            escaped(&vars.join("; ")),
            escaped(&row.label),
            escaped(&checks.join("\n")),
            cell.took.map_or_else(|| "–".to_owned(), |took| format!("{} ms", took.0)),
            escaped(answer),
            cell.note.as_deref().map(|note| format!("<p>Note: {}</p>", escaped(note))).unwrap_or_default(),
        );
    }
    page.push_str("</tbody></table></body></html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_begins_a_formula() {
        for (given, wanted) in crate::export::FORMULAS {
            assert_eq!(quoted(given), format!("\"{}\"", wanted.replace('"', "\"\"")), "{given:?}");
        }
    }
}
