//! Pins, tags and folders: kept with the conversation, in a file and back, and gone without it going.

use crate::{
    bench::{Bench, drawn, undone},
    samples,
};
use domain::ConversationId;
use engine::{Filing, ForkAt, SearchFrom};
use serde_json::json;
use std::sync::Arc;

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

#[tokio::test(flavor = "multi_thread")]
async fn where_other_programs_kept_a_conversation_comes_along_and_goes_with_the_import() {
    let mut starred = samples::chatgpt();
    starred["is_starred"] = json!(true);
    let mut project = samples::claude();
    project["project"] = json!({ "uuid": "p", "name": " The\nnovel " });
    let mut tagged = samples::open_webui();
    tagged["pinned"] = json!(true);
    tagged["meta"] = json!({ "tags": ["to_read", "sql"] });
    tagged["folder_id"] = json!("0e7c");
    tagged["chat"]["tags"] = json!([{ "name": "sql" }, { "name": "Old" }, 7]);
    let mut marked = samples::librechat();
    marked["tags"] = json!(["Later", "\u{0}"]);
    let mut known = samples::claude();
    known["uuid"] = json!("0199-claude");
    known["project"] = json!({ "name": "mine" });

    let bench = Bench::new().await;
    bench.engine.put_folder(None, "Mine").await.unwrap();
    let all = json!([starred, project, tagged, marked, known]);
    let report = bench.import(all.to_string().as_bytes()).await;
    assert_eq!((report.added, report.complete()), (5, true), "{report:?}");
    let mut kept = Vec::new();
    for id in bench.conversations().await {
        let Filing { pinned_at, folder, tags } = filing(&bench, id).await;
        kept.push((pinned_at.is_some(), folder, tags.join(",")));
    }
    kept.sort();
    let none = String::new;
    assert_eq!(
        kept,
        [
            (false, None, "Later".to_owned()),
            (false, Some("Mine".to_owned()), none()),
            (false, Some("The novel".to_owned()), none()),
            (true, None, none()),
            (true, None, "Old,sql,to_read".to_owned()),
        ]
    );
    // Taken back, nothing of it is left but what was there before.
    assert_eq!(bench.engine.undo_import(report.id.unwrap()).await.unwrap(), undone(5, 0));
    let cabinet = bench.engine.cabinet().await.unwrap();
    assert_eq!((cabinet.folders, cabinet.tags), (vec![("Mine".to_owned(), 0)], vec![]));

    // What was put into its folder since stays, and the folder with it; so does one that got another name.
    let report = bench.import(all.to_string().as_bytes()).await;
    let other = bench
        .import(
            json!([{ "uuid": "own", "chat_messages": samples::claude()["chat_messages"] }])
                .to_string()
                .as_bytes(),
        )
        .await;
    assert_eq!(other.added, 1);
    let own = bench.conversations().await.into_iter();
    let mut titled = Vec::new();
    for id in own {
        titled.push((
            bench.engine.store().read(move |tx| tx.conversation(id)).await.unwrap().unwrap().title,
            id,
        ));
    }
    let (_, own) = titled.iter().find(|(title, _)| title == "Hello").unwrap();
    bench.engine.move_conversation(*own, Some("The novel")).await.unwrap();
    bench.engine.undo_import(report.id.unwrap()).await.unwrap();
    let folders = bench.engine.cabinet().await.unwrap().folders;
    assert_eq!(folders, [("Mine".to_owned(), 0), ("The novel".to_owned(), 1)]);
    // Once the last of it has gone, the folder that an import made goes with whatever is taken back next.
    bench.engine.move_conversation(*own, None).await.unwrap();
    bench.engine.undo_import(other.id.unwrap()).await.unwrap();
    assert_eq!(bench.engine.cabinet().await.unwrap().folders, [("Mine".to_owned(), 0)]);
}

/// A project of ChatGPT is told by an id that nobody knows it by.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_a_name_is_one_folder_however_often_it_comes() {
    let talk = |id: &str, project: &str| {
        let mut value = samples::chatgpt();
        value["conversation_id"] = json!(id);
        value["title"] = json!(id);
        value["conversation_template_id"] = json!(project);
        value
    };
    let bench = Bench::new().await;
    let engine = &bench.engine;
    engine.put_folder(None, "project 2").await.unwrap();
    let all = vec![talk("a", "g-p-1"), talk("b", "g-p-2"), talk("c", "g-p-1"), talk("d", "g-1")];
    let report = bench.import(json!(all).to_string().as_bytes()).await;
    assert_eq!(report.added, 4);
    let folders = |names: &[(&str, u32)]| -> Vec<(String, u32)> {
        names.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    let there = || async { engine.cabinet().await.unwrap().folders };
    assert_eq!(there().await, folders(&[("Project 1", 2), ("project 2", 0), ("Project 3", 1)]));
    // Called by its name, it stays the folder of what comes later; what was put elsewhere stays there.
    engine.put_folder(Some("Project 1".into()), "My novel").await.unwrap();
    engine.put_folder(Some("My novel".into()), "My Novel").await.unwrap();
    let later = [all, vec![talk("e", "g-p-1"), talk("f", "g-p-9")]].concat();
    let second = bench.import(json!(later).to_string().as_bytes()).await;
    assert_eq!((second.added, second.known), (2, 4));
    assert_eq!(
        there().await,
        folders(&[("My Novel", 3), ("project 2", 0), ("Project 3", 1), ("Project 4", 1)])
    );
    // Taken back, the folders that it made go with what is in them.
    engine.undo_import(second.id.unwrap()).await.unwrap();
    assert_eq!(there().await, folders(&[("My Novel", 2), ("project 2", 0), ("Project 3", 1)]));
    engine.undo_import(report.id.unwrap()).await.unwrap();
    assert_eq!(there().await, folders(&[("My Novel", 0), ("project 2", 0)]), "a name of the user's stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_open_webui_that_was_saved_by_itself_comes_along() {
    let bench = Bench::new().await;
    let file = bench.folder.path().join("folder-The novel-export-1748736000000.json");
    std::fs::write(&file, json!([samples::open_webui(), samples::claude()]).to_string()).unwrap();
    assert_eq!(bench.engine.import(file, false, Arc::default()).await.unwrap().added, 2);
    // The other one is from elsewhere.
    assert_eq!(bench.engine.cabinet().await.unwrap().folders, [("The novel".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_one_under_the_other_are_read_as_those_in_a_list_are() {
    let mut nested = samples::librechat();
    let messages = nested.as_object_mut().unwrap().remove("messages").unwrap();
    nested["messagesTree"] = messages;
    let bench = Bench::new().await;
    assert_eq!(bench.import(nested.to_string().as_bytes()).await.added, 1);
    assert_eq!(drawn(&bench.only().await), ["Why? → gpt-5-mini: so+Because."]);
}
