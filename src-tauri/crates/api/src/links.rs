//! The one way out of the window: an address is parsed, its scheme checked, and its canonical form opened.

use crate::{Api, types::Link};
use domain::{ErrorKind, Failure, say};
use std::future::{Ready, ready};
use url::Url;

/// Longest address that is opened.
const LIMIT: usize = 8 * 1024;

pub(crate) fn open(api: &Api, link: Link) -> Ready<Result<(), Failure>> {
    ready(check(&link.url).and_then(|url| (api.open_link)(&url)))
}

/// The canonical form of an address that may be opened.
///
/// Allowed are `https`, `http` and `mailto`. Refused are all other schemes, addresses that carry a user
/// name (`https://bank.example@evil.example`), and hidden control characters.
pub fn check(text: &str) -> Result<String, Failure> {
    let refuse = |why: domain::Words| {
        Failure::new(ErrorKind::RequestInvalid, say!("This link is not opened: {why}.", why))
    };
    if text.len() > LIMIT {
        return Err(refuse(say!("it is too long")));
    }
    if text.chars().any(char::is_control) {
        return Err(refuse(say!("it holds hidden characters")));
    }
    let url = Url::parse(text).map_err(|_| refuse(say!("it is not a complete address")))?;
    match url.scheme() {
        "https" | "http" => {
            if url.host_str().is_none_or(str::is_empty) {
                return Err(refuse(say!("it names no host")));
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Err(refuse(say!("it hides another host behind a user name")));
            }
        }
        "mailto" => {}
        other => {
            return Err(refuse(say!(
                "addresses that begin with “{scheme}:” can start other programs",
                scheme = other
            )));
        }
    }
    Ok(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_plain_web_and_mail_addresses_leave_the_window() {
        for good in ["https://example.org/a?b=c#d", "http://localhost:8080/", "mailto:a@example.org"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "smb://host/share",
            "vbscript:x",
            "//host/path",
            "/relative",
            "https://good.example@evil.example/",
            "https://user:pass@evil.example/",
            "ms-msdt:/id",
            "https://",
            "",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_opened_is_the_canonical_form() {
        assert_eq!(check("HTTPS://EXAMPLE.org").unwrap(), "https://example.org/");
        assert_eq!(check("https://bücher.example/").unwrap(), "https://xn--bcher-kva.example/");
    }
}
