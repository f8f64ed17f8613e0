use super::*;
use crate::{Engine, Kept, Parts, SystemClock};
use domain::{AccountRef, ProcessId, Secret, Timestamp};
use std::sync::Arc;
use store::{AccountRow, Options, Store};
use transport::scripted::Scripted;
use vault::Vault;

const OPENAI: &str = "openai";

fn store() -> Store {
    let process = ProcessId::new(uuid::Uuid::from_u128(1));
    Store::in_memory(Options { process, now: Timestamp(0), version: "test" }).unwrap()
}

/// A process of its own on shared data, without network and without keychain.
async fn process(store: &Store) -> Engine {
    process_with(store, Vault::memory(), Scripted::new()).await
}

async fn process_with(store: &Store, vault: Vault, scripted: Scripted) -> Engine {
    let parts = Parts {
        store: store.clone(),
        vault,
        transport: Arc::new(scripted),
        clock: Arc::new(SystemClock::new()),
        process: ProcessId::new(uuid::Uuid::from_u128(1)),
        origin: "cli",
    };
    Engine::assemble(parts).await.unwrap()
}

fn id(provider: &str) -> ProviderId {
    ProviderId::from(provider)
}

async fn stored(store: &Store, provider: &str) -> ProviderStateRow {
    let id = id(provider);
    store.read(move |tx| tx.provider_state(&id)).await.unwrap().unwrap()
}

async fn store_key(store: &Store, last_four: &str) {
    let row = AccountRow {
        provider: id(OPENAI),
        label: "default".into(),
        key_origin: "https://api.openai.com:443".to_owned(),
        last_four: Some(last_four.to_owned()),
        test: None,
    };
    store.write(move |tx| tx.put_account(&row)).await.unwrap();
}

async fn key(store: &Store) -> AccountRow {
    store.read(|tx| tx.account(&OPENAI.into(), &"default".into())).await.unwrap().unwrap()
}

fn slot(origin: &str) -> vault::Slot {
    vault::Slot::unnamed(id(OPENAI), origin)
}

fn account(text: &str) -> AccountRef {
    AccountRef::parse(text).unwrap()
}

#[tokio::test]
async fn processes_do_not_undo_each_others_changes() {
    let store = store();
    let stale = process(&store).await;
    process(&store).await.enable_local(&id("llamacpp"), true).await.unwrap();
    stale.test_provider(&id("llamacpp"), None).await.unwrap();
    let row = stored(&store, "llamacpp").await;
    assert!(row.enabled && row.test.is_some());
}

#[tokio::test]
async fn a_test_of_a_key_that_was_replaced_is_dropped() {
    let store = store();
    store_key(&store, "aaaa").await;
    let vault = Vault::memory();
    vault.set(&slot("https://api.openai.com:443"), Secret::new("sk-0123456789")).await.unwrap();
    let stale = process_with(&store, vault, Scripted::new()).await;
    store_key(&store, "bbbb").await;
    stale.test_provider(&id(OPENAI), None).await.unwrap();
    let row = key(&store).await;
    assert_eq!((row.last_four.as_deref(), row.test), (Some("bbbb"), None));
    stale.test_provider(&id(OPENAI), None).await.unwrap();
    assert!(key(&store).await.test.is_some());
}

#[tokio::test]
async fn a_key_of_this_run_leaves_the_stored_one_alone() {
    let store = store();
    store_key(&store, "aaaa").await;
    let engine = process(&store).await;
    let before = key(&store).await;
    assert_eq!(
        engine.set_key(&account(OPENAI), Secret::new("sk-of-this-run-0000-zzzz")).await.unwrap(),
        Kept::SessionOnly
    );
    engine.test_provider(&id(OPENAI), None).await.unwrap();
    let shown = engine.registry().provider(&id(OPENAI)).unwrap().keys.clone();
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].last_four.as_deref(), shown[0].session_only), (Some("zzzz"), true));
    assert!(shown[0].test.is_some());
    assert_eq!(key(&store).await, before);
    // The stored key is in a keychain that is not here: it can be deleted only there.
    let failure = engine.delete_key(&account(OPENAI)).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::VaultUnavailable);
    let left = engine.registry().provider(&id(OPENAI)).unwrap().keys.clone();
    assert_eq!((left.len(), left[0].session_only), (1, false));
    assert_eq!(key(&store).await, before);
}

