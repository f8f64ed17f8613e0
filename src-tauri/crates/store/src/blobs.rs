//! Files beside the database, by the hash of their bytes: `files/<first two digits>/<SHA-256>`.
//!
//! A file is whole under its name or not there: it is written under another one, brought to the disk and renamed.

use crate::{Store, error::io_failure, files};
use domain::{ErrorKind, Failure, say};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Where the bytes are.
pub(crate) enum Blobs {
    /// In this folder.
    Folder(PathBuf),
    /// Of a database in memory.
    Memory(Mutex<HashMap<String, Vec<u8>>>),
}

/// SHA-256 of bytes, in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// A name this store could have given: nothing else ever becomes a path.
pub(crate) fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn place(folder: &Path, hash: &str) -> PathBuf {
    folder.join(hash.get(..2).unwrap_or_default()).join(hash)
}

impl Blobs {
    fn keep(&self, bytes: &[u8]) -> Result<String, Failure> {
        let hash = sha256(bytes);
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.insert(hash.clone(), bytes.to_vec());
                return Ok(hash);
            }
        };
        let path = place(folder, &hash);
        if path.try_exists().map_err(|e| io_failure(&e, "look for", &path))? {
            return Ok(hash);
        }
        let dir = path.parent().unwrap_or(folder);
        files::private_dir(folder)?;
        files::private_dir(dir)?;
        // Another process may be keeping the same file: each writes its own and the last name stands.
        let fresh = dir.join(format!("{hash}.{}", std::process::id()));
        files::remove(&fresh)?;
        let mut file = files::create_private(&fresh)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| io_failure(&e, "write", &fresh))?;
        drop(file);
        fs::rename(&fresh, &path).map_err(|e| io_failure(&e, "rename", &fresh))?;
        files::sync_dir(dir)?;
        Ok(hash)
    }

    fn read(&self, hash: &str) -> Result<Option<Vec<u8>>, Failure> {
        if !is_hash(hash) {
            return Ok(None);
        }
        let bytes = match self {
            Self::Memory(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned(),
            Self::Folder(folder) => {
                let path = place(folder, hash);
                match fs::read(&path) {
                    Ok(bytes) => Some(bytes),
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
                    Err(e) => return Err(io_failure(&e, "read", &path)),
                }
            }
        };
        match bytes {
            Some(bytes) if sha256(&bytes) != hash => Err(Failure::new(
                ErrorKind::StoreCorrupt,
                say!("An attached file is damaged on the disk. Attach it again."),
            )),
            bytes => Ok(bytes),
        }
    }

    /// Every file that is whole: name, place, bytes.
    pub(crate) fn list(&self) -> Result<Vec<(String, PathBuf, u64)>, Failure> {
        let Self::Folder(folder) = self else { return Ok(Vec::new()) };
        let read = |dir: &Path| match fs::read_dir(dir) {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>().map_err(|e| io_failure(&e, "read", dir)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(io_failure(&e, "read", dir)),
        };
        let mut found = Vec::new();
        for shelf in read(folder)? {
            if !shelf.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            for file in read(&shelf.path())? {
                let name = file.file_name().to_string_lossy().into_owned();
                let meta = file.metadata().map_err(|e| io_failure(&e, "read", &file.path()))?;
                if meta.is_file() && is_hash(&name) {
                    found.push((name, file.path(), meta.len()));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn drop(&self, hash: &str) -> Result<(), Failure> {
        match self {
            Self::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
                Ok(())
            }
            Self::Folder(folder) if is_hash(hash) => files::remove(&place(folder, hash)),
            Self::Folder(_) => Ok(()),
        }
    }
}

impl Store {
    /// Keeps bytes beside the database and gives their name: SHA-256 in hex. On disk when it returns.
    pub fn keep_file(&self, bytes: &[u8]) -> Result<String, Failure> {
        self.0.blobs.keep(bytes)
    }

    /// The bytes of a name; `None` = they are not here. `store.corrupt` if they are not what was kept.
    pub fn file(&self, sha256: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.0.blobs.read(sha256)
    }

    /// Where a file lies, for a program that reads it; `None` = it is not on a disk.
    pub fn file_path(&self, sha256: &str) -> Option<PathBuf> {
        match &self.0.blobs {
            Blobs::Folder(folder) if is_hash(sha256) => Some(place(folder, sha256)),
            _ => None,
        }
    }

    /// The folder all of them lie in; `None` = they are not on a disk.
    pub fn files_folder(&self) -> Option<PathBuf> {
        match &self.0.blobs {
            Blobs::Folder(folder) => Some(folder.clone()),
            Blobs::Memory(_) => None,
        }
    }

    /// Removes a file for good; one that is not there is no error.
    pub fn drop_file(&self, sha256: &str) -> Result<(), Failure> {
        self.0.blobs.drop(sha256)
    }
}
