use crate::desk::Desk;
use crate::worker::Open;
use crate::{Kept, Slot, StorageKind, Vault};
use domain::{AccountLabel, ErrorKind, ProviderId, Secret};
use keyring::Error;
use keyring_core::Entry;
use keyring_core::api::{CredentialStore, CredentialStoreApi};
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CANARY: &str = "sk-canary-9f31c0e7d2";

fn slot(provider: &str, origin: &str) -> Slot {
    Slot::unnamed(ProviderId::new(provider), origin)
}

fn openai() -> Slot {
    slot("openai", "https://api.openai.com:443")
}

fn vault(open: Open, limit: Duration) -> Vault {
    Vault::over(Desk::new(Some(open), "test keychain", limit))
}

#[expect(clippy::disallowed_methods, reason = "measures real waiting")]
fn clock() -> Instant {
    Instant::now()
}

#[test]
fn what_was_set_last_is_found_until_it_is_deleted() {
    let vault = Vault::memory();
    assert!(vault.get(&openai()).wait().unwrap().is_none());
    assert_eq!(vault.set(&openai(), Secret::new("one")).wait().unwrap(), Kept::SessionOnly);
    vault.set(&openai(), Secret::new("two")).wait().unwrap();
    assert_eq!(vault.get(&openai()).wait().unwrap().unwrap().expose(), "two");
    assert!(vault.delete(&openai()).wait().unwrap());
    assert!(!vault.delete(&openai()).wait().unwrap());
    assert!(vault.get(&openai()).wait().unwrap().is_none());
    assert_eq!(vault.probe().wait().unwrap().kind, StorageKind::Absent);
}

#[test]
fn each_label_has_its_own_key() {
    let vault = Vault::memory();
    let work = Slot { label: AccountLabel::from("work"), ..openai() };
    vault.set(&openai(), Secret::new("one")).wait().unwrap();
    assert!(vault.get(&work).wait().unwrap().is_none());
    vault.set(&work, Secret::new("two")).wait().unwrap();
    assert_eq!(vault.get(&openai()).wait().unwrap().unwrap().expose(), "one");
    assert_eq!(vault.get(&work).wait().unwrap().unwrap().expose(), "two");
    assert_eq!(openai().user(), "openai@https://api.openai.com:443", "as it was before there were labels");
    assert_eq!(work.user(), "openai/work@https://api.openai.com:443");
}

#[test]
fn a_key_is_not_found_for_another_origin() {
    let vault = Vault::memory();
    vault.set(&openai(), Secret::new(CANARY)).wait().unwrap();
    for origin in ["https://evil.example:443", "http://api.openai.com:80", "https://api.openai.com:8443"] {
        assert!(vault.get(&slot("openai", origin)).wait().unwrap().is_none());
    }
    assert!(vault.get(&slot("other", "https://api.openai.com:443")).wait().unwrap().is_none());
}

#[test]
fn keys_of_the_environment_have_a_label_of_their_own_and_cannot_be_deleted() {
    let vault = Vault::memory().with_env_keys(vec![
        (ProviderId::new("openai"), Secret::new("env")),
        (ProviderId::new("x"), Secret::new(" ")),
    ]);
    let environment = Slot { label: AccountLabel::environment(), ..openai() };
    vault.set(&openai(), Secret::new("kept")).wait().unwrap();
    assert_eq!(vault.get(&environment).wait().unwrap().unwrap().expose(), "env");
    assert_eq!(vault.get(&openai()).wait().unwrap().unwrap().expose(), "kept");
    assert!(vault.set(&environment, Secret::new("stored")).wait().is_err());
    assert!(!vault.delete(&environment).wait().unwrap());
    assert_eq!(vault.get(&environment).wait().unwrap().unwrap().expose(), "env");
    assert!(vault.has_env(&ProviderId::new("openai")));
    assert!(!vault.has_env(&ProviderId::new("x")), "an empty variable is no key");
}

#[test]
fn an_empty_key_is_refused() {
    let failure = Vault::memory().set(&openai(), Secret::new(" \n")).wait().unwrap_err();
    assert_eq!(failure.kind, ErrorKind::RequestInvalid);
}

#[test]
fn answers_can_be_awaited() {
    let vault = Vault::memory();
    let waker = std::task::Waker::noop();
    let mut pending = std::pin::pin!(vault.set(&openai(), Secret::new(CANARY)));
    let mut context = std::task::Context::from_waker(waker);
    let start = clock();
    while Future::poll(pending.as_mut(), &mut context).is_pending() {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::yield_now();
    }
}

#[test]
fn a_keychain_that_appears_later_is_used_from_then_on() {
    let there = Arc::new(AtomicBool::new(false));
    let store: Arc<CredentialStore> = keyring_core::mock::Store::new().unwrap();
    let (flag, opens) = (Arc::clone(&there), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&opens);
    let vault = vault(
        Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            if flag.load(Ordering::SeqCst) {
                let labelless: Arc<CredentialStore> = Arc::new(Labelless(Arc::clone(&store)));
                Ok(labelless)
            } else {
                Err(Error::PlatformFailure("nothing here".into()))
            }
        }),
        Duration::from_secs(5),
    );
    assert_eq!(opens.load(Ordering::SeqCst), 0, "nothing is opened before it is needed");
    let probe = vault.probe().wait().unwrap();
    assert_eq!(probe.kind, StorageKind::Absent);
    assert_eq!(vault.set(&openai(), Secret::new(CANARY)).wait().unwrap(), Kept::SessionOnly);
    assert_eq!(vault.get(&openai()).wait().unwrap().unwrap().expose(), CANARY);
    there.store(true, Ordering::SeqCst);
    assert_eq!(vault.probe().wait().unwrap().kind, StorageKind::Ok);
    assert_eq!(vault.set(&openai(), Secret::new("newer")).wait().unwrap(), Kept::Keychain);
    assert_eq!(vault.get(&openai()).wait().unwrap().unwrap().expose(), "newer");
    assert!(vault.delete(&openai()).wait().unwrap());
    assert!(vault.get(&openai()).wait().unwrap().is_none(), "no older copy in memory comes back");
}

