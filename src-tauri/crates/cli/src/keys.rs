//! `parallax key` and `parallax provider`.

use crate::{Json, lists, out};
use clap::Subcommand;
use domain::{AccountField, AccountLabel, AccountRef, ErrorKind, Failure, ProviderId, Secret};
use engine::{Engine, Kept, Known, StoredKey, TestResult, Tested};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Read as _, process::ExitCode};

/// Longest key read from standard input; service accounts are a few kilobytes.
const KEY_LIMIT: u64 = 64 * 1024;

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Store a key in the system keychain; the key is read from standard input
    Set {
        /// Provider id; with a label to keep several keys of one provider
        #[arg(value_name = "PROVIDER[/LABEL]")]
        account: String,
        /// Do not ask the provider whether it takes the key
        #[arg(long)]
        no_test: bool,
    },
    /// Whether keys are stored; never shows more than the last four characters of one
    Status {
        /// Provider id, for all its keys, or one of them
        #[arg(value_name = "PROVIDER[/LABEL]")]
        account: String,
        #[command(flatten)]
        json: Json,
    },
    /// Put a provider's keys into an order: the first is asked first, the next when it is refused
    Order {
        /// Provider id
        provider: String,
        /// Labels, first to last; keys not named follow in the order they had
        #[arg(required = true)]
        labels: Vec<String>,
    },
    /// Delete a key
    Delete {
        /// Provider id; with a label where it has several
        #[arg(value_name = "PROVIDER[/LABEL]")]
        account: String,
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
        /// It runs on this computer and its models cost nothing
        #[arg(long)]
        local: bool,
    },
    /// Remove a provider you added, and its keys
    Remove {
        /// Provider id
        provider: String,
    },
    /// Look for model servers on this computer; no other is looked at
    Discover(Json),
    /// List the models of a provider: the catalogue's, and those only the provider itself lists
    Models {
        /// Provider id
        provider: String,
        /// Read the provider's own list again first; spends nothing
        #[arg(long)]
        refresh: bool,
        #[command(flatten)]
        json: Json,
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
    /// Ask a provider for its models with a stored key, the first one unless a label is given; spends nothing
    Test {
        /// Provider id
        #[arg(value_name = "PROVIDER[/LABEL]")]
        account: String,
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
        matches!(
            self,
            Self::List(Json { json: true })
                | Self::Discover(Json { json: true })
                | Self::Models { json: Json { json: true }, .. }
                | Self::Test { json: Json { json: true }, .. }
        )
    }
}

