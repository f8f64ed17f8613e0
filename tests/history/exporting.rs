//! Exports: readable, whole, and back again.

use crate::{bench::Bench, samples};
use engine::ExportForm;
use serde_json::{Value, json};

/// Without what an import does not bring back.
fn plain(mut value: Value) -> Value {
    for turn in value["turns"].as_array_mut().unwrap() {
        for answer in turn["answers"].as_array_mut().unwrap() {
            answer.as_object_mut().unwrap().remove("cost");
        }
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_comes_back_as_it_was() {
    for sample in [samples::chatgpt(), samples::claude(), samples::open_webui(), samples::librechat()] {
        let one = Bench::new().await;
        one.import(sample.to_string().as_bytes()).await;
        let exported = one.only().await;
        assert_eq!(one.import(exported.to_string().as_bytes()).await.known, 1, "it is here already");
        let other = Bench::new().await;
        let report = other.import(exported.to_string().as_bytes()).await;
        assert_eq!((report.added, &report.sources[..]), (1, &["Parallax"][..]));
        assert_eq!(plain(other.only().await), plain(exported));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_ours_claims_no_rows_of_another_conversation() {
    let bench = Bench::new().await;
    bench.import(samples::chatgpt().to_string().as_bytes()).await;
    let before = bench.only().await;
    let mut forged = before.clone();
    forged["id"] = json!("01890000-0000-7000-8000-000000000001");
    assert!(
        bench
            .import(forged.to_string().as_bytes())
            .await
            .skipped
            .contains_key(&engine::ImportReason::Unreadable)
    );
    let mut newer = before.clone();
    newer["version"] = json!(2);
    let failure = bench.try_import(newer.to_string().as_bytes(), false).await.unwrap_err();
    assert!(failure.message.contains("newer version"), "{}", failure.message);
    assert_eq!(bench.only().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readable_forms_hold_every_word_and_nothing_alive() {
    let bench = Bench::new().await;
    let mut hostile = samples::chatgpt();
    hostile["title"] = json!("</title><script>alert(1)</script>");
    hostile["mapping"]["a2"]["message"]["content"]["parts"] = json!([
        "A cat. <img src=x onerror=alert(2)> [x](javascript:alert(3)) ![p](https://evil.example/p.png)\n\n```html\n<script>alert(4)</script>\n```"
    ]);
    hostile["mapping"]["a2"]["message"]["metadata"]["model_slug"] = json!("<b>model</b>");
    bench.import(hostile.to_string().as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    let markdown = bench.exported(id, ExportForm::Markdown).await;
    for words in ["Draw a plot", "First try", "Lost branch", "A cat.", "> hard", "2023-11-14 22:13 UTC"] {
        assert!(markdown.contains(words), "{words} in {markdown}");
    }
    // Behind an edited prompt stands what does not go on from it.
    let branched = |text: &str| text.matches("going on from “Draw a plot”").count();
    assert_eq!((branched(&markdown), branched(&bench.exported(id, ExportForm::Html).await)), (1, 1));
    let html = bench.exported(id, ExportForm::Html).await;
    for words in ["Draw a plot", "First try", "Lost branch", "A cat.", "hard"] {
        assert!(html.contains(words), "{words}");
    }
    let lower = html.to_lowercase();
    for alive in ["<script", "<img", "href=\"javascript:", "<b>model", "@import", "url(", "<iframe", "<link"]
    {
        assert!(!lower.contains(alive), "{alive}");
    }
    // As words it may stand there, as a tag's attribute it may not.
    let tags = lower.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    for (tag, _) in tags {
        assert!(!tag.contains(" src=") && !tag.contains(" on"), "{tag}");
    }
    assert!(html.contains("default-src 'none'"));
    assert_eq!(html.matches("<style>").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_an_answer_leaves_open_ends_with_it() {
    let bench = Bench::new().await;
    let mut broken_off = samples::chatgpt();
    broken_off["mapping"]["a1"]["message"]["content"]["parts"] = json!(["See:\n```python\nprint(1)"]);
    bench.import(broken_off.to_string().as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    let markdown = bench.exported(id, ExportForm::Markdown).await;
    assert!(markdown.contains("print(1)\n```\n"), "{markdown}");
    assert_eq!(markdown.matches("```").count(), 2, "nothing else is closed");
}
