//! A budget in the real window: set in its form, it holds a prompt before it leaves, lets it past once on the
//! user's word, and is changed and removed again.

use crate::harness::Window;
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route},
};
use serde_json::json;
use thirtyfour::By;

fn answer() -> Answer {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": "Hello from afar" } }] });
    let finish = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13 } });
    Answer::event_stream(format!("data: {delta}\n\ndata: {finish}\n\ndata: [DONE]\n\n"))
}

/// Fills in the form that is open and saves it.
async fn set(window: &Window, amount: &str) {
    let field = window.get("budget-amount").await;
    field.clear().await.unwrap();
    field.send_keys(amount).await.unwrap();
    window.click("budget-save").await;
    window.until("the form closes", "!document.querySelector('[data-testid=\"budget-amount\"]')").await;
}

#[tokio::test]
async fn a_budget_is_set_holds_a_prompt_and_is_passed_once() {
    let program = Program::new();
    let server = Replay::start(vec![Route::answer(answer())]);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..4 {
        window.click("chip-remove-0").await;
    }
    window.add_model("openai/gpt-5.4").await;

    // What is no amount is said in the form, and nothing is set.
    window.visit("spend").await;
    window.click("budget-add").await;
    window.type_into("budget-amount", "ten").await;
    window.click("budget-save").await;
    window.until("the form says why", "/number of dollars/.test(document.body.innerText)").await;
    window.shots("budget-form").await;
    set(&window, "0.000001").await;
    window.until("the budget is listed", "document.querySelector('[data-testid^=\"budget-edit-\"]')").await;
    window.shots("budget-set").await;

    // It holds the prompt before it leaves, and the composer says so while it is typed.
    window.click("new-chat").await;
    window.type_into("composer", "Is anybody there?").await;
    window.get("allow-once").await;
    window.shots("budget-held").await;
    window.script("document.querySelector('[data-testid=\"send\"]').click()", vec![]).await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert!(server.seen().is_empty(), "nothing was sent");

    // Once, on the user's word.
    window.click("allow-once").await;
    window.click("send").await;
    window.lane_reaches(0, &["done"]).await;
    assert!(window.lane_text(0, "answer").await.contains("Hello from afar"));
    assert_eq!(server.seen().len(), 1);
    window.shots("budget-passed").await;

    // Held again; this time past it from the answer itself.
    window.type_into("composer", "And again?").await;
    window.get("allow-once").await;
    window.visit("spend").await;
    let edit = "[data-testid^=\"budget-edit-\"]";
    window.page.find(By::Css(edit)).await.unwrap().click().await.unwrap();
    set(&window, "5").await;
    let left = window.get("budget-left").await.text().await.unwrap();
    assert!(left.contains('$'), "{left}");
    window.page.find(By::Css(edit)).await.unwrap().click().await.unwrap();
    window.click("budget-remove").await;
    window.until("the budget is gone", "!document.querySelector('[data-testid^=\"budget-edit-\"]')").await;
    window.close().await.unwrap();
    let listed = program.ok(&["budget", "list", "--json"]);
    assert_eq!(listed.trim(), "", "{listed}");
}

/// A lane that a budget held is sent from its answer all the same.
#[tokio::test]
async fn a_held_answer_is_sent_once_from_its_place() {
    let program = Program::new();
    let server = Replay::start(vec![Route::answer(answer())]);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..4 {
        window.click("chip-remove-0").await;
    }
    window.add_model("openai/gpt-5.4").await;
    window.type_into("composer", "Is anybody there?").await;
    window.click("send").await;
    window.lane_reaches(0, &["done"]).await;
    // The budget comes from elsewhere while the window is open: a retry meets it.
    program.ok(&["budget", "set", "all", "0.000001", "--per", "day"]);
    window
        .script("document.querySelector('[data-testid=\"lane-0\"] [data-testid=\"retry\"]').click()", vec![])
        .await;
    window.lane_reaches(0, &["failed"]).await;
    let error = window.lane_text(0, "error").await;
    assert!(error.contains("Held by your budget") && error.contains("Nothing was sent"), "{error}");
    assert_eq!(server.seen().len(), 1);
    window.shots("budget-refused").await;
    // The layout may still be moving after the pictures, so that a real click could land beside.
    window.script("document.querySelector('[data-testid=\"send-anyway\"]').click()", vec![]).await;
    window.lane_reaches(0, &["done"]).await;
    assert_eq!(server.seen().len(), 2);
    assert!(window.lane_text(0, "answer").await.contains("Hello from afar"));
    window.shots("budget-anyway").await;
    window.close().await.unwrap();
}
