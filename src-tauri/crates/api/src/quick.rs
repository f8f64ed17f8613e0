//! A question asked from anywhere on the desktop: a small window takes it, the main window sends it.
//!
//! Between the two it lies in the database, so that it is lost with neither of them.

use crate::{Api, settings};
use domain::{ErrorKind, Failure, say};
use engine::Table;
use serde::{Deserialize, Serialize};

/// The keys that are taken everywhere; absent = none are.
const KEYS: &str = "quick.keys";
/// Questions the main window has not taken up yet: a list in JSON, oldest first.
const ASKED: &str = "quick.asked";
/// The main window's own field for a new chat, as `view/set` keeps it.
const NEW_CHAT: &str = "view.draft.new";
/// What was written in the small window and not asked.
const DRAFT: &str = "quick.draft";
/// Longer ones are for the main window.
const LONGEST: usize = 64 * 1024;

/// Keys to choose from: each has two modifiers, so that no program's own keys are taken away.
pub const QUICK_KEYS: [&str; 4] =
    ["Ctrl+Shift+Space", "Ctrl+Alt+Space", "Super+Shift+Space", "Super+Alt+Space"];

/// The small window and the keys that open it, which this crate does not know.
pub trait QuickDesk: Send + Sync {
    /// Why no keys can be taken on this desktop; `None` = they can.
    fn obstacle(&self) -> Option<QuickObstacle>;
    /// Takes these keys and lets others go; `None` = takes none. An error in words.
    fn take(&self, keys: Option<&str>) -> Result<(), domain::Words>;
    /// Closes the small window.
    fn close(&self);
    /// Brings the main window to the front.
    fn show_main(&self);
}

/// Why a desktop gives no keys to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum QuickObstacle {
    /// Under Wayland the desktop alone has keys that work everywhere.
    Wayland,
    /// There is no desktop.
    Desktop,
}

/// The quick question as Settings show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuickView {
    /// Keys that are taken, as one of `choices`; `None` = none.
    pub keys: Option<String>,
    /// Keys to choose from.
    pub choices: Vec<String>,
    /// Why none can be taken.
    pub obstacle: Option<QuickObstacle>,
}

/// Keys to take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetQuick {
    /// One of the choices; `None` = none.
    pub keys: Option<String>,
}

/// What the small window starts with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuickState {
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Language of the window as it was chosen; `None` = as the desktop's.
    pub language: Option<String>,
    /// Names of the models that a new chat asks.
    pub models: Vec<String>,
    /// What was written last and not asked.
    pub draft: String,
}

/// A question for the main window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuickTaken {
    /// The oldest one; `None` = nothing was asked.
    pub text: Option<String>,
    /// It stands in the field for a new chat, which was empty. Otherwise that was left as it is.
    pub drafted: bool,
}

/// Text of the small window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuickText {
    /// As it was written.
    pub text: String,
}

pub(crate) async fn view(api: &Api, (): ()) -> Result<QuickView, Failure> {
    let keys = kept(api).await?;
    let obstacle = api.quick.as_ref().map_or(Some(QuickObstacle::Desktop), |desk| desk.obstacle());
    Ok(QuickView {
        keys: keys.filter(|_| obstacle.is_none()),
        choices: QUICK_KEYS.map(str::to_owned).to_vec(),
        obstacle,
    })
}

pub(crate) async fn set(api: &Api, wanted: SetQuick) -> Result<QuickView, Failure> {
    let invalid = |words: domain::Words| Failure::new(ErrorKind::RequestInvalid, words);
    if wanted.keys.as_ref().is_some_and(|keys| !QUICK_KEYS.contains(&keys.as_str())) {
        return Err(invalid(say!("The keys are one of {quick_keys}.", quick_keys = QUICK_KEYS.join(", "))));
    }
    let Some(desk) = &api.quick else {
        return Err(invalid(say!("There is no desktop whose keys could be taken.")));
    };
    desk.take(wanted.keys.as_deref()).map_err(invalid)?;
    api.engine.store().write(move |tx| tx.set_setting(KEYS, wanted.keys.as_deref())).await?;
    view(api, ()).await
}

