//! Blind in the real window: nothing on the page tells the model before the vote, and the vote shows it.

use crate::harness::Window;
use parallax_suite::support::program::Program;
use serde_json::json;

const NAMES: [&str; 4] = ["Demo Quick", "Demo Steady", "Demo Thinker", "Demo Flaky"];

/// What the page, its accessible names, its text as it would be copied, and the window's title say.
async fn told(window: &Window) -> String {
    let script = "const thread = document.querySelector('.thread'); \
                  getSelection().selectAllChildren(thread); \
                  const copied = getSelection().toString(); getSelection().removeAllRanges(); \
                  return [thread.outerHTML, thread.innerText, copied, document.title].join('\\n');";
    window.script(script, vec![]).await.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn nothing_in_the_window_tells_the_model_before_the_vote() {
    let program = Program::new();
    let window = Window::open(&program.folder()).await;
    window.click("try-demo").await;
    window.get("composer").await;
    window.click("blind").await;
    window.click("send").await;
    window.get("blind-note").await;
    let early = told(&window).await;
    window.get("vote-bar").await;
    window.shots("blind").await;
    let late = told(&window).await;
    for (when, page) in [("while they are written", &early), ("before the vote", &late)] {
        for name in NAMES {
            assert!(!page.contains(name), "{when} the page names {name}: {page}");
        }
        for slug in ["demo/quick", "demo/steady", "demo/thinker", "demo/flaky"] {
            assert!(!page.contains(slug), "{when} the page names {slug}");
        }
        for part in ["metric-ttft", "metric-speed", "metric-tokens", "metric-cost", "data-testid=\"route\""] {
            assert!(!page.contains(part), "{when} the page has {part}");
        }
        assert!(page.contains("Answer A") && page.contains("Answer D"), "{when}: {page}");
    }
    // The keys vote; the first answer that can be chosen is the one of the first button that is not off.
    let first = "return [...document.querySelectorAll('button.vote')].findIndex(b => !b.disabled)";
    let place = window.script(first, vec![]).await.as_u64().unwrap();
    let press =
        "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], bubbles: true }))";
    window.script(press, vec![json!((place + 1).to_string())]).await;
    window.get("vote-told").await;
    window.shots("blind-reveal").await;
    let page = told(&window).await;
    for name in NAMES {
        assert!(page.contains(name), "after the vote the page does not name {name}");
    }
    window.visit("leaderboard").await;
    window.get("board-verdict").await;
    window.shots("leaderboard").await;
    window.close().await.unwrap();
    let board = program.ok(&["leaderboard", "--blind", "--json"]);
    let last = board.lines().last().unwrap();
    assert!(last.contains("\"votes\":1") && last.contains("\"blind\":1"), "{board}");
}
