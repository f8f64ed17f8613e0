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

/// A key that lives only until the program ends. It stands before what is stored of the provider's key.
#[derive(Clone)]
pub(crate) struct SessionKey {
    /// `scheme://host:port` it belongs to.
    pub origin: String,
    pub last_four: Option<String>,
    /// Result of its last test, JSON.
    pub test: Option<String>,
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
    pub session_keys: Mutex<HashMap<ProviderId, SessionKey>>,
    /// How endpoints have done lately.
    pub health: Mutex<router::Health>,
    /// Second tries at one endpoint that may still be made.
    pub retries: Mutex<router::RetryBudget>,
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
        let (custom, mut states, fields) = self
            .store
            .read(|tx| Ok((tx.custom_providers()?, tx.provider_states()?, tx.provider_fields()?)))
            .await?;
        for (provider, key) in crate::live::lock(&self.session_keys).iter() {
            let place = states.iter().position(|stored| stored.provider == *provider).unwrap_or_else(|| {
                states.push(blank(provider));
                states.len() - 1
            });
            states[place].key_origin = Some(key.origin.clone());
            states[place].last_four.clone_from(&key.last_four);
            states[place].test.clone_from(&key.test);
        }
        let fresh =
            Registry::new(Arc::clone(&self.catalog), custom, states, fields, |id| self.vault.has_env(id));
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
        if known.addressless() {
            return Err(known.without_address());
        }
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

/// What is known of a provider about which nothing is known.
pub(crate) fn blank(id: &ProviderId) -> ProviderStateRow {
    ProviderStateRow {
        provider: id.clone(),
        key_origin: None,
        last_four: None,
        enabled: false,
        test: None,
        listed_models: None,
    }
}
