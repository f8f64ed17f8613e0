//! The keys of providers: stored, ordered, deleted, recognised.

use crate::{
    inner::Inner,
    live::lock,
    providers::known,
    registry::{Known, StoredKey},
};
use domain::{AccountLabel, AccountRef, BudgetScope, ErrorKind, Failure, ProviderId, Secret, say};
use store::AccountRow;
use vault::{Kept, Slot, StorageKind};

/// Stores a key in the keychain under its label, bound to the provider's present address, replacing the one
/// of that label. A new label comes last in the order.
pub(crate) async fn set(inner: &Inner, named: &AccountRef, secret: Secret) -> Result<Kept, Failure> {
    // What was stored under a label of old rules can be deleted, but no new one is made.
    AccountLabel::parse(named.label.as_str())?;
    let known = known(inner, &named.provider)?;
    let transport::Entered { secret, last_four } = transport::enter(&known.provider.auth, &secret)?;
    let slot = slot(&known, &named.label)?;
    let before = elsewhere(inner, &slot, named).await?;
    let kept = inner.vault.set(&slot, secret).await?;
    // Nobody would know of those any more. What is recorded of the keychain stays while it does not answer.
    for (old, in_memory) in before {
        if !in_memory && kept != Kept::Keychain {
            continue;
        }
        // That one stays is no reason to lose the new one.
        if let Err(failure) = inner.vault.delete(&old).await {
            tracing::warn!(
                kind = failure.kind.as_str(),
                "the key for the address before could not be deleted"
            );
        }
    }
    match kept {
        Kept::Keychain => {
            forget_session(inner, named);
            let row = AccountRow {
                provider: slot.provider,
                label: slot.label,
                key_origin: slot.origin,
                last_four,
                test: None,
            };
            inner.store.write(move |tx| tx.put_account(&row)).await?;
        }
        // A key that dies with this process must not look stored after the next start.
        Kept::SessionOnly => {
            let key = StoredKey {
                label: slot.label,
                key_origin: slot.origin,
                last_four,
                test: None,
                session_only: true,
            };
            let mut keys = lock(&inner.session_keys);
            match keys.iter_mut().find(|(other, _)| other == named) {
                Some((_, present)) => *present = key,
                None => keys.push((named.clone(), key)),
            }
        }
    }
    inner.reload().await?;
    Ok(kept)
}

/// Where keys are kept under this label for other addresses, and which of them in memory alone: a label has one
/// key, so a new one takes their place.
async fn elsewhere(inner: &Inner, slot: &Slot, named: &AccountRef) -> Result<Vec<(Slot, bool)>, Failure> {
    let session = lock(&inner.session_keys)
        .iter()
        .find(|(other, _)| other == named)
        .map(|(_, key)| (key.key_origin.clone(), true));
    let wanted = named.clone();
    let stored = inner.store.read(move |tx| tx.account(&wanted.provider, &wanted.label)).await?;
    let stored = stored.map(|row| (row.key_origin, false));
    let other = session.into_iter().chain(stored).filter(|(origin, _)| *origin != slot.origin);
    Ok(other.map(|(origin, in_memory)| (Slot { origin, ..slot.clone() }, in_memory)).collect())
}

/// Removes a key everywhere, with the budgets set for it alone. `false` = there was none. Error `vault.unavailable` when the keychain that
/// holds it is not there: what is known of the key then stays, so that it can still be deleted when the
/// keychain is back.
pub(crate) async fn delete(inner: &Inner, named: &AccountRef) -> Result<bool, Failure> {
    known(inner, &named.provider)?;
    let deleted = delete_one(inner, named).await;
    inner.reload().await?;
    deleted
}