pub(crate) async fn key(engine: &Engine, command: KeyCommand) -> Result<ExitCode, Failure> {
    match command {
        KeyCommand::Set { account, no_test } => {
            let named = AccountRef::parse(&account)?;
            set(engine, &named).await?;
            if no_test { Ok(ExitCode::SUCCESS) } else { tried(engine, &named).await }
        }
        KeyCommand::Status { account, json } => status(engine, &account, json.json),
        KeyCommand::Order { provider, labels } => {
            let provider = ProviderId::from(provider.as_str());
            let labels = labels.iter().map(|label| AccountLabel::from(label.as_str())).collect();
            engine.order_keys(&provider, labels).await?;
            let registry = engine.registry();
            let keys = registry.provider(&provider).map(Known::asked_with).unwrap_or_default();
            let labels: Vec<String> = keys.iter().flatten().map(ToString::to_string).collect();
            out::line(&format!("{provider} is asked with its keys in this order: {}.", labels.join(", ")));
            Ok(ExitCode::SUCCESS)
        }
        KeyCommand::Delete { account } => {
            let deleted = engine.delete_key(&AccountRef::parse(&account)?).await?;
            out::line(if deleted { "The key was deleted." } else { "There was no key." });
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Asks the provider whether it takes the key that was just stored. Spends nothing. The key stays whatever it
/// says; exit code 1 only where it refuses.
async fn tried(engine: &Engine, account: &AccountRef) -> Result<ExitCode, Failure> {
    let tested = match engine.test_provider(&account.provider, Some(&account.label)).await {
        Ok(tested) => tested,
        Err(failure) => {
            out::note(&format!("It could not be tested: {}", failure.message));
            return Ok(ExitCode::SUCCESS);
        }
    };
    out::line(&tested.message);
    Ok(if tested.result == TestResult::Rejected { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn set(engine: &Engine, account: &AccountRef) -> Result<(), Failure> {
    let mut key = String::new();
    std::io::stdin().lock().take(KEY_LIMIT + 1).read_to_string(&mut key).map_err(|_| {
        Failure::new(ErrorKind::RequestInvalid, "The key could not be read from standard input.")
    })?;
    if u64::try_from(key.len()).unwrap_or(u64::MAX) > KEY_LIMIT {
        return Err(Failure::new(ErrorKind::RequestInvalid, "That is too long to be a key."));
    }
    let secret = Secret::new(key);
    let provider = &account.provider;
    if engine.set_key(account, secret).await? == Kept::SessionOnly {
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
    out::line(&if account.label.is_unnamed() {
        format!("The key for {provider} is in the system keychain.")
    } else {
        format!("The key “{}” for {provider} is in the system keychain.", account.label)
    });
    Ok(())
}

/// One line: with a label of that key, without of the provider and all its keys.
fn status(engine: &Engine, named: &str, json: bool) -> Result<ExitCode, Failure> {
    let wanted = AccountRef::parse(named)?;
    let provider = &wanted.provider;
    let registry = engine.registry();
    let known = registry.provider(provider).ok_or_else(|| {
        Failure::new(ErrorKind::RequestInvalid, format!("There is no provider called “{provider}”."))
    })?;
    let one = named.contains('/').then_some(&wanted.label);
    let keys: Vec<&StoredKey> =
        known.usable().filter(|account| one.is_none_or(|label| account.label == *label)).collect();
    let source = match (known.env_key && one.is_none(), keys.is_empty()) {
        (true, _) => "environment",
        (false, false) => "keychain",
        (false, true) => "none",
    };
    let last_four = keys.first().and_then(|account| account.last_four.clone());
    if json {
        out::object(&json!({
            "provider": provider,
            "label": one,
            "key": source,
            "last_four": last_four,
            "needs_key": !known.keyless(),
            "keys": keys.iter().map(|account| account_line(account)).collect::<Vec<_>>(),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let tail = |account: &StoredKey| {
        account.last_four.as_ref().map_or_else(String::new, |last_four| format!(", ends in {last_four}"))
    };
    let first = keys.first().map_or_else(String::new, |account| tail(account));
    out::line(&format!("{named}: {source}{first}"));
    if keys.len() > 1 {
        for account in keys {
            out::line(&format!("  {provider}/{}{}", account.label, tail(account)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn account_line(account: &StoredKey) -> Value {
    let tested = account.test.as_deref().and_then(|text| serde_json::from_str::<Tested>(text).ok());
    json!({
        "label": account.label,
        "last_four": account.last_four,
        "tested": tested.map(|tested| tested.result),
    })
}

pub(crate) async fn provider(engine: &Engine, command: ProviderCommand) -> Result<ExitCode, Failure> {
    match command {
        ProviderCommand::Add { id, dialect, base_url, local } => {
            if local {
                engine.add_local_provider(&id, &dialect, &base_url).await?;
            } else {
                engine.add_provider(&id, &dialect, &base_url).await?;
            }
            out::line(&format!("{id} speaks {dialect} at {base_url}."));
            Ok(ExitCode::SUCCESS)
        }
        ProviderCommand::Remove { provider } => {
            engine.remove_provider(&ProviderId::from(provider.as_str())).await?;
            out::line(&format!("{provider} was removed."));
            Ok(ExitCode::SUCCESS)
        }
        ProviderCommand::Discover(Json { json }) => lists::discover(engine, json).await,
        ProviderCommand::Models { provider, refresh, json } => {
            let provider = ProviderId::from(provider.as_str());
            if refresh {
                engine.refresh_models(&provider).await?;
            }
            lists::models_of(engine, &provider, json.json)
        }
        ProviderCommand::Set { provider, fields } => {
            set_fields(engine, &ProviderId::from(provider.as_str()), &fields).await
        }
        ProviderCommand::List(Json { json }) => Ok(list(engine, json)),
        ProviderCommand::Test { account, json } => test(engine, &account, json.json).await,
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

async fn test(engine: &Engine, named: &str, json: bool) -> Result<ExitCode, Failure> {
    let AccountRef { provider, label } = AccountRef::parse(named)?;
    let label = named.contains('/').then_some(label);
    let tested = engine.test_provider(&provider, label.as_ref()).await?;
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
