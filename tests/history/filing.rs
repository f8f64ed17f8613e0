//! Pins, tags and folders: kept with the conversation, in a file and back, and gone without it going.

use crate::{bench::Bench, samples};
use domain::ConversationId;
use engine::{Filing, ForkAt, SearchFrom};
use serde_json::json;

async fn filing(bench: &Bench, id: ConversationId) -> Filing {
    bench.engine.store().read(move |tx| tx.filing(id)).await.unwrap()
}

async fn titles(bench: &Bench, words: &str) -> Vec<String> {
    let find = api::query::parse(words).unwrap();
    let page = bench.engine.search(find, None::<SearchFrom>, 50).await.unwrap();
    let mut titles: Vec<String> = page.hits.into_iter().map(|(hit, _)| hit.title).collect();
    titles.dedup();
    titles
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_pinned_tagged_and_put_into_a_folder() {
    let bench = Bench::new().await;
    bench.import(json!([samples::chatgpt(), samples::claude()]).to_string().as_bytes()).await;
    let [letters, plots] = bench.conversations().await.try_into().unwrap();
    let engine = &bench.engine;
    engine.pin_conversation(plots, true).await.unwrap();
    engine.tag_conversation(plots, " to\nread ", true).await.unwrap();
    engine.tag_conversation(plots, "SQL", true).await.unwrap();
    engine.tag_conversation(plots, "sql", true).await.unwrap();
    engine.tag_conversation(letters, "sql", true).await.unwrap();
    engine.move_conversation(plots, Some("Work")).await.unwrap();
    let kept = filing(&bench, plots).await;
    assert!(kept.pinned_at.is_some());
    assert_eq!(
        (kept.folder.as_deref(), &kept.tags[..]),
        (Some("Work"), &["SQL".into(), "to read".into()][..])
    );
    assert_eq!(filing(&bench, letters).await.tags, ["SQL"], "one tag, however it is written");
    for wrong in ["", " ", "\n", &"x".repeat(61)] {
        assert!(engine.tag_conversation(plots, wrong, true).await.is_err(), "{wrong:?}");
    }

    // The search knows both, alone and beside words.
    assert_eq!(titles(&bench, "tag:sql").await, ["Letters", "Plots"]);
    assert_eq!(titles(&bench, "tag:sql tag:\"to read\"").await, ["Plots"]);
    assert_eq!(titles(&bench, "folder:work plot").await, ["Plots"]);
    assert_eq!(titles(&bench, "folder:work has:code").await, [""; 0]);
    assert_eq!(titles(&bench, "tag:nothing").await, [""; 0]);

    // A copy is kept where the first is, without its pin.
    let copy = engine.fork(ForkAt::Whole(plots)).await.unwrap().conversation;
    let copied = filing(&bench, copy).await;
    assert_eq!((copied.pinned_at, copied.folder.as_deref(), copied.tags.len()), (None, Some("Work"), 2));
    engine.delete_conversation(copy).await.unwrap();
    assert_eq!(engine.cabinet().await.unwrap().folders, [("Work".to_owned(), 1)], "the trash does not count");
    engine.purge_conversation(copy).await.unwrap();

    // A name changes everywhere; two of one name become one.
    engine.rename_tag("to read".into(), "sql").await.unwrap();
    assert_eq!(filing(&bench, plots).await.tags, ["sql"]);
    engine.put_folder(None, "Later").await.unwrap();
    engine.put_folder(Some("Work".into()), "work").await.unwrap();
    assert_eq!(filing(&bench, plots).await.folder.as_deref(), Some("work"));
    engine.put_folder(Some("work".into()), "Later").await.unwrap();
    assert_eq!(engine.cabinet().await.unwrap().folders, [("Later".to_owned(), 1)]);

    // What goes leaves the conversations where they are.
    engine.remove_folder("Later".into()).await.unwrap();
    engine.remove_tag("SQL".into()).await.unwrap();
    engine.pin_conversation(plots, false).await.unwrap();
    assert_eq!(filing(&bench, plots).await, Filing::default());
    assert_eq!(bench.conversations().await, [letters, plots]);
    let cabinet = engine.cabinet().await.unwrap();
    assert!(cabinet.folders.is_empty() && cabinet.tags.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_conversation_was_kept_comes_back_with_it() {
    let one = Bench::new().await;
    one.import(samples::chatgpt().to_string().as_bytes()).await;
    let [id] = one.conversations().await.try_into().unwrap();
    one.engine.pin_conversation(id, true).await.unwrap();
    one.engine.move_conversation(id, Some("Pictures")).await.unwrap();
    one.engine.tag_conversation(id, "plots", true).await.unwrap();
    let mut exported = one.only().await;
    assert_eq!(
        (&exported["pinned"], &exported["folder"], &exported["tags"]),
        (&json!(true), &json!("Pictures"), &json!(["plots"]))
    );
    let other = Bench::new().await;
    other.import(exported.to_string().as_bytes()).await;
    let back = other.only().await;
    for field in ["pinned", "folder", "tags"] {
        assert_eq!(back[field], exported[field], "{field}");
    }
    // What is no name is left out, and no file brings tags without end.
    let many: Vec<String> = (0..500).map(|n| format!("t{n}")).collect();
    exported["folder"] = json!("\u{0}\n ");
    exported["tags"] = json!(many);
    let third = Bench::new().await;
    third.import(exported.to_string().as_bytes()).await;
    let back = third.only().await;
    assert_eq!((&back["folder"], back["tags"].as_array().unwrap().len()), (&json!(null), 20));
    assert!(third.engine.cabinet().await.unwrap().folders.is_empty());
}
