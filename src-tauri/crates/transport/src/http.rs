//! The real transport: reqwest over rustls.

use crate::auth;
use crate::body::Body;
use crate::classify::{self, Place};
use crate::credential::{self, Credential, UserLogin};
use crate::demo::{self, Demo};
use crate::resolve::Guarded;
use crate::target::{Target, Targets, target};
use crate::token::{Tokens, Wanted};
use crate::{Deadlines, Origin, Redactor, Response, Transport, redact};
use async_trait::async_trait;
use domain::{AuthScheme, Call, ErrorKind, Failure, Headers, Method, Secret, Upstream, say};
use futures_util::{StreamExt as _, stream};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Response headers above this are refused: a normal response has under 4 KiB.
const HEADER_CAP: usize = 64 * 1024;
const HEADER_COUNT: usize = 128;
/// Clients kept. There is one a use and connect deadline, in practice two or three.
const CLIENTS_KEPT: usize = 8;
/// Answers to a request for an access token above this are cut; a normal one has 2 KiB.
const TOKEN_CAP: usize = 64 * 1024;
/// Headers that only this crate sets: they carry authorisation or decide how bytes travel.
const OURS: &[HeaderName] = &[
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::COOKIE,
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::ACCEPT_ENCODING,
];

/// Which proxy calls to other machines take. Calls to this machine never take one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// The environment's or the system's.
    #[default]
    System,
    /// None, whatever the environment says.
    None,
    /// This one: `scheme://[user:password@]host:port`.
    Manual(String),
}

/// What a client is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Other machines.
    Remote,
    /// This machine, over TLS.
    Local,
    /// This machine, over plain http: works, and starts at once, on a system without certificates.
    LocalPlain,
}

impl Use {
    fn of(target: &Target) -> Self {
        match (target.loopback, target.url.scheme()) {
            (false, _) => Self::Remote,
            (true, "http") => Self::LocalPlain,
            (true, _) => Self::Local,
        }
    }
}

struct Kept {
    made_for: Use,
    connect: Duration,
    client: Client,
}

/// Sends calls over the network, or to the demo models when the origin is `demo:`.
pub struct Http {
    proxy: ProxyChoice,
    /// Answers which proxy a call would take, for messages and for the settings page.
    matcher: Option<Matcher>,
    clients: Mutex<Vec<Kept>>,
    targets: Targets,
    tokens: Tokens,
    demo: Demo,
}

impl Http {
    /// Makes no connection. Fails on a proxy address that cannot be read.
    pub fn new(proxy: ProxyChoice) -> Result<Self, Failure> {
        crate::install_crypto();
        let matcher = match &proxy {
            ProxyChoice::None => None,
            ProxyChoice::System => Some(Matcher::from_system()),
            ProxyChoice::Manual(url) => {
                manual(url)?;
                Some(Matcher::builder().all(url.clone()).build())
            }
        };
        Ok(Self {
            proxy,
            matcher,
            clients: Mutex::new(Vec::new()),
            targets: Targets::default(),
            tokens: Tokens::default(),
            demo: Demo::new(1),
        })
    }

    /// The demo models answer `speed` times as fast; for tests.
    #[must_use]
    pub fn with_demo_speed(mut self, speed: u32) -> Self {
        self.demo = Demo::new(speed);
        self
    }

    /// `host:port` of the proxy that calls to this base URL take, without its password; `None` when
    /// they go straight there.
    pub fn proxy_of(&self, base_url: &str) -> Option<String> {
        if demo::is_demo(base_url) {
            return None;
        }
        self.proxy_for(&crate::target::base(base_url).ok()?)
    }

