#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
use super::*;

/// Tables as versions before 0.32 leave them, with their tools.
const OLD: &str = "
    CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
    CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, response TEXT,
        conversation_id TEXT, datetime_utc TEXT, reasoning TEXT);
    CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT);
    CREATE TABLE system_fragments (response_id TEXT, fragment_id INTEGER, \"order\" INTEGER);
    CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, response_id TEXT, name TEXT, arguments TEXT);
    CREATE TABLE tool_results (id INTEGER PRIMARY KEY, response_id TEXT, name TEXT, output TEXT);
    INSERT INTO conversations VALUES ('c', 'Weather', 'm');
    INSERT INTO fragments VALUES (1, 'h', 'Be brief.');
    INSERT INTO system_fragments VALUES ('r1', 1, 0);
    INSERT INTO responses VALUES ('r1', 'm', 'Rain?', 'Be kind.', 'I look.', 'c', '2026-01-01T00:00:00', 'Hm');
    INSERT INTO tool_calls VALUES (1, 'r1', 'sky', '{\"at\":\"here\"}');
    INSERT INTO responses VALUES ('r2', 'm', '', NULL, 'It rains.', 'c', '2026-01-01T00:00:01', NULL);
    INSERT INTO tool_results VALUES (1, 'r2', 'sky', 'grey');";

/// Tables as version 0.32 leaves them: a prompt with a system prompt and a file, a tool and its result, a second
/// prompt that borrows a fragment.
const NEW: &str = "
    CREATE TABLE IF NOT EXISTS fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT);
    CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT);
    CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT,
        model TEXT, datetime_utc TEXT);
    CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT);
    CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT,
        text TEXT, payload TEXT);
    INSERT INTO fragments VALUES (7, 'g', 'Long text.');
    INSERT INTO threads VALUES ('c', 'Thread', 'a3');
    INSERT INTO messages VALUES ('s', NULL, 'system'), ('u1', 's', 'user'), ('a1', 'u1', 'assistant'),
        ('t1', 'a1', 'tool'), ('a2', 't1', 'assistant'), ('u2', 'a2', 'user'), ('a3', 'u2', 'assistant');
    INSERT INTO parts (message_hash, position, type, tool_name, text, payload) VALUES
        ('s', 0, 'text', NULL, 'Be exact.', NULL),
        ('u1', 1, 'attachment', NULL, NULL, '{\"attachment\":{\"id\":\"x\"}}'),
        ('u1', 0, 'text', NULL, 'Add.', NULL),
        ('a1', 0, 'reasoning', NULL, 'So.', NULL),
        ('a1', 1, 'tool_call', 'add', NULL, '{\"name\":\"add\",\"arguments\":{\"a\":1},\"tool_call_id\":\"i\"}'),
        ('t1', 0, 'tool_result', 'add', NULL, '{\"name\":\"add\",\"output\":\"3\",\"tool_call_id\":\"i\"}'),
        ('a2', 0, 'text', NULL, 'Three.', NULL),
        ('u2', 0, 'text', NULL, NULL, '{\"text_ref\":[{\"fragment\":7},{\"literal\":\" And now?\"}]}'),
        ('a3', 0, 'text', NULL, 'Done.', NULL);
    INSERT INTO turns VALUES ('t1', 'c', 'u1', 'a1', 'n', '2026-09-01T00:00:00'),
        ('t2', 'c', 't1', 'a2', 'n', '2026-09-01T00:00:01'), ('t3', 'c', 'u2', 'a3', 'n', '2026-09-01T00:00:02');";

fn read(sql: &str) -> (bool, Vec<LlmConversation>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.db");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let mut found = Vec::new();
    let one = read_llm_log(&path, |conversation| {
        found.push(conversation);
        Ok(true)
    });
    (one.unwrap(), found)
}

fn words(part: &Part) -> String {
    match part {
        Part::Text { text } => text.clone(),
        Part::Reasoning { text, .. } => format!("({text})"),
        Part::ServerTool { name, text } => format!("{name}:{text}"),
        other => format!("{other:?}"),
    }
}

/// `system|prompt|results|said` of every row.
fn rows(conversation: &LlmConversation) -> Vec<String> {
    let line =
        |parts: &[Part]| parts.iter().map(words).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("+");
    let row =
        |row: &LlmRow| format!("{}|{}|{}|{}", row.system, row.prompt, line(&row.results), line(&row.said));
    conversation.rows.iter().map(row).collect()
}

#[test]
fn tools_and_reasoning_of_older_logs_come_along() {
    let (one, found) = read(OLD);
    assert!(one);
    assert_eq!((found.len(), found[0].name.as_str()), (1, "Weather"));
    let expected =
        ["Be brief.\n\nBe kind.|Rain?||(Hm)+I look.+sky:{\"at\":\"here\"}", "||sky:grey|()+It rains."];
    assert_eq!(rows(&found[0]), expected);
}

#[test]
fn turns_of_newer_logs_are_read_from_their_messages() {
    let (one, found) = read(NEW);
    assert!(one);
    assert_eq!((found.len(), found[0].id.as_str(), found[0].name.as_str()), (1, "c", "Thread"));
    let expected = [
        "Be exact.|Add.||(So.)+add:{\"a\":1}",
        "Be exact.||add:3|Three.",
        "Be exact.|Long text. And now?||Done.",
    ];
    assert_eq!(rows(&found[0]), expected);
    let first = &found[0].rows[0];
    assert_eq!((first.id.as_str(), first.model.as_str(), first.attachments, first.made), ("t1", "n", 1, 0));
}

/// The program leaves the old tables as they are and goes on in the new ones.
#[test]
fn a_conversation_that_was_gone_on_with_is_one() {
    let (_, found) = read(&[OLD, NEW].concat());
    let ids: Vec<&str> = found[0].rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(
        (found.len(), ids, found[0].name.as_str()),
        (1, vec!["r1", "r2", "t1", "t2", "t3"], "Weather")
    );
}

#[test]
fn messages_in_a_ring_end_somewhere() {
    let ring = format!(
        "{NEW} UPDATE messages SET parent_hash = 'a3' WHERE hash = 's';
        UPDATE turns SET parent_message_hash = 'none';"
    );
    let (one, found) = read(&ring);
    assert!(one);
    assert_eq!(found[0].rows.len(), 3);
}

#[test]
fn another_database_is_none() {
    assert_eq!(read("CREATE TABLE turns (id TEXT); CREATE TABLE parts (id TEXT);"), (false, vec![]));
}
