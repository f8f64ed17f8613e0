//! The one door. Nothing of a request but its head is looked at before it is through, and every path is
//! behind it, those too that lead nowhere.
//!
//! A page in a browser can send requests here: it is turned away by the host it names (its own, when a name
//! was bound anew to this address), by its `Origin` and by what the browser says of its site. There is no
//! answer that it could read: no header here ever allows another site anything.

use crate::{Shared, path, reply::Refused};
use domain::Timestamp;
use engine::{AppKeyRow, Caller};
use hyper::{HeaderMap, http::request::Parts};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// How our keys begin.
const PREFIX: &str = "sk-parallax-";
/// Longest text that is looked at as a key.
const KEY_MOST: usize = 256;
/// Wrong keys within ten seconds, after which another is told to wait. Each is still looked up, which is one read by
/// its digest: a good key must come in also while somebody guesses.
const GUESSES: usize = 30;
const GUESSES_WITHIN: i64 = 10_000;

/// When wrong keys came.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<VecDeque<i64>>);

impl Guesses {
    fn wrong(&self, now: Timestamp) -> Refused {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while times.front().is_some_and(|at| now.0.saturating_sub(*at) > GUESSES_WITHIN) {
            times.pop_front();
        }
        if times.len() >= GUESSES {
            return Refused::guessing();
        }
        times.push_back(now.0);
        Refused::key(
            "This is no app key of Parallax. Make one in Settings → Gateway, or with `parallax app-key create`.",
        )
    }
}

/// Lets a request in, and says whose it is.
///
/// `asks`: a model will be asked, and the engine looks at the key again before it sends anything.
pub(crate) async fn admit(shared: &Shared, head: &Parts, asks: bool) -> Result<Caller, Refused> {
    host(shared.port, head)?;
    page(&head.headers)?;
    let key = key(head)?;
    let now = shared.engine.clock().now();
    let digest = AppKeyRow::digest_of(key);
    let engine = &shared.engine;
    let found = if asks { engine.caller_lately(digest).await } else { engine.caller(digest).await };
    let caller = match found {
        Ok(Some(caller)) => caller,
        Ok(None) => return Err(shared.guesses.wrong(now)),
        Err(failure) => return Err(Refused::ours(&failure)),
    };
    match caller.refused(now) {
        Some(why) => Err(Refused::key(why)),
        None => Ok(caller),
    }
}

/// The host must be one of this machine's own names, with our port, and be named once.
fn host(port: u16, head: &Parts) -> Result<(), Refused> {
    let mut named = head.headers.get_all("host").iter();
    let (Some(host), None) = (named.next(), named.next()) else { return Err(Refused::host()) };
    let Ok(host) = host.to_str() else { return Err(Refused::host()) };
    let ours = ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        host.strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| rest == port.to_string())
    });
    let same = head.uri.authority().is_none_or(|authority| authority.as_str() == host);
    let plain = head.uri.scheme_str().is_none_or(|scheme| scheme == "http");
    if ours && same && plain { Ok(()) } else { Err(Refused::host()) }
}

/// No page asks: programs send neither of these.
fn page(headers: &HeaderMap) -> Result<(), Refused> {
    let site = headers.get_all("sec-fetch-site").iter().any(|site| site.as_bytes() != b"none");
    // Java's own client offers HTTP/2 with every request, which need not be taken; a page can ask for a socket alone.
    let socket = headers.get_all("upgrade").iter().any(|to| !to.as_bytes().eq_ignore_ascii_case(b"h2c"));
    if headers.contains_key("origin") || site || socket {
        return Err(Refused::page());
    }
    Ok(())
}

