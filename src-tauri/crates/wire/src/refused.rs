//! A field that an endpoint refuses by its name, and what is sent instead.

use domain::{Failure, Params, Quirks, StreamUsage};

/// The two names that the chat protocol has for the longest answer.
const LIMITS: [&str; 2] = ["max_completion_tokens", "max_tokens"];
const USAGE: &str = "stream_options";
/// What an answer can do without: how it is drawn from what the model finds likely.
const SAMPLING: [&str; 8] = [
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "seed",
];
/// How it is said that the field itself is not taken, and not that its value is out of bounds.
const SAYS: [&str; 14] = [
    "unsupported",
    "not supported",
    "not_supported",
    "not support",
    "n't support",
    "unrecognized",
    "unknown parameter",
    "unknown_parameter",
    "unknown field",
    "unknown name",
    "not permitted",
    "extra_forbidden",
    "unexpected keyword",
    "is deprecated for this model",
];

/// A field that an endpoint refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(&'static str);

impl Refused {
    /// The field that the failure complains of, if a request can go without it.
    pub fn of(failure: &Failure) -> Option<Self> {
        let upstream = failure.upstream.as_ref().filter(|said| matches!(said.status, Some(400 | 422)))?;
        let said = [&upstream.code, &upstream.message].map(|text| text.as_deref().unwrap_or_default());
        let said = said.join(" ").to_ascii_lowercase();
        if !SAYS.iter().any(|words| said.contains(words)) {
            return None;
        }
        let all = || LIMITS.into_iter().chain([USAGE]).chain(SAMPLING);
        match upstream.param.as_deref() {
            Some(param) => all().find(|field| param.rsplit(['.', '/']).next() == Some(field)).map(Self),
            // What is to be said instead comes behind what is complained of.
            None => all()
                .filter_map(|field| Some((word(&said, field)?, field)))
                .min()
                .map(|(_, field)| Self(field)),
        }
    }

    /// What the answer says is the same without it.
    pub fn is_form(self) -> bool {
        self.0 == USAGE || LIMITS.contains(&self.0)
    }

    /// May a request with these settings name it? A tool may have an argument of the same name.
    pub fn may_be_in(self, params: &Params) -> bool {
        match self.0 {
            "temperature" => params.temperature.is_some(),
            "top_p" => params.top_p.is_some(),
            "seed" => params.seed.is_some(),
            // The others are in no request of ours but in bodies that pass.
            _ => true,
        }
    }

    /// The same thing under its other name: if both are refused, neither helps.
    pub fn is_twin(self, other: Self) -> bool {
        LIMITS.contains(&self.0) && LIMITS.contains(&other.0)
    }

    /// What the provider's quirks are where it is refused.
    pub fn avoid(self, quirks: &mut Quirks) {
        if let Some(other) = LIMITS.into_iter().find(|name| LIMITS.contains(&self.0) && *name != self.0) {
            quirks.max_tokens_field = Some(other.to_owned());
            return;
        }
        if self.0 == USAGE {
            quirks.stream_usage = StreamUsage::Always;
        }
        quirks.drop_params.push(self.0.to_owned());
    }
}

/// Where a name stands in the text, as a word of its own.
fn word(text: &str, name: &str) -> Option<usize> {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    text.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !part(before) && !part(bytes.get(at + name.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect;
    use domain::Headers;

    fn refused(status: u16, body: &str) -> Option<&'static str> {
        let failure = dialect("openai-chat").unwrap().failure(status, &Headers::default(), body.as_bytes());
        Refused::of(&failure).map(|field| field.0)
    }

    #[test]
    fn what_is_refused_by_its_name_is_known() {
        let renamed = r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#;
        assert_eq!(refused(400, renamed), Some("max_tokens"));
        assert_eq!(
            refused(400, &renamed.replace(r#""param":"max_tokens""#, r#""param":null"#)),
            Some("max_tokens")
        );
        let fixed = r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.","param":"temperature","code":"unsupported_value"}}"#;
        assert_eq!(refused(400, fixed), Some("temperature"));
        let old =
            r#"{"error":{"message":"Unrecognized request argument supplied: stream_options","param":null}}"#;
        assert_eq!(refused(400, old), Some("stream_options"));
        let strict = r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{}}]}"#;
        assert_eq!(refused(422, strict), Some("stream_options"));
        let within = r#"{"detail":[{"type":"extra_forbidden","loc":["body","messages",0,"name"],"msg":"Extra inputs are not permitted"}]}"#;
        assert_eq!(refused(422, within), None, "not what an answer can do without");
    }

    #[test]
    fn a_value_out_of_bounds_and_other_complaints_are_not() {
        for other in [
            r#"{"error":{"message":"'max_tokens' is too large: 131072. This model's maximum context length is 4096 tokens.","param":"max_tokens"}}"#,
            r#"{"error":{"message":"Invalid 'temperature': decimal above maximum value. Expected a value <= 2.","param":"temperature","code":"decimal_above_max_value"}}"#,
            r#"{"error":{"message":"Unsupported parameter: 'tools' is not supported with this model.","param":"tools"}}"#,
            r#"{"error":{"message":"Unsupported file: max_tokens_2.pdf","param":null}}"#,
        ] {
            assert_eq!(refused(400, other), None, "{other}");
        }
        let gone = r#"{"error":{"message":"temperature is not supported"}}"#;
        assert_eq!((refused(500, gone), refused(400, gone)), (None, Some("temperature")));
    }

    #[test]
    fn a_limit_gets_its_other_name_and_the_rest_is_left_out() {
        let after = |field: &'static str| {
            let mut quirks = Quirks::default();
            Refused(field).avoid(&mut quirks);
            (quirks.max_tokens_field, quirks.stream_usage, quirks.drop_params)
        };
        let renamed = |name: &str| (Some(name.to_owned()), StreamUsage::Ask, Vec::new());
        assert_eq!(after("max_tokens"), renamed("max_completion_tokens"));
        assert_eq!(after("max_completion_tokens"), renamed("max_tokens"));
        assert_eq!(after("stream_options"), (None, StreamUsage::Always, vec!["stream_options".to_owned()]));
        assert_eq!(after("seed"), (None, StreamUsage::Ask, vec!["seed".to_owned()]));
        assert!(Refused("max_tokens").is_twin(Refused("max_completion_tokens")));
    }
}
