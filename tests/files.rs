//! Files in a prompt: kept beside the database, sent as each endpoint can take them, and never a second time in
//! a row.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests fail by panicking and say what they did"
)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Attachment, ContextPolicy, ConversationId, ErrorKind, LaneTarget, ModelRef, Params, ProcessId,
    ProviderId, RunState, Secret, Timestamp,
};
use engine::{
    Ask, Clock as _, Engine, ExportForm, Listeners, Parts, SystemClock,
    frame::{TurnFrame, TurnView},
};
use parallax_suite::support::{chat::chat_stream, pdf::pdf, picture::png};
use serde_json::Value;
use std::{
    path::Path,
    sync::{Arc, mpsc},
};
use store::Store;
use transport::scripted::Scripted;
use vault::Vault;

/// Reads text alone.
const LLAMA: &str = "llama-3.3-70b-versatile@groq";
/// Reads pictures and documents.
const GEMINI: &str = "google/gemini-2.5-flash@openrouter";
/// A server of the user's own: nothing is known of its models.
const OWN: &str = "m@own";

struct Bench {
    engine: Engine,
    scripted: Scripted,
    folder: tempfile::TempDir,
}

async fn engine_at(folder: &Path, scripted: &Scripted) -> Engine {
    let clock = Arc::new(SystemClock::new());
    let process = ProcessId::new(clock.id());
    let options = store::Options { process, now: clock.now(), version: "test" };
    let keys = ["groq", "openrouter"].map(|id| (ProviderId::from(id), Secret::new("sk-test")));
    let parts = Parts {
        store: Store::open(folder, options).unwrap(),
        vault: Vault::memory().with_env_keys(keys.into()),
        transport: Arc::new(scripted.clone()),
        clock,
        process,
        origin: "window",
    };
    Engine::assemble(parts).await.unwrap()
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scripted = Scripted::new();
        let engine = engine_at(folder.path(), &scripted).await;
        engine.add_provider("own", "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
        Self { engine, scripted, folder }
    }

    async fn attach(&self, name: &str, data: Vec<u8>) -> Attachment {
        self.engine.attach(name.to_owned(), data).await.unwrap().file
    }

    /// Asks, and gives the turn as it ended with the body of the newest call.
    async fn ask(&self, ask: Ask, files: &[Attachment]) -> (TurnView, ConversationId, Value) {
        let (out, frames) = mpsc::channel();
        let sink: engine::FrameSink = Box::new(move |frame: &TurnFrame| out.send(frame.clone()).is_ok());
        let listeners = Listeners { sink: Some(sink), observer: None };
        let started = self.engine.start_turn(ask.with_files(files.to_vec()), listeners).await.unwrap();
        started.done.await.unwrap();
        let mut view = started.view;
        frames.try_iter().for_each(|frame| engine::apply_frame(&mut view, &frame));
        let seen = self.scripted.seen();
        let body =
            seen.last().map(|seen| serde_json::from_slice(&seen.call.body).unwrap()).unwrap_or_default();
        (view, started.conversation, body)
    }
}

fn prompt(model: &str, text: &str) -> Ask {
    let model = ModelRef::parse(model).unwrap();
    Ask {
        conversation: None,
        line_up: vec![LaneTarget { model, system: None, params: Params::default(), policy: None }],
        prompt: text.to_owned(),
        context: ContextPolicy::Own,
        policy: None,
    }
}

