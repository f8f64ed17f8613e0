//! What two exports of another program brought as two conversations is one again.

use crate::{
    Shelf, Store,
    migrate::{MIGRATIONS, Migration},
    store_tests::{open_with, options},
    tx::json,
};
use domain::{ConversationId, LaneTarget, ModelRef};
use std::path::Path;

/// A database of version 30 with conversations that came twice.
fn came_twice(folder: &Path) {
    let before: Vec<Migration> = MIGRATIONS
        .iter()
        .take_while(|m| m.version < 31)
        .map(|m| Migration { version: m.version, steps: m.steps })
        .collect();
    let opened = open_with(folder, 1, &before).unwrap();
    let id = |n: u8| format!("X'{n:032x}'");
    let target = json(&LaneTarget {
        model: ModelRef { model: "m".to_owned(), provider: None },
        system: None,
        params: domain::Params::default(),
        policy: None,
    })
    .unwrap();
    let mut sql = "INSERT INTO contents (id, parts) VALUES ('c', '[]');".to_owned();
    // The second came with nothing but an old turn; its lane stands at an answer of the first. The third is another.
    let chats = [
        (1_u8, "librechat", "c"),
        (2, "librechat", "c"),
        (3, "chatgpt", "c"),
        // Thrown away, and with a prompt that was not sent: these stay what they are.
        (4, "librechat", "c"),
        (5, "librechat", "c"),
    ];
    for (chat, source, called) in chats {
        let n = chat * 16;
        sql += &format!(
            "INSERT INTO conversations (id, title, created_at, updated_at) VALUES ({c}, 't', 1, 1);
             INSERT INTO imports (id, file, source, started_at, conversations, messages)
                 VALUES ({c}, 'f', '{source}', {chat}, 1, 2);
             INSERT INTO imported (conversation, import, source, source_id) VALUES ({c}, {c}, '{source}', '{called}');
             INSERT INTO lanes (id, conversation, position, target) VALUES ({l}, {c}, 0, '{target}');
             INSERT INTO turns (id, conversation, prompt, created_at) VALUES ({t}, {c}, 'c', 1);
             INSERT INTO messages (id, conversation, role, content, created_at) VALUES ({u}, {c}, 'user', 'c', 1);
             INSERT INTO messages (id, conversation, parent, role, content, run, created_at)
                 VALUES ({a}, {c}, {u}, 'assistant', 'c', {r}, 1);
             INSERT INTO runs (id, turn, lane, position, target, user_message, message, process, state, saw,
                 route, notices) VALUES ({r}, {t}, {l}, 0, '{{}}', {u}, {a}, {r}, 'done', '{{}}', '{{}}', '[]');
             INSERT INTO search_docs (place, message, conversation, turn, run) VALUES ({chat}, {a}, {c}, {t}, {r});
             INSERT INTO tags (conversation, name) VALUES ({c}, 'x');",
            c = id(chat),
            l = id(n),
            t = id(n + 1),
            u = id(n + 2),
            a = id(n + 3),
            r = id(n + 4),
        );
    }
    sql += &format!(
        "INSERT INTO messages (id, conversation, parent, role, content, created_at)
             VALUES ({}, {}, {}, 'user', 'c', 1);
         UPDATE lanes SET head = {};
         UPDATE conversations SET deleted_at = 5 WHERE id = {};
         INSERT INTO settings (key, value) VALUES ('view.draft.00000000-0000-0000-0000-000000000005', '\"x\"');
         INSERT INTO imports (id, file, source, started_at, conversations, messages)
             VALUES ({}, 'later', 'chatgpt', 9, 0, 7);",
        id(15),
        id(1),
        id(16 + 3),
        id(16 + 3),
        id(4),
        id(9),
    );
    opened.connection.execute_batch(&sql).unwrap();
}

#[test]
fn a_conversation_that_came_twice_before_version_31_is_one_and_can_be_removed() {
    let dir = tempfile::tempdir().unwrap();
    came_twice(dir.path());
    let store = Store::open(dir.path(), options(2)).unwrap();
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
    let chat = |n: u8| ConversationId::new(uuid::Uuid::from_u128(n.into()));
    let (all, turns, messages, lanes, line_up, called) = store
        .read(move |tx| {
            Ok((
                tx.conversations(9, Shelf::Kept)?.len(),
                tx.turns(chat(1))?.len(),
                tx.messages(chat(1))?.len(),
                tx.lanes_ever(chat(1))?.len(),
                tx.lanes(chat(1))?.len(),
                tx.imported_as("librechat", "c")?,
            ))
        })
        .wait()
        .unwrap();
    assert_eq!((all, turns, messages, lanes, line_up), (3, 2, 5, 2, 1));
    assert_eq!(called, Some(chat(1)), "the one with more in it");
    let elsewhere: Vec<u64> =
        store.read(|tx| tx.imports()).wait().unwrap().iter().map(|row| row.elsewhere).collect();
    assert_eq!(elsewhere, [7, 0, 0, 0, 2, 0], "the second brought messages alone");
    // The third has a lane that stands at an answer of the first; that keeps nothing.
    store.write(move |tx| tx.purge_conversation(chat(1))).wait().unwrap();
    let rest =
        store.read(move |tx| Ok((tx.conversations(9, Shelf::Kept)?, tx.lanes(chat(3))?))).wait().unwrap();
    assert_eq!((rest.0.len(), rest.1[0].head), (2, None));
}
