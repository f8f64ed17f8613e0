//! The page: one read of the ledger, then names, marks and proportions.

use super::{
    chart::{MOST_SERIES, Spent, booked, chart, millionths},
    figure, model_name, provider_name, some,
    types::{SpendBy, SpendChange, SpendForecast, SpendPage, SpendQuery, SpendRow, SpendSeries, SpendWhatIf},
};
use crate::{
    Api,
    calendar::{self, Stretch},
};
use domain::{ConversationId, Failure, PicoUsd, ProviderId, Timestamp};
use engine::{ConversationSpend, EndpointSpend, Registry, SpendDay, SpendSum, Volume};
use std::collections::{BTreeMap, HashMap};

/// Rows of the table; a person who wants more exports them.
const MOST_ROWS: usize = 100;
/// Days that make up a pace.
const PACE: usize = 56;
/// Other models a period is priced on.
const MOST_WHAT_IF: usize = 6;

/// What the ledger said.
struct Read {
    /// Attempts that are left out until the vote.
    hidden: u32,
    today: SpendSum,
    month: SpendSum,
    before: PicoUsd,
    endpoints: Vec<EndpointSpend>,
    conversations: (Vec<ConversationSpend>, usize),
    bars: Vec<Vec<EndpointSpend>>,
    /// Amounts of the dearest conversations, bar by bar.
    conversation_bars: Vec<Vec<SpendSum>>,
    /// Of each app, in the period and bar by bar.
    apps: Vec<(String, SpendSum)>,
    app_bars: Vec<Vec<(String, SpendSum)>>,
    /// Days before today, oldest first.
    pace: Vec<PicoUsd>,
    marks: HashMap<String, u8>,
    /// What answers that were given again saved.
    again: PicoUsd,
}

pub(crate) async fn page(api: &Api, query: SpendQuery) -> Result<SpendPage, Failure> {
    let now = api.engine.clock().now();
    let first = api.engine.store().read(|tx| tx.spend_span()).await?.map(|(first, _)| first);
    let stretch = calendar::stretch(query.period, query.back, now, first)?;
    let pace_days = pace_days(now, first)?;
    let read = read(api, query.by, now, &stretch, pace_days.clone()).await?;
    let registry = api.engine.registry();
    let pace: Vec<SpendDay> = pace_days
        .iter()
        .zip(&read.pace)
        .map(|((_, weekday), amount)| SpendDay { weekday: *weekday, amount: *amount })
        .collect();
    let ahead = calendar::rest_of_month(now)?;
    let forecast = engine::forecast(
        read.month.amount,
        SpendDay { weekday: calendar::weekday_of(now)?, amount: read.today.amount },
        &pace,
        &ahead.iter().map(|(_, weekday)| *weekday).collect::<Vec<_>>(),
    );
    let groups = groups(&registry, query.by, &read)?;
    let total = total(&read)?;
    let series = series(&groups, query.by, &read.marks);
    let mark = |key: &str| series.iter().find(|one| one.key == key).map_or(0, |one| one.mark);
    let dearest = groups.iter().map(|group| group.sum.amount).max().unwrap_or_default();
    let rows: Vec<SpendRow> = groups.iter().map(|g| row(g, mark(&g.key), dearest)).collect();
    let more = read.conversations.1.saturating_sub(read.conversations.0.len());
    let expected = expected(&stretch, &ahead, forecast.as_ref());
    let (mut what_if, what_if_uncounted) = what_if(&registry, &read, now)?;
    // A model looks the same beside its bars.
    for one in what_if.iter_mut().filter(|one| one.mark == 0 && query.by == SpendBy::Model) {
        one.mark = mark(&one.key);
    }
    Ok(SpendPage {
        earlier: first.is_some_and(|first| first < stretch.from),
        hidden: some(read.hidden),
        today: figure(&read.today),
        today_answers: read.today.answers,
        month_name: calendar::month_name(now)?,
        month: figure(&read.month),
        change: change(read.month.amount, read.before, now)?,
        forecast: forecast.map(|f| forecast_view(&f, now)).transpose()?,
        chart: chart(series, &stretch.steps, stretch.until, now, spent(query.by, &read)?, &expected),
        rows,
        more: u32::try_from(more).unwrap_or(u32::MAX),
        total: saving(row(&Group { sum: total, ..Group::default() }, 0, PicoUsd::ZERO), read.again),
        what_if,
        what_if_uncounted,
        name: stretch.name,
        from: stretch.from,
        until: stretch.until,
    })
}

