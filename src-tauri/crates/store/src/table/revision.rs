//! How often what decides a request was changed: providers, keys, prices, limits, policies, the keys of apps. A
//! process that planned a request asks, in the transaction that records it, whether it still knows all of that;
//! another process may have changed it meanwhile.

use crate::tx::Tx;
use domain::Failure;

// Triggers, so that no writer can forget it. A table that comes to decide something gets its three lines here.
pub(crate) const SCHEMA: &str = "
CREATE TABLE revision (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    n INTEGER NOT NULL
) STRICT;
INSERT INTO revision VALUES (1, 1);
CREATE TRIGGER custom_providers_i AFTER INSERT ON custom_providers BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER custom_providers_u AFTER UPDATE ON custom_providers BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER custom_providers_d AFTER DELETE ON custom_providers BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER provider_states_i AFTER INSERT ON provider_states BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER provider_states_u AFTER UPDATE ON provider_states BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER provider_states_d AFTER DELETE ON provider_states BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER provider_fields_i AFTER INSERT ON provider_fields BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER provider_fields_u AFTER UPDATE ON provider_fields BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER provider_fields_d AFTER DELETE ON provider_fields BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER accounts_i AFTER INSERT ON accounts BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER accounts_u AFTER UPDATE ON accounts BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER accounts_d AFTER DELETE ON accounts BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER price_history_i AFTER INSERT ON price_history WHEN NEW.event <> 'bundled'
    BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER rate_limits_i AFTER INSERT ON rate_limits BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER rate_limits_u AFTER UPDATE ON rate_limits BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER rate_limits_d AFTER DELETE ON rate_limits BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER policies_i AFTER INSERT ON policies BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER policies_u AFTER UPDATE ON policies BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER policies_d AFTER DELETE ON policies BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER settings_i AFTER INSERT ON settings WHEN NEW.key = 'routing.policy'
    BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER settings_u AFTER UPDATE ON settings WHEN NEW.key = 'routing.policy'
    BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER settings_d AFTER DELETE ON settings WHEN OLD.key = 'routing.policy'
    BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER app_keys_i AFTER INSERT ON app_keys BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER app_keys_u AFTER UPDATE ON app_keys BEGIN UPDATE revision SET n = n + 1; END;
CREATE TRIGGER app_keys_d AFTER DELETE ON app_keys BEGIN UPDATE revision SET n = n + 1; END;
CREATE INDEX experiment_cells_by_run ON experiment_cells (run) WHERE run IS NOT NULL;
";

impl Tx<'_> {
    /// Rises with every change of what decides a request, whichever process makes it.
    pub fn revision(&self) -> Result<i64, Failure> {
        if let Some(known) = self.known.facts().revision {
            return Ok(known);
        }
        let found = self.one("SELECT n FROM revision", [], |c| c.get("n"))?;
        let found = found.ok_or_else(|| crate::error::bug("The database has lost count of its changes."))?;
        self.known.facts().revision = Some(found);
        Ok(found)
    }
}
