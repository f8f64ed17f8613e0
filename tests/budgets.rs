//! Budgets over the engine: what is held back, shortened, stopped, let past and remembered.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests fail by panicking and say what they did"
)]

#[path = "budgets/dead.rs"]
mod dead;
#[path = "budgets/estimates.rs"]
mod estimates;
#[path = "budgets/outgrown.rs"]
mod outgrown;
#[path = "budgets/provider.rs"]
mod provider;
#[path = "budgets/storm.rs"]
mod storm;

use domain::{
    AccountLabel, AccountRef, Budget, BudgetScope, ContextPolicy, ErrorKind, FinishReason, HeldWhy,
    LaneTarget, ModelRef, NoticeKind, Params, Period, PicoUsd, ProcessId, ProviderId, RunState, Secret,
    Timestamp,
};
use engine::{
    Ask, BudgetState, Clock as _, Engine, Listeners, NewAppKey, Parts, SystemClock,
    frame::{RunView, TurnFrame, TurnView},
};
use parallax_suite::support::chat::{chat_stream, chat_stream_broken};
use std::sync::{Arc, mpsc};
use store::Store;
use transport::scripted::{Scripted, Step};
use vault::Vault;

/// Meta's Llama 3.3 70B at Groq: $0.59 and $0.79 a million tokens, at most 32,768 of an answer.
const LLAMA: &str = "llama-3.3-70b-versatile@groq";
/// A server of the user's own: no price is known.
const OWN: &str = "m@own";

struct Bench {
    engine: Engine,
    scripted: Scripted,
    folder: tempfile::TempDir,
}

async fn engine_at(folder: &std::path::Path, scripted: &Scripted) -> Engine {
    let clock = Arc::new(SystemClock::new());
    let process = ProcessId::new(clock.id());
    let options = store::Options { process, now: clock.now(), version: "test" };
    let keys = vec![(ProviderId::from("groq"), Secret::new("gsk_test"))];
    let parts = Parts {
        store: Store::open(folder, options).unwrap(),
        vault: Vault::memory().with_env_keys(keys),
        transport: Arc::new(scripted.clone()),
        clock,
        process,
        origin: "window",
    };
    Engine::assemble(parts).await.unwrap()
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scripted = Scripted::new();
        let engine = engine_at(folder.path(), &scripted).await;
        engine.add_provider("own", "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
        Self { engine, scripted, folder }
    }

    async fn budget(&self, scope: &str, dollars: &str) {
        self.engine.set_budget(budget(scope, dollars)).await.unwrap();
    }

    async fn ask(&self, ask: Ask) -> TurnView {
        let (sink, frames) = sink();
        let listeners = Listeners { sink: Some(sink), observer: None };
        let started = self.engine.start_turn(ask, listeners).await.unwrap();
        started.done.await.unwrap();
        folded(started.view, &frames)
    }

    async fn ask_anyway(&self, ask: Ask) -> TurnView {
        let (sink, frames) = sink();
        let listeners = Listeners { sink: Some(sink), observer: None };
        let started = self.engine.start_turn_over_budget(ask, listeners).await.unwrap();
        started.done.await.unwrap();
        folded(started.view, &frames)
    }

    /// `max_completion_tokens` of the newest call.
    fn limit_sent(&self) -> Option<u64> {
        let seen = self.scripted.seen();
        let body: serde_json::Value = serde_json::from_slice(&seen.last().unwrap().call.body).unwrap();
        body["max_completion_tokens"].as_u64().or_else(|| body["max_tokens"].as_u64())
    }

    async fn books(&self) -> (usize, usize, bool) {
        let read = self.engine.store().read(|tx| {
            let entries = tx.entries(Timestamp(0), Timestamp(i64::MAX))?.len();
            Ok((entries, tx.holds()?.len(), tx.verify_chain()? && tx.verify_budget_totals()?))
        });
        read.await.unwrap()
    }
}

fn folded(mut view: TurnView, frames: &mpsc::Receiver<TurnFrame>) -> TurnView {
    frames.try_iter().for_each(|frame| engine::apply_frame(&mut view, &frame));
    view
}

fn sink() -> (engine::FrameSink, mpsc::Receiver<TurnFrame>) {
    let (out, frames) = mpsc::channel();
    (Box::new(move |frame: &TurnFrame| out.send(frame.clone()).is_ok()), frames)
}

fn dollars(text: &str) -> PicoUsd {
    PicoUsd::from_dollars(text).unwrap()
}

