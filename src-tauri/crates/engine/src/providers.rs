//! What the user does about providers: keys, tests, local servers, addresses of their own.

use crate::{
    clock::millis,
    inner::{Inner, SessionKey, blank},
    registry::{Known, Listed},
};
use domain::{
    Account, AuthScheme, Call, DataPolicy, DialectId, ErrorKind, Failure, Headers, Method, Millis, Provider,
    ProviderId, Quirks, Secret, Timestamp,
};
use futures_util::{StreamExt as _, future::join_all};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use store::{ProviderStateRow, Tx};
use transport::{Deadlines, Origin};
use vault::{Kept, Slot, StorageKind};

/// Most of a model list that is read.
const LIST_LIMIT: usize = 16 * 1024 * 1024;
/// A server on this machine answers at once or is not there.
const LOCAL_PATIENCE: Duration = Duration::from_millis(1_200);

/// What a key test found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestResult {
    /// The provider takes the key.
    Valid,
    /// It does not.
    Rejected,
    /// It does, but there is no credit.
    NoCredit,
    /// It does, but the key may not do this.
    NoPermission,
    /// The provider did not answer.
    Unreachable,
    /// The provider answered, but not so that one could tell.
    Unknown,
}

/// A key test with its evidence. Costs nothing: it asks for the list of models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// What was found.
    pub result: TestResult,
    /// What it means and what to do.
    pub message: String,
    /// When.
    pub at: Timestamp,
    /// Models the provider lists.
    pub models: Option<u32>,
    /// How long it took.
    pub took: Millis,
}

/// A server found on this machine.
#[derive(Clone, Debug)]
pub struct Found {
    /// Provider.
    pub provider: ProviderId,
    /// Models it lists.
    pub models: Vec<Listed>,
    /// Its models are offered.
    pub enabled: bool,
}

/// Stores a key in the keychain, bound to the provider's present address.
pub(crate) async fn set_key(inner: &Inner, id: &ProviderId, secret: Secret) -> Result<Kept, Failure> {
    if secret.is_empty() {
        return Err(Failure::new(ErrorKind::RequestInvalid, "The key is empty."));
    }
    if secret.expose().chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            "The key holds spaces or line breaks. Copy it again, without what stands around it.",
        ));
    }
    let known = known(inner, id)?;
    let slot = slot(&known)?;
    let last_four = secret.last_four();
    let kept = inner.vault.set(&slot, secret).await?;
    match kept {
        Kept::Keychain => {
            crate::live::lock(&inner.session_keys).remove(id);
            change(inner, id, move |state| {
                state.key_origin = Some(slot.origin);
                state.last_four = last_four;
                state.test = None;
            })
            .await?;
        }
        // A key that dies with this process must not look stored after the next start.
        Kept::SessionOnly => {
            let key = SessionKey { origin: slot.origin, last_four, test: None };
            crate::live::lock(&inner.session_keys).insert(id.clone(), key);
        }
    }
    inner.reload().await?;
    Ok(kept)
}

/// Removes a key everywhere. Error `vault.unavailable` when the keychain that holds it is not there: what
/// is known of the key then stays, so that it can still be deleted when the keychain is back.
pub(crate) async fn delete_key(inner: &Inner, id: &ProviderId) -> Result<bool, Failure> {
    known(inner, id)?;
    let mut deleted = false;
    let session = crate::live::lock(&inner.session_keys).get(id).map(|key| key.origin.clone());
    if let Some(origin) = session {
        deleted = inner.vault.delete(&Slot { provider: id.clone(), origin }).await?;
        crate::live::lock(&inner.session_keys).remove(id);
        inner.reload().await?;
    }
    // Another process may have stored or deleted one since this one looked.
    let stored = id.clone();
    let origin = inner.store.read(move |tx| tx.provider_state(&stored)).await?.and_then(|row| row.key_origin);
    if let Some(origin) = origin {
        let slot = Slot { provider: id.clone(), origin: origin.clone() };
        let found = inner.vault.delete(&slot).await?;
        // “Nothing there” and “no keychain to look into” are one answer of the vault.
        if !found {
            keychain_must_answer(inner).await?;
        }
        deleted |= found;
        change(inner, id, move |state| {
            if state.key_origin.as_ref() == Some(&origin) {
                state.key_origin = None;
                state.last_four = None;
                state.test = None;
            }
        })
        .await?;
    }
    inner.reload().await?;
    Ok(deleted)
}

