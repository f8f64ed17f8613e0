//! `parallax history`: what was said, as a list, by searching, as files, and from other programs' files.

mod export;

use crate::{Json, out};
use clap::{Args, Subcommand};
use domain::{ConversationId, ErrorKind, Failure, ImportId, MessageId, Timestamp};
use engine::{
    ConversationRow, Engine, ExportForm, Filing, Hit, ImportProgress, ImportReport, Match, SearchFrom, Shelf,
    Undone,
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

/// Results asked of the database at once.
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub(crate) enum HistoryCommand {
    /// Every conversation, the latest first
    List {
        /// Only those in the trash
        #[arg(long)]
        trash: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Find messages: words, "phrases", model: provider: has:code vote:won cost:>0.05 date:2026-11
    Search {
        /// What to look for
        #[arg(required = true)]
        query: Vec<String>,
        /// Most results; 0 = all
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
        #[command(flatten)]
        json: Json,
    },
    /// One conversation, by its id or that of a message in it
    Show {
        /// Id of a conversation or message
        id: String,
        #[command(flatten)]
        json: Json,
    },
    /// Conversations as files
    Export(export::ExportArgs),
    /// Take in conversations of ChatGPT, Claude, Open WebUI, LibreChat, llm or Parallax
    Import {
        /// The file as it was downloaded: zip, JSON or llm's logs.db
        file: PathBuf,
        /// Say what would be imported and write nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Every import, the latest first
    Imports(Json),
    /// Take an import back; conversations you went on with stay
    Undo {
        /// Id of the import
        import: ImportId,
        #[command(flatten)]
        json: Json,
    },
    /// Put a conversation into the trash, where it stays for 30 days
    Delete(Which),
    /// Take a conversation out of the trash
    Restore(Which),
    /// Remove a conversation in the trash for good; what it cost stays in the ledger
    Purge(Which),
}

#[derive(Args)]
pub(crate) struct Which {
    /// Id of the conversation
    id: ConversationId,
    #[command(flatten)]
    json: Json,
}

impl HistoryCommand {
    /// Is a failure told to a program?
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::List { json, .. }
            | Self::Search { json, .. }
            | Self::Show { json, .. }
            | Self::Import { json, .. }
            | Self::Imports(json)
            | Self::Undo { json, .. }
            | Self::Delete(Which { json, .. })
            | Self::Restore(Which { json, .. })
            | Self::Purge(Which { json, .. }) => json.json,
            Self::Export(arguments) => arguments.json,
        }
    }
}

pub(crate) async fn run(engine: &Engine, command: HistoryCommand) -> Result<ExitCode, Failure> {
    match command {
        HistoryCommand::List { trash, json } => list(engine, trash, json.json).await,
        HistoryCommand::Search { query, limit, json } => {
            search(engine, &query.join(" "), limit, json.json).await
        }
        HistoryCommand::Show { id, json } => show(engine, &id, json.json).await,
        HistoryCommand::Export(arguments) => export::run(engine, arguments).await,
        HistoryCommand::Import { file, dry_run, json } => import(engine, file, dry_run, json.json).await,
        HistoryCommand::Imports(json) => imports(engine, json.json).await,
        HistoryCommand::Undo { import, json } => undo(engine, import, json.json).await,
        HistoryCommand::Delete(Which { id, json }) => {
            engine.delete_conversation(id).await?;
            Ok(done(id, json, "deleted", "It is in the trash for 30 days."))
        }
        HistoryCommand::Restore(Which { id, json }) => {
            engine.restore_conversation(id).await?;
            Ok(done(id, json, "restored", "It is back in the list."))
        }
        HistoryCommand::Purge(Which { id, json }) => {
            engine.purge_conversation(id).await?;
            Ok(done(id, json, "purged", "It is gone for good. What it cost stays in the ledger."))
        }
    }
}

fn done(id: ConversationId, json: Json, what: &str, words: &str) -> ExitCode {
    if json.json {
        out::object(&json!({ "id": id, "done": what }));
    } else {
        out::line(words);
    }
    ExitCode::SUCCESS
}

/// Local time for people.
fn when(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| "-".to_owned(),
        |at| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// UTC for programs.
fn utc(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|at| at.to_string())
}

async fn list(engine: &Engine, trash: bool, json: bool) -> Result<ExitCode, Failure> {
    let shelf = if trash { Shelf::Trash } else { Shelf::Kept };
    let (rows, mut filings) = engine
        .store()
        .read(move |tx| {
            let rows = tx.conversations(u32::MAX, shelf)?;
            let filings = tx.filings(&rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
            Ok((rows, filings))
        })
        .await?;
    for row in rows {
        let filing = filings.remove(&row.id).unwrap_or_default();
        let read = if json { out::object(&listed(&row, &filing)) } else { out::line(&line(&row)) };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(row: &ConversationRow, filing: &Filing) -> Value {
    json!({
        "id": row.id,
        "title": row.title,
        "created_at": utc(row.created_at),
        "updated_at": utc(row.updated_at),
        "archived": row.archived_at.is_some(),
        "deleted_at": row.deleted_at.and_then(utc),
        "pinned": filing.pinned_at.is_some(),
        "folder": filing.folder,
        "tags": filing.tags,
    })
}

fn line(row: &ConversationRow) -> String {
    let archived = if row.archived_at.is_some() { "  (archived)" } else { "" };
    format!("{}  {}  {}{archived}", row.id, when(row.updated_at), row.title)
}

async fn search(engine: &Engine, query: &str, limit: u32, json: bool) -> Result<ExitCode, Failure> {
    let find = api::query::parse(query)?;
    if find.is_empty() {
        return Err(Failure::new(ErrorKind::RequestInvalid, "Say what to look for."));
    }
    engine.finish_index().await?;
    let most = if limit == 0 { u64::MAX } else { u64::from(limit) };
    let (mut shown, mut from): (u64, Option<SearchFrom>) = (0, None);
    loop {
        let left = u32::try_from((most - shown).min(u64::from(PAGE))).unwrap_or(PAGE);
        let page = engine.search(find.clone(), from, left).await?;
        for (hit, which) in &page.hits {
            let read = if json { out::object(&hit_json(hit, *which)) } else { out::text(&hit_text(hit)) };
            if !read {
                return Ok(ExitCode::SUCCESS);
            }
            shown += 1;
        }
        if page.partial {
            out::note("parallax: for such a short term only the newest 20,000 messages were looked through.");
        }
        match page.next {
            Some(next) if shown < most => from = Some(next),
            Some(_) => {
                if !json && shown > 0 {
                    out::note("parallax: there may be more; --limit 0 shows all.");
                }
                return Ok(ExitCode::SUCCESS);
            }
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}

fn hit_json(hit: &Hit, which: Match) -> Value {
    json!({
        "message": hit.message,
        "conversation": hit.conversation,
        "title": hit.title,
        "turn": hit.turn,
        "answer": hit.run,
        "role": if hit.run.is_some() { "assistant" } else { "user" },
        "model": hit.model,
        "at": utc(hit.at),
        "usd": hit.cost,
        "archived": hit.archived,
        "part_of_word": which == Match::Parts,
        "snippet": hit.snippet.iter().map(|(text, _)| text.as_str()).collect::<String>(),
        "matches": hit.snippet.iter().filter(|(_, hit)| *hit).map(|(text, _)| text.as_str()).collect::<Vec<_>>(),
    })
}

fn hit_text(hit: &Hit) -> String {
    let who = hit.model.as_deref().unwrap_or("you");
    let words: String = hit.snippet.iter().map(|(text, _)| text.as_str()).collect();
    format!("{}  {}  {who}  in “{}”\n    {words}\n", hit.message, when(hit.at), hit.title)
}

async fn show(engine: &Engine, id: &str, json: bool) -> Result<ExitCode, Failure> {
    let unknown =
        || Failure::new(ErrorKind::RequestInvalid, "There is no conversation or message with this id.");
    let wanted: ConversationId = id.parse().map_err(|_| unknown())?;
    let message = MessageId::new(wanted.uuid());
    let conversation = engine
        .store()
        .read(move |tx| {
            if let Some(row) = tx.conversation(wanted)? {
                return Ok(Some(row.id));
            }
            Ok(tx.message(message)?.map(|row| row.conversation))
        })
        .await?
        .ok_or_else(unknown)?;
    let form = if json { ExportForm::Json } else { ExportForm::Markdown };
    let (_, text) = engine.export_conversation(conversation, form).await?;
    out::text(&text);
    Ok(ExitCode::SUCCESS)
}

async fn import(engine: &Engine, file: PathBuf, dry_run: bool, json: bool) -> Result<ExitCode, Failure> {
    let progress = Arc::new(ImportProgress::default());
    let work = engine.import(file, dry_run, Arc::clone(&progress));
    tokio::pin!(work);
    let live = std::io::stderr().is_terminal() && !json;
    let mut stopping = false;
    let report = loop {
        tokio::select! {
            report = &mut work => break report?,
            // The step that is under way is finished; importing again goes on behind it.
            _ = tokio::signal::ctrl_c() => {
                if stopping {
                    return Err(Failure::new(
                        ErrorKind::Cancelled,
                        "Stopped at once. What was imported so far is there; importing the file again goes on.",
                    ));
                }
                stopping = true;
                progress.stop();
                out::note("parallax: stopping after the step that is under way. Ctrl C once more stops at once.");
            }
            () = tokio::time::sleep(Duration::from_millis(500)), if live => told(&progress),
        }
    };
    if live {
        let _ = write!(std::io::stderr(), "\r\u{1b}[K");
    }
    if json {
        out::object(&report_json(&report));
    } else {
        report_text(&report);
    }
    Ok(if report.complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(progress: &ImportProgress) {
    let (read, size, conversations) = progress.now();
    let percent = read.saturating_mul(100).checked_div(size).map_or_else(String::new, |p| format!(", {p} %"));
    // Without a standard error there is nobody to tell.
    let _ = write!(std::io::stderr(), "\r{}{percent}\u{1b}[K", out::plural(conversations, "conversation"));
}

fn report_json(report: &ImportReport) -> Value {
    json!({
        "import": report.id,
        "sources": report.sources,
        "added": report.added,
        "extended": report.extended,
        "known": report.known,
        "in_trash": report.in_trash,
        "messages": report.messages,
        "renewed": report.renewed,
        "differing": report.differing,
        "ahead": report.ahead,
        "branched": report.branched,
        "skipped": report.skipped.iter().map(|(reason, n)| (reason.words().into_text(), *n)).collect::<std::collections::BTreeMap<_, _>>(),
        "files": report.files,
        "attachments": report.attachments,
        "hidden_characters": report.hidden_characters,
        "system_messages": report.system_messages,
        "cut_off": report.cut_off,
        "stopped": report.stopped,
        "complete": report.complete(),
        "dry_run": report.dry_run,
    })
}

fn report_text(report: &ImportReport) {
    let outcome = api::import_outcome(report);
    let verb = if report.dry_run { "would be imported" } else { "imported" };
    out::line(&format!(
        "{} with {} {verb} from {}; {} had grown, {} were here already.",
        out::plural(report.added, "conversation"),
        out::plural(report.messages, "message"),
        outcome.sources.join(", "),
        report.extended,
        report.known
    ));
    for note in outcome.notes {
        out::line(&note);
    }
    if let Some(id) = report.id {
        out::line(&format!("Take it back with: parallax history undo {id}"));
    }
}

async fn imports(engine: &Engine, json: bool) -> Result<ExitCode, Failure> {
    for row in engine.store().read(|tx| tx.imports()).await? {
        let read = if json {
            out::object(&json!({
                "import": row.id,
                "file": row.file,
                "source": row.source,
                "started_at": utc(row.started_at),
                "finished_at": row.finished_at.and_then(utc),
                "undone_at": row.undone_at.and_then(utc),
                "conversations": row.conversations,
                "messages": row.messages,
                "elsewhere": row.elsewhere,
            }))
        } else {
            let state = match (row.undone_at, row.finished_at) {
                (Some(_), _) => "taken back",
                (None, Some(_)) => "whole",
                (None, None) => "stopped; import the file again to go on",
            };
            let elsewhere = match row.elsewhere {
                0 => String::new(),
                n => format!(", {} in conversations of other imports", out::plural(n, "message")),
            };
            out::line(&format!(
                "{}  {}  {}  {}{elsewhere}, {state}",
                row.id,
                when(row.started_at),
                row.file,
                out::plural(row.conversations, "conversation")
            ))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn undo(engine: &Engine, import: ImportId, json: bool) -> Result<ExitCode, Failure> {
    let Undone { gone, kept, elsewhere } = engine.undo_import(import).await?;
    if json {
        out::object(&json!({ "import": import, "gone": gone, "kept": kept, "elsewhere": elsewhere }));
    } else {
        let gone = out::plural(gone, "conversation");
        out::line(&format!("{gone} removed; {kept} stayed, because you went on with them."));
        if elsewhere > 0 {
            let messages = out::plural(elsewhere, "message");
            out::line(&format!("What it added to conversations of other imports stays ({messages})."));
        }
    }
    Ok(ExitCode::SUCCESS)
}
