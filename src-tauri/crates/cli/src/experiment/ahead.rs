//! How much longer a run takes.

use crate::out;
use domain::{ExperimentId, Failure};
use engine::Engine;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Says on the side how far a run is and about how much longer it takes, once in a few seconds.
pub(super) struct Ahead<'a> {
    engine: &'a Engine,
    began: Duration,
    wanted: usize,
    /// Cells so far, and when that was last said.
    told: Mutex<(usize, Duration)>,
}

/// How often it is said.
const EVERY: Duration = Duration::from_secs(5);

impl<'a> Ahead<'a> {
    pub(super) async fn new(engine: &'a Engine, id: ExperimentId) -> Result<Self, Failure> {
        let counts = engine.experiment_counts().await?.remove(&id).unwrap_or_default();
        let now = engine.clock().elapsed();
        let wanted = counts.cells.saturating_sub(counts.done).try_into().unwrap_or(usize::MAX);
        Ok(Self { engine, began: now, wanted, told: Mutex::new((0, now)) })
    }

    pub(super) fn tell(&self, json: bool) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.0 += 1;
        let now = self.engine.clock().elapsed();
        if json || now.saturating_sub(told.1) < EVERY {
            return;
        }
        told.1 = now;
        let left = self.wanted.saturating_sub(told.0);
        let each = now.saturating_sub(self.began) / u32::try_from(told.0).unwrap_or(u32::MAX);
        let rest = each.saturating_mul(u32::try_from(left).unwrap_or(u32::MAX)).as_secs();
        out::note(&format!("parallax: {} of {} cells, about {rest} s left.", told.0, self.wanted));
    }
}
