//! Which state of the database a registry is of, and what of it is kept beyond it.

use super::{Known, Registry};
use domain::ProviderId;
use std::sync::Arc;

impl Registry {
    /// As read from the database at this revision of it.
    #[must_use]
    pub(crate) fn at(self, revision: i64) -> Self {
        Self { revision, ..self }
    }

    /// The revision of the database that it was read at; 0 = it was not read from one.
    pub(crate) const fn revision(&self) -> i64 {
        self.revision
    }

    /// One provider, to be kept beyond the registry.
    pub(crate) fn shared(&self, id: &ProviderId) -> Option<Arc<Known>> {
        self.providers.get(id).cloned()
    }
}
