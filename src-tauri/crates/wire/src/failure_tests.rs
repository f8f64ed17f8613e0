use super::*;

fn kind_of(status: u16, body: &str) -> ErrorKind {
    from_http(status, &Headers::default(), body.as_bytes()).kind
}

#[test]
fn the_same_status_means_different_things() {
    use ErrorKind as K;
    for (status, body, kind) in [
        (401, r#"{"error":{"message":"Unauthorized"}}"#, K::AuthRejected),
        (400, r#"{"code":"invalid-argument","error":"Incorrect API key provided."}"#, K::AuthRejected),
        (
            400,
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"API key not valid."}}"#,
            K::AuthRejected,
        ),
        (403, r#"{"error":{"message":"Your key lacks access"}}"#, K::AuthForbidden),
        (403, r#"{"error":{"code":403,"message":"Request blocked: prompt injection"}}"#, K::PolicyRefused),
        (402, "{}", K::BillingCredits),
        (
            429,
            r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota, please check your plan and billing details."}}"#,
            K::BillingCredits,
        ),
        (
            429,
            r#"{"error":{"code":"rate_limit_exceeded","message":"Rate limit reached. Visit billing"}}"#,
            K::LimitRate,
        ),
        (
            429,
            r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","details":[{"retryDelay":"36s"}]}}"#,
            K::LimitRate,
        ),
        (400, r#"{"type":"error","error":{"message":"Your credit balance is too low"}}"#, K::BillingCredits),
        (500, r#"{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#, K::BillingCredits),
        (429, r#"{"error":{"message":"You have reached your monthly spend limit."}}"#, K::BillingCredits),
        (400, r#"{"error":{"code":"context_length_exceeded","message":"too long"}}"#, K::LimitContext),
        (
            400,
            r#"{"message":"Please reduce the length. Current length is 9000 while limit is 8192"}"#,
            K::LimitContext,
        ),
        (
            400,
            r#"{"error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01."}}"#,
            K::BillingCredits,
        ),
        (
            400,
            r#"{"error":{"message":"input length and `max_tokens` exceed context limit: 199759 + 21333 > 200000"}}"#,
            K::LimitContext,
        ),
        (413, "", K::LimitContext),
        (429, r#"{"message":"Too many tokens, please wait before trying again."}"#, K::LimitRate),
        (400, r#"{"error":{"code":"content_filter","message":"filtered"}}"#, K::PolicyFiltered),
        (
            404,
            r#"{"error":{"code":"model_not_found","message":"The model x does not exist"}}"#,
            K::RequestNoModel,
        ),
        (400, r#"{"error":{"code":400,"message":"foo/bar is not a valid model ID"}}"#, K::RequestNoModel),
        (404, "404 page not found", K::RequestNoModel),
        (
            400,
            r#"{"error":{"code":"unsupported_parameter","message":"Unsupported parameter: 'stop'","param":"stop"}}"#,
            K::RequestUnsupported,
        ),
        (422, r#"{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}"#, K::RequestInvalid),
        (400, "", K::RequestInvalid),
        (408, "", K::UpstreamInternal),
        (409, "", K::UpstreamInternal),
        (500, "", K::UpstreamInternal),
        (502, "<html>Bad gateway</html>", K::UpstreamInternal),
        (503, "<html>", K::LimitOverloaded),
        (524, "", K::UpstreamInternal),
        (529, r#"{"error":{"type":"overloaded_error"}}"#, K::LimitOverloaded),
    ] {
        assert_eq!(kind_of(status, body), kind, "{status} {body}");
    }
}

#[test]
fn an_error_page_becomes_words() {
    let body =
        b"<html>\n<head><title>503 Service Unavailable</title></head>\n<body><hr>cloudflare</body></html>";
    let failure = from_http(503, &Headers::default(), body);
    let upstream = failure.upstream.unwrap();
    assert_eq!(upstream.message.as_deref(), Some("503 Service Unavailable cloudflare"));
    assert_eq!(upstream.status, Some(503));
}

#[test]
fn ids_and_waits_are_found() {
    let headers = Headers(vec![("X-Request-Id".into(), "req_1".into()), ("retry-after".into(), "7".into())]);
    let failure = from_http(429, &headers, br#"{"error":{"message":"slow down","param":"messages"}}"#);
    assert!(failure.message.contains("7 s"), "{}", failure.message);
    let upstream = failure.upstream.unwrap();
    assert_eq!(upstream.request_id.as_deref(), Some("req_1"));
    assert_eq!(upstream.retry_after, Some(Millis(7_000)));
    assert_eq!(upstream.param.as_deref(), Some("messages"));
    let failure = from_http(
        400,
        &Headers::default(),
        br#"{"type":"error","error":{"type":"invalid_request_error","message":"x"},"request_id":"req_2"}"#,
    );
    let upstream = failure.upstream.unwrap();
    assert_eq!(upstream.request_id.as_deref(), Some("req_2"));
    assert_eq!(upstream.code.as_deref(), Some("invalid_request_error"));
}

#[test]
fn a_provider_may_say_whether_to_ask_again() {
    let said = |value: &str| {
        let headers = Headers(vec![("X-Should-Retry".into(), value.into())]);
        from_http(529, &headers, b"{}").upstream.unwrap().should_retry
    };
    assert_eq!(said("true"), Some(true));
    assert_eq!(said(" False "), Some(false));
    assert_eq!(said("maybe"), None);
    assert_eq!(from_http(529, &Headers::default(), b"{}").upstream.unwrap().should_retry, None);
}

#[test]
fn errors_inside_an_answer_carry_their_own_status() {
    let json = Json::parse(r#"{"error":{"code":429,"message":"Rate limit exceeded"}}"#).unwrap();
    assert_eq!(from_json(&json).kind, ErrorKind::LimitRate);
    let json = Json::parse(r#"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#).unwrap();
    assert_eq!(from_json(&json).kind, ErrorKind::LimitOverloaded);
    let json = Json::parse(r#"{"error":"unexpected EOF"}"#).unwrap();
    assert_eq!(from_json(&json).kind, ErrorKind::UpstreamInternal);
    assert_eq!(from_json(&Json::Null).kind, ErrorKind::UpstreamInternal);
}

#[test]
fn every_status_with_any_body_gives_a_failure_with_words() {
    for status in 0..=999 {
        for body in ["", "{", "[]", "null", "{\"error\":null}", "{\"error\":[]}", "\u{FEFF}"] {
            let failure = from_http(status, &Headers::default(), body.as_bytes());
            assert!(failure.message.len() > 20);
        }
    }
}

#[test]
fn a_key_that_is_repeated_is_not_passed_on() {
    let body = br#"{"error":{"message":"Incorrect API key provided: sk-proj-abcDEF1234567890xyz. Find it at /account/api-keys, key-words are fine."}}"#;
    let failure = from_http(401, &Headers::default(), body);
    let words = failure.upstream.unwrap().message.unwrap();
    assert_eq!(words, "Incorrect API key provided: [key]. Find it at /account/api-keys, key-words are fine.");
}

#[test]
fn an_answer_that_is_too_long_is_no_prompt_that_is() {
    for (prompt, kind) in [(50, ErrorKind::RequestUnsupported), (130_000, ErrorKind::LimitContext)] {
        for words in [
            format!(
                "'max_tokens' or 'max_completion_tokens' is too large: 131072. This model's maximum context length is 131072 tokens and your request has {prompt} input tokens (131072 > 131072 - {prompt})."
            ),
            format!(
                "This model's maximum context length is 131072 tokens. However, you requested 131122 tokens ({prompt} in the messages, 131072 in the completion). Please reduce the length of the messages or completion."
            ),
            format!(
                "This model's maximum context length is 131072 tokens, however you requested 131122 tokens ({prompt} in your prompt; 131072 for the completion)."
            ),
            format!(
                "input length and `max_tokens` exceed context limit: {prompt} + 131072 > 131072, decrease input length or `max_tokens` and try again"
            ),
        ] {
            let body = serde_json::json!({ "error": { "message": words, "type": "invalid_request_error" } });
            let failure = from_http(400, &Headers::default(), body.to_string().as_bytes());
            assert_eq!(failure.kind, kind, "{words}");
            let named = kind == ErrorKind::RequestUnsupported;
            assert_eq!(failure.upstream.unwrap().param.is_some(), named, "others may have more room");
        }
    }
}
