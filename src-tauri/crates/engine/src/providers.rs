//! What the user does about providers: local servers on and off, addresses of their own.

use crate::{
    fields,
    inner::{Inner, blank},
    keys,
    registry::Known,
};
use domain::{
    Account, AuthScheme, DataPolicy, DialectId, ErrorKind, Failure, Provider, ProviderId, Quirks, RateLimit,
    say,
};
use store::{ProviderStateRow, Tx};

/// Limits how fast a provider is asked; no limit at all = as at first.
pub(crate) async fn limit(inner: &Inner, id: &ProviderId, limit: RateLimit) -> Result<(), Failure> {
    known(inner, id)?;
    let all = [limit.requests_per_minute, limit.tokens_per_minute, limit.concurrency];
    if all.contains(&Some(0)) {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!(
                "A limit of zero would let nothing through. Leave it empty for no limit, or exclude the provider \
             in a policy."
            ),
        ));
    }
    let id = id.clone();
    inner.store.write(move |tx| tx.put_rate_limit(&id, limit)).await?;
    inner.reload().await
}

/// Switches a local server's models on or off.
pub(crate) async fn enable(inner: &Inner, id: &ProviderId, enabled: bool) -> Result<(), Failure> {
    known(inner, id)?;
    change(inner, id, move |state| state.enabled = enabled).await?;
    inner.reload().await
}

/// Adds a provider of the user's own, or gives a catalogue provider another address. Its old key stays
/// bound to the old address and is not sent to the new one.
///
/// `local` says that it runs on this machine and costs nothing, which only its owner knows: what answers on
/// a loopback address may as well pass everything on to somewhere else. Error `request.invalid` for what
/// cannot be, `local` at another address included.
pub(crate) async fn add(
    inner: &Inner,
    id: &str,
    dialect: &str,
    base_url: &str,
    local: bool,
) -> Result<(), Failure> {
    let refuse = |why: domain::Words| Err(Failure::new(ErrorKind::RequestInvalid, why));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > 40 || !id.chars().all(plain) || id.starts_with('-') {
        return refuse(say!(
            "“{id}” cannot be a provider id: use lower-case letters, digits and dashes.",
            id
        ));
    }
    if id == catalog::DEMO {
        return refuse(say!("“demo” is built in and cannot be replaced."));
    }
    if id == "auto" {
        return refuse(say!(
            "“auto/…” leaves the choice of the model to Parallax, so no provider can be called so."
        ));
    }
    if !KNOWN_DIALECTS.contains(&dialect) {
        return refuse(say!(
            "There is no dialect called “{dialect}”. Known are: {known_dialects}.",
            dialect,
            known_dialects = KNOWN_DIALECTS.join(", ")
        ));
    }
    let base_url = base_url.trim().trim_end_matches('/').to_owned();
    transport::origin_of(&base_url)?;
    let here = transport::is_loopback(&base_url);
    if local && !here {
        return refuse(say!(
            "Only an address on this computer, such as http://127.0.0.1:8080/v1, can be marked as local."
        ));
    }
    let registry = inner.registry();
    let shipped = registry.catalog().provider(id);
    // Quirks are of a dialect: they say nothing of the same house speaking another one.
    let alike = shipped
        .filter(|provider| provider.dialect.as_str() == dialect)
        .or_else(|| fields::cloud(registry.catalog(), dialect));
    let provider = Provider {
        id: ProviderId::from(id),
        name: shipped.map_or_else(|| id.to_owned(), |provider| provider.name.clone()),
        dialect: DialectId::from(dialect),
        base_url,
        auth: alike
            .filter(|provider| provider.auth != AuthScheme::None)
            .map_or_else(|| usual_auth(dialect), |provider| provider.auth.clone()),
        quirks: alike.map_or_else(Quirks::default, |provider| provider.quirks.clone()),
        account: alike.map_or_else(Account::default, fields::signed_with),
        models_path: usual_models_path(dialect).map(str::to_owned),
        key_check: None,
        data_policy: DataPolicy::default(),
        docs_url: None,
        keys_url: None,
        key_prefixes: Vec::new(),
        local: local || here && shipped.is_some_and(|provider| provider.local),
        unverified: true,
        custom: true,
    };
    inner
        .store
        .write(move |tx| {
            let moved = tx
                .custom_providers()?
                .iter()
                .find(|known| known.id == provider.id)
                .is_none_or(|known| known.base_url != provider.base_url);
            tx.put_provider(&provider)?;
            if moved {
                // What another address listed says nothing about this one.
                change_in(tx, &provider.id, |state| {
                    state.listed_models = None;
                    state.listed_at = None;
                    state.test = None;
                })?;
            }
            Ok(())
        })
        .await?;
    inner.reload().await
}

/// Removes a provider of the user's own, and its keys.
pub(crate) async fn remove(inner: &Inner, id: &ProviderId) -> Result<(), Failure> {
    if !known(inner, id)?.provider.custom {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("Built-in providers cannot be removed.")));
    }
    keys::delete_all(inner, id).await?;
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
    "vertex",
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

/// A provider. Error `request.invalid` when there is none of that id.
pub(crate) fn known(inner: &Inner, id: &ProviderId) -> Result<Known, Failure> {
    inner.registry().provider(id).cloned().ok_or_else(|| {
        Failure::new(ErrorKind::RequestInvalid, say!("There is no provider called “{id}”.", id))
    })
}

/// Changes some of what is stored of a provider. What other processes wrote into the rest stays, which is
/// why nothing is ever written back from memory.
pub(crate) async fn change(
    inner: &Inner,
    id: &ProviderId,
    edit: impl FnOnce(&mut ProviderStateRow) + Send + 'static,
) -> Result<(), Failure> {
    let id = id.clone();
    inner.store.write(move |tx| change_in(tx, &id, edit).map(|_| ())).await
}

/// The row as it is now, and whether that is new.
pub(crate) fn change_in(
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

#[cfg(test)]
#[path = "providers_tests.rs"]
mod tests;
