//! `parallax`: the engine without a window, on the same keys, data and ledger.
//!
//! No command prompts. `--json` prints one JSON object a line; its shapes are in `SCHEMA.md` beside this
//! crate. Exit code 0 only if everything asked for was done.

mod app_key;
mod ask;
mod backup;
mod board;
mod budget;
mod experiment;
mod history;
mod json;
mod keys;
mod lists;
mod out;
mod price;
mod route;
mod serve;
mod spend;

use clap::{Args, Parser, Subcommand};
use domain::Failure;
use engine::Engine;
use std::{path::PathBuf, process::ExitCode};

/// glibc grows the heaps of threads page by page, which a start of 20 ms feels.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ask several language models at once and know what each answer cost.
#[derive(Parser)]
#[command(name = "parallax", version, propagate_version = true)]
struct Cli {
    /// Folder that holds all data [default: PARALLAX_DATA_DIR, else the desktop app's own]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Ask one or more models; their answers stream side by side
    Ask(ask::AskArgs),
    /// List every model of the catalogue
    Models(Json),
    /// What models cost: look it up, set prices of your own, confirm new ones
    #[command(subcommand)]
    Price(price::PriceCommand),
    /// Keep the catalogue's prices up to date
    #[command(subcommand)]
    Catalog(price::CatalogCommand),
    /// What was spent, from the ledger
    Spend(spend::SpendArgs),
    /// Limit what may be spent
    #[command(subcommand)]
    Budget(budget::BudgetCommand),
    /// Answer other programs at an address of this machine, until it is stopped
    Serve(serve::ServeArgs),
    /// Keys for other programs that ask through the gateway
    #[command(subcommand)]
    AppKey(app_key::AppKeyCommand),
    /// Find, show, export and import conversations
    #[command(subcommand)]
    History(history::HistoryCommand),
    /// Write everything but the keys into one archive
    Backup(backup::BackupArgs),
    /// Put such an archive in the place of what is here, which is backed up first
    Restore(backup::BackupArgs),
    /// Store, look at or delete a provider's key
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Add, list or test providers
    #[command(subcommand)]
    Provider(keys::ProviderCommand),
    /// Run a prompt set over several models, with checks
    #[command(subcommand)]
    Experiment(experiment::ExperimentCommand),
    /// Which models your own votes prefer, and how sure that is
    Leaderboard(board::BoardArgs),
    /// Where a prompt would go, and why
    #[command(subcommand)]
    Route(route::RouteCommand),
    /// The rules by which endpoints are chosen
    #[command(subcommand)]
    Policy(route::PolicyCommand),
    /// What left this machine, when, to which host and under which policy
    Audit(route::AuditArgs),
}

/// Output for programs.
#[derive(Args, Clone, Copy)]
struct Json {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    api::read_pdf_if_asked();
    let cli = Cli::parse();
    api::prepare_process();
    // A gateway's requests pass through several short tasks each. On one worker they follow each other; two wake each
    // other for every one of them, which costs more than it saves. What takes long steps aside.
    let workers = if matches!(cli.command, Command::Serve(_)) { 1 } else { 2 };
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return out::fatal(&format!("No thread could be started ({error}).")),
        };
    let code = runtime.block_on(run(cli));
    // Reader threads of a dead standard input must not keep the process alive.
    runtime.shutdown_background();
    out::ended(code)
}

