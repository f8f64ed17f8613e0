//! Asking a provider for its models: tests of keys, servers on this machine, live lists.

use crate::{
    clock::millis,
    credit::Credit,
    inner::Inner,
    listed::as_json,
    live::lock,
    providers::{change, change_in, known},
    registry::{Known, Listed},
};
use domain::{
    AccountLabel, AccountRef, Call, ErrorKind, Failure, Headers, KeyCheck, Method, Millis, ProviderId,
    Secret, Timestamp, Words, say,
};
use futures_util::{StreamExt as _, future::join_all, stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use transport::{Deadlines, Origin, Response};

/// Most of a model list that is read.
const LIST_LIMIT: usize = 16 * 1024 * 1024;
/// Most pages of a list, and most models, that are read: more than any provider has.
const PAGES: usize = 50;
const MOST_MODELS: usize = 20_000;
/// Most models of a server on this machine that it is asked about, and how many at once.
const MOST_DESCRIBED: usize = 200;
const AT_ONCE: usize = 4;
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

/// Tests one of a provider's keys, the one of that label, else the first; of a provider that needs none,
/// whether it answers. Asks for the list of models, which costs nothing, and keeps it. Where nothing can be asked, for
/// want of the key, of the keychain or of the address, that is an error and no finding about the key.
pub(crate) async fn test(
    inner: &Inner,
    id: &ProviderId,
    label: Option<&AccountLabel>,
) -> Result<Tested, Failure> {
    let known = known(inner, id)?;
    let account = asked(&known, label)?;
    inner.key_for(&known, account.as_ref()).await?;
    let started = inner.clock.elapsed();
    let asking = Asking { inner, known: &known, account: account.as_ref(), deadlines: Deadlines::default() };
    let checked = asking.check().await;
    let took = millis(inner.clock.elapsed().saturating_sub(started));
    let Checked { result, message, listed } = checked;
    let models = listed.as_ref().map(|models| u32::try_from(models.len()).unwrap_or(u32::MAX));
    let tested = Tested { result, message, at: inner.clock.now(), models, took };
    let text = serde_json::to_string(&tested)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("The test could not be kept ({error}).")))?;
    keep_test(inner, &known, account, text).await?;
    if let Some(models) = listed.filter(|_| !known.provider.quirks.list_only_tests) {
        keep_list(inner, &known, &models, tested.at).await?;
    }
    inner.reload().await?;
    Ok(tested)
}

/// Keeps what a provider lists, unless it has moved to another address meanwhile.
async fn keep_list(inner: &Inner, known: &Known, models: &[Listed], at: Timestamp) -> Result<(), Failure> {
    let listed = as_json(models)?;
    let id = known.provider.id.clone();
    if self::known(inner, &id)?.provider.base_url != known.provider.base_url {
        return Ok(());
    }
    let local = known.provider.local;
    change(inner, &id, move |state| {
        state.listed_models = Some(listed);
        state.listed_at = Some(at);
        state.enabled |= local;
    })
    .await
}

/// Reads a provider's list of models again. Returns how many it has. Errors are those of the call, and
/// `request.unsupported` where it has none to read.
pub(crate) async fn refresh(inner: &Inner, id: &ProviderId) -> Result<usize, Failure> {
    let known = known(inner, id)?;
    if known.provider.quirks.list_only_tests {
        return Err(Failure::new(ErrorKind::RequestUnsupported, deployments(&known.provider.name, id)));
    }
    let account = asked(&known, None)?;
    let asking = Asking { inner, known: &known, account: account.as_ref(), deadlines: Deadlines::default() };
    let models = asking.list().await?;
    keep_list(inner, &known, &models, inner.clock.now()).await?;
    inner.reload().await?;
    Ok(models.len())
}

/// The key that a test is about.
fn deployments(name: &str, id: &ProviderId) -> Words {
    say!(
        "{name} lists what could be deployed, not your deployments. Ask for one as DEPLOYMENT@{id}.",
        name,
        id
    )
}

fn no_test(name: &str) -> Words {
    say!("{name} offers no way to test a key without spending. The first question will show.", name)
}

