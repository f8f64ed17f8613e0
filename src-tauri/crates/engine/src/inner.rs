//! What every part of the engine shares.

use crate::{
    attempt,
    clock::Clock,
    live::LiveTurns,
    prices::PriceBook,
    registry::{Given, Known, Registry, StoredKey},
};
use catalog::Catalog;
use domain::{AccountLabel, AccountRef, Call, Failure, ProcessId, ProviderId, Secret};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, RwLock},
};
use store::{ProviderStateRow, Store};
use tokio::sync::broadcast;
use transport::{Deadlines, Origin, Response, Transport};
use vault::{Slot, StorageKind, Vault};

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
    /// Budgets, not what counts against them.
    Budgets,
    /// The gateway: its keys, and what is asked through it.
    Gateway,
    /// Experiments and their cells.
    Experiments,
    /// Questions from the small window.
    Quick,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Conversations,
        Self::Spend,
        Self::Providers,
        Self::Storage,
        Self::Models,
        Self::Budgets,
        Self::Gateway,
        Self::Experiments,
        Self::Quick,
    ];

    /// The word the window knows it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversations => "conversations",
            Self::Spend => "spend",
            Self::Providers => "providers",
            Self::Storage => "storage",
            Self::Models => "models",
            Self::Budgets => "budgets",
            Self::Gateway => "gateway",
            Self::Experiments => "experiments",
            Self::Quick => "quick",
        }
    }
}

/// The wall clock ran so many milliseconds further than the machine did: it slept.
const SLEPT: i64 = 30_000;

pub(crate) struct Inner {
    pub store: Store,
    pub vault: Vault,
    pub transport: Arc<dyn Transport>,
    /// As bundled; the registry's has today's prices.
    pub catalog: Arc<Catalog>,
    pub clock: Arc<dyn Clock>,
    pub process: ProcessId,
    /// Who asks: `window` or `cli`.
    pub origin: &'static str,
    pub registry: RwLock<Arc<Registry>>,
    /// Keys of this run only: the keychain is absent.
    pub session_keys: Mutex<Vec<(AccountRef, StoredKey)>>,
    /// Results of the last tests of keys from the environment, JSON.
    pub env_tests: Mutex<HashMap<ProviderId, String>>,
    /// The texts of the conversation in which something was looked up last.
    pub read_last: Mutex<crate::find::ReadLast>,
    /// How endpoints have done lately.
    pub health: Mutex<router::Health>,
    /// Both clocks when a lane last began: one that ran ahead of the other slept.
    pub clocks: Mutex<(domain::Timestamp, std::time::Duration)>,
    /// Who waits for which provider.
    pub queues: Arc<crate::queue::Queues>,
    /// What endpoints have refused by name.
    pub refusals: crate::refusals::Refusals,
    /// Second tries at one endpoint that may still be made.
    pub retries: Mutex<router::RetryBudget>,
    pub live: LiveTurns,
    pub changes: broadcast::Sender<Table>,
    pub walking: crate::walk::Walking,
    pub pdf_reader: crate::files::PdfReader,
    /// What is asked through the gateway.
    pub relays: crate::relay::Relays,
    /// The registry's ratings are those of the votes as they are.
    pub rated: std::sync::atomic::AtomicBool,
    /// Turns that a judge is at.
    pub judging: crate::beside::Judging,
    /// Titles that models are asked for.
    pub titles: crate::titles::Titles,
    /// Experiments that run in this process.
    pub experiments: crate::experiment::Running,
}

