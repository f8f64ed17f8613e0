//! What a key test learns of money.

/// What a provider says of the credit behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credit {
    /// There is some.
    There,
    /// There is none.
    Gone,
    /// It does not say, or there is no limit.
    Unsaid,
}

impl Credit {
    /// Reads `true` and `false`, and numbers and strings of digits by their sign.
    pub(crate) fn of(said: &serde_json::Value) -> Self {
        let text = match said {
            serde_json::Value::Bool(true) => return Self::There,
            serde_json::Value::Bool(false) => return Self::Gone,
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::String(text) => text.trim().to_owned(),
            _ => return Self::Unsaid,
        };
        let Ok(amount) = text.parse::<f64>() else { return Self::Unsaid };
        if amount > 0.0 { Self::There } else { Self::Gone }
    }
}