    fn proxy_for(&self, target: &Target) -> Option<String> {
        if target.loopback {
            return None;
        }
        let uri = target.url.as_str().parse().ok()?;
        let proxy = self.matcher.as_ref()?.intercept(&uri)?;
        let host = proxy.uri().host()?;
        Some(proxy.uri().port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    fn client(&self, made_for: Use, connect: Duration) -> Result<Client, Failure> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = clients.iter().find(|kept| kept.made_for == made_for && kept.connect == connect) {
            return Ok(kept.client.clone());
        }
        let client = self.build(made_for, connect)?;
        if clients.len() >= CLIENTS_KEPT {
            clients.remove(0);
        }
        clients.push(Kept { made_for, connect, client: client.clone() });
        Ok(client)
    }

    fn build(&self, made_for: Use, connect: Duration) -> Result<Client, Failure> {
        let builder = Client::builder()
            .user_agent(concat!("Parallax/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry a key to a host it was not given for.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(Guarded { loopback_only: made_for != Use::Remote }))
            .connect_timeout(connect)
            .tcp_nodelay(true)
            .pool_idle_timeout(Duration::from_secs(90))
            .http1_max_headers(HEADER_COUNT)
            .http2_max_header_list_size(HEADER_CAP as u32);
        let builder = match &self.proxy {
            _ if made_for != Use::Remote => builder.no_proxy(),
            ProxyChoice::None => builder.no_proxy(),
            ProxyChoice::System => builder,
            ProxyChoice::Manual(url) => builder.proxy(manual(url)?),
        };
        let builder = match made_for {
            Use::LocalPlain => builder.tls_certs_only([]),
            Use::Local | Use::Remote => builder,
        };
        builder.build().map_err(|_| {
            Failure::new(
                ErrorKind::NetTls,
                say!("No trusted certificates were found on this system. Install its ca-certificates and try again."),
            )
        })
    }

    async fn send_out(
        &self,
        to: &Origin,
        call: Call,
        auth: Option<&Secret>,
        deadlines: Deadlines,
    ) -> Result<Response, Failure> {
        let target = self.targets.of(&to.base_url, &call, auth.is_some())?;
        let mut headers = headers(to, &call)?;
        let Some(key) = auth else {
            return self.transmit(to, &target, headers, call, deadlines).await;
        };
        let credential = credential::parse(&to.auth, key)?;
        let mut token = None;
        match &credential {
            Credential::Plain => auth::plain(&mut headers, &to.auth, key)?,
            Credential::Access(keys) => auth::signed(&mut headers, to, &target, &call, keys)?,
            Credential::Service(_) | Credential::User(_) => {
                let made = self.token(to, key, &credential, deadlines).await?;
                auth::bearer(&mut headers, &made)?;
                token = Some(made);
            }
        }
        if let Credential::User(UserLogin { quota_project: Some(project), .. }) = &credential
            && let Ok(project) = HeaderValue::try_from(project)
        {
            headers.insert(HeaderName::from_static("x-goog-user-project"), project);
        }
        let sent = self.transmit(to, &target, headers, call, deadlines).await;
        let mut response = sent.map_err(|failure| scrubbed(failure, token.as_ref()))?;
        response.redactors = [Some(key), token.as_ref()].into_iter().flatten().map(Redactor::new).collect();
        for redactor in &response.redactors {
            for (_, value) in &mut response.headers.0 {
                redactor.scrub(value);
            }
        }
        if let (401, Some(wanted)) = (response.status, wanted(to, key)) {
            self.tokens.forget(&wanted);
        }
        response.token = token;
        Ok(response)
    }

    /// The access token for a key that is not sent itself.
    async fn token(
        &self,
        to: &Origin,
        key: &Secret,
        credential: &Credential,
        deadlines: Deadlines,
    ) -> Result<Secret, Failure> {
        let wanted = wanted(to, key)
            .ok_or_else(|| Failure::new(ErrorKind::Bug, "A token was asked for where none is taken."))?;
        let exchange = |form: Secret| self.post_form(to, wanted.token_url, form, deadlines);
        self.tokens.get(&wanted, credential, &to.provider, exchange).await
    }

    /// Posts a form that proves a key. Gives back status and body. Nothing of the caller's own request
    /// has left when this fails.
    async fn post_form(
        &self,
        to: &Origin,
        url: &str,
        form: Secret,
        deadlines: Deadlines,
    ) -> Result<(u16, Vec<u8>), Failure> {
        let mut headers = Headers::default();
        headers.push("content-type", "application/x-www-form-urlencoded");
        headers.push("accept", "application/json");
        let (base, path) = split(url);
        let body = form.expose().as_bytes().to_vec();
        let call = Call { method: Method::Post, path: path.to_owned(), query: Vec::new(), headers, body };
        let at = Origin { base_url: base.to_owned(), extra_headers: Vec::new(), ..to.clone() };
        let target = target(base, &call, true)?;
        let headers = self::headers(&at, &call)?;
        // Kinds that would mean that the caller's own request had left.
        let unsent = |failure: Failure| match failure.kind {
            ErrorKind::TimeFirstByte | ErrorKind::TimeIdle | ErrorKind::TimeTotal => {
                Failure { kind: ErrorKind::TimeConnect, ..failure }
            }
            ErrorKind::NetRedirect | ErrorKind::StreamMalformed => {
                Failure { kind: ErrorKind::NetConnect, ..failure }
            }
            _ => failure,
        };
        let mut response = self.transmit(&at, &target, headers, call, deadlines).await.map_err(unsent)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.body.next().await {
            body.extend_from_slice(&chunk.map_err(unsent)?);
            if body.len() > TOKEN_CAP {
                break;
            }
        }
        Ok((response.status, body))
    }

    async fn transmit(
        &self,
        to: &Origin,
        target: &Target,
        headers: HeaderMap,
        call: Call,
        deadlines: Deadlines,
    ) -> Result<Response, Failure> {
        let started = Instant::now();
        let place = Place::new(target, &to.provider, self.proxy_for(target));
        let client = self.client(Use::of(target), deadlines.connect)?;
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let first = deadlines.first_byte.min(deadlines.total);
        let sent = client.request(method, target.url.clone()).headers(headers).body(call.body).send();
        let response = match tokio::time::timeout(first, sent).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(classify::sending(&error, &place, deadlines.connect)),
            Err(_) if first == deadlines.first_byte => return Err(classify::first_byte_time(&place, first)),
            Err(_) => return Err(classify::total_time(&place, deadlines.total)),
        };
        let readable = check(&response, &target.url, &place)?;
        let status = response.status().as_u16();
        let headers = read_headers(response.headers());
        if !readable {
            let body = Box::pin(stream::empty());
            return Ok(Response { status, headers, body, token: None, redactors: Vec::new() });
        }
        let body = Body::new(response, place, deadlines.idle, deadlines.total, started);
        Ok(Response { status, headers, body: Box::pin(body), token: None, redactors: Vec::new() })
    }
}

/// What token a key stands for, where it stands for one.
fn wanted<'a>(to: &'a Origin, key: &'a Secret) -> Option<Wanted<'a>> {
    match &to.auth {
        AuthScheme::Google { token_url, scope } => Some(Wanted { key, token_url, scope, now: to.now }),
        AuthScheme::Bearer | AuthScheme::Header { .. } | AuthScheme::None | AuthScheme::Aws { .. } => None,
    }
}

/// A URL as base and path.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    let (base, path) = url.split_at(end);
    (base, if path.is_empty() { "/" } else { path })
}

#[async_trait]
impl Transport for Http {
    async fn send(
        &self,
        to: &Origin,
        call: Call,
        auth: Option<&Secret>,
        deadlines: Deadlines,
    ) -> Result<Response, Failure> {
        if demo::is_demo(&to.base_url) {
            return Ok(self.demo.answer(&call));
        }
        let auth = auth.filter(|key| !key.is_empty());
        // Boxed: reqwest's future is several kilobytes and lanes hold many of these.
        Box::pin(self.send_out(to, call, auth, deadlines)).await.map_err(|failure| scrubbed(failure, auth))
    }

