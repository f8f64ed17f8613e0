//! Providers that serve some of their models in another dialect than the rest.
//!
//! Which form a model has is data ([`ModelForm`]): its dialect, its path, and what differs in the body. The
//! answer is read by that dialect, so who decodes asks [`crate::dialect_for`] with the model's id.

use crate::{Dialect, Encoded, dialect};
use domain::{Endpoint, ErrorKind, Failure, ModelForm, Quirks, Request};
use serde_json::{Map, Value};

/// The first form that is for this model.
pub(crate) fn form<'q>(model: &str, quirks: &'q Quirks) -> Option<&'q ModelForm> {
    let fits = |form: &&ModelForm| form.models.iter().any(|part| model.contains(part.as_str()));
    quirks.forms.iter().find(|form| form.models.is_empty() || fits(form))
}

/// The dialect of the model's form, where it is another than `outer`: one form inside another there is not.
pub(crate) fn inner(model: &str, quirks: &Quirks, outer: &str) -> Option<&'static dyn Dialect> {
    dialect(form(model, quirks)?.dialect.as_str()).filter(|inner| inner.id() != outer)
}

/// The request in the dialect of the model's form; `None` where `outer` itself is spoken.
pub(crate) fn encode(
    request: &Request,
    to: &Endpoint,
    quirks: &Quirks,
    outer: &str,
) -> Option<Result<Encoded, Failure>> {
    let form = form(&to.upstream_model, quirks)?;
    let inner = inner(&to.upstream_model, quirks, outer)?;
    // The provider's own path is that of its own dialect.
    let quirks = Quirks { path: form.path.clone(), forms: Vec::new(), ..quirks.clone() };
    Some(inner.encode(request, to, &quirks).and_then(|mut encoded| {
        if !form.body.is_empty() || !form.omit.is_empty() {
            encoded.call.body = changed(&encoded.call.body, form)?;
        }
        Ok(encoded)
    }))
}

fn changed(body: &[u8], form: &ModelForm) -> Result<Vec<u8>, Failure> {
    let bug = |error: serde_json::Error| {
        Failure::new(ErrorKind::Bug, format!("A request was encoded that is no object ({error})."))
    };
    let mut body: Map<String, Value> = serde_json::from_slice(body).map_err(bug)?;
    body.retain(|name, _| !form.omit.contains(name));
    body.extend(form.body.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    serde_json::to_vec(&body).map_err(bug)
}
