//! `parallax spend`: sums, every row for other programs, and the proof that nothing was changed.

use crate::{Json, out};
use clap::{Args, Subcommand, ValueEnum};
use domain::{ErrorKind, Failure, ProviderId, Secret, Timestamp};
use engine::{ConversationSpend, EndpointSpend, Engine, SpendKey, SpendSum, Tx};
use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Rows read at once for an export.
const PAGE: u32 = 1_000;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SpendArgs {
    #[command(subcommand)]
    command: Option<SpendCommand>,
    /// One line per model, provider, day, conversation, app key or kind (chat, cli, experiment, gateway)
    #[arg(long, value_enum, value_name = "model|provider|day|conversation|app-key|kind")]
    by: Option<By>,
    #[command(flatten)]
    span: Span,
    #[command(flatten)]
    json: Json,
}

#[derive(Subcommand)]
enum SpendCommand {
    /// Every row of the ledger with every field
    Export {
        #[command(flatten)]
        form: Form,
        #[command(flatten)]
        span: Span,
    },
    /// Check that no row was changed and that every sum is right
    Verify(Json),
    /// Put what a provider says it charged beside the ledger, day by day
    Reconcile {
        /// openai, anthropic or openrouter; its admin (management) key is taken from
        /// `PARALLAX_ADMIN_KEY_PROVIDER` in the environment and not stored
        provider: String,
        /// UTC days to look back, today among them
        #[arg(long, default_value_t = 14)]
        days: u32,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Form {
    /// Comma-separated values, safe to open in a spreadsheet
    #[arg(long)]
    csv: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Whole days, local time.
#[derive(Args)]
struct Span {
    /// First day, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// Last day, as YYYY-MM-DD; it counts
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    Model,
    Provider,
    Day,
    Conversation,
    AppKey,
    Kind,
}

impl SpendArgs {
    /// Is a failure told to a program?
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            None => self.json.json,
            Some(SpendCommand::Export { form, .. }) => form.json,
            Some(SpendCommand::Verify(json) | SpendCommand::Reconcile { json, .. }) => json.json,
        }
    }
}

impl Span {
    /// `[from, until)`.
    fn times(&self) -> Result<(Timestamp, Timestamp), Failure> {
        let from = self.since.map_or(Ok(Timestamp(i64::MIN)), midnight)?;
        let until = match self.until {
            None => Timestamp(i64::MAX),
            Some(last) => midnight(last.tomorrow().map_err(|error| out_of_range(&error))?)?,
        };
        if from >= until {
            return Err(Failure::new(
                ErrorKind::RequestInvalid,
                "--since is after --until, so there is no day between them.",
            ));
        }
        Ok((from, until))
    }
}

fn out_of_range(error: &jiff::Error) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, format!("This day is outside of the calendar ({error})."))
}

/// The first moment of a day, local time.
fn midnight(day: Date) -> Result<Timestamp, Failure> {
    let start = day.to_zoned(TimeZone::system()).map_err(|error| out_of_range(&error))?;
    Ok(Timestamp(start.timestamp().as_millisecond()))
}

pub(crate) async fn run(engine: &Engine, arguments: SpendArgs) -> Result<ExitCode, Failure> {
    match arguments.command {
        None => sums(engine, arguments.by, &arguments.span, arguments.json.json).await,
        Some(SpendCommand::Export { form, span }) => export(engine, &form, &span).await,
        Some(SpendCommand::Verify(Json { json })) => verify(engine, json).await,
        Some(SpendCommand::Reconcile { provider, days, json }) => {
            reconcile(engine, &provider, days, json.json).await
        }
    }
}

/// What a line of sums is about: its fields, and its words for people.
type Row = (Value, String, SpendSum);

