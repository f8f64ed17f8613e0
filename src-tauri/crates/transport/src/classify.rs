//! From what went wrong below to what the user is told. Never a URL, never a library's own sentence:
//! either may hold a key.

use crate::resolve::Denied;
use crate::target::{Target, denied};
use domain::{ErrorKind, Failure, ProviderId, Upstream};
use std::error::Error;
use std::io;
use std::time::Duration;

/// What a message may name.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `host` or `host:port`.
    pub(crate) host: String,
    pub(crate) provider: ProviderId,
    pub(crate) loopback: bool,
    /// `host:port` of the proxy that the call goes through.
    pub(crate) proxy: Option<String>,
}

impl Place {
    pub(crate) fn new(target: &Target, provider: &ProviderId, proxy: Option<String>) -> Self {
        Self { host: target.place.clone(), provider: provider.clone(), loopback: target.loopback, proxy }
    }

    pub(crate) fn failure(&self, kind: ErrorKind, message: impl Into<domain::Words>) -> Failure {
        Failure::new(kind, message)
            .with_upstream(Upstream { provider: Some(self.provider.clone()), ..Upstream::default() })
    }

    fn advice(&self) -> &'static str {
        if self.loopback {
            "Start the server and check its port."
        } else {
            "Check the network and the provider's base URL."
        }
    }
}

/// Walks an error and its causes, looking inside `io::Error`, whose `source` skips what it wraps.
fn any(error: &(dyn Error + 'static), test: &mut dyn FnMut(&(dyn Error + 'static)) -> bool) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if test(error) {
            return true;
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && any(inner, test)
        {
            return true;
        }
        next = error.source();
    }
    false
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut found = None;
    any(error, &mut |cause| {
        found = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        found.is_some_and(|kind| kind != io::ErrorKind::Other)
    });
    found
}

fn tls_reason(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use rustls::{CertificateError as Bad, Error as Tls};
    let mut reason = None;
    any(error, &mut |cause| {
        reason = cause.downcast_ref::<Tls>().map(|tls| match tls {
            Tls::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
                "its certificate has expired"
            }
            Tls::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
                "its certificate is not valid yet; is this computer's clock right?"
            }
            Tls::InvalidCertificate(Bad::UnknownIssuer) => "its certificate comes from an unknown issuer",
            Tls::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
                "its certificate is for another name"
            }
            Tls::InvalidCertificate(_) => "its certificate is not valid",
            Tls::InvalidMessage(_) => "it does not speak TLS; is it http instead of https?",
            Tls::PeerIncompatible(_) => "it offers no TLS version we accept",
            _ => "the TLS handshake failed",
        });
        reason.is_some()
    });
    reason
}

/// Why no response came.
pub(crate) fn sending(error: &reqwest::Error, place: &Place, connect: Duration) -> Failure {
    let host = &place.host;
    if any(error, &mut |cause| cause.is::<Denied>()) {
        return denied(host);
    }
    if let Some(reason) = tls_reason(error) {
        return place.failure(
            ErrorKind::NetTls,
            format!("No safe connection to {host}: {reason}. The key was not sent."),
        );
    }
    if let Some(proxy) = place.proxy.as_ref().filter(|_| error.is_connect() || error.is_dns()) {
        return place.failure(
            ErrorKind::NetProxy,
            format!("The proxy {proxy} gives no connection to {host}. Check the proxy in Settings, or switch it off."),
        );
    }
    if error.is_dns() {
        return place.failure(
            ErrorKind::NetDns,
            format!("The name {host} does not resolve. Check the network and the provider's base URL."),
        );
    }
    if error.is_connect() && error.is_timeout() {
        return connect_time(place, connect);
    }
    if error.is_connect() {
        let what = match io_kind(error) {
            Some(io::ErrorKind::ConnectionRefused) => "refuses the connection",
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => "cannot be reached",
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => "closes new connections",
            _ => "gives no connection",
        };
        return place.failure(ErrorKind::NetConnect, format!("{host} {what}. {}", place.advice()));
    }
    if unparsable(error) {
        return place.failure(
            ErrorKind::StreamMalformed,
            format!("{host} does not answer in HTTP as we accept it. Check the provider's base URL."),
        );
    }
    // The connection stood, so the request may have left and may be billed.
    place.failure(
        ErrorKind::StreamTruncated,
        format!(
            "{host} closed the connection without an answer. Try again; if it stays, check the base URL."
        ),
    )
}

fn unparsable(error: &(dyn Error + 'static)) -> bool {
    any(error, &mut |cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse))
}

/// Why a body broke off.
pub(crate) fn reading(error: &reqwest::Error, place: &Place) -> Failure {
    let host = &place.host;
    if unparsable(error) {
        return place.failure(ErrorKind::StreamMalformed, format!("The answer of {host} is not valid HTTP."));
    }
    place.failure(
        ErrorKind::StreamTruncated,
        format!("The connection to {host} broke before the answer was complete. What arrived is kept."),
    )
}

pub(crate) fn connect_time(place: &Place, limit: Duration) -> Failure {
    let Place { host, .. } = place;
    place.failure(
        ErrorKind::TimeConnect,
        format!("No connection to {host} within {}. {}", seconds(limit), place.advice()),
    )
}

pub(crate) fn first_byte_time(place: &Place, limit: Duration) -> Failure {
    place.failure(
        ErrorKind::TimeFirstByte,
        format!(
            "{} did not begin to answer within {}. Try again or choose another endpoint.",
            place.host,
            seconds(limit)
        ),
    )
}

pub(crate) fn idle_time(place: &Place, limit: Duration) -> Failure {
    place.failure(
        ErrorKind::TimeIdle,
        format!("{} sent nothing more for {}. What arrived is kept.", place.host, seconds(limit)),
    )
}

pub(crate) fn total_time(place: &Place, limit: Duration) -> Failure {
    place.failure(
        ErrorKind::TimeTotal,
        format!("The answer of {} took longer than {}. What arrived is kept.", place.host, seconds(limit)),
    )
}

fn seconds(limit: Duration) -> String {
    if limit >= Duration::from_secs(120) {
        format!("{} minutes", limit.as_secs() / 60)
    } else if limit >= Duration::from_secs(2) {
        format!("{} seconds", limit.as_secs())
    } else {
        format!("{} ms", limit.as_millis())
    }
}
