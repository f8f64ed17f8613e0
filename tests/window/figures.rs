//! Figures under their names, from the provider's counts to the answer and the Spend page.

use crate::harness::Window;
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route},
};
use serde_json::json;

/// Every bucket has a count of its own, so that none can stand in another's place unseen: 1,111 of the prompt,
/// 222 of them cached; 3,333 of the completion, 444 of them reasoning.
fn answer() -> Answer {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": "Hello" } }] });
    let finish = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 1111, "completion_tokens": 3333, "total_tokens": 4444,
            "prompt_tokens_details": { "cached_tokens": 222 },
            "completion_tokens_details": { "reasoning_tokens": 444 } } });
    Answer::event_stream(format!("data: {delta}\n\ndata: {finish}\n\ndata: [DONE]\n\n"))
}

#[tokio::test]
async fn c20_every_figure_stands_under_its_name() {
    let program = Program::new();
    let server = Replay::start(vec![Route::answer(answer())]);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    // 889 × 2 + 222 × 0.5 + 2,889 × 8 + 444 × 8 a million: 1,778 + 111 + 23,112 + 3,552 millionths.
    program.ok(&[
        "price",
        "set",
        "openai/gpt-5.4@openai",
        "--input",
        "2",
        "--cache-read",
        "0.5",
        "--output",
        "8",
    ]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..4 {
        window.click("chip-remove-0").await;
    }
    window.add_model("openai/gpt-5.4").await;
    window.type_into("composer", "Count").await;
    window.click("send").await;
    window.lane_reaches(0, &["done"]).await;
    let tokens = window.lane_text(0, "metric-tokens").await;
    assert_eq!(tokens.trim(), "1,111 / 3,333");
    let title = "return document.querySelector('[data-testid=\"lane-0\"] [data-testid=\"metric-tokens\"]')\
                 .closest('[title]').title";
    let title = window.script(title, vec![]).await;
    let title = title.as_str().unwrap();
    assert!(
        title.contains("222 of the prompt from the cache") && title.contains("444 for reasoning"),
        "{title}"
    );
    assert_eq!(window.lane_text(0, "metric-cost").await.trim(), "$0.0286");

    window.visit("spend").await;
    window.get("spend-month").await;
    window.until("the row", "document.querySelector('.spend-table tbody tr')").await;
    let cells = "const heads = [...document.querySelectorAll('.spend-table thead th')].map((h) => \
                 h.textContent.trim()); const cells = [...document.querySelector('.spend-table tbody tr').cells]\
                 .map((c) => c.textContent.trim()); return heads.map((h, i) => [h, cells[i]])";
    let cells = window.script(cells, vec![]).await;
    let under = |name: &str| {
        let pair = cells.as_array().unwrap().iter().find(|pair| pair[0].as_str().unwrap().starts_with(name));
        pair.unwrap_or_else(|| panic!("no column {name} in {cells}"))[1].as_str().unwrap().to_owned()
    };
    let found = ["Requests", "Tokens in", "Cached", "Tokens out", "Reasoning", "Cost"].map(under);
    assert_eq!(found, ["1", "1,111", "222", "3,333", "444", "$0.0286"], "{cells}");

    // The bill of the attempt, line by line.
    window.script("document.querySelector('.spend-table tbody .mcell').click()", vec![]).await;
    window.get("spend-attempts").await;
    let row = "document.querySelector('[data-testid=\"spend-attempts\"] [aria-expanded]')";
    window.until("the attempt", row).await;
    window.script(&format!("{row}.click()"), vec![]).await;
    window.until("its bill", "document.querySelector('.bill dl dd')").await;
    let lines = "return [...document.querySelectorAll('.bill dt')].map((d) => [d.textContent.trim(), \
                 d.nextElementSibling.textContent.trim().replace(/\\s+/g, ' ')])";
    let lines = window.script(lines, vec![]).await;
    let bill = |name: &str| {
        let pair = lines.as_array().unwrap().iter().find(|pair| pair[0] == name);
        pair.unwrap_or_else(|| panic!("no {name} in {lines}"))[1].as_str().unwrap().to_owned()
    };
    assert!(
        bill("Prompt").starts_with("889 × $0.000002") && bill("Prompt").ends_with("$0.001778"),
        "{lines}"
    );
    assert!(bill("Prompt from the cache").starts_with("222 × $0.0000005"), "{lines}");
    assert!(bill("Answer").starts_with("2,889 × $0.000008"), "{lines}");
    assert!(bill("Reasoning").starts_with("444 "), "{lines}");
    assert_eq!(bill("From the cache"), "222 of 1,111");
    assert!(bill("Cost").starts_with("$0.028553"), "{lines}");
    window.shots("figures").await;
    window.close().await.unwrap();
}
