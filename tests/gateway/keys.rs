//! Keys for other programs: shown once, kept as a hash, taken back at once.

use domain::{ErrorKind, Timestamp};
use engine::{AppKeyChange, AppKeyRow, NewAppKey};
use parallax_suite::support::bench::scripted_engine;
use transport::scripted::Scripted;

fn named(name: &str) -> NewAppKey {
    NewAppKey { name: name.to_owned(), ..NewAppKey::default() }
}

#[tokio::test]
async fn a_key_is_shown_once_and_stands_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let engine = scripted_engine(folder.path(), &Scripted::new(), &[]).await;
    let (row, key) = engine.create_app_key(named("editor")).await.unwrap();
    let text = key.expose().to_owned();
    assert_eq!(text.len(), "sk-parallax-".len() + 64, "256 bits");
    let digest = AppKeyRow::digest_of(&text);
    assert!(row.is(&digest) && !row.is(&AppKeyRow::digest_of(&text[..text.len() - 1])));
    assert_eq!(engine.app_keys().await.unwrap(), [row]);
    engine.store().clone().close();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        let secret = text.trim_start_matches("sk-parallax-").as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", path.display());
    }
}

#[tokio::test]
async fn a_name_is_one_program_and_comes_free_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let engine = scripted_engine(folder.path(), &Scripted::new(), &[]).await;
    let (first, _) = engine.create_app_key(named("editor")).await.unwrap();
    let taken = engine.create_app_key(named(" editor ")).await.unwrap_err();
    assert_eq!(taken.kind, ErrorKind::RequestInvalid);
    let revoked = engine.revoke_app_key("editor").await.unwrap();
    assert_eq!(revoked.id, first.id);
    assert!(revoked.revoked_at.is_some());
    assert!(engine.revoke_app_key("editor").await.is_err(), "there is none any more");
    let spending = engine.app_spending("editor").await.unwrap();
    assert_eq!((spending.limit, spending.ever), (None, domain::PicoUsd::ZERO));
    let (second, _) = engine.create_app_key(named("editor")).await.unwrap();
    assert_ne!(second.digest, first.digest);
    assert_eq!(engine.app_keys().await.unwrap().len(), 2, "the old one is still listed");
}

#[tokio::test]
async fn limits_of_a_key_are_kept_and_nonsense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = scripted_engine(folder.path(), &Scripted::new(), &[]).await;
    for bad in ["", "  ", &"x".repeat(61), "a\nb"] {
        assert_eq!(engine.create_app_key(named(bad)).await.unwrap_err().kind, ErrorKind::RequestInvalid);
    }
    engine.create_app_key(named("editor")).await.unwrap();
    let change = AppKeyChange {
        models: Some(vec!["openai/*".to_owned()]),
        policy: Some(Some("local-only".to_owned())),
        requests_per_minute: Some(Some(60)),
        tokens_per_minute: Some(Some(9_000)),
        expires_at: Some(Some(Timestamp(7))),
        cache: Some(true),
    };
    let unknown = AppKeyChange { policy: Some(Some("nowhere".to_owned())), ..AppKeyChange::default() };
    assert!(engine.change_app_key("editor", unknown).await.is_err(), "no such policy");
    let nothing = AppKeyChange { tokens_per_minute: Some(Some(0)), ..AppKeyChange::default() };
    assert!(engine.change_app_key("editor", nothing).await.is_err());
    let policies = engine.policies().await.unwrap();
    let policy = policies.first().unwrap().id.clone();
    let change = AppKeyChange { policy: Some(Some(policy.clone())), ..change };
    let row = engine.change_app_key("editor", change).await.unwrap();
    assert_eq!((row.requests_per_minute, row.tokens_per_minute, row.cache), (Some(60), Some(9_000), true));
    assert_eq!(row.policy, Some(policy));
    let free = AppKeyChange { requests_per_minute: Some(None), ..AppKeyChange::default() };
    let row = engine.change_app_key("editor", free).await.unwrap();
    assert_eq!((row.requests_per_minute, row.expires_at), (None, Some(Timestamp(7))));
}
