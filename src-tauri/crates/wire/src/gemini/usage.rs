//! Usage of the Gemini API, normalised by its own arithmetic.

use crate::{
    json::Json,
    snapshot::{Snapshot, count, within},
};
use domain::{InputUsage, OutputUsage, Usage, UsageSource};

/// The counts said so far. Prompt tokens contain what the cache served, but not what tools at the
/// provider put into the prompt; candidates do not contain the thoughts. What the provider's total holds
/// beyond all of them is marked and not billed.
pub(super) fn usage(said: &Snapshot) -> Usage {
    let json = said.json();
    let count = |pointer| count(&json, pointer);
    let prompt = count("/promptTokenCount");
    let input = sum(prompt, count("/toolUsePromptTokenCount"));
    let thoughts = count("/thoughtsTokenCount");
    // The Live API and some proxies name the candidates' count after the response.
    let candidates = count("/candidatesTokenCount").or_else(|| count("/responseTokenCount"));
    let output = sum(candidates, thoughts);
    let unexplained = count("/totalTokenCount")
        .zip(sum(input, output))
        .and_then(|(total, parts)| total.checked_sub(parts))
        .filter(|&rest| rest > 0);
    Usage {
        input: InputUsage {
            total: input,
            cache_read: within(count("/cachedContentTokenCount"), input),
            image: within(fresh(&json, "IMAGE"), input),
            audio: within(fresh(&json, "AUDIO"), input),
            ..InputUsage::default()
        },
        output: OutputUsage {
            total: output,
            reasoning: thoughts,
            image: within(modality(&json, "candidatesTokensDetails", "IMAGE"), output),
            audio: within(modality(&json, "candidatesTokensDetails", "AUDIO"), output),
        },
        unexplained,
        service_tier: json.text("serviceTier").or_else(|| json.text("trafficType")).map(str::to_owned),
        source: UsageSource::Reported,
        raw: Some(said.raw()),
        ..Usage::default()
    }
}

/// The counts of an answer of which nothing came, as of a prompt that was blocked: nobody says that it has no tokens,
/// but where the total is that of the prompt there is none that could be billed. `None` = nothing new.
pub(super) fn unwritten(said: &Snapshot) -> Option<Usage> {
    let mut usage = usage(said);
    let total = count(&said.json(), "/totalTokenCount")?;
    if usage.output.total.is_some() || usage.input.total != Some(total) {
        return None;
    }
    usage.output.total = Some(0);
    Some(usage)
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
    }
}

/// Tokens of a kind that did not come from the cache: those that did are among its own already, and must
/// not be billed again by their kind.
fn fresh(json: &Json<'_>, name: &str) -> Option<u64> {
    let all = modality(json, "promptTokensDetails", name)?;
    Some(all.saturating_sub(modality(json, "cacheTokensDetails", name).unwrap_or(0)))
}

fn modality(json: &Json<'_>, list: &str, name: &str) -> Option<u64> {
    let entry = json.list(list).iter().find(|entry| entry.text("modality") == Some(name))?;
    count(entry, "/tokenCount")
}
