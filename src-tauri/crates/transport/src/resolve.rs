//! Name resolution that checks every address before the connection is made to exactly those.

use crate::target::{Reach, reach};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::SocketAddr;

/// A name resolved to an address that is never called.
#[derive(Debug)]
pub(crate) struct Denied;

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name resolves to an address that is never called")
    }
}

impl std::error::Error for Denied {}

/// The system's resolver, with a look at what it says. Checking here and not before the call leaves no
/// moment in which the answer can change.
pub(crate) struct Guarded {
    /// Only addresses of this machine will do: plain http with a key is allowed there.
    pub(crate) loopback_only: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback_only = self.loopback_only;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().all(|address| may_call(address, loopback_only)) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(Denied.into())
            }
        })
    }
}

fn may_call(address: &SocketAddr, loopback_only: bool) -> bool {
    match reach(address.ip()) {
        Reach::Loopback => true,
        Reach::Denied => false,
        Reach::Other => !loopback_only,
    }
}

#[cfg(test)]
mod tests {
    use super::may_call;

    #[test]
    fn a_name_is_held_to_the_addresses_it_resolves_to() {
        let at = |text: &str| text.parse().unwrap();
        assert!(may_call(&at("127.0.0.1:0"), true));
        assert!(may_call(&at("[::1]:0"), true));
        assert!(!may_call(&at("10.0.0.1:0"), true), "localhost that is elsewhere");
        assert!(may_call(&at("10.0.0.1:0"), false));
        assert!(!may_call(&at("169.254.169.254:0"), false));
        assert!(!may_call(&at("[::ffff:169.254.169.254]:0"), false));
    }
}
