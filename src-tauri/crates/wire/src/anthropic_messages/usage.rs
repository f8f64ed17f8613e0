//! Usage of the Messages API, normalised.

use crate::{
    json::Json,
    snapshot::{Snapshot, count, within},
};
use domain::{InputUsage, OutputUsage, Usage, UsageSource};

/// The counts said so far. `input_tokens` leaves out what the cache served or took; the total here does
/// not.
pub(super) fn usage(said: &Snapshot) -> Usage {
    let json = said.json();
    let count = |pointer| count(&json, pointer);
    let read = count("/cache_read_input_tokens");
    let (short, hour) = split(
        count("/cache_creation_input_tokens"),
        count("/cache_creation/ephemeral_5m_input_tokens"),
        count("/cache_creation/ephemeral_1h_input_tokens"),
    );
    let output = count("/output_tokens");
    let cached = [read, short, hour].into_iter().flatten().fold(0, u64::saturating_add);
    Usage {
        input: InputUsage {
            total: count("/input_tokens").map(|fresh| fresh.saturating_add(cached)),
            cache_read: read,
            cache_write_5m: short,
            cache_write_1h: hour,
            ..InputUsage::default()
        },
        output: OutputUsage {
            total: output,
            reasoning: within(count("/output_tokens_details/thinking_tokens"), output),
            ..OutputUsage::default()
        },
        web_searches: count("/server_tool_use/web_search_requests"),
        service_tier: tier(&json).map(str::to_owned),
        source: UsageSource::Reported,
        raw: Some(said.raw()),
        ..Usage::default()
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
