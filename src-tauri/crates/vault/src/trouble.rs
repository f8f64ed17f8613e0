//! What a keychain's errors mean. Their own words stay here: some carry the stored bytes.

use keyring::Error;

/// Why the keychain did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No keychain service can be reached.
    NoService,
    /// A service runs, but no keychain has been made in it.
    NoKeychain,
    /// The keychain is locked, or the user declined to unlock it.
    Locked,
    /// It did not answer in time.
    Silent,
    /// It refused in another way.
    Refused,
    /// What is stored is not a key.
    Unreadable,
}

/// The meaning of an error of an open keychain. `None` says there is no such item.
pub(crate) fn of_call(error: &Error) -> Option<Trouble> {
    Some(match error {
        Error::NoEntry => return None,
        Error::NoStorageAccess(cause) => of_cause(cause.as_ref()).unwrap_or(Trouble::Locked),
        Error::PlatformFailure(cause) => of_cause(cause.as_ref()).unwrap_or(Trouble::Refused),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => Trouble::Unreadable,
        _ => Trouble::Refused,
    })
}

/// The meaning of an error of the Secret Service, which the store wraps in either of two kinds.
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
fn of_cause(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Trouble> {
    use secret_service::Error as Service;
    Some(match cause.downcast_ref::<Service>()? {
        Service::NoResult => Trouble::NoKeychain,
        Service::Locked | Service::Prompt | Service::PromptDisconnected => Trouble::Locked,
        Service::Unavailable | Service::Zbus(_) | Service::ZbusFdo(_) => Trouble::NoService,
        _ => Trouble::Refused,
    })
}

#[cfg(any(target_os = "macos", target_os = "windows"))]
fn of_cause(_cause: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Trouble> {
    None
}
