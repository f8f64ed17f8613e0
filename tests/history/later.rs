//! Another export of what is here already: later, of another branch, of the same conversation gone on with.

use crate::{
    bench::{Bench, drawn, undone},
    samples,
};
use engine::{Find, ImportReport};
use serde_json::{Value, json};
use std::time::Duration;

fn says(text: &str) -> Value {
    json!({ "content_type": "text", "parts": [text] })
}

/// A message of ChatGPT: id, what it follows, who, what, seconds.
type Said<'a> = (&'a str, &'a str, &'a str, &'a str, f64);

fn chatgpt(said: &[Said<'_>], current: &str) -> Value {
    let mut mapping = serde_json::Map::new();
    mapping
        .insert("root".to_owned(), json!({ "id": "root", "message": null, "parent": null, "children": [] }));
    for (id, parent, role, text, at) in said {
        mapping.extend([samples::chatgpt_node(id, Some(parent), role, &says(text), 1_700_000_000.0 + at)]);
    }
    json!({ "title": "T", "create_time": 1_700_000_000.0, "update_time": 1_700_000_000.0, "mapping": mapping,
        "current_node": current, "conversation_id": "later" })
}

fn librechat(said: &[Said<'_>]) -> Value {
    let message = |(id, parent, role, text, at): &Said<'_>| {
        json!({ "messageId": id, "parentMessageId": parent, "isCreatedByUser": *role == "user", "text": text,
            "model": "gpt-5", "unfinished": text.ends_with('…'), "createdAt": format!("2026-01-02T03:04:{at:02}Z") })
    };
    let messages: Vec<Value> = said.iter().map(message).collect();
    json!({ "conversationId": "later", "title": "T", "options": { "model": "gpt-5" }, "messages": messages })
}

async fn import(bench: &Bench, value: &Value) -> ImportReport {
    bench.import(value.to_string().as_bytes()).await
}

/// What was added, has grown, its messages, and answers renewed.
fn told(report: &ImportReport) -> (u64, u64, u64, u64) {
    (report.added, report.extended, report.messages, report.renewed)
}

/// Rows of one conversation that name rows of another.
fn astray(bench: &Bench) -> i64 {
    let database = rusqlite::Connection::open(bench.folder.path().join("parallax.db")).unwrap();
    let sql = "SELECT (SELECT count(*) FROM lanes l JOIN messages m ON m.id = l.head WHERE m.conversation <> l.conversation)
        + (SELECT count(*) FROM messages m JOIN messages p ON p.id = m.parent WHERE m.conversation <> p.conversation)
        + (SELECT count(*) FROM runs r JOIN turns t ON t.id = r.turn JOIN messages m ON m.id = r.message
           WHERE m.conversation <> t.conversation)";
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Its beginning is the time of its oldest message, and one export has fewer branches than another.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_the_same_whenever_an_export_says_it_began() {
    let new = [("v", "0", "user", "First prompt", 12.0), ("b", "v", "model", "New answer", 15.0)];
    let old = [("u", "0", "user", "Frist prompt", 1.0), ("a", "u", "model", "Old answer", 5.0)];
    let bench = Bench::new().await;
    let first = import(&bench, &librechat(&new)).await;
    assert_eq!(told(&first), (1, 0, 2, 0));
    let second = import(&bench, &librechat(&[old, new].concat())).await;
    assert_eq!(told(&second), (0, 1, 2, 0));
    let value = bench.only().await;
    let mut turns = drawn(&value);
    turns.sort();
    assert_eq!(turns, ["First prompt → gpt-5: New answer", "Frist prompt → gpt-5: Old answer"]);
    assert_eq!(value["lanes"].as_array().unwrap().len(), 1);
    assert_eq!(astray(&bench), 0);
    assert_eq!(import(&bench, &librechat(&new)).await.known, 1);
    assert_eq!(bench.engine.undo_import(first.id.unwrap()).await.unwrap(), undone(1, 0));
    assert!(bench.conversations().await.is_empty());
}

/// Two answers that begin with the same search; which of them is kept there changes, and one is gone on with.
#[tokio::test(flavor = "multi_thread")]
async fn switching_branches_elsewhere_doubles_nothing_here() {
    let begin = [
        ("u", "root", "user", "Q", 0.0),
        ("c", "u", "assistant", "search", 1.0),
        ("t", "c", "tool", "found", 2.0),
    ];
    let (x, y) = (("x", "t", "assistant", "X", 3.0), ("y", "t", "assistant", "Y", 9.0));
    let more = [("u2", "x", "user", "After X", 20.0), ("z", "u2", "assistant", "Z", 21.0)];
    let both = [&begin[..], &[x, y]].concat();
    let gone_on = [&both[..], &more].concat();
    // What is here may have come while one of the two was alone, and then goes by the message they share.
    for alone in [None, Some(x), Some(y)] {
        let bench = Bench::new().await;
        if let Some(alone) = alone {
            import(&bench, &chatgpt(&[&begin[..], &[alone]].concat(), alone.0)).await;
        }
        let expected = if alone.is_some() { (0, 1, 1, 0) } else { (1, 0, 3, 0) };
        assert_eq!(told(&import(&bench, &chatgpt(&both, "x")).await), expected);
        assert_eq!(import(&bench, &chatgpt(&both, "y")).await.known, 1);
        let report = import(&bench, &chatgpt(&gone_on, "y")).await;
        assert_eq!((told(&report), report.differing), ((0, 1, 2, 0), 0));
        let value = bench.only().await;
        let answers = value["turns"][0]["answers"].as_array().unwrap();
        let ends = |answer: &Value| answer["content"].as_array().unwrap().last().unwrap()["text"].clone();
        let mut said: Vec<Value> = answers.iter().map(ends).collect();
        said.sort_by_key(ToString::to_string);
        assert_eq!(said, [json!("X"), json!("Y")]);
        let after = answers.iter().find(|answer| ends(answer) == "X").unwrap();
        assert_eq!(value["turns"][1]["prompts"][0]["parent"], after["message"], "{alone:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_went_on_or_was_finished_takes_the_place_of_what_was_here() {
    let begun = [("u", "root", "user", "Q", 0.0), ("a", "u", "assistant", "I will start.", 1.0)];
    let whole = [("t", "a", "tool", "searching", 2.0), ("b", "t", "assistant", "The zebra report", 900.0)];
    let whole = [&begun[..], &whole].concat();
    let bench = Bench::new().await;
    import(&bench, &chatgpt(&begun, "a")).await;
    assert_eq!(
        told(&bench.try_import(chatgpt(&whole, "b").to_string().as_bytes(), true).await.unwrap()),
        (0, 1, 0, 1)
    );
    assert_eq!(told(&import(&bench, &chatgpt(&whole, "b")).await), (0, 1, 0, 1));
    assert_eq!(import(&bench, &chatgpt(&whole, "b")).await.known, 1);
    assert_eq!(drawn(&bench.only().await), ["Q → gpt-4o: I will start.+searching+The zebra report"]);
    let find = Find { terms: vec!["zebra".to_owned()], ..Find::default() };
    assert_eq!(bench.engine.search(find, None, 10).await.unwrap().hits.len(), 1);
    // The older export takes nothing away again.
    let older = import(&bench, &chatgpt(&begun, "a")).await;
    assert_eq!((told(&older), older.differing), ((0, 0, 0, 0), 1));
    // What broke off is finished; the words that were here are nowhere any more.
    let bench = Bench::new().await;
    let said = |answer| librechat(&[("u", "0", "user", "Q", 1.0), ("a", "u", "model", answer, 2.0)]);
    import(&bench, &said("Quagga half…")).await;
    assert_eq!(bench.only().await["turns"][0]["answers"][0]["state"], "interrupted");
    assert_eq!(told(&import(&bench, &said("Whole.")).await), (0, 1, 0, 1));
    let value = bench.only().await;
    assert_eq!(drawn(&value), ["Q → gpt-5: Whole."]);
    assert_eq!(value["turns"][0]["answers"][0]["state"], "done");
    let database = rusqlite::Connection::open(bench.folder.path().join("parallax.db")).unwrap();
    let left = "SELECT count(*) FROM contents WHERE parts LIKE '%Quagga%'";
    assert_eq!(database.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_something_else_in_a_later_export_is_told_and_stays() {
    let said =
        |prompt, answer| librechat(&[("u", "0", "user", prompt, 1.0), ("a", "u", "model", answer, 2.0)]);
    let bench = Bench::new().await;
    import(&bench, &said("Which way?", "To the left.")).await;
    let report = import(&bench, &said("Which way is it?", "Right.")).await;
    assert_eq!((told(&report), report.known, report.differing), ((0, 0, 0, 0), 1, 2));
    assert_eq!(drawn(&bench.only().await), ["Which way? → gpt-5: To the left."]);
    let report = import(&bench, &said("Which way?", "No, quite the contrary: go to the right.")).await;
    assert_eq!((told(&report), report.differing), ((0, 0, 0, 0), 1), "longer, but something else");
    assert_eq!(drawn(&bench.only().await), ["Which way? → gpt-5: To the left."]);
    // Where somebody has begun to write, a longer answer stays away too.
    let [id] = bench.conversations().await.try_into().unwrap();
    let draft = format!("view.draft.{id}");
    bench.engine.store().write(move |tx| tx.set_setting(&draft, Some("\"half\""))).await.unwrap();
    let report = import(&bench, &said("Which way?", "To the left, and then on and on.")).await;
    assert_eq!((told(&report), report.differing), ((0, 0, 0, 0), 1));
    assert_eq!(drawn(&bench.only().await), ["Which way? → gpt-5: To the left."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_gone_on_with_on_another_computer_comes_along_or_is_told() {
    let other = Bench::new().await;
    let begun = [("u", "root", "user", "Q", 0.0), ("a", "u", "assistant", "A", 1.0)];
    import(&other, &chatgpt(&begun, "a")).await;
    let first = other.only().await;
    let more = [("u2", "a", "user", "More", 5.0), ("a2", "u2", "assistant", "Of it", 6.0)];
    import(&other, &chatgpt(&[begun, more].concat(), "a2")).await;
    let second = other.only().await;
    let bench = Bench::new().await;
    assert_eq!(told(&import(&bench, &first).await), (1, 0, 2, 0));
    assert_eq!(told(&import(&bench, &second).await), (0, 1, 2, 0));
    let value = bench.only().await;
    assert_eq!((drawn(&value), &value["lanes"]), (drawn(&second), &second["lanes"]));
    assert_eq!(import(&bench, &second).await.known, 1);
    // One that was begun here is the newer one.
    let bench = Bench::new().await;
    import(&bench, &first).await;
    let database = rusqlite::Connection::open(bench.folder.path().join("parallax.db")).unwrap();
    database.execute("DELETE FROM imported", []).unwrap();
    let report = import(&bench, &second).await;
    assert_eq!((told(&report), report.known, report.ahead), ((0, 0, 0, 0), 1, 2));
    assert_eq!(drawn(&bench.only().await), ["Q → gpt-4o: A"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_an_import_back_says_what_stays() {
    let begun = [("u", "root", "user", "Q", 0.0), ("a", "u", "assistant", "A", 1.0)];
    let more = [("u2", "a", "user", "More", 5.0), ("a2", "u2", "assistant", "Of it", 6.0)];
    let more = chatgpt(&[begun, more].concat(), "a2");
    let bench = Bench::new().await;
    import(&bench, &chatgpt(&begun, "a")).await;
    let report = import(&bench, &json!([more, samples::claude()])).await;
    assert_eq!((report.added, report.extended, report.messages), (1, 1, 4));
    let undone = bench.engine.undo_import(report.id.unwrap()).await.unwrap();
    assert_eq!((undone.gone, undone.kept, undone.elsewhere), (1, 0, 2));
    assert_eq!(drawn(&bench.only().await).len(), 2);
    // One that brought nothing else cannot be taken back, and is not said to have been.
    let bench = Bench::new().await;
    import(&bench, &chatgpt(&begun, "a")).await;
    assert_eq!(import(&bench, &more).await.id, None);
    let imports = bench.engine.store().read(|tx| tx.imports()).await.unwrap();
    let added = imports.iter().find(|row| row.conversations == 0).unwrap();
    assert_eq!(added.elsewhere, 2);
    let refused = bench.engine.undo_import(added.id).await.unwrap_err();
    assert!(refused.message.contains("only added messages"), "{}", refused.message);
    let imports = bench.engine.store().read(|tx| tx.imports()).await.unwrap();
    assert!(imports.iter().all(|row| row.undone_at.is_none()));
    assert_eq!(drawn(&bench.only().await).len(), 2);
}

/// A lane of one conversation stands at an answer of another, as nothing should; and a run of it is in another's lane.
#[tokio::test(flavor = "multi_thread")]
async fn one_conversation_that_cannot_be_removed_keeps_no_other_in_the_trash() {
    let bench = Bench::new().await;
    let all = json!([samples::chatgpt(), samples::claude(), samples::open_webui(), samples::librechat()]);
    import(&bench, &all).await;
    let database = rusqlite::Connection::open(bench.folder.path().join("parallax.db")).unwrap();
    let id = |title: &str| -> Vec<u8> {
        database
            .query_row("SELECT id FROM conversations WHERE title = ?1", [title], |row| row.get(0))
            .unwrap()
    };
    let (plots, letters, models) = (id("Plots"), id("Letters"), id("Two models"));
    database.pragma_update(None, "foreign_keys", false).unwrap();
    let lanes = "UPDATE lanes SET head = (SELECT id FROM messages WHERE conversation = ?1 LIMIT 1) WHERE conversation = ?2";
    assert_eq!(database.execute(lanes, [&plots, &models]).unwrap(), 2);
    let runs = "UPDATE runs SET lane = (SELECT id FROM lanes WHERE conversation = ?1 LIMIT 1)
        WHERE turn IN (SELECT id FROM turns WHERE conversation = ?2)";
    assert_eq!(database.execute(runs, [&letters, &models]).unwrap(), 2);
    let old = "UPDATE conversations SET deleted_at = 1700000000000 WHERE title <> 'Two models'";
    assert_eq!(database.execute(old, []).unwrap(), 3);
    let left = || -> Vec<String> {
        let mut titles = database.prepare("SELECT title FROM conversations ORDER BY title").unwrap();
        titles.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    bench.engine.recover().await.unwrap();
    for _ in 0..400 {
        if left().len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(left(), ["Letters", "Two models"], "what the other's runs name stays, and alone");
    let heads: i64 = database
        .query_row(
            "SELECT count(*) FROM lanes WHERE head IS NOT NULL AND conversation = ?1",
            [&models],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(heads, 0, "nothing points at what is gone");
}
