//! Who may import whom in the UI, and the one place where HTML is set.

use crate::{files, none, read};
use std::collections::{BTreeMap, BTreeSet};

/// Folders below `ui/src` and what they may import, besides themselves. `features` never import one another.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("app", &["features", "state", "shared", "ipc"]),
    ("features", &["state", "shared", "ipc"]),
    ("state", &["shared", "ipc"]),
    ("ipc", &[]),
    ("shared", &[]),
];

const TAURI: &str = "ui/src/ipc/host.tauri.ts";
const HTML: &str = "ui/src/shared/markdown/Blocks.svelte";

/// One `import … from '…'`.
struct Import {
    target: String,
    type_only: bool,
}

/// UI source files, without generated ones and tests.
fn sources() -> Vec<String> {
    let mut sources = files();
    sources.retain(|file| {
        let source = file.starts_with("ui/src/") && (file.ends_with(".ts") || file.ends_with(".svelte"));
        let test =
            [".test.ts", ".help.ts"].iter().any(|end| file.ends_with(end)) || file.starts_with("ui/src/test");
        source && !test && !file.starts_with("ui/src/ipc/generated/")
    });
    assert!(sources.len() > 20, "{} UI sources", sources.len());
    sources
}

/// What a file imports or re-exports, statically or when called.
fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(" from ") {
        let head = text[..at].rfind("import").max(text[..at].rfind("export"));
        let type_only = head.is_some_and(|head| text[head..].split_whitespace().nth(1) == Some("type"));
        found.extend(quoted(&text[at + 6..]).map(|target| Import { target, type_only }));
    }
    for start in ["import ", "import("] {
        for (at, _) in text.match_indices(start) {
            found.extend(quoted(&text[at + start.len()..]).map(|target| Import { target, type_only: false }));
        }
    }
    found
}

/// The text in quotes that comes next, if nothing else comes first.
fn quoted(text: &str) -> Option<String> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let body = &text[1..];
    Some(body[..body.find(quote)?].to_owned())
}

/// `../state/x` seen from `ui/src/app/App.svelte` as `ui/src/state/x`; `None` for packages.
fn resolve(from: &str, target: &str) -> Option<String> {
    if !target.starts_with('.') {
        return None;
    }
    let mut path: Vec<&str> = from.split('/').collect();
    path.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    Some(path.join("/"))
}

/// The folder below `ui/src` a file is in; files directly there are the app.
fn layer(path: &str) -> &str {
    let rest = path.strip_prefix("ui/src/").unwrap_or(path);
    rest.split_once('/').map_or("app", |(folder, _)| folder)
}

fn feature(path: &str) -> Option<&str> {
    path.strip_prefix("ui/src/features/")?.split('/').next()
}

#[test]
fn imports_go_down_only() {
    let mut findings = Vec::new();
    for file in sources() {
        let from = layer(&file);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(known, _)| *known == from) else {
            findings.push(format!("{file}: ui/src/{from} is not in the table"));
            continue;
        };
        for import in imports(&read(&file)) {
            let Some(target) = resolve(&file, &import.target) else { continue };
            let to = layer(&target);
            let contract = import.type_only && target.starts_with("ui/src/ipc/generated/");
            if to != from && !allowed.contains(&to) && !contract {
                findings.push(format!("{file} imports {}", import.target));
            }
            if let (Some(own), Some(other)) = (feature(&file), feature(&target))
                && own != other
            {
                findings.push(format!("{file}: the feature {own} imports the feature {other}"));
            }
        }
    }
    none("UI imports", &findings);
}

#[test]
fn only_the_host_speaks_to_tauri() {
    let mut findings = Vec::new();
    for file in sources() {
        let names = imports(&read(&file)).into_iter().any(|import| import.target.starts_with("@tauri-apps/"));
        if names && file != TAURI {
            findings.push(file);
        }
    }
    none("imports of @tauri-apps", &findings);
    assert!(read(TAURI).contains("@tauri-apps/"), "{TAURI} has moved: this test looks at nothing");
}

