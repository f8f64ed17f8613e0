//! Differences to others, each with its reason in `explained.json`: none may be missing there, none may
//! stand there that no longer occurs.

use serde_json::Value;
use std::collections::BTreeMap;

/// How our figure stands to another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// To the pico-dollar.
    Same,
    /// Both know one, not the same.
    Differs,
    /// We know none.
    Unknown,
    /// The catalogue does not have this model at this provider.
    Missing,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
        }
    }
}

fn pattern_fits(pattern: &Value, value: &str) -> bool {
    let pattern = pattern.as_str().unwrap();
    pattern.strip_suffix('*').map_or(pattern == value, |start| value.starts_with(start))
}

/// The reason a section gives for a difference; empty = none.
pub(crate) fn reason(section: &str, provider: &str, model: &str, outcome: Outcome) -> String {
    let file: Value = serde_json::from_str(include_str!("explained.json")).unwrap();
    let reasons = file[section].as_array().cloned().unwrap_or_default();
    let fits = |reason: &&Value| {
        pattern_fits(&reason["provider"], provider)
            && pattern_fits(&reason["model"], model)
            && reason["outcome"] == outcome.word()
    };
    reasons.iter().find(fits).and_then(|reason| reason["why"].as_str()).unwrap_or_default().to_owned()
}

/// Everything compared: provider, model, outcome → how often, and the first case in words.
#[derive(Default)]
pub(crate) struct Found(BTreeMap<(String, String, &'static str), (u32, String)>);

impl Found {
    pub(crate) fn add(
        &mut self,
        provider: &str,
        model: &str,
        outcome: Outcome,
        detail: impl FnOnce() -> String,
    ) {
        let key = (provider.to_owned(), model.to_owned(), outcome.word());
        self.0.entry(key).or_insert_with(|| (0, detail())).0 += 1;
    }

    pub(crate) fn same(&self) -> u32 {
        self.0.iter().filter(|((.., outcome), _)| *outcome == "same").map(|(_, (count, _))| count).sum()
    }

    pub(crate) fn summary(&self) -> String {
        let mut by: BTreeMap<&str, u32> = BTreeMap::new();
        for ((.., outcome), (count, _)) in &self.0 {
            *by.entry(outcome).or_default() += count;
        }
        format!("{by:?}")
    }

    /// Compares with a section of the file: `[{provider, model, outcome, count, why}]`, where `model`
    /// may end in `*`.
    pub(crate) fn check(&self, section: &str) {
        let file: Value = serde_json::from_str(include_str!("explained.json")).unwrap();
        let reasons = file[section].as_array().unwrap_or_else(|| panic!("no section {section}"));
        // Some recordings lie beside the checkout; without them a difference may occur less often.
        let all_at_hand = super::priced::shared("recordings/open").is_some();
        let mut complaints = Vec::new();
        let mut used = vec![0_u64; reasons.len()];
        for ((provider, model, outcome), (count, detail)) in &self.0 {
            if *outcome == "same" {
                continue;
            }
            let fits = |reason: &Value| {
                let name = |key: &str, value: &str| pattern_fits(&reason[key], value);
                name("provider", provider) && name("model", model) && reason["outcome"] == *outcome
            };
            match reasons.iter().position(fits) {
                Some(at) => used[at] += u64::from(*count),
                None => {
                    complaints.push(format!("unexplained: {provider} {model} {outcome} ×{count}: {detail}"))
                }
            }
        }
        for (reason, used) in reasons.iter().zip(used) {
            assert!(reason["why"].as_str().is_some_and(|why| why.len() > 20), "{reason} gives no reason");
            let count = reason["count"].as_u64().unwrap();
            if used > count || (used < count && all_at_hand) {
                complaints.push(format!("explained {} times, found {used} times: {reason}", reason["count"]));
            }
        }
        assert!(complaints.is_empty(), "{} in {section}:\n{}", complaints.len(), complaints.join("\n"));
    }
}
