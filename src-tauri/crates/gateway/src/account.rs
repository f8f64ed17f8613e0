//! What an app key may spend, has spent, and for what.

use crate::{
    body::Answer,
    path::{self, Manner},
    reply::{self, Refused},
};
use domain::{AttemptId, ErrorKind, Failure, Millis, Outcome};
use engine::{AppSpending, Caller, Engine};
use hyper::Response;
use wire::serve::{self, Generation, KeyInfo};

/// What the key may spend and has spent.
pub(crate) async fn key(engine: &Engine, caller: &Caller) -> Result<Response<Answer>, Failure> {
    let AppSpending { limit, left, period, ever, day, week, month } =
        engine.app_spending(&caller.key.name).await?;
    let expires = caller.key.expires_at.map(engine::utc);
    Ok(reply::json(
        200,
        serve::key(&KeyInfo {
            label: &caller.key.name,
            limit,
            limit_remaining: left,
            limit_reset: period.map(|period| match period {
                domain::Period::Day => "daily",
                domain::Period::Week => "weekly",
                domain::Period::Month => "monthly",
            }),
            usage: ever,
            usage_daily: day,
            usage_weekly: week,
            usage_monthly: month,
            expires_at: expires.as_deref(),
            requests_per_minute: caller.key.requests_per_minute,
        }),
    ))
}

/// The same as a balance.
pub(crate) async fn credits(engine: &Engine, caller: &Caller) -> Result<Response<Answer>, Failure> {
    let spending = engine.app_spending(&caller.key.name).await?;
    Ok(reply::json(200, serve::credits(spending.limit, spending.ever)))
}

/// What became of one of its answers. Other apps' are not there for it.
pub(crate) async fn generation(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    query: Option<&str>,
) -> Result<Response<Answer>, Failure> {
    let mut pairs = path::query(query);
    let name = pairs.find(|(name, _)| *name == "id").and_then(|(_, value)| path::value(value));
    let name = name.ok_or_else(|| {
        Failure::new(ErrorKind::RequestInvalid, "Name the answer: `?id=` and its `x-generation-id`.")
    })?;
    let id = name.strip_prefix("gen-").and_then(|id| id.parse::<AttemptId>().ok());
    let found = match id {
        Some(id) => engine.generation(&caller.key.name, id).await?,
        None => None,
    };
    let Some((attempt, entry)) = found else {
        return Ok(reply::refused(manner, &Refused::no_answer()));
    };
    let registry = engine.registry();
    let known = registry.provider(&attempt.provider);
    let finish = match &attempt.outcome {
        Some(Outcome::Completed { finish_reason }) => Some(*finish_reason),
        _ => None,
    };
    let upstream = attempt.upstream.as_ref();
    let ms = |time: Option<Millis>| time.map(|time| time.0);
    let generation = Generation {
        id: &name,
        upstream_id: upstream.and_then(|upstream| upstream.request_id.as_deref()),
        model: attempt.model.as_str(),
        provider: known.map_or(attempt.provider.as_str(), |known| &known.provider.name),
        created_at: &engine::utc(attempt.started_at),
        finish,
        cancelled: matches!(attempt.outcome, Some(Outcome::Cancelled)),
        times: (ms(attempt.first_content), ms(attempt.duration)),
        usage: entry.usage.as_ref(),
        cost: entry.cost.total,
    };
    Ok(reply::json(200, serve::generation(&generation)))
}
