//! A quick question from the small window to the field of a new chat: nothing of it is lost, and no field that is in
//! use is touched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use api::{
    Api,
    quick::{QUICK_KEYS, QuickDesk, QuickObstacle},
};
use parallax_suite::support::bench::scripted_engine;
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use transport::scripted::Scripted;

/// What the desktop was asked to do, and whether it gives keys away.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Vec<String>>>, bool);

impl Desk {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn did(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl QuickDesk for Desk {
    fn obstacle(&self) -> Option<QuickObstacle> {
        self.1.then_some(QuickObstacle::Wayland)
    }
    fn take(&self, keys: Option<&str>) -> Result<(), domain::Words> {
        self.note(format!("take {keys:?}"));
        if keys == Some(QUICK_KEYS[1]) { Err("Another program has them.".into()) } else { Ok(()) }
    }
    fn close(&self) {
        self.note("close".to_owned());
    }
    fn show_main(&self) {
        self.note("show".to_owned());
    }
}

async fn api_at(folder: &Path, desk: &Desk) -> Api {
    let engine = scripted_engine(folder, &Scripted::new(), &["zorblat"]).await;
    Api::new(engine, folder.to_owned(), "test", Box::new(|_| Ok(()))).with_quick(Box::new(desk.clone()))
}

async fn call(api: &Api, name: &str, payload: Value) -> Value {
    api::dispatch(api, name, payload).await.unwrap()
}

#[tokio::test]
async fn questions_come_in_their_order_and_through_an_empty_field_only() {
    let (folder, desk) = (tempfile::tempdir().unwrap(), Desk::default());
    let api = api_at(folder.path(), &desk).await;
    for text in ["  First? ", "Second?"] {
        call(&api, "quick/ask", json!({ "text": text })).await;
    }
    assert_eq!(desk.did(), ["show", "close", "show", "close"]);
    // In the field of a new chat it is as safe as anything typed there.
    let first = call(&api, "quick/take", Value::Null).await;
    assert_eq!(first, json!({ "text": "First?", "drafted": true }));
    let field = async || call(&api, "view/get", json!({ "key": "view.draft.new" })).await["value"].clone();
    assert_eq!(field().await, "\"First?\"");
    // The field is in use now: the next one does not touch it.
    let second = call(&api, "quick/take", Value::Null).await;
    assert_eq!(second, json!({ "text": "Second?", "drafted": false }));
    assert_eq!(field().await, "\"First?\"");
    assert_eq!(call(&api, "quick/take", Value::Null).await, json!({ "text": null, "drafted": false }));

    for wrong in ["", " \n ", &"x".repeat(65_537)] {
        assert!(api::dispatch(&api, "quick/ask", json!({ "text": wrong })).await.is_err());
    }
    assert!(desk.did().is_empty(), "the small window stays, with what was written");
}

#[tokio::test]
async fn what_was_not_asked_comes_back_and_what_was_asked_outlives_the_program() {
    let (folder, desk) = (tempfile::tempdir().unwrap(), Desk::default());
    let api = api_at(folder.path(), &desk).await;
    call(&api, "quick/close", json!({ "text": "Half a thou" })).await;
    assert_eq!(desk.did(), ["close"]);
    let state = call(&api, "quick/state", Value::Null).await;
    assert_eq!(state["draft"], "Half a thou");
    assert_eq!(state["theme"], "system");
    assert!(!state["models"].as_array().unwrap().is_empty(), "{state}");
    call(&api, "quick/ask", json!({ "text": "A whole thought?" })).await;
    drop(api);
    let again = api_at(folder.path(), &desk).await;
    assert_eq!(call(&again, "quick/state", Value::Null).await["draft"], "");
    assert_eq!(call(&again, "quick/take", Value::Null).await["text"], "A whole thought?");
}

#[tokio::test]
async fn keys_are_kept_once_the_desktop_gave_them() {
    let (folder, desk) = (tempfile::tempdir().unwrap(), Desk::default());
    let api = api_at(folder.path(), &desk).await;
    let keys = async |api: &Api| call(api, "quick/view", Value::Null).await["keys"].clone();
    assert_eq!(keys(&api).await, Value::Null, "none are taken unless they are chosen");
    call(&api, "quick/set", json!({ "keys": QUICK_KEYS[0] })).await;
    assert_eq!(keys(&api).await, QUICK_KEYS[0]);
    // Refused by the desktop, or none of the choices: as it was.
    for wrong in [QUICK_KEYS[1], "Ctrl+C", "A"] {
        assert!(api::dispatch(&api, "quick/set", json!({ "keys": wrong })).await.is_err(), "{wrong}");
        assert_eq!(keys(&api).await, QUICK_KEYS[0]);
    }
    desk.did();
    // The next start takes them again.
    drop(api);
    let again = api_at(folder.path(), &desk).await;
    api::quick::resume(&again).await.unwrap();
    assert_eq!(desk.did(), [format!("take Some({:?})", QUICK_KEYS[0])]);
    // Where no keys are given, none are said to be taken.
    drop(again);
    let wayland = Desk(Arc::default(), true);
    let there = api_at(folder.path(), &wayland).await;
    api::quick::resume(&there).await.unwrap();
    assert!(wayland.did().is_empty());
    let view = call(&there, "quick/view", Value::Null).await;
    assert_eq!((&view["keys"], &view["obstacle"]), (&Value::Null, &json!("wayland")));
}
