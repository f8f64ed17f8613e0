//! Asking a provider for its models: tests of keys, servers on this machine, live lists.

use crate::{
    clock::millis,
    inner::Inner,
    live::lock,
    providers::{change, change_in, known},
    registry::{Known, Listed},
};
use domain::{
    AccountLabel, AccountRef, Call, ErrorKind, Failure, Headers, Method, Millis, ProviderId, Timestamp,
};
use futures_util::{StreamExt as _, future::join_all};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use transport::{Deadlines, Origin};

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

/// Asks the provider for its models with one of its keys: the one of that label, else the first. Never
/// spends money.
pub(crate) async fn test(
    inner: &Inner,
    id: &ProviderId,
    label: Option<&AccountLabel>,
) -> Result<Tested, Failure> {
    let known = known(inner, id)?;
    let account = asked(&known, label)?;
    let started = inner.clock.elapsed();
    let listed = list_models(inner, &known, account.as_ref(), Deadlines::default()).await;
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
    keep_test(inner, &known, account, text).await?;
    if let Some(listed) = found {
        let at = tested.at;
        change(inner, id, move |state| {
            state.listed_models = Some(listed);
            state.listed_at = Some(at);
            state.enabled = true;
        })
        .await?;
    }
    inner.reload().await?;
    Ok(tested)
}

/// The key that a test is about.
fn asked(known: &Known, label: Option<&AccountLabel>) -> Result<Option<AccountLabel>, Failure> {
    let keys = known.asked_with();
    match label {
        None => Ok(keys.into_iter().next().flatten()),
        Some(label) => match keys.into_iter().flatten().find(|key| key == label) {
            Some(key) => Ok(Some(key)),
            None => Err(Failure::new(
                ErrorKind::AuthMissing,
                format!("{} has no key called “{label}” for its present address.", known.provider.name),
            )),
        },
    }
}

/// Keeps the result of a test, unless the key it was about is no longer the one in use.
async fn keep_test(
    inner: &Inner,
    known: &Known,
    account: Option<AccountLabel>,
    test: String,
) -> Result<(), Failure> {
    let provider = known.provider.id.clone();
    let Some(label) = account else {
        return change(inner, &provider, move |state| state.test = Some(test)).await;
    };
    if label.is_environment() {
        lock(&inner.env_tests).insert(provider, test);
        return Ok(());
    }
    let Some(tested) = known.key(&label).cloned() else { return Ok(()) };
    let named = AccountRef { provider, label };
    if let Some((_, present)) = lock(&inner.session_keys).iter_mut().find(|(other, _)| *other == named) {
        if (&present.key_origin, &present.last_four) == (&tested.key_origin, &tested.last_four) {
            present.test = Some(test);
        }
        return Ok(());
    }
    inner
        .store
        .write(move |tx| match tx.account(&named.provider, &named.label)? {
            Some(mut row) if (&row.key_origin, &row.last_four) == (&tested.key_origin, &tested.last_four) => {
                row.test = Some(test);
                tx.put_account(&row)
            }
            _ => Ok(()),
        })
        .await
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
    let lists = join_all(locals.iter().map(|known| list_models(inner, known, None, deadlines))).await;
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
    let now = inner.clock.now();
    let (enabled, changed) = inner
        .store
        .write(move |tx| {
            let mut changed = false;
            let mut enabled = Vec::new();
            for (id, listed) in answers {
                let (state, new) = change_in(tx, &id, |state| {
                    state.enabled |= state.listed_models.is_none();
                    state.listed_models = Some(listed);
                    state.listed_at = Some(now);
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

async fn list_models(
    inner: &Inner,
    known: &Known,
    account: Option<&AccountLabel>,
    deadlines: Deadlines,
) -> Result<Vec<Listed>, Failure> {
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
    let secret = inner.key_for(known, account).await?;
    let origin = Origin {
        base_url: provider.base_url.clone(),
        auth: provider.auth.clone(),
        provider: provider.id.clone(),
        extra_headers: provider.quirks.extra_headers.clone(),
        now: inner.clock.now(),
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
        for secret in secret.iter().chain(&response.token) {
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
