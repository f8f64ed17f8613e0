//! A recording's answer against what its file expects.

use crate::{
    answer::{Answer, decode},
    recording::Recording,
};
use domain::{Failure, FinishReason, NoticeKind};
use serde_json::Value;
use wire::Ending;

/// Everything that differs, in words.
pub(crate) fn complaints(recording: &Recording) -> Vec<String> {
    let mut list = Complaints(Vec::new());
    if recording.status >= 400 {
        let failure = recording.dialect().failure(recording.status, &recording.headers, &recording.body);
        list.failure(recording, &failure);
        return list.0;
    }
    let (events, ending) = decode(recording, &recording.body, usize::MAX);
    let answer = Answer::of(&events, &ending);
    let expect = &recording.expect;
    match (recording.outcome.as_str(), &ending) {
        ("ok", Ending::Complete) | ("truncated", Ending::Truncated) => {}
        // The files call an answer fine that its model spoiled: to us its last word is a failure.
        ("ok", Ending::Failed(_)) if recording.expect["finish_reason"] == "error" => {}
        ("error" | "stream_error", Ending::Failed(failure)) => list.failure(recording, failure),
        (outcome, ending) => list.0.push(format!("{outcome} but {ending:?}")),
    }
    list.text("text", &answer.text, &expect["text"]);
    let between = if recording.wire == "openai-responses" { "\n\n" } else { "" };
    list.text("reasoning", &answer.reasoning.join(between), &expect["reasoning"]);
    list.text("tool plan", &answer.plan, &expect["tool_plan"]);
    list.text("refusal", &answer.refusal, &expect["refusal"]);
    if let Some(model) = expect["model"].as_str() {
        list.equal("model", &answer.model.as_deref(), &Some(model));
    }
    list.tools(&answer, expect);
    list.finish(&answer, expect);
    list.usage(&answer, expect);
    list.cost(&answer, expect);
    if recording.outcome == "ok" && answer.notices.iter().any(|(k, _)| *k == NoticeKind::SkippedEvent) {
        list.0.push(format!("skipped events: {:?}", answer.notices));
    }
    list.0
}

struct Complaints(Vec<String>);

