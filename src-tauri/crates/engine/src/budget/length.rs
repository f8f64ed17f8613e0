//! How long an answer may become for which nobody named a limit.

use domain::Endpoint;

/// Assumed longest answer where neither the user nor the catalogue gives one.
pub(crate) const DEFAULT_OUTPUT_LIMIT: u64 = 16_384;
/// No limit is set below this only because a prompt seems to leave no room: whether it does is the provider's to say.
const LEAST: u64 = 256;

/// The longest that an endpoint gives.
pub(super) fn longest(endpoint: &Endpoint) -> u64 {
    endpoint.max_completion_tokens.unwrap_or(DEFAULT_OUTPUT_LIMIT)
}

/// The longest that a request may name: many servers give as much as their context holds, and refuse a limit that
/// does not fit into it beside the prompt (vLLM, Mistral, Anthropic). `prompt`: the most it can be; `likely`: what it
/// probably is.
pub(super) fn fitting(endpoint: &Endpoint, prompt: u64, likely: impl FnOnce() -> u64) -> u64 {
    let longest = longest(endpoint);
    let Some(context) = endpoint.context_length else { return longest };
    let sure = context.saturating_sub(prompt);
    if sure >= longest.min(context / 2) {
        return longest.min(sure);
    }
    // The most is counted by bytes, which of a long prompt would leave nothing. Of what likely remains one half is
    // room for being wrong.
    let half = context.saturating_sub(likely()) / 2;
    longest.min(sure.max(half).max(LEAST))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn endpoint(context_length: Option<u64>, max_completion_tokens: Option<u64>) -> Endpoint {
        Endpoint {
            id: "acme/m".into(),
            provider: "acme".into(),
            model: "acme/m".parse().unwrap(),
            upstream_model: "m".to_owned(),
            context_length,
            max_completion_tokens,
            prices: None,
        }
    }

    fn limit(context: u64, longest: u64, prompt: u64, likely: u64) -> u64 {
        fitting(&endpoint(Some(context), Some(longest)), prompt, || likely)
    }

    #[test]
    fn a_limit_fits_beside_its_prompt() {
        assert_eq!(limit(131_072, 131_072, 72, 20), 131_000);
        assert_eq!(limit(200_000, 64_000, 72, 20), 64_000);
        assert_eq!(limit(200_000, 64_000, 136_000, 34_000), 64_000);
        // As many bytes as tokens fit in, and four times as many.
        assert_eq!(limit(131_072, 131_072, 131_072, 31_072), 50_000);
        assert_eq!(limit(131_072, 131_072, 400_000, 100_000), 15_536);
        assert_eq!(limit(1_048_576, 65_536, 1_048_000, 262_000), 65_536);
        assert_eq!(limit(8_192, 8_192, 90_000, 20_000), 256);
        assert_eq!(limit(100, 50, 90_000, 20_000), 50);
    }

    #[test]
    fn what_nobody_knows_is_assumed() {
        assert_eq!(fitting(&endpoint(None, None), 1_000_000, || 0), DEFAULT_OUTPUT_LIMIT);
        assert_eq!(fitting(&endpoint(Some(8_192), None), 192, || 0), 8_000);
    }
}
