//! Every screen in the real window, in both themes, looked over by axe: no serious or critical finding.

use crate::{
    harness::{PATIENCE, Window},
    keys::{entry, focus_is_on, gone, palette, press, wait_for},
};
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route},
};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use thirtyfour::Key;

/// Longest look. Two cores may be busy elsewhere, and a page of settings is long.
const LONGEST: Duration = Duration::from_secs(180);

/// axe-core as the UI's own tests use it.
fn axe() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Shows a theme, lets what fades from one to the other come to its end, runs axe over what is shown and gives what
/// is serious or critical, with its first places. The second theme differs in its colours alone. Nothing fades
/// meanwhile: a button that becomes ready while axe is at it is of both colours for a moment.
const RUN: &str = "const [theme, part, done] = arguments; \
    const painted = () => new Promise((go) => { \
        requestAnimationFrame(() => requestAnimationFrame(go)); setTimeout(go, 2000); }); \
    const why = (node) => (node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''; \
    const look = async () => { \
        if (!window.still) { \
            window.still = new CSSStyleSheet(); \
            window.still.replaceSync('*, ::before, ::after { transition: none !important }'); \
            document.adoptedStyleSheets = [...document.adoptedStyleSheets, window.still]; \
        } \
        document.documentElement.dataset.theme = theme; \
        await painted(); \
        for (const one of document.getAnimations()) \
            if (one.effect?.getComputedTiming().endTime !== Infinity) one.finish(); \
        await painted(); \
        const result = await axe.run(part ?? document, { \
            resultTypes: ['violations'], \
            runOnly: theme === 'light' \
                ? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] \
                : { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }, \
        }); \
        return { checked: result.passes.length, found: result.violations \
            .filter((one) => one.impact === 'serious' || one.impact === 'critical') \
            .map((one) => `${one.id} (${one.impact}): ` + one.nodes.slice(0, 4) \
                .map((node) => `${node.target.join(' ')} ${node.html.slice(0, 160)} ${why(node)}`) \
                .join(' | ')) }; \
    }; \
    look().then(done, (error) => done({ checked: 1, found: [String(error)] }));";

/// Looks at one screen after another and keeps what is found.
pub(crate) struct Look {
    axe: String,
    findings: Vec<String>,
    screens: usize,
}

impl Look {
    pub(crate) async fn with(window: &Window) -> Self {
        window.page.set_script_timeout(LONGEST).await.unwrap();
        Self { axe: axe(), findings: Vec::new(), screens: 0 }
    }

    /// Over all that is shown.
    pub(crate) async fn over(&mut self, window: &Window, screen: &str) {
        self.part(window, screen, None).await;
    }

    /// Over a part alone, brought into view.
    async fn part(&mut self, window: &Window, screen: &str, part: Option<&str>) {
        if !window.script("return typeof window.axe === 'object'", vec![]).await.as_bool().unwrap() {
            window.script(&self.axe, vec![]).await;
        }
        if let Some(part) = part {
            let into_view = "document.querySelector(arguments[0]).scrollIntoView()";
            window.script(into_view, vec![json!(part)]).await;
        }
        self.screens += 1;
        for theme in ["light", "dark"] {
            let told = window.page.execute_async(RUN, vec![json!(theme), json!(part)]).await;
            let told = told.unwrap_or_else(|error| panic!("{screen}, {theme}: {error:?}")).json().clone();
            assert!(told["checked"].as_u64().unwrap() > 0, "{screen}: axe looked at nothing: {told}");
            for found in told["found"].as_array().unwrap() {
                self.findings.push(format!("{screen}, {theme}: {}", found.as_str().unwrap()));
            }
        }
        window.script("delete document.documentElement.dataset.theme", vec![]).await;
    }

    /// Nothing serious was found on so many screens.
    pub(crate) fn end(self, screens: usize) {
        assert_eq!(self.screens, screens, "screens looked at");
        assert!(self.findings.is_empty(), "{} findings:\n{}", self.findings.len(), self.findings.join("\n"));
    }
}

const SUITE: &str = "
description: Words said back
prompts: ['Say {{word}}', 'Say {{word}}, please']
models: [openai/gpt-4.1@openai, openai/gpt-4.1-mini@openai]
defaultTest: { assert: [{ type: contains, value: alpha }] }
tests: [{ vars: { word: [alpha, beta] } }]
";

