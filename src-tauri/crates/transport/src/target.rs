//! Which addresses may be called, and how a base URL and a call become one URL.

use domain::{Call, ErrorKind, Failure, say};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use url::{Host, Url};

/// Names under which clouds serve credentials to anything that runs inside them.
const METADATA_NAMES: &[&str] = &[
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Metadata addresses outside the link-local ranges: Alibaba, Oracle, AWS over IPv6.
const METADATA_V4: &[Ipv4Addr] = &[Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);

/// What an address is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine.
    Loopback,
    /// Link-local, metadata, unspecified or multicast: never called.
    Denied,
    /// Anything else.
    Other,
}

/// Classifies an address, looking through the IPv6 forms that embed an IPv4 address.
pub(crate) fn reach(ip: IpAddr) -> Reach {
    match ip {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| reach_v6(v6), reach_v4),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    if ip.is_loopback() {
        Reach::Loopback
    } else if ip.is_link_local()
        || ip.octets()[0] == 0
        || ip.is_multicast()
        || ip.is_broadcast()
        || METADATA_V4.contains(&ip)
    {
        Reach::Denied
    } else {
        Reach::Other
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    if ip.is_loopback() {
        Reach::Loopback
    } else if ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast() || ip == METADATA_V6 {
        Reach::Denied
    } else {
        Reach::Other
    }
}

/// IPv4-mapped, IPv4-compatible, NAT64 and 6to4 addresses reach an IPv4 host.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(join(high, low)),
        _ => None,
    }
}

/// An address that has passed the rules.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    /// `host` or `host:port`, for messages.
    pub(crate) place: String,
    pub(crate) loopback: bool,
}

fn invalid(message: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, message)
}

/// Parses a base URL under the rules. Messages name the host at most: the rest of a URL that did not
/// parse may be a pasted key.
pub(crate) fn base(base_url: &str) -> Result<Target, Failure> {
    let url = Url::parse(base_url.trim()).map_err(|_| {
        invalid(say!("The base URL cannot be read. Enter it like https://api.example.com/v1 in the provider's settings."))
    })?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(invalid(say!("The base URL must begin with https:// (or http:// for this machine).")));
    }
    let Some(host) = url.host() else {
        return Err(invalid(say!("The base URL names no host.")));
    };
    let loopback = check_host(&host)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(say!(
            "The base URL for {host} holds a user name or password. Remove it and store the key as a key.",
            host
        )));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid(say!("The base URL for {host} must end before any ? or #.", host)));
    }
    let place = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    };
    Ok(Target { place, loopback, url })
}

fn check_host(host: &Host<&str>) -> Result<bool, Failure> {
    let reach = match host {
        Host::Ipv4(ip) => reach(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => reach(IpAddr::V6(*ip)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            if name == "localhost" {
                Reach::Loopback
            } else if METADATA_NAMES.contains(&name.as_str()) {
                Reach::Denied
            } else {
                Reach::Other
            }
        }
    };
    match reach {
        Reach::Denied => Err(denied(&host.to_string())),
        Reach::Loopback => Ok(true),
        Reach::Other => Ok(false),
    }
}

/// The failure for an address that is never called.
pub(crate) fn denied(host: &str) -> Failure {
    invalid(say!(
        "{host} is a link-local, metadata or unspecified address and is never called. For a server on this machine use 127.0.0.1.",
        host
    ))
}

/// Targets that were joined before: the calls of a provider go to one or two.
#[derive(Default)]
pub(crate) struct Targets(Mutex<Vec<Joined>>);

/// A base URL, a path, and what they come to.
type Joined = (String, String, Target);

/// Targets that are kept.
const MOST: usize = 16;

impl Targets {
    /// The same as [`target`].
    pub(crate) fn of(&self, base_url: &str, call: &Call, with_key: bool) -> Result<Target, Failure> {
        if !call.query.is_empty() {
            return target(base_url, call, with_key);
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(base, path, _)| base == base_url && *path == call.path);
        if let Some((.., target)) = found {
            may_travel(target, with_key)?;
            return Ok(target.clone());
        }
        let target = target(base_url, call, with_key)?;
        if known.len() >= MOST {
            known.clear();
        }
        known.push((base_url.to_owned(), call.path.clone(), target.clone()));
        Ok(target)
    }
}

/// No key goes to another machine in plain text.
fn may_travel(to: &Target, with_key: bool) -> Result<(), Failure> {
    if with_key && to.url.scheme() == "http" && !to.loopback {
        return Err(invalid(say!(
            "A key is not sent to {place} over plain http, where anyone on the way can read it. Use https, or remove the key.",
            place = to.place
        )));
    }
    Ok(())
}

/// Joins base and call. `with_key` says whether a key travels along.
pub(crate) fn target(base_url: &str, call: &Call, with_key: bool) -> Result<Target, Failure> {
    let base = base(base_url)?;
    may_travel(&base, with_key)?;
    if !call.path.starts_with('/') || call.path.contains('#') {
        return Err(Failure::new(ErrorKind::Bug, "A request was built with a path that is not one."));
    }
    let mut joined = base.url.as_str().trim_end_matches('/').to_owned();
    joined.push_str(&call.path);
    let mut separator = if call.path.contains('?') { '&' } else { '?' };
    for (name, value) in &call.query {
        joined.push(separator);
        joined.push_str(&encode(name));
        joined.push('=');
        joined.push_str(&encode(value));
        separator = '&';
    }
    let url = Url::parse(&joined)
        .ok()
        .filter(|url| url.origin() == base.url.origin())
        .ok_or_else(|| Failure::new(ErrorKind::Bug, "A request was built with a path that is not one."))?;
    Ok(Target { url, ..base })
}

/// Percent-encodes one query name or value. A space is `%20`: not every server reads `+` as one.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// True of an address on this machine: a loopback address or `localhost`. `demo:` and what cannot be read is
/// none.
pub fn is_loopback(base_url: &str) -> bool {
    base(base_url).is_ok_and(|target| target.loopback)
}

/// `scheme://host:port` of a base URL, the port always written out: what a key is bound to. `demo:`
/// is its own origin.
pub fn origin_of(base_url: &str) -> Result<String, Failure> {
    if crate::demo::is_demo(base_url) {
        return Ok("demo:".to_owned());
    }
    let target = base(base_url)?;
    match (target.url.host_str(), target.url.port_or_known_default()) {
        (Some(host), Some(port)) => Ok(format!("{}://{host}:{port}", target.url.scheme())),
        _ => Err(invalid(say!("The base URL names no host."))),
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
