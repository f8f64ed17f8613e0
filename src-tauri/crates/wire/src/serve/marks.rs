//! Marks that ask a provider to keep a prompt for the next request (`cache_control`): at the body they are for all of it,
//! at a message, at a tool or at a piece of either for what stands before them.

use crate::{json::Json, kept::MARK};
use domain::{KeepPrompt, Part};

/// The mark at this place.
pub(super) fn at(place: &Json<'_>) -> Option<KeepPrompt> {
    place.get(MARK).filter(|mark| mark.is_object()).map(length)
}

/// The same as a part of a message, behind what it marks.
pub(super) fn part(place: &Json<'_>) -> Option<Part> {
    at(place).map(|long| Part::Kept { long })
}

/// How many of the tools stand before the last mark at one of them.
pub(super) fn of_tools(body: &Json<'_>) -> Option<(usize, KeepPrompt)> {
    let marks = (1..).zip(body.list("tools")).filter_map(|(count, tool)| Some((count, at(tool)?)));
    marks.last()
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
