//! `parallax budget`.

use crate::{Json, out, spend::tell_hidden};
use clap::{Args, Subcommand, ValueEnum};
use domain::{Budget, BudgetScope, ErrorKind, Failure, Period, PicoUsd};
use engine::{BudgetStanding, BudgetState, Engine};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum BudgetCommand {
    /// Limit what may be spent; replaces the budget of the same scope and period
    Set(SetArgs),
    /// Every budget, what is spent, held and left
    List(Json),
    /// Remove a budget by its number in the list
    Remove {
        /// Its number
        #[arg(value_name = "ID")]
        id: i64,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Args)]
pub(crate) struct SetArgs {
    /// all, provider:ID, model:AUTHOR/NAME, conversation:ID, app:NAME or key:PROVIDER/LABEL
    #[arg(value_name = "SCOPE")]
    scope: String,
    /// Dollars per period; 0 lets nothing through that costs anything
    #[arg(value_name = "DOLLARS")]
    amount: String,
    /// How often it begins anew, by the local calendar
    #[arg(long, value_enum, default_value = "month", value_name = "day|week|month")]
    per: Per,
    /// Say so when this much is spent, in per cent; as often as you like
    #[arg(long, value_name = "PERCENT", default_values_t = [50, 80])]
    warn: Vec<u8>,
    /// Only say so when it is used up, and send all the same
    #[arg(long)]
    soft: bool,
    /// Reckon with so many dollars per million tokens where a price is unknown
    #[arg(long, value_name = "DOLLARS")]
    unknown_cap: Option<String>,
    #[command(flatten)]
    json: Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Per {
    Day,
    Week,
    Month,
}

impl BudgetCommand {
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Set(arguments) => arguments.json.json,
            Self::List(json) | Self::Remove { json, .. } => json.json,
        }
    }
}

pub(crate) async fn run(engine: &Engine, command: BudgetCommand) -> Result<ExitCode, Failure> {
    let json = command.json();
    match command {
        BudgetCommand::Set(arguments) => {
            let standing = engine.set_budget(wanted(arguments)?).await?;
            let (standing, hidden) = engine.veiled(standing).await?;
            print(&standing, json);
            tell_hidden(hidden);
        }
        BudgetCommand::List(_) => {
            let budgets = engine.budgets().await?;
            if budgets.is_empty() && !json {
                out::note("No budgets. `parallax budget set all 20 --per month` sets one.");
            }
            let mut most = 0;
            for standing in budgets {
                let (standing, hidden) = engine.veiled(standing).await?;
                most = most.max(hidden);
                if !print(&standing, json) {
                    break;
                }
            }
            tell_hidden(most);
        }
        BudgetCommand::Remove { id, .. } => {
            engine.remove_budget(id).await?;
            if json {
                out::object(&json!({ "type": "budget", "id": id, "removed": true }));
            } else {
                out::line(&format!("Budget {id} removed."));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn wanted(arguments: SetArgs) -> Result<Budget, Failure> {
    Ok(Budget {
        scope: arguments.scope.parse::<BudgetScope>()?,
        period: match arguments.per {
            Per::Day => Period::Day,
            Per::Week => Period::Week,
            Per::Month => Period::Month,
        },
        limit: dollars(&arguments.amount)?,
        hard: !arguments.soft,
        warn: arguments.warn,
        unknown_price: arguments.unknown_cap.as_deref().map(dollars).transpose()?,
    })
}

fn dollars(text: &str) -> Result<PicoUsd, Failure> {
    PicoUsd::from_dollars(text.strip_prefix('$').unwrap_or(text)).map_err(|bad| {
        Failure::new(ErrorKind::RequestInvalid, format!("“{text}” is not an amount in dollars: {bad}."))
    })
}

/// False = nobody reads any more.
fn print(standing: &BudgetStanding, json: bool) -> bool {
    if json { out::object(&object(standing)) } else { out::line(&line(standing)) }
}

fn object(standing: &BudgetStanding) -> Value {
    json!({
        "type": "budget",
        "id": standing.id,
        "scope": standing.budget.scope,
        "per": standing.budget.period,
        "limit_usd": standing.budget.limit,
        "hard": standing.budget.hard,
        "warn_percent": standing.budget.warn,
        "unknown_cap_usd_per_million": standing.budget.unknown_price,
        "spent_usd": standing.used.spent,
        "unknown": standing.used.unknown,
        "held_usd": standing.used.aside(),
        "left_usd": standing.left(),
        "percent": standing.percent,
        "state": standing.state,
        "from_ms": standing.from,
        "resets_at_ms": standing.resets_at,
    })
}

fn line(standing: &BudgetStanding) -> String {
    let budget = &standing.budget;
    let least = if standing.used.unknown > 0 { "at least " } else { "" };
    let held = match standing.used.aside() {
        PicoUsd::ZERO => String::new(),
        held => format!(", ${held} held"),
    };
    let state = match standing.state {
        BudgetState::Normal => "",
        BudgetState::Near => ", near the limit",
        BudgetState::Over => ", over the limit",
        BudgetState::Holding => ", holding requests",
    };
    format!(
        "{}  {} per {}: {least}${} of ${} spent ({} %){held}, ${} left, {}{state}",
        standing.id,
        budget.scope,
        budget.period.as_str(),
        standing.used.spent,
        budget.limit,
        standing.percent,
        standing.left(),
        if budget.hard { "hard" } else { "warns only" },
    )
}