async fn keychain_must_answer(inner: &Inner) -> Result<(), Failure> {
    let probe = inner.vault.probe().await?;
    if probe.kind != StorageKind::Absent {
        return Ok(());
    }
    Err(Failure::new(
        ErrorKind::VaultUnavailable,
        "The key is in a system keychain that does not answer, so it could not be deleted. Start the \
         keychain and delete the key again.",
    ))
}

/// Asks the provider for its models, with the stored key. Never spends money.
pub(crate) async fn test(inner: &Inner, id: &ProviderId) -> Result<Tested, Failure> {
    let known = known(inner, id)?;
    let started = inner.clock.elapsed();
    let listed = list_models(inner, &known, Deadlines::default()).await;
    let took = millis(inner.clock.elapsed().saturating_sub(started));
    let name = &known.provider.name;
    let models = listed.as_ref().ok().map(|models| u32::try_from(models.len()).unwrap_or(u32::MAX));
    let (result, message) = match &listed {
        Ok(models) => (TestResult::Valid, format!("{name} answers and lists {} models.", models.len())),
        Err(failure) => (verdict(failure.kind), failure.message.clone()),
    };
    let tested = Tested { result, message, at: inner.clock.now(), models, took };
    let text = serde_json::to_string(&tested)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("The test could not be kept ({error}).")))?;
    // Only what a server on this machine lists becomes choosable by itself; a hosted list is merged with
    // the catalogue, not trusted instead of it.
    let found =
        listed.as_ref().ok().filter(|_| known.provider.local).map(|models| as_json(models)).transpose()?;
    keep_test(inner, &known, text, found).await?;
    Ok(tested)
}

/// Keeps the result of a test, unless the key it was about is no longer the one in use.
async fn keep_test(
    inner: &Inner,
    known: &Known,
    test: String,
    listed: Option<String>,
) -> Result<(), Failure> {
    let id = &known.provider.id;
    let key = |origin: &Option<String>, last_four: &Option<String>| (origin.clone(), last_four.clone());
    let tested =
        known.state.as_ref().map(|state| key(&state.key_origin, &state.last_four)).unwrap_or_default();
    let mut unstored = Some(test);
    if let Some(present) = crate::live::lock(&inner.session_keys).get_mut(id) {
        let test = unstored.take();
        if key(&Some(present.origin.clone()), &present.last_four) == tested {
            present.test = test;
        }
    }
    change(inner, id, move |state| {
        if unstored.is_some() && key(&state.key_origin, &state.last_four) == tested {
            state.test = unstored;
        }
        if listed.is_some() {
            state.listed_models = listed;
            state.enabled = true;
        }
    })
    .await?;
    inner.reload().await
}

fn as_json(models: &[Listed]) -> Result<String, Failure> {
    serde_json::to_string(models)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("The models could not be kept ({error}).")))
}

fn verdict(kind: ErrorKind) -> TestResult {
    match kind {
        ErrorKind::AuthRejected | ErrorKind::AuthMissing => TestResult::Rejected,
        ErrorKind::AuthForbidden => TestResult::NoPermission,
        ErrorKind::BillingCredits => TestResult::NoCredit,
        ErrorKind::NetDns
        | ErrorKind::NetConnect
        | ErrorKind::NetTls
        | ErrorKind::NetProxy
        | ErrorKind::NetRedirect
        | ErrorKind::TimeConnect
        | ErrorKind::TimeFirstByte
        | ErrorKind::TimeIdle
        | ErrorKind::TimeTotal => TestResult::Unreachable,
        _ => TestResult::Unknown,
    }
}

