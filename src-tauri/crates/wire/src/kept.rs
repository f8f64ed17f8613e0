//! What of a prompt a provider is asked to keep for the next request. Everything up to a mark is written once and read
//! again as long as it does not change, so a mark stands where its program put it: behind what changes each time it
//! would be paid for and never read.

use crate::{call, notices::Notices};
use domain::{Endpoint, KeepPrompt, Meter, Part, PicoUsd, PriceOrigin, Request, Role, say};
use serde_json::{Map, Value, json};

/// The field of a mark.
pub(crate) const MARK: &str = "cache_control";
/// Most marks a request may have (platform.claude.com/docs/en/build-with-claude/prompt-caching, 2026-11).
const MOST: usize = 4;

/// Whether anything is to be kept.
pub(crate) fn wanted(request: &Request) -> bool {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    request.keep_prompt.is_some()
        || request.kept_system.is_some()
        || request.kept_tools.is_some()
        || parts.any(|part| matches!(part, Part::Kept { .. }))
}

/// A text as Anthropic and OpenAI's chat have it.
pub(crate) fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// The system prompt in blocks, if some or all of it is to be kept.
pub(crate) fn system(request: &Request, block: impl Fn(&str) -> Value) -> Option<Value> {
    let system = call::system(request)?;
    let all = request.keep_prompt.map(|long| (system.len(), long));
    let (bytes, long) = request.kept_system.or(all)?;
    let split = system.split_at_checked(bytes).filter(|(fixed, _)| !fixed.trim().is_empty());
    let (fixed, rest) = split.unwrap_or((system, ""));
    let mut first = block(fixed);
    first[MARK] = call::kept(long);
    let mut blocks = vec![first];
    let rest = rest.strip_prefix("\n\n").unwrap_or(rest);
    if !rest.trim().is_empty() {
        blocks.push(block(rest));
    }
    Some(blocks.into())
}

/// Marks a tool if those up to it are to be kept.
pub(crate) fn last_of_tools(request: &Request, body: &mut Map<String, Value>) {
    let Some((count, long)) = request.kept_tools.filter(|(count, _)| *count <= request.tools.len()) else {
        return;
    };
    if let Some(tool) = tools(body).and_then(|tools| tools.get_mut(count.checked_sub(1)?)) {
        tool[MARK] = call::kept(long);
    }
}

fn tools(body: &mut Map<String, Value>) -> Option<&mut Vec<Value>> {
    if body.contains_key("tools") {
        return body.get_mut("tools")?.as_array_mut();
    }
    body.get_mut("toolConfig")?.get_mut("tools")?.as_array_mut()
}

/// Puts the marks for tools and system prompt, and those for all of the prompt, into a body whose messages have theirs.
/// `block` is a text of its system prompt.
pub(crate) fn mark(
    request: &Request,
    to: &Endpoint,
    body: &mut Map<String, Value>,
    notices: &mut Notices,
    block: impl Fn(&str) -> Value,
) {
    last_of_tools(request, body);
    if let Some(blocks) = system(request, block) {
        body.insert("system".into(), blocks);
    } else if let Some(long) = request.keep_prompt
        && let Some(tool) = tools(body).and_then(|tools| tools.last_mut())
    {
        // The tools stand before the system prompt.
        tool[MARK] = call::kept(long);
    }
    let last = body.get_mut("messages").and_then(|messages| messages.as_array_mut()?.last_mut());
    let last = last.and_then(|message| message["content"].as_array_mut()?.last_mut());
    if let Some(long) = request.keep_prompt
        && let Some(block) = last.filter(|block| takes_mark(block))
    {
        block[MARK] = call::kept(long);
    }
    few(to, body, notices);
}

/// Reasoning cannot be marked.
fn takes_mark(block: &Value) -> bool {
    !["thinking", "redacted_thinking"].iter().any(|kind| block["type"] == *kind)
        && block.get("reasoningContent").is_none()
}

/// Marks the last of the blocks of a message or, while it has none, of the one before.
pub(crate) fn behind(long: KeepPrompt, blocks: &mut [Value], turns: &mut [(Role, Vec<Value>)]) {
    let before = match turns.last_mut() {
        Some((_, last)) if blocks.is_empty() => last.as_mut_slice(),
        _ => blocks,
    };
    if let Some(block) = before.iter_mut().rfind(|block| takes_mark(block)) {
        block[MARK] = call::kept(long);
    }
}

/// Whether a message of a chat, or a part of one, can have a mark: behind blank words it is refused.
pub(crate) fn says(place: &Value) -> bool {
    let words = place.get("text").or_else(|| place.get("content")).and_then(Value::as_str);
    place["role"] == "tool" || words.is_none_or(|words| !words.trim().is_empty())
}