/// Takes the keys that were chosen. For the program's start.
pub async fn resume(api: &Api) -> Result<(), domain::Words> {
    let keys = kept(api).await.map_err(|failure| failure.message)?;
    match (&api.quick, keys) {
        (Some(desk), Some(keys)) if desk.obstacle().is_none() => desk.take(Some(&keys)),
        _ => Ok(()),
    }
}

async fn kept(api: &Api) -> Result<Option<String>, Failure> {
    let keys = api.engine.store().read(|tx| tx.setting(KEYS)).await?;
    Ok(keys.filter(|keys| QUICK_KEYS.contains(&keys.as_str())))
}

pub(crate) async fn state(api: &Api, (): ()) -> Result<QuickState, Failure> {
    let (theme, language, draft) = api
        .engine
        .store()
        .read(|tx| Ok((tx.setting(settings::THEME)?, tx.setting("view.language")?, tx.setting(DRAFT)?)))
        .await?;
    let registry = api.engine.registry();
    let models =
        settings::line_up(api).await?.iter().map(|target| registry.model_name(&target.model)).collect();
    let language = language.and_then(|text| serde_json::from_str(&text).ok());
    let theme = theme.unwrap_or_else(|| "system".to_owned());
    Ok(QuickState { theme, language, models, draft: draft.unwrap_or_default() })
}

/// Keeps the question for the main window and shows that.
pub(crate) async fn ask(api: &Api, asked: QuickText) -> Result<(), Failure> {
    let text = asked.text.trim().to_owned();
    if text.is_empty() {
        return Err(Failure::new(ErrorKind::RequestInvalid, say!("There is nothing to ask yet.")));
    }
    fits(&text)?;
    api.engine
        .store()
        .write(move |tx| {
            let mut asked = list(tx.setting(ASKED)?);
            asked.push(text.clone());
            tx.set_setting(ASKED, Some(&serde_json::Value::from(asked).to_string()))?;
            tx.set_setting(DRAFT, None)
        })
        .await?;
    api.engine.changed(Table::Quick);
    if let Some(desk) = &api.quick {
        desk.show_main();
        desk.close();
    }
    Ok(())
}

/// Hands the oldest question to the main window. It goes into the field for a new chat on the way, so that it is
/// in the database until it is sent.
pub(crate) async fn take(api: &Api, (): ()) -> Result<QuickTaken, Failure> {
    api.engine
        .store()
        .write(|tx| {
            let mut asked = list(tx.setting(ASKED)?);
            if asked.is_empty() {
                return Ok(QuickTaken { text: None, drafted: false });
            }
            let text = asked.remove(0);
            let rest = (!asked.is_empty()).then(|| serde_json::Value::from(asked).to_string());
            tx.set_setting(ASKED, rest.as_deref())?;
            let drafted = tx.setting(NEW_CHAT)?.is_none();
            if drafted {
                tx.set_setting(NEW_CHAT, Some(&serde_json::Value::from(text.as_str()).to_string()))?;
            }
            Ok(QuickTaken { text: Some(text), drafted })
        })
        .await
}

fn list(kept: Option<String>) -> Vec<String> {
    kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default()
}

/// Closes the small window. What stands in it comes back with the next one.
pub(crate) async fn close(api: &Api, left: QuickText) -> Result<(), Failure> {
    fits(&left.text)?;
    let draft = (!left.text.trim().is_empty()).then_some(left.text);
    api.engine.store().write(move |tx| tx.set_setting(DRAFT, draft.as_deref())).await?;
    if let Some(desk) = &api.quick {
        desk.close();
    }
    Ok(())
}

fn fits(text: &str) -> Result<(), Failure> {
    if text.len() <= LONGEST {
        Ok(())
    } else {
        Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("This is too long for here. Ask it in the main window."),
        ))
    }
}
