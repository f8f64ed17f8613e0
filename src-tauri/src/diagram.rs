//! Where diagrams are drawn: a page of its own scheme, framed without an origin.
//!
//! The library that draws is large, has had holes, and is fed with text that a model wrote. Its page has a
//! policy of its own that starts from nothing, knows three addresses, and is told nothing but one diagram. Not so
//! on Windows, where every frame of a window is given its bridge: nothing is drawn there.

use std::borrow::Cow;
use tauri::{
    AppHandle, Runtime, UriSchemeContext, UriSchemeResponder, Url,
    http::{Request, Response, StatusCode, header},
};

/// The scheme; no capability names it.
pub(crate) const SCHEME: &str = "diagram";

/// What the page may do, whoever frames it: run its own two scripts, and style what it measures. `sandbox`
/// takes its origin away even where the frame that holds it forgot to.
const POLICY: &str = "default-src 'none'; \
    script-src diagram://localhost/frame.js diagram://localhost/mermaid.js; \
    style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox allow-scripts";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What there is: the path, its file among the built-in ones, its type.
const FILES: [(&str, &str, &str); 3] = [
    ("/", "diagram/index.html", HTML),
    ("/frame.js", "diagram/frame.js", SCRIPT),
    ("/mermaid.js", "diagram/mermaid.js", SCRIPT),
];

/// The one page a frame of the window may show.
pub(crate) fn ours(url: &Url) -> bool {
    url.scheme() == SCHEME && url.host_str() == Some("localhost") && url.path() == "/"
}

/// Answers a request of the frame. Unpacking the library takes moments, so it does not hold the window up.
pub(crate) fn serve<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    let path = request.uri().path().to_owned();
    tauri::async_runtime::spawn_blocking(move || responder.respond(answer(&app, &path)));
}

fn answer<R: Runtime>(app: &AppHandle<R>, path: &str) -> Response<Cow<'static, [u8]>> {
    let found = FILES.iter().find(|(known, _, _)| *known == path);
    let file = found.and_then(|(_, file, kind)| {
        app.asset_resolver().get((*file).to_owned()).map(|asset| (Cow::Owned(asset.bytes), *kind))
    });
    let (status, (body, kind)) = match file {
        Some(file) => (StatusCode::OK, file),
        None => (StatusCode::NOT_FOUND, (Cow::Borrowed(&b""[..]), "text/plain")),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, header::HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_shows_one_page() {
        for (url, shown) in [
            ("diagram://localhost/", true),
            ("diagram://localhost/mermaid.js", false),
            ("diagram://evil.test/", false),
            ("tauri://localhost/", false),
            ("http://diagram.localhost/", false),
        ] {
            assert_eq!(ours(&url.parse().unwrap()), shown, "{url}");
        }
    }

    #[test]
    fn the_page_has_no_way_out() {
        assert!(POLICY.starts_with("default-src 'none';"));
        assert!(!POLICY.contains("connect-src") && !POLICY.contains("'self'") && !POLICY.contains("img-src"));
        assert!(POLICY.ends_with("sandbox allow-scripts"));
    }
}
