//! What is kept under a tag or in a folder is found the same whichever way it is gone through, and never by reading
//! every document first.

use crate::{
    Document, Find, Match, Options, Store,
    migrate::{MIGRATIONS, Migration},
    store_tests::open_with,
};
use domain::{ConversationId, MessageId, Part, PicoUsd, ProcessId, Timestamp, TurnId};
use uuid::Uuid;

const CHATS: u128 = 12;
const EACH: u128 = 9;

fn opened(dir: &std::path::Path) -> Store {
    let process = ProcessId::new(Uuid::from_u128(1));
    Store::open(dir, Options { process, now: Timestamp(1_000), version: "0.1.0" }).unwrap()
}

/// Twelve conversations whose prompts follow each other: some in turn, some all at once.
fn fill(store: &Store, dir: &std::path::Path) {
    let connection = rusqlite::Connection::open(dir.join("parallax.db")).unwrap();
    let id = |n: u128| format!("X'{n:032x}'");
    let mut sql = String::from("BEGIN; INSERT INTO folders VALUES ('Work');");
    let mut documents = Vec::new();
    for chat in 0..CHATS {
        sql += &format!(
            "INSERT INTO conversations (id, title, created_at, updated_at) VALUES ({}, 't', 1, 1);",
            id(1_000 + chat)
        );
        for n in 0..EACH {
            let (turn, message) = (10_000 + chat * 100 + n, 20_000 + chat * 100 + n);
            sql += &format!(
                "INSERT INTO contents (id, parts) VALUES ('{message}', '[{{\"type\":\"text\",\"text\":\"say {n} sixteen\"}}]');
                 INSERT INTO turns (id, conversation, prompt, created_at) VALUES ({t}, {c}, '{message}', 1);
                 INSERT INTO messages (id, conversation, parent, role, content, created_at)
                     VALUES ({m}, {c}, NULL, 'user', '{message}', 1);",
                t = id(turn),
                c = id(1_000 + chat),
                m = id(message),
            );
            let at = if chat % 3 == 0 { chat * EACH + n } else { n * CHATS + chat };
            documents.push(Document {
                at: Timestamp(i64::try_from(at).unwrap() * 1_000),
                message: MessageId::new(Uuid::from_u128(message)),
                conversation: ConversationId::new(Uuid::from_u128(1_000 + chat)),
                turn: TurnId::new(Uuid::from_u128(turn)),
                run: None,
                cost: (n % 2 == 0).then(|| PicoUsd::new(i64::try_from(n).unwrap())),
                model: String::new(),
                provider: String::new(),
                parts: vec![Part::Text { text: format!("say {n} sixteen") }],
            });
        }
        for (every, tag) in [(2, "even"), (5, "few"), (1, "all")] {
            if chat % every == 0 {
                sql += &format!("INSERT INTO tags VALUES ({}, '{tag}');", id(1_000 + chat));
            }
        }
        if chat % 4 == 1 {
            sql +=
                &format!("INSERT INTO filed (conversation, folder) VALUES ({}, 'Work');", id(1_000 + chat));
        }
    }
    sql += &format!("UPDATE conversations SET deleted_at = 1 WHERE id = {}; COMMIT;", id(1_004));
    connection.execute_batch(&sql).unwrap();
    store.write(move |tx| tx.index(documents)).wait().unwrap();
}

fn searches() -> Vec<Find> {
    let tags =
        |tags: &[&str]| Find { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..Find::default() };
    vec![
        tags(&["all"]),
        tags(&["few"]),
        tags(&["even", "few"]),
        tags(&["nobody"]),
        Find { folder: Some("work".into()), ..Find::default() },
        Find { folder: Some("Work".into()), ..tags(&["all"]) },
        Find { terms: vec!["say".into()], ..tags(&["few"]) },
        Find { terms: vec!["say".into(), "3".into()], ..tags(&["even"]) },
        Find { dearer_than: Some(PicoUsd::new(1)), ..tags(&["even"]) },
        Find { from: Some(Timestamp(20_000)), until: Some(Timestamp(70_000)), ..tags(&["even"]) },
    ]
}

/// Every page of a search: the places, oldest last.
fn pages(store: &Store, find: &Find, which: Match, near: i64, limit: u32) -> Vec<i64> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let find = find.clone();
        let page = store.read(move |tx| tx.find_near(&find, which, before, limit, near)).wait().unwrap();
        assert!(page.hits.len() <= limit as usize && !page.partial);
        all.extend(page.hits.iter().map(|hit| hit.place));
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

