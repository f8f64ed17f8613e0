//! The Spend panel, read from the ledger alone.

use crate::{
    Api,
    types::{SpendFigure, SpendRow, SpendSummary},
};
use domain::{ErrorKind, Failure, Timestamp};
use jiff::{Zoned, civil::Time, tz::TimeZone};

/// Since local midnight and since the first of the month, in local time.
pub(crate) fn periods(now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
    let bad =
        |error: jiff::Error| Failure::new(ErrorKind::Bug, format!("The clock is out of range ({error})."));
    let now = jiff::Timestamp::from_millisecond(now.0).map_err(bad)?.to_zoned(TimeZone::system());
    let start = |day: Zoned| -> Result<Timestamp, Failure> {
        let midnight = day.with().time(Time::midnight()).build().map_err(bad)?;
        Ok(Timestamp(midnight.timestamp().as_millisecond()))
    };
    let today = start(now.clone())?;
    let month = start(now.first_of_month().map_err(bad)?)?;
    Ok((today, month))
}

pub(crate) async fn summary(api: &Api, (): ()) -> Result<SpendSummary, Failure> {
    let (today, month) = periods(api.engine.clock().now())?;
    let end = Timestamp(i64::MAX);
    let (day, all, models, intact) = api
        .engine
        .store()
        .read(move |tx| {
            Ok((
                tx.spend_total(today, end)?,
                tx.spend_total(month, end)?,
                tx.spend_by_endpoint(month, end)?,
                tx.verify_chain()?,
            ))
        })
        .await?;
    let registry = api.engine.registry();
    let by_model: Vec<SpendRow> = models
        .into_iter()
        .map(|(model, provider, sum)| {
            let known = registry.provider(&provider);
            SpendRow {
                name: registry
                    .catalog()
                    .model(&model)
                    .map_or_else(|| model.clone(), |known| known.name.clone()),
                provider: known.map_or_else(|| provider.to_string(), |known| known.provider.name.clone()),
                input: sum.input,
                output: sum.output,
                demo: provider.as_str() == "demo",
                local: known.is_some_and(|known| known.provider.local),
                figure: figure(&sum),
                model,
            }
        })
        .collect();
    Ok(SpendSummary { today: figure(&day), month: figure(&all), by_model, ledger_intact: intact })
}

pub(crate) fn figure(sum: &engine::SpendSum) -> SpendFigure {
    SpendFigure { amount: sum.amount, attempts: sum.attempts, unknown: sum.unknown }
}
