//! Many processes send at once under small budgets, while answers break off, are stopped and whole processes
//! are killed. Somebody looks on all the time: is ever more spent and held than allowed?

use crate::provider::{SelfBilling, dice};
use domain::{
    Budget, BudgetScope, Call, ContextPolicy, Failure, LaneTarget, ModelRef, Params, Period, PicoUsd,
    ProcessId, ProviderId, Secret, Timestamp,
};
use engine::{Ask, Clock as _, Engine, Listeners, Parts, SystemClock};
use std::{
    collections::HashMap,
    fmt::Write as _,
    future::Future,
    path::Path,
    pin::Pin,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::{Shelf, Store};
use transport::{Deadlines, Http, Origin, ProxyChoice, Response, Transport};
use vault::Vault;

const MODEL: &str = "llama-3.3-70b-versatile@groq";
/// Groq's prices of that model in the bundled catalogue, in pico-dollars a token.
const INPUT: u64 = 590_000;
const OUTPUT: u64 = 790_000;
/// Longest answer a prompt asks for.
const LONGEST: u64 = 400;
const VARIABLE: &str = "PARALLAX_STORM";

/// How the sending side respects budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// As the program does.
    Ours,
    /// The control: looks whether there is room, then sends.
    CheckThenAct,
}

/// How big a storm is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub rounds: u64,
    pub processes: u64,
    /// Prompts of one process in one round.
    pub prompts: u64,
    /// Prompts of one process under way at once.
    pub parallel: usize,
    /// What may be spent more in each round, in pico-dollars.
    pub room: i64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub prompts: u64,
    /// Attempts that left.
    pub attempts: u64,
    pub refused: u64,
    pub cancelled: u64,
    pub broken: u64,
    pub interrupted: u64,
    pub kills: u64,
    pub looks: u64,
    /// Looks that found more spent and held than a limit.
    pub exceeded: u64,
    /// The most that was ever spent and held, in per cent of a limit.
    pub highest: u32,
    pub open_holds: usize,
    /// Attempts without exactly one settlement.
    pub unsettled: u64,
    pub sound: bool,
    pub bill: Bill,
}

/// The provider's bill beside the ledger.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    pub requests: u64,
    /// Billed requests that the ledger does not know.
    pub missing: u64,
    /// Whole answers whose amount is another one.
    pub different: u64,
    /// Answers within their limit that were billed with more than was held.
    pub above_hold: u64,
    pub billed: PicoUsd,
    pub booked: PicoUsd,
    /// What of the bill is for answers within their limit, and the most that all entries together say it may be.
    pub within: PicoUsd,
    pub most: PicoUsd,
}

struct Redirected {
    http: Http,
    url: String,
}

