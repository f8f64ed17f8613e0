//! What a user enters as a key, where that is more than one word: access keys, service accounts.
//!
//! A credential of several parts is one text in the keychain, in the short form that [`enter`] gives it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{AuthScheme, ErrorKind, Failure, Secret, say};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// Access keys of AWS, with which requests are signed.
pub(crate) struct AccessKeys {
    pub(crate) id: Secret,
    pub(crate) secret: Secret,
    /// Of temporary keys.
    pub(crate) session: Option<Secret>,
}

/// A service account of Google.
pub(crate) struct ServiceAccount {
    pub(crate) email: String,
    pub(crate) key_id: String,
    /// PKCS#8.
    pub(crate) key: Zeroizing<Vec<u8>>,
}

/// A user's own login, as gcloud keeps it.
pub(crate) struct UserLogin {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) refresh_token: Secret,
    /// The project that requests are counted against.
    pub(crate) quota_project: Option<String>,
}

/// What a key turns out to be.
pub(crate) enum Credential {
    /// Sent as it is.
    Plain,
    Access(AccessKeys),
    Service(ServiceAccount),
    User(UserLogin),
}

/// A key in the form in which it is kept.
#[derive(Debug)]
pub struct Entered {
    /// The key.
    pub secret: Secret,
    /// Four characters by which a user tells it from others.
    pub last_four: Option<String>,
}

/// Checks what was entered as a key and brings it into the form in which it is kept: one line, nothing
/// that is not needed. Error `request.invalid` with what is wrong; it never quotes the key.
pub fn enter(scheme: &AuthScheme, entered: &Secret) -> Result<Entered, Failure> {
    if entered.is_empty() {
        return Err(invalid(say!("The key is empty.")));
    }
    let (secret, shown) = match parse(scheme, entered)? {
        Credential::Plain => {
            if entered.expose().chars().any(|c| c.is_control() || c.is_whitespace()) {
                return Err(invalid(say!(
                    "The key holds spaces or line breaks. Copy it again, without what stands around it."
                )));
            }
            (Secret::new(entered.expose()), entered.last_four())
        }
        Credential::Access(keys) => {
            let session = keys.session.as_ref().map_or(String::new(), |s| format!(":{}", s.expose()));
            let joined = Zeroizing::new(format!("{}:{}{session}", keys.id.expose(), keys.secret.expose()));
            (Secret::new(joined.as_str()), keys.id.last_four())
        }
        Credential::Service(account) => {
            ring::signature::RsaKeyPair::from_pkcs8(&account.key).map_err(|_| broken())?;
            let key = Zeroizing::new(STANDARD.encode(&*account.key));
            let text = json!({
                "type": SERVICE, "client_email": account.email, "private_key_id": account.key_id,
                "private_key": key.as_str(),
            });
            (kept(&text), Secret::new(account.key_id.as_str()).last_four())
        }
        Credential::User(login) => {
            let mut text = json!({
                "type": USER, "client_id": login.client_id, "client_secret": login.client_secret.expose(),
                "refresh_token": login.refresh_token.expose(),
            });
            if let Some(project) = &login.quota_project {
                text["quota_project_id"] = project.as_str().into();
            }
            (kept(&text), login.refresh_token.last_four())
        }
    };
    Ok(Entered { secret, last_four: shown })
}

const SERVICE: &str = "service_account";
const USER: &str = "authorized_user";

fn kept(text: &Value) -> Secret {
    Secret::new(Zeroizing::new(text.to_string()).as_str())
}

/// Reads a key under the scheme it is for.
pub(crate) fn parse(scheme: &AuthScheme, key: &Secret) -> Result<Credential, Failure> {
    match scheme {
        AuthScheme::Aws { .. } => access_keys(key.expose()),
        AuthScheme::Google { .. } => google(key.expose()),
        AuthScheme::Bearer | AuthScheme::Header { .. } | AuthScheme::None => Ok(Credential::Plain),
    }
}

/// The parts of a key that must never be seen. Of a plain key that is all of it; the rest of a document,
/// an e-mail address say, is no secret and may stand in a message.
pub(crate) fn parts(key: &str) -> Vec<Zeroizing<String>> {
    if let Some(object) = object(key) {
        let found: Vec<_> = SECRETS.iter().filter_map(|name| text(&object, &[name])).map(bare).collect();
        if !found.is_empty() {
            return found;
        }
    } else if is_access(key) {
        return key.split(':').map(|part| Zeroizing::new(part.to_owned())).collect();
    }
    vec![Zeroizing::new(key.to_owned())]
}

/// Fields of any document that are secret.
const SECRETS: &[&str] =
    &["private_key", "refresh_token", "client_secret", "SecretAccessKey", "SessionToken", "AccessKeyId"];

/// A private key without its frame and line ends; anything else as it is.
fn bare(text: &str) -> Zeroizing<String> {
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.starts_with("-----"));
    Zeroizing::new(lines.collect())
}

/// Ids of access keys begin so (docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
fn is_access(key: &str) -> bool {
    (key.starts_with("AKIA") || key.starts_with("ASIA")) && key.contains(':')
}

