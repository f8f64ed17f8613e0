//! What a provider's error means. One table for every dialect: providers copy each other's words.
//!
//! The status alone is not enough: exhausted credit comes as 400, 402, 403, 429 and 500, a wrong key as
//! 400, a full context as 400, 413 or 500.

mod length;

use crate::{json::Json, retry};
use domain::{ErrorKind, Failure, Headers, Millis, Upstream};
use length::answer_too_long;

/// Longest piece of a provider's words kept.
const MAX_WORDS: usize = 2_000;

/// What was said about an error, before it is judged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// HTTP status, or the one the error object itself gives.
    pub(crate) status: Option<u16>,
    /// The provider's `type`, `status` word or exception name.
    pub(crate) sort: Option<String>,
    /// The provider's `code`.
    pub(crate) code: Option<String>,
    /// Further words that only serve to judge (`metadata.error_type`, `innererror.code`, reasons).
    pub(crate) hints: Vec<String>,
    /// In the provider's words.
    pub(crate) message: Option<String>,
    /// The parameter at fault.
    pub(crate) param: Option<String>,
    /// The provider's id of the request.
    pub(crate) request_id: Option<String>,
    /// How long to wait.
    pub(crate) retry_after: Option<Millis>,
    /// When the limit that was hit lifts; counts where nothing else names a wait.
    pub(crate) limits: Option<Millis>,
    /// Whether the provider wants to be asked again.
    pub(crate) again: Option<bool>,
}

/// Reads an HTTP error of any JSON-speaking provider. Never fails: what cannot be read is judged by
/// its status.
pub(crate) fn from_http(status: u16, headers: &Headers, body: &[u8]) -> Failure {
    // An error page of a proxy can be large; its beginning says enough.
    let text = String::from_utf8_lossy(&body[..body.len().min(1 << 20)]);
    let mut said = match Json::parse(text.trim()) {
        Ok(json) => read(&json),
        Err(_) => Said { message: plain(&text), ..Said::default() },
    };
    said.status = Some(status);
    if said.sort.is_none() {
        // `ValidationException:http://internal…`
        let sort = headers.get("x-amzn-errortype").and_then(|v| v.split([':', '#']).next());
        said.sort = sort.map(str::to_owned);
    }
    said.request_id = REQUEST_IDS
        .iter()
        .find_map(|name| headers.get(name))
        .filter(|id| !id.is_empty())
        .map(|id| cap(id, 200))
        .or(said.request_id);
    said.retry_after = match (retry::from_headers(headers), said.retry_after) {
        // Azure says "0 ms" in a header while meaning the next second.
        (Some(Millis(0)) | None, other) => other,
        (header, _) => header,
    };
    said.again = retry::again(headers);
    said.limits = retry::from_limits(&with_inner(headers, text.trim())).filter(|_| status == 429);
    judge(said)
}

/// The response's headers and those of the provider behind a gateway, which OpenRouter repeats in the body.
fn with_inner(headers: &Headers, body: &str) -> Headers {
    let mut all = headers.clone();
    if let Ok(json) = Json::parse(body)
        && let Some(inner) = json.at("/error/metadata/headers")
    {
        let pairs = inner.fields().iter().take(64);
        all.0.extend(pairs.filter_map(|(name, value)| Some((name.to_string(), value.word()?.to_owned()))));
    }
    all
}

const REQUEST_IDS: [&str; 7] = [
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-generation-id",
    "cf-ray",
    "x-trace-id",
];

/// Reads an error object that came inside an answer.
pub(crate) fn from_json(json: &Json<'_>) -> Failure {
    judge(read(json))
}

