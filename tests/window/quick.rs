//! A quick question in the real windows: opened by keys of the whole desktop and by a second start, asked in a new
//! chat of the main window.

use crate::{
    barriers::Look,
    harness::{PATIENCE, Window},
    second::{Again, rpc},
};
use parallax_suite::support::keyring_session::{KeyringSession, State};
use serde_json::json;
use std::time::{Duration, Instant};
use thirtyfour::{Key, WindowHandle};
use x11rb::{
    connection::Connection as _,
    protocol::{
        xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT},
        xtest::ConnectionExt as _,
    },
    wrapper::ConnectionExt as _,
};

/// X's names of Ctrl, Shift and the space bar.
const CHORD: [u32; 3] = [0xffe3, 0xffe1, 0x20];
const ASKED: &str = "Why is the sky blue, quickly?";

#[test]
fn a_quick_question_is_asked_in_a_new_chat() {
    // On a bus of its own: the second start finds this test's window and no other.
    let session = KeyringSession::new(State::NoService);
    let display = std::env::var_os("DISPLAY").expect("the window tests need a display");
    let output = session.run(
        &std::env::current_exe().unwrap(),
        &["--exact", "quick::inside_the_session", "--ignored", "--nocapture"],
        &[("DISPLAY", display.to_str().unwrap())],
        Duration::from_secs(300),
    );
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

/// Presses the keys together as a keyboard would, whoever has the focus.
fn press_everywhere() {
    let (x, screen) = x11rb::connect(None).unwrap();
    let (least, most, root) = {
        let setup = x.setup();
        (setup.min_keycode, setup.max_keycode, setup.roots[screen].root)
    };
    let map = x.get_keyboard_mapping(least, most - least + 1).unwrap().reply().unwrap();
    let rows: Vec<&[u32]> = map.keysyms.chunks(map.keysyms_per_keycode.into()).collect();
    let codes = CHORD
        .map(|sym| least + u8::try_from(rows.iter().position(|row| row.contains(&sym)).unwrap()).unwrap());
    for code in codes {
        x.xtest_fake_input(KEY_PRESS_EVENT, code, 0, root, 0, 0, 0).unwrap();
    }
    for code in codes.into_iter().rev() {
        x.xtest_fake_input(KEY_RELEASE_EVENT, code, 0, root, 0, 0, 0).unwrap();
    }
    x.sync().unwrap();
}

/// The window beside the main one, once it is there.
async fn small(window: &Window, main: &WindowHandle) -> WindowHandle {
    let started = Instant::now();
    loop {
        let open = window.page.windows().await.unwrap();
        if let Some(other) = open.into_iter().find(|one| one != main) {
            return other;
        }
        assert!(started.elapsed() < PATIENCE, "the small window does not open");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A key upon which the small window closes: the driver may find it gone before it has answered.
async fn press_and_leave(window: &Window, key: Key) {
    let _ = window.get("quick-field").await.send_keys(key).await;
}

async fn alone(window: &Window) {
    let started = Instant::now();
    while window.page.windows().await.unwrap().len() > 1 {
        assert!(started.elapsed() < PATIENCE, "the small window stays");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Started again inside a private session.
#[tokio::test]
#[ignore = "started by the test above inside a private session"]
async fn inside_the_session() {
    let window = Window::open_with(None, &[]).await;
    window.click("try-demo").await;
    window.get("composer").await;
    let main = window.page.window().await.unwrap();

    // By a second start, and left again with Esc: what stood there comes back.
    let (well, said) = Again::start(&["--quick-ask"]).ended("a second start");
    assert!(well, "{said}");
    let quick = small(&window, &main).await;
    window.page.switch_to_window(quick).await.unwrap();
    window
        .until("it shows whom it asks", "document.querySelector('.quick .mut')?.textContent.includes('Demo')")
        .await;
    window.type_into("quick-field", "Why is the sky").await;
    window.shot("quick-ask").await;
    let mut look = Look::with(&window).await;
    look.over(&window, "quick question").await;
    look.end(1);
    // It may call nothing of the contract but its own.
    for (cmd, payload) in
        [("conversation/list", json!(null)), ("key/set", json!({})), ("quick/take", json!(null))]
    {
        let refused = rpc(&window, cmd, &payload).await;
        assert!(refused.to_string().contains("may not do that"), "{cmd}: {refused}");
    }
    press_and_leave(&window, Key::Escape).await;
    alone(&window).await;

    // By keys of the desktop, once they were chosen.
    window.page.switch_to_window(main.clone()).await.unwrap();
    let taken = rpc(&window, "quick/set", &json!({ "keys": "Ctrl+Shift+Space" })).await;
    assert_eq!(taken["keys"], "Ctrl+Shift+Space", "{taken}");
    press_everywhere();
    let quick = small(&window, &main).await;
    window.page.switch_to_window(quick).await.unwrap();
    window
        .until("what stood there is back", "document.querySelector('textarea')?.value === 'Why is the sky'")
        .await;
    window.script("document.querySelector('textarea').setSelectionRange(99, 99)", vec![]).await;
    window.type_into("quick-field", " blue, quickly?").await;
    press_and_leave(&window, Key::Enter).await;
    window.page.switch_to_window(main).await.unwrap();
    alone(&window).await;
    let prompt = "[...document.querySelectorAll('.turn')].some((turn) => turn.textContent.includes(`";
    window.until("it is asked", &format!("{prompt}{ASKED}`))")).await;
    for lane in 0..4 {
        window.lane_reaches(lane, &["done", "failed"]).await;
    }
    assert_eq!(window.script("return document.querySelector('textarea').value", vec![]).await, "");
    window.close().await.unwrap();
}
