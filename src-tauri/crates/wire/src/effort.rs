//! How much reasoning is asked for, and which of it an endpoint takes.

use crate::notices::Notices;
use domain::{Effort, Quirks, Reasoning, ReasoningForm, say};

/// The effort nearest to a limit in tokens, for APIs that take no limit.
pub(crate) fn of_tokens(tokens: u64) -> Effort {
    match tokens {
        0 => Effort::None,
        1..4_096 => Effort::Low,
        4_096..16_384 => Effort::Medium,
        16_384..32_768 => Effort::High,
        _ => Effort::Max,
    }
}

/// OpenAI's word for an effort.
pub(crate) fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::XHigh => "xhigh",
        Effort::Max => "max",
    }
}

/// The form of this model; the first that fits counts.
pub(crate) fn form<'q>(model: &str, quirks: &'q Quirks) -> Option<&'q ReasoningForm> {
    let fits = |form: &&ReasoningForm| {
        form.models.is_empty() || form.models.iter().any(|part| model.contains(part.as_str()))
    };
    quirks.reasoning.iter().find(fits)
}

/// The effort asked for; a limit in tokens becomes the nearest effort, with a notice.
pub(crate) fn asked(asked: Reasoning, notices: &mut Notices) -> Effort {
    match asked {
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(tokens) => {
            let nearest = of_tokens(tokens);
            notices.parameter(say!(
                "reasoning budget: this API takes an effort; {tokens} tokens became “{what}”.",
                tokens,
                what = word(nearest)
            ));
            nearest
        }
    }
}

/// The nearest effort of those taken (`None` = all are), told where it is another. Without any, the one asked for.
pub(crate) fn nearest(asked: Effort, taken: Option<&[Effort]>, notices: &mut Notices) -> Effort {
    let far = |effort: &&Effort| (rank(**effort).abs_diff(rank(asked)), rank(asked) > rank(**effort));
    let nearest = taken.and_then(|taken| taken.iter().min_by_key(far)).copied().unwrap_or(asked);
    if nearest != asked {
        let (asked, nearest) = (word(asked), word(nearest));
        notices.parameter(say!(
            "reasoning effort: “{asked}” became “{nearest}”, the nearest it takes.",
            asked,
            nearest
        ));
    }
    nearest
}

/// The least of those taken that is reasoning at all.
pub(crate) fn least(taken: &[Effort]) -> Option<Effort> {
    taken.iter().copied().filter(|effort| *effort != Effort::None).min_by_key(|effort| rank(*effort))
}

/// Not at all is far from a little.
fn rank(effort: Effort) -> u8 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => 4,
        Effort::Low => 5,
        Effort::Medium => 6,
        Effort::High => 7,
        Effort::XHigh => 8,
        Effort::Max => 9,
    }
}