impl Transport for Redirected {
    fn send<'me, 'to, 'auth, 'all>(
        &'me self,
        to: &'to Origin,
        call: Call,
        auth: Option<&'auth Secret>,
        deadlines: Deadlines,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send + 'all>>
    where
        'me: 'all,
        'to: 'all,
        'auth: 'all,
        Self: 'all,
    {
        Box::pin(async move {
            let here = Origin { base_url: self.url.clone(), ..to.clone() };
            self.http.send(&here, call, auth, deadlines).await
        })
    }
}

async fn engine(folder: &Path, url: &str) -> Engine {
    transport::install_crypto();
    let clock = Arc::new(SystemClock::new());
    let process = ProcessId::new(clock.id());
    let options = store::Options { process, now: clock.now(), version: "test" };
    let keys = vec![(ProviderId::from("groq"), Secret::new("gsk_test"))];
    let parts = Parts {
        store: Store::open(folder, options).unwrap(),
        vault: Vault::memory().with_env_keys(keys),
        transport: Arc::new(Redirected { http: Http::new(ProxyChoice::None).unwrap(), url: url.to_owned() }),
        clock,
        process,
        origin: "cli",
    };
    Engine::assemble(parts).await.unwrap()
}

fn ask(number: u64) -> Ask {
    let params =
        Params { max_completion_tokens: Some(50 + dice(number, 3) % (LONGEST - 50)), ..Params::default() };
    let target = LaneTarget { model: ModelRef::parse(MODEL).unwrap(), system: None, params, policy: None };
    Ask {
        conversation: None,
        line_up: vec![target],
        prompt: format!("storm {number}"),
        context: ContextPolicy::Own,
        policy: None,
    }
}

/// A sending process: told what to do by its environment, this test binary over again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "only as a child of the tests that begin it"]
async fn as_a_child() {
    let Ok(told) = std::env::var(VARIABLE) else { return };
    let told: Vec<&str> = told.split('|').collect();
    let [folder, url, gate, first, count, parallel] = told[..] else { panic!("{told:?}") };
    let engine = Arc::new(engine(Path::new(folder), url).await);
    // As every start of the program: what dead processes left is settled.
    engine.recover().await.unwrap();
    let (first, count): (u64, u64) = (first.parse().unwrap(), count.parse().unwrap());
    let slots = Arc::new(tokio::sync::Semaphore::new(parallel.parse().unwrap()));
    let mut under_way = tokio::task::JoinSet::new();
    for number in first..first + count {
        let slot = Arc::clone(&slots).acquire_owned().await.unwrap();
        let engine = Arc::clone(&engine);
        let gate = if gate == "Ours" { Gate::Ours } else { Gate::CheckThenAct };
        under_way.spawn(async move {
            one(&engine, gate, number).await;
            drop(slot);
        });
    }
    while under_way.join_next().await.is_some() {}
}

async fn one(engine: &Engine, gate: Gate, number: u64) {
    if gate == Gate::CheckThenAct {
        let most = engine.estimate(ask(number)).await.unwrap().at_most;
        let standing = engine.budgets().await.unwrap();
        if standing.iter().any(|budget| budget.left() < most) {
            return;
        }
    }
    // Another process may keep the file busy for longer than the store waits: then nothing was sent.
    let Ok(started) = engine.start_turn(ask(number), Listeners::default()).await else { return };
    if dice(number, 4).is_multiple_of(6) {
        tokio::time::sleep(Duration::from_millis(dice(number, 5) % 120)).await;
        engine.cancel(started.turn, None);
    }
    let _ = started.done.await;
}

fn child(folder: &Path, url: &str, gate: Gate, first: u64, size: Size) -> Child {
    let told = format!("{}|{url}|{gate:?}|{first}|{}|{}", folder.display(), size.prompts, size.parallel);
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "storm::as_a_child", "--ignored"])
        .env(VARIABLE, told)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets it rage, and looks after it.
pub(crate) async fn storm(gate: Gate, size: Size) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let provider = SelfBilling::start(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let watcher = Arc::new(engine(&data, &provider.url).await);
    let mut outcome = Outcome::default();
    let mut since = 0;
    for round in 0..size.rounds {
        since = booked(&watcher).await;
        raise(&watcher, gate, size.room).await;
        let over = Arc::new(AtomicBool::new(false));
        let looking = tokio::spawn(look(Arc::clone(&watcher), Arc::clone(&over), since));
        let first = |process: u64| (round * size.processes + process) * size.prompts + 1;
        let mut children: Vec<Child> = (0..size.processes)
            .map(|process| child(&data, &provider.url, gate, first(process), size))
            .collect();
        outcome.prompts += size.processes * size.prompts;
        if round % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(300 + dice(round, 7) % 1_500)).await;
            // `Child::kill` is SIGKILL: nothing is tidied up.
            children[0].kill().unwrap();
            outcome.kills += 1;
        }
        for mut child in children {
            tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
        }
        over.store(true, Ordering::SeqCst);
        let (looks, exceeded, highest) = looking.await.unwrap();
        outcome.looks += looks;
        outcome.exceeded += exceeded;
        outcome.highest = outcome.highest.max(highest);
    }
    drop(watcher);
    // The next start settles what dead processes left.
    let last = engine(&data, &provider.url).await;
    last.recover().await.unwrap();
    let (exceeded, highest) = glance(&last, since).await;
    outcome.exceeded += u64::from(exceeded);
    outcome.highest = outcome.highest.max(highest);
    audit(&last, &provider, &mut outcome).await;
    outcome
}

/// Gives every level a little more than was spent until now.
async fn raise(engine: &Engine, gate: Gate, room: i64) {
    for (scope, period, more) in [
        ("all", Period::Day, room),
        ("all", Period::Month, room * 5 / 4),
        ("provider:groq", Period::Week, room * 9 / 8),
        ("model:meta-llama/llama-3.3-70b-instruct", Period::Day, room * 3 / 2),
        ("key:groq/environment", Period::Day, room * 11 / 8),
    ] {
        let budget = Budget {
            scope: scope.parse().unwrap(),
            period,
            limit: PicoUsd::ZERO,
            hard: gate == Gate::Ours,
            warn: vec![50, 80],
            unknown_price: None,
        };
        let now = engine.set_budget(budget.clone()).await.unwrap();
        let limit = PicoUsd::new(now.used.total().get() + more);
        engine.set_budget(Budget { limit, ..budget }).await.unwrap();
    }
}