#[test]
fn html_is_set_in_one_place() {
    let mut findings = Vec::new();
    for file in sources() {
        let text = read(&file);
        let ways = [
            "{@html",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function(",
        ];
        for way in ways.iter().filter(|way| text.contains(**way)) {
            if !(file == HTML && *way == "{@html") {
                findings.push(format!("{file}: {way}"));
            }
        }
    }
    none("HTML and code from text", &findings);
    assert!(read(HTML).contains("{@html"), "{HTML} has moved: this test looks at nothing");
}

/// What draws diagrams out of a model's text has no origin, no bridge, no network, and gives back text that
/// is shown as an image.
#[test]
fn diagrams_are_framed_without_an_origin() {
    let mut framed = Vec::new();
    for file in sources() {
        let text = read(&file);
        if text.contains("iframe") || text.contains("srcdoc") {
            framed.push(file.clone());
        }
        assert!(!text.contains("mermaid"), "{file}: the drawing code is loaded by its frame alone");
    }
    assert_eq!(framed, ["ui/src/shared/diagram/draw.ts"]);
    let draw = read(&framed[0]);
    assert!(draw.contains("export const SANDBOX = 'allow-scripts';"));
    assert!(draw.contains("setAttribute('sandbox', SANDBOX)") && !draw.contains("allow-same-origin"));
    assert!(draw.contains("event.source !== frame.contentWindow || event.origin !== 'null'"));
    let scheme = read("src-tauri/src/diagram.rs");
    for needed in
        ["default-src 'none'; ", "script-src diagram://localhost/frame.js", "sandbox allow-scripts\""]
    {
        assert!(scheme.contains(needed), "{needed}");
    }
    let frame = read("ui/public/diagram/frame.js");
    for needed in ["self.origin === 'null'", "'__TAURI_INTERNALS__' in self", "securityLevel: 'strict'"] {
        assert!(frame.contains(needed), "{needed}");
    }
    // The drawing is an image: nothing in it runs, and it loads nothing.
    let shown = read("ui/src/shared/diagram/Diagram.svelte");
    assert!(shown.contains("<img {src}") && !shown.contains("<object") && !shown.contains("<embed"));
}

#[test]
fn truth_is_not_kept_in_the_web_view() {
    let mut findings = Vec::new();
    for file in sources() {
        let text = read(&file);
        for store in ["localStorage", "sessionStorage", "indexedDB", "document.cookie"] {
            if text.contains(store) {
                findings.push(format!("{file}: {store}"));
            }
        }
    }
    none("storage of the web view", &findings);
}

#[test]
fn modules_have_no_cycles() {
    let sources = sources();
    let known: BTreeSet<&str> = sources.iter().map(String::as_str).collect();
    let mut edges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in &sources {
        let targets = imports(&read(file)).into_iter().filter(|import| !import.type_only);
        let resolved = targets.filter_map(|import| resolve(file, &import.target)).filter_map(|path| {
            let candidates = [path.clone(), format!("{path}.ts"), format!("{path}/index.ts")];
            candidates.into_iter().find(|candidate| known.contains(candidate.as_str()))
        });
        edges.insert(file.clone(), resolved.collect());
    }
    assert!(edges.values().map(Vec::len).sum::<usize>() > 30, "hardly an import was understood");
    // Files without an import left to follow are taken away until none is; what stays lies on or before a cycle.
    loop {
        let leaves: Vec<String> = edges
            .iter()
            .filter(|(_, to)| to.iter().all(|t| !edges.contains_key(t)))
            .map(|(f, _)| f.clone())
            .collect();
        if leaves.is_empty() {
            break;
        }
        for leaf in leaves {
            edges.remove(&leaf);
        }
    }
    let rest: Vec<String> = edges.into_keys().collect();
    none("on or before an import cycle", &rest);
}

#[test]
fn imports_are_understood() {
    let text = "import type { A } from './a';\nimport {\n  b,\n  type C,\n} from \"../b\";\nimport './c.css';\nconst d = import('./d');";
    let found: Vec<(String, bool)> = imports(text).into_iter().map(|i| (i.target, i.type_only)).collect();
    let expected = [("./a", true), ("../b", false), ("./c.css", false), ("./d", false)];
    assert_eq!(found, expected.map(|(target, type_only)| (target.to_owned(), type_only)));
    assert_eq!(resolve("ui/src/app/App.svelte", "../state/x").as_deref(), Some("ui/src/state/x"));
}
