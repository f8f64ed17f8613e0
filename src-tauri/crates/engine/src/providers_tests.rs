use super::*;
use crate::{Engine, Parts, SystemClock};
use domain::ProcessId;
use store::{Options, Store};
use transport::scripted::Scripted;
use vault::Vault;

const OPENAI: &str = "openai";

fn store() -> Store {
    let process = ProcessId::new(uuid::Uuid::from_u128(1));
    Store::in_memory(Options { process, now: Timestamp(0), version: "test" }).unwrap()
}

/// A process of its own on shared data, without network and without keychain.
async fn process(store: &Store) -> Engine {
    let parts = Parts {
        store: store.clone(),
        vault: Vault::memory(),
        transport: Arc::new(Scripted::new()),
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
    let row = ProviderStateRow {
        key_origin: Some("https://api.openai.com:443".to_owned()),
        last_four: Some(last_four.to_owned()),
        ..blank(&id(OPENAI))
    };
    store.write(move |tx| tx.put_provider_state(&row)).await.unwrap();
}

#[tokio::test]
async fn processes_do_not_undo_each_others_changes() {
    let store = store();
    let stale = process(&store).await;
    process(&store).await.enable_local(&id("llamacpp"), true).await.unwrap();
    stale.test_provider(&id("llamacpp")).await.unwrap();
    let row = stored(&store, "llamacpp").await;
    assert!(row.enabled && row.test.is_some());
}

#[tokio::test]
async fn a_test_of_a_key_that_was_replaced_is_dropped() {
    let store = store();
    store_key(&store, "aaaa").await;
    let stale = process(&store).await;
    store_key(&store, "bbbb").await;
    stale.test_provider(&id(OPENAI)).await.unwrap();
    let row = stored(&store, OPENAI).await;
    assert_eq!((row.last_four.as_deref(), row.test), (Some("bbbb"), None));
    stale.test_provider(&id(OPENAI)).await.unwrap();
    assert!(stored(&store, OPENAI).await.test.is_some());
}

#[tokio::test]
async fn a_key_of_this_run_leaves_the_stored_one_alone() {
    let store = store();
    store_key(&store, "aaaa").await;
    let engine = process(&store).await;
    let before = stored(&store, OPENAI).await;
    assert_eq!(
        engine.set_key(&id(OPENAI), Secret::new("sk-of-this-run-0000-zzzz")).await.unwrap(),
        Kept::SessionOnly
    );
    engine.test_provider(&id(OPENAI)).await.unwrap();
    let shown = engine.registry().provider(&id(OPENAI)).unwrap().state.clone().unwrap();
    assert_eq!(shown.last_four.as_deref(), Some("zzzz"));
    assert!(shown.test.is_some());
    assert_eq!(stored(&store, OPENAI).await, before);
    // The stored key is in a keychain that is not here: it can be deleted only there.
    let failure = engine.delete_key(&id(OPENAI)).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::VaultUnavailable);
    assert!(!engine.session_only(&id(OPENAI)));
    assert_eq!(stored(&store, OPENAI).await, before);
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