/// Looks at the usual ports of this machine, all at once. Servers that do not answer are left out.
pub(crate) async fn discover(inner: &Inner) -> Result<Vec<Found>, Failure> {
    let registry = inner.registry();
    let locals: Vec<Known> = registry.providers().filter(|known| known.provider.local).cloned().collect();
    let deadlines = Deadlines {
        connect: LOCAL_PATIENCE,
        first_byte: LOCAL_PATIENCE,
        idle: LOCAL_PATIENCE,
        total: LOCAL_PATIENCE,
    };
    let lists = join_all(locals.iter().map(|known| list_models(inner, known, deadlines))).await;
    let mut found = Vec::new();
    let mut answers = Vec::new();
    for (known, list) in locals.iter().zip(lists) {
        let Ok(models) = list else { continue };
        answers.push((known.provider.id.clone(), as_json(&models)?));
        found.push(Found { provider: known.provider.id.clone(), models, enabled: false });
    }
    if found.is_empty() {
        return Ok(found);
    }
    let (enabled, changed) = inner
        .store
        .write(move |tx| {
            let mut changed = false;
            let mut enabled = Vec::new();
            for (id, listed) in answers {
                let (state, new) = change_in(tx, &id, |state| {
                    state.enabled |= state.listed_models.is_none();
                    state.listed_models = Some(listed);
                })?;
                changed |= new;
                enabled.push(state.enabled);
            }
            Ok((enabled, changed))
        })
        .await?;
    for (found, enabled) in found.iter_mut().zip(enabled) {
        found.enabled = enabled;
    }
    if changed {
        inner.reload().await?;
    }
    Ok(found)
}

/// Switches a local server's models on or off.
pub(crate) async fn enable(inner: &Inner, id: &ProviderId, enabled: bool) -> Result<(), Failure> {
    known(inner, id)?;
    change(inner, id, move |state| state.enabled = enabled).await?;
    inner.reload().await
}

/// Adds a provider of the user's own, or gives a catalogue provider another address. Its old key stays
/// bound to the old address and is not sent to the new one.
pub(crate) async fn add(inner: &Inner, id: &str, dialect: &str, base_url: &str) -> Result<(), Failure> {
    let refuse = |why: String| Err(Failure::new(ErrorKind::RequestInvalid, why));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > 40 || !id.chars().all(plain) || id.starts_with('-') {
        return refuse(format!("“{id}” cannot be a provider id: use lower-case letters, digits and dashes."));
    }
    if id == catalog::DEMO {
        return refuse("“demo” is built in and cannot be replaced.".to_owned());
    }
    if !KNOWN_DIALECTS.contains(&dialect) {
        return refuse(format!(
            "There is no dialect called “{dialect}”. Known are: {}.",
            KNOWN_DIALECTS.join(", ")
        ));
    }
    let base_url = base_url.trim().trim_end_matches('/').to_owned();
    transport::origin_of(&base_url)?;
    let registry = inner.registry();
    let shipped = registry.catalog().provider(id);
    let provider = Provider {
        id: ProviderId::from(id),
        name: shipped.map_or_else(|| id.to_owned(), |provider| provider.name.clone()),
        dialect: DialectId::from(dialect),
        base_url,
        auth: shipped
            .filter(|provider| provider.dialect.as_str() == dialect && provider.auth != AuthScheme::None)
            .map_or_else(|| usual_auth(dialect), |provider| provider.auth.clone()),
        // Quirks are of a dialect: they say nothing of the same house speaking another one.
        quirks: shipped
            .filter(|provider| provider.dialect.as_str() == dialect)
            .map_or_else(Quirks::default, |provider| provider.quirks.clone()),
        account: Account::default(),
        models_path: usual_models_path(dialect).map(str::to_owned),
        data_policy: DataPolicy::default(),
        docs_url: None,
        keys_url: None,
        key_prefixes: Vec::new(),
        local: false,
        unverified: true,
        custom: true,
    };
    inner.store.write(move |tx| tx.put_provider(&provider)).await?;
    inner.reload().await
}

/// Removes a provider of the user's own, and its key.
pub(crate) async fn remove(inner: &Inner, id: &ProviderId) -> Result<(), Failure> {
    if !known(inner, id)?.provider.custom {
        return Err(Failure::new(ErrorKind::RequestInvalid, "Built-in providers cannot be removed."));
    }
    delete_key(inner, id).await?;
    let gone = id.clone();
    inner.store.write(move |tx| tx.remove_provider(&gone)).await?;
    inner.reload().await
}

/// Dialect ids that may be named, whether this version speaks them or not: one that it does not speak is
/// refused by name when something is asked.
pub const KNOWN_DIALECTS: &[&str] = &[
    "openai-chat",
    "openai-responses",
    "anthropic-messages",
    "gemini",
    "bedrock-converse",
    "cohere",
    "ollama",
];

fn usual_auth(dialect: &str) -> AuthScheme {
    match dialect {
        "anthropic-messages" => AuthScheme::Header { name: "x-api-key".to_owned() },
        "gemini" => AuthScheme::Header { name: "x-goog-api-key".to_owned() },
        _ => AuthScheme::Bearer,
    }
}

