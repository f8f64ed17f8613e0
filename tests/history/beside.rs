//! Pictures and files that lie in an archive beside its conversations.

use crate::{bench::Bench, samples};
use domain::{ContextPolicy, LaneTarget, ModelRef};
use engine::{Ask, Find, Listeners};
use parallax_suite::support::{
    chat::chat_stream,
    picture::png,
    zip::{Entry, archive},
};
use serde_json::{Value, json};

/// A conversation with a picture and two files in a prompt, and a picture in an answer.
fn conversation() -> Value {
    let mut value = samples::chatgpt();
    value["mapping"]["u2"]["message"]["metadata"]["attachments"] = json!([
        { "id": "file-1", "name": "cat.png", "mimeType": "image/png" },
        { "id": "file-2", "name": "../notes.txt" },
        { "id": "file-9", "name": "report.docx" },
    ]);
    let made = json!({ "content_type": "multimodal_text", "parts": [
        { "content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00ff" } ] });
    let mapping = value["mapping"].as_object_mut().unwrap();
    let (id, node) = samples::chatgpt_node("made", Some("u2"), "tool", &made, 1_700_000_103.0);
    mapping.insert(id, node);
    let answer = &mut mapping["a2"];
    answer["parent"] = json!("made");
    answer["message"]["metadata"]["content_references"] = json!([{ "type": "grouped_webpages", "items": [{ "title": "Cats", "url": "https://cats.example/" }] }]);
    value
}

