//! Usage of the Messages API, normalised.

use crate::{
    json::Json,
    snapshot::{Snapshot, count, within},
};
use domain::{InputUsage, OutputUsage, Usage, UsageSource};

/// The counts said so far. `input_tokens` leaves out what the cache served or took; the total here does
/// not. A pass that first shortened the conversation is billed as well, and stands only among the
/// iterations (platform.claude.com/docs/en/build-with-claude/compaction, 2026-11); so does the advice of
/// another model, which has prices of its own and is marked.
pub(super) fn usage(said: &Snapshot) -> Usage {
    let json = said.json();
    let count = |pointer| count(&json, pointer);
    let passes = iterations(&json, "compaction").map(Counts::of);
    let all = passes.fold(Counts::of(&json), Counts::and);
    let advice = iterations(&json, "advisor_message").map(|pass| Counts::of(pass).sum());
    Usage {
        input: InputUsage {
            total: all.fresh.map(|fresh| fresh.saturating_add(all.cached())),
            cache_read: all.read,
            cache_write_5m: all.short,
            cache_write_1h: all.hour,
            ..InputUsage::default()
        },
        output: OutputUsage {
            total: all.output,
            reasoning: within(count("/output_tokens_details/thinking_tokens"), all.output),
            ..OutputUsage::default()
        },
        unexplained: advice.reduce(u64::saturating_add).filter(|&tokens| tokens > 0),
        web_searches: count("/server_tool_use/web_search_requests"),
        service_tier: tier(&json).map(str::to_owned),
        source: UsageSource::Reported,
        raw: Some(said.raw()),
        ..Usage::default()
    }
}

/// Passes of one sort over the model, where the answer took several.
fn iterations<'a>(json: &'a Json<'a>, sort: &'a str) -> impl Iterator<Item = &'a Json<'a>> {
    json.list("iterations").iter().filter(move |pass| pass.text("type") == Some(sort))
}

/// Tokens of the answer, or of one pass; none of them within another.
#[derive(Clone, Copy)]
struct Counts {
    fresh: Option<u64>,
    read: Option<u64>,
    short: Option<u64>,
    hour: Option<u64>,
    output: Option<u64>,
}

impl Counts {
    fn of(json: &Json<'_>) -> Self {
        let (short, hour) = split(
            count(json, "/cache_creation_input_tokens"),
            count(json, "/cache_creation/ephemeral_5m_input_tokens"),
            count(json, "/cache_creation/ephemeral_1h_input_tokens"),
        );
        Self {
            fresh: count(json, "/input_tokens"),
            read: count(json, "/cache_read_input_tokens"),
            short,
            hour,
            output: count(json, "/output_tokens"),
        }
    }

    fn and(self, pass: Self) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (said, None) | (None, said) => said,
        };
        // Of a total that the answer itself does not tell, a pass alone tells nothing.
        let total = |own: Option<u64>, pass: Option<u64>| own.and_then(|own| sum(Some(own), pass));
        Self {
            fresh: total(self.fresh, pass.fresh),
            read: sum(self.read, pass.read),
            short: sum(self.short, pass.short),
            hour: sum(self.hour, pass.hour),
            output: total(self.output, pass.output),
        }
    }

    fn cached(&self) -> u64 {
        [self.read, self.short, self.hour].into_iter().flatten().fold(0, u64::saturating_add)
    }

    fn sum(&self) -> u64 {
        [self.fresh, self.output].into_iter().flatten().fold(self.cached(), u64::saturating_add)
    }
}

/// What served it at a price of its own: fast mode and inference in one country are named beside the tier.
fn tier<'a>(json: &'a Json<'_>) -> Option<&'a str> {
    let dearer = [("inference_geo", "us"), ("speed", "fast")];
    let dearer = dearer.iter().find_map(|(key, word)| json.text(key).filter(|said| said == word));
    dearer.or_else(|| json.text("service_tier"))
}

/// Cache writes by lifetime. The sum is restated later in a stream, the parts are not: what the parts do
/// not explain of it was written at the ordinary lifetime.
fn split(sum: Option<u64>, short: Option<u64>, hour: Option<u64>) -> (Option<u64>, Option<u64>) {
    match (sum, hour) {
        (Some(sum), Some(hour)) => {
            let hour = hour.min(sum);
            (Some(sum - hour), Some(hour))
        }
        (Some(sum), None) => (Some(sum), None),
        (None, hour) => (short, hour),
    }
}
