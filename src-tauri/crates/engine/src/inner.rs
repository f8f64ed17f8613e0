//! What every part of the engine shares.

use crate::{
    attempt,
    clock::Clock,
    live::LiveTurns,
    registry::{Known, Registry},
};
use catalog::Catalog;
use domain::{Failure, ProcessId, ProviderId, Secret};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, RwLock},
};
use store::{ProviderStateRow, Store};
use tokio::sync::broadcast;
use transport::Transport;
use vault::{Slot, Vault};

/// Part of the data that changed, for windows to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Titles, costs and states in the sidebar.
    Conversations,
    /// The ledger.
    Spend,
    /// Providers and keys.
    Providers,
    /// The keychain.
    Storage,
    /// What can be asked.
    Models,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Conversations, Self::Spend, Self::Providers, Self::Storage, Self::Models];

    /// The word the window knows it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversations => "conversations",
            Self::Spend => "spend",
            Self::Providers => "providers",
            Self::Storage => "storage",
            Self::Models => "models",
        }
    }
}

pub(crate) struct Inner {
    pub store: Store,
    pub vault: Vault,
    pub transport: Arc<dyn Transport>,
    pub catalog: Arc<Catalog>,
    pub clock: Arc<dyn Clock>,
    pub process: ProcessId,
    /// Who asks: `window` or `cli`.
    pub origin: &'static str,
    pub registry: RwLock<Arc<Registry>>,
    /// Keys of this run only: the keychain is absent.
    pub session_keys: Mutex<HashMap<ProviderId, ProviderStateRow>>,
    pub live: LiveTurns,
    pub changes: broadcast::Sender<Table>,
}

impl Inner {
    /// Today's registry.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        // A poisoned lock only means that some other task panicked; the value is replaced whole.
        Arc::clone(&self.registry.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Reads providers and their state again.
    pub(crate) async fn reload(&self) -> Result<(), Failure> {
        let (custom, mut states) =
            self.store.read(|tx| Ok((tx.custom_providers()?, tx.provider_states()?))).await?;
        for (provider, state) in crate::live::lock(&self.session_keys).iter() {
            states.retain(|stored| stored.provider != *provider);
            states.push(state.clone());
        }
        let fresh = Registry::new(Arc::clone(&self.catalog), custom, states, |id| self.vault.has_env(id));
        *self.registry.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(fresh);
        self.changed(Table::Providers);
        self.changed(Table::Models);
        Ok(())
    }

    /// Tells whoever listens. Nobody listening is fine.
    pub(crate) fn changed(&self, table: Table) {
        let _ = self.changes.send(table);
    }

    /// The key for a provider's present address. The keychain is opened only if a key is stored there.
    pub(crate) async fn key_for(&self, known: &Known) -> Result<Option<Secret>, Failure> {
        let provider = &known.provider;
        if known.has_key() {
            let origin = known.origin().unwrap_or_default();
            let slot = Slot { provider: provider.id.clone(), origin };
            if let Some(secret) = self.vault.get(&slot).await? {
                return Ok(Some(secret));
            }
        }
        if known.keyless() { Ok(None) } else { Err(attempt::no_key(&provider.id, &provider.name)) }
    }
}