fn usual_models_path(dialect: &str) -> Option<&'static str> {
    match dialect {
        "openai-chat" | "openai-responses" => Some("/models"),
        "anthropic-messages" | "cohere" => Some("/v1/models"),
        "gemini" => Some("/v1beta/models"),
        "ollama" => Some("/api/tags"),
        _ => None,
    }
}

async fn list_models(inner: &Inner, known: &Known, deadlines: Deadlines) -> Result<Vec<Listed>, Failure> {
    let provider = &known.provider;
    let dialect = wire::dialect(provider.dialect.as_str()).ok_or_else(|| {
        Failure::new(
            ErrorKind::RequestUnsupported,
            format!("{} speaks “{}”, which this version cannot.", provider.name, provider.dialect),
        )
    })?;
    let path = provider.models_path.clone().ok_or_else(|| {
        Failure::new(
            ErrorKind::RequestUnsupported,
            format!("{} offers no way to test a key without spending.", provider.name),
        )
    })?;
    let secret = inner.key_for(known).await?;
    let origin = Origin {
        base_url: provider.base_url.clone(),
        auth: provider.auth.clone(),
        provider: provider.id.clone(),
        extra_headers: provider.quirks.extra_headers.clone(),
    };
    let mut headers = Headers::default();
    headers.push("accept", "application/json");
    if dialect.id() == "anthropic-messages" {
        headers.push("anthropic-version", "2023-06-01");
    }
    let call = Call { method: Method::Get, path, query: Vec::new(), headers, body: Vec::new() };
    let mut response = inner.transport.send(&origin, call, secret.as_ref(), deadlines).await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.body.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > LIST_LIMIT {
            return Err(Failure::new(ErrorKind::StreamMalformed, "The model list is longer than 16 MB."));
        }
    }
    if response.status >= 400 {
        let mut failure = dialect.failure(response.status, &response.headers, &body);
        if let Some(secret) = &secret {
            failure.message = transport::redact(&failure.message, secret);
        }
        return Err(failure);
    }
    let listed = dialect.models(&body)?;
    Ok(listed
        .into_iter()
        .filter(|model| !model.id.is_empty() && model.id.len() <= 256)
        .map(|model| Listed { id: model.id, context_length: model.context_length })
        .collect())
}

fn known(inner: &Inner, id: &ProviderId) -> Result<Known, Failure> {
    inner.registry().provider(id).cloned().ok_or_else(|| {
        Failure::new(ErrorKind::RequestInvalid, format!("There is no provider called “{id}”."))
    })
}

fn slot(known: &Known) -> Result<Slot, Failure> {
    let origin = match known.origin() {
        Some(origin) => origin,
        None if known.addressless() => return Err(known.without_address()),
        None => transport::origin_of(&known.provider.base_url)?,
    };
    Ok(Slot { provider: known.provider.id.clone(), origin })
}

/// Changes some of what is stored of a provider. What other processes wrote into the rest stays, which is
/// why nothing is ever written back from memory.
async fn change(
    inner: &Inner,
    id: &ProviderId,
    edit: impl FnOnce(&mut ProviderStateRow) + Send + 'static,
) -> Result<(), Failure> {
    let id = id.clone();
    inner.store.write(move |tx| change_in(tx, &id, edit).map(|_| ())).await
}

/// The row as it is now, and whether that is new.
fn change_in(
    tx: &mut Tx<'_>,
    id: &ProviderId,
    edit: impl FnOnce(&mut ProviderStateRow),
) -> Result<(ProviderStateRow, bool), Failure> {
    let before = tx.provider_state(id)?;
    let mut state = before.clone().unwrap_or_else(|| blank(id));
    edit(&mut state);
    let new = before.as_ref() != Some(&state);
    if new {
        tx.put_provider_state(&state)?;
    }
    Ok((state, new))
}

/// The provider whose keys begin like this one; the longest beginning wins.
pub(crate) fn recognise(inner: &Inner, key: &str) -> Option<ProviderId> {
    let registry = inner.registry();
    registry
        .providers()
        .flat_map(|known| known.provider.key_prefixes.iter().map(move |prefix| (prefix, &known.provider)))
        .filter(|(prefix, _)| key.starts_with(prefix.as_str()))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, provider): (_, &Arc<Provider>)| provider.id.clone())
}

#[cfg(test)]
#[path = "providers_tests.rs"]
mod tests;
