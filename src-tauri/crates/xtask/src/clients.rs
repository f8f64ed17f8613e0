//! Other makers' clients that the gateway is tried with: installed from their registries into the target folder,
//! each where nothing else is.

use crate::{python, setup, shell};
use anyhow::Result;
use std::path::Path;

/// Of OpenAI and Anthropic, for every change.
const PYTHON: &[&str] = &["openai==3.54.0", "anthropic==2.12.0"];
const NODE: &[(&str, &str)] = &[("openai", "6.49.0"), ("@anthropic-ai/sdk", "1.12.0")];

/// What else speaks these protocols, for `prove clients`. Their dependencies exclude one another, so each has a
/// Python of its own.
const MORE_PYTHON: &[(&str, &str, &[&str])] = &[
    ("google-genai", "google.genai", &["google-genai==3.4.0"]),
    // For tools LiteLLM imports a package that it does not name among its dependencies.
    ("litellm", "litellm, mcp", &["litellm==1.106.2", "mcp"]),
    ("langchain-openai", "langchain_openai", &["langchain-openai==1.7.3"]),
    ("llm", "llm", &["llm==0.36"]),
    ("aider", "aider", &["aider-chat==0.86.2"]),
];
const MORE_NODE: &[(&str, &str)] = &[
    ("ai", "6.0.326"),
    ("@ai-sdk/openai-compatible", "2.0.87"),
    ("@openrouter/ai-sdk-provider", "2.10.0"),
    ("@openrouter/sdk", "1.3.19"),
    ("zod", "4.6.7"),
];

/// Installs those that every change is tried with.
pub(crate) fn install() -> Result<()> {
    setup::system(&[setup::PYTHON])?;
    let home = shell::target_dir()?.join("clients");
    std::fs::create_dir_all(&home)?;
    python::environment(
        &home,
        "openai, anthropic",
        PYTHON,
        "OpenAI's and Anthropic's Python clients (60 MB)",
    )?;
    node(&home.join("node"), NODE, "OpenAI's and Anthropic's JavaScript clients")
}

/// Installs all of them.
pub(crate) fn install_all() -> Result<()> {
    install()?;
    let home = shell::target_dir()?.join("clients");
    for (name, module, packages) in MORE_PYTHON {
        let home = home.join(name);
        std::fs::create_dir_all(&home)?;
        python::environment(&home, module, packages, name)?;
    }
    node(&home.join("more"), MORE_NODE, "the AI SDK's and OpenRouter's JavaScript clients")
}

/// What goes through an OpenAPI document, for `prove gateway_schema`.
pub(crate) fn install_schemathesis() -> Result<()> {
    setup::system(&[setup::PYTHON])?;
    let home = shell::target_dir()?.join("clients/schemathesis");
    std::fs::create_dir_all(&home)?;
    // Beside it stands the environment that the runner of clients looks for.
    std::fs::create_dir_all(shell::target_dir()?.join("clients/python"))?;
    python::environment(&home, "schemathesis", &["schemathesis==4.32.5"], "Schemathesis")?;
    Ok(())
}

/// Other makers' gateways, for `prove gateway` and `prove gateway_faults`; each in a Python or a folder of its own.
/// One that a package index does not have is left out: the proof says that it is.
pub(crate) fn install_gateways() -> Result<()> {
    setup::system(&[setup::PYTHON])?;
    let home = shell::target_dir()?.join("gateways");
    let python: [(&str, &str, &[&str]); 2] = [
        ("litellm", "litellm.proxy.proxy_cli", &["litellm[proxy]==1.106.2"]),
        ("tensorzero", "tensorzero, openai", &["tensorzero==2026.6.0", "openai"]),
    ];
    for (name, module, packages) in python {
        let home = home.join(name);
        std::fs::create_dir_all(&home)?;
        if let Err(error) = python::environment(&home, module, packages, name) {
            println!("{name}: left out ({error})");
        }
    }
    // With newer versions of these two it answers no stream (2026-11).
    let pinned = [("@portkey-ai/gateway", "1.15.2"), ("hono", "4.9.7"), ("@hono/node-server", "1.13.5")];
    if let Err(error) = node(&home.join("node"), &pinned, "Portkey's gateway") {
        println!("Portkey: left out ({error})");
    }
    Ok(())
}

/// Packages of exactly these versions in a folder. What was installed stands in its `package.json`.
fn node(folder: &Path, packages: &[(&str, &str)], what: &str) -> Result<()> {
    let versions: serde_json::Map<String, serde_json::Value> =
        packages.iter().map(|(name, version)| ((*name).to_owned(), (*version).into())).collect();
    // What they ask for themselves is of these versions too.
    let wanted = serde_json::json!({
        "private": true, "type": "module", "dependencies": versions, "overrides": versions,
    })
    .to_string();
    let (file, stamp) = (folder.join("package.json"), folder.join("node_modules/.installed.json"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("{what}: present");
        return Ok(());
    }
    shell::step(&format!("Installing {what} from npm"));
    std::fs::create_dir_all(folder)?;
    std::fs::write(&file, &wanted)?;
    shell::npm(&["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"])?
        .dir(folder)
        .run()?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}
