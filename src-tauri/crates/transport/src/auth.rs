//! How a key becomes headers of a request.

use crate::Origin;
use crate::credential::AccessKeys;
use crate::sigv4::{self, Scope, Signed};
use crate::target::Target;
use domain::{AuthScheme, Call, ErrorKind, Failure, Method, Secret, say};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The key itself, in the header of its scheme.
pub(crate) fn plain(headers: &mut HeaderMap, scheme: &AuthScheme, key: &Secret) -> Result<(), Failure> {
    let name = match scheme {
        AuthScheme::Header { name } => HeaderName::try_from(name).map_err(|_| {
            Failure::new(
                ErrorKind::RequestInvalid,
                say!("The provider's key header has a name that cannot be sent."),
            )
        })?,
        AuthScheme::Bearer | AuthScheme::None | AuthScheme::Aws { .. } | AuthScheme::Google { .. } => {
            return bearer(headers, key);
        }
    };
    put(headers, name, HeaderValue::try_from(key.expose()))
}

/// A token.
pub(crate) fn bearer(headers: &mut HeaderMap, token: &Secret) -> Result<(), Failure> {
    put(headers, header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {}", token.expose())))
}

/// A signature over the request as it stands: call this last.
pub(crate) fn signed(
    headers: &mut HeaderMap,
    to: &Origin,
    target: &Target,
    call: &Call,
    keys: &AccessKeys,
) -> Result<(), Failure> {
    let AuthScheme::Aws { service, region } = &to.auth else {
        return Err(Failure::new(ErrorKind::Bug, "A signature was asked for where none is taken."));
    };
    if region.is_empty() {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!(
                "Access keys sign for a region, and none is given. Enter it in Settings, or with `parallax \
                 provider set {provider} region=…`.",
                provider = to.provider
            ),
        ));
    }
    put(headers, HeaderName::from_static("x-amz-date"), HeaderValue::try_from(sigv4::stamp(to.now)))?;
    if let Some(session) = &keys.session {
        let name = HeaderName::from_static("x-amz-security-token");
        put(headers, name, HeaderValue::try_from(session.expose()))?;
    }
    // What a proxy may add or change is left out.
    let mut signed = vec![("host".to_owned(), target.place.clone())];
    for name in ["content-type", "x-amz-date", "x-amz-security-token"] {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            signed.push((name.to_owned(), value.to_owned()));
        }
    }
    let request = Signed {
        method: match call.method {
            Method::Get => "GET",
            Method::Post => "POST",
        },
        path: target.url.path(),
        query: target.url.query().unwrap_or_default(),
        headers: &signed,
        body: &call.body,
    };
    let value = sigv4::authorization(&request, &Scope { region, service, at: to.now }, keys);
    put(headers, header::AUTHORIZATION, HeaderValue::try_from(value.expose()))
}

fn put<E>(headers: &mut HeaderMap, name: HeaderName, value: Result<HeaderValue, E>) -> Result<(), Failure> {
    let mut value = value.map_err(|_| {
        Failure::new(
            ErrorKind::AuthRejected,
            say!("The key holds characters that no key has. Enter it again."),
        )
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
