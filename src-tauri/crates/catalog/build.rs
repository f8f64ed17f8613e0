//! Lists the data files for embedding, so that adding a provider or its price file is adding a file.

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
    table(&mut code, "PROVIDERS", &root.join("providers"), "toml")?;
    table(&mut code, "ENDPOINTS", &root.join("data/endpoints"), "json")?;
    fs::write(out.join("embedded.rs"), code)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// `const NAME: &[(stem, content)]`, sorted by file name so that builds are reproducible.
fn table(code: &mut String, name: &str, folder: &Path, extension: &str) -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files.sort();
    writeln!(code, "const {name}: &[(&str, &str)] = &[")?;
    for path in files {
        let stem = path.file_stem().and_then(|s| s.to_str()).ok_or("a data file's name is not UTF-8")?;
        let path = path.to_str().ok_or("the path is not UTF-8")?;
        writeln!(code, "    ({stem:?}, include_str!({path:?})),")?;
    }
    writeln!(code, "];")?;
    Ok(())
}