fn packed(value: &Value, picture: Entry<'_>) -> Vec<u8> {
    archive(&[
        Entry::new("conversations.json", json!([value]).to_string().as_bytes()),
        Entry::new("user.json", b"{\"email\":\"a@b\"}"),
        picture,
        Entry::new("file-2-notes.txt", b"Some notes"),
        Entry::new("user-7/file_00ff-0a1b.png", &png()),
        Entry::new("file-9-report.docx", b"PK\x03\x04 and so on"),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_all_called_dat_come_under_the_names_they_had() {
    let mut value = conversation();
    value["mapping"]["u2"]["message"]["metadata"]["attachments"] =
        json!([{ "id": "file-1", "name": "cat.png" }, { "id": "file-2" }, { "id": "file-9" }]);
    let called =
        json!({ "file-1.dat": "other.png", "file-2.dat": "../Some notes.md", "file_00ff.dat": "made.png" });
    let bytes = archive(&[
        Entry::new("conversations-000.json", json!([value]).to_string().as_bytes()),
        Entry::new("conversation_asset_file_names.json", called.to_string().as_bytes()),
        Entry::new("file-1.dat", &png()),
        Entry::new("file-2.dat", b"Some notes"),
        Entry::new("file-9.dat", b"More notes"),
        Entry::new("file_00ff.dat", &png()),
    ]);
    let bench = Bench::new().await;
    let report = bench.import(&bytes).await;
    assert_eq!((report.added, report.files, report.attachments), (1, 4, 0));
    let value = bench.only().await;
    let names = |content: &Value| -> Vec<String> {
        let files = content.as_array().unwrap().iter().filter(|part| part["type"] == "attachment");
        files.map(|file| format!("{} {}", file["name"], file["media_type"])).collect()
    };
    // A message's own word for a file goes before the archive's.
    assert_eq!(
        names(&value["turns"][2]["prompt"]),
        ["\"cat.png\" \"image/png\"", "\"Some notes.md\" \"text/markdown\"", "\"file-9.dat\" \"text/plain\""]
    );
    assert_eq!(names(&value["turns"][2]["answers"][0]["content"]), ["\"made.png\" \"image/png\""]);
    // What tells no names costs nothing else.
    let bytes = archive(&[
        Entry::new("conversations-000.json", json!([conversation()]).to_string().as_bytes()),
        Entry::new("conversation_asset_file_names.json", b"[\"no names\"]"),
        Entry::new("file-1.dat", &png()),
    ]);
    let report = Bench::new().await.import(&bytes).await;
    assert_eq!((report.added, report.files), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_files_of_an_archive_come_along_cleaned() {
    let bench = Bench::new().await;
    let picture = png();
    let bytes = packed(&conversation(), Entry::new("file-1-cat.png", &picture));
    let look = bench.try_import(&bytes, true).await.unwrap();
    assert_eq!((look.added, look.files, look.attachments), (1, 4, 0));
    assert!(
        bench.engine.store().files_folder().is_none_or(|folder| !folder.exists()),
        "a look keeps nothing"
    );
    let report = bench.import(&bytes).await;
    assert_eq!((report.files, report.attachments), (3, 1), "an office document is named in its place");
    let value = bench.only().await;
    let prompt = value["turns"][2]["prompt"].as_array().unwrap();
    let told: Vec<String> = prompt
        .iter()
        .map(|part| match part["type"].as_str().unwrap() {
            "attachment" => format!("{} {}", part["name"], part["media_type"]),
            _ => part["text"].as_str().unwrap().to_owned(),
        })
        .collect();
    let expected = [
        "\"cat.png\" \"image/png\"",
        "And this?",
        "\"notes.txt\" \"text/plain\"",
        "[File, not imported: report.docx]",
    ];
    assert_eq!(told, expected);
    let kept = bench.engine.attachment(prompt[0]["sha256"].as_str().unwrap().to_owned()).await.unwrap();
    assert_eq!((kept.size, kept.preview.is_some()), (Some((1, 1)), true));
    let data = bench.engine.attachment_data(kept.file.sha256.clone()).await.unwrap().data;
    assert!(!data.windows(6).any(|window| window == b"Secret"), "what is no picture stays behind");
    // The picture that was made stands in the answer, and what it cites behind its words.
    let answer = &value["turns"][2]["answers"][0];
    let parts: Vec<&Value> = answer["content"].as_array().unwrap().iter().map(|part| &part["type"]).collect();
    assert_eq!(parts, ["attachment", "text", "citation"]);
    assert_eq!(answer["content"][2]["url"], "https://cats.example/");
    let run = answer["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(bench.engine.picture(run, 0).await.unwrap().media_type, "image/png");
    assert!(bench.engine.picture(run, 1).await.is_err());
    let again = bench.import(&bytes).await;
    assert_eq!((again.known, again.files, again.attachments), (1, 0, 0), "they are here already");
    // By itself a conversation holds no file: elsewhere it only names them, and that is told.
    let [id] = bench.conversations().await.try_into().unwrap();
    let alone = bench.exported(id, engine::ExportForm::Json).await;
    let elsewhere = Bench::new().await;
    let look = elsewhere.try_import(alone.as_bytes(), true).await.unwrap();
    assert_eq!((look.added, look.attachments), (1, 3));
    assert_eq!(elsewhere.import(alone.as_bytes()).await.attachments, 3);
    assert_eq!(bench.import(alone.as_bytes()).await.attachments, 0, "here they are");
    // Each answer is found under its own time.
    let find = Find { terms: vec!["cat".to_owned()], ..Find::default() };
    let hits = bench.engine.search(find, None, 10).await.unwrap().hits;
    let answered = hits.iter().find(|(hit, _)| hit.run.is_some()).unwrap();
    assert_eq!(answered.0.at.0, 1_700_000_103_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_lies_or_is_named_without_end_costs_only_itself() {
    let picture = png();
    let short = u32::try_from(picture.len()).unwrap() - 1;
    let lying = Entry { says: Some(short), ..Entry::new("file-1-cat.png", &picture) };
    let mut value = conversation();
    let pointer = json!({ "content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00ff" });
    value["mapping"]["u1"]["message"]["content"] =
        json!({ "content_type": "multimodal_text", "parts": vec![pointer; 500] });
    let stolen = json!({ "content_type": "image_asset_pointer", "asset_pointer": "file-service://user" });
    value["mapping"]["u2b"]["message"]["content"] =
        json!({ "content_type": "multimodal_text", "parts": [stolen] });
    let bench = Bench::new().await;
    let report = bench.import(&packed(&value, lying)).await;
    assert_eq!((report.added, report.files), (1, 502));
    let value = bench.only().await;
    assert_eq!(value["turns"][0]["prompt"].as_array().unwrap().len(), 500);
    assert_eq!(value["turns"][1]["prompt"][0]["text"], "[Picture, not imported: file-service://user]");
    assert_eq!(value["turns"][2]["prompt"][0]["text"], "[Picture, not imported: file-service://file-1]");
    // A bomb beside the conversations refuses the whole, as one among them does.
    let bomb = Entry { says: Some(4_000_000_000), ..Entry::new("file-1-cat.png", &picture) };
    let bench = Bench::new().await;
    assert!(bench.try_import(&packed(&conversation(), bomb), false).await.is_err());
    assert!(bench.conversations().await.is_empty());
}

/// Asks something after the only conversation; gives what was sent.
async fn go_on(bench: &Bench) -> String {
    let [id] = bench.conversations().await.try_into().unwrap();
    bench.engine.add_provider("p", "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
    bench.scripted.push_for("p", chat_stream(&["More."], 1, 1));
    let target = LaneTarget {
        model: ModelRef::parse("m@p").unwrap(),
        system: None,
        params: domain::Params::default(),
        policy: None,
    };
    let put = move |tx: &mut store::Tx<'_>| {
        let mut lanes = tx.lanes(id)?;
        lanes.iter_mut().for_each(|lane| lane.target = target.clone());
        tx.put_lanes(id, &lanes)
    };
    bench.engine.store().write(put).await.unwrap();
    let ask = Ask {
        conversation: Some(id),
        line_up: Vec::new(),
        prompt: "Go on".to_owned(),
        context: ContextPolicy::Own,
        policy: None,
    };
    bench.engine.start_turn(ask, Listeners::default()).await.unwrap().done.await.unwrap();
    let seen = bench.scripted.seen();
    String::from_utf8_lossy(&seen.last().unwrap().call.body).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_a_prompt_is_sent_on_and_one_of_an_answer_is_not() {
    let bench = Bench::new().await;
    let picture = png();
    bench.import(&packed(&conversation(), Entry::new("file-1-cat.png", &picture))).await;
    let body = go_on(&bench).await;
    assert_eq!(body.matches("data:image/png;base64").count(), 1, "{body}");
    assert!(body.contains("Some notes") && body.contains("A cat."));
}

/// What was said in a call is kept with what was understood of it, and goes to no model.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_aloud_is_kept_and_not_sent() {
    let wav = b"RIFF\x24\0\0\0WAVEfmt and so on";
    let said =
        |id: &str| json!({ "content_type": "audio_asset_pointer", "asset_pointer": id, "format": "wav" });
    let mut value = samples::chatgpt();
    value["mapping"]["u2"]["message"]["content"] = json!({ "content_type": "multimodal_text", "parts": [
        { "content_type": "audio_transcription", "text": "Good day", "direction": "in" },
        { "content_type": "real_time_user_audio_video_asset_pointer", "frames_asset_pointers": [
            { "content_type": "image_asset_pointer", "asset_pointer": "sediment://file_03" }],
          "video_container_asset_pointer": { "content_type": "video_container_asset_pointer", "asset_pointer": "sediment://file_02" },
          "audio_asset_pointer": said("sediment://file_01") },
        { "content_type": "real_time_user_audio_video_asset_pointer", "video_container_asset_pointer": null,
          "audio_asset_pointer": said("sediment://file_09") },
        said("sediment://file_04") ] });
    value["mapping"]["a2"]["message"]["content"] = json!({ "content_type": "multimodal_text", "parts": [
        { "content_type": "audio_transcription", "text": "And to you", "direction": "out" }, said("sediment://file_01")] });
    let bytes = archive(&[
        Entry::new("conversations.json", json!([value]).to_string().as_bytes()),
        Entry::new("c/audio/file_01-7.wav", wav),
        Entry::new("c/video/file_02-7.mp4", b"\0\0\0\x18ftypisom"),
        Entry::new("c/image/file_03-7.png", &png()),
        Entry::new("c/audio/file_04-7.wav", b"no sound at all"),
    ]);
    let bench = Bench::new().await;
    let report = bench.import(&bytes).await;
    assert_eq!((report.added, report.files, report.attachments), (1, 3, 3), "{report:?}");
    let value = bench.only().await;
    let part = |part: &Value| match part["type"].as_str().unwrap() {
        "attachment" => {
            format!("{} {}", part["name"].as_str().unwrap(), part["media_type"].as_str().unwrap())
        }
        _ => part["text"].as_str().unwrap().to_owned(),
    };
    let told = |content: &Value| content.as_array().unwrap().iter().map(part).collect::<Vec<_>>();
    let last = &value["turns"][2];
    assert_eq!(
        told(&last["prompt"]),
        [
            "Good day",
            "7.wav audio/wav",
            "7.mp4 video/mp4",
            "7.png image/png",
            "[Recording or file, not imported: sediment://file_09]",
            "[Recording or file, not imported: sediment://file_04]",
        ]
    );
    assert_eq!(
        told(&last["answers"][0]["content"]),
        ["And to you", "[Recording or file, not imported: sediment://file_01]"]
    );
    let kept = last["prompt"][1]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(bench.engine.attachment_data(kept).await.unwrap().data, wav, "as it was");
    let sent = go_on(&bench).await;
    assert!(sent.contains("[The recording “7.wav” is kept here and not sent.]"), "{sent}");
    assert!(!sent.contains("UklGR") && sent.contains("Good day"), "{sent}");
}
