//! Answers that cost more than was set aside for them, and what a budget stopped.

use super::{Bench, LLAMA, OWN, budget, dollars, ended, failure, notices, prompt};
use domain::{Basis, ErrorKind, FinishReason, RunState};
use parallax_suite::support::chat::{chat_stream, chat_stream_broken};
use serde_json::json;
use std::time::Duration;
use transport::scripted::{Script, Step};

/// What comes in one piece cannot be stopped before it came, and the provider bills it: it is booked, and said.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_far_past_its_limit_is_booked_with_all_of_it_and_said() {
    let bench = Bench::new().await;
    bench.budget("all", "0.0002").await;
    let flood = "word ".repeat(2_000);
    bench.scripted.push_for("groq", chat_stream_broken(&[&flood], Step::Hang));
    let view = bench.ask(prompt(LLAMA, Some(1_000))).await;
    assert_eq!(failure(&view.runs[0]).0, ErrorKind::BillingBudget);
    let words = notices(&view.runs[0]).join(" ");
    assert!(words.contains("more than was set aside for it"), "{words}");
    // 2,000 words at $0.79 a million tokens are $0.00158, of a budget of $0.0002.
    let used = bench.engine.budgets().await.unwrap().remove(0).used;
    assert!(used.spent > dollars("0.0014") && used.spent < dollars("0.0025"), "{used:?}");
    assert_eq!(bench.books().await, (1, 0, true));
    let held = bench.ask(prompt(LLAMA, Some(16))).await;
    assert_eq!(failure(&held.runs[0]).0, ErrorKind::BillingBudget, "and nothing more is sent");

    // The same where the provider says how much it was.
    let bench = Bench::new().await;
    bench.budget("all", "0.0002").await;
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 5_000));
    let view = bench.ask(prompt(LLAMA, Some(100))).await;
    assert_eq!(view.runs[0].state, RunState::Done);
    let words = notices(&view.runs[0]).join(" ");
    assert!(words.contains("asked for 100 tokens at most and did not keep to that"), "{words}");
    let used = bench.engine.budgets().await.unwrap().remove(0).used;
    assert_eq!(used.spent, dollars("0.0039559"), "10 × 0.59 + 5,000 × 0.79 a million");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_budget_stopped_is_gone_on_with_on_the_users_word() {
    let bench = Bench::new().await;
    bench.budget("all", "0.0002").await;
    let words: Vec<&str> = std::iter::repeat_n("word ", 2_000).collect();
    bench.scripted.push_for("groq", chat_stream_broken(&words, Step::Hang));
    let view = bench.ask(prompt(LLAMA, Some(1_000))).await;
    let stopped = &view.runs[0];
    assert_eq!(failure(stopped).0, ErrorKind::BillingBudget);
    assert_eq!(stopped.continue_on.len(), 1, "where it was written");
    let before = bench.engine.text(stopped.id).await.unwrap();

    // Within the budgets nothing is sent, and what stands still stands.
    let (sink, frames) = super::sink();
    let held = bench.engine.continue_run(stopped.id, None, sink).await.unwrap();
    let held = ended(held, &frames);
    let (kind, words) = failure(&held.runs[0]);
    assert!(kind == ErrorKind::BillingBudget && words.contains("Nothing was sent."), "{words}");
    assert_eq!(bench.engine.text(held.runs[0].id).await.unwrap(), before);
    assert_eq!(held.runs[0].continue_on, stopped.continue_on);
    let stored = bench.engine.snapshot(view.id).await.unwrap();
    assert_eq!(stored.runs[0].continue_on, stopped.continue_on, "also after a restart");
    assert_eq!(bench.scripted.seen().len(), 1);

    bench.scripted.push_for("groq", chat_stream(&["and the end."], 10, 4));
    let (sink, frames) = super::sink();
    let over = bench.engine.continue_run_over_budget(held.runs[0].id, None, sink).await.unwrap();
    let over = ended(over, &frames);
    assert_eq!(over.runs[0].state, RunState::Done, "{:?}", over.runs[0].failure);
    assert_eq!(bench.engine.text(over.runs[0].id).await.unwrap(), format!("{before}and the end."));
    let overrides = bench.engine.store().read(|tx| tx.overrides()).await.unwrap();
    assert_eq!(overrides.len(), 1, "it is on record");
    assert_eq!(bench.books().await, (2, 0, true));
}

