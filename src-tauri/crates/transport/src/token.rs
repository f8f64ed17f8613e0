//! Access tokens of Google, exchanged for a service account or a user's login and kept in memory until
//! they are about to end (developers.google.com/identity/protocols/oauth2/service-account, 2026-11).

use crate::credential::{Credential, ServiceAccount, UserLogin};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{ErrorKind, Failure, ProviderId, Secret, Timestamp, Upstream};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest life of an assertion, in seconds; Google takes no longer one.
const ASSERTION_LIFE: i64 = 3600;
/// Tokens kept. There is one a key, in practice one or two.
const MOST_KEPT: usize = 16;
/// Shortest life of a token that is used again, and what is assumed where none is said, in seconds.
const SHORT_LIFE: i64 = 60;

struct Kept {
    token: Secret,
    /// A new one is fetched from here on, before the old one ends.
    until: Timestamp,
}

type Place = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// Tokens by the key they were made from. In memory only.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: Mutex<HashMap<[u8; 32], Place>>,
}

/// Whose token, and for what.
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a Secret,
    pub(crate) token_url: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) now: Timestamp,
}

impl Tokens {
    /// The token of a key: the kept one, or a new one by `exchange`, which posts a form and gives back
    /// status and body. Callers that want the same token at the same time wait for one exchange.
    pub(crate) async fn get<F>(
        &self,
        wanted: &Wanted<'_>,
        credential: &Credential,
        provider: &ProviderId,
        exchange: impl FnOnce(Secret) -> F,
    ) -> Result<Secret, Failure>
    where
        F: Future<Output = Result<(u16, Vec<u8>), Failure>>,
    {
        let place = self.place(wanted);
        let mut kept = place.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| wanted.now.0 < kept.until.0) {
            return Ok(Secret::new(kept.token.expose()));
        }
        let form = form(wanted, credential)?;
        let (status, body) = exchange(form).await?;
        let (token, life) = read(status, &body, provider)?;
        let until = wanted.now.0.saturating_add(life.saturating_mul(800));
        *kept = Some(Kept { token: Secret::new(token.expose()), until: Timestamp(until) });
        Ok(token)
    }

    /// Will the next call fetch a token? While another call fetches it, the answer is yes.
    pub(crate) fn missing(&self, wanted: &Wanted<'_>) -> bool {
        let place = self.place(wanted);
        let kept = place.try_lock();
        !kept.is_ok_and(|kept| kept.as_ref().is_some_and(|kept| wanted.now.0 < kept.until.0))
    }

    /// The kept token was not accepted: the next call fetches a new one.
    pub(crate) fn forget(&self, wanted: &Wanted<'_>) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(wanted));
    }

    fn place(&self, wanted: &Wanted<'_>) -> Place {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT && !kept.contains_key(&name(wanted)) {
            kept.clear();
        }
        Arc::clone(kept.entry(name(wanted)).or_default())
    }
}

/// Of a key and its purpose, without holding the key.
fn name(wanted: &Wanted<'_>) -> [u8; 32] {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in [wanted.token_url, wanted.scope, wanted.key.expose()] {
        hash.update(&part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut name = [0; 32];
    name.copy_from_slice(hash.finish().as_ref());
    name
}

/// The body of the exchange, `application/x-www-form-urlencoded`.
fn form(wanted: &Wanted<'_>, credential: &Credential) -> Result<Secret, Failure> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    match credential {
        Credential::Service(account) => {
            let assertion = assertion(account, wanted)?;
            form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
            form.append_pair("assertion", assertion.expose());
        }
        Credential::User(UserLogin { client_id, client_secret, refresh_token, .. }) => {
            form.append_pair("grant_type", "refresh_token");
            form.append_pair("client_id", client_id);
            form.append_pair("client_secret", client_secret.expose());
            form.append_pair("refresh_token", refresh_token.expose());
        }
        Credential::Plain | Credential::Access(_) => {
            return Err(Failure::new(ErrorKind::Bug, "A token was asked for with a key that needs none."));
        }
    }
    Ok(Secret::new(form.finish()))
}

/// A signed statement that the service account asks for a token (RFC 7523, RS256). It goes to
/// `token_url` alone, which is also who may accept it.
fn assertion(account: &ServiceAccount, wanted: &Wanted<'_>) -> Result<Secret, Failure> {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": account.key_id });
    let issued = wanted.now.0.div_euclid(1000);
    let claims = json!({
        "iss": account.email,
        "scope": wanted.scope,
        "aud": wanted.token_url,
        "iat": issued,
        "exp": issued + ASSERTION_LIFE,
    });
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encoded(&header), encoded(&claims));
    let unusable = || {
        Failure::new(
            ErrorKind::AuthRejected,
            "The service account's private key cannot be used. Enter its key file again.",
        )
    };
    let key = RsaKeyPair::from_pkcs8(&account.key).map_err(|_| unusable())?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| unusable())?;
    Ok(Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

/// The token and its life in seconds, or why there is none.
fn read(status: u16, body: &[u8], provider: &ProviderId) -> Result<(Secret, i64), Failure> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let token = answer["access_token"].as_str().filter(|token| !token.is_empty());
    if let Some(token) = token.filter(|_| status < 400) {
        let life = answer["expires_in"].as_i64().unwrap_or(SHORT_LIFE).max(SHORT_LIFE);
        return Ok((Secret::new(token), life));
    }
    let code = answer["error"].as_str().map(|code| cut(code, 80));
    let words = answer["error_description"].as_str().map(|words| cut(words, 300));
    let said = words.as_deref().or(code.as_deref()).map_or_else(String::new, |said| format!(" ({said})"));
    let (kind, message) = match (status, code.as_deref()) {
        (429, _) => (ErrorKind::LimitRate, format!("Google gives no more access tokens just now{said}.")),
        (500.., _) => (
            ErrorKind::UpstreamInternal,
            format!("Google could not give an access token{said}. Try again in a moment."),
        ),
        (_, Some("invalid_grant")) => (
            ErrorKind::AuthRejected,
            format!(
                "Google does not accept this login{said}. Check that this computer's clock is right; if it is, the \
                 key was deleted or has ended, so enter a new one."
            ),
        ),
        (400..=499, _) => (
            ErrorKind::AuthRejected,
            format!("Google gives no access token for this key{said}. Enter a new key file."),
        ),
        _ => (
            ErrorKind::NetConnect,
            "The answer to the request for an access token is not one. Check the network's proxy.".to_owned(),
        ),
    };
    Err(Failure::new(kind, message).with_upstream(Upstream {
        provider: Some(provider.clone()),
        status: Some(status),
        code,
        message: words,
        ..Upstream::default()
    }))
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
