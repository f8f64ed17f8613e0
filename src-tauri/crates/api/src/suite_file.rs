//! The file of an experiment and those it names: all of them lie in its folder or below.

use domain::{ErrorKind, Failure, say};
use engine::{Suite, SuiteFiles};
use std::path::{Path, PathBuf};

fn invalid(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

/// The prompt set of a file, with the files it names. Those lie in its own folder or below it: a set often comes
/// from somebody else, and what it names is sent to providers.
///
/// Error `request.invalid` for what cannot be read or lies elsewhere.
pub fn suite_of_file(path: &Path) -> Result<Suite, Failure> {
    let wrong = |why: &dyn std::fmt::Display| invalid(say!("{path}: {why}.", path = path.display(), why));
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

/// What is said of names that are not read.
const OUTSIDE: &str =
    "it lies outside the folder of this file, and what it holds would be sent; copy it there";
const HIDDEN: &str = "it is hidden (a name on its way begins with a dot), and what it holds would be sent; copy it to \
                      a name without the dot";

impl Beside<'_> {
    /// Where a name leads, links followed: in the folder or below, and nowhere hidden.
    fn inside(&self, name: &str) -> Result<PathBuf, String> {
        let named = self.folder.join(name).canonicalize().map_err(|error| unread(&error))?;
        let below = named.strip_prefix(self.folder).map_err(|_| OUTSIDE.to_owned())?;
        if below.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.')) {
            return Err(HIDDEN.to_owned());
        }
        Ok(named)
    }
}

