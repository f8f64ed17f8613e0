//! How an attempt left things.

use crate::attempt::Ended;
use domain::{Failure, Usage};

/// How an attempt left things.
pub(super) struct Last {
    pub ended: Option<Ended>,
    pub failure: Option<Failure>,
    pub begun: bool,
    /// The client's stream tells of the failure already.
    pub told: bool,
    pub usage: Option<Usage>,
    pub headers: Vec<(String, String)>,
}

impl Last {
    pub(super) fn failed(failure: Failure) -> Self {
        Self {
            ended: None,
            failure: Some(failure),
            begun: false,
            told: false,
            usage: None,
            headers: Vec::new(),
        }
    }
    /// Where no other model answered, what one of them found wrong with the request says more than why the last did not.
    pub(super) fn rather(&mut self, invalid: Option<Failure>) {
        if let Some(invalid) = invalid.filter(|_| self.failure.is_some() && !self.begun) {
            (self.failure, self.headers) = (Some(invalid), Vec::new());
        }
    }
}