impl Complaints {
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: &T, expected: &T) {
        if ours != expected {
            self.0.push(format!("{what}: {ours:?}, expected {expected:?}"));
        }
    }

    fn text(&mut self, what: &str, ours: &str, expected: &Value) {
        self.equal(what, &ours, &expected.as_str().unwrap_or_default());
    }

    fn tools(&mut self, answer: &Answer, expect: &Value) {
        let expected = expect["tool_calls"].as_array().unwrap();
        self.equal("number of tool calls", &answer.tools.len(), &expected.len());
        let expected_tools = expect["builtin_tools"].as_array().map_or(0, Vec::len);
        self.equal("number of the provider's tools", &answer.server_tools.len(), &expected_tools);
        for ((id, name, arguments), expected) in answer.tools.iter().zip(expected) {
            self.text("tool", name, &expected["name"]);
            if let Some(expected) = expected["id"].as_str() {
                self.equal("id of the call", &id.as_str(), &expected);
            }
            let parsed = match arguments.trim() {
                "" => serde_json::json!({}),
                text => serde_json::from_str(text).unwrap_or_default(),
            };
            self.equal("arguments", &parsed, &expected["arguments"]);
        }
    }

    fn finish(&mut self, answer: &Answer, expect: &Value) {
        let ours = answer.finish.as_ref();
        // A whole answer that gives no reason: the files say nothing of it, we say that it is another.
        let none = ours.is_some_and(|(reason, raw)| *reason == FinishReason::Other && raw.is_none());
        let ours_in_words = ours.filter(|_| !none).map(|(reason, _)| reason.as_str());
        let expected = expect["finish_reason"].as_str();
        self.equal("finish", &ours_in_words, &expected.filter(|word| !none || *word != "other"));
        if let Some(expected) = expect["raw_finish_reason"].as_str() {
            self.equal("raw finish", &ours.and_then(|(_, raw)| raw.as_deref()), &Some(expected));
        }
    }

    fn usage(&mut self, answer: &Answer, expect: &Value) {
        let expect = &expect["usage"];
        let expected = |key: &str| expect[key].as_u64();
        let usage = &answer.usage;
        self.equal("input", &usage.input.total, &expected("input"));
        self.equal("output", &usage.output.total, &expected("output"));
        // A part a provider counts larger than its whole is passed on and told.
        let mut part = |what: &str, ours: Option<u64>, whole: Option<u64>| {
            let expected = expected(what);
            if expected > whole {
                let told = answer.notices.iter().any(|(kind, _)| *kind == NoticeKind::UsageMismatch);
                self.equal(what, &(ours, told), &(expected, true));
            } else {
                self.equal(what, &ours, &expected);
            }
        };
        part("cached", usage.input.cache_read, usage.input.total);
        part("cache_write", usage.input.cache_write(), usage.input.total);
        part("reasoning", usage.output.reasoning, usage.output.total);
    }

    /// To a pico-dollar: the file's number went through a float, ours did not.
    fn cost(&mut self, answer: &Answer, expect: &Value) {
        #[expect(clippy::cast_possible_truncation, reason = "costs of one request are far below the range")]
        let expected = expect["reported_cost_usd"].as_f64().map(|dollars| (dollars * 1e12).round() as i64);
        let ours = answer.usage.reported_cost.map(domain::PicoUsd::get);
        let near = match (ours, expected) {
            (Some(ours), Some(expected)) => ours.abs_diff(expected) <= 1,
            (ours, expected) => ours == expected,
        };
        if !near {
            self.0.push(format!("cost: {ours:?}, expected {expected:?}"));
        }
    }

    fn failure(&mut self, recording: &Recording, failure: &Failure) {
        let expect = &recording.expect["error"];
        let upstream = failure.upstream.clone().unwrap_or_default();
        let expected = expect["message"].as_str().unwrap_or_default();
        // Of an error page only its words are kept.
        if !expected.starts_with('<') {
            self.equal("message", &upstream.message.as_deref().unwrap_or_default(), &expected.trim());
        }
        self.equal("param", &upstream.param.as_deref(), &expect["param"].as_str());
        let words: Vec<&str> = ["type", "code"].iter().filter_map(|key| expect[*key].as_str()).collect();
        if !words.is_empty() && !words.contains(&upstream.code.as_deref().unwrap_or_default()) {
            self.0.push(format!("code: {:?}, expected one of {words:?}", upstream.code));
        }
        if let Some(seconds) = expect["retry_after"].as_str().and_then(|s| s.parse::<u64>().ok()) {
            self.equal("retry after", &upstream.retry_after.map(|ms| ms.0), &Some(seconds * 1_000));
        }
        if recording.status >= 400 {
            self.equal("status", &upstream.status, &Some(recording.status));
        }
        let kind = failure.kind.as_str();
        let fits = kinds(&recording.name, recording.status);
        if !fits.contains(&kind) {
            self.0.push(format!("kind {kind}, expected one of {fits:?}"));
        }
        if failure.message.len() < 20 {
            self.0.push(format!("says too little: {:?}", failure.message));
        }
    }
}

/// What kind of failure the recording's own name (its features) and status announce.
fn kinds(name: &str, status: u16) -> &'static [&'static str] {
    let named: [(&str, &[&str]); 16] = [
        ("err-auth", &["auth.rejected", "auth.forbidden"]),
        ("err-context-length", &["limit.context"]),
        ("err-model-not-found", &["request.no_model"]),
        ("err-rate-limit", &["limit.rate"]),
        ("err-bad-request", &["request.invalid", "request.unsupported", "request.no_model", "limit.context"]),
        ("credit-balance", &["billing.credits"]),
        ("spend-limit", &["billing.credits"]),
        ("insufficient-quota", &["billing.credits"]),
        ("content-filter", &["policy.filtered"]),
        ("guardrail", &["policy.refused"]),
        ("throttling", &["limit.rate"]),
        ("midstream-429", &["limit.rate"]),
        ("overloaded", &["limit.overloaded"]),
        ("-402", &["billing.credits"]),
        ("-429", &["limit.rate"]),
        ("503-html", &["limit.overloaded"]),
    ];
    if status == 403 && name.contains("err-bad-request") {
        return &["auth.forbidden"];
    }
    if let Some((_, kinds)) = named.iter().find(|(word, _)| name.contains(word)) {
        return kinds;
    }
    match status {
        401 => &["auth.rejected"],
        402 => &["billing.credits"],
        403 => &["auth.forbidden", "policy.refused"],
        404 => &["request.no_model"],
        429 => &["limit.rate"],
        500 => &["upstream.internal"],
        503 => &["limit.overloaded"],
        _ => &["request.invalid", "request.unsupported", "upstream.internal", "limit.context"],
    }
}
