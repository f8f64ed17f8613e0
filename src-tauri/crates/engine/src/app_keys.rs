//! Keys for other programs.

use crate::{
    Engine,
    calendar::Calendar,
    inner::{Inner, Table},
    policy,
    registry::Registry,
    routing,
};
use domain::{BudgetScope, ErrorKind, Failure, Period, PicoUsd, Secret, Timestamp, say};
use std::{fmt::Write as _, time::Duration};
use store::AppKeyRow;

/// Longest wait for bookings that stand in line before what was spent is told.
pub(crate) const LINE: Duration = Duration::from_millis(250);

/// How our keys begin, so that a search for leaked ones finds them.
const PREFIX: &str = catalog::APP_KEY_PREFIX;

/// A key that is wanted.
#[derive(Clone, Debug, Default)]
pub struct NewAppKey {
    /// The program it is for.
    pub name: String,
    /// What it may.
    pub change: AppKeyChange,
}

/// What a key may. `None` leaves it as it is; an inner `None` takes the limit away.
#[derive(Clone, Debug, Default)]
pub struct AppKeyChange {
    /// The models it may ask: names, or `author/*`; none = all.
    pub models: Option<Vec<String>>,
    /// The policy it is under, besides the usual one.
    pub policy: Option<Option<String>>,
    /// Requests within a minute.
    pub requests_per_minute: Option<Option<u32>>,
    /// Tokens within a minute.
    pub tokens_per_minute: Option<Option<u32>>,
    /// When it stops being good.
    pub expires_at: Option<Option<Timestamp>>,
    /// Equal requests get the stored answer.
    pub cache: Option<bool>,
}

fn invalid(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why)
}

/// 256 random bits, as text.
fn random() -> Result<Secret, Failure> {
    let mut bits = [0u8; 32];
    getrandom::fill(&mut bits).map_err(|_| {
        Failure::new(ErrorKind::Bug, "This system gave no random numbers, so no key was made. Try again.")
    })?;
    let mut key = String::from(PREFIX);
    for byte in bits {
        // Writing to a String cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    Ok(Secret::new(key))
}

pub(crate) async fn create(inner: &Inner, wanted: NewAppKey) -> Result<(AppKeyRow, Secret), Failure> {
    let name = wanted.name.trim().to_owned();
    // Its spending and its budgets go by this name.
    BudgetScope::of("app", &name)?;
    let key = random()?;
    let digest = AppKeyRow::digest_of(key.expose());
    let mut row = AppKeyRow {
        id: AppKeyRow::id_of(&digest),
        name,
        digest,
        last_four: key.last_four().unwrap_or_default(),
        models: Vec::new(),
        policy: None,
        requests_per_minute: None,
        tokens_per_minute: None,
        cache: false,
        created_at: inner.clock.now(),
        expires_at: None,
        revoked_at: None,
    };
    apply(&mut row, wanted.change)?;
    let written = inner
        .store
        .write(move |tx| {
            if tx.app_key_named(&row.name)?.is_some() {
                return Err(invalid(say!(
                    "There is an app key called “{name}” already. Revoke it first, or take another name.",
                    name = row.name
                )));
            }
            checked(tx, &row)?;
            tx.put_app_key(&row)?;
            Ok(row)
        })
        .await?;
    inner.changed(Table::Gateway);
    Ok((written, key))
}

pub(crate) async fn change(inner: &Inner, name: &str, change: AppKeyChange) -> Result<AppKeyRow, Failure> {
    edit(inner, name, move |row| apply(row, change)).await
}

pub(crate) async fn revoke(inner: &Inner, name: &str) -> Result<AppKeyRow, Failure> {
    let now = inner.clock.now();
    edit(inner, name, move |row| {
        row.revoked_at = Some(now);
        Ok(())
    })
    .await
}

async fn edit(
    inner: &Inner,
    name: &str,
    edit: impl FnOnce(&mut AppKeyRow) -> Result<(), Failure> + Send + 'static,
) -> Result<AppKeyRow, Failure> {
    let name = name.to_owned();
    let row = inner
        .store
        .write(move |tx| {
            let mut row = tx.app_key_named(&name)?.ok_or_else(|| {
                invalid(say!("There is no app key called “{name}”. See `parallax app-key list`.", name))
            })?;
            edit(&mut row)?;
            checked(tx, &row)?;
            tx.put_app_key(&row)?;
            Ok(row)
        })
        .await?;
    inner.relays.forget_callers();
    inner.changed(Table::Gateway);
    Ok(row)
}

/// What an app has spent and may spend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppSpending {
    /// Its tightest hard budget; `None` = it has none.
    pub limit: Option<PicoUsd>,
    /// What that leaves, never below zero.
    pub left: Option<PicoUsd>,
    /// How often that begins anew.
    pub period: Option<Period>,
    /// Since it first asked.
    pub ever: PicoUsd,
    /// Today.
    pub day: PicoUsd,
    /// This week.
    pub week: PicoUsd,
    /// This month.
    pub month: PicoUsd,
}

