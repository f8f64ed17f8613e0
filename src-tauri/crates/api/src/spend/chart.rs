//! Bars on an axis: which series have a colour, how high each piece is, where the lines go.

use super::types::{SpendBar, SpendChart, SpendPart, SpendSeries, SpendTick};
use crate::{calendar::Step, types::SpendFigure};
use domain::{PicoUsd, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// As many series have a colour of their own; the rest is one neutral piece.
pub(crate) const MOST_SERIES: usize = 8;
/// Lines across, beside zero.
const MOST_LINES: i128 = 5;
pub(crate) const WHOLE: i128 = 1_000_000;

/// What was spent in one bar.
pub(crate) struct Spent {
    pub figure: SpendFigure,
    /// By key.
    pub parts: BTreeMap<String, PicoUsd>,
}

/// `a / b` in millionths; 0 where there is nothing to compare with.
pub(crate) fn millionths(a: PicoUsd, b: PicoUsd) -> u32 {
    let (a, b) = (i128::from(a.get()), i128::from(b.get()));
    if b <= 0 {
        return 0;
    }
    u32::try_from((a * WHOLE / b).clamp(0, WHOLE)).unwrap_or(0)
}

/// Marks by the names that the ledger has for models. One that only a provider has is chosen as `model@provider`
/// and booked as `provider/model`.
pub(crate) fn booked(marks: impl IntoIterator<Item = (String, u8)>) -> HashMap<String, u8> {
    let mut found = HashMap::new();
    for (model, slot) in marks {
        if let Some((id, provider)) = model.rsplit_once('@') {
            found.insert(format!("{provider}/{}", id.replace(char::is_whitespace, "-")), slot);
        }
        found.insert(model, slot);
    }
    found
}

/// `series`: the rows that have a colour, bottom first. `expected`: by place of the bar.
pub(crate) fn chart(
    series: Vec<SpendSeries>,
    steps: &[Step],
    until: Timestamp,
    now: Timestamp,
    spent: Vec<Spent>,
    expected: &BTreeMap<usize, PicoUsd>,
) -> SpendChart {
    let highest = spent.iter().map(|bar| bar.figure.amount).chain(expected.values().copied()).max();
    let (top, lines) = axis(highest.unwrap_or_default());
    let others = spent.iter().any(|bar| bar.parts.keys().any(|key| series.iter().all(|s| s.key != *key)));
    let ends: Vec<Timestamp> = steps.iter().skip(1).map(|step| step.start).chain([until]).collect();
    let bars = steps
        .iter()
        .zip(ends)
        .zip(spent)
        .enumerate()
        .map(|(place, ((step, end), spent))| SpendBar {
            name: step.name.clone(),
            tick: step.tick.clone(),
            from: step.start,
            until: end,
            present: step.start <= now && now < end,
            height: millionths(spent.figure.amount, top),
            parts: parts(&series, &spent, top),
            figure: spent.figure,
            expected: expected
                .get(&place)
                .map(|amount| SpendTick { amount: *amount, height: millionths(*amount, top) }),
        })
        .collect();
    let mut series = series;
    if others {
        series.push(SpendSeries { key: String::new(), name: "Other".to_owned(), mark: 0 });
    }
    SpendChart { series, bars, ticks: lines }
}

fn parts(series: &[SpendSeries], spent: &Spent, top: PicoUsd) -> Vec<SpendPart> {
    let mut rest = spent.figure.amount;
    let mut found = Vec::new();
    for (place, one) in (0_u32..).zip(series) {
        let Some(amount) = spent.parts.get(&one.key).copied().filter(|amount| *amount != PicoUsd::ZERO)
        else {
            continue;
        };
        rest = rest.checked_sub(amount).unwrap_or_default();
        found.push(SpendPart { series: place, amount, height: millionths(amount, top) });
    }
    if rest > PicoUsd::ZERO {
        let place = u32::try_from(series.len()).unwrap_or(0);
        found.push(SpendPart { series: place, amount: rest, height: millionths(rest, top) });
    }
    found
}

/// The axis' end and its lines at 1, 2 or 5 times a power of ten, at most five above zero.
fn axis(highest: PicoUsd) -> (PicoUsd, Vec<SpendTick>) {
    let highest = i128::from(highest.get());
    let zero = SpendTick { amount: PicoUsd::ZERO, height: 0 };
    if highest <= 0 {
        return (PicoUsd::DOLLAR, vec![zero]);
    }
    let mut step = 1_i128;
    'search: for power in 0..19 {
        for digit in [1, 2, 5] {
            step = digit * 10_i128.pow(power);
            if step * MOST_LINES >= highest {
                break 'search;
            }
        }
    }
    let lines = (highest + step - 1) / step;
    let top = i64::try_from(lines * step).unwrap_or(i64::MAX);
    let ticks = (1..=lines)
        .filter_map(|line| i64::try_from(line * step).ok())
        .map(PicoUsd::new)
        .map(|amount| SpendTick { amount, height: millionths(amount, PicoUsd::new(top)) });
    (PicoUsd::new(top), std::iter::once(zero).chain(ticks).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> PicoUsd {
        PicoUsd::from_dollars(text).unwrap()
    }

    #[test]
    fn lines_are_round_and_hold_the_highest_bar() {
        for (highest, top, lines) in
            [("4.07", "5", 6), ("0.97", "1", 6), ("1", "1", 6), ("0.0123", "0.015", 4), ("38.63", "40", 5)]
        {
            let (end, ticks) = axis(dollars(highest));
            assert_eq!((end, ticks.len()), (dollars(top), lines), "{highest}");
            assert_eq!(ticks.last().unwrap().height, 1_000_000);
        }
        assert_eq!(axis(PicoUsd::ZERO).1.len(), 1);
        assert!(axis(PicoUsd::new(i64::MAX)).1.len() <= 6);
        assert_eq!(axis(PicoUsd::new(1)).0, PicoUsd::new(1));
    }

    #[test]
    fn a_model_of_an_own_server_keeps_its_mark() {
        let marks = [("author/m", 1), ("plain@my-server", 2), ("my model@my-server", 3)];
        let found = booked(marks.map(|(model, slot)| (model.to_owned(), slot)));
        let of = |key: &str| found.get(key).copied();
        assert_eq!((of("author/m"), of("my-server/plain")), (Some(1), Some(2)));
        assert_eq!((of("my-server/my-model"), of("my-server/author/m")), (Some(3), None));
    }

    #[test]
    fn the_pieces_of_a_bar_make_up_the_bar() {
        let series = |key: &str| SpendSeries { key: key.to_owned(), name: key.to_owned(), mark: 1 };
        let step = |start, name: &str| Step { start: Timestamp(start), name: name.to_owned(), tick: None };
        let spent = |amount, parts: &[(&str, i64)]| Spent {
            figure: SpendFigure { amount: PicoUsd::new(amount), attempts: 1, unknown: 0, hidden: None },
            parts: parts.iter().map(|(key, amount)| ((*key).to_owned(), PicoUsd::new(*amount))).collect(),
        };
        let found = chart(
            vec![series("a"), series("b")],
            &[step(0, "one"), step(10, "two")],
            Timestamp(20),
            Timestamp(15),
            vec![spent(100, &[("a", 60), ("b", 30), ("c", 10)]), spent(20, &[("b", 20)])],
            &BTreeMap::from([(1, PicoUsd::new(50))]),
        );
        assert_eq!(found.series.last().unwrap().name, "Other");
        let of = |bar: usize| found.bars[bar].parts.iter().map(|p| (p.series, p.height)).collect::<Vec<_>>();
        assert_eq!(of(0), [(0, 600_000), (1, 300_000), (2, 100_000)]);
        assert_eq!(of(1), [(1, 200_000)]);
        assert_eq!(found.bars[1].expected.as_ref().unwrap().height, 500_000);
        assert!(!found.bars[0].present && found.bars[1].present);
        assert_eq!((found.bars[0].until, found.bars[1].until), (Timestamp(10), Timestamp(20)));
    }
}
