//! When a program may ask again after everybody asked for a pause.

use super::Last;
use domain::{Failure, Millis};

/// A pause that somebody asked for, and how.
pub(super) type Wait = (Millis, Failure, Vec<(String, String)>);

/// Keeps the shortest of the pauses.
pub(super) fn note(soonest: &mut Option<Wait>, failure: &Failure, headers: &[(String, String)]) {
    let wait = failure.upstream.as_ref().and_then(|upstream| upstream.retry_after);
    if let Some(wait) = wait.filter(|wait| soonest.as_ref().is_none_or(|(least, ..)| wait < least)) {
        *soonest = Some((wait, failure.clone(), headers.to_vec()));
    }
}

impl Last {
    /// Of several that ask for a pause for the same reason the one whose pause is over first is told, whoever was asked
    /// last.
    pub(super) fn not_before(&mut self, soonest: Option<Wait>) {
        let (Some(its), Some((wait, failure, headers))) = (&self.failure, soonest) else { return };
        let longer =
            its.upstream.as_ref().and_then(|upstream| upstream.retry_after).is_some_and(|its| wait < its);
        if longer && !self.begun && its.kind == failure.kind {
            (self.failure, self.headers) = (Some(failure), headers);
        }
    }
}
