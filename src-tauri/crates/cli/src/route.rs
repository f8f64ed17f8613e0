//! `parallax route`, `parallax policy` and `parallax audit`: where prompts go, under which rules, and what
//! has left this machine.

use crate::{Json, out};
use clap::{Args, Subcommand};
use domain::{Candidate, EndpointId, ErrorKind, Failure, ModelRef, Policy, Reason, RoutingPrefs, Timestamp};
use engine::{Engine, Explained};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum RouteCommand {
    /// Show where a prompt would go now and why, without sending it
    Explain(ExplainArgs),
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The model: author/name, MODEL@PROVIDER, or auto/cheapest
    #[arg(short, long, value_name = "MODEL")]
    model: String,
    /// The policy, beside the usual one
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// The prompt; its length counts
    #[arg(long, value_name = "TEXT", default_value = "Hello")]
    prompt: String,
    #[command(flatten)]
    json: Json,
}

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// List every policy; the usual one is marked
    List(Json),
    /// Show what a policy says
    Show {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        json: Json,
    },
    /// Make a policy the usual one, or with --prefs add or change one of your own
    Set(SetArgs),
    /// Remove a policy of your own
    Remove {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Args)]
pub(crate) struct SetArgs {
    /// Its id: lower-case letters, digits and dashes
    #[arg(value_name = "ID")]
    id: String,
    /// What it says, in the fields of OpenRouter's `provider` object: '{"data_collection":"deny"}'
    #[arg(long, value_name = "JSON")]
    prefs: Option<String>,
    /// Its name for people
    #[arg(long, value_name = "NAME", requires = "prefs")]
    name: Option<String>,
    /// One sentence on what it is for
    #[arg(long, value_name = "TEXT", requires = "prefs")]
    about: Option<String>,
    /// With --prefs: also make it the usual one
    #[arg(long = "default", requires = "prefs")]
    usual: bool,
}

#[derive(Args)]
pub(crate) struct AuditArgs {
    /// From this moment on: 24h, 7d, 2026-11-21 or 2026-11-21T08:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

impl RouteCommand {
    pub(crate) fn json(&self) -> bool {
        let Self::Explain(arguments) = self;
        arguments.json.json
    }
}

impl PolicyCommand {
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::List(json) | Self::Show { json, .. } => json.json,
            Self::Set(_) | Self::Remove { .. } => false,
        }
    }
}

/// `route explain`: one object, or one line an endpoint.
pub(crate) async fn route(engine: &Engine, command: RouteCommand) -> Result<ExitCode, Failure> {
    let RouteCommand::Explain(arguments) = command;
    let model = ModelRef::parse(&arguments.model)
        .map_err(|bad| Failure::new(ErrorKind::RequestNoModel, bad.to_string()))?;
    let explained = engine.explain(&model, arguments.policy.as_deref(), None, &arguments.prompt).await?;
    if arguments.json.json {
        out::object(&explanation(&model, &explained));
    } else {
        print(&model, &explained);
    }
    Ok(if explained.route.planned.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn explanation(model: &ModelRef, explained: &Explained) -> Value {
    let planned: Vec<Value> =
        explained.route.planned.iter().map(|candidate| planned(candidate, explained)).collect();
    let rejected: Vec<Value> = explained
        .route
        .rejected
        .iter()
        .map(|rejected| {
            let mut line = place(&rejected.endpoint, explained);
            line["reasons"] = json!(rejected.reasons);
            line
        })
        .collect();
    json!({
        "model": model.to_string(),
        "policy": explained.route.policy,
        "allow_fallbacks": !explained.route.no_fallbacks,
        "planned": planned,
        "rejected": rejected,
    })
}

fn place(id: &EndpointId, explained: &Explained) -> Value {
    let endpoint = explained.endpoint(id);
    json!({
        "endpoint": id,
        "provider": endpoint.map(|endpoint| &endpoint.provider),
        "model": endpoint.map(|endpoint| &endpoint.model),
        "upstream_model": endpoint.map(|endpoint| &endpoint.upstream_model),
    })
}

fn planned(candidate: &Candidate, explained: &Explained) -> Value {
    let mut line = place(&candidate.endpoint, explained);
    let expected = candidate.expected;
    line["account"] = json!(candidate.account);
    line["reasons"] = json!(candidate.because);
    line["expected"] = json!({
        "usd": expected.and_then(|expected| expected.cost),
        "chat_usd": expected.and_then(|expected| expected.chat),
        "ttft_ms": expected.map(|expected| expected.first_content),
        "success_permille": expected.map(|expected| expected.success),
    });
    line
}

fn print(model: &ModelRef, explained: &Explained) {
    let route = &explained.route;
    out::line(&format!("{model} under {}", route.policy.as_deref().unwrap_or("no policy")));
    let asked: Vec<&Candidate> = route.asked().collect();
    for (number, candidate) in (1..).zip(&route.planned) {
        let expected = candidate.expected.map_or_else(String::new, |expected| {
            let cost = expected.cost.map_or_else(|| "price unknown".to_owned(), |cost| format!("${cost}"));
            let chat =
                expected.chat.map_or_else(String::new, |chat| format!(" (with two more turns ${chat})"));
            format!(", {cost}{chat}, first word in {} ms", expected.first_content.0)
        });
        let key = candidate.account.as_ref().map(|label| format!(" (key {label})")).unwrap_or_default();
        let off = !asked.contains(&candidate);
        let unused = if off { " [not tried: fallbacks are off]" } else { "" };
        let words = words(&candidate.because);
        out::line(&format!("{number}. {}{key}{expected}{words}{unused}", candidate.endpoint));
    }
    for rejected in &route.rejected {
        out::line(&format!("-  {}{}", rejected.endpoint, words(&rejected.reasons)));
    }
}

/// Reasons in the words of the JSON, for people.
fn words(reasons: &[Reason]) -> String {
    let words: Vec<String> = reasons
        .iter()
        .filter_map(|reason| json!(reason).as_str().map(|word| word.replace('_', " ")))
        .collect();
    if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) }
}

