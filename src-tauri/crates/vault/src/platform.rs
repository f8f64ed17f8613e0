//! Which keychain this system has.

use keyring_core::api::CredentialStore;
use std::sync::Arc;

/// What a user knows the keychain as.
#[cfg(target_os = "macos")]
pub(crate) const NAME: &str = "macOS Keychain";
#[cfg(target_os = "windows")]
pub(crate) const NAME: &str = "Windows Credential Manager";
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
pub(crate) const NAME: &str = "Secret Service keyring";

/// Connects to it. Opened here and not through `keyring::Entry`, which opens once per process and
/// remembers a failure for ever: a keychain may appear, or be unlocked, while we run.
pub(crate) fn open() -> keyring::Result<Arc<CredentialStore>> {
    #[cfg(target_os = "macos")]
    let store = apple_native_keyring_store::keychain::Store::new()?;
    #[cfg(target_os = "windows")]
    let store = windows_native_keyring_store::Store::new()?;
    #[cfg(not(any(target_os = "macos", target_os = "windows")))]
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}