fn access_keys(key: &str) -> Result<Credential, Failure> {
    let found = if let Some(object) = object(key) {
        let object = match object.get("Credentials") {
            Some(Value::Object(inner)) => inner.clone(),
            _ => object,
        };
        let get = |names: &[&str]| text(&object, names).map(str::to_owned);
        (
            get(&["AccessKeyId", "aws_access_key_id", "accessKeyId"]),
            get(&["SecretAccessKey", "aws_secret_access_key", "secretAccessKey"]),
            get(&["SessionToken", "aws_session_token", "sessionToken"]),
        )
    } else if is_access(key) {
        let mut parts = key.split(':').map(|part| part.trim().to_owned());
        let found = (parts.next(), parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(invalid(access_form()));
        }
        found
    } else if let Some(found) = lines(key) {
        found
    } else {
        return Ok(Credential::Plain);
    };
    let part = |text: Option<String>| text.map(Secret::new).filter(|part| !part.is_empty());
    let (Some(id), Some(secret)) = (part(found.0), part(found.1)) else {
        return Err(invalid(access_form()));
    };
    let session = part(found.2);
    let plain = |part: &Secret| part.expose().bytes().all(|b| b.is_ascii_graphic() && b != b':');
    if !plain(&id) || !plain(&secret) || !session.as_ref().is_none_or(plain) {
        return Err(invalid(access_form()));
    }
    Ok(Credential::Access(AccessKeys { id, secret, session }))
}

fn access_form() -> domain::Words {
    say!(
        "These are no whole access keys. Enter ACCESS_KEY_ID:SECRET_ACCESS_KEY, with \
     :SESSION_TOKEN behind them if they are temporary, or the JSON that the aws command gives, or an API \
     key of Bedrock."
    )
}

type Lines = (Option<String>, Option<String>, Option<String>);

/// Lines as the console offers them for a shell or the credentials file: `[export ]NAME=value`.
fn lines(key: &str) -> Option<Lines> {
    let mut found = (None, None, None);
    for line in key.lines() {
        let line = line.trim().strip_prefix("export ").unwrap_or(line.trim());
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = Some(value.trim().trim_matches('"').to_owned());
        match name.trim().to_ascii_lowercase().as_str() {
            "aws_access_key_id" => found.0 = value,
            "aws_secret_access_key" => found.1 = value,
            "aws_session_token" => found.2 = value,
            _ => {}
        }
    }
    found.0.is_some().then_some(found)
}

fn google(key: &str) -> Result<Credential, Failure> {
    if !key.starts_with('{') {
        return Ok(Credential::Plain);
    }
    let object = object(key).ok_or_else(|| {
        invalid(say!("This begins like a JSON key file but is none. Copy the whole file, from { to }."))
    })?;
    let needed = |name: &str| {
        text(&object, &[name]).map(str::to_owned).ok_or_else(|| {
            invalid(say!("The key file has no “{name}”. Make a new key in the Google Cloud console.", name))
        })
    };
    if text(&object, &["universe_domain"]).is_some_and(|domain| domain != "googleapis.com") {
        return Err(invalid(say!("Keys of other Google Cloud universes are not supported.")));
    }
    // Where the assertion goes is fixed in our data. A file that names another place is not Google's.
    if let Some(place) = text(&object, &["token_uri"]).filter(|place| !of_google(place)) {
        let host = place.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or("another host");
        let host: String = host.chars().take(100).collect();
        return Err(invalid(say!(
            "The key file wants its key proved to {host}, which is not Google. Do not use it; make a new key in \
             the Google Cloud console.",
            host
        )));
    }
    match text(&object, &["type"]) {
        Some(SERVICE) => {
            let key = Zeroizing::new(needed("private_key")?);
            Ok(Credential::Service(ServiceAccount {
                email: needed("client_email")?,
                key_id: needed("private_key_id")?,
                key: private_key(&key)?,
            }))
        }
        Some(USER) => Ok(Credential::User(UserLogin {
            client_id: needed("client_id")?,
            client_secret: Secret::new(needed("client_secret")?),
            refresh_token: Secret::new(needed("refresh_token")?),
            quota_project: text(&object, &["quota_project_id"]).map(str::to_owned),
        })),
        Some(other) => {
            let other: String = other.chars().take(60).collect();
            Err(invalid(say!(
                "Credentials of type “{other}” are not supported. Use the key file of a service account, or the \
                 file that `gcloud auth application-default login` writes.",
                other
            )))
        }
        None => Err(invalid(say!(
            "The key file does not say its type. Use the key file of a service account, or the file that \
             `gcloud auth application-default login` writes."
        ))),
    }
}

/// Token addresses that files from Google name.
fn of_google(place: &str) -> bool {
    let Some(rest) = place.strip_prefix("https://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    matches!(host, "oauth2.googleapis.com" | "accounts.google.com" | "www.googleapis.com")
}

/// PKCS#8 out of PEM or bare base64.
fn private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    STANDARD.decode(bare(text).as_bytes()).map(Zeroizing::new).map_err(|_| broken())
}

fn broken() -> Failure {
    invalid(say!("The private key in the key file cannot be read. Copy the whole file, or make a new key."))
}

fn object(key: &str) -> Option<Map<String, Value>> {
    if !key.starts_with('{') {
        return None;
    }
    match serde_json::from_str(key) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn text<'o>(object: &'o Map<String, Value>, names: &[&str]) -> Option<&'o str> {
    names.iter().find_map(|name| object.get(*name)?.as_str()).filter(|text| !text.is_empty())
}

fn invalid(message: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, message)
}

#[cfg(test)]
#[path = "credential_tests.rs"]
mod tests;
