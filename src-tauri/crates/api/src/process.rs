//! What both binaries do with their process before anything else.

use domain::{ProviderId, Secret};
use std::{ffi::OsString, io::Write as _, path::PathBuf};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    prelude::*,
};

/// Beginning of the names that give a key to this process alone.
const KEY_PREFIX: &str = "PARALLAX_KEY_";

/// Targets that may write to the log; by prefix. Libraries may not: their warnings can hold addresses and
/// content.
const OURS: [&str; 7] = ["api", "engine", "parallax", "render", "store", "transport", "vault"];

/// Chooses the TLS implementation, sends our warnings to standard error, and lets a panic say where it
/// happened but not what it held. Must run before anything else.
pub fn prepare_process() {
    engine::install_crypto();
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        // Without a standard error there is nowhere else to say it.
        let _ = writeln!(std::io::stderr().lock(), "parallax: a part of the program failed at {place}");
    }));
    let ours = Targets::new().with_targets(OURS.map(|target| (target, LevelFilter::WARN)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).without_time();
    // A second call changes nothing; the first one's log stands.
    let _ = tracing_subscriber::registry().with(lines.with_filter(ours)).try_init();
}

/// Where data lives: `~/.local/share/parallax` on Linux, `~/Library/Application Support/Parallax` on
/// macOS, `%APPDATA%\Parallax` on Windows. `None` without a home folder.
pub fn default_folder() -> Option<PathBuf> {
    let name = if cfg!(target_os = "linux") { "parallax" } else { "Parallax" };
    dirs::data_dir().map(|folder| folder.join(name))
}

/// The data folder a person has named: by `--data-dir` as it was given, else by `PARALLAX_DATA_DIR`, unless that is
/// empty. `None` = none was named.
pub fn named_folder(given: Option<PathBuf>, variable: Option<OsString>) -> Option<PathBuf> {
    given.or_else(|| variable.filter(|folder| !folder.is_empty()).map(PathBuf::from))
}

/// What the window's program was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `--data-dir DIR` or `--data-dir=DIR`; the last one counts.
    pub folder: Option<PathBuf>,
    /// `--quick-ask`: with the small window for a question.
    pub quick: bool,
}

/// Reads the arguments of the window's program. An error in words for any other: an argument that was misspelt must
/// not open other data than was meant.
pub fn arguments(given: impl IntoIterator<Item = OsString>) -> Result<Arguments, String> {
    const FOLDER: &str = "--data-dir";
    const QUICK: &str = "--quick-ask";
    let mut given = given.into_iter();
    let mut read = Arguments::default();
    while let Some(argument) = given.next() {
        let named = match argument.to_str().and_then(|text| text.strip_prefix(FOLDER)) {
            Some("") => given.next(),
            Some(rest) => rest.strip_prefix('=').map(OsString::from),
            None => None,
        };
        match named {
            Some(named) if !named.is_empty() => read.folder = Some(named.into()),
            _ if argument == QUICK => read.quick = true,
            // The Finder adds this when it starts a program.
            _ if argument.to_str().is_some_and(|text| text.starts_with("-psn_")) => {}
            _ if argument == FOLDER => return Err(format!("{FOLDER} needs a folder.")),
            _ => {
                let argument = argument.to_string_lossy().into_owned();
                return Err(format!(
                    "“{argument}” is no argument of Parallax. It knows {FOLDER} FOLDER and {QUICK} alone."
                ));
            }
        }
    }
    Ok(read)
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
    fn the_folder_is_the_one_that_was_named() {
        let read = |words: &[&str]| arguments(words.iter().map(OsString::from)).map(|read| read.folder);
        for words in [&["--data-dir", "/b"] as &[&str], &["--data-dir=/b"], &["-psn_0_1", "--data-dir=/b"]] {
            assert_eq!(read(words), Ok(Some(PathBuf::from("/b"))), "{words:?}");
        }
        assert_eq!(read(&[]), Ok(None));
        let quick = |words: &[&str]| arguments(words.iter().map(OsString::from)).unwrap().quick;
        assert!(quick(&["--quick-ask"]) && quick(&["--data-dir", "/b", "--quick-ask"]) && !quick(&[]));
        for words in
            [&["--data-dir"] as &[&str], &["--data-dir="], &["--datadir=/b"], &["/b"], &["--data-dirs", "/b"]]
        {
            assert!(read(words).is_err(), "{words:?}");
        }
        let given = || Some(PathBuf::from("/given"));
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(named_folder(given(), Some("/v".into())), path("/given"));
        assert_eq!(named_folder(None, Some("/v".into())), path("/v"));
        assert_eq!(named_folder(None, Some("".into())), None, "empty is not named");
        assert_eq!(named_folder(None, None), None);
    }

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