/// Words, end and count in one piece; the mark behind them somewhat later.
fn in_one_piece(text: &str, prompt: u64, completion: u64) -> Script {
    let words = json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": prompt, "completion_tokens": completion } });
    let later = Step::Wait(Duration::from_millis(50));
    Script::event_stream().send(format!("data: {words}\n\n")).step(later).send("data: [DONE]\n\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_came_whole_with_its_count_is_not_stopped() {
    let bench = Bench::new().await;
    bench.budget("all", "0.0002").await;
    bench.scripted.push_for("groq", in_one_piece("Hello there", 10, 5_000));
    let view = bench.ask(prompt(LLAMA, Some(100))).await;
    let run = &view.runs[0];
    assert_eq!(
        (run.state, run.finish_reason),
        (RunState::Done, Some(FinishReason::Stop)),
        "{:?}",
        run.failure
    );
    assert_eq!(run.metrics.basis, Some(Basis::Computed), "as the provider counted");
    assert_eq!(bench.engine.budgets().await.unwrap().remove(0).used.spent, dollars("0.0039559"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_was_counted_longer_than_it_can_be_is_said_to_be() {
    let bench = Bench::new().await;
    bench.budget("all", "0.01").await;
    bench.scripted.push_for("groq", chat_stream(&["Hi"], 30_000, 2));
    let view = bench.ask(prompt(LLAMA, Some(100))).await;
    let words = notices(&view.runs[0]).join(" ");
    assert!(
        words.contains("counted more tokens in the prompt than it can have by its length, 30000"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_unknown_price_a_budget_counts_what_was_reported_where_that_is_more() {
    let bench = Bench::new().await;
    let capped = domain::Budget { unknown_price: Some(dollars("10")), ..budget("all", "0.05") };
    bench.engine.set_budget(capped).await.unwrap();
    bench.scripted.push_for("own", chat_stream(&["Hi"], 3_000, 2));
    let view = bench.ask(prompt(OWN, Some(100))).await;
    let words = notices(&view.runs[0]).join(" ");
    assert!(words.contains("more than was set aside for it"), "{words}");
    let used = bench.engine.budgets().await.unwrap().remove(0).used;
    assert_eq!(used.spent, dollars("0.03002"), "3,002 tokens at $10 a million");
    assert_eq!(bench.books().await, (1, 0, true));
    bench.scripted.push_for("own", chat_stream(&["Hi"], 3_000, 2));
    bench.ask(prompt(OWN, Some(100))).await;
    let held = bench.ask(prompt(OWN, Some(100))).await;
    assert_eq!(failure(&held.runs[0]).0, ErrorKind::BillingBudget, "nothing of it is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_budget_too_an_answer_far_past_its_limit_is_booked_with_what_came() {
    let bench = Bench::new().await;
    let flood = "word ".repeat(2_000);
    bench.scripted.push_for("groq", chat_stream_broken(&[&flood], Step::Wait(Duration::ZERO)));
    let view = bench.ask(prompt(LLAMA, Some(100))).await;
    let spent = view.runs[0].metrics.cost.unwrap();
    assert!(spent > dollars("0.0014"), "2,000 words at $0.79 a million tokens, not 100: {spent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_where_a_request_would_go_is_told_of_the_budget_that_holds_it() {
    let bench = Bench::new().await;
    let model = domain::ModelRef::parse(LLAMA).unwrap();
    let told = bench.engine.explain(&model, None, None, "Hi").await.unwrap();
    assert!(told.failure.is_none() && !told.route.planned.is_empty());
    bench.budget("all", "0.00001").await;
    let told = bench.engine.explain(&model, None, None, "Hi").await.unwrap();
    assert_eq!(told.failure.map(|failure| failure.kind), Some(ErrorKind::BillingBudget));
    assert!(told.route.planned.is_empty());
}
