//! Models as servers list them: what is kept of each.

use crate::registry::Registry;
use domain::{Capabilities, Endpoint, ErrorKind, Failure, Modality};
use serde::{Deserialize, Serialize};

/// A model that a server itself lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The provider's id of it.
    pub id: String,
    /// Context in tokens.
    pub context_length: Option<u64>,
    /// What it reads. Empty = the server does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<Modality>,
    /// What it can do; `None` = the server does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

impl From<wire::ListedModel> for Listed {
    fn from(model: wire::ListedModel) -> Self {
        let wire::ListedModel { id, context_length, input, capabilities, .. } = model;
        Self { id, context_length, input, capabilities }
    }
}

impl Registry {
    /// What is known of an endpoint's model, and of what it reads: by the catalogue, else by what its own server says.
    pub fn abilities(&self, endpoint: &Endpoint) -> Option<(&Capabilities, &[Modality])> {
        if let Some(model) = self.catalog().model(endpoint.model.as_str()) {
            return Some((&model.capabilities, &model.input));
        }
        let listed = &self.provider(&endpoint.provider)?.listed;
        let model = listed.iter().find(|listed| listed.id == endpoint.upstream_model)?;
        Some((model.capabilities.as_ref()?, &model.input))
    }
}

/// As they are kept.
pub(crate) fn as_json(models: &[Listed]) -> Result<String, Failure> {
    serde_json::to_string(models)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("The models could not be kept ({error}).")))
}
