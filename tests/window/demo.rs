//! A new user without a key: onboarding, four demo lanes, the spend panel, a restart.

use crate::harness::Window;
use parallax_suite::support::program::Program;

#[tokio::test]
async fn a_new_user_sees_four_demo_models_answer_and_what_they_cost() {
    let program = Program::new();
    let window = Window::open(&program.folder()).await;
    window.get("onboarding").await;
    window.shots("onboarding").await;
    window.click("try-demo").await;
    window.get("composer").await;
    window.shots("new-chat").await;
    window.click("send").await;
    for lane in 0..4 {
        window.lane_reaches(lane, &["streaming", "done"]).await;
    }
    window.shot("streaming").await;
    let mut states = Vec::new();
    for lane in 0..4 {
        states.push(window.lane_reaches(lane, &["done", "failed"]).await);
        assert!(window.lane_text(lane, "answer").await.contains("not an AI"));
        assert!(
            window.lane_text(lane, "route").await.contains("Demo, not an AI"),
            "lane {lane} says what it is"
        );
        assert_eq!(window.lane_text(lane, "metric-cost").await.trim(), "free");
    }
    assert_eq!(
        states.iter().filter(|state| *state == "failed").count(),
        1,
        "one demo model fails on purpose"
    );
    window.shots("answered").await;
    window.visit("spend").await;
    window.get("spend-month").await;
    window.shots("spend").await;
    window.visit("settings").await;
    window.get("provider-openai").await;
    window.shots("settings").await;
    let shown = window.script("return document.body.innerText", vec![]).await;
    window.close().await.unwrap();
    assert!(shown.as_str().unwrap().contains("OpenAI"));

    // The next start goes straight to the conversation, and it is all there.
    let window = Window::open(&program.folder()).await;
    window.page.find(thirtyfour::By::Css("[data-testid^=\"conversation-\"]")).await.ok();
    let first = "[...document.querySelectorAll('[data-testid^=\"conversation-\"]')][0]";
    let started = std::time::Instant::now();
    while window.script(&format!("return !{first}"), vec![]).await.as_bool().unwrap() {
        assert!(started.elapsed() < crate::harness::PATIENCE, "no conversation in the sidebar");
    }
    window.script(&format!("{first}.querySelector('button,a')?.click() ?? {first}.click()"), vec![]).await;
    for lane in 0..4 {
        window.lane_reaches(lane, &["done", "failed"]).await;
        assert!(window.lane_text(lane, "answer").await.contains("not an AI"));
    }
    let spend = program.ok(&["spend", "--json"]);
    assert!(spend.contains("\"attempts\":4") && spend.contains("\"usd\":\"0.000000\""), "{spend}");
}