#[tokio::test]
async fn several_keys_of_a_provider_are_asked_in_their_order() {
    let engine = process(&store()).await;
    let asked = |engine: &Engine| -> Vec<String> {
        let labels = engine.registry().provider(&id(OPENAI)).unwrap().asked_with();
        labels.into_iter().flatten().map(|label| label.to_string()).collect()
    };
    assert!(asked(&engine).is_empty());
    for name in ["openai/work", "openai", "openai/home"] {
        engine.set_key(&account(name), Secret::new(format!("sk-{name}-0123456789"))).await.unwrap();
    }
    assert_eq!(asked(&engine), ["work", "default", "home"]);
    engine.order_keys(&id(OPENAI), vec!["home".into(), "work".into()]).await.unwrap();
    assert_eq!(asked(&engine), ["home", "work", "default"]);
    assert!(engine.order_keys(&id(OPENAI), vec!["nobody".into()]).await.is_err());
    engine.add_provider(OPENAI, "openai-chat", "http://127.0.0.1:9").await.unwrap();
    assert!(asked(&engine).is_empty(), "none of them was entered for this address");
    assert_eq!(engine.registry().provider(&id(OPENAI)).unwrap().keys.len(), 3);
    engine.remove_provider(&id(OPENAI)).await.unwrap();
    assert_eq!(asked(&engine), ["home", "work", "default"], "they are for the built-in one");
    engine.add_provider("own", "openai-chat", "http://127.0.0.1:9").await.unwrap();
    engine.set_key(&account("own"), Secret::new("sk-own-0123456789")).await.unwrap();
    engine.remove_provider(&id("own")).await.unwrap();
    engine.add_provider("own", "openai-chat", "http://127.0.0.1:9").await.unwrap();
    assert!(!engine.registry().provider(&id("own")).unwrap().has_key(), "all were deleted with it");
    let service = r#"{"type": "service_account", "private_key": "x"}"#;
    let misplaced = engine.set_key(&account("openai/json"), Secret::new(service)).await.unwrap_err();
    assert_eq!(misplaced.kind, ErrorKind::RequestInvalid, "a document is no key of this provider");
    let bad = engine.set_key(&account("openai/x"), Secret::new("two words")).await.unwrap_err();
    assert_eq!(bad.kind, ErrorKind::RequestInvalid);
}

#[tokio::test]
async fn quirks_stay_with_their_dialect() {
    let engine = process(&store()).await;
    let catalog = catalog::Catalog::bundled().unwrap();
    let odd = |provider: &&Provider| {
        provider.dialect.as_str() == "openai-chat" && provider.quirks != Quirks::default()
    };
    let shipped = catalog.providers().iter().find(odd).unwrap();
    let quirks = |dialect: &'static str| {
        let (engine, shipped) = (&engine, shipped);
        async move {
            engine.add_provider(shipped.id.as_str(), dialect, "http://127.0.0.1:9").await.unwrap();
            engine.registry().provider(&shipped.id).unwrap().provider.quirks.clone()
        }
    };
    assert_eq!(quirks("openai-chat").await, shipped.quirks);
    assert_eq!(quirks("anthropic-messages").await, Quirks::default());
}

