//! AWS Signature Version 4: who asks is proved by a signature over the request, made with a key that
//! never travels (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html,
//! 2026-11). Pure: the time is handed in.

use crate::credential::AccessKeys;
use domain::{Secret, Timestamp};
use ring::{digest, hmac};
use std::fmt::Write as _;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature is valid for.
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    /// The moment of signing; AWS takes five minutes of difference to its own clock.
    pub(crate) at: Timestamp,
}

/// What is signed.
pub(crate) struct Signed<'a> {
    /// `GET`, `POST`.
    pub(crate) method: &'a str,
    /// The path as it is sent. What is percent-encoded in it is encoded again for the signature, as every
    /// service but S3 has it.
    pub(crate) path: &'a str,
    /// The query as it is sent, without `?`.
    pub(crate) query: &'a str,
    /// Every header that is signed; `host` and `x-amz-date` must be among them.
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a [u8],
}

/// The value of the `Authorization` header.
pub(crate) fn authorization(request: &Signed<'_>, scope: &Scope<'_>, keys: &AccessKeys) -> Secret {
    let (text, names) = canonical(request);
    let stamp = stamp(scope.at);
    let day = stamp.get(..8).unwrap_or_default();
    let place = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!("{ALGORITHM}\n{stamp}\n{place}\n{}", hex(sha256(text.as_bytes()).as_ref()));
    let signature = sign(keys.secret.expose(), day, scope, &to_sign);
    Secret::new(format!(
        "{ALGORITHM} Credential={}/{place}, SignedHeaders={names}, Signature={signature}",
        keys.id.expose()
    ))
}

/// `YYYYMMDDTHHMMSSZ`, the value of `x-amz-date`.
pub(crate) fn stamp(at: Timestamp) -> String {
    let seconds = at.0.div_euclid(1000);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 1 March of year 0, so that a leap day is the last of its year.
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    let year = year + era * 400;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}{month:02}{date:02}T{hour:02}{minute:02}{:02}Z", second % 60)
}

/// The hash of a body, in hexadecimal.
pub(crate) fn hash(body: &[u8]) -> String {
    hex(sha256(body).as_ref())
}

/// The request in the one form that both sides sign, and the names of its signed headers.
fn canonical(request: &Signed<'_>) -> (String, String) {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in request.headers {
        let name = name.to_ascii_lowercase();
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.extend([",", &value]),
            None => headers.push((name, value)),
        }
    }
    headers.sort();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let path = if request.path.is_empty() { "/" } else { request.path };
    let mut text = format!("{}\n{}\n{}\n", request.method, encode(path, true), query(request.query));
    for (name, value) in &headers {
        text.extend([name, ":", value, "\n"]);
    }
    text.extend(["\n", &names, "\n", &hash(request.body)]);
    (text, names)
}

/// Name and value pairs in order of their encoded form.
fn query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(&decoded(name), false), encode(&decoded(value), false))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Percent-encodes everything but unreserved characters and, in a path, the slash.
fn encode(text: &str, path: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (path && byte == b'/') {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Takes percent-encoding off; what is none stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let pair = behind.get(..2).filter(|_| *first == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A key for one day, region and service is derived from the secret and signs the text.
fn sign(secret: &str, day: &str, scope: &Scope<'_>, text: &str) -> String {
    let first = zeroize::Zeroizing::new(format!("AWS4{secret}"));
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, first.as_bytes());
    for part in [day, scope.region, scope.service, "aws4_request"] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    hex(hmac::sign(&key, text.as_bytes()).as_ref())
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing into a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
