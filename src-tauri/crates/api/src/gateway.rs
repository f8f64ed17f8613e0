//! The gateway in Settings: its switch, the keys of other programs, and what they ask.

use crate::{Api, calendar, spend, types::SpendFigure};
use domain::{Budget, BudgetScope, ErrorKind, Failure, Millis, Period, PicoUsd, Timestamp, say};
use engine::{AppKeyChange, AppKeyRow, Engine, NewAppKey, Table};
use serde::{Deserialize, Serialize};
use std::{future::Future, net::SocketAddr, pin::Pin};

/// It is switched on with the program while this is set.
const ON: &str = "gateway.on";
const PORT: &str = "gateway.port";
/// Where it is unless the user says otherwise.
const USUAL_PORT: u16 = 4117;

/// What a start comes to.
pub type Starting<'a> = Pin<Box<dyn Future<Output = Result<SocketAddr, Failure>> + Send + 'a>>;

/// The server itself, which this crate does not know.
pub trait GatewaySwitch: Send + Sync {
    /// Switches it on at this port of 127.0.0.1, or leaves it on.
    fn start<'a>(&'a self, engine: &'a Engine, port: u16) -> Starting<'a>;
    /// Switches it off.
    fn stop(&self);
    /// Where it listens; `None` = it is off.
    fn address(&self) -> Option<SocketAddr>;
}

/// The gateway as Settings show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GatewayView {
    /// The user wants it on.
    pub on: bool,
    /// It listens at `http://127.0.0.1:PORT`.
    pub address: Option<String>,
    /// The port it has, or would.
    pub port: u16,
    /// Why it is not on although it should be.
    pub failure: Option<Failure>,
    /// What was asked through it since local midnight.
    pub today: SpendFigure,
    /// Keys that are not taken back, newest first.
    pub keys: Vec<AppKeyView>,
    /// What is under way.
    pub live: Vec<LiveRequest>,
}

/// A key of another program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AppKeyView {
    /// The program.
    pub name: String,
    /// How the key ends.
    pub last_four: String,
    /// What it may ask; empty = everything.
    pub models: Vec<String>,
    /// The policy it is under, besides the usual one.
    pub policy: Option<String>,
    /// Requests within a minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens within a minute.
    pub tokens_per_minute: Option<u32>,
    /// Equal requests get the stored answer.
    pub cache: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// It is over.
    pub expired: bool,
    /// Its tightest hard budget.
    pub limit: Option<PicoUsd>,
    /// How often that begins anew.
    pub period: Option<Period>,
    /// Spent in that period; without a budget, in this month.
    pub spent: PicoUsd,
    /// What it asked since local midnight.
    pub today: SpendFigure,
    /// What it asked this month.
    pub month: SpendFigure,
    /// When it last asked for something that was booked.
    pub last_used: Option<Timestamp>,
}

/// A request that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LiveRequest {
    /// The same as long as it is.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub number: u64,
    /// The program.
    pub app: String,
    /// Model as asked.
    pub model: String,
    /// Who is asked now.
    pub endpoint: Option<String>,
    /// For how long.
    pub age: Millis,
    /// Content has come.
    pub streaming: bool,
}

/// Switches it on or off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SwitchGateway {
    /// On.
    pub on: bool,
    /// Another port; `None` = as it was.
    pub port: Option<u16>,
}

/// A key that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MakeAppKey {
    /// The program.
    pub name: String,
    /// What it may ask; empty = everything.
    pub models: Vec<String>,
    /// The policy it is under, besides the usual one.
    pub policy: Option<String>,
    /// Requests within a minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens within a minute.
    pub tokens_per_minute: Option<u32>,
    /// Equal requests get the stored answer.
    pub cache: bool,
    /// Days it is good for.
    pub days: Option<u32>,
    /// Dollars a month that it may spend.
    pub month_limit: Option<PicoUsd>,
}

/// A key, this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MadeAppKey {
    /// The program.
    pub name: String,
    /// The key. It opens our own gateway and nothing else, and is given here alone.
    pub key: String,
}

/// Names a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AppKeyRef {
    /// The program.
    pub name: String,
}

async fn wanted(api: &Api) -> Result<(bool, u16), Failure> {
    let (on, port) = api.engine.store().read(|tx| Ok((tx.setting(ON)?, tx.setting(PORT)?))).await?;
    Ok((on.is_some(), port.and_then(|port| port.parse().ok()).unwrap_or(USUAL_PORT)))
}

/// Switches it on, if the user wants it on. What keeps it off is remembered for Settings.
pub async fn resume(api: &Api) {
    let started = match wanted(api).await {
        Ok((true, port)) => begin(api, port).await,
        Ok((false, _)) => Ok(()),
        Err(failure) => Err(failure),
    };
    api.gateway_failed(started.err());
}

async fn begin(api: &Api, port: u16) -> Result<(), Failure> {
    let switch = api.gateway.as_ref().ok_or_else(|| {
        Failure::new(ErrorKind::RequestUnsupported, say!("This build has no gateway. Use `parallax serve`."))
    })?;
    switch.start(&api.engine, port).await?;
    api.engine.changed(Table::Gateway);
    Ok(())
}

