//! Usage of the Messages API: snapshots, of which the last value of every key counts.

use crate::json::{Count, Json};
use domain::{InputUsage, NoticeKind, OutputUsage, StreamEvent, Usage, UsageSource};

/// Everything said of the usage so far, key by key.
#[derive(Default)]
pub(super) struct Snapshot {
    /// Keys with their values as JSON text, in order of first appearance.
    said: Vec<(String, String)>,
    doubted: bool,
}

/// More keys than this are no usage.
const MAX_KEYS: usize = 64;

impl Snapshot {
    /// Takes what a message says. True if anything is new.
    pub(super) fn take(&mut self, usage: &Json<'_>, out: &mut Vec<StreamEvent>) -> bool {
        let mut changed = false;
        for (key, value) in usage.fields() {
            if value.is_null() {
                continue;
            }
            if value.count() == Count::Bad && key.ends_with("_tokens") && !self.doubted {
                self.doubted = true;
                let detail = format!("The provider's usage gives no whole number for “{key}”.");
                out.push(StreamEvent::Notice { kind: NoticeKind::UsageMismatch, detail });
            }
            let text = value.to_text();
            let room = self.said.len() < MAX_KEYS;
            match self.said.iter_mut().find(|(k, _)| k == key) {
                Some((_, have)) if *have == text => {}
                Some((_, have)) => {
                    *have = text;
                    changed = true;
                }
                None if room => {
                    self.said.push((key.to_string(), text));
                    changed = true;
                }
                None => {}
            }
        }
        changed
    }

    /// The counts, normalised. `input_tokens` leaves out what the cache served or took; the total here
    /// does not.
    pub(super) fn usage(&self) -> Usage {
        let raw = self.raw();
        let Ok(json) = Json::parse(&raw) else { return Usage::default() };
        let count = |pointer: &str| match json.at(pointer).map(Json::count) {
            Some(Count::Said(n)) => Some(n),
            _ => None,
        };
        let read = count("/cache_read_input_tokens");
        let written = count("/cache_creation_input_tokens");
        let (five, hour) = split(
            written,
            count("/cache_creation/ephemeral_5m_input_tokens"),
            count("/cache_creation/ephemeral_1h_input_tokens"),
        );
        let writes = five.unwrap_or(0).saturating_add(hour.unwrap_or(0));
        Usage {
            input: InputUsage {
                total: count("/input_tokens")
                    .map(|fresh| fresh.saturating_add(read.unwrap_or(0)).saturating_add(writes)),
                cache_read: read,
                cache_write_5m: five,
                cache_write_1h: hour,
                ..InputUsage::default()
            },
            output: OutputUsage {
                total: count("/output_tokens"),
                reasoning: count("/output_tokens_details/thinking_tokens"),
                ..OutputUsage::default()
            },
            web_searches: count("/server_tool_use/web_search_requests"),
            service_tier: json.text("service_tier").map(str::to_owned),
            source: UsageSource::Reported,
            raw: Some(raw),
            ..Usage::default()
        }
    }

    fn raw(&self) -> String {
        let fields: Vec<String> = self
            .said
            .iter()
            .map(|(key, value)| format!("{}:{value}", Json::String(key.as_str().into()).to_text()))
            .collect();
        format!("{{{}}}", fields.join(","))
    }
}

/// Cache writes by lifetime. The sum is restated later in a stream, the parts are not: what the parts do
/// not explain of it was written at the ordinary lifetime.
fn split(sum: Option<u64>, five: Option<u64>, hour: Option<u64>) -> (Option<u64>, Option<u64>) {
    match (sum, five, hour) {
        (Some(sum), _, Some(hour)) => {
            let hour = hour.min(sum);
            (Some(sum - hour), Some(hour))
        }
        (Some(sum), _, None) => (Some(sum), None),
        (None, five, hour) => (five, hour),
    }
}