fn asked(known: &Known, label: Option<&AccountLabel>) -> Result<Option<AccountLabel>, Failure> {
    let keys = known.asked_with();
    match label {
        None => Ok(keys.into_iter().next().flatten()),
        Some(label) => match keys.into_iter().flatten().find(|key| key == label) {
            Some(key) => Ok(Some(key)),
            None => {
                let name = &known.provider.name;
                let words = say!("{name} has no key called “{label}” for its present address.", name, label);
                Err(Failure::new(ErrorKind::AuthMissing, words))
            }
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

fn verdict(kind: ErrorKind) -> TestResult {
    match kind {
        ErrorKind::AuthRejected => TestResult::Rejected,
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
    let lists = join_all(locals.iter().map(|known| async move {
        // A server on this machine may ask for a key like any other.
        let account = known.asked_with().into_iter().next().flatten();
        Asking { inner, known, account: account.as_ref(), deadlines }.list().await
    }))
    .await;
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

/// What a test found.
struct Checked {
    result: TestResult,
    message: String,
    listed: Option<Vec<Listed>>,
}

/// Free calls to one provider with one key.
struct Asking<'a> {
    inner: &'a Inner,
    known: &'a Known,
    account: Option<&'a AccountLabel>,
    deadlines: Deadlines,
}

impl Asking<'_> {
    async fn check(&self) -> Checked {
        let provider = &self.known.provider;
        let name = &provider.name;
        let found = |result, message| Checked { result, message, listed: None };
        let answer = match &provider.key_check {
            Some(check) if self.account.is_some() => Some(self.key_check(check).await),
            _ => None,
        };
        if let Some(Err(failure)) = &answer {
            return found(verdict(failure.kind), failure.message.clone());
        }
        if let Some(Ok(Credit::Gone)) = answer {
            return Checked {
                listed: self.list().await.ok(),
                ..found(
                    TestResult::NoCredit,
                    format!("{name} takes the key, but there is no credit left on it. Add some at {name}."),
                )
            };
        }
        let models = match self.list().await {
            Ok(models) => models,
            // The key is known to be good by now; that there is no list is another matter.
            Err(_) if answer.is_some() && provider.models_path.is_none() => {
                return found(TestResult::Valid, format!("{name} takes the key."));
            }
            Err(failure) if answer.is_some() => {
                return found(TestResult::Valid, format!("{name} takes the key. {}", failure.message));
            }
            Err(failure) => return found(verdict(failure.kind), failure.message),
        };
        if provider.quirks.list_only_tests {
            return found(
                TestResult::Valid,
                format!("{name} takes the key. Its deployments are not listed."),
            );
        }
        let count = models.len();
        let (result, message) = match answer {
            Some(_) => (TestResult::Valid, format!("{name} takes the key and lists {count} models.")),
            None if self.open_to_everybody().await => (
                TestResult::Unknown,
                format!(
                    "{name} answers and lists {count} models, but gives its list to everybody and has no other \
                     free way to test a key. The first question will show."
                ),
            ),
            None => (TestResult::Valid, format!("{name} answers and lists {count} models.")),
        };
        Checked { result, message, listed: Some(models) }
    }

    /// Does a list of models that came with a key come without one as well? Asked only of hosted providers
    /// that need a key: then a list proves nothing.
    async fn open_to_everybody(&self) -> bool {
        if self.account.is_none() || self.known.keyless() || self.known.provider.local {
            return false;
        }
        let Ok((dialect, path)) = self.place() else { return false };
        let call = call(dialect, path, &[]);
        let answer = self.send(call, None).await;
        answer.is_ok_and(|response| response.status < 300)
    }

    async fn key_check(&self, check: &KeyCheck) -> Result<Credit, Failure> {
        let dialect = self.dialect()?;
        let secret = self.inner.key_for(self.known, self.account).await?;
        let mut asked = call(dialect, check.path.clone(), &[]);
        if let Some(body) = &check.body {
            asked.method = Method::Post;
            asked.headers.push("content-type", "application/json");
            asked.body = body.clone().into_bytes();
        }
        let body = match self.fetch(dialect, asked, secret.as_ref()).await {
            // What was asked about may be gone by now; the key was looked at before that.
            Err(failure) if check.body.is_some() && failure.kind == ErrorKind::RequestNoModel => {
                return Ok(Credit::Unsaid);
            }
            read => read?,
        };
        let said: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let credit = check.credit.as_deref().zip(said.as_ref()).and_then(|(at, said)| said.pointer(at));
        Ok(credit.map_or(Credit::Unsaid, Credit::of))
    }

    /// Every page of the list.
    async fn list(&self) -> Result<Vec<Listed>, Failure> {
        let (dialect, path) = self.place()?;
        let secret = self.inner.key_for(self.known, self.account).await?;
        let mut query: Vec<(String, String)> =
            dialect.models_query().iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let first = query.len();
        let mut models: Vec<wire::ListedModel> = Vec::new();
        for _ in 0..PAGES {
            let body = self.fetch(dialect, call(dialect, path.clone(), &query), secret.as_ref()).await?;
            models.extend(
                dialect
                    .models(&body)?
                    .into_iter()
                    .filter(|model| !model.id.is_empty() && model.id.len() <= 256),
            );
            let next = wire::next_page(&body).map(|(name, value)| (name.to_owned(), value));
            // A page that names itself as the next would be asked for again and again.
            let Some(next) = next.filter(|next| query.get(first) != Some(next)) else { break };
            query.truncate(first);
            query.push(next);
            if models.len() >= MOST_MODELS {
                break;
            }
        }
        models.truncate(MOST_MODELS);
        if self.known.provider.local {
            models = self.describe(dialect, models, secret.as_ref()).await;
        }
        Ok(models.into_iter().map(Listed::from).collect())
    }

    /// Asks a server on this machine about each of its models, where its list says little of them. A model about which
    /// it gives no answer stays as it was listed; one that is none to talk to is left out.
    async fn describe(
        &self,
        dialect: &'static dyn wire::Dialect,
        models: Vec<wire::ListedModel>,
        secret: Option<&Secret>,
    ) -> Vec<wire::ListedModel> {
        let described = stream::iter(models.into_iter().enumerate()).map(|(place, model)| async move {
            let call = dialect.describe(&model.id).filter(|_| place < MOST_DESCRIBED);
            let Some(call) = call else { return Some(model) };
            match self.fetch(dialect, call, secret).await {
                Ok(body) => dialect.described(&body, model),
                Err(_) => Some(model),
            }
        });
        described.buffered(AT_ONCE).filter_map(std::future::ready).collect().await
    }

    fn dialect(&self) -> Result<&'static dyn wire::Dialect, Failure> {
        let provider = &self.known.provider;
        wire::dialect(provider.dialect.as_str()).ok_or_else(|| {
            let (name, dialect) = (&provider.name, &provider.dialect);
            let words = say!("{name} speaks “{dialect}”, which this version cannot.", name, dialect);
            Failure::new(ErrorKind::RequestUnsupported, words)
        })
    }

    /// Where the list of models is.
    fn place(&self) -> Result<(&'static dyn wire::Dialect, String), Failure> {
        let provider = &self.known.provider;
        let untested = || Failure::new(ErrorKind::RequestUnsupported, no_test(&provider.name));
        let path = provider.models_path.clone().ok_or_else(untested)?;
        Ok((self.dialect()?, path))
    }

    fn origin(&self) -> Origin {
        let provider = &self.known.provider;
        Origin {
            base_url: provider.base_url.clone(),
            auth: provider.auth.clone(),
            provider: provider.id.clone(),
            extra_headers: provider.quirks.extra_headers.clone(),
            now: self.inner.clock.now(),
        }
    }

    /// Sends, once the log says so.
    async fn send(&self, call: Call, secret: Option<&Secret>) -> Result<Response, Failure> {
        let to = self.origin();
        let provider = &self.known.provider;
        if !provider.local && provider.id.as_str() != catalog::DEMO {
            let host = transport::origin_of(&to.base_url)?;
            let account = self.account.filter(|_| secret.is_some()).cloned();
            self.inner.note_leaving("models", host, provider.id.clone(), account).await?;
        }
        self.inner.send(&to, call, secret, self.account, self.deadlines).await
    }

    /// The body of a whole answer. An error status is read as its failure.
    async fn fetch(
        &self,
        dialect: &dyn wire::Dialect,
        call: Call,
        secret: Option<&Secret>,
    ) -> Result<Vec<u8>, Failure> {
        let mut response = self.send(call, secret).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.body.next().await {
            body.extend_from_slice(&chunk?);
            if body.len() > LIST_LIMIT {
                let words = say!("The answer is longer than 16 MB.");
                return Err(Failure::new(ErrorKind::StreamMalformed, words));
            }
        }
        if response.status < 400 {
            return Ok(body);
        }
        let headers = wire::dated(&response.headers, self.inner.clock.now());
        let mut failure = dialect.failure(response.status, &headers, &body);
        for secret in secret.into_iter().chain(&response.token) {
            failure.each_text(&mut |text| *text = transport::redact(text, secret));
        }
        Err(failure)
    }
}

fn call(dialect: &dyn wire::Dialect, path: String, query: &[(String, String)]) -> Call {
    let mut headers = Headers::default();
    headers.push("accept", "application/json");
    if dialect.id() == "anthropic-messages" {
        headers.push("anthropic-version", "2023-06-01");
    }
    Call { method: Method::Get, path, query: query.to_vec(), headers, body: Vec::new() }
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
