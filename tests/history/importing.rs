//! Imports: every form, twice, later, and back.

use crate::{
    bench::{Bench, drawn, undone},
    samples,
};
use domain::{Basis, ContextPolicy, LaneTarget, ModelRef};
use engine::{Ask, ExportForm, Find, ImportProgress, Listeners, Match, PickChoice};
use parallax_suite::support::{
    chat::chat_stream,
    zip::{Entry, archive},
};
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn every_form_is_recognised_by_what_is_in_it_and_comes_once() {
    for (value, source, expected) in [
        (samples::chatgpt(), "ChatGPT", &samples::CHATGPT[..]),
        (samples::claude(), "Claude", &samples::CLAUDE[..]),
        (samples::open_webui(), "Open WebUI", &["Which? → llama3: This. | qwen3: That."][..]),
        (samples::librechat(), "LibreChat", &["Why? → gpt-5-mini: so+Because."][..]),
    ] {
        for bytes in [
            json!([value]).to_string().into_bytes(),
            format!("\u{feff}{value}").into_bytes(),
            archive(&[
                Entry::new("users.json", b"[{\"uuid\":1}]"),
                Entry::new("x/conversations-000.json", json!([value]).to_string().as_bytes()),
            ]),
        ] {
            let bench = Bench::new().await;
            let before = bench.settings();
            let look = bench.try_import(&bytes, true).await.unwrap();
            assert_eq!((look.added, look.dry_run, look.id), (1, true, None), "{source}");
            assert!(bench.conversations().await.is_empty(), "a look writes nothing");
            let report = bench.import(&bytes).await;
            assert_eq!((report.added, &report.sources[..]), (1, &[source][..]));
            assert!(report.complete());
            assert_eq!(drawn(&bench.only().await), expected, "{source}");
            assert_eq!(bench.settings(), before, "an import sets nothing and books nothing");
            let again = bench.import(&bytes).await;
            assert_eq!((again.added, again.known, again.messages), (0, 1, 0));
            assert_eq!(drawn(&bench.only().await), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_import_says_of_a_conversation_is_kept() {
    let bench = Bench::new().await;
    let report = bench.import(samples::chatgpt().to_string().as_bytes()).await;
    assert_eq!(
        (report.messages, report.branched, report.attachments, report.hidden_characters),
        (7, 1, 1, 1)
    );
    assert_eq!(report.system_messages, 1);
    let value = bench.only().await;
    assert_eq!((&value["title"], &value["created_at"]), (&json!("Plots"), &json!(1_700_000_000_000_i64)));
    let answers = value["turns"][0]["answers"].as_array().unwrap();
    assert_eq!(answers[0]["cost"], json!({ "usd": null, "basis": Basis::Unknown }), "a cost nobody knows");
    assert_eq!(answers[0]["lane"], answers[1]["lane"], "asked again in the same lane");
    assert_eq!(value["turns"][2]["answers"][0]["saw"], json!({ "type": "own", "turns": 1 }));
    let head = &value["lanes"][0]["head"];
    assert_eq!(head, &value["turns"][2]["answers"][0]["message"], "the lane goes on where it was left");
    let parent = &value["turns"][2]["prompts"][0]["parent"];
    assert_eq!(parent, &answers[1]["message"], "the tree is kept");
    // Several models stand side by side, each in a lane of the line-up.
    let bench = Bench::new().await;
    bench.import(samples::open_webui().to_string().as_bytes()).await;
    let value = bench.only().await;
    assert_eq!(value["archived"], true);
    let lanes: Vec<_> =
        value["lanes"].as_array().unwrap().iter().map(|l| (&l["model"], &l["in_line_up"])).collect();
    assert_eq!(lanes, [(&json!("llama3"), &json!(true)), (&json!("qwen3"), &json!(true))]);
    assert_eq!(value["turns"][0]["answers"][0]["system"], "Be brief");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_llm_is_read_in_its_order() {
    let bench = Bench::new().await;
    let path = bench.folder.path().join("logs.db");
    samples::llm(&path);
    for round in 0..2 {
        let report =
            bench.engine.import(path.clone(), false, Arc::new(ImportProgress::default())).await.unwrap();
        assert_eq!((report.added, report.known), if round == 0 { (2, 0) } else { (0, 2) });
        assert_eq!(report.sources, ["llm"]);
    }
    let mut all = Vec::new();
    for id in bench.conversations().await {
        let text = bench.exported(id, ExportForm::Json).await;
        all.extend(drawn(&serde_json::from_str(&text).unwrap()));
    }
    assert_eq!(all, ["Alone? → mistral: Yes.", "One? → gpt-4o: Two.", "Two? → gpt-4o: Three."]);
    // Another program's database is refused, and so is our own.
    let refused = bench.engine.import(bench.folder.path().join("parallax.db"), false, Arc::default()).await;
    assert!(refused.unwrap_err().message.contains("not a log of llm"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_export_adds_what_is_new() {
    let bench = Bench::new().await;
    let mut early = samples::chatgpt();
    for node in ["u2", "a2"] {
        early["mapping"].as_object_mut().unwrap().remove(node);
    }
    early["current_node"] = json!("a1");
    assert_eq!(bench.import(early.to_string().as_bytes()).await.messages, 5);
    let later = bench.import(samples::chatgpt().to_string().as_bytes()).await;
    assert_eq!((later.added, later.extended, later.messages), (0, 1, 2));
    let value = bench.only().await;
    assert_eq!(drawn(&value), samples::CHATGPT);
    assert_eq!(value["lanes"][0]["head"], value["turns"][2]["answers"][0]["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_words_are_found_at_once_and_an_import_can_be_taken_back() {
    let bench = Bench::new().await;
    let all = json!([samples::chatgpt(), samples::claude(), samples::open_webui()]);
    let report = bench.import(all.to_string().as_bytes()).await;
    assert_eq!(report.added, 3);
    let search = |word: &str| {
        let find = Find { terms: vec![word.to_owned()], ..Find::default() };
        let engine = bench.engine.clone();
        async move { engine.search(find, None, 10).await.unwrap().hits }
    };
    let hits = search("cat").await;
    assert_eq!((hits.len(), hits[0].1, hits[0].0.model.as_deref()), (1, Match::Words, Some("gpt-4o")));
    assert_eq!(search("Lost branch").await.len(), 1, "also what was edited away");
    // One of them is gone on with; it stays.
    bench.engine.add_provider("p", "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
    bench.scripted.push_for("p", chat_stream(&["More."], 1, 1));
    let kept = hits[0].0.conversation;
    let target = LaneTarget {
        model: ModelRef::parse("m@p").unwrap(),
        system: None,
        params: domain::Params::default(),
        policy: None,
    };
    bench
        .engine
        .store()
        .write(move |tx| {
            let mut lanes = tx.lanes(kept)?;
            lanes.iter_mut().for_each(|lane| lane.target = target.clone());
            tx.put_lanes(kept, &lanes)
        })
        .await
        .unwrap();
    let ask = Ask {
        conversation: Some(kept),
        line_up: Vec::new(),
        prompt: "Go on".to_owned(),
        context: ContextPolicy::Own,
        policy: None,
    };
    bench.engine.start_turn(ask, Listeners::default()).await.unwrap().done.await.unwrap();
    assert_eq!(bench.engine.undo_import(report.id.unwrap()).await.unwrap(), undone(2, 1));
    assert_eq!(bench.conversations().await, [kept]);
    assert_eq!(search("Which").await.len(), 0);
    let again = bench.import(all.to_string().as_bytes()).await;
    assert_eq!((again.added, again.known), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_voted_on_or_begun_to_be_written_in_stays_when_an_import_is_taken_back() {
    let bench = Bench::new().await;
    let all = json!([samples::chatgpt(), samples::claude(), samples::open_webui()]);
    let report = bench.import(all.to_string().as_bytes()).await;
    let (mut kept, mut begun) = (Vec::new(), None);
    for id in bench.conversations().await {
        let turns = bench.engine.turns(id).await.unwrap();
        match turns.iter().find(|turn| turn.runs.len() > 1) {
            Some(turn) => {
                bench.engine.pick(turn.id, PickChoice::Tie).await.unwrap();
                kept.push(id);
            }
            None => begun = Some(id),
        }
    }
    let begun = begun.unwrap();
    let draft = format!("view.draft.{begun}");
    let written = draft.clone();
    let write = bench.engine.store().write(move |tx| tx.set_setting(&written, Some("\"half a thought\"")));
    write.await.unwrap();
    kept.push(begun);
    assert_eq!(kept.len(), 2);
    assert_eq!(bench.engine.undo_import(report.id.unwrap()).await.unwrap(), undone(1, 2));
    let mut left = bench.conversations().await;
    left.sort();
    kept.sort();
    assert_eq!(left, kept);
    let draft = bench.engine.store().read(move |tx| tx.setting(&draft)).await.unwrap();
    assert_eq!(draft.as_deref(), Some("\"half a thought\""));
    assert_eq!(bench.engine.casts().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_trash_stays_there() {
    let bench = Bench::new().await;
    let bytes = samples::chatgpt().to_string();
    bench.import(bytes.as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    bench.engine.delete_conversation(id).await.unwrap();
    let report = bench.import(bytes.as_bytes()).await;
    assert_eq!((report.added, report.in_trash), (0, 1));
    assert!(bench.conversations().await.is_empty());
    bench.engine.restore_conversation(id).await.unwrap();
    assert_eq!(drawn(&bench.only().await), samples::CHATGPT);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_and_a_folder_are_refused_and_keep_nobody_waiting() {
    let bench = Bench::new().await;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("conversations.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe, folder.path().to_owned()] {
        let import = bench.engine.import(path.clone(), false, Arc::new(ImportProgress::default()));
        let ended = tokio::time::timeout(std::time::Duration::from_secs(60), import).await;
        let refused = ended.expect("nobody waits for a pipe").unwrap_err();
        assert!(refused.message.contains("not a file"), "{}: {}", path.display(), refused.message);
    }
}