/// Finds the parts of an error in whatever object holds them.
pub(crate) fn read(json: &Json<'_>) -> Said {
    let json = match json {
        Json::Array(items) => items.first().unwrap_or(json),
        _ => json,
    };
    let mut said = Said::default();
    let inner = ["error", "detail", "base_resp"].iter().find_map(|k| json.get(k));
    let inner = inner.or_else(|| json.list("errors").first()).unwrap_or(json);
    if let Some(words) = inner.str() {
        said.message = Some(words.to_owned());
    }
    // FastAPI's validation errors: `detail: [{loc, msg, type}]`.
    let inner = inner.items().first().unwrap_or(inner);
    let first = |object: &Json<'_>, keys: &[&str]| {
        keys.iter().find_map(|k| object.get(k)?.word().filter(|w| !w.is_empty()).map(str::to_owned))
    };
    said.message = said
        .message
        .or_else(|| first(inner, &["message", "msg", "status_msg", "detail", "Message"]))
        .or_else(|| first(json, &["message", "Message"]));
    said.sort = first(inner, &["type", "status", "__type"]).or_else(|| first(json, &["__type"]));
    said.code = first(inner, &["code", "status_code"]).or_else(|| first(json, &["code"]));
    // FastAPI tells where it stands, step by step.
    let place = || inner.list("loc").last().and_then(Json::str).map(str::to_owned);
    said.param = first(inner, &["param"]).or_else(place);
    said.request_id = first(json, &["request_id", "id"]);
    said.status = [inner.get("code"), json.get("status_code"), inner.get("status"), json.get("code")]
        .into_iter()
        .flatten()
        .find_map(|c| c.word()?.parse::<u16>().ok())
        .filter(|s| (400..600).contains(s));
    for pointer in [
        "/metadata/error_type",
        "/innererror/code",
        "/details/error_code",
        "/error_type",
        "/availability/code",
        "/codeName",
    ] {
        said.hints.extend(inner.at(pointer).and_then(Json::word).map(str::to_owned));
    }
    said.hints.extend(json.text("error_type").map(str::to_owned));
    for detail in inner.list("details") {
        said.hints.extend(detail.text("reason").map(str::to_owned));
        said.retry_after = said.retry_after.or(detail.text("retryDelay").and_then(retry::from_duration));
    }
    let seconds = ["/availability/retry_after", "/metadata/retry_after", "/retry_after", "/retryAfter"];
    let seconds = seconds.iter().find_map(|place| inner.at(place)).or_else(|| json.get("retry_after"));
    said.retry_after = said.retry_after.or(seconds.and_then(Json::word).and_then(retry::from_duration));
    // OpenRouter wraps the words of the provider behind it, and they are what explains.
    if let Some(raw) = inner.at("/metadata/raw").and_then(Json::str) {
        said.hints.push(raw.to_owned());
    }
    said
}

