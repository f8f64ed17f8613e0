//! Budgets and how they stand.

use crate::Api;
use domain::{Budget, BudgetScope, Failure, Period, PicoUsd, Timestamp};
use engine::{BudgetStanding, BudgetState};
use serde::{Deserialize, Serialize};

/// A budget as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BudgetView {
    /// Number, for naming it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub id: i64,
    /// Whose spending.
    pub scope: BudgetScope,
    /// The same for reading: `Everything`, a provider's or model's name, a conversation's title …
    pub name: String,
    /// The title of its chat or the provider of its key, for naming it in another language; `None` = the chat is gone,
    /// or `name` is a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    /// How often it begins anew.
    pub period: Period,
    /// Dollars a period.
    pub limit: PicoUsd,
    /// Requests that may exceed it are not sent.
    pub hard: bool,
    /// Percentages at which the user is told.
    pub warn: Vec<u8>,
    /// Dollars per million tokens to reckon with where a price is unknown.
    pub unknown_price: Option<PicoUsd>,
    /// Spent in the period.
    pub spent: PicoUsd,
    /// Settled attempts of unknown cost that nothing was held for: `spent` is a lower bound.
    pub unknown: u32,
    /// Held for answers under way.
    pub held: PicoUsd,
    /// What is left, held amounts set off; never below zero.
    pub left: PicoUsd,
    /// Spent, in whole per cent of the limit.
    pub percent: u32,
    /// The highest threshold that is reached.
    pub reached: Option<u8>,
    /// When the period began.
    pub from: Timestamp,
    /// When the next one begins.
    pub resets_at: Timestamp,
    /// In a word.
    pub state: BudgetState,
    /// Attempts at blind answers that the figures leave out until the vote; it holds all the same. `None` = none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub hidden: Option<u32>,
}

/// Names a budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BudgetRef {
    /// Number.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub id: i64,
}

pub(crate) async fn list(api: &Api, (): ()) -> Result<Vec<BudgetView>, Failure> {
    let mut views = Vec::new();
    for standing in api.engine.budgets().await? {
        views.push(view(api, standing).await?);
    }
    Ok(views)
}

pub(crate) async fn set(api: &Api, wanted: Budget) -> Result<BudgetView, Failure> {
    let standing = api.engine.set_budget(wanted).await?;
    view(api, standing).await
}

pub(crate) async fn remove(api: &Api, which: BudgetRef) -> Result<(), Failure> {
    api.engine.remove_budget(which.id).await
}

async fn view(api: &Api, standing: BudgetStanding) -> Result<BudgetView, Failure> {
    let (name, title) = (name(api, &standing.budget.scope).await?, title(api, &standing.budget.scope).await?);
    let (standing, hidden) = api.engine.veiled(standing).await?;
    let left = standing.left();
    let BudgetStanding { id, budget, used, percent, reached, from, resets_at, state } = standing;
    let Budget { scope, period, limit, hard, warn, unknown_price } = budget;
    Ok(BudgetView {
        id,
        scope,
        name,
        title,
        period,
        limit,
        hard,
        warn,
        unknown_price,
        spent: used.spent,
        unknown: used.unknown,
        held: used.aside(),
        left,
        percent,
        reached,
        from,
        resets_at,
        state,
        hidden: crate::spend::some(hidden),
    })
}

/// What the words about a budget that are not a name stand beside: the title of its chat, the provider of its key.
async fn title(api: &Api, scope: &BudgetScope) -> Result<Option<String>, Failure> {
    Ok(match scope {
        BudgetScope::Conversation(id) => {
            let id = *id;
            api.engine.store().read(move |tx| tx.conversation(id)).await?.map(|row| row.title)
        }
        BudgetScope::Key { provider, .. } => {
            let registry = api.engine.registry();
            let known = registry.provider(provider);
            Some(known.map_or_else(|| provider.to_string(), |known| known.provider.name.clone()))
        }
        BudgetScope::All | BudgetScope::Provider(_) | BudgetScope::Model(_) | BudgetScope::App(_) => None,
    })
}

pub(crate) async fn name(api: &Api, scope: &BudgetScope) -> Result<String, Failure> {
    let registry = api.engine.registry();
    Ok(match scope {
        BudgetScope::All => "Everything".to_owned(),
        BudgetScope::Provider(id) => {
            registry.provider(id).map_or_else(|| id.to_string(), |known| known.provider.name.clone())
        }
        BudgetScope::Model(slug) => registry
            .catalog()
            .model(slug.as_str())
            .map_or_else(|| slug.to_string(), |known| known.name.clone()),
        BudgetScope::Conversation(id) => {
            let id = *id;
            let row = api.engine.store().read(move |tx| tx.conversation(id)).await?;
            row.map_or_else(|| "A chat that is gone".to_owned(), |row| format!("Chat “{}”", row.title))
        }
        BudgetScope::App(name) => format!("App “{name}”"),
        BudgetScope::Key { provider, label } => {
            let known = registry.provider(provider);
            let provider = known.map_or_else(|| provider.to_string(), |known| known.provider.name.clone());
            format!("{provider}, key “{label}”")
        }
    })
}
