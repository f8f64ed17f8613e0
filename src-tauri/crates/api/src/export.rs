//! The ledger for other programs: every row with every field, as CSV or as JSON lines.
//!
//! A spreadsheet runs a cell that begins like a formula, and names of models, endpoints and outcomes come
//! from providers. Text is therefore written so that it stays text; numbers and ids are ours.

use domain::{Cost, Failure, InputUsage, OutputUsage, PicoUsd, Timestamp, Usage};
use engine::{Entry, EntryRow};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// The columns, in order. `at` is UTC; amounts are dollars; an empty cell is not known, never zero.
/// `counts` is false of a row that a later one adjusts: sums leave it out.
const COLUMNS: [&str; 38] = [
    "seq",
    "at",
    "counts",
    "provider",
    "endpoint",
    "account",
    "model",
    "upstream_model",
    "origin",
    "outcome",
    "usd",
    "basis",
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "input_image",
    "input_audio",
    "output",
    "reasoning",
    "output_image",
    "output_audio",
    "web_searches",
    "service_tier",
    "reported_usd",
    "conversation",
    "attempt",
    "id",
    "adjusts",
    "kind",
    "app",
    "tag",
    "held_usd",
    "usage",
    "lines",
    "price_sheet",
    "prev_hash",
    "hash",
];

/// What a cell holds.
enum Cell {
    /// Nothing is known.
    Empty,
    /// Ours: digits, a date, an id, hex. Never a formula.
    Plain(String),
    /// Somebody else's words.
    Text(String),
}

/// The first line of the CSV, with its line break.
pub fn csv_header() -> String {
    COLUMNS.join(",") + "\r\n"
}

/// One row of the ledger as a line of CSV (RFC 4180), with its line break. `counts` = no later row
/// adjusts it.
pub fn csv_row(entry: &Entry, counts: bool) -> Result<String, Failure> {
    let line: Vec<String> = cells(entry, counts)?.into_iter().map(written).collect();
    Ok(line.join(",") + "\r\n")
}

fn written(cell: Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Plain(plain) => plain,
        Cell::Text(text) => quoted(&harmless(&text)),
    }
}

/// Text that no spreadsheet takes for a formula: a quotation mark goes before what would begin one, also
/// behind spaces, in the wide forms that some spreadsheets read as well, and after control characters
/// they drop.
pub(crate) fn harmless(text: &str) -> String {
    let first = text
        .trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}')
        .chars()
        .next();
    let control = text.starts_with(['\t', '\r', '\n']);
    let formula = first.is_some_and(|c| "=+-@＝＋－＠".contains(c));
    if control || formula { format!("'{text}") } else { text.to_owned() }
}

/// A cell of somebody else's words: text that stays text.
pub(crate) fn words(text: &str) -> String {
    quoted(&harmless(text))
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n', ';', '\t']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn cells(entry: &Entry, counts: bool) -> Result<Vec<Cell>, Failure> {
    // Named one by one: a field that is added to the ledger does not compile until it is exported.
    let Entry { seq, row, held, prev_hash, hash } = entry;
    let EntryRow {
        id,
        attempt,
        conversation,
        at,
        provider,
        endpoint,
        account,
        model,
        upstream_model,
        origin,
        outcome,
        usage,
        cost,
        price_sheet,
        adjusts,
        purpose,
    } = row;
    let text = |words: &str| Cell::Text(words.to_owned());
    let words = |words: &Option<String>| words.as_deref().map_or(Cell::Empty, text);
    let Cost { total, lines, basis, at_most: _ } = cost;
    let Usage { input, output, web_searches, service_tier, reported_cost, .. } =
        usage.clone().unwrap_or_default();
    let InputUsage { total: input_total, cache_read, cache_write_5m, cache_write_1h, image, audio } = input;
    let OutputUsage { total: output_total, reasoning, audio: audio_out, image: image_out } = output;
    Ok(vec![
        plain(seq),
        plain(utc(*at)),
        plain(counts),
        text(provider.as_str()),
        text(endpoint.as_str()),
        account.as_ref().map_or(Cell::Empty, |label| text(label.as_str())),
        text(model.as_str()),
        text(upstream_model),
        text(origin),
        text(outcome),
        known(*total),
        plain(basis.as_str()),
        known(input_total),
        known(cache_read),
        known(cache_write_5m),
        known(cache_write_1h),
        known(image),
        known(audio),
        known(output_total),
        known(reasoning),
        known(image_out),
        known(audio_out),
        known(web_searches),
        service_tier.map_or(Cell::Empty, Cell::Text),
        known::<PicoUsd>(reported_cost),
        known(*conversation),
        plain(attempt),
        plain(id),
        known(*adjusts),
        words(&purpose.kind),
        words(&purpose.app),
        words(&purpose.tag),
        known(*held),
        usage.as_ref().map(nested).transpose()?.map_or(Cell::Empty, Cell::Text),
        Cell::Text(nested(lines)?),
        price_sheet.as_ref().map(nested).transpose()?.map_or(Cell::Empty, Cell::Text),
        plain(hex(prev_hash)),
        plain(hex(hash)),
    ])
}

fn plain(value: impl ToString) -> Cell {
    Cell::Plain(value.to_string())
}

fn known<T: ToString>(value: Option<T>) -> Cell {
    value.map_or(Cell::Empty, plain)
}

fn nested<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| {
        Failure::new(domain::ErrorKind::Bug, format!("A row of the ledger cannot be written ({error})."))
    })
}

