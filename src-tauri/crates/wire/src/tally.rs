//! Token counts of OpenAI-shaped usage objects, brought to one meaning by arithmetic.
//!
//! Providers differ in what their numbers contain: most count reasoning within the completion and cache
//! reads within the prompt, some beside them. Nothing but the provider's own total decides which, so
//! that no list of providers has to be right. What a total holds beyond its parts is marked, never
//! billed. A part larger than its whole is passed on as it was said, with a notice: the ledger then prices
//! nothing from it.

use crate::json::{Count, Json};
use domain::{InputUsage, NoticeKind, OutputUsage, PicoUsd, StreamEvent, Usage, Words, say};

/// Ticks of 10⁻¹⁰ $ (xAI) to pico-dollars.
const PICO_PER_TICK: u64 = 100;

/// What was counted so far: the last value said per key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    input: Option<u64>,
    output: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    written: Option<u64>,
    written_1h: Option<u64>,
    reasoning: Option<u64>,
    input_image: Option<u64>,
    input_audio: Option<u64>,
    output_image: Option<u64>,
    output_audio: Option<u64>,
    web_searches: Option<u64>,
    cost: Option<PicoUsd>,
    tier: Option<String>,
    raw: Option<String>,
    /// Names of counts that were no counts.
    odd: Vec<&'static str>,
    seen: bool,
    last: Option<Usage>,
}

const INPUT: &[&str] = &["/prompt_tokens", "/input_tokens"];
const OUTPUT: &[&str] = &["/completion_tokens", "/output_tokens"];
const CACHED: &[&str] = &[
    "/prompt_tokens_details/cached_tokens",
    "/input_tokens_details/cached_tokens",
    "/prompt_cache_hit_tokens",
    "/cached_tokens",
    "/num_cached_tokens",
    "/cache_read_input_tokens",
];
const WRITTEN: &[&str] = &[
    "/prompt_tokens_details/cache_write_tokens",
    "/input_tokens_details/cache_write_tokens",
    "/cache_creation_input_tokens",
];
const REASONING: &[&str] = &[
    "/completion_tokens_details/reasoning_tokens",
    "/output_tokens_details/reasoning_tokens",
    "/reasoning_tokens",
];

impl Tally {
    /// Takes a usage object. Later objects replace earlier ones key by key.
    pub(crate) fn read(&mut self, usage: &Json<'_>) {
        if !usage.is_object() {
            return;
        }
        self.seen = true;
        self.raw = Some(usage.to_text());
        let odd = &mut self.odd;
        let mut take = |slot: &mut Option<u64>, name: &'static str, places: &[&str]| match places
            .iter()
            .find_map(|p| usage.at(p))
            .map(Json::count)
        {
            Some(Count::Said(count)) => {
                *slot = Some(count);
                odd.retain(|n| *n != name);
            }
            Some(Count::Bad) if !odd.contains(&name) => {
                *slot = None;
                odd.push(name);
            }
            _ => {}
        };
        take(&mut self.input, "prompt tokens", INPUT);
        take(&mut self.output, "completion tokens", OUTPUT);
        take(&mut self.total, "total tokens", &["/total_tokens"]);
        take(&mut self.cached, "cached tokens", CACHED);
        take(&mut self.written, "cache-write tokens", WRITTEN);
        take(&mut self.written_1h, "cache-write tokens", &["/cache_creation/ephemeral_1h_input_tokens"]);
        take(&mut self.reasoning, "reasoning tokens", REASONING);
        take(&mut self.input_image, "image tokens", &["/prompt_tokens_details/image_tokens"]);
        take(&mut self.input_audio, "audio tokens", &["/prompt_tokens_details/audio_tokens"]);
        take(&mut self.output_image, "image tokens", &["/completion_tokens_details/image_tokens"]);
        take(&mut self.output_audio, "audio tokens", &["/completion_tokens_details/audio_tokens"]);
        take(&mut self.web_searches, "web searches", &["/server_tool_use/web_search_requests"]);
        self.cost = cost(usage).or(self.cost);
        self.around(usage);
    }

    /// Notes what answers say beside the usage object: the tier that served the request, and tools that
    /// ran at the provider.
    pub(crate) fn around(&mut self, answer: &Json<'_>) {
        if let Some(tier) = answer.text("service_tier") {
            self.tier = Some(tier.to_owned());
        }
        let searches = answer.at("/tool_usage/web_search/num_requests").map(Json::count);
        if let Some(Count::Said(searches)) = searches {
            self.web_searches = Some(searches);
        }
    }

    /// Sends a snapshot if anything was said that is new.
    pub(crate) fn snapshot(&mut self, out: &mut Vec<StreamEvent>) {
        if !self.seen {
            return;
        }
        let usage = self.settle().0;
        if self.last.as_ref() != Some(&usage) {
            self.last = Some(usage.clone());
            out.push(StreamEvent::Usage(usage));
        }
    }