/// Visible words of a body that is no JSON: an HTML page's text, or the text itself.
fn plain(text: &str) -> Option<String> {
    let mut words = String::new();
    let mut tag = false;
    for c in text.chars().take(20_000) {
        match c {
            '<' => tag = true,
            '>' if tag => {
                tag = false;
                words.push(' ');
            }
            c if !tag => words.push(c),
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then(|| cap(&words, 300))
}

fn cap(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How keys begin. A provider may repeat the key it rejects, and a message is stored and shown.
const KEYS: &[&str] =
    &["sk-", "sk_", "gsk_", "xai-", "aiza", "pplx-", "hf_", "nvapi-", "csk-", "fw_", "r8_", "key-"];

/// The text without anything that looks like a key, whoever's it is.
fn scrub(text: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let (before, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|c| !part(c)).unwrap_or(word.len()));
        let lower = word.to_ascii_lowercase();
        let key = word.len() >= 20 && KEYS.iter().any(|k| lower.starts_with(k));
        clean.push_str(before);
        clean.push_str(if key { "[key]" } else { word });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// Decides the kind and writes the sentence.
pub(crate) fn judge(mut said: Said) -> Failure {
    said.message = said.message.map(|message| scrub(&cap(message.trim(), MAX_WORDS)));
    said.retry_after = said.retry_after.or(said.message.as_deref().and_then(retry::from_message));
    let kind = kind(&said);
    if kind == ErrorKind::RequestUnsupported && said.message.as_deref().is_some_and(answer_too_long) {
        // Whoever has more room may take it.
        said.param.get_or_insert_with(|| "max_tokens".to_owned());
    }
    said.retry_after = said.retry_after.or(said.limits.filter(|_| kind == ErrorKind::LimitRate));
    let words = said.message.clone().filter(|m| !m.is_empty());
    let code = [&said.code, &said.sort].into_iter().flatten().find(|c| c.parse::<i64>().is_err());
    let upstream = Upstream {
        provider: None,
        status: said.status,
        code: code.or(said.code.as_ref()).map(|c| cap(c, 200)),
        message: words.clone(),
        param: said.param.as_deref().map(|p| cap(p, 200)),
        request_id: said.request_id.as_deref().map(|id| cap(id, 200)),
        retry_after: said.retry_after,
        should_retry: said.again,
    };
    Failure::new(kind, sentence(kind, &upstream)).with_upstream(upstream)
}

/// An empty account, in every provider's words. Each entry stands in a row of `tests/conformance/errors.json`
/// or is a code of the same provider.
const CREDITS: &[&str] = &[
    "insufficient_quota",
    "insufficient quota",
    "insufficient_balance",
    "insufficient balance",
    "insufficient_credits",
    "insufficient credit",
    "insufficient funds",
    "insufficient_funds",
    "not_enough_balance",
    "not enough balance",
    "not enough credits",
    "credit balance is too low",
    "credit limit exceeded",
    "credits are depleted",
    "credits expired",
    "included credits",
    "billing_hard_limit",
    "billing_not_active",
    "billing_error",
    "billing_disabled",
    "billing to be enabled",
    "invalid_payment_instrument",
    "payment_required",
    "payment required",
    "spend_limit",
    "spend limit",
    "spending limit",
    "out of credits",
    "no credits",
    "any credits",
    "free tier of the model has been exhausted",
    "freetieronly",
    "account balance",
    "specified api usage limits",
    "extra usage is required",
    "arrearage",
    "余额不足",
    "欠费",
];
/// Said of an empty account and of a limit per minute alike (Gemini): a named window decides.
const QUOTA: &str = "exceeded your current quota, please check your plan";
const CONTEXT: &[&str] = &[
    "context_length",
    "context length",
    "context window",
    "contextwindow",
    "prompt is too long",
    "input is too long",
    "prompt too long",
    "input tokens exceed",
    "input token count",
    "maximum context",
    "context limit",
    "context size",
    "token_limit_exceeded",
    "string_too_long",
    "maximum number of tokens",
    "exceeds maximum length",
    "reduce the length of",
    "too many tokens in",
    "too_many_tokens",
    "too_many_prompt_tokens",
    "request_too_large",
    "payload_too_large",
];
const FILTERED: &[&str] = &[
    "content_filter",
    "content filter",
    "responsibleaipolicy",
    "content_policy",
    "content policy",
    "content management policy",
    "moderation",
    "flagged",
    "safety system",
    "guardrail",
    "data_inspection_failed",
    "prohibited_content",
    "invalid_prompt",
    "image_safety",
    "sensitive",
];
const NO_MODEL: &[&str] = &[
    "model_not_found",
    "model_not_exist",
    "deploymentnotfound",
    "not a valid model",
    "invalid model",
    "unknown model",
    "model identifier is invalid",
    "no endpoints found",
    "model_deprecated",
    "no such model",
    "model_decommissioned",
    "supported api model names are",
];
const BAD_KEY: &[&str] = &[
    "invalid_api_key",
    "incorrect api key",
    "api key not valid",
    "api_key_invalid",
    "invalid api key",
    "api key is invalid",
    "invalid x-api-key",
    "authentication_error",
    "authenticationerror",
    "unauthenticated",
    "unrecognizedclient",
    "invalid token",
];
const UNSUPPORTED: &[&str] = &[
    "unsupported",
    "not supported",
    "does not support",
    "doesn't support",
    "not_supported",
    "is deprecated for this model",
    "not enabled for this model",
    "does not allow",
    "isn't supported",
    "isn’t supported",
    "unknown variant",
    "requires --jinja",
];
const OVERLOADED: &[&str] =
    &["overloaded", "capacity_exhausted", "over capacity", "at capacity", "serviceunavailable"];
const RATE: &[&str] = &[
    "rate_limit",
    "rate limit",
    "ratelimit",
    "resource_exhausted",
    "throttl",
    "too many requests",
    "too_many_requests",
];

/// MiniMax and Z.ai number their business errors (MiniMax API error codes; Z.ai API error codes). Z.ai's
/// numbers stand in `code`, on its Messages endpoint in `type`.
fn numbered(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "1008" | "1113" => ErrorKind::BillingCredits,
        "1002" | "1039" | "1302" | "1303" | "1305" => ErrorKind::LimitRate,
        "1004" | "2049" => ErrorKind::AuthRejected,
        "1026" | "1027" | "1301" => ErrorKind::PolicyFiltered,
        "1211" => ErrorKind::RequestNoModel,
        "1261" => ErrorKind::LimitContext,
        "2013" | "1210" | "1214" => ErrorKind::RequestInvalid,
        _ => return None,
    })
}

fn kind(said: &Said) -> ErrorKind {
    use ErrorKind as K;
    let names = [&said.code, &said.sort].into_iter().flatten().chain(&said.hints);
    let mut text = names.map(String::as_str).collect::<Vec<_>>().join(" ");
    text.push(' ');
    text.push_str(said.message.as_deref().unwrap_or_default());
    let text = cap(&text, 8_000).to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let status = said.status.unwrap_or(0);
    let client = matches!(status, 0 | 400 | 403 | 404 | 413 | 422 | 500);

    if let Some(kind) = [&said.code, &said.sort].into_iter().flatten().find_map(|code| numbered(code)) {
        return kind;
    }
    // A key that is not accepted is not a key without money, whatever the advice beside it; but Perplexity
    // answers both with 401.
    let empty = match status {
        401 => {
            said.code.as_deref() == Some("insufficient_quota")
                || said.sort.as_deref() == Some("insufficient_quota")
        }
        402 => true,
        _ => says(CREDITS) || said.retry_after.is_none() && text.contains(QUOTA),
    };
    if empty {
        return K::BillingCredits;
    }
    if status == 429 || (status == 0 && says(RATE)) {
        return K::LimitRate;
    }
    if client && says(BAD_KEY) || status == 401 {
        return K::AuthRejected;
    }
    if matches!(status, 0 | 400 | 422) && said.message.as_deref().is_some_and(answer_too_long) {
        return K::RequestUnsupported;
    }
    if matches!(status, 0 | 400 | 413 | 422 | 500) && (says(CONTEXT) || over_limit(&text)) || status == 413 {
        return K::LimitContext;
    }
    if client && says(NO_MODEL) || names_missing_model(&text, status) {
        return K::RequestNoModel;
    }
    if client && says(FILTERED) {
        return K::PolicyFiltered;
    }
    if status == 403 {
        let blocked = text.contains("blocked") || text.contains("refus");
        return if blocked { K::PolicyRefused } else { K::AuthForbidden };
    }
    if matches!(status, 503 | 529) || (!(400..500).contains(&status) && says(OVERLOADED)) {
        return K::LimitOverloaded;
    }
    match status {
        0 | 400 | 405 | 406 | 410..=412 | 414..=424 | 426..=428 | 431..=500 if says(UNSUPPORTED) => {
            K::RequestUnsupported
        }
        404 => K::RequestNoModel,
        408 | 409 | 425 => K::UpstreamInternal,
        400..=499 => K::RequestInvalid,
        0 if says(&["invalid_request", "invalid_argument", "validation"]) => K::RequestInvalid,
        _ => K::UpstreamInternal,
    }
}

/// Cerebras: "Current length is X while limit is Y".
fn over_limit(text: &str) -> bool {
    text.contains("length is") && text.contains("while limit is")
}

fn names_missing_model(text: &str, status: u16) -> bool {
    let missing =
        ["does not exist", "not found", "not_found", "doesn't exist"].iter().any(|w| text.contains(w));
    matches!(status, 0 | 400 | 404 | 422) && text.contains("model") && missing
}

fn sentence(kind: ErrorKind, upstream: &Upstream) -> String {
    use ErrorKind as K;
    let words = upstream.message.as_deref().map(|m| cap(m, 400));
    let quoted = |lead: &str| match &words {
        Some(words) => format!("{lead}: {words}"),
        None => format!("{lead}."),
    };
    match kind {
        K::AuthRejected => {
            "The provider does not accept this key. Check it in Settings or enter a new one.".into()
        }
        K::AuthForbidden => quoted("The key may not do this. Check its permissions at the provider"),
        K::BillingCredits => {
            "No credit is left at the provider. Top up there, or choose another provider.".into()
        }
        K::LimitRate => match upstream.retry_after {
            Some(Millis(ms)) => {
                let seconds = ms.div_ceil(1_000).max(1);
                format!("The provider's rate limit is reached. It asks to wait {seconds} s.")
            }
            None => "The provider's rate limit is reached. Wait a little or choose another provider.".into(),
        },
        K::LimitOverloaded => "The provider is overloaded. Try again soon or choose another provider.".into(),
        K::LimitContext => {
            "The prompt is too long for this model. Shorten it or choose a model with a larger context."
                .into()
        }
        K::RequestUnsupported => quoted("The endpoint cannot do what was asked. Change the setting it names"),
        K::RequestInvalid => quoted("The provider rejects the request"),
        K::RequestNoModel => quoted("The provider has no such model. Choose another or check the address"),
        K::PolicyRefused => quoted("The provider refuses this content"),
        K::PolicyFiltered => quoted("The provider's filter withheld this content"),
        _ => match upstream.status {
            Some(status) => quoted(&format!("The provider failed (HTTP {status}). Try again")),
            None => quoted("The provider failed while answering. Try again"),
        },
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