/// One row of the ledger as JSON, in the fields of the CSV; what is nested there as text is nested here.
pub fn json_row(entry: &Entry, counts: bool) -> Value {
    let Entry { seq, row, held, prev_hash, hash } = entry;
    let usage = row.usage.as_ref();
    let input = usage.map(|usage| &usage.input);
    let output = usage.map(|usage| &usage.output);
    json!({
        "seq": seq,
        "at": utc(row.at),
        "counts": counts,
        "provider": row.provider,
        "endpoint": row.endpoint,
        "account": row.account,
        "model": row.model,
        "upstream_model": row.upstream_model,
        "origin": row.origin,
        "outcome": row.outcome,
        "usd": row.cost.total,
        "basis": row.cost.basis,
        "input": input.and_then(|i| i.total),
        "cache_read": input.and_then(|i| i.cache_read),
        "cache_write_5m": input.and_then(|i| i.cache_write_5m),
        "cache_write_1h": input.and_then(|i| i.cache_write_1h),
        "input_image": input.and_then(|i| i.image),
        "input_audio": input.and_then(|i| i.audio),
        "output": output.and_then(|o| o.total),
        "reasoning": output.and_then(|o| o.reasoning),
        "output_image": output.and_then(|o| o.image),
        "output_audio": output.and_then(|o| o.audio),
        "web_searches": usage.and_then(|u| u.web_searches),
        "service_tier": usage.and_then(|u| u.service_tier.as_ref()),
        "reported_usd": usage.and_then(|u| u.reported_cost),
        "conversation": row.conversation,
        "attempt": row.attempt,
        "id": row.id,
        "adjusts": row.adjusts,
        "kind": row.purpose.kind,
        "app": row.purpose.app,
        "tag": row.purpose.tag,
        "held_usd": held,
        "usage": row.usage,
        "lines": row.cost.lines,
        "price_sheet": row.price_sheet,
        "prev_hash": hex(prev_hash),
        "hash": hex(hash),
    })
}

/// `2026-11-21T09:41:07.123Z`; a time no calendar has is given in milliseconds.
pub(crate) fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| at.0.to_string(),
        |at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Texts, and what stands in a cell for them. For the tests of every table.
#[cfg(test)]
pub(crate) const FORMULAS: &[(&str, &str)] = &[
    ("=1+1", "'=1+1"),
    ("+1", "'+1"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
    ("\n=1", "'\n=1"),
    ("  =1", "'  =1"),
    ("\u{feff}=1", "'\u{feff}=1"),
    ("＝1", "'＝1"),
    ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
    ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
    ("gpt-5", "gpt-5"),
    ("a\nb", "a\nb"),
    ("say \"hi\"", "say \"hi\""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(upstream_model: &str, total: Option<PicoUsd>) -> Entry {
        let id = "00000000-0000-0000-0000-000000000007";
        Entry {
            seq: 3,
            row: EntryRow {
                id: id.parse().unwrap(),
                attempt: id.parse().unwrap(),
                conversation: None,
                at: Timestamp(1_791_158_400_123),
                provider: "openai".into(),
                endpoint: "openai/gpt-5".into(),
                account: Some("=work".into()),
                model: "openai/gpt-5".parse().unwrap(),
                upstream_model: upstream_model.to_owned(),
                origin: "window".to_owned(),
                outcome: "stop".to_owned(),
                usage: None,
                cost: Cost { total, lines: Vec::new(), basis: domain::Basis::Computed, at_most: None },
                price_sheet: None,
                adjusts: None,
                purpose: engine::Purpose::default(),
            },
            held: None,
            prev_hash: [0; 32],
            hash: [171; 32],
        }
    }

    fn cell(line: &str, column: &str) -> String {
        // No cell before `upstream_model` holds a comma.
        let place = COLUMNS.iter().position(|known| *known == column).unwrap();
        line.split(',').nth(place).unwrap().to_owned()
    }

    #[test]
    fn what_begins_a_formula_is_text_in_a_spreadsheet() {
        for (given, wanted) in FORMULAS {
            assert_eq!(harmless(given), *wanted, "{given:?}");
            let quotes = wanted.contains(['\t', '\r', '\n', '"']);
            let cell =
                if quotes { format!("\"{}\"", wanted.replace('"', "\"\"")) } else { (*wanted).to_owned() };
            assert_eq!(written(Cell::Text((*given).to_owned())), cell, "{given:?}");
        }
        let line = csv_row(&entry("=1+1", Some(PicoUsd::new(5))), true).unwrap();
        assert_eq!(cell(&line, "upstream_model"), "'=1+1");
    }

    #[test]
    fn an_unknown_amount_is_an_empty_cell_and_null() {
        let known = csv_row(&entry("m", Some(PicoUsd::ZERO)), true).unwrap();
        let unknown = csv_row(&entry("m", None), true).unwrap();
        assert_eq!((cell(&known, "usd"), cell(&unknown, "usd")), ("0.000000".to_owned(), String::new()));
        assert!(json_row(&entry("m", None), true)["usd"].is_null());
        assert_eq!(json_row(&entry("m", None), true)["at"], "2026-10-05T00:00:00.123Z");
    }

    #[test]
    fn both_forms_have_the_same_fields() {
        let line = csv_row(&entry("m", None), false).unwrap();
        let json = json_row(&entry("m", None), false);
        let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
        let mut columns = COLUMNS.to_vec();
        columns.sort_unstable();
        let mut fields: Vec<&str> = fields.iter().map(|name| name.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, columns);
        assert_eq!(csv_header().split(',').count(), COLUMNS.len());
        // No cell of this row holds a comma but the empty list of lines has none either.
        assert_eq!(line.trim_end().split(',').count(), COLUMNS.len());
    }
}
