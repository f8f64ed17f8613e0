//! `parallax app-key`: keys for other programs that ask through the gateway.

use crate::{Json, out};
use clap::{Args, Subcommand};
use domain::{ErrorKind, Failure, Timestamp};
use engine::{AppKeyChange, AppKeyRow, Engine, NewAppKey};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum AppKeyCommand {
    /// Make a key for a program; it is shown once, now, and kept nowhere
    Create(CreateArgs),
    /// Every key, those taken back too, newest first
    List(Json),
    /// Take a key back: from now on it opens nothing
    Revoke {
        /// The program it was made for
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Args)]
pub(crate) struct CreateArgs {
    /// The program it is for; its spending and its budgets (`app:NAME`) go by this name
    #[arg(value_name = "NAME")]
    name: String,
    /// A model it may ask, as author/name, or all of a maker as author/*; as often as you like
    #[arg(long, value_name = "MODEL")]
    model: Vec<String>,
    /// A policy it is under, besides the usual one
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Most requests within a minute
    #[arg(long, value_name = "N")]
    rpm: Option<u32>,
    /// Most tokens within a minute
    #[arg(long, value_name = "N")]
    tpm: Option<u32>,
    /// Last day on which it is good, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
    /// Answer equal requests from what was answered before
    #[arg(long)]
    cache: bool,
    #[command(flatten)]
    json: Json,
}

impl AppKeyCommand {
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Create(arguments) => arguments.json.json,
            Self::List(json) | Self::Revoke { json, .. } => json.json,
        }
    }
}

pub(crate) async fn run(engine: &Engine, command: AppKeyCommand) -> Result<ExitCode, Failure> {
    let json = command.json();
    match command {
        AppKeyCommand::Create(arguments) => create(engine, arguments).await?,
        AppKeyCommand::List(_) => {
            let keys = engine.app_keys().await?;
            if keys.is_empty() && !json {
                out::note("No app keys. `parallax app-key create NAME` makes one.");
            }
            let now = engine.clock().now();
            for key in &keys {
                let read = if json { out::object(&line(key)) } else { out::line(&words(key, now)) };
                if !read {
                    break;
                }
            }
        }
        AppKeyCommand::Revoke { name, .. } => {
            let key = engine.revoke_app_key(&name).await?;
            if json {
                out::object(&line(&key));
            } else {
                out::line(&format!("The key of “{name}” opens nothing any more."));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(engine: &Engine, arguments: CreateArgs) -> Result<(), Failure> {
    let json = arguments.json.json;
    let expires = arguments.expires.map(end_of).transpose()?;
    if expires.is_some_and(|at| at <= engine.clock().now()) {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            "The last day is over already, so the key would open nothing. Name a later one with --expires.",
        ));
    }
    let unoffered = engine.unoffered(&arguments.model);
    let change = AppKeyChange {
        models: Some(arguments.model),
        policy: Some(arguments.policy),
        requests_per_minute: Some(arguments.rpm),
        tokens_per_minute: Some(arguments.tpm),
        expires_at: Some(expires),
        cache: Some(arguments.cache),
    };
    let (row, key) = engine.create_app_key(NewAppKey { name: arguments.name, change }).await?;
    for name in &unoffered {
        out::note(&format!(
            "parallax: nobody offers “{name}” now, so the key opens nothing by that name. `parallax models` lists what \
             there is; revoke the key if this is a slip."
        ));
    }
    if json {
        out::object(&json!({ "name": row.name, "key": key.expose() }));
    } else {
        out::line(key.expose());
        out::note(&format!(
            "The key of “{}”. It is not shown again; `parallax app-key revoke` takes it back.",
            row.name
        ));
    }
    Ok(())
}

/// The end of a day, local time.
fn end_of(day: Date) -> Result<Timestamp, Failure> {
    let wrong = |error: jiff::Error| {
        Failure::new(ErrorKind::RequestInvalid, format!("This day is outside of the calendar ({error})."))
    };
    let next = day.tomorrow().map_err(wrong)?;
    let start = next.to_zoned(jiff::tz::TimeZone::system()).map_err(wrong)?;
    Ok(Timestamp(start.timestamp().as_millisecond()))
}

fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

fn line(key: &AppKeyRow) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "last_four": key.last_four,
        "models": key.models,
        "policy": key.policy,
        "requests_per_minute": key.requests_per_minute,
        "tokens_per_minute": key.tokens_per_minute,
        "cache": key.cache,
        "created_at": time(key.created_at),
        "expires_at": key.expires_at.map(time),
        "revoked_at": key.revoked_at.map(time),
    })
}

fn words(key: &AppKeyRow, now: Timestamp) -> String {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", time(at)),
        (None, Some(at)) if at <= now => format!("expired {}", time(at)),
        (None, Some(at)) => format!("good until {}", time(at)),
        (None, None) => "good".to_owned(),
    };
    let mut words = format!("{}  made {}  {state}", key.name, time(key.created_at));
    if !key.models.is_empty() {
        words.push_str(&format!("  only {}", key.models.join(", ")));
    }
    if let Some(policy) = &key.policy {
        words.push_str(&format!("  under {policy}"));
    }
    if let Some(most) = key.requests_per_minute {
        words.push_str(&format!("  {most} requests a minute"));
    }
    if let Some(most) = key.tokens_per_minute {
        words.push_str(&format!("  {most} tokens a minute"));
    }
    words
}
