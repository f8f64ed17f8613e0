//! What the window keeps, and what it needs for its first paint.

use crate::{
    Api, chat, models,
    types::{AppState, Onboarded, StorageState, TellUser, Theme, ViewKey, ViewValue},
};
use domain::{ErrorKind, Failure, LaneTarget, ModelRef, Params, say};
use engine::StorageKind;
use std::future::{Ready, ready};

const ONBOARDED: &str = "onboarded";
pub(crate) const THEME: &str = "theme";
/// The window writes it through `view/set`; a new chat starts with it.
const LINE_UP: &str = "view.line_up";
const NOTICE_LIMIT: usize = 200;
const KEY_LIMIT: usize = 120;
const VALUE_LIMIT: usize = 64 * 1024;
/// A draft may be as long as a prompt, and grows by escaping.
const DRAFT: &str = "view.draft.";
const DRAFT_LIMIT: usize = 8 * 1024 * 1024;

pub(crate) async fn state(api: &Api, (): ()) -> Result<AppState, Failure> {
    let (onboarded, theme, line_up) = api
        .engine
        .store()
        .read(|tx| Ok((tx.setting(ONBOARDED)?, tx.setting(THEME)?, tx.setting(LINE_UP)?)))
        .await?;
    Ok(AppState {
        version: api.version.to_owned(),
        data_dir: api.folder.display().to_string(),
        storage: api.storage(),
        onboarded: onboarded.is_some(),
        theme: theme.unwrap_or_else(|| "system".to_owned()),
        conversations: chat::list(api, ()).await?,
        line_up: line_up_of(api, line_up),
    })
}

/// Whom a new chat asks.
pub(crate) async fn line_up(api: &Api) -> Result<Vec<LaneTarget>, Failure> {
    let kept = api.engine.store().read(|tx| tx.setting(LINE_UP)).await?;
    Ok(line_up_of(api, kept))
}

/// A line-up of an older shape is no loss: the next one is kept in the new.
fn line_up_of(api: &Api, kept: Option<String>) -> Vec<LaneTarget> {
    kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| first_line_up(api))
}

/// Tells a person who looks elsewhere. Where there is no desktop to tell, nobody is told.
pub(crate) fn notify(api: &Api, wanted: TellUser) -> Ready<Result<(), Failure>> {
    let short = |text: &str| {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().filter(|c| !c.is_control()).take(NOTICE_LIMIT).collect::<String>()
    };
    let told = api.notifier.as_ref().map(|tell| tell(&short(&wanted.title), &short(&wanted.body)));
    ready(told.unwrap_or(Ok(())))
}

/// Without a choice of the user's own: the demo models, which always work.
fn first_line_up(api: &Api) -> Vec<LaneTarget> {
    let registry = api.engine.registry();
    let mut demo: Vec<&str> = registry.catalog().demos().map(|model| model.slug.as_str()).collect();
    demo.sort_by_key(|slug| models::demo_place(slug));
    demo.into_iter()
        .map(|slug| LaneTarget {
            model: ModelRef { model: slug.to_owned(), provider: None },
            system: None,
            params: Params::default(),
            policy: None,
        })
        .collect()
}

pub(crate) fn checking() -> StorageState {
    StorageState {
        state: "checking".to_owned(),
        name: "System keychain".to_owned(),
        message: "Looking for the system keychain.".to_owned(),
    }
}

/// A keychain that could not even be asked counts as locked: nothing can be stored, and asking again helps.
pub(crate) fn unclear(failure: &Failure) -> StorageState {
    StorageState {
        state: "locked".to_owned(),
        name: "System keychain".to_owned(),
        message: failure.message.clone(),
    }
}

pub(crate) async fn probe(api: &Api) -> Result<StorageState, Failure> {
    let probe = api.engine.probe_keychain().await?;
    let state = match probe.kind {
        StorageKind::Ok => "ok",
        StorageKind::Locked => "locked",
        StorageKind::Absent => "absent",
    };
    Ok(StorageState { state: state.to_owned(), name: probe.name, message: probe.detail })
}

pub(crate) async fn reprobe(api: &Api, (): ()) -> Result<StorageState, Failure> {
    api.probe_storage().await
}

pub(crate) async fn view_get(api: &Api, wanted: ViewKey) -> Result<ViewValue, Failure> {
    let key = checked(wanted.key)?;
    let asked = key.clone();
    let value = api.engine.store().read(move |tx| tx.setting(&asked)).await?;
    Ok(ViewValue { key, value })
}

pub(crate) async fn view_set(api: &Api, wanted: ViewValue) -> Result<(), Failure> {
    let key = checked(wanted.key)?;
    let limit = if key.starts_with(DRAFT) { DRAFT_LIMIT } else { VALUE_LIMIT };
    if wanted.value.as_ref().is_some_and(|value| value.len() > limit) {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("This is too large to be kept as a setting."),
        ));
    }
    api.engine.store().write(move |tx| tx.set_setting(&key, wanted.value.as_deref())).await
}

/// The window may keep things under its own names only.
fn checked(key: String) -> Result<String, Failure> {
    if key.starts_with("view.") && key.len() <= KEY_LIMIT && !key.chars().any(char::is_control) {
        Ok(key)
    } else {
        Err(Failure::new(ErrorKind::RequestInvalid, say!("Settings of the window begin with “view.”.")))
    }
}

pub(crate) async fn theme(api: &Api, wanted: Theme) -> Result<(), Failure> {
    if !["system", "light", "dark"].contains(&wanted.theme.as_str()) {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("A theme is system, light or dark.")));
    }
    api.engine.store().write(move |tx| tx.set_setting(THEME, Some(&wanted.theme))).await
}

pub(crate) async fn onboarded(api: &Api, wanted: Onboarded) -> Result<(), Failure> {
    let value = wanted.onboarded.then_some("yes");
    api.engine.store().write(move |tx| tx.set_setting(ONBOARDED, value)).await
}