impl SuiteFiles for Beside<'_> {
    fn read(&self, name: &str) -> Result<String, String> {
        std::fs::read_to_string(self.inside(name)?).map_err(|error| unread(&error))
    }

    /// Only folders in which the pattern can still be met are looked into. What it means and cannot be told is an error.
    fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
        let wanted: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if pattern.starts_with('/') || wanted.contains(&"..") {
            return Err(
                "a pattern goes down from the folder of this file; write it without .. and without a / \
                        before it"
                    .to_owned(),
            );
        }
        if wanted.iter().any(|part| part.starts_with('.')) {
            return Err(HIDDEN.to_owned());
        }
        // Folders that are written out are gone to; nothing beside them is looked at.
        let plain = wanted.iter().take_while(|part| !part.contains('*')).count();
        let (start, wanted) = wanted.split_at(plain.min(wanted.len().saturating_sub(1)));
        if !self.folder.join(start.join("/")).try_exists().map_err(|error| unread(&error))? {
            return Ok(Vec::new());
        }
        let start: Vec<String> = start.iter().map(|part| (*part).to_owned()).collect();
        let mut open = vec![(self.inside(&start.join("/"))?, start, places(wanted))];
        let (mut found, mut seen) = (Vec::new(), 0);
        while let Some((folder, above, at)) = open.pop() {
            let wrong = |error: std::io::Error| format!("{}/: {}", above.join("/"), unread(&error));
            for entry in std::fs::read_dir(&folder).map_err(wrong)? {
                let entry = entry.map_err(wrong)?;
                seen += 1;
                if seen > MOST_ENTRIES {
                    return Err(
                        "there are too many files to look through; name a folder before the *".to_owned()
                    );
                }
                let name = entry.file_name();
                let shown = name.to_string_lossy();
                let at = after(wanted, &at, &shown);
                let (meant, goes_on) = (at.last() == Some(&true), at[..wanted.len()].contains(&true));
                if shown.starts_with('.') || !(meant || goes_on) {
                    continue;
                }
                let mut path = above.clone();
                path.push(shown.clone().into_owned());
                let wrong = |why: &str| Err(format!("{}: {why}", path.join("/")));
                let kind = match kind(&entry) {
                    Ok(kind) => kind,
                    Err(error) if meant => return wrong(&unread(&error)),
                    Err(_) => continue,
                };
                match kind {
                    Kind::Folder | Kind::LinkedFolder if !goes_on => {}
                    Kind::File | Kind::Other if !meant => {}
                    _ if name.to_str().is_none() => return wrong("its name is no text (UTF-8); rename it"),
                    Kind::LinkedFolder => {
                        return wrong("a pattern does not follow links to folders; name the folder itself");
                    }
                    Kind::Folder if path.len() >= DEEPEST => {
                        return wrong("it lies too deep to be looked through; name a folder before the *");
                    }
                    Kind::Folder => open.push((entry.path(), path, at)),
                    Kind::File => found.push(path.join("/")),
                    Kind::Other => return wrong("it is neither a file nor a folder"),
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// What an entry of a folder is.
enum Kind {
    File,
    Folder,
    LinkedFolder,
    Other,
}

/// Of a link to a file, what it leads to.
fn kind(entry: &std::fs::DirEntry) -> std::io::Result<Kind> {
    let mut kind = entry.file_type()?;
    let linked = kind.is_symlink();
    if linked {
        kind = std::fs::metadata(entry.path())?.file_type();
    }
    Ok(match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() && linked => Kind::LinkedFolder,
        kind if kind.is_dir() => Kind::Folder,
        _ => Kind::Other,
    })
}

/// The places in a pattern from which the rest of a path may have to fit: at first its beginning. A path fits that comes
/// to the place after the last part. `*` stands for anything within a name, `**` for any folders, or none.
fn places(wanted: &[&str]) -> Vec<bool> {
    let mut at = vec![false; wanted.len() + 1];
    at[0] = true;
    passed_over(wanted, at)
}

/// The places after another name of a path.
fn after(wanted: &[&str], at: &[bool], name: &str) -> Vec<bool> {
    let mut next = vec![false; at.len()];
    for (n, part) in wanted.iter().enumerate().filter(|(n, _)| at[*n]) {
        if *part == "**" {
            next[n] = true;
        } else if named_so(part, name) {
            next[n + 1] = true;
        }
    }
    passed_over(wanted, next)
}

/// With those after each `**`, which may stand for no folder.
fn passed_over(wanted: &[&str], mut at: Vec<bool>) -> Vec<bool> {
    for (n, part) in wanted.iter().enumerate() {
        at[n + 1] |= at[n] && *part == "**";
    }
    at
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

    /// Does a path fit a pattern?
    fn fits(pattern: &str, path: &str) -> bool {
        let wanted: Vec<&str> = pattern.split('/').collect();
        let at = path.split('/').fold(places(&wanted), |at, name| after(&wanted, &at, name));
        at.last() == Some(&true)
    }

    #[test]
    fn patterns_mean_files_below_the_folder() {
        for (pattern, path, so) in [
            ("a/*.txt", "a/b.txt", true),
            ("a/*.txt", "a/b.md", false),
            ("a/*", "a/b/c", false),
            ("**/*.yaml", "x/y/z.yaml", true),
            ("**/*.yaml", "z.yaml", true),
            ("a/**", "a/b/c", true),
            ("a/**/**/b/*", "a/b/c", true),
            ("**/b/**/d", "a/b/b/c/d", true),
            ("**/b/**/d", "a/c/d", false),
            ("a*c*e", "abcde", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, path), so, "{pattern} {path:?}");
        }
    }

    #[test]
    fn a_pattern_of_many_parts_is_looked_at_once() {
        // Tried one way after the other these are more ways than can ever be.
        let (pattern, path) = ("**/a/".repeat(60), "a/".repeat(120));
        assert!(fits(&format!("{pattern}b"), &format!("{path}b")));
        assert!(!fits(&format!("{pattern}b"), &format!("{path}c")));
        assert!(!fits(&format!("{}b", "**/".repeat(60)), &format!("{path}c")));
    }

    /// A folder of files for one test, removed after it.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[&str]) -> Self {
            let path = std::env::temp_dir().join(format!("parallax-set-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            for file in files {
                let file = path.join(file);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, file.file_name().unwrap().as_encoded_bytes()).unwrap();
            }
            Self(path.canonicalize().unwrap())
        }

        fn list(&self, pattern: &str) -> Result<Vec<String>, String> {
            Beside { folder: &self.0 }.list(pattern)
        }

        fn read(&self, name: &str) -> Result<String, String> {
            Beside { folder: &self.0 }.read(name)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn only_where_a_pattern_leads_is_looked_into() {
        let deep = format!("deep/{}x.txt", "d/".repeat(DEEPEST));
        let folder = Folder::with("where", &["p/b.txt", "p/a.txt", "p/q/c.txt", "p/n.md", "top.txt", &deep]);
        let beside = folder.0.join("node_modules/m");
        std::fs::create_dir_all(&beside).unwrap();
        for n in 0..=MOST_ENTRIES {
            std::fs::File::create(beside.join(n.to_string())).unwrap();
        }
        assert_eq!(folder.list("p/*.txt").unwrap(), ["p/a.txt", "p/b.txt"]);
        assert_eq!(folder.list("./*/*.txt").unwrap(), ["p/a.txt", "p/b.txt"]);
        assert_eq!(folder.list("p*/**/*.txt").unwrap(), ["p/a.txt", "p/b.txt", "p/q/c.txt"]);
        assert_eq!(folder.list("*.txt").unwrap(), ["top.txt"]);
        assert!(folder.list("gone/*.txt").unwrap().is_empty());
        assert!(folder.list("node_modules/**").unwrap_err().contains("too many files"));
        assert!(folder.list("deep/**/*.txt").unwrap_err().contains("too deep"));
        for outside in ["../*/b.txt", "p/../p/*.txt", "/p/*.txt"] {
            assert!(folder.list(outside).unwrap_err().contains("goes down"), "{outside}");
        }
    }

    #[test]
    fn what_is_hidden_is_neither_meant_nor_read() {
        let folder = Folder::with("hidden", &[".ssh/id_rsa", ".env", "p/.k/a.txt", "p/a.txt", "p/.b.txt"]);
        for name in [".ssh/id_rsa", ".env", "p/.k/a.txt", "p/.b.txt", "p/../.env", "./.env"] {
            assert_eq!(folder.read(name).unwrap_err(), HIDDEN, "{name}");
        }
        assert_eq!(folder.read("./p/../p/a.txt").unwrap(), "a.txt");
        assert_eq!(folder.list("**/*").unwrap(), ["p/a.txt"]);
        for pattern in [".ssh/*", "p/.*", "**/.k/*.txt"] {
            assert_eq!(folder.list(pattern).unwrap_err(), HIDDEN, "{pattern}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_files_and_nothing_is_passed_over() {
        use std::os::unix::{ffi::OsStrExt as _, fs::symlink};
        let folder = Folder::with("links", &["p/a.txt", "q/b.txt", ".env", "r/x/d.md"]);
        let at = |name: &str| folder.0.join(name);
        symlink(at("q/b.txt"), at("p/b.txt")).unwrap();
        symlink(at("q"), at("p/q")).unwrap();
        symlink(at("gone"), at("p/broken")).unwrap();
        symlink(at(".env"), at("open.txt")).unwrap();
        assert_eq!(folder.list("p/*.txt").unwrap(), ["p/a.txt", "p/b.txt"]);
        assert_eq!(folder.read("p/b.txt").unwrap(), "b.txt");
        assert_eq!(folder.read("open.txt").unwrap_err(), HIDDEN);
        assert_eq!(folder.list("p/q/*.txt").unwrap(), ["p/q/b.txt"], "a link that is written out is meant");
        assert!(folder.list("p/**/*.txt").unwrap_err().starts_with("p/q: a pattern does not follow links"));
        assert!(folder.list("p/br*").unwrap_err().starts_with("p/broken: it cannot be read"));
        std::fs::write(folder.0.join(std::ffi::OsStr::from_bytes(b"r/\xff.txt")), "").unwrap();
        assert!(folder.list("r/*.txt").unwrap_err().contains("rename it"));
        assert_eq!(folder.list("r/*/*.md").unwrap(), ["r/x/d.md"]);
    }
}