/// The days whose pace counts: the last eight weeks before today, from the first entry on.
fn pace_days(now: Timestamp, first: Option<Timestamp>) -> Result<Vec<(Timestamp, u8)>, Failure> {
    let Some(first) = first else { return Ok(Vec::new()) };
    let mut days = calendar::days_before(now, PACE)?;
    // The day of the first entry may be half a day.
    days.retain(|(start, _)| *start >= first);
    Ok(days)
}

async fn read(
    api: &Api,
    by: SpendBy,
    now: Timestamp,
    stretch: &Stretch,
    pace: Vec<(Timestamp, u8)>,
) -> Result<Read, Failure> {
    let (today, month) = calendar::periods(now)?;
    let before = calendar::month_before(now)?;
    let end = Timestamp(i64::MAX);
    let (from, until) = (stretch.from, stretch.until);
    let mut edges: Vec<Timestamp> = stretch.steps.iter().map(|step| step.start).collect();
    edges.push(until);
    let mut days: Vec<Timestamp> = pace.iter().map(|(start, _)| *start).collect();
    days.push(today);
    api.engine
        .store()
        .read(move |tx| {
            tx.leave_out_hidden();
            let bars = tx.spend_series(&edges)?;
            let conversations = match by {
                SpendBy::Conversation => tx.spend_by_conversation(from, until, MOST_ROWS)?,
                SpendBy::Model | SpendBy::Provider | SpendBy::App => (Vec::new(), 0),
            };
            let (mut apps, mut app_bars) = (Vec::new(), Vec::new());
            if by == SpendBy::App {
                apps = tx.spend_by_app(from, until)?;
                let bar = |pair: &[Timestamp]| tx.spend_by_app(pair[0], pair[1]);
                app_bars = edges.windows(2).map(bar).collect::<Result<_, _>>()?;
            }
            let wanted: Vec<Option<ConversationId>> =
                conversations.0.iter().take(MOST_SERIES).map(|row| row.conversation).collect();
            let conversation_bars =
                if wanted.is_empty() { Vec::new() } else { tx.conversation_series(&edges, &wanted)? };
            Ok(Read {
                hidden: tx.hidden_attempts(from, until)?,
                today: tx.spend_total(today, end)?,
                month: tx.spend_total(month, end)?,
                before: tx.spend_total(before.0, before.1)?.amount,
                endpoints: tx.spend_by_endpoint(from, until)?,
                again: tx.answered_again(from, until)?.saved,
                conversations,
                bars,
                conversation_bars,
                apps,
                app_bars,
                pace: tx.spend_series(&days)?.iter().map(|day| amount(day)).collect::<Result<_, _>>()?,
                marks: booked(tx.marks()?.into_iter().map(|row| (row.model, row.slot))),
            })
        })
        .await
}

fn amount(endpoints: &[EndpointSpend]) -> Result<PicoUsd, Failure> {
    Ok(sum(endpoints)?.amount)
}

fn sum(endpoints: &[EndpointSpend]) -> Result<SpendSum, Failure> {
    endpoints.iter().try_fold(SpendSum::default(), |sum, one| sum.plus(&one.sum))
}

fn total(read: &Read) -> Result<SpendSum, Failure> {
    sum(&read.endpoints)
}

/// A line of the table before it has a mark.
#[derive(Default)]
struct Group {
    key: String,
    name: String,
    demo: bool,
    local: bool,
    sum: SpendSum,
}

fn key(by: SpendBy, endpoint: &EndpointSpend) -> String {
    match by {
        SpendBy::Provider => endpoint.provider.to_string(),
        SpendBy::Model | SpendBy::Conversation | SpendBy::App => endpoint.model.clone(),
    }
}

