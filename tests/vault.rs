//! The vault against a real keyring daemon, on a message bus of its own.
//!
//! Each test starts this program again inside a session that has the keychain in one state; the copy
//! looks at the vault, and the test looks at what the session left on disk.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::{ErrorKind, ProviderId, Secret};
use parallax_suite::support::keyring_session::{KeyringSession, State};
use std::time::Duration;
use tokio::time::Instant;
use vault::{Kept, Slot, StorageKind, Vault};

const CANARY: &str = "sk-canary-7c41d9e2b8a05f36";
/// Which case the copy of this program plays.
const CASE: &str = "PARALLAX_SUITE_CASE";

fn slot() -> Slot {
    Slot::unnamed(ProviderId::new("openai"), "https://api.openai.com:443")
}

/// Runs one case in a session and gives the session back for a look at its files.
fn play(session: &KeyringSession, case: &str) {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "inside_a_session", "--ignored", "--nocapture"];
    let output = session.run(&program, &arguments, &[(CASE, case)], Duration::from_secs(45));
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{case}:\n{text}\n{errors}");
}

/// The canary in the forms in which a careless writer would leave it.
fn needles() -> Vec<Vec<u8>> {
    let wide = CANARY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![CANARY.into(), STANDARD_NO_PAD.encode(CANARY).into(), wide, hex.into()]
}

fn assert_no_plain_key(session: &KeyringSession) {
    let found = session.files_with(&needles());
    assert!(found.is_empty(), "the key lies open in {found:?}");
}

#[test]
fn a_key_survives_in_a_real_keyring_and_lies_nowhere_open() {
    let session = KeyringSession::new(State::Unlocked);
    play(&session, "keep");
    assert_no_plain_key(&session);
    let kept = session.files_with(&[b"GnomeKeyring".to_vec()]);
    assert!(!kept.is_empty(), "the keyring's own file is there, so the search did look into it");
    play(&session, "find-and-delete");
    assert_no_plain_key(&session);
}

#[test]
fn without_a_bus_or_a_service_keys_live_for_this_run() {
    for state in [State::NoBus, State::NoService, State::Empty] {
        let session = KeyringSession::new(state);
        play(&session, "absent");
        assert_no_plain_key(&session);
    }
}

#[test]
fn a_locked_keyring_says_so_and_keeps_nobody_waiting() {
    let session = KeyringSession::new(State::Locked);
    play(&session, "locked");
    assert_no_plain_key(&session);

    let session = KeyringSession::new(State::Unlocked);
    play(&session, "keep");
    let session = session.later(State::Locked);
    play(&session, "locked-with-a-key");
    assert_no_plain_key(&session);
    play(&session.later(State::Unlocked), "find-and-delete");
}

#[test]
#[ignore = "the other tests start it inside a session"]
fn inside_a_session() {
    let case = std::env::var_os(CASE).unwrap_or_default();
    match case.to_str().unwrap() {
        "keep" => keep(),
        "find-and-delete" => find_and_delete(),
        "absent" => absent(),
        "locked" => locked(),
        "locked-with-a-key" => {
            let start = Instant::now();
            let failure = Vault::system().get(&slot()).wait().unwrap_err();
            assert_eq!(
                failure.kind,
                ErrorKind::VaultLocked,
                "a key that cannot be read is not a key that is absent"
            );
            assert!(start.elapsed() < Duration::from_secs(10));
        }
        other => panic!("started without a case: {other:?}"),
    }
}

fn keep() {
    let vault = Vault::system();
    let probe = vault.probe().wait().unwrap();
    assert_eq!(probe.kind, StorageKind::Ok, "{probe:?}");
    assert!(vault.get(&slot()).wait().unwrap().is_none());
    assert_eq!(vault.set(&slot(), Secret::new("first")).wait().unwrap(), Kept::Keychain);
    assert_eq!(vault.set(&slot(), Secret::new(CANARY)).wait().unwrap(), Kept::Keychain);
    let start = Instant::now();
    assert_eq!(vault.get(&slot()).wait().unwrap().unwrap().expose(), CANARY, "the last one written");
    // About 2 ms where it was measured, which is why nothing is cached.
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let elsewhere = Slot { origin: "https://evil.example:443".to_owned(), ..slot() };
    assert!(vault.get(&elsewhere).wait().unwrap().is_none(), "a key belongs to its origin");
    let other = Slot { provider: ProviderId::new("anthropic"), ..slot() };
    assert!(!vault.delete(&other).wait().unwrap());
    // Four lanes ask at once.
    let all: Vec<_> = (0..4).map(|_| vault.get(&slot())).collect();
    assert!(all.into_iter().all(|pending| pending.wait().unwrap().unwrap().expose() == CANARY));
}

fn find_and_delete() {
    let vault = Vault::system();
    assert_eq!(vault.get(&slot()).wait().unwrap().unwrap().expose(), CANARY, "kept since the last run");
    assert!(vault.delete(&slot()).wait().unwrap());
    assert!(!vault.delete(&slot()).wait().unwrap());
    assert!(vault.get(&slot()).wait().unwrap().is_none());
    assert!(Vault::system().get(&slot()).wait().unwrap().is_none());
}

fn absent() {
    let vault = Vault::system();
    let probe = vault.probe().wait().unwrap();
    assert_eq!(probe.kind, StorageKind::Absent, "{probe:?}");
    assert!(probe.detail.contains("this run only"), "{probe:?}");
    assert!(vault.get(&slot()).wait().unwrap().is_none());
    assert_eq!(vault.set(&slot(), Secret::new(CANARY)).wait().unwrap(), Kept::SessionOnly);
    assert_eq!(vault.get(&slot()).wait().unwrap().unwrap().expose(), CANARY);
    assert!(
        Vault::system().get(&slot()).wait().unwrap().is_none(),
        "it is nowhere but in that vault's memory"
    );
    assert!(vault.delete(&slot()).wait().unwrap());
    assert!(vault.get(&slot()).wait().unwrap().is_none());
}

fn locked() {
    let vault = Vault::system();
    let start = Instant::now();
    let probe = vault.probe().wait().unwrap();
    assert_eq!(probe.kind, StorageKind::Locked, "{probe:?}");
    let failure = vault.set(&slot(), Secret::new(CANARY)).wait().unwrap_err();
    assert_eq!(failure.kind, ErrorKind::VaultLocked, "{failure:?}");
    assert!(!format!("{failure:?}").contains("canary"));
    assert!(start.elapsed() < Duration::from_secs(20), "two calls of eight seconds at most");
    let start = Instant::now();
    // Nothing is stored there, which a locked keyring may say without being opened.
    let read = vault.get(&slot()).wait();
    assert!(!matches!(read, Ok(Some(_))), "nothing can be read while it is locked");
    assert!(start.elapsed() < Duration::from_secs(10));
}
