//! Embeds the data files, so that adding a provider or its price file is adding a file. Each model is put into
//! one line with everything that serves it, since a start should read the one model it needs and not all.

#[path = "build/models.rs"]
mod models;

use std::{
    env, error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn error::Error>> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("no manifest folder")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no output folder")?);
    let mut code = String::new();
    table(&mut code, "PROVIDERS", &root.join("providers"), "toml", |path| {
        let file: serde_json::Value = toml::from_str(&fs::read_to_string(path)?)?;
        Ok(format!("{:?}", file.to_string()))
    })?;
    table(&mut code, "OTHERS", &root.join("data/others"), "json", |path| {
        Ok(format!("include_str!({:?})", path.display().to_string()))
    })?;
    models::embed(&mut code, &root.join("data"), &out)?;
    fs::write(out.join("embedded.rs"), code)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    Ok(())
}

/// `const NAME: &[(stem, content)]`, sorted by file name so that builds are reproducible. `content` gives the
/// expression of a file's content.
fn table(
    code: &mut String,
    name: &str,
    folder: &Path,
    extension: &str,
    content: impl Fn(&Path) -> Result<String, Box<dyn error::Error>>,
) -> Result<(), Box<dyn error::Error>> {
    writeln!(code, "const {name}: &[(&str, &str)] = &[")?;
    for path in files(folder, extension)? {
        let stem = stem(&path)?;
        let content = content(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(code, "    ({stem:?}, {content}),")?;
    }
    writeln!(code, "];")?;
    Ok(())
}

/// The files of a folder, by name.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> Result<&str, Box<dyn error::Error>> {
    Ok(path.file_stem().and_then(|s| s.to_str()).ok_or("a data file's name is not UTF-8")?)
}
