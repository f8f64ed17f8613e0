//! `parallax history export`: conversations as files.

use crate::out;
use clap::{Args, ValueEnum};
use domain::{ConversationId, ErrorKind, Failure};
use engine::{Engine, ExportForm, Shelf};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Id of the conversation
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<ConversationId>,
    /// Every conversation, one JSON object a line
    #[arg(long, conflicts_with = "format")]
    all: bool,
    /// Form of the file
    #[arg(long, value_enum, value_name = "md|json|html")]
    format: Option<Form>,
    /// Where to; without it, standard output. A file that is there is not written over
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    #[value(alias = "markdown")]
    Md,
    Json,
    Html,
}

pub(super) async fn run(engine: &Engine, arguments: ExportArgs) -> Result<ExitCode, Failure> {
    let form = match arguments.format {
        _ if arguments.json => ExportForm::Json,
        None | Some(Form::Md) => ExportForm::Markdown,
        Some(Form::Json) => ExportForm::Json,
        Some(Form::Html) => ExportForm::Html,
    };
    let mut file = arguments.output.map(Whole::begin).transpose()?;
    let mut named = BTreeSet::new();
    let mut write = |text: &str| -> Result<bool, Failure> {
        if form == ExportForm::Json || arguments.all {
            files_named(text, &mut named);
        }
        match &mut file {
            None => Ok(out::text(text)),
            Some(file) => file.write(text).map(|()| true),
        }
    };
    match arguments.id {
        Some(id) => {
            let (_, text) = engine.export_conversation(id, form).await?;
            write(&text)?;
        }
        None => {
            let rows = engine.store().read(|tx| tx.conversations(u32::MAX, Shelf::Kept)).await?;
            for row in rows {
                let (_, text) = engine.export_conversation(row.id, ExportForm::Json).await?;
                if !write(&text)? {
                    break;
                }
            }
        }
    }
    if let Some(file) = file {
        file.end()?;
    }
    if !named.is_empty() {
        let files = out::plural(named.len().try_into().unwrap_or(u64::MAX), "attached file");
        out::note(&format!(
            "parallax: named and not contained: {files}. `parallax backup` writes files too."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The hashes of attached files that exported conversations name, one a line.
fn files_named(exported: &str, found: &mut BTreeSet<String>) {
    let parts = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    for conversation in exported.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        for turn in parts(&conversation, "turns") {
            let answers = parts(&turn, "answers");
            let said = answers.iter().flat_map(|answer| parts(answer, "content"));
            let files =
                parts(&turn, "prompt").into_iter().chain(said).filter(|part| part["type"] == "attachment");
            found.extend(files.filter_map(|part| Some(part["sha256"].as_str()?.to_owned())));
        }
    }
}

/// A file that has its name once it is whole.
struct Whole {
    file: File,
    path: PathBuf,
    unfinished: PathBuf,
}

impl Whole {
    fn begin(path: PathBuf) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            return Err(exists(&path));
        }
        let mut unfinished = path.clone().into_os_string();
        unfinished.push(".part");
        let unfinished = PathBuf::from(unfinished);
        let file = File::create_new(&unfinished).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&unfinished),
            _ => not_written(&path, &error),
        })?;
        Ok(Self { file, path, unfinished })
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.file.write_all(text.as_bytes()).map_err(|error| not_written(&self.path, &error))
    }

    fn end(self) -> Result<(), Failure> {
        // A second name takes no file's place; not every disk has such.
        let named = self.file.sync_all().and_then(|()| match fs::hard_link(&self.unfinished, &self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !self.path.exists() => {
                fs::rename(&self.unfinished, &self.path)
            }
            named => named,
        });
        named.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.path),
            _ => not_written(&self.path, &error),
        })
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // What has its name needs this one no longer; what cannot be removed stays under one that says what it is.
        let _ = fs::remove_file(&self.unfinished);
    }
}

fn exists(path: &Path) -> Failure {
    let words = format!("{} exists already. Choose another name.", path.display());
    Failure::new(ErrorKind::RequestInvalid, words)
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StoreFull,
        _ => ErrorKind::StoreDenied,
    };
    Failure::new(kind, format!("{} could not be written ({error}).", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_one() {
        let kind = |error: io::ErrorKind| not_written(Path::new("out.md"), &error.into()).kind;
        assert_eq!(kind(io::ErrorKind::StorageFull), ErrorKind::StoreFull);
        assert_eq!(kind(io::ErrorKind::QuotaExceeded), ErrorKind::StoreFull);
        assert_eq!(kind(io::ErrorKind::PermissionDenied), ErrorKind::StoreDenied);
    }

    #[test]
    fn what_cannot_be_written_whole_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("parallax-export-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("out.md");
        let mut whole = Whole::begin(path.clone()).unwrap();
        whole.write("half").unwrap();
        drop(whole);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        let mut whole = Whole::begin(path.clone()).unwrap();
        whole.write("all").unwrap();
        fs::write(&path, "somebody else's").unwrap();
        assert!(whole.end().unwrap_err().message.contains("exists already"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
        fs::remove_dir_all(&folder).unwrap();
    }
}
