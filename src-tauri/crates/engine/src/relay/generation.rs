//! One answer that a program was given, as it stands in the books.

use crate::{Engine, app_keys::LINE};
use domain::{AttemptId, Failure};
use store::{AttemptRow, EntryRow};

impl Engine {
    /// The attempt of this id and what it cost, if it was made for this app and is booked.
    pub async fn generation(
        &self,
        app: &str,
        id: AttemptId,
    ) -> Result<Option<(AttemptRow, EntryRow)>, Failure> {
        let (store, app) = (&self.inner.store, app.to_owned());
        // What has ended and stands in line to be booked is asked for by whoever was just told of its end.
        let _ = tokio::time::timeout(LINE, store.write(|_| Ok(()))).await;
        store
            .read(move |tx| {
                let entry = tx.standing(id)?.filter(|entry| entry.row.purpose.app.as_ref() == Some(&app));
                let Some(entry) = entry else { return Ok(None) };
                Ok(tx.attempt(id)?.map(|attempt| (attempt, entry.row)))
            })
            .await
    }
}