/// Dearest first.
fn groups(registry: &Registry, by: SpendBy, read: &Read) -> Result<Vec<Group>, Failure> {
    if by == SpendBy::Conversation {
        let group = |row: &ConversationSpend| Group {
            key: row.conversation.map_or_else(String::new, |id| id.to_string()),
            name: match (&row.title, row.conversation) {
                (Some(title), _) => title.clone(),
                (None, Some(_)) => "A deleted chat".to_owned(),
                (None, None) => "Outside of chats".to_owned(),
            },
            sum: row.sum.clone(),
            ..Group::default()
        };
        return Ok(read.conversations.0.iter().map(group).collect());
    }
    if by == SpendBy::App {
        let group = |(app, sum): &(String, SpendSum)| Group {
            key: app.clone(),
            name: app.clone(),
            sum: sum.clone(),
            ..Group::default()
        };
        return Ok(read.apps.iter().map(group).collect());
    }
    let mut found: BTreeMap<String, Group> = BTreeMap::new();
    for endpoint in &read.endpoints {
        let demo = is_demo(&endpoint.provider);
        let local = registry.provider(&endpoint.provider).is_some_and(|known| known.provider.local);
        let group = found.entry(key(by, endpoint)).or_insert_with_key(|key| Group {
            key: key.clone(),
            name: match by {
                SpendBy::Provider => provider_name(registry, &endpoint.provider),
                SpendBy::Model | SpendBy::Conversation | SpendBy::App => model_name(registry, key),
            },
            demo,
            local,
            sum: SpendSum::default(),
        });
        group.demo &= demo;
        group.local &= local;
        group.sum = std::mem::take(&mut group.sum).plus(&endpoint.sum)?;
    }
    let mut groups: Vec<Group> = found.into_values().collect();
    groups.sort_by(|a, b| {
        let rank = |group: &Group| (group.sum.amount, group.sum.attempts);
        rank(b).cmp(&rank(a)).then_with(|| a.key.cmp(&b.key))
    });
    Ok(groups)
}

fn is_demo(provider: &ProviderId) -> bool {
    provider.as_str() == "demo"
}

/// The dearest groups, by mark from the bottom up. A model keeps its own mark; one without takes a mark
/// that no other in this chart has.
fn series(groups: &[Group], by: SpendBy, marks: &HashMap<String, u8>) -> Vec<SpendSeries> {
    let shown: Vec<&Group> =
        groups.iter().filter(|group| group.sum.amount > PicoUsd::ZERO).take(MOST_SERIES).collect();
    let own = |group: &Group| match by {
        SpendBy::Model => marks.get(&group.key).copied(),
        SpendBy::Provider | SpendBy::Conversation | SpendBy::App => None,
    };
    let mut taken: Vec<u8> = shown.iter().filter_map(|group| own(group)).collect();
    let mut found: Vec<SpendSeries> = shown
        .into_iter()
        .map(|group| {
            let mark = own(group).unwrap_or_else(|| {
                let free = (1..=8).find(|mark| !taken.contains(mark)).unwrap_or(0);
                taken.push(free);
                free
            });
            SpendSeries { key: group.key.clone(), name: group.name.clone(), mark }
        })
        .collect();
    found.sort_by_key(|one| one.mark);
    found
}

fn row(group: &Group, mark: u8, dearest: PicoUsd) -> SpendRow {
    let sum = &group.sum;
    let per_answer = (sum.answers > 0 && sum.unknown < sum.attempts)
        .then(|| PicoUsd::new(sum.amount.get() / i64::from(sum.answers)));
    let rate = (sum.streamed.saturating_mul(10_000)).checked_div(sum.stream_time.0);
    SpendRow {
        key: group.key.clone(),
        name: group.name.clone(),
        mark,
        demo: group.demo,
        local: group.local,
        figure: figure(sum),
        answers: sum.answers,
        uncounted: sum.uncounted,
        input: sum.input,
        cache_read: sum.cache_read,
        output: sum.output,
        reasoning: sum.reasoning,
        share: millionths(sum.amount, dearest),
        per_answer,
        ttft_p50: sum.ttft.percentile(50),
        ttft_p95: sum.ttft.percentile(95),
        tokens_per_second_x10: rate.and_then(|rate| u32::try_from(rate).ok()),
        saved: sum.saved,
    }
}

/// With what was saved by answers that were given again.
fn saving(row: SpendRow, again: PicoUsd) -> SpendRow {
    if again == PicoUsd::ZERO {
        return row;
    }
    let saved = row.saved.unwrap_or(PicoUsd::ZERO).checked_add(again);
    SpendRow { saved, ..row }
}

