//! Runs turns: plan → hold → attempt → decode → commit → show → settle.
//!
//! The engine is the only place that spawns tasks, and the only one that joins the pure crates with
//! store, keychain and network. Two orders are its promise: an attempt and its hold are on disk before
//! the first byte of a request, and text is on disk before it is shown. It **never** prices, decodes or
//! routes by itself (that is `ledger`, `wire` and `router`), and never hands a key to a caller.
//!
//! To add something an answer can end as: a variant of `domain::Outcome`, and the compiler leads on.

mod abandoned;
mod again;
mod alone;
mod app_keys;
mod attempt;
mod backup;
pub mod beside;
pub mod blind;
pub mod board;
mod books;
mod branches;
mod budget;
mod budgets;
mod calendar;
mod clock;
mod context;
mod corrected;
mod credit;
pub mod differences;
mod draft;
mod estimate;
mod experiment;
mod explain;
mod fields;
mod files;
mod filing;
mod find;
mod fold_view;
mod fork;
pub mod frame;
mod held_back;
mod history;
mod inner;
mod keys;
mod lane;
mod learn;
mod leaving;
mod listed;
mod lists;
mod live;
mod mixer;
mod notes;
mod outgoing;
mod pauses;
mod policy;
mod present;
mod prices;
mod providers;
mod qualify;
mod queue;
mod receipt;
mod reconcile;
mod refusals;
mod registry;
mod relay;
mod result;
mod routing;
mod seam;
mod sent;
mod startup;
mod steering;
mod stretch;
mod tasks;
mod thinking;
mod titles;
mod turn;
mod user_price;
mod view;
mod voting;
mod waiting;
mod walk;
mod warm;

pub use app_keys::{AppKeyChange, AppSpending, NewAppKey, utc};
pub use backup::{BackupProgress, BackupReport, restore};
pub use books::{Unseen, billed_at_most, billed_usage};
pub use branches::{MapTurn, PickChoice};
pub use budgets::{BudgetStanding, BudgetState};
pub use catalog::feed::{FEEDS as PRICE_LISTS, Feed as PriceList};
pub use clock::{Clock, SystemClock};
pub use compare::experiment::{
    BadSuite, Better, Change, Files as SuiteFiles, PromptPair, Suite, from_yaml as suite_from_yaml,
};
pub use context::At;
pub use draft::{Draft, DraftBlock};
pub use estimate::{Habit, LaneEstimate, PromptEstimate, TightestBudget};
pub use experiment::{
    ASSUMED_ANSWER, CellResult, Duel, DuelNames, DuelVote, Ended, Estimate, ExperimentView, Progress,
    Regressed, Regression, RunOptions,
};
pub use explain::Explained;
pub use files::{Asked, Attached, FILES_LIMIT, Media, read_pdf_if_asked};
pub use filing::{Cabinet, MOST_TAGS};
pub use find::FoundTurn;
pub use fold_view::apply as apply_frame;
pub use fork::{ForkAt, Forked};
pub use history::{
    ConversationRow, ExportForm, Find, Hit, ImportProgress, ImportReason, ImportReport, ImportRow, Match,
    SearchFrom, Searched, Shelf, TRASH_DAYS, Undone,
};
pub use inner::Table;
pub use ledger::{Forecast, SpendDay, Volume, forecast, percent, priced_on};
pub use lists::{Found, TestResult, Tested};
pub use live::FrameSink;
pub use mixer::Observer;
pub use notes::NOTE_LIMIT;
pub use policy::Rules;
pub use prices::{Beside, Dated, PriceBook, Refreshed, Tally};
pub use providers::KNOWN_DIALECTS;
pub use receipt::{Receipt, Seen, SentRequest, Tried};
pub use reconcile::{Reason, ReconciledDay};
pub use registry::{Given, Known, Listed, Registry, StoredKey};
pub use relay::{Caller, End, Head, LiveRelay, Piece, RelayAsk, allows, reading};
pub use result::RunResult;
pub use store::{
    AppKeyRow, AttemptFilter, AttemptRow, AuditFilter, AuditRow, Booked, CellCounts, CellRow, CellState,
    CheckFound, ConversationSpend, Counted, EndpointSpend, Entry, EntryRow, ExperimentRow, Filing, Latency,
    LoggedRow, OverrideRow, PriceEvent, PriceRow, PromptRow, Purpose, SpendAttempt, SpendKey, SpendSum,
    SumsReport, TeamRow, Titled, Tx, Used, WHOLE_PROVIDER, forget_restore, kept_databases, restore_waits,
};
pub use stretch::{STRETCH, Span, Stretch};
pub use titles::TitleMaker;
pub use tokio_util::sync::CancellationToken;
pub use transport::install_crypto;
pub use turn::{Ask, LANE_LIMIT, Listeners, Money, Started};
pub use user_price::{Foreign, UserPrice};
pub use vault::{Kept, StorageKind};