pub(crate) async fn state(api: &Api, (): ()) -> Result<GatewayView, Failure> {
    let (on, port) = wanted(api).await?;
    let now = api.engine.clock().now();
    let address = api.gateway.as_ref().and_then(|switch| switch.address());
    let (midnight, month) = calendar::periods(now)?;
    let end = Timestamp(i64::MAX);
    let (apps, monthly) = api
        .engine
        .store()
        .read(move |tx| Ok((tx.spend_by_app(midnight, end)?, tx.spend_by_app(month, end)?)))
        .await?;
    let mut today = engine::SpendSum::default();
    for (_, sum) in &apps {
        today = today.plus(sum)?;
    }
    let mut keys = Vec::new();
    for row in api.engine.app_keys().await?.into_iter().filter(|row| row.revoked_at.is_none()) {
        keys.push(view(api, row, now, &apps, &monthly).await?);
    }
    let age = |since: Timestamp| Millis(u64::try_from(now.0.saturating_sub(since.0)).unwrap_or(0));
    let live = api.engine.relays().into_iter().map(|relay| LiveRequest {
        number: relay.number,
        app: relay.app,
        model: relay.model,
        endpoint: relay.endpoint.map(|endpoint| endpoint.to_string()),
        age: age(relay.since),
        streaming: relay.streaming,
    });
    Ok(GatewayView {
        on,
        address: address.map(|address| format!("http://{address}")),
        port: address.map_or(port, |address| address.port()),
        failure: api.gateway_failure(),
        today: spend::figure(&today),
        keys,
        live: live.collect(),
    })
}

async fn view(
    api: &Api,
    row: AppKeyRow,
    now: Timestamp,
    today: &[(String, engine::SpendSum)],
    month: &[(String, engine::SpendSum)],
) -> Result<AppKeyView, Failure> {
    let spending = api.engine.app_spending(&row.name).await?;
    let app = row.name.clone();
    let last_used = api.engine.store().read(move |tx| tx.app_last_used(&app)).await?;
    let of = |sums: &[(String, engine::SpendSum)]| {
        let own = sums.iter().find(|(app, _)| *app == row.name);
        spend::figure(&own.map(|(_, sum)| sum.clone()).unwrap_or_default())
    };
    let (today, month) = (of(today), of(month));
    let spent = match spending.period {
        Some(Period::Day) => spending.day,
        Some(Period::Week) => spending.week,
        Some(Period::Month) | None => spending.month,
    };
    Ok(AppKeyView {
        name: row.name,
        last_four: row.last_four,
        models: row.models,
        policy: row.policy,
        requests_per_minute: row.requests_per_minute,
        tokens_per_minute: row.tokens_per_minute,
        cache: row.cache,
        created_at: row.created_at,
        expires_at: row.expires_at,
        expired: row.expires_at.is_some_and(|at| at <= now),
        limit: spending.limit,
        period: spending.period,
        spent,
        today,
        month,
        last_used,
    })
}

pub(crate) async fn switch(api: &Api, wish: SwitchGateway) -> Result<GatewayView, Failure> {
    let (_, before) = wanted(api).await?;
    let port = wish.port.unwrap_or(before);
    if wish.on && port < 1_024 {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("Choose a port from 1024 to 65535: those below belong to the system."),
        ));
    }
    let (on, text) = (wish.on.then_some("yes"), port.to_string());
    api.engine
        .store()
        .write(move |tx| {
            tx.set_setting(ON, on)?;
            tx.set_setting(PORT, Some(&text))
        })
        .await?;
    let moved = api.gateway.as_ref().and_then(|switch| switch.address()).is_some_and(|at| at.port() != port);
    if let Some(switch) = api.gateway.as_ref().filter(|_| !wish.on || moved) {
        switch.stop();
    }
    let started = if wish.on { begin(api, port).await } else { Ok(()) };
    api.gateway_failed(started.err());
    api.engine.changed(Table::Gateway);
    state(api, ()).await
}

pub(crate) async fn make_key(api: &Api, wish: MakeAppKey) -> Result<MadeAppKey, Failure> {
    const DAY: i64 = 86_400_000;
    let now = api.engine.clock().now();
    let expires = wish.days.map(|days| Timestamp(now.0.saturating_add(i64::from(days).saturating_mul(DAY))));
    let change = AppKeyChange {
        models: Some(wish.models),
        policy: Some(wish.policy),
        requests_per_minute: Some(wish.requests_per_minute),
        tokens_per_minute: Some(wish.tokens_per_minute),
        expires_at: Some(expires),
        cache: Some(wish.cache),
    };
    if wish.month_limit.is_some_and(|limit| limit < PicoUsd::ZERO) {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("A budget is not below zero.")));
    }
    let (row, key) = api.engine.create_app_key(NewAppKey { name: wish.name, change }).await?;
    if let Some(limit) = wish.month_limit {
        let budget = Budget {
            scope: BudgetScope::App(row.name.clone()),
            period: Period::Month,
            limit,
            hard: true,
            warn: vec![50, 80],
            unknown_price: None,
        };
        api.engine.set_budget(budget).await?;
    }
    Ok(MadeAppKey { name: row.name, key: key.expose().to_owned() })
}

pub(crate) async fn revoke_key(api: &Api, key: AppKeyRef) -> Result<GatewayView, Failure> {
    api.engine.revoke_app_key(&key.name).await?;
    state(api, ()).await
}