fn spent(by: SpendBy, read: &Read) -> Result<Vec<Spent>, Failure> {
    read.bars
        .iter()
        .enumerate()
        .map(|(place, bar)| {
            let mut parts: BTreeMap<String, PicoUsd> = BTreeMap::new();
            if by == SpendBy::Conversation {
                let sums = read.conversation_bars.get(place).into_iter().flatten();
                for (row, sum) in read.conversations.0.iter().zip(sums) {
                    parts.insert(row.conversation.map_or_else(String::new, |id| id.to_string()), sum.amount);
                }
            } else if by == SpendBy::App {
                let sums = read.app_bars.get(place).into_iter().flatten();
                parts.extend(sums.map(|(app, sum)| (app.clone(), sum.amount)));
            } else {
                for endpoint in bar {
                    let part = parts.entry(key(by, endpoint)).or_default();
                    *part = part.checked_add(endpoint.sum.amount).unwrap_or(*part);
                }
            }
            parts.retain(|_, amount| *amount != PicoUsd::ZERO);
            Ok(Spent { figure: figure(&sum(bar)?), parts })
        })
        .collect()
}

/// What is expected of the bars that are whole days to come.
fn expected(
    stretch: &Stretch,
    ahead: &[(Timestamp, u8)],
    forecast: Option<&engine::Forecast>,
) -> BTreeMap<usize, PicoUsd> {
    let Some(forecast) = forecast else { return BTreeMap::new() };
    let by_day: HashMap<Timestamp, PicoUsd> =
        ahead.iter().map(|(start, _)| *start).zip(forecast.days.iter().copied()).collect();
    let days = stretch.until.0.saturating_sub(stretch.from.0) / 86_400_000;
    // A week or a month; an hour or a month of its own has no such bar.
    if !(6..=32).contains(&days) {
        return BTreeMap::new();
    }
    let steps = stretch.steps.iter().enumerate();
    steps.filter_map(|(place, step)| Some((place, *by_day.get(&step.start)?))).collect()
}

fn change(month: PicoUsd, before: PicoUsd, now: Timestamp) -> Result<Option<SpendChange>, Failure> {
    let Some(percent) = percent(month, before) else { return Ok(None) };
    Ok(Some(SpendChange { percent, against: calendar::month_before_name(now)? }))
}

/// By how many per cent `a` is more than `b`, to the nearest.
fn percent(a: PicoUsd, b: PicoUsd) -> Option<i32> {
    let (a, b) = (i128::from(a.get()), i128::from(b.get()));
    if b <= 0 {
        return None;
    }
    let doubled = (a - b) * 200;
    let rounded = (doubled + doubled.signum() * b) / (2 * b);
    i32::try_from(rounded).ok()
}

fn forecast_view(forecast: &engine::Forecast, now: Timestamp) -> Result<SpendForecast, Failure> {
    Ok(SpendForecast {
        day: calendar::last_of_month(now)?,
        middle: forecast.middle,
        low: forecast.low,
        high: forecast.high,
        margin: PicoUsd::new((forecast.high.get() - forecast.low.get()) / 2),
    })
}

/// Tokens whose cost is known, where that is known of all: those of an endpoint that answers at an unknown price
/// would be on one side of a comparison and not on the other. Gives how many attempts are left out.
fn comparable(endpoints: &[&EndpointSpend]) -> Result<(SpendSum, u32), Failure> {
    // What was not even counted has no tokens here, whatever it cost.
    let unpriced = |one: &&&EndpointSpend| one.sum.unknown > one.sum.uncounted;
    let left_out = endpoints.iter().filter(unpriced).map(|one| one.sum.attempts).sum::<u32>();
    let mut kept = endpoints.iter().filter(|one| !unpriced(one));
    let sum = kept.try_fold(SpendSum::default(), |sum, one| sum.plus(&one.sum))?;
    let left_out = left_out.saturating_add(sum.uncounted);
    Ok((sum, left_out))
}

/// Who was refused or reached nobody pays no fee for it and has no prompt: answers are what is counted.
fn volume(sum: &SpendSum) -> Volume {
    Volume {
        requests: u64::from(sum.answers),
        input: sum.input,
        cache_read: sum.cache_read.unwrap_or(0),
        cache_write_5m: sum.cache_write_5m,
        cache_write_1h: sum.cache_write_1h,
        output: sum.output,
    }
}

