//! Servers nobody has heard of: added in the window, their models listed, chatted with, and gone again.

use crate::harness::Window;
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route},
};
use serde_json::json;
use std::time::Duration;

/// An OpenAI-compatible server with these models; its answers say which of them it is.
fn server(models: &[&str]) -> Replay {
    let data: Vec<_> = models.iter().map(|id| json!({ "id": id, "object": "model" })).collect();
    let list = Answer::json(200, &json!({ "object": "list", "data": data }));
    let mut routes = vec![Route::answer(list).path("/v1/models")];
    for model in models {
        let chunk = |delta: serde_json::Value, finish: Option<&str>| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
            format!("data: {}\n\n", json!({ "id": "c", "model": model, "choices": [choice] }))
        };
        let usage = json!({
            "choices": [],
            "usage": { "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 },
        });
        let body = [
            chunk(json!({ "role": "assistant", "content": "This is " }), None),
            chunk(json!({ "content": format!("{model} speaking.") }), None),
            chunk(json!({}), Some("stop")),
            format!("data: {usage}\n\ndata: [DONE]\n\n"),
        ]
        .concat();
        let answer = Answer::event_stream(body).cut(&[60, 17], Duration::from_millis(10));
        routes.push(Route::answer(answer).path("/v1/chat/completions").model(model));
    }
    Replay::start(routes)
}

fn text_of(id: &str) -> String {
    format!("(document.querySelector('[data-testid=\"{id}\"]')?.textContent ?? '')")
}

async fn in_row(window: &Window, provider: &str, id: &str) {
    let button = format!("[data-testid=\"provider-{provider}\"] [data-testid=\"{id}\"]");
    window.page.find(thirtyfour::By::Css(button)).await.unwrap().click().await.unwrap();
}

#[tokio::test]
async fn an_unknown_server_is_added_and_answers() {
    let house = server(&["house-7b", "house-70b"]);
    let shed = server(&["shed-1b"]);
    let program = Program::new();
    let at = format!("{}/v1", shed.url());
    program.ok(&["provider", "add", "shed", "--dialect", "openai-chat", "--base-url", &at, "--local"]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    window.visit("settings").await;

    // A server of the user's own is looked for beside the usual ones.
    window.click("look-again").await;
    window.until("the server is found", &format!("{}.includes('Found')", text_of("provider-shed"))).await;

    window.click("add-provider").await;
    window.type_into("add-provider-id", "house").await;
    window.type_into("add-provider-url", &format!("{}/v1", house.url())).await;
    window.shots("add-provider").await;
    window.click("add-provider-save").await;
    let tested = "document.querySelector('[data-testid=\"provider-house\"] [data-result=\"valid\"]')";
    window.until("the new server is tested at once", tested).await;
    in_row(&window, "house", "provider-details").await;
    let listed = format!("{}.includes('house-70b')", text_of("models-of-house"));
    window.until("its models are listed", &listed).await;
    window.shots("provider-added").await;

    window.click("new-chat").await;
    window.get("chip-0").await;
    let count = "document.querySelectorAll('[data-testid^=\"chip-remove-\"]').length";
    let chips = window.script(&format!("return {count}"), vec![]).await.as_u64().unwrap();
    for _ in 0..chips {
        window.click("chip-remove-0").await;
    }
    for model in ["house-7b@house", "shed-1b@shed"] {
        window.add_model(model).await;
    }
    window.type_into("composer", "Who is speaking?").await;
    window.click("send").await;
    for (lane, model) in ["house-7b", "shed-1b"].into_iter().enumerate() {
        window.lane_reaches(lane, &["done"]).await;
        let said = window.lane_text(lane, "answer").await;
        assert!(said.contains(&format!("This is {model} speaking.")), "{said:?}");
    }
    // What runs here is free; what may pass everything on to somebody else has no price, and none is made up.
    assert_eq!(window.lane_text(1, "metric-cost").await.trim(), "free");
    let cost = window.lane_text(0, "metric-cost").await;
    assert!(!cost.chars().any(|c| c.is_ascii_digit()) && cost.trim() != "free", "{cost:?}");
    window.shots("provider-answers").await;
    let spend = program.ok(&["spend", "--by", "provider", "--json"]);
    let line = |id: &str| spend.lines().find(|line| line.contains(&format!("\"{id}\""))).unwrap().to_owned();
    assert!(line("shed").contains("\"unknown\":0"), "{spend}");
    assert!(line("house").contains("\"unknown\":1"), "{spend}");
    let asked: Vec<String> = house.seen().iter().map(|seen| seen.path.clone()).collect();
    assert!(asked.iter().any(|path| path.starts_with("/v1/chat/completions")), "{asked:?}");

    window.visit("settings").await;
    window.get("provider-house").await;
    let more = "[aria-label=\"More for house\"]";
    window.page.find(thirtyfour::By::Css(more)).await.unwrap().click().await.unwrap();
    let item = "[...document.querySelectorAll('[role=menuitem]')].find((i) => /Remove/.test(i.textContent))";
    window.until("the menu opens", item).await;
    window.script(&format!("{item}.click()"), vec![]).await;
    window.click("confirm").await;
    let gone = "!document.querySelector('[data-testid=\"provider-house\"]')";
    window.until("the provider is gone", gone).await;
    assert!(!program.ok(&["provider", "list", "--json"]).contains("\"house\""));
}
