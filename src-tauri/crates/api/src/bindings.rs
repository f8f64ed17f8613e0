//! TypeScript twins of the contract: one file a type and a map of the commands, generated and checked in.

use crate::commands;
use std::{fmt::Write as _, fs, io, path::Path};
use ts_rs::{Config, ExportError, TS};

/// Writes every type that crosses to a window into `folder`. Token counts and milliseconds stay below
/// 2⁵³, so wide integers are `number`; money is a decimal string by its own type.
pub fn write(folder: &Path) -> Result<(), ExportError> {
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    commands::export(&config)?;
    engine::frame::TurnFrame::export_all(&config)?;
    domain::Failure::export_all(&config)?;
    engine::Table::export_all(&config)?;
    // A list has no file of its own, so what occurs in lists alone is named here.
    crate::types::LocalServer::export_all(&config)?;
    crate::types::RateRow::export_all(&config)?;
    engine::MapTurn::export_all(&config)?;
    engine::FoundTurn::export_all(&config)?;
    write_commands(folder, &config)?;
    Ok(())
}

/// `Commands.ts`: what each command takes and gives.
fn write_commands(folder: &Path, config: &Config) -> io::Result<()> {
    let signatures = commands::signatures(config);
    let mut names: Vec<&str> = signatures
        .iter()
        .flat_map(|(_, payload, result, _)| [payload, result])
        .map(|name| name.trim_start_matches("Array<").trim_end_matches('>'))
        // `null`, `number` and the like have no file.
        .filter(|name| !name.starts_with(|first: char| first.is_ascii_lowercase()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut text = String::from("// Generated from the list of commands. Do not edit.\n");
    for name in names {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "import type {{ {name} }} from \"./{name}\";");
    }
    for (title, streams) in [("Commands", false), ("Streams", true)] {
        let _ = writeln!(text, "\nexport interface {title} {{");
        for (name, payload, result, _) in signatures.iter().filter(|signature| signature.3 == streams) {
            let _ = writeln!(text, "  \"{name}\": {{ payload: {payload}; result: {result} }};");
        }
        text.push_str("}\n");
    }
    fs::write(folder.join("Commands.ts"), text)
}