    fn asks_first(&self, to: &Origin, auth: Option<&Secret>) -> Option<String> {
        let wanted = wanted(to, auth.filter(|key| !key.is_empty())?)?;
        let credential = credential::parse(&to.auth, wanted.key).ok()?;
        let exchanged = matches!(credential, Credential::Service(_) | Credential::User(_));
        (exchanged && self.tokens.missing(&wanted)).then(|| crate::origin_of(wanted.token_url).ok())?
    }
}

/// The last net: whatever the rules above let into a sentence, the key is taken out of it.
fn scrubbed(mut failure: Failure, auth: Option<&Secret>) -> Failure {
    if let Some(key) = auth {
        failure.each_text(&mut |text| *text = redact(text, key));
    }
    failure
}

fn manual(url: &str) -> Result<reqwest::Proxy, Failure> {
    reqwest::Proxy::all(url).map_err(|_| {
        Failure::new(
            ErrorKind::NetProxy,
            say!("The proxy's address cannot be read. Enter it in Settings like http://host:8080."),
        )
    })
}

pub(crate) fn headers(to: &Origin, call: &Call) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in to.extra_headers.iter().chain(&call.headers.0) {
        let refused = |why: domain::Words| {
            Failure::new(
                ErrorKind::RequestInvalid,
                say!("The header \"{name}\" {why}. Change it in the provider's settings.", name, why),
            )
        };
        let key = HeaderName::try_from(name).map_err(|_| refused(say!("has a name that cannot be sent")))?;
        if OURS.contains(&key) {
            return Err(refused(say!("is set by Parallax alone")));
        }
        let value =
            HeaderValue::try_from(value).map_err(|_| refused(say!("has a value that cannot be sent")))?;
        headers.insert(key, value);
    }
    if !call.body.is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    // Raw bytes only: no decompression bombs, and no decoder that holds tokens back.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(headers)
}

