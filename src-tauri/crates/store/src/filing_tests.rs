//! Conversations that are kept somewhere are listed the same however they are found, and not by reading all of them.

use crate::{Options, Store, table::filing};
use domain::{ConversationId, ProcessId, Timestamp};
use uuid::Uuid;

fn opened(dir: &std::path::Path) -> Store {
    let process = ProcessId::new(Uuid::from_u128(1));
    Store::open(dir, Options { process, now: Timestamp(1_000), version: "0.1.0" }).unwrap()
}

fn raw(dir: &std::path::Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join("parallax.db")).unwrap()
}

/// So many conversations, the newer the higher its number, of which those are kept somewhere that `kept` says. Each
/// third is only pinned.
fn fill(dir: &std::path::Path, count: u128, kept: impl Fn(u128) -> bool) {
    let mut sql = String::from("BEGIN; INSERT INTO folders VALUES ('Work');");
    for n in 1..=count {
        let id = format!("X'{n:032x}'");
        sql += &format!(
            "INSERT INTO conversations (id, title, created_at, updated_at, archived_at, deleted_at)
                 VALUES ({id}, 't', 1, {}, {}, {});",
            n / 2,
            if n % 50 == 7 { "1" } else { "NULL" },
            if n % 50 == 8 { "1" } else { "NULL" },
        );
        sql += &match n % 3 {
            // A line without a place is no place.
            _ if !kept(n) => format!("INSERT INTO filed (conversation) VALUES ({id});"),
            0 => format!("INSERT INTO filed (conversation, pinned_at) VALUES ({id}, 1);"),
            1 => format!("INSERT INTO filed (conversation, folder) VALUES ({id}, 'Work');"),
            _ => format!("INSERT INTO tags VALUES ({id}, 'a'), ({id}, 'b');"),
        };
    }
    raw(dir).execute_batch(&(sql + "COMMIT;")).unwrap();
}

/// Which of them are kept somewhere.
type Kept = fn(u128) -> bool;

#[test]
fn what_is_kept_somewhere_is_listed_the_same_however_much_it_is() {
    // All of them, the newest of them, the oldest alone, few of few.
    let cases: [(u128, Kept); 4] =
        [(3_000, |_| true), (3_000, |n| n > 100), (3_000, |n| n < 40), (60, |n| n % 2 == 0)];
    for (count, kept) in cases {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path()).close();
        fill(dir.path(), count, kept);
        let store = opened(dir.path());
        let listed = |n: &u128| kept(*n) && n % 50 != 7 && n % 50 != 8;
        for limit in [0_u32, 1, 25, 5_000] {
            let rows = store.read(move |tx| tx.filed_conversations(limit)).wait().unwrap();
            let found: Vec<ConversationId> = rows.into_iter().map(|row| row.id).collect();
            let expected: Vec<ConversationId> = (1..=count)
                .rev()
                .filter(listed)
                .take(limit as usize)
                .map(|n| ConversationId::new(Uuid::from_u128(n)))
                .collect();
            assert_eq!(found, expected, "{count}, {limit}");
        }
    }
}

#[test]
fn the_newest_that_are_kept_somewhere_are_found_without_reading_and_sorting_all() {
    let dir = tempfile::tempdir().unwrap();
    opened(dir.path()).close();
    let connection = raw(dir.path());
    // As in a database that was never analysed.
    connection.execute_batch("DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4").unwrap();
    let connection = raw(dir.path());
    let plan = |sql: &str| -> Vec<String> {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let any = vec![1; plan.parameter_count()];
        let steps = plan.query_map(rusqlite::params_from_iter(any), |row| row.get(3)).unwrap();
        steps.collect::<Result<_, _>>().unwrap()
    };
    let steps = plan(filing::NEWEST);
    assert!(!steps.iter().any(|step| step.starts_with("SCAN") || step.contains("TEMP B-TREE")), "{steps:?}");
    assert!(steps.iter().any(|step| step.contains("USING INDEX conversations_by_update")), "{steps:?}");
    let steps = plan(filing::FAR);
    assert_eq!(steps, ["SCAN conversations USING COVERING INDEX conversations_by_update"]);
    let steps = plan(filing::MANY);
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
}
