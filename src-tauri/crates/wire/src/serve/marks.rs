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
    let hour = |mark: &Json<'_>| mark.text("ttl") == Some("1h");
    Some(if hour(first) && marks.all(hour) { KeepPrompt::Hour } else { KeepPrompt::Usual })
}
