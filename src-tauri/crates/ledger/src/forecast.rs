//! What a month will have cost, from one's own pace.
//!
//! The days that are left are drawn again and again from the days that were, each from days of the same
//! weekday where there are enough of them. The middle of a thousand such months is the forecast; nine in
//! ten of them lie in its interval. Whole numbers throughout, and the same draws for the same days.

use domain::PicoUsd;

/// A day that is over, or today so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendDay {
    /// 1 = Monday … 7 = Sunday.
    pub weekday: u8,
    /// What was spent on it.
    pub amount: PicoUsd,
}

/// What a month will have cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Half of the drawn months cost less.
    pub middle: PicoUsd,
    /// One in twenty costs less.
    pub low: PicoUsd,
    /// One in twenty costs more.
    pub high: PicoUsd,
    /// What each day after today costs on average.
    pub days: Vec<PicoUsd>,
}

/// Fewer days than this say nothing.
const FEWEST_DAYS: usize = 7;
/// Days of one weekday that are enough to draw from.
const FEWEST_OF_WEEKDAY: usize = 3;
const DRAWS: u64 = 1_000;

/// `spent` = this month so far, today included; `past` = the days before today; `ahead` = weekdays after
/// today until the month ends. `None` = there are not enough days, or an amount is out of range.
pub fn forecast(spent: PicoUsd, today: SpendDay, past: &[SpendDay], ahead: &[u8]) -> Option<Forecast> {
    if past.len() < FEWEST_DAYS {
        return None;
    }
    let pool = |weekday: u8| -> Vec<i64> {
        let same: Vec<i64> =
            past.iter().filter(|day| day.weekday == weekday).map(|day| day.amount.get()).collect();
        if same.len() >= FEWEST_OF_WEEKDAY { same } else { past.iter().map(|day| day.amount.get()).collect() }
    };
    let rest_of_today = pool(today.weekday);
    let pools: Vec<Vec<i64>> = ahead.iter().map(|weekday| pool(*weekday)).collect();
    let mut months = Vec::new();
    let mut state = 0;
    for _ in 0..DRAWS {
        // Today becomes a day like the others, but no cheaper than it is already.
        let more = draw(&rest_of_today, &mut state)?.saturating_sub(today.amount.get()).max(0);
        let mut month = i128::from(spent.get()) + i128::from(more);
        for pool in &pools {
            month += i128::from(draw(pool, &mut state)?);
        }
        months.push(month);
    }
    months.sort_unstable();
    let at = |place: usize| months.get(place).and_then(|sum| i64::try_from(*sum).ok()).map(PicoUsd::new);
    Some(Forecast {
        middle: at(500)?,
        low: at(50)?,
        high: at(949)?,
        days: pools.iter().map(|pool| mean(pool)).collect::<Option<_>>()?,
    })
}

/// The same numbers for the same days: a page that is opened twice says the same twice.
fn draw(pool: &[i64], state: &mut u64) -> Option<i64> {
    let place = usize::try_from(splitmix(state) % u64::try_from(pool.len()).ok()?.max(1)).ok()?;
    pool.get(place).copied()
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn mean(pool: &[i64]) -> Option<PicoUsd> {
    let sum: i128 = pool.iter().map(|amount| i128::from(*amount)).sum();
    let days = i128::try_from(pool.len()).ok()?.max(1);
    i64::try_from(sum / days).ok().map(PicoUsd::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(amounts: impl Iterator<Item = i64>) -> Vec<SpendDay> {
        amounts
            .zip((1..=7).cycle())
            .map(|(amount, weekday)| SpendDay { weekday, amount: PicoUsd::new(amount) })
            .collect()
    }

    #[test]
    fn an_even_pace_goes_on_evenly() {
        let past = days(std::iter::repeat_n(100, 28));
        let today = SpendDay { weekday: 1, amount: PicoUsd::new(40) };
        let found = forecast(PicoUsd::new(1_040), today, &past, &[2, 3, 4]).unwrap();
        // The rest of today to a hundred, and three days of a hundred.
        assert_eq!(found.middle, PicoUsd::new(1_400));
        assert_eq!((found.low, found.high), (found.middle, found.middle));
        assert_eq!(found.days, [PicoUsd::new(100); 3]);
    }

    #[test]
    fn weekends_are_drawn_from_weekends() {
        let week = [100, 100, 100, 100, 100, 0, 0];
        let past = days(week.iter().copied().cycle().take(28));
        let today = SpendDay { weekday: 5, amount: PicoUsd::new(300) };
        let found = forecast(PicoUsd::new(300), today, &past, &[6, 7, 1]).unwrap();
        assert_eq!(found.middle, PicoUsd::new(400), "a day that is dearer than most stays so");
        assert_eq!(found.days, [PicoUsd::ZERO, PicoUsd::ZERO, PicoUsd::new(100)]);
    }

    #[test]
    fn the_interval_holds_nine_of_ten_months_of_the_same_pace() {
        // A pace without weekdays: amounts from 1 to 997 in no order.
        let mut state = 77;
        let mut amount = || i64::try_from(splitmix(&mut state) % 997 + 1).unwrap();
        let past = days((0..56).map(|_| amount()));
        let today = SpendDay { weekday: 1, amount: PicoUsd::new(10_000) };
        let ahead: Vec<u8> = (2..=7).chain(1..=7).collect();
        let found = forecast(PicoUsd::ZERO, today, &past, &ahead).unwrap();
        assert!(found.low < found.middle && found.middle < found.high);
        let inside = (0..1_000)
            .filter(|_| {
                let month: i64 = ahead.iter().map(|_| amount()).sum();
                (found.low.get()..=found.high.get()).contains(&month)
            })
            .count();
        assert!((700..=1_000).contains(&inside), "{inside} of 1,000 lie inside");
        assert_eq!(forecast(PicoUsd::ZERO, today, &past, &ahead).unwrap(), found, "the same twice");
    }

    #[test]
    fn a_few_days_say_nothing() {
        let today = SpendDay { weekday: 1, amount: PicoUsd::ZERO };
        assert_eq!(forecast(PicoUsd::ZERO, today, &days(0..6), &[2]), None);
    }
}