async fn sums(engine: &Engine, by: Option<By>, span: &Span, json: bool) -> Result<ExitCode, Failure> {
    let (from, until) = span.times()?;
    tell_hidden(engine.hidden_calls(from, until).await?);
    let groups = groups(engine, by, from, until).await?;
    for (mut key, label, sum) in groups.into_iter().filter(|(.., sum)| by.is_none() || sum.attempts > 0) {
        let read = if json {
            if let Value::Object(fields) = &mut key {
                fields.insert("usd".to_owned(), json!(sum.amount));
                fields.insert("attempts".to_owned(), json!(sum.attempts));
                fields.insert("unknown".to_owned(), json!(sum.unknown));
                fields.insert("input".to_owned(), json!(sum.input));
                fields.insert("output".to_owned(), json!(sum.output));
            }
            out::object(&key)
        } else {
            let missing = match sum.unknown {
                0 => String::new(),
                n => format!(" (at least; {n} of unknown cost)"),
            };
            out::line(&format!("{label}: ${}{missing}, {} attempts", sum.amount, sum.attempts))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what is left out: while the names of answers are hidden, whom they were asked of and what they cost tells
/// them.
pub(crate) fn tell_hidden(calls: u32) {
    match calls {
        0 => {}
        1 => out::note("parallax: 1 call for a blind answer is left out until you have voted."),
        calls => out::note(&format!(
            "parallax: {calls} calls for blind answers are left out until you have voted."
        )),
    }
}

async fn groups(
    engine: &Engine,
    by: Option<By>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Row>, Failure> {
    let store = engine.store();
    Ok(match by {
        None => {
            let sum = store.read(veiled(move |tx| tx.spend_total(from, until))).await?;
            vec![(json!({}), "total".to_owned(), sum)]
        }
        Some(By::Model) => store
            .read(veiled(move |tx| tx.spend_by_endpoint(from, until)))
            .await?
            .into_iter()
            .map(|EndpointSpend { model, provider, sum }| {
                (json!({ "model": model, "provider": provider }), format!("{model} via {provider}"), sum)
            })
            .collect(),
        Some(By::Provider) => store
            .read(veiled(move |tx| tx.spend_by(SpendKey::Provider, from, until)))
            .await?
            .into_iter()
            .map(|(provider, sum)| (json!({ "provider": provider }), provider, sum))
            .collect(),
        Some(By::Day) => {
            let Some((first, last)) = store.read(|tx| tx.spend_span()).await? else { return Ok(Vec::new()) };
            let days = api::calendar::days(from.max(first), until.min(Timestamp(last.0.saturating_add(1))))?;
            let edges = clipped(&days, from, until);
            let names = days.into_iter().map(|(day, _)| day);
            let sums = store
                .read(veiled(move |tx| {
                    edges.into_iter().map(|(from, until)| tx.spend_total(from, until)).collect()
                }))
                .await?;
            let rows = names.zip::<Vec<SpendSum>>(sums).filter(|(_, sum)| sum.attempts > 0);
            rows.map(|(day, sum)| (json!({ "day": day }), day, sum)).collect()
        }
        Some(By::AppKey) => store
            .read(veiled(move |tx| tx.spend_by_app(from, until)))
            .await?
            .into_iter()
            .map(|(app, sum)| (json!({ "app_key": app }), app, sum))
            .collect(),
        Some(By::Kind) => store
            .read(veiled(move |tx| tx.spend_by_kind(from, until)))
            .await?
            .into_iter()
            .map(|(kind, sum)| (json!({ "kind": kind }), kind, sum))
            .collect(),
        Some(By::Conversation) => store
            .read(veiled(move |tx| tx.spend_by_conversation(from, until, usize::MAX)))
            .await?
            .0
            .into_iter()
            .map(|ConversationSpend { conversation: id, title, sum }| {
                let label = match (id, &title) {
                    (Some(id), Some(title)) => format!("{title} ({id})"),
                    (Some(id), None) => format!("a deleted chat ({id})"),
                    (None, _) => "no conversation".to_owned(),
                };
                (json!({ "conversation": id, "title": title }), label, sum)
            })
            .collect(),
    })
}

/// Reads without answers whose names are hidden.
fn veiled<T>(
    read: impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
) -> impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static {
    move |tx| {
        tx.leave_out_hidden();
        read(tx)
    }
}

/// The days as spans, none beyond what was asked for.
fn clipped(days: &[(String, Timestamp)], from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let ends = days.iter().skip(1).map(|(_, start)| *start).chain([until]);
    days.iter().zip(ends).map(|((_, start), end)| ((*start).max(from), end.min(until))).collect()
}

/// Page by page, so that a large ledger needs no large memory. Rows are only ever added behind the last
/// one, so the pages are of one state.
async fn export(engine: &Engine, form: &Form, span: &Span) -> Result<ExitCode, Failure> {
    let (from, until) = span.times()?;
    if form.csv && !out::text(&api::export::csv_header()) {
        return Ok(ExitCode::SUCCESS);
    }
    tell_hidden(engine.hidden_calls(from, until).await?);
    let mut last = 0;
    loop {
        let read = veiled(move |tx| tx.booked_after(last, from, until, PAGE));
        let rows = engine.store().read(read).await?;
        let Some(end) = rows.last() else { return Ok(ExitCode::SUCCESS) };
        last = end.entry.seq;
        let mut text = String::new();
        for row in &rows {
            if form.csv {
                text.push_str(&api::export::csv_row(&row.entry, row.counts)?);
            } else {
                text.push_str(&api::export::json_row(&row.entry, row.counts).to_string());
                text.push('\n');
            }
        }
        if !out::text(&text) {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Exit code 0 only if every row is as it was written and adds up.
async fn verify(engine: &Engine, json: bool) -> Result<ExitCode, Failure> {
    let (chain, sums, budgets) = engine
        .store()
        .read(|tx| Ok((tx.verify_chain()?, tx.verify_sums()?, tx.verify_budget_totals()?)))
        .await?;
    let right = sums.wrong == 0 && sums.running;
    let sound = chain && right && budgets;
    if json {
        out::object(&json!({
            "rows": sums.rows,
            "chain": chain,
            "sums": right,
            "wrong": sums.wrong,
            "first_wrong": sums.first_wrong,
            "budgets": budgets,
        }));
    } else {
        let words = if chain {
            "every row is as it was written"
        } else {
            "A ROW WAS CHANGED, MOVED OR REMOVED outside of Parallax"
        };
        out::line(&format!("{} rows; {words}.", sums.rows));
        if right {
            out::line("Every amount is the sum of its lines, and every running sum that of its rows.");
        }
        if !sums.running {
            out::line("THE RUNNING SUMS DIFFER from the rows; the rows are what counts. Report it.");
        }
        if sums.wrong > 0 {
            let places: Vec<String> = sums.first_wrong.iter().map(ToString::to_string).collect();
            out::line(&format!(
                "{} rows contradict themselves, the first at {}. Keep the data folder as it is and report it.",
                sums.wrong,
                places.join(", ")
            ));
        }
        out::line(if budgets {
            "Budgets reckon with what was booked."
        } else {
            "BUDGETS RECKON WITH OTHER SUMS than were booked. Keep the data folder as it is and report it."
        });
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Exit code 0 if the provider answered, whatever it said.
#[expect(clippy::disallowed_methods, reason = "the environment is the one place of a key that is not kept")]
async fn reconcile(engine: &Engine, provider: &str, days: u32, json: bool) -> Result<ExitCode, Failure> {
    // Nobody is asked for a key of a provider that is not there or tells nothing.
    engine.tells_charges(&ProviderId::new(provider))?;
    let variable = format!("PARALLAX_ADMIN_KEY_{}", provider.to_ascii_uppercase().replace('-', "_"));
    let key =
        std::env::var(&variable).map(Secret::new).ok().filter(|key| !key.is_empty()).ok_or_else(|| {
            Failure::new(
                ErrorKind::AuthMissing,
                format!("What was charged is told to an admin (management) key only. Give it in {variable}."),
            )
        })?;
    let provider = ProviderId::new(provider);
    // What is asked about is what is compared; the ordinary key asks.
    let since = engine.clock().now().0.saturating_sub(i64::from(days) * 86_400_000);
    let corrected = engine.correct_estimates(&provider, Timestamp(since)).await?;
    if corrected > 0 {
        out::note(&format!("{corrected} estimated answers are booked now with what was charged."));
    }
    for day in engine.reconcile(&provider, &key, days).await? {
        let reasons: Vec<String> = day.reasons.iter().map(|reason| reason.words()).collect();
        let read = if json {
            out::object(&json!({
                "day": day.day,
                "provider_usd": day.theirs,
                "ledger_usd": day.ours,
                "drift_usd": day.drift,
                "attempts": day.attempts,
                "unknown": day.unknown,
                "reasons": reasons,
            }))
        } else {
            let said = day.theirs.map_or_else(|| "nothing said".to_owned(), |amount| format!("${amount}"));
            let least = if day.unknown > 0 { "at least " } else { "" };
            let drift = day.drift.map_or_else(String::new, |drift| format!(", drift {drift}"));
            let why = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
            out::line(&format!("{}: charged {said}, booked {least}${}{drift}{why}", day.day, day.ours))
        };
        if !read {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}