/// A data folder with an experiment that has been run, half of its answers wrong.
fn with_an_experiment(program: &Program) -> Replay {
    let said = json!({ "id": "r", "model": "m",
        "choices": [{ "index": 0, "delta": { "content": "You said alpha." }, "finish_reason": "stop" }] });
    let usage =
        json!({ "choices": [], "usage": { "prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9 } });
    let body = format!("data: {said}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
    let server = Replay::start(vec![Route::answer(Answer::event_stream(body))]);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words.yaml");
    std::fs::write(&file, SUITE).unwrap();
    let run = program.run(&["experiment", "run", file.to_str().unwrap(), "--json"]);
    assert!(run.stdout.contains("\"complete\""), "{}{}", run.stdout, run.stderr);
    server
}

/// Opens something by its button, which may show under a pointer alone.
async fn open(window: &Window, button: &str, shown: &str) {
    window.get(button).await;
    let click = "document.querySelector(`[data-testid=\"${arguments[0]}\"]`).click()";
    let there = format!("!!document.querySelector('[data-testid=\"{shown}\"]')");
    let started = Instant::now();
    // A dialog that is still closing takes the one that opens with it.
    loop {
        window.script(click, vec![json!(button)]).await;
        if window.soon(&there).await {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{button} does not open {shown}");
    }
}

/// Opens something, looks at it and leaves it by Escape.
async fn opened(look: &mut Look, window: &Window, button: &str, shown: &str) {
    open(window, button, shown).await;
    look.over(window, shown).await;
    press(window, Key::Escape).await;
    gone(window, shown).await;
}

#[tokio::test]
async fn no_screen_has_a_serious_barrier() {
    let program = Program::new();
    let _server = with_an_experiment(&program);
    let window = Window::open(&program.folder()).await;
    let mut look = Look::with(&window).await;
    window.get("onboarding").await;
    look.over(&window, "onboarding").await;
    window.click("try-demo").await;
    window.get("composer").await;
    look.over(&window, "chat, empty").await;
    opened(&mut look, &window, "add-model", "model-search").await;
    window.click("send").await;
    window.lane_reaches(0, &["connecting", "streaming", "done"]).await;
    look.over(&window, "chat, written").await;
    for lane in 0..4 {
        window.lane_reaches(lane, &["done", "failed"]).await;
    }
    look.over(&window, "chat, answered").await;
    opened(&mut look, &window, "judge", "judge-ask").await;
    opened(&mut look, &window, "merge", "merge-make").await;
    opened(&mut look, &window, "find", "search-input").await;
    opened(&mut look, &window, "lane-settings-0", "lane-save").await;
    opened(&mut look, &window, "receipt", "inspector").await;
    open(&window, "diff", "compare-back").await;
    look.over(&window, "differences").await;
    window.click("compare-back").await;
    for layout in ["grid", "focus"] {
        window.click(&format!("layout-{layout}")).await;
        look.over(&window, layout).await;
    }
    kept(&mut look, &window).await;
    pages(&mut look, &window).await;
    blind(&mut look, &window).await;
    window.close().await.unwrap();
    look.end(44);
}

/// The menus and dialogs of what is kept.
async fn kept(look: &mut Look, window: &Window) {
    let menu = "document.querySelector('[data-testid^=\"conversation-menu-\"]')";
    window.until("the list has the chat", menu).await;
    window.script(&format!("{menu}.click()"), vec![]).await;
    wait_for(window, "no menu opens", "return !!document.querySelector('[role=menu]')").await;
    look.over(window, "menu of a conversation").await;
    press(window, Key::Escape).await;
    wait_for(window, "the menu stays", "return !document.querySelector('[role=menu]')").await;
    for (words, action, shown) in [
        ("tags of this", "chat.tags", "tag-name"),
        ("move this conversation", "chat.folder", "folder-name"),
        ("map of this", "map", "map-turn-0"),
        ("import conversations", "import", "import-path"),
    ] {
        palette(window, words, &format!("action-{action}")).await;
        window.get(shown).await;
        look.over(window, words).await;
        press(window, Key::Escape).await;
        gone(window, shown).await;
    }
    window.script("document.querySelector('[data-testid=context-policy]').focus()", vec![]).await;
    press(window, Key::Enter).await;
    entry(window, "Choose for each model").await;
    window.get("sees-save").await;
    look.over(window, "what each model sees").await;
    press(window, Key::Escape).await;
    gone(window, "sees-save").await;
    window.script("document.querySelector('[data-testid=lane-0]').focus()", vec![]).await;
    press(window, "e").await;
    focus_is_on(window, "edit-field").await;
    look.over(window, "a prompt written anew").await;
    press(window, Key::Escape).await;
    gone(window, "edit-field").await;
}

async fn pages(look: &mut Look, window: &Window) {
    for (page, shown) in [
        ("spend", "spend-month"),
        ("models", "models-table"),
        ("leaderboard", "board-cast-all"),
        ("history", "shelf-trash"),
    ] {
        window.visit(page).await;
        window.get(shown).await;
        look.over(window, page).await;
        if page == "models" {
            window.script("document.querySelector('.mcat tbody tr').click()", vec![]).await;
            window.get("models-drawer").await;
            look.over(window, "a model").await;
        }
    }
    window.visit("experiments").await;
    opened(look, window, "experiment-new", "experiment-run").await;
    look.over(window, "experiments").await;
    window.script("document.querySelector('.xlist .link').click()", vec![]).await;
    window.get("experiment-row").await;
    window.script("document.querySelector('[data-cell=\"0/0\"]').click()", vec![]).await;
    window.get("experiment-cell").await;
    look.over(window, "an experiment").await;
    opened(look, window, "duel", "duel-left").await;
    window.visit("settings").await;
    window.get("provider-openai").await;
    look.over(window, "settings").await;
    opened(look, window, "prompt-add", "prompt-save").await;
    for section in
        ["providers", "routing", "gateway", "budgets", "audit", "appearance", "prompts", "shortcuts", "data"]
    {
        look.part(window, &format!("settings, {section}"), Some(&format!("#{section}"))).await;
    }
    press(window, Key::Control + "k").await;
    focus_is_on(window, "palette").await;
    look.over(window, "palette").await;
    press(window, Key::Escape).await;
    gone(window, "palette").await;
}

async fn blind(look: &mut Look, window: &Window) {
    window.click("new-chat").await;
    window.get("composer").await;
    window.click("blind").await;
    window.type_into("composer", "Which of you is best?").await;
    window.click("send").await;
    window.get("vote-bar").await;
    look.over(window, "blind, before the vote").await;
    window.click("reveal").await;
    window.get("vote-told").await;
    look.over(window, "blind, revealed").await;
    window.visit("leaderboard").await;
    window.get("board-cast-all").await;
    look.over(window, "leaderboard after a duel").await;
    let said: Value = window.script("return document.querySelectorAll('main').length", vec![]).await;
    assert_eq!(said, 1, "one main part");
}