impl Inner {
    /// Today's registry.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        // A poisoned lock only means that some other task panicked; the value is replaced whole.
        Arc::clone(&self.registry.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Reads providers, their keys and their state again.
    pub(crate) async fn reload(&self) -> Result<(), Failure> {
        let (revision, mut given, stored, prices, limits) = self
            .store
            .read(|tx| {
                let given = Given {
                    custom: tx.custom_providers()?,
                    states: tx.provider_states()?,
                    fields: tx.provider_fields()?,
                    ..Given::default()
                };
                Ok((tx.revision()?, given, tx.accounts()?, tx.price_changes()?, tx.rate_limits()?))
            })
            .await?;
        given.keys = stored.into_iter().map(|row| (row.provider.clone(), row.into())).collect();
        given.limits = limits.into_iter().collect();
        // A key of this run stands before what is stored under its label.
        for (named, key) in &*crate::live::lock(&self.session_keys) {
            let stored = given
                .keys
                .iter_mut()
                .find(|(provider, stored)| *provider == named.provider && stored.label == named.label);
            match stored {
                Some((_, stored)) => stored.clone_from(key),
                None => given.keys.push((named.provider.clone(), key.clone())),
            }
        }
        given.env_tests = crate::live::lock(&self.env_tests).clone();
        let mut fresh = Registry::new(Arc::clone(&self.catalog), given, |known| {
            let id = &known.provider.id;
            self.vault.has_env(id) && known.origin().is_none_or(|origin| self.vault.env_is_for(id, &origin))
        })
        .with_prices(PriceBook::new(prices))
        .at(revision);
        let mut registry = self.registry.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        fresh.ratings = Arc::clone(&registry.ratings);
        *registry = Arc::new(fresh);
        drop(registry);
        self.changed(Table::Providers);
        self.changed(Table::Models);
        Ok(())
    }

    /// Notices that the machine slept since a lane last began.
    pub(crate) fn notice_waking(&self) {
        let (now, passed) = (self.clock.now(), self.clock.elapsed());
        let (then, before) = std::mem::replace(&mut *crate::live::lock(&self.clocks), (now, passed));
        let awake = i64::try_from(passed.saturating_sub(before).as_millis()).unwrap_or(i64::MAX);
        if now.0.saturating_sub(then.0).saturating_sub(awake) > SLEPT {
            crate::live::lock(&self.health).woke(now);
        }
    }

    /// Writes into the log that something other than a prompt is about to leave.
    pub(crate) async fn note_leaving(
        &self,
        purpose: &'static str,
        host: String,
        provider: ProviderId,
        account: Option<AccountLabel>,
    ) -> Result<(), Failure> {
        let row = store::AuditRow {
            at: self.clock.now(),
            purpose,
            attempt: None,
            host,
            provider,
            account,
            endpoint: None,
            policy: None,
            origin: self.origin.to_owned(),
            app: None,
            bytes: 0,
            messages: 0,
            attachments: 0,
        };
        self.store.write(move |tx| tx.append_audit(&row)).await
    }

    /// Sends a call. That it leaves is in the log already; that somebody is asked for an access token before
    /// is written there here.
    pub(crate) async fn send(
        &self,
        to: &Origin,
        call: Call,
        secret: Option<&Secret>,
        account: Option<&AccountLabel>,
        deadlines: Deadlines,
    ) -> Result<Response, Failure> {
        if let Some(host) = self.transport.asks_first(to, secret) {
            self.note_leaving("token", host, to.provider.clone(), account.cloned()).await?;
        }
        self.transport.send(to, call, secret, deadlines).await
    }

    /// Tells whoever listens. Nobody listening is fine.
    pub(crate) fn changed(&self, table: Table) {
        let _ = self.changes.send(table);
    }

    /// A key for a provider's present address; `None` for a call without one. The keychain is opened only
    /// if a key is stored there. Errors: `auth.missing` when it is not there any more, or the provider cannot
    /// be asked without; `vault.unavailable` when there is no keychain to look into.
    pub(crate) async fn key_for(
        &self,
        known: &Known,
        account: Option<&AccountLabel>,
    ) -> Result<Option<Secret>, Failure> {
        let provider = &known.provider;
        if known.addressless() {
            return Err(known.without_address());
        }
        if let Some(label) = account {
            let slot = Slot {
                provider: provider.id.clone(),
                label: label.clone(),
                origin: known.origin().unwrap_or_default(),
            };
            if let Some(secret) = self.vault.get(&slot).await? {
                return Ok(Some(secret));
            }
            // "Nothing there" and "no keychain to look into" are one answer of the vault.
            let recorded = known.usable().any(|key| key.label == *label && !key.session_only);
            if recorded && self.vault.probe().await?.kind == StorageKind::Absent {
                return Err(attempt::no_keychain(&provider.id, &provider.name));
            }
        }
        if known.keyless() { Ok(None) } else { Err(attempt::no_key(&provider.id, &provider.name)) }
    }
}

impl From<store::AccountRow> for StoredKey {
    fn from(row: store::AccountRow) -> Self {
        let store::AccountRow { provider: _, label, key_origin, last_four, test } = row;
        Self { label, key_origin, last_four, test, session_only: false }
    }
}

/// What is known of a provider about which nothing is known.
pub(crate) fn blank(id: &ProviderId) -> ProviderStateRow {
    ProviderStateRow {
        provider: id.clone(),
        enabled: false,
        test: None,
        listed_models: None,
        listed_at: None,
    }
}