/// A key is recorded, and the keychain it is in does not answer: a session without one.
#[tokio::test]
async fn a_key_in_a_keychain_that_is_not_here_is_not_a_missing_one() {
    let store = store();
    store_key(&store, "aaaa").await;
    let scripted = Scripted::new();
    let engine = process_with(&store, Vault::memory(), scripted.clone()).await;
    let failure = engine.test_provider(&id(OPENAI), None).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::VaultUnavailable);
    assert!(failure.message.contains("PARALLAX_KEY_OPENAI"), "{}", failure.message);
    assert_eq!((key(&store).await.test, scripted.seen().len()), (None, 0), "nothing was asked or found");
    // Of an own address, which may be open, the key is not left out either.
    engine.add_provider("own", "openai-chat", "http://127.0.0.1:9").await.unwrap();
    let row = AccountRow {
        provider: id("own"),
        label: "default".into(),
        key_origin: "http://127.0.0.1:9".to_owned(),
        last_four: None,
        test: None,
    };
    store.write(move |tx| tx.put_account(&row)).await.unwrap();
    let engine = process_with(&store, Vault::memory(), scripted.clone()).await;
    let failure = engine.test_provider(&id("own"), None).await.unwrap_err();
    assert_eq!((failure.kind, scripted.seen().len()), (ErrorKind::VaultUnavailable, 0));
    // No key at all is another matter, and no finding about one.
    let missing = engine.test_provider(&id("anthropic"), None).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::AuthMissing);
    assert!(store.read(|tx| tx.provider_state(&"anthropic".into())).await.unwrap().is_none());
}

#[tokio::test]
async fn a_key_of_the_environment_stays_with_the_address_it_was_given_for() {
    let store = store();
    let keys = || vec![(id(OPENAI), Secret::new("sk-of-the-environment"))];
    let scripted = Scripted::new();
    let vault = Vault::memory().with_env_keys(keys());
    let engine = process_with(&store, vault.clone(), scripted.clone()).await;
    let known = || engine.registry().provider(&id(OPENAI)).unwrap().clone();
    assert_eq!(known().asked_with(), [Some(domain::AccountLabel::environment())]);
    engine.add_provider(OPENAI, "openai-chat", "https://elsewhere.example/v1").await.unwrap();
    assert!(!known().env_key);
    engine.test_provider(&id(OPENAI), None).await.unwrap();
    let seen = scripted.seen();
    assert!(!seen.is_empty() && seen.iter().all(|call| !call.keyed), "{seen:?}");
    let there =
        vault::Slot { label: domain::AccountLabel::environment(), ..slot("https://elsewhere.example:443") };
    assert!(vault.get(&there).await.unwrap().is_none());
    // Back at its address it is found again; a process that starts now gives it to the address there is now.
    let next = process_with(&store, Vault::memory().with_env_keys(keys()), scripted.clone()).await;
    assert!(next.registry().provider(&id(OPENAI)).unwrap().env_key);
    engine.remove_provider(&id(OPENAI)).await.unwrap();
    assert!(known().env_key);
}

#[tokio::test]
async fn a_key_for_a_new_address_leaves_none_behind_at_the_old_one() {
    let store = store();
    let vault = Vault::memory();
    let engine = process_with(&store, vault.clone(), Scripted::new()).await;
    engine.set_key(&account(OPENAI), Secret::new("sk-for-the-first-0000")).await.unwrap();
    engine.add_provider(OPENAI, "openai-chat", "https://proxy.example/v1").await.unwrap();
    assert!(
        vault.get(&slot("https://api.openai.com:443")).await.unwrap().is_some(),
        "until there is another"
    );
    engine.set_key(&account(OPENAI), Secret::new("sk-for-the-second-0000")).await.unwrap();
    assert!(vault.get(&slot("https://api.openai.com:443")).await.unwrap().is_none());
    let found = vault.get(&slot("https://proxy.example:443")).await.unwrap().unwrap();
    assert_eq!(found.expose(), "sk-for-the-second-0000");
    assert!(engine.delete_key(&account(OPENAI)).await.unwrap());
    assert!(vault.get(&slot("https://proxy.example:443")).await.unwrap().is_none());
}
