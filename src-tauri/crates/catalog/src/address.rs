//! Addresses that belong to an account: `https://{resource}.example.com`.

use domain::Provider;

/// Names of what an account must fill into the provider's address, in order, each once. Empty for a
/// provider that has one address for everybody. A provider with open fields cannot be called.
pub fn address_fields(provider: &Provider) -> Vec<&str> {
    let mut fields = Vec::new();
    for part in provider.base_url.split('{').skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !fields.contains(&name)
        {
            fields.push(name);
        }
    }
    fields
}

/// The provider at an account's own address. `value` answers for a field's name; `None` when an answer
/// is missing or holds anything but letters, digits, points, hyphens and underscores, since a slash or
/// an `@` would send the key to another host.
pub fn with_address(provider: &Provider, value: impl Fn(&str) -> Option<String>) -> Option<Provider> {
    let mut base_url = provider.base_url.clone();
    for field in address_fields(provider) {
        let answer = value(field)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if answer.is_empty() || !answer.chars().all(plain) {
            return None;
        }
        base_url = base_url.replace(&format!("{{{field}}}"), &answer);
    }
    Some(Provider { base_url, ..provider.clone() })
}
