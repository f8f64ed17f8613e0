//! Marks that ask a provider to keep a prompt for the next request (`cache_control`): at the body, at a message, at a
//! tool or at a piece of either.

use crate::json::Json;
use domain::KeepPrompt;

/// Whether any is there, and whether all of them say an hour.
pub(super) fn keep(body: &Json<'_>) -> Option<KeepPrompt> {
    let lists = ["system", "messages", "tools"].into_iter().flat_map(|key| body.list(key));
    let pieces = || lists.clone().flat_map(|item| item.list("content"));
    let inner = pieces().flat_map(|piece| piece.list("content"));
    let all = std::iter::once(body).chain(lists.clone()).chain(pieces()).chain(inner);
    let mut marks = all.filter_map(|place| place.get("cache_control")).filter(|mark| mark.is_object());
    let first = marks.next()?;
    let hour = |mark: &Json<'_>| length(mark) == KeepPrompt::Hour;
    Some(if hour(first) && marks.all(hour) { KeepPrompt::Hour } else { KeepPrompt::Usual })
}

/// The mark at this place.
pub(super) fn at(place: &Json<'_>) -> Option<KeepPrompt> {
    place.get("cache_control").filter(|mark| mark.is_object()).map(length)
}

/// How many bytes of a chat's system message stand before the last mark in it.
pub(super) fn within(message: &Json<'_>, text: &str) -> Option<(usize, KeepPrompt)> {
    if let Some(keep) = at(message) {
        return Some((text.len(), keep));
    }
    let mut before = 0;
    let places = message.list("content").iter().filter_map(|piece| {
        before += piece.text("text").or_else(|| piece.str()).unwrap_or_default().len();
        at(piece).map(|keep| (before, keep))
    });
    places.last()
}

fn length(mark: &Json<'_>) -> KeepPrompt {
    if mark.text("ttl") == Some("1h") { KeepPrompt::Hour } else { KeepPrompt::Usual }
}
