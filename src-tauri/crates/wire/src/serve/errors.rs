//! Failures in each protocol's own shape.
//!
//! The word in `error_type` is OpenRouter's, whose list of them is the one that is published
//! (its OpenAPI document, read 2026-08-22).

use super::Protocol;
use domain::{ErrorKind, Failure};
use serde_json::{Map, Value, json};

/// What one kind of failure is called.
struct Names {
    status: u16,
    /// OpenRouter's `error_type`, and the `code` of the OpenAI protocols.
    word: &'static str,
    /// `type` in the OpenAI protocols.
    openai: &'static str,
    /// `type` in the Messages API.
    messages: &'static str,
    /// `status` in the Gemini API.
    google: &'static str,
}

const fn names(
    status: u16,
    word: &'static str,
    openai: &'static str,
    messages: &'static str,
    google: &'static str,
) -> Names {
    Names { status, word, openai, messages, google }
}

fn of(failure: &Failure) -> Names {
    use ErrorKind as K;
    const INVALID: &str = "invalid_request_error";
    match failure.kind {
        K::AuthRejected if failure.upstream.is_none() => {
            names(401, "authentication", "authentication_error", "authentication_error", "UNAUTHENTICATED")
        }
        // No key for the provider, or one that it refuses. The client's own is good: told otherwise, programs ask for
        // another or try on for ever.
        K::AuthMissing | K::AuthRejected | K::AuthForbidden => {
            names(403, "permission_denied", "permission_error", "permission_error", "PERMISSION_DENIED")
        }
        K::BillingCredits | K::BillingBudget => {
            names(402, "payment_required", "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED")
        }
        K::LimitRate => {
            names(429, "rate_limit_exceeded", "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED")
        }
        K::LimitOverloaded => {
            names(503, "provider_overloaded", "server_error", "overloaded_error", "UNAVAILABLE")
        }
        K::LimitContext => names(400, "context_length_exceeded", INVALID, INVALID, "INVALID_ARGUMENT"),
        K::RequestInvalid => names(400, "invalid_request", INVALID, INVALID, "INVALID_ARGUMENT"),
        K::RequestUnsupported => names(400, "unprocessable", INVALID, INVALID, "FAILED_PRECONDITION"),
        K::RequestNoModel => names(404, "not_found", INVALID, "not_found_error", "NOT_FOUND"),
        K::PolicyRefused => names(403, "refusal", INVALID, "permission_error", "PERMISSION_DENIED"),
        K::PolicyFiltered => {
            names(403, "content_policy_violation", INVALID, "permission_error", "PERMISSION_DENIED")
        }
        K::TimeConnect | K::TimeFirstByte | K::TimeIdle | K::TimeTotal => {
            names(504, "timeout", "server_error", "timeout_error", "DEADLINE_EXCEEDED")
        }
        K::NetDns
        | K::NetConnect
        | K::NetTls
        | K::NetProxy
        | K::NetRedirect
        | K::StreamTruncated
        | K::StreamMalformed
        | K::UpstreamInternal => {
            names(502, "provider_unavailable", "server_error", "api_error", "UNAVAILABLE")
        }
        // The client is gone: no status reaches anyone.
        K::Cancelled => names(499, "unmapped", "server_error", "api_error", "CANCELLED"),
        // We are closing: whoever asks again may find us open.
        K::Interrupted | K::StoreBusy | K::VaultLocked | K::VaultUnavailable => {
            names(503, "server", "server_error", "api_error", "UNAVAILABLE")
        }
        K::StoreFull | K::StoreNewer | K::StoreCorrupt | K::StoreDenied | K::Bug => {
            names(500, "server", "server_error", "api_error", "INTERNAL")
        }
    }
}

/// The HTTP status of a failure.
pub fn status_of(failure: &Failure) -> u16 {
    of(failure).status
}

/// Status and body of an answer that is a failure.
pub fn error_body(protocol: Protocol, failure: &Failure) -> (u16, Vec<u8>) {
    let body = match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiResponses => json!({ "error": chat_error(failure) }),
        Protocol::AnthropicMessages => messages_error(failure),
        Protocol::Gemini => gemini_error(failure),
    };
    let status = match (protocol, failure.kind) {
        // The API's own status for it, after which its clients wait and ask again.
        (Protocol::AnthropicMessages, ErrorKind::LimitOverloaded) => 529,
        _ => status_of(failure),
    };
    (status, body.to_string().into_bytes())
}

