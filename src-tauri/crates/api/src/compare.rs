//! Answers laid beside each other.

use crate::{
    Api,
    types::{CompareAll, CompareTwo},
};
use domain::Failure;
use engine::differences::{Agreed, Differences};

pub(crate) async fn two(api: &Api, wanted: CompareTwo) -> Result<Differences, Failure> {
    api.engine.differences(wanted.left, wanted.right, wanted.ignore_formatting).await
}

pub(crate) async fn all(api: &Api, wanted: CompareAll) -> Result<Agreed, Failure> {
    api.engine.agreed(wanted.runs).await
}
