//! The random-number test in the real window: four lanes, three turns, every policy, by keyboard. A server on
//! this machine says a number that nobody can know and keeps what it was sent: each lane's request holds
//! exactly the numbers its policy lets it see, and the chip on its answer says so.

use crate::{harness::Window, keys::entry};
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Seen},
};
use serde_json::{Value, json};
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    sync::{Arc, Mutex},
};
use thirtyfour::{Key, TypingData};

const MODELS: [&str; 4] = ["gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o"];
const TURNS: usize = 3;

/// A request and the number it was answered with.
#[derive(Clone)]
struct Said {
    lane: usize,
    number: String,
    body: String,
}

#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<Said>>>);

impl Book {
    /// A number that was never said before.
    fn answer(&self, seen: &Seen) -> Answer {
        let body = seen.text();
        let asked: Value = serde_json::from_str(&body).unwrap();
        let lane = MODELS.iter().position(|model| asked["model"] == *model).unwrap();
        let mut said = self.0.lock().unwrap();
        let number = loop {
            let random = RandomState::new().hash_one(said.len()) % 900_000_000 + 100_000_000;
            if said.iter().all(|one| one.number != random.to_string()) {
                break random.to_string();
            }
        };
        said.push(Said { lane, number: number.clone(), body });
        let event = |delta: Value, finish: Value| {
            json!({ "id": "r", "model": MODELS[lane],
                    "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
        };
        let text = format!("My number is {number}.");
        let usage = json!({ "choices": [], "usage": { "prompt_tokens": 9, "completion_tokens": 6,
                                                      "total_tokens": 15 } });
        Answer::event_stream(format!(
            "data: {}\n\ndata: {}\n\ndata: {usage}\n\ndata: [DONE]\n\n",
            event(json!({ "content": text }), Value::Null),
            event(json!({}), json!("stop")),
        ))
    }

    /// What was said in the last chat, turn by turn and lane by lane.
    fn last(&self, turns: usize) -> Vec<Vec<Said>> {
        let said = self.0.lock().unwrap();
        let chat = &said[said.len() - turns * MODELS.len()..];
        chat.chunks(MODELS.len())
            .map(|turn| {
                let mut turn = turn.to_vec();
                turn.sort_by_key(|one| one.lane);
                turn
            })
            .collect()
    }
}

async fn press(window: &Window, keys: impl Into<TypingData>) {
    window.page.active_element().await.unwrap().send_keys(keys).await.unwrap();
}

/// Gives a part of the page the focus; what is done then is done by key.
async fn focus(window: &Window, id: &str) {
    window.get(id).await;
    let script = "document.querySelector(`[data-testid=\"${arguments[0]}\"]`).focus()";
    window.script(script, vec![json!(id)]).await;
}

/// Opens the choice of context and goes to an entry by its words.
async fn choose(window: &Window, words: &str) {
    focus(window, "context-policy").await;
    press(window, Key::Enter).await;
    entry(window, words).await;
}

async fn ask(window: &Window, turn: usize) {
    focus(window, "composer").await;
    press(window, format!("Question {turn}")).await;
    press(window, Key::Control + Key::Enter).await;
    let shown = format!("document.querySelectorAll('.turn').length === {}", turn + 1);
    window.until("the turn is shown", &shown).await;
    for lane in 0..MODELS.len() {
        window.lane_reaches(lane, &["done"]).await;
    }
}

/// Picks the best of the newest turn by its digit.
async fn pick(window: &Window, lane: usize) {
    focus(window, &format!("lane-{lane}")).await;
    press(window, format!("{}", lane + 1)).await;
    let pressed = format!("document.querySelector('[data-testid=pick-{lane}]').ariaPressed === 'true'");
    window.until("the best is picked", &pressed).await;
}

/// The earlier numbers each lane of a turn was sent, as (lane, turn).
fn shown(said: &[Vec<Said>], turn: usize, lane: usize) -> Vec<(usize, usize)> {
    let body = &said[turn][lane].body;
    let earlier = said.iter().take(turn).enumerate();
    let all = earlier.flat_map(|(turn, lanes)| lanes.iter().map(move |one| (turn, one)));
    all.filter(|(_, one)| body.contains(&one.number)).map(|(turn, one)| (one.lane, turn)).collect()
}

/// Every number of these lanes in the turns before.
fn of(lanes: &[usize], turn: usize) -> Vec<(usize, usize)> {
    (0..turn).flat_map(|turn| lanes.iter().map(move |lane| (*lane, turn))).collect()
}

async fn chips(window: &Window, words: [&str; 4]) {
    for (lane, words) in words.iter().enumerate() {
        let chip = window.lane_text(lane, "route").await;
        assert!(chip.contains(words), "lane {lane}: {chip:?} does not say {words:?}");
    }
}

async fn new_chat(window: &Window) {
    press(window, Key::Control + "n").await;
    window.until("the page is empty", "!document.querySelector('.turn')").await;
}

/// The window with four lanes that the server answers.
async fn four_lanes(program: &Program, book: &Book) -> (Window, Replay) {
    let answers = book.clone();
    let server = Replay::start(vec![Route::with(move |seen| answers.answer(seen))]);
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..4 {
        window.click("chip-remove-0").await;
    }
    for model in MODELS {
        window.add_model(&format!("openai/{model}")).await;
    }
    (window, server)
}

#[tokio::test]
async fn a_prompt_is_written_anew_and_a_chat_forked_by_key() {
    let program = Program::new();
    let book = Book::default();
    let (window, _server) = four_lanes(&program, &book).await;
    ask(&window, 0).await;
    let first = book.last(1);
    // Another wording beside the first: nobody is shown what was said to that.
    focus(&window, "lane-1").await;
    press(&window, "e").await;
    window.until("the prompt can be edited", "document.activeElement.dataset.testid === 'edit-field'").await;
    press(&window, ", anew").await;
    press(&window, Key::Control + Key::Enter).await;
    window
        .until(
            "there are two wordings",
            "document.querySelector('.ask .siblings')?.textContent.includes('2/2')",
        )
        .await;
    for lane in 0..MODELS.len() {
        window.lane_reaches(lane, &["done"]).await;
    }
    let both = book.last(2);
    for lane in 0..4 {
        assert_eq!(both[0][lane].number, first[0][lane].number);
        assert!(both[1][lane].body.contains("Question 0, anew"));
        assert_eq!(shown(&both, 1, lane), [], "lane {lane}");
    }
    // Back to the first, by its button; its answers are as they were.
    window.script("document.querySelector('.ask .siblings button').focus()", vec![]).await;
    press(&window, Key::Enter).await;
    window
        .until("the first is shown", "document.querySelector('.ask h2').textContent.trim() === 'Question 0'")
        .await;
    for (lane, said) in first[0].iter().enumerate() {
        assert!(window.lane_text(lane, "answer").await.contains(&said.number), "lane {lane}");
    }
    // A new chat from the third lane's answer: everybody continues from that.
    focus(&window, "lane-2").await;
    press(&window, Key::Shift + "b").await;
    window
        .until(
            "the fork is open",
            "document.querySelector('[data-testid=title]')?.textContent.includes('Fork of')",
        )
        .await;
    ask(&window, 1).await;
    let last = book.last(1);
    for (lane, asked) in last[0].iter().enumerate() {
        for (other, said) in first[0].iter().enumerate() {
            assert_eq!(asked.body.contains(&said.number), other == 2, "lane {lane}, {other}");
        }
    }
    window.close().await.unwrap();
}

#[tokio::test]
async fn every_lane_says_what_its_policy_lets_it_see() {
    let program = Program::new();
    let book = Book::default();
    let (window, _server) = four_lanes(&program, &book).await;

    // Own: nobody knows another's.
    for turn in 0..TURNS {
        ask(&window, turn).await;
        let said = book.last(turn + 1);
        for lane in 0..4 {
            assert_eq!(shown(&said, turn, lane), of(&[lane], turn), "own, turn {turn}, lane {lane}");
        }
    }
    chips(&window, ["saw its own 2 turns"; 4]).await;
    pick(&window, 1).await;
    // Before any menu was opened: after a few of them the driver's screenshots do not end.
    window.shots("context-own").await;

    // Winner: everybody goes on from the best; without one, from their own, and it is said.
    new_chat(&window).await;
    ask(&window, 0).await;
    choose(&window, "All continue from the best").await;
    pick(&window, 2).await;
    ask(&window, 1).await;
    chips(&window, ["nano", "nano", "saw its own 1 turn", "nano"]).await;
    ask(&window, 2).await;
    chips(&window, ["no best was picked"; 4]).await;
    let said = book.last(TURNS);
    for lane in 0..4 {
        assert_eq!(shown(&said, 1, lane), [(2, 0)], "winner, turn 1, lane {lane}");
        assert_eq!(shown(&said, 2, lane), [(2, 0), (lane, 1)], "winner, turn 2, lane {lane}");
    }

    // All: everybody knows everything.
    new_chat(&window).await;
    ask(&window, 0).await;
    choose(&window, "All see all answers").await;
    ask(&window, 1).await;
    ask(&window, 2).await;
    chips(&window, ["saw all 8 answers"; 4]).await;
    let said = book.last(TURNS);
    for turn in 1..TURNS {
        for lane in 0..4 {
            assert_eq!(shown(&said, turn, lane), of(&[0, 1, 2, 3], turn), "all, turn {turn}, lane {lane}");
        }
    }

    // Custom: the first sees nothing, the second the fourth alone, the third its own and the first's.
    new_chat(&window).await;
    ask(&window, 0).await;
    choose(&window, "Choose for each model").await;
    for (lane, seen) in [(0, 0), (1, 1), (1, 3), (2, 0)] {
        focus(&window, &format!("sees-{lane}-{seen}")).await;
        press(&window, " ").await;
    }
    focus(&window, "sees-save").await;
    press(&window, Key::Enter).await;
    ask(&window, 1).await;
    ask(&window, 2).await;
    let words = ["saw the prompt only", "4o", "saw the answers of", "saw its own 2 turns"];
    chips(&window, words).await;
    let said = book.last(TURNS);
    for turn in 1..TURNS {
        assert_eq!(shown(&said, turn, 0), [], "custom, turn {turn}");
        assert_eq!(shown(&said, turn, 1), of(&[3], turn), "custom, turn {turn}");
        assert_eq!(shown(&said, turn, 2), of(&[0, 2], turn), "custom, turn {turn}");
        assert_eq!(shown(&said, turn, 3), of(&[3], turn), "custom, turn {turn}");
    }
    window.close().await.unwrap();
}