/// Refuses what must not be read: redirects, compressed bodies, heaps of headers. False: it is a refusal whose
/// body must not be read; its status and headers say enough.
fn check(response: &reqwest::Response, from: &Url, place: &Place) -> Result<bool, Failure> {
    let host = &place.host;
    let status = response.status();
    // "Not modified" leads nowhere: it answers a question about what is here already.
    if status.is_redirection() && status != reqwest::StatusCode::NOT_MODIFIED {
        let to = response
            .headers()
            .get(header::LOCATION)
            .and_then(|location| location.to_str().ok())
            .and_then(|location| from.join(location).ok())
            .and_then(|url| url.host_str().map(str::to_owned));
        let to = to.as_deref().unwrap_or("an address that cannot be read");
        let mut failure = place.failure(
            ErrorKind::NetRedirect,
            say!("{host} redirects to {to}. Keys are never sent on; if you trust the new address, enter it as the base URL.", host, to),
        );
        if let Some(Upstream { status: slot, .. }) = &mut failure.upstream {
            *slot = Some(status.as_u16());
        }
        return Err(failure);
    }
    let size: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > HEADER_CAP {
        return Err(place.failure(
            ErrorKind::StreamMalformed,
            say!("{host} sends more than 64 KiB of headers. Its answer is not read.", host),
        ));
    }
    let compressed = response
        .headers()
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if compressed && status.as_u16() >= 400 {
        return Ok(false);
    }
    if compressed {
        return Err(place.failure(
            ErrorKind::StreamMalformed,
            say!("{host} compresses its answer although it was asked not to. It is not read.", host),
        ));
    }
    Ok(!compressed)
}

fn read_headers(headers: &HeaderMap) -> Headers {
    let mut out = Headers::default();
    for (name, value) in headers {
        out.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    out
}
