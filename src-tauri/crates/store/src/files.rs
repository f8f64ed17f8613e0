//! Files that only their owner may read, and that survive a power cut.

use crate::error::io_failure;
use domain::Failure;
use std::{
    fs::{self, File, OpenOptions},
    path::Path,
};

/// Makes sure `dir` exists and belongs to its owner alone (0700).
pub(crate) fn private_dir(dir: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| io_failure(&e, "create the folder", dir))?;
    close_to_others(dir, 0o700)
}

/// Makes sure that the folder `dir`, which a person may have named, exists. One that is made here belongs to its owner
/// alone (0700). The rights of one that was there are left as they are, since others may use it too; what is put into
/// it is closed by itself.
pub(crate) fn data_dir(dir: &Path) -> Result<(), Failure> {
    if dir.is_dir() { Ok(()) } else { private_dir(dir) }
}

/// Takes every right but the owner's away where others have some.
#[cfg(unix)]
pub(crate) fn close_to_others(path: &Path, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let denied = |e: std::io::Error| io_failure(&e, "protect", path);
    let permissions = fs::metadata(path).map_err(denied)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(denied)?;
    }
    Ok(())
}

/// Elsewhere a user's own data folder is closed to others by the system.
#[cfg(not(unix))]
pub(crate) fn close_to_others(_path: &Path, _mode: u32) -> Result<(), Failure> {
    Ok(())
}

/// Creates a file (0600) that must not exist yet. SQLite gives `-wal` and `-shm` the same rights.
pub(crate) fn create_private(path: &Path) -> Result<File, Failure> {
    private_options().create_new(true).open(path).map_err(|e| io_failure(&e, "create", path))
}

/// Options to open for reading and writing, where creation gives 0600.
pub(crate) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Brings a file's bytes to the disk.
pub(crate) fn sync_file(path: &Path) -> Result<(), Failure> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .and_then(|file| file.sync_all())
        .map_err(|e| io_failure(&e, "write to disk", path))
}

/// Brings the names in a folder to the disk: without it a new file may be gone after a power cut.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| io_failure(&e, "write to disk", dir))?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io_failure(&e, "remove", path)),
        _ => Ok(()),
    }
}