#[test]
fn what_is_kept_somewhere_is_found_the_same_however_it_is_gone_through() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    fill(&store, dir.path());
    // Part of a word, which no word is; and one that is a word elsewhere.
    let parts = ["ixtee", "say"].map(|term| Find {
        terms: vec![term.to_owned()],
        tags: vec!["even".to_owned()],
        ..Find::default()
    });
    let all =
        searches().into_iter().map(|find| (find, Match::Words)).chain(parts.map(|find| (find, Match::Parts)));
    for (n, (find, which)) in all.enumerate() {
        let (find, which) = (&find, which);
        let whole = pages(&store, find, which, i64::MAX, 1_000);
        let none = find.tags == ["nobody"] || (which == Match::Parts && find.terms == ["say"]);
        assert_eq!(whole.is_empty(), none, "search {n} finds {}", whole.len());
        assert!(whole.is_sorted_by(|one, other| one > other), "search {n} is not newest first");
        for (near, limit) in [(0, 1), (0, 4), (3, 4), (3, 100), (20, 7), (1_000, 5)] {
            assert_eq!(
                pages(&store, find, which, near, limit),
                whole,
                "search {n}, {near} near, pages of {limit}"
            );
        }
    }
}

#[test]
fn a_tag_is_looked_for_without_reading_every_document_first() {
    let dir = tempfile::tempdir().unwrap();
    opened(dir.path()).close();
    // As in a database that was never analysed, whatever was noted of this empty one.
    rusqlite::Connection::open(dir.path().join("parallax.db"))
        .unwrap()
        .execute_batch("DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4")
        .unwrap();
    let store = opened(dir.path());
    for find in searches() {
        let words = !find.terms.is_empty();
        let costs = find.dearer_than.is_some();
        let [near, one] = store.read(move |tx| tx.find_steps(&find)).wait().unwrap();
        for steps in [&near, &one] {
            assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "sorted afterwards: {steps:?}");
        }
        let walk = match (words, costs) {
            (true, _) => "SCAN f VIRTUAL TABLE",
            (_, true) => "SEARCH d USING INDEX search_docs_costs (place",
            _ => "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        };
        assert!(near[0].starts_with(walk), "{near:?}");
        assert!(
            one[0].starts_with("SEARCH d USING INDEX search_docs_by_conversation (conversation=? AND rowid"),
            "{one:?}"
        );
    }
}

#[test]
fn an_index_from_before_texts_were_folded_is_read_anew_once() {
    let dir = tempfile::tempdir().unwrap();
    let of = MIGRATIONS.iter().filter(|migration| migration.version < 32);
    let older: Vec<Migration> =
        of.map(|migration| Migration { version: migration.version, steps: migration.steps }).collect();
    let before = open_with(dir.path(), 1, &older).unwrap();
    before
        .connection
        .execute_batch(
            "INSERT INTO conversations (id, title, created_at, updated_at) VALUES (zeroblob(16), 't', 1, 1);
             INSERT INTO contents (id, parts) VALUES ('p', '[]');
             INSERT INTO turns (id, conversation, prompt, created_at) VALUES (zeroblob(16), zeroblob(16), 'p', 1);",
        )
        .unwrap();
    drop(before);
    // How many hundredths of a part of the index may be replaced before that is written again; 0 = any.
    let replaced = || -> Vec<i64> {
        let raw = rusqlite::Connection::open(dir.path().join("parallax.db")).unwrap();
        let of = |index| format!("SELECT v FROM {index}_config WHERE k = 'deletemerge'");
        ["search_words", "search_parts"]
            .map(|index| raw.query_row(&of(index), [], |row| row.get(0)).unwrap())
            .into()
    };
    let store = opened(dir.path());
    assert!(store.read(|tx| tx.has_backlog()).wait().unwrap());
    assert_eq!(replaced(), [0, 0]);
    assert!(store.write(|tx| tx.index_backlog()).wait().unwrap());
    assert_eq!(replaced(), [10, 10]);
    assert!(!store.read(|tx| tx.has_backlog()).wait().unwrap());
    store.close();
    let store = opened(dir.path());
    assert!(!store.read(|tx| tx.has_backlog()).wait().unwrap(), "and not at the next start");
}
