//! A key typed in Settings: in the real keychain, in no file of ours, in no answer to the window.

use crate::harness::Window;
use parallax_suite::support::{
    keyring_session::{KeyringSession, State},
    program::Program,
};
use serde_json::json;
use std::time::Duration;

const CANARY: &str = "sk-proj-canary-51f0c7d2e98ab364-end9";
const FOLDER: &str = "PARALLAX_SUITE_FOLDER";

#[test]
fn a_key_typed_in_settings_is_in_the_keychain_and_nowhere_else() {
    let session = KeyringSession::new(State::Unlocked);
    let data = session.home().join("app");
    let display = std::env::var_os("DISPLAY").expect("the window tests need a display");
    let output = session.run(
        &std::env::current_exe().unwrap(),
        &["--exact", "keychain::inside_the_session", "--ignored", "--nocapture"],
        &[(FOLDER, data.to_str().unwrap()), ("DISPLAY", display.to_str().unwrap())],
        Duration::from_secs(120),
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{errors}");
    // Every file below the home: database, journal, logs, web view storage, and the keyring's own file.
    let wide: Vec<u8> = CANARY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = session.files_with(&[CANARY.into(), wide, CANARY[8..24].into()]);
    let ours: Vec<_> = found.iter().filter(|path| !path.ends_with("stdout")).collect();
    assert!(ours.is_empty(), "the key lies open in {ours:?}");
}

/// Plays the user; started again inside a private session.
#[tokio::test]
#[ignore = "started by the test above inside a private session"]
async fn inside_the_session() {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let window = Window::open(&folder).await;
    window.click("onboarding-skip").await;
    // Everything the app answers from here on is kept for a look. `runCallback` itself cannot be replaced, the
    // place where it finds who waits for an answer can.
    window
        .script(
            "window.__heard = []; const waiting = window.__TAURI_INTERNALS__.callbacks; \
             const get = waiting.get.bind(waiting); \
             const text = (data) => data instanceof ArrayBuffer ? new TextDecoder().decode(data) : JSON.stringify(data); \
             waiting.get = (id) => { const one = get(id); \
             return one && ((data) => { window.__heard.push(text(data)); return one(data); }); };",
            vec![],
        )
        .await;
    window.visit("settings").await;
    window.get("provider-openai").await;
    let in_row = |id: &str| format!("[data-testid=\"provider-openai\"] [data-testid=\"{id}\"]");
    window.page.find(thirtyfour::By::Css(in_row("key-edit"))).await.unwrap().click().await.unwrap();
    window.type_into("key-input", CANARY).await;
    window.click("key-save").await;
    let started = std::time::Instant::now();
    loop {
        let row = window
            .script(
                "return document.querySelector(arguments[0])?.textContent ?? ''",
                vec![json!("[data-testid=\"provider-openai\"]")],
            )
            .await;
        if row.as_str().unwrap().contains("end9") {
            break;
        }
        assert!(started.elapsed() < crate::harness::PATIENCE, "the row never shows the key's end: {row}");
    }
    window.shots("key-stored").await;
    let heard = window.script("return window.__heard.join('\\n')", vec![]).await;
    let heard = heard.as_str().unwrap();
    assert!(heard.contains("end9"), "the answers are heard: the key's end is among them: {heard}");
    let page = window.script("return document.documentElement.outerHTML", vec![]).await;
    for told in [heard, page.as_str().unwrap()] {
        assert!(!told.contains("canary"), "the key came back to the window");
    }
    drop(window);
    // Found in the real Secret Service, by another process than the one that stored it.
    let vault = vault::Vault::system();
    let slot = vault::Slot::unnamed(domain::ProviderId::from("openai"), "https://api.openai.com:443");
    let found = vault.get(&slot).await.unwrap().expect("the keychain has the key");
    assert_eq!(found.expose(), CANARY);
    let program = Program::on(&folder);
    let status = program.in_this_session(&["key", "status", "openai", "--json"]);
    assert!(status.contains("\"key\":\"keychain\"") && status.contains("end9"), "{status}");
    assert!(!status.contains("canary"));
}