async fn run(cli: Cli) -> ExitCode {
    let named = api::named_folder(cli.data_dir.clone(), std::env::var_os("PARALLAX_DATA_DIR"));
    let Some(folder) = named.or_else(api::default_folder) else {
        return out::fatal("There is no home folder. Name a data folder with --data-dir.");
    };
    let told = Told::of(&cli.command);
    if let Command::Restore(arguments) = cli.command {
        return match backup::restore(&folder, arguments).await {
            Ok(code) => code,
            Err(failure) => told.failure(&failure),
        };
    }
    let engine = match open(&folder).await {
        Ok(engine) => engine,
        Err(failure) => return told.failure(&failure),
    };
    if !matches!(cli.command, Command::Ask(_)) {
        recover(&engine).await;
    }
    let result = match cli.command {
        // Its answer waits for none of it: where a budget has no room, what dead processes hold is let go of first.
        Command::Ask(arguments) => tokio::join!(ask::run(&engine, arguments), recover(&engine)).0,
        Command::Models(Json { json }) => lists::models(&engine, json),
        Command::Price(command) => price::price(&engine, command).await,
        Command::Catalog(command) => price::catalog(&engine, command).await,
        Command::Spend(arguments) => spend::run(&engine, arguments).await,
        Command::Budget(command) => budget::run(&engine, command).await,
        Command::Serve(arguments) => serve::run(&engine, arguments).await,
        Command::AppKey(command) => app_key::run(&engine, command).await,
        Command::History(command) => Box::pin(history::run(&engine, command)).await,
        Command::Backup(arguments) => backup::make(&engine, arguments).await,
        // Done above, before anything is open.
        Command::Restore(_) => Ok(ExitCode::SUCCESS),
        Command::Key(command) => keys::key(&engine, command).await,
        Command::Provider(command) => keys::provider(&engine, command).await,
        Command::Experiment(command) => experiment::run(&engine, command).await,
        Command::Leaderboard(arguments) => board::run(&engine, arguments).await,
        Command::Route(command) => route::route(&engine, command).await,
        Command::Policy(command) => route::policy(&engine, command).await,
        Command::Audit(arguments) => route::audit(&engine, arguments).await,
    };
    match result {
        Ok(code) => code,
        Err(failure) => told.failure(&failure),
    }
}

/// Who is told of a failure of the whole command.
enum Told {
    Reader,
    Program,
    /// A program that waits for a last line of each lane.
    Lanes(Vec<String>),
}

impl Told {
    fn of(command: &Command) -> Self {
        match command {
            Command::Ask(arguments) if arguments.json => Self::Lanes(arguments.model.clone()),
            other if other.json() => Self::Program,
            _ => Self::Reader,
        }
    }

    fn failure(&self, failure: &Failure) -> ExitCode {
        match self {
            Self::Reader => {}
            Self::Program => out::failure_line(failure),
            Self::Lanes(models) => json::fail_lanes(models, failure, &json::NOTHING, |_| true),
        }
        out::failure(failure)
    }
}

impl Command {
    fn json(&self) -> bool {
        match self {
            Self::Ask(arguments) => arguments.json,
            Self::Models(json) => json.json,
            Self::Price(command) => command.json(),
            Self::Catalog(command) => command.json(),
            Self::Spend(arguments) => arguments.json(),
            Self::Budget(command) => command.json(),
            Self::Serve(arguments) => arguments.json.json,
            Self::AppKey(command) => command.json(),
            Self::History(command) => command.json(),
            Self::Backup(arguments) | Self::Restore(arguments) => arguments.json.json,
            Self::Key(command) => command.json(),
            Self::Provider(command) => command.json(),
            Self::Experiment(command) => command.json(),
            Self::Route(command) => command.json(),
            Self::Policy(command) => command.json(),
            Self::Leaderboard(arguments) => arguments.json.json,
            Self::Audit(arguments) => arguments.json.json,
        }
    }
}

async fn open(folder: &std::path::Path) -> Result<Engine, Failure> {
    let keys = api::env_keys(std::env::vars_os());
    Engine::open(folder, "cli", env!("CARGO_PKG_VERSION"), keys).await
}

/// Puts right what an earlier run left. That it can't be is no reason not to do this.
async fn recover(engine: &Engine) {
    if let Err(failure) = engine.recover().await {
        out::note(&format!(
            "parallax: answers of an earlier run could not be put right: {} [{}]",
            failure.message,
            failure.kind.as_str()
        ));
    }
}