/// The period's tokens on each of the models it was spent on. Demo answers are no model's.
fn what_if(registry: &Registry, read: &Read, now: Timestamp) -> Result<(Vec<SpendWhatIf>, u32), Failure> {
    let real: Vec<&EndpointSpend> = read.endpoints.iter().filter(|one| !is_demo(&one.provider)).collect();
    let (sum, left_out) = comparable(&real)?;
    let volume = volume(&sum);
    let mut found: Vec<(String, String, PicoUsd)> = Vec::new();
    for endpoint in &real {
        let known = || found.iter().any(|(model, ..)| *model == endpoint.model);
        if found.len() == MOST_WHAT_IF || known() {
            continue;
        }
        let sheet = registry
            .catalog()
            .endpoints(&endpoint.model)
            .iter()
            .find(|known| known.provider == endpoint.provider)
            .and_then(|known| known.prices.as_ref());
        if let Some(amount) = sheet.and_then(|sheet| engine::priced_on(volume, sheet, now)) {
            found.push((endpoint.model.clone(), model_name(registry, &endpoint.model), amount));
        }
    }
    if found.len() < 2 || sum.amount <= PicoUsd::ZERO {
        return Ok((Vec::new(), 0));
    }
    found.sort_by_key(|(.., amount)| std::cmp::Reverse(*amount));
    let dearest = found.iter().map(|(.., amount)| *amount).chain([sum.amount]).max().unwrap_or_default();
    let other = |(key, name, amount): (String, String, PicoUsd)| SpendWhatIf {
        mark: read.marks.get(&key).copied().unwrap_or(0),
        share: millionths(amount, dearest),
        percent: percent(amount, sum.amount),
        key,
        name,
        amount,
    };
    let own = SpendWhatIf {
        key: String::new(),
        name: String::new(),
        mark: 0,
        amount: sum.amount,
        share: millionths(sum.amount, dearest),
        percent: None,
    };
    Ok((std::iter::once(own).chain(found.into_iter().map(other)).collect(), left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_is_compared_with_like() {
        let spent = |provider: &str, sum: SpendSum| EndpointSpend {
            provider: provider.into(),
            model: "author/m".to_owned(),
            sum,
        };
        let tokens = |input, amount, attempts| SpendSum {
            input,
            attempts,
            answers: attempts,
            amount: PicoUsd::new(amount),
            ..SpendSum::default()
        };
        // Three were refused, one of unknown cost has no tokens either.
        let paid = SpendSum { answers: 6, unknown: 1, uncounted: 1, ..tokens(6_000, 900, 10) };
        let proxy = SpendSum { unknown: 5, ..tokens(7_000, 0, 5) };
        let (paid, proxy) = (spent("groq", paid), spent("own", proxy));
        let (sum, left_out) = comparable(&[&paid, &proxy]).unwrap();
        assert_eq!((sum.input, sum.amount, left_out), (6_000, PicoUsd::new(900), 6));
        assert_eq!(volume(&sum).requests, 6, "a refusal pays no fee and makes no prompt shorter");
    }

    #[test]
    fn per_cent_are_rounded_to_the_nearest() {
        let of = |a, b| percent(PicoUsd::new(a), PicoUsd::new(b));
        assert_eq!((of(253, 100), of(88, 100), of(100, 100)), (Some(153), Some(-12), Some(0)));
        assert_eq!((of(1_004, 1_000), of(1_005, 1_000), of(995, 1_000)), (Some(0), Some(1), Some(-1)));
        assert_eq!(of(5, 0), None, "nothing is not to be compared with");
    }

    #[test]
    fn a_figure_of_nothing_is_not_an_answer_for_nothing() {
        let unknown = SpendSum { attempts: 2, answers: 2, unknown: 2, ..SpendSum::default() };
        let found = row(&Group { sum: unknown, ..Group::default() }, 0, PicoUsd::ZERO);
        assert_eq!(found.per_answer, None);
        let free = SpendSum { attempts: 2, answers: 2, ..SpendSum::default() };
        let found = row(&Group { sum: free, ..Group::default() }, 0, PicoUsd::ZERO);
        assert_eq!(found.per_answer, Some(PicoUsd::ZERO));
        assert_eq!((found.ttft_p50, found.tokens_per_second_x10, found.cache_read), (None, None, None));
    }
}