    /// The answer is over: says what did not add up.
    pub(crate) fn finish(&mut self, out: &mut Vec<StreamEvent>) {
        if !self.seen {
            return;
        }
        self.snapshot(out);
        for detail in self.settle().1 {
            out.push(StreamEvent::Notice { kind: NoticeKind::UsageMismatch, detail });
        }
    }

    fn settle(&self) -> (Usage, Vec<Words>) {
        let mut notes: Vec<Words> =
            self.odd.iter().map(|name| say!("The provider's count of {name} is no count.", name)).collect();
        let sums = self.sums(&mut notes);
        let mut part = |part: Option<u64>, whole: Option<u64>, name: Words| match (part, whole) {
            (Some(part), Some(whole)) if part > whole => {
                notes.push(say!("The provider counts {part} {name} within {whole}.", part, name, whole));
                None
            }
            (part, _) => part,
        };
        // The counts that are shown stay what the provider said, contradiction or not.
        let cached = part(self.cached, sums.input, say!("cached tokens")).or(self.cached);
        let reasoning = part(self.reasoning, sums.output, say!("reasoning tokens")).or(self.reasoning);
        let room = sums.input.map(|input| input - cached.unwrap_or(0).min(input));
        let believed = part(self.written, room, say!("cache-write tokens"));
        let written = believed.or(self.written);
        let long = match self.written {
            // A sum that is not believed says nothing of its parts.
            Some(_) if believed.is_none() => None,
            Some(_) => part(self.written_1h.filter(|&n| n > 0), written, say!("one-hour cache-write tokens")),
            None => part(self.written_1h, room, say!("one-hour cache-write tokens")),
        };
        let usage = Usage {
            input: InputUsage {
                total: sums.input,
                cache_read: cached,
                cache_write_5m: written.map(|all| all - long.unwrap_or(0)),
                cache_write_1h: long,
                image: part(self.input_image, sums.input, say!("image tokens")),
                audio: part(self.input_audio, sums.input, say!("audio tokens")),
            },
            output: OutputUsage {
                total: sums.output,
                reasoning,
                audio: part(self.output_audio, sums.output, say!("audio tokens")),
                image: part(self.output_image, sums.output, say!("image tokens")),
            },
            web_searches: self.web_searches,
            unexplained: sums.unexplained,
            reported_cost: self.cost,
            service_tier: self.tier.clone(),
            raw: self.raw.clone(),
            ..Usage::default()
        };
        (usage, notes)
    }

    /// Decides by the total what the two counts contain.
    fn sums(&self, notes: &mut Vec<Words>) -> Sums {
        let plain = Sums { input: self.input, output: self.output, unexplained: None };
        let (Some(input), Some(output), Some(total)) = (self.input, self.output, self.total) else {
            return plain;
        };
        let reasoning = self.reasoning.unwrap_or(0);
        let cache = self.cached.unwrap_or(0) + self.written.unwrap_or(0);
        match total.checked_sub(input + output) {
            Some(0) => plain,
            Some(rest) if rest == reasoning => Sums { output: Some(output + reasoning), ..plain },
            Some(rest) if rest == cache => Sums { input: Some(input + cache), ..plain },
            Some(rest) => {
                notes.push(say!(
                    "The provider's total of {total} tokens is {rest} more than {input} + {output}.",
                    total,
                    rest,
                    input,
                    output
                ));
                Sums { unexplained: Some(rest), ..plain }
            }
            None => {
                notes.push(say!(
                    "The provider's total of {total} tokens is less than {input} + {output}.",
                    total,
                    input,
                    output
                ));
                plain
            }
        }
    }
}

struct Sums {
    input: Option<u64>,
    output: Option<u64>,
    unexplained: Option<u64>,
}

/// What the provider says it charged.
///
/// OpenRouter's `cost` is what it took from its own credit; with a key of the user's own the provider
/// behind it charges `upstream_inference_cost` besides, while otherwise that is a part of `cost`.
fn cost(usage: &Json<'_>) -> Option<PicoUsd> {
    if let Some(Count::Said(ticks)) = usage.get("cost_in_usd_ticks").map(Json::count) {
        return i64::try_from(ticks.checked_mul(PICO_PER_TICK)?).ok().map(PicoUsd::new);
    }
    let cost = usage.get("cost")?;
    let cost = cost.get("total_cost").unwrap_or(cost).dollars()?;
    if usage.get("is_byok").is_some_and(Json::is_true) {
        let upstream = usage.at("/cost_details/upstream_inference_cost")?.dollars()?;
        return cost.checked_add(upstream);
    }
    Some(cost)
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