async fn delete_one(inner: &Inner, named: &AccountRef) -> Result<bool, Failure> {
    let mut deleted = false;
    let AccountRef { provider, label } = named.clone();
    let at = |origin: String| Slot { provider: provider.clone(), label: label.clone(), origin };
    let session = lock(&inner.session_keys)
        .iter()
        .find(|(other, _)| other == named)
        .map(|(_, key)| key.key_origin.clone());
    if let Some(origin) = session {
        deleted = inner.vault.delete(&at(origin)).await?;
        forget_session(inner, named);
        let scope = BudgetScope::Key { provider: named.provider.clone(), label: named.label.clone() };
        inner.store.write(move |tx| tx.remove_budgets_of(&scope)).await?;
    }
    // Another process may have stored or deleted one since this one looked.
    let wanted = named.clone();
    let stored = inner.store.read(move |tx| tx.account(&wanted.provider, &wanted.label)).await?;
    let Some(stored) = stored else { return Ok(deleted) };
    let found = inner.vault.delete(&at(stored.key_origin.clone())).await?;
    // “Nothing there” and “no keychain to look into” are one answer of the vault.
    if !found {
        keychain_must_answer(inner).await?;
    }
    let gone = named.clone();
    inner
        .store
        .write(move |tx| {
            let present = tx.account(&gone.provider, &gone.label)?;
            if present.is_some_and(|row| row.key_origin == stored.key_origin) {
                tx.remove_account(&gone.provider, &gone.label)?;
                tx.remove_budgets_of(&BudgetScope::Key { provider: gone.provider, label: gone.label })?;
            }
            Ok(())
        })
        .await?;
    Ok(deleted | found)
}

fn forget_session(inner: &Inner, named: &AccountRef) {
    lock(&inner.session_keys).retain(|(other, _)| other != named);
}

/// Removes every key of a provider of the user's own. Where its id is that of a built-in one, whose place it takes,
/// only those for its own address: the others are for the built-in one.
pub(crate) async fn delete_all(inner: &Inner, id: &ProviderId) -> Result<(), Failure> {
    let known = known(inner, id)?;
    let label = |key: &StoredKey| key.label.clone();
    let labels: Vec<AccountLabel> = if inner.catalog.provider(id.as_str()).is_some() {
        known.usable().map(label).collect()
    } else {
        known.keys.iter().map(label).collect()
    };
    for label in labels {
        delete(inner, &AccountRef { provider: id.clone(), label }).await?;
    }
    Ok(())
}

async fn keychain_must_answer(inner: &Inner) -> Result<(), Failure> {
    let probe = inner.vault.probe().await?;
    if probe.kind != StorageKind::Absent {
        return Ok(());
    }
    Err(Failure::new(
        ErrorKind::VaultUnavailable,
        say!(
            "The key is in a system keychain that does not answer, so it could not be deleted. Start the \
         keychain and delete the key again."
        ),
    ))
}

/// Puts the keys of a provider into an order: the first is asked first. Those not named follow in the order
/// they had. Error `request.invalid` for a label that no stored key has.
pub(crate) async fn order(inner: &Inner, id: &ProviderId, labels: Vec<AccountLabel>) -> Result<(), Failure> {
    let known = known(inner, id)?;
    if let Some(unknown) = labels.iter().find(|label| known.key(label).is_none()) {
        return Err(Failure::new(
            ErrorKind::RequestInvalid,
            say!("{name} has no key called “{unknown}”.", name = known.provider.name, unknown),
        ));
    }
    let place = |named: &AccountRef| match labels.iter().position(|label| *label == named.label) {
        Some(place) if named.provider == *id => place,
        _ => usize::MAX,
    };
    lock(&inner.session_keys).sort_by_key(|(named, _)| place(named));
    let id = id.clone();
    inner.store.write(move |tx| tx.order_accounts(&id, &labels)).await?;
    inner.reload().await
}

fn slot(known: &Known, label: &AccountLabel) -> Result<Slot, Failure> {
    let origin = match known.origin() {
        Some(origin) => origin,
        None if known.addressless() => return Err(known.without_address()),
        None => transport::origin_of(&known.provider.base_url)?,
    };
    Ok(Slot { provider: known.provider.id.clone(), label: label.clone(), origin })
}

/// The provider whose keys begin like this one, and no other's as much.
pub(crate) fn recognise(inner: &Inner, key: &Secret) -> Option<ProviderId> {
    let registry = inner.registry();
    let providers = registry.providers().map(|known| &*known.provider);
    catalog::provider_of_key(providers, key).map(|provider| provider.id.clone())
}
