//! What both sides of the window's boundary must agree on, and what the window may do.

use crate::{read, root};
use domain::ErrorKind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn the_generated_types_are_fresh() {
    let folder = tempfile::tempdir().unwrap();
    api::bindings::write(folder.path()).unwrap();
    let fresh = texts(folder.path());
    let kept = texts(&root().join("ui/src/ipc/generated"));
    assert!(!fresh.is_empty(), "nothing was generated");
    for (name, text) in &fresh {
        let kept = kept.get(name).unwrap_or_else(|| panic!("{name} is new: cargo xtask gen"));
        assert_eq!(kept, text, "{name} is stale: cargo xtask gen");
    }
    for name in kept.keys() {
        assert!(fresh.contains_key(name), "{name} belongs to no type any more: cargo xtask gen");
    }
}

/// File name and text of everything in a folder.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut texts = BTreeMap::new();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        texts.insert(name, std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n"));
    }
    texts
}

#[test]
fn every_kind_of_failure_has_its_row() {
    let recover = read("src-tauri/crates/router/src/recover.rs");
    let errors = read("ui/src/state/errors.ts");
    for kind in ErrorKind::ALL {
        let variant = format!("ErrorKind::{kind:?}");
        let named = recover.match_indices(&variant).any(|(at, _)| {
            let after = recover[at + variant.len()..].chars().next();
            !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
        });
        assert!(named, "{variant} has no row in router::recover");
        let label = kind.as_str();
        let quoted = [format!("'{label}'"), format!("\"{label}\""), format!("\n  {label}:")];
        assert!(quoted.iter().any(|q| errors.contains(q)), "{label} has no row in ui/src/state/errors.ts");
    }
}

#[test]
fn the_window_may_do_exactly_this() {
    let config: Value = serde_json::from_str(&read("src-tauri/tauri.conf.json")).unwrap();
    let app = &config["app"];
    // Files of the folder are enabled all by themselves unless they are listed.
    assert_eq!(app["security"]["capabilities"], serde_json::json!(["main", "quick"]));
    assert_eq!(app["security"]["freezePrototype"], true);
    assert_eq!(app["withGlobalTauri"], false);
    assert!(app["security"]["assetProtocol"].is_null(), "files are not served to the window");
    assert!(app["security"]["dangerousDisableAssetCspModification"].is_null());
    let main: Value = serde_json::from_str(&read("src-tauri/capabilities/main.json")).unwrap();
    assert!(main["remote"].is_null(), "no remote page is granted anything");
    assert_eq!(main["windows"], serde_json::json!(["main"]));
    let granted = serde_json::json!([
        "allow-rpc",
        "allow-rpc-stream",
        "core:event:allow-listen",
        "core:event:allow-unlisten"
    ]);
    assert_eq!(main["permissions"], granted);
    let files = std::fs::read_dir(root().join("src-tauri/capabilities")).unwrap().count();
    assert_eq!(files, 2, "one capability file for each window");
    let quick: Value = serde_json::from_str(&read("src-tauri/capabilities/quick.json")).unwrap();
    assert!(quick["remote"].is_null(), "no remote page is granted anything");
    assert_eq!(quick["windows"], serde_json::json!(["quick"]));
    assert_eq!(quick["permissions"], serde_json::json!(["allow-rpc"]));
    // Of the contract it may call three commands, none of which gives anything of the chats away.
    let own = api::COMMANDS.iter().filter(|command| command.scope == api::Scope::Quick);
    let own: Vec<&str> = own.map(|command| command.name).collect();
    assert_eq!(own, ["quick/state", "quick/ask", "quick/close"]);
}

#[test]
fn the_content_policy_starts_from_none() {
    let config: Value = serde_json::from_str(&read("src-tauri/tauri.conf.json")).unwrap();
    let policy = config["app"]["security"]["csp"].as_object().unwrap();
    assert!(config["app"]["security"]["devCsp"].is_null(), "development has the same policy");
    let of = |directive: &str| policy.get(directive).and_then(Value::as_str).unwrap_or("'none'");
    assert_eq!(of("default-src"), "'none'");
    for closed in ["object-src", "base-uri", "form-action", "worker-src"] {
        assert_eq!(of(closed), "'none'", "{closed}");
    }
    // Recordings are played from bytes that the window was given, and from nowhere else.
    assert_eq!(of("media-src"), "blob:");
    // Diagrams are drawn in a frame that has a scheme of its own and no origin.
    assert_eq!(of("frame-src"), "diagram:");
    for own in ["script-src", "style-src", "font-src"] {
        assert_eq!(of(own), "'self'", "{own}");
    }
    assert_eq!(of("connect-src"), "ipc: http://ipc.localhost");
    for (directive, sources) in policy {
        for source in sources.as_str().unwrap().split(' ') {
            let unsafe_ok = directive == "style-src-attr" && source == "'unsafe-inline'";
            assert!(!source.starts_with("'unsafe") || unsafe_ok, "{directive} {source}");
            let host_ok = source == "http://ipc.localhost";
            assert!(!source.contains("//") || host_ok, "{directive} lets {source} in");
            assert!(!source.contains('*'), "{directive} {source}");
        }
    }
}