/// The `error` object of the OpenAI protocols, with OpenRouter's `metadata`.
pub(super) fn chat_error(failure: &Failure) -> Value {
    let names = of(failure);
    let param = failure.upstream.as_ref().and_then(|upstream| upstream.param.clone());
    let code = match failure.kind {
        ErrorKind::RequestNoModel => "model_not_found",
        ErrorKind::BillingCredits | ErrorKind::BillingBudget => "insufficient_quota",
        ErrorKind::AuthRejected if failure.upstream.is_none() => "invalid_api_key",
        _ => names.word,
    };
    json!({ "message": failure.message, "type": names.openai, "param": param, "code": code,
        "metadata": metadata(failure) })
}

/// The body of a refusal for a client of OpenRouter's, in whose errors `code` is the status.
pub fn openrouter_error(failure: &Failure, status: u16) -> Vec<u8> {
    json!({ "error": openrouter(failure, status) }).to_string().into_bytes()
}

/// The same object alone.
pub(super) fn openrouter(failure: &Failure, status: u16) -> Value {
    let mut error = chat_error(failure);
    error["code"] = status.into();
    error
}

/// The `error` object inside a Responses answer.
pub(super) fn responses_error(failure: &Failure) -> Value {
    let code = match failure.kind {
        ErrorKind::LimitRate => "rate_limit_exceeded",
        ErrorKind::RequestInvalid | ErrorKind::LimitContext => "invalid_prompt",
        _ => "server_error",
    };
    json!({ "code": code, "message": failure.message, "metadata": metadata(failure) })
}

/// The error document of the Messages API, whole or as an event.
pub(super) fn messages_error(failure: &Failure) -> Value {
    let error = json!({ "type": of(failure).messages, "message": failure.message,
        "error_type": of(failure).word, "metadata": metadata(failure) });
    json!({ "type": "error", "error": error })
}

/// The error document of the Gemini API, whole or as a chunk.
pub(super) fn gemini_error(failure: &Failure) -> Value {
    let names = of(failure);
    let mut details =
        vec![json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": names.word,
        "domain": "parallax", "metadata": metadata(failure) })];
    let wait = failure.upstream.as_ref().and_then(|upstream| upstream.retry_after);
    if let Some(wait) = wait {
        let (seconds, rest) = (wait.0 / 1000, wait.0 % 1000);
        let delay = if rest == 0 { format!("{seconds}s") } else { format!("{seconds}.{rest:03}s") };
        details.push(json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }));
    }
    json!({ "error": { "code": names.status, "message": failure.message, "status": names.google,
        "details": details } })
}

/// Our own word for it, and what the provider said. All of it text, as the Gemini API demands.
fn metadata(failure: &Failure) -> Value {
    let mut all = Map::new();
    all.insert("error_type".into(), of(failure).word.into());
    all.insert("kind".into(), failure.kind.as_str().into());
    if let Some(upstream) = &failure.upstream {
        let provider = upstream.provider.as_ref().map(ToString::to_string);
        let status = upstream.status.map(|status| status.to_string());
        let said = [
            ("provider_name", provider),
            ("provider_status", status),
            ("provider_code", upstream.code.clone()),
            ("raw", upstream.message.clone()),
            ("provider_request_id", upstream.request_id.clone()),
        ];
        all.extend(said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))));
    }
    all.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// A client that is told 401 takes it for the key it was given here.
    #[test]
    fn a_providers_key_is_no_matter_of_the_clients() {
        let told = |failure: &Failure| {
            let (status, body) = error_body(Protocol::OpenAiChat, failure);
            let body: Value = serde_json::from_slice(&body).unwrap();
            (status, body["error"]["code"].as_str().unwrap().to_owned())
        };
        let ours = Failure::new(ErrorKind::AuthRejected, "This is no app key.");
        assert_eq!(told(&ours), (401, "invalid_api_key".to_owned()));
        let upstream = domain::Upstream { status: Some(401), ..domain::Upstream::default() };
        assert_eq!(told(&ours.with_upstream(upstream)), (403, "permission_denied".to_owned()));
        let none = Failure::new(ErrorKind::AuthMissing, "There is no key for Acme. Add one in Settings.");
        assert_eq!(told(&none), (403, "permission_denied".to_owned()));
        assert_eq!(error_body(Protocol::AnthropicMessages, &none).0, 403);
    }
}
