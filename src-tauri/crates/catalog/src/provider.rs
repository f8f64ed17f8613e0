//! One provider file: `providers/<id>.toml`, which the build turns into JSON (a start reads them all, and JSON is
//! read several times as fast).

use crate::CatalogError;
use domain::{
    Account, AccountField, AddressForm, AuthScheme, DataPolicy, DialectId, KeyCheck, Provider, ProviderId,
    Quirks,
};
use serde::Deserialize;

/// What a file may say. Unknown keys are refused, since a misspelt quirk would be silently inert.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    name: String,
    dialect: String,
    base_url: String,
    /// Authors (first part of a slug) whose own service this is.
    #[serde(default)]
    authors: Vec<String>,
    auth: AuthScheme,
    #[serde(default)]
    models_path: Option<String>,
    #[serde(default)]
    key_check: Option<KeyCheck>,
    #[serde(default)]
    docs_url: Option<String>,
    #[serde(default)]
    keys_url: Option<String>,
    #[serde(default)]
    key_prefixes: Vec<String>,
    #[serde(default)]
    local: bool,
    #[serde(default)]
    unverified: bool,
    #[serde(default)]
    quirks: Quirks,
    #[serde(default)]
    data_policy: DataPolicy,
    /// What the address takes from the user's account.
    #[serde(default)]
    fields: Vec<AccountField>,
    /// Other addresses for some values of the fields.
    #[serde(default)]
    addresses: Vec<AddressForm>,
}

/// Reads one file: the provider, and the authors whose own service it is. `stem` is the file's name
/// without extension and must be the id.
pub(crate) fn parse(stem: &str, text: &str) -> Result<(Provider, Vec<String>), CatalogError> {
    let bad = |reason: String| CatalogError::Provider { file: stem.to_owned(), reason };
    let file: File = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
    if file.id != stem {
        return Err(bad(format!("the id {:?} differs from the file's name", file.id)));
    }
    if file.base_url.ends_with('/') {
        return Err(bad("base_url ends with a slash".to_owned()));
    }
    if file.models_path.as_deref().is_some_and(|path| !path.starts_with('/')) {
        return Err(bad("models_path does not start with a slash".to_owned()));
    }
    if file.key_check.as_ref().is_some_and(|check| !check.path.starts_with('/')) {
        return Err(bad("the path of key_check does not start with a slash".to_owned()));
    }
    let policy = &file.data_policy;
    let promises = policy.trains.is_some()
        || policy.retention_days.is_some()
        || policy.zdr.is_some()
        || policy.region.is_some();
    if promises && (policy.source.is_none() || policy.checked.is_none()) {
        return Err(bad("a data policy needs its source and the day it was checked".to_owned()));
    }
    let quirks = named(file.quirks, file.dialect.as_ref());
    let provider = Provider {
        id: ProviderId::new(file.id),
        name: file.name,
        dialect: DialectId::new(file.dialect),
        base_url: file.base_url,
        account: Account { fields: file.fields, forms: file.addresses },
        auth: file.auth,
        quirks,
        models_path: file.models_path,
        key_check: file.key_check,
        data_policy: file.data_policy,
        docs_url: file.docs_url,
        keys_url: file.keys_url,
        key_prefixes: file.key_prefixes,
        local: file.local,
        unverified: file.unverified,
        custom: false,
    };
    Ok((provider, file.authors))
}

/// Of a provider that we know it is known which field limits an answer: the one that its dialect always had, unless its
/// file says otherwise.
fn named(quirks: Quirks, dialect: &str) -> Quirks {
    let usual = (dialect == "openai-chat").then(|| "max_tokens".to_owned());
    Quirks { max_tokens_field: quirks.max_tokens_field.or(usual), ..quirks }
}
