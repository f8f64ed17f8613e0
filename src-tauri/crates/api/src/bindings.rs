//! TypeScript twins of the contract's types, one file a type, generated and checked in.

use crate::types;
use engine::frame;
use std::path::Path;
use ts_rs::{Config, ExportError, TS};

/// Writes every type that crosses to a window into `folder`. Token counts and milliseconds stay below
/// 2⁵³, so wide integers are `number`; money is a decimal string by its own type.
pub fn write(folder: &Path) -> Result<(), ExportError> {
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    macro_rules! export {
        ($($t:ty),* $(,)?) => {$( <$t>::export_all(&config)?; )*};
    }
    export!(
        types::AppState,
        types::ConversationView,
        types::ModelQuery,
        types::ModelList,
        types::SendTurn,
        types::TurnStarted,
        types::Cancel,
        types::SpendSummary,
        types::ProviderRow,
        types::SetKey,
        types::AddProvider,
        types::LocalServer,
        types::ViewValue,
        frame::TurnFrame,
        frame::TurnView,
        domain::Failure,
    );
    Ok(())
}
