//! Columns by key alone: the same model twice with settings of its own, widths, cells that scroll together, answers
//! asked again and gone back to, replies to one, one more model for a turn, stops, the map, and delete with undo.

use crate::{
    harness::Window,
    journey::{add, answered, chips_are, to_the_answers},
    keys::{
        entry, focus_is_on, gone, palette, pane_until, press, pressed, tab_to, tab_to_inside, tab_to_named,
        tab_until, wait_for,
    },
};
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Seen, Step},
};
use serde_json::{Value, json};
use thirtyfour::Key;

/// A long text with headings, so that a cell has something to scroll. Prompts that say so are never answered whole.
fn answer(seen: &Seen) -> Answer {
    let asked: Value = serde_json::from_str(&seen.text()).unwrap();
    let model = &asked["model"];
    let event = |delta: Value, finish: Value| {
        let chunk = json!({ "id": "r", "model": model,
                            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
        format!("data: {chunk}\n\n")
    };
    let stream = Answer::status(200).header("content-type", "text/event-stream");
    let last = asked["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    if last.contains("without end") {
        return stream.send(event(json!({ "content": "It goes on " }), Value::Null)).step(Step::Stall);
    }
    // The smaller model says less under each heading.
    let lines = if model.as_str().unwrap().contains("mini") { 6 } else { 14 };
    let part = |name: &str| format!("## {name}\n\n{}", "Words that fill a line of it.\n\n".repeat(lines));
    let text = ["First", "Second", "Third"].map(part).concat();
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": 9, "completion_tokens": 400, "total_tokens": 409 } });
    stream.send(format!(
        "{}{}data: {usage}\n\ndata: [DONE]\n\n",
        event(json!({ "content": text }), Value::Null),
        event(json!({}), json!("stop")),
    ))
}

const TITLE: &str = "document.querySelector('[data-testid=title]')?.textContent";

async fn turns(window: &Window, count: u64) {
    let shown = format!("document.querySelectorAll('.turn').length === {count}");
    window.until(&format!("{count} turns are shown"), &shown).await;
}

/// Sends a prompt and waits until its turn is shown.
async fn ask(window: &Window, words: &str) {
    focus_is_on(window, "composer").await;
    let before = window.script("return document.querySelectorAll('.turn').length", vec![]).await;
    press(window, words).await;
    press(window, Key::Control + Key::Enter).await;
    turns(window, before.as_u64().unwrap() + 1).await;
}

/// What the newest turn holds.
async fn answers(window: &Window, count: usize) {
    let shown = format!("document.querySelectorAll('.turn:last-of-type article.ans').length === {count}");
    window.until(&format!("the turn has {count} answers"), &shown).await;
}

/// From the newest turn's first answer to another.
async fn to_answer(window: &Window, place: usize) {
    to_the_answers(window).await;
    for n in 1..=place {
        press(window, Key::Right).await;
        focus_is_on(window, &format!("lane-{n}")).await;
    }
}

/// A chat of three columns with its first turn answered.
async fn begun(program: &Program) -> (Window, Replay) {
    let server = Replay::start(vec![Route::with(answer)]);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let window = Window::open(&program.folder()).await;
    window.get("onboarding").await;
    tab_to(&window, "onboarding-skip").await;
    press(&window, Key::Enter).await;
    focus_is_on(&window, "composer").await;
    pane_until(&window, ".mchip").await;
    for left in (0..4).rev() {
        press(&window, Key::Delete).await;
        let fewer = format!("return document.querySelectorAll('.mchip').length === {left}");
        wait_for(&window, &format!("more than {left} models are left"), &fewer).await;
    }
    for model in ["gpt-4.1", "gpt-4.1", "gpt-4.1-mini"] {
        add(&window, &format!("openai/{model}")).await;
    }
    chips_are(&window, &["GPT-4.1", "GPT-4.1", "GPT-4.1 mini"]).await;

    // The second of the two is told something of its own.
    pane_until(&window, ".mchip").await;
    press(&window, Key::Right).await;
    focus_is_on(&window, "chip-1").await;
    press(&window, Key::Enter).await;
    tab_to(&window, "lane-system").await;
    press(&window, "Answer like a pirate.").await;
    tab_to(&window, "lane-save").await;
    press(&window, Key::Enter).await;
    gone(&window, "lane-save").await;
    focus_is_on(&window, "chip-1").await;
    press(&window, Key::Escape).await;
    ask(&window, "Tell me all of it").await;
    answered(&window, 3).await;
    let pirates = server.seen().iter().filter(|seen| seen.text().contains("like a pirate")).count();
    assert_eq!((server.seen().len(), pirates), (3, 1));

    (window, server)
}

#[tokio::test]
async fn columns_are_worked_with_by_key_alone() {
    let program = Program::new();
    let (window, _server) = begun(&program).await;
    widths(&window).await;
    together(&window).await;
    replies(&window).await;
    stops(&window, 4).await;
    undone(&window).await;
    window.close().await.unwrap();
}

/// Width goes from a column to its neighbour; it and the layout are the conversation's own.
async fn widths(window: &Window) {
    let share = "Number(document.querySelector('[data-testid=resize-0]')?.ariaValueNow)";
    to_the_answers(window).await;
    tab_to(window, "resize-0").await;
    for _ in 0..3 {
        press(window, Key::Right).await;
    }
    window.until("the first column is wider", &format!("{share} > 54")).await;
    press(window, Key::Home).await;
    window.until("they are even again", &format!("{share} === 50")).await;
    press(window, Key::Left).await;
    window.until("the first column is narrower", &format!("{share} < 50")).await;
    press(window, Key::Control + "2").await;
    pressed(window, "layout-grid").await;

    // Another chat has neither; coming back, both are as they were.
    press(window, Key::Control + "n").await;
    focus_is_on(window, "composer").await;
    turns(window, 0).await;
    pane_until(window, "aside.side").await;
    tab_until(window, "the chat", "return document.activeElement?.classList.contains('conv')").await;
    press(window, Key::Enter).await;
    turns(window, 1).await;
    pressed(window, "layout-grid").await;
    press(window, Key::Control + "1").await;
    pressed(window, "layout-columns").await;
    window.until("its width is kept", &format!("{share} < 50")).await;
    press(window, Key::Control + "2").await;
    pressed(window, "layout-grid").await;
}

/// A cell that has the focus is scrolled by key, and its neighbours go to the same heading.
async fn together(window: &Window) {
    // It is on from the beginning; off and on again.
    for turned in ["Scroll columns apart", "Scroll columns together"] {
        pane_until(window, ".bar").await;
        tab_to_named(window, "More for this conversation").await;
        press(window, Key::Enter).await;
        entry(window, turned).await;
    }
    to_the_answers(window).await;
    let second = "[...document.querySelectorAll('.turn:last-of-type .ans-body')].map((body) => \
        body.querySelectorAll('.md :is(h1, h2, h3, h4, h5, h6)')[1].getBoundingClientRect().top - body.getBoundingClientRect().top)";
    window.until("a heading is below the fold", &format!("{second}[0] > 300")).await;
    // Line by line until the second heading is at the top of its cell.
    for _ in 0..60 {
        let down = window.script(&format!("return {second}[0] > 45"), vec![]).await;
        if !down.as_bool().unwrap() {
            break;
        }
        press(window, Key::Down).await;
    }
    window.until("it is at the top", &format!("{second}[0] <= 45")).await;
    window.until("so it is in the others", &format!("{second}.every((top) => top > -20 && top < 90)")).await;
    // Where there is no more to scroll, the page goes on.
    press(window, Key::PageUp).await;
    window.until("it goes back up", &format!("{second}[0] > 45")).await;
    press(window, Key::Control + "3").await;
    pressed(window, "layout-focus").await;
    tab_until(window, "the tabs", "return document.activeElement?.role === 'tab'").await;
    press(window, Key::Right).await;
    let chosen = "document.querySelector('.mtabs [aria-selected=true]')?.textContent.includes('mini')";
    press(window, Key::Right).await;
    window.until("the last answer is shown", chosen).await;
    press(window, Key::Control + "1").await;
    pressed(window, "layout-columns").await;
}

/// Asked again and back; a reply to one, by its answer and by @; one more model for a turn that is answered.
async fn replies(window: &Window) {
    to_answer(window, 1).await;
    press(window, "r").await;
    let siblings =
        "document.querySelector('[data-testid=lane-1] [data-testid=answer-siblings]')?.textContent";
    window.until("there are two answers", &format!("{siblings}?.includes('2/2')")).await;
    answered(window, 3).await;
    focus_is_on(window, "lane-1").await;
    press(window, "<").await;
    window.until("the first is back", &format!("{siblings}?.includes('1/2')")).await;
    to_answer(window, 1).await;
    press(window, ">").await;
    window.until("the second is back", &format!("{siblings}?.includes('2/2')")).await;

    to_answer(window, 1).await;
    press(window, "p").await;
    let only = "document.querySelector('[data-testid=prompt-for]')?.textContent.includes('Only')";
    focus_is_on(window, "composer").await;
    window.until("it is for one", only).await;
    ask(window, "And you?").await;
    answers(window, 1).await;
    answered(window, 1).await;
    press(window, "@").await;
    entry(window, "Only GPT-4.1 mini").await;
    press(window, Key::Escape).await;
    ask(window, "And the small one?").await;
    answers(window, 1).await;
    answered(window, 1).await;
    let who = window.script("return document.querySelector('[data-testid=lane-0] h3').title", vec![]).await;
    assert_eq!(who, "GPT-4.1 mini");

    to_the_answers(window).await;
    tab_to(window, "add-lane").await;
    press(window, Key::Enter).await;
    focus_is_on(window, "model-search").await;
    press(window, "openai/gpt-4o").await;
    let first = "return document.querySelector('.picker [aria-selected=true]')?.dataset.testid === \
                 'model-option-openai/gpt-4o'";
    wait_for(window, "gpt-4o is not offered first", first).await;
    press(window, Key::Enter).await;
    answers(window, 2).await;
    answered(window, 2).await;
}

/// One answer is stopped, the next prompt is sent while others still stream, and all are stopped.
async fn stops(window: &Window, lanes: usize) {
    press(window, Key::Escape).await;
    focus_is_on(window, "composer").await;
    press(window, "@").await;
    entry(window, "All models").await;
    press(window, Key::Escape).await;
    ask(window, "Talk without end").await;
    answers(window, lanes).await;
    // A server on this machine is asked twice at a time; the others wait their turn.
    for lane in 0..2 {
        window.lane_reaches(lane, &["streaming"]).await;
    }
    to_the_answers(window).await;
    tab_to_inside(window, "lane-0", "stop").await;
    press(window, Key::Enter).await;
    window.lane_reaches(0, &["cancelled"]).await;
    assert_eq!(window.lane_state(1).await, "streaming");
    pane_until(window, ".composer").await;
    ask(window, "Talk without end as well").await;
    answers(window, lanes).await;
    let busy = "[...document.querySelectorAll('.turn')].slice(-2).every((turn) => \
                turn.querySelector('[aria-busy=true]'))";
    window.until("both turns are being answered", busy).await;
    press(window, Key::Escape).await;
    for lane in 0..lanes {
        window.lane_reaches(lane, &["cancelled"]).await;
    }
    window.until("nothing runs", "!document.querySelector('.turn [aria-busy=true]')").await;
}

/// The map leads to a turn; a chat that is deleted comes back.
async fn undone(window: &Window) {
    press(window, Key::Control + Key::Shift + "m").await;
    wait_for(window, "the map does not open", "return !!document.querySelector('.map button')").await;
    tab_to(window, "map-turn-0").await;
    press(window, Key::Down).await;
    focus_is_on(window, "map-turn-1").await;
    press(window, Key::Enter).await;
    gone(window, "map").await;
    let there = "document.querySelector('.turn:nth-of-type(2) .ask[data-found]') \
        ?? document.activeElement?.closest('.thread')";
    window.until("the turn is gone to", there).await;

    palette(window, "delete this conversation", "action-chat.delete").await;
    window.until("it is gone", &format!("!{TITLE}")).await;
    // Letters work outside of text fields alone.
    pane_until(window, "aside.side").await;
    press(window, "z").await;
    let listed = "document.querySelectorAll('.side-list .conv').length === 1";
    window.until("it is back in the list", listed).await;
}
