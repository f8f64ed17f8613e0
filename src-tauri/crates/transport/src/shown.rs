//! A request as it goes out, for people to see: whole address and headers, words in the place of the key.

use crate::{Origin, http, target::target};
use domain::{AuthScheme, Call, Failure};

/// Stands where the key goes; a shell puts its own in.
pub const KEY: &str = "$API_KEY";

/// What of a request may be shown and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whole address.
    pub url: String,
    /// Headers in order of their names, that of the key with [`KEY`] in its place.
    pub headers: Vec<(String, String)>,
}

/// How `call` leaves for `to`. `keyed`: a key goes along. Errors as when it is sent.
pub fn shown(to: &Origin, call: &Call, keyed: bool) -> Result<Shown, Failure> {
    let sent = http::headers(to, call)?;
    let mut headers: Vec<(String, String)> = sent
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    if keyed {
        headers.push(match &to.auth {
            AuthScheme::Header { name } => (name.to_ascii_lowercase(), KEY.to_owned()),
            AuthScheme::Bearer | AuthScheme::None | AuthScheme::Aws { .. } | AuthScheme::Google { .. } => {
                ("authorization".to_owned(), format!("Bearer {KEY}"))
            }
        });
    }
    headers.sort();
    // An address that is none (the demo models') is shown as it stands.
    let url = target(&to.base_url, call, keyed)
        .map_or_else(|_| format!("{}{}", to.base_url, call.path), |target| target.url.to_string());
    Ok(Shown { url, headers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Headers, Method, ProviderId};

    #[test]
    fn the_key_has_its_place_and_is_not_in_it() {
        let mut to = Origin {
            base_url: "https://api.example.com/v1".to_owned(),
            auth: AuthScheme::Bearer,
            provider: ProviderId::from("example"),
            extra_headers: vec![("X-Version".to_owned(), "2".to_owned())],
            now: domain::Timestamp(0),
        };
        let call = Call {
            method: Method::Post,
            path: "/chat".to_owned(),
            query: vec![("alt".to_owned(), "sse".to_owned())],
            headers: Headers::default(),
            body: b"{}".to_vec(),
        };
        let sent = shown(&to, &call, true).unwrap();
        assert_eq!(sent.url, "https://api.example.com/v1/chat?alt=sse");
        assert!(sent.headers.contains(&("authorization".to_owned(), "Bearer $API_KEY".to_owned())));
        assert!(sent.headers.contains(&("x-version".to_owned(), "2".to_owned())));
        to.auth = AuthScheme::Header { name: "X-Api-Key".to_owned() };
        assert!(shown(&to, &call, true).unwrap().headers.contains(&("x-api-key".to_owned(), KEY.to_owned())));
        assert!(shown(&to, &call, false).unwrap().headers.iter().all(|(_, value)| !value.contains(KEY)));
    }
}
