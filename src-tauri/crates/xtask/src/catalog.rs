//! `cargo xtask catalog`: the bundled snapshot of models and prices, built from pinned sources.
//!
//! Each source is taken from its package, read without running anything of it, and its figures keep the
//! digits they were written with. What is left out, and where sources disagree, is written to
//! `data/REPORT.md`: a refresh is one command and a diff to review.

mod decimal;
mod describe;
mod hosts;
mod literal;
mod models;
mod names;
mod others;
mod prices;
mod sources;
mod votes;
mod write;

use anyhow::{Result, bail};
use std::path::PathBuf;

/// Builds the snapshot. Arguments: nothing, or `--from FOLDER` with the sources' files.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let folder = match arguments {
        [] => None,
        [flag, folder] if flag == "--from" => Some(PathBuf::from(folder)),
        _ => bail!("usage: cargo xtask catalog [--from FOLDER]"),
    };
    let data = crate::shell::root()?.join("src-tauri/crates/catalog/data");
    let hosts = hosts::read(&data.join("hosts.json"))?;
    println!("Reading the sources{}", if folder.is_some() { "" } else { " from their packages (100 MB)" });
    let sources = sources::load(folder.as_deref())?;
    let built = models::build(&sources, &hosts)?;
    write::write(&data, &built)?;
    println!("{}", built.report.summary());
    Ok(())
}
