//! `parallax key` and `parallax provider`.

use crate::{Json, out};
use clap::Subcommand;
use domain::{AccountField, ErrorKind, Failure, ProviderId, Secret};
use engine::{Engine, Known, TestResult};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Read as _, process::ExitCode};

/// Longest key read from standard input; service accounts are a few kilobytes.
const KEY_LIMIT: u64 = 64 * 1024;

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Store a key in the system keychain; the key is read from standard input
    Set {
        /// Provider id
        provider: String,
    },
    /// Whether a key is stored; never shows more than its last four characters
    Status {
        /// Provider id
        provider: String,
        #[command(flatten)]
        json: Json,
    },
    /// Delete a key
    Delete {
        /// Provider id
        provider: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum ProviderCommand {
    /// Add a provider, or give a built-in one another address
    Add {
        /// Id: lower-case letters, digits, dashes
        id: String,
        /// Dialect it speaks
        #[arg(long, value_name = "D")]
        dialect: String,
        /// Address to which the dialect's path is appended
        #[arg(long, value_name = "URL")]
        base_url: String,
    },
    /// Give what of your account stands in a provider's address, such as a region or a project
    Set {
        /// Provider id
        provider: String,
        /// One or more fields; an empty value forgets one. `provider list --json` names them
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// List every provider
    List(Json),
    /// Ask a provider for its models with the stored key; spends nothing
    Test {
        /// Provider id
        provider: String,
        #[command(flatten)]
        json: Json,
    },
}

impl KeyCommand {
    pub(crate) fn json(&self) -> bool {
        matches!(self, Self::Status { json: Json { json: true }, .. })
    }
}

impl ProviderCommand {
    pub(crate) fn json(&self) -> bool {
        matches!(self, Self::List(Json { json: true }) | Self::Test { json: Json { json: true }, .. })
    }
}

pub(crate) async fn key(engine: &Engine, command: KeyCommand) -> Result<ExitCode, Failure> {
    match command {
        KeyCommand::Set { provider } => set(engine, &ProviderId::from(provider.as_str())).await,
        KeyCommand::Status { provider, json } => {
            status(engine, &ProviderId::from(provider.as_str()), json.json)
        }
        KeyCommand::Delete { provider } => {
            let deleted = engine.delete_key(&ProviderId::from(provider.as_str())).await?;
            out::line(if deleted { "The key was deleted." } else { "There was no key." });
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn set(engine: &Engine, provider: &ProviderId) -> Result<ExitCode, Failure> {
    let mut key = String::new();
    std::io::stdin().lock().take(KEY_LIMIT + 1).read_to_string(&mut key).map_err(|_| {
        Failure::new(ErrorKind::RequestInvalid, "The key could not be read from standard input.")
    })?;
    if u64::try_from(key.len()).unwrap_or(u64::MAX) > KEY_LIMIT {
        return Err(Failure::new(ErrorKind::RequestInvalid, "That is too long to be a key."));
    }
    let secret = Secret::new(key);
    engine.set_key(provider, secret).await?;
    if engine.session_only(provider) {
        // This process ends now, so a key kept in memory is a key lost. What is recorded of a key in the
        // keychain of another session stays.
        return Err(Failure::new(
            ErrorKind::VaultUnavailable,
            format!(
                "No system keychain answers, so the key could not be stored. Start a Secret Service such as \
                 GNOME Keyring, or give the key to one process by PARALLAX_KEY_{}.",
                provider.as_str().to_ascii_uppercase().replace('-', "_")
            ),
        ));
    }
    out::line(&format!("The key for {provider} is in the system keychain."));
    Ok(ExitCode::SUCCESS)
}

fn status(engine: &Engine, provider: &ProviderId, json: bool) -> Result<ExitCode, Failure> {
    let registry = engine.registry();
    let known = registry.provider(provider).ok_or_else(|| {
        Failure::new(ErrorKind::RequestInvalid, format!("There is no provider called “{provider}”."))
    })?;
    let source = match (known.env_key, known.stored_key()) {
        (true, _) => "environment",
        (false, true) => "keychain",
        (false, false) => "none",
    };
    let last_four =
        known.state.as_ref().filter(|_| known.stored_key()).and_then(|state| state.last_four.clone());
    if json {
        out::object(&json!({
            "provider": provider,
            "key": source,
            "last_four": last_four,
            "needs_key": !known.keyless(),
        }));
    } else {
        let tail = last_four.map_or_else(String::new, |last_four| format!(", ends in {last_four}"));
        out::line(&format!("{provider}: {source}{tail}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn provider(engine: &Engine, command: ProviderCommand) -> Result<ExitCode, Failure> {
    match command {
        ProviderCommand::Add { id, dialect, base_url } => {
            engine.add_provider(&id, &dialect, &base_url).await?;
            out::line(&format!("{id} speaks {dialect} at {base_url}."));
            Ok(ExitCode::SUCCESS)
        }
        ProviderCommand::Set { provider, fields } => {
            set_fields(engine, &ProviderId::from(provider.as_str()), &fields).await
        }
        ProviderCommand::List(Json { json }) => Ok(list(engine, json)),
        ProviderCommand::Test { provider, json } => {
            test(engine, &ProviderId::from(provider.as_str()), json.json).await
        }
    }
}

async fn set_fields(engine: &Engine, id: &ProviderId, given: &[String]) -> Result<ExitCode, Failure> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Failure::new(ErrorKind::RequestInvalid, format!("“{text}” is not of the form FIELD=VALUE."))
        })?;
        Ok((name.trim().to_owned(), value.to_owned()))
    };
    let values = given.iter().map(pair).collect::<Result<BTreeMap<_, _>, Failure>>()?;
    engine.set_fields(id, values).await?;
    let registry = engine.registry();
    if let Some(known) = registry.provider(id) {
        out::line(&format!("{id} is at {}.", known.provider.base_url));
        if known.addressless() {
            out::note(&format!("Still missing: {}.", known.missing.join(", ")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn fields(known: &Known) -> Vec<Value> {
    let of = |field: &AccountField| {
        json!({
            "name": field.name,
            "label": field.label,
            "value": known.fields.get(&field.name),
            "default": field.default,
            "choices": field.choices,
            "missing": known.missing.contains(&field.name),
        })
    };
    known.provider.account.fields.iter().map(of).collect()
}

fn list(engine: &Engine, json: bool) -> ExitCode {
    let registry = engine.registry();
    for known in registry.providers() {
        let provider = &known.provider;
        let read = if json {
            out::object(&json!({
                "id": provider.id,
                "name": provider.name,
                "dialect": provider.dialect,
                "base_url": provider.base_url,
                "needs_key": !known.keyless(),
                "has_key": known.has_key(),
                "ready": known.offered(),
                "local": provider.local,
                "custom": provider.custom,
                "unverified": provider.unverified,
                "fields": fields(known),
            }))
        } else {
            let state = match (known.offered(), provider.local) {
                (true, _) => "ready",
                (false, true) => "not found yet",
                (false, false) if known.addressless() => "no address",
                (false, false) => "no key",
            };
            out::line(&format!("{}  {}  {}  {state}", provider.id, provider.dialect, provider.base_url))
        };
        if !read {
            break;
        }
    }
    ExitCode::SUCCESS
}

async fn test(engine: &Engine, provider: &ProviderId, json: bool) -> Result<ExitCode, Failure> {
    let tested = engine.test_provider(provider).await?;
    if json {
        out::object(&json!({
            "provider": provider,
            "result": tested.result,
            "message": tested.message,
            "models": tested.models,
            "took_ms": tested.took,
        }));
    } else {
        out::line(&format!("{provider}: {}", tested.message));
    }
    Ok(if tested.result == TestResult::Valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
