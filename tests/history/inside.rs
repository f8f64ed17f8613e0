//! Pictures and files that stand in a conversation itself, as Open WebUI keeps them.

use crate::{bench::Bench, samples};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use parallax_suite::support::picture::png;
use serde_json::{Value, json};

fn address(data: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(data))
}

/// A prompt with a picture and three files, and an answer that shows two pictures.
fn conversation(picture: &str) -> Value {
    let mut value = samples::open_webui();
    let messages = &mut value["chat"]["history"]["messages"];
    messages["u1"]["files"] = json!([
        { "type": "image", "url": picture, "name": "../cat.png" },
        { "type": "file", "name": "notes.md", "file": { "filename": "notes.md", "data": { "content": "# Some\u{e0041} notes" },
            "meta": { "content_type": "text/markdown" } } },
        { "type": "file", "file": { "filename": "paper.pdf", "data": { "content": "What it says" },
            "meta": { "content_type": "application/pdf" } } },
        { "type": "file", "name": "empty.docx", "file": { "data": { "content": "" } } },
        { "type": "image", "url": "/api/v1/files/1/content", "name": "elsewhere.png" },
    ]);
    messages["a1"]["content"] = json!(format!("Look:\n\n![a cat]({picture})\n\nNice."));
    messages["a2"]["files"] = json!([{ "type": "image", "url": picture }]);
    value
}

fn told(content: &Value) -> Vec<String> {
    let part = |part: &Value| match part["type"].as_str().unwrap() {
        "attachment" => {
            format!("{} {}", part["name"].as_str().unwrap(), part["media_type"].as_str().unwrap())
        }
        _ => part["text"].as_str().unwrap().to_owned(),
    };
    content.as_array().unwrap().iter().map(part).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_texts_inside_a_conversation_come_along_cleaned() {
    let bench = Bench::new().await;
    let bytes = json!([conversation(&address(&png()))]).to_string();
    let look = bench.try_import(bytes.as_bytes(), true).await.unwrap();
    assert_eq!((look.added, look.files, look.attachments), (1, 5, 2));
    assert!(
        bench.engine.store().files_folder().is_none_or(|folder| !folder.exists()),
        "a look keeps nothing"
    );
    let report = bench.import(bytes.as_bytes()).await;
    assert_eq!((report.files, report.attachments, report.hidden_characters), (5, 2, 1));
    let value = bench.only().await;
    let prompt = &value["turns"][0]["prompt"];
    let expected = [
        "Which?",
        "cat.png image/png",
        "notes.md text/markdown",
        "paper.pdf.txt text/plain",
        "[File, not imported: empty.docx]",
        "[Picture, not imported: elsewhere.png]",
    ];
    assert_eq!(told(prompt), expected);
    let kept = bench.engine.attachment(prompt[1]["sha256"].as_str().unwrap().to_owned()).await.unwrap();
    assert_eq!((kept.size, kept.preview.is_some()), (Some((1, 1)), true));
    let data = bench.engine.attachment_data(kept.file.sha256).await.unwrap().data;
    assert!(!data.windows(6).any(|window| window == b"Secret"), "what is no picture stays behind");
    let text = bench.engine.attachment_data(prompt[2]["sha256"].as_str().unwrap().to_owned()).await.unwrap();
    assert_eq!(text.data, b"# Some notes");
    let answers = value["turns"][0]["answers"].as_array().unwrap();
    let mut said: Vec<Vec<String>> = answers.iter().map(|answer| told(&answer["content"])).collect();
    said.sort();
    assert_eq!(said, [vec!["Look:", "a cat image/png", "Nice."], vec!["That.", "picture image/png"]]);
    for answer in answers {
        let run = answer["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(bench.engine.picture(run, 0).await.unwrap().media_type, "image/png");
    }
    let again = bench.import(bytes.as_bytes()).await;
    assert_eq!((again.known, again.files, again.attachments), (1, 0, 2), "they are here already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_none_is_told_in_its_place() {
    // A picture of 60,000 × 60,000 pixels, by what it says.
    let mut bomb = png();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    for hostile in [
        address(b"%PDF-1.7"),
        address(b"<svg onload=alert(1)>"),
        address(&bomb),
        "data:image/png;base64,not base64".to_owned(),
        "data:image/png;base64,".to_owned(),
        "data:image/svg+xml,%3Csvg%3E".to_owned(),
        "data:text/html;base64,PGI+".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let bench = Bench::new().await;
        let mut value = conversation(&hostile);
        value["chat"]["history"]["messages"]["a1"]["content"] = json!("Fine.");
        let files = &mut value["chat"]["history"]["messages"]["u1"]["files"];
        // A text that begins like something else is a text or nothing.
        files[1]["file"]["data"]["content"] = json!("GIF89a and so on");
        let report = bench.import(json!([value]).to_string().as_bytes()).await;
        assert_eq!((report.added, report.files, report.complete()), (1, 1, true), "{hostile}");
        let value = bench.only().await;
        let prompt = told(&value["turns"][0]["prompt"]);
        assert_eq!(
            prompt[1..4],
            [
                "[Picture, not imported: ../cat.png]",
                "[File, not imported: notes.md]",
                "paper.pdf.txt text/plain"
            ],
            "{hostile}"
        );
    }
}

/// The same picture is looked at once and kept once, however often it stands there.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_stands_there_often_is_kept_once() {
    let bench = Bench::new().await;
    let mut value = conversation(&address(&png()));
    let word = format!("![x]({})", address(&png()));
    value["chat"]["history"]["messages"]["a1"]["content"] = json!(word.repeat(2_000));
    let report = bench.import(json!([value]).to_string().as_bytes()).await;
    assert_eq!((report.added, report.files), (1, 2_004));
    let rows = bench.settings();
    let kept = rows.iter().find(|(name, _)| name == "attachments").unwrap();
    assert_eq!(kept.1, 3, "a picture and two texts");
}