/// The mock knows no labels; the real store of this platform is given one.
struct Labelless(Arc<CredentialStore>);

impl CredentialStoreApi for Labelless {
    fn vendor(&self) -> String {
        self.0.vendor()
    }
    fn id(&self) -> String {
        self.0.id()
    }
    fn build(
        &self,
        service: &str,
        user: &str,
        _modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring::Result<Entry> {
        self.0.build(service, user, None)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

type Answer = fn() -> keyring::Result<Entry>;

/// A keychain whose calls hang until they are let go, or fail as told.
struct Bad {
    hang: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    then: Answer,
}

impl CredentialStoreApi for Bad {
    fn vendor(&self) -> String {
        "bad".to_owned()
    }
    fn id(&self) -> String {
        "bad".to_owned()
    }
    fn build(
        &self,
        _service: &str,
        _user: &str,
        _modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring::Result<Entry> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        while self.hang.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        (self.then)()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn bad(hang: &Arc<AtomicBool>, calls: &Arc<AtomicUsize>, then: Answer) -> Open {
    let (hang, calls) = (Arc::clone(hang), Arc::clone(calls));
    Arc::new(move || Ok(Arc::new(Bad { hang: Arc::clone(&hang), calls: Arc::clone(&calls), then })))
}

#[test]
fn a_keychain_that_hangs_costs_its_limit_once_and_four_threads_at_most() {
    let (hang, calls) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let limit = Duration::from_millis(400);
    let vault =
        vault(bad(&hang, &calls, || keyring_core::mock::Store::new()?.build("any", "any", None)), limit);
    let start = clock();
    let together: Vec<_> = (0..6).map(|_| vault.get(&openai())).collect();
    for pending in together {
        assert_eq!(pending.wait().unwrap_err().kind, ErrorKind::VaultLocked);
    }
    assert!(start.elapsed() < 2 * limit, "calls made together fail together: {:?}", start.elapsed());
    for _ in 0..10 {
        assert_eq!(vault.get(&openai()).wait().unwrap_err().kind, ErrorKind::VaultLocked);
    }
    assert!(calls.load(Ordering::SeqCst) <= 4, "{} threads hang", calls.load(Ordering::SeqCst));
    assert_eq!(vault.probe().wait().unwrap().kind, StorageKind::Locked);
    hang.store(false, Ordering::SeqCst);
    let start = clock();
    while vault.get(&openai()).wait().is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "it recovers when the keychain does");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_error_of_a_keychain_means_one_thing_and_shows_no_key() {
    let leak = || Err(Error::BadEncoding(CANARY.as_bytes().to_vec()));
    let refused = || Err(Error::PlatformFailure(CANARY.into()));
    let locked = || Err(Error::NoStorageAccess(CANARY.into()));
    let cases: [(Answer, ErrorKind); 3] = [
        (leak, ErrorKind::VaultUnavailable),
        (refused, ErrorKind::VaultUnavailable),
        (locked, ErrorKind::VaultLocked),
    ];
    for (error, kind) in cases {
        let (hang, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let vault = vault(bad(&hang, &calls, error), Duration::from_secs(5));
        let failures = [
            vault.set(&openai(), Secret::new(CANARY)).wait().unwrap_err(),
            vault.get(&openai()).wait().unwrap_err(),
            vault.delete(&openai()).wait().unwrap_err(),
        ];
        for failure in failures {
            assert_eq!(failure.kind, kind);
            assert!(!format!("{failure:?}").contains(CANARY));
        }
        let probe = vault.probe().wait().unwrap();
        assert_eq!(probe.kind, StorageKind::Locked, "there is one, it just does not let us");
        assert!(!format!("{probe:?}").contains(CANARY));
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn the_secret_services_errors_are_told_apart() {
    use crate::trouble::{Trouble, of_call};
    use secret_service::Error as Service;
    let cases = [
        (Error::NoStorageAccess(Box::new(Service::NoResult)), Trouble::NoKeychain),
        (Error::NoStorageAccess(Box::new(Service::Prompt)), Trouble::Locked),
        (Error::NoStorageAccess(Box::new(Service::Locked)), Trouble::Locked),
        (Error::PlatformFailure(Box::new(Service::Locked)), Trouble::Locked),
        (Error::PlatformFailure(Box::new(Service::Unavailable)), Trouble::NoService),
        (Error::PlatformFailure(Box::new(Service::Crypto("x"))), Trouble::Refused),
    ];
    for (error, meaning) in cases {
        assert_eq!(of_call(&error), Some(meaning), "{error:?}");
    }
    assert_eq!(of_call(&Error::NoEntry), None);
}