fn budget(scope: &str, limit: &str) -> Budget {
    Budget {
        scope: scope.parse().unwrap(),
        period: Period::Day,
        limit: dollars(limit),
        hard: true,
        warn: vec![80],
        unknown_price: None,
    }
}

fn prompt(model: &str, max: Option<u64>) -> Ask {
    let params = Params { max_completion_tokens: max, ..Params::default() };
    Ask {
        conversation: None,
        line_up: vec![LaneTarget {
            model: ModelRef::parse(model).unwrap(),
            system: None,
            params,
            policy: None,
        }],
        prompt: "Hi".to_owned(),
        context: ContextPolicy::Own,
        policy: None,
    }
}

fn failure(run: &RunView) -> (ErrorKind, &str) {
    let failure = run.failure.as_ref().unwrap();
    (failure.kind, failure.message.as_str())
}

fn notices(run: &RunView) -> Vec<&str> {
    let of = run.notices.iter().filter(|notice| notice.kind == NoticeKind::Budget);
    of.map(|notice| &*notice.detail).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_held_and_nothing_is_sent() {
    let bench = Bench::new().await;
    bench.budget("all", "0.00001").await;
    let view = bench.ask(prompt(LLAMA, None)).await;
    assert_eq!(view.runs[0].state, RunState::Failed);
    let (kind, words) = failure(&view.runs[0]);
    assert_eq!(kind, ErrorKind::BillingBudget);
    assert!(words.starts_with("Held by your budget. You allow $0.00001 a day for everything;"), "{words}");
    assert!(words.contains("Nothing was sent.") && words.contains("begins anew on"), "{words}");
    // The same as figures, for a window that speaks another language.
    let held = view.runs[0].failure.as_ref().and_then(|failure| failure.budget.as_deref()).unwrap();
    assert_eq!((held.why, &held.scope, held.period), (HeldWhy::UsedUp, &BudgetScope::All, Period::Day));
    assert_eq!((held.limit.to_string().as_str(), held.spent), ("0.000010", PicoUsd::ZERO));
    assert_eq!(held.needs.is_some(), words.contains("Even a short answer may need"), "{words}");
    assert!(held.resets_at > SystemClock::new().now(), "of the period after this one");
    assert!(bench.scripted.seen().is_empty());
    assert_eq!(bench.books().await, (0, 0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_at_its_limit_gives_way_to_the_next() {
    let bench = Bench::new().await;
    for label in ["work", "spare"] {
        let account = AccountRef::parse(&format!("groq/{label}")).unwrap();
        bench.engine.set_key(&account, Secret::new(format!("gsk_of_{label}"))).await.unwrap();
    }
    bench.budget("key:groq/environment", "0").await;
    bench.budget("key:groq/work", "0").await;
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    let view = bench.ask(prompt(LLAMA, None)).await;
    assert_eq!(view.runs[0].state, RunState::Done);
    assert_eq!(bench.scripted.seen().len(), 1, "the first two were not even asked");
    let run = view.runs[0].id;
    let made = bench.engine.store().read(move |tx| tx.attempts(run)).await.unwrap();
    let with: Vec<_> = made.iter().filter_map(|attempt| attempt.account.as_ref()).collect();
    assert_eq!(with, [&AccountLabel::parse("spare").unwrap()]);
    bench.budget("key:groq/spare", "0").await;
    let view = bench.ask(prompt(LLAMA, None)).await;
    assert_eq!(failure(&view.runs[0]).0, ErrorKind::BillingBudget);
    assert_eq!(bench.scripted.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_holds_its_own_scope_and_no_other() {
    for scope in ["provider:openai", "model:openai/gpt-5", "app:editor", "key:openai/work"] {
        let bench = Bench::new().await;
        let account = AccountRef::parse("openai/work").unwrap();
        bench.engine.set_key(&account, Secret::new("sk_of_work")).await.unwrap();
        let app = NewAppKey { name: "editor".to_owned(), ..NewAppKey::default() };
        bench.engine.create_app_key(app).await.unwrap();
        bench.budget(scope, "0").await;
        bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
        assert_eq!(bench.ask(prompt(LLAMA, None)).await.runs[0].state, RunState::Done, "{scope}");
    }
    // Whatever name of its model a budget is given under, it binds.
    for scope in ["model:meta/llama-3.3-70b", "model:Meta-Llama/Llama-3.3-70B-Instruct"] {
        let bench = Bench::new().await;
        bench.budget(scope, "0").await;
        let stored = bench.engine.budgets().await.unwrap().remove(0).budget.scope;
        assert_eq!(stored.to_string(), "model:meta-llama/llama-3.3-70b-instruct");
        let view = bench.ask(prompt(LLAMA, None)).await;
        assert_eq!(failure(&view.runs[0]).0, ErrorKind::BillingBudget, "{scope}");
        assert!(bench.scripted.seen().is_empty());
    }
    for scope in ["provider:groq", "model:meta-llama/llama-3.3-70b-instruct", "all", "key:groq/environment"] {
        let bench = Bench::new().await;
        bench.budget(scope, "0").await;
        let view = bench.ask(prompt(LLAMA, None)).await;
        assert_eq!(failure(&view.runs[0]).0, ErrorKind::BillingBudget, "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_has_a_budget_of_its_own() {
    let bench = Bench::new().await;
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    let view = bench.ask(prompt(LLAMA, None)).await;
    let turn = view.id;
    let conversation =
        bench.engine.store().read(move |tx| tx.turn(turn)).await.unwrap().unwrap().conversation;
    bench.budget(&format!("conversation:{conversation}"), "0.000001").await;
    let again = bench.ask(Ask { conversation: Some(conversation), ..prompt(LLAMA, None) }).await;
    assert_eq!(failure(&again.runs[0]).0, ErrorKind::BillingBudget);
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    assert_eq!(bench.ask(prompt(LLAMA, None)).await.runs[0].state, RunState::Done, "another chat goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_shortened_to_what_can_be_paid_and_says_so() {
    let bench = Bench::new().await;
    // 100 tokens of the answer cost $0.000079; the prompt, with room, at most $0.00006.
    bench.budget("all", "0.0002").await;
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    let view = bench.ask(prompt(LLAMA, Some(1_000))).await;
    assert_eq!(view.runs[0].state, RunState::Done);
    let sent = bench.limit_sent().unwrap();
    assert!((100..250).contains(&sent), "{sent}");
    let words = notices(&view.runs[0]).join(" ");
    assert!(words.contains(&format!("may have {sent} tokens instead of 1000")), "{words}");
    // The limit that was reckoned with is the one that was sent, also where it fits.
    let roomy = Bench::new().await;
    roomy.budget("all", "5").await;
    roomy.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    let view = roomy.ask(prompt(LLAMA, None)).await;
    assert_eq!(roomy.limit_sent(), Some(32_768));
    assert!(notices(&view.runs[0]).is_empty());
    // Without a budget the provider is told nothing it was not told before.
    let free = Bench::new().await;
    free.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    free.ask(prompt(LLAMA, None)).await;
    assert_eq!(free.limit_sent(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_outgrows_its_limit_is_stopped_and_kept() {
    let bench = Bench::new().await;
    bench.budget("all", "0.0002").await;
    // This provider does not keep to the limit and would go on for ever.
    let words: Vec<&str> = std::iter::repeat_n("word ", 2_000).collect();
    bench.scripted.push_for("groq", chat_stream_broken(&words, Step::Hang));
    let view = bench.ask(prompt(LLAMA, Some(1_000))).await;
    let run = &view.runs[0];
    let (kind, message) = failure(run);
    assert_eq!(kind, ErrorKind::BillingBudget);
    assert!(message.starts_with("Stopped by your budget."), "{message}");
    assert_eq!(run.finish_reason, Some(FinishReason::Budget));
    assert_eq!(bench.scripted.open_bodies(), 0, "the connection is closed");
    let text = bench.engine.text(run.id).await.unwrap();
    let kept = text.split_whitespace().count();
    assert!((80..400).contains(&kept), "{kept} words were kept");
    let standing = bench.engine.budgets().await.unwrap().remove(0);
    assert!(standing.used.spent <= dollars("0.0002"), "{:?}", standing.used);
    assert_eq!(bench.books().await, (1, 0, true));
}

/// A turn once all its answers have ended.
fn ended(mut view: TurnView, frames: &mpsc::Receiver<TurnFrame>) -> TurnView {
    while view.runs.iter().any(|run| !run.state.is_final()) {
        let frame = frames.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        engine::apply_frame(&mut view, &frame);
    }
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_key_takes_its_limit_with_it() {
    let bench = Bench::new().await;
    let account = AccountRef::parse("groq/work").unwrap();
    bench.engine.set_key(&account, Secret::new("gsk_of_work")).await.unwrap();
    bench.budget("key:groq/work", "1").await;
    bench.budget("provider:groq", "1").await;
    assert!(bench.engine.delete_key(&account).await.unwrap());
    let left: Vec<String> =
        bench.engine.budgets().await.unwrap().iter().map(|one| one.budget.scope.to_string()).collect();
    assert_eq!(left, ["provider:groq"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_answer_takes_more_where_the_budget_has_more() {
    let bench = Bench::new().await;
    bench.budget("all", "1").await;
    let words: Vec<&str> = std::iter::repeat_n("word ", 900).collect();
    // It says nothing of a limit, but its count is ours: 900 words for 300 allowed.
    bench.scripted.push_for("groq", chat_stream(&words, 10, 900));
    let view = bench.ask(prompt(LLAMA, Some(300))).await;
    assert_eq!(view.runs[0].state, RunState::Done, "{:?}", view.runs[0].failure);
    assert_eq!(bench.books().await, (1, 0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_price_is_refused_or_reckoned_at_what_the_user_says() {
    let bench = Bench::new().await;
    bench.budget("all", "1").await;
    let view = bench.ask(prompt(OWN, None)).await;
    let (kind, words) = failure(&view.runs[0]);
    assert_eq!(kind, ErrorKind::BillingBudget);
    assert!(words.contains("price of this model is unknown") && words.contains("--unknown-cap"), "{words}");
    assert!(bench.scripted.seen().is_empty());

    let capped = Budget { unknown_price: Some(dollars("10")), ..budget("all", "1") };
    bench.engine.set_budget(capped).await.unwrap();
    bench.scripted.push_for("own", chat_stream(&["Hello"], 10, 2));
    let view = bench.ask(prompt(OWN, Some(100))).await;
    assert_eq!(view.runs[0].state, RunState::Done);
    assert_eq!(view.runs[0].metrics.cost, None, "what it cost is as unknown as before");
    // But the budget counts the most it can have cost: $10 a million for 100 tokens and the prompt.
    let used = bench.engine.budgets().await.unwrap().remove(0).used;
    assert!(used.spent >= dollars("0.001") && used.spent < dollars("0.01"), "{used:?}");
    assert_eq!((used.held, used.unknown), (PicoUsd::ZERO, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_passed_once_on_the_users_word_and_that_is_recorded() {
    let bench = Bench::new().await;
    bench.budget("all", "0.00001").await;
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    let view = bench.ask_anyway(prompt(LLAMA, None)).await;
    assert_eq!(view.runs[0].state, RunState::Done);
    assert!(notices(&view.runs[0]).iter().any(|words| words.contains("over your budget")));
    let overrides = bench.engine.store().read(|tx| tx.overrides()).await.unwrap();
    assert_eq!(overrides.len(), 1);
    assert_eq!(overrides[0].budgets, [budget("all", "0.00001")]);
    assert_eq!(overrides[0].origin, "window");
    assert!(overrides[0].amount > Some(dollars("0.02")));
    // It counts, and the next one is held again.
    let standing = bench.engine.budgets().await.unwrap().remove(0);
    assert_eq!(standing.used.spent, dollars("0.00000748"));
    let held = bench.ask(prompt(LLAMA, None)).await;
    assert_eq!(failure(&held.runs[0]).0, ErrorKind::BillingBudget);
    // The held answer can be sent all the same, from the answer itself.
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    let (sink, frames) = sink();
    let again = ended(bench.engine.retry_over_budget(held.runs[0].id, sink).await.unwrap(), &frames);
    assert_eq!(again.runs[0].state, RunState::Done);
    // What would have fitted anyway passes nothing.
    bench.budget("all", "5").await;
    bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
    bench.ask_anyway(prompt(LLAMA, None)).await;
    assert_eq!(bench.engine.store().read(|tx| tx.overrides()).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soft_budget_sends_and_says_so_once_a_period() {
    let bench = Bench::new().await;
    let soft = Budget { hard: false, warn: vec![50], ..budget("provider:groq", "0.00001") };
    bench.engine.set_budget(soft).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..4 {
        bench.scripted.push_for("groq", chat_stream(&["Hello"], 10, 2));
        let view = bench.ask(prompt(LLAMA, None)).await;
        assert_eq!(view.runs[0].state, RunState::Done);
        told.push(notices(&view.runs[0]).join(" "));
    }
    // One answer costs $0.00000748: 74 %, then 149 %.
    assert_eq!(told[0], "");
    assert!(told[1].starts_with("74 % of a budget is used"), "{told:?}");
    assert!(told[2].starts_with("149 % of a budget is used"), "{told:?}");
    assert_eq!(told[3], "", "{told:?}");
    let standing = bench.engine.budgets().await.unwrap().remove(0);
    assert_eq!((standing.state, standing.reached), (BudgetState::Over, Some(50)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_passes_a_budget_of_zero() {
    let bench = Bench::new().await;
    bench.budget("all", "0").await;
    bench.scripted.push_for("demo", chat_stream(&["Hello"], 1, 1));
    let demo =
        bench.engine.registry().catalog().models().find(|m| m.slug.author() == "demo").unwrap().slug.clone();
    let view = bench.ask(prompt(demo.as_str(), None)).await;
    assert!(view.runs[0].failure.as_ref().is_none_or(|f| f.kind != ErrorKind::BillingBudget));
    assert_eq!(bench.scripted.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_answer_is_settled_by_the_prices_and_limit_it_was_admitted_with() {
    let bench = Bench::new().await;
    bench.budget("all", "0.0002").await;
    let words: Vec<&str> = std::iter::repeat_n("word ", 60).collect();
    bench.scripted.push_for("groq", chat_stream_broken(&words, Step::Hang));
    let (sink, frames) = sink();
    let listeners = Listeners { sink: Some(sink), observer: None };
    let started = bench.engine.start_turn(prompt(LLAMA, Some(80)), listeners).await.unwrap();
    // Until some text is on disk.
    loop {
        frames.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        if !bench.engine.snapshot(started.turn).await.unwrap().runs[0].sections.is_empty() {
            break;
        }
    }
    let held = bench.engine.budgets().await.unwrap().remove(0).used.held;
    assert!(held > PicoUsd::ZERO && held <= dollars("0.0002"));
    // As a process that was killed leaves it, to another one.
    let copy = tempfile::tempdir().unwrap();
    for file in ["parallax.db", "parallax.db-wal"] {
        std::fs::copy(bench.folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let next = engine_at(copy.path(), &Scripted::new()).await;
    assert_eq!(next.recover().await.unwrap(), 1);
    let used = next.budgets().await.unwrap().remove(0).used;
    assert!(used.spent > PicoUsd::ZERO && used.spent <= held, "{used:?}, {held:?} was held");
    assert_eq!(used.held, PicoUsd::ZERO);
    let entries = next.store().read(|tx| tx.entries(Timestamp(0), Timestamp(i64::MAX))).await.unwrap();
    assert!(entries[0].row.price_sheet.is_some());
    assert_eq!(entries[0].held, Some(held));
    bench.engine.leave();
    started.done.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_could_never_bind_is_refused() {
    let bench = Bench::new().await;
    let never = [
        budget("provider:opnai", "1"),
        budget("model:openai-typo/gpt-5", "1"),
        budget("conversation:00000000-0000-0000-0000-000000000007", "1"),
        budget("key:nobody/work", "1"),
        // Names that look right: an author who is a provider, a label and an app that are not there.
        budget("model:openai/gpt5-typo", "1"),
        budget("model:groq/llama", "1"),
        budget("model:own/m", "1"),
        budget("key:groq/wrok", "1"),
        budget("app:editr", "1"),
        Budget { warn: vec![0], ..budget("all", "1") },
        Budget { warn: vec![101], ..budget("all", "1") },
        Budget { unknown_price: Some(PicoUsd::ZERO), ..budget("all", "1") },
        budget("all", "-1"),
    ];
    for wanted in never {
        let refused = bench.engine.set_budget(wanted.clone()).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::RequestInvalid, "{wanted:?}");
    }
    assert_eq!(bench.engine.remove_budget(7).await.unwrap_err().kind, ErrorKind::RequestInvalid);
    // What was asked once may be asked again.
    bench.scripted.push_for("own", chat_stream(&["Hello"], 10, 2));
    assert_eq!(bench.ask(prompt(OWN, None)).await.runs[0].state, RunState::Done);
    bench.budget("model:own/m", "0").await;
    assert_eq!(failure(&bench.ask(prompt(OWN, None)).await.runs[0]).0, ErrorKind::BillingBudget);
}

/// The same storm, small; `cargo xtask prove budgets` has the big one.
#[tokio::test(flavor = "multi_thread")]
async fn no_budget_is_exceeded_by_processes_that_send_at_once() {
    use storm::{Gate, Size, storm};
    let size = Size { rounds: 2, processes: 2, prompts: 30, parallel: 12, room: 3_000_000_000 };
    let ours = storm(Gate::Ours, size).await;
    ours.check();
    assert!(ours.attempts > 20 && ours.refused > 5 && ours.kills > 0, "{ours:#?}");
    let control = storm(Gate::CheckThenAct, size).await;
    assert!(control.exceeded > 0, "the check sees a gate that does not hold:\n{}", ours.table(&control));
}
