//! The file of an experiment and those it names: all of them lie in its folder or below.

use domain::{ErrorKind, Failure};
use engine::{Suite, SuiteFiles};
use std::path::Path;

fn invalid(why: impl Into<String>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

/// The prompt set of a file, with the files it names. Those lie in its own folder or below it: a set often comes
/// from somebody else, and what it names is sent to providers.
///
/// Error `request.invalid` for what cannot be read or lies elsewhere.
pub fn suite_of_file(path: &Path) -> Result<Suite, Failure> {
    let wrong = |why: &dyn std::fmt::Display| invalid(format!("{}: {why}.", path.display()));
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        let why = "a table holds cases alone, not what is asked of whom; name it as the `tests` of a YAML or JSON file";
        return Err(wrong(&why));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&unread(&error)))?;
    // Links are followed first, so that none leads out.
    let whole = path.canonicalize().map_err(|error| wrong(&unread(&error)))?;
    let beside = whole.parent().unwrap_or_else(|| Path::new("/"));
    let load = Beside { folder: beside };
    let mut suite = engine::suite_from_yaml(&text, &load).map_err(|bad| wrong(&bad))?;
    if suite.title.trim().is_empty() {
        suite.title = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    }
    Ok(suite)
}

fn unread(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::InvalidData => {
            "it is no text; pictures and documents cannot be put in here".to_owned()
        }
        _ => format!("it cannot be read ({error})"),
    }
}

/// The files beside the file of a suite, and below.
struct Beside<'a> {
    folder: &'a Path,
}

/// Entries that are looked through for a pattern, and folders that are gone down.
const MOST_ENTRIES: usize = 20_000;
const DEEPEST: usize = 16;

impl SuiteFiles for Beside<'_> {
    fn read(&self, name: &str) -> Result<String, String> {
        let named = self.folder.join(name).canonicalize().map_err(|error| unread(&error))?;
        if !named.starts_with(self.folder) {
            return Err(
                "it lies outside the folder of this file, and what it holds would be sent; copy it there"
                    .to_owned(),
            );
        }
        std::fs::read_to_string(&named).map_err(|error| unread(&error))
    }

    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        let wanted: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let mut found = Vec::new();
        let mut seen = 0;
        let mut open = vec![(self.folder.to_path_buf(), Vec::<String>::new())];
        while let Some((folder, above)) = open.pop() {
            for entry in std::fs::read_dir(&folder).map_err(|error| unread(&error))? {
                let entry = entry.map_err(|error| unread(&error))?;
                seen += 1;
                if seen > MOST_ENTRIES {
                    return Err("there are too many files beside it to look through".to_owned());
                }
                let (kind, name) = (entry.file_type().map_err(|error| unread(&error))?, entry.file_name());
                let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
                let mut path = above.clone();
                path.push(name.to_owned());
                if kind.is_dir() && path.len() < DEEPEST {
                    open.push((entry.path(), path));
                } else if kind.is_file() && fits(&wanted, &path) {
                    found.push(path.join("/"));
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Does a path fit a pattern? `*` stands for anything within a name, `**` for any folders.
fn fits(wanted: &[&str], path: &[String]) -> bool {
    match (wanted.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), None) => fits(rest, path),
        (Some((&"**", rest)), Some((_, below))) => fits(rest, path) || fits(wanted, below),
        (Some((part, rest)), Some((name, below))) => named_so(part, name) && fits(rest, below),
        _ => false,
    }
}

fn named_so(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_files_below_the_folder() {
        for (pattern, path, so) in [
            ("a/*.txt", "a/b.txt", true),
            ("a/*.txt", "a/b.md", false),
            ("a/*", "a/b/c", false),
            ("**/*.yaml", "x/y/z.yaml", true),
            ("**/*.yaml", "z.yaml", true),
            ("a/**", "a/b/c", true),
            ("a*c*e", "abcde", true),
            ("ab*ba", "aba", false),
        ] {
            let wanted: Vec<&str> = pattern.split('/').collect();
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            assert_eq!(fits(&wanted, &path), so, "{pattern} {path:?}");
        }
    }
}