fn newest(body: &Value) -> &Value {
    &body["messages"].as_array().unwrap().last().unwrap()["content"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_cleaned_sent_shown_and_still_there_after_a_restart() {
    let bench = Bench::new().await;
    bench.scripted.push(chat_stream(&["A pixel."], 10, 2));
    let file = bench.attach("C:\\pictures\\holiday.png", png()).await;
    assert_eq!((file.name.as_str(), file.media_type.as_str()), ("holiday.png", "image/png"));
    let files = std::slice::from_ref(&file);
    let (view, conversation, body) = bench.ask(prompt(OWN, "What is it?"), files).await;
    assert_eq!(view.runs[0].state, RunState::Done, "{:?}", view.runs[0].failure);
    assert_eq!((view.attachments.as_slice(), view.prompt.as_str()), (files, "What is it?"));
    let url = newest(&body)[0]["image_url"]["url"].as_str().unwrap();
    let sent = STANDARD.decode(url.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
    assert!(!sent.windows(6).any(|window| window == b"Secret"), "what was not picture stayed here");
    // The bytes are in no row of the database, neither as content nor as what was sent.
    let engine = engine_at(bench.folder.path(), &bench.scripted).await;
    let turns = engine.turns(conversation).await.unwrap();
    assert_eq!(turns[0].attachments, files);
    let media = engine.attachment_data(file.sha256.clone()).await.unwrap();
    assert_eq!(media.data, sent);
    // The receipt puts together to the byte what was sent.
    let receipt = engine.receipt(turns[0].runs[0].id).await.unwrap();
    let whole = engine.sent_request(receipt.attempts[0].row.id).await.unwrap();
    assert_eq!(whole.body.as_bytes(), bench.scripted.seen().last().unwrap().call.body);
    // The next prompt of the lane carries it along.
    bench.scripted.push(chat_stream(&["Still one."], 10, 2));
    let again = Ask { conversation: Some(conversation), line_up: Vec::new(), ..prompt(OWN, "Sure?") };
    let (_, _, body) = bench.ask(again, &[]).await;
    assert!(body["messages"][0]["content"][0]["image_url"]["url"].as_str().is_some_and(|same| same == url));
    let (_, text) = engine.export_conversation(conversation, ExportForm::Markdown).await.unwrap();
    assert!(text.contains("[File: holiday.png, image/png") && text.contains(&file.sha256), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_goes_as_it_is_or_as_its_text_and_says_so() {
    let bench = Bench::new().await;
    let words = format!("The password is mellon. {}", "And so on. ".repeat(40));
    let file = bench.attach("secret.pdf", pdf(&words)).await;
    let files = std::slice::from_ref(&file);
    bench.scripted.push(chat_stream(&["mellon"], 10, 2));
    let (view, _, body) = bench.ask(prompt(GEMINI, "Which?"), files).await;
    assert_eq!(view.runs[0].state, RunState::Done, "{:?}", view.runs[0].failure);
    let native = &newest(&body)[0]["file"];
    assert_eq!(native["filename"], "secret.pdf");
    assert!(native["file_data"].as_str().unwrap().starts_with("data:application/pdf;base64,"));
    for model in [LLAMA, OWN] {
        bench.scripted.push(chat_stream(&["mellon"], 10, 2));
        let (view, _, body) = bench.ask(prompt(model, "Which?"), files).await;
        let run = &view.runs[0];
        assert_eq!(run.state, RunState::Done, "{model}: {:?}", run.failure);
        assert!(newest(&body).to_string().contains("The password is mellon."), "{model}: {body}");
        assert!(!body.to_string().contains("base64"), "{model}");
        assert!(run.notices.iter().any(|notice| notice.detail.contains("sent as its text")), "{model}");
        let receipt = bench.engine.receipt(run.id).await.unwrap();
        let whole = bench.engine.sent_request(receipt.attempts[0].row.id).await.unwrap();
        assert_eq!(whole.body.as_bytes(), bench.scripted.seen().last().unwrap().call.body, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_reads_no_pictures_is_not_asked_about_one() {
    let bench = Bench::new().await;
    let file = bench.attach("p.png", png()).await;
    let (view, _, _) = bench.ask(prompt(LLAMA, "What is it?"), &[file]).await;
    let failure = view.runs[0].failure.as_ref().unwrap();
    assert!(bench.scripted.seen().is_empty(), "nothing was sent");
    assert!(failure.message.contains("attached"), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_counts_files() {
    let bench = Bench::new().await;
    let plain = bench.engine.estimate(prompt(OWN, "Sum it up")).await.unwrap().lanes[0].input;
    let text = bench.attach("notes.txt", "word and number ".repeat(2_000).into_bytes()).await;
    let picture = bench.attach("p.png", png()).await;
    let of = async |file: &Attachment| {
        let ask = prompt(OWN, "Sum it up").with_files(vec![file.clone()]);
        bench.engine.estimate(ask).await.unwrap().lanes[0].input - plain
    };
    assert!((5_000..9_000).contains(&of(&text).await), "about a token a word");
    assert!((800..2_000).contains(&of(&picture).await), "about a megapixel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_gone_is_an_error_that_says_what_to_do() {
    let bench = Bench::new().await;
    let file = bench.attach("a.txt", b"some words".to_vec()).await;
    bench.engine.store().drop_file(&file.sha256).unwrap();
    let (view, _, _) = bench.ask(prompt(OWN, "What does it say?"), std::slice::from_ref(&file)).await;
    let failure = view.runs[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, ErrorKind::RequestInvalid);
    assert!(failure.message.contains("a.txt") && failure.message.contains("Attach it again"));
    let stranger = Attachment { sha256: "0".repeat(64), ..file };
    let refused =
        bench.engine.start_turn(prompt(OWN, "x").with_files(vec![stranger]), Listeners::default()).await;
    assert_eq!(refused.err().unwrap().kind, ErrorKind::RequestInvalid, "a name nobody attached is no file");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_nothing_names_are_forgotten_and_others_stay() {
    let bench = Bench::new().await;
    let [unused, sent, drafted] = ["unused", "sent", "drafted"];
    let unused = bench.attach(unused, b"1".to_vec()).await;
    let sent = bench.attach(sent, b"2".to_vec()).await;
    let drafted = bench.attach(drafted, b"3".to_vec()).await;
    bench.scripted.push(chat_stream(&["ok"], 1, 1));
    bench.ask(prompt(OWN, "x"), std::slice::from_ref(&sent)).await;
    let hash = drafted.sha256.clone();
    let store = bench.engine.store();
    store.write(move |tx| tx.set_setting("view.files.new", Some(&format!("[\"{hash}\"]")))).await.unwrap();
    let gone = store.write(|tx| tx.forget_attachments(Timestamp(i64::MAX))).await.unwrap();
    assert_eq!(gone, [unused.sha256]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_a_provider_is_written_anew_before_it_is_shown() {
    let bench = Bench::new().await;
    // A PNG that says it has 60,000 × 60,000 pixels.
    let mut bomb = png();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    for (data, fine) in [(png(), true), (bomb, false), (b"<svg/>".to_vec(), false)] {
        let url = format!("data:image/png;base64,{}", STANDARD.encode(&data));
        let delta = serde_json::json!({ "choices": [{ "index": 0, "finish_reason": "stop", "delta": {
            "content": "Here.", "images": [{ "type": "image_url", "image_url": { "url": url } }] } }] });
        let body = format!("data: {delta}\n\ndata: [DONE]\n\n");
        bench.scripted.push(transport::scripted::Script::event_stream().send(body));
        let (view, _, _) = bench.ask(prompt(OWN, "Draw."), &[]).await;
        assert_eq!(view.runs[0].state, RunState::Done, "{:?}", view.runs[0].failure);
        match bench.engine.picture(view.runs[0].id, 0).await {
            Ok(media) => {
                assert!(fine);
                assert_eq!(media.media_type, "image/png");
                assert!(!media.data.windows(6).any(|window| window == b"Secret"), "not what came");
            }
            Err(refused) => assert_eq!((fine, refused.kind), (false, ErrorKind::RequestUnsupported)),
        }
    }
}
