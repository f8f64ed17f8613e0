//! What an import has written, to be compared.

use std::path::Path;

/// Every row, without the moments at which it was made.
pub(crate) fn contents(folder: &Path) -> Vec<String> {
    let database = rusqlite::Connection::open(folder.join("parallax.db")).unwrap();
    let mut found = Vec::new();
    for sql in [
        "SELECT id, title, created_at, updated_at, archived_at, deleted_at FROM conversations ORDER BY id",
        "SELECT id, conversation, parent, role, content, run, created_at FROM messages ORDER BY id",
        "SELECT id, length(parts) FROM contents ORDER BY id",
        "SELECT id, conversation, prompt, created_at FROM turns ORDER BY place",
        "SELECT id, conversation, position, target, head, removed FROM lanes ORDER BY id",
        "SELECT id, turn, lane, user_message, message, target, state, saw FROM runs ORDER BY id",
        "SELECT conversation, source, source_id, import FROM imported ORDER BY conversation",
        "SELECT id, conversations, messages, finished_at IS NOT NULL FROM imports",
        "SELECT message, run, turn, place / 4096 FROM search_docs ORDER BY message",
        "SELECT count(*) FROM search_words WHERE search_words MATCH 'baco'",
        "SELECT count(*) FROM search_parts WHERE search_parts MATCH '\"bac\" AND \"aco\"'",
    ] {
        let mut statement = database.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> =
                (0..columns).map(|n| format!("{:?}", row.get_ref(n).unwrap())).collect();
            found.push(values.join("|"));
        }
    }
    found
}