async fn look(engine: Arc<Engine>, over: Arc<AtomicBool>, since: u64) -> (u64, u64, u32) {
    let (mut looks, mut exceeded, mut highest) = (0, 0, 0);
    while !over.load(Ordering::SeqCst) {
        let (found, most) = glance(&engine, since).await;
        looks += 1;
        exceeded += u64::from(found);
        highest = highest.max(most);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (looks, exceeded, highest)
}

/// The last row of the ledger.
async fn booked(engine: &Engine) -> u64 {
    let entries = engine.store().read(|tx| tx.entries(Timestamp(0), Timestamp(i64::MAX))).await.unwrap();
    entries.last().map_or(0, |entry| entry.seq)
}

/// All budgets, and what was booked since the limits were set, in one state of the database: is one exceeded by
/// more than can be, and the highest in per cent. What a provider wrote past the limit it was given, in one
/// piece, is booked, and no gate can hold it back: so much above a limit, of the same scope and round, is none
/// of ours.
async fn glance(engine: &Engine, since: u64) -> (bool, u32) {
    let standing = engine.budgets().await.unwrap();
    let read = engine.store().read(move |tx| {
        let entries = tx.entries(Timestamp(0), Timestamp(i64::MAX))?;
        let (mut exceeded, mut highest) = (false, 0);
        for one in &standing {
            let (scope, limit) = (&one.budget.scope, one.budget.limit);
            let used = tx.budget_used(scope, one.from)?.total();
            let new = entries.iter().filter(|entry| entry.seq > since && is_in(scope, entry));
            let outgrown: i64 = new.map(above_hold).sum();
            exceeded |= used.get() - limit.get() > outgrown;
            highest = highest.max(ledger::percent(used, limit));
        }
        Ok((exceeded, highest))
    });
    read.await.unwrap()
}

fn is_in(scope: &BudgetScope, entry: &engine::Entry) -> bool {
    let row = &entry.row;
    let spender = store::Spender {
        provider: row.provider.clone(),
        model: row.model.clone(),
        conversation: row.conversation,
        app: row.purpose.app.clone(),
        key: row.account.clone(),
    };
    spender.scopes().contains(scope)
}

/// What an answer cost above what was held for it.
fn above_hold(entry: &engine::Entry) -> i64 {
    let cost = entry.row.cost.total.map_or(0, PicoUsd::get);
    entry.held.map_or(0, |held| (cost - held.get()).max(0))
}

async fn audit(engine: &Engine, provider: &SelfBilling, outcome: &mut Outcome) {
    let read = engine.store().read(|tx| {
        let titles: HashMap<_, _> =
            tx.conversations(100_000, Shelf::Listed)?.into_iter().map(|row| (row.id, row.title)).collect();
        let mut attempts = Vec::new();
        for id in titles.keys() {
            for turn in tx.turns(*id)? {
                for run in tx.runs(turn.id)? {
                    let tried = tx.attempts(run.id)?;
                    attempts.push((run, tried));
                }
            }
        }
        let entries = tx.entries(Timestamp(0), Timestamp(i64::MAX))?;
        let sums = tx.verify_sums()?;
        let sound = tx.verify_chain()? && sums.wrong == 0 && sums.running && tx.verify_budget_totals()?;
        Ok((titles, attempts, entries, tx.holds()?.len(), sound))
    });
    let (titles, runs, entries, holds, sound) = read.await.unwrap();
    outcome.open_holds = holds;
    outcome.sound = sound;
    let mut settled: HashMap<_, u64> = HashMap::new();
    for entry in &entries {
        *settled.entry(entry.row.attempt).or_default() += 1;
        match entry.row.outcome.as_str() {
            "cancelled" => outcome.cancelled += 1,
            "interrupted" => outcome.interrupted += 1,
            "stop" | "completed" | "length" => {}
            _ => outcome.broken += 1,
        }
    }
    for (run, attempts) in &runs {
        outcome.attempts += attempts.len() as u64;
        outcome.refused += u64::from(attempts.is_empty() && run.failure.is_some());
        for attempt in attempts {
            let once = settled.remove(&attempt.id) == Some(1) && attempt.outcome.is_some();
            outcome.unsettled += u64::from(!once);
        }
    }
    outcome.unsettled += settled.len() as u64;
    outcome.bill = compare(provider, &titles, &entries);
}

fn compare(
    provider: &SelfBilling,
    titles: &HashMap<domain::ConversationId, String>,
    entries: &[engine::Entry],
) -> Bill {
    let mut booked: HashMap<&str, Vec<&engine::Entry>> = HashMap::new();
    for entry in entries {
        let title = entry.row.conversation.and_then(|id| titles.get(&id)).unwrap();
        booked.entry(title).or_default().push(entry);
    }
    let mut bill = Bill::default();
    let (mut billed, mut within_limit, mut total, mut most) = (0, 0, 0, 0);
    for item in provider.bill() {
        bill.requests += 1;
        let amount = i64::try_from(item.input * INPUT + item.output * OUTPUT).unwrap();
        billed += amount;
        // One billed request for each attempt that got as far; each takes its own row away.
        let rows = booked.entry("").or_default().len();
        assert_eq!(rows, 0, "every prompt has a title");
        let title = format!("storm {}", item.number);
        let Some(row) = booked.get_mut(title.as_str()).and_then(Vec::pop) else {
            bill.missing += 1;
            continue;
        };
        let cost = row.row.cost.total.unwrap().get();
        let whole = matches!(row.row.outcome.as_str(), "stop" | "completed" | "length");
        bill.different += u64::from(whole && cost != amount);
        let within = item.output <= item.limit;
        within_limit += if within { amount } else { 0 };
        bill.above_hold += u64::from(within && amount > row.held.map_or(0, PicoUsd::get));
    }
    for entry in entries {
        let cost = entry.row.cost.total.unwrap().get();
        let perhaps = entry.row.cost.at_most.map_or(cost, PicoUsd::get);
        total += cost;
        most += cost.max(perhaps.min(entry.held.map_or(perhaps, PicoUsd::get)));
    }
    bill.billed = PicoUsd::new(billed);
    bill.booked = PicoUsd::new(total);
    bill.within = PicoUsd::new(within_limit);
    bill.most = PicoUsd::new(most);
    bill
}

impl Outcome {
    /// What every storm must show.
    pub(crate) fn check(&self) {
        assert_eq!(self.exceeded, 0, "more was spent and held than allowed: {self:#?}");
        assert_eq!(self.open_holds, 0, "{self:#?}");
        assert_eq!(self.unsettled, 0, "{self:#?}");
        assert!(self.sound, "{self:#?}");
        assert_eq!(self.bill.missing, 0, "billed, and not in the ledger: {self:#?}");
        assert_eq!(self.bill.different, 0, "{self:#?}");
        assert_eq!(self.bill.above_hold, 0, "{self:#?}");
        assert!(self.bill.within <= self.bill.most, "more was billed than budgets reckon with: {self:#?}");
    }

    /// As the rows of a table.
    pub(crate) fn table(&self, control: &Self) -> String {
        let mut table = "\n| | ours | check, then act |\n|---|---:|---:|\n".to_owned();
        let mut row = |name: &str, of: fn(&Self) -> String| {
            writeln!(table, "| {name} | {} | {} |", of(self), of(control)).unwrap();
        };
        row("prompts", |o| o.prompts.to_string());
        row("attempts sent", |o| o.attempts.to_string());
        row("held by a budget before sending", |o| o.refused.to_string());
        row("stopped by the user in the middle", |o| o.cancelled.to_string());
        row("failed or broken off, or stopped by a budget", |o| o.broken.to_string());
        row("processes killed with SIGKILL", |o| o.kills.to_string());
        row("attempts cut off by that", |o| o.interrupted.to_string());
        row("looks at five budgets while it raged", |o| o.looks.to_string());
        row("looks that found more spent and held than a limit", |o| o.exceeded.to_string());
        row("most ever spent and held, of a limit", |o| format!("{} %", o.highest));
        row("holds left over", |o| o.open_holds.to_string());
        row("attempts not settled exactly once", |o| o.unsettled.to_string());
        row("chain, sums and running totals agree", |o| o.sound.to_string());
        row("requests on the provider's own bill", |o| o.bill.requests.to_string());
        row("of them not in the ledger", |o| o.bill.missing.to_string());
        row("whole answers billed and booked differently", |o| o.bill.different.to_string());
        row("answers within their limit billed above their hold", |o| o.bill.above_hold.to_string());
        row("billed by the provider, $", |o| o.bill.billed.to_string());
        row("booked in the ledger, $", |o| o.bill.booked.to_string());
        table
    }
}
