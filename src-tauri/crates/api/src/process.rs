//! What both binaries do with their process before anything else.

use domain::{ProviderId, Secret};
use std::{ffi::OsString, path::PathBuf};

/// Beginning of the names that give a key to this process alone.
const KEY_PREFIX: &str = "PARALLAX_KEY_";

/// Chooses the TLS implementation; must run before the first connection.
pub fn prepare_process() {
    engine::install_crypto();
}

/// Where data lives: `~/.local/share/parallax` on Linux, `~/Library/Application Support/Parallax` on
/// macOS, `%APPDATA%\Parallax` on Windows. `None` without a home folder.
pub fn default_folder() -> Option<PathBuf> {
    let name = if cfg!(target_os = "linux") { "parallax" } else { "Parallax" };
    dirs::data_dir().map(|folder| folder.join(name))
}

/// Keys in the environment: `PARALLAX_KEY_<PROVIDER>`, upper case, `-` written as `_`. They serve this
/// process only and are never stored.
pub fn env_keys(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<(ProviderId, Secret)> {
    variables
        .filter_map(|(name, value)| {
            let provider = name.to_str()?.strip_prefix(KEY_PREFIX)?.to_ascii_lowercase().replace('_', "-");
            let secret = Secret::new(value.into_string().ok()?);
            (!provider.is_empty() && !secret.is_empty())
                .then(|| (ProviderId::from(provider.as_str()), secret))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_keys_name_their_provider() {
        let variables = [
            ("PARALLAX_KEY_OPENAI", "sk-1"),
            ("PARALLAX_KEY_MY_PROXY", " sk-2 "),
            ("PARALLAX_KEY_", "x"),
            ("PARALLAX_KEY_EMPTY", ""),
            ("OTHER", "x"),
        ];
        let keys = env_keys(variables.into_iter().map(|(k, v)| (k.into(), v.into())));
        let found: Vec<(&str, &str)> = keys.iter().map(|(p, s)| (p.as_str(), s.expose())).collect();
        assert_eq!(found, [("openai", "sk-1"), ("my-proxy", "sk-2")]);
    }
}
