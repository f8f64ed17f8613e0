//! What is said where a key is wanted and there is none.

use domain::{ErrorKind, Failure, ProviderId, Upstream, say};

/// The failure of a lane whose provider has no key.
pub(crate) fn no_key(provider: &ProviderId, name: &str) -> Failure {
    Failure::new(
        ErrorKind::AuthMissing,
        say!(
            "There is no key for {name}. Add one in Settings, or with `parallax key set {provider}`.",
            name,
            provider
        ),
    )
    .with_upstream(Upstream { provider: Some(provider.clone()), ..Upstream::default() })
}

/// The failure of a lane whose provider's key is in a keychain that is not there.
pub(crate) fn no_keychain(provider: &ProviderId, name: &str) -> Failure {
    Failure::new(
        ErrorKind::VaultUnavailable,
        say!("The key for {name} is in the system keychain, and no keychain answers here. Start it, or give the key to \
             this process by PARALLAX_KEY_{provider}.", name, provider = provider.as_str().to_ascii_uppercase().replace('-', "_")),
    )
    .with_upstream(Upstream { provider: Some(provider.clone()), ..Upstream::default() })
}
