//! The archive and the trash, searching, and conversations as files.

use crate::{
    Api, chat, query,
    spend::file::{create, not_written},
    types::{
        ConversationRef, ConversationSummary, ExportConversation, ExportFormName, ExportedFile, FindInChat,
        SearchCursor, SearchHit, SearchPage, SearchQuery, ShelfName, ShelfRef, Shelved, ShelvedConversation,
        SnippetPiece,
    },
};
use domain::{ErrorKind, Failure, Timestamp, say};
use engine::{ConversationRow, ExportForm, FoundTurn, Hit, Match, SearchFrom, Shelf, TRASH_DAYS};
use std::io::Write as _;

/// Lines of a shelf read at once.
const MOST: u32 = 10_000;
/// Results given at once.
const MOST_HITS: u32 = 500;
/// Longest search, in bytes.
const LONGEST: usize = 4_096;
const DAY: i64 = 86_400_000;

pub(crate) async fn delete(api: &Api, which: ConversationRef) -> Result<(), Failure> {
    api.engine.delete_conversation(which.id).await
}

pub(crate) async fn restore(api: &Api, which: ConversationRef) -> Result<ConversationSummary, Failure> {
    api.engine.restore_conversation(which.id).await?;
    chat::summary(api, which.id).await
}

pub(crate) async fn purge(api: &Api, which: ConversationRef) -> Result<(), Failure> {
    api.engine.purge_conversation(which.id).await
}

pub(crate) async fn shelf(api: &Api, wanted: ShelfRef) -> Result<Shelved, Failure> {
    let shelf = match wanted.shelf {
        ShelfName::Archived => Shelf::Archived,
        ShelfName::Trash => Shelf::Trash,
    };
    let rows = api.engine.store().read(move |tx| tx.conversations(MOST, shelf)).await?;
    Ok(Shelved { conversations: rows.into_iter().map(shelved).collect() })
}

fn shelved(row: ConversationRow) -> ShelvedConversation {
    let until = row.deleted_at.map(|at| Timestamp(at.0.saturating_add(i64::from(TRASH_DAYS) * DAY)));
    let since = row.deleted_at.or(row.archived_at).unwrap_or(row.updated_at);
    ShelvedConversation { id: row.id, title: row.title, updated_at: row.updated_at, since, until }
}

pub(crate) async fn search(api: &Api, wanted: SearchQuery) -> Result<SearchPage, Failure> {
    if wanted.text.len() > LONGEST {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("This search is longer than 4 KB. Shorten it."),
        ));
    }
    let find = query::parse(&wanted.text)?;
    let from = wanted.from.map(|from| SearchFrom {
        which: if from.parts { Match::Parts } else { Match::Words },
        before: from.before,
    });
    let page = api.engine.search(find, from, wanted.limit.clamp(1, MOST_HITS)).await?;
    Ok(SearchPage {
        hits: page.hits.into_iter().map(|(hit, which)| found(hit, which)).collect(),
        next: page.next.map(|next| SearchCursor { parts: next.which == Match::Parts, before: next.before }),
        partial: page.partial,
    })
}

/// In which turns on the screen of one conversation a text stands.
pub(crate) async fn find(api: &Api, wanted: FindInChat) -> Result<Vec<FoundTurn>, Failure> {
    if wanted.text.as_ref().is_some_and(|text| text.len() > LONGEST) {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("This search is longer than 4 KB. Shorten it."),
        ));
    }
    api.engine.find_in(wanted.id, wanted.text).await
}

fn found(hit: Hit, which: Match) -> SearchHit {
    SearchHit {
        message: hit.message,
        conversation: hit.conversation,
        title: hit.title,
        archived: hit.archived,
        turn: hit.turn,
        run: hit.run,
        model: hit.model,
        at: hit.at,
        cost: hit.cost,
        snippet: hit.snippet.into_iter().map(|(text, hit)| SnippetPiece { text, hit }).collect(),
        part: which == Match::Parts,
    }
}

/// Writes a conversation into the downloads folder. A file that is there is never written over.
pub(crate) async fn export(api: &Api, wanted: ExportConversation) -> Result<ExportedFile, Failure> {
    let form = match wanted.form {
        ExportFormName::Markdown => ExportForm::Markdown,
        ExportFormName::Json => ExportForm::Json,
        ExportFormName::Html => ExportForm::Html,
    };
    let folder = api.downloads.clone().ok_or_else(|| {
        Failure::new(
            ErrorKind::StoreDenied,
            say!("There is no downloads folder. Use `parallax history export ID > FILE` instead."),
        )
    })?;
    if api.engine.hides_names(wanted.id).await? {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("A turn of this conversation hides its names: vote first, or reveal them."),
        ));
    }
    let (title, text) = api.engine.export_conversation(wanted.id, form).await?;
    let (mut file, path) = create(&folder, &stem(&title), form.ending())?;
    let failed = |error: std::io::Error| not_written(&path, &error);
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(ExportedFile { path: path.display().to_string() })
}

/// A title as a file's name on every system: letters, digits, spaces and hyphens.
pub fn stem(title: &str) -> String {
    let kept: String = title.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { ' ' }).collect();
    let short: String = kept.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect();
    let short = short.trim();
    // Windows keeps some names for devices; ours always has a second word.
    if short.is_empty() { "Parallax conversation".to_owned() } else { format!("Parallax {short}") }
}
