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

/// Packages of exactly these versions in a folder. What was installed stands in its `package.json`.
fn node(folder: &Path, packages: &[(&str, &str)], what: &str) -> Result<()> {
    let versions: serde_json::Map<String, serde_json::Value> =
        packages.iter().map(|(name, version)| ((*name).to_owned(), (*version).into())).collect();
    let wanted =
        serde_json::json!({ "private": true, "type": "module", "dependencies": versions }).to_string();
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