pub(crate) async fn spending(inner: &Inner, name: &str) -> Result<AppSpending, Failure> {
    let starts = Calendar::at(inner.clock.now())?.starts;
    let scope = BudgetScope::of("app", name)?;
    // What has ended and stands in line to be booked counts too. What the disk refuses, or another program holds up,
    // stands as it was held.
    let _ = tokio::time::timeout(LINE, inner.store.write(|_| Ok(()))).await;
    inner
        .store
        .read(move |tx| {
            let spent = |from| tx.budget_used(&scope, from).map(|used| used.spent);
            let mut spending = AppSpending {
                ever: spent(Timestamp(0))?,
                day: spent(starts.day)?,
                week: spent(starts.week)?,
                month: spent(starts.month)?,
                ..AppSpending::default()
            };
            for row in tx.budgets()? {
                let budget = row.budget;
                if budget.scope != scope || !budget.hard {
                    continue;
                }
                let used = tx.budget_used(&scope, starts.of(budget.period))?;
                let left = used.left(budget.limit).max(PicoUsd::ZERO);
                if spending.left.is_none_or(|tightest| left < tightest) {
                    (spending.limit, spending.left) = (Some(budget.limit), Some(left));
                    spending.period = Some(budget.period);
                }
            }
            Ok(spending)
        })
        .await
}

fn checked(tx: &store::Tx<'_>, row: &AppKeyRow) -> Result<(), Failure> {
    if let Some(policy) = &row.policy {
        policy::one(tx, policy)?;
    }
    Ok(())
}

fn apply(row: &mut AppKeyRow, change: AppKeyChange) -> Result<(), Failure> {
    if let Some(models) = change.models {
        let plain =
            |name: &String| !name.is_empty() && name.len() <= 256 && !name.chars().any(char::is_control);
        if models.len() > 256 || !models.iter().all(plain) {
            return Err(invalid(say!("Name models as author/name, or all of a maker's as author/*.")));
        }
        row.models = models;
    }
    if let Some(policy) = change.policy {
        row.policy = policy;
    }
    if [change.requests_per_minute, change.tokens_per_minute].contains(&Some(Some(0))) {
        return Err(invalid(say!("A limit of nothing lets nothing through: revoke the key instead.")));
    }
    if let Some(limit) = change.requests_per_minute {
        row.requests_per_minute = limit;
    }
    if let Some(limit) = change.tokens_per_minute {
        row.tokens_per_minute = limit;
    }
    if let Some(expires) = change.expires_at {
        row.expires_at = expires;
    }
    row.cache = change.cache.unwrap_or(row.cache);
    Ok(())
}

/// A moment as RFC 3339, UTC.
pub fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// Of the models a key may ask, those that nobody offers now: a key for them alone opens nothing.
fn unoffered(registry: &Registry, models: &[String]) -> Vec<String> {
    let slugs = || registry.catalog().models().map(|model| model.slug.as_str());
    let listed = || registry.providers().flat_map(|known| registry.uncatalogued(known));
    let known =
        |name: &str| crate::relay::named(registry, name).and_then(|model| registry.resolve(&model)).is_ok();
    let offered = |name: &str| match name.strip_suffix('*') {
        Some(start) => {
            slugs().any(|slug| slug.starts_with(start)) || listed().any(|listed| listed.id.starts_with(start))
        }
        None => {
            let plain = name.rsplit_once(':').filter(|(_, variant)| policy::variant(variant).is_some());
            routing::AUTO.contains(&name) || known(name) || plain.is_some_and(|(plain, _)| known(plain))
        }
    };
    models.iter().filter(|name| !offered(name)).cloned().collect()
}

impl Engine {
    /// Of these names of models, as a key's, those that nobody offers now.
    pub fn unoffered(&self, models: &[String]) -> Vec<String> {
        unoffered(&self.inner.registry(), models)
    }

    /// Makes a key for another program. The key itself is given once, here, and kept nowhere.
    pub async fn create_app_key(&self, wanted: NewAppKey) -> Result<(AppKeyRow, Secret), Failure> {
        create(&self.inner, wanted).await
    }

    /// Every key of another program, those taken back too, newest first.
    pub async fn app_keys(&self) -> Result<Vec<AppKeyRow>, Failure> {
        self.inner.store.read(|tx| tx.app_keys()).await
    }

    /// Changes what a key may. Error `request.invalid` when there is none of this name.
    pub async fn change_app_key(&self, name: &str, wanted: AppKeyChange) -> Result<AppKeyRow, Failure> {
        change(&self.inner, name, wanted).await
    }

    /// Takes a key back, at once. Error `request.invalid` when there is none of this name.
    pub async fn revoke_app_key(&self, name: &str) -> Result<AppKeyRow, Failure> {
        revoke(&self.inner, name).await
    }

    /// Writes down that an app was given an answer again, and what that saved, if it is known.
    pub async fn answered_again(
        &self,
        app: &str,
        model: &str,
        saved: Option<PicoUsd>,
    ) -> Result<(), Failure> {
        let (app, model, now) = (app.to_owned(), model.to_owned(), self.inner.clock.now());
        self.inner.store.write(move |tx| tx.note_again(now, &app, &model, saved)).await?;
        self.inner.changed(Table::Gateway);
        Ok(())
    }

    /// What the app of this name has spent, and may still.
    pub async fn app_spending(&self, name: &str) -> Result<AppSpending, Failure> {
        spending(&self.inner, name).await
    }
}