/// Marks a message of a chat, or a part of one. A text has its mark as a part; answers and what a tool said have it beside
/// them (@openrouter/ai-sdk-provider, as oguzbilgic/kern-ai#317 has it, 2026-08-18).
pub(crate) fn behind_message(long: KeepPrompt, message: &mut Value) {
    let whole = ["tool", "assistant"].iter().any(|role| message["role"] == *role);
    let words = message.get("content").and_then(Value::as_str).filter(|_| !whole);
    let marked = words.map(text);
    let place = match marked {
        Some(words) => {
            message["content"] = json!([words]);
            &mut message["content"][0]
        }
        None => message,
    };
    place[MARK] = call::kept(long);
}

/// Every place of a body that may have a mark, in the order in which it is read.
fn each(body: &mut Map<String, Value>, then: &mut dyn FnMut(&mut Map<String, Value>)) {
    let mut list = |list: Option<&mut Vec<Value>>| {
        for place in list.into_iter().flatten().filter_map(Value::as_object_mut) {
            let pieces = place.get_mut("content").and_then(Value::as_array_mut);
            pieces.into_iter().flatten().filter_map(Value::as_object_mut).for_each(&mut *then);
            then(place);
        }
    };
    list(tools(body));
    list(body.get_mut("system").and_then(Value::as_array_mut));
    list(body.get_mut("messages").and_then(Value::as_array_mut));
}

/// Whether the endpoint has a price for this.
fn has_price(to: &Endpoint, meter: Meter) -> bool {
    to.prices.iter().flat_map(|sheet| &sheet.rules).any(|rule| rule.rates.contains_key(&meter))
}

/// Whether anything may be kept for an hour. That costs more than the usual time, and where nobody knows how much no budget
/// would hold enough for it.
fn has_hour(to: &Endpoint) -> bool {
    let unbilled = to.prices.as_ref().is_some_and(|sheet| {
        matches!(sheet.source.origin, PriceOrigin::Local | PriceOrigin::Demo | PriceOrigin::NotBilled)
            && sheet.rules.iter().flat_map(|rule| rule.rates.values()).all(|rate| *rate == PicoUsd::ZERO)
    });
    unbilled || has_price(to, Meter::InputCacheWrite1h)
}

/// Makes a mark for an hour a usual one; true if it was one for an hour.
fn shorten(mark: &mut Value) -> bool {
    let long = mark.get("ttl").is_some();
    if long {
        *mark = call::kept(KeepPrompt::Usual);
    }
    long
}

/// Takes the first marks out if there are too many: a later one stands for all before it. No mark for an hour may stand
/// behind a shorter one, nor where an hour has no price.
pub(crate) fn few(to: &Endpoint, body: &mut Map<String, Value>, notices: &mut Notices) {
    let mut count = 0_usize;
    each(body, &mut |place| count += usize::from(place.contains_key(MARK)));
    let mut excess = count.saturating_sub(MOST);
    if excess > 0 {
        notices
            .parameter(say!("cache_control: only the last {most_marks} marks are sent.", most_marks = MOST));
    }
    let (hour, mut unpriced) = (has_hour(to), false);
    if let Some(mark) = body.get_mut(MARK).filter(|_| !hour) {
        unpriced |= shorten(mark);
    }
    let (mut short, mut behind) = (false, false);
    each(body, &mut |place| {
        let Some(mark) = place.get_mut(MARK) else { return };
        if excess > 0 {
            excess -= 1;
            place.shift_remove(MARK);
            return;
        }
        if !hour {
            unpriced |= shorten(mark);
        }
        if short {
            behind |= shorten(mark);
        }
        short |= mark.get("ttl").is_none();
    });
    if unpriced {
        notices.parameter(say!(
            "cache_control: the price of an hour is unknown here, so a mark for one is sent as a usual one."
        ));
    }
    if behind {
        notices.parameter(say!(
            "cache_control: a mark for an hour behind a shorter one is sent as a usual one."
        ));
    }
}

/// Marks in the words of the Converse API: blocks of their own, which some models refuse.
#[derive(Clone, Copy)]
pub(crate) struct Points;

impl Points {
    /// Those a model takes: it has a price for what they ask for. Others' prices for it are of what is kept unasked.
    pub(crate) fn of(to: &Endpoint) -> Option<Self> {
        let asked = to.upstream_model.contains("claude") && has_price(to, Meter::InputCacheWrite5m);
        asked.then_some(Self)
    }

    /// Puts them in place of the marks.
    pub(crate) fn put(self, body: &mut Map<String, Value>) {
        let points = |list: Option<&mut Vec<Value>>| {
            let Some(list) = list else { return };
            let blocks = std::mem::take(list);
            for mut block in blocks {
                let mark = block.as_object_mut().and_then(|block| block.shift_remove(MARK));
                list.push(block);
                list.extend(mark.map(|mark| match mark.get("ttl") {
                    Some(ttl) => json!({ "cachePoint": { "type": "default", "ttl": ttl } }),
                    None => json!({ "cachePoint": { "type": "default" } }),
                }));
            }
        };
        points(tools(body));
        points(body.get_mut("system").and_then(Value::as_array_mut));
        for message in body.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten() {
            points(message.get_mut("content").and_then(Value::as_array_mut));
        }
    }
}