/// Our key, in whichever header its protocol has it. Keys of others beside it are not looked at.
fn key(head: &Parts) -> Result<&str, Refused> {
    if path::query(head.uri.query()).any(|(name, value)| name == "key" && !value.is_empty()) {
        // An address stands in logs and histories.
        return Err(Refused::key(
            "Send the app key in the header x-goog-api-key: an address is no place for it.",
        ));
    }
    let bearer = head.headers.get_all("authorization").iter().filter_map(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    });
    let named = ["x-api-key", "x-goog-api-key", "api-key"]
        .iter()
        .flat_map(|name| head.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()));
    let mut ours =
        bearer.chain(named).map(str::trim).filter(|key| key.starts_with(PREFIX) && key.len() <= KEY_MOST);
    let Some(key) = ours.next() else {
        return Err(Refused::key(
            "Send an app key of Parallax, as `Authorization: Bearer …` or in x-api-key. Make one in Settings → \
             Gateway, or with `parallax app-key create`.",
        ));
    };
    if ours.any(|other| other != key) {
        return Err(Refused::key("This request carries two different app keys. Send one."));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn head(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn hosts_are_ours_or_nothing() {
        for good in ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"] {
            assert!(host(8787, &head("/v1/models", &[("host", good)])).is_ok(), "{good}");
            assert!(host(8787, &head(&format!("http://{good}/v1/models"), &[("host", good)])).is_ok());
        }
        for bad in [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "::1:8787",
            "127.0.0.1:8788",
            "127.0.0.1:08787",
            "127.0.0.1:",
            "",
            "localhost.:8787",
            "LOCALHOST:8787",
            "Localhost:8787",
            "127.0.0.1.:8787",
            "127.1:8787",
            "0.0.0.0:8787",
            "2130706433:8787",
            "0x7f.1:8787",
            "127.0.0.2:8787",
            "evil.example:8787",
            "evil.example",
            "localhost.evil.example:8787",
            "127.0.0.1.nip.io:8787",
            "user@127.0.0.1:8787",
            "127.0.0.1:8787@evil",
            "127.0.0.1:8787, evil.example",
            "127.0.0.1:8787 ",
            "localhost:8787/",
            "localhost:80",
            "localhost:+8787",
            "[::ffff:127.0.0.1]:8787",
            "[0:0:0:0:0:0:0:1]:8787",
            "ip6-localhost:8787",
            "[::1%lo]:8787",
        ] {
            // What is no header at all cannot come either.
            if hyper::header::HeaderValue::from_str(bad).is_ok() {
                assert!(host(8787, &head("/v1/models", &[("host", bad)])).is_err(), "{bad}");
            }
        }
        assert!(host(8787, &head("/", &[])).is_err(), "none");
        let two = [("host", "127.0.0.1:8787"), ("host", "127.0.0.1:8787")];
        assert!(host(8787, &head("/", &two)).is_err(), "two");
        let good = [("host", "127.0.0.1:8787")];
        assert!(host(8787, &head("http://evil.example/", &good)).is_err());
        assert!(host(8787, &head("http://user@127.0.0.1:8787/", &good)).is_err());
        assert!(host(8787, &head("https://127.0.0.1:8787/", &good)).is_err());
    }

    #[test]
    fn no_page_is_let_in() {
        let headers = |pairs: &[(&str, &str)]| head("/", pairs).headers;
        for origin in ["null", "", "http://127.0.0.1:8787", "http://localhost:8787", "https://evil.example"] {
            assert!(page(&headers(&[("origin", origin)])).is_err(), "{origin}");
        }
        for site in ["cross-site", "same-site", "same-origin", "", "NONE"] {
            assert!(page(&headers(&[("sec-fetch-site", site)])).is_err(), "{site}");
        }
        for socket in ["websocket", "h2c, websocket", ""] {
            assert!(page(&headers(&[("upgrade", socket)])).is_err(), "{socket}");
        }
        assert!(page(&headers(&[("upgrade", "h2c")])).is_ok(), "programs in Java send it");
        assert!(page(&headers(&[("upgrade", "h2c"), ("upgrade", "websocket")])).is_err());
        assert!(page(&headers(&[("sec-fetch-site", "none")])).is_ok());
        assert!(page(&headers(&[("sec-fetch-mode", "cors")])).is_ok(), "programs on Node send it");
    }

    #[test]
    fn a_key_is_found_in_every_header_and_no_address() {
        let ours = format!("{PREFIX}{}", "a".repeat(64));
        let bearer = format!("Bearer {ours}");
        for pair in [
            ("authorization", bearer.as_str()),
            ("x-api-key", &ours),
            ("x-goog-api-key", &ours),
            ("api-key", &ours),
        ] {
            assert_eq!(key(&head("/", &[pair])).ok(), Some(ours.as_str()), "{}", pair.0);
            assert!(key(&head(&format!("/?key={ours}"), &[pair])).is_err(), "in the address");
        }
        let beside = [("authorization", "Bearer sk-ant-theirs"), ("x-api-key", ours.as_str())];
        assert!(key(&head("/", &beside)).is_ok(), "a provider's key beside it says nothing");
        let other = format!("{PREFIX}{}", "b".repeat(64));
        assert!(key(&head("/", &[("api-key", &ours), ("x-api-key", &other)])).is_err(), "two");
        assert!(key(&head("/", &[("authorization", &ours)])).is_err(), "no scheme");
        assert!(key(&head("/", &[("authorization", "Basic abc")])).is_err());
        assert!(key(&head("/", &[("cookie", &ours)])).is_err());
        assert!(key(&head("/", &[])).is_err());
    }
}
