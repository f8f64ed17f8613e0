//! Whose price counts where sources disagree.

use super::{
    models::today,
    prices::{self, Sheet},
    sources::Source,
};

/// The first knows one price without a date, and the second has it higher.
pub(super) fn risen(offers: &[(&'static Source, Sheet)]) -> bool {
    let [(_, first), (_, second), ..] = offers else { return false };
    let (old, new) = (first.flat(today()), second.flat(today()));
    first.rules.len() == 1 && ["input", "output"].iter().all(|meter| new.get(meter) > old.get(meter))
}

/// Two or more others agree with each other and not with the first.
pub(super) fn outvoted(offers: &[(&'static Source, Sheet)]) -> bool {
    let base = |sheet: &Sheet| {
        let flat = sheet.flat(today());
        (flat.get("input").copied().unwrap_or(0), flat.get("output").copied().unwrap_or(0))
    };
    let near = |a: (i64, i64), b: (i64, i64)| !prices::differ(a.0, b.0) && !prices::differ(a.1, b.1);
    match offers {
        [(_, first), (_, second), rest @ ..] if !rest.is_empty() => {
            !near(base(first), base(second)) && rest.iter().all(|(_, other)| near(base(second), base(other)))
        }
        _ => false,
    }
}