/// `policy …`
pub(crate) async fn policy(engine: &Engine, command: PolicyCommand) -> Result<ExitCode, Failure> {
    let usual = engine.usual_policy().await?;
    match command {
        PolicyCommand::List(Json { json }) => {
            for policy in engine.policies().await? {
                let read = if json {
                    out::object(&described(&policy, &usual))
                } else {
                    let mark = if policy.id == usual { "*" } else { " " };
                    out::line(&format!("{mark} {}: {}", policy.id, policy.about))
                };
                if !read {
                    break;
                }
            }
        }
        PolicyCommand::Show { id, json: Json { json } } => {
            let policy = engine.policies().await?.into_iter().find(|policy| policy.id == id);
            let policy = policy.ok_or_else(|| {
                Failure::new(
                    ErrorKind::RequestInvalid,
                    format!("There is no policy called “{id}”. See `parallax policy list`."),
                )
            })?;
            if json {
                out::object(&described(&policy, &usual));
            } else {
                out::line(&format!("{}: {}", policy.name, policy.about));
                out::line(&json!(policy.prefs).to_string());
            }
        }
        PolicyCommand::Set(arguments) => set(engine, arguments).await?,
        PolicyCommand::Remove { id } => engine.remove_policy(&id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(engine: &Engine, arguments: SetArgs) -> Result<(), Failure> {
    let Some(prefs) = arguments.prefs else { return engine.use_policy(&arguments.id).await };
    let refuse = |why: String| {
        Failure::new(ErrorKind::RequestInvalid, format!("These preferences cannot be read: {why}."))
    };
    // A list would be read as the fields in their order, and an empty one as no preferences at all.
    if !prefs.trim_start().starts_with('{') {
        return Err(refuse("they are no JSON object".to_owned()));
    }
    let prefs: RoutingPrefs = serde_json::from_str(&prefs).map_err(|error| refuse(error.to_string()))?;
    let policy = Policy {
        name: arguments.name.unwrap_or_else(|| arguments.id.clone()),
        about: arguments.about.unwrap_or_default(),
        id: arguments.id,
        built_in: false,
        prefs,
    };
    let id = policy.id.clone();
    engine.put_policy(policy).await?;
    if arguments.usual { engine.use_policy(&id).await } else { Ok(()) }
}

fn described(policy: &Policy, usual: &str) -> Value {
    json!({
        "id": policy.id,
        "name": policy.name,
        "about": policy.about,
        "built_in": policy.built_in,
        "default": policy.id == usual,
        "prefs": policy.prefs,
    })
}

/// `audit`: what left this machine, one call a line, oldest first.
pub(crate) async fn audit(engine: &Engine, arguments: AuditArgs) -> Result<ExitCode, Failure> {
    let since = match &arguments.since {
        Some(text) => moment(text, engine.clock().now())?,
        None => Timestamp(i64::MIN),
    };
    crate::spend::tell_hidden(engine.hidden_calls(since, Timestamp(i64::MAX)).await?);
    for row in engine.audit(since).await? {
        let read = if arguments.json.json {
            out::object(&json!({
                "at": time(row.at),
                "purpose": row.purpose,
                "host": row.host,
                "provider": row.provider,
                "account": row.account,
                "endpoint": row.endpoint,
                "policy": row.policy,
                "origin": row.origin,
                "app": row.app,
                "bytes": row.bytes,
                "messages": row.messages,
                "attachments": row.attachments,
                "attempt": row.attempt,
            }))
        } else {
            let policy = row.policy.as_deref().unwrap_or("-");
            out::line(&format!(
                "{} {} {} to {} under {policy}, {} bytes, {} messages, {} attachments",
                time(row.at),
                row.origin,
                row.purpose,
                row.host,
                row.bytes,
                row.messages,
                row.attachments
            ))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// A moment: so long ago, a day in local time, or an instant.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let bad = || {
        Failure::new(
            ErrorKind::RequestInvalid,
            format!("“{text}” is no moment: write 24h, 7d, 2026-11-21 or 2026-11-21T08:00:00Z."),
        )
    };
    let ago = |unit: char, millis: i64| {
        let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
        now.0.checked_sub(count.checked_mul(millis)?).map(Timestamp)
    };
    if let Some(at) = ago('m', 60_000).or_else(|| ago('h', 3_600_000)).or_else(|| ago('d', 86_400_000)) {
        return Ok(at);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(at.as_millisecond()));
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| bad())?;
    let start = day.to_zoned(jiff::tz::TimeZone::system()).map_err(|_| bad())?;
    Ok(Timestamp(start.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let now = Timestamp(1_000_000_000_000);
        assert_eq!(moment("24h", now).unwrap(), Timestamp(now.0 - 86_400_000));
        assert_eq!(moment("7d", now).unwrap(), Timestamp(now.0 - 7 * 86_400_000));
        assert_eq!(moment("1970-01-01T00:00:01Z", now).unwrap(), Timestamp(1_000));
        assert!(moment("2026-11-21", now).is_ok() && moment("yesterday", now).is_err());
    }
}
