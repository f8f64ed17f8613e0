//! Addresses that belong to an account: `https://{resource}.example.com`.

use domain::{AccountField, AuthScheme, Provider, Words, say};
use std::collections::BTreeMap;

/// A provider as one account reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The provider with its address and paths filled in as far as values are known.
    pub provider: Provider,
    /// Fields that its address needs and that have no value, in the order in which they are asked for.
    /// With one missing the provider cannot be called.
    pub missing: Vec<String>,
    /// `scheme://host:port` that a key of this account belongs to. Parts of the host that a provider's
    /// keys do not depend on, such as a region, stay in braces: every host the template can make is the
    /// provider's own. `None` where a field that keys depend on has no value, and for addresses without
    /// braces, whose origin is that of the address.
    pub key_origin: Option<String>,
}

/// Why a value cannot be taken for a field; a sentence to show.
pub fn refuse_value(field: &AccountField, value: &str) -> Option<Words> {
    let label = &field.label;
    let some = |why: Words| match &field.example {
        Some(example) => say!("{why}, such as {example}.", why, example),
        None => say!("{why}.", why),
    };
    if !field.choices.is_empty() {
        let choices = field.choices.join(" or ");
        return (!field.choices.iter().any(|choice| choice == value))
            .then(|| say!("{label} is {choices}.", label, choices));
    }
    if field.names_models {
        return pairs(value)
            .is_none()
            .then(|| some(say!("{label} are pairs of a model and its name, each model once", label)));
    }
    if !is_plain(value) {
        return Some(some(say!("{label} may hold letters, digits, points, hyphens and underscores", label)));
    }
    let host = |ending: &String| {
        value.to_ascii_lowercase().strip_suffix(ending.as_str()).is_some_and(|front| !front.is_empty())
    };
    if field.hosts.is_empty() || field.hosts.iter().any(host) {
        return None;
    }
    let hosts = field.hosts.join(" or ");
    Some(say!("{why} It ends in {hosts}.", why = some(say!("{label} is a host name alone", label)), hosts))
}

/// Letters, digits, points, hyphens and underscores: a slash or an `@` would send the key to another host.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !value.is_empty() && value.len() <= 200 && value.chars().all(plain) && !value.contains("..")
}

/// `model=name, model=name`, by model. `None` where something is no pair, or a model stands twice.
fn pairs(value: &str) -> Option<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for pair in value.split(',') {
        let (model, name) = pair.split_once('=')?;
        let (model, name) = (model.trim(), name.trim());
        let sound = is_plain(model) && is_plain(name);
        if !sound || names.insert(model.to_owned(), name.to_owned()).is_some() {
            return None;
        }
    }
    Some(names)
}

/// The provider at an account's own address. `values` are by field name; one that
/// [`refuse_value`] would refuse counts as missing.
pub fn reach(provider: &Provider, values: &BTreeMap<String, String>) -> Reached {
    let value = |name: &str| {
        let field = provider.account.fields.iter().find(|field| field.name == name)?;
        let given = values.get(name).filter(|value| refuse_value(field, value).is_none());
        given.or(field.default.as_ref()).map(String::as_str)
    };
    let form = provider
        .account
        .forms
        .iter()
        .find(|form| form.when.iter().all(|(name, wanted)| value(name) == Some(wanted.as_str())));
    let template = form.map_or(&provider.base_url, |form| &form.base_url);
    let path = form.and_then(|form| form.path.as_ref()).or(provider.quirks.path.as_ref());
    let models = form.and_then(|form| form.models_path.as_ref()).or(provider.models_path.as_ref());

    let mut open = Vec::new();
    let mut filled = provider.clone();
    filled.base_url = fill(template, value, &mut open);
    filled.quirks.path = path.map(|path| fill(path, value, &mut open));
    if form.is_some_and(|form| form.path.is_some()) {
        // A path of its own is the only one it has: nothing says where other dialects would be asked.
        filled.quirks.forms.clear();
    }
    for field in provider.account.fields.iter().filter(|field| field.names_models) {
        filled.quirks.deployments.extend(value(&field.name).and_then(pairs).into_iter().flatten());
    }
    // A list that cannot be reached is no reason not to answer.
    filled.models_path = models.map(|path| fill(path, value, &mut Vec::new()));
    if let AuthScheme::Aws { region, .. } = &mut filled.auth {
        let mut unknown = Vec::new();
        let known = fill(region, value, &mut unknown);
        *region = if unknown.is_empty() { known } else { String::new() };
    }
    let missing = provider.account.fields.iter().map(|field| &field.name);
    let missing = missing.filter(|name| open.contains(name)).cloned().collect();
    Reached { key_origin: key_origin(provider, value), provider: filled, missing }
}

/// What keys are bound to. Only the provider's own template counts: its other forms are its own hosts.
fn key_origin<'v>(provider: &Provider, value: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
    let (scheme, rest) = provider.base_url.split_once("://")?;
    let host = rest.split('/').next().filter(|host| host.contains('{'))?;
    let binds = |name: &str| provider.account.fields.iter().any(|f| f.name == name && f.binds_key);
    let mut open = Vec::new();
    let host = fill(host, |name| if binds(name) { value(name) } else { None }, &mut open);
    let complete = open.iter().all(|name| !binds(name));
    complete.then(|| format!("{scheme}://{}:443", host.to_ascii_lowercase()))
}

/// Replaces `{name}`; names without a value stay as they are and are added to `open`. `{model}` is not
/// ours to fill.
fn fill<'v>(template: &str, value: impl Fn(&str) -> Option<&'v str>, open: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match value(name) {
            Some(value) => out.push_str(value),
            None => {
                out.extend(["{", name, "}"]);
                if name != "model" {
                    open.push(name.to_owned());
                }
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}