use catalog::{Catalog, CatalogError};
use domain::{
    AccountLabel, AccountRef, Budget, ConversationId, ErrorKind, Failure, ModelRef, ProcessId, ProviderId,
    RunId, Secret, TurnId,
};
use frame::TurnView;
use inner::Inner;
use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{Arc, Mutex, RwLock},
};
use store::Store;
use tokio::sync::broadcast;
use transport::{Http, ProxyChoice, Transport};
use vault::{Probe, Vault};

/// Everything the engine stands on. The binaries and tests choose.
pub struct Parts {
    /// Opened database.
    pub store: Store,
    /// Keys.
    pub vault: Vault,
    /// Network.
    pub transport: Arc<dyn Transport>,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
    /// This process, as the store knows it.
    pub process: ProcessId,
    /// `window` or `cli`: stands in every attempt and ledger row.
    pub origin: &'static str,
}

/// Health as an earlier run left it. What cannot be read is learnt anew: it only ever orders endpoints.
async fn remembered(store: &Store) -> router::Health {
    let stored = store.read(|tx| tx.health()).await;
    match stored {
        Ok(text) => text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        Err(failure) => {
            tracing::warn!(kind = failure.kind.as_str(), "the health of endpoints could not be read");
            router::Health::default()
        }
    }
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// Opens the data folder with the machine's own clock, network and keychain.
    ///
    /// Errors: `store.*` when the database cannot be used; it is then left as it is.
    pub async fn open(
        folder: &Path,
        origin: &'static str,
        version: &'static str,
        env_keys: Vec<(ProviderId, Secret)>,
    ) -> Result<Self, Failure> {
        let clock = Arc::new(SystemClock::new());
        let process = ProcessId::new(clock.id());
        let store = Store::open(folder, store::Options { process, now: clock.now(), version })?;
        let vault = Vault::system().with_env_keys(env_keys);
        let transport: Arc<dyn Transport> = Arc::new(Http::new(ProxyChoice::System)?);
        let reader = std::env::current_exe().map_or(files::PdfReader::Here, files::PdfReader::Child);
        Self::with_catalog(
            Catalog::bundled(),
            Parts { store, vault, transport, clock, process, origin },
            reader,
        )
        .await
    }

    /// Puts an engine together from its parts.
    pub async fn assemble(parts: Parts) -> Result<Self, Failure> {
        Self::with_catalog(Catalog::bundled(), parts, files::PdfReader::Here).await
    }

    async fn with_catalog(
        catalog: Result<Catalog, CatalogError>,
        parts: Parts,
        pdf_reader: files::PdfReader,
    ) -> Result<Self, Failure> {
        let catalog = catalog.map_err(|error| {
            Failure::new(ErrorKind::Bug, format!("The built-in catalogue cannot be read ({error})."))
        })?;
        let catalog = Arc::new(catalog);
        let empty = Registry::new(Arc::clone(&catalog), Given::default(), |_| false);
        let health = remembered(&parts.store).await;
        let clocks = (parts.clock.now(), parts.clock.elapsed());
        let retries = Mutex::new(router::RetryBudget::new(parts.clock.now()));
        let inner = Arc::new(Inner {
            store: parts.store,
            vault: parts.vault,
            transport: parts.transport,
            catalog,
            clock: parts.clock,
            process: parts.process,
            origin: parts.origin,
            registry: RwLock::new(Arc::new(empty)),
            session_keys: Mutex::default(),
            env_tests: Mutex::default(),
            read_last: Mutex::default(),
            health: Mutex::new(health),
            clocks: Mutex::new(clocks),
            retries,
            queues: Arc::default(),
            refusals: refusals::Refusals::default(),
            live: live::LiveTurns::default(),
            changes: broadcast::channel(64).0,
            walking: walk::Walking::default(),
            pdf_reader,
            relays: relay::Relays::default(),
            rated: Default::default(),
            judging: beside::Judging::default(),
            titles: titles::Titles::default(),
            experiments: experiment::Running::default(),
        });
        inner.reload().await?;
        Ok(Self { inner })
    }

    /// Marks what dead processes left as interrupted and settles it. Returns how many answers.
    pub async fn recover(&self) -> Result<u32, Failure> {
        if let Err(failure) = prices::note_bundled(&self.inner).await {
            tracing::warn!(
                kind = failure.kind.as_str(),
                "the bundled prices could not be kept in the history"
            );
        }
        startup::recover(&self.inner).await
    }

    /// The same again for processes that end from now on, beside everything else, until no other one is at work.
    pub fn keep_recovering(&self) {
        startup::keep_looking(&self.inner);
    }

    /// Sets the user's own price of every endpoint a name stands for. Gives how many.
    pub async fn set_price(&self, wanted: &ModelRef, price: &UserPrice) -> Result<u32, Failure> {
        prices::set(&self.inner, wanted, price).await
    }

    /// Takes the user's own price back. Gives how many there were.
    pub async fn reset_price(&self, wanted: &ModelRef) -> Result<u32, Failure> {
        prices::reset(&self.inner, wanted).await
    }

    /// Says that an account at a provider is not billed by use, or that it is.
    pub async fn set_billed(&self, provider: &ProviderId, billed: bool) -> Result<u32, Failure> {
        prices::set_billed(&self.inner, provider, billed).await
    }

    /// Confirms or declines prices that wait, of one name or all. Gives how many.
    pub async fn decide_prices(&self, wanted: Option<&ModelRef>, accept: bool) -> Result<u32, Failure> {
        prices::decide(&self.inner, wanted, accept).await
    }

    /// Asks public lists for new prices. Nothing else ever does: it happens when a person asks for it.
    pub async fn refresh_prices(&self, lists: &[PriceList]) -> Result<Vec<Refreshed>, Failure> {
        prices::refresh(&self.inner, lists).await
    }

    /// What a provider says it charged in the last UTC days, beside the ledger. `key` is one that may read
    /// charges; it is used for this question and kept nowhere.
    pub async fn reconcile(
        &self,
        provider: &ProviderId,
        key: &Secret,
        days: u32,
    ) -> Result<Vec<ReconciledDay>, Failure> {
        reconcile::reconcile(&self.inner, provider, key, days).await
    }

    /// The database, for reading and for what is not a turn.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Time and ids.
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// Providers, endpoints and models as they are now.
    pub fn registry(&self) -> Arc<Registry> {
        self.inner.registry()
    }

    /// Is told which part of the data changed.
    pub fn changes(&self) -> broadcast::Receiver<Table> {
        self.inner.changes.subscribe()
    }

    /// Tells the others that part of the data changed.
    pub fn changed(&self, table: Table) {
        self.inner.changed(table);
    }

    /// Records a turn and starts its lanes. When this returns the prompt is on disk.
    pub async fn start_turn(&self, ask: impl Into<Asked>, listeners: Listeners) -> Result<Started, Failure> {
        turn::start(&self.inner, ask.into(), At::default(), listeners, Money::WithinBudgets, None).await
    }

    /// [`Engine::start_turn`], sent whatever the budgets say: once, and each request that a hard budget
    /// would have held or shortened is recorded with the budgets it passed.
    pub async fn start_turn_over_budget(
        &self,
        ask: impl Into<Asked>,
        listeners: Listeners,
    ) -> Result<Started, Failure> {
        turn::start(&self.inner, ask.into(), At::default(), listeners, Money::OverBudget, None).await
    }

    /// What a prompt would cost, lane by lane, and whether the budgets let it through. Nothing is sent.
    pub async fn estimate(&self, ask: impl Into<Asked>) -> Result<PromptEstimate, Failure> {
        estimate::estimate(&self.inner, ask.into(), At::default()).await
    }

    /// Asks one lane of a turn again; the earlier answer stays.
    pub async fn retry(&self, run: RunId, sink: FrameSink) -> Result<TurnView, Failure> {
        blind::refuse(&self.inner, run).await?;
        let view = again::retry(&self.inner, run, sink, Money::WithinBudgets).await?;
        blind::shown(&self.inner, view).await
    }

    /// [`Engine::retry`], sent whatever the budgets say: once, and recorded.
    pub async fn retry_over_budget(&self, run: RunId, sink: FrameSink) -> Result<TurnView, Failure> {
        blind::refuse(&self.inner, run).await?;
        let view = again::retry(&self.inner, run, sink, Money::OverBudget).await?;
        blind::shown(&self.inner, view).await
    }

    /// Every budget and how it stands.
    pub async fn budgets(&self) -> Result<Vec<BudgetStanding>, Failure> {
        budgets::list(&self.inner).await
    }

    /// Sets the budget of a scope and period, in place of one there is. Error `request.invalid` for what
    /// could never bind: a provider, model or conversation that is not there.
    pub async fn set_budget(&self, budget: Budget) -> Result<BudgetStanding, Failure> {
        budgets::set(&self.inner, budget).await
    }

    /// Removes a budget. Error `request.invalid` when there is none of this number.
    pub async fn remove_budget(&self, id: i64) -> Result<(), Failure> {
        budgets::remove(&self.inner, id).await
    }

    /// Does the ledger match its chain? Walks what was booked since the last time. At first, or after a
    /// large import, that is a part only: the rest follows in the background, and `spend` changes if
    /// something is wrong with it. The whole is walked by `spend verify`.
    pub async fn ledger_intact(&self) -> Result<bool, Failure> {
        walk::intact(&self.inner).await
    }

    /// Conversations with a running turn.
    pub fn live_conversations(&self) -> HashSet<ConversationId> {
        self.inner.live.all().iter().map(|live| live.conversation).collect()
    }

    /// Is this turn running?
    pub fn is_live(&self, turn: TurnId) -> bool {
        self.inner.live.get(turn).is_some()
    }

    /// The view so far, and every frame after it to the sink. Of a turn that has ended: the view alone.
    pub async fn subscribe(&self, turn: TurnId, sink: FrameSink) -> Result<TurnView, Failure> {
        match self.inner.live.get(turn) {
            Some(live) => {
                let hidden = self.inner.store.read(move |tx| tx.blind(turn)).await?;
                let hidden = hidden.is_some_and(|row| row.revealed_at.is_none());
                let sink = if hidden { blind::sink(sink) } else { sink };
                blind::shown(&self.inner, live.subscribe(sink)).await
            }
            None => blind::shown(&self.inner, view::turn(&self.inner, turn).await?).await,
        }
    }

    /// The view so far.
    pub async fn snapshot(&self, turn: TurnId) -> Result<TurnView, Failure> {
        match self.inner.live.get(turn) {
            Some(live) => blind::shown(&self.inner, live.view()).await,
            None => blind::shown(&self.inner, view::turn(&self.inner, turn).await?).await,
        }
    }

    /// Looks whether the keychain can be used. May take seconds; blocks nobody.
    pub async fn probe_keychain(&self) -> Result<Probe, Failure> {
        self.inner.vault.probe().await
    }

    /// Stores a key.
    pub async fn set_key(&self, account: &AccountRef, secret: Secret) -> Result<Kept, Failure> {
        keys::set(&self.inner, account, secret).await
    }

    /// Deletes a key; false = there was none.
    pub async fn delete_key(&self, account: &AccountRef) -> Result<bool, Failure> {
        keys::delete(&self.inner, account).await
    }

    /// Puts the keys of a provider into an order; those not named follow in the order they had.
    pub async fn order_keys(&self, provider: &ProviderId, labels: Vec<AccountLabel>) -> Result<(), Failure> {
        keys::order(&self.inner, provider, labels).await
    }

    /// The provider whose keys begin like this one.
    pub fn recognise(&self, key: &Secret) -> Option<ProviderId> {
        keys::recognise(&self.inner, key)
    }

    /// Tests a provider with the key of that label, else with its first, without spending.
    pub async fn test_provider(
        &self,
        provider: &ProviderId,
        label: Option<&AccountLabel>,
    ) -> Result<Tested, Failure> {
        lists::test(&self.inner, provider, label).await
    }

    /// Reads a provider's list of models again. Returns how many it has.
    pub async fn refresh_models(&self, provider: &ProviderId) -> Result<usize, Failure> {
        lists::refresh(&self.inner, provider).await
    }

    /// Looks for servers on this machine.
    pub async fn discover(&self) -> Result<Vec<Found>, Failure> {
        lists::discover(&self.inner).await
    }

    /// Offers the models of a local server, or no longer.
    pub async fn enable_local(&self, provider: &ProviderId, enabled: bool) -> Result<(), Failure> {
        providers::enable(&self.inner, provider, enabled).await
    }

    /// Adds a provider of the user's own.
    pub async fn add_provider(&self, id: &str, dialect: &str, base_url: &str) -> Result<(), Failure> {
        providers::add(&self.inner, id, dialect, base_url, false).await
    }

    /// Adds a server of the user's own on this machine: its models cost nothing.
    pub async fn add_local_provider(&self, id: &str, dialect: &str, base_url: &str) -> Result<(), Failure> {
        providers::add(&self.inner, id, dialect, base_url, true).await
    }

    /// Sets fields of a provider's account by name; an empty value forgets one.
    pub async fn set_fields(
        &self,
        provider: &ProviderId,
        values: BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        fields::set(&self.inner, provider, values).await
    }

    /// Removes a provider of the user's own.
    pub async fn remove_provider(&self, id: &ProviderId) -> Result<(), Failure> {
        providers::remove(&self.inner, id).await
    }
}
